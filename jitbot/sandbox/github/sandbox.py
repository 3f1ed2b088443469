"""The embedded GitHub as one object: start it, seed it, look at what happened to it, stop it."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import oidc
from jitbot.sandbox.github.git import git_http
from jitbot.sandbox.github.records import Dispatch, GitHubFault, HostedEnvironment, Ruleset, StartedRun, User
from jitbot.sandbox.github.server import Server
from jitbot.sandbox.github.site import ACTIONS_BOT, HostedRepository, OnDispatch, OnPull, OnPush, Site

LEDGER_README = b"This branch is the ledger: events are added to it, and nothing is ever changed.\n"


class GitHubSandbox:
    """A GitHub on loopback that lives as long as its `with` block; all its times come from `clock`.

    `on_dispatch(workflow, ref, inputs, actor)` runs for each workflow dispatch, before it is answered;
    it may call this GitHub itself. `on_push` is called for pushes to main, and must not call this GitHub.
    """

    def __init__(self, clock: Clock | None = None, *, on_dispatch: OnDispatch | None = None) -> None:
        self.clock = clock or Clock()
        self._folder = Path(tempfile.mkdtemp(prefix="jitbot-github-"))
        self._site = Site(clock=self.clock, folder=self._folder, on_dispatch=on_dispatch)
        self._issuer = oidc.Issuer(self._site)
        self._server = Server(self._site, self._issuer)
        self._site.url = self._server.url
        self._run_ids = itertools.count(9000000001)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        shutil.rmtree(self._folder)

    @property
    def url(self) -> str:
        """Where people and git clients look: `GITHUB_SERVER_URL`."""
        return self._site.url

    @property
    def api_url(self) -> str:
        """Where the API is: `GITHUB_API_URL`. The same address, so that one client may follow every URL."""
        return self._site.url

    @property
    def issuer(self) -> str:
        """The `iss` of the OIDC tokens."""
        return self._issuer.url

    @property
    def rules(self) -> dict[str, Ruleset]:
        """The ruleset of each branch, by name. Replace or remove one to change what is enforced."""
        return self._site.rules

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and route pattern of every HTTP request since this list was last cleared."""
        return self._site.calls

    @property
    def reads_together(self) -> bool:
        """Whether GraphQL has all that is asked of pull requests. An old GitHub Enterprise Server lacks some of it."""
        return self._site.reads_together

    @reads_together.setter
    def reads_together(self, value: bool) -> None:
        self._site.reads_together = value

    @property
    def dispatches(self) -> list[Dispatch]:
        """Every workflow dispatch so far."""
        return self._site.dispatches

    @property
    def on_push(self) -> OnPush | None:
        """Called with branch and login at each push or merge to main that is not by Actions' own token."""
        return self._site.on_push

    @on_push.setter
    def on_push(self, on_push: OnPush | None) -> None:
        self._site.on_push = on_push

    @property
    def on_pull(self) -> OnPull | None:
        """Called with number and login when a person opens a pull request, moves its head, or reviews it."""
        return self._site.on_pull

    @on_pull.setter
    def on_pull(self, on_pull: OnPull | None) -> None:
        self._site.on_pull = on_pull

    @property
    def on_dispatch(self) -> OnDispatch | None:
        """Called for each workflow dispatch, before it is answered."""
        return self._site.on_dispatch

    @on_dispatch.setter
    def on_dispatch(self, on_dispatch: OnDispatch | None) -> None:
        self._site.on_dispatch = on_dispatch

    @property
    def allow_auto_merge(self) -> bool:
        """The repository's setting "Allow auto-merge"."""
        return self._site.allow_auto_merge

    @allow_auto_merge.setter
    def allow_auto_merge(self, allowed: bool) -> None:
        self._site.allow_auto_merge = allowed

    @property
    def faults(self) -> Callable[[str, str], GitHubFault | None] | None:
        """Decides, by method and path, which calls go wrong and how."""
        return self._site.faults

    @faults.setter
    def faults(self, faults: Callable[[str, str], GitHubFault | None] | None) -> None:
        self._site.faults = faults

    @property
    def calls_left(self) -> int | None:
        """How many calls the rate limit still allows; every call of the REST API uses one. None: it is not mentioned."""
        return self._site.calls_left

    @calls_left.setter
    def calls_left(self, calls: int | None) -> None:
        self._site.calls_left = calls

    def add_user(self, login: str, id: int, *, type: str = "User", permission: str = "write") -> None:  # noqa: A002 - GitHub's words
        """Add an account, or change it. `permission`: admin, write, read or none; `type`: User or Bot."""
        self._site.add_user(User(login=login, id=id, type=type, permission=permission))

    def remove_user(self, login: str) -> None:
        """Delete an account, as its owner may: what it did stays, and GitHub names nobody for it."""
        self._site.gone.add(self._site.user(login).id)

    def add_team(self, name: str, members: Sequence[str]) -> None:
        """Set who is in a team, such as `acme/payments`; the code-owner rule asks it."""
        self._site.teams[name.casefold()] = tuple(members)

    def add_environment(self, repository: str, name: str, secrets: frozenset[str]) -> None:
        """Give a repository an environment for main alone, with secrets of these names."""
        number = self._site.next_id()
        main = {"id": number, "node_id": f"GBP_{number}", "name": "main", "type": "branch"}
        self._site.repository(repository).environments[name] = HostedEnvironment(
            id=self._site.next_id(),
            name=name,
            limits={"protected_branches": False, "custom_branch_policies": True},
            policies=(main,),
            secrets=secrets,
        )

    def token_for(self, login: str) -> str:
        """A new token that acts as that account, for the API and for git."""
        return self._site.token_for(login)

    def create_repository(
        self,
        full_name: str,
        files: Mapping[str, bytes],
        *,
        repository_id: int = 700001,
        owner_id: int = 9000,
        ledger: bool = True,
    ) -> None:
        """Make a repository: `files` as the first commit of main, and an orphan branch `ledger`."""
        store = git_http.create_store(self._folder / f"{full_name}.git", self._folder)
        made = HostedRepository(
            full_name=full_name, id=repository_id, owner_id=owner_id, created_at=self.clock.now(), store=store
        )
        signed = self._site.web_flow()
        made.signed.add(store.commit_files("main", None, files, (), "Initial commit", signed, signed))
        if ledger:
            readme = {"README.md": LEDGER_README}
            made.signed.add(
                store.commit_files("ledger", None, readme, (), "Begin the ledger", signed, signed)
            )
        made.tips = {ref.removeprefix("refs/heads/"): sha for ref, sha in store.refs("refs/heads/").items()}
        self._site.repositories[full_name.casefold()] = made

    def git_url(self, login: str, full_name: str = "acme/access") -> str:
        """A URL with which plain git acts as that account."""
        return f"{self.url.replace('//', f'//{login}:{self.token_for(login)}@')}/{full_name}.git"

    def run_environment(
        self,
        *,
        workflow: str = "grant.yml",
        actor: str = "olivia",
        ref: str = "refs/heads/main",
        event: str = "push",
        repository: str = "acme/access",
        immutable_subject: bool = False,
        **overrides: str,
    ) -> dict[str, str]:
        """The variables that Actions sets in a job of that workflow, with a token and an OIDC endpoint.

        `overrides` replace variables by name (`GITHUB_RUN_ATTEMPT="2"`), and with them the claims that
        they stand for. The workflow `shell` is a person's own terminal: each of its tokens names the
        workflow of the jitbot command that asks for it.
        """
        repo = self._site.repository(repository)
        tip = repo.store.resolve(ref) or ""
        person = self._site.user(actor)
        run_id = next(self._run_ids)
        now = self._site.clock.now()
        repo.runs.append(StartedRun(id=run_id, workflow=workflow, event=event, at=now, sha=tip))
        named = oidc.workflow_ref(repo.full_name, workflow, ref)
        variables = {
            **self._place(repo),
            "GITHUB_TOKEN": self.token_for(ACTIONS_BOT),
            "GITHUB_ACTOR": person.login,
            "GITHUB_ACTOR_ID": str(person.id),
            "GITHUB_TRIGGERING_ACTOR": person.login,
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_RUN_NUMBER": str(run_id - 9000000000),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_REF": ref,
            "GITHUB_SHA": tip,
            "GITHUB_WORKFLOW": workflow,
            "GITHUB_WORKFLOW_REF": named,
            "GITHUB_WORKFLOW_SHA": tip,
            "GITHUB_EVENT_NAME": event,
            **overrides,
        }
        bearer = self._issuer.start(
            oidc.WorkflowRun(variables=variables, immutable_subject=immutable_subject)
        )
        endpoint = f"{self.url}/_actions/token?workflow={workflow}&run={run_id}"
        return variables | {
            "ACTIONS_ID_TOKEN_REQUEST_URL": endpoint,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer,
        }

    def issue_token(self, **claims: object) -> str:
        """Sign any claims with the issuer's own key, to try forgeries; None leaves a standard claim out."""
        return self._issuer.sign(claims)

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the old one is no longer published."""
        self._issuer.rotate()

    def _place(self, repo: HostedRepository) -> dict[str, str]:
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_API_URL": self.api_url,
            "GITHUB_GRAPHQL_URL": f"{self.api_url}/graphql",
            "GITHUB_REPOSITORY": repo.full_name,
            "GITHUB_REPOSITORY_ID": str(repo.id),
            "GITHUB_REPOSITORY_OWNER": repo.owner,
            "GITHUB_REPOSITORY_OWNER_ID": str(repo.owner_id),
        }
