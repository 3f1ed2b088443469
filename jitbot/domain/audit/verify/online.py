"""Which approvals a verification reads again at GitHub: all that are new, oldest first, and a sample of the older ones.

What was asked is recorded with the verification, since nothing else says it: a verification may be offline, or stop
where no calls are left. Only what is recorded as asked counts as asked.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import groupby

from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.ledger.events import GIVES, EventType
from jitbot.domain.ledger.git_history import NO_BASE
from jitbot.domain.model.documents import Sha
from jitbot.domain.text.amount import many

SAMPLE = 50  # older approvals that are read again
LEFT = 20  # approvals without an answer that the mark names and passes: one must not hold up all others


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedUntil:
    """GitHub was asked about every approval after the ledger's commit `begins` up to `through`, each when it was new.

    `begins` is empty if that is so from the first on, `through` if it is so of none. `left` are the events of those that
    got no answer: they are asked about again, after all others. `approvals` counts all that the ledger had; None if it is
    not recorded.
    """

    begins: Sha = NO_BASE
    through: Sha = NO_BASE
    left: tuple[str, ...] = ()
    approvals: int | None = None

    def as_json(self) -> dict[str, object]:
        """As it is recorded."""
        counted = {} if self.approvals is None else {"approvals": self.approvals}
        return {"begins": self.begins, "through": self.through, "left": list(self.left), **counted}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAsk:
    """The approvals that GitHub is asked about, in this order: what is `fresh`, what was drawn of the older, what the mark names.

    `every` is all there are, `new` those that are fresh or named. `unsaid` counts the older ones of which no record says
    that GitHub was ever asked. `whole`: all after the mark are new.
    """

    decisions: tuple[RecordedEvent, ...]
    every: tuple[RecordedEvent, ...]
    fresh: tuple[RecordedEvent, ...]  # nobody was ever asked about them; those recorded first in front
    new: int
    older: int
    unsaid: int
    mark: AskedUntil
    whole: bool

    @property
    def again(self) -> int:
        """How many older approvals are asked about once more."""
        return len(self.decisions) - self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineAnswers:
    """What GitHub was really asked: `unanswered` counts the approvals of which it gave no answer. `mark` is to be recorded."""

    new: int
    older: int
    again: int
    unsaid: int
    unanswered: int
    mark: AskedUntil

    @property
    def in_words(self) -> str:
        """A sentence that claims no more than was asked."""
        words = f"GitHub was asked about {many(self.new, 'new approval')}"
        if self.older:
            words += f", and again about {self.again} of {self.older} older"
        rest = (
            f"{self.unanswered} were not answered" if self.unanswered else "",
            f"of {self.unsaid} older ones no record says that it was ever asked" if self.unsaid else "",
        )
        return "; ".join([words, *(each for each in rest if each)])

    def as_json(self) -> dict[str, object]:
        """The same for machines, as it is recorded."""
        return {
            "new": self.new,
            "older": self.older,
            "again": self.again,
            "unsaid": self.unsaid,
            "unanswered": self.unanswered,
            **self.mark.as_json(),
        }


def last_mark(history: LedgerHistory) -> AskedUntil:
    """What the newest verification records. Of an older jitbot's, all before the head that it verified is unsaid."""
    verified = [each for each in history.events if each.kind is EventType.VERIFIED]
    if not verified:
        return AskedUntil()
    recorded, head = verified[-1].evidence.online, Sha(verified[-1].evidence.head)
    if recorded.json:
        return AskedUntil(
            begins=Sha(recorded.begins),
            through=Sha(recorded.through),
            left=recorded.left or (),
            approvals=recorded.approvals,
        )
    return AskedUntil(begins=head, through=head)


def to_ask(
    history: LedgerHistory,
    mark: AskedUntil,
    *,
    before: Collection[Sha],
    unsaid: Collection[Sha] = (),
    sampled: bool,
) -> ToAsk:
    """All approvals in commits that are not in `before`, and those the mark left; if `sampled`, some of the others too.

    `unsaid` are the commits up to where the mark begins. If `before` has more approvals than the mark counted, some count
    only since then: a key is known now, or an event can be read. GitHub was not asked about them, so the mark says nothing.

    Nobody chooses the sample: its seed is the newest attested commit, whose content has a token that GitHub signed. Who can
    have runs made may wait for a seed that suits, and the next verification has another one.
    """
    approvals = tuple(each for each in history.decisions.values() if each.event.kind in GIVES)
    counted = sum(each.is_in(before) for each in approvals)
    if sampled and mark.approvals is not None and counted > mark.approvals:
        mark, before, unsaid = AskedUntil(), (), ()
    last = {path: place for place, path in enumerate(mark.left if sampled else ())}
    named = sorted((each for each in approvals if each.path in last), key=lambda each: last[each.path])
    fresh = tuple(each for each in approvals if each.path not in last and not each.is_in(before))
    older = [each for each in approvals if each.path not in last and each.is_in(before)]
    seed = history.batches[-1].commit if history.batches else ""
    drawn = sorted(older, key=lambda each: _rank(each, seed))[: SAMPLE if sampled else 0]
    passed = {each.path for each in older} - {each.path for each in drawn}
    return ToAsk(
        decisions=(*fresh, *drawn, *named),
        every=approvals,
        fresh=fresh,
        new=len(fresh) + len(named),
        older=len(older),
        unsaid=sum(each.is_in(unsaid) and each.path in passed for each in older),
        mark=mark,
        whole=sampled or not before,
    )


def asked(
    wanted: ToAsk, unanswered: Collection[str], head: Sha, ancestry: Callable[[Sha], Collection[Sha]]
) -> OnlineAnswers:
    """What was asked, without the answers to `unanswered` paths. `ancestry`: a commit of the ledger, and all before it.

    The mark moves to `head` only if all after it were asked about, and GitHub answered for all but a few, which it names.
    Where it answered for the first of them, it moves part of the way.
    """
    return OnlineAnswers(
        new=wanted.new,
        older=wanted.older,
        again=wanted.again,
        unsaid=wanted.unsaid,
        unanswered=len(unanswered),
        mark=_moved(wanted, unanswered, head, ancestry) if wanted.whole else wanted.mark,
    )


def _moved(
    wanted: ToAsk, unanswered: Collection[str], head: Sha, ancestry: Callable[[Sha], Collection[Sha]]
) -> AskedUntil:
    """The mark after this. Where too many have no answer it stays, and still names the first of them, to be asked last."""
    mark = wanted.mark
    still = tuple(path for path in mark.left if path in unanswered)
    left = (*still, *(each.path for each in wanted.fresh if each.path in unanswered))
    if len(left) <= LEFT:
        return AskedUntil(begins=mark.begins, through=head, left=left, approvals=len(wanted.every))
    through, covered = _part_of_the_way(wanted, unanswered, len(still))
    if not through:
        return replace(mark, left=left[:LEFT])
    reached = ancestry(through)
    # The first one beyond is named too. So a verification that gets all answers on the same day is another event.
    return AskedUntil(
        begins=mark.begins,
        through=through,
        left=left[: min(covered + 1, LEFT)],
        approvals=sum(each.is_in(reached) for each in wanted.every),
    )


def _part_of_the_way(wanted: ToAsk, unanswered: Collection[str], named: int) -> tuple[Sha, int]:
    """The last commit that brings an answered approval, as long as those without an answer can be named; and how many these are.

    Commits come after their parents here, so an approval that came before this one was asked about too.
    """
    through, covered = NO_BASE, named
    for commit, some in groupby(wanted.fresh, lambda each: each.batch.commit):
        answers = [each.path not in unanswered for each in some]
        named += answers.count(False)
        if named > LEFT:
            break
        if any(answers):
            through, covered = commit, named
    return through, covered


def _rank(each: RecordedEvent, seed: str) -> str:
    """The place in the draw; as of a pack's sample, nobody knows the merge commit's id before the merge."""
    return hashlib.sha256(f"{seed}\n{each.event.request}\n{each.event.commit}".encode()).hexdigest()
