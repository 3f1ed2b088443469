"""The roles of an account, and the commits of the ledger's branch, held against the record."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MINUTE,
    NOW,
    PATH,
    SECOND,
    TEAMS,
    a_policy,
    owned_by,
    sha,
    the_rules,
    unreadable,
)
from audit_facts import a_record, approval, ended, granted, removed
from builders import a_listed_role, a_revocation, an_actual_role, an_approval, an_outcome

from jitbot.domain.access import request_state
from jitbot.domain.access_review.entitlements import entitlement
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.report.git_commands import commands
from jitbot.domain.audit.verify import aws_comparison, integrity
from jitbot.domain.aws.roles import Listed
from jitbot.domain.enforce.plan import EarlyEnds
from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.batches import (
    Doubt,
    Unreadable,
)
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import Login, Parsed, Sha
from jitbot.domain.model.roster import Membership, Roster

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
GRANTED = an_outcome(EventType.GRANTED)
ACCOUNT = a_listed_role().account_id


def read(**changes: Any) -> Listed:
    """alice's role as AWS lists it, read whole."""
    whole = an_actual_role(**changes)
    return a_listed_role(whole=whole)


def told(
    *events: Event, role: Listed | None, now: Any = NOW + HOUR, orphans: tuple[Event, ...] = ()
) -> list[str]:
    """What is wrong with that role."""
    roles = (role,) if role is not None else ()
    return [
        each.code
        for each in aws_comparison.problems(
            request_state.fold_events(events), {ACCOUNT: roles}, (), EarlyEnds(), now
        )
    ]


EARLY = an_outcome(EventType.ENDED, why=EndReason.REVOKED, at=NOW + 20 * MINUTE)
REMOVED = an_outcome(EventType.REMOVED, at=EXPIRES_AT + HOUR)


def test_a_role_as_recorded() -> None:
    """Granted and there, or ended early and denied; or nothing is there."""
    assert told(an_approval(), GRANTED, role=read()) == []
    assert told(an_approval(), GRANTED, a_revocation(), EARLY, role=read(attached=(DENY_ALL,))) == []
    assert told(an_approval(), GRANTED, EARLY, role=None) == []
    refused = Event(kind=EventType.REFUSED, at=NOW, request=PATH.replace("refunds", "no"))
    assert told(refused, an_approval(), GRANTED, role=read()) == []


def test_a_role_that_nobody_asked_for() -> None:
    """Under jitbot's path, and in no request: named with its account's id, since no alias is known."""
    (found,) = aws_comparison.problems({}, {ACCOUNT: (read(),)}, (), EarlyEnds(), NOW)
    assert (found.code, found.request) == ("role-unexplained", "")
    assert f"{GRANTED.role_name} in {ACCOUNT} is under" in found.message


def test_a_role_that_was_changed() -> None:
    """What differs is told, with the account's alias."""
    changed = read(permissions_boundary="")
    (found,) = aws_comparison.problems(
        request_state.fold_events([an_approval(), GRANTED]),
        {ACCOUNT: (changed,)},
        (),
        EarlyEnds(),
        NOW + HOUR,
    )
    assert (found.code, found.request) == ("role-differs", PATH)
    assert f"{GRANTED.role_name} in prod: not as recorded: permissions boundary" in found.message


def test_a_role_that_was_to_end() -> None:
    """Revoked, and not denied since; after its end was recorded the denial must stay as long as a session lives."""
    assert told(an_approval(), GRANTED, a_revocation(), role=read()) == ["role-not-ended"]
    undone = told(an_approval(), GRANTED, EARLY, role=read(), now=EXPIRES_AT + HOUR - SECOND)
    assert undone == ["role-not-denied"]  # and not as a drift as well
    assert "role-not-denied" not in told(an_approval(), GRANTED, EARLY, role=read(), now=EXPIRES_AT + HOUR)
    unread = a_listed_role()
    assert "role-not-denied" in told(an_approval(), GRANTED, EARLY, role=unread)
    expired = an_outcome(EventType.ENDED, at=EXPIRES_AT)
    assert told(an_approval(), GRANTED, expired, role=read(), now=EXPIRES_AT + MINUTE) == []


def test_a_role_that_is_there_again() -> None:
    """It was recorded as removed."""
    events = (an_approval(), GRANTED, an_outcome(EventType.ENDED, at=EXPIRES_AT), REMOVED)
    assert "role-there-again" in told(*events, role=read(), now=EXPIRES_AT + 2 * HOUR)
    assert "role-not-denied" not in told(*events, role=read(), now=EXPIRES_AT + 2 * HOUR)


DAY = "events/2026/11/24"
EVENT, TOKEN = "events/2026/11/24/090100-approved-x.json", "attestations/2026/11/24/x.jwt"


def a_step(*touched: tuple[str, str], **changes: Any) -> HistoryStep:
    """A commit of the ledger's branch that did this to these paths."""
    step = HistoryStep(
        commit=sha("step"), parents=(sha("parent"),), at=NOW, message="", whole=True,
        touched=tuple(Touched(path=path, mode="100644", blob=sha(path), status=status) for status, path in touched),
    )  # fmt: skip
    return replace(step, **changes)


@pytest.mark.parametrize(
    ("step", "objection", "found"),
    [
        (a_step(("A", EVENT), ("A", TOKEN)), None, []),
        (a_step(("A", EVENT)), "no token", [("unattested", EVENT)]),
        (a_step(("A", TOKEN)), "no token", [("unattested", "")]),
        (a_step(("A", "README.md")), "no token", [("unattested", "")]),
        (a_step(("A", "README.md"), parents=()), "no token", []),
        (a_step(("A", EVENT), parents=()), "no token", [("unattested", EVENT)]),
        (a_step(("D", EVENT)), "no token", [("event-deleted", EVENT)]),
        (a_step(("M", EVENT)), "no token", [("event-edited", EVENT)]),
        (a_step(("T", EVENT)), None, [("event-edited", EVENT)]),
        (a_step(("D", EVENT), ("M", TOKEN)), None, [("event-deleted", EVENT), ("event-edited", TOKEN)]),
        (a_step(("M", "README.md"), ("D", "notes")), None, []),
        (a_step(("D", EVENT), whole=False), None, [("too-large", "")]),
        (a_step(("D", DAY), ("A", EVENT), ("A", TOKEN)), None, []),
        (a_step(("D", DAY), ("A", EVENT)), "no token", [("event-deleted", DAY)]),
        (
            a_step(("D", DAY), ("M", EVENT), ("A", TOKEN)),
            None,
            [("event-deleted", DAY), ("event-edited", EVENT)],
        ),
        (a_step(("D", DAY[:-1]), ("A", EVENT), ("A", TOKEN)), None, [("event-deleted", DAY[:-1])]),
        (a_step(("D", f"{DAY}x"), ("A", EVENT), ("A", TOKEN)), None, [("event-deleted", f"{DAY}x")]),
        (a_step(("D", EVENT), ("A", f"{EVENT}/x"), ("A", TOKEN)), None, [("event-deleted", EVENT)]),
        (a_step(("D", TOKEN), ("A", f"{TOKEN}/x"), ("A", EVENT)), None, [("event-deleted", TOKEN)]),
    ],
)
def test_what_a_commit_of_the_ledger_did(
    step: HistoryStep, objection: str | None, found: list[tuple[str, str]]
) -> None:
    """Only adding, and attested: what deletes, changes, or was added by another is told, each once."""
    assert [(each.code, each.event) for each in integrity.problems(step, objection)] == found


def test_how_many_it_deleted() -> None:
    """One by its name, more by the first and their number."""
    (one,) = integrity.problems(a_step(("D", EVENT)), None)
    (more,) = integrity.problems(a_step(("D", EVENT), ("D", TOKEN), ("D", EVENT + "x")), None)
    assert one.message.endswith(f"it deletes {EVENT}")
    assert more.message.endswith(f"it deletes {EVENT} and 2 more")


@pytest.mark.parametrize(("lag", "number"), [(CLOCK_SKEW, 0), (CLOCK_SKEW + SECOND, 1)])
def test_a_commit_with_another_date_than_its_token(lag: timedelta, number: int) -> None:
    """Before or after."""
    for issued_at in (NOW - lag, NOW + lag):
        assert len(list(integrity.redated(a_step(("A", EVENT)), issued_at))) == number


def test_an_event_that_cannot_be_read() -> None:
    """Told once of each request that it may be about; of none that is known, once all the same."""
    found = Unreadable(
        commit=sha("odd"), path=EVENT, why="schema 2", requests=frozenset({"b", "a"}), roles=frozenset(), idle=False
    )  # fmt: skip
    told = [(each.request, each.severity, each.event, each.commit) for each in integrity.unreadable(found)]
    assert told == [(name, Severity.UNCHECKED, EVENT, sha("odd")) for name in ("a", "b")]
    (about, _) = (each.message for each in integrity.unreadable(found))
    assert about.endswith("holds an attested event that cannot be read, and may be about a: schema 2")
    (nobody,) = integrity.unreadable(replace(found, requests=frozenset()))
    assert (nobody.request, nobody.message.partition("attested event ")[2]) == (
        "",
        "that cannot be read: schema 2",
    )


WHOLE = a_record(approval(), granted(), ended(), removed())


def test_the_commands_that_show_the_evidence() -> None:
    """The story, the merge, the rules at its base, the pull request's head: ready to be pasted."""
    (decision,) = WHOLE.decisions
    assert commands(WHOLE) == (
        f"git log --reverse --basic-regexp '--grep=^Request: {PATH[:-5]}[.]yaml$' refs/remotes/origin/ledger",
        f"git show {decision.commit}",
        f"git show {decision.rules_commit}:.github/CODEOWNERS",
        f"git show {decision.rules_commit}:policies/access/orders-db-read.yaml",
        "git fetch origin refs/pull/7/head && git log -3 FETCH_HEAD",
    )


@pytest.mark.parametrize("name", ["", "a\nb"])
def test_what_does_not_print_is_no_command(name: str) -> None:
    """A request without a name is looked for by its role; a policy without one is left out."""
    by_role = (
        f"git log --reverse --basic-regexp '--grep=^Role: {WHOLE.role_name}$' refs/remotes/origin/ledger"
    )
    assert commands(replace(WHOLE, request=name))[0] == by_role
    nothing = replace(WHOLE.decisions[0], commit=Sha(""), pull_request=None)
    bare = replace(WHOLE, request=name, role_name="", policy=name, decisions=(nothing,))
    assert commands(bare) == (f"git show {nothing.rules_commit}:.github/CODEOWNERS",)
    assert commands(replace(bare, decisions=(replace(nothing, rules_commit=""),))) == ()


def test_who_could_ask_and_who_could_approve() -> None:
    """People with a principal of their own among the eligible; owners of whatever is asked for."""
    found = entitlement("orders-db-read", the_rules(), NOW)
    assert (found.policy, found.accounts, found.max_duration) == ("orders-db-read", ("prod", "staging"), "4h")
    assert "alice" in found.eligible
    assert not {"erin", "bob"} & set(
        found.eligible
    )  # one without a principal, one whom the policy does not name
    assert (found.approvers, found.approvals, found.problem) == (("bob",), 1, "")
    assert found.owner_rule.endswith("/requests/orders-db-read/")
    people = the_rules().people.value
    assert people is not None
    nobody = {**people, Login("alice"): replace(people[Login("alice")], principal=None)}
    rules = replace(the_rules(), people=replace(the_rules().people, value=nobody))
    assert "alice" not in entitlement("orders-db-read", rules, NOW).eligible


def test_members_are_those_of_that_moment() -> None:
    """Who may ask and who may approve at the moment of the report, by the dates of their memberships."""
    plain = {name: tuple(Membership(login=each) for each in logins) for name, logins in TEAMS.items()}
    leads = (Membership(login=Login("bob"), until=NOW), Membership(login=Login("heidi"), since=NOW))
    payments = (Membership(login=Login("alice"), until=NOW), Membership(login=Login("carol")))
    rules = the_rules(teams=Roster.of({**plain, "acme/payments-leads": leads, "acme/payments": payments}))
    before, after = (entitlement("orders-db-read", rules, at) for at in (NOW - SECOND, NOW))
    assert (before.approvers, after.approvers) == (("bob",), ("heidi",))
    assert ("alice" in before.eligible, "alice" in after.eligible) == (True, False)


def test_the_accounts_of_a_group_are_listed() -> None:
    """An auditor reads accounts, not the name of a group."""
    groups = AccountGroups(groups={"production": ("prod", "data")})
    rules = the_rules(policy=a_policy(accounts=("staging", "@production")), account_groups=groups)
    assert entitlement("orders-db-read", rules, NOW).accounts == ("staging", "prod", "data")
    problem = entitlement("orders-db-read", replace(rules, account_groups=unreadable()), NOW).problem
    assert problem == "it cannot be read"


def test_break_glass_as_it_is_intended_is_no_problem() -> None:
    """Nobody approves before, the reviewers do after; the teams stay as they are written. Another line is a problem."""
    policy = a_policy(approvals=0, reviewers=("@acme/security",), eligible=("@acme/payments",))
    rules = the_rules(policy=Parsed(value=policy), codeowners=owned_by())
    found = entitlement("orders-db-read", rules, NOW)
    assert (found.problem, found.approvers, found.reviewers) == ("", (), ("@acme/security",))
    assert found.named == ("@acme/payments",)
    owned = entitlement("orders-db-read", replace(rules, codeowners=owned_by("@bob")), NOW)
    assert "names @bob" in owned.problem


@pytest.mark.parametrize("part", ["policy", "people", "teams"])
def test_rules_that_do_not_read_entitle_nobody(part: str) -> None:
    """Why is told, with the finding where there is one."""
    found = entitlement("orders-db-read", the_rules(**{part: unreadable()}), NOW)
    assert (found.eligible, found.approvals, found.approvers) == ((), None, ())
    assert found.problem == "; ".join(each.message for each in unreadable().findings) != ""
    silent = entitlement("orders-db-read", the_rules(**{part: Parsed(value=None)}), NOW)
    assert silent.problem == "its rules cannot be read"


def test_what_may_be_about_an_unread_event_is_left_alone() -> None:
    """A role of a name in doubt is not said to be unexplained, one of a request in doubt not to differ; others are."""
    listed = {ACCOUNT: (read(),)}
    by_name = Doubt(roles=frozenset({GRANTED.role_name}))
    assert list(aws_comparison.problems({}, listed, (), EarlyEnds(), NOW, by_name)) == []
    assert [each.code for each in aws_comparison.problems({}, listed, (), EarlyEnds(), NOW, Doubt())] == [
        "role-unexplained"
    ]
    changed = {ACCOUNT: (read(permissions_boundary=""),)}
    states = request_state.fold_events([an_approval(), GRANTED])
    for requests, found in (({PATH}, []), ({"another"}, ["role-differs"])):
        doubt = Doubt(requests=frozenset(requests))
        told = aws_comparison.problems(states, changed, (), EarlyEnds(), NOW + HOUR, doubt)
        assert [each.code for each in told] == found


def test_an_end_that_was_undone_is_told_once() -> None:
    """The denial was taken off: that is the finding, and not that the role differs from the record as well."""
    at = EXPIRES_AT - SECOND
    assert told(an_approval(), GRANTED, EARLY, role=read(), now=at) == ["role-not-denied"]
