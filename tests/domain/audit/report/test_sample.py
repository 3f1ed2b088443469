"""A sample that anybody can draw again, with a shell alone."""

import hashlib
from dataclasses import replace

from acme_facts import NOW
from audit_facts import a_record, approval, decided, granted
from builders import a_case, a_merge

from jitbot.domain.audit.report.sample import REFUSALS, merge_commit, rank, refusals, sample

GOOD = a_record(approval(), granted())
REFUSED = a_record(decided(a_case(merge=a_merge(reviews=())), NOW))


def test_a_place_in_the_draw_is_a_digest_of_three_lines() -> None:
    """The seed, the id, the merge; an item that nobody decided has no merge."""
    line = f"seed\n{GOOD.id}\n{GOOD.decisions[0].commit}"
    assert rank(GOOD, "seed") == hashlib.sha256(line.encode()).hexdigest()
    assert merge_commit(replace(GOOD, decisions=())) == ""


def test_as_many_as_are_asked_for() -> None:
    """In the order of the draw, whatever the order of the items."""
    items = [replace(GOOD, id=f"g{number}") for number in range(9)]
    drawn = sample(items, size=4, seed="seed")
    assert drawn == sample(reversed(items), size=4, seed="seed")
    assert list(drawn) == sorted(items, key=lambda each: rank(each, "seed"))[:4]
    assert len(sample(items, size=99, seed="seed")) == 9


def test_refusals_are_drawn_from_merges() -> None:
    """Not from what was granted; and a merge that asked for many accounts is one."""
    accounts = [replace(REFUSED, id=f"r{number}", account=f"a{number}") for number in range(20)]
    assert refusals([GOOD, *accounts], seed="seed") == (accounts[0],)
    others = [replace(REFUSED, id=f"o{number}", request=f"requests/p/{number}.yaml") for number in range(20)]
    assert len(refusals([GOOD, *others], seed="seed")) == REFUSALS
    assert refusals([GOOD], seed="seed") == ()
