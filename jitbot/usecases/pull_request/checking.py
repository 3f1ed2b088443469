"""`jitbot check`: the verdict that a merge would get, before the merge. It reads files; it asks neither GitHub nor AWS."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from jitbot.domain.access import cross_checks, owner_checks
from jitbot.domain.access.approval import beside_rules
from jitbot.domain.access.approvals import rule_checks
from jitbot.domain.access.too_large import too_many
from jitbot.domain.access_review.due import future_review
from jitbot.domain.aws import policy_lint
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model import codeowners
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import (
    ACCOUNTS,
    FOLDER,
    PEOPLE,
    POLICIES,
    SETTINGS,
    TEAMS,
    Finding,
    Parsed,
    People,
    Policy,
    Sha,
    Source,
    Teams,
    policy_named,
    policy_path,
)
from jitbot.domain.model.grammar import REQUESTS, is_request, policy_of
from jitbot.domain.model.merge_facts import ChangeKind, Rules
from jitbot.domain.notifications.channels import NOTIFY, channel_findings
from jitbot.domain.rule_effects.findings import newly_wrong, with_new
from jitbot.domain.setup.requests_page import PAGE
from jitbot.domain.views.preview import Former, Preview, preview_grant, unasked
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import (
    CommitTree,
    Tree,
    no_file,
    owners_in,
    read_clashes,
    read_request,
    read_rules,
)
from jitbot.usecases.pull_request import requests_page
from jitbot.usecases.pull_request.proposed_rules import (
    ProposedRules,
    compared,
    read_proposed_rules,
    rules_at,
    too_many_rules,
)

_OWNING = frozenset({*codeowners.LOCATIONS, PEOPLE, TEAMS})  # what decides who owns a request
_PLACES = frozenset({ACCOUNTS, ACCOUNT_GROUPS})  # what decides where a policy gives access


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedChanges:
    """What a branch changes since it left main, and main's own entries of the requests among it.

    `unread` is the reason why the change is not read any further; empty if it is read.
    """

    base: Sha
    head: Sha
    touched: tuple[str, ...]
    requests: tuple[str, ...]
    at_head: Mapping[str, AddedEntry]
    at_base: Mapping[str, AddedEntry]
    unread: tuple[Finding, ...] = ()

    def kind(self, path: str) -> ChangeKind:
        """What the merge does to a request, as main is now."""
        if path not in self.at_head:
            return ChangeKind.DELETED
        return ChangeKind.MODIFIED if path in self.at_base else ChangeKind.ADDED


def read_proposed(git: Git, *, base: Sha, head: Sha) -> ProposedChanges:
    """What the branch at `head` would change on main's tip, `base`."""
    touched = git.touched(git.merge_base(base, head), head)
    requests = tuple(path for path in touched or () if is_request(path))
    at_head = {entry.path: entry for entry in git.entries(head, requests)}
    unread = too_many(touched, touched, requests[0] if requests else REQUESTS)
    return ProposedChanges(
        base=base,
        head=head,
        touched=touched or (),
        requests=requests,
        at_head=at_head,
        at_base={entry.path: entry for entry in git.entries(base, requests)},
        unread=unread if at_head or touched is None else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks files and changes as if they were merged at `when`."""

    documents: DocumentReader
    catalogue: ActionCatalog
    when: datetime

    def files(self, tree: Tree, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Everything wrong with these files of one tree; each file is checked against the rules of the same tree."""
        wanted = list(dict.fromkeys(paths))
        contents, odd = tree.read(wanted), tree.others(wanted)
        findings: list[Finding] = []
        for path in wanted:
            ours = path.startswith(codeowners.RULES) or is_request(path)
            if odd.get(path) == FOLDER and not ours:
                message = f"{path} is a folder, and nothing in it is checked"
                findings.append(Finding.in_file(path, "missing-file", message, "name a file"))
            elif path in odd and (ours or path not in contents):
                findings += _odd(path, odd[path])
            elif path not in contents:
                findings.append(no_file(path, None, "check its name"))
            elif is_request(path):
                findings += self.request(tree, Source(path=path, content=contents[path])).findings
            else:
                findings += self._rule(tree, Source(path=path, content=contents[path]))
        return tuple(dict.fromkeys(findings))

    def request(self, tree: Tree, source: Source, *, former: Former | None = None) -> Preview:
        """What one request would give under a tree's rules. `former` is what main has of it, if it extends that."""
        rules = read_rules(tree, self.documents, policy_of(source.path))
        case = unasked(
            source.path,
            self.documents.parse_request(source),
            self.when,
            rules=rules,
            head_rules=rules,
            blob=blob_name(source.content),
            kind=ChangeKind.ADDED if former is None else ChangeKind.MODIFIED,
        )
        return preview_grant(case, self.when, self.catalogue, former=former)

    def change(self, git: Git, *, base: Sha, head: Sha) -> tuple[Finding, ...]:
        """Everything that would keep the change from `base` to `head` from being merged and granted."""
        proposed = read_proposed(git, base=base, head=head)
        of_requests = (finding for preview in self._previews(git, proposed) for finding in preview.findings)
        return self.together(git, proposed, of_requests)

    def together(
        self,
        git: Git,
        proposed: ProposedChanges,
        of_requests: Iterable[Finding],
        after: ProposedRules | None = None,
    ) -> tuple[Finding, ...]:
        """Everything wrong with a branch: that it asks for too much or changes rules too, its requests, its rules.

        `after` are the rules on both sides, where they were read already.
        """
        if unread := proposed.unread or too_many_rules(proposed.touched):
            return unread
        requests = proposed.requests
        rules = [path for path in proposed.touched if path.startswith(codeowners.RULES)]
        beside = beside_rules(requests[0], proposed.touched) if requests else ()
        there = [entry.path for entry in git.entries(proposed.head, rules)]
        tree = CommitTree(git=git, commit=proposed.head)
        if any(path.startswith(POLICIES) and path not in there for path in rules):
            # notify.yaml may name a policy that goes.
            there += (entry.path for entry in git.entries(proposed.head, [NOTIFY]))
        of_rules = self.files(tree, there)
        of_policies = self._of_policies(git, proposed.head, set(rules))
        of_page = self._of_page(git, tree) if rules or PAGE in proposed.touched else ()
        found = tuple(dict.fromkeys((*beside, *of_requests, *of_rules, *of_policies, *of_page)))
        return with_new(found, self._newly_wrong(git, proposed, after))

    def page(self, tree: Tree, policies: Iterable[str]) -> tuple[Finding, ...]:
        """Whether requests/README.md is what the policies at these paths, all that there are, give."""
        return requests_page.findings(tree, self.documents, self.catalogue, policies)

    def _of_page(self, git: Git, tree: CommitTree) -> tuple[Finding, ...]:
        return self.page(tree, [each.path for each in git.entries(tree.commit, [POLICIES])])

    def _newly_wrong(
        self, git: Git, proposed: ProposedChanges, after: ProposedRules | None
    ) -> tuple[Finding, ...]:
        """What a change of the rules makes wrong with all of them together, as `doctor` looks at them."""
        touched = proposed.touched
        if not compared(touched):
            return ()
        rules = after or read_proposed_rules(
            git, self.documents, base=proposed.base, head=proposed.head, touched=touched
        )
        return newly_wrong(rules.base, rules.head, self.when)

    def _of_policies(self, git: Git, head: Sha, changed: set[str]) -> Iterator[Finding]:
        """What a change of other files does to each policy: who owns its requests, and which accounts it names."""
        if not changed & (_OWNING | _PLACES):
            return
        every = rules_at(git, self.documents, head)
        for rules in map(every.of, every.policies):
            policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
            if policy is not None and people is not None and roster is not None and changed & _OWNING:
                yield from _approvals(policy, rules.codeowners, people, roster.at(self.when))
            yield from _accounts(rules) if changed & _PLACES else ()
            yield from _rules_of_approval(rules)

    def _previews(self, git: Git, proposed: ProposedChanges) -> Iterator[Preview]:
        """What each request of a branch would give, as far as git alone shows."""

        @cache
        def rules(commit: Sha, policy: str) -> Rules:
            return read_rules(CommitTree(git=git, commit=commit), self.documents, policy)

        for path, entry in proposed.at_head.items():
            policy = policy_of(path)
            case = unasked(
                path,
                read_request(git, self.documents, entry),
                self.when,
                rules=rules(proposed.base, policy),
                head_rules=rules(proposed.head, policy),
                blob=entry.blob,
                base=proposed.base,
                head=proposed.head,
                files=proposed.touched,
                kind=proposed.kind(path),
                mode=entry.mode,
                clashes=read_clashes(git, proposed.head, path),
            )
            former = read_former(git, self.documents, proposed.at_base.get(path))
            yield preview_grant(case, self.when, self.catalogue, former=former)

    def _rule(self, tree: Tree, source: Source) -> Iterator[Finding]:
        """A code-owned file: its own shape, whether the others know what it names, and whether AWS does."""
        if source.path in codeowners.LOCATIONS:
            yield from self._owners(
                tree, codeowners.parse(source.content.decode(errors="replace"), source.path)
            )
            return
        if source.path == NOTIFY:
            yield from self._channels(tree, source)
            return
        name = policy_named(source.path)
        rules = read_rules(tree, self.documents, name)
        people, roster = rules.people.value, rules.teams.value
        if source.path.startswith(POLICIES):
            yield from rules.policy.findings
            policy = rules.policy.value
            if policy is not None:
                yield from policy_lint.policy_findings(policy, self.catalogue)
                yield from future_review(policy, self.when)
                yield from cross_checks.break_glass_findings(policy, rules.codeowners)
            yield from (*_accounts(rules), *_rules_of_approval(rules))
            if policy is not None and people is not None and roster is not None:
                teams = roster.at(self.when)
                yield from cross_checks.policy_findings(policy, people=people, teams=teams)
                yield from _approvals(policy, rules.codeowners, people, teams)
        else:
            yield from _shared_part(rules, source.path)
            accounts, groups = rules.accounts.value, rules.account_groups.value
            if source.path in _PLACES and groups is not None and accounts is not None:
                yield from cross_checks.group_findings(groups, accounts)
            if source.path == TEAMS and roster is not None and people is not None:
                yield from cross_checks.teams_findings(roster, people, self.when)

    def _channels(self, tree: Tree, source: Source) -> Iterator[Finding]:
        """notify.yaml: its own shape, and whether the channels and policies that it names are there."""
        parsed = self.documents.parse_notify(source)
        yield from parsed.findings
        if parsed.value is not None:
            named = parsed.value.policies
            there = tree.read([policy_path(name) for name in named])
            yield from channel_findings(parsed.value, {name for name in named if policy_path(name) in there})

    def _owners(self, tree: Tree, found: codeowners.CodeOwners) -> Iterator[Finding]:
        """CODEOWNERS: how GitHub reads it; whom the other files know; that the lines of the rules come last."""
        yield from found.findings
        rules = read_rules(tree, self.documents, "")
        people, roster = rules.people.value, rules.teams.value
        if not found.findings and people is not None and roster is not None:
            yield from owner_checks.unknown_owners(found, people, roster.everybody)
            yield from owner_checks.rules_findings((), found, people, roster.at(self.when))


def _accounts(rules: Rules) -> Iterator[Finding]:
    """Whether the other files know the accounts, and the groups of accounts, that a policy names."""
    policy, accounts, groups = rules.policy.value, rules.accounts.value, rules.account_groups.value
    if policy is not None and accounts is not None and groups is not None:
        yield from cross_checks.account_findings(policy, accounts, groups)


def _rules_of_approval(rules: Rules) -> Iterator[Finding]:
    """Whether the other files know what the rules of approval of a policy name."""
    policy, accounts, groups = rules.policy.value, rules.accounts.value, rules.account_groups.value
    roster = rules.teams.value
    if policy is not None and accounts is not None and groups is not None and roster is not None:
        teams = roster.everybody
        yield from rule_checks.policy_findings(policy, accounts=accounts, groups=groups, teams=teams)


def _approvals(
    policy: Policy, owned: codeowners.CodeOwners | None, people: People, teams: Teams
) -> Iterator[Finding]:
    """Whether requests for a policy can be approved, and by owners that were chosen for it."""
    yield from owner_checks.approver_findings(policy, owned, people, teams)
    if owned is not None and not owned.findings:
        yield from owner_checks.picking_findings(owned, [policy.name])
        yield from owner_checks.own_line(policy, owned)


def _shared_part(rules: Rules, path: str) -> tuple[Finding, ...]:
    """The findings of settings, accounts, their groups, people or teams; none for a file that is no rule."""
    parts: Mapping[str, Parsed[Any]] = {
        SETTINGS: rules.settings,
        ACCOUNTS: rules.accounts,
        ACCOUNT_GROUPS: rules.account_groups,
        PEOPLE: rules.people,
        TEAMS: rules.teams,
    }
    return parts[path].findings if path in parts else ()


def read_former(git: Git, documents: DocumentReader, entry: AddedEntry | None) -> Former | None:
    """What main's file asks for; None if there is none that reads."""
    request = read_request(git, documents, entry).value if entry is not None else None
    return None if request is None else Former(request=request)


def _odd(path: str, mode: str) -> tuple[Finding, ...]:
    found = owners_in({}, {path: mode})
    return (no_file(path, mode),) if found is None else found.findings
