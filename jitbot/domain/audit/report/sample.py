"""A sample that anybody can draw again: the items whose digests, under a seed, come first.

Which item is drawn depends on the seed, its id and the merge that asked for it: not on the order of the items, nor
on a generator that another version of Python may implement otherwise. A requester chooses the id, but nobody knows
the merge commit's id before the merge: so nobody can choose a name that is never drawn.
"""

import hashlib
from collections.abc import Iterable

from jitbot.domain.audit.verify.grant_record import GrantOutcome, GrantRecord

REFUSALS = 3  # that are drawn as a negative test


def sample(records: Iterable[GrantRecord], *, size: int, seed: str) -> tuple[GrantRecord, ...]:
    """At most `size` of the items, in the order in which they were drawn."""
    return tuple(sorted(records, key=lambda record: rank(record, seed))[:size])


def refusals(records: Iterable[GrantRecord], *, seed: str) -> tuple[GrantRecord, ...]:
    """The refusals that are drawn as a negative test. Of one merge only its first item is among those to draw from."""
    merges: dict[tuple[str, str], GrantRecord] = {}
    for record in records:
        if record.outcome is GrantOutcome.REFUSED:
            merges.setdefault((record.request, merge_commit(record)), record)
    return sample(merges.values(), size=REFUSALS, seed=f"{seed}/refusals")


def rank(record: GrantRecord, seed: str) -> str:
    """The item's place in the draw, as hex: `printf '%s\\n%s\\n%s' SEED ID MERGE_COMMIT | sha256sum` gives the same."""
    return hashlib.sha256(f"{seed}\n{record.id}\n{merge_commit(record)}".encode()).hexdigest()


def merge_commit(record: GrantRecord) -> str:
    """The merge of the first decision on the item; empty where none is recorded."""
    return record.decisions[0].commit if record.decisions else ""
