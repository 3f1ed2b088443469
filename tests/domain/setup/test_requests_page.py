"""requests/README.md: the same rules give the same bytes, and nothing that a person wrote is more than text."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from acme_facts import HOUR, a_policy, the_rules, the_settings, unreadable
from catalogue_facts import the_catalogue

from jitbot.adapters import documents
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import Parameter, ParameterKind, Parsed, Policy, Source, Statement
from jitbot.domain.setup import requests_page
from jitbot.domain.setup.requests_page import MARK, PolicyEntry, blank, entry, is_made, link, page, website

GITHUB = "https://token.actions.githubusercontent.com"
PATTERN = Parameter(name="bucket", pattern="[a-z]+", description="which bucket")
COUNT = Parameter(name="count", kind=ParameterKind.INTEGER, minimum=1, maximum=9)


def shown(policy: Policy | None = None, **rules: Any) -> PolicyEntry:
    """The entry of a policy."""
    found = entry(the_rules(**({"policy": policy} if policy is not None else {}), **rules), the_catalogue())
    assert found is not None
    return found


def whole(*policies: Policy, **settings: Any) -> str:
    """The page of these policies."""
    return page(the_settings(issuer=GITHUB, **settings), [shown(each) for each in policies or (a_policy(),)])


def test_the_same_rules_give_the_same_page() -> None:
    """Whatever the order in which the policies are read; each has its limits, its approvers and its risk."""
    first, second = a_policy(name="a"), a_policy(name="b", max_duration=30 * timedelta(minutes=1))
    assert whole(first, second) == whole(second, first)
    (row,) = [each for each in whole().splitlines() if each.startswith("| [**orders-db-read**]")]
    cells = [each.strip() for each in row.strip("|").split(" | ")]
    assert cells[2:] == ["prod, staging", "4h", "1 of `@acme/payments-leads`", "low"]
    assert whole().startswith(MARK)
    assert is_made(whole().encode())
    assert not is_made(b"# Requests\n")
    assert "| nothing yet |" in page(the_settings(issuer=GITHUB), [])


def test_break_glass_and_rules_of_approval_are_said() -> None:
    """Who reviews afterwards, and that a number may not be all."""
    glass = shown(a_policy(approvals=0, review_within=24 * HOUR, reviewers=("@acme/security",)))
    assert glass.approves == "at once; one of `@acme/security` reviews it within 1d"
    assert shown(codeowners=None).approves == "1 of nobody"
    rules = shown(a_policy(approval_rules=(ApprovalRule(need=1),)))
    assert rules.approves == "at least 1 of `@acme/payments-leads`"


def test_rules_that_do_not_read_give_no_entry() -> None:
    """Another finding says which."""
    for part in ("policy", "accounts", "account_groups", "people", "teams"):
        assert entry(the_rules(**{part: unreadable()}), the_catalogue()) is None


@pytest.mark.parametrize(
    ("issuer", "server"),
    [
        (GITHUB, "https://github.com"),
        (f"{GITHUB}/acme", "https://github.com"),
        ("https://token.actions.acme.ghe.com", "https://acme.ghe.com"),
        ("https://github.acme.com/_services/token", "https://github.acme.com"),
        ("https://github.acme.com:8443/_services/token", "https://github.acme.com:8443"),
        ("http://127.0.0.1:8080/_oidc", "http://127.0.0.1:8080"),
        ("http://github.acme.com/_services/token", ""),
        ("https:///token", ""),
        (f"{GITHUB}.evil.example", "https://token.actions.githubusercontent.com.evil.example"),
    ],
)
def test_the_website_is_that_of_the_issuer(issuer: str, server: str) -> None:
    """github.com, a company's ghe.com, an Enterprise Server by its own host, and this machine; nothing in the open."""
    assert website(the_settings(issuer=issuer)) == server


def test_without_a_website_there_is_no_link() -> None:
    """The way by the command line is named instead."""
    text = page(the_settings(issuer="http://github.acme.com/x"), [shown()])
    assert "](http" not in text
    assert "**orders-db-read**, by `jitbot request`" in text


def test_a_link_follows_a_rename() -> None:
    """The repository is the one that settings.yaml names."""
    assert "(https://github.com/acme/renamed/new/main?" in whole(repository="acme/renamed")


def given(policy: Policy) -> tuple[str, str]:
    """The name and the text that a policy's link gives to GitHub's page."""
    found = parse_qs(urlsplit(link(the_settings(issuer=GITHUB), shown(policy))).query, strict_parsing=True)
    return found["filename"][0], found["value"][0]


def test_the_blank_asks_for_what_only_the_person_knows() -> None:
    """An account of several, a ticket where the policy wants one, each parameter with what may stand there."""
    policy = a_policy(ticket_required=True, parameters=(*a_policy().parameters, PATTERN, COUNT))
    assert given(policy) == (
        "requests/orders-db-read/YYYY-MM/DD-LOGIN-WORDS.yaml",
        "requester:\n"
        "accounts: []  # some of: prod, staging\n"
        "duration: 1h  # at most 4h\n"
        "reason:\n"
        "ticket:\n"
        "parameters:\n"
        "  table:  # orders or refunds\n"
        "  bucket:  # which bucket: as in [a-z]+\n"
        "  count:  # 1 to 9\n",
    )
    one = a_policy(accounts=("prod",), max_duration=HOUR / 2, parameters=())
    assert given(one)[1] == "requester:\naccounts: [prod]\nduration: 30m  # at most 30m\nreason:\n"


def test_a_blank_that_nobody_filled_in_is_refused() -> None:
    """With notes and without: neither its path nor its text is a request."""
    path, text = given(a_policy())
    for each in (text, blank(a_policy(), ("prod", "staging"), notes=False)):
        found = {
            finding.code
            for finding in documents.parse_request(Source(path=path, content=each.encode())).findings
        }
        assert found
    filled = (
        text.replace("requester:", "requester: alice")
        .replace("[]", "[prod]")
        .replace("reason:", "reason: why")
    )
    filled = filled.replace("  table:", "  table: orders")
    parsed = documents.parse_request(
        Source(path="requests/orders-db-read/2026-11/24-alice-x.yaml", content=filled.encode())
    )
    assert parsed.findings == ()


def test_a_long_policy_loses_its_notes_then_its_link() -> None:
    """No address is longer than GitHub's server takes; a page of eighty policies is whole."""
    many = tuple(
        Parameter(name=f"p{each}", enum=tuple(f"value-{n}" for n in range(40))) for each in range(20)
    )
    address = link(the_settings(issuer=GITHUB), shown(a_policy(parameters=many)))
    assert "%23" not in address
    assert 0 < len(address) <= 7_500
    names = tuple(Parameter(name=f"p{'x' * 25}{each}", enum=("a",)) for each in range(250))
    assert link(the_settings(issuer=GITHUB), shown(a_policy(parameters=names))) == ""
    eighty = whole(*(a_policy(name=f"policy-{each}", parameters=many) for each in range(80)))
    assert eighty.count("](https://github.com/acme/access/new/main?") == 80
    assert len(eighty) < 400_000


def test_an_address_of_the_very_length_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its notes; of one character less it loses them."""
    noted = link(the_settings(issuer=GITHUB), shown())
    monkeypatch.setattr(requests_page, "_LONGEST_NOTED", len(noted))
    assert link(the_settings(issuer=GITHUB), shown()) == noted
    monkeypatch.setattr(requests_page, "_LONGEST_NOTED", len(noted) - 1)
    assert 0 < len(link(the_settings(issuer=GITHUB), shown())) < len(noted)


def test_a_parameter_of_any_value_has_no_form() -> None:
    """The blank says what is known of it, and makes nothing up."""
    text = blank(a_policy(parameters=(Parameter(name="any", description="what"),)), ("prod",))
    assert "as in" not in text


@pytest.mark.parametrize(
    "text",
    [
        "a | b |\\| c",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1)) ![y](http://x.example)",
        "@acme/security #1 `code` **bold**",
        "# no heading: - no list",
        "'; : {} [] & * ! %",
        'a "quoted" reason: # note',
    ],
)
def test_a_description_is_text_alone(text: str) -> None:
    """In the table it ends no cell and begins no link; in the file's notes it ends no line and begins no key."""
    policy = a_policy(description=text, parameters=(replace(PATTERN, description=text),))
    (row,) = [each for each in whole(policy).splitlines() if "**orders-db-read**" in each]
    assert len(re.split(r"(?<!\\)\|", row)) == 8
    assert row.count("](") - row.count("\\](") == 1
    assert "<img" not in row
    name, value = given(policy)
    assert name == "requests/orders-db-read/YYYY-MM/DD-LOGIN-WORDS.yaml"
    filled = value.replace("requester:", "requester: alice").replace("[]", "[prod]")
    filled = filled.replace("reason:\n", "reason: why\n").replace("  bucket:", "  bucket: b", 1)
    parsed = documents.parse_request(
        Source(path="requests/orders-db-read/2026-11/24-alice-x.yaml", content=filled.encode())
    )
    assert parsed.findings == ()
    assert parsed.value is not None
    assert parsed.value.parameters == {"bucket": "b"}


def test_an_odd_owner_is_made_inert() -> None:
    """CODEOWNERS may hold any word; a code span would end at a backtick."""
    assert requests_page._names(["@acme/x", "a`b|c"]) == "`@acme/x` a\\`b&#124;c"


def test_the_risk_does_not_depend_on_the_people() -> None:
    """A new repository has nobody with a principal yet; and a policy for no account has an unknown one."""
    assert shown(people=Parsed(value={})).risk == "low"
    assert shown(a_policy(accounts=())).risk == "not known"
    assert "| none |" in whole(a_policy(accounts=()))


def test_the_risk_is_that_of_a_value_that_may_be_chosen() -> None:
    """A word that stands for everything is more than another."""
    everything = Parameter(name="table", enum=("*",))
    statement = Statement(
        actions=("dynamodb:DeleteTable",), resources=("arn:aws:dynamodb:*:*:table/{{table}}",)
    )
    one, other = (
        shown(a_policy(parameters=(each,), statements=(statement,))).risk
        for each in (everything, Parameter(name="table", pattern=".*"))
    )
    assert one != other
