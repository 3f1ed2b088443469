"""The timeline on an audit's page in Actions: how much of it is drawn, what is marked, and whose names are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from many_grants import START, many

from jitbot.commands.audit.job_summary import timeline
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.model.documents import Sha
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource, period_report

WEEK = timedelta(days=7)


def week(number: int) -> PeriodReport:
    """A survey of so many requests in one week, all of them over."""
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
