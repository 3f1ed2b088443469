"""The state of one request in one account at a moment: live until when, for whom, or how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from jitbot.domain.access.request_state import AccountState, ApprovedTerm, RequestState
from jitbot.domain.aws.rehearsal import is_rehearsal
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import AccountId
from jitbot.domain.text import timestamp
from jitbot.domain.usage.use_event import GrantUse, last_term, use_of


class GrantState(StrEnum):
    """The states a person may see, in the order in which they matter."""

    LIVE = "live"
    PLANNED = "planned"  # granted, and its window has not begun
    APPROVED = "approved"  # decided, and not yet granted
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantStatus:
    """One request in one account at a moment. `left` is what remains of a window not yet over."""

    request: str
    requester: str
    principal: str  # as the ledger recorded it, in the words of `ask.principal_text`
    account: str
    account_id: AccountId
    role_arn: str
    state: GrantState
    starts_at: datetime | None
    granted_at: datetime | None  # the last time; None: not granted yet
    expires_at: datetime
    left: timedelta
    why: str  # how it ended; empty unless ENDED
    ended_at: datetime | None = None  # when access really ended; None unless ENDED
    review: str = ""  # of a break-glass grant: the state of its review; empty for any other grant
    is_rehearsal: bool = False  # by its documents
    use: GrantUse | None = None  # what CloudTrail showed of it after its end; None: not recorded

    @property
    def slug(self) -> str:
        """The request's file name, in the characters that a profile and a link may have."""
        name = self.request.rpartition("/")[2].removesuffix(".yaml")
        return "".join(each for each in name if each.isascii() and (each.isalnum() or each in "-_"))

    @property
    def switch_role(self) -> str:
        """The link by which a console in which the person is signed in switches to the role. It contains no secret.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
        """
        role = self.role_arn.partition(":role/")[2]
        shown = f"{self.slug} {self.account}"[:64]
        asked = urlencode({"account": self.account_id, "roleName": role, "displayName": shown})
        return f"https://signin.aws.amazon.com/switchrole?{asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRequest:
    """A request that was refused, and never granted: when, and for which reasons."""

    request: str
    requester: str
    accounts: tuple[str, ...]
    at: datetime
    reasons: tuple[str, ...]
    pull_request: int | None


def refused_requests(states: Iterable[RequestState]) -> tuple[RefusedRequest, ...]:
    """Every request that was refused and never approved, the newest first."""
    last = (state.refusals[-1] for state in states if state.current is None and state.refusals)
    return tuple(sorted(map(_refused, last), key=lambda each: (each.at, each.request), reverse=True))


def _refused(event: Event) -> RefusedRequest:
    """One refusal. Of a request that could not be read, the author of the pull request asked."""
    asked, author = event.evidence.asked, event.evidence.author
    return RefusedRequest(
        request=event.request,
        requester=asked.requester or author.login,
        accounts=asked.accounts or (),
        at=event.at,
        reasons=tuple(each.message for each in event.evidence.reasons if each.message),
        pull_request=event.evidence.pull_request,
    )


def grant_statuses(states: Iterable[RequestState], now: datetime) -> tuple[GrantStatus, ...]:
    """Every approved request in each of its accounts: live grants first, then by their end."""
    found = [each for request_state in states for each in _of(request_state, now)]
    order = list(GrantState)
    return tuple(sorted(found, key=lambda each: (order.index(each.state), each.expires_at, each.request)))


def _of(request_state: RequestState, now: datetime) -> Iterable[GrantStatus]:
    term = request_state.current
    if term is None:
        return
    for documents in term.documents:
        account_state = request_state.account_state(documents.account_id)
        state, why = _state(request_state, term, account_state, now)
        planned = term.window.expires_at
        over = min(request_state.early_end(documents.account_id) or planned, planned)
        yield GrantStatus(
            request=request_state.request,
            requester=term.requester,
            principal=term.ask.principal or "",
            account=documents.account,
            account_id=documents.account_id,
            role_arn=documents.role_arn,
            state=state,
            starts_at=term.window.starts_at,
            granted_at=max((event.at for event in account_state.granted), default=None),
            expires_at=term.window.expires_at,
            left=max(term.window.expires_at - now, timedelta())
            if state is not GrantState.ENDED
            else timedelta(),
            why=why,
            ended_at=over if state is GrantState.ENDED else None,
            review=_review(request_state, now),
            is_rehearsal=is_rehearsal(term.ask.policy, (documents,)),
            use=use_of(account_state.used, last_term(account_state.granted)),
        )


def _review(request_state: RequestState, now: datetime) -> str:
    """The state of the review that a break-glass grant requires; of several reviews, the worst state."""
    if not request_state.post_reviews:
        return ""
    waiting = request_state.to_review
    if any(pending_review.objections for pending_review in waiting):
        return "objected to"
    if any(pending_review.overdue(now) for pending_review in waiting):
        return "review overdue"
    if waiting:
        return f"review by {timestamp.show(min(pending_review.review_by for pending_review in waiting))}"
    return "reviewed"


def _state(
    request_state: RequestState, term: ApprovedTerm, account_state: AccountState, now: datetime
) -> tuple[GrantState, str]:
    if account_state.end is not None:
        return GrantState.ENDED, str(account_state.end.why or "ended")
    if (decision := request_state.end_decision) is not None:
        return GrantState.ENDED, str(decision.why or "revoked")
    if now >= term.window.expires_at:
        return GrantState.ENDED, "expired"
    if not account_state.granted:
        return GrantState.APPROVED, ""
    starts = term.window.starts_at
    return (GrantState.PLANNED if starts is not None and now < starts else GrantState.LIVE), ""
