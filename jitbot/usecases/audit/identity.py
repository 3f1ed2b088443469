"""Which repository this is, and what it was called: only settings of main with today's id and issuer say so.

Main's past belongs to whoever may merge: a rebase can leave a tree on main that no owner saw. So an older
`settings.yaml` counts only for a former name of this very repository, and only for the time in which main had it.
"""

from collections.abc import Sequence

from jitbot.domain.audit.verify.main_history import MainHistory, Version
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.model.documents import Parsed, Settings, Source
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports import DocumentReader
from jitbot.ports.full_git import WholeRepository
from jitbot.usecases.context import SETTINGS

_NOTHING: Parsed[Settings] = Parsed(value=None)


def tenures(
    repository: WholeRepository, documents: DocumentReader, replay: MainHistory
) -> tuple[Tenure, ...]:
    """Today's settings first, then those of former names. Raises UnavailableError if main's tip has none that can be read."""
    versions = replay.versions.get(SETTINGS, ())
    read = _read(repository, documents, versions)
    today = _today(repository, documents) if not replay.sure else read[-1] if read else _NOTHING
    if today.value is None:
        raise UnavailableError(
            f"{SETTINGS} at the tip of main {_trouble(today)}; repair it on main: nobody else says which "
            "repository may attest"
        )
    now = today.value
    former = []
    for version, parsed, following in zip(versions, read, versions[1:], strict=False):
        named = parsed.value
        if named is None or (named.repository_id, named.issuer) != (now.repository_id, now.issuer):
            continue
        if named.repository != now.repository:
            former.append(Tenure(settings=named, times=(version.at, following.at)))
    return (Tenure(settings=now), *former)


def _today(repository: WholeRepository, documents: DocumentReader) -> Parsed[Settings]:
    """What main's tip says itself, where its history could not be followed."""
    tip = repository.tip("main")
    blob = repository.blobs_at([(tip, SETTINGS)]).get((tip, SETTINGS))
    content = dict(repository.contents([blob])).get(blob) if blob is not None else None
    return _NOTHING if content is None else documents.parse_settings(Source(path=SETTINGS, content=content))


def _read(
    repository: WholeRepository, documents: DocumentReader, versions: Sequence[Version]
) -> tuple[Parsed[Settings], ...]:
    """What each version says, each blob parsed once; a version without a blob, or that is not here, says nothing."""
    blobs = {version.blob for version in versions if version.blob is not None}
    known = {
        blob: documents.parse_settings(Source(path=SETTINGS, content=content))
        for blob, content in repository.contents(blobs)
        if content is not None
    }
    return tuple(
        known.get(version.blob, _NOTHING) if version.blob is not None else _NOTHING for version in versions
    )


def _trouble(parsed: Parsed[Settings]) -> str:
    if not parsed.findings:
        return "is missing, or no plain file"
    first = parsed.findings[0]
    return f"cannot be read: line {first.line}: {first.message}"
