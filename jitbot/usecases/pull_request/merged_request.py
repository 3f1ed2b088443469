"""Which merged request a person means; if it is none, whether a pull request still asks for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request.request_reference import Preference, pull_number, resolve
from jitbot.ports.github_read import GitHubRead

_MOST = 20  # open pull requests whose files are listed


def resolve_merged(
    text: str, known: Mapping[str, Collection[int]], *, github: GitHubRead, prefer: Sequence[Preference] = ()
) -> str:
    """The path of the request, as `resolve` finds it among those that the ledger knows.

    Raises InvalidError; where a pull request that is open, or was closed, asks for it, with what became of that.
    """
    try:
        return resolve(text, known, prefer=prefer)
    except InvalidError as error:
        if why := _not_merged(text, github):
            raise InvalidError(why) from None
        raise error from None


def _asks_for(text: str, files: Iterable[str]) -> bool:
    return any(is_request(path) and text in path for path in files)


def _not_merged(text: str, github: GitHubRead) -> str:
    """Why a pull request has granted nothing; empty if none is known that asks for this, or GitHub does not say."""
    number = pull_number(text)
    pull: PullRequest | None
    try:
        if number is None:
            newest = github.open_pulls()[:_MOST]
            pull = next((pull for pull in newest if _asks_for(text, github.files(pull.number))), None)
        else:
            pull = github.pull(number)
    except JitbotError:
        return ""
    if pull is None:
        return ""
    if pull.is_open:
        return f"nothing is granted yet: pull request {pull.number} still waits, see `jitbot status` and {pull.url}"
    if pull.merged_at is None:
        return f"nothing was granted: pull request {pull.number} was closed, not merged"
    return f"nothing is recorded of pull request {pull.number}: if it asks for access, the grant workflow is at work"
