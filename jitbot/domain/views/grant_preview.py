"""What a request would give if it were merged now: the answer an approver wants in ten seconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain.access import break_glass, eligibility
from jitbot.domain.access.approval import began_of, render_all, window_of
from jitbot.domain.access.approvals.pending_approvals import could_approve
from jitbot.domain.access.approvals.requirement import Requirement, under
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws import iam, rehearsal, risk
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.events import dump_documents
from jitbot.domain.model import owners
from jitbot.domain.model.account_groups import NO_GROUPS, AccountGroups
from jitbot.domain.model.documents import Accounts, Login, Person, Policy, Request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.text import duration, timestamp

STRANGE = "not in accounts.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPreview:
    """A request with the documents it would give, its owners and its risk."""

    request: Request
    policy: Policy
    window: iam.Window
    where: tuple[str, ...]  # the accounts in the order of accounts.yaml, then those that it does not know
    known: frozenset[str]  # those of them that accounts.yaml knows
    grants: tuple[iam.Documents, ...]  # in the same order; none if one of them cannot be given
    owned_by: owners.Owners
    approvers: tuple[Person, ...]  # who could approve it, before anybody has
    risk: risk.Risk
    requirement: Requirement
    groups: AccountGroups = NO_GROUPS  # what the groups in the policy's `accounts` stand for
    # When the membership ends by which the requester may ask, if it does.
    member_until: datetime | None = None
    # The same of those approvers' own membership.
    ends: Mapping[Login, datetime] = field(default_factory=dict)
    extends: bool = False  # the end is counted from a first start that is recorded

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The request's parameters in the order of the policy, then those that it does not ask for."""
        given, asked = self.request.parameters, [each.name for each in self.policy.parameters]
        first = [name for name in asked if name in given]
        return tuple((name, given[name]) for name in (*first, *(each for each in given if each not in asked)))

    @property
    def floats(self) -> bool:
        """Whether the end is counted from a merge that has not been."""
        return self.window.starts_at is None and not self.extends and not self.is_cut

    @property
    def is_cut(self) -> bool:
        """Whether access ends before the duration is over, with the requester's membership."""
        return self.window.expires_at == self.member_until

    @property
    def is_rehearsal(self) -> bool:
        """Whether it is a rehearsal, by what it would give."""
        return rehearsal.is_rehearsal(self.policy.name, self.grants)

    def as_json(self) -> dict[str, object]:
        """The shape that `explain --format json` promises."""
        return {
            "request": self.request.path,
            "policy": self.policy.name,
            "requester": self.request.requester,
            "reason": self.request.reason,
            "approvals_required": self.requirement.need,
            **self._by_rules(),
            "owners": list(self.owned_by.names),
            "risk": self.risk.as_json(),
            "grants": [dump_documents(grant) for grant in self.grants],
            **self._break_glass(),
            **({"rehearsal": True} if self.is_rehearsal else {}),
        }

    def who_approves(self) -> str:
        """How many of whom must approve, or who reviews a break-glass afterwards."""
        within = self.policy.review_within
        if break_glass.is_break_glass(self.policy) and within is not None:
            reviewers = " or ".join(self.policy.reviewers)
            return (
                f"BREAK-GLASS: no approval before access. {reviewers} must review it "
                f"within {duration.show(within)} of the merge"
            )
        teams = " and ".join(f"1 of {team.name}" for team in self.requirement.teams)
        more = f", at least {teams}" if teams else ""
        return f"{self.requirement.need} of {' '.join(self.owned_by.names) or 'nobody'}{more}"

    def _by_rules(self) -> dict[str, object]:
        """Of a policy whose `approvals:` is a list alone: the rules that hold, and the teams that must each approve."""
        if not self.requirement.by_rules:
            return {}
        teams = [team.name for team in self.requirement.teams]
        return {"approval_rules": list(self.requirement.in_words()), "approval_teams": teams}

    def _break_glass(self) -> dict[str, object]:
        """With approvals: 0 alone: who reviews, and how many seconds after the merge."""
        within = self.policy.review_within
        if not break_glass.is_break_glass(self.policy) or within is None:
            return {}
        seconds = int(within.total_seconds())
        return {"break_glass": {"reviewers": list(self.policy.reviewers), "review_within_seconds": seconds}}

    def in_words(self, decided: str = "") -> str:
        """Who asks for what, where, until when, in one sentence. `decided` is the verb once it is no longer asked for."""
        where = " and ".join(each if each in self.known else f"{each} ({STRANGE})" for each in self.where)
        begins = f"from {timestamp.show(self.window.starts_at)} " if self.window.starts_at is not None else ""
        length, until = duration.show(self.request.duration), timestamp.show(self.window.expires_at)
        asked = f"{self.request.requester} {decided or 'asks for'} {self.policy.name} in {where}"
        condition = " if it is merged now" if self.floats and not decided else ""
        rehearsed = f"; {rehearsal.IN_WORDS}" if self.is_rehearsal else ""
        return f"{asked} for {length}, {begins}until {until}{condition}{rehearsed}"


def would_grant(
    request: Request,
    rules: Rules,
    merged_at: datetime,
    catalogue: ActionCatalog,
    so_far: RequestState | None = None,
) -> GrantPreview | None:
    """What merging `request` at that time would give under these rules; None if they do not read.

    `so_far` is its state by the ledger: an existing grant is extended from its first start.
    """
    policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
    requirement = under(rules, request, merged_at)
    if policy is None or people is None or roster is None or requirement is None:
        return None
    state = so_far or RequestState(request=request.path)
    began, known = began_of(request, state, merged_at), rules.accounts.value or {}
    window = window_of(rules, request, began, merged_at)
    where = in_order(request.accounts, known)
    ordered = replace(request, accounts=where)
    single = {each: render_all(rules, replace(request, accounts=(each,)), window) for each in where}
    renders = tuple(documents for each in where for documents in single[each])
    owned_by = owners.of(request.path, codeowners=rules.codeowners, people=people, teams=roster.at(merged_at))
    approvers = could_approve(owned_by, people.get(request.requester))
    return GrantPreview(
        request=request,
        policy=policy,
        window=window,
        where=where,
        known=frozenset(known) & frozenset(where),
        grants=render_all(rules, ordered, window),
        groups=rules.account_groups.value or NO_GROUPS,
        extends=state.began is not None,
        owned_by=owned_by,
        approvers=approvers,
        requirement=requirement,
        member_until=eligibility.member_until(request, policy, roster, merged_at),
        ends=owners.ends(approvers, owned_by, roster, merged_at),
        risk=risk.assess(renders, catalogue, unknown=[each for each in where if not single[each]]),
    )


def in_order(accounts: Iterable[str], known: Accounts) -> tuple[str, ...]:
    """Accounts in the order of accounts.yaml, so that its owners choose which one is read first, not the requester.

    Accounts that are not in the file come last: nothing can be granted there.
    """
    order = {alias: number for number, alias in enumerate(known)}
    return tuple(sorted(accounts, key=lambda alias: order.get(alias, len(order))))
