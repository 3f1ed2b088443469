"""`jitbot sandbox`."""

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

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape

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
        raise InvalidError(
            f"{error.name} is missing; install the sandbox: pip install 'jitbot[sandbox]'"
        ) from None


@click.command()
@click.option(
    "--as", "login", default="alice", show_default=True, help="Whose AWS credentials and token to print."
)
@click.option(
    "--workflows/--no-workflows",
    default=True,
    help="Whether a push to main grants by itself, and a dispatch of revoke.yml revokes, as on GitHub.",
)
def sandbox(*, login: str, workflows: bool) -> int:
    """Start an embedded GitHub and AWS with the example organisation acme, until Ctrl-C.

    Prints what to export so that jitbot, git and the aws command line work against it. What the workflows do
    is shown here as it happens.

    Example: jitbot sandbox --as bob
    """
    with needs_sandbox():
        from jitbot.sandbox.clock import Clock
        from jitbot.sandbox.organisation import Acme
        from jitbot.sandbox.workflows import Workflows

    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Acme(Clock()) as acme, ExitStack() as stack:
        if login not in acme.people:
            raise click.UsageError(f"acme has no {login}; it has: {', '.join(acme.people)}")
        clone = acme.workplace(login)
        shell = _shell(acme, login, clone)
        file = clone.parent / "shell.sh"
        file.write_text(shell)
        click.echo("# acme is running. In another terminal, all of this, or in one line:")
        click.echo(f"#   . {shlex.quote(str(file))}\n")
        click.echo(shell, nl=False)
        click.echo(
            "\n# then for example: jitbot request --wait; jitbot status; jitbot check; aws sts get-caller-identity"
        )
        click.echo(
            "# to approve pull request 1, with the TOKEN of an owner, at the COMMIT that jitbot explain 1 shows:"
        )
        click.echo(
            '#   curl -H \'Authorization: Bearer TOKEN\' --json \'{"event": "APPROVE", "commit_id": "COMMIT"}\' '
            f"{acme.github.api_url}/repos/{acme.repository}/pulls/1/reviews"
        )
        click.echo("# Ctrl-C here stops it; nothing is left behind.")
        if workflows:
            stack.enter_context(Workflows(acme, _run, lambda text: _show(f"error: {text}")))
        while not stopped.wait(timeout=1):
            pass
    click.echo("stopped", err=True)
    return ExitCode.DONE


def _shell(acme: "Acme", login: str, clone: Path) -> str:
    """What makes a shell this person's; the tokens of all by their names, in capitals."""
    lines = [
        *(f"export {name}={shlex.quote(value)}" for name, value in acme.shell(login).items()),
        f"cd {shlex.quote(str(clone))}",
        "# GitHub tokens, to act as somebody else: as bob with $BOB",
        *(f"{person.upper()}={shlex.quote(acme.token(person))}" for person in acme.people),
    ]
    return "".join(f"{line}\n" for line in lines)


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
