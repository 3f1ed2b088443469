"""Who has approved, who must still, and whether anyone can: told by the very code that decides what counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jitbot.domain import owners
from jitbot.domain.counting import Approval, Ignored, count, objecting
from jitbot.domain.evidence import Actor, Review
from jitbot.domain.ground import Ground
from jitbot.domain.model import Person


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


def pending(ground: Ground) -> PendingApprovals:
    """The approvals of a ground, and who could add to them if they approved its head at the very moment of the merge."""
    approvals, ignored = count(ground)
    people = ground.owned_by.people
    return PendingApprovals(
        required=ground.required,
        approvals=approvals,
        ignored=ignored,
        objectors=objecting(ground),
        able=tuple(each for each in people if _counted_with(ground, [each]) > len(approvals)),
        attainable=_counted_with(ground, people),
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


def _counted_with(ground: Ground, people: Iterable[Person]) -> int:
    """How many approvals count once these people have approved: their latest reviews, so nobody's older one."""
    new = [_approval(ground, person) for person in people]
    ids = {review.user.github_id for review in new}
    kept = [review for review in ground.merge.reviews if review.user.github_id not in ids]
    may_write = {review.user.login: "write" for review in new}  # GitHub lets none own who may not
    permissions = {**ground.merge.permissions, **may_write}
    merge = replace(ground.merge, reviews=(*kept, *new), permissions=permissions)
    approvals, _ = count(replace(ground, merge=merge))
    return len(approvals)


def _approval(ground: Ground, person: Person) -> Review:
    return Review(
        review_id=0,
        user=Actor(login=person.login, github_id=person.github_id),
        state="APPROVED",
        commit=ground.merge.pull_request.head,
        submitted_at=ground.merged_at,
    )
