"""From a checked file to an open pull request, on plain values: what is opened, what is not, and what is said of it."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.request import submit as module
from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.access.break_glass import MERGES
from jitbot.domain.model.documents import Finding, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.request import new_request
from jitbot.domain.request.progress import ProgressStep, ProgressUpdate
from jitbot.terminal import prompts

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "requests/p/2026-11/24-alice-x.yaml"
SOURCE = Source(path=PATH, content=b"requester: alice\nduration: 1h\n\nparameters:\n  table: t\x1b\n")
FINDING = Finding(code="too-long", message="too long", file=PATH, line=2, column=1, hint="ask for less")
FORMER: Any = SimpleNamespace(request=SimpleNamespace(where={"duration": SimpleNamespace(line=2)}), began=NOW)
PULL: Any = SimpleNamespace(number=7, url="https://x/7\x1b", head_branch="jitbot/p")
OPENED = "https://x/7\\x1b\n"
PRESS = "auto-merge is off: nobody allows it. Press Merge once it is approved\n"


def a_preview(**changes: Any) -> Any:
    """What a request would give, with everything that can be said of it."""
    known: dict[str, Any] = {
        "request": SimpleNamespace(path=PATH, reason="because", optional=(("ticket", "INC-1"),)),
        "parameters": (("table", "t\x1b"),),
        "risk": SimpleNamespace(
            level=SimpleNamespace(in_words="high"), reasons=("it writes",), access_in_words=lambda: "Write"
        ),
        "requirement": SimpleNamespace(by_rules=False, in_words=lambda: ("two of them",)),
        "policy": "ordinary",
        "who_approves": lambda: "1 of @acme/a",
        "in_words": lambda: "alice asks for p",
        "as_json": lambda: {"request": PATH},
    }
    return SimpleNamespace(**{**known, **changes})


PREVIEWED = """alice asks for p
why:      because
ticket:   INC-1
table:    t\\x1b
risk:     high
          it writes
access:   Write
approve:  1 of @acme/a
"""


class Desk:
    """A person who asks; `opened` is what was proposed, and `asked` the question before it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.preview: Any = a_preview()
        self.findings: tuple[Finding, ...] = ()
        self.updates: list[ProgressUpdate] = []
        self.stopped: BaseException | None = None
        self.method, self.agrees = "", True
        self.already = ("you have it",)
        self.opened: list[object] = []
        self.asked: list[str] = []
        self.place = SimpleNamespace(
            may_write=True, actor=SimpleNamespace(login="alice"), repository="acme/access", url="https://x", branch="main"
        )  # fmt: skip
        for name, stand_in in {
            "asked_already": lambda *_: self.already,
            "open_pull": self._open,
            "free_branch": lambda _, proposal: ("free", proposal),
            "merge_when_approved": lambda *_: (self.method, "" if self.method else "nobody allows it"),
            "follow": self._follow,
            "is_break_glass": lambda policy: policy == "glass",
            "placed": lambda *_: "the places",
        }.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(new_request, "ask", lambda *_: "ask")
        monkeypatch.setattr(new_request, "extension", lambda *_: "extension")
        monkeypatch.setattr(prompts, "agreed", self._agreed)

    def _open(self, _: object, proposal: object) -> Any:
        self.opened.append(proposal)
        return PULL

    def _agreed(self, question: str) -> bool:
        self.asked.append(question)
        return self.agrees

    def _follow(self, *_: object, now: datetime, patience: timedelta) -> Iterator[ProgressUpdate]:
        assert (now, patience) == (NOW, HOUR)
        yield from self.updates
        if self.stopped is not None:
            raise self.stopped

    def asks(self, **options: Any) -> int:
        """Ask, with these options."""
        client: Any = SimpleNamespace(place=self.place, verdict=self._verdict)
        known = {"now": NOW, "ask": False, "dry": False, "wait": None, "form": "text", "former": None}
        return module.check_and_open(client, SOURCE, module.SubmitOptions(**{**known, **options}))

    def _verdict(self, source: Source, now: datetime, *, former: object) -> Any:
        assert (source, now, former in (None, FORMER)) == (SOURCE, NOW, True)
        return SimpleNamespace(grant_preview=self.preview, findings=self.findings)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a person."""
    return Desk(monkeypatch)


def test_a_request_is_shown_and_opened(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """What it asks for, what there is already, and the address of its pull request, which alone is the result."""
    assert desk.asks() == 0
    assert (desk.opened, desk.asked) == (["ask"], [])
    assert told() == (OPENED, PREVIEWED + "! you have it\n" + PRESS)


def test_what_holds_for_approvals_is_shown(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """Of a policy that asks by rules; and what is not known has no line."""
    desk.preview = a_preview(requirement=SimpleNamespace(by_rules=True, in_words=lambda: ("two of them",)))
    desk.preview.risk.access_in_words = lambda: ""
    desk.asks()
    shown = told()[1]
    assert "approve:  1 of @acme/a\n          Rules that hold: two of them\n!" in shown
    assert "access:" not in shown


TOO_LONG = "--duration: too long [too-long]\n    ask for less\n"


@pytest.mark.parametrize(
    ("preview", "findings", "out", "err"),
    [(a_preview(), (FINDING,), TOO_LONG, PREVIEWED), (None, (FINDING,), TOO_LONG, ""), (None, (), "", "")],
)
def test_what_would_be_refused_is_not_opened(
    desk: Desk,
    told: Callable[[], tuple[str, str]],
    preview: Any,
    findings: tuple[Finding, ...],
    out: str,
    err: str,
) -> None:
    """With the option that is wrong, also where no grant can be shown; JSON has the findings and nothing else."""
    desk.preview, desk.findings = preview, findings
    assert desk.asks() == 1
    assert told() == (out, err + "nothing was asked for\n")
    assert desk.asks(form="json") == 1
    shown, said = told()
    assert (json.loads(shown), said) == ({"ok": False, "findings": [each.as_json() for each in findings]}, "")
    assert desk.opened == []


@pytest.mark.parametrize(
    ("former", "finding", "where"),
    [
        (None, {}, "--duration"),
        (None, {"line": 3}, f"{PATH}:3:1"),
        (None, {"line": 5}, "-p table=…"),
        (None, {"file": "policies/p.yaml"}, "policies/p.yaml:2:1"),
        (FORMER, {"file": "policies/p.yaml"}, "policies/p.yaml:2:1"),
        (FORMER, {}, "the duration asked for"),
        (FORMER, {"line": 1}, f"{PATH}:1:1"),
    ],
)
def test_a_finding_names_what_was_typed(
    desk: Desk, told: Callable[[], tuple[str, str]], former: Any, finding: dict[str, Any], where: str
) -> None:
    """An option, or the duration of an extension; else the place in the file."""
    known = {"code": "too-long", "message": "too long", "file": PATH, "line": 2, "column": 1}
    desk.findings = (Finding(**{**known, **finding}),)
    desk.asks(former=former)
    assert told()[0] == f"{where}: too long [too-long]\n"


LINK = "https://x/new/main?filename=requests/p/2026-11/24-alice-x.yaml&value="
FILE = f"\n{PATH}\n    requester: alice\n    duration: 1h\n    parameters:\n      table: t\\x1b\n"


def test_a_dry_run_opens_nothing(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """It prints the file and its page on the website; of an extension there is no such page."""
    assert desk.asks(dry=True) == 0
    shown, said = told()
    assert (shown.startswith(f"{PREVIEWED}{FILE}\non GitHub's website:\n    {LINK}"), said) == (True, "")
    assert desk.asks(dry=True, former=FORMER) == 0
    assert told() == (PREVIEWED + FILE, "")
    assert desk.asks(dry=True, form="json") == 0
    assert told() == (f'{{\n  "request": "{PATH}"\n}}\n', "")
    assert desk.opened == []


@pytest.mark.parametrize("dry", [True, False])
def test_lines_are_folded_where_a_terminal_shows_them(
    desk: Desk, told: Callable[[], tuple[str, str]], monkeypatch: pytest.MonkeyPatch, dry: bool
) -> None:
    """A dry run is a result, which a pipe takes whole; all else is said beside the result."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys.stdout if dry else sys.stderr, "isatty", lambda: True)
    desk.preview.request.reason = " ".join(["word"] * 9)
    desk.preview.in_words = lambda: "alice " * 9
    desk.asks(dry=dry)
    shown = click.unstyle(told()[0 if dry else 1]).splitlines()
    assert (max(map(len, shown[:6])), shown[2][:9]) == (29, "why:     ")


def test_who_may_not_push_is_told_before_anything(desk: Desk) -> None:
    """Who could change that, too."""
    desk.place.may_write = False
    with pytest.raises(InvalidError, match=r"alice may not push to acme/access.*an admin"):
        desk.asks()
    assert desk.opened == []


def test_a_no_opens_nothing(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """A yes does; who gave all on the command line is not asked."""
    desk.agrees = False
    assert desk.asks(ask=True) == 1
    assert (desk.opened, desk.asked) == ([], ["open the pull request?"])
    assert told()[1].endswith("! you have it\nnothing was asked for\n")
    desk.agrees = True
    assert desk.asks(ask=True) == 0
    assert desk.opened == ["ask"]


def test_an_extension_has_a_branch_that_is_free(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """And nobody says that the person has it already: they do."""
    assert desk.asks(former=FORMER) == 0
    assert desk.opened == [("free", "extension")]
    assert "you have it" not in told()[1]


@pytest.mark.parametrize(
    ("policy", "method", "sentence"),
    [
        ("ordinary", "", PRESS),
        ("ordinary", "squash", "auto-merge is on: once it is approved it merges, and the merge grants it\n"),
        ("glass", "", f"jitbot needs no approval of a break-glass. {MERGES}. Then press Merge\n"),
        ("glass", "squash", f"jitbot needs no approval of a break-glass. {MERGES}: by itself\n"),
    ],
)
def test_what_happens_next_is_said(
    desk: Desk, told: Callable[[], tuple[str, str]], policy: str, method: str, sentence: str
) -> None:
    """Whether it merges by itself, and whether an approval comes first."""
    desk.preview, desk.method = a_preview(policy=policy), method
    desk.asks()
    assert told()[1].endswith(f"! you have it\n{sentence}")


@pytest.mark.parametrize(
    ("method", "steps", "merge", "note", "state"),
    [
        ("squash", None, '"squash"', "null", "asked"),
        ("", [ProgressStep.GRANTED], "null", '"nobody allows it"', "granted"),
    ],
)
def test_a_pull_request_as_json(
    desk: Desk,
    told: Callable[[], tuple[str, str]],
    method: str,
    steps: list[ProgressStep] | None,
    merge: str,
    note: str,
    state: str,
) -> None:
    """The same keys whatever comes of it, and nothing but JSON in the result."""
    desk.method = method
    desk.updates = [ProgressUpdate(step=each, statuses={}) for each in steps or ()]
    desk.asks(form="json", wait=None if steps is None else HOUR)
    shown, said = told()
    assert shown == (
        f'{{\n  "request": "{PATH}",\n  "pull_request": 7,\n  "url": "https://x/7\\u001b",\n  "branch": "jitbot/p",\n'
        f'  "auto_merge": {merge},\n  "auto_merge_note": {note},\n  "state": "{state}"\n}}\n'
    )
    assert "alice asks for p" not in said


def somebody(login: str) -> Any:
    """A person."""
    return SimpleNamespace(login=login, person=SimpleNamespace(login=login))


def pending(*, by_rules: bool = False, approved: tuple[str, ...] = (), **more: Any) -> PendingApprovals:
    """Approvals so far: of two that are needed."""
    requirement: Any = SimpleNamespace(by_rules=by_rules, need=2)
    known: dict[str, Any] = {
        "requirement": requirement, "approvals": tuple(map(somebody, approved)), "ignored": (), "objectors": (),
        "able": (), "ends": {}, "places": (), "possible": True,
    }  # fmt: skip
    return PendingApprovals(**{**known, **more})


def a_term(*accounts: str, starts_at: datetime | None = None) -> Any:
    """What is granted, in these accounts."""
    return SimpleNamespace(
        window=SimpleNamespace(starts_at=starts_at, expires_at=NOW + HOUR),
        documents=[SimpleNamespace(account=each, role_arn=f"arn:{each}") for each in accounts],
    )


def ignored(state: str) -> Any:
    """A review that does not count."""
    user = SimpleNamespace(login="eve\x1b")
    return SimpleNamespace(review=SimpleNamespace(state=state, user=user), why=f"owns nothing ({state})")


def update(step: ProgressStep, **known: Any) -> ProgressUpdate:
    """How far it is."""
    return ProgressUpdate(**{"step": step, "statuses": {}, **known})


UNTIL = "2026-11-24T10:00:00Z"
USE = "use it: jitbot exec 24-alice-x.yaml{} -- aws sts get-caller-identity"


@pytest.mark.parametrize(
    ("seen", "lines", "code"),
    [
        (
            update(ProgressStep.ASKED, statuses={"b": "success", "a": "pending"}, approvals=pending()),
            ["a: pending", "b: success", "0 of 2 approvals"],
            3,
        ),
        (update(ProgressStep.ASKED, approvals=pending(approved=("bob", "erin"))), ["2 of 2 approvals: bob, erin"], 3),
        (update(ProgressStep.ASKED, approvals=pending(by_rules=True)), ["0 of 2 approvals: the places"], 3),
        (update(ProgressStep.ASKED, approvals=NotKnown(why="away\x1b")), ["who approved is not known: away\\x1b"], 3),
        (update(ProgressStep.ASKED), [], 3),
        (
            update(
                ProgressStep.ASKED,
                approvals=pending(
                    objectors=(somebody("bob"),),
                    ignored=tuple(map(ignored, ("APPROVED", "COMMENTED", "DISMISSED", "CHANGES_REQUESTED"))),
                ),
            ),
            [
                "0 of 2 approvals",
                "bob asks for changes: https://x/7\\x1b",
                "not counted: eve\\x1b owns nothing (APPROVED)",
                "not counted: eve\\x1b owns nothing (DISMISSED)",
            ],
            3,
        ),
        (update(ProgressStep.MERGED), ["merged; waiting for the grant"], 3),
        (
            update(ProgressStep.APPROVED, reasons=("denied",)),
            ["approved, recorded; waiting for AWS", "AWS: denied"],
            3,
        ),
        (
            update(ProgressStep.GRANTED, term=a_term("prod")),
            [f"granted until {UNTIL}, as the ledger records", "  prod         arn:prod", USE.format("")],
            0,
        ),
        (
            update(ProgressStep.GRANTED, term=a_term("prod", "data", starts_at=NOW)),
            [
                f"granted from 2026-11-24T09:00:00Z until {UNTIL}, as the ledger records",
                "  prod         arn:prod",
                "  data         arn:data",
                USE.format(" --account prod"),
                USE.format(" --account data"),
            ],
            0,
        ),
        (update(ProgressStep.GRANTED), [], 0),
        (
            update(ProgressStep.REFUSED, reasons=("nobody approved",)),
            [
                "refused, as the ledger records:",
                "  nobody approved",
                "ask anew: jitbot request --again 7",
            ],
            1,
        ),
        (update(ProgressStep.CLOSED), ["the pull request was closed, not merged: nothing is granted"], 1),
        (update(ProgressStep.ENDED), ["granted, and ended early since, as the ledger records"], 1),
    ],
)  # fmt: skip
def test_each_step_is_said_once(
    desk: Desk, told: Callable[[], tuple[str, str]], seen: ProgressUpdate, lines: list[str], code: int
) -> None:
    """However often it is seen; 0 for a grant alone, and what is not finished is said to go on."""
    desk.updates = [seen, seen]
    assert desk.asks(wait=HOUR) == code
    shown, said = told()
    goes_on = (
        [f"still {seen.step}; `jitbot status` shows how it goes on"] if seen.step not in module._CODES else []
    )
    assert shown == OPENED
    assert said.partition(PRESS)[2].splitlines() == [*lines, *goes_on]


def test_a_wait_that_is_broken_off_ends_nothing(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """The person reads where it goes on; and what was last seen is what is said of a wait that is over."""
    desk.stopped = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        desk.asks(wait=HOUR)
    assert told()[1].endswith("no longer waiting; the request goes on without you: https://x/7\\x1b\n")
    desk.stopped = None
    assert desk.asks(wait=HOUR) == 3
    assert told()[1].endswith("still asked; `jitbot status` shows how it goes on\n")
