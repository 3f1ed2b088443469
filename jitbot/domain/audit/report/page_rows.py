"""A report's items as the page wants them: rows of numbers, and one pool of all texts, each text once.

Twenty thousand grants share most of their words, and a file that is mailed should not say them twenty thousand
times. `templates/report/data.js` reads what is written here, field by field in this order.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from jitbot.domain.audit.report.columns import allowed, managed, place_in_words
from jitbot.domain.audit.report.summary import QUESTIONS
from jitbot.domain.audit.report.use_rows import lines, state_in_words
from jitbot.domain.audit.verify.grant_record import ControlAnswer, GrantRecord, RecordedDecision, Reviewed
from jitbot.domain.model.documents import OPTIONAL
from jitbot.domain.text import escape

# A tuple is one text with a line for each of its parts; a list stays one.
Cell = None | int | str | datetime | tuple[str, ...] | list["Cell"]
_ANSWERS = tuple(ControlAnswer)


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


def content(records: Iterable[GrantRecord]) -> Mapping[str, object]:
    """`{"texts": […], "rows": [[…], …], "questions": {name: title}, "optional": [name, …], "answers": [word, …]}`."""
    pool = Pool()
    rows = [_encoded(_row(record), pool) for record in records]
    return {
        "texts": pool.texts,
        "rows": rows,
        "questions": dict(QUESTIONS),
        "optional": list(OPTIONAL),
        "answers": list(_ANSWERS),
    }


def _row(record: GrantRecord) -> list[Cell]:
    return [*_asked(record), *_held(record), *_judged(record), *_used(record)]


def _encoded(value: Cell, pool: Pool) -> object:
    """The number of a text, or of several lines of text; the seconds of a moment; what is listed, one by one."""
    match value:
        case None | int():
            return value if value is None else int(value)
        case datetime():
            return int(value.timestamp())
        case str():
            return pool(value)
        case tuple():
            return pool.lines(value)
        case list():
            return [_encoded(each, pool) for each in value]
        case _:
            assert_never(value)


def _asked(record: GrantRecord) -> list[Cell]:
    actions, resources = allowed(record.documents)
    parameters = ", ".join(f"{name}: {value}" for name, value in sorted(record.parameters.items()))
    return [
        *(record.id, record.outcome.value, record.request, record.policy, record.account, record.account_id),
        *(
            record.role_name,
            record.requester,
            record.principal,
            record.reason,
            tuple(record.optional.get(name, "") for name in OPTIONAL),
            record.duration,
        ),
        *(parameters, actions, resources, managed(record)),
        *(record.digest, record.risk, record.risk_reasons, record.github_id),
    ]


def _held(record: GrantRecord) -> list[Cell]:
    end, review = record.ended, record.after_review
    return [
        *(record.not_before, record.not_after, record.granted_at, record.held_until, record.first),
        [_decision(each) for each in record.decisions],
        [[each.at, each.request_ids, each.run] for each in record.granted],
        [end.at, end.why, end.seen, end.cause, end.by, end.reason, end.run] if end else None,
        *(record.removed_at, record.verified_absent),
        [review.due, ", ".join(review.reviewers), review.at, review.by] if review else None,
    ]


def _judged(record: GrantRecord) -> list[Cell]:
    """The answers in the order of the questions. Every answer except "yes" has its reason."""
    answers = [record.judgements[name] for name in QUESTIONS if name in record.judgements]
    judged: list[Cell] = [
        [_ANSWERS.index(each.answer), "" if each.answer is ControlAnswer.YES else each.why]
        for each in answers
    ]
    flags = (record.exceptions, record.doubts, record.not_due)
    return [judged, record.break_glass, *map(bool, flags), record.failures, record.is_rehearsal]


def _used(record: GrantRecord) -> list[Cell]:
    """The state of its use, then what is known of it, a text each."""
    return [[state_in_words(record), *lines(record)]]


def _decision(each: RecordedDecision) -> Cell:
    return [
        *(each.kind, each.commit, each.head, each.rules_commit, each.author, each.merged_by),
        *(each.owner_rule, each.reasons, each.run, each.at, each.requested_at, each.merged_at),
        *(each.pull_request, each.required, [_review(review) for review in each.reviews]),
        *(each.rules, tuple(map(place_in_words, each.places))),
    ]


def _review(each: Reviewed) -> Cell:
    texts = (each.login, each.state, each.commit, each.owner_rule, each.why)
    return [*texts, each.github_id, each.review_id, each.submitted_at, each.counted]
