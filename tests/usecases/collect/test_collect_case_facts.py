"""What a case holds, of plain answers of git and GitHub: what is no ordinary file, too large, or contradicts, is no fact."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import (
    BASE,
    BLOB,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    OWNERS,
    PATH,
    SECOND,
    a_request,
    an_actor,
    the_rules,
)
from builders import a_case, a_change, a_commit, a_pull, a_review

from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model import bounds, codeowners
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS, NO_GROUPS
from jitbot.domain.model.documents import PLAIN, SETTINGS, Parsed, Sha, policy_path
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.merge_facts import Case, Dismissal, PullReading, PullRequestHistory, Push, Rules
from jitbot.domain.text import duration
from jitbot.ports.documents import DocumentReader
from jitbot.usecases.collect import collect_case
from jitbot.usecases.collect.asked import Asked
from jitbot.usecases.collect.collect_case import (
    CaseCollector,
    CommitTree,
    latest_end,
    no_file,
    read_clashes,
    read_request,
    read_rules,
    rule_paths,
    rules_at_main,
)
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.context import Context

RULES = the_rules()
POLICY = policy_path("orders-db-read")
LARGE = "large"  # in the place of a mode: a plain file of too many bytes


class Documents:
    """Every document reads as acme's, and says of what it was read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __getattr__(self, name: str) -> Callable[[Any], Parsed[Any]]:
        def parse(source: Any) -> Parsed[Any]:
            assert source.content is not None
            self.read.append(source.path)
            if name == "parse_request":
                return Parsed(value=a_request())
            if name == "parse_account_groups":
                return Parsed(value=None)
            found: Parsed[Any] = getattr(RULES, name.removeprefix("parse_"))
            return found

        return parse


def documents() -> DocumentReader:
    """Them, as use cases ask for them."""
    return cast("DocumentReader", Documents())


@dataclass(slots=True, kw_only=True)
class Commits:
    """Trees as git shows them: the mode of each path of each commit."""

    trees: Mapping[Sha, Mapping[str, str]]
    heads: dict[int, Sha] = field(default_factory=lambda: {7: HEAD})
    fetches: Mapping[int, Sha | None] = field(default_factory=dict)  # what a fetch makes the heads
    asked: list[str] = field(default_factory=list)

    def main(self) -> Sha:
        """Its tip."""
        return BASE

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """Those of these paths; of a folder all that lies in it, and all of a path that is one."""
        assert commit
        self.asked.append("entries")
        return tuple(
            AddedEntry(path=path, mode=PLAIN if mode == LARGE else mode, blob=Sha(f"{path}:{mode}"))
            for path, mode in self.trees.get(commit, {}).items()
            if path in paths or any(path.startswith(each) for each in paths if each.endswith("/"))
        )

    def small(self, blobs: Iterable[Sha], _: int) -> Mapping[Sha, bytes | None]:
        """The bytes of each."""
        self.asked.append("small")
        every = list(blobs)
        assert all(each.endswith((f":{PLAIN}", f":{LARGE}")) or each == BLOB for each in every), every
        return {
            each: None if each.endswith(LARGE) else OWNERS.encode() if "CODEOWNERS" in each else b"x"
            for each in every
        }

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...] | None:
        """What git compares."""
        return (f"{base} {commit}",)

    def pull_head(self, number: int) -> Sha | None:
        """What is fetched."""
        return self.heads.get(number)

    def fetch(self, heads: Iterable[int]) -> None:
        """Fetch these alone."""
        self.asked.append("fetch")
        for each in heads:
            head = self.fetches.get(each)
            if head is not None:
                self.heads[each] = head

    def touching(self, commits: Iterable[Sha], _: str) -> frozenset[Sha]:
        """All of them."""
        return frozenset(commits)


WHOLE = dict.fromkeys([*rule_paths("orders-db-read"), PATH], PLAIN)


def git(**changes: Any) -> Any:
    """Commits of which all have everything."""
    return Commits(**{"trees": {BASE: WHOLE, HEAD: WHOLE, MERGE: WHOLE}, **changes})


@pytest.mark.parametrize("odd", ["120000", "100755", "040000", "160000", LARGE])
def test_a_tree_gives_ordinary_files_that_are_not_too_large(odd: str) -> None:
    """And says of the others what they are; what lies below a path is none of either."""
    tree = CommitTree(git=git(trees={BASE: {"a": PLAIN, "b": odd, "c/d": odd, "c/e": PLAIN}}), commit=BASE)
    assert set(tree.read(["a", "b"])) == {"a"}
    mode = collect_case.large(Sha(f"b:{LARGE}")) if odd == LARGE else odd
    assert tree.others(["a", "b", "c/"]) == {"b": mode}
    assert set(tree.read(["c/"])) == {"c/e"}


def test_nothing_is_asked_of_git_where_nothing_is_wanted() -> None:
    """An empty list of paths names all of a tree."""
    commits = git()
    assert CommitTree(git=commits, commit=BASE).read([]) == {}
    assert "entries" not in commits.asked


def rules(files: Mapping[str, bytes], odd: Mapping[str, str] | None = None) -> tuple[Any, list[str]]:
    """The rules of a tree, and which documents were read."""
    read = Documents()
    return read_rules(MemoryTree(files, odd or {}), cast("DocumentReader", read), "orders-db-read"), read.read


FILES = {path: OWNERS.encode() if path in codeowners.LOCATIONS else b"x" for path in WHOLE if path != PATH}


def test_rules_are_read_of_the_files_that_are_there() -> None:
    """Each by its own name; what is not among them is not read."""
    found, read = rules({**FILES, "README": b"x"})
    assert (found.settings, found.people, found.policy) == (RULES.settings, RULES.people, RULES.policy)
    assert sorted(read) == sorted(set(FILES) - set(codeowners.LOCATIONS))
    assert found.account_groups.value is None  # it is there, and does not read
    assert found.sources[SETTINGS] == blob_name(b"x")
    assert "README" not in found.sources


def test_a_file_that_is_missing_is_a_finding_but_for_the_groups() -> None:
    """Without account-groups.yaml there are none."""
    found, read = rules({})
    assert read == []
    assert found.account_groups == Parsed(value=NO_GROUPS)
    assert [each.code for each in found.settings.findings] == ["missing-file"]
    assert (found.policy.value, found.codeowners) == (None, None)


@pytest.mark.parametrize(
    ("mode", "code"),
    [("120000", "not-a-plain-file"), (collect_case.large(BLOB), "rules-too-large")],
)
def test_a_rule_that_is_no_ordinary_file_is_not_read(mode: str, code: str) -> None:
    """Nor where the tree gives bytes for it, too; the evidence has what it is."""
    odd = dict.fromkeys([SETTINGS, ACCOUNT_GROUPS, "README"], mode)
    found, read = rules(FILES, odd)
    assert not {SETTINGS, ACCOUNT_GROUPS}.intersection(read)
    for parsed in (found.settings, found.account_groups):
        assert (parsed.value, [each.code for each in parsed.findings]) == (None, [code])
    assert found.sources[SETTINGS] == (BLOB if code == "rules-too-large" else f"mode-{mode}")
    assert "README" not in found.sources


FIRST, SECOND_PLACE, THIRD = codeowners.LOCATIONS


@pytest.mark.parametrize(
    ("there", "odd", "outcome"),
    [
        ([FIRST, SECOND_PLACE], {}, FIRST),
        ([SECOND_PLACE, THIRD], {}, SECOND_PLACE),
        ([THIRD], {}, THIRD),
        ([FIRST], {SECOND_PLACE: "120000"}, FIRST),
        ([SECOND_PLACE], {FIRST: "120000"}, "not plain"),
        ([SECOND_PLACE], {FIRST: collect_case.large(BLOB)}, "too large"),
        ([], {THIRD: "120000"}, "not plain"),
    ],
)
def test_the_first_codeowners_that_is_there_counts(
    there: list[str], odd: dict[str, str], outcome: str
) -> None:
    """Whatever it is; GitHub reads none of those after it, and the evidence names no link there."""
    found, _ = rules({path: OWNERS.encode() for path in there}, odd)
    first = next(path for path in codeowners.LOCATIONS if path in [*there, *odd])
    expected = {
        "not plain": codeowners.not_plain(first, "120000"),
        "too large": codeowners.too_large(first),
    }.get(outcome, codeowners.parse(OWNERS, first))
    assert found.codeowners == expected
    later = set(odd) - {first}
    assert not later.intersection(found.sources)
    assert set(there) <= set(found.sources)


def test_main_has_its_rules() -> None:
    """By the same reading."""
    context = cast("Context", SimpleNamespace(git=git(), documents=documents()))
    assert rules_at_main(context, "orders-db-read").codeowners == codeowners.parse(OWNERS, FIRST)


@pytest.mark.parametrize(
    ("mode", "blob", "code"),
    [(PLAIN, BLOB, None), ("100755", BLOB, ""), ("120000", BLOB, ""), (PLAIN, Sha("x:large"), "too-large")],
)
def test_a_request_is_read_where_it_is_an_ordinary_file(mode: str, blob: Sha, code: str | None) -> None:
    """Of a size that any request can have."""
    entry = AddedEntry(path=PATH, mode=mode, blob=blob)
    found = read_request(git(), documents(), entry)
    assert (found.value is not None) is (code is None)
    assert [each.code for each in found.findings] == ([code] if code else [])


def test_names_that_differ_by_case_are_told() -> None:
    """Of the same folder, and not the file itself."""
    other = PATH.replace("refunds", "Refunds")
    tree = {PATH: PLAIN, other: PLAIN, PATH.replace("refunds", "more"): PLAIN}
    assert read_clashes(git(trees={MERGE: tree}), MERGE, PATH) == (other,)


@pytest.mark.parametrize(
    ("mode", "code", "hint"),
    [
        (None, "missing-file", "an admin adds it"),
        ("120000", "not-a-plain-file", "an admin makes it an ordinary file, 100644"),
        (collect_case.large(BLOB), "rules-too-large", "an admin makes it smaller"),
    ],
)
def test_why_there_is_no_file(mode: str | None, code: str, hint: str) -> None:
    """Nothing, something else, or too much."""
    found = no_file(SETTINGS, mode)
    assert (found.code, found.hint, found.file) == (code, hint, SETTINGS)


def test_a_policy_that_is_not_there_may_be_a_folder_that_is_misspelt() -> None:
    """The developer who wrote the folder's name reads it; who named the policy's own file, that."""
    path = policy_path("nosuch")
    assert "first folder names its policy: correct it" in no_file(path, None).hint
    assert no_file(path, None, "check its name").hint == "check its name"


START = MERGED_AT + 3 * HOUR
UNREAD = MERGED_AT + bounds.START_AHEAD + duration.MAXIMUM


@pytest.mark.parametrize(
    ("case", "end"),
    [
        (None, UNREAD),
        (a_case(request=None), UNREAD),
        (a_case(request=Parsed(value=None)), UNREAD),
        (a_case(), MERGED_AT + 2 * HOUR),
        (a_case(request=a_request(starts_at=START)), START + 2 * HOUR),
        (a_case(request=a_request(starts_at=MERGED_AT + 900 * HOUR)), UNREAD),
    ],
)
def test_the_latest_end_that_a_change_can_ask_for(case: Case | None, end: datetime) -> None:
    """By what it says, as far as that is read, and never later than the rules of all allow."""
    assert latest_end(a_change(), case) == end


@dataclass(slots=True, kw_only=True)
class Answers:
    """GitHub's answers for the pull requests of one commit."""

    listed: tuple[Any, ...] = (a_pull(),)
    pulled: Any = field(default_factory=a_pull)
    moves: tuple[Push, ...] | None = ()
    commit: Any = field(default_factory=lambda: a_commit("alice"))
    asked: list[str] = field(default_factory=list)
    read: PullReading | None = None  # with all of it, in the first reading

    def reading(self, _: int) -> PullReading | None:
        """What is known of it before it is asked for by itself."""
        return self.read

    def expect(self, commits: Iterable[Sha]) -> None:
        """Note it."""
        self.asked += [f"expect {each}" for each in commits]

    def default_branch(self) -> str:
        """The branch."""
        return "main"

    def pulls_of(self, _: Sha) -> tuple[Any, ...]:
        """What is listed."""
        return self.listed

    def pull(self, number: int) -> Any:
        """It, as it is asked for by itself."""
        self.asked.append(f"pull {number}")
        return self.pulled

    def files(self, _: int) -> tuple[str, ...]:
        """Its files."""
        self.asked.append("files")
        return (PATH,)

    def commits(self, _: int) -> tuple[Any, ...]:
        """Its commits."""
        return (self.commit,)

    def history(self, _: int) -> PullRequestHistory:
        """One dismissal of frank's."""
        gone = Dismissal(review_id=3, by=an_actor("erin"), state="APPROVED", at=MERGED_AT - SECOND)
        return PullRequestHistory(
            merged=True, retargeted_at=MERGED_AT, dismissals=(gone,), reopened_at=MERGED_AT - MINUTE
        )

    def reviews(self, _: int) -> tuple[Any, ...]:
        """bob approves, frank's approval is dismissed, and a stranger approves."""
        stranger = replace(an_actor("nobody"), github_id=cast("Any", 99))
        return (
            a_review(),
            a_review("frank", review_id=3, state="DISMISSED"),
            a_review(user=stranger, review_id=4),
        )

    def permission(self, login: str) -> str:
        """Who may write."""
        self.asked.append(f"permission {login}")
        return "write"

    def pushes(self, _branch: str, _until: datetime | None) -> tuple[Push, ...]:
        """The moves of its branch."""
        self.asked.append("pushes")
        if self.moves is None:
            raise DeniedError("not shown")
        return self.moves


def collected(
    answers: Answers | None = None, commits: Any = None, **changes: Any
) -> tuple[Case, Answers, Any]:
    """The case of a change, with what was asked."""
    answers, commits = answers or Answers(), commits or git()
    context = cast("Context", SimpleNamespace(git=commits, github=object(), documents=documents()))
    collector = CaseCollector(context=context, asks=lambda _: cast("Asked", answers))
    return collector.case(a_change(**changes), earlier=False), answers, commits


def test_a_case_holds_what_git_and_github_say() -> None:
    """The rules of the base and of the head, its bytes at the head, and who of the approvers may write."""
    case, answers, commits = collected()
    assert case.merge is not None
    assert (case.touched, case.clashes, case.listed, case.default_branch) == (
        (f"{BASE} {MERGE}",),
        (),
        (a_pull(),),
        "main",
    )
    assert case.request == Parsed(value=a_request())
    merge = case.merge
    assert (merge.fetched_head, merge.head_blob, merge.head_rules) == (
        HEAD,
        Sha(f"{PATH}:{PLAIN}"),
        case.rules,
    )
    assert (merge.files, merge.permissions) == ((PATH,), {"bob": "write"})
    assert (merge.touching, merge.merge_seen, merge.retargeted_at) == (frozenset({HEAD}), True, MERGED_AT)
    assert (merge.pushes, merge.head_pushed_at, merge.too_many_moves) == (None, None, False)
    assert sorted(answers.asked) == ["files", "permission bob", "pull 7"]
    assert "fetch" not in commits.asked


@pytest.mark.parametrize("missing", ["", "reviews", "history", "merged_at"])
def test_what_is_asked_at_the_same_time_gives_the_same_case(missing: str) -> None:
    """What the first reading shows may be needed is asked beside the second; where it shows less, less is."""
    answers = Answers()
    pull = a_pull(merged_at=None) if missing == "merged_at" else a_pull()
    shown: dict[str, Any] = {"reviews": answers.reviews(7), "history": answers.history(7)}
    shown[missing] = None
    answers.read = PullReading(
        pull=pull, files=None, commits=None, reviews=shown["reviews"], history=shown["history"]
    )
    context = cast("Context", SimpleNamespace(git=git(), github=object(), documents=documents()))
    collector = CaseCollector(context=context, asks=lambda _: cast("Asked", answers))
    case = collector.case(a_change(), earlier=False)
    assert case == collected()[0]
    times = 1 if missing else 2  # what is asked ahead is asked again: the real one keeps its answers
    assert answers.asked.count("permission bob") == times


def ahead(commits: Commits | None = None, rules: Rules = RULES, **pulled: Any) -> list[str]:
    """What is asked of a merged pull request beside its second reading, by the first one."""
    answers, commits = Answers(), commits or git()
    answers.read = PullReading(
        pull=a_pull(**pulled),
        files=None,
        commits=None,
        reviews=answers.reviews(7),
        history=answers.history(7),
    )
    context = cast("Context", SimpleNamespace(git=commits, github=object(), documents=documents()))
    collector = CaseCollector(context=context, asks=lambda _: cast("Asked", answers))
    for read in list(collector._ahead(7, rules)):
        read()
    return [*answers.asked, *commits.asked]


def test_only_what_the_case_will_need_is_asked_ahead() -> None:
    """A head that is not here, the pushes of a branch that is not a fork's, and whether those who approved may write."""
    assert ahead() == ["permission bob"]
    assert ahead(git(heads={}, fetches={7: HEAD})) == ["permission bob", "fetch"]
    assert ahead(head_branch="fix", head_repository_id=700001) == ["pushes", "permission bob"]
    assert ahead(head_branch="fix", head_repository_id=9) == ["permission bob"]
    assert ahead(rules=replace(RULES, people=Parsed(value=None))) == []


def test_an_open_pull_request_has_the_files_that_are_given() -> None:
    """Its merge is no commit that git could compare."""
    context = cast("Context", SimpleNamespace(git=git(), github=object(), documents=documents()))
    collector = CaseCollector(context=context, asks=lambda _: cast("Asked", Answers()))
    assert collector.case(a_change(), earlier=True, files=("a",)).touched == ("a",)


def test_rules_are_read_once_for_each_commit_and_policy() -> None:
    """Many cases share them."""
    commits = git()
    context = cast("Context", SimpleNamespace(git=commits, github=object(), documents=documents()))
    collector = CaseCollector(context=context, asks=lambda _: cast("Asked", Answers()))
    first = collector.rules(BASE, "orders-db-read")
    count = len(commits.asked)
    assert collector.rules(BASE, "orders-db-read") is first
    assert len(commits.asked) == count
    assert collector.rules(HEAD, "orders-db-read") is not first
    collector.expect([MERGE])
    assert "expect" in cast("Any", collector.github).asked[0]


def test_a_deleted_file_has_no_request() -> None:
    """And asks for nothing."""
    case, *_ = collected(blob=None)
    assert case.request is None


@pytest.mark.parametrize(
    "listed",
    [
        (),
        (a_pull(merge_commit=HEAD),),
        (a_pull(author=an_actor("bob")), a_pull(number=8, author=an_actor("erin"))),
    ],
    ids=["none", "of another commit", "two of others"],
)
def test_without_one_pull_request_that_fits_there_is_no_merge(listed: tuple[Any, ...]) -> None:
    """Nothing is asked of any."""
    case, answers, _ = collected(Answers(listed=listed))
    assert (case.merge, case.listed, answers.asked) == (None, listed, [])


def test_of_two_that_fit_the_requesters_own_is_read() -> None:
    """By people.yaml at the base."""
    _, answers, _ = collected(Answers(listed=(a_pull(number=8, author=an_actor("bob")), a_pull())))
    assert "pull 7" in answers.asked


def test_without_settings_there_is_no_merge() -> None:
    """Which repository it must be is not known."""
    tree = {path: mode for path, mode in WHOLE.items() if path != SETTINGS}
    case, answers, _ = collected(commits=git(trees={BASE: tree}))
    assert (case.merge, answers.asked) == (None, [])


@pytest.mark.parametrize(
    ("before", "fetched", "head"),
    [(HEAD, None, HEAD), (None, HEAD, HEAD), (BASE, HEAD, HEAD), (BASE, None, BASE), (None, None, "")],
)
def test_the_head_is_fetched_where_it_is_not_what_github_says(
    before: Sha | None, fetched: Sha | None, head: str
) -> None:
    """What git then has is taken; where it has none, there are neither bytes nor other rules."""
    heads = {} if before is None else {7: before}
    trees = {BASE: WHOLE, HEAD: {}, MERGE: WHOLE}
    case, _, commits = collected(commits=git(heads=heads, fetches={7: fetched}, trees=trees))
    assert case.merge is not None
    assert case.merge.fetched_head == head
    assert ("fetch" in commits.asked) is (before != HEAD)
    assert (case.merge.head_rules == case.rules) is (head != HEAD)
    assert (case.merge.head_blob is None) is (head != BASE)


@pytest.mark.parametrize("mode", ["100755", "120000"])
def test_what_is_no_ordinary_file_at_the_head_has_no_bytes_there(mode: str) -> None:
    """As if it were not there."""
    case, *_ = collected(commits=git(trees={BASE: WHOLE, HEAD: {**WHOLE, PATH: mode}}))
    assert case.merge is not None
    assert case.merge.head_blob is None


@pytest.mark.parametrize(("changed", "read"), [(None, True), (bounds.FILES, True), (bounds.FILES + 1, False)])
def test_the_list_of_a_pull_request_of_too_many_files_is_not_read(changed: int | None, read: bool) -> None:
    """It is refused whatever is on it."""
    case, answers, _ = collected(Answers(pulled=a_pull(changed_files=changed)))
    assert case.merge is not None
    assert (case.merge.files, "files" in answers.asked) == ((PATH,) if read else None, read)


def test_people_who_do_not_read_approve_nothing() -> None:
    """Nor does anybody of a pull request that is, by another answer, not merged."""
    tree = {path: mode for path, mode in WHOLE.items() if path != "policies/people.yaml"}
    for answers, commits in (
        (Answers(), git(trees={BASE: tree, HEAD: WHOLE})),
        (Answers(pulled=a_pull(merged_at=None)), git()),
    ):
        case, *_ = collected(answers, commits)
        assert case.merge is not None
        assert case.merge.permissions == {}


MOVE = Push(actor=an_actor("alice"), before=BASE, after=HEAD, kind="push", at=MERGED_AT - MINUTE)
OWN = a_pull(head_branch="fix", head_repository_id=700001)


@pytest.mark.parametrize(
    ("pull", "moves", "pushed"),
    [
        (OWN, (MOVE,), (MOVE,)),
        (OWN, None, None),
        (replace(OWN, head_branch=""), (MOVE,), None),
        (replace(OWN, head_repository_id=9), (MOVE,), None),
    ],
    ids=["own branch", "not shown", "no branch", "a fork"],
)
def test_who_pushed_is_read_of_a_branch_of_this_repository(
    pull: Any, moves: tuple[Push, ...] | None, pushed: tuple[Push, ...] | None
) -> None:
    """As far as GitHub shows it; of a fork's branch nothing is asked."""
    case, answers, _ = collected(Answers(pulled=pull, moves=moves))
    assert case.merge is not None
    assert (case.merge.pushes, case.merge.head_pushed_at) == (pushed, MOVE.at if pushed else None)
    assert ("pushes" in answers.asked) is (bool(pull.head_branch) and pull.head_repository_id == 700001)


@pytest.mark.parametrize(("number", "many"), [(bounds.MOVES, False), (bounds.MOVES + 1, True)])
def test_too_many_moves_are_said(number: int, many: bool) -> None:
    """Nobody reads them all."""
    case, *_ = collected(Answers(pulled=OWN, moves=(MOVE,) * number))
    assert case.merge is not None
    assert case.merge.too_many_moves is many
