"""Few people, requests, commits and keys, crossed in every way: the log of one person shows what the whole log shows."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import NOW, sha
from builders import an_approval
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plain_ledger import PlainLedger
from whole_ledger import read

from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.report.log_rows import LogFilter, LogRow, asked_for, kept_for_rows, rows
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.evidence import Evidence, RecordedAccount
from jitbot.domain.model.documents import AccountId
from jitbot.usecases.audit import passed_over, read_all

KINDS = (
    *(EventType.APPROVED,) * 2,
    EventType.EXTENDED,
    EventType.REFUSED,
    *(EventType.GRANTED,) * 3,
    EventType.ENDED,
)
OTHERS = (EventType.REVOKED, EventType.REVIEWED, EventType.RULES, EventType.STOPPED, EventType.VERIFIED)
PEOPLE = (
    "alice",
    "Alice",
    "bob",
    "bo\u017f",
    "BO\u017f",
    "\u212aim",
    "kim",
    "ali",
    "1000",
    "a\\b",
    "stra\u00dfe",
)
ASKED_OF = (
    "alice",
    "bob",
    "bos",
    "kim",
    "ali",
    "1000",
    "1e3",
    "a\\b",
    "STRASSE",
    "\u212aIM",
    "request",
    "u",
    "nobody",
)
Spelling = Callable[[bytes, random.Random], bytes]


def in_escapes(content: bytes, drawn: random.Random) -> bytes:
    """The same text, some of its letters as JSON's escapes: of names, of keys, and of the request."""
    text = content.decode()
    letters = drawn.sample("abeilorst", 3)
    quoted = text.split('"')
    for at in range(1, len(quoted), 2):
        if drawn.random() < 0.3 and "\\" not in quoted[at]:
            quoted[at] = "".join(f"\\u{ord(each):04X}" if each in letters else each for each in quoted[at])
    return '"'.join(quoted).encode()


def in_ascii(content: bytes, _: random.Random) -> bytes:
    """The same, without any letter that is not ASCII."""
    return json.dumps(json.loads(content), indent=2).encode()


def said_twice(content: bytes, drawn: random.Random) -> bytes:
    """One key twice, of which no jitbot reads either."""
    key, value = drawn.choice([("request", "requests/p/2026-11/24-b.yaml"), ("event", "ended"), ("run", "x")])
    return content.replace(b"{\n", b'{\n  "%s": "%s",\n' % (key.encode(), value.encode()), 1)


SPELLINGS: Sequence[Spelling] = (
    *(lambda content, _: content,) * 8,
    in_escapes,
    in_escapes,
    in_ascii,
    said_twice,
    lambda content, _: b"\xef\xbb\xbf" + content,
    lambda content, _: content.decode().encode("utf-16"),
    lambda content, _: content.replace(b'"run": "', b'"run": "\xff', 1),
    lambda content, _: content.replace(b'"ask": {', b'"ask": {"github_id": 1e3, "x": 1000, ', 1),
    lambda content, _: content.replace(b"\n", b"\r\n"),
)


def an_event(drawn: random.Random) -> Event:
    """Somebody's part in some request, or in none; most of what it could name is missing."""
    kind = drawn.choice((*KINDS, *OTHERS))
    path = f"requests/{drawn.choice('pq')}/2026-11/24-{drawn.choice('ab')}.yaml"
    asked = [Ask.requester(drawn.choice(PEOPLE))] if drawn.random() < 0.4 else []
    if drawn.random() < 0.3:
        asked += [Ask.reason(drawn.choice(["why", "because of alice", "\u00fc"])), Ask.ticket("T-1")]
    evidence = []
    if drawn.random() < 0.3:
        evidence.append(Evidence.by(drawn.choice(PEOPLE)))
    if drawn.random() < 0.2:
        evidence.append(Evidence.author(RecordedAccount.named(drawn.choice(PEOPLE), 1000)))
    if drawn.random() < 0.1:
        evidence.append(Evidence.person(RecordedAccount.named(drawn.choice(PEOPLE), 1000)))
    if drawn.random() < 0.2:
        evidence.append(("approvals", [{"login": drawn.choice(PEOPLE)}, {"login": 1000}, {}]))
    return replace(
        an_approval(),
        kind=kind,
        at=NOW + timedelta(seconds=drawn.randrange(3)),
        request="" if kind in (EventType.RULES, EventType.STOPPED, EventType.VERIFIED) else path,
        commit=sha(f"merge {drawn.randrange(2)}"),
        account_id=AccountId(drawn.choice(["", "222222222222"])),
        ask=Ask.of(*asked),
        evidence=Evidence.of(*evidence),
        documents=(),
    )


def crossed(seed: int) -> PlainLedger:
    """A ledger of such events."""
    drawn = random.Random(seed)  # noqa: S311 - a made history, not a secret
    plain = PlainLedger()
    plain.push(an_event(drawn), files={"keys/2026/11/24/x/k0.json": b"zero"})
    for _ in range(drawn.randrange(4, 16)):
        head = plain.commits[-1].commit
        some = [an_event(drawn) for _ in range(drawn.randrange(1, 3))]
        spelled = drawn.choice(SPELLINGS)
        files = {batches.filed(each.path, head): spelled(dump(each), drawn) for each in some}
        kid = drawn.choice(["k0"] * 6 + ["k1", "k2"])
        if drawn.random() < 0.2:
            vouched = drawn.choice(["k1", "k2"])
            files[f"keys/2026/11/24/{head[:20]}/{vouched}.json"] = (
                vouched if drawn.random() < 0.97 else "other"
            ).encode()
        plain.push(*some, files=files, kid=kid)
    return plain


def shown(history: LedgerHistory, person: str) -> list[LogRow]:
    """The rows of a log of this person."""
    found = rows(history.recorded, asked_for(history.recorded))
    return [row for row in found if LogFilter(person=person).includes(row)]


@settings(max_examples=60)
@example(seed=149998, person="STRASSE", at_once=400, anchored=False)  # a key counts before what waits for it
@given(
    seed=st.integers(0, 10**6),
    person=st.sampled_from(ASKED_OF),
    at_once=st.sampled_from([1, 3, 400]),
    anchored=st.booleans(),
)
def test_what_is_shown_is_what_the_whole_log_shows(
    seed: int, person: str, at_once: int, anchored: bool
) -> None:
    """Two people ask by one path, a name is written in other letters, a record comes twice, a key counts late."""
    plain = crossed(seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read_all, "_AT_ONCE", at_once)
        patched.setattr(passed_over, "_KEYS_AT_ONCE", 1)
        keys = {"k0": "zero"} if anchored else {}
        whole, quick = read(plain, kept_for_rows, **keys), read(plain, kept_for_rows, person, **keys)
    assert shown(quick, person) == shown(whole, person)
    assert (quick.anchored, quick.commits) == (whole.anchored, whole.commits)
