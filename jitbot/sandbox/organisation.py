"""acme on this machine: the embedded GitHub and AWS with its people, rules and accounts, ready to be used."""

import base64
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from jitbot.adapters import documents
from jitbot.domain.model.documents import Accounts, ByLogin, Login, Parsed, People, Settings, Source, Teams
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.roster import Roster
from jitbot.domain.notifications.channels import SECRET
from jitbot.domain.setup.doctor.github.github_state import ENVIRONMENT
from jitbot.domain.text import timestamp
from jitbot.sandbox.aws import AwsSandbox
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox

WRITTEN_FOR = datetime(2026, 11, 23, 9, tzinfo=UTC)  # the moment at which acme's story begins
_WEEK, _MOMENT = timedelta(weeks=1), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
ADMINS = frozenset({"olivia"})
_ISSUER_LINE = "issuer: https://token.actions.githubusercontent.com"
PINNED = f"acme/jitbot@{'6a69' * 10}"  # the release that acme's workflows pin
_TIMEOUT = 30
# What a person has as well as a job.
_PERSONS = {"GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "GITHUB_TOKEN", "AWS_ENDPOINT_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What GitHub answered: its status, and its JSON."""

    status: int
    content: Any

    @property
    def ok(self) -> bool:
        """Whether GitHub did as it was asked."""
        return self.status < 300


class Acme:
    """A running sandbox. Use as a context manager: nothing is left behind. `more_accounts`: alias -> id.

    `tree` gives the files of another organisation, for the issuer that signs here; one of its people is olivia.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_dispatch: Callable[..., None] | None = None,
        more_accounts: Mapping[str, str] | None = None,
        tree: Callable[[str], dict[str, bytes]] | None = None,
    ) -> None:
        self.clock = clock
        self.github = GitHubSandbox(clock, on_dispatch=on_dispatch)
        self.aws = AwsSandbox(clock)
        self._folder = Path(tempfile.mkdtemp(prefix="jitbot-acme-"))
        self._tokens: dict[str, str] = {}
        self._calls = requests.Session()
        self._calls.trust_env = False  # no proxy, no .netrc: it is this machine that is called
        self._more_accounts = more_accounts or {}
        self._tree = tree

    def __enter__(self) -> Self:
        try:
            self.github.__enter__()
            self.aws.start()
            self._seed()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def repository(self) -> str:
        """`owner/name` of the access repository."""
        return self.settings.repository

    def token(self, login: str) -> str:
        """A GitHub token of this person; the same for the life of the sandbox."""
        if login not in self._tokens:
            self._tokens[login] = self.github.token_for(login)
        return self._tokens[login]

    def call(self, login: str, method: str, path: str, **content: Any) -> Answered:
        """One call of GitHub's REST API as this person, below the access repository."""
        answer = self._calls.request(
            method,
            f"{self.github.api_url}/repos/{self.repository}{path}",
            headers={"Authorization": f"Bearer {self.token(login)}", "Accept": "application/vnd.github+json"},
            json=content or None,
            timeout=_TIMEOUT,
        )
        return Answered(status=answer.status_code, content=answer.json() if answer.content else None)

    def clone(self, name: str = "runner", login: str = "olivia") -> Path:
        """A clone of the access repository, of main's tip when it is first asked for."""
        folder = self._folder / name
        if not folder.exists():
            self.git(
                login,
                "clone",
                "--quiet",
                f"{self.github.url}/{self.repository}.git",
                str(folder),
                cwd=self._folder,
            )
        return folder

    def workplace(self, login: str) -> Path:
        """A clone for this person's own hands: plain git in it commits and pushes as them."""
        folder = self.clone("access", login)
        signed = self.github.url.replace("//", f"//{login}:{self.token(login)}@")
        self.git(login, "remote", "set-url", "origin", f"{signed}/{self.repository}.git", cwd=folder)
        self.git(login, "config", "user.name", login, cwd=folder)
        self.git(login, "config", "user.email", f"{login}@acme.com", cwd=folder)
        return folder

    def git(self, login: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run git as this person. Raises UnavailableError with git's own words if it fails."""
        basic = base64.b64encode(f"x-access-token:{self.token(login)}".encode()).decode()
        stamp = f"{int(self.clock.now().timestamp())} +0000"
        who = {"NAME": login, "EMAIL": f"{login}@acme.com", "DATE": stamp}
        environment = {
            **os.environ,
            **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            "GIT_CONFIG_KEY_1": "core.fsync",  # nothing here has to outlive a power cut
            "GIT_CONFIG_VALUE_1": "none",
            "GIT_TERMINAL_PROMPT": "0",
        }
        where = cwd or self.clone(login=login)
        result = subprocess.run(
            ["git", *arguments], cwd=where, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise UnavailableError(f"git {arguments[0]}: {result.stderr.strip()}")
        return result

    def job(self, workflow: str, *, actor: str = "olivia", **overrides: Any) -> dict[str, str]:
        """The environment of a job of this workflow on main, as Actions and the AWS SDK define it."""
        given = {"repository": self.repository, **overrides}
        environment: dict[str, str] = self.github.run_environment(workflow=workflow, actor=actor, **given)
        return {**environment, "AWS_ENDPOINT_URL": self.aws.url, "PATH": os.environ.get("PATH", "")}

    def shell(self, login: str, *, job: bool = True) -> dict[str, str]:
        """What a person exports to try everything by hand: where GitHub and AWS are, and their own credentials.

        With `job`, also what a job of any workflow has: then the verbs that Actions runs work there, too.
        """
        given = {**self.job("shell", actor=login), "GITHUB_TOKEN": self.token(login)}
        given.pop("PATH")
        found = given if job else {name: value for name, value in given.items() if name in _PERSONS}
        principal = self.people[Login(login)].principal
        return {
            **found,
            **(self.signed_in(login) if principal is not None else {"AWS_ENDPOINT_URL": self.aws.url}),
        }

    def signed_in(self, login: str) -> dict[str, str]:
        """The environment in which this person uses the `aws` command line. They need a principal."""
        principal = self.people[Login(login)].principal
        if principal is None:
            raise UnavailableError(f"{login} has no AWS principal")
        return {
            **self.aws.credentials(principal),
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
        }

    def _seed(self) -> None:
        issuer, now = self.github.issuer, self.clock.now()
        tree = acme_tree(issuer, now) if self._tree is None else self._tree(issuer)
        more = "".join(f'{alias}: "{account_id}"\n' for alias, account_id in self._more_accounts.items())
        tree["policies/accounts.yaml"] += more.encode()
        self.settings: Settings = _value(documents.parse_settings, tree, "policies/settings.yaml", Settings)
        self.people: People = _value(documents.parse_people, tree, "policies/people.yaml", ByLogin)
        roster = _value(documents.parse_teams, tree, "policies/teams.yaml", Roster)
        self.teams: Teams = roster.at(now)  # GitHub's own have no dates
        self.accounts: Accounts = _value(documents.parse_accounts, tree, "policies/accounts.yaml", dict)
        for login, person in self.people.items():
            self.github.add_user(login, person.github_id, permission="admin" if login in ADMINS else "write")
        for team, members in self.teams.items():
            self.github.add_team(team, members)
        self.github.create_repository(self.repository, tree, repository_id=self.settings.repository_id)
        self.github.add_environment(self.repository, ENVIRONMENT, frozenset({SECRET}))
        for account_id in self.accounts.values():
            self.aws.seed_account(
                account_id,
                issuer=self.github.issuer,
                namespace=self.settings.namespace,
                repository=self.repository,
                repository_id=self.settings.repository_id,
            )
        self.aws.seed_people(self.people.values())

    def _stop(self) -> None:
        self._calls.close()
        self.aws.stop()
        self.github.__exit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)


def acme_tree(issuer: str, now: datetime = WRITTEN_FOR) -> dict[str, bytes]:
    """The files of the example organisation, with the sandbox's issuer in the place of GitHub's.

    The dates in teams.yaml are as far from now as from the week that they are written for.
    """
    root = Path(str(files("jitbot.sandbox"))) / "acme"
    tree = {}
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.is_file() and not path.startswith("examples/"):
            tree[path] = file.read_bytes()
    tree |= {f".github/workflows/{name}": text for name, text in _workflows()}
    settings = tree["policies/settings.yaml"].decode()
    tree["policies/settings.yaml"] = settings.replace(_ISSUER_LINE, f"issuer: {issuer}").encode()
    weeks, teams = (now - WRITTEN_FOR) // _WEEK * _WEEK, tree["policies/teams.yaml"].decode()
    moved = _MOMENT.sub(lambda found: timestamp.show(timestamp.parse_day(found[0]) + weeks), teams)
    tree["policies/teams.yaml"] = moved.encode()
    return tree


def _workflows() -> Iterator[tuple[str, bytes]]:
    """The workflow files that `jitbot init` writes, as if acme pinned some release."""
    root = Path(str(files("jitbot"))) / "templates" / "repository" / "github" / "workflows"
    upstream, _, release = PINNED.partition("@")
    for file in sorted(root.glob("*.yml")):
        text = file.read_text("utf-8").replace("__UPSTREAM__", upstream).replace("__RELEASE__", release)
        yield file.name, text.encode()


def _value(
    parse: Callable[[Source], Parsed[Any]], tree: Mapping[str, bytes], path: str, kind: type[Any]
) -> Any:
    parsed = parse(Source(path=path, content=tree[path]))
    if not isinstance(parsed.value, kind):
        raise UnavailableError(f"acme's {path} does not read: {parsed.findings}")
    return parsed.value
