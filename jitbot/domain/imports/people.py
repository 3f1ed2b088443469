"""People by a CSV file: who a login is for GitHub and AWS. A login and a principal are joined by a row alone."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jitbot.domain.imports.entries import FileEntries, ImportSource, Value
from jitbot.domain.model.documents import Finding, Login
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted

COLUMNS = ("login", "identity_center", "iam_user", "github_id")
MOST_BYTES, MOST_ROWS = 1 << 20, 5000
_PRINCIPALS = ("identity_center", "iam_user")
_UTF8_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One row: its line in the file (from 1), and its cells by column, those that are not empty."""

    line: int
    cells: Mapping[str, str]

    @property
    def login(self) -> Login:
        """The login as the row spells it."""
        return Login(self.cells.get("login", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A CSV file of people, or what is wrong with it."""

    path: str
    rows: tuple[PersonRow, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


def read_csv(path: str, content: bytes) -> PeopleFile:
    """Read a CSV file with a header line. Duplicates, unknown columns and cells that fit no column are findings."""
    if len(content) > MOST_BYTES:
        return _refused(
            path, 0, "too-large", f"the file has {many(len(content), 'byte')}; {MOST_BYTES} is the most"
        )
    try:
        text = content.decode("utf-8").removeprefix(_UTF8_MARK)
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return _refused(path, 0, "not-csv", f"the file is no CSV in UTF-8: {error}")
    header = [name.strip().casefold() for name in lines[0]] if lines else []
    if "login" not in header or set(header) - set(COLUMNS) or len(set(header)) < len(header):
        message = f"the first line must name the columns, each once: login, and of {', '.join(COLUMNS[1:])} those there are"
        return _refused(path, 1, "bad-header", message)
    rows, findings = [], []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            message = f"the row has {many(len(cells), 'cell')}, the header {len(header)}"
            findings.append(_at(path, number, "bad-row", message))
            continue
        found = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
        rows.append(PersonRow(line=number, cells=found))
    if not rows and not findings:
        return _refused(path, 1, "empty-source", "the file has no row")
    if len(rows) > MOST_ROWS:
        return _refused(
            path, 0, "too-large", f"the file has {many(len(rows), 'row')}; {MOST_ROWS} is the most"
        )
    findings += [*_of_rows(path, rows), *_repeated(path, rows)]
    return PeopleFile(path=path, rows=() if findings else tuple(rows), findings=tuple(findings))


def _of_rows(path: str, rows: Iterable[PersonRow]) -> Iterator[Finding]:
    for row in rows:
        if not re.fullmatch(LOGIN, row.login, re.ASCII):
            message = f"{quoted(row.login)} is no GitHub login"
            yield _at(path, row.line, "bad-login", message)
        if all(name in row.cells for name in _PRINCIPALS):
            message = f"{row.login} has {' and '.join(_PRINCIPALS)}; a person is one AWS identity"
            yield _at(path, row.line, "two-principals", message)
        number = row.cells.get("github_id", "1")
        if not re.fullmatch(r"[1-9][0-9]{0,17}", number, re.ASCII):
            yield _at(path, row.line, "bad-github-id", f"{quoted(number)} is no GitHub id")


def _repeated(path: str, rows: Iterable[PersonRow]) -> Iterator[Finding]:
    """Nobody is there twice, under whatever login or identity."""
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        for name, cell in row.cells.items():
            first = seen.setdefault((name, cell.casefold()), row.line)
            if first != row.line:
                yield _at(
                    path, row.line, "repeated-value", f"{name} {quoted(cell)} is in line {first} already"
                )


def known_to_github(
    people: PeopleFile, accounts: Mapping[Login, Actor | None], file: FileEntries
) -> Iterator[Finding]:
    """What GitHub says against a row: nobody, no person, another account than the row or the last import names."""
    before = {key.casefold(): each for key, each in file.own(ImportSource.CSV).items()}
    for row in people.rows:
        actor = accounts.get(row.login)
        if actor is None:
            yield _at(people.path, row.line, "unknown-login", f"{row.login} is nobody's login on GitHub")
            continue
        if actor.kind != "User":
            message = f"{row.login} is no person on GitHub, but a {actor.kind}"
            yield _at(people.path, row.line, "not-a-person", message)
        named, own = row.cells.get("github_id"), before.get(row.login.casefold())
        recorded = own.value.get("github_id") if own is not None and isinstance(own.value, dict) else None
        wanted = named or recorded
        if wanted is not None and wanted != str(actor.github_id):
            where = "the row names" if named else "the last import found"
            message = f"{row.login} has the GitHub id {actor.github_id}, and {where} {wanted}: who is it?"
            hint = "ask the person; if it is right, write the new id in the column github_id"
            yield Finding.in_file(people.path, "another-account", message, hint, line=row.line)


def known_to_identity_center(people: PeopleFile, users: Mapping[str, bool], store: str) -> Iterator[Finding]:
    """The user names that Identity Center does not have, exactly as they are written, or has disabled."""
    spelt = {name.casefold(): name for name in users}
    for row in people.rows:
        name = row.cells.get("identity_center")
        if name is None or users.get(name):
            continue
        if name in users:
            message = f"{quoted(name)} is disabled in Identity Center {store}"
        else:
            near = spelt.get(name.casefold())
            message = f"{quoted(name)} is no user of Identity Center {store}"
            message += f"; it has {quoted(near)}" if near else ""
        yield _at(people.path, row.line, "unknown-user", message)


def wanted_people(people: PeopleFile, accounts: Mapping[Login, Actor | None]) -> Mapping[str, Value]:
    """The entries of people.yaml that the rows stand for, each login as GitHub spells it."""
    found: dict[str, Value] = {}
    for row in people.rows:
        actor = accounts[row.login]
        if actor is None:
            continue
        principal = {name: row.cells[name] for name in _PRINCIPALS if name in row.cells}
        found[actor.login] = {
            "github_id": str(actor.github_id),
            **principal,
            "source": ImportSource.CSV.value,
        }
    return found


def replaced(file: FileEntries, changed: Mapping[str, Value]) -> tuple[str, ...]:
    """Of the changed people, those who become another account or identity: what they have in AWS ends."""
    old = file.by_key
    return tuple(key for key, value in changed.items() if _identity(old[key]) != _identity(value))


def _identity(value: Value) -> Collection[object]:
    return {key: part for key, part in value.items() if key != "source"} if isinstance(value, dict) else ()


def _refused(path: str, line: int, code: str, message: str) -> PeopleFile:
    return PeopleFile(path=path, findings=(_at(path, line, code, message),))


def _at(path: str, line: int, code: str, message: str) -> Finding:
    return Finding.in_file(path, code, message, "correct the file, and import it again", line=line)
