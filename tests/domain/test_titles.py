"""The title of a pull request: who, what, where, how long, with what, in what GitHub takes of it."""

from dataclasses import replace

import pytest
from acme_facts import HOUR, a_policy, a_request, the_rules
from builders import a_life, an_approval
from comment_facts import a_briefing
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain import titles
from jitbot.domain.briefing import Briefing, Proposed
from jitbot.domain.model import AccountId, Parameter, Statement
from jitbot.domain.titles import LONGEST, title

GRANTED = a_life(an_approval())
EXTENDS = a_request(duration=4 * HOUR)
MANY = {
    "prod": AccountId("111111111111"),
    **{f"sandbox-{n:03}": AccountId(f"{n:012}") for n in range(1, 100)},
}


@pytest.mark.parametrize(
    ("briefings", "expected"),
    [
        ([a_briefing()], "alice: orders-db-read in prod, 2h, table=orders"),
        (
            [a_briefing(a_request(accounts=("staging", "prod")))],
            "alice: orders-db-read in prod and staging, 2h, table=orders",
        ),
        (
            [a_briefing(EXTENDS, life=GRANTED, proposed=Proposed.EXTEND)],
            "alice: orders-db-read in prod, +2h to 4h, table=orders",
        ),
        (
            [a_briefing(life=GRANTED, proposed=Proposed.EXTEND)],
            "alice: orders-db-read in prod, to 2h, table=orders",
        ),
        ([a_briefing(proposed=Proposed.END, outlook=None)], "alice: orders-db-read in prod, ends access"),
        (
            [a_briefing(rules=the_rules(policy=a_policy(approvals=0, reviewers=("erin",))))],
            "alice: orders-db-read in prod, 2h, break-glass, table=orders",
        ),
        ([a_briefing(proposed=Proposed.END)], "alice: orders-db-read in prod, ends access"),
        (
            [a_briefing(proposed=Proposed.EXTEND, former=None)],
            "alice: orders-db-read in prod, 2h, table=orders",
        ),
        (
            [a_briefing(EXTENDS, life=GRANTED, proposed=Proposed.EXTEND, outlook=None)],
            "alice: orders-db-read in prod, 4h",
        ),
        (
            [a_briefing(), a_briefing(a_request(path="requests/ssm-shell/2026-11/24-alice-x.yaml"))],
            "alice: orders-db-read in prod, 2h, table=orders; alice: ssm-shell in prod, 2h, table=orders",
        ),
        (
            [a_briefing(a_request(accounts=("prod", "nowhere"), parameters={}))],
            "alice: orders-db-read in prod and nowhere, 2h, risk not known",
        ),
        ([], ""),
    ],
)
def test_the_title(briefings: list[Briefing], expected: str) -> None:
    """Who, what, where, how long: that is all a phone shows."""
    assert title(briefings) == expected


def test_no_title_where_a_request_does_not_read() -> None:
    """One of two is enough."""
    assert title([replace(a_briefing(), request=None)]) == ""
    assert title([a_briefing(), replace(a_briefing(), request=None)]) == ""


def test_production_is_never_the_one_that_is_counted() -> None:
    """Of a hundred accounts, in any order of the requester's, those that accounts.yaml has first are named."""
    rules = the_rules(accounts=MANY, policy=a_policy(accounts=tuple(MANY)))
    asked = a_request(accounts=tuple(reversed(MANY)), parameters={"table": "orders"})
    shown = title([a_briefing(asked, rules=rules)])
    assert shown.startswith("alice: orders-db-read in prod, sandbox-001, sandbox-002, ")
    assert shown.endswith(", 2h, table=orders")
    named = shown.count("sandbox-") + 1
    assert f" +{100 - named} more, 2h" in shown
    assert LONGEST - 20 < len(shown) <= LONGEST


def test_a_long_request_hides_no_other() -> None:
    """Each of several has its share, the most dangerous comes first, and those that are left are counted."""
    rules = the_rules(accounts=MANY, policy=a_policy(accounts=tuple(MANY)))
    admin = the_rules(policy=a_policy(managed_policies=("AdministratorAccess",)))
    path = "requests/{}/2026-11/24-alice-x.yaml".format
    long = [a_briefing(a_request(path=path(f"a{n}"), accounts=tuple(MANY)), rules=rules) for n in range(5)]
    shown = title([*long, a_briefing(a_request(path=path("zzz")), rules=admin)])
    assert shown.startswith("alice: zzz in prod, 2h, table=orders; alice: a0 in prod, sandbox-001")
    assert "; alice: a1 in prod" in shown
    assert shown.endswith("; +3 more requests")
    assert len(shown) <= LONGEST


def test_long_values_give_way_to_nothing_else() -> None:
    """Parameters come last and are counted where they do not fit: accounts and duration stay."""
    names = tuple(f"p{n:02}" for n in range(20))
    policy = a_policy(
        parameters=tuple(Parameter(name=name, pattern=".*") for name in names),
        statements=(Statement(actions=("dynamodb:GetItem",), resources=("*",)),),
    )
    asked = a_request(accounts=("prod", "staging"), parameters=dict.fromkeys(names, "v" * 128))
    shown = title([a_briefing(asked, rules=the_rules(policy=policy))])
    assert shown.startswith("alice: orders-db-read in prod and staging, 2h, p00=vvv")
    assert shown.endswith("v +19 more")
    assert len(shown) <= LONGEST


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("orders, 15m", '"orders, 15m"'),
        ('o", 15m; bob: x in staging', '"o\\", 15m; bob: x in staging"'),
        ("ord\u0435rs", '"ord\\\\u0435rs"'),
        ("\u202eorders", '"\\\\u202eorders"'),
        ("", '""'),
        ("a/b.c_d-e@f+g", "a/b.c_d-e@f+g"),
    ],
)
def test_a_value_passes_for_no_other_part(value: str, told: str) -> None:
    """What is no plain token stands in quotes, after all that is not the requester's to word."""
    shown = title([a_briefing(a_request(parameters={"table": value}))])
    assert shown == f"alice: orders-db-read in prod, 2h, table={told}"


texts = st.text(max_size=300)


@given(
    accounts=st.lists(texts, min_size=1, max_size=30),
    values=st.dictionaries(texts, texts, max_size=20),
    long=texts,
)
def test_a_title_is_one_line_that_github_takes(
    accounts: list[str], values: dict[str, str], long: str
) -> None:
    """Whatever people wrote: at most 256 characters, all of them printable, and who asks stays first."""
    asked = a_request(accounts=tuple(accounts), parameters=values, path=f"requests/{long}/x/y.yaml")
    for briefings in (
        [a_briefing(asked)],
        [a_briefing(asked)] * 7,
        [a_briefing(asked, proposed=Proposed.END)],
    ):
        shown = title(briefings)
        assert shown.startswith("alice: ")
        assert len(shown) <= LONGEST
        assert shown.isprintable()


def test_a_proposal_has_a_title_that_github_takes() -> None:
    """As `request` and `extend` open it, before anything else has named it."""
    rules = the_rules(accounts=MANY, policy=a_policy(accounts=tuple(MANY)))
    for accounts, said in (
        (("staging", "prod"), "alice asks for orders-db-read in prod and staging for 2h"),
        (tuple(MANY), "alice asks for orders-db-read in prod, sandbox-001"),
    ):
        given = rules if len(accounts) > 2 else the_rules()
        outlook = a_briefing(a_request(accounts=accounts), rules=given).outlook
        assert outlook is not None
        shown = titles.asked(outlook, "asks for", " for 2h")
        assert shown.startswith(said)
        assert shown.endswith(" for 2h")
        assert len(shown) <= LONGEST
