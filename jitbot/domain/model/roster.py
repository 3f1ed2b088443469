"""Who is in which team, and from when until when: policies/teams.yaml. A membership may have a first and a last moment."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from jitbot.domain.model.documents import TEAMS, Login, Position, Teams, same_login
from jitbot.domain.text import timestamp

_NOWHERE: Mapping[str, Position] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One entry of a team. It holds from `since` on, and no longer at `until`; None is without such a bound."""

    login: Login
    since: datetime | None = None
    until: datetime | None = None

    @property
    def dates(self) -> str:
        """`from 2026-12-20 00:00 UTC until 2027-01-06 08:00 UTC`; empty without dates."""
        bounds = (("from", self.since), ("until", self.until))
        return " ".join(f"{word} {timestamp.for_people(at)}" for word, at in bounds if at is not None)

    @property
    def is_dated(self) -> bool:
        """Whether it has a first or a last moment."""
        return self.since is not None or self.until is not None

    def holds(self, at: datetime) -> bool:
        """Whether the person is a member at this moment."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def meets(self, other: "Membership") -> bool:
        """Whether there is a moment at which both hold."""
        begins = [each.since for each in (self, other) if each.since is not None]
        ends = [each.until for each in (self, other) if each.until is not None]
        return not begins or not ends or max(begins) < min(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """policies/teams.yaml: who is in which team at a moment.

    `everybody` has all whom the file names, whatever the dates; `dated` the entries of the teams that have dates.
    `where` maps a team ("acme/payments", "acme/payments.0") to its place in the file.
    """

    everybody: Teams
    dated: Mapping[str, tuple[Membership, ...]] = field(default_factory=dict)
    where: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls, teams: Mapping[str, tuple[Membership, ...]], where: Mapping[str, Position] = _NOWHERE
    ) -> "Roster":
        """The roster with these entries."""
        everybody = {team: _once(each.login for each in entries) for team, entries in teams.items()}
        dated = {team: entries for team, entries in teams.items() if any(each.is_dated for each in entries)}
        return cls(everybody=everybody, dated=dated, where=where)

    @property
    def path(self) -> str:
        """The file that says this."""
        return TEAMS

    def entries(self, team: str) -> tuple[Membership, ...]:
        """The entries of a team, in the order of the file; none for a team that is not there."""
        return self.dated.get(team) or tuple(Membership(login=each) for each in self.everybody.get(team, ()))

    def at(self, moment: datetime) -> Teams:
        """Who is in which team at this moment."""
        if not self.dated:
            return self.everybody
        now = {
            team: _once(each.login for each in entries if each.holds(moment))
            for team, entries in self.dated.items()
        }
        return {**self.everybody, **now}

    def dates(self, login: Login, names: Iterable[str]) -> str:
        """When a person is in these teams, in words; empty where no date says so."""
        found = (each.dates for each in self._by(login, names))
        return " and ".join(dict.fromkeys(filter(None, found)))

    def _by(self, login: Login, names: Iterable[str]) -> Iterator[Membership]:
        """The entries that make a person one of `names`."""
        wanted = {name.casefold() for name in names}
        teams = (team for team in self.everybody if f"@{team}".casefold() in wanted)
        return (each for team in teams for each in self.entries(team) if same_login(each.login, login))

    def until(self, login: Login, names: Iterable[str], at: datetime) -> datetime | None:
        """When a person who is among `names` (logins, and teams as "@org/team") at this moment no longer is.

        None if no date ends it: the login itself is named, or one of its memberships in these teams has no end. It
        is for those who are among the names: for anybody else the answer is None, too.
        """
        every = tuple(names)
        if any(same_login(login, name) for name in every):
            return None
        ends = [each.until for each in self._by(login, every) if each.holds(at)]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


def _once(logins: Iterable[Login]) -> tuple[Login, ...]:
    found: dict[str, Login] = {}
    for login in logins:
        found.setdefault(login.casefold(), login)
    return tuple(found.values())
