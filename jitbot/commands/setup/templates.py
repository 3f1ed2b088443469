"""What this release ships for a new repository, and which release this is."""

import json
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

_WORKFLOWS = "github/workflows/"
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def starters() -> Mapping[str, str]:
    """The templates of a data-only repository, by path; `github/` stands for `.github/`, `vscode/` for `.vscode/`.

    The schemas are included for editors: their check must not need a network, or a repository that not everybody
    may read.
    """
    package = Path(str(files("jitbot")))
    root = package / "templates" / "repository"
    schemas = {
        f"vscode/jitbot/{file.name}": file.read_text("utf-8") for file in (package / "schemas").glob("*.json")
    }
    return {
        **{file.relative_to(root).as_posix(): file.read_text("utf-8") for file in root.rglob("*.*")},
        **schemas,
        "github/CODEOWNERS": (root / "github" / "CODEOWNERS").read_text("utf-8"),
    }


def workflows() -> Mapping[str, str]:
    """The workflow files of this release, by name."""
    return {
        path.removeprefix(_WORKFLOWS): text
        for path, text in sorted(starters().items())
        if path.startswith(_WORKFLOWS)
    }


def release() -> tuple[str, str]:
    """Where the running jitbot was installed from, `owner/name` and commit; empty where pip has not written it down.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        written = distribution("jitbot").read_text("direct_url.json")
        found = json.loads(written) if written else {}
    except (PackageNotFoundError, ValueError):
        return "", ""
    match = _GITHUB.fullmatch(str(found.get("url", "")))
    commit = (found.get("vcs_info") or {}).get("commit_id", "")
    return (match[1], str(commit)) if match and commit else ("", "")
