"""The command line: verbs, exit codes, and the only reader of clock, environment and arguments."""

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from jitbot import __version__
from jitbot.domain.model.errors import InvalidError, JitbotError, SupersededError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation, pause
from jitbot.terminal.lazy_group import LazyGroup

VERBS = {
    "request": ("jitbot.commands.request.request", "Ask for access: open the pull request, without a clone."),
    "check": ("jitbot.commands.approve.check", "Would this request be granted? Findings with file and line."),
    "explain": (
        "jitbot.commands.approve.explain",
        "Who gets what, where, until when, and how dangerous it is.",
    ),
    "owners": ("jitbot.commands.approve.owners", "Who owns a path, and so approves what is asked for there."),
    "status": (
        "jitbot.commands.request.status",
        "What is asked for, and of whom; what is granted, until when.",
    ),
    "extend": ("jitbot.commands.request.extend", "Ask for more time with what is granted."),
    "release": ("jitbot.commands.request.release", "End your access now, for good."),
    "exec": ("jitbot.commands.use.exec:run", "Run a command with a grant's credentials."),
    "credentials": (
        "jitbot.commands.use.credentials",
        "A grant's credentials for the AWS SDKs, as a profile.",
    ),
    "console": ("jitbot.commands.use.console", "Links into the AWS console for a grant."),
    "comment": (
        "jitbot.commands.ci.comment",
        "What people see on a pull request, kept current (in Actions).",
    ),
    "grant": ("jitbot.commands.ci.grant", "Decide what was merged, and grant what is approved (in Actions)."),
    "sweep": ("jitbot.commands.ci.sweep", "End, confirm and remove; find orphans and drift (in Actions)."),
    "revoke": ("jitbot.commands.ci.revoke", "End a grant now, for good (in Actions)."),
    "audit": ("jitbot.commands.audit", "Read, prove and hand over the record, from a clone alone."),
    "init": ("jitbot.commands.setup.init", "A new access repository: its files, and its settings on GitHub."),
    "bootstrap": (
        "jitbot.commands.setup.bootstrap",
        "What prepares AWS accounts for jitbot: roles, boundary, issuer.",
    ),
    "doctor": (
        "jitbot.commands.setup.doctor",
        "Check that GitHub and AWS are configured safely, with a fix for each problem.",
    ),
    "completion": (
        "jitbot.commands.setup.completion",
        "What makes a shell complete verbs, policies and requests.",
    ),
    "demo": ("jitbot.commands.tryout.demo", "The whole life of a request, on this machine."),
    "sandbox": ("jitbot.commands.tryout.sandbox", "An embedded GitHub and AWS to try everything on."),
}


class Verbs(LazyGroup):
    """All verbs."""

    table = VERBS


@click.group(cls=Verbs, epilog="Start with: jitbot demo")
@click.version_option(__version__, message="jitbot %(version)s")
def jitbot() -> None:
    """Just-in-time AWS access that lives in a GitHub repository.

    Open a pull request that adds one file under requests/; its code owners approve it; merging it grants an
    IAM role that only you can assume, until a fixed second.
    """


def main(
    arguments: Sequence[str],
    *,
    now: datetime,
    environ: Mapping[str, str],
    folder: Path,
    pause: Callable[[float], None] = pause,
) -> int:
    """Run one command and give its exit code: 0 done, 1 refused or invalid, 2 usage, 3 try again."""
    invocation = Invocation(now=now, environ=environ, folder=folder, jitbot=main, pause=pause)
    if "_JITBOT_COMPLETE" in environ:
        import_module("jitbot.commands.setup.completion").prepare()
    try:
        colour = False if environ.get("NO_COLOR") else None  # None: where there is a terminal
        result = jitbot.main(
            list(arguments), prog_name="jitbot", obj=invocation, standalone_mode=False, color=colour
        )
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return ExitCode.UNSURE
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(_lines(shown.getvalue().rstrip()), err=True)
        return ExitCode.MISUSED
    except SupersededError as error:
        click.echo(f"superseded: {_lines(str(error))}", err=True)
        return ExitCode.DONE
    except InvalidError as error:
        click.echo(f"error: {_lines(str(error))}", err=True)
        return ExitCode.REFUSED
    except JitbotError as error:
        click.echo(f"error: {_lines(str(error))}", err=True)
        return ExitCode.UNSURE
    except (
        SystemExit
    ) as error:  # click's way out after a completion, and when the reader of our output has gone
        return ExitCode.UNSURE if error.code else ExitCode.DONE
    return result if isinstance(result, int) else ExitCode.DONE


def _lines(text: str) -> str:
    """An error's text, line by line: it may name files, and quote what others answered."""
    return "\n".join(map(escape.log, text.split("\n")))


def run() -> None:
    """The entry point: reads the clock, the environment and the arguments, once."""
    now = datetime.now(UTC).replace(microsecond=0)
    sys.exit(main(sys.argv[1:], now=now, environ=dict(os.environ), folder=Path.cwd()))
