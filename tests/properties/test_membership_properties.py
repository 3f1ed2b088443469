"""Dated memberships against a small model of their own; and that less membership never gives more."""

from dataclasses import dataclass, replace

from acme_facts import MERGED_AT, MINUTE, a_policy, a_request, a_roster_by_minutes, at, owned_by, the_rules
from builders import a_case, a_merge, a_review, judged
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jitbot.domain.access.approval import Verdict
from jitbot.domain.model.merge_facts import Rules

Entry = tuple[str, int | None, int | None]  # a login, from and until which minute after the merge
Teams = dict[str, list[Entry]]
Reviews = dict[str, tuple[str, int]]  # login -> state, how many minutes after the merge (never after it)
LEADS, PAYMENTS, OTHERS = "acme/leads", "acme/payments", "acme/others"
DURATION = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """alice asks; `starts` is how many minutes after the merge, None at once."""

    base: Teams
    head: Teams
    reviews: Reviews
    starts: int | None


def holds(entry: Entry, minute: int) -> bool:
    """The model's membership, in whole minutes."""
    _, since, until = entry
    return (since is None or minute >= since) and (until is None or minute < until)


def inside(teams: Teams, names: tuple[str, ...], login: str, minute: int) -> list[Entry]:
    """The entries of a person in some teams, at a minute."""
    return [each for name in names for each in teams[name] if each[0] == login and holds(each, minute)]


def end_by(teams: Teams, start: int) -> int:
    """When access ends at the latest by these teams, or after its duration."""
    ends = [until for _, _, until in inside(teams, (PAYMENTS, OTHERS), "alice", start)]
    bounds = [until for until in ends if until is not None]
    return min(start + DURATION, max(bounds) if bounds and len(bounds) == len(ends) else start + DURATION)


def modelled(game: Game) -> int | None:
    """After how many minutes access ends; None if it is refused."""
    start = game.starts or 0
    if not all(inside(game.base, (PAYMENTS, OTHERS), "alice", minute) for minute in (0, start)):
        return None
    if any(state == "CHANGES_REQUESTED" for login, (state, _) in game.reviews.items() if _leads(game, login)):
        return None
    approvals = [
        login
        for login, (state, minute) in game.reviews.items()
        if state == "APPROVED" and login != "alice" and _owned(game, login, minute) and _owned(game, login, 0)
    ]
    return (
        end_by(game.base, start)
        if approvals and end_by(game.base, start) == end_by(game.head, start)
        else None
    )


def _leads(game: Game, login: str) -> bool:
    return any(each[0] == login for each in game.base[LEADS])


def _owned(game: Game, login: str, minute: int) -> bool:
    return all(inside(teams, (LEADS,), login, minute) for teams in (game.base, game.head))


def _rules(teams: Teams) -> Rules:
    policy = a_policy(eligible=(f"@{PAYMENTS}", f"@{OTHERS}"))
    return the_rules(teams=a_roster_by_minutes(teams), policy=policy, codeowners=owned_by(f"@{LEADS}"))


def decided(game: Game) -> int | None:
    """The same by `decide`."""
    reviews = tuple(
        a_review(login, review_id=number, state=state, submitted_at=at(minute))
        for number, (login, (state, minute)) in enumerate(game.reviews.items())
    )
    request = a_request(
        duration=DURATION * MINUTE, starts_at=None if game.starts is None else at(game.starts)
    )
    base = _rules(game.base)
    merge = a_merge(head_rules=_rules(game.head), reviews=reviews)
    decision = judged(a_case(rules=base, merge=merge, request=request))
    if decision.verdict is not Verdict.APPROVED or decision.window is None:
        return None
    return int((decision.window.expires_at - MERGED_AT).total_seconds()) // 60


EDGES = (-20, -10, -5, 0, 1, 60, 61, 120, 180, 181)
MINUTES = st.sampled_from(EDGES)
BOUNDS = (*[None] * len(EDGES), *EDGES)  # half of them none
ENTRIES = st.sampled_from(
    [
        (login, since, until)
        for since in BOUNDS
        for until in BOUNDS
        if since is None or until is None or since < until
        for login in ("alice", "bob", "dave")
    ]
)
TEAMS = st.fixed_dictionaries({name: st.lists(ENTRIES, max_size=3) for name in (LEADS, PAYMENTS, OTHERS)})
REVIEWS = st.dictionaries(
    st.sampled_from(["alice", "bob", "dave"]),
    st.sampled_from(
        [
            (state, minute)
            for state in ("APPROVED", "APPROVED", "CHANGES_REQUESTED")
            for minute in (-20, -10, -1, 0)
        ]
    ),
    max_size=3,
)
LIKELY = st.fixed_dictionaries(
    {
        LEADS: st.lists(ENTRIES, max_size=2).map(lambda found: [("bob", None, None), *found]),
        PAYMENTS: st.lists(ENTRIES, max_size=2).map(lambda found: [("alice", None, 60), *found]),
        OTHERS: st.lists(ENTRIES, max_size=1),
    }
)


BASES, STARTS = LIKELY | TEAMS, st.sampled_from([None, None, None, 1, 60, 61])
SAME, MAYBE = st.sampled_from([True, True, False]), st.booleans()


def a_game(draw: st.DrawFn) -> Game:
    """Mostly with the same teams at the head and before the merge, as it is mostly."""
    base = draw(BASES)
    head = base if draw(SAME) else draw(TEAMS)
    reviews = {"bob": ("APPROVED", -5), **draw(REVIEWS)}
    return Game(base=base, head=head, reviews=reviews, starts=draw(STARTS))


@settings(deadline=None)
@given(st.composite(a_game)())
def test_dates_decide_as_the_model_says(game: Game) -> None:
    """Who may ask, who may approve, and when it ends: entry by entry, minute by minute."""
    assert decided(game) == modelled(game)


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[Game, Game]:
    """A game, and the same with one entry removed, or with one of its dates moved inwards."""
    game = a_game(draw)
    places = [(team, number) for team, entries in game.base.items() for number in range(len(entries))]
    assume(places)
    team, number = draw(st.sampled_from(places))
    login, since, until = game.base[team][number]
    less: list[Entry] = []
    if draw(MAYBE):
        later = draw(MINUTES if since is None else st.sampled_from([since, since + 1, since + 60]))
        earlier = draw(MINUTES if until is None else st.sampled_from([until, until - 1, until - 60]))
        less = [(login, later, earlier)] if later < earlier else []
    # Who asks for changes and is taken out altogether takes the objection along: that is no narrower date.
    assume(less or game.reviews.get(login, ("", 0))[0] != "CHANGES_REQUESTED")
    entries = [*game.base[team][:number], *less, *game.base[team][number + 1 :]]
    base = {**game.base, team: entries}
    both = game.head == game.base and draw(MAYBE)
    return game, replace(game, base=base, head=base if both else game.head)


@settings(deadline=None)
@given(narrowed())
def test_less_membership_never_gives_more(pair: tuple[Game, Game]) -> None:
    """Removing an entry, or moving a date inwards, gives access to nobody who had none, and none that lasts longer.

    It is compared with what the teams before the merge give: what differs at the approved head is another refusal.
    """
    before, after = decided(replace(pair[0], head=pair[0].base)), decided(pair[1])
    assert after is None or (before is not None and after <= before)
