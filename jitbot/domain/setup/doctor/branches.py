"""What protects main and the ledger.

Rulesets and classic protection add up on GitHub, the stricter counting, so a requirement that either makes holds.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Question, Unknown, listed

STATUSES = frozenset({"jitbot/check", "jitbot/approval"})
ADMIN_ROLE = 5  # GitHub's number of the repository role admin, as rulesets name it
_ADMINS = ("RepositoryRole", ADMIN_ROLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What the rules of a branch ask for, all of them together. `methods` None: any method of merging."""

    force_push_blocked: bool = False
    deletion_blocked: bool = False
    pull_request: bool = False
    approvals: int = 0
    code_owners: bool = False
    dismisses_stale: bool = False
    last_push_approval: bool = False
    statuses: frozenset[str] = frozenset()
    up_to_date: bool = False
    methods: frozenset[str] | None = None

    def plus(self, other: "Protection") -> "Protection":
        """Both together: of each, the stricter."""
        methods = [each for each in (self.methods, other.methods) if each is not None]
        return Protection(
            force_push_blocked=self.force_push_blocked or other.force_push_blocked,
            deletion_blocked=self.deletion_blocked or other.deletion_blocked,
            pull_request=self.pull_request or other.pull_request,
            approvals=max(self.approvals, other.approvals),
            code_owners=self.code_owners or other.code_owners,
            dismisses_stale=self.dismisses_stale or other.dismisses_stale,
            last_push_approval=self.last_push_approval or other.last_push_approval,
            statuses=self.statuses | other.statuses,
            up_to_date=self.up_to_date or other.up_to_date,
            methods=frozenset.intersection(*methods) if methods else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """Somebody who need not obey: GitHub's kind of actor, its number, when, and in which ruleset."""

    kind: str  # RepositoryRole, OrganizationAdmin, Team, Integration, DeployKey, User
    number: int | None
    mode: str  # always, pull_request, exempt
    ruleset: str

    @property
    def is_admin(self) -> bool:
        """Whether it is those alone who could change the rules anyway."""
        return self.kind == "OrganizationAdmin" or (self.kind, self.number) == _ADMINS

    def shown(self) -> str:
        """In words."""
        who = {"OrganizationAdmin": "the organisation's admins", "DeployKey": "every deploy key"}.get(
            self.kind
        )
        if (self.kind, self.number) == _ADMINS:
            who = "the repository's admins"
        return f"{who or f'{self.kind} {self.number}'} ({self.mode}, in ruleset {self.ruleset})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What is known of a branch's protection; `classic` is all zeros where there is none."""

    name: str
    rules: Protection | Unknown
    classic: Protection | Unknown
    bypasses: tuple[Bypass, ...] | Unknown


Holds = Callable[[Protection], bool]


def _question(
    code: str, title: str, means: str, click: str, otherwise: CheckVerdict = CheckVerdict.WRONG
) -> Question:
    mend = f"in main's ruleset {click}; `jitbot init --apply` does it"
    return Question(
        code=f"main-{code}", group="main", title=title, means=means, mend=mend, otherwise=otherwise
    )


_MAIN: tuple[tuple[Question, Holds], ...] = (
    (
        _question(
            "pull-request",
            "changes need a pull request",
            "promise 1: whoever may write could change the rules without anybody seeing it",
            "turn on 'Require a pull request before merging'",
        ),
        lambda found: found.pull_request,
    ),
    (
        _question(
            "approvals",
            "at least one approval",
            "promise 1: rules could be changed without approval",
            "set 'Required approvals' to 1 or more",
        ),
        lambda found: found.approvals >= 1,
    ),
    (
        _question(
            "code-owners",
            "a code owner must approve",
            "promise 1: anybody's approval would do to change policies, people and workflows",
            "turn on 'Require review from Code Owners'",
        ),
        lambda found: found.code_owners,
    ),
    (
        _question(
            "dismiss-stale",
            "a push dismisses approvals",
            "promise 1: what was approved could be replaced before it is merged, or retargeted",
            "turn on 'Dismiss stale pull request approvals when new commits are pushed'",
        ),
        lambda found: found.dismisses_stale,
    ),
    (
        _question(
            "last-push",
            "somebody else approves the last push",
            "promise 1: an approver could push to a pull request under another name, and approve it",
            "turn on 'Require approval of the most recent reviewable push'",
        ),
        lambda found: found.last_push_approval,
    ),
    (
        _question(
            "force-push",
            "no force push",
            "promise 4: history that decisions rest on could be rewritten",
            "turn on 'Block force pushes'",
        ),
        lambda found: found.force_push_blocked,
    ),
    (
        _question(
            "deletion",
            "no deletion",
            "promise 4: history that decisions rest on could be deleted",
            "turn on 'Restrict deletions'",
        ),
        lambda found: found.deletion_blocked,
    ),
    (
        _question(
            "statuses",
            "the checks must be green",
            "a request that jitbot will refuse could be merged, and is then refused",
            "require the status checks jitbot/check and jitbot/approval",
            CheckVerdict.WARN,
        ),
        lambda found: found.statuses >= STATUSES,
    ),
)
_UP_TO_DATE = Question(
    code="main-up-to-date",
    group="main",
    title="branches need not be up to date",
    means="each merge would hold up every other request until it is updated and approved again",
    mend="in main's ruleset turn off 'Require branches to be up to date before merging'",
    otherwise=CheckVerdict.WARN,
)


def main(branch: Branch, url: str) -> Iterator[Check]:
    """The checks of main; `url` is the repository's page."""
    for question, holds in _MAIN:
        yield _asked(question, holds, branch)
    yield _never_asked(_UP_TO_DATE, lambda found: found.up_to_date, branch)
    yield _bypasses("main", branch, url)


_LEDGER: tuple[tuple[str, str, str, Holds], ...] = (
    ("force-push", "no force push", "Block force pushes", lambda found: found.force_push_blocked),
    ("deletion", "no deletion", "Restrict deletions", lambda found: found.deletion_blocked),
)


def ledger(branch: Branch, tip: bool | Unknown, url: str) -> Iterator[Check]:
    """The checks of the ledger; `tip`: whether there is one."""
    exists = Question(
        code="ledger-exists",
        group="ledger",
        title="the branch ledger exists",
        means="promise 4: nothing can be recorded, so nothing is granted",
        mend="jitbot init --apply",
    )
    yield exists.unknown(tip.why) if isinstance(tip, Unknown) else exists.answer(tip, "there is none")
    for code, title, click, holds in _LEDGER:
        question = Question(
            code=f"ledger-{code}",
            group="ledger",
            title=title,
            means="promise 4: the record could be rewritten; `jitbot grant` refuses to work like this",
            mend=f"in a ruleset for the branch ledger turn on '{click}'; `jitbot init --apply` does it",
        )
        # grant and sweep read rulesets alone, so classic protection does not count here.
        if isinstance(branch.rules, Unknown):
            yield question.unknown(branch.rules.why)
        else:
            yield question.answer(holds(branch.rules), "no active ruleset says so")
    pull = Question(
        code="ledger-writable",
        group="ledger",
        title="jitbot can write to it",
        means="nothing could be recorded, so nothing would be granted",
        mend="take the branch ledger out of every rule that wants pull requests or status checks",
    )
    yield _never_asked(pull, lambda found: found.pull_request or bool(found.statuses), branch)
    yield _bypasses("ledger", branch, url)


def _asked(question: Question, holds: Holds, branch: Branch) -> Check:
    """Something that rulesets or classic protection must ask for."""
    known = [each for each in (branch.rules, branch.classic) if not isinstance(each, Unknown)]
    if any(holds(each) for each in known):
        return question.ok()
    for each in (branch.rules, branch.classic):
        if isinstance(each, Unknown):
            return question.unknown(each.why)
    return question.no("no active rule says so")


def _never_asked(question: Question, asks: Holds, branch: Branch) -> Check:
    """Something that neither may ask for."""
    for each in (branch.rules, branch.classic):
        if not isinstance(each, Unknown) and asks(each):
            return question.no("a rule asks for it")
    for each in (branch.rules, branch.classic):
        if isinstance(each, Unknown):
            return question.unknown(each.why)
    return question.ok()


def _bypasses(name: str, branch: Branch, url: str) -> Check:
    question = Question(
        code=f"{name}-bypass",
        group=name,
        title="nobody may pass the rules by",
        means=f"{'promise 1' if name == 'main' else 'promise 4'}: these need not obey the rules above",
        mend=f"empty the bypass list of each ruleset: {url}/settings/rules",
    )
    if isinstance(branch.bypasses, Unknown):
        return question.unknown(branch.bypasses.why)
    if not branch.bypasses:
        return question.ok()
    says = listed(each.shown() for each in branch.bypasses)
    if all(each.is_admin for each in branch.bypasses):
        # They could change the rules instead: GitHub has no way to bind them, and SECURITY says so.
        return Check(
            code=question.code,
            group=name,
            title=question.title,
            verdict=CheckVerdict.WARN,
            says=says,
            means=question.means,
            mend=question.mend,
        )
    return question.no(says)
