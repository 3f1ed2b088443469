"""acme's pull requests in memory, as a person without a clone sees them: their reviews, commits and pushes, and the ledger's branch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plain_github import PlainGitHub
from plain_trees import MAIN

from jitbot.domain.ledger import batches, events
from jitbot.domain.ledger.events import LEDGER, Event
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.github_objects import Status


@dataclass(slots=True, kw_only=True)
class PlainReviews(PlainGitHub):
    """The repository, with the statuses of its pull requests and the ledger's branch."""

    shown: dict[str, Status] = field(default_factory=dict)  # the statuses of every head

    def tell(self, *told: Event) -> None:
        """The ledger's branch, with these events."""
        head = self.branches.get(LEDGER, MAIN)
        files = {batches.filed(each.path, head): events.dump(each) for each in told}
        self.push(LEDGER, files, head)

    # What jitbot reads

    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        """The same of each head."""
        assert commit in self.trees
        return self.shown
