"""What the imports have in common: read the files, plan, ask for removals, check, and write, or open a pull request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.imports.entries import FileChanges, FileEntries, as_meant, edited
from jitbot.domain.imports.plan import ImportPlan, live_grants, proposal, too_much
from jitbot.domain.ledger.events import LEDGER
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Finding, Source, errors
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import SHARED_RULES, PullRequest, Rules
from jitbot.ports.documents import DocumentReader
from jitbot.usecases.collect.collect_case import Tree, read_rules
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.pull_request.checking import Checker
from jitbot.usecases.request.open_pull_request import free_branch, open_pull
from jitbot.usecases.request.requester_client import RequesterClient, ensure_may_push


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTarget:
    """The files that an import changes. `policies` are the paths of all policies there."""

    tree: Tree
    policies: tuple[str, ...]
    documents: DocumentReader
    catalogue: ActionCatalog
    client: Callable[[], RequesterClient]
    at: datetime

    def file(self, path: str) -> FileEntries:
        """One registry file; empty if there is none. Raises InvalidError with the first finding if it does not read."""
        if odd := self.tree.others([path]):
            raise InvalidError(f"{path} is no ordinary file: git mode {odd[path]}")
        return _read(self.documents, path, self.tree.read([path]).get(path, b""))

    def rules(self, policy: str = "") -> Rules:
        """The rules of these files."""
        return read_rules(self.tree, self.documents, policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyImport:
    """An import that may be done: what it changes, the files as they become, and the live access that ends."""

    plan: ImportPlan
    files: Mapping[str, bytes]
    live: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Edited:
    """A tree with other contents at some paths. What is no ordinary file in it stays none."""

    tree: Tree
    files: Mapping[str, bytes]

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        wanted = list(paths)
        return {
            **self.tree.read(wanted),
            **{path: self.files[path] for path in wanted if path in self.files},
        }

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        return self.tree.others(paths)


def prepare(
    target: ImportTarget, plan: ImportPlan, removals: int | None
) -> ReadyImport | tuple[Finding, ...]:
    """The import, if nothing is against it; else what `check` would find wrong with the files as they would become.

    Raises InvalidError if more goes than was agreed to, or a file cannot be changed line by line.
    """
    live = _live(target, plan)
    if why := too_much(plan, live, removals):
        raise InvalidError(why)
    files: dict[str, bytes] = {}
    for before, changes in plan.files:
        if not changes:
            continue
        content = edited(before, changes).encode()
        parsed = target.documents.parse_entries(Source(path=before.path, content=content))
        if parsed.value is None:
            return parsed.findings
        _must_say(before, changes, parsed.value)
        files[before.path] = content
    findings = refused_by_check(target, files)
    return findings or ReadyImport(plan=plan, files=files, live=live)


def open_import(client: RequesterClient, ready: ReadyImport, now: datetime) -> PullRequest:
    """Open the pull request, as the person whose token this is."""
    ensure_may_push(client)
    return open_pull(client, free_branch(client, proposal(ready.plan, ready.files, ready.live, now)))


def _live(target: ImportTarget, plan: ImportPlan) -> tuple[str, ...]:
    """The live access that ends by it, as the ledger's branch says; nothing is asked where nothing goes."""
    if not plan.ends and not plan.closes:
        return ()
    github = target.client().github
    if github.tip(LEDGER) is None:
        return ()
    states = UnverifiedLedger(github=github).states(target.at)
    return tuple(live_grants(plan, states.values(), target.at))


def _must_say(before: FileEntries, changes: FileChanges, after: FileEntries) -> None:
    """Raise InvalidError if an edited file, read back, says anything but what was meant."""
    if not as_meant(before, changes, after):
        raise InvalidError(
            f"{before.path} cannot be changed line by line without a loss: "
            "write each entry of the import as it writes new ones"
        )


def refused_by_check(target: ImportTarget, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """What `check` refuses in the changed files, and what it newly refuses in others because of them."""
    checker = Checker(documents=target.documents, catalogue=target.catalogue, when=target.at)
    tree = _Edited(target.tree, files)
    others = [path for path in (*SHARED_RULES, *codeowners.LOCATIONS) if path not in files]
    rest = [*others, *target.policies]
    known = set(errors(checker.files(target.tree, rest)))
    now = errors(checker.files(tree, rest))
    return (*errors(checker.files(tree, files)), *(each for each in now if each not in known))


def _read(documents: DocumentReader, path: str, content: bytes) -> FileEntries:
    parsed = documents.parse_entries(Source(path=path, content=content))
    if parsed.value is None:
        first = parsed.findings[0]
        raise InvalidError(f"{first.in_words}; {first.hint}")
    return parsed.value
