"""What `jitbot status` shows of each thing, on plain values: a row for people, and the same keys for machines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.request import status_rows as rows
from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, RefusedRequest
from jitbot.domain.model.documents import AccountId, Login
from jitbot.domain.request.to_approve import DueReview
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PATH = "requests/p/2026-11/24-alice-x.yaml"
UNKNOWN = NotKnown(why="GitHub is away")
KEYS = [
    "request", "requester", "account", "account_id", "role_arn", "state", "why", "expires_at", "seconds_left",
    "pull_request", "url", "waiting_for",
]  # fmt: skip
ASK = OpenRequest(
    request=PATH, requester=Login("alice"), accounts=("prod", "data"), duration=HOUR, number=7, url="https://x/7",
    approvals=UNKNOWN, needed=2, owners=("@acme/a", "@bob"), asked_at=NOW - HOUR,
)  # fmt: skip
UNREAD = UnreadRequest(number=7, url="https://x/7", request=None, approvals=UNKNOWN)
GRANT = GrantStatus(
    request=PATH, requester="alice", principal="x", account="prod", account_id=AccountId("111111111111"),
    role_arn="arn", state=GrantState.LIVE, starts_at=None, granted_at=NOW, expires_at=NOW + HOUR, left=HOUR, why="",
)  # fmt: skip


def known(*logins: str, by_rules: bool = False) -> Any:
    """Whose approvals count so far; by rules, the places that they fill, and one that is open to carol."""
    people = [SimpleNamespace(login=login) for login in logins]
    places = [
        SimpleNamespace(team=SimpleNamespace(name="acme/a"), person=people[0] if people else None, able=()),
        SimpleNamespace(team=None, person=None, able=(SimpleNamespace(login="carol"),)),
    ]
    requirement = SimpleNamespace(by_rules=by_rules, in_words=lambda: ("two of them",))
    approvals = [SimpleNamespace(person=each) for each in people]
    return SimpleNamespace(approvals=approvals, requirement=requirement, filled=len(people), places=places)


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said of those who are members for a time, and of places: given beforehand."""
    said = [""]
    monkeypatch.setattr(rows, "temporary", lambda _: said[0])
    monkeypatch.setattr(rows, "placed", lambda *_: "places")
    return said


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({}, "? of 2 by @acme/a @bob"),
        ({"owners": ()}, "? of 2 by nobody"),
        ({"approvals": known("bob")}, "1 of 2 by @acme/a @bob"),
        ({"approvals": known("bob"), "needed": 1}, "1 of 1 by @acme/a @bob"),
        ({"approvals": known(), "needed": 0}, "break-glass: any one approval for GitHub"),
        ({"approvals": known("bob", by_rules=True)}, "1 of 2: places"),
    ],
)
def test_what_is_asked_for_waits(changes: dict[str, Any], waits: str) -> None:
    """For so many approvals, by whom."""
    row = rows.asked_row(replace(ASK, **changes))
    assert row == ("alice", PATH.removeprefix("requests/"), "prod, data", f"asked, {waits}", "pull request 7")


def test_a_membership_for_a_time_is_said(words: list[str]) -> None:
    """Its approval may not count for long."""
    words[0] = "bob until tomorrow"
    row = rows.asked_row(replace(ASK, approvals=known("bob")))
    assert row[3] == "asked, 1 of 2 by @acme/a @bob (bob until tomorrow)"


@pytest.mark.parametrize(
    ("asked", "ago"),
    [(NOW - HOUR, "1h ago"), (NOW - MINUTE, "1m ago"), (NOW - MINUTE + timedelta(seconds=1), "just now")],
)
def test_what_waits_for_me_says_since_when(asked: datetime, ago: str) -> None:
    """And where it is."""
    row = rows.waiting_row(replace(ASK, asked_at=asked), NOW)
    assert (row[3], row[4]) == (f"waits for you, asked {ago}: ? of 2 by @acme/a @bob", "https://x/7")


@pytest.mark.parametrize(("request_", "name"), [(None, ""), (PATH, PATH.removeprefix("requests/"))])
def test_what_could_not_be_read_waits_too(request_: str | None, name: str) -> None:
    """With the reason, and as far as its path is known."""
    row = rows.waiting_row(replace(UNREAD, request=request_), NOW)
    assert row == ("?", name, "?", "waits for you: GitHub is away", "https://x/7")


def due(by: datetime) -> DueReview:
    """A break-glass grant that is to be reviewed by then."""
    review: Any = SimpleNamespace(
        request=PATH, requester="alice", review_by=by, merged_at=NOW - HOUR, pull_request=7
    )
    return DueReview(review=review, accounts=("prod", "data"))


@pytest.mark.parametrize(
    ("by", "said"),
    [(NOW + HOUR, "due by 2026-11-24T10:00:00Z"), (NOW, "was due by 2026-11-24T09:00:00Z")],
)
def test_a_review_that_is_due(by: datetime, said: str) -> None:
    """It is late from its very end on."""
    row = rows.due_row(due(by), "https://x/acme", NOW)
    assert row == (
        "alice", PATH.removeprefix("requests/"), "prod, data", f"waits for your review, merged 1h ago, {said}",
        "https://x/acme/pull/7",
    )  # fmt: skip
    found = rows.due_json(due(by), "https://x/acme")
    assert [each["account"] for each in found] == ["prod", "data"]
    assert (found[0]["state"], found[0]["pull_request"], list(found[0])[:12]) == ("to review", 7, KEYS)


@pytest.mark.parametrize(
    ("changes", "state", "until"),
    [
        ({}, "live, 1h left", "2026-11-24T10:00:00Z"),
        ({"state": GrantState.PLANNED}, "planned, 1h left", "2026-11-24T10:00:00Z"),
        ({"state": GrantState.ENDED, "why": "revoked", "ended_at": NOW}, "revoked", "2026-11-24T09:00:00Z"),
        ({"review": "due"}, "live, 1h left, break-glass, due", "2026-11-24T10:00:00Z"),
        ({"is_rehearsal": True}, "live, 1h left, rehearsal", "2026-11-24T10:00:00Z"),
    ],
)
def test_what_is_granted(changes: dict[str, Any], state: str, until: str) -> None:
    """How long it lasts, or how it ended and when."""
    assert rows.granted_row(replace(GRANT, **changes))[2:] == ("prod", state, until)


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, {}),
        ({"why": "revoked", "ended_at": NOW}, {"ended_at": "2026-11-24T09:00:00Z"}),
        ({"review": "due"}, {"break_glass": "due"}),
        ({"is_rehearsal": True}, {"rehearsal": True}),
        ({"use": "used"}, {"use": "as JSON"}),
    ],
)
def test_what_is_granted_for_machines(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], more: dict[str, object]
) -> None:
    """Keys beside those of every row are there only where there is something to say."""
    monkeypatch.setattr(rows, "use_json", lambda _: "as JSON")
    found = rows.granted_json(replace(GRANT, **changes), {PATH: (9, 7)})
    assert list(found) == [*KEYS, *more]
    assert {key: found[key] for key in more} == more
    assert (found["pull_request"], found["seconds_left"]) == (7, 3600)
    assert found["why"] == (changes.get("why") or None)


@pytest.mark.parametrize(
    ("reasons", "words_", "why"),
    [(("a", "b"), "refused: a; b", "a; b"), ((), "refused: no reason is recorded", None)],
)
def test_what_was_refused(reasons: tuple[str, ...], words_: str, why: str | None) -> None:
    """And why, as far as it is recorded."""
    refused = RefusedRequest(
        request=PATH, requester="alice", accounts=("prod",), at=NOW, reasons=reasons, pull_request=7
    )
    assert rows.refused_row(refused)[3] == words_
    assert (rows.refused_json(refused)["why"], rows.refused_json(refused)["account"]) == (why, None)


def test_what_waits_for_machines() -> None:
    """A row for each account; of what could not be read, one with the reason."""
    found = rows.waiting_json([ASK, UNREAD])
    assert [(each["account"], each["asked_at"]) for each in found] == [
        ("prod", "2026-11-24T08:00:00Z"), ("data", "2026-11-24T08:00:00Z"), (None, None),
    ]  # fmt: skip
    assert found[0]["waiting_for"] == {
        "approvals": 2, "approved_by": None, "not_known": "GitHub is away", "owners": ["@acme/a", "@bob"],
    }  # fmt: skip
    assert found[2]["waiting_for"] == {
        "approvals": None, "approved_by": None, "not_known": "GitHub is away", "owners": None,
    }  # fmt: skip


def test_whose_approvals_count_for_machines() -> None:
    """By rules, each place with who fills it, or could."""
    (plain, _) = rows.asked_json([replace(ASK, approvals=known("bob"))])
    (ruled, _) = rows.asked_json([replace(ASK, approvals=known("bob", by_rules=True))])
    base = {"approvals": 2, "approved_by": ["bob"], "owners": ["@acme/a", "@bob"]}
    assert plain["waiting_for"] == base
    assert ruled["waiting_for"] == {
        **base,
        "approval_rules": ["two of them"],
        "places": [
            {"team": "acme/a", "approved_by": "bob", "able": []},
            {"team": None, "approved_by": None, "able": ["carol"]},
        ],
    }
