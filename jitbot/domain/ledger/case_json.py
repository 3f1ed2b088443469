"""What GitHub answered about a merge, as evidence: an auditor can make the decision again, years later and offline.

git keeps the rest: the bytes of the request, the rules at the base, and every path that the merge changed. Of the
rules at the head this keeps the names of the blobs, since nearly all these blobs are on main too.

Lists that people can make long are kept up to the bounds in `bounds`, and the rest is counted. The decision made on
what was kept is the same as the decision made on everything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Login, People, Sha
from jitbot.domain.model.merge_facts import (
    Actor,
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
from jitbot.domain.text.json_codec import (
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Codec,
    by_name,
    many,
    or_none,
    record,
    since,
    unless,
)

# GitHub's answers, value by value. `since`: what older versions did not record.
_ACTOR = record(Actor, {"kind": "type"}, login=TEXT, github_id=NUMBER, kind=TEXT)
PULL = record(
    PullRequest,
    number=NUMBER,
    author=_ACTOR,
    repository_id=NUMBER,
    base_branch=TEXT,
    head=TEXT,
    merged_at=or_none(MOMENT),
    merged_by=or_none(_ACTOR),
    merge_commit=or_none(TEXT),
    created_at=MOMENT,
    commit_count=NUMBER,
    changed_files=since(or_none(NUMBER), None),
    head_branch=unless(Codec(TEXT.load, bounds.cut), ""),
    head_repository_id=since(or_none(NUMBER), None),
)
_REVIEW = record(Review, review_id=NUMBER, user=_ACTOR, state=TEXT, commit=TEXT, submitted_at=MOMENT)
_DISMISSAL = record(Dismissal, review_id=NUMBER, by=_ACTOR, state=TEXT, at=MOMENT)
_PUSH = record(Push, {"kind": "activity"}, actor=_ACTOR, before=TEXT, after=TEXT, kind=TEXT, at=MOMENT)
_COMMIT = record(
    PullCommit,
    sha=TEXT,
    named=many(NUMBER),
    co_authors=since(many(TEXT), ()),
    crowded=since(FLAG, False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestSnapshot:
    """What GitHub answered about the one pull request of a merge, and what was fetched of its head."""

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
    reopened_at: datetime | None = None
    head_pushed_at: datetime | None = None  # kept only if a review of the head is older


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a decision read from GitHub. `snapshot` is None if not exactly one pull request fitted."""

    default_branch: str
    listed: tuple[PullRequest, ...]
    snapshot: PullRequestSnapshot | None


def dump(case: Case) -> dict[str, object]:
    """The facts of a case as JSON."""
    listed = _most_fitting(case)
    return {
        "default_branch": case.default_branch,
        "listed": [PULL.dump(replace(pull, head_branch="")) for pull in listed[: bounds.LISTED]],
        **bounds.more("listed", listed, bounds.LISTED),
        "told": None if case.merge is None else _dump_snapshot(case.merge, case.rules.people.value or {}),
    }


def load(raw: object) -> Facts:
    """The reverse of `dump`. Raises ValueError for anything else."""
    try:
        return _FACTS.load(raw)
    except (TypeError, ValueError) as error:
        raise ValueError(f"these are not the facts of a merge: {error}") from error


def _most_fitting(case: Case) -> list[PullRequest]:
    """The listed pull requests, first those that can belong to the commit. The others do not change the decision."""
    settings = case.rules.settings.value
    fits = set(
        fitting(
            case.listed,
            commit=case.change.commit,
            default_branch=case.default_branch,
            repository_id=settings.repository_id if settings is not None else 0,
            requester=requester_of(case.request, case.rules.people),
        )
    )
    return sorted(case.listed, key=lambda pull: (pull not in fits, pull.merged_at is None))


def _dump_snapshot(merge: Merge, people: People) -> dict[str, object]:
    merged_at = merge.pull_request.merged_at
    judging = latest_judgements(merge.reviews, merged_at) if merged_at is not None else ()
    kept = _kept(judging, people)
    known = {person.github_id for person in people.values()}
    ids = {review.review_id for review in kept if review.user.github_id in known}
    return {
        "pull_request": PULL.dump(merge.pull_request),
        **_dump_files(merge),
        "fetched_head": merge.fetched_head,
        "head_blob": merge.head_blob,
        "head_rules": dict(merge.head_rules.sources),
        "reviews": many(_REVIEW).dump(kept),
        **bounds.more("reviews", judging, len(kept)),
        "commits": _dump_commits(merge, people),
        "permissions": dict(merge.permissions),
        "retargeted_at": or_none(MOMENT).dump(merge.retargeted_at),
        "merge_seen": merge.merge_seen,
        "dismissals": None
        if merge.dismissals is None
        else [_DISMISSAL.dump(each) for each in merge.dismissals if each.review_id in ids],
        "pushes": or_none(many(_PUSH)).dump(merge.pushes),
        **({"too_many_moves": True} if merge.too_many_moves else {}),
        **_dump_moments(merge, kept),
    }


def _dump_moments(merge: Merge, kept: tuple[Review, ...]) -> dict[str, object]:
    """The reopening, and the last push of the head if a review of that head is older: else neither is of interest."""
    older = any(review.commit == merge.pull_request.head and merge.pushed_after(review) for review in kept)
    moments = {"reopened_at": merge.reopened_at, "head_pushed_at": merge.head_pushed_at if older else None}
    return {name: MOMENT.dump(at) for name, at in moments.items() if at is not None}


def _kept(judging: tuple[Review, ...], people: People) -> tuple[Review, ...]:
    """Of these reviews, all by people in people.yaml, and the last few of other accounts, which never count."""
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

    A login that is not in people.yaml is left out.
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


def _load_snapshot(snapshot: object) -> PullRequestSnapshot:
    raw = OBJECT.load(snapshot)
    commits = many(OBJECT).at(raw, "commits")
    return PullRequestSnapshot(
        pull_request=PULL.at(raw, "pull_request"),
        files=None if "files_count" in raw else many(TEXT).at(raw, "files"),
        fetched_head=Sha(TEXT.at(raw, "fetched_head")),
        head_blob=or_none(_SHA).at(raw, "head_blob"),
        head_rules=by_name(_SHA).at(raw, "head_rules"),
        reviews=many(_REVIEW).at(raw, "reviews"),
        commits=many(_COMMIT).at(raw, "commits"),
        touching=frozenset(_SHA.at(each, "sha") for each in commits if FLAG.at(each, "changes_it")),
        permissions={Login(login): level for login, level in by_name(TEXT).at(raw, "permissions").items()},
        retargeted_at=or_none(MOMENT).at(raw, "retargeted_at"),
        merge_seen=since(or_none(FLAG), None).at(raw, "merge_seen"),
        dismissals=since(or_none(many(_DISMISSAL)), None).at(raw, "dismissals"),
        pushes=since(or_none(many(_PUSH)), None).at(raw, "pushes"),
        too_many_moves=since(FLAG, False).at(raw, "too_many_moves"),
        reopened_at=since(or_none(MOMENT), None).at(raw, "reopened_at"),
        head_pushed_at=since(or_none(MOMENT), None).at(raw, "head_pushed_at"),
    )


_SHA = Codec(lambda value: Sha(TEXT.load(value)), TEXT.dump)
_FACTS = record(
    Facts,
    {"snapshot": "told"},
    default_branch=TEXT,
    listed=many(PULL),
    snapshot=or_none(Codec(_load_snapshot, OBJECT.dump)),
)
