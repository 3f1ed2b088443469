"""A survey's items as the page wants them: rows of numbers, and one pool of all texts, each text once.

Twenty thousand grants share most of their words, and a file that is mailed should not say them twenty thousand
times. `templates/report/data.js` reads what is written here, field by field in this order.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from jitbot.domain.audit.report.csv_columns import allowed
from jitbot.domain.audit.report.grant_record import ControlAnswer, GrantRecord, RecordedDecision, Reviewed
from jitbot.domain.audit.report.summary import QUESTIONS
from jitbot.domain.model import escape

Row = list[object]
_ANSWERS = (ControlAnswer.YES, ControlAnswer.NO, ControlAnswer.UNKNOWN)


class Pool:
    """Texts by number, in the order in which they were first met. What in them does not print is its escape."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(escape.terminal(text), len(self._numbers))

    def lines(self, texts: Iterable[str]) -> int:
        """The number of several texts, each on a line of its own."""
        return self._numbers.setdefault("\n".join(map(escape.terminal, texts)), len(self._numbers))

    @property
    def texts(self) -> list[str]:
        """All texts, by their number."""
        return list(self._numbers)


def content(items: Iterable[GrantRecord]) -> Mapping[str, object]:
    """`{"texts": […], "rows": [[…], …], "questions": {name: title}}`."""
    pool = Pool()
    rows = [_row(item, pool) for item in items]
    return {"texts": pool.texts, "rows": rows, "questions": dict(QUESTIONS)}


def _row(item: GrantRecord, pool: Pool) -> Row:
    return [*_asked(item, pool), *_held(item, pool), *_judged(item, pool)]


def _asked(item: GrantRecord, pool: Pool) -> Row:
    actions, resources = allowed(item.documents)
    managed = item.documents.managed_policies if item.documents is not None else ()
    parameters = ", ".join(f"{name}: {value}" for name, value in sorted(item.parameters.items()))
    return [
        *map(pool, (item.id, item.outcome.value, item.request, item.policy, item.account, item.account_id)),
        *map(pool, (item.role_name, item.requester, item.principal, item.reason, item.ticket, item.duration)),
        pool(parameters),
        *map(pool.lines, (actions, resources, managed)),
        *map(pool, (item.digest, item.risk)),
        pool.lines(item.risk_reasons),
        item.github_id,
    ]


def _held(item: GrantRecord, pool: Pool) -> Row:
    ended, review = item.ended, item.after_review
    return [
        *map(_seconds, (item.not_before, item.not_after, item.granted_at, item.held_until, item.first)),
        [_decision(each, pool) for each in item.decisions],
        [[_seconds(each.at), pool.lines(each.request_ids), pool(each.run)] for each in item.granted],
        [
            _seconds(ended.at),
            *map(pool, (ended.why, ended.seen, ended.cause, ended.by, ended.reason, ended.run)),
        ]
        if ended
        else None,
        _seconds(item.removed_at),
        int(item.verified_absent),
        [_seconds(review.due), pool(", ".join(review.reviewers)), _seconds(review.at), pool(review.by)]
        if review
        else None,
    ]


def _judged(item: GrantRecord, pool: Pool) -> Row:
    """The answers in the questions' order; the reason is told of whatever is no yes."""
    answers = [item.judgements[name] for name in QUESTIONS if name in item.judgements]
    judged = [
        [
            _ANSWERS.index(each.answer),
            pool("" if each.answer is ControlAnswer.YES else each.why),
            int(each.due),
        ]
        for each in answers
    ]
    return [judged, int(item.break_glass), int(bool(item.exceptions)), int(bool(item.doubts)), item.failures]


def _decision(each: RecordedDecision, pool: Pool) -> Row:
    return [
        *map(pool, (each.kind, each.commit, each.head, each.rules_commit, each.author, each.merged_by)),
        pool(each.owner_rule),
        pool.lines(each.reasons),
        pool(each.run),
        *map(_seconds, (each.at, each.requested_at, each.merged_at)),
        each.pull_request,
        each.required,
        [_review(review, pool) for review in each.reviews],
    ]


def _review(each: Reviewed, pool: Pool) -> Row:
    texts = (each.login, each.state, each.commit, each.owner_rule, each.why)
    return [*map(pool, texts), each.github_id, each.review_id, _seconds(each.submitted_at), int(each.counted)]


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
