"""Which early ends main asks for, by plain values of what git and GitHub answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec

import pytest
from acme_facts import (
    BASE,
    DAY,
    HEAD,
    MERGE,
    MERGED_AT,
    OWNERS,
    PATH,
    PEOPLE,
    SECOND,
    a_request,
    a_roster_by_minutes,
    an_actor,
    sha,
    the_rules,
    unreadable,
)
from builders import a_change, a_commit, a_pull, a_revocation, an_approval, an_outcome

from jitbot.domain.access.doubt import GITHUB_LAG, LISTED_COMMITS
from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.enforce.plan import EarlyEnds
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.bounds import MOVES
from jitbot.domain.model.documents import PEOPLE as PEOPLE_FILE
from jitbot.domain.model.documents import PLAIN, Parsed, Sha, Source, policy_path
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import Change, ChangeKind, PullCommit, PullRequest, Push, Rules
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.collect.collect_case import rule_paths
from jitbot.usecases.context import Context
from jitbot.usecases.decide.early_ends import alarms, ends_at_main
from jitbot.usecases.ledger.ledger_view import LedgerView

LATER = MERGED_AT + DAY
GONE = sha("gone")  # the commit that deletes the request
OTHER = PATH.replace("alice", "carol")
NOBODYS = "* @acme/platform\n/requests/orders-db-read/\n/policies/ @acme/security\n"


@cache
def held_to(port: type) -> Any:
    """A port whose calls are held to their signatures. To make one takes 30 ms."""
    return create_autospec(port, instance=True)


def as_new(port: type) -> Any:
    """The one of this port, without what it was asked and what it answers."""
    made = held_to(port)
    made.reset_mock(return_value=True, side_effect=True)
    return made


@dataclass(slots=True, kw_only=True)
class Main:
    """main at its tip, what its commits did, and the pull requests that GitHub names for each of these."""

    owners: str = OWNERS
    rules: Rules = field(default_factory=the_rules)
    there: frozenset[str] = frozenset()  # files of requests
    absent: frozenset[str] = frozenset()  # files of the rules
    unreadable: frozenset[str] = frozenset()  # files that git cannot give
    changes: tuple[Change, ...] = ()
    large: Mapping[Sha, frozenset[str]] = field(default_factory=dict)  # what each deletes
    pulls: Mapping[Sha, tuple[PullRequest, ...]] = field(default_factory=dict)
    listed: tuple[str, ...] = (PATH,)  # the files of every pull request
    denies: bool = False  # GitHub
    commits: tuple[PullCommit, ...] = (a_commit("alice"),)  # of every pull request; the head deletes
    pushes: tuple[Push, ...] = ()
    git: Git = field(init=False)
    documents: DocumentReader = field(init=False)

    def context(self) -> Context:
        """What a run sees of it."""
        files = {path: b"" for path in rule_paths("orders-db-read") if path not in self.absent}
        files |= {path: self.owners.encode() for path in files if path == ".github/CODEOWNERS"}
        files |= dict.fromkeys(self.there, b"")

        def entries(_: Sha, paths: Iterable[str]) -> tuple[AddedEntry, ...]:
            if not self.unreadable.isdisjoint(paths):
                raise UnavailableError("git cannot read it")
            return tuple(AddedEntry(path=each, mode=PLAIN, blob=Sha(each)) for each in paths if each in files)

        def pulls_of(commit: Sha) -> tuple[PullRequest, ...]:
            if self.denies:
                raise DeniedError("forbidden")
            return self.pulls.get(commit, ())

        def parse_people(source: Source) -> object:
            return self.rules.people if source.content is not None else Parsed(value={})

        git, github, documents = map(as_new, (Git, GitHubRead, DocumentReader))
        git.main.return_value = BASE
        git.entries.side_effect = entries
        git.small.side_effect = lambda blobs, _: {each: files[each] for each in blobs}
        git.changes.return_value = self.changes
        git.too_large.return_value = tuple(
            TooLarge(commit=each, base=BASE, committed_at=MERGED_AT) for each in self.large
        )
        git.deleting.side_effect = lambda commit, paths: self.large[commit] & set(paths)
        github.pulls_of.side_effect = pulls_of
        github.files.return_value = self.listed
        github.commits.return_value = self.commits
        github.pushes.return_value = self.pushes
        git.touching.return_value = frozenset({HEAD})
        documents.parse_people.side_effect = parse_people
        documents.parse_teams.return_value = self.rules.teams
        self.git, self.documents = git, documents
        return cast("Context", SimpleNamespace(git=git, github=github, documents=documents))

    def ends(self, *events: Event, now: datetime = LATER) -> EarlyEnds:
        """What it asks to end, of the requests that these events make: an approval of alice's without any."""
        view = LedgerView(
            head=BASE, main=BASE, events=events or (an_approval(),), ignored=(), doubt="", signers={}
        )
        return ends_at_main(self.context(), view, now)


def deletion(path: str = PATH, **changes: object) -> Change:
    """The request's file, deleted by a commit of main."""
    return a_change(path=path, commit=GONE, kind=ChangeKind.DELETED, blob=None, **changes)


def by(login: str, **changes: object) -> dict[Sha, tuple[PullRequest, ...]]:
    """Merged as the commit that deletes the request: this person's pull request."""
    return {GONE: (a_pull(**{"author": an_actor(login), "merge_commit": GONE, **changes}),)}


def told(ends: EarlyEnds) -> str:
    """In a word what is said of alice's request; of no other is anything said."""
    found = {
        name
        for name in ("deleted", "offboarded", "unknown", "refused")
        if set(cast("Iterable[str]", getattr(ends, name))) == {PATH}
    }
    said = {*ends.deleted, *ends.offboarded, *ends.unknown, *ends.refused}
    assert len(found) == len(said) <= 1, ends
    return next(iter(found), "nothing")


@pytest.mark.parametrize(
    ("owners", "there", "who", "outcome"),
    [
        (OWNERS, False, "mallory", "deleted"),
        (OWNERS, True, "mallory", "deleted"),  # restored since
        (NOBODYS, False, "alice", "deleted"),
        (NOBODYS, True, "alice", "deleted"),
        (NOBODYS, False, "mallory", "refused"),
        (NOBODYS, True, "mallory", "nothing"),
        ("* !x\n", False, "erin", "unknown"),  # nobody knows who owns it
        ("* !x\n", False, "alice", "deleted"),
        ("* !x\n", True, "erin", "unknown"),
    ],
)
def test_who_ends_access_by_a_deletion(owners: str, there: bool, who: str, outcome: str) -> None:
    """Where somebody owns the folder they approved it, whoever proposed it; otherwise the author must be entitled."""
    files = frozenset({PATH} if there else ())
    assert told(Main(owners=owners, there=files, changes=(deletion(),), pulls=by(who)).ends()) == outcome


def test_a_file_that_is_there_and_was_not_deleted_ends_nothing() -> None:
    """Nor is anything read of its rules: what is wrong with them is no doubt about it."""
    edited = a_change(kind=ChangeKind.MODIFIED, commit=GONE)
    for changes in ((), (edited,), (deletion(OTHER),)):
        main = Main(
            there=frozenset({PATH}),
            changes=changes,
            pulls=by("alice"),
            unreadable=frozenset({policy_path("orders-db-read")}),
        )
        assert told(main.ends()) == "nothing"


def test_a_file_that_is_gone_without_a_known_commit_ends_if_somebody_owns_it() -> None:
    """Its deletion is older than what is read; where nobody owns it, nobody is known to have the right."""
    assert told(Main().ends()) == "deleted"
    assert "no pull request is known" in Main(owners=NOBODYS).ends().refused[PATH]


@pytest.mark.parametrize(
    ("owners", "outcome"),
    [(OWNERS, "deleted"), (NOBODYS, "refused"), ("* !x\n", "unknown")],
    ids=["owned", "nobody's", "nobody knows"],
)
@pytest.mark.parametrize(
    "odd",
    [
        {"listed": ("README.md",)},  # a rebase deleted and restored it
        {"pulls": by("alice", merge_commit=MERGE)},  # merged as another commit
        {"pulls": by("alice", merged_at=None)},  # never merged
    ],
    ids=["not listed", "another commit", "not merged"],
)
def test_a_deletion_that_no_pull_request_shows_ends_no_restored_file(
    owners: str, outcome: str, odd: dict[str, object]
) -> None:
    """Nobody saw it before the merge; one that is still gone ends what somebody owns."""
    given = {"owners": owners, "changes": (deletion(),), "pulls": by("alice"), **odd}
    main = cast("Callable[..., Main]", Main)
    assert told(main(there=frozenset({PATH}), **given).ends()) == "nothing"
    ends = main(**given).ends()
    assert told(ends) == outcome
    assert all(why.startswith("who owns its folder cannot be read") for why in ends.unknown.values())


@pytest.mark.parametrize(
    ("after", "pulls", "outcome"),
    [
        (GITHUB_LAG - SECOND, {}, "unknown"),
        (GITHUB_LAG, {}, "refused"),
        (-GITHUB_LAG, {}, "refused"),  # its author chose the date
        (SECOND - GITHUB_LAG, {}, "unknown"),
        (SECOND, by("alice", merged_at=None), "unknown"),
        (SECOND, by("alice", merge_commit=MERGE), "refused"),
    ],
)
def test_a_deletion_of_which_github_may_lag_is_in_doubt(
    after: timedelta, pulls: dict[Sha, tuple[PullRequest, ...]], outcome: str
) -> None:
    """For a quarter of an hour, as long as GitHub names no merged pull request at all."""
    main = Main(owners=NOBODYS, changes=(deletion(),), pulls=pulls)
    assert told(main.ends(now=MERGED_AT + after)) == outcome


def test_what_github_forbids_is_in_doubt() -> None:
    """It says nothing of who may end what."""
    main = Main(owners=NOBODYS, changes=(deletion(),), denies=True)
    assert main.ends().unknown == {PATH: "forbidden"}


@pytest.mark.parametrize(("until", "outcome"), [(1, "deleted"), (0, "refused")])
def test_whose_right_it_is_was_so_at_the_merge(until: int, outcome: str) -> None:
    """erin owned the rules when hers was merged, and has left the team since; or had left before."""
    roster = a_roster_by_minutes({"acme/security": [("erin", None, until)]})
    main = Main(owners=NOBODYS, changes=(deletion(),), pulls=by("erin"), rules=the_rules(teams=roster))
    assert told(main.ends()) == outcome


def a_push(login: str, after: Sha = HEAD) -> Push:
    """This person moves the branch."""
    return Push(actor=an_actor(login), before=BASE, after=after, kind="push", at=MERGED_AT - SECOND)


MANY = tuple(a_commit("alice", name=sha(f"commit {number}")) for number in range(LISTED_COMMITS - 1))


@pytest.mark.parametrize(
    ("pushes", "commits", "outcome"),
    [
        ((a_push("alice"),), (a_commit("alice"),), "deleted"),
        ((a_push("mallory"),), (a_commit("alice"),), "refused"),
        ((a_push("alice"), a_push("mallory")), (a_commit("alice"),), "refused"),
        (
            (a_push("mallory", BASE), a_push("alice")),
            (a_commit("alice"),),
            "deleted",
        ),  # pushed something else
        ((), (), "unknown"),  # a short answer
        ((), (a_commit("alice", name=BASE),), "unknown"),
        ((), MANY, "unknown"),
        ((a_push("alice"),), (*MANY[1:], a_commit("alice")), "deleted"),
        ((a_push("alice"),), (*MANY, a_commit("alice")), "unknown"),  # there may be more of them
        ((a_push("alice", BASE),) * (MOVES + 1), (a_commit("alice"),), "unknown"),
    ],
)
def test_who_pushes_a_deletion_to_somebodys_branch_needs_the_right_too(
    pushes: tuple[Push, ...], commits: tuple[PullCommit, ...], outcome: str
) -> None:
    """Where nobody owns the folder: anyone may push to anyone's branch. An owner approves what is deleted elsewhere."""
    pulls = by("alice", head_branch="a-note", head_repository_id=700001)
    main = Main(owners=NOBODYS, changes=(deletion(),), pulls=pulls, pushes=pushes, commits=commits)
    assert told(main.ends()) == outcome
    main.owners, main.there = OWNERS, frozenset({PATH})  # and restored since
    assert told(main.ends()) == "deleted"


def test_of_a_deletion_without_the_right_nothing_more_is_asked() -> None:
    """Somebody who may not end the access can merge many of them."""
    main = Main(owners=NOBODYS, changes=(deletion(),), pulls=by("mallory", head_branch="m"))
    context = main.context()
    view = LedgerView(head=BASE, main=BASE, events=(an_approval(),), ignored=(), doubt="", signers={})
    assert told(ends_at_main(context, view, LATER)) == "refused"
    context.github.commits.assert_not_called()  # type: ignore[attr-defined]


def test_a_head_that_is_not_here_is_fetched_first() -> None:
    """It says which commits delete the file; one that is here is not fetched."""
    main = Main(owners=NOBODYS, changes=(deletion(),), pulls=by("alice"))
    context = main.context()
    view = LedgerView(head=BASE, main=BASE, events=(an_approval(),), ignored=(), doubt="", signers={})
    for there, fetched in ((None, 1), (BASE, 2), (HEAD, 2)):
        main.git.pull_head.return_value = there  # type: ignore[attr-defined]
        ends_at_main(context, view, LATER)
        assert main.git.fetch.call_count == fetched  # type: ignore[attr-defined]


@pytest.mark.parametrize(("times", "outcome"), [(100, "nothing"), (101, "unknown")])
def test_deletions_by_others_hide_none(times: int, outcome: str) -> None:
    """mallory deletes and restores it again and again: of what is not looked at nobody knows whose it was."""
    commits = [sha(f"deletion {number}") for number in range(times)]
    main = Main(
        owners=NOBODYS,
        there=frozenset({PATH}),
        changes=tuple(a_change(commit=each, kind=ChangeKind.DELETED, blob=None) for each in commits),
        pulls={each: (a_pull(author=an_actor("mallory"), merge_commit=each),) for each in commits},
    )
    assert told(main.ends()) == outcome
    last = {commits[-1]: (a_pull(author=an_actor("alice"), merge_commit=commits[-1]),)}
    main.pulls = {**main.pulls, **last}
    assert told(main.ends()) == "deleted"


def test_a_commit_that_is_too_large_to_read_deletes_too() -> None:
    """It is asked whether it deletes what is open; where nothing is open, git is not asked."""
    main = Main(owners=NOBODYS, large={GONE: frozenset({PATH, OTHER})}, pulls=by("alice"))
    assert told(main.ends()) == "deleted"
    main.ends(an_approval(), an_outcome(EventType.ENDED, why=EndReason.REVOKED))
    assert main.git.method_calls != []  # type: ignore[attr-defined]
    main.git.deleting.assert_not_called()  # type: ignore[attr-defined]


def test_who_left_is_offboarded_and_that_alone() -> None:
    """By her id or not at all; her file may be gone as well, or GitHub in doubt about it."""
    gone = the_rules(people={login: each for login, each in PEOPLE.items() if login != "alice"})
    assert told(Main(rules=gone, owners=NOBODYS).ends()) == "offboarded"
    assert told(Main(there=frozenset({PATH})).ends()) == "nothing"


@pytest.mark.parametrize("absent", [frozenset[str](), frozenset({PEOPLE_FILE})])
def test_people_who_cannot_be_read_offboard_nobody(absent: frozenset[str]) -> None:
    """Neither where the file does not read nor where there is none; and that is said, where somebody has something."""
    unread = the_rules(people=unreadable())
    main = Main(there=frozenset({PATH}), absent=absent, rules=the_rules() if absent else unread)
    why = f"{PEOPLE_FILE}: there is no {PEOPLE_FILE}" if absent else "policies/some.yaml:1: it cannot be read"
    assert (told(main.ends()), main.ends().people_unread) == ("nothing", why)
    (alarm,) = alarms(main.ends())
    assert (alarm.code, alarm.file, alarm.message.endswith(why)) == ("people-not-read", PEOPLE_FILE, True)
    over = an_outcome(EventType.ENDED, why=EndReason.DRIFT)
    assert alarms(main.ends(an_approval(), over)) == alarms(Main(there=frozenset({PATH})).ends()) == ()
    main.there, main.changes, main.pulls = frozenset(), (deletion(),), by("alice")
    assert told(main.ends()) == "deleted"  # a deletion ends all the same


REFUSED = replace(an_approval(), kind=EventType.REFUSED, window=None, documents=())


@pytest.mark.parametrize(("events", "read"), [((REFUSED,), False), ((REFUSED, an_approval()), True)])
def test_people_are_read_where_somebody_has_something(events: tuple[Event, ...], *, read: bool) -> None:
    """Their file is long in a large company, and most sweeps find nothing of anybody's."""
    main = Main(there=frozenset({PATH}))
    assert told(main.ends(*events)) == "nothing"
    assert main.documents.parse_people.called == read  # type: ignore[attr-defined]


TWO = an_approval(asked=a_request(accounts=("prod", "staging")))


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((REFUSED,), "nothing"),
        ((an_approval(), an_outcome(EventType.ENDED, why=EndReason.DRIFT)), "nothing"),
        ((an_approval(), an_outcome(EventType.ENDED)), "nothing"),
        ((TWO, an_outcome(EventType.ENDED)), "deleted"),
        ((TWO, an_outcome(EventType.ENDED), an_outcome(EventType.ENDED, "staging", why=EndReason.DRIFT)), "nothing"),
        ((an_approval(), a_revocation()), "deleted"),
    ],
    ids=["refused", "ended", "expired", "one of two", "both", "revoked, in no account yet"],
)  # fmt: skip
def test_what_is_over_in_every_account_is_not_looked_at(events: tuple[Event, ...], outcome: str) -> None:
    """What may still be open in one of them is."""
    assert told(Main(changes=(deletion(),), pulls=by("alice")).ends(*events)) == outcome
