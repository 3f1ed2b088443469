"""Nothing that lets somebody do more is left out: random rule sets, against small models that share no code with jitbot.

Each model says in a few lines what the rules mean. Wherever it allows at the head what it refuses at the base, the
comparison must say so, with that person, that policy and that account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import permutations, product

from acme_facts import MERGED_AT, a_policy
from catalogue_facts import ACTIONS
from choices import arranged, evenly
from hypothesis import event, given, settings
from hypothesis import strategies as st
from rule_set_facts import a_rule_set, effects

from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import (
    AccountId,
    GithubId,
    IamUser,
    Login,
    Parameter,
    Person,
    Policy,
    Statement,
)
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.rule_effects.rule_set import RuleSet

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOGINS = ("ann", "ben", "cat", "dan")
MOMENTS = tuple(MERGED_AT + each * HOUR for each in (0, 12, 24, 36, 48, 1000))
DATES = (*[None] * 4, *(MERGED_AT + each * DAY for each in (-1, 0, 1, 2)))
TEAMS = ("acme/one", "acme/two")
NAMES = ("first", "second")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One entry of a team."""

    login: str
    since: datetime | None
    until: datetime | None

    def at(self, moment: datetime) -> bool:
        """Whether it holds."""
        return not (self.since and moment < self.since) and not (self.until and moment >= self.until)


@dataclass(frozen=True, kw_only=True)
class Model:
    """Rules, in the words of the model."""

    known: Mapping[str, tuple[int, str]]  # login -> id, the human's AWS identity ("": none)
    teams: Mapping[str, tuple[Member, ...]]
    accounts: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    policies: Mapping[str, Policy]
    owners: tuple[str, ...] = ("@acme/one",)

    def rule_set(self) -> RuleSet:
        """The same as jitbot reads it."""
        lines = f"* @acme/one\n/requests/first/ {' '.join(self.owners)}\n/policies/ @acme/one\n"
        return a_rule_set(
            *(self.policies.values() or (None,)),
            lines=lines,
            people={
                Login(login): Person(
                    login=Login(login),
                    github_id=GithubId(number),
                    principal=IamUser(arn=f"arn:aws:iam::222222222222:user/{human}") if human else None,
                )
                for login, (number, human) in self.known.items()
            },
            teams=Roster.of(
                {
                    name: tuple(
                        Membership(login=Login(each.login), since=each.since, until=each.until)
                        for each in entries
                    )
                    for name, entries in self.teams.items()
                }
            ),
            accounts={alias: AccountId(number) for alias, number in self.accounts.items()},
            account_groups=AccountGroups(groups=self.groups),
        )

    def behind(self, names: Iterable[str], moment: datetime) -> set[str]:
        """The known logins behind these names at a moment."""
        found: set[str] = set()
        for name in names:
            if name.startswith("@") and "/" in name:
                found |= {each.login for each in self.teams.get(name[1:], ()) if each.at(moment)}
            else:
                found.add(name.removeprefix("@"))
        return found & set(self.known)

    def may_ask(self, login: str, policy: str, moment: datetime) -> bool:
        """Whether a person may ask under a policy at all."""
        rules = self.policies.get(policy)
        return (
            rules is not None
            and bool(self.known.get(login, (0, ""))[1])
            and login in self.behind(rules.eligible, moment)
        )

    def until(self, login: str, policy: str, moment: datetime) -> datetime:
        """When access that begins at this moment is cut at the latest, by the memberships that hold then."""
        names = self.policies[policy].eligible
        held = [
            each
            for name in names
            for each in self.teams.get(name[1:], ())
            if each.login == login and each.at(moment)
        ]
        if login in names or any(each.until is None for each in held):
            return datetime.max.replace(tzinfo=UTC)
        return max(each.until for each in held if each.until is not None)

    def where(self, policy: str) -> set[tuple[str, str]]:
        """The accounts in which a policy gives access."""
        aliases: set[str] = set()
        for name in self.policies[policy].accounts if policy in self.policies else ():
            aliases |= set(self.groups.get(name[1:], ())) if name.startswith("@") else {name}
        return {(alias, self.accounts[alias]) for alias in aliases if alias in self.accounts}


# What is drawn is made before: see `choices`. Nothing is in it less often than if each part were drawn for itself.
ELIGIBLE = evenly(permutations(("@acme/one", "@acme/two", "ann", "ben"), many) for many in (1, 2))
WHERE = evenly(permutations(("prod", "staging", "@live"), many) for many in (1, 2))
LIMITS = st.sampled_from([*product([HOUR, 2 * HOUR], [False, True])])
SOME_NAMES = arranged(NAMES, most=2)


@st.composite
def policies(draw: st.DrawFn) -> Mapping[str, Policy]:
    """One or two policies, or none."""
    found = {}
    for name in draw(SOME_NAMES):
        longest, ticket = draw(LIMITS)
        found[name] = a_policy(
            name=name,
            eligible=draw(ELIGIBLE),
            accounts=draw(WHERE),
            max_duration=longest,
            ticket_required=ticket,
        )
    return found


MEMBERS = st.lists(
    st.sampled_from(
        [
            Member(login=login, since=since, until=until)
            for login, since, until in product(LOGINS, DATES, DATES)
        ]
    ),
    max_size=3,
).map(tuple)
SOME_LOGINS, SOME_TEAMS = arranged(LOGINS, most=4), arranged(TEAMS, most=2)
IDENTITIES = evenly([product(product((1, 2), ("", "a", "b")), repeat=len(LOGINS))])
NUMBERS = [
    dict(zip(("prod", "staging"), each, strict=True)) for each in product(("1" * 12, "2" * 12), repeat=2)
]
ONE_NUMBER = [{alias: number} for alias, number in product(("prod", "staging"), ("1" * 12, "2" * 12))]
KNOWN_ACCOUNTS = evenly([ONE_NUMBER, NUMBERS, NUMBERS])
LIVE = [permutations(("prod", "staging"), many) for many in range(3)]
NO_GROUP: Mapping[str, tuple[str, ...]] = {}
GROUP_KINDS: list[list[Mapping[str, tuple[str, ...]]]] = [
    [{"live": each} for each in group] for group in LIVE
]
GROUPS = evenly([[NO_GROUP], *GROUP_KINDS])
POLICIES = policies()


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Rules of one or two policies, or none."""
    logins, teams = draw(SOME_LOGINS), draw(SOME_TEAMS)
    return Model(
        known=dict(zip(logins, draw(IDENTITIES), strict=False)),
        teams={team: draw(MEMBERS) for team in teams},
        accounts=draw(KNOWN_ACCOUNTS),
        groups=draw(GROUPS),
        policies=draw(POLICIES),
    )


MODELS = models()


def named(found: RuleEffects, code: str, policy: str) -> list[Effect]:
    """The effects with this code that name a policy, among those by which people can do more."""
    return [each for each in found.of(Direction.WIDER) if each.code == code and policy in each.policies]


def says_who(found: RuleEffects, code: str, policy: str, login: str) -> bool:
    """Whether an effect names a person and a policy."""
    return any(one.split(" ")[0] == login for each in named(found, code, policy) for one in each.people)


@given(model=MODELS)
@settings(max_examples=60)
def test_the_same_rules_say_nothing(model: Model) -> None:
    """A rule set compared with itself: no effect, nothing unread."""
    assert effects(model.rule_set(), model.rule_set()) == RuleEffects()


@given(old=MODELS, new=MODELS, kept=st.integers(0, 7))
@settings(max_examples=100)
def test_who_may_newly_ask_is_named(old: Model, new: Model, kept: int) -> None:
    """Person by policy by account by moment: what only the head allows appears, with its name."""
    if kept == 7:  # some change policies alone
        new = replace(new, known=old.known, teams=old.teams)
    found = effects(old.rule_set(), new.rule_set())
    for login, policy, moment in product(LOGINS, NAMES, MOMENTS):
        same_person = old.known.get(login, (0,))[0] == new.known.get(login, (0,))[0]
        if not new.may_ask(login, policy, moment):
            continue
        before = same_person and old.may_ask(login, policy, moment)
        if not before or old.until(login, policy, moment) < new.until(login, policy, moment):
            event("newly may ask")
            assert says_who(found, "may-ask", policy, login)
        elif added := new.where(policy) - old.where(policy):
            event("newly reachable")
            shown = {one for each in named(found, "accounts-added", policy) for one in each.what}
            assert {f"{alias} ({number})" for alias, number in added} <= shown
    for policy in set(old.policies) & set(new.policies):
        was, now = old.policies[policy], new.policies[policy]
        assert bool(named(found, "duration-longer", policy)) == (now.max_duration > was.max_duration)
        assert bool(named(found, "ticket-optional", policy)) == (
            was.ticket_required and not now.ticket_required
        )
    for policy in set(new.policies) - set(old.policies):
        assert named(found, "policy-added", policy)
    for login in set(old.known) & set(new.known):
        codes = {each.code for each in found.effects if each.people == (login,)}
        assert ("another-account" in codes) == (old.known[login][0] != new.known[login][0])
        assert ("another-identity" in codes) == (old.known[login][1] != new.known[login][1])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, as far as rules of approval look at it."""

    account: str
    minutes: int
    table: str
    more: Mapping[str, str] = field(default_factory=dict)


def holds(rule: ApprovalRule, asked: Asked, model: Model) -> bool:
    """Whether a rule is about a request."""
    when = rule.when
    if when is None:
        return True
    aliases: set[str] = set()
    for name in when.accounts or ():
        aliases |= set(model.groups.get(name[1:], ())) if name.startswith("@") else {name}
    if when.accounts is not None and asked.account not in aliases:
        return False
    if when.duration_over is not None and not timedelta(minutes=asked.minutes) > when.duration_over:
        return False
    return all(name == "table" and asked.table in values for name, values in when.parameters.items())


def approved(model: Model, asked: Asked, by: Iterable[str], moment: datetime) -> bool:
    """Whether the approvals of these logins are enough: every way to fill the places is tried."""
    policy = model.policies["first"]
    rules = [each for each in policy.approval_rules if holds(each, asked, model)]
    wanted = sorted({team for each in rules for team in each.teams})
    given_by = sorted(set(by) & model.behind(model.owners, moment))
    humans = sorted({model.known[login][1] for login in given_by})
    need = max([len(wanted), *(each.need for each in rules)])
    teams = {team: {model.known[each][1] for each in model.behind([team], moment)} for team in wanted}
    return len(humans) >= need and any(
        all(human in teams[team] for human, team in zip(way, wanted, strict=True))
        for way in permutations(humans, len(wanted))
    )


CONDITIONS = evenly(
    [
        [
            RuleCondition(accounts=accounts, duration_over=over, parameters=parameters)
            for accounts in (
                *[None] * 12,
                *[(each,) for each in ("prod", "staging", "@live")] * 2,
                *permutations(("prod", "staging", "@live"), 2),
            )
            for over in (None, None, timedelta(minutes=30), timedelta(minutes=60))
            for parameters in (
                {},
                *({"table": each} for many in (1, 2) for each in permutations(("orders", "refunds"), many)),
            )
        ]
    ]
)
NEEDED = evenly(
    [
        (teams, need)
        for teams in permutations([f"@{each}" for each in TEAMS], many)
        for need in range(max(1, many), 4)
    ]
    for many in range(3)
)


@st.composite
def a_rule(draw: st.DrawFn) -> ApprovalRule:
    """A rule of approval that holds under a condition."""
    teams, need = draw(NEEDED)
    return ApprovalRule(need=need, teams=teams, when=draw(CONDITIONS))


MORE_RULES = st.lists(a_rule(), max_size=2)
LIVE_ONES = st.sampled_from([("prod",), ("prod", "staging")])
OWNERS = evenly(permutations(("@acme/one", "@acme/two", "@ann", "@ben"), many) for many in (1, 2, 3))


@st.composite
def approving(draw: st.DrawFn) -> Model:
    """A model with one policy, whose rules of approval, owners and teams are random; every login is another human."""
    teams, need = draw(NEEDED)
    rules = (ApprovalRule(need=need, teams=teams), *draw(MORE_RULES))
    return Model(
        known={login: (number, login) for number, login in enumerate(LOGINS, 1)},
        teams={team: draw(MEMBERS) for team in TEAMS},
        accounts={"prod": "1" * 12, "staging": "2" * 12},
        groups={"live": draw(LIVE_ONES)},
        policies={
            "first": a_policy(
                name="first",
                accounts=("prod", "staging"),
                approvals=rules[0].need,
                approval_rules=rules,
                parameters=(Parameter(name="table", enum=("orders", "refunds")),),
            )
        },
        owners=draw(OWNERS),
    )


APPROVING = approving()


@given(old=APPROVING, new=APPROVING, kept=st.integers(0, 3))
@settings(max_examples=100)
def test_what_fewer_people_can_approve_is_named(old: Model, new: Model, kept: int) -> None:
    """Request by approvers by moment: what is approved at the head alone appears, as fewer approvals or new approvers."""
    if kept & 1:  # most changes are small
        new = replace(new, policies=old.policies)
    if kept & 2:
        new = replace(new, teams=old.teams, owners=old.owners)
    found = effects(old.rule_set(), new.rule_set())
    weaker = bool(named(found, "approvals-fewer", "first"))
    for account, minutes, table in product(("prod", "staging"), (30, 31, 60, 61), ("orders", "refunds")):
        asked = Asked(account=account, minutes=minutes, table=table)
        for moment in MOMENTS[:-1]:
            for by in (LOGINS, LOGINS[:2], LOGINS[2:], LOGINS[:1], LOGINS[1:3]):
                if approved(new, asked, by, moment) and not approved(old, asked, by, moment):
                    event("newly approved")
                    newly = any(
                        says_who(found, code, "first", login)
                        for code in ("may-approve", "may-approve-for-team")
                        for login in by
                    )
                    assert weaker or newly


RESOURCES = (
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::ab",
    "arn:aws:s3:::a?",
    "arn:aws:s3:::{{table}}",
)
NAMED = (
    "dynamodb:*",
    "dynamodb:Get*",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:?etItem",
    "s3:*",
    "s3:GetObject",
    "odd:New",
)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        actions=st.lists(st.sampled_from(NAMED), min_size=1, max_size=3, unique=True).map(tuple),
        resources=st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2, unique=True).map(tuple),
        conditions=st.dictionaries(
            st.sampled_from(["StringEquals", "StringNotEquals"]),
            st.dictionaries(st.sampled_from(["aws:RequestedRegion", "s3:prefix"]), st.lists(st.sampled_from(["x", "y"]), min_size=1, max_size=2, unique=True).map(tuple), min_size=1),
        ),
    ),
    max_size=2,
).map(tuple)  # fmt: skip


def allows(statements: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether AWS would allow this call; the value of the parameter is `ab`."""
    return any(
        any(fnmatchcase(action.casefold(), each.casefold()) for each in statement.actions)
        and any(fnmatchcase(resource, each.replace("{{table}}", "ab")) for each in statement.resources)
        and all(
            (context[key] in values) == (operator == "StringEquals")
            for operator, keys in statement.conditions.items()
            for key, values in keys.items()
        )
        for statement in statements
    )


@given(old=STATEMENTS, new=STATEMENTS)
@settings(max_examples=100)
def test_what_a_grant_may_newly_do_is_named(old: tuple[Statement, ...], new: tuple[Statement, ...]) -> None:
    """Action by resource by context: what only the head's statements allow appears, under this policy."""
    base, head = (a_rule_set(a_policy(statements=each)) for each in (old, new))
    found = effects(base, head)
    shown = [
        each for code in ("actions-added", "access-wider") for each in named(found, code, "orders-db-read")
    ]
    actions = [
        *(each.name for each in ACTIONS if each.name.startswith(("dynamodb:", "s3:"))),
        "odd:New",
        "dynamodb:AddedLater",
    ]
    for action, resource in product(
        actions, ("arn:aws:s3:::ab", "arn:aws:s3:::ax", "arn:aws:s3:::b", "other")
    ):
        for region, prefix in product("xyz", "xz"):
            context = {"aws:RequestedRegion": region, "s3:prefix": prefix}
            if allows(new, action, resource, context) and not allows(old, action, resource, context):
                event("newly allowed")
                patterns = [one for each in shown for one in each.what]
                assert any(fnmatchcase(action.casefold(), each.casefold()) for each in patterns)
