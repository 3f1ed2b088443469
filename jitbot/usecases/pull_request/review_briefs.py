"""Reads what an access review shows of its policies: the rules as the merge makes them, and what the ledger says since the last one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access_review.due import looks_back
from jitbot.domain.access_review.policy_brief import PolicyBrief, brief_of
from jitbot.domain.access_review.policy_use import policy_use
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.reviewing import REVIEWED
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerReader
from jitbot.usecases.pull_request.proposed_rules import ProposedRules


def review_briefs(
    rules: ProposedRules, effects: RuleEffects, now: datetime, catalogue: ActionCatalog
) -> tuple[PolicyBrief, ...]:
    """The policies whose date the change moves forward, by the files alone."""
    found: list[PolicyBrief] = []
    for name in (name for each in effects.effects if each.code == REVIEWED for name in each.policies):
        was = rules.base.policy(name)
        brief = brief_of(name, rules.head.of(name), was.reviewed if was is not None else None, now, catalogue)
        found += [brief] if brief is not None else []
    return tuple(sorted(found, key=lambda each: (-each.risk.level, each.policy.name)))


def with_use(
    context: Context, briefs: Sequence[PolicyBrief], rules: ProposedRules, now: datetime
) -> tuple[tuple[PolicyBrief, ...], str]:
    """The same with what was asked for and done since each last review; and why a part of that is not known, or nothing.

    Raises JitbotError if the ledger cannot be read.
    """
    settings = rules.base.shared.settings.value
    every = settings.review_every if settings is not None else None
    since = {
        each.policy.name: now - looks_back(rules.base.policy(each.policy.name), every, now) for each in briefs
    }
    reader = LedgerReader(
        context=context, at=now, since=min(since.values(), default=now), policies=tuple(since)
    )
    history = reader.read()
    found = [
        replace(
            each,
            use=policy_use(
                each.policy.name,
                history.states.values(),
                since=since[each.policy.name],
                now=now,
                accounts=each.entitled.accounts,
                people=each.entitled.eligible,
            ),
        )
        for each in briefs
    ]
    return tuple(found), history.incomplete or reader.left_out
