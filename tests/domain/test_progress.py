"""How far a request has come, as reviews and the record have it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import (
    HEAD,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    TEAMS,
    a_person,
    an_actor,
    people,
    sha,
    the_rules,
)
from builders import a_life, a_request, a_review, a_revocation, an_approval, an_extension, an_outcome

from jitbot.domain import codeowners, owners
from jitbot.domain.events import Event, Kind, Why
from jitbot.domain.evidence import Review
from jitbot.domain.progress import Opinions, Step, after_merge, opinions

REASONS = {"reasons": [{"code": "too-few", "message": "0 of 1 approvals"}, "x", {"message": ""}]}


def judged(*reviews: Review, **changes: Any) -> Opinions:
    """The opinions on alice's open pull request."""
    owned_by = owners.of(PATH, codeowners=the_rules().codeowners, people=PEOPLE, teams=TEAMS)
    given = {
        "head": HEAD,
        "requester": "alice",
        "people": PEOPLE,
        "now": NOW,
        "owned_by": owned_by,
        **changes,
    }
    return opinions(reviews, **given)


def test_an_owner_who_approves_counts() -> None:
    """An owner's approval of the head is one, however often it is given; COMMENTED takes nothing back."""
    later = a_review(review_id=2, state="COMMENTED", submitted_at=MERGED_AT)
    assert judged(a_review(), later, a_review(review_id=3)).approved_by == ("bob",)


@pytest.mark.parametrize(
    "review",
    [
        a_review("alice"),
        a_review("carol"),
        a_review(commit=sha("older")),
        a_review(state="DISMISSED"),
        a_review(state="COMMENTED"),
        a_review(user=an_actor("bob", github_id=99)),
        a_review(submitted_at=NOW + timedelta(days=2)),
    ],
)
def test_what_does_not_count(review: Review) -> None:
    """The requester, who is no owner, another commit, what was taken back, and a taken-over login count for nothing."""
    assert judged(review) == Opinions(approved_by=(), objected_by=())


def test_who_asks_for_changes_is_named() -> None:
    """An owner's standing wish for changes is shown, and takes the place of an earlier approval."""
    wish = a_review(review_id=2, state="CHANGES_REQUESTED", submitted_at=MERGED_AT)
    assert judged(a_review(), wish) == Opinions(approved_by=(), objected_by=("bob",))


def test_one_human_approves_once_and_never_for_themselves() -> None:
    """A second login with the same principal is the same person; a requester nobody knows takes nobody away."""
    bobby = a_person("bobby", github_id=2002, principal=a_person("bob").principal)
    known, both = people(bobby), codeowners.parse("* @bob @bobby\n")
    given: dict[str, Any] = {
        "people": known, "owned_by": owners.of(PATH, codeowners=both, people=known, teams=TEAMS)
    }  # fmt: skip
    reviews = (a_review(), a_review("bobby", review_id=2, user=an_actor("bobby", github_id=2002)))
    assert judged(*reviews, **given).approved_by == ("bob",)
    assert judged(*reviews, requester="bob", **given).approved_by == ()
    assert judged(*reviews, requester="stranger", **given).approved_by == ("bob",)


def told(*events: Event) -> tuple[Step, tuple[str, ...]]:
    """The step and the reasons after the merge."""
    step, reasons, _ = after_merge(MERGE, events, a_life(*events))
    return step, reasons


REFUSED = Event(kind=Kind.REFUSED, at=NOW, request=PATH, commit=MERGE, evidence=REASONS)
FAILED = Event(kind=Kind.FAILED, at=NOW, request=PATH, commit=MERGE, cause="AccessDenied")
BOTH = an_approval(asked=a_request(accounts=("prod", "staging")))


@pytest.mark.parametrize(
    ("events", "step", "reasons"),
    [
        ((), Step.MERGED, ()),
        ((replace(REFUSED, evidence={"reasons": None}),), Step.REFUSED, ()),
        ((an_approval(documents=()),), Step.APPROVED, ()),
        ((REFUSED,), Step.REFUSED, ("0 of 1 approvals",)),
        ((an_approval(),), Step.APPROVED, ()),
        ((an_approval(), FAILED, FAILED), Step.APPROVED, ("AccessDenied",)),
        ((an_approval(), an_outcome(Kind.GRANTED)), Step.GRANTED, ()),
        ((BOTH, an_outcome(Kind.GRANTED)), Step.APPROVED, ()),
        ((BOTH, an_outcome(Kind.GRANTED), an_outcome(Kind.GRANTED, "staging")), Step.GRANTED, ()),
        ((an_approval(), an_outcome(Kind.GRANTED), a_revocation()), Step.ENDED, ()),
        (
            (an_approval(), an_outcome(Kind.GRANTED), an_outcome(Kind.ENDED, why=Why.DRIFT)),
            Step.ENDED,
            (),
        ),
    ],
)
def test_after_the_merge(events: tuple[Event, ...], step: Step, reasons: tuple[str, ...]) -> None:
    """The record tells the step: granted only where every account is, ended however it ended."""
    assert told(*events) == (step, reasons)


def test_an_extension_is_granted_by_its_own_merge() -> None:
    """The grant of the first term says nothing of the extension's."""
    first, longer = an_approval(commit=sha("first")), an_extension(commit=MERGE, at=NOW + MINUTE)
    granted = an_outcome(Kind.GRANTED, commit=sha("first"))
    *_, term = after_merge(MERGE, (first, longer), a_life(first, longer))
    assert term is not None
    assert term.commit == MERGE
    assert told(first, granted, longer)[0] is Step.APPROVED
    assert told(first, granted, longer, an_outcome(Kind.GRANTED, at=NOW + 2 * MINUTE))[0] is Step.GRANTED


def test_another_merges_refusal_is_not_ours() -> None:
    """A refused extension before says nothing of this merge."""
    other = Event(kind=Kind.REFUSED, at=NOW, request=PATH, commit=sha("other"), evidence=REASONS)
    assert told(other) == (Step.MERGED, ())
