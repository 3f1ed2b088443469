"""Who is behind the names that rules use, and in which times: people, teams, memberships with dates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from jitbot.domain.model.documents import GithubId, Login, People, Person
from jitbot.domain.model.roster import Roster
from jitbot.domain.text import timestamp

Times = tuple[tuple[datetime, datetime], ...]  # from, until; in their order
Who = tuple[str, GithubId]  # a login, casefolded, and the account that it is said to be
END = datetime.max.replace(tzinfo=UTC)  # stands for no end


def joined(times: Iterable[tuple[datetime, datetime]]) -> Times:
    """These times as one set: what meets or overlaps is one."""
    found: list[tuple[datetime, datetime]] = []
    for since, until in sorted(each for each in times if each[0] < each[1]):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return tuple(found)


def longest(times: Iterable[tuple[datetime, datetime]]) -> Times:
    """These times without those that lie within another one. What only meets or overlaps stays apart.

    This matters for people who ask: access is cut at the end of the membership by which it began.
    """
    found: list[tuple[datetime, datetime]] = []
    for since, until in sorted(set(times), key=lambda each: (each[0], -each[1].timestamp())):
        if since < until and (not found or found[-1][1] < until):  # the last one found ends last
            found.append((since, until))
    return tuple(found)


def without(times: Times, others: Times) -> Times:
    """The part of these times that the others do not cover."""
    left = list(times)
    for since, until in others:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, since)), (max(start, until), end))
            if part[0] < part[1]
        ]
    return joined(left)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Who is behind a name from `start` on. Not slotted: each team is looked up once, when it is asked for."""

    people: People
    roster: Roster
    start: datetime

    def behind(self, names: Iterable[str]) -> Mapping[Who, Times]:
        """The known people behind these logins and teams, and when each of them is."""
        found: dict[Who, list[tuple[datetime, datetime]]] = {}
        for name in names:
            for who, times in self._of(name.removeprefix("@").casefold()).items():
                found.setdefault(who, []).extend(times)
        return {who: longest(times) for who, times in found.items()}

    def person(self, who: Who) -> Person:
        """The person that a login of `behind` is."""
        return self.people[Login(who[0])]

    def _of(self, name: str) -> Mapping[Who, Times]:
        if "/" in name:
            return self._teams.get(name, {})
        who = self._known.get(name)
        return {} if who is None else {who: ((self.start, END),)}

    @cached_property
    def _known(self) -> Mapping[str, Who]:
        return {
            login.casefold(): (login.casefold(), person.github_id) for login, person in self.people.items()
        }

    @cached_property
    def _teams(self) -> Mapping[str, Mapping[Who, Times]]:
        found: dict[str, dict[Who, Times]] = {}
        for team in self.roster.everybody:
            members = found.setdefault(team.casefold(), {})
            for entry in self.roster.entries(team):
                who = self._known.get(entry.login.casefold())
                if who is not None:
                    since, until = max(entry.since or self.start, self.start), entry.until or END
                    members[who] = longest((*members.get(who, ()), (since, until)))
        return {team: {who: times for who, times in all_.items() if times} for team, all_ in found.items()}


def gained(base: Mapping[Who, Times], head: Mapping[Who, Times], calendar: Calendar) -> tuple[str, ...]:
    """Who has a time in `head` that lies in none of theirs in `base`, with the dates; `calendar` is that of `head`."""
    found = ((who, _more(times, base.get(who, ()))) for who, times in head.items())
    return tuple(
        f"{calendar.person(who).login}{_dates(times, calendar.start)}"
        for who, times in sorted(found, key=lambda each: each[0])
        if times
    )


def _more(times: Times, others: Times) -> Times:
    """The new part of each time that lies in none of the others; all of it where together they cover it."""
    new = [
        each for each in times if not any(since <= each[0] and each[1] <= until for since, until in others)
    ]
    return joined(part for each in new for part in without((each,), others) or (each,))


def with_joined_times(people: Mapping[Who, Times]) -> Mapping[Who, Times]:
    """The same people, with times that meet as one: who approves must be there at single moments only."""
    return {who: joined(times) for who, times in people.items()}


def _dates(times: Times, now: datetime) -> str:
    parts = []
    for since, until in times:
        start = f" from {timestamp.for_people(since)}" if since > now else ""
        parts.append(start + (f" until {timestamp.for_people(until)}" if until < END else ""))
    return " and".join(filter(None, parts))
