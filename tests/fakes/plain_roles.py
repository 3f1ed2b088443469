"""The roles of some accounts in memory, as runs make, deny and remove them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from acme_facts import NOW, ROLE_ID

from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed, Receipt
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import JitbotError


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
        self.own[documents.role_name] = replace(role, attached=documents.managed_policies)
        self.all.meanwhile()

    def deny(self, name: str) -> Receipt | None:
        """Attach the denial."""
        if name not in self.own:
            return None
        self.all.calls.append(("deny", self.account_id))
        self.own[name] = replace(self.own[name], attached=(iam.DENY_ALL,))
        return Receipt(at=self.all.now, request_ids=("id",))

    def remove(self, actual: Actual) -> None:
        """Delete it."""
        self.all.calls.append(("remove", self.account_id))
        del self.own[actual.role_name]
