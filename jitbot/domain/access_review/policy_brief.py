"""What an owner reads of one policy to sign its access review in two minutes: a label and a sentence for each question."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime

from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.access_review.basis import SHOWN
from jitbot.domain.access_review.entitlements import Entitlement, entitlement
from jitbot.domain.access_review.policy_use import STATES, PolicyUse
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.aws.risk import Risk, assess_statements
from jitbot.domain.model.documents import Policy
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.text.amount import many
from jitbot.domain.views.wording import Escaper, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBrief:
    """One policy of a review, as the merge makes it. `before` is the day of the last review, by main's file.

    `use` is None where the ledger was not read: then nothing is known of it.
    """

    policy: Policy
    before: date | None
    entitled: Entitlement
    risk: Risk
    use: PolicyUse | None = None

    def as_json(self) -> dict[str, object]:
        """All of it for machines."""
        return {
            "policy": self.policy.name,
            "reviewed": self.policy.reviewed.isoformat() if self.policy.reviewed is not None else None,
            "before": self.before.isoformat() if self.before is not None else None,
            **{
                name: value
                for name, value in asdict(self.entitled).items()
                if name not in ("policy", "description")
            },
            "risk": self.risk.as_json(),
            "since": self.use.as_json() if self.use is not None else None,
        }


def brief_of(
    name: str, head: Rules, before: date | None, now: datetime, catalogue: ActionCatalog
) -> PolicyBrief | None:
    """The brief of a policy without its use; None of one that does not read."""
    policy = head.policy.value
    if policy is None:
        return None
    return PolicyBrief(
        policy=policy,
        before=before,
        entitled=entitlement(name, head, now),
        risk=assess_statements(policy.statements, policy.managed_policies, catalogue),
    )


def lines(brief: PolicyBrief, escaper: Escaper) -> Iterator[tuple[str, str]]:
    """Each question with its answer."""
    policy, entitled = brief.policy, brief.entitled
    yield "gives", escaper.plain(policy.description)
    if entitled.problem:
        yield "PROBLEM", escaper.plain(entitled.problem)
    if entitled.is_known:
        yield "may ask", _people(entitled.eligible, entitled.named, escaper)
        yield "approves", _approvals(brief, escaper)
        yield "limits", _limits(brief, escaper)
    yield "allows", _allows(policy, escaper)
    reasons = "; ".join(map(escaper.plain, brief.risk.reasons))
    access = brief.risk.access_in_words()
    yield (
        "risk",
        ": ".join(filter(None, (brief.risk.level.in_words, reasons))) + (f" ({access})" if access else ""),
    )
    yield from _since(brief.use, escaper)
    if entitled.rules_sha256:
        yield (
            "rules",
            f"digest {entitled.rules_sha256[:SHOWN]}, which the report shows, unless the rules change before the merge",
        )


def _people(logins: tuple[str, ...], named: tuple[str, ...], escaper: Escaper) -> str:
    who = f"{many(len(logins), 'person', 'people')}"
    names = listed(map(escaper.plain, logins), "and", most=12)
    return f"{who}{f': {names}' if logins else ''} (by {listed(map(escaper.plain, named), 'and')})"


def _approvals(brief: PolicyBrief, escaper: Escaper) -> str:
    policy, entitled = brief.policy, brief.entitled
    if is_break_glass(policy):
        return f"nobody before the access (break-glass); reviewed after it by {listed(map(escaper.plain, policy.reviewers), 'or')}"
    need = "; ".join(escaper.plain(rule.in_words()) for rule in policy.approval_rules)
    need = need or many(policy.approvals, "approval")
    return f"{need}, by {_people(entitled.approvers, entitled.owners, escaper)}"


def _limits(brief: PolicyBrief, escaper: Escaper) -> str:
    policy, accounts = brief.policy, brief.entitled.accounts
    where = listed(map(escaper.plain, accounts), "and", most=12)
    parameters = ", ".join(escaper.plain(each.name) for each in policy.parameters)
    ticket = "a ticket is required" if policy.ticket_required else "no ticket is required"
    asked = f"; asks for {parameters}" if parameters else ""
    return f"{many(len(accounts), 'account')}: {where or 'none'}; up to {brief.entitled.max_duration}; {ticket}{asked}"


def _allows(policy: Policy, escaper: Escaper) -> str:
    """The actions, and AWS's own policies that are attached."""
    actions = dict.fromkeys(action for each in policy.statements for action in each.actions)
    managed = [f"AWS's managed policy {name}" for name in policy.managed_policies]
    return listed(map(escaper.plain, (*managed, *actions)), "and", most=12)


def _since(use: PolicyUse | None, escaper: Escaper) -> Iterator[tuple[str, str]]:
    if use is None:
        yield "use", "not known: the ledger was not read"
        return
    since = f"since {use.since:%Y-%m-%d}"
    if not use.requests:
        yield "asked for", f"never {since}, as far as the ledger was read"
        return
    last = f", the last on {use.last_asked:%Y-%m-%d}" if use.last_asked is not None else ""
    refused = f", {use.refused:,} of them never granted" if use.refused else ""
    people = many(use.people, "person", "people")
    yield (
        "asked for",
        f"{many(use.requests, 'request')} of {people} {since}{last}{refused}",
    )
    yield "use", _uses(use)
    if use.never_people:
        yield "never asked", listed(map(escaper.plain, use.never_people), "and", most=12)
    if use.never_accounts:
        yield "never asked for", listed(map(escaper.plain, use.never_accounts), "and", most=12)
    if use.to_review:
        waits = f"{many(len(use.to_review), 'break-glass grant')} that nobody has reviewed yet"
        yield "open reviews", f"{waits}: {listed(map(escaper.plain, use.to_review), 'and', most=3)}"


def _uses(use: PolicyUse) -> str:
    """The grants by what is known of their use; what was not seen is said to be unknown."""
    counts = [f"{use.uses[state]:,} {state}" for state in STATES if use.uses.get(state)]
    unknown = sum(use.uses.get(state, 0) for state in STATES[2:4])
    beside = f". Of {unknown:,} nobody knows whether they were used" if unknown else ""
    return f"{many(use.grants, 'grant')}, by CloudTrail: {', '.join(counts) or 'none'}{beside}"
