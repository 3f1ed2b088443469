"""Following a pull request on a GitHub in memory: when it is looked at, what is seen, and when that is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import DAY, HOUR, NOW, PATH, PROD, STAGING, a_request
from builders import a_request_state, a_revocation, an_approval, an_outcome
from notification_facts import a_refusal
from plain_reviews import PlainReviews

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.github_objects import Status, StatusState
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request.progress import ProgressStep, ProgressUpdate
from jitbot.usecases.request.follow import ended, follow, looks

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
OTHER = PATH.replace("refunds", "other")


def seen(acme: PlainReviews, pull: PullRequest, seconds: float = 0) -> list[ProgressUpdate]:
    """What is seen within this time."""
    patience = timedelta(seconds=seconds)
    return list(follow(acme.client(), pull, PATH, now=NOW, patience=patience))


def merged(acme: PlainReviews, **changes: object) -> PullRequest:
    """alice's pull request, merged as its approval says."""
    pull = acme.offer({PATH: TEXT})
    event = an_approval()
    acme.pulls[-1] = replace(pull, merged_at=NOW - timedelta(minutes=1), merge_commit=event.commit, **changes)  # type: ignore[arg-type]
    return pull


def test_it_is_looked_at_after_longer_and_longer_pauses() -> None:
    """At once, and the last time when the whole waiting time is over; no pause is longer than ten seconds."""
    acme = PlainReviews()
    assert [each.total_seconds() for each in looks(acme.client(), timedelta())] == [0]
    assert acme.slept == []
    waited = [each.total_seconds() for each in looks(acme.client(), timedelta(seconds=3))]
    assert (waited, acme.slept) == ([0, 1, 2.5, 3], [1, 1.5, 0.5])
    acme.slept.clear()
    assert sum(1 for _ in looks(acme.client(), timedelta(minutes=2)))
    assert (max(acme.slept), sum(acme.slept)) == (10, 120)


def test_while_it_is_open_its_approvals_and_statuses_are_seen() -> None:
    """Again and again, at the time that it is then."""
    acme = PlainReviews(shown={"jitbot/check": Status(state=StatusState.SUCCESS, description="x")})
    pull = acme.offer({PATH: TEXT}, by="bob", created_at=NOW - 2 * DAY)
    first, second = seen(acme, pull, 1)
    assert isinstance(first.approvals, PendingApprovals)
    assert (first.step, first.approvals.enough, first.statuses) == (
        ProgressStep.ASKED,
        True,
        {"jitbot/check": "success"},
    )
    assert second.step is ProgressStep.ASKED
    assert acme.calls.count("pull") == 2
    old = acme.approval(pull, "bob", submitted_at=NOW - DAY)
    acme.reviews_of[1] = (old,)
    first, second = seen(acme, pull, 1)
    assert isinstance(first.approvals, PendingApprovals)
    assert isinstance(second.approvals, PendingApprovals)
    assert (first.approvals.enough, second.approvals.enough) == (True, False)


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ([an_approval(), an_outcome(EventType.GRANTED)], ProgressStep.GRANTED),
        ([a_refusal({"code": "x", "message": "too long"})], ProgressStep.REFUSED),
        ([an_approval(), a_revocation()], ProgressStep.ENDED),
    ],
)
def test_what_is_final_is_the_last_that_is_seen(told: list[object], step: ProgressStep) -> None:
    """By the record of this request; nobody waits on."""
    acme = PlainReviews()
    acme.tell(*told)  # type: ignore[arg-type]
    (one,) = seen(acme, merged(acme), 60)
    assert (one.step, one.statuses, one.approvals) == (step, {}, None)
    assert one.reasons == (("too long",) if step is ProgressStep.REFUSED else ())
    assert (one.term is None) is (step is ProgressStep.REFUSED)
    assert acme.slept == []


def test_until_it_is_recorded_it_is_merged() -> None:
    """What is recorded of others says nothing of it; an approval alone is not the end."""
    acme = PlainReviews()
    acme.tell(
        a_refusal({"code": "x", "message": "no"}, request=OTHER), an_approval(asked=a_request(path=OTHER))
    )
    pull = merged(acme)
    assert [each.step for each in seen(acme, pull, 1)] == [ProgressStep.MERGED] * 2
    acme.tell(an_approval())
    assert [each.step for each in seen(acme, pull, 1)] == [ProgressStep.APPROVED] * 2


def test_a_record_of_long_before_the_merge_is_found() -> None:
    """What was approved a week before is extended."""
    acme = PlainReviews()
    pull = merged(acme)
    early = NOW - 6 * DAY
    acme.tell(an_approval(at=early), an_outcome(EventType.GRANTED, at=early + HOUR))
    assert [each.step for each in seen(acme, pull)] == [ProgressStep.GRANTED]


def test_what_is_closed_is_over() -> None:
    """A pull request of which GitHub says a part alone is not merged."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    for over in (replace(pull, closed_at=NOW), replace(pull, merged_at=NOW, merge_commit=None)):
        acme.pulls[0] = over
        assert [each.step for each in seen(acme, pull, 60)] == [ProgressStep.CLOSED]
    acme.pulls[0] = pull  # its merge commit is a trial of GitHub's
    assert [each.step for each in seen(acme, pull)] == [ProgressStep.ASKED]


def test_it_ended_once_it_did_in_every_account() -> None:
    """What was never approved, or gives nothing, did not."""
    both = an_approval(asked=a_request(accounts=("prod", "staging")))
    prod, staging = (
        an_outcome(EventType.ENDED, account, why=a_revocation().why) for account in ("prod", "staging")
    )
    assert (prod.account_id, staging.account_id) == (PROD, STAGING)
    assert not ended(None)
    assert not ended(a_request_state())
    assert not ended(a_request_state(both))
    assert not ended(a_request_state(both, prod))
    assert ended(a_request_state(both, prod, staging))
    state = a_request_state(both, prod, staging)
    term = state.current
    assert term is not None
    assert not ended(replace(state, terms=(replace(term, documents=()),)))
