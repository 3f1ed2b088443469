"""Of which events people are notified, and of which not."""

from dataclasses import replace

import pytest
from acme_facts import DAY, HOUR, MERGED_AT, MINUTE, NOW, PATH, a_request
from builders import a_review, a_revocation, a_window, an_approval, an_extension, an_outcome
from notification_facts import GLASS, GRANTED, LATER, SEVEN, a_refusal, an_end, approval, found

from jitbot.domain.access.post_review import overdue_event, pending_reviews, review_event
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence, ReviewOutcome
from jitbot.domain.notifications.notification import NotificationKind


def kinds(*written: Event, before: tuple[Event, ...] = ()) -> list[str]:
    """What is to be said of what a run wrote."""
    return [each.kind for each in found(*written, before=before)]


def test_a_grant_is_one_notification() -> None:
    """The decision alone is none yet: the access is there only once its outcome is recorded."""
    assert kinds(approval()) == []
    (one,) = found(GRANTED, before=(approval(),))
    assert (one.kind, one.pull_request, one.requester) == (NotificationKind.GRANTED, 7, "alice")
    assert [each.account for each in one.statuses] == ["prod"]
    assert kinds(approval(), GRANTED) == ["granted"]


def test_only_what_this_run_wrote_counts() -> None:
    """What others recorded is theirs to say, however much there is of it."""
    assert kinds(before=(approval(), GRANTED, an_end())) == []


def test_a_run_speaks_of_the_accounts_that_it_recorded() -> None:
    """Of two accounts that two runs granted, each run names its own."""
    both = approval(asked=a_request(accounts=("prod", "staging")))
    prod, staging = (an_outcome(EventType.GRANTED, account) for account in ("prod", "staging"))
    (first,) = found(prod, before=(both,))
    (second,) = found(staging, before=(both, prod))
    (together,) = found(prod, staging, before=(both,))
    assert [[each.account for each in one.statuses] for one in (first, second, together)] == [
        ["prod"],
        ["staging"],
        ["prod", "staging"],
    ]


def test_what_a_run_recorded_otherwise_adds_no_account() -> None:
    """A failure in prod, or a grant of another request there: who was granted staging hears of staging alone."""
    both = approval(asked=a_request(accounts=("prod", "staging")))
    prod, staging = (an_outcome(EventType.GRANTED, account) for account in ("prod", "staging"))
    other = PATH.replace("24-", "23-")
    for beside in (an_outcome(EventType.FAILED, "prod"), replace(prod, request=other)):
        found_of = [each for each in found(beside, staging, before=(both, prod)) if each.kind == "granted"]
        assert [[each.account for each in one.statuses] for one in found_of] == [["staging"]]


def test_an_extension_is_one_of_its_own() -> None:
    """It is said on the pull request that extended; the record of the first term says nothing any more."""
    longer = an_extension(evidence={**SEVEN, "pull_request": 9})
    window = a_window(expires_at=MERGED_AT + 3 * HOUR)
    granted = an_outcome(EventType.GRANTED, commit=longer.commit, window=window)
    (one,) = found(longer, granted, before=(approval(), GRANTED))
    assert (one.kind, one.pull_request, one.expires_at) == ("extended", 9, MERGED_AT + 3 * HOUR)
    assert kinds(GRANTED, before=(approval(), longer)) == []


def test_nobody_hears_of_a_grant_that_has_ended_since() -> None:
    """Granted and revoked at once: the run says that it ended, and by no word that it is there."""
    assert kinds(GRANTED, an_end(), before=(approval(), a_revocation())) == ["ended"]
    assert kinds(GRANTED, before=(approval(), a_revocation())) == []


@pytest.mark.parametrize("why", [each for each in EndReason if each is not EndReason.EXPIRED])
def test_every_early_end_is_one(why: EndReason) -> None:
    """Whatever the reason, the requester hears of it."""
    assert kinds(an_end(why), before=(approval(), GRANTED)) == ["ended"]


def test_an_end_is_said_on_the_pull_request_of_the_latest_term() -> None:
    """Of an extended grant that is the extension's, whichever merge the record of the end names."""
    longer = an_extension(evidence={**SEVEN, "pull_request": 9})
    (one,) = found(an_end(), before=(approval(), GRANTED, longer))
    assert (one.kind, one.pull_request) == ("ended", 9)


def test_an_end_that_another_run_recorded_is_not_said_again() -> None:
    """Prod had ended before; of the end in staging the requester hears once, and of staging alone."""
    both = approval(asked=a_request(accounts=("prod", "staging")))
    (one,) = found(an_end(account="staging"), before=(both, an_end()))
    assert [each.account for each in one.statuses] == ["staging"]


def test_a_planned_end_is_none() -> None:
    """An expiry, a removal, a failure and a verification are nothing that anybody must hear of."""
    over = [
        an_outcome(kind, at=MERGED_AT + 3 * HOUR)
        for kind in (EventType.ENDED, EventType.REMOVED, EventType.FAILED, EventType.VERIFIED)
    ]
    assert found(*over, before=(approval(), GRANTED), at=MERGED_AT + 4 * HOUR) == ()
    assert kinds(a_revocation(), before=(approval(), GRANTED)) == []


def test_a_refusal_is_one() -> None:
    """Of the pull request that was refused, also where something was granted before."""
    assert kinds(a_refusal({"code": "x"})) == ["refused"]
    more = a_refusal({"code": "too-late"}, commit="f" * 40, at=NOW + MINUTE)
    (one,) = found(more, before=(approval(), GRANTED))
    assert (one.kind, [each.account for each in one.statuses]) == ("refused", ["prod"])


def test_what_no_pull_request_brought_is_said_nowhere() -> None:
    """A push, a commit refused as a whole, an orphan: there is no pull request to say it on."""
    push = replace(a_refusal({"code": "x"}), evidence=Evidence({"reasons": []}))
    whole = replace(push, request="")
    orphan = an_end(EndReason.ORPHAN)
    assert kinds(push, whole, orphan) == []
    assert kinds(GRANTED, before=(an_approval(),)) == []


def test_a_break_glass_asks_for_its_review_once() -> None:
    """With the approval, whose record is one for each merge; and again each time it is recorded as overdue."""
    given = approval(evidence=GLASS)
    assert kinds(given, GRANTED) == ["review-due", "granted"]
    assert kinds(GRANTED, before=(given,)) == ["granted"]
    (pending,) = pending_reviews([given])
    late = overdue_event(pending, now=MERGED_AT + 2 * DAY, run="run")
    (one,) = found(late, before=(given, GRANTED))
    assert one.review is not None
    assert (one.kind, one.pull_request, one.review.review_by) == ("review-overdue", 7, pending.review_by)
    (alone,) = found(late)  # the approval is older than what a run reads
    assert (alone.kind, alone.pull_request, alone.requester) == ("review-overdue", 7, "alice")
    assert kinds(an_outcome(EventType.FAILED), before=(given, GRANTED)) == []
    given_since = review_event(pending, ReviewOutcome.APPROVED, a_review("erin"), now=LATER, run="run")
    assert kinds(late, before=(given, GRANTED, given_since)) == []


def test_an_extension_asks_for_its_own_review_alone() -> None:
    """The review of the first term was asked for when that was recorded."""
    longer = an_extension(evidence={**GLASS, "pull_request": 9})
    (one,) = found(longer, before=(approval(evidence=GLASS), GRANTED))
    assert one.review is not None
    assert (one.kind, one.pull_request, one.review.commit) == ("review-due", 9, longer.commit)


def test_an_event_is_said_once_however_often_it_is_given() -> None:
    """The same event twice, or the same end in two accounts, is one notification."""
    assert kinds(GRANTED, GRANTED, before=(approval(),)) == ["granted"]
    both = approval(asked=a_request(accounts=("prod", "staging")))
    ends = (an_end(), an_end(account="staging"))
    (one,) = found(*ends, before=(both,), at=LATER)
    assert [each.account for each in one.statuses] == ["prod", "staging"]
