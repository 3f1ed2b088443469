"""`jitbot doctor` on the running sandbox: acme is well, and each thing that is not turns its own check."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from desk import NOW, Said, said

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubFault, PullRequestRule
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.organisation import Acme

# acme keeps branches for its clones, and an admin who may bypass; nothing in it sets the statuses that
# `jitbot comment` would. It allows rebase merges for the story of a smuggled rule: here they are off.
PROD = "111111111111"
KNOWN = {
    "delete-branch": "warn",
    "codeowners-teams": "warn",  # its rules are owned by teams alone
    "main-statuses": "warn",
    "main-bypass": "warn",
    "approvers-service-logs-read-alone": "warn",  # dave alone owns it, and may ask for it
}
PASSING = b'{"enforce_admins": {"enabled": true}, "required_pull_request_reviews": {"dismiss_stale_reviews": true, "require_code_owner_reviews": true, "required_approving_review_count": 1, "require_last_push_approval": true}, "allow_force_pushes": {"enabled": false}, "allow_deletions": {"enabled": false}, "required_status_checks": {"strict": false, "contexts": ["jitbot/check", "jitbot/approval"], "checks": []}}'


@pytest.fixture(scope="module")
def running() -> Iterator[Acme]:
    """One sandbox for all tests here."""
    with Acme(Clock(NOW)) as acme:
        yield acme


@pytest.fixture
def acme(running: Acme) -> Iterator[Acme]:
    """acme as it begins, and put back afterwards."""
    repo, site = running.github._site.repository("acme/access"), running.github._site
    main, rules, users = repo.store.tip("main"), dict(site.rules), dict(site.users)
    merging, jobs, teams = dict(repo.merging), dict(repo.job_permissions), dict(site.teams)
    repo.merging = {**merging, "allow_rebase_merge": False}
    environments = dict(repo.environments)
    yield running
    repo.environments = environments
    repo.secrets.clear()
    repo.store.update_ref("refs/heads/main", main)
    site.rules.clear()
    site.rules.update(rules)
    site.users.update(users)
    site.teams.update(teams)
    repo.merging, repo.job_permissions, repo.workflow_states = merging, jobs, {}
    repo.schedules = {}
    running.github.faults = None


def doctor(acme: Acme, *arguments: str, login: str = "olivia") -> Said:
    """Run it in a clone as this person."""
    environ = {"GITHUB_API_URL": acme.github.api_url, "GITHUB_SERVER_URL": acme.github.url}
    environ |= {"GITHUB_TOKEN": acme.token(login)}
    return said("doctor", "--no-aws", *arguments, folder=acme.clone(), environ=environ)


def found(acme: Acme, **more: Any) -> tuple[int, dict[str, str]]:
    """The exit code, and what is not fine."""
    answer = doctor(acme, "--format", "json", **more)
    return answer.code, {
        each["code"]: each["verdict"] for each in answer.json["checks"] if each["verdict"] != "ok"
    }


def change(acme: Acme, path: str, old: str, new: str) -> None:
    """Change a file on main, past everybody; a new text that is empty deletes it."""
    store = acme.github._site.repository("acme/access").store
    tip = store.tip("main") or ""
    text = (store.read(tip, path) or b"").decode()
    assert old in text
    who = Signature(name="olivia", email="olivia@acme.com", when=NOW)
    files = {path: text.replace(old, new).encode()} if new or old != text else {}
    gone = () if files else (path,)
    store.commit_files("main", tip, files, gone, "by hand", who, who)


def pull(**parameters: Any) -> Callable[[Acme], None]:
    """Change a parameter of main's pull request rule."""

    def act(acme: Acme) -> None:
        main = acme.github.rules["main"]
        acme.github.rules["main"] = replace(main, pull_request=replace(PullRequestRule(), **parameters))

    return act


def rule(branch: str, **parameters: Any) -> Callable[[Acme], None]:
    """Change a ruleset."""

    def act(acme: Acme) -> None:
        acme.github.rules[branch] = replace(acme.github.rules[branch], **parameters)

    return act


def repository(name: str, **values: Any) -> Callable[[Acme], None]:
    """Change a setting of the repository."""

    def act(acme: Acme) -> None:
        repo = acme.github._site.repository("acme/access")
        setattr(repo, name, getattr(repo, name) | values)

    return act


def environment(**changes: Any) -> Callable[[Acme], None]:
    """Change the environment of chat."""

    def act(acme: Acme) -> None:
        repo = acme.github._site.repository("acme/access")
        repo.environments["jitbot"] = replace(repo.environments["jitbot"], **changes)

    return act


def edit(path: str, old: str, new: str) -> Callable[[Acme], None]:
    """Change a file on main."""
    return lambda acme: change(acme, path, old, new)


def test_acme_is_well(acme: Acme) -> None:
    """The example organisation passes, with the five warnings that it keeps on purpose."""
    assert found(acme) == (0, KNOWN)
    answer = doctor(acme)
    assert "every promise can hold" in answer.out
    assert answer.err == ""


ILLS: list[tuple[Callable[[Acme], None], dict[str, str]]] = [
    (pull(require_code_owner_review=False), {"main-code-owners": "wrong"}),
    (pull(dismiss_stale_reviews_on_push=False), {"main-dismiss-stale": "wrong"}),
    (pull(require_last_push_approval=False), {"main-last-push": "wrong"}),
    (pull(required_approving_review_count=0), {"main-approvals": "wrong"}),
    (rule("main", block_force_push=False), {"main-force-push": "wrong"}),
    (rule("main", block_deletion=False), {"main-deletion": "wrong"}),
    (rule("main", required_checks=("x",), strict_checks=True), {"main-up-to-date": "warn"}),
    (rule("ledger", block_force_push=False), {"ledger-force-push": "wrong"}),
    (rule("ledger", block_deletion=False), {"ledger-deletion": "wrong"}),
    (rule("ledger", pull_request=PullRequestRule()), {"ledger-writable": "wrong"}),
    (rule("ledger", admins_bypass=True), {"ledger-bypass": "warn"}),
    (repository("merging", allow_rebase_merge=True), {"merge-methods": "wrong"}),
    (repository("merging", allow_auto_merge=False), {"auto-merge": "warn"}),
    (repository("job_permissions", default_workflow_permissions="write"), {"actions-default-read": "warn"}),
    (repository("job_permissions", can_approve_pull_request_reviews=True), {"actions-never-approve": "wrong"}),
    (environment(limits=None), {"chat-environment": "wrong"}),
    (environment(secrets=frozenset()), {"chat-secret": "warn"}),
    (lambda acme: acme.github._site.repository("acme/access").secrets.add("JITBOT_CHANNELS"), {"chat-secret-place": "wrong"}),
    (repository("workflow_states", **{"sweep.yml": "disabled_inactivity"}), {"workflow-sweep": "wrong"}),
    (repository("schedules", **{"clock.yml": timedelta(hours=6, seconds=1)}), {"workflow-clock-on-time": "wrong"}),
    (repository("schedules", **{"clock.yml": None}), {"workflow-clock-on-time": "wrong"}),
    (edit(".github/workflows/grant.yml", "timeout-minutes: 15", "timeout-minutes: 5"), {"workflow-grant-as-shipped": "warn"}),
    (edit(".github/workflows/grant.yml", "6a69" * 10, "v1"), {"workflow-pins": "wrong"}),
    (edit(".github/CODEOWNERS", "@acme/sre", "@acme/sre[x]"), {"codeowners-reads": "wrong", "codeowners-errors": "wrong"}),
    (edit("policies/settings.yaml", "700001", "700002"), {"settings-repository-id": "wrong"}),
    (edit("policies/people.yaml", "github_id: 1005", "github_id: 1999"), {"people-ids": "wrong"}),
    (edit("policies/people.yaml", "  heidi: {github_id: 1008,", "  heide: {github_id: 1008,"), {"people-exist": "wrong", "approvers-s3-prefix-read": "wrong"}),
    (edit("policies/teams.yaml", "acme/payments-leads: [bob]", "acme/payments-leads: [bob, frank]"), {"team-acme-payments-leads": "wrong"}),
    (edit("policies/teams.yaml", "acme/data: [grace]", "acme/data: [grace, frank]"), {"team-acme-data": "warn"}),
    (edit("policies/access/ssm-shell.yaml", "description:", "descriptio:"), {"files-read": "wrong"}),
    (lambda acme: acme.github.add_user("frank", 1006, permission="read"), {"people-write": "wrong"}),
    (lambda acme: acme.github.add_user("mallory", 1666, type="Bot"), {"people-exist": "wrong"}),
]  # fmt: skip


@pytest.mark.parametrize(("harm", "expected"), ILLS, ids=[next(iter(ill)) for _, ill in ILLS])
def test_each_ill_turns_its_own_check(
    acme: Acme, harm: Callable[[Acme], None], expected: dict[str, str]
) -> None:
    """One thing that is not as it should be is one finding more, and the exit code follows."""
    harm(acme)
    code, ills = found(acme)
    new = {name: verdict for name, verdict in ills.items() if name not in KNOWN}
    assert new == expected
    assert code == (1 if "wrong" in expected.values() else 0)


def test_reviewers_by_path_are_read(acme: Acme) -> None:
    """With no general approval the check names an owned path for which no required reviewer is."""
    reviewer = {
        "reviewer": {"id": 1, "type": "Team"},
        "minimum_approvals": 1,
        "file_patterns": ["policies/**"],
    }
    pull(required_approving_review_count=0, required_reviewers=(reviewer,))(acme)
    (check,) = (
        each for each in doctor(acme, "--format", "json").json["checks"] if each["code"] == "main-approvals"
    )
    assert check["verdict"] == "wrong"
    assert "no required reviewer surely covers .github/" in check["says"]


def test_unprotected_is_wrong_and_says_how(acme: Acme) -> None:
    """Without any rule main and ledger fail, each line with its fix."""
    acme.github.rules.clear()
    code, ills = found(acme)
    assert code == 1
    assert {"main-pull-request", "main-code-owners", "ledger-force-push", "ledger-deletion"} <= ills.keys()
    assert "jitbot init --apply" in doctor(acme).out


def test_classic_protection_counts_for_main(acme: Acme) -> None:
    """Classic protection that asks for everything makes main fine without a ruleset."""
    del acme.github.rules["main"]
    acme.github.faults = lambda _, path: (
        GitHubFault(status=200, body=PASSING, headers={"Content-Type": "application/json"})
        if path.endswith("/branches/main/protection")
        else None
    )
    code, ills = found(acme)
    assert (code, {each for each in ills if each.startswith("main-")}) == (0, set())


def test_what_a_writer_cannot_see_is_unknown(acme: Acme) -> None:
    """Without admin rights what GitHub hides is unknown, never fine, and the exit code says try otherwise."""
    code, ills = found(acme, login="alice")
    unknown = {name for name, verdict in ills.items() if verdict == "unknown"}
    assert code == 3
    assert {"main-bypass", "ledger-bypass", "actions-never-approve", "main-statuses"} <= unknown


def test_what_a_job_cannot_see_is_unknown(acme: Acme) -> None:
    """A job's own token sees no team: a team that owns lines is not taken for fine."""
    environ = acme.job("grant.yml")
    answer = said("doctor", "--no-aws", "--format", "json", folder=acme.clone(), environ=environ)
    verdicts = {each["code"]: each["verdict"] for each in answer.json["checks"]}
    assert answer.code == 3
    assert verdicts["team-acme-sre"] == "unknown"
    assert verdicts["actions-never-approve"] == "unknown"


def test_github_down_is_unknown(acme: Acme) -> None:
    """Where one call fails, the checks on it are unknown, and all others are still made."""
    acme.github.faults = lambda _, path: GitHubFault(status=403, body=json.dumps({"message": "no"}).encode()) if "/codeowners/errors" in path else None  # fmt: skip
    code, ills = found(acme)
    assert (code, ills["codeowners-errors"]) == (3, "unknown")
    assert set(ills) == {*KNOWN, "codeowners-errors"}


def test_files_alone(acme: Acme) -> None:
    """Without GitHub the files of main are looked at, and nothing is asked."""
    acme.github.calls.clear()
    answer = doctor(acme, "--no-github", "--all")
    assert answer.code == 0
    assert "every file has an owner" in answer.out
    assert {path for _, path in acme.github.calls if path.startswith("/repos/")} == set()


def test_text_of_others_is_inert(acme: Acme) -> None:
    """What stands in a file moves no cursor and commands no runner."""
    change(
        acme,
        ".github/workflows/grant.yml",
        "uses: actions/checkout@",
        "uses: \x1b[31m::error::##[x]/checkout@",
    )
    answer = doctor(acme)
    assert answer.code == 1
    assert "\x1b" not in answer.out
    assert "##[" not in answer.out


MORE = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
)


def in_aws(acme: Acme) -> dict[str, str]:
    """The verdicts on AWS for an admin of the account prod."""
    github = {"GITHUB_SERVER_URL": acme.github.url, "GITHUB_TOKEN": acme.token("olivia")}
    environ = {**github, **acme.aws.admin(PROD), "AWS_ENDPOINT_URL": acme.aws.url}
    answer = said("doctor", "--no-github", "--format", "json", folder=acme.clone(), environ=environ)
    return {each["code"]: each["verdict"] for each in answer.json["checks"] if each["group"] == "AWS"}


def test_own_roles_are_looked_at(acme: Acme) -> None:
    """The roles of the template are fine; an account that these credentials do not enter is unknown."""
    looked_at = [
        *(f"{each}{more}" for each in ("grant", "sweep", "audit") for more in ("", "-may")),
        "boundary",
    ]
    assert in_aws(acme) == {
        **{f"aws-prod-{each}": "ok" for each in looked_at},
        **{f"aws-{alias}-{each}": "unknown" for alias in ("data", "staging") for each in looked_at},
    }


def test_rights_by_hand_are_found(acme: Acme) -> None:
    """A role that was given more by hand is wrong, and so is a boundary that denies less, or is gone."""
    iam = acme.aws._store.iam(PROD)
    iam.put_role_policy("jitbot-sweep", "more", MORE)
    found = in_aws(acme)
    iam.delete_role_policy("jitbot-sweep", "more")
    assert (found["aws-prod-sweep"], found["aws-prod-sweep-may"]) == ("ok", "wrong")
    policy = iam.managed_policies[f"arn:aws:iam::{PROD}:policy/jitbot-boundary"]
    version = next(each for each in policy.versions if each.is_default)
    before = version.document
    version.document = before.replace('"sts:Assume*"', '"sts:AssumeRoot"')
    assert version.document != before
    found = in_aws(acme)
    version.document = before
    assert found["aws-prod-boundary"] == "wrong"
    gone = iam.managed_policies.pop(policy.arn)
    found = in_aws(acme)
    iam.managed_policies[gone.arn] = gone
    assert found["aws-prod-boundary"] == "wrong"
    assert in_aws(acme)["aws-prod-boundary"] == "ok"


def test_a_role_for_others_is_wrong(acme: Acme) -> None:
    """A role that also lets in another branch is wrong, and so is one that is gone."""
    iam = acme.aws._store.iam(PROD)
    role = iam.get_role("jitbot-grant")
    before = role.assume_role_policy_document
    role.assume_role_policy_document = before.replace("ref:refs/heads/main", "ref:refs/heads/*")
    assert in_aws(acme)["aws-prod-grant"] == "wrong"
    role.assume_role_policy_document = before
    kept = iam.roles.pop(iam.get_role("jitbot-sweep").id)
    found = in_aws(acme)
    iam.roles[kept.id] = kept
    assert (found["aws-prod-grant"], found["aws-prod-sweep"]) == ("ok", "wrong")


def shared_role(acme: Acme, account_id: str) -> str:
    """The verdict on the role that engineers share, for an admin of this account."""
    github = {"GITHUB_SERVER_URL": acme.github.url, "GITHUB_TOKEN": acme.token("olivia")}
    environ = {**github, **acme.aws.admin(account_id), "AWS_ENDPOINT_URL": acme.aws.url}
    answer = said("doctor", "--no-github", "--format", "json", folder=acme.clone(), environ=environ)
    (found,) = [each for each in answer.json["checks"] if each["code"].startswith("shared-role-")]
    return str(found["verdict"])


def test_a_role_whose_session_names_are_chosen_is_wrong(acme: Acme) -> None:
    """Entered by single sign-on it is fine; by sts:AssumeRole under any name it is wrong; unseen it is unknown."""
    identity = "222222222222"
    assert (shared_role(acme, PROD), shared_role(acme, identity)) == ("unknown", "ok")
    role = acme.aws._store.iam(identity).get_role("engineers")
    before, entering = role.assume_role_policy_document, f"arn:aws:iam::{identity}:root"
    statement = {"Effect": "Allow", "Principal": {"AWS": entering}, "Action": "sts:AssumeRole"}
    pinned = {"Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}}
    for more, verdict in (({}, "wrong"), (pinned, "ok")):
        trust = {"Version": "2012-10-17", "Statement": [{**statement, **more}]}
        role.assume_role_policy_document = json.dumps(trust)
        assert shared_role(acme, identity) == verdict
    role.assume_role_policy_document = before
