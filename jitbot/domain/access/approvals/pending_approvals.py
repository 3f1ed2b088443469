"""Who has approved, which places are open, and who could fill them; counted by the code that decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access.approvals.places import Place, can_fill, fill, open_places
from jitbot.domain.access.approvals.requirement import Requirement, required_approvals
from jitbot.domain.access.approvals.reviews import Approval, Ignored, count, objecting, would_count
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Login, Person
from jitbot.domain.model.merge_facts import Actor, Review
from jitbot.domain.model.parsed_case import ParsedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApprovals:
    """The approvals of one request so far. `able` are the owners who could each still add one."""

    requirement: Requirement
    approvals: tuple[Approval, ...]
    ignored: tuple[Ignored, ...]
    objectors: tuple[Person, ...]
    able: tuple[Person, ...]
    ends: Mapping[Login, datetime]  # when the membership ends by which one of them may approve, if it does
    places: tuple[Place, ...]
    possible: bool  # whether every place would be filled if every owner approved now

    @property
    def required(self) -> int:
        """How many people must approve."""
        return self.requirement.need

    @property
    def missing(self) -> int:
        """How many approvals there must still be."""
        return len(open_places(self.places))

    @property
    def filled(self) -> int:
        """How many of the required approvals are given. Where a team is needed, an approval of others may not be one."""
        return len(self.places) - self.missing

    @property
    def enough(self) -> bool:
        """Whether a merge now would meet enough approvals, and no objection."""
        return not self.missing and not self.objectors


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """Stands for `PendingApprovals` if a fact that it needs could not be read; `why` is the reason."""

    why: str


def pending(parsed_case: ParsedCase) -> PendingApprovals:
    """The approvals of a case, and who could add one by approving its head at the moment of the merge."""
    approvals, ignored = count(parsed_case)
    requirement, people = required_approvals(parsed_case, approvals), parsed_case.owned_by.people
    given, approved_by_all = _approvers(approvals), _all_approve(parsed_case)
    everyone = _approvers(count(approved_by_all)[0])
    able = tuple(
        each
        for each in people
        if would_count(_approval(parsed_case, each), approved_by_all)
        and not any(owners.same_human(each, other) for other in given)
    )
    places = fill(requirement, given, able)
    return PendingApprovals(
        requirement=requirement,
        approvals=approvals,
        ignored=ignored,
        objectors=objecting(parsed_case),
        able=able,
        ends=owners.ends(able, parsed_case.owned_by, parsed_case.roster, parsed_case.merged_at),
        places=places,
        possible=can_fill(required_approvals(approved_by_all), everyone),
    )


def why_not_counted(actor: Actor, parsed_case: ParsedCase) -> str:
    """Why an approval of the head by this account would not count, if it were given now and GitHub took it; else empty.

    The answer ends a sentence that begins with the login.
    """
    review = replace(_submitted(parsed_case, actor), review_id=-1)
    others = [each for each in parsed_case.merge.reviews if each.user.github_id != actor.github_id]
    permissions = {**parsed_case.merge.permissions, actor.login: "write"}
    merge = replace(parsed_case.merge, reviews=(*others, review), permissions=permissions)
    _, ignored = count(replace(parsed_case, merge=merge))
    return next((each.why for each in ignored if each.review == review), "")


def could_approve(owned_by: owners.Owners, requester: Person | None) -> tuple[Person, ...]:
    """Who could approve what this person asks for, before there is a pull request to count reviews of.

    These are the owners, each human once, without the requester. If people.yaml does not know the requester, no owner
    is left out: another check refuses an unknown requester.
    """
    found: list[Person] = []
    known = set(owners.human_keys(requester)) if requester is not None else set[str]()
    for person in owned_by.people:
        if known.isdisjoint(keys := owners.human_keys(person)):
            found.append(person)
            known |= keys
    return tuple(found)


def _approvers(approvals: Iterable[Approval]) -> tuple[Person, ...]:
    return tuple(each.person for each in approvals)


def _all_approve(parsed_case: ParsedCase) -> ParsedCase:
    """The case as if every owner approved now. A new review replaces the person's older one."""
    new = [_approval(parsed_case, person) for person in parsed_case.owned_by.people]
    ids = {review.user.github_id for review in new}
    kept = [review for review in parsed_case.merge.reviews if review.user.github_id not in ids]
    may_write = {review.user.login: "write" for review in new}  # GitHub lets none own who may not
    permissions = {**parsed_case.merge.permissions, **may_write}
    merge = replace(parsed_case.merge, reviews=(*kept, *new), permissions=permissions)
    return replace(parsed_case, merge=merge)


def _approval(parsed_case: ParsedCase, person: Person) -> Review:
    return _submitted(parsed_case, Actor(login=person.login, github_id=person.github_id))


def _submitted(parsed_case: ParsedCase, actor: Actor) -> Review:
    """An approval of the head, at the moment of the merge."""
    return Review(
        review_id=0,
        user=actor,
        state="APPROVED",
        commit=parsed_case.merge.pull_request.head,
        submitted_at=parsed_case.merged_at,
    )
