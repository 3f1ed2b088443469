"""What every import does with its plan, on plain values: what is shown, written or proposed, and when nothing is."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.imports import importing as module
from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.model.documents import Finding
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.run_import import ReadyImport

FINDING = Finding(code="code", message="what is wrong", file="policies/teams.yaml", hint="what to do")
FILE = "policies/teams.yaml"


class Import:
    """An import whose plan and whose check are given; `opened` is what was proposed on GitHub."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / "policies").mkdir()
        (root / FILE).write_text("old")
        self.root, self.opened, self.clients = root, list[Any](), 0
        self.targets: list[Path | None] = []
        self.removals: list[int | None] = []
        self.files: Mapping[str, bytes] = {FILE: b"new"}
        self.plan: Any = plan()
        self.live: tuple[str, ...] = ()
        self.refused: tuple[Finding, ...] = ()
        monkeypatch.setattr(module, "open_client", self._client)
        monkeypatch.setattr(module, "data_root", lambda _: root)
        monkeypatch.setattr(module, "target_of", self._target)
        monkeypatch.setattr(module, "prepare", self._prepare)
        monkeypatch.setattr(module, "open_import", self._open)

    def _client(self, *_: Any) -> str:
        self.clients += 1
        return "client"

    def _target(self, _: Any, root: Path | None, client: Callable[[], Any]) -> Any:
        self.targets.append(root)
        assert client() is client()
        return None

    def _prepare(self, _: Any, __: Any, removals: int | None) -> Any:
        self.removals.append(removals)
        return self.refused or ReadyImport(plan=self.plan, files=self.files, live=self.live)

    def _open(self, client: Any, given: Any, _: Any) -> Any:
        self.opened.append((client, given.files))
        return SimpleNamespace(url="https://x/7")

    def run(self, *, check: bool = False, pull: bool = False, removals: int | None = None) -> int:
        """Carry it out."""
        now = datetime(2026, 11, 24, 9, tzinfo=UTC)
        asked = Invocation(now=now, environ={}, folder=self.root, jitbot=lambda *_: 0)
        options = ImportOptions(check=check, pull_request=pull, removals=removals, repo=None)
        return run_import(asked, options, lambda _: self.plan)

    @property
    def text(self) -> str:
        """What the file holds now."""
        return (self.root / FILE).read_text()


class _Plan(ImportPlan):
    @property
    def lines(self) -> tuple[str, ...]:
        return ("+ alice\x1b", "- bob", "~ carol")

    @property
    def changes(self) -> bool:
        return bool(self.files)


def plan(*, changes: bool = True) -> ImportPlan:
    """A plan that changes three things, or nothing."""
    nothing: Any = None
    files: Any = (nothing,) if changes else ()
    return _Plan(name="teams", source=nothing, files=files, notes=("a note",))


@pytest.fixture
def imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Such an import."""
    return Import(tmp_path, monkeypatch)


def test_files_are_changed_here(imports: Import, capsys: pytest.CaptureFixture[str]) -> None:
    """After each change was shown; GitHub is asked once at most."""
    assert imports.run(removals=3) == 0
    printed = capsys.readouterr()
    assert (imports.text, imports.opened, imports.clients) == ("new", [], 1)
    assert (imports.targets, imports.removals) == ([imports.root], [3])
    assert printed.out.splitlines() == ["+ alice\\x1b", "- bob", "~ carol"]
    assert printed.err.splitlines() == [
        "! a note",
        f"{FILE} is changed: look at it with git diff, and have it merged",
    ]


def test_or_proposed(imports: Import, capsys: pytest.CaptureFixture[str]) -> None:
    """As a pull request, from what main has: no file here is read or written."""
    assert imports.run(pull=True) == 0
    assert (imports.text, imports.targets) == ("old", [None])
    assert imports.opened == [("client", {FILE: b"new"})]
    assert capsys.readouterr().out.splitlines()[-1] == "https://x/7"


@pytest.mark.parametrize("pull", [False, True])
def test_or_only_looked_at(imports: Import, capsys: pytest.CaptureFixture[str], *, pull: bool) -> None:
    """Exit code 1 says that something would change."""
    assert imports.run(check=True, pull=pull) == 1
    assert (imports.text, imports.opened) == ("old", [])
    assert f"{FILE} would change" in capsys.readouterr().err


def test_what_changes_nothing_is_done(imports: Import, capsys: pytest.CaptureFixture[str]) -> None:
    """Looked at, too, and nothing is checked further."""
    imports.plan = plan(changes=False)
    assert (imports.run(), imports.run(check=True), imports.run(pull=True)) == (0, 0, 0)
    assert (imports.text, imports.opened, imports.removals) == ("old", [], [])
    assert "nothing changes" in capsys.readouterr().err


@pytest.mark.parametrize("early", [True, False])
def test_what_is_refused_changes_nothing(
    imports: Import, capsys: pytest.CaptureFixture[str], *, early: bool
) -> None:
    """A source that does not read, and files that would not pass `check`."""
    if early:
        imports.plan = (FINDING,)
    else:
        imports.refused = (FINDING,)
    assert (imports.run(), imports.run(pull=True), imports.run(check=True)) == (1, 1, 1)
    assert (imports.text, imports.opened) == ("old", [])
    printed = capsys.readouterr()
    assert "what is wrong" in printed.out + printed.err
    assert "nothing was imported" in printed.err


def test_live_access_that_ends_is_said(imports: Import, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is changed, and where it is only looked at."""
    imports.live = ("bob in prod",)
    imports.run(check=True)
    assert "! this ends live access: bob in prod" in capsys.readouterr().err


def test_whose_files_are_changed(tmp_path: Path) -> None:
    """Those of this folder; where there is none, those of main, as GitHub has them."""
    (tmp_path / "policies/access").mkdir(parents=True)
    (tmp_path / "policies/access/here.yaml").write_text("here")
    client: Any = SimpleNamespace(rules_tree="main", policy_paths=lambda: ["there"])
    asked = Invocation(
        now=datetime(2026, 11, 24, tzinfo=UTC), environ={}, folder=tmp_path, jitbot=lambda *_: 0
    )
    here = module.target_of(asked, tmp_path, lambda: client)
    assert here.policies == ("policies/access/here.yaml",)
    assert here.tree.read(here.policies) == {"policies/access/here.yaml": b"here"}
    there = module.target_of(asked, None, lambda: client)
    assert (str(there.tree), there.policies) == ("main", ("there",))


@pytest.mark.parametrize(("check", "pull"), [(False, False), (True, False), (False, True)])
def test_the_options_of_every_import(*, check: bool, pull: bool) -> None:
    """As one value; to look and to propose at once is misuse."""
    command: Any = import_options(lambda **given: given)
    given = command(only=check, pull_request=pull, removals=2, repo="acme/access", other=1)
    assert given == {
        "options": ImportOptions(check=check, pull_request=pull, removals=2, repo="acme/access"), "other": 1,
    }  # fmt: skip
    with pytest.raises(click.UsageError, match="--check changes nothing"):
        command(only=True, pull_request=True, removals=None, repo=None)
