"""The three ways to merge, as commits; no ref moves here."""

from jitbot.sandbox.github.git.objects import Commit
from jitbot.sandbox.github.records import Pull, RefusalError, User
from jitbot.sandbox.github.site import HostedRepository, Site


def merged_tree(repository: HostedRepository, base: str, head: str) -> str | None:
    """The tree of `head` merged into `base`, or None where they conflict."""
    store = repository.store
    fork = store.merge_base(base, head)
    if fork is None:
        return None
    if fork == base:
        return store.commit(head).tree
    return store.merge_trees(fork, base, head)


def trial(site: Site, repository: HostedRepository, pull: Pull) -> str | None:
    """The test merge of an open pull request (`refs/pull/N/merge`); None where it conflicts."""
    base = repository.tip(pull.base_ref)
    key = (base, pull.head_sha)
    if key not in repository.test_merges:
        tree = merged_tree(repository, base, pull.head_sha)
        message = f"Merge {pull.head_sha} into {base}"
        author = site.signature(pull.author)
        made = tree and repository.store.commit_tree(tree, key, message, author, site.web_flow())
        repository.test_merges[key] = made
    found = repository.test_merges[key]
    ref = f"refs/pull/{pull.number}/merge"
    if found and repository.store.refs(ref).get(ref) != found:
        repository.store.update_ref(ref, found)
    return found


def build(
    site: Site,
    repository: HostedRepository,
    pull: Pull,
    *,
    method: str,
    by: User,
    title: str | None,
    message: str | None,
) -> tuple[str, ...]:
    """Make the commits that a merge puts on the base branch, oldest first; 405 where they conflict."""
    base = repository.tip(pull.base_ref)
    if method == "rebase":
        return _rebase(site, repository, base, pull, by)
    tree = merged_tree(repository, base, pull.head_sha)
    if tree is None:
        raise RefusalError(405, "Pull Request is not mergeable")
    squash = method == "squash"
    default_title, default_body = _squash_text(repository, pull) if squash else _merge_text(repository, pull)
    headline, body = title or default_title, default_body if message is None else message
    text = f"{headline}\n\n{body}" if body else headline
    author = site.signature(pull.author if squash else by)
    parents = (base,) if squash else (base, pull.head_sha)
    return (signed(repository, repository.store.commit_tree(tree, parents, text, author, site.web_flow())),)


def signed(repository: HostedRepository, sha: str) -> str:
    """Note that GitHub made and signed this commit itself."""
    repository.signed.add(sha)
    return sha


def commits_of(repository: HostedRepository, pull: Pull) -> list[Commit]:
    """The commits of a pull request, oldest first."""
    store = repository.store
    return store.commits(store.between(repository.fork_point(pull), pull.head_sha))


def _merge_text(repository: HostedRepository, pull: Pull) -> tuple[str, str]:
    return f"Merge pull request #{pull.number} from {repository.owner}/{pull.head_ref}", pull.title


def _squash_text(repository: HostedRepository, pull: Pull) -> tuple[str, str]:
    messages = [commit.message.strip() for commit in commits_of(repository, pull)]
    if len(messages) == 1:
        headline, _, body = messages[0].partition("\n")
        return f"{headline} (#{pull.number})", body.strip()
    return f"{pull.title} (#{pull.number})", "\n\n".join(f"* {message}" for message in messages)


def _rebase(site: Site, repository: HostedRepository, base: str, pull: Pull, by: User) -> tuple[str, ...]:
    """Replay each commit with its author; the merger becomes the committer, so every name is new."""
    store = repository.store
    tip, made = base, []
    for commit in commits_of(repository, pull):
        if len(commit.parents) > 1:
            continue
        tree = store.merge_trees(commit.parents[0], tip, commit.sha)
        if tree is None:
            raise RefusalError(405, "This branch can't be rebased")
        tip = store.commit_tree(tree, (tip,), commit.message, commit.author, site.signature(by))
        made.append(tip)
    if not made:
        raise RefusalError(405, "Pull Request is not mergeable")
    return tuple(made)
