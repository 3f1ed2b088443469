"""What `jitbot status` shows of each thing: a row for people, and JSON for machines, all with the same keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, RefusedRequest
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.request.to_approve import DueReview
from jitbot.domain.text import duration, timestamp
from jitbot.domain.usage.in_words import as_json as use_json
from jitbot.domain.views.approval_places import placed
from jitbot.domain.views.request_summary import temporary
from jitbot.domain.views.wording import TERMINAL
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest

Row = tuple[str, str, str, str, str]  # who, request, account, state, until


def asked_row(each: OpenRequest) -> Row:
    """What is asked for, and waits for approvals."""
    accounts, asked = ", ".join(each.accounts), f"asked, {_waits(each)}"
    return (each.requester, _name(each.request), accounts, asked, f"pull request {each.number}")


def _name(request: str) -> str:
    return request.removeprefix(REQUESTS)


def _waits(each: OpenRequest) -> str:
    known, owners = each.approvals, " ".join(each.owners) or "nobody"
    if isinstance(known, NotKnown):
        return f"? of {each.needed} by {owners}"
    if each.needed < 1:
        return "break-glass: any one approval for GitHub"
    waits = f"{len(known.approvals)} of {each.needed} by {owners}"
    if known.requirement.by_rules:
        waits = f"{known.filled} of {each.needed}: {placed(known.places, TERMINAL)}"
    for_a_time = temporary(known)
    return f"{waits} ({for_a_time})" if for_a_time else waits


def waiting_row(each: OpenRequest | UnreadRequest, now: datetime) -> Row:
    """What waits for this person's approval: since when, and where."""
    if isinstance(each, UnreadRequest):
        return ("?", _name(each.request or ""), "?", f"waits for you: {each.approvals.why}", each.url)
    asked = f"waits for you, asked {_ago(each.asked_at, now)}: {_waits(each)}"
    return (each.requester, _name(each.request), ", ".join(each.accounts), asked, each.url)


def _ago(moment: datetime, now: datetime) -> str:
    return f"{duration.show(now - moment)} ago" if now - moment >= timedelta(minutes=1) else "just now"


def due_row(each: DueReview, repository: str, now: datetime) -> Row:
    """A break-glass grant that this person is to review."""
    due = each.review
    late = now >= due.review_by
    by = f"{'was due' if late else 'due'} by {timestamp.show(due.review_by)}"
    state = f"waits for your review, merged {_ago(due.merged_at, now)}, {by}"
    return (due.requester, _name(due.request), ", ".join(each.accounts), state, _page(each, repository))


def _page(each: DueReview, repository: str) -> str:
    return f"{repository}/pull/{each.review.pull_request}"


def due_json(each: DueReview, repository: str) -> list[dict[str, object]]:
    """The same for machines: a row for each account."""
    due = each.review
    return [
        _json(
            due.request,
            due.requester,
            account,
            "to review",
            pull_request=due.pull_request,
            url=_page(each, repository),
            waiting_for={"review_by": timestamp.show(due.review_by)},
            asked_at=timestamp.show(due.merged_at),
        )
        for account in each.accounts
    ]


def _json(
    request: str | None, requester: str | None, account: str | None, state: str, **known: object
) -> dict[str, object]:
    """The keys that every row has, null for all that there is not; and what else is known of it."""
    return {
        "request": request,
        "requester": requester,
        "account": account,
        "account_id": None,
        "role_arn": None,
        "state": state,
        "why": None,
        "expires_at": None,
        "seconds_left": None,
        "pull_request": None,
        "url": None,
        "waiting_for": None,
        **known,
    }


def granted_row(each: GrantStatus) -> Row:
    """What is granted in one account."""
    until = timestamp.show(each.ended_at or each.expires_at)
    return (each.requester, _name(each.request), each.account, _state(each), until)


def refused_row(each: RefusedRequest) -> Row:
    """What was refused, and why."""
    why = f"refused: {'; '.join(each.reasons) or 'no reason is recorded'}"
    return (each.requester, _name(each.request), ", ".join(each.accounts), why, timestamp.show(each.at))


def refused_json(each: RefusedRequest) -> dict[str, object]:
    """What was refused."""
    return _json(
        each.request,
        each.requester,
        None,
        "refused",
        why="; ".join(each.reasons) or None,
        ended_at=timestamp.show(each.at),
        pull_request=each.pull_request,
    )


def waiting_json(waiting: Sequence[OpenRequest | UnreadRequest]) -> list[dict[str, object]]:
    """What waits for this person: as what is asked for, and since when."""
    found: list[dict[str, object]] = []
    for each in waiting:
        rows = [unread_json(each)] if isinstance(each, UnreadRequest) else asked_json([each])
        since = None if isinstance(each, UnreadRequest) else timestamp.show(each.asked_at)
        found += [{**row, "asked_at": since} for row in rows]
    return found


def asked_json(asks: Sequence[OpenRequest]) -> list[dict[str, object]]:
    """What is asked for: a row for each account."""
    return [
        _open_json(each, each.requester, account, approvals=each.needed, owners=list(each.owners))
        for each in asks
        for account in each.accounts
    ]


def unread_json(each: UnreadRequest) -> dict[str, object]:
    """A pull request that could not be read, and why."""
    return _open_json(each, None, None, approvals=None, owners=None)


def _open_json(
    each: OpenRequest | UnreadRequest,
    requester: str | None,
    account: str | None,
    *,
    approvals: int | None,
    owners: list[str] | None,
) -> dict[str, object]:
    """What an open pull request asks for in one account."""
    waits = {"approvals": approvals, **_approved_json(each.approvals), "owners": owners}
    return _json(
        each.request,
        requester,
        account,
        "asked",
        pull_request=each.number,
        url=each.url,
        waiting_for=waits,
    )


def _approved_json(approvals: PendingApprovals | NotKnown) -> dict[str, object]:
    """Whose approvals count; null, and why, where that is not known."""
    if isinstance(approvals, NotKnown):
        return {"approved_by": None, "not_known": approvals.why}
    return {
        "approved_by": [each.person.login for each in approvals.approvals],
        **_rules_json(approvals),
    }


def _rules_json(approvals: PendingApprovals) -> dict[str, object]:
    """Of a policy whose `approvals:` is a list alone: the rules that hold, and each place with who fills it, or could."""
    if not approvals.requirement.by_rules:
        return {}
    places = [
        {
            "team": each.team.name if each.team is not None else None,
            "approved_by": each.person.login if each.person is not None else None,
            "able": [person.login for person in each.able],
        }
        for each in approvals.places
    ]
    return {"approval_rules": list(approvals.requirement.in_words()), "places": places}


def _state(each: GrantStatus) -> str:
    mark = f", break-glass, {each.review}" if each.review else ""
    mark += ", rehearsal" if each.is_rehearsal else ""
    left = "" if each.state is GrantState.ENDED else f", {duration.show(each.left)} left"
    return f"{each.why or each.state}{left}{mark}"


def granted_json(each: GrantStatus, numbers: Mapping[str, Sequence[int]]) -> dict[str, object]:
    """What is granted in one account; the last of `numbers` is the pull request that last gave it."""
    return _json(
        each.request,
        each.requester,
        each.account,
        each.state,
        account_id=each.account_id,
        role_arn=each.role_arn,
        why=each.why or None,
        expires_at=timestamp.show(each.expires_at),
        seconds_left=int(each.left.total_seconds()),
        pull_request=next(reversed(numbers.get(each.request, ())), None),
        **({"break_glass": each.review} if each.review else {}),
        **({"rehearsal": True} if each.is_rehearsal else {}),
        **({"ended_at": timestamp.show(each.ended_at)} if each.ended_at is not None else {}),
        **({"use": use_json(each.use)} if each.use is not None else {}),
    )
