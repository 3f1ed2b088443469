"""What this release ships for a new repository, and which release this is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jitbot.adapters.git.process import GitProcess
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.setup import policy_library
from jitbot.domain.setup.policy_library import LibraryPolicy

_WORKFLOWS = "github/workflows/"
_GITHUB = re.compile(r"(?:https://github\.com/|(?:ssh://)?git@github\.com[:/])([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def starters() -> Mapping[str, str]:
    """The templates of a data-only repository, by path; `github/` stands for `.github/`, and so on.

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
        **{name: (root / name).read_text("utf-8") for name in ("github/CODEOWNERS", "gitignore")},
    }


def library() -> Mapping[str, LibraryPolicy]:
    """The policies that a new repository may begin with, by name."""
    folder = Path(str(files("jitbot"))) / "templates" / "policies"
    return policy_library.read({file.stem: file.read_text("utf-8") for file in folder.glob("*.yaml")})


def workflows() -> Mapping[str, str]:
    """The workflow files of this release, by name."""
    return {
        path.removeprefix(_WORKFLOWS): text
        for path, text in sorted(starters().items())
        if path.startswith(_WORKFLOWS)
    }


def release() -> tuple[str, str]:
    """Where the running jitbot was installed from, `owner/name` and commit; each empty where it is not known.

    pip writes it down (https://packaging.python.org/en/latest/specifications/direct-url/). Installed from a folder,
    or run in one, the folder is asked: it may be a git checkout.
    """
    installed = _installed()
    match = _GITHUB.fullmatch(installed.url)
    return (match[1], installed.commit) if match and installed.commit else of_checkout(installed.folder)


def with_extra(extra: str) -> tuple[str, ...]:
    """What follows `pip install` to have this jitbot with an extra: from where it was installed, or the folder it runs in."""
    installed = _installed()
    if installed.commit:
        return (f"jitbot[{extra}] @ git+{installed.url}@{installed.commit}",)
    if (installed.folder / "pyproject.toml").exists():
        return (*(("-e",) if installed.editable else ()), f"{installed.folder}[{extra}]")
    return (f"jitbot[{extra}]",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installed:
    """What pip wrote down: an address with a commit of it, or a folder."""

    url: str
    commit: str
    folder: Path
    editable: bool


def _installed() -> _Installed:
    try:
        written = distribution("jitbot").read_text("direct_url.json")
        found = json.loads(written) if written else {}
    except (PackageNotFoundError, ValueError):
        found = {}
    url = str(found.get("url", ""))
    address = urlsplit(url)
    here = Path(str(files("jitbot"))).parent
    return _Installed(
        url=url,
        commit=str((found.get("vcs_info") or {}).get("commit_id", "")),
        folder=Path(unquote(address.path)) if address.scheme == "file" else here,
        editable=(found.get("dir_info") or {}).get("editable") is True,
    )


def of_checkout(folder: Path) -> tuple[str, str]:
    """The repository on GitHub and the commit of a git checkout of jitbot; each empty where git does not know it."""
    if not (folder / ".git").exists():
        return "", ""
    git = GitProcess(folder, timeout=10)
    try:
        commit = git.ask("rev-parse", "HEAD").decode().strip()
        address = git.run("remote", "get-url", "origin").stdout.decode(errors="replace").strip()
    except UnavailableError:
        return "", ""
    match = _GITHUB.fullmatch(address)
    return (match[1] if match else ""), commit
