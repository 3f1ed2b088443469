"""Reads the inputs of `jitbot audit` from a clone: offline, unless a command asks for more."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.git import GitRepository
from jitbot.adapters.oidc import ActionsOidc
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import Settings
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.addresses import server
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import data_root
from jitbot.usecases.audit.verify_ledger import AuditInputs, load_audit_inputs
from jitbot.usecases.ledger.verify_batches import read_keys

_MOST = 1 << 20  # bytes of a file of keys
_PATIENCE = 600  # seconds for one question to git: all of the history may be read for it


def load_inputs(
    invocation: Invocation,
    *,
    keys_file: Path | None,
    online: bool = False,
    keep: Callable[[Event], Event] | None = None,
    person: str = "",
) -> AuditInputs:
    """Everything that the clone around the current folder has. With `online` the issuer's keys are read from the issuer.

    `keep` gives what is kept of each event; without it, all. With `person`, what cannot concern that login is passed over.
    """
    environ = invocation.environ
    git = GitRepository(
        data_root(invocation.folder),
        token=environ.get("GITHUB_TOKEN", ""),
        server=server(environ),
        timeout=_PATIENCE,
        environ=environ,
    )

    def issuer(settings: Settings) -> ActionsOidc:
        return ActionsOidc(settings.issuer, user_agent=f"jitbot/{__version__} (audit)")

    def keys(settings: Settings) -> Mapping[str, str]:
        given = _keys_in(invocation.folder / keys_file) if keys_file is not None else {}
        return {**(issuer(settings).keys() if online else {}), **given}

    return load_audit_inputs(git, documents, issuer=issuer, keys=keys, keep=keep, person=person)


def _keys_in(file: Path) -> Mapping[str, str]:
    try:
        with file.open("rb") as opened:
            return read_keys(opened.read(_MOST), str(file))
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}") from None
