"""The commits on main that changed the rules: found by git in the trees, so that requests cost nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.clone import GitRepository
from jitbot.adapters.git.tree_diff import EMPTY_TREE
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import Sha

_MOST = 10_000  # entries below one path that one commit changes


class RuleHistory(GitRepository):
    """A clone, asked what happened to the rules on its main branch."""

    def rule_changes(self, paths: Sequence[str], start: datetime, end: datetime) -> tuple[RuleChange, ...]:
        """The commits of main's first-parent line that touch these paths, oldest first."""
        dated = {
            commit: time
            for commit, time in self._walk(start, self._branch, "--first-parent").items()
            if time < end.timestamp()
        }
        answer = self._git.ask("rev-list", "--reverse", "--first-parent", self.main(), "--", *paths)
        names = [name for line in answer.decode().split() if (name := Sha(line)) in dated]
        return tuple(
            RuleChange(
                commit=name,
                at=datetime.fromtimestamp(dated[name], UTC),
                subject=commit.message.partition("\n")[0],
                paths=self._touched_of(paths, commit, name),
            )
            for name, commit in self._read(names)
        )

    def _read(self, names: Sequence[Sha]) -> Iterator[tuple[Sha, plumbing.CommitHeader]]:
        for name, commit in self._objects.commits(names).items():
            if commit is not None:
                yield name, commit

    def _touched_of(self, paths: Sequence[str], commit: plumbing.CommitHeader, name: Sha) -> tuple[str, ...]:
        """What of these files and folders differs from the commit's first parent."""
        pair = (commit.parents[0] if commit.parents else EMPTY_TREE, name)
        found = [
            each.path
            for path in paths
            for below in (path, f"{path.rstrip('/')}/")
            for each in self._objects.differing([pair], below=below, most=_MOST)[pair].found
        ]
        return tuple(sorted(set(found)))
