"""What GitHub told as JSON, value by value, and back. Anything else raises TypeError, KeyError or ValueError.

What older versions did not record is optional on reading.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.merge_facts import Actor, Dismissal, PullRequest, Push, Review
from jitbot.domain.text import timestamp

T = TypeVar("T")


def dump_pull(pull: PullRequest) -> dict[str, object]:
    """A pull request as JSON."""
    return {
        "number": pull.number,
        "author": dump_actor(pull.author),
        "repository_id": pull.repository_id,
        "base_branch": pull.base_branch,
        "head": pull.head,
        "merged_at": None if pull.merged_at is None else timestamp.show(pull.merged_at),
        "merged_by": None if pull.merged_by is None else dump_actor(pull.merged_by),
        "merge_commit": pull.merge_commit,
        "created_at": timestamp.show(pull.created_at),
        "commit_count": pull.commit_count,
        "changed_files": pull.changed_files,
        **({"head_branch": bounds.cut(pull.head_branch)} if pull.head_branch else {}),
        "head_repository_id": pull.head_repository_id,
    }


def load_pull(value: object) -> PullRequest:
    """The reverse of `dump_pull`."""
    raw = object_of(value)
    return PullRequest(
        number=number_of(raw["number"]),
        author=load_actor(raw["author"]),
        repository_id=number_of(raw["repository_id"]),
        base_branch=text_of(raw["base_branch"]),
        head=Sha(text_of(raw["head"])),
        merged_at=None if raw["merged_at"] is None else timestamp.parse(text_of(raw["merged_at"])),
        merged_by=None if raw["merged_by"] is None else load_actor(raw["merged_by"]),
        merge_commit=None if raw["merge_commit"] is None else Sha(text_of(raw["merge_commit"])),
        created_at=timestamp.parse(text_of(raw["created_at"])),
        commit_count=number_of(raw["commit_count"]),
        changed_files=number_or_none(raw.get("changed_files")),
        head_branch=text_of(raw.get("head_branch", "")),
        head_repository_id=number_or_none(raw.get("head_repository_id")),
    )


def dump_review(review: Review) -> dict[str, object]:
    """A review as JSON."""
    return {
        "review_id": review.review_id,
        "user": dump_actor(review.user),
        "state": review.state,
        "commit": review.commit,
        "submitted_at": timestamp.show(review.submitted_at),
    }


def load_review(value: object) -> Review:
    """The reverse of `dump_review`."""
    raw = object_of(value)
    return Review(
        review_id=number_of(raw["review_id"]),
        user=load_actor(raw["user"]),
        state=text_of(raw["state"]),
        commit=Sha(text_of(raw["commit"])),
        submitted_at=timestamp.parse(text_of(raw["submitted_at"])),
    )


def dump_dismissal(dismissal: Dismissal) -> dict[str, object]:
    """A dismissal as JSON."""
    return {
        "review_id": dismissal.review_id,
        "by": dump_actor(dismissal.by),
        "state": dismissal.state,
        "at": timestamp.show(dismissal.at),
    }


def load_dismissal(value: object) -> Dismissal:
    """The reverse of `dump_dismissal`."""
    raw = object_of(value)
    return Dismissal(
        review_id=number_of(raw["review_id"]),
        by=load_actor(raw["by"]),
        state=text_of(raw["state"]),
        at=timestamp.parse(text_of(raw["at"])),
    )


def dump_push(push: Push) -> dict[str, object]:
    """A push as JSON."""
    return {
        "actor": dump_actor(push.actor),
        "before": push.before,
        "after": push.after,
        "activity": push.kind,
        "at": timestamp.show(push.at),
    }


def load_push(value: object) -> Push:
    """The reverse of `dump_push`."""
    raw = object_of(value)
    return Push(
        actor=load_actor(raw["actor"]),
        before=Sha(text_of(raw["before"])),
        after=Sha(text_of(raw["after"])),
        kind=text_of(raw["activity"]),
        at=timestamp.parse(text_of(raw["at"])),
    )


def dump_actor(actor: Actor) -> dict[str, object]:
    """An account as JSON."""
    return {"login": actor.login, "github_id": actor.github_id, "type": actor.kind}


def load_actor(value: object) -> Actor:
    """The reverse of `dump_actor`."""
    raw = object_of(value)
    return Actor(
        login=Login(text_of(raw["login"])),
        github_id=GithubId(number_of(raw["github_id"])),
        kind=text_of(raw["type"]),
    )


def each_of(value: object, load_one: Callable[[object], T]) -> tuple[T, ...]:
    """Every one of a list."""
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return tuple(load_one(each) for each in value)


def object_of(value: object) -> Mapping[str, object]:
    """A value that must be an object."""
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value


def text_of(value: object) -> str:
    """A value that must be a text."""
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def number_or_none(value: object) -> int | None:
    """A number, or nothing."""
    return None if value is None else number_of(value)


def number_of(value: object) -> int:
    """A value that must be a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a number is missing")
    return value
