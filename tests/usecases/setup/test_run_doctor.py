"""Doctor in memory: acme's files, GitHub's answers and the accounts' roles, each of which turns its own checks."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW, PROD, an_actor, the_settings
from github_facts import HOSTING, LEDGER, MAIN, MAIN_RULES, asking, without
from plain_set_up import PlainSetUp, a_repository
from plain_trees import PlainTrees

from jitbot.adapters import documents
from jitbot.domain.aws.roles import Actual, Receipt
from jitbot.domain.model.documents import AccountId, Finding, GithubId
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.notifications.channels import NO_CHANNELS
from jitbot.domain.setup.doctor.github import desired_settings
from jitbot.domain.setup.doctor.report import Check, CheckVerdict
from jitbot.usecases.setup.apply_settings import read
from jitbot.usecases.setup.run_doctor import (
    DoctorTarget,
    RepositoryFiles,
    judged,
    repository_files,
    run_doctor,
)

API = "https://x.example/api/v3"
ISSUER = "https://x.example/_services/token"
WARN, WRONG, UNKNOWN = CheckVerdict.WARN, CheckVerdict.WRONG, CheckVerdict.UNKNOWN
NO, NO_ANSWER = DeniedError("no"), UnavailableError("no network")
CLOCK = ".github/workflows/clock.yml"
ENGINEERS = "arn:aws:iam::222222222222:role/engineers"
# acme keeps these on purpose: its rules are owned by teams alone, and dave alone owns what he may ask for.
KEPT = {"codeowners-teams": WARN, "approvers-service-logs-read-alone": WARN}


def acme(**files: str | None) -> PlainTrees:
    """acme's main; `settings="…"` replaces policies/settings.yaml, and None takes a file away."""
    trees = PlainTrees()
    settings = trees.files["policies/settings.yaml"].decode().replace("https://x.example", ISSUER)
    for name, text in {"settings": settings, **files}.items():
        path = {"owners": ".github/CODEOWNERS", "clock": CLOCK}.get(name, f"policies/{name}.yaml")
        trees.files.pop(path, None)
        if text is not None:
            trees.files[path] = text.encode()
    return trees


def edited(path: str, old: str, new: str) -> PlainTrees:
    """acme's main, with another text somewhere."""
    trees = acme()
    text = trees.files[path].decode()
    assert old in text
    trees.files[path] = text.replace(old, new).encode()
    return trees


@dataclass(slots=True, kw_only=True)
class Accounts:
    """The accounts, of which some let nobody in."""

    closed: dict[str, JitbotError] = field(default_factory=dict)
    roles: dict[tuple[str, str], Actual | JitbotError] = field(default_factory=dict)
    policies: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def enter(self, account_id: AccountId) -> Any:
        """One of them."""
        if account_id in self.closed:
            raise self.closed[account_id]

        def read(name: str) -> tuple[Actual | None, Receipt]:
            self.asked.append((account_id, name))
            found = self.roles.get((account_id, name))
            if isinstance(found, JitbotError):
                raise found
            return found, Receipt(at=NOW, request_ids=())

        def policy(name: str) -> Any:
            self.asked.append((account_id, name))
            found = self.policies.get((account_id, name))
            if isinstance(found, JitbotError):
                raise found
            return found

        return SimpleNamespace(read=read, policy=policy)


def a_role(**changes: Any) -> Actual:
    """A role that anybody could enter."""
    role = Actual(
        account_id=PROD,
        role_name="engineers",
        role_id="AROAENGINEERSEXAMPLE1",
        path="/",
        trust_policy={},
        permissions_boundary="",
        max_session_duration=3600,
        inline_policies={},
        attached=(),
        tags={},
    )
    return replace(role, **changes)


def examined(
    trees: PlainTrees | None = None,
    site: PlainSetUp | None = None,
    accounts: Accounts | None = None,
    *,
    github: bool = True,
    aws: bool = True,
) -> tuple[Check, ...]:
    """What doctor says of it a minute after the schedule's last run."""
    trees = trees or acme()
    site = site or PlainSetUp(ran_at=NOW - timedelta(minutes=1))
    shipped = {
        path.rpartition("/")[2]: text.decode()
        for path, text in PlainTrees().files.items()
        if path.startswith(".github/workflows/")
    }
    target = DoctorTarget(
        git=trees,  # type: ignore[arg-type]  # no more of it is asked
        documents=documents,
        github=site.port,
        api_url=API,
        page="https://x.example/acme/access",
        shipped=shipped,
        at=NOW,
        cloud=lambda: accounts or Accounts(),
    )
    return run_doctor(target, github=github, aws=aws)


def seen(*what: Any) -> dict[str, CheckVerdict]:
    """What is not fine, of files and GitHub."""
    checks = examined(*what, aws=False)
    return {
        each.code: each.verdict
        for each in checks
        if each.verdict is not CheckVerdict.OK and KEPT.get(each.code) is not each.verdict
    }


def groups(checks: Iterable[Check]) -> set[str]:
    """Of all of them."""
    return {each.group for each in checks}


def test_acme_is_well() -> None:
    """But for what it keeps on purpose; each part can be left out."""
    found = examined(aws=False)
    assert {each.code: each.verdict for each in found if each.verdict is not CheckVerdict.OK} == KEPT
    codes = [each.code for each in found]
    assert len(codes) == len(set(codes))
    assert {"break-glass-merges", "approvers-sqs-redrive", "reviewers-production-break-glass"} < set(codes)
    files = groups(examined(github=False, aws=False))
    assert files == {"files", "CODEOWNERS", "who approves", "workflows"}
    github = groups(found)
    assert github >= files | {"main", "ledger", "repository", "people.yaml", "teams.yaml", "chat"}
    assert "AWS" not in github
    assert groups(examined(github=False)) == files | {"AWS", "people.yaml"}


def test_on_github_com_the_source_of_the_checks_is_asked_for() -> None:
    """Elsewhere nobody knows the number of the App."""
    site = PlainSetUp(of=a_repository(html_url="https://github.com/acme/access"), ran_at=NOW)
    assert seen(acme(), site) == {"main-status-source": WARN}


def test_a_workflow_that_github_does_not_know_is_said() -> None:
    """In words."""
    found = examined(acme(), PlainSetUp(ran_at=NOW, states={"sweep.yml": None}), aws=False)
    (sweep,) = (each for each in found if each.code == "workflow-sweep")
    assert sweep.observed == "GitHub says that it knows no such workflow"


NO_OWNERS = "codeowners-reads"
EMPTY = "people: {}\n"


@pytest.mark.parametrize(
    ("trees", "ills"),
    [
        (edited("policies/access/ssm-shell.yaml", "description:", "descriptio:"), {"files-read": WRONG}),
        (edited("policies/notify.yaml", "channels:", "channel:"), {"files-read": WRONG}),
        (edited("policies/settings.yaml", "700001", "700002"), {"settings-repository-id": WRONG}),
        (edited("policies/settings.yaml", "namespace", "namespaces"), {"files-read": WRONG}),
        (edited("policies/accounts.yaml", "prod:", "prod"), {"files-read": WRONG}),
        (edited("policies/people.yaml", "people:", "persons:"), {"files-read": WRONG}),
        (edited("policies/teams.yaml", "acme/sre:", "acme/sre"), {"files-read": WRONG}),
        (edited("policies/teams.yaml", "acme/data: [grace]", "acme/data: [grace, frank]"), {"team-acme-data": WARN}),
        (edited(".github/CODEOWNERS", "@acme/sre", "@acme/sre[x]"), {NO_OWNERS: WRONG}),
        (edited(".github/CODEOWNERS", "/policies/ ", "/policiess/ "), {"codeowners-rules": WRONG}),
        (edited(".github/workflows/grant.yml", "timeout-minutes: 15", "timeout-minutes: 5"), {"workflow-grant-as-shipped": WARN}),
        (edited(".github/workflows/grant.yml", "6a69" * 10, "v1"), {"workflow-pins": WRONG}),
        (acme(owners=None), {NO_OWNERS: WRONG}),
        (acme(notify=None), {}),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_it_should_be_turns_its_check(
    trees: PlainTrees, ills: dict[str, CheckVerdict]
) -> None:
    """And those that depend on it are not asked, or unknown; nothing else changes."""
    found = seen(trees)
    assert {code: found.get(code) for code in ills} == ills
    others = found.keys() - ills.keys()
    follow = ("approvers-", "people-", "reviewers-", "codeowners-", "team-")
    assert all(each.startswith(follow) for each in others) if ills else not others, others


def test_what_does_not_read_is_named_three_times_at_most() -> None:
    """With file and line."""
    trees = edited("policies/access/ssm-shell.yaml", "description:", "descriptio:")
    for name in ("sqs-redrive", "s3-prefix-read", "account-read-only"):
        trees.files[f"policies/access/{name}.yaml"] = b"x: ["
    (check,) = (each for each in examined(trees, github=False, aws=False) if each.code == "files-read")
    assert check.observed.count("; ") == 2
    assert check.observed.startswith("policies/access/account-read-only.yaml:1: ")


def test_a_file_that_is_not_there_has_no_line() -> None:
    """It is named alone."""
    trees = acme()
    del trees.files["policies/teams.yaml"]
    (check,) = (each for each in examined(trees, github=False, aws=False) if each.code == "files-read")
    assert check.observed == "policies/teams.yaml: there is no policies/teams.yaml"


def test_owners_that_do_not_read_are_said_once() -> None:
    """All other checks of CODEOWNERS would say the same; GitHub's own reading of it stays."""
    for trees in (acme(owners=None), edited(".github/CODEOWNERS", "@acme/sre", "@acme/sre[x]")):
        codes = {each.code for each in examined(trees, aws=False) if each.group == "CODEOWNERS"}
        assert codes == {NO_OWNERS, "codeowners-errors"}
        assert not [each for each in examined(trees, aws=False) if each.code.startswith("approvers-")]


ANOTHER = replace(an_actor("erin"), github_id=GithubId(1999))
WEAKER = replace(MAIN, rules=without(MAIN_RULES, "deletion"))
QUEUE = replace(MAIN, rules=(*MAIN_RULES, {"type": "merge_queue"}))
OTHER_RULE = replace(LEDGER, rules=(*LEDGER.rules, {"type": "new"}))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "ills"),
    [
        ({"of": replace(a_repository(), repository_id=7)}, {"settings-repository-id": WRONG}),
        ({"of": a_repository(trunk="trunk", default_branch="trunk")}, {"default-branch": WRONG}),
        ({"of": replace(a_repository(), answer={**HOSTING.answer, "web_commit_signoff_required": True})}, {"web-commit-sign-off": WARN}),
        ({"of": a_repository(allow_auto_merge=False)}, {"auto-merge": WARN}),
        ({"of": a_repository(has_issues=False)}, {"issues": WARN}),
        ({"of": a_repository(archived=True)}, {"not-archived": WRONG}),
        ({"actions": {"enabled": False}}, {"actions-on": WRONG}),
        ({"actions": {"enabled": True, "allowed_actions": "local_only"}}, {"actions-allowed": WRONG}),
        ({"actions": NO}, {"actions-on": UNKNOWN, "actions-allowed": UNKNOWN}),
        ({"subject": {"use_default": False, "include_claim_keys": ["actor"]}}, {"oidc-subject": WRONG}),
        ({"subject": NO}, {"oidc-subject": UNKNOWN}),
        ({"branches": {"main": WEAKER, "ledger": LEDGER}}, {"main-deletion": WRONG}),
        ({"branches": {"main": QUEUE, "ledger": LEDGER}}, {"main-merge-queue": WRONG}),
        ({"branches": {"main": MAIN, "ledger": replace(LEDGER, rules=without(LEDGER.rules, "deletion"))}}, {"ledger-deletion": WRONG}),  # type: ignore[arg-type]
        ({"branches": {"main": MAIN, "ledger": OTHER_RULE}}, {"ledger-other-rules": UNKNOWN}),
        ({"limited": None}, {"chat-environment": WARN}),
        ({"secrets": frozenset({"JITBOT_CHANNELS"})}, {"chat-secret-place": WRONG}),
        ({"owners_errors": (Finding(code="x", message="Unknown owner", file="f", line=1, column=1),)}, {"codeowners-errors": WRONG}),
        ({"owners_errors": NO}, {"codeowners-errors": UNKNOWN}),
        ({"states": {"sweep.yml": "disabled_inactivity"}}, {"workflow-sweep": WRONG}),
        ({"states": {"sweep.yml": None}}, {"workflow-sweep": WRONG}),
        ({"states": {"sweep.yml": NO_ANSWER}}, {"workflow-sweep": UNKNOWN}),
        ({"ran_at": NOW - timedelta(hours=7)}, {"workflow-clock-on-time": WRONG}),
        ({"ran_at": NO}, {"workflow-clock-on-time": UNKNOWN}),
        ({"accounts": {"erin": ANOTHER}}, {"people-ids": WRONG}),
        ({"accounts": {"erin": None}}, {"people-exist": WRONG}),
        ({"accounts": {"erin": NO}}, {"people-exist": UNKNOWN, "people-ids": UNKNOWN}),
        ({"permissions": {"frank": "read"}}, {"people-write": WRONG}),
        ({"permissions": {"frank": NO}}, {"people-write": UNKNOWN}),
    ],
)  # fmt: skip
def test_what_github_says_turns_its_check(changes: dict[str, Any], ills: dict[str, CheckVerdict]) -> None:
    """One thing that is not as it should be is one finding; what cannot be seen is unknown, and all else is still seen."""
    github = PlainSetUp(**{"ran_at": NOW, **changes})
    assert seen(acme(), github) == ills


def test_teams_are_compared_as_github_shows_them() -> None:
    """One that it shows otherwise, or not at all while it shows others; and none, as to a job's token."""
    teams = PlainSetUp().teams
    github = PlainSetUp(ran_at=NOW, teams={**teams, "acme/sre": frozenset({"frank"}), "acme/data": None})
    assert seen(acme(), github) == {"team-acme-sre": WRONG, "team-acme-data": WARN}
    github = PlainSetUp(ran_at=NOW, teams={**teams, "acme/sre": NO})
    assert seen(acme(), github) == {"team-acme-sre": UNKNOWN}
    assert set(seen(acme(), PlainSetUp(ran_at=NOW, teams={})).values()) == {UNKNOWN}


def test_the_wrong_token_is_refused() -> None:
    """One that may not even read the repository."""
    with pytest.raises(DeniedError):
        seen(acme(), PlainSetUp(of=NO))


def test_only_workflows_that_are_there_are_asked_for() -> None:
    """One that main does not have is missing, whatever GitHub would say of it; so is its schedule."""
    github = PlainSetUp(ran_at=NO)
    found = {each.code: each for each in examined(acme(clock=None), github, aws=False)}
    assert found["workflow-clock"].observed == "main does not have it"
    assert "workflow-clock-on-time" not in found
    assert ("clock.yml" in github.asked, "grant.yml" in github.asked) == (False, True)


def test_settings_that_do_not_read_are_compared_with_nothing() -> None:
    """Neither with GitHub, nor with accounts, whose roles are named by them."""
    trees, accounts = edited("policies/settings.yaml", "namespace", "namespaces"), Accounts()
    codes = {each.code for each in examined(trees, accounts=accounts)}
    assert not any(each.startswith(("settings-", "aws-", "shared-")) for each in codes)
    assert accounts.asked == []


def judge(count: int, trees: PlainTrees) -> str:
    """What the row of main's approvals says, where GitHub asks for reviewers of policies by path."""
    reviewer = {
        "reviewer": {"id": 1, "type": "Team"},
        "minimum_approvals": 1,
        "file_patterns": ["policies/**"],
    }
    rules = asking(
        MAIN_RULES,
        "pull_request",
        required_approving_review_count=count,
        required_reviewers=[reviewer],
    )
    github = PlainSetUp(branches={"main": replace(MAIN, rules=rules), "ledger": LEDGER})
    row = next(each for each in desired_settings.MAIN if each.check.code == "main-approvals")
    files = repository_files(trees, documents, NOW)  # type: ignore[arg-type]  # no more of it is asked
    return judged(row, read(github.port), files).observed


def test_approvals_are_judged_with_the_owned_paths_in_mind() -> None:
    """Where CODEOWNERS reads: otherwise nobody knows which paths are owned, and the row alone answers."""
    assert "no required reviewer surely covers" in judge(0, acme())
    for trees in (acme(owners=None), edited(".github/CODEOWNERS", "@acme/sre", "@acme/sre[x]")):
        answer = judge(0, trees)
        assert answer
        assert "required reviewer" not in answer


def in_aws(accounts: Accounts, trees: PlainTrees | None = None) -> dict[str, Check]:
    """What doctor says of them."""
    return {each.code: each for each in examined(trees, None, accounts, github=False)}


def test_each_account_is_looked_at() -> None:
    """Its three roles and the boundary; one that lets nobody in is unknown in all of them, and stops no other."""
    accounts = Accounts(closed={"333333333333": NO, "222222222222": NO})
    found = in_aws(accounts)
    for purpose in ("grant", "sweep", "audit"):
        assert found[f"aws-prod-{purpose}"].observed == "AWS has no such role there"
        assert f"aws-prod-{purpose}-may" not in found
        for code in (f"aws-data-{purpose}", f"aws-data-{purpose}-may"):
            assert (found[code].verdict, found[code].observed) == (UNKNOWN, "no")
    assert found["aws-prod-boundary"].verdict is WRONG
    assert (found["aws-data-boundary"].verdict, found["aws-data-boundary"].observed) == (UNKNOWN, "no")
    names = [f"jitbot-{each}" for each in ("grant", "sweep", "audit", "boundary")]
    assert sorted(accounts.asked) == sorted(
        (account, name) for account in ("111111111111", "012345670123") for name in names
    )


def test_a_role_that_cannot_be_read_is_unknown_alone() -> None:
    """And one that is there is judged by what it is."""
    accounts = Accounts(
        roles={
            (PROD, "jitbot-grant"): NO_ANSWER,
            (PROD, "jitbot-sweep"): a_role(inline_policies={"permissions": {}}),
        },
        policies={(PROD, "jitbot-boundary"): NO},
    )
    found = in_aws(accounts)
    assert (found["aws-prod-grant"].verdict, found["aws-prod-grant-may"].observed) == (UNKNOWN, "no network")
    assert found["aws-prod-sweep"].observed == "its trust policy is not the one statement of the template"
    assert found["aws-prod-sweep-may"].verdict is WRONG
    assert (found["aws-prod-boundary"].verdict, found["aws-prod-boundary"].observed) == (UNKNOWN, "no")


BY_SAML = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML"}]}


@pytest.mark.parametrize(
    ("role", "closed", "observed"),
    [
        (a_role(trust_policy=BY_SAML), {}, ""),
        (a_role(trust_policy=BY_SAML, path="/other/"), {}, "AWS knows no such role"),
        (None, {}, "AWS knows no such role"),
        (NO, {}, "no"),
        (None, {"222222222222": NO_ANSWER}, "no network"),
    ],
)
def test_a_role_that_people_share_is_read_where_it_is(
    role: Any, closed: dict[str, JitbotError], observed: str
) -> None:
    """By its name and its path: another role of that name elsewhere is not it."""
    accounts = Accounts(roles={("222222222222", "engineers"): role}, closed=closed)
    found = in_aws(accounts)["shared-role-222222222222-engineers"]
    assert (found.observed, found.verdict is CheckVerdict.OK) == (observed, not observed)


def files(trees: PlainTrees, at: datetime = NOW) -> RepositoryFiles:
    """What main holds."""
    return repository_files(trees, documents, at)  # type: ignore[arg-type]  # no more of it is asked


def test_main_is_read_once() -> None:
    """Every file; of requests, of which there may be a great many, one for each policy's folder."""
    trees = acme()
    for path in ("requests/new/2026-11/a.yaml", "requests/new/2026-11/b.yaml", "docs/deep/x.md", "README.md"):
        trees.files[path] = b"x"
    trees.files |= {
        ".github/workflows/more.yaml": b"a",
        ".github/workflows/notes.md": b"b",
        ".github/actions/own/action.yaml": b"runs: {using: composite}",
        "policies/access/notes.md": b"c",
        "other/x.yml": b"d",
        "other/policies.yaml": b"e",
        ".github/workflows/odd.yml": b"\xff",
    }
    found = files(trees)
    paths = {path for path in trees.files if not path.startswith("requests/new/")}
    assert sorted(found.files) == sorted({*paths, "requests/new/any"})
    shipped = {"audit.yml", "check.yml", "clock.yml", "grant.yml", "notify.yml", "revoke.yml", "sweep.yml"}
    folder = ".github/workflows/"
    runs = {f"{folder}{name}" for name in (*shipped, "more.yaml", "odd.yml")}
    assert found.runs.keys() == {*runs, ".github/actions/own/action.yaml"}
    assert found.runs[f"{folder}odd.yml"].text == "�"
    assert found.settings == replace(the_settings(), issuer=ISSUER, review_every=timedelta(days=90))
    assert [each.name for each in found.policies] == sorted(each.name for each in found.policies)
    assert len(found.policies) == 8
    assert (found.channels == NO_CHANNELS, found.findings) == (False, ())


def test_a_request_that_is_no_file_of_a_folder_is_a_file() -> None:
    """As the note that lies beside the folders."""
    assert "requests/README.md" in files(acme()).files


def test_what_does_not_read_is_empty_with_its_findings() -> None:
    """Nothing that depends on it stops."""
    trees = acme(people="x: [", teams="x: [", accounts="x: [", notify="x: [", settings="x: [")
    trees.files["policies/access/ssm-shell.yaml"] = b"x: ["
    found = files(trees)
    assert (found.settings, found.people, found.accounts, found.channels) == (None, {}, {}, NO_CHANNELS)
    assert (found.teams, found.roster.everybody, len(found.policies)) == ({}, {}, 7)
    names = [each.file.removeprefix("policies/") for each in found.findings]
    assert list(dict.fromkeys(names)) == [
        "settings.yaml",
        "accounts.yaml",
        "people.yaml",
        "teams.yaml",
        "notify.yaml",
        "access/ssm-shell.yaml",
    ]


def test_teams_are_those_of_the_moment() -> None:
    """A member whose time is over is none."""
    text = "acme/sre: [dave, {login: frank, until: 2026-11-24}]\n"
    before, after = (files(acme(teams=text), NOW + timedelta(days=days)).teams for days in (-2, 2))
    assert (before["acme/sre"], after["acme/sre"]) == (("dave", "frank"), ("dave",))
