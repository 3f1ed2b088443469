"""What tests work out once is what each would have worked out, and what must differ still does."""

import copy
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest
import worked_out_once
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader
from jwt.api_jws import PyJWS
from worked_out_once import client, heard_by

from jitbot.sandbox.github.sandbox import GitHubSandbox


def test_what_one_client_is_told_no_other_hears() -> None:
    """A handler, and a method of a client, are that client's alone."""
    one, other = client("sts"), client("sts")
    heard: list[str] = []
    one.meta.events.register("told.sts", lambda **_: heard.append("one"))
    other.meta.events.emit("told.sts.GetCallerIdentity")
    assert heard == []
    one.meta.events.emit("told.sts.GetCallerIdentity")
    assert heard == ["one"]
    type(one).more = 1
    assert not hasattr(other, "more")


def test_what_one_session_is_told_no_other_hears() -> None:
    """Nor a later one: what botocore registers with each is a copy."""
    one, other = boto3.Session(), boto3.Session()
    heard: list[str] = []
    for name in ("told.sts", "before-sign.sts"):  # the second has handlers of botocore's own
        one.events.register(name, lambda **_: heard.append("one"))
    later: list[Any] = [other, boto3.Session()]
    for each in later:
        each.events.emit("told.sts")
        assert "test_what_one_session" not in str(list(heard_by(each.events._emitter._handlers._root)))
    assert heard == []


def test_a_part_of_a_token_is_read_as_ever() -> None:
    """What is right is the same each time, and what is wrong is refused each time."""
    for _ in range(2):
        assert PyJWS._decode_base64url_segment(b"e30", "header") == b"{}"
        with pytest.raises(jwt.DecodeError, match="Invalid header padding"):
            PyJWS._decode_base64url_segment(b"!!!!", "header")
        with pytest.raises(jwt.DecodeError, match="Invalid payload padding"):
            PyJWS._decode_base64url_segment(b"!!!!", "payload")


def test_a_copy_of_an_emitter_is_a_copy() -> None:
    """What is registered with it, the first does not hear."""
    heard: list[str] = []
    first = HierarchicalEmitter()
    first.register("a.b", lambda **_: heard.append("first"))
    copied = copy.copy(first)
    for register in (copied.register, copied.register_first, copied.register_last):
        register("a.b", lambda **_: heard.append("copy"))
    first.emit("a.b")
    assert heard == ["first"]
    copied.emit("a.b")
    assert sorted(heard) == ["copy", "copy", "copy", "first", "first"]


def test_a_handler_must_still_take_every_argument() -> None:
    """Asked of each function on its own."""
    emitter = HierarchicalEmitter()
    for _ in range(2):
        emitter.register("a.b", lambda **_: None)
        with pytest.raises(ValueError, match="keyword"):
            emitter.register("a.b", lambda: None)


def test_what_lies_elsewhere_is_looked_for_there(tmp_path: Path) -> None:
    """A loader with a path of its own finds what is there, whatever others found."""
    assert "sts" in Loader().list_available_services("service-2")
    (tmp_path / "own" / "2026-01-01").mkdir(parents=True)
    (tmp_path / "own" / "2026-01-01" / "service-2.json").write_text("{}")
    loader = Loader(extra_search_paths=[str(tmp_path)], include_default_search_paths=False)
    assert loader.list_available_services("service-2") == ["own"]
    assert loader.list_api_versions("own", "service-2") == ["2026-01-01"]


def test_keys_serve_again_once_nobody_has_them() -> None:
    """Two holders never share a key, none has one twice, and one that is back is lent before another is made."""
    numbers = count()
    keys = worked_out_once.Keys(lambda _: next(numbers))
    one, other, third = object(), object(), object()
    assert [keys.lend(one), keys.lend(other), keys.lend(one)] == [0, 1, 2]
    keys.left(one)
    assert {keys.lend(other), keys.lend(third)} == {0, 2}
    assert keys.lend(third) == 3
    for each in (one, other, third):
        keys.left(each)
    assert {keys.lend(one) for _ in range(4)} == {0, 1, 2, 3}
    assert keys.lend(one) == 4


def test_an_embedded_github_borrows_its_keys() -> None:
    """Until it is closed, whatever others are open: those of one that is gone serve again, and no two share."""

    def keys(github: GitHubSandbox) -> list[Any]:
        found: list[Any] = []
        for _ in range(2):
            github.rotate_keys()
            found += github._issuer._keys.values()
        return found

    with GitHubSandbox() as one:
        held = keys(one)
        with GitHubSandbox() as other:
            gone = keys(other)
        assert len(set(map(id, [*held, *gone]))) == 4
        seen: list[Any] = []
        with GitHubSandbox() as many:
            while not set(map(id, gone)) <= set(map(id, seen)):
                assert len(seen) < 100, "a key of one that is gone never serves again"
                seen += keys(many)
        assert len(set(map(id, seen))) == len(seen)
        assert set(map(id, held)).isdisjoint(map(id, seen))
