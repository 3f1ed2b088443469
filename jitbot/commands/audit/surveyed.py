"""Makes the survey of a period for the parts of `jitbot audit` that show or export one."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jitbot.adapters import documents
from jitbot.adapters.repository.rule_log import RuleHistory
from jitbot.commands.audit.opening import books_of
from jitbot.commands.invocation import Invocation
from jitbot.commands.places import data_root
from jitbot.domain.audit.archive import Archive
from jitbot.domain.audit.completeness import not_followed
from jitbot.domain.audit.problems import Weight
from jitbot.domain.errors import InvalidError
from jitbot.lifecycle.auditing import gone_of
from jitbot.lifecycle.surveying import Source, Survey, changed_rules, entitled, survey

_UNANCHORED = "nobody vouches for the issuer's keys: give --keys, ask with --online, or keep them in policies/issuer-keys.json"


def survey_of(
    invocation: Invocation,
    *,
    start: datetime,
    end: datetime,
    keys_file: Path | None,
    online: bool,
    judged_at: datetime | None = None,
) -> Survey:
    """The survey of a period, judged as of now unless at another moment. Raises InvalidError for a period that is empty, or all to come."""
    if start >= end:
        raise InvalidError("the period is empty: --to must come after --from")
    if start > invocation.now:
        raise InvalidError("the period has not begun yet")
    books = books_of(invocation, keys_file=keys_file, online=online)
    rules = RuleHistory(data_root(invocation.folder))
    gone = gone_of(books)
    unread = [each.message for each in not_followed([*books.untold, *gone.untold])]
    warnings, doubt = _objections(books.archive, unread)
    return survey(
        books.archive.events,
        source=Source(
            repository=books.settings.repository,
            main=books.main,
            ledger=books.archive.head,
            warnings=warnings,
            doubt=doubt,
        ),
        start=start,
        end=end,
        now=judged_at or invocation.now,
        absences=gone.absences,
        unread=books.archive.unread,
        rule_changes=changed_rules(rules, start, end),
        entitlements=entitled(rules, documents),
    )


def _objections(archive: Archive, unread: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """What lies in the ledger beside the record, and why the record may not be whole; `unread`: of main."""
    unchecked = [each.message for each in archive.problems if each.weight is Weight.UNCHECKED]
    unchecked += unread
    doubt = "; ".join([*unchecked[:3], *([] if archive.anchored else [_UNANCHORED])])
    warnings = tuple(each.message for each in archive.problems if each.weight is not Weight.UNCHECKED)
    return (*warnings, *unchecked), doubt
