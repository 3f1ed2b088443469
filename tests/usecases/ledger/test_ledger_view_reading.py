"""Reading the ledger, in memory: what counts, what is ignored and said, what is in doubt, and nothing of it twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import DAY, NOW, PATH, SECOND, a_person, sha
from builders import an_approval, an_outcome
from plain_ledger import ROOT, PlainLedger

from jitbot.domain.ledger.events import EndReason, Event, EventType, dump
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.usecases.ledger import ledger_view, verify_batches
from jitbot.usecases.ledger.ledger_view import LedgerReader, LedgerView
from jitbot.usecases.ledger.verify_batches import read_keys

APPROVAL = an_approval()
OTHER = PATH.replace("refunds", "other")
FAILURE = an_outcome(EventType.FAILED)
ELSEWHERE = an_outcome(EventType.FAILED, request=OTHER)
STOP = stopped_event(
    StopSubject(policy="orders-db-read"), a_person("erin"), reason="x", rules=sha("r"), at=NOW, run=""
)
SEVERAL = [an_outcome(EventType.FAILED, commit=sha(f"merge {each}")) for each in range(5)]


def a_reader(plain: PlainLedger, **changes: object) -> LedgerReader:
    """One that begins now, on all that GitHub has."""
    context = plain.context()
    context.git.fetch()
    return LedgerReader(context=context, at=NOW, **changes)  # type: ignore[arg-type]


def again(reader: LedgerReader) -> LedgerView:
    """What it reads after another fetch."""
    reader.context.git.fetch()
    return reader.read()


def keys_of(found: LedgerView) -> set[str]:
    """The events that it has."""
    return {each.key for each in found.events}


def test_a_view_says_what_is_of_a_request() -> None:
    """Its own events and every stop; of one that no event names, the stops alone."""
    plain = PlainLedger()
    plain.push(APPROVAL, ELSEWHERE)
    plain.push(STOP)
    found = a_reader(plain).read()
    assert {each.kind for each in found.about(PATH)} == {EventType.APPROVED, EventType.STOPPED}
    assert {each.kind for each in found.about(OTHER)} == {EventType.FAILED, EventType.STOPPED}
    assert (found.state(PATH).current is not None, len(found.state(PATH).stops)) == (True, 1)
    unknown = found.state("requests/unknown")
    assert (unknown.request, unknown.terms, len(unknown.stops)) == ("requests/unknown", (), 1)


def test_orphans_are_the_ends_of_no_request() -> None:
    """Neither an end of a request nor anything else without one."""
    orphan = an_outcome(EventType.ENDED, request="", why=EndReason.ORPHAN)
    plain = PlainLedger()
    plain.push(an_outcome(EventType.ENDED), orphan, an_outcome(EventType.REFUSED, request="", why=None))
    assert a_reader(plain).read().orphans == (orphan,)


OLD = NOW - MEMORY - DAY


def test_no_date_hides_what_was_made_after_an_attested_batch() -> None:
    """A batch that claims to be old is read where an attested one of these days lies before it; so is all beside it."""
    plain = PlainLedger()
    plain.push(ELSEWHERE)
    plain.ages[plain.push(files={"x": b""})] = OLD
    plain.ages[plain.push(FAILURE)] = OLD
    plain.push(SEVERAL[0])
    found = a_reader(plain).read()
    assert keys_of(found) == {ELSEWHERE.key, FAILURE.key, SEVERAL[0].key}
    assert [each.code for each in found.ignored] == ["unattested"]


def test_what_is_read_anew_for_its_dates_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What claimed to be of these days, too, in whatever portions it is read."""
    monkeypatch.setattr(ledger_view, "_AT_ONCE", 1)
    plain = PlainLedger()
    plain.push(ELSEWHERE)
    plain.ages[plain.push(FAILURE)] = OLD
    forged = plain.push(files={"x": b""})
    found = a_reader(plain).read()
    assert keys_of(found) == {ELSEWHERE.key, FAILURE.key}
    assert [forged[:10] in each.message for each in found.ignored] == [True]


@pytest.mark.parametrize(("late", "reads"), [(0 * SECOND, True), (SECOND, False)])
def test_an_attestation_makes_recent_up_to_its_last_second(late: timedelta, reads: bool) -> None:
    """A batch of exactly 21 days ago is one of these days; of a second more it is not."""
    plain = PlainLedger()
    plain.now = NOW - MEMORY - late
    plain.push(replace(ELSEWHERE, at=plain.now))
    plain.ages[plain.push(replace(FAILURE, at=plain.now))] = OLD
    assert (len(a_reader(plain).read().events) == 2) is reads


def test_what_nobody_attested_makes_nothing_recent() -> None:
    """Somebody's commit of today, or of the year 2100, below old batches: they stay unread."""
    plain = PlainLedger()
    plain.ages[ROOT.commit] = OLD
    for when in (NOW, NOW + 30_000 * DAY):
        plain.ages[plain.push(files={f"{when}": b""})] = when
    plain.ages[old := plain.push(FAILURE)] = OLD
    assert keys_of(a_reader(plain).read()) == set()
    assert old not in plain.read


def test_an_old_attestation_makes_nothing_recent() -> None:
    """A batch from long ago under a date of today: by its token it is old, and so is what follows it for all that is known."""
    plain = PlainLedger()
    plain.now = OLD
    plain.push(replace(ELSEWHERE, at=OLD))
    plain.ages[plain.push(replace(FAILURE, at=OLD))] = OLD
    assert len(a_reader(plain).read().events) == 1


def test_of_what_is_new_no_date_is_asked() -> None:
    """What was not there at the last reading is read at the next one, whatever its date."""
    plain = PlainLedger()
    plain.push(ELSEWHERE)
    reader = a_reader(plain)
    reader.read()
    plain.ages[plain.push(FAILURE)] = OLD
    assert keys_of(again(reader)) == {ELSEWHERE.key, FAILURE.key}


def test_nothing_is_read_twice() -> None:
    """As long as the branch, main and the keys stay, nothing at all; then what is new; after a rewrite, all of it."""
    plain = PlainLedger()
    plain.push(SEVERAL[0])
    reader = a_reader(plain)
    first = reader.read()
    assert reader.read() is first
    plain.push(SEVERAL[1])
    assert again(reader) is not first
    assert len(plain.read) == 3
    plain.main = sha("moved")
    assert len(again(reader).events) == 2
    assert len(plain.read) == 3
    del plain.commits[-1]
    plain.push(SEVERAL[2])
    plain.commits[-1] = replace(plain.commits[-1], commit=sha("rewritten"))
    assert keys_of(again(reader)) == {SEVERAL[0].key, SEVERAL[2].key}
    plain.secrets |= {"k1": "one"}
    plain.main = sha("moved again")
    assert set(again(reader).signers) == {"k0", "k1"}
    assert len(plain.read) == 9


def test_what_was_in_doubt_is_read_anew() -> None:
    """Though nothing has moved: the issuer may answer now."""
    plain = PlainLedger()
    plain.push(FAILURE)
    plain.silent = True
    reader = a_reader(plain)
    found = reader.read()
    assert found.doubt == "the issuer does not answer, and 1 batch cannot be checked without it"
    assert (found.doubt_of(PATH), found.incomplete) == (found.doubt, found.doubt)
    plain.silent = False
    assert (reader.read().doubt, len(reader.read().events)) == ("", 1)


def test_a_silent_issuer_is_no_doubt_where_everything_is_checked() -> None:
    """A batch that main's own keys prove needs nobody's answer."""
    plain = PlainLedger(silent=True)
    plain.push(FAILURE)
    plain.owned = json.dumps({"keys": [{"kid": "k0", "secret": "zero"}]}).encode()
    plain.secrets["k0"] = json.dumps({"kid": "k0", "secret": "zero"}, sort_keys=True)
    plain.push(ELSEWHERE)
    found = a_reader(plain).read()
    assert (found.doubt, keys_of(found)) == ("", {ELSEWHERE.key})


def test_one_batch_of_an_unknown_key_is_a_forgery_and_all_of_them_are_a_doubt() -> None:
    """Where anything counts it is ignored; where nothing does, the issuer may have changed its keys."""
    plain = PlainLedger()
    plain.push(FAILURE, kid="k9")
    assert "publish signed 1 batch: if it changed" in a_reader(plain).read().doubt
    plain.push(ELSEWHERE)
    found = a_reader(plain).read()
    assert (found.doubt, keys_of(found), len(found.ignored)) == ("", {ELSEWHERE.key}, 1)
    assert "no key that counts" in found.ignored[0].message
    assert a_reader(PlainLedger()).read().doubt == ""


def test_a_key_counts_for_what_came_before_it_too() -> None:
    """Through as many batches as vouch for each other; each is judged once more, and the first finding goes."""
    plain = PlainLedger()
    secret = {"k1": "one", "k2": "two"}
    plain.secrets |= secret
    plain.push(SEVERAL[0], kid="k2")
    plain.push(SEVERAL[1], kid="k1", files={"keys/x/k2.json": b"two"})
    reader = a_reader(plain)
    for each in secret:
        del plain.secrets[each]
    plain.push(SEVERAL[2])
    found = again(reader)
    assert (keys_of(found), len(found.ignored)) == ({SEVERAL[2].key}, 2)
    plain.push(SEVERAL[3], files={"keys/x/k1.json": b"one", "keys/x/k0.json": b"another"})
    found = again(reader)
    assert keys_of(found) == {each.key for each in SEVERAL[:4]}
    assert (found.ignored, dict(found.signers)) == ((), {"k0": "zero", **secret})


def test_many_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, whatever the portions."""
    for module, name in (
        (ledger_view, "_AT_ONCE"),
        (verify_batches, "_READ_AT_ONCE"),
        (verify_batches, "_AGAIN_AT_ONCE"),
    ):
        monkeypatch.setattr(module, name, 2)
    plain = PlainLedger()
    for each in SEVERAL:
        plain.push(each)
    for each in SEVERAL:
        plain.push(replace(each, commit=sha(f"forged {each.commit}")), kid="k9")
    found = a_reader(plain).read()
    assert (len(found.events), len(found.ignored)) == (5, 5)


@pytest.mark.parametrize(
    ("pushed", "message"),
    [
        (lambda plain: plain.push(files={"README": b"x"}), "it is no batch"),
        (lambda plain: plain.push(FAILURE, well_formed=False), "it is no batch"),
        (lambda plain: plain.push(FAILURE, message="another"), None),
        (lambda plain: plain.push(an_outcome(EventType.FAILED, at=NOW + DAY)), "more than 10 minutes"),
    ],
    ids=["no token", "not well formed", "signed so", "late"],
)
def test_what_does_not_count_is_said(pushed: Callable[[PlainLedger], Sha], message: str | None) -> None:
    """With its commit and its first file; nothing of it counts."""
    plain = PlainLedger()
    commit = pushed(plain)
    found = a_reader(plain).read()
    if message is None:
        assert (found.ignored, len(found.events)) == ((), 1)
        return
    (finding,) = found.ignored
    assert (
        f"commit {commit[:10]} of the ledger is ignored: {message}" in finding.message
        or message in finding.message
    )
    assert (finding.file, found.events) == (plain.commits[-1].entries[0].path, ())


def test_the_first_commit_is_no_finding_and_any_other_without_files_is() -> None:
    """The branch began before anything could be attested; with a file of ours in it, it is a forgery."""
    plain = PlainLedger()
    assert a_reader(plain).read().ignored == ()
    plain.push(message="nothing in it")
    assert [each.file for each in a_reader(plain).read().ignored] == ["nothing added"]
    plain = PlainLedger()
    forged = plain.push(files={"events/lie.json": b"{}"}, parent=Sha(""))
    assert [forged[:10] in each.message for each in a_reader(plain).read().ignored] == [True]


def test_only_the_latest_of_what_is_ignored_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many more there are; none of it is left out where they are few."""
    monkeypatch.setattr(ledger_view, "MOST_REPORTED", 2)
    plain = PlainLedger()
    pushed = [plain.push(files={f"{each}": b""}) for each in range(2)]
    assert [each.message[7:17] for each in a_reader(plain).read().ignored] == [each[:10] for each in pushed]
    pushed.append(plain.push(files={"2": b""}))
    more, *told = a_reader(plain).read().ignored
    assert more.message == "ignored too: 1 earlier commit of the ledger"
    assert [each.message[7:17] for each in told] == [each[:10] for each in pushed[1:]]


def unreadable(event: Event) -> bytes:
    """An event of a newer jitbot."""
    return dump(event).replace(b'"schema": 1', b'"schema": 99')


def pushed_newer(plain: PlainLedger, event: Event, message: str | None = None) -> None:
    """A batch that counts, with an event that cannot be read."""
    head = plain.commits[-1].commit
    day, _, name = event.path.rpartition("/")
    path = f"{day}/{head[:20]}/{name}"
    named = f"Newer\n\nRequest: {event.request}\n" if message is None else message
    plain.push(files={path: unreadable(event), "keys/x/k0.json": b"zero"}, message=named)


def test_an_event_that_cannot_be_read_puts_its_request_in_doubt() -> None:
    """And no other; where nobody knows which it is about, all of them, unless it can neither give nor end."""
    plain = PlainLedger()
    pushed_newer(plain, APPROVAL)
    found = a_reader(plain).read()
    assert (found.doubt, found.doubt_of(OTHER)) == ("", "")
    assert found.doubt_of(PATH) == found.incomplete != ""
    assert [each.code for each in found.ignored] == ["unreadable"]
    assert PATH in found.ignored[0].message
    plain = PlainLedger()
    pushed_newer(plain, APPROVAL, message="Newer")
    found = a_reader(plain).read()
    assert found.doubt.endswith(found.ignored[0].message.partition("(")[2].partition(")")[0])
    assert "what it is about is unknown" in found.ignored[0].message
    plain = PlainLedger()
    pushed_newer(plain, FAILURE, message="Newer")
    found = a_reader(plain).read()
    assert (found.doubt, found.incomplete, len(found.ignored)) == ("", "", 1)


LONG_AGO = NOW - MEMORY


def old_ones(plain: PlainLedger, number: int) -> None:
    """Batches a second older than what matters, of alice's and of another's request in turn."""
    plain.now = LONG_AGO - SECOND
    for each in range(number):
        for request in (PATH, OTHER):
            event = replace(
                an_outcome(EventType.FAILED, commit=sha(f"old {each}"), request=request), at=plain.now
            )
            message = f"Old\n\nRequest: {request}\nRequester: {request}"
            plain.push(event, at=plain.now, message=message)
    plain.now = NOW


def test_older_batches_are_read_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the line, or a request of a policy, since then; the newest, each once, and the rest is said."""
    plain = PlainLedger()
    old_ones(plain, 3)
    plain.push(FAILURE, at=LONG_AGO, message=f"Edge\n\nRequester: {PATH}\nRequest: {PATH}")
    since = LONG_AGO - DAY

    def commits(**asked: object) -> list[Sha]:
        plain.read.clear()
        a_reader(plain, **asked).read()
        return list(plain.read)

    assert commits() == [plain.commits[0].commit, plain.commits[-1].commit]
    hers = [each.commit for each in plain.commits[1:-1:2]]
    own = [plain.commits[0].commit, plain.commits[-1].commit]
    assert commits(since=since, saying=f"Requester: {PATH}") == [*hers, *own]
    assert commits(since=since, policies=("orders-db-read",))[:6] == [
        each.commit for each in plain.commits[1:7]
    ]
    assert commits(since=since, policies=("orders-db",)) == own
    for most, left in ((3, ""), (2, "the oldest 1 of 3 older batches are not read")):
        monkeypatch.setattr(ledger_view, "OLDER_BATCHES", most)
        reader = a_reader(plain, since=since, saying=f"Requester: {PATH}")
        plain.read.clear()
        reader.read()
        assert (plain.read[:most], reader.left_out) == (hers[-most:], left)


def test_a_batch_that_does_not_count_vouches_for_no_key() -> None:
    """A true token kept for later brings a key of somebody's: what that signed counts no more than it does."""
    plain = PlainLedger()
    late = an_outcome(EventType.FAILED, at=NOW + DAY)
    plain.push(late, files={"keys/x/k9.json": b"k9"})
    plain.push(FAILURE, kid="k9")
    found = a_reader(plain).read()
    assert (found.events, dict(found.signers), len(found.ignored)) == ((), {"k0": "zero"}, 2)
    plain = PlainLedger()
    plain.push(ELSEWHERE, files={"keys/x/k9.json": b"k9"})
    plain.push(FAILURE, kid="k9")
    assert keys_of(a_reader(plain).read()) == {ELSEWHERE.key, FAILURE.key}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"keys": [{}]}', b'{"keys": 1}', b"[" * 100_000])
def test_keys_of_main_that_do_not_read_stop_everything(content: bytes) -> None:
    """They may be the only ones that count."""
    with pytest.raises(UnavailableError, match=r"issuer-keys\.json on main is not a JSON Web Key Set"):
        a_reader(PlainLedger(owned=content)).read()
    with pytest.raises(InvalidError, match="it is not a JSON Web Key Set"):
        read_keys(content, "it")
