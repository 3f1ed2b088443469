"""Policies, requests and windows that nobody thought of, before the judge."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from callers import PEOPLE, impostors
from grants import (
    IDENTITY,
    MERGED_AT,
    MINUTE,
    PROD,
    SECOND,
    STAGING,
    STRANGER,
    Grant,
    allowing,
    naming,
    rendered,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Document, Judge

from jitbot.domain.aws import iam
from jitbot.domain.model.documents import (
    AccountId,
    GithubId,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    Parameter,
    Person,
    Policy,
    Principal,
    Request,
    Settings,
    Statement,
)

NAME = "{{name}}"
ACCOUNT = "{{account_id}}"
# Actions with the resources that a policy would name; `*` and `?` are the parts that a request leaves open.
POSSIBLE = {
    "dynamodb:GetItem": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{NAME}",
    "dynamodb:UpdateItem": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{NAME}",
    "kms:Decrypt": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{NAME}",
    "lambda:InvokeFunction": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{NAME}",
    "logs:FilterLogEvents": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/acme/{NAME}",
    "s3:DeleteObject": f"arn:aws:s3:::{NAME}-bucket/{NAME}/*",
    "s3:GetObject": f"arn:aws:s3:::{NAME}-bucket/{NAME}/*",
    "secretsmanager:GetSecretValue": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:{NAME}-??????",
    "sns:Publish": f"arn:aws:sns:eu-west-1:{ACCOUNT}:{NAME}",
    "sqs:ReceiveMessage": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{NAME}",
    "ssm:GetParameter": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/{NAME}/*",
}
PRINCIPALS: dict[str, Principal] = {
    "alice": IdentityCenter(
        account=AccountId(IDENTITY), permission_set="Developer", user_name="alice@acme.com"
    ),
    "bob": IamUser(arn=f"arn:aws:iam::{IDENTITY}:user/bob"),
    "carol": IamRole(arn=f"arn:aws:iam::{IDENTITY}:role/engineers", userid="AROAENGINEERSEXAMPLE1:carol"),
}
SETTINGS = Settings(
    repository="acme/access",
    repository_id=700001,
    namespace="jit",
    issuer="https://token.actions.githubusercontent.com",
    approvals_valid_for=timedelta(hours=24),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A policy and a request for it, as drawn."""

    login: str
    account_id: str
    statements: tuple[tuple[str, ...], ...]  # the actions of each
    small: bool  # whether the policy's author writes actions without capitals, as IAM lets them
    only_here: bool  # whether a condition on the region is on top
    name: str
    other: str
    starts_in: int | None  # minutes after the merge
    minutes: int
    longer: int

    @property
    def actions(self) -> tuple[str, ...]:
        """All that is granted."""
        return tuple(sorted({action for actions in self.statements for action in actions}))

    def grant(self, minutes: int) -> Grant:
        """The grant of this request for so many minutes, rendered by jitbot."""
        start = None if self.starts_in is None else MERGED_AT + self.starts_in * MINUTE
        window = iam.Window(starts_at=start, expires_at=(start or MERGED_AT) + minutes * MINUTE)
        person = Person(login=Login(self.login), github_id=GithubId(1000), principal=PRINCIPALS[self.login])
        request = Request(
            path=f"requests/drawn/2026-11/24-{self.login}-drawn.yaml",
            requester=person.login,
            accounts=("there",),
            duration=minutes * MINUTE,
            reason="drawn",
            parameters={"name": self.name},
            starts_at=start,
        )
        documents = iam.render(
            settings=SETTINGS,
            policy=self.policy(),
            request=request,
            person=person,
            account="there",
            account_id=AccountId(self.account_id),
            window=window,
        )
        assert not iam.preflight(documents, file=request.path)
        return rendered(documents)

    def policy(self) -> Policy:
        """The policy of this request."""
        region = {"StringEquals": {"aws:RequestedRegion": ("eu-west-1",)}} if self.only_here else {}
        statements = tuple(
            Statement(
                actions=tuple(action.lower() if self.small else action for action in actions),
                resources=tuple(sorted({POSSIBLE[action] for action in actions})),
                conditions=region,
            )
            for actions in self.statements
        )
        return Policy(
            name="drawn",
            description="Drawn at random",
            eligible=(self.login,),
            accounts=("there",),
            max_duration=timedelta(days=7),
            approvals=1,
            ticket_required=False,
            parameters=(Parameter(name="name", pattern="[a-z0-9-]+"),),
            statements=statements,
            managed_policies=(),
        )


WORDS = st.from_regex(r"[a-z][a-z0-9-]{1,18}[a-z0-9]", fullmatch=True)


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """Any request: one or two statements of one or two actions each, a quarter of an hour to seven days."""
    actions = st.lists(st.sampled_from(sorted(POSSIBLE)), min_size=1, max_size=2, unique=True).map(tuple)
    name, other = draw(st.lists(WORDS, min_size=2, max_size=2, unique=True))
    minutes = draw(st.integers(15, 7 * 24 * 60 - 1))
    return Drawn(
        login=draw(st.sampled_from(sorted(PRINCIPALS))),
        account_id=draw(st.sampled_from([PROD, STAGING])),
        statements=tuple(draw(st.lists(actions, min_size=1, max_size=2))),
        small=draw(st.booleans()),
        only_here=draw(st.booleans()),
        name=name,
        other=other,
        starts_in=draw(st.none() | st.integers(1, 7 * 24 * 60)),
        minutes=minutes,
        longer=draw(st.integers(minutes + 1, 7 * 24 * 60)),
    )


def resource(action: str, *, name: str, account_id: str) -> str:
    """One resource that an action is about."""
    filled = POSSIBLE[action].replace(NAME, name).replace(ACCOUNT, account_id)
    return filled.replace("??????", "AbCdEf").replace("*", "leaf")


def own_policy(action: str, grant: Grant) -> Document | None:
    """The policy a resource is born with: a key leaves it to its account's IAM, and without that IAM counts for nothing."""
    born = {"AWS": f"arn:aws:iam::{grant.account_id}:root"}
    return allowing(born, "kms:*", "*") if action.startswith("kms:") else None


def permitted(drawn: Drawn, grant: Grant) -> Iterator[Case]:
    """What is granted, at every edge, beside its resource, and with the resource's own policy against us."""
    for action in drawn.actions:
        named = resource(action, name=drawn.name, account_id=grant.account_id)
        question = grant.asks(action, named, grant.opens, resource_policy=own_policy(action, grant))
        for at in grant.inside:
            yield Case(says="inside", question=replace(question, at=at), expected=ALLOWED)
        for at in grant.outside:
            yield Case(says="outside", question=replace(question, at=at), expected=FORBIDDEN)
        for name, policy in naming(grant, action, named):
            for at in grant.edges:
                other = replace(question, at=at, resource_policy=policy)
                yield Case(says=f"outside, named {name}", question=other, expected=FORBIDDEN)
        beside = resource(action, name=drawn.other, account_id=grant.account_id)
        yield Case(says="beside", question=replace(question, resource=beside), expected=DENIED)
        far = resource(action, name=drawn.name, account_id=STRANGER)
        if far != named:
            elsewhere = replace(question, resource=far, account_id=STRANGER)
            yield Case(says="elsewhere", question=elsewhere, expected=DENIED)
        ended = grant.denied().asks(action, named, grant.opens)
        yield Case(says="ended early", question=ended, expected=FORBIDDEN)


def not_granted(drawn: Drawn, grant: Grant) -> Iterator[Case]:
    """Every other action on the very resources, with their own policies against us."""
    for action in POSSIBLE.keys() - set(drawn.actions):
        named = resource(action, name=drawn.name, account_id=grant.account_id)
        for name, policy in naming(grant, action, named):
            question = grant.asks(action, named, grant.opens, resource_policy=policy)
            yield Case(says=f"not granted, named {name}", question=question, expected=FORBIDDEN)


def extended(drawn: Drawn, grant: Grant) -> Iterator[Case]:
    """The same for longer: through the former end, and no further than the new one."""
    longer = drawn.grant(drawn.longer)
    assert longer.role_arn == grant.role_arn
    for action in drawn.actions:
        named = resource(action, name=drawn.name, account_id=grant.account_id)
        for at, expected in (
            (grant.expires_at, ALLOWED),
            (longer.expires_at - SECOND, ALLOWED),
            (longer.expires_at, FORBIDDEN),
        ):
            question = longer.asks(action, named, at, resource_policy=own_policy(action, longer))
            yield Case(says="extended", question=question, expected=expected)
    for caller in PEOPLE[drawn.login]:
        for at, expected in ((grant.expires_at, ALLOWED), (longer.expires_at, DENIED)):
            yield Case(says="extended", question=longer.entered(caller, at), expected=expected)


def entered(drawn: Drawn, grant: Grant) -> Iterator[Case]:
    """The requester at every edge, and everyone else inside."""
    for caller in PEOPLE[drawn.login]:
        for at in grant.inside:
            yield Case(says="enters", question=grant.entered(caller, at), expected=ALLOWED)
        for at in grant.outside:
            yield Case(says="enters", question=grant.entered(caller, at), expected=DENIED)
    for caller in impostors(drawn.login)[::7]:
        yield Case(says="enters", question=grant.entered(caller, grant.opens), expected=DENIED)


@settings(max_examples=15, deadline=None)
@given(drawn=drawn())
def test_whatever_is_asked_the_promise_holds(judge: Judge, drawn: Drawn) -> None:
    """For any policy and request: exactly what was asked, by exactly one person, in exactly the window."""
    grant = drawn.grant(drawn.minutes)
    judge.confirm("generated permissions", permitted(drawn, grant))
    judge.confirm("generated permissions", not_granted(drawn, grant))
    judge.confirm("generated extensions", extended(drawn, grant))
    judge.confirm("generated trust", entered(drawn, grant))
