"""`jitbot comment`: updates what people see on a pull request. It guides people; no decision depends on it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from jitbot.domain.model.documents import Finding, errors
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Comment, PullPage, Status, StatusState
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.model.parsed_case import fitting
from jitbot.domain.request.new_request import APPROVAL, CHECK
from jitbot.domain.rule_effects.rule_report import comment as rules_comment
from jitbot.domain.rule_effects.rule_report import in_one_line
from jitbot.domain.views import merged_comment, open_comment
from jitbot.domain.views.titles import title
from jitbot.usecases.context import Context
from jitbot.usecases.decide.deciding import due
from jitbot.usecases.ledger import ledger_view as ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request import closing
from jitbot.usecases.pull_request.kept_comment import Shown, of_merged, ours, same, to_edit
from jitbot.usecases.pull_request.request_summary import Brief, brief

MAIN = "main"
_DESCRIPTION = 140  # characters of a status that GitHub takes
_DOUBTFUL = 10  # merges that a run left in doubt and whose comments say so, the latest ones: a call for each


def of_pull(context: Context, number: int, now: datetime) -> Shown:
    """What one pull request should show, whether it is open, closed or merged."""
    page = _page(context, number)
    reading = None if page is None else page.reading
    pull = context.github.pull(number) if reading is None else reading.pull
    if pull.base_branch != MAIN:
        return Shown(number=number)
    if pull.is_open:
        shown = _of_open(pull, brief(context, pull, now, reading=reading))
        return (
            shown
            if page is None
            else replace(shown, statuses_there=page.statuses, comments_there=page.comments)
        )
    history = ledger.read(context, now)
    if history.doubt:
        raise UnavailableError(history.doubt)  # what cannot be checked may be an end
    merged = of_merged(context, history, number, now)
    if merged.body:
        return merged
    if pull.merged_at is None:
        reason = closing.why(context, history, pull, now)
        body = open_comment.over(number, reason) if reason else open_comment.nothing(number)
        return Shown(number=number, body=body, begin=False)
    if not any(map(is_request, context.github.files(number))):
        return Shown(number=number)  # a change of rules: its comment says what the merge did
    return Shown(number=number, body=merged_comment.undecided(number), begin=False)


def _page(context: Context, number: int) -> PullPage | None:
    """The pull request in one call; None where it has to be asked one by one, which then says what is wrong."""
    try:
        return context.github.read_pull(number)
    except JitbotError:
        return None


def with_comments(context: Context, shown: Sequence[Shown]) -> list[Shown]:
    """Each with the comments that are there, read together as far as they can be."""
    wanted = [each.number for each in shown if each.body and each.comments_there is None]
    try:
        there = context.github.comments_of(wanted) if wanted else {}
    except JitbotError:
        there = {}
    return [
        replace(each, comments_there=there[each.number]) if each.number in there else each for each in shown
    ]


def edited_together(context: Context, shown: Sequence[Shown]) -> tuple[list[Shown], frozenset[int]]:
    """Edit in one call the comments of which nothing but the text has to change; gives the pull requests of those, too.

    What could not be edited so is left to `put`, which edits one by one and says what is wrong.
    """
    wanted = {each.number: first for each in shown if (first := to_edit(each)) is not None}
    bodies = {wanted[each.number].node_id: each.body for each in shown if each.number in wanted}
    if len(bodies) < 2:
        return list(shown), frozenset()
    try:
        context.github_write.edit_comments(bodies)
    except JitbotError:
        return list(shown), frozenset()
    right = [
        replace(each, comments_there=(replace(wanted[each.number], body=each.body),))
        if each.number in wanted
        else each
        for each in shown
    ]
    return right, frozenset(wanted)


def of_over(context: Context, history: LedgerView, now: datetime) -> list[Shown]:
    """What the open pull requests should show that can give nothing any more, and that they are to be closed."""
    return [
        Shown(number=pull.number, body=open_comment.over(pull.number, reason), close=pull.head)
        for pull, reason in closing.over(context, history, MAIN, now)
    ]


def of_undecided(
    context: Context, history: LedgerView, shown: Iterable[int], now: datetime
) -> Iterator[Shown]:
    """What the pull requests should show whose requests a run left in doubt, except those that are `shown` already."""
    portions = due(context, history, now)
    # Those that earlier runs could not decide come last among what is due: many of them may not hide a new one.
    commits = {change.commit: change.committed_at for each in portions for change, _ in each.changes}
    known = set(shown)
    for commit in sorted(commits, key=commits.__getitem__)[-_DOUBTFUL:]:
        merged = fitting(
            tuple(context.github.pulls_of(commit)),
            commit=commit,
            default_branch=MAIN,
            repository_id=context.settings.repository_id,
            requester=None,
        )
        for number in (each.number for each in merged if each.number not in known):
            known.add(number)
            recorded = of_merged(context, history, number, now)  # of another request in it, by an earlier run
            undecided = Shown(number=number, body=merged_comment.undecided(number), begin=False)
            yield recorded if recorded.body else undecided


def _of_open(pull: PullRequest, brief: Brief) -> Shown:
    number = pull.number
    enough, said = open_comment.steering(brief.summaries)
    findings = (*brief.findings, *open_comment.too_much(brief.summaries))
    wrong = errors(findings)
    count = len(wrong)
    codes = ", ".join(dict.fromkeys(finding.code for finding in wrong))
    check = Status(
        state=StatusState.FAILURE if count else StatusState.SUCCESS,
        description=_cut(f"{count} to fix: {codes}" if count else "all good"),
    )
    approval = Status(state=StatusState.SUCCESS if enough else StatusState.PENDING, description=_cut(said))
    if brief.unread:
        approval = Status(state=StatusState.PENDING, description="can be judged once the check is green")
    elif not brief.summaries:
        approval = Status(state=StatusState.SUCCESS, description="no access is asked for here")
    return Shown(
        number=number,
        body=_body(pull, brief, wrong),
        begin=bool(brief.summaries) or brief.unread or _speaks(brief),
        title=title(brief.summaries) if brief.alone else "",
        statuses=((CHECK, check), (APPROVAL, approval)),
        findings=findings,
        head=pull.head,
        was_titled=pull.title,
    )


def _body(pull: PullRequest, brief: Brief, findings: tuple[Finding, ...]) -> str:
    number = pull.number
    rules = in_one_line(brief.rules) if brief.rules is not None else ""
    if brief.summaries:
        return open_comment.proposal(
            brief.summaries,
            findings,
            number=number,
            page=pull.url,
            auto_merge=pull.auto_merge,
            doubt=brief.doubt,
            rules=rules,
        )
    if brief.rules is not None:
        return rules_comment(brief.rules, number=number)
    return open_comment.unread(findings, number=number) if brief.unread else open_comment.nothing(number)


def _speaks(brief: Brief) -> bool:
    """Whether a change of rules gets a comment of its own; one that is there is kept current in any case."""
    return brief.rules is not None and (brief.rules.speaks or bool(brief.findings))


def put(context: Context, shown: Shown, *, run: str) -> bool:
    """Update a pull request; a part that is already right is not written. Returns whether anything was written.

    An error in one part does not stop the others: a person who uses up a commit's statuses cannot hide the comment.
    """
    parts = (
        partial(_set, context, shown, run),
        partial(_retitle, context, shown),
        partial(_say, context, shown),
    )
    written, trouble = False, list[JitbotError]()
    for part in parts:
        try:
            written = part() or written
        except (DeniedError, UnavailableError) as error:
            trouble.append(error)
    if trouble:
        raise next((each for each in trouble if isinstance(each, UnavailableError)), trouble[0])
    return _close(context, shown) or written


def _set(context: Context, shown: Shown, run: str) -> bool:
    if shown.head is None:
        return False
    there = context.github.statuses(shown.head) if shown.statuses_there is None else shown.statuses_there
    other = [(name, status) for name, status in shown.statuses if there.get(name) != status]
    for name, status in other:
        context.github_write.set_status(shown.head, name, status, run)
    return bool(other)


def _retitle(context: Context, shown: Shown) -> bool:
    if shown.title in ("", shown.was_titled):
        return False
    context.github_write.retitle(shown.number, shown.title)
    return True


def _close(context: Context, shown: Shown) -> bool:
    """Close it, if it is still what was judged: its author may have pushed, or somebody merged it, meanwhile."""
    if shown.close is None:
        return False
    pull = context.github.pull(shown.number)
    if not pull.is_open or pull.head != shown.close:
        return False
    context.github_write.close_pull(shown.number)
    return True


def _say(context: Context, shown: Shown) -> bool:
    return bool(shown.body) and keep(
        context, shown.number, shown.body, begin=shown.begin, there=shown.comments_there
    )


def keep(
    context: Context, number: int, body: str, *, begin: bool, there: tuple[Comment, ...] | None = None
) -> bool:
    """Make this jitbot's only comment: edit the oldest one, delete later ones. Returns whether anything was written.

    `there` are the comments, where they were read already.

    A write that seemed to fail may have taken effect, even several times. So after a post all comments are read back.
    """
    kept, posted = ours(_there(context, number) if there is None else there), False
    if not kept:
        if not begin:
            return False
        kept, posted = _post(context, number, body), True
    first, *twins = kept
    for twin in twins:
        context.github_write.remove_comment(twin.comment_id)
    if same(first.body, body):
        return posted or bool(twins)
    context.github_write.edit_comment(first.comment_id, body)
    return True


def _post(context: Context, number: int, body: str) -> list[Comment]:
    trouble: UnavailableError | None = None
    made: list[Comment] = []
    try:
        made = [context.github_write.post_comment(number, body)]
    except UnavailableError as error:
        trouble = error
    if made and not made[0].by_actions:
        context.github_write.remove_comment(made[0].comment_id)
        raise DeniedError(
            "this token is not that of a job of Actions: a comment made with it could not be found again"
        )
    known = {each.comment_id: each for each in (*made, *ours(_there(context, number)))}
    if not known:
        raise trouble or UnavailableError("the comment that was made is not there; the next run makes it")
    return [known[comment_id] for comment_id in sorted(known)]


def _there(context: Context, number: int) -> tuple[Comment, ...]:
    """Every comment that is there now."""
    try:
        found = context.github.comments_of([number]).get(number)
    except JitbotError:
        found = None
    return context.github.comments(number) if found is None else found


def _cut(text: str) -> str:
    return text if len(text) <= _DESCRIPTION else f"{text[: _DESCRIPTION - 1]}…"
