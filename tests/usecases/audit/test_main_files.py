"""What an audit reads of main's files at any commit, by plain values: what is not here, too large or odd is no rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import (
    ACCOUNTS,
    BASE,
    BLOB,
    DAY,
    HEAD,
    MERGE,
    NOW,
    OWNERS,
    PATH,
    ROLE_ID,
    a_policy,
    a_request,
    an_actor,
    sha,
    the_rules,
    the_settings,
    unreadable,
)
from builders import a_change, a_pull, an_approval, an_outcome, the_documents
from plain_run import PlainRoles

from jitbot.domain.audit.history.main_history import MainHistory, Unfollowed, Version
from jitbot.domain.aws import iam
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import PEOPLE, PLAIN, SETTINGS, Parsed, Sha, Source
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import ODD
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.audit.compare_aws import compare
from jitbot.usecases.audit.identity import tenures
from jitbot.usecases.audit.rulebook import Rulebook
from jitbot.usecases.audit.unfollowed import (
    content_at,
    entries_of,
    learn_rules,
    parsed,
    parsed_at,
    requests_left,
)
from jitbot.usecases.audit.unmerged_requests import read_unmerged
from jitbot.usecases.collect.collect_case import rule_paths
from jitbot.usecases.context import Context

POLICY = "orders-db-read"


@dataclass(slots=True)
class Clone:
    """Commits with their files, and blobs of which some are not here, or too large."""

    trees: dict[Sha, dict[str, tuple[str, Sha]]] = field(default_factory=dict)  # path -> mode and blob
    bytes_of: dict[Sha, bytes] = field(default_factory=dict)
    too_large: set[Sha] = field(default_factory=set)
    silent: set[Sha] = field(default_factory=set)  # commits that git does not show
    asked: list[Sha] = field(default_factory=list)
    tip: Sha = HEAD

    def main(self) -> Sha:
        """The tip."""
        return self.tip

    def entries(self, commit: Sha, paths: Iterable[str]) -> tuple[AddedEntry, ...]:
        """What lies there."""
        if commit in self.silent:
            raise UnavailableError("not here")
        tree = self.trees.get(commit, {})
        return tuple(
            AddedEntry(path=path, mode=tree[path][0], blob=tree[path][1]) for path in paths if path in tree
        )

    def contents(self, blobs: Iterable[Sha], _: int = 0) -> list[tuple[Sha, bytes | None]]:
        """Their bytes."""
        every = list(blobs)
        self.asked += every
        assert all(not each.startswith(ODD) for each in every)
        return [(each, self.bytes_of.get(each)) for each in every]

    def here(self, blobs: Iterable[Sha]) -> frozenset[Sha]:
        """Those that are here, however large."""
        return frozenset((self.too_large | self.bytes_of.keys()) & set(blobs))

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """The blobs of files; nothing of commits that are not here."""
        return {
            (commit, path): self.trees[commit].get(path, ("", None))[1]
            for commit, path in places
            if commit in self.trees
        }


RULES = the_rules()


def documents() -> Any:
    """Every document reads as acme's; settings as its bytes say: the repository's name, or nothing."""

    def settings(source: Source) -> Parsed[Any]:
        if source.content == b"bad":
            return unreadable()
        name = source.content.decode()
        return Parsed(
            value=the_settings(repository=name.partition(" ")[0], repository_id=1 if " " in name else 700001)
        )

    return SimpleNamespace(
        parse_settings=settings,
        parse_accounts=lambda _: RULES.accounts,
        parse_account_groups=lambda _: RULES.account_groups,
        parse_people=lambda _: RULES.people,
        parse_teams=lambda _: RULES.teams,
        parse_policy=lambda _: Parsed(value=a_policy()),
        parse_request=lambda _: Parsed(value=a_request()),
    )


def a_clone(**trees: dict[str, str]) -> Clone:
    """A clone with these files at BASE and HEAD; a text is the content, of which the name of the blob is made."""
    clone = Clone()
    for name, files in trees.items():
        commit = {"base": BASE, "head": HEAD}[name]
        clone.trees[commit] = {path: (PLAIN, sha(text)) for path, text in files.items()}
        clone.bytes_of |= {sha(text): text.encode() for text in files.values()}
    return clone


WHOLE = {path: OWNERS if path in codeowners.LOCATIONS else "acme/access" for path in rule_paths(POLICY)}


def a_rulebook(clone: Clone, blobs: Iterable[Sha] = ()) -> Rulebook:
    """The rulebook of a clone."""
    return Rulebook(cast("Git", clone), cast("DocumentReader", documents()), blobs)


def test_rules_are_made_once_of_the_files_of_a_commit() -> None:
    """Each document is read once, whatever commits have it."""
    clone = a_clone(base=WHOLE, head=WHOLE)
    book = a_rulebook(clone)
    files = book.files_at(BASE, POLICY)
    rules = book.rules(files, POLICY)
    assert rules is not None
    assert (rules.settings.value, rules.policy.value) == (the_settings(), a_policy())
    assert book.rules(book.files_at(HEAD, POLICY), POLICY) is rules
    assert len(clone.asked) == len(set(clone.asked))
    assert book.rules({**files, "README": BLOB}, POLICY) is rules
    assert book.rules(files, "other") is not rules


def test_a_file_that_is_missing_is_a_finding_and_one_that_is_not_here_leaves_no_rules() -> None:
    """Nobody knows what it says; one that is too large says nothing, whoever has it."""
    clone = a_clone(base={path: text for path, text in WHOLE.items() if path != PEOPLE})
    book = a_rulebook(clone)
    rules = book.rules(book.files_at(BASE, POLICY), POLICY)
    assert rules is not None
    assert [each.code for each in rules.people.findings] == ["missing-file"]
    clone.trees[BASE][PEOPLE] = (PLAIN, BLOB)
    files = book.files_at(BASE, POLICY)
    assert book.rules(files, POLICY) is None
    clone.too_large.add(BLOB)
    rules = a_rulebook(clone, files.values()).rules(files, POLICY)
    assert rules is not None
    assert [each.code for each in rules.people.findings] == ["rules-too-large"]


def test_what_is_no_ordinary_file_is_no_rule() -> None:
    """Its name says which mode it has; its bytes are not asked for."""
    clone = a_clone(base=WHOLE)
    files = {**a_rulebook(clone).files_at(BASE, POLICY), PEOPLE: Sha(f"{ODD}120000")}
    rules = a_rulebook(clone, files.values()).rules(files, POLICY)
    assert rules is not None
    assert [each.code for each in rules.people.findings] == ["not-a-plain-file"]


@pytest.mark.parametrize(
    ("change", "content", "value"),
    [
        (a_change(), b"x", True),
        (a_change(), None, False),
        (a_change(mode="120000"), b"x", False),
        (a_change(blob=None), b"x", None),
    ],
)
def test_a_request_is_read_as_a_run_reads_it(change: Any, content: bytes | None, value: bool | None) -> None:
    """An ordinary file whose bytes are here; a deletion asks for nothing."""
    found = a_rulebook(a_clone()).request(change, content)
    assert (None if found is None else found.value is not None) is value


def a_history(*unfollowed: Unfollowed, settings: Iterable[tuple[str | None, int]] = ()) -> MainHistory:
    """main with these commits that could not be followed, and versions of its settings, each so many days old."""
    history = MainHistory()
    history.unfollowed = list(unfollowed)
    history.commits = {each.commit: each.order for each in unfollowed}
    versions = [
        Version(commit=sha(f"{text} {days}"), at=NOW - days * DAY, blob=None if text is None else sha(text))
        for text, days in settings
    ]
    if versions:
        history.versions[SETTINGS] = versions
    return history


def large(commit: Sha = HEAD, *, rules: bool = False, order: int = 3) -> Unfollowed:
    """A commit that is too large to follow."""
    return Unfollowed(commit=commit, at=NOW, order=order, rules=rules)


def test_commits_that_are_too_large_are_asked_for_their_rules() -> None:
    """Those whose changes do not show them; what is a link counts as gone, and what git does not show is said."""
    clone = a_clone(head={SETTINGS: "acme/access", PEOPLE: "x"})
    clone.trees[HEAD][PEOPLE] = ("120000", BLOB)
    history = a_history(large(), large(MERGE, rules=True, order=4), large(BASE, order=5))
    clone.silent.add(BASE)
    assert learn_rules(cast("Git", clone), history) == {BASE}
    assert [(each.commit, each.blob) for each in history.versions[SETTINGS]] == [(HEAD, sha("acme/access"))]
    assert [each.blob for each in history.versions[PEOPLE]] == [None]


def test_commits_that_are_too_large_are_asked_for_the_requests_they_leave() -> None:
    """A folder of the name is no file."""
    clone = a_clone(head={PATH: "x", "requests/folder": "y"})
    clone.trees[HEAD]["requests/folder"] = ("040000", BLOB)
    clone.silent.add(BASE)
    wanted = {large(): [PATH, "requests/folder", "requests/gone"], large(BASE, order=4): [PATH]}
    (left,), unread = requests_left(cast("Git", clone), wanted)
    assert (left.commit, left.there, unread) == (HEAD, frozenset({PATH}), frozenset({BASE}))
    assert left.asked == {PATH, "requests/folder", "requests/gone"}
    assert entries_of(cast("Git", clone), BASE, [PATH]) is None


def test_a_file_at_a_commit_says_nothing_where_it_is_not_here() -> None:
    """Neither the file, nor its bytes, nor the commit."""
    clone = cast("Git", a_clone(head={SETTINGS: "acme/access"}))
    parse = documents().parse_settings
    assert content_at(clone, HEAD, SETTINGS) == b"acme/access"
    assert parsed_at(clone, HEAD, SETTINGS, parse).value == the_settings()
    for commit, path in ((HEAD, PEOPLE), (BASE, SETTINGS)):
        assert content_at(clone, commit, path) is None
        assert parsed_at(clone, commit, path, parse) == Parsed(value=None)


def test_each_version_of_a_file_is_read_once() -> None:
    """One without a file, and one that is not here, say nothing."""
    clone = a_clone(head={SETTINGS: "acme/access"})
    history = a_history(settings=[("acme/access", 4), (None, 3), ("not here", 2), ("acme/access", 1)])
    read = parsed(cast("Git", clone), history, SETTINGS, documents().parse_settings)
    assert [each.value is not None for _, each in read] == [True, False, False, True]
    assert sorted(clone.asked) == sorted({sha("acme/access"), sha("not here")})
    assert parsed(cast("Git", clone), history, PEOPLE, documents().parse_people) == ()


def named(
    *settings: tuple[str | None, int], sure: bool = True, tip: str | None = None
) -> list[tuple[str, Any]]:
    """The names of the repository that count, and for which days before now."""
    texts = [text for text, _ in settings if text is not None]
    clone = a_clone(head={} if tip is None else {SETTINGS: tip})
    clone.bytes_of |= {sha(text): text.encode() for text in texts if text != "not here"}
    history = a_history(settings=settings)
    history.sure = sure
    found = tenures(cast("Git", clone), cast("DocumentReader", documents()), history)

    def days(times: Any) -> Any:
        return None if times is None else tuple((NOW - each) // timedelta(days=1) for each in times)

    return [(each.settings.repository, days(each.times)) for each in found]


def test_a_former_name_of_the_same_repository_counts_for_its_time() -> None:
    """Not another repository's, nor what does not read; today's settings count at any time."""
    today = ("acme/access", None)
    assert named(("acme/access", 9)) == [today]
    assert named(("acme/old", 9), ("acme/access", 5)) == [today, ("acme/old", (9, 5))]
    assert named(("acme/access", 9), ("acme/access", 5)) == [today]
    assert named(("acme/else other", 9), ("acme/access", 5)) == [today]
    assert named(("bad", 9), (None, 8), ("acme/access", 5)) == [today]
    assert named(("acme/old", 9), ("bad", 8), ("acme/old", 7), ("acme/access", 5)) == [
        today, ("acme/old", (9, 8)), ("acme/old", (7, 5)),
    ]  # fmt: skip


def test_where_main_could_not_be_followed_its_tip_says_itself() -> None:
    """Otherwise its last version does; without settings that read nobody says which repository may attest."""
    assert named(("acme/old", 9), sure=False, tip="acme/access") == [("acme/access", None)]
    assert named(("acme/access", 9), tip="acme/old") == [("acme/access", None)]
    for settings, said in (
        ([], "is missing, or no plain file"),
        ([("bad", 1)], "cannot be read: line 1: it cannot be read"),
    ):
        with pytest.raises(UnavailableError, match=said):
            named(*settings)
    with pytest.raises(UnavailableError, match="is missing"):
        named(("acme/access", 9), sure=False)


def test_what_was_asked_for_and_never_merged() -> None:
    """The pull requests of the period that touch requests/, the oldest first."""
    files = {1: (PATH, "README"), 2: ("README",), 3: (PATH,), 4: (PATH,)}
    pulls = [
        a_pull(number=1, merged_at=None, created_at=NOW),
        a_pull(number=2, merged_at=None),
        a_pull(number=3),
        a_pull(number=4, merged_at=None, created_at=NOW - DAY, author=an_actor("bob")),
    ]
    github = SimpleNamespace(created_pulls=lambda *_: pulls, files=lambda number: files[number])
    found = read_unmerged(cast("GitHubRead", github), NOW - DAY, NOW)
    assert [(each.number, each.author, each.requests) for each in found] == [
        (4, "bob", (PATH,)),
        (1, "alice", (PATH,)),
    ]


def test_aws_is_compared_in_every_account_that_main_or_the_ledger_names() -> None:
    """One that does not answer is said; a role that nobody explains is a finding, unless its end is recorded."""
    clone = a_clone(head={"policies/accounts.yaml": "x"})
    cloud = PlainRoles(closed={ACCOUNTS["staging"]: UnavailableError("closed")})
    cloud.put(the_documents())
    context = cast("Context", SimpleNamespace(cloud=lambda: cloud))

    def compared(*events: Any) -> list[str]:
        history = SimpleNamespace(
            events=events, in_doubt=SimpleNamespace(requests=frozenset(), roles=frozenset())
        )
        inputs = SimpleNamespace(
            git=clone, main=HEAD, documents=documents(), history=history, gone=SimpleNamespace(absences={})
        )
        return sorted(each.code for each in compare(context, cast("Any", inputs), NOW))

    granted = (an_approval(), an_outcome(EventType.GRANTED))
    assert compared(*granted) == ["account-not-read"]
    assert set(cloud.of("whole list")) == {ACCOUNTS["prod"], ACCOUNTS["data"]}
    assert len(compared()) == 2
    orphan = an_outcome(EventType.ENDED, request="", cause=ROLE_ID)
    assert compared(orphan) == ["account-not-read", "role-differs"]  # ended, and open again
    cloud.put(the_documents(), attached=(iam.DENY_ALL,))
    assert compared(orphan) == ["account-not-read"]
    for other in (replace(orphan, kind=EventType.FAILED), replace(orphan, request=PATH)):
        assert len(compared(other)) == 2
    cloud.put(the_documents())
    del clone.trees[HEAD]["policies/accounts.yaml"]
    cloud.calls.clear()
    assert compared(*granted) == []
    assert cloud.of("whole list") == [ACCOUNTS["prod"]]
