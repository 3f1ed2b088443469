"""CODEOWNERS: what is read, what is refused, who is meant."""

import dataclasses
from time import process_time

import pytest

from jitbot.domain.model.codeowners import LOCATIONS, CodeOwners, Rule, owners_of, parse

ACME = """\
# Who approves what.
*                               @acme/platform
/requests/orders-db-read/       @acme/payments-leads
/requests/production-admin/     @acme/security @acme/platform   # any one of them, GitHub says
/requests/on-call/
/policies/                      @acme/security erin@acme.com
"""


def test_a_file_is_read_into_rules_with_their_lines() -> None:
    """Comments and blanks aside, each line is a rule with its number, pattern and owners as written."""
    assert parse(ACME) == CodeOwners(
        rules=(
            Rule(line=2, pattern="*", owners=("@acme/platform",)),
            Rule(line=3, pattern="/requests/orders-db-read/", owners=("@acme/payments-leads",)),
            Rule(line=4, pattern="/requests/production-admin/", owners=("@acme/security", "@acme/platform")),
            Rule(line=5, pattern="/requests/on-call/", owners=()),
            Rule(line=6, pattern="/policies/", owners=("@acme/security", "erin@acme.com")),
        ),
        findings=(),
    )


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("README.md", 2),
        ("requests/README.md", 2),
        ("requests/orders-db-read/2026-11/24-alice-inc-1234.yaml", 3),
        ("requests/production-admin/2026-11/24-dave-x.yaml", 4),
        ("requests/on-call/2026-11/24-dave-x.yaml", 5),
        ("policies/people.yaml", 6),
    ],
)
def test_the_last_rule_that_covers_a_path_decides(path: str, line: int) -> None:
    """A later line replaces an earlier one as a whole, also when it names no owner."""
    rule = parse(ACME).rule_for(path)
    assert rule is not None
    assert rule.line == line
    assert owners_of(parse(ACME), path) == rule.owners


def test_a_path_without_a_rule_has_no_owner() -> None:
    """Where no line covers a path there is no rule, and nobody owns it."""
    codeowners = parse("/policies/ @acme/security")
    assert codeowners.rule_for("requests/a.yaml") is None
    assert owners_of(codeowners, "requests/a.yaml") == ()


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "./a", "a/./b", "..", "a/../b"])
def test_what_is_no_git_path_has_no_owner(path: str) -> None:
    """A path that git cannot hold is covered by no rule, not even the catch-all."""
    assert parse("* @alice").rule_for(path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\r\n",
        "# only @alice\n",
        "  \t\n",
        "   # indented @alice",
        "#* @alice",
        "# é “quoted” \u202f",
    ],
)
def test_comments_and_blank_lines_say_nothing(text: str) -> None:
    """A comment or an empty line, indented or not, is neither a rule nor a finding."""
    assert parse(text) == CodeOwners(rules=(), findings=())


@pytest.mark.parametrize(
    "line",
    [
        "/a/ @alice @acme/payments",
        "/a/\t@alice\t\t@acme/payments\t",
        "/a/    @alice @acme/payments   ",
        "/a/ @alice @acme/payments\r",
        "/a/ @alice @acme/payments # a comment @mallory",
        "/a/ @alice @acme/payments #@mallory",
        "/a/ @alice @acme/payments # é",
    ],
)
def test_blanks_line_ends_and_comments_do_not_change_a_rule(line: str) -> None:
    """Blanks, tabs, a carriage return at the end and an inline comment are no part of a rule."""
    codeowners = parse(f"{line}\n")
    assert codeowners.rules == (Rule(line=1, pattern="/a/", owners=("@alice", "@acme/payments")),)
    assert codeowners.findings == ()


@pytest.mark.parametrize(
    ("pattern", "code", "column"),
    [
        ("!/a/", "codeowners-negation", 1),
        ("!", "codeowners-negation", 1),
        ("/a/[bc].yaml", "codeowners-brackets", 4),
        ("/a/b]", "codeowners-brackets", 5),
        ("[Section]", "codeowners-brackets", 1),
        ("^[Optional]", "codeowners-brackets", 2),
        ("\\#a", "codeowners-escaped-hash", 1),
        ("/a/\\#b", "codeowners-escaped-hash", 4),
        ("/a\\*b", "codeowners-backslash", 3),
        ("/a\\\\b", "codeowners-backslash", 3),
        ("a\\", "codeowners-backslash", 2),
        ("/a#b", "codeowners-hash", 3),
        ("a#", "codeowners-hash", 2),
        ("***", "codeowners-triple-star", 1),
        ("/a/****/b", "codeowners-triple-star", 4),
        ("/a***", "codeowners-triple-star", 3),
        ("/a/**/", "codeowners-trailing-stars", 4),
        ("**/", "codeowners-trailing-stars", 1),
        ("/**/", "codeowners-trailing-stars", 2),
        ("//", "codeowners-empty-segment", 1),
        ("/a//b", "codeowners-empty-segment", 3),
        ("/a//", "codeowners-empty-segment", 3),
        ("/é/", "codeowners-non-ascii", 2),
        ("/e\u0301/", "codeowners-non-ascii", 3),
        ("\ufeff*", "codeowners-non-ascii", 1),
        ("/a\u00a0@b", "codeowners-non-ascii", 3),
        ("/a\u202eb", "codeowners-non-ascii", 3),
        ("/a\ud800", "codeowners-non-ascii", 3),
        ("@acme/payments", "codeowners-no-pattern", 1),
        ("@alice", "codeowners-no-pattern", 1),
        ("erin@acme.com", "codeowners-no-pattern", 1),
        ("/a\x00b", "codeowners-control-character", 3),
        ("/a\rb", "codeowners-control-character", 3),
        ("/a\x0bb", "codeowners-control-character", 3),
        ("/a\x1cb", "codeowners-control-character", 3),
        ("/a\x1b[0mb", "codeowners-control-character", 3),
        ("/a\x7fb", "codeowners-control-character", 3),
    ],
)
def test_a_pattern_in_doubt_is_a_finding_and_no_rule(pattern: str, code: str, column: int) -> None:
    """What GitHub skips, or may read otherwise, is named with line and column, owners or none, and never obeyed."""
    for owners in (" @alice", ""):
        codeowners = parse(f"* @acme/platform\n{pattern}{owners}\n", "docs/CODEOWNERS")
        assert [rule.line for rule in codeowners.rules] == [1]
        found = {(finding.code, finding.line, finding.column) for finding in codeowners.findings}
        assert (code, 2, column) in found
        assert all(finding.file == "docs/CODEOWNERS" for finding in codeowners.findings)


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        ("/a#b", ["codeowners-hash"]),
        ("\\#a", ["codeowners-escaped-hash"]),
        ("\\a", ["codeowners-backslash"]),
        ("!/[a]", ["codeowners-negation", "codeowners-brackets"]),
        ("a!b", []),
        ("/@alice", []),
        ("@types/", []),
        ("@acme/payments/x", []),
        ("/a**/", []),
        ("/a**", []),
        ("**a", []),
        ("**/a/", []),
    ],
)
def test_a_doubt_is_named_once_and_only_where_it_is(pattern: str, codes: list[str]) -> None:
    """Each doubt has its own code, and a shape that merely resembles one is read."""
    assert [finding.code for finding in parse(f"{pattern} @alice").findings] == codes


@pytest.mark.parametrize("break_", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_that_is_not_one_is_found_in_a_comment_too(break_: str) -> None:
    """What another reader takes for the end of a line could hide a rule behind a comment: it is a finding."""
    codeowners = parse(f"* @acme/security\n# harmless{break_}* @mallory\n")
    assert [rule.owners for rule in codeowners.rules] == [("@acme/security",)]
    assert [(finding.code, finding.line, finding.column) for finding in codeowners.findings] == [
        ("codeowners-control-character", 2, 11)
    ]


@pytest.mark.parametrize("blank", [" ", "\t", "    "])
def test_blanks_before_a_pattern_are_a_finding(blank: str) -> None:
    """An indented rule is not relied on: gitignore keeps the blanks, other readers do not."""
    codeowners = parse(f"{blank}/a/ @alice")
    assert codeowners.rules == ()
    assert [(finding.code, finding.line, finding.column) for finding in codeowners.findings] == [
        ("codeowners-indented", 1, 1)
    ]


def test_a_blank_in_a_path_is_found_as_an_owner_that_is_none() -> None:
    """An unescaped blank ends the pattern, so the rest of the path is an invalid owner."""
    findings = parse("/my requests/ @alice").findings
    assert [(finding.code, finding.column) for finding in findings] == [("codeowners-invalid-owner", 5)]


@pytest.mark.parametrize(
    ("line", "pattern", "owners"),
    [
        ("/docs/How\\ To/ @acme/docs", "/docs/How To/", ("@acme/docs",)),
        ("a\\ b\\ \\ c @alice @bob # why", "a b  c", ("@alice", "@bob")),
        ("/a\\ b", "/a b", ()),
    ],
)
def test_a_blank_with_a_backslash_is_a_part_of_the_pattern(
    line: str, pattern: str, owners: tuple[str, ...]
) -> None:
    """As GitHub reads it: the pattern goes on behind it."""
    codeowners = parse(f"* @acme/all\n{line}\n")
    assert codeowners.findings == ()
    assert (codeowners.rules[1].pattern, codeowners.rules[1].owners) == (pattern, owners)
    assert owners_of(codeowners, pattern.strip("/") + "/x") == owners
    assert owners_of(codeowners, "docs/How/x") == ("@acme/all",)


@pytest.mark.parametrize("line", ["/a\\ @alice", "/a\\ ", "/a\\\\ @alice", "/a\\\tb @alice"])
def test_a_backslash_that_may_hide_an_owner_is_in_doubt(line: str) -> None:
    """Where an owner seems to follow, or nothing, the line is one doubt, and nobody says that GitHub skips it."""
    codeowners = parse(f"* @acme/all\n{line}\n")
    assert [rule.line for rule in codeowners.rules] == [1]
    assert codeowners.findings[0].code == "codeowners-backslash"
    assert "skips" not in codeowners.findings[0].message


def test_all_problems_of_a_file_are_found_at_once() -> None:
    """A line may have several problems and a file several such lines: none hides another."""
    text = "![a] alice bob\n/ok/ @alice\n***\n"
    assert [(finding.line, finding.column, finding.code) for finding in parse(text).findings] == [
        (1, 1, "codeowners-negation"),
        (1, 2, "codeowners-brackets"),
        (1, 6, "codeowners-invalid-owner"),
        (1, 12, "codeowners-invalid-owner"),
        (3, 1, "codeowners-triple-star"),
    ]


def test_a_long_word_is_cut_in_the_message() -> None:
    """A message stays readable whatever a line holds."""
    (finding,) = parse("* " + "x" * 10_000).findings
    assert len(finding.message) < 200


def test_a_file_of_3_mb_has_no_rules() -> None:
    """GitHub does not load a file of 3 MB, counted in bytes: no rule is left, and one finding says so."""
    almost = "* @alice\n#" + "é" * 1_499_994
    assert parse(almost + "x") == parse("* @alice")
    assert len(parse(almost + "x").rules) == 1
    over = parse(almost + "é", "CODEOWNERS")
    assert over.rules == ()
    assert [(finding.code, finding.file, finding.line) for finding in over.findings] == [
        ("codeowners-too-large", "CODEOWNERS", 0)
    ]


def test_the_locations_are_githubs_in_its_order() -> None:
    """GitHub looks in .github, then the root, then docs."""
    assert LOCATIONS == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def test_rules_cannot_be_changed() -> None:
    """What was read stays as it was read."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse(ACME).rules[0].owners = ("@mallory",)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*" * 1_000 + "b", "a" * 4_000),
        ("*a" * 1_000 + "b", "a" * 4_000),
        ("**/a/" * 1_000 + "b", "a/" * 2_000 + "a"),
        ("**/*a*a*a/" * 100 + "b", "aaaa/" * 400 + "a"),
        ("*" + "a" * 300 + "b", "a" * 2_000),
    ],
)
def test_a_hostile_pattern_is_quick(pattern: str, path: str) -> None:
    """No pattern makes matching explode: at most its length times the path's."""
    start = process_time()
    assert not Rule(line=1, pattern=pattern, owners=()).covers(path)
    assert process_time() - start < 5
