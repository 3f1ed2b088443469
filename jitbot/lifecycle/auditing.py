"""`jitbot audit verify`: from a clone alone, is the record whole and true, and was every grant rightly given?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain import life
from jitbot.domain.audit import completeness, grant_checks, redeciding, tampering, unread
from jitbot.domain.audit.archive import Archive, Recorded
from jitbot.domain.audit.grant_checks import Place
from jitbot.domain.audit.mainline import PLAIN, Merged, Replay
from jitbot.domain.audit.problems import Problem, Weight, gravest_first
from jitbot.domain.audit.redeciding import GIVES, Ground
from jitbot.domain.audit.verdict import Verdict, counts_of
from jitbot.domain.errors import InvalidError
from jitbot.domain.events import Kind
from jitbot.domain.facts import Facts
from jitbot.domain.model import Settings, Sha
from jitbot.domain.ports import DocumentReader, Issuer
from jitbot.domain.ports.archive import WholeRepository
from jitbot.domain.vocabulary import is_request, policy_of
from jitbot.lifecycle.absences import Gone, read_absences
from jitbot.lifecycle.archive import owned_keys, read_archive
from jitbot.lifecycle.identity import tenures
from jitbot.lifecycle.rulebook import Rulebook
from jitbot.lifecycle.unfollowed import learn_rules

_AT_ONCE = 500  # decisions whose requests are in memory together
RECORDED = "recorded"  # the head that the newest `verified` event names


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that an audit reads: main from its first commit on, and the whole ledger."""

    repository: WholeRepository
    documents: DocumentReader
    settings: Settings  # as main's tip has them
    main: Sha
    replay: Replay
    merges: tuple[Merged, ...]
    archive: Archive
    untold: frozenset[Sha]  # commits of main of which nobody could tell here which rules they left


def open_books(
    repository: WholeRepository,
    documents: DocumentReader,
    *,
    issuer: Callable[[Settings], Issuer],
    keys: Callable[[Settings], Mapping[str, str]],
) -> Books:
    """Read main and the ledger. `keys` are those that count beside the ones that main owns.

    Raises UnavailableError if main's tip has no settings that can be read.
    """
    main, replay = repository.tip("main"), Replay()
    merges = tuple(
        each for each in replay.follow(repository.main_steps(main)) if is_request(each.change.path)
    )
    untold = learn_rules(repository, replay)
    named = tenures(repository, documents, replay)
    settings = named[0].settings
    counting = {**owned_keys(repository), **keys(settings)}
    archive = read_archive(repository, issuer(settings), settings=named, keys=counting)
    return Books(
        repository=repository,
        documents=documents,
        settings=settings,
        main=main,
        replay=replay,
        merges=merges,
        archive=archive,
        untold=untold,
    )


def verify(
    books: Books,
    now: datetime,
    *,
    expect: Sequence[Sha] = (),
    since: Sha | None = None,
    more: Iterable[Problem] = (),
) -> Verdict:
    """Check everything that can be checked from git alone; `more` is what was found elsewhere.

    The ledger must hold every commit of `expect`, and the head that was found good here before. With `since`,
    what is wrong with commits that it held then is passed over: it was told before.
    """
    archive, gone = books.archive, gone_of(books)
    decisions = completeness.decisions_of(archive)
    rewritten = list(_rewritten(books, [*expect, *([since] if since else [])]))
    found = [
        *archive.problems,
        *_anchor(books),
        *completeness.undecided(books.merges, decisions, now),
        *completeness.refused_whole(books.replay.too_large, archive, now),
        *completeness.decided_twice(archive, decisions),
        *completeness.outcomes_without_ground(archive, decisions),
        *_decided_again(books, list(decisions.values())),
        *completeness.not_followed([*books.untold, *gone.untold]),
        *_late(_places(books, gone), now),
        *more,
    ]
    found = list(unread.softened(found, archive.unread))
    new = found if since is None else _after(books, since, found)
    return Verdict(
        head=archive.head,
        main=books.main,
        checked={"commits": archive.commits, "batches": len(archive.batches), "merges": len(books.merges)}
        | counts_of(archive),
        problems=gravest_first([*rewritten, *new]),
        passed_over=len(found) - len(new),
    )


def mark(books: Books, since: str) -> Sha:
    """The commit that `--since` means. Raises InvalidError if there is none."""
    if since != RECORDED:
        return books.repository.resolve(since)
    heads = [
        each.event.evidence.get("head") for each in books.archive.recorded if each.event.kind is Kind.VERIFIED
    ]
    if not heads:
        raise InvalidError("no verification is recorded in the ledger yet; leave --since out")
    return books.repository.resolve(str(heads[-1]))


def decisions_since(books: Books, since: Sha | None) -> tuple[Recorded, ...]:
    """The decisions recorded after the ledger stood at `since`; all of them without it."""
    before = books.repository.commits_of(since) if since is not None else frozenset()
    found = completeness.decisions_of(books.archive).values()
    return tuple(each for each in found if each.batch.commit not in before)


def _anchor(books: Books) -> Iterator[Problem]:
    if not books.archive.anchored:
        yield Problem(
            code="keys-unconfirmed",
            weight=Weight.UNCHECKED,
            message="nobody vouches for the issuer's keys: those that the ledger's first batch brings were taken",
            hint="give the keys that the issuer publishes with --keys FILE, read them with --online, or have "
            "policies/issuer-keys.json owned on main",
        )


def _rewritten(books: Books, expect: Iterable[Sha]) -> Iterator[Problem]:
    """Whatever was seen of the ledger before must still be in it."""
    repository, head = books.repository, books.archive.head
    wanted = [(commit, "which it was expected to hold") for commit in expect]
    if (verified := repository.verified()) is not None:
        wanted.append((verified, "which this clone found good before"))
    for each in books.archive.recorded:
        recorded = each.event.evidence.get("head") if each.event.kind is Kind.VERIFIED else None
        if isinstance(recorded, str):
            wanted.append((Sha(recorded), "which a recorded verification names"))
    for commit, where in dict.fromkeys(wanted):
        if not repository.holds(head, commit):
            yield tampering.rewritten(commit, head, where)


def _decided_again(books: Books, decisions: Sequence[Recorded]) -> Iterator[Problem]:
    """Every decision, made again."""
    repository = books.repository
    merges = {(each.change.path, each.change.commit): each for each in books.merges}
    orders = {place: each.order for place, each in merges.items()}
    rulebook = Rulebook(repository, books.documents, {blob for _, blob in books.replay.all_rules})
    for start in range(0, len(decisions), _AT_ONCE):
        part = decisions[start : start + _AT_ONCE]
        here = [merges.get((each.event.request, each.event.commit)) for each in part]
        contents = dict(repository.contents(_asked(here)))
        facts = [redeciding.facts_of(each.event) for each in part]
        rulebook.learn(blob for each in facts for blob in _head_rules(each).values())
        yield from _heads(books, part, facts)
        for each, merged, told in zip(part, here, facts, strict=True):
            ground = None if merged is None else _ground(rulebook, told, merged, contents)
            others = books.archive.by_request[each.event.request]
            if merged is not None and ground is None:
                yield redeciding.rules_not_here(each, merged.change.base)
                continue
            yield from redeciding.problems(each, ground, redeciding.life_before(each, others, orders))


def _asked(merges: Iterable[Merged | None]) -> list[Sha]:
    """The plain files among them; what a submodule names is no object of this repository."""
    changes = [each.change for each in merges if each is not None]
    return [each.blob for each in changes if each.blob is not None and each.mode == PLAIN]


def _ground(
    rulebook: Rulebook, facts: Facts | None, merged: Merged, contents: Mapping[Sha, bytes | None]
) -> Ground | None:
    """What git holds of a decision; None where the rules at its base are not all here."""
    change = merged.change
    policy = policy_of(change.path)
    files = rulebook.files_at(change.base, policy) if merged.rules is None else merged.rules
    rules = rulebook.rules(files, policy)
    if rules is None:
        return None
    content = None if change.blob is None else contents.get(change.blob)
    return Ground(
        merged=merged,
        request=rulebook.request(change, content),
        rules=rules,
        head_rules=rulebook.rules(_head_rules(facts), policy),
        facts=facts,
    )


def _head_rules(facts: Facts | None) -> Mapping[str, Sha]:
    return facts.told.head_rules if facts is not None and facts.told is not None else {}


def _heads(books: Books, decisions: Iterable[Recorded], told: Iterable[Facts | None]) -> Iterator[Problem]:
    """Where a pull request's head is in this clone, the attested facts must be those of git."""
    places: dict[tuple[Sha, str], tuple[Recorded, Sha | None]] = {}
    for decision, facts in zip(decisions, told, strict=True):
        if facts is None or facts.told is None or decision.event.kind not in GIVES:
            continue
        head = facts.told.pull_request.head
        named = {**facts.told.head_rules, decision.event.request: facts.told.head_blob}
        places |= {(head, path): (decision, blob) for path, blob in named.items()}
    actual = books.repository.blobs_at(places)
    for place, blob in actual.items():
        decision, attested = places[place]
        if blob != attested:
            yield Problem(
                code="other-head",
                weight=Weight.BROKEN,
                message=f"{decision.event.kind} {decision.event.request}: at the head {place[0][:10]}, "
                f"{place[1]} is not what the evidence says",
                hint="what was approved is not what was recorded: look at the pull request's head",
                event=decision.path,
                commit=decision.batch.commit,
                request=decision.event.request,
            )


def places_of(books: Books) -> tuple[Place, ...]:
    """Every approved request in each of its accounts, with what main's history says of its end."""
    return _places(books, gone_of(books))


def _places(books: Books, gone: Gone) -> tuple[Place, ...]:
    lives = life.fold(books.archive.events).values()
    return tuple(grant_checks.places(lives, books.archive.by_request, gone.absences))


def gone_of(books: Books) -> Gone:
    """When main lacked the file or the requester of an approved request."""
    return read_absences(
        books.repository,
        books.documents,
        replay=books.replay,
        merges=books.merges,
        lives=life.fold(books.archive.events).values(),
    )


def _late(places: Iterable[Place], now: datetime) -> Iterator[Problem]:
    for place in places:
        yield from grant_checks.problems(place, now)


def _after(books: Books, since: Sha, found: Iterable[Problem]) -> list[Problem]:
    """What was found, but for what is about commits that the ledger held at `since`."""
    before = books.repository.commits_of(since)
    return [each for each in found if each.commit not in before]
