"""Joins the adapters to the ports for one invocation: the only place that knows both."""

import time
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import click

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.actions import ServiceAuthorizationReference
from jitbot.adapters.aws import STS_AUDIENCE, AwsCloud, Identity
from jitbot.adapters.github import Client, GitHubForge
from jitbot.adapters.issuer import ActionsIssuer
from jitbot.commands.invocation import Invocation
from jitbot.commands.places import clone
from jitbot.domain.errors import DeniedError
from jitbot.domain.model import Settings
from jitbot.domain.ports import Cloud
from jitbot.lifecycle.history import History
from jitbot.lifecycle.world import Run, World, settings_at_main

GITHUB = "https://api.github.com"


def open_world(invocation: Invocation, verb: str, *, purpose: str = "audit") -> World:
    """The world of a command that works on main and the ledger: freshly fetched, settings read.

    `purpose` is jitbot's own role to enter accounts with: grant, sweep or audit.
    """
    environ = invocation.environ
    repository = clone(invocation.folder, environ)
    repository.fetch()
    settings = settings_at_main(repository, documents)
    _same_repository(environ, settings)
    agent = f"jitbot/{__version__} ({verb})"
    issuer = ActionsIssuer(
        settings.issuer,
        request_url=environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""),
        request_token=environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ""),
        user_agent=agent,
    )
    client = github_client(environ, settings.repository, agent)
    return World(
        repository=repository,
        documents=documents,
        settings=settings,
        forge=GitHubForge(client),
        issuer=issuer,
        catalogue=ServiceAuthorizationReference(),
        cloud=_cloud(environ, settings, issuer, purpose),
        sleep=time.sleep,
        say=lambda text: click.echo(f"… {text}", err=True),
        run=run_of(environ),
    )


def github_client(environ: Mapping[str, str], repository: str, user_agent: str) -> Client:
    """The way to one repository on GitHub, with the token of the environment if there is one."""
    token, api_url = environ.get("GITHUB_TOKEN", ""), environ.get("GITHUB_API_URL", GITHUB)
    return Client(repository, token=token, api_url=api_url, user_agent=user_agent)


def run_of(environ: Mapping[str, str]) -> Run:
    """Which run of Actions this is; an empty one elsewhere."""
    number = environ.get("GITHUB_RUN_ID", "")
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
    actor_id = environ.get("GITHUB_ACTOR_ID", "")
    commits = (environ.get("GITHUB_WORKFLOW_SHA", ""), "HEAD" if number else "")
    return Run(
        url=f"{server}/{repository}/actions/runs/{number}/attempts/{attempt}" if number else "",
        actor=environ.get("GITHUB_ACTOR", ""),
        actor_id=int(actor_id) if actor_id.isdecimal() else 0,
        commits=tuple(commit for commit in commits if commit),
    )


def _same_repository(environ: Mapping[str, str], settings: Settings) -> None:
    here = environ.get("GITHUB_REPOSITORY", settings.repository)
    if here != settings.repository:
        raise DeniedError(
            f"this job runs in {here}, but policies/settings.yaml is that of {settings.repository}"
        )


def _cloud(
    environ: Mapping[str, str], settings: Settings, issuer: ActionsIssuer, purpose: str
) -> Callable[[], Cloud]:
    """Accounts are entered with the job's own token where there is one, with the ambient credentials elsewhere."""
    in_job = "ACTIONS_ID_TOKEN_REQUEST_URL" in environ

    lock = Lock()

    @cache
    def asked() -> str:
        return issuer.token(STS_AUDIENCE)

    def token() -> str:
        with lock:  # accounts are entered side by side, and one token serves them all
            return asked()

    ambient: dict[str, Any] = {
        "access_key": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
        "profile": environ.get("AWS_PROFILE"),
    }
    identity = Identity(
        role_name=f"{settings.namespace}bot-{purpose}",
        session_name=f"jitbot-{environ.get('GITHUB_RUN_ID', 'local')}-{environ.get('GITHUB_RUN_ATTEMPT', '1')}"[
            :64
        ],
        token=token if in_job else None,
        **({} if in_job else ambient),
    )
    endpoint = aws_endpoint(environ)
    return cache(lambda: AwsCloud(identity, path=f"/{settings.namespace}/", endpoint=endpoint))


def aws_endpoint(environ: Mapping[str, str]) -> str | None:
    """Where AWS is, if the environment says so. Raises DeniedError unless that is TLS or this machine."""
    endpoint = environ.get("AWS_ENDPOINT_URL")
    if (
        endpoint
        and urlsplit(endpoint).hostname not in ("127.0.0.1", "localhost")
        and not endpoint.startswith("https://")
    ):
        raise DeniedError(
            f"AWS_ENDPOINT_URL {endpoint} is neither TLS nor this machine; nothing is sent there"
        )
    return endpoint


def recorded_requests(history: History) -> Mapping[str, int | None]:
    """The requests the ledger knows, each with the number of the pull request that asked for it."""
    numbers: dict[str, int | None] = {}
    for event in history.events:
        number = event.evidence.get("pull_request")
        if event.request:
            numbers[event.request] = number if isinstance(number, int) else numbers.get(event.request)
    return numbers
