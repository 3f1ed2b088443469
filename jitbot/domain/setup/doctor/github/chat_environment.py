"""Is the secret with the chat channels' addresses where main's workflows alone are given it?

https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
"""

from collections.abc import Iterator
from dataclasses import replace

from jitbot.domain.notifications.channels import NOTIFY, SECRET, Channels
from jitbot.domain.setup.doctor.github.github_state import ENVIRONMENT, GitHubState
from jitbot.domain.setup.doctor.github.setting import SettingChange
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

ENVIRONMENT_BRANCHES = frozenset({"main"})  # that are given its secrets
CHAT_ENVIRONMENT = SettingChange(
    title="the environment of chat",
    effect=f"the environment {ENVIRONMENT}, for main alone",
    method="PUT",
    path=f"/environments/{ENVIRONMENT}",
)
_GROUP = "chat"
_LEAK = "anyone with write access could read the channels' addresses in a workflow of their own, and write to the channels"
LIMITED = Check(
    code="chat-environment",
    group=_GROUP,
    title=f"the environment {ENVIRONMENT} is for main alone",
    impact=_LEAK,
    fix=f"`jitbot init --apply`, or in the settings of the environment {ENVIRONMENT}: deployment branches, main alone",
)
PLACE = Check(
    code="chat-secret-place",
    group=_GROUP,
    title=f"{SECRET} is a secret of the environment alone",
    impact=_LEAK,
    fix=f"replace the addresses, set {SECRET} with `gh secret set {SECRET} --env {ENVIRONMENT}`, and delete it elsewhere",
)
_THERE = Check(
    code="chat-secret",
    group=_GROUP,
    title="the channels have addresses",
    impact="nothing is sent to chat",
    fix=f"gh secret set {SECRET} --env {ENVIRONMENT} < channels.json",
    otherwise=CheckVerdict.WARN,
)


def environment(state: GitHubState, *, needed: bool = True) -> Check:
    """Whether no workflow but main's is given its secrets. `needed`: whether there is any use for it."""
    found = state.environment
    if isinstance(found, Unknown):
        return LIMITED.unknown(found.why)
    if found is None:
        missing = replace(LIMITED, otherwise=CheckVerdict.WARN if needed else CheckVerdict.OK)
        return missing.no("there is none", fix="jitbot init --apply")
    return LIMITED.answer(
        found.allows == ENVIRONMENT_BRANCHES, f"it allows {listed(sorted(found.allows)) or 'nothing at all'}"
    )


def checks(state: GitHubState, channels: Channels) -> Iterator[Check]:
    """The environment, where the secret is, and whether it is there if notify.yaml names channels."""
    needed = bool(channels.shapes)
    yield environment(state, needed=needed)
    if isinstance(state.secrets, Unknown):
        yield PLACE.unknown(state.secrets.why)
    else:
        yield PLACE.answer(SECRET not in state.secrets, "the repository or its organisation has it too")
    found = state.environment
    if not needed or found is None or isinstance(found, Unknown):
        return
    if isinstance(found.secrets, Unknown):
        yield _THERE.unknown(found.secrets.why)
    else:
        yield _THERE.answer(
            SECRET in found.secrets, f"{NOTIFY} names channels, and the environment has no {SECRET}"
        )
