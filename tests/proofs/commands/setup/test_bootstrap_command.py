"""What `jitbot bootstrap` prints, read by cfn-lint and by a shell."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from desk import NOW

import jitbot
from jitbot.cli import main

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
Captured = pytest.CaptureFixture[str]


def printed(capsys: Captured, *arguments: str) -> str:
    """What it prints for acme."""
    assert main(["bootstrap", *arguments], now=NOW, environ={}, folder=ACME) == 0
    return capsys.readouterr().out


def test_the_roll_out_is_a_script(capsys: Captured) -> None:
    """A shell reads it without complaint."""
    script = printed(capsys, "--stackset")
    checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


CHOICES: tuple[tuple[tuple[str, ...], ...], ...] = (
    ((), ("--owner-id", "9000")),
    ((), ("--services", "*"), ("--services", "dynamodb,s3")),
    ((), ("--managed-policies", ""), ("--managed-policies", "ReadOnlyAccess")),
    ((), ("--existing-provider",)),
    ((), ("--no-pin",)),
)


@pytest.fixture
def cfn_lint() -> Path:
    """The program. Skips where it is missing, and fails instead if JITBOT_REQUIRE_ALL=1."""
    program = Path(sys.executable).with_name("cfn-lint")
    if not program.is_file():
        missing = pytest.fail if os.environ.get("JITBOT_REQUIRE_ALL") == "1" else pytest.skip
        missing("cfn-lint is not installed: pip install 'jitbot[proofs]'")
    return program


Options = tuple[tuple[str, ...], ...]


def each_pair(every: Sequence[Options]) -> Iterator[Options]:
    """Combinations of options, fewer than all, in which any two options are met together."""
    left = {pair for options in every for pair in itertools.combinations(enumerate(options), 2)}
    while left:
        best = max(
            every, key=lambda options: len(left.intersection(itertools.combinations(enumerate(options), 2)))
        )
        left -= set(itertools.combinations(enumerate(best), 2))
        yield best


def test_cfn_lint_finds_what_is_spoilt_alone(capsys: Captured, tmp_path: Path, cfn_lint: Path) -> None:
    """Not even a remark otherwise, whichever two options are combined; with JITBOT_SOAK=1, whichever all of them are."""
    every = list(itertools.product(*CHOICES))
    some = every if os.environ.get("JITBOT_SOAK") == "1" else list(each_pair(every))
    texts = {printed(capsys, *(word for chosen in choice for word in chosen)) for choice in some}
    assert len(some) >= len(texts) >= 9  # some make the same template: acme's own services are all of them
    for number, text in enumerate(texts):
        (tmp_path / f"{number:02}.yaml").write_text(text)
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(printed(capsys).replace("AWS::IAM::ManagedPolicy", "AWS::IAM::ManagedPolice"))
    templates = sorted(str(path) for path in tmp_path.glob("*.yaml"))
    command = [str(cfn_lint), "--format", "parseable", "--include-checks", "I", "--template", *templates]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert "AWS::IAM::ManagedPolice" in found.stdout
    assert {line.partition(":")[0] for line in found.stdout.splitlines()} == {str(spoilt)}
