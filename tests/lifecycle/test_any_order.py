"""Any order: a machine plays people, writers with bad intent, clocks and runs, and the promises hold after every step.

A few short games by default, always the same. Many long ones: `--hypothesis-profile=soak`.
"""

import functools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import hypothesis.strategies as st
import pytest
from acme_world import MINUTE, World
from breaking import Death, at
from forging import batch, mallorys, push, signed_by
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from model import Ask, Model, Pull, Rules
from playing import OWNERS, PEOPLE, POLICY, TEAMS, Play

from jitbot.domain import testimony

SOAK = "soak"
GAMES = (
    3  # which games are played by default: of those that were tried, the ones with the most kinds of moves
)
PROPERTY = "any order"  # of the test's report: the moves that were played
PEOPLE_WHO_ASK = st.sampled_from(["alice", "alice", "dave", "carol", "mallory"])
REVIEWERS = st.sampled_from(["bob", "bob", "erin", "alice", "carol", "mallory", "dave"])
VERDICTS = st.sampled_from(["APPROVE", "APPROVE", "REQUEST_CHANGES", "COMMENT"])
MINUTES = st.sampled_from([15, 60, 120, 240, 300])
WHERE = st.sampled_from([("prod",), ("staging",), ("prod", "staging")])
TABLES = st.sampled_from(["orders", "refunds"])
METHODS = st.sampled_from(["squash", "merge", "rebase"])
PICK = st.integers(min_value=0, max_value=7)
SKEW = st.sampled_from([0, 0, 0, -30, 30])
WRITES = ["record", "CreateRole", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy"]
FINE = (0, 1, 3)  # nothing wrong; something refused; something left to do


def move(**given: Any) -> Callable[[Callable[..., Any]], Any]:
    """A rule of the machine whose plays are counted."""

    def made(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def counted(self: "AnyOrder", **chosen: Any) -> Any:
            self.moves[function.__name__] += 1
            return function(self, **chosen)

        return rule(**given)(counted)

    return made


class AnyOrder(RuleBasedStateMachine):
    """One game: the world as it is, and the model of what may be."""

    world: ClassVar[World]  # set by the test: one sandbox serves all games
    moves: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.pulls: list[Pull] = []
        self.tip = ""
        self.unsettled = False

    @initialize(lax=st.booleans())
    def begin(self, *, lax: bool) -> None:
        """acme as it is set up, with nothing asked; `lax`: GitHub lets approvals stand when something is pushed."""
        self.world.back(self.world.kept["seed"])
        rules = self.world.acme.github.rules
        pulls = rules["main"].pull_request
        assert pulls is not None
        kept = replace(pulls, dismiss_stale_reviews_on_push=not lax)
        rules["main"] = replace(rules["main"], pull_request=kept)
        self.play = Play(world=self.world)
        self.tip = self.world.github.store.tip("ledger")
        testimony.__version__ = "0.1.0"

    # People

    @move(login=PEOPLE_WHO_ASK, table=TABLES, accounts=WHERE, minutes=MINUTES)
    def ask(self, login: str, table: str, accounts: tuple[str, ...], minutes: int) -> None:
        """Somebody asks for access, in a pull request of their own."""
        self._ask(login, login, table, accounts, minutes)

    @move(
        authors=st.tuples(PEOPLE_WHO_ASK, PEOPLE_WHO_ASK) | PEOPLE_WHO_ASK.map(lambda login: (login, login)),
        minutes=MINUTES,
        reviews=st.lists(st.tuples(REVIEWERS, VERDICTS), min_size=1, max_size=3),
        pusher=st.none() | st.none() | REVIEWERS,
        rules=st.sampled_from(["", "", "owners", "policy", "people"]),
        method=METHODS,
    )
    def ask_and_be_judged(
        self,
        authors: tuple[str, str],
        minutes: int,
        reviews: list[tuple[str, str]],
        pusher: str | None,
        rules: str,
        method: str,
    ) -> None:
        """A request from first to last: for whomever, reviewed by whomever, pushed to meanwhile, under moving rules."""
        author, login = authors
        pull = self._ask(author, login, "orders", ("prod",), minutes)
        for reviewer, verdict in reviews:
            self._review(pull, reviewer, verdict)
        if pusher is not None:
            self._push(pull, pusher, "refunds")
        if rules:
            self._turn(rules)
        self._merge(pull, method)
        self.grant(skew=0)

    @move(login=PEOPLE_WHO_ASK, table=TABLES, accounts=WHERE, minutes=MINUTES, method=METHODS)
    def ask_and_be_granted(
        self, login: str, table: str, accounts: tuple[str, ...], minutes: int, method: str
    ) -> None:
        """The ordinary way: asked, approved by bob, merged, granted."""
        pull = self._ask(login, login, table, accounts, minutes)
        self._review(pull, "bob", "APPROVE")
        self._merge(pull, method)
        self.grant(skew=0)

    @precondition(lambda self: self.model.on_main)
    @move(which=PICK, minutes=MINUTES)
    def ask_for_longer(self, which: int, minutes: int) -> None:
        """The requester proposes another duration of what was merged."""
        former = self._on_main(which)
        self._open(former.login, replace(former, minutes=minutes), former)

    @precondition(lambda self: self.model.on_main)
    @move(which=PICK, table=TABLES)
    def ask_for_other(self, which: int, table: str) -> None:
        """The requester proposes another table in what was merged: a new thing in an old file."""
        former = self._on_main(which)
        self._open(former.login, replace(former, table=table), former)

    @precondition(lambda self: self.model.on_main)
    @move(which=PICK, login=PEOPLE_WHO_ASK, method=METHODS)
    def delete(self, which: int, login: str, method: str) -> None:
        """Somebody deletes a request, in a merged pull request: a revert is nothing else."""
        self._merge(self._open(login, None, self._on_main(which)), method)

    @precondition(lambda self: self.model.ever - self.model.on_main.keys())
    @move(which=PICK, minutes=MINUTES, approver=REVIEWERS)
    def bring_back(self, which: int, minutes: int, approver: str) -> None:
        """A deleted request comes back under its old path, reviewed and merged."""
        path = _one(sorted(self.model.ever - self.model.on_main.keys()), which)
        login = path.split("-")[4]
        wanted = Ask(path=path, login=login, accounts=("prod",), table="orders", minutes=minutes)
        pull = self._open(login, wanted, None)
        self._review(pull, approver, "APPROVE")
        self._merge(pull, "squash")

    @precondition(lambda self: self._waiting())
    @move(which=PICK, login=REVIEWERS, minutes=MINUTES, table=TABLES)
    def edit(self, which: int, login: str, minutes: int, table: str) -> None:
        """Somebody pushes to the branch of an open pull request, approved or not."""
        self._push(_one(self._waiting(), which), login, table, minutes)

    @precondition(lambda self: self._waiting())
    @move(
        which=PICK,
        login=REVIEWERS,
        verdict=VERDICTS,
    )
    def review(self, which: int, login: str, verdict: str) -> None:
        """Somebody says what they think of a pull request as it is."""
        self._review(_one(self._waiting(), which), login, verdict)

    @precondition(lambda self: self._waiting())
    @move(which=PICK)
    def dismiss(self, which: int) -> None:
        """An admin dismisses every review of a pull request."""
        pull = _one(self._waiting(), which)
        for each in self.world.acme.call("olivia", "GET", f"/pulls/{pull.number}/reviews").content:
            path = f"/pulls/{pull.number}/reviews/{each['id']}/dismissals"
            self.world.acme.call("olivia", "PUT", path, message="no", event="DISMISS")
        pull.opinions.clear()

    @precondition(lambda self: self._waiting())
    @move(which=PICK, method=METHODS)
    def merge(self, which: int, method: str) -> None:
        """An admin merges whatever is open, past every rule of the branch."""
        self._merge(_one(self._waiting(), which), method)

    # Rules

    @move(hour=st.booleans())
    def change_policy(self, *, hour: bool) -> None:
        """The longest duration becomes one hour, or four again."""
        self._policy(hour=hour)

    @move(erin=st.booleans())
    def change_owners(self, *, erin: bool) -> None:
        """The requests of the policy belong to erin's team, or to bob's again."""
        self._owners(erin=erin)

    @move(carol=st.booleans())
    def change_team(self, *, carol: bool) -> None:
        """carol joins those who approve, or leaves them."""
        two, one = "acme/payments-leads: [bob, carol]", "acme/payments-leads: [bob]"
        before, after = (one, two) if carol else (two, one)
        rules = self.model.rules
        if "erin" not in rules.owners:
            rules = replace(rules, owners=frozenset({"bob", "carol"} if carol else {"bob"}))
        self._rules(rules, TEAMS, before, after)

    @move(gone=st.booleans())
    def change_people(self, *, gone: bool) -> None:
        """dave leaves the company, or is back."""
        self._people(gone=gone)

    @move(release=st.integers(min_value=1, max_value=9))
    def upgrade(self, release: int) -> None:
        """acme pins another release of jitbot, which from then on runs and signs."""
        path = ".github/workflows/grant.yml"
        self.world.write(path, f"{self.world.text(path)}# release {release}, {self.world.steps}\n")
        testimony.__version__ = f"{release}.0.0"

    # Runs and time

    @move(skew=SKEW)
    def grant(self, skew: int) -> None:
        """A run of grant, which a push or the schedule started."""
        assert self.play.run("grant", skew=skew) in FINE, self.play.jitbot_says
        self.model.granted(self.world.now)

    @move(skew=SKEW)
    def sweep(self, skew: int) -> None:
        """A run of sweep."""
        assert self.play.run("sweep", skew=skew) in FINE, self.play.jitbot_says
        self.model.swept()

    @precondition(lambda self: self.model.terms)
    @move(which=PICK, actor=REVIEWERS, rerun=st.booleans())
    def revoke(self, which: int, actor: str, *, rerun: bool) -> None:
        """Somebody ends a grant; or re-runs a run that the requester started."""
        path = _one(sorted(self.model.terms), which)
        login = self.model.terms[path][0].ask.login
        by = (
            {"actor": login, "GITHUB_TRIGGERING_ACTOR": actor, "GITHUB_RUN_ATTEMPT": "2"}
            if rerun
            else {"actor": actor}
        )
        self.play.run("revoke", path, "--reason", "done", **by)
        if self._is_revoked(path):
            if path in self.model.over | self.model.dying:
                return
            assert not rerun
            assert actor == login or actor in self.model.rules.owners | {"erin"}
            self.model.over.add(path)

    @move(
        verb=st.sampled_from(["grant", "sweep", "revoke"]),
        nth=st.integers(min_value=1, max_value=5),
        after=st.booleans(),
        which=PICK,
    )
    def be_stopped(self, verb: str, nth: int, which: int, *, after: bool) -> None:
        """A run is cancelled, or its machine dies, at one of its writes."""
        arguments, actor, path = (verb,), "olivia", ""
        if verb == "revoke":
            if not self.model.terms:
                return
            path = _one(sorted(self.model.terms), which)
            arguments, actor = (verb, path, "--reason", "done"), self.model.terms[path][0].ask.login
        Death(self.world, nth, after=after)
        self.play.run(*arguments, actor=actor)
        self.world.calm()
        if path and self._is_revoked(path):
            self.model.dying.add(path)

    @move(
        verb=st.sampled_from(["grant", "sweep"]), other=st.sampled_from(["grant", "sweep"]),
        name=st.sampled_from(WRITES), nth=st.integers(min_value=1, max_value=2),
    )  # fmt: skip
    def run_at_once(self, verb: str, other: str, name: str, nth: int) -> None:
        """Two runs at once: the other happens just before a write of the first."""
        at(self.world, name, lambda: self.play.run(other, runner="runner-2"), nth=nth)
        self.play.run(verb)
        self.world.calm()

    @move(verb=st.sampled_from(["grant", "sweep"]))
    def run_again(self, verb: str) -> None:
        """A run of the past is re-run, with the code and the rules of then."""
        self.play.run(verb, old=True, runner="runner-2", GITHUB_RUN_ATTEMPT="2")

    @move(minutes=st.sampled_from([1, 14, 15, 59, 60, 61, 240, 1440]))
    def wait(self, minutes: int) -> None:
        """Time passes, and no schedule fires."""
        self.world.later(minutes * MINUTE)

    # Bad intent

    @precondition(lambda self: any(event["event"] == "approved" for event in self.play.recorded()))
    @move(claim=st.sampled_from(["job_workflow_ref", "ref", "repository_id", "aud", "none"]))
    def forge_an_approval(self, claim: str) -> None:
        """mallory pushes an approval of her own to the ledger, with the best token that she can have."""
        lies = {
            "job_workflow_ref": "acme/access/.github/workflows/mine.yml@refs/heads/mine",
            "ref": "refs/heads/mine",
            "repository_id": "666",
            "aud": "jitbot:ledger:somewhere-else",
        }
        files = batch(
            self.world,
            mallorys(self.world, self.play.recorded()),
            **({claim: lies[claim]} if claim in lies else {}),
        )
        if claim == "none":
            files = {path: content for path, content in files.items() if not path.endswith(".jwt")}
        push(self.world, files)
        self.grant(skew=0)

    @move()
    def twist_the_ledger(self) -> None:
        """mallory merges a twin of the newest batch into the ledger, with a message that lies."""
        store, mallory = self.world.github.store, signed_by(self.world, "mallory")
        real = store.commit(store.tip("ledger"))
        twin = store.commit_tree(real.tree, real.parents, "granted: mallory has everything", mallory, mallory)
        merged = store.commit_tree(real.tree, (real.sha, twin), "merge", mallory, mallory)
        store.update_ref("refs/heads/ledger", merged)

    @move(which=PICK)
    def delete_from_the_ledger(self, which: int) -> None:
        """mallory deletes an event from the ledger's tree."""
        store = self.world.github.store
        names = store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
        if names:
            push(self.world, {}, gone=(_one(names, which),), message="never happened")

    @precondition(lambda self: self._waiting())
    @move(which=PICK)
    def forge_words(self, which: int) -> None:
        """mallory sets jitbot's statuses on a head, and writes a comment that looks like jitbot's."""
        pull = _one(self._waiting(), which)
        head = self.world.github.pulls[pull.number].head_sha
        for context in ("jitbot/check", "jitbot/approval"):
            self.world.acme.call("mallory", "POST", f"/statuses/{head}", state="success", context=context)
        body = "<!-- jitbot -->\nApproved by bob"
        self.world.acme.call("mallory", "POST", f"/issues/{pull.number}/comments", body=body)

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

    # How

    def _ask(self, author: str, login: str, table: str, accounts: tuple[str, ...], minutes: int) -> Pull:
        name = f"{self.world.now:%Y-%m/%d}-{login}-{self.world.steps:05}.yaml"  # in the order of their making
        wanted = Ask(
            path=f"requests/orders-db-read/{name}",
            login=login,
            accounts=accounts,
            table=table,
            minutes=minutes,
        )
        return self._open(author, wanted, None)

    def _open(self, author: str, wanted: Ask | None, former: Ask | None) -> Pull:
        path = wanted.path if wanted is not None else former.path if former is not None else ""
        text = self.play.text(wanted) if wanted is not None else None
        number, branch = self.play.open(author, {path: text})
        pull = Pull(
            number=number, author=author, branch=branch, path=path, wanted=wanted, former=former,
            rules=self.model.rules, committers={author},
        )  # fmt: skip
        self.pulls.append(pull)
        return pull

    def _push(self, pull: Pull, login: str, table: str, minutes: int = 0) -> None:
        if pull.wanted is None:
            return
        wanted = replace(pull.wanted, minutes=minutes or pull.wanted.minutes, table=table)
        if wanted != pull.wanted and self.play.push(login, pull, {pull.path: self.play.text(wanted)}):
            pull.wanted, pull.version = wanted, pull.version + 1
            pull.committers.add(login)

    def _turn(self, what: str) -> None:
        """Turn one of the rules to its other side."""
        rules = self.model.rules
        if what == "owners":
            self._owners(erin="erin" not in rules.owners)
        elif what == "policy":
            self._policy(hour=rules.longest > 60)
        else:
            self._people(gone="dave" in rules.people)

    def _review(self, pull: Pull, login: str, verdict: str) -> None:
        if self.world.review(login, pull.number, verdict).ok and verdict != "COMMENT":
            state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}[verdict]
            pull.opinions[login] = (state, pull.version)

    def _merge(self, pull: Pull, method: str) -> None:
        was = self.model.on_main.get(pull.path)
        if not self.world.merge("olivia", pull.number, method).ok:
            return
        pull.is_open, self.unsettled = False, True
        store = self.world.github.store
        if pull.wanted is not None and store.read(store.tip("main"), pull.path) is None:
            return  # it proposed no change, and the file was deleted meanwhile
        objected = any(state != "APPROVED" for state, _ in pull.opinions.values())
        plain = pull.version == 0 and was == pull.former and not objected
        self.model.merged(pull, self.world.now, plain=plain)

    def _policy(self, *, hour: bool) -> None:
        self._rules(
            replace(self.model.rules, longest=60 if hour else 240),
            POLICY,
            *(("4h", "1h") if hour else ("1h", "4h")),
        )

    def _owners(self, *, erin: bool) -> None:
        line, bob, hers = "/requests/orders-db-read/      ", "@acme/payments-leads", "@acme/security"
        owners = frozenset({"erin"}) if erin else self._leads()
        before, after = (bob, hers) if erin else (hers, bob)
        self._rules(replace(self.model.rules, owners=owners), OWNERS, line + before, line + after)

    def _people(self, *, gone: bool) -> None:
        there = "  dave: {github_id: 1004, identity_center: dave@acme.com}"
        before, after = (there, "  # no dave") if gone else ("  # no dave", there)
        people = self.model.rules.people - {"dave"} if gone else self.model.rules.people | {"dave"}
        self._rules(replace(self.model.rules, people=people), PEOPLE, before, after)

    def _rules(self, rules: Rules, path: str, before: str, after: str) -> None:
        text = self.world.text(path)
        if before in text:
            self.world.write(path, text.replace(before, after))
            self.model.changed(rules)

    def _is_revoked(self, path: str) -> bool:
        return any((each["event"], each["request"]) == ("revoked", path) for each in self.play.recorded())

    def _leads(self) -> frozenset[str]:
        return frozenset({"bob", "carol"} if "[bob, carol]" in self.world.text(TEAMS) else {"bob"})

    def _waiting(self) -> list[Pull]:
        return [pull for pull in self.pulls if pull.is_open]

    def _on_main(self, which: int) -> Ask:
        return self.model.on_main[_one(sorted(self.model.on_main), which)]


def _one(found: list, which: int):  # type: ignore[no-untyped-def,type-arg]
    return found[which % len(found)]


def test_the_promises_hold_in_any_order(
    acme: World, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Whatever people, writers, clocks and runs do, in whatever order, nobody holds more than was approved."""
    pause = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: pause(min(seconds, 0.001)))
    monkeypatch.setattr(testimony, "__version__", testimony.__version__)
    AnyOrder.world = acme
    AnyOrder.moves.clear()
    long = settings.get_current_profile_name() == SOAK
    played = settings.get_profile(SOAK) if long else settings(
        max_examples=8, stateful_step_count=9, deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(AnyOrder if long else seed(GAMES)(AnyOrder), settings=played)
    record_property(PROPERTY, dict(AnyOrder.moves))
    assert AnyOrder.moves.total() > 50
