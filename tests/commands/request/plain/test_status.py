"""`jitbot status` on plain values: whose requests are shown, as of when, and what is said of all that is not known."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.request import status as module
from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, RefusedRequest
from jitbot.domain.model import owners
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import AccountId, Login
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.request.to_approve import DueReview
from jitbot.domain.text import timestamp
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.ledger import remote_ledger
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest
from jitbot.usecases.request.to_approve import Waiting

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AWAY = UnavailableError("GitHub is away\x1b")
SAID_AWAY = "GitHub is away\\x1b"
KNOWN: Any = SimpleNamespace(approvals=(), requirement=SimpleNamespace(by_rules=False), ends={}, able=())


def path(name: str) -> str:
    """The request of that name."""
    return f"requests/p/2026-11/24-{name}.yaml"


def an_ask(name: str, *, approvals: Any = KNOWN, number: int = 7) -> OpenRequest:
    """One that waits for approvals."""
    return OpenRequest(
        request=path(name), requester=Login(name.partition("-")[0]), accounts=("prod",), duration=HOUR, number=number,
        url=f"https://x/{number}", approvals=approvals, needed=1, owners=("@acme/a",), asked_at=NOW - HOUR,
    )  # fmt: skip


def a_grant(name: str, state: GrantState = GrantState.LIVE) -> GrantStatus:
    """One that is granted, or was."""
    return GrantStatus(
        request=path(name), requester=name.partition("-")[0], principal="x", account="prod",
        account_id=AccountId("111111111111"), role_arn="arn", state=state, starts_at=None, granted_at=NOW,
        expires_at=NOW + HOUR, left=HOUR, why="",
    )  # fmt: skip


def a_refusal(name: str, at: datetime) -> RefusedRequest:
    """One that was refused."""
    return RefusedRequest(
        request=path(name),
        requester=name.partition("-")[0],
        accounts=("prod",),
        at=at,
        reasons=(),
        pull_request=7,
    )


def a_due_review(name: str) -> DueReview:
    """A break-glass grant that waits for a review."""
    review: Any = SimpleNamespace(
        request=path(name), requester="dave", review_by=NOW + HOUR, merged_at=NOW, pull_request=9
    )
    return DueReview(review=review, accounts=("prod",))


GRANTS = [
    a_grant("alice-live"), a_grant("bob-live"), a_grant("alice-over", GrantState.ENDED), a_grant("bob-over", GrantState.ENDED),
]  # fmt: skip
REFUSED = [
    a_refusal("alice-no", NOW - DAY), a_refusal("alice-old", NOW - 7 * DAY), a_refusal("bob-no", NOW - DAY),
    a_refusal("alice-now", NOW), a_refusal("alice-to-come", NOW + HOUR),
]  # fmt: skip


class Desk:
    """alice with her token, and all that there is; `asked` are those whose open requests were asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client: Any = SimpleNamespace(
            github=self, person="alice", policies=(), rules=lambda _: None, people=None,
            place=SimpleNamespace(actor="alice", url="https://x"),
        )  # fmt: skip
        self.me: Any = SimpleNamespace(login="Alice")
        self.asks: list[OpenRequest | UnreadRequest] = [an_ask("alice-ask")]
        self.more = self.unreadable = 0
        self.waiting, self.due = Waiting(found=(an_ask("carol-ask", number=8),)), [a_due_review("dave-glass")]
        self.grants, self.refused = GRANTS, REFUSED
        self.overdue: list[Any] = []
        self.stops: tuple[Any, ...] = ()
        self.scheduled: Any = NOW
        self.incomplete, self.in_clone = "", False
        self.failing: dict[str, Exception] = {}
        self.asked: list[str | None] = []
        self.moments: list[datetime] = []
        history = SimpleNamespace(states={}, events=(), stops=(), incomplete="")
        for name, stand_in in {
            "open_client": lambda *_: self._or_fails("client", self.client),
            "open_requests": self._open_requests,
            "to_approve": lambda *_: self._or_fails("to_approve", self.waiting),
            "due_reviews": lambda *_: self.due,
            "lapsed": lambda *_: self._or_fails("lapsed", self.overdue),
            "grant_statuses": self._statuses,
            "refused_requests": lambda _: self.refused,
            "is_in_its_clone": lambda _: self.in_clone,
            "open_context": lambda *_: None,
            "read": lambda *_: SimpleNamespace(
                **{**vars(history), "incomplete": self.incomplete, "stops": self.stops}
            ),
            "fold_events": lambda _: {},
            "pull_requests": lambda _: {path("alice-live"): (4, 5)},
            "stops_of": lambda _: self.stops,
        }.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(remote_ledger, "UnverifiedLedger", lambda _: self)
        monkeypatch.setattr(owners, "person_behind", lambda *_: self._or_fails("me", self.me))

    def _or_fails(self, name: str, value: Any) -> Any:
        if name in self.failing:
            raise self.failing[name]
        return value

    def _open_requests(
        self, _: object, who: str | None, now: datetime, *, listed: object
    ) -> tuple[list[OpenRequest | UnreadRequest], int]:
        assert (now, listed) == (NOW, ("pulls",))
        self.asked.append(who)
        return self.asks, self.more

    def _statuses(self, _: object, when: datetime) -> list[GrantStatus]:
        self.moments.append(when)
        return self.grants

    def open_pulls(self) -> tuple[str, ...]:
        """All that are open."""
        self._or_fails("pulls", None)
        return ("pulls",)

    def last_scheduled(self, _: str) -> Any:
        """When the clock last started a run."""
        return self._or_fails("scheduled", self.scheduled)

    def events(self, since: datetime, until: datetime) -> tuple[object, ...]:
        """Of the ledger's branch."""
        assert (since, until) == (NOW - MEMORY, NOW)
        return ()

    def status(self, **given: Any) -> int:
        """`jitbot status`."""
        known: dict[str, Any] = {
            "person": None, "everything": False, "ended": False, "at": None, "alone": False, "repo": None, "form": "text",
        }  # fmt: skip
        asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
        return module.status(asked, **{**known, **given})

    def empty(self) -> None:
        """Nothing is asked for, granted or refused, and nothing waits."""
        self.asks, self.grants, self.refused, self.waiting, self.due = [], [], [], Waiting(), []


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a desk."""
    return Desk(monkeypatch)


NOTE = "… as the ledger's branch says; who wrote it is verified in a clone\n"


def names(table: str) -> list[str]:
    """The requests of a table, without the path and the day."""
    return [line.split()[1].rpartition("/24-")[2].removesuffix(".yaml") for line in table.splitlines()[1:]]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, "alice-ask alice-live alice-no alice-now carol-ask dave-glass"),
        ({"person": "BOB"}, "alice-ask bob-live"),
        ({"person": "bob", "ended": True}, "alice-ask bob-live bob-over bob-no"),
        (
            {"ended": True},
            "alice-ask alice-live alice-over alice-no alice-old alice-now carol-ask dave-glass",
        ),
        (
            {"everything": True},
            "alice-ask alice-live bob-live alice-over bob-over alice-no alice-old bob-no alice-now",
        ),
        ({"at": NOW}, "alice-live alice-no alice-now"),
        ({"at": NOW + DAY}, "alice-live alice-no alice-now alice-to-come"),
        ({"at": NOW - 2 * DAY}, "alice-live alice-old"),
    ],
)
def test_whose_are_shown(
    desk: Desk, told: Callable[[], tuple[str, str]], given: dict[str, Any], shown: str
) -> None:
    """One's own with what waits for one and what was refused of late; one person's; or everybody's. At a time: no asks."""
    assert desk.status(**given) == 0
    out, err = told()
    assert (names(out), err) == (shown.split(), NOTE)
    who = None if given.get("everything") else given.get("person", "Alice")
    assert (desk.asked, desk.moments) == ([] if "at" in given else [who], [given.get("at", NOW)])


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ({}, "asked asked live"),
        ({"ended": True}, "asked asked live ended refused refused refused"),
        ({"at": NOW}, "live"),
    ],
)
def test_json_is_of_ones_own(
    desk: Desk, told: Callable[[], tuple[str, str]], given: dict[str, Any], states: str
) -> None:
    """A script asks for what was refused, and for what waits; what could not be read is a row, too."""
    desk.asks.append(UnreadRequest(number=8, url="https://x/8", request=None, approvals=NotKnown(why="odd")))
    desk.status(form="json", **given)
    rows = json.loads(told()[0])
    assert [each["state"] for each in rows] == states.split()
    assert [each["pull_request"] for each in rows if each["state"] == "live"] == [5]


def test_nothing_is_said_to_be_nothing(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """And where to one's own nothing else is known, what may yet come."""
    desk.empty()
    soon = "what was merged a moment ago is shown when its run has decided it\n"
    for given, said in (({}, soon), ({"at": NOW}, ""), ({"person": "bob"}, ""), ({"everything": True}, "")):
        desk.status(**given)
        assert told() == ("nothing is granted\n", said + NOTE)
    desk.status(form="json")
    assert told() == ("[]\n", NOTE)
    desk.due = [a_due_review("dave-glass")]
    desk.status()
    assert told()[1] == NOTE
    desk.asks, desk.due = [an_ask("alice-ask")], []
    desk.status()
    assert told()[1] == NOTE


NOT_SHOWN = "? what is only asked for is not shown: {}\n"


def test_without_a_token_the_clone_is_read(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """Everybody's, with what is not shown; a ledger that may lack something is no success."""
    desk.failing["client"], desk.in_clone = InvalidError("no token\x1b"), True
    assert desk.status() == 0
    assert told()[1] == NOT_SHOWN.format("no token\\x1b")
    assert desk.status(at=NOW) == 0
    out, err = told()
    assert (names(out), err) == (["alice-live", "bob-live"], "")
    desk.incomplete = "a batch is odd\x1b"
    assert desk.status(at=NOW) == 3
    assert told()[1] == "? this may be incomplete: a batch is odd\\x1b\n"


@pytest.mark.parametrize(("in_clone", "repo"), [(True, "acme/access"), (False, None), (False, "acme/access")])
def test_without_a_token_nothing_else_is_read(desk: Desk, repo: str | None, *, in_clone: bool) -> None:
    """A clone that lies here may be that of another repository; the reason is what keeps the named one from being read."""
    desk.failing["client"] = InvalidError("no token")
    desk.in_clone = in_clone
    with pytest.raises(InvalidError, match="no token"):
        desk.status(repo=repo)


def test_the_ledger_is_verified_in_its_clone_alone(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """With --repo, or elsewhere, it is read by the API; events that do not read are said, and are no success."""
    desk.incomplete, desk.unreadable = "a batch is odd", 2
    odd = "? this may be incomplete: {}\n".format
    for in_clone, repo, said in (
        (True, None, odd("a batch is odd")),
        (True, "acme/access", NOTE + odd("this jitbot cannot read 2 events")),
        (False, None, NOTE + odd("this jitbot cannot read 2 events")),
    ):
        desk.in_clone = in_clone
        assert desk.status(repo=repo) == 3
        assert told()[1] == said


def test_whoever_is_not_known_sees_everybodys(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """Nobody of people.yaml; or nobody knows, which is said unless only a time is asked about."""
    desk.me = None
    desk.status()
    shown, said = told()
    assert (names(shown), said) == (["alice-ask", "alice-live", "bob-live"], NOTE)
    desk.failing["me"] = AWAY
    desk.status()
    assert told() == (shown, NOT_SHOWN.format(SAID_AWAY) + NOTE)
    desk.status(at=NOW)
    assert told()[1] == NOTE
    desk.status(person="bob")
    assert told()[1] == NOTE


@pytest.mark.parametrize(
    ("fails", "shown", "said"),
    [
        ("pulls", "alice-live alice-no alice-now carol-ask dave-glass", NOT_SHOWN.format(SAID_AWAY)),
        (
            "to_approve",
            "alice-ask alice-live alice-no alice-now dave-glass",
            f"? what waits for you is not known: {SAID_AWAY}\n",
        ),
        (
            "lapsed",
            "alice-ask alice-live alice-no alice-now carol-ask dave-glass",
            f"? which access reviews are overdue is not known: {SAID_AWAY}\n",
        ),
        ("scheduled", "alice-ask alice-live alice-no alice-now carol-ask dave-glass", ""),
    ],
)
def test_what_fails_hides_nothing_else(
    desk: Desk, told: Callable[[], tuple[str, str]], fails: str, shown: str, said: str
) -> None:
    """It is said, and all that is known is shown."""
    desk.failing[fails] = AWAY
    assert desk.status() == 0
    out, err = told()
    assert (names(out), err) == (shown.split(), said + NOTE)


def test_what_was_not_looked_into_is_counted(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """And of whose approvals nothing is known, with the reason."""
    odd = NotKnown(why="odd\x1b")
    desk.more, desk.waiting = 2, Waiting(more=3)
    desk.asks = [
        an_ask("alice-ask"),
        an_ask("alice-odd", approvals=odd, number=8),
        UnreadRequest(number=9, url="https://x/9", request=None, approvals=odd),
    ]
    desk.status()
    assert told()[1] == (
        "… and 3 more open pull requests that may wait for you, not looked into\n"
        "? who approved pull request 8 is not known: odd\\x1b\n"
        "? what pull request 9 asks for is not known: odd\\x1b\n"
        "… and 2 more open pull requests, not looked into\n" + NOTE
    )


@pytest.mark.parametrize(
    ("count", "said"), [(0, ""), (1, "! 1 access review overdue: p (was due by 2026"), (2, "! 2 access reviews overdue: p")]
)  # fmt: skip
def test_overdue_reviews_are_said_to_their_owner(
    desk: Desk, told: Callable[[], tuple[str, str]], count: int, said: str
) -> None:
    """With one's own status alone."""
    desk.overdue = [SimpleNamespace(policy="p", due="2026")] * count
    desk.status()
    assert told()[1].startswith(said or NOTE)
    for given in ({"at": NOW}, {"person": "bob"}, {"everything": True}, {"form": "json"}):
        desk.status(**given)
        assert told()[1] == NOTE


@pytest.mark.parametrize(("silent", "said"), [(6 * HOUR, False), (6 * HOUR + timedelta(seconds=1), True)])
def test_a_clock_that_stands_still_is_said(
    desk: Desk, told: Callable[[], tuple[str, str]], silent: timedelta, said: bool
) -> None:
    """Whoever looks; where the token may not see it, and where there was no run yet, nothing is."""
    desk.scheduled = NOW - silent
    for given in ({}, {"everything": True}, {"form": "json", "at": NOW}):
        desk.status(**given)
        since = f"since {timestamp.show(desk.scheduled)}: what is deleted"
        assert told()[1].startswith(f"! the schedule has started nothing {since}") is said
    desk.failing["scheduled"] = DeniedError("no")
    desk.status()
    assert told()[1] == NOTE
    desk.failing, desk.scheduled = {}, None
    desk.status()
    assert told()[1] == NOTE


def a_stop(*, login: str = "", policy: str = "", at: datetime = NOW, holds: bool = True) -> Any:
    """A stop of a person or of a policy."""
    return SimpleNamespace(
        subject=SimpleNamespace(login=login, policy=policy), holds=lambda _: holds, in_words=f"{login}{policy} is stopped",
        event=SimpleNamespace(at=at, evidence=SimpleNamespace(reason="stolen\x1b")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "stop", "said"),
    [
        ({}, a_stop(login="ALICE"), True),
        ({}, a_stop(login="bob"), False),
        ({}, a_stop(policy="p"), True),
        ({"person": "bob"}, a_stop(login="bob"), True),
        ({"everything": True}, a_stop(login="bob"), True),
        ({}, a_stop(login="alice", holds=False), False),
        ({}, a_stop(login="alice", at=NOW + HOUR), False),
        ({"at": NOW + HOUR}, a_stop(login="alice", at=NOW + HOUR), True),
    ],
)
def test_stops_that_hold_are_said(
    desk: Desk, told: Callable[[], tuple[str, str]], given: dict[str, Any], stop: Any, said: bool
) -> None:
    """Of whom is asked about, and of policies; also where they are read in a clone, and beside JSON."""
    desk.stops = (stop,)
    line = f"! {stop.in_words}: stolen\\x1b\n"
    for in_clone, form in ((False, "text"), (True, "json")):
        desk.in_clone = in_clone
        desk.status(**given, form=form)
        assert (line in told()[1]) is said


def test_what_waits_for_a_person_alone(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """Nothing else is shown; as JSON with a row for each account, and for a review that is due."""
    assert desk.status(alone=True) == 0
    out, err = told()
    assert (names(out), err) == (["carol-ask", "dave-glass"], NOTE)
    desk.status(alone=True, form="json")
    assert [each["state"] for each in json.loads(told()[0])] == ["asked", "to review"]
    desk.waiting, desk.due = Waiting(more=2), []
    desk.status(alone=True)
    more = "… and 2 more open pull requests that may wait for you, not looked into\n"
    assert told() == ("nothing waits for you\n", more + NOTE)
    desk.unreadable = 1
    assert desk.status(alone=True, form="json") == 3


def test_at_a_terminal_a_request_has_lines_of_its_own(
    desk: Desk, told: Callable[[], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two narrow columns have no room: what, how long, which; and who, where it is not one's own."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    desk.grants, desk.refused, desk.due = [replace(a_grant("alice-live"), account="prod\x1b")], [], []
    alice = [
        "p in prod",
        "  asked, 0 of 1 by @acme/a (pull request 7)",
        "  2026-11/24-alice-ask",
        "p in prod\\x1b",
        "  live, 1h left (2026-11-24T10:00:00Z)",
        "  2026-11/24-alice-live",
    ]
    desk.status()
    assert click.unstyle(told()[0]).splitlines() == [
        *alice,
        "carol: p in prod",
        "  waits for you, asked 1h ago: 0 of 1 by @acme/a (https://x/8)",
        "  2026-11/24-carol-ask",
    ]
    desk.status(everything=True)
    named = [f"alice: {each}" if each.startswith("p ") else each for each in alice]
    assert click.unstyle(told()[0]).splitlines() == named
    desk.status(alone=True)
    assert click.unstyle(told()[0]).startswith("carol: p in prod\n")
