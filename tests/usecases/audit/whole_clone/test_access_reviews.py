"""Access reviews by a whole clone in memory: which date is a review, what its owner saw, and where each policy stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from acme_facts import DAY, HOUR, MINUTE, NOW, sha
from builders import a_pull, a_review
from plain_audit import Documents, PlainClone

from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, rule_event
from jitbot.domain.access.rule_changes.rule_review import RuleReview
from jitbot.domain.audit.history.access_reviews import AccessReviews, PolicyStanding, ReviewStanding
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import SETTINGS, TEAMS
from jitbot.usecases.audit.access_reviews import _after_approval, dates_moved, read_access_reviews

NAME = "orders-db-read"
POLICY, OTHER = f"policies/access/{NAME}.yaml", "policies/access/ssm-shell.yaml"
CODEOWNERS = ".github/CODEOWNERS"
COUNTS, NOT = "reviewed", "does not count"


def text_of(clone: PlainClone, path: str) -> str:
    """A file as main has it."""
    return clone.trees.tree(clone.main())[path].decode()


def dated(clone: PlainClone, day: str | None, path: str = POLICY) -> dict[str, str]:
    """A policy with this date of a review, or with none."""
    lines = [each for each in text_of(clone, path).splitlines() if not each.startswith("reviewed:")]
    lines[1:1] = [] if day is None else [f"reviewed: {day}"]
    return {path: "\n".join(lines) + "\n"}


def review(clone: PlainClone, day: str, *paths: str, by: tuple[str, ...] = ("erin",), **how: Any) -> str:
    """A review that was merged, and recorded; gives its commit."""
    files = {path: text for each in paths or (POLICY,) for path, text in dated(clone, day, each).items()}
    clone.tell(clone.land(files, *by, **how))
    return clone.main()


def read(clone: PlainClone, **how: Any) -> AccessReviews:
    """What an audit reads of them now."""
    documents = cast("Any", Documents())
    return read_access_reviews(cast("Any", clone), documents, clone.main(), clone.told, clone.now, **how)


def results(clone: PlainClone) -> list[tuple[str, str]]:
    """Day and result of each date that moved."""
    return [(str(each.day), str(each.result)) for each in read(clone).made]


def standing(found: AccessReviews, name: str = NAME) -> PolicyStanding:
    """Where a policy stands."""
    (one,) = (each for each in (*found.policies, *found.removed) if each.policy == name)
    return one


def test_who_reviewed_what_when_and_over_which_rules() -> None:
    """Every policy has its place, none is overdue yet, and `verify` has nothing against the record."""
    clone = PlainClone()
    commit = review(clone, "2026-11-23", POLICY, OTHER)
    found = read(clone)
    assert [each.policy for each in found.made] == [NAME, "ssm-shell"]
    one = found.made[0]
    assert (one.result, one.reviewed_by, one.author, one.app) == (COUNTS, ("erin",), "bob", False)
    assert (one.commit, one.before, one.is_late, one.due is not None) == (commit, None, False, True)
    assert len(one.digest) == 64
    mine = standing(found)
    assert (mine.state, str(mine.due)) == (ReviewStanding.IN_TIME, "2027-02-21")
    assert {each.state for each in found.policies if each.last is None} == {ReviewStanding.NEVER}
    assert clone.verdict().problems == ()
    assert {path: dict(days) for path, days in dates_moved(cast("Any", clone), cast("Any", Documents()), clone.told).items()} == {
        commit: {NAME: one.day, "ssm-shell": one.day}
    }  # fmt: skip


def test_what_is_overdue_and_what_came_late() -> None:
    """A review after its last day puts the policy in time again, and is late."""
    clone = PlainClone()
    review(clone, "2026-11-23")
    clone.later(91 * DAY)
    assert {each.state for each in read(clone).policies} == {ReviewStanding.OVERDUE}
    review(clone, "2027-02-23")
    found = read(clone)
    assert (standing(found).state, found.made[-1].is_late) == (ReviewStanding.IN_TIME, True)


def test_a_date_past_the_rules_is_no_review() -> None:
    """Pushed, merged without an approval of another owner, or ahead of its merge: each is there, and none counts."""
    clone = PlainClone()
    review(clone, "2026-11-20", pushed=True)
    review(clone, "2026-11-21", by=("olivia",))
    review(clone, "2026-11-30")
    found = read(clone)
    assert [each.result for each in found.made] == [NOT] * 3
    pushed, alone, ahead = (each.why for each in found.made)
    assert pushed.startswith("it was pushed past the rules by olivia")
    assert alone.startswith("no other owner approved it")
    assert ahead == "its date, 2026-11-30, is after the merge"
    mine = standing(found)
    assert (mine.last, str(mine.claimed)) == (None, "2026-11-30")
    assert "the date in its file, 2026-11-30, is of no review" in mine.why


WIDER = ("[alice, carol, mallory]", "[alice, carol, mallory, grace]")


@pytest.mark.parametrize("pushed", [False, True], ids=["merged", "pushed"])
@pytest.mark.parametrize(
    ("path", "old", "new", "counts"),
    [
        (TEAMS, *WIDER, False),
        (CODEOWNERS, "\n/requests/orders-db-read/ ", "\n/requests/orders-db-read/ @erin ", False),
        (TEAMS, "[alice, carol, mallory]", "[alice, carol, mallory]  # as before", True),
    ],
    ids=["who may ask", "who approves", "a comment"],
)
def test_what_was_widened_after_the_approval_nobody_signed(
    path: str, old: str, new: str, *, counts: bool, pushed: bool
) -> None:
    """Somebody more may ask, or approve, before the review is merged: its owner saw other rules. A comment is no rule."""
    clone = PlainClone()
    approved_at = clone.now
    clone.later(HOUR)
    assert old in text_of(clone, path)
    clone.tell(
        clone.land({path: text_of(clone, path).replace(old, new)}, "erin", login="frank", pushed=pushed)
    )
    clone.later(HOUR)
    review(clone, "2026-11-23", approved_at=approved_at)
    (found,) = read(clone).made
    assert (found.result, found.reviewed_by) == ((COUNTS, ("erin",)) if counts else (NOT, ()))
    assert counts or found.why == "what the policy rests on was changed after it was approved"


@pytest.mark.parametrize(
    ("after", "result"),
    [(-MINUTE, COUNTS), (timedelta(), NOT), (MINUTE, NOT)],
    ids=["before", "with", "after"],
)
def test_a_change_in_the_second_of_the_approval_was_not_seen(after: timedelta, result: str) -> None:
    """Which of the two came first nobody knows; one before the approval its owner saw, whatever date its commit has."""
    clone = PlainClone()
    changed_at = clone.now
    wider = {TEAMS: text_of(clone, TEAMS).replace(*WIDER)}
    clone.tell(clone.land(wider, "erin", login="frank", dated=clone.now + HOUR))
    clone.later(HOUR)
    review(clone, "2026-11-23", approved_at=changed_at - after)
    assert results(clone) == [("2026-11-23", result)]


def test_a_push_was_there_when_a_merge_after_it_was() -> None:
    """It is recorded later; and what was approved after that merge was approved of both."""
    clone = PlainClone()
    late = clone.land({TEAMS: text_of(clone, TEAMS).replace(*WIDER)}, pushed=True)
    clone.later(HOUR)
    merge = clone.land({CODEOWNERS: f"# the same lines\n{text_of(clone, CODEOWNERS)}"}, "erin")
    clone.later(HOUR)
    approved_at = clone.now
    clone.later(HOUR)
    clone.tell(*(replace(each, at=clone.now) for each in (late, merge)))
    review(clone, "2026-11-23", approved_at=approved_at)
    assert results(clone) == [("2026-11-23", COUNTS)]


def test_only_commits_that_may_be_younger_than_an_approval_are_looked_into() -> None:
    """Down to the second of the first one, however long the record is."""
    approval = a_review(submitted_at=NOW)
    changes = [RuleChange(commit=sha(f"{n}"), at=NOW, subject="x", paths=(POLICY,)) for n in range(-3, 3)]
    record = {
        change.commit: rule_event(
            change,
            RuleOrigin(pull_request=a_pull(merged_at=NOW + n * HOUR), review=RuleReview(counted=(approval,))),
            now=NOW + DAY,
            run="run",
        )
        for n, change in enumerate(changes, -3)
    }
    *former, last = changes
    found = _after_approval(record[last.commit], reversed(former), record)
    assert [(at, change.commit) for at, change in found] == [(NOW + HOUR, sha("1")), (NOW, sha("0"))]
    assert list(_after_approval(None, former, record)) == []


def test_a_revert_takes_the_review_away() -> None:
    """What is said of it stays, with the commit that moved the date back; the one before it counts again."""
    clone = PlainClone()
    review(clone, "2026-11-22")
    review(clone, "2026-11-23")
    back = review(clone, "2026-11-22")
    found = read(clone)
    assert [(str(each.day), str(each.result), each.withdrawn_by) for each in found.made] == [
        ("2026-11-22", COUNTS, None), ("2026-11-23", COUNTS, back), ("2026-11-22", "moved back", None),
    ]  # fmt: skip
    last = standing(found).last
    assert last is not None
    assert str(last.day) == "2026-11-22"


def test_a_renamed_policy_was_never_reviewed_and_wins_no_time() -> None:
    """Requests name a policy by its file, so it is another one, due when the old one would be; the old one is gone."""
    clone = PlainClone()
    review(clone, "2026-11-23")
    clone.later(80 * DAY)
    clone.tell(clone.land({POLICY: None, "policies/access/orders-read.yaml": text_of(clone, POLICY)}, "erin"))
    found = read(clone)
    gone, mine = standing(found), standing(found, "orders-read")
    assert (gone.state, mine.state, mine.last) == (ReviewStanding.REMOVED, ReviewStanding.NEVER, None)
    assert str(mine.due) == "2027-02-21"
    assert "removed it" in gone.why


def test_an_overdue_review_does_not_go_away_with_the_setting() -> None:
    """Where settings.yaml asks for reviews no longer, what was overdue then is written down as asked for no longer."""
    clone = PlainClone()
    settings = text_of(clone, SETTINGS).replace("review_every: 90d\n", "")
    clone.later(98 * DAY)
    clone.tell(clone.land({SETTINGS: settings}, "erin"))
    found = read(clone)
    assert {str(each.result) for each in found.made} == {"asked for no longer"}
    assert {each.policy for each in found.made} == {each.policy for each in found.policies}
    assert {each.state for each in found.policies} == {ReviewStanding.NOT_ASKED}


def test_main_is_taken_as_it_was() -> None:
    """With `until`, what came after it does not change what stood then, whatever date its commit has."""
    clone = PlainClone()
    clone.tell(clone.land(dated(clone, "2026-11-23"), "erin"))
    clone.later(10 * DAY)
    until = clone.now
    clone.later(DAY)
    settings = text_of(clone, SETTINGS).replace("review_every: 90d\n", "")
    clone.tell(clone.land({SETTINGS: settings}, pushed=True, dated=clone.now - 9 * DAY))
    review(clone, "2026-11-24")
    before, now = read(clone, until=until), read(clone)
    assert (standing(before).state, standing(now).state) == (ReviewStanding.IN_TIME, ReviewStanding.NOT_ASKED)
    assert (len(before.made), len(now.made)) == (1, 2)


def test_what_an_app_opened_is_said() -> None:
    """It is a review by its owner, who may have had it opened: one person is on record."""
    clone = PlainClone()
    event = clone.land(dated(clone, "2026-11-23"), "erin")
    author = {"login": "github-actions[bot]", "github_id": 41898282, "type": "Bot"}
    clone.tell(replace(event, evidence=Evidence({**event.evidence.json, "author": author})))
    (one,) = read(clone).made
    assert (one.result, one.reviewed_by, one.author, one.app) == (
        COUNTS, ("erin",), "github-actions[bot]", True,
    )  # fmt: skip


def test_rules_that_changed_since_have_another_digest() -> None:
    """By a team that the policy names; other words change nothing of what was reviewed."""
    clone = PlainClone()
    review(clone, "2026-11-23")
    words = text_of(clone, POLICY).replace("Read one DynamoDB table", "Other words about a table")
    clone.tell(clone.land({POLICY: words}, "erin"))
    clone.later(DAY)
    review(clone, "2026-11-24")
    clone.tell(clone.land({TEAMS: text_of(clone, TEAMS).replace(*WIDER)}, "erin"))
    clone.later(DAY)
    review(clone, "2026-11-25")
    one, same, other = (each.digest for each in read(clone).made)
    assert one == same != other


def test_a_file_that_does_not_read_takes_nothing_away() -> None:
    """The date that was there counts, and so does that of the commit that repairs it."""
    clone = PlainClone()
    commit = review(clone, "2026-11-22")
    good = dated(clone, "2026-11-23")
    clone.tell(clone.land({POLICY: "x: ["}, pushed=True))
    last = standing(read(clone)).last
    assert last is not None
    assert last.commit == commit
    clone.later(HOUR)
    clone.tell(clone.land(good, "erin"))
    made = [(str(each.before), str(each.day), str(each.result)) for each in read(clone).made]
    assert made[1:] == [("2026-11-22", "2026-11-23", COUNTS)]


def test_a_review_whose_event_was_taken_away_counts_for_nothing() -> None:
    """The ledger is cut back: `verify` finds that the event is missing, and nobody knows of an approval."""
    clone = PlainClone()
    clone.tell(clone.land({TEAMS: f"{text_of(clone, TEAMS)}# begins the record\n"}, "erin"))
    review(clone, "2026-11-23")
    clone.ledger_of.commits.pop()
    clone.told.pop()
    clone.later(2 * DAY)
    assert {each.code for each in clone.verdict().of(Severity.BROKEN)} == {"rules-not-recorded"}
    assert results(clone) == [("2026-11-23", "unknown")]
