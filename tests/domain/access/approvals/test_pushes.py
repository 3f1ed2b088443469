"""Who brought a request onto its branch: by the pushes, whatever the commits say."""

from dataclasses import replace

from acme_facts import MERGED_AT, MINUTE, SECOND, an_actor, sha
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.access.approvals.pushes import made_head_at, that_changed
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.merge_facts import GONE, Actor, PullCommit, Push

A, B, M, C = (sha(name) for name in "abmc")
NONE = Sha("0" * 40)
# a: asks; b: changes the request; m: main's tip merged in, which leaves it as it was; c: changes it again.
COMMITS = tuple(
    PullCommit(sha=each, named=(), parents=parents)
    for each, parents in ((A, (sha("main"),)), (B, (A,)), (M, (B, sha("newer"))), (C, (M,)))
)
TOUCHING = frozenset({A, B, C})


def push(login: str, before: Sha, after: Sha, *, minutes: int = 0, actor: Actor | None = None) -> Push:
    """A move of the branch, so many minutes after the first."""
    at = MERGED_AT - 60 * MINUTE + minutes * MINUTE
    return Push(actor=actor or an_actor(login), before=before, after=after, kind="push", at=at)


def who(*pushes: Push, head: Sha = C) -> list[str] | None:
    """Who brought a change of the request."""
    found = that_changed(pushes, commits=COMMITS, touching=TOUCHING, head=head, until=MERGED_AT)
    return None if found is None else [str(each.actor.login) for each in found]


def test_each_push_is_its_actors() -> None:
    """Three people pushed; the one who pushed main's merge alone brought nothing."""
    pushes = (push("alice", NONE, B), push("bob", B, M, minutes=1), push("carol", M, C, minutes=2))
    assert who(*pushes) == ["alice", "carol"]


def test_a_merge_with_a_commit_beneath_it_brings_that_commit() -> None:
    """The person who pushes both pushed both."""
    assert who(push("alice", NONE, A), push("bob", A, M, minutes=1), head=M) == ["alice", "bob"]


def test_a_forced_push_brings_all_that_it_leads_to() -> None:
    """From a commit that is no part of the pull request any more, everything is new."""
    pushes = (push("alice", NONE, C), push("bob", sha("dropped"), C, minutes=1))
    assert who(*pushes) == ["alice", "bob"]


def test_the_head_is_as_old_as_the_last_push_of_it() -> None:
    """A branch that left its head and came back is as young as the return; what comes after the merge is ignored."""
    first, away, back = (push("alice", A, each, minutes=at) for each, at in ((C, 0), (B, 1), (C, 2)))
    late = push("alice", A, C, minutes=61)
    assert made_head_at((first, away), head=C, until=MERGED_AT) == first.at
    assert made_head_at((first, away, back, late), head=C, until=MERGED_AT) == back.at
    assert made_head_at((first, late), head=C, until=None) == late.at
    assert made_head_at((first, late), head=C, until=late.at) == late.at  # at that very second it counts
    assert made_head_at((away,), head=C, until=MERGED_AT) is None
    assert made_head_at((first, push("bob", C, C, minutes=3)), head=C, until=MERGED_AT) == first.at


def test_where_nothing_made_the_head_nobody_is_known() -> None:
    """A fork, a list that lags or was cut: nothing is concluded from it."""
    assert who() is None
    assert who(push("alice", NONE, B)) is None
    assert who(push("alice", NONE, sha("elsewhere"))) is None
    assert who(push("alice", NONE, sha("not listed")), head=sha("not listed")) is None


def test_what_came_after_the_merge_does_not_matter() -> None:
    """To the second."""
    late = Push(actor=an_actor("bob"), before=NONE, after=C, kind="push", at=MERGED_AT + SECOND)
    assert who(push("alice", NONE, C), late) == ["alice"]
    assert who(late) is None
    assert who(replace(late, at=MERGED_AT)) == ["bob"]


def test_before_the_merge_every_push_matters() -> None:
    """An open pull request has no moment after which none does."""
    pushes = (push("alice", NONE, B), push("bob", B, C, minutes=600))
    found = that_changed(pushes, commits=COMMITS, touching=TOUCHING, head=C, until=None)
    assert found == pushes


def test_a_branch_of_many_merges_is_walked_once() -> None:
    """Two ways to each of a hundred merges are 2^100 ways, and a hundred and one commits."""
    first, *rest = (sha(f"merge {number}") for number in range(101))
    commits = [PullCommit(sha=first, named=())]
    commits += [
        PullCommit(sha=each, named=(), parents=(parent, parent))
        for parent, each in zip((first, *rest), rest, strict=False)
    ]
    pushes = (push("alice", NONE, rest[-1]),)
    found = that_changed(pushes, commits=commits, touching={first}, head=rest[-1], until=MERGED_AT)
    assert found == pushes


def test_an_account_that_is_gone_is_one_too() -> None:
    """GitHub names nobody for it: it is recorded, and nobody's approval is lost by it."""
    assert who(push("", NONE, C, actor=GONE)) == ["ghost"]


def test_of_each_account_one_push_is_kept_and_not_without_end() -> None:
    """A thousand pushes fill no event."""
    pushes = [push("alice", NONE, C)] * 1000
    assert who(*pushes) == ["alice"]
    crowd = [
        push("", NONE, C, actor=Actor(login=Login(f"x{number}"), github_id=GithubId(number)))
        for number in range(1, 200)
    ]
    found = who(*crowd)
    assert found is not None
    assert len(found) == bounds.PUSHES


@given(st.lists(st.tuples(st.sampled_from("abmc"), st.sampled_from("abmcx")), max_size=6))
def test_whoever_pushed_the_first_to_hold_a_change_is_named(moves: list[tuple[str, str]]) -> None:
    """However the branch moved, the last push that made the head from elsewhere brought something, or nothing new."""
    pushes = [
        push("bob", sha(before), sha(after), minutes=place) for place, (before, after) in enumerate(moves)
    ]
    found = who(push("alice", NONE, C, minutes=-1), *pushes)
    assert found is not None
    assert found[0] == "alice"
