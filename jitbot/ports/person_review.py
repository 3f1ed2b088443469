"""The one thing that jitbot does in a person's name as an approver. No job is ever given this port."""

from typing import Protocol

from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Review


class PersonReview(Protocol):
    """Reviews of one repository's pull requests, by the person whose token this is."""

    def approve(self, number: int, head: Sha) -> Review:
        """Approve a pull request at exactly this commit. Tried once: after an UnavailableError it may be there or not.

        Raises DeniedError with GitHub's reason, as for a commit that is not the pull request's any more.
        """
        ...
