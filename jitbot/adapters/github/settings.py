"""How a repository is set up on GitHub: read for `doctor`, never changed here.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/branches/branch-protection
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from github import GithubException

from jitbot.adapters.github.client import Client, translated
from jitbot.domain.model.documents import Finding, GithubId, Login
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.branches import ADMIN_ROLE, Branch, Bypass, Protection
from jitbot.domain.setup.doctor.report import Unknown
from jitbot.domain.setup.doctor.repository import Hosting, JobTokens

_METHODS = {"allow_merge_commit": "merge", "allow_squash_merge": "squash", "allow_rebase_merge": "rebase"}
_NOT_FOUND = 404
_NEEDS_ADMIN = "this token may not see it: run `jitbot doctor` as an admin of the repository"


class GitHubSetup:
    """One repository's `jitbot.ports.setup.Setup`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def hosting(self) -> Hosting:
        """The repository; GitHub leaves the settings of merging out for whoever may only read."""
        raw = self._client.get("")
        known = {method: raw[key] for key, method in _METHODS.items() if key in raw}
        return Hosting(
            full_name=str(raw["full_name"]),
            repository_id=int(raw["id"]),
            default_branch=str(raw["default_branch"]),
            owner_id=int(raw["owner"]["id"]),
            methods=frozenset(method for method, on in known.items() if on is True)
            if len(known) == len(_METHODS)
            else None,
            auto_merge=_flag(raw, "allow_auto_merge"),
            deletes_branches=_flag(raw, "delete_branch_on_merge"),
        )

    def branch(self, name: str) -> Branch:
        """What protects a branch; what cannot be read is Unknown, each part for itself."""
        try:
            raw = self._rules(name)
        except JitbotError as error:
            gap = Unknown(why=str(error))
            return Branch(name=name, rules=gap, classic=self._classic(name)[0], bypasses=gap)
        classic, allowed = self._classic(name)
        bypasses = self._bypasses(raw)
        together = bypasses if isinstance(bypasses, Unknown) else (*bypasses, *allowed)
        if isinstance(classic, Unknown) and not isinstance(together, Unknown) and not together:
            together = Unknown(why=classic.why)
        return Branch(name=name, rules=protection(raw), classic=classic, bypasses=together)

    @translated
    def has_branch(self, name: str) -> bool:
        """Whether there is such a branch."""
        return _found(self._client, f"/branches/{quote(name)}") is not None

    @translated
    def job_tokens(self) -> JobTokens:
        """What a job's token may do by default; admins alone may read it."""
        raw = self._client.get("/actions/permissions/workflow")
        approves = raw["can_approve_pull_request_reviews"]
        return JobTokens(default=str(raw["default_workflow_permissions"]), approves=approves is not False)

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
    def _rules(self, branch: str) -> list[dict[str, Any]]:
        return list(self._client.pages(f"/rules/branches/{quote(branch)}"))

    def _classic(self, branch: str) -> tuple[Protection | Unknown, tuple[Bypass, ...]]:
        """Classic protection, and who may pass it by; GitHub shows it to admins alone."""
        try:
            raw = self._read_classic(branch)
        except JitbotError as error:
            return Unknown(why=f"classic protection: {error}"), ()
        return (Protection(), ()) if raw is None else (classic_protection(raw), tuple(_allowances(raw)))

    @translated
    def _read_classic(self, branch: str) -> dict[str, Any] | None:
        try:
            return self._client.get(f"/branches/{quote(branch)}/protection")
        except GithubException as error:
            said = error.data.get("message") if isinstance(error.data, dict) else ""
            # Whoever may not look is told another 404: only these two say that there is nothing to see.
            if error.status == _NOT_FOUND and said in ("Branch not protected", "Branch not found"):
                return None
            if error.status in (401, 403, _NOT_FOUND):
                raise DeniedError(_NEEDS_ADMIN) from error
            raise

    def _bypasses(self, rules: Iterable[Mapping[str, Any]]) -> tuple[Bypass, ...] | Unknown:
        found: list[Bypass] = []
        for number in sorted({int(rule["ruleset_id"]) for rule in rules}):
            try:
                raw = self._ruleset(number)
            except JitbotError as error:
                return Unknown(why=str(error))
            if not isinstance(raw.get("bypass_actors"), list):
                return Unknown(why=f"the bypass list of ruleset {raw.get('name', number)}: {_NEEDS_ADMIN}")
            found += [_bypass(each, str(raw["name"])) for each in raw["bypass_actors"]]
        return tuple(found)

    @translated
    def _ruleset(self, number: int) -> dict[str, Any]:
        return self._client.get(f"/rulesets/{number}")


def protection(rules: Iterable[Mapping[str, Any]]) -> Protection:
    """What the active rules of a branch come to; a kind that is not known here asks for nothing."""
    total = Protection()
    for rule in rules:
        total = total.plus(_of_rule(str(rule["type"]), rule.get("parameters") or {}))
    return total


def _of_rule(kind: str, asked: Mapping[str, Any]) -> Protection:
    match kind:
        case "non_fast_forward":
            return Protection(force_push_blocked=True)
        case "deletion":
            return Protection(deletion_blocked=True)
        case "pull_request":
            methods = asked.get("allowed_merge_methods")
            return Protection(
                pull_request=True,
                approvals=int(asked["required_approving_review_count"]),
                code_owners=asked["require_code_owner_review"] is True,
                dismisses_stale=asked["dismiss_stale_reviews_on_push"] is True,
                last_push_approval=asked["require_last_push_approval"] is True,
                methods=frozenset(map(str, methods)) if methods else None,
            )
        case "required_status_checks":
            return Protection(
                statuses=frozenset(str(each["context"]) for each in asked["required_status_checks"]),
                up_to_date=asked["strict_required_status_checks_policy"] is not False,
            )
        case _:
            return Protection()


def classic_protection(raw: Mapping[str, Any]) -> Protection:
    """What a classic protection asks for."""
    reviews, checks = raw.get("required_pull_request_reviews"), raw.get("required_status_checks")
    asked = reviews or {}
    return Protection(
        force_push_blocked=not _enabled(raw, "allow_force_pushes"),
        deletion_blocked=not _enabled(raw, "allow_deletions"),
        pull_request=reviews is not None,
        approvals=int(asked.get("required_approving_review_count") or 0),
        code_owners=asked.get("require_code_owner_reviews") is True,
        dismisses_stale=asked.get("dismiss_stale_reviews") is True,
        last_push_approval=asked.get("require_last_push_approval") is True,
        statuses=frozenset(map(str, (checks or {}).get("contexts", ()))),
        up_to_date=(checks or {}).get("strict") is True,
    )


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


def _flag(raw: Mapping[str, Any], name: str) -> bool | None:
    value = raw.get(name)
    return value if isinstance(value, bool) else None


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
