"""Break-glass: can the required review be given, and can a request be merged soon?"""

from collections.abc import Iterable, Iterator

from jitbot.domain.access import break_glass
from jitbot.domain.model.documents import People, Policy, Teams
from jitbot.domain.model.grammar import any_request
from jitbot.domain.setup.doctor.github.desired_settings import APPROVALS
from jitbot.domain.setup.doctor.github.github_state import Branch
from jitbot.domain.setup.doctor.ownership import may_be_reviewed
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

_GROUP = "who approves"


def reviewers(policies: Iterable[Policy], people: People, teams: Teams) -> Iterator[Check]:
    """Whether each break-glass policy has somebody who can review its use, for every possible requester."""
    for policy in policies:
        if not break_glass.is_break_glass(policy):
            continue
        able = break_glass.reviewers_of(policy, people, teams)
        question = Check(
            code=f"reviewers-{policy.name}",
            group=_GROUP,
            title=f"{policy.name} has who reviews it afterwards",
            impact="every request for it would be refused: nobody could review what was done",
            fix=f"name reviewers in {policy.path} who are in policies/people.yaml",
        )
        named = listed(policy.reviewers)
        yield question.answer(bool(able), f"policies/people.yaml knows nobody of {named}")
        # Another question than who approves: reviewers are named by the policy, and own nothing in CODEOWNERS.
        if alone := break_glass.unreviewed(policy, people, teams):
            again = Check(
                code=f"{question.code}-alone",
                group=_GROUP,
                title=f"{policy.name} can be asked for by its reviewers, too",
                impact="nobody reviews what they did themselves",
                fix=f"name one more reviewer in {policy.path}",
                otherwise=CheckVerdict.WARN,
            )
            yield again.no(f"nobody is left to review what {listed(alone)} would do")


def soon(policies: Iterable[Policy], main: Branch) -> Iterator[Check]:
    """Whether a break-glass request can be merged into main with one approval. No check if no policy is break-glass.

    GitHub requires its number of approvals even if nobody owns the files: then a person with write access approves.
    Main must require at least one, since with 0 GitHub may let in changes of the rules without their owners' review.
    """
    names = [policy.name for policy in policies if break_glass.is_break_glass(policy)]
    if not names:
        return
    question = Check(
        code="break-glass-merges",
        group=_GROUP,
        title="a break-glass request merges with one approval",
        impact="at night few people may be there to approve, and break-glass is for that hour",
        fix="in main's ruleset set 'Required approvals' to 1: anyone with write access may give it",
        otherwise=CheckVerdict.WARN,
    )
    asked = APPROVALS.asked_of(main)
    counts = [each for each in asked if isinstance(each, int)]
    if waiting := [name for name in names if may_be_reviewed(any_request(name), main)]:
        yield question.no(
            f"main may ask for a required reviewer by path before {listed(waiting)} is merged",
            fix="in main's ruleset name no path of theirs under 'Required reviewers'",
        )
    elif len(counts) < len(asked):
        yield question.unknown(next(each.why for each in asked if isinstance(each, Unknown)))
    else:
        said = f"main asks for {max(counts)} before {listed(names)} is merged"
        yield question.answer(max(counts) <= 1, said)
