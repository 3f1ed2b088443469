"""The embedded GitHub's OIDC issuer and the runs of its Actions."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from github_world import START, World, acme

import requests

NOW = int(START.timestamp())


@pytest.fixture
def world() -> Iterator[World]:
    """acme, running."""
    with acme() as world:
        yield world


def ask(
    run: dict[str, str], audience: str = "sts.amazonaws.com", agent: str = "x", **changed: str
) -> requests.Response:
    """Ask for a token as a job of that run does."""
    run = run | changed
    headers = {"Authorization": f"bearer {run['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}", "User-Agent": agent}
    url = f"{run['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={audience}"
    return requests.get(url, headers=headers, timeout=5)


def verified(world: World, token: str, audience: str = "sts.amazonaws.com") -> dict[str, Any]:
    """The claims, once the signature holds under a key found the way any verifier finds it."""
    discovery = requests.get(f"{world.github.issuer}/.well-known/openid-configuration", timeout=5).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(discovery["jwks_uri"], timeout=5).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    times: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer=discovery["issuer"], options=times
    )
    return claims


def test_a_run_sees_what_actions_sets(world: World) -> None:
    """The variables name this server, the repository, the actor by id, main's tip, and count runs."""
    run, second = world.github.run_environment(), world.github.run_environment()
    url, tip = world.github.url, world.tip()
    expected = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": url,
        "GITHUB_GRAPHQL_URL": f"{url}/graphql",
        "GITHUB_SERVER_URL": url,
        "GITHUB_REPOSITORY": "acme/access",
        "GITHUB_REPOSITORY_ID": "700001",
        "GITHUB_ACTOR": "olivia",
        "GITHUB_ACTOR_ID": "1009",
        "GITHUB_TRIGGERING_ACTOR": "olivia",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": tip,
        "GITHUB_WORKFLOW_SHA": tip,
        "GITHUB_WORKFLOW_REF": "acme/access/.github/workflows/grant.yml@refs/heads/main",
        "GITHUB_EVENT_NAME": "push",
    }
    assert {name: run[name] for name in expected} == expected
    assert int(second["GITHUB_RUN_ID"]) == int(run["GITHUB_RUN_ID"]) + 1
    headers = {"Authorization": f"token {run['GITHUB_TOKEN']}"}
    assert requests.get(f"{url}/user", headers=headers, timeout=5).json()["login"] == "github-actions[bot]"


def test_a_token_carries_githubs_claims(world: World) -> None:
    """A token is signed by the published key and says which workflow, at which commit, for whom, until when."""
    run = world.github.run_environment(actor="bob")
    claims = verified(world, ask(run).json()["value"])
    workflow, tip = "acme/access/.github/workflows/grant.yml@refs/heads/main", world.tip()
    assert len(claims.pop("jti")) == 32
    assert claims == {
        "iss": world.github.issuer,
        "sub": "repo:acme/access:ref:refs/heads/main",
        "aud": "sts.amazonaws.com",
        "repository": "acme/access",
        "repository_id": "700001",
        "repository_owner": "acme",
        "repository_owner_id": "9000",
        "repository_visibility": "private",
        "ref": "refs/heads/main",
        "ref_type": "branch",
        "sha": tip,
        "workflow": "grant.yml",
        "workflow_ref": workflow,
        "workflow_sha": tip,
        "job_workflow_ref": workflow,
        "job_workflow_sha": tip,
        "run_id": run["GITHUB_RUN_ID"],
        "run_number": run["GITHUB_RUN_NUMBER"],
        "run_attempt": "1",
        "actor": "bob",
        "actor_id": "1002",
        "event_name": "push",
        "runner_environment": "github-hosted",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 300,
    }


def test_a_token_tells_its_own_branch(world: World) -> None:
    """A run of a branch's workflow says so, whatever its URL is changed to: only the bearer counts."""
    world.branch("evil", {"x": "1"}, "mallory")
    run = world.github.run_environment(ref="refs/heads/evil", actor="mallory", event="workflow_dispatch")
    honest = world.github.run_environment()
    forged = ask(run, ACTIONS_ID_TOKEN_REQUEST_URL=honest["ACTIONS_ID_TOKEN_REQUEST_URL"])
    claims = verified(world, forged.json()["value"])
    assert claims["sub"] == "repo:acme/access:ref:refs/heads/evil"
    assert claims["job_workflow_ref"] == "acme/access/.github/workflows/grant.yml@refs/heads/evil"
    assert (claims["sha"], claims["actor"], claims["event_name"]) == (
        world.tip("evil"),
        "mallory",
        "workflow_dispatch",
    )


def test_variables_can_be_overridden_with_their_claims(world: World) -> None:
    """An override shows in the variable and in the claim that it stands for."""
    run = world.github.run_environment(GITHUB_RUN_ATTEMPT="2", GITHUB_SHA="f" * 40)
    claims = verified(world, ask(run).json()["value"])
    assert (run["GITHUB_RUN_ATTEMPT"], claims["run_attempt"], claims["sha"]) == ("2", "2", "f" * 40)


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({"immutable_subject": True}, "repo:acme@9000/access@700001:ref:refs/heads/main"),
        ({"event": "pull_request"}, "repo:acme/access:pull_request"),
        ({"event": "schedule"}, "repo:acme/access:ref:refs/heads/main"),
    ],
)
def test_the_subject_has_githubs_forms(world: World, options: dict[str, Any], subject: str) -> None:
    """The subject names the ref, with ids in the immutable form, or the pull request."""
    assert verified(world, ask(world.github.run_environment(**options)).json()["value"])["sub"] == subject


@pytest.mark.parametrize("command", ["grant", "sweep", "revoke", "audit"])
def test_a_shell_speaks_for_the_command_that_asks(world: World, command: str) -> None:
    """A person's shell gets tokens of the workflow that the jitbot command in the User-Agent belongs to."""
    run = world.github.run_environment(workflow="shell")
    claims = verified(world, ask(run, agent=f"jitbot/0.1.0 ({command})").json()["value"])
    assert claims["job_workflow_ref"] == f"acme/access/.github/workflows/{command}.yml@refs/heads/main"
    assert claims["workflow"] == f"{command}.yml"


@pytest.mark.parametrize("agent", ["curl/8", "jitbot/0.1.0 (check)", "jitbot/0.1.0"])
def test_a_shell_without_a_known_command_gets_nothing(world: World, agent: str) -> None:
    """Another program, or a command that has no workflow, gets no token."""
    assert ask(world.github.run_environment(workflow="shell"), agent=agent).status_code == 403


def test_the_user_agent_changes_no_real_run(world: World) -> None:
    """Outside a shell, the User-Agent does not choose the workflow."""
    claims = verified(
        world, ask(world.github.run_environment(), agent="jitbot/0.1.0 (sweep)").json()["value"]
    )
    assert claims["workflow"] == "grant.yml"


def test_only_a_run_gets_tokens(world: World) -> None:
    """A bearer that belongs to no run, a GitHub token among them, is a 401."""
    run = world.github.run_environment()
    for bearer in ("x", "", run["GITHUB_TOKEN"]):
        assert ask(run, ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer).status_code == 401


def test_without_an_audience_it_is_the_owners_page(world: World) -> None:
    """GitHub's default audience is the owner's URL."""
    run = world.github.run_environment()
    headers = {"Authorization": f"bearer {run['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    token = requests.get(run["ACTIONS_ID_TOKEN_REQUEST_URL"], headers=headers, timeout=5).json()["value"]
    assert verified(world, token, f"{world.github.url}/acme")["aud"] == f"{world.github.url}/acme"


def test_rotation_replaces_the_published_key(world: World) -> None:
    """After a rotation new tokens verify and old ones no longer do, for their key is gone."""
    run = world.github.run_environment()
    old = ask(run).json()["value"]
    assert verified(world, old)
    world.github.rotate_keys()
    assert verified(world, ask(run).json()["value"])
    with pytest.raises(KeyError):
        verified(world, old)


def test_any_token_can_be_forged_in_process(world: World) -> None:
    """`issue_token` signs whatever it is given, timed from now, and leaves out what is None."""
    world.clock.advance(timedelta(hours=1))
    token = world.github.issue_token(aud="a", sub="anything", nbf=None, jti="fixed")
    expected = {"iss": world.github.issuer, "jti": "fixed", "iat": NOW + 3600, "exp": NOW + 3900}
    assert verified(world, token, "a") == expected | {"aud": "a", "sub": "anything"}
