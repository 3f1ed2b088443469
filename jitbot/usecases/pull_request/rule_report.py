"""Compares the rules of a proposed change, and looks up what it does to requests that are there already."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access_review.policy_brief import PolicyBrief
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.rule_effects import standing
from jitbot.domain.rule_effects.compare import RuleEffects, compare
from jitbot.domain.rule_effects.effect import Effect, most_serious_first
from jitbot.domain.rule_effects.rule_report import RuleReport
from jitbot.domain.rule_effects.standing import ProposedRequest
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import read_request
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view as ledger
from jitbot.usecases.pull_request.checking import ProposedChanges, read_proposed
from jitbot.usecases.pull_request.closing import fetch_heads
from jitbot.usecases.pull_request.proposed_rules import (
    ProposedRules,
    of_rules,
    read_proposed_rules,
    too_many_rules,
)
from jitbot.usecases.pull_request.review_briefs import review_briefs, with_use

NO_LEDGER = "live requests, since the ledger was not read"
NO_PULLS = "open requests, since GitHub was not asked"


def proposed_rules(
    git: Git, documents: DocumentReader, proposed: ProposedChanges
) -> ProposedRules | tuple[Finding, ...]:
    """The rules on both sides of a change; or, where they are not compared, the finding why, or none of a change without rules."""
    touched = proposed.touched
    too_many = too_many_rules(touched)
    if too_many or proposed.unread or not of_rules(touched):
        return too_many
    return read_proposed_rules(git, documents, base=proposed.base, head=proposed.head, touched=touched)


def uncompared(why: Sequence[Finding]) -> RuleReport | None:
    """The report on a change of which nothing was compared; None if there is no reason for one."""
    return RuleReport(effects=RuleEffects(), findings=tuple(why), uncompared=why[0].message) if why else None


def files_report(
    rules: ProposedRules, now: datetime, catalogue: ActionCatalog, findings: Sequence[Finding] = ()
) -> RuleReport:
    """What the files say, when neither the ledger nor GitHub is at hand."""
    effects = compare(rules.base, rules.head, now, catalogue)
    return RuleReport(
        effects=effects,
        findings=tuple(findings),
        overtaken=rules.overtaken,
        not_seen=(NO_LEDGER, NO_PULLS),
        reviews=review_briefs(rules, effects, now, catalogue),
    )


def rule_report(
    context: Context,
    rules: ProposedRules,
    now: datetime,
    *,
    findings: Sequence[Finding] = (),
    number: int | None = None,
) -> RuleReport:
    """The same with live and open requests. `number` is the pull request that proposes the change."""
    found = files_report(rules, now, context.catalogue, findings)
    if not found.effects.effects:
        return replace(found, not_seen=())
    effects, not_seen = list[Effect](), list[str]()
    try:
        history = ledger.read(context, now)
        if history.incomplete:
            not_seen.append(f"some live requests: {history.incomplete}")
        effects += standing.of_the_ledger(history.states.values(), rules.base, rules.head, now)
    except JitbotError as error:
        not_seen.append(f"live requests, since the ledger could not be read: {error}")
    try:
        pulls = _open_pulls(context, number)
        asked, unseen = _asked(context, pulls[: bounds.OPEN_PULLS])
        effects += standing.of_open_pulls(asked, rules.base, rules.head, now, context.catalogue)
        if len(pulls) > bounds.OPEN_PULLS:
            not_seen.append(f"{len(pulls) - bounds.OPEN_PULLS} older open pull requests")
        if unseen:
            numbers = bounds.some([f"#{each}" for each in unseen])
            not_seen.append(f"open pull requests that cannot be read or ask for too much: {numbers}")
    except JitbotError as error:
        not_seen.append(f"open requests, since they could not be read: {error}")
    reviews = _with_use(context, found.reviews, rules, now, not_seen)
    every = most_serious_first((*found.effects.effects, *effects))
    return replace(
        found, effects=replace(found.effects, effects=every), not_seen=tuple(not_seen), reviews=reviews
    )


def _with_use(
    context: Context,
    reviews: tuple[PolicyBrief, ...],
    rules: ProposedRules,
    now: datetime,
    not_seen: list[str],
) -> tuple[PolicyBrief, ...]:
    """The policies of a review with their use; what keeps it from being known is added to `not_seen`."""
    if not reviews:
        return ()
    try:
        reviews, missing = with_use(context, reviews, rules, now)
    except JitbotError as error:
        missing = f"the ledger could not be read: {error}"
    if missing:
        not_seen.append(f"some requests and grants since the last review, since {missing}")
    return reviews


def _open_pulls(context: Context, number: int | None) -> list[PullRequest]:
    """The other open pull requests into main, the newest first, with the heads of those that are looked into fetched."""
    pulls = [
        each for each in context.github.open_pulls() if each.number != number and each.base_branch == "main"
    ]
    old = (each for each in pulls[: bounds.OPEN_PULLS] if context.git.pull_head(each.number) != each.head)
    fetch_heads(context, [each.number for each in old])
    return pulls


def _asked(context: Context, pulls: Sequence[PullRequest]) -> tuple[list[ProposedRequest], list[int]]:
    """What these open pull requests ask for, and the numbers of those that are not looked into.

    Each is read on its own: one that cannot be read hides no other. All together ask for as much as one merge may. Those
    that ask for little are read first, so that nobody who opens many keeps the check busy or hides the others.
    """
    proposed: dict[int, ProposedChanges] = {}
    for pull in pulls:
        if context.git.pull_head(pull.number) == pull.head:
            with suppress(JitbotError):
                proposed[pull.number] = read_proposed(context.git, base=context.git.main(), head=pull.head)
    found: dict[int, list[ProposedRequest]] = {}
    left = bounds.MOST_ASKS
    for number, changes in sorted(proposed.items(), key=lambda each: len(each[1].at_head)):
        asks = () if changes.unread else changes.at_head.values()  # a merge of too much is refused
        if len(asks) > left:
            continue
        left -= len(asks)
        with suppress(JitbotError):
            requests = (read_request(context.git, context.documents, entry).value for entry in asks)
            found[number] = [ProposedRequest(number=number, request=each) for each in requests if each]
    numbers = [pull.number for pull in pulls]
    return [each for number in numbers for each in found.get(number, ())], [
        number for number in numbers if number not in found
    ]
