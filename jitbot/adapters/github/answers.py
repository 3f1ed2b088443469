"""GitHub's answers as values. What an answer lacks raises KeyError or TypeError, which `translated` makes Unavailable."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from jitbot.adapters.github.client import by_actions
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.github_objects import BranchRules, Comment, Status, StatusState
from jitbot.domain.model.merge_facts import (
    GONE,
    Actor,
    Dismissal,
    PullRequest,
    PullRequestHistory,
    Push,
    Review,
)
from jitbot.domain.text import timestamp

_MOVES = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})


def actor(raw: Any) -> Actor:
    """The account that GitHub names. GitHub names none if the account was deleted."""
    if raw is None:
        return GONE
    return Actor(login=Login(str(raw["login"])), github_id=GithubId(int(raw["id"])), kind=str(raw["type"]))


def pull_request(raw: Mapping[str, Any]) -> PullRequest:
    """A pull request. Only one asked for by its number says how many commits and files it has."""
    return PullRequest(
        number=int(raw["number"]),
        author=actor(raw.get("user")),
        repository_id=int(raw["base"]["repo"]["id"]),
        base_branch=str(raw["base"]["ref"]),
        head=Sha(str(raw["head"]["sha"])),
        merged_at=moment(raw["merged_at"]) if raw.get("merged_at") else None,
        merged_by=actor(raw["merged_by"]) if raw.get("merged_by") else None,
        merge_commit=Sha(str(raw["merge_commit_sha"])) if raw.get("merge_commit_sha") else None,
        created_at=moment(raw["created_at"]),
        commit_count=int(raw.get("commits", -1)),
        changed_files=int(raw["changed_files"]) if "changed_files" in raw else None,
        head_branch=str(raw["head"]["ref"]),
        head_repository_id=int(raw["head"]["repo"]["id"]) if raw["head"].get("repo") else None,
        closed_at=moment(raw["closed_at"]) if raw.get("closed_at") else None,
        title=str(raw["title"]),
        url=str(raw["html_url"]),
        node_id=str(raw["node_id"]),
        auto_merge=bool(raw.get("auto_merge")),
    )


def review(raw: Mapping[str, Any]) -> Review:
    """A submitted review."""
    return Review(
        review_id=int(raw["id"]),
        user=actor(raw.get("user")),
        state=str(raw["state"]).upper(),
        commit=Sha(str(raw["commit_id"] or "")),
        submitted_at=moment(raw["submitted_at"]),
    )


def reviews(listed: Iterable[Mapping[str, Any]]) -> tuple[Review, ...]:
    """The submitted reviews of a list; one by an account that is gone counts for nobody."""
    return tuple(review(raw) for raw in listed if raw.get("user") and raw.get("submitted_at"))


def history(told: Iterable[Mapping[str, Any]]) -> PullRequestHistory:
    """What the events of a pull request say: https://docs.github.com/en/rest/using-the-rest-api/issue-event-types"""
    events = list(told)
    moves = [moment(raw["created_at"]) for raw in events if raw["event"] in _MOVES]
    reopened = (moment(raw["created_at"]) for raw in events if raw["event"] == "reopened")
    return PullRequestHistory(
        merged=any(raw["event"] == "merged" for raw in events),
        retargeted_at=max(moves, default=None),
        reopened_at=max(reopened, default=None),
        dismissals=tuple(dismissal(raw) for raw in events if raw["event"] == "review_dismissed"),
    )


def dismissal(raw: Mapping[str, Any]) -> Dismissal:
    """The dismissal of a review, from its event."""
    found = raw.get("dismissed_review") or {}
    return Dismissal(
        review_id=int(found.get("review_id") or 0),
        by=actor(raw.get("actor")),
        state=str(found.get("state") or "").upper(),
        at=moment(raw["created_at"]),
    )


def push(raw: Mapping[str, Any]) -> Push:
    """One move of a branch."""
    return Push(
        actor=actor(raw.get("actor")),
        before=Sha(str(raw["before"])),
        after=Sha(str(raw["after"])),
        kind=str(raw["activity_type"]),
        at=moment(raw["timestamp"]),
    )


def comment(raw: Mapping[str, Any]) -> Comment:
    """A comment of a conversation."""
    return Comment(
        comment_id=int(raw["id"]),
        by_actions=by_actions(raw),
        body=str(raw["body"] or ""),
        node_id=str(raw.get("node_id") or ""),
    )


def statuses(listed: Iterable[Mapping[str, Any]]) -> Mapping[str, Status]:
    """The newest status of each context of a commit."""
    states = {state.value: state for state in StatusState}
    return {
        str(raw["context"]): Status(state=states[raw["state"]], description=str(raw["description"] or ""))
        for raw in listed
        if raw["state"] in states
    }


def branch_rules(answer: tuple[dict[str, Any], ...]) -> BranchRules:
    """The rules of a branch; what a rule does not name, it is not taken to ask for."""
    asked = [_parameters(rule) for rule in answer if rule["type"] == "pull_request"]
    required = [_parameters(rule) for rule in answer if rule["type"] == "required_status_checks"]
    return BranchRules(
        answer=answer,
        types=frozenset(str(rule["type"]) for rule in answer),
        approvals=max((int(each.get("required_approving_review_count") or 0) for each in asked), default=0),
        code_owners=any(each.get("require_code_owner_review") is True for each in asked),
        checks=frozenset(
            str(check["context"]) for each in required for check in each.get("required_status_checks") or ()
        ),
    )


def _parameters(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return rule.get("parameters") or {}


def moment(text: Any) -> datetime:
    """A time as GitHub writes it."""
    return timestamp.parse(str(text))
