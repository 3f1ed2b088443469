"""Whoever had a hand in a request does not approve it: named by a trailer, or having pushed what was approved."""

import json
from typing import Any

import pytest
from acme_world import MINUTE, ORDERS, SECOND, TABLE, World
from audit_story import codes, verdict

from jitbot.domain.model import bounds
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.happenings import note

ALICE = {("alice", "prod", "orders")}
PUSHED = "pushed to the request's branch"
NAMED = "is author or committer of a commit that changes the request"
NO_FIELD = {
    "message": "Field 'authors' doesn't exist on type 'Commit'",
    "extensions": {"code": "undefinedField", "typeName": "Commit", "fieldName": "authors"},
}


def proposed(world: World, slug: str = "hands") -> tuple[str, int]:
    """alice's pull request for the orders table; its path and number."""
    world.steps += 1
    path, text = world.request("alice", ORDERS, slug, **TABLE)
    return path, world.propose("alice", f"{slug} {world.steps}", {path: text})


def commit(
    world: World, branch: str, path: str, *, by: str = "alice", message: str = "more", table: str = "refunds"
) -> str:
    """A commit on top of a branch that asks for another table, under this name; no branch moves to it."""
    store, who = world.github.store, Signature(name=by, email=f"{by}@acme.com", when=world.now)
    tip = store.tip(branch)
    text = world.text(path, branch).replace('"orders"', f'"{table}"').encode()
    store.update_ref("refs/heads/scratch", tip)
    return str(store.commit_files("scratch", tip, {path: text}, (), message, who, who))


def pushed(world: World, login: str, branch: str, sha: str, *, force: bool = False) -> None:
    """This person moves a branch to a commit, as a push does."""
    world.must(world.acme.call(login, "PATCH", f"/git/refs/heads/{branch}", sha=sha, force=force))


def decided(world: World, number: int, *by: str, code: int = 0) -> None:
    """Approved by these people, merged, and decided."""
    for who in by:
        world.must(world.review(who, number))
    world.must(world.merge("olivia", number))
    world.jit("grant", code=code)


def whys(world: World) -> list[str]:
    """Why the reviews of the newest decision did not count."""
    return [each["why"] for each in world.ledger()[-1]["evidence"]["not_counted"]]


def branch_of(world: World, number: int) -> str:
    """The branch a pull request comes from."""
    return str(world.github.pulls[number].head_ref)


TRAILERS = {
    "his numbered address": "Co-authored-by: bob <1002+bob@users.noreply.github.com>",
    "his older address": "Co-authored-by: Bob B. <BOB@users.noreply.github.com>",
    "an address that GitHub links": "Co-authored-by: bob <bob@acme.com>",
    "in another case": "co-Authored-BY:bob<1002+bob@users.noreply.github.com>",
    "not as the last line": "Co-authored-by: bob <bob@acme.com>\n\nand that is all",
    "beside others": "Co-authored-by: x <x@x.example>\nCo-authored-by: bob <bob@acme.com>",
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS.keys())
def test_a_co_author_approves_nothing(world: World, trailer: str) -> None:
    """A commit made by "Commit suggestion" names whose words it holds: bob's own do not get bob's approval."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    made = commit(world, branch, path, message=f"Apply suggestion\n\n{trailer}\n")
    pushed(world, "alice", branch, made)
    decided(world, number, "bob", code=1)
    assert (world.reasons(path), whys(world)) == ({"not-enough-approvals"}, [NAMED])
    assert world.reach("alice") == set()


def test_a_commit_that_names_everybody_gives_nothing(world: World) -> None:
    """More than fifty names are not read, and whoever hides behind them approves nothing."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    names = "\n".join(f"Co-authored-by: x <{each}+x{each}@users.noreply.github.com>" for each in range(51))
    pushed(world, "alice", branch, commit(world, branch, path, message=f"many\n\n{names}"))
    decided(world, number, "bob", code=1)
    assert "too-many-authors" in world.reasons(path)


def test_fifty_names_are_read(world: World) -> None:
    """As many as that are nobody's harm, as long as the approver is none of them."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    names = "\n".join(f"Co-authored-by: x <{each}+x{each}@users.noreply.github.com>" for each in range(49))
    pushed(world, "alice", branch, commit(world, branch, path, message=f"many\n\n{names}"))
    decided(world, number, "bob")
    assert world.story(path) == ["approved", "granted"]


@pytest.mark.parametrize("bob", ["B. <1002+bob@users.noreply.github.com>", "Bob <somebody@acme.example>"])
def test_where_graphql_knows_no_authors_the_rest_is_read_as_before(world: World, bob: str) -> None:
    """A GitHub that links no addresses names nobody by them; what an address itself says still counts, and a login does."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    both = f"Co-authored-by: x <x@x.example>\nCo-authored-by: {bob}"
    pushed(world, "alice", branch, commit(world, branch, path, message=f"more\n\n{both}"))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    asked = iter([GitHubFault(status=200, body=json.dumps({"errors": [NO_FIELD]}).encode())])
    world.acme.github.faults = lambda _, path: next(asked, None) if path == "/graphql" else None
    world.jit("grant", code=1)
    assert whys(world) == [NAMED]


@pytest.mark.parametrize(
    "words", [{"message": NO_FIELD["message"]}, {**NO_FIELD, "message": "No such field"}]
)
def test_a_github_that_is_too_old_for_the_question_stops_nobody(
    world: World, words: dict[str, object]
) -> None:
    """Its schema lacks the field, and it says so by a code, or by the message alone: nobody is named by an address."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    trailer = "Co-authored-by: x <x@x.example>"
    pushed(world, "alice", branch, commit(world, branch, path, message=f"more\n\n{trailer}"))
    asked = iter([GitHubFault(status=200, body=json.dumps({"errors": [words]}).encode())])
    world.acme.github.faults = lambda _, path: next(asked, None) if path == "/graphql" else None
    decided(world, number, "bob")
    assert world.story(path) == ["approved", "granted"]


LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
BROKEN = {"message": "Something went wrong while executing your query. This may be the result of a timeout"}
NO_ANSWERS: dict[str, dict[str, object]] = {
    "a rate limit": {"errors": [LIMITED]},
    "a timeout": {"data": None, "errors": [BROKEN]},
    "a timeout beside an old schema": {"errors": [NO_FIELD, BROKEN]},
    "a field named in passing": {"errors": [{"message": f"{NO_FIELD['message']}, or a timeout"}]},
    "no repository": {"data": {"repository": None}},
    "a repository not found": {
        "data": {"repository": None},
        "errors": [{"type": "NOT_FOUND", "message": "?"}],
    },
    "no commit": {"data": {"repository": {"o0": None}}},
    "no commit of several": {"data": {"repository": {}}},
    "no authors": {"data": {"repository": {"o0": {"authors": None}}}},
    "no list of authors": {"data": {"repository": {"o0": {"authors": {"nodes": None}}}}},
    "no author in the list": {"data": {"repository": {"o0": {"authors": {"nodes": [None]}}}}},
    "no errors in the list": {"errors": []},
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_a_bad_answer_hides_no_co_author(world: World, answer: dict[str, object]) -> None:
    """While GraphQL does not say whom a commit names, nothing is decided; once it does, bob's approval counts for nothing."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    trailer = "Co-authored-by: Bob B. <bob@acme.com>"
    pushed(world, "alice", branch, commit(world, branch, path, message=f"more\n\n{trailer}"))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    bad = GitHubFault(
        status=200, body=json.dumps(answer).encode(), headers={"Content-Type": "application/json"}
    )
    world.acme.github.faults = lambda _, path: bad if path == "/graphql" else None
    world.jit("grant", code=3)
    assert (world.story(path), world.reach("alice")) == ([], set())
    once = iter([bad])
    world.acme.github.faults = lambda _, path: next(once, None) if path == "/graphql" else None
    world.jit("grant", code=1)
    assert (world.reasons(path), whys(world)) == ({"not-enough-approvals"}, [NAMED])
    assert world.reach("alice") == set()


def by_a_push(world: World, path: str, number: int) -> None:
    """bob pushes a commit under alice's name onto her branch."""
    branch = branch_of(world, number)
    pushed(world, "bob", branch, commit(world, branch, path))


def by_a_forced_push(world: World, path: str, number: int) -> None:
    """bob replaces alice's commit by another, under her name."""
    branch, store = branch_of(world, number), world.github.store
    text = world.text(path, branch).replace('"orders"', '"refunds"').encode()
    who = Signature(name="alice", email="alice@acme.com", when=world.now)
    store.update_ref("refs/heads/scratch", store.tip("main"))
    made = store.commit_files("scratch", store.tip("main"), {path: text}, (), "Ask", who, who)
    pushed(world, "bob", branch, made, force=True)


def by_going_back(world: World, path: str, number: int) -> None:
    """alice narrows her request again, and bob takes that back by force."""
    branch = branch_of(world, number)
    wide = commit(world, branch, path)
    pushed(world, "alice", branch, wide)
    world.later(MINUTE)
    pushed(world, "alice", branch, commit(world, branch, path, table="orders", message="narrow"))
    pushed(world, "bob", branch, wide, force=True)


def by_a_merge_that_brings_more(world: World, path: str, number: int) -> None:
    """bob pushes a merge of main, and beneath it a commit under alice's name."""
    branch, store = branch_of(world, number), world.github.store
    made = commit(world, branch, path)
    who = Signature(name="bob", email="bob@acme.com", when=world.now)
    tree = store.commit(made).tree
    pushed(world, "bob", branch, store.commit_tree(tree, (made, store.tip("main")), "Merge main", who, who))


HANDS = (by_a_push, by_a_forced_push, by_going_back, by_a_merge_that_brings_more)


@pytest.mark.parametrize("hand", HANDS, ids=lambda each: each.__name__)
def test_whoever_pushed_what_was_approved_does_not_approve_it(world: World, hand: object) -> None:
    """Commits say any name; GitHub says who pushed them."""
    path, number = proposed(world)
    world.later(MINUTE)
    hand(world, path, number)  # type: ignore[operator]
    world.later(MINUTE)
    decided(world, number, "bob", code=1)
    assert (world.reasons(path), whys(world)) == ({"not-enough-approvals"}, [PUSHED])
    (push,) = (each for each in facts(world)["pushes"] if each["actor"]["login"] == "bob")
    assert push["after"] in {each["sha"] for each in facts(world)["commits"]}


def facts(world: World) -> dict[str, Any]:
    """What the newest event says that GitHub told."""
    found: dict[str, Any] = world.ledger()[-1]["evidence"]["facts"]["told"]
    return found


def test_whoever_made_the_branch_does_not_approve_it(world: World) -> None:
    """bob makes a branch of a request under alice's name; she opens the pull request, and he approves it."""
    path, text = world.request("alice", ORDERS, "made", **TABLE)
    store, who = world.github.store, Signature(name="alice", email="alice@acme.com", when=world.now)
    store.update_ref("refs/heads/scratch", store.tip("main"))
    made = store.commit_files("scratch", store.tip("main"), {path: text.encode()}, (), "Ask", who, who)
    name = f"made-{world.steps}"
    world.must(world.acme.call("bob", "POST", "/git/refs", ref=f"refs/heads/{name}", sha=made))
    opened = world.acme.call("alice", "POST", "/pulls", title="made", head=name, base="main", body="")
    decided(world, int(world.must(opened)["number"]), "bob", code=1)
    assert whys(world) == [PUSHED]


@pytest.mark.parametrize("status", [403, 404, 422])
def test_where_github_names_no_pushes_the_rest_decides(world: World, asked: str, status: int) -> None:
    """A GitHub without this list, or a token that may not read it, is no reason to refuse; the record says so."""
    world.acme.github.faults = lambda _, path: (
        GitHubFault(status=status, body=b"{}") if path.endswith("/activity") else None
    )
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    approved = next(each for each in world.ledger() if each["event"] == "approved")
    assert approved["evidence"]["facts"]["told"]["pushes"] is None


def test_pushes_after_the_merge_do_not_matter(world: World) -> None:
    """Whoever uses the branch again, at the very commit, takes nothing away."""
    path, number = proposed(world)
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.later(MINUTE)
    branch, head = branch_of(world, number), world.github.pulls[number].head_sha
    world.acme.call("bob", "DELETE", f"/git/refs/heads/{branch}")
    world.must(world.acme.call("bob", "POST", "/git/refs", ref=f"refs/heads/{branch}", sha=head))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]


def test_more_pushes_than_a_page_are_all_read(world: World) -> None:
    """bob's push lies far back, behind more than a hundred others of alice's."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    pushed(world, "bob", branch, commit(world, branch, path))
    head = world.github.store.tip(branch)
    for place in range(101):
        at = commit(world, branch, path, table="orders", message=f"{place}") if place % 2 else head
        pushed(world, "alice", branch, at, force=True)
    assert len([each for each in world.github.activities if each.ref.endswith(branch)]) > 100
    world.later(MINUTE)
    decided(world, number, "bob", code=1)
    assert whys(world) == [PUSHED]


def moved(world: World, branch: str, times: int) -> None:
    """mallory moves a branch to and fro so often, as it is left where it was."""
    repository, mallory = world.github, world.acme.github._site.user("mallory")
    tip = repository.store.tip(branch)
    for _ in range(times):
        note(world.acme.github._site, repository, branch, tip, mallory)


@pytest.mark.parametrize("times", [bounds.MOVES, 0])
def test_more_moves_than_are_read_are_a_reason_to_refuse(world: World, times: int) -> None:
    """bob's push lies before, or behind, a thousand others: nobody looks for it, and no run stays red for it."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    moved(world, branch, times)
    pushed(world, "bob", branch, commit(world, branch, path))
    moved(world, branch, bounds.MOVES - times)
    world.later(MINUTE)
    assert f"moved more than {bounds.MOVES} times" in world.ran("explain", str(number)).output
    decided(world, number, "bob", code=1)
    assert "too-many-moves" in world.reasons(path)
    assert world.reach("alice") == set()
    assert facts(world)["too_many_moves"] is True
    world.jit("grant")
    assert codes(verdict(world, code=0)) == set()


def test_the_refusal_for_too_many_moves_is_decided_again_from_its_record(world: World) -> None:
    """Two looks agree that nothing else speaks against it, and an audit that reads its mark says so, too."""
    path, number = proposed(world)
    moved(world, branch_of(world, number), bounds.MOVES)
    world.forget()
    decided(world, number, "bob", code=1)
    assert world.reasons(path) == {"too-many-moves"}
    asked = [path for _, path in world.acme.github.calls if path.endswith("/activity")]
    assert len(asked) == 2 * (bounds.MOVES // 100 + 1)
    assert codes(verdict(world, code=0)) == set()


def test_as_many_moves_as_are_read_are_nobodys_harm(world: World) -> None:
    """A thousand until the merge, and any number after it, for which nothing more is asked."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    activities = [each for each in world.github.activities if each.ref.endswith(branch)]
    moved(world, branch, bounds.MOVES - len(activities))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.later(SECOND)
    moved(world, branch, 2 * bounds.MOVES)
    world.forget()
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    asked = [path for _, path in world.acme.github.calls if path.endswith("/activity")]
    assert len(asked) == bounds.MOVES // 100 + 1


def test_moves_after_the_merge_hide_no_push(world: World) -> None:
    """However often the branch is moved once more, who pushed before the merge is found."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    pushed(world, "bob", branch, commit(world, branch, path))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.later(SECOND)
    moved(world, branch, bounds.MOVES + 1)
    world.jit("grant", code=1)
    assert (world.reasons(path), whys(world)) == ({"not-enough-approvals"}, [PUSHED])


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("fork", [{"id": 700999, "full_name": "alice/access", "fork": True}, None])
def test_a_branch_here_says_nothing_of_a_forks_branch_of_that_name(
    world: World, fork: dict[str, object] | None
) -> None:
    """The pull request comes from a fork, or one that is gone: bob, who pushed the same to a branch here, may approve."""
    path, number = proposed(world)
    branch = branch_of(world, number)
    pushed(world, "bob", branch, commit(world, branch, path))
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    told = world.must(world.acme.call("olivia", "GET", f"/pulls/{number}"))
    told["head"]["repo"] = fork and {**told["head"]["repo"], **fork}
    answer = GitHubFault(
        status=200, body=json.dumps(told).encode(), headers={"Content-Type": "application/json"}
    )
    world.acme.github.faults = lambda method, asked: (
        answer if method == "GET" and asked.endswith(f"/pulls/{number}") else None
    )
    world.forget()
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert not [asked for _, asked in world.acme.github.calls if asked.endswith("/activity")]
    approved = next(each for each in world.ledger() if each["event"] == "approved")
    assert approved["evidence"]["facts"]["told"]["pushes"] is None
