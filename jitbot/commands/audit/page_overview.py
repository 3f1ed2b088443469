"""The first page of the report and the figures behind it, as texts for the templates; the pack's index shows the same rows."""

from collections.abc import Iterable, Mapping

from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.controls import CONTROLS, Control
from jitbot.domain.audit.report.overview.policy_figures import PolicyFigures
from jitbot.domain.audit.report.overview.populations import ActiveGrants, Population
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.text import timestamp
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import inert
from jitbot.usecases.audit.period_report import PeriodReport

_SHOWN_ACTIVE = 25
Text = Mapping[str, str]


def answer_rows(answers: Iterable[AuditAnswer], *, in_pack: bool = False) -> list[Text]:
    """The rows of the first page. Their links lead to the sections of the report, or to the files of the pack."""
    return [_answer(each, each.files[0] if in_pack else f"#{each.section}") for each in answers]


def overview(report: PeriodReport) -> Mapping[str, object]:
    """The values of the templates' sections."""
    return {
        "answers": answer_rows(report.answers),
        "populations": [_population(each) for each in report.populations],
        "active": _active(report.active),
        "refusals": {
            "seed": report.seed,
            "rows": [_refusal(each) for each in report.refusals],
        },
        "figures": [_figures(each) for each in report.figures] if report.records else [],
        "controls": [_control(each, report.answers) for each in CONTROLS],
    }


def _answer(each: AuditAnswer, link: str) -> Text:
    return inert(
        name=each.name,
        question=each.question,
        answer=each.answer,
        link=link,
        row="exception" if each.mark == "bad" else each.mark,
        exceptions=_number(each.exceptions),
        exceptions_mark=_mark(each.exceptions, "exception"),
        unknown=_number(each.unknown),
        unknown_mark=_mark(each.unknown, "unknown"),
        controls=", ".join(each.controls),
    )


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _mark(number: int | None, against: str) -> str:
    return "none" if number is None else against if number else "good"


def _population(each: Population) -> Text:
    return inert(
        name=each.name,
        count=f"{each.count:,}",
        not_known=f"{each.not_known:,}",
        begins=timestamp.show(each.begins) if each.begins else "–",
        ends=timestamp.show(each.ends) if each.ends else "–",
        means=each.means,
    )


def _active(active: ActiveGrants) -> Mapping[str, object]:
    return {
        "at": timestamp.show(active.at),
        "rows": [_held(each) for each in active.records[:_SHOWN_ACTIVE]],
        "left_out": max(len(active.records) - _SHOWN_ACTIVE, 0),
    }


def _held(record: GrantRecord) -> Text:
    return inert(
        id=record.id,
        who=record.requester or "unknown",
        policy=f"{record.policy} in {record.account or record.account_id}",
        since=timestamp.show(record.held_from) if record.held_from else "",
        until=timestamp.show(record.held_until) if record.held_until else "not recorded",
    )


def _refusal(record: GrantRecord) -> Text:
    return inert(
        request=record.request or record.id,
        who=record.requester or "unknown",
        at=timestamp.show(record.first),
        why="; ".join(reason for each in record.decisions for reason in each.reasons) or "not recorded",
    )


def _figures(each: PolicyFigures) -> Text:
    over = f"{each.use.never:,} of {each.use.over:,}" if each.use.over else ""
    not_known = f", {each.use.not_known:,} not known" if each.use.not_known else ""
    because = ", ".join(f"{code.replace('-', ' ')} {count:,}" for code, count in each.reasons)
    return inert(
        policy=each.policy or "no policy",
        count=f"{each.items:,}",
        to_approved=each.to_approved.in_words,
        to_live=each.to_live.in_words,
        refused=f"{each.refused:,} ({because})" if each.refused else "",
        never=over + not_known,
        break_glass=f"{many(each.break_glass, 'grant')}; reviewed in time: {each.review_counts}"
        if each.break_glass
        else "",
    )


def _control(control: Control, answers: Iterable[AuditAnswer]) -> Text:
    asked = [each.question for each in answers if each.name in control.verdicts]
    return inert(
        name=f"{control.standard} {control.id}",
        title=control.title,
        shows=control.shows,
        not_shown=control.not_shown,
        answers=" ".join(asked),
    )
