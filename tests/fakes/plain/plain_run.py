"""A run in memory: the ledger, main's rules, the roles in each account, and who started it; nothing leaves the process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import NOW, OWNERS, PEOPLE, ROLE_ID, the_rules
from plain_ledger import PlainLedger

from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed, Receipt
from jitbot.domain.ledger.events import LEDGER_RULES
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import AccountId, Login, Parsed, Source
from jitbot.domain.model.errors import DeniedError, JitbotError
from jitbot.domain.model.github_objects import Unannounced
from jitbot.domain.model.merge_facts import Rules
from jitbot.usecases.collect.collect_case import rule_paths
from jitbot.usecases.context import Context, Run
from jitbot.usecases.ledger.ledger import Ledger

RECEIPT = Receipt(at=NOW, request_ids=("r",))


def the_files() -> dict[str, bytes]:
    """Main's rules, with the folder of its code."""
    paths = [*rule_paths("orders-db-read"), "jitbot"]
    return {path: OWNERS.encode() if path in codeowners.LOCATIONS else b"x" for path in paths}


@dataclass(slots=True, kw_only=True)
class PlainRun(PlainLedger):
    """One run. What it did is in `denied`, in `said`, and in the ledger."""

    actor: str = "erin"
    rerun: bool = False
    stale: bool = False  # its code is not main's
    protected: bool = True  # the ledger
    rules: Rules = field(default_factory=the_rules)
    at_main: dict[str, bytes] = field(default_factory=the_files)
    absent: frozenset[str] = frozenset()  # roles that are not there
    closed: frozenset[AccountId] = frozenset()  # accounts that let nobody in
    channels: Any = None  # of notify.yaml, as it reads
    refused: Mapping[int, Exception] = field(default_factory=dict)  # comments
    denied: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    commented: list[int] = field(default_factory=list)
    calls: list[tuple[list[str], list[str]]] = field(default_factory=list)  # of many comments
    unclear: JitbotError | None = None  # instead of an answer to these
    refused_together: frozenset[int] = frozenset()
    unclear_together: frozenset[int] = frozenset()
    handed: dict[str, str] = field(default_factory=dict)

    def context(self) -> Context:
        """What the run sees."""
        context: Any = PlainLedger.context(self)
        person = PEOPLE.get(Login(self.actor))
        context.run = Run(
            url="run",
            actor=self.actor,
            actor_id=int(person.github_id) if person is not None else 0,
            rerun=self.rerun,
            commits=("old",) if self.stale else (),
        )
        context.documents = self
        context.github = SimpleNamespace(rules=self._rules_of)
        context.cloud = lambda: self
        context.issues = self
        context.say = self.said.append
        context.output = self.handed.__setitem__
        return cast("Context", context)

    def _rules_of(self, _: str) -> Any:
        self.said.append("asked for the rules of the ledger")
        return SimpleNamespace(types=LEDGER_RULES if self.protected else frozenset())

    def ledger(self, at: datetime = NOW) -> Ledger:
        """Its ledger, with all that GitHub has now."""
        self.now = at
        context = self.context()
        context.git.fetch()
        return Ledger(context, at)

    def parse_people(self, _: Source) -> object:
        """They are among the rules, as all documents are."""
        return self.rules.people

    def parse_teams(self, _: Source) -> object:
        """See above."""
        return self.rules.teams

    def parse_settings(self, _: Source) -> object:
        """See above."""
        return self.rules.settings

    def parse_accounts(self, _: Source) -> object:
        """See above."""
        return self.rules.accounts

    def parse_account_groups(self, _: Source) -> object:
        """See above."""
        return self.rules.account_groups

    def parse_policy(self, _: Source) -> object:
        """See above."""
        return self.rules.policy

    def parse_notify(self, source: Source) -> object:
        """The channels, of a file that is there."""
        assert source.content is not None
        return self.channels or Parsed(value=None)

    def enter(self, account_id: AccountId) -> Any:
        """An account; all of them have the same roles."""
        if account_id in self.closed:
            raise DeniedError(f"{account_id} lets nobody in")

        def read(name: str) -> tuple[Any, Receipt]:
            denied = name in self.denied
            role = SimpleNamespace(role_id="AROA", denied=denied)
            return None if name in self.absent else role, RECEIPT

        def deny(name: str) -> Receipt | None:
            if name in self.absent:
                return None
            self.denied.append(name)
            return RECEIPT

        return SimpleNamespace(read=read, deny=deny)

    def announce(self, number: int, _: str) -> None:
        """A comment on a pull request."""
        if number in self.refused:
            raise self.refused[number]
        self.commented.append(number)

    def announce_together(self, bodies: Mapping[str, str], edits: Mapping[str, str]) -> Unannounced:
        """Comments on pull requests whose node ids are their numbers, and edits of others."""
        self.calls.append((sorted(bodies), sorted(edits)))
        if self.unclear is not None:
            raise self.unclear
        refused = frozenset(each for each in bodies if int(each) in self.refused_together)
        unclear = frozenset(each for each in bodies if int(each) in self.unclear_together)
        self.commented += [int(each) for each in bodies if each not in refused | unclear]
        return Unannounced(refused=refused, unclear=unclear)


@dataclass(slots=True, kw_only=True)
class PlainRoles:
    """Accounts, each with its roles by name. It is the cloud of a run, too: entering one gives its part."""

    roles: dict[AccountId, dict[str, Actual]] = field(default_factory=dict)
    broken: Mapping[AccountId, JitbotError] = field(default_factory=dict)  # accounts that make no role
    closed: Mapping[AccountId, JitbotError] = field(default_factory=dict)  # accounts that let nobody in
    unread: frozenset[str] = frozenset()  # roles that cannot be read
    meanwhile: Callable[[], object] = lambda: None  # when a role has been made
    now: datetime = NOW
    calls: list[tuple[str, AccountId]] = field(default_factory=list)

    def enter(self, account_id: AccountId) -> "PlainRolesOfOne":
        """One account."""
        if account_id in self.closed:
            raise self.closed[account_id]
        return PlainRolesOfOne(self, account_id, self.roles.setdefault(account_id, {}))

    def put(self, documents: iam.Documents, **parts: Any) -> None:
        """A role as a run left it."""
        made = Actual(
            account_id=documents.account_id,
            role_name=documents.role_name,
            role_id=ROLE_ID,
            path=documents.path,
            trust_policy=documents.trust_policy,
            permissions_boundary=documents.permissions_boundary,
            max_session_duration=3600,
            inline_policies={iam.POLICY_NAME: documents.permission_policy},
            attached=documents.managed_policies,
            tags=documents.tags,
        )
        self.roles.setdefault(documents.account_id, {})[documents.role_name] = replace(made, **parts)

    def of(self, what: str) -> list[AccountId]:
        """The accounts in which this was done."""
        return [account_id for name, account_id in self.calls if name == what]


@dataclass(slots=True)
class PlainRolesOfOne:
    """The roles of one account."""

    all: PlainRoles
    account_id: AccountId
    own: dict[str, Actual]

    def room(self) -> int:
        """There is enough."""
        return 100

    def roles(self, *, whole: bool = False) -> tuple[Listed, ...]:
        """Every role, as AWS lists it."""
        self.all.calls.append(("whole list" if whole else "list", self.account_id))
        return tuple(
            Listed(
                account_id=self.account_id,
                role_name=name,
                role_id=role.role_id,
                trust_policy=role.trust_policy,
                max_session_duration=role.max_session_duration,
                whole=role if whole else None,
            )
            for name, role in self.own.items()
        )

    def read(self, name: str) -> tuple[Actual | None, Receipt]:
        """A role."""
        self.all.calls.append(("read", self.account_id))
        if name in self.all.unread:
            raise self.all.closed.get(self.account_id) or JitbotError(f"{name} cannot be read")
        return self.own.get(name), Receipt(at=self.all.now, request_ids=("id",))

    def create(self, documents: iam.Documents) -> bool:
        """Make a role without permissions."""
        if self.account_id in self.all.broken:
            raise self.all.broken[self.account_id]
        if documents.role_name in self.own:
            return False
        self.all.calls.append(("create", self.account_id))
        self.all.put(documents, inline_policies={}, attached=())
        return True

    def write_permissions(self, documents: iam.Documents) -> None:
        """Write its policy."""
        inline = {iam.POLICY_NAME: documents.permission_policy}
        self.own[documents.role_name] = replace(self.own[documents.role_name], inline_policies=inline)

    def write_trust(self, documents: iam.Documents) -> None:
        """Write its trust policy."""
        role = self.own[documents.role_name]
        self.own[documents.role_name] = replace(role, trust_policy=documents.trust_policy)

    def attach(self, documents: iam.Documents) -> None:
        """Attach what is managed."""
        role = self.own[documents.role_name]
        attached = tuple(dict.fromkeys((*role.attached, *documents.managed_policies)))
        self.own[documents.role_name] = replace(role, attached=attached)
        self.all.meanwhile()

    def deny(self, name: str) -> Receipt | None:
        """Attach the denial."""
        if name not in self.own:
            return None
        self.all.calls.append(("deny", self.account_id))
        attached = tuple(dict.fromkeys((*self.own[name].attached, iam.DENY_ALL)))
        self.own[name] = replace(self.own[name], attached=attached)
        return Receipt(at=self.all.now, request_ids=("id",))

    def remove(self, actual: Actual) -> None:
        """Delete it."""
        self.all.calls.append(("remove", self.account_id))
        self.own.pop(actual.role_name, None)
