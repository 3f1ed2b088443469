"""What an approver sees of one request file of a pull request: values, and sentences that every view shares.

The comment and `jitbot explain` say the same. Each has its own `Escaper`, so that a person's text is inert in both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.access.approvals.places import fill
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.aws.risk import Level
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.model.account_groups import is_group
from jitbot.domain.model.documents import OPTIONAL, Finding, Login, Person, Policy, Request, same_login
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.model.parsed_case import ParsedCase
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.amount import many
from jitbot.domain.usage.in_words import in_words
from jitbot.domain.views.approval_places import placed, rules_that_hold
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.domain.views.other_requests import OtherRequests
from jitbot.domain.views.wording import UNESCAPED, Escaper, listed, when

LOOKS_BACK = timedelta(days=90)  # how far back the requester's earlier grants are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a person was granted within `LOOKS_BACK`, without the request in question."""

    count: int
    last: ApprovedTerm | None  # the one that ends last; None exactly if there was none
    until: datetime | None = None  # when the last one ends, or ended


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """One request file of a pull request, as if it were merged now. A part that could not be read is None.

    `request` is what is asked for; of a file that is deleted, what was. `former` is what a granted request already has.
    """

    path: str
    kind: ChangeKind
    request: Request | None = None
    grant_preview: GrantPreview | None = None
    awaiting: PendingApprovals | None = None
    former: ApprovedTerm | None = None
    held: Held | None = None
    findings: tuple[Finding, ...] = ()
    statuses: tuple[GrantStatus, ...] = ()  # of what is granted already, in each account
    others: OtherRequests | None = None  # under a policy with rules of approval; None of any other policy
    parsed_case: ParsedCase | None = None  # by which it was judged
    ends_nothing: str = ""  # why the deletion would not end the access, by whom it proposes


def held(states: Iterable[RequestState], requester: str, *, excluding: str = "") -> Held:
    """What a requester was granted, by these states of a ledger that was read this far back."""
    terms = [
        (state.over_at, state.current)
        for state in states
        if state.current is not None
        and state.over_at is not None
        and same_login(state.current.requester, requester)
        and state.request != excluding
    ]
    if not terms:
        return Held(count=0, last=None)
    until, last = max(terms, key=lambda each: each[0])
    return Held(count=len(terms), last=last, until=until)


def waiting(awaiting: PendingApprovals, escaper: Escaper) -> Iterator[str]:
    """Who approved, who must still, and whether anyone can: a sentence for each."""
    given = listed((escaper.strong(each.person.login) for each in awaiting.approvals), "and")
    if awaiting.requirement.by_rules:
        yield f"{rules_that_hold(awaiting.requirement, escaper)}."
        yield f"{awaiting.filled} of {awaiting.required} approvals: {placed(awaiting.places, escaper)}."
    elif awaiting.required < 1:
        yield "No approval is needed before the merge; it is reviewed after."
    elif not awaiting.missing:
        yield f"Approved by {given}: {len(awaiting.approvals)} of {awaiting.required} required approvals."
    elif given:
        yield f"{len(awaiting.approvals)} of {awaiting.required} approvals, by {given}. {_still(awaiting, escaper)}."
    else:
        yield f"{_still(awaiting, escaper)}."
    for person in awaiting.objectors:
        yield f"{escaper.strong(person.login)} owns this and asks for changes: that must be resolved first."
    for each in awaiting.ignored:
        if each.review.state in ("APPROVED", "DISMISSED"):
            yield f"Not counted: {escaper.strong(each.review.user.login)} {each.why}."


def _still(awaiting: PendingApprovals, escaper: Escaper) -> str:
    able = listed(_with_ends(awaiting.able, awaiting.ends, escaper), "or")
    if not awaiting.possible:
        only = f"Only {able} can still approve" if able else "Nobody can approve this"
        return f"{only}, and {awaiting.missing} more would be needed: an admin must name more approvers"
    more = "more " if awaiting.approvals else ""
    number = f"one {more}approval" if awaiting.missing == 1 else many(awaiting.missing, f"{more}approval")
    return f"Waits for {number}, from {able}"


def _with_ends(people: Iterable[Person], ends: Mapping[Login, datetime], escaper: Escaper) -> Iterator[str]:
    """People, each with the end of the membership by which they may approve, if it has one."""
    for each in people:
        until = f" until {timestamp.for_people(ends[each.login])}" if each.login in ends else ""
        yield f"{escaper.strong(each.login)}{until}"


def membership(grant_preview: GrantPreview, escaper: Escaper) -> str:
    """Until when the requester may ask, as a sentence; empty if no date of a membership says so."""
    if grant_preview.member_until is None:
        return ""
    who = escaper.strong(grant_preview.request.requester)
    until = timestamp.for_people(grant_preview.member_until)
    how = "before the duration is over" if grant_preview.is_cut else "at the latest"
    return f"{who} may ask until {until}: access ends then, {how}."


def temporary(awaiting: PendingApprovals) -> str:
    """Those who can still approve, and only for a time: `erin until 2027-01-06 08:00 UTC`. Empty if there is none."""
    people = [each for each in awaiting.able if each.login in awaiting.ends]
    return listed(_with_ends(people, awaiting.ends, UNESCAPED), "and")


def owning(grant_preview: GrantPreview, escaper: Escaper) -> str:
    """From whom an approval may come, before anybody was asked for one."""
    names = listed(_with_ends(grant_preview.approvers, grant_preview.ends, escaper), "or")
    if grant_preview.requirement.by_rules:
        places = fill(grant_preview.requirement, (), grant_preview.approvers)
        return f"{rules_that_hold(grant_preview.requirement, escaper)}. {placed(places, escaper)}."
    return f"An approval may come from {names}." if names else "Nobody can approve this."


def grouped(grant_preview: GrantPreview, escaper: Escaper) -> str:
    """Where the policy gives access, each group with its accounts, as a sentence; empty if it names no group."""
    names = grant_preview.policy.accounts
    if not any(map(is_group, names)):
        return ""

    def shown(name: str) -> str:
        members = listed(map(escaper.plain, grant_preview.groups.members(name)), "and") or "no account"
        return f"{escaper.plain(name)} ({members})" if is_group(name) else escaper.plain(name)

    return f"{escaper.plain(grant_preview.policy.name)} is for {listed(map(shown, names), 'and')}."


def before(summary: RequestSummary, escaper: Escaper) -> str:
    """The requester's earlier grants, as a sentence; empty if there is no request."""
    if summary.request is None:
        return ""
    who, known, days = escaper.strong(summary.request.requester), summary.held, LOOKS_BACK.days
    if known is None:
        return f"What {who} had before is not known now: the ledger could not be read."
    if known.last is None or known.until is None:
        return f"{who} had no other grant in the last {many(days, 'day')}."
    policy = escaper.plain(known.last.ask.policy)
    where = listed((escaper.plain(each.account) for each in known.last.documents), "and")
    number = many(known.count, "other grant") if known.count > 1 else "one other grant"
    which = "the last one" if known.count > 1 else "it"
    end = when(known.until)
    return (
        f"{who} had {number} in the last {many(days, 'day')}: {which} was {policy} in {where}, until {end}."
    )


def more(summary: RequestSummary, escaper: Escaper) -> str:
    """What an extension changes, as a sentence; empty if it is none, or nothing was granted."""
    grant_preview, former = summary.grant_preview, summary.former
    if summary.kind is not ChangeKind.MODIFIED or grant_preview is None or former is None:
        return ""
    longer = grant_preview.window.expires_at - former.window.expires_at
    by = escaper.strong(f"{duration.show(longer)} more" if longer > timedelta() else "nothing more")
    whole = duration.show(grant_preview.request.duration)
    ends, would = when(former.window.expires_at), when(grant_preview.window.expires_at)
    return f"Granted until {ends}; with this until {would}: {by}, {whole} in all. Nothing else changes."


def headline(summary: RequestSummary, grant_preview: GrantPreview) -> str:
    """Who asks for what; of what is decided already: who has it, or had it."""
    states = {each.state for each in summary.statuses}
    if not states or summary.former is not None:  # an extension is asked for too
        return grant_preview.in_words()
    if states == {GrantState.ENDED}:
        return grant_preview.in_words("had")
    return grant_preview.in_words("has" if GrantState.LIVE in states else "gets")


def grant_lines(summary: RequestSummary, escaper: Escaper) -> Iterator[str]:
    """The state of the existing grant: a line for each account."""
    for each in summary.statuses:
        how = (
            f"{each.why}, {when(each.ended_at)}"
            if each.ended_at is not None
            else f"{each.state}, {duration.show(each.left)} left, until {when(each.expires_at)}"
        )
        use = f"; {in_words(each.use, when)}" if each.use is not None else ""
        yield f"{escaper.plain(each.account)}: {how}{use}"


def worst_first(summaries: Iterable[RequestSummary]) -> tuple[RequestSummary, ...]:
    """The requests of a pull request in the order in which they should be read: most dangerous first, ends last.

    The requester chooses the names of the files, so the names must not decide what comes first.
    """

    def rank(summary: RequestSummary) -> tuple[bool, int, str]:
        ends = summary.kind is ChangeKind.DELETED
        level = summary.grant_preview.risk.level if summary.grant_preview is not None else Level.UNKNOWN
        return ends, -level, summary.path

    return tuple(sorted(summaries, key=rank))


def acknowledged(policy: Policy) -> tuple[str, ...]:
    """The findings that a policy says are right as they are, each with its reason, in one line."""
    return tuple(f"{each.finding} of {each.about}: {each.reason}" for each in policy.acknowledged)


def labelled(name: str) -> str:
    """A parameter's name as `explain` prints it. A name that is also one of our labels is marked, so it looks different."""
    return f"parameter {name}" if name in _LABELS else name


_LABELS = frozenset(
    {
        "what",
        "why",
        *OPTIONAL,
        "where",
        "how long",
        "accounts",
        "member",
        "change",
        "state",
        "risk",
        "access",
        "approve",
        "before",
        "others",
        "known",
        "commit",
        "boundary",
        "managed",
    }
)
