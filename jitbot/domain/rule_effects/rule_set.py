"""All rules of one tree at once: the shared files, every policy, CODEOWNERS, and the names of all files of the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from jitbot.domain.model.account_groups import NO_GROUPS
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import Finding, Parsed, Policy, Sha, WorkflowFile, policy_path
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Roster

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules of one tree. What does not read is None in its `Parsed`, as everywhere.

    `shared` are the rules of every policy: its own `policy` means nothing. `files` has the blob of each file that decides
    or runs, and `workflows` those of Actions that differ between the two trees that are compared.
    """

    shared: Rules
    policies: Mapping[str, Parsed[Policy]]
    files: Mapping[str, Sha] = field(default_factory=dict)
    workflows: Mapping[str, WorkflowFile] = field(default_factory=dict)

    def of(self, policy: str) -> Rules:
        """The rules under which a request for this policy is decided."""
        missing = Finding.in_file(policy_path(policy), "missing-file", "there is no such policy", "add it")
        return replace(self.shared, policy=self.policies.get(policy, Parsed(value=None, findings=(missing,))))

    def policy(self, name: str) -> Policy | None:
        """A policy, if it is there and reads."""
        found = self.policies.get(name)
        return found.value if found is not None else None

    @property
    def unreadable(self) -> Iterator[Finding]:
        """The first thing wrong with each file that does not read."""
        shared = self.shared
        parts: tuple[Parsed[Any], ...] = (
            shared.settings,
            shared.accounts,
            shared.account_groups,
            shared.people,
            shared.teams,
            *self.policies.values(),
        )
        for part in parts:
            if part.value is None:
                yield from part.findings[:1]
        if shared.codeowners is not None:
            yield from shared.codeowners.findings[:1]


def comparable(base: RuleSet, head: RuleSet) -> tuple[RuleSet, RuleSet]:
    """Both with every shared part readable.

    What does not read at the head keeps what it was: nothing is granted under it, and it is a finding of its own. What
    does not read at the base allowed nothing, so it is empty there.
    """
    old, new = base.shared, head.shared
    empty = replace(
        old,
        settings=_or(old.settings, new.settings),
        accounts=_or(old.accounts, Parsed(value={})),
        account_groups=_or(old.account_groups, Parsed(value=NO_GROUPS)),
        people=_or(old.people, Parsed(value={})),
        teams=_or(old.teams, Parsed(value=Roster.of({}))),
        codeowners=_readable(old.codeowners) or _NOBODY,
    )
    filled = replace(
        new,
        settings=_or(new.settings, empty.settings),
        accounts=_or(new.accounts, empty.accounts),
        account_groups=_or(new.account_groups, empty.account_groups),
        people=_or(new.people, empty.people),
        teams=_or(new.teams, empty.teams),
        codeowners=_NOBODY if new.codeowners is None else _readable(new.codeowners) or empty.codeowners,
    )
    return replace(base, shared=empty), replace(head, shared=filled)


_NOBODY = CodeOwners(rules=(), findings=())


def _or(part: Parsed[T], other: Parsed[T]) -> Parsed[T]:
    return other if part.value is None else part


def _readable(codeowners: CodeOwners | None) -> CodeOwners | None:
    return codeowners if codeowners is not None and not codeowners.findings else None
