"""Which commits of the ledger count, what they hold, and what they may lack for a reader who cannot read them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest
from acme_facts import DAY, MINUTE, NOW, PATH, SECOND, sha, the_settings
from batch_facts import (
    APPROVAL,
    FAILURE,
    GRANT,
    KEY,
    OTHER,
    PARENT,
    TOKEN,
    a_batch,
    an_entry,
    contents,
    filed,
    said,
)

from jitbot.domain.ledger import batches, commit_message, events
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry, Claims, Unreadable
from jitbot.domain.ledger.commit_message import message
from jitbot.domain.ledger.events import PROTECTION, Event, EventType
from jitbot.domain.model.bounds import BATCH_READ
from jitbot.domain.model.documents import Sha


def many(number: int) -> tuple[AddedEntry, ...]:
    """A token, and so many entries with it in all."""
    return (TOKEN, *(an_entry(f"events/2026/11/24/{each}.json") for each in range(number - 1)))


@pytest.mark.parametrize(
    "entries",
    [
        (filed(APPROVAL), TOKEN, KEY),
        (filed(APPROVAL), TOKEN),
        (TOKEN, KEY),
        many(BATCH_READ),
    ],
    ids=["events and keys", "events", "keys", "the most that is read"],
)
def test_a_batch_has_one_token(entries: tuple[AddedEntry, ...]) -> None:
    """Beside one file of ours at least, and up to as many as are read."""
    assert batches.token_of(a_batch(entries=entries)) == TOKEN


NO_BATCH: dict[str, AddedCommit] = {
    "untidy": a_batch(well_formed=False),
    "no token": a_batch(entries=(filed(APPROVAL), KEY)),
    "two tokens": a_batch(entries=(filed(APPROVAL), TOKEN, an_entry("attestations/2026/11/24/two.jwt"))),
    "a token alone": a_batch(entries=(TOKEN,)),
    "nothing": a_batch(entries=()),
    "a file of somebody else's": a_batch(entries=(filed(APPROVAL), TOKEN, an_entry("README.md"))),
    "a folder that begins like ours": a_batch(entries=(filed(APPROVAL), TOKEN, an_entry("events.md"))),
    "more than is read": a_batch(entries=many(BATCH_READ + 1)),
}


@pytest.mark.parametrize("added", NO_BATCH.values(), ids=NO_BATCH.keys())
def test_any_other_commit_is_none(added: AddedCommit) -> None:
    """Each for this alone, whatever its token says."""
    assert batches.token_of(added) is None


def test_a_token_speaks_for_all_but_itself() -> None:
    """By path and blob, and for the message and the parent."""
    found = batches.batch_of(a_batch())
    assert found.blobs == {entry.path: entry.blob for entry in (filed(APPROVAL), KEY)}
    assert (found.parent, found.message) == (PARENT, a_batch().message)


def tenures(
    *changes: Mapping[str, object], times: tuple[datetime, datetime] | None = None
) -> tuple[Tenure, ...]:
    """Acme's settings with these changes, each held from and until this time."""
    return tuple(Tenure(settings=the_settings(**each), times=times) for each in changes)


def test_claims_for_the_batch_are_what_they_say() -> None:
    """Under the first settings that fit, wherever they stand."""
    expected = Claims(
        issued_at=NOW, workflow="acme/access/.github/workflows/grant.yml@refs/heads/main", run="42"
    )
    moved: Mapping[str, object] = {"repository_id": 1}
    for settings in (tenures({}), tenures({}, moved), tenures(moved, {})):
        assert batches.claims_of(said(a_batch()), a_batch(), settings) == expected


def test_claims_for_anything_else_say_why() -> None:
    """By the last settings that were asked; without any there is nothing to go by."""
    added = a_batch()
    other = a_batch(message="approved: mallory")
    assert batches.claims_of(said(other), added, tenures({})) == "its token was made for another batch"
    moved, away = {"repository_id": 1}, {"issuer": "https://issuer.example.com"}
    why = batches.claims_of(said(added), added, tenures(moved, away))
    assert why == "another issuer signed it"
    assert batches.claims_of(said(added), added, ()) == "main has no settings that can be read"


def test_settings_judge_what_was_signed_while_main_had_them() -> None:
    """Ten minutes either way are the clocks'."""
    added = a_batch()
    held = tenures({}, times=(NOW - DAY, NOW - 10 * MINUTE))
    assert isinstance(batches.claims_of(said(added), added, held), Claims)
    over = tenures({}, times=(NOW - DAY, NOW - 10 * MINUTE - SECOND))
    assert batches.claims_of(said(added), added, over) == "main has no settings that can be read"


def test_a_batch_is_late_that_tells_of_another_time() -> None:
    """More than ten minutes from when its token was issued."""
    found = batches.claims_of(said(a_batch()), a_batch(), tenures({}))
    assert isinstance(found, Claims)
    assert not found.is_late([NOW, NOW - 10 * MINUTE])
    assert found.is_late([NOW, NOW - 10 * MINUTE - SECOND])


def test_keys_go_by_the_name_of_their_file() -> None:
    """They alone; where they lie is only when."""
    assert batches.keys_of(a_batch()) == {"k1": KEY.blob}


def test_the_events_of_a_batch_are_read_from_its_folder() -> None:
    """Each as it was written, with its path, and nothing is missing."""
    added = a_batch(APPROVAL, GRANT)
    loaded, unreadable = batches.events_of(added, contents(APPROVAL, GRANT))
    assert loaded == ((APPROVAL, filed(APPROVAL).path), (GRANT, filed(GRANT).path))
    assert unreadable is None
    assert batches.event_entries(added) == (filed(APPROVAL), filed(GRANT))


def test_an_event_in_another_folder_is_not_read() -> None:
    """It was made for another batch, or for none."""
    astray = an_entry(batches.filed(APPROVAL.path, sha("another head")))
    added = a_batch(entries=(astray, TOKEN))
    loaded, unreadable = batches.events_of(added, {astray.blob: events.dump(APPROVAL)})
    assert loaded == ()
    assert unreadable is not None
    assert unreadable.why == f"{astray.path} does not lie in the folder of its batch"


def unread(*told: Event, held: Mapping[Sha, bytes | None]) -> Unreadable:
    """What cannot be read of these events, of which git holds no more than this."""
    _, found = batches.events_of(a_batch(*told), held)
    assert found is not None
    return found


def test_an_event_that_is_not_here_is_told() -> None:
    """By its path, with the requests and roles that the message names; what was read beside it is kept."""
    added = a_batch(APPROVAL, FAILURE)
    for missing in ({}, {filed(FAILURE).blob: None}):
        loaded, found = batches.events_of(added, {**contents(APPROVAL), **missing})
        assert loaded == ((APPROVAL, filed(APPROVAL).path),)
        assert found == Unreadable(
            commit=added.commit,
            path=filed(FAILURE).path,
            why=f"{filed(FAILURE).path} is not here, or larger than any event",
            requests=frozenset({OTHER}),
            roles=frozenset(commit_message.trailers(added.message, "Role")),
            idle=True,
        )
        assert found.roles


def test_an_event_that_cannot_be_read_is_told() -> None:
    """The first of them, with its own reason."""
    held = {**contents(APPROVAL, FAILURE), filed(APPROVAL).blob: b"{}"}
    found = unread(APPROVAL, FAILURE, held=held)
    assert (found.path, found.requests) == (filed(APPROVAL).path, frozenset({PATH}))
    assert "is not an event of schema" in found.why


def test_an_event_lies_in_the_folder_of_its_batch() -> None:
    """Under any other head it is none; who does not know the head, and so proves nothing, reads it all the same."""
    path, content = filed(APPROVAL).path, events.dump(APPROVAL)
    assert batches.event_of(path, content, PARENT) == batches.event_of(path, content, None) == APPROVAL
    with pytest.raises(ValueError, match="does not lie in the folder of its batch"):
        batches.event_of(path, content, sha("another head"))


def test_whatever_may_give_or_end_is_not_idle() -> None:
    """By the kind in its name: a refusal, a failure, a verdict, a review, a lift, a change of the rules and a use alone are."""
    idle = {
        EventType.REFUSED,
        EventType.FAILED,
        EventType.VERIFIED,
        EventType.REVIEWED,
        EventType.OVERDUE,
        EventType.LIFTED,
        EventType.RULES,
        EventType.USED,
        *PROTECTION,
    }
    for kind in EventType:
        assert unread(replace(APPROVAL, kind=kind), held={}).idle is (kind in idle), kind
    assert not unread(FAILURE, APPROVAL, held={}).idle


def test_an_older_jitbot_takes_looks_and_statements_for_idle() -> None:
    """It knows none of these kinds, and the first word of their names is that of a kind which gives and ends nothing."""
    assert {kind.partition("-")[0] for kind in PROTECTION} == {EventType.VERIFIED, EventType.REVIEWED}


def test_an_event_of_a_kind_that_nobody_knows_is_not_idle() -> None:
    """It may be a newer version's, whatever else its name holds."""
    for name in ("090000-pardoned-failed.json", "failed-090000.json", "failed.json"):
        entry = an_entry(f"events/2026/11/24/{batches.folder(PARENT)}/{name}")
        _, found = batches.events_of(a_batch(entries=(entry, TOKEN)), {})
        assert found is not None
        assert not found.idle, name


def test_the_requests_that_may_lack_an_event_are_those_of_which_none_was_read() -> None:
    """If one was read of each, any of them may lack another."""
    told = message((APPROVAL, FAILURE))
    assert batches.concerned(told, [PATH]) == {OTHER}
    assert batches.concerned(told, []) == {PATH, OTHER}
    assert batches.concerned(told, [PATH, OTHER]) == {PATH, OTHER}
    assert batches.concerned("no trailers", [PATH]) == frozenset()


def test_the_folders_above_files() -> None:
    """Each once, from the outermost on; a file at the root needs none."""
    assert batches.folders_of(["a/b/c", "a/b/d", "e"]) == {"a", "a/b"}
    assert batches.folders_of([]) == frozenset()
