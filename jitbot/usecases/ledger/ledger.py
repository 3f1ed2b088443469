"""The ledger, read and written: only batches that this repository's own workflows attested count."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from jitbot.domain.access import request_state
from jitbot.domain.enforce.plan import Doubt
from jitbot.domain.ledger import attestation, batches, commit_message, events
from jitbot.domain.ledger.attestation import Batch, Tenure
from jitbot.domain.ledger.batches import AddedCommit, Claims, Unreadable
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.bounds import BATCH_EVENTS, BATCH_WRITTEN, MEMORY
from jitbot.domain.model.documents import Finding, Sha
from jitbot.domain.model.errors import BranchMovedError, InvalidError, JitbotError, UnavailableError
from jitbot.ports import Oidc, Repository
from jitbot.usecases.context import ISSUER_KEYS, Context, file_at_main
from jitbot.usecases.ledger.verify_batches import BatchReader, read_keys

MOST_TOLD = 20  # of the commits that are ignored: a flood of them must not drown the report
_AT_ONCE = 200  # commits held at a time
# Seconds before each attempt at a ledger that others write too: whoever keeps pushing delays a run, and no more.
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
MOVING = "others keep writing to the ledger, so nothing could be recorded; the next run does it"


@dataclass(frozen=True, kw_only=True)
class LedgerView:
    """What the ledger holds that can still matter. Not slotted: its lives are folded once, when asked for."""

    head: Sha
    main: Sha  # whose code owners vouched for keys
    events: tuple[Event, ...]
    ignored: tuple[Finding, ...]  # what lies there without a valid attestation, or cannot be read
    doubt: str  # why something that may be ours could not be checked; empty if all was
    signers: Mapping[str, str]  # every key that counts, by its id
    in_doubt: Doubt = field(default_factory=Doubt)  # what the events that cannot be read may be about

    @cached_property
    def lives(self) -> Mapping[str, request_state.RequestState]:
        """Every request of the events, folded."""
        return request_state.fold_events(self.events)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all events: what is recorded already."""
        return frozenset(event.key for event in self.events)

    def doubt_of(self, request: str) -> str:
        """Why nobody can tell how this request stands; empty if it can be told."""
        unread = f"an event of the ledger that may be about {request} cannot be read by this jitbot"
        return self.doubt or (unread if request in self.in_doubt.requests else "")

    @property
    def incomplete(self) -> str:
        """Why something may be missing, of one request or of all; empty if nothing is."""
        return self.doubt or next(map(self.doubt_of, sorted(self.in_doubt.requests)), "")

    @property
    def orphans(self) -> tuple[Event, ...]:
        """The ends recorded of roles that no request explains."""
        return tuple(event for event in self.events if event.kind is EventType.ENDED and not event.request)


def read(
    context: Context, now: datetime, *, since: datetime | None = None, requester: str = ""
) -> LedgerView:
    """Read the fetched ledger back to the last moment that can matter, and with `since` what concerns one requester further."""
    repository, issuer = context.repository, context.issuer
    head = repository.ledger()
    live, trouble = _live_keys(issuer)
    commits = repository.batches(now - MEMORY)
    if since is not None:
        older = repository.batches(since, saying=f"Requester: {requester}")
        known = set(commits)
        commits = (*(each for each in older if each not in known), *commits)
    ignored: dict[int, Finding] = {}
    reader = BatchReader(
        contents=repository.small,
        again=repository.added,
        issuer=issuer,
        settings=[Tenure(settings=context.settings)],
        keys={**_owned_keys(repository), **live},
        judged=lambda added, order, verdict: ignored.update(_ignored(added, order, verdict)),
    )
    for start in range(0, len(commits), _AT_ONCE):
        reader.take(repository.added(commits[start : start + _AT_ONCE]))
    reader.finish()
    loaded = [event for batch in reader.verified for event, _ in batch.events]
    unique = {event.key: event for event in reversed(loaded)}
    unreadable = [batch.unreadable for batch in reader.verified if batch.unreadable is not None]
    return LedgerView(
        head=head,
        main=repository.main(),
        events=tuple(sorted(unique.values(), key=lambda event: (event.at, event.path))),
        ignored=(*_told([ignored[order] for order in sorted(ignored)]), *map(_unread, unreadable)),
        doubt=_doubt(reader, trouble, unreadable),
        signers=reader.keys,
        in_doubt=reader.in_doubt,
    )


def read_again(context: Context, history: LedgerView, now: datetime) -> LedgerView:
    """Fetch, and read what `read` gave once more: the same, where neither branch has moved and nothing was in doubt."""
    context.repository.fetch()
    tips = (context.repository.ledger(), context.repository.main())
    return history if tips == (history.head, history.main) and not history.doubt else read(context, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transacted:
    """What was recorded, and the ledger as it reads with it."""

    history: LedgerView
    events: tuple[Event, ...]


Build = Callable[[LedgerView], Sequence[Event]]


def transact(context: Context, now: datetime, build: Build, *, known: LedgerView | None = None) -> Transacted:
    """Record what `build` makes of the ledger as it is, on exactly the head that it saw; it is asked again if that moved.

    `known` is a reading of what is fetched. What was written is read back: only what counts for the next run may be
    acted upon by this one. Raises BranchMovedError if others keep writing, and UnavailableError if what is there
    cannot be checked.
    """
    history = known
    for pause in _PAUSES:
        context.sleep(pause)
        history = history or read(context, now)
        if history.doubt:
            raise UnavailableError(history.doubt)
        new = tuple(build(history))
        try:
            return Transacted(history=_append(context, history, new, now), events=new)
        except BranchMovedError:
            context.repository.fetch()
            history = None
    raise BranchMovedError(MOVING)


def add(context: Context, now: datetime, new: Sequence[Event]) -> Transacted:
    """Record what happened, which stays true whoever else writes meanwhile."""
    return transact(context, now, lambda _: new)


def _doubt(reader: BatchReader, trouble: str, unreadable: Sequence[Unreadable]) -> str:
    """Why what does not count may be ours all the same; empty if it cannot.

    One commit with an unknown key is somebody's forgery. Where nothing else counts, all may be ours, signed
    before the issuer changed its keys: live grants must not pass for orphans then.
    """
    unchecked = len(reader.waiting)
    if unchecked and trouble:
        return f"{trouble}, and {unchecked} batches cannot be checked without it"
    if unchecked and not reader.verified:
        return (
            f"nothing in the ledger counts, and {unchecked} batches were signed with keys that the issuer"
            f" does not publish: if it changed its keys, add the old one to {ISSUER_KEYS}"
        )
    unnamed = next((each for each in unreadable if not each.requests and not each.idle), None)
    if unnamed is not None:  # nobody can tell what it ends, or whom
        return f"the ledger's commit {unnamed.commit[:10]} cannot be read by this jitbot: {unnamed.why}"
    return ""


def _append(context: Context, history: LedgerView, new: Sequence[Event], now: datetime) -> LedgerView:
    """Record events on exactly the head that `history` was read at; those already there are left out.

    Raises BranchMovedError if the ledger has moved: read again, and decide again.
    """
    fresh = [event for event in {event.key: event for event in new}.values() if event.key not in history.keys]
    head = history.head
    in_the_way = _InTheWay(repository=context.repository, head=head)
    for batch in _batches(fresh):
        head = _append_batch(context, head, batch, history.signers, in_the_way)
    return _read_back(context, fresh, now) if fresh else history


def _batches(fresh: Sequence[Event]) -> Iterator[Mapping[str, tuple[Event, bytes]]]:
    """Events in batches that GitHub takes and a reader holds, each with its bytes, by its path."""
    batch: dict[str, tuple[Event, bytes]] = {}
    size = 0
    for event in fresh:
        kept, content = events.bounded(event)
        if batch and (len(batch) == BATCH_EVENTS or size + len(content) > BATCH_WRITTEN):
            yield batch
            batch, size = {}, 0
        batch[kept.path] = (kept, content)
        size += len(content)
    if batch:
        yield batch


def _append_batch(
    context: Context,
    head: Sha,
    batch: Mapping[str, tuple[Event, bytes]],
    signers: Mapping[str, str],
    in_the_way: "_InTheWay",
) -> Sha:
    """Commit one batch. Every path names the head it is made for, so that nothing can lie there already.

    Each batch vouches for all keys that count now: so those of yesterday count under the one of tomorrow.
    """
    told = [event for event, _ in batch.values()]
    files = {batches.filed(path, head): content for path, (_, content) in batch.items()}
    keys = {kid: key for kid, key in signers.items() if _plain(kid)}
    place = (
        f"{told[0].at:%Y/%m/%d}/{batches.folder(head)}"  # by day: one folder of all would grow without end
    )
    files |= {f"{attestation.KEYS}{place}/{kid}.json": f"{key}\n".encode() for kid, key in keys.items()}
    message = commit_message.message(told)
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    token = context.issuer.token(attestation.audience(Batch(parent=head, message=message, blobs=blobs)))
    files[f"{attestation.TOKENS}{place}.jwt"] = f"{token}\n".encode()
    return context.forge.commit("ledger", head, message, files, in_the_way.of(files))


@dataclass(slots=True, kw_only=True)
class _InTheWay:
    """What somebody pushed where a folder must be: it goes, since a record cannot wait for its pusher.

    It is looked for at the fetched head: a later batch of the same record is made on a head that is not fetched,
    and what the batches before it removed is gone.
    """

    repository: Repository
    head: Sha
    gone: set[str] = field(default_factory=set)

    def of(self, files: Iterable[str]) -> tuple[str, ...]:
        """The paths that a commit of these files must remove."""
        folders = batches.folders_of(files) - self.gone
        found = self.repository.entries(self.head, sorted(folders))
        now = tuple(entry.path for entry in found if entry.path in folders and entry.mode != "040000")
        self.gone.update(now)
        return now


def _read_back(context: Context, written: Sequence[Event], now: datetime) -> LedgerView:
    """The ledger with what was just written in it. Raises UnavailableError if it does not count."""
    for pause in (0.0, 0.5, 1.0, 2.0, 4.0):
        context.sleep(pause)
        context.repository.fetch()
        history = read(context, now)
        if all(event.key in history.keys for event in written):
            return history
    raise UnavailableError(
        "what was recorded does not read back as ours; nothing is done on it before it does"
    )


def _ignored(added: AddedCommit, order: int, verdict: Claims | str) -> Mapping[int, Finding]:
    """A commit that does not count. The branch's first, from before anything was attested, is no finding."""
    first = not added.parent and not any(batches.is_ours(entry.path) for entry in added.entries)
    if isinstance(verdict, Claims) or first:
        return {}
    return {
        order: Finding(
            code="unattested",
            message=f"commit {added.commit[:10]} of the ledger is ignored: {verdict}",
            file=added.entries[0].path if added.entries else "nothing added",
            hint="find out who pushed it; it has no effect",
        )
    }


def _told(ignored: Sequence[Finding]) -> Iterator[Finding]:
    """The latest of what is ignored, and how many more there are."""
    if (more := len(ignored) - MOST_TOLD) > 0:
        message = f"{more} earlier commits of the ledger are ignored too"
        hint = "find out who pushed them; they have no effect"
        yield Finding(code="unattested", message=message, file="ledger", hint=hint)
    yield from ignored[-MOST_TOLD:]


def _unread(found: Unreadable) -> Finding:
    about = ", ".join(sorted(found.requests)[:3]) or "what it is about cannot be told"
    return Finding(
        code="unreadable",
        message=f"commit {found.commit[:10]} of the ledger is ours, and cannot be read whole ({found.why}): {about}",
        file=found.path,
        hint="nothing is given to these requests, and nothing of theirs ends but by a revocation or a deletion",
    )


def _live_keys(issuer: Oidc) -> tuple[Mapping[str, str], str]:
    try:
        return issuer.keys(), ""
    except JitbotError as error:
        return {}, str(error)


def _owned_keys(repository: Repository) -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    content = file_at_main(repository, ISSUER_KEYS)
    if content is None:
        return {}
    try:
        return read_keys(content, f"{ISSUER_KEYS} on main")
    except InvalidError as error:
        raise UnavailableError(str(error)) from error


def _plain(kid: str) -> bool:
    return kid.replace("-", "").replace("_", "").isalnum() and kid.isascii()
