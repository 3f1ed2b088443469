"""What a profile and `jitbot exec` give to programs that know nothing of jitbot: AWS's own command line, and an SDK."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aws_cli import aws_command
from own_machine import Place, own_keys

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme

SCAN = ("dynamodb", "scan", "--table-name", "orders", "--query", "Count")


def shell(place: Place, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A program of its own, as alice starts it."""
    environ = {name: value for name, value in place.environ(**more).items() if value}
    return subprocess.run(
        command, cwd=place.acme.clone(), env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """That machine, with two grants of alice's."""
    with Acme(Clock()) as acme:
        yield Place(acme, tmp_path_factory.mktemp("home"))


@pytest.fixture
def place(running: Place) -> Iterator[Place]:
    """The same, with nothing kept, the clock running and no faults."""
    shutil.rmtree(running.home / ".cache", ignore_errors=True)
    (running.home / ".aws/config").unlink(missing_ok=True)
    running.acme.aws.calls.clear()
    yield running
    running.acme.aws.faults = None
    running.acme.clock._set = None


@pytest.fixture
def without_own_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files are taken away again; programs in this process read the same ones."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(place.home / ".aws/config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(place.home / ".aws/credentials"))
    yield
    (place.home / ".aws/credentials").unlink(missing_ok=True)


def test_the_real_aws_command_line(place: Place) -> None:
    """With a profile and with exec, the real aws reads the table asked for; after the end it is refused."""
    aws = aws_command(os.environ)
    assert place.run("credentials", "--configure", place.path).code == 0
    ran = shell(place, aws, "--profile", "jit-orders-db-read-prod", *SCAN)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert int(ran.stdout) > 0
    ran = shell(place, sys.executable, "-m", "jitbot", "exec", place.path, "--", aws, *SCAN)
    assert (ran.returncode, ran.stderr) == (0, "")
    refused = shell(
        place, aws, "--profile", "jit-orders-db-read-prod", "dynamodb", "scan", "--table-name", "refunds"
    )
    assert refused.returncode != 0
    place.acme.clock.set(datetime.now(UTC) + timedelta(hours=3))
    assert shell(place, aws, "--profile", "jit-orders-db-read-prod", *SCAN).returncode != 0


@pytest.mark.usefixtures("without_own_keys")
@pytest.mark.parametrize("name", ["default", "dev", "my own"])
def test_a_profile_of_a_grant_needs_nothing_else(place: Place, name: str) -> None:
    """It is entered with the profile it was configured with, and calls as that does, even as AWS_PROFILE."""
    quoted = f'"{name}"' if " " in name else name
    settings = ("region = eu-west-1", "max_attempts = 2", "cli_binary_format = raw-in-base64-out")
    none = own_keys(place, quoted, *settings)
    (place.home / ".aws/credentials").write_text(
        (place.home / ".aws/credentials").read_text().replace(quoted, name)
    )
    chosen = () if name == "default" else ("--profile", name)
    assert place.run("credentials", "--configure", *chosen, place.path, **none).code == 0
    text = (place.home / ".aws/config").read_text()
    assert "\n" + "\n".join(settings) + "\n# <<<" in text
    program = "import boto3; s = boto3.Session(); print(s.region_name, s.client('sts').get_caller_identity()['Arn'])"
    asked = {**none, "AWS_PROFILE": "jit-orders-db-read-prod"}
    ran = shell(place, sys.executable, "-c", program, **asked)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("eu-west-1 arn:aws:sts::111111111111:assumed-role/jit-alice-orders-db-read-")
    answer = place.run("credentials", place.shared, "--account", "staging", **asked)
    assert (answer.code, answer.err) == (0, ""), "another grant is entered with the person's own profile, too"
