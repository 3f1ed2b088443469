"""`jitbot check`: the verdict that a merge would meet, before it is one. Reads; asks neither GitHub nor AWS."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jitbot.domain.access import cross_checks, eligibility
from jitbot.domain.access.approval import render_all
from jitbot.domain.aws import iam, policy_lint
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger import events
from jitbot.domain.model import bounds, codeowners, owners
from jitbot.domain.model.documents import Finding, Parsed, Request, Sha, Source
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.views.preview import first_window
from jitbot.ports import DocumentReader, Repository
from jitbot.usecases.collect.collect_case import ACCOUNTS, PEOPLE, TEAMS, CommitTree, Tree, read_rules
from jitbot.usecases.context import SETTINGS

TOO_LARGE, TOO_MANY = "too-large", "too-many-files"  # more than is read: nothing else is said then
_RULES = ("policies/", *codeowners.LOCATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks files and changes as if they were merged at `when`."""

    documents: DocumentReader
    catalogue: ActionCatalog
    when: datetime

    def files(self, tree: Tree, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Everything wrong with these files as they lie in one tree; each is held against that tree's own rules."""
        wanted = list(dict.fromkeys(paths))
        contents, odd = tree.read(wanted), tree.others(wanted)
        findings: list[Finding] = []
        for path in wanted:
            if path in odd and path.startswith(_RULES):
                findings.append(_odd(path, odd[path]))
            elif path not in contents:
                findings.append(_at(path, "missing-file", f"there is no file {path}", "check its name"))
            elif is_request(path):
                findings += self._request(tree, Source(path=path, content=contents[path]))
            else:
                findings += self._rule(tree, Source(path=path, content=contents[path]))
        return tuple(dict.fromkeys(findings))

    def request(self, tree: Tree, source: Source, *, former: bytes | None = None) -> tuple[Finding, ...]:
        """Everything wrong with one request under a tree's rules; `former` is what it said on main, if it extends that."""
        return tuple(dict.fromkeys(self._request(tree, source, former=former)))

    def change(self, repository: Repository, *, base: Sha, head: Sha) -> tuple[Finding, ...]:
        """Everything that would keep the change from `base` to `head` from being merged and granted."""
        start = repository.merge_base(base, head)
        touched = repository.touched(start, head)
        if touched is None:
            message = "this changes more files than jitbot reads, so it can grant nothing"
            return (_at("requests/", TOO_LARGE, message, "ask in a pull request of its own"),)
        requests = [path for path in touched if is_request(path)]
        there = repository.entries(head, requests)
        if there and not bounds.are_few(touched):
            message = f"this changes {len(touched)} files, more than one request may"
            return (_at(requests[0], TOO_MANY, message, "ask in pull requests of one file each"),)
        trees = [CommitTree(repository=repository, commit=each) for each in (head, start, base)]
        at_head, at_start, at_base = trees
        present, before = at_head.read(requests), at_start.read(requests)
        modes = {entry.path: entry.mode for entry in there}
        findings = list(_alone(touched, requests))
        for path in requests:
            if path in present:
                source = Source(path=path, content=present[path])
                findings += self._request(at_base, source, former=before.get(path))
                findings += self._same_documents(at_base, at_head, source)
            elif path in modes:
                findings.append(_odd(path, modes[path]))
        rules = [path for path in touched if path.startswith(_RULES)]
        rules = [path for path in rules if path in at_head.read([path]) or path in at_head.others([path])]
        return tuple(dict.fromkeys((*findings, *self.files(at_head, rules))))

    def _request(self, tree: Tree, source: Source, *, former: bytes | None = None) -> Iterator[Finding]:
        """A request under a tree's rules. `former` is what it said before, where it extends one that was merged."""
        parsed: Parsed[Request] = self.documents.parse_request(source)
        yield from parsed.findings
        parts = source.path.split("/")
        rules = read_rules(tree, self.documents, parts[1] if len(parts) > 2 else "")
        for part in (rules.settings, rules.accounts, rules.people, rules.teams, rules.policy):
            yield from part.findings
        request, policy, people = parsed.value, rules.policy.value, rules.people.value
        accounts, teams = rules.accounts.value, rules.teams.value
        if request is None or policy is None or people is None or accounts is None or teams is None:
            return
        extends = former is not None
        yield from eligibility.findings(
            request,
            policy=policy,
            accounts=accounts,
            people=people,
            teams=teams,
            when=self.when,
            extends=extends,
        )
        yield from cross_checks.approvable(
            request, policy, codeowners=rules.codeowners, people=people, teams=teams
        )
        by_name = owners.chosen_by_name(source.path, rules.codeowners)
        yield from () if by_name is None else (by_name,)
        grants = render_all(rules, request, first_window(request, self.when))
        for grant in grants:
            yield from iam.preflight(grant, file=source.path)
        yield from events.too_large(grants, source.path)
        if former is not None:
            yield from self._only_longer(Source(path=source.path, content=former), request)

    def _same_documents(self, base: Tree, head: Tree, source: Source) -> Iterator[Finding]:
        request = self.documents.parse_request(source).value
        if request is None:
            return
        policy, window = policy_of(source.path), first_window(request, self.when)
        seen, granted = (
            render_all(read_rules(tree, self.documents, policy), request, window) for tree in (head, base)
        )
        if seen != granted:
            message = (
                "the base branch has newer rules: other documents would be granted than this branch shows"
            )
            yield _at(source.path, "rules-changed", message, "update the branch, then have it approved")

    def _only_longer(self, before: Source, new: Request) -> Iterator[Finding]:
        old = self.documents.parse_request(before).value
        if old is None:
            return
        fields = ("requester", "accounts", "reason", "ticket", "parameters", "starts_at")
        other = [name for name in fields if getattr(old, name) != getattr(new, name)]
        if other:
            message = f"a merged request may change its duration alone; this changes {', '.join(other)}"
            yield _at(new.path, "not-an-extension", message, "ask anew in a new file")
        elif new.duration <= old.duration:
            message = "an extension makes the duration longer; this does not"
            yield _at(new.path, "not-longer", message, "to end early, delete the file")

    def _rule(self, tree: Tree, source: Source) -> Iterator[Finding]:
        """A code-owned file: its own shape, whether the others know what it names, and whether AWS does."""
        if source.path in codeowners.LOCATIONS:
            yield from codeowners.parse(source.content.decode(errors="replace"), source.path).findings
            return
        name = source.path.removeprefix("policies/access/").removesuffix(".yaml")
        rules = read_rules(tree, self.documents, name)
        accounts, people, teams = rules.accounts.value, rules.people.value, rules.teams.value
        if source.path.startswith("policies/access/"):
            yield from rules.policy.findings
            policy = rules.policy.value
            if policy is not None:
                yield from policy_lint.policy_findings(policy, self.catalogue)
                yield from cross_checks.break_glass_findings(policy, rules.codeowners)
            if policy is not None and accounts is not None and people is not None and teams is not None:
                yield from cross_checks.policy_findings(policy, accounts=accounts, people=people, teams=teams)
        else:
            yield from _shared_part(rules, source.path)
            if source.path == TEAMS and teams is not None and people is not None:
                yield from cross_checks.teams_findings(teams, people, file=TEAMS)


def _shared_part(rules: Rules, path: str) -> tuple[Finding, ...]:
    """The findings of settings, accounts, people or teams; none for a file that is no rule."""
    parts: Mapping[str, Parsed[Any]] = {
        SETTINGS: rules.settings,
        ACCOUNTS: rules.accounts,
        PEOPLE: rules.people,
        TEAMS: rules.teams,
    }
    return parts[path].findings if path in parts else ()


def _alone(touched: Iterable[str], requests: list[str]) -> Iterator[Finding]:
    others = sorted(path for path in touched if not path.startswith("requests/"))
    if requests and others:
        message = f"a request touches requests/ alone; this also changes {', '.join(others[:3])}"
        hint = "change the rules in a pull request of their own, and have it merged first"
        yield _at(requests[0], "touches-rules", message, hint)


def _odd(path: str, mode: str) -> Finding:
    if path in codeowners.LOCATIONS:
        return codeowners.not_plain(path, mode).findings[0]
    return _at(path, "not-a-plain-file", f"git mode {mode} is no plain file", "add an ordinary file")


def _at(path: str, code: str, message: str, hint: str) -> Finding:
    return Finding(code=code, message=message, file=path, hint=hint)
