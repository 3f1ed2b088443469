"""The settings that `init` makes and `doctor` asks for, in GitHub's words: printed as commands, or sent as they are."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from jitbot.domain.setup.doctor.branches import STATUSES

Body = Mapping[str, Any]

LEDGER = "ledger"
LEDGER_MESSAGE = "Begin the ledger"
LEDGER_README = b"This branch is the ledger: events are added to it, and nothing is ever changed.\n"

MERGING: Body = {
    "allow_merge_commit": True,
    "allow_squash_merge": True,
    "allow_rebase_merge": False,
    "allow_auto_merge": True,
    "delete_branch_on_merge": True,
}
JOB_TOKENS: Body = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
_KEPT = ({"type": "deletion"}, {"type": "non_fast_forward"})


def _ruleset(branch: str, *rules: Body) -> Body:
    return {
        "name": f"jitbot: {branch}",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [*_KEPT, *rules],
    }


MAIN_RULESET = _ruleset(
    "main",
    {
        "type": "pull_request",
        "parameters": {
            "required_approving_review_count": 1,
            "require_code_owner_review": True,
            "dismiss_stale_reviews_on_push": True,
            "require_last_push_approval": True,
            "required_review_thread_resolution": False,
            "allowed_merge_methods": ["merge", "squash"],
        },
    },
    {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": False,
            "required_status_checks": [{"context": context} for context in sorted(STATUSES, reverse=True)],
        },
    },
)
LEDGER_RULESET = _ruleset(LEDGER)


def commands(repository: str) -> Iterator[tuple[str, str]]:
    """Each step as a sentence, and as what to type into a shell that has GitHub's `gh`."""
    place = f"repos/{repository}"
    yield "the branch ledger, without a past", _begin(place)
    yield "merge and squash alone, auto-merge, merged branches deleted", _call("PATCH", place, MERGING)
    yield (
        "a job's token may only read by default, and approves nothing",
        _call("PUT", f"{place}/actions/permissions/workflow", JOB_TOKENS),
    )
    yield "the ruleset of the ledger", _call("POST", f"{place}/rulesets", LEDGER_RULESET)
    yield "the ruleset of main", _call("POST", f"{place}/rulesets", MAIN_RULESET)


def _call(method: str, path: str, body: Body) -> str:
    return f"gh api -X {method} {path} --input - <<< {shlex.quote(json.dumps(body))}"


def _begin(place: str) -> str:
    text = shlex.quote(LEDGER_README.decode().strip())
    tree = f"$(gh api {place}/git/trees -f 'tree[][path]=README.md' -f 'tree[][mode]=100644' -f 'tree[][type]=blob' -f 'tree[][content]='{text} --jq .sha)"
    commit = (
        f"$(gh api {place}/git/commits -f message={shlex.quote(LEDGER_MESSAGE)} -f tree={tree} --jq .sha)"
    )
    return f"gh api {place}/git/refs -f ref=refs/heads/{LEDGER} -f sha={commit}"
