"""What `jitbot import people` takes: a file, and where it is asked for, an identity store to check its user names in."""

from pathlib import Path
from typing import Any

import pytest
from desk import said

from jitbot.commands.imports import people as module


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each import would be planned from."""
    found: list[Any] = []

    def plan_people(_target: Any, rows: Any, store: str, directory: Any) -> None:
        found.append((rows.path, [each.login for each in rows.rows], store, directory))

    monkeypatch.setattr(module, "plan_people", plan_people)
    monkeypatch.setattr(module, "run_import", lambda _invocation, _options, plan: plan(None) or 0)
    monkeypatch.setattr(module, "directory_of", lambda _environ, profile: f"directory of {profile}")
    return found


@pytest.mark.parametrize(
    ("options", "store", "directory"),
    [
        ((), "", None),
        (("--profile", "audit"), "", None),
        (("--identity-store", "d-1", "--profile", "audit"), "d-1", "directory of audit"),
    ],
)
def test_an_identity_store_is_asked_where_it_is_named(
    planned: list[Any], tmp_path: Path, options: tuple[str, ...], store: str, directory: str | None
) -> None:
    """Without one nothing is asked of AWS, and no credentials are looked for."""
    (tmp_path / "people.csv").write_text("login\nalice\n")
    assert said("import", "people", "people.csv", *options, folder=tmp_path).code == 0
    assert planned == [("people.csv", ["alice"], store, directory)]


def test_a_file_that_is_not_there_is_named(planned: list[Any], tmp_path: Path) -> None:
    """Nothing is planned for it."""
    answer = said("import", "people", "people.csv", folder=tmp_path)
    assert (answer.code, answer.err, planned) == (1, "error: people.csv: No such file or directory\n", [])
