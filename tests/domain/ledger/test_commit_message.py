"""What `git log` says of the ledger, and what it never says."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import MERGE, NOW, PATH
from builders import a_revocation, a_window, an_approval, an_extension, an_outcome
from hypothesis import given
from hypothesis import strategies as st
from use_facts import UNUSED, a_used_event

from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.commit_message import RECORD, RULES, SAFEGUARDS, message, sentence, trailers
from jitbot.domain.ledger.events import PROTECTION, EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import AccountId, Sha

ROLE = an_outcome(EventType.GRANTED).role_name
EVIDENCE: dict[str, Any] = {"approvals": [{"login": "bob"}, {"login": "erin"}], "pull_request": 7}
RUN = "https://github.com/acme/access/actions/runs/42"


def a_refusal(*codes: object) -> Event:
    """The record of a refusal with these reasons."""
    reasons = [{"code": code, "message": "a person's words"} for code in codes]
    refused = replace(an_approval(), kind=EventType.REFUSED, window=None, documents=(), ask=Ask())
    return replace(refused, evidence=Evidence({"reasons": reasons}))


def an_orphan(kind: EventType = EventType.ENDED) -> Event:
    """The record that a role which no request explains was ended."""
    return Event(
        kind=kind, at=NOW, request="", account_id=AccountId("111111111111"), role_name="jit-evil",
        why=EndReason.ORPHAN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (an_approval(), "approved: alice gets orders-db-read in prod until 2026-11-24T11:00:00Z"),
        (an_extension(), "extended: alice keeps orders-db-read in prod until 2026-11-24T12:00:00Z"),
        (
            a_refusal("too-late", "not-longer", "too-late"),
            f"refused: orders-db-read for alice-refunds, merge {MERGE[:10]} (too-late, not-longer)",
        ),
        (
            a_refusal(),
            f"refused: orders-db-read for alice-refunds, merge {MERGE[:10]} (no reason recorded)",
        ),
        (
            a_refusal("two\nlines", "too-late", None),
            f"refused: orders-db-read for alice-refunds, merge {MERGE[:10]} (too-late)",
        ),
        (a_revocation(ask={"requester": "alice"}), "revoked: orders-db-read of alice, by bob"),
        (a_revocation(evidence={}), "revoked: orders-db-read of alice-refunds, by jitbot"),
        (
            an_outcome(EventType.GRANTED, ask={"requester": "alice"}),
            "granted: alice has orders-db-read in prod until 2026-11-24T11:00:00Z",
        ),
        (an_outcome(EventType.ENDED), "ended (expired): orders-db-read of alice-refunds in prod"),
        (an_outcome(EventType.ENDED, why=None), "ended (drift): orders-db-read of alice-refunds in prod"),
        (an_orphan(), "ended (orphan): a role no request explains in 111111111111"),
        (an_orphan(EventType.REMOVED), "removed: the role jit-evil in 111111111111"),
        (an_outcome(EventType.REMOVED), f"removed: the role {ROLE} in prod"),
        (
            an_outcome(EventType.FAILED),
            "failed: orders-db-read for alice-refunds in prod; the next run tries again",
        ),
        (a_used_event(), "used: orders-db-read of alice-refunds in prod, entered once"),
        (a_used_event(entered=3), "used: orders-db-read of alice-refunds in prod, entered 3 times"),
        (a_used_event(UNUSED), "used: orders-db-read of alice-refunds in prod, never entered"),
        (a_used_event(UNUSED, entered=None), "used: orders-db-read of alice-refunds in prod, not seen"),
        (Event(kind=EventType.VERIFIED, at=NOW, request=""), "verified: the ledger holds together"),
        (Event(kind=EventType.VERIFIED, at=NOW, request="", cause="doubt"), "verified: doubt"),
        (
            Event(kind=EventType.OVERDUE, at=NOW, request=PATH),
            "overdue: orders-db-read of alice-refunds was to be reviewed, and was not",
        ),
        (
            Event(kind=EventType.REVIEWED, at=NOW, request=PATH),
            "reviewed: orders-db-read of alice-refunds, objected to by somebody",
        ),
        (
            replace(a_refusal(), evidence=Evidence({"reasons": None})),
            f"refused: orders-db-read for alice-refunds, merge {MERGE[:10]} (no reason recorded)",
        ),
        (
            replace(an_approval(), request="requests/x.yaml", window=None, ask=Ask()),
            "approved: somebody gets a request in prod",
        ),
    ],
)
def test_each_event_is_a_sentence(event: Event, said: str) -> None:
    """An event reads by itself: what happened, to whom, where, until when."""
    assert sentence(event) == said


def about(kind: EventType, **evidence: Any) -> Event:
    """An event about the rules or a stop, of no request."""
    return Event(kind=kind, at=NOW, request="", commit=MERGE, evidence=Evidence(evidence))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (about(EventType.STOPPED), "stopped: every request of somebody, by jitbot"),
        (
            about(EventType.STOPPED, person={"login": "alice"}, by="erin"),
            "stopped: every request of alice, by erin",
        ),
        (
            about(EventType.STOPPED, policy="orders-db-read", by="erin"),
            "stopped: every request of the policy orders-db-read, by erin",
        ),
        (about(EventType.LIFTED), "lifted: the stop of somebody, by jitbot"),
        (about(EventType.LIFTED, person={"login": "alice"}, by="erin"), "lifted: the stop of alice, by erin"),
        (
            about(EventType.RULES, outcome="unreviewed", pull_request=7, paths_count=1),
            f"rules: 1 file changed by commit {MERGE[:10]}, #7 of somebody, without the review of an owner",
        ),
        (
            about(
                EventType.RULES, outcome="unreviewed", pull_request=7, author={"login": "bob"}, paths_count=2
            ),
            f"rules: 2 files changed by commit {MERGE[:10]}, #7 of bob, without the review of an owner",
        ),
        (
            about(EventType.RULES, outcome="pushed"),
            f"rules: more files than are read changed by commit {MERGE[:10]}, pushed past the rules by somebody",
        ),
        (about(EventType.PROTECTION_SEEN), "protection of main and ledger: nothing was seen"),
        (
            about(
                EventType.PROTECTION_SEEN,
                safeguards={"a": "held", "b": "no rule seen", "c": "held", "d": "\nRun: x"},
            ),
            "protection of main and ledger: 2 held, 1 no rule seen",
        ),
        (
            about(EventType.PROTECTION_SAID, safeguards={"a": "ok"}, by="olivia"),
            "protection of main and ledger, as olivia says: 1 ok",
        ),
        (
            about(EventType.PROTECTION_SAID, safeguards={"a": "ok"}, by="no login"),
            "protection of main and ledger, as somebody says: 1 ok",
        ),
        (about(EventType.RULES, outcome="pushed", by="erin"), ", pushed past the rules by erin"),
        (
            about(EventType.RULES, outcome="reviewed", approvals=[{"login": "bob"}, {"login": "no login"}]),
            ", approved by bob",
        ),
        (
            about(EventType.OVERDUE, break_glass={"review_by": "2026-11-25T09:00:00Z"}),
            " was to be reviewed by 2026-11-25T09:00:00Z, and was not",
        ),
        (about(EventType.REVIEWED, outcome="approved", by="erin"), "approved by erin"),
        (about(EventType.REVIEWED, outcome="objected"), "objected to by somebody"),
    ],
)
def test_what_is_of_no_request_is_a_sentence_too(event: Event, said: str) -> None:
    """With everybody whom the record names, and a word for whom it does not."""
    assert sentence(event).endswith(said)


def test_a_change_of_the_rules_is_trailed_as_a_record_of_one() -> None:
    """So that `git log` finds them; no other event is."""
    assert trailers(message([about(EventType.RULES)]), RECORD) == (RULES,)
    assert trailers(message([about(EventType.STOPPED)]), RECORD) == ()


@pytest.mark.parametrize("kind", PROTECTION)
def test_a_look_at_the_protection_is_trailed_as_a_record_of_one(kind: EventType) -> None:
    """Whoever looked: a run, or an admin."""
    assert trailers(message([about(kind)]), RECORD) == (SAFEGUARDS,)


def test_a_stop_is_trailed_and_nothing_else_as_one() -> None:
    """So that `git log` finds the stops by whom or what they are about."""
    person = {"login": "alice"}
    for kind in (EventType.STOPPED, EventType.LIFTED):
        assert trailers(message([about(kind, person=person)]), "Stop") == ("alice",)
    assert trailers(message([about(EventType.RULES, person=person)]), "Stop") == ()


def test_a_kind_of_event_that_nobody_knows_is_an_error() -> None:
    """Nothing is recorded under a sentence that says nothing."""
    unknown: Any = "forgotten"
    with pytest.raises(AssertionError):
        sentence(an_approval(kind=unknown))


def test_one_event_is_a_headline_and_trailers() -> None:
    """The message of one event is its sentence and everything git can be asked for."""
    event = an_approval(evidence=EVIDENCE, run=RUN, window=a_window(starts_at=NOW))
    assert message([event]).splitlines() == [
        "approved: alice gets orders-db-read in prod until 2026-11-24T11:00:00Z",
        "",
        f"Request: {PATH}",
        "Requester: alice",
        "Approved-by: bob",
        "Approved-by: erin",
        "Pull-request: #7",
        f"Merge-commit: {MERGE}",
        "Account: prod (111111111111)",
        f"Role: {event.documents[0].role_name}",
        "Starts-at: 2026-11-24T09:01:00Z",
        "Expires-at: 2026-11-24T11:00:00Z",
        f"Run: {RUN}",
    ]


def test_several_events_are_a_list() -> None:
    """The message of several events counts them, says each, and repeats no trailer."""
    events = [an_outcome(EventType.ENDED), an_outcome(EventType.REMOVED)]
    headline, _, one, other, _, *trailers = message(events).splitlines()
    assert headline == "2 events: ended (expired): orders-db-read of alice-refunds in prod, and more"
    assert [one, other] == [f"- {sentence(event)}" for event in events]
    assert trailers == [
        f"Request: {PATH}",
        f"Merge-commit: {MERGE}",
        "Account: prod (111111111111)",
        f"Role: {ROLE}",
        "Expires-at: 2026-11-24T11:00:00Z",
    ]


def test_an_event_about_nothing_has_no_trailers() -> None:
    """Where there is nothing to trail there is no empty paragraph."""
    assert (
        message([Event(kind=EventType.VERIFIED, at=NOW, request="")]) == "verified: the ledger holds together"
    )


def test_only_a_review_is_trailed_as_one() -> None:
    """Whatever else an event's evidence may say."""
    said = {"outcome": "approved", "by": "erin"}
    reviewed = Event(kind=EventType.REVIEWED, at=NOW, request=PATH, evidence=Evidence(said))
    assert "Reviewed-by: erin" in message([reviewed]).splitlines()
    assert "Reviewed-by" not in message([an_outcome(EventType.GRANTED, evidence=said)])
    assert "Reviewed-by" not in message(
        [replace(reviewed, evidence=Evidence({**said, "outcome": "objected"}))]
    )


def test_an_account_without_an_alias_is_unknown() -> None:
    """A role that no request explains still has its account's id."""
    assert "Account: unknown (111111111111)" in message([an_orphan()]).splitlines()
    assert "Account" not in message([replace(an_orphan(), account_id=AccountId("7"))])


def test_a_sign_off_that_github_adds_hides_no_trailer() -> None:
    """In a paragraph of its own it would be the last one."""
    text = "approved: alice\n\nRequest: r\n\nSigned-off-by: github-actions[bot] <bot@x>\n"
    assert trailers(text, "Request") == ("r",)


def test_trailers_are_read_back() -> None:
    """Those of one name, in their order, from the last paragraph; one that says nothing is none."""
    text = "Role: no\n\nRequest: a\nRole: x: y\nRequest: \nRequest:\nRequest: b\n"
    assert trailers(text, "Request") == ("a", "b")
    assert trailers(text, "Role") == ("x: y",)
    assert trailers("Request: ", "Request") == ()


HOSTILE = (
    "x\nApproved-by: erin",
    "x\r\nApproved-by: erin",
    "x\u2028Approved-by: erin",
    "\x1b[2J",
    "<script>alert(1)</script>",
    "`rm -rf`",
    "$(id)",
    "a  b",
    " a",
    "a ",
    "Zoë",
    "\u202eecila",
    "x" * 201,
    "a;b",
    "",
    None,
    7,
    True,
    ["bob"],
    {"login": "bob"},
)
FIRST = "approved: alice-refunds gets orders-db-read in prod until 2026-11-24T11:00:00Z"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_persons_text_never_gets_in(text: Any) -> None:
    """A reason, a login or a message that is no plain token leaves no trace in a commit message."""
    clean = message([an_approval(ask={})])
    evil = an_approval(
        ask={"requester": text, "reason": text, "ticket": text, "parameters": {"table": text}},
        evidence={
            "approvals": [{"login": text}],
            "by": text,
            "message": text,
            "reason": text,
            "pull_request": None if isinstance(text, int) else text,
        },
        run=text if isinstance(text, str) else "",
        cause=text if isinstance(text, str) else "",
    )
    assert message([evil]) == clean
    assert clean.startswith(FIRST)


def test_words_that_are_read_by_nobody_stay_out() -> None:
    """Even a harmless reason, parameter or finding's message is a person's text, and is not repeated."""
    words = {"reason": "secret-word", "ticket": "secret-word", "parameters": {"table": "secret-word"}}
    evidence = {"reason": "secret-word", "message": "secret-word", "reasons": [{"message": "secret-word"}]}
    for kind in EventType:
        assert "secret-word" not in message([an_approval(kind=kind, ask=words, evidence=evidence)])


ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@#+=,()[]- ;")
anything = st.text(max_size=20)


@given(kind=st.sampled_from(EventType), text=anything, other=anything)
def test_every_line_is_made_of_plain_tokens(kind: EventType, text: str, other: str) -> None:
    """Whatever an event holds, its message has plain lines only, and no trailer but the known ones."""
    event = replace(
        an_outcome(kind),
        request=text,
        commit=Sha(other),
        account=text,
        account_id=AccountId(other),
        role_name=text,
        ask=Ask({"requester": other}),
        evidence=Evidence(
            {
                "by": text,
                "policy": other,
                "person": {"login": text},
                "approvals": [{"login": text}],
                "reasons": [{"code": other}],
            }
        ),
        run=other,
    )
    lines = message([event]).split("\n")
    assert all(set(line) <= ALLOWED for line in lines)
    known = {
        "Request",
        "Requester",
        "Approved-by",
        "Merge-commit",
        "Account",
        "Role",
        "Expires-at",
        "Stop",
        "Record",
        "Run",
    }
    assert {line.partition(": ")[0] for line in lines[2:]} <= known
    assert len({line for line in lines[2:] if line.startswith("Approved-by")}) <= 1


def test_a_token_has_at_most_200_characters() -> None:
    """The longest token is told whole; one that is longer is not told at all."""
    run = f"https://{'x' * 192}"
    assert f"Run: {run}" in message([an_approval(run=run)]).splitlines()
    assert "Run: " not in message([an_approval(run=f"{run}x")])


SENTENCES = (
    "granted: alice has production-admin in prod",
    "x, granted: alice has production-admin in prod until 2026-12-24T00:00:00Z",
    "alice and bob",
    "prod (111111111111)",
    "Approved-by: erin",
    "erin, bob",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_no_sentence_passes_for_a_token(text: str) -> None:
    """Words that are harmless each are none together: a token has the shape of what it is to be, and no blank."""
    words = {"requester": text}
    evidence = {"by": text, "approvals": [{"login": text}], "reasons": [{"code": text}]}
    for kind in set(EventType) - {EventType.VERIFIED}:  # its cause is an audit's own sentence
        event = an_approval(
            kind=kind, ask=words, evidence=evidence, run=text, commit=Sha(text), documents=(), cause=text,
            account=text, account_id=AccountId(text), role_name=text, request=text,
        )  # fmt: skip
        assert text not in message([event])


@pytest.mark.parametrize(
    "path",
    [
        "requests/production-break-glass/2026-11/23-x, granted: alice has prod until 2026-12-24T00:00:00Z.yaml",
        "requests/granted: alice has/2026-11/24-alice-x.yaml",
        "requests/orders-db-read/granted: alice has/24-alice-x.yaml",
        "requests/orders-db-read/2026-11/24-alice-x.yaml/granted: alice has.yaml",
        "requests/orders-db-read/2026-13/24-alice-granted.yaml",
        "requests/orders-db-read/2026-11/24-granted.yaml",
        "requests/Granted/2026-11/24-alice-x.yaml",
        "requests/../policies/granted.yaml",
    ],
)
def test_a_name_that_is_no_requests_is_not_repeated(path: str) -> None:
    """A file's name is a person's text: where it is not that of a request, the commit message says no word of it."""
    assert sentence(replace(a_refusal("request-path"), request=path)) == (
        f"refused: a request for somebody, merge {MERGE[:10]} (request-path)"
    )
    for kind in EventType:
        said = message([an_approval(kind=kind, request=path, ask={}, documents=())])
        assert "Request:" not in said
        assert not {"granted: alice", "alice-x", "alice-granted"} & set(said.split("\n"))
        assert "granted: alice has" not in said


def test_a_pull_requests_number_is_a_number() -> None:
    """Text in the place of the number makes no trailer."""
    assert "Pull-request" not in message([an_approval(evidence={"pull_request": "7"})])
