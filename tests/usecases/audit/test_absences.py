"""When main lacked a request's file or its requester, read in memory of plain histories."""

from collections.abc import Iterable
from typing import Any, cast

import pytest
from acme_facts import BLOB, DAY, HOUR, MERGED_AT, MINUTE, OWNERS, PATH, PEOPLE, a_request, sha
from builders import a_change, a_request_state, an_approval

from jitbot.domain.access.request_state import RequestState, fold_events
from jitbot.domain.audit.history.main_history import MainHistory, Merged, Unfollowed, Version
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import PEOPLE as PEOPLE_FILE
from jitbot.domain.model.documents import PLAIN, Login, Parsed, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.audit.absences import Gone, read_absences

FIRST, SECOND_PLACE, _ = codeowners.LOCATIONS
OTHER = PATH.replace("refunds", "other")
OPEN = a_request_state(an_approval())


class Main:
    """main as an audit followed it: commits in their order, with versions of rule files, and the bytes of blobs."""

    def __init__(self) -> None:
        self.history = MainHistory()
        self.trees: dict[Sha, dict[str, tuple[str, Sha]]] = {}
        self.bytes_of: dict[Sha, bytes] = {}
        self.silent: set[Sha] = set()
        self.asked: list[Sha] = []
        self.merges: list[Merged] = []

    def commit(self, name: str) -> tuple[Sha, int]:
        """The next commit of main, with its order."""
        made = sha(name)
        return made, self.history.commits.setdefault(made, len(self.history.commits))

    def request(self, path: str = PATH, *, at: Any = MERGED_AT, deleted: bool = False) -> None:
        """A change of a request's file."""
        commit, order = self.commit(f"{path} {at}")
        kind = ChangeKind.DELETED if deleted else ChangeKind.ADDED
        change = a_change(
            path=path, commit=commit, committed_at=at, kind=kind, blob=None if deleted else BLOB
        )
        self.merges.append(
            Merged(change=change, order=order, touched=(path,), rules=None, clashes=(), before=())
        )

    def people(self, text: str | None, at: Any) -> None:
        """A version of people.yaml; `all` has everybody."""
        commit, _ = self.commit(f"people {at}")
        blob = None if text is None else sha(text)
        if text is not None:
            self.bytes_of[sha(text)] = text.encode()
        self.history.versions.setdefault(PEOPLE_FILE, []).append(Version(commit=commit, at=at, blob=blob))

    def owners(self, at: Any, **files: tuple[str, str | None]) -> Sha:
        """A commit that changes CODEOWNERS: `first` and `second` are places, each with a mode and a text."""
        commit, _ = self.commit(f"owners {at}")
        places = {"first": FIRST, "second": SECOND_PLACE}
        self.trees[commit] = {places[name]: (mode, sha(f"{text}")) for name, (mode, text) in files.items()}
        self.bytes_of |= {sha(f"{text}"): text.encode() for _, text in files.values() if text is not None}
        self.history.versions.setdefault(FIRST, []).append(Version(commit=commit, at=at, blob=BLOB))
        return commit

    def large(self, at: Any, *paths: str, rules: bool = True) -> Sha:
        """A commit that is too large to follow, after which these files are there."""
        commit, order = self.commit(f"large {at}")
        self.trees[commit] = dict.fromkeys(paths, (PLAIN, BLOB))
        self.history.unfollowed.append(Unfollowed(commit=commit, at=at, order=order, rules=rules))
        return commit

    def entries(self, commit: Sha, paths: Iterable[str]) -> tuple[AddedEntry, ...]:
        """What lies there."""
        self.asked.append(commit)
        if commit in self.silent:
            raise UnavailableError("not here")
        tree = self.trees[commit]
        return tuple(
            AddedEntry(path=each, mode=tree[each][0], blob=tree[each][1]) for each in paths if each in tree
        )

    def contents(self, blobs: Iterable[Sha]) -> list[tuple[Sha, bytes | None]]:
        """Their bytes."""
        every = list(blobs)
        assert sha("link") not in every
        return [(each, self.bytes_of.get(each)) for each in every]

    def parse_people(self, source: Any) -> Parsed[Any]:
        """Everybody, all but alice, or nothing that reads."""
        everybody = dict(PEOPLE)
        if source.content == b"without alice":
            everybody.pop(a_request().requester)
        return Parsed(value=None if source.content == b"unreadable" else everybody)

    def gone(self, *states: RequestState) -> Gone:
        """What was gone, and when."""
        return read_absences(
            cast("Git", self),
            cast("DocumentReader", self),
            main_history=self.history,
            merges=self.merges,
            states=states or (OPEN,),
        )


def told(main: Main, *states: RequestState) -> list[tuple[EndReason, Any, bool]]:
    """Of alice's request: why, from when until when after its merge, and whether somebody owned it."""
    return [
        (
            each.why,
            (each.since - MERGED_AT, None if each.until is None else each.until - MERGED_AT),
            each.owned,
        )
        for each in main.gone(*states).absences.get(PATH, ())
    ]


def owned() -> tuple[str, str]:
    """A plain CODEOWNERS that names owners of the request."""
    return PLAIN, OWNERS


def test_a_deleted_file_is_gone_until_it_is_back() -> None:
    """Other requests, and those that were never approved, are not looked at."""
    main = Main()
    main.owners(MERGED_AT - HOUR, first=owned())
    main.request()
    main.request(OTHER)
    main.request(at=MERGED_AT + 10 * MINUTE, deleted=True)
    main.request(OTHER, at=MERGED_AT + 11 * MINUTE, deleted=True)
    assert told(main) == [(EndReason.DELETED, (10 * MINUTE, None), True)]
    main.request(at=MERGED_AT + 40 * MINUTE)
    assert told(main) == [(EndReason.DELETED, (10 * MINUTE, 40 * MINUTE), True)]
    unapproved = RequestState(request=OTHER)
    assert set(main.gone(OPEN, unapproved).absences) == {PATH}


def test_what_was_never_gone_has_no_entry() -> None:
    """Nor what was gone after its end, or before its merge."""
    main = Main()
    main.request()
    assert main.gone().absences == {}
    main.request(at=MERGED_AT + 3 * HOUR, deleted=True)
    assert main.gone().absences == {}
    main = Main()
    main.people("all", MERGED_AT - 9 * DAY)
    main.people("without alice", MERGED_AT - 2 * DAY)
    main.people("all", MERGED_AT - DAY)
    main.request()
    assert main.gone().absences == {}


def test_a_requester_who_left_is_gone() -> None:
    """By each version of people.yaml that reads; what does not ends nothing. Of one who has two requests both are."""
    main = Main()
    main.people("all", MERGED_AT - DAY)
    main.request()
    main.request(OTHER)
    main.people("without alice", MERGED_AT + 10 * MINUTE)
    other = fold_events([an_approval(asked=a_request(path=OTHER))])[OTHER]
    assert set(main.gone(OPEN, other).absences) == {PATH, OTHER}
    daves = fold_events([an_approval(asked=a_request(path=OTHER, requester=Login("dave")))])[OTHER]
    assert set(main.gone(OPEN, daves).absences) == {PATH}
    main.people("all", MERGED_AT + 30 * MINUTE)
    assert told(main) == [(EndReason.OFFBOARDED, (10 * MINUTE, 30 * MINUTE), True)]
    for unread in ("unreadable", None):
        main = Main()
        main.request()
        main.people(unread, MERGED_AT + 10 * MINUTE)
        (absence,) = main.gone().absences[PATH]
        assert (absence.read, absence.ends()) == (False, False)


def test_an_approval_without_a_merge_on_main_is_of_no_absence() -> None:
    """It has no beginning; that is another finding."""
    main = Main()
    main.people("without alice", MERGED_AT + 10 * MINUTE)
    main.people("all", MERGED_AT + 30 * MINUTE)
    assert main.gone().absences == {}


@pytest.mark.parametrize(
    ("files", "is_owned"),
    [
        ({"first": (PLAIN, OWNERS)}, True),
        ({"first": (PLAIN, "* @acme/platform\n/requests/orders-db-read/\n")}, False),
        ({}, False),
        ({"first": (PLAIN, None)}, False),  # its bytes are not here
        ({"first": ("120000", "link"), "second": (PLAIN, OWNERS)}, False),
        ({"second": (PLAIN, OWNERS)}, True),
        ({"first": (PLAIN, OWNERS), "second": ("120000", "link")}, True),
    ],
)
def test_whether_somebody_owned_what_was_deleted(files: Any, is_owned: bool) -> None:
    """By the first CODEOWNERS that was there, whatever it was."""
    main = Main()
    main.owners(MERGED_AT - HOUR, **files)
    main.request()
    main.request(at=MERGED_AT + 10 * MINUTE, deleted=True)
    assert [each[2] for each in told(main)] == [is_owned]


def test_owners_that_cannot_be_read_are_said() -> None:
    """The commits are named; those before and after it count."""
    main = Main()
    main.owners(MERGED_AT - HOUR, first=owned())
    silent = main.owners(MERGED_AT - 30 * MINUTE, first=(PLAIN, "* @acme/platform\n"))
    main.silent.add(silent)
    main.request()
    main.request(at=MERGED_AT + 10 * MINUTE, deleted=True)
    assert main.gone().unread == {silent}
    assert [each[2] for each in told(main)] == [True]


def test_a_commit_that_is_too_large_is_asked_for_what_may_still_end() -> None:
    """The requests that were merged by then and are not over; of no other, and of none it is not asked at all."""
    main = Main()
    main.owners(MERGED_AT - HOUR, first=owned())
    before = main.large(MERGED_AT - MINUTE)
    main.request()
    main.request(OTHER)  # never approved
    within = main.large(MERGED_AT + 20 * MINUTE)
    long_after = main.large(MERGED_AT + 90 * DAY)
    main.silent |= {before, long_after}
    found = main.gone()
    assert (found.unread, {within} <= set(main.asked)) == (frozenset(), True)
    assert not {before, long_after}.intersection(main.asked)
    assert told(main) == [(EndReason.DELETED, (20 * MINUTE, None), True)]
    kept = Main()
    kept.owners(MERGED_AT - HOUR, first=owned())
    kept.request()
    kept.large(MERGED_AT + 20 * MINUTE, PATH)
    assert kept.gone().absences == {}
    kept.silent.add(kept.large(MERGED_AT + 30 * MINUTE))
    assert kept.gone().unread == {sha(f"large {MERGED_AT + 30 * MINUTE}")}
