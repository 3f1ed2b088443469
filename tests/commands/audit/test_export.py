"""`jitbot audit export` on plain values: where a pack is written, what is in it, and with which keys it was judged."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.audit import export as module
from jitbot.commands.audit import inputs as inputs_module
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.audit.unmerged_requests import Unmerged

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def invocation(folder: Path) -> Invocation:
    """A call in this folder."""
    return Invocation(now=NOW, environ={}, folder=folder, jitbot=lambda *_: 0)


class Packs:
    """What a period holds; `given` is what its pack was made of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given: dict[str, Any] = {}
        self.report: Any = SimpleNamespace(
            records=(), summary=None, entitlements=(), stops=(), tables={}, answers=(), verdicts=(), seed="its own",
            start=NOW, end=NOW, judged_at=NOW, in_doubt=False,
            source=SimpleNamespace(repository="acme/access", ledger="1", main="2", warnings=("odd \x1b",)),
        )  # fmt: skip
        self.files = {"data/a.csv": b"1", "manifest.json": b"2"}
        monkeypatch.setattr(module, "period_report_of", lambda *_, **__: self.report)
        monkeypatch.setattr(module, "pack", self._pack)
        monkeypatch.setattr(module, "_unmerged", lambda *_: (unmerged(None), unmerged(NOW)))

    def _pack(self, *_: Any, **given: Any) -> dict[str, bytes]:
        self.given = given
        return self.files

    def export(self, folder: Path, *, seed: str | None = None, online: bool = False) -> int:
        """Write a pack into the folder `pack` below this one."""
        return module.export(
            invocation(folder),
            start=NOW,
            end=NOW,
            output=Path("pack"),
            size=3,
            seed=seed,
            online=online,
            keys_file=None,
        )


def unmerged(closed: datetime | None) -> Unmerged:
    """A pull request that was not merged."""
    fields: dict[str, Any] = dict.fromkeys(Unmerged.__slots__)
    return Unmerged(**{**fields, "closed_at": closed})


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> Packs:
    """Such a period."""
    return Packs(monkeypatch)


@pytest.mark.parametrize("there", [False, True])
def test_a_pack_has_a_folder_of_its_own(
    packs: Packs, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    """One that is not there, or has nothing in it."""
    if there:
        (tmp_path / "pack").mkdir()
    assert packs.export(tmp_path) == 0
    assert (tmp_path / "pack/data/a.csv").read_bytes() == b"1"
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'pack'}: 0 items, 2 files, 0.0 MB\n"
    assert printed.err == "! odd \\x1b\n"
    with pytest.raises(InvalidError, match="is not empty"):
        packs.export(tmp_path)


def test_a_file_is_no_folder(packs: Packs, tmp_path: Path) -> None:
    """Nor is what cannot be written a pack."""
    (tmp_path / "pack").write_text("")
    with pytest.raises(InvalidError, match="is not empty"):
        packs.export(tmp_path)
    (tmp_path / "pack").unlink()
    packs.files = {"a": b"", "a/b": b""}
    with pytest.raises(InvalidError, match="cannot be written: "):
        packs.export(tmp_path)


@pytest.mark.parametrize(("seed", "used"), [(None, "its own"), ("mine", "mine")])
def test_a_sample_can_be_drawn_again(packs: Packs, tmp_path: Path, seed: str | None, used: str) -> None:
    """By the seed that the pack names."""
    packs.export(tmp_path, seed=seed)
    assert (packs.given["seed"], packs.given["about"]["seed"]) == (used, used)


@pytest.mark.parametrize("online", [False, True])
def test_what_was_not_merged_is_known_to_github_alone(packs: Packs, tmp_path: Path, *, online: bool) -> None:
    """Offline it is left out, and not said to be nothing."""
    packs.export(tmp_path, online=online)
    found = packs.given["others"].get("unmerged.json")
    assert (packs.given["about"]["online"], found is not None) == (online, online)
    if online:
        assert [each["outcome"] for each in found] == ["waiting", "withdrawn"]
        assert set(found[0]) > {"outcome", "closed_at"}


def test_a_period_in_doubt_is_exit_code_3(packs: Packs, tmp_path: Path) -> None:
    """The pack is written all the same, and says so."""
    packs.report.in_doubt = True
    assert packs.export(tmp_path) == 3
    assert (tmp_path / "pack/manifest.json").exists()


@pytest.mark.parametrize(
    ("online", "file", "found"),
    [
        (False, False, {}),
        (True, False, {"k1": "issuer", "k2": "issuer"}),
        (False, True, {"k2": "file"}),
        (True, True, {"k1": "issuer", "k2": "file"}),
    ],
)
def test_whose_keys_are_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: dict[str, str], *, online: bool, file: bool
) -> None:
    """The issuer's, where it may be asked, and before these those that were given."""

    class Issuer:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def keys(self) -> dict[str, str]:
            return {"k1": "issuer", "k2": "issuer"}

    monkeypatch.setattr(inputs_module, "ActionsOidc", Issuer)
    monkeypatch.setattr(inputs_module, "data_root", lambda folder: folder)
    monkeypatch.setattr(inputs_module, "read_keys", lambda *_: {"k2": "file"})
    monkeypatch.setattr(
        inputs_module, "load_audit_inputs", lambda *_, keys, **__: keys(SimpleNamespace(issuer="x"))
    )
    (tmp_path / "keys.json").write_text("{}")
    given = Path("keys.json") if file else None
    read: Any = inputs_module.load_inputs(invocation(tmp_path), keys_file=given, online=online)
    assert read == found


def test_keys_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    """They are not taken for no keys."""
    with pytest.raises(InvalidError, match=r"keys\.json cannot be read: No such"):
        inputs_module._keys_in(tmp_path / "keys.json")
