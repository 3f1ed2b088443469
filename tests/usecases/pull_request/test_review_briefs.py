"""What an access review shows of its policies, on files and a ledger in memory."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from acme_facts import DAY, NOW
from builders import an_approval, an_outcome
from catalogue_facts import the_catalogue
from plain_pulls import PlainPulls
from plain_trees import MAIN

from jitbot.adapters import documents
from jitbot.domain.access_review.policy_brief import PolicyBrief
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import policy_path
from jitbot.domain.rule_effects.compare import compare
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.pull_request.proposed_rules import ProposedRules, read_proposed_rules
from jitbot.usecases.pull_request.review_briefs import review_briefs, with_use

ORDERS, ADMIN, SHELL = (policy_path(each) for each in ("orders-db-read", "production-admin", "ssm-shell"))
SETTINGS = "policies/settings.yaml"


def dated(path: str, day: str) -> dict[str, bytes]:
    """acme's policy with the date of a review."""
    return {path: PlainPulls().files[path] + f"\nreviewed: {day}\n".encode()}


def rules_of(acme: PlainPulls, files: Mapping[str, bytes]) -> ProposedRules:
    """The rules on both sides of a change."""
    head = acme.push("x", files)
    return read_proposed_rules(acme.git(), documents, base=MAIN, head=head, touched=list(files))


def briefs(rules: ProposedRules) -> tuple[PolicyBrief, ...]:
    """The policies of the review."""
    return review_briefs(rules, compare(rules.base, rules.head, NOW, the_catalogue()), NOW, the_catalogue())


def used(acme: PlainPulls, files: Mapping[str, bytes]) -> tuple[PolicyBrief, str]:
    """The first policy of the review with its use, and why a part of that is not known."""
    rules = rules_of(acme, files)
    found, missing = with_use(acme.context(), briefs(rules), rules, NOW)
    return found[0], missing


def test_the_policies_whose_date_moves_forward_are_shown() -> None:
    """The most dangerous first; one that changes otherwise, or whose date moves back, is none of them."""
    acme = PlainPulls()
    acme.files |= dated(SHELL, "2026-10-01")
    longer = {SHELL: acme.files[SHELL].replace(b"2026-10-01", b"2026-09-01")}
    rules = rules_of(acme, {**dated(ORDERS, "2026-11-23"), **dated(ADMIN, "2026-11-23"), **longer})
    found = briefs(rules)
    assert [(each.policy.name, each.before) for each in found] == [
        ("production-admin", None),
        ("orders-db-read", None),
    ]
    assert all(each.use is None for each in found)
    again = rules_of(acme, {SHELL: acme.files[SHELL].replace(b"2026-10-01", b"2026-11-01")})
    assert [each.before for each in briefs(again)] == [date(2026, 10, 1)]
    assert briefs(rules_of(acme, {ORDERS: acme.files[ORDERS].replace(b"4h", b"5h")})) == ()


@pytest.mark.parametrize(
    ("last", "every", "since"),
    [
        ("", b"review_every: 90d", 90 * DAY),
        ("", b"review_every: 30d", 30 * DAY),
        ("", b"", 90 * DAY),
        ("", b"review_every: never", 90 * DAY),  # which does not read
        ("2026-11-20", b"review_every: 90d", timedelta(days=4, hours=9, minutes=1)),
    ],
)
def test_use_is_counted_from_the_last_review(last: str, every: bytes, since: timedelta) -> None:
    """By main's file; without a date there, the time between two reviews, as main's settings have it."""
    acme = PlainPulls()
    acme.files[SETTINGS] = acme.files[SETTINGS].replace(b"review_every: 90d", every)
    if last:
        acme.files |= dated(ORDERS, last)
    acme.record.push(an_approval(), an_outcome(EventType.GRANTED))
    after = {ORDERS: PlainPulls().files[ORDERS] + b"\nreviewed: 2026-11-23\n"}
    brief, missing = used(acme, after)
    assert brief.use is not None
    assert (brief.use.since, brief.use.requests, missing) == (NOW - since, 1, "")
    assert set(brief.use.never_accounts) == {"staging"}
    assert "alice" not in brief.use.never_people
    assert {"carol", "dave"} <= set(brief.use.never_people)


def test_what_is_not_read_of_the_ledger_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """More older batches than are read; or such as cannot be checked."""
    monkeypatch.setattr(ledger_view, "OLDER_BATCHES", 1)
    acme = PlainPulls()
    acme.record.now = then = NOW - 40 * DAY
    for number in range(2):
        event = an_approval(at=then, request=an_approval().request.replace("refunds", f"n{number}"))
        acme.record.push(event, at=then)
    acme.record.now = NOW
    acme.record.push(an_approval(), an_outcome(EventType.GRANTED))
    brief, missing = used(acme, dated(ORDERS, "2026-11-23"))
    assert brief.use is not None
    assert (brief.use.requests, missing) == (2, "the oldest 1 of 2 older batches are not read")
    acme.record.silent = True
    _, missing = used(acme, dated(ORDERS, "2026-11-23"))
    assert missing.startswith("the issuer does not answer")
