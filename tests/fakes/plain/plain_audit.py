"""An auditor's clone in memory: main's line with the files of each commit, the ledger, and what acme did in both."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from acme_facts import DAY, HOUR, MINUTE, NOW, ROLE_ID, an_actor, sha, the_settings
from builders import a_case, a_commit, a_merge, a_pull, a_review, a_revocation, an_outcome
from catalogue_facts import the_catalogue
from plain_ledger import PlainLedger
from plain_trees import MAIN, PlainTrees

from jitbot.adapters import documents
from jitbot.domain.access.approval import decide
from jitbot.domain.access.decision_event import of_decision
from jitbot.domain.access.request_state import fold_request
from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, rule_event
from jitbot.domain.access.rule_changes.rule_review import reviewed
from jitbot.domain.audit.history.main_history import is_rule
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.git_history import NO_BASE, RULE_PATHS, HistoryStep, RuleChange, Touched
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import PLAIN, Parsed, Sha, Source
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind, Rules
from jitbot.domain.text import timestamp
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.audit.verify_ledger import AuditInputs, load_audit_inputs, verify
from jitbot.usecases.collect.collect_case import large, read_rules
from jitbot.usecases.collect.memory_tree import MemoryTree

ORDERS = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
TEXT = "requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1234\nparameters: {table: orders}\n"
CAROLS = ORDERS.replace("alice", "carol")
CAROLS_TEXT = TEXT.replace("alice", "carol").replace("[prod]", "[prod, staging]")
MALLORYS = ORDERS.replace("alice", "mallory")
KEYS = {"k0": "zero"}


def newer(content: bytes) -> bytes:
    """An event as a later jitbot may write it."""
    return content.replace(b'"schema": 1', b'"schema": 2')


@cache
def the_tree() -> Mapping[str, bytes]:
    """acme's files as the repository begins."""
    return acme_tree(the_settings().issuer)


@cache
def _parsed(name: str, source: Source) -> Parsed[Any]:
    found: Parsed[Any] = getattr(documents, name)(source)
    return found


class Documents:
    """The reader of documents; the same bytes are read once."""

    def __getattr__(self, name: str) -> Any:
        return lambda source: _parsed(name, source)


@dataclass(slots=True, kw_only=True)
class PlainClone:
    """The clone, as git shows it to an audit, and what acme did before it was fetched."""

    trees: PlainTrees = field(default_factory=lambda: PlainTrees(files=dict(the_tree())))
    ledger_of: PlainLedger = field(default_factory=PlainLedger)
    line: list[Sha] = field(default_factory=lambda: [MAIN])
    dates: dict[Sha, datetime] = field(default_factory=lambda: {MAIN: NOW - 7 * DAY})
    now: datetime = NOW
    told: list[Event] = field(default_factory=list)
    large: set[Sha] = field(default_factory=set)  # commits of main that show no more than their requests
    silent: set[Sha] = field(default_factory=set)  # commits that this clone does not have
    lacks: set[Sha] = field(default_factory=set)  # blobs that it does not have
    modes: dict[tuple[Sha, str], str] = field(default_factory=dict)  # of what is no plain file in a commit
    forbidden: set[bytes] = field(default_factory=set)  # contents that are nobody's to ask for
    taken: dict[Sha, tuple[str, ...]] = field(default_factory=dict)  # what commits of the ledger delete
    good: Sha | None = None

    # What acme does

    def later(self, more: timedelta) -> None:
        """Time passes."""
        self.now += more

    def push(self, files: Mapping[str, bytes | str | None], at: datetime | None = None) -> Sha:
        """Somebody's commit on main."""
        given = {path: each.encode() if isinstance(each, str) else each for path, each in files.items()}
        made = self.trees.push("main", given, self.line[-1])
        self.line.append(made)
        self.dates[made] = at or self.now
        return made

    def merge(self, path: str, text: str | None, *by: str, login: str = "alice", **also: str) -> Case:
        """A merge that leaves a request's file so, approved by these people; `also` are other files by their paths."""
        base, at = self.line[-1], self.now
        before, number = self.trees.tree(base).get(path), len(self.line)
        commit = self.push({path: text, **also})
        head = sha(f"head of {commit}")
        self.trees.trees[head] = self.trees.tree(commit)
        kind = ChangeKind.DELETED if text is None else ChangeKind.MODIFIED if before else ChangeKind.ADDED
        blob = None if text is None else blob_name(text.encode())
        change = Change(
            path=path, commit=commit, base=base, committed_at=at, kind=kind, mode=PLAIN, blob=blob
        )
        policy, paths = policy_of(path), tuple(sorted((path, *also)))
        pull = a_pull(
            number=number, author=an_actor(login), merged_by=an_actor("olivia"), head=head,
            merge_commit=commit, merged_at=at, created_at=at - HOUR,
        )  # fmt: skip
        reviews = tuple(
            a_review(each, review_id=100 * number + count, commit=head, submitted_at=at - 10 * MINUTE)
            for count, each in enumerate(by)
        )
        read = Documents().parse_request(Source(path=path, content=(text or "").encode()))
        return a_case(
            change=change,
            request=None if text is None else read,
            rules=self.rules(base, policy),
            touched=paths,
            earlier=before is not None,
            merge=a_merge(
                pull_request=pull, files=paths, fetched_head=head, head_blob=blob,
                head_rules=self.rules(head, policy), reviews=reviews, commits=(a_commit(login, name=head),),
                touching=frozenset({head}),
            ),
        )  # fmt: skip

    def decision(self, case: Case) -> Event:
        """What a run makes of it, a minute later."""
        self.later(MINUTE)
        decided = decide(case, fold_request(self.told, case.change.path), self.now)
        return of_decision(case.change, case, decided, now=self.now, run="run", catalogue=the_catalogue())

    def tell(
        self,
        *told: Event,
        at: datetime | None = None,
        claims: Mapping[str, object] | None = None,
        **how: Any,
    ) -> Sha:
        """A run records these events, or somebody what they like (`files`). `claims` are those of its token."""
        self.ledger_of.now, self.ledger_of.claims = at or self.now, claims or {}
        self.told += told
        return self.ledger_of.push(*told, at=at or self.now, **how)

    def ask(self, *by: str, path: str = ORDERS, text: str = TEXT, login: str = "alice") -> Event:
        """A request that these people approved: merged, decided and recorded."""
        event = self.decision(self.merge(path, text, *by, login=login))
        self.tell(event)
        return event

    def outcomes(self, kind: EventType, approved: Event, **changes: Any) -> list[Event]:
        """What a run did with each role of an approved request."""
        return [
            an_outcome(
                kind, at=self.now, request=approved.request, commit=approved.commit, window=approved.window,
                account=each.account, account_id=each.account_id, role_name=each.role_name,
                **{"documents": (each,) if kind is EventType.GRANTED else (), **changes},
            )
            for each in approved.documents
        ]  # fmt: skip

    def grant(self, approved: Event | None = None) -> Event:
        """An approved request, alice's unless it is another, is granted; gives the approval."""
        approved = approved or self.ask("bob")
        self.tell(*self.outcomes(EventType.GRANTED, approved))
        return approved

    def end(self, approved: Event, why: EndReason = EndReason.EXPIRED) -> None:
        """A run ends it, or sees that it is over, and what is left is removed an hour and a half after its expiry."""
        assert approved.window is not None
        at = approved.window.expires_at if why is EndReason.EXPIRED else self.now
        self.now = at + 10 * MINUTE if why is EndReason.EXPIRED else at
        seen = {"effective_at": timestamp.show(at), "seen": "as recorded", "role_id": ROLE_ID}
        self.tell(*self.outcomes(EventType.ENDED, approved, why=why, evidence=seen))

    def remove(self, approved: Event) -> None:
        """Its roles are removed."""
        self.tell(*self.outcomes(EventType.REMOVED, approved, evidence={"verified_absent": True}))

    def live(self) -> "PlainClone":
        """A life of everything: approved, refused, extended, released, expired, removed."""
        first = self.grant()
        second = self.grant(self.ask("bob", path=CAROLS, text=CAROLS_TEXT, login="carol"))
        self.ask(path=MALLORYS, text=TEXT.replace("alice", "mallory"), login="mallory")
        extended = self.grant(self.ask("bob", text=TEXT.replace("2h", "3h")))
        self.later(MINUTE)
        by = {"by": "carol", "github_id": 1003, "reason": "done"}
        self.tell(a_revocation(at=self.now, request=second.request, why=EndReason.RELEASED, evidence=by))
        self.end(second, EndReason.RELEASED)
        self.end(extended)
        self.later(80 * MINUTE)
        self.remove(second)
        self.remove(first)
        return self

    def land(
        self,
        files: Mapping[str, bytes | str | None],
        *by: str,
        login: str = "bob",
        approved_at: datetime | None = None,
        dated: datetime | None = None,
        pushed: bool = False,
    ) -> Event:
        """A change of the rules, and what a run will record of it: merged with these approvals, or pushed past the rules."""
        base, at, number = self.main(), self.now, len(self.line)
        commit = self.push(files, at=dated)
        change = self.rule_changes(commit, RULE_PATHS)[-1]
        origin = RuleOrigin(pushed_by=an_actor("olivia"))
        if not pushed:
            head, when = sha(f"head of {commit}"), approved_at or at - 10 * MINUTE
            pull = a_pull(
                number=number, author=an_actor(login), head=head, merge_commit=commit, merged_at=at
            )  # fmt: skip
            reviews = tuple(
                a_review(each, review_id=100 * number + count, commit=head, submitted_at=when)
                for count, each in enumerate(by)
            )
            review = reviewed(change, pull, reviews, (), self.rules(base, "orders-db-read"))
            origin = RuleOrigin(pull_request=pull, review=review)
        self.later(MINUTE)
        return rule_event(change, origin, now=self.now, run="run")

    def rules(self, commit: Sha, policy: str) -> Rules:
        """The rules at a commit, as a run reads them."""
        tree = self.trees.tree(commit)
        odd = {path: large(blob_name(each)) for path, each in tree.items() if len(each) > EVENT_READ}
        return read_rules(MemoryTree(tree, odd), cast("Any", Documents()), policy)

    # What an auditor asks

    def inputs(self, keys: Mapping[str, str] | None = None) -> AuditInputs:
        """All that is read; `keys` are those that the auditor has."""
        given = KEYS if keys is None else keys
        issuer: Any = self.ledger_of.context().issuer
        return load_audit_inputs(
            cast("Any", self), cast("Any", Documents()), issuer=lambda _: issuer, keys=lambda _: given
        )

    def verdict(self, keys: Mapping[str, str] | None = None, **how: Any) -> AuditVerdict:
        """The verdict on it now."""
        return verify(self.inputs(keys), self.now, **how)

    def codes(self, **how: Any) -> set[str]:
        """The codes of what is found."""
        return {each.code for each in self.verdict(**how).problems}

    # git

    def main(self) -> Sha:
        """Its tip."""
        return self.line[-1]

    def main_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """main's line."""
        assert tip == self.main()
        for number, commit in enumerate(self.line):
            whole = commit not in self.large
            touched = self._touched(commit, self.line[number - 1] if number else None)
            yield HistoryStep(
                commit=commit,
                parents=(self.line[number - 1],) if number else (),
                at=self.dates[commit],
                message="x",
                touched=tuple(each for each in touched if whole or each.path.startswith("requests/")),
                whole=whole,
                rules_whole=whole or not any(is_rule(each.path) for each in touched),
            )

    def _touched(self, commit: Sha, base: Sha | None) -> list[Touched]:
        old, new = ({} if base is None else self.trees.tree(base)), self.trees.tree(commit)
        found = []
        for path in sorted({*old, *new}):
            if old.get(path) != new.get(path):
                status = "D" if path not in new else "M" if path in old else "A"
                mode = "000000" if path not in new else self.modes.get((commit, path), PLAIN)
                blob = blob_name(new[path]) if path in new else Sha("0" * 40)
                found.append(Touched(path=path, mode=mode, blob=blob, status=status))
        return found

    def rule_changes(self, tip: Sha, paths: Sequence[str]) -> tuple[RuleChange, ...]:
        """Those that touch these paths."""
        found = []
        for number, commit in enumerate(self.line[: self.line.index(tip) + 1]):
            base = self.line[number - 1] if number else None
            touched = [
                each.path
                for each in self._touched(commit, base)
                if any(each.path == path or each.path.startswith(f"{path}/") for path in paths)
            ]
            if touched:
                whole = commit not in self.large
                found.append(
                    RuleChange(
                        commit=commit, at=self.dates[commit], subject="x", base=base or NO_BASE,
                        paths=tuple(touched) if whole else (), whole=whole,
                    )
                )  # fmt: skip
        return tuple(found)

    def entries(self, commit: Sha, paths: Sequence[str]) -> Any:
        """What lies there."""
        if commit in self.silent:
            raise UnavailableError("not here")
        return tuple(
            replace(each, mode=self.modes.get((commit, each.path), each.mode))
            for each in self.trees.entries(commit, [*paths])
        )

    def small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        """Their bytes, up to so many."""
        return self.trees.small(blobs, most)

    def contents(self, blobs: Iterable[Sha], most: int = EVENT_READ) -> Iterator[tuple[Sha, bytes | None]]:
        """Their bytes, one after the other."""
        known = {**self.trees.known(), **self.ledger_of.blobs}
        for each in blobs:
            content = None if each in self.lacks else known.get(each)
            assert content not in self.forbidden
            yield each, content if content is not None and len(content) <= most else None

    def here(self, blobs: Iterable[Sha]) -> frozenset[Sha]:
        """Those that are here, however large."""
        return frozenset(each for each in blobs if each in self.trees.known() and each not in self.lacks)

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """The blob of each path; nothing of a commit that is not here."""
        found: dict[tuple[Sha, str], Sha | None] = {}
        for commit, path in places:
            if commit not in self.silent and (commit == MAIN or commit in self.trees.trees):
                content = self.trees.tree(commit).get(path)
                found[commit, path] = None if content is None else blob_name(content)
        return found

    def pull_head(self, number: int) -> Sha | None:
        """As it was fetched."""
        return self.trees.pull_head(number)

    def ledger(self) -> Sha:
        """Its tip."""
        return self.ledger_of.commits[-1].commit

    def _step(self, added: AddedCommit, known: set[str]) -> HistoryStep:
        put = [
            Touched(path=each.path, mode=each.mode, blob=each.blob, status="M" if each.path in known else "A")
            for each in added.entries
        ]
        gone = [
            Touched(path=path, mode="000000", blob=Sha("0" * 40), status="D")
            for path in self.taken.get(added.commit, ())
        ]
        known.update(each.path for each in put)
        return HistoryStep(
            commit=added.commit,
            parents=(added.parent,) if added.parent else (),
            at=self.ledger_of.ages.get(added.commit, NOW - 7 * DAY),
            message=added.message,
            touched=(*put, *gone),
            whole=added.well_formed or not put,
        )

    def ledger_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """The ledger's commits."""
        assert tip == self.ledger()
        known: set[str] = set()
        return iter([self._step(each, known) for each in self.ledger_of.commits])

    def ledger_again(self, commits: Sequence[Sha]) -> Iterator[HistoryStep]:
        """Some of them once more."""
        known: set[str] = set()
        steps = {each.commit: self._step(each, known) for each in self.ledger_of.commits}
        return (replace(steps[each], at=NOW - 999 * DAY) for each in commits)

    def commits_of(self, tip: Sha) -> frozenset[Sha]:
        """The history of a commit of the ledger; of one that was cut off, itself."""
        names = [each.commit for each in self.ledger_of.commits]
        return frozenset(names[: names.index(tip) + 1] if tip in names else [tip])

    def holds(self, tip: Sha, commit: Sha) -> bool:
        """Whether it is in that history."""
        return commit in self.commits_of(tip)

    def resolve(self, revision: str) -> Sha:
        """A commit by its name."""
        if revision not in {each.commit for each in self.ledger_of.commits}:
            raise InvalidError(f"there is no commit {revision}")
        return Sha(revision)

    def verified(self) -> Sha | None:
        """What was found good here."""
        return self.good
