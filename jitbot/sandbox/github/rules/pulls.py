"""The life of pull requests: they follow their branches, lose stale approvals, close, and merge."""

from dataclasses import replace

from jitbot.sandbox.github import happenings
from jitbot.sandbox.github.records import AutoMerge, Pull, RefusalError, User
from jitbot.sandbox.github.rules import branch_rules, merging
from jitbot.sandbox.github.site import HostedRepository, Site


def create(
    site: Site,
    repository: HostedRepository,
    *,
    author: User,
    title: str,
    body: str | None,
    head: str,
    base: str,
    draft: bool,
) -> Pull:
    """Open a pull request from branch `head` to branch `base`; 422 in GitHub's words where it cannot be."""
    head_sha, base_sha = _ends(repository, head, base)
    now = site.clock.now()
    pull = Pull(
        id=site.next_id(),
        number=repository.next_number(),
        title=title,
        body=body,
        author=author,
        head_ref=head,
        base_ref=base,
        head_sha=head_sha,
        base_sha=base_sha,
        last_pusher=author,
        created_at=now,
        updated_at=now,
        draft=draft,
    )
    repository.pulls[pull.number] = pull
    _keep_head(repository, pull)
    return pull


def move(site: Site, repository: HostedRepository, ref: str, new: str | None, pusher: User) -> None:
    """Point a ref at a commit, or remove it (None), and let pull requests follow."""
    repository.store.update_ref(ref, new)
    moved(site, repository, ref, new, pusher)


def moved(
    site: Site, repository: HostedRepository, ref: str, new: str | None, pusher: User, *, merged: bool = False
) -> None:
    """Let the open pull requests follow a ref that has moved, and a push to main start its workflows.

    What Actions' own token does starts none, as on GitHub.
    """
    branch = ref.removeprefix("refs/heads/")
    if branch == ref:
        return
    happenings.note(site, repository, branch, new, pusher, merged=merged)
    if branch == repository.default_branch and pusher.type == "User" and site.on_push:
        site.on_push(branch, pusher.login)
    for pull in [pull for pull in repository.pulls.values() if pull.is_open]:
        if new is None:
            if branch in {pull.head_ref, pull.base_ref}:
                close(site, repository, pull)
        elif branch == pull.head_ref:
            _head_moved(site, repository, pull, new, pusher)
            happenings.announce(site, pull.number, pusher)
        elif branch == pull.base_ref:
            _base_moved(site, repository, pull, new, pusher)


def retarget(site: Site, repository: HostedRepository, pull: Pull, base: str, by: User) -> Pull:
    """Change the base branch of an open pull request; approvals of another diff are dismissed."""
    before = _diff(repository, pull)
    _, base_sha = _ends(repository, pull.head_ref, base)
    retargets = (*pull.retargets, (site.clock.now(), by))
    pull = repository.change(pull, base_ref=base, base_sha=base_sha, auto_merge=None, retargets=retargets)
    _dismiss_if_other(site, repository, pull, before)
    return pull


def close(site: Site, repository: HostedRepository, pull: Pull) -> Pull:
    """Close a pull request without merging it."""
    now = site.clock.now()
    fork = repository.fork_point(pull)
    return repository.change(pull, closed_at=now, updated_at=now, fork_point=fork, auto_merge=None)


def reopen(site: Site, repository: HostedRepository, pull: Pull, by: User) -> Pull:
    """Open a closed pull request again, at its branch's newest commit; 422 if it is merged or has no branch."""
    if pull.is_merged:
        raise _invalid("state cannot be changed. The pull request is merged.")
    head_sha, base_sha = _ends(repository, pull.head_ref, pull.base_ref)
    now = site.clock.now()
    reopens = (*pull.reopens, (now, by))
    pull = repository.change(
        pull,
        closed_at=None,
        fork_point=None,
        updated_at=now,
        head_sha=head_sha,
        base_sha=base_sha,
        reopens=reopens,
    )
    _keep_head(repository, pull)
    return pull


def merge(
    site: Site,
    repository: HostedRepository,
    pull: Pull,
    *,
    method: str,
    by: User,
    title: str | None,
    message: str | None,
) -> Pull:
    """Merge a pull request if git and the rules let `by` do so; 405 with every reason otherwise."""
    if not pull.is_open:
        raise RefusalError(405, "Pull Request is not mergeable")
    if pull.draft:
        raise RefusalError(405, "Pull Request is still a draft")
    _allow_method(site, repository, pull, method)
    reasons = branch_rules.lacking(site, repository, pull, by)
    if reasons:
        raise RefusalError(405, "\n\n".join([branch_rules.VIOLATION, *reasons]))
    fork = repository.fork_point(pull)
    made = merging.build(site, repository, pull, method=method, by=by, title=title, message=message)
    repository.store.update_ref(f"refs/heads/{pull.base_ref}", made[-1])
    _land(site, repository, pull, by=by, landed=made, fork=fork)
    moved(site, repository, f"refs/heads/{pull.base_ref}", made[-1], by, merged=True)
    if repository.merging["delete_branch_on_merge"] and repository.store.tip(pull.head_ref):
        move(site, repository, f"refs/heads/{pull.head_ref}", None, by)
    return repository.pull(pull.number)


def update_branch(site: Site, repository: HostedRepository, pull: Pull, by: User) -> None:
    """Merge the base branch into the head branch, as the button does; 422 if there is nothing or a conflict."""
    base = repository.tip(pull.base_ref)
    if repository.store.is_ancestor(base, pull.head_sha):
        raise RefusalError(422, "There are no new commits on the base branch.")
    tree = merging.merged_tree(repository, pull.head_sha, base)
    if tree is None:
        raise RefusalError(422, "merge conflict between base and head")
    text = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    parents = (pull.head_sha, base)
    sha = repository.store.commit_tree(tree, parents, text, site.signature(by), site.web_flow())
    move(site, repository, f"refs/heads/{pull.head_ref}", merging.signed(repository, sha), by)


def wish(site: Site, repository: HostedRepository, pull: Pull, auto_merge: AutoMerge) -> Pull:
    """Let a pull request merge as soon as it may; 422 if it may already, as on GitHub."""
    _allow_method(site, repository, pull, auto_merge.method)
    if not pull.is_open or not repository.merging["allow_auto_merge"]:
        raise RefusalError(422, "Can't enable auto-merge for this pull request")
    if is_clean(site, repository, pull, auto_merge.enabled_by):
        raise RefusalError(422, "Pull request Pull request is in clean status")
    return repository.change(pull, auto_merge=auto_merge)


def merge_if_wished(site: Site, repository: HostedRepository, pull: Pull) -> None:
    """Merge a pull request whose auto-merge is on once nothing is lacking; bypasses nothing."""
    pull = repository.pull(pull.number)
    wished = pull.auto_merge
    if wished and pull.is_open and is_clean(site, repository, pull, wished.enabled_by):
        merge(
            site,
            repository,
            pull,
            method=wished.method,
            by=wished.enabled_by,
            title=wished.title,
            message=wished.message,
        )


def is_clean(site: Site, repository: HostedRepository, pull: Pull, user: User) -> bool:
    """Whether it could be merged without bypassing anything: auto-merge never uses an admin's bypass."""
    plain = replace(user, permission="write") if user.may_write else user
    if pull.draft or not user.may_write or branch_rules.lacking(site, repository, pull, plain):
        return False
    return merging.trial(site, repository, pull) is not None


def _ends(repository: HostedRepository, head: str, base: str) -> tuple[str, str]:
    """The tips of both branches; 422 unless a pull request between them makes sense."""
    head_sha, base_sha = _end(repository, "head", head), _end(repository, "base", base)
    store = repository.store
    if any(
        (pull.head_ref, pull.base_ref) == (head, base) for pull in repository.pulls.values() if pull.is_open
    ):
        raise _invalid(f"A pull request already exists for {repository.owner}:{head}.")
    if not store.merge_base(base_sha, head_sha):
        raise _invalid(f"The {head} branch has no history in common with {base}")
    if store.is_ancestor(head_sha, base_sha):
        raise _invalid(f"No commits between {base} and {head}")
    return head_sha, base_sha


def _end(repository: HostedRepository, field: str, branch: str) -> str:
    sha = repository.store.tip(branch)
    if sha is None:
        problem = {"resource": "PullRequest", "field": field, "code": "invalid"}
        raise RefusalError(422, "Validation Failed", (problem,))
    return sha


def _invalid(text: str) -> RefusalError:
    problem = {"resource": "PullRequest", "code": "custom", "message": text}
    return RefusalError(422, "Validation Failed", (problem,))


def _keep_head(repository: HostedRepository, pull: Pull) -> None:
    """Keep `refs/pull/N/head` at the newest commit, as git clients fetch it."""
    repository.store.update_ref(f"refs/pull/{pull.number}/head", pull.head_sha)


def _head_moved(site: Site, repository: HostedRepository, pull: Pull, new: str, pusher: User) -> None:
    before = _diff(repository, pull)
    base_sha = repository.tip(pull.base_ref)
    now = site.clock.now()
    pull = repository.change(pull, head_sha=new, base_sha=base_sha, last_pusher=pusher, updated_at=now)
    _keep_head(repository, pull)
    _dismiss_if_other(site, repository, pull, before)
    merge_if_wished(site, repository, pull)


def _base_moved(site: Site, repository: HostedRepository, pull: Pull, tip: str, pusher: User) -> None:
    """A push that carries all commits of a pull request to its base merges it, as on GitHub."""
    store = repository.store
    if not store.is_ancestor(pull.head_sha, tip):
        return
    fork = store.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
    inside = store.between(pull.base_sha, tip, "--first-parent")
    arrival = next((each for each in inside if store.is_ancestor(pull.head_sha, each)), pull.head_sha)
    _land(site, repository, pull, by=pusher, landed=(arrival,), fork=fork)


def _land(
    site: Site, repository: HostedRepository, pull: Pull, *, by: User, landed: tuple[str, ...], fork: str
) -> None:
    now = site.clock.now()
    repository.change(
        pull,
        closed_at=now,
        merged_at=now,
        updated_at=now,
        merged_by=by,
        merge_commit_sha=landed[-1],
        landed=landed,
        fork_point=fork,
        auto_merge=None,
    )


def _allow_method(site: Site, repository: HostedRepository, pull: Pull, method: str) -> None:
    ruleset = site.rules.get(pull.base_ref)
    rule = ruleset.pull_request if ruleset else None
    setting = {"merge": "allow_merge_commit"}.get(method, f"allow_{method}_merge")
    if (rule and method not in rule.allowed_merge_methods) or not repository.merging[setting]:
        name = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}[method]
        raise RefusalError(405, f"{name} are not allowed on this repository.")


def _diff(repository: HostedRepository, pull: Pull) -> object:
    return repository.store.changes(repository.fork_point(pull), pull.head_sha)


def _dismiss_if_other(site: Site, repository: HostedRepository, pull: Pull, before: object) -> None:
    """Rewrite approvals to DISMISSED, in place, when the diff is no longer the one they were given on."""
    ruleset = site.rules.get(pull.base_ref)
    rule = ruleset.pull_request if ruleset else None
    if rule is None or not rule.dismiss_stale_reviews_on_push or _diff(repository, pull) == before:
        return
    for review in repository.reviews_of(pull):
        if review.state == "APPROVED":
            repository.reviews[review.id] = happenings.dismissed(
                site, review, pull.last_pusher, pull.head_sha
            )
