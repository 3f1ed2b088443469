"""The commits on main that changed the rules: found by git in the trees, so that requests cost nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from jitbot.adapters.repository.clone import _EMPTY_TREE, GitRepository
from jitbot.domain.model import Sha
from jitbot.domain.ports.rule_log import RuleChange


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
        commits = self._commits(name for line in answer.decode().split() if (name := Sha(line)) in dated)
        pairs = [
            (found.parents[0] if found.parents else _EMPTY_TREE, name) for name, found in commits.items()
        ]
        return tuple(
            RuleChange(
                commit=name,
                at=datetime.fromtimestamp(dated[name], UTC),
                subject=commits[name].message.partition("\n")[0],
                paths=tuple(each.path for each in differing if _among(each.path, paths)),
            )
            for _, name, differing in self._diffs(pairs)
        )


def _among(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
