"""Policies at the edges of what reads: bounds, rules and dates; and how much is said of one that is wrong throughout."""

from datetime import date, timedelta

import pytest

from jitbot.adapters.documents import parse_account_groups, parse_people, parse_policy, parse_teams
from jitbot.adapters.documents.document import MOST
from jitbot.domain.model.documents import Position, Source

POLICY = """\
description: x
eligible: [dave]
accounts: [prod]
max_duration: 7d
approvals: 1
parameters:
  days: {type: integer, minimum: 3, maximum: 3}
statements:
  - {actions: ["s3:GetObject"], resources: ["arn:aws:s3:::x/{{days}}"]}
"""


def found(text: str) -> list[tuple[str, str]]:
    """The code and the hint of each finding about a policy."""
    source = Source(path="policies/access/x.yaml", content=text.encode())
    return [(each.code, each.hint) for each in parse_policy(source).findings]


@pytest.mark.parametrize(
    ("bounds", "codes"),
    [
        ("minimum: 3, maximum: 3", []),
        ("minimum: 4, maximum: 3", ["bad-parameter"]),
        ("minimum: 3", ["bad-parameter"]),
        ("maximum: 3", ["bad-parameter"]),
    ],
)
def test_an_integer_has_both_bounds_in_their_order(bounds: str, codes: list[str]) -> None:
    """One value alone is a choice, too."""
    assert [code for code, _ in found(POLICY.replace("minimum: 3, maximum: 3", bounds))] == codes


RULES = "approvals: [{need: 1}, {need: 2, when: {parameters: {other: [a]}}}]"


def test_a_rule_about_no_parameter_says_which_there_are() -> None:
    """None, where there are none; nothing, where they do not read."""
    ruled = POLICY.replace("approvals: 1", RULES)
    assert found(ruled) == [("unknown-parameter", "parameters here: days")]
    without = ruled.replace("parameters:\n  days: {type: integer, minimum: 3, maximum: 3}\n", "")
    assert found(without.replace("{{days}}", "x")) == [("unknown-parameter", "parameters here: none")]
    broken = ruled.replace("minimum: 3", "minimum: x")
    assert [code for code, _ in found(broken)] == ["wrong-type"]


def test_the_dates_of_reviews_are_read() -> None:
    """How soon the use of a break-glass policy is reviewed, and when the policy itself was."""
    text = POLICY.replace(
        "approvals: 1",
        "approvals: 0\nticket: required\nreviewers: [erin]\nreview_within: 1d\nreviewed: 2026-11-24",
    )
    policy = parse_policy(Source(path="policies/access/x.yaml", content=text.encode())).value
    assert policy is not None
    assert (policy.review_within, policy.reviewed) == (timedelta(days=1), date(2026, 11, 24))
    policy = parse_policy(Source(path="policies/access/x.yaml", content=POLICY.encode())).value
    assert policy is not None
    assert (policy.review_within, policy.reviewed) == (None, None)


@pytest.mark.parametrize(("people", "shown"), [(MOST, MOST), (MOST + 1, MOST + 1)])
def test_findings_are_cut_after_the_most(people: int, shown: int) -> None:
    """As many as that are all shown; of one more it is said that it is left out."""
    text = "people:\n" + "".join(f" p{number}: {{}}\n" for number in range(people))
    findings = parse_people(Source(path="policies/people.yaml", content=text.encode())).findings
    assert len(findings) == shown
    assert (findings[-1].code == "more-findings") is (people > MOST)


def test_what_lies_behind_the_last_error_is_not_read() -> None:
    """After 200 nobody looked whether a parameter is a mapping at all."""
    wrong = ", ".join(f"'{number}!'" for number in range(200))
    text = POLICY.replace("[dave]", f"[{wrong}]").replace("{type: integer, minimum: 3, maximum: 3}", "text")
    source = Source(path="policies/access/x.yaml", content=text.encode())
    assert parse_policy(source).findings[-1].code == "more-findings"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[dave]", "a:b", "eligible must be a list, not 'a:b'"),
        ("{type: integer, minimum: 3, maximum: 3}", "type:integer", "parameters.days must be a mapping, not 'type:integer': a blank is missing after type:"),
    ],
)  # fmt: skip
def test_a_missing_blank_is_supposed_where_a_mapping_is_wanted(old: str, new: str, message: str) -> None:
    """A list has no keys."""
    source = Source(path="policies/access/x.yaml", content=POLICY.replace(old, new).encode())
    assert message in [each.message.replace('"', "'") for each in parse_policy(source).findings]


def test_a_list_has_the_same_places_beside_its_source() -> None:
    """`where` names a member by its team, whichever way the team is written; nothing else takes its place."""
    text = "a/b: [{login: bob, until: 2026-11-24}]\nc/d: {source: csv, members: [dave]}\n"
    roster = parse_teams(Source(path="policies/teams.yaml", content=text.encode())).value
    assert roster is not None
    assert roster.where["c/d.0"] == Position(line=2, column=30)
    assert roster.where["c/d"] == Position(line=2, column=6)
    assert "a/b.login" not in roster.where
    text = "a: [prod]\nb: {source: csv, accounts: [data]}\n"
    groups = parse_account_groups(Source(path="policies/account-groups.yaml", content=text.encode())).value
    assert groups is not None
    assert (groups.where["a.0"], groups.where["b.0"]) == (
        Position(line=1, column=5),
        Position(line=2, column=29),
    )


def test_a_rule_may_ask_for_one_thing_alone() -> None:
    """What it does not name is no condition."""
    when = ("accounts: [prod]", "duration_over: 1h", "parameters: {days: ['3']}")
    rules = ", ".join(f"{{need: 2, when: {{{each}}}}}" for each in when)
    text = POLICY.replace("approvals: 1", f"approvals: [{{need: 1}}, {rules}]")
    policy = parse_policy(Source(path="policies/access/x.yaml", content=text.encode())).value
    assert policy is not None
    found = [each.when for each in policy.approval_rules]
    assert [(each.accounts, each.duration_over, dict(each.parameters)) for each in found if each] == [
        (("prod",), None, {}),
        (None, timedelta(hours=1), {}),
        (None, None, {"days": ("3",)}),
    ]
