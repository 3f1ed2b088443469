"""How the running jitbot was installed, by what pip writes down, and so how an extra is added to it."""

import json
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

import jitbot
from jitbot.commands.setup import templates
from jitbot.commands.tryout.sandbox import needs_sandbox
from jitbot.domain.model.errors import InvalidError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HERE = Path(jitbot.__file__).parent.parent
ADDRESS = "https://github.com/acme/jitbot"
Wrote = Callable[[object], None]


@pytest.fixture
def wrote(monkeypatch: pytest.MonkeyPatch) -> Wrote:
    """What pip wrote down of the installed jitbot is this."""

    class Distribution:
        def __init__(self, written: object) -> None:
            self.written = written

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            if isinstance(self.written, Exception):
                raise self.written
            return None if self.written is None else json.dumps(self.written)

    def write(written: object) -> None:
        monkeypatch.setattr(templates, "distribution", lambda _: Distribution(written))

    return write


def test_a_commit_of_a_repository(wrote: Wrote) -> None:
    """The same commit with the extra, and the release of `init`."""
    wrote({"url": ADDRESS, "vcs_info": {"vcs": "git", "commit_id": COMMIT}})
    assert templates.with_extra("sandbox") == (f"jitbot[sandbox] @ git+{ADDRESS}@{COMMIT}",)
    assert templates.release() == ("acme/jitbot", COMMIT)


@pytest.mark.parametrize("editable", [True, False])
def test_a_folder(wrote: Wrote, tmp_path: Path, *, editable: bool) -> None:
    """The folder once more, editable where it was; a folder that is no project is no way to install it."""
    folder = tmp_path / "my jitbot"
    folder.mkdir()
    wrote({"url": folder.as_uri(), "dir_info": {"editable": True} if editable else {}})
    assert templates.with_extra("sandbox") == ("jitbot[sandbox]",)
    (folder / "pyproject.toml").touch()
    assert templates.with_extra("sandbox") == (*(["-e"] if editable else []), f"{folder}[sandbox]")


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ({"url": "https://git.example/acme/jitbot", "vcs_info": {"commit_id": COMMIT}}, HERE),
        ({"url": ADDRESS, "dir_info": {}}, HERE),
        ({"url": "file:///srv/my%20jitbot", "dir_info": {"editable": True}}, Path("/srv/my jitbot")),
        (None, HERE),
        (PackageNotFoundError("jitbot"), HERE),
        (ValueError("no JSON"), HERE),
    ],
)
def test_where_pip_names_no_release_of_github_the_folder_is_asked(
    wrote: Wrote, monkeypatch: pytest.MonkeyPatch, written: object, folder: Path
) -> None:
    """The folder that was installed, or the one that jitbot runs in: it may be a checkout."""
    monkeypatch.setattr(templates, "of_checkout", lambda asked: ("me/fork", str(asked)))
    wrote(written)
    assert templates.release() == ("me/fork", str(folder))


@pytest.mark.parametrize(
    ("origin", "upstream"),
    [(b"git@github.com:acme/jitbot.git\n", "acme/jitbot"), (b"https://git.example/acme/jitbot\n", ""), (b"", "")],
)  # fmt: skip
def test_a_checkout_is_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: bytes, upstream: str
) -> None:
    """git is not asked in a folder that merely lies in a repository: that one's commit is none of jitbot's."""
    git = SimpleNamespace(
        ask=lambda *_: f"{COMMIT}\n".encode(), run=lambda *_: SimpleNamespace(stdout=origin)
    )
    monkeypatch.setattr(templates, "GitProcess", lambda *_, **__: git)
    assert templates.of_checkout(tmp_path) == ("", "")
    (tmp_path / ".git").touch()
    assert templates.of_checkout(tmp_path) == (upstream, COMMIT)


def test_workflows_are_the_files_of_their_folder() -> None:
    """By name, and nothing else of what a repository begins with."""
    folder = HERE / "jitbot/templates/repository/github/workflows"
    assert list(templates.workflows()) == sorted(each.name for each in folder.iterdir())


def test_a_missing_extra_is_named_with_its_command(wrote: Wrote) -> None:
    """The command can be typed as it is: the Python that runs, quoted for the shell."""
    wrote({"url": ADDRESS, "vcs_info": {"vcs": "git", "commit_id": COMMIT}})
    with pytest.raises(InvalidError) as refused, needs_sandbox():
        raise ModuleNotFoundError(name="moto")
    assert str(refused.value) == (
        f"moto is missing; install the sandbox: {sys.executable} -m pip install "
        f"'jitbot[sandbox] @ git+{ADDRESS}@{COMMIT}'"
    )


def test_a_missing_module_of_jitbot_is_no_missing_extra() -> None:
    """It is a defect, and is reported as one."""
    with pytest.raises(ModuleNotFoundError), needs_sandbox():
        raise ModuleNotFoundError(name="jitbot.nowhere")
