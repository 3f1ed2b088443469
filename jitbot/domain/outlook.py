"""What a request would give if it were merged now: the answer an approver wants in ten seconds."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain import break_glass, duration, iam, moments, owners, risk
from jitbot.domain.approval import render_all, window_of
from jitbot.domain.catalogue import Catalogue
from jitbot.domain.events import dump_documents
from jitbot.domain.evidence import Rules
from jitbot.domain.life import Life
from jitbot.domain.model import Person, Policy, Request
from jitbot.domain.pending_approvals import could_approve


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A request with the documents it would give, its owners and its risk."""

    request: Request
    policy: Policy
    window: iam.Window
    grants: tuple[iam.Documents, ...]
    owned_by: owners.Owners
    approvers: tuple[Person, ...]  # who could approve it, before anybody has
    risk: risk.Risk

    def as_json(self) -> dict[str, object]:
        """The shape that `explain --format json` promises."""
        return {
            "request": self.request.path,
            "policy": self.policy.name,
            "requester": self.request.requester,
            "reason": self.request.reason,
            "approvals_required": self.policy.approvals,
            "owners": list(self.owned_by.names),
            "risk": self.risk.as_json(),
            "grants": [dump_documents(grant) for grant in self.grants],
            **self._break_glass(),
        }

    def who_approves(self) -> str:
        """How many of whom must approve, or who reviews a break-glass afterwards."""
        within = self.policy.review_within
        if break_glass.is_break_glass(self.policy) and within is not None:
            reviewers = " ".join(self.policy.reviewers)
            return (
                f"nobody before: BREAK-GLASS, reviewed within {duration.show(within)} by one of {reviewers}"
            )
        return f"{self.policy.approvals} of {' '.join(self.owned_by.names) or 'nobody'}"

    def _break_glass(self) -> dict[str, object]:
        """With approvals: 0 alone: who reviews, and how many seconds after the merge."""
        within = self.policy.review_within
        if not break_glass.is_break_glass(self.policy) or within is None:
            return {}
        seconds = int(within.total_seconds())
        return {"break_glass": {"reviewers": list(self.policy.reviewers), "review_within_seconds": seconds}}

    def in_words(self) -> str:
        """Who gets what, where, until when, in one sentence."""
        where = " and ".join(self.request.accounts)
        begins = f"from {moments.show(self.window.starts_at)} " if self.window.starts_at is not None else ""
        length = duration.show(self.request.duration)
        until = moments.show(self.window.expires_at)
        return (
            f"{self.request.requester} gets {self.policy.name} in {where} for {length}, {begins}until {until}"
        )


def foresee(
    request: Request,
    rules: Rules,
    merged_at: datetime,
    catalogue: Catalogue,
    so_far: Life | None = None,
) -> Outlook | None:
    """What merging `request` at that time would give under these rules; None if they do not read.

    `so_far` is what the ledger holds of it: what was granted before is extended from its first start.
    """
    policy, people, teams = rules.policy.value, rules.people.value, rules.teams.value
    if policy is None or people is None or teams is None:
        return None
    window = window_of(request, so_far or Life(request=request.path), merged_at)
    grants = render_all(rules, request, window)
    owned_by = owners.of(request.path, codeowners=rules.codeowners, people=people, teams=teams)
    return Outlook(
        request=request,
        policy=policy,
        window=window,
        grants=grants,
        owned_by=owned_by,
        approvers=could_approve(owned_by, people.get(request.requester)),
        risk=risk.assess(grants, catalogue),
    )


def first_window(request: Request, merged_at: datetime) -> iam.Window:
    """The window of a first ask that is merged at `merged_at`."""
    return iam.Window(
        starts_at=request.starts_at, expires_at=(request.starts_at or merged_at) + request.duration
    )
