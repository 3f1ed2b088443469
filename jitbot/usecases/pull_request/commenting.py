"""`jitbot comment`: what people see on a pull request, brought up to date. It steers; no decision hangs on any of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.model.documents import Finding, Sha, errors
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.request.new_request import APPROVAL, CHECK
from jitbot.domain.views import merged_comment, open_comment
from jitbot.domain.views.comment_body import is_ours
from jitbot.domain.views.merged_comment import MergedRequest
from jitbot.domain.views.titles import title
from jitbot.ports.conversation import Comment, Conversation, Light, Page, Status
from jitbot.usecases.collect.collect_case import CaseCollector
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view as ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request.request_summary import Brief, brief

MAIN = "main"
_DESCRIPTION = 140  # characters of a status that GitHub takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pull request should show. An empty body or title: none of ours; `begin`: where there is none yet, make it."""

    number: int
    body: str = ""
    begin: bool = True
    title: str = ""
    statuses: tuple[tuple[str, Status], ...] = ()
    findings: tuple[Finding, ...] = ()
    head: Sha | None = None
    was_titled: str = ""


def of_pull(context: Context, talk: Conversation, number: int, now: datetime) -> Shown:
    """What one pull request should show, whatever has become of it."""
    page = talk.page(number)
    if page.pull.base_branch != MAIN:
        return Shown(number=number)
    if page.is_open:
        return _of_open(page, brief(context, page.pull, now))
    history = ledger.read(context, now)
    if history.doubt:
        raise UnavailableError(history.doubt)  # what cannot be checked may be an end
    merged = of_merged(context, history, number, now)
    if merged.body or page.pull.merged_at is None:
        return merged if merged.body else Shown(number=number, body=open_comment.nothing(number), begin=False)
    return Shown(number=number, body=merged_comment.undecided(number), begin=False)


def of_merged(context: Context, history: LedgerView, number: int, now: datetime) -> Shown:
    """What a merged pull request should show by the ledger alone; no body if the ledger has not heard of it."""
    stand = grant_statuses(history.lives.values(), now)
    found = merged_comment.merged_requests(history.events, history.lives, stand, number)
    if not found:
        return Shown(number=number)
    collector = CaseCollector(context=context)
    told = [replace(each, doubt=history.doubt_of(each.path)) for each in found]
    described = [_described(context, collector, each) for each in told]
    return Shown(number=number, body=merged_comment.outcome(described, number=number))


def _described(context: Context, collector: CaseCollector, each: MergedRequest) -> MergedRequest:
    main = context.repository.main()
    policy = collector.rules(main, policy_of(each.path)).policy.value
    gone = not context.repository.entries(main, [each.path])
    return replace(each, description=policy.description if policy is not None else "", gone=gone)


def _of_open(page: Page, told: Brief) -> Shown:
    number = page.pull.number
    enough, said = open_comment.steering(told.summaries)
    findings = (*told.findings, *open_comment.too_much(told.summaries))
    wrong = errors(findings)
    count = len(wrong)
    codes = ", ".join(dict.fromkeys(finding.code for finding in wrong))
    check = Status(
        light=Light.FAILURE if count else Light.SUCCESS,
        description=_cut(f"{count} to fix: {codes}" if count else "all good"),
    )
    approval = Status(light=Light.SUCCESS if enough else Light.PENDING, description=_cut(said))
    if told.unread:
        approval = Status(light=Light.PENDING, description="can be judged once the check is green")
    elif not told.summaries:
        approval = Status(light=Light.SUCCESS, description="no access is asked for here")
    return Shown(
        number=number,
        body=_body(page, told, wrong),
        begin=bool(told.summaries) or told.unread,
        title=title(told.summaries) if told.alone else "",
        statuses=((CHECK, check), (APPROVAL, approval)),
        findings=findings,
        head=page.pull.head,
        was_titled=page.title,
    )


def _body(page: Page, told: Brief, findings: tuple[Finding, ...]) -> str:
    number = page.pull.number
    if told.summaries:
        auto_merge = page.auto_merge
        return open_comment.proposal(
            told.summaries, findings, number=number, auto_merge=auto_merge, doubt=told.doubt
        )
    return open_comment.unread(findings, number=number) if told.unread else open_comment.nothing(number)


def put(talk: Conversation, shown: Shown, *, run: str) -> bool:
    """Bring a pull request up to date; nothing is written that is there already. Whether anything was.

    What one part meets holds up no other: whoever has used up the statuses of a commit hides no comment.
    """
    parts = (partial(_set, talk, shown, run), partial(_retitle, talk, shown), partial(_say, talk, shown))
    written, trouble = False, list[JitbotError]()
    for part in parts:
        try:
            written = part() or written
        except (DeniedError, UnavailableError) as error:
            trouble.append(error)
    if trouble:
        raise next((each for each in trouble if isinstance(each, UnavailableError)), trouble[0])
    return written


def _set(talk: Conversation, shown: Shown, run: str) -> bool:
    if shown.head is None:
        return False
    there = talk.statuses(shown.head)
    other = [(context, status) for context, status in shown.statuses if there.get(context) != status]
    for context, status in other:
        talk.set_status(shown.head, context, status, run)
    return bool(other)


def _retitle(talk: Conversation, shown: Shown) -> bool:
    if shown.title in ("", shown.was_titled):
        return False
    talk.retitle(shown.number, shown.title)
    return True


def _say(talk: Conversation, shown: Shown) -> bool:
    return bool(shown.body) and keep(talk, shown.number, shown.body, begin=shown.begin)


def keep(talk: Conversation, number: int, body: str, *, begin: bool) -> bool:
    """Have this as the one comment of ours: the oldest stays and is edited, later twins go. Whether anything was written.

    A write that seemed to fail may have taken effect, even several times: after a post all is read back.
    """
    ours, posted = _ours(talk.comments(number)), False
    if not ours:
        if not begin:
            return False
        ours, posted = _post(talk, number, body), True
    first, *twins = ours
    for twin in twins:
        talk.remove(twin.comment_id)
    if _same(first.body, body):
        return posted or bool(twins)
    talk.edit(first.comment_id, body)
    return True


def _post(talk: Conversation, number: int, body: str) -> list[Comment]:
    trouble: UnavailableError | None = None
    made: list[Comment] = []
    try:
        made = [talk.post(number, body)]
    except UnavailableError as error:
        trouble = error
    if made and not made[0].by_actions:
        talk.remove(made[0].comment_id)
        raise DeniedError(
            "this token is not that of a job of Actions: a comment made with it could not be found again"
        )
    known = {each.comment_id: each for each in (*made, *_ours(talk.comments(number)))}
    if not known:
        raise trouble or UnavailableError("the comment that was made is not there; the next run makes it")
    return [known[comment_id] for comment_id in sorted(known)]


def _ours(comments: Iterable[Comment]) -> list[Comment]:
    """By author and by marker: a marker in somebody else's comment makes it none of ours."""
    ours = [each for each in comments if each.by_actions and is_ours(each.body)]
    return sorted(ours, key=lambda each: each.comment_id)


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.strip()


def _cut(text: str) -> str:
    return text if len(text) <= _DESCRIPTION else f"{text[: _DESCRIPTION - 1]}…"
