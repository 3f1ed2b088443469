"""Which repository this is, and what it was called: only settings of main with today's id and issuer say so.

Anyone who may merge can shape main's history: a rebase can leave a tree on main that no owner reviewed. So an older
`settings.yaml` counts only for a former name of this same repository, and only for the time in which main had it.
"""

from itertools import pairwise

from jitbot.domain.audit.history.main_history import MainHistory
from jitbot.domain.ledger.attestation import Tenure, former_names
from jitbot.domain.model.documents import SETTINGS, Parsed, Settings
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.audit.unfollowed import parsed, parsed_at


def tenures(git: Git, documents: DocumentReader, main_history: MainHistory) -> tuple[Tenure, ...]:
    """Today's settings first, then those of former names. Raises UnavailableError if main's tip has none that can be read."""
    read = parsed(git, main_history, SETTINGS, documents.parse_settings)
    today: Parsed[Settings] = read[-1][1] if read else Parsed(value=None)
    if not main_history.sure:  # main's history could not be followed: its tip says itself
        today = parsed_at(git, git.main(), SETTINGS, documents.parse_settings)
    if today.value is None:
        raise UnavailableError(
            f"{SETTINGS} at the tip of main {_trouble(today)}; repair it on main: nobody else says which "
            "repository may attest"
        )
    now = today.value
    earlier = (
        Tenure(settings=found.value, times=(version.at, following.at))
        for (version, found), (following, _) in pairwise(read)
        if found.value is not None
    )
    return (Tenure(settings=now), *former_names(now, earlier))


def _trouble(parsed: Parsed[Settings]) -> str:
    if not parsed.findings:
        return "is missing, or no plain file"
    first = parsed.findings[0]
    return f"cannot be read: line {first.line}: {first.message}"
