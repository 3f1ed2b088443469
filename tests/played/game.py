"""The game that is played in any order: how it begins, its runs and its clock, and the hands with which all is done."""

import functools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import hypothesis.strategies as st
from acme_world import MINUTE, World
from breaking import Death, at
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from model import Ask, Model, Pull, Rules
from playing import OWNERS, PEOPLE, POLICY, TEAMS, Play

from jitbot import __version__
from jitbot.domain.access import decision_event

PEOPLE_WHO_ASK = st.sampled_from(["alice", "alice", "dave", "carol", "mallory"])
REVIEWERS = st.sampled_from(["bob", "bob", "erin", "alice", "carol", "mallory", "dave"])
VERDICTS = st.sampled_from(["APPROVE", "APPROVE", "REQUEST_CHANGES", "COMMENT"])
MINUTES = st.sampled_from([15, 60, 120, 240, 300])
WHERE = st.sampled_from([("prod",), ("staging",), ("prod", "staging")])
TABLES = st.sampled_from(["orders", "refunds"])
METHODS = st.sampled_from(["squash", "merge", "rebase"])
VERBS = st.sampled_from(["grant", "sweep", "revoke"])
PICK = st.integers(min_value=0, max_value=7)
SKEW = st.sampled_from([0, 0, 0, -30, 30])
WRITES = ["record", "CreateRole", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy"]
REGION = """      StringEquals: {"aws:RequestedRegion": eu-west-1}
"""
ARCHIVE = """  - actions: [dynamodb:GetItem]
    resources: ["arn:aws:dynamodb:*:{{account_id}}:table/archive"]
"""
ONE = "approvals: 1\n"
TWO = """approvals:
  - need: 1
  - when: {accounts: ["@live"], duration_over: 1h}
    need: 2
"""
GROUPS = "policies/account-groups.yaml"
CAROL_LEADS = re.compile(r"^acme/payments-leads: .*\bcarol\b", re.MULTILINE)
FINE = (0, 1, 3)  # nothing wrong; something refused; something left to do


def move(**given: Any) -> Callable[[Callable[..., Any]], Any]:
    """A rule of the machine whose plays are counted."""

    def made(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def counted(self: "Game", **chosen: Any) -> Any:
            self.moves[function.__name__] += 1
            return function(self, **chosen)

        played: Callable[[Callable[..., Any]], Any] = rule(**given)
        return played(counted)

    return made


class Game(RuleBasedStateMachine):
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
        self.sign_as(__version__)

    @staticmethod
    def sign_as(version: str) -> None:
        """Let jitbot name this version in what it records from now on."""
        decision_event.__version__ = version  # type: ignore[attr-defined]  # imported there, not exported

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
        path = one(sorted(self.model.terms), which)
        login = self.model.terms[path][0].ask.login
        words = ("revoke", path, "--reason", "done")
        if rerun:
            self.play.run(*words, actor=login, GITHUB_TRIGGERING_ACTOR=actor, GITHUB_RUN_ATTEMPT="2")
        else:
            self.play.run(*words, actor=actor)
        if self._is_revoked(path):
            if path in self.model.over | self.model.dying:
                return
            assert not rerun
            assert actor == login or actor in self.model.rules.owners | {"erin"}
            self.model.over.add(path)

    @move(
        verb=VERBS,
        nth=st.integers(min_value=1, max_value=5),
        after=st.booleans(),
        which=PICK,
    )
    def be_stopped(self, verb: str, nth: int, which: int, *, after: bool) -> None:
        """A run is cancelled, or its machine dies, at one of its writes."""
        arguments: tuple[str, ...] = (verb,)
        actor, path = "olivia", ""
        if verb == "revoke":
            if not self.model.terms:
                return
            path = one(sorted(self.model.terms), which)
            arguments, actor = (verb, path, "--reason", "done"), self.model.terms[path][0].ask.login
        Death(self.world, nth, after=after)
        self.play.run(*arguments, actor=actor)
        self.world.calm()
        if path and self._is_revoked(path):
            self.model.dying.add(path)

    @move(
        verb=VERBS, other=VERBS, which=PICK,
        name=st.sampled_from(WRITES), nth=st.integers(min_value=1, max_value=2),
    )  # fmt: skip
    def run_at_once(self, verb: str, other: str, which: int, name: str, nth: int) -> None:
        """Two runs at once: the other happens just before a write of the first."""
        path = one(sorted(self.model.terms), which) if self.model.terms else ""
        if "revoke" in (verb, other) and not path:
            return
        actor = self.model.terms[path][0].ask.login if path else ""

        def begin(verb: str, runner: str) -> None:
            arguments, by = ((path, "--reason", "done"), actor) if verb == "revoke" else ((), "olivia")
            self.play.run(verb, *arguments, actor=by, runner=runner)

        at(self.world, name, lambda: begin(other, "runner-2"), nth=nth)
        begin(verb, "runner")
        self.world.calm()
        if "revoke" in (verb, other) and self._is_revoked(path):
            self.model.over.add(path)

    @move(verb=st.sampled_from(["grant", "sweep"]))
    def run_again(self, verb: str) -> None:
        """A run of the past is re-run, with the code and the rules of then."""
        self.play.run(verb, old=True, runner="runner-2", GITHUB_RUN_ATTEMPT="2")

    @move(minutes=st.sampled_from([1, 14, 15, 59, 60, 61, 240, 1440]))
    def wait(self, minutes: int) -> None:
        """Time passes, and no schedule fires."""
        self.world.later(minutes * MINUTE)

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
        elif what == "statements":
            self._statements(wide=not rules.wide)
        elif what == "approvals":
            self._approvals(two=not rules.two)
        elif what == "groups":
            self._groups(frozenset({"staging"}) if "prod" in rules.live else frozenset({"prod"}))
        elif what == "dates":
            self._dated("bob", 0 if rules.bob_until is None else None)
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

    def _statements(self, *, wide: bool) -> None:
        if wide != self.model.rules.wide:
            more = REGION + ARCHIVE
            before, after = (REGION, more) if wide else (more, REGION)
            self._rules(replace(self.model.rules, wide=wide), POLICY, before, after)

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

    def _approvals(self, *, two: bool) -> None:
        text = self.world.text(POLICY)
        before, after = (ONE, TWO) if two else (TWO, ONE)
        if before in text:
            self._groups(self.model.rules.live)
            self._rules(replace(self.model.rules, two=two), POLICY, before, after)

    def _groups(self, live: frozenset[str]) -> None:
        rest = ", ".join(sorted({"prod", "staging", "data"} - live))
        self.world.write(GROUPS, f"live: [{', '.join(sorted(live))}]\nrest: [{rest}]\n")
        self.model.changed(replace(self.model.rules, live=live))

    def _dated(self, who: str, minutes: int | None) -> None:
        """alice's membership, or bob's among those who approve, ends so many minutes from now, or never."""
        until = None if minutes is None else self.world.now + minutes * MINUTE
        entry = who if until is None else f"{{login: {who}, until: {until:%Y-%m-%dT%H:%M:%SZ}}}"
        team = "acme/payments: " if who == "alice" else "acme/payments-leads: "
        before = re.search(
            rf"^{team}\[({who}\b|{{login: {who}, [^}}]*}})", self.world.text(TEAMS), re.MULTILINE
        )
        assert before is not None
        now = self.model.rules
        rules = replace(now, alice_until=until) if who == "alice" else replace(now, bob_until=until)
        self._rules(rules, TEAMS, before[0], f"{team}[{entry}")

    def _halt(self, login: str, actor: str, *words: str) -> bool:
        """A run of stop by this actor, who alone may be an owner of the rules; whether the ledger has its event."""
        whom = ("--person", login) if login else ("--policy", "orders-db-read")
        known = len(self._halts())
        code = self.play.run("stop", *whom, *words, "--reason", "x", actor=actor, workflow="revoke.yml")
        assert code in FINE, self.play.jitbot_says
        done = len(self._halts()) > known
        assert actor == "erin" or not done, f"{actor} does not own the rules"
        return done

    def _halts(self) -> list[str]:
        return [each["event"] for each in self.play.recorded() if each["event"] in ("stopped", "lifted")]

    def _is_revoked(self, path: str) -> bool:
        return any((each["event"], each["request"]) == ("revoked", path) for each in self.play.recorded())

    def _leads(self) -> frozenset[str]:
        return frozenset({"bob", "carol"} if CAROL_LEADS.search(self.world.text(TEAMS)) else {"bob"})

    def _waiting(self) -> list[Pull]:
        return [pull for pull in self.pulls if pull.is_open]

    def _on_main(self, which: int) -> Ask:
        return self.model.on_main[one(sorted(self.model.on_main), which)]


def one(found: list, which: int):  # type: ignore[no-untyped-def,type-arg]
    return found[which % len(found)]
