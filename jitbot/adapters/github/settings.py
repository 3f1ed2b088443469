"""How a repository is set up on GitHub: read for `doctor`, never changed here.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/branches/branch-protection
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from github import GithubException

from jitbot.adapters.github.client import Client, said, translated
from jitbot.domain.model.documents import Finding, GithubId, Login
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github_state import ADMIN_ROLE, Body, Branch, Bypass, Hosting
from jitbot.domain.setup.doctor.report import Unknown, tried
from jitbot.domain.text import timestamp

_NOT_FOUND = 404
_NEEDS_ADMIN = "this token may not see it: run `jitbot doctor` as an admin of the repository"


class GitHubSetup:
    """One repository's `jitbot.ports.setup.Setup`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def hosting(self) -> Hosting:
        """The repository; GitHub leaves the settings of merging out for a token that may only read."""
        raw = self._client.get("")
        return Hosting(full_name=str(raw["full_name"]), repository_id=int(raw["id"]), answer=raw)

    def branch(self, name: str) -> Branch:
        """What protects a branch; what cannot be read is Unknown, each part for itself."""
        rules, classic = tried(partial(self._rules, name)), tried(partial(self._classic, name))
        if isinstance(classic, Unknown):
            classic = Unknown(why=f"classic protection: {classic.why}")
        bypasses = rules if isinstance(rules, Unknown) else tried(partial(self._bypasses, rules, classic))
        if isinstance(classic, Unknown) and not bypasses:
            bypasses = classic
        return Branch(name=name, rules=rules, classic=classic, bypasses=bypasses)

    @translated
    def has_branch(self, name: str) -> bool:
        """Whether there is such a branch."""
        return _found(self._client, f"/branches/{quote(name)}") is not None

    @translated
    def job_tokens(self) -> Body:
        """What a job's token may do by default; admins alone may read it."""
        return self._client.get("/actions/permissions/workflow")

    @translated
    def tags(self) -> Mapping[str, str]:
        """The commit that each tag names. https://docs.github.com/en/rest/repos/repos#list-repository-tags"""
        return {str(raw["name"]): str(raw["commit"]["sha"]) for raw in self._client.pages("/tags")}

    @translated
    def codeowners_errors(self) -> Sequence[Finding] | None:
        """What GitHub finds wrong with CODEOWNERS on main."""
        raw = _found(self._client, "/codeowners/errors?ref=main")
        return None if raw is None else tuple(_codeowners_error(each) for each in raw["errors"])

    @translated
    def account(self, login: Login) -> Actor | None:
        """Who a login is."""
        raw = _found(self._client.elsewhere("/users"), f"/{quote(login)}")
        if raw is None:
            return None
        return Actor(
            login=Login(str(raw["login"])), github_id=GithubId(int(raw["id"])), kind=str(raw["type"])
        )

    @translated
    def permission(self, login: Login) -> str:
        """admin, write, read or none; none, too, for somebody GitHub does not know here."""
        raw = _found(self._client, f"/collaborators/{quote(login)}/permission")
        return "none" if raw is None else str(raw["permission"])

    @translated
    def members(self, team: str) -> frozenset[str] | None:
        """The logins of a team. A job's own token sees no team at all."""
        organisation, _, slug = team.partition("/")
        place = self._client.elsewhere(f"/orgs/{quote(organisation)}/teams/{quote(slug)}")
        try:
            return frozenset(str(raw["login"]) for raw in place.pages("/members"))
        except GithubException as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    @translated
    def workflow_state(self, file: str) -> str | None:
        """active, disabled_manually, disabled_inactivity and the like."""
        raw = _found(self._client, f"/actions/workflows/{quote(file)}")
        return None if raw is None else str(raw["state"])

    @translated
    def last_scheduled(self, file: str) -> datetime | None:
        """When the newest run began that a workflow's schedule started."""
        return last_scheduled(self._client, file)

    @translated
    def _rules(self, branch: str) -> tuple[dict[str, Any], ...]:
        return tuple(self._client.pages(f"/rules/branches/{quote(branch)}"))

    @translated
    def _classic(self, branch: str) -> dict[str, Any] | None:
        """Classic protection, which GitHub shows to admins alone."""
        try:
            return self._client.get(f"/branches/{quote(branch)}/protection")
        except GithubException as error:
            message = error.data.get("message") if isinstance(error.data, dict) else ""
            # A token without the right to read gets another 404: only these two mean that nothing is set.
            if error.status == _NOT_FOUND and message in ("Branch not protected", "Branch not found"):
                return None
            if _of_the_plan(error):
                raise DeniedError(said(error)) from error
            if error.status in (401, 403, _NOT_FOUND):
                raise DeniedError(_NEEDS_ADMIN) from error
            raise

    @translated
    def _bypasses(
        self, rules: Iterable[Mapping[str, Any]], classic: Body | Unknown | None
    ) -> tuple[Bypass, ...]:
        """Who may pass the rules by, and classic protection, where it is known."""
        found: list[Bypass] = []
        for number in sorted({int(rule["ruleset_id"]) for rule in rules}):
            raw = self._client.get(f"/rulesets/{number}")
            if not isinstance(raw.get("bypass_actors"), list):
                raise DeniedError(f"the bypass list of ruleset {raw.get('name', number)}: {_NEEDS_ADMIN}")
            found += [_bypass(each, str(raw["name"])) for each in raw["bypass_actors"]]
        if isinstance(classic, Mapping):
            found += _allowances(classic)
        return tuple(found)


def last_scheduled(client: Client, file: str) -> datetime | None:
    """When the newest run began that a workflow's schedule started; None if there is none.

    https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
    """
    raw = _found(client, f"/actions/workflows/{quote(file)}/runs?event=schedule&per_page=1")
    runs = raw["workflow_runs"] if raw is not None else ()
    return timestamp.parse(str(runs[0]["created_at"])) if runs else None


def _of_the_plan(error: GithubException) -> bool:
    """Whether the plan does not include it, as for rules of a private repository on GitHub Free."""
    return error.status == 403 and said(error).startswith("Upgrade to ")


def _allowances(raw: Mapping[str, Any]) -> Iterable[Bypass]:
    """Who a classic protection lets pass: admins, unless they are included, and who is named for pull requests."""
    where = "of classic protection"
    if not _enabled(raw, "enforce_admins"):
        yield Bypass(kind="RepositoryRole", number=ADMIN_ROLE, mode="always", ruleset=where)
    reviews = raw.get("required_pull_request_reviews") or {}
    allowed = reviews.get("bypass_pull_request_allowances") or {}
    for key, kind in (("users", "User"), ("teams", "Team"), ("apps", "Integration")):
        for each in allowed.get(key, ()):
            yield Bypass(kind=kind, number=int(each["id"]), mode="pull_request", ruleset=where)


def _enabled(raw: Mapping[str, Any], name: str) -> bool:
    return (raw.get(name) or {}).get("enabled") is True


def _bypass(raw: Mapping[str, Any], ruleset: str) -> Bypass:
    number = raw.get("actor_id")
    return Bypass(
        kind=str(raw["actor_type"]),
        number=None if number is None else int(number),
        mode=str(raw["bypass_mode"]),
        ruleset=ruleset,
    )


def _codeowners_error(raw: Mapping[str, Any]) -> Finding:
    return Finding(
        code="github-codeowners-error",
        message=f"{raw['kind']}: {str(raw.get('source', '')).strip()}",
        file=str(raw["path"]),
        line=int(raw["line"]),
        column=int(raw["column"]),
        hint=str(raw.get("suggestion") or ""),
    )


def _found(client: Client, path: str) -> dict[str, Any] | None:
    """The object at a path; None where GitHub answers 404."""
    try:
        return client.get(path)
    except GithubException as error:
        if error.status == _NOT_FOUND:
            return None
        raise
