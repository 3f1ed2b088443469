"""The git commands that show a grant's evidence in a clone. People paste them, so every word in them is quoted."""

import shlex
from collections.abc import Iterator

from jitbot.domain.audit.verify.grant_record import GrantRecord, RecordedDecision
from jitbot.domain.ledger.events import LEDGER
from jitbot.domain.model.documents import policy_path

_BRANCH = f"refs/remotes/origin/{LEDGER}"  # in full: git takes a tag called origin/ledger first, and any writer may push one
_SPECIAL = "\\.*[$"  # to a basic regular expression; after the trailer's name `^` is none


def commands(record: GrantRecord) -> tuple[str, ...]:
    """Commands for a shell, in the order of the story. A name that does not print is left out of them."""
    return tuple(_commands(record))


def _commands(record: GrantRecord) -> Iterator[str]:
    if record.request.isprintable() and record.request:
        yield _log("Request", record.request)
    elif record.role_name:
        yield _log("Role", record.role_name)
    for decision in record.decisions:
        yield from _of_decision(record, decision)


def _of_decision(record: GrantRecord, decision: RecordedDecision) -> Iterator[str]:
    if decision.commit:
        yield f"git show {_word(decision.commit)}"
    if decision.rules_commit:
        rules = f"{decision.rules_commit}:{policy_path(record.policy)}"
        yield f"git show {_word(decision.rules_commit + ':.github/CODEOWNERS')}"
        if record.policy.isprintable() and record.policy:
            yield f"git show {_word(rules)}"
    if decision.pull_request is not None:
        yield f"git fetch origin refs/pull/{decision.pull_request}/head && git log -3 FETCH_HEAD"


def _log(trailer: str, value: str) -> str:
    """The batches with this trailer: a whole line of the message, in the branch itself and not a tag of its name."""
    line = "".join(f"[{each}]" if each in _SPECIAL else each for each in value)
    return f"git log --reverse --basic-regexp {_word(f'--grep=^{trailer}: {line}$')} {_BRANCH}"


def _word(text: str) -> str:
    return shlex.quote(text)
