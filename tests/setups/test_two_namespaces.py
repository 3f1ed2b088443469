"""Two access repositories share accounts, each with a namespace of its own: neither sees, ends or widens what the other grants."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from acme_world import DENY_ALL, HOUR, ORDERS, PROD, World
from botocore.exceptions import ClientError
from forging import signed_by
from two_units import NAMESPACE, entered, open_units, roles_of, trusting_anybody

from jitbot.adapters import documents
from jitbot.domain.aws import iam
from jitbot.domain.model.documents import AccountId, Source

Units = tuple[World, World]


@pytest.fixture(scope="module")
def running() -> Iterator[Units]:
    """Both repositories, with the same request of alice's granted in each; kept to go back to."""
    with open_units() as (first, second), pytest.MonkeyPatch.context() as patch:
        sleep = time.sleep
        patch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.001)))
        for unit in (first, second):
            unit.kept_path = unit.ask()
            unit.jit("grant")
        for unit in (first, second):
            unit.kept["granted"] = unit.keep()
        yield first, second


@pytest.fixture
def units(running: Units) -> Units:
    """Both, with alice's request of the same name granted in each."""
    for unit in running:
        unit.back(unit.kept["granted"])
    return running


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    """Whether AWS denies a call."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return bool(error.value.response["Error"]["Code"] == "AccessDenied")


def held(unit: World) -> set[str]:
    """The names of the repository's roles in production that alice can use now."""
    sessions = {role.arn.rpartition("/")[2]: unit.assume("alice", role.arn) for role in roles_of(unit)}
    return {name for name, session in sessions.items() if session and unit.can_read(session, "orders")}


def test_the_same_request_is_a_role_of_its_own_in_each(units: Units) -> None:
    """One path, one person, one account: two roles under two paths, each inside its own boundary."""
    first, second = units
    assert first.kept_path == second.kept_path
    (one,), (other,) = roles_of(first), roles_of(second)
    assert f":role/jit/jit-alice-{ORDERS}-" in one.arn
    assert f":role/{NAMESPACE}/{NAMESPACE}-alice-{ORDERS}-" in other.arn
    assert one.arn[-10:] != other.arn[-10:]  # the digest tells the repositories apart, too
    assert (one.boundary or "").endswith(":policy/jitbot-boundary")
    assert (other.boundary or "").endswith(":policy/paybot-boundary")
    assert len(held(first)) == len(held(second)) == 1


@pytest.mark.parametrize("options", [(), ("--complete",)], ids=["sweep", "complete"])
def test_a_sweep_leaves_the_other_alone(units: Units, options: tuple[str, ...]) -> None:
    """What is under the other's path is no orphan of this one: a role that nobody asked for ends by its own sweep."""
    first, second = units
    first.by_hand().create_role(
        RoleName="pay-by-hand", Path=f"/{NAMESPACE}/", AssumeRolePolicyDocument=trusting_anybody()
    )
    first.forget()
    first.jit("sweep", *options)
    assert first.writes() == []
    second.jit("sweep", *options, code=3)  # somebody changed AWS by hand
    assert second.writes() == ["AttachRolePolicy"]
    assert {role.arn.rpartition("/")[2] for role in roles_of(second) if DENY_ALL in role.attached} == {
        "pay-by-hand"
    }
    assert first.story(first.kept_path) == second.story(second.kept_path) == ["approved", "granted"]


def test_an_early_end_is_that_of_one_repository(units: Units) -> None:
    """Released in one, the request of the same name goes on in the other; and so does one that was stopped."""
    first, second = units
    first.jit("revoke", first.kept_path, "--reason", "done", actor="alice")
    for unit in units:
        unit.jit("sweep")
    assert (len(held(first)), len(held(second))) == (0, 1)
    assert second.story(second.kept_path) == ["approved", "granted"]
    second.jit("stop", "--person", "alice", "--reason", "laptop lost", workflow="revoke.yml", actor="erin")
    assert held(second) == set()
    again = first.ask(slug="again")  # a stop holds where it was given
    first.jit("grant")
    assert first.story(again) == ["approved", "granted"]


def test_each_confirms_and_removes_its_own(units: Units) -> None:
    """After the end, the sweeps of one remove its role and leave the other's for the other's sweeps."""
    first, second = units
    first.later(2 * HOUR)
    first.jit("sweep")
    first.later(2 * HOUR)
    first.jit("sweep")
    assert (roles_of(first), len(roles_of(second))) == ([], 1)
    assert first.story(first.kept_path)[2:] == ["ended expired", "removed"]
    for _ in range(2):
        second.jit("sweep")
    assert roles_of(second) == []
    assert second.story(second.kept_path)[2:] == ["ended expired", "removed"]


def test_the_record_of_one_has_nothing_of_the_other(units: Units) -> None:
    """Verification against AWS finds each whole; log and report name no role, account path or repository of the other."""
    for unit, other in (units, units[::-1]):
        told = unit.jit("audit", "verify", "--online", "--against-aws", workflow="audit.yml").output
        (role,), (foreign,) = roles_of(unit), roles_of(other)
        told += unit.jit("audit", "log", "--format", "json", workflow="audit.yml").output
        told += json.dumps(unit.ledger())
        assert role.arn.rpartition("/")[2] in told
        assert foreign.arn.rpartition("/")[2] not in told
        assert f"{other.acme.repository}/" not in told


def test_the_events_of_one_count_for_nothing_in_the_other(units: Units) -> None:
    """The other's very commits, tokens included, merged into the branch ledger: they hide, end and grant nothing.

    Both ledgers begin with the same commit here, so that parents, messages and files fit: the token alone tells.
    """
    first, second = units
    second.jit("revoke", second.kept_path, "--reason", "done", actor="alice")
    there, tips = first.github.store, [unit.github.store.tip("ledger") for unit in units]
    there.git("fetch", "--quiet", str(second.github.store.path), "refs/heads/ledger")
    assert there.merge_base(*tips) is not None
    hand = signed_by(first, "mallory")
    merge = there.commit_tree(there.commit(tips[0]).tree, tips, "merge", hand, hand)
    there.update_ref("refs/heads/ledger", merge)
    first.jit("sweep")
    first.jit("grant")
    assert len(held(first)) == 1
    found = first.ran("audit", "verify", "--online", "--format", "json", workflow="audit.yml")
    said = json.loads(found.output)
    assert found.code == 1
    assert {each["code"] for each in said["findings"]} == {"unattested"}
    assert (said["checked"]["approved"], said["checked"]["granted"]) == (1, 1)


def test_no_job_of_one_enters_the_others_roles(units: Units) -> None:
    """Whoever owns one repository runs any workflow on its main, and gets into its own three roles alone."""
    first, second = units
    workflows = ("grant.yml", "sweep.yml", "revoke.yml", "audit.yml", "mine.yml")
    for purpose in ("grant", "sweep", "audit"):
        for workflow in workflows:
            with pytest.raises(ClientError, match="AccessDenied"):
                entered(second, workflow, f"jitbot-{purpose}")
        assert entered(second, f"{purpose}.yml", f"{NAMESPACE}bot-{purpose}")
    assert len(held(first)) == 1


def test_the_roles_of_one_reach_nothing_of_the_other(units: Units) -> None:
    """With every right of their own roles, hostile owners neither open, end, remove nor block a grant of the other."""
    first, second = units
    (role,) = roles_of(first)
    theirs = {"RoleName": role.arn.rpartition("/")[2]}
    grant, sweep = (entered(second, f"{each}.yml", f"{NAMESPACE}bot-{each}") for each in ("grant", "sweep"))
    boundary = f"arn:aws:iam::{PROD}:policy/{NAMESPACE}bot-boundary"
    assert refused(grant.update_assume_role_policy, **theirs, PolicyDocument=trusting_anybody())
    assert refused(grant.put_role_policy, **theirs, PolicyName="jitbot", PolicyDocument=trusting_anybody())
    for one in (grant, sweep):
        assert refused(one.attach_role_policy, **theirs, PolicyArn=DENY_ALL)
    assert refused(sweep.detach_role_policy, **theirs, PolicyArn=DENY_ALL)
    assert refused(sweep.delete_role_policy, **theirs, PolicyName="jitbot")
    assert refused(sweep.delete_role, **theirs)
    # A role's name is taken in the whole account: the one that the other's next grant will have is known beforehand.
    path = first.ask(slug="next")
    request = documents.parse_request(Source(path=path, content=first.text(path).encode())).value
    assert request is not None
    settings = first.acme.settings
    wanted = iam.role_name(settings=settings, request=request, policy=ORDERS, account_id=AccountId(PROD))
    more = {"AssumeRolePolicyDocument": trusting_anybody(), "PermissionsBoundary": boundary}
    for name in (wanted, "jitbot-grant", "opsbot-grant"):
        assert refused(grant.create_role, RoleName=name, Path=f"/{NAMESPACE}/", **more)
    first.jit("grant")
    assert first.story(path) == ["approved", "granted"]
    assert wanted in held(first)


def test_another_namespace_in_the_settings_grants_nothing(units: Units) -> None:
    """Owners who name the other's namespace in their own settings are refused by AWS, and no role is made or changed."""
    first, second = units
    second.write(
        "policies/settings.yaml",
        second.text("policies/settings.yaml").replace("namespace: pay", "namespace: jit"),
    )
    asked = second.ask(slug="greedy")
    second.forget()
    found = second.ran("grant")
    assert found.code == 3
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in found.output
    assert second.writes() == []
    assert "granted" not in second.story(asked)
    second.ran("sweep")
    assert second.writes() == []
    assert len(held(first)) == 1


def test_doctor_is_content_with_both_and_with_neither_as_the_other(units: Units) -> None:
    """The issuer that both share is nobody's fault; a role that lets the other repository in is."""
    for unit in units:
        said = json.loads(unit.ran("doctor", "--format", "json", "--no-github", workflow="audit.yml").output)
        checks = {each["code"]: each for each in said["checks"] if each["code"].startswith("aws-")}
        assert len(checks) >= 7 * len(unit.acme.accounts)
        assert {code for code, each in checks.items() if each["verdict"] != "ok"} == set()


def test_a_person_leaves_each_repository_by_itself(units: Units) -> None:
    """A person who is offboarded in one keeps what the other gave: each has its own people.yaml."""
    first, second = units
    people = first.text("policies/people.yaml")
    gone = "".join(line for line in people.splitlines(keepends=True) if not line.strip().startswith("alice:"))
    assert gone != people
    first.write("policies/people.yaml", gone)
    for unit in units:
        unit.ran("sweep")
    assert (held(first), len(held(second))) == (set(), 1)
