"""Who owns a path: GitHub's CODEOWNERS, read as GitHub reads it, and refused where that is in doubt.

The rules are those of https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
and, where that page is silent, of https://git-scm.com/docs/gitignore#_pattern_format.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import takewhile

from jitbot import catalogs
from jitbot.domain.model.documents import Finding, Login, Teams
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.text.escape import quoted
from jitbot.domain.text.patterns import glob, patterns_overlap

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # GitHub reads the first that exists
RULES = ("policies/", *LOCATIONS)  # how the paths begin of all that a decision rests on, the request aside
TEAM = r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_-]+"  # an organisation and its team
# GitHub says "under 3 MB"; the smaller reading of a megabyte is the safe one.
SIZE_LIMIT = 3_000_000

_LOGIN = re.compile(f"@({LOGIN})")
_TEAM = re.compile(f"@({TEAM})")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_WILD = frozenset("*?")
_OWNER = re.compile("|".join(f"(?:{kind.pattern})" for kind in (_LOGIN, _TEAM, _EMAIL)))
_WORD = re.compile(r"(?:\\ |[^ \t])+")  # a backslash makes the blank after it a part of the word
# Everything that some reader takes for the end of a line; only "\n" is one for GitHub, as far as is known.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line that GitHub obeys. Owners are as written: `@login`, `@org/team`, `name@mail`; there may be none."""

    line: int
    pattern: str
    owners: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether the pattern matches `path`, a file's path from the repository's root, as git spells it."""
        return _covers(self.pattern, path)

    def may_cover(self, shape: Sequence[str]) -> bool:
        """Whether the pattern matches some path of this shape, given as a pattern for each of its segments."""
        reach = {0}
        for part in _segments(self.pattern):
            if part == "**":
                reach = set(range(min(reach, default=len(shape) + 1), len(shape) + 1))
            else:
                reach = {at + 1 for at in reach if at < len(shape) and patterns_overlap(part, shape[at])}
        return len(shape) in reach


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOwners:
    """A CODEOWNERS file: the rules GitHub obeys, and a finding for each line it skips or may read otherwise.

    A skipped line hands its paths to an earlier, broader one. So nothing may be granted on the word of
    `rules` while there is any finding: who decides must refuse first.
    """

    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]

    def rule_for(self, path: str) -> Rule | None:
        """The last rule that covers `path`, also when it names no owner; None where no rule does."""
        return next((rule for rule in reversed(self.rules) if rule.covers(path)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """A shape of pattern that is not to be relied on: how to see it, what GitHub does, what to do."""

    code: str
    shape: str  # a regular expression
    message: str
    hint: str


_DOUBTS = tuple((re.compile(each.shape), each) for each in catalogs.table("codeowners", "doubt", _Doubt))


def parse(text: str, file: str = LOCATIONS[0]) -> CodeOwners:
    """Read the text of a CODEOWNERS file; never raises. `file` is the path by which findings name it."""
    # A lone surrogate cannot be encoded strictly, and must end as a finding rather than an error.
    if len(text.encode("utf-8", "surrogatepass")) >= SIZE_LIMIT:
        return too_large(file)
    rules: list[Rule] = []
    findings: list[Finding] = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = _words(line)
        problems = tuple(_problems(line, words, partial(Finding, file=file, line=number)))
        findings += problems
        if words and not problems:
            pattern, *owners = (word.group().replace("\\ ", " ") for word in words)
            rules.append(Rule(line=number, pattern=pattern, owners=tuple(owners)))
    return CodeOwners(rules=tuple(rules), findings=tuple(findings))


def unusable(codeowners: CodeOwners | None) -> tuple[Finding, ...]:
    """Why this file (None: there is none) makes nobody an owner; empty if it can."""
    if codeowners is not None:
        return codeowners.findings
    hint = f"add {LOCATIONS[0]}"
    return (Finding.in_file(LOCATIONS[0], "no-codeowners", "there is no CODEOWNERS file", hint),)


def too_large(file: str) -> CodeOwners:
    """The result for a file that GitHub does not load: nobody owns anything."""
    finding = Finding(
        code="codeowners-too-large",
        message="GitHub does not load a CODEOWNERS file of 3 MB or more, so nothing has an owner",
        file=file,
        hint="use broader patterns",
    )
    return CodeOwners(rules=(), findings=(finding,))


def not_plain(file: str, mode: str) -> CodeOwners:
    """The result for an entry that is not an ordinary file. GitHub may read it or not, so nobody owns anything."""
    finding = Finding(
        code="codeowners-not-plain",
        message=f"{file} is no plain file (git mode {mode}), so nothing has an owner",
        file=file,
        hint="make it an ordinary file: not executable, no symlink, no folder, no submodule",
    )
    return CodeOwners(rules=(), findings=(finding,))


def owners_of(codeowners: CodeOwners, path: str) -> tuple[str, ...]:
    """The owners of `path` as written; none where no rule covers it, or the last that does names none."""
    rule = codeowners.rule_for(path)
    return rule.owners if rule else ()


def expand(owners: Sequence[str], teams: Teams) -> tuple[Login, ...]:
    """The logins that `owners` stand for, each once, in order, spelled as in CODEOWNERS or teams.yaml.

    GitHub ignores case in logins and teams, and so does this; compare the result casefolded. An unknown
    team or an e-mail address stands for nobody.
    """
    logins: dict[str, Login] = {}
    for owner in owners:
        for login in _stands_for(owner, teams):
            logins.setdefault(login.casefold(), login)
    return tuple(logins.values())


def _stands_for(owner: str, teams: Teams) -> Iterator[Login]:
    if login := _LOGIN.fullmatch(owner):
        yield Login(login[1])
    if team := _TEAM.fullmatch(owner):
        wanted = team[1].casefold()
        for name, members in teams.items():
            if name.casefold() == wanted:
                yield from members


def _words(line: str) -> list[re.Match[str]]:
    """The pattern and the owners of a line, without its comment."""
    words = _WORD.finditer(line.removesuffix("\r"))
    return list(takewhile(lambda word: not word.group().startswith("#"), words))


def _problems(line: str, words: list[re.Match[str]], finding: partial[Finding]) -> Iterator[Finding]:
    if control := _CONTROL.search(line.removesuffix("\r")):
        yield finding(
            code="codeowners-control-character",
            column=control.start() + 1,
            message="GitHub may read a control character as the end of the line, or not",
            hint="remove it",
        )
    if words:
        yield from _pattern_problems(words[0], finding)
        yield from _owner_problems(words[1:], finding)


def _pattern_problems(word: re.Match[str], finding: partial[Finding]) -> Iterator[Finding]:
    if word.start():
        yield finding(
            code="codeowners-indented",
            column=1,
            message="GitHub may read the blanks before a pattern as a part of it, or not",
            hint="begin the line with the pattern",
        )
    if _OWNER.fullmatch(word.group()):
        yield finding(
            code="codeowners-no-pattern",
            column=word.start() + 1,
            message=f"GitHub reads {quoted(word.group(), 60)} as a path here, not as an owner",
            hint="put a pattern first; a path of this name can be written from the root, with a leading /",
        )
    for shape, doubt in _DOUBTS:
        if found := shape.search(word.group()):
            column = word.start() + found.start() + 1
            yield finding(code=doubt.code, column=column, message=doubt.message, hint=doubt.hint)


def _owner_problems(words: Iterable[re.Match[str]], finding: partial[Finding]) -> Iterator[Finding]:
    for word in words:
        if not _OWNER.fullmatch(word.group()):
            yield finding(
                code="codeowners-invalid-owner",
                column=word.start() + 1,
                message=f"GitHub skips this line: {quoted(word.group(), 60)} is not @login, @org/team or name@mail",
                hint="fix the owner; blanks separate owners, and in a pattern a blank has a backslash before it",
            )


@lru_cache(maxsize=4096)  # one decision asks for the owners of one path many times
def _covers(pattern: str, path: str) -> bool:
    segments = path.split("/")
    if not {"", ".", ".."}.isdisjoint(segments):
        return False
    parts, plain = _segments(pattern), _plain_beginning(pattern)
    return parts[:plain] == tuple(segments[:plain]) and glob(parts, segments, "**", _segment_matches)


@lru_cache(maxsize=4096)  # a file has few patterns, and an audit asks them of every request there ever was
def _segments(pattern: str) -> tuple[str, ...]:
    """The pattern from the root, segment by segment, where `**` stands for any number of segments, also none."""
    anchored = "/" in pattern[:-1]
    parts = pattern.removeprefix("/").removesuffix("/").split("/")
    if pattern.endswith("/"):
        parts += ["**", "*"]  # what is inside the folder, not a file of that name
    elif parts[-1] == "**":
        parts += ["*"]  # at the end it stands for at least one
    elif parts[-1] != "*":
        parts += ["**"]  # the name, and all beneath it; a lone `*` is the exception, and stays in its folder
    return tuple(parts) if anchored else ("**", *parts)


@lru_cache(maxsize=4096)
def _plain_beginning(pattern: str) -> int:
    """How many segments at its beginning are plain names: most patterns differ there from most paths."""
    return len(list(takewhile(_WILD.isdisjoint, _segments(pattern))))


def _segment_matches(pattern: str, segment: str) -> bool:
    if _WILD.isdisjoint(pattern):
        return pattern == segment  # most segments are plain names
    return glob(pattern, segment, "*", _character_matches)


def _character_matches(pattern: str, character: str) -> bool:
    return pattern in {"?", character}
