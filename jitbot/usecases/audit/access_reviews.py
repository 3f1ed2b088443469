"""Reads what main's history says of access reviews: each change of a policy's file, with its dates and the rules around it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from jitbot.domain.access.rule_changes.rule_event import approvals_of, record_of_rules
from jitbot.domain.access_review.basis import rules_digest
from jitbot.domain.audit.history.access_reviews import AccessReviews, access_reviews
from jitbot.domain.audit.history.policy_changes import IntervalChange, PolicyChange
from jitbot.domain.audit.history.rule_times import came_to_main
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.git_history import NO_BASE, READ_PATHS, RuleChange
from jitbot.domain.model.documents import (
    POLICIES,
    SETTINGS,
    Sha,
    Source,
    policy_at,
    policy_named,
    policy_path,
)
from jitbot.domain.model.merge_facts import Rules
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.audit.rulebook import Rulebook
from jitbot.usecases.collect.collect_case import rule_paths

Place = tuple[Sha, str]  # a commit, and a path in it


def read_access_reviews(
    git: Git,
    documents: DocumentReader,
    main: Sha,
    events: Iterable[Event],
    now: datetime,
    *,
    until: datetime | None = None,
) -> AccessReviews:
    """The access reviews of every policy, as main and the record of rules have them.

    With `until`, main is taken as it was then.
    """
    every = tuple(events)
    changes = git.rule_changes(main, READ_PATHS)
    if until is not None:
        came = enumerate(came_to_main(changes, every, until))
        last = max((order for order, each in came if each.at < until), default=-1)
        changes = changes[: last + 1]
    walk = _Walk(git=git, documents=documents, rulebook=Rulebook(git, documents, ()))
    walk.read(changes)
    policies = tuple(walk.with_rules(changes, record_of_rules(every)))
    return access_reviews(policies, every, now, every=walk.every, asked_at=walk.asked_at)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """main's line as far as it was walked. What does not read leaves everything as it was read last."""

    git: Git
    documents: DocumentReader
    rulebook: Rulebook
    every: timedelta | None = None
    asked_at: RuleChange | None = None
    found: list[PolicyChange | IntervalChange] = field(default_factory=list)
    _dates: dict[str, date | None] = field(default_factory=dict)  # of each policy that is there
    _contents: dict[str, str] = field(default_factory=dict)  # the same, of the files without their dates

    def read(self, changes: Sequence[RuleChange]) -> None:
        """Walk these commits, oldest first."""
        names = {each.commit: self._policies(each) for each in changes}
        places = [(each.commit, policy_path(name)) for each in changes for name in names[each.commit]]
        settings = [(each.commit, SETTINGS) for each in changes if SETTINGS in each.paths or not each.whole]
        blobs = self.git.blobs_at([*places, *settings])
        contents = dict(self.git.contents({blob for blob in blobs.values() if blob is not None}))
        for change in changes:
            for name in names[change.commit]:
                self._policy(change, name, blobs, contents)
            self._settings(change, blobs.get((change.commit, SETTINGS)), contents)

    def _policies(self, change: RuleChange) -> Sequence[str]:
        """The policies whose files a commit touches; of one that is too large to read, all that it or its parent has."""
        paths: Iterable[str] = change.paths
        if not change.whole:
            sides = [commit for commit in (change.base, change.commit) if commit != NO_BASE]
            paths = {each.path for commit in sides for each in self.git.entries(commit, [POLICIES])}
        return [name for path in sorted(paths) if (name := policy_at(path)) is not None]

    def _policy(
        self,
        change: RuleChange,
        name: str,
        blobs: Mapping[Place, Sha | None],
        contents: Mapping[Sha, bytes | None],
    ) -> None:
        blob = blobs.get((change.commit, policy_path(name)))
        existed, before = name in self._dates, self._dates.get(name)
        if blob is None:
            self._dates.pop(name, None)
            after, exists, stands_for = None, False, self._contents.pop(name, "")
        else:
            content = contents.get(blob)
            after, exists = before, True
            if before is not None or _may_have_date(content):
                after = _date_in(self.documents, name, content, unread=before)
            self._dates[name] = after
            stands_for = self._contents[name] = _without_date(content)
        if existed is exists and before == after:
            return
        self.found.append(
            PolicyChange(
                policy=name,
                change=change,
                before=before,
                after=after,
                existed=existed,
                exists=exists,
                every=self.every,
                content=stands_for,
            )
        )

    def _settings(self, change: RuleChange, blob: Sha | None, contents: Mapping[Sha, bytes | None]) -> None:
        content = contents.get(blob) if blob is not None else None
        if content is None:
            return
        settings = self.documents.parse_settings(Source(path=SETTINGS, content=content)).value
        if settings is None or settings.review_every == self.every:
            return
        self.found.append(IntervalChange(change=change, before=self.every, after=settings.review_every))
        self.every = settings.review_every
        self.asked_at = self.asked_at or change

    def with_rules(
        self, changes: Sequence[RuleChange], recorded: Mapping[Sha, Event]
    ) -> Iterator[PolicyChange | IntervalChange]:
        """The changes; those that move a date with the rules before them, and the digest of those after them.

        Also with when what the policy rests on was changed last, between the first approval and the merge.
        """
        order = {each.commit: number for number, each in enumerate(changes)}
        moves = [each for each in self.found if isinstance(each, PolicyChange) and _moves(each)]
        between = {
            each.change.commit: tuple(
                _after_approval(
                    recorded.get(each.change.commit),
                    (changes[n] for n in range(order[each.change.commit] - 1, -1, -1)),
                    recorded,
                )
            )
            for each in moves
        }
        places = [
            (commit, path)
            for each in moves
            for change in (each.change, *(other for _, other in between[each.change.commit]))
            for commit in (change.base, change.commit)
            for path in rule_paths(each.policy)
        ]
        blobs = self.git.blobs_at(places) if places else {}
        self.rulebook.learn({blob for blob in blobs.values() if blob is not None})
        for each in self.found:
            if isinstance(each, PolicyChange) and _moves(each):
                before = self._rules(each.change.base, each.policy, blobs)
                digest = self._digest(each.change.commit, each.policy, blobs)
                changed = (
                    at
                    for at, other in between[each.change.commit]
                    if self._digest(other.base, each.policy, blobs)
                    != self._digest(other.commit, each.policy, blobs)
                )
                yield replace(each, rules=before, digest=digest, changed_at=next(changed, None))
            else:
                yield each

    def _digest(self, commit: Sha, policy: str, blobs: Mapping[Place, Sha | None]) -> str:
        rules = self._rules(commit, policy, blobs)
        return rules_digest(rules) if rules is not None else ""

    def _rules(self, commit: Sha, policy: str, blobs: Mapping[Place, Sha | None]) -> Rules | None:
        found = {path: blobs.get((commit, path)) for path in rule_paths(policy)}
        if not any((commit, path) in blobs for path in found):
            return None  # a commit that this clone does not have
        return self.rulebook.rules({path: blob for path, blob in found.items() if blob is not None}, policy)


def _after_approval(
    event: Event | None, former: Iterable[RuleChange], recorded: Mapping[Sha, Event]
) -> Iterator[tuple[datetime, RuleChange]]:
    """The former commits, the newest first, that may be younger than the first approval in this record.

    Each with when it came at the latest: as GitHub said of it or of one after it, or when it was recorded. A commit's
    own date is its author's choice. What is older than the record of rules is not among them.
    """
    approvals = approvals_of(event) if event is not None else ()
    if event is None or not approvals:
        return
    first = min(each.submitted_at for each in approvals)
    latest = event.came_at
    for other in former:
        known = recorded.get(other.commit)
        if known is None or (latest := min(latest, known.came_at)) < first:
            return
        yield latest, other


def dates_moved(
    git: Git, documents: DocumentReader, events: Iterable[Event]
) -> Mapping[Sha, Mapping[str, date | None]]:
    """The policies whose date each recorded commit moved, with the new one; of the files that the record names."""
    places: dict[Place, Place] = {}
    for event in events:
        if event.kind is EventType.RULES and event.evidence.rules_commit:
            base = Sha(event.evidence.rules_commit)
            named = (path for path in event.evidence.paths or () if policy_at(path) is not None)
            places |= {(event.commit, path): (base, path) for path in named}
    blobs = git.blobs_at([*places, *places.values()])
    contents = dict(git.contents({blob for blob in blobs.values() if blob is not None}))
    found: dict[Sha, dict[str, date | None]] = {}
    for after, before in places.items():
        old, new = (
            contents.get(blob) if (blob := blobs.get(each)) is not None else None for each in (before, after)
        )
        if old is None or new is None or not (_may_have_date(old) or _may_have_date(new)):
            continue
        name = policy_named(after[1])
        was = _date_in(documents, name, old, unread=None)
        day = _date_in(documents, name, new, unread=was)
        if day != was:
            found.setdefault(after[0], {})[name] = day
    return found


def _may_have_date(content: bytes | None) -> bool:
    """Whether a policy of this text can have a date: only an escape could write the key in other letters."""
    return content is not None and (b"reviewed" in content or b"\\" in content)


def _without_date(content: bytes | None) -> str:
    """The digest of a policy's file without the line of its date; empty for a file that is not read."""
    if content is None:
        return ""
    return blob_name(b"\n".join(line for line in content.splitlines() if not line.startswith(b"reviewed")))


def _date_in(
    documents: DocumentReader, name: str, content: bytes | None, *, unread: date | None
) -> date | None:
    """The date in a policy's file; `unread` where that does not read."""
    if content is None:
        return unread
    policy = documents.parse_policy(Source(path=policy_path(name), content=content)).value
    return unread if policy is None else policy.reviewed


def _moves(change: PolicyChange) -> bool:
    return change.existed and change.exists
