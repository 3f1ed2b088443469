"""The whole ledger, read once from its first commit to its last, asking nobody: only what is attested counts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from jitbot.domain import attestation, events
from jitbot.domain.attestation import KEYS, TOKENS, Tenure
from jitbot.domain.audit import tampering, unread
from jitbot.domain.audit.archive import Archive, Batch, Recorded
from jitbot.domain.audit.problems import Problem
from jitbot.domain.errors import InvalidError
from jitbot.domain.events import Event
from jitbot.domain.model import Sha
from jitbot.domain.ports import Issuer
from jitbot.domain.ports.archive import Step, Touched, WholeRepository
from jitbot.lifecycle.sifting import unfiled
from jitbot.lifecycle.world import ISSUER_KEYS

_AT_ONCE = 400  # commits whose tokens are read together
_READ_AT_ONCE = 50  # batches of ours whose events are in memory together
_MOST_FILES = 1000  # of one batch; jitbot writes a tenth of that
_NO_KEY = "no key that counts has signed its attestation"
_NO_BATCH = "it is no batch of additions with one attestation"


def read_archive(
    repository: WholeRepository,
    issuer: Issuer,
    *,
    settings: Sequence[Tenure],
    keys: Mapping[str, str],
) -> Archive:
    """Every attested event of the fetched ledger, with the commit it came in, and what else lies there.

    `settings` are today's first, then those of this repository's former names, each for its time. `keys` are those somebody vouches for; without any, those of the first batch are taken,
    and the archive says that it is not anchored. Nothing is asked of the issuer but to check signatures.
    """
    reader = _Reader(repository=repository, issuer=issuer, settings=settings, keys=dict(keys))
    head = repository.tip("ledger")
    steps = repository.ledger_steps(head)
    while part := list(islice(steps, _AT_ONCE)):
        reader.take(part)
    reader.take_those_in_waiting()
    return reader.archive(head, anchored=bool(keys))


def owned_keys(repository: WholeRepository, *, branch: str = "main") -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    tip = repository.tip(branch)
    blob = repository.blobs_at([(tip, ISSUER_KEYS)]).get((tip, ISSUER_KEYS))
    content = dict(repository.contents([blob])).get(blob) if blob is not None else None
    return {} if content is None else read_keys(content, f"{ISSUER_KEYS} on {branch}")


def read_keys(content: bytes, where: str) -> Mapping[str, str]:
    """A JSON Web Key Set as keys by their id. Raises InvalidError for anything else."""
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(f"{where} is not a JSON Web Key Set: {error}") from error


@dataclass(slots=True)
class _Attested:
    """One commit of the ledger that counts, before its events are read."""

    step: Step
    order: int
    claims: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads the ledger part by part. Only what a token speaks for is read: the rest costs its token alone."""

    repository: WholeRepository
    issuer: Issuer
    settings: Sequence[Tenure]
    keys: dict[str, str]
    recorded: dict[str, tuple[int, Recorded]] = field(default_factory=dict)  # by the event's key
    batches: list[Batch] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    waiting: list[tuple[int, Step, str]] = field(default_factory=list)  # for a key that may count yet
    commits: int = 0
    unread: frozenset[str] = frozenset()

    def take(self, steps: Sequence[Step]) -> None:
        """Judge these commits, and read the events of those that count."""
        numbered = list(enumerate(steps, start=self.commits))
        self.commits += len(steps)
        tokens = self._tokens(step for _, step in numbered)
        if not self.keys:
            self.keys = self._first_keys([step for step in steps if step.commit in tokens])
        accepted = []
        for order, step in numbered:
            verdict = self._judge(step, tokens.get(step.commit, ""), order)
            if isinstance(verdict, _Attested):
                accepted.append(verdict)
            elif verdict == _NO_KEY:
                self.waiting.append((order, step, tokens[step.commit]))
            else:
                self._note(order, tampering.problems(step, verdict))
        self._read(accepted)

    def take_those_in_waiting(self) -> None:
        """Judge again what no key spoke for, as long as that brings keys that count."""
        known = -1
        while self.waiting and len(self.keys) != known:
            known = len(self.keys)
            verdicts = [(each, self._judge(each[1], each[2], each[0])) for each in self.waiting]
            self.waiting = [each for each, verdict in verdicts if verdict == _NO_KEY]
            for (order, step, _), verdict in verdicts:
                if isinstance(verdict, str) and verdict != _NO_KEY:
                    self._note(order, tampering.problems(step, verdict))
            self._read([verdict for _, verdict in verdicts if isinstance(verdict, _Attested)])
        for order, step, _ in self.waiting:
            self._note(order, tampering.problems(step, _NO_KEY))

    def archive(self, head: Sha, *, anchored: bool) -> Archive:
        """All that was read."""
        recorded = sorted(
            self.recorded.values(), key=lambda each: (each[1].batch.order, each[1].event.at, each[0])
        )
        return Archive(
            head=head,
            recorded=tuple(each for _, each in recorded),
            batches=tuple(sorted(self.batches, key=lambda batch: batch.order)),
            signers=dict(self.keys),
            anchored=anchored,
            problems=tuple(each for _, each in sorted(self.problems, key=lambda each: each[0])),
            commits=self.commits,
            unread=self.unread,
        )

    def _tokens(self, steps: Iterable[Step]) -> dict[Sha, str]:
        """The one token of each commit that could be a batch."""
        blobs = {step.commit: _token_of(step) for step in steps}
        contents = dict(self.repository.contents(blob for blob in blobs.values() if blob is not None))
        found = {}
        for commit, blob in blobs.items():
            content = contents.get(blob) if blob is not None else None
            if content is not None:
                found[commit] = content.decode(errors="replace").strip()
        return found

    def _first_keys(self, steps: Sequence[Step]) -> dict[str, str]:
        """The keys that the oldest batch brings: believed only because nobody vouches for any."""
        for step in steps[:1]:
            return self._archived(step)
        return {}

    def _judge(self, step: Step, token: str, order: int) -> _Attested | str:
        """The commit as attested, or why it is not. Times are held against the token when the events are read."""
        if not token:
            return _NO_BATCH
        claims = self.issuer.verified(token, self.keys)
        if claims is None:
            return _NO_KEY
        batch = attestation.Batch(parent=step.parents[0], message=step.message, blobs=_blobs_of(step))
        objections = [
            attestation.objection(claims, batch=batch, settings=each.settings, times=())
            for each in self.settings
            if each.holds(claims.get("iat"))
        ]
        if None in objections:
            return _Attested(step=step, order=order, claims=claims)
        return next(each for each in objections if each is not None)

    def _read(self, accepted: Sequence[_Attested]) -> None:
        """Read the events of commits that count, and learn the keys that they vouch for."""
        for start in range(0, len(accepted), _READ_AT_ONCE):
            part = accepted[start : start + _READ_AT_ONCE]
            blobs = [put.blob for each in part for put in _events_of(each.step)]
            contents = dict(self.repository.contents(blobs))
            for each in part:
                self._take_in(each, contents)
        for each in accepted:
            if any(_key_id(put) not in self.keys for put in _keys_of(each.step)):
                self.keys = {**self._archived(each.step), **self.keys}

    def _take_in(self, attested: _Attested, contents: Mapping[Sha, bytes | None]) -> None:
        issued = datetime.fromtimestamp(int(str(attested.claims["iat"])), UTC)
        loaded = self._events(attested, contents)
        if any(abs(event.at - issued) > attestation.CLOCK_SKEW for event, _ in loaded):
            late = "it records a time more than 10 minutes from when its token was issued"
            self._note(attested.order, tampering.problems(attested.step, late))
        else:
            self._keep(attested, issued, loaded)

    def _events(self, attested: _Attested, contents: Mapping[Sha, bytes | None]) -> list[tuple[Event, str]]:
        """The events that can be read. What cannot is a finding, and puts the requests that it concerns in doubt."""
        step, loaded = attested.step, []
        whole = True
        for put in _events_of(step):
            try:
                event = events.load(unfiled(put.path, step.parents[0]), _there(put, contents))
            except ValueError as error:
                self.problems.append((attested.order, tampering.unreadable(step, put.path, str(error))))
                whole = False
            else:
                loaded.append((event, put.path))
        if not whole:
            self.unread |= unread.concerned(step.message, {event.request for event, _ in loaded})
        return loaded

    def _keep(self, attested: _Attested, issued: datetime, loaded: Iterable[tuple[Event, str]]) -> None:
        step, claims = attested.step, attested.claims
        batch = Batch(
            commit=step.commit,
            order=attested.order,
            at=step.at,
            issued_at=issued,
            workflow=str(claims.get("job_workflow_ref", "")),
            run=str(claims.get("run_id", "")),
        )
        self.batches.append(batch)
        self._note(attested.order, tampering.problems(step, None))
        self._note(attested.order, tampering.redated(step, issued))
        for event, path in loaded:
            other = self.recorded.get(event.key)
            if other is None or attested.order < other[0]:
                self.recorded[event.key] = (attested.order, Recorded(event=event, batch=batch, path=path))

    def _archived(self, step: Step) -> dict[str, str]:
        puts = {put.blob: _key_id(put) for put in _keys_of(step)}
        contents = self.repository.contents(puts)
        return {
            puts[blob]: found.decode(errors="replace").strip()
            for blob, found in contents
            if found is not None
        }

    def _note(self, order: int, found: Iterator[Problem]) -> None:
        self.problems += [(order, problem) for problem in found]


def _there(put: Touched, contents: Mapping[Sha, bytes | None]) -> bytes:
    content = contents[put.blob]
    if content is None:
        raise ValueError(f"{put.path} is not in this clone, or larger than an event")
    return content


def _token_of(step: Step) -> Sha | None:
    """The blob of the one token of a commit that has the shape of a batch: new plain files of ours, one parent."""
    puts = _puts(step)
    tokens = [put.blob for put in puts if put.path.startswith(TOKENS)]
    tidy = step.whole and len(step.parents) == 1 and len(puts) <= _MOST_FILES
    plain = all(put.mode == "100644" and tampering.ours(put.path) for put in puts)
    return tokens[0] if tidy and plain and len(tokens) == 1 and len(puts) > 1 else None


def _puts(step: Step) -> list[Touched]:
    return [each for each in step.touched if each.status != "D"]


def _blobs_of(step: Step) -> dict[str, Sha]:
    return {put.path: put.blob for put in _puts(step) if not put.path.startswith(TOKENS)}


def _events_of(step: Step) -> list[Touched]:
    return [put for put in _puts(step) if put.path.startswith(events.FOLDER)]


def _keys_of(step: Step) -> list[Touched]:
    return [put for put in _puts(step) if put.path.startswith(KEYS)]


def _key_id(put: Touched) -> str:
    return put.path.rpartition("/")[2].removesuffix(".json")
