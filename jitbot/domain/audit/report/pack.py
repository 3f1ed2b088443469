"""The evidence pack of a period as files: what an auditor keeps, works from, and can make again byte for byte."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from jitbot import catalogs
from jitbot.domain.audit.report.columns import cells, whole
from jitbot.domain.audit.report.git_commands import commands
from jitbot.domain.audit.report.rule_rows import NAMES, RuleRow, as_cells, as_object, doubts, exceptions
from jitbot.domain.audit.report.rule_rows import figures as rule_figures
from jitbot.domain.audit.report.sample import merge_commit, rank, sample
from jitbot.domain.audit.report.summary import Summary
from jitbot.domain.audit.report.use_rows import UseFigures, use_figures
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.aws import iam
from jitbot.domain.ledger import events
from jitbot.domain.text import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: what the pack shows of it, where, and what it does not show. An auditor concludes.

    SOC 2: the Trust Services Criteria of the AICPA, 2017 with the points of focus of 2022. ISO/IEC 27001:2022, Annex A.
    """

    standard: str
    id: str
    title: str
    shows: str
    columns: tuple[str, ...]
    verdicts: tuple[str, ...]
    not_shown: str


CONTROLS = catalogs.table("controls", "control", Control)
MANIFEST = "manifest.json"
_README = """\
# Evidence pack

- `manifest.json`: the period, the commits of main and ledger that were read, and the digest of every file.
- `population.csv`, `population.json`: every request in every account, refused ones too.
- `sample/`: the grants and removals that were drawn, and `draw.json`, which says how.
- `evidence/`: each drawn item, and each with an exception or an unknown answer, in full, with the git commands that show it.
- `rule-changes.csv`, `rule-changes.json`: every commit on main that changed policies, CODEOWNERS, workflows or jitbot: \
pull request, author, who approved it. `reviewed` is "no" of an exception (SOC 2 CC8.1), and "not required" of what is \
older than the record of rules. Of many paths a hundred are named; `paths_count` says how many there are.
- `verdicts.json`, `controls.json`, `entitlements.json`, `stops.json`: the answers together, the control mapping, \
who could ask and approve, who was stopped. `open` in `verdicts.json` counts the answers "not due yet". `rehearsals` lists \
the grants of `jitbot doctor --rehearse`, which could do nothing but list AWS's regions, by their recorded documents: \
`requests` and `people` leave them out, everything else has them.

## What was done with the access

`use` says whether a role was entered, as CloudTrail showed it after the end: "entered", "never entered", "not seen" or \
"not asked". Nobody entered a role that was "never entered": every place was looked at in which entering is recorded. \
"not seen" and "not asked" are no such statement: the role may have been used. `use_not_seen` says what was out of sight, of \
entered roles too. `entered`, `calls` and `denied_calls` are what was seen, and so at least that many; where nobody could \
look, they say "not seen" instead of a number. `calls` and `calls_by_service` are there only where the organisation's own trail \
was asked. `use` in `verdicts.json` has the totals.

## Draw the sample again

The rank of an item is the SHA-256 of the seed, its id and the commit of its first merge, each on a line:

    printf '%s\\n%s\\n%s' SEED ID MERGE_COMMIT | sha256sum

Take the items of `population.json` with a grant, in the order of their ranks, and keep as many as `size` says. For \
removals take those with an end, and SEED followed by `/removals`. `draw.json` names seed, size, ids and merge commits. \
Nobody knows the commit of a merge before the merge, and nobody knows a seed that you choose after the period: keep it \
to yourself until then. Without `--seed` it is the head of the ledger that was read.
"""
Files = Mapping[str, bytes]


def pack(
    records: Sequence[GrantRecord],
    figures: Summary,
    *,
    about: Mapping[str, object],
    others: Mapping[str, object],
    size: int,
    seed: str,
    rule_changes: Sequence[RuleRow] = (),
) -> Files:
    """Every file of the pack by its path. `about` names the period and its sources; `others` are JSON files beside.

    The same arguments give the same bytes: nothing in it is of the moment at which it is made.
    """
    drawn = sample([record for record in records if record.granted], size=size, seed=seed)
    gone = sample([record for record in records if record.ended], size=size, seed=f"{seed}/removals")
    files = {
        "population.csv": _table(records),
        "population.json": _lines(records),
        "sample/grants.csv": _table(drawn),
        "sample/removals.csv": _table(gone),
        "sample/draw.json": _json(_draw(drawn, gone, size=size, seed=seed)),
        "verdicts.json": _json(_verdicts(figures, rule_changes, use_figures(records))),
        "rule-changes.csv": _rows(NAMES, map(as_cells, rule_changes)),
        "rule-changes.json": _json([as_object(each) for each in rule_changes]),
        "README.md": _README.encode(),
        "controls.json": _json([asdict(control) for control in CONTROLS]),
        **{name: _json(content) for name, content in others.items()},
    }
    for record in {each.id: each for each in (*drawn, *gone, *figures.exceptions, *figures.doubts)}.values():
        files[f"evidence/{_name(record)}.json"] = _json(_evidence(record))
    return {**files, MANIFEST: _json({**about, "files": _digests(files)})}


def _table(records: Iterable[GrantRecord]) -> bytes:
    """CSV as RFC 4180 has it: every cell quoted, and none a formula."""
    table = [cells(record) for record in records]
    heads = list(table[0]) if table else []
    return _rows(heads, ([escape.cell(row[name]) for name in heads] for row in table))


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV with these heads; none where there are no heads. The cells are escaped."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if heads:
        writer.writerow(heads)
    writer.writerows(rows)
    return written.getvalue().encode()


def _evidence(record: GrantRecord) -> Mapping[str, object]:
    """All of one item, its documents whole, and how to see it in a clone."""
    documents = events.dump_documents(record.documents) if record.documents is not None else None
    digest = iam.digest(record.documents) if record.documents is not None else ""
    return {
        **whole(record),
        "row": cells(record),
        "documents": documents,
        "documents_sha256": digest,
        "exceptions": list(record.exceptions),
        "unknown": list(record.doubts),
        "see_it_in_git": list(commands(record)),
    }


def _draw(
    drawn: Sequence[GrantRecord], gone: Sequence[GrantRecord], *, size: int, seed: str
) -> Mapping[str, object]:
    how = (
        "sha256 of the seed, a newline, the item's id, a newline and the commit of its first merge; the smallest come "
        "first; removals are drawn with SEED/removals"
    )
    return {
        "seed": seed,
        "size": size,
        "how": how,
        "grants": [_drawn(record, seed) for record in drawn],
        "removals": [_drawn(record, f"{seed}/removals") for record in gone],
    }


def _drawn(record: GrantRecord, seed: str) -> Mapping[str, str]:
    return {"id": record.id, "merge_commit": merge_commit(record), "rank": rank(record, seed)}


def _verdicts(figures: Summary, rule_changes: Sequence[RuleRow], use: UseFigures) -> Mapping[str, object]:
    return {
        "clean": figures.clean and not (exceptions(rule_changes) or doubts(rule_changes)),
        "items": figures.records,
        "requests": figures.requests,
        "people": figures.people,
        "outcomes": figures.outcomes,
        "questions": [asdict(tally) for tally in figures.tallies],
        "exceptions": [
            {"id": record.id, "questions": _whys(record, record.exceptions)} for record in figures.exceptions
        ],
        "unknown": [
            {"id": record.id, "questions": _whys(record, record.doubts)} for record in figures.doubts
        ],
        "late_ends": [record.id for record in figures.late],
        "longest_access": {
            "id": figures.longest.id if figures.longest else None,
            "seconds": int(figures.held.total_seconds()),
        },
        "privileged": figures.privileged,
        "rehearsals": [record.id for record in figures.rehearsals],
        "break_glass": [record.id for record in figures.break_glass],
        "break_glass_awaiting_review": [record.id for record in figures.awaiting],
        "rule_changes": rule_figures(rule_changes),
        "use": use.as_json(),
    }


def _whys(record: GrantRecord, questions: Iterable[str]) -> Mapping[str, str]:
    return {name: record.judgements[name].why for name in questions}


def _digests(files: Files) -> Mapping[str, object]:
    return {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
    }


def _name(record: GrantRecord) -> str:
    """A file's name for an item: its id, if that is a plain word, else its digest."""
    plain = record.id.replace("-", "").replace("_", "")
    fits = plain.isascii() and plain.isalnum() and len(record.id) <= 100
    return record.id if fits else hashlib.sha256(record.id.encode()).hexdigest()[:20]


def _lines(records: Iterable[GrantRecord]) -> bytes:
    """A JSON array with an item a line, since most of it is read by machines, and compared line by line."""
    lines = ",\n".join(json.dumps(whole(record), separators=(",", ":")) for record in records)
    return f"[\n{lines}\n]\n".encode()


def _json(content: object) -> bytes:
    """ASCII alone, keys in the order in which they were written, one newline at the end."""
    return f"{json.dumps(content, indent=1)}\n".encode()
