"""The comment on a merged pull request, as Markdown: its outcome by the ledger, how to use it, why it ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws import rehearsal
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, grant_statuses
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import DECIDES, EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Reason, RecordedReview
from jitbot.domain.ledger.recorded_use import UseState
from jitbot.domain.ledger.stops import subject_of
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import duration
from jitbot.domain.text.markdown import cut, exact, fenced, hidden
from jitbot.domain.usage.in_words import in_words, out_of_sight
from jitbot.domain.views.comment_body import Part, assembled, fitted, folded, must
from jitbot.domain.views.wording import MARKDOWN, listed, when

_DESCRIBED = 6  # accounts of one request whose lines repeat what the policy is for
# How much more time is offered, at the most and at the least.
_AN_HOUR, _A_MINUTE = timedelta(hours=1), timedelta(minutes=1)
_REASONS = 10  # of a refusal that are listed before the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRequest:
    """One request file of a merged pull request: the decision on this merge, and the state of the request now."""

    path: str
    decision: Event
    state: RequestState
    statuses: tuple[GrantStatus, ...]
    troubles: tuple[Event, ...] = ()  # failures recorded since, the newest last
    description: str = ""  # of the policy, as main has it now
    doubt: str = ""  # why the ledger does not show all of it
    gone: bool = False  # the file, from main's tip: what is not granted yet never will be

    @property
    def requester(self) -> str:
        """The login that got the grant; `somebody` if nothing was granted."""
        term = self.state.current
        return term.requester if term is not None else "somebody"


def merged_requests(
    events: Sequence[Event], states: Mapping[str, RequestState], number: int, now: datetime
) -> tuple[MergedRequest, ...]:
    """What the ledger says of each request that this pull request brought, extended, or was refused."""
    decisions: dict[str, Event] = {}
    for event in events:
        decided = event.kind in DECIDES
        if decided and event.evidence.pull_request == number:
            decisions[event.request] = event
    return tuple(
        MergedRequest(
            path=path,
            decision=decision,
            state=states[path],
            statuses=grant_statuses((states[path],), now),
            troubles=tuple(
                event for event in events if event.kind is EventType.FAILED and event.request == path
            ),
        )
        for path, decision in decisions.items()
    )


def touched_by(events: Sequence[Event], *, run: str, since: datetime | None) -> tuple[int, ...]:
    """The pull requests of all requests of which this run, or anything since then, recorded something; newest first."""
    touched = {
        event.request
        for event in events
        if (run and event.run == run) or (since is not None and event.at >= since)
    }
    numbers = [event.evidence.pull_request for event in events if event.request in touched]
    return tuple(sorted({number for number in numbers if number is not None}, reverse=True))


def outcome(requests: Sequence[MergedRequest], *, number: int) -> str:
    """The comment on a merged pull request."""
    parts = fitted([part for each in requests for part in _of_one(each, number)])
    live = [each for each in requests if any(is_usable(status) for status in each.statuses)]
    grants = [grant for each in live if each.state.current for grant in each.state.current.documents]
    return assembled(parts, folded(grants), number=number)


def undecided(number: int) -> str:
    """The comment on a pull request that is merged, and not yet decided."""
    text = (
        "⏳ **Merged, and not decided yet.** The run of `grant` that the merge starts decides it in minutes. "
        "What is in doubt after that run is neither granted nor refused: the clock starts another run within the hour, "
        "and `gh workflow run grant.yml` starts one now."
    )
    return assembled([text], (), number=number)


def _of_one(each: MergedRequest, number: int) -> Iterator[Part]:
    """The outcome and its parameters; then how to use the grant, if that still fits."""
    if each.doubt:
        yield must(f"⚠️ **This may not be all, and access may have ended:** {cut(each.doubt)}.")
    if each.decision.kind is EventType.REFUSED:
        yield must(_refused(each, number))
        return
    yield must("<br>".join(f"{_state(each, status)}{_rehearsed(status)}" for status in each.statuses))
    if each.state.current is not None:
        yield must(f"> {cut(each.state.current.ask.reason or '')}")
        yield must(_parameters(each.state.current.ask))
    yield must(f"{_approvers(each.decision)}{_without_pushes(each.decision)}")
    usable = [status for status in each.statuses if is_usable(status)]
    if usable:
        more = more_time(each.state, each.decision, usable[0].expires_at, number)
        yield Part(_use(usable, number, more), must=False)


def _rehearsed(status: GrantStatus) -> str:
    return f". It is {rehearsal.IN_WORDS}" if status.is_rehearsal else ""


def _parameters(ask: Ask) -> str:
    """What was granted with, a line for each, as it was approved."""
    values = (ask.parameters or {}).items()
    return "\n".join(f"- {exact(name)}: **{exact(value) or '…'}**" for name, value in values)


def is_usable(status: GrantStatus) -> bool:
    """Whether there is access in this account, now or from its start on."""
    return status.state in (GrantState.LIVE, GrantState.PLANNED)


def _state(each: MergedRequest, status: GrantStatus) -> str:
    what = MARKDOWN.plain(policy_of(each.path))
    if each.description and len(each.statuses) <= _DESCRIBED:
        what += f" ({MARKDOWN.strong(each.description[:600])})"
    who, where = MARKDOWN.strong(each.requester), MARKDOWN.strong(status.account)
    end = MARKDOWN.strong(when(status.expires_at))
    match status.state:
        case GrantState.LIVE:
            more = ", extended" if each.decision.kind is EventType.EXTENDED else ""
            return f"✅ {who} has {what} in {where} until {end}{more}"
        case GrantState.PLANNED:
            begins = _begins(each.state)
            return f"🗓️ {who} has {what} in {where} from {begins} until {end}"
        case GrantState.APPROVED if each.gone:
            return (
                f"⚪ {who} was to have {what} in {where}: the file was deleted before that was granted, so "
                "nothing is, and the request has ended"
            )
        case GrantState.APPROVED:
            return f"⏳ {who} gets {what} in {where} until {end}: {_trouble(each, status)}"
        case GrantState.ENDED:
            return f"⚪ {who} had {what} in {where}: {how_it_ended(each.state, status)}{_used(status)}"
        case _:
            assert_never(status.state)


def _used(status: GrantStatus) -> str:
    """What was done with it, and what nobody could see, as a line of its own; empty until CloudTrail was asked."""
    use = status.use
    if use is None:
        return ""
    hidden_from_us = MARKDOWN.plain("; ".join(out_of_sight(use.not_seen)))
    not_seen = f" Not seen: {hidden_from_us}." if use.not_seen else ""
    said = "whether it was used was not seen" if use.state is UseState.NOT_SEEN else in_words(use, when)
    return f"<br>🔎 By CloudTrail: {MARKDOWN.plain(said)}.{not_seen}"


def _begins(state: RequestState) -> str:
    starts = state.current.window.starts_at if state.current is not None else None
    return MARKDOWN.strong(when(starts)) if starts is not None else "now"


def _trouble(each: MergedRequest, status: GrantStatus) -> str:
    failed = [event for event in each.troubles if event.account_id == status.account_id]
    if not failed:
        return "approved, and being granted"
    return (
        f"approved, but AWS does not do it yet; the next run tries again. {cut(failed[-1].evidence.message)}"
    )


def how_it_ended(state: RequestState, status: GrantStatus) -> str:
    """How and when it ended, as the end of a sentence."""
    account_state = state.account_state(status.account_id)
    event = account_state.end
    if not account_state.granted and status.why == EndReason.EXPIRED:
        return f"it was never granted, and its time was over {MARKDOWN.strong(when(status.expires_at))}"
    if status.why == EndReason.EXPIRED:
        return f"it ended as planned, {MARKDOWN.strong(when(status.expires_at))}"
    at = (
        f", {MARKDOWN.strong(when(status.ended_at))}"
        if event is not None and status.ended_at is not None
        else ", and AWS is being changed"
    )
    decision = state.end_decision
    by = MARKDOWN.strong(decision.evidence.by or "jitbot") if decision is not None else ""
    said = cut(decision.evidence.reason) if decision is not None else ""
    match status.why:
        case EndReason.RELEASED:
            return f"{by} gave it back{at}: {said}"
        case EndReason.REVOKED:
            return f"{by} revoked it{at}: {said}"
        case EndReason.STOPPED if decision is not None:
            what = MARKDOWN.strong(subject_of(decision).in_words)
            return f"{by} stopped every request of {what}, and so it ended{at}: {said}"
        case EndReason.DELETED:
            return f"its file was deleted, and so it ended{at}"
        case EndReason.OFFBOARDED:
            return f"the person behind it is not in policies/people.yaml as approved, and so it ended{at}"
        case EndReason.DRIFT | EndReason.ORPHAN:
            return f"the role was changed in AWS by hand, and so it was ended{at}"
        case _:
            return f"it ended early{at}"


def _approvers(decision: Event) -> str:
    places = decision.evidence.places
    teams = {each.github_id: each.team.rpartition("/")[2] for each in places if each.login}
    names = listed((_approver(each, teams) for each in decision.evidence.approvals), "and")
    return f"Approved by {names}." if names else "Nobody approved this before the merge."


def _approver(review: RecordedReview, teams: Mapping[int | None, str]) -> str:
    """Who approved, and for which team, if the rules asked for one."""
    team = teams.get(review.github_id)
    return MARKDOWN.strong(review.login) + (f" for {MARKDOWN.plain(team)}" if team else "")


def _without_pushes(decision: Event) -> str:
    """A sentence if GitHub did not say who pushed, so that approvals were counted by the commits' names alone."""
    if not decision.evidence.lacks_pushes:
        return ""
    return " GitHub did not say who pushed the commits, so only the names in the commits were checked."


def _refused(each: MergedRequest, number: int) -> str:
    live = [status for status in each.statuses if is_usable(status)]
    return f"❌ **Refused after the merge:** {refusal(each.decision, live, number)}"


def refusal(decision: Event, live: Sequence[GrantStatus], number: int, *, most: int = _REASONS) -> str:
    """What was refused, why, and what to do; the beginning of a sentence goes before. `live`: what was granted before."""
    found = decision.evidence.reasons
    what = exact(policy_of(decision.request))
    lines = [
        f"no more time was granted with {what}." if live else f"nothing was granted of {what}.",
        "",
        *(_reason(each) for each in found[:most]),
    ]
    if len(found) > most:
        lines.append(f"- and {len(found) - most} more")
    kept = (
        f"What was granted before stays, until {MARKDOWN.strong(when(live[0].expires_at))}. " if live else ""
    )
    again = f"Fix this, and ask again in a pull request of its own: `jitbot request --again {number}`"
    return "\n".join((*lines, "", f"{kept}A refusal is final for its merge. {again}"))


def _reason(reason: Reason) -> str:
    hint = f"<br>→ {cut(reason.hint)}" if reason.hint else ""
    return f"- {cut(reason.message)}{hint}"


def _use(usable: Sequence[GrantStatus], number: int, more: str) -> str:
    links = [
        f"- {MARKDOWN.strong(each.account)}: [Switch Role in the console]({each.switch_role})<br>`{each.role_arn}`"
        for each in usable
    ]
    profiles = "\n\n".join(
        f"[profile {each.account}-{each.slug}]\nrole_arn = {each.role_arn}\nsource_profile = default"
        for each in usable
    )
    command = f"jitbot exec {number} -- aws sts get-caller-identity"
    profile = hidden("A profile for ~/.aws/config", fenced(profiles, "ini"))
    return "\n".join(("**Use it**", "", *links, "", fenced(command, "sh"), "", profile, "", more))


def more_time(state: RequestState, decision: Event, ends: datetime, number: int) -> str:
    """How to have access for longer than until `ends`, and until when at the most, by the policy as it was approved."""
    most = decision.evidence.max_duration_seconds
    longest = None if state.began is None or most is None else state.began + timedelta(seconds=most)
    by = _AN_HOUR if longest is None else min(_AN_HOUR, longest - ends)
    if by < _A_MINUTE:
        return "**No more time**: the policy allows none; ask anew when it is over"
    bound = f"; at the most until {MARKDOWN.strong(when(longest))}" if longest is not None else ""
    command = f"jitbot extend {number} --by {duration.show(by - by % _A_MINUTE)}"
    return f"**More time**, merged before it ends: `{command}`{bound}"
