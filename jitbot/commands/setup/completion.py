"""`jitbot completion`, and the answers it asks jitbot for at each press of the tab key.

They come from the clone as it lies here: no network, and no verb is imported for a name it can take.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.terminal.paths import data_root

VARIABLE = "_JITBOT_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
_TAKES_REQUESTS = frozenset(
    {"explain", "revoke", "exec", "credentials", "console", "extend", "release", "status"}
)
_TAKES_POLICIES = frozenset({"request"})
_NAME = r"[a-z][a-z0-9-]{0,31}"
_REQUEST = re.compile(
    rf"requests/({_NAME}/[0-9]{{4}}-[0-9]{{2}}/[0-9]{{2}}-[A-Za-z0-9][A-Za-z0-9_-]{{0,80}})\.yaml", re.ASCII
)
_MOST = 2000  # of the ledger's latest commits, and of the names offered


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(*, shell: str) -> int:
    """Print the script that makes a shell complete jitbot's verbs, options, policies and requests.

    Put it where the shell looks, once: for bash ~/.local/share/bash-completion/completions/jitbot, for zsh a
    file _jitbot in a folder of $fpath, for fish ~/.config/fish/completions/jitbot.fish.

    Example: jitbot completion bash
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    script = found(click.Command("jitbot"), {}, "jitbot", VARIABLE)
    click.echo(found.source_template % script.source_vars())
    return ExitCode.DONE


class _Here(ShellComplete):
    """Answers for a request's or a policy's name by itself; leaves all else to click."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What may stand where the cursor is."""
        if args and not incomplete.startswith("-") and not args[-1].startswith("-"):
            names = self._names(args[0], incomplete)
            if names is not None:
                return [CompletionItem(name) for name in names]
        return super().get_completions(args, incomplete)

    @staticmethod
    def _names(verb: str, incomplete: str) -> list[str] | None:
        known: Callable[[Path], Iterable[str]]
        if verb in _TAKES_REQUESTS:
            known = requests
        elif verb in _TAKES_POLICIES:
            known = policies
        else:
            return None
        try:
            return offered(known(data_root(Path.cwd())), incomplete)
        except (InvalidError, OSError):
            return []  # nothing is known here, and a shell is no place for an error


class _Bash(_Here, BashComplete):
    """For bash."""


class _Zsh(_Here, ZshComplete):
    """For zsh."""


class _Fish(_Here, FishComplete):
    """For fish."""


def prepare() -> None:
    """Have click answer with the classes above."""
    for name, kind in (("bash", _Bash), ("zsh", _Zsh), ("fish", _Fish)):
        add_completion_class(kind, name)


def offered(names: Iterable[str], incomplete: str) -> list[str]:
    """What completes the word: the short names of requests, or whole ones once a slash is typed."""
    unique = list(dict.fromkeys(names))[:_MOST]
    if "/" not in incomplete:
        short = [name.rpartition("/")[2] for name in unique]
        found = [name for name in dict.fromkeys(short) if name.startswith(incomplete)]
        if found:
            return found
    prefix = "requests/" if incomplete.startswith("requests/") else ""
    return [f"{prefix}{name}" for name in unique if f"{prefix}{name}".startswith(incomplete)]


def policies(root: Path) -> Iterable[str]:
    """The names of the policies in the working tree."""
    names = sorted(path.stem for path in (root / "policies/access").glob("*.yaml"))
    return [name for name in names if re.fullmatch(_NAME, name, re.ASCII)]


def requests(root: Path) -> Iterable[str]:
    """The requests of the fetched ledger, the latest first, and those in the working tree. Names only."""
    asked = (
        "log",
        f"--max-count={_MOST}",
        "--format=%(trailers:key=Request,valueonly)",
        "refs/remotes/origin/ledger",
    )
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    try:
        ran = subprocess.run(
            ["git", "-C", str(root), *asked], env=environ, capture_output=True, timeout=1, check=False
        )
        lines = ran.stdout.decode(errors="replace").split()
    except (OSError, subprocess.TimeoutExpired):
        lines = []
    folder = sorted((root / "requests").glob("*/*/*.yaml"), key=lambda path: path.parts[-2:], reverse=True)
    lines += [path.relative_to(root).as_posix() for path in folder[:_MOST]]
    return [match[1] for line in lines if (match := _REQUEST.fullmatch(line))]
