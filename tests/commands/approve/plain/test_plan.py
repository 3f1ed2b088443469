"""`jitbot plan` on plain values: what is compared with what, and what is printed of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.approve import plan as module
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import PLAIN, Finding, FindingLevel, Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.rule_effects.rule_report import HEADS
from jitbot.terminal.invocation import Invocation
from jitbot.wiring import context as wiring

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAIN, REMOTE, LEDGER = "refs/heads/main", "refs/remotes/origin/main", "refs/remotes/origin/ledger"
WRONG = Finding(code="odd", message="it is odd", file="policies/x", line=1, column=2)
WARNED = Finding(code="old", message="it is old", file="policies/y", level=FindingLevel.WARNING)


def a_report(*findings: Finding, reviews: tuple[object, ...] = (), **more: Any) -> Any:
    """A change of the rules, with what is wrong with it."""
    return SimpleNamespace(findings=findings, reviews=reviews, as_json=lambda: {"same": False}, **more)


class Clone:
    """A clone with these refs; `asked` is what was compared."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refs = {MAIN, REMOTE}
        self.rules: Any = SimpleNamespace(base=SimpleNamespace(files=1), head=SimpleNamespace(files=2))
        self.present, self.too_many = ["policies/x"], False
        self.asked: list[tuple[Any, ...]] = []
        self.opens: Any = "context"
        for name, stand_in in {
            "clone": lambda *_: self,
            "data_root": lambda _: Path("/data"),
            "Checker": lambda *, when, **_: SimpleNamespace(
                files=lambda tree, paths: ("of files", tree.root, paths, when),
                together=lambda _, proposed, *__: ("together", proposed.base, proposed.head, when),
            ),
            "ServiceAuthorizationReference": lambda: "catalogue",
            "read_proposed": lambda _, *, base, head: SimpleNamespace(
                base=base, head=head, unread=("unread",)
            ),
            "proposed_rules": lambda *_: self.rules,
            "uncompared": lambda why: ("uncompared", why),
            "too_many_rules": lambda changed: (f"{len(changed)} are too many",) if self.too_many else (),
            "_of_folder": lambda _, root, base: SimpleNamespace(
                changed=["policies/x", "policies/gone"],
                present=self.present,
                rules=lambda: self.rules,
                at=(root, base),
            ),
            "newly_wrong": lambda *given: ("newly wrong", given[-1]),
            "with_new": lambda found, new: (found, new),
            "files_report": lambda rules, at, _, findings: self._asked("files", rules, at, findings),
            "rule_report": lambda context, rules, at, *, findings: self._asked(context, rules, at, findings),
        }.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(wiring, "open_context", self._open)

    def _open(self, *_: object) -> Any:
        if isinstance(self.opens, Exception):
            raise self.opens
        return self.opens

    def _asked(self, *what: Any) -> Any:
        self.asked.append(what)
        return a_report()

    def has(self, ref: str) -> bool:
        """Whether there is such a ref."""
        return ref in self.refs

    def resolve(self, name: str) -> str:
        """The commit of a name."""
        return f"<{name}>"

    def compare(self, *, base: str | None = None, head: str | None = None, at: datetime = NOW) -> Any:
        """What is compared, and the report of it."""
        return module._of_change(HERE, module._Change(base=base, head=head, at=at))


HERE = Invocation(now=NOW, environ={}, folder=Path("/data/below"), jitbot=lambda *_: 0)


@pytest.fixture
def clone(monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Such a clone."""
    return Clone(monkeypatch)


def test_a_commit_is_compared_with_the_base(clone: Clone) -> None:
    """As a merge of it would: where the ledger is not there only files are."""
    clone.compare(head="wider")
    ((who, rules, at, findings),) = clone.asked
    assert (who, rules, at) == ("files", clone.rules, NOW)
    assert findings == ("together", f"<{REMOTE}>", "<wider>", NOW)
    clone.refs |= {LEDGER}
    clone.compare(base="older", head="wider", at=NOW + HOUR)
    assert clone.asked[1] == (
        "context",
        clone.rules,
        NOW + HOUR,
        ("together", "<older>", "<wider>", NOW + HOUR),
    )


def test_the_files_of_the_folder_are_compared_with_the_base(clone: Clone) -> None:
    """Those that are there are checked; what is wrong with all of them together is added."""
    clone.compare()
    ((who, rules, at, findings),) = clone.asked
    assert (who, rules, at) == ("files", clone.rules, NOW)
    assert findings == (("of files", Path("/data"), ["policies/x"], NOW), ("newly wrong", NOW))


@pytest.mark.parametrize("head", [None, "wider"])
def test_the_same_rules_are_no_change(clone: Clone, head: str | None) -> None:
    """However they came to be the same."""
    clone.rules.head.files = 1
    assert clone.compare(head=head) is None
    assert clone.asked == []


def test_too_much_is_not_compared(clone: Clone) -> None:
    """Of a commit, and of the folder; what could not be read of the commit is said with it."""
    clone.rules = ("too many",)
    assert clone.compare(head="wider") == ("uncompared", ("unread", "too many"))
    clone.too_many = True
    assert clone.compare() == ("uncompared", ("2 are too many",))
    assert clone.asked == []


def test_a_ledger_that_cannot_be_opened_is_said(clone: Clone, told: Callable[[], tuple[str, str]]) -> None:
    """The files are compared all the same."""
    clone.refs |= {LEDGER}
    clone.opens = UnavailableError("away\x1b")
    clone.compare()
    assert clone.asked[0][0] == "files"
    assert told() == ("", "! only files are compared: away\\x1b\n")


def test_the_base_is_main_as_it_was_fetched(clone: Clone) -> None:
    """Else as it is here; where there is none, it is to be named."""
    git: Any = clone
    assert module._base(git, None) == f"<{REMOTE}>"
    clone.refs = {MAIN}
    assert module._base(git, None) == f"<{MAIN}>"
    clone.refs = set()
    assert module._base(git, "older") == "<older>"
    with pytest.raises(InvalidError, match="this clone has no main: name what to compare with by --base"):
        module._base(git, None)


# What is printed


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is found: of a change, and of pull request 7; the moment for which it was asked."""
    found: dict[str, Any] = {"change": None, "pull": None, "asked": []}

    def of(kind: str, *what: Any) -> Any:
        found["asked"].append((kind, *what))
        return found[kind]

    monkeypatch.setattr(
        module, "_of_change", lambda _, change: of("change", change.base, change.head, change.at)
    )
    monkeypatch.setattr(module, "_of_pull", lambda _, number, now: of("pull", number, now))
    monkeypatch.setattr(module, "headline", lambda each, _: (each.first, "named"))
    monkeypatch.setattr(module, "at_a_terminal", lambda reviews: reviews)
    monkeypatch.setattr(
        module, "rows", lambda each, direction, _, *, excluding: each.rows[direction, excluding]
    )
    monkeypatch.setattr(module, "notes", lambda each, _: each.notes)
    return found


def plan(**given: Any) -> int:
    """`jitbot plan`."""
    known = {"pull": None, "base": None, "head": None, "at": None, "form": "text"}
    return module.plan(HERE, **{**known, **given})


@pytest.mark.parametrize("given", [{"base": "a"}, {"head": "b"}, {"base": "a", "head": "b"}])
def test_a_pull_request_has_its_own_revisions(report: dict[str, Any], given: dict[str, str]) -> None:
    """They are not named beside it."""
    with pytest.raises(click.UsageError, match="a pull request has its own --base and --head"):
        plan(pull=7, **given)
    assert report["asked"] == []
    plan(pull=7)
    plan(**given, at=NOW + HOUR)
    assert report["asked"] == [("pull", 7, NOW), ("change", given.get("base"), given.get("head"), NOW + HOUR)]


def test_no_change_is_said(report: dict[str, Any], told: Callable[[], tuple[str, str]]) -> None:
    """Also as JSON, with the keys of any change."""
    assert (plan(), told()) == (0, ("the rules stay as they are\n", ""))
    assert plan(form="json") == 0
    found = json.loads(told()[0])
    assert (found["ok"], found["same"], found["findings"]) == (True, True, [])
    assert report["asked"] == [("change", None, None, NOW)] * 2


@pytest.mark.parametrize(("findings", "code"), [((), 0), ((WARNED,), 0), ((WRONG, WARNED), 1)])
def test_what_is_wrong_is_red(
    report: dict[str, Any], told: Callable[[], tuple[str, str]], findings: tuple[Finding, ...], code: int
) -> None:
    """A warning is not; as JSON each level has a key of its own."""
    report["pull"] = a_report(*findings)
    assert plan(pull=7, form="json") == code
    found = json.loads(told()[0])
    assert (found["ok"], found["same"], len(found["findings"])) == (not code, False, code)
    assert ("warnings" in found) is bool(findings)


def test_each_part_of_a_report_is_printed(
    report: dict[str, Any], told: Callable[[], tuple[str, str]]
) -> None:
    """The worst first, then the reviews, each direction that has anything, notes and findings; all of it inert."""
    wider, narrower, other = HEADS
    report["change"] = a_report(
        WRONG, WARNED, first="worst\x1b", reviews=("reviewed\x1b",), notes=("a note\x1b",),
        rows={(wider, "named"): (["more\x1b"], 2), (narrower, "named"): (["less"], 0), (other, "named"): ([], 1)},
    )  # fmt: skip
    assert plan() == 1
    assert click.unstyle(told()[0]) == (
        "worst\\x1b\nreviewed\\x1b\n"
        f"\n{HEADS[wider]}:\n  more\\x1b\n  and 2 more: --format json has all\n"
        f"\n{HEADS[narrower]}:\n  less\n"
        f"\n{HEADS[other]}:\n  and 1 more: --format json has all\n"
        "\na note\\x1b\n"
        "\npolicies/x:1:2: it is odd [odd]\npolicies/y: warning: it is old [old]\n1 to fix, 1 warning\n"
    )


def test_what_a_report_has_not_is_not_printed(
    report: dict[str, Any], told: Callable[[], tuple[str, str]]
) -> None:
    """No empty lines stand for it."""
    report["change"] = a_report(first="", notes=(), rows={(each, "named"): ([], 0) for each in HEADS})
    assert (plan(), told()) == (0, ("", ""))


def test_an_open_pull_request_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was merged is in the record of the audit."""
    pull = SimpleNamespace(is_open=True)
    context = SimpleNamespace(github=SimpleNamespace(pull=lambda _: pull))
    monkeypatch.setattr(wiring, "open_context", lambda *_: context)
    monkeypatch.setattr(module, "brief", lambda _, asked, now: SimpleNamespace(rules=(asked, now)))
    found: Any = module._of_pull(HERE, 7, NOW)
    assert found == (pull, NOW)
    pull.is_open = False
    with pytest.raises(InvalidError, match="#7 is not open: `jitbot audit report` shows what was merged"):
        module._of_pull(HERE, 7, NOW)


# What lies in the folder

ACCOUNTS, POLICY, FLOW, OWNERS, CODE = (
    "policies/accounts.yaml", "policies/access/p.yaml", ".github/workflows/w.yml", ".github/CODEOWNERS", "jitbot/x.py",
)  # fmt: skip
DEEP = "policies/deep/er.yaml"
FORK, BASE, HEAD = Sha("fork"), Sha("base"), Sha("HEAD")


def an_entry(path: str, content: bytes = b"x", mode: str = PLAIN) -> AddedEntry:
    """A file of a tree."""
    return AddedEntry(path=path, mode=mode, blob=blob_name(content))


def test_a_folder_is_compared_as_it_would_be_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules as they lie there; code, and what lies deeper than rules do, as it is committed; each file that is gone is gone."""
    for path in (ACCOUNTS, POLICY, OWNERS, "policies/deep/unread.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("y")
    (tmp_path / "policies/link.yaml").symlink_to("accounts.yaml")
    committed = [an_entry(path) for path in (ACCOUNTS, FLOW, CODE, DEEP, "CODEOWNERS")]
    trees = {
        FORK: [an_entry(ACCOUNTS), an_entry(FLOW), an_entry(POLICY, b"y")],
        BASE: [an_entry(ACCOUNTS, b"z")],
        HEAD: committed,
    }
    listed: list[object] = []

    def listed_at(_: object, commit: Sha, unread: list[str]) -> dict[str, AddedEntry]:
        listed.append(unread)
        return {each.path: each for each in trees[commit]}

    monkeypatch.setattr(module, "listed_at", listed_at)
    monkeypatch.setattr(module, "merged_rules", lambda *_, **sides: sides)
    git: Any = SimpleNamespace(
        resolve=Sha,
        merge_base=lambda base, head: FORK if (base, head) == (BASE, HEAD) else None,
        touched=lambda _, __: (CODE, DEEP, FLOW, ACCOUNTS, "jitbot/gone.py", "CODEOWNERS", "README.md"),
    )
    folder = module._of_folder(git, tmp_path, BASE)
    link = AddedEntry(path="policies/link.yaml", mode="120000", blob=Sha(""))
    assert listed == [[CODE, DEEP, "jitbot/gone.py"]] * 3
    assert folder.head == {
        ACCOUNTS: an_entry(ACCOUNTS, b"y"), POLICY: an_entry(POLICY, b"y"), OWNERS: an_entry(OWNERS, b"y"),
        CODE: an_entry(CODE), DEEP: an_entry(DEEP), link.path: link,
    }  # fmt: skip
    assert folder.changed == sorted([ACCOUNTS, FLOW, OWNERS, CODE, DEEP, link.path])
    assert folder.present == [each for each in folder.changed if each != FLOW]
    assert folder.contents == {blob_name(b"y"): b"y"}
    rules: Any = folder.rules()
    assert rules == {
        "fork": folder.fork, "base": folder.base, "head": folder.head, "contents": folder.contents,
    }  # fmt: skip
    git.touched = lambda *_: None  # more than can be listed
    assert module._of_folder(git, tmp_path, BASE).head.keys() == {ACCOUNTS, POLICY, OWNERS, link.path}


@pytest.mark.parametrize(("before", "blob"), [(None, ""), ("120000", "as it was"), ("100755", "")])
def test_a_link_that_was_one_is_the_same(tmp_path: Path, before: str | None, blob: str) -> None:
    """What it leads to is not read; where it was something else, it has changed."""
    (tmp_path / "policies").mkdir()
    (tmp_path / ACCOUNTS).symlink_to("elsewhere")
    was = {} if before is None else {ACCOUNTS: AddedEntry(path=ACCOUNTS, mode=before, blob=Sha("as it was"))}
    entries, contents = module._files_in(tmp_path, was)
    assert entries == {ACCOUNTS: AddedEntry(path=ACCOUNTS, mode="120000", blob=Sha(blob))}
    assert contents == {}
