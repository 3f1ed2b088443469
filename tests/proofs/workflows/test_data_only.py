"""A repository that holds data alone, as `jitbot init` writes it: its workflows run with the action of a release."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from acting import ROOT, Runner
from office import CODE, Office
from rich.console import Console

from jitbot.cli import main
from jitbot.domain.notifications.channels import SECRET
from jitbot.sandbox.chat import ChatSandbox
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import PINNED, Acme
from jitbot.sandbox.story.stage import Stage


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatSandbox]:
    """acme's chat, whose addresses are the secret of its environment."""
    with ChatSandbox() as found:
        yield found


@pytest.fixture(scope="module")
def data_only(
    tools: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory, chat: ChatSandbox
) -> Iterator[Office]:
    """acme as it is seeded: without any code of jitbot's on its main."""
    act, packages = tools
    home, release = tmp_path_factory.mktemp("runner"), tmp_path_factory.mktemp("release")
    for file in (each for pattern in CODE for each in ROOT.glob(pattern) if each.is_file()):
        if "__pycache__" not in file.parts:
            target = release / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    with Acme(Clock()) as acme:
        runner = Runner(
            acme=acme,
            act=act,
            folder=home,
            packages=packages,
            elsewhere=(f"{PINNED}={release}",),
            secrets={SECRET: json.dumps(dict(chat.addresses(["access", "security"])))},
        )
        yield Office(stage=Stage(acme=acme, jitbot=main, console=Console(file=StringIO())), runner=runner)


def test_check_and_grant_run_from_the_release(data_only: Office, chat: ChatSandbox, quick_uv: Path) -> None:
    """A request is checked and granted by workflows that check out data alone; the first installs by uv itself.

    People and chat are notified of it.
    """
    number = data_only.propose("alice", "data")
    checked = data_only.checked(number)
    assert (checked.green, "all good" in checked.output) == (True, True), checked.output
    data_only.runner = replace(data_only.runner, programs=(str(quick_uv),))
    data_only.approve("bob", number)
    data_only.merge(number)
    granted = data_only.on_main("grant.yml")
    assert granted.green, granted.output
    assert "granted: alice has orders-db-read in prod" in granted.output
    assert "sent to access" in granted.output
    ((channel, message),) = chat.messages
    assert (channel, list(message)) == ("access", ["text"])
    assert message["text"].startswith("✅ alice has orders-db-read in prod until ")
    assert message["text"].endswith(f"/acme/access/pull/{number}")
    assert [said.partition(",")[0] for said in data_only.said(number)][1] == "✅ @alice"
    assert not [each for each in chat.addresses(["access"]).values() if each in granted.output]


def test_a_run_of_an_older_pin_does_nothing(data_only: Office) -> None:
    """The code is what the workflow files pin: a run whose files are not main's any more is superseded."""
    acme = data_only.stage.acme
    old = acme.job("grant.yml")
    path = ".github/workflows/grant.yml"
    text = (acme.clone() / path).read_text()
    newer = text.replace(PINNED.rpartition("@")[2], "7" * 40)
    assert newer != text
    data_only.merge(data_only.stage.propose("olivia", "upgrade", {path: newer}))
    clone = acme.clone("late")
    printed = StringIO()
    with contextlib.redirect_stderr(printed):
        assert main(["grant"], now=data_only.stage.now, environ=old, folder=clone) == 0
    assert "superseded" in printed.getvalue()
