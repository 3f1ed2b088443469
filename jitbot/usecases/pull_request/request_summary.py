"""What an open pull request asks for, judged as if it were merged now: by the code that decides, and asking as little."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access.approval import Decision, decide
from jitbot.domain.access.may_end import why_deletion_ends_nothing
from jitbot.domain.access.pending_approvals import pending
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.aws.risk import assess
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.model.documents import Finding, Login, Parsed, Request, Sha
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind, Merge, PullRequest
from jitbot.domain.model.parsed_case import requester_of
from jitbot.domain.views import request_summary
from jitbot.domain.views.preview import preview_grant
from jitbot.domain.views.request_summary import LOOKS_BACK, Proposed, RequestSummary
from jitbot.ports.git import AddedEntry
from jitbot.usecases.collect.collect_case import (
    CaseCollector,
    CommitTree,
    read_pushes,
    read_request,
    read_rules,
)
from jitbot.usecases.context import MEMORY, Context
from jitbot.usecases.ledger import ledger
from jitbot.usecases.ledger.ledger import LedgerView
from jitbot.usecases.pull_request.checking import TOO_LARGE, TOO_MANY, Checker

_OF_APPROVAL = frozenset(
    {"not-enough-approvals", "changes-requested"}
)  # what only time can tell is no finding
_OF_THE_LEDGER = frozenset({"nothing-to-extend"})  # and this is none where the ledger could not be read
_PLAIN = "100644"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A pull request as if it were merged now: a briefing for each request file, and all that is wrong with it."""

    summaries: tuple[RequestSummary, ...]
    findings: tuple[Finding, ...]
    alone: bool  # whether it touches request files and nothing else
    doubt: str  # why the ledger could not be read, or not wholly
    unread: bool = False  # it changes so much that no briefing was made


def brief(context: Context, pull: PullRequest, now: datetime) -> Brief:
    """Judge the change from the base's fetched tip to the pull request's fetched head. Raises UnavailableError if they cannot be had."""
    repository = context.repository
    head, base = _fetched(context, pull), repository.main()
    start = repository.merge_base(base, head)
    touched = repository.touched(start, head)
    paths = [path for path in touched or () if is_request(path)]
    findings = Checker(documents=context.documents, catalogue=context.catalogue, when=now).change(
        repository, base=base, head=head
    )
    unread = any(finding.code in (TOO_LARGE, TOO_MANY) for finding in findings)
    if touched is None or not paths or unread:
        return Brief(summaries=(), findings=findings, alone=False, doubt="", unread=unread)
    files = _Files(
        at_head={entry.path: entry for entry in repository.entries(head, paths)},
        at_base={entry.path: entry for entry in repository.entries(base, paths)},
    )
    asking = _Asking(context=context, pull=pull, at=now, base=base, head=head, touched=touched, files=files)
    history, doubt = asking.history(paths)
    told = [asking.of(path, history, doubt=doubt) for path in paths]
    known = {(finding.file, finding.code) for finding in findings}
    more = [
        finding for each in told for finding in each.findings if (finding.file, finding.code) not in known
    ]
    return Brief(
        summaries=tuple(told),
        findings=tuple(dict.fromkeys((*findings, *more))),
        alone=len(paths) == len(touched),
        doubt=doubt,
    )


def _fetched(context: Context, pull: PullRequest) -> Sha:
    repository, number = context.repository, pull.number
    if repository.pull_head(number) != pull.head:
        repository.fetch([number])
    if repository.pull_head(number) != pull.head:
        raise UnavailableError(f"the head of #{number} is moving; the run of the newer one tells")
    return pull.head


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    at_head: dict[str, AddedEntry]
    at_base: dict[str, AddedEntry]

    def kind(self, path: str) -> ChangeKind:
        """What the merge does to the file, as main is now."""
        if path not in self.at_head:
            return ChangeKind.DELETED
        return ChangeKind.MODIFIED if path in self.at_base else ChangeKind.ADDED


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One pull request, as if merged now."""

    context: Context
    pull: PullRequest
    at: datetime
    base: Sha
    head: Sha
    touched: tuple[str, ...]
    files: _Files
    _gatherer: CaseCollector | None = None
    _changed: frozenset[str] | None = None

    def history(self, paths: list[str]) -> tuple[LedgerView | None, str]:
        """The ledger, for one requester further back; and why it cannot be relied upon, if so."""
        asked = (self._request(path, self._entry(path)) for path in paths)
        requester = next((each.value.requester for each in asked if each.value is not None), "")
        try:
            history = ledger.read(self.context, self.at, since=self.at - LOOKS_BACK, requester=requester)
        except UnavailableError as error:
            return None, str(error)
        return history, next(filter(None, map(history.doubt_of, paths)), "")

    def of(self, path: str, history: LedgerView | None, *, doubt: str) -> RequestSummary:
        """One request file."""
        kind, entry = self.files.kind(path), self._entry(path)
        parsed = self._request(path, entry)
        life = history.lives.get(path) if history is not None else None
        life = life or RequestState(request=path)
        request = parsed.value
        told = RequestSummary(path=path, proposed=_proposed(kind), request=request)
        if request is not None and history is not None and not doubt:
            told = replace(
                told, held=request_summary.held(history.lives.values(), request.requester, but_for=path)
            )
        if kind is ChangeKind.DELETED or entry is None:
            return replace(told, ends_nothing=self._ends_nothing(path, parsed, life))
        case = self._case(path, kind, entry, parsed)
        decision = decide(case, life, self.at)
        outlook = (
            preview_grant(request, case.rules, self.at, self.context.catalogue, life) if request else None
        )
        return replace(
            told,
            outlook=outlook,
            former=life.current if kind is ChangeKind.MODIFIED else None,
            awaiting=pending(decision.parsed_case) if decision.parsed_case is not None else None,
            findings=tuple(_findings(decision, doubt=doubt)),
        )

    def _ends_nothing(self, path: str, asked: Parsed[Request], life: RequestState) -> str:
        """Why this deletion would end no access, by the rules of main as it is now."""
        rules, term = self._gathered().rules(self.base, policy_of(path)), life.current
        requester = term.ask.get("github_id") if term is not None else requester_of(asked, rules.people)
        try:
            return why_deletion_ends_nothing(self.pull.author, path, requester, rules)
        except UnavailableError as error:
            return str(error)

    def _entry(self, path: str) -> AddedEntry | None:
        return self.files.at_head.get(path) or self.files.at_base.get(path)

    def _request(self, path: str, entry: AddedEntry | None) -> Parsed[Request]:
        if entry is None or entry.mode != _PLAIN:
            return Parsed(value=None)
        return read_request(self.context, path, entry.blob)

    def _case(self, path: str, kind: ChangeKind, entry: AddedEntry, parsed: Parsed[Request]) -> Case:
        """The case of a merge that has not been: its commit is the head, its time is now."""
        repository, policy = self.context.repository, policy_of(path)
        merged = replace(self.pull, merged_at=self.at, merge_commit=self.head)
        rules = self._gathered().rules(self.base, policy)
        folder = path.rpartition("/")[0]
        siblings = [each.path for each in repository.entries(self.head, [f"{folder}/"])]
        return Case(
            change=Change(
                path=path,
                commit=self.head,
                base=self.base,
                committed_at=self.at,
                kind=kind,
                mode=entry.mode,
                blob=entry.blob,
            ),
            request=parsed,
            rules=rules,
            touched=self.touched,
            earlier=path in self._changed_before(),
            clashes=tuple(each for each in siblings if each != path and each.casefold() == path.casefold()),
            listed=(merged,),
            default_branch=self.pull.base_branch,
            merge=self._merge(path, entry, merged),
        )

    def _merge(self, path: str, entry: AddedEntry, merged: PullRequest) -> Merge:
        forge, repository = self._gathered().forge, self.context.repository
        commits, history = forge.commits(merged.number), forge.history(merged.number)
        touching = repository.touching([commit.sha for commit in commits], path)
        collector, policy = self._gathered(), policy_of(path)
        approvers = collector.approvers(merged.number, self.at, collector.rules(self.base, policy))
        pushed, too_many_moves = read_pushes(forge, merged, commits, touching)
        return Merge(
            pull_request=replace(merged, changed_files=None),  # git has told of them, below
            files=self.touched,
            fetched_head=self.head,
            head_blob=entry.blob,
            head_rules=collector.rules(self.head, policy),
            reviews=forge.reviews(merged.number),
            commits=commits,
            touching=touching,
            permissions={login: self._permission(login) for login in approvers},
            retargeted_at=history.retargeted_at,
            dismissals=history.dismissals,
            pushes=pushed,
            too_many_moves=too_many_moves,
        )

    def _permission(self, login: Login) -> str:
        """As the decision will ask it; the token of a fork's run may not, and then nothing is said for the approval."""
        try:
            return self._gathered().forge.permission(login)
        except DeniedError:
            return "unknown"

    def _changed_before(self) -> frozenset[str]:
        """Every path that main changed as far back as it can matter, walked once."""
        if self._changed is None:
            changes = self.context.repository.changes(self.at - MEMORY)
            self._changed = frozenset(change.path for change in changes)
        return self._changed

    def _gathered(self) -> CaseCollector:
        if self._gatherer is None:
            self._gatherer = CaseCollector(context=self.context, decides=False)
        return self._gatherer


def _proposed(kind: ChangeKind) -> Proposed:
    kinds = {ChangeKind.ADDED: Proposed.ASK, ChangeKind.MODIFIED: Proposed.EXTEND}
    return kinds.get(kind, Proposed.END)


def _findings(decision: Decision, *, doubt: str) -> Iterator[Finding]:
    passing = _OF_APPROVAL | (_OF_THE_LEDGER if doubt else frozenset())
    for reason in decision.reasons:
        if reason.code not in passing:
            yield reason


def recorded(context: Context, number: int, now: datetime) -> tuple[RequestSummary, ...]:
    """What a merged pull request asked for and was granted, by the ledger and under main's rules; empty if it was not.

    Raises UnavailableError if the ledger cannot tell.
    """
    history = ledger.read(context, now)
    if history.doubt:
        raise UnavailableError(history.doubt)
    terms = {
        event.request: life.current
        for event in history.events
        if event.evidence.get("pull_request") == number
        if (life := history.lives.get(event.request)) is not None and life.current is not None
    }
    for why in filter(None, map(history.doubt_of, terms)):
        raise UnavailableError(why)
    return tuple(_granted(context, history, path, term, now) for path, term in terms.items())


def _granted(
    context: Context, history: LedgerView, path: str, term: ApprovedTerm, now: datetime
) -> RequestSummary:
    """A request that was granted: its documents as recorded, everything else by main's rules."""
    request = request_summary.request_of(path, term)
    main = CommitTree(repository=context.repository, commit=context.repository.main())
    outlook = preview_grant(
        request, read_rules(main, context.documents, policy_of(path)), now, context.catalogue
    )
    if outlook is not None:
        risk = assess(term.documents, context.catalogue)
        outlook = replace(outlook, window=term.window, grants=term.documents, risk=risk)
    longer = ledger.read(context, now, since=now - LOOKS_BACK, requester=request.requester)
    return RequestSummary(
        path=path,
        proposed=Proposed.ASK,
        request=request,
        outlook=outlook,
        held=request_summary.held(longer.lives.values(), request.requester, but_for=path),
        statuses=grant_statuses([history.lives[path]], now),
    )
