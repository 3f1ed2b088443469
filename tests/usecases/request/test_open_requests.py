"""The open requests on a GitHub in memory: which pull requests are one, what each waits for, and what is wrong with one alone."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import HOUR, NOW, PATH
from plain_github import Fault
from plain_reviews import PlainReviews

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.model.documents import policy_path
from jitbot.domain.model.errors import UnavailableError
from jitbot.usecases.request.open_requests import MOST, OpenRequest, UnreadRequest, open_requests

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
SECOND = PATH.replace("refunds", "second")
DOWN = UnavailableError("GitHub does not answer")


def found(
    acme: PlainReviews, login: str | None = None, **given: Any
) -> tuple[OpenRequest | UnreadRequest, ...]:
    """The open requests."""
    return open_requests(acme.client(), login, NOW, **given)[0]


def numbers(of: tuple[OpenRequest | UnreadRequest, ...]) -> list[int]:
    """The pull requests that ask for them."""
    return [each.number for each in of]


def test_a_request_is_shown_with_what_it_waits_for() -> None:
    """Everything that a list needs of it."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    (one,) = found(acme)
    assert isinstance(one, OpenRequest)
    assert isinstance(one.approvals, PendingApprovals)
    assert (one.request, one.requester, one.accounts, one.duration) == (PATH, "alice", ("prod",), 2 * HOUR)
    assert (one.number, one.url, one.needed, one.asked_at) == (1, pull.url, 1, pull.created_at)
    assert one.owners == ("@acme/payments-leads",)


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        ({PATH: TEXT}, True),
        ({PATH: TEXT, SECOND: TEXT}, False),
        ({PATH: TEXT, "README.md": b"x"}, False),
        ({"policies/x.yaml": b"x"}, False),
        ({"requests/README.md": b"x"}, False),
        ({}, False),
        ({PATH: b"x: ["}, False),
        ({PATH: None}, False),
    ],
)
def test_what_touches_one_request_is_one(files: dict[str, bytes | None], *, counts: bool) -> None:
    """And asks for something that reads."""
    acme = PlainReviews()
    acme.files[PATH] = TEXT.replace(b"2h", b"1h")
    acme.offer(files)
    assert numbers(found(acme)) == ([1] if counts else [])
    of_requests = len(files) == 1 and PATH in files
    assert ("folders" in acme.calls) is of_requests  # nothing is read of what is no request


def test_those_of_a_login_are_their_own() -> None:
    """In any case of its letters; the newest comes first, as GitHub lists them, or as they are known already."""
    acme = PlainReviews()
    mine, other = acme.offer({PATH: TEXT}), acme.offer({SECOND: TEXT}, "carol")
    assert numbers(found(acme, "ALICE")) == [1]
    assert numbers(found(acme, "nobody")) == []
    acme.calls.clear()
    assert numbers(found(acme, listed=[other, mine])) == [2, 1]
    assert "open_pulls" not in acme.calls
    assert numbers(found(acme, listed=[])) == []


def test_more_than_are_looked_into_are_counted() -> None:
    """Each costs some calls."""
    acme = PlainReviews()
    pulls = [acme.offer({PATH.replace("refunds", f"n{number}"): TEXT}) for number in range(3)]
    client = acme.client()
    for most, left in ((2, 1), (3, 0), (4, 0)):
        assert open_requests(client, None, NOW, most=most, listed=pulls)[1] == left
    assert len(found(acme, most=2)) == 2
    many = [replace(pulls[0], number=1) for _ in range(MOST + 2)]
    assert open_requests(client, None, NOW, listed=many)[1] == 2


@pytest.mark.parametrize(("part", "path"), [("files", None), ("contents", PATH)])
def test_what_is_wrong_with_one_hides_no_other(part: str, path: str | None) -> None:
    """It is named, with as much of it as is known. If GitHub answers nothing else either, that is an error."""
    acme = PlainReviews()
    pull = acme.offer({PATH: TEXT})
    acme.client().rules("")
    client = acme.client()
    _ = client.rules_tree
    acme.faults[part] = Fault(error=DOWN)
    (one,) = open_requests(client, None, NOW)[0]
    assert isinstance(one, UnreadRequest)
    assert (one.number, one.url, one.request, one.approvals) == (1, pull.url, path, NotKnown(why=str(DOWN)))
    acme.faults["tip"] = Fault(error=UnavailableError("nothing at all"))
    with pytest.raises(UnavailableError, match="nothing at all"):
        open_requests(client, None, NOW)


def test_the_rules_of_the_head_may_need_more_than_mains() -> None:
    """What a decision would ask for is shown."""
    acme = PlainReviews()
    path = policy_path("orders-db-read")
    acme.offer({PATH: TEXT, path: acme.files[path].replace(b"approvals: 1", b"approvals: 2")})
    acme.paths_of[1] = (PATH,)  # main asked for two as well when the branch left it
    (one,) = found(acme)
    assert isinstance(one, OpenRequest)
    assert one.needed == 2


def test_where_the_approvals_are_not_known_main_says_how_many_are_needed() -> None:
    """None, where its policy does not read either."""
    acme = PlainReviews(faults={"reviews": Fault(error=DOWN)})
    path = policy_path("orders-db-read")
    acme.files[path] = acme.files[path].replace(b"approvals: 1", b"approvals: 2")
    acme.offer({PATH: TEXT})
    (one,) = found(acme)
    assert isinstance(one, OpenRequest)
    assert (one.needed, one.approvals) == (2, NotKnown(why=str(DOWN)))
    acme.files[path] = b"x: ["
    (one,) = found(acme)
    assert isinstance(one, OpenRequest)
    assert one.needed == 0
