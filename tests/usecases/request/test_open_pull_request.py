"""A proposal put before its approvers, on a GitHub in memory: whatever fails, it is whole or gone, and nobody else's is touched."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from acme_facts import HEAD, NOW, an_actor, sha
from builders import a_pull
from plain_github import Fault, PlainGitHub
from plain_trees import MAIN

from jitbot.domain.access.approvals.requirement import RequiredTeam, Requirement
from jitbot.domain.access_review.review_proposal import ReviewProposal
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import BranchRules
from jitbot.usecases.request.open_pull_request import (
    free_branch,
    free_path,
    merge_when_approved,
    open_pull,
    too_early,
)

BRANCH = "jitbot/x"
FILES = {"policies/access/a.yaml": b"a\n", "b": b"b\n"}
PROPOSAL = ReviewProposal(files=FILES, branch=BRANCH, title="t", body="b", message="m")
NO_ANSWER, REFUSED = UnavailableError("GitHub does not answer"), DeniedError("GitHub refuses")
WRITES = ("create_branch", "commit_on_branch", "open_pull")


def whole(acme: PlainGitHub) -> bool:
    """Whether there is one branch, with one commit on main's tip, and one open pull request from it."""
    commit = acme.branches.get(BRANCH, sha("none"))
    return (
        [each.head_branch for each in acme.open_pulls()] == [BRANCH]
        and acme.parents[commit] == MAIN
        and {path: acme.trees[commit][path] for path in FILES} == FILES
    )


def nothing(acme: PlainGitHub) -> bool:
    """Whether nothing is left."""
    return not acme.open_pulls() and acme.branches.keys() == {"main"}


def test_it_is_opened() -> None:
    """One branch, one commit, one pull request, and no question beside them."""
    acme = PlainGitHub()
    assert open_pull(acme.client(), PROPOSAL).head_branch == BRANCH
    assert whole(acme)
    assert acme.calls == ["access", *WRITES]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("error", [NO_ANSWER, KeyboardInterrupt()])
def test_a_write_that_failed_took_effect_or_leaves_nothing(name: str, error: BaseException) -> None:
    """Without an answer GitHub is asked: what took effect counts. Ctrl-C leaves nothing in any case."""
    for after in (False, True):
        acme = PlainGitHub(faults={name: Fault(error=error, after=after)})
        if after and isinstance(error, JitbotError):
            open_pull(acme.client(), PROPOSAL)
            assert whole(acme)
        else:
            with pytest.raises(type(error)):
                open_pull(acme.client(), PROPOSAL)
            assert nothing(acme)


@pytest.mark.parametrize("name", WRITES)
def test_where_github_does_not_say_either_it_is_named(name: str) -> None:
    """Neither the write nor the question after it is answered: the branch is named, with how to delete it."""
    acme = PlainGitHub(
        faults={
            name: Fault(error=NO_ANSWER, after=True),
            "tip": Fault(error=NO_ANSWER),
            "open_pulls": Fault(error=NO_ANSWER),
        }
    )
    with pytest.raises(UnavailableError, match=f"git push origin --delete {BRANCH}"):
        open_pull(acme.client(), PROPOSAL)


def test_an_empty_branch_of_this_name_is_taken() -> None:
    """It holds nothing but main; one that holds something is somebody's, and stays."""
    acme = PlainGitHub()
    acme.branches[BRANCH] = MAIN
    open_pull(acme.client(), PROPOSAL)
    assert whole(acme)
    theirs = PlainGitHub()
    tip = theirs.push(BRANCH, {"mine": b"x"})
    with pytest.raises(DeniedError, match=f"somebody made a branch {BRANCH} just now; run this again"):
        open_pull(theirs.client(), PROPOSAL)
    assert (theirs.branches[BRANCH], theirs.open_pulls()) == (tip, ())


@pytest.mark.parametrize(
    "theirs",
    [
        {"mine": b"x"},
        {**FILES, "b": b"other\n"},
        {"b": FILES["b"]},
    ],
    ids=["another file", "another content", "a part"],
)
def test_what_somebody_pushes_between_is_not_ours(theirs: dict[str, bytes]) -> None:
    """A commit that is not exactly ours is neither opened nor deleted."""
    acme = PlainGitHub()
    acme.meanwhile["commit_on_branch"] = lambda: acme.push(BRANCH, theirs)
    with pytest.raises(DeniedError, match=f"somebody pushed to the branch {BRANCH} just now"):
        open_pull(acme.client(), PROPOSAL)
    assert BRANCH in acme.branches
    assert acme.open_pulls() == ()


def test_the_same_files_on_another_commit_are_not_ours() -> None:
    """Only a commit on main's tip is."""
    acme = PlainGitHub()
    between = acme.push("other", {"z": b"z"})
    acme.meanwhile["commit_on_branch"] = lambda: acme.push(BRANCH, FILES, between)
    with pytest.raises(DeniedError, match="somebody pushed"):
        open_pull(acme.client(), PROPOSAL)
    assert BRANCH in acme.branches


def test_a_folder_of_its_own_holds_no_more_than_ours() -> None:
    """What took effect without an answer counts there, too."""
    acme = PlainGitHub(faults={"commit_on_branch": Fault(error=NO_ANSWER, after=True)})
    open_pull(acme.client(), replace(PROPOSAL, files={"new/a": b"a"}))
    assert len(acme.open_pulls()) == 1


def test_a_commit_that_is_refused_takes_the_branch_back() -> None:
    """The refusal itself is what is said."""
    acme = PlainGitHub(faults={"commit_on_branch": Fault(error=REFUSED)})
    with pytest.raises(DeniedError, match="GitHub refuses"):
        open_pull(acme.client(), PROPOSAL)
    assert nothing(acme)


def test_a_branch_that_went_meanwhile_is_not_deleted_again() -> None:
    """Nothing is there to take back."""
    acme = PlainGitHub()
    acme.meanwhile["commit_on_branch"] = lambda: acme.branches.pop(BRANCH)
    with pytest.raises(DeniedError, match=f"no branch {BRANCH}"):
        open_pull(acme.client(), PROPOSAL)
    assert "delete_branch" not in acme.calls


@pytest.mark.parametrize(
    ("changes", "ours"),
    [({}, True), ({"head": HEAD}, False), ({"author": an_actor("mallory")}, False)],
)
def test_only_our_own_pull_request_is_recognised(changes: dict[str, object], *, ours: bool) -> None:
    """Of our commit, and by us: anybody may open one from that branch."""
    acme = PlainGitHub(faults={"open_pull": Fault(error=NO_ANSWER)})

    def opened() -> None:
        made = a_pull(
            head=acme.branches[BRANCH], head_branch=BRANCH, author=an_actor("alice"), merged_at=None
        )
        acme.pulls.append(replace(made, **changes))  # type: ignore[arg-type]  # by name

    acme.meanwhile["open_pull"] = opened
    if ours:
        assert open_pull(acme.client(), PROPOSAL).number == acme.pulls[0].number
    else:
        with pytest.raises(UnavailableError, match="does not answer"):
            open_pull(acme.client(), PROPOSAL)
        assert BRANCH not in acme.branches


def test_what_cannot_be_taken_back_is_named() -> None:
    """With how to delete it."""
    acme = PlainGitHub(faults={"open_pull": Fault(error=REFUSED), "delete_branch": Fault(error=REFUSED)})
    with pytest.raises(UnavailableError, match=f"may be left behind .*git push origin --delete {BRANCH}"):
        open_pull(acme.client(), PROPOSAL)


def path(number: int, name: str = "inc-1") -> str:
    """A path of alice's request of this number."""
    return f"requests/orders-db-read/2026-11/24-alice-{name}{f'-{number}' if number > 1 else ''}.yaml"


def free(acme: PlainGitHub) -> str:
    """The path of her next request."""
    return free_path(acme.client(), "orders-db-read", "INC-1", NOW)


def branch_of(request: str) -> str:
    """The branch on which a request is asked for."""
    return "jitbot/ask/orders-db-read/2026-11-" + request.rpartition("/")[2].removesuffix(".yaml")


def test_a_path_is_taken_by_a_branch_or_by_mains_past() -> None:
    """The first that neither has; after nine of a name the second of the day makes another."""
    assert free(PlainGitHub()) == path(1)
    assert free(PlainGitHub(used={path(1)})) == path(2)
    acme = PlainGitHub(used={path(2)})
    acme.branches[branch_of(path(1))] = HEAD
    assert free(acme) == path(3)
    named = {path(number) for number in range(1, 10)}
    assert free(PlainGitHub(used=named)) == path(1, "at-090100")
    timed = {path(number, "at-090100") for number in range(1, 10)}
    with pytest.raises(InvalidError, match="have every name that 'inc-1' gives; run this again"):
        free(PlainGitHub(used=named | timed))


def test_a_branch_that_is_taken_is_numbered() -> None:
    """The first name is the proposal's own; after ninety-nine it is said."""
    acme = PlainGitHub()
    assert free_branch(acme.client(), PROPOSAL) == PROPOSAL
    acme.branches[BRANCH] = HEAD
    assert free_branch(acme.client(), PROPOSAL).branch == f"{BRANCH}-2"
    acme.branches |= {f"{BRANCH}-{number}": HEAD for number in range(2, 100)}
    with pytest.raises(InvalidError, match=f"the branch {BRANCH} exists already"):
        free_branch(acme.client(), PROPOSAL)


NOT_ALLOWED = "the repository does not allow it"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, ("squash", "")),
        (lambda acme: setattr(acme, "auto_merge", False), ("", NOT_ALLOWED)),
        (lambda acme: setattr(acme, "methods", ()), ("", NOT_ALLOWED)),
        (lambda acme: acme.faults.update(rules=Fault(error=NO_ANSWER)), ("", str(NO_ANSWER))),
        (lambda acme: acme.faults.update(merge_when_ready=Fault(error=REFUSED)), ("", str(REFUSED))),
        (
            lambda acme: setattr(acme, "rules", replace(acme.rules, checks=frozenset())),
            (
                "",
                "it takes 1 of the owners' approvals, and main's rules do not wait for that (jitbot/approval is no required check)",
            ),
        ),
    ],
)
def test_auto_merge_is_on_or_it_is_said_why_not(
    change: Callable[[PlainGitHub], object], said: tuple[str, str]
) -> None:
    """The pull request stands either way."""
    acme = PlainGitHub()
    change(acme)
    client = acme.client()
    pull = open_pull(client, PROPOSAL)
    assert merge_when_approved(client, pull, Requirement(need=1)) == said
    assert acme.merging == ([(1, "squash")] if said[0] else [])
    assert [each.number for each in acme.open_pulls()] == [pull.number]


@pytest.mark.parametrize(
    ("approvals", "owners", "checks", "requirement", "early"),
    [
        (1, True, (), Requirement(need=1), False),
        (2, True, (), Requirement(need=1), False),
        (0, True, (), Requirement(need=1), True),
        (1, False, (), Requirement(need=1), True),
        (2, True, (), Requirement(need=2), True),  # the second may be anybody's
        (0, False, ("jitbot/approval",), Requirement(need=2), False),
        (2, True, ("ci",), Requirement(need=2), True),
        (1, True, (), Requirement(need=1, teams=(RequiredTeam(name="@acme/security", rosters=()),)), True),
    ],
)
def test_when_rules_wait_for_enough(
    approvals: int, owners: bool, checks: tuple[str, ...], requirement: Requirement, early: bool
) -> None:
    """If our check is required, or one owner's approval is both asked for and enough."""
    rules = BranchRules(
        answer=(), types=frozenset(), approvals=approvals, code_owners=owners, checks=frozenset(checks)
    )
    why = too_early(rules, requirement)
    assert bool(why) is early
    assert ("1 of @acme/security" in why) is bool(requirement.teams)
