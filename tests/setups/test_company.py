"""A company of 300: each product approves for itself, security and sre where it matters, and imports keep the lists."""

import pytest
from company import PRODUCTS
from organisation import Fields, Laid

TABLE: Fields = {"parameters": {"table": "orders"}}
PROD: Fields = {"accounts": ["orders-production"]}
STAGING: Fields = {"accounts": ["orders-staging"]}
SHELL: Fields = {"ticket": "OPS-7"}


def test_a_lead_approves_what_is_short(company: Laid) -> None:
    """Two hours of production take one lead of that product; a lead of another one is no owner."""
    asked = company.merged("orders-7", "orders-table-read", "orders-1", **PROD, **TABLE, duration="2h")
    assert asked.needs == (1, {"orders-leads"})
    assert asked.why == set()
    other = company.merged("orders-7", "orders-table-read", "payments-1", **PROD, **TABLE, duration="2h")
    assert other.why == {"not-enough-approvals"}


def test_a_lead_asks_another_lead(company: Laid) -> None:
    """Never themselves."""
    assert company.merged("orders-1", "orders-table-read", "orders-1", **PROD, **TABLE).why == {
        "not-enough-approvals"
    }
    assert company.merged("orders-1", "orders-table-read", "orders-2", **PROD, **TABLE).why == set()


@pytest.mark.parametrize(
    ("by", "approved"),
    [
        (("orders-1", "security-3"), True),
        (("orders-1", "orders-2"), False),
        (("security-3", "security-4"), False),
        (("orders-1",), False),
    ],
)
def test_a_long_look_at_production_takes_security(company: Laid, by: tuple[str, ...], approved: bool) -> None:
    """One of each team; a minute less, or staging, takes the lead alone."""
    asked = company.merged("orders-7", "orders-table-read", *by, **PROD, **TABLE, duration="121m")
    assert asked.needs == (2, {"orders-leads", "security"})
    assert asked.why == (set() if approved else {"not-enough-approvals"})
    assert company.merged("orders-7", "orders-table-read", **STAGING, **TABLE, duration="4h").needs[0] == 1


def test_a_shell_in_production_takes_who_knows_the_hosts(company: Laid) -> None:
    """sre, beside a lead; in staging either of them."""
    asked = company.merged("orders-7", "orders-shell", "orders-1", "sre-4", **PROD, **SHELL)
    assert asked.needs == (2, {"orders-leads", "sre"})
    assert asked.why == set()
    for one in ("orders-1", "sre-4"):
        assert company.merged("orders-7", "orders-shell", one, **STAGING, **SHELL).why == set()
        assert company.merged("orders-7", "orders-shell", one, **PROD, **SHELL).why == {
            "not-enough-approvals"
        }


@pytest.mark.parametrize("product", ["billing", "payments", "warehouse"])
def test_nobody_reaches_another_product(company: Laid, product: str) -> None:
    """Neither its policies nor, under one's own, its accounts."""
    there: Fields = {"accounts": [f"{product}-production"]}
    foreign = company.merged("orders-7", f"{product}-logs", f"{product}-1", **there)
    assert foreign.why == {"not-eligible"}
    strange = company.merged(f"{product}-7", f"{product}-logs", f"{product}-1", **PROD)
    assert "account-not-allowed" in strange.why
    assert company.merged(f"{product}-7", f"{product}-logs", f"{product}-1", **there).why == set()


def test_break_glass_is_for_who_is_on_call(company: Laid) -> None:
    """In any account of production, at once; sre-2 is on call next week."""
    wanted: Fields = {"accounts": ["stock-production", "cart-production"], "ticket": "INC-9"}
    assert company.merged("sre-1", "break-glass", **wanted).why == set()
    assert company.merged("sre-2", "break-glass", **wanted).why == {"not-eligible"}
    staging = company.merged("sre-1", "break-glass", accounts=["cart-staging"], ticket="INC-9")
    assert "account-not-allowed" in staging.why


def test_every_product_has_the_same_four(company: Laid) -> None:
    """What is asked for daily is named alike everywhere, so nobody looks for a policy."""
    for product in PRODUCTS:
        kinds = {f"{product}-{kind}" for kind in ("logs", "table-read", "redrive", "shell")}
        assert kinds <= company.policies.keys()
        owners = company.rules(f"{product}-logs").codeowners
        assert owners is not None
        rule = owners.rule_for(f"requests/{product}-logs/2026-11/24-any-any.yaml")
        assert rule is not None
        assert rule.owners == (f"@acme/{product}-leads",)
