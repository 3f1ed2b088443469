"""What is looked at over time: the settings of GitHub that a promise rests on, and who can see each.

They are rows of doctor's table, by the same codes. GitHub shows the active rules of a branch to everybody who may read
the repository: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch. A job's token is shown no classic
protection, bypass list, secret or setting of Actions; admins are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jitbot.domain.model.documents import Settings
from jitbot.domain.setup.doctor.github.chat_environment import LIMITED, PLACE
from jitbot.domain.setup.doctor.github.desired_settings import TABLE
from jitbot.domain.setup.doctor.github.github_state import Body, Branch, GitHubState, Hosting
from jitbot.domain.setup.doctor.report import Check, Unknown

_MAIN, _LEDGER = "main", "ledger"
# A setting of the repository can ask for it alone, which no look sees.
_BY_SETTINGS = frozenset({"merge-methods"})
OUT_OF_SIGHT = Unknown(why="a job's token is not shown it")
# By the branch whose rules show it; "" where none does.
_SHOWN_BY: Mapping[str, str] = {
    "main-pull-request": _MAIN,
    "main-approvals": _MAIN,
    "main-code-owners": _MAIN,
    "main-dismiss-stale": _MAIN,
    "main-last-push": _MAIN,
    "main-force-push": _MAIN,
    "main-deletion": _MAIN,
    "merge-methods": _MAIN,
    "ledger-force-push": _LEDGER,
    "ledger-deletion": _LEDGER,
    "main-bypass": "",
    "ledger-bypass": "",
    "actions-never-approve": "",
    LIMITED.code: "",
    PLACE.code: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard:
    """One of them. `branch` is the one whose rules show it to every reader; empty where no look sees it."""

    code: str
    title: str
    branch: str

    @property
    def may_be_a_setting(self) -> bool:
        """Whether a setting of the repository may ask for it, where no rule does."""
        return self.code in _BY_SETTINGS

    @property
    def needs_ruleset(self) -> bool:
        """Whether rulesets alone can ask for it. On main, classic protection and the repository's settings can too."""
        return self.branch == _LEDGER


_CHECKS = {check.code: check for check in (*(row.check for row in TABLE), LIMITED, PLACE)}
SAFEGUARDS = tuple(
    Safeguard(code=code, title=f"{_CHECKS[code].group}: {_CHECKS[code].title}", branch=branch)
    for code, branch in _SHOWN_BY.items()
)
BY_CODE: Mapping[str, Safeguard] = {each.code: each for each in SAFEGUARDS}
Rules = tuple[Body, ...] | Unknown


def as_a_job_sees(settings: Settings, main: Rules, ledger: Rules) -> GitHubState:
    """GitHub's state as these rules of both branches show it; all else is unknown, to be judged by doctor's table.

    It has no classic protection, which a job's token is not shown: a row of main that is wrong here may hold by that.
    """
    return GitHubState(
        hosting=Hosting(
            full_name=settings.repository,
            repository_id=settings.repository_id,
            default_branch=_MAIN,
            answer={},
        ),
        main=Branch(name=_MAIN, rules=main, classic=None, bypasses=OUT_OF_SIGHT),
        ledger=Branch(name=_LEDGER, rules=ledger, classic=None, bypasses=OUT_OF_SIGHT),
        has_ledger=OUT_OF_SIGHT,
        job_tokens=OUT_OF_SIGHT,
        environment=OUT_OF_SIGHT,
        secrets=OUT_OF_SIGHT,
    )


def of_safeguards(checks: Iterable[Check]) -> Mapping[str, Check]:
    """Those of doctor's checks that are about a safeguard, by its code, in the order of the list."""
    found = {check.code: check for check in checks}
    return {code: found[code] for code in BY_CODE if code in found}
