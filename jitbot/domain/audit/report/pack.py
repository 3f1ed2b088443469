"""The evidence pack of a period as files: what an auditor keeps, works from, and can make again byte for byte."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from jitbot.domain.audit.report.columns import cells, grant_json
from jitbot.domain.audit.report.git_commands import commands
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.controls import CONTROLS
from jitbot.domain.audit.report.pack_table import PackTable, csv_of
from jitbot.domain.audit.report.sample import merge_commit, rank, refusals, sample
from jitbot.domain.audit.report.summary import Summary
from jitbot.domain.audit.report.use_rows import use_figures
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.aws import iam
from jitbot.domain.ledger import events

MANIFEST, SUMS, INDEX = "manifest.json", "SHA256SUMS", "index.html"
# What each file is. A table beside the population describes itself.
_ABOUT = {
    INDEX: "This list, with the first page of the report: open it in a browser.",
    "README.md": "The same in plain text, and how to draw the sample again.",
    MANIFEST: "The period, the commits of main and ledger that were read, and the digest of every file.",
    SUMS: "The digests in the form that `sha256sum --check` reads.",
    "population.csv": "Every request in every account, refused ones too.",
    "population.json": "The same for programs, with every decision and review.",
    "sample/grants.csv": "The grants that were drawn.",
    "sample/removals.csv": "The removals that were drawn.",
    "sample/refusals.csv": "The refusals that were drawn as a negative test, each with what refused it.",
    "sample/draw.json": "How they were drawn: seed, size, ids and merge commits.",
    "verdicts.json": 'The answers together. `open` counts the answers "not due yet". `rehearsals` lists the grants of '
    "`jitbot doctor --rehearse`, which could do nothing but list AWS's regions, by their recorded documents: `requests` and "
    "`people` leave them out, everything else has them.",
    "controls.json": "The controls that the evidence speaks to, and what it does not show of each.",
    "entitlements.json": "Who could ask and approve, by the rules at main's commit.",
    "stops.json": "Who and what was stopped in an emergency.",
    "unmerged.json": "Requests that were withdrawn, or never merged, as GitHub answered.",
}
_EVIDENCE = (
    "evidence/",
    "Each drawn item, and each with an exception or an unknown answer, in full, with the git commands that show it.",
)
_README = """\
# Evidence pack

{contents}

## In a spreadsheet

Every CSV file is UTF-8 with a byte order mark, separated by commas, with every cell in quotes and on one line. Times are \
UTC. A cell that a spreadsheet would take for a formula, or would change as a number or a date, begins with an \
apostrophe: an account id with a leading zero, for instance. The JSON beside has the same text without it.

## Verify it

    sha256sum --check SHA256SUMS

The pack is made from the repository alone: `jitbot audit export` with the arguments in `manifest.json`, in a clone with \
these commits, gives the same bytes. `jitbot audit verify` checks from such a clone that the record is whole and true.

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
removals take those with an end, and SEED followed by `/removals`; for refusals the first item of each refused merge, and \
SEED followed by `/refusals`. `draw.json` names seed, size, ids and merge commits. \
Nobody knows the commit of a merge before the merge, and nobody knows a seed that you choose after the period: keep it \
to yourself until then. Without `--seed` it is the head of the ledger that was read.
"""
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """One file of the pack, or one folder of like files, in words."""

    name: str
    about: str
    files: int
    size: int


Index = Callable[[Sequence[PackFile]], bytes]  # the pack's index, as a page


def pack(
    records: Sequence[GrantRecord],
    figures: Summary,
    *,
    about: Mapping[str, object],
    others: Mapping[str, object],
    size: int,
    seed: str,
    tables: Sequence[PackTable] = (),
    answers: Sequence[AuditAnswer] = (),
    verdicts: Mapping[str, object] | None = None,
    index: Index | None = None,
) -> Files:
    """Every file of the pack by its path. `about` names the period and its sources; `others` are JSON files beside.

    `answers` are the rows of the first page, `tables` and `verdicts` what other parts of the report add. The same arguments
    give the same bytes: nothing in it is of the moment at which it is made.
    """
    drawn = sample([record for record in records if record.granted], size=size, seed=seed)
    gone = sample([record for record in records if record.ended], size=size, seed=f"{seed}/removals")
    refused = refusals(records, seed=seed)
    files = {
        "population.csv": _table(records),
        "population.json": _lines(records),
        "sample/grants.csv": _table(drawn),
        "sample/removals.csv": _table(gone),
        "sample/refusals.csv": _table(refused),
        "sample/draw.json": _json(_draw(drawn, gone, refused, size=size, seed=seed)),
        "verdicts.json": _json(_verdicts(figures, answers, records) | dict(verdicts or {})),
        "controls.json": _json([asdict(control) for control in CONTROLS]),
        **{f"{table.name}.csv": table.csv for table in tables},
        **{f"{table.name}.json": _json(table.objects) for table in tables},
        **{name: _json(content) for name, content in others.items()},
    }
    shown = (*drawn, *gone, *refused, *figures.exceptions, *figures.doubts)
    for record in {each.id: each for each in shown}.values():
        files[f"evidence/{_name(record)}.json"] = _json(_evidence(record))
    described = {**_ABOUT, **{f"{table.name}.csv": table.about for table in tables}}
    described |= {f"{table.name}.json": f"The same as `{table.name}.csv`, for programs." for table in tables}
    files["README.md"] = _README.format(contents=_contents(files, described)).encode()
    if index is not None:
        files[INDEX] = index(_listed(files, described))
    files[SUMS] = _sums(files)
    return {**files, MANIFEST: _json({**about, "files": _digests(files)})}


def _listed(files: Files, described: Mapping[str, str]) -> list[PackFile]:
    """Every file with what it is, in the order in which they are described; those in `evidence/` together."""
    folder, about = _EVIDENCE
    evidence = [len(content) for name, content in files.items() if name.startswith(folder)]
    alone = [
        PackFile(name=name, about=described.get(name, ""), files=1, size=len(content))
        for name, content in files.items()
        if not name.startswith(folder)
    ]
    places = {name: at for at, name in enumerate(described)}
    alone.sort(key=lambda each: places.get(each.name, len(places)))
    return [*alone, PackFile(name=folder, about=about, files=len(evidence), size=sum(evidence))]


def _contents(files: Files, described: Mapping[str, str]) -> str:
    named = [(name, described[name]) for name in (INDEX, "README.md", MANIFEST, SUMS)]
    listed = [*named, *((each.name, each.about) for each in _listed(files, described))]
    return "\n".join(f"- `{name}`: {about}" for name, about in listed)


def _sums(files: Files) -> bytes:
    """As `sha256sum` writes it: two blanks, and a name without anything to escape."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _table(records: Iterable[GrantRecord]) -> bytes:
    """The columns that auditors sample by, a row for each item."""
    table = [cells(record) for record in records]
    heads = list(table[0]) if table else []
    return csv_of(heads, ([row[name] for name in heads] for row in table))


def _evidence(record: GrantRecord) -> Mapping[str, object]:
    """All of one item, its documents whole, and how to see it in a clone."""
    documents = events.dump_documents(record.documents) if record.documents is not None else None
    digest = iam.digest(record.documents) if record.documents is not None else ""
    return {
        **grant_json(record),
        "row": cells(record),
        "documents": documents,
        "documents_sha256": digest,
        "exceptions": list(record.exceptions),
        "unknown": list(record.doubts),
        "see_it_in_git": list(commands(record)),
    }


def _draw(
    drawn: Sequence[GrantRecord],
    gone: Sequence[GrantRecord],
    refused: Sequence[GrantRecord],
    *,
    size: int,
    seed: str,
) -> Mapping[str, object]:
    how = (
        "sha256 of the seed, a newline, the item's id, a newline and the commit of its first merge; the smallest come "
        "first; removals are drawn with SEED/removals, refusals with SEED/refusals"
    )
    return {
        "seed": seed,
        "size": size,
        "how": how,
        "grants": [_drawn(record, seed) for record in drawn],
        "removals": [_drawn(record, f"{seed}/removals") for record in gone],
        "refusals": [_drawn(record, f"{seed}/refusals") for record in refused],
    }


def _drawn(record: GrantRecord, seed: str) -> Mapping[str, str]:
    return {"id": record.id, "merge_commit": merge_commit(record), "rank": rank(record, seed)}


def _verdicts(
    figures: Summary, answers: Sequence[AuditAnswer], records: Sequence[GrantRecord]
) -> dict[str, object]:
    return {
        "clean": figures.clean and not any(each.exceptions or each.unknown for each in answers),
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
        "use": use_figures(records).as_json(),
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
    lines = ",\n".join(json.dumps(grant_json(record), separators=(",", ":")) for record in records)
    return f"[\n{lines}\n]\n".encode()


def _json(content: object) -> bytes:
    """ASCII alone, keys in the order in which they were written, one newline at the end."""
    return f"{json.dumps(content, indent=1)}\n".encode()
