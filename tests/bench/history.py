"""What a job takes in a repository with 100,000 past requests, beside the same in one with a single request.

    python tests/bench/history.py
    python tests/bench/history.py --requests 20000 --json history.json

The history is made up, by git fast-import: ninety-one requests a day, each a commit of its own that a merge
commit brings to main, and a ledger with a batch for each of the newest so many events, with messages and paths as
jitbot writes them. Then comes what a job does: the checkout of grant.yml (a thousand commits deep, no blobs, no
requests in the working tree), the first fetch, the changes of the time that can still matter, the check of one new
request. All of it is on this machine: a network adds the time that the bytes take. The first fetch of 2,000 batches
has a bound; its floor is the same fetch with all trees. GitHub signs what jitbot commits, and nobody can fetch a commit
without its signature: the bound is for a ledger without them, and the row below says what they add.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

from processes import JITBOT, NOW
from rows import Row, finish

from jitbot.adapters import documents
from jitbot.adapters.git import GitRepository
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.ledger import batches
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Sha
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.pull_request.checking import Checker

ROOT = Path(__file__).resolve().parents[2]
A_DAY = 91
AT_ONCE = 200  # commits that a run reads together
STEP = timedelta(days=1) / A_DAY
POLICIES = ("account-read-only", "orders-db-read", "service-logs-read", "ssm-shell")
NEW = "requests/orders-db-read/2026-11/23-alice-new.yaml"
TEXT = 'requester: alice\naccounts: [prod]\nduration: 2h\nreason: "case {}"\nparameters: {{table: orders}}\n'
FIRST = 2000  # batches of the ledger whose first fetch has a bound
FIRST_MB = 1.0
SIGNATURE = (
    800  # characters of one of GitHub's: an OpenPGP signature of an RSA key of 4,096 bits, in its armor
)
FLAT = 1.5  # times what it takes in an empty history: what is above that is not flat
Figures = dict[str, float]
T = TypeVar("T")


def main() -> None:
    """Measure both, print a table, and write JSON where it is asked for. Exits with 1 where a check is not flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000, help="in the long history")
    parser.add_argument("--batches", type=int, default=20_000, help="in its ledger")
    parser.add_argument("--runs", type=int, default=7, help="of each check, in turns")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    rows = measure(arguments.requests, arguments.batches, arguments.runs)
    title = (
        f"{arguments.requests:,} requests, {arguments.batches:,} batches in the ledger; floor: one of each"
    )
    finish(title, rows, arguments.json)


def measure(requests: int, recorded: int, runs: int) -> list[Row]:
    """What a job and a check take with so long a history, beside the same with one request."""
    with tempfile.TemporaryDirectory(prefix="jitbot-bench-") as name:
        sizes = {"empty": (1, 1), "long": (requests, recorded)}
        clones: dict[str, Path] = {}
        figures: dict[str, Figures] = {}
        for which, (number, written) in sizes.items():
            folder = Path(name) / which
            folder.mkdir()
            made, took = _timed(lambda f=folder, r=number, b=written: make(f, r, b))  # type: ignore[misc]
            clones[which] = folder / "job"
            figures[which] = {"made": took, **_job(made, clones[which])}
        for which, found in _checks(clones, runs).items():
            figures[which] |= found
        first = [_first_fetch(Path(name) / f"first-{signed}", signed=signed) for signed in (False, True)]
    return [*first, *(_row(what, found, figures["empty"][what]) for what, found in figures["long"].items())]


def _first_fetch(folder: Path, *, signed: bool) -> Row:
    """How much a job's first fetch of a ledger brings, beside the same fetch with all trees."""
    folder.mkdir()
    bare, clone, whole = make(folder, 1, FIRST, signed=signed), folder / "job", folder / "whole"
    _git(bare, "repack", "-adfq")  # as a server does by and by
    for each in (clone, whole):
        _checkout(bare, each)
    before = _fetched(clone)
    GitRepository(clone).fetch()
    _git(
        whole,
        "fetch",
        "--quiet",
        "--filter=blob:none",
        "origin",
        "+refs/heads/ledger:refs/remotes/origin/ledger",
    )
    return Row(
        what=f"first fetch of {FIRST:,} batches" + (", each signed by GitHub" if signed else ""),
        figure=round(_fetched(clone) - before, 2),
        unit="MB",
        floor=round(_fetched(whole) - before, 2),
        against="with all trees",
        bound=None if signed else FIRST_MB,
    )


def _row(what: str, long: float, empty: float) -> Row:
    """One figure of the long history beside that of the short one."""
    if what.endswith(("MB", "files", "found")):
        unit = "MB" if what.endswith("MB") else ""
        return Row(what=what, figure=long, unit=unit, floor=empty)
    bound = FLAT if what.startswith("check,") else None
    return Row(what=what, figure=long, floor=empty, ratio=long / empty, bound=bound)


def make(folder: Path, requests: int, recorded: int, *, signed: bool = True) -> Path:
    """A bare repository with so many requests behind main, a ledger, and a pull request's head with one more.

    `signed`: the ledger's commits are as long as with GitHub's signature, which this git cannot import.
    """
    bare = folder / "origin.git"
    _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    for option in ("allowFilter", "allowAnySHA1InWant"):
        _git(bare, "config", f"uploadpack.{option}", "true")
    importing = subprocess.Popen(
        ["git", "-C", str(bare), "fast-import", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert importing.stdin is not None
    assert importing.stdout is not None
    for written in _main_branch(requests):
        importing.stdin.write(written)
    head = ""
    for number in range(-1, recorded):  # each names the one before
        importing.stdin.write(_ledger_commit(number, recorded, head, signed=signed) + b"get-mark :1\n")
        importing.stdin.flush()
        head = importing.stdout.readline().decode().strip()
    importing.stdin.close()
    if importing.wait() != 0:
        raise SystemExit("git fast-import failed")
    return bare


def _main_branch(requests: int) -> Iterator[bytes]:
    tree = acme_tree("https://token.actions.githubusercontent.com")
    code = (
        file for file in (ROOT / "jitbot").rglob("*") if file.is_file() and "__pycache__" not in file.parts
    )
    tree |= {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in code}
    begins = NOW - STEP * (requests + 1)
    yield _commit("main", begins, "Begin", tree)
    for number in range(requests):
        when = begins + STEP * (number + 1)
        policy = POLICIES[number % len(POLICIES)]
        path = f"requests/{policy}/{when:%Y-%m/%d}-alice-case-{number}.yaml"
        asked = {path: TEXT.format(number).encode()}
        yield _commit("ask", when - STEP / 2, f"Ask {number}", asked, start="refs/heads/main", fresh=True)
        yield _commit("main", when, f"Merge #{number}", asked, merges="refs/heads/ask")
    asked = {NEW: TEXT.format("new").encode()}
    yield _commit("ask", NOW, "Ask anew", asked, start="refs/heads/main", fresh=True)
    yield (
        b"reset refs/pull/1/head\nfrom refs/heads/ask\n\nreset refs/heads/ask\nfrom " + b"0" * 40 + b"\n\n"
    )


def _ledger_commit(number: int, count: int, head: str, *, signed: bool) -> bytes:
    """One of so many batches, of the size and at the paths of real ones; before the first, the ledger's beginning.

    Nobody attested them: they are fetched, walked, and found by their paths.
    """
    when = NOW - STEP / 4 * (count - number)
    if number < 0:
        return _commit("ledger", when, "Begin", {"README.md": b"The ledger."}, mark=True)
    place = f"{when:%Y/%m/%d}/{batches.folder(Sha(head))}"
    event = {"version": 1, "event": "granted", "number": number, "documents": ["x" * 3000]}
    name = f"{when:%H%M%S}-granted-{_random(number, 20)}"
    files = {
        f"events/{place}/{name}.json": json.dumps(event).encode(),
        f"keys/{place}/key.json": json.dumps({"kid": "key", "n": "x" * 340}).encode(),
        f"attestations/{place}.jwt": f"{number:x}{'x' * 1500}".encode(),
    }
    role = f"jit-alice-orders-db-read-{_random(number, 10)}"
    message = (
        f"granted: alice has orders-db-read in prod until {when:%Y-%m-%dT%H:%M:%SZ}\n\n"
        f"Request: requests/orders-db-read/{when:%Y-%m/%d}-alice-case-{number}.yaml\nRequester: alice\n"
        f"Merge-commit: {_random(number, 40)}\nAccount: prod (111111111111)\nRole: {role}\n"
        f"Expires-at: {when:%Y-%m-%dT%H:%M:%SZ}\n"
        f"Run: https://github.com/acme/access/actions/runs/{17_000_000_000 + number * 137}/attempts/1"
    )
    return _commit(
        "ledger", when, message + (f"\n\n{_signature(number)}" if signed else ""), files, mark=True
    )


def _random(number: int, most: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:most]


def _signature(number: int) -> str:
    return base64.b64encode(hashlib.shake_256(str(number).encode()).digest(SIGNATURE * 3 // 4)).decode()


def _commit(
    branch: str,
    when: datetime,
    message: str,
    files: dict[str, bytes],
    *,
    start: str = "",
    merges: str = "",
    fresh: bool = False,
    mark: bool = False,
) -> bytes:
    stamp = f"alice <alice@acme.com> {int(when.timestamp())} +0000"
    lines = [f"reset refs/heads/{branch}\n"] if fresh else []
    lines += [f"commit refs/heads/{branch}\n", "mark :1\n" * mark, f"author {stamp}\ncommitter {stamp}\n"]
    lines += [f"data {len(message)}\n{message}\n"]
    lines += [f"from {start}\n"] if start else []
    lines += [f"merge {merges}\n"] if merges else []
    contents = (
        b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)
        for path, content in files.items()
    )
    return "".join(lines).encode() + b"".join(contents) + b"\n"


def _job(bare: Path, clone: Path) -> Figures:
    """The steps of a job, each timed once: a job has nothing left from the one before."""
    _, checkout = _timed(lambda: _checkout(bare, clone))
    figures = {"checkout": checkout, "checkout, MB": _fetched(clone)}
    files = [
        each for each in clone.rglob("*") if each.is_file() and ".git" not in each.relative_to(clone).parts
    ]
    figures["checkout, files"] = len(files)
    repository = GitRepository(clone)
    _, figures["first fetch"] = _timed(repository.fetch)
    figures["first fetch, MB"] = round(_fetched(clone) - figures["checkout, MB"], 2)
    changes, figures["changes of 21 days"] = _timed(lambda: repository.changes(NOW - MEMORY))
    figures["changes found"] = len(changes)
    _, figures["changes, again"] = _timed(lambda: repository.changes(NOW - MEMORY))
    found, figures["the ledger's batches"] = _timed(lambda: _batches(repository))
    figures["batches found"] = found
    figures["first fetch and all batches, MB"] = round(_fetched(clone) - figures["checkout, MB"], 2)
    repository.fetch([1])
    figures["all fetched, MB"] = _fetched(clone)
    return figures


def _batches(repository: GitRepository) -> int:
    """How many batches of the time that can still matter are found, some at a time as a run reads them."""
    commits = repository.batches(NOW - MEMORY)
    return sum(len(repository.filed(commits[at : at + AT_ONCE])) for at in range(0, len(commits), AT_ONCE))


def _checkout(bare: Path, clone: Path) -> None:
    """What actions/checkout does with the options of grant.yml."""
    clone.mkdir()
    _git(clone, "init", "--quiet", "--initial-branch=main", ".")
    _git(clone, "remote", "add", "origin", f"file://{bare}")
    _git(clone, "sparse-checkout", "set", ".github", "policies", "jitbot")
    options = (
        "--quiet",
        "--no-tags",
        "--prune",
        "--no-recurse-submodules",
        "--filter=blob:none",
        "--depth=1000",
    )
    _git(clone, "fetch", *options, "origin", "+refs/heads/main:refs/remotes/origin/main")
    _git(clone, "checkout", "--quiet", "--force", "-B", "main", "refs/remotes/origin/main")


def _checks(clones: dict[str, Path], runs: int) -> dict[str, Figures]:
    """The check of one new request, in process and as a whole process, in turns. Exits where it finds anything."""
    checker = Checker(documents=documents, catalogue=ServiceAuthorizationReference(), when=NOW)
    seconds: dict[str, dict[str, list[float]]] = {which: {} for which in clones}
    for clone in clones.values():
        (clone / NEW).parent.mkdir(parents=True, exist_ok=True)
        (clone / NEW).write_text(TEXT.format("new"))
    for number in range(runs + 1):
        for which, clone in clones.items():
            repository = GitRepository(clone)
            base, head = repository.main(), repository.pull_head(1)
            assert head is not None
            found, inside = _timed(lambda r=repository, b=base, h=head: checker.change(r, base=b, head=h))  # type: ignore[misc]
            if found:
                raise SystemExit(f"the check finds what nobody meant: {found}")
            _, whole = _timed(lambda c=clone: _whole(c))  # type: ignore[misc]
            if number:  # the first round warms the machine up
                seconds[which].setdefault("check, in process", []).append(inside)
                seconds[which].setdefault("check, whole process", []).append(whole)
    return {which: {what: median(each) for what, each in found.items()} for which, found in seconds.items()}


def _whole(clone: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", JITBOT, "check", NEW],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if ran.returncode != 0:
        raise SystemExit(f"jitbot check failed:\n{ran.stdout}{ran.stderr}")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def _fetched(clone: Path) -> float:
    """What git holds, in MB: nothing is in a new clone that it did not fetch."""
    objects = clone / ".git" / "objects"
    return round(sum(each.stat().st_size for each in objects.rglob("*.pack")) / 1e6, 2)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, stdout=subprocess.DEVNULL, timeout=600)


if __name__ == "__main__":
    main()
