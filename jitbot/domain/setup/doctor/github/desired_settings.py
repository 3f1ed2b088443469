"""How GitHub must be set up: one table. `doctor` shows where GitHub differs from it, `init --apply` changes that."""

import operator
from collections.abc import Callable, Mapping
from functools import partial

from jitbot.domain.ledger.events import DELETION, FORCE_PUSH
from jitbot.domain.request.new_request import APPROVAL, CHECK
from jitbot.domain.setup.doctor.github.github_state import GitHubState
from jitbot.domain.setup.doctor.github.setting import (
    MERGE_METHODS,
    Seen,
    Setting,
    SettingChange,
    SettingRule,
    key_setting,
    of_job_tokens,
    of_repository,
    pass_by,
    some_of,
)
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

STATUSES = frozenset({CHECK, APPROVAL})

LEDGER_BRANCH = SettingChange(
    title="the branch ledger", effect="the branch ledger, without a past", method="POST", path="/git/refs"
)
MERGING = SettingChange(
    title="merging",
    effect="merge and squash alone, auto-merge, merged branches deleted, issues on",
    method="PATCH",
)
JOB_TOKENS = SettingChange(
    title="what a job's token may do",
    effect="a job's token may only read by default, and approves nothing",
    method="PUT",
    path="/actions/permissions/workflow",
)
LEDGER_RULESET = SettingChange(
    title="the ruleset of the ledger", method="POST", path="/rulesets", branch="ledger"
)
MAIN_RULESET = SettingChange(title="the ruleset of main", method="POST", path="/rulesets", branch="main")
CHANGES = (LEDGER_BRANCH, MERGING, JOB_TOKENS, LEDGER_RULESET, MAIN_RULESET)  # in the order of `init --apply`


def _rule(
    kind: str, parameter: str = "", *classic: str, nothing: bool | int | frozenset[str] = False
) -> SettingRule:
    return SettingRule(kind=kind, parameter=parameter, classic=classic, nothing=nothing)


_REVIEWS = "required_pull_request_reviews"  # a section of classic protection
_CHECKS = "required_status_checks"  # likewise, and a kind of rule, and the parameter of it
_PULL_REQUEST = _rule("pull_request", "", _REVIEWS)
_STATUSES = _rule(_CHECKS, _CHECKS, _CHECKS, "contexts", nothing=frozenset())
_UP_TO_DATE = _rule(_CHECKS, "strict_required_status_checks_policy", _CHECKS, "strict")
APPROVALS = _rule(
    "pull_request", "required_approving_review_count", _REVIEWS, "required_approving_review_count", nothing=0
)


def _main(
    code: str,
    rule: SettingRule,
    wanted: bool | int | frozenset[str] = True,
    *,
    title: str,
    impact: str,
    click: str,
    otherwise: CheckVerdict = CheckVerdict.WRONG,
) -> Setting:
    """Something that main's rules must ask for."""
    return Setting(
        check=Check(
            code=f"main-{code}",
            group="main",
            title=title,
            impact=impact,
            fix=f"in main's ruleset {click}; `jitbot init --apply` does it",
            otherwise=otherwise,
        ),
        wanted=wanted,
        fits=operator.ge,
        read=lambda state: rule.asked_of(state.main),
        observed="no active rule says so",
        change=MAIN_RULESET,
        sets=partial(rule.body, wanted),
    )


def _ledger(code: str, kind: str, *, title: str, click: str) -> Setting:
    """Something that the ledger's rulesets must ask for: grant and sweep read no classic protection."""
    rule = _rule(kind)
    return Setting(
        check=Check(
            code=f"ledger-{code}",
            group="ledger",
            title=title,
            impact="promise 4: the record could be rewritten; `jitbot grant` refuses to work like this",
            fix=f"in a ruleset for the branch ledger turn on '{click}'; `jitbot init --apply` does it",
        ),
        wanted=True,
        read=lambda state: rule.asked_of(state.ledger),
        observed="no active ruleset says so",
        change=LEDGER_RULESET,
        sets=partial(rule.body, True),
    )


def _bypass(
    name: str, promise: str, rows: Callable[[], tuple[Setting, ...]], change: SettingChange
) -> Setting:
    """Nobody may pass the rules of a branch by."""
    return Setting(
        check=Check(
            code=f"{name}-bypass",
            group=name,
            title="nobody may pass the rules by",
            impact=f"{promise}: these need not obey the rules above",
            fix="empty the bypass list of each ruleset: {page}/settings/rules",
        ),
        wanted=(),
        read=lambda state: pass_by(state, name, rows()),
        observed="{}",
        change=change,
    )


_METHODS: Mapping[str, str] = {
    "allow_merge_commit": "merge",
    "allow_squash_merge": "squash",
    "allow_rebase_merge": "rebase",
}


def _methods(state: GitHubState) -> Seen:
    """The ways to merge that the repository allows; a rule of main may allow fewer."""
    answer, rules = state.hosting.answer, state.main.rules
    allowed = []
    if all(isinstance(answer.get(key), bool) for key in _METHODS):
        allowed.append(frozenset(name for key, name in _METHODS.items() if answer[key]))
    for rule in () if isinstance(rules, Unknown) else rules:
        parameters = rule.get("parameters")
        asked = parameters.get("allowed_merge_methods") if isinstance(parameters, Mapping) else None
        if isinstance(asked, list) and asked:  # none: any method
            allowed.append(frozenset(map(str, asked)))
    if not allowed:
        return (Unknown(why="only people with write access see how merging is set"),)
    return (frozenset.intersection(*allowed),)


def _blocks_writing(state: GitHubState) -> Seen:
    """Whether a rule of the ledger asks for what jitbot does not do when it records."""
    asked = (*_PULL_REQUEST.asked_of(state.ledger), *_STATUSES.asked_of(state.ledger))
    return tuple(each if isinstance(each, Unknown) else bool(each) for each in asked)


_METHODS_WANTED = {"allow_merge_commit": True, "allow_squash_merge": True, "allow_rebase_merge": False}

DEFAULT_BRANCH = key_setting(
    of_repository,
    "default_branch",
    "main",
    "it is {}",
    None,
    check=Check(
        code="default-branch",
        group="repository",
        title="the default branch is main",
        impact="schedules run on the default branch, and every workflow works for main alone",
        fix="gh api -X PATCH repos/{repository} -f default_branch=main",
    ),
)
MAIN: tuple[Setting, ...] = (
    _main(
        "pull-request",
        _PULL_REQUEST,
        title="changes need a pull request",
        impact="promise 1: anyone with write access could change the rules without anybody seeing it",
        click="turn on 'Require a pull request before merging'",
    ),
    _main(
        "approvals",
        APPROVALS,
        1,
        title="at least one approval",
        impact="promise 1: rules could be changed without approval; with 0, GitHub may merge without the code owners' "
        "review too, although it is required",
        click="set 'Required approvals' to 1 or more",
    ),
    _main(
        "code-owners",
        _rule("pull_request", "require_code_owner_review", _REVIEWS, "require_code_owner_reviews"),
        title="a code owner must approve",
        impact="promise 1: anybody's approval would do to change policies, people and workflows",
        click="turn on 'Require review from Code Owners'",
    ),
    _main(
        "dismiss-stale",
        _rule("pull_request", "dismiss_stale_reviews_on_push", _REVIEWS, "dismiss_stale_reviews"),
        title="a push dismisses approvals",
        impact="promise 1: what was approved could be replaced before it is merged, or retargeted",
        click="turn on 'Dismiss stale pull request approvals when new commits are pushed'",
    ),
    _main(
        "last-push",
        _rule("pull_request", "require_last_push_approval", _REVIEWS, "require_last_push_approval"),
        title="somebody else approves the last push",
        impact="promise 1: an approver could push to a pull request under another name, and approve it",
        click="turn on 'Require approval of the most recent reviewable push'",
    ),
    _main(
        "force-push",
        _rule(FORCE_PUSH, "", "allow_force_pushes", "enabled"),
        title="no force push",
        impact="promise 4: history that decisions rest on could be rewritten",
        click="turn on 'Block force pushes'",
    ),
    _main(
        "deletion",
        _rule(DELETION, "", "allow_deletions", "enabled"),
        title="no deletion",
        impact="promise 4: history that decisions rest on could be deleted",
        click="turn on 'Restrict deletions'",
    ),
    _main(
        "statuses",
        _STATUSES,
        STATUSES,
        title="the checks must be green",
        impact="a request that jitbot will refuse could be merged, and is then refused",
        click=f"require the status checks {CHECK} and {APPROVAL}",
        otherwise=CheckVerdict.WARN,
    ),
    Setting(
        check=Check(
            code="main-up-to-date",
            group="main",
            title="branches need not be up to date",
            impact="each merge would hold up every other request until it is updated and approved again",
            fix="in main's ruleset turn off 'Require branches to be up to date before merging'",
            otherwise=CheckVerdict.WARN,
        ),
        wanted=False,
        read=lambda state: _UP_TO_DATE.asked_of(state.main),
        observed="a rule asks for it",
        change=MAIN_RULESET,
        sets=partial(_UP_TO_DATE.body, False),
    ),
    _bypass("main", "promise 1", lambda: MAIN, MAIN_RULESET),
)
LEDGER: tuple[Setting, ...] = (
    Setting(
        check=Check(
            code="ledger-exists",
            group="ledger",
            title="the branch ledger exists",
            impact="promise 4: nothing can be recorded, so nothing is granted",
            fix="jitbot init --apply",
        ),
        wanted=True,
        read=lambda state: (state.has_ledger,),
        observed="there is none",
        change=LEDGER_BRANCH,
    ),
    _ledger("force-push", FORCE_PUSH, title="no force push", click="Block force pushes"),
    _ledger("deletion", DELETION, title="no deletion", click="Restrict deletions"),
    Setting(
        check=Check(
            code="ledger-writable",
            group="ledger",
            title="jitbot can write to it",
            impact="nothing could be recorded, so nothing would be granted",
            fix="take the branch ledger out of every rule that wants pull requests or status checks",
        ),
        wanted=False,
        read=_blocks_writing,
        observed="a rule asks for it",
        change=LEDGER_RULESET,
    ),
    _bypass("ledger", "promise 4", lambda: LEDGER, LEDGER_RULESET),
)
REPOSITORY = (
    key_setting(
        of_repository,
        "archived",
        False,
        "it is",
        None,
        check=Check(
            code="not-archived",
            group="repository",
            title="the repository is not archived",
            impact="nothing can be recorded: nothing is granted, and no access ends before its time",
            fix="gh api -X PATCH repos/{repository} -F archived=false",
        ),
    ),
    key_setting(
        of_repository,
        "has_issues",
        True,
        "they are off",
        MERGING,
        check=Check(
            code="issues",
            group="repository",
            title="issues can be opened",
            impact="nobody is asked for the review of a break-glass, and no issue says that the record does not verify",
            fix="gh api -X PATCH repos/{repository} -F has_issues=true",
            otherwise=CheckVerdict.WARN,
        ),
    ),
    Setting(
        check=Check(
            code="merge-methods",
            group="repository",
            title="merge and squash alone",
            impact="a rebase of several commits leaves states on main that no owner was asked about: rules, keys and "
            "settings that were there for a moment; jitbot refuses requests merged so",
            fix="gh api -X PATCH repos/{repository} -F allow_merge_commit=true -F allow_squash_merge=true -F allow_rebase_merge=false",
        ),
        wanted=MERGE_METHODS,
        fits=some_of,
        read=_methods,
        observed="allowed: {}",
        change=MERGING,
        sets=partial(dict, _METHODS_WANTED),
    ),
    key_setting(
        of_repository,
        "allow_auto_merge",
        True,
        "it is off",
        MERGING,
        check=Check(
            code="auto-merge",
            group="repository",
            title="auto-merge can be turned on",
            impact="people must come back and press Merge once a request is approved",
            fix="gh api -X PATCH repos/{repository} -F allow_auto_merge=true",
            otherwise=CheckVerdict.WARN,
        ),
    ),
    key_setting(
        of_repository,
        "delete_branch_on_merge",
        True,
        "it is off",
        MERGING,
        check=Check(
            code="delete-branch",
            group="repository",
            title="merged branches are deleted",
            impact="the branch of each request stays until somebody tidies up",
            fix="gh api -X PATCH repos/{repository} -F delete_branch_on_merge=true",
            otherwise=CheckVerdict.WARN,
        ),
    ),
    key_setting(
        of_job_tokens,
        "default_workflow_permissions",
        "read",
        "it may {}",
        JOB_TOKENS,
        check=Check(
            code="actions-default-read",
            group="Actions",
            title="the job token may only read by default",
            impact="a workflow that asks for nothing could write: to the ledger, to branches",
            fix="gh api -X PUT repos/{repository}/actions/permissions/workflow -f default_workflow_permissions=read",
            otherwise=CheckVerdict.WARN,
        ),
    ),
    key_setting(
        of_job_tokens,
        "can_approve_pull_request_reviews",
        False,
        "they can",
        JOB_TOKENS,
        check=Check(
            code="actions-never-approve",
            group="Actions",
            title="Actions cannot approve pull requests",
            impact="promise 1: a workflow on anybody's branch could approve changes of the rules",
            fix="gh api -X PUT repos/{repository}/actions/permissions/workflow -F can_approve_pull_request_reviews=false",
        ),
    ),
)
TABLE = (DEFAULT_BRANCH, *MAIN, *LEDGER, *REPOSITORY)


def due(state: GitHubState) -> frozenset[SettingChange | None]:
    """What must be changed: all that sets a row which is not seen to be fine."""
    return frozenset(row.change for row in TABLE if row.compare(state).verdict is not CheckVerdict.OK)
