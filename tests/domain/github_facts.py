"""A repository on GitHub as `init --apply` leaves it, in GitHub's own answers, and what may be changed of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github.github_state import Branch, Environment, GitHubState, Hosting
from jitbot.domain.setup.doctor.github.setting_changes import body

Rules = tuple[Mapping[str, Any], ...]

_SENT: tuple[Any, Any] = (body(desired.MAIN_RULESET)["rules"], body(desired.LEDGER_RULESET)["rules"])
MAIN_RULES: Rules = tuple(_SENT[0])
LEDGER_RULES: Rules = tuple(_SENT[1])
CLASSIC: Mapping[str, Any] = {
    "enforce_admins": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
    "required_pull_request_reviews": {
        "required_approving_review_count": 1,
        "require_code_owner_reviews": True,
        "dismiss_stale_reviews": True,
        "require_last_push_approval": True,
    },
    "required_status_checks": {"strict": False, "contexts": ["jitbot/check", "jitbot/approval"]},
}
JOB_TOKENS: Mapping[str, Any] = body(desired.JOB_TOKENS)
HOSTING = Hosting(
    default_branch="main",
    full_name="acme/access",
    repository_id=7,
    answer={"default_branch": "main", "archived": False, **body(desired.MERGING)},
)
ACTIONS: Mapping[str, Any] = {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
SUBJECT: Mapping[str, Any] = {"sub_claim_prefix": "repo:acme/access", "use_default": True}
MAIN = Branch(name="main", rules=MAIN_RULES, classic=None, bypasses=())
LEDGER = Branch(name="ledger", rules=LEDGER_RULES, classic=None, bypasses=())
LIMITED = Environment(allows=frozenset({"main"}), secrets=frozenset({"JITBOT_CHANNELS"}))
FINE = GitHubState(
    hosting=HOSTING,
    main=MAIN,
    ledger=LEDGER,
    has_ledger=True,
    job_tokens=JOB_TOKENS,
    environment=LIMITED,
    secrets=frozenset(),
)


def without(rules: Rules, kind: str) -> Rules:
    """The rules but those of one kind."""
    return tuple(rule for rule in rules if rule["type"] != kind)


def asking(rules: Rules, kind: str, **parameters: Any) -> Rules:
    """The rules, with other parameters in those of one kind; ... takes a parameter out."""
    return tuple(
        {**rule, "parameters": _with(rule["parameters"], parameters)} if rule["type"] == kind else rule
        for rule in rules
    )


def hosting(**answer: Any) -> Hosting:
    """The repository with other settings; ... takes one out."""
    return replace(HOSTING, answer=_with(HOSTING.answer, answer))


def job_tokens(**answer: Any) -> Mapping[str, Any]:
    """Other rights of a job's token; ... takes one out."""
    return _with(JOB_TOKENS, answer)


def classic(section: str, **values: Any) -> Mapping[str, Any]:
    """The classic protection with other values in one section; ... takes one out."""
    return {**CLASSIC, section: _with(CLASSIC[section], values)}


def _with(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**known, **changes}.items() if value is not ...}
