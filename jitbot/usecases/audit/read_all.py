"""The whole ledger, read once from its first commit to its last, offline. Only attested batches count."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.audit.history.ledger_history import AttestedCommit, LedgerHistory, RecordedEvent
from jitbot.domain.audit.verify import integrity
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batch_verifier import BatchVerifier, Signatures, VerifiedBatch
from jitbot.domain.ledger.batches import AddedCommit, Claims
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import HistoryStep
from jitbot.domain.ledger.kept_event import EventKeeper
from jitbot.domain.model.bounds import PATHS_TOGETHER
from jitbot.domain.model.documents import ISSUER_KEYS, Sha
from jitbot.ports.git import Git
from jitbot.usecases.audit.passed_over import PassedOver
from jitbot.usecases.audit.unfollowed import content_at
from jitbot.usecases.ledger.verify_batches import BatchReader, read_keys

_AT_ONCE = 400  # commits whose tokens are read together


def read_ledger_history(
    git: Git,
    signatures: Signatures,
    *,
    settings: Sequence[Tenure],
    keys: Mapping[str, str],
    keep: Callable[[Event], Event] | None = None,
    person: str = "",
) -> LedgerHistory:
    """Every attested event of the fetched ledger, with the commit it came in, and what else lies there.

    `settings` are today's first, then those of this repository's former names, each for its time. `keys` are those
    that somebody vouches for. Without any, the keys of the first batch count, and the history is not `anchored`.
    The issuer is not asked. `keep` gives what is kept of each event, if that is less than all of it: every event is read
    and judged as a whole before. With `person`, a login, batches are passed over that cannot change what is said of that person.
    """
    verifier = BatchVerifier(
        signatures=signatures, settings=settings, keys=dict(keys), keep=keep or EventKeeper().keep
    )
    passed = PassedOver(git, person, known_keys=keys) if person else None
    reader = _Reader(git=git, verifier=verifier, passed=passed)
    head = git.ledger()
    steps = git.ledger_steps(head)
    for part in _portions(steps):
        reader.take(part)
    if passed is not None and passed.keys_differ:  # then the order of all batches decides which key counts
        return read_ledger_history(git, signatures, settings=settings, keys=keys, keep=keep)
    return reader.history(head, anchored=bool(keys))


def _portions(steps: Iterable[HistoryStep]) -> Iterator[list[HistoryStep]]:
    part, left = list[HistoryStep](), PATHS_TOGETHER
    for step in steps:
        part.append(step)
        left -= len(step.touched)
        if len(part) == _AT_ONCE or left < 0:
            yield part
            part, left = [], PATHS_TOGETHER
    if part:
        yield part


def pinned_keys(git: Git) -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    content = content_at(git, git.main(), ISSUER_KEYS)
    return {} if content is None else read_keys(content, f"{ISSUER_KEYS} on main")


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads the ledger part by part, and notes everything suspicious about its commits."""

    git: Git
    verifier: BatchVerifier
    passed: PassedOver | None = None
    problems: list[tuple[int, AuditFinding]] = field(default_factory=list)
    _steps: dict[Sha, HistoryStep] = field(default_factory=dict)  # of the part that is judged now
    _dates: dict[Sha, datetime] = field(default_factory=dict)  # of what counts, and of what is judged later
    _batches: BatchReader = field(init=False)

    def __post_init__(self) -> None:
        self._batches = BatchReader(
            verifier=self.verifier,
            contents=lambda blobs, most: dict(self.git.contents(blobs, most)),
            again=self._again,
            judged=self._judged,
        )

    def take(self, steps: Sequence[HistoryStep]) -> None:
        """Judge these commits, and read the events of those that count."""
        self._steps = {step.commit: step for step in steps}
        added = [step.added for step in steps]
        first = next((each for each in added if batches.token_of(each) is not None), None)
        if not self.verifier.keys and first is not None:  # believed only because nobody vouches for any
            self._batches.trust(first)
        over = frozenset[Sha]() if self.passed is None else self.passed.choose(steps, self._batches.commits)
        self._batches.take(added, passed_over=over)
        later = over | (self._batches.waiting.keys() & self._steps.keys())
        self._dates |= {commit: self._steps[commit].at for commit in later}

    def history(self, head: Sha, *, anchored: bool) -> LedgerHistory:
        """All that was read."""
        if self.passed is not None:
            self._batches.settle()  # what waits for a key that counts by now may concern the person
            while again := self.passed.concerning(self.verifier, waiting=bool(self._batches.waiting)):
                self._batches.take_passed_over(again)
                self._batches.settle()
        self._batches.finish()
        for order, each in self.verifier.unreadable:
            self._note(order, integrity.unreadable(each))
        recorded: dict[str, RecordedEvent] = {}
        copies: dict[str, list[Sha]] = {}
        known = [_batch(batch, self._dates[batch.commit]) for batch in self.verifier.ordered]
        for batch, made in zip(self.verifier.ordered, known, strict=True):
            for event, path in batch.events:  # the first of a key is the one that counts
                first = recorded.setdefault(event.key, RecordedEvent(event=event, batch=made, path=path))
                if first.batch is not made and first.event == event:
                    copies.setdefault(event.key, []).append(made.commit)
        for key, commits in copies.items():
            recorded[key] = replace(recorded[key], copies=tuple(commits))
        ordered = sorted(recorded, key=lambda key: (recorded[key].batch.order, recorded[key].event.at, key))
        return LedgerHistory(
            head=head,
            recorded=tuple(recorded[key] for key in ordered),
            batches=tuple(known),
            signers=dict(self.verifier.keys),
            anchored=anchored,
            problems=tuple(each for _, each in sorted(self.problems, key=lambda each: each[0])),
            commits=self._batches.commits,
            in_doubt=self.verifier.in_doubt,
            passed_over=0 if self.passed is None else self.passed.count,
        )

    def _again(self, commits: Sequence[Sha]) -> Iterator[AddedCommit]:
        for step in self.git.ledger_again(commits):
            self._steps[step.commit] = replace(step, at=self._dates[step.commit])
            yield step.added

    def _judged(self, added: AddedCommit, order: int, verdict: Claims | str) -> None:
        step = self._steps[added.commit]
        if isinstance(verdict, str):
            self._note(order, integrity.problems(step, verdict))
        else:
            self._dates[step.commit] = step.at
            self._note(order, integrity.problems(step, None))
            self._note(order, integrity.redated(step, verdict.issued_at))

    def _note(self, order: int, found: Iterable[AuditFinding]) -> None:
        self.problems += [(order, problem) for problem in found]


def _batch(found: VerifiedBatch, at: datetime) -> AttestedCommit:
    claims = found.claims
    return AttestedCommit(
        commit=found.commit,
        order=found.order,
        at=at,
        issued_at=claims.issued_at,
        workflow=claims.workflow,
        run=claims.run,
        actor_id=claims.actor_id,
    )
