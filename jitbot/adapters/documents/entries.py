"""The entries of a registry file with their lines, for imports: read as strictly as everything else."""

from typing import Any

from jitbot.adapters.documents import strict_yaml
from jitbot.adapters.documents.document import Document
from jitbot.adapters.documents.shape import check_shape
from jitbot.domain.imports.entries import UNDER, FileEntries, FileEntry, Value
from jitbot.domain.model.documents import Finding, Parsed, Source

_HINT = "an import changes whole lines: give each entry a line of its own, all of them indented alike"


def parse_entries(source: Source) -> Parsed[FileEntries]:
    """Read people.yaml, teams.yaml, accounts.yaml or account-groups.yaml as entries; a file of comments alone has none."""
    if source.path not in UNDER:
        finding = Finding.in_file(
            source.path, "no-registry", "no import changes this file", f"one of {', '.join(UNDER)}"
        )
        return Parsed(value=None, findings=(finding,))
    under = UNDER[source.path]
    text = source.content.decode("utf-8", errors="replace")
    if all(line.strip() in ("", "---", "{}") or line.lstrip().startswith("#") for line in text.split("\n")):
        entries: tuple[FileEntry, ...] = ()
        column, end = (3 if under else 1), text.rstrip("\n").count("\n") + 2 if text.strip() else 1
        return Parsed(
            value=FileEntries(path=source.path, text=text, entries=entries, column=column, end=end, rest={})
        )
    document = strict_yaml.read(source, most=strict_yaml.MAX_REGISTRY_BYTES)
    check_shape(document, source.path.removeprefix("policies/").removesuffix(".yaml"))
    if document.value is not None and not document.findings:
        _check_lines(document, (under,) if under else (), text.split("\n"))
    return document.parsed(lambda value: _entries(document, value, text, under))


def _check_lines(document: Document, path: tuple[str, ...], lines: list[str]) -> None:
    """Note each key that shares its line with something, or is indented otherwise than the first."""
    places = [(key, place) for key, place in document.keys.items() if key[:-1] == path]
    for key, place in places:
        alone = not lines[place.line - 1][: place.column - 1].strip()
        if not alone or place.column != places[0][1].column:
            message = f"{key[-1]} has no line of its own"
            document.refuse(key, "shared-line", message, _HINT, key=True)


def _entries(document: Document, value: Any, text: str, under: str) -> FileEntries:
    path = (under,) if under else ()
    mapping = value.get(under, {}) if under else value
    found = tuple(
        FileEntry(key=str(key), line=document.keys[(*path, key)].line, value=_plain(part))
        for key, part in (mapping.items() if isinstance(mapping, dict) else ())
    )
    outer = [place.line for key, place in document.keys.items() if len(key) == 1 and under]
    start = document.keys[path].line if path in document.keys else 0
    last = text.rstrip("\n").count("\n") + 2
    columns = [place.column for key, place in document.keys.items() if key[:-1] == path]
    return FileEntries(
        path=document.file,
        text=text,
        entries=found,
        column=columns[0] if columns else 1,  # teams.yaml may be a mapping of nothing
        end=min((line for line in outer if line > start), default=last),
        rest={str(key): _plain(part) for key, part in value.items() if under and key != under},
    )


def _plain(part: Any) -> Value:
    if isinstance(part, dict):
        return {str(key): _plain(each) for key, each in part.items()}
    return [_plain(each) for each in part] if isinstance(part, list) else str(part)
