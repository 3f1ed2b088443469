"""A run in memory: the ledger, main's rules, the roles in each account, and who started it; nothing leaves the process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import NOW, OWNERS, PEOPLE, the_rules
from plain_ledger import PlainLedger

from jitbot.domain.aws.roles import Receipt
from jitbot.domain.ledger.events import LEDGER_RULES
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import AccountId, Login, Parsed, Source
from jitbot.domain.model.errors import DeniedError
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

        def deny(name: str) -> Receipt:
            self.denied.append(name)
            return RECEIPT

        return SimpleNamespace(read=read, deny=deny)

    def announce(self, number: int, _: str) -> None:
        """A comment on a pull request."""
        if number in self.refused:
            raise self.refused[number]
        self.commented.append(number)
