"""What a grant under a policy may newly do, or no longer: where, how long, with which values, and what in AWS."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from jitbot.domain.access.eligibility import allowed_accounts, value_problem
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.aws.risk import Level, Risk, assess_statements
from jitbot.domain.model.account_groups import NO_GROUPS
from jitbot.domain.model.documents import AccountId, Parameter, ParameterKind, Policy
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.rule_effects import allowances
from jitbot.domain.rule_effects.allowances import Allowance
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.text import duration

W, N = Direction.WIDER, Direction.NARROWER


def risk_of(policy: Policy | None, catalogue: ActionCatalog) -> Risk:
    """The risk of what a policy gives to anybody who may ask; low of one that is not there."""
    if policy is None:
        return assess_statements((), (), catalogue)
    return assess_statements(policy.statements, policy.managed_policies, catalogue)


def accounts_of(rules: Rules) -> Mapping[str, AccountId]:
    """Where a policy gives access."""
    policy, accounts = rules.policy.value, rules.accounts.value or {}
    if policy is None:
        return {}
    allowed = allowed_accounts(policy, rules.account_groups.value or NO_GROUPS, accounts)
    return {alias: accounts[alias] for alias in allowed}


def where(name: str, base: Rules, head: Rules) -> Iterator[Effect]:
    """The accounts that are newly reachable, as `prod (111111111111)`, and those that no longer are."""
    old, new = (
        {f"{alias} ({number})" for alias, number in accounts_of(each).items()} for each in (base, head)
    )
    for code, direction, names, text in (
        ("accounts-added", W, new - old, "Newly reachable under {policies}: {what}"),
        ("accounts-removed", N, old - new, "No longer reachable under {policies}: {what}"),
    ):
        if names:
            yield Effect(code=code, direction=direction, text=text, policies=(name,), what=tuple(sorted(names)))  # fmt: skip


def terms(name: str, base: Policy, head: Policy) -> Iterator[Effect]:
    """How long, with a ticket or without, with which values, and what people read of it."""

    def said(code: str, direction: Direction, text: str, before: str, after: str) -> Effect:
        return Effect(code=code, direction=direction, text=text, policies=(name,), before=before, after=after)  # fmt: skip

    if base.max_duration != head.max_duration:
        longer = head.max_duration > base.max_duration
        code, direction = ("duration-longer", W) if longer else ("duration-shorter", N)
        text = "The longest access under {policies} is {after}, and was {before}"
        yield said(code, direction, text, duration.show(base.max_duration), duration.show(head.max_duration))
    if base.ticket_required and not head.ticket_required:
        yield said(
            "ticket-optional", W, "No ticket is needed any more under {policies}", "required", "optional"
        )
    if head.ticket_required and not base.ticket_required:
        yield said("ticket-required", N, "A ticket is newly needed under {policies}", "optional", "required")
    yield from _parameters(name, base, head)
    if base.description != head.description:
        text = "The description of {policies} is '{after}', and was '{before}'"
        yield said("description", Direction.OTHER, text, base.description, head.description)


def in_aws(name: str, base: Policy | None, head: Policy | None, catalogue: ActionCatalog) -> Iterator[Effect]:
    """What the statements and managed policies newly allow, or no longer, by access level; and the risk before and after."""
    old, new = allowances.of_policy(base), allowances.of_policy(head)
    if set(old) != set(new):
        more = allowances.beyond(new, old)
        yield from _actions(name, more, old, W, catalogue)
        yield from _actions(name, allowances.beyond(old, new), new, N, catalogue)
    yield from _managed(name, base, head, catalogue)
    if base is None or head is None or (set(old), base.managed_policies) == (set(new), head.managed_policies):
        return
    before, after = risk_of(base, catalogue), risk_of(head, catalogue)
    if before.level != after.level:
        higher = after.level > before.level
        yield Effect(
            code="risk-higher" if higher else "risk-lower",
            direction=W if higher else N,
            level=max(before.level, after.level),
            text="The risk of {policies} is {after}, and was {before}" + (": {what}" if higher else ""),
            policies=(name,),
            what=tuple(each for each in after.reasons if each not in before.reasons)[:3],
            before=before.level.in_words,
            after=after.level.in_words,
        )


def _actions(
    name: str,
    pieces: Sequence[Allowance],
    others: Sequence[Allowance],
    direction: Direction,
    catalogue: ActionCatalog,
) -> Iterator[Effect]:
    """Pieces that one version allows beyond the other: whole actions by access level, and further resources."""
    known = {each.action.casefold() for each in others}
    elsewhere: dict[str, list[Allowance]] = {}
    whole: dict[str, list[Allowance]] = {}
    for piece in pieces:
        (elsewhere if piece.action.casefold() in known else whole).setdefault(piece.action, []).append(piece)
    verb = "Newly allowed" if direction is W else "No longer allowed"
    code = "actions-added" if direction is W else "actions-removed"
    for access, actions in allowances.by_access(whole, catalogue).items():
        level_name = access.value.lower() if access is not None else "actions that are not known"
        yield Effect(
            code=code,
            direction=direction,
            level=_risk(whole, actions, catalogue),
            text=f"{verb} under {{policies}} ({level_name}): {{what}}",
            policies=(name,),
            what=actions,
        )
    for actions, alike in _together(elsewhere):
        until_now = [each for each in others if each.action.casefold() == actions[0].casefold()]
        yield _moved(name, direction, actions, alike, until_now, _risk(elsewhere, actions, catalogue))


def _moved(
    name: str,
    direction: Direction,
    actions: tuple[str, ...],
    pieces: Sequence[Allowance],
    others: Sequence[Allowance],
    level: Level,
) -> Effect:
    """The same actions with other resources, or under other conditions."""
    more, less = allowances.places(pieces), allowances.places(others)
    if {each.resource for each in pieces} == {each.resource for each in others}:
        # The resources are known, so only the conditions are worth the space.
        more, less = (_conditions(each) for each in (pieces, others))
    before, after = (less, more) if direction is W else (more, less)
    text = "Newly reached under {policies} with {what}: {after}; until now: {before}"
    if direction is N:
        text = "No longer reached under {policies} with {what}: {before}; from now on: {after}"
    return Effect(
        code="access-wider" if direction is W else "access-narrower",
        direction=direction,
        level=level,
        text=text,
        policies=(name,),
        what=actions,
        before=before,
        after=after,
    )


def _conditions(pieces: Sequence[Allowance]) -> str:
    """`the same resources, if StringEquals aws:RequestedRegion eu-west-1`, or without conditions."""
    same = (replace(each, resource="the same resources") for each in pieces)
    return (
        allowances.places(same) if any(each.conditions for each in pieces) else "the same resources, always"
    )


def _together(
    pieces: dict[str, list[Allowance]],
) -> Iterator[tuple[tuple[str, ...], list[Allowance]]]:
    """The actions that reach the same, with what they reach."""
    found: dict[str, list[str]] = {}
    for action, each in pieces.items():
        found.setdefault(allowances.places(each), []).append(action)
    return ((tuple(actions), pieces[actions[0]]) for actions in found.values())


def _risk(pieces: dict[str, list[Allowance]], actions: Iterable[str], catalogue: ActionCatalog) -> Level:
    statements = (each.statement for action in actions for each in pieces[action])
    return assess_statements(statements, (), catalogue).level


def _managed(
    name: str, base: Policy | None, head: Policy | None, catalogue: ActionCatalog
) -> Iterator[Effect]:
    old, new = (set(each.managed_policies) if each is not None else set[str]() for each in (base, head))
    for code, direction, names, text in (
        ("managed-added", W, new - old, "Newly attached under {policies}: AWS's managed policy {what}"),
        ("managed-removed", N, old - new, "No longer attached under {policies}: AWS's managed policy {what}"),
    ):
        if names:
            yield Effect(
                code=code,
                direction=direction,
                level=assess_statements((), names, catalogue).level,
                text=text,
                policies=(name,),
                what=tuple(sorted(names)),
            )


def _parameters(name: str, base: Policy, head: Policy) -> Iterator[Effect]:
    old = {each.name: each for each in base.parameters}
    new = {each.name: each for each in head.parameters}

    def said(
        code: str, direction: Direction, text: str, what: Iterable[str], one: str = "", other: str = ""
    ) -> Effect:
        return Effect(code=code, direction=direction, text=text, policies=(name,), what=tuple(what), before=one, after=other)  # fmt: skip

    for code, text, names in (
        ("parameter-added", "A parameter is newly asked for under {policies}: {what}", new.keys() - old.keys()),
        ("parameter-removed", "A parameter is no longer asked for under {policies}: {what}", old.keys() - new.keys()),
    ):  # fmt: skip
        if names:
            yield said(code, Direction.OTHER, text, sorted(names))
    for each in sorted(old.keys() & new.keys()):
        more, less = _values(new[each], old[each]), _values(old[each], new[each])
        before, after = _in_words(old[each]), _in_words(new[each])
        if more is not None and less is not None:
            if more:
                yield said(
                    "parameter-wider", W, f"Newly allowed as {each} under {{policies}}: {{what}}", more
                )
            if less:
                yield said(
                    "parameter-narrower", N, f"No longer allowed as {each} under {{policies}}: {{what}}", less
                )
        elif more or more is None:
            text = f"Other values are allowed as {each} under {{policies}}: {{after}}; until now: {{before}}"
            yield said("parameter-wider", W, text, (), before, after)
        else:
            text = f"Fewer values are allowed as {each} under {{policies}}: {{after}}; until now: {{before}}"
            yield said("parameter-narrower", N, text, (), before, after)


def _values(one: Parameter, other: Parameter) -> tuple[str, ...] | None:
    """The values that the one takes and the other does not; None if they cannot be listed."""
    if replace(one, description=other.description) == other:
        return ()
    if one.kind is ParameterKind.INTEGER:
        if other.kind is not ParameterKind.INTEGER or None in (
            one.minimum,
            one.maximum,
            other.minimum,
            other.maximum,
        ):
            return None
        low, high = one.minimum or 0, one.maximum or 0
        least, most = other.minimum or 0, other.maximum or 0
        parts = ((low, min(high, least - 1)), (max(low, most + 1), high))
        return tuple(f"{start} to {end}" for start, end in parts if start <= end)
    if not one.enum:
        return None
    taken = (each for each in one.enum if value_problem(each, one) is None)
    return tuple(each for each in taken if value_problem(each, other) is not None)


def _in_words(parameter: Parameter) -> str:
    if parameter.kind is ParameterKind.INTEGER:
        return f"{parameter.minimum} to {parameter.maximum}"
    if parameter.enum:
        return f"one of {', '.join(parameter.enum)}"
    beside = f" with {' and '.join(sorted(parameter.separators))}" if parameter.separators else ""
    return f"{parameter.pattern}{beside}"
