"""`jitbot check` on rules under which nobody could ask, or nobody could approve: found before the merge."""

import pytest
from desk import Desk

OWNERS, TEAMS = ".github/CODEOWNERS", "policies/teams.yaml"
ORDERS = "policies/access/orders-db-read.yaml"


@pytest.mark.parametrize(
    ("path", "old", "new", "level", "code"),
    [
        (OWNERS, "# Break", "/requests/mobile-logs/ @acme/mobile\n# Break", "findings", "unknown-owner"),
        (OWNERS, "@acme/data-leads", "@acme/data-leads @nobody", "warnings", "unknown-owner"),
        (OWNERS, "/jitbot/ ", "/requests/mobile-logs/ @acme/sre\n/jitbot/ ", "findings", "rules-not-last"),
        (OWNERS, "/policies/  ", "#/policies/  ", "findings", "rules-unowned"),
        (OWNERS, "/requests/orders-db-read/ ", "#", "warnings", "no-line-of-its-own"),
        (OWNERS, "read/      @", "read/2026-11/ @", "findings", "owners-by-name"),
        (ORDERS, "approvals: 1", "approvals: 3", "findings", "too-few-owners"),
        (ORDERS, "dave]", "erin]", "warnings", "no-principal"),
        (ORDERS, '["@acme/payments", dave]', "[erin]", "warnings", "nobody-can-ask"),
        (TEAMS, "payments-leads: [bob]", "payments-chiefs: [bob]", "findings", "no-known-owner"),
    ],
    ids=str,
)
def test_rules_that_leave_nobody(desk: Desk, path: str, old: str, new: str, level: str, code: str) -> None:
    """In the working tree and in a change that touches this file alone, with the file, the line and a way out."""
    text = (desk.root / path).read_text("utf-8")
    assert old in text
    base = desk.git("rev-parse", "HEAD")
    desk.write(path, text.replace(old, new, 1))
    head = desk.commit("a change of rules")
    for change in ((), ("--base", base, "--head", head)):
        answer = desk.run("check", *change, "--format", "json")
        found = [each for each in answer.json.get(level, []) if each["code"] == code]
        assert found, answer.out
        assert all(each["message"] and each["hint"] for each in found)
        assert all(each["line"] for each in found if code not in {"no-line-of-its-own", "rules-unowned"})
        assert answer.code == (1 if level == "findings" else 0)


def test_a_person_who_leaves_takes_the_last_approval_along(desk: Desk) -> None:
    """A change of people.yaml alone is checked against the policies that it leaves without an approver."""
    people = "policies/people.yaml"
    base = desk.git("rev-parse", "HEAD")
    text = (desk.root / people).read_text("utf-8")
    desk.write(people, "".join(line for line in text.splitlines(True) if not line.startswith("  erin:")))
    answer = desk.run("check", "--base", base, "--head", desk.commit("erin leaves"), "--format", "json")
    found = {(each["code"], each["file"]) for each in answer.json["findings"]}
    assert ("no-known-owner", OWNERS) in found
    assert answer.code == 1
