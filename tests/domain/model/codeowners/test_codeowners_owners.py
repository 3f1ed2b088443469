"""The owners in CODEOWNERS: which words name one, and which people they stand for."""

import pytest

from jitbot.domain.model.codeowners import CodeOwners, Rule, expand, parse
from jitbot.domain.model.documents import Login, Teams

TEAMS: Teams = {
    "acme/payments": (Login("alice"), Login("carol"), Login("mallory")),
    "acme/payments-leads": (Login("bob"),),
    "Acme/Security": (Login("erin"), Login("Bob")),
    "acme/nobody": (),
}


@pytest.mark.parametrize(
    "owner",
    [
        "@alice",
        "@Alice-1",
        "@alice_acme",
        "@1",
        "@" + "a" * 39,
        "@acme/payments",
        "@acme-1/pay_ments-2",
        "a@b.co",
        "erin.o+jit_1%x-y@mail.acme-1.com",
    ],
)
def test_an_owner_is_a_login_a_team_or_an_address(owner: str) -> None:
    """GitHub's three ways to name an owner are read as written."""
    assert parse(f"* {owner}") == CodeOwners(rules=(Rule(line=1, pattern="*", owners=(owner,)),), findings=())


@pytest.mark.parametrize(
    "owner",
    [
        "alice",
        "@",
        "@-alice",
        "@_alice",
        "@alice,",
        "@alice;",
        "@al.ice",
        "@alice@bob",
        "@" + "a" * 40,
        "@acme/",
        "@/payments",
        "@acme/pay/ments",
        "@acme//pay",
        "@acme/pay.ments",
        "acme/payments",
        "@acme/*",
        "a@b",
        "@b.co",
        "a@.c",
        "a@b.c",
        "a b@c.de",
        "<a@b.co>",
        "a@b.co,",
        "a@b@c.de",
        "é@b.co",
        "a@b.cö",
        "@alicé",
        "@а",
        "@alice\u00a0",
        "@alice\u200b",
        "@alice#x",
        "\\@alice",
        "@dependabot[bot]",
        "!@alice",
    ],
)
def test_an_invalid_owner_is_a_finding_and_its_line_is_skipped(owner: str) -> None:
    """A word that is no owner makes GitHub skip the whole line: it is named with its column."""
    codeowners = parse(f"* @acme/platform\n/a/ @bob {owner}\n")
    assert [rule.line for rule in codeowners.rules] == [1]
    first = codeowners.findings[0]
    assert (first.code, first.line, first.column) == ("codeowners-invalid-owner", 2, 10)
    assert first.file == ".github/CODEOWNERS"
    assert repr(owner.split(" ")[0]) in first.message
    assert first.hint


@pytest.mark.parametrize(
    ("owners", "logins"),
    [
        (("@alice",), ("alice",)),
        (("@acme/payments",), ("alice", "carol", "mallory")),
        (("@ACME/Payments-Leads",), ("bob",)),
        (("@acme/security",), ("erin", "Bob")),
        (("@carol", "@acme/payments", "@CAROL"), ("carol", "alice", "mallory")),
        (("@acme/payments-leads", "@acme/security"), ("bob", "erin")),
        (("@acme/nobody",), ()),
        (("@acme/unknown",), ()),
        (("@other/payments",), ()),
        (("alice@acme.com",), ()),
        (("alice", "acme/payments", "@acme/payments/x", "@", "@alice\n", ""), ()),
        ((), ()),
    ],
)
def test_owners_stand_for_logins(owners: tuple[str, ...], logins: tuple[str, ...]) -> None:
    """Logins stand for themselves, teams for their members whatever the case, each once; the rest for nobody."""
    assert expand(owners, TEAMS) == logins
