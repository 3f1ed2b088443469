"""From a decision to the event that records it, with the evidence an auditor asks for years later."""

from datetime import datetime

from jitbot import __version__
from jitbot.domain.access import break_glass, post_review, request_state
from jitbot.domain.access.approval import Decision, Verdict
from jitbot.domain.access.reviews import Approval, Ignored, named_by_commits
from jitbot.domain.aws import iam, risk
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.evidence import case_json
from jitbot.domain.ledger import review_outcome
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model import bounds, timestamp
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.merge_facts import Actor, Case, Change, ChangeKind
from jitbot.domain.model.parsed_case import ParsedCase


def of_decision(
    change: Change,
    case: Case | None,
    decision: Decision,
    *,
    now: datetime,
    run: str,
    catalogue: ActionCatalog,
) -> Event:
    """The event of an approval, an extension or a refusal. Raises ValueError for an undecided one.

    `case` is None where its facts could never be had: that can only be a refusal.
    """
    if decision.verdict is Verdict.UNDECIDED:
        raise ValueError("what is undecided is not recorded")
    parsed_case, window = decision.parsed_case, decision.window
    approved, ask = False, dict[str, object]()
    if decision.verdict is Verdict.APPROVED and parsed_case is not None and window is not None:
        approved = True
        ask = request_state.asked(
            parsed_case.request, parsed_case.requester, window.expires_at - parsed_case.request.duration
        )
    first = change.kind is ChangeKind.ADDED
    return Event(
        kind=(EventType.APPROVED if first else EventType.EXTENDED) if approved else EventType.REFUSED,
        at=now,
        request=change.path,
        commit=change.commit,
        window=window if approved else None,
        documents=decision.grants if approved else (),
        ask=ask,
        evidence=_evidence(change, case, decision, catalogue, owing=parsed_case if approved else None),
        run=run,
    )


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as `check --format json` prints it."""
    return finding.as_json()


def _evidence(
    change: Change,
    case: Case | None,
    decision: Decision,
    catalogue: ActionCatalog,
    *,
    owing: ParsedCase | None,
) -> dict[str, object]:
    return {
        "jitbot": __version__,
        "merge_commit": change.commit,
        "rules_commit": change.base,
        "request_blob": change.blob,
        "reasons": [_reason(finding) for finding in decision.reasons[: bounds.REASONS]],
        "approvals": [_approval(each) for each in decision.approvals],
        "not_counted": [_ignored(each) for each in decision.ignored[: bounds.REASONS]],
        **bounds.more("reasons", decision.reasons, bounds.REASONS),
        **bounds.more("not_counted", decision.ignored, bounds.REASONS),
        "digests": {grant.account: iam.digest(grant) for grant in decision.grants},
        "risk": risk.assess(decision.grants, catalogue).as_json() if decision.grants else None,
        **(_of_merge(case) if case is not None else {}),
        **(_of_ground(decision.parsed_case) if decision.parsed_case is not None else {}),
        **(_owed(owing) if owing is not None else {}),
        **({"facts": case_json.dump(case)} if case is not None else {}),
        **({} if decision.verdict is Verdict.APPROVED else _refused(case)),
    }


def _reason(finding: Finding) -> dict[str, object]:
    """A reason as it is recorded: what a long name made long is cut."""
    kept = finding_json(finding)
    return kept | {name: bounds.cut(str(kept[name])) for name in ("message", "hint", "file")}


def _owed(parsed_case: ParsedCase) -> dict[str, object]:
    """The mark of a break-glass approval, and of nothing else: who reviews it, and by when."""
    pending_review = break_glass.required_reviews(parsed_case)
    return {} if pending_review is None else {review_outcome.MARK: post_review.owed_json(pending_review)}


def _refused(case: Case | None) -> dict[str, object]:
    """What was asked for in vain, as far as it could be read: an auditor's population holds it too."""
    if case is None or case.request is None or case.request.value is None:
        return {}
    request, people = case.request.value, case.rules.people.value
    return {"asked": request_state.wanted(request, None if people is None else people.get(request.requester))}


def _of_merge(case: Case) -> dict[str, object]:
    if case.merge is None or case.merge.pull_request.merged_at is None:
        return {}
    pull = case.merge.pull_request
    return {
        "pull_request": pull.number,
        "author": _actor(pull.author),
        "head": pull.head,
        "requested_at": timestamp.show(pull.created_at),
        "merged_at": timestamp.show(case.merge.pull_request.merged_at),
        "merged_by": None if pull.merged_by is None else _actor(pull.merged_by),
        "commits": [commit.sha for commit in case.merge.commits[: bounds.COMMITS]],
        **bounds.more("commits", case.merge.commits, bounds.COMMITS),
    }


def _of_ground(parsed_case: ParsedCase) -> dict[str, object]:
    return {
        "approvals_required": parsed_case.required,
        "approvals_valid_for_seconds": int(parsed_case.settings.approvals_valid_for.total_seconds()),
        "max_duration_seconds": int(parsed_case.policy.max_duration.total_seconds()),
        "owners": list(parsed_case.owned_by.names),
        "owner_rule": parsed_case.owned_by.rule,
        "named": sorted(named_by_commits(parsed_case.merge, parsed_case.people))[: bounds.ALL_NAMES],
    }


def _actor(actor: Actor) -> dict[str, object]:
    return {"login": actor.login, "github_id": actor.github_id, "type": actor.kind}


def _approval(approval: Approval) -> dict[str, object]:
    review = approval.review
    return {
        "login": approval.person.login,
        "github_id": approval.person.github_id,
        "review_id": review.review_id,
        "submitted_at": timestamp.show(review.submitted_at),
        "commit": review.commit,
        "owner_rule": approval.owner_rule,
    }


def _ignored(ignored: Ignored) -> dict[str, object]:
    review = ignored.review
    return {
        "login": review.user.login,
        "github_id": review.user.github_id,
        "review_id": review.review_id,
        "state": review.state,
        "submitted_at": timestamp.show(review.submitted_at),
        "why": ignored.why,
    }
