"""`jitbot sandbox` as a person starts it, in a process of its own."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

import requests

pytestmark = pytest.mark.real_git

JITBOT = (sys.executable, "-m", "jitbot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Another terminal, in which what the sandbox printed was pasted."""

    environ: dict[str, str]
    folder: Path
    printed: str

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environ}
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=60
        )


def _as_in_a_terminal() -> None:
    """These tests may run under nohup, whose children ignore that their terminal is closed."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@contextmanager
def started(temporary: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The sandbox, ready, with what it printed."""
    environ = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [*JITBOT, "sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        start_new_session=True,
        preexec_fn=_as_in_a_terminal,
    ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        try:
            yield running, "".join(lines)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def alive(group: int) -> bool:
    """Whether a process of the group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


SHOW = (
    f'{shlex.quote(sys.executable)} -c "import json, os; print(json.dumps([dict(os.environ), os.getcwd()]))"'
)


def sourced(printed: str, *then: str) -> tuple[dict[str, str], str, str]:
    """What a shell has after the one line that is printed, and what comes after it: variables, folder, the line."""
    (line,) = re.findall(r"^[.] .*$", printed, re.MULTILINE)
    script = "; ".join([line, *then, SHOW])
    ran = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env=BEFORE, cwd="/"
    )
    environ, folder = json.loads(ran.stdout)
    return environ, folder, line


BEFORE = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-west-2", "HOME": "/"}


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    """Bob's terminal beside a running sandbox; afterwards Ctrl-C must leave nothing behind."""
    with (
        tempfile.TemporaryDirectory() as name,
        started(Path(name), "--as", "bob", "--no-workflows") as (running, printed),
    ):
        environ, folder, _ = sourced(printed)
        yield Terminal(environ=environ, folder=Path(folder), printed=printed)
        assert list(Path(name).iterdir())
        begun = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=20) == 0
        assert time.monotonic() - begun < 10
        assert not alive(running.pid)
        assert list(Path(name).iterdir()) == []


def test_the_line_is_undone(terminal: Terminal) -> None:
    """`sandbox_off` gives back the folder and every variable, those that were set before as well."""
    inside, _, _ = sourced(terminal.printed)
    assert inside["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert inside["BOB"] == inside["GITHUB_TOKEN"] != inside["ALICE"]
    after, folder, _ = sourced(terminal.printed, "sandbox_off")
    ignored = {"PWD", "OLDPWD", "_", "SHLVL", "LC_CTYPE"}
    assert {name: value for name, value in after.items() if name not in ignored} == BEFORE
    assert folder == "/"


def test_the_exports_name_only_this_machine(terminal: Terminal) -> None:
    """Every address that is exported is on loopback."""
    urls = [
        value for name, value in terminal.environ.items() if name.endswith("URL") and name not in os.environ
    ]
    urls += re.findall(r"https?://[^/\s'?]+", terminal.printed)
    assert len(urls) > 3
    assert all(url.partition("//")[2].rpartition("@")[2].startswith("127.0.0.1:") for url in urls)


def test_jitbot_works_there(terminal: Terminal) -> None:
    """check, status and grant run with what was printed, and nothing more."""
    for verb, words in (
        ("check", "all good"),
        ("status", "nothing is granted"),
        ("grant", "nothing to decide"),
    ):
        ran = terminal.run(*JITBOT, verb)
        assert ran.returncode == 0, ran.stderr
        assert words in ran.stdout


def test_git_works_there(terminal: Terminal) -> None:
    """Plain git fetches, and pushes a branch, as the person that was chosen."""
    assert terminal.run("git", "fetch", "--quiet").returncode == 0
    (terminal.folder / "note").write_text("x\n")
    for command in ("add note", "commit --quiet -m note", "push --quiet origin HEAD:note"):
        ran = terminal.run("git", *command.split())
        assert ran.returncode == 0, ran.stderr
    assert terminal.run("git", "log", "-1", "--format=%an").stdout == "bob\n"
    terminal.run("git", "reset", "--quiet", "--hard", "origin/main")


def test_aws_works_there(terminal: Terminal) -> None:
    """The AWS credentials are the chosen person's own."""
    given = terminal.environ
    sts = boto3.client(
        "sts",
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_DEFAULT_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=given.get("AWS_SESSION_TOKEN"),
    )
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::222222222222:user/bob"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    """A polite kill stops it as Ctrl-C does: exit code 0, no folder and no process left."""
    with started(tmp_path) as (running, printed):
        environ, _, _ = sourced(printed)
        assert not [
            name
            for name in environ
            if name == "CI" or name.startswith(("GITHUB_ACTI", "GITHUB_ACTOR", "GITHUB_RUN", "ACTIONS_"))
        ]
        running.send_signal(number)
        assert running.wait(timeout=20) == 0
        assert list(tmp_path.iterdir()) == []
        assert not alive(running.pid)


def test_nobody_is_nobody(tmp_path: Path) -> None:
    """A login that acme does not have is misuse, with those it has, and leaves nothing behind."""
    ran = subprocess.run(
        [*JITBOT, "sandbox", "--as", "zoe"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "alice" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_pull_request_has_its_comment_and_a_page(tmp_path: Path) -> None:
    """What `request` opens is checked as on GitHub; the address that it prints shows the comment, inert."""
    with started(tmp_path) as (_, printed):
        environ, folder, _ = sourced(printed)
        asked = (
            "request",
            "orders-db-read",
            "-a",
            "prod",
            "-d",
            "2h",
            "-p",
            "table=orders",
            "-r",
            "<b>INC-1</b> stuck",
        )
        ran = subprocess.run(
            [*JITBOT, *asked],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        (address,) = re.findall(r"http://127\S+/pull/1\b", ran.stdout + ran.stderr)[:1]
        for _ in range(100):
            answer = requests.get(address, timeout=5)
            if "commented" in answer.text:
                break
            time.sleep(0.2)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "github-actions[bot] commented" in answer.text
        assert "table: orders" in answer.text
        assert "<b>INC-1" not in answer.text
        assert "jitbot/approval" in answer.text
        assert requests.get(f"{address}99", timeout=5).status_code == 404
