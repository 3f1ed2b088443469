"""What the forge told of a merge, as evidence that an auditor can decide from again, years later and offline.

git keeps the rest: the bytes of the request, the rules at the base, every path that the merge changed. Of the
rules at the head it keeps what they were made of, since most blobs are main's own: so each is named here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from jitbot.domain import moments
from jitbot.domain.counting import latest_judgements
from jitbot.domain.evidence import Actor, Case, Merge, PullCommit, PullRequest, Review
from jitbot.domain.model import GithubId, Login, Sha

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the forge told of the one pull request behind a merge, and what was fetched of its head."""

    pull_request: PullRequest
    files: tuple[str, ...]
    fetched_head: Sha
    head_blob: Sha | None  # the request file's at the head
    head_rules: Mapping[str, Sha]  # path -> blob of every code-owned document that was read there
    reviews: tuple[Review, ...]  # each reviewer's last one that judges, before the merge
    commits: tuple[PullCommit, ...]
    touching: frozenset[Sha]  # of those, the ones that change the request
    permissions: Mapping[Login, str]
    retargeted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a decision took from the forge. `told` is None if no single pull request fitted."""

    default_branch: str
    listed: tuple[PullRequest, ...]
    told: Told | None


def dump(case: Case) -> dict[str, object]:
    """The facts of a case as JSON."""
    return {
        "default_branch": case.default_branch,
        "listed": [_dump_pull(pull) for pull in case.listed],
        "told": None if case.merge is None else _dump_told(case.merge),
    }


def load(raw: object) -> Facts:
    """The reverse of `dump`. Raises ValueError for anything else."""
    try:
        found = _object(raw)
        return Facts(
            default_branch=_text(found["default_branch"]),
            listed=_each(found["listed"], _load_pull),
            told=None if found["told"] is None else _load_told(_object(found["told"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are not the facts of a merge: {error}") from error


def _dump_told(merge: Merge) -> dict[str, object]:
    merged_at = merge.pull_request.merged_at
    judging = latest_judgements(merge.reviews, merged_at) if merged_at is not None else ()
    return {
        "pull_request": _dump_pull(merge.pull_request),
        "files": list(merge.files),
        "fetched_head": merge.fetched_head,
        "head_blob": merge.head_blob,
        "head_rules": dict(merge.head_rules.sources),
        "reviews": [_dump_review(review) for review in judging],
        "commits": [
            {"sha": commit.sha, "named": list(commit.named), "changes_it": commit.sha in merge.touching}
            for commit in merge.commits
        ],
        "permissions": dict(merge.permissions),
        "retargeted_at": None if merge.retargeted_at is None else moments.show(merge.retargeted_at),
    }


def _load_told(raw: Mapping[str, object]) -> Told:
    commits = _each(raw["commits"], _object)
    return Told(
        pull_request=_load_pull(raw["pull_request"]),
        files=_each(raw["files"], _text),
        fetched_head=Sha(_text(raw["fetched_head"])),
        head_blob=None if raw["head_blob"] is None else Sha(_text(raw["head_blob"])),
        head_rules={path: Sha(_text(blob)) for path, blob in _object(raw["head_rules"]).items()},
        reviews=_each(raw["reviews"], _load_review),
        commits=tuple(
            PullCommit(
                sha=Sha(_text(each["sha"])),
                named=tuple(GithubId(person) for person in _each(each["named"], _number)),
            )
            for each in commits
        ),
        touching=frozenset(Sha(_text(each["sha"])) for each in commits if each["changes_it"] is True),
        permissions={Login(login): _text(level) for login, level in _object(raw["permissions"]).items()},
        retargeted_at=None if raw["retargeted_at"] is None else moments.parse(_text(raw["retargeted_at"])),
    )


def _dump_pull(pull: PullRequest) -> dict[str, object]:
    return {
        "number": pull.number,
        "author": _dump_actor(pull.author),
        "repository_id": pull.repository_id,
        "base_branch": pull.base_branch,
        "head": pull.head,
        "merged_at": None if pull.merged_at is None else moments.show(pull.merged_at),
        "merged_by": None if pull.merged_by is None else _dump_actor(pull.merged_by),
        "merge_commit": pull.merge_commit,
        "created_at": moments.show(pull.created_at),
        "commit_count": pull.commit_count,
    }


def _load_pull(value: object) -> PullRequest:
    raw = _object(value)
    return PullRequest(
        number=_number(raw["number"]),
        author=_load_actor(raw["author"]),
        repository_id=_number(raw["repository_id"]),
        base_branch=_text(raw["base_branch"]),
        head=Sha(_text(raw["head"])),
        merged_at=None if raw["merged_at"] is None else moments.parse(_text(raw["merged_at"])),
        merged_by=None if raw["merged_by"] is None else _load_actor(raw["merged_by"]),
        merge_commit=None if raw["merge_commit"] is None else Sha(_text(raw["merge_commit"])),
        created_at=moments.parse(_text(raw["created_at"])),
        commit_count=_number(raw["commit_count"]),
    )


def _dump_review(review: Review) -> dict[str, object]:
    return {
        "review_id": review.review_id,
        "user": _dump_actor(review.user),
        "state": review.state,
        "commit": review.commit,
        "submitted_at": moments.show(review.submitted_at),
    }


def _load_review(value: object) -> Review:
    raw = _object(value)
    return Review(
        review_id=_number(raw["review_id"]),
        user=_load_actor(raw["user"]),
        state=_text(raw["state"]),
        commit=Sha(_text(raw["commit"])),
        submitted_at=moments.parse(_text(raw["submitted_at"])),
    )


def _dump_actor(actor: Actor) -> dict[str, object]:
    return {"login": actor.login, "github_id": actor.github_id, "type": actor.kind}


def _load_actor(value: object) -> Actor:
    raw = _object(value)
    return Actor(
        login=Login(_text(raw["login"])),
        github_id=GithubId(_number(raw["github_id"])),
        kind=_text(raw["type"]),
    )


def _each(value: object, load_one: Callable[[object], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return tuple(load_one(each) for each in value)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a number is missing")
    return value
