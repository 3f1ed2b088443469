"""REST: what may be done to comments beside making, reading and editing them."""

from jitbot.sandbox.github.api.call import GitHubCall, Reply
from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.site import HostedRepository


def delete_comment(call: GitHubCall, repo: HostedRepository, comment_id: int) -> Reply:
    """DELETE issues/comments/{comment_id}: by its author or anyone with write access; 404 if it is gone already."""
    comment = repo.comments.get(comment_id)
    if comment is None:
        raise RefusalError(404, "Not Found")
    if call.actor.id != comment.author.id:
        call.must_write()
    del repo.comments[comment_id]
    return Reply(status=204)
