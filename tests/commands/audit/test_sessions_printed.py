"""What `jitbot audit sessions` shows of a use that is a plain value."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import HOUR, MINUTE, NOW, PATH
from audit_facts import a_ledger, a_recorded, approval
from builders import the_documents
from desk import Said, said
from use_facts import a_call, an_opening

from jitbot.commands.audit import sessions as module
from jitbot.domain.usage.role_usage import Period, Usage

ROLE = the_documents()
NEVER = Usage(
    documents=ROLE, period=Period(start=NOW, end=NOW + HOUR), regions=("eu-west-1", "us-east-1"), openings=(), calls=()
)  # fmt: skip
USED = Usage(
    documents=ROLE,
    period=NEVER.period,
    regions=NEVER.regions,
    openings=(an_opening(at=NOW + MINUTE), an_opening(2, at=NOW + 2 * MINUTE, key="")),
    calls=(a_call(at=NOW + 3 * MINUTE), a_call(2, at=NOW + 4 * MINUTE), a_call(3, "AccessDenied", name="Scan\x1b")),
    cut="some of it is kept no more\x1b",
)  # fmt: skip
HEAD = [
    PATH,
    "",
    f"{ROLE.role_arn} ({ROLE.account})",
    "  looked in eu-west-1, us-east-1 from 2026-11-24T09:01:00Z to 2026-11-24T10:01:00Z",
]
Show = Callable[..., Said]


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Show:
    """Runs it where CloudTrail shows this use."""

    def run(usage: Usage, *arguments: str) -> Said:
        inputs = SimpleNamespace(history=a_ledger(a_recorded(approval())), settings=None)
        monkeypatch.setattr(module, "load_inputs", lambda *_, **__: inputs)
        monkeypatch.setattr(module, "aws_identity", lambda *_: None)
        monkeypatch.setattr(module, "AwsTrails", lambda *_, **__: "trails")
        monkeypatch.setattr(module, "used", lambda *_, **__: (usage,))
        return said("audit", "sessions", "alice-refunds", *arguments, folder=tmp_path)

    return run


def test_what_was_never_used(sessions: Show) -> None:
    """Where and when was looked is said, too."""
    answer = sessions(NEVER)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [*HEAD, "  never used, as far as CloudTrail knows"]


def test_what_was_used(sessions: Show) -> None:
    """Each session with its way in, each operation with how often it was called and denied, and what is not known."""
    assert sessions(USED).out.splitlines() == [
        *HEAD,
        "  first use 2026-11-24T09:02:00Z, last use 2026-11-24T09:11:00Z",
        "  entered   2026-11-24T09:02:00Z with keys by arn:alice as alice from 192.0.2.7",
        "  entered   2026-11-24T09:03:00Z in the console by arn:alice as alice from 192.0.2.7",
        "        2 × dynamodb:DescribeTable",
        "        1 × dynamodb:Scan\\x1b, 1 denied",
        "  ? some of it is kept no more\\x1b",
    ]


def test_the_same_for_programs(sessions: Show) -> None:
    """By request, and for each role."""
    found = cast("Any", sessions(USED, "--format", "json").json)
    assert (found["request"], [each["denied"] for each in found["roles"]]) == (PATH, [1])
