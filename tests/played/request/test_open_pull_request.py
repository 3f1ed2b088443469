"""Opening a pull request through the API: stop it anywhere, and it is whole or gone."""

from collections.abc import Iterator
from typing import Any

import pytest
from asking_world import NOW, REASON, TEXT, Counter, Trouble

from jitbot.domain.access.approvals.requirement import Requirement
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.records import PullRequestRule, Ruleset
from jitbot.sandbox.organisation import Acme
from jitbot.usecases.request.open_pull_request import (
    free_branch,
    free_path,
    merge_when_approved,
    open_pull,
)

BRANCH = "jitbot/ask/orders-db-read/2026-11-24-alice-inc-1234-refunds-are-stuck"
PATH = "requests/orders-db-read/2026-11/24-alice-inc-1234-refunds-are-stuck.yaml"
ADMIN = """requester: dave
accounts: [prod]
duration: 1h
reason: INC-1234 refunds are stuck
ticket: INC-1234
"""
# Every call of the sequence, in its order.
CALLS = [("POST", "/git/refs"), ("POST", "/graphql"), ("POST", "/pulls")]
TROUBLES = [(502, False), (502, True), (None, False), (None, True)]


@pytest.fixture(scope="module")
def running() -> Iterator[Counter]:
    """acme, running."""
    with Acme(Clock(NOW)) as acme:
        yield Counter(acme=acme, slept=[])


@pytest.fixture
def counter(running: Counter) -> Counter:
    """acme in good health, with nothing asked for."""
    running.back()
    return running


def whole(counter: Counter) -> None:
    """There is exactly one branch, with exactly the file on top of main, and one pull request from it, by alice."""
    (pull,) = counter.pulls()
    assert counter.branches() == [BRANCH] == [pull.head_ref]
    store = counter.github.store
    assert store.read(pull.head_sha, PATH) == TEXT.encode()
    assert store.commit(pull.head_sha).parents == (store.tip("main"),)
    assert [change.path for change in store.changes(store.tip("main"), pull.head_sha)] == [PATH]
    assert pull.author.login == "alice"
    assert pull.head_sha in counter.github.signed  # else it is refused where signed commits are required


def test_one_commit_one_branch_one_pull_request(counter: Counter) -> None:
    """The proposal is opened by the person, from a branch of one commit, to be reviewed."""
    desk = counter.desk()
    pull = open_pull(desk, counter.proposal(desk))
    whole(counter)
    held = counter.github.pulls[pull.number]
    assert (held.title, held.base_ref) == (
        "alice: orders-db-read in prod, 2h, table=orders (one approval)",
        "main",
    )
    assert REASON in (held.body or "")
    assert counter.github.store.commit(held.head_sha).message == "Ask for orders-db-read in prod for 2h"


@pytest.mark.parametrize(("status", "after"), TROUBLES)
@pytest.mark.parametrize(("method", "ending"), CALLS)
def test_a_moment_of_trouble_changes_nothing(
    counter: Counter, method: str, ending: str, status: int | None, *, after: bool
) -> None:
    """A call that fails once, before or after it took effect, ends in the same one branch and pull request."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    counter.acme.github.faults = Trouble(method=method, ending=ending, status=status, after=after, times=1)
    open_pull(desk, proposal)
    whole(counter)


@pytest.mark.parametrize(("status", "after"), TROUBLES)
@pytest.mark.parametrize(("method", "ending"), [CALLS[0], CALLS[2]])
def test_what_took_effect_is_recognised(
    counter: Counter, method: str, ending: str, status: int | None, *, after: bool
) -> None:
    """A write that fails for good leaves nothing if it took no effect, and counts if it did."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    counter.acme.github.faults = Trouble(method=method, ending=ending, status=status, after=after)
    if after:
        open_pull(desk, proposal)
        whole(counter)
    else:
        with pytest.raises(UnavailableError):
            open_pull(desk, proposal)
        assert (counter.branches(), counter.pulls()) == ([], [])


@pytest.mark.parametrize("status", [403, 404, 422, 500, 502, None])
@pytest.mark.parametrize(("method", "ending"), CALLS)
def test_a_refusal_leaves_nothing(counter: Counter, method: str, ending: str, status: int | None) -> None:
    """Whichever call GitHub refuses for good, no branch and no pull request stay."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    counter.acme.github.faults = Trouble(method=method, ending=ending, status=status, after=False)
    with pytest.raises(JitbotError):
        open_pull(desk, proposal)
    assert (counter.branches(), counter.pulls()) == ([], [])


def test_what_cannot_be_taken_back_is_named(counter: Counter) -> None:
    """Where the branch cannot be deleted either, the error names it, and says how to delete it."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    troubles = [
        Trouble(method="POST", ending="/pulls", status=403, after=False),
        Trouble(method="DELETE", ending="/git/refs", status=403, after=False),
    ]
    counter.acme.github.faults = lambda method, path: next(
        (fault for trouble in troubles if (fault := trouble(method, path))), None
    )
    with pytest.raises(UnavailableError, match=f"git push origin --delete {BRANCH}"):
        open_pull(desk, proposal)
    assert counter.branches() == [BRANCH]


class Interrupted:
    """A GitHub whose person presses Ctrl-C when one method is called: before it acts, or after."""

    def __init__(self, github_write: Any, name: str, *, after: bool) -> None:
        self.github_write, self.name, self.after = github_write, name, after

    def __getattr__(self, name: str) -> Any:
        """The method, interrupted where it is the one."""
        method = getattr(self.github_write, name)
        if name != self.name:
            return method

        def interrupted(*args: Any, **kwargs: Any) -> Any:
            if self.after:
                method(*args, **kwargs)
            raise KeyboardInterrupt

        return interrupted


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["commit_on_branch", "create_branch", "open_pull"])
def test_ctrl_c_leaves_nothing(counter: Counter, name: str, *, after: bool) -> None:
    """Ctrl-C at any moment leaves no branch and no open pull request."""
    proposal = counter.proposal(counter.desk())
    desk = counter.desk(wrapped=lambda github_write: Interrupted(github_write, name, after=after))
    with pytest.raises(KeyboardInterrupt):
        open_pull(desk, proposal)
    assert (counter.branches(), counter.pulls()) == ([], [])


def commit_of_bob(counter: Counter) -> str:
    """Make the branch, with a commit of bob's on top of main."""
    store, bob = (
        counter.github.store,
        counter.acme.github._site.signature(counter.acme.github._site.user("bob")),
    )
    store.update_ref(f"refs/heads/{BRANCH}", store.tip("main"))
    return str(store.commit_files(BRANCH, store.tip("main"), {"mine": b"1"}, (), "mine", bob, bob))


def test_a_branch_of_somebody_else_is_left_alone(counter: Counter) -> None:
    """A branch with something on it that appears under the same name meanwhile is neither used nor deleted."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    tip = commit_of_bob(counter)
    with pytest.raises(DeniedError, match="run this again"):
        open_pull(desk, proposal)
    assert (counter.github.store.tip(BRANCH), counter.pulls()) == (tip, [])


def test_what_somebody_pushes_meanwhile_is_left_alone(counter: Counter) -> None:
    """A commit that lands on the branch between its making and ours is neither taken for ours nor deleted."""
    proposal = counter.proposal(counter.desk())

    class Pushed:
        def __init__(self, github_write: Any) -> None:
            self.github_write = github_write

        def __getattr__(self, name: str) -> Any:
            if name == "commit_on_branch":
                commit_of_bob(counter)
            return getattr(self.github_write, name)

    desk = counter.desk(wrapped=Pushed)
    with pytest.raises(DeniedError, match="somebody pushed to the branch"):
        open_pull(desk, proposal)
    store = counter.github.store
    assert store.commit(store.tip(BRANCH)).message.strip() == "mine"
    assert counter.pulls() == []


def test_a_pull_request_of_another_head_is_not_ours(counter: Counter) -> None:
    """After a failed write, a pull request counts as ours only if it is of our commit and by us."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    pull = open_pull(desk, proposal)
    held = counter.github.pulls[pull.number]
    counter.github.change(held, author=counter.acme.github._site.user("bob"))
    counter.github.store.update_ref(f"refs/heads/{BRANCH}", None)
    counter.acme.clock.set(NOW)  # the same commit once more: same tree, parent, message and second
    with pytest.raises(JitbotError):
        open_pull(desk, proposal)
    counter.back()


def test_a_name_that_is_taken_is_numbered(counter: Counter) -> None:
    """A second request for the same reason gets a path of its own: on a branch, on main, or once deleted there."""
    desk = counter.desk()
    assert free_path(desk, "orders-db-read", REASON, NOW) == PATH
    open_pull(desk, counter.proposal(desk))
    second = free_path(desk, "orders-db-read", REASON, NOW)
    assert second == PATH.replace(".yaml", "-2.yaml")
    main = counter.github.store.tip("main")
    for gone in ({PATH.replace(".yaml", "-2.yaml"): b"x"}, {}):
        store, who = counter.github.store, counter.acme.github._site.web_flow()
        deleted = () if gone else (PATH.replace(".yaml", "-2.yaml"),)
        store.commit_files("main", store.tip("main"), gone, deleted, "by hand", who, who)
        assert free_path(counter.desk(), "orders-db-read", REASON, NOW) == PATH.replace(".yaml", "-3.yaml")
    counter.github.store.update_ref("refs/heads/main", main)


def test_names_do_not_end(counter: Counter) -> None:
    """After nine of a name the second of the day makes another; only who asks ten times in a second more is told to wait."""
    tip = counter.github.store.tip("main")
    timed = BRANCH.rpartition("alice-")[0] + "alice-at-090000"
    for number in range(1, 10):
        ending = f"-{number}" if number > 1 else ""
        counter.github.store.update_ref(f"refs/heads/{BRANCH}{ending}", tip)
    desk = counter.desk()
    assert free_path(desk, "orders-db-read", REASON, NOW).endswith("/24-alice-at-090000.yaml")
    for number in range(1, 10):
        counter.github.store.update_ref(f"refs/heads/{timed}{f'-{number}' if number > 1 else ''}", tip)
    with pytest.raises(InvalidError, match="run this again"):
        free_path(counter.desk(), "orders-db-read", REASON, NOW)


def test_a_name_comes_from_the_ticket_where_the_reason_gives_none(counter: Counter) -> None:
    """Most of the world does not write in a-z."""
    path = free_path(counter.desk(), "orders-db-read", "返金が止まっている", NOW, ("INC-77", "orders"))
    assert path.endswith("/24-alice-inc-77.yaml")


def test_a_branch_that_is_taken_is_numbered(counter: Counter) -> None:
    """An extension, whose path is given, gets another branch where one of the name is there."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    assert free_branch(desk, proposal) == proposal
    counter.github.store.update_ref(f"refs/heads/{BRANCH}", counter.github.store.tip("main"))
    assert free_branch(desk, proposal).branch == f"{BRANCH}-2"


def test_auto_merge_merges_as_the_person(counter: Counter) -> None:
    """Once an owner approves, GitHub merges as the person, whose push to main starts workflows."""
    pushes: list[tuple[str, str]] = []
    counter.acme.github.on_push = lambda branch, login: pushes.append((branch, login))
    desk, main = counter.desk(), counter.github.store.tip("main")
    pull = open_pull(desk, counter.proposal(desk))
    assert merge_when_approved(desk, pull, Requirement(need=1)) == ("squash", "")
    assert desk.github.pull(pull.number).auto_merge
    assert pushes == []
    counter.acme.call("bob", "POST", f"/pulls/{pull.number}/reviews", event="APPROVE", body="")
    merged = desk.github.pull(pull.number)
    assert (merged.is_open, merged.merge_commit) == (False, counter.github.store.tip("main"))
    assert counter.github.pulls[pull.number].merged_by.login == "alice"
    assert pushes == [("main", "alice")]
    counter.github.store.update_ref("refs/heads/main", main)
    counter.acme.github.on_push = None


def test_auto_merge_that_is_not_allowed_is_said(counter: Counter) -> None:
    """Where the repository does not allow auto-merge, or the call fails, the pull request stands and it is said."""
    counter.acme.github.allow_auto_merge = False
    desk = counter.desk()
    pull = open_pull(desk, counter.proposal(desk))
    assert merge_when_approved(desk, pull, Requirement(need=1)) == ("", "the repository does not allow it")
    counter.acme.github.allow_auto_merge = True
    other = counter.desk()
    assert other.place.auto_merge
    counter.acme.github.allow_auto_merge = False
    method, note = merge_when_approved(other, pull, Requirement(need=1))
    assert method == ""
    assert "Auto merge is not allowed" in note
    counter.acme.github.faults = Trouble(method="GET", ending="/rules/", status=502, after=False)
    method, note = merge_when_approved(other, pull, Requirement(need=1))
    assert (method, "502" in note or "answer" in note) == ("", True)
    assert len(counter.pulls()) == 1


def test_auto_merge_never_comes_too_early(counter: Counter) -> None:
    """Two approvals are not left to rules that wait for one, which would have the request refused for good."""
    desk = counter.desk("dave")
    pull = open_pull(desk, counter.proposal(desk, ADMIN, "production-admin"))
    method, note = merge_when_approved(desk, pull, Requirement(need=2))
    assert method == ""
    assert "jitbot/approval is no required check" in note
    assert not desk.github.pull(pull.number).auto_merge
    kept = counter.acme.github.rules["main"]
    counter.acme.github.rules["main"] = Ruleset(
        id=1, pull_request=PullRequestRule(), required_checks=("jitbot/approval",)
    )
    assert merge_when_approved(desk, pull, Requirement(need=2)) == ("squash", "")
    counter.acme.github.rules["main"] = kept
