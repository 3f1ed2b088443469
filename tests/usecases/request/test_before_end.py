"""The warning before a grant ends, on a repository in memory: whether an extension would be granted now, where that is known."""

from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, PATH
from builders import a_request_state, an_approval, an_outcome
from plain_pulls import PlainPulls

from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import policy_path
from jitbot.domain.model.errors import UnavailableError
from jitbot.usecases.request.before_end import warning

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1234 refunds are stuck in the queue\nparameters:\n  table: orders\n"
STATE = a_request_state(an_approval(), an_outcome(EventType.GRANTED))
LATE = EXPIRES_AT - 10 * MINUTE
ORDERS = policy_path("orders-db-read")


def said(git: Any = None, *, at: Any = LATE, **files: bytes | None) -> str:
    """What is said of alice's grant, where main has her request and these files."""
    acme = PlainPulls()
    # As `a_policy` has it: an extension gives what was granted.
    acme.files[ORDERS] = b"""\
description: Read one DynamoDB table
eligible: ["@acme/payments", dave]
accounts: [prod, staging]
max_duration: 4h
approvals: 1
parameters:
  table: {enum: [orders, refunds]}
statements:
  - actions: [dynamodb:GetItem, dynamodb:Query]
    resources: ["arn:aws:dynamodb:*:{{account_id}}:table/{{table}}"]
"""
    acme.files[PATH] = TEXT
    for path, content in files.items():
        if content is None:
            del acme.files[path]
        else:
            acme.files[path] = content
    context: Any = acme.context()
    context.git = git or context.git
    (grant,) = grant_statuses([STATE], at)
    return warning(context, STATE, grant, at, options=" --repo x")


def test_while_it_lasts_nothing_is_said_and_nothing_is_read() -> None:
    """For a quarter of an hour or more."""
    nothing: Any = object()
    assert said(nothing, at=EXPIRES_AT - 15 * MINUTE) == ""
    assert said(nothing, at=EXPIRES_AT - HOUR) == ""


def test_how_to_have_more_time_is_said_where_there_is_more() -> None:
    """By main's file and main's rules; and how to ask anew where there is not."""
    found = said()
    assert found.startswith(f"{PATH} ends in 10m, at 2026-11-24T11:00:00Z; an extension must be approved")
    assert found.endswith(f"jitbot extend {PATH} --by 1h --repo x")
    for files in ({PATH: None}, {PATH: b"x: ["}, {ORDERS: b"x: ["}):
        assert said(**files).endswith(
            f"cannot be extended; to ask anew: jitbot request --again {PATH} --repo x"
        )


def test_what_cannot_be_read_keeps_nobody_from_the_rest_of_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That it ends is said, and nothing else."""

    def down(*_: object) -> object:
        raise UnavailableError("git does not answer")

    monkeypatch.setattr(PlainPulls, "entries", down)
    assert said() == f"{PATH} ends in 10m, at 2026-11-24T11:00:00Z"
