"""From a decision to the event that records it, with the evidence an auditor asks for years later."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from jitbot import __version__
from jitbot.domain.access import break_glass
from jitbot.domain.access.approval import Decision, Verdict
from jitbot.domain.access.approvals.places import Place, fill
from jitbot.domain.access.approvals.requirement import Requirement, required_approvals
from jitbot.domain.access.approvals.reviews import Approval, Ignored, named_by_commits
from jitbot.domain.aws import iam, risk
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import (
    Evidence,
    OwedReview,
    Reason,
    RecordedAccount,
    RecordedPlace,
    RecordedReview,
    RecordedRisk,
)
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind
from jitbot.domain.model.parsed_case import ParsedCase

_OF_RULES = (Evidence.approval_rules.name, Evidence.places.name)
_SHOWN = tuple(
    key.name
    for key in (
        Evidence.approvals,
        Evidence.approvals_required,
        Evidence.pull_request,
        Evidence.author,
        Evidence.head,
        Evidence.requested_at,
        Evidence.merged_at,
        Evidence.merged_by,
        Evidence.named,
        Evidence.owner_rule,
        Evidence.max_duration_seconds,
    )
)
Pairs = tuple[tuple[str, object], ...]  # keys of the evidence, with their JSON


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

    `case` is None if its facts could never be collected. Then the decision can only be a refusal.
    """
    if decision.verdict is Verdict.UNDECIDED:
        raise ValueError("what is undecided is not recorded")
    parsed_case, window = decision.parsed_case, decision.window
    approved, ask = False, Ask()
    if decision.verdict is Verdict.APPROVED and parsed_case is not None and window is not None:
        approved = True
        ask = Ask.of_request(parsed_case.request, parsed_case.requester, decision.began)
    first = change.kind is ChangeKind.ADDED
    return Event(
        kind=(EventType.APPROVED if first else EventType.EXTENDED) if approved else EventType.REFUSED,
        at=now,
        request=change.path,
        commit=change.commit,
        window=window if approved else None,
        documents=decision.grants if approved else (),
        ask=ask,
        evidence=_evidence(change, case, decision, catalogue, approved=parsed_case if approved else None),
        run=run,
    )


def _evidence(
    change: Change,
    case: Case | None,
    decision: Decision,
    catalogue: ActionCatalog,
    *,
    approved: ParsedCase | None,
) -> Evidence:
    reasons, ignored = decision.reasons, decision.ignored
    return Evidence.of(
        Evidence.jitbot(__version__),
        Evidence.merge_commit(change.commit),
        Evidence.rules_commit(change.base),
        Evidence.request_blob(change.blob),
        Evidence.reasons(_reason(finding) for finding in reasons[: bounds.REASONS]),
        Evidence.approvals(_approval(each) for each in decision.approvals),
        Evidence.not_counted(_ignored(each) for each in ignored[: bounds.REASONS]),
        *bounds.more("reasons", reasons, bounds.REASONS).items(),
        *bounds.more("not_counted", ignored, bounds.REASONS).items(),
        Evidence.digests({grant.account: iam.digest(grant) for grant in decision.grants}),
        Evidence.risk(
            RecordedRisk(risk.assess(decision.grants, catalogue).as_json()) if decision.grants else None
        ),
        *(_of_merge(case) if case is not None else ()),
        *(_of_case(decision.parsed_case, decision.approvals) if decision.parsed_case is not None else ()),
        *(_required_review(approved) if approved is not None else ()),
        *((Evidence.facts(case),) if case is not None else ()),
        *(() if decision.verdict is Verdict.APPROVED else _refused(case)),
    )


def _reason(finding: Finding) -> Reason:
    """A reason as it is recorded. A text that is too long is cut."""
    message, hint, file = (bounds.cut(text) for text in (finding.message, finding.hint, finding.file))
    return Reason(replace(finding, message=message, hint=hint, file=file).as_json())


def _required_review(parsed_case: ParsedCase) -> Pairs:
    """The mark of a break-glass approval, and of nothing else: who reviews it, and by when."""
    required = break_glass.required_review(parsed_case)
    if required is None:
        return ()
    reviewers = (RecordedAccount.named(each.login, each.github_id) for each in required.reviewers)
    review = OwedReview.of(OwedReview.review_by(required.review_by), OwedReview.reviewers(reviewers))
    return (Evidence.break_glass(review),)


def _refused(case: Case | None) -> Pairs:
    """The refused request, as far as it could be read. An auditor's population includes refused requests."""
    if case is None or case.request is None or case.request.value is None:
        return ()
    request, people = case.request.value, case.rules.people.value
    person = None if people is None else people.get(request.requester)
    return (Evidence.asked(Ask.of_request(request, person)),)


def _of_merge(case: Case) -> Pairs:
    if case.merge is None or case.merge.pull_request.merged_at is None:
        return ()
    pull, commits = case.merge.pull_request, case.merge.commits
    return (
        Evidence.pull_request(pull.number),
        Evidence.author(RecordedAccount.of_actor(pull.author)),
        Evidence.head(pull.head),
        Evidence.requested_at(pull.created_at),
        Evidence.merged_at(pull.merged_at),
        Evidence.merged_by(None if pull.merged_by is None else RecordedAccount.of_actor(pull.merged_by)),
        Evidence.commits([commit.sha for commit in commits[: bounds.COMMITS]]),
        *bounds.more("commits", commits, bounds.COMMITS).items(),
    )


def _by_rules(requirement: Requirement, approvals: Iterable[Approval]) -> Pairs:
    """Which rules held, and who fills which place; nothing of a policy that asks by a number."""
    if not requirement.by_rules:
        return ()
    places = fill(requirement, [each.person for each in approvals])
    return (
        Evidence.approval_rules(requirement.in_words()),
        Evidence.places(_place(each) for each in places),
    )


def other_rules(evidence: Evidence, parsed_case: ParsedCase, approvals: Sequence[Approval]) -> bool:
    """Whether evidence says other things of the rules of approval, and of who met them, than this decision would."""
    requirement = required_approvals(parsed_case, approvals)
    wanted = dict(_by_rules(requirement, approvals))
    recorded = {name: evidence.json[name] for name in _OF_RULES if name in evidence.json}
    return recorded != wanted or evidence.approvals_required not in (None, requirement.need)


def other_evidence(evidence: Evidence, case: Case, decision: Decision) -> tuple[str, ...]:
    """The keys of which evidence says something else than this approval would: who asked, approved and merged, when, and by
    which rules; an audit's report shows them. What an old record lacks is not compared, except the review of break-glass.
    """
    parsed_case = decision.parsed_case
    if parsed_case is None:
        return ()
    wanted = Evidence.of(
        Evidence.approvals(_approval(each) for each in decision.approvals),
        *_of_merge(case),
        *_of_case(parsed_case, decision.approvals),
    ).json
    review = Evidence.of(*_required_review(parsed_case)).json
    name = Evidence.break_glass.name
    other = [key for key in _SHOWN if key in evidence.json and evidence.json[key] != wanted.get(key)]
    return (*other, *([name] if evidence.json.get(name) != review.get(name) else []))


def _place(place: Place) -> RecordedPlace:
    team, person = place.team, place.person
    return RecordedPlace.of(
        *((RecordedPlace.team(team.name),) if team is not None else ()),
        *(
            (RecordedPlace.login(person.login), RecordedPlace.github_id(person.github_id))
            if person is not None
            else ()
        ),
    )


def _of_case(parsed_case: ParsedCase, approvals: Sequence[Approval]) -> Pairs:
    requirement = required_approvals(parsed_case, approvals)
    valid_for, longest = parsed_case.settings.approvals_valid_for, parsed_case.policy.max_duration
    return (
        Evidence.approvals_required(requirement.need),
        *_by_rules(requirement, approvals),
        Evidence.approvals_valid_for_seconds(int(valid_for.total_seconds())),
        Evidence.max_duration_seconds(int(longest.total_seconds())),
        Evidence.owners(list(parsed_case.owned_by.names)),
        Evidence.owner_rule(parsed_case.owned_by.rule),
        Evidence.named(sorted(named_by_commits(parsed_case.merge, parsed_case.people))[: bounds.ALL_NAMES]),
    )


def _approval(approval: Approval) -> RecordedReview:
    person, review = approval.person, approval.review
    return RecordedReview.of(
        RecordedReview.login(person.login),
        RecordedReview.github_id(person.github_id),
        RecordedReview.review_id(review.review_id),
        RecordedReview.submitted_at(review.submitted_at),
        RecordedReview.commit(review.commit),
        RecordedReview.owner_rule(approval.owner_rule),
    )


def _ignored(ignored: Ignored) -> RecordedReview:
    review = ignored.review
    return RecordedReview.of(
        RecordedReview.login(review.user.login),
        RecordedReview.github_id(review.user.github_id),
        RecordedReview.review_id(review.review_id),
        RecordedReview.state(review.state),
        RecordedReview.submitted_at(review.submitted_at),
        RecordedReview.why(ignored.why),
    )
