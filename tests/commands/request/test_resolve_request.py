"""Which request a person means, where the ledger is read through the API and nobody has verified it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, MERGED_AT, MINUTE, NOW, a_person, an_actor, sha
from builders import a_revocation, a_window, an_approval

from jitbot.commands.request.resolve_request import LedgerAnswer, asked_before, the_only_one, which
from jitbot.domain.access.request_state import RequestState, fold_events
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.request.requester_client import RequesterClient

FOLDER = "requests/orders-db-read/2026-11"
ONE, TWO, THREE = (f"{FOLDER}/24-alice-{name}.yaml" for name in ("one", "two", "three"))
BOBS = f"{FOLDER}/24-bob-four.yaml"


class Tree:
    """main with these files, each an ordinary one unless a mode is given."""

    def __init__(self, *paths: str, **modes: str) -> None:
        self.entries = [AddedEntry(path=path, mode="100644", blob=sha(path)) for path in paths]
        self.entries += [AddedEntry(path=path, mode=mode, blob=sha(path)) for path, mode in modes.items()]

    def folders(self, _commit: object, folders: Iterable[str]) -> dict[str, tuple[AddedEntry, ...]]:
        """What lies directly in each folder: files, and folders too."""
        paths = {each.path: each for each in self.entries}
        for path in list(paths):
            while path := path.rpartition("/")[0]:
                paths.setdefault(path, AddedEntry(path=path, mode="040000", blob=sha(path)))
        return {
            folder: tuple(each for path, each in paths.items() if path.rpartition("/")[0] == folder)
            for folder in folders
        }


def a_desk(tree: Tree, *files: str, login: str = "alice") -> RequesterClient:
    """A person at work; every pull request changes these files."""
    nobody: Any = None
    place = SimpleNamespace(tip=sha("tip"), repository="acme/access", branch="main", actor=an_actor(login))
    github: Any = SimpleNamespace(access=lambda: place, folders=tree.folders, files=lambda _number: files)
    desk = RequesterClient(
        github=github, github_write=nobody, documents=nobody, catalogue=nobody, sleep=lambda _: None, at=NOW
    )
    vars(desk)["person"] = a_person(login)
    return desk


def told(*events: Event) -> LedgerAnswer:
    """What the branch tells."""
    return LedgerAnswer(events=events, states=dict(fold_events(events)))


def approved(path: str, *, over: bool = False, minutes: int = 0) -> Event:
    """An approval of a request; `over`: its time is over by now."""
    window = a_window(expires_at=NOW - MINUTE if over else EXPIRES_AT)
    return an_approval(request=path, window=window, at=MERGED_AT + minutes * MINUTE)


def ended(path: str) -> Event:
    """A revocation, as somebody wrote it."""
    return a_revocation(request=path)


def test_a_number_is_what_the_pull_request_changes() -> None:
    """GitHub says which request that is; of none or several nothing is guessed."""
    assert which(a_desk(Tree(), "README.md", ONE), told(), "#7", NOW) == ONE
    for files in ((), (ONE, TWO)):
        with pytest.raises(InvalidError, match=f"pull request 7 touches {len(files)} requests"):
            which(a_desk(Tree(), *files), told(), "7", NOW)


def test_a_whole_path_is_believed() -> None:
    """Nothing that nobody verified keeps a person from naming a request."""
    assert which(a_desk(Tree()), told(), ONE, NOW) == ONE


def test_a_part_is_looked_for_on_main_and_in_the_ledger() -> None:
    """Main of this month and the last, and whatever the ledger tells."""
    last, older = ONE.replace("2026-11", "2026-10"), TWO.replace("2026-11", "2026-09")
    desk = a_desk(Tree(last, older))
    assert which(desk, told(), "alice-one", NOW) == last
    assert which(desk, told(approved(THREE)), "alice-three", NOW) == THREE
    with pytest.raises(InvalidError, match="no request is called 'alice-two'"):
        which(desk, told(), "alice-two", NOW)


def test_what_main_holds_is_meant_before_what_the_ledger_tells() -> None:
    """Nobody puts a file on main past the rules; a link there is none of them."""
    both = told(approved(ONE), approved(TWO))
    assert which(a_desk(Tree(TWO)), both, "alice", NOW) == TWO
    assert which(a_desk(Tree(TWO, **{ONE: "120000"})), both, "alice", NOW) == TWO
    assert which(a_desk(Tree()), told(approved(ONE), approved(TWO, over=True)), "alice", NOW) == ONE


def test_what_may_run_is_meant_before_what_is_over() -> None:
    """By its own time alone: an event can make an end later, never earlier."""
    desk = a_desk(Tree(ONE, TWO))
    assert which(desk, told(approved(ONE, over=True), approved(TWO)), "alice", NOW) == TWO
    later = told(approved(ONE, over=True), approved(ONE), approved(TWO, over=True))
    assert which(desk, later, "alice", NOW) == ONE


def test_the_only_one_that_is_not_said_to_have_ended_is_meant() -> None:
    """Of two that may run; where two are open, what is said to have ended is listed with them."""
    two, three = a_desk(Tree(ONE, TWO)), a_desk(Tree(ONE, TWO, THREE))
    assert which(two, told(approved(ONE), approved(TWO), ended(ONE)), "alice", NOW) == TWO
    with pytest.raises(InvalidError, match="fits 3 requests"):
        which(three, told(approved(ONE), approved(TWO), approved(THREE), ended(ONE)), "alice", NOW)
    over = told(approved(ONE), approved(TWO), ended(ONE), ended(TWO))
    with pytest.raises(InvalidError, match="fits 2 requests"):
        which(two, over, "alice", NOW)


def test_what_is_over_is_not_open() -> None:
    """A request without an end of its own, whose time is over, is no choice beside two that are said to have ended."""
    events = (approved(ONE), approved(TWO), approved(THREE, over=True), ended(ONE), ended(TWO))
    with pytest.raises(InvalidError, match="fits 2 requests"):
        which(a_desk(Tree(ONE, TWO, THREE)), told(*events), "alice", NOW)


def test_without_a_word_the_newest_of_ones_own_is_meant() -> None:
    """That may be running: on main before elsewhere, open before said to have ended, then the latest."""
    events = (approved(ONE), approved(TWO, minutes=1), approved(BOBS))
    assert which(a_desk(Tree(ONE, TWO, BOBS)), told(*events), None, NOW) == TWO
    assert which(a_desk(Tree(ONE, TWO, BOBS)), told(*events), None, NOW) != BOBS
    assert which(a_desk(Tree(ONE, TWO)), told(*events, ended(TWO)), None, NOW) == ONE
    assert which(a_desk(Tree(ONE)), told(*events), None, NOW) == ONE
    assert which(a_desk(Tree(ONE, TWO)), told(approved(ONE, over=True), approved(TWO)), None, NOW) == TWO


def test_what_main_holds_and_the_ledger_lacks_may_be_running() -> None:
    """Somebody may have taken it out; not if it is too old, decided, or somebody else's."""
    assert which(a_desk(Tree(ONE, BOBS)), told(), None, NOW) == ONE
    for tree, events in (
        (Tree(BOBS), ()),
        (Tree(ONE.replace("11/24", "11/01")), ()),
        (Tree(ONE), (approved(ONE, over=True),)),
    ):
        with pytest.raises(InvalidError, match="alice has nothing live in acme/access"):
            which(a_desk(tree), told(*events), None, NOW)
    assert which(a_desk(Tree(ONE.replace("11/24", "11/01"))), told(), None, NOW - timedelta(days=5))


def test_what_the_ledger_lacks_is_meant_before_what_has_ended() -> None:
    """A request that was merged just now, after an earlier one was given back; of two such none is chosen."""
    answer = told(approved(ONE), ended(ONE))
    desk = a_desk(Tree(ONE, TWO))
    assert (which(desk, answer, None, NOW), the_only_one(desk, answer, None, NOW)) == (TWO, TWO)
    assert the_only_one(a_desk(Tree(ONE)), answer, None, NOW) == ONE
    with pytest.raises(InvalidError, match=f"jitbot release {THREE}\n  jitbot release {TWO}$"):
        the_only_one(a_desk(Tree(ONE, TWO, THREE)), answer, None, NOW)


def test_main_is_asked_once_however_many_there_are() -> None:
    """About the folders of all requests that may be meant."""
    asked: list[list[str]] = []

    class Counted(Tree):
        def folders(self, _commit: object, folders: Iterable[str]) -> dict[str, tuple[AddedEntry, ...]]:
            asked.append(sorted(folders))
            return super().folders(_commit, asked[-1])

    other = TWO.replace("orders-db-read", "mobile-logs")
    assert which(a_desk(Counted(ONE)), told(approved(ONE), approved(other)), None, NOW) == ONE
    assert asked == [[other.rpartition("/")[0], FOLDER]]


def test_a_pull_request_that_deletes_is_no_former_request() -> None:
    """There is nothing to ask for again in it."""
    desk = a_desk(Tree(), ONE)
    github: Any = desk.github
    github.pull = lambda _number: SimpleNamespace(head=sha("head"))
    with pytest.raises(InvalidError, match="pull request 7 holds no request: it deletes"):
        asked_before(desk, "7", NOW)
    assert desk.person.login == Login("alice")


def test_of_several_none_is_chosen() -> None:
    """What is to end for good is named by the person: each that may be running is listed, as it is typed."""
    answer = told(approved(ONE), approved(TWO), approved(BOBS))
    with pytest.raises(InvalidError) as refused:
        the_only_one(a_desk(Tree(ONE, TWO, BOBS)), answer, None, NOW)
    until = "   # until 2026-11-24T11:00:00Z"
    assert str(refused.value).splitlines() == [
        "several of yours are live; say which:",
        f"  jitbot release {ONE}{until}",
        f"  jitbot release {TWO}{until}",
    ]
    assert the_only_one(a_desk(Tree(ONE, TWO, BOBS)), answer, TWO, NOW) == TWO


@pytest.mark.parametrize(
    ("main", "answer"),
    [
        (Tree(ONE, TWO), told(approved(ONE), approved(TWO), ended(TWO))),
        (Tree(ONE, TWO), told(approved(ONE), approved(TWO, over=True))),
        (Tree(ONE), told(approved(ONE), approved(TWO, minutes=5))),
        (Tree(ONE), told()),
    ],
    ids=["one has ended", "one is over", "one is not on main", "the ledger says nothing"],
)
def test_the_only_one_needs_no_name(main: Tree, answer: LedgerAnswer) -> None:
    """An event that anybody added makes no second one: the file must be on main, which only a merge changes."""
    assert the_only_one(a_desk(main), answer, None, NOW) == ONE


def test_only_what_gives_time_says_when_it_ends() -> None:
    """An event of another kind, or one without a window, makes no end later; at its very end it runs no more."""
    over = approved(ONE, over=True)
    odd: tuple[Any, ...] = (
        over,
        SimpleNamespace(request=ONE, kind=EventType.REVOKED, window=a_window(expires_at=EXPIRES_AT)),
        SimpleNamespace(request=ONE, kind=over.kind, window=None),
        SimpleNamespace(request=TWO, kind=over.kind, window=a_window(expires_at=EXPIRES_AT)),
    )
    answer = LedgerAnswer(events=odd)
    assert (answer.until(ONE), answer.until(TWO), answer.until(THREE)) == (NOW - MINUTE, EXPIRES_AT, None)
    assert [answer.may_run(TWO, each) for each in (EXPIRES_AT - MINUTE, EXPIRES_AT)] == [True, False]


@pytest.mark.parametrize("odd", ["odd", f"{FOLDER}/odd.yaml", "requests/"])
def test_an_odd_name_is_nobodys(odd: str) -> None:
    """Whoever may write can put one into the ledger, or beside requests on main: it keeps nobody from their own."""
    answer = replace(
        told(approved(ONE)), states={odd: RequestState(request=odd), **told(approved(ONE)).states}
    )
    events = (*answer.events, approved(odd))
    assert which(a_desk(Tree(ONE, odd)), replace(answer, events=events), None, NOW) == ONE
    assert which(a_desk(Tree(ONE, odd)), told(), None, NOW) == ONE


def test_the_newest_began_last() -> None:
    """Whatever it is called; of what the ledger lacks nobody knows when it began, so that its name decides."""
    began: dict[str, Any] = {
        path: SimpleNamespace(began=NOW - minutes * MINUTE, ended_early=False)
        for path, minutes in ((ONE, 1), (TWO, 2))
    }
    answer = replace(told(approved(ONE), approved(TWO)), states=began)
    assert which(a_desk(Tree(ONE, TWO)), answer, None, NOW) == ONE
    began[TWO] = SimpleNamespace(began=None, ended_early=False)
    assert which(a_desk(Tree(ONE, TWO)), answer, None, NOW) == TWO
    assert which(a_desk(Tree(ONE, TWO)), told(), None, NOW) == TWO
    with pytest.raises(InvalidError, match=f"jitbot release {ONE}\n  jitbot release {TWO}$"):
        the_only_one(a_desk(Tree(ONE, TWO)), told(), None, NOW)


def test_the_oldest_that_may_run_is_21_days_old() -> None:
    """By the day in its path."""
    day = NOW.replace(hour=0, minute=0)
    assert which(a_desk(Tree(ONE)), told(), None, day + MEMORY) == ONE
    with pytest.raises(InvalidError, match="nothing live"):
        which(a_desk(Tree(ONE)), told(), None, day + MEMORY + timedelta(days=1))


def test_a_former_request_is_mains_or_the_pull_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path it is main's; by a number it is as the pull request has it, merged or not."""
    desk = a_desk(Tree(ONE), ONE)
    github: Any = desk.github
    github.pull = lambda _number: SimpleNamespace(head=sha("head"))
    monkeypatch.setattr(RequesterClient, "read_request", lambda _, path: (f"main's {path}".encode(), None))
    monkeypatch.setattr(
        "jitbot.commands.request.resolve_request.RemoteTree",
        lambda _, head: SimpleNamespace(read=lambda paths: dict.fromkeys(paths, head.encode())),
    )
    assert asked_before(desk, ONE, NOW) == (ONE, f"main's {ONE}".encode())
    assert asked_before(desk, "7", NOW) == (ONE, sha("head").encode())
