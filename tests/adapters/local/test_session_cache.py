"""Sessions kept on disk: what counts as kept, and what could be somebody else's doing."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jitbot.adapters.local.session_cache import SessionCache
from jitbot.domain.enforce.grant_target import Session

SESSION = Session(
    access_key="ASIA1", secret_key="s", token="t", expires_at=datetime(2026, 11, 24, 10, tzinfo=UTC)
)


@pytest.fixture
def wallet(tmp_path: Path) -> SessionCache:
    """A folder with one session in it."""
    kept = SessionCache(tmp_path / "sessions")
    kept.keep(SESSION, {"role": "x"}, "alice", "x")
    return kept


def test_what_was_kept_is_found_under_its_key_alone(wallet: SessionCache) -> None:
    """The session and its note come back; another key finds nothing."""
    assert wallet.find("alice", "x") == (SESSION, {"role": "x"})
    assert wallet.find("alice", "y") is None


def test_a_symlink_is_no_session(wallet: SessionCache, tmp_path: Path) -> None:
    """A file of this user's, with the right mode, that a symlink leads to is not read."""
    (file,) = (tmp_path / "sessions").iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert wallet.find("alice", "x") is None


def test_a_file_of_another_user_is_no_session(wallet: SessionCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another user owns is not read, even where its mode lets nobody else read or write it."""
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert wallet.find("alice", "x") is None
