"""`jitbot explain` on plain values: where a request is read, what is known of it, and each line that is shown."""

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.approve import explain as module
from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.views.request_summary import LOOKS_BACK, RequestSummary, labelled
from jitbot.terminal.invocation import Invocation
from jitbot.wiring import context as wiring

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "requests/p/2026-11/24-alice-x.yaml"
FINDING = Finding(code="odd", message="it is odd", file=PATH, line=3, column=1)
HERE = Invocation(now=NOW, environ={}, folder=Path("/data"), jitbot=lambda *_: 0)


def a_preview(name: str = "one", **changes: Any) -> Any:
    """What a request would give."""
    known: dict[str, Any] = {
        "request": SimpleNamespace(
            reason="because\x1b",
            optional=(("ticket", "INC-1\x1b"),),
            requester="alice",
            path=PATH,
            duration=HOUR,
        ),
        "policy": SimpleNamespace(description="orders\x1b", glass=False, known=()),
        "parameters": (("table", "t\x1b"),),
        "risk": SimpleNamespace(level=Level.LOW, reasons=("it writes\x1b",), access_in_words=lambda: "Write"),
        "requirement": SimpleNamespace(by_rules=False),
        "who_approves": lambda: "1 of @acme/a\x1b",
        "grants": (),
        "as_json": lambda: {"name": name},
    }
    return SimpleNamespace(**{**known, **changes})


def a_summary(name: str = "one", *, kind: ChangeKind = ChangeKind.ADDED, **known: Any) -> Any:
    """One request of a pull request."""
    return RequestSummary(path=PATH, kind=kind, **{"grant_preview": a_preview(name), **known})


DELETED = a_summary(kind=ChangeKind.DELETED, grant_preview=None)


class Desk:
    """What there is to explain; `read` is where it was read, `shown` what was printed of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.explained: Any = SimpleNamespace(summaries=(a_summary(),), findings=(), head="head")
        self.has_root = True
        self.read: list[tuple[Any, ...]] = []
        self.shown: list[tuple[Any, ...]] = []
        for name, stand_in in {
            "has_data_root": self._has_root,
            "in_clone": lambda asked, repository, *, files: self._read(asked, "clone", repository, files),
            "_of_file": lambda _, text, now: self._read(self.explained, "file", text, now),
            "_of_pull": lambda _, number, now: self._read(self.explained, "pull", number, now),
            "show": lambda summaries, *, head, short: self.shown.append((summaries, head, short)),
        }.items():
            monkeypatch.setattr(module, name, stand_in)

    def _has_root(self, folder: Path) -> bool:
        assert folder == Path("/data/requests") or folder == Path("/data")
        return self.has_root

    def _read(self, value: Any, *what: Any) -> Any:
        self.read.append(what)
        return value

    def explain(self, request: str, **given: Any) -> int:
        """`jitbot explain`."""
        known = {"at": None, "repository": None, "short": False, "form": "text"}
        return module.explain(HERE, request=request, **{**known, **given})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a desk."""
    return Desk(monkeypatch)


@pytest.mark.parametrize(
    ("request_", "given", "root", "read"),
    [
        ("requests/x", {}, True, [("file", "requests/x", NOW)]),
        ("a/../requests/x", {"at": NOW + HOUR}, True, [("file", "a/../requests/x", NOW + HOUR)]),
        ("x", {}, False, [("clone", None, True), ("file", "x", NOW)]),
        ("x", {"repository": "o/r"}, True, [("clone", "o/r", True), ("file", "x", NOW)]),
        ("#7", {}, True, [("pull", 7, NOW)]),
        ("7", {"repository": "o/r"}, True, [("clone", "o/r", False), ("pull", 7, NOW)]),
        ("7", {}, False, [("clone", None, False), ("pull", 7, NOW)]),
    ],
)
def test_where_a_request_is_read(
    desk: Desk, request_: str, given: dict[str, Any], root: bool, read: list[tuple[Any, ...]]
) -> None:
    """A file here or in a clone that jitbot keeps; of a pull request the files of the clone need not be new."""
    desk.has_root = root
    assert desk.explain(request_, **given, short=True) == 0
    assert (desk.read, desk.shown) == (read, [(desk.explained.summaries, "head", True)])


@pytest.mark.parametrize(("findings", "code"), [((), 0), ((FINDING,), 1)])
def test_what_would_be_refused_is_red(
    desk: Desk, told: Callable[[], tuple[str, str]], findings: tuple[Finding, ...], code: int
) -> None:
    """It is explained all the same."""
    desk.explained.findings = findings
    assert (desk.explain("x"), len(desk.shown)) == (code, 1)
    assert told()[0] == ("" if not findings else f"{PATH}:3:1: it is odd [odd]\n")
    assert desk.explain("x", form="json") == code
    assert (json.loads(told()[0]), len(desk.shown)) == ({"name": "one"}, 1)


def test_what_cannot_be_explained_says_why(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """Nothing that looks like an answer is printed, in words or as JSON."""
    desk.explained = SimpleNamespace(summaries=(DELETED,), findings=(FINDING,), head="")
    for form in ("text", "json"):
        with pytest.raises(InvalidError, match=r"x\\x1b cannot be explained before this is fixed"):
            desk.explain("x\x1b", form=form)
        assert told()[0] == f"{PATH}:3:1: it is odd [odd]\n"
    assert desk.shown == []


def test_json_is_of_one_request(desk: Desk) -> None:
    """Of several it would not be known which; a deletion beside it is none."""
    desk.explained.summaries = (a_summary(), a_summary("two"))
    assert desk.explain("7") == 0
    with pytest.raises(InvalidError, match="7 has 2 requests: explain one by its path, or in text"):
        desk.explain("7", form="json")
    desk.explained.summaries = (DELETED, a_summary("two"))
    assert desk.explain("7", form="json") == 0


# What is read


def a_context(monkeypatch: pytest.MonkeyPatch, **github: Any) -> None:
    """GitHub with one pull request, and the ledger."""
    context = SimpleNamespace(github=SimpleNamespace(**github))
    monkeypatch.setattr(wiring, "open_context", lambda *_: context)
    monkeypatch.setattr(module, "read", lambda _, now: ("history", now))
    monkeypatch.setattr(module, "recorded", lambda _, history, text, now: (history, text, now))


def test_a_pull_request_is_read_as_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has become of it afterwards is in the ledger; one that only ends access, or asks for none, is said to."""
    pull = SimpleNamespace(is_open=True, head="head")
    found: Any = SimpleNamespace(summaries=(DELETED, a_summary()), findings=(FINDING,))
    a_context(monkeypatch, pull=lambda _: pull)
    monkeypatch.setattr(module, "brief", lambda *_: found)
    explained = module._of_pull(HERE, 7, NOW)
    assert (explained.summaries, explained.findings, explained.head) == (found.summaries, (FINDING,), "head")
    found.summaries = (DELETED, DELETED)
    with pytest.raises(InvalidError, match=f"#7 only ends access: it deletes {PATH}"):
        module._of_pull(HERE, 7, NOW)
    found.summaries = ()
    with pytest.raises(InvalidError, match="#7 touches no request"):
        module._of_pull(HERE, 7, NOW)
    pull.is_open = False
    merged: Any = module._of_pull(HERE, 7, NOW)
    assert (merged.summaries, merged.head) == ((("history", NOW), "7", NOW), "")


def test_a_pull_request_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's answer alone does not say which."""

    def denied(_: int) -> None:
        raise DeniedError("404")

    a_context(monkeypatch, pull=denied)
    with pytest.raises(DeniedError, match="pull request 7: 404"):
        module._of_pull(HERE, 7, NOW)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a check says of one request; what it would give says from which state it was judged."""

    request: Any
    findings: tuple[Finding, ...] = (FINDING,)
    so_far: Any = "the file's own"

    @property
    def grant_preview(self) -> Any:
        """By the state."""
        return a_preview(str(self.so_far))


class Folder:
    """A data root, with or without a clone around it and a ledger in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.has_main = root, False
        self.request: Any = a_preview().request
        self.history: Any = None
        (root / PATH).parent.mkdir(parents=True)
        (root / PATH).write_text("a request")
        (root / "policies").mkdir()
        (root / "policies/settings.yaml").write_text("")
        self.asked = replace(HERE, folder=root)
        a_context(monkeypatch)
        for name, stand_in in {
            "clone": lambda *_: SimpleNamespace(has=self._has),
            "Checker": lambda **_: SimpleNamespace(request=self._judge),
            "_history": self._history,
            "grant_statuses": lambda states, now: (*states, now),
        }.items():
            monkeypatch.setattr(module, name, stand_in)

    def _has(self, ref: str) -> bool:
        assert ref == "refs/remotes/origin/main"
        return self.has_main

    def _judge(self, _: object, source: Any) -> Judged:
        assert (source.path, source.content) == (PATH, b"a request")
        return Judged(request=self.request)

    def _history(self, asked: Invocation, requester: str) -> Any:
        assert (asked.folder, requester) == (self.root, "alice")
        return self.history


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Such a folder."""
    return Folder(tmp_path, monkeypatch)


def test_a_file_is_judged_as_a_first_request(folder: Folder) -> None:
    """Also of one that was granted, whose grants are shown beside it; from a folder below, the root is the same."""
    summary: Any
    (summary,) = module._of_file(folder.asked, PATH, NOW).summaries
    assert (summary.request, summary.kind, summary.statuses) == (folder.request, ChangeKind.ADDED, (NOW,))
    assert summary.grant_preview.as_json() == {"name": "None"}
    state: Any = SimpleNamespace(current=None)
    folder.history = SimpleNamespace(states={PATH: state}, doubt_of=lambda _: "doubt")
    below = replace(folder.asked, folder=folder.root / "requests/p")
    explained = module._of_file(below, "2026-11/24-alice-x.yaml", NOW)
    (summary,) = explained.summaries
    assert (summary.statuses, summary.grant_preview.as_json()) == ((state, NOW), {"name": str(state)})
    assert (explained.findings, explained.head) == ((FINDING,), "")


def test_what_does_not_read_has_its_findings(folder: Folder) -> None:
    """And no summary."""
    folder.request = None
    explained = module._of_file(folder.asked, PATH, NOW)
    assert (explained.summaries, explained.findings) == ((), (FINDING,))


def test_no_file_here_may_be_a_record_there(folder: Folder) -> None:
    """Main may be ahead, where there is a main; what is there and is no request is none anywhere."""
    with pytest.raises(InvalidError, match="no request is called"):
        module._of_file(folder.asked, "24-bob", NOW)
    (folder.root / "README.md").write_text("x")
    (folder.root / PATH).with_name("24-alice-link.yaml").symlink_to(folder.root / PATH)
    for name in ("README.md", "2026-11/24-alice-link.yaml"):
        with pytest.raises(InvalidError, match="is no request: an ordinary file under requests/"):
            module._of_file(folder.asked, name, NOW)
    folder.has_main = True
    recorded: Any = module._of_file(folder.asked, "24-bob", NOW)
    assert (recorded.summaries, recorded.findings) == ((("history", NOW), "24-bob", NOW), ())


# What is known of who asks


class History:
    """What the ledger says: of one request of an hour's, and whether it is in doubt."""

    def __init__(self, *, doubt: str = "") -> None:
        self.states: dict[str, Any] = {}
        self._doubt = doubt

    def doubt_of(self, path: str) -> str:
        """Of one request."""
        assert path == PATH
        return self._doubt


def test_an_extension_is_of_what_was_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another duration than was approved is one; the same is what it was."""
    monkeypatch.setattr(module, "held", lambda states, who, *, excluding: (list(states), who, excluding))
    request = a_preview().request
    for state, kind in (
        (None, ChangeKind.ADDED),
        (SimpleNamespace(current=None), ChangeKind.ADDED),
        (SimpleNamespace(current=SimpleNamespace(ask=SimpleNamespace(duration="1h"))), ChangeKind.ADDED),
        (SimpleNamespace(current=SimpleNamespace(ask=SimpleNamespace(duration="2h"))), ChangeKind.MODIFIED),
    ):
        history: Any = History()
        summary: Any = module._summary(request, a_preview(), history, state, NOW)  # type: ignore[arg-type]
        assert (summary.kind, summary.path, summary.held) == (kind, PATH, ([], "alice", PATH))
        assert summary.former == (None if kind is ChangeKind.ADDED else state.current)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("history", "known"), [(History(), True), (History(doubt="odd"), False), (None, False)]
)
def test_what_somebody_has_is_said_where_it_is_known(
    monkeypatch: pytest.MonkeyPatch, history: Any, known: bool
) -> None:
    """Of a ledger that is in doubt, or not there, nothing is; and that is said of a policy whose rules see one request."""
    monkeypatch.setattr(module, "held", lambda *_, excluding: excluding)
    monkeypatch.setattr(module, "by_ledger", lambda *_: ("another",))
    ruled = a_preview(requirement=SimpleNamespace(by_rules=True))
    summary: Any = module._summary(ruled.request, ruled, history, None, NOW)
    assert summary.held == (PATH if known else None)
    doubt = "open pull requests are not looked at for a file"
    if known:
        assert (summary.others.found, summary.others.doubt) == (("another",), doubt)
    else:
        assert (summary.others.found, summary.others.doubt) == (
            (),
            f"the ledger could not be read, and {doubt}",
        )
    for preview in (a_preview(), None):
        assert module._summary(ruled.request, preview, history, None, NOW).others is None


def test_a_ledger_that_cannot_be_read_hides_no_request(
    monkeypatch: pytest.MonkeyPatch, told: Callable[[], tuple[str, str]]
) -> None:
    """That is said; where there is no clone there is nothing to say."""
    has: list[bool] = [False, True, True]
    monkeypatch.setattr(module, "clone", lambda *_: SimpleNamespace(has=lambda _: has.pop(0)))
    monkeypatch.setattr(wiring, "open_context", lambda *_: "context")
    monkeypatch.setattr(module, "read", lambda *given, since, requester: (*given, since, requester))
    assert module._history(HERE, "alice") is None
    found: Any = module._history(HERE, "alice")
    assert found == ("context", NOW, NOW - LOOKS_BACK, "alice")
    assert told() == ("", "")

    def fails(*_: object, **__: object) -> None:
        raise UnavailableError("away\x1b")

    monkeypatch.setattr(module, "read", fails)
    assert module._history(HERE, "alice") is None
    assert told() == ("", "! the ledger could not be read: away\\x1b\n")


# What is shown


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Each sentence of the views, given beforehand."""
    said: dict[str, Any] = {
        "headline": "alice asks\x1b", "grouped": "grouped", "membership": "membership", "more": "longer", "grant_lines": ["live"],
        "waiting": ["waits for bob", "of two"], "owning": "bob owns it", "before": "nothing before",
        "others_in_words": ["another"],
    }  # fmt: skip
    for name in said:
        monkeypatch.setattr(module, name, lambda *_, name=name: said[name])
    monkeypatch.setattr(module, "acknowledged", lambda policy: policy.known)
    monkeypatch.setattr(module, "is_break_glass", lambda policy: policy.glass)
    monkeypatch.setattr(
        module, "worst_first", lambda summaries: sorted(summaries, key=lambda each: each.path)
    )
    return said


SHOWN = """alice asks\\x1b
what:     orders\\x1b
why:      because\\x1b
ticket:   INC-1\\x1b
table:    t\\x1b
accounts: grouped
member:   membership
change:   longer
state:    live
risk:     low
          it writes\\x1b
access:   Write
approve:  1 of @acme/a\\x1b
          bob owns it
before:   nothing before
"""


def shown(told: Callable[[], tuple[str, str]], summary: Any, **how: Any) -> str:
    """What is printed of it."""
    module.show([summary], **{"short": True, **how})
    return click.unstyle(told()[0])


@pytest.mark.usefixtures("views")
def test_each_fact_has_its_line(told: Callable[[], tuple[str, str]]) -> None:
    """All of a person's text inert; of a pull request the commit, too; a deletion has none of them."""
    assert shown(told, a_summary()) == SHOWN
    assert shown(told, a_summary(), head="abc\x1b") == SHOWN + "commit:   abc\\x1b\n"
    assert shown(told, DELETED, head="abc") == ""
    module.show([replace(a_summary(), path="z"), replace(DELETED, path="y"), replace(a_summary(), path="x")], short=True)  # fmt: skip
    assert click.unstyle(told()[0]) == SHOWN * 2


def test_what_there_is_not_has_no_line(told: Callable[[], tuple[str, str]], views: dict[str, Any]) -> None:
    """Groups, memberships, changes, states and access levels are of some requests alone."""
    views |= {"grouped": "", "membership": "", "more": "", "grant_lines": []}
    preview = a_preview(parameters=())
    preview.request.optional, preview.risk.access_in_words = (), lambda: ""
    labels = [line.partition(":")[0] for line in shown(told, a_summary(grant_preview=preview)).splitlines()]
    assert [each for each in labels if not each.startswith(" ")] == [
        "alice asks\\x1b", "what", "why", "risk", "approve", "before",
    ]  # fmt: skip


@pytest.mark.usefixtures("views")
def test_who_approves_is_who_still_must(told: Callable[[], tuple[str, str]]) -> None:
    """In a pull request by its reviews; a break-glass needs nobody, so that nobody is named."""
    glass = a_preview(policy=SimpleNamespace(description="x", glass=True, known=("odd of x\x1b",)))
    awaiting = SimpleNamespace()
    assert "approve:  1 of @acme/a\\x1b\nbefore" in shown(told, a_summary(grant_preview=glass))
    assert "          waits for bob\n          of two\nbefore" in shown(told, a_summary(awaiting=awaiting))
    assert "bob owns it" not in shown(told, a_summary(awaiting=awaiting))
    lines = shown(told, a_summary(grant_preview=glass, others=SimpleNamespace()))
    assert lines.endswith("others:   another\nknown:    odd of x\\x1b\n")


@pytest.mark.usefixtures("views")
def test_documents_are_shown_unless_it_is_to_be_short(told: Callable[[], tuple[str, str]]) -> None:
    """Each role with its boundary, its managed policies and both documents."""
    grant = SimpleNamespace(
        role_arn="arn:role\x1b", permissions_boundary="arn:boundary\x1b", managed_policies=("arn:managed\x1b",),
        trust_policy={"a": 1}, permission_policy={"b": 2},
    )  # fmt: skip
    summary = a_summary(grant_preview=a_preview(grants=(grant,)))
    assert shown(told, summary) == SHOWN
    assert shown(told, summary, short=False) == SHOWN + (
        "\narn:role\\x1b\nboundary: arn:boundary\\x1b\nmanaged:  arn:managed\\x1b\n"
        'trust policy:\n{\n  "a": 1\n}\npermission policy:\n{\n  "b": 2\n}\n'
    )


def test_no_parameter_looks_like_a_line_of_explain() -> None:
    """Each label that the verb prints is one under which a parameter is marked."""
    source = inspect.getsource(module)
    printed = {*re.findall(r'_line\(\s*"(.+?)"', source), *re.findall(r'click\.echo\(f"(\w+): ', source)}
    assert {"what", "known", "boundary"} <= printed
    assert [name for name in sorted(printed) if labelled(name) == name] == []
