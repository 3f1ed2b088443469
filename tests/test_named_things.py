"""What pages, docstrings and comments set as code exists: a name that was changed is changed in the prose too."""

import builtins
import re
from collections.abc import Iterator
from pathlib import Path

from source_tokens import Token, tokens

ROOT = Path(__file__).parents[1]
CODE = [*sorted((ROOT / "jitbot").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]
TEXTS = {".json", ".toml", ".yml", ".yaml", ".js", ".html", ".md"}
FOLDERS = (".github", "jitbot", "policies", "requests", "tests")
_IDENTIFIER = re.compile(r"_{0,2}[A-Za-z]\w*(?:\.\w+)*(?:\(\))?")
_SPAN = re.compile(r"`([^`\n]+)`")
OTHERS = {"Developer_x", "credential_process"}  # an example of a permission set; a key of AWS's configuration


def known() -> set[str]:
    """Every name of the code, every word of its texts that are one token, and every word of the data beside it."""
    names = set(dir(builtins))
    for path in CODE:
        names.update((*path.relative_to(ROOT).with_suffix("").parts, path.name))
        names.update(each.string for each in tokens(path) if each.kind == "name")
        texts = (each.string for each in tokens(path) if each.kind == "text" and not is_prose(each))
        names.update(word for text in texts if " " not in text for word in re.findall(r"\w+", text))
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in TEXTS - {".md"} and path.is_file():
                names.update(re.findall(r"\w+", path.read_text("utf-8")))
    return names


def is_prose(token: Token) -> bool:
    """A comment, or a text between three quotes: in this house a docstring."""
    return token.kind == "comment" or token.string.startswith('"""')


def prose() -> Iterator[tuple[str, str]]:
    """Every docstring and comment of the code, and every page, with where it is."""
    for path in CODE:
        where = path.relative_to(ROOT).as_posix()
        yield from ((f"{where}:{each.line}", each.string) for each in tokens(path) if is_prose(each))
    pages = [ROOT / "README.md", *(page for name in FOLDERS for page in sorted((ROOT / name).rglob("*.md")))]
    for page in pages:
        yield page.relative_to(ROOT).as_posix(), page.read_text("utf-8")


def missing(text: str, names: set[str]) -> list[str]:
    """The identifiers that a text sets as code, and of which a part exists nowhere."""
    spans = [span for span in _SPAN.findall(text) if _IDENTIFIER.fullmatch(span)]
    return [span for span in spans if set(span.removesuffix("()").split(".")) - names - OTHERS]


def test_what_is_set_as_code_exists() -> None:
    """Each identifier between backticks is a name of the code, or a word of its data."""
    names = known()
    assert [(where, gone) for where, text in prose() for gone in missing(text, names)] == []


def test_the_reader_of_prose_finds_what_is_gone() -> None:
    """A name that exists is fine; a part that does not, is found; a sentence is no identifier."""
    names = {"approval", "decide"}
    assert missing("`approval.decide`, `decide()`, `a b`, `--all`", names) == []
    assert missing("`approval.gone_by` and `gone_by`", names) == ["approval.gone_by", "gone_by"]


def test_prose_of_every_kind_is_read() -> None:
    """Docstrings, comments and pages are among what is read, and most of it names something."""
    found = list(prose())
    assert len(found) > 5_000
    assert sum(bool(_SPAN.search(text)) for _, text in found) > 300
    assert any(where.startswith(".github/docs/decisions/") for where, _ in found)
