"""Which commits of the ledger count: those that a workflow of main attested, whatever else lies beside them.

Anyone who may write can push to the branch. So what is not attested is never read but for its names and its
token, a few commits at a time, and neither its size nor its number can exhaust a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jitbot.domain import attestation, events
from jitbot.domain.attestation import Batch
from jitbot.domain.errors import UnavailableError
from jitbot.domain.events import Event
from jitbot.domain.model import Finding, Settings, Sha
from jitbot.domain.ports import Added, Entry, Issuer, Repository

MOST_TOLD = 20  # of the commits that are ignored: a flood of them must not drown the report
_AT_ONCE = 200  # commits held at a time
_LONGEST_TOKEN = 16_384  # bytes; GitHub's have some two thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One commit of the ledger that counts, with its events."""

    commit: Sha
    events: tuple[Event, ...]


@dataclass(slots=True, kw_only=True)
class Sifted:
    """What was found. `unchecked` counts batches that may be ours, signed with keys that nobody vouches for."""

    keys: dict[str, str]  # every key that counts, by its id
    counted: dict[Sha, Counted] = field(default_factory=dict)
    ignored: dict[Sha, tuple[str, str]] = field(default_factory=dict)  # why, and the first path
    unchecked: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The latest of what is ignored, and how many more there are."""
        told = list(self.ignored.items())[-MOST_TOLD:]
        found = [_finding(commit, why, path) for commit, (why, path) in told]
        if more := len(self.ignored) - len(told):
            message = f"{more} earlier commits of the ledger are ignored too"
            hint = "find out who pushed them; they have no effect"
            found.insert(0, Finding(code="unattested", message=message, file="ledger", hint=hint))
        return tuple(found)


def sift(
    repository: Repository,
    issuer: Issuer,
    settings: Settings,
    keys: Mapping[str, str],
    commits: Sequence[Sha],
) -> Sifted:
    """Of these commits accept what a key that counts attests; each batch so accepted may archive keys that then count too."""
    found = Sifted(keys=dict(keys))
    every = waiting = tuple(commits)
    while waiting:
        known = len(found.keys)
        starts = range(0, len(waiting), _AT_ONCE)
        judge = _Judge(repository=repository, issuer=issuer, settings=settings, found=found)
        unsigned = [each for start in starts for each in judge.sift(waiting[start : start + _AT_ONCE])]
        if len(found.keys) == known:
            found.unchecked = len(unsigned)
            break
        waiting = tuple(unsigned)
    found.counted = {commit: found.counted[commit] for commit in every if commit in found.counted}
    found.ignored = {commit: found.ignored[commit] for commit in every if commit in found.ignored}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Sifts some commits at a time into what was found."""

    repository: Repository
    issuer: Issuer
    settings: Settings
    found: Sifted

    def sift(self, commits: Sequence[Sha]) -> Iterator[Sha]:
        """Sift these; gives those whose key may yet turn out to count."""
        attested: list[tuple[Added, Mapping[str, object]]] = []
        added = self.repository.added(commits)
        tokens = {each.commit: token for each in added if (token := _token(each)) is not None}
        contents = self.repository.small((token.blob for token in tokens.values()), _LONGEST_TOKEN)
        for each in added:
            content = contents[tokens[each.commit].blob] if each.commit in tokens else None
            claims, why = self._claims(each, content)
            if claims is not None:
                attested.append((each, claims))
            elif self._ignore(each, why) and content is not None and self._may_yet_count(content):
                yield each.commit
        self._take(attested)

    def _claims(self, each: Added, content: bytes | None) -> tuple[Mapping[str, object] | None, str]:
        """What a key that counts signed for exactly this batch, or None and why it is no batch of ours."""
        if content is None:
            return None, "it is no batch of additions with one attestation"
        claims = self.issuer.verified(_text(content), self.found.keys)
        if claims is None:
            return None, "no key that counts has signed its attestation"
        why = attestation.objection(claims, batch=_batch(each), settings=self.settings, times=())
        return (claims, "") if why is None else (None, why)

    def _may_yet_count(self, content: bytes) -> bool:
        kid = self.issuer.key_id(_text(content))
        return bool(kid) and kid not in self.found.keys

    def _ignore(self, each: Added, why: str) -> bool:
        """Note a commit that does not count. The branch's first, from before anything was attested, is no finding."""
        if not each.parent and not any(_ours(entry.path) for entry in each.entries):
            return False
        self.found.ignored[each.commit] = (why, each.entries[0].path if each.entries else "nothing added")
        return True

    def _take(self, attested: Sequence[tuple[Added, Mapping[str, object]]]) -> None:
        """Read what attested batches hold, now that nobody else can have written it."""
        contents = self.repository.read(entry.blob for each, _ in attested for entry in each.entries)
        for each, claims in attested:
            told = tuple(_events(each, contents))
            times = [event.at for event in told]
            why = attestation.objection(claims, batch=_batch(each), settings=self.settings, times=times)
            if why is not None:
                self._ignore(each, why)
                continue
            self.found.ignored.pop(each.commit, None)
            self.found.counted[each.commit] = Counted(commit=each.commit, events=told)
            self.found.keys |= {**_keys(each, contents), **self.found.keys}


def _keys(each: Added, contents: Mapping[Sha, bytes]) -> dict[str, str]:
    """The keys that a batch vouches for."""
    return {
        entry.path.rpartition("/")[2].removesuffix(".json"): contents[entry.blob].decode().strip()
        for entry in each.entries
        if entry.path.startswith(attestation.KEYS)
    }


def _text(token: bytes) -> str:
    return token.decode(errors="replace").strip()


def _token(each: Added) -> Entry | None:
    """The one attestation of a tidy batch of our files; None for any other commit."""
    tokens = [entry for entry in each.entries if _is_token(entry)]
    others = len(each.entries) - len(tokens)
    tidy = each.tidy and len(tokens) == 1 and others and all(_ours(entry.path) for entry in each.entries)
    return tokens[0] if tidy else None


def _batch(each: Added) -> Batch:
    blobs = {entry.path: entry.blob for entry in each.entries if not _is_token(entry)}
    return Batch(parent=each.parent, message=each.message, blobs=blobs)


def _events(each: Added, contents: Mapping[Sha, bytes]) -> Iterator[Event]:
    """The events of a batch. Raises UnavailableError for one this jitbot cannot read: nothing may rest on the rest."""
    for entry in each.entries:
        if entry.path.startswith(events.FOLDER):
            try:
                yield events.load(unfiled(entry.path, each.parent), contents[entry.blob])
            except ValueError as error:
                raise UnavailableError(
                    f"the ledger's commit {each.commit[:10]} cannot be read by this jitbot: {error}"
                ) from error


def folder(head: Sha) -> str:
    """Names a batch by the head it is made for: nobody can know it before that head is there."""
    return head[:20]


def filed(path: str, head: Sha) -> str:
    """Where an event lies in the ledger, in the folder of its batch."""
    day, _, name = path.rpartition("/")
    return f"{day}/{folder(head)}/{name}"


def unfiled(path: str, parent: Sha) -> str:
    """The event's own path. Raises ValueError if it does not lie in the folder of its batch."""
    place, _, name = path.rpartition("/")
    day, _, batch = place.rpartition("/")
    if batch != folder(parent):
        raise ValueError(f"{path} does not lie in the folder of its batch")
    return f"{day}/{name}"


def _is_token(entry: Entry) -> bool:
    return entry.path.startswith(attestation.TOKENS)


def _ours(path: str) -> bool:
    return path.startswith((events.FOLDER, attestation.TOKENS, attestation.KEYS))


def _finding(commit: Sha, why: str, path: str) -> Finding:
    message = f"commit {commit[:10]} of the ledger is ignored: {why}"
    return Finding(
        code="unattested", message=message, file=path, hint="find out who pushed it; it has no effect"
    )
