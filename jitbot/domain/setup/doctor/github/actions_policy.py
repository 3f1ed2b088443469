"""May GitHub Actions run jitbot's jobs here, and is the subject of their tokens one that AWS lets in?

An organisation decides both for many repositories at once. A run that a policy stops has no job and no log, and AWS
answers a token with another subject as it answers a stranger's.
https://docs.github.com/en/rest/actions/permissions, https://docs.github.com/en/rest/actions/oidc
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from jitbot.domain.setup.doctor.github.github_state import Body, Hosting
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

# What jitbot's own action uses in turn, wherever that lies; a test compares.
USED_WITHIN = ("actions/setup-python", "astral-sh/setup-uv")
_GITHUBS = frozenset({"actions", "github"})  # owners whose actions are GitHub's own
_USUAL_KEYS = ["repo", "context"]  # of which GitHub makes the subject where nobody asked for others
_ON = Check(
    code="actions-on",
    group="Actions",
    title="GitHub Actions may run here",
    impact="no workflow of jitbot runs: nothing is granted, and nothing ends early",
    fix="gh api -X PUT repos/{repository}/actions/permissions -F enabled=true; the organisation may have to allow it",
)
_ALLOWED = Check(
    code="actions-allowed",
    group="Actions",
    title="the actions that the workflows use are allowed",
    impact="GitHub ends a run that uses another one before it begins, without a log",
    fix="allow them: {page}/settings/actions; where the organisation decides, in its settings",
)
_SUBJECT = Check(
    code="oidc-subject",
    group="Actions",
    title="the subject of a job's token is GitHub's own",
    impact="AWS refuses every job: jitbot's roles let in the two forms that GitHub has for a branch",
    fix="gh api -X PUT repos/{repository}/actions/oidc/customization/sub -F use_default=true",
)


def checks(
    policy: Body | Unknown, subject: Body | Unknown, hosting: Hosting, used: Iterable[str], page: str
) -> Iterator[Check]:
    """What GitHub says of Actions and of the subject; `used` are the actions that main's workflows use."""
    found = [_on(policy), _subject(subject, hosting)]
    if found[0].verdict is not CheckVerdict.WRONG:  # else it does not matter which are allowed
        found.append(_allowed(policy, hosting, used))
    for check in found:
        yield replace(check, fix=check.fix.format(repository=hosting.full_name, page=page))


def _on(policy: Body | Unknown) -> Check:
    if isinstance(policy, Unknown):
        return _ON.unknown(policy.why)
    enabled = policy.get("enabled")
    if not isinstance(enabled, bool):
        return _ON.unknown("GitHub does not say so")
    return _ON.answer(enabled, "Actions are off in this repository")


def _allowed(policy: Body | Unknown, hosting: Hosting, used: Iterable[str]) -> Check:
    if isinstance(policy, Unknown):
        return _ALLOWED.unknown(policy.why)
    kind = policy.get("allowed_actions")
    if kind == "all":
        return _ALLOWED.ok()
    if kind not in ("selected", "local_only"):
        return _ALLOWED.unknown("GitHub does not say which are allowed")
    listed_ones = policy.get("patterns_allowed") if kind == "selected" else []
    if not isinstance(listed_ones, list):
        return _ALLOWED.unknown("GitHub does not say which are selected")
    patterns = [str(each).lower() for each in listed_ones]
    owners = {hosting.full_name.partition("/")[0].lower()}
    if policy.get("github_owned_allowed") is True:
        owners |= _GITHUBS
    wanted = {each.lower() for each in (*used, *USED_WITHIN) if not each.startswith("./")}
    refused = sorted({each.partition("@")[0] for each in wanted if not _is_allowed(each, owners, patterns)})
    if refused and policy.get("verified_allowed") is True:
        return _ALLOWED.unknown(
            f"verified creators' actions are allowed; whether GitHub counts {listed(refused)} among them, it does not say"
        )
    return _ALLOWED.answer(not refused, f"the policy lets in no {listed(refused)}")


def _is_allowed(used: str, owners: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether an action is let in; a pattern that begins with `!` keeps out what it matches."""
    if any(_fits(used, each[1:]) for each in patterns if each.startswith("!")):
        return False
    return used.partition("/")[0] in owners or any(_fits(used, each) for each in patterns)


def _fits(used: str, pattern: str) -> bool:
    """Whether a pattern such as `owner/name@*` or `owner/*` matches. Of what is used within, no version is known."""
    return fnmatchcase(used, pattern if "@" in used else pattern.partition("@")[0])


def _subject(found: Body | Unknown, hosting: Hosting) -> Check:
    if isinstance(found, Unknown):
        return _SUBJECT.unknown(found.why)
    keys, prefix = found.get("include_claim_keys"), found.get("sub_claim_prefix")
    if found.get("use_default") is not True:
        if keys and keys != _USUAL_KEYS:
            return _SUBJECT.no(f"it is made of {listed(map(str, keys)) if isinstance(keys, list) else keys}")
        if not keys:
            return _SUBJECT.unknown(
                "the organisation's template decides, which this repository does not show"
            )
    forms = _forms(hosting)
    if isinstance(prefix, str) and prefix and prefix.removesuffix(":") not in forms:
        return _SUBJECT.no(f"it begins with {prefix}, and neither with {' nor with '.join(forms)}")
    return _SUBJECT.ok()


def _forms(hosting: Hosting) -> tuple[str, ...]:
    """How the subject of this repository begins: by the names alone, or with the numbers of both."""
    owner, _, name = hosting.full_name.partition("/")
    found = hosting.answer.get("owner")
    number = found.get("id") if isinstance(found, dict) else None
    return (f"repo:{owner}/{name}", f"repo:{owner}@{number}/{name}@{hosting.repository_id}")
