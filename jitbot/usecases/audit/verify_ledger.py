"""`jitbot audit verify`: from a clone alone, is the record whole and true, and was every grant rightly given?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jitbot.domain.access import request_state
from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.main_history import MainHistory, Merged
from jitbot.domain.audit.report.population import grant_records
from jitbot.domain.audit.verify import recheck_decisions
from jitbot.domain.audit.verify.online import AskedUntil, ToAsk, last_mark, to_ask
from jitbot.domain.audit.verify.recheck_decisions import DecisionFacts, InGit
from jitbot.domain.audit.verify.rule_changes import RuleHistory
from jitbot.domain.audit.verify.stop_checks import RulesOfStop
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.audit.verify.verification import LedgerFacts, heads_once_good, verdict
from jitbot.domain.ledger.case_json import Facts
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.git_history import RULE_PATHS
from jitbot.domain.model.documents import PLAIN, Settings, Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.oidc import Oidc
from jitbot.usecases.audit.absences import Gone, read_absences
from jitbot.usecases.audit.identity import tenures
from jitbot.usecases.audit.read_all import pinned_keys, read_ledger_history
from jitbot.usecases.audit.rulebook import Rulebook
from jitbot.usecases.audit.unfollowed import learn_rules
from jitbot.usecases.collect.collect_case import CommitTree, read_rules

_AT_ONCE = 500  # decisions whose requests are in memory together
RECORDED = "recorded"  # the head that the newest `verified` event names


@dataclass(frozen=True, kw_only=True)
class AuditInputs:
    """All that an audit reads: main from its first commit on, and the whole ledger."""

    git: Git
    documents: DocumentReader
    settings: Settings  # as main's tip has them
    main: Sha
    main_history: MainHistory
    merges: tuple[Merged, ...]
    history: LedgerHistory
    unread: frozenset[Sha]  # commits of main whose rule files this clone cannot show

    @cached_property
    def gone(self) -> Gone:
        """When main lacked the file or the requester of an approved request."""
        return read_absences(
            self.git,
            self.documents,
            main_history=self.main_history,
            merges=self.merges,
            states=request_state.fold_events(self.history.events).values(),
        )

    @property
    def not_followed(self) -> tuple[Sha, ...]:
        """The commits of main whose files could not be read."""
        return (*self.unread, *self.gone.unread)


def load_audit_inputs(
    git: Git,
    documents: DocumentReader,
    *,
    issuer: Callable[[Settings], Oidc],
    keys: Callable[[Settings], Mapping[str, str]],
    keep: Callable[[Event], Event] | None = None,
    person: str = "",
) -> AuditInputs:
    """Read main and the ledger. `keys` count beside those that main owns; `keep` and `person` as the ledger's reader has them.

    Raises UnavailableError if main's tip has no settings that can be read.
    """
    main, main_history = git.main(), MainHistory()
    merges = tuple(each for each in main_history.follow(git.main_steps(main)) if is_request(each.change.path))
    unread = learn_rules(git, main_history)
    named = tenures(git, documents, main_history)
    settings = named[0].settings
    counting = {**pinned_keys(git), **keys(settings)}
    history = read_ledger_history(
        git, issuer(settings), settings=named, keys=counting, keep=keep, person=person
    )
    return AuditInputs(
        git=git,
        documents=documents,
        settings=settings,
        main=main,
        main_history=main_history,
        merges=merges,
        history=history,
        unread=unread,
    )


def verify(
    inputs: AuditInputs,
    now: datetime,
    *,
    expect: Sequence[Sha] = (),
    since: Sha | None = None,
    more: Iterable[AuditFinding] = (),
) -> AuditVerdict:
    """Check everything that can be checked from git alone; `more` are findings from elsewhere.

    The ledger must contain every commit of `expect`, and the head that was found good here before. With `since`,
    findings about commits that it had then are left out: they were reported before.
    """
    git, history = inputs.git, inputs.history
    seen = heads_once_good(history, git.verified(), [*expect, *([since] if since else [])])
    facts = LedgerFacts(
        at=now,
        history=history,
        main=inputs.main,
        merges=inputs.merges,
        too_large=tuple(inputs.main_history.too_large),
        not_followed=inputs.not_followed,
        grants=grant_records(history.events, now, inputs.gone.absences),
        decisions=_decisions(inputs),
        rules=_rule_history(inputs),
        stop_rules=_stop_rules(inputs),
        gone=tuple(each for each in seen if not git.holds(history.head, each[0])),
        main_gone=tuple(each for each in history.verified_mains if each not in inputs.main_history.commits),
        before=frozenset() if since is None else git.commits_of(since),
    )
    return verdict(facts, more)


def mark(inputs: AuditInputs, since: str) -> Sha:
    """The commit that `--since` means. Raises InvalidError if there is none."""
    if since != RECORDED:
        return inputs.git.resolve(since)
    if not inputs.history.verified:
        raise InvalidError("no verification is recorded in the ledger yet; leave --since out")
    return inputs.git.resolve(inputs.history.verified[-1])


def approvals_to_ask(inputs: AuditInputs, since: Sha | None) -> ToAsk:
    """The approvals that were recorded after the ledger's commit `since`; without it, all of them."""
    before = inputs.git.commits_of(since) if since is not None else frozenset[Sha]()
    mark = last_mark(inputs.history) if before else AskedUntil()
    return to_ask(inputs.history, mark, before=before, unsaid=before, sampled=False)


def approvals_since_asked(inputs: AuditInputs) -> ToAsk:
    """The approvals that no recorded verification asked about, and a sample of the others.

    A mark that the ledger no longer holds says nothing: then all of them.
    """
    git, mark = inputs.git, last_mark(inputs.history)
    known = [each for each in (mark.begins, mark.through) if each]
    if not all(git.holds(inputs.history.head, each) for each in known):
        mark = AskedUntil()
    before = git.commits_of(mark.through) if mark.through else frozenset[Sha]()
    unsaid = git.commits_of(mark.begins) if mark.begins else frozenset[Sha]()
    return to_ask(inputs.history, mark, before=before, unsaid=unsaid, sampled=True)


def _rule_history(inputs: AuditInputs) -> RuleHistory:
    """The changes of the rules on main, for a ledger that records them; nothing is read for any other."""
    recorded = {event.commit for event in inputs.history.events if event.kind is EventType.RULES}
    if not recorded:
        return RuleHistory()
    changes = inputs.git.rule_changes(inputs.main, RULE_PATHS)
    before = {
        each.commit: read_rules(CommitTree(git=inputs.git, commit=each.base), inputs.documents, "")
        for each in changes
        if each.commit in recorded and each.base
    }
    return RuleHistory(changes=changes, before=before)


def _decisions(inputs: AuditInputs) -> Iterator[DecisionFacts]:
    """What each decision is judged by, a part of them at a time."""
    git, decisions = inputs.git, list(inputs.history.decisions.values())
    merges = {(each.change.path, each.change.commit): each for each in inputs.merges}
    orders = {place: each.order for place, each in merges.items()}
    rulebook = Rulebook(git, inputs.documents, {blob for _, blob in inputs.main_history.all_rules})
    for start in range(0, len(decisions), _AT_ONCE):
        part = decisions[start : start + _AT_ONCE]
        here = [merges.get((each.event.request, each.event.commit)) for each in part]
        contents = dict(git.contents(_asked(here)))
        facts = [each.event.evidence.facts for each in part]
        rulebook.learn(blob for each in facts for blob in _head_rules(each).values())
        attested = [
            recheck_decisions.attested(each.event, case_facts)
            for each, case_facts in zip(part, facts, strict=True)
        ]
        heads = git.blobs_at(dict.fromkeys(place for each in attested for place in each))
        for each, merged, case_facts, head in zip(part, here, facts, attested, strict=True):
            in_git = None if merged is None else _in_git(rulebook, case_facts, merged, contents)
            others = (*inputs.history.by_request[each.event.request], *inputs.history.stops)
            yield DecisionFacts(
                decision=each,
                so_far=recheck_decisions.state_before(each, others, orders),
                facts=case_facts,
                in_git=in_git,
                lacks=merged.change.base if merged is not None and in_git is None else None,
                at_head={place: heads[place] for place in head if place in heads},
            )


def _stop_rules(inputs: AuditInputs) -> Mapping[Sha, RulesOfStop]:
    """The rules at each commit that a stop or a lift names, as far as main and this clone have them."""
    named = dict.fromkeys(Sha(each.event.evidence.rules_commit) for each in inputs.history.stops)
    if not named:
        return {}
    rulebook = Rulebook(inputs.git, inputs.documents, {blob for _, blob in inputs.main_history.all_rules})
    known = inputs.main_history.commits
    return {
        each: RulesOfStop(
            on_main=each in known,
            rules=rulebook.rules(rulebook.files_at(each, "any"), "any") if each in known else None,
        )
        for each in named
    }


def _asked(merges: Iterable[Merged | None]) -> list[Sha]:
    """The plain files among them; what a submodule names is no object of this repository."""
    changes = [each.change for each in merges if each is not None]
    return [each.blob for each in changes if each.blob is not None and each.mode == PLAIN]


def _in_git(
    rulebook: Rulebook, facts: Facts | None, merged: Merged, contents: Mapping[Sha, bytes | None]
) -> InGit | None:
    """What git holds of a decision; None where the rules at its base are not all here."""
    change = merged.change
    policy = policy_of(change.path)
    files = rulebook.files_at(change.base, policy) if merged.rules is None else merged.rules
    rules = rulebook.rules(files, policy)
    if rules is None:
        return None
    content = None if change.blob is None else contents.get(change.blob)
    return InGit(
        merged=merged,
        request=rulebook.request(change, content),
        rules=rules,
        head_rules=rulebook.rules(_head_rules(facts), policy),
    )


def _head_rules(facts: Facts | None) -> Mapping[str, Sha]:
    return facts.snapshot.head_rules if facts is not None and facts.snapshot is not None else {}
