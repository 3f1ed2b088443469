"""What may be, said a second time and in few words: a model of acme, for the machine that plays in any order.

It knows one policy, and nothing of jitbot's code. Two bounds are enough: what anyone may hold at a moment, and
what somebody must hold, because nothing at all spoke against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

Held = tuple[str, str, str]  # login, account, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of orders-db-read that the machine changes: whose approval counts, how long, how much, who is there."""

    owners: frozenset[str] = frozenset({"bob"})
    longest: int = 240  # minutes
    wide: bool = False  # whether a grant also reads the table `archive`
    people: frozenset[str] = frozenset({"alice", "bob", "carol", "dave", "erin", "mallory"})
    eligible: frozenset[str] = frozenset({"alice", "carol", "dave", "mallory"})
    two: bool = False  # whether more than an hour in the group of accounts `live` needs two approvals
    live: frozenset[str] = frozenset({"prod"})
    alice_until: datetime | None = None  # when she is a member no longer
    bob_until: datetime | None = None  # when he leads no longer

    def need(self, wanted: "Ask") -> int:
        """How many must approve."""
        return 2 if self.two and wanted.minutes > 60 and self.live & set(wanted.accounts) else 1

    def may_approve(self, now: datetime) -> frozenset[str]:
        """Whose approval counts at this moment."""
        gone = self.bob_until is not None and self.bob_until <= now
        return self.owners - {"bob"} if gone else self.owners

    def may_ask(self, login: str, now: datetime) -> bool:
        """Whether somebody may ask at this moment."""
        gone = login == "alice" and self.alice_until is not None and self.alice_until <= now
        return login in self.people & self.eligible and not gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request's file says."""

    path: str
    login: str
    accounts: tuple[str, ...]
    table: str
    minutes: int


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request about one file. `wanted` is None where it deletes the file, `former` what main says before."""

    number: int
    author: str
    branch: str
    path: str
    wanted: Ask | None
    former: Ask | None
    rules: Rules  # where its branch began
    committers: set[str]
    version: int = 0  # of its head
    opinions: dict[str, tuple[str, int]] = field(default_factory=dict)
    is_open: bool = True

    def approved(self, rules: Rules, now: datetime) -> bool:
        """Whether as many owners as must, who had no hand in it, approve exactly this head, and none objects.

        The rules are those on main, just before the merge. What the branch's own rules need counts as well.
        """
        if any(self.opinions.get(owner, ("", 0))[0] == "CHANGES_REQUESTED" for owner in rules.owners):
            return False
        if self.wanted is None:
            return True
        nobody = {self.author, *self.committers, self.wanted.login}
        able = rules.may_approve(now) - nobody
        given = sum(self.opinions.get(owner) == ("APPROVED", self.version) for owner in able)
        return given >= max(rules.need(self.wanted), self.rules.need(self.wanted))


@dataclass(slots=True, kw_only=True)
class Term:
    """One approved stretch of a request. `sure`: nothing spoke against it."""

    ask: Ask
    tables: tuple[str, ...]  # all that it allows to read
    starts: datetime
    ends: datetime
    sure: bool = False
    carried: bool = False  # a healthy run has come since


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """An emergency stop of somebody, or, without a login, of the policy; it is over at `until`."""

    login: str
    at: datetime
    until: datetime

    def is_about(self, ask: Ask) -> bool:
        """Whether a request is theirs."""
        return self.login in ("", ask.login)

    def refuses(self, ask: Ask, merged: datetime) -> bool:
        """Whether a request that was merged then is refused."""
        return self.is_about(ask) and (merged <= self.at or merged < self.until)


@dataclass(slots=True, kw_only=True)
class Model:
    """All that was decided so far, by people alone."""

    rules: Rules = field(default_factory=Rules)
    on_main: dict[str, Ask] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)  # paths that were ever merged
    terms: dict[str, list[Term]] = field(default_factory=dict)
    dying: set[str] = field(default_factory=set)  # deleted on main: over with the next sweep
    over: set[str] = field(default_factory=set)  # ended before their time, for good
    shaken: set[str] = field(default_factory=set)  # ended in AWS by a stop that no ledger records
    halts: list[Halt] = field(default_factory=list)

    def merged(self, pull: Pull, now: datetime, *, plain: bool) -> None:
        """Take in what a merge means. `plain`: one commit, or a merge that leaves no doubt which is meant."""
        wanted, path = pull.wanted, pull.path
        known = path in self.ever
        self.ever.add(path)
        if wanted is None:
            self.on_main.pop(path, None)
            self.dying |= {path} & self.terms.keys()
            return
        self.on_main[path] = wanted
        if not pull.approved(self.rules, now) or not self._allowed(pull, wanted, now):
            return
        if any(halt.refuses(wanted, now) for halt in self.halts):
            return
        if path not in self.terms:
            sure = plain and not known and pull.former is None and pull.rules == self.rules
            ends = self._end(wanted, now, now)
            self.terms[path] = [
                Term(ask=wanted, tables=self._tables(wanted), starts=now, ends=ends, sure=sure)
            ]
        else:
            self._extended(path, wanted, now)

    def _allowed(self, pull: Pull, wanted: Ask, now: datetime) -> bool:
        """Whether the rules allow it, before and after, to whoever opened the pull request."""
        both = (pull.rules, self.rules)
        alike = pull.rules.wide == self.rules.wide  # else the approver saw another grant than the merge gives
        return (
            wanted.login == pull.author
            and alike
            and all(
                rules.may_ask(wanted.login, now) and 0 < wanted.minutes <= rules.longest for rules in both
            )
        )

    def _extended(self, path: str, wanted: Ask, now: datetime) -> None:
        first, last = self.terms[path][0], self.terms[path][-1]
        ends = self._end(wanted, first.starts, now)
        same = replace(first.ask, minutes=wanted.minutes) == wanted and self._tables(wanted) == first.tables
        if same and ends > last.ends > now and path not in self.over | self.dying:
            again = Term(ask=wanted, tables=first.tables, starts=first.starts, ends=ends)
            self.terms[path].append(again)

    def _end(self, wanted: Ask, starts: datetime, now: datetime) -> datetime:
        """When access ends: after its minutes, or with the membership of alice, if it holds now and ends before."""
        ends, until = starts + timedelta(minutes=wanted.minutes), self.rules.alice_until
        return min(ends, until) if until is not None and until > now and wanted.login == "alice" else ends

    def stopped(self, login: str, now: datetime) -> None:
        """A stop is recorded: all that is there of theirs is over, for good."""
        self.halts.append(Halt(login=login, at=now, until=now + timedelta(days=7)))
        self.over |= self.of(login)

    def of(self, login: str) -> set[str]:
        """The paths of somebody, or, without a login, all."""
        return {path for path, terms in self.terms.items() if login in ("", terms[0].ask.login)}

    def lifted(self, login: str, now: datetime) -> None:
        """The stops of somebody are over."""
        self.halts = [
            replace(halt, until=min(halt.until, now)) if halt.login == login else halt for halt in self.halts
        ]

    def _tables(self, wanted: Ask) -> tuple[str, ...]:
        return (wanted.table, "archive") if self.rules.wide else (wanted.table,)

    def swept(self) -> None:
        """A healthy sweep has come: what main deleted is over, and whose requester is gone."""
        gone = {path for path, terms in self.terms.items() if terms[0].ask.login not in self.rules.people}
        self.over |= self.dying | gone

    def granted(self, now: datetime) -> None:
        """A healthy grant has come: what was to be given is there, if the rules are those of its merge."""
        for term in self._all():
            term.carried = term.carried or now < term.ends

    def changed(self, rules: Rules) -> None:
        """The rules have changed: what no run came to under the old ones is sure no more."""
        for term in self._all():
            term.sure = term.sure and term.carried
        self.rules = rules

    def may(self, now: datetime) -> set[Held]:
        """All that anyone may hold at this moment."""
        living = {path: terms for path, terms in self.terms.items() if path not in self.over}
        return {
            held
            for terms in living.values()
            for term in terms
            if term.starts <= now < term.ends
            for held in _held(term)
        }

    def must(self, now: datetime) -> set[Held]:
        """What somebody holds at this moment, or was wronged."""
        return {
            held
            for path, (first, *_) in self.terms.items()
            if path not in self.over | self.dying | self.shaken and first.ask.login in self.rules.people
            if first.sure and first.carried and first.starts <= now < first.ends
            for held in _held(first)
        }

    @property
    def last_end(self) -> datetime | None:
        """The last second of all terms."""
        return max((term.ends for term in self._all()), default=None)

    def _all(self) -> Iterator[Term]:
        return (term for terms in self.terms.values() for term in terms)


def _held(term: Term) -> Iterator[Held]:
    return ((term.ask.login, account, table) for account in term.ask.accounts for table in term.tables)
