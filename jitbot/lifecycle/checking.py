"""`jitbot check`: the verdict that a merge would meet, before it is one. Reads; asks neither GitHub nor AWS."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from jitbot.domain import codeowners, consistency, eligibility, iam
from jitbot.domain.approval import render_all
from jitbot.domain.model import Finding, Parsed, Request, Sha, Source
from jitbot.domain.outlook import first_window
from jitbot.domain.ports import DocumentReader, Repository
from jitbot.lifecycle.gathering import ACCOUNTS, PEOPLE, TEAMS, CommitTree, Tree, is_request, read_rules
from jitbot.lifecycle.world import SETTINGS

_RULES = ("policies/", *codeowners.LOCATIONS)


def check_files(
    tree: Tree, documents: DocumentReader, paths: Iterable[str], now: datetime
) -> tuple[Finding, ...]:
    """Everything wrong with these files as they lie in one tree; each is checked against that tree's own rules."""
    wanted = list(dict.fromkeys(paths))
    contents = tree.read(wanted)
    findings: list[Finding] = []
    for path in wanted:
        if path not in contents:
            findings.append(
                Finding(
                    code="missing-file", message=f"there is no file {path}", file=path, hint="check its name"
                )
            )
        elif is_request(path):
            findings += _check_request(tree, documents, Source(path=path, content=contents[path]), now)
        else:
            findings += _check_rule(tree, documents, Source(path=path, content=contents[path]))
    return tuple(dict.fromkeys(findings))


def check_change(
    repository: Repository, documents: DocumentReader, *, base: Sha, head: Sha, now: datetime
) -> tuple[Finding, ...]:
    """Everything that would keep the change from `base` to `head` from being merged and granted."""
    start = repository.merge_base(base, head)
    touched = repository.touched(start, head)
    requests = [path for path in touched if is_request(path)]
    at_head, at_start, at_base = (
        CommitTree(repository=repository, commit=each) for each in (head, start, base)
    )
    findings = list(_alone(touched, requests))
    present = at_head.read(requests)
    before = at_start.read(requests)
    modes = {entry.path: entry.mode for entry in repository.entries(head, requests)} if requests else {}
    for path in requests:
        if path not in modes:
            continue  # deleted: it ends access, and needs no verdict
        if path not in present:
            findings.append(
                _at(
                    path,
                    "not-a-plain-file",
                    f"git mode {modes[path]} is no plain file",
                    "add an ordinary file",
                )
            )
            continue
        source = Source(path=path, content=present[path])
        findings += _check_request(at_base, documents, source, now, extends=path in before)
        findings += _same_documents(at_base, at_head, documents, source, now)
        if path in before:
            findings += _only_longer(documents, Source(path=path, content=before[path]), source)
    rules = [path for path in touched if path.startswith(_RULES) and path in at_head.read([path])]
    findings += check_files(at_head, documents, rules, now)
    return tuple(dict.fromkeys(findings))


def _alone(touched: Iterable[str], requests: list[str]) -> Iterator[Finding]:
    others = sorted(path for path in touched if not path.startswith("requests/"))
    if requests and others:
        message = f"a request touches requests/ alone; this also changes {', '.join(others[:3])}"
        hint = "change the rules in a pull request of their own, and have it merged first"
        yield _at(requests[0], "touches-rules", message, hint)


def _check_request(
    tree: Tree, documents: DocumentReader, source: Source, now: datetime, *, extends: bool = False
) -> Iterator[Finding]:
    parsed: Parsed[Request] = documents.parse_request(source)
    yield from parsed.findings
    parts = source.path.split("/")
    rules = read_rules(tree, documents, parts[1] if len(parts) > 2 else "")
    for part in (rules.settings, rules.accounts, rules.people, rules.teams, rules.policy):
        yield from part.findings
    request, policy, people = parsed.value, rules.policy.value, rules.people.value
    accounts, teams = rules.accounts.value, rules.teams.value
    if request is None or policy is None or people is None or accounts is None or teams is None:
        return
    yield from eligibility.findings(
        request, policy=policy, accounts=accounts, people=people, teams=teams, when=now, extends=extends
    )
    yield from consistency.approvable(
        request, policy, codeowners=rules.codeowners, people=people, teams=teams
    )
    for documents_of_account in render_all(rules, request, first_window(request, now)):
        yield from iam.preflight(documents_of_account, file=source.path)


def _same_documents(
    base: Tree, head: Tree, documents: DocumentReader, source: Source, now: datetime
) -> Iterator[Finding]:
    request = documents.parse_request(source).value
    if request is None:
        return
    policy, window = source.path.split("/")[1], first_window(request, now)
    seen, granted = (
        render_all(read_rules(tree, documents, policy), request, window) for tree in (head, base)
    )
    if seen != granted:
        message = "the rules on the base branch are newer than this branch: other documents would be granted than it shows"
        yield _at(source.path, "rules-changed", message, "update the branch, then have it approved")


def _only_longer(documents: DocumentReader, before: Source, after: Source) -> Iterator[Finding]:
    old, new = documents.parse_request(before).value, documents.parse_request(after).value
    if old is None or new is None:
        return
    fields = ("requester", "accounts", "reason", "ticket", "parameters", "starts_at")
    other = [name for name in fields if getattr(old, name) != getattr(new, name)]
    if other:
        message = f"a merged request may change its duration alone; this changes {', '.join(other)}"
        yield _at(after.path, "not-an-extension", message, "ask anew in a new file")
    elif new.duration <= old.duration:
        message = "an extension makes the duration longer; this does not"
        yield _at(after.path, "not-longer", message, "to end early, delete the file")


def _check_rule(tree: Tree, documents: DocumentReader, source: Source) -> Iterator[Finding]:
    """A code-owned file: its own shape, and whether the others know what it names."""
    if source.path in codeowners.LOCATIONS:
        yield from codeowners.parse(source.content.decode(errors="replace"), source.path).findings
        return
    policy = source.path.removeprefix("policies/access/").removesuffix(".yaml")
    rules = read_rules(tree, documents, policy)
    parts: Mapping[str, Parsed[Any]] = {
        SETTINGS: rules.settings,
        ACCOUNTS: rules.accounts,
        PEOPLE: rules.people,
        TEAMS: rules.teams,
    }
    if source.path.startswith("policies/access/"):
        yield from rules.policy.findings
        if (
            rules.policy.value is not None
            and rules.accounts.value
            and rules.people.value
            and rules.teams.value is not None
        ):
            known = (rules.accounts.value, rules.people.value, rules.teams.value)
            yield from consistency.policy_findings(
                rules.policy.value, accounts=known[0], people=known[1], teams=known[2]
            )
    elif source.path in parts:
        yield from parts[source.path].findings
        if source.path == TEAMS and rules.teams.value and rules.people.value:
            yield from consistency.teams_findings(rules.teams.value, rules.people.value, file=TEAMS)


def _at(path: str, code: str, message: str, hint: str) -> Finding:
    return Finding(code=code, message=message, file=path, hint=hint)
