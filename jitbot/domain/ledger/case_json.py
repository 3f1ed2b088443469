"""What GitHub told of a merge, as evidence that an auditor can decide from again, years later and offline.

git keeps the rest: the bytes of the request, the rules at the base, every path that the merge changed. Of the
rules at the head it keeps what they were made of, since most blobs are main's own: so each is named here.

What people can make long is kept as far as `bounds` says, and the rest as a count: the decision made on what was
kept is the decision made on all of it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from jitbot.domain.ledger.github_json import (
    dump_dismissal,
    dump_pull,
    dump_push,
    dump_review,
    each_of,
    load_dismissal,
    load_pull,
    load_push,
    load_review,
    number_of,
    object_of,
    text_of,
)
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, People, Sha
from jitbot.domain.model.merge_facts import (
    Case,
    Dismissal,
    Merge,
    PullCommit,
    PullRequest,
    Push,
    Review,
    latest_judgements,
)
from jitbot.domain.model.parsed_case import fitting, requester_of
from jitbot.domain.text import timestamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestSnapshot:
    """What GitHub told of the one pull request behind a merge, and what was fetched of its head."""

    pull_request: PullRequest
    files: tuple[str, ...] | None  # None: more than are kept
    fetched_head: Sha
    head_blob: Sha | None  # the request file's at the head
    head_rules: Mapping[str, Sha]  # path -> blob of every code-owned document that was read there
    reviews: tuple[Review, ...]  # each reviewer's last one that judges, before the merge
    commits: tuple[PullCommit, ...]
    touching: frozenset[Sha]  # of those, the ones that change the request
    permissions: Mapping[Login, str]
    retargeted_at: datetime | None
    merge_seen: bool | None
    dismissals: tuple[Dismissal, ...] | None
    pushes: tuple[Push, ...] | None
    too_many_moves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a decision took from GitHub. `told` is None if no single pull request fitted."""

    default_branch: str
    listed: tuple[PullRequest, ...]
    told: PullRequestSnapshot | None


def dump(case: Case) -> dict[str, object]:
    """The facts of a case as JSON."""
    listed = _most_fitting(case)
    return {
        "default_branch": case.default_branch,
        "listed": [dump_pull(replace(pull, head_branch="")) for pull in listed[: bounds.LISTED]],
        **bounds.more("listed", listed, bounds.LISTED),
        "told": None if case.merge is None else _dump_told(case.merge, case.rules.people.value or {}),
    }


def load(raw: object) -> Facts:
    """The reverse of `dump`. Raises ValueError for anything else."""
    try:
        found = object_of(raw)
        return Facts(
            default_branch=text_of(found["default_branch"]),
            listed=each_of(found["listed"], load_pull),
            told=None if found["told"] is None else _load_told(object_of(found["told"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are not the facts of a merge: {error}") from error


def _most_fitting(case: Case) -> list[PullRequest]:
    """The listed pull requests, those first that can be the one behind the commit: the others change nothing."""
    settings = case.rules.settings.value
    fits = fitting(
        case.listed,
        commit=case.change.commit,
        default_branch=case.default_branch,
        repository_id=settings.repository_id if settings is not None else 0,
        requester=requester_of(case.request, case.rules.people),
    )
    return sorted(case.listed, key=lambda pull: (pull not in fits, pull.merged_at is None))


def _dump_told(merge: Merge, people: People) -> dict[str, object]:
    merged_at = merge.pull_request.merged_at
    judging = latest_judgements(merge.reviews, merged_at) if merged_at is not None else ()
    kept = _kept(judging, people)
    known = {person.github_id for person in people.values()}
    ids = {review.review_id for review in kept if review.user.github_id in known}
    return {
        "pull_request": dump_pull(merge.pull_request),
        **_dump_files(merge),
        "fetched_head": merge.fetched_head,
        "head_blob": merge.head_blob,
        "head_rules": dict(merge.head_rules.sources),
        "reviews": [dump_review(review) for review in kept],
        **bounds.more("reviews", judging, len(kept)),
        "commits": _dump_commits(merge, people),
        "permissions": dict(merge.permissions),
        "retargeted_at": None if merge.retargeted_at is None else timestamp.show(merge.retargeted_at),
        "merge_seen": merge.merge_seen,
        "dismissals": _dump_each(merge.dismissals, lambda each: each.review_id in ids, dump_dismissal),
        "pushes": _dump_each(merge.pushes, lambda _: True, dump_push),
        **({"too_many_moves": True} if merge.too_many_moves else {}),
    }


def _kept(judging: tuple[Review, ...], people: People) -> tuple[Review, ...]:
    """Of these reviews all by people we know, and the last few of others, which count for nothing."""
    known = {person.github_id for person in people.values()}
    strangers = [review for review in judging if review.user.github_id not in known]
    left_out = {review.review_id for review in strangers[: -bounds.STRANGERS]}
    return tuple(review for review in judging if review.review_id not in left_out)


def _dump_files(merge: Merge) -> dict[str, object]:
    files = merge.files
    if files is not None and bounds.are_few(files):
        return {"files": list(files)}
    if files is None:
        return {"files": [], "files_count": merge.pull_request.changed_files, "files_sha256": None}
    digest = hashlib.sha256("\0".join(files).encode(errors="replace")).hexdigest()
    return {"files": [], "files_count": len(files), "files_sha256": digest}


def _dump_commits(merge: Merge, people: People) -> list[dict[str, object]]:
    """Every commit, with the accounts that it names; one where they are too many is marked, and names no more.

    A login that people.yaml does not know is nobody's, and left out.
    """
    known = {login.casefold() for login in people}
    dumped, names, marked = list[dict[str, object]](), 0, False
    for commit in merge.commits:
        names += len(commit.named) + len(commit.co_authors)
        many = commit.is_crowded or names > bounds.ALL_NAMES
        logins = [login for login in commit.co_authors if login.casefold() in known]
        kept: dict[str, object] = {"sha": commit.sha, "named": [] if many else list(commit.named)}
        kept |= {"changes_it": commit.sha in merge.touching}
        kept |= {"co_authors": logins} if logins and not many else {}
        kept |= {"crowded": True} if many and not marked else {}
        marked = marked or many
        dumped.append(kept)
    return dumped


def _dump_each(
    them: tuple[T, ...] | None, counts: Callable[[T], bool], dump_one: Callable[[T], object]
) -> list[object] | None:
    return None if them is None else [dump_one(each) for each in them if counts(each)]


def _load_told(raw: Mapping[str, object]) -> PullRequestSnapshot:
    commits = each_of(raw["commits"], object_of)
    return PullRequestSnapshot(
        pull_request=load_pull(raw["pull_request"]),
        files=None if "files_count" in raw else each_of(raw["files"], text_of),
        fetched_head=Sha(text_of(raw["fetched_head"])),
        head_blob=None if raw["head_blob"] is None else Sha(text_of(raw["head_blob"])),
        head_rules={path: Sha(text_of(blob)) for path, blob in object_of(raw["head_rules"]).items()},
        reviews=each_of(raw["reviews"], load_review),
        commits=tuple(
            PullCommit(
                sha=Sha(text_of(each["sha"])),
                named=tuple(GithubId(person) for person in each_of(each["named"], number_of)),
                co_authors=tuple(Login(login) for login in each_of(each.get("co_authors", []), text_of)),
                crowded=each.get("crowded") is True,
            )
            for each in commits
        ),
        touching=frozenset(Sha(text_of(each["sha"])) for each in commits if each["changes_it"] is True),
        permissions={Login(login): text_of(level) for login, level in object_of(raw["permissions"]).items()},
        retargeted_at=None
        if raw["retargeted_at"] is None
        else timestamp.parse(text_of(raw["retargeted_at"])),
        merge_seen=_looked(raw.get("merge_seen")),
        dismissals=_optional(raw.get("dismissals"), load_dismissal),
        pushes=_optional(raw.get("pushes"), load_push),
        too_many_moves=raw.get("too_many_moves") is True,
    )


def _looked(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError("yes, no or nothing is missing")
    return value


def _optional(value: object, load_one: Callable[[object], T]) -> tuple[T, ...] | None:
    return None if value is None else each_of(value, load_one)
