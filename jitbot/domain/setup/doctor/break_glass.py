"""Break-glass: can the review that it owes be given, and can a request be merged at once?"""

from collections.abc import Iterable, Iterator

from jitbot.domain.access import break_glass
from jitbot.domain.access.eligibility import is_eligible
from jitbot.domain.model.documents import People, Policy, Teams
from jitbot.domain.setup.doctor.branches import Branch, Bypass
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Question, Unknown, listed

_GROUP = "who approves"


def reviewers(policies: Iterable[Policy], people: People, teams: Teams) -> Iterator[Check]:
    """Whether each policy that asks for no approval before has somebody who can review after, whoever asked."""
    for policy in policies:
        if policy.approvals:
            continue
        able = break_glass.reviewers_of(policy, people, teams)
        question = Question(
            code=f"reviewers-{policy.name}",
            group=_GROUP,
            title=f"{policy.name} has who reviews it afterwards",
            means="every request for it would be refused: nobody could review what was done",
            mend=f"name reviewers in policies/access/{policy.name}.yaml who are in policies/people.yaml",
        )
        named = listed(policy.reviewers)
        yield question.answer(bool(able), f"policies/people.yaml knows nobody of {named}")
        # Another question than who approves: reviewers are named by the policy, and own nothing in CODEOWNERS.
        alone = [
            person.login
            for person in people.values()
            if is_eligible(person.login, policy.eligible, teams) and not break_glass.others(able, person)
        ]
        if able and alone:
            again = Question(
                code=f"{question.code}-alone",
                group=_GROUP,
                title=f"{policy.name} can be asked for by its reviewers, too",
                means="nobody reviews what they did themselves",
                mend=f"name one more reviewer in policies/access/{policy.name}.yaml",
                otherwise=CheckVerdict.WARN,
            )
            yield again.no(f"nobody is left to review what {listed(alone)} would do")


def at_once(policies: Iterable[Policy], main: Branch) -> Iterator[Check]:
    """Whether main lets a request merge that no code owner approves before; nothing where no policy is break-glass.

    GitHub asks for its number of approvals whoever owns the files: then anybody who may write must press Approve.
    """
    names = [policy.name for policy in policies if not policy.approvals]
    if not names:
        return
    question = Question(
        code="break-glass-merges",
        group=_GROUP,
        title="a break-glass request merges at once",
        means="at night nobody may be there to approve, and break-glass is for that hour",
        mend="let those on call past main's ruleset, for pull requests only; jitbot asks for the review all the same",
        otherwise=CheckVerdict.WARN,
    )
    if isinstance(main.rules, Unknown):
        yield question.unknown(main.rules.why)
    elif isinstance(main.classic, Unknown):
        yield question.unknown(main.classic.why)
    else:
        yield _waits(question, names, main.rules.plus(main.classic).approvals, main.bypasses)


def _waits(question: Question, names: list[str], asked: int, bypasses: tuple[Bypass, ...] | Unknown) -> Check:
    if not asked:
        return question.ok()
    if not isinstance(bypasses, Unknown) and any(not each.is_admin for each in bypasses):
        return question.ok(f"main asks for {asked}, and some may merge past it")
    return question.no(
        f"main asks for {asked} before {listed(names)} is merged, and only admins may merge past it"
    )
