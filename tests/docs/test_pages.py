"""The pages of the documentation: short sentences, every page found from the index, pictures and modules that exist."""

import re
import struct
from pathlib import Path

import pytest
from made import DOCS
from sentences import sentences, too_long

ROOT = DOCS.parents[1]
README = ROOT / "README.md"
# Pages that people read from the beginning to the end. Decision records, SECURITY and the list of what is not proven
# are looked up line by line.
READ = sorted(
    page for page in DOCS.rglob("*.md") if page.parent.name != "decisions" and page.stem != "unproven"
)
LONGEST_OF_README, LONGEST = 25, 32
WORDS_OF_README = 1_200
_PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"')
_MODULE = re.compile(r"\[([\w/]+?)(?:\.py)?\]\([^)]*?(\w+)(?:/__init__)?\.py\)")


def named(page: Path) -> str:
    """A page by its path, for the name of a test."""
    return page.relative_to(ROOT).as_posix()


def test_the_readme_is_short() -> None:
    """At most so many words, code and tables among them."""
    assert len(README.read_text("utf-8").split()) <= WORDS_OF_README


def test_no_sentence_of_the_readme_is_long() -> None:
    """Readers of English as a second language lose a long one."""
    assert too_long(README.read_text("utf-8"), LONGEST_OF_README) == []


@pytest.mark.parametrize("page", READ, ids=named)
def test_no_sentence_of_a_page_is_long(page: Path) -> None:
    """A little longer than in the README, since a reference has lists in sentences."""
    assert too_long(page.read_text("utf-8"), LONGEST) == []


def test_sentences_are_found() -> None:
    """In paragraphs, lists and cells, with code as one word; the tests above would see a long one."""
    text = "One two. `a b c` three!\n\n- Four five\n\n| six | seven eight |\n|---|---|\n| nine | `x` |\n"
    assert list(sentences(text)) == [
        "One two.",
        "code three!",
        "Four five",
        "six",
        "seven eight",
        "nine",
        "code",
    ]
    assert too_long("word " * 26, 25) == ["26 words: " + " ".join(["word"] * 26)]
    assert len(list(sentences(README.read_text("utf-8")))) > 100


def test_the_readme_begins_with_what_it_is_a_picture_and_the_demo() -> None:
    """All three stand on the first screen: few words, one block, and a picture that leaves room for both."""
    first = README.read_text("utf-8").partition("\n## ")[0].partition("</picture>")[0]
    assert first.index("jitbot demo") < first.index("<picture>")
    assert len(first.partition("<picture>")[0].split()) <= 110
    ((picture, width),) = re.findall(r'src="([^"]+)".* width="(\d+)"', first)
    wide, high = struct.unpack(">II", (ROOT / picture).read_bytes()[16:24])
    assert int(width) * high / wide <= 400  # with a height instead, a phone would squeeze it


@pytest.mark.parametrize("page", [README, *READ], ids=named)
def test_pictures_exist_for_light_and_dark(page: Path) -> None:
    """Each picture lies in the repository, has words for those who do not see it, and has its dark twin."""
    text = page.read_text("utf-8")
    for picture in _PICTURE.findall(text):
        assert (page.parent / picture).is_file(), picture
    assert (
        text.count("<picture>")
        == text.count("prefers-color-scheme: dark")
        == len(re.findall(r'alt="[^"]+"', text))
    )


def test_every_page_is_found_from_the_index() -> None:
    """The index leads to each page of the documentation."""
    index = DOCS / "README.md"
    linked = {
        (DOCS / link.partition("#")[0]).resolve()
        for link in re.findall(r"\]\(([^)]+)\)", index.read_text("utf-8"))
    }
    assert {page for page in READ if page != index} - linked == set()


@pytest.mark.parametrize("page", [README, *sorted((ROOT / ".github").rglob("*.md"))], ids=named)
def test_a_link_to_a_module_names_it(page: Path) -> None:
    """A module that was renamed is renamed in the words of its links, too. A word alone is prose, except in SECURITY."""
    links = [(text, file) for text, file in _MODULE.findall(page.read_text("utf-8")) if set("/_") & set(text)]
    links += _MODULE.findall(page.read_text("utf-8")) if page.stem == "SECURITY" else []
    assert [(text, file) for text, file in links if text.rpartition("/")[2] != file] == []
