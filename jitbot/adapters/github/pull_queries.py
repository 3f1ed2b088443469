"""Pull requests by GraphQL, with all that a decision reads of them: many in one call, where REST takes five for each.

GraphQL cuts long lists silently, has no previous names of renamed files, and may hide who wrote something. So each list
says how many it has. What is not whole is None or left out, and the caller asks REST. Answers are brought into the shape
of REST's, so that one reader judges both. https://docs.github.com/en/graphql/reference/objects#pullrequest
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from jitbot.adapters.github import answers, authors, graphql
from jitbot.adapters.github.client import Client
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.github_objects import Comment, PullPage, PullRecount, Status
from jitbot.domain.model.merge_facts import (
    CommitReading,
    PullCommit,
    PullReading,
    PullRequestHistory,
    Review,
)

COMMITS, LISTS = 10, 20  # commits, and pull requests by one list of theirs, in one query
_PULLS, _COMMITS, _PARENTS, _PAGE = 3, 20, 10, 100  # that are asked for of each; what is more, REST has
K = TypeVar("K")
T = TypeVar("T")

_WHOLE = "totalCount pageInfo { hasNextPage }"
_ACTOR = "__typename login ... on User { databaseId } ... on Bot { databaseId }"
_GIT_ACTOR = "{ email user { databaseId } }"
_REVIEWS = f"reviews(first: {_PAGE}) {{ {_WHOLE} nodes {{ fullDatabaseId author {{ {_ACTOR} }} state commit {{ oid }} submittedAt }} }}"
_COMMIT = (
    f"oid message author {_GIT_ACTOR} committer {_GIT_ACTOR} parents(first: {_PARENTS}) {{ {_WHOLE} nodes {{ oid }} }} "
    f"authors(first: {bounds.NAMES + 1}) {{ totalCount nodes {{ user {{ databaseId }} }} }}"
)
_COMMENTS = (
    f"comments(first: {_PAGE}) {{ {_WHOLE} nodes {{ id fullDatabaseId author {{ {_ACTOR} }} body }} }}"
)
_FIRST = 3  # comments, each of at most 64 KiB
_BEGINNING = f"comments(first: {_FIRST}) {{ nodes {{ id fullDatabaseId author {{ {_ACTOR} }} body }} }}"
_STATUSES = (
    "newest: commits(last: 1) { nodes { commit { oid status { contexts { context state description } } } } }"
)
# The events that REST lists, by the name of their type here.
_EVENTS = {
    "BaseRefChangedEvent": "base_ref_changed",
    "AutomaticBaseChangeSucceededEvent": "automatic_base_change_succeeded",
    "ReopenedEvent": "reopened",
    "MergedEvent": "merged",
    "ReviewDismissedEvent": "review_dismissed",
}
_TYPES = ", ".join(f"{event.upper()}_EVENT" for event in _EVENTS.values())
_PLAIN = " ".join(f"... on {name} {{ createdAt }}" for name in _EVENTS if name != "ReviewDismissedEvent")
_DISMISSED = f"... on ReviewDismissedEvent {{ createdAt actor {{ {_ACTOR} }} previousReviewState review {{ fullDatabaseId }} }}"
_ITSELF = f"""id number title url createdAt closedAt merged mergedAt author {{ {_ACTOR} }} mergedBy {{ {_ACTOR} }}
  baseRefName headRefName headRefOid baseRepository {{ databaseId }} headRepository {{ databaseId }}
  mergeCommit {{ oid }} autoMergeRequest {{ mergeMethod }} changedFiles"""
_PULL = f"""fragment pull on PullRequest {{
  {_ITSELF}
  files(first: {_PAGE}) {{ {_WHOLE} nodes {{ path changeType }} }}
  {_REVIEWS}
  commits(first: {_COMMITS}) {{ {_WHOLE} nodes {{ commit {{ {_COMMIT} }} }} }}
  timelineItems(first: {_PAGE}, itemTypes: [{_TYPES}]) {{ filteredCount {_WHOLE} nodes {{ __typename {_PLAIN} {_DISMISSED} }} }}
}}"""
_KNOWN = frozenset({"ADDED", "DELETED", "MODIFIED", "CHANGED"})  # changes of a file that keeps its name
_STATES = frozenset({"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"})  # of a review
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)  # of an answer that lacks what it should hold


def of_commits(client: Client, commits: Iterable[Sha]) -> Mapping[Sha, CommitReading]:
    """The pull requests connected with each commit that GraphQL shows whole. Raises what `Client.graphql` raises."""
    found: dict[Sha, CommitReading] = {}
    wanted = (
        f"... on Commit {{ oid associatedPullRequests(first: {_PULLS}) {{ {_WHOLE} nodes {{ ...pull }} }} }}"
    )
    for some in graphql.in_parts(commits, COMMITS):
        repository = _ask(
            client, "GitObjectID", some, wanted, _PULL, more="databaseId defaultBranchRef { name }"
        )
        found |= _readable(some, repository, partial(_of_commit, repository))
    return found


def of_number(client: Client, number: int) -> PullPage | None:
    """One pull request; None if it cannot be read whole enough to say who it is. Raises as `of_commits`."""
    node = _ask(client, "Int", [number], f"...pull {_COMMENTS} {_STATUSES}", _PULL).get("o0")
    reading = _or_none(_reading, node)
    if reading is None:
        return None
    statuses, comments = _or_none(_statuses, node, reading.pull.head), _or_none(_comments, node)
    return PullPage(reading=reading, statuses=statuses, comments=comments)


def recount(client: Client, numbers: Iterable[int]) -> Mapping[int, PullRecount]:
    """The reviews and the counts of those pull requests that have any. Raises as `of_commits`."""
    return _each(
        client,
        numbers,
        f"changedFiles commits(first: 1) {{ totalCount }} {_REVIEWS} {_BEGINNING}",
        _recounted,
    )


def reviews_of(client: Client, numbers: Iterable[int]) -> Mapping[int, PullReading]:
    """Those pull requests that GraphQL shows, with their reviews. Raises as `of_commits`."""
    reviewed = (
        f"fragment reviewed on PullRequest {{ {_ITSELF} commits(first: 1) {{ totalCount }} {_REVIEWS} }}"
    )
    return _each(client, numbers, "...reviewed", _reviewed, reviewed)


def comments_of(client: Client, numbers: Iterable[int]) -> Mapping[int, tuple[Comment, ...]]:
    """The comments of those pull requests whose comments GraphQL shows whole. Raises as `of_commits`."""
    return _each(client, numbers, _COMMENTS, _comments)


def _each(
    client: Client,
    numbers: Iterable[int],
    wanted: str,
    read: Callable[[Mapping[str, Any]], T],
    fragment: str = "",
) -> Mapping[int, T]:
    """What is wanted of many pull requests."""
    found: dict[int, T] = {}
    for some in graphql.in_parts(numbers, LISTS):
        found |= _readable(some, _ask(client, "Int", some, wanted, fragment), read)
    return found


def _ask(
    client: Client, kind: str, values: Sequence[object], wanted: str, fragment: str = "", *, more: str = ""
) -> Mapping[str, Any]:
    """As `graphql.of_repository`; nothing where there is no repository in the answer."""
    found = graphql.of_repository(client, kind, values, wanted, fragment, more=more)
    return found if isinstance(found, dict) else {}


def _readable(
    asked: Sequence[K], repository: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]
) -> dict[K, T]:
    """What is read of each answer; without those that do not hold it whole."""
    found = {each: _or_none(read, repository.get(f"o{place}")) for place, each in enumerate(asked)}
    return {each: answer for each, answer in found.items() if answer is not None}


def _or_none(read: Callable[..., T], *answer: Any) -> T | None:
    """What is read of an answer; None where it does not hold it whole."""
    try:
        return read(*answer)
    except _UNREADABLE:
        return None


def _of_commit(repository: Mapping[str, Any], answer: Mapping[str, Any]) -> CommitReading:
    readings = tuple(_reading(node) for node in _whole(answer["associatedPullRequests"]))
    if any(each.pull.repository_id != repository["databaseId"] for each in readings):
        raise ValueError(
            "a pull request of another repository, as of a fork, which may have the number of one here"
        )
    return CommitReading(default_branch=_text(repository["defaultBranchRef"]["name"]), pulls=readings)


def _reading(node: Mapping[str, Any]) -> PullReading:
    return PullReading(
        pull=answers.pull_request(_pull(node)),
        files=_or_none(_files, node),
        reviews=_or_none(_reviews, node),
        commits=_or_none(_commits, node),
        history=_or_none(_history, node),
    )


def _reviewed(node: Mapping[str, Any]) -> PullReading:
    pull, reviews = answers.pull_request(_pull(node)), _reviews(node)
    return PullReading(pull=pull, files=None, reviews=reviews, commits=None, history=None)


def _whole(connection: Mapping[str, Any]) -> list[Any]:
    """The nodes of a list. Raises ValueError if they are not as many as it says it has."""
    nodes = _all(connection)
    if connection["totalCount"] != len(nodes):
        raise ValueError(f"{len(nodes)} of {connection['totalCount']}")
    return nodes


def _all(connection: Mapping[str, Any]) -> list[Any]:
    """The nodes of a list. Raises ValueError if there are more; a hidden one is null, which nothing reads."""
    nodes = connection["nodes"]
    if connection["pageInfo"]["hasNextPage"] is not False or not isinstance(nodes, list):
        raise ValueError("not the whole list")
    return nodes


def _pull(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the shape of `GET /pulls/{number}`."""
    merged, commit = node["mergedAt"], node["mergeCommit"]
    if node["merged"] is not bool(merged):
        raise ValueError("a merge without its time")
    return {
        "number": node["number"],
        "user": _actor(node["author"]),
        "base": {"ref": _text(node["baseRefName"]), "repo": {"id": node["baseRepository"]["databaseId"]}},
        "head": {
            "ref": _text(node["headRefName"]),
            "sha": _text(node["headRefOid"]),
            "repo": {"id": node["headRepository"]["databaseId"]},
        },
        "merged_at": merged and _text(merged),
        "merged_by": _actor(node["mergedBy"]) if merged else None,
        "merge_commit_sha": _text(commit["oid"]) if merged or commit else None,
        "created_at": node["createdAt"],
        "closed_at": node["closedAt"],
        "commits": _number(node["commits"]["totalCount"]),
        "changed_files": _number(node["changedFiles"]),
        "title": _text(node["title"]),
        "html_url": _text(node["url"]),
        "node_id": _text(node["id"]),
        "auto_merge": node["autoMergeRequest"],
    }


def _actor(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the shape of a simple user. Raises TypeError for nobody: the account is gone, or GitHub does not show it here."""
    kind = node["__typename"]
    if kind not in ("User", "Bot"):
        raise ValueError(f"{kind} has no number here")
    login = f"{_text(node['login'])}{'[bot]' if kind == 'Bot' else ''}"
    return {"login": login, "id": node["databaseId"], "type": kind}


def _files(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths. Raises ValueError where a file has a previous name, which GraphQL does not say."""
    files = _whole(node["files"])
    if len(files) != node["changedFiles"] or {each["changeType"] for each in files} - _KNOWN:
        raise ValueError("not every path is known")
    return tuple(_text(each["path"]) for each in files)


def _reviews(node: Mapping[str, Any]) -> tuple[Review, ...]:
    return answers.reviews(map(_review, _whole(node["reviews"])))


def _review(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if node["state"] not in _STATES:
        raise ValueError("an unknown kind of review")
    pending = node["state"] == "PENDING"  # one that is being written has no time yet
    return {
        "id": int(node["fullDatabaseId"]),
        "user": _actor(node["author"]),
        "state": node["state"],
        "commit_id": _text(node["commit"]["oid"]),
        "submitted_at": node["submittedAt"] if pending else _text(node["submittedAt"]),
    }


def _comments(node: Mapping[str, Any]) -> tuple[Comment, ...]:
    return tuple(map(_comment_of, _whole(node["comments"])))


def _beginning(node: Mapping[str, Any]) -> list[Any]:
    return list(node["comments"]["nodes"])


def _comment_of(node: Mapping[str, Any]) -> Comment:
    return answers.comment(_comment(node))


def _comment(node: Mapping[str, Any]) -> Mapping[str, Any]:
    body, node_id = _text(node["body"], empty=True), _text(node["id"])
    return {
        "id": int(node["fullDatabaseId"]),
        "node_id": node_id,
        "user": _actor(node["author"]),
        "body": body,
    }


def _statuses(node: Mapping[str, Any], head: Sha) -> Mapping[str, Status]:
    """The statuses of the head, which is the newest commit."""
    (newest,) = (each["commit"] for each in node["newest"]["nodes"])
    if newest["oid"] != head:
        raise ValueError("another commit than the head")
    contexts = newest["status"]["contexts"] if newest["status"] is not None else []
    return answers.statuses({**each, "state": _text(each["state"]).lower()} for each in contexts)


def _recounted(node: Mapping[str, Any]) -> PullRecount:
    comments = (_or_none(_comment_of, each) for each in _or_none(_beginning, node) or ())
    return PullRecount(
        comments=tuple(each for each in comments if each is not None),
        reviews=_or_none(_reviews, node),
        commit_count=_number(node["commits"]["totalCount"]),
        changed_files=_number(node["changedFiles"]),
    )


def _commits(node: Mapping[str, Any]) -> tuple[PullCommit, ...]:
    commits = tuple(_commit(each["commit"]) for each in _whole(node["commits"]))
    if node["headRefOid"] not in {each.sha for each in commits}:
        raise ValueError("not the commit that was merged")
    return commits


def _commit(node: Mapping[str, Any]) -> PullCommit:
    raw = {
        "sha": _text(node["oid"]),
        "commit": {"message": _text(node["message"], empty=True)},
        "author": _named(node["author"]),
        "committer": _named(node["committer"]),
        "parents": [{"sha": _text(each["oid"])} for each in _whole(node["parents"])],
    }
    names = node["authors"]
    users = [each["user"] for each in names["nodes"]]
    if len(users) != min(names["totalCount"], bounds.NAMES + 1):
        raise ValueError("not everybody whom the commit names")
    return authors.of_whole(raw, [None if user is None else int(user["databaseId"]) for user in users])


def _named(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The account of an author or committer, in REST's shape; an App, and GitHub itself, are known by their addresses.

    Raises ValueError for nobody: REST says whether there is an account that this way does not show.
    """
    user = node["user"]
    number = authors.own_number(_text(node["email"])) if user is None else int(user["databaseId"])
    if number is None:
        raise ValueError("nobody is named")
    return {"id": number}


def _history(node: Mapping[str, Any]) -> PullRequestHistory:
    items = node["timelineItems"]
    events = [_event(each) for each in _all(items)]
    # The one counts the types that were asked for, the other all: which does is not proven.
    if len(events) not in (items["totalCount"], items["filteredCount"]):
        raise ValueError("not every event")
    return answers.history(events)


def _event(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the shape of an event of `GET /issues/{number}/events`."""
    event = {"event": _EVENTS[node["__typename"]], "created_at": node["createdAt"]}
    if node["__typename"] != "ReviewDismissedEvent":
        return event
    if node["previousReviewState"] not in _STATES:
        raise ValueError("an unknown kind of review")
    said = {"review_id": int(node["review"]["fullDatabaseId"]), "state": node["previousReviewState"]}
    return {**event, "actor": _actor(node["actor"]), "dismissed_review": said}


def _number(value: Any) -> int:
    """A number that is there. Raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("no number")  # noqa: TRY004 - as everything that an answer lacks
    return value


def _text(value: Any, *, empty: bool = False) -> str:
    """A text that is there. Raises ValueError for anything else."""
    if not isinstance(value, str) or not (value or empty):
        raise ValueError("no text")
    return value
