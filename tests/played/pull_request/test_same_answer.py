"""One answer everywhere: what people are shown of an open request's approvals is what the decision then counts.

Each way in which an approval can fail to count is played on the embedded GitHub, looked at by a person without a
clone, and then merged and decided.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acme_world import DAY, HOUR, MINUTE, ORDERS, SECOND, TABLE, World
from pages import desk, status, waiting

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.model import bounds
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.happenings import note
from jitbot.usecases.request.open_approvals import OpenApprovals

OWNERS, PEOPLE, TEAMS = ".github/CODEOWNERS", "policies/people.yaml", "policies/teams.yaml"


def proposed(world: World, *, approved_by: tuple[str, ...] = ("bob",)) -> tuple[str, int]:
    """alice's request in an open pull request that these people have approved."""
    world.steps += 1  # each branch has a name of its own
    path, text = world.request("alice", ORDERS, "ask", **TABLE)
    number = world.propose("alice", f"ask {world.steps}", {path: text})
    for login in approved_by:
        world.must(world.review(login, number))
    return path, number


def good(world: World) -> tuple[str, int]:
    """bob owns the path, and approved the head a minute ago."""
    found = proposed(world)
    world.later(MINUTE)
    return found


def dismissed(world: World) -> tuple[str, int]:
    """An admin dismissed the approval."""
    path, number = proposed(world, approved_by=())
    review = world.must(world.review("bob", number))["id"]
    world.must(
        world.acme.call("olivia", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="wait")
    )
    return path, number


def objected(world: World) -> tuple[str, int]:
    """bob asks for changes."""
    path, number = proposed(world, approved_by=())
    world.must(world.acme.call("bob", "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="no"))
    return path, number


def pushed_since(world: World) -> tuple[str, int]:
    """alice pushed another commit after the approval."""
    path, number = proposed(world)
    branch = world.github.pulls[number].head_ref
    world.push("alice", branch, {path: world.text(path, branch).replace('"2h"', '"1h"')})
    return path, number


def moved(world: World) -> tuple[str, int]:
    """Approved on another base, and moved to main."""
    path, number = proposed(world, approved_by=())
    world.github.store.update_ref("refs/heads/side", world.github.store.tip("main"))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="side"))
    world.must(world.review("bob", number))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="main"))
    return path, number


def old(world: World) -> tuple[str, int]:
    """Approved a day and a second ago."""
    found = proposed(world)
    world.later(DAY + SECOND)
    return found


def by_the_requester(world: World) -> tuple[str, int]:
    """carol opened the pull request for alice, who approved it."""
    path, text = world.request("alice", ORDERS, "ask", **TABLE)
    number = world.propose("carol", "ask for alice", {path: text})
    world.must(world.review("alice", number))
    return path, number


def by_its_author(world: World) -> tuple[str, int]:
    """bob opened the pull request for alice, and an approval of his is there all the same."""
    path, number = proposed(world)
    pulls = world.github.pulls
    pulls[number] = replace(pulls[number], author=world.acme.github._site.user("bob"))
    return path, number


def by_who_wrote_it(world: World) -> tuple[str, int]:
    """bob amended the request on alice's branch, and approved what he wrote."""
    path, number = proposed(world, approved_by=())
    store, branch = world.github.store, world.github.pulls[number].head_ref
    text = world.text(path, branch).replace('"2h"', '"1h"').encode()
    bob = Signature(name="bob", email="bob@acme.com", when=world.now)
    made = store.commit_files(branch, store.tip(branch), {path: text}, (), "shorter", bob, bob)
    world.github.change(world.github.pulls[number], head_sha=made)
    store.update_ref(f"refs/pull/{number}/head", made)
    world.must(world.review("bob", number))
    return path, number


def by_no_owner(world: World) -> tuple[str, int]:
    """carol may write, and does not own the path."""
    return proposed(world, approved_by=("carol",))


def by_who_left_the_owners(world: World) -> tuple[str, int]:
    """bob owned the path when he approved, and main says otherwise since."""
    found = proposed(world)
    world.write(TEAMS, world.text(TEAMS).replace("leads: [bob]", "leads: [erin]"))
    return found


def by_who_may_not_write(world: World) -> tuple[str, int]:
    """bob approved, and lost the right to write."""
    found = proposed(world)
    world.acme.github.add_user("bob", 1002, permission="read")
    return found


def by_nobody_known(world: World) -> tuple[str, int]:
    """Somebody has taken bob's login over: people.yaml has another id."""
    world.write(PEOPLE, world.text(PEOPLE).replace("github_id: 1002", "github_id: 9002"))
    return proposed(world)


def fewer_are_asked_for_since(world: World) -> tuple[str, int]:
    """The policy asked for two approvals when bob gave his, and asks for one now."""
    policy = f"policies/access/{ORDERS}.yaml"
    text = world.text(policy)
    world.write(policy, text.replace("approvals: 1", "approvals: 2"))
    found = proposed(world)
    world.write(policy, text)
    return found


def updated_by_the_approver(world: World) -> tuple[str, int]:
    """bob pressed "Update branch", which names him in a merge commit that leaves the request as it was."""
    path, number = proposed(world, approved_by=())
    world.write("requests/README.md", "newer")
    world.must(world.acme.call("bob", "PUT", f"/pulls/{number}/update-branch"))
    world.must(world.review("bob", number))
    return path, number


# Two logins of one human are no way: people.yaml is refused where two people have one principal or one id.
WAYS: dict[Callable[[World], tuple[str, int]], list[str]] = {
    good: ["bob"],
    dismissed: [],
    objected: [],
    pushed_since: [],
    moved: [],
    old: [],
    by_the_requester: [],
    by_its_author: [],
    by_who_wrote_it: [],
    by_no_owner: [],
    by_who_left_the_owners: [],
    by_who_may_not_write: [],
    by_nobody_known: [],
    updated_by_the_approver: ["bob"],
    fewer_are_asked_for_since: ["bob"],
}


@pytest.fixture(autouse=True)
def _as_they_were(world: World) -> Any:
    """What a test says of accounts is unsaid afterwards."""
    users = dict(world.acme.github._site.users)
    yield
    world.acme.github._site.users.clear()
    world.acme.github._site.users.update(users)


@pytest.mark.parametrize(("way", "approved_by"), WAYS.items(), ids=[way.__name__ for way in WAYS])
def test_what_is_shown_before_the_merge_is_what_is_decided_after_it(
    world: World, tmp_path: Path, way: Callable[[World], tuple[str, int]], approved_by: list[str]
) -> None:
    """status, request --wait and the decision name the same approvers, and give the same reasons for the others."""
    path, number = way(world)
    shown, seen = status(world, tmp_path, path), waiting(world, path, number)
    assert isinstance(seen, PendingApprovals), seen
    world.must(world.merge("olivia", number, "merge"))
    world.later(15 * MINUTE)  # until then GitHub may only not have named the requester's own
    world.ran("grant")
    evidence = next(each["evidence"] for each in world.ledger() if each["request"] == path)
    counted = [each["login"] for each in evidence["approvals"]]
    not_counted = [(each["login"], each["why"]) for each in evidence["not_counted"]]
    assert shown["approved_by"] == counted == approved_by
    assert shown["approvals"] == seen.required == evidence["approvals_required"]
    assert [each.person.login for each in seen.approvals] == counted
    assert [(each.review.user.login, each.why) for each in seen.ignored] == not_counted
    assert seen.enough == ("not-enough-approvals" not in world.reasons(path) and not seen.objectors)


def test_an_objection_is_shown_as_it_is_decided(world: World) -> None:
    """Whoever owns the path and asks for changes is named while there is time to resolve it."""
    path, number = objected(world)
    seen = waiting(world, path, number)
    assert isinstance(seen, PendingApprovals)
    assert [person.login for person in seen.objectors] == ["bob"]
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert "changes-requested" in world.reasons(path)


@pytest.mark.parametrize(
    "part", ["/reviews", "/commits", "/collaborators/bob/permission", "/events"], ids=lambda part: part[1:]
)
def test_what_the_token_cannot_read_is_not_known(world: World, tmp_path: Path, part: str) -> None:
    """Without one of the facts that the count needs nobody is said to have approved, nor that nobody has."""
    path, number = good(world)
    world.acme.github.faults = lambda method, asked: (
        GitHubFault(status=403) if method == "GET" and asked.endswith(part) and "/git/" not in asked else None
    )
    shown = status(world, tmp_path, path)
    assert (shown["approved_by"], shown["approvals"]) == (None, 1)
    assert "403" in shown["not_known"]
    assert isinstance(waiting(world, path, number), NotKnown)


def test_a_list_of_commits_that_is_not_whole_is_not_known(world: World) -> None:
    """Whom the missing commits name cannot be told: an empty list, or one without the head, is no answer."""
    path, number = good(world)
    nothing = GitHubFault(status=200, body=b"[]", headers={"Content-Type": "application/json"})
    world.acme.github.faults = lambda _, asked: (
        nothing if asked.endswith(f"/pulls/{number}/commits") else None
    )
    assert isinstance(waiting(world, path, number), NotKnown)


def test_a_branch_moved_too_often_is_not_said_to_be_approved(world: World) -> None:
    """Merged it would be refused, whoever approved: so no approval is shown, and why is said."""
    path, number = good(world)
    branch, mallory = world.github.pulls[number].head_ref, world.acme.github._site.user("mallory")
    for _ in range(bounds.MOVES):
        note(world.acme.github._site, world.github, branch, world.github.store.tip(branch), mallory)
    seen = waiting(world, path, number)
    assert isinstance(seen, NotKnown)
    assert f"more than {bounds.MOVES} times" in seen.why
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"too-many-moves"}


def test_what_would_be_refused_anyway_is_not_said_to_be_approved(world: World) -> None:
    """Where the documents do not read, or the base is not main, the approvals count for nothing, and why is said."""
    path, number = good(world)
    world.github.store.update_ref("refs/heads/side", world.github.store.tip("main"))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="side"))
    seen = waiting(world, path, number)
    assert isinstance(seen, NotKnown)
    assert "into side" in seen.why
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="main"))
    world.write("policies/settings.yaml", "repository: [")
    seen = OpenApprovals(client=desk(world)).of(desk(world).github.pull(number), path, world.now)
    assert isinstance(seen, NotKnown)
    assert "refused" in seen.why


def test_who_waits_sees_rules_that_change_meanwhile(world: World) -> None:
    """An answer given before main moved is not repeated after it."""
    path, number = good(world)
    mine = desk(world)
    approvals = OpenApprovals(client=mine, follows=True)
    pull = mine.github.pull(number)
    first = approvals.of(pull, path, world.now)
    assert isinstance(first, PendingApprovals)
    assert first.enough
    world.write(TEAMS, world.text(TEAMS).replace("leads: [bob]", "leads: [erin]"))
    again = approvals.of(pull, path, world.now)
    assert isinstance(again, PendingApprovals)
    assert not again.enough


def test_looking_again_asks_for_little(world: World) -> None:
    """Until somebody approves, looking again at the approvals costs the pull request and its reviews."""
    path, number = proposed(world, approved_by=())
    mine = desk(world)
    approvals = OpenApprovals(client=mine, follows=True)
    approvals.of(mine.github.pull(number), path, world.now)
    world.forget()
    approvals.of(mine.github.pull(number), path, world.now)
    asked = [each.rpartition("}")[2] for _, each in world.acme.github.calls]
    assert asked == ["", "/reviews"]
    world.must(world.review("bob", number))
    approvals.of(mine.github.pull(number), path, world.now)
    world.forget()
    approvals.of(mine.github.pull(number), path, world.now)
    assert (
        len(world.acme.github.calls) <= 6
    )  # where main is, bob's permission, who moved the base, who pushed


def test_a_review_from_a_clock_ahead_of_ours_counts(world: World) -> None:
    """GitHub's clock may be ahead: a review that is there was submitted, and none looks older by it."""
    path, number = proposed(world)
    mine = desk(world)
    found = OpenApprovals(client=mine).of(mine.github.pull(number), path, world.now - HOUR)
    assert isinstance(found, PendingApprovals)
    assert found.enough


def test_too_many_commits_are_not_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each commit with its parent is bounded: beyond that nothing is claimed."""
    path, number = by_who_wrote_it(world)
    for most, known in ((2, True), (1, False)):
        monkeypatch.setattr("jitbot.usecases.request.open_approvals._MOST", most)
        assert isinstance(waiting(world, path, number), NotKnown) is not known
