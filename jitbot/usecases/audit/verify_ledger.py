"""`jitbot audit verify`: from a clone alone, is the record whole and true, and was every grant rightly given?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access import request_state
from jitbot.domain.audit.verify import completeness, grant_checks, integrity, recheck_decisions, unread
from jitbot.domain.audit.verify.findings import AuditFinding, Severity, gravest_first
from jitbot.domain.audit.verify.grant_checks import GrantPlace
from jitbot.domain.audit.verify.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.audit.verify.main_history import PLAIN, MainHistory, Merged
from jitbot.domain.audit.verify.recheck_decisions import GIVES, RecheckInputs
from jitbot.domain.audit.verify.verdict import AuditVerdict, counts_of
from jitbot.domain.evidence.case_json import Facts
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import Settings, Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.ports import DocumentReader, Oidc
from jitbot.ports.full_git import WholeRepository
from jitbot.usecases.audit.absences import Gone, read_absences
from jitbot.usecases.audit.identity import tenures
from jitbot.usecases.audit.read_all import pinned_keys, read_ledger_history
from jitbot.usecases.audit.rulebook import Rulebook
from jitbot.usecases.audit.unfollowed import learn_rules

_AT_ONCE = 500  # decisions whose requests are in memory together
RECORDED = "recorded"  # the head that the newest `verified` event names


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditInputs:
    """All that an audit reads: main from its first commit on, and the whole ledger."""

    repository: WholeRepository
    documents: DocumentReader
    settings: Settings  # as main's tip has them
    main: Sha
    replay: MainHistory
    merges: tuple[Merged, ...]
    history: LedgerHistory
    untold: frozenset[Sha]  # commits of main of which nobody could tell here which rules they left


def load_audit_inputs(
    repository: WholeRepository,
    documents: DocumentReader,
    *,
    issuer: Callable[[Settings], Oidc],
    keys: Callable[[Settings], Mapping[str, str]],
) -> AuditInputs:
    """Read main and the ledger. `keys` are those that count beside the ones that main owns.

    Raises UnavailableError if main's tip has no settings that can be read.
    """
    main, replay = repository.tip("main"), MainHistory()
    merges = tuple(
        each for each in replay.follow(repository.main_steps(main)) if is_request(each.change.path)
    )
    untold = learn_rules(repository, replay)
    named = tenures(repository, documents, replay)
    settings = named[0].settings
    counting = {**pinned_keys(repository), **keys(settings)}
    history = read_ledger_history(repository, issuer(settings), settings=named, keys=counting)
    return AuditInputs(
        repository=repository,
        documents=documents,
        settings=settings,
        main=main,
        replay=replay,
        merges=merges,
        history=history,
        untold=untold,
    )


def verify(
    books: AuditInputs,
    now: datetime,
    *,
    expect: Sequence[Sha] = (),
    since: Sha | None = None,
    more: Iterable[AuditFinding] = (),
) -> AuditVerdict:
    """Check everything that can be checked from git alone; `more` is what was found elsewhere.

    The ledger must hold every commit of `expect`, and the head that was found good here before. With `since`,
    what is wrong with commits that it held then is passed over: it was told before.
    """
    history, gone = books.history, gone_of(books)
    decisions = completeness.decisions_of(history)
    rewritten = list(_rewritten(books, [*expect, *([since] if since else [])]))
    found = [
        *history.problems,
        *_anchor(books),
        *completeness.undecided(books.merges, decisions, now),
        *completeness.refused_whole(books.replay.too_large, history, now),
        *completeness.decided_twice(history, decisions),
        *completeness.outcomes_without_ground(history, decisions),
        *_decided_again(books, list(decisions.values())),
        *completeness.not_followed([*books.untold, *gone.untold]),
        *_late(_places(books, gone), now),
        *more,
    ]
    found = list(unread.softened(found, history.unread))
    new = found if since is None else _after(books, since, found)
    return AuditVerdict(
        head=history.head,
        main=books.main,
        checked={"commits": history.commits, "batches": len(history.batches), "merges": len(books.merges)}
        | counts_of(history),
        problems=gravest_first([*rewritten, *new]),
        passed_over=len(found) - len(new),
    )


def mark(books: AuditInputs, since: str) -> Sha:
    """The commit that `--since` means. Raises InvalidError if there is none."""
    if since != RECORDED:
        return books.repository.resolve(since)
    heads = [
        each.event.evidence.get("head")
        for each in books.history.recorded
        if each.event.kind is EventType.VERIFIED
    ]
    if not heads:
        raise InvalidError("no verification is recorded in the ledger yet; leave --since out")
    return books.repository.resolve(str(heads[-1]))


def decisions_since(books: AuditInputs, since: Sha | None) -> tuple[RecordedEvent, ...]:
    """The decisions recorded after the ledger stood at `since`; all of them without it."""
    before = books.repository.commits_of(since) if since is not None else frozenset()
    found = completeness.decisions_of(books.history).values()
    return tuple(each for each in found if each.batch.commit not in before)


def _anchor(books: AuditInputs) -> Iterator[AuditFinding]:
    if not books.history.anchored:
        yield AuditFinding(
            code="keys-unconfirmed",
            severity=Severity.UNCHECKED,
            message="nobody vouches for the issuer's keys: those that the ledger's first batch brings were taken",
            hint="give the keys that the issuer publishes with --keys FILE, read them with --online, or have "
            "policies/issuer-keys.json owned on main",
        )


def _rewritten(books: AuditInputs, expect: Iterable[Sha]) -> Iterator[AuditFinding]:
    """Whatever was seen of the ledger before must still be in it."""
    repository, head = books.repository, books.history.head
    wanted = [(commit, "which it was expected to hold") for commit in expect]
    if (verified := repository.verified()) is not None:
        wanted.append((verified, "which this clone found good before"))
    for each in books.history.recorded:
        recorded = each.event.evidence.get("head") if each.event.kind is EventType.VERIFIED else None
        if isinstance(recorded, str):
            wanted.append((Sha(recorded), "which a recorded verification names"))
    for commit, where in dict.fromkeys(wanted):
        if not repository.holds(head, commit):
            yield integrity.rewritten(commit, head, where)


def _decided_again(books: AuditInputs, decisions: Sequence[RecordedEvent]) -> Iterator[AuditFinding]:
    """Every decision, made again."""
    repository = books.repository
    merges = {(each.change.path, each.change.commit): each for each in books.merges}
    orders = {place: each.order for place, each in merges.items()}
    rulebook = Rulebook(repository, books.documents, {blob for _, blob in books.replay.all_rules})
    for start in range(0, len(decisions), _AT_ONCE):
        part = decisions[start : start + _AT_ONCE]
        here = [merges.get((each.event.request, each.event.commit)) for each in part]
        contents = dict(repository.contents(_asked(here)))
        facts = [recheck_decisions.facts_of(each.event) for each in part]
        rulebook.learn(blob for each in facts for blob in _head_rules(each).values())
        yield from _heads(books, part, facts)
        for each, merged, told in zip(part, here, facts, strict=True):
            parsed_case = None if merged is None else _ground(rulebook, told, merged, contents)
            others = books.history.by_request[each.event.request]
            if merged is not None and parsed_case is None:
                yield recheck_decisions.rules_not_here(each, merged.change.base)
                continue
            yield from recheck_decisions.problems(
                each, parsed_case, recheck_decisions.life_before(each, others, orders)
            )


def _asked(merges: Iterable[Merged | None]) -> list[Sha]:
    """The plain files among them; what a submodule names is no object of this repository."""
    changes = [each.change for each in merges if each is not None]
    return [each.blob for each in changes if each.blob is not None and each.mode == PLAIN]


def _ground(
    rulebook: Rulebook, facts: Facts | None, merged: Merged, contents: Mapping[Sha, bytes | None]
) -> RecheckInputs | None:
    """What git holds of a decision; None where the rules at its base are not all here."""
    change = merged.change
    policy = policy_of(change.path)
    files = rulebook.files_at(change.base, policy) if merged.rules is None else merged.rules
    rules = rulebook.rules(files, policy)
    if rules is None:
        return None
    content = None if change.blob is None else contents.get(change.blob)
    return RecheckInputs(
        merged=merged,
        request=rulebook.request(change, content),
        rules=rules,
        head_rules=rulebook.rules(_head_rules(facts), policy),
        facts=facts,
    )


def _head_rules(facts: Facts | None) -> Mapping[str, Sha]:
    return facts.told.head_rules if facts is not None and facts.told is not None else {}


def _heads(
    books: AuditInputs, decisions: Iterable[RecordedEvent], told: Iterable[Facts | None]
) -> Iterator[AuditFinding]:
    """Where a pull request's head is in this clone, the attested facts must be those of git."""
    places: dict[tuple[Sha, str], tuple[RecordedEvent, Sha | None]] = {}
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
            yield AuditFinding(
                code="other-head",
                severity=Severity.BROKEN,
                message=f"{decision.event.kind} {decision.event.request}: at the head {place[0][:10]}, "
                f"{place[1]} is not what the evidence says",
                hint="what was approved is not what was recorded: look at the pull request's head",
                event=decision.path,
                commit=decision.batch.commit,
                request=decision.event.request,
            )


def places_of(books: AuditInputs) -> tuple[GrantPlace, ...]:
    """Every approved request in each of its accounts, with what main's history says of its end."""
    return _places(books, gone_of(books))


def _places(books: AuditInputs, gone: Gone) -> tuple[GrantPlace, ...]:
    lives = request_state.fold_events(books.history.events).values()
    return tuple(grant_checks.places(lives, books.history.by_request, gone.absences))


def gone_of(books: AuditInputs) -> Gone:
    """When main lacked the file or the requester of an approved request."""
    return read_absences(
        books.repository,
        books.documents,
        replay=books.replay,
        merges=books.merges,
        lives=request_state.fold_events(books.history.events).values(),
    )


def _late(places: Iterable[GrantPlace], now: datetime) -> Iterator[AuditFinding]:
    for place in places:
        yield from grant_checks.problems(place, now)


def _after(books: AuditInputs, since: Sha, found: Iterable[AuditFinding]) -> list[AuditFinding]:
    """What was found, but for what is about commits that the ledger held at `since`."""
    before = books.repository.commits_of(since)
    return [each for each in found if each.commit not in before]
