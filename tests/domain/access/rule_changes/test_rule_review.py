"""Whether owners approved a change of the rules, from plain values: whose approval counts, and what it covers."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import (
    BASE,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PEOPLE,
    a_person,
    an_actor,
    people,
    sha,
    the_rules,
    unreadable,
)
from builders import a_pull, a_review

from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, approvals_of, rule_event
from jitbot.domain.access.rule_changes.rule_review import (
    NO_APPROVAL,
    NOT_READ,
    RuleReview,
    lacking,
    recorded_paths,
    reviewed,
)
from jitbot.domain.ledger import events
from jitbot.domain.ledger.events import EventType
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model import codeowners
from jitbot.domain.model.bounds import EVENT_WRITTEN, RULE_PATHS, RULE_REVIEWS
from jitbot.domain.model.documents import GithubId, Login, Parsed
from jitbot.domain.model.merge_facts import Dismissal, Review
from jitbot.domain.model.roster import Membership, Roster

POLICY, WORKFLOW = "policies/people.yaml", ".github/workflows/grant.yml"
OWNED = codeowners.parse("/policies/ @bob @carol\n/.github/ @erin\n")


def a_rule_change(*paths: str, **changes: Any) -> RuleChange:
    """A commit that changed these rules."""
    good = RuleChange(
        commit=MERGE, at=MERGED_AT, subject="change", paths=tuple(sorted(paths or (POLICY,))), base=BASE
    )
    return replace(good, **changes)


def judged(
    *reviews: Review, paths: tuple[str, ...] = (POLICY,), dismissals: Any = (), **rules: Any
) -> RuleReview:
    """The judgement of these reviews of alice's pull request."""
    known = the_rules(**{"codeowners": OWNED, **rules})
    return reviewed(a_rule_change(*paths), a_pull(), reviews, dismissals, known)


def test_an_owner_who_approved_is_enough() -> None:
    """One owner of each path: bob for policies/, erin for .github/."""
    assert judged(a_review()).lacks == ""
    both = (POLICY, WORKFLOW)
    assert judged(a_review(), paths=both).lacks == f"nobody approved it who owns {WORKFLOW}"
    assert judged(a_review(), a_review("erin", review_id=2), paths=both).lacks == ""


@pytest.mark.parametrize(
    ("review", "why"),
    [
        (a_review("alice"), "is its author"),
        (a_review(commit=sha("older")), "which is not the last commit"),
        (a_review(user=an_actor("bob", github_id=666)), "is not in policies/people.yaml"),
        (a_review(user=an_actor("bob", kind="Bot")), "is not in policies/people.yaml"),
        (a_review(state="CHANGES_REQUESTED"), "did not approve"),
    ],
)
def test_whose_approval_does_not_count(review: Review, why: str) -> None:
    """And then nobody's does; it is recorded beside, with why."""
    found = judged(review)
    assert found.lacks == "nobody approved it before the merge whose approval counts"
    ((other, said),) = found.not_counted
    assert other == review
    assert why in said


def test_an_author_under_another_login_is_its_author() -> None:
    """Two logins with one principal are one person."""
    alice = a_person("alice")
    twin = replace(a_person("bob"), principal=alice.principal)
    assert judged(a_review(), people=Parsed(value=people(twin))).not_counted[0][1] == "is its author"


def test_an_author_with_a_new_login_is_its_author() -> None:
    """GitHub's id is the person, whatever the login in people.yaml was."""
    author = replace(an_actor("bob"), login=Login("bobby"))
    found = reviewed(a_rule_change(), a_pull(author=author), (a_review(),), (), the_rules(codeowners=OWNED))
    assert found.not_counted[0][1] == "is its author"


def test_an_author_whom_nobody_knows_is_not_the_approver() -> None:
    """Who is not in people.yaml may open the pull request; bob's approval counts all the same."""
    stranger = a_pull(author=an_actor("stranger", github_id=GithubId(4242)))
    found = reviewed(a_rule_change(), stranger, (a_review(),), (), the_rules(codeowners=OWNED))
    assert (found.lacks, found.counted) == ("", (a_review(),))


@pytest.mark.parametrize("known", [PEOPLE, unreadable()])
def test_approvals_by_nobody_known_are_none(known: Any) -> None:
    """Also where the record, and not GitHub, says that they counted."""
    stranger = a_review("stranger")
    rules = the_rules(codeowners=OWNED, people=known)
    assert lacking(a_rule_change(), (stranger,), rules, MERGED_AT) == NO_APPROVAL


def test_what_came_after_the_merge_changes_nothing() -> None:
    """Neither an approval nor a dismissal; one from before does."""
    late = a_review(submitted_at=MERGED_AT + MINUTE)
    assert judged(late).lacks
    dismissed = a_review(state="DISMISSED")
    by = an_actor("mallory")
    after, before = (
        Dismissal(review_id=dismissed.review_id, by=by, state="APPROVED", at=MERGED_AT + step)
        for step in (MINUTE, -MINUTE)
    )
    assert judged(dismissed, dismissals=(after,)).lacks == ""
    assert judged(dismissed, dismissals=(before,)).lacks
    assert judged(dismissed).lacks


def test_what_is_not_merged_was_not_approved() -> None:
    """Only what was there before the merge counts, and there is none."""
    open_pull = a_pull(merged_at=None)
    found = reviewed(a_rule_change(), open_pull, (a_review(),), (), the_rules(codeowners=OWNED))
    assert found.lacks
    assert found.counted == ()


def test_rules_that_cannot_be_read_know_nobody() -> None:
    """Then no approval counts; a path without a known owner needs one approval, whoever gives it."""
    assert judged(a_review(), people=unreadable()).lacks
    assert judged(a_review(), codeowners=None).lacks == ""
    assert judged(a_review(), teams=unreadable()).lacks == ""  # bob owns it by his own name
    assert judged(a_review("erin"), paths=("docs/CODEOWNERS",)).lacks == ""


def test_a_flood_of_files_hides_no_path_from_its_owners() -> None:
    """Neither one that is too far behind to be recorded, nor those of a commit that nobody reads whole."""
    flood = tuple(f"policies/access/{number:04}.yaml" for number in range(2 * RULE_PATHS))
    assert judged(a_review(), paths=flood).lacks == ""
    assert judged(a_review(), paths=(*flood, WORKFLOW)).lacks == f"nobody approved it who owns {WORKFLOW}"
    others = judged(a_review("erin"), paths=(*flood, WORKFLOW)).lacks
    assert others.startswith("nobody approved it who owns policies/access/0000.yaml, ")
    assert others.endswith(f" and {len(flood) - 5} more")
    unread = a_rule_change(paths=(), whole=False)
    known = the_rules(codeowners=OWNED)
    assert reviewed(unread, a_pull(), (a_review(),), (), known).lacks == NOT_READ
    assert reviewed(unread, a_pull(), (), (), known).lacks == NO_APPROVAL


def test_what_a_decision_reads_is_named_first() -> None:
    """A hundred paths of many, each cut: a flood of code hides no policy."""
    flood = tuple(f"jitbot/{number:04}{'x' * 900}" for number in range(3000))
    found = recorded_paths(a_rule_change(*flood, POLICY, WORKFLOW, ".github/CODEOWNERS"))
    assert found[:3] == (POLICY, ".github/CODEOWNERS", WORKFLOW)
    assert (len(found), max(map(len, found))) == (RULE_PATHS, 400)


def test_the_largest_event_can_be_read_again() -> None:
    """Names that JSON makes six times as long, and reviews by the hundred."""
    names = tuple(f"policies/{number:04}" + "\x01\udc80" * 2000 for number in range(2000))
    reviews = tuple(
        a_review(user=an_actor("bob", github_id=9000 + number), review_id=number) for number in range(500)
    )
    change = a_rule_change(*names)
    review = reviewed(change, a_pull(), reviews, (), the_rules(codeowners=OWNED))
    assert len(review.not_counted) == RULE_REVIEWS
    event = rule_event(change, RuleOrigin(pull_request=a_pull(), review=review), now=NOW, run="")
    kept, content = events.bounded(event)
    assert kept == event
    assert len(content) < EVENT_WRITTEN
    assert events.load(event.path, content).evidence.paths_count == len(names)


def test_a_commit_has_one_event() -> None:
    """Its key has neither outcome nor time in it, so two runs record one."""
    change = a_rule_change()
    one = rule_event(change, RuleOrigin(why="unknown"), now=NOW, run="a")
    other = rule_event(change, RuleOrigin(pushed_by=an_actor("bob")), now=NOW + MINUTE, run="b")
    assert one.key == other.key
    assert one.kind is EventType.RULES


def test_what_was_recorded_reads_back_as_reviews() -> None:
    """So that an audit judges it by the same rule."""
    review = judged(a_review())
    event = rule_event(a_rule_change(), RuleOrigin(pull_request=a_pull(), review=review), now=NOW, run="")
    (again,) = approvals_of(event)
    assert again == replace(a_review(), state="APPROVED")
    assert event.evidence.head == HEAD


def test_too_much_to_read_has_no_count() -> None:
    """None of its files are named, as if they were all."""
    event = rule_event(a_rule_change(paths=(), whole=False), RuleOrigin(), now=NOW, run="")
    assert (event.evidence.paths, event.evidence.paths_count) == ((), None)


@pytest.mark.parametrize(
    ("since", "until", "enough"),
    [
        (None, None, True),
        (MERGED_AT - HOUR, MERGED_AT + MINUTE, True),
        (None, MERGED_AT, False),
        (MERGED_AT - MINUTE, None, False),
    ],
)
def test_an_owner_is_one_at_the_review_and_at_the_merge(
    since: datetime | None, until: datetime | None, enough: bool
) -> None:
    """A team owns the rules, and bob, who approved ten minutes before the merge, is in it for a time."""
    member = (Membership(login=Login("bob"), since=since, until=until), Membership(login=Login("erin")))
    teams = Parsed(value=Roster.of({"acme/security": member}))
    team_owns = codeowners.parse("/policies/ @acme/security\n")
    found = judged(a_review(), codeowners=team_owns, teams=teams)
    assert found.lacks == ("" if enough else f"nobody approved it who owns {POLICY}")
