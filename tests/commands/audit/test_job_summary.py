"""An audit's page in Actions: verdict and figures in words, and of the timeline how much is drawn, marked and named."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, NOW
from audit_facts import a_period_report, a_record, approval, ended, granted, removed
from many_grants import START, many

from jitbot.commands.audit.job_summary import of_report, of_verdict, timeline
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.documents import Sha
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource, period_report

WEEK = timedelta(days=7)
GOOD = a_record(approval(), granted(), ended(), removed())


def week(number: int) -> PeriodReport:
    """A report of so many requests in one week, all of them over."""
    source = ReportSource(repository="acme/access", main=Sha("a" * 40), ledger=Sha("b" * 40))
    return period_report(many(number, days=7), source=source, start=START, end=START + WEEK, now=START + WEEK)


def bars(text: str) -> list[str]:
    """The bars that are drawn."""
    return [line.strip() for line in text.splitlines() if line.startswith("    use of ")]


def test_forty_bars_are_drawn_the_latest() -> None:
    """A busy week shows its latest forty grants, by person and time, and says how many there were."""
    text, found = timeline(week(300)), bars(timeline(week(300)))
    held = [record for record in week(300).records if record.granted_at is not None]
    assert len(found) == 40 < len(held)
    begins = sorted(f"{record.granted_at:%F %T}" for record in held)[-40:]
    assert sorted(line.partition(" :")[2].split(", ")[0].removeprefix("crit, ") for line in found) == begins
    assert text.rstrip().endswith(f"Only the latest 40 of {len(held)} are drawn.")
    sections = [line.split()[1] for line in text.splitlines() if line.startswith("    section ")]
    assert sections == sorted(set(sections))


def test_a_quiet_week_is_told_in_words() -> None:
    """Where nobody held anything there is no chart."""
    assert timeline(replace(week(10), records=())) == "Nobody held access.\n"
    few = timeline(week(5))
    assert "Only the latest" not in few
    assert few.rstrip().endswith("```")


def test_what_needs_a_look_is_marked() -> None:
    """A grant with an exception is a critical bar, and no other is."""
    quiet = week(5)
    (first, *rest) = [record for record in quiet.records if record.granted_at is not None]
    no = {name: replace(each, answer=ControlAnswer.NO) for name, each in first.judgements.items()}
    marked = replace(first, judgements=no, requester="zoe")
    found = bars(
        timeline(replace(quiet, records=(*(replace(record, judgements={}) for record in rest), marked)))
    )
    assert [":crit, " in line for line in found] == [False] * len(rest) + [True]


@pytest.mark.parametrize(
    "name", ["a:b", "a, done, 2020-01-01", "a;b", "a#b", "`a`", "a\nsection b", "%%{init}%%", "", "é", "a b", "-a", "a" * 64]
)  # fmt: skip
def test_a_name_that_could_say_more_is_not_named(name: str) -> None:
    """Whatever Mermaid or Markdown could take for more than a name is drawn without one."""
    (record,) = [each for each in week(5).records if each.granted_at is not None][:1]
    odd = replace(record, requester=name, policy=name, account=name)
    text = timeline(replace(week(5), records=(odd,)))
    assert "    section unnamed\n    use of unnamed in unnamed :" in text
    assert not name or name not in text.replace("unnamed", "")


FINDING = AuditFinding(code="x", severity=Severity.BROKEN, message="a hole", hint="look", commit=Sha(""))
VERDICT = AuditVerdict(head=Sha("a" * 40), main=Sha("b" * 40), checked={"commits": 5}, problems=())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {},
            "## Verification\n\n**the record is whole, and every grant was rightly given**\n\n"
            "Checked: 5 commits. Ledger `aaaaaaaaaa`.\n",
        ),
        (
            {"asked": SimpleNamespace(in_words="GitHub was asked"), "problems": (FINDING,)},
            "## Verification\n\n**verification failed: 1 violation found**\n\n"
            "Checked: 5 commits. Ledger `aaaaaaaaaa`.\n\nGitHub was asked.\n\n- **broken**: a hole (x). look\n",
        ),
    ],
)
def test_a_verdict_in_words(given: dict[str, Any], words: str) -> None:
    """What GitHub answered is there where it was asked, and a list where something was found."""
    assert of_verdict(replace(VERDICT, **given)) == words


def test_the_figures_of_a_period() -> None:
    """What became of the items, as far as there are any."""
    head = "## 2026-11-23 to 2026-11-25\n\n"
    assert of_report(a_period_report()).startswith(f"{head}0 items of 0 people (none); 0 exceptions, ")
    assert of_report(a_period_report(GOOD)).startswith(f"{head}1 item of 1 person (1 over); 0 exceptions, ")


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({}, ["2026-11-24 09:02:00, 2026-11-24 11:00:00"]),
        ({"not_after": None, "ended": None}, ["2026-11-24 09:02:00, 2026-11-25 09:01:00"]),
        ({"not_after": GOOD.held_from}, ["2026-11-24 09:02:00, 2026-11-24 09:02:00"]),
        ({"granted": (replace(GOOD.granted[0], at=NOW - 2 * DAY),), "not_before": None}, ["2026-11-23 09:01:00, 2026-11-24 11:00:00"]),
        ({"granted": (replace(GOOD.granted[0], at=NOW + 2 * DAY),)}, []),
        ({"not_after": NOW - 2 * DAY, "ended": None}, []),
    ],
)  # fmt: skip
def test_a_bar_is_the_part_of_the_period_in_which_access_was_held(
    given: dict[str, Any], drawn: list[str]
) -> None:
    """From the period's begin at the earliest, until its end at the latest, or until the moment that is judged."""
    found = bars(timeline(a_period_report(replace(GOOD, **given))))
    assert [each.partition(" :")[2] for each in found] == drawn
    early = replace(a_period_report(replace(GOOD, **given)), judged_at=NOW + HOUR)
    ends = [each.rpartition(", ")[2] for each in bars(timeline(early))]
    assert ends == [min(each.rpartition(", ")[2], "2026-11-24 10:01:00") for each in drawn]


@pytest.mark.parametrize(("number", "more"), [(40, False), (41, True)])
def test_what_is_not_drawn_is_counted(number: int, *, more: bool) -> None:
    """Forty fit."""
    text = timeline(a_period_report(*[GOOD] * number))
    assert (len(bars(text)), "Only the latest 40 of " in text) == (40, more)
