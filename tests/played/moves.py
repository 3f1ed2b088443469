"""What people, admins and writers with bad intent do in the game that is played in any order."""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from breaking import answer
from forging import batch, mallorys, push, signed_by, told
from game import METHODS, MINUTES, PEOPLE_WHO_ASK, PICK, REVIEWERS, TABLES, VERDICTS, WHERE, Game, move, one
from hypothesis.stateful import precondition
from model import Ask, Held
from playing import TEAMS

from jitbot.domain.ledger.events import EventType
from jitbot.sandbox.github import GitHubFault

HALTED = st.sampled_from(["alice", "dave", "carol", ""])  # nobody: the policy
STOPPERS = st.sampled_from(["erin", "erin", "erin", "bob", "alice", "mallory"])
REFUSED = GitHubFault(status=403, body=b'{"message": "Resource not accessible"}')


class Moves(Game):
    """Everybody's moves but the runs'."""

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
        rules=st.sampled_from(
            ["", "", "", "owners", "policy", "people", "statements", "approvals", "groups", "dates"]
        ),
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
        path = one(sorted(self.model.ever - self.model.on_main.keys()), which)
        login = path.split("-")[4]
        wanted = Ask(path=path, login=login, accounts=("prod",), table="orders", minutes=minutes)
        pull = self._open(login, wanted, None)
        self._review(pull, approver, "APPROVE")
        self._merge(pull, "squash")

    @precondition(lambda self: self._waiting())
    @move(which=PICK, login=REVIEWERS, minutes=MINUTES, table=TABLES)
    def edit(self, which: int, login: str, minutes: int, table: str) -> None:
        """Somebody pushes to the branch of an open pull request, approved or not."""
        self._push(one(self._waiting(), which), login, table, minutes)

    @precondition(lambda self: self._waiting())
    @move(
        which=PICK,
        login=REVIEWERS,
        verdict=VERDICTS,
    )
    def review(self, which: int, login: str, verdict: str) -> None:
        """Somebody says what they think of a pull request as it is."""
        self._review(one(self._waiting(), which), login, verdict)

    @precondition(lambda self: self._waiting())
    @move(which=PICK)
    def dismiss(self, which: int) -> None:
        """An admin dismisses every review of a pull request."""
        pull = one(self._waiting(), which)
        for each in self.world.acme.call("olivia", "GET", f"/pulls/{pull.number}/reviews").content:
            path = f"/pulls/{pull.number}/reviews/{each['id']}/dismissals"
            self.world.acme.call("olivia", "PUT", path, message="no", event="DISMISS")
        pull.opinions.clear()

    @precondition(lambda self: self._waiting())
    @move(which=PICK, method=METHODS)
    def merge(self, which: int, method: str) -> None:
        """An admin merges whatever is open, past every rule of the branch."""
        self._merge(one(self._waiting(), which), method)

    # Rules

    @move(hour=st.booleans())
    def change_policy(self, *, hour: bool) -> None:
        """The longest duration becomes one hour, or four again."""
        self._policy(hour=hour)

    @move(wide=st.booleans())
    def change_statements(self, *, wide: bool) -> None:
        """Whoever is granted the policy may also read a table more, or no longer."""
        self._statements(wide=wide)

    @move(erin=st.booleans())
    def change_owners(self, *, erin: bool) -> None:
        """The requests of the policy belong to erin's team, or to bob's again."""
        self._owners(erin=erin)

    @move(carol=st.booleans())
    def change_team(self, *, carol: bool) -> None:
        """carol joins those who approve, or leaves them."""
        line = next(each for each in self.world.text(TEAMS).splitlines() if "acme/payments-leads:" in each)
        plain = line.replace(", carol]", "]")
        rules = self.model.rules
        if "erin" not in rules.owners:
            rules = replace(rules, owners=frozenset({"bob", "carol"} if carol else {"bob"}))
        self._rules(rules, TEAMS, line, f"{plain[:-1]}, carol]" if carol else plain)

    @move(gone=st.booleans())
    def change_people(self, *, gone: bool) -> None:
        """dave leaves the company, or is back."""
        self._people(gone=gone)

    @move(release=st.integers(min_value=1, max_value=9))
    def upgrade(self, release: int) -> None:
        """acme pins another release of jitbot, which from then on runs and signs."""
        path = ".github/workflows/grant.yml"
        self.world.write(path, f"{self.world.text(path)}# release {release}, {self.world.steps}\n")
        self.sign_as(f"{release}.0.0")

    @move(two=st.booleans())
    def change_approvals(self, *, two: bool) -> None:
        """More than an hour in the accounts of a group needs two approvals, or one again."""
        self._approvals(two=two)

    @move(live=st.sampled_from([("prod",), ("staging",), ("prod", "staging")]))
    def change_group(self, live: tuple[str, ...]) -> None:
        """Other accounts are in the group that the rule of two approvals names."""
        self._groups(frozenset(live))

    @move(who=st.sampled_from(["alice", "bob"]), minutes=st.sampled_from([None, -1, 0, 1, 30, 90]))
    def date_a_member(self, who: str, minutes: int | None) -> None:
        """The membership of alice, who asks, or of bob, who approves, gets an end, or loses it."""
        self._dated(who, minutes)

    # Stops

    @move(login=HALTED, actor=STOPPERS)
    def stop(self, login: str, actor: str) -> None:
        """Somebody stops a person, or the policy; only an owner of the rules can."""
        if self._halt(login, actor):
            self.model.stopped(login, self.world.now)
        assert actor != "erin" or not self._held_by(login)

    @move(login=HALTED)
    def stop_without_a_record(self, login: str) -> None:
        """erin stops while nothing can be written to the ledger: AWS comes first, and nothing else is promised."""
        answer(self.world, REFUSED, "POST", "/graphql")
        assert not self._halt(login, "erin")
        self.world.calm()
        self.model.shaken |= self.model.of(login)
        assert not self._held_by(login)

    @precondition(lambda self: self.model.halts)
    @move(which=PICK, actor=STOPPERS)
    def lift(self, which: int, actor: str) -> None:
        """Somebody lifts a stop, or tries to; what it ended stays ended."""
        login = one(self.model.halts, which).login
        if self._halt(login, actor, "--lift"):
            self.model.lifted(login, self.world.now)

    def _held_by(self, login: str) -> set[Held]:
        return {each for each in self.play.reach() if login in ("", each[0])}

    # Bad intent

    @precondition(lambda self: self._worth_forging())
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
            mallorys(self.world, self._worth_forging()),
            **({claim: lies[claim]} if claim in lies else {}),
        )
        if claim == "none":
            files = {path: content for path, content in files.items() if not path.endswith(".jwt")}
        push(self.world, files)
        self.grant(skew=0)

    @precondition(lambda self: self.model.terms)
    @move(
        which=PICK,
        kind=st.sampled_from([EventType.EXTENDED, EventType.REVOKED, EventType.ENDED, EventType.REMOVED]),
    )
    def forge_an_event(self, which: int, kind: EventType) -> None:
        """mallory tells of somebody's grant that it is longer, revoked, over or gone, signed by her own workflow."""
        path = one(sorted(self.model.terms), which)
        recorded = [
            each for each in self.play.recorded() if (each["event"], each["request"]) == ("approved", path)
        ]
        if recorded:
            mine = "acme/access/.github/workflows/mine.yml@refs/heads/main"
            lie = told(recorded[0], kind, self.world)
            push(self.world, batch(self.world, lie, job_workflow_ref=mine))
            self.grant(skew=0)
            self.sweep(skew=0)

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
            push(self.world, {}, gone=(one(names, which),), message="never happened")

    @precondition(lambda self: self._waiting())
    @move(which=PICK)
    def forge_words(self, which: int) -> None:
        """mallory sets jitbot's statuses on a head, and writes a comment that looks like jitbot's."""
        pull = one(self._waiting(), which)
        head = self.world.github.pulls[pull.number].head_sha
        for context in ("jitbot/check", "jitbot/approval"):
            self.world.acme.call("mallory", "POST", f"/statuses/{head}", state="success", context=context)
        body = "<!-- jitbot -->\nApproved by bob"
        self.world.acme.call("mallory", "POST", f"/issues/{pull.number}/comments", body=body)

    def _worth_forging(self) -> list[dict[str, Any]]:
        """The approvals whose time is not over, of people who enter AWS as mallory does: in her name they would do."""
        now = f"{self.world.now:%Y-%m-%dT%H:%M:%SZ}"
        return [
            event
            for event in self.play.recorded()
            if event["event"] == "approved"
            and event["ask"]["requester"] in ("alice", "dave")
            and event["window"]["expires_at"] > now
        ]
