"""What a change of the rules does to requests that are there, on a repository in memory: which are looked at, and what is said of the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import NOW, PATH, sha
from builders import an_approval, an_outcome
from catalogue_facts import the_catalogue
from plain_pulls import PlainPulls
from plain_trees import MAIN

from jitbot.adapters import documents
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import ISSUER_KEYS, Finding, policy_path
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.rule_effects.effect import most_serious_first
from jitbot.domain.rule_effects.rule_report import RuleReport
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.pull_request import rule_report as module
from jitbot.usecases.pull_request.checking import read_proposed
from jitbot.usecases.pull_request.proposed_rules import ProposedRules
from jitbot.usecases.pull_request.rule_report import (
    NO_LEDGER,
    NO_PULLS,
    files_report,
    proposed_rules,
    rule_report,
    uncompared,
)

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
ORDERS, PEOPLE = policy_path("orders-db-read"), "policies/people.yaml"
ALICE = b"  alice: {github_id: 1001, identity_center: alice@acme.com}\n"
UNSEEN = "open pull requests that cannot be read or ask for too much: "
WRONG = Finding(code="bad", message="it is bad", file="x")
Changes = Mapping[str, bytes | None]


def shorter(line: bytes = b"max_duration: 1h") -> Changes:
    """acme's policy for the orders with another line, one that refuses a request for two hours unless said otherwise."""
    return {ORDERS: PlainPulls().files[ORDERS].replace(b"max_duration: 4h", line)}


def without_alice() -> Changes:
    """People without alice."""
    files = PlainPulls().files
    assert ALICE in files[PEOPLE]
    return {PEOPLE: files[PEOPLE].replace(ALICE, b"")}


def reviewed(day: str) -> Changes:
    """The policy with the date of a review."""
    return shorter(f"max_duration: 4h\nreviewed: {day}".encode())


def rules_of(acme: PlainPulls, files: Changes) -> Any:
    """The rules on both sides of a change."""
    head = acme.push("rules", files)
    git = acme.git()
    return proposed_rules(git, documents, read_proposed(git, base=MAIN, head=head))


def report(acme: PlainPulls, files: Changes, number: int | None = 90, **given: Any) -> RuleReport:
    """What is said of a change."""
    return rule_report(acme.context(), rules_of(acme, files), NOW, number=number, **given)


def named(found: RuleReport, code: str) -> list[str]:
    """What the effects of this kind are about."""
    return [what for each in found.effects.effects if each.code == code for what in each.what]


def live() -> PlainPulls:
    """acme where alice has access to the orders."""
    acme = PlainPulls()
    acme.record.push(an_approval(), an_outcome(EventType.GRANTED))
    return acme


def test_a_change_without_rules_is_not_compared() -> None:
    """Nor one of so much that it is not read; there is a reason for that alone."""
    acme = PlainPulls()
    assert rules_of(acme, {PATH: TEXT}) == ()
    assert isinstance(rules_of(acme, {PATH: TEXT, "jitbot/x": b"x"}), ProposedRules)
    many = {f"policies/{number}": b"x" for number in range(bounds.RULE_FILES + 1)}
    (why,) = rules_of(acme, many)
    assert why.code == "too-many-rules"
    requests = {PATH.replace("refunds", f"n{number}"): TEXT for number in range(101)}
    assert rules_of(acme, {**requests, ORDERS: None}) == ()
    assert uncompared(()) is None
    shown = uncompared([why, WRONG])
    assert shown is not None
    assert (shown.uncompared, shown.findings) == (why.message, (why, WRONG))


def test_files_alone_say_what_was_not_looked_at() -> None:
    """What they say themselves, and what main changed as well."""
    acme = PlainPulls()
    found = files_report(
        replace(rules_of(acme, shorter()), overtaken=(ORDERS,)), NOW, the_catalogue(), [WRONG]
    )
    assert (found.not_seen, found.overtaken, found.findings) == ((NO_LEDGER, NO_PULLS), (ORDERS,), (WRONG,))
    assert [each.code for each in found.effects.effects]
    assert acme.asked == []


def test_where_nothing_changes_nobody_is_asked() -> None:
    """Nothing is unknown then, either."""
    acme = live()
    found = report(acme, shorter(b"max_duration: 4h  # four"), findings=[WRONG])
    assert (found.effects.effects, found.not_seen, found.findings, acme.asked) == ((), (), (WRONG,), [])


def test_live_access_that_ends_is_named() -> None:
    """By the ledger; the most serious comes first."""
    found = report(live(), without_alice())
    assert named(found, "ends-access") == [PATH.removeprefix("requests/")]
    assert found.effects.effects == most_serious_first(found.effects.effects)
    assert found.not_seen == ()
    assert named(report(PlainPulls(), without_alice()), "ends-access") == []


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"base_branch": "other"}, False),
        ({"number": 90}, False),  # the one that changes the rules
        ({"closed_at": NOW}, False),
    ],
)
def test_open_requests_that_it_refuses_are_named(changes: dict[str, Any], *, counts: bool) -> None:
    """Those of other pull requests into main."""
    acme = PlainPulls()
    acme.offer({PATH: TEXT, "requests/README.md": b"x"}, **changes)
    found = report(acme, shorter())
    assert named(found, "refuses-request") == (["pull request 1"] if counts else [])
    assert found.not_seen == ()


def test_what_does_not_read_asks_for_nothing() -> None:
    """Nor does what is too much to be read. What is not here after it was fetched is said."""
    acme = PlainPulls()
    acme.offer({PATH: b"x: ["})
    acme.offer({PATH.replace("refunds", f"n{number}"): TEXT for number in range(101)})
    acme.offer({PATH: TEXT}, fetched=False)
    acme.pushed.clear()
    acme.offer({PATH: None, PATH.replace("refunds", "good"): TEXT})
    found = report(acme, shorter())
    assert named(found, "refuses-request") == ["pull request 4"]
    assert found.not_seen == (f"{UNSEEN}#3",)


def test_a_head_that_is_not_here_is_not_taken_for_an_older_one() -> None:
    """What git does not get is not looked at, whatever was here before; the rest is."""
    acme = PlainPulls()
    acme.offer({PATH: TEXT}, fetched=False)
    acme.heads[1] = acme.push("old", {PATH: TEXT})
    acme.pushed.clear()
    acme.offer({PATH: TEXT})
    found = report(acme, shorter())
    assert (named(found, "refuses-request"), found.not_seen) == (["pull request 2"], (f"{UNSEEN}#1",))


@pytest.mark.parametrize("fails", ["read_proposed", "read_request"])
def test_one_that_cannot_be_read_hides_no_other(monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """As a branch that has nothing in common with main."""
    acme = PlainPulls()
    for _ in range(3):
        acme.offer({PATH: TEXT})
    right, calls = getattr(module, fails), 0

    def broken(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise UnavailableError("git finds no common ancestor")
        return right(*given, **named)

    monkeypatch.setattr(module, fails, broken)
    found = report(acme, shorter())
    assert named(found, "refuses-request") == ["pull request 3", "pull request 1"]
    assert found.not_seen == (f"{UNSEEN}#2",)


def test_who_asks_for_much_hides_nobody_and_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """All together ask for as much as one merge may; those that ask for little come first, what is refused costs nothing."""
    monkeypatch.setattr(bounds, "MOST_ASKS", 5)
    acme = PlainPulls()
    name, read = "read_request", list[object]()
    right: Any = getattr(module, name)

    def reading(*given: object) -> Any:
        read.append(given)
        return right(*given)

    monkeypatch.setattr(module, name, reading)
    acme.offer({PATH: TEXT})
    for many in (4, 4, 101):
        acme.offer({PATH.replace("refunds", f"n{number}"): TEXT for number in range(many)})
    found = report(acme, shorter())
    assert named(found, "refuses-request") == ["pull request 3", "pull request 1"]
    assert (found.not_seen, len(read)) == ((f"{UNSEEN}#2",), 5)


def test_heads_are_fetched_where_they_are_not_here() -> None:
    """In one go, the newest first; none where all are."""
    acme = PlainPulls()
    for fetched in (False, True, False):
        acme.offer({PATH: TEXT}, fetched=fetched)
    acme.heads[1] = acme.push("old", {"README.md": b"x"})
    found = report(acme, shorter())
    assert named(found, "refuses-request") == [f"pull request {number}" for number in (3, 2, 1)]
    assert acme.fetched == [(3, 1)]
    here = PlainPulls()
    here.offer({PATH: TEXT})
    report(here, shorter())
    assert here.fetched == []


def test_the_newest_are_looked_into_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs a comparison."""
    monkeypatch.setattr(bounds, "OPEN_PULLS", 2)
    acme = PlainPulls()
    for _ in range(2):
        acme.offer({PATH: TEXT}, fetched=False)
    assert report(acme, shorter()).not_seen == ()
    acme.offer({PATH: TEXT}, fetched=False)
    found = report(acme, shorter())
    assert named(found, "refuses-request") == ["pull request 3", "pull request 2"]
    assert found.not_seen == ("1 older open pull requests",)
    assert acme.fetched == [(2, 1), (3,)]


def test_a_pull_request_that_cannot_be_read_hides_no_other() -> None:
    """Neither one of another history, which its author may push over it, nor one whose head is not here."""
    acme = PlainPulls()
    for _ in range(3):
        acme.offer({PATH: TEXT})
    acme.heads[2] = sha("another history")
    acme.pulls[1] = replace(acme.pulls[1], head=acme.heads[2])
    del acme.heads[3]
    found = report(acme, shorter())
    assert named(found, "refuses-request") == ["pull request 1"]
    assert found.not_seen == (f"{UNSEEN}#3, #2",)


def test_what_does_not_answer_is_said_and_hides_nothing_else() -> None:
    """Neither the ledger what GitHub says, nor the other way round."""
    acme = live()
    acme.offer({PATH: TEXT})
    acme.faults["open_pulls"] = UnavailableError("GitHub does not answer")
    found = report(acme, without_alice())
    assert named(found, "ends-access")
    assert found.not_seen == ("open requests, since they could not be read: GitHub does not answer",)
    acme.faults.clear()
    acme.files[ISSUER_KEYS] = b"x"  # which nobody can read
    found = report(acme, without_alice())
    assert named(found, "refuses-request") == ["pull request 1"]
    (why,) = found.not_seen
    assert why.startswith("live requests, since the ledger could not be read: policies/issuer-keys.json")


def test_a_ledger_in_doubt_may_hold_more() -> None:
    """What it does say is shown."""
    acme = live()
    acme.record.silent = True
    (why,) = report(acme, without_alice()).not_seen
    assert why.startswith("some live requests: the issuer does not answer")


def test_a_review_has_the_use_of_its_policy() -> None:
    """With what was asked for since the last one; where the ledger does not say all of it, that is said."""
    acme = live()
    found = report(acme, reviewed("2026-11-23"))
    (brief,) = found.reviews
    assert brief.use is not None
    assert (brief.policy.name, brief.use.requests, found.not_seen) == ("orders-db-read", 1, ())
    assert report(acme, shorter()).reviews == ()
    acme.record.silent = True
    found = report(acme, reviewed("2026-11-23"))
    (brief,) = found.reviews
    assert brief.use is not None
    assert [each.partition(",")[0] for each in found.not_seen] == [
        "some live requests: the issuer does not answer",
        "some requests and grants since the last review",
    ]


def test_a_review_without_a_ledger_is_shown_without_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules are what is signed. Of rules that are no review no more is read than for live requests."""
    acme = live()
    acme.files[ISSUER_KEYS] = b"x"
    found = report(acme, reviewed("2026-11-23"))
    (brief,) = found.reviews
    assert brief.use is None
    assert found.not_seen[-1].startswith(
        "some requests and grants since the last review, since the ledger could not be read: policies/issuer"
    )
    read: list[tuple[str, ...]] = []

    def down(reader: ledger_view.LedgerReader) -> None:
        read.append(reader.policies)
        raise UnavailableError("git does not answer")

    monkeypatch.setattr(ledger_view.LedgerReader, "read", down)
    assert report(live(), shorter()).not_seen == (
        "live requests, since the ledger could not be read: git does not answer",
    )
    assert read == [()]
