"""What an open pull request asks for, judged as if it were merged now by the code that decides, with few calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from jitbot.domain.access.may_end import why_deletion_ends_nothing
from jitbot.domain.access.request_state import ApprovedTerm, RequestState, pull_requests
from jitbot.domain.aws.risk import assess
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.enforce.grant_target import why_not_granted
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Finding, Parsed, Request, Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Change, ChangeKind, PullReading, PullRequest
from jitbot.domain.model.parsed_case import requester_of
from jitbot.domain.request.request_reference import pull_number
from jitbot.domain.rule_effects.rule_report import RuleReport
from jitbot.domain.views import request_summary
from jitbot.domain.views.grant_preview import would_grant
from jitbot.domain.views.other_requests import OtherRequests
from jitbot.domain.views.preview import Preview, preview_grant
from jitbot.domain.views.request_summary import LOOKS_BACK, RequestSummary
from jitbot.usecases.collect.asked import AsIfMerged
from jitbot.usecases.collect.collect_case import (
    CaseCollector,
    read_request,
    rules_at_main,
)
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view as ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request.checking import Checker, ProposedChanges, read_former, read_proposed
from jitbot.usecases.pull_request.merged_request import resolve_merged
from jitbot.usecases.pull_request.other_requests import other_requests
from jitbot.usecases.pull_request.rule_report import proposed_rules, rule_report, uncompared


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A pull request as if it were merged now: a summary of each request file, and all findings."""

    summaries: tuple[RequestSummary, ...]
    findings: tuple[Finding, ...]
    alone: bool  # whether it touches request files and nothing else
    doubt: str  # why the ledger could not be read, or not wholly
    unread: bool = False  # it changes so much that no summary was made
    rules: RuleReport | None = None  # what it does to the rules; None if it changes none


def brief(context: Context, pull: PullRequest, now: datetime, *, reading: PullReading | None = None) -> Brief:
    """Judge the change from the base's fetched tip to the pull request's fetched head. Raises UnavailableError if they cannot be fetched.

    `reading` is what was read of it already.
    """
    git = context.git
    head, base = _fetched(context, pull), git.main()
    proposed = read_proposed(git, base=base, head=head)
    paths = () if proposed.unread else proposed.requests
    asks = partial(AsIfMerged, pull=pull, files=proposed.touched, at=now, reading=reading)
    asking = _Asking(
        context=context,
        pull=pull,
        at=now,
        proposed=proposed,
        collector=CaseCollector(context=context, asks=asks),
    )
    history, doubt = asking.history(paths) if paths else (None, "")
    summaries = tuple(asking.of(path, history, doubt=doubt) for path in paths)
    rules = proposed_rules(git, context.documents, proposed)
    after = None if isinstance(rules, tuple) else rules
    of_requests = (finding for each in summaries for finding in each.findings)
    checker = Checker(documents=context.documents, catalogue=context.catalogue, when=now)
    findings = checker.together(git, proposed, of_requests, after)
    return Brief(
        summaries=summaries,
        findings=findings,
        alone=bool(paths) and len(paths) == len(proposed.touched),
        doubt=doubt,
        unread=bool(proposed.unread),
        rules=uncompared(rules)
        if isinstance(rules, tuple)
        else rule_report(context, rules, now, findings=findings, number=pull.number),
    )


def _fetched(context: Context, pull: PullRequest) -> Sha:
    git, number = context.git, pull.number
    if git.pull_head(number) != pull.head:
        git.fetch([number])
    if git.pull_head(number) != pull.head:
        raise UnavailableError(f"the head of #{number} is moving; the run of the newer head reports")
    return pull.head


@dataclass(kw_only=True)
class _Asking:
    """One pull request, as if merged now. Not slotted: main's changes are walked once, when asked for."""

    context: Context
    pull: PullRequest
    at: datetime
    proposed: ProposedChanges
    collector: CaseCollector

    def history(self, paths: Sequence[str]) -> tuple[LedgerView | None, str]:
        """The ledger, with older batches of one requester, and the reason if it cannot be relied upon."""
        asked = (self._request(path) for path in paths)
        requester = next((each.value.requester for each in asked if each.value is not None), "")
        try:
            history = ledger.read(self.context, self.at, since=self.at - LOOKS_BACK, requester=requester)
        except UnavailableError as error:
            return None, str(error)
        return history, next(filter(None, map(history.doubt_of, paths)), "")

    def of(self, path: str, history: LedgerView | None, *, doubt: str) -> RequestSummary:
        """One request file."""
        kind, parsed = self.proposed.kind(path), self._request(path)
        state = history.state(path) if history is not None else RequestState(request=path)
        request = parsed.value
        summary = RequestSummary(path=path, kind=kind, request=request)
        if request is not None and history is not None and not doubt:
            summary = replace(
                summary, held=request_summary.held(history.states.values(), request.requester, excluding=path)
            )
        if kind is ChangeKind.DELETED:
            return replace(summary, ends_nothing=self._ends_nothing(path, parsed, state))
        preview = self._preview(path, kind, state, doubt=doubt)
        summary = replace(summary, others=self._others(preview, history, doubt=doubt))
        return replace(
            summary,
            grant_preview=preview.grant_preview,
            former=state.current if kind is ChangeKind.MODIFIED else None,
            awaiting=preview.awaiting,
            parsed_case=preview.decision.parsed_case,
            findings=preview.findings,
        )

    def _others(self, preview: Preview, history: LedgerView | None, *, doubt: str) -> OtherRequests | None:
        """The requester's other requests under a policy whose rules see one request; None of a policy with a number."""
        grant_preview = preview.grant_preview
        if grant_preview is None or not grant_preview.requirement.by_rules:
            return None
        return other_requests(
            self.context,
            self.pull,
            grant_preview.request,
            history,
            self.at,
            proposed=self.proposed,
            doubt=doubt,
        )

    def _preview(self, path: str, kind: ChangeKind, state: RequestState, *, doubt: str) -> Preview:
        """What a request would give. Where the ledger is in doubt, main's file says what was approved before."""
        entry, was = self.proposed.at_head[path], self.proposed.at_base.get(path)
        change = Change(
            path=path,
            commit=self.proposed.head,
            base=self.proposed.base,
            committed_at=self.at,
            kind=kind,
            mode=entry.mode,
            blob=entry.blob,
        )
        case = self.collector.case(change, earlier=path in self._changed_before, files=self.proposed.touched)
        former = read_former(self.context.git, self.context.documents, was) if doubt else None
        return preview_grant(case, self.at, self.context.catalogue, so_far=state, former=former)

    def _ends_nothing(self, path: str, asked: Parsed[Request], state: RequestState) -> str:
        """Why this deletion would end no access, by the rules of main as it is now."""
        rules, term = self.collector.rules(self.proposed.base, policy_of(path)), state.current
        requester = term.ask.github_id if term is not None else requester_of(asked, rules.people)
        try:
            return why_deletion_ends_nothing(self.pull.author, path, requester, rules, self.at)
        except UnavailableError as error:
            return str(error)

    def _request(self, path: str) -> Parsed[Request]:
        """What is asked for; of a file that is deleted, what was."""
        entry = self.proposed.at_head.get(path) or self.proposed.at_base.get(path)
        if entry is None:
            return Parsed(value=None)
        return read_request(self.context.git, self.context.documents, entry)

    @cached_property
    def _changed_before(self) -> frozenset[str]:
        """Every path that main changed as far back as it can matter."""
        return frozenset(change.path for change in self.context.git.changes(self.at - MEMORY))


def recorded(context: Context, history: LedgerView, text: str, now: datetime) -> tuple[RequestSummary, ...]:
    """What was asked for and granted, by the ledger and under main's rules: of a pull request, or of one request.

    Raises InvalidError, with what became of it, if nothing was granted, and UnavailableError if the ledger is in doubt.
    """
    if history.doubt:
        raise UnavailableError(history.doubt)
    number, known = pull_number(text), pull_requests(history.events)
    # One request may be asked for by several pull requests: each of them is about it.
    of_pull = {event.request for event in history.events if event.evidence.pull_request == number}
    meant = (
        of_pull if number is not None and of_pull else {resolve_merged(text, known, github=context.github)}
    )
    for why in filter(None, map(history.doubt_of, meant)):
        raise UnavailableError(why)
    states = [history.states[path] for path in sorted(meant)]
    terms = {state.request: state.current for state in states if state.current is not None}
    if not terms:
        raise InvalidError(why_not_granted(states[0]))
    return tuple(_granted(context, history, path, term, now) for path, term in terms.items())


def _granted(
    context: Context, history: LedgerView, path: str, term: ApprovedTerm, now: datetime
) -> RequestSummary:
    """A request that was granted: its documents as recorded, everything else by main's rules."""
    request = term.ask.request(path, term.window.starts_at)
    rules = rules_at_main(context, policy_of(path))
    grant_preview = would_grant(request, rules, now, context.catalogue)
    if grant_preview is not None:
        risk = assess(term.documents, context.catalogue)
        grant_preview = replace(grant_preview, window=term.window, grants=term.documents, risk=risk)
    longer = ledger.read(context, now, since=now - LOOKS_BACK, requester=request.requester)
    return RequestSummary(
        path=path,
        kind=ChangeKind.ADDED,
        request=request,
        grant_preview=grant_preview,
        held=request_summary.held(longer.states.values(), request.requester, excluding=path),
        statuses=grant_statuses([history.states[path]], now),
    )
