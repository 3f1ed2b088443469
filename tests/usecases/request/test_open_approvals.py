"""The approvals of an open pull request, on a GitHub in memory: what counts, what is asked, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, MINUTE, NOW, PATH, SECOND, an_actor, sha
from builders import a_commit
from plain_github import Fault
from plain_pull_requests import NOTHING_HAPPENED
from plain_reviews import PlainReviews
from plain_trees import MAIN

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import Dismissal, PullRequest, Push
from jitbot.usecases.request.open_approvals import OpenApprovals

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
PEOPLE, TEAMS = "policies/people.yaml", "policies/teams.yaml"


def of(
    acme: PlainReviews, pull: PullRequest, approvals: OpenApprovals | None = None
) -> PendingApprovals | NotKnown:
    """What is said of a pull request."""
    return (approvals or OpenApprovals(client=acme.client())).of(pull, PATH, NOW)


def known(acme: PlainReviews, pull: PullRequest, approvals: OpenApprovals | None = None) -> PendingApprovals:
    """The same where it is known."""
    found = of(acme, pull, approvals)
    assert isinstance(found, PendingApprovals), found
    return found


def by(found: PendingApprovals) -> list[str]:
    """Whose approvals count."""
    return [each.person.login for each in found.approvals]


def whys(found: PendingApprovals) -> list[str]:
    """Why others do not."""
    return [each.why for each in found.ignored]


def unknown(acme: PlainReviews, pull: PullRequest) -> str:
    """Why nothing is known."""
    found = of(acme, pull)
    assert isinstance(found, NotKnown), found
    return found.why


def test_the_request_at_the_head_is_read() -> None:
    """None where nothing lies there, or what lies there does not read; a deletion is told from that."""
    acme = PlainReviews()
    acme.files[PATH] = TEXT
    approvals = OpenApprovals(client=acme.client())
    good, odd, gone = (acme.offer({PATH: each}) for each in (TEXT.replace(b"2h", b"1h"), b"x: [", None))
    found = approvals.request(good, PATH)
    assert found is not None
    assert found.duration == HOUR
    assert [approvals.request(each, PATH) for each in (odd, gone)] == [None, None]
    assert [approvals.deletes(each, PATH) for each in (good, odd, gone)] == [False, False, True]


def test_an_owners_approval_of_the_head_counts() -> None:
    """Of bob, whom nothing keeps from it; without one he is waited for."""
    acme = PlainReviews()
    found = known(acme, acme.offer({PATH: TEXT}))
    assert (by(found), [each.login for each in found.able], found.missing) == ([], ["bob"], 1)
    found = known(acme, acme.offer({PATH: TEXT}, by="bob"))
    assert (by(found), found.enough) == (["bob"], True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"permissions": {"bob": "read"}}, "may not write to the repository"),
        ({"happened": replace(NOTHING_HAPPENED, retargeted_at=NOW)}, "approved before the pull request was moved to this base"),
        ({"happened": replace(NOTHING_HAPPENED, reopened_at=NOW)}, "approved before the pull request was opened again"),
    ],
)  # fmt: skip
def test_what_github_says_around_it_can_undo_it(changes: dict[str, Any], why: str) -> None:
    """Who may write, and what happened to the pull request since."""
    acme = PlainReviews(**changes)
    assert whys(known(acme, acme.offer({PATH: TEXT}, by="bob"))) == [why]


def test_who_dismissed_an_objection_matters() -> None:
    """Where somebody else did it is gone; where GitHub says nothing of it, it stands."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    acme.reviews_of[1] = (acme.approval(pull, "bob", state="DISMISSED"),)
    assert [each.login for each in known(acme, pull).objectors] == ["bob"]
    dismissal = Dismissal(review_id=1, by=an_actor("erin"), state="CHANGES_REQUESTED", at=NOW - MINUTE)
    acme.happened = replace(NOTHING_HAPPENED, dismissals=(dismissal,))
    assert known(acme, pull).objectors == ()
    acme.reviews_of[1] = (acme.approval(pull, "bob", state="CHANGES_REQUESTED"),)
    acme.calls.clear()
    assert [each.login for each in known(acme, pull).objectors] == ["bob"]
    assert "history" not in acme.calls


def test_a_review_of_a_clock_ahead_of_ours_was_submitted() -> None:
    """Whatever our clock says; an old one is too old by ours."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, created_at=NOW - 2 * DAY)
    acme.reviews_of[1] = (acme.approval(pull, "bob", submitted_at=NOW + HOUR),)
    assert by(known(acme, pull)) == ["bob"]
    acme.reviews_of[1] = (acme.approval(pull, "bob", submitted_at=NOW - DAY - SECOND),)
    assert whys(known(acme, pull)) == ["approved too long before the merge"]


def a_push(login: str, after: Sha, minutes: int, before: Sha = MAIN) -> Push:
    """Somebody moved the branch, so many minutes ago."""
    return Push(actor=an_actor(login), before=before, after=after, kind="push", at=NOW - minutes * MINUTE)


def test_who_pushed_the_request_does_not_approve_it() -> None:
    """Nor does an approval count that is older than the last push. Of a fork's branch nothing is asked of ours."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    acme.moves = (a_push("bob", pull.head, 9),)
    assert whys(known(acme, pull)) == ["pushed to the request's branch"]
    acme.moves = (a_push("alice", pull.head, 9),)
    assert by(known(acme, pull)) == ["bob"]
    acme.moves = (a_push("alice", pull.head, 9), a_push("alice", pull.head, 1, sha("other")))
    assert whys(known(acme, pull)) == ["approved before the last push"]
    assert by(known(acme, replace(pull, head_repository_id=4711, head_branch=""))) == ["bob"]


def test_a_branch_that_was_moved_too_often_is_not_known() -> None:
    """No approval helps then."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    acme.moves = (a_push("alice", pull.head, 9),) * (bounds.MOVES - 1)  # and it was made
    assert by(known(acme, pull)) == ["bob"]
    acme.moves += acme.moves[:1]
    assert f"its branch was moved more than {bounds.MOVES} times: ask anew" in unknown(acme, pull)
    acme.reviews_of.clear()
    assert by(known(acme, pull)) == []


def test_who_wrote_the_request_does_not_approve_it() -> None:
    """Of several commits those that change it against their first parent, the first of a history too."""
    acme = PlainReviews()
    first = acme.push("b", {PATH: TEXT})
    pull = acme.offer({"requests/README.md": b"newer"}, parent=first, by="bob")
    acme.commits_of[1] = (a_commit("alice", name=first), a_commit("bob", name=pull.head))
    assert by(known(acme, pull)) == ["bob"]
    acme.commits_of[1] = (a_commit("bob", name=first), a_commit("alice", name=pull.head))
    assert whys(known(acme, pull)) == ["is author or committer of a commit that changes the request"]
    acme.commits_of[1] = (a_commit("bob", name=MAIN), a_commit("alice", name=pull.head))
    assert acme.parents.get(MAIN) is None
    assert whys(known(acme, pull)) == ["is author or committer of a commit that changes the request"]


def test_the_only_commit_changes_it_without_a_question() -> None:
    """Nobody asks for its parent."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    acme.commits_of[1] = (a_commit("bob", name=pull.head),)
    assert whys(known(acme, pull)) == ["is author or committer of a commit that changes the request"]
    assert "first_parent" not in acme.calls


def test_more_commits_than_are_compared_are_not_known() -> None:
    """Twenty are."""
    acme = PlainReviews()
    tip, commits = MAIN, []
    for number in range(20):
        tip = acme.push("b", {PATH if number == 0 else f"x{number}": TEXT}, tip)
        commits.append(a_commit("alice", name=tip))
    pull = replace(acme.offer({}, by="bob"), head=tip)
    acme.reviews_of[1] = (acme.approval(pull, "bob"),)
    acme.commits_of[1] = tuple(commits)
    assert by(known(acme, pull)) == ["bob"]
    acme.commits_of[1] += (a_commit("alice", name=sha("more")),)
    assert unknown(acme, pull) == "it has more than 20 commits, too many to compare without a clone"


@pytest.mark.parametrize("listed", [(), (a_commit("alice", name=sha("other")),)], ids=["none", "another"])
def test_a_list_without_the_head_is_not_whole(listed: tuple[Any, ...]) -> None:
    """Whom the missing commits name cannot be told."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    acme.commits_of[1] = listed
    assert unknown(acme, pull) == "GitHub does not list all of its commits"


@pytest.mark.parametrize("part", ["reviews", "commits", "history", "permission", "folders", "contents"])
def test_what_cannot_be_read_is_not_known(part: str) -> None:
    """It is never replaced by a weaker rule."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    acme.faults[part] = Fault(error=UnavailableError("GitHub does not answer"))
    assert unknown(acme, pull) == "GitHub does not answer"


def test_a_github_that_does_not_list_pushes_is_one_that_names_none() -> None:
    """As for a decision."""
    acme = PlainReviews(faults={"pushes": Fault(error=DeniedError("403"))})
    assert by(known(acme, acme.offer({PATH: TEXT}, by="bob"))) == ["bob"]


def test_what_would_be_refused_anyway_is_not_approved() -> None:
    """Another base, a head without the file, rules that do not read: whoever approved, it is said why not."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    assert (
        unknown(acme, replace(pull, base_branch="other")) == "its pull request goes into other, not into main"
    )
    gone = acme.offer({"README.md": b"x"}, by="bob")
    assert unknown(acme, gone) == "merged now it would be refused: this is no plain file: git mode 000000"
    for path in (PEOPLE, TEAMS):
        broken = PlainReviews()
        mine = broken.offer({PATH: TEXT}, by="bob")
        broken.files[path] = b"x: ["
        assert unknown(broken, mine).startswith("merged now it would be refused: ")


def test_who_looks_again_asks_for_little() -> None:
    """Until somebody approves, for the reviews; then for what may have changed around the approval, and where main is."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    following = OpenApprovals(client=acme.client(), follows=True)
    known(acme, pull, following)
    assert not {"tip", "history", "pushes"} & set(acme.calls)
    acme.calls.clear()
    known(acme, pull, following)
    assert acme.calls == ["reviews"]
    acme.reviews_of[1] = (acme.approval(pull, "bob"),)
    acme.calls.clear()
    known(acme, pull, following)
    assert acme.calls == ["reviews", "tip", "history", "pushes", "permission"]
    once = OpenApprovals(client=acme.client())
    known(acme, pull, once)
    assert "tip" not in acme.calls[5:]


def test_a_folder_is_asked_for_once() -> None:
    """Who read the request at the head has what is read of its rules."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    approvals = OpenApprovals(client=acme.client())
    assert approvals.request(pull, PATH) is not None
    known(acme, pull, approvals)
    assert acme.calls.count("folders") == 2  # of the head, and of main
    acme.calls.clear()
    known(acme, pull)
    assert acme.calls.count("folders") == 2  # who did not has it with the request


def test_who_follows_sees_rules_that_change_meanwhile() -> None:
    """An answer from before main moved is not given again after it; where main is not named, it is where it was."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT}, by="bob")
    following, once = (OpenApprovals(client=acme.client(), follows=each) for each in (True, False))
    assert by(known(acme, pull, once)) == by(known(acme, pull, following)) == ["bob"]
    del acme.branches["main"]
    assert by(known(acme, pull, following)) == ["bob"]
    acme.branches["main"] = MAIN
    leads = acme.files[TEAMS].replace(b"leads: [bob]", b"leads: [erin]")
    acme.push("main", {TEAMS: leads})
    assert by(known(acme, pull, following)) == []
    del acme.branches["main"]
    assert by(known(acme, pull, following)) == []
    assert by(known(acme, pull, once)) == ["bob"]
