"""The whole life of grants, made by the commands themselves in the sandbox, and judged by what AWS then holds.

Here nothing is rendered for the judge: `jitbot grant`, `sweep` and `revoke` run as in their jobs, and the
documents are read back from the roles that they leave.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme import ORDERS, READ_ONLY, SERVICE_LOGS, Ask
from acme_world import DENY_ALL, World, open_world
from callers import PEOPLE, impostors
from grants import HOUR, MINUTE, PROD, SECOND, Grant, naming
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Judge, Question

from jitbot.domain.aws import iam

# By policy: who approves, and what is asked for beside what `Ask` says.
WHO: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    ORDERS.policy: (("bob",), {"parameters": {"table": "orders"}}),
    READ_ONLY.policy: (("erin",), {}),
    SERVICE_LOGS.policy: (("dave",), {"parameters": {"service": "payments"}}),
}
every_kind = pytest.mark.parametrize(
    "ask", [ORDERS, READ_ONLY, SERVICE_LOGS], ids=["identity-center", "iam-user", "iam-role"]
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[World]:
    """One sandbox for this module."""
    with open_world() as world:
        yield world


@pytest.fixture
def world(sandbox: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """acme as it begins; no pause is waited for."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    sandbox.back(sandbox.kept["seed"])
    return sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The one grant in production, as AWS holds it."""

    ask: Ask
    grant: Grant

    def questions(self, at: datetime) -> Iterator[Question]:
        """Everything the request named, at a moment."""
        for call in self.ask.named:
            resource = call.resource.format(account=PROD)
            yield self.grant.asks(call.action, resource, at, context=call.context)

    def cases(self, opens: datetime, over: datetime) -> Iterator[Case]:
        """Access from the first to the last second, for one person; nothing for anyone else, nor ever after."""
        for at in (opens, over - SECOND):
            for question in self.questions(at):
                yield Case(says="inside", question=question, expected=ALLOWED)
            for caller in PEOPLE[self.ask.requester]:
                yield Case(says="enters", question=self.grant.entered(caller, at), expected=ALLOWED)
            for caller in impostors(self.ask.requester):
                yield Case(says="enters", question=self.grant.entered(caller, at), expected=DENIED)
        for at in (over, over + SECOND, over + timedelta(days=30)):
            yield from self.refused(at)
            for caller in PEOPLE[self.ask.requester]:
                yield Case(says="too late", question=self.grant.entered(caller, at), expected=DENIED)

    def refused(self, at: datetime) -> Iterator[Case]:
        """Nothing at that moment, whatever a resource policy says."""
        for question in self.questions(at):
            yield Case(says="refused", question=question, expected=FORBIDDEN)
            for name, policy in naming(self.grant, question.action, question.resource):
                if question.resource != "*":
                    named = replace(question, resource_policy=policy)
                    yield Case(says=f"refused, named {name}", question=named, expected=FORBIDDEN)


def held(world: World, ask: Ask) -> Held:
    """The role that AWS has, read with AWS's own client."""
    (role,) = world.roles()
    by_hand: Any = world.by_hand()
    read = by_hand.get_role(RoleName=role.name)["Role"]
    assert read["MaxSessionDuration"] == 3600
    assert read["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/jitbot-boundary")
    (name,) = by_hand.list_role_policies(RoleName=role.name)["PolicyNames"]
    window = iam.read_window(read["AssumeRolePolicyDocument"])
    assert window is not None
    grant = Grant(
        account_id=PROD,
        role_arn=read["Arn"],
        trust_policy=json.loads(json.dumps(read["AssumeRolePolicyDocument"])),
        permission_policy=by_hand.get_role_policy(RoleName=role.name, PolicyName=name)["PolicyDocument"],
        managed_policies=role.attached,
        starts_at=window.starts_at,
        expires_at=window.expires_at,
    )
    return Held(ask=ask, grant=grant)


def asked(world: World, ask: Ask, duration: str) -> str:
    """A request of that kind, approved and merged."""
    by, fields = WHO[ask.policy]
    return world.ask(ask.requester, policy=ask.policy, by=by, duration=duration, accounts=["prod"], **fields)


@every_kind
def test_from_grant_to_extension_to_early_end(judge: Judge, world: World, ask: Ask) -> None:
    """What AWS holds after each command is judged: the window, the later end, and nothing at all once it is ended."""
    begins = world.now
    path = asked(world, ask, "1h")
    world.jit("grant")
    first = held(world, ask)
    judge.confirm("life", first.cases(begins, begins + HOUR))

    world.later(30 * MINUTE)
    world.land(ask.requester, {path: world.text(path).replace('"1h"', '"2h"')}, by=WHO[ask.policy][0])
    world.jit("grant")
    longer = held(world, ask)
    assert longer.grant.role_arn == first.grant.role_arn
    judge.confirm("life", longer.cases(begins, begins + 2 * HOUR))

    world.jit("revoke", path, "--reason", "done", actor=ask.requester)
    ended = held(world, ask)
    assert DENY_ALL in ended.grant.managed_policies
    moments = (begins, world.now, begins + 2 * HOUR - SECOND, begins + 2 * HOUR, begins + 9 * HOUR)
    judge.confirm("life", (case for at in moments for case in ended.refused(at)))

    world.later(2 * HOUR)
    world.jit("sweep")
    assert [role.name for role in world.roles()] == [first.grant.role_arn.rpartition("/")[2]]  # a tombstone
    world.later(HOUR)
    world.jit("sweep")
    assert world.roles() == []
