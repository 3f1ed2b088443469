"""The reader of the repository's files."""

from typing import TYPE_CHECKING, Protocol

from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import (
    Accounts,
    Parsed,
    People,
    Policy,
    Request,
    Settings,
    Source,
    WorkflowFile,
)
from jitbot.domain.model.roster import Roster
from jitbot.domain.notifications.channels import Channels

if TYPE_CHECKING:
    from jitbot.domain.imports.entries import FileEntries


class DocumentReader(Protocol):
    """From the bytes of a file to its value, or findings."""

    def parse_settings(self, source: Source) -> Parsed[Settings]: ...
    def parse_accounts(self, source: Source) -> Parsed[Accounts]: ...
    def parse_account_groups(self, source: Source) -> Parsed[AccountGroups]: ...
    def parse_entries(self, source: Source) -> "Parsed[FileEntries]": ...
    def parse_people(self, source: Source) -> Parsed[People]: ...
    def parse_notify(self, source: Source) -> Parsed[Channels]: ...
    def parse_teams(self, source: Source) -> Parsed[Roster]: ...
    def parse_policy(self, source: Source) -> Parsed[Policy]: ...
    def parse_workflow(self, source: Source) -> WorkflowFile: ...
    def parse_request(self, source: Source) -> Parsed[Request]: ...
