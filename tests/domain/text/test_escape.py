"""People's text must not break out of Markdown, annotations, logs or a terminal."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jitbot.domain.text.escape import annotation_data, annotation_property, log, markdown, quoted, terminal
from jitbot.domain.text.visible import unseen_in

GAP = "\u200b"
# Spaces and joiners that stay where they are ordinary writing, and the tags of the three flags that have some.
ORDINARY = {*"\u00a0\u202f\u3000\u200c\u200d", *(chr(0xE0000 + ord(each)) for each in "gbensctwl\x7f")}
# What GitHub looks for in the text of a rendered page, whatever stood in the Markdown before.
FOUND_BY_GITHUB = re.compile(r"@[a-z0-9]|#[0-9]|://|(?<![a-z0-9])(gh-[0-9]|www\.)", re.IGNORECASE)

HOSTILE = [
    "INC-1234 refunds are stuck in the queue",
    "@alice please, @acme/security too, mail bob@acme.com",
    "see #1, acme/access#2, GH-3, gh-4, _gh-5, (gh-6), closes #5",
    "https://evil.example/x HTTP://evil.example ftp://evil.example www.evil.example WWW.evil.example _www.evil.example",
    "[approve](https://evil.example) ![x](https://evil.example/x.png) [a][b] [^1] [!NOTE]",
    "<https://evil.example> <script>alert(1)</script> <!-- hidden --> <img src=x> </details>",
    "<!-- all that follows",
    "<script",
    "<details open",
    "<?all that follows",
    "<![CDATA[all that follows",
    "<img src=x",
    "&lt;b&gt; &#64;alice &commat;alice &#x23;1 &amp;",
    "`code` ``more`` ```fence ~~~ ~~gone~~",
    "*a* **b** _c_ __d__ ***",
    "a | b || c \\| d \\\\| e",
    "$x^2$ $$y$$ $`z`$ costs $5 and $6",
    "\\",
    "ends with a backslash\\",
    "\\@alice \\#1 \\<b>",
    "# heading",
    "#1",
    "> quoted",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "2) item",
    "- [ ] task",
    "---",
    "===",
    "***",
    "___",
    "```",
    "~~~",
    "    code",
    "\tcode",
    ":-:",
    ":-: | :-:",
    "[a]: https://evil.example",
    "two  \nlines",
    "a\n\n# heading\n\n@alice\r\n> b",
    "\u202eevil\u2066 \u200b@\u200balice \ufeff \u2028# a \x85 \x00 \x1b[31m \ud800",
    "é ✅ 漢字",
    "",
    "   ",
]


class _Page(HTMLParser):
    """The elements and the text of a rendered page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag if not attrs else f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"comment {data}")


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _page(source: str) -> _Page:
    return _Page(_markdown().render(source))


def _is_inert(text: str) -> None:
    """Alone, after a word, in a quotation, under a line and in a table, the text is shown and nothing comes of it."""
    source, shown = markdown(text), terminal(text).strip(" ")
    if not shown:
        assert source == ""
        return
    for before, after, elements in [
        ("", "", ["p"]),
        ("Reason: ", "", ["p"]),
        ("> ", "", ["blockquote", "p"]),
        ("- ", "", ["ul", "li"]),
        ("above\n", "\nbelow", ["p"]),
        ("| above |\n", "\n| below |", ["p"]),
        (
            "| a | b |\n|---|---|\n| ",
            " | last |",
            ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"],
        ),
    ]:
        page = _page(before + source + after)
        assert [element for element in page.elements if element != "span"] == elements
        assert shown in page.text.replace(GAP, "")
        assert not FOUND_BY_GITHUB.search(page.text)
        assert page.elements.count("span") == text.count("$")
    assert _page(source).text.rstrip("\n").replace(GAP, "") == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_in_markdown(text: str) -> None:
    """A person's text is shown as it is: no element, mention, reference or link comes of it, in any place."""
    _is_inert(text)


_BITS = st.one_of(
    st.sampled_from("@#1a .[]()!<>b/`*_~|\\&$-=+:\n\t"),
    st.sampled_from(["gh-", "www.", "http://", "](", "```", "**", "~~", "#64;", "&lt;", "---", "  "]),
)


@given(st.one_of(st.lists(_BITS, max_size=12).map("".join), st.text(st.characters())))
def test_any_text_is_inert_in_markdown(text: str) -> None:
    """No combination of signs comes alive."""
    _is_inert(text)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("INC-1234 refunds, 10:30 (urgent!)", "INC-1234 refunds, 10:30 (urgent!)"),
        ("arn:aws:iam::111111111111:role/x", "arn:aws:iam::111111111111:role/x"),
        ("@alice", f"@{GAP}alice"),
        ("a_b", "a\\_b"),
        ("[a]", "\\[a\\]"),
        ("C# and # 1", "C# and # 1"),
        ("awww. gh-x high-5", "awww. gh-x high-5"),
        ("3.14 and 1. one", "3\\.14 and 1. one"),
    ],
)
def test_plain_text_stays_readable_in_the_source(text: str, source: str) -> None:
    """E-mails show a comment's source: only what must be escaped is."""
    assert markdown(text) == source


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é ✅ 漢字 'quoted' \"too\" \\", "plain é ✅ 漢字 'quoted' \"too\" \\"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[31mred\x1b]8;;https://evil.example\x07", "\\x1b[31mred\\x1b]8;;https://evil.example\\x07"),
        ("\x9b31m\x90", "\\x9b31m\\x90"),
        ("\x00\x08\x7f", "\\x00\\x08\\x7f"),
        ("\u202e\u2066\u200f\u061c", "\\u202e\\u2066\\u200f\\u061c"),
        ("\u200b\u200d\u2060\ufeff\u00ad", "\\u200b\\u200d\\u2060\\ufeff\\xad"),
        ("\x85\u2028\u2029\x0b\x0c", "\\x85\\u2028\\u2029\\x0b\\x0c"),
        (" \u00a0b\u3000c", " \\xa0b\\u3000c"),
        ("Pourquoi\u00a0?", "Pourquoi\u00a0?"),
        ("نمی\u200cشود", "نمی\u200cشود"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\ud800\ue000\U000e0041", "\\ud800\\ue000\\U000e0041"),
        ("", ""),
    ],
)
def test_a_terminal_shows_what_does_not_print_as_its_escape(text: str, shown: str) -> None:
    """Control, direction and invisible characters are shown, not obeyed; all else stays."""
    assert terminal(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 40, repr("a" * 40)),
        ("a" * 41, repr("a" * 40 + "…")),
        ("a\n\x1b[31m\u202e'", r'''"a\n\x1b[31m\u202e'"'''),
        ("a\u034fb\u2800\u3164\ufe0f", r"'a\u034fb\u2800\u3164\ufe0f'"),
    ],
)
def test_a_quoted_text_is_short_and_whole(text: str, shown: str) -> None:
    """In quotes, cut, nothing that a terminal obeys, and nothing that `repr` shows and nobody sees."""
    assert quoted(text) == shown
    assert quoted("a" * 41, 41) == repr("a" * 41)


# What belongs beside some neighbours and beside others does not, and what never does.
_NEIGHBOURS = (
    "a1#'\u200c\u200d\ufe0f\u20e3\u3000\u00a0\u0628\u094d\u2764\U0001f3fb\U0001f3f4\U000e0067\u034f\udc97"
)


@given(
    st.text(st.sampled_from(_NEIGHBOURS), max_size=6)
    | st.text(st.characters(exclude_categories=()), max_size=60)
)
def test_nothing_is_hidden_in_a_quoted_text(text: str) -> None:
    """Whatever somebody wrote, each of its characters can be seen in the message that cites it."""
    assert not list(unseen_in(quoted(text)))
    assert not list(unseen_in(terminal(text)))


@given(st.text(st.characters()))
def test_any_text_is_one_printable_line(text: str) -> None:
    """Whatever goes in, what comes out is one line that prints, twice the same, and can be written as UTF-8."""
    for escape in (terminal, log, annotation_data, annotation_property):
        shown = escape(text)
        assert all(each.isprintable() or each in ORDINARY for each in shown)
        assert len(shown.splitlines()) <= 1
        assert shown.encode("utf-8").decode("utf-8") == shown
    assert terminal(terminal(text)) == terminal(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("::error::x", ": :error::x"),
        ("  ::add-mask::x", "  : :add-mask::x"),
        (":::error::x", ": ::error::x"),
        ("ok\n::error::x", "ok\\n::error::x"),
        ("\r::error::x", "\\r::error::x"),
        ("\t::stop-commands::x", "\\t::stop-commands::x"),
        ("##[error]x", "## [error]x"),
        ("reason ##[add-path]x ##[set-env name=a]b", "reason ## [add-path]x ## [set-env name=a]b"),
        ("###[error]", "### [error]"),
        ("##\u200b[error]", "##\\u200b[error]"),
        ("arn:aws:iam::111111111111:role/x", "arn:aws:iam::111111111111:role/x"),
        ("a ::b::", "a ::b::"),
    ],
)
def test_a_log_line_is_no_workflow_command(text: str, line: str) -> None:
    """Neither form of a workflow command survives in a log line, and an ARN does."""
    assert log(text) == line


@given(
    st.lists(st.sampled_from([":", "::", "#", "##[", "[", "]", " ", "error", "\n", "\t", "\u3000"])).map(
        "".join
    )
)
def test_no_text_becomes_a_workflow_command(text: str) -> None:
    """No combination of signs puts a command's mark where the runner looks for it."""
    assert not log(text).lstrip().startswith("::")
    assert "##[" not in log(text)


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        ("plain", "plain", "plain"),
        ("a\nb", "a%0Ab", "a%0Ab"),
        ("a\r\n::error::b", "a%0D%0A::error::b", "a%0D%0A%3A%3Aerror%3A%3Ab"),
        ("100%", "100%25", "100%25"),
        ("%0A%25", "%250A%2525", "%250A%2525"),
        ("x,line=1::y", "x,line=1::y", "x%2Cline=1%3A%3Ay"),
        ("\x1b[0m\u202e", "\\x1b[0m\\u202e", "\\x1b[0m\\u202e"),
    ],
)
def test_annotations_are_escaped_as_the_runner_reads_them(text: str, data: str, value: str) -> None:
    """The runner's four or six signs are encoded, in a message and in a property."""
    assert annotation_data(text) == data
    assert annotation_property(text) == value


def _runner_reads(command: str) -> tuple[dict[str, str], str]:
    """The properties and the message of a command, as the runner takes it apart."""
    _, head, message = command.split("::", 2)
    pairs = [pair.split("=", 1) for pair in head.partition(" ")[2].split(",")]
    for encoded, sign in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        pairs = [[name, value.replace(encoded, sign)] for name, value in pairs]
        message = message.replace(encoded, sign) if encoded not in {"%3A", "%2C"} else message
    return dict(pairs), message


@given(st.text("a%0ADC23,:=\r\n; "), st.text("a%0ADC23,:=\r\n; "))
def test_a_command_is_read_back_as_it_was_meant(title: str, message: str) -> None:
    """Whatever the title and the message hold, the runner gets exactly these two, and no more properties."""
    command = f"::error title={annotation_property(title)},line=1::{annotation_data(message)}"
    assert "\n" not in command
    assert _runner_reads(command) == ({"title": title, "line": "1"}, message)
