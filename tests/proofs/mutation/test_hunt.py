"""The hunt as it is run: in processes of its own, over a small module."""

import json
import subprocess
import sys
from pathlib import Path

import hunt
import pytest
from mutants import places

ESCAPE = hunt.DOMAIN / "text" / "escape.py"
TEXT = hunt.ROOT / "tests" / "domain" / "text"
PLACES = places(ESCAPE.read_text("utf-8"))
_GUARD = "startswith(_FORMULA)"  # in `cell`
KEPT = """
import http.server, threading, urllib.request
from pathlib import Path
import pytest
from jitbot.domain.text.escape import cell

def seen():
    with Path(__file__).with_name("log").open("a+") as log:
        log.write("x")
        log.seek(0)
        return len(log.read())

class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
    def log_message(self, *words):
        pass

@pytest.fixture(scope="module")
def opened():
    seen()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()

def test_cells(opened):
    assert (cell("=1"), cell("1"), cell("01")) == ("'=1", "1", "'01")
    assert urllib.request.urlopen(opened, timeout=10).status == 204

def test_twice_and_no_more():
    assert cell("1")
    assert seen() <= 3
"""


def test_what_a_file_opened_waits_for_every_mutant(tmp_path: Path) -> None:
    """Its fixture runs once, and its server answers in each fork."""
    file = tmp_path / "test_escape.py"
    file.write_text(KEPT)
    ran = _hunted(f"--tests={file}::test_cells")
    assert _survivors(ran) == 0, ran.stdout + ran.stderr
    assert (tmp_path / "log").read_text() == "x"


def test_what_turns_red_by_itself_detects_nothing(tmp_path: Path) -> None:
    """It is asked again without any change."""
    file = tmp_path / "test_escape.py"
    file.write_text(KEPT.replace("<= 3", "<= 1"))
    ran = _hunted(f"--tests={file}::test_twice_and_no_more")
    assert _survivors(ran) == len([what for _, what in PLACES if _GUARD in what]), ran.stdout + ran.stderr
    assert len((tmp_path / "log").read_text()) > 1


def test_a_mutant_then_meets_the_others(tmp_path: Path) -> None:
    """A test that can run only once hides nothing from those that come after it."""
    file = tmp_path / "test_escape.py"
    file.write_text(KEPT)
    ran = _hunted(f"--tests={file}")
    assert _survivors(ran) == 0, ran.stdout + ran.stderr


def _survivors(ran: subprocess.CompletedProcess[str]) -> int:
    """How many mutants of the guard in `cell` survive."""
    assert f"{len(PLACES)} mutants, " in ran.stdout
    told = [line for line in ran.stdout.splitlines() if _GUARD in line]
    return sum(line.startswith("survives, ") for line in told)


def _hunted(*options: str) -> subprocess.CompletedProcess[str]:
    hunter = hunt.ROOT / "tests" / "mutation" / "hunt.py"
    program = [sys.executable, str(hunter), str(ESCAPE), "--jobs", "1", *options]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(
    ("tests", "code", "alive"),
    [(("escape", "escape_cell", "escape_cells"), 0, 0), (("timestamp",), 1, len(PLACES))],
)
def test_a_whole_hunt(tests: tuple[str, ...], code: int, alive: int) -> None:
    """A small module with its own tests, and with those of another."""
    ran = _hunted(*(f"--tests={TEXT / f'test_{name}.py'}" for name in tests))
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ran.stdout.splitlines()[-1] == f"{len(PLACES)} mutants, {alive} survive, {alive} unexplained"


def test_a_hunt_goes_on_from_what_it_wrote(tmp_path: Path) -> None:
    """What was detected stays so; the others meet tests, as they would have."""
    kept = tmp_path / "found.json"
    tests = [f"--tests={TEXT / f'test_{name}.py'}" for name in ("escape", "escape_cell")]
    options = (*tests, "--json", str(kept), "--resume")
    _hunted(*options)
    whole = json.loads(kept.read_text("utf-8"))
    assert [(each["number"], each["line"], each["what"], each["over"]) for each in whole] == [
        (number, line, what, True) for number, (line, what) in enumerate(PLACES)
    ]
    first = next(each for each in whole if each["killed"])
    other = next(each["by"] for each in whole if each["by"] not in ("", first["by"]))
    cut = [each | {"killed": each is first, "by": other if each is first else ""} for each in whole]
    kept.write_text(json.dumps(cut), "utf-8")
    _hunted(*options)
    again = json.loads(kept.read_text("utf-8"))
    assert [each["killed"] for each in again] == [each["killed"] for each in whole]
    assert again[first["number"]]["by"] == other
