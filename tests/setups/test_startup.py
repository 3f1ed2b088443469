"""A startup of eight: any colleague approves, two for what hurts, nobody their own."""

import pytest
from organisation import Fields, Laid


@pytest.mark.parametrize("approver", ["hugo", "ben", "olivia"])
def test_any_colleague_approves(startup: Laid, approver: str) -> None:
    """Also one who has no access to AWS."""
    asked = startup.merged("diego", "account-read-only", approver, accounts=["prod"], duration="8h")
    assert asked.needs == (1, set())
    assert asked.why == set()


def test_nobody_approves_their_own(startup: Laid) -> None:
    """However much they own."""
    assert startup.merged("olivia", "account-read-only", "olivia", accounts=["prod"]).why == {
        "not-enough-approvals"
    }
    assert startup.merged("olivia", "account-read-only", accounts=["prod"]).why == {"not-enough-approvals"}


def test_who_has_no_principal_does_not_ask(startup: Laid) -> None:
    """hugo approves, and that is all."""
    assert "no-principal" in startup.merged("hugo", "account-read-only", "ben", accounts=["staging"]).why


@pytest.mark.parametrize(
    ("policy", "fields", "need"),
    [
        ("database-connect", {"accounts": ["prod"], "parameters": {"user": "reader"}}, 1),
        ("database-connect", {"accounts": ["staging"], "parameters": {"user": "writer"}}, 1),
        ("database-connect", {"accounts": ["prod"], "parameters": {"user": "writer"}}, 2),
        ("database-connect", {"accounts": ["staging", "prod"], "parameters": {"user": "writer"}}, 2),
        ("administrator", {"accounts": ["prod"], "ticket": "OPS-1"}, 1),
        ("administrator", {"accounts": ["prod"], "ticket": "OPS-1", "duration": "61m"}, 2),
        ("administrator", {"accounts": ["staging"], "ticket": "OPS-1", "duration": "2h"}, 1),
    ],
)
def test_what_hurts_takes_two(startup: Laid, policy: str, fields: Fields, need: int) -> None:
    """Writing into customers' data, and long administration of production."""
    asked = startup.merged("chloe", policy, "ben", **fields)
    assert asked.needs == (need, set())
    assert asked.why == (set() if need == 1 else {"not-enough-approvals"})
    assert startup.merged("chloe", policy, "ben", "emma", **fields).why == set()


@pytest.mark.parametrize(
    ("login", "policy", "fields", "why"),
    [
        ("gita", "administrator", {"accounts": ["staging"], "ticket": "OPS-1"}, "not-eligible"),
        ("chloe", "administrator", {"accounts": ["staging"]}, "ticket-missing"),
        (
            "chloe",
            "administrator",
            {"accounts": ["prod"], "ticket": "OPS-1", "duration": "3h"},
            "duration-above-maximum",
        ),
        (
            "chloe",
            "service-logs-read",
            {"accounts": ["prod"], "parameters": {"service": "ledger"}},
            "parameter-refused",
        ),
        ("chloe", "break-glass", {"accounts": ["staging"], "ticket": "OPS-1"}, "account-not-allowed"),
    ],
)
def test_what_is_refused(startup: Laid, login: str, policy: str, fields: Fields, why: str) -> None:
    """Whoever approves it."""
    assert startup.merged(login, policy, "olivia", "ben", "hugo", **fields).why == {why}


def test_break_glass_needs_nobody_before(startup: Laid) -> None:
    """One of the four who may use it has access at once; somebody else reviews it afterwards."""
    asked = startup.merged("diego", "break-glass", accounts=["prod"], ticket="OPS-1")
    assert asked.why == set()
    assert startup.merged("finn", "break-glass", accounts=["prod"], ticket="OPS-1").why == {"not-eligible"}
