"""A run in memory: the comments it makes and the roles it changes are there as on the embedded GitHub and AWS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import NOW, PATH, ROLE_ID
from builders import the_documents
from plain_run import PlainRoles, PlainRolesOfOne, PlainRun
from same_life import Real, acmes_github, answered

from jitbot.adapters.aws import AwsCloud, Identity
from jitbot.adapters.github import GitHubIssues
from jitbot.domain.aws.roles import Actual, Listed
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.github_objects import Unannounced
from jitbot.ports.cloud import Account, Cloud
from jitbot.ports.issues import Issues
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.api import graphql, pulls
from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.organisation import Acme

github = pytest.fixture(acmes_github)


def test_nothing_is_answered_that_is_not_compared() -> None:
    """Whatever else a run in memory learns to say, or to do, must be put to both here."""
    assert answered(PlainRun(), Issues) == {"announce", "announce_together"}
    assert answered(PlainRoles(), Cloud) == answered(PlainRun(), Cloud) == {"enter"}
    changes = {"create", "write_permissions", "write_trust", "attach", "deny", "remove"}
    one = PlainRolesOfOne(PlainRoles(), AccountId("1" * 12), {})
    assert answered(one, Account) == {"room", "roles", "read", *changes}
    assert answered(PlainRun().enter(AccountId("1" * 12)), Account) == {"read", "deny"}


def test_comments(github: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is there once, except in a conversation that is locked, of which both say so."""
    site, add = github.site, pulls.add_comment
    for number in (1, 2, 3):
        github.push(f"b{number}", {PATH: b"x"}, site.tip("main"), "alice", site.tip("main"))
        site.writer("alice").open_pull(f"b{number}", "main", "Ask", "")

    def locked(call: Any, repo: Any, number: int, body: str) -> Any:
        if number == 2:
            raise RefusalError(403, "the conversation is locked")
        return add(call, repo, number, body)

    monkeypatch.setattr(graphql, "add_comment", locked)
    monkeypatch.setattr(pulls, "add_comment", locked)
    refused = {2: DeniedError("the conversation is locked")}
    plain, there = (
        PlainRun(refused=refused, refused_together=frozenset({2})),
        GitHubIssues(*[site.client("olivia")] * 2),
    )
    nodes = {str(number): site.call("olivia", "GET", f"/pulls/{number}")["node_id"] for number in (1, 2, 3)}
    for issues in (plain, there):
        issues.announce(1, "one")
        with pytest.raises(DeniedError, match="locked"):
            issues.announce(2, "two")
    mine = plain.announce_together(dict.fromkeys(nodes, "many"), {})
    theirs = there.announce_together(dict.fromkeys(nodes.values(), "many"), {})
    assert mine == Unannounced(refused=frozenset({"2"}))
    assert theirs == Unannounced(refused=frozenset({nodes["2"]}))
    made = [each for each in (1, 2, 3) for _ in site.call("olivia", "GET", f"/issues/{each}/comments")]
    assert sorted(plain.commented) == made == [1, 1, 3]


@pytest.fixture(scope="module")
def aws() -> Iterator[Acme]:
    """acme's accounts."""
    with Acme(Clock(NOW)) as acme:
        yield acme


def seen(found: Any) -> Any:
    """What a role is, without what AWS alone chooses."""
    if isinstance(found, Actual):
        return replace(found, role_id=ROLE_ID, attached=tuple(sorted(found.attached)))
    return replace(found, role_id=ROLE_ID, whole=None) if isinstance(found, Listed) else found


def test_the_life_of_a_role(aws: Acme) -> None:
    """Each change is seen by the next reading; a second making, and what is done to a role that is gone, change nothing."""
    wanted = replace(the_documents(), managed_policies=("arn:aws:iam::aws:policy/ReadOnlyAccess",))
    keys = aws.aws.admin(wanted.account_id)
    identity = Identity(
        role_name="jitbot-grant",
        session_name="by-hand",
        access_key=keys["AWS_ACCESS_KEY_ID"],
        secret_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    cloud = AwsCloud(identity, path=wanted.path, endpoint=aws.aws.url, sleep=lambda _: None)
    both: tuple[Any, Any] = PlainRoles().enter(wanted.account_id), cloud.enter(wanted.account_id)
    name, longer = wanted.role_name, {**wanted.trust_policy, "Id": "longer"}

    def alike(what: str, *given: Any) -> Any:
        mine, theirs = (getattr(each, what)(*given) for each in both)
        if what in ("read", "deny"):
            mine, theirs = (
                each[0] if isinstance(each, tuple) else each is not None for each in (mine, theirs)
            )
        if what == "roles":
            mine, theirs = ([seen(each) for each in listed] for listed in (mine, theirs))
        assert seen(mine) == seen(theirs), what
        return mine

    assert alike("read", name) is None
    assert alike("deny", name) is False
    assert alike("create", wanted) is True
    assert alike("create", wanted) is False
    assert not alike("read", name).inline_policies
    for change in ("write_permissions", "attach", "attach"):
        alike(change, wanted)
    assert len(alike("roles")) == 1
    alike("write_trust", replace(wanted, trust_policy=longer))
    assert alike("read", name).trust_policy == longer
    assert alike("deny", name) is alike("deny", name) is True
    assert len(alike("read", name).attached) == 2
    assert alike("read", name).denied
    for each in both:
        actual, _ = each.read(name)
        assert actual is not None
        each.remove(actual)
        each.remove(actual)
    assert alike("read", name) is None
    assert alike("roles") == []
