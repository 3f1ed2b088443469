"""Good documents: exactly these values, at exactly these places."""

from datetime import UTC, datetime, timedelta

import pytest

from jitbot.adapters import documents
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import (
    AccountId,
    GithubId,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    OwnTrail,
    Parameter,
    ParameterKind,
    Person,
    Policy,
    Position,
    Request,
    Settings,
    Source,
    Statement,
)
from jitbot.domain.model.roster import Membership, Roster

PATH = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"


def _source(text: str, path: str = PATH) -> Source:
    return Source(path=path, content=text.encode())


REQUEST = """\
---
requester: alice  # that is me
accounts: [prod, staging]
duration: 1h30m
reason: "Größe prüfen: INC-1234"
parameters: {table: orders, number: 5, flag: no, account: 012345670123, text: 'a:b/c'}
ticket: INC-1234
starts_at: 2026-11-24T09:00:00Z
"""


def test_request() -> None:
    """A request keeps every scalar as the text that was written."""
    parsed = documents.parse_request(_source(REQUEST))
    assert parsed.findings == ()
    assert parsed.value == Request(
        path=PATH,
        requester=Login("alice"),
        accounts=("prod", "staging"),
        duration=timedelta(minutes=90),
        reason="Größe prüfen: INC-1234",
        parameters={
            "table": "orders",
            "number": "5",
            "flag": "no",
            "account": "012345670123",
            "text": "a:b/c",
        },
        ticket="INC-1234",
        starts_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    )


def test_request_knows_where_its_fields_are() -> None:
    """`where` names each value's place by its dotted path."""
    value = documents.parse_request(_source(REQUEST)).value
    assert value is not None
    assert value.where["duration"] == Position(line=4, column=11)
    assert value.where["accounts.1"] == Position(line=3, column=18)
    assert value.where["parameters"] == Position(line=6, column=13)
    assert value.where["parameters.table"] == Position(line=6, column=21)
    assert "" not in value.where


def test_values_are_plain_text() -> None:
    """What the parser needs to know of a scalar does not leak into the value."""
    value = documents.parse_request(_source(REQUEST)).value
    assert value is not None
    texts = [
        value.requester,
        value.reason,
        value.ticket,
        *value.accounts,
        *value.parameters,
        *value.parameters.values(),
    ]
    assert {type(text) for text in texts} == {str}


def test_shortest_request() -> None:
    """Parameters, ticket and start may be left out."""
    text = "requester: a-b\naccounts:\n- prod\nduration: 15m\nreason: x\n"
    path = "requests/p/2024-02/29-a-b-c-d.yaml"
    assert documents.parse_request(_source(text, path)).value == Request(
        path=path,
        requester=Login("a-b"),
        accounts=("prod",),
        duration=timedelta(minutes=15),
        reason="x",
        parameters={},
    )


POLICY = """\
description: Read one table
eligible: ["@acme/payments", dave]
accounts: [prod]
max_duration: 7d
approvals: 6
ticket: required
parameters:
  table: {enum: [orders, "a/b"], separators: "/", description: which table}
  name: {pattern: "(dev|qa)-[a-z]+", separators: ":/"}
  days: {type: integer, minimum: -1, maximum: 30}
statements:
  - actions: [s3:*, "dynamodb:Get?tem"]
    resources:
      - "arn:aws:dynamodb:*:{{account_id}}:table/{{table}}/{{name}}"
      - "arn:aws:s3:::b/${aws:userid}/${aws:PrincipalTag/team}/{{requester}}"
      - "*"
    conditions:
      ForAnyValue:StringLikeIfExists: {"s3:prefix": [a, "{{account}}*"]}
      NumericLessThan: {s3:max-keys: "{{days}}"}
      Bool: {aws:SecureTransport: true}
      "Null": {aws:TokenAge: "false"}
managed_policies: [ReadOnlyAccess, AWS_x+=.@-y]
"""


def test_policy() -> None:
    """A policy keeps its order, and one condition value reads as a list of one."""
    parsed = documents.parse_policy(_source(POLICY, "policies/access/orders-db-read.yaml"))
    assert parsed.findings == ()
    assert parsed.value == Policy(
        name="orders-db-read",
        description="Read one table",
        eligible=("@acme/payments", "dave"),
        accounts=("prod",),
        max_duration=timedelta(days=7),
        approvals=6,
        ticket_required=True,
        parameters=(
            Parameter(
                name="table", enum=("orders", "a/b"), separators=frozenset("/"), description="which table"
            ),
            Parameter(name="name", pattern="(dev|qa)-[a-z]+", separators=frozenset(":/")),
            Parameter(name="days", kind=ParameterKind.INTEGER, minimum=-1, maximum=30),
        ),
        statements=(
            Statement(
                actions=("s3:*", "dynamodb:Get?tem"),
                resources=(
                    "arn:aws:dynamodb:*:{{account_id}}:table/{{table}}/{{name}}",
                    "arn:aws:s3:::b/${aws:userid}/${aws:PrincipalTag/team}/{{requester}}",
                    "*",
                ),
                conditions={
                    "ForAnyValue:StringLikeIfExists": {"s3:prefix": ("a", "{{account}}*")},
                    "NumericLessThan": {"s3:max-keys": ("{{days}}",)},
                    "Bool": {"aws:SecureTransport": ("true",)},
                    "Null": {"aws:TokenAge": ("false",)},
                },
            ),
        ),
        managed_policies=("ReadOnlyAccess", "AWS_x+=.@-y"),
    )
    assert parsed.value.where["statements.0.resources.2"] == Position(line=16, column=9)


RULES = """\
description: x
eligible: [dave]
accounts: [prod]
max_duration: 4h
approvals:
  - when: {accounts: ["@production", prod], duration_over: 2h, parameters: {days: [1, 2], table: [refunds]}}
    need: 3
    from: ["@acme/payments-leads", "@acme/security"]
  - {need: 2, from: ["@acme/security"]}
parameters:
  table: {enum: [orders, refunds]}
  days: {type: integer, minimum: 0, maximum: 9}
statements: [{actions: [s3:GetObject], resources: ["arn:aws:s3:::{{table}}/{{days}}"]}]
"""


def test_rules_of_approval() -> None:
    """A list of rules keeps its order and its places; the number is that of the rule which always holds."""
    parsed = documents.parse_policy(_source(RULES, "policies/access/x.yaml"))
    assert parsed.findings == ()
    assert parsed.value is not None
    when = RuleCondition(
        accounts=("@production", "prod"),
        duration_over=timedelta(hours=2),
        parameters={"days": ("1", "2"), "table": ("refunds",)},
    )
    teams = ("@acme/payments-leads", "@acme/security")
    assert parsed.value.approval_rules == (
        ApprovalRule(need=3, teams=teams, when=when),
        ApprovalRule(need=2, teams=teams[1:]),
    )
    assert [rule.field for rule in parsed.value.approval_rules] == ["approvals.0", "approvals.1"]
    assert parsed.value.approvals == 2
    assert parsed.value.where["approvals.0.from.1"] == Position(line=8, column=36)


def test_shortest_policy() -> None:
    """A ticket is optional unless it is required, and a managed policy is enough to give."""
    text = "description: x\neligible: [dave]\naccounts: [prod]\nmax_duration: 1h\napprovals: 1\nmanaged_policies: [A]\n"
    value = documents.parse_policy(_source(text, "policies/access/a.yaml")).value
    assert value is not None
    assert not value.ticket_required
    assert (value.parameters, value.statements) == ((), ())


def test_people() -> None:
    """Each kind of principal, in short and in long."""
    text = """\
defaults: {identity_center: {account: "012345670123", permission_set: Developer}}
people:
  alice: {github_id: 1001, identity_center: alice@acme.com}
  bob: {github_id: 1002, iam_user: "arn:aws:iam::222222222222:user/some/path/bob"}
  carol: {github_id: 1003, iam_role: {arn: "arn:aws:iam::222222222222:role/e", userid: "AROAENGINEERSEXAMPLE1:carol"}}
  dave_acme: {github_id: 1004, identity_center: {account: "333333333333", permission_set: Ops, user_name: dave}}
  erin: {github_id: 1005}
"""
    assert documents.parse_people(_source(text, "policies/people.yaml")).value == {
        "alice": Person(
            login=Login("alice"),
            github_id=GithubId(1001),
            principal=IdentityCenter(
                account=AccountId("012345670123"), permission_set="Developer", user_name="alice@acme.com"
            ),
        ),
        "bob": Person(
            login=Login("bob"),
            github_id=GithubId(1002),
            principal=IamUser(arn="arn:aws:iam::222222222222:user/some/path/bob"),
        ),
        "carol": Person(
            login=Login("carol"),
            github_id=GithubId(1003),
            principal=IamRole(arn="arn:aws:iam::222222222222:role/e", userid="AROAENGINEERSEXAMPLE1:carol"),
        ),
        "dave_acme": Person(
            login=Login("dave_acme"),
            github_id=GithubId(1004),
            principal=IdentityCenter(
                account=AccountId("333333333333"), permission_set="Ops", user_name="dave"
            ),
        ),
        "erin": Person(login=Login("erin"), github_id=GithubId(1005), principal=None),
    }


def test_accounts_keep_their_zeros() -> None:
    """An account id is text, quoted or not."""
    parsed = documents.parse_accounts(_source('prod: "111111111111"\nstaging: 012345670123\n'))
    assert parsed.value == {"prod": "111111111111", "staging": "012345670123"}


def test_teams() -> None:
    """A team keeps its members' order; nobody at all may be in teams."""
    parsed = documents.parse_teams(_source("acme/payments: [carol, alice]\nAcme2/x_y: [bob]\n"))
    teams = {"acme/payments": (Login("carol"), Login("alice")), "Acme2/x_y": (Login("bob"),)}
    assert parsed.value == Roster(everybody=teams)
    assert documents.parse_teams(_source("{}\n")).value == Roster(everybody={})


def test_a_membership_may_have_dates() -> None:
    """A date alone is its first second in UTC; one person may be a member several times, one after the other."""
    text = (
        "acme/leads:\n  - bob\n  - {login: erin, from: 2026-12-20, until: 2027-01-06T08:00:00Z}\n"
        "  - {login: Erin, from: 2027-01-06T08:00:00Z}\n  - {login: dave, until: 2026-12-20}\nacme/data: [grace]\n"
    )
    roster = documents.parse_teams(_source(text)).value
    christmas, january = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 6, 8, tzinfo=UTC)
    assert roster is not None
    assert roster.entries("acme/leads") == (
        Membership(login=Login("bob")),
        Membership(login=Login("erin"), since=christmas, until=january),
        Membership(login=Login("Erin"), since=january),
        Membership(login=Login("dave"), until=christmas),
    )
    assert roster.everybody["acme/leads"] == ("bob", "erin", "dave")
    assert list(roster.dated) == ["acme/leads"]
    assert (roster.where["acme/leads.1"].line, roster.where["acme/leads.3.until"].column) == (3, 26)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://token.actions.githubusercontent.com",
        "https://ghe.acme.com/_services/token",
        "https://ghe.acme.com:8443",
        "http://127.0.0.1:49152/_oidc",
    ],
)
def test_settings(issuer: str) -> None:
    """Settings, with GitHub's issuer, a server's own, or a sandbox's."""
    text = (
        "repository: acme/access\nrepository_id: 700001\nnamespace: jit\n"
        f"issuer: {issuer}\napprovals_valid_for: 24h\n"
    )
    assert documents.parse_settings(_source(text)).value == Settings(
        repository="acme/access",
        repository_id=700001,
        namespace="jit",
        issuer=issuer,
        approvals_valid_for=timedelta(hours=24),
    )


SETTINGS = (
    "repository: acme/access\nrepository_id: 700001\nnamespace: jit\n"
    "issuer: https://token.actions.githubusercontent.com\napprovals_valid_for: 24h\n"
)
ATHENA = (
    "  athena: {workgroup: jitbot, database: cloudtrail, table: events, bucket: acme-trail/AWSLogs, "
    "results: acme-athena/jitbot, day: timestamp}\n"
)


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("90d", 90), ("366d", 366)])
def test_settings_that_ask_for_reviews(text: str, days: int) -> None:
    """In whole days; without the line none are asked for."""
    found = documents.parse_settings(_source(f"{SETTINGS}review_every: {text}\n")).value
    assert found is not None
    assert found.review_every == timedelta(days=days)
    plain = documents.parse_settings(_source(SETTINGS)).value
    assert plain is not None
    assert plain.review_every is None


def test_settings_that_name_a_trail() -> None:
    """A log group, or a table; in an account of its own, or in each. Settings without one are as they were."""
    group = documents.parse_settings(
        _source(f"{SETTINGS}trail:\n  region: eu-west-1\n  log_group: aws-cloudtrail-logs\n")
    )
    assert group.value is not None
    assert group.value.trail == OwnTrail(region="eu-west-1", log_group="aws-cloudtrail-logs")
    table = documents.parse_settings(
        _source(f'{SETTINGS}trail:\n  region: eu-west-1\n  account: "333333333333"\n{ATHENA}')
    )
    assert table.value is not None
    assert table.value.trail == OwnTrail(
        region="eu-west-1", account=AccountId("333333333333"), workgroup="jitbot", database="cloudtrail",
        table="events", bucket="acme-trail/AWSLogs", results="acme-athena/jitbot", day="timestamp",
    )  # fmt: skip
    plain = documents.parse_settings(_source(SETTINGS)).value
    assert plain is not None
    assert plain.trail is None


@pytest.mark.parametrize(
    ("trail", "message"),
    [
        ("  region: eu-west-1\n", "trail must have either log_group or athena, and not both"),
        (f"  region: eu-west-1\n  log_group: x\n{ATHENA}", "trail must have either log_group or athena, and not both"),
        ("  log_group: x\n", "trail needs region"),
        ("  region: eu-west-1'\n  log_group: x\n", "trail.region"),
        ("  region: eu-west-1\n  log_group: 'x | delete'\n", "trail.log_group"),
        ("  region: eu-west-1\n  log_group: x\n  account: audit\n", "trail.account"),
        (f"  region: eu-west-1\n{ATHENA.replace('table: events', 'table: a-b')}", "trail.athena.table"),
        (f"  region: eu-west-1\n{ATHENA.replace('acme-trail/AWSLogs', 'acme*')}", "trail.athena.bucket"),
        (f"  region: eu-west-1\n{ATHENA.replace('acme-athena/jitbot', 'acme-athena/$x')}", "trail.athena.results"),
        (f"  region: eu-west-1\n{ATHENA.replace(', day: timestamp', ', where: 1=1')}", "trail.athena has no key"),
    ],
)  # fmt: skip
def test_a_trail_is_a_literal(trail: str, message: str) -> None:
    """What goes into a question, or into a policy of jitbot's own role, has a shape in which nothing ends a literal."""
    found = documents.parse_settings(_source(f"{SETTINGS}trail:\n{trail}"))
    assert found.value is None
    assert any(each.message.startswith(message) for each in found.findings), found.findings
