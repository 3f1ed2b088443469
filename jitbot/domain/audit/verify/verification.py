"""Judges a ledger: everything is read before, and each check is one line of a list."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.audit.history.findings import AuditFinding, gravest_first
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.protection import checks as protection_checks
from jitbot.domain.audit.verify import (
    completeness,
    grant_checks,
    integrity,
    recheck_decisions,
    rule_changes,
    stop_checks,
    unread,
    use_checks,
)
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.audit.verify.recheck_decisions import DecisionFacts
from jitbot.domain.audit.verify.rule_changes import RuleHistory
from jitbot.domain.audit.verify.stop_checks import RulesOfStop
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.documents import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """All that a verification judges, as it was read from git.

    `decisions` and `grants` may be made while they are judged: there may be more than fit into memory.
    """

    at: datetime  # the time at which it is judged
    history: LedgerHistory
    main: Sha
    merges: tuple[Merged, ...]
    too_large: tuple[TooLarge, ...]  # commits of main that are refused as a whole
    not_followed: tuple[Sha, ...]  # commits of main that could not be asked for what they left
    grants: Iterable[GrantRecord]
    decisions: Iterable[DecisionFacts]
    rules: RuleHistory = field(default_factory=RuleHistory)
    stop_rules: Mapping[Sha, RulesOfStop] = field(default_factory=dict)  # by the commits that stops name
    gone: tuple[tuple[Sha, str], ...] = ()  # commits that the ledger held and does not, and who says so
    main_gone: tuple[
        Sha, ...
    ] = ()  # commits of main that a verification saw, and that it does not have any more
    before: frozenset[Sha] = frozenset()  # commits of the ledger whose findings were reported before


CHECKS: tuple[Callable[[LedgerFacts], Iterable[AuditFinding]], ...] = (
    lambda facts: facts.history.problems,
    lambda facts: completeness.anchored(facts.history),
    lambda facts: completeness.undecided(facts.merges, facts.history, facts.at),
    lambda facts: completeness.refused_whole(facts.too_large, facts.history, facts.at),
    lambda facts: completeness.decided_twice(facts.history),
    lambda facts: completeness.outcomes_without_approval(facts.history),
    lambda facts: (found for each in facts.decisions for found in recheck_decisions.problems(each)),
    lambda facts: rule_changes.problems(facts.history.recorded, facts.rules, facts.at),
    lambda facts: stop_checks.problems(facts.history, facts.stop_rules),
    lambda facts: use_checks.problems(facts.history),
    lambda facts: protection_checks.problems(facts.history.recorded, facts.at),
    lambda facts: completeness.not_followed(facts.not_followed),
    lambda facts: (found for each in facts.grants for found in grant_checks.problems(each, facts.at)),
)


def verdict(facts: LedgerFacts, more: Iterable[AuditFinding] = ()) -> AuditVerdict:
    """The verdict of all checks; `more` are findings from elsewhere. A rewritten branch is always reported."""
    history = facts.history
    rewritten = [integrity.rewritten(commit, history.head, where) for commit, where in facts.gone]
    rewritten += [integrity.main_rewritten(commit, facts.main) for commit in facts.main_gone]
    found = [*(problem for check in CHECKS for problem in check(facts)), *more]
    new = [
        each for each in unread.softened(found, history.in_doubt.requests) if each.commit not in facts.before
    ]
    return AuditVerdict(
        head=history.head,
        main=facts.main,
        checked={"commits": history.commits, "batches": len(history.batches), "merges": len(facts.merges)}
        | Counter(str(event.kind) for event in history.events),
        problems=gravest_first([*rewritten, *new]),
        passed_over=len(found) - len(new),
    )


def heads_once_good(
    history: LedgerHistory, verified: Sha | None, expected: Iterable[Sha]
) -> dict[tuple[Sha, str], None]:
    """Each head of the ledger that was seen before and must still be in it, with who says so; each once."""
    wanted = [(commit, "which it was expected to hold") for commit in expected]
    if verified is not None:
        wanted.append((verified, "which this clone found good before"))
    wanted += [(each, "which a recorded verification names") for each in history.verified]
    return dict.fromkeys(wanted)
