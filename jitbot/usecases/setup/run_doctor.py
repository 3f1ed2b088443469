"""The use case doctor: read how everything is set up, and report what would break a promise."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from jitbot.domain.aws.iam import own_name
from jitbot.domain.aws.roles import Actual
from jitbot.domain.aws.service_roles import WORKFLOWS
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import (
    FOLDER,
    POLICIES,
    WORKFLOW_ENDS,
    AccountId,
    Accounts,
    Finding,
    Parsed,
    People,
    Policy,
    Settings,
    Sha,
    Source,
    Teams,
    WorkflowFile,
)
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.model.roster import Roster
from jitbot.domain.notifications.channels import NO_CHANNELS, NOTIFY, Channels
from jitbot.domain.setup.doctor import (
    account_roles,
    break_glass,
    ownership,
    people_and_teams,
    repository,
    role_permissions,
    shared_roles,
    workflows,
)
from jitbot.domain.setup.doctor.github import actions_policy, chat_environment, desired_settings, other_rules
from jitbot.domain.setup.doctor.github.github_state import GitHubState
from jitbot.domain.setup.doctor.github.setting import Setting
from jitbot.domain.setup.doctor.report import Check, Unknown, tried
from jitbot.ports.cloud import Account, Cloud
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.collect.collect_case import read_rules, tree_at_main
from jitbot.usecases.setup.apply_settings import read


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorTarget:
    """What is examined: a fetched clone, and its repository on GitHub. `shipped`: this release's workflow files."""

    git: Git
    documents: DocumentReader
    github: GitHubRead
    api_url: str
    page: str  # the repository's page, for people
    shipped: Mapping[str, str]
    at: datetime
    cloud: Callable[[], Cloud]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFiles:
    """What main holds, read once."""

    files: tuple[str, ...]  # of requests one for each policy
    runs: Mapping[str, WorkflowFile]  # workflows and actions, by path
    settings: Settings | None
    codeowners: CodeOwners | None
    people: People
    roster: Roster
    teams: Teams  # as they are now
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]
    accounts: Accounts
    channels: Channels


def run_doctor(target: DoctorTarget, *, github: bool = True, aws: bool = True) -> tuple[Check, ...]:
    """Look at the files of main, at GitHub's settings of the repository, and at jitbot's own roles in AWS."""
    tree = repository_files(target.git, target.documents, target.at)
    checks = list(_files(tree))
    if github:
        checks += _asked(target, tree)
    if aws:
        checks += _entered(target, tree)
    return tuple(checks)


def judged(row: Setting, state: GitHubState, tree: RepositoryFiles, page: str = "") -> Check:
    """A row of the table of desired settings, answered: of main's number of approvals with the owned paths in mind."""
    check = row.compare(state, page)
    if tree.codeowners is None or tree.codeowners.findings:
        return check
    return ownership.by_path(check, tree.files, tree.policies, tree.codeowners, state.main)


def _files(tree: RepositoryFiles) -> Iterator[Check]:
    readable = Check(
        code="files-read",
        group="files",
        title="policies, people and accounts read",
        impact="promise 6: what does not read decides nothing; requests under it are refused",
        fix="jitbot check says where and why",
    )
    yield readable.answer(not tree.findings, "; ".join(each.in_words for each in tree.findings[:3]))
    yield ownership.reading(tree.codeowners)
    if tree.codeowners is not None and not tree.codeowners.findings:  # else all below would say the same
        facts = (tree.codeowners, tree.people, tree.teams)
        yield from ownership.coverage(tree.files, *facts)
        yield from ownership.approvers(tree.policies, *facts)
        yield from break_glass.reviewers(tree.policies, tree.people, tree.teams)
    yield workflows.pins(tree.runs)


def _asked(target: DoctorTarget, tree: RepositoryFiles) -> Iterator[Check]:
    github = target.github
    state = read(github)  # a token that may not even read the repository is the wrong token
    if tree.settings is not None:
        yield from repository.identity(tree.settings, state.hosting, target.api_url)
    for row in (desired_settings.DEFAULT_BRANCH, *desired_settings.MAIN):
        yield judged(row, state, tree, target.page)
    yield from other_rules.status_source(state)
    yield from other_rules.of_main(state.main)
    yield from break_glass.soon(tree.policies, state.main)
    for row in desired_settings.LEDGER:
        yield row.compare(state, target.page)
    yield from other_rules.of_ledger(state.ledger)
    for row in desired_settings.REPOSITORY:
        yield row.compare(state, target.page)
    yield other_rules.sign_off(state.hosting)
    used = [each for file in tree.runs.values() for each in file.uses]
    policy, subject = tried(github.actions_policy), tried(github.token_subject)
    yield from actions_policy.checks(policy, subject, state.hosting, used, target.page)
    yield from chat_environment.checks(state, tree.channels)
    if tree.codeowners is not None and not tree.codeowners.findings:
        yield ownership.of_teams(tree.codeowners, state.main)
    yield ownership.by_github(tried(github.codeowners_errors))
    texts = {path.removeprefix(workflows.FOLDER): file.text for path, file in tree.runs.items()}
    states = {name: _state(github, name) for name in target.shipped if name in texts}
    yield from workflows.present(target.shipped, texts, states)
    if workflows.CLOCK in texts:
        yield workflows.on_time(tried(partial(github.last_scheduled, workflows.CLOCK)), target.at)
    logins = {
        login: people_and_teams.GitHubAccount(
            actor=tried(partial(github.account, login)),
            permission=tried(partial(github.permission, login)),
        )
        for login in tree.people
    }
    yield from people_and_teams.people(tree.people, logins, tree.codeowners, tree.teams)
    members = {team: tried(partial(github.members, team)) for team in tree.roster.everybody}
    yield from people_and_teams.team_members(tree.roster, target.at, members, tree.codeowners)


def _entered(target: DoctorTarget, tree: RepositoryFiles) -> Iterator[Check]:
    settings = tree.settings
    if settings is None:
        return
    for alias, account_id in tree.accounts.items():
        account = tried(partial(_enter, target, account_id))
        own = account_roles.OwnAccount(settings=settings, alias=alias, account_id=account_id)
        for purpose in WORKFLOWS:
            name = own_name(settings, purpose)
            found = account if isinstance(account, Unknown) else tried(partial(_role, account, name))
            yield account_roles.role(own, purpose, found)
            yield from role_permissions.role(own, purpose, found)
        name = own_name(settings, "boundary")
        bounds = account if isinstance(account, Unknown) else tried(partial(account.policy, name))
        yield role_permissions.boundary(own, bounds)
    arns = shared_roles.shared(tree.people)
    yield from shared_roles.check(tree.people, {arn: tried(partial(_shared, target, arn)) for arn in arns})


def _shared(target: DoctorTarget, arn: str) -> Actual | None:
    """A role that people share, where these credentials may read it. Raises DeniedError or UnavailableError if not."""
    account_id, name = shared_roles.place(arn)
    found = _role(_enter(target, account_id), name)
    path = arn.partition(":role")[2].removesuffix(name)
    return found if found is not None and found.path == path else None


def _enter(target: DoctorTarget, account_id: AccountId) -> Account:
    return target.cloud().enter(account_id)


def _role(account: Account, name: str) -> Actual | None:
    return account.read(name)[0]


def _state(github: GitHubRead, name: str) -> str | Unknown:
    state = tried(partial(github.workflow_state, name))
    return "that it knows no such workflow" if state is None else state


def repository_files(git: Git, documents: DocumentReader, at: datetime) -> RepositoryFiles:
    """What main holds, at its fetched tip; the teams as they are at `at`."""
    main = tree_at_main(git)
    files = tuple(_walk(git, main.commit))
    rules = read_rules(main, documents, "")
    accesses = main.read([path for path in files if path.startswith(POLICIES) and path.endswith(".yaml")])
    policies = [
        documents.parse_policy(Source(path=path, content=content))
        for path, content in sorted(accesses.items())
    ]
    contents = main.read([path for path in files if _runs(path)])
    roster = rules.teams.value or Roster(everybody={})
    notify = main.read([NOTIFY]).get(NOTIFY)
    channels = (
        Parsed(value=NO_CHANNELS)
        if notify is None
        else documents.parse_notify(Source(path=NOTIFY, content=notify))
    )
    read: tuple[Parsed[Any], ...] = (
        rules.settings,
        rules.accounts,
        rules.people,
        rules.teams,
        channels,
        *policies,
    )
    return RepositoryFiles(
        files=files,
        runs={
            path: documents.parse_workflow(Source(path=path, content=content))
            for path, content in contents.items()
        },
        settings=rules.settings.value,
        codeowners=rules.codeowners,
        people=rules.people.value or {},
        roster=roster,
        teams=roster.at(at),
        policies=tuple(each.value for each in policies if each.value is not None),
        accounts=rules.accounts.value or {},
        channels=channels.value or NO_CHANNELS,
        findings=tuple(finding for each in read for finding in each.findings),
    )


def _walk(git: Git, commit: Sha) -> Iterator[str]:
    """Every file of a commit; of the requests, which may be a great many, one path for each policy's folder."""
    folders = ["./"]
    while folders:
        found = git.entries(commit, folders)
        folders = []
        for entry in found:
            if entry.mode != FOLDER:
                yield entry.path
            elif entry.path.startswith(REQUESTS):
                yield f"{entry.path}/any"
            else:
                folders.append(f"{entry.path}/")


def _runs(path: str) -> bool:
    return path.startswith(workflows.RUNS) and path.endswith(WORKFLOW_ENDS)
