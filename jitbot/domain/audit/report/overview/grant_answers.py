"""The rows of the first page that are about grants: the population, what was refused, each question of auditors, and what is active."""

from collections.abc import Mapping, Sequence

from jitbot.domain.audit.report.overview.answer import AuditAnswer, in_words
from jitbot.domain.audit.report.overview.populations import ActiveGrants
from jitbot.domain.audit.report.summary import Summary, Tally, rehearsed
from jitbot.domain.audit.verify.grant_record import GrantOutcome, GrantRecord
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.amount import many

POPULATION = ("population.csv", "population.json")
_ASKED = {
    "approved_before_grant": "Was access approved before it was given?",
    "within_max": "Was access within the limits of its policy?",
    "separation_of_duties": "Did somebody else than the requester approve it?",
    "removed_on_time": "Did access end, and was it removed, on time?",
    "reviewed_in_time": "Was emergency access (break-glass) reviewed in time?",
}


def population_answer(summary: Summary) -> AuditAnswer:
    """How much there is, and what became of it."""
    asked = f"{many(summary.requests, 'request')} of {many(summary.people, 'person', 'people')}{rehearsed(summary)}"
    counted = f"{many(summary.records, 'item')}, one for each request and account: {asked}."
    parts = [counted, f"{in_words(summary.outcomes.items()).capitalize()}."] if summary.records else [counted]
    parts += [f"{many(summary.privileged, 'grant')} of high or critical risk."] if summary.privileged else []
    return AuditAnswer(
        name="population",
        question="Who asked for access, and what became of it?",
        answer=" ".join(parts),
        section="population",
        files=POPULATION,
        numbers={
            "items": summary.records,
            "requests": summary.requests,
            "people": summary.people,
            "rehearsals": len(summary.rehearsals),
            "privileged": summary.privileged,
            **summary.outcomes,
        },
    )


def refused_answer(summary: Summary, drawn: Sequence[GrantRecord]) -> AuditAnswer:
    """That the control refuses: how often, and how many are shown as a negative test."""
    refused = summary.outcomes[GrantOutcome.REFUSED]
    shown = f"{len(drawn):,} of them {'is' if len(drawn) == 1 else 'are'} drawn as a negative test, with what refused them."
    return AuditAnswer(
        name="refused",
        question="Does it refuse what it must refuse?",
        answer=f"{many(refused, 'item')} {'was' if refused == 1 else 'were'} refused; {shown}"
        if refused
        else "Nothing was refused in this period, so there is no sample.",
        section="refusals",
        files=("sample/refusals.csv", *POPULATION),
        numbers={"refused": refused, "drawn": len(drawn)},
    )


def active_answer(active: ActiveGrants) -> AuditAnswer:
    """What was active at the period's last moment."""
    unclear = sum(each.held_until is None for each in active.records)
    doubt = f"; the end of {unclear:,} is not recorded" if unclear else ""
    return AuditAnswer(
        name="active",
        question="What was active at the end of the period?",
        answer=f"{many(len(active.records), 'grant')} at {timestamp.show(active.at)}{doubt}.",
        section="active",
        files=("active.csv", "active.json"),
        numbers={"active": len(active.records), "without_end": unclear},
        unknown=unclear or None,
        of_grants=True,
    )


def question_answers(summary: Summary) -> tuple[AuditAnswer, ...]:
    """A row for each question that is asked of every grant."""
    return tuple(_question(tally, summary) for tally in summary.tallies)


def _question(tally: Tally, summary: Summary) -> AuditAnswer:
    counts = {
        "yes": tally.yes,
        "no": tally.no,
        "unknown": tally.unknown,
        "not due yet": tally.open,
        "not required": tally.not_required,
    }
    judged = sum(counts.values())
    words = f"Of {many(judged, 'grant')}: {in_words(counts.items())}." if judged else _none(tally)
    return AuditAnswer(
        name=tally.question,
        question=_ASKED[tally.question],
        answer=" ".join([words, *_more(tally, summary)]),
        section="questions",
        files=POPULATION,
        numbers={"grants": judged, **counts, **_awaiting(tally, summary)},
        exceptions=tally.no,
        unknown=tally.unknown,
        of_grants=True,
    )


def _none(tally: Tally) -> str:
    return "None was used." if tally.question == "reviewed_in_time" else "No access was given."


def _awaiting(tally: Tally, summary: Summary) -> Mapping[str, int]:
    return {"not reviewed yet": len(summary.awaiting)} if tally.question == "reviewed_in_time" else {}


def _more(tally: Tally, summary: Summary) -> list[str]:
    """What else belongs to a question: who held access the longest, and how many reviews are awaited."""
    if tally.question == "within_max" and summary.longest is not None:
        longest = summary.longest
        held = duration.show(summary.held)
        return [f"The longest was {held}: {longest.requester}, {longest.policy} in {longest.account}."]
    if tally.question == "reviewed_in_time" and summary.awaiting:
        return [f"{many(len(summary.awaiting), 'grant')} not reviewed yet."]
    return []
