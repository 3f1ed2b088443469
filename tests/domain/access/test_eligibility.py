"""Who may ask for what, where and for how long: everything the schema cannot say of a request."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import (
    ACCOUNTS,
    DAY,
    HOUR,
    MERGED_AT,
    MINUTE,
    PATH,
    PEOPLE,
    SECOND,
    TEAMS,
    a_person,
    a_policy,
    a_request,
    people,
)

from jitbot.domain.access import eligibility
from jitbot.domain.access.eligibility import is_eligible
from jitbot.domain.model.account_groups import NO_GROUPS
from jitbot.domain.model.documents import ByLogin, Finding, Login, Parameter, ParameterKind, Position, Request
from jitbot.domain.model.roster import Roster


def findings(request: Request, **changes: Any) -> tuple[Finding, ...]:
    """What stands against a request under acme's rules, at the time of the merge."""
    given = {
        "policy": a_policy(),
        "accounts": ACCOUNTS,
        "groups": NO_GROUPS,
        "people": PEOPLE,
        "roster": Roster(everybody=changes.pop("teams", TEAMS)),
        "when": MERGED_AT,
        **changes,
    }
    return eligibility.findings(request, **given)


def codes(request: Request, **changes: Any) -> list[str]:
    """The kinds of those findings, in order."""
    return [finding.code for finding in findings(request, **changes)]


def test_a_good_request_has_nothing_against_it() -> None:
    """Eligible, allowed, bounded, dated today: no finding."""
    assert findings(a_request()) == ()
    assert findings(a_request(accounts=("staging", "prod"), duration=4 * HOUR, ticket="INC-1")) == ()


def test_a_requester_whom_nobody_knows_is_refused_elsewhere() -> None:
    """`parse_case` does that; here no principal is missing of somebody who is not there."""
    assert codes(a_request(), people={}) == []


def asked_by(login: str) -> Request:
    """The same request by somebody else, under their own name."""
    return a_request(requester=Login(login), path=PATH.replace("alice", login))


@pytest.mark.parametrize(
    ("request_", "changes", "code"),
    [
        (asked_by("frank"), {}, "not-eligible"),
        (asked_by("alice"), {"policy": a_policy(eligible=())}, "not-eligible"),
        (asked_by("alice"), {"teams": {}}, "not-eligible"),
        (asked_by("alice"), {"people": people(a_person("alice", principal=None))}, "no-principal"),
        (a_request(accounts=()), {}, "no-account"),
        (a_request(accounts=("data",)), {}, "account-not-allowed"),
        (a_request(accounts=("@production",)), {}, "account-not-allowed"),
        (a_request(), {"policy": a_policy(accounts=("@production",))}, "account-not-allowed"),
        (a_request(accounts=("prod",)), {"accounts": {"staging": "012345670123"}}, "account-not-allowed"),
        (a_request(accounts=("111111111111",)), {}, "account-not-allowed"),
        (a_request(accounts=("prod", "prod")), {}, "account-twice"),
        (a_request(duration=4 * HOUR + MINUTE), {}, "duration-above-maximum"),
        (a_request(parameters={}), {}, "parameter-missing"),
        (a_request(parameters={"table": "orders", "bucket": "x"}), {}, "parameter-unknown"),
        (a_request(parameters={"table": "users"}), {}, "parameter-refused"),
        (a_request(path=PATH.replace("orders-db-read", "ssm-shell")), {}, "wrong-folder"),
        (a_request(path=PATH.replace("alice", "bob")), {}, "wrong-name"),
        (a_request(path=PATH.replace("-alice-", "-alices-")), {}, "wrong-name"),
        (a_request(path="requests/orders-db-read/2026-11/31-alice-x.yaml"), {}, "request-date"),
        (a_request(path="requests/orders-db-read/alice.yaml"), {}, "request-path"),
        (a_request(starts_at=MERGED_AT + 7 * DAY + SECOND), {}, "starts-too-late"),
        (a_request(starts_at=MERGED_AT - 2 * HOUR), {}, "already-over"),
        (a_request(), {"policy": a_policy(ticket_required=True)}, "ticket-missing"),
    ],
)
def test_what_stands_against_a_request(request_: Request, changes: dict[str, Any], code: str) -> None:
    """Each of these alone is one finding, about this file, with a hint."""
    (finding,) = findings(request_, **changes)
    assert finding.code == code
    assert finding.file == request_.path
    assert finding.message
    assert finding.hint


@pytest.mark.parametrize(
    ("login", "eligible", "expected"),
    [
        ("alice", ("alice",), True),
        ("alice", ("bob", "alice"), True),
        ("alice", ("@acme/payments",), True),
        ("alice", ("@Acme/Payments",), True),
        ("alice", (), False),
        ("alice", ("acme/payments",), False),
        ("alice", ("@acme/sre",), False),
        ("alice", ("@acme/nobody",), False),
        ("alice", ("@alice",), False),
        ("alice", ("Alice",), True),
        ("alice", ("alic", "alicee", "*"), False),
        ("Alice", ("@acme/payments",), True),
    ],
)
def test_who_is_eligible(login: str, eligible: tuple[str, ...], expected: bool) -> None:
    """Named by login, or a member of a team that is named; nobody by default, nobody by likeness."""
    assert is_eligible(Login(login), eligible, TEAMS) is expected


def test_case_does_not_count_in_team_names() -> None:
    """GitHub ignores it; a team is the same however teams.yaml or the policy spells it."""
    assert is_eligible(Login("alice"), ("@acme/payments",), {"Acme/Payments": (Login("alice"),)})


@pytest.mark.parametrize("eligible", ["ALICE", "@acme/payments"])
def test_case_does_not_count_in_logins(eligible: str) -> None:
    """GitHub compares logins without case; so does who may ask, and whose path it is."""
    assert is_eligible(Login("Alice"), (eligible,), {"acme/payments": (Login("aLICE"),)})
    asked = asked_by("ALICE")
    assert codes(asked, people=ByLogin(PEOPLE), policy=a_policy(eligible=("Alice",))) == []
    assert (
        codes(replace(asked, path=PATH), people=ByLogin(PEOPLE), policy=a_policy(eligible=("Alice",))) == []
    )


def test_everything_wrong_is_said_at_once() -> None:
    """A requester mends all of it in one go."""
    request = a_request(accounts=("data", "mars"), duration=5 * HOUR, parameters={"x": "y"})
    assert codes(request, policy=a_policy(eligible=(), ticket_required=True)) == [
        "not-eligible",
        "account-not-allowed",
        "account-not-allowed",
        "duration-above-maximum",
        "parameter-missing",
        "parameter-unknown",
        "ticket-missing",
    ]


@pytest.mark.parametrize(
    ("day", "codes_"),
    [
        ("2026-11/16", ["path-date"]),
        ("2026-11/17", []),
        ("2026-11/24", []),
        ("2026-11/25", []),
        ("2026-11/26", ["path-date"]),
        ("2025-11/24", ["path-date"]),
    ],
)
def test_the_date_of_a_path(day: str, codes_: list[str]) -> None:
    """At most seven days before the merge, and tomorrow at the latest: old paths cannot come back."""
    request = a_request(path=f"requests/orders-db-read/{day}-alice-refunds.yaml")
    assert codes(request) == codes_
    assert codes(request, extends=True) == []


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (MERGED_AT - 2 * HOUR, ["already-over"]),
        (MERGED_AT - 2 * HOUR + SECOND, []),
        (MERGED_AT, []),
        (MERGED_AT + 7 * DAY, []),
        (MERGED_AT + 7 * DAY + SECOND, ["starts-too-late"]),
    ],
)
def test_the_edges_of_a_start(starts_at: datetime, code: list[str]) -> None:
    """To the second: at most seven days ahead, and something left of the window."""
    assert codes(a_request(starts_at=starts_at)) == code


def test_the_maximum_is_allowed() -> None:
    """Exactly the policy's `max_duration` may be asked for; the finding above says what may be."""
    assert codes(a_request(duration=4 * HOUR)) == []
    (finding,) = findings(a_request(duration=timedelta(days=2)))
    assert "2d is above the maximum of orders-db-read, 4h" in finding.message


WHERE = {
    "requester": Position(line=1, column=12),
    "accounts": Position(line=2, column=11),
    "accounts.1": Position(line=2, column=18),
    "duration": Position(line=3, column=11),
    "parameters": Position(line=4, column=1),
    "parameters.table": Position(line=5, column=10),
    "starts_at": Position(line=6, column=12),
}


@pytest.mark.parametrize(
    ("changes", "policy", "place"),
    [
        ({}, a_policy(eligible=()), "requester"),
        ({"accounts": ()}, a_policy(), "accounts"),
        ({"accounts": ("prod", "data")}, a_policy(), "accounts.1"),
        ({"accounts": ("prod", "prod")}, a_policy(), "accounts.1"),
        ({"accounts": ("data",)}, a_policy(), "accounts"),
        ({"duration": 5 * HOUR}, a_policy(), "duration"),
        ({"parameters": {}}, a_policy(), "parameters"),
        ({"parameters": {"table": "*"}}, a_policy(), "parameters.table"),
        ({"parameters": {"table": "orders", "x": "y"}}, a_policy(), "parameters"),
        ({"starts_at": MERGED_AT + 8 * DAY}, a_policy(), "starts_at"),
        ({"starts_at": MERGED_AT - 8 * DAY}, a_policy(), "starts_at"),
        ({"path": PATH.replace("alice", "bob")}, a_policy(), "requester"),
    ],
)
def test_a_finding_has_its_place(changes: dict[str, Any], policy: Any, place: str) -> None:
    """The field's own place, or its parent's where it has none."""
    (finding,) = findings(a_request(where=WHERE, **changes), policy=policy)
    assert (finding.line, finding.column) == (WHERE[place].line, WHERE[place].column)


def test_a_finding_without_a_place_is_about_the_file() -> None:
    """What no field holds, or nothing places, is at 0:0."""
    (ticket,) = findings(a_request(where=WHERE), policy=a_policy(ticket_required=True))
    (account,) = findings(a_request(accounts=("data",)))
    assert {(each.line, each.column) for each in (ticket, account)} == {(0, 0)}


ENUM = Parameter(name="table", enum=("orders", "refunds"))
PATTERN = Parameter(name="prefix", pattern="[a-z]+")
NUMBER = Parameter(name="days", kind=ParameterKind.INTEGER, minimum=-1, maximum=30)


def test_a_refused_value_comes_with_what_may_be_written() -> None:
    """The hint names the list, the bounds or the pattern; a missing one what it means."""
    for parameter, hint in (
        (ENUM, "choose one of: orders, refunds"),
        (NUMBER, "write a whole number from -1 to 30"),
        (PATTERN, "write a value that matches [a-z]+"),
    ):
        policy = a_policy(parameters=(parameter,))
        (finding,) = findings(a_request(parameters={parameter.name: "?"}), policy=policy)
        assert finding.hint == hint
    asked = Parameter(name="table", enum=("orders",), description="which table")
    missing = a_request(parameters={})
    assert (
        "asks for table (which table)" in findings(missing, policy=a_policy(parameters=(asked,)))[0].message
    )
    assert findings(missing)[0].message == "orders-db-read asks for table"


def test_messages_name_what_would_do() -> None:
    """Who may, which accounts, which parameters: the finding says it."""
    assert "eligible: @acme/payments, dave" in findings(asked_by("frank"))[0].message
    assert "it knows: prod, staging" in findings(a_request(accounts=("data",)))[0].message
    known = findings(a_request(accounts=("prod",)), accounts={"staging": "012345670123"})[0].message
    assert known.endswith("it knows: staging")
    extra = a_request(parameters={"table": "orders", "x": "y"})
    assert findings(extra)[0].message.endswith("it has: table")
    none = a_request(parameters={"x": "y"})
    assert findings(none, policy=a_policy(parameters=()))[0].message.endswith("it has: none")


def test_a_required_ticket_is_enough() -> None:
    """Where a policy requires a ticket, naming one is all it takes."""
    assert codes(a_request(ticket="INC-1"), policy=a_policy(ticket_required=True)) == []


def test_missing_parameters_are_named_in_one_order() -> None:
    """The same request gives the same findings in the same order each time."""
    policy = a_policy(parameters=tuple(Parameter(name=name, enum=("x",)) for name in "fedcba"))
    names = [finding.message.split()[-1] for finding in findings(a_request(parameters={}), policy=policy)]
    assert names == list("abcdef")
