"""The cookbook's commands, as written, in a clone of a ledger in which something of everything has happened."""

import base64
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from acme_world import HOUR, MINUTE, World, open_world
from audit_story import clone, vouched
from ruling import OWNER, reworded
from typed import COOKBOOK, blocks, queries

from jitbot.adapters.aws import trail
from jitbot.sandbox.github import happenings
from jitbot.sandbox.github.git.objects import Signature

pytestmark = pytest.mark.real_git

# jitbot at a time of acme's, so that no answer depends on the day on which this test runs.
_SHIM = """#!{python}
import os, sys
from datetime import datetime
from pathlib import Path
from jitbot.cli import main
sys.exit(main(sys.argv[1:], now=datetime.fromisoformat("{now}"), environ=dict(os.environ), folder=Path.cwd()))
"""


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A clone of the story that the page tells, and the environment of somebody who has jitbot and vouches for the keys."""
    with open_world() as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(trail, "PAUSE", 0.0)
        story(world)
        folder = clone(world)
        (folder / "github-keys.json").write_bytes(vouched(world).read_bytes())
        programs = tmp_path_factory.mktemp("bin")
        shim = programs / "jitbot"
        shim.write_text(_SHIM.format(python=sys.executable, now=world.now.isoformat()))
        shim.chmod(stat.S_IRWXU)
        environ = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(programs),
            "GITHUB_API_URL": world.acme.github.api_url,
            "GITHUB_TOKEN": world.acme.token("olivia"),
            "COLUMNS": "200",
            "GIT_CONFIG_COUNT": "1",  # as a person's sign-in at GitHub
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {signed_in(world)}",
        }
        yield folder, environ


def signed_in(world: World) -> str:
    """olivia's sign-in at GitHub, as git sends it."""
    return base64.b64encode(f"x-access-token:{world.acme.token('olivia')}".encode()).decode()


def story(world: World) -> None:
    """What the page says has happened."""
    path = world.ask("alice", "refunds")
    carols = world.ask("carol", "orders", accounts=["staging"])
    world.jit("grant")
    (role,) = [each for each in world.roles() if "alice" in each.arn]
    assert world.assume("alice", role.arn) is not None
    world.later(10 * MINUTE)
    world.land("alice", {path: world.text(path).replace('"2h"', '"3h"')})
    world.jit("grant")
    world.jit("revoke", carols, "--reason", "done", actor="carol")
    unapproved, text = world.request("mallory", "orders-db-read", "no", parameters={"table": "orders"})
    world.land("mallory", {unapproved: text}, by=())
    world.jit("grant", code=1)
    world.ask("dave", "outage", policy="production-break-glass", by=(), duration="1h", ticket="OPS-7")
    world.jit("grant")
    world.must(world.review("erin", max(world.github.pulls)))
    world.later(5 * MINUTE)
    world.land("bob", reworded(world), by=(OWNER,))
    world.jit("grant")
    push_past_the_rules(world, reworded(world, "Read a table of the order system"))
    stop = ("stop", "--policy", "s3-prefix-read", "--reason", "gives too much")
    world.jit(*stop, actor="erin", workflow="revoke.yml")
    world.later(5 * MINUTE)
    world.jit(*stop, "--lift", actor="erin", workflow="revoke.yml")
    world.later(20 * MINUTE)  # GitHub lists a push late, so it is believed after a quarter of an hour
    world.jit("grant")
    for _ in range(2):
        world.later(3 * HOUR)
        world.jit("sweep")
    world.jit("audit", "usage", workflow="audit.yml")


def push_past_the_rules(world: World, files: Mapping[str, str | None]) -> None:
    """olivia, an admin, pushes to main."""
    store, site = world.github.store, world.acme.github._site
    who = Signature(name="olivia", email="olivia@acme.com", when=world.now)
    before = store.tip("main")
    new = {path: content.encode() for path, content in files.items() if content is not None}
    made = store.commit_files("main", before, new, (), "Say it better", who, who)
    happenings.note(site, world.github, "main", made, site.user("olivia"))


def answered(command: str, auditor: tuple[Path, dict[str, str]]) -> str:
    """What a command prints, with what differs from one ledger to the next written alike."""
    folder, environ = auditor
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout.replace(str(folder), "access")
    told = re.sub(r"\d+ files, [\d.]+ MB", "28 files, 0.1 MB", told)  # how large a pack is, is no answer
    told = re.sub(r"http://127\.0\.0\.1:\d+(\S+/runs)/\d+", r"https://github.com\1/1", told)
    told = re.sub(r"(?<![-\w])(?:[0-9a-f]{40}|[0-9a-f]{10}|(?<= on )[0-9a-f]{12})(?![-\w])", "COMMIT", told)
    return "".join(f"{line.rstrip()}\n" for line in told.rstrip().splitlines())


@pytest.mark.parametrize(
    ("command", "answer"), queries(), ids=lambda text: text.splitlines()[0][:60] if text else "none"
)
def test_a_command_gives_its_answer(command: str, answer: str, auditor: tuple[Path, dict[str, str]]) -> None:
    """Word for word; of one second, the events may come in any order. The evidence pack is written before it is read."""
    assert sorted(answered(command, auditor).splitlines()) == sorted(answer.splitlines())


def test_the_commands_that_prepare_a_clone_work(auditor: tuple[Path, dict[str, str]]) -> None:
    """The first block, as it is written."""
    (first, *_) = blocks(COOKBOOK.read_text("utf-8"))
    for line in first.splitlines():
        answered(line.replace("github-keys.json", "/dev/null"), auditor)
