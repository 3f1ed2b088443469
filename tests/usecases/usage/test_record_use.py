"""The recorded use of a grant, as a verification of a whole clone in memory judges it: a true one, and each that lies."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import MINUTE
from plain_audit import PlainClone
from use_facts import ASKED_AT, DATA, REGIONS, an_opening

from jitbot.domain.access.request_state import fold_events
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Sha
from jitbot.domain.usage.use_event import SeenUse, due_uses, used_event

AUDIT = {"job_workflow_ref": "acme/access/.github/workflows/audit.yml@refs/heads/main"}
ENTERED = SeenUse(
    openings=(an_opening(1), an_opening(2)), regions=REGIONS, call_regions=REGIONS, not_seen=(DATA,)
)


def over() -> PlainClone:
    """alice's grant is over, and its end is confirmed."""
    clone = PlainClone()
    clone.end(clone.grant())
    clone.now = ASKED_AT + 2 * MINUTE
    return clone


def use_of(clone: PlainClone, seen: SeenUse = ENTERED, at: datetime | None = None) -> Event:
    """What a run of the audit records of it."""
    now = at or clone.now
    (due,) = due_uses(fold_events(clone.told).values(), now)
    return used_event(due, seen, now=now, run="run")


def codes(clone: PlainClone) -> set[str]:
    """What is found; that the role was not removed by now is another promise."""
    return clone.codes() - {"removal-due", "no-removal"}


@pytest.mark.parametrize("seen", [ENTERED, SeenUse(regions=REGIONS, call_regions=REGIONS, not_seen=(DATA,))])
def test_a_true_use_is_found_whole(seen: SeenUse) -> None:
    """Entered twice, or never."""
    clone = over()
    clone.tell(use_of(clone, seen), claims=AUDIT)
    assert codes(clone) == set()
    assert clone.verdict().checked["used"] == 1
    assert due_uses(fold_events(clone.told).values(), clone.now) == ()


@pytest.mark.parametrize(
    ("use", "changes", "expected"),
    [
        ({"entered": 0, "state": "never entered"}, {}, {"use-implausible"}),
        ({"state": "never entered"}, {}, {"use-implausible"}),
        ({"not_seen": []}, {}, {"use-implausible"}),
        ({"last_use": "2026-11-30T09:30:00Z"}, {}, {"use-implausible"}),
        ({}, {"cause": "again"}, {"use-recorded-twice"}),
        ({}, {"commit": Sha("b" * 40)}, {"use-without-grant"}),
        ({}, {"account_id": "012345670123"}, {"use-without-grant"}),
    ],
)
def test_a_run_of_the_audit_that_lies(
    use: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    """Its token is right in everything, and its event is not what the ledger and itself allow."""
    clone = over()
    event = use_of(clone)
    if expected != {"use-implausible"}:
        clone.tell(event, claims=AUDIT)
    told = Evidence({"use": {**dict(event.evidence.use.json), **use}})
    clone.tell(replace(event, evidence=told, **changes), claims=AUDIT)
    assert codes(clone) == expected


def test_another_workflow_that_says_it() -> None:
    """The same event, made out by a run of grant."""
    clone = over()
    clone.tell(use_of(clone))
    assert codes(clone) == {"use-by-another-workflow"}


def test_a_use_of_a_grant_that_is_not_over() -> None:
    """Said while access was live."""
    clone = over()
    event = use_of(clone)
    clone = PlainClone()
    clone.grant()
    clone.later(10 * MINUTE)
    clone.tell(replace(event, at=clone.now), claims=AUDIT)
    assert codes(clone) == {"use-before-end", "use-implausible"}


@pytest.mark.parametrize("forged", ["edited", "deleted", "unattested"])
def test_an_event_that_is_tampered_with(forged: str) -> None:
    """Edited, taken away, or added by somebody with write access: what was attested still counts."""
    clone = over()
    clone.tell(use_of(clone), claims=AUDIT)
    path = next(each.path for each in clone.inputs().history.recorded if each.event.kind is EventType.USED)
    if forged == "edited":
        clone.tell(files={path: b"{}"})
    elif forged == "deleted":
        pushed = clone.tell()
        clone.taken[pushed] = (path,)
    else:
        clone.tell(files={path.replace("-used-", "-used-0"): b"{}"})
    assert codes(clone) == {"unattested" if forged == "unattested" else f"event-{forged}"}
    assert clone.verdict().checked["used"] == 1
