"""Whether one person's approval would change anything, and whether they saw what they would approve."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HEAD,
    HOUR,
    MERGED_AT,
    NOW,
    PATH,
    a_person,
    a_policy,
    an_actor,
    owned_by,
    sha,
    the_rules,
)
from builders import a_case, a_merge, a_pull, a_review, previewed

from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import RecordedAccount
from jitbot.domain.model.documents import Finding, Login, Sha
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.merge_facts import Actor, ChangeKind, PullRequest
from jitbot.domain.request.approving import moved, what_it_does, why_not_merged, why_not_open
from jitbot.domain.views.request_summary import RequestSummary

OPEN = a_pull(merged_at=None, merged_by=None, merge_commit=None)
TWO = a_policy(approvals=2)


def access(actor: Actor | None = None, **changes: Any) -> RepositoryAccess:
    """What bob's token, or another's, finds."""
    found = RepositoryAccess(
        actor=actor or an_actor("bob"),
        repository="acme/access",
        url="https://github.com/acme/access",
        repository_id=700001,
        branch="main",
        tip=sha("main"),
        may_write=True,
        auto_merge=True,
        methods=("squash",),
    )
    return replace(found, **changes)


def summary(**merge: Any) -> RequestSummary:
    """Alice's request as it would be if it were merged now; `policy`, `rules` and facts of the merge can be others."""
    rules = merge.pop("rules", None) or the_rules(policy=merge.pop("policy", a_policy()))
    preview = previewed(a_case(rules=rules, merge=a_merge(**{"reviews": (), "head_rules": rules, **merge})))
    return RequestSummary(
        path=PATH,
        kind=ChangeKind.ADDED,
        grant_preview=preview.grant_preview,
        awaiting=preview.awaiting,
        parsed_case=preview.decision.parsed_case,
    )


def why(
    actor: Actor | None = None,
    *summaries: RequestSummary,
    pull: PullRequest = OPEN,
    findings: tuple[Finding, ...] = (),
    **changes: Any,
) -> str:
    """Why this person's approval of alice's open pull request would change nothing."""
    return why_not_open(pull, access(actor, **changes), summaries or (summary(),), findings)


def test_an_owner_who_took_no_part_may_approve() -> None:
    """bob owns the path, and alice asks."""
    assert why() == ""


def test_who_owns_nothing_is_told_whose_it_is() -> None:
    """Known people who are no owners, and accounts that people.yaml does not know."""
    reason = why(an_actor("carol"))
    assert reason.startswith(
        "your approval would not count: carol does not own this path in CODEOWNERS; it is for "
    )
    assert "@acme/payments-leads" in reason
    assert why(None, summary(rules=the_rules(codeowners=owned_by()))).endswith("; it is for nobody")
    assert "is not in policies/people.yaml" in why(
        Actor(login=Login("eve"), github_id=an_actor("bob").github_id)
    )


def test_nobody_approves_their_own() -> None:
    """By the id of the account: another spelling of the login, or a rename, helps nobody."""
    mine = replace(an_actor("alice"), login=Login("renamed"))
    assert why(mine) == "#7 is your own, and nobody approves their own request"


def test_who_pushed_or_wrote_a_commit_is_told() -> None:
    """The reasons are those of the count of approvals itself."""
    commits = a_merge().commits
    named = tuple(replace(each, named=(*each.named, a_person("bob").github_id)) for each in commits)
    assert "bob is author or committer of a commit" in why(None, summary(commits=named))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"may_write": False}, "bob may not write to acme/access"),
        ({"branch": "trunk"}, "#7 goes into main, not into trunk"),
        ({"findings": (Finding(code="x", message="m", file=PATH),)}, "would be refused for good"),
        ({"pull": replace(OPEN, author=an_actor("bob"))}, "is your own"),
    ],
)
def test_what_an_approval_cannot_help_is_said(changes: dict[str, Any], words: str) -> None:
    """A person who may only read, another base, a request with findings, one's own."""
    assert words in why(**changes)


def test_a_bot_approves_nothing() -> None:
    """A job's token is nobody's, whatever it may do."""
    bot = Actor(login=Login("github-actions[bot]"), github_id=an_actor("bob").github_id, kind="Bot")
    assert "is no person" in why(bot)
    assert "is no person" in why_not_merged(a_pull(), access(bot), (review(),), {})


def test_an_approval_that_counts_already_is_not_asked_for_again() -> None:
    """One that no longer counts, of an older commit, is no reason not to approve."""
    assert "already, and that counts" in why(None, summary(reviews=(a_review("bob"),)))
    assert why(None, summary(reviews=(a_review("bob", commit=Sha("f" * 40)),))) == ""


def test_one_request_of_several_is_enough() -> None:
    """Of two requests in one pull request bob may own one: the review is of both, and counts for his."""
    foreign = replace(summary(), parsed_case=None, grant_preview=None, awaiting=None)
    assert why(None, summary(), foreign) == ""
    assert "cannot be judged" in why(None, foreign, foreign)
    assert list(what_it_does(OPEN, (foreign, summary(policy=TWO)))) == [
        "2 approvals are missing: it needs more than yours"
    ]


def test_break_glass_may_be_approved_by_anybody_who_writes() -> None:
    """GitHub wants one approval of anyone, and jitbot counts none."""
    glass = summary(policy=a_policy(approvals=0, review_within=24 * HOUR, reviewers=("erin",)))
    assert why(an_actor("carol"), glass) == ""
    assert [each[:45] for each in what_it_does(OPEN, (glass,))] == [
        "jitbot needs no approval of a break-glass. Gi"
    ]


def test_what_an_approval_leads_to() -> None:
    """That more are needed, or that the merge comes by itself, or that somebody presses Merge."""
    assert list(what_it_does(OPEN, (summary(policy=TWO),))) == [
        "2 approvals are missing: it needs more than yours"
    ]
    assert "it merges once this is approved" in next(
        what_it_does(replace(OPEN, auto_merge=True), (summary(),))
    )
    assert "presses Merge" in next(what_it_does(OPEN, (summary(),)))


def review(*reviewers: str, **changes: Any) -> PendingReview:
    """The review that a break-glass merge of alice's requires of these people."""
    named = tuple(
        RecordedAccount({"login": each, "github_id": a_person(each).github_id})
        for each in reviewers or ("bob",)
    )
    found = PendingReview(
        request=PATH,
        requester="alice",
        requester_id=1001,
        commit=sha("merge"),
        pull_request=7,
        head=HEAD,
        merged_at=MERGED_AT,
        review_by=EXPIRES_AT,
        reviewers=named,
        recorded_at=NOW,
    )
    return replace(found, **changes)


def test_after_the_merge_only_the_reviewers_of_a_break_glass_approve() -> None:
    """Everybody else, and everything else, is told why an approval would change nothing."""
    rules = the_rules().people.value or {}
    done = Event(kind=EventType.REVIEWED, at=NOW, request=PATH)

    def merged(*reviews: PendingReview, pull: PullRequest | None = None) -> str:
        return why_not_merged(pull or a_pull(), access(), reviews, rules)

    assert merged(review()) == ""
    assert "requires no review" in merged()
    assert "given already" in merged(review(reviewed=done))
    assert (
        merged(review("carol", "erin"))
        == "bob is no reviewer of this break-glass; one of these is: carol, erin"
    )
    assert merged(replace(review(), reviewers=())).endswith("one of these is: nobody")
    assert "another head" in merged(review(), pull=a_pull(head=Sha("f" * 40)))
    assert "is not in policies/people.yaml" in why_not_merged(a_pull(), access(), (review(),), {})


def test_what_changed_since_it_was_shown_is_not_approved() -> None:
    """Another head, another base, a merge, a close, and a reopening: each is named."""
    closed = replace(OPEN, closed_at=NOW)
    assert moved(OPEN, OPEN) == ""
    assert moved(OPEN, replace(OPEN, title="another", auto_merge=True)) == ""
    assert moved(OPEN, replace(OPEN, head=Sha("f" * 40))).startswith("somebody pushed to #7 meanwhile")
    assert "another base" in moved(OPEN, replace(OPEN, base_branch="trunk"))
    assert "merged or closed" in moved(OPEN, replace(closed, merged_at=NOW))
    assert "merged or closed" in moved(OPEN, closed)
    assert "opened again" in moved(closed, OPEN)
