"""Opens the pull requests of access reviews, as the person whose token this is. It reviews nothing, and approves nothing.

The rules are read in two calls, the open pull requests in one, and each that is a review in one more. Each new pull
request takes four.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access_review.review_proposal import (
    BRANCHES,
    ReviewTogether,
    dated,
    due_now,
    proposal,
    together,
)
from jitbot.domain.model.documents import Policy, Source, policy_at, policy_named, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.request.open_pull_request import free_branch, open_pull
from jitbot.usecases.request.requester_client import RequesterClient, ensure_may_push

MOST = 20  # pull requests that one run opens; the next run opens the rest
LISTED = 50  # open reviews whose files are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReview:
    """A pull request that asks for a review already, and those of the wanted policies that it touches."""

    pull: PullRequest
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    """What is to be opened, what is open already, and why nothing is opened for other policies."""

    parts: tuple[ReviewTogether, ...]
    files: Mapping[str, bytes]  # of all policies, with today's date, by path
    open: tuple[OpenReview, ...]
    skipped: Mapping[str, str]  # by policy
    more: int = 0  # pull requests that a later run opens


def plan_reviews(
    client: RequesterClient, names: Collection[str], now: datetime, *, only_due: bool
) -> ReviewPlan:
    """The reviews of these policies, or of all. Raises InvalidError for a policy that is not there, or does not read.

    With `only_due`, those alone whose date says that a review is due, and those without a date.
    """
    author, rules = client.person, client.rules("")
    known = {each.name: each for each in client.policies}
    if unknown := [name for name in names if name not in known]:
        raise InvalidError(f"main has no policy {unknown[0]!r} that can be read; it has: {', '.join(known)}")
    settings = rules.settings.value
    every = settings.review_every if settings is not None else None
    if only_due and every is None:
        raise InvalidError("policies/settings.yaml has no review_every, so no review is due: leave out --due")
    wanted = [each for name, each in known.items() if not names or name in names]
    if only_due:
        wanted = [each for each in wanted if due_now(each, every, now.date())]
    skipped = {each.name: "it was reviewed today" for each in wanted if each.reviewed == now.date()}
    unread = [policy_named(path) for path in client.policy_paths() if policy_named(path) not in known]
    skipped |= {} if names else dict.fromkeys(unread, "it cannot be read: see `jitbot check`")
    found = _open(client, {each.name for each in wanted})
    asked = {name for each in found for name in each.policies}
    new = [each for each in wanted if each.name not in skipped and each.name not in asked]
    edited = {each.name: _edited(client, each, now) for each in new}
    by_hand = f"its file cannot be edited line by line: write `reviewed: {now.date()}` into it"
    skipped |= {name: by_hand for name, content in edited.items() if content is None}
    parts = together([each for each in new if each.name not in skipped], rules, author, now)
    skipped |= {
        each.name: "its file has no owner" for part in parts if not part.owners for each in part.policies
    }
    owned = tuple(part for part in parts if part.owners)
    return ReviewPlan(
        parts=owned[:MOST],
        files={policy_path(name): content for name, content in edited.items() if content is not None},
        open=found,
        skipped=skipped,
        more=max(len(owned) - MOST, 0),
    )


def _open(client: RequesterClient, wanted: Collection[str]) -> tuple[OpenReview, ...]:
    """The open pull requests into main, from branches of reviews in this repository, that touch these policies."""
    listed = [
        pull
        for pull in client.github.open_pulls()
        if pull.head_branch.startswith(BRANCHES)
        and pull.head_repository_id == pull.repository_id
        and pull.base_branch == client.place.branch
    ]
    found: list[OpenReview] = []
    for pull in listed[:LISTED] if wanted else ():
        paths = client.github.files(pull.number)
        named = tuple(name for path in paths if (name := policy_at(path)) is not None and name in wanted)
        found += [OpenReview(pull=pull, policies=named)] if named else []
    return tuple(found)


def open_reviews(client: RequesterClient, plan: ReviewPlan, now: datetime) -> Iterator[PullRequest]:
    """Open them one after the other, in the order of the plan. Raises JitbotError at the first that fails: those before it are open."""
    ensure_may_push(client)
    for part in plan.parts:
        paths = [policy_path(each.name) for each in part.policies]
        made = proposal(part, {path: plan.files[path] for path in paths}, now.date())
        yield open_pull(client, free_branch(client, made))


def _edited(client: RequesterClient, policy: Policy, now: datetime) -> bytes | None:
    """A policy's file with today's date; None if it cannot be written without a change of anything else."""
    meant = replace(policy, reviewed=now.date())
    text = client.rules_tree.read([policy.path])[policy.path].decode()
    for edited in dated(text, now.date()):
        if client.documents.parse_policy(Source(path=policy.path, content=edited.encode())).value == meant:
            return edited.encode()
    return None
