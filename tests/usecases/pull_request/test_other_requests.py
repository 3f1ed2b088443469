"""The requester's other requests under one policy, on a repository in memory: whose they are, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import NOW, PATH, a_request, sha
from builders import an_approval, an_outcome
from plain_pulls import PlainPulls
from plain_trees import MAIN

from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import Request
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.views.other_requests import OtherRequests
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.pull_request.checking import read_proposed
from jitbot.usecases.pull_request.other_requests import other_requests

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
SECOND = PATH.replace("refunds", "second")
OTHER_POLICY = PATH.replace("orders-db-read", "ssm-shell")
ASKED = a_request(path=PATH.replace("refunds", "this"))


def others(
    acme: PlainPulls,
    mine: PullRequest | None = None,
    *,
    request: Request = ASKED,
    doubt: str = "",
    ledger: bool = True,
) -> OtherRequests:
    """What is found beside this request, of the pull request that asks for it."""
    mine = mine or acme.offer({request.path: TEXT}, number=99)
    context = acme.context()
    history = ledger_view.read(context, NOW) if ledger else None
    proposed = read_proposed(context.git, base=MAIN, head=mine.head)
    return other_requests(context, mine, request, history, NOW, proposed=proposed, doubt=doubt)


def numbers(found: OtherRequests) -> list[int | None]:
    """The pull requests in which they are asked for, None for this one."""
    return [each.number for each in found.found]


def test_others_of_this_pull_request_are_found() -> None:
    """Under the same policy, by the same requester; this one is not its own other."""
    acme = PlainPulls()
    bobs = PATH.replace("alice", "bob")
    files = {
        ASKED.path: TEXT,
        SECOND: TEXT.replace(b"alice", b"Alice").replace(b"2h", b"1h"),
        OTHER_POLICY: TEXT,
        bobs: TEXT.replace(b"alice", b"bob"),
        PATH.replace("refunds", "odd"): b"x: [",
    }
    found = others(acme, acme.offer(files))
    (one,) = found.found
    assert (one.number, one.length, one.state, found.doubt) == (None, ASKED.duration / 2, "asked for", "")


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"login": "bob"}, False),  # who would ask for alice cannot be granted it
        ({"base_branch": "other"}, False),
        ({"closed_at": NOW}, False),
    ],
)
def test_other_pull_requests_of_the_author_are_looked_into(changes: dict[str, Any], *, counts: bool) -> None:
    """Those into the same branch."""
    acme = PlainPulls()
    acme.offer({PATH: TEXT}, **changes)
    found = others(acme)
    assert (numbers(found), found.doubt) == ([1] if counts else [], "")


def test_the_same_path_in_another_pull_request_is_this_request() -> None:
    """Only one of the two can be merged."""
    acme = PlainPulls()
    acme.offer({ASKED.path: TEXT})
    acme.offer({SECOND: TEXT, OTHER_POLICY: TEXT})
    assert numbers(others(acme)) == [2]


def test_heads_that_are_not_here_are_fetched_together() -> None:
    """And no other; one that cannot be had is not looked into."""
    acme = PlainPulls()
    acme.offer({PATH: TEXT})
    acme.offer({SECOND: TEXT}, fetched=False)
    gone = acme.offer({SECOND: TEXT}, fetched=False)
    del acme.pushed[gone.number]
    found = others(acme)
    assert (numbers(found), found.doubt) == ([2, 1], "#3 could not be read: its head is not here")
    assert acme.fetched == [(3, 2)]
    here = PlainPulls()
    here.offer({PATH: TEXT})
    assert numbers(others(here)) == [1]
    assert here.fetched == []


def test_a_branch_of_another_history_hides_no_other() -> None:
    """Its author may push one over their request; the pull requests after it are looked into all the same."""
    acme = PlainPulls()
    acme.offer({SECOND: TEXT})
    acme.offer({SECOND: TEXT})
    acme.heads[2] = sha("another history")
    acme.pulls[-1] = replace(acme.pulls[-1], head=acme.heads[2])
    found = others(acme)
    assert (numbers(found), found.doubt.partition(": ")[0]) == ([1], "#2 could not be read")


def test_a_head_that_moved_is_fetched_again() -> None:
    """What was here is not what is asked for."""
    acme = PlainPulls()
    pull = acme.offer({PATH: TEXT}, fetched=False)
    acme.heads[pull.number] = acme.push("old", {"README.md": b"x"})
    assert numbers(others(acme)) == [1]


def test_ten_are_looked_into_and_the_rest_is_said() -> None:
    """Of what is not looked into nothing is fetched."""
    acme = PlainPulls()
    for number in range(10):
        acme.offer({PATH.replace("refunds", f"n{number}"): TEXT}, fetched=False)
    found = others(acme)
    assert (len(found.found), found.doubt, len(acme.fetched[0])) == (10, "", 10)
    acme.pulls.pop()
    acme.offer({PATH: TEXT}, fetched=False)
    found = others(acme, acme.offer({ASKED.path: TEXT}, number=98))
    assert (len(found.found), found.doubt) == (10, "1 more open pull requests were not looked into")
    assert len(acme.fetched[-1]) == 1


def test_more_than_is_read_asks_for_nothing() -> None:
    """A change of so many requests would be refused, whatever is in it."""
    acme = PlainPulls()
    acme.offer({PATH.replace("refunds", f"n{number}"): TEXT for number in range(101)})
    assert others(acme).found == ()
    many = acme.offer({ASKED.path.replace("this", f"m{number}"): TEXT for number in range(101)}, number=50)
    assert None not in numbers(others(acme, many))


def test_what_the_ledger_has_counts() -> None:
    """Without it, or where it is in doubt, that is said; the rest is found all the same."""
    acme = PlainPulls()
    acme.record.push(an_approval(), an_outcome(EventType.GRANTED))
    acme.offer({SECOND: TEXT})
    found = others(acme)
    assert ([each.state for each in found.found], found.doubt) == (["live", "asked for"], "")
    without = others(acme, acme.offer({ASKED.path: TEXT}, number=98), ledger=False)
    assert "live" not in [each.state for each in without.found]
    assert without.doubt == "the ledger could not be read"
    doubted = others(acme, acme.offer({ASKED.path: TEXT}, number=97), doubt="who knows")
    assert ("live" in [each.state for each in doubted.found], doubted.doubt) == (True, "who knows")


def test_where_github_does_not_answer_that_is_said() -> None:
    """Beside what else is not known; what this pull request asks for is found."""
    acme = PlainPulls(faults={"open_pulls": UnavailableError("GitHub does not answer")})
    mine = acme.offer({ASKED.path: TEXT, SECOND: TEXT})
    found = others(acme, mine, doubt="who knows")
    assert (numbers(found), found.doubt) == ([None], "who knows; GitHub does not answer")
