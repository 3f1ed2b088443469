"""The OIDC issuer and the runs of Actions whose jobs ask it for tokens.

https://docs.github.com/actions/concepts/security/openid-connect
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.site import Site

SHELL = "shell"
LIFETIME = timedelta(minutes=5)

_COMMANDS = {"grant", "sweep", "revoke", "audit"}
_AGENT = re.compile(r"jitbot/\S+ \((\w+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """One run of a workflow: the variables its job sees, and the form of its subject."""

    variables: Mapping[str, str]
    immutable_subject: bool


class Issuer:
    """Signs tokens for runs. Its key is made when it is first needed, because that takes a while."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._keys: dict[str, RSAPrivateKey] = {}
        self._runs: dict[str, WorkflowRun] = {}

    @property
    def url(self) -> str:
        """The `iss` of its tokens."""
        return f"{self._site.url}/_oidc"

    def start(self, run: WorkflowRun) -> str:
        """Admit a run; returns the bearer that its job shows to get tokens."""
        bearer = f"run_{secrets.token_hex(16)}"
        self._runs[bearer] = run
        return bearer

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish only that one."""
        self._keys = {secrets.token_hex(10): self.new_key()}

    def new_key(self) -> RSAPrivateKey:
        """A key that nothing was signed with."""
        return generate_private_key(65537, 2048)

    def configuration(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", *_CLAIMS, *_DERIVED],
        }

    def key_set(self) -> dict[str, Any]:
        """The public keys."""
        published = []
        for kid, key in self._current().items():
            public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            published.append(public | {"kid": kid, "use": "sig", "alg": "RS256"})
        return {"keys": published}

    def token(self, bearer: str, audience: str | None, agent: str) -> str:
        """The token of the run behind `bearer`: claims come from the run, never from the URL."""
        run = self._runs.get(bearer)
        if run is None:
            raise RefusalError(401, "Bad credentials")
        owner = run.variables["GITHUB_REPOSITORY"].partition("/")[0]
        claims = _claims(run, _workflow(run, agent))
        return self.sign({"aud": audience or f"{self._site.url}/{owner}"} | claims)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign any claims at all, timed from now; a claim of None is left out."""
        now = int(self._site.clock.now().timestamp())
        lifetime = int(LIFETIME.total_seconds())
        timed = {"iss": self.url, "jti": secrets.token_hex(16), "iat": now, "nbf": now, "exp": now + lifetime}
        kept = {name: value for name, value in {**timed, **claims}.items() if value is not None}
        kid, key = next(iter(self._current().items()))
        return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})

    def _current(self) -> dict[str, RSAPrivateKey]:
        with self._site.lock:
            if not self._keys:
                self.rotate()
            return self._keys


_CLAIMS = {
    "repository": "GITHUB_REPOSITORY",
    "repository_id": "GITHUB_REPOSITORY_ID",
    "repository_owner": "GITHUB_REPOSITORY_OWNER",
    "repository_owner_id": "GITHUB_REPOSITORY_OWNER_ID",
    "ref": "GITHUB_REF",
    "sha": "GITHUB_SHA",
    "workflow_sha": "GITHUB_WORKFLOW_SHA",
    "job_workflow_sha": "GITHUB_WORKFLOW_SHA",
    "run_id": "GITHUB_RUN_ID",
    "run_attempt": "GITHUB_RUN_ATTEMPT",
    "run_number": "GITHUB_RUN_NUMBER",
    "actor": "GITHUB_ACTOR",
    "actor_id": "GITHUB_ACTOR_ID",
    "event_name": "GITHUB_EVENT_NAME",
}
_DERIVED = (
    "workflow",
    "workflow_ref",
    "job_workflow_ref",
    "ref_type",
    "repository_visibility",
    "runner_environment",
)


def workflow_ref(repository: str, workflow: str, ref: str) -> str:
    """How Actions names a workflow file at a ref."""
    return f"{repository}/.github/workflows/{workflow}@{ref}"


def _workflow(run: WorkflowRun, agent: str) -> str:
    """The run's workflow; a person's shell takes that of the command which asks."""
    name = run.variables["GITHUB_WORKFLOW"]
    if name != SHELL:
        return name
    match = _AGENT.search(agent)
    if match is None or match[1] not in _COMMANDS:
        raise RefusalError(403, "This command has no workflow to speak for")
    return f"{match[1]}.yml"


def _claims(run: WorkflowRun, workflow: str) -> dict[str, Any]:
    values = run.variables
    named = values["GITHUB_WORKFLOW_REF"]
    if values["GITHUB_WORKFLOW"] == SHELL:
        named = workflow_ref(values["GITHUB_REPOSITORY"], workflow, values["GITHUB_REF"])
    return {claim: values[variable] for claim, variable in _CLAIMS.items()} | {
        "sub": _subject(run),
        "workflow": workflow,
        "workflow_ref": named,
        "job_workflow_ref": named,
        "ref_type": "tag" if values["GITHUB_REF"].startswith("refs/tags/") else "branch",
        "repository_visibility": "private",
        "runner_environment": "github-hosted",
    }


def _subject(run: WorkflowRun) -> str:
    values = run.variables
    owner, _, name = values["GITHUB_REPOSITORY"].partition("/")
    if run.immutable_subject:
        owner = f"{owner}@{values['GITHUB_REPOSITORY_OWNER_ID']}"
        name = f"{name}@{values['GITHUB_REPOSITORY_ID']}"
    event = values["GITHUB_EVENT_NAME"]
    context = "pull_request" if event.startswith("pull_request") else f"ref:{values['GITHUB_REF']}"
    return f"repo:{owner}/{name}:{context}"
