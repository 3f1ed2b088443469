"""What rules, dates, groups and stops give together, said a second time and in few words, for the tests.

It shares nothing with jitbot: people are logins, moments are whole minutes, and every way to give people places is
tried. `answer` says of one merge what access comes of it, and each kind of reason against it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

DAY = 24 * 60
ME, POLICY = "alice", "orders-db-read"  # who asks, and for what
# Everybody has one login: people.yaml lists no human twice.
LOGINS = (ME, "ann", "ben", "cat", "dan", "eve", "fay")

Entry = tuple[str, int | None, int | None]  # a login in a team, from this minute on, until before that one


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """A rule of approval: how many, one of each of these teams, and when. None and an empty mapping ask for nothing."""

    many: int
    teams: tuple[str, ...] = ()
    somewhere: tuple[str, ...] | None = None
    over: int | None = None
    values: Mapping[str, tuple[str, ...]] | None = None

    @property
    def conditions(self) -> bool:
        """Whether it does not always hold."""
        return (self.somewhere, self.over, self.values) != (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """One version of the rules. What jitbot makes of it is remembered by the book itself."""

    teams: Mapping[str, tuple[Entry, ...]]
    groups: Mapping[str, tuple[str, ...]]
    gives: tuple[str, ...]  # accounts, and groups as "@group"
    eligible: tuple[str, ...]  # logins, and teams as "@acme/team"
    owners: tuple[str, ...]
    longest: int
    needs: tuple[Needs, ...]

    def accounts(self, names: tuple[str, ...]) -> set[str]:
        """What these accounts and groups stand for."""
        return {
            account
            for name in names
            for account in (self.groups.get(name[1:], ()) if name[0] == "@" else (name,))
        }

    def entries(self, names: tuple[str, ...]) -> Iterator[Entry]:
        """The entries that make somebody one of these: whoever is named alone is one without dates."""
        for name in names:
            yield from (
                self.teams.get(name[1:], ()) if "/" in name else ((name.removeprefix("@"), None, None),)
            )

    def among(self, names: tuple[str, ...], minute: int) -> set[str]:
        """The logins that are among these at a minute."""
        return {login for login, since, until in self.entries(names) if _within(since, until, minute)}

    def over_for_me(self, minute: int) -> int | None:
        """When alice may no longer ask, if a date that holds at this minute says so."""
        ends = [
            until
            for login, since, until in self.entries(self.eligible)
            if login == ME and _within(since, until, minute)
        ]
        dated = [until for until in ends if until is not None]
        return max(dated) if dated and dated == ends else None

    def named_groups(self) -> set[str]:
        """The groups that rules of approval name."""
        return {name for needs in self.needs for name in needs.somewhere or () if name[0] == "@"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the file of the request says; `starts` is None where access begins with the merge."""

    accounts: tuple[str, ...]
    minutes: int
    values: Mapping[str, str]
    starts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One review."""

    login: str
    state: str
    minute: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Merged:
    """A merge of the request: the rules just before it, those at its head, and what people said of this head."""

    minute: int
    paper: Paper
    before: Book
    head: Book
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """An emergency stop of a login or of a policy, and when it was lifted, if ever."""

    who: str = ""
    policy: str = ""
    minute: int
    lifted: int | None = None

    @property
    def over(self) -> int:
        """The first minute at which it holds no longer."""
        week = self.minute + 7 * DAY
        return week if self.lifted is None else min(week, self.lifted)

    def strikes(self, merged: int) -> bool:
        """Whether it is about alice's request, merged then: there when it came, or merged before it was over."""
        return (self.who == ME or self.policy == POLICY) and (merged <= self.minute or merged < self.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What an approved merge gave."""

    merged: int
    paper: Paper
    began: int
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes of a merge: access until `ends`, or the reasons. `filled`: how many places, at best."""

    term: Term | None
    reasons: frozenset[str]
    need: int
    teams: frozenset[str]
    filled: int


def answer(merged: Merged, halts: tuple[Halt, ...], former: Term | None = None, *, longer: bool) -> Answer:
    """Whether this merge gives access; `former` is what the first merge gave, if this asks for longer."""
    approvers = approving(merged)
    need, teams = _wanted(merged)
    filled = _filled(merged, need, teams, approvers)
    began = (
        former.began
        if former is not None
        else merged.minute
        if merged.paper.starts is None
        else merged.paper.starts
    )
    ends = _end(merged.before, merged, began)
    reasons = {
        *_may_ask(merged),
        *_agreed(merged, filled >= need, _end(merged.head, merged, began) == ends),
        *({"stopped"} if any(halt.strikes(merged.minute) for halt in halts) else ()),
        *(_extends(merged, former, ends, halts) if longer else ()),
    }
    term = None if reasons else Term(merged=merged.minute, paper=merged.paper, began=began, ends=ends)
    return Answer(term=term, reasons=frozenset(reasons), need=need, teams=teams, filled=filled)


def ended_by(term: Term, halts: tuple[Halt, ...]) -> bool:
    """Whether a stop ends what was given: it is about it, and came before it was over."""
    return any(halt.strikes(term.merged) and halt.minute < term.ends for halt in halts)


def _within(since: int | None, until: int | None, minute: int) -> bool:
    return (since is None or since <= minute) and (until is None or minute < until)


def _end(book: Book, merged: Merged, began: int) -> int:
    """When access ends by a version of the rules: after its minutes, or with the membership that lets alice ask."""
    over = book.over_for_me(_start(merged))
    whole = began + merged.paper.minutes
    return whole if over is None else min(whole, over)


def _start(merged: Merged) -> int:
    return max(merged.minute, merged.paper.starts if merged.paper.starts is not None else merged.minute)


def _may_ask(merged: Merged) -> Iterator[str]:
    paper, rules = merged.paper, merged.before
    if any(ME not in rules.among(rules.eligible, minute) for minute in (merged.minute, _start(merged))):
        yield "not-eligible"
    if not set(paper.accounts) <= rules.accounts(rules.gives):
        yield "account-not-allowed"
    if paper.minutes > rules.longest:
        yield "duration-above-maximum"
    if set(paper.values) - {"table"}:
        yield "parameter-unknown"
    if paper.starts is not None and paper.starts + paper.minutes <= merged.minute:
        yield "already-over"


def _agreed(merged: Merged, enough: bool, same_end: bool) -> Iterator[str]:
    rules, head, paper = merged.before, merged.head, merged.paper
    grouped = any(name[0] == "@" for name in (*rules.gives, *head.gives))
    if not same_end or (grouped and not set(paper.accounts) <= head.accounts(head.gives)):
        yield "rules-changed"
    for book in (rules, head):
        if book.named_groups() and not set(paper.accounts) <= book.accounts(
            tuple(f"@{one}" for one in book.groups)
        ):
            yield "account-in-no-group"
        if any(not book.accounts((name,)) for name in book.named_groups()):
            yield "unknown-group"
    if not all(book.among(book.owners, merged.minute) for book in (rules, head)):
        yield "no-known-owner"
    ever = {login for login, _, _ in rules.entries(rules.owners)}
    if any(said.state == "CHANGES_REQUESTED" and said.login in ever for said in _last(merged)):
        yield "changes-requested"
    if not enough:
        yield "not-enough-approvals"


def _extends(merged: Merged, former: Term | None, ends: int, halts: tuple[Halt, ...]) -> Iterator[str]:
    if former is None:
        yield "nothing-to-extend"
        return
    paper, was = merged.paper, former.paper
    if (paper.accounts, paper.values) != (was.accounts, was.values):
        yield "not-an-extension"
    if ended_by(former, halts):
        yield "already-ended"
    if merged.minute >= former.ends:
        yield "too-late"
    if ends <= former.ends:
        yield "not-longer"


def _last(merged: Merged) -> list[Said]:
    """Everybody's last judgement, in the order of time."""
    known: dict[str, Said] = {}
    for said in sorted(merged.said, key=lambda each: each.minute):
        if said.state != "COMMENTED" and said.minute <= merged.minute:
            known[said.login] = said
    return sorted(known.values(), key=lambda each: (each.minute, merged.said.index(each)))


def approving(merged: Merged) -> dict[str, int]:
    """Everybody whose approval counts, with its minute."""
    found: dict[str, int] = {}
    for said in _last(merged):
        owned = all(
            said.login in book.among(book.owners, minute)
            for book in (merged.before, merged.head)
            for minute in (said.minute, merged.minute)
        )
        fresh = merged.minute - said.minute <= DAY
        if said.state == "APPROVED" and owned and fresh and said.login != ME:
            found[said.login] = said.minute
    return found


def _holds(needs: Needs, book: Book, paper: Paper) -> bool:
    here = needs.somewhere is None or bool(book.accounts(needs.somewhere) & set(paper.accounts))
    long = needs.over is None or paper.minutes > needs.over
    return here and long and all(paper.values.get(key) in of for key, of in (needs.values or {}).items())


def _wanted(merged: Merged) -> tuple[int, frozenset[str]]:
    """How many, and of which teams, by every rule that holds in either version."""
    held = [
        needs
        for book in (merged.before, merged.head)
        for needs in book.needs
        if _holds(needs, book, merged.paper)
    ]
    teams = frozenset(team for needs in held for team in needs.teams)
    return max(len(teams), *(needs.many for needs in held)), teams


def may_fill(merged: Merged, team: str, login: str, since: int) -> bool:
    """Whether somebody who approved then counts for a team: a member then and at the merge, by each version that asks."""
    asking = [
        book
        for book in (merged.before, merged.head)
        if any(team in needs.teams for needs in book.needs if _holds(needs, book, merged.paper))
    ]
    return all(login in book.among((team,), minute) for book in asking for minute in (since, merged.minute))


def _filled(merged: Merged, need: int, teams: frozenset[str], approvers: Mapping[str, int]) -> int:
    """The most places that these people can fill, one each: every way to send people to teams is tried."""
    names, best = sorted(teams), 0
    nobody = [""] * len(names)  # a team may stay without anybody
    for way in set(permutations([*approvers, *nobody], len(names))):
        sent = {
            login
            for login, team in zip(way, names, strict=True)
            if login and may_fill(merged, team, login, approvers[login])
        }
        best = max(best, len(sent) + min(len(approvers) - len(sent), need - len(names)))
    return best
