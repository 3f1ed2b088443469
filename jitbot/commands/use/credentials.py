"""`jitbot credentials`."""

import shlex
import sys
from pathlib import Path

import click

from jitbot.adapters.local import aws_config
from jitbot.commands.use.assume_role import GrantChoice, enter, look_up, request_of_pull
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.request.request_reference import pull_number, resolve
from jitbot.domain.text import escape, timestamp
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json


def credentials(
    invocation: Invocation,
    *,
    request: str | None,
    account: str | None,
    role: str | None,
    profile: str | None,
    clone: str | None,
    repository: str | None,
    change: str | None,
    name: str | None,
) -> int:
    """Carry out `jitbot credentials`."""
    if role and (request or account or change):
        raise click.UsageError("--role stands alone: it names request and account already")
    if name is not None and change != "configure":
        raise click.UsageError("--name goes with --configure")
    if name is not None and (name == "default" or not aws_config.can_be_named(name)):
        raise click.UsageError(
            "a profile's name has characters that print, but none of [ ] \\, not both ' and \", and no - in front; "
            "default is your own"
        )
    wanted = GrantChoice(
        request=request, account=account, role=role, profile=profile, clone=clone, repository=repository
    )
    if change == "unconfigure":
        return _remove(invocation, wanted)
    if change:
        return _configure(invocation, wanted, name)
    # An SDK asks again and again in the last minutes, and keeps or shows what is on stderr, each in its own way.
    session = enter(invocation, wanted, verb="credentials", warn_once=True)
    print_json(
        {
            "Version": 1,
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": timestamp.show(session.expires_at),
        }
    )
    return ExitCode.DONE


def _configure(invocation: Invocation, wanted: GrantChoice, name: str | None) -> int:
    """Write the grant's profile. Profiles of grants that are over go, so that they do not pile up."""
    file = aws_config.config_file(invocation.environ)
    found = look_up(invocation, wanted, verb="credentials")
    grant = found.grant
    for request, account in found.over:
        aws_config.remove(
            file, aws_config.Block(request=request, account=account, repository=found.repository)
        )
    block = aws_config.Block(request=grant.request, account=grant.account, repository=found.repository)
    called = name or aws_config.free_name(file, block, f"jit-{policy_of(grant.request)}-{grant.account}")
    own = wanted.profile or aws_config.own_profile(invocation.environ)
    command = [*_program(), "credentials", grant.request, "--account", grant.account]
    command += wanted.where(invocation)
    command += ["--profile", own] if own else []
    how = aws_config.how_to_call(invocation.environ, own)
    lines = [
        f"credential_process = {shlex.join(command)}",
        *(f"{key} = {value}" for key, value in how.items()),
    ]
    aws_config.write(file, block, called, lines)
    until = timestamp.show(grant.expires_at)
    click.echo(
        escape.log(f"{called} in {file} is {grant.request} until {until}, and after an extension longer")
    )
    click.echo(escape.log(f"  aws --profile {shlex.quote(called)} sts get-caller-identity"))
    click.echo(escape.log(f"  jitbot credentials --unconfigure {grant.request} --account {grant.account}"))
    return ExitCode.DONE


def _remove(invocation: Invocation, wanted: GrantChoice) -> int:
    """Take the request's profiles out, also after its end. The ledger is asked for the number of a pull request alone."""
    file = aws_config.config_file(invocation.environ)
    there = [each for each in aws_config.blocks(file) if wanted.account in (None, each.account)]
    text, requests = wanted.request or "", dict.fromkeys((each.request for each in there), ())
    number = pull_number(text)
    text = text if number is None else request_of_pull(invocation, wanted, number)
    fits = [each for each in requests if text in each]
    chosen = resolve(text, requests) if len(fits) > 1 else "".join(fits)
    named = [each for each in there if each.request == chosen]
    here = [each for each in named if each.may_be_of(wanted.named(invocation))]
    gone = [each for each in here or named if aws_config.remove(file, each)]
    click.echo(escape.log(f"{'taken out of' if gone else 'there is none in'} {file}"))
    return ExitCode.DONE


def _program() -> list[str]:
    """How to call this jitbot from anywhere; never a module of the folder that a tool happens to be in."""
    script = Path(sys.executable).with_name("jitbot")
    return [str(script)] if script.is_file() else [sys.executable, "-P", "-m", "jitbot"]
