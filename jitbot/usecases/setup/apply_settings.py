"""The use case init --apply: set the repository up on its host, one step after the other."""

from collections.abc import Iterator

from jitbot.domain.model.documents import Settings
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.setup.doctor import settings as wanted
from jitbot.ports.setup import RepositorySettings, Setup


def ready(setup: Setup, settings: Settings) -> None:
    """Raise InvalidError unless main holds what the rules will rest on: protected too early, nobody could add it."""
    found = setup.hosting()
    if (found.full_name, found.repository_id) != (settings.repository, settings.repository_id):
        raise InvalidError(
            f"policies/settings.yaml is that of {settings.repository} ({settings.repository_id}), "
            f"and GitHub's is {found.full_name} ({found.repository_id}): mend it first"
        )
    errors = setup.codeowners_errors()
    if errors is None:
        raise InvalidError(
            "main on GitHub has no CODEOWNERS yet: push the files that `jitbot init` wrote to main first"
        )
    for error in errors:
        raise InvalidError(
            f"{error.file}:{error.line}: GitHub says {error.message}; under the rules nobody could mend that"
        )


def apply_settings(settling: RepositorySettings) -> Iterator[tuple[str, bool]]:
    """Each step in words, and whether anything had to be changed. Safe to stop and to repeat."""
    begun = settling.begin(wanted.LEDGER, wanted.LEDGER_MESSAGE, wanted.LEDGER_README)
    yield "the branch ledger", begun
    yield "merging", settling.choose_merging()
    yield "what a job's token may do", settling.restrict_jobs()
    yield "the ruleset of the ledger", settling.protect_ledger()
    yield "the ruleset of main", settling.protect_main()
