"""REST: what admins set: merging, what jobs may do, rulesets, environments; and what shows a team. Each function is one endpoint."""

from collections.abc import Iterable
from dataclasses import fields, replace

from jitbot.sandbox.github.api import shapes
from jitbot.sandbox.github.api.call import GitHubCall, Json, Reply
from jitbot.sandbox.github.records import HostedEnvironment, PullRequestRule, RefusalError, Ruleset
from jitbot.sandbox.github.rules import branch_rules
from jitbot.sandbox.github.site import HostedRepository

_ADMIN = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
_PULL_REQUEST = {field.name: field for field in fields(PullRequestRule)}


def edit_repository(call: GitHubCall, repo: HostedRepository) -> Reply:
    """PATCH /repos/{owner}/{name}, as far as merging and issues go."""
    _must_administer(call)
    for name, value in call.body.items():
        if name not in repo.merging:
            raise RefusalError(422, f"The sandbox does not know the setting {name}")
        if not isinstance(value, bool):
            raise RefusalError(422, f"Invalid request.\n\nFor '{name}', {value!r} is not a boolean.")
    changed = repo.merging | call.body
    if not any(
        changed[name] for name in changed if name.endswith(("_commit", "_squash_merge", "_rebase_merge"))
    ):
        raise RefusalError(422, "Sorry, you need to allow at least one merge strategy")
    repo.merging = changed
    return Reply(body=shapes.repository(call.site, repo, call.actor))


def get_actions(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/permissions."""
    _must_administer(call)
    return Reply(body=dict(repo.actions))


def get_selected_actions(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/permissions/selected-actions; 409 where none are selected."""
    _must_administer(call)
    if repo.actions.get("allowed_actions") != "selected":
        raise RefusalError(409, "Conflict")
    return Reply(body=dict(repo.selected_actions))


def get_token_subject(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/oidc/customization/sub."""
    _must_administer(call)
    return Reply(body={"sub_claim_prefix": f"repo:{repo.full_name}", **repo.token_subject})


def get_job_permissions(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/permissions/workflow."""
    _must_administer(call)
    return Reply(body=dict(repo.job_permissions))


def set_job_permissions(call: GitHubCall, repo: HostedRepository) -> Reply:
    """PUT actions/permissions/workflow."""
    _must_administer(call)
    changed = repo.job_permissions | call.body
    default, approves = changed["default_workflow_permissions"], changed["can_approve_pull_request_reviews"]
    if len(changed) != 2 or default not in ("read", "write") or not isinstance(approves, bool):
        raise RefusalError(422, "Invalid request.")
    repo.job_permissions = changed
    return Reply(status=204)


def list_rulesets(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET rulesets: without their rules."""
    return call.page(list(call.site.rules.items()), lambda item: _summary(call, repo, *item))


def get_ruleset(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET rulesets/{id}; who may bypass it is shown to those who may edit it."""
    branch, ruleset = _ruleset(call, number)
    return Reply(body=_whole(call, repo, branch, ruleset))


def create_ruleset(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST rulesets, for one branch that has none yet: the sandbox keeps one for each."""
    _must_administer(call)
    branch = _branch(call, repo)
    if branch in call.site.rules:
        raise RefusalError(422, "Validation Failed", (f"Name must be unique, and {branch} has a ruleset",))
    call.site.rules[branch] = _asked(call, call.site.next_id())
    return Reply(status=201, body=_whole(call, repo, branch, call.site.rules[branch]))


def update_ruleset(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """PUT rulesets/{id}."""
    _must_administer(call)
    branch, ruleset = _ruleset(call, number)
    if _branch(call, repo) != branch:
        raise RefusalError(422, "The sandbox keeps a ruleset on its branch")
    call.site.rules[branch] = _asked(call, ruleset.id)
    return Reply(body=_whole(call, repo, branch, call.site.rules[branch]))


def get_protection(call: GitHubCall, repo: HostedRepository, branch: str) -> Reply:
    """GET branches/{branch}/protection: there are rulesets here, and never a classic protection."""
    if call.actor.permission != "admin":
        raise RefusalError(404, "Not Found")
    repo.tip(branch)
    raise RefusalError(404, "Branch not protected")


def list_members(call: GitHubCall, organisation: str, team: str) -> Reply:
    """GET /orgs/{org}/teams/{team_slug}/members: a job's token sees no team."""
    logins = call.site.teams.get(f"{organisation}/{team}".casefold())
    if logins is None or call.actor.type == "Bot":
        raise RefusalError(404, "Not Found")
    known = [call.site.users[login.casefold()] for login in logins if login.casefold() in call.site.users]
    return call.page(known, lambda user: shapes.user(call.site, user))


def _must_administer(call: GitHubCall) -> None:
    if call.actor.permission != "admin":
        raise RefusalError(403, "Must have admin rights to Repository.")


def _ruleset(call: GitHubCall, number: int) -> tuple[str, Ruleset]:
    for branch, ruleset in call.site.rules.items():
        if ruleset.id == number:
            return branch, ruleset
    raise RefusalError(404, "Not Found")


def _summary(call: GitHubCall, repo: HostedRepository, branch: str, ruleset: Ruleset) -> Json:
    created = shapes.moment(repo.created_at)
    return {
        "id": ruleset.id,
        "name": ruleset.name or branch,
        "target": "branch",
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": "active",
        "node_id": f"RRS_{ruleset.id}",
        "_links": {"self": {"href": f"{shapes.api(call.site, repo)}/rulesets/{ruleset.id}"}},
        "created_at": created,
        "updated_at": created,
    }


def _whole(call: GitHubCall, repo: HostedRepository, branch: str, ruleset: Ruleset) -> Json:
    kept = {"type", "parameters"}
    listed = branch_rules.as_listed(ruleset, repo.full_name)
    body = _summary(call, repo, branch, ruleset) | {
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [{name: rule[name] for name in rule if name in kept} for rule in listed],
    }
    if call.actor.permission != "admin":
        return body
    passes = "always" if ruleset.admins_bypass else "never"
    return body | {
        "bypass_actors": [_ADMIN] if ruleset.admins_bypass else [],
        "current_user_can_bypass": passes,
    }


def _branch(call: GitHubCall, repo: HostedRepository) -> str:
    included = ((call.body.get("conditions") or {}).get("ref_name") or {}).get("include") or []
    if len(included) != 1 or call.body.get("target", "branch") != "branch":
        raise RefusalError(422, "The sandbox knows rulesets of one branch")
    name = str(included[0])
    return repo.default_branch if name == "~DEFAULT_BRANCH" else name.removeprefix("refs/heads/")


def _asked(call: GitHubCall, number: int) -> Ruleset:
    if call.text("enforcement") != "active":
        raise RefusalError(422, "The sandbox knows active rulesets alone")
    bypasses = call.body.get("bypass_actors") or []
    if any(each != _ADMIN for each in bypasses):
        raise RefusalError(422, "Actor must be part of the ruleset source or owner organization")
    made = Ruleset(
        id=number,
        name=call.text("name"),
        block_force_push=False,
        block_deletion=False,
        admins_bypass=bool(bypasses),
    )
    for rule in call.body.get("rules") or []:
        made = _with(made, str(rule.get("type")), rule.get("parameters") or {})
    return made


def _with(ruleset: Ruleset, kind: str, asked: Json) -> Ruleset:
    match kind:
        case "deletion":
            return replace(ruleset, block_deletion=True)
        case "non_fast_forward":
            return replace(ruleset, block_force_push=True)
        case "pull_request":
            given = {name: value for name, value in asked.items() if name in _PULL_REQUEST}
            methods = tuple(given.pop("allowed_merge_methods", ("merge", "squash", "rebase")))
            return replace(ruleset, pull_request=PullRequestRule(**given, allowed_merge_methods=methods))
        case "required_status_checks":
            contexts = tuple(str(check["context"]) for check in asked["required_status_checks"])
            strict = asked["strict_required_status_checks_policy"] is True
            return replace(ruleset, required_checks=contexts, strict_checks=strict)
        case _:
            raise RefusalError(422, f"Invalid rule '{kind}': ")


def get_environment(call: GitHubCall, repo: HostedRepository, environment: str) -> Reply:
    """GET environments/{environment_name}."""
    return Reply(body=_environment(call, repo, _hosted(repo, environment)))


def put_environment(call: GitHubCall, repo: HostedRepository, environment: str) -> Reply:
    """PUT environments/{environment_name}: made if it is not there; what else limits it is not known here."""
    _must_administer(call)
    limits = call.body.get("deployment_branch_policy")
    if limits is not None and limits.get("protected_branches") is limits.get("custom_branch_policies"):
        raise RefusalError(422, "Validation Failed")
    known = repo.environments.get(environment) or HostedEnvironment(id=call.site.next_id(), name=environment)
    repo.environments[environment] = replace(known, limits=limits)
    return Reply(body=_environment(call, repo, repo.environments[environment]))


def list_branch_policies(call: GitHubCall, repo: HostedRepository, environment: str) -> Reply:
    """GET environments/{environment_name}/deployment-branch-policies."""
    return _counted(call, "branch_policies", [dict(each) for each in _hosted(repo, environment).policies])


def create_branch_policy(call: GitHubCall, repo: HostedRepository, environment: str) -> Reply:
    """POST environments/{environment_name}/deployment-branch-policies, for one that takes names."""
    _must_administer(call)
    found = _hosted(repo, environment)
    if not (found.limits or {}).get("custom_branch_policies"):
        raise RefusalError(404, "Not Found")
    number = call.site.next_id()
    made = {
        "id": number,
        "node_id": f"GBP_{number}",
        "name": call.text("name"),
        "type": call.text("type", "branch"),
    }
    repo.environments[environment] = replace(found, policies=(*found.policies, made))
    return Reply(body=dict(made))


def delete_branch_policy(call: GitHubCall, repo: HostedRepository, environment: str, number: int) -> Reply:
    """DELETE environments/{environment_name}/deployment-branch-policies/{branch_policy_id}."""
    _must_administer(call)
    found = _hosted(repo, environment)
    kept = tuple(each for each in found.policies if each["id"] != number)
    repo.environments[environment] = replace(found, policies=kept)
    return Reply(status=204)


def list_environment_secrets(call: GitHubCall, repo: HostedRepository, environment: str) -> Reply:
    """GET environments/{environment_name}/secrets: their names."""
    _must_administer(call)
    return _secrets(call, repo, _hosted(repo, environment).secrets)


def list_secrets(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/secrets: the names of the repository's."""
    _must_administer(call)
    return _secrets(call, repo, repo.secrets)


def list_organisation_secrets(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET actions/organization-secrets: the names of those that the organisation shares with the repository."""
    _must_administer(call)
    return _secrets(call, repo, repo.organisation_secrets)


def _hosted(repo: HostedRepository, name: str) -> HostedEnvironment:
    if name not in repo.environments:
        raise RefusalError(404, "Not Found")
    return repo.environments[name]


def _environment(call: GitHubCall, repo: HostedRepository, found: HostedEnvironment) -> Json:
    created = shapes.moment(repo.created_at)
    page = f"{call.site.url}/{repo.full_name}/deployments/activity_log?environments_filter={found.name}"
    return {
        "id": found.id,
        "node_id": f"EN_{found.id}",
        "name": found.name,
        "url": f"{shapes.api(call.site, repo)}/environments/{found.name}",
        "html_url": page,
        "created_at": created,
        "updated_at": created,
        "can_admins_bypass": True,
        "protection_rules": [],
        "deployment_branch_policy": found.limits,
    }


def _secrets(call: GitHubCall, repo: HostedRepository, names: Iterable[str]) -> Reply:
    created = shapes.moment(repo.created_at)
    return _counted(
        call,
        "secrets",
        [{"name": name, "created_at": created, "updated_at": created} for name in sorted(names)],
    )


def _counted(call: GitHubCall, key: str, items: list[Json]) -> Reply:
    """One page of a list that lies in an object beside its length."""
    shown, headers = call.slice(items)
    return Reply(body={"total_count": len(items), key: list(shown)}, headers=headers)
