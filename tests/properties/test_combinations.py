"""Rules, dates, groups, stops and extensions together, held against the small model in `combined_model`.

How many combinations were tried is told at the end of a run of pytest. Many more: `--hypothesis-profile=soak`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from acme_facts import at
from combined_cases import (
    ACCOUNTS,
    ASKERS,
    HALTS,
    NEEDS,
    STORIES,
    TEAMS,
    Story,
    a_merged,
    another,
    case_of,
    ends_of,
    told,
)
from combined_model import (
    DAY,
    LOGINS,
    Answer,
    Book,
    Halt,
    Merged,
    answer,
    approving,
    ended_by,
    may_fill,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jitbot.domain.access.approval import Decision
from jitbot.domain.access.approvals.places import Place, fill, open_places
from jitbot.domain.access.approvals.requirement import required_approvals
from jitbot.domain.access.approvals.reviews import count
from jitbot.domain.model.parsed_case import ParsedCase, parse_case

PROPERTY = "combinations"  # of a test's report: how many were tried, by their answer, and the violations
Record = Callable[[str, object], None]


def many(usual: int) -> settings:
    """So many combinations by default, always the same; as many as the profile says in a long run."""
    if settings.get_current_profile_name() == "soak":
        return settings.get_profile("soak")
    return settings(
        max_examples=usual, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )  # fmt: skip


@contextmanager
def counted(record_property: Record) -> Iterator[Counter[str]]:
    """Count what is tried, and put it into the report, with one violation if the test fails."""
    tried: Counter[str] = Counter()
    try:
        yield tried
    except BaseException:
        record_property(PROPERTY, (dict(tried), 1))
        raise
    record_property(PROPERTY, (dict(tried), 0))


def places_of(merged: Merged) -> tuple[Place, ...]:
    """Who fills which place of what this merge needs."""
    parsed_case = parse_case(case_of(merged, longer=False))
    assert isinstance(parsed_case, ParsedCase)
    approvals, _ = count(parsed_case)
    return fill(required_approvals(parsed_case, approvals), [each.person for each in approvals])


def same(decision: Decision, merged: Merged, wanted: Answer) -> None:
    """jitbot's decision of a merge is the model's: each kind of reason, the end, the need, and the places."""
    assert {reason.code for reason in decision.reasons} == wanted.reasons
    assert ends_of(decision) == (wanted.term.ends if wanted.term is not None else None)
    assert decision.parsed_case is not None
    requirement = required_approvals(decision.parsed_case, decision.approvals)
    places = fill(requirement, [each.person for each in decision.approvals])
    assert (requirement.need, frozenset(team.name for team in requirement.teams)) == (
        wanted.need,
        wanted.teams,
    )
    filled = [(place.team, str(place.person.login)) for place in places if place.person is not None]
    assert (len(places), len(filled), len({login for _, login in filled})) == (
        wanted.need,
        wanted.filled,
        wanted.filled,
    )
    approvers = approving(merged)
    assert all(team is None or may_fill(merged, team.name, login, approvers[login]) for team, login in filled)


def test_every_decision_is_the_models(record_property: Record) -> None:
    """Decision, reasons, need, places, window, and what a stop ends: jitbot and the model say the same."""

    @many(320)
    @given(STORIES)
    def agree(story: Story) -> None:
        found = told(story)
        first = answer(story.first, story.known(story.first), longer=False)
        tried["approved" if first.term is not None else "refused"] += 1
        same(found.first, story.first, first)
        terms = [first.term] if first.term is not None else []
        if story.longer is not None and found.longer is not None:
            more = answer(story.longer, story.known(story.longer), first.term, longer=True)
            tried["extended" if more.term is not None else "not extended"] += 1
            same(found.longer, story.longer, more)
            terms += [more.term] if more.term is not None else []
        by_stops["refused"] += "stopped" in first.reasons
        ended = any(ended_by(replace(each, ends=terms[-1].ends), story.halts) for each in terms)
        assert (found.state.stopped is not None) is ended
        by_stops["ended"] += ended

    by_stops: Counter[str] = Counter()
    with counted(record_property) as tried:
        agree()
    assert min(*tried.values(), *by_stops.values()) > 5, (tried, by_stops)


# Asking for more, or of fewer people

MORE = st.sampled_from(["account", "minutes", "parameter", "rule"])
ANY_ACCOUNT, MINUTES = st.sampled_from(ACCOUNTS), st.sampled_from((1, 30, 90))
VALUES = st.sampled_from(("orders", "refunds"))
SIDES = st.sampled_from(["before", "head", "both"])
LEFT = st.sampled_from([*((team,) for team in (*TEAMS, ASKERS)), *[(*TEAMS, ASKERS)] * 3])
NARROWED = st.sampled_from([(None, None), (0, None), (1, None), (None, 0), (None, 1), (-10, 60)])
SAME_HEAD = st.booleans()


@st.composite
def asked_for_more(draw: st.DrawFn) -> tuple[Merged, Merged]:
    """A merge, and the same with an account, minutes, a parameter or a rule more."""
    less = a_merged(draw)
    paper = less.paper
    what = draw(MORE)
    if what == "account":
        accounts = tuple(sorted({*paper.accounts, draw(ANY_ACCOUNT)}))
        return less, replace(less, paper=replace(paper, accounts=accounts))
    if what == "minutes":
        return less, replace(less, paper=replace(paper, minutes=paper.minutes + draw(MINUTES)))
    if what == "parameter":
        values = {"more": draw(VALUES), **paper.values}
        return less, replace(less, paper=replace(paper, values=values))
    rule, side = draw(NEEDS), draw(SIDES)

    def with_rule(book: Book) -> Book:
        return replace(book, needs=(*book.needs, rule))

    return less, replace(
        less,
        before=less.before if side == "head" else with_rule(less.before),
        head=less.head if side == "before" else with_rule(less.head),
    )


def test_asking_for_more_never_needs_less(record_property: Record) -> None:
    """An account, a minute, a parameter or a rule more: as many places, the same teams, and none is filled by it."""

    @many(135)
    @given(asked_for_more())
    def never_less(pair: tuple[Merged, Merged]) -> None:
        less, more = map(places_of, pair)
        assert len(less) <= len(more)
        assert {each.team.name for each in less if each.team} <= {
            each.team.name for each in more if each.team
        }
        if not open_places(more):
            tried["more, and enough"] += 1
            assert not open_places(less)
        else:
            tried["more, and not enough"] += 1

    with counted(record_property) as tried:
        never_less()
    assert min(tried.values()) > 5, tried


@st.composite
def two_versions(draw: st.DrawFn) -> tuple[Merged, Book]:
    """A merge, and rules of a head that have another rule first."""
    merged = a_merged(draw)
    return merged, another(draw, replace(merged.before, needs=(draw(NEEDS), merged.before.needs[0])))


def test_rules_that_changed_meanwhile_need_what_both_need(record_property: Record) -> None:
    """Whoever weakens a rule, at the head or before the merge, weakens nothing: the other version asks all the same."""

    @many(60)
    @given(two_versions())
    def both(pair: tuple[Merged, Book]) -> None:
        merged, head = pair
        changed = places_of(replace(merged, head=replace(head, teams=merged.before.teams)))
        for one in (merged.before, head):
            alone = places_of(replace(merged, before=one, head=one))
            assert len(alone) <= len(changed)
            assert {each.team.name for each in alone if each.team} <= {
                each.team.name for each in changed if each.team
            }
        tried["rules of two versions"] += 1

    with counted(record_property) as tried:
        both()


@st.composite
def with_fewer_people(draw: st.DrawFn) -> tuple[Merged, Merged]:
    """A merge under rules that did not change meanwhile, and the same with less membership, before it or at both.

    Somebody leaves one team, or all; or one entry is gone, or has narrower dates. Who asks for changes does not leave:
    what they say would leave with them.
    """
    found = a_merged(draw)
    merged = replace(found, head=found.before)
    objecting = {said.login for said in merged.said if said.state == "CHANGES_REQUESTED"}
    login = draw(st.sampled_from(sorted(set(LOGINS) - objecting)))
    teams = draw(LEFT)
    since, until = draw(NARROWED)

    def less(book: Book) -> Book:
        kept = {
            team: tuple(
                entry
                for name, begins, ends in members
                for entry in ([(name, begins, ends)] if name != login else narrowed(name, begins, ends))
            )
            if team in teams
            else members
            for team, members in book.teams.items()
        }
        return replace(book, teams=kept)

    def narrowed(name: str, begins: int | None, ends: int | None) -> list[tuple[str, int | None, int | None]]:
        if (since, until) == (None, None):
            return []
        later = max((each for each in (begins, since) if each is not None), default=None)
        sooner = min((each for each in (ends, until) if each is not None), default=None)
        return [(name, later, sooner)] if later is None or sooner is None or later < sooner else []

    after = less(merged.before)
    return merged, replace(merged, before=after, head=after if draw(SAME_HEAD) else merged.head)


def test_fewer_people_never_help(record_property: Record) -> None:
    """Who leaves a team, or is in it for a shorter time, gives nobody access, and none that lasts longer."""

    @many(250)
    @given(with_fewer_people())
    def never_more(pair: tuple[Merged, Merged]) -> None:
        before, after = (ends_of(told(Story(first=each)).first) for each in pair)
        tried["fewer, and refused" if after is None else "fewer, and approved"] += 1
        assert after is None or (before is not None and after <= before)

    with counted(record_property) as tried:
        never_more()
    assert min(tried.values()) > 5, tried


def test_a_stop_never_helps_and_comes_before_all_else(record_property: Record) -> None:
    """With a stop more, or one that is lifted later, nothing is given that was not; what it is about is refused and ended."""

    @many(150)
    @given(HALTS, STORIES, st.sampled_from([0, 1, 30, DAY, None]))
    def never_more(halt: Halt, story: Story, later: int | None) -> None:
        longer = replace(halt, lifted=None if later is None or halt.lifted is None else halt.lifted + later)
        given = [told(replace(story, halts=halts)) for halts in ((), (halt,), (longer,))]
        for more, less in pairwise(given):
            for was, now in ((more.first, less.first), (more.longer, less.longer)):
                if was is not None and now is not None and ends_of(now) is not None:
                    assert ends_of(was) == ends_of(now)
            assert more.state.stopped is None or less.state.stopped is not None or not less.state.terms
        stopped = given[1]
        if halt.strikes(0) and (story.late or halt.minute <= 1):
            assert "stopped" in {reason.code for reason in stopped.first.reasons}
            tried["refused by a stop"] += 1
        elif halt.strikes(0) and stopped.first.window and at(halt.minute) < stopped.first.window.expires_at:
            assert ends_of(stopped.first) is None or stopped.state.over_at == at(halt.minute)
            tried["then a stop"] += 1
        else:
            tried["not reached by a stop"] += 1

    with counted(record_property) as tried:
        never_more()
    assert min(tried.values()) > 5, tried
