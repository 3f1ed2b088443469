"""An organisation of 300 people, 40 teams, 60 accounts and 80 policies: seconds of CPU, and lines at 80 columns.

    python tests/bench/large.py

Every step is a whole process: `check` of one request and of everything, `explain`, the `comment` on a pull request,
the dialogue of `jitbot request`, and `check` where something was lost that many files name.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from processes import JITBOT, NOW, run
from rows import Row, finish

# The organisation is the tests' own.
sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("", "domain", "setups", "fakes")]
from asking_office import Terminal
from desk import said
from organisation import COMPANY
from spoilt import LOST

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

LINES = 40  # of a screen
ASKED = {"accounts": ["orders-production"], "duration": "3h", "parameters": {"table": "orders"}}


def measure(rounds: int) -> list[Row]:
    """The least CPU seconds of some rounds of each step, and the lines of what is printed."""
    with tempfile.TemporaryDirectory() as made:
        laid = COMPANY.lay(Path(made) / "laid")
        with Acme(Clock(NOW), tree=laid.tree) as acme:
            rows = [*_seconds(acme, rounds), _dialogue(acme, Path(made))]
        for lost, (spoil, _) in LOST.items():
            root = Path(made) / "spoilt"
            shutil.copytree(laid.root, root)
            spoil(root)
            rows.append(_lines(f"check without {lost}", said("check", folder=root, now=NOW).out))
            shutil.rmtree(root)
    return rows


def _seconds(acme: Acme, rounds: int) -> list[Row]:
    stage = Stage(acme=acme, jitbot=lambda *_: 0, console=None)  # type: ignore[arg-type]  # nobody is told anything
    path, text = stage.request("orders-7", "orders-table-read", "large", **ASKED)
    pull = stage.propose("orders-7", "large", {path: text})
    (acme.clone() / path).parent.mkdir(parents=True)
    (acme.clone() / path).write_text(text, "utf-8")
    job = acme.job("check.yml", event="pull_request")
    steps = {
        "check of one request": (["check", path], 2.0),
        "explain of one request": (["explain", path], None),
        "comment of one request": (["comment", str(pull)], 3.0),
        "check of everything": (["check"], None),
    }
    rows = []
    for what, (arguments, bound) in steps.items():
        costs = [run(acme, JITBOT, arguments, job) for _ in range(rounds)]
        least = min(each.cpu_seconds for each in costs)
        note = f"{max(each.megabytes for each in costs)} MB"
        rows.append(Row(what=f"{what}, CPU", figure=least, bound=bound, note=note))
    return rows


def _dialogue(acme: Acme, home: Path) -> Row:
    """Of one of sre, who may use most policies: choose one, and be asked for one of 54 accounts."""
    environ = {
        "GITHUB_TOKEN": acme.token("sre-4"),
        "GITHUB_API_URL": acme.github.api_url,
        "JITBOT_REPOSITORY": acme.repository,
        "HOME": str(home),
        "COLUMNS": "80",
    }
    with Terminal(["request"], environ=environ, folder=home) as sre:
        sre.reads("part of a name):", seconds=60)
        sre.types("port-forward")
        sre.reads("several with commas):")
        sre.types("orders-production")
        sre.reads("the id of the instance")
        return _lines("the dialogue of `request`", sre.shown)


def _lines(what: str, text: str) -> Row:
    lines = sum(max(-(-len(line) // 80), 1) for line in text.splitlines())
    return Row(what=f"{what}, lines", figure=lines, unit="lines", bound=LINES)


if __name__ == "__main__":
    finish("an organisation of 300 people", measure(3), None)
