"""What counts in the ledger, judged from bytes alone: by the token, by its key, and by the time that the batch records."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from acme_facts import MINUTE, NOW, PATH, sha, the_settings
from batch_facts import APPROVAL, KEY, a_batch, contents, filed, said

from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batch_verifier import BatchVerifier
from jitbot.domain.ledger.batches import KEY_UNKNOWN, LATE, NO_BATCH, NO_KEY, AddedCommit, Claims


class PlainSignatures:
    """Signatures without cryptography: a token names its key, the secret that it was signed with, and its claims."""

    def verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        """The claims, if the key of that name is the one that signed."""
        signed: dict[str, Any] = json.loads(token)
        claims: Mapping[str, object] = signed["claims"]
        return claims if keys.get(signed["kid"]) == signed["key"] else None

    def key_id(self, token: str) -> str:
        """The name of the key."""
        return str(json.loads(token)["kid"])


def signed(added: AddedCommit, kid: str = "k0", key: str = "key zero", **others: object) -> bytes:
    """The token of a batch."""
    return json.dumps({"kid": kid, "key": key, "claims": said(added, **others)}).encode()


def a_verifier(**keys: str) -> BatchVerifier:
    """One that believes the key `k0`, unless said otherwise."""
    settings = [Tenure(settings=the_settings())]
    return BatchVerifier(signatures=PlainSignatures(), settings=settings, keys=keys or {"k0": "key zero"})


def accepted(verifier: BatchVerifier, added: AddedCommit, order: int = 0) -> Claims | str:
    """A batch that its token speaks for, with its events."""
    claims = verifier.claims(added, signed(added))
    assert isinstance(claims, Claims)
    return verifier.accept(added, order, claims, contents(APPROVAL))


def test_a_batch_that_its_token_speaks_for_counts() -> None:
    """It counts with its claims, its place in the ledger, and its events with their paths."""
    verifier, added = a_verifier(), a_batch()
    claims = accepted(verifier, added, 7)
    (found,) = verifier.verified
    assert (found.commit, found.order, found.claims) == (added.commit, 7, claims)
    assert found.events == ((APPROVAL, filed(APPROVAL).path),)
    assert (found.unreadable, verifier.in_doubt.requests) == (None, frozenset())


@pytest.mark.parametrize("token", [None, b"", b" \n"], ids=["none that is short", "empty", "blank"])
def test_without_a_token_it_is_no_batch(token: bytes | None) -> None:
    """What lies in the place of the token is empty, or too long to be read."""
    assert a_verifier().claims(a_batch(), token) == NO_BATCH


def test_a_commit_that_is_no_batch_has_no_token() -> None:
    """Whatever a token says, an untidy commit is none of ours."""
    added = a_batch(well_formed=False)
    assert a_verifier().claims(added, signed(added)) == NO_BATCH


def test_white_space_around_a_token_is_none_of_it() -> None:
    """A token is a line of a file."""
    added = a_batch()
    assert isinstance(a_verifier().claims(added, b"\n" + signed(added) + b"\n"), Claims)


def test_a_token_of_an_unknown_key_may_count_later() -> None:
    """Once a batch that counts vouches for its key, it counts."""
    verifier, added = a_verifier(), a_batch()
    token = signed(added, kid="k1", key="key one")
    assert verifier.claims(added, token) == KEY_UNKNOWN
    verifier.trust({"k1": KEY.blob}, {KEY.blob: b" key one\n"})
    assert isinstance(verifier.claims(added, token), Claims)


@pytest.mark.parametrize("kid", ["k0", ""], ids=["a key that counts", "no key"])
def test_a_token_that_no_later_key_can_speak_for_never_counts(kid: str) -> None:
    """It names a key that did not sign it, or none at all."""
    added = a_batch()
    assert a_verifier().claims(added, signed(added, kid=kid, key="mallory's")) == NO_KEY


def test_a_token_that_speaks_for_another_batch_says_so() -> None:
    """The reason is the claims' own."""
    added = a_batch()
    assert a_verifier().claims(added, signed(added, aud="another")) == "its token was made for another batch"


def test_a_batch_of_another_time_than_its_token_does_not_count() -> None:
    """It is not kept, and says why."""
    verifier, added = a_verifier(), a_batch()
    late = int((NOW + 11 * MINUTE).timestamp())
    claims = verifier.claims(added, signed(added, iat=late))
    assert isinstance(claims, Claims)
    assert verifier.accept(added, 0, claims, contents(APPROVAL)) == LATE
    assert verifier.verified == []


def test_only_keys_that_do_not_count_yet_are_brought() -> None:
    """The first key of an id is the one that counts."""
    added = a_batch()
    assert a_verifier().vouched(added) == {"k1": KEY.blob}
    assert a_verifier(k1="key one").vouched(added) == {}


def test_a_key_whose_bytes_cannot_be_had_does_not_count() -> None:
    """Too large, or not here."""
    verifier = a_verifier()
    verifier.trust({"k1": KEY.blob}, {KEY.blob: None})
    assert verifier.keys == {"k0": "key zero"}


def test_batches_are_told_in_the_order_of_the_ledger() -> None:
    """Whatever the order in which they were found to count."""
    verifier = a_verifier()
    for order in (2, 0, 1):
        accepted(verifier, a_batch(commit=sha(f"batch {order}")), order)
    assert [each.order for each in verifier.ordered] == [0, 1, 2]


def test_events_that_cannot_be_read_are_told_once_for_all() -> None:
    """With their batch's place, and with what they may be about."""
    verifier, added = a_verifier(), a_batch()
    claims = verifier.claims(added, signed(added))
    assert isinstance(claims, Claims)
    verifier.accept(added, 3, claims, {filed(APPROVAL).blob: None})
    ((order, unreadable),) = verifier.unreadable
    assert (order, unreadable.commit, unreadable.requests) == (3, added.commit, frozenset({PATH}))
    assert verifier.in_doubt.requests == frozenset({PATH})
    assert verifier.in_doubt.roles == unreadable.roles != frozenset()
