"""Who may newly approve, or no longer, and how much approval a request takes: of requests, and of the rules themselves."""

from collections.abc import Iterable, Iterator, Mapping

from jitbot.domain.access import break_glass, owner_checks
from jitbot.domain.access.approvals.requirement import rules_of
from jitbot.domain.aws.risk import Level
from jitbot.domain.model.account_groups import NO_GROUPS, AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.codeowners import LOCATIONS, CodeOwners, owners_of
from jitbot.domain.model.documents import Policy
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.rule_effects.calendar import Calendar, Times, Who, gained, with_joined_times
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.rule_effects.granting import accounts_of
from jitbot.domain.text import duration

W, N = Direction.WIDER, Direction.NARROWER
Sides = tuple[Calendar, Calendar]  # those of the base and of the head


def approvals_needed(name: str, base: Rules, head: Rules) -> Iterator[Effect]:
    """Fewer approvals, or more, for the same request; and access that comes before any approval."""
    old, new = base.policy.value, head.policy.value
    if old is None or new is None:
        return
    was, is_now = break_glass.is_break_glass(old), break_glass.is_break_glass(new)
    if is_now and not was:
        text = "Access under {policies} newly comes BEFORE any approval (break-glass); until now: {before}"
        yield _needs("break-glass", W, Level.CRITICAL, name, text, old, new)
    elif was and not is_now:
        text = "Access under {policies} no longer comes before the approval; from now on: {after}"
        yield _needs("no-break-glass", N, Level.LOW, name, text, old, new)
    elif is_now:
        yield from _review_within(name, old, new)
    else:
        text = "approvals are needed for {policies}: {after}; until now: {before}"
        if _weaker(base, head):
            yield _needs("approvals-fewer", W, Level.LOW, name, f"FEWER {text}", old, new)
        elif _weaker(head, base):
            yield _needs("approvals-more", N, Level.LOW, name, f"More {text}", old, new)


def _needs(
    code: str, direction: Direction, level: Level, name: str, text: str, old: Policy, new: Policy
) -> Effect:
    before, after = ("; ".join(rule.in_words() for rule in rules_of(each)) for each in (old, new))
    return Effect(
        code=code,
        direction=direction,
        level=level,
        text=text,
        policies=(name,),
        before=before,
        after=after,
    )


def _review_within(name: str, old: Policy, new: Policy) -> Iterator[Effect]:
    before, after = old.review_within, new.review_within
    if before is not None and after is not None and before != after:
        yield Effect(
            code="review-later" if after > before else "review-sooner",
            direction=W if after > before else N,
            text="Access under {policies} is reviewed within {after} of the merge; until now: {before}",
            policies=(name,),
            before=duration.show(before),
            after=duration.show(after),
        )


def _weaker(strict: Rules, other: Rules) -> bool:
    """Whether some request needs less by `other` than by `strict`. In doubt it does."""
    policy, against = strict.policy.value, other.policy.value
    if policy is None or against is None:
        return False
    groups = tuple(each.account_groups.value or NO_GROUPS for each in (strict, other))
    asked = frozenset(accounts_of(strict).keys() & accounts_of(other).keys())
    longest = min(policy.max_duration, against.max_duration)
    for rule in rules_of(policy):
        region = _accounts(rule, groups[0])
        over = rule.when.duration_over if rule.when is not None else None
        if (region is not None and not region & asked) or (over is not None and over >= longest):
            continue  # no request of which both decide
        held = [
            each for each in rules_of(against)
            if _holds_wherever(each, rule, region, asked, groups[1])
        ]  # fmt: skip
        need = max((each.need for each in held), default=0)
        teams = {team.casefold() for each in held for team in each.teams}
        if max(need, len(teams)) < rule.need or not teams >= {team.casefold() for team in rule.teams}:
            return True
    return False


def _accounts(rule: ApprovalRule, groups: AccountGroups) -> frozenset[str] | None:
    """The accounts that a rule is about; None if it is about any."""
    if rule.when is None or rule.when.accounts is None:
        return None
    return groups.expand(rule.when.accounts)


def _holds_wherever(
    other: ApprovalRule,
    rule: ApprovalRule,
    region: frozenset[str] | None,
    asked: frozenset[str],
    groups: AccountGroups,
) -> bool:
    """Whether `other` holds for every request for which `rule` does, of those for the accounts `asked`."""
    wide, narrow = other.when, rule.when
    if wide is None:
        return True
    accounts = _accounts(other, groups)
    if accounts is not None and not accounts >= (asked if region is None else region & asked):
        return False
    over = narrow.duration_over if narrow is not None else None
    if wide.duration_over is not None and (over is None or over < wide.duration_over):
        return False
    given: Mapping[str, tuple[str, ...]] = narrow.parameters if narrow is not None else {}
    return all(name in given and set(given[name]) <= set(values) for name, values in wide.parameters.items())


def approvers(name: str, base: Rules, head: Rules, sides: Sides) -> Iterator[Effect]:
    """Who may newly approve requests for a policy, or no longer; of break-glass, who may review it."""
    old, new = (_able(name, each, side) for each, side in zip((base, head), sides, strict=True))
    reviewed = head.policy.value is not None and break_glass.is_break_glass(head.policy.value)
    verb = "review" if reviewed else "approve"
    codes = f"may-{verb}", f"no-longer-{verb}"
    texts = f"{{people}} may newly {verb} {{policies}}", f"{{people}} may no longer {verb} {{policies}}"
    yield from compared((old, new), sides, codes, texts, policies=(name,))
    for team in sorted(_teams(base) & _teams(head)):
        before, after = (with_joined_times(side.behind([team])) for side in sides)
        owning = {who: times for who, times in after.items() if who in old}  # others are named above
        texts = "{people} may newly approve for {what} under {policies}", ""
        codes = "may-approve-for-team", ""
        yield from compared((before, owning), sides, codes, texts, policies=(name,), what=(team,))


def _teams(rules: Rules) -> frozenset[str]:
    policy = rules.policy.value
    return frozenset(
        team.casefold() for each in (policy.approval_rules if policy else ()) for team in each.teams
    )


def _able(name: str, rules: Rules, calendar: Calendar) -> Mapping[Who, Times]:
    policy = rules.policy.value
    if policy is None:
        return {}
    glass = break_glass.is_break_glass(policy)
    return with_joined_times(
        calendar.behind(policy.reviewers if glass else names_of(any_request(name), rules.codeowners))
    )


def names_of(path: str, codeowners: CodeOwners | None) -> tuple[str, ...]:
    """The owners of a path as CODEOWNERS writes them; none where there is no such file, or no such line."""
    return owners_of(codeowners, path) if codeowners is not None else ()


def compared(
    pair: tuple[Mapping[Who, Times], Mapping[Who, Times]],
    sides: Sides,
    codes: tuple[str, str],
    texts: tuple[str, str],
    *,
    policies: tuple[str, ...] = (),
    what: tuple[str, ...] = (),
    level: Level = Level.LOW,
) -> Iterator[Effect]:
    """Who is newly among these people, and who no longer; an empty code leaves that out."""
    old, new = pair
    found = ((W, gained(old, new, sides[1])), (N, gained(new, old, sides[0])))
    for code, text, (direction, people) in zip(codes, texts, found, strict=True):
        if people and code:
            yield Effect(code=code, direction=direction, level=level, text=text, policies=policies, people=people, what=what)  # fmt: skip


def of_the_rules(paths: Iterable[str], base: Rules, head: Rules, sides: Sides) -> Iterator[Effect]:
    """Who may newly approve a change of these files, which decide or run, or no longer. Alike ones are said together."""
    changed: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for path in dict.fromkeys((*_TO_COME, *_FILES, *paths)):
        names = tuple(names_of(path, each.codeowners) for each in (base, head))
        changed.setdefault((names[0], names[1]), []).append(path)
    for (old, new), files in changed.items():
        what = _folders(files)
        if named := _unknown_names(old, new, sides[1]):
            text = "CODEOWNERS newly lets {after} approve changes of {what}"
            yield Effect(code="rules-owners", direction=W, level=Level.CRITICAL, text=text, what=what, after=named)  # fmt: skip
        if old and not new:
            text = "NOBODY owns {what} any more, so anybody's approval is enough for a change there"
            yield Effect(code="rules-ownerless", direction=W, level=Level.CRITICAL, text=text, what=what)
        before, after = (
            with_joined_times(side.behind(names)) for side, names in zip(sides, (old, new), strict=True)
        )
        texts = (
            "{people} may newly approve changes of {what}",
            "{people} may no longer approve changes of {what}",
        )
        codes = ("may-approve-rules", "no-longer-approve-rules")
        yield from compared((before, after), sides, codes, texts, what=what, level=Level.CRITICAL)


def _unknown_names(old: tuple[str, ...], new: tuple[str, ...], calendar: Calendar) -> str:
    """New owners behind whom these files know nobody: GitHub may."""
    known = {name.casefold() for name in old}
    return " ".join(name for name in new if name.casefold() not in known and not calendar.behind([name]))


# Files that may come in these folders need owners, too: each stands for one.
_TO_COME = (*owner_checks.TO_COME, "jitbot/any")
_FILES = ("pyproject.toml", "uv.lock", *LOCATIONS[:1])


def _folders(files: Iterable[str]) -> tuple[str, ...]:
    """These files, in which a folder stands for all that is alike in it."""
    found: list[str] = []
    for path in files:
        shown = path.removesuffix("any") if path in _TO_COME else path
        if not any(shown.startswith(each) for each in found if each.endswith("/")):
            found.append(shown)
    return tuple(found)
