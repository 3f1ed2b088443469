"""A made history: as many requests of acme as a test wants, most in good order, some not, always the same ones."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from acme_facts import PEOPLE, a_policy, a_request, sha
from builders import the_documents

from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Login

START = datetime(2024, 1, 1, tzinfo=UTC)
RUN = "https://github.com/acme/access/actions/runs/{}/attempts/1"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICIES = {
    "orders-db-read": "low",
    "service-logs-read": "low",
    "s3-prefix-read": "medium",
    "account-read-only": "medium",
    "ssm-shell": "high",
    "production-admin": "critical",
}
REASONS = (
    "INC-{} refunds are stuck in the queue",
    "customer {} cannot log in",
    "quarterly check {} of the archive",
    "release {} needs a look at the logs",
)
# How many in a thousand go wrong, and how.
ODD = {
    "refused": 60,
    "revoked": 40,
    "drift": 2,
    "unconfirmed": 2,
    "late": 3,
    "short": 1,
    "own": 1,
    "glass": 6,
}


def many(number: int, *, days: int = 1000, seed: int = 7, reason: str | None = None) -> list[Event]:
    """The events of this many requests, spread over these days."""
    return list(_many(number, days, seed, reason))


@lru_cache(maxsize=32)  # several tests look at the same history
def _many(number: int, days: int, seed: int, reason: str | None) -> tuple[Event, ...]:
    drawn = random.Random(seed)  # noqa: S311 - a made history, not a secret
    return tuple(event for at in range(number) for event in _one(at, number, days, drawn, reason))


def _one(at: int, number: int, days: int, drawn: random.Random, reason: str | None) -> Iterator[Event]:
    asker, approver = drawn.choice([("alice", "bob"), ("carol", "bob"), ("dave", "erin"), ("bob", "erin")])
    policy, risk = drawn.choice(list(POLICIES.items()))
    merged = START + DAY * days * (at / number) + MINUTE * drawn.randrange(600)
    merged = merged.replace(microsecond=0)
    fate = drawn.choices([*ODD, ""], [*ODD.values(), 1000 - sum(ODD.values())])[0]
    path = f"requests/{policy}/{merged:%Y-%m}/{merged:%d}-{asker}-{at:05}.yaml"
    text = reason or drawn.choice(REASONS).format(drawn.randrange(9999))
    hours = drawn.choice([1, 2, 2, 4])
    request = a_request(
        path=path, requester=Login(asker), reason=text, duration=hours * HOUR, accounts=("prod",)
    )
    evidence = _evidence(at, asker, approver, merged, risk, fate)
    if fate == "refused":
        asked = Ask.of_request(request, PEOPLE[request.requester]).json
        why = [{"code": "not-approved", "message": "0 of 1 approvals count", "file": path}]
        yield Event(kind=EventType.REFUSED, at=merged + MINUTE, request=path, commit=sha(f"merge {at}"), evidence=Evidence({**evidence, "reasons": why, "approvals": [], "asked": asked}), run=RUN.format(at))  # fmt: skip
        return
    window = iam.Window(starts_at=None, expires_at=merged + request.duration)
    named = a_policy(name=policy)
    documents = the_documents(policy=named, request=request, person=PEOPLE[request.requester], window=window)
    common: dict[str, Any] = {
        "request": path,
        "commit": sha(f"merge {at}"),
        "window": window,
        "run": RUN.format(at),
    }
    yield Event(kind=EventType.APPROVED, at=merged + MINUTE, documents=(documents,), ask=Ask.of_request(request, PEOPLE[request.requester], merged), evidence=Evidence(evidence), **common)  # fmt: skip
    here = {**common, "account": "prod", "account_id": documents.account_id, "role_name": documents.role_name}
    granted = merged + MINUTE + timedelta(seconds=drawn.randrange(5, 50))
    ids = [f"{drawn.getrandbits(64):016x}-{n}" for n in range(2)]
    yield Event(kind=EventType.GRANTED, at=granted, documents=(documents,), evidence=Evidence({"role_id": "AROAEXAMPLE", "aws_request_ids": ids}), **here)  # fmt: skip
    yield from _ending(fate, path, granted, window.expires_at, here, drawn)


def _evidence(
    at: int, asker: str, approver: str, merged: datetime, risk: str, fate: str
) -> Mapping[str, Any]:
    ids = {login: int(PEOPLE[Login(login)].github_id) for login in (asker, approver)}
    who = asker if fate == "own" else approver
    approval = {
        "login": who,
        "github_id": ids[who],
        "review_id": 9000 + at,
        "submitted_at": _show(merged - 10 * MINUTE),
        "commit": sha(f"head {at}"),
        "owner_rule": "12: /requests/",
    }
    glass = {"review_by": _show(merged + DAY), "reviewers": ["bob"]} if fate == "glass" else {}
    return {
        "rules_commit": sha(f"rules {at // 500}"),
        "request_blob": sha(f"blob {at}"),
        "reasons": [],
        "approvals": [] if fate in ("short", "glass") else [approval],
        "not_counted": [],
        "risk": {"level": risk, "reasons": [f"something {risk}"], "access": {"Read": 2}},
        "pull_request": at + 1,
        "author": {"login": asker, "github_id": ids[asker], "type": "User"},
        "head": sha(f"head {at}"),
        "requested_at": _show(merged - HOUR),
        "merged_at": _show(merged),
        "merged_by": {"login": asker, "github_id": ids[asker], "type": "User"},
        "approvals_required": 0 if fate == "glass" else 1,
        "max_duration_seconds": 4 * 3600,
        "owner_rule": "12: /requests/",
        "named": [ids[asker]],
        **glass,
    }


def _ending(
    fate: str, path: str, granted: datetime, expiry: datetime, here: Mapping[str, Any], drawn: random.Random
) -> Iterator[Event]:
    if fate == "unconfirmed":
        return
    why, effective, seen = EndReason.EXPIRED, expiry, "as recorded"
    at = expiry + MINUTE * drawn.randrange(5, 75)
    if fate == "revoked":
        why, at = EndReason.REVOKED, granted + 20 * MINUTE
        effective, seen = at, "denied"
        yield Event(
            kind=EventType.REVOKED,
            at=at - MINUTE,
            request=path,
            why=why,
            evidence=Evidence({"by": "bob", "reason": "over"}),
        )
    if fate == "drift":
        why, effective, seen = EndReason.DRIFT, at, "denied"
    if fate == "late":
        at = expiry + 3 * DAY
    yield Event(
        kind=EventType.ENDED,
        at=at,
        why=why,
        evidence=Evidence({"effective_at": _show(effective), "seen": seen}),
        **here,
    )
    removed = max(at, expiry + HOUR) + MINUTE * drawn.randrange(5, 75)
    yield Event(kind=EventType.REMOVED, at=removed, evidence=Evidence({"verified_absent": True}), **here)


def _show(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
