"""People, and how the repository is set up, read.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/branches/branch-protection
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from github import GithubException

from jitbot.adapters.github import graphql
from jitbot.adapters.github.answers import actor
from jitbot.adapters.github.client import Client, said, translated
from jitbot.adapters.github.contents import ContentReader
from jitbot.domain.model.documents import Finding, GithubId, Login, Sha
from jitbot.domain.model.errors import DeniedError, InvalidError
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github.github_state import (
    ADMIN_ROLE,
    Body,
    Branch,
    Bypass,
    Environment,
    Hosting,
)
from jitbot.domain.setup.doctor.report import Unknown, tried
from jitbot.domain.text import timestamp

_ACCESS = """query($owner: String!, $name: String!) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    nameWithOwner url databaseId viewerPermission autoMergeAllowed squashMergeAllowed mergeCommitAllowed
    defaultBranchRef { name target { oid } }
  }
}"""
_MAY_WRITE = frozenset({"ADMIN", "MAINTAIN", "WRITE"})
_NOT_FOUND = 404
_MOST_PAGES = 10  # of a list beside its length
_NEEDS_ADMIN = "this token may not see it: run `jitbot doctor` as an admin of the repository"
# GitHub shows it to those who may edit the ruleset: https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset
_NEEDS_OWNER = "it is the organisation's, and shown to its owners alone: run `jitbot doctor` as one of them"


class SettingsReader(ContentReader):
    """The part of `GitHubRead` about people and settings; what protects a branch begins with its rules."""

    @translated
    def access(self) -> RepositoryAccess:
        owner, _, name = self._client.repository.partition("/")
        try:
            data = self._client.graphql(_ACCESS, {"owner": owner, "name": name})
        except GithubException as error:
            raise _no_access(error, self._client.repository) from error
        viewer, found = data["viewer"], data["repository"]
        if not found.get("defaultBranchRef"):
            raise InvalidError(f"{self._client.repository} is empty: it is no access repository")
        return RepositoryAccess(
            actor=Actor(login=Login(str(viewer["login"])), github_id=GithubId(int(viewer["databaseId"]))),
            repository=str(found["nameWithOwner"]),
            url=str(found["url"]),
            repository_id=int(found["databaseId"]),
            branch=str(found["defaultBranchRef"]["name"]),
            tip=Sha(str(found["defaultBranchRef"]["target"]["oid"])),
            may_write=found["viewerPermission"] in _MAY_WRITE,
            auto_merge=found["autoMergeAllowed"] is True,
            methods=tuple(
                method
                for method, allowed in (("squash", "squashMergeAllowed"), ("merge", "mergeCommitAllowed"))
                if found[allowed] is True
            ),
        )

    @translated
    def account(self, login: Login) -> Actor | None:
        raw = _found(self._client.elsewhere("/users"), f"/{quote(login)}")
        return None if raw is None else actor(raw)

    @translated
    def permission(self, login: Login) -> str:
        raw = _found(self._client, f"/collaborators/{quote(login)}/permission")
        return "none" if raw is None else str(raw["permission"])

    @translated
    def members(self, team: str) -> frozenset[str] | None:
        organisation, _, slug = team.partition("/")
        place = self._client.elsewhere(f"/orgs/{quote(organisation)}/teams/{quote(slug)}")
        try:
            return frozenset(str(raw["login"]) for raw in place.pages("/members"))
        except GithubException as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    @translated
    def hosting(self) -> Hosting:
        raw = self._client.get("")
        return Hosting(
            full_name=str(raw["full_name"]),
            repository_id=int(raw["id"]),
            default_branch=str(raw["default_branch"]),
            answer=raw,
        )

    def protection(self, branch: str) -> Branch:
        rules, classic = tried(lambda: self.rules(branch).answer), tried(partial(self._classic, branch))
        if isinstance(classic, Unknown):
            classic = Unknown(why=f"classic protection: {classic.why}")
        rulesets = rules if isinstance(rules, Unknown) else tried(partial(self._rulesets, rules))
        if isinstance(rulesets, Unknown):
            return Branch(name=branch, rules=rules, classic=classic, bypasses=rulesets)
        bypasses = tried(partial(_bypasses, rulesets.values(), classic))
        if isinstance(classic, Unknown) and not bypasses:
            bypasses = classic
        strict = frozenset(number for number, raw in rulesets.items() if raw.get("bypass_actors") == [])
        return Branch(name=branch, rules=rules, classic=classic, bypasses=bypasses, strict=strict)

    @translated
    def tags(self) -> Mapping[str, str]:
        # https://docs.github.com/en/rest/repos/repos#list-repository-tags
        return {str(raw["name"]): str(raw["commit"]["sha"]) for raw in self._client.pages("/tags")}

    @translated
    def last_scheduled(self, file: str) -> datetime | None:
        # https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        raw = _found(self._client, f"/actions/workflows/{quote(file)}/runs?event=schedule&per_page=1")
        runs = raw["workflow_runs"] if raw is not None else ()
        return timestamp.parse(str(runs[0]["created_at"])) if runs else None

    @translated
    def trigger(self, file: str, run: int) -> str | None:
        # https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        raw = _found(self._client, f"/actions/workflows/{quote(file)}/runs?per_page=100")
        runs = raw["workflow_runs"] if raw is not None else ()
        return next((str(each["event"]) for each in runs if each["id"] == run), None)

    def calls_left(self) -> int | None:
        return self._client.left("core")

    def points_left(self) -> int | None:
        return self._client.left("graphql")

    @translated
    def job_tokens(self) -> Body:
        return self._client.get("/actions/permissions/workflow")

    def actions_policy(self) -> Body:
        # https://docs.github.com/en/rest/actions/permissions
        policy = self._asked("/actions/permissions")
        chosen = policy.get("allowed_actions") == "selected"
        return policy | (self._asked("/actions/permissions/selected-actions") if chosen else {})

    def token_subject(self) -> Body:
        # https://docs.github.com/en/rest/actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository
        return self._asked("/actions/oidc/customization/sub")

    @translated
    def _asked(self, path: str) -> dict[str, Any]:
        """What admins are shown."""
        try:
            return self._client.get(path)
        except GithubException as error:
            if error.status in (403, _NOT_FOUND):
                raise DeniedError(_NEEDS_ADMIN) from error
            raise

    @translated
    def environment(self, name: str) -> Environment | None:
        # https://docs.github.com/en/rest/deployments/environments, and /branch-policies beside it
        path = f"/environments/{quote(name)}"
        raw = _found(self._client, path)
        if raw is None:
            return None
        limits = raw.get("deployment_branch_policy") or {}
        allows = ["every branch and tag"]
        if limits.get("protected_branches") is True:
            allows = ["every protected branch"]
        elif limits.get("custom_branch_policies") is True:
            policies = counted(self._client, f"{path}/deployment-branch-policies", "branch_policies")
            allows = [allowed(each) for each in policies]
        return Environment(allows=frozenset(allows), secrets=tried(partial(self._secrets, f"{path}/secrets")))

    def shared_secrets(self) -> frozenset[str]:
        # https://docs.github.com/en/rest/actions/secrets
        places = ("/actions/secrets", "/actions/organization-secrets")
        return frozenset().union(*(self._secrets(place) for place in places))

    @translated
    def _secrets(self, path: str) -> frozenset[str]:
        """The names of the secrets at a path; GitHub shows the value of none."""
        try:
            return frozenset(str(raw["name"]).upper() for raw in counted(self._client, path, "secrets"))
        except GithubException as error:
            if error.status in (403, _NOT_FOUND):
                raise DeniedError(_NEEDS_ADMIN) from error
            raise

    @translated
    def codeowners_errors(self) -> Sequence[Finding] | None:
        raw = _found(self._client, "/codeowners/errors?ref=main")
        return None if raw is None else tuple(_codeowners_error(each) for each in raw["errors"])

    @translated
    def workflow_state(self, file: str) -> str | None:
        raw = _found(self._client, f"/actions/workflows/{quote(file)}")
        return None if raw is None else str(raw["state"])

    @translated
    def _classic(self, branch: str) -> dict[str, Any] | None:
        """Classic protection, which GitHub shows to admins alone."""
        try:
            return self._client.get(f"/branches/{quote(branch)}/protection")
        except GithubException as error:
            answered = error.data.get("message") if isinstance(error.data, dict) else ""
            # A token without the right to read gets another 404: only these two mean that nothing is set.
            if error.status == _NOT_FOUND and answered in ("Branch not protected", "Branch not found"):
                return None
            if _of_the_plan(error):
                raise DeniedError(said(error)) from error
            if error.status in (401, 403, _NOT_FOUND):
                raise DeniedError(_NEEDS_ADMIN) from error
            raise

    @translated
    def _rulesets(self, rules: Iterable[Mapping[str, Any]]) -> Mapping[int, dict[str, Any]]:
        """The rulesets that these rules are of, by their numbers."""
        numbers = sorted({int(rule["ruleset_id"]) for rule in rules})
        return {number: self._client.get(f"/rulesets/{number}") for number in numbers}


@translated
def _bypasses(rulesets: Iterable[Mapping[str, Any]], classic: Body | Unknown | None) -> tuple[Bypass, ...]:
    """Who may pass these rulesets by, and classic protection, where it is known. Raises DeniedError where one is hidden."""
    found: list[Bypass] = []
    for raw in rulesets:
        actors = raw.get("bypass_actors")
        if not isinstance(actors, list):
            shared = raw.get("source_type", "Repository") != "Repository"
            why = _NEEDS_OWNER if shared else _NEEDS_ADMIN
            raise DeniedError(f"the bypass list of ruleset {raw.get('name', 'without a name')}: {why}")
        found += [_bypass(each, str(raw["name"])) for each in actors]
    if isinstance(classic, Mapping):
        found += _allowances(classic)
    return tuple(found)


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


def allowed(policy: Mapping[str, Any]) -> str:
    """What a branch policy allows: a branch, by its name or a pattern; a tag has words, as it may have a branch's name."""
    name, kind = str(policy["name"]), policy.get("type", "branch")  # older servers know branches alone
    return name if kind == "branch" else f"the {kind} {name}"


def counted(client: Client, path: str, key: str) -> list[Mapping[str, Any]]:
    """A list that lies in an object beside its length. Raises ValueError if it is longer than anything that we read."""
    found: list[Mapping[str, Any]] = []
    for page in range(1, _MOST_PAGES + 1):
        raw = client.get(f"{path}?per_page=100&page={page}")
        found += raw[key]
        if not raw[key] or len(found) >= int(raw["total_count"]):
            return found
    raise ValueError(f"{path} has more than {_MOST_PAGES} pages")


def _found(client: Client, path: str) -> dict[str, Any] | None:
    """The object at a path; None where GitHub answers 404."""
    try:
        return client.get(path)
    except GithubException as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _no_access(error: GithubException, repository: str) -> Exception:
    """A repository that is not there, or not for this token, is for the user to fix; all else stays as it was."""
    types = graphql.types_of(error)
    if "NOT_FOUND" in types:
        return InvalidError(
            f"GitHub shows this token no repository {repository}: check the name, and that the token may read it"
        )
    return DeniedError(said(error)) if "FORBIDDEN" in types else error
