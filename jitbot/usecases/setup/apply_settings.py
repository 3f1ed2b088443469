"""The use case init --apply: set up the repository on GitHub, one change after the other."""

from collections.abc import Iterator

from jitbot.domain.ledger.events import LEDGER
from jitbot.domain.model.documents import Settings
from jitbot.domain.model.errors import DeniedError, InvalidError
from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github import other_rules, setting_changes
from jitbot.domain.setup.doctor.github.chat_environment import (
    CHAT_ENVIRONMENT,
    ENVIRONMENT_BRANCHES,
    environment,
)
from jitbot.domain.setup.doctor.github.github_state import ENVIRONMENT, GitHubState
from jitbot.domain.setup.doctor.report import CheckVerdict, tried
from jitbot.ports.github_read import GitHubRead
from jitbot.ports.github_write import GitHubWrite


def read(github: GitHubRead) -> GitHubState:
    """How the repository is set up now. Raises DeniedError or UnavailableError where not even the repository is shown."""
    return GitHubState(
        hosting=github.hosting(),
        main=github.protection("main"),
        ledger=github.protection(LEDGER),
        has_ledger=tried(lambda: github.tip(LEDGER) is not None),
        job_tokens=tried(github.job_tokens),
        environment=tried(lambda: github.environment(ENVIRONMENT)),
        secrets=tried(github.shared_secrets),
    )


def ready(github: GitHubRead, settings: Settings) -> None:
    """Raise InvalidError unless main holds what the rules will rest on: protected too early, nobody could add it."""
    found = github.hosting()
    if (found.full_name, found.repository_id) != (settings.repository, settings.repository_id):
        raise InvalidError(
            f"policies/settings.yaml is that of {settings.repository} ({settings.repository_id}), "
            f"and GitHub's is {found.full_name} ({found.repository_id}): fix it first"
        )
    errors = github.codeowners_errors()
    if errors is None:
        raise InvalidError(
            "main on GitHub has no CODEOWNERS yet: push the files that `jitbot init` wrote to main first"
        )
    for error in errors:
        raise InvalidError(
            f"{error.place}: GitHub says {error.message}; under the rules nobody could fix that"
        )


def apply_settings(github: GitHubRead, github_write: GitHubWrite) -> Iterator[tuple[str, bool]]:
    """Each change in words, and whether it had to be made. Safe to stop and to repeat."""
    state = read(github)
    due, app = desired.due(state), state.hosting.actions_app
    if any(check.verdict is not CheckVerdict.OK for check in other_rules.status_source(state)):
        due |= {desired.MAIN_RULESET}
    if environment(state).verdict is not CheckVerdict.OK:
        due |= {CHAT_ENVIRONMENT}
    for change in setting_changes.ALL_CHANGES:
        if change in due and change is desired.LEDGER_BRANCH:
            _begin(github_write)
        elif change in due and change is CHAT_ENVIRONMENT:
            github_write.limit_environment(ENVIRONMENT, ENVIRONMENT_BRANCHES)
        elif change in due:
            github_write.change_setting(
                change.method, change.path, setting_changes.body(change, actions_app=app)
            )
        yield change.title, change in due


def _begin(github_write: GitHubWrite) -> None:
    files = {"README.md": setting_changes.LEDGER_README}
    commit = github_write.create_root_commit(files, setting_changes.LEDGER_MESSAGE)
    try:
        github_write.create_branch(LEDGER, commit)
    except DeniedError as error:
        raise DeniedError(
            f"{error}. GitHub does not sign this commit: if a rule requires signed commits on every branch, take the "
            f"branch {LEDGER} out of it, run this again, and put it back; what jitbot adds later is signed"
        ) from error
