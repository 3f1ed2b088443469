"""A ledger in memory, read as audits read it: from its first commit to its last."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from acme_facts import NOW, the_settings
from plain_ledger import PlainLedger

from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.documents import Sha
from jitbot.usecases.audit.read_all import read_ledger_history


def step_of(added: AddedCommit) -> HistoryStep:
    """A commit as a whole reading of the branch shows it."""
    return HistoryStep(
        commit=added.commit,
        parents=(added.parent,) if added.parent else (),
        at=NOW,
        message=added.message,
        touched=tuple(
            Touched(path=each.path, mode=each.mode, blob=each.blob, status="A") for each in added.entries
        ),
    )


def whole(plain: PlainLedger) -> Any:
    """A run's context, whose git answers what audits ask."""
    context: Any = plain.context()
    context.git.fetch()

    def contents(blobs: Iterable[Sha], most: int = 1 << 22) -> Iterator[tuple[Sha, bytes | None]]:
        return iter(context.git.small(list(blobs), most).items())

    def again(commits: Sequence[Sha]) -> Iterator[HistoryStep]:
        return (step_of(each) for name in commits for each in plain.commits if each.commit == name)

    context.git.ledger_steps = lambda _: iter([step_of(each) for each in plain.commits])
    context.git.ledger_again = again
    context.git.contents = contents
    return context


def read(
    plain: PlainLedger, keep: Callable[[Event], Event] | None = None, person: str = "", **keys: str
) -> LedgerHistory:
    """All of it, or what concerns a person, with these keys."""
    context = whole(plain)
    return read_ledger_history(
        context.git,
        context.issuer,
        settings=[Tenure(settings=the_settings())],
        keys=keys,
        keep=keep,
        person=person,
    )
