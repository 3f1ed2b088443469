r"""What is not YAML is told where it begins, in words that say what to do; each case spoils one good file."""

import pytest

from jitbot.adapters.documents import parse_request
from jitbot.domain.model.documents import Source

PATH = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
GOOD = """requester: alice
accounts: [prod]
duration: 2h
reason: refunds are stuck
parameters:
  table: orders
"""


def told(old: str, new: str) -> tuple[str, str]:
    """The place and the words of the one finding about GOOD with `new` in the place of `old`."""
    assert old in GOOD
    (finding,) = parse_request(Source(path=PATH, content=GOOD.replace(old, new, 1).encode())).findings
    assert finding.code == "yaml-syntax"
    return f"{finding.line}:{finding.column}", f"{finding.message} | {finding.hint}"


def test_the_file_before_it_is_spoilt_is_good() -> None:
    """Without a mistake there is nothing to tell."""
    assert parse_request(Source(path=PATH, content=GOOD.encode())).findings == ()


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("duration: 2h", "duration:2h", "3:1", "a blank is missing after duration:"),
        ("requester: ", "requester:", "1:1", "a blank is missing after requester:"),
        ("reason: ", "reason:", "4:1", "a blank is missing after reason:"),
        (": orders", ':orders\n  prefix: "x"', "6:3", "a blank is missing after table:"),
        ("duration:", "duration", "3:1", "no `key: value`"),
        ("requester:", "requester", "1:1", "no `key: value`"),
        ("stuck", "stuck\nfor hours", "5:1", "no `key: value`"),
        ("duration: 2h", "duration\n\n# a note", "3:1", "no `key: value`"),
        ("table: orders", "table orders\n\n  prefix: x", "6:3", "no `key: value`"),
        ("table: orders", "table orders\n    prefix: x", "6:3", "no `key: value`"),
        ("refunds are stuck\n", '"refunds\n  are stuck"\nfor hours\n', "6:1", "no `key: value`"),
    ],
)
def test_a_line_that_is_no_pair_is_told_in_its_own_line(old: str, new: str, place: str, words: str) -> None:
    """A missing blank or colon is no mistake of the line after it."""
    where, said = told(old, new)
    assert (where, words in said) == (place, True), said


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("refunds", '"refunds', "4:9", "this quote is never closed"),
        ("refunds", "'refunds", "4:9", "this quote is never closed"),
        ("orders", '"orders', "6:10", "this quote is never closed"),
        (
            "refunds are stuck\nparameters:\n  table: ",
            '"refunds\nparameters:\n  table: "',
            "4:9",
            "quote in line 6",
        ),
        ("refunds are", "'It's refunds", "4:9", "an apostrophe is written ''"),
        ("refunds are", '"the "refunds"', "4:9", r"a quote is written \""),
        ("refunds are stuck", '"refunds" are stuck', "4:9", "text follows the end of this quote"),
        ("refunds are stuck", '"refunds" "are stuck"', "4:9", "text follows the end of this quote"),
    ],
)
def test_a_quote_is_told_where_it_begins(old: str, new: str, place: str, words: str) -> None:
    """One that is never closed, or too late, or too early."""
    where, said = told(old, new)
    assert (where, words in said) == (place, True), said


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("[prod]", "[prod", "2:11"),
        ("[prod]", "[prod, staging", "2:11"),
        ("[prod]", "[prod,", "2:11"),
        ("[prod]", "[prod}", "2:11"),
        ("[prod]", "[prod, [staging]", "2:11"),
        ("[prod]", "[prod  # ]", "2:11"),
        ("[prod]", '[prod, "]"', "2:11"),
        ("\n  table: orders", " {table: orders", "5:13"),
        ("\n  table: orders", " {table: [orders}", "5:21"),
        ("[prod]\nduration: 2h\nreason: refunds", "[prod\nduration: 2h\nreason: [refunds]", "2:11"),
    ],
)
def test_a_bracket_that_is_never_closed_is_told_where_it_opens(old: str, new: str, place: str) -> None:
    """Whatever follows, in quotes, comments and other brackets too."""
    where, said = told(old, new)
    assert (where, "this bracket is never closed" in said) == (place, True), said


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("[prod]", '["prod" "staging"]', "2:19", "a comma is missing"),
        ("[prod]", '[\n  "prod"\n  "staging"\n]', "4:3", "a comma is missing"),
        ("refunds are", "slow: refunds are", "4:13", "put the text in quotes"),
        ("refunds are", "[a: b: c]", "4:14", "put the text in quotes"),
        ("[prod]\nduration: 2h\nreason: ", "\n  - prod\nreason: slow: ", "4:13", "put the text in quotes"),
        ("[prod]", "\n  - prod\n  - @bob", "4:5", "no text begins with this sign"),
        ("refunds are", ": are", "4:9", "put the text in quotes"),
        ("refunds are stuck", '"slow": refunds', "4:15", "put the text in quotes"),
        ("reason: refunds are", '"reason": slow: refunds are', "4:15", "put the text in quotes"),
        ("reason: refunds are", "'reason': slow: refunds are", "4:15", "put the text in quotes"),
        ("refunds", "[INC-1] refunds", "4:17", "put the text in quotes"),
        ("refunds", "*refunds*", "4:9", "put the text in quotes"),
        ("refunds", ">refunds", "4:9", "put the text in quotes"),
        ("refunds", "@bob refunds", "4:9", "put the text in quotes"),
        ("refunds", "- refunds", "4:9", "put the text in quotes"),
        ("refunds", "? refunds", "4:9", "put the text in quotes"),
        ("refunds", r'"C:\dir"', "4:13", "is no escape"),
        ("duration", " duration", "3:2", "not indented as those around it"),
        ("requester", "  requester", "2:1", "not indented as those around it"),
        (": orders", ": orders\n    prefix: x", "7:5", "not indented as those around it"),
        ("duration", "  - duration", "3:3", "expected <block end>"),
    ],
)
def test_other_mistakes_are_told_where_they_are(old: str, new: str, place: str, words: str) -> None:
    """With what helps, and with the parser's own words where nothing better is known."""
    where, said = told(old, new)
    assert (where, words in said) == (place, True), said


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("]\n", "1:1", "this is not YAML: while parsing"),
        ("[a]: b: c\n", "1:1", "this line is not indented"),
        ("a: b\n# a note\n[a]: b: c\n", "3:1", "this line is not indented"),
        ('"x" y\n', "1:5", "this is not YAML: expected '<document start>'"),
        ('a: "\\U00110000"\n', "0:0", "an escape or a number in it is out of range"),
    ],
)
def test_a_mistake_at_the_very_beginning_is_told_too(text: str, place: str, words: str) -> None:
    """Where no line comes before, and no part could be read."""
    found = parse_request(Source(path=PATH, content=text.encode())).findings
    (finding,) = (each for each in found if each.code == "yaml-syntax")
    assert (f"{finding.line}:{finding.column}", finding.message.startswith(words)) == (place, True), finding


def test_a_pair_without_its_blank_is_told_where_a_mapping_is_wanted() -> None:
    """`table:orders` alone is one text for YAML, and a mistake all the same."""
    spoilt = GOOD.replace("table: orders", "table:orders").encode()
    (finding,) = parse_request(Source(path=PATH, content=spoilt)).findings
    assert (finding.line, finding.code) == (6, "wrong-type")
    assert finding.message.endswith("a blank is missing after table:")


@pytest.mark.parametrize(
    "line",
    [
        "reason: refunds are stuck # a comment",
        "reason: refunds are stuck #",
        "reason: refunds are stuck ## a comment",
        'reason: "refunds #12"',
        "reason: refunds#12 are stuck",
        'reason: "refunds are stuck" #comment',
        "reason: |\n  refunds #12",
        "#comment\nreason: refunds are stuck",
        "reason: refunds are stuck\n#comment",
        "reason: refunds are stuck\n  # a comment",
        'reason: "refunds are stuck"\n  #comment',
        "reason: refunds are stuck\n\n  #comment",
    ],
)
def test_a_comment_is_a_comment_where_nothing_is_lost(line: str) -> None:
    """After a blank, after a closing quote, in a line of its own; and a # within a text is text."""
    text = GOOD.replace("reason: refunds are stuck", line).replace("parameters:", "parameters: #comment")
    found = parse_request(Source(path=PATH, content=text.encode())).findings
    assert [each.code for each in found if each.code != "bad-sentence"] == []


def test_a_line_that_is_taken_out_is_a_comment() -> None:
    """Where a # stands in the column of a key, or of a list's mark, nothing above goes on there."""
    text = GOOD.replace("[prod]", "\n  - prod\n  #- staging") + "  #table: refunds\n"
    assert parse_request(Source(path=PATH, content=text.encode())).findings == ()


@pytest.mark.parametrize(
    "ticket",
    [
        "INC-1234", "INC0012345", "MY_PROJ-123", "INC-2024-0012", "SEV-2024-11-03", "ABC-12-34", "1234567", "'#1234'",
        "acme/infra#123", "https://acme.atlassian.net/browse/INC-1", "v1.2", "x" * 63 + "1",
    ],
)  # fmt: skip
def test_tickets_of_other_systems_are_taken(ticket: str) -> None:
    """Whatever a system calls its tickets, if it has a digit and at most 64 plain characters."""
    text = f"{GOOD}ticket: {ticket}\n".encode()
    parsed = parse_request(Source(path=PATH, content=text))
    assert parsed.value is not None
    assert parsed.value.ticket == ticket.strip("'")
