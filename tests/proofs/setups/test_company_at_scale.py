"""The company of 300: the check of a request, the request and its comment take seconds, each in a process of its own."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from organisation import SETUPS, Laid

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme

ASK = """requester: orders-7
accounts: [orders-production]
duration: 3h
reason: INC-1234 refunds are stuck in the queue
parameters: {table: orders}
"""


def cpu(*arguments: str, folder: Path, environ: Mapping[str, str]) -> float:
    """The CPU seconds of a process of jitbot, which must end with 0."""

    def used() -> float:
        found = resource.getrusage(resource.RUSAGE_CHILDREN)
        return found.ru_utime + found.ru_stime

    before, known = used(), {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [sys.executable, "-m", "jitbot", *arguments]
    subprocess.run(command, cwd=folder, env={**known, **environ}, check=True, capture_output=True)
    return used() - before


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Laid:
    """Its repository."""
    (found,) = [each for each in SETUPS if each.name == "company"]
    return found.lay(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def large(company: Laid) -> Iterator[Acme]:
    """The company on the embedded GitHub, today: whole processes read the real clock."""
    with Acme(Clock(), tree=company.tree) as acme:
        yield acme


def test_check_and_comment_take_seconds(large: Acme, company: Laid, tmp_path: Path) -> None:
    """Twice what the bench allows, so that a busy machine does not fail: the check of one request, and its comment."""
    now = large.clock.now()
    path = f"requests/orders-table-read/{now:%Y-%m/%d}-orders-7-refunds.yaml"
    root = tmp_path / "access"
    shutil.copytree(company.root, root)
    (root / path).parent.mkdir(parents=True)
    (root / path).write_text(ASK, "utf-8")
    assert cpu("check", path, folder=root, environ={}) <= 4
    environ = {
        "GITHUB_TOKEN": large.token("orders-7"),
        "GITHUB_API_URL": large.github.api_url,
        "JITBOT_REPOSITORY": large.repository,
    }
    words = ("-a", "orders-production", "-d", "3h", "-p", "table=orders", "-r", "INC-1234 refunds are stuck")
    assert cpu("request", "orders-table-read", *words, folder=tmp_path, environ=environ) <= 6
    job = large.job("check.yml", event="pull_request")
    assert cpu("comment", "1", folder=large.clone(), environ=job) <= 6
    body = large.call("olivia", "GET", "/issues/1/comments").content[0]["body"]
    assert "waits for 1 of security: **security-1**, " in body
