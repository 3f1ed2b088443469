"""`jitbot bootstrap`."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from jitbot.adapters import documents
from jitbot.domain.aws import service_roles
from jitbot.domain.model.documents import ACCOUNTS, SETTINGS, Parsed, Policy, Settings, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup import account_template as domain
from jitbot.domain.setup import terraform
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.paths import FolderTree, data_root, policy_paths

T = TypeVar("T")

_TEMPLATE_NEXT = """\
The CloudFormation template for one account: the issuer, the boundary, and jitbot's three roles.
Next: save it, read it, and roll it out; the commands for that: jitbot bootstrap --stackset"""
_TERRAFORM_NEXT = """\
The same template in a Terraform configuration: a stack set, and a stack for the management account if it is listed.
Next: save it as jitbot.tf, read it, and apply it with credentials of the organisation's management account."""
_ROLL_OUT_NEXT = """\
How to roll the template out; run what fits. The first two lines go before everything else.
Next: jitbot bootstrap --requesters says what requesters need on their own side."""
_REQUESTERS_NEXT = """\
What requesters need to enter their grants: it gives nothing by itself, since each grant trusts one person.
Next: put it into the permission set as inline policy, or attach it to the users or roles of people.yaml."""
_OWNER_ID_MISSING = """\
The owner's GitHub id is not in it, so CloudFormation or Terraform will ask: give --owner-id $(gh api users/{owner} --jq .id)"""

# {0} stands for the namespace, which names stack and StackSet; {1} for the accounts; {2} for the stacks' region. Not `cloudformation deploy`:
# it would keep a stack's former parameters where the template brings new defaults.
_ROLL_OUT = """\
# An organisation, from its management account (or a delegated administrator's, with --call-as DELEGATED_ADMIN).
# It reaches every account of policies/accounts.yaml but the management account itself: that is one account, below.
root=$(aws organizations list-roots --query 'Roots[0].Id' --output text)
aws cloudformation create-stack-set --stack-set-name {0}bot --template-body file://jitbot.yaml \\
  --capabilities CAPABILITY_NAMED_IAM --permission-model SERVICE_MANAGED --auto-deployment Enabled=false
aws cloudformation create-stack-instances --stack-set-name {0}bot --regions {2} \\
  --deployment-targets "OrganizationalUnitIds=$root,Accounts={1},AccountFilterType=INTERSECTION" \\
  --operation-preferences MaxConcurrentPercentage=100,ConcurrencyMode=SOFT_FAILURE_TOLERANCE

# Or one account, with credentials of that account:
aws cloudformation create-stack --stack-name {0}bot --template-body file://jitbot.yaml --region {2} \\
  --capabilities CAPABILITY_NAMED_IAM

# After a change of the template: the same with update-stack-set, or update-stack."""


def bootstrap(
    invocation: Invocation,
    *,
    form: str,
    owner_id: int | None,
    services: str | None,
    managed_policies: str | None,
    existing_provider: bool,
    no_pin: bool,
    which: str | None,
    region: str,
) -> int:
    """Carry out `jitbot bootstrap`."""
    root = data_root(invocation.folder)
    settings = _read(root, SETTINGS, documents.parse_settings)
    if which == "requesters":
        print_json(service_roles.requester_policy(settings.namespace))
        click.echo(_REQUESTERS_NEXT, err=True)
        return ExitCode.DONE
    policies = _policies(root)
    options = domain.Options(
        services=_names("--services", services, domain.services_of(policies), domain.SERVICE_PATTERN),
        managed_policies=_names(
            "--managed-policies",
            managed_policies,
            domain.managed_policies_of(policies),
            domain.MANAGED_PATTERN,
        ),
        owner_id=owner_id,
        creates_provider=not existing_provider,
        pins_claims=not no_pin,
    )
    _must_fit(settings, options)
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}", region):
        raise click.UsageError(f"--region: {region!r} is no region, as in eu-central-1")
    if which == "stackset":
        _print_roll_out(root, settings, options, region)
    elif form == "terraform":
        click.echo(_terraform(root, settings, options, region), nl=False)
        click.echo(_TERRAFORM_NEXT, err=True)
        _say_what_is_missing(settings, options)
    else:
        _print_template(settings, options, form)
    return ExitCode.DONE


def _must_fit(settings: Settings, options: domain.Options) -> None:
    """Raise InvalidError for a template that AWS would not take, or that would let nobody in."""
    domain.check_pins(settings, options)
    if not options.services:
        raise InvalidError("no policy in policies/access/ uses any service yet; name some with --services")
    size = domain.boundary_size(options.services)
    if size > domain.BOUNDARY_LIMIT:
        raise InvalidError(
            f"with {many(len(options.services), 'service')} the boundary comes to {many(size, 'character')}; AWS takes "
            f"{domain.BOUNDARY_LIMIT} at most: name fewer, or all of them with --services '*'"
        )


def _print_template(settings: Settings, options: domain.Options, form: str) -> None:
    template = domain.template(settings, options)
    click.echo(_yaml(template) if form == "yaml" else json.dumps(template, indent=2), nl=form == "json")
    click.echo(_TEMPLATE_NEXT, err=True)
    _say_what_is_missing(settings, options)


def _terraform(root: Path, settings: Settings, options: domain.Options, region: str) -> str:
    return terraform.configuration(
        domain.template(settings, options),
        name=f"{settings.namespace}bot",
        accounts=_accounts(root, settings),
        region=region,
    )


def _accounts(root: Path, settings: Settings) -> tuple[str, ...]:
    """The accounts to prepare: those of accounts.yaml, and the one that holds the organisation's own trail."""
    named = _read(root, ACCOUNTS, documents.parse_accounts).values()
    trail = settings.trail.account if settings.trail is not None else None
    return tuple(dict.fromkeys((*named, *([trail] if trail is not None else []))))


def _say_what_is_missing(settings: Settings, options: domain.Options) -> None:
    if options.owner_id is None:
        click.echo(_OWNER_ID_MISSING.format(owner=settings.repository.partition("/")[0]), err=True)


def _print_roll_out(root: Path, settings: Settings, options: domain.Options, region: str) -> None:
    accounts = ",".join(_accounts(root, settings))
    owner = settings.repository.partition("/")[0]
    known = f"$(gh api users/{owner} --jq .id)" if options.owner_id is None else str(options.owner_id)
    services, managed = ",".join(options.services), ",".join(options.managed_policies)
    chosen = ["--services", services, "--managed-policies", managed]
    chosen += [] if options.creates_provider else ["--existing-provider"]
    chosen += [] if options.pins_claims else ["--no-pin"]
    click.echo(
        f'owner_id={known}\njitbot bootstrap --owner-id "$owner_id" {shlex.join(chosen)} > jitbot.yaml\n'
    )
    click.echo(_ROLL_OUT.format(settings.namespace, accounts, region))
    click.echo(_ROLL_OUT_NEXT, err=True)


def _yaml(template: dict[str, object]) -> str:
    import yaml

    class Plain(yaml.SafeDumper):
        """CloudFormation takes no aliases, so what occurs twice is written twice."""

        def ignore_aliases(self, _data: object) -> bool:
            return True

    text: str = yaml.dump(template, Dumper=Plain, sort_keys=False, width=110, allow_unicode=True)
    return text


def _names(option: str, given: str | None, default: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    """The names in a list with commas, or the default where none was given."""
    if given is None:
        return default
    names = tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    for name in names:
        if not re.fullmatch(pattern, name):
            raise click.UsageError(f"{option}: {name!r} is no such name")
    if "*" in names and len(names) > 1:
        raise click.UsageError(f"{option}: * stands alone")
    return names


def _policies(root: Path) -> tuple[Policy, ...]:
    return tuple(_read(root, path, documents.parse_policy) for path in policy_paths(root))


def _read(root: Path, path: str, parse: Callable[[Source], Parsed[T]]) -> T:
    """A document's value. Raises InvalidError with its first finding: half-read rules make no template."""
    content = FolderTree(root=root).read([path]).get(path)
    if content is None:
        raise InvalidError(f"there is no {path}, or it is no ordinary file")
    parsed = parse(Source(path=path, content=content))
    if parsed.value is None:
        first = parsed.findings[0]
        raise InvalidError(f"{first.in_words}; {first.hint}")
    return parsed.value
