"""Who has approved, who must still, and whether anyone can: told by the very code that decides what counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jitbot.domain.access.reviews import Approval, Ignored, count, objecting
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Person
from jitbot.domain.model.merge_facts import Actor, Review
from jitbot.domain.model.parsed_case import ParsedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApprovals:
    """Where the approvals of one request stand. `able` are the owners of whom each could still add one."""

    required: int
    approvals: tuple[Approval, ...]
    ignored: tuple[Ignored, ...]
    objectors: tuple[Person, ...]
    able: tuple[Person, ...]
    attainable: int  # how many approvals would count if every owner approved now

    @property
    def missing(self) -> int:
        """How many approvals there must still be."""
        return max(self.required - len(self.approvals), 0)

    @property
    def enough(self) -> bool:
        """Whether a merge now would meet enough approvals, and no objection."""
        return not self.missing and not self.objectors

    @property
    def possible(self) -> bool:
        """Whether enough of the owners may approve at all."""
        return self.attainable >= self.required


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """In the place of `PendingApprovals` where a fact that it needs could not be read: why."""

    why: str


def pending(parsed_case: ParsedCase) -> PendingApprovals:
    """The approvals of a ground, and who could add to them if they approved its head at the very moment of the merge."""
    approvals, ignored = count(parsed_case)
    people = parsed_case.owned_by.people
    return PendingApprovals(
        required=parsed_case.required,
        approvals=approvals,
        ignored=ignored,
        objectors=objecting(parsed_case),
        able=tuple(each for each in people if _counted_with(parsed_case, [each]) > len(approvals)),
        attainable=_counted_with(parsed_case, people),
    )


def could_approve(owned_by: owners.Owners, requester: Person | None) -> tuple[Person, ...]:
    """Who could approve what this person asks for, before there is a pull request to count reviews of.

    The owners, each human once, without the requester. A requester whom people.yaml does not know is nobody's twin:
    that they are unknown is refused elsewhere.
    """
    found: list[Person] = []
    for person in owned_by.people:
        known = (*found, requester) if requester is not None else tuple(found)
        if not any(owners.same_human(person, other) for other in known):
            found.append(person)
    return tuple(found)


def _counted_with(parsed_case: ParsedCase, people: Iterable[Person]) -> int:
    """How many approvals count once these people have approved: their latest reviews, so nobody's older one."""
    new = [_approval(parsed_case, person) for person in people]
    ids = {review.user.github_id for review in new}
    kept = [review for review in parsed_case.merge.reviews if review.user.github_id not in ids]
    may_write = {review.user.login: "write" for review in new}  # GitHub lets none own who may not
    permissions = {**parsed_case.merge.permissions, **may_write}
    merge = replace(parsed_case.merge, reviews=(*kept, *new), permissions=permissions)
    approvals, _ = count(replace(parsed_case, merge=merge))
    return len(approvals)


def _approval(parsed_case: ParsedCase, person: Person) -> Review:
    return Review(
        review_id=0,
        user=Actor(login=person.login, github_id=person.github_id),
        state="APPROVED",
        commit=parsed_case.merge.pull_request.head,
        submitted_at=parsed_case.merged_at,
    )
