"""REST: pull requests, reviews and comments. Each function is one endpoint."""

from dataclasses import replace

from jitbot.sandbox.github import happenings
from jitbot.sandbox.github.api import pull_shapes, shapes
from jitbot.sandbox.github.api.call import GitHubCall, Reply
from jitbot.sandbox.github.records import Comment, Pull, RefusalError, Review, User
from jitbot.sandbox.github.rules import merging, pulls
from jitbot.sandbox.github.site import HostedRepository

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_REFUSED_TO_AUTHOR = {"APPROVE": "approve", "REQUEST_CHANGES": "request changes on"}
_MOST_COMMITS = 250
_LONGEST_TITLE = 256


def list_pulls(call: GitHubCall, repo: HostedRepository) -> Reply:
    """GET pulls, by state, head and base; newest first unless asked otherwise."""
    state, head, base = (call.query.get(name, "") for name in ("state", "head", "base"))
    found = [
        pull
        for pull in repo.pulls.values()
        if state == "all" or pull.is_open == (state != "closed")
        if not head or head.casefold() == f"{repo.owner}:{pull.head_ref}".casefold()
        if not base or base == pull.base_ref
    ]
    sort = call.query.get("sort", "created")
    direction = call.query.get("direction") or ("desc" if sort == "created" else "asc")
    found.sort(key=lambda pull: (pull.updated_at if sort == "updated" else pull.created_at, pull.number))
    if direction == "desc":
        found.reverse()
    return call.page(found, lambda pull: pull_shapes.simple(call.site, repo, pull, call.actor))


def create_pull(call: GitHubCall, repo: HostedRepository) -> Reply:
    """POST pulls."""
    pull = pulls.create(
        call.site,
        repo,
        author=call.actor,
        title=_title(call.text("title")),
        body=call.optional("body"),
        head=_branch(repo, call.text("head")),
        base=call.text("base"),
        draft=call.body.get("draft") is True,
    )
    happenings.announce(call.site, pull.number, call.actor)
    return replace(_shown(call, repo, pull), status=201)


def _title(title: str) -> str:
    if not title or len(title) > _LONGEST_TITLE:
        problem = {"resource": "PullRequest", "field": "title", "code": "invalid"}
        raise RefusalError(422, "Validation Failed", (problem,))
    return title


def get_pull(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET pulls/{number}."""
    return _shown(call, repo, repo.pull(number))


def edit_pull(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """PATCH pulls/{number}: title, body, state, base."""
    pull = repo.pull(number)
    _must_own(call, pull.author)
    state, base = call.optional("state"), call.optional("base")
    if base and base != pull.base_ref and pull.is_open:
        pull = pulls.retarget(call.site, repo, pull, base, call.actor)
    if state == "closed" and pull.is_open:
        pull = pulls.close(call.site, repo, pull)
    elif state == "open" and not pull.is_open:
        pull = pulls.reopen(call.site, repo, pull, call.actor)
    title = _title(call.text("title", pull.title))
    body = call.optional("body") if "body" in call.body else pull.body
    pull = repo.change(pull, title=title, body=body, updated_at=call.site.clock.now())
    return _shown(call, repo, pull)


def list_files(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET pulls/{number}/files."""
    pull = repo.pull(number)
    changes = repo.store.changes(repo.fork_point(pull), pull.head_sha)
    return call.page(changes, lambda change: shapes.change(call.site, repo, change, pull.head_sha))


def list_commits(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET pulls/{number}/commits: the first 250, oldest first."""
    commits = merging.commits_of(repo, repo.pull(number))[:_MOST_COMMITS]
    return call.page(commits, lambda commit: shapes.commit(call.site, repo, commit))


def merge(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """PUT pulls/{number}/merge; 409 if the head is not `sha`."""
    call.must_write()
    pull = repo.pull(number)
    method = call.text("merge_method", "merge")
    if method not in {"merge", "squash", "rebase"}:
        raise RefusalError(422, "Validation Failed", ({"field": "merge_method", "code": "invalid"},))
    if call.text("sha", pull.head_sha) != pull.head_sha:
        raise RefusalError(409, "Head branch was modified. Review and try the merge again.")
    title, message = call.optional("commit_title"), call.optional("commit_message")
    merged = pulls.merge(call.site, repo, pull, method=method, by=call.actor, title=title, message=message)
    body = {"sha": merged.merge_commit_sha, "merged": True, "message": "Pull Request successfully merged"}
    return Reply(body=body)


def is_merged(_call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET pulls/{number}/merge: 204 if merged, else 404."""
    if not repo.pull(number).is_merged:
        raise RefusalError(404, "Not Found")
    return Reply(status=204)


def update_branch(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """PUT pulls/{number}/update-branch."""
    call.must_write()
    pull = repo.pull(number)
    if call.text("expected_head_sha", pull.head_sha) != pull.head_sha:
        raise RefusalError(422, "expected head sha didn’t match current head ref.")
    pulls.update_branch(call.site, repo, pull, call.actor)
    url = f"{shapes.api(call.site, repo)}/pulls/{number}"
    return Reply(status=202, body={"message": "Updating pull request branch.", "url": url})


def list_reviews(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET pulls/{number}/reviews, oldest first."""
    reviews = repo.reviews_of(repo.pull(number))
    return call.page(reviews, lambda review: pull_shapes.review(call.site, repo, review))


def get_review(call: GitHubCall, repo: HostedRepository, number: int, review_id: int) -> Reply:
    """GET pulls/{number}/reviews/{review_id}."""
    return Reply(body=pull_shapes.review(call.site, repo, _review(repo, number, review_id)))


def create_review(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """POST pulls/{number}/reviews. A review without an event (a pending one) is not kept here: 422."""
    pull = repo.pull(number)
    event, body = call.text("event", ""), call.text("body", "")
    if event not in _STATES:
        raise RefusalError(422, "Unprocessable Entity", ("Variable $event was provided invalid value",))
    if event in _REFUSED_TO_AUTHOR and call.actor.id == pull.author.id:
        raise RefusalError(
            422, "Unprocessable Entity", (f"Can not {_REFUSED_TO_AUTHOR[event]} your own pull request",)
        )
    if event != "APPROVE" and not body.strip():
        raise RefusalError(422, "Unprocessable Entity", ("Review Can't be blank",))
    review = Review(
        id=call.site.next_id(),
        pull=number,
        author=call.actor,
        body=body,
        state=_STATES[event],
        commit_sha=_reviewed_commit(call, repo, pull),
        submitted_at=call.site.clock.now(),
    )
    repo.reviews[review.id] = review
    happenings.announce(call.site, number, call.actor)
    pulls.merge_if_wished(call.site, repo, pull)
    return Reply(body=pull_shapes.review(call.site, repo, review))


def dismiss_review(call: GitHubCall, repo: HostedRepository, number: int, review_id: int) -> Reply:
    """PUT pulls/{number}/reviews/{review_id}/dismissals."""
    call.must_write()
    review = _review(repo, number, review_id)
    call.text("message")
    if review.state not in {"APPROVED", "CHANGES_REQUESTED"}:
        raise RefusalError(422, "Validation Failed", ("Can not dismiss a commented pull request review",))
    dismissed = happenings.dismissed(call.site, review, call.actor)
    repo.reviews[review.id] = dismissed
    happenings.announce(call.site, number, call.actor)
    pulls.merge_if_wished(call.site, repo, repo.pull(number))
    return Reply(body=pull_shapes.review(call.site, repo, dismissed))


def list_comments(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """GET issues/{number}/comments, oldest first."""
    repo.pull(number)
    found = [comment for comment in repo.comments.values() if comment.pull == number]
    return call.page(found, lambda comment: pull_shapes.comment(call.site, repo, comment))


def create_comment(call: GitHubCall, repo: HostedRepository, number: int) -> Reply:
    """POST issues/{number}/comments."""
    comment = add_comment(call, repo, number, call.text("body"))
    return Reply(status=201, body=pull_shapes.comment(call.site, repo, comment))


def add_comment(call: GitHubCall, repo: HostedRepository, number: int, body: str) -> Comment:
    """A new comment, as the caller."""
    repo.pull(number)
    now = call.site.clock.now()
    comment = Comment(
        id=call.site.next_id(),
        pull=number,
        author=call.actor,
        body=_valid(body),
        created_at=now,
        updated_at=now,
    )
    repo.comments[comment.id] = comment
    return comment


def get_comment(call: GitHubCall, repo: HostedRepository, comment_id: int) -> Reply:
    """GET issues/comments/{comment_id}."""
    return Reply(body=pull_shapes.comment(call.site, repo, _comment(repo, comment_id)))


def edit_comment(call: GitHubCall, repo: HostedRepository, comment_id: int) -> Reply:
    """PATCH issues/comments/{comment_id}: by its author or anyone with write access, as on GitHub."""
    edited = change_comment(call, repo, comment_id, call.text("body"))
    return Reply(body=pull_shapes.comment(call.site, repo, edited))


def change_comment(call: GitHubCall, repo: HostedRepository, comment_id: int, body: str) -> Comment:
    """Replace a comment's text, as the caller."""
    comment = _comment(repo, comment_id)
    _must_own(call, comment.author)
    edited = replace(comment, body=_valid(body), updated_at=call.site.clock.now())
    repo.comments[comment_id] = edited
    return edited


def _shown(call: GitHubCall, repo: HostedRepository, pull: Pull) -> Reply:
    return Reply(body=pull_shapes.full(call.site, repo, pull, call.actor))


def _branch(repo: HostedRepository, head: str) -> str:
    """The branch in `branch` or `owner:branch`; there are no forks here."""
    owner, colon, branch = head.partition(":")
    if colon and owner.casefold() != repo.owner.casefold():
        problem = {"resource": "PullRequest", "field": "head", "code": "invalid"}
        raise RefusalError(422, "Validation Failed", (problem,))
    return branch if colon else head


def _must_own(call: GitHubCall, owner: User) -> None:
    if call.actor.id != owner.id:
        call.must_write()


def _reviewed_commit(call: GitHubCall, repo: HostedRepository, pull: Pull) -> str:
    sha = call.text("commit_id", pull.head_sha)
    if sha != pull.head_sha and sha not in [commit.sha for commit in merging.commits_of(repo, pull)]:
        raise RefusalError(422, "Unprocessable Entity", ("The commit_id is not part of the pull request",))
    return sha


def _review(repo: HostedRepository, number: int, review_id: int) -> Review:
    found = repo.reviews.get(review_id)
    if found is None or found.pull != number:
        raise RefusalError(404, "Not Found")
    return found


def _comment(repo: HostedRepository, comment_id: int) -> Comment:
    if comment_id not in repo.comments:
        raise RefusalError(404, "Not Found")
    return repo.comments[comment_id]


def _valid(body: str) -> str:
    if not body or len(body) > 65536:
        raise RefusalError(
            422, "Validation Failed", ({"resource": "IssueComment", "field": "body", "code": "invalid"},)
        )
    return body
