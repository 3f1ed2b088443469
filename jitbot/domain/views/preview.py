"""What merging one request file now would give: the decision itself, made before the merge.

`check`, the comment, `explain` and `request` show it. It adds two facts to the decision of `approval.decide`: what the
merge would grant, and whether enough people can approve it. It leaves out reasons that apply only after the merge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from jitbot.domain.access import break_glass, eligibility
from jitbot.domain.access.approval import Decision, began_of, decide, render_all, window_of
from jitbot.domain.access.approvals.pending_approvals import PendingApprovals, could_approve, pending
from jitbot.domain.access.approvals.places import can_fill
from jitbot.domain.access.approvals.requirement import Requirement, required_approvals, under
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.stops import Stop
from jitbot.domain.model import owners
from jitbot.domain.model.documents import PLAIN, Finding, Parsed, Person, Policy, Request, Sha
from jitbot.domain.model.merge_facts import GONE, Actor, Case, ChangeKind, Merge, PullRequest, Rules, supposed
from jitbot.domain.text.amount import many
from jitbot.domain.views.grant_preview import GrantPreview, would_grant

_NO_COMMIT = Sha("")  # of files that are in no commit yet
# Approvals are given until the merge.
_STILL_TO_COME = frozenset({"not-enough-approvals", "changes-requested"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What main's file asked for before this change, and when that access began, where this is known."""

    request: Request
    began: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One request as if it were merged now, and all that would keep it from being granted.

    Not slotted: what is only shown is worked out when somebody asks for it, since the risk takes longer than the rest.
    """

    case: Case
    decision: Decision
    findings: tuple[Finding, ...]
    so_far: RequestState | None
    began: datetime  # its window is counted from here, unless the ledger says otherwise
    extends: bool  # whether that is a first start, which no later merge moves
    catalogue: ActionCatalog

    @property
    def request(self) -> Request | None:
        """What is asked for; None if that does not read."""
        return self.case.request.value if self.case.request is not None else None

    @cached_property
    def grant_preview(self) -> GrantPreview | None:
        """What it would give; None if the request or its rules do not read."""
        if self.request is None:
            return None
        found = would_grant(self.request, self.case.rules, self.began, self.catalogue, self.so_far)
        if found is None:
            return None
        parsed_case = self.decision.parsed_case
        required = found.requirement if parsed_case is None else required_approvals(parsed_case)
        return replace(found, extends=found.extends or self.extends, requirement=required)

    @cached_property
    def awaiting(self) -> PendingApprovals | None:
        """Who must still approve it; None if it cannot be judged."""
        return pending(self.decision.parsed_case) if self.decision.parsed_case is not None else None


def unasked(
    path: str,
    request: Parsed[Request],
    at: datetime,
    *,
    rules: Rules,
    head_rules: Rules,
    blob: Sha,
    base: Sha = _NO_COMMIT,
    head: Sha = _NO_COMMIT,
    files: tuple[str, ...] = (),
    kind: ChangeKind = ChangeKind.ADDED,
    mode: str = PLAIN,
    clashes: tuple[str, ...] = (),
) -> Case:
    """A case of which GitHub was asked nothing: the requester's own pull request, merged at this moment.

    `rules` are those of the base, `head_rules` those of the branch; `files` all that it changes.
    """
    settings, people, asks = rules.settings.value, rules.people.value or {}, request.value
    person = people.get(asks.requester) if asks is not None else None
    pull = PullRequest(
        number=0,
        author=GONE if person is None else Actor(login=person.login, github_id=person.github_id),
        repository_id=settings.repository_id if settings is not None else 0,
        base_branch="main",
        head=head,
        merged_at=at,
        merged_by=None,
        merge_commit=head,
        created_at=at,
        commit_count=0,
    )
    merge = Merge(
        pull_request=pull,
        files=files or (path,),
        fetched_head=head,
        head_blob=blob,
        head_rules=head_rules,
        reviews=(),
        commits=(),
        touching=frozenset(),
        permissions={},
        retargeted_at=None,
    )
    return supposed(
        merge, path, at, request=request, base=base, rules=rules, kind=kind, mode=mode, clashes=clashes
    )


def preview_grant(
    case: Case,
    now: datetime,
    catalogue: ActionCatalog,
    *,
    so_far: RequestState | None = None,
    former: Former | None = None,
    stops: tuple[Stop, ...] = (),
) -> Preview:
    """Decide the case as if it were merged now.

    `so_far` is the request's state by the ledger. If the ledger has no approval of it, or is not read, the `former` file
    is treated as approved. `stops` are those of the ledger, where it has no state of the request.
    """
    request = case.request.value if case.request is not None else None
    state = so_far or RequestState(request=case.change.path, stops=stops)
    if former is not None and request is not None and state.current is None:
        state = replace(state, terms=(_approved_as_it_was(case, request, former, now),))
    decision = decide(case, state, now)
    return Preview(
        case=case,
        decision=decision,
        findings=tuple(dict.fromkeys((*_reasons(decision), *_of_documents(case, request, now)))),
        so_far=so_far,
        began=(former.began if former is not None else None) or now,
        extends=former is not None and former.began is not None,
        catalogue=catalogue,
    )


def _approved_as_it_was(case: Case, request: Request, former: Former, now: datetime) -> ApprovedTerm:
    """The term of a request that was approved with main's file: its documents are rendered from today's rules."""
    path = case.change.path
    began = former.began or began_of(former.request, RequestState(request=path), now)
    window = window_of(case.rules, former.request, began, now)
    return ApprovedTerm(
        commit=case.change.base,
        window=window,
        documents=render_all(case.rules, request, window),
        ask=Ask.of_request(former.request, None, began),
        merged_at=now,
    )


def _reasons(decision: Decision) -> Iterator[Finding]:
    """Why the merge would be refused, one reason for one cause."""
    passing = set(_STILL_TO_COME)
    codes = {reason.code for reason in decision.reasons} - passing
    if "not-an-extension" in codes:
        passing.add("not-longer")  # what asks for something else need not ask for more time
    for reason in decision.reasons:
        if reason.code not in passing:
            yield reason


def _of_documents(case: Case, request: Request | None, now: datetime) -> Iterator[Finding]:
    """Findings from the documents alone. They are shown even if another part cannot be read."""
    policy, people = case.rules.policy.value, case.rules.people.value
    accounts, groups = case.rules.accounts.value, case.rules.account_groups.value
    roster = case.rules.teams.value
    if request is None or policy is None or people is None or roster is None:
        return
    if accounts is None or groups is None:
        return
    yield from eligibility.findings(
        request,
        policy=policy,
        accounts=accounts,
        groups=groups,
        people=people,
        roster=roster,
        when=now,
        extends=case.change.kind is not ChangeKind.ADDED,
    )
    if not break_glass.is_break_glass(policy):
        owned_by = owners.of(
            request.path, codeowners=case.rules.codeowners, people=people, teams=roster.at(now)
        )
        able = could_approve(owned_by, people.get(request.requester))
        required = under(case.rules, request, now)
        if required is not None:
            yield from owned_by.findings or _too_few(request, policy, required, able)


def _too_few(
    request: Request, policy: Policy, required: Requirement, able: tuple[Person, ...]
) -> Iterator[Finding]:
    if not can_fill(required, able):
        who = ", ".join(person.login for person in able) or "nobody"
        named = "".join(f", one of them of {team.name}" for team in required.teams)
        message = f"{policy.name} needs {many(required.need, 'approval')}{named}, and only {who} can give one to {request.requester}"
        hint = "an admin adds approvers to CODEOWNERS and teams.yaml"
        yield Finding(code="nobody-can-approve", message=message, file=request.path, hint=hint)
