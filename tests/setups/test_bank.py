"""A bank: two people of two teams for production, others for data, four eyes on the rules, and short times."""

from datetime import UTC, datetime, timedelta

import pytest
from organisation import NOW, Fields, Laid

PROD: Fields = {"accounts": ["core-prod"], "ticket": "CHG-100"}
QUEUE: Fields = {"accounts": ["payments-prod"], "ticket": "CHG-100", "parameters": {"queue": "transfers"}}
RECORDS: Fields = {"accounts": ["data-prod"], "ticket": "CHG-100", "parameters": {"table": "customers"}}
SHELL: Fields = {**PROD, "parameters": {"instance": "i-0123456789abcdef0"}}


@pytest.mark.parametrize(
    ("login", "policy", "fields", "teams", "enough", "too_few"),
    [
        ("anna", "account-read-only", PROD, {"operations", "security"}, ("ines", "mira"), ("ines", "jonas")),
        (
            "carla",
            "payments-redrive",
            QUEUE,
            {"payments-leads", "operations"},
            ("greta", "lars"),
            ("greta", "hassan"),
        ),
        (
            "elif",
            "customer-data-read",
            RECORDS,
            {"data-stewards", "security"},
            ("pablo", "nils"),
            ("pablo", "quinn"),
        ),
        ("ines", "host-shell", SHELL, {"operations", "security"}, ("jonas", "oya"), ("ines", "oya")),
    ],
)
def test_production_takes_two_of_two_teams(
    bank: Laid,
    login: str,
    policy: str,
    fields: Fields,
    teams: set[str],
    enough: tuple[str, str],
    too_few: tuple[str, str],
) -> None:
    """Two of one team are not two of two, and one's own approval is none."""
    asked = bank.merged(login, policy, *enough, **fields)
    assert asked.needs == (2, teams)
    assert asked.why == set()
    assert bank.merged(login, policy, *too_few, **fields).why == {"not-enough-approvals"}
    for alone in enough:
        assert bank.merged(login, policy, alone, **fields).why == {"not-enough-approvals"}


def test_a_test_account_takes_one(bank: Laid) -> None:
    """But together with production, what production takes."""
    assert (
        bank.merged("anna", "account-read-only", "mira", accounts=["core-test"], ticket="CHG-1").why == set()
    )
    both = bank.merged(
        "anna", "account-read-only", "mira", accounts=["core-test", "core-prod"], ticket="CHG-1"
    )
    assert both.needs == (2, {"operations", "security"})
    assert both.why == {"not-enough-approvals"}


def test_who_runs_the_systems_does_not_decide_about_data(bank: Laid) -> None:
    """Operations own no request for data, those of the test account included."""
    assert bank.merged("elif", "customer-data-read", "ines", "nils", **RECORDS).why == {
        "not-enough-approvals"
    }
    tested: Fields = {**RECORDS, "accounts": ["data-test"]}
    assert bank.merged("elif", "customer-data-read", "nils", **tested).needs == (
        2,
        {"data-stewards", "security"},
    )
    assert bank.merged("ines", "customer-data-read", "pablo", "nils", **RECORDS).why == {"not-eligible"}


def test_half_an_hour_of_administration_takes_two_and_more_takes_three(bank: Laid) -> None:
    """The greatest need counts, with one of each team."""
    two, three = ("jonas", "mira"), ("jonas", "mira", "nils")
    assert bank.merged("ines", "administrator", *two, **PROD, duration="30m").why == set()
    long = bank.merged("ines", "administrator", *two, **PROD, duration="31m")
    assert long.needs == (3, {"operations", "security"})
    assert long.why == {"not-enough-approvals"}
    assert bank.merged("ines", "administrator", *three, **PROD, duration="31m").why == set()


@pytest.mark.parametrize(
    ("login", "policy", "fields", "why"),
    [
        ("anna", "account-read-only", {"accounts": ["core-prod"]}, "ticket-missing"),
        ("anna", "account-read-only", {**PROD, "duration": "3h"}, "duration-above-maximum"),
        ("anna", "payments-redrive", QUEUE, "not-eligible"),
        ("elif", "customer-data-read", {**RECORDS, "parameters": {"table": "salaries"}}, "parameter-refused"),
        ("mira", "account-read-only", PROD, "not-eligible"),
        ("carla", "payments-redrive", {**QUEUE, "accounts": ["core-prod"]}, "account-not-allowed"),
    ],
)
def test_what_is_refused(bank: Laid, login: str, policy: str, fields: Fields, why: str) -> None:
    """Whoever approves it."""
    everybody = [each for each in bank.everybody if each != login]
    assert why in bank.merged(login, policy, *everybody, **fields).why


def test_no_access_is_longer_than_two_hours(bank: Laid) -> None:
    """Short maximums everywhere; administration and data an hour, break-glass half of one."""
    longest = {name: policy.max_duration for name, policy in bank.policies.items()}
    assert max(longest.values()) == timedelta(hours=2)
    assert longest["break-glass"] == timedelta(minutes=30)
    assert longest["administrator"] == longest["customer-data-read"] == timedelta(hours=1)


@pytest.mark.parametrize(
    ("login", "at", "why"),
    [
        ("ines", NOW, set()),
        ("jonas", NOW, {"not-eligible"}),
        ("ines", datetime(2026, 11, 30, 7, 59, 59, tzinfo=UTC), set()),
        ("ines", datetime(2026, 11, 30, 8, tzinfo=UTC), {"not-eligible"}),
        ("jonas", datetime(2026, 11, 30, 8, tzinfo=UTC), set()),
        ("lars", datetime(2026, 12, 24, 8, tzinfo=UTC), {"not-eligible"}),
    ],
)
def test_break_glass_is_for_who_is_on_call(bank: Laid, login: str, at: datetime, why: set[str]) -> None:
    """At once, without an approval; the week changes at a second, and after the last one in the file nobody may."""
    asked = bank.merged(login, "break-glass", at=at, accounts=["core-prod"], ticket="INC-1", duration="30m")
    assert asked.why == why


def test_break_glass_is_reviewed_by_others(bank: Laid) -> None:
    """By those who own the rules and by security: nobody who may ever use it."""
    policy = bank.policies["break-glass"]
    reviewers = {login for team in policy.reviewers for login in bank.teams()[team.removeprefix("@")]}
    operators = set(bank.teams()["harbour/operations"])
    assert reviewers == {"ruth", "sami", "tessa", "mira", "nils", "oya"}
    assert reviewers.isdisjoint(operators)


def test_who_owns_the_rules_gets_no_access(bank: Laid) -> None:
    """Four eyes that gain nothing by what they approve: no policy makes them eligible, and they have no principal."""
    people = bank.rules("rehearsal").people.value
    assert people is not None
    for login in ("ruth", "sami", "tessa"):
        assert people[login].principal is None  # type: ignore[index]
