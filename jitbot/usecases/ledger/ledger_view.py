"""The ledger, as a run reads it: only batches that this repository's own workflows attested count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from jitbot.domain.access import request_state
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.batch_verifier import BatchVerifier
from jitbot.domain.ledger.batches import (
    AddedCommit,
    Claims,
    Doubt,
    Unreadable,
)
from jitbot.domain.ledger.events import STOPS, Event, EventType
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model.bounds import EVER, MEMORY, OLDER_BATCHES
from jitbot.domain.model.documents import ISSUER_KEYS, Finding, Sha
from jitbot.domain.model.errors import InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.text.amount import many
from jitbot.ports.git import Git
from jitbot.ports.oidc import Oidc
from jitbot.usecases.context import Context, file_at_main
from jitbot.usecases.ledger.former_names import Tenures
from jitbot.usecases.ledger.verify_batches import BatchReader, read_keys

MOST_REPORTED = 20  # of the commits that are ignored: a flood of them must not drown the report
_AT_ONCE = 200  # commits held at a time


@dataclass(frozen=True, kw_only=True)
class LedgerView:
    """The part of the ledger that can still matter. Not slotted: the states are folded once, when they are needed."""

    head: Sha
    main: Sha  # whose code owners vouched for keys
    events: tuple[Event, ...]
    ignored: tuple[Finding, ...]  # what lies there without a valid attestation, or cannot be read
    doubt: str  # why commits that may be jitbot's own could not be checked; empty if all were checked
    signers: Mapping[str, str]  # every key that counts, by its id
    in_doubt: Doubt = field(default_factory=Doubt)  # what the events that cannot be read may be about

    @cached_property
    def states(self) -> Mapping[str, request_state.RequestState]:
        """Every request of the events, folded."""
        return request_state.fold_events(self.events)

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """Every stop that is recorded, lifted or not."""
        return stops_of(self.events)

    def state(self, request: str) -> request_state.RequestState:
        """The state of a request; of one that no event names, that alone which the stops say."""
        return self.states.get(request) or request_state.RequestState(request=request, stops=self.stops)

    def about(self, request: str) -> list[Event]:
        """All events of which the state of a request is made."""
        return [event for event in self.events if event.request == request or event.kind in STOPS]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all events: what is recorded already."""
        return frozenset(event.key for event in self.events)

    def doubt_of(self, request: str) -> str:
        """Why the state of this request is unknown; empty if it is known."""
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


@dataclass(slots=True, kw_only=True)
class LedgerReader:
    """Reads the last 21 days of the fetched ledger: all of it once, then only what is new.

    With `since`, it also reads older batches, those alone that have the line `saying` in their message, or a request
    under one of the `policies`: the newest ones, and `left_out` says if there are more.
    """

    context: Context
    at: datetime
    since: datetime | None = None
    saying: str = ""
    policies: tuple[str, ...] = ()
    left_out: str = ""
    _last: LedgerView | None = None
    _keys: Mapping[str, str] = field(default_factory=dict)  # those that counted before anything was read
    _ignored: dict[int, Finding] = field(default_factory=dict)
    _batches: BatchReader = field(init=False)

    def read(self) -> LedgerView:
        """The ledger as it was fetched: the commits that were read before, and the new ones."""
        git = self.context.git
        last, head, main = self._last, git.ledger(), git.main()
        if last is not None and not last.doubt and (head, main) == (last.head, last.main):
            return last
        self._last = None  # a reading that stops in its middle is begun anew
        live, trouble = _live_keys(self.context.issuer)
        keys = {**_owned_keys(git), **live}
        # A ledger that no longer holds what was read is another one.
        if last is None or keys != self._keys or not git.holds(head, last.head):
            self._begin(keys)
            self._take(commits := self._commits())
            if more := self._misdated(commits):
                self._begin(keys)
                self._take(more)
        else:
            self._take(git.batches(EVER, after=last.head))
        self._last = self._view(head, main, trouble)
        return self._last

    def _begin(self, keys: Mapping[str, str]) -> None:
        git, context = self.context.git, self.context
        since = min(self.at - MEMORY, self.since or self.at)
        tenures = Tenures(context=context, since=since)
        self._keys, self._ignored = keys, {}
        self._batches = BatchReader(
            verifier=BatchVerifier(signatures=context.issuer, settings=tenures, keys=dict(keys)),
            contents=git.small,
            again=git.added,
            judged=self._judged,
            filed=git.filed,
        )

    def _commits(self) -> Sequence[Sha]:
        """The commits that claim to be of the last 21 days, and the older ones that are asked for."""
        recent = self.context.git.batches(self.at - MEMORY)
        if self.since is None:
            return recent
        known = set(recent)
        older = [each for each in self._older(self.since) if each not in known]
        if len(older) > OLDER_BATCHES:
            unread, all_of_them = len(older) - OLDER_BATCHES, many(len(older), "older batch", "older batches")
            self.left_out = f"the oldest {unread:,} of {all_of_them} are not read"
        return (*older[-OLDER_BATCHES:], *recent)

    def _misdated(self, commits: Sequence[Sha]) -> Sequence[Sha]:
        """These commits and those that are made after an attested one of the last 21 days, if one of them claims to be older.

        A commit has the date that its author chooses. An attested batch names its parent, so its history is older.
        """
        since = self.at - MEMORY
        counted = self._batches.verifier.ordered
        first = next((each.commit for each in counted if each.claims.issued_at >= since), None)
        later = self.context.git.misdated(since, first) if first is not None else ()
        known = set(later)
        if known.issubset(commits):
            return ()
        return (*(each for each in commits if each not in known), *later)

    def _older(self, since: datetime) -> Sequence[Sha]:
        """The commits whose message has the line, or names a request under one of the policies."""
        if not self.policies:
            return self.context.git.batches(since, saying=self.saying)
        lines = tuple(f"Request: {REQUESTS}{policy}/" for policy in self.policies)
        return self.context.git.batches(since, beginning=lines)

    def _take(self, commits: Sequence[Sha]) -> None:
        """Read these commits too."""
        for start in range(0, len(commits), _AT_ONCE):
            self._batches.take_named(commits[start : start + _AT_ONCE])
        self._batches.finish()

    def _view(self, head: Sha, main: Sha, trouble: str) -> LedgerView:
        """What was read."""
        verifier = self._batches.verifier
        loaded = [event for batch in verifier.ordered for event, _ in batch.events]
        unique = {event.key: event for event in reversed(loaded)}  # the first of a key is the one that counts
        order = sorted((event.at, event.kind, key) for key, event in unique.items())  # as their paths sort
        ignored = [self._ignored[number] for number in sorted(self._ignored)]
        return LedgerView(
            head=head,
            main=main,
            events=tuple(unique[key] for _, _, key in order),
            ignored=(*_ignored_findings(ignored), *(_unread(each) for _, each in verifier.unreadable)),
            doubt=_doubt(self._batches, trouble),
            signers=dict(verifier.keys),
            in_doubt=verifier.in_doubt,
        )

    def _judged(self, added: AddedCommit, order: int, verdict: Claims | str) -> None:
        """Note a commit that does not count. The branch's first commit, before any attestation, is not a finding."""
        first = not added.parent and not any(batches.is_ours(entry.path) for entry in added.entries)
        if isinstance(verdict, Claims) or first:
            self._ignored.pop(order, None)  # no key had spoken for it before
            return
        self._ignored[order] = Finding(
            code="unattested",
            message=f"commit {added.commit[:10]} of the ledger is ignored: {verdict}",
            file=added.entries[0].path if added.entries else "nothing added",
            hint="find out who pushed it; it has no effect",
        )


def read(
    context: Context, now: datetime, *, since: datetime | None = None, requester: str = ""
) -> LedgerView:
    """Read the fetched ledger once, for a command that changes nothing; with `since`, older batches of one requester too."""
    return LedgerReader(context=context, at=now, since=since, saying=f"Requester: {requester}").read()


def _doubt(reader: BatchReader, trouble: str) -> str:
    """Why commits that do not count may still be jitbot's own; empty if they cannot.

    One commit with an unknown key, beside others that count, is a forgery. If nothing counts, all commits may be
    jitbot's own, signed before the issuer changed its keys. Then live grants must not be treated as orphans.
    """
    unchecked = len(reader.waiting)
    if unchecked and trouble:
        return f"{trouble}, and {many(unchecked, 'batch', 'batches')} cannot be checked without it"
    if unchecked and not reader.verifier.verified:
        return (
            f"nothing in the ledger counts, and keys that the issuer does not publish signed "
            f"{many(unchecked, 'batch', 'batches')}: if it changed its keys, add the old one to {ISSUER_KEYS}"
        )
    for _, each in reader.verifier.unreadable:
        if not each.requests and not each.idle:  # it is unknown what it ends, or whose access
            return f"the ledger's commit {each.commit[:10]} cannot be read by this jitbot: {each.why}"
    return ""


def _ignored_findings(ignored: Sequence[Finding]) -> Iterator[Finding]:
    """The latest of what is ignored, and how many more there are."""
    if (more := len(ignored) - MOST_REPORTED) > 0:
        message = f"ignored too: {many(more, 'earlier commit')} of the ledger"
        hint = "find out who pushed them; they have no effect"
        yield Finding(code="unattested", message=message, file="ledger", hint=hint)
    yield from ignored[-MOST_REPORTED:]


def _unread(found: Unreadable) -> Finding:
    about = ", ".join(sorted(found.requests)[:3]) or "what it is about is unknown"
    return Finding(
        code="unreadable",
        message=f"commit {found.commit[:10]} of the ledger is attested, and cannot be read whole ({found.why}): {about}",
        file=found.path,
        hint="nothing is given to these requests, and nothing of theirs ends but by a revocation or a deletion",
    )


def _live_keys(issuer: Oidc) -> tuple[Mapping[str, str], str]:
    try:
        return issuer.keys(), ""
    except JitbotError as error:
        return {}, str(error)


def _owned_keys(git: Git) -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    content = file_at_main(git, ISSUER_KEYS)
    if content is None:
        return {}
    try:
        return read_keys(content, f"{ISSUER_KEYS} on main")
    except InvalidError as error:
        raise UnavailableError(str(error)) from error
