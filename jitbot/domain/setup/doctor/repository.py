"""How the repository is set up on GitHub, beside its branches."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from jitbot.domain.model.documents import Settings
from jitbot.domain.setup.doctor.branches import Branch
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Question, Unknown, listed

GROUP = "repository"
GITHUBS_ISSUER = "https://token.actions.githubusercontent.com"
SUPPORTED = frozenset({"merge", "squash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The repository, as GitHub says it is. None: GitHub keeps it from this token."""

    full_name: str
    repository_id: int
    default_branch: str
    owner_id: int
    methods: frozenset[str] | None
    auto_merge: bool | None
    deletes_branches: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTokens:
    """What a job may do that asks for nothing: `default` is read or write."""

    default: str
    approves: bool


def is_issuer_of(api_url: str, issuer: str) -> bool:
    """Whether the GitHub whose API is there signs its tokens under this name.

    An enterprise may have a path of its own below it; an Enterprise Server signs under its own host.
    https://docs.github.com/en/actions/reference/security/oidc
    """
    api, asked = urlsplit(api_url), urlsplit(issuer)
    if api.scheme != asked.scheme or asked.query or asked.fragment:
        return False
    if api.netloc == "api.github.com":
        return issuer == GITHUBS_ISSUER or issuer.startswith(f"{GITHUBS_ISSUER}/")
    return asked.netloc in {api.netloc, f"token.actions.{api.netloc.removeprefix('api.')}"}


def identity(settings: Settings, found: Hosting, api_url: str) -> Iterator[Check]:
    """settings.yaml against GitHub."""
    name = Question(
        code="settings-repository",
        group="settings.yaml",
        title="repository is this one",
        means="jobs refuse to run for another repository",
        mend=f"write `repository: {found.full_name}`",
    )
    yield name.answer(settings.repository == found.full_name, f"GitHub calls it {found.full_name}")
    number = Question(
        code="settings-repository-id",
        group="settings.yaml",
        title="repository_id is this one's",
        means="promise 4: attestations of another repository would count, and this one's would not",
        mend=f"write `repository_id: {found.repository_id}`, and roll `jitbot bootstrap` out again",
    )
    yield number.answer(
        settings.repository_id == found.repository_id, f"GitHub's number of it is {found.repository_id}"
    )
    signer = Question(
        code="settings-issuer",
        group="settings.yaml",
        title="the issuer is GitHub's",
        means="promise 4: whoever runs another issuer can attest what they like",
        mend=f"write `issuer: {GITHUBS_ISSUER}`",
    )
    yield signer.answer(is_issuer_of(api_url, settings.issuer), f"it is {settings.issuer}")
    branch = Question(
        code="default-branch",
        group=GROUP,
        title="the default branch is main",
        means="schedules run on the default branch, and every workflow works for main alone",
        mend=f"gh api -X PATCH repos/{found.full_name} -f default_branch=main",
    )
    yield branch.answer(found.default_branch == "main", f"it is {found.default_branch}")


def merging(found: Hosting, main: Branch) -> Iterator[Check]:
    """Which ways to merge there are, and what happens then."""
    rebase = Question(
        code="merge-methods",
        group=GROUP,
        title="merge and squash alone",
        means="a rebase of several commits leaves states on main that no owner was asked about: rules, keys and "
        "settings that were there for a moment; jitbot refuses requests merged so",
        mend=_patch(found, "allow_merge_commit=true", "allow_squash_merge=true", "allow_rebase_merge=false"),
    )
    ruled = None if isinstance(main.rules, Unknown) else main.rules.methods
    if found.methods is None:
        yield (
            rebase.unknown("only whoever may write sees how merging is set")
            if ruled is None
            else _methods(rebase, ruled)
        )
    else:
        yield _methods(rebase, found.methods if ruled is None else found.methods & ruled)
    yield _wish(
        found,
        found.auto_merge,
        code="auto-merge",
        title="auto-merge can be turned on",
        means="people must come back and press Merge once a request is approved",
        setting="allow_auto_merge=true",
    )
    yield _wish(
        found,
        found.deletes_branches,
        code="delete-branch",
        title="merged branches are deleted",
        means="the branch of each request stays until somebody tidies up",
        setting="delete_branch_on_merge=true",
    )


def job_tokens(found: Hosting, tokens: JobTokens | Unknown) -> Iterator[Check]:
    """What every workflow may do by default."""
    path = f"repos/{found.full_name}/actions/permissions/workflow"
    default = Question(
        code="actions-default-read",
        group="Actions",
        title="the job token may only read by default",
        means="a workflow that asks for nothing could write: to the ledger, to branches",
        mend=f"gh api -X PUT {path} -f default_workflow_permissions=read",
        otherwise=CheckVerdict.WARN,
    )
    approving = Question(
        code="actions-never-approve",
        group="Actions",
        title="Actions cannot approve pull requests",
        means="promise 1: a workflow on anybody's branch could approve changes of the rules",
        mend=f"gh api -X PUT {path} -F can_approve_pull_request_reviews=false",
    )
    if isinstance(tokens, Unknown):
        yield default.unknown(tokens.why)
        yield approving.unknown(tokens.why)
        return
    yield default.answer(tokens.default == "read", f"it may {tokens.default}")
    yield approving.answer(not tokens.approves, "they can")


def _methods(question: Question, allowed: frozenset[str]) -> Check:
    if not allowed & SUPPORTED:
        return question.no("neither merge nor squash is allowed")
    return question.answer(allowed <= SUPPORTED, f"allowed: {listed(sorted(allowed))}")


def _wish(found: Hosting, value: bool | None, *, code: str, title: str, means: str, setting: str) -> Check:
    question = Question(
        code=code,
        group=GROUP,
        title=title,
        means=means,
        mend=_patch(found, setting),
        otherwise=CheckVerdict.WARN,
    )
    if value is None:
        return question.unknown("only whoever may write sees this setting")
    return question.answer(value, "it is off")


def _patch(found: Hosting, *settings: str) -> str:
    return f"gh api -X PATCH repos/{found.full_name} " + " ".join(f"-F {each}" for each in settings)
