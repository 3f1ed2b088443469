"""Opens the client of a requester: whose token, which repository. Needs no clone."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from jitbot import __version__
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.grammar import REPOSITORY
from jitbot.domain.text.addresses import GITHUB_API
from jitbot.ports.person_review import PersonReview
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import has_data_root
from jitbot.usecases.request.requester_client import RequesterClient

if TYPE_CHECKING:
    from jitbot.adapters.github import Client

_ORIGIN = re.compile(r"(?:[a-z+]+://[^/]+/|[^/:]+@?[^/:]*:)(?P<name>[^/]+/[^/]+?)(?:\.git)?/?", re.ASCII)


def open_client(invocation: Invocation, verb: str, repository: str | None) -> RequesterClient:
    """The client of the token's owner. Raises InvalidError with what to do if the token or the repository is missing."""
    from jitbot.adapters import documents
    from jitbot.adapters.github import GitHubReader, GitHubWriter
    from jitbot.adapters.iam_reference import ServiceAuthorizationReference

    name = repository_of(repository, invocation.environ, invocation.folder)
    client = _client(invocation.environ, name, verb)
    return RequesterClient(
        github=GitHubReader(client),
        github_write=GitHubWriter(client),
        documents=documents,
        catalogue=ServiceAuthorizationReference(),
        sleep=time.sleep,
        at=invocation.now,
    )


def person_review(invocation: Invocation, repository: str) -> PersonReview:
    """Reviews in the name of the token's owner. Each is sent once."""
    from jitbot.adapters.github import GitHubPersonReview

    return GitHubPersonReview(_client(invocation.environ, repository, "approve", repeats=False))


def _client(environ: Mapping[str, str], repository: str, verb: str, *, repeats: bool = True) -> "Client":
    """The way to one repository on GitHub, with the person's own token."""
    from jitbot.adapters.github import Client

    return Client(
        repository,
        token=token_of(environ),
        api_url=environ.get("GITHUB_API_URL", GITHUB_API),
        user_agent=f"jitbot/{__version__} ({verb})",
        repeats=repeats,
    )


def repository_of(
    given: str | None, environ: Mapping[str, str], folder: Path, *, on_purpose: bool = False
) -> str:
    """The access repository as owner/name: as given, or what the environment, this folder or git's settings name.

    JITBOT_REPOSITORY comes first, then the origin of a clone of an access repository, `git config jitbot.repository`,
    the origin of any other clone, and the repository of a job of Actions. The last two may be something else: with
    `on_purpose` they are not taken.
    """
    if given is not None:
        if not REPOSITORY.fullmatch(given):
            raise click.BadParameter(f"{given!r} is not OWNER/NAME", param_hint="--repo")
        return given
    for name in _names(environ, folder, on_purpose=on_purpose):
        if name and REPOSITORY.fullmatch(name):
            return name
        if name:
            raise InvalidError(f"{name!r} is not the name of a repository; use --repo OWNER/NAME")
    if shutil.which("git", path=environ.get("PATH")) is None:
        raise UnavailableError(
            "git is not installed, or not on PATH; without it, name the repository: --repo OWNER/NAME"
        )
    unknown = f"{_why_unknown(folder, environ)}. " if has_data_root(folder) else ""
    raise click.UsageError(
        f"which access repository? {unknown}Use --repo OWNER/NAME, set JITBOT_REPOSITORY, run this in a clone of it, "
        "or say it once for all folders: git config --global jitbot.repository OWNER/NAME"
    )


def _why_unknown(folder: Path, environ: Mapping[str, str]) -> str:
    """Why the origin of this clone names no repository: git may not trust the folder."""
    from jitbot.adapters.git.process import GitProcess

    try:
        GitProcess(folder, timeout=20, environ=environ).ask("rev-parse", "--git-dir")
    except UnavailableError as error:
        return str(error)
    return "this clone has no remote `origin` on GitHub"


def _names(environ: Mapping[str, str], folder: Path, *, on_purpose: bool) -> Iterator[str]:
    """What may name the access repository, first what was said on purpose."""
    yield environ.get("JITBOT_REPOSITORY", "")
    here = origin(folder, environ)
    if has_data_root(folder):
        yield here
    yield _printed("git", "-C", str(folder), "config", "--get", "jitbot.repository", environ=environ)
    if not on_purpose:
        yield here
        yield environ.get("GITHUB_REPOSITORY", "")


def token_of(environ: Mapping[str, str]) -> str:
    """The person's own token: GITHUB_TOKEN, GH_TOKEN, or what GitHub's command line is signed in with."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        if token := environ.get(name, "").strip():
            return token
    host = urlsplit(environ.get("GITHUB_API_URL", GITHUB_API)).hostname or ""
    if token := _printed("gh", "auth", "token", "--hostname", host.removeprefix("api."), environ=environ):
        return token
    raise InvalidError(
        "no GitHub token: sign in once with `gh auth login`, or set GITHUB_TOKEN to a token of yours that may "
        "read and write contents and pull requests of the access repository"
    )


def origin(folder: Path, environ: Mapping[str, str]) -> str:
    """The repository that a folder's clone came from, as owner/name; empty if that is unknown."""
    url = _printed("git", "-C", str(folder), "config", "--get", "remote.origin.url", environ=environ)
    match = _ORIGIN.fullmatch(url)
    return match["name"] if match else ""


def _printed(*command: str, environ: Mapping[str, str]) -> str:
    """What a command prints; nothing if it fails, or is not there."""
    try:
        ran = subprocess.run(command, env=dict(environ), capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.decode(errors="replace").strip() if ran.returncode == 0 else ""
