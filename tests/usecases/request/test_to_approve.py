"""What waits for one person, on a GitHub in memory: whose requests, how many are asked for, and which need this person."""

from typing import Any

import pytest
from acme_facts import NOW, PATH, a_person
from plain_github import Fault
from plain_reviews import PlainReviews

from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.model.documents import policy_path
from jitbot.domain.model.errors import UnavailableError
from jitbot.usecases.request.open_requests import UnreadRequest
from jitbot.usecases.request.to_approve import LISTED, READ, Waiting, to_approve

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
SECOND = PATH.replace("refunds", "second")
GLASS = PATH.replace("orders-db-read", "production-break-glass").replace("alice", "dave")
FIRE = b"requester: dave\naccounts: [prod]\nduration: 1h\nreason: INC-1\nticket: INC-1\n"
DOWN = UnavailableError("GitHub does not answer")


def waiting(acme: PlainReviews, login: str = "bob") -> Waiting:
    """What waits for this person."""
    return to_approve(acme.client(), a_person(login), acme.open_pulls(), NOW)


def numbers(acme: PlainReviews, login: str = "bob") -> list[int]:
    """The pull requests that wait for this person."""
    return [each.number for each in waiting(acme, login).found]


def test_the_requests_of_others_wait_for_an_owner() -> None:
    """The oldest first; not one's own, and not what goes elsewhere."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT})
    acme.offer({SECOND: TEXT})
    acme.offer({PATH: TEXT}, "bob")
    acme.offer({PATH: TEXT}, base_branch="other")
    assert numbers(acme) == [1, 2]
    assert (waiting(acme).more, numbers(acme, "carol")) == (0, [])


def test_whom_no_policy_names_costs_no_call_for_a_pull_request() -> None:
    """Nor does it cost one where nobody else asks, to know whom the policies name."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT})
    assert waiting(acme, "carol") == Waiting()
    assert "files" not in acme.calls
    alone = PlainReviews()
    alone.offer({PATH: TEXT}, "bob")
    assert waiting(alone) == Waiting()
    assert "folders" not in alone.calls


@pytest.mark.parametrize(
    ("files", "waits"),
    [
        ({PATH: TEXT}, True),
        ({PATH: TEXT, "policies/teams.yaml": b"x"}, False),  # its check is red
        ({PATH.replace("orders-db-read", "s3-prefix-read"): TEXT}, False),  # heidi's
        ({PATH.replace("orders-db-read", "nothing"): TEXT}, False),  # of no policy
        ({"README.md": b"x"}, False),
        ({PATH: b"x: ["}, False),
    ],
)
def test_what_this_person_may_judge_waits(files: dict[str, bytes], *, waits: bool) -> None:
    """Requests alone, under a policy that reads."""
    acme = PlainReviews()
    acme.offer(files)
    assert numbers(acme) == ([1] if waits else [])


def test_a_policy_that_does_not_read_waits_for_nobody() -> None:
    """Nothing is granted under it."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT})
    acme.files[policy_path("orders-db-read")] = b"x: ["
    assert numbers(acme) == []


def test_what_is_approved_waits_no_more() -> None:
    """Or what this person approved; what they cannot see the approvals of waits all the same."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT}, by="bob")
    acme.offer({SECOND: TEXT})
    assert numbers(acme) == [2]
    acme.faults["reviews"] = Fault(error=DOWN)
    first, _ = waiting(acme).found
    assert first.approvals == NotKnown(why=str(DOWN))


def test_a_break_glass_waits_for_its_reviewers() -> None:
    """GitHub wants an approval to merge it, and jitbot none."""
    acme = PlainReviews()
    acme.offer({GLASS: FIRE}, "dave")
    assert (numbers(acme, "erin"), numbers(acme, "bob")) == ([1], [])


def test_a_deletion_is_named_as_one() -> None:
    """What does not read and is there is no deletion."""
    acme = PlainReviews()
    acme.files |= {PATH: TEXT, SECOND: TEXT}
    acme.offer({PATH: None})
    acme.offer({SECOND: b"x: ["})
    (one,) = waiting(acme).found
    assert one == UnreadRequest(
        number=1,
        url="https://x.example/1",
        request=PATH,
        approvals=NotKnown(why="it ends access, by deleting the request"),
    )


def test_what_cannot_be_read_is_named_and_hides_no_other() -> None:
    """Nobody asks whether it is a deletion."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT})
    acme.offer({SECOND: TEXT})
    acme.meanwhile["files"] = lambda: acme.faults.update(folders=Fault(error=DOWN))
    assert [(each.request, each.approvals) for each in waiting(acme).found] == [
        (PATH, NotKnown(why=str(DOWN))),
        (SECOND, NotKnown(why=str(DOWN))),
    ]


def test_several_in_one_are_named_together() -> None:
    """With the command that shows them."""
    acme = PlainReviews()
    acme.offer({PATH: TEXT, SECOND: TEXT})
    (one,) = waiting(acme).found
    assert (one.number, one.request) == (1, PATH)
    assert one.approvals == NotKnown(why="it holds 2 requests: jitbot explain 1")


def test_one_whose_files_are_not_listed_hides_no_other() -> None:
    """If GitHub answers nothing else either, that is an error."""
    acme = PlainReviews(faults={"files": Fault(error=DOWN)})
    acme.offer({PATH: TEXT})
    assert waiting(acme) == Waiting()
    acme.faults["tip"] = Fault(error=UnavailableError("nothing at all"))
    with pytest.raises(UnavailableError, match="nothing at all"):
        waiting(acme)


def test_so_many_are_read_and_so_many_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is counted. What is listed and needs somebody else is not read."""
    read: list[int] = []

    def note(*given: Any) -> tuple[()]:
        read.append(given[2].number)
        return ()

    monkeypatch.setattr("jitbot.usecases.request.to_approve._waiting", note)
    acme = PlainReviews()
    for number in range(READ):
        acme.offer({PATH.replace("refunds", f"n{number}"): TEXT})
    assert (waiting(acme).more, len(read)) == (0, READ)
    acme.offer({SECOND: TEXT})
    read.clear()
    assert (waiting(acme).more, len(read)) == (1, READ)
    others = PlainReviews()
    for number in range(LISTED + 2):
        others.offer({f"docs/{number}": b"x"})
    assert (waiting(others).more, others.calls.count("files")) == (2, LISTED)
