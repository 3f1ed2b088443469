"""Rules of main and ledger that the table of desired settings does not ask for, and that may stop jitbot.

They often come from the organisation, for all its repositories.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
"""

from collections.abc import Iterator, Mapping

from jitbot.domain.ledger.events import DELETION, FORCE_PUSH
from jitbot.domain.setup.doctor.github.desired_settings import STATUSES
from jitbot.domain.setup.doctor.github.github_state import Body, Branch, GitHubState, Hosting
from jitbot.domain.setup.doctor.github.setting import SettingRule
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

_QUEUE, _SIGNED = "merge_queue", "required_signatures"
_IN_THE_TABLE = frozenset({"pull_request", "required_status_checks", DELETION, FORCE_PUSH})
# A squash is linear, and so is what jitbot records; GitHub signs both.
_HARMLESS = frozenset({"required_linear_history", _SIGNED})
_SIGN_OFF = Check(
    code="web-commit-sign-off",
    group="repository",
    title="commits on the web need no sign-off",
    impact="GitHub may change the message of what jitbot records, or refuse it; what it then does is not documented",
    fix="turn off 'Require contributors to sign off on web-based commits', or see whether a first grant is recorded",
    otherwise=CheckVerdict.WARN,
)
_SIGNATURES = SettingRule(kind=_SIGNED, classic=(_SIGNED, "enabled"))

_NO_QUEUE = Check(
    code="main-merge-queue",
    group="main",
    title="there is no merge queue",
    impact="nothing is granted: the queue waits for jitbot's statuses on commits of its own, and nobody sets them there",
    fix="take main out of each ruleset that requires a merge queue",
)
_UNSIGNED = Check(
    code="main-signatures",
    group="main",
    title="commits need not be signed",
    impact="a request with a commit that its author did not sign cannot be merged; those of `jitbot request` can",
    fix="ask with `jitbot request`, or have people sign: "
    "https://docs.github.com/en/authentication/managing-commit-signature-verification",
    otherwise=CheckVerdict.WARN,
)
_SOURCE = Check(
    code="main-status-source",
    group="main",
    title="the checks come from GitHub Actions alone",
    impact="anyone with write access could turn them green with a token of their own; nothing is granted by that, and a "
    "request that is merged too early is refused",
    fix="in main's ruleset choose GitHub Actions as the source of both status checks; `jitbot init --apply` does it",
    otherwise=CheckVerdict.WARN,
)
_MAIN = Check(
    code="main-other-rules",
    group="main",
    title="no other rule holds up requests",
    impact="a request that is approved may wait for something that jitbot does not know, or never be merged",
    fix="merge a request to see whether it works, or take main out of these rules",
)
_LEDGER = Check(
    code="ledger-other-rules",
    group="ledger",
    title="no other rule holds up the record",
    impact="GitHub may refuse what jitbot records, and then nothing is granted",
    fix="take the branch ledger out of these rules, which often are the organisation's",
)


def of_main(branch: Branch) -> Iterator[Check]:
    """A merge queue, signed commits, and rules whose effect on a request is unknown."""
    kinds = _kinds(branch)
    signed = _SIGNATURES.asked_of(branch)
    if any(each is True for each in signed):
        yield _UNSIGNED.no("a rule requires signed commits")
    elif gaps := [each for each in signed if isinstance(each, Unknown)]:
        yield _UNSIGNED.unknown(gaps[0].why)
    else:
        yield _UNSIGNED.ok()
    if isinstance(kinds, Unknown):
        yield from (_NO_QUEUE.unknown(kinds.why), _MAIN.unknown(kinds.why))
        return
    yield _NO_QUEUE.answer(_QUEUE not in kinds, "a rule requires it")
    yield _others(_MAIN, kinds - {_QUEUE, "creation"})  # main is there already


def status_source(state: GitHubState) -> Iterator[Check]:
    """Whether main takes jitbot's statuses from GitHub Actions alone. Not asked where the number of that App is unknown."""
    app, rules = state.hosting.actions_app, state.main.rules
    if app is None:
        return
    if isinstance(rules, Unknown):
        yield _SOURCE.unknown(rules.why)
        return
    sources: dict[str, set[object]] = {}
    for rule in rules:
        for context, source in _required_checks(rule):
            sources.setdefault(context, set()).add(source)
    free = sorted(context for context in STATUSES if app not in sources.get(context, {app}))
    yield _SOURCE.answer(not free, f"any account may set {listed(free)}")


def _required_checks(rule: Body) -> Iterator[tuple[str, object]]:
    """The contexts of the status checks that a rule requires, each with the App that must set it."""
    parameters = rule.get("parameters")
    required = parameters.get("required_status_checks") if isinstance(parameters, Mapping) else None
    for each in required if isinstance(required, list) else ():
        if isinstance(each, Mapping):
            yield str(each.get("context")), each.get("integration_id")


def of_ledger(branch: Branch) -> Iterator[Check]:
    """Rules whose effect on what jitbot records is unknown."""
    kinds = _kinds(branch)
    yield _LEDGER.unknown(kinds.why) if isinstance(kinds, Unknown) else _others(_LEDGER, kinds)


def sign_off(hosting: Hosting) -> Check:
    """Whether commits that are made through the API must be signed off. A token that may only read sees it, too."""
    required = hosting.answer.get("web_commit_signoff_required")
    if not isinstance(required, bool):
        return _SIGN_OFF.unknown("GitHub does not say so")
    return _SIGN_OFF.answer(not required, "the repository or its organisation requires it")


def _kinds(branch: Branch) -> frozenset[str] | Unknown:
    """The types of the active rules; Unknown where they cannot be read."""
    return (
        branch.rules
        if isinstance(branch.rules, Unknown)
        else frozenset(str(rule.get("type")) for rule in branch.rules)
    )


def _others(question: Check, kinds: frozenset[str]) -> Check:
    """What a rule of another kind asks for is unknown, so it never counts as fine."""
    found = sorted(kinds - _IN_THE_TABLE - _HARMLESS)
    return question.unknown(f"rules of the type {listed(found)} are active") if found else question.ok()
