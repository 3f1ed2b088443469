"""The first page, the sections and the pack say the same: every number is counted again from the pack's own tables, by rules of this test."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from secrets import randbelow
from statistics import median
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_ledger import random_ledger

from jitbot.commands.audit.pack_index import index_of
from jitbot.commands.audit.page import rendered
from jitbot.domain.audit.report.overview.waiting_times import NOT_KNOWN, WITHHELD, short
from jitbot.domain.audit.report.pack import pack
from jitbot.usecases.audit.period_report import PeriodReport

Rows = Sequence[Mapping[str, str]]
ANSWERS = ("yes", "no", "unknown", "not due yet", "not required")
QUESTIONS = (
    "approved_before_grant", "within_max", "separation_of_duties", "removed_on_time", "reviewed_in_time",
)  # fmt: skip


class Tables(HTMLParser):
    """The tables of a page: for each section by its id, the cells of each row, as a reader sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self.lead: dict[str, str] = {}
        self._section = ""
        self._row: list[str] | None = None
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A section, a row, a cell."""
        if tag == "section":
            given = dict(attrs)
            self._section = given.get("id") or given.get("class") or ""
            self.found[self._section] = []
            self.lead[self._section] = ""
        elif tag == "tr":
            self._row = []
            self.found.setdefault(self._section, []).append(self._row)
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        """The end of a cell."""
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        """Text of a cell, or beside the tables."""
        if self._cell and self._row:
            self._row[-1] += data
        elif self._section:
            self.lead[self._section] = self.lead.get(self._section, "") + data


class Read:
    """A report in all its forms: the page, the pack's index, and the pack's tables as a program reads them."""

    def __init__(self, seed: int, report: PeriodReport) -> None:
        self.seed = seed
        self.report = report
        self.page = Tables(rendered(report))
        self.files = pack(
            report.records, report.summary, about={}, others={}, size=3, seed=report.seed, tables=report.tables,
            answers=report.answers, verdicts=report.verdicts, index=lambda files: index_of(report, files),
        )  # fmt: skip
        self.index = Tables(self.files["index.html"].decode())
        self.population = self.table("population")

    def __repr__(self) -> str:
        """How to make this history again."""
        return f"read({self.seed})"

    def table(self, name: str) -> Rows:
        """A CSV file of the pack."""
        text = self.files[f"{name}.csv"].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def data(self, name: str) -> Any:
        """A JSON file of the pack."""
        return json.loads(self.files[f"{name}.json"])


@cache
def read(seed: int) -> Read:
    """The report on one random ledger."""
    return Read(seed, random_ledger(seed).report())


# Every test looks at each of these histories, new in each run: to make one takes far longer than to check it.
SEEDS = [randbelow(10**6) for _ in range(24)]
seeds = st.sampled_from(SEEDS).map(read)
# A smaller seed is no simpler history, so nothing is shrunk.
checks = settings(
    max_examples=len(SEEDS), deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],  # other tests of this machine may take the time
)  # fmt: skip


def numbers_in(text: str) -> list[int]:
    """The whole numbers in a sentence, without those of times."""
    bare = re.sub(r"\d{4}-\d\d-\d\d(T[\d:]+Z)?", "", text)
    return [int(each.replace(",", "")) for each in re.findall(r"(?<![\w-])\d[\d,]*(?!\w)", bare)]


def number(cell: str) -> int | None:
    """A cell with a number; a dash is none."""
    return None if cell == "–" else int(cell.replace(",", ""))


@given(seeds)
@checks
def test_page_index_csv_and_json_have_the_same_answers(read: Read) -> None:
    """Each row of the first page is the same in all four, in the same order."""
    rows, listed = read.table("answers"), read.data("answers")
    shown = read.page.found["first"][1:]
    assert shown == read.index.found["first"][1:]
    assert [each[0] for each in shown] == [row["question"] for row in rows]
    for cells, row, each in zip(shown, rows, listed, strict=True):
        assert (cells[1], cells[0]) == (each["answer"], each["question"])
        assert row["answer"].removeprefix("'") == each["answer"]
        assert [number(cells[2]), number(cells[3])] == [each["exceptions"], each["unknown"]]
        assert [row["exceptions"], row["unknown"]] == ["" if n is None else str(n) for n in (each["exceptions"], each["unknown"])]  # fmt: skip
        assert cells[4] == ", ".join(each["controls"])
        assert row["numbers"] == "; ".join(f"{name}={count}" for name, count in each["numbers"].items())


def answers(read: Read) -> Mapping[str, Any]:
    """The rows of the first page by name."""
    return {each["name"]: each for each in read.data("answers")}


@given(seeds)
@checks
def test_each_number_is_that_of_the_pack(read: Read) -> None:
    """Population, questions, use, rule changes, refusals and what is active, counted again from CSV alone."""
    population, found = read.population, answers(read)
    outcomes = Counter(row["outcome"] for row in population)
    ordinary = [row for row in population if row["rehearsal"] == "no"]
    counted = {
        "items": len(population),
        "requests": len({row["request"] for row in ordinary if row["request"]}),
        "people": len({row["requester"] for row in ordinary if row["requester"]}),
        "rehearsals": len(population) - len(ordinary),
        "privileged": sum(row["privileged"] == "yes" and row["granted_at"] != "" for row in population),
        **{name: outcomes[name] for name in ("live", "not granted", "over", "refused", "unexplained")},
    }
    assert found["population"]["numbers"] == counted
    for name in QUESTIONS:
        given = Counter(row[name] for row in population if row[name])
        each = found[name]
        glass = [row for row in population if row["break_glass"] == "yes" and row["granted_at"]]
        waiting = {"not reviewed yet": sum(not row["reviewed_at"] for row in glass)}
        more = waiting if name == "reviewed_in_time" else {}
        assert each["numbers"] == {"grants": given.total(), **{word: given[word] for word in ANSWERS}, **more}
        assert (each["exceptions"], each["unknown"]) == (given["no"], given["unknown"])
    rules = Counter(row["reviewed"] for row in read.table("rule-changes"))
    assert found["rule_changes"]["numbers"] == {"changes": rules.total(), **{word: rules[word] for word in ANSWERS}}  # fmt: skip
    assert (found["rule_changes"]["exceptions"], found["rule_changes"]["unknown"]) == (rules["no"], rules["unknown"])  # fmt: skip
    over = [row for row in population if row["outcome"] == "over"]
    use = Counter(row["use"] for row in over)
    denied = sum(row["denied_calls"].isdigit() and row["denied_calls"] != "0" for row in over)
    assert found["use"]["numbers"] == {
        "over": len(over), "entered": use["entered"], "never": use["never entered"],
        "not_known": use["not seen"] + use["not asked"], "with_denied_calls": denied,
    }  # fmt: skip
    assert found["refused"]["numbers"] == {"refused": outcomes["refused"], "drawn": len(read.table("sample/refusals"))}  # fmt: skip
    assert found["active"]["numbers"]["active"] == len(active(read)) == len(read.table("active"))
    assert {row["grant_id"] for row in read.table("active")} == active(read)


def active(read: Read) -> set[str]:
    """The grants that were there at the period's last second, or now, by the columns of the population."""
    moment = min(read.report.end.timestamp() - 1, read.report.judged_at.timestamp())
    found = set()
    for row in read.population:
        granted = [when(each) for each in row["granted_at"].split("; ") if each]
        begins = max([*granted[:1], *([when(row["not_before"])] if row["not_before"] else [])], default=None)
        ends = [when(row[name]) for name in ("not_after", "ended_at") if row[name]]
        if granted and begins is not None and begins <= moment and not any(end <= moment for end in ends):
            found.add(row["grant_id"])
    return found


def when(text: str) -> float:
    """A moment of a cell, in seconds."""
    return datetime.fromisoformat(text).timestamp()


@given(seeds)
@checks
def test_the_words_of_an_answer_hold_its_numbers(read: Read) -> None:
    """What is counted, and is not zero, is in the sentence; no other number is, but for the time of the longest access."""
    for each in read.data("answers"):
        words = re.sub(r"The longest was .*", "", each["answer"])
        allowed = {*each["numbers"].values(), 1}
        assert set(numbers_in(words)) <= allowed, each
        if each["name"] in QUESTIONS:
            said = {word: int(count) for word, count in re.findall(r"(yes|no|unknown|not due yet|not required): ([\d,]+)", words)}  # fmt: skip
            assert said == {
                name: count for name, count in each["numbers"].items() if name in ANSWERS and count
            }


@given(seeds)
@checks
def test_the_banner_counts_every_exception_once(read: Read) -> None:
    """A grant with several is one; rule changes, and what is missing, are beside them. Nothing unknown is called clean."""
    population, found, verdicts = read.population, answers(read), read.data("verdicts")
    against = [row for row in population if any(row[name] == "no" for name in QUESTIONS)]
    unclear = [
        row for row in population if row not in against and any(row[name] == "unknown" for name in QUESTIONS)
    ]
    others = [each for name, each in found.items() if name not in QUESTIONS]
    exceptions = len(against) + sum(each["exceptions"] or 0 for each in others)
    unknown = len(unclear) + sum(each["unknown"] or 0 for each in others)
    assert [row["grant_id"] for row in against] == [each["id"] for each in verdicts["exceptions"]]
    assert [row["grant_id"] for row in unclear] == [each["id"] for each in verdicts["unknown"]]
    title = read.page.lead["first"].strip()
    if exceptions:
        assert title.startswith(f"{exceptions:,} exception")
    elif unknown:
        assert title.startswith(f"{unknown:,} item")
    else:
        assert title.startswith(("No exception", "Nothing to judge"))
    assert verdicts["clean"] is (bool(population) and not exceptions and not unknown)


@given(seeds)
@checks
def test_the_populations_are_those_of_the_tables(read: Read) -> None:
    """Granted, used, never used, gone and live, with their dates; and each grant is in exactly one of used, never used, not known."""
    rows = {row["name"]: row for row in read.table("populations")}
    shown = {cells[0]: cells for cells in read.page.found["populations"][1:]}
    given = [row for row in read.population if row["granted_at"]]
    members = {
        "granted": given,
        "used": [row for row in given if row["use"] == "entered" and row["outcome"] == "over"],
        "never used": [row for row in given if row["use"] == "never entered" and row["outcome"] == "over"],
        "gone": [row for row in given if row["verified_absent_at"] and row["outcome"] != "live"],
        "live": [row for row in given if row["outcome"] == "live"],
    }
    for name, found in members.items():
        assert rows[name]["count"] == str(len(found)) == shown[name][1].replace(",", "")
        assert rows[name]["not_known"] == shown[name][2].replace(",", "")
    dates = {"granted": "granted_at", "gone": "verified_absent_at", "live": "granted_at"}
    for name, column in dates.items():
        times = sorted(row[column].split("; ")[0] for row in members[name])
        assert [rows[name]["begins"], rows[name]["ends"]] == ([times[0], times[-1]] if times else ["", ""])
    unknown = int(rows["used"]["not_known"])
    assert len(members["used"]) + len(members["never used"]) + unknown == len(given)
    assert unknown == int(rows["never used"]["not_known"])
    assert len(members["gone"]) + len(members["live"]) + int(rows["gone"]["not_known"]) == len(given)


@given(seeds)
@checks
def test_the_figures_of_policies_add_up(read: Read) -> None:
    """Each policy's row is counted from its own items, the last from all; page, CSV and JSON agree; no row is of a person."""
    table, listed = read.table("figures"), read.data("figures")
    shown = read.page.found.get("figures", [[]])[1:]
    if not read.population:
        return
    assert len(table) == len(listed) == len(shown)
    *policies, whole = table
    assert {row["policy"] for row in policies} == {row["policy"] for row in read.population}
    for name in (
        "items",
        "granted",
        "refused",
        "over",
        "entered",
        "never_entered",
        "use_not_known",
        "gone",
        "break_glass",
    ):
        assert sum(int(row[name]) for row in policies) == int(whole[name])
    for row, cells in zip(table, shown, strict=True):
        items = [each for each in read.population if row is whole or each["policy"] == row["policy"]]
        agree_with_items(row, items)
        assert cells[1].replace(",", "") == row["items"]
        for at, name in ((2, "asked_to_approved"), (3, "approved_to_live")):
            assert cells[at] == median_in_words(row, name)
    people = {row["requester"] for row in read.population} | {"bob", "erin"}
    assert not people & {cell for row in table for cell in row.values()}


def agree_with_items(row: Mapping[str, str], items: Rows) -> None:
    """One row of figures, counted again."""
    refused = [each for each in items if each["outcome"] == "refused"]
    assert row["items"] == str(len(items))
    assert row["refused"] == str(len(refused))
    codes = Counter(code for each in refused for code in dict.fromkeys(split(each["refused_codes"])))
    said = dict(each.rsplit(": ", 1) for each in split(row["refused_because"], empty=False))
    assert {name: int(count) for name, count in said.items()} == dict(codes)
    requests: dict[str, list[Mapping[str, str]]] = {}
    for each in items:
        if each["outcome"] != "refused" and "approved" in split(each["decision"]):
            requests.setdefault(each["request"], []).append(each)
    spans: dict[str, list[tuple[float | None, str, str]]] = {"asked_to_approved": [], "approved_to_live": [], "asked_to_live": []}  # fmt: skip
    for found in requests.values():
        first = found[0]
        asked, approved = moment(first, "requested_at"), moment(first, "approved_at")
        lives = [when(each["granted_at"].split("; ")[0]) for each in found if each["granted_at"]]
        live = max(lives) if len(lives) == len(found) else None
        glass = first["approvals_required"].split("; ")[0] == "0"
        who = first["requester"], "" if glass else approver(first)
        spans["asked_to_live"].append((span(asked, live), *who))
        if not glass:
            spans["asked_to_approved"].append((span(asked, approved), *who))
            spans["approved_to_live"].append((span(approved, live), *who))
    for name, times in spans.items():
        known = [each for each in times if each[0] is not None]
        assert (row[f"{name}_known"], row[f"{name}_requests"]) == (str(len(known)), str(len(times)))
        alone = len(known) < 5 or mostly(who for _, who, _ in known) or mostly(by for _, _, by in known if by)
        expected = "" if alone else str(int(median(time for time, _, _ in known if time is not None)))
        assert row[f"{name}_median_seconds"] == expected
        assert row[f"{name}_withheld"] == ("yes" if known and alone else "no")


def split(cell: str, *, empty: bool = True) -> list[str]:
    """The values of one cell; an item whose refusal names no reason has one that is not recorded."""
    return [each or "not recorded" for each in cell.split("; ")] if cell or empty else []


def moment(row: Mapping[str, str], name: str) -> float | None:
    """The first moment of a cell."""
    first = row[name].split("; ")[0]
    return when(first) if first else None


def approver(row: Mapping[str, str]) -> str:
    """Who gave the approval that came last before the first merge."""
    return row["approvals"].split(" (")[0] if row["approved_at"].split("; ")[0] else ""


def span(begin: float | None, end: float | None) -> float | None:
    """A length of time; none runs backwards."""
    return end - begin if begin is not None and end is not None and end >= begin else None


def mostly(names: Any) -> bool:
    """Whether one name has more than three in four."""
    counts = Counter(names)
    return bool(counts) and counts.most_common(1)[0][1] / counts.total() > 0.75


def median_in_words(row: Mapping[str, str], name: str) -> str:
    """The cell of the page for one median."""
    known, requests, seconds = (row[f"{name}_{part}"] for part in ("known", "requests", "median_seconds"))
    if requests == "0":
        return ""
    if not seconds:
        return WITHHELD if row[f"{name}_withheld"] == "yes" else NOT_KNOWN
    lacking = int(requests) - int(known)
    return f"{short(int(seconds))} ({known}{f', {lacking} not known' if lacking else ''})"


@given(seeds)
@checks
def test_unknown_is_never_a_number(read: Read) -> None:
    """Where no time, use or end is recorded, no cell of the figures has a zero, a "no" or a "yes" in its place."""
    for row in read.table("figures"):
        for name in ("asked_to_approved", "approved_to_live", "asked_to_live"):
            if row[f"{name}_known"] == "0":
                assert row[f"{name}_median_seconds"] == ""
        assert row["eligible"] in ("2", "not known")
    for each in read.data("figures"):
        for name in ("asked_to_approved", "approved_to_live", "asked_to_live"):
            assert (each[f"{name}_median_seconds"] is None) or each[f"{name}_known"] >= 5
