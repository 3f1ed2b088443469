"""The report and the pack say of the use of grants what the events say: what was not seen is never a no, and never a zero."""

from dataclasses import replace

import pytest
from acme_facts import HOUR, NOW
from audit_facts import a_period_report, a_record, approval, decided, ended, granted
from builders import a_case, a_merge
from use_facts import DATA, REFUSED, UNUSED, a_call, a_seen_use, a_sum, a_used_event

from jitbot.commands.audit.page import rendered
from jitbot.domain.audit.report import page_rows
from jitbot.domain.audit.report.use_rows import (
    ADDED,
    FORMER,
    cell_of,
    in_short,
    lines,
    use_answer,
    use_figures,
    use_json,
)
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.recorded_use import CALLS, Unseen
from jitbot.domain.usage.use_event import SeenUse, unseen

OVER = (approval(), granted(), ended())
UNKNOWN = replace(UNUSED, not_seen=(REFUSED, DATA))
FULL = a_seen_use(
    calls=(a_call(error="AccessDenied"),),
    services=(a_sum(), a_sum("s3.amazonaws.com", 2, "AccessDenied")),
    not_seen=(unseen(Unseen.TRAIL_SELECTION, about=CALLS),),
)


def record(seen: SeenUse | None = None) -> GrantRecord:
    """alice's grant, over, with this use, or none."""
    return a_record(*OVER, *([a_used_event(seen)] if seen is not None else []))


@pytest.mark.parametrize(
    ("seen", "cells"),
    [
        (None, {"use": "not asked", "entered": "not read", "calls": "not read", "denied_calls": "not read", "first_use": "not read", "last_use": "not read", "calls_by_service": None, "use_not_seen": None}),
        (UNUSED, {"use": "never entered", "entered": 0, "calls": "not seen", "denied_calls": 0, "first_use": None, "last_use": None}),
        (UNKNOWN, {"use": "not seen", "entered": "not seen", "calls": "not seen", "denied_calls": "not seen", "first_use": "not seen", "last_use": "not seen"}),
        (FULL, {"use": "entered", "entered": 1, "calls": 5, "denied_calls": 2}),
    ],
)  # fmt: skip
def test_the_cells_of_a_use(seen: SeenUse | None, cells: dict[str, object]) -> None:
    """A number that nobody knows is a word."""
    assert {name: cell_of(record(seen), name) for name in cells} == cells


def test_calls_that_were_not_counted_are_none_of_a_service() -> None:
    """The record of a service without a number of calls."""
    used = a_used_event(services=[{"service": "s3.amazonaws.com"}])
    assert cell_of(a_record(*OVER, used), "calls_by_service") == ["s3 0"]


def test_what_was_never_given_has_no_use() -> None:
    """A refused request is neither used nor unused, and is not counted."""
    refused = a_record(decided(a_case(merge=a_merge(reviews=()))))
    assert not any(cell_of(refused, name) for name in (*FORMER, *ADDED))
    assert (lines(refused), use_json(refused.use)) == ([], None)
    assert use_figures([refused]).over == 0


def test_a_live_grant_is_not_unused() -> None:
    """It may be used yet."""
    live = a_record(approval(), granted(), now=NOW + HOUR)
    assert cell_of(live, "use") == "not over"
    assert (use_figures([live]).over, in_short(use_figures([live]))) == (0, "")


def test_the_figures() -> None:
    """Each state is counted apart; what was out of sight is summed in words, the most often first."""
    records = [record(each) for each in (None, UNUSED, UNUSED, UNKNOWN, FULL)]
    figures = use_figures(records)
    assert (figures.over, figures.entered, figures.never, figures.not_seen, figures.not_asked) == (
        5,
        1,
        2,
        1,
        1,
    )
    assert (figures.with_denied, sum(count for _, count, _ in figures.rows)) == (1, 5)
    assert figures.out_of_sight == (
        ("calls that read or write data", 3), ("eu-west-3 (AWS refused)", 1), ("what the trail was not set to record", 1),
    )  # fmt: skip
    assert in_short(figures) == "; of 5 grants that are over: 2 never entered, 2 not known"
    assert (
        in_short(use_figures([record(UNUSED)])) == "; of 1 grant that is over: 1 never entered, 0 not known"
    )
    assert figures.as_json()["never entered"] == 2


def test_the_row_of_the_first_page() -> None:
    """One is one, denied calls are said where some were seen, and where nothing is over it says so."""
    answers = [use_answer(use_figures(list(map(record, seen)))) for seen in ((UNUSED,), (None, FULL), ())]
    assert [each.answer for each in answers] == [
        "Of 1 grant that is over: 0 entered, 1 never entered, 0 not known.",
        "Of 2 grants that are over: 1 entered, 0 never entered, 1 not known. Denied calls were seen in 1.",
        "No grant of this period is over.",
    ]
    assert (answers[1].numbers["not_known"], answers[1].exceptions, answers[1].unknown) == (1, None, None)


def test_the_lines_on_the_page() -> None:
    """What is known, the services, what was out of sight, and the run."""
    assert lines(record(None)) == ["not asked"]
    words, services, not_seen, run = lines(record(FULL))
    assert words.startswith("entered once, first use")
    assert (services, not_seen, run) == (
        "dynamodb 3; s3 2 (2 denied)",
        "what the trail was not set to record",
        "run",
    )
    row = page_rows.content([record(UNKNOWN)])
    texts = row["texts"]
    assert isinstance(texts, list)
    assert {"not seen", "eu-west-3 (AWS refused); calls that read or write data"} <= set(texts)


def test_the_page_says_it_in_words() -> None:
    """The section has every state with what it means, and what was out of sight; escaped like all else."""
    hostile = replace(
        UNKNOWN, not_seen=(unseen(Unseen.REFUSED, where="<script>alert(1)</script>\x1b[2J"), DATA)
    )
    page = rendered(a_period_report(record(UNUSED), record(hostile)))
    section = page.partition("<h2>What was done with the access</h2>")[2].partition("</section>")[0]
    for each in ("never entered", "not seen", "not asked", "it may have been used", "Out of sight"):
        assert each in section
    assert "calls that read or write data: 2 grants" in section
    assert "<script>" not in section
    assert "\x1b" not in page
