"""Which approvals GitHub is asked about from week to week, by what a whole clone in memory records of each verification."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from acme_facts import DAY
from plain_audit import ORDERS, TEXT, PlainClone

from jitbot.domain.audit.verify import online
from jitbot.domain.audit.verify.online import OnlineAnswers, ToAsk, asked, last_mark
from jitbot.usecases.audit.record_verdict import event_of
from jitbot.usecases.audit.verify_ledger import approvals_since_asked, approvals_to_ask


def approved(clone: PlainClone, *names: str) -> None:
    """Requests of these names, each approved and granted."""
    for name in names:
        clone.grant(clone.ask("bob", path=ORDERS.replace("refunds", name), text=TEXT))


def weekly(
    clone: PlainClone, silent: Collection[int] = (), *, offline: bool = False
) -> tuple[ToAsk, OnlineAnswers]:
    """The verification that audit.yml makes and records; of the approvals of these numbers it got no answer."""
    inputs = clone.inputs()
    wanted = approvals_since_asked(inputs)
    unanswered = {wanted.decisions[each].path for each in silent}
    verdict = clone.verdict()
    answers = asked(wanted, unanswered, verdict.head, inputs.git.commits_of)
    found = verdict if offline else replace(verdict, asked=answers)
    clone.tell(event_of(found, last_mark(inputs.history), now=clone.now, run="run"))
    clone.later(DAY)
    return wanted, answers


def test_a_week_asks_about_what_was_approved_since_the_last_and_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A life of approvals would use up the hour of a job's token."""
    monkeypatch.setattr(online, "SAMPLE", 2)
    clone = PlainClone()
    approved(clone, "one", "two", "three")
    wanted, answers = weekly(clone)
    assert (len(wanted.decisions), answers.new, answers.older) == (3, 3, 0)
    approved(clone, "four")
    wanted, answers = weekly(clone)
    assert (answers.new, answers.older, answers.again, answers.unsaid) == (1, 3, 2, 0)
    assert wanted.decisions[0].event.request == ORDERS.replace("refunds", "four")
    assert (answers.mark.through, answers.mark.approvals) == (clone.ledger_of.commits[-2].commit, 4)


def test_what_got_no_answer_is_asked_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark passes so many and names them; where more are left it stays, and an offline verification passes it on."""
    monkeypatch.setattr(online, "LEFT", 1)
    clone = PlainClone()
    approved(clone, "one", "two", "three")
    _, answers = weekly(clone, [1, 2])
    (left,) = answers.mark.left
    assert (answers.unanswered, answers.mark.approvals, "approved" in left) == (2, 1, True)
    weekly(clone, offline=True)
    _, answers = weekly(clone)
    assert (answers.new, answers.older, answers.unanswered) == (2, 1, 0)
    _, answers = weekly(clone)
    assert (answers.new, answers.older, answers.mark.left) == (0, 3, ())


def test_a_batch_that_is_made_again_makes_nothing_new() -> None:
    """Anyone who may write can push it beside itself: what was asked about stays asked about."""
    clone = PlainClone()
    approved(clone, "one", "two")
    weekly(clone)
    twin = next(each for each in clone.ledger_of.commits if "approved" in each.message)
    again = replace(twin, commit=clone.main())
    clone.ledger_of.commits.insert(2, again)
    clone.ledger_of.ages[again.commit] = clone.now - 900 * DAY
    _, answers = weekly(clone)
    assert (answers.new, answers.older) == (0, 2)


def test_since_a_commit_only_later_approvals_are_read_again() -> None:
    """Without it, all of them."""
    clone = PlainClone()
    approved(clone, "one")
    since = clone.ledger()
    approved(clone, "two")
    inputs = clone.inputs()
    (found,) = approvals_to_ask(inputs, since).decisions
    assert found.event.request == ORDERS.replace("refunds", "two")
    assert len(approvals_to_ask(inputs, None).decisions) == 2
