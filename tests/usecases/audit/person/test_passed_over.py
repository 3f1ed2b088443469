"""A log of one person that passes over most of the ledger shows what the whole log shows of that person."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from acme_facts import sha
from builders import an_approval, an_outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_ledger import PlainLedger
from random_ledger import random_ledger
from whole_ledger import read, step_of, whole

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.report.log_rows import LogFilter, LogRow, asked_for, kept_for_rows, rows
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import Touched
from jitbot.domain.ledger.mentions import Mentions
from jitbot.usecases.audit import passed_over, read_all
from jitbot.usecases.audit.passed_over import PassedOver

PEOPLE = ("alice", "bob", "carol", "dave", "ALICE", "al", "nobody", "bo\u017f")


def shown(history: LedgerHistory, person: str) -> list[LogRow]:
    """The rows of a log of this person."""
    wanted = LogFilter(person=person)
    found = rows(history.recorded, asked_for(history.recorded))
    return [row for row in found if wanted.includes(row)]


def told(history: LedgerHistory) -> set[str]:
    """The files of events that cannot be read, of which the log says so."""
    return {each.event for each in history.problems if each.severity is Severity.UNCHECKED}


def escaped(content: bytes, drawn: random.Random) -> bytes:
    """The same event, with a letter of each login written as JSON's escape."""
    for login in (b"alice", b"bob", b"carol"):
        at = drawn.randrange(len(login))
        content = content.replace(
            b'"%s"' % login, b'"%s\\u%04x%s"' % (login[:at], login[at], login[at + 1 :])
        )
    return content


def in_capitals(content: bytes, drawn: random.Random) -> bytes:
    """The same event, with some logins in other letters."""
    return content.replace(b'"bob"', drawn.choice([b'"Bob"', b'"BOB"', '"bo\u017f"'.encode()]))


def in_one_line(content: bytes, _: random.Random) -> bytes:
    """The same event, as another jitbot might format it."""
    return json.dumps(json.loads(content), ensure_ascii=False).encode()


def newer(content: bytes, _: random.Random) -> bytes:
    """An event that this jitbot cannot read."""
    return content.replace(b'"schema": 1', b'"schema": 2')


def with_more(content: bytes, _: random.Random) -> bytes:
    """An event that holds more than this jitbot knows."""
    return content.replace(b'"run"', b'"more": "x",\n  "run"')


def as_it_is(content: bytes, _: random.Random) -> bytes:
    """The event as jitbot writes it."""
    return content


SPELLINGS: Sequence[Callable[[bytes, random.Random], bytes]] = (
    *(as_it_is,) * 12,
    *(escaped, in_capitals, in_one_line, newer, with_more),
)


def hostile_ledger(seed: int) -> PlainLedger:
    """A random history in batches, some events of it spelled otherwise, recorded twice, unattested, or signed with other keys."""
    drawn = random.Random(seed)  # noqa: S311 - a made history, not a secret
    events = sorted(random_ledger(seed, requests=8, days=6).events, key=lambda each: each.at)
    plain = PlainLedger()
    plain.now = events[0].at
    plain.push(events[0], files={"keys/2026/11/24/x/k0.json": b"zero"})
    while events:
        some = [events.pop(0)]
        while events and drawn.random() < 0.3 and (events[0].at - some[0].at).total_seconds() < 500:
            some.append(events.pop(0))
        plain.now = some[0].at
        if drawn.random() < 0.1:  # another run records something of the same key
            other = replace(some[0], run="other", evidence=Evidence.of(Evidence.by(drawn.choice(PEOPLE[:3]))))
            plain.push(other)
        head = plain.commits[-1].commit
        spell = drawn.choice(SPELLINGS)
        files = {batches.filed(each.path, head): spell(dump(each), drawn) for each in some}
        kid = drawn.choice(["k0"] * 8 + ["k1", "k2", "k3"])
        if drawn.random() < 0.15:
            signed = {"k0": "k1", "k1": "k2", "k2": "k1", "k3": "k3"}[kid]
            files[f"keys/2026/11/24/{head[:20]}/{signed}.json"] = signed.encode()
        plain.push(*some, files=files, kid=kid)
        if drawn.random() < 0.1:  # and somebody writes another name over it
            plain.commits[-1] = replace(plain.commits[-1], message="forged")
    return plain


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    person=st.sampled_from(PEOPLE),
    at_once=st.sampled_from([1, 7, 400]),
    anchored=st.booleans(),
)
def test_what_is_shown_is_what_the_whole_log_shows(
    seed: int, person: str, at_once: int, anchored: bool
) -> None:
    """Rows and their order; and of what cannot be read, all whose bytes could name the person."""
    plain = hostile_ledger(seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read_all, "_AT_ONCE", at_once)
        patched.setattr(passed_over, "_KEYS_AT_ONCE", 1)
        keys = {"k0": "zero"} if anchored else {}
        whole, quick = read(plain, kept_for_rows, **keys), read(plain, kept_for_rows, person, **keys)
    assert shown(quick, person) == shown(whole, person)
    assert told(quick) <= told(whole)
    content = {entry.path: plain.blobs[entry.blob] for each in plain.commits for entry in each.entries}
    assert {path for path in told(whole) if Mentions(person).may_be_in(content[path])} <= told(quick)
    assert quick.commits == whole.commits
    assert quick.passed_over <= quick.commits


def of(person: str, number: int) -> Event:
    """An approval of a request of this person, by carol."""
    path = f"requests/orders-db-read/2026-11/24-x{number}.yaml"
    asked = Ask.of(Ask.requester(person), Ask.reason("why"))
    given_by = Evidence({"approvals": [{"login": "carol"}]})
    return replace(
        an_approval(), request=path, commit=sha(f"merge {number}"), ask=asked, evidence=given_by, documents=()
    )


def ended(approval: Event) -> Event:
    """The end of that access, which names nobody."""
    outcome = an_outcome(EventType.ENDED, commit=approval.commit)
    return replace(outcome, request=approval.request, role_name="jit-x", ask=Ask(), evidence=Evidence())


def test_most_is_passed_over() -> None:
    """What names others, and their requests' ends; not the ends of the person's own requests, which name nobody."""
    plain = PlainLedger()
    for number in range(6):
        approval = of("alice" if number == 2 else "dave", number)
        plain.push(approval)
        plain.push(ended(approval))
    history = read(plain, person="alice", k0="zero")
    assert [row.event for row in shown(history, "alice")] == ["approved", "ended"]
    assert (history.passed_over, history.commits) == (10, 13)


def test_what_is_shown_says_why_it_was_asked_for() -> None:
    """An end by bob of another's request shows the reason of that request, which is in a batch that does not name bob."""
    plain = PlainLedger()
    approval = of("dave", 1)
    plain.push(approval)
    plain.push(replace(ended(approval), kind=EventType.REVOKED, evidence=Evidence.of(Evidence.by("bob"))))
    (row,) = shown(read(plain, person="bob", k0="zero"), "bob")
    assert (row.requester, row.reason) == ("dave", "why")


def test_the_first_of_a_key_counts_whoever_it_names() -> None:
    """A second record of the same decision, which names bob, is none."""
    plain = PlainLedger()
    plain.push(of("dave", 1))
    plain.push(replace(of("dave", 1), evidence=Evidence.of(Evidence.by("bob"))))
    history = read(plain, person="bob", k0="zero")
    assert shown(history, "bob") == []
    assert history.passed_over == 0


@pytest.mark.parametrize("anchored", [True, False])
def test_a_key_counts_by_a_batch_that_was_passed_over(anchored: bool) -> None:
    """Only of such batches are some judged, the first that bring the missing key."""
    plain = PlainLedger()
    plain.push(of("dave", 0), files={"keys/x/0/k0.json": b"zero"})
    plain.push(of("dave", 1), files={"keys/x/1/k1.json": b"k1"})
    for number in range(2, 30):
        plain.push(of("dave", number), files={f"keys/x/{number}/k1.json": b"k1"})
    plain.push(of("alice", 30), kid="k1")
    history = read(plain, person="alice", k0="zero") if anchored else read(plain, person="alice")
    assert len(shown(history, "alice")) == 1
    assert history.passed_over >= 20


def test_two_keys_of_one_id_make_the_log_a_whole_one() -> None:
    """Which of them counts depends on batches that name nobody, so none is passed over."""
    plain = PlainLedger()
    plain.push(of("dave", 1), files={"keys/x/1/k1.json": b"other"})
    plain.push(of("dave", 2), files={"keys/x/2/k1.json": b"k1"})
    plain.push(of("alice", 3), kid="k1")
    history = read(plain, person="alice", k0="zero")
    assert history.passed_over == 0
    assert shown(history, "alice") == shown(read(plain, k0="zero"), "alice") == []


def test_the_first_key_of_an_id_counts_whoever_brings_another() -> None:
    """Also where the first is in a batch that names nobody, and the second in one of the person's own."""
    plain = PlainLedger()
    plain.push(of("dave", 1), files={"keys/x/1/k1.json": b"other"})
    plain.push(of("alice", 2), files={"keys/x/2/k1.json": b"k1"})
    plain.push(of("alice", 3), kid="k1")
    history, whole_one = read(plain, person="alice", k0="zero"), read(plain, k0="zero")
    assert shown(history, "alice") == shown(whole_one, "alice")
    assert [row.request for row in shown(history, "alice")] == [of("alice", 2).request]


def test_what_a_late_key_speaks_for_is_shown_whole() -> None:
    """The reason of a request is in a batch that was passed over, as is the key of the end by bob."""
    plain = PlainLedger()
    plain.push(of("dave", 1), files={"keys/x/1/k1.json": b"k1"})
    approval = of("dave", 2)
    plain.push(approval)
    revoked = replace(ended(approval), kind=EventType.REVOKED, evidence=Evidence.of(Evidence.by("bob")))
    plain.push(revoked, kid="k1")
    (row,) = shown(read(plain, person="bob", k0="zero"), "bob")
    assert (row.requester, row.reason) == ("dave", "why")


@pytest.mark.parametrize(("batches_looked_at", "passed"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_more_than_is_looked_through_is_judged(
    monkeypatch: pytest.MonkeyPatch, batches_looked_at: int, passed: int
) -> None:
    """Nobody can make the search long: beyond its bytes a batch is judged as ever, and its token read first."""
    monkeypatch.setattr(passed_over, "_SCANNED", batches_looked_at * len(dump(of("dave", 1))))
    plain = PlainLedger()
    for number in range(1, 4):
        plain.push(of("dave", number))
    assert read(plain, person="alice", k0="zero").passed_over == passed


def test_an_event_that_is_too_large_to_be_read_is_judged() -> None:
    """Nobody knows whom it names."""
    plain = PlainLedger()
    plain.push(of("dave", 1))
    context = whole(plain)
    context.git.contents = lambda blobs, _: ((each, None) for each in blobs)
    found = PassedOver(context.git, "alice", known_keys=("k0",)).choose([step_of(plain.commits[-1])], 1)
    assert found == frozenset()


@pytest.mark.parametrize("status", ["A", "D", "M"])
def test_a_batch_that_changes_what_was_there_is_judged(status: str) -> None:
    """A deletion or an edit is counted, whomever it concerns."""
    plain = PlainLedger()
    plain.push(of("dave", 1))
    step = step_of(plain.commits[-1])
    first, *others = step.touched
    other = Touched(path="events/2026/11/24/x/a.json", mode="000000", blob=sha("none"), status="D")
    touched = {"A": step.touched, "D": (*step.touched, other), "M": (replace(first, status="M"), *others)}
    found = PassedOver(whole(plain).git, "alice", known_keys=("k0",)).choose(
        [replace(step, touched=touched[status])], 1
    )
    assert found == ({step.commit} if status == "A" else frozenset())


def test_what_changes_an_event_is_said_whomever_it_concerns() -> None:
    """As is what brings no token: neither costs much."""
    plain = PlainLedger()
    plain.push(of("dave", 1))
    plain.push(files={"events/2026/11/24/x/a.json": b"{}"})
    history = read(plain, person="alice", k0="zero")
    assert [each.code for each in history.problems] == ["unattested"]
    assert history.passed_over == 1
