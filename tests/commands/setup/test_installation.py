"""How the running jitbot was installed, by what pip writes down, and so how an extra is added to it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jitbot.commands.setup import templates
from jitbot.commands.tryout.sandbox import needs_sandbox
from jitbot.domain.model.errors import InvalidError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ADDRESS = "https://github.com/acme/jitbot"
Wrote = Callable[[object], None]


@pytest.fixture
def wrote(monkeypatch: pytest.MonkeyPatch) -> Wrote:
    """What pip wrote down of the installed jitbot is this."""

    class Distribution:
        def __init__(self, written: object) -> None:
            self.written = written

        def read_text(self, name: str) -> str:
            assert name == "direct_url.json"
            return json.dumps(self.written)

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
