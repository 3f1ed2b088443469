"""What a run says of what it recorded, and what it hands to the job that writes to chat, in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import PATH, unreadable
from builders import an_approval, an_outcome
from plain_run import PlainRun

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Parsed
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Comment
from jitbot.domain.notifications.channels import NOTIFY, Channels, ChannelShape
from jitbot.domain.notifications.chat_notice import HANDED, handed
from jitbot.domain.views.comment_body import MARKER
from jitbot.usecases.pull_request.kept_comment import Shown
from jitbot.usecases.runs import announce
from jitbot.usecases.runs.announce import announced
from jitbot.usecases.runs.send_chat import send, send_trial

CHANNELS = Channels(shapes={"ops": ChannelShape.TEXT}, policies={}, default=("ops",))


def refusal(number: int = 7, request: str = PATH) -> Event:
    """alice's pull request of this number was refused."""
    evidence = Evidence(
        {"pull_request": number, "author": {"login": "alice", "github_id": 1001}, "reasons": []}
    )
    refused = replace(an_approval(), kind=EventType.REFUSED, window=None, documents=(), request=request)
    return replace(refused, evidence=evidence, commit=f"{number}" * 40)  # type: ignore[arg-type]


def said(run: PlainRun, *told: Event, error: JitbotError | None = None) -> PlainRun:
    """What a run says that records this, and may fail after it."""
    ledger = run.ledger()
    with announced(ledger):
        if told:
            ledger.add(told)
        if error is not None:
            raise error
    return run


def a_run(channels: Any = None, **changes: Any) -> PlainRun:
    """A run, in a repository with this notify.yaml or without one."""
    run = PlainRun(channels=channels, **changes)
    if channels is not None:
        run.at_main[NOTIFY] = b"x"
    return run


def test_what_cannot_be_handed_on_is_said() -> None:
    """It stops nothing: what was recorded is recorded."""
    run = a_run(Parsed(value=CHANNELS))
    ledger: Any = run.ledger()

    def full(*_: object) -> None:
        raise UnavailableError("the disk is full")

    ledger.context.output = full
    with announced(ledger):
        ledger.add((refusal(),))
    assert run.said[-1] == "nobody is notified: the disk is full"
    assert (run.commented, len(run.written)) == ([], 1)


def test_what_is_recorded_is_said_and_handed_on() -> None:
    """Even where the run fails later; a run that records nothing says nothing."""
    run = said(a_run(Parsed(value=CHANNELS)), refusal())
    assert run.commented == [7]
    assert [each.pull_request for each in handed(run.handed[HANDED]).notifications] == [7]
    run = a_run(Parsed(value=CHANNELS))
    with pytest.raises(UnavailableError, match="later"):
        said(run, refusal(), error=UnavailableError("later"))
    assert (run.commented, set(run.handed)) == ([7], {HANDED})
    run = said(a_run(unreadable()))
    assert (run.commented, run.handed, run.said) == ([], {}, [])


@pytest.mark.parametrize(
    ("channels", "words"),
    [(None, []), (unreadable(), ["chat is not notified: policies/some.yaml:1: it cannot be read"])],
    ids=["no file", "unreadable"],
)
def test_without_channels_nothing_is_handed_on(channels: Any, words: list[str]) -> None:
    """The pull request is commented all the same; a file that does not read is said."""
    run = said(a_run(channels), refusal())
    assert (run.commented, run.handed, run.said) == ([7], {}, words)


def test_a_comment_that_is_refused_holds_no_other_up() -> None:
    """One that GitHub does not answer ends them: the next would wait as long."""
    three = [refusal(number, PATH.replace("refunds", f"more{number}")) for number in (7, 8, 9)]
    run = said(a_run(refused={8: DeniedError("locked")}), *three)
    assert (run.commented, run.said) == ([7, 9], ["no notification on #8: locked"])
    run = said(a_run(refused={8: UnavailableError("down")}), *three)
    assert (run.commented, run.said) == ([7], ["no notification on #8, nor on those after it: down"])


def together(run: PlainRun, *numbers: int, known: Iterable[int] | None = None) -> PlainRun:
    """What a run says that records a refusal in each of these, and knows the conversations of some; all by default."""
    ledger, there = run.ledger(), set(numbers if known is None else known)
    with announced(ledger) as announcing:
        announcing.conversation = lambda number: (str(number), ()) if number in there else None
        ledger.add([refusal(each, PATH.replace("refunds", f"more{each}")) for each in numbers])
    return run


@pytest.fixture
def no_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No comment is kept anywhere, and what it would say cannot be read."""

    def unread(*_: Any) -> Any:
        raise UnavailableError("no rules")

    monkeypatch.setattr(announce, "of_merged", unread)


@pytest.mark.usefixtures("no_edits")
def test_comments_of_known_conversations_are_five_in_a_call() -> None:
    """The others, and those that GitHub refuses so, are written one by one; no comment is written twice."""
    run = together(a_run(), *range(1, 26), known=range(1, 24))
    assert [len(bodies) for bodies, _ in run.calls] == [5, 5, 5, 5, 3]
    assert sorted(run.commented) == list(range(1, 26))
    run = together(
        a_run(refused_together=frozenset({3, 4}), refused={4: DeniedError("locked")}), *range(1, 6)
    )
    assert (sorted(run.commented), run.said) == ([1, 2, 3, 5], ["no notification on #4: locked"])
    run = together(a_run(unclear_together=frozenset({2, 4})), *range(1, 8))
    assert sorted(run.commented) == [1, 3, 5, 6, 7]
    assert run.said == [
        f"no notification on #{number}, as far as is known: GitHub had an error there" for number in (2, 4)
    ]
    run = together(a_run(unclear=DeniedError("no")), 1, 2)
    assert (run.commented, len(run.calls)) == ([1, 2], 1)


@pytest.mark.usefixtures("no_edits")
def test_a_call_without_an_answer_ends_all_comments() -> None:
    """Some may be there: none of them is written again, nor any after them."""
    run = together(a_run(unclear=UnavailableError("down")), *range(1, 26))
    assert (run.commented, len(run.calls)) == ([], 1)
    assert run.said == [
        "a call for comments has no answer, so some are not notified, nor anybody after them: down"
    ]


@pytest.mark.parametrize(("doubt", "edited"), [("", ["IC_1"]), ("the ledger cannot be checked", [])])
def test_no_kept_comment_is_edited_from_a_ledger_in_doubt(
    monkeypatch: pytest.MonkeyPatch, doubt: str, edited: list[str]
) -> None:
    """What cannot be checked may be an end: nobody is notified, and the step after it says so."""
    body = f"it is granted\n\n{MARKER}\n"
    kept = Comment(comment_id=1, by_actions=True, body=f"it is asked for\n\n{MARKER}\n", node_id="IC_1")
    monkeypatch.setattr(announce, "of_merged", lambda _1, _2, number, _3: Shown(number=number, body=body))
    run = a_run()
    ledger = run.ledger()
    with announced(ledger) as announcing:
        announcing.conversation = lambda number: (str(number), (kept,))
        ledger.add([refusal()])
        monkeypatch.setattr(ledger, "read", lambda: replace(ledger._reader.read(), doubt=doubt))
    assert [edits for _, edits in run.calls] == ([edited] if edited else [])


def test_a_run_writes_so_many_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub takes so many in a minute."""
    monkeypatch.setattr(announce, "MOST", 1)
    run = said(a_run(), refusal(), refusal(8, PATH.replace("refunds", "more")))
    assert len(run.commented) == 1


def test_nothing_is_said_of_what_is_in_doubt() -> None:
    """It may have ended."""
    run = a_run()
    run.push(an_outcome(EventType.FAILED), message=f"Odd\n\nRequest: {PATH}\n")
    run.blobs = {blob: content.replace(b'"schema": 1', b'"schema": 9') for blob, content in run.blobs.items()}
    assert said(run, refusal()).commented == []


class Webhooks:
    """A chat that takes everything but the messages to `off`."""

    def __init__(self) -> None:
        self.sent: dict[str, Mapping[str, object]] = {}

    def send(self, messages: Mapping[str, Mapping[str, object]]) -> Mapping[str, str]:
        """Keep them."""
        self.sent |= messages
        return {"off": "it is off"} if "off" in messages else {}


def test_the_attempt_that_recorded_sends_and_no_other() -> None:
    """One message to each channel; what did not arrive is said."""
    run = said(a_run(Parsed(value=CHANNELS)), refusal())
    both = replace(
        CHANNELS, shapes={"ops": ChannelShape.TEXT, "off": ChannelShape.TEAMS}, default=("ops", "off")
    )
    given = handed(run.handed[HANDED])
    chat = Webhooks()
    again = send(chat, both, given, attempt=2, repository="https://github.com/acme/access")
    assert (again.channels, again.trouble, chat.sent) == ((), {}, {})
    sent = send(chat, both, given, attempt=1, repository="https://github.com/acme/access")
    assert (sent.channels, sent.trouble) == (("ops", "off"), {"off": "it is off"})
    assert set(chat.sent) == {"ops", "off"}


@pytest.mark.parametrize(("channels", "known"), [(CHANNELS, "ops"), (replace(CHANNELS, shapes={}), "none")])
def test_a_trial_goes_to_one_channel(channels: Channels, known: str) -> None:
    """To one that there is."""
    chat = Webhooks()
    with pytest.raises(InvalidError, match=f"has no channel 'offf*'; its channels: {known}"):
        send_trial(chat, channels, "o" + "f" * 90, repository="r")
    assert chat.sent == {}
    assert send_trial(chat, CHANNELS, "ops", repository="r").channels == ("ops",)
    assert set(chat.sent) == {"ops"}
