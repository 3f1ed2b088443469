"""Any order: a machine plays people, writers with bad intent, clocks and runs, and the promises hold after every step.

A few short games by default, always the same. Many long ones: `--hypothesis-profile=soak`.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from acme_world import MINUTE, World
from game import move
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, precondition, run_state_machine_as_test
from moves import Moves
from pages import notified

from jitbot import __version__
from jitbot.domain.access import decision_event
from jitbot.domain.ledger.events import EventType

SOAK = "soak"
GAMES = (
    3  # which games are played by default: of those that were tried, the ones with the most kinds of moves
)
PROPERTY = "any order"  # of the test's report: the moves that were played
HOUR = {"table": "orders", "accounts": ("prod",), "minutes": 60, "method": "squash"}


class AnyOrder(Moves):
    """One game, and what must hold after every move of it."""

    # What holds

    @invariant()
    def nobody_holds_more_than_was_approved(self) -> None:
        """Whoever can enter anything was approved for it, for this moment."""
        found = self.play.reach() - self.model.may(self.world.now)
        assert not found, f"held, and never approved: {sorted(found)}"

    @invariant()
    def what_is_recorded_is_true(self) -> None:
        """Every outcome in the ledger is so in AWS, and nothing is told twice."""
        assert not list(self.play.untrue())

    @invariant()
    def nobody_is_notified_twice(self) -> None:
        """No pull request has the same notification twice, whatever was run again, at once, late, or half."""
        for number in self.world.github.pulls:
            said = notified(self.world, number)
            assert len(said) == len(set(said)), said

    @invariant()
    def history_only_grows(self) -> None:
        """The ledger's former tip is behind its present one."""
        store = self.world.github.store
        tip = store.tip("ledger")
        assert store.is_ancestor(self.tip, tip)
        self.tip = tip

    @precondition(lambda self: self.unsettled)
    @move()
    def settle(self) -> None:
        """Healthy runs: who was approved has access, to the second; more of them change nothing."""
        self.unsettled = False
        self.grant(skew=0)
        self.sweep(skew=0)
        missing = self.model.must(self.world.now) - self.play.reach()
        assert not missing, f"approved, and not held: {sorted(missing)}"
        self.sweep(skew=0)  # what the first saw ended long ago is removed by the next
        self.world.forget()
        self.grant(skew=0)
        self.sweep(skew=0)
        assert (self.world.writes(), self.world.commits()) == ([], 0), self.play.jitbot_says

    def teardown(self) -> None:
        """At the end of all terms nobody holds anything, before any run; and some sweeps later nothing is left."""
        if not hasattr(self, "play"):
            return
        end = self.model.last_end
        if end is not None and end > self.world.now:
            self.settle()
            self.world.acme.clock.set(end - timedelta(seconds=1))
            assert self.model.must(self.world.now) <= self.play.reach() <= self.model.may(self.world.now)
            self.world.acme.clock.set(end)
        assert self.play.reach() == set()
        for _ in range(2):  # the first sees the ends, the second removes
            self.sweep(skew=0)
            self.world.later(90 * MINUTE)
        assert not [
            role for account in self.world.acme.accounts.values() for role in self.world.roles(account)
        ]
        assert not list(self.play.untrue())


def test_the_promises_hold_in_any_order(
    world: World, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Whatever people, writers, clocks and runs do, in whatever order, nobody holds more than was approved."""
    monkeypatch.setattr(decision_event, "__version__", __version__)
    AnyOrder.world = world
    AnyOrder.moves.clear()
    long = settings.get_current_profile_name() == SOAK
    played = settings.get_profile(SOAK) if long else settings(
        max_examples=8, stateful_step_count=9, deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(AnyOrder if long else seed(GAMES)(AnyOrder), settings=played)
    record_property(PROPERTY, dict(AnyOrder.moves))
    assert AnyOrder.moves.total() > 50


@pytest.fixture
def game(world: World, monkeypatch: pytest.MonkeyPatch) -> AnyOrder:
    """A game that is played by hand, in which GitHub lets approvals stand whatever is pushed."""
    monkeypatch.setattr(decision_event, "__version__", __version__)
    AnyOrder.world = world
    begun = AnyOrder()
    begun.begin(lax=True)
    return begun


def holds(game: AnyOrder) -> None:
    """What must hold after every move."""
    game.nobody_holds_more_than_was_approved()
    game.what_is_recorded_is_true()
    game.nobody_is_notified_twice()
    game.history_only_grows()


@pytest.mark.parametrize(
    "flaw",
    ["pushed to since", "approver's commit", "asked by another", "nobody's approval", "another policy"],
)
def test_one_flaw_is_enough(game: AnyOrder, flaw: str) -> None:
    """A good request with one flaw gives nobody anything: the moves that a random game seldom makes in this order."""
    author = "mallory" if flaw == "asked by another" else "alice"
    pull = game._ask(author, "alice", "orders", ("prod",), 60)
    if flaw == "approver's commit":
        game._push(pull, "bob", "refunds")
    game._review(pull, "carol" if flaw == "nobody's approval" else "bob", "APPROVE")
    if flaw == "pushed to since":
        game._push(pull, "alice", "refunds")
    if flaw == "another policy":
        game.change_statements(wide=True)
    game._merge(pull, "squash")
    game.grant(skew=0)
    assert (game.model.terms, game.play.reach()) == ({}, set())
    holds(game)


@pytest.mark.parametrize("claim", ["job_workflow_ref", "ref", "repository_id", "aud", "none"])
def test_a_forged_approval_gives_nothing(game: AnyOrder, claim: str) -> None:
    """Beside a true approval, whose time is not over, a lie about it in mallory's name is nothing."""
    game.ask_and_be_granted(login="dave", **HOUR)
    game.forge_an_approval(claim=claim)
    assert game.play.reach() == {("dave", "prod", "orders")}
    holds(game)


@pytest.mark.parametrize("kind", [EventType.EXTENDED, EventType.REVOKED, EventType.ENDED, EventType.REMOVED])
def test_a_forged_story_changes_nothing(game: AnyOrder, kind: EventType) -> None:
    """Whatever mallory tells of a grant: it is there until its end, and no second longer."""
    game.ask_and_be_granted(login="alice", **HOUR)
    game.forge_an_event(which=0, kind=kind)
    assert game.play.reach() == {("alice", "prod", "orders")}
    game.wait(minutes=60)
    assert game.play.reach() == set()
    holds(game)


def test_a_revocation_is_its_starters_own(game: AnyOrder) -> None:
    """Whoever re-runs the requester's run ends nothing; the requester does."""
    game.ask_and_be_granted(login="alice", **HOUR)
    game.revoke(which=0, actor="mallory", rerun=True)
    assert game.play.reach() == {("alice", "prod", "orders")}
    game.revoke(which=0, actor="alice", rerun=False)
    assert game.play.reach() == set()
    holds(game)


def test_longer_counts_from_the_first_start(game: AnyOrder) -> None:
    """An extension to two hours, merged in the last minute of the first, ends two hours after the first merge."""
    game.ask_and_be_granted(login="alice", **HOUR)
    game.wait(minutes=59)
    game.ask_for_longer(which=0, minutes=120)
    game._review(game.pulls[-1], "bob", "APPROVE")
    game._merge(game.pulls[-1], "squash")
    game.grant(skew=0)
    game.wait(minutes=60)
    assert game.play.reach() == {("alice", "prod", "orders")}
    game.wait(minutes=1)
    assert game.play.reach() == set()
    holds(game)


@pytest.mark.parametrize("login", ["alice", ""])
def test_a_stop_is_about_what_comes_too(game: AnyOrder, login: str) -> None:
    """What was live, merged or asked since gives nothing until the lift, and none of it comes back with the lift."""
    game.ask_and_be_granted(login="alice", **HOUR)
    merged = game._ask("alice", "alice", "refunds", ("prod",), 60)
    game._review(merged, "bob", "APPROVE")
    game._merge(merged, "squash")
    game.stop(login=login, actor="mallory")
    assert game.play.reach() == {("alice", "prod", "orders")}
    game.stop(login=login, actor="erin")
    game.ask_and_be_granted(login="alice", **HOUR)
    assert (game.play.reach(), set(game.model.terms) - game.model.over) == (set(), set())
    game.wait(minutes=1)
    game.lift(which=0, actor="bob")
    game.ask_and_be_granted(login="alice", **HOUR)
    assert game.play.reach() == set()
    game.lift(which=0, actor="erin")
    game.wait(minutes=1)
    game.grant(skew=0)
    game.sweep(skew=0)
    assert game.play.reach() == set()
    game.ask_and_be_granted(login="alice", **HOUR)
    assert game.play.reach() == {("alice", "prod", "orders")}
    holds(game)


def test_a_stop_that_no_ledger_keeps_ends_in_aws(game: AnyOrder) -> None:
    """AWS comes first; the next runs give nothing back of what it ended."""
    game.ask_and_be_granted(login="alice", **HOUR)
    game.stop_without_a_record(login="alice")
    game.grant(skew=0)
    game.sweep(skew=0)
    assert game.play.reach() == set()
    holds(game)


@pytest.mark.parametrize("approvers", [("bob",), ("bob", "carol"), ("bob", "bob"), ("carol", "alice")])
@pytest.mark.parametrize("meanwhile", ["", "groups", "approvals"])
def test_two_approvals_where_the_rules_ask_for_them(
    game: AnyOrder, approvers: tuple[str, ...], meanwhile: str
) -> None:
    """More than an hour in the group needs two people; who changes group or rule meanwhile changes nothing of that."""
    game.change_team(carol=True)
    game.change_approvals(two=True)
    pull = game._ask("alice", "alice", "orders", ("prod",), 120)
    for approver in approvers:
        game._review(pull, approver, "APPROVE")
    if meanwhile:
        game._turn(meanwhile)
    game._merge(pull, "squash")
    game.grant(skew=0)
    enough = {("alice", "prod", "orders")} if set(approvers) == {"bob", "carol"} else set()
    assert game.play.reach() == enough
    holds(game)


def test_an_hour_needs_one_approval_and_no_more(game: AnyOrder) -> None:
    """The rule of two is for more than an hour, and for its group alone; an extension over an hour needs two."""
    game.change_team(carol=True)
    game.change_approvals(two=True)
    game.ask_and_be_granted(login="alice", **HOUR)
    game.ask_and_be_granted(login="dave", table="orders", accounts=("staging",), minutes=120, method="squash")
    both = {("alice", "prod", "orders"), ("dave", "staging", "orders")}
    assert game.play.reach() == both
    game.ask_for_longer(which=0, minutes=120)
    game._review(game.pulls[-1], "bob", "APPROVE")
    game._merge(game.pulls[-1], "squash")
    game.grant(skew=0)
    game.wait(minutes=60)
    assert game.play.reach() == both - {("alice", "prod", "orders")}
    holds(game)


def test_access_ends_with_the_membership(game: AnyOrder) -> None:
    """alice is a member for half an hour more: so is her access, and afterwards she is refused."""
    game.date_a_member(who="alice", minutes=30)
    game.ask_and_be_granted(login="alice", **HOUR)
    game.wait(minutes=29)
    assert game.play.reach() == {("alice", "prod", "orders")}
    game.wait(minutes=1)
    assert game.play.reach() == set()
    game.ask_and_be_granted(login="alice", **HOUR)
    assert game.play.reach() == set()
    holds(game)


def test_who_leads_no_longer_approves_nothing(game: AnyOrder) -> None:
    """bob approves, and at the merge his membership is over, from that very second on."""
    game.date_a_member(who="bob", minutes=30)
    pull = game._ask("alice", "alice", "orders", ("prod",), 60)
    game._review(pull, "bob", "APPROVE")
    game.wait(minutes=30)
    game._merge(pull, "squash")
    game.grant(skew=0)
    assert game.play.reach() == set()
    holds(game)
