"""Stories of the combined model: how they are drawn, and what jitbot's own values for them are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from acme_facts import (
    MERGED_AT,
    MINUTE,
    PATH,
    PEOPLE,
    a_policy,
    a_request,
    a_roster_by_minutes,
    at,
    owned_by,
    people,
    sha,
    the_rules,
)
from builders import a_case, a_change, a_commit, a_merge, a_pull, a_review
from catalogue_facts import the_catalogue
from combined_model import DAY, LOGINS, ME, POLICY, Book, Entry, Halt, Merged, Needs, Paper, Said, answer
from hypothesis import strategies as st

from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.access.decision_event import of_decision
from jitbot.domain.access.request_state import RequestState, fold_request
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.stops import StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import ByLogin, GithubId, IamUser, Login, Parameter, Person
from jitbot.domain.model.merge_facts import Actor, Case, ChangeKind, Review, Rules

TEAMS = ("acme/one", "acme/two", "acme/three")
ASKERS = "acme/askers"
ACCOUNTS = ("data", "prod", "staging")


def _person(number: int, login: str) -> Person:
    user = IamUser(arn=f"arn:aws:iam::222222222222:user/{login}")
    known = PEOPLE.get(Login(login))
    return known or Person(login=Login(login), github_id=GithubId(5000 + number), principal=user)


KNOWN = ByLogin(people(*(_person(number, login) for number, login in enumerate(LOGINS))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A request is merged; somebody may be stopped; and it may be asked for longer, by a second merge.

    Each merge is decided a minute later; `late`: only after all stops.
    """

    first: Merged
    longer: Merged | None = None
    halts: tuple[Halt, ...] = ()
    late: bool = False

    def known(self, merged: Merged) -> tuple[Halt, ...]:
        """The stops that are recorded when a merge is decided."""
        return tuple(halt for halt in self.halts if self.late or halt.minute <= merged.minute + 1)


# How they are drawn: each choice is one from a list, which is quick, and short in a report.

_EDGES = (-DAY, -21, -20, -10, 0, 1, 30, 59, 60, 90, 120, 121, 240)
_DATES = [(None, None)] * 40 + [
    (since, until)
    for since in (None, *_EDGES)
    for until in (None, *_EDGES)
    if since is None or until is None or since < until
]
_APPROVERS = [login for login in LOGINS if login != "eve"]


def _entries(*logins: str) -> st.SearchStrategy[Entry]:
    return st.sampled_from([(login, *dates) for login in logins for dates in _DATES])


_MEMBERS = st.lists(_entries(*_APPROVERS), min_size=1, max_size=6).map(tuple)
_ASKERS = st.one_of(
    st.just(((ME, None, None),)),
    st.lists(_entries(ME), min_size=1, max_size=2).map(tuple),
    st.lists(_entries(ME, "eve"), max_size=2).map(tuple),
)
_GROUPS = st.sampled_from(
    [{"live": ("prod", "data"), "rest": ("staging",)}] * 4
    + [
        {"live": ("prod",), "rest": ("data", "staging")},
        {"live": ("prod", "data"), "rest": ("data", "staging")},
    ]
    + [{"live": ("prod",), "rest": ("staging",)}, {"live": ("prod", "data", "staging")}, {}]
)
# A rule that a policy may have beside the one that always holds.
NEEDS = st.sampled_from(
    [
        found
        for teams in (
            (),
            ("@acme/one",),
            ("@acme/two",),
            ("@acme/one", "@acme/two"),
            ("@acme/two", "@acme/three"),
        )
        for many in range(max(1, len(teams)), 4)
        for somewhere in (None, ("@live",), ("@rest",), ("prod",), ("data", "@rest"))
        for over in (None, 30, 60)
        for values in (None, {"table": ("orders",)}, {"more": ("orders",)}, {"table": ("refunds", "orders")})
        for found in [Needs(many=many, teams=teams, somewhere=somewhere, over=over, values=values)]
        if found.conditions
    ]
)
_ALWAYS = st.sampled_from(
    [Needs(many=1)] * 5
    + [Needs(many=2), Needs(many=1, teams=("@acme/one",)), Needs(many=2, teams=("@acme/one", "@acme/two"))]
)


_MORE: st.SearchStrategy[list[Needs]] = st.just([]) | st.lists(NEEDS, max_size=3)
_RULES = st.builds(lambda more, always: (always, *more), _MORE, _ALWAYS)
_PARTS: dict[str, st.SearchStrategy[Any]] = {
    "teams": st.fixed_dictionaries({**dict.fromkeys(TEAMS, _MEMBERS), ASKERS: _ASKERS}),
    "groups": _GROUPS,
    "gives": st.sampled_from([ACCOUNTS] * 4 + [("@live", "@rest")] * 4 + [("@live", "staging"), ("prod",)]),
    "eligible": st.sampled_from([(f"@{ASKERS}",)] * 3 + [(ME,), (f"@{ASKERS}", "@acme/one")]),
    "owners": st.sampled_from(
        [tuple(f"@{team}" for team in TEAMS)] * 4
        + [("@acme/one", "@ben"), ("@ann", "@fay", "@cat", "@acme/two")]
    ),
    "longest": st.sampled_from([*[240] * 8, 60]),
    "needs": _RULES,
}
_PLAIN = Book(
    teams={
        "acme/one": (("ann", None, None), ("ben", None, None)),
        "acme/two": (("ben", None, None), ("cat", None, 240), ("dan", -DAY, None)),
        "acme/three": (("dan", None, None), ("fay", -DAY, None)),
        ASKERS: ((ME, None, None),),
    },
    groups={"live": ("prod", "data"), "rest": ("staging",)},
    gives=ACCOUNTS,
    eligible=(f"@{ASKERS}",),
    owners=tuple(f"@{team}" for team in TEAMS),
    longest=240,
    needs=(Needs(many=1),),
)


_CHANGED = st.sampled_from(sorted(_PARTS))
_SOME_CHANGED = st.lists(_CHANGED, max_size=3)


def _book(draw: st.DrawFn) -> Book:
    """Rules under which much is approved, with up to three of their parts drawn."""
    book = replace(_PLAIN, needs=draw(_RULES))
    parts = draw(_SOME_CHANGED)
    return replace(book, **{part: draw(_PARTS[part]) for part in parts})


def another(draw: st.DrawFn, book: Book) -> Book:
    """The same rules, with one part of them as it is or another."""
    part = draw(_CHANGED)
    return replace(book, **{part: draw(_PARTS[part])})


_OTHERWISE = st.sampled_from((False, False, True))


def _mostly(draw: st.DrawFn, book: Book) -> Book:
    return another(draw, book) if draw(_OTHERWISE) else book


_STATES = ["APPROVED"] * 24 + ["CHANGES_REQUESTED", "COMMENTED"]
_SAID = st.sampled_from(
    [
        Said(login=login, state=state, minute=-before)
        for state in _STATES
        for before in (5, 5, 10, 20, 21, 0, DAY, DAY + 1)
        for login in _APPROVERS
    ]
)
_APPROVALS = st.sampled_from(
    [("ann", "ben", "cat", "dan")] * 2 + [("ben", "cat"), ("fay", "ann"), ("dan",), ()]
).map(
    lambda logins: tuple(
        Said(login=login, state="APPROVED", minute=at - 20) for at, login in enumerate(logins)
    )
)
PAPERS = st.sampled_from(
    [
        Paper(accounts=accounts, minutes=minutes, values=values, starts=starts)
        for starts in (*[None] * 12, 0, 1, 60, -30, -60)
        for values in (
            *[{"table": "orders"}] * 8,
            {"table": "refunds"},
            {"table": "orders", "more": "orders"},
        )
        for minutes in (30, 31, 60, 60, 61, 120, 120, 240, 240, 241)
        for accounts in (("prod",), ("prod",), ("data",), ("staging",), ("data", "prod"), ACCOUNTS)
    ]
)


def _halt(subject: Mapping[str, str], minute: int, lifted: int | None) -> Halt:
    late = lifted is not None and lifted <= minute
    return Halt(**subject, minute=minute, lifted=minute + lifted if lifted is not None and late else lifted)


HALTS = st.sampled_from(
    [
        _halt(subject, minute, lifted)
        for subject in (
            *[{"who": ME}, {"policy": POLICY}] * 4, {"who": "ben"}, {"who": "eve"}, {"policy": f"{POLICY}-too"},
        )
        for minute in (5, 20, -60, -7 * DAY, 29, 30, 2, 59, 60, 61, 119, 120, 0, 1, -1, -7 * DAY - 1, -7 * DAY + 1)
        for lifted in (None, None, 0, 1, 30, 60, 61, 120, 0)
    ]
)  # fmt: skip
# Two stops of one second, by one person, of one subject, are one event.
_SOME_HALTS = st.lists(
    HALTS, min_size=1, max_size=2, unique_by=lambda halt: (halt.who, halt.policy, halt.minute)
).map(tuple)


_SOME_SAID = st.lists(_SAID, max_size=2)


def a_merged(
    draw: st.DrawFn, book: Book | None = None, *, minute: int = 0, paper: Paper | None = None
) -> Merged:
    """A merge of the request at this minute. No strategy is made on the way: Hypothesis looks at each new one."""
    before = book or _book(draw)
    said = (*draw(_APPROVALS), *draw(_SOME_SAID))
    return Merged(
        minute=minute,
        paper=paper or draw(PAPERS),
        before=before,
        head=_mostly(draw, before),
        said=tuple(replace(each, minute=minute + each.minute) for each in said),
    )


_ANY_HALTS = st.just(()) | _SOME_HALTS
_LATE = st.booleans()
_ASKS_NEVERTHELESS = st.sampled_from((True, False))
_ASKS_OTHERWISE = st.integers(0, 7).map(lambda number: number == 7)
# How long more is asked for, and when: by how long it was, or whatever it was.
_LONGER = st.sampled_from([(1, 1), (1, 30), (1, 60), (0, 240), (0, 240), (0, 241), (1, 0), (0, 30)])
_MINUTES = st.sampled_from(
    [(0, 1), (0, 1), (0, 10), (0, 29), (1, -1), (1, 0), (1, 1), (0, 59), (0, 60), (0, 61), (0, 120)]
)


@st.composite
def _stories(draw: st.DrawFn) -> Story:
    first = a_merged(draw)
    halts = draw(_ANY_HALTS)
    story = Story(first=first, halts=halts, late=draw(_LATE))
    if answer(first, story.known(first), longer=False).term is None and not draw(_ASKS_NEVERTHELESS):
        return story  # there is nothing to extend: one of two asks nevertheless
    was = first.paper.minutes
    times, more = draw(_LONGER)
    paper = replace(first.paper, minutes=times * was + more)
    if draw(_ASKS_OTHERWISE):
        other = draw(PAPERS)
        paper = replace(paper, accounts=other.accounts, values=other.values)
    times, more = draw(_MINUTES)
    longer = a_merged(draw, _mostly(draw, first.before), minute=times * was + more, paper=paper)
    return replace(story, longer=longer)


STORIES = _stories()  # whole stories, often with a second merge that asks for more time


# What they are to jitbot


def _rule(needs: Needs, number: int) -> ApprovalRule:
    when = RuleCondition(
        accounts=needs.somewhere,
        duration_over=None if needs.over is None else needs.over * MINUTE,
        parameters=needs.values or {},
    )
    return ApprovalRule(
        need=needs.many,
        teams=needs.teams,
        when=when if needs.conditions else None,
        field=f"approvals.{number}",
    )


@lru_cache(maxsize=8)
def rules_of(book: Book) -> Rules:
    """One version of the rules. A rule that is a number alone is written as a number."""
    always, *more = book.needs
    by_number = not more and not always.teams
    return the_rules(
        people=KNOWN,
        teams=a_roster_by_minutes(book.teams),
        account_groups=AccountGroups(groups=book.groups),
        codeowners=owned_by(*book.owners),
        policy=a_policy(
            eligible=book.eligible,
            accounts=book.gives,
            max_duration=book.longest * MINUTE,
            approvals=always.many,
            approval_rules=() if by_number else tuple(map(_rule, book.needs, range(len(book.needs)))),
            parameters=(Parameter(name="table", enum=("orders", "refunds")),),
        ),
    )


@cache
def _review(said: Said, number: int) -> Review:
    user = Actor(login=Login(said.login), github_id=KNOWN[Login(said.login)].github_id)
    return a_review(said.login, review_id=number, user=user, state=said.state, submitted_at=at(said.minute))


@lru_cache(maxsize=8)
def case_of(merged: Merged, *, longer: bool) -> Case:
    """All facts about one merge."""
    paper, rules = merged.paper, rules_of(merged.before)
    return a_case(
        rules=rules,
        request=a_request(
            accounts=paper.accounts,
            duration=paper.minutes * MINUTE,
            parameters=dict(paper.values),
            starts_at=None if paper.starts is None else at(paper.starts),
        ),
        change=a_change(
            kind=ChangeKind.MODIFIED if longer else ChangeKind.ADDED,
            committed_at=at(merged.minute),
            commit=sha(f"merged {longer}"),
        ),
        earlier=longer,
        merge=a_merge(
            pull_request=a_pull(merged_at=at(merged.minute), merge_commit=sha(f"merged {longer}")),
            head_rules=rules_of(merged.head),
            reviews=tuple(map(_review, merged.said, range(len(merged.said)))),
            commits=(a_commit("alice"),),
            permissions={Login(login): "write" for login in LOGINS},
        ),
    )


def stops_and_lifts(halts: Iterable[Halt]) -> list[Event]:
    """The record of the stops, and of those who lifted them."""
    erin, found = PEOPLE[Login("erin")], list[Event]()
    for number, halt in enumerate(halts):
        subject = StopSubject(policy=halt.policy)
        if halt.who:
            subject = StopSubject(login=Login(halt.who), github_id=KNOWN[Login(halt.who)].github_id)
        text = {"reason": f"reason {number}", "rules": sha("main"), "run": f"run {number}"}
        stopped = stopped_event(subject, erin, at=at(halt.minute), **text)  # type: ignore[arg-type]
        found.append(stopped)
        if halt.lifted is not None:
            (stop,) = stops_of([stopped])
            found.append(lifted_event(stop, erin, at=at(halt.lifted), **text))  # type: ignore[arg-type]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What jitbot decides of a story: of each merge, and of the request's state in the end."""

    first: Decision
    longer: Decision | None
    state: RequestState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Decided:
    decision: Decision
    event: Event


def told(story: Story) -> Told:
    """Let jitbot decide: the first merge is recorded, and the record is what the second stands on."""
    first = _decided(story.first, story.known(story.first), None)
    events, longer = [first.event], None
    if story.longer is not None:
        longer = _decided(story.longer, story.known(story.longer), first)
        events.append(longer.event)
    state = fold_request([*events, *stops_and_lifts(story.halts)], PATH)
    return Told(first=first.decision, longer=longer.decision if longer is not None else None, state=state)


@lru_cache(maxsize=8)
def _decided(merged: Merged, halts: tuple[Halt, ...], former: _Decided | None) -> _Decided:
    """What jitbot decides and records; once, where one story is told again and differs only in what comes later."""
    case, now = case_of(merged, longer=former is not None), at(merged.minute) + MINUTE
    state = fold_request([*([former.event] if former is not None else ()), *stops_and_lifts(halts)], PATH)
    decision = decide(case, state, now)
    event = of_decision(case.change, case, decision, now=now, run="", catalogue=the_catalogue())
    return _Decided(decision=decision, event=event)


def ends_of(decision: Decision) -> int | None:
    """After how many minutes access ends; None if there is none."""
    if decision.verdict is not Verdict.APPROVED or decision.window is None:
        return None
    return int((decision.window.expires_at - MERGED_AT) / MINUTE)
