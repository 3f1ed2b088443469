"""Strict YAML: scalars are text, and nothing has a meaning that differs from how it looks.

PyYAML's own parser finds the structure and the places (the Python one, never libyaml, so that every
machine finds the same); the tree is built here from its events, so no YAML type is ever resolved and
no object made. See https://yaml.org/spec/1.2.2/ for what is left out.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from jitbot.adapters.documents.document import Document, Path, Text, named
from jitbot.adapters.documents.yaml_error import explained, position_of
from jitbot.domain.model.documents import Position, Source
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted
from jitbot.domain.text.visible import name_of, unseen, unseen_in

MAX_BYTES = 16 * 1024  # of what anybody may propose
MAX_REGISTRY_BYTES = 64 * 1024  # of the files that grow with the company: a thousand accounts, or people
_BYTES_A_PART = 4  # half of what a part of the densest teams.yaml takes; more parts are there to keep us busy
MAX_DEPTH = 8  # the deepest thing we have, a condition's value, lies at 6

_HINT_LF = "save the file with LF line ends"
_HIDDEN = {
    "tab": ("which YAML does not take for indentation", "use spaces"),
    "carriage-return": ("which not every reader takes for the end of a line", _HINT_LF),
    "control-character": ("which is a control character", "remove it"),
    "hidden-character": ("which cannot be seen here, or turns the text around", "remove it"),
    "space-character": ("which is not an ordinary space", "type an ordinary space"),
    "byte-order-mark": ("which is a byte order mark", "save the file as UTF-8 without a mark"),
}
# After a text without quotes, or after what announces one: a # that the next sign touches is seldom a comment.
_LOST = re.compile(r" +(#+)[^#\s]")
_LOST_BELOW = re.compile(r" *\n( +)(#+)[^#\s]")  # where the text could have gone on in the next line
_LOST_BLOCK = re.compile(r"[|>][-+0-9]* +(#+)[^#\s]")
_SPECIAL = {"\t": "tab", "\r": "carriage-return"}


class _StopError(Exception):
    """The rest of the file cannot be read; why is noted already."""


def read(source: Source, *, most: int = MAX_BYTES) -> Document:
    """The file as a tree of dicts, lists and `Text`, with findings for all that is not plain YAML.

    `value` is None if the file is no mapping at all; else it may be used where the document is sound. A file
    of more than `most` bytes is not parsed.
    """
    document = Document(source)
    text = _decoded(document, source.content, most)
    if text is None or not _visible(document, text):
        return document
    try:
        _Walk(document, text, most // _BYTES_A_PART).read()
    except _StopError:
        pass
    except (yaml.YAMLError, ValueError) as error:  # ValueError: "\\U00110000", which is no character
        problem = explained(error, text)
        document.note((), "yaml-syntax", problem.message, problem.hint, problem.place)
    return document


def _decoded(document: Document, content: bytes, most: int) -> str | None:
    if len(content) > most:
        message = f"the file has {many(len(content), 'byte')}; {most} is the most"
        document.note((), "too-large", message, "split it, or shorten it", None)
        return None
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        message, hint = "the file begins with a byte order mark", _HIDDEN["byte-order-mark"][1]
        document.note((), "byte-order-mark", message, hint, Position(line=1, column=1))
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        place = _place_of(before, len(before))
        document.note((), "not-utf8", "the file is not UTF-8 from here on", "save it as UTF-8", place)
        return None


def _visible(document: Document, text: str) -> bool:
    """Note the first character of each kind that a reader would not see; False if there is one."""
    found: dict[str, list[int]] = {}
    for index, kind in unseen_in(text):
        if text[index] != "\n":
            is_mark = text[index] == "\ufeff" and index == 0
            code = "byte-order-mark" if is_mark else _SPECIAL.get(text[index], f"{kind}-character")
            found.setdefault(code, []).append(index)
    for code, indices in found.items():
        what, hint = _HIDDEN[code]
        again = f" ({many(len(indices), 'such character')} in the file)" if len(indices) > 1 else ""
        message = f"here is {name_of(text[indices[0]])}, {what}{again}"
        document.note((), code, message, hint, _place_of(text, indices[0]))
    return not found


def _place_of(text: str, index: int) -> Position:
    line_start = text.rfind("\n", 0, index) + 1
    return Position(line=text.count("\n", 0, index) + 1, column=index - line_start + 1)


class _Parser(Reader, Scanner, Parser):
    """PyYAML's parser without what makes objects of its events."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def need_more_tokens(self) -> bool:
        """As PyYAML has it, and at once where no token that was read may turn out to be a key."""
        return not (self.tokens and not self.possible_simple_keys) and bool(super().need_more_tokens())


class _Walk:
    """Builds the tree from the parser's events, one document, no deeper than MAX_DEPTH."""

    def __init__(self, document: Document, text: str, most_parts: int) -> None:
        self._document = document
        self._text = text
        self._most_parts = most_parts
        self._events: Iterator[Any] = yaml.parse(text, Loader=_Parser)  # type: ignore[arg-type]

    def read(self) -> None:
        next(self._events)  # the stream begins
        start = next(self._events)
        if not isinstance(start, yaml.DocumentStartEvent):
            self._refuse_file("empty-document", "the file is empty")
            return
        self._no_directive(start)
        value = self._node(next(self._events), ())
        self._last()
        if isinstance(value, dict):
            self._document.value = value
        elif value == "":
            self._refuse_file("empty-document", "the file is empty")
        else:
            self._refuse_file("not-a-mapping", "the file is not a mapping of keys to values")

    def _refuse_file(self, code: str, message: str) -> None:
        self._document.note((), code, message, "begin with `key: value`", Position(line=1, column=1))

    def _no_directive(self, start: yaml.DocumentStartEvent) -> None:
        if start.version or start.tags:
            place = position_of(start.start_mark)
            self._document.note((), "directive", "a % line changes how the file is read", "remove it", place)

    def _last(self) -> None:
        next(self._events)  # this document ends
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            place = position_of(after.start_mark)
            hint = "one file is one document: remove the second, and its ---"
            self._document.note((), "second-document", "a second document begins here", hint, place)

    def _node(self, event: Any, path: Path) -> Any:
        place = position_of(event.start_mark)
        self._document.places[path] = place
        if len(path) > MAX_DEPTH:
            self._stop(path, "too-deep", f"more than {MAX_DEPTH} levels deep", place)
        if len(self._document.places) > self._most_parts:
            self._stop(path, "too-large", f"the file has more than {many(self._most_parts, 'part')}", place)
        self._nothing_attached(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path) if isinstance(event, yaml.ScalarEvent) else Text()

    def _stop(self, path: Path, code: str, message: str, place: Position) -> NoReturn:
        self._document.note(path, code, message, "nothing here needs so much", place)
        raise _StopError

    def _nothing_attached(self, event: Any, path: Path) -> None:
        if event.anchor is None and event.tag is None:
            return
        place, name = position_of(event.start_mark), quoted(event.anchor or "")[1:-1]
        if isinstance(event, yaml.AliasEvent):
            self._document.note(path, "alias", f"*{name} repeats another part", "write the value out", place)
            return
        if event.anchor is not None:
            self._document.note(path, "anchor", f"&{name} names a part to be repeated", "remove it", place)
        if event.tag is not None:
            message = f"the tag {quoted(event.tag)} changes how the value is read"
            self._document.note(path, "tag", message, "remove it", place)

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Text:
        text = Text(event.value, plain=event.style is None)
        if (
            self._nothing_lost(event, path) and text.plain and not text and path and "" not in path
        ):  # findings below a broken key would add nothing
            self._document.refuse(
                path, "no-value", f"{named(path)} has no value", "write one, or remove the key"
            )
        hidden = [text[index] for index, _ in unseen_in(text) if text[index] != "\n"]
        if hidden:
            message = f"{quoted(text)} holds {name_of(hidden[0])}, which cannot be seen here"
            self._document.refuse(
                path, "hidden-character", message, "write the text itself, without the escape"
            )
        return text

    def _nothing_lost(self, event: Any, path: Path) -> bool:
        """Note a # that ends a text without a word although its writer may have meant it; False if there is one."""
        lost = self._lost(event, path)
        if lost is None:
            return True
        message = "what follows # is a comment and is lost: put the text in quotes"
        hint = "where it is meant as a comment, put a blank after the #"
        self._document.note(path, "lost-text", message, hint, _place_of(self._text, lost))
        return False

    def _lost(self, event: Any, path: Path) -> int | None:
        """Where such a # is: behind the text, or in the next line and so far right that the line would go on with it."""
        if event.style in ("|", ">"):
            block = _LOST_BLOCK.match(self._text, event.start_mark.index)
            return block.start(1) if block else None
        if event.style is not None:
            return None
        if behind := _LOST.match(self._text, event.end_mark.index):
            return behind.start(1)
        below = _LOST_BELOW.match(self._text, event.end_mark.index) if event.value else None
        return below.start(2) if below and len(below[1]) > self._holder(event, path) else None

    def _holder(self, event: Any, path: Path) -> int:
        """The column, from 0, of what a text belongs to: its key, or the mark of its list."""
        if key := self._document.keys.get(path):
            return key.column - 1
        before = self._text[: event.start_mark.index].rpartition("\n")[2]
        return len(before.rstrip(" ")) - 1

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        value: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            part = (*path, key)
            if key in value:
                first = self._document.keys[part]
                message = f"the key {quoted(key)} is there already, in line {first.line}"
                self._document.note(
                    part, "repeated-key", message, "keep one of them", position_of(event.start_mark)
                )
            self._document.keys.setdefault(part, position_of(event.start_mark))
            value[key] = self._node(next(self._events), part)
        return value

    def _key(self, event: Any, path: Path) -> str:
        """The key as text; "" for one that is none."""
        key, place = str(getattr(event, "value", "")), position_of(event.start_mark)
        part = (*path, key)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, part)
            hint = 'text that begins with {{, [ or * goes in quotes: "{{account_id}}"'
            self._document.note(part, "key-not-text", "a key is text", hint, place)
            return key
        self._nothing_attached(event, part)
        if not key:
            self._document.note(part, "key-not-text", "a key is empty", "write one", place)
        if key == "<<":
            self._document.note(part, "merge-key", "<< merges another part", "write the keys out", place)
        hidden = [character for character in key if unseen(character)]
        if hidden:
            message = f"the key {quoted(key)} holds {name_of(hidden[0])}, which is none of a key"
            self._document.note(part, "hidden-character", message, "remove it", place)
        return key
