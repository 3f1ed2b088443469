"""What a sweep with nothing due costs: over 1, 100 and 1,000 accounts, and over 10,000 live grants.

    python tests/bench/sweeps.py
    python tests/bench/sweeps.py --accounts 1000 --grants 10000 --latency 60 --json sweeps.json

Each figure is of a whole process. The live grants are made up from one that jitbot made: recorded by its own
hand in the ledger, a hundred events in a batch, their roles put straight into the embedded AWS. Each sweep runs
twice. The embedded AWS checks and answers every call of the first, and repeat.py, a process of its own, gives the
same answers to the second, which is measured: the embedded AWS would need more of the machine than jitbot. Still
the CPU seconds, which are jitbot's alone, tell more than the seconds. `--latency` is what each answer of AWS waits,
as real ones do.
"""

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from processes import NOW, Cost, jitbot
from repeat import repeating
from rich.console import Console
from rows import Row, finish

sys.path.append(str(Path(__file__).resolve().parents[1] / "docs"))
from measured_life import cpu_of_sweep

from jitbot.adapters import documents
from jitbot.cli import main as command
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import AccountId, Login, Policy, Request, Sha, Source
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.wiring.context import open_context

POLICY = "orders-db-read"
OWN = 3  # accounts that acme has anyway
READS = {"AssumeRoleWithWebIdentity", "ListRoles"}  # of a sweep with nothing due
WIDE = 10  # accounts of one request
MOST = (1000, 10_000)  # accounts, and grants that live in them, for which these bounds are:
SECONDS, CPU_SECONDS, MEGABYTES = 3, 8, 250
AS_SAID = 1.25  # times the CPU that the guide says of a sweep without grants
Bounds = tuple[int | None, float | None, int | None]  # of seconds, CPU seconds and megabytes


def main() -> None:
    """Measure, print the table, and write JSON where it is asked for. Exits with 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--grants", type=int, default=10_000, help="that live, over the most accounts")
    parser.add_argument("--latency", type=float, default=60.0, help="milliseconds before each answer of AWS")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    rows = measure(arguments.accounts, arguments.grants, arguments.latency)
    title = f"sweeps with nothing due, AWS answers after {arguments.latency:g} ms"
    finish(title, rows, arguments.json, latency=arguments.latency)


def measure(accounts: Sequence[int], grants: int, latency: float) -> list[Row]:
    """A sweep over so many accounts each, and one over the most of them with so many live grants."""
    rows: list[Row] = []
    for number in sorted(accounts):
        with _acme(number) as stage:
            count = len(stage.acme.accounts)
            bounds: Bounds = (SECONDS if count >= MOST[0] else None, AS_SAID * cpu_of_sweep(count), None)
            what = f"sweep, {_plural(count, 'account')}"
            rows += _rows(what, _sweep(stage.acme, latency), count, bounds)
            if number == max(accounts) and grants:
                live(stage, grants)
                what = f"sweep, {_plural(count, 'account')}, {grants:,} live grants"
                large = (count, grants) >= MOST
                bounds = (None, CPU_SECONDS, MEGABYTES) if large else (None, None, None)
                rows += _rows(what, _sweep(stage.acme, latency), count, bounds)
    return rows


@contextmanager
def _acme(number: int) -> Iterator[Stage]:
    """acme with so many accounts, and never fewer than it has."""
    more = {f"a{each:04}": f"{400000000000 + each}" for each in range(number - OWN)}
    with Acme(Clock(NOW), more_accounts=more) as acme:
        yield Stage(acme=acme, jitbot=command, console=Console(quiet=True))


def _sweep(acme: Acme, latency: float) -> Cost:
    """What a sweep costs beside an AWS that repeats what it answered to one before."""
    with repeating(acme.aws.url, latency) as aws:
        jitbot(acme, "sweep", AWS_ENDPOINT_URL=aws.url)
        aws.asked()
        cost = jitbot(acme, "sweep", AWS_ENDPOINT_URL=aws.url)
        asked, new = aws.asked()
    if new:
        raise SystemExit(f"the measured sweep asked {new} things that the one before had not asked")
    return replace(cost, aws=asked)


def _plural(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _rows(what: str, cost: Cost, accounts: int, bounds: Bounds) -> Iterator[Row]:
    """What that sweep took, and that it asked AWS no more than it must."""
    reads = cost.aws.get("ListRoles", 0)
    calls = ", ".join(f"{number} × {name}" for name, number in sorted(cost.aws.items()))
    if changes := {name for name in cost.aws if name not in READS}:
        raise SystemExit(
            f"{what} was to change nothing, and did {', '.join(sorted(changes))}:\n{cost.output[-2000:]}"
        )
    seconds, cpu_seconds, megabytes = bounds
    yield Row(what=what, figure=cost.seconds, bound=seconds)
    yield Row(what=f"{what}: CPU", figure=cost.cpu_seconds, bound=cpu_seconds)
    yield Row(what=f"{what}: memory", figure=cost.megabytes, unit="MB", bound=megabytes)
    yield Row(
        what=f"{what}: reads of AWS", figure=reads, unit="", floor=accounts, against="accounts",
        ratio=reads / accounts, bound=1, note=calls,
    )  # fmt: skip


def live(stage: Stage, number: int) -> None:
    """So many grants that live: one made by jitbot, the others by its example, spread over all accounts."""
    made = _example(stage)
    recorded: list[Event] = []
    accounts = itertools.cycle(sorted(stage.acme.accounts.items()))
    wide = min(WIDE, len(stage.acme.accounts))
    for each in range(number // wide):
        recorded += _alike(stage.acme, made, each, list(itertools.islice(accounts, wide)))
    _on_main(stage.acme, {event.request for event in recorded}, made.approved.request)
    stage.acme.git("olivia", "fetch", "--quiet", "origin", cwd=stage.acme.clone())
    world = _world(stage)
    Ledger(world, NOW).add(recorded)


def _on_main(acme: Acme, paths: Iterable[str], like: str) -> None:
    """Put these requests on main, alike: what main does not have counts as deleted, and would end."""
    store = acme.github._site.repository(acme.repository).store
    tip = store.tip("main")
    assert tip is not None
    content = store.read(tip, like)
    assert content is not None
    who = Signature(name="olivia", email="olivia@acme.com", when=NOW)
    store.commit_files("main", tip, dict.fromkeys(paths, content), (), "Live requests", who, who)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    """One grant that jitbot made: its events, and the two files behind it."""

    approved: Event
    granted: Event
    policy: Policy
    request: Request


def _example(stage: Stage) -> _Example:
    path, text = stage.request("alice", POLICY, "example", duration="4h", parameters={"table": "orders"})
    pull = stage.propose("alice", "Example", {path: text})
    stage.must(stage.review("bob", pull))
    stage.must(stage.merge("alice", pull))
    stage.run("grant", workflow="grant.yml", code=0, aside=True)
    recorded = {
        event.kind: event for event in ledger_view.read(_world(stage), NOW).events if event.request == path
    }
    policy, request = _read(stage.acme, path)
    return _Example(
        approved=recorded[EventType.APPROVED],
        granted=recorded[EventType.GRANTED],
        policy=policy,
        request=request,
    )


def _world(stage: Stage) -> Context:
    """What a run of grant stands in."""
    job = stage.acme.job("grant.yml")
    invocation = Invocation(now=NOW, environ=job, folder=stage.acme.clone(), jitbot=command)
    return open_context(invocation, "grant", purpose="grant")


def _read(acme: Acme, path: str) -> tuple[Policy, Request]:
    """The policy, and the request that was made under it."""
    sources = [
        Source(path=each, content=(acme.clone() / each).read_bytes())
        for each in (f"policies/access/{POLICY}.yaml", path)
    ]
    policy, request = documents.parse_policy(sources[0]).value, documents.parse_request(sources[1]).value
    assert policy is not None
    assert request is not None
    return policy, request


def _alike(
    acme: Acme, made: _Example, number: int, accounts: Sequence[tuple[str, AccountId]]
) -> Iterator[Event]:
    """The approval of one more request over these accounts, its grants recorded, and their roles in AWS."""
    path = f"requests/{POLICY}/{NOW:%Y-%m/%d}-alice-live-{number}.yaml"
    window, request = made.approved.window, replace(made.request, path=path)
    assert window is not None
    rendered = [
        iam.render(
            settings=acme.settings, policy=made.policy, request=request, person=acme.people[Login("alice")],
            account=alias, account_id=account_id, window=window,
        )
        for alias, account_id in accounts
    ]  # fmt: skip
    merge = Sha(hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest())
    yield replace(made.approved, request=path, commit=merge, documents=tuple(rendered))
    for each in rendered:
        role_id = _role(acme, each)
        yield replace(
            made.granted, request=path, commit=merge, account=each.account, account_id=each.account_id,
            role_name=each.role_name, documents=(each,), evidence=Evidence({"role_id": role_id}),
        )  # fmt: skip


def _role(acme: Acme, wanted: iam.Documents) -> str:
    """Put the role into the embedded AWS; gives its id."""
    backend = acme.aws._store.iam(wanted.account_id)
    tags = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
    trust, permissions = (json.dumps(each) for each in (wanted.trust_policy, wanted.permission_policy))
    role = backend.create_role(
        wanted.role_name, trust, wanted.path, wanted.permissions_boundary, "", tags, "3600"
    )
    backend.put_role_policy(wanted.role_name, iam.POLICY_NAME, permissions)
    return str(role.id)


if __name__ == "__main__":
    main()
