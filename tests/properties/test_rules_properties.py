"""Rules of approval, held against a small model: random rules, teams that overlap, people with two logins.

The model says in a few lines what the rules mean, and tries every way to give people places. It shares no code with
jitbot but the values that it is given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import permutations, product

from acme_facts import MERGED_AT, a_policy, a_request, owned_by, people, the_rules
from builders import a_case, a_commit, a_merge, a_pull, a_review
from choices import arranged, evenly, some
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.access.approval import Verdict, decide
from jitbot.domain.access.approvals.places import can_fill, fill
from jitbot.domain.access.approvals.requirement import required_approvals, under
from jitbot.domain.access.approvals.reviews import count
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import GithubId, IamUser, Login, Parameter, Person
from jitbot.domain.model.merge_facts import Actor, Rules
from jitbot.domain.model.parsed_case import ParsedCase, parse_case

# Six logins of five humans: `ann` and `anna` are one.
HUMAN = {"ann": "A", "anna": "A", "ben": "B", "cat": "C", "dan": "D", "eve": "E"}
KNOWN = people(
    *(
        Person(
            login=Login(login),
            github_id=GithubId(5000 + number),
            principal=IamUser(arn=f"arn:aws:iam::222222222222:user/{human}"),
        )
        for number, (login, human) in enumerate(HUMAN.items())
    )
)
TEAM_NAMES = ("acme/one", "acme/two", "acme/three")
ACCOUNTS = ("prod", "staging", "data")
GROUPS = AccountGroups(groups={"live": ("prod", "data"), "rest": ("staging",)})
OWNING = owned_by("@acme/everybody", *(f"@{team}" for team in TEAM_NAMES))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request says, as far as rules look at it."""

    accounts: tuple[str, ...] = ("prod",)
    minutes: int = 60
    parameters: Mapping[str, str] = field(default_factory=lambda: {"table": "orders"})


def model_holds(rule: ApprovalRule, asked: Asked) -> bool:
    """Whether a rule applies, said again."""
    if rule.when is None:
        return True
    named: set[str] = set()
    for name in rule.when.accounts or ():
        named |= {"@live": {"prod", "data"}, "@rest": {"staging"}}.get(name, {name})
    wrong = (
        rule.when.accounts is not None and not named & set(asked.accounts),
        rule.when.duration_over is not None and asked.minutes * 60 <= rule.when.duration_over.total_seconds(),
        *(asked.parameters.get(name) not in values for name, values in rule.when.parameters.items()),
    )
    return True not in wrong


def model_enough(
    rules: Iterable[ApprovalRule], asked: Asked, teams: Mapping[str, frozenset[str]], approved: Iterable[str]
) -> bool:
    """Whether these approvals are enough: every way to give the humans behind them the places is tried."""
    held = [rule for rule in rules if model_holds(rule, asked)]
    wanted = sorted({team for rule in held for team in rule.teams})
    humans = sorted({HUMAN[login] for login in approved})
    if len(humans) < max([len(wanted), *(rule.need for rule in held)], default=0):
        return False
    of = {team: {HUMAN[login] for login in teams[team.removeprefix("@")]} for team in wanted}
    return any(
        all(human in of[team] for human, team in zip(way, wanted, strict=True))
        for way in permutations(humans, len(wanted))
    )


# Everything that may be drawn, made once (see `choices`).
SOME_VALUES = [("orders",), ("refunds",), ("orders", "refunds"), ("refunds", "orders")]
NAMED: tuple[tuple[tuple[str, ...] | None, ...], ...] = (
    (None,),
    tuple(permutations((*ACCOUNTS, "@live", "@rest"), 1)),
    tuple(permutations((*ACCOUNTS, "@live", "@rest"), 2)),
)
CONDITIONS = evenly(
    [
        RuleCondition(accounts=accounts, duration_over=over, parameters=values)
        for accounts in named
        for over in (None, *(timedelta(minutes=minutes) for minutes in (30, 60, 90)))
        for values in parameters
    ]
    for named in NAMED
    for parameters in (
        [dict[str, tuple[str, ...]]()],
        [{key: of} for key in ("table", "more") for of in SOME_VALUES],
        [{"table": of, "more": others} for of, others in product(SOME_VALUES, repeat=2)],
    )
)
NEEDS = evenly(
    [
        (tuple(f"@{name}" for name in teams), need)
        for teams in permutations(TEAM_NAMES, length)
        for need in range(max(length, 1), 5)
    ]
    for length in range(4)
)


def _a_rule(needs: tuple[tuple[str, ...], int], when: RuleCondition | None) -> ApprovalRule:
    return ApprovalRule(need=needs[1], teams=needs[0], when=when)


# Rules that a policy may have.
A_RULE = st.builds(_a_rule, NEEDS, CONDITIONS)
RULES = st.builds(lambda always, more: (_a_rule(always, None), *more), NEEDS, st.lists(A_RULE, max_size=3))
MEMBERS = st.fixed_dictionaries({name: some(sorted(HUMAN)) for name in TEAM_NAMES})
APPROVED = arranged(sorted(HUMAN), most=6).map(list)
ASKED = evenly(
    [
        Asked(accounts=accounts, minutes=minutes, parameters={"table": table, **more})
        for accounts in permutations(ACCOUNTS, length)
        for minutes in (30, 31, 60, 61, 90, 120)
        for table in ("orders", "refunds")
        for more in ({}, {"more": "orders"}, {"more": "x"})
    ]
    for length in (1, 2, 3)
)


def rules_with(rules: tuple[ApprovalRule, ...], teams: Mapping[str, Iterable[str]]) -> Rules:
    """Acme's rules, with these of approval and these teams, all of which own the requests."""
    always = max(rule.need for rule in rules if rule.when is None)
    return the_rules(
        policy=a_policy(
            approvals=always,
            approval_rules=rules,
            accounts=ACCOUNTS,
            parameters=(Parameter(name="table", enum=("orders", "refunds", "x")),),
        ),
        people=KNOWN,
        teams={
            "acme/payments": (Login("alice"),),
            "acme/everybody": tuple(map(Login, HUMAN)),
            **{team: tuple(map(Login, sorted(members))) for team, members in teams.items()},
        },
        codeowners=OWNING,
        account_groups=GROUPS,
    )


def the_case(
    rules: tuple[ApprovalRule, ...], asked: Asked, teams: Mapping[str, Iterable[str]], approved: Iterable[str]
) -> ParsedCase:
    """The merge of alice's request, approved by these."""
    held = rules_with(rules, teams)
    reviews = tuple(
        a_review(
            login,
            review_id=number,
            user=Actor(login=Login(login), github_id=KNOWN[Login(login)].github_id),
            submitted_at=MERGED_AT - timedelta(minutes=20 - number),
        )
        for number, login in enumerate(approved, start=1)
    )
    permissions = {Login(login): "write" for login in HUMAN}
    merge = a_merge(head_rules=held, reviews=reviews, permissions=permissions)
    request = a_request(
        accounts=asked.accounts, duration=timedelta(minutes=asked.minutes), parameters=asked.parameters
    )
    parsed_case = parse_case(a_case(rules=held, merge=merge, request=request))
    assert isinstance(parsed_case, ParsedCase)
    return parsed_case


def is_enough(
    rules: tuple[ApprovalRule, ...], asked: Asked, teams: Mapping[str, Iterable[str]], approved: Iterable[str]
) -> bool:
    """Whether jitbot finds these approvals enough."""
    parsed_case = the_case(rules, asked, teams, approved)
    return can_fill(required_approvals(parsed_case), [each.person for each in count(parsed_case)[0]])


@given(RULES, ASKED, MEMBERS, APPROVED)
def test_it_is_enough_where_the_model_says_so(
    rules: tuple[ApprovalRule, ...], asked: Asked, teams: dict[str, frozenset[str]], approved: list[str]
) -> None:
    """jitbot and the model agree, and the decision is no other."""
    enough = model_enough(rules, asked, teams, approved)
    assert is_enough(rules, asked, teams, approved) is enough
    case = the_case(rules, asked, teams, approved).case
    decision = decide(case, RequestState(request=case.change.path), MERGED_AT)
    assert ("not-enough-approvals" in {each.code for each in decision.reasons}) is not enough
    # A parameter that the policy does not ask for is refused for itself.
    assert (decision.verdict is Verdict.APPROVED) is (enough and "more" not in asked.parameters)


@given(RULES, ASKED, MEMBERS, APPROVED)
def test_one_person_fills_one_place(
    rules: tuple[ApprovalRule, ...], asked: Asked, teams: dict[str, frozenset[str]], approved: list[str]
) -> None:
    """No two places have the same human; a place of a team has one of its members; as many are filled as can be."""
    parsed_case = the_case(rules, asked, teams, approved)
    places = fill(required_approvals(parsed_case), [each.person for each in count(parsed_case)[0]])
    filled = [(place.team, HUMAN[place.person.login]) for place in places if place.person is not None]
    assert len({human for _, human in filled}) == len(filled)
    for team, human in filled:
        assert team is None or human in {HUMAN[login] for login in teams[team.name.removeprefix("@")]}


MORE = st.one_of(
    st.sampled_from(ACCOUNTS).map(
        lambda account: (
            lambda asked: replace(asked, accounts=tuple(dict.fromkeys((*asked.accounts, account))))
        )
    ),
    st.integers(1, 90).map(lambda more: lambda asked: replace(asked, minutes=asked.minutes + more)),
    st.sampled_from(["orders", "x"]).map(
        lambda value: lambda asked: replace(asked, parameters={"more": value, **asked.parameters})
    ),
)


@given(RULES, ASKED, MEMBERS, APPROVED, MORE)
def test_asking_for_more_never_needs_less(
    rules: tuple[ApprovalRule, ...],
    asked: Asked,
    teams: dict[str, frozenset[str]],
    approved: list[str],
    more: object,
) -> None:
    """An account, a minute or a parameter more: what was not enough is not enough then, and the need does not sink."""
    assert callable(more)
    after = more(asked)
    if is_enough(rules, after, teams, approved):
        assert is_enough(rules, asked, teams, approved)
    assert needs(rules, after, teams) >= needs(rules, asked, teams)


@given(RULES, A_RULE, ASKED, MEMBERS, APPROVED, st.randoms(use_true_random=False))
def test_one_more_rule_never_needs_less(
    rules: tuple[ApprovalRule, ...],
    rule: ApprovalRule,
    asked: Asked,
    teams: dict[str, frozenset[str]],
    approved: list[str],
    random: object,
) -> None:
    """A rule more takes nothing away, and the order of rules means nothing."""
    mixed = [*rules, rule]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    if is_enough(tuple(mixed), asked, teams, approved):
        assert is_enough(rules, asked, teams, approved)
    assert is_enough(tuple(mixed), asked, teams, approved) is is_enough(
        (*rules, rule), asked, teams, approved
    )
    assert needs(tuple(mixed), asked, teams) >= needs(rules, asked, teams)


@given(RULES, ASKED, MEMBERS, APPROVED, st.sampled_from(sorted(TEAM_NAMES)), st.sampled_from(sorted(HUMAN)))
def test_a_member_less_never_helps(
    rules: tuple[ApprovalRule, ...],
    asked: Asked,
    teams: dict[str, frozenset[str]],
    approved: list[str],
    team: str,
    login: str,
) -> None:
    """Who leaves a team takes a place away, or nothing."""
    less = {**teams, team: teams[team] - {login}}
    if is_enough(rules, asked, less, approved):
        assert is_enough(rules, asked, teams, approved)


@given(RULES, ASKED, MEMBERS, APPROVED, st.sampled_from(sorted(HUMAN)))
def test_one_more_approval_never_hurts(
    rules: tuple[ApprovalRule, ...],
    asked: Asked,
    teams: dict[str, frozenset[str]],
    approved: list[str],
    login: str,
) -> None:
    """What was enough stays enough with an approval more."""
    if is_enough(rules, asked, teams, [each for each in approved if each != login]):
        assert is_enough(rules, asked, teams, [*(each for each in approved if each != login), login])


def needs(rules: tuple[ApprovalRule, ...], asked: Asked, teams: Mapping[str, Iterable[str]]) -> int:
    """The need of a request."""
    found = under(
        rules_with(rules, teams),
        a_request(
            accounts=asked.accounts, duration=timedelta(minutes=asked.minutes), parameters=asked.parameters
        ),
        MERGED_AT,
    )
    assert found is not None
    return found.need


@settings(max_examples=50)
@given(RULES, RULES, ASKED, MEMBERS, MEMBERS, APPROVED)
def test_the_rules_of_the_head_and_of_the_merge_both_count(
    at_head: tuple[ApprovalRule, ...],
    at_base: tuple[ApprovalRule, ...],
    asked: Asked,
    then: dict[str, frozenset[str]],
    now: dict[str, frozenset[str]],
    approved: list[str],
) -> None:
    """What is enough for both together is enough for each, whatever teams and rules were between."""
    parsed_case = the_case(at_base, asked, now, approved)
    both = replace(parsed_case, merge=replace(parsed_case.merge, head_rules=rules_with(at_head, then)))
    approvers = [each.person for each in count(both)[0]]
    if can_fill(required_approvals(both), approvers):
        assert model_enough(at_head, asked, then, (each.login for each in approvers))
        assert model_enough(at_base, asked, now, (each.login for each in approvers))


def test_the_case_of_the_model_is_one() -> None:
    """The model's people are known, and alice is none of them: nothing above passes because nobody counts."""
    always = (ApprovalRule(need=4),)
    teams = {name: frozenset[str]() for name in TEAM_NAMES}
    assert is_enough(always, Asked(), teams, ["ann", "ben", "cat", "dan"])
    assert not is_enough(always, Asked(), teams, ["ann", "anna", "ben", "cat"])
    assert {a_commit("alice").named, (a_pull().author.github_id,)} == {(GithubId(1001),)}


@given(RULES, ASKED, MEMBERS, APPROVED)
def test_who_could_fill_an_open_place_of_a_team(
    rules: tuple[ApprovalRule, ...], asked: Asked, teams: dict[str, frozenset[str]], approved: list[str]
) -> None:
    """Those are named whose approval fills it, and leaves the others filled: directly, or because somebody moves."""
    parsed_case = the_case(rules, asked, teams, approved)
    approvers = [each.person for each in count(parsed_case)[0]]
    humans = {HUMAN[each.login] for each in approvers}
    able = [KNOWN[Login(login)] for login, human in HUMAN.items() if human not in humans]
    places = fill(required_approvals(parsed_case), approvers, able)
    filled = [place.team.name for place in places if place.team is not None and place.person is not None]
    for place in places:
        if place.team is None or place.person is not None:
            continue
        wanted = ApprovalRule(need=1, teams=(place.team.name, *filled))
        helpful = [
            each.login
            for each in able
            if model_enough((wanted,), asked, teams, [*(one.login for one in approvers), each.login])
        ]
        assert [each.login for each in place.able] == helpful
