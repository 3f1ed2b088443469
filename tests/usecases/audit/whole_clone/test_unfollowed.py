"""The ends that main asks for, where commits change too much to be followed: none is missed, none made up."""

from collections.abc import Callable

import pytest
from acme_facts import HOUR, MINUTE
from plain_audit import ORDERS, TEXT, PlainClone

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.model.bounds import MOST_ASKS
from jitbot.domain.model.documents import PEOPLE

ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"
CODEOWNERS = ".github/CODEOWNERS"
LONG = TEXT.replace("2h", "4h")
OTHER = ORDERS.replace("refunds", "other")
WIDE = "policies/wide"
Move = Callable[[PlainClone], None]


@pytest.fixture
def clone() -> PlainClone:
    """alice's request for four hours, granted a minute ago."""
    made = PlainClone()
    made.grant(made.ask("bob", text=LONG))
    made.later(MINUTE)
    return made


def without_alice(clone: PlainClone) -> str:
    """people.yaml, where alice has left."""
    text = clone.trees.files[PEOPLE].decode()
    assert ALICE in text
    return text.replace(ALICE, "")


def large(clone: PlainClone, **files: str | None) -> None:
    """A commit with these files of which git shows no rules, and the next one without what made it so large."""
    clone.large.add(clone.push({WIDE: "x", **files}))
    clone.push({WIDE: None})


def broken(clone: PlainClone) -> set[str]:
    """What is broken of alice's request."""
    found = clone.verdict().of(Severity.BROKEN)
    return {each.code for each in found if each.request == ORDERS}


def after_unread_rules(clone: PlainClone) -> None:
    """A commit of which the rules cannot be followed, and later a deletion."""
    large(clone)
    clone.push({ORDERS: None})


def in_an_unread_commit(clone: PlainClone) -> None:
    """The commit that deletes it changes too much."""
    large(clone, **{ORDERS: None})


def in_unread_rules(clone: PlainClone) -> None:
    """The commit that takes alice out of people.yaml changes too much of the rules."""
    large(clone, **{PEOPLE: without_alice(clone)})


def while_nobody_owned_it(clone: PlainClone) -> None:
    """Nobody owns the file in the moment of its deletion."""
    owners = clone.trees.files[CODEOWNERS]
    for files in ({CODEOWNERS: b"# none\n"}, {ORDERS: None}, {CODEOWNERS: owners}):
        clone.push(files)


def beside_too_many(clone: PlainClone) -> None:
    """It is deleted by a commit that asks for more than one merge may."""
    clone.push({ORDERS: None, **many()})


def many() -> dict[str, str]:
    """More requests than one merge may ask for."""
    return {ORDERS.replace("refunds", f"many-{each}"): "reason: x\n" for each in range(MOST_ASKS + 1)}


LEAVING = [after_unread_rules, in_an_unread_commit, in_unread_rules, while_nobody_owned_it, beside_too_many]


@pytest.mark.parametrize("leave", LEAVING)
def test_an_end_is_not_missed(clone: PlainClone, leave: Move) -> None:
    """What a sweep would have ended is late without one, for an auditor with a clone alone."""
    leave(clone)
    clone.later(2 * HOUR)
    assert broken(clone) == set()
    clone.later(MINUTE)
    assert broken(clone) == {"late-end"}


def restored_beside_too_many(clone: PlainClone) -> None:
    """The file is brought back by a commit that asks for more than one merge may."""
    clone.push({ORDERS: None})
    clone.push({ORDERS: LONG, **many()})


def restored_in_an_unread_commit(clone: PlainClone) -> None:
    """The file is brought back by a commit that changes too much."""
    clone.push({ORDERS: None})
    large(clone, **{ORDERS: LONG})


def back_in_unread_rules(clone: PlainClone) -> None:
    """alice comes back to people.yaml in a commit of which the rules cannot be followed."""
    clone.push({PEOPLE: without_alice(clone)})
    large(clone, **{PEOPLE: clone.trees.files[PEOPLE].decode()})


@pytest.mark.parametrize(
    "move", [restored_beside_too_many, restored_in_an_unread_commit, back_in_unread_rules]
)
def test_nobody_is_accused(clone: PlainClone, move: Move) -> None:
    """What was gone between two commits of a rebase alone ends nothing, and is no late end."""
    move(clone)
    clone.later(3 * HOUR)
    assert broken(clone) == set()


def restored_for_a_moment(clone: PlainClone) -> None:
    """The file comes back and goes again, with its owners, within one rebase."""
    owners = clone.trees.files[CODEOWNERS]
    clone.push({ORDERS: LONG, CODEOWNERS: b"# none\n"})
    clone.push({CODEOWNERS: owners})
    clone.push({ORDERS: None, CODEOWNERS: b"# none\n"})
    clone.push({CODEOWNERS: owners})


def people_unread_for_a_moment(clone: PlainClone) -> None:
    """people.yaml cannot be read between two commits of one rebase."""
    people = without_alice(clone)
    clone.push({PEOPLE: "people: ["})
    clone.push({PEOPLE: people})


@pytest.mark.parametrize("move", [restored_for_a_moment, people_unread_for_a_moment])
def test_a_rebase_every_hour_hides_no_end(clone: PlainClone, move: Move) -> None:
    """What lies between its commits was never main's tip, so no sweep has any longer by it."""
    clone.push({ORDERS: None} if move is restored_for_a_moment else {PEOPLE: without_alice(clone)})
    for _ in range(2):
        clone.later(HOUR)
        move(clone)
    clone.later(MINUTE)
    assert broken(clone) == {"late-end"}


def test_a_commit_that_cannot_be_asked(clone: PlainClone) -> None:
    """Where git does not say what such a commit left, that is told of it, once, and the rest is judged."""
    in_an_unread_commit(clone)
    asked = clone.line[-2]
    clone.silent.add(asked)
    found = clone.verdict()
    assert [(each.code, each.commit, each.severity) for each in found.problems] == [
        ("commit-not-read", asked, Severity.UNCHECKED)
    ]


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_owners_that_are_no_plain_file_for_a_moment(clone: PlainClone, mode: str) -> None:
    """A link or a submodule in the place of CODEOWNERS, in a rebase that deletes a request: nothing is broken, or asked for."""
    owners = clone.trees.files[CODEOWNERS]
    odd = clone.push({CODEOWNERS: b"elsewhere"})
    clone.modes[odd, CODEOWNERS] = mode
    clone.push({ORDERS: None, CODEOWNERS: owners})
    clone.push({ORDERS: LONG})
    clone.forbidden = {b"elsewhere"}
    assert Severity.BROKEN not in {each.severity for each in clone.verdict().problems}


def test_a_submodule_in_the_place_of_a_request(clone: PlainClone) -> None:
    """What it names is no object here: nobody is asked for it, and the merge waits for its refusal like any other."""
    made = clone.push({OTHER: b"elsewhere"})
    clone.modes[made, OTHER] = "160000"
    clone.forbidden = {b"elsewhere"}
    found = clone.verdict()
    assert {each.code for each in found.problems} == {"decision-due"}
