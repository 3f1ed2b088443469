"""Who may write the ledger: what a token must say to speak for a batch."""

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import HEAD, MINUTE, NOW, SECOND, sha, the_settings
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.ledger.attestation import (
    Batch,
    Tenure,
    audience,
    blob_name,
    former_names,
    objection,
    own_message,
)
from jitbot.domain.model.bounds import COMMIT_READ

FILES = {"events/2026/11/24/090100-approved-0.json": sha("one"), "keys/a.json": sha("two")}
BATCH = Batch(parent=HEAD, message="approved: alice\n\nRequest: r", blobs=FILES)


def said(**others: object) -> dict[str, object]:
    """The claims of a token that speaks for BATCH, with others in their place."""
    claims: dict[str, object] = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": audience(BATCH),
        "repository_id": "700001",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
        "iat": int(NOW.timestamp()),
    }
    return {**claims, **others}


def against(claims: dict[str, object], *times: datetime) -> str | None:
    """What speaks against these claims."""
    return objection(claims, batch=BATCH, settings=the_settings(), times=times or (NOW,))


SIGNED_OFF = "Signed-off-by: github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"


@pytest.mark.parametrize(
    "added",
    [
        f"\n\n{SIGNED_OFF}",
        f"\n{SIGNED_OFF}\n",
        f"\n\n{SIGNED_OFF}\n{SIGNED_OFF}\n",
        f"\n{SIGNED_OFF}\n \n{SIGNED_OFF}",
    ],
)
def test_a_sign_off_that_github_adds_changes_no_batch(added: str) -> None:
    """GitHub may append it to what is committed through its API; nothing else at the end of a message is left out."""
    assert audience(replace(BATCH, message=BATCH.message + added)) == audience(BATCH)
    for other in (
        "\nSigned-off-by: mallory <m@x>",
        f"\n\nApproved-by: bob{added}",
        f"{added}\nApproved-by: bob",
    ):
        assert audience(replace(BATCH, message=BATCH.message + other)) != audience(BATCH)


PIECES = st.sampled_from(
    [SIGNED_OFF, f" {SIGNED_OFF}", f"{SIGNED_OFF} x", "a", " ", "\t", "\n", "\n", "\r", ""]
)
ADDED = re.compile(
    rf"(?:\s*\n{re.escape('Signed-off-by: github-actions[bot]')} <[^<>\n]*>)+\Z"
)  # what is left out


@given(message=st.lists(PIECES, max_size=8).map("".join))
def test_only_whole_lines_at_the_end_are_left_out(message: str) -> None:
    """And the blank lines before them; a message that is nothing else stays."""
    assert own_message(message) == ADDED.sub("", message.rstrip())


@pytest.mark.parametrize(
    "text",
    ["\n", "\n ", f"\n{SIGNED_OFF}", f"\n{SIGNED_OFF}"[:-1], "Signed-off-by: github-actions[bot] <"],
    ids=["lines", "blanks", "sign-offs", "halves", "one line"],
)
@pytest.mark.parametrize("end", ["z", f"\n{SIGNED_OFF}"])
def test_no_message_keeps_a_reader_busy(text: str, end: str) -> None:
    """Anyone can push a commit with a megabyte of message, and with a token that GitHub signed for somebody else."""
    message = f"x\n{SIGNED_OFF}" + text * min(COMMIT_READ // len(text), 30_000) + end
    begun = time.process_time()
    assert len(own_message(message)) <= len(message)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"repository": "acme/former"}, True),
        ({}, False),
        ({"repository": "acme/former", "repository_id": 700002}, False),
        ({"repository": "acme/former", "issuer": "https://evil.example.com"}, False),
    ],
)
def test_only_another_name_of_the_same_repository_is_a_former_name(
    changed: dict[str, Any], *, counts: bool
) -> None:
    """Of another repository, or another issuer, nothing counts, whatever main once said."""
    earlier = Tenure(settings=replace(the_settings(), **changed))
    assert [*former_names(the_settings(), [earlier])] == ([earlier] if counts else [])


@pytest.mark.parametrize("workflow", ["grant", "sweep", "revoke", "audit"])
def test_jitbots_workflows_on_main_may_write(workflow: str) -> None:
    """A token of each of the four workflows, made for this batch, speaks for it."""
    ref = f"acme/access/.github/workflows/{workflow}.yml@refs/heads/main"
    assert against(said(job_workflow_ref=ref)) is None


@pytest.mark.parametrize(
    ("claim", "value", "why"),
    [
        ("iss", "https://evil.example.com", "issuer"),
        ("iss", "https://token.actions.githubusercontent.com/", "issuer"),
        ("aud", "jitbot-ledger:" + "0" * 64, "another batch"),
        ("aud", [audience(BATCH)], "another batch"),
        ("aud", "sts.amazonaws.com", "another batch"),
        ("repository_id", "700002", "another repository"),
        ("repository", "acme/former", "otherwise than the settings do"),
        ("ref", "refs/heads/evil", "workflows on main"),
        ("ref", "refs/tags/main", "workflows on main"),
        ("ref", "refs/pull/7/merge", "workflows on main"),
        ("ref", "main", "workflows on main"),
        ("job_workflow_ref", "acme/access/.github/workflows/check.yml@refs/heads/main", "workflows on main"),
        ("job_workflow_ref", "acme/access/.github/workflows/ci.yml@refs/heads/main", "workflows on main"),
        ("job_workflow_ref", "acme/access/.github/workflows/grant.yml@refs/heads/x", "workflows on main"),
        ("job_workflow_ref", "acme/access/.github/workflows/grant.yml", "workflows on main"),
        ("job_workflow_ref", "evil/access/.github/workflows/grant.yml@refs/heads/main", "workflows on main"),
        ("job_workflow_ref", ["grant"], "workflows on main"),
        ("iat", str(int(NOW.timestamp())), "when it was issued"),
        ("iat", NOW.timestamp(), "when it was issued"),
        ("iat", int(NOW.timestamp()) + 601, "10 minutes"),
        ("iat", int(NOW.timestamp()) - 601, "10 minutes"),
        ("iat", 10**30, "10 minutes"),
    ],
)
def test_every_wrong_claim_is_an_objection(claim: str, value: object, why: str) -> None:
    """One wrong claim is enough for a token to say nothing, whatever the others are."""
    assert why in str(against(said(**{claim: value})))


@pytest.mark.parametrize("claim", sorted(said()))
def test_every_missing_claim_is_an_objection(claim: str) -> None:
    """What a token does not say is never taken for granted."""
    claims = said()
    del claims[claim]
    assert against(claims) is not None


def test_ten_minutes_are_allowed_to_the_second() -> None:
    """Every recorded time counts, up to ten minutes either way and not a second more."""
    assert against(said(), NOW - 10 * MINUTE, NOW + 10 * MINUTE) is None
    assert "10 minutes" in str(against(said(), NOW, NOW + 10 * MINUTE + SECOND))
    assert "10 minutes" in str(against(said(), NOW - 10 * MINUTE - SECOND, NOW))


def test_an_old_token_still_counts() -> None:
    """The token's own end is not read: it is checked years after it was made."""
    assert against(said(exp=int((NOW - timedelta(days=1)).timestamp()))) is None


def test_the_numbers_form_of_the_repositorys_id_counts() -> None:
    """The id may come as a number or as text; it is the same repository."""
    assert against(said(repository_id=700001)) is None
    assert against(said(repository="acme/access")) is None


@pytest.mark.parametrize(
    ("issued", "judged"),
    [
        (int((NOW - 10 * MINUTE).timestamp()) - 1, False),
        (int((NOW - 10 * MINUTE).timestamp()), True),
        (int((NOW + 20 * MINUTE).timestamp()), True),
        (int((NOW + 20 * MINUTE).timestamp()) + 1, False),
        (str(int(NOW.timestamp())), False),
        (None, False),
    ],
)
def test_a_former_name_judges_its_own_time_alone(issued: object, judged: bool) -> None:
    """From when to when main had it, to the second, with ten minutes for clocks; today's judges any."""
    assert Tenure(settings=the_settings(), times=(NOW, NOW + 10 * MINUTE)).holds(issued) is judged
    assert Tenure(settings=the_settings()).holds(issued)


@pytest.mark.parametrize(
    "changes",
    [
        {"parent": sha("another head")},
        {"message": "approved: mallory\n\nRequest: r"},
        {"blobs": {**FILES, "keys/b.json": sha("three")}},
        {"blobs": {"keys/a.json": sha("two")}},
        {"blobs": {**FILES, "keys/a.json": sha("other bytes")}},
        {"blobs": {"events/2026/11/24/090100-approved-1.json": sha("one"), "keys/a.json": sha("two")}},
    ],
)
def test_the_audience_changes_with_every_part(changes: dict[str, Any]) -> None:
    """A token for one batch says nothing for another head, message, file name or content."""
    other = replace(BATCH, **changes)
    assert audience(other) != audience(BATCH)
    assert "another batch" in str(objection(said(), batch=other, settings=the_settings(), times=(NOW,)))


def test_the_audience_is_what_the_design_says() -> None:
    """Parts cannot run into each other, and neither file order nor a last newline of git's matters."""
    assert audience(BATCH).startswith("jitbot-ledger:")
    assert len(audience(BATCH)) == len("jitbot-ledger:") + 64
    turned = dict(reversed(FILES.items()))
    assert audience(replace(BATCH, blobs=turned, message=BATCH.message + "\n")) == audience(BATCH)
    assert audience(replace(BATCH, message="\n" + BATCH.message)) != audience(BATCH)


def test_blob_names_are_gits() -> None:
    """The name of a blob is the one that git gives it."""
    assert blob_name(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_name(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
