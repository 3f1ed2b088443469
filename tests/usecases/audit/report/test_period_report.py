"""A period is judged as of its end, and nothing falls between two periods; what the page links to is on the page."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, MERGED_AT, NOW, SECOND, a_person, sha
from audit_facts import WHOLE, a_period_report, a_record, approval, ended, granted, removed
from many_grants import START, many

from jitbot.adapters import documents
from jitbot.commands.audit.pack_index import index_of
from jitbot.commands.audit.page import rendered
from jitbot.domain.audit.history.access_reviews import AccessReview, AccessReviews
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.audit.history.policy_changes import MoveResult
from jitbot.domain.audit.report.pack import PackFile
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RULE_PATHS, RuleChange
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.documents import PLAIN, POLICIES
from jitbot.usecases.audit.period_report import (
    PeriodReport,
    ReportSource,
    changed_rules,
    entitled,
    period_report,
)

END = MERGED_AT + DAY
SOURCE = ReportSource(repository="acme/access", main=sha("main"), ledger=sha("ledger"), completeness=WHOLE)
RECORDED = Event(
    kind=EventType.RULES, at=MERGED_AT, request="", commit=sha("first"), evidence=Evidence({"outcome": "reviewed"})
)  # fmt: skip
HOSTILE = "</style><script>alert(1)</script>\x1b[2J{{ 7*7 }}"


def changed(name: str, at: datetime) -> RuleChange:
    """A commit that changed a policy."""
    return RuleChange(
        commit=sha(name), at=at, subject=name, paths=("policies/people.yaml",), base=sha("base")
    )


def reported(made_at: datetime) -> PeriodReport:
    """The report on the day after the merge, made at that time: of two changes of rules only one is recorded."""
    changes = (changed("first", MERGED_AT), changed("last", END - HOUR))
    return period_report(
        [RECORDED], source=SOURCE, start=MERGED_AT, end=END, now=min(END, made_at), made_at=made_at, rule_changes=changes
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made_at", "answer"),
    [
        (END, ControlAnswer.NOT_DUE),
        (END - HOUR + RULES_RECORDED_WITHIN, ControlAnswer.NOT_DUE),
        (END - HOUR + RULES_RECORDED_WITHIN + SECOND, ControlAnswer.UNKNOWN),
        (END + 400 * DAY, ControlAnswer.UNKNOWN),
    ],
)
def test_a_change_of_rules_at_the_end_of_a_period_is_judged_when_it_can_be(
    made_at: datetime, answer: ControlAnswer
) -> None:
    """It is in no later period, so a day after the end its missing event is unknown, and stays it."""
    assert [row.reviewed for row in reported(made_at).rule_changes] == [ControlAnswer.YES, answer]


def test_two_periods_have_every_exception_of_both() -> None:
    """What is an exception of the whole is one of the first half, or of the second."""
    events, middle, end = many(1500, days=60), START + 30 * DAY, START + 70 * DAY

    def found(start: datetime, until: datetime) -> set[str]:
        report = period_report(events, source=SOURCE, start=start, end=until, now=until)
        return {each.id for each in report.summary.exceptions}

    whole = found(START, end)
    assert len(whole) > 5
    assert found(START, middle) | found(middle, end) == whole


def pages() -> list[str]:
    """The report, and the pack's index, of a good grant, with hostile names around it."""
    report = a_period_report(a_record(approval(), granted(), ended(), removed()))
    report = replace(report, source=replace(report.source, warnings=(HOSTILE,) * 40))
    file = PackFile(name=HOSTILE, about=HOSTILE, files=1, size=1)
    return [rendered(report), index_of(report, [file]).decode()]


@pytest.mark.parametrize("page", [0, 1], ids=["report", "index"])
def test_a_link_leads_somewhere(page: int) -> None:
    """Each link of the report is to a section that is there; those of the index are to files of the pack."""
    text = pages()[page]
    links = re.findall(r'<a [^>]*href="([^"]+)"', text)
    assert len(links) >= 10
    for link in links:
        assert "//" not in link
        assert f'id="{link.removeprefix("#")}"' in text if page == 0 else not link.startswith("#")


@pytest.mark.parametrize("page", [0, 1], ids=["report", "index"])
def test_hostile_names_are_inert(page: int) -> None:
    """Text of people ends no element, is no template, and moves no cursor."""
    text = pages()[page]
    assert "<script>alert" not in text
    assert "\x1b" not in text
    assert "{{ 7*7 }}" in text


def test_a_page_of_warnings_is_short() -> None:
    """Anybody may write commits into the ledger that are left out: some are shown, the rest is counted."""
    text = pages()[0]
    section = text.partition('id="warnings"')[2].partition("</section>")[0]
    assert section.count("<li") == 25
    assert "lists the others: 15." in section
    assert text.partition('class="first"')[2].partition("</section>")[0].count("alert(1)") == 0


def test_an_untested_list_is_not_called_complete() -> None:
    """Where nobody tested it, the page says so, and the verdict is not clean."""
    report = a_period_report(a_record(approval(), granted(), ended(), removed()))
    assert "No exception was found" in rendered(report)
    untested = replace(report, source=replace(report.source, completeness=None))
    assert "No exception was found" not in rendered(untested)
    assert "It was not tested." in rendered(untested)


def test_the_report_of_the_merge_day_names_its_judgement() -> None:
    """A page says as of when what is open was judged."""
    assert f"judged as of {NOW + 30 * DAY + 2 * HOUR - (NOW - MERGED_AT):%Y-%m-%dT%H:%M:%SZ}" in pages()[0]


@pytest.mark.parametrize(
    ("begins", "lifted", "shown"),
    [
        (-HOUR, None, True),
        (-HOUR, SECOND, True),
        (-HOUR, 0 * SECOND, False),
        (DAY - SECOND, None, True),
        (DAY, None, False),
    ],
)
def test_a_stop_is_shown_in_each_period_in_which_it_held(
    begins: timedelta, lifted: timedelta | None, *, shown: bool
) -> None:
    """A period has its first moment, and not its end; a stop holds until it is lifted."""
    erin, at = a_person("erin"), MERGED_AT + begins
    stop = stopped_event(StopSubject(policy="x"), erin, reason="x", rules=sha("rules"), at=at, run="")
    events = [stop]
    if lifted is not None:
        evidence = Evidence({"stop": stop.key})
        events.append(replace(stop, kind=EventType.LIFTED, at=MERGED_AT + lifted, evidence=evidence))
    report = period_report(events, source=SOURCE, start=MERGED_AT, end=END, now=END)
    assert [each.event for each in report.stops] == ([stop] if shown else [])


def test_the_reviews_of_a_period_are_those_that_were_read() -> None:
    """Without a reading of them there are none."""
    commit = sha("review")
    made = AccessReview(
        policy="x", day=None, before=None, commit=commit, merged_at=MERGED_AT, result=MoveResult.COUNTED
    )
    rows = [
        period_report(
            [], source=SOURCE, start=MERGED_AT, end=END, now=END, access_reviews=reviews
        ).reviews.made
        for reviews in (AccessReviews(made=(made,)), None)
    ]
    assert [len(each) for each in rows] == [1, 0]


def test_a_change_of_rules_is_of_the_period_in_which_it_came() -> None:
    """At its first moment, and not at its end, in the order of main."""
    times = [MERGED_AT - SECOND, MERGED_AT, END - SECOND, END]
    changes = tuple(changed(f"{number}", at) for number, at in enumerate(times))
    git: Any = SimpleNamespace(
        rule_changes=lambda main, paths: changes if (main, paths) == (sha("main"), RULE_PATHS) else ()
    )
    found = changed_rules(git, sha("main"), [], MERGED_AT, END, END + DAY)
    assert found == changes[1:3]


def test_who_may_ask_is_said_of_each_policy_at_the_tip() -> None:
    """Of files that are policies alone."""
    asked: list[str] = []

    def entries(_: str, paths: Iterable[str]) -> tuple[AddedEntry, ...]:
        asked.extend(paths)
        names = ["policies/access/a.yaml", "policies/access/readme.md", "policies/access/b.yaml"]
        return tuple(AddedEntry(path=each, mode=PLAIN, blob=sha(each)) for each in names)

    git: Any = SimpleNamespace(
        main=lambda: sha("main"), entries=entries, small=lambda blobs, _: dict.fromkeys(blobs)
    )
    assert [each.policy for each in entitled(git, documents, NOW)] == ["a", "b"]
    assert asked[0] == POLICIES
