"""Who has approved, who must still, and whether anyone can."""

from typing import Any

import pytest
from acme_facts import (
    HEAD,
    MERGED_AT,
    PATH,
    a_person,
    a_policy,
    a_request,
    an_actor,
    owned_by,
    people,
    sha,
    teams,
    the_rules,
)
from builders import a_case, a_commit, a_ground, a_merge, a_pull, a_review

from jitbot.domain.access.approvals.pending_approvals import (
    PendingApprovals,
    could_approve,
    pending,
    why_not_counted,
)
from jitbot.domain.model import owners
from jitbot.domain.model.documents import GithubId, Login


def seen(
    *owners: str, approvals: int = 1, rules: dict[str, Any] | None = None, **merge: Any
) -> PendingApprovals:
    """How approvals stand where these own the path, so many are needed, and GitHub says this of the merge."""
    parts = {"codeowners": owned_by(*(owners or ("@acme/payments-leads",))), **(rules or {})}
    held = the_rules(policy=a_policy(approvals=approvals), **parts)
    return pending(a_ground(a_case(rules=held, merge=a_merge(head_rules=held, **merge))))


def logins(awaiting: PendingApprovals) -> list[str]:
    """Who could still add an approval."""
    return [str(person.login) for person in awaiting.able]


def test_an_approval_that_is_there_is_enough() -> None:
    """bob approved, one is needed, and nobody else need do anything."""
    awaiting = seen()
    assert [each.person.login for each in awaiting.approvals] == ["bob"]
    assert (awaiting.missing, awaiting.enough, awaiting.possible, logins(awaiting)) == (0, True, True, [])


def test_who_has_not_approved_may_still() -> None:
    """Without reviews each owner but the requester may approve."""
    awaiting = seen("@alice", "@bob", "@erin", reviews=())
    assert (awaiting.missing, awaiting.enough, logins(awaiting)) == (1, False, ["bob", "erin"])


@pytest.mark.parametrize(
    "merge",
    [
        {"pull_request": a_pull(author=an_actor("bob"))},
        {"commits": (a_commit("bob"),)},
    ],
    ids=["author", "named by a commit"],
)
def test_who_takes_part_may_not(merge: dict[str, Any]) -> None:
    """Whoever opened the pull request or is named by its commits is nobody's approver: it can never be enough."""
    awaiting = seen("@bob", **{"reviews": (), **merge})
    assert (logins(awaiting), awaiting.possible) == ([], False)


def test_an_old_approval_can_be_given_anew() -> None:
    """An approval of another commit does not count; the same person may approve the head."""
    awaiting = seen("@bob", reviews=(a_review(commit=sha("older")),))
    assert (awaiting.missing, logins(awaiting)) == (1, ["bob"])
    assert [each.review.user.login for each in awaiting.ignored] == ["bob"]


def test_a_judgement_of_this_very_second_can_be_given_anew() -> None:
    """What somebody judged a moment ago does not stand against what they may still do."""
    awaiting = seen("@bob", reviews=(a_review(state="DISMISSED", submitted_at=MERGED_AT),))
    assert (logins(awaiting), awaiting.possible) == (["bob"], True)


def test_an_objection_stands_and_can_be_taken_back() -> None:
    """With enough approvals and an owner who asks for changes it is not enough."""
    objection = a_review("erin", review_id=2, state="CHANGES_REQUESTED")
    awaiting = seen("@bob", "@erin", reviews=(a_review(), objection))
    assert [person.login for person in awaiting.objectors] == ["erin"]
    assert (awaiting.missing, awaiting.enough, logins(awaiting)) == (0, False, ["erin"])


def test_one_person_is_not_two() -> None:
    """A second login of the same principal adds nothing, alone or beside the first."""
    twin = a_person("bobby", github_id=GithubId(2002), principal=a_person("bob").principal)
    rules = {"people": people(twin), "teams": teams(two="bob bobby")}
    awaiting = seen("@acme/two", approvals=2, rules=rules)
    assert (len(awaiting.approvals), logins(awaiting), awaiting.possible) == (1, [], False)


def test_two_of_three() -> None:
    """One of two has approved: any other owner may be the second."""
    awaiting = seen("@bob", "@erin", "@heidi", approvals=2)
    assert (awaiting.missing, awaiting.possible) == (1, True)
    assert logins(awaiting) == ["erin", "heidi"]
    assert awaiting.approvals[0].review.commit == HEAD


BOBBY = a_person("bobby", github_id=GithubId(2002), principal=a_person("bob").principal)


@pytest.mark.parametrize("requester", ["alice", "bob", "bobby", "erin"])
@pytest.mark.parametrize(
    "owners",
    [("@bob",), ("@alice", "@bob"), ("@bob", "@bobby", "@erin"), ("@alice", "@erin", "@acme/payments-leads")],
    ids=" ".join,
)
def test_who_could_approve_is_who_is_counted_once_they_do(owners: tuple[str, ...], requester: str) -> None:
    """Before there is a pull request the same people are named as are counted when all owners approve one."""
    known = people(BOBBY)
    asker = known[Login(requester)]
    author = an_actor(requester, github_id=asker.github_id)
    for need in range(1, 5):
        policy = a_policy(eligible=tuple(known), approvals=need)
        rules = the_rules(people=known, codeowners=owned_by(*owners), policy=policy)
        merge = a_merge(head_rules=rules, reviews=(), commits=(), pull_request=a_pull(author=author))
        parsed_case = a_ground(a_case(rules=rules, request=a_request(requester=asker.login), merge=merge))
        could = len(could_approve(parsed_case.owned_by, asker))
        assert pending(parsed_case).possible is (need <= could)


def test_a_requester_whom_nobody_knows_takes_nobody_away() -> None:
    """The owners are named, each human once."""
    known = people(BOBBY)
    found = owners.of(PATH, codeowners=owned_by("@bob", "@bobby", "@erin"), people=known, teams=teams())
    assert [str(person.login) for person in could_approve(found, None)] == ["bob", "erin"]


def test_why_an_approval_would_not_count_is_said_of_its_own() -> None:
    """Another's review that does not count is not theirs, and their own older one gives way, of that second too."""
    reviews = (a_review("carol", review_id=2, state="CHANGES_REQUESTED", submitted_at=MERGED_AT),)
    parsed_case = a_ground(a_case(merge=a_merge(reviews=reviews)))
    assert why_not_counted(an_actor("bob"), parsed_case) == ""
    assert why_not_counted(an_actor("carol"), parsed_case) == "does not own this path in CODEOWNERS"
    assert why_not_counted(an_actor("alice"), parsed_case) == "is the requester"


def test_an_approval_beside_one_of_the_same_person_would_not_count() -> None:
    """Not by a second login either."""
    rules = the_rules(people=people(BOBBY), teams=teams(two="bob bobby"), codeowners=owned_by("@acme/two"))
    parsed_case = a_ground(a_case(rules=rules, merge=a_merge(head_rules=rules, reviews=(a_review("bob"),))))
    bobby = an_actor("bobby", github_id=BOBBY.github_id)
    assert why_not_counted(bobby, parsed_case) == "is the same person as another approver"
