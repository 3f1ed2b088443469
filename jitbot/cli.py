"""The command line: verbs, exit codes, and the only reader of clock, environment and arguments."""

import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import click

from jitbot import __version__
from jitbot.domain.model.errors import InvalidError, JitbotError, SupersededError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation, clock, pause
from jitbot.terminal.lazy_group import HELP, LazyGroup

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Ask and use": {
        "request": (
            "jitbot.commands.request.verbs",
            "Ask for access: open the pull request, without a clone.",
        ),
        "status": (
            "jitbot.commands.request.verbs",
            "Show what is asked for, and of whom; what is granted, until when.",
        ),
        "extend": ("jitbot.commands.request.verbs", "Ask for more time with what is granted."),
        "withdraw": ("jitbot.commands.request.verbs", "Close your own request that still waits."),
        "release": ("jitbot.commands.request.verbs", "End your own access now, for good."),
        "exec": ("jitbot.commands.use.verbs:run", "Run a command with a grant's credentials."),
        "credentials": (
            "jitbot.commands.use.verbs",
            "Give a grant's credentials to the AWS SDKs, as a profile.",
        ),
        "console": ("jitbot.commands.use.verbs", "Print links into the AWS console for a grant."),
    },
    "Approve": {
        "check": (
            "jitbot.commands.approve.verbs",
            "Check requests and rules as a merge would; findings with file and line.",
        ),
        "explain": (
            "jitbot.commands.approve.verbs",
            "Show who gets what, where, until when, and how dangerous it is.",
        ),
        "approve": ("jitbot.commands.approve.verbs", "Approve a request, at exactly what you were shown."),
        "plan": (
            "jitbot.commands.approve.verbs",
            "Show what a change of rules lets people do, and what it ends.",
        ),
        "review-rules": (
            "jitbot.commands.approve.verbs:review_rules",
            "Ask owners to review access policies: open the pull requests.",
        ),
        "owners": (
            "jitbot.commands.approve.verbs",
            "Show who owns a path, and so approves what is asked for there.",
        ),
    },
    "Audit": {
        "audit": ("jitbot.commands.audit", "Read, prove and hand over the record, from a clone alone."),
    },
    "Set up": {
        "init": (
            "jitbot.commands.setup.verbs",
            "Write a new access repository, and make its settings on GitHub.",
        ),
        "bootstrap": (
            "jitbot.commands.setup.verbs",
            "Print what prepares AWS accounts for jitbot: roles, boundary, issuer.",
        ),
        "import": (
            "jitbot.commands.imports:imports",
            "Take over people, teams, accounts and policies from where they are kept.",
        ),
        "doctor": (
            "jitbot.commands.setup.verbs",
            "Check that GitHub and AWS are configured safely, with a fix for each problem.",
        ),
        "completion": (
            "jitbot.commands.setup.verbs",
            "Print what makes a shell complete verbs, policies and requests.",
        ),
    },
    "Run by Actions": {
        "comment": ("jitbot.commands.ci.verbs", "Keep what people see on a pull request current."),
        "grant": ("jitbot.commands.ci.verbs", "Decide what was merged, and grant what is approved."),
        "sweep": ("jitbot.commands.ci.verbs", "End, confirm and remove; find orphans and drift."),
        "revoke": ("jitbot.commands.ci.verbs", "End anybody's grant now, for good."),
        "stop": (
            "jitbot.commands.ci.verbs",
            "Refuse and end everything of a person or a policy.",
        ),
        "notify": ("jitbot.commands.ci.verbs", "Send to chat what a run recorded; test a channel."),
    },
    "Try": {
        "demo": ("jitbot.commands.tryout.verbs", "Play the whole life of a request, on this machine."),
        "sandbox": (
            "jitbot.commands.tryout.verbs",
            "Start an embedded GitHub and AWS to try everything on.",
        ),
    },
}
# Of a disk, whatever it was that was written: no bug, and no refusal of a request.
_OF_THIS_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_NAMELESS = "the output, or a temporary file"  # the system names no file where one is written
VERBS = {name: verb for verbs in GROUPS.values() for name, verb in verbs.items()}


class Verbs(LazyGroup):
    """All verbs."""

    groups = GROUPS
    other_names = MappingProxyType(
        {
            "validate": "check",
            "lint": "check",
            "list": "status",
            "ls": "status",
            "assume": "exec",
            "setup": "init",
        }
    )


@click.group(cls=Verbs, epilog="Start with: jitbot demo", context_settings={"help_option_names": HELP})
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
    clock: Callable[[], datetime] = clock,
) -> int:
    """Run one command and give its exit code: 0 done, 1 refused or invalid, 2 usage, 3 try again."""
    invocation = Invocation(now=now, environ=environ, folder=folder, jitbot=main, pause=pause, clock=clock)
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
    except OSError as error:
        if error.errno not in _OF_THIS_MACHINE:
            raise
        click.echo(f"error: {_lines(f'{error.strerror}: {error.filename or _NAMELESS}')}", err=True)
        return ExitCode.UNSURE
    except (
        SystemExit
    ) as error:  # click's way out after a completion, and when the reader of our output has gone
        return ExitCode.UNSURE if error.code else ExitCode.DONE
    return result if isinstance(result, int) else ExitCode.DONE


def _lines(text: str) -> str:
    """An error's text, line by line: it may name files, and quote what others answered."""
    return "\n".join(map(escape.log, text.split("\n")))


# A process that ends soon and holds a whole ledger: Python by itself looks for cycles at each 700 new objects, and
# goes through all that it holds again and again.
_RARELY = (100_000, 20, 100)


def run() -> None:
    """The entry point: reads the clock, the environment and the arguments, once."""
    gc.set_threshold(*_RARELY)
    try:
        folder = Path.cwd()
    except OSError:
        sys.exit("error: the current folder is not there any more: change to one that is")
    code = main(sys.argv[1:], now=clock(), environ=dict(os.environ), folder=folder)
    gc.freeze()  # else the interpreter looks at its end for garbage in all that it is about to free
    sys.exit(code)
