"""What every run looks at before it does anything: main's settings, its own code, who started it, the ledger's rules."""

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec

import pytest
from acme_facts import BASE, HEAD, sha, the_settings, unreadable

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import LEDGER_RULES
from jitbot.domain.model.documents import ISSUER_KEYS, PLAIN, SETTINGS, Parsed
from jitbot.domain.model.errors import DeniedError, InvalidError, SupersededError
from jitbot.domain.notifications.channels import NOTIFY
from jitbot.ports.git import Git
from jitbot.usecases.context import (
    Context,
    Run,
    ensure_current,
    ensure_first_attempt,
    ensure_recordable,
    file_at_main,
    settings_at_main,
)


def main_with(*entries: tuple[str, str]) -> Any:
    """git with these paths and modes at main's tip; another commit has other code."""
    git = create_autospec(Git, instance=True)
    git.main.return_value = BASE
    git.resolve.side_effect = lambda revision: BASE if revision == "current" else HEAD
    git.entries.side_effect = lambda commit, _: tuple(
        AddedEntry(path=path, mode=mode, blob=sha(f"{path} of {commit}")) for path, mode in entries
    )
    git.read.side_effect = lambda blobs: {each: f"bytes of {each}".encode() for each in blobs}
    return git


@pytest.mark.parametrize("mode", ["120000", "100755", "040000", None])
def test_a_file_is_an_ordinary_one(mode: str | None) -> None:
    """Anything else is as good as none, and of settings that is an error which says what it is."""
    git, documents = main_with(*([(SETTINGS, mode)] if mode else [])), cast("Any", SimpleNamespace())
    assert file_at_main(git, SETTINGS) is None
    said = f"git mode {mode}, not {PLAIN}" if mode else "`jitbot init` makes one"
    with pytest.raises(InvalidError, match=said):
        settings_at_main(git, documents)
    git.read.assert_not_called()


def test_settings_that_do_not_read_say_where() -> None:
    """The first finding, with its file and line."""
    git = main_with((SETTINGS, PLAIN))
    blob = sha(f"{SETTINGS} of {BASE}")
    assert file_at_main(git, SETTINGS) == f"bytes of {blob}".encode()
    parsed: list[Parsed[Any]] = [Parsed(value=the_settings()), unreadable()]
    documents = cast("Any", SimpleNamespace(parse_settings=lambda _: parsed.pop(0)))
    assert settings_at_main(git, documents) == the_settings()
    with pytest.raises(InvalidError, match=r"policies/some\.yaml:1: it cannot be read"):
        settings_at_main(git, documents)


def test_git_is_asked_once_for_what_most_runs_read_at_the_tip() -> None:
    """Each is found among the others, and none is taken for another; what few runs read is asked for alone."""
    git = main_with(
        (ISSUER_KEYS, PLAIN), (NOTIFY, "120000"), (SETTINGS, PLAIN), ("policies/more.yaml", PLAIN)
    )
    for path in (ISSUER_KEYS, SETTINGS, "policies/more.yaml"):
        assert file_at_main(git, path) == f"bytes of {sha(f'{path} of {BASE}')}".encode()
    assert file_at_main(git, NOTIFY) is None
    *most, alone, again = [call.args[1] for call in git.entries.call_args_list]
    assert [*most, again] == [(ISSUER_KEYS, NOTIFY, SETTINGS)] * 3
    assert alone == ["policies/more.yaml"]


def a_context(
    *, commits: tuple[str, ...] = (), types: frozenset[str] = frozenset(), rerun: bool = False
) -> Context:
    """A run of code of these commits, on a ledger with these rules."""
    github = SimpleNamespace(rules=lambda _: SimpleNamespace(types=types))
    git = main_with(("jitbot", "040000"))
    return cast("Context", SimpleNamespace(git=git, github=github, run=Run(commits=commits, rerun=rerun)))


@pytest.mark.parametrize(
    ("commits", "current"),
    [
        ((), True),
        (("current",), True),
        (("old",), False),
        (("current", "old"), False),
        (("old", "current"), False),
    ],
)
def test_a_run_is_of_mains_code_or_does_nothing(commits: tuple[str, ...], current: bool) -> None:
    """All of its commits; outside Actions there is none."""
    context = a_context(commits=commits)
    if current:
        ensure_current(context)
        return
    with pytest.raises(SupersededError, match="of old, is not main's any more"):
        ensure_current(context)


def test_a_rerun_acts_in_nobodys_name() -> None:
    """It says which workflow to start."""
    ensure_first_attempt(a_context(), "revoke")
    with pytest.raises(DeniedError, match="start revoke anew"):
        ensure_first_attempt(a_context(rerun=True), "revoke")


@pytest.mark.parametrize("lacking", sorted(LEDGER_RULES))
def test_a_ledger_without_one_of_its_rules_takes_no_record(lacking: str) -> None:
    """Which one is said."""
    ensure_recordable(a_context(types=LEDGER_RULES | {"more"}))
    with pytest.raises(DeniedError, match=rf"not protected \({lacking}\)"):
        ensure_recordable(a_context(types=LEDGER_RULES - {lacking}))
