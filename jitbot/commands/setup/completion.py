"""`jitbot completion`, and the answers it asks jitbot for at each press of the tab key.

They come from the clone as it lies here: no network, and no verb is imported for a name it can take.
"""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
)

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import RequestPath, parse_policy_path, parse_request_path
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import data_root

VARIABLE = "_JITBOT_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
_TAKES_REQUESTS = frozenset(
    {"explain", "revoke", "exec", "credentials", "console", "extend", "release", "status"}
)
_POLICY = "--policy"  # of `stop` and `audit log`
_TAKES_POLICIES = frozenset({"request", _POLICY})
_MOST = 2000  # of the ledger's latest commits, and of the names offered


def completion(_invocation: Invocation, *, shell: str) -> int:
    """Carry out `jitbot completion`."""
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
        if args and not incomplete.startswith("-") and (args[-1] == _POLICY or not args[-1].startswith("-")):
            verb = _POLICY if args[-1] == _POLICY else args[0]
            names = _names(verb, incomplete, self.ctx_args["obj"])
            if names is not None:
                return [CompletionItem(name) for name in names]
        return super().get_completions(args, incomplete)


def prepare() -> None:
    """Have click's own classes for each shell answer as above."""
    for shell in SHELLS:
        if (known := get_completion_class(shell)) is not None and not issubclass(known, _Here):
            add_completion_class(type(known.__name__, (_Here, known), {}), shell)


def _names(verb: str, incomplete: str, invocation: Invocation) -> list[str] | None:
    """The names that complete a word after a verb; None for a verb that takes no name."""
    if verb not in _TAKES_REQUESTS | _TAKES_POLICIES:
        return None
    try:
        root = data_root(invocation.folder)
        known = policies(root) if verb in _TAKES_POLICIES else requests(root, invocation.environ)
        return offered(known, incomplete)
    except (InvalidError, OSError):
        return []  # nothing is known here, and a shell is no place for an error


def offered(names: Iterable[str], incomplete: str) -> list[str]:
    """What completes the word: the short names of requests, or whole ones once a slash is typed."""
    unique = list(dict.fromkeys(names))[:_MOST]
    short = dict.fromkeys(name.rpartition("/")[2] for name in unique)
    if found := [name for name in short if name.startswith(incomplete)]:
        return found
    prefix = "requests/" if incomplete.startswith("requests/") else ""
    return [f"{prefix}{name}" for name in unique if f"{prefix}{name}".startswith(incomplete)]


def policies(root: Path) -> Iterable[str]:
    """The names of the policies in the working tree."""
    files = sorted((root / "policies/access").glob("*.yaml"))
    return [
        path.stem for path in files if isinstance(parse_policy_path(path.relative_to(root).as_posix()), str)
    ]


def requests(root: Path, environ: Mapping[str, str]) -> Iterable[str]:
    """The requests of the fetched ledger, the latest first, and those in the working tree. Names only."""
    asked = (
        "log",
        f"--max-count={_MOST}",
        "--format=%(trailers:key=Request,valueonly)",
        "refs/remotes/origin/ledger",
    )
    environ = {**environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    try:
        ran = subprocess.run(
            ["git", "-C", str(root), *asked], env=environ, capture_output=True, timeout=1, check=False
        )
        lines = ran.stdout.decode(errors="replace").split()
    except (OSError, subprocess.TimeoutExpired):
        lines = []
    folder = sorted((root / "requests").glob("*/*/*.yaml"), key=lambda path: path.parts[-2:], reverse=True)
    lines += [path.relative_to(root).as_posix() for path in folder[:_MOST]]
    paths = [line for line in lines if isinstance(parse_request_path(line), RequestPath)]
    return [path.removeprefix("requests/").removesuffix(".yaml") for path in paths]
