"""What `init --apply` sends to GitHub, put together from the table of desired settings; `init` prints it as commands."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from jitbot.domain.ledger.events import LEDGER
from jitbot.domain.setup.doctor.github.chat_environment import CHAT_ENVIRONMENT, ENVIRONMENT_BRANCHES
from jitbot.domain.setup.doctor.github.desired_settings import CHANGES, LEDGER_BRANCH, TABLE
from jitbot.domain.setup.doctor.github.github_state import NAMED_BRANCHES, Body
from jitbot.domain.setup.doctor.github.setting import MERGE_METHODS, SettingChange

ALL_CHANGES = (*CHANGES, CHAT_ENVIRONMENT)  # in the order of `init --apply`
LEDGER_MESSAGE = "Begin the ledger"
LEDGER_README = b"This branch is the ledger: events are added to it, and nothing is ever changed.\n"
_CHECKS = "required_status_checks"
# No row asks for these: what GitHub wants said of pull requests beside what the rows set.
_ALSO: Mapping[str, Body] = {
    "pull_request": {
        "required_review_thread_resolution": False,
        "allowed_merge_methods": sorted(MERGE_METHODS),
    }
}


def body(change: SettingChange, *, actions_app: int | None = None) -> Body:
    """What the call of a change sends: what all its rows set, together.

    With `actions_app`, required status checks are taken from this App alone.
    """
    together: dict[str, Any] = {}
    for row in TABLE:
        if row.change is change:
            for name, value in row.sets().items():
                together[name] = together[name] | value if name in together else value
    if actions_app is not None:
        together = {name: _from(actions_app, value) for name, value in together.items()}
    return _ruleset(change.branch, together) if change.branch else together


def _from(app: int, asked: Any) -> Any:
    """The parameters of a rule, with this App as the source of each status check among them."""
    if not isinstance(asked, Mapping) or _CHECKS not in asked:
        return asked
    return {**asked, _CHECKS: [{**each, "integration_id": app} for each in asked[_CHECKS]]}


def _ruleset(branch: str, rules: Mapping[str, Mapping[str, object]]) -> Body:
    return {
        "name": f"jitbot: {branch}",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [
            {"type": kind, **({"parameters": {**asked, **_ALSO.get(kind, {})}} if asked else {})}
            for kind, asked in sorted(rules.items())
        ],
    }


def commands(repository: str, *, actions_app: int | None = None) -> Iterator[tuple[str, str]]:
    """Each change as a sentence, and as what to type into a shell that has GitHub's `gh`."""
    place = f"repos/{repository}"
    for change in ALL_CHANGES:
        yield (
            change.effect or change.title,
            _begin(place) if change is LEDGER_BRANCH else _call(place, change, actions_app),
        )


def _call(place: str, change: SettingChange, actions_app: int | None) -> str:
    whole = NAMED_BRANCHES if change is CHAT_ENVIRONMENT else body(change, actions_app=actions_app)
    text = shlex.quote(json.dumps(whole))
    call = f"gh api -X {change.method} {place}{change.path} --input - <<< {text}"
    if change is CHAT_ENVIRONMENT:
        names = (f"-f name={each} -f type=branch" for each in sorted(ENVIRONMENT_BRANCHES))
        call += "".join(
            f" && gh api {place}{change.path}/deployment-branch-policies {name}" for name in names
        )
    return call


def _begin(place: str) -> str:
    text = shlex.quote(LEDGER_README.decode().strip())
    tree = f"$(gh api {place}/git/trees -f 'tree[][path]=README.md' -f 'tree[][mode]=100644' -f 'tree[][type]=blob' -f 'tree[][content]='{text} --jq .sha)"
    commit = (
        f"$(gh api {place}/git/commits -f message={shlex.quote(LEDGER_MESSAGE)} -f tree={tree} --jq .sha)"
    )
    return f"gh api {place}/git/refs -f ref=refs/heads/{LEDGER} -f sha={commit}"
