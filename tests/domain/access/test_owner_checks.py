"""Which lines of CODEOWNERS leave a policy, or the rules, to nobody or to the wrong people."""

import pytest
from acme_facts import PEOPLE, TEAMS, a_policy

from jitbot.domain.access import owner_checks
from jitbot.domain.model import codeowners
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import FindingLevel

RULES = "/policies/ @acme/security\n/.github/ @acme/security\n"


@pytest.mark.parametrize(
    ("text", "approvals", "codes"),
    [
        ("/requests/orders-db-read/ @acme/payments-leads", 1, []),
        ("/requests/orders-db-read/ @acme/payments-leads", 2, ["too-few-owners"]),
        ("/requests/orders-db-read/ @acme/payments-leads @Bob", 2, ["too-few-owners"]),  # bob twice
        ("/requests/orders-db-read/ @acme/payments-leads @acme/security", 2, []),
        ("/requests/orders-db-read/ @acme/strangers", 1, ["no-known-owner"]),
        ("/requests/orders-db-read/ @acme/strangers", 0, []),
        ("/requests/else/ @bob", 1, ["unowned"]),
    ],
)
def test_who_can_approve_a_policy(text: str, approvals: int, codes: list[str]) -> None:
    """As many people as it asks for, each human once; break-glass asks for nobody before."""
    found = owner_checks.approver_findings(
        a_policy(approvals=approvals), codeowners.parse(text), PEOPLE, TEAMS
    )
    assert [each.code for each in found] == codes


@pytest.mark.parametrize(
    ("rules", "owners", "message"),
    [
        ((), "@bob", "it asks for 2 approvals, and 1 of the owners of requests/orders-db-read/ can approve"),
        (
            (
                ApprovalRule(need=1),
                ApprovalRule(need=2, when=RuleCondition(accounts=("prod",)), teams=("@acme/security",)),
            ),
            "@bob @frank",
            "nobody can meet the rule '2 (1 of @acme/security) in prod': "
            "of the owners of requests/orders-db-read/ only bob, frank can approve",
        ),
    ],
)
def test_what_nobody_can_meet_is_named(rules: tuple[ApprovalRule, ...], owners: str, message: str) -> None:
    """The number, or the rule of a list; and who could approve."""
    known = {login: person for login, person in PEOPLE.items() if login in {"bob", "frank"}}
    policy = a_policy(approvals=1 if rules else 2, approval_rules=rules)
    lines = codeowners.parse(f"/requests/orders-db-read/ {owners}")
    found = owner_checks.approver_findings(policy, lines, known, TEAMS)
    assert message in [each.message for each in found]


@pytest.mark.parametrize(
    ("name", "file"), [("@nobody", "policies/people.yaml"), ("@acme/strangers", "policies/teams.yaml")]
)
def test_where_a_name_is_missing(name: str, file: str) -> None:
    """A person among the people, a team among the teams."""
    (found,) = owner_checks.unknown_owners(codeowners.parse(f"/requests/a/ {name}\n"), PEOPLE, TEAMS)
    assert found.message.startswith(f"{name} is not in {file}, or ")


@pytest.mark.parametrize(
    ("text", "approvals", "lines"),
    [
        ("* @bob\n/requests/orders-db-read/ @bob", 1, 0),
        ("* @bob\n/requests/ @bob", 1, 0),
        ("/requests/orders-db-read/ @bob\n** @bob", 1, 1),
        ("* @bob", 1, 1),
        ("* @bob", 0, 0),
        ("/policies/ @bob", 1, 0),
    ],
)
def test_a_policy_without_a_line_of_its_own(text: str, approvals: int, lines: int) -> None:
    """A warning where the line for everything decides; nothing where none does, or none is needed."""
    found = tuple(owner_checks.own_line(a_policy(approvals=approvals), codeowners.parse(text)))
    assert [each.level for each in found] == [FindingLevel.WARNING] * lines
    assert all("orders-db-read" in each.message and each.file == a_policy().path for each in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("* @nobody @bob\n", [(1, "warning")]),
        ("* @nobody\n", [(1, "warning")]),
        ("/requests/a/ @nobody\n", [(1, "error")]),
        ("/requests/a/ @nobody @acme/strangers\n", [(1, "error"), (1, "error")]),
        ("/requests/a/ @nobody @bob\n", [(1, "warning")]),
        ("/requests/a/\n/docs/ @nobody\n", []),
        ("/requests/a/ @ACME/Payments-Leads @Bob\n", []),
    ],
)
def test_owners_whom_no_file_knows(text: str, found: list[tuple[int, str]]) -> None:
    """Each at its line; an error where a folder of requests is left without a known owner."""
    seen = owner_checks.unknown_owners(codeowners.parse(text), PEOPLE, TEAMS)
    assert [(each.line, each.level.value) for each in seen] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"* @bob\n/requests/a/ @bob\n{RULES}", []),
        (f"{RULES}/requests/a/ @bob\n", [("rules-not-last", 1), ("rules-not-last", 2)]),
        ("* @bob\n", [("rules-unowned", 0), ("rules-unowned", 0)]),
        ("", [("rules-unowned", 0), ("rules-unowned", 0)]),
        ("/policies/ @bob\n/.github/ @nobody\n", [("no-known-owner", 2)]),
        ("* @bob\n/policies/* @bob\n/.github/* @bob\n", [("rules-unowned", 0), ("rules-unowned", 0)]),
    ],
)
def test_the_rules_have_owners_of_their_own(text: str, found: list[tuple[str, int]]) -> None:
    """Lines for policies/ and .github/, after all lines for requests/, with owners who are known."""
    seen = owner_checks.rules_findings((), codeowners.parse(text), PEOPLE, TEAMS)
    assert [(each.code, each.line) for each in seen] == found


def test_a_line_for_requests_and_rules_alike_is_not_for_the_rules() -> None:
    """Who owns a kind of file anywhere would own that of the rules as well as requests."""
    lines = codeowners.parse(f"{RULES}*.yaml @bob\n")
    seen = owner_checks.rules_findings(["policies/people.yaml"], lines, PEOPLE, TEAMS)
    assert [(each.code, each.line) for each in seen] == [("rules-not-last", line) for line in (3, 1, 2)]


def test_files_beside_the_folders_are_guarded_too() -> None:
    """Each file that is named needs such a line as well."""
    seen = owner_checks.rules_findings(["uv.lock"], codeowners.parse(f"* @bob\n{RULES}"), PEOPLE, TEAMS)
    assert [each.message for each in seen] == ["no line of its own for uv.lock"]


@pytest.mark.parametrize(
    ("pattern", "lines"), [("orders-db-read/2026-11/", [1]), ("orders-db-read/", []), ("else/2026-11/", [])]
)
def test_a_line_for_single_requests(pattern: str, lines: list[int]) -> None:
    """Found for the policy whose requests it picks."""
    parsed = codeowners.parse(f"/requests/{pattern} @bob\n")
    assert [each.line for each in owner_checks.picking_findings(parsed, ["orders-db-read"])] == lines


@pytest.mark.parametrize(
    ("text", "everything"),
    [("* @bob\n", True), ("** @bob\n", True), ("*\n", False), ("/x/ @bob\n* @bob\n", False), ("", False)],
)
def test_the_first_line_owns_everything(text: str, *, everything: bool) -> None:
    """It has an owner, and comes before all others."""
    assert owner_checks.begins_with_everything(codeowners.parse(text)) is everything


@pytest.mark.parametrize(
    ("owners", "alone"), [("@bob", ("bob",)), ("@bob @carol", ()), ("@carol", ()), ("@acme/strangers", ("bob", "dave"))]
)  # fmt: skip
def test_who_asks_is_not_alone_with_the_approval(owners: str, alone: tuple[str, ...]) -> None:
    """An owner who asks needs another one; who owns nothing only needs that there is somebody."""
    lines = codeowners.parse(f"/requests/orders-db-read/ {owners}\n")
    asking = a_policy(eligible=("bob", "dave"))
    assert owner_checks.without_approvers(asking, lines, PEOPLE, TEAMS) == alone


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (RULES, ("docs/guide.md",)),
        (f"{RULES}/policies/b.yaml @bob\n", ("docs/guide.md", "policies/b.yaml")),
        (f"{RULES}/docs/z.md @bob\n", ("docs/guide.md", "docs/z.md")),
        ("", ("docs/guide.md",)),
    ],
)
def test_one_file_stands_for_those_that_the_same_line_decides(text: str, files: tuple[str, ...]) -> None:
    """In a folder of the rules any file that is to come stands for them already; elsewhere the first one does."""
    there = ["policies/c.yaml", "policies/b.yaml", "docs/z.md", "docs/guide.md"]
    assert owner_checks.one_of_each(there, codeowners.parse(text)) == files
