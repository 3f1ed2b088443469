"""What was asked for, as the ledger records it: whole, read back, and of any shape that somebody may have written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import MERGED_AT, PATH, a_person, a_request
from builders import a_request_state, an_approval

from jitbot.domain.ledger.ask import Ask, principal_text
from jitbot.domain.model.documents import OPTIONAL, Request


def test_what_was_asked_is_recorded_whole() -> None:
    """The record holds every field of the request, who the person was, and when it began."""
    request = a_request(starts_at=MERGED_AT, ticket="INC-1", duration=timedelta(minutes=90))
    assert Ask.of_request(request, a_person("alice"), MERGED_AT).json == {
        "policy": "orders-db-read",
        "requester": "alice",
        "accounts": ["prod"],
        "reason": "INC-1234 refunds are stuck in the queue",
        "ticket": "INC-1",
        "parameters": {"table": "orders"},
        "starts_at": "2026-11-24T09:00:00Z",
        "duration": "1h30m",
        "github_id": 1001,
        "principal": "Developer in 222222222222 as alice@acme.com",
        "began": "2026-11-24T09:00:00Z",
    }
    assert Ask.of_request(a_request(), a_person("erin"), MERGED_AT).json["principal"] == ""
    assert Ask.of_request(a_request(), a_person("alice"), MERGED_AT).json["starts_at"] is None


def test_principals_are_told_apart() -> None:
    """Each kind of principal, and each part of it, makes another text."""
    texts = {principal_text(a_person(login).principal) for login in ("alice", "bob", "carol", "dave", "erin")}
    assert "arn:aws:iam::222222222222:user/bob" in texts
    assert "arn:aws:iam::222222222222:role/engineers as AROAENGINEERSEXAMPLE1:carol" in texts
    assert len(texts) == 5
    unknown: Any = "a principal of no known kind"
    with pytest.raises(AssertionError):
        principal_text(unknown)


def test_who_is_not_known_is_recorded_as_nobody() -> None:
    """A refused request of a login that nobody known goes by has no id and no principal; a known one has both."""
    nobody = Ask.of_request(a_request(), None).json
    assert (nobody["requester"], nobody["github_id"], nobody["principal"]) == ("alice", None, "")
    assert "began" not in nobody
    alice = Ask.of_request(a_request(), a_person("alice")).json
    assert (alice["github_id"], bool(alice["principal"])) == (1001, True)


@pytest.mark.parametrize("ticket", [None, "INC-1"])
def test_a_recorded_request_reads_back(ticket: str | None) -> None:
    """What the ledger recorded of an approval is the request that was approved."""
    asked = a_request(ticket=ticket, accounts=("prod", "staging"))
    term = a_request_state(an_approval(asked=asked)).current
    assert term is not None
    assert term.ask.request(PATH, term.window.starts_at) == asked


@pytest.mark.parametrize(
    "odd",
    [
        {"accounts": "prod"},
        {"accounts": None},
        {"parameters": []},
        {"reason": 7},
        {"duration": 2},
        {"duration": "soon"},
    ],
)
def test_what_is_no_recorded_request_is_refused(odd: dict[str, object]) -> None:
    """A record of another shape is no request."""
    whole = Ask.of_request(a_request(), a_person("alice"))
    with pytest.raises(ValueError, match=r"is not recorded as a request|is not a duration"):
        Ask({**whole.json, **odd}).request(PATH, None)


def test_every_optional_text_is_recorded() -> None:
    """What people are shown of a request is in the record of it, by the same name; what it lacks is not shown."""
    given: dict[str, Any] = {name: f"a {name}" for name in OPTIONAL}
    nothing: dict[str, Any] = dict.fromkeys(OPTIONAL)
    asked: Request = replace(a_request(), **given)
    assert asked.optional == tuple(given.items())
    assert Ask.of_request(asked, None).request(PATH, None).optional == asked.optional
    assert replace(asked, **nothing).optional == ()


JUNK = [None, 1, True, "x", [], {}, ["x", 1], {"a": 1}]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", Ask.of_request(a_request(), a_person("alice"), MERGED_AT).json)
def test_a_part_of_another_kind_is_as_good_as_not_there(name: str, junk: object) -> None:
    """It reads as a missing one, or as a value of its own kind; the others are read as ever, and it is kept as it was."""
    whole = Ask.of_request(a_request(), a_person("alice"), MERGED_AT)
    odd = Ask({**whole.json, name: junk})
    missing = Ask({key: value for key, value in whole.json.items() if key != name})
    if getattr(odd, name) != getattr(missing, name):
        kinds: dict[type, tuple[type, ...]] = {str: (str,), int: (int,), list: (tuple,), dict: (dict,)}
        assert isinstance(getattr(odd, name), kinds[type(junk)])
    others = whole.json.keys() - {name}
    assert [getattr(odd, each) for each in others] == [getattr(whole, each) for each in others]
    assert odd.json[name] == junk


@pytest.mark.parametrize("began", ["garbage", "", "2026-11-24", "2026-11-24T09:00:00+00:00"])
def test_what_began_at_no_time_is_not_read(began: str) -> None:
    """Maximum and extensions count from it, so such an ask is refused; without it there is just none."""
    with pytest.raises(ValueError, match="UTC"):
        Ask.load({"began": began})
    assert Ask.load({"began": "2026-11-24T09:00:00Z"}).began == MERGED_AT
    assert [Ask.load(json).began for json in ({}, {"began": None}, {"began": 0})] == [None] * 3


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ()),
        ({"duration": timedelta(hours=4)}, ()),
        ({"reason": "more"}, ("reason",)),
        ({"ticket": "OPS-7", "accounts": ("prod", "staging")}, ("accounts", "ticket")),
        ({"starts_at": MERGED_AT, "parameters": {}}, ("parameters", "starts_at")),
        ({"path": PATH.replace("orders-db-read", "other")}, ("policy",)),
    ],
)
def test_what_an_extension_changes(changes: dict[str, Any], names: tuple[str, ...]) -> None:
    """Every field but the duration, by its name; a recorded value of another shape is never the same."""
    ask = Ask.of_request(a_request(), a_person("alice"))
    assert ask.changed_by(a_request(**changes)) == names
    assert Ask({**ask.json, "ticket": 7}).changed_by(a_request()) == ("ticket",)
