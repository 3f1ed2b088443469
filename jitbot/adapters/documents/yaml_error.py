"""Why a file is not YAML, for its author: the finding is at the place where the unfinished part begins.

A parser gives up where it can go no further, which for a quote or a bracket that is never closed is the end of the
file. The tokens before that place show what was open by then, and where.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from jitbot.domain.model.documents import Position

_QUOTES = "put the text in quotes"
_QUOTED = 'as in key: "slow: refunds are stuck"'
_PAIR = "write `key: value`, each on a line of its own"
_INDENT = "keys that belong together begin in the same column"
_CLOSING = {"[": "]", "{": "}"}
# What comes before a value in its line: the blanks, the marks of a list, and the key.
_KEY = re.compile(r"[ ]*(?:-[ ]+)*(?:\"[^\"]*\"|'[^']*'|[^\s\"'\[{#][^:#]*):[ ]")
_NO_BLANK = re.compile(r"[ ]*(?:-[ ]+)*(?P<key>[\w-]+):[^\s:/]")
# A quoted text and a comment, in which a bracket is only a sign. A text that is never closed is matched to the file's end,
# since each of its signs would be tried as another beginning.
_ASIDE = re.compile(r"\"(?:\\.|[^\"\\])*(?P<open>\\?\Z)?\"?|'[^']*'|(?<=\s)#[^\n]*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxProblem:
    """What is wrong, where (None: nobody knows), and what to do."""

    message: str
    hint: str = "check the indentation, colons, quotes and brackets"
    place: Position | None = None


def explained(error: Exception, text: str) -> SyntaxProblem:
    """The problem behind an error of the parser in this text."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return SyntaxProblem(message="an escape or a number in it is out of range")
    return _Reader(error, text).problem()


class _Reader:
    """One error, its text, and the tokens that could be read before it."""

    def __init__(self, error: yaml.MarkedYAMLError, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        marks: tuple[Any, Any] = error.problem_mark, error.context_mark
        self._at, self._began = marks  # the second is None where there is no context
        self._context = error.context or ""
        self._problem = str(error.problem)
        self._tokens = _tokens(text, self._at.index)

    def problem(self) -> SyntaxProblem:
        """The nearest cause that is known; else what the parser says itself."""
        return (
            self._open_quote()
            or self._open_bracket()
            or self._early_quote()
            or self._no_pair()
            or self._colon()
            or self._sign()
            or self._indentation()
            or self._escape()
            or self._as_told()
        )

    def _open_quote(self) -> SyntaxProblem | None:
        if self._problem.startswith("found unexpected"):
            return self._tell(self._began, "this quote is never closed", "close it where the text ends")
        return None

    def _open_bracket(self) -> SyntaxProblem | None:
        marks = _still_open(self._tokens)
        if marks and not _is_closed(self._text, [mark.index for mark in marks], self._at.index):
            hint = "close it where the list ends; text that begins with it goes in quotes"
            return self._tell(marks[-1], "this bracket is never closed", hint)
        if "got '<scalar>'" in self._problem:
            return self._tell(self._at, "a comma is missing here", "commas separate the parts of a list")
        return None

    def _early_quote(self) -> SyntaxProblem | None:
        """A text in quotes that ends where more of it follows, or only in a later line, at the next quote."""
        quoted = [
            each for each in self._tokens if isinstance(each, yaml.ScalarToken) and each.style in ("'", '"')
        ]
        last = quoted[-1] if quoted else None
        if last is None or self._text[last.end_mark.index : self._at.index].strip(" "):
            return None
        begins, ends = last.start_mark, last.end_mark
        if begins.line != ends.line:
            message = f"this quote is never closed in its line; it ends at the quote in line {ends.line + 1}"
            return self._tell(begins, message, "close it where the text ends")
        if self._problem.startswith("expected <block end>"):
            double = r'within "…" a quote is written \"'
            hint = double if last.style == '"' else "within '…' an apostrophe is written ''"
            return self._tell(
                begins, "text follows the end of this quote", f"put all of it in quotes; {hint}"
            )
        return None

    def _no_pair(self) -> SyntaxProblem | None:
        """A line that should be a key and its value."""
        if "could not find expected ':'" in self._problem:
            return self._unpaired(self._began.line)
        if self._problem.startswith("mapping values") and not self._has_key_before():
            above = self._line_above()
            if above is not None and not _KEY.match(f"{self._lines[above]} "):
                return self._unpaired(above)
        return None

    def _unpaired(self, line: int) -> SyntaxProblem:
        written = self._lines[line]
        place = Position(line=line + 1, column=_indent(written) + 1)
        if found := _NO_BLANK.match(written):
            place = Position(line=line + 1, column=found.start("key") + 1)
            message = f"a blank is missing after {found['key'][:40]}:"
            return SyntaxProblem(message=message, hint=_PAIR, place=place)
        return SyntaxProblem(message="this line is no `key: value`", hint=_PAIR, place=place)

    def _colon(self) -> SyntaxProblem | None:
        if not self._problem.startswith("mapping values") and not self._problem.endswith("got ':'"):
            return None
        if self._has_key_before():
            return self._tell(self._at, f"a colon and a blank end a text: {_QUOTES}", _QUOTED)
        return self._indented()

    def _sign(self) -> SyntaxProblem | None:
        """A text that begins with a sign of YAML's own."""
        if "cannot start any token" in self._problem:
            hint = f'{_QUOTES}, as in "@acme/payments"'
            return self._tell(self._at, "no text begins with this sign", hint)
        if re.search("scanning an? (alias|anchor|tag|block scalar)", self._context):
            return self._tell(self._began, "no text begins with this sign", _QUOTES)
        if re.match("(sequence entries|mapping keys) are not allowed", self._problem):
            return self._tell(self._at, "no text begins with this sign", _QUOTES)
        last: Any = self._tokens[-1] if self._tokens else None
        ends = isinstance(last, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken)
        if ends and last.end_mark.line == self._at.line:
            return self._tell(self._at, "text follows this bracket", f"{_QUOTES}, with its brackets")
        return None

    def _indentation(self) -> SyntaxProblem | None:
        return self._indented() if "but found '<block mapping start>'" in self._problem else None

    def _indented(self) -> SyntaxProblem:
        """The line of the problem begins in another column than those around it."""
        line = self._at.line
        place = Position(line=line + 1, column=_indent(self._lines[line]) + 1)
        return SyntaxProblem(
            message="this line is not indented as those around it", hint=_INDENT, place=place
        )

    def _escape(self) -> SyntaxProblem | None:
        if "unknown escape character" not in self._problem:
            return None
        return self._tell(self._at, "this is no escape of YAML's", r'within "…" a \ is written \\')

    def _as_told(self) -> SyntaxProblem:
        parts = ", ".join(part for part in (self._context, self._problem) if part)
        return SyntaxProblem(message=f"this is not YAML: {parts}", place=position_of(self._at))

    def _has_key_before(self) -> bool:
        """Whether the line of the problem has a key and its value already, before the problem."""
        found = _KEY.match(self._lines[self._at.line])
        return found is not None and found.end() <= self._at.column

    def _line_above(self) -> int | None:
        """The nearest line above the problem that says something."""
        above = range(self._at.line - 1, -1, -1)
        return next(
            (each for each in above if self._lines[each].strip() and not _is_comment(self._lines[each])), None
        )

    def _tell(self, mark: Any, message: str, hint: str) -> SyntaxProblem:
        return SyntaxProblem(message=message, hint=hint, place=position_of(mark))


def position_of(mark: Any) -> Position:
    """The place of one of the parser's marks, which count from 0."""
    return Position(line=mark.line + 1, column=mark.column + 1)


def _tokens(text: str, until: int) -> list[Any]:
    """The tokens that begin before a place, and so end there at the latest; those that can be read."""
    found: list[Any] = []
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= until:
                break
            found.append(token)
    except yaml.YAMLError:
        pass
    return found


def _still_open(tokens: Sequence[Any]) -> list[Any]:
    """Where the brackets begin that these tokens open and do not close, the outermost first."""
    marks: list[Any] = []
    for token in tokens:
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            marks.append(token.start_mark)
        elif marks and isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            marks.pop()
    return marks


def _is_closed(text: str, opened: Sequence[int], start: int) -> bool:
    """Whether each of these brackets is closed, in their order, by one that follows the start."""
    wanted = [_CLOSING[text[index]] for index in opened]
    for sign in _ASIDE.sub(_blanked, text[start:]):
        if sign in _CLOSING:
            wanted.append(_CLOSING[sign])
        elif sign in _CLOSING.values() and wanted.pop() != sign:
            return False
        if not wanted:
            return True
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _blanked(aside: re.Match[str]) -> str:
    """Blanks in the place of what is aside; a text that is never closed is none."""
    return " " * len(aside.group()) if aside["open"] is None else aside.group()
