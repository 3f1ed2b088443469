"""Sessions kept on disk: what counts as kept, and what could be somebody else's doing."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jitbot.adapters.local.session_cache import SessionCache, cache_folder
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


def test_what_others_may_read_is_no_session(wallet: SessionCache, tmp_path: Path) -> None:
    """Whoever could read it could have written it, too."""
    (file,) = (tmp_path / "sessions").iterdir()
    file.chmod(0o640)
    assert wallet.find("alice", "x") is None


@pytest.mark.parametrize(
    ("noted", "asked", "left"),
    [
        ({"request": "r", "repository": "acme/access"}, ("r", "Acme/Access"), 0),
        ({"request": "r", "repository": "acme/access"}, ("r", "acme/other"), 1),
        ({"request": "r"}, ("r", "acme/other"), 0),
        ({"request": "r", "repository": "acme/access"}, ("s", "acme/access"), 1),
        ({"role": "x"}, ("r", "acme/access"), 1),
    ],
)
def test_an_ended_grants_sessions_are_forgotten(
    tmp_path: Path, noted: dict[str, str], asked: tuple[str, str], left: int
) -> None:
    """Those of this request of this repository; beside them lies what is no session, which stays."""
    kept = SessionCache(tmp_path)
    (tmp_path / "0.json").write_text("{}")
    kept.keep(SESSION, noted, "alice")
    kept.forget(*asked)
    assert len(list(tmp_path.glob("*.json"))) == 1 + left


@pytest.mark.parametrize(("late", "left"), [(0, 1), (1, 0)])
def test_files_of_ended_sessions_go(wallet: SessionCache, tmp_path: Path, late: int, left: int) -> None:
    """Two hours after they were written, when every session is over."""
    (file,) = (tmp_path / "sessions").iterdir()
    written = SESSION.expires_at.timestamp()
    os.utime(file, (written, written))
    wallet.forget_ended(SESSION.expires_at + timedelta(hours=2, seconds=late))
    assert len(list((tmp_path / "sessions").iterdir())) == left


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials lie nowhere but where they are looked for, and forgotten."""
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    SessionCache(tmp_path).keep(SESSION, {}, "alice")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds credentials: with those of its request, or when every session is over."""
    kept = SessionCache(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: None)
        for request in ("r", "s"):
            kept.keep(SESSION, {"request": request}, "alice", request)
    assert kept.find("alice", "r") is None
    assert len(list(tmp_path.iterdir())) == 2
    kept.forget("r", "acme/access")
    assert len(list(tmp_path.iterdir())) == 1
    kept.forget_ended(datetime.now(UTC) + timedelta(hours=2, seconds=1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, Path("/c/jitbot")),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache/jitbot")),
        ({}, Path.home() / ".cache/jitbot"),
    ],
)
def test_where_sessions_are_kept(environ: dict[str, str], folder: Path) -> None:
    """In the cache folder of the person's system."""
    assert cache_folder(environ) == folder
