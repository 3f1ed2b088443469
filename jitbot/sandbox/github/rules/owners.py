"""CODEOWNERS as the embedded GitHub enforces it: a second, tiny reading, independent of the domain's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jitbot.sandbox.github.site import HostedRepository, Site

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

_OWNER = re.compile(r"@[\w.-]+(?:\[bot\])?(?:/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that GitHub reads, or skips for its `problem`."""

    number: int
    text: str
    pattern: str
    owners: tuple[str, ...]
    problem: str | None = None
    culprit: str = ""


def read(repository: HostedRepository, commit: str) -> tuple[str, list[Line]]:
    """Where CODEOWNERS lies at a commit, and its lines; an empty path if there is none."""
    for path in LOCATIONS:
        content = repository.store.read(commit, path)
        if content is not None:
            return path, list(_lines(content.decode(errors="replace")))
    return "", []


def owners_of(lines: list[Line], path: str) -> tuple[str, ...]:
    """The owners that the last matching valid line names; none if it names none."""
    for line in reversed(lines):
        if line.problem is None and _matcher(line.pattern).fullmatch(path):
            return line.owners
    return ()


def logins(site: Site, owner: str) -> set[str]:
    """The accounts with write permission behind `@login` or `@org/team`, casefolded."""
    name = owner.removeprefix("@").casefold()
    members = site.teams.get(name, ()) if "/" in name else (name,)
    found = (site.users.get(member.casefold()) for member in members)
    return {user.login.casefold() for user in found if user is not None and user.may_write}


def errors(site: Site, lines: list[Line], path: str) -> list[dict[str, object]]:
    """What `codeowners/errors` answers: lines that are skipped, and owners who cannot own."""
    found = []
    for line in lines:
        unknown = [owner for owner in line.owners if owner.startswith("@") and not logins(site, owner)]
        kind, culprit = (
            (line.problem, line.culprit)
            if line.problem
            else ("Unknown owner", unknown[0])
            if unknown
            else ("", "")
        )
        if kind:
            found.append(_error(line, path, kind, culprit))
    return found


def _error(line: Line, path: str, kind: str, culprit: str) -> dict[str, object]:
    column = line.text.index(culprit) + 1
    return {
        "line": line.number,
        "column": column,
        "kind": kind,
        "source": line.text,
        "suggestion": None,
        "message": f"{kind} on line {line.number}:\n\n  {line.text}\n  {' ' * (column - 1)}^",
        "path": path,
    }


def _lines(text: str) -> Iterator[Line]:
    for number, raw in enumerate(text.splitlines(), start=1):
        words = re.findall(r"(?:\\ |\S)+", re.sub(r"(^|\s)#.*", "", raw))
        if not words:
            continue
        pattern, *owners = words
        invalid = next((owner for owner in owners if not _OWNER.fullmatch(owner)), "")
        bad_pattern = (
            pattern.startswith(("!", "\\#")) or "***" in pattern or bool(re.search(r"[\[\]]", pattern))
        )
        problem = "Invalid pattern" if bad_pattern else "Invalid owner" if invalid else None
        yield Line(
            number=number,
            text=raw,
            pattern=pattern.replace("\\ ", " "),
            owners=tuple(owners),
            problem=problem,
            culprit=pattern if bad_pattern else invalid,
        )


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder, `**` does not, a folder owns what is below it."""
    body = pattern.strip("/")
    if not body:
        return re.compile(r"(?!)")  # a lone slash owns nothing
    anchored = "/" in pattern.rstrip("/")
    tokens = re.findall(r"/\*\*/|\*\*/|/\*\*|\*|\?|[^*?/]+|/", body)
    meaning = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    middle = "".join(meaning.get(token) or re.escape(token) for token in tokens)
    direct_only = body == "*" or body.endswith("/*")
    below = "/.*" if pattern.endswith("/") else "" if direct_only and anchored else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + middle + below, re.DOTALL)
