"""Who may attest, for a run: this repository under the name that it has, and what it attested under a former name.

GitHub writes a repository's name into every token. So after a rename, or a transfer, all that was recorded before names
another repository than the settings do, and must still count: an end stays an end, and a grant is no orphan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.ledger.attestation import Tenure, former_names
from jitbot.domain.model.bounds import EVENT_READ, EVER
from jitbot.domain.model.documents import PLAIN, SETTINGS, Settings, Sha, Source
from jitbot.usecases.context import Context


@dataclass(slots=True, kw_only=True)
class Tenures:
    """Today's settings, then those of former names since a moment. These are read once, where today's do not fit a batch."""

    context: Context
    since: datetime
    _former: tuple[Tenure, ...] | None = None

    def __iter__(self) -> Iterator[Tenure]:
        today = self.context.settings
        yield Tenure(settings=today)
        if self._former is None:
            self._former = tuple(former_names(today, self._earlier()))
        yield from self._former

    def _earlier(self) -> Iterator[Tenure]:
        """What main had before each change of its settings, and from when to when."""
        git, began = self.context.git, EVER
        changes = git.touching_rules(self.since, [SETTINGS])
        for change in git.changes_of_rules(changes, [SETTINGS]):
            settings = self._at(change.base)
            if settings is not None:
                yield Tenure(settings=settings, times=(began, change.at))
            began = change.at

    def _at(self, commit: Sha) -> Settings | None:
        """The settings of a commit; None where it has none that can be read."""
        git = self.context.git
        blobs = [
            entry.blob
            for entry in git.entries(commit, [SETTINGS])
            if (entry.path, entry.mode) == (SETTINGS, PLAIN)
        ]
        contents = git.small(blobs, EVENT_READ).values()
        found = (Source(path=SETTINGS, content=each) for each in contents if each is not None)
        return next((self.context.documents.parse_settings(each).value for each in found), None)
