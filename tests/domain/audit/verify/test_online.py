"""What a verification asks GitHub: all that is new, a sample of the rest that nobody chooses, and no more is claimed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

import pytest
from acme_facts import NOW, PATH, sha
from audit_facts import a_ledger, a_recorded
from builders import an_approval
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.audit.verify.online import (
    LEFT,
    SAMPLE,
    AskedUntil,
    OnlineAnswers,
    ToAsk,
    asked,
    last_mark,
    to_ask,
)
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedOnline
from jitbot.domain.model.documents import Sha

BEGINS, THROUGH, HEAD = sha("begins"), sha("through"), sha("head")
MARK = AskedUntil(begins=BEGINS, through=THROUGH)
WHOLE = AskedUntil(begins=BEGINS, through=THROUGH, left=("events/one.json",), approvals=7)


def approvals(count: int) -> tuple[RecordedEvent, ...]:
    """So many approvals, each of a request of its own, in commits of their own."""
    return tuple(
        a_recorded(
            replace(
                an_approval(), request=PATH.replace("alice", f"alice-{number}"), commit=sha(f"merge {number}")
            ),
            number,
        )
        for number in range(count)
    )


def commits(recorded: tuple[RecordedEvent, ...]) -> set[Sha]:
    """The ledger's commits that they came in."""
    return {each.batch.commit for each in recorded}


EVERY = approvals(SAMPLE + 30)
HISTORY = a_ledger(*EVERY)


def answers(wanted: ToAsk, unanswered: Collection[str]) -> OnlineAnswers:
    """What was asked, in a ledger that is a line."""
    return asked(wanted, unanswered, HEAD, partial(ancestry, EVERY))


def verified(evidence: Evidence) -> LedgerHistory:
    """A ledger in which this verification is the newest."""
    older = Event(
        kind=EventType.VERIFIED, at=NOW, request="", evidence=Evidence.of(Evidence.head(sha("old")))
    )
    newer = replace(older, at=NOW.replace(minute=59), evidence=evidence)
    return a_ledger(a_recorded(older), a_recorded(newer, 1))


@given(st.integers(0, len(EVERY)), st.integers(0, len(EVERY)))
def test_all_that_is_new_is_asked_and_a_sample_of_the_rest(older: int, unsaid: int) -> None:
    """Every older one is either drawn or counted as left out, and the same ledger draws the same."""
    before, begins = commits(EVERY[:older]), commits(EVERY[: min(older, unsaid)])
    wanted = to_ask(HISTORY, MARK, before=before, unsaid=begins, sampled=True)
    assert wanted == to_ask(HISTORY, MARK, before=before, unsaid=begins, sampled=True)
    assert all(each in wanted.decisions for each in EVERY[older:])
    assert (wanted.new, wanted.older) == (len(EVERY) - older, older)
    assert wanted.again == min(older, SAMPLE) == len(wanted.decisions) - wanted.new
    left = [each for each in EVERY[: min(older, unsaid)] if each not in wanted.decisions]
    assert wanted.unsaid == len(left)


def test_the_sample_is_of_the_newest_attested_commit() -> None:
    """With another one after it, other approvals are drawn; what nobody attested changes nothing."""
    before = commits(EVERY)
    history = replace(HISTORY, batches=tuple(each.batch for each in EVERY))
    drawn = to_ask(history, MARK, before=before, sampled=True).decisions
    unattested = replace(history, head=sha("pushed"), commits=history.commits + 1)
    assert to_ask(unattested, MARK, before=before, sampled=True).decisions == drawn
    one_more = replace(history, batches=(*history.batches, a_recorded(an_approval(), 999).batch))
    assert to_ask(one_more, MARK, before=before, sampled=True).decisions != drawn


def test_the_mark_moves_only_if_all_after_it_were_answered() -> None:
    """A few without an answer are named beside it; many keep it where it is, and so does a part that somebody chose."""
    wanted = to_ask(HISTORY, MARK, before=commits(EVERY[:-3]), sampled=True)
    assert answers(wanted, ()).mark == AskedUntil(begins=BEGINS, through=HEAD, approvals=len(EVERY))
    one_missing = answers(wanted, {EVERY[-1].path})
    assert one_missing.mark == AskedUntil(
        begins=BEGINS, through=HEAD, left=(EVERY[-1].path,), approvals=len(EVERY)
    )
    assert "1 were not answered" in one_missing.in_words
    all_new = to_ask(HISTORY, MARK, before=(), sampled=True)
    many = [each.path for each in EVERY[-LEFT - 1 :]]
    assert answers(all_new, many[1:]).mark.through == HEAD
    part = answers(all_new, many).mark
    assert part.through == EVERY[-LEFT - 2].batch.commit
    every = [each.path for each in EVERY]
    assert answers(all_new, every).mark == replace(MARK, left=tuple(every)[:LEFT])
    chosen = to_ask(HISTORY, MARK, before=commits(EVERY[:-3]), sampled=False)
    assert (chosen.again, answers(chosen, ()).mark) == (0, MARK)
    everything = to_ask(HISTORY, AskedUntil(), before=(), sampled=False)
    assert answers(everything, ()).mark == AskedUntil(through=HEAD, approvals=len(EVERY))


def test_who_never_answers_is_asked_again_and_last() -> None:
    """Three in a row without an answer end the asking: those that had none before come after all others, and stay named."""
    stuck = tuple(each.path for each in (EVERY[-2], EVERY[3], EVERY[-3]))
    mark = replace(MARK, left=stuck)
    wanted = to_ask(HISTORY, mark, before=commits(EVERY[:-1]), sampled=True)
    assert (wanted.new, wanted.older) == (4, len(EVERY) - 4)
    assert wanted.decisions[0] == EVERY[-1]  # the others were never asked about
    assert tuple(each.path for each in wanted.decisions[-3:]) == stuck
    assert answers(wanted, stuck).mark.left == stuck
    assert answers(wanted, stuck[1:]).mark.left == stuck[1:]
    chosen = to_ask(HISTORY, mark, before=commits(EVERY[:-1]), sampled=False)
    assert chosen.decisions == EVERY[-1:]
    # Where GitHub is down for all, the mark stays, and who was named before stays named.
    wanted = to_ask(HISTORY, mark, before=commits(EVERY[:-LEFT]), sampled=True)
    down = [each.path for each in wanted.decisions]
    others = [each.path for each in EVERY[-LEFT:] if each.path not in stuck]
    assert answers(wanted, down).mark == replace(mark, left=(*stuck, *others)[:LEFT])


@given(st.data())
def test_the_mark_moves_part_of_the_way_where_an_hour_is_too_short(data: st.DataObject) -> None:
    """Oldest first: however often the calls end, and whatever is never answered, each approval is asked about or still wanted."""
    several = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=40))  # approvals of each commit
    every, sizes = [], [size for count in several for size in range(count)]
    number = -1
    for place, each in enumerate(approvals(len(sizes))):
        number += sizes[place] == 0
        every.append(replace(each, batch=a_recorded(each.event, number).batch))
    history = a_ledger(*every)
    silent = set(data.draw(st.lists(st.sampled_from([each.path for each in every]), max_size=LEFT + 4)))
    seen, mark = set[str](), AskedUntil()
    for _ in range(60):
        wanted = to_ask(history, mark, before=ancestry(every, mark.through), sampled=True)
        never = {each.path for each in every} - seen
        assert never <= {each.path for each in wanted.decisions}  # what was never answered is never left out
        budget = data.draw(st.integers(1, 60))
        seen |= {each.path for each in wanted.decisions[:budget]} - silent
        unanswered = {each.path for each in wanted.decisions} - {
            each.path for each in wanted.decisions[:budget] if each.path not in silent
        }
        before = mark
        mark = asked(wanted, unanswered, HEAD, partial(ancestry, every)).mark
        assert len(mark.left) <= LEFT
        assert mark.approvals == len(ancestry_of(every, mark.through)) or mark == replace(
            before, left=mark.left
        )
        if mark.through == HEAD and not set(mark.left) - silent:
            break


def ancestry(every: Sequence[RecordedEvent], through: Sha) -> set[Sha]:
    """The commits up to this one, in a ledger that is a line."""
    return {each.batch.commit for each in ancestry_of(every, through)}


def ancestry_of(every: Sequence[RecordedEvent], through: Sha) -> list[RecordedEvent]:
    """The approvals up to this commit."""
    if through == HEAD:
        return list(every)
    last = max((each.batch.order for each in every if each.batch.commit == through), default=-1)
    return [each for each in every if each.batch.order <= last]


def test_part_of_the_way_the_first_beyond_is_named() -> None:
    """So this verification is another event than one of the same day that got all answers; the key of each is of its kind."""
    wanted = to_ask(HISTORY, AskedUntil(), before=(), sampled=True)
    late = {each.path for each in EVERY[30:]}
    mark = answers(wanted, late).mark
    assert (mark.through, mark.left) == (EVERY[29].batch.commit, (EVERY[30].path,))
    assert mark.approvals == 30


def test_the_mark_passes_no_more_than_it_can_name() -> None:
    """Behind as many without an answer as it names it moves; behind one more it stays, whatever is answered after them."""
    wanted = to_ask(HISTORY, MARK, before=(), sampled=True)
    early = tuple(each.path for each in EVERY[: LEFT + 1])
    moved = answers(wanted, {*early[:LEFT], EVERY[-1].path}).mark
    assert (moved.through, moved.left) == (EVERY[-2].batch.commit, early[:LEFT])
    assert answers(wanted, early).mark == replace(MARK, left=early[:LEFT])


def test_an_approval_that_is_committed_again_is_not_new() -> None:
    """Anyone with write access can commit an attested batch once more, beside itself and with an older date: it counts as it did."""
    again = replace(EVERY[0], batch=a_recorded(EVERY[0].event, 998).batch, copies=(EVERY[0].batch.commit,))
    history = a_ledger(again, *EVERY[1:])
    wanted = to_ask(history, replace(MARK, approvals=len(EVERY)), before=commits(EVERY), sampled=True)
    assert (wanted.new, wanted.older, wanted.fresh) == (0, len(EVERY), ())


@pytest.mark.parametrize(("counted", "new"), [(70, 10), (71, 10), (69, len(EVERY)), (None, 10)])
def test_what_counts_only_since_the_mark_was_never_asked_about(counted: int | None, new: int) -> None:
    """A key that is known only now makes older approvals count: the mark did not see them, so it says nothing."""
    before = commits(EVERY[:70])
    mark = replace(MARK, approvals=counted)
    wanted = to_ask(HISTORY, mark, before=before, unsaid=before, sampled=True)
    assert wanted.new == new
    assert (wanted.unsaid, answers(wanted, ()).mark.begins) == ((20, BEGINS) if new == 10 else (0, ""))
    chosen = to_ask(HISTORY, mark, before=before, sampled=False)  # a part that somebody chose moves no mark
    assert (chosen.new, chosen.mark) == (10, mark)


@pytest.mark.parametrize(
    ("evidence", "mark"),
    [
        (Evidence.of(Evidence.head(HEAD)), AskedUntil(begins=HEAD, through=HEAD)),
        (
            Evidence.of(
                Evidence.head(HEAD), Evidence.online(RecordedOnline({"begins": BEGINS, "through": THROUGH}))
            ),
            MARK,
        ),
        (
            Evidence.of(Evidence.head(HEAD), Evidence.online(RecordedOnline(WHOLE.as_json()))),
            WHOLE,
        ),
        (
            Evidence.of(Evidence.head(HEAD), Evidence.online(RecordedOnline({"begins": "", "through": ""}))),
            AskedUntil(),
        ),
    ],
)
def test_what_was_asked_is_what_is_recorded(evidence: Evidence, mark: AskedUntil) -> None:
    """A verification that asked nothing is no mark; of an older jitbot's nothing before its head is claimed."""
    assert last_mark(verified(evidence)) == mark
    assert last_mark(HISTORY) == AskedUntil()
    assert ("approvals" in mark.as_json()) is (mark.approvals is not None)


def test_no_more_is_claimed_than_was_asked() -> None:
    """The sentence names those that were left out of the sample, and those of which nobody knows."""
    begins = commits(EVERY[:70])
    wanted = to_ask(HISTORY, MARK, before=commits(EVERY[:-2]), unsaid=begins, sampled=True)
    said = answers(wanted, ())
    assert said.in_words == (
        f"GitHub was asked about 2 new approvals, and again about {SAMPLE} of {len(EVERY) - 2} older; "
        f"of {wanted.unsaid} older ones no record says that it was ever asked"
    )
    assert 0 < wanted.unsaid <= 70
    assert replace(said, new=1, older=0, unsaid=0).in_words == "GitHub was asked about 1 new approval"
    assert said.as_json() == {
        "new": 2,
        "older": len(EVERY) - 2,
        "again": SAMPLE,
        "unsaid": wanted.unsaid,
        "unanswered": 0,
        "begins": BEGINS,
        "through": HEAD,
        "left": [],
        "approvals": len(EVERY),
    }


def test_nothing_is_claimed_of_approvals_that_are_not_there() -> None:
    """Where a record says of each that it was asked, no other is counted."""
    said = answers(to_ask(a_ledger(*EVERY[:1]), MARK, before=(), sampled=True), ())
    assert said.in_words == "GitHub was asked about 1 new approval"


def test_only_what_gave_access_is_asked() -> None:
    """A refusal gave nothing that GitHub could contradict."""
    refused = replace(an_approval(), kind=EventType.REFUSED, window=None, documents=())
    wanted = to_ask(a_ledger(a_recorded(refused)), MARK, before=(), sampled=False)
    assert (wanted.new, wanted.older) == (0, 0)


def test_only_a_verification_says_what_was_asked() -> None:
    """Whatever was recorded after it."""
    history = verified(Evidence.of(Evidence.head(HEAD)))
    later = a_recorded(replace(an_approval(), at=NOW.replace(minute=59, second=59)), 2)
    assert last_mark(a_ledger(*history.recorded, later)) == last_mark(history) != AskedUntil()
