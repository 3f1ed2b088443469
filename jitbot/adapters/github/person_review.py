"""The adapter of the port `PersonReview`. https://docs.github.com/en/rest/pulls/reviews"""

from jitbot.adapters.github.answers import review
from jitbot.adapters.github.client import AdapterPart, translated
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Review


class GitHubPersonReview(AdapterPart):
    """One repository's `jitbot.ports.person_review.PersonReview`. Its client must never repeat a call."""

    @translated
    def approve(self, number: int, head: Sha) -> Review:
        # With `commit_id` GitHub binds the review to this commit, whatever is pushed meanwhile. It takes approvals of
        # merged pull requests too, which its website does not offer; neither is proven against the real GitHub here.
        body = {"event": "APPROVE", "commit_id": head}
        return review(self._client.send("POST", f"/pulls/{number}/reviews", body))
