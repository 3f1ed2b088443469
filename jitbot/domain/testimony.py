"""From a decision to the event that records it, with the evidence an auditor asks for years later."""

from datetime import datetime

from jitbot import __version__
from jitbot.domain import bounds, break_glass, facts, iam, life, moments, reviews_after, risk
from jitbot.domain.approval import Decision, Verdict
from jitbot.domain.catalogue import Catalogue
from jitbot.domain.counting import Approval, Ignored, named_by_commits
from jitbot.domain.events import Event, Kind
from jitbot.domain.evidence import Actor, Case, Change, ChangeKind
from jitbot.domain.ground import Ground
from jitbot.domain.model import Finding


def of_decision(
    change: Change, case: Case | None, decision: Decision, *, now: datetime, run: str, catalogue: Catalogue
) -> Event:
    """The event of an approval, an extension or a refusal. Raises ValueError for an undecided one.

    `case` is None where its facts could never be had: that can only be a refusal.
    """
    if decision.verdict is Verdict.UNDECIDED:
        raise ValueError("what is undecided is not recorded")
    ground, window = decision.ground, decision.window
    approved, ask = False, dict[str, object]()
    if decision.verdict is Verdict.APPROVED and ground is not None and window is not None:
        approved = True
        ask = life.asked(ground.request, ground.requester, window.expires_at - ground.request.duration)
    first = change.kind is ChangeKind.ADDED
    return Event(
        kind=(Kind.APPROVED if first else Kind.EXTENDED) if approved else Kind.REFUSED,
        at=now,
        request=change.path,
        commit=change.commit,
        window=window if approved else None,
        documents=decision.grants if approved else (),
        ask=ask,
        evidence=_evidence(change, case, decision, catalogue, owing=ground if approved else None),
        run=run,
    )


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as `check --format json` prints it."""
    return finding.as_json()


def _evidence(
    change: Change, case: Case | None, decision: Decision, catalogue: Catalogue, *, owing: Ground | None
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
        **(_of_ground(decision.ground) if decision.ground is not None else {}),
        **(_owed(owing) if owing is not None else {}),
        **({"facts": facts.dump(case)} if case is not None else {}),
        **({} if decision.verdict is Verdict.APPROVED else _refused(case)),
    }


def _reason(finding: Finding) -> dict[str, object]:
    """A reason as it is recorded: what a long name made long is cut."""
    kept = finding_json(finding)
    return kept | {name: bounds.cut(str(kept[name])) for name in ("message", "hint", "file")}


def _owed(ground: Ground) -> dict[str, object]:
    """The mark of a break-glass approval, and of nothing else: who reviews it, and by when."""
    debt = break_glass.owed(ground)
    return {} if debt is None else {reviews_after.MARK: reviews_after.owed_json(debt)}


def _refused(case: Case | None) -> dict[str, object]:
    """What was asked for in vain, as far as it could be read: an auditor's population holds it too."""
    if case is None or case.request is None or case.request.value is None:
        return {}
    request, people = case.request.value, case.rules.people.value
    return {"asked": life.wanted(request, None if people is None else people.get(request.requester))}


def _of_merge(case: Case) -> dict[str, object]:
    if case.merge is None or case.merge.pull_request.merged_at is None:
        return {}
    pull = case.merge.pull_request
    return {
        "pull_request": pull.number,
        "author": _actor(pull.author),
        "head": pull.head,
        "requested_at": moments.show(pull.created_at),
        "merged_at": moments.show(case.merge.pull_request.merged_at),
        "merged_by": None if pull.merged_by is None else _actor(pull.merged_by),
        "commits": [commit.sha for commit in case.merge.commits[: bounds.COMMITS]],
        **bounds.more("commits", case.merge.commits, bounds.COMMITS),
    }


def _of_ground(ground: Ground) -> dict[str, object]:
    return {
        "approvals_required": ground.required,
        "approvals_valid_for_seconds": int(ground.settings.approvals_valid_for.total_seconds()),
        "max_duration_seconds": int(ground.policy.max_duration.total_seconds()),
        "owners": list(ground.owned_by.names),
        "owner_rule": ground.owned_by.rule,
        "named": sorted(named_by_commits(ground.merge, ground.people))[: bounds.ALL_NAMES],
    }


def _actor(actor: Actor) -> dict[str, object]:
    return {"login": actor.login, "github_id": actor.github_id, "type": actor.kind}


def _approval(approval: Approval) -> dict[str, object]:
    review = approval.review
    return {
        "login": approval.person.login,
        "github_id": approval.person.github_id,
        "review_id": review.review_id,
        "submitted_at": moments.show(review.submitted_at),
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
        "submitted_at": moments.show(review.submitted_at),
        "why": ignored.why,
    }
