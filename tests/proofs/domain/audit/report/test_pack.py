"""The evidence pack in a shell: what its README has auditors type gives what the pack says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from acme_facts import DAY
from many_grants import START, many

from jitbot.domain.audit.report.pack import SUMS, pack
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.report.summary import summary


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    """The pack of a made population."""
    later = START + 400 * DAY
    found = population(many(60, days=30), later)
    return dict(pack(found, summary(found, later), about={"from": "x"}, others={}, size=5, seed="s"))


def test_a_draw_is_repeated_in_a_shell(packed: dict[str, bytes]) -> None:
    """The line of shell in the pack's README gives the rank of what was drawn."""
    (line,) = re.findall(r"^    (printf .*)$", packed["README.md"].decode(), re.MULTILINE)
    draw = json.loads(packed["sample/draw.json"])
    for name, seed in (("grants", draw["seed"]), ("removals", f"{draw['seed']}/removals")):
        first = draw[name][0]
        typed = line.replace("MERGE_COMMIT", first["merge_commit"]).replace(
            "SEED ID", f"{seed} {first['id']}"
        )
        ran = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=True)
        assert ran.stdout.split()[0] == first["rank"]


def test_the_sums_are_those_that_shell_tools_read(packed: dict[str, bytes], tmp_path: Path) -> None:
    """`sha256sum --check` finds every file as it was made, and one that was changed."""
    for name, content in packed.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    check = ("sha256sum", "--check", "--strict", "--quiet", SUMS)
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "population.csv").write_bytes(b"x")
    ran = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()) == (1, ["population.csv: FAILED"])
