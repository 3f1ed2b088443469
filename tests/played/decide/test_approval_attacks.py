"""Ways round approval, each played whole on the embedded GitHub: asked, approved in a way, merged, and decided.

An admin merges every one of them past GitHub's own rules: what is left is what jitbot itself counts.
"""

from collections.abc import Callable

import pytest
from acme_world import DAY, HOUR, MINUTE, ORDERS, SECOND, TABLE, World

from jitbot.domain.model.errors import UnavailableError
from jitbot.sandbox.github.git.objects import Signature

OWNERS = ".github/CODEOWNERS"
PEOPLE = "policies/people.yaml"


def proposed(world: World, slug: str = "attack", login: str = "alice") -> tuple[str, int]:
    """A pull request of this person that asks for the orders table; its path and number."""
    world.steps += 1  # each branch has a name of its own
    path, text = world.request(login, ORDERS, slug, **TABLE)
    return path, world.propose(login, f"{slug} {world.steps}", {path: text})


def branch(world: World, number: int) -> str:
    """The branch a pull request comes from."""
    return str(world.github.pulls[number].head_ref)


def merged(world: World, number: int, *, method: str = "squash") -> None:
    """olivia, an admin, merges it whatever is missing."""
    world.must(world.merge("olivia", number, method))


def who(world: World, login: str) -> Signature:
    """How this person's commits are signed."""
    return Signature(name=login, email=f"{login}@acme.com", when=world.now)


def an_owner_wrote_a_commit(world: World) -> str:
    """bob amends alice's request on her branch, and approves what he wrote."""
    path, number = proposed(world)
    store, name = world.github.store, branch(world, number)
    text = world.text(path, name).replace('"orders"', '"refunds"').encode()
    world.acme.call("bob", "GET", "/pulls")
    made = store.commit_files(
        name, store.tip(name), {path: text}, (), "refunds", who(world, "bob"), who(world, "bob")
    )
    world.github.change(world.github.pulls[number], head_sha=made)
    store.update_ref(f"refs/pull/{number}/head", made)
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def approved_after_the_merge(world: World) -> str:
    """Merged with no approval; bob approves a minute later."""
    path, number = proposed(world)
    merged(world, number)
    world.later(MINUTE)
    world.must(world.review("bob", number))
    return path


def dismissed(world: World) -> str:
    """bob approved; an admin dismissed it, and nobody approved again."""
    path, number = proposed(world)
    review = world.must(world.review("bob", number))["id"]
    world.must(
        world.acme.call("olivia", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="wait")
    )
    merged(world, number)
    return path


def approved_then_objected(world: World) -> str:
    """bob approved, and asked for changes after that."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.later(MINUTE)
    world.must(world.acme.call("bob", "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="no"))
    merged(world, number)
    return path


def approved_by_a_bot(world: World) -> str:
    """An App that is a code owner by CODEOWNERS and people.yaml approves."""
    world.acme.github.add_user("helper[bot]", 7007, type="Bot")
    world.write(OWNERS, world.text(OWNERS) + f"/requests/{ORDERS}/ @helper[bot]\n")
    path, number = proposed(world)
    world.must(world.review("helper[bot]", number))
    merged(world, number)
    return path


def approved_by_a_recycled_login(world: World) -> str:
    """bob left, and somebody else took his login: people.yaml has the old id."""
    world.write(PEOPLE, world.text(PEOPLE).replace("github_id: 1002", "github_id: 9002"))
    path, number = proposed(world)
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def approved_by_a_second_login(world: World) -> str:
    """An owner's login has the requester's own AWS principal: one human under two names."""
    text = world.text(PEOPLE).replace(
        'iam_user: "arn:aws:iam::222222222222:user/bob"', "identity_center: alice@acme.com"
    )
    world.write(PEOPLE, text)
    path, number = proposed(world)
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def the_owner_changed_since(world: World) -> str:
    """bob approved as the owner; by the merge the folder is somebody else's."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.write(OWNERS, world.text(OWNERS) + f"/requests/{ORDERS}/ @acme/security\n")
    merged(world, number)
    return path


def the_owner_left_since(world: World) -> str:
    """bob approved; before the merge he left the owning team."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.write(
        "policies/teams.yaml", world.text("policies/teams.yaml").replace("leads: [bob]", "leads: [erin]")
    )
    merged(world, number)
    return path


def an_ownerless_line(world: World) -> str:
    """A line without owners takes the folder from its owners: nobody is left to approve."""
    world.write(OWNERS, world.text(OWNERS) + f"/requests/{ORDERS}/\n")
    path, number = proposed(world)
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def a_line_that_github_skips(world: World) -> str:
    """The folder's line is invalid, so GitHub lets a broader one decide: jitbot decides nothing on such a file."""
    text = world.text(OWNERS).replace(f"/requests/{ORDERS}/ ", f"/requests/[o]{ORDERS[1:]}/ ")
    world.write(OWNERS, text)
    path, number = proposed(world)
    for login in ("bob", "frank"):
        world.must(world.review(login, number))
    merged(world, number)
    return path


def a_merge_commit_that_changes_the_file(world: World) -> str:
    """The merge that an admin pushes holds another table than the approved head."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    store, main = world.github.store, world.github.store.tip("main")
    head = world.github.pulls[number].head_sha
    evil = world.text(path, branch(world, number)).replace('"orders"', '"refunds"').encode()
    olivia = who(world, "olivia")
    tree = store.commit(store.commit_files("evil", main, {path: evil}, (), "x", olivia, olivia)).tree
    made = store.commit_tree(tree, (main, head), f"Merge pull request #{number}", olivia, olivia)
    push_main(world, made)
    return path


def push_main(world: World, sha: str) -> None:
    """olivia pushes a commit to main with git, past its rules; GitHub takes note of what that merges."""
    clone = world.acme.clone("clone-olivia", "olivia")
    store = world.github.store
    store.update_ref("refs/heads/carry", sha)
    world.acme.git("olivia", "fetch", "--quiet", "origin", "carry", cwd=clone)
    world.acme.git("olivia", "push", "--quiet", "origin", "FETCH_HEAD:refs/heads/main", cwd=clone)


def too_many_commits(world: World) -> str:
    """GitHub lists 250 commits of 260, so nobody can tell whom the others name."""
    path, text = world.request("alice", ORDERS, "long", **TABLE)
    commits = [{path: f"{text}# {number}\n"} for number in range(259)]
    number = world.propose("alice", "long", *commits, {path: text})
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def widened_then_a_decoy(world: World) -> str:
    """A rebase widens the policy and asks, then narrows it again under a decoy; the next deletes the decoy."""
    rules = f"policies/access/{ORDERS}.yaml"
    honest = world.text(rules)
    path, text = world.request("alice", ORDERS, "wide", **TABLE)
    decoy, other = world.request("alice", ORDERS, "decoy", **TABLE)
    widened = honest.replace("dynamodb:GetItem", "dynamodb:*")
    world.land(
        "alice", {rules: widened, decoy: other}, {path: text}, {rules: honest, decoy: None}, method="rebase"
    )
    return path


def a_reverted_revert(world: World) -> str:
    """Asked and refused; deleted by a revert; the revert reverted, this time with an approval."""
    path = world.ask(by=())
    world.jit("grant", code=1)
    text = world.text(path)
    world.land("alice", {path: None})
    world.land("alice", {path: text})
    return path


def squashed_by_hand(world: World) -> str:
    """The approved bytes, pushed to main by an admin in a commit of her own: no pull request made that commit."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.write(path, world.text(path, branch(world, number)))
    world.later(15 * MINUTE)
    return path


ATTACKS: dict[str, tuple[Callable[[World], str], str]] = {
    "an owner who wrote a commit": (an_owner_wrote_a_commit, "not-enough-approvals"),
    "an approval after the merge": (approved_after_the_merge, "not-enough-approvals"),
    "a dismissed approval": (dismissed, "not-enough-approvals"),
    "an approval taken back": (approved_then_objected, "changes-requested"),
    "a bot": (approved_by_a_bot, "not-enough-approvals"),
    "a recycled login": (approved_by_a_recycled_login, "not-enough-approvals"),
    "a second login": (approved_by_a_second_login, "repeated-principal"),
    "another owner since": (the_owner_changed_since, "not-enough-approvals"),
    "an owner who left since": (the_owner_left_since, "not-enough-approvals"),
    "an ownerless line": (an_ownerless_line, "no-known-owner"),
    "a line that GitHub skips": (a_line_that_github_skips, "not-enough-approvals"),
    "an evil merge commit": (a_merge_commit_that_changes_the_file, "not-what-was-approved"),
    "too many commits": (too_many_commits, "too-many-commits"),
    "widened, then a decoy": (widened_then_a_decoy, "not-its-merge"),
    "a reverted revert": (a_reverted_revert, "retired-path"),
    "the approved bytes, pushed by hand": (squashed_by_hand, "no-pull-request"),
}


@pytest.mark.parametrize(("attack", "code"), ATTACKS.values(), ids=ATTACKS.keys())
def test_no_way_round_approval_gives_access(world: World, attack: Callable[[World], str], code: str) -> None:
    """Refused for the very reason, recorded with it, and nobody can reach anything."""
    path = attack(world)
    world.jit("grant", code=1)
    assert set(world.story(path)) == {"refused"}
    assert code in world.reasons(path)
    assert world.reach("alice", "bob", "mallory") == set()


def commented_afterwards(world: World) -> str:
    """bob approves, and says something later: that changes no earlier judgement."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.later(MINUTE)
    world.must(world.acme.call("bob", "POST", f"/pulls/{number}/reviews", event="COMMENT", body="well done"))
    merged(world, number)
    return path


def approved_again_after_a_dismissal(world: World) -> str:
    """Dismissed, asked for again, and approved anew."""
    path, number = proposed(world)
    review = world.must(world.review("bob", number))["id"]
    world.must(
        world.acme.call("olivia", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="wait")
    )
    world.later(MINUTE)
    world.must(world.review("bob", number))
    merged(world, number)
    return path


def updated_by_the_approver(world: World) -> str:
    """bob presses "Update branch", which names him in a merge commit, and then approves."""
    path, number = proposed(world)
    world.write("requests/README.md", "newer")
    world.must(world.acme.call("bob", "PUT", f"/pulls/{number}/update-branch"))
    world.must(world.review("bob", number))
    merged(world, number, method="merge")
    return path


def rebased_as_one_commit(world: World) -> str:
    """A rebase of a single commit is that commit: nothing can hide between."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    merged(world, number, method="rebase")
    return path


def approved_to_the_last_second(world: World) -> str:
    """Merged exactly a day after the approval."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.later(DAY)
    merged(world, number)
    return path


GOOD = (
    commented_afterwards,
    approved_again_after_a_dismissal,
    updated_by_the_approver,
    rebased_as_one_commit,
    approved_to_the_last_second,
)


@pytest.mark.parametrize("play", GOOD, ids=lambda each: each.__name__)
def test_what_is_no_attack_is_granted(world: World, play: Callable[[World], str]) -> None:
    """The attacks above are refused for what is wrong with them, and not because everything is."""
    path = play(world)
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_several_merges_in_one_push_are_each_decided(world: World) -> None:
    """A push that brings two merges is two decisions, each on its own pull request."""
    first, one = proposed(world, "first")
    second, two = proposed(world, "second", "carol")
    world.must(world.review("bob", one))
    merged(world, one)
    merged(world, two)
    world.jit("grant", code=1)
    assert (world.story(first), world.story(second)) == (["approved", "granted"], ["refused"])


def test_no_branch_can_lie_under_the_ledgers_name(world: World) -> None:
    """git itself keeps ledger/x from being a branch while `ledger` is one: nothing can be mistaken for it."""
    clone = world.acme.clone("clone-mallory", "mallory")
    with pytest.raises(UnavailableError, match="cannot lock ref"):
        world.acme.git("mallory", "push", "origin", "HEAD:refs/heads/ledger/x", cwd=clone)
    assert world.github.store.tip("ledger/x") is None


def test_an_approval_expires_before_a_late_merge(world: World) -> None:
    """One second more than a day, and it does not count: the boundary of the case above."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.later(DAY + SECOND)
    merged(world, number)
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-enough-approvals"}
    world.later(HOUR)
    assert world.reach("alice") == set()
