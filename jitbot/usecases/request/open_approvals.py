"""The approvals of an open pull request, read with a person's own token and without a clone.

The facts are collected as `check` does it, and counted by the code that decides. A fact that cannot be read makes the
answer unknown: it is never replaced by a weaker rule.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals, pending
from jitbot.domain.access.approvals.reviews import may_count
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import PLAIN, Request, Sha, Source
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Case, Merge, PullCommit, PullRequest, Rules, supposed
from jitbot.domain.model.parsed_case import ParsedCase, parse_case
from jitbot.usecases.collect.collect_case import BranchPushes, read_pushes, read_rules
from jitbot.usecases.request.requester_client import RemoteTree, RequesterClient, folders_with_rules

_MOST = 20  # commits to be compared with their parents: each costs two calls or three, once


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What does not change for one head of a pull request."""

    source: Source | None  # the request; None where the head has no ordinary file there
    rules: Rules
    commits: tuple[PullCommit, ...]
    touching: frozenset[Sha]


@dataclass(slots=True, kw_only=True)
class OpenApprovals:
    """The approvals of open pull requests. Asks again only for what can have changed.

    `follows`: it is asked again and again, so main may move between two answers.
    """

    client: RequesterClient
    follows: bool = False
    _heads: dict[tuple[str, Sha, Sha], _Head] = field(default_factory=dict)
    _trees: dict[Sha, RemoteTree] = field(default_factory=dict)
    _tip: Sha | None = None

    def request(self, pull: PullRequest, path: str) -> Request | None:
        """The request at the head of a pull request; None if it does not read."""
        tree = self._tree_of(pull.head)
        tree.list(folders_with_rules(path))  # what is read of the rules later comes with this question
        content = tree.read([path]).get(path)
        if content is None:
            return None
        return self.client.documents.parse_request(Source(path=path, content=content)).value

    def deletes(self, pull: PullRequest, path: str) -> bool:
        """Whether nothing lies at the path of a request any more."""
        return self._tree_of(pull.head).entry(path) is None

    def of(self, pull: PullRequest, path: str, now: datetime) -> PendingApprovals | NotKnown:
        """The approvals of one request, counted as if its pull request were merged now."""
        place = self.client.place
        if pull.base_branch != place.branch:
            return NotKnown(why=f"its pull request goes into {pull.base_branch}, not into {place.branch}")
        try:
            parsed_case = parse_case(self._case(pull, path, now))
        except JitbotError as error:
            return NotKnown(why=str(error))
        if not isinstance(parsed_case, ParsedCase):
            return NotKnown(why=f"merged now it would be refused: {parsed_case[0].message}")
        return pending(parsed_case)

    def _case(self, pull: PullRequest, path: str, now: datetime) -> Case:
        reviews = self.client.github.reviews(pull.number)
        # GitHub's clock may be ahead of ours; a review that is there was submitted.
        at = max((now, *(review.submitted_at for review in reviews)))
        approved = any(review.state == "APPROVED" for review in reviews)
        dismissed = any(review.state == "DISMISSED" for review in reviews)
        policy = policy_of(path)
        main = self._main(fresh=self.follows and approved)
        rules = read_rules(main, self.client.documents, policy)
        people = rules.people.value or {}
        head = self._head(pull, path, main)
        merged = _as_if_merged(pull, self.client.place.repository_id, len(head.commits), at)
        # Without an approval it does not matter who pushed, or when the base was changed.
        history = self.client.github.history(pull.number) if approved or dismissed else None
        branch = self._pushes(merged, head) if approved else BranchPushes()
        source = head.source
        request, blob, mode = (
            (self.client.documents.parse_request(source), blob_name(source.content), PLAIN)
            if source is not None
            else (None, None, "000000")
        )
        merge = Merge(
            pull_request=merged,
            files=(path,),
            fetched_head=pull.head,
            head_blob=blob,
            head_rules=head.rules,
            reviews=reviews,
            commits=head.commits,
            touching=head.touching,
            permissions={
                login: self.client.github.permission(login) for login in may_count(reviews, people, at)
            },
            retargeted_at=None if history is None else history.retargeted_at,
            dismissals=() if history is None else history.dismissals,
            reopened_at=None if history is None else history.reopened_at,
            pushes=branch.changing,
            head_pushed_at=branch.head_pushed_at,
        )
        # The approvals of an extension are counted as those of a first ask.
        return supposed(merge, path, at, request=request, base=main.commit, rules=rules, mode=mode)

    def _pushes(self, merged: PullRequest, head: _Head) -> BranchPushes:
        found = read_pushes(self.client.github, merged, head.commits, head.touching)
        if found.too_many_moves:  # no approval helps then, so none is counted here
            raise UnavailableError(
                f"its branch was moved more than {bounds.MOVES} times: ask anew, from a new branch"
            )
        return found

    def _main(self, *, fresh: bool) -> RemoteTree:
        """The tree of main's tip; where it is now, if that must be `fresh`."""
        if fresh:
            self._tip = self.client.github.tip(self.client.place.branch) or self._tip
        return self._tree_of(self._tip or self.client.tree.commit)

    def _tree_of(self, commit: Sha) -> RemoteTree:
        """The files of a commit: what main's tip has too is not fetched again."""
        if commit not in self._trees:
            self._trees[commit] = self.client.tree.at(commit)
        return self._trees[commit]

    def _head(self, pull: PullRequest, path: str, main: RemoteTree) -> _Head:
        key = path, pull.head, main.commit
        if key not in self._heads:
            tree = self._tree_of(pull.head)
            tree.list(folders_with_rules(path))
            content = tree.read([path]).get(path)
            commits = self.client.github.commits(pull.number)
            if pull.head not in {commit.sha for commit in commits}:
                raise UnavailableError("GitHub does not list all of its commits")
            self._heads[key] = _Head(
                source=None if content is None else Source(path=path, content=content),
                rules=read_rules(tree, self.client.documents, policy_of(path)),
                commits=commits,
                touching=self._touching(path, commits),
            )
        return self._heads[key]

    def _touching(self, path: str, commits: tuple[PullCommit, ...]) -> frozenset[Sha]:
        """The commits that change the request against their first parent. The only commit of a pull request does."""
        if len(commits) > _MOST:
            raise UnavailableError(f"it has more than {_MOST} commits, too many to compare without a clone")
        names = [commit.sha for commit in commits]
        return frozenset(name for name in names if len(names) == 1 or self._changes(name, path))

    def _changes(self, commit: Sha, path: str) -> bool:
        parent = self.client.github.first_parent(commit)
        if parent is None:
            return True
        return self._tree_of(commit).entry(path) != self._tree_of(parent).entry(path)


def _as_if_merged(pull: PullRequest, repository_id: int, commits: int, at: datetime) -> PullRequest:
    return replace(
        pull,
        merged_at=at,
        merged_by=None,
        merge_commit=pull.head,
        commit_count=commits,
        changed_files=None,
        head_repository_id=repository_id,  # a fork's branch of the same name has none of these commits here
    )
