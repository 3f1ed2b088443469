"""`jitbot audit export`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from jitbot import __version__
from jitbot.commands.audit.pack_index import index_of
from jitbot.commands.audit.period_report import period_report_of
from jitbot.domain.audit.report.columns import as_json
from jitbot.domain.audit.report.pack import Files, pack
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape, timestamp
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.audit.period_report import PeriodReport
from jitbot.usecases.audit.unmerged_requests import Unmerged, read_unmerged
from jitbot.wiring.context import github_client


def export(
    invocation: Invocation,
    *,
    start: datetime,
    end: datetime,
    output: Path,
    size: int,
    seed: str | None,
    online: bool,
    keys_file: Path | None,
) -> int:
    """Carry out `jitbot audit export`."""
    folder = invocation.folder / output
    _ensure_empty(folder)
    report = period_report_of(invocation, start=start, end=end, keys_file=keys_file, online=online)
    seed = seed or report.seed
    unmerged = _unmerged(invocation, report) if online else None
    files = pack(
        report.records,
        report.summary,
        about=_about(report, size=size, seed=seed, online=online),
        others=_others(report, unmerged),
        size=size,
        seed=seed,
        tables=report.tables,
        answers=report.answers,
        verdicts=report.verdicts,
        index=partial(index_of, report),
    )
    _write(folder, files)
    total = sum(map(len, files.values())) / 1_000_000
    click.echo(f"{folder}: {many(len(report.records), 'item')}, {many(len(files), 'file')}, {total:.1f} MB")
    for warning in report.source.warnings:
        click.echo(f"! {escape.log(warning)}", err=True)
    return ExitCode.UNSURE if report.in_doubt else ExitCode.DONE


def _about(report: PeriodReport, *, size: int, seed: str, online: bool) -> Mapping[str, object]:
    source = report.source
    return {
        "jitbot": __version__,
        "repository": source.repository,
        "ledger": source.ledger,
        "main": source.main,
        "from": timestamp.show(report.start),
        "until": timestamp.show(report.end),
        "judged_at": timestamp.show(report.judged_at),
        "sample": size,
        "seed": seed,
        "online": online,
        "warnings": list(source.warnings),
    }


def _others(report: PeriodReport, unmerged: Sequence[Unmerged] | None) -> Mapping[str, object]:
    found: dict[str, object] = {
        "entitlements.json": [asdict(each) for each in report.entitlements],
        "stops.json": [each.as_json() for each in report.stops],
    }
    if unmerged is not None:
        found["unmerged.json"] = [
            {**_object(as_json(each)), "outcome": "withdrawn" if each.closed_at else "waiting"}
            for each in unmerged
        ]
    return found


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _unmerged(invocation: Invocation, report: PeriodReport) -> tuple[Unmerged, ...]:
    from jitbot.adapters.github import GitHubReader

    agent = f"jitbot/{__version__} (audit export)"
    client = github_client(invocation.environ, report.source.repository, agent)
    return read_unmerged(GitHubReader(client), report.start, report.end)


def _ensure_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidError(f"{folder} is not empty; a pack is written into a folder of its own")


def _write(folder: Path, files: Files) -> None:
    """Write the pack. The manifest comes last, so that a pack without a manifest is recognised as incomplete."""
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except OSError as error:
        raise InvalidError(f"{folder} cannot be written: {error.strerror}") from None
