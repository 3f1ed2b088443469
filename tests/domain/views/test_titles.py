"""The title of a pull request: who, what, where, how long, with what, in what GitHub takes of it."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from acme_facts import HOUR, a_policy, a_request, the_rules
from builders import a_request_state, an_approval
from comment_facts import a_summary
from hypothesis import given
from hypothesis import strategies as st
from rehearsal_facts import a_rehearsal_policy, a_rehearsal_request

from jitbot.domain.model.documents import AccountId, Parameter, Policy, Statement
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.views import titles
from jitbot.domain.views.request_summary import RequestSummary
from jitbot.domain.views.titles import LONGEST, ONE_APPROVAL, title

GRANTED = a_request_state(an_approval())
EXTENDS = a_request(duration=4 * HOUR)
MANY = {
    "prod": AccountId("111111111111"),
    **{f"sandbox-{n:03}": AccountId(f"{n:012}") for n in range(1, 100)},
}


def bare(summaries: Iterable[RequestSummary]) -> str:
    """The title, without what it says of approvals."""
    return title(summaries).removesuffix(ONE_APPROVAL)


@pytest.mark.parametrize(
    ("summaries", "expected"),
    [
        ([a_summary()], "alice: orders-db-read in prod, 2h, table=orders"),
        (
            [a_summary(a_request(accounts=("staging", "prod")))],
            "alice: orders-db-read in prod and staging, 2h, table=orders",
        ),
        (
            [a_summary(EXTENDS, state=GRANTED, kind=ChangeKind.MODIFIED)],
            "alice: orders-db-read in prod, +2h to 4h, table=orders",
        ),
        (
            [a_summary(state=GRANTED, kind=ChangeKind.MODIFIED)],
            "alice: orders-db-read in prod, to 2h, table=orders",
        ),
        (
            [a_summary(kind=ChangeKind.DELETED, grant_preview=None)],
            "alice: orders-db-read in prod, ends access",
        ),
        (
            [a_summary(rules=the_rules(policy=a_policy(approvals=0, reviewers=("erin",))))],
            "alice: orders-db-read in prod, 2h, break-glass, table=orders",
        ),
        (
            [a_summary(a_rehearsal_request(), rules=the_rules(policy=a_rehearsal_policy()))],
            "alice: rehearsal in prod, 15m, rehearsal",
        ),
        (
            [
                a_summary(
                    a_rehearsal_request(),
                    rules=the_rules(policy=a_rehearsal_policy(managed_policies=("ReadOnlyAccess",))),
                )
            ],
            "alice: rehearsal in prod, 15m",
        ),
        ([a_summary(kind=ChangeKind.DELETED)], "alice: orders-db-read in prod, ends access"),
        (
            [a_summary(EXTENDS, state=GRANTED)],
            "alice: orders-db-read in prod, 4h, table=orders",
        ),
        (
            [a_summary(kind=ChangeKind.MODIFIED, former=None)],
            "alice: orders-db-read in prod, 2h, table=orders",
        ),
        (
            [a_summary(EXTENDS, state=GRANTED, kind=ChangeKind.MODIFIED, grant_preview=None)],
            "alice: orders-db-read in prod, 4h",
        ),
        (
            [a_summary(), a_summary(a_request(path="requests/ssm-shell/2026-11/24-alice-x.yaml"))],
            "alice: orders-db-read in prod, 2h, table=orders; alice: ssm-shell in prod, 2h, table=orders",
        ),
        (
            [a_summary(a_request(accounts=("prod", "nowhere"), parameters={}))],
            "alice: orders-db-read in prod and nowhere, 2h, risk not known",
        ),
        ([], ""),
    ],
)
def test_the_title(summaries: list[RequestSummary], expected: str) -> None:
    """Who, what, where, how long: that is all a phone shows."""
    assert bare(summaries) == expected


def test_the_title_says_where_one_approval_is_enough() -> None:
    """For everything that is asked, and as its last word; where more is needed, or it does not fit, it does not."""
    waits = a_summary(rules=the_rules(policy=a_policy(approvals=1)))
    more = a_summary(rules=the_rules(policy=a_policy(approvals=2)))
    assert title([waits]) == f"alice: orders-db-read in prod, 2h, table=orders{ONE_APPROVAL}"
    for others in (
        [more],
        [waits, more],
        [waits, replace(waits, awaiting=None)],
        [a_summary(kind=ChangeKind.DELETED)],
    ):
        assert ONE_APPROVAL not in title(others)


@given(st.integers(1, 300), st.sampled_from([ONE_APPROVAL, "x", "x)"]))
def test_a_value_is_never_taken_for_that(length: int, value: str) -> None:
    """Whatever a requester writes, the last word of a title is jitbot's own, and it is there or not as a whole."""
    policy = a_policy(parameters=(Parameter(name="table", pattern=".*"),), approvals=2)
    asked = a_request(parameters={"table": "v" * length + value})
    assert not title([a_summary(asked, rules=the_rules(policy=policy))]).endswith(ONE_APPROVAL)
    shown = title([a_summary(asked, rules=the_rules(policy=replace(policy, approvals=1)))])
    assert len(shown) <= LONGEST
    assert shown.endswith(ONE_APPROVAL) or len(shown) + len(ONE_APPROVAL) > LONGEST


@pytest.mark.parametrize(("length", "told"), [(200, ONE_APPROVAL), (201, "")])
def test_that_is_said_if_it_fits(length: int, told: str) -> None:
    """To the last character that GitHub takes, and else not at all."""
    whole = f"alice: orders-db-read in prod, 2h, table={'v' * length}"
    asked = a_summary(a_request(parameters={"table": "v" * length}))
    assert (len(whole) + len(ONE_APPROVAL) <= LONGEST) is bool(told)
    assert title([asked]) == f"{whole}{told}"


def test_no_title_where_a_request_does_not_read() -> None:
    """One of two is enough."""
    broken = replace(a_summary(rules=the_rules(policy=a_policy(approvals=1))), request=None)
    assert title([broken]) == title([a_summary(), broken]) == title([]) == ""


def test_production_is_never_the_one_that_is_counted() -> None:
    """Of a hundred accounts, in any order of the requester's, those that accounts.yaml has first are named."""
    rules = the_rules(accounts=MANY, policy=a_policy(accounts=tuple(MANY)))
    asked = a_request(accounts=tuple(reversed(MANY)), parameters={"table": "orders"})
    shown = bare([a_summary(asked, rules=rules)])
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
    long = [a_summary(a_request(path=path(f"a{n}"), accounts=tuple(MANY)), rules=rules) for n in range(5)]
    shown = bare([*long, a_summary(a_request(path=path("zzz")), rules=admin)])
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
    shown = bare([a_summary(asked, rules=the_rules(policy=policy))])
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
    shown = bare([a_summary(a_request(parameters={"table": value}))])
    assert shown == f"alice: orders-db-read in prod, 2h, table={told}"


def ending(*accounts: str) -> RequestSummary:
    """The end of a request in these accounts."""
    return a_summary(a_request(accounts=accounts), kind=ChangeKind.DELETED, grant_preview=None)


def test_what_github_takes_is_shown_whole() -> None:
    """256 characters stay as they are, however two requests share them; of one more each request gets a half."""
    short = ending("a" * 40)
    fits, long = (ending("b" * 40, "c" * 40, "d" * 40, "e" * number) for number in (9, 10))
    whole = f"{bare([short])}; {bare([fits])}"
    assert len(whole) == LONGEST
    assert bare([short, fits]) == whole
    halved = f"alice: orders-db-read in {'b' * 40} +3 more, ends access"
    assert bare([short, long]) == f"{bare([short])}; {halved}"


@pytest.mark.parametrize(
    ("first", "named", "expected"),
    [
        (32, 3, f"alice: orders-db-read in {'a' * 32} +1 more, ends access"),
        (33, 2, f"alice: orders-db-read in {'a' * 33} and {'b' * 40}, ends access"),
    ],
)
def test_as_many_requests_are_named_as_fit(first: int, named: int, expected: str) -> None:
    """Of four, three where each fits its third to the last character; where it lacks one, two, and no name is cut."""
    left = {3: "+1 more request", 2: "+2 more requests"}[named]
    shown = bare([ending("a" * first, "b" * 40)] * 4)
    assert shown == "; ".join([*[expected] * named, left])


@pytest.mark.parametrize(("account", "told"), [(24, ", +1 more"), (25, "")])
def test_parameters_are_counted_where_that_fits(account: int, told: str) -> None:
    """Where no parameter fits its number is told, up to the last character of the request's part, and not beyond it."""
    asked = a_request(accounts=("a" * account,), parameters={"table": "v" * 60})
    each = f"alice: orders-db-read in {'a' * account}, 2h, risk not known{told}"
    assert bare([a_summary(asked)] * 4) == f"{each}; {each}; {each}; +1 more request"


@pytest.mark.parametrize(("length", "told"), [(215, f"table={'v' * 215}"), (216, "+1 more")])
def test_a_parameter_is_shown_if_it_fits(length: int, told: str) -> None:
    """To the last character that GitHub takes, and else it is counted."""
    shown = bare([a_summary(a_request(parameters={"table": "v" * length}))])
    assert shown == f"alice: orders-db-read in prod, 2h, {told}"


@pytest.mark.parametrize(("length", "told"), [(40, "a" * 40), (41, f"{'a' * 39}…")])
def test_a_name_is_cut_after_forty_characters(length: int, told: str) -> None:
    """A name that is longer than any valid one says that it is cut."""
    assert bare([ending("a" * length)]) == f"alice: orders-db-read in {told}, ends access"


@pytest.mark.parametrize(
    ("accounts", "room", "told"),
    [
        (("prod", "staging", "data"), 22, "prod, staging and data"),
        (("prod", "staging", "data"), 21, "prod, staging +1 more"),
        (("prod", "staging", "data"), 20, "prod +2 more"),
        (("prod", "staging", "data"), 1, "prod +2 more"),
        (("prod",), 1, "prod"),
    ],
)
def test_as_many_accounts_are_named_as_fit(accounts: tuple[str, ...], room: int, told: str) -> None:
    """To the last character; the first is named in any case, and the others are counted."""
    grant_preview = a_summary(a_request(accounts=accounts)).grant_preview
    assert grant_preview is not None
    head = "alice asks for orders-db-read in "
    end = "e" * (LONGEST - len(head) - room)
    assert titles.asked(grant_preview, "asks for", end) == f"{head}{told}{end}"


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
    summary = a_summary(asked)
    for summaries in ([summary], [summary] * 7, [a_summary(asked, kind=ChangeKind.DELETED)]):
        shown = bare(summaries)
        assert shown.startswith("alice: ")
        assert len(shown) <= LONGEST
        assert shown.isprintable()


def test_a_proposal_has_a_title_that_github_takes() -> None:
    """As `extend` opens it, before `check` has named it."""
    rules = the_rules(accounts=MANY, policy=a_policy(accounts=tuple(MANY)))
    for accounts, said in (
        (("staging", "prod"), "alice extends orders-db-read in prod and staging to 4h"),
        (tuple(MANY), "alice extends orders-db-read in prod, sandbox-001"),
    ):
        given = rules if len(accounts) > 2 else the_rules()
        grant_preview = a_summary(a_request(accounts=accounts), rules=given).grant_preview
        assert grant_preview is not None
        shown = titles.asked(grant_preview, "extends", " to 4h")
        assert shown.startswith(said)
        assert shown.endswith(" to 4h")
        assert len(shown) <= LONGEST


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(),
        a_policy(approvals=2),
        a_policy(approvals=0, reviewers=("erin",)),
        a_policy(managed_policies=("AdministratorAccess",)),
    ],
    ids=["one approval", "two", "break-glass", "administrator"],
)
@pytest.mark.parametrize("accounts", [("prod",), ("staging", "prod"), ("nowhere",)], ids=str)
def test_a_new_request_has_the_title_that_check_gives_it(policy: Policy, accounts: tuple[str, ...]) -> None:
    """So that check need not write it: one write less for each request."""
    summary = a_summary(a_request(accounts=accounts), rules=the_rules(policy=policy))
    assert summary.grant_preview is not None
    assert titles.proposed(summary.grant_preview) == title([summary])
