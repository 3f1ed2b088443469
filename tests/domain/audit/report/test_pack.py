"""The evidence pack: inert in a spreadsheet, whole, digested, and the same bytes every time."""

import csv
import hashlib
import io
import json
import re
import shlex
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from acme_facts import DAY, a_request, sha
from audit_facts import a_period_report, a_record, approval, ended, granted, removed
from many_grants import START, many

from jitbot.domain.audit.report.git_commands import commands
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.pack import INDEX, MANIFEST, SUMS, _listed, pack
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.report.sample import REFUSALS, rank, refusals, sample
from jitbot.domain.audit.report.summary import QUESTIONS, summary
from jitbot.domain.audit.verify.grant_record import GrantOutcome, GrantRecord
from jitbot.domain.model.documents import AccountId
from jitbot.domain.text import escape

LATER = START + 400 * DAY


@cache
def records(number: int = 60, **given: Any) -> tuple[GrantRecord, ...]:
    """A made population."""
    return population(many(number, days=30, **given), LATER)


def test_a_state_has_one_word_everywhere() -> None:
    """The table, the JSON and the figures give each question the same answers; an exception is a "no", and nothing else is."""
    now = START + 20 * DAY  # some access is live, and some break-glass is not reviewed
    found = population(many(300, days=30), now)
    figures = summary(found, now)
    files = pack(found, figures, about={}, others={}, size=5, seed="s")
    table = list(csv.DictReader(io.StringIO(files["population.csv"].decode("utf-8-sig"), newline="")))
    listed = json.loads(files["population.json"])
    words = {
        "yes": "yes",
        "no": "no",
        "unknown": "unknown",
        "open": "not due yet",
        "not_required": "not required",
    }
    for tally in json.loads(files["verdicts.json"])["questions"]:
        name = tally["question"]
        in_json = [each["judgements"].get(name, {}).get("answer", "") for each in listed]
        assert [row[name] for row in table] == in_json
        assert {word: in_json.count(word) for word in words.values()} == {
            words[key]: tally[key] for key in words
        }
    by_no = [row["grant_id"] for row in table if "no" in (row[name] for name in QUESTIONS)]
    assert by_no == [each.id for each in figures.exceptions]
    assert {"not due yet", "not required"} <= {row[name] for row in table for name in QUESTIONS}


def packed(found: tuple[GrantRecord, ...], *, size: int = 5, seed: str = "s") -> dict[str, bytes]:
    """The pack of a population."""
    files = pack(
        found, summary(found, LATER), about={"from": "x"}, others={"b.json": []}, size=size, seed=seed
    )
    return dict(files)


def table(content: bytes) -> list[dict[str, str]]:
    """A CSV file, read as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "  =1", "|calc", "%0A=1", "＝1", "\t=1", "\r=1", "\n=1"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a person wrote, no cell begins as a formula does, or holds a second line."""
    rows = table(packed(records(5, reason=text))["population.csv"])
    assert {row["reason"] for row in rows} == {escape.cell(text)}
    for cell in (cell for row in rows for cell in row.values()):
        assert cell.lstrip()[:1] not in tuple("=+-@|%＝＋－＠")
        assert cell.isprintable()


def test_the_same_gives_the_same_bytes() -> None:
    """Twice the same arguments give the same files, byte for byte; another seed draws others."""
    again = population(many(60, days=30), LATER)
    assert packed(records()) == packed(again)
    one, other = (json.loads(packed(records(), seed=seed)["sample/draw.json"]) for seed in ("s", "t"))
    assert [each["id"] for each in one["grants"]] != [each["id"] for each in other["grants"]]


def test_the_manifest_names_every_file() -> None:
    """Each file but the manifest is in it, with the digest of its bytes."""
    files = packed(records())
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest["files"].keys() == files.keys()
    for name, content in files.items():
        listed = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert manifest["files"][name] == listed


def test_the_population_is_whole_in_both_forms() -> None:
    """CSV and JSON hold every item, refused ones too, and no other."""
    found, files = records(), packed(records())
    ids = [record.id for record in found]
    assert [row["grant_id"] for row in table(files["population.csv"])] == ids
    assert [row["id"] for row in json.loads(files["population.json"])] == ids
    assert {"refused", "over"} <= {row["outcome"] for row in table(files["population.csv"])}


def test_a_population_of_nobody_has_no_line() -> None:
    """Neither heads nor an empty row, which a spreadsheet would show as a grant."""
    assert table(packed(())["population.csv"]) == []
    assert packed(())["population.csv"].decode("utf-8-sig") == ""


@pytest.mark.parametrize(
    ("exceptions", "unknown", "clean"), [(None, None, True), (0, 0, True), (1, 0, False), (0, 1, False)]
)
def test_an_answer_may_spoil_the_verdict(exceptions: int | None, unknown: int | None, *, clean: bool) -> None:
    """An exception, and what nobody knows: as an item would, which spoils it by itself."""
    answer = AuditAnswer(
        name="rules", question="?", answer="x", section="x", files=(), exceptions=exceptions, unknown=unknown
    )
    good = [each for each in records() if not each.exceptions and not each.doubts]

    def verdict(*found: GrantRecord) -> bool:
        files = pack(found, summary(found, LATER), answers=[answer], about={}, others={}, size=1, seed="s")
        return bool(json.loads(files["verdicts.json"])["clean"])

    assert verdict(*good) is clean
    assert not verdict(a_record(approval(approvals=[]), granted(), ended(), removed()))


def test_a_sample_is_drawn_by_seed_id_and_merge_alone() -> None:
    """The order of the items changes nothing, a smaller draw begins a larger one, and shell tools give the ranks."""
    found = records()
    drawn = sample(found, size=10, seed="2026-H1")
    assert sample(reversed(found), size=10, seed="2026-H1") == drawn
    assert sample(found, size=4, seed="2026-H1") == drawn[:4]
    texts = [f"2026-H1\n{record.id}\n{record.decisions[0].commit}" for record in drawn]
    ranks = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert ranks == sorted(ranks)


def test_the_pack_says_how_to_draw_again() -> None:
    """The draw names each id and merge commit; seed, id and commit on three lines have its rank as their digest."""
    files = packed(records())
    assert "\n    printf '%s\\n%s\\n%s' SEED ID MERGE_COMMIT | sha256sum\n" in files["README.md"].decode()
    draw = json.loads(files["sample/draw.json"])
    for name, seed in (("grants", draw["seed"]), ("removals", f"{draw['seed']}/removals")):
        first = draw[name][0]
        text = "\n".join((seed, first["id"], first["merge_commit"]))
        assert hashlib.sha256(text.encode()).hexdigest() == first["rank"]


def test_nobody_chooses_a_name_that_is_never_drawn() -> None:
    """With the same seed and the same name another merge has another rank: who asks knows none of them."""
    (whole, *_) = records(1)
    (decision, *_) = whole.decisions
    ranks = {
        rank(replace(whole, decisions=(replace(decision, commit=sha(str(number))),)), "jitbot")
        for number in range(50)
    }
    assert len(ranks) == 50
    assert (min(ranks)[0] < "4", max(ranks)[0] > "b") == (True, True)  # spread over all of it
    assert rank(replace(whole, decisions=()), "s") == hashlib.sha256(f"s\n{whole.id}\n".encode()).hexdigest()


def test_every_item_that_matters_has_its_evidence() -> None:
    """Each drawn item, and each with anything against it, has a file with its documents and git commands."""
    found = records(400)
    files = packed(found)
    against = {record.id for record in found if record.exceptions}
    drawn = {row["grant_id"] for row in table(files["sample/grants.csv"])}
    assert len(drawn) == 5
    assert against
    for name in against | drawn:
        evidence = json.loads(files[f"evidence/{name}.json"])
        assert evidence["documents"]["permission_policy"]
        assert evidence["documents_sha256"] == evidence["digest"]
        assert evidence["see_it_in_git"]
    assert {each["id"] for each in json.loads(files["verdicts.json"])["exceptions"]} == against


def test_only_what_was_given_is_drawn() -> None:
    """Grants from what was granted, removals from what ended; the longest of nothing is nobody's."""
    (whole, *_) = records(1)
    never, lives = replace(whole, id="never", granted=(), ended=None), replace(whole, id="lives", ended=None)
    draw = json.loads(packed((whole, never, lives), size=9)["sample/draw.json"])
    assert sorted(each["id"] for each in draw["grants"]) == sorted([whole.id, "lives"])
    assert [each["id"] for each in draw["removals"]] == [whole.id]
    assert json.loads(packed((whole,))["verdicts.json"])["longest_access"]["id"] == whole.id
    assert json.loads(packed((never,))["verdicts.json"])["longest_access"] == {"id": None, "seconds": 0}


def test_evidence_without_documents() -> None:
    """Of a role that nobody asked for there are none."""
    (whole, *_) = records(1)
    files = packed((replace(whole, documents=None, digest=""),))
    evidence = json.loads(files[f"evidence/{whole.id}.json"])
    assert (evidence["documents"], evidence["documents_sha256"]) == (None, "")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("jit-alice_1", True), ("x" * 100, True), ("x" * 101, False), ("../x", False), ("größe", False),
        ("a b", False), ("", False), ("a.b", False),
    ],
)  # fmt: skip
def test_a_file_is_named_by_a_plain_word(name: str, kept: bool) -> None:
    """Whatever an id may hold, the evidence lies in its folder, under the id or its digest."""
    (whole, *_) = records(1)
    (file,) = (each for each in packed((replace(whole, id=name),)) if each.startswith("evidence/"))
    digest = hashlib.sha256(name.encode()).hexdigest()[:20]
    assert file == f"evidence/{name if kept else digest}.json"


def test_no_command_runs_what_a_name_says() -> None:
    """A request named with a shell's own words is one quoted word in every command that shows it."""
    path = f"{a_request().path.removesuffix('.yaml')}$(touch x);'`id`.yaml"
    (record, *_) = records(1)
    shown = commands(replace(record, request=path, policy="a'b;c"))
    sought = path.replace(".", "[.]").replace("$", "[$]")
    assert f"--grep=^Request: {sought}$" in shlex.split(shown[0])
    assert all("$(touch" not in each or "'" in each for each in shown)
    assert "--grep=^Request" not in commands(replace(record, request=path + "\n"))[0]


def test_the_sums_name_every_file() -> None:
    """Each line is a digest, two spaces and a name, as `sha256sum --check` reads it."""
    files = packed(records(30))
    lines = [line.partition("  ") for line in files[SUMS].decode().splitlines()]
    assert {name for _, _, name in lines} == files.keys() - {SUMS, MANIFEST}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for digest, _, name in lines)


def test_every_file_is_described() -> None:
    """The pack's README names each file of a whole report, and says of each what it is."""
    report = a_period_report(*records(20))
    files = pack(
        report.records, report.summary, about={}, others={"entitlements.json": [], "stops.json": [], "unmerged.json": []},
        size=3, seed="s", tables=report.tables, answers=report.answers, verdicts=report.verdicts,
        index=lambda listed: b"".join(f"{each.name} {each.about}\n".encode() for each in listed),
    )  # fmt: skip
    said = dict(re.findall(r"^- `([^`]+)`: (.+)$", files["README.md"].decode(), re.MULTILINE))
    assert {name.partition("evidence/")[1] or name for name in files} == said.keys()
    named = dict(line.split(" ", 1) for line in files[INDEX].decode().splitlines())
    assert all(named[name] == said[name] for name in named)
    assert said.keys() - named.keys() == {INDEX, MANIFEST, SUMS}


def test_files_are_listed_as_they_are_described() -> None:
    """Whatever the order in which they were made: a reader finds the first page first; evidence comes last, together."""
    listed = [each.name for each in _listed(
        {"b": b"", "evidence/2": b"", "unknown": b"", "a": b"", "evidence/1": b""}, {"a": "first", "b": "second"}
    )]  # fmt: skip
    assert listed == ["a", "b", "unknown", "evidence/"]


def test_of_a_refused_merge_one_item_is_drawn() -> None:
    """A request for many accounts is one refusal, so that three samples are three requests; the draw is the README's."""
    found = [each for each in records(400) if each.outcome is GrantOutcome.REFUSED]
    assert len(found) > 10
    twice = [other for each in found for other in (each, replace(each, id=f"{each.id}-b"))]
    drawn = refusals(twice, seed="s")
    assert len(drawn) == len({each.request for each in drawn}) == REFUSALS
    ranks = sorted(hashlib.sha256(f"s/refusals\n{each.id}\n{each.decisions[0].commit}".encode()).hexdigest() for each in found)  # fmt: skip
    assert [rank(each, "s/refusals") for each in drawn] == ranks[:REFUSALS]
    assert refusals(reversed(found), seed="s") == drawn
    assert refusals(records(5)[:0], seed="s") == ()


def test_drawn_refusals_have_their_evidence() -> None:
    """Each is in its table, in the draw, and in full in a file, with what refused it."""
    files = packed(records(200))
    drawn = table(files["sample/refusals.csv"])
    assert len(drawn) == REFUSALS
    assert [row["grant_id"] for row in drawn] == [
        each["id"] for each in json.loads(files["sample/draw.json"])["refusals"]
    ]
    for row in drawn:
        evidence = json.loads(files[f"evidence/{row['grant_id']}.json"])
        assert evidence["decisions"][0]["codes"] == ["not-approved"] == [row["refused_codes"]]
        assert evidence["outcome"] == row["outcome"] == "refused"


def test_every_table_is_csv_as_rfc_4180_has_it() -> None:
    """UTF-8 with its mark, so that no spreadsheet guesses; lines end with CR LF, every cell is quoted, every row is as long."""
    report = a_period_report(*records(40, reason='größer, "quoted"\n; x'))
    files = pack(report.records, report.summary, about={}, others={}, size=3, seed="s", tables=report.tables)
    names = [name for name in files if name.endswith(".csv")]
    assert len(names) >= 9
    for name in names:
        content = files[name]
        assert content.startswith(b"\xef\xbb\xbf")
        text = content.decode("utf-8-sig")
        assert not text.startswith("\ufeff")
        assert not text or text.endswith("\r\n")
        assert text.count("\r") == text.count("\n") == text.count("\r\n")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) <= 1
        again = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
        assert text.removesuffix("\r\n") == again
    assert "größer" in files["population.csv"].decode("utf-8-sig")


def test_an_account_id_keeps_its_zero() -> None:
    """In a table it is text, in JSON it is what it was; joined by it, two tables agree."""
    (whole, *_) = records(1)
    files = packed((replace(whole, account_id=AccountId("012345670123")),))
    (row,) = table(files["population.csv"])
    (listed,) = json.loads(files["population.json"])
    assert (row["account_id"], listed["account_id"]) == ("'012345670123", "012345670123")
    assert (row["requester_github_id"], row["failures"]) == (str(whole.github_id), "0")
    assert row["not_after"] == listed["not_after"]
