"""The open requests that wait for one person's approval, read with their own token and without a clone.

One call lists the open pull requests. One more for each that somebody else opened says what it touches, and only those
that this person may judge are read whole. For a person who owns nothing, there is no call beyond the list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.model.documents import Parsed, Person
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import any_request, is_request, policy_of
from jitbot.domain.model.merge_facts import PullRequest, Rules
from jitbot.domain.request.to_approve import helps, may_judge
from jitbot.domain.text.amount import many
from jitbot.usecases.request.open_approvals import OpenApprovals
from jitbot.usecases.request.open_requests import OpenRequest, UnreadRequest, read_open
from jitbot.usecases.request.requester_client import RequesterClient

LISTED = 50  # others' pull requests whose files are listed: one call each
READ = 20  # of them, those that are read whole: some five calls each


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits, the oldest first; and how many open pull requests were not looked into."""

    found: tuple[OpenRequest | UnreadRequest, ...] = ()
    more: int = 0


def to_approve(
    client: RequesterClient, person: Person, pulls: Sequence[PullRequest], now: datetime
) -> Waiting:
    """Those of these open pull requests that wait for this person. Raises JitbotError if GitHub does not answer."""
    others = [
        pull
        for pull in reversed(pulls)
        if pull.author.github_id != person.github_id and pull.base_branch == client.place.branch
    ]
    judge = _Judge(client=client, person=person, at=now)
    if not others or not judge.is_one():
        return Waiting()
    approvals = OpenApprovals(client=client)
    found: list[OpenRequest | UnreadRequest] = []
    looked = read = 0
    for pull in others[:LISTED]:
        if read == READ:
            break
        looked += 1
        mine = judge.requests_of(pull)
        read += bool(mine)
        found += _waiting(approvals, person, pull, mine, now)
    return Waiting(found=tuple(found), more=len(others) - looked)


@dataclass(kw_only=True)
class _Judge:
    """One person, and what they may judge by main's rules. Not slotted: the rules are read once."""

    client: RequesterClient
    person: Person
    at: datetime

    @cached_property
    def _rules(self) -> Mapping[str, Rules]:
        """The rules of each policy that reads."""
        shared = self.client.rules("")
        return {each.name: replace(shared, policy=Parsed(value=each)) for each in self.client.policies}

    def is_one(self) -> bool:
        """Whether requests under any policy may need this person."""
        return any(map(self._may_judge, map(any_request, self._rules)))

    def requests_of(self, pull: PullRequest) -> tuple[str, ...]:
        """The requests in a pull request that may need this person; none where its files cannot be listed."""
        try:
            paths = self.client.github.files(pull.number)
        except JitbotError:
            self.client.github.tip(
                self.client.place.branch
            )  # if GitHub answers nothing else either, this raises
            return ()
        # What changes rules too is no request, and its check is red.
        return tuple(filter(self._may_judge, paths)) if all(map(is_request, paths)) else ()

    def _may_judge(self, path: str) -> bool:
        rules = self._rules.get(policy_of(path))
        return rules is not None and may_judge(self.person, path, rules, self.at)


def _waiting(
    approvals: OpenApprovals, person: Person, pull: PullRequest, mine: Sequence[str], now: datetime
) -> Iterator[OpenRequest | UnreadRequest]:
    if len(mine) > 1:
        why = f"it holds {many(len(mine), 'request')}: jitbot explain {pull.number}"
        yield UnreadRequest(number=pull.number, url=pull.url, request=mine[0], approvals=NotKnown(why=why))
        return
    for path in mine:
        found = tuple(read_open(approvals, pull, path, now))
        for each in found:
            known = each.approvals
            if not isinstance(known, PendingApprovals) or helps(person, known):
                yield each
        if not found and approvals.deletes(pull, path):
            why = "it ends access, by deleting the request"
            yield UnreadRequest(number=pull.number, url=pull.url, request=path, approvals=NotKnown(why=why))
