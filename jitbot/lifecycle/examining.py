"""The use case doctor: read how everything is set up, and say what would not hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from jitbot.domain.codeowners import CodeOwners
from jitbot.domain.doctor import (
    accounts,
    afterwards,
    branches,
    hosting,
    ownership,
    registered,
    rights,
    shared_roles,
    workflows,
)
from jitbot.domain.doctor.diagnosis import Check, Diagnosis, Question, Unknown
from jitbot.domain.errors import DeniedError, UnavailableError
from jitbot.domain.model import AccountId, Accounts, Finding, Parsed, People, Policy, Sha, Source, Teams
from jitbot.domain.ports import Account, Cloud, DocumentReader, Repository
from jitbot.domain.ports.setup import Setup
from jitbot.domain.roles import Actual
from jitbot.domain.service_roles import WORKFLOWS
from jitbot.lifecycle.gathering import CommitTree, read_rules

POLICIES = "policies/access/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined: a fetched repository, and where it is hosted. `shipped`: this release's workflow files."""

    repository: Repository
    documents: DocumentReader
    setup: Setup
    api_url: str
    page: str  # the repository's page, for people
    shipped: Mapping[str, str]
    cloud: Callable[[], Cloud]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What main holds, read once."""

    files: tuple[str, ...]  # of requests one for each policy
    workflows: Mapping[str, str]
    codeowners: CodeOwners | None
    people: People
    teams: Teams
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]
    accounts: Accounts


def examine(patient: Patient, *, github: bool = True, aws: bool = True) -> Diagnosis:
    """Look at the files of main, at what GitHub tells of the repository, and at jitbot's own roles in AWS."""
    tree = _tree(patient)
    checks = list(_files(tree))
    if github:
        checks += _asked(patient, tree)
    if aws:
        checks += _entered(patient, tree)
    return Diagnosis(checks=tuple(checks))


def _files(tree: Tree) -> Iterator[Check]:
    readable = Question(
        code="files-read",
        group="files",
        title="policies, people and accounts read",
        means="promise 6: what does not read decides nothing; requests under it are refused",
        mend="jitbot check says where and why",
    )
    shown = (f"{each.file}:{each.line}: {each.message}" for each in tree.findings)
    yield readable.answer(not tree.findings, "; ".join(list(shown)[:3]))
    yield ownership.reading(tree.codeowners)
    if tree.codeowners is not None and not tree.codeowners.findings:  # else all below would say the same
        facts = (tree.codeowners, tree.people, tree.teams)
        yield from ownership.coverage(tree.files, *facts)
        yield from ownership.approvers(tree.policies, *facts)
        yield from afterwards.reviewers(tree.policies, tree.people, tree.teams)
    yield workflows.pins(tree.workflows)


def _asked(patient: Patient, tree: Tree) -> Iterator[Check]:
    setup = patient.setup
    found = setup.hosting()  # whoever may not even read the repository has come to the wrong place
    settings = read_rules(_main(patient), patient.documents, "").settings.value
    if settings is not None:
        yield from hosting.identity(settings, found, patient.api_url)
    main = setup.branch("main")
    yield from branches.main(main, patient.page)
    yield from afterwards.at_once(tree.policies, main)
    has = tried(partial(setup.has_branch, "ledger"))
    yield from branches.ledger(setup.branch("ledger"), has, patient.page)
    yield from hosting.merging(found, main)
    yield from hosting.job_tokens(found, tried(setup.job_tokens))
    yield ownership.by_github(tried(setup.codeowners_errors))
    states = {name: _state(setup, name) for name in patient.shipped if name in tree.workflows}
    yield from workflows.present(patient.shipped, tree.workflows, states)
    logins = {
        login: registered.Account(
            actor=tried(partial(setup.account, login)),
            permission=tried(partial(setup.permission, login)),
        )
        for login in tree.people
    }
    yield from registered.people(tree.people, logins, tree.codeowners, tree.teams)
    members = {team: tried(partial(setup.members, team)) for team in tree.teams}
    yield from registered.team_members(tree.teams, members, tree.codeowners)


def _entered(patient: Patient, tree: Tree) -> Iterator[Check]:
    settings = read_rules(_main(patient), patient.documents, "").settings.value
    if settings is None:
        return
    for alias, account_id in tree.accounts.items():
        account = tried(partial(_enter, patient, account_id))
        place = rights.Place(settings=settings, alias=alias, account_id=account_id)
        for purpose in WORKFLOWS:
            name = f"{settings.namespace}bot-{purpose}"
            found = account if isinstance(account, Unknown) else tried(partial(_role, account, name))
            role = accounts.OwnRole(alias=alias, account_id=account_id, purpose=purpose, found=found)
            yield from accounts.roles(settings, [role])
            yield from rights.role(place, purpose, found)
        name = f"{settings.namespace}bot-boundary"
        bounds = account if isinstance(account, Unknown) else tried(partial(account.policy, name))
        yield rights.boundary(place, bounds)
    arns = shared_roles.shared(tree.people)
    yield from shared_roles.check(tree.people, {arn: tried(partial(_shared, patient, arn)) for arn in arns})


def _shared(patient: Patient, arn: str) -> Actual | None:
    """A role that people share, where these credentials may read it. Raises DeniedError or UnavailableError if not."""
    account_id, name = shared_roles.place(arn)
    found = _role(_enter(patient, account_id), name)
    path = arn.partition(":role")[2].removesuffix(name)
    return found if found is not None and found.path == path else None


def _enter(patient: Patient, account_id: AccountId) -> Account:
    return patient.cloud().enter(account_id)


def _role(account: Account, name: str) -> Actual | None:
    return account.read(name)[0]


def tried(ask: Callable[[], T]) -> T | Unknown:
    """A fact, or why it cannot be had: a no and no answer are alike here."""
    try:
        return ask()
    except (DeniedError, UnavailableError) as error:
        return Unknown(why=str(error))


def _state(setup: Setup, name: str) -> str | Unknown:
    state = tried(partial(setup.workflow_state, name))
    return "that it knows no such workflow" if state is None else state


def _main(patient: Patient) -> CommitTree:
    return CommitTree(repository=patient.repository, commit=patient.repository.main())


def _tree(patient: Patient) -> Tree:
    main = _main(patient)
    files = tuple(_walk(patient.repository, main.commit))
    rules = read_rules(main, patient.documents, "")
    accesses = main.read([path for path in files if path.startswith(POLICIES) and path.endswith(".yaml")])
    policies = [
        patient.documents.parse_policy(Source(path=path, content=content))
        for path, content in sorted(accesses.items())
    ]
    contents = main.read([path for path in files if _is_workflow(path)])
    read: tuple[Parsed[Any], ...] = (rules.settings, rules.accounts, rules.people, rules.teams, *policies)
    return Tree(
        files=files,
        workflows={path.rpartition("/")[2]: text.decode(errors="replace") for path, text in contents.items()},
        codeowners=rules.codeowners,
        people=rules.people.value or {},
        teams=rules.teams.value or {},
        policies=tuple(each.value for each in policies if each.value is not None),
        accounts=rules.accounts.value or {},
        findings=tuple(finding for each in read for finding in each.findings),
    )


def _walk(repository: Repository, commit: Sha) -> Iterator[str]:
    """Every file of a commit; of the requests, which may be a great many, one path for each policy's folder."""
    folders = ["./"]
    while folders:
        found = repository.entries(commit, folders)
        folders = []
        for entry in found:
            if entry.mode != "040000":
                yield entry.path
            elif entry.path.startswith("requests/"):
                yield f"{entry.path}/any"
            else:
                folders.append(f"{entry.path}/")


def _is_workflow(path: str) -> bool:
    return path.startswith(workflows.FOLDER) and path.endswith((".yml", ".yaml"))
