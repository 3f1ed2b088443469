"""Break-glass (`approvals: 0`): access is given at once and reviewed afterwards. What refuses it, and who must review.

Every other rule of a decision applies here too. Only the count of approvals is replaced: CODEOWNERS must have a
line that says explicitly that nobody approves, and the policy must name people who review.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access import eligibility
from jitbot.domain.access.approvals.reviews import objectors, part_in
from jitbot.domain.model import owners
from jitbot.domain.model.codeowners import LOCATIONS, CodeOwners, expand, unusable
from jitbot.domain.model.documents import Finding, Login, People, Person, Policy, Problem, Teams
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.parsed_case import ParsedCase

# main's rules still ask for one approval, or GitHub would merge changes of owned files without any. Whose it is, is
# nothing to jitbot. https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
MERGES = "GitHub merges it after one approval, of anyone with write access who did not push it"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredReview:
    """The review that a break-glass grant requires: one of these people must give it before `review_by`."""

    review_by: datetime
    reviewers: tuple[Person, ...]


def is_break_glass(policy: Policy) -> bool:
    """Whether a policy gives access before anybody approves. Only a plain 0 does."""
    return policy.approvals == 0 and not policy.approval_rules


def required_review(parsed_case: ParsedCase) -> RequiredReview | None:
    """Who must review this merge, and by when. None if the policy requires approvals, or cannot be read."""
    policy = parsed_case.policy
    if not is_break_glass(policy) or policy.review_within is None:
        return None
    return RequiredReview(
        review_by=parsed_case.merged_at + policy.review_within, reviewers=tuple(_impartial(parsed_case))
    )


def objections(parsed_case: ParsedCase) -> Iterator[Finding]:
    """Why this merge may not be given access before it is approved; nothing if it may."""
    path = parsed_case.case.change.path
    yield from line_findings(path, parsed_case.case.rules.codeowners)
    required = required_review(parsed_case)
    if required is None or not required.reviewers:
        yield Finding.in_file(path, *no_reviewer(parsed_case.policy, parsed_case.request.requester))
    for person in _objecting(parsed_case):
        message = f"{person.login} is a reviewer of this policy and asks for changes"
        yield Finding.in_file(
            parsed_case.request.path,
            "changes-requested",
            message,
            "have the objection resolved, then ask anew",
        )


def line_findings(path: str, codeowners: CodeOwners | None) -> tuple[Finding, ...]:
    """Findings unless CODEOWNERS has an ownerless line for exactly this request's folder."""
    if codeowners is None or codeowners.findings:
        return unusable(codeowners)
    rule, wanted = codeowners.rule_for(path), f"/requests/{policy_of(path)}/"
    if rule is not None and rule.pattern == wanted and not rule.owners:
        return ()
    if rule is None:
        message = f"no line of CODEOWNERS matches {path}"
    else:
        named = " ".join(rule.owners) or "nobody"
        message = f"line {rule.line}: {rule.pattern} decides for this path, and names {named}"
    hint = f"approvals: 0 needs a line that is exactly `{wanted}`, without an owner, below every other that matches"
    return (
        Finding.in_file(
            LOCATIONS[0], "not-ownerless", message, hint, line=rule.line if rule is not None else 0
        ),
    )


def reviewers_of(policy: Policy, people: People, teams: Teams) -> tuple[Person, ...]:
    """The known people whom a policy's `reviewers` stand for, each once."""
    names = [name if name.startswith("@") else f"@{name}" for name in policy.reviewers]
    known = owners.by_login(people)
    return tuple(known[login.casefold()] for login in expand(names, teams) if login.casefold() in known)


def unreviewed(policy: Policy, people: People, teams: Teams) -> tuple[Login, ...]:
    """The people who may ask under this policy and are the same human as every reviewer that it names."""
    named = reviewers_of(policy, people, teams)
    return (
        eligibility.left_alone(policy, people, teams, lambda each: not others(named, each)) if named else ()
    )


def no_reviewer(policy: Policy, requester: str) -> Problem:
    """That no reviewer but the requester is left."""
    named = " ".join(policy.reviewers) or "nobody"
    message = f"nobody can review what {requester} does: {policy.name} names {named}"
    hint = "an admin names reviewers in the policy whom people.yaml knows, and who are somebody else"
    return "no-reviewer", message, hint


def others(candidates: Iterable[Person], requester: Person) -> tuple[Person, ...]:
    """The reviewers who are not the same human as the requester."""
    return tuple(person for person in candidates if not owners.same_human(person, requester))


def _impartial(parsed_case: ParsedCase) -> Iterator[Person]:
    """The reviewers who are neither the requester, nor the author, nor named by a commit of the request, nor pushed one.

    This is not a count of approvals: a person who owns nothing in CODEOWNERS may still review afterwards.
    """
    named = reviewers_of(parsed_case.policy, parsed_case.people, parsed_case.teams)
    return (person for person in named if part_in(person, parsed_case) is None)


def _objecting(parsed_case: ParsedCase) -> tuple[Person, ...]:
    """The reviewers whose standing judgement at the merge asks for changes. By id, and whatever their dates, as with owners."""
    ids = objectors(parsed_case)
    named = reviewers_of(parsed_case.policy, parsed_case.people, parsed_case.roster.everybody)
    return tuple(person for person in named if person.github_id in ids)


def differ(rules: Rules, others: Rules, path: str, at: datetime) -> bool:
    """Whether two trees say different things of a break-glass that is merged at this moment, the documents aside."""
    return _terms(rules, path, at) != _terms(others, path, at)


def _terms(rules: Rules, path: str, at: datetime) -> tuple[object, ...]:
    """All of a tree's rules that break-glass rests on, the documents aside."""
    policy, people, roster = rules.policy.value, rules.people.value, rules.teams.value
    if policy is None or people is None or roster is None:
        return ("unreadable",)
    reviewers = frozenset(person.github_id for person in reviewers_of(policy, people, roster.at(at)))
    ownerless = not line_findings(path, rules.codeowners)
    return (
        "read",
        policy.approvals,
        policy.approval_rules,
        policy.review_within,
        policy.reviewers,
        reviewers,
        ownerless,
    )
