"""An event as a reader of the ledger keeps it: equal to what was read, in a fraction of the memory."""

import sys
from dataclasses import dataclass, field, replace
from typing import Any

from jitbot.domain.aws.iam import Documents
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.text.packed import Packer


@dataclass(frozen=True, slots=True)
class EventKeeper:
    """Makes events small. Texts that several of them have are kept once, and so are the documents of a role."""

    _packer: Packer = field(default_factory=Packer)

    def keep(self, event: Event) -> Event:
        """The same event, with its large parts packed."""
        return shared(
            event,
            documents=tuple(self._documents(each) for each in event.documents),
            ask=Ask(self._packer.pack(event.ask.json)),
            evidence=Evidence(self._packer.pack(event.evidence.json)),
        )

    def _documents(self, documents: Documents) -> Documents:
        return replace(
            documents,
            role_name=sys.intern(documents.role_name),
            path=sys.intern(documents.path),
            permissions_boundary=sys.intern(documents.permissions_boundary),
            tags={sys.intern(name): sys.intern(value) for name, value in documents.tags.items()},
            trust_policy=self._packer.pack(documents.trust_policy),
            permission_policy=self._packer.pack(documents.permission_policy),
        )


def shared(event: Event, **parts: Any) -> Event:
    """The event with these parts. Texts that several events have are kept once."""
    return replace(
        event,
        request=sys.intern(event.request),
        commit=Sha(sys.intern(event.commit)),
        account=sys.intern(event.account),
        account_id=AccountId(sys.intern(event.account_id)),
        role_name=sys.intern(event.role_name),
        run=sys.intern(event.run),
        **parts,
    )
