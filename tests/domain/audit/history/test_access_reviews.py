"""What counts as a review, and where a policy stands: each case, and random histories against a model of their own."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from acme_facts import BASE, DAY, HEAD, OWNERS, an_actor, sha, teams, the_rules, unreadable
from builders import a_pull
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, rule_event
from jitbot.domain.access.rule_changes.rule_review import NO_APPROVAL, reviewed
from jitbot.domain.audit.history.access_reviews import (
    AccessReview,
    AccessReviews,
    PolicyStanding,
    ReviewStanding,
    access_reviews,
)
from jitbot.domain.audit.history.policy_changes import IntervalChange, MoveResult, PolicyChange
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import codeowners
from jitbot.domain.model.merge_facts import Review

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUARTER = timedelta(days=90)
NAME = "orders-db-read"
OWNED = the_rules(teams=teams(security="erin heidi"))


def day(number: int) -> date:
    """A day after the beginning."""
    return (BEGIN + number * DAY).date()


def a_commit(number: int, *policies: str) -> RuleChange:
    """The commit of this day, which changed these policies."""
    paths = tuple(f"policies/access/{name}.yaml" for name in policies or (NAME,))
    return RuleChange(commit=sha(f"c{number}"), at=BEGIN + number * DAY, subject="x", paths=paths, base=BASE)


def a_move(number: int, after: int | None, before: int | None = None, **changes: Any) -> PolicyChange:
    """On this day the date of the policy was moved to a day."""
    given: dict[str, Any] = {
        "policy": NAME,
        "change": a_commit(number),
        "before": None if before is None else day(before),
        "after": None if after is None else day(after),
        "every": QUARTER,
        "rules": OWNED,
        "digest": f"digest {number}",
    }
    return PolicyChange(**{**given, **changes})


def added(number: int = 0, **changes: Any) -> PolicyChange:
    """On this day the policy came to main."""
    return a_move(number, None, existed=False, **changes)


def event(
    change: PolicyChange,
    *by: str,
    author: str = "bob",
    before: timedelta = timedelta(hours=1),
    **origin: Any,
) -> Event:
    """The record of a merge that these people approved, as a run makes it."""
    merged_at = change.change.at
    pull = a_pull(author=an_actor(author), merged_at=merged_at)
    given = tuple(
        Review(
            review_id=n,
            user=an_actor(login),
            state="APPROVED",
            commit=HEAD,
            submitted_at=merged_at - before,
        )
        for n, login in enumerate(by)
    )
    found = reviewed(change.change, pull, given, (), change.rules or OWNED)
    made = RuleOrigin(**origin) if origin else RuleOrigin(pull_request=pull, review=found)
    return rule_event(change.change, made, now=merged_at + timedelta(hours=1), run="run")


def found(
    *changes: PolicyChange | IntervalChange,
    events: tuple[Event, ...],
    now: int = 300,
    every: timedelta | None = QUARTER,
) -> AccessReviews:
    """The reviews by these changes, seen on a day."""
    return access_reviews(changes, events, BEGIN + now * DAY, every=every, asked_at=a_commit(0))


def one(*changes: PolicyChange, events: tuple[Event, ...], **how: Any) -> tuple[AccessReview, PolicyStanding]:
    """The last date that moved, and where the policy stands."""
    reviews = found(*changes, events=events, **how)
    (standing,) = reviews.policies
    return reviews.made[-1], standing


def test_a_review_is_an_approval_of_another_owner() -> None:
    """Who reviewed what, when, over which rules, and until when that holds."""
    move = a_move(10, 10)
    review, standing = one(added(), move, events=(event(move, "erin"),), now=100)
    assert (review.result, review.reviewed_by, review.author) == (MoveResult.COUNTED, ("erin",), "bob")
    assert (review.day, review.digest, review.pull_request, review.due) == (day(10), "digest 10", 7, day(90))
    assert (review.merged_at, review.run) == (move.change.at, "run")
    assert (standing.last, standing.due, standing.state) == (review, day(100), ReviewStanding.IN_TIME)
    assert standing.why == "the next review is due by 2026-04-11"
    _, later = one(added(), move, events=(event(move, "erin"),), now=101)
    assert (later.state, later.why) == (ReviewStanding.OVERDUE, "the review was due by 2026-04-11")


@pytest.mark.parametrize(
    ("by", "author", "why"),
    [
        ((), "bob", "no other owner approved it"),
        (("erin",), "erin", "no other owner approved it"),
        (("frank",), "bob", "no other owner approved it"),
    ],
)
def test_an_author_does_not_sign_alone(by: tuple[str, ...], author: str, why: str) -> None:
    """Nor does somebody who does not own the file; what was merged all the same is no review."""
    move = a_move(10, 10)
    review, standing = one(added(), move, events=(event(move, *by, author=author),), now=95)
    assert review.result is MoveResult.NOT_COUNTED
    assert review.why.startswith(why)
    assert standing.state is ReviewStanding.OVERDUE
    assert standing.why == (
        "it was never reviewed, and the review was due by 2026-04-01; the date in its file, 2026-01-11, is of no review"
    )


def test_what_is_no_review_is_no_late_one() -> None:
    """Whenever it came."""
    move = a_move(100, 100)
    review, _ = one(added(), move, events=(event(move),))
    assert (review.result, review.due, review.is_late) == (MoveResult.NOT_COUNTED, day(90), False)


def test_a_commit_that_moves_no_date_is_nothing() -> None:
    """Neither a review nor a date that moved back."""
    move, same = a_move(10, 10), a_move(20, 10, before=10)
    reviews = found(added(), move, same, events=(event(move, "erin"), event(same, "erin")), now=50)
    assert [each.commit for each in reviews.made] == [move.change.commit]


def test_the_moment_of_a_merge_is_the_one_that_github_said() -> None:
    """Not the date of its commit, which its author chose."""
    move = a_move(10, 10)
    record = event(move, "erin")
    later = replace(move, change=replace(move.change, at=move.change.at + timedelta(minutes=5)))
    review, _ = one(added(), later, events=(record,))
    assert review.merged_at == move.change.at


def test_an_owner_of_another_path_does_not_sign() -> None:
    """Two policies of one merge: an owner of the one makes a review of that one alone."""
    own = f"{OWNERS}/policies/access/other.yaml @acme/platform\n"
    rules = the_rules(codeowners=codeowners.parse(own))
    commit = a_commit(10, NAME, "other")
    mine, other = (a_move(10, 10, change=commit, policy=name, rules=rules) for name in (NAME, "other"))
    both = event(mine, "erin", "frank")
    reviews = found(added(), added(policy="other"), mine, other, events=(both,))
    assert [(each.policy, each.reviewed_by) for each in reviews.made] == [
        (NAME, ("erin",)),
        ("other", ("frank",)),
    ]
    # A run that lies says that erin's approval was enough for both.
    told = {**both.evidence.json, "approvals": [both.evidence.approvals[0].json]}
    lie = replace(both, evidence=Evidence(told))
    reviews = found(added(), added(policy="other"), mine, other, events=(lie,))
    assert [each.result for each in reviews.made] == [MoveResult.COUNTED, MoveResult.NOT_COUNTED]


def test_an_approval_that_a_run_invented_counts_for_nothing() -> None:
    """The author's own, or that of an account which people.yaml does not know: looked at again, not believed."""
    move = a_move(10, 10)
    true = event(move, "erin")
    (approval,) = true.evidence.approvals
    for lie in (
        {"author": {"login": "erin", "github_id": 1005, "type": "User"}},
        {"approvals": [{**approval.json, "github_id": 999}]},
        {"approvals": [{**approval.json, "login": "bob", "github_id": 1002}]},
        {"head": "a" * 40},
    ):
        told = Evidence({**true.evidence.json, **lie})
        review, _ = one(added(), move, events=(replace(true, evidence=told),))
        assert (review.result, review.why) == (MoveResult.NOT_COUNTED, NO_APPROVAL)


def test_a_date_that_was_pushed_counts_for_nothing() -> None:
    """And keeps no true review of an earlier day from counting."""
    push, true = a_move(10, 200), a_move(20, 20, before=200)
    pushed = event(push, pushed_by=an_actor("mallory"))
    review, standing = one(added(), push, events=(pushed,))
    assert (review.result, standing.last, standing.claimed) == (MoveResult.NOT_COUNTED, None, day(200))
    assert "pushed past the rules by mallory" in review.why
    gone = Evidence({name: each for name, each in pushed.evidence.json.items() if name != "by"})
    review, _ = one(added(), push, events=(replace(pushed, evidence=gone),))
    assert "by an account that is gone, and nobody approved it" in review.why
    review, standing = one(added(), push, true, events=(pushed, event(true, "erin")))
    assert (review.result, standing.last) == (MoveResult.COUNTED, review)
    assert "of no review" not in standing.why
    again = a_move(30, 30, before=20)
    events = (pushed, event(true, "erin"), event(again, pushed_by=an_actor("mallory")))
    _, standing = one(added(), push, true, again, events=events, now=50)
    assert standing.why.endswith("; the date in its file, 2026-01-31, is of no review")


def test_a_date_after_the_merge_is_no_review() -> None:
    """Whoever approved it: nothing can be looked at tomorrow."""
    move = a_move(10, 11)
    review, _ = one(added(), move, events=(event(move, "erin"),))
    assert (review.result, review.why) == (MoveResult.NOT_COUNTED, "its date, 2026-01-12, is after the merge")


def test_nobody_signs_for_a_day_to_come() -> None:
    """An approval that is older than the date is of what the owner saw on another day."""
    move = a_move(10, 10)
    review, standing = one(added(), move, events=(event(move, "erin", before=timedelta(days=1)),))
    assert (review.result, standing.last) == (MoveResult.NOT_COUNTED, None)
    assert review.why == "it was approved before its date, 2026-01-11"


@pytest.mark.parametrize(
    ("before", "counts"),
    [(timedelta(hours=3), False), (timedelta(hours=2), False), (timedelta(hours=1), True)],
)
def test_an_approval_is_of_the_rules_that_are_merged(before: timedelta, *, counts: bool) -> None:
    """One that is older than another change of what the policy rests on is of other rules."""
    move = a_move(10, 10)
    move = replace(move, changed_at=move.change.at - timedelta(hours=2))
    review, _ = one(added(), move, events=(event(move, "erin", before=before),))
    assert (review.result is MoveResult.COUNTED) is counts
    assert counts or review.why == "what the policy rests on was changed after it was approved"


@pytest.mark.parametrize("back", [10, 15, None])
def test_a_date_that_moves_back_takes_reviews_away(back: int | None) -> None:
    """By a revert, by hand, or by a push: those of later days count no longer, and who did it is said."""
    first, second, revert = a_move(10, 10), a_move(20, 20, before=10), a_move(30, back, before=20)
    events = (event(first, "erin"), event(second, "erin"), event(revert, pushed_by=an_actor("mallory")))
    reviews = found(added(), first, second, revert, events=events, now=50)
    assert [each.result for each in reviews.made] == [
        MoveResult.COUNTED,
        MoveResult.COUNTED,
        MoveResult.WITHDRAWN,
    ]
    assert [each.withdrawn_by for each in reviews.made[:2]] == [
        None if back is not None else sha("c30"), sha("c30"),
    ]  # fmt: skip
    assert reviews.made[2].why == (
        "the review of a later day counts no longer"
        if back is not None
        else "2 reviews of later days count no longer"
    )
    (standing,) = reviews.policies
    assert standing.last == (reviews.made[0] if back is not None else None)
    assert standing.claimed == (None if back is None else day(back))


def test_the_day_of_the_last_review_is_not_reviewed_twice() -> None:
    """A date that was pushed ahead, and goes back to it, takes nothing away and adds nothing."""
    first, push, back = a_move(10, 10), a_move(20, 200, before=10), a_move(30, 10, before=200)
    events = (event(first, "erin"), event(push, pushed_by=an_actor("mallory")), event(back, "erin"))
    review, standing = one(added(), first, push, back, events=events, now=50)
    assert (review.result, review.why) == (
        MoveResult.WITHDRAWN,
        "its date is not after that of the last review",
    )
    assert standing.last is not None
    assert standing.last.commit == first.change.commit


def test_after_a_revert_the_same_day_may_be_reviewed_again() -> None:
    """The date is held against the review that counts."""
    first, revert, again = a_move(20, 20), a_move(30, None, before=20), a_move(40, 20)
    events = (event(first, "erin"), event(revert, "erin"), event(again, "heidi"))
    review, standing = one(added(), first, revert, again, events=events, now=50)
    assert (review.result, standing.last) == (MoveResult.COUNTED, review)


def test_a_new_file_is_not_reviewed_by_its_date() -> None:
    """The first review is due so long after it came."""
    new = a_move(0, 0, existed=False)
    reviews = found(new, events=(event(new, "erin"),), now=90)
    assert reviews.made == ()
    assert (reviews.policies[0].state, reviews.policies[0].due) == (ReviewStanding.NEVER, day(90))
    assert found(added(), events=(), now=90).policies[0].why == "the first review is due by 2026-04-01"


def removed(number: int, before: int | None = None, **changes: Any) -> PolicyChange:
    """On this day the policy was taken away."""
    return a_move(number, None, before=before, exists=False, **changes)


def test_a_policy_that_comes_back_goes_on() -> None:
    """With its reviews, and without the days on which it was not there; its date is no review."""
    move, gone, back = a_move(10, 10), removed(20, 10), a_move(30, 30, existed=False)
    record = (event(move, "erin"), event(back, "erin"))
    (mine,) = found(added(), move, gone, back, events=record, now=110).policies
    assert (mine.due, mine.state, mine.last and mine.last.day) == (day(110), ReviewStanding.IN_TIME, day(10))
    assert "the date in its file, 2026-01-31, is of no review" in mine.why
    (mine,) = found(added(), move, gone, back, events=record, now=111).policies
    assert mine.state is ReviewStanding.OVERDUE
    (new,) = found(added(), removed(89), a_move(90, None, existed=False), events=(), now=92).policies
    assert (new.due, new.state) == (day(91), ReviewStanding.OVERDUE)


@pytest.mark.parametrize("order", ["away first", "there first"])
@pytest.mark.parametrize("content", ["same", "other"])
def test_a_renamed_policy_goes_on(order: str, content: str) -> None:
    """Whichever commit is the first: what has the same content is due when the old one would be. Nobody reviewed it by that."""
    move, gone = a_move(10, 10), removed(80, 10, content="same")
    new = a_move(80, None, existed=False, policy="other", content=content)
    steps = [gone, new] if order == "away first" else [new, gone]
    (mine,) = found(added(), move, *steps, events=(event(move, "erin"),), now=90).policies
    assert (mine.policy, mine.last) == ("other", None)
    assert mine.due == day(100 if content == "same" else 170)


def test_a_policy_without_a_known_content_is_no_other_one() -> None:
    """Two files that were not read are not the same."""
    gone, new = removed(80), a_move(80, None, existed=False, policy="other")
    assert found(added(), gone, new, events=(), now=90).policies[0].due == day(170)


def test_a_policy_that_is_gone_is_still_said() -> None:
    """When, by which commit, and who reviewed it last."""
    move, gone = a_move(10, 10), removed(20, 10)
    reviews = found(added(), move, gone, events=(event(move, "erin"),), now=30)
    assert reviews.policies == ()
    (mine,) = reviews.removed
    assert (mine.state, mine.removed_at, mine.last) == (
        ReviewStanding.REMOVED,
        gone.change.at,
        reviews.made[0],
    )
    assert mine.why == f"commit {gone.change.commit[:10]} removed it"


def test_a_merge_took_it_away_when_github_says() -> None:
    """Not when a run recorded that."""
    gone = removed(20)
    reviews = found(added(), gone, events=(event(gone, "erin"),), now=30)
    assert reviews.removed[0].removed_at == gone.change.at


def test_a_policy_that_was_never_there_is_not_taken_away() -> None:
    """Nor is one taken away twice."""
    reviews = found(removed(20), events=(), now=30)
    assert (reviews.policies, reviews.removed) == ((), ())
    first, second = removed(20), removed(25)
    (mine,) = found(added(), first, second, events=(), now=30).removed
    assert mine.removed_at == first.change.at


def interval(number: int, after: timedelta | None, before: timedelta | None = QUARTER) -> IntervalChange:
    """On this day settings.yaml came to ask otherwise."""
    return IntervalChange(change=a_commit(number), before=before, after=after)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (interval(91, None), "settings.yaml has no review_every since"),
        (interval(91, 4 * QUARTER), "settings.yaml has review_every: 360d since"),
        (interval(91, QUARTER + DAY), "settings.yaml has review_every: 91d since"),
        (removed(91), "the policy was removed"),
    ],
)
def test_what_was_overdue_when_nobody_asked_any_longer_is_said(
    step: PolicyChange | IntervalChange, why: str
) -> None:
    """By the setting, or with the policy: an overdue review does not go away by a change of the rules."""
    (lapse,) = found(added(), step, events=(), every=None, now=92).made
    assert (lapse.result, lapse.policy, lapse.due) == (MoveResult.LAPSED, NAME, day(90))
    assert (lapse.commit, lapse.merged_at) == (step.change.commit, step.change.at)
    assert lapse.why == f"{why}; it was never reviewed, and the review was due by {day(90)}"
    assert not lapse.is_late


@pytest.mark.parametrize(
    "step", [interval(90, None), removed(90), interval(91, QUARTER - DAY), interval(91, QUARTER, None)]
)
def test_what_was_in_time_or_is_still_due_did_not_lapse(step: PolicyChange | IntervalChange) -> None:
    """The last day belongs to it; and what is asked for all the same is overdue, as before."""
    assert found(added(), step, events=(), now=200).made == ()


@pytest.mark.parametrize("ahead", [-9000, 9000])
def test_a_chosen_date_does_not_hide_that_nobody_asks_any_longer(ahead: int) -> None:
    """Pushed with a date from before it was overdue: what is recorded of the commit counts."""
    taken = interval(100, None)
    forged = replace(taken, change=replace(taken.change, at=taken.change.at + ahead * DAY))
    record = event(a_move(100, None), pushed_by=an_actor("mallory"))
    (lapse,) = found(added(), forged, events=(record,), every=None).made
    assert (lapse.result, lapse.merged_at) == (MoveResult.LAPSED, record.at)


def test_what_is_not_known_lapses_with_its_doubt() -> None:
    """It may have been reviewed; nobody will know, and the reason is said."""
    move = a_move(95, 95)
    _, lapse = found(added(), move, interval(99, None), events=(), every=None).made
    assert lapse.result is MoveResult.LAPSED
    assert lapse.why.endswith("no event says who approved it")


@pytest.mark.parametrize(("kind", "app"), [("User", False), ("Bot", True), ("", False)])
def test_whose_pull_request_was_an_apps_is_said(kind: str, *, app: bool) -> None:
    """An app opens it for somebody: the owner who approved may be the only person on record."""
    move = a_move(10, 10)
    record = event(move, "erin", author="jitbot[bot]")
    author = {**record.evidence.author.json, "type": kind}
    record = replace(record, evidence=Evidence({**record.evidence.json, "author": author}))
    review, _ = one(added(), move, events=(record,), now=20)
    assert (review.result, review.author, review.app) == (MoveResult.COUNTED, "jitbot[bot]", app)


def test_a_rule_is_not_broken_before_it_exists() -> None:
    """A policy from before the setting is due so long after the setting; and a review before it was never late."""
    old, move = added(every=None), a_move(200, 200, every=None)
    reviews = access_reviews([old], (), BEGIN + 290 * DAY, every=QUARTER, asked_at=a_commit(200))
    assert (reviews.policies[0].due, reviews.policies[0].state) == (day(290), ReviewStanding.NEVER)
    review, _ = one(old, move, events=(event(move, "erin"),))
    assert (review.due, review.is_late) == (None, False)


def test_a_late_review_is_late_for_good() -> None:
    """By the setting before its commit; and the next one is counted from its date, not from its merge."""
    move = a_move(100, 95)
    review, standing = one(added(), move, events=(event(move, "erin"),), now=101)
    assert (review.is_late, review.due, standing.due) == (True, day(90), day(185))
    in_time = a_move(90, 90)
    review, _ = one(added(), in_time, events=(event(in_time, "erin"),), now=101)
    assert not review.is_late


def test_what_is_not_known_is_no_review_and_no_exception() -> None:
    """GitHub did not say, no event says, the rules are not here: unknown; a fresh merge waits for its record."""
    move = a_move(95, 95)
    for events, rules, result, state in (
        ((event(move, why="GitHub is silent"),), OWNED, MoveResult.UNKNOWN, ReviewStanding.UNKNOWN),
        ((), OWNED, MoveResult.UNKNOWN, ReviewStanding.UNKNOWN),
        ((event(move, "erin"),), None, MoveResult.UNKNOWN, ReviewStanding.UNKNOWN),
    ):
        review, standing = one(added(), replace(move, rules=rules), events=events)
        assert (review.result, standing.state, standing.last) == (result, state, None)
    known = a_move(97, 97, before=95)
    _, standing = one(added(), move, known, events=(event(known, "erin"),))
    assert standing.state is ReviewStanding.OVERDUE  # by the review after it, whatever became of it
    back = a_move(97, None, before=95)
    _, standing = one(added(), move, back, events=())
    assert standing.state is ReviewStanding.OVERDUE
    review, standing = one(added(), move, events=(), now=96)
    assert (review.result, standing.state) == (MoveResult.WAITING, ReviewStanding.WAITING)


def test_people_that_do_not_read_own_nothing() -> None:
    """The event says that somebody approved; of whom, the rules before it do not say."""
    move = a_move(10, 10)
    for rules in (the_rules(people=unreadable()), the_rules(teams=unreadable())):
        review, _ = one(added(), replace(move, rules=rules), events=(event(move, "erin"),))
        assert (review.result, review.why) == (
            MoveResult.NOT_COUNTED,
            "nobody who is known owns the policy's file",
        )


def test_nobody_owns_it_so_nobody_signs() -> None:
    """An approval of somebody who is known is enough for the merge, and not for a review."""
    move = a_move(10, 10, rules=the_rules(codeowners=codeowners.parse("/requests/ @acme/platform\n")))
    review, _ = one(added(), move, events=(event(move, "erin"),))
    assert (review.result, review.why) == (
        MoveResult.NOT_COUNTED,
        "nobody who is known owns the policy's file",
    )


def test_without_the_setting_nothing_is_due() -> None:
    """What was reviewed is there all the same."""
    move = a_move(10, 10)
    review, standing = one(added(), move, events=(event(move, "erin"),), every=None)
    assert (review.result, standing.due, standing.state) == (
        MoveResult.COUNTED,
        None,
        ReviewStanding.NOT_ASKED,
    )


def test_of_two_events_of_a_commit_the_first_counts() -> None:
    """As everywhere in the record of rules."""
    move = a_move(10, 10)
    first, second = event(move, pushed_by=an_actor("mallory")), event(move, "erin")
    assert one(added(), move, events=(first, second))[0].result is MoveResult.NOT_COUNTED


@pytest.mark.parametrize("ahead", [-9000, 9000])
def test_a_date_of_a_commit_that_its_author_chose_moves_no_deadline(ahead: int) -> None:
    """The record says when it was there at the latest; a date before all makes the review due at once."""
    new = added()
    forged = replace(new, change=replace(new.change, at=BEGIN + ahead * DAY))
    record = event(new, pushed_by=an_actor("mallory"))
    reviews = access_reviews([forged], (record,), BEGIN + 91 * DAY, every=QUARTER, asked_at=None)
    assert reviews.policies[0].state is ReviewStanding.OVERDUE


def test_what_was_pushed_with_a_date_ahead_is_in_the_period_of_now() -> None:
    """Nobody hides a date that moved from a report by the date of its commit."""
    move = a_move(10, 10)
    ahead = replace(move, change=replace(move.change, at=BEGIN + 9000 * DAY))
    review, _ = one(added(), ahead, events=(), now=300)
    assert review.merged_at == BEGIN + 300 * DAY


# Random histories, held against a model that is written another way: it keeps no state but looks back from the end.


@dataclass(frozen=True)
class Step:
    """One day: what happens to the policy's file, and how it came to main."""

    kind: str  # add, move, drop
    to: int | None  # days after the beginning
    how: str


HOWS = ("reviewed", "alone", "stranger", "pushed", "unknown", "unrecorded")
# All days there may be: half of those that add or move a file give no date.
steps = st.lists(
    st.sampled_from(
        [
            Step(kind=kind, to=to, how=how)
            for kind in ("move", "move", "move", "move", "add", "drop")
            for to in (*[None] * 13, *range(13))
            for how in HOWS
        ]
    ),
    max_size=10,
)


def played(history: list[Step]) -> tuple[list[PolicyChange], list[Event], list[tuple[int, Step, bool]]]:
    """The changes and the record of a history, as jitbot reads them; and of each day whether the file was there before."""
    changes, events, days = [added()], [], list[tuple[int, Step, bool]]()
    there, now = True, None
    for number, step in enumerate(history, start=1):
        days.append((number, step, there))
        exists = step.kind != "drop"
        to = step.to if exists else None
        if (there, now) == (exists, to):
            continue
        move = a_move(number, to, before=now, existed=there, exists=exists)
        changes.append(move)
        by = {"reviewed": ("erin",), "alone": (), "stranger": ("frank",)}.get(step.how)
        if by is not None:
            events.append(event(move, *by))
        elif step.how == "pushed":
            events.append(event(move, pushed_by=an_actor("mallory")))
        elif step.how == "unknown":
            events.append(event(move, why="silence"))
        there, now = exists, to
    return changes, events, days


def counts(days: list[tuple[int, Step, bool]], upto: int) -> list[tuple[int, int]]:
    """The model: the reviews that count after a day, each with its own day, the oldest first. Written from the rules."""
    if upto < 0:
        return []
    before = counts(days, upto - 1)
    number, step, there = days[upto]
    was = next((s.to if s.kind != "drop" else None for _, s, _ in reversed(days[:upto])), None)
    if step.kind == "drop" or not there:
        return before  # it comes back as it went
    if step.to is None:
        return [] if was is not None else before
    if step.to == was:
        return before
    if before and step.to <= before[-1][1]:
        return [each for each in before if each[1] <= step.to]
    good = step.how == "reviewed" and step.to <= number
    return [*before, (number, step.to)] if good else before


@settings(max_examples=300, deadline=None)
@given(steps)
def test_the_reviews_equal_those_of_an_independent_model(history: list[Step]) -> None:
    """Whatever is added, moved, moved back, dropped and added again, and however each of it came to main."""
    changes, events, days = played(history)
    reviews = found(*changes, events=tuple(events), now=400)
    expected = counts(days, len(days) - 1)
    there = not days or days[-1][1].kind != "drop"
    assert [each.policy for each in reviews.policies] == ([NAME] if there else [])
    if there:
        last = reviews.policies[0].last
        assert (None if last is None else (last.commit, last.day)) == (
            None if not expected else (sha(f"c{expected[-1][0]}"), day(expected[-1][1]))
        )
    standing = {
        (each.commit, each.day)
        for each in reviews.made
        if each.result is MoveResult.COUNTED and each.withdrawn_by is None
    }
    assert standing >= {(sha(f"c{number}"), day(to)) for number, to in expected}
    assert all(each.reviewed_by == ("erin",) for each in reviews.made if each.result is MoveResult.COUNTED)


@settings(max_examples=100, deadline=None)
@given(steps, st.sampled_from(["pushed", "alone", "stranger", "unrecorded"]))
def test_nobody_who_may_not_sign_makes_a_review(history: list[Step], how: str) -> None:
    """Without an approval of an owner there is none, whatever else happens."""
    changes, events, _ = played([replace(each, how=how) for each in history])
    assert not [
        each for each in found(*changes, events=tuple(events)).made if each.result is MoveResult.COUNTED
    ]


# Whatever the rules do: what was overdue on a day is an exception of the time that has this day in it.


@dataclass(frozen=True)
class RuleStep:
    """One day: the policy's file, or how often reviews are due."""

    kind: str  # move, drop, add, interval
    to: int | None  # days after the beginning, or how many days between reviews
    how: str


rule_steps = st.lists(
    st.sampled_from(
        [
            RuleStep(kind=kind, to=to, how=how)
            for kind in ("move", "move", "drop", "add", "interval", "interval")
            for to in (*[None] * 12, *range(1, 13))
            for how in HOWS
        ]
    ),
    max_size=12,
)


def ruled(
    history: list[RuleStep],
) -> tuple[list[tuple[int, PolicyChange | IntervalChange, timedelta | None]], list[Event]]:
    """The changes with their days and the setting after each, and the record."""
    every: timedelta | None = timedelta(days=2)
    there, now = True, None
    changes: list[tuple[int, PolicyChange | IntervalChange, timedelta | None]] = [
        (0, added(every=every), every)
    ]
    events = list[Event]()
    for number, step in enumerate(history, start=1):
        if step.kind == "interval":
            after = None if step.to is None else timedelta(days=step.to)
            changes.append(
                (number, IntervalChange(change=a_commit(number), before=every, after=after), after)
            )
            every = after
            continue
        exists = step.kind != "drop"
        to = step.to if exists else None
        if (there, now) == (exists, to):
            continue
        move = a_move(number, to, before=now, existed=there, exists=exists, every=every)
        changes.append((number, move, every))
        by = {"reviewed": ("erin",), "alone": (), "stranger": ("frank",)}.get(step.how)
        if by is not None:
            events.append(event(move, *by))
        elif step.how == "pushed":
            events.append(event(move, pushed_by=an_actor("mallory")))
        there, now = exists, to
    return changes, events


@settings(max_examples=300, deadline=None)
@given(rule_steps)
def test_no_change_of_the_rules_hides_an_overdue_review(history: list[RuleStep]) -> None:
    """Settings that come and go, files that come and go, dates that move: it stays overdue, or came late, or lapsed."""
    changes, events = ruled(history)

    def seen(until: int) -> AccessReviews:
        known = [each for each in changes if each[0] <= until]
        return access_reviews(
            [change for _, change, _ in known],
            [each for each in events if each.at <= BEGIN + until * DAY + timedelta(hours=2)],
            BEGIN + until * DAY + timedelta(hours=2),
            every=known[-1][2],
            asked_at=a_commit(0),
        )

    last = len(history)
    final = seen(last)
    late = {each.policy for each in final.made if each.is_late or each.result is MoveResult.LAPSED}
    overdue = {each.policy for each in final.policies if each.state in _NOT_DONE}
    for day_ in range(last):
        for each in seen(day_).policies:
            if each.state is ReviewStanding.OVERDUE:
                assert each.policy in late | overdue


_NOT_DONE = {ReviewStanding.OVERDUE, ReviewStanding.UNKNOWN, ReviewStanding.WAITING}
