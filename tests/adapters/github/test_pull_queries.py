"""The two ways to read a pull request: GraphQL gives what REST gives, or leaves it to REST, whatever its answer lacks."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial, reduce
from operator import getitem
from typing import Any

import pytest
from github import GithubException
from github_site import ASK, NOW, PEOPLE, Site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitbot.adapters.github import GitHubReader, pull_queries
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.github_objects import Comment, PullPage, PullRecount
from jitbot.domain.model.merge_facts import CommitReading, PullReading, PullRequest
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import acme_tree

Json = Any
QUESTION = "QUERY", "/graphql/pull-requests"


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    """A GitHub with acme's repository and some of its people."""
    with GitHubSandbox(Clock(NOW)) as github:
        for login, number in PEOPLE.items():
            github.add_user(login, number, permission="admin" if login == "olivia" else "write")
        github.create_repository("acme/access", acme_tree(github.issuer))
        site = Site(github=github)
        site.call("olivia", "POST", "/git/refs", ref="refs/heads/other", sha=site.tip("main"))
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """That GitHub, in good health, with nobody gone and no calls counted."""
    running.github.faults = None
    running.github._site.gone.clear()
    running.github.calls.clear()
    return running


def by_rest(reader: GitHubReader, number: int) -> PullReading:
    """What REST says, call by call."""
    return PullReading(
        pull=reader.pull(number),
        files=reader.files(number),
        reviews=reader.reviews(number),
        commits=reader.commits(number),
        history=reader.history(number),
    )


def recounted(true: PullReading, comments: tuple[Comment, ...] = ()) -> PullRecount:
    """What a second reading of it says, with the first of these comments."""
    files = true.pull.changed_files
    assert files is not None
    return PullRecount(
        reviews=true.reviews,
        commit_count=true.pull.commit_count,
        changed_files=files,
        comments=comments[:3],
    )


def shows(found: PullRecount, wanted: PullRecount) -> bool:
    """Whether a second reading is right: somebody who is gone hides the reviews, and of the comments their own."""
    bare = replace(wanted, comments=found.comments)
    left_out = [each for each in wanted.comments if each not in found.comments]
    seen = [each for each in wanted.comments if each in found.comments] == [*found.comments]
    return (
        found in (bare, replace(bare, reviews=None))
        and seen
        and not any(each.by_actions for each in left_out)
    )


def that_counts(pull: PullRequest) -> PullRequest:
    """A pull request without what no decision depends on: of an open one, REST names the commit that tries the merge."""
    commit = pull.merge_commit if pull.merged_at is not None else None
    return replace(pull, closed_at=None, title="", url="", node_id="", auto_merge=False, merge_commit=commit)


def differences(found: PullReading | None, true: PullReading) -> list[str]:
    """Where a reading says something, and REST says something else."""
    if found is None:
        return []
    parts = ("files", "reviews", "commits", "history")
    wrong = [name for name in parts if getattr(found, name) not in (None, getattr(true, name))]
    # How many there are is the count of the list: where that does not fit, the list is REST's, and nothing is decided.
    pull = (
        found.pull if found.commits is not None else replace(found.pull, commit_count=true.pull.commit_count)
    )
    return wrong + (["pull"] if that_counts(pull) != that_counts(true.pull) else [])


# What people do with a pull request between opening and merging it. Each takes the site and its number.


def commit(site: Site, _: int, *, text: str = "More", files: Mapping[str, bytes] | None = None) -> None:
    """Push another commit."""
    place = len(site.github.calls)
    site.writer().commit_on_branch(
        site.branch, site.tip(site.branch), text, files or {ASK: b"a: more %d\n" % place}
    )


def many(site: Site, number: int) -> None:
    """Push more files than one page holds."""
    commit(site, number, files={f"requests/many-{number}/{place}": b"x" for place in range(101)})


def rename(site: Site, _: int) -> None:
    """Move a file of main elsewhere, which GitHub lists with both names."""
    repo = site.github._site.repository("acme/access")
    tip, names = repo.tip(site.branch), ("policies/teams.yaml", "policies/moved.yaml")
    old, new = names if repo.store.read(tip, names[0]) is not None else reversed(names)
    content = repo.store.read(tip, old)
    if content is not None:
        who = Signature(name="alice", email="alice@acme.com", when=NOW)
        made = repo.store.commit_files(site.branch, tip, {new: content}, (old,), "Move", who, who)
        number = max(repo.pulls)
        repo.change(repo.pulls[number], head_sha=made)
        repo.store.update_ref(f"refs/pull/{number}/head", made)


def strange(site: Site, _: int, *, email: str = "x@nowhere.example", text: str = "Strange") -> None:
    """Push a commit of somebody whom GitHub does not know."""
    repo = site.github._site.repository("acme/access")
    who = Signature(name="x", email=email, when=NOW)
    made = repo.store.commit_files(
        site.branch, repo.tip(site.branch), {"requests/x": b"x"}, (), text, who, who
    )
    number = max(repo.pulls)
    repo.change(repo.pulls[number], head_sha=made)
    repo.store.update_ref(f"refs/pull/{number}/head", made)


def review(site: Site, number: int, *, login: str = "bob", event: str = "APPROVE") -> None:
    """Review it."""
    site.review(login, number, event)


def dismiss(site: Site, number: int) -> None:
    """Dismiss the first review that can be."""
    for raw in site.call("olivia", "GET", f"/pulls/{number}/reviews"):
        if raw["state"] in {"APPROVED", "CHANGES_REQUESTED"}:
            path = f"/pulls/{number}/reviews/{raw['id']}/dismissals"
            site.call("olivia", "PUT", path, message="no", event="DISMISS")
            return


def reopen(site: Site, number: int) -> None:
    """Close it and open it again."""
    for state in ("closed", "open"):
        site.call("alice", "PATCH", f"/pulls/{number}", state=state)


def say(site: Site, number: int, *, login: str = "bob") -> None:
    """Comment on it, as a person or as a job."""
    site.call(login, "POST", f"/issues/{number}/comments", body="<!-- jitbot --> seen")


def set_status(site: Site, number: int, *, state: str = "success") -> None:
    """Set a status of its head."""
    head = site.call("alice", "GET", f"/pulls/{number}")["head"]["sha"]
    site.call("alice", "POST", f"/statuses/{head}", state=state, context="jitbot/check", description="fine")


def retarget(site: Site, number: int) -> None:
    """Move it to another base and back."""
    for base in ("other", "main"):
        site.call("alice", "PATCH", f"/pulls/{number}", base=base)


def gone(site: Site, _: int, *, login: str = "bob") -> None:
    """Delete an account."""
    site.github._site.gone.add(PEOPLE[login])


ADDRESSES = [
    "bob@acme.com",
    "1002+bob@users.noreply.github.com",
    "bob@users.noreply.github.com",
    "x@x.example",
    "41898282+github-actions[bot]@users.noreply.github.com",
]
Act = Callable[[Site, int], None]
MOVES: list[Act] = [
    commit,
    *(partial(commit, text=f"More\n\nCo-authored-by: bob <{each}>") for each in ADDRESSES),
    many,
    rename,
    strange,
    partial(strange, email=ADDRESSES[-1]),
    *(
        partial(review, login=login, event=event)
        for login in ("bob", "erin")
        for event in ("APPROVE", "REQUEST_CHANGES", "COMMENT")
    ),
    dismiss,
    reopen,
    retarget,
    say,
    partial(say, login="github-actions[bot]"),
    set_status,
    partial(set_status, state="error"),
    gone,
    partial(gone, login="alice"),
]


def repeated(act: Act, times: int) -> Act:
    """The same again and again."""

    def acts(site: Site, number: int) -> None:
        for _ in range(times):
            act(site, number)

    return acts


def then_gone(site: Site, number: int) -> None:
    """bob reviews it, and his account is deleted."""
    review(site, number)
    gone(site, number)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.sampled_from(MOVES), max_size=5), merge=st.sampled_from(["squash", "merge", ""]))
def test_both_ways_say_the_same(site: Site, moves: list[Act], merge: str) -> None:
    """Whatever people did: each part that GraphQL shows is REST's, and by commit as by number."""
    site.github._site.gone.clear()
    number = site.propose()
    for act in moves:
        site.github.clock.set(site.github._site.clock.now() + timedelta(seconds=7))
        act(site, number)
    if merge:
        site.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method=merge)
    reader = site.reader()
    true = by_rest(reader, number)
    page = reader.read_pull(number)
    assert page is None or differences(page.reading, true) == []
    if page is not None:
        assert page.statuses in (None, reader.statuses(true.pull.head))
        assert page.comments in (None, reader.comments(number))
    assert reader.comments_of([number]).get(number) in (None, reader.comments(number))
    commit_ = true.pull.merge_commit or true.pull.head
    found = reader.read_commits([commit_]).get(commit_)
    if found is not None:
        listed = tuple(
            replace(each.pull, commit_count=-1, changed_files=None, merged_by=None) for each in found.pulls
        )
        assert list(map(that_counts, listed)) == list(map(that_counts, reader.pulls_of(commit_)))
        assert found.default_branch == reader.hosting().default_branch
        assert [differences(each, true) for each in found.pulls if each.pull.number == number] in ([], [[]])
    reviewed = reader.read_reviews([number]).get(number)
    assert reviewed is None or (reviewed.reviews, reviewed.files) == (true.reviews, None)
    assert reviewed is None or that_counts(reviewed.pull) == that_counts(true.pull)
    again, wanted = reader.recount([number]).get(number), recounted(true, reader.comments(number))
    assert again is None or shows(again, wanted)


def test_an_ordinary_request_is_read_in_one_call(site: Site) -> None:
    """By its commit: with files, reviews, commits and history, all of it as REST says; then its reviews once more."""
    number = site.propose()
    commit(site, number)
    review(site, number, event="REQUEST_CHANGES", login="erin")
    dismiss(site, number)
    review(site, number)
    say(site, number)
    set_status(site, number)
    site.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    reader = site.reader()
    true = by_rest(reader, number)
    assert true.pull.merge_commit is not None
    statuses, comments = reader.statuses(true.pull.head), reader.comments(number)
    assert len(statuses) == len(comments) == 1
    site.github.calls.clear()
    found = reader.read_commits([true.pull.merge_commit])[true.pull.merge_commit]
    assert found == CommitReading(default_branch="main", pulls=(true,))
    assert reader.recount([number]) == {number: recounted(true, comments)}
    assert reader.read_pull(number) == PullPage(reading=true, statuses=statuses, comments=comments)
    assert reader.comments_of([number]) == {number: comments}
    alone = replace(true, files=None, commits=None, history=None)
    assert reader.read_reviews([number]) == {number: alone}
    assert site.github.calls == [QUESTION] * 5


def test_many_commits_are_a_call_for_ten(site: Site) -> None:
    """Each with its own pull request; a commit that is none is left out, and takes none with it."""
    commits = []
    for _ in range(11):
        number = site.propose()
        commits.append(Sha(site.call("olivia", "PUT", f"/pulls/{number}/merge")["sha"]))
    site.github.calls.clear()
    found = site.reader().read_commits([*commits, Sha("1" * 40)])
    assert list(found) == commits
    assert len({reading.pulls[0].pull.number for reading in found.values()}) == 11
    assert site.github.calls == [QUESTION] * 2


@pytest.mark.parametrize(
    ("act", "part"),
    [
        (rename, "files"),
        (many, "files"),
        (strange, "commits"),
        (repeated(commit, 20), "commits"),
        (then_gone, "reviews"),
        (repeated(partial(review, event="COMMENT"), 101), "reviews"),
        (repeated(retarget, 51), "history"),
    ],
    ids=[
        "renamed",
        "many files",
        "nobody known",
        "many commits",
        "a reviewer gone",
        "many reviews",
        "many events",
    ],
)
def test_what_is_not_whole_is_left_to_rest(site: Site, act: Act, part: str) -> None:
    """A part that is cut, hidden or ambiguous is None, and the others are there."""
    number = site.propose()
    act(site, number)
    page = site.reader().read_pull(number)
    assert page is not None
    parts = ("files", "reviews", "commits", "history")
    missing = [name for name in parts if getattr(page.reading, name) is None]
    assert missing == [part]


@dataclass
class Answered:
    """A client that answers every document with the same data, or with errors beside it."""

    data: Json
    errors: Json = None
    repository: str = "acme/access"

    def graphql(self, _query: str, _variables: dict[str, Any]) -> Json:
        """As the real one: an answer with errors is an exception."""
        if self.errors is not None:
            raise GithubException(200, {"data": self.data, "errors": self.errors})
        return dict(self.data)


@dataclass(kw_only=True)
class Rich:
    """A merged pull request in which everything happened: what REST says, and GraphQL's answers."""

    sha: Sha
    true: PullReading
    page: PullPage
    answer: Json
    again: Json  # what an audit reads of it
    reviews: Json
    whole: Json
    comments: Json


@pytest.fixture(scope="module")
def rich(running: Site) -> Rich:
    """That pull request. Each of the ways reads it as REST does."""
    running.github.faults = None
    running.github._site.gone.clear()
    number = running.propose()
    for act in (
        partial(commit, text="More\n\nCo-authored-by: erin <erin@acme.com>"),
        partial(review, login="erin", event="REQUEST_CHANGES"),
        retarget,
        reopen,
        dismiss,
        partial(review, login="bob"),
        partial(review, login="erin", event="COMMENT"),
        say,
        partial(say, login="github-actions[bot]"),
        set_status,
    ):
        act(running, number)
    running.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    reader, client = running.reader(), running.client("olivia")
    true, heard, ask = by_rest(reader, number), list[Json](), client.graphql
    sha, head = true.pull.merge_commit, true.pull.head
    page = PullPage(reading=true, statuses=reader.statuses(head), comments=reader.comments(number))

    def hear(query: str, variables: dict[str, Any]) -> Json:
        heard.append(ask(query, variables))
        return heard[-1]

    client.graphql = hear  # type: ignore[method-assign]
    assert sha is not None
    assert pull_queries.of_commits(client, [sha])[sha].pulls == (true,)
    assert pull_queries.recount(client, [number]) == {number: recounted(true, page.comments or ())}
    assert pull_queries.of_number(client, number) == page
    assert pull_queries.comments_of(client, [number]) == {number: page.comments}
    (reviewed,) = pull_queries.reviews_of(client, [number]).values()
    assert (reviewed.pull, reviewed.reviews) == (true.pull, true.reviews)
    answer, reviews, whole, comments, again = heard
    return Rich(
        sha=sha,
        true=true,
        page=page,
        answer=answer,
        reviews=reviews,
        whole=whole,
        comments=comments,
        again=again,
    )


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in an answer."""
    yield path
    for key, each in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(each, (*path, key))


HOW = ("gone", "null", "list", "object", "cut", "more", "counted")


@contextmanager
def damaged(answer: Json, path: tuple[Any, ...], how: str) -> Iterator[bool]:
    """The answer with something taken out of it, or emptied, at one place; gives whether anything is different."""
    holder = answer
    for key in path[:-1]:
        holder = holder[key]
    last, old = path[-1], holder[path[-1]]
    before = dict(holder) if isinstance(holder, dict) else list(holder)
    if how == "gone":
        del holder[last]
    elif how == "cut":
        holder[last] = old[:-1] if isinstance(old, list) else old
    elif how == "more":
        holder[last] = not old if isinstance(old, bool) else old
    elif how == "counted":
        counts = isinstance(old, int) and "ount" in str(last)
        holder[last] = old + 1 if counts else old
    else:
        holder[last] = {"null": None, "list": [], "object": {}}[how]
    try:
        yield holder != before
    finally:
        holder.clear()
        holder.update(before) if isinstance(before, dict) else holder.extend(before)


def is_there(answer: Json, path: tuple[Any, ...]) -> bool:
    """Whether an answer still has that place."""
    try:
        reduce(getitem, path, answer)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def each_damage(answer: Json, *, deep: int = 1) -> Iterator[None]:
    """Every damage to every place of an answer, one after the other; with `deep`, another one beside it, further on."""
    known = list(places(answer))[1:]
    for number, path in enumerate(known):
        for how in HOW:
            with damaged(answer, path, how) as different:
                if different and deep == 1:
                    yield
                elif different:
                    other = known[(number * 7 + 3) % len(known)]
                    if is_there(answer, other):
                        with damaged(answer, other, HOW[number % len(HOW)]):
                            yield


@pytest.mark.parametrize("deep", [1, 2])
def test_a_damaged_answer_is_never_another_answer(rich: Rich, deep: int) -> None:
    """Missing nodes, null, cut lists, other counts, wrong types: what is read is what REST says, or is left to REST."""
    sha, true, number = rich.sha, rich.true, 0
    for _ in each_damage(rich.answer, deep=deep):
        number += 1
        with suppress(
            KeyError, TypeError, ValueError
        ):  # which the adapter makes Unavailable, and REST is asked
            found = pull_queries.of_commits(Answered(rich.answer), [sha])  # type: ignore[arg-type]
            for reading in found.values():
                assert reading.default_branch == "main"
                assert [differences(each, true) for each in reading.pulls] == [[]]
    assert number > 500


def test_a_damaged_list_is_never_another_list(rich: Rich) -> None:
    """The second reading, and the comments, too."""
    number, true = rich.true.pull.number, recounted(rich.true)
    for _ in each_damage(rich.comments):
        with suppress(KeyError, TypeError, ValueError):
            found = pull_queries.comments_of(Answered(rich.comments), [number])  # type: ignore[arg-type]
            assert found in ({}, {number: rich.page.comments})
    for _ in each_damage(rich.reviews):
        with suppress(KeyError, TypeError, ValueError):
            again = pull_queries.recount(Answered(rich.reviews), [number])  # type: ignore[arg-type]
            assert all(each.reviews in (None, true.reviews) for each in again.values())


def test_a_damaged_approval_is_never_as_it_was(rich: Rich) -> None:
    """Of what an audit reads again: another count of commits is the only thing that may differ, and then REST is asked."""
    for _ in each_damage(rich.again):
        with suppress(KeyError, TypeError, ValueError):
            found = pull_queries.reviews_of(Answered(rich.again), [rich.true.pull.number])  # type: ignore[arg-type]
            assert all(differences(each, rich.true) == [] for each in found.values())


def test_a_damaged_page_is_never_another_page(rich: Rich) -> None:
    """What an open pull request shows: its comments and statuses as well."""
    said = [each.description for each in (rich.page.statuses or {}).values()]
    for _ in each_damage(rich.whole):
        with suppress(KeyError, TypeError, ValueError):
            found = pull_queries.of_number(Answered(rich.whole), rich.true.pull.number)  # type: ignore[arg-type]
            if found is not None:
                assert differences(found.reading, rich.true) == []
                assert found.comments in (None, rich.page.comments)
                known = (
                    None if found.statuses is None else [each.description for each in found.statuses.values()]
                )
                assert known in (None, said, [""], [])


@pytest.mark.parametrize("part", ["files", "reviews", "commits", "timelineItems"])
def test_a_list_that_has_more_is_not_whole(rich: Rich, part: str) -> None:
    """However well it fits its own count."""
    answer = copy.deepcopy(rich.answer)
    (pull,) = answer["repository"]["o0"]["associatedPullRequests"]["nodes"]
    pull[part]["pageInfo"]["hasNextPage"] = True
    (found,) = pull_queries.of_commits(Answered(answer), [rich.sha])[rich.sha].pulls  # type: ignore[arg-type]
    assert getattr(found, {"timelineItems": "history"}.get(part, part)) is None


@pytest.mark.parametrize("first", [True, False])
def test_a_pull_request_of_a_fork_leaves_the_commit_to_rest(rich: Rich, *, first: bool) -> None:
    """Its number may be that of ours: what is read of one must never be taken for the other's."""
    answer = copy.deepcopy(rich.answer)
    pulls = answer["repository"]["o0"]["associatedPullRequests"]
    foreign = copy.deepcopy(pulls["nodes"][0])
    foreign["baseRepository"]["databaseId"] += 1
    pulls["nodes"].insert(0 if first else 1, foreign)
    pulls["totalCount"] = 2
    assert pull_queries.of_commits(Answered(answer), [rich.sha]) == {}  # type: ignore[arg-type]


def test_a_list_of_files_that_does_not_fit_is_not_whole(rich: Rich) -> None:
    """The pull request says itself how many it changes."""
    answer = copy.deepcopy(rich.answer)
    (pull,) = answer["repository"]["o0"]["associatedPullRequests"]["nodes"]
    pull["changedFiles"] += 1
    (found,) = pull_queries.of_commits(Answered(answer), [rich.sha])[rich.sha].pulls  # type: ignore[arg-type]
    assert found.files is None


@pytest.mark.parametrize("kind", ["FORBIDDEN", "NOT_FOUND", "RATE_LIMITED", None])
def test_errors_beside_data_are_no_answer(site: Site, rich: Rich, kind: str | None) -> None:
    """However whole the data look."""
    sha, true, answer = rich.sha, rich.true, rich.answer
    body = json.dumps(
        {"data": answer, "errors": [{"message": "x", **({"type": kind} if kind else {})}]}
    ).encode()
    fault = GitHubFault(status=200, body=body, headers={"Content-Type": "application/json"})
    site.github.faults = lambda method, path: fault if (method, path) == QUESTION else None
    reader = site.reader()
    for ask in (partial(reader.read_commits, [sha]), partial(reader.read_pull, true.pull.number)):
        with pytest.raises(JitbotError):
            ask()


def page(answer: Json, number: int) -> PullPage:
    """What is read of one pull request, which must be whole enough."""
    found = pull_queries.of_number(Answered(answer), number)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_statuses_are_those_of_the_head(rich: Rich) -> None:
    """Another commit's say nothing of it; a head that has none has none, and REST need not be asked."""
    answer, number = copy.deepcopy(rich.whole), rich.true.pull.number
    (newest,) = answer["repository"]["o0"]["newest"]["nodes"]
    newest["commit"]["status"] = None
    assert page(answer, number).statuses == {}
    newest["commit"]["oid"] = "1" * 40
    assert page(answer, number).statuses is None


def test_commits_are_those_that_were_merged(rich: Rich) -> None:
    """A list without the head is another pull request's, or an older one's."""
    answer = copy.deepcopy(rich.whole)
    answer["repository"]["o0"]["headRefOid"] = "1" * 40
    assert page(answer, rich.true.pull.number).reading.commits is None


def test_github_commits_as_itself(rich: Rich) -> None:
    """What is committed on the website has no user, and an address that says whose it is."""
    answer = copy.deepcopy(rich.whole)
    nodes = answer["repository"]["o0"]["commits"]["nodes"]
    for each in nodes:
        each["commit"]["committer"] = {"email": "noreply@github.com", "user": None}
    commits = page(answer, rich.true.pull.number).reading.commits
    assert commits is not None
    assert all(19864447 in each.named for each in commits)


@pytest.mark.parametrize("trailer", [False, True])
def test_an_author_without_an_account_is_left_to_rest_where_a_trailer_names_anybody(
    rich: Rich, *, trailer: bool
) -> None:
    """That address may be somebody's; without one nobody is asked for who is linked."""
    answer = copy.deepcopy(rich.whole)
    commits = [each["commit"] for each in answer["repository"]["o0"]["commits"]["nodes"]]
    for each in commits:
        if ("Co-authored-by" in each["message"]) is trailer:
            each["authors"]["nodes"].append({"user": None})
            each["authors"]["totalCount"] += 1
    assert page(answer, rich.true.pull.number).reading.commits == (None if trailer else rich.true.commits)


def test_a_merge_that_is_tried_is_named(rich: Rich) -> None:
    """Of a pull request that is not merged, as REST does; of one that cannot be, none is."""
    answer = copy.deepcopy(rich.whole)
    node = answer["repository"]["o0"]
    node |= {"merged": False, "mergedAt": None}
    assert page(answer, rich.true.pull.number).reading.pull.merge_commit == rich.sha
    node["mergeCommit"] = None
    assert page(answer, rich.true.pull.number).reading.pull.merge_commit is None


def again(rich: Rich, **parts: Json) -> PullRecount:
    """What a second reading says, where these parts of its answer are others."""
    answer, number = copy.deepcopy(rich.reviews), rich.true.pull.number
    answer["repository"]["o0"] |= parts
    return pull_queries.recount(Answered(answer), [number])[number]  # type: ignore[arg-type]


def test_a_review_that_is_being_written_hides_no_other(rich: Rich) -> None:
    """Only its author sees it, without a time; it is none yet."""
    whole = rich.reviews["repository"]["o0"]["reviews"]
    pending = whole["nodes"][0] | {"state": "PENDING", "submittedAt": None}
    nodes = [*whole["nodes"], pending]
    found = again(rich, reviews=whole | {"nodes": nodes, "totalCount": len(nodes)})
    assert found.reviews == rich.true.reviews


def test_a_comment_that_is_hidden_hides_nothing_else(rich: Rich) -> None:
    """It is left out; where all are hidden there is none, and the reviews and counts are as they were."""
    true, comments = again(rich), rich.reviews["repository"]["o0"]["comments"]
    assert again(rich, comments=comments | {"nodes": [None, *comments["nodes"]]}) == true
    assert len(true.comments) > 0
    for hidden in (None, {"nodes": None}):
        assert again(rich, comments=hidden) == replace(true, comments=())


@pytest.mark.parametrize("value", [True, False, "3", 3.0, None, [], {}])
def test_a_number_is_a_number(value: Json) -> None:
    """Nothing that only reads as one."""
    with pytest.raises(ValueError, match="no number"):
        pull_queries._number(value)
    assert pull_queries._number(3) == 3


@pytest.mark.parametrize("value", ["", 3, None, [], {}])
def test_a_text_is_a_text(value: Json) -> None:
    """An empty one where there may be nothing to say."""
    with pytest.raises(ValueError, match="no text"):
        pull_queries._text(value)
    assert (pull_queries._text("", empty=True), pull_queries._text("x")) == ("", "x")
