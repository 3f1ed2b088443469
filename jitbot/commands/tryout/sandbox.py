"""`jitbot sandbox`."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from jitbot.commands.setup.templates import with_extra
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation

if TYPE_CHECKING:
    from jitbot.sandbox.organisation import Acme


@contextmanager
def needs_sandbox() -> Iterator[None]:
    """Import the sandbox inside this. Raises InvalidError with the way out if its extra is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("jitbot"):
            raise
        install = shlex.join((sys.executable, "-m", "pip", "install", *with_extra("sandbox")))
        raise InvalidError(f"{error.name} is missing; install the sandbox: {install}") from None


def sandbox(_invocation: Invocation, *, login: str, workflows: bool) -> int:
    """Carry out `jitbot sandbox`."""
    with needs_sandbox():
        from jitbot.sandbox.chat import ChatSandbox
        from jitbot.sandbox.clock import Clock
        from jitbot.sandbox.organisation import Acme
        from jitbot.sandbox.workflows import Workflows

    stopped = _stopped()
    with Acme(Clock()) as acme, ExitStack() as stack:
        if login not in acme.people:
            raise click.UsageError(f"acme has no {login}; it has: {', '.join(acme.people)}")
        clone = acme.workplace(login)
        file = clone.parent / "shell"
        file.write_text(_shell(acme.shell(login, job=not workflows), _tokens(acme), clone), "utf-8")
        page = f"{acme.github.url}/{acme.repository}/pull/1"
        click.echo(f"""# acme is running. In another terminal, type this line:

. {shlex.quote(str(file))}

# There you are {login}, in a clone of {acme.repository}. `sandbox_off` undoes it all.
# Try: jitbot request --wait; jitbot status; jitbot check; aws sts get-caller-identity
# Pull request 1, with its comment, is then at {page}
# Each person's token is in a variable of their name: {_names(acme)}
# To approve it as bob: GITHUB_TOKEN=$BOB jitbot approve 1. A script does it at the COMMIT that jitbot explain 1 shows
# (a break-glass, as dave: anyone but dave may):
#   curl -s -H "Authorization: Bearer $BOB" --json '{{"event": "APPROVE", "commit_id": "COMMIT"}}' \\
#     {acme.github.api_url}/repos/{acme.repository}/pulls/1/reviews
# Ctrl-C here stops it; nothing is left behind.""")
        if workflows:
            chat = stack.enter_context(
                ChatSandbox(lambda channel, text: _show(f"chat, channel {channel}: {text}"))
            )
            trouble = lambda text: _show(f"error: {text}")  # noqa: E731
            stack.enter_context(Workflows(acme, _run, trouble, every=True, chat=chat))
        while not stopped.wait(timeout=1):
            pass
    click.echo("stopped", err=True)
    return ExitCode.DONE


def _tokens(acme: "Acme") -> dict[str, str]:
    return {person.upper(): acme.token(person) for person in acme.people}


def _names(acme: "Acme") -> str:
    return ", ".join(f"${person.upper()}" for person in acme.people)


def _stopped() -> threading.Event:
    """What Ctrl-C, or an end of the process by request, sets."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # the terminal is closed; under nohup it may be
        signal.signal(signal.SIGHUP, stop)
    return stopped


def _shell(exports: Mapping[str, str], tokens: Mapping[str, str], clone: Path) -> str:
    """What a shell reads to be that person: variables and folder, and `sandbox_off`, which puts all of it back."""
    own = Path(sys.executable).parent  # where jitbot is, if it was installed beside this Python
    values = {**tokens, **exports, "PATH": f"{own}:{os.environ.get('PATH', '')}"}
    lines = ['_sandbox_pwd="$PWD"']
    back = ['cd "$_sandbox_pwd"', "unset _sandbox_pwd"]
    for name, value in values.items():
        kept = f"_sandbox_{name}"
        lines += [f'{kept}="${{{name}+=}}${{{name}-}}"', f"export {name}={shlex.quote(value)}"]
        back += [
            f'case "${kept}" in =*) export {name}="${{{kept}#=}}";; *) unset {name};; esac',
            f"unset {kept}",
        ]
    undo = "\n".join(f"  {line}" for line in [*back, "unset -f sandbox_off"])
    return "\n".join([*lines, f"cd {shlex.quote(str(clone))}", f"sandbox_off() {{\n{undo}\n}}", ""])


def _run(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Run jitbot in a process of its own, as a runner does, and show what it prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "jitbot", *arguments],
        cwd=folder,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    _show(f"{arguments[0]} ended with {ran.returncode}")
    for line in ran.stdout.decode(errors="replace").splitlines():
        _show(f"  {line}")


def _show(text: str) -> None:
    click.echo(f"# {escape.log(text)}")
