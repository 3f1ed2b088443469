"""How long `jitbot audit verify` and `log` take on a long history.

    python tests/bench/audit.py
    python tests/bench/audit.py 500 5000 --json audit.json
    python tests/bench/audit.py 20000 --only 'audit verify'

The history is made up: one grant after the other, each asked, approved, granted, ended and removed, with an
issuer's key of its own, written by git fast-import. So many grants make four times as many events.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm
from processes import PEAK
from rows import Row, finish

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.access import decision_event
from jitbot.domain.access.approval import decide
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger import attestation, commit_message, events
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.attestation import Batch, blob_name
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import GithubId, Login, Sha, Source
from jitbot.domain.model.merge_facts import (
    Actor,
    Case,
    Change,
    ChangeKind,
    Merge,
    PullCommit,
    PullRequest,
    Review,
    Rules,
)
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.collect.collect_case import read_rules
from jitbot.usecases.collect.memory_tree import MemoryTree

ISSUER = "https://token.actions.githubusercontent.com"
BEGINS = datetime(2023, 11, 25, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHO = "bot <bot@acme.com>"
# CPU seconds, git's included, and MB, by what is run and how many grants there are.
BOUNDS = {
    ("audit verify", 5_000): (15, 200),
    ("audit verify", 20_000): (45, 400),
    ("audit log of one", 5_000): (3, 120),
}


class Branch:
    """One branch of a repository in the making; knows the name of each commit before git does."""

    def __init__(self, name: str, out: object) -> None:
        self.name, self.out = name, out
        self.tree: dict[str, object] = {}
        self.head = Sha("")

    def commit(self, files: dict[str, bytes], message: str, when: datetime) -> Sha:
        """Add files; gives the commit's name."""
        stamp = f"{int(when.timestamp())} +0000"
        self._put(files)
        parent = f"parent {self.head}\n" if self.head else ""
        body = (
            f"tree {_hashed(self.tree)}\n{parent}author {WHO} {stamp}\ncommitter {WHO} {stamp}\n\n{message}"
        )
        raw = body.encode()
        lines = [f"commit refs/heads/{self.name}\n", f"author {WHO} {stamp}\n", f"committer {WHO} {stamp}\n"]
        write = self.out.write  # type: ignore[attr-defined]
        write("".join(lines).encode() + b"data %d\n%s\n" % (len(message.encode()), message.encode()))
        for path, content in files.items():
            write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        self.head = Sha(hashlib.sha1(b"commit %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest())
        return self.head

    def _put(self, files: dict[str, bytes]) -> None:
        for path, content in files.items():
            *folders, name = path.split("/")
            node = self.tree
            node.pop("", None)
            for folder in folders:
                node = node.setdefault(folder, {})  # type: ignore[assignment]
                node.pop("", None)
            node[name] = blob_name(content)


def _hashed(node: dict[str, object]) -> str:
    """The name of a tree; kept in it until something below changes."""
    if "" not in node:
        entries = []
        for name, each in node.items():
            folder = isinstance(each, dict)
            found = _hashed(each) if isinstance(each, dict) else str(each)
            entries.append((f"{name}/" if folder else name, b"40000" if folder else b"100644", name, found))
        raw = b"".join(
            mode + b" " + name.encode() + b"\0" + bytes.fromhex(sha) for _, mode, name, sha in sorted(entries)
        )
        node[""] = hashlib.sha1(b"tree %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
    return str(node[""])


class Ledger:
    """The ledger's branch, attested by an issuer of our own."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.key = generate_private_key(65537, 2048)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.public = {**public, "kid": "bench", "use": "sig", "alg": "RS256"}

    def append(self, event: Event) -> None:
        """Record one event, in a batch of its own."""
        head = self.branch.head
        day, _, name = event.path.rpartition("/")
        folder = f"{event.at:%Y/%m/%d}/{head[:20]}"
        files = {f"{day}/{head[:20]}/{name}": events.dump(event)}
        files[f"keys/{folder}/bench.json"] = json.dumps(self.public).encode()
        message = commit_message.message([event])
        blobs = {path: blob_name(content) for path, content in files.items()}
        claims = {
            "iss": ISSUER,
            "aud": attestation.audience(Batch(parent=head, message=message, blobs=blobs)),
            "repository_id": "700001",
            "ref": "refs/heads/main",
            "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
            "iat": int(event.at.timestamp()),
        }
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "bench"})
        self.branch.commit({**files, f"attestations/{folder}.jwt": token.encode()}, message, event.at)


def grants(count: int, main: Branch, ledger: Ledger) -> None:
    """So many grants of alice's, approved by bob, spread over three years."""
    files = acme_tree(ISSUER)
    main.commit(files, "Begin", BEGINS)
    ledger.branch.commit({"README.md": b"The ledger."}, "Begin the ledger", BEGINS)
    rules = read_rules(MemoryTree(files), documents, "orders-db-read")
    catalogue = ServiceAuthorizationReference()
    step = timedelta(days=1095) / (count + 1)
    ends: list[tuple[datetime, int, Event]] = []
    for number in range(count):
        when = (BEGINS + step * (number + 1)).replace(microsecond=0)
        _until(when, ends, ledger)
        path = f"requests/orders-db-read/{when:%Y-%m/%d}-alice-{number}.yaml"
        text = f'requester: alice\naccounts: [prod]\nduration: 2h\nreason: "case {number}"\nparameters: {{table: orders}}\n'
        base, change = main.head, text.encode()
        commit = main.commit({path: change}, f"Ask {number}", when)
        event = _decided(path, change, base, commit, when, number, rules, catalogue)
        ledger.append(event)
        ends += list(_outcomes(event, number))
    _until(BEGINS + timedelta(days=2000), ends, ledger)


def _until(when: datetime, ends: list[tuple[datetime, int, Event]], ledger: Ledger) -> None:
    ends.sort(key=lambda each: each[:2])
    while ends and ends[0][0] < when:
        ledger.append(ends.pop(0)[2])


def _decided(
    path: str,
    content: bytes,
    base: Sha,
    commit: Sha,
    when: datetime,
    number: int,
    rules: Rules,
    catalogue: ActionCatalog,
) -> Event:
    alice, bob = (
        Actor(login=Login("alice"), github_id=GithubId(1001)),
        Actor(login=Login("bob"), github_id=GithubId(1002)),
    )
    head = Sha(hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest())
    change = Change(
        path=path, commit=commit, base=base, committed_at=when, kind=ChangeKind.ADDED, mode="100644", blob=blob_name(content)
    )  # fmt: skip
    pull = PullRequest(
        number=number + 1, author=alice, repository_id=700001, base_branch="main", head=head, merged_at=when,
        merged_by=alice, merge_commit=commit, created_at=when - 30 * MINUTE, commit_count=1,
    )  # fmt: skip
    review = Review(
        review_id=number, user=bob, state="APPROVED", commit=head, submitted_at=when - 10 * MINUTE
    )
    merge = Merge(
        pull_request=pull, files=(path,), fetched_head=head, head_blob=change.blob, head_rules=rules, reviews=(review,),
        commits=(PullCommit(sha=head, named=(alice.github_id,)),), touching=frozenset({head}), permissions={bob.login: "write"},
        retargeted_at=None,
    )  # fmt: skip
    case = Case(
        change=change, request=documents.parse_request(Source(path=path, content=content)), rules=rules, touched=(path,),
        earlier=False, clashes=(), listed=(pull,), default_branch="main", merge=merge,
    )  # fmt: skip
    decision = decide(case, RequestState(request=path), when + MINUTE)
    return decision_event.of_decision(
        change, case, decision, now=when + MINUTE, run=f"https://github.com/acme/access/actions/runs/{number}", catalogue=catalogue
    )  # fmt: skip


def _outcomes(event: Event, number: int) -> Iterator[tuple[datetime, int, Event]]:
    window, given = event.window, event.documents[0]
    assert window is not None
    for kind, at in (
        (EventType.GRANTED, event.at + timedelta(seconds=20)),
        (EventType.ENDED, window.expires_at + 30 * MINUTE),
        (EventType.REMOVED, window.expires_at + 90 * MINUTE),
    ):
        outcome = Event(
            kind=kind, at=at, request=event.request, commit=event.commit, account=given.account, account_id=given.account_id,
            role_name=given.role_name, why=EndReason.EXPIRED if kind is EventType.ENDED else None, window=window,
            documents=(given,) if kind is EventType.GRANTED else (), ask=Ask({"requester": "alice"}), evidence=Evidence({"role_id": f"AROA{number}"}),
            run=event.run,
        )  # fmt: skip
        yield at, number, outcome


def make(folder: Path, count: int) -> Path:
    """A clone of an organisation with that history, and the issuer's keys beside it."""
    origin, clone = folder / "origin.git", folder / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(origin)], check=True)
    importing = subprocess.Popen(["git", "-C", str(origin), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    main_branch, ledger = Branch("main", importing.stdin), Ledger(Branch("ledger", importing.stdin))
    grants(count, main_branch, ledger)
    importing.communicate()
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(origin), str(clone)], check=True)
    (folder / "keys.json").write_text(json.dumps({"keys": [ledger.public]}))
    return clone


def _ran(clone: Path, *arguments: str) -> tuple[float, float, int, str]:
    """Seconds, CPU seconds with those of git, MB, and the last line of one run in a process of its own."""
    program = f"{PEAK}\nimport sys; from jitbot.cli import run; sys.argv[0] = 'jitbot'; run()"
    command = [sys.executable, "-c", program, *arguments]
    with tempfile.NamedTemporaryFile() as peak:
        environ = {**os.environ, "BENCH_PEAK": peak.name}
        begun, before = time.perf_counter(), _cpu_of_children()
        ran = subprocess.run(command, cwd=clone, env=environ, capture_output=True, text=True, check=False)
        took, used = time.perf_counter() - begun, _cpu_of_children() - before
        size = int(peak.read() or 0) // 1024
    lines = ran.stdout.strip().splitlines()
    return took, used, size, lines[-1][:100] if lines else ran.stderr[-300:]


def _cpu_of_children() -> float:
    """Of those that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


READINGS: Mapping[str, tuple[str, ...]] = {
    "audit verify": ("verify",),
    "audit log": ("log", "--format", "csv"),
    "audit log of one": ("log", "--person", "bob", "--format", "csv"),
}


def measure(count: int, readings: Iterable[str] = READINGS) -> list[Row]:
    """Make a history of so many grants, and read it as an auditor does."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clone = make(folder, count)
        for what in readings:
            verb, *options = READINGS[what]
            took, used, size, last = _ran(clone, "audit", verb, "--keys", str(folder / "keys.json"), *options)
            seconds, megabytes = BOUNDS.get((what, count), (None, None))
            of = f"{what}, {4 * count:,} events of {count:,} grants"
            rows.append(
                Row(what=f"{of}, CPU", figure=used, bound=seconds, note=f"in {took:.0f} s: {last[:60]}")
            )
            rows.append(Row(what=f"{of}, memory", figure=size, unit="MB", bound=megabytes))
    return rows


def main() -> None:
    """Measure, print a table, and write JSON where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("grants", type=int, nargs="*", default=[500, 5000])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    parser.add_argument("--only", choices=list(READINGS), action="append", help="all, unless it says which")
    arguments = parser.parse_args()
    rows = [row for count in arguments.grants for row in measure(count, arguments.only or READINGS)]
    finish("the audit of a long history", rows, arguments.json)


if __name__ == "__main__":
    main()
