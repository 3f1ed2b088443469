"""Joins the adapters to the ports for one invocation: the only place that knows both.

boto3, PyGithub and the issuer's client take longer to load than most verbs to run: each is imported where it is needed,
not before, and while git fetches.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.access.request_state import pull_requests
from jitbot.domain.aws.iam import own_name
from jitbot.domain.aws.service_roles import AUDIENCE
from jitbot.domain.model.documents import Settings
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.domain.text.addresses import GITHUB_API, is_private
from jitbot.ports.cloud import Cloud
from jitbot.terminal.invocation import Invocation, in_job
from jitbot.terminal.output import progress
from jitbot.terminal.paths import clone
from jitbot.terminal.step_files import write_output
from jitbot.usecases.collect.meanwhile import meanwhile
from jitbot.usecases.context import Context, Run, settings_at_main
from jitbot.usecases.ledger.ledger_view import LedgerView

if TYPE_CHECKING:
    from jitbot.adapters.aws import Identity
    from jitbot.adapters.github import Client
    from jitbot.adapters.oidc import ActionsOidc

FRESH = 120  # seconds; GitHub's tokens live for a few minutes, and a run may take longer


def open_context(
    invocation: Invocation, verb: str, *, purpose: str = "audit", renamed: bool = False
) -> Context:
    """The context of a command that works on main and the ledger, which were just fetched; the settings are read.

    `purpose` is jitbot's own role to enter accounts with: grant, sweep or audit. With `renamed` it may be called in a job
    of the settings' repository under another name: what shows a pull request must show the one that writes the new name.
    """
    environ = invocation.environ
    git = clone(invocation.folder, environ)
    meanwhile(git.fetch, _load)

    from jitbot.adapters.github import GitHubIssues, GitHubReader, GitHubWriter

    settings = settings_at_main(git, documents)
    repository = _repository(environ, settings, renamed=renamed)
    agent = f"jitbot/{__version__} ({verb})"
    issuer = _issuer(environ, settings, agent)
    client = github_client(environ, repository, agent)
    return Context(
        git=git,
        documents=documents,
        settings=settings,
        github=GitHubReader(client),
        github_write=GitHubWriter(client),
        issues=GitHubIssues(client, github_client(environ, repository, agent, repeats=False)),
        issuer=issuer,
        catalogue=ServiceAuthorizationReference(),
        cloud=_cloud(invocation, settings, issuer, purpose),
        sleep=invocation.pause,
        say=progress,
        output=partial(write_output, environ),
        run=run_of(environ),
    )


def _load() -> None:
    """What speaks to GitHub, one after the other: two imports at once wait for each other."""
    for name in ("jitbot.adapters.github", "jitbot.adapters.oidc"):
        import_module(name)


def github_client(
    environ: Mapping[str, str], repository: str, user_agent: str, *, repeats: bool = True
) -> "Client":
    """The way to one repository on GitHub, with the token of the environment if there is one."""
    from jitbot.adapters.github import Client

    token, api_url = environ.get("GITHUB_TOKEN", ""), environ.get("GITHUB_API_URL", GITHUB_API)
    return Client(repository, token=token, api_url=api_url, user_agent=user_agent, repeats=repeats)


def audit_cloud(invocation: Invocation, settings: Settings, agent: str) -> Callable[[], Cloud]:
    """AWS access for read-only commands: the job's OIDC token in Actions, otherwise the ambient credentials."""
    issuer = _issuer(invocation.environ, settings, agent)
    return _cloud(invocation, settings, issuer, "audit")


def run_of(environ: Mapping[str, str]) -> Run:
    """The run of Actions in which this happens; an empty one outside Actions."""
    number = environ.get("GITHUB_RUN_ID", "")
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
    actor, actor_id = environ.get("GITHUB_ACTOR", ""), environ.get("GITHUB_ACTOR_ID", "")
    commits = (environ.get("GITHUB_WORKFLOW_SHA", ""), "HEAD" if number else "")
    return Run(
        url=f"{server}/{repository}/actions/runs/{number}/attempts/{attempt}" if number else "",
        actor=actor,
        actor_id=int(actor_id) if actor_id.isdecimal() else 0,
        attempt=int(attempt) if attempt.isdecimal() else 1,
        rerun=attempt != "1" or environ.get("GITHUB_TRIGGERING_ACTOR", actor) != actor,
        commits=tuple(commit for commit in commits if commit),
    )


def _issuer(environ: Mapping[str, str], settings: Settings, agent: str) -> "ActionsOidc":
    from jitbot.adapters.oidc import ActionsOidc

    return ActionsOidc(
        settings.issuer,
        request_url=environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""),
        request_token=environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ""),
        user_agent=agent,
    )


def _repository(environ: Mapping[str, str], settings: Settings, *, renamed: bool) -> str:
    """The name of this repository: in a job GitHub says it. Raises DeniedError where the settings are not those of it.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    here = environ.get("GITHUB_REPOSITORY", settings.repository)
    same = environ.get("GITHUB_REPOSITORY_ID") == str(settings.repository_id)
    if here == settings.repository or (same and renamed):
        return here
    fix = f". It was renamed or moved: write `repository: {here}` there" if same else ""
    raise DeniedError(
        f"this job runs in {here}, but policies/settings.yaml is that of {settings.repository}{fix}"
    )


def _cloud(
    invocation: Invocation, settings: Settings, issuer: "ActionsOidc", purpose: str
) -> Callable[[], Cloud]:
    """The accounts, entered as `aws_identity` says."""
    endpoint = aws_endpoint(invocation.environ)
    path = f"/{settings.namespace}/"

    @cache
    def entered() -> Cloud:
        from jitbot.adapters.aws import AwsCloud

        identity = aws_identity(invocation.environ, settings, purpose, issuer)
        if identity.token is not None:
            with suppress(JitbotError):  # each account asks again, and says so
                identity.token()
        return AwsCloud(identity, path=path, endpoint=endpoint, sleep=invocation.pause)

    return entered


def aws_identity(
    environ: Mapping[str, str], settings: Settings, purpose: str, issuer: "ActionsOidc | None" = None
) -> "Identity":
    """Who this run is for AWS: the role of its purpose in a job of Actions, the ambient credentials elsewhere.

    A job that may not ask for a token enters no account: other keys in its environment are not the run's identity.
    """
    from jitbot.adapters.aws import Identity

    job = in_job(environ)
    asking = issuer or _issuer(environ, settings, f"jitbot/{__version__} ({purpose})")
    token = FreshToken(lambda: asking.token(AUDIENCE))
    ambient: dict[str, Any] = {
        "access_key": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
        "profile": environ.get("AWS_PROFILE"),
    }
    return Identity(
        role_name=own_name(settings, purpose),
        session_name=f"jitbot-{environ.get('GITHUB_RUN_ID', 'local')}-{environ.get('GITHUB_RUN_ATTEMPT', '1')}"[
            :64
        ],
        token=token if job else None,
        **({} if job else ambient),
    )


class FreshToken:
    """The job's own token for AWS: one for all accounts, which are entered side by side; asked for anew once it is `FRESH` seconds old."""

    def __init__(self, ask: Callable[[], str], *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = Lock()
        self._token = ""
        self._since = 0.0

    def __call__(self) -> str:
        """The token. A failure to get one is not kept: the next account asks again."""
        with self._lock:
            now = self._seconds()
            if not self._token or now - self._since >= FRESH:
                self._token, self._since = self._ask(), now
            return self._token


def aws_endpoint(environ: Mapping[str, str]) -> str | None:
    """Another endpoint of AWS, if the environment names one. Raises DeniedError if it is neither TLS nor this machine."""
    endpoint = environ.get("AWS_ENDPOINT_URL")
    if endpoint and not is_private(endpoint):
        raise DeniedError(
            f"AWS_ENDPOINT_URL {endpoint} is neither TLS nor this machine; nothing is sent there"
        )
    return endpoint


def recorded_requests(history: LedgerView) -> Mapping[str, tuple[int, ...]]:
    """The requests in the ledger, unreadable ones included, each with the numbers of its pull requests."""
    return {**dict.fromkeys(history.in_doubt.requests, ()), **pull_requests(history.events)}
