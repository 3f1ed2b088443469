"""Report, table and JSON say of the safeguards what the looks saw: unknown is never yes, and a word is never a look."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from acme_facts import DAY, NOW
from audit_facts import (
    WEEK,
    a_look,
    a_look_event,
    a_period_report,
    a_record,
    a_statement_event,
    approval,
    ended,
    granted,
    removed,
    weekly,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape as markup

from jitbot.commands.audit.page import rendered
from jitbot.domain.audit.protection.looks import Look, Sight
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.audit.report.pack import pack
from jitbot.domain.audit.report.rules.protection_page import alike, strip
from jitbot.domain.audit.report.rules.protection_rows import (
    NAMES,
    SafeguardRow,
    doubts,
    exceptions,
    figures,
    in_short,
    protection_answer,
    protection_table,
    safeguard_rows,
)
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.report import CheckVerdict

END = NOW + 52 * WEEK
COUNTS = ("looks", "held", "not_held", "no_rule", "not_seen")
SHOWN = {each.code for each in SAFEGUARDS if each.branch}
YEAR = weekly(53)


def rows(
    looks: Sequence[Look] = (),
    *others: Event,
    start: datetime = NOW,
    end: datetime = END,
    now: datetime = END,
) -> dict[str, SafeguardRow]:
    """The rows by code."""
    events = [*(a_look_event(each) for each in looks), *others]
    return {row.code: row for row in safeguard_rows(events, start, end, now)}


def test_a_year_of_weekly_looks() -> None:
    """What readers see was seen to hold throughout; what admins alone see is unknown, and says so."""
    found = rows(YEAR)
    assert {row.seen_to_hold for row in found.values()} == {"yes", "unknown"}
    assert found["main-deletion"].in_words == "seen to hold on 52 of 52 looks"
    assert found["main-bypass"].seen_to_hold == "unknown"
    assert (
        found["main-bypass"].in_words
        == "out of sight of every look: GitHub does not show it to a job's token"
    )
    counted = figures(list(found.values()))
    assert counted["exceptions"] == []
    assert counted["unknown"] == [each.code for each in SAFEGUARDS if not each.branch]
    assert in_short(list(found.values())) == ""


def test_a_loss_is_an_exception_in_words() -> None:
    """When it was seen last, when it was gone, and until when at most."""
    looks = [
        *YEAR[:10],
        *(replace(each, sights={**each.sights, "main-deletion": Sight.NO_RULE}) for each in YEAR[10:12]),
        *YEAR[12:],
    ]
    row = rows(looks)["main-deletion"]
    assert row.seen_to_hold == "no"
    assert row.in_words == (
        "seen to hold on 50 of 52 looks; lost from 2027-02-02 to 2027-02-16 at most (last seen to hold on 2027-01-26)"
    )
    assert row.losses == (
        "from 2027-02-02T09:01:00Z to 2027-02-16T09:01:00Z at most, after 2027-01-26T09:01:00Z, on 2 looks",
    )
    assert row.not_known == ("from 2027-01-26T09:01:00Z to 2027-02-02T09:01:00Z",)
    assert [each.code for each in exceptions(rows(looks).values())] == ["main-deletion"]
    assert in_short(list(rows(looks).values())) == "; of the safeguards of main and ledger: 1 lost"


def test_a_loss_and_a_gap_within_a_day() -> None:
    """Looks by hand, a few hours apart: the words have the minutes."""
    hours = [a_look(NOW), a_look(NOW + DAY / 24, main_deletion=Sight.NO_RULE), a_look(NOW + DAY / 12)]
    row = rows(hours, end=NOW + DAY, now=NOW + DAY)["main-deletion"]
    assert "lost from 2026-11-24 10:01 to 11:01 at most (last seen to hold on 2026-11-24)" in row.in_words
    late = rows([a_look(NOW + DAY / 24)], end=NOW + DAY, now=NOW + DAY)["main-deletion"]
    assert late.in_words == "seen to hold on 1 of 1 look; nobody knows from 2026-11-24 09:01 to 10:01"


def test_what_is_lost_and_was_never_seen_to_hold() -> None:
    """It goes on, and nobody saw it otherwise."""
    looks = [a_look(NOW, ledger_deletion=Sight.NOT_HELD)]
    row = rows(looks, end=NOW + DAY, now=NOW + DAY)["ledger-deletion"]
    assert row.in_words == "seen to hold on 0 of 1 look; lost since 2026-11-24 (never seen to hold before)"
    assert row.losses == (
        "from 2026-11-24T09:01:00Z and not seen to hold since, never seen to hold before, on 1 look",
    )


def test_a_loss_of_another_period() -> None:
    """It was over before, or came later: no exception of this period. One that goes on is."""
    looks = [YEAR[0], a_look(NOW + WEEK, ledger_deletion=Sight.NOT_HELD), *YEAR[2:4]]
    later, earlier = NOW + 2 * WEEK, NOW + WEEK
    assert rows(looks, start=later, end=later + WEEK)["ledger-deletion"].seen_to_hold == "yes"
    assert rows(looks, start=NOW, end=earlier)["ledger-deletion"].seen_to_hold == "unknown"
    assert rows(looks[:2], start=later, end=END)["ledger-deletion"].seen_to_hold == "no"


def test_what_was_recorded_later_is_not_known_yet() -> None:
    """A report as of an earlier moment is the same whatever came after it."""
    now = NOW + 3 * WEEK + DAY
    later = [a_look(now + WEEK, ledger_deletion=Sight.NOT_HELD)]
    assert rows([*YEAR[:4], *later], now=now) == rows(YEAR[:4], now=now)


def test_without_any_record_there_are_no_rows() -> None:
    """An older ledger says nothing of it; neither does an empty time."""
    assert (rows(), rows(YEAR, end=NOW)) == ({}, {})


def test_a_short_period_between_two_looks() -> None:
    """No look lies in it."""
    found = rows(YEAR, start=NOW + DAY, end=NOW + 2 * DAY)["main-deletion"]
    assert (found.seen_to_hold, found.in_words) == (
        "yes",
        "no look lies in this period, and those around it saw it hold",
    )


def test_what_no_look_of_the_period_saw_is_a_loss_or_a_gap_all_the_same() -> None:
    """The looks around it say what the period was: lost since before, or seen by nobody."""
    lost = [YEAR[0], a_look(NOW + WEEK, ledger_deletion=Sight.NOT_HELD)]
    later = rows(lost, start=NOW + WEEK + DAY, end=NOW + WEEK + 2 * DAY)["ledger-deletion"]
    assert (later.looks, later.seen_to_hold) == (0, "no")
    assert later.in_words.startswith("seen to hold on 0 of 0 looks; lost ")
    unseen = rows(YEAR[:1], start=NOW + 9 * WEEK, end=NOW + 9 * WEEK + DAY)["main-deletion"]
    assert (unseen.looks, unseen.losses) == (0, ())
    assert unseen.in_words.startswith("seen to hold on 0 of 0 looks; nobody knows from ")


def test_what_no_ruleset_asks_for_is_said() -> None:
    """On how many looks: it may be out of sight, so nobody says that it is lost."""
    looks = [a_look(NOW + number * WEEK, merge_methods=Sight.NO_RULE) for number in range(2)]
    row = rows(looks, end=NOW + 2 * WEEK, now=NOW + 2 * WEEK)["merge-methods"]
    assert row.in_words.endswith("; no ruleset asked for it on 2; what is out of sight may")
    assert "no ruleset" not in rows(YEAR)["merge-methods"].in_words


def test_the_first_and_the_last_look_of_the_period() -> None:
    """With the mark of each look between them; a look at this very moment is one."""
    looks = [a_look(NOW), a_look(NOW + DAY, main_deletion=Sight.NOT_SEEN), a_look(NOW + 2 * DAY)]
    row = rows(looks, end=NOW + 3 * DAY, now=NOW + 2 * DAY + timedelta(seconds=1))["main-deletion"]
    assert (row.first_look, row.last_look) == (NOW, NOW + 2 * DAY)
    assert [answer for _, answer in row.marks] == ["yes", "unknown", "yes"]
    none = rows((), a_statement_event())["main-deletion"]
    assert (none.first_look, none.last_look, none.marks) == (None, None, ())
    assert set(rows(looks[:1], end=NOW + DAY, start=NOW - DAY, now=NOW)) > {"main-deletion"}


def test_the_answer_names_what_nobody_saw() -> None:
    """Without any look nobody knows; what admins alone see is a caution, and no doubt."""
    none = protection_answer(())
    assert (none.answer, none.exceptions, none.caution) == (
        "The ledger holds no look, so nobody knows.",
        0,
        True,
    )
    found = list(rows(YEAR).values())
    answer = protection_answer(found)
    held = [each for each in found if each.seen_to_hold == "yes"]
    hidden = len(found) - len(held)
    assert (
        answer.answer == f"Of {len(found)} safeguards, on 52 looks: yes: {len(held)}; out of sight: {hidden}."
    )
    assert (answer.exceptions, answer.unknown, answer.caution) == (0, 0, True)
    assert not protection_answer(held).caution


@pytest.mark.parametrize("word", list(CheckVerdict))
def test_an_admins_word_changes_no_answer(word: CheckVerdict) -> None:
    """Whatever somebody says, of what is seen and of what is not: it is shown as theirs."""
    said = a_statement_event({each.code: word for each in SAFEGUARDS}, at=NOW + DAY)
    for looks in ((), YEAR, [YEAR[0], a_look(NOW + WEEK, ledger_deletion=Sight.NOT_HELD)]):
        without, beside = rows(looks, a_statement_event(at=NOW - DAY)), rows(looks, said)
        for code, row in beside.items():
            assert replace(row, said=()) == without[code]
            assert row.said[0].startswith("olivia on 2026-11-25 09:01 UTC: ")


def test_a_run_that_lies_makes_nothing_of_what_no_run_sees() -> None:
    """It says every week that nobody may pass the rules by: verification finds it, and the report does not believe it."""
    lies = [a_look(each.at, main_bypass=Sight.HELD, ledger_bypass=Sight.NOT_HELD) for each in YEAR]
    assert rows(lies) == rows(YEAR)


@pytest.mark.parametrize(
    ("sights", "doubtful"),
    [
        ([Sight.NO_RULE, Sight.NO_RULE], False),
        ([Sight.NO_RULE, Sight.NOT_SEEN], True),
        ([Sight.NOT_SEEN, Sight.NOT_SEEN], True),
        ([], True),
    ],
)
def test_what_a_setting_may_ask_for_is_no_doubt_where_no_rule_does(
    sights: list[Sight], *, doubtful: bool
) -> None:
    """On each look: a setting is out of every look's sight. It is unknown all the same, and so is what has rules alone."""
    looks = [
        a_look(NOW + number * WEEK, merge_methods=sight, main_deletion=sight)
        for number, sight in enumerate(sights)
    ]
    found = rows(looks, a_statement_event(), end=NOW + 2 * WEEK, now=NOW + 2 * WEEK)
    assert found["merge-methods"].seen_to_hold == found["main-deletion"].seen_to_hold == "unknown"
    assert ("merge-methods" in doubts(found.values())) is doubtful
    assert "main-deletion" in doubts(found.values())


def test_each_admins_newest_word() -> None:
    """The newest of each of three people, and how many more there are; a login in another's shape is text."""
    people = [Actor(login=Login(f"<b>{number}"), github_id=GithubId(number)) for number in range(1, 6)]
    said = [
        a_statement_event(by=each, at=NOW + number * DAY) for number, each in enumerate((*people, people[0]))
    ]
    row = rows((), *said)["main-bypass"]
    assert [each.partition(" on")[0] for each in row.said] == ["<b>1", "<b>5", "<b>4", "and 2 more admins"]
    page = rendered(replace(a_period_report(), protection=tuple(rows((), *said).values())))
    assert "<b>1" not in page
    assert "&lt;b&gt;1 on 2026-11-29 09:01 UTC: as it should be" in page


def test_whose_word_is_shown() -> None:
    """Of the period alone, of this safeguard, of up to three people without a word of others; some are not known."""
    before, first, after = (a_statement_event(at=at) for at in (NOW - timedelta(seconds=1), NOW, NOW + DAY))
    other = a_statement_event({"ledger-bypass": CheckVerdict.OK}, at=NOW + DAY / 4)
    gone = a_statement_event(by=Actor(login=Login(""), github_id=cast("Any", None)), at=NOW + DAY / 2)
    found = rows((), before, first, other, gone, after, end=NOW + DAY)["main-bypass"]
    assert [each.partition(" UTC")[0] for each in found.said] == [
        "nobody known on 2026-11-24 21:01",
        "olivia on 2026-11-24 09:01",
    ]
    people = [Actor(login=Login(f"p{number}"), github_id=GithubId(number)) for number in range(1, 4)]
    words = [a_statement_event(by=each, at=NOW + timedelta(hours=at)) for at, each in enumerate(people)]
    three = rows((), *words)["main-bypass"]
    assert [each.partition(" on")[0] for each in three.said] == ["p3", "p2", "p1"]


def test_the_strip_shows_the_worst_of_each_part() -> None:
    """A year has a cell for each week; ten years have no more than sixty, and no loss is lost in them."""
    looks = [*YEAR[:10], a_look(YEAR[10].at, main_deletion=Sight.NO_RULE), *YEAR[12:]]
    cells = strip(rows(looks)["main-deletion"], NOW, END)
    assert [word for _, word in cells] == ["yes"] * 10 + ["no", ""] + ["yes"] * 40
    long = NOW + 520 * WEEK
    ten = [
        *weekly(200),
        a_look(NOW + 200 * WEEK, main_deletion=Sight.NO_RULE),
        *weekly(319, NOW + 201 * WEEK),
    ]
    cells = strip(rows(ten, end=long, now=long)["main-deletion"], NOW, long)
    assert len(cells) <= 60
    assert [word for _, word in cells].count("no") == 1


@st.composite
def ledgers(draw: st.DrawFn) -> list[Event]:
    """Looks of any answers, words of admins, and words that nobody knows."""
    at, found = NOW, []
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.sampled_from([timedelta(hours=5), WEEK, 8 * DAY, 3 * WEEK]))
        if draw(st.integers(0, 3)):
            sight = st.sampled_from(Sight)
            drawn = {
                name: draw(sight)
                for name in ("main_deletion", "ledger_deletion", "merge_methods", "main_bypass")
            }
            look = a_look(at, **drawn)
            found.append(a_look_event(look, why=draw(st.sampled_from(["", "=cmd|x", "<script>"]))))
        else:
            login = draw(st.sampled_from(["olivia", "=HYPERLINK(1)", "<img src=x>", ""]))
            by = Actor(login=Login(login), github_id=GithubId(draw(st.integers(0, 2))))
            found.append(a_statement_event(by=by, at=at))
    return found


@settings(max_examples=25)
@given(ledgers(), st.integers(0, 60), st.integers(1, 400))
def test_page_table_and_json_say_the_same(events: list[Event], begin: int, days: int) -> None:
    """Each answer, number and word; no cell is a formula, and nothing hostile is on the page."""
    start = NOW + begin * DAY
    end = start + days * DAY
    every = safeguard_rows(events, start, end, end)
    known = any(each.at <= end for each in events)
    records = [a_record(approval(), granted(), ended(), removed())]
    files = pack(
        records,
        summary(records, end),
        about={},
        others={},
        size=1,
        seed="s",
        tables=[protection_table(every)],
        answers=[protection_answer(every)],
        verdicts={"protection": figures(every)},
    )
    table = list(csv.DictReader(io.StringIO(files["protection.csv"].decode("utf-8-sig"))))
    objects: list[dict[str, Any]] = json.loads(files["protection.json"])
    page = rendered(replace(a_period_report(*records), start=start, end=end, judged_at=end, protection=every))
    assert len(table) == len(objects) == len(every) == (15 if known else 0)
    for row, cells, raw in zip(every, table, objects, strict=True):
        assert list(cells) == list(raw) == list(NAMES)
        assert cells["seen_to_hold"] == raw["seen_to_hold"] == row.seen_to_hold
        assert [cells[name] for name in COUNTS] == [str(raw[name]) for name in COUNTS]
        assert row.looks == row.held + row.not_held + row.no_rule + row.not_seen
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells.values())
        assert str(markup(row.in_words)) in page
    verdicts = json.loads(files["verdicts.json"])
    answers = {row.code: row.seen_to_hold for row in every}
    lost = [code for code, answer in answers.items() if answer == "no"]
    assert [each["safeguard"] for each in verdicts["protection"]["exceptions"]] == lost
    settings = {"merge-methods"} if any(row.looks == row.no_rule > 0 and row.code == "merge-methods" for row in every) else set()  # fmt: skip
    doubtful = [code for code in SHOWN - settings if answers.get(code, "unknown") == "unknown"]
    assert sorted(verdicts["protection"]["in_doubt"]) == sorted(doubtful)
    assert verdicts["clean"] is not bool(lost or doubtful)
    answer = protection_answer(every)
    assert (answer.exceptions, answer.unknown) == (len(lost), len(doubtful))
    unknown = [code for code, each in answers.items() if each == "unknown" and code not in doubtful]
    assert answer.numbers == {
        "safeguards": len(every), "looks": max((row.looks for row in every), default=0),
        "yes": list(answers.values()).count(ControlAnswer.YES), "out_of_sight": len(unknown), "unknown": len(doubtful),
        "no": len(lost),
    }  # fmt: skip
    section = page.partition("<h2>How main and ledger were protected</h2>")[2].partition("</section>")[0]
    groups = alike(every)
    assert sorted(row.code for each in groups for row in each) == sorted(row.code for row in every)
    assert section.count('class="mark exception"') == len([each for each in groups if each[0].code in lost])
    assert all(str(markup(row.safeguard)) in section for row in every)
    assert "<img" not in page
    assert ("The ledger holds no look" in section) is not known


@settings(max_examples=50)
@given(ledgers(), st.integers(1, 400))
def test_yes_needs_looks_and_no_gap(events: list[Event], days: int) -> None:
    """An answer "yes" has no loss and no unknown time, and is never given of what admins alone see."""
    end = NOW + days * DAY
    for row in safeguard_rows(events, NOW, end, end):
        assert (row.seen_to_hold == "no") is bool(row.losses)
        if row.seen_to_hold == "yes":
            assert (row.losses, row.not_known) == ((), ())
            assert row.code in SHOWN
