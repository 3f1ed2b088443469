"""The company with one thing wrong that touches many files, as it happens to people."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

_PRINCIPAL = re.compile(r", identity_center: [^,}]+")


def _rewrite(root: Path, path: str, change: Callable[[str], str]) -> None:
    file = root / path
    file.write_text(change(file.read_text("utf-8")), "utf-8")


def _principals(root: Path) -> None:
    _rewrite(root, "policies/people.yaml", lambda text: _PRINCIPAL.sub("", text))


def _half_of_them(root: Path) -> None:
    _rewrite(root, "policies/people.yaml", lambda text: "".join(text.splitlines(keepends=True)[:150]))


def _teams(root: Path) -> None:
    (root / "policies/teams.yaml").write_text("{}\n", "utf-8")


def _groups(root: Path) -> None:
    (root / "policies/account-groups.yaml").unlink()


def _each_its_own(root: Path) -> None:
    for number, file in enumerate(sorted((root / "policies/access").glob("*.yaml"))):
        file.write_text(file.read_text("utf-8").replace("description:", f"descripti{number}:"), "utf-8")


# What is lost -> how, and the finding that says so.
LOST: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "every principal": (_principals, "nobody-can-ask"),
    "half of the people": (_half_of_them, "unknown-person"),
    "every team": (_teams, "unknown-team"),
    "the account groups": (_groups, "unknown-group"),
    "a key of each policy": (_each_its_own, "unknown-key"),
}
