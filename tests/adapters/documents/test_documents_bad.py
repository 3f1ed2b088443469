"""Spoilt documents: each line of bad_documents/*.txt breaks a good file in one way."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Parsed, Source
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.pull_request.checking import Checker

CASES = Path(__file__).with_name("bad_documents")
PARSERS: dict[str, tuple[Callable[[Source], Parsed[Any]], str]] = {
    "yaml": (documents.parse_request, "requests/orders-db-read/2026-11/24-alice-refunds.yaml"),
    "request": (documents.parse_request, "requests/orders-db-read/2026-11/24-alice-refunds.yaml"),
    "policy": (documents.parse_policy, "policies/access/orders-db-read.yaml"),
    "people": (documents.parse_people, "policies/people.yaml"),
    "settings": (documents.parse_settings, "policies/settings.yaml"),
    "accounts": (documents.parse_accounts, "policies/accounts.yaml"),
    "account-groups": (documents.parse_account_groups, "policies/account-groups.yaml"),
    "teams": (documents.parse_teams, "policies/teams.yaml"),
    "notify": (documents.parse_notify, "policies/notify.yaml"),
}


def _good(kind: str) -> str:
    return (CASES / f"{kind.replace('yaml', 'request')}.yaml").read_text(encoding="utf-8")


def _cases() -> list[tuple[str, str | None, str | bytes, str]]:
    return [
        (kind, *ast.literal_eval(line))
        for kind in PARSERS
        for line in (CASES / f"{kind}.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]


def _lines(name: str) -> list[tuple[str, ...]]:
    """The cases of a file whose lines are whole."""
    lines = (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [ast.literal_eval(line) for line in lines if not line.startswith("#")]


def _parse(kind: str, content: bytes) -> Parsed[Any]:
    parse, path = PARSERS[kind]
    return parse(Source(path=path, content=content))


@pytest.mark.parametrize(("kind", "old", "new", "expected"), _cases())
def test_spoilt_document_is_refused_at_the_place(
    kind: str, old: str | None, new: str | bytes, expected: str
) -> None:
    """A broken file gives no value, but exactly these findings at exactly these places."""
    if old is not None:
        assert old in _good(kind)
        assert isinstance(new, str)
        new = _good(kind).replace(old, new, 1)
    parsed = _parse(kind, new if isinstance(new, bytes) else new.encode())
    assert parsed.value is None
    assert ", ".join(f"{each.line}:{each.column} {each.code}" for each in parsed.findings) == expected
    assert {each.file for each in parsed.findings} == {PARSERS[kind][1]}
    assert all(
        each.message and each.message.isprintable() and each.hint.isprintable() for each in parsed.findings
    )


@pytest.mark.parametrize("kind", PARSERS)
def test_the_document_before_it_is_spoilt_is_good(kind: str) -> None:
    """The files that the cases spoil have no finding of their own."""
    parsed = _parse(kind, _good(kind).encode())
    assert parsed.findings == ()
    assert parsed.value is not None


@pytest.mark.parametrize(("line", "expected"), _lines("codeowners"))
def test_a_spoilt_line_of_codeowners_gives_nobody_anything(line: str, expected: str) -> None:
    """A line that GitHub skips, or may read otherwise, is found at its place and owns nothing."""
    found = codeowners.parse(f"* @acme/platform\n{line}\n", ".github/CODEOWNERS")
    assert ", ".join(f"{each.line}:{each.column} {each.code}" for each in found.findings) == expected
    assert [rule.owners for rule in found.rules] == [("@acme/platform",)]
    assert all(each.file == ".github/CODEOWNERS" and each.message.isprintable() for each in found.findings)


def test_a_long_key_is_quoted_and_cut_in_a_sentence() -> None:
    """A key of several lines, or of hundreds of characters, still gives a sentence of one line."""
    for key in ('"several\\nlines"', "x" * 300):
        parsed = _parse("request", f"parameters:\n  {key}:\n".encode())
        (said,) = (each.message for each in parsed.findings if each.code == "no-value")
        assert said.isprintable()
        assert len(said) < 80


ACME = acme_tree("https://token.actions.githubusercontent.com")
CHECKER = Checker(
    documents=documents, catalogue=ServiceAuthorizationReference(), when=datetime(2026, 11, 24, 9, tzinfo=UTC)
)
ASKED = {
    "orders-db-read": ("alice", "prod", "table: orders"),
    "s3-prefix-read": ("grace", "data", "prefix: exports/2026"),
}


def _asked(policy: str) -> tuple[str, str]:
    login, account, parameter = ASKED[policy]
    text = f"requester: {login}\naccounts: [{account}]\nduration: 2h\n"
    text += f'reason: "INC-1 refunds are stuck"\nparameters:\n  {parameter}\n'
    return f"requests/{policy}/2026-11/23-{login}-refunds.yaml", text


def _found(policy: str, old: str, new: str, file: str) -> str:
    path, text = _asked(policy)
    files = {**ACME, path: text.encode()}
    where = file or path
    content = files[where].decode()
    assert old in content
    files[where] = content.replace(old, new, 1).encode()
    findings = CHECKER.files(MemoryTree(files), [path])
    named = {path: "request"}
    return ", ".join(
        f"{named.get(each.file, each.file.rpartition('/')[2])} {each.line}:{each.column} {each.code}"
        for each in findings
    )


@pytest.mark.parametrize(("policy", "old", "new", "file", "expected"), _lines("trees"))
def test_a_spoilt_tree_is_refused_at_the_place(
    policy: str, old: str, new: str, file: str, expected: str
) -> None:
    """A good request beside a spoilt rule, or a spoilt one beside good rules, is refused where it is wrong."""
    assert expected
    assert _found(policy, old, new, file) == expected


@pytest.mark.parametrize("policy", ASKED)
def test_the_tree_before_it_is_spoilt_is_good(policy: str) -> None:
    """The requests that the cases spoil have no finding of their own."""
    assert _found(policy, "INC-1", "INC-2", "") == ""


def test_there_are_enough_cases(record_property: Callable[[str, object], None]) -> None:
    """The case files are really read, and no case is there twice."""
    every = [str(case) for case in (*_cases(), *_lines("codeowners"), *_lines("trees"))]
    record_property("bad input", len(every))
    assert len(every) == len(set(every)) > 600


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("requests/orders-db-read/2026-11/24-alice-refunds.yml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice-.yaml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice.yaml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice-Refunds.yaml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice-" + "a" * 41 + ".yaml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice-b-" + "a" * 40 + ".yaml", "wrong-name"),
        ("requests/orders-db-read/2026-11/24-alice-a.yaml\n", "request-path"),
        ("requests/orders-db-read/2026-11/4-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/2026-1/24-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/24-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/2026-11/x/24-alice-a.yaml", "request-path"),
        ("requests/Orders/2026-11/24-alice-a.yaml", "request-path"),
        ("requests/" + "a" * 33 + "/2026-11/24-alice-a.yaml", "request-path"),
        ("requests/../2026-11/24-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/../2026-11/24-alice-a.yaml", "request-path"),
        ("/requests/orders-db-read/2026-11/24-alice-a.yaml", "request-path"),
        ("x/requests/orders-db-read/2026-11/24-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/2026-11/24-alice-á.yaml", "request-path"),
        ("requests/orders-db-read/٢٠٢٦-11/24-alice-a.yaml", "request-path"),
        ("requests/orders-db-read/2026-13/24-alice-a.yaml", "request-date"),
        ("requests/orders-db-read/2026-02/29-alice-a.yaml", "request-date"),
        ("requests/orders-db-read/2026-11/00-alice-a.yaml", "request-date"),
        ("requests/orders-db-read/0000-11/24-alice-a.yaml", "request-date"),
        ("requests/orders-db-read/2026-11/24-bob-alice-a.yaml", "wrong-name"),
        ("requests/orders-db-read/2026-11/24-alicea-b.yaml", "wrong-name"),
    ],
)
def test_a_request_lies_at_a_path_of_its_requester(path: str, code: str) -> None:
    """A good file at a path off the grammar, off the calendar or of somebody else is refused."""
    parsed = documents.parse_request(Source(path=path, content=_good("request").encode()))
    assert [each.code for each in parsed.findings] == [code]
    assert parsed.value is None


@pytest.mark.parametrize(
    "path",
    [
        "policies/access/Orders.yaml",
        "policies/access/1orders.yaml",
        "policies/access/orders.yml",
        "policies/access/a/b.yaml",
        "policies/orders.yaml",
        "policies/access/.yaml",
        "policies/access/" + "a" * 33 + ".yaml",
        "policies/access/or_ders.yaml",
        "policies/access/orders.yaml\n",
    ],
)
def test_a_policy_is_named_by_its_path(path: str) -> None:
    """A good policy under a name off the grammar is refused."""
    parsed = documents.parse_policy(Source(path=path, content=_good("policy").encode()))
    assert [each.code for each in parsed.findings] == ["policy-path"]


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("request", "duration", "duratoin", "did you mean duration?"),
        ("policy", "approvals: 1", "approvals: 0", "needs reviewers and review_within"),
        ("policy", "- actions", "- NotAction: [a]\n    actions", "too much to approve"),
        ("policy", "StringEquals", "DateLessThan", "for jitbot alone to say"),
        ("policy", '"@acme/payments"', "@acme/payments", "in quotes"),
        ("policy", '"arn:aws:dynamodb:*:{{account_id}}:table/{{table}}"', "{{table}}", "in quotes"),
        (
            "people",
            "      userid: AROAENGINEERSEXAMPLE1:carol\n",
            "",
            "only where nobody in the role can choose",
        ),
        ("yaml", "reason: r", "requester: bob\nreason: r", "in line 1"),
        ("request", "[prod, staging]", "prod, staging", "in brackets, as in [prod, staging]: aliases"),
        ("request", "[prod, staging]", "[prod, prod]", "name it once"),
        ("request", "requester: alice", "requester: bob", "or correct `requester:`"),
    ],
)
def test_a_finding_says_what_to_do(kind: str, old: str, new: str, words: str) -> None:
    """Where people stumble most, message and hint together explain it."""
    findings = _parse(kind, _good(kind).replace(old, new, 1).encode()).findings
    assert any(words in f"{each.message} {each.hint}" for each in findings)


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("request", "2h", "2x", "duration: '2x' is not a duration; write 90m, 2h, 1h30m or 2d"),
        ("request", "refunds are stuck", "''", "reason: '' is empty"),
        ("request", "reason: refunds are stuck\n", "", "the file needs reason"),
        ("request", "ticket", "xyzzy", "the file has no key 'xyzzy'"),
        ("request", "2h", "[2h]", "duration must be text, not a list"),
        ("request", "2h", "{a: b}", "duration must be text, not a mapping"),
        ("request", "[prod, staging]", "prod", "accounts must be a list, not 'prod'"),
        ("request", "[prod, staging]", "[]", "accounts must not be empty"),
        ("request", "[prod, staging]", "[prod, prod]", "'prod' is named twice"),
        ("request", "INC-1234", "INC", "ticket: 'INC' is not a valid ticket"),
        ("policy", "approvals: 1", "approvals: 7", "approvals must be 0 to 6, not 7"),
        ("policy", "required", "yes", "ticket must be one of optional, required, not 'yes'"),
        ("policy", "required", "[yes]", "ticket must be one of optional, required, not a list"),
        (
            "policy",
            "ReadOnlyAccess",
            "a, b, c, d, e, f, g, h, i, j",
            "managed_policies holds 10; 9 is the most",
        ),
        ("people", "github_id: 1001, ", "", "people.alice needs github_id"),
    ],
)
def test_messages_are_sentences(kind: str, old: str, new: str, message: str) -> None:
    """Each keyword of the schemas has its own words."""
    (finding,) = _parse(kind, _good(kind).replace(old, new, 1).encode()).findings
    assert finding.message == message


def test_a_part_with_a_finding_of_its_own_is_still_read() -> None:
    """An anchor on a mapping does not hide what is wrong in it."""
    text = _good("request").replace("parameters:\n  table", "parameters: &a\n  Table")
    assert [each.code for each in _parse("request", text.encode()).findings] == [
        "anchor",
        "bad-parameter-name",
    ]


def test_a_character_is_found_once_and_counted() -> None:
    """Windows line ends are one finding, not one for each line."""
    findings = _parse("request", _good("request").replace("\n", "\r\n").encode()).findings
    (said,) = (each.message for each in findings)
    assert said.startswith("here is U+000D CARRIAGE RETURN")
    assert said.endswith(" (8 such characters in the file)")
    (once,) = _parse("request", _good("request").replace("stuck", "stuck\t").encode()).findings
    assert "such characters" not in once.message


@pytest.mark.parametrize("text", ['"@production"', '"prod]"', "{prod: x}", '"prod: x"'])
def test_brackets_are_suggested_only_where_they_help(text: str) -> None:
    """What would be no list in brackets either, or one of other texts, is not shown in them."""
    (finding,) = _parse("request", _good("request").replace("[prod, staging]", text).encode()).findings
    assert (finding.code, "[" in finding.hint) == ("wrong-type", False)


def test_quotes_are_suggested_only_where_they_help() -> None:
    """Another mistake in the YAML is not blamed on missing quotes."""
    (finding,) = _parse("request", b"accounts: [prod").findings
    assert finding.code == "yaml-syntax"
    assert "@" not in finding.hint


def test_a_policy_that_allows_nothing_is_refused() -> None:
    """Neither statements nor managed policies means there is nothing to approve."""
    text = "description: x\neligible: [dave]\naccounts: [prod]\nmax_duration: 1h\napprovals: 1\n"
    for rest in ("", "statements: []\n", "managed_policies: []\n", "statements: []\nmanaged_policies: []\n"):
        assert [each.code for each in _parse("policy", (text + rest).encode()).findings] == [
            "nothing-allowed"
        ]
