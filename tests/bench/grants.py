"""What granting costs: one grant and twenty at once beside their floor, and the grants a second of one run.

    python tests/bench/grants.py
    python tests/bench/grants.py --pairs 9 --latency 40 --github 80 --json grants.json

The floor (floor.py) makes the same calls of AWS, GitHub and git with boto3, requests and git alone, as a whole
process too, right after jitbot's: it decides, checks and attests nothing. Each pair runs in a sandbox whose
answers wait as real ones do. The seconds tell on an idle machine alone; the CPU seconds, which the sandbox's own work is
not in, tell more on a busy one. Compile first (`python -m compileall`) and unset
PYTHONDONTWRITEBYTECODE, or imports are three times slower.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import sleep

from processes import NOW, Cost, jitbot, run
from rich.console import Console
from rows import Row, finish, paired

sys.path += [str(Path(__file__).resolve().parents[1] / "sandbox" / "openapi")]
from documents import every_document

from jitbot.cli import main as command
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

POLICY = "orders-db-read"
FLOOR = (Path(__file__).parent / "floor.py").read_text("utf-8")
ONE = (1.1, 1.8)  # times the floor in seconds and in CPU seconds, that one grant may take
MORE = (1.3, None)  # that many at once may
MANY = 20
WIDE = 32  # accounts that jitbot works on side by side
IN_A_ROW = 6  # calls of AWS that one grant makes, one after the other: two writes, four reads
RECORDED = 12_000  # bytes of a batch with one event and one key


def main() -> None:
    """Measure, print the table, and write JSON where it is asked for. Exits with 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="of jitbot and its floor, one after the other")
    parser.add_argument("--grants", type=int, default=64, help="that one run makes, for the rate")
    parser.add_argument("--latency", type=float, default=40.0, help="milliseconds before each answer of AWS")
    parser.add_argument("--github", type=float, default=80.0, help="milliseconds before each of GitHub's")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    rows = measure(arguments.pairs, arguments.grants, arguments.latency, arguments.github)
    title = f"grants; AWS answers after {arguments.latency:g} ms, GitHub after {arguments.github:g} ms"
    finish(title, rows, arguments.json, latency=arguments.latency, github=arguments.github)


def measure(pairs: int, grants: int, latency: float, github: float) -> list[Row]:
    """One grant and many beside their floor, then as many as one run makes."""
    rows: list[Row] = []
    with _acme({}, latency, github) as stage:
        rows += _beside(stage, pairs, 1)
        rows += _beside(stage, max(pairs // 2, 1), MANY)
    more = {f"a{number:04}": f"{400000000000 + number}" for number in range(WIDE)}
    with _acme(more, latency, github) as stage:
        rows += _narrow(stage, grants, latency)
        rows += _wide(stage, grants, list(more))
    return rows


@contextmanager
def _acme(more: Mapping[str, str], latency: float, github: float) -> Iterator[Stage]:
    """acme with more accounts, whose AWS and GitHub take their time while jitbot or its floor runs."""
    with Acme(Clock(NOW), more_accounts=more) as acme:
        acme.aws.faults = lambda *_: sleep(latency / 1000)
        stage = Stage(acme=acme, jitbot=command, console=Console(quiet=True))
        stage.acme.git("olivia", "push", "--quiet", "origin", "refs/remotes/origin/ledger:refs/heads/floor")
        acme.github.faults = lambda *_: sleep(github / 1000)
        yield stage


def _beside(stage: Stage, pairs: int, number: int) -> Iterator[Row]:
    """So many grants of one pull request as a whole process, and the floor right after it, again and again."""
    acme = stage.acme
    ours: list[Cost] = []
    floors: list[Cost] = []
    for each in range(pairs + 1):
        slug = f"{number} pair {each}"
        pull, merge = _ask(stage, slug, [["prod"]] * number)
        before = set(_roles(acme))
        jit = jitbot(acme, "grant")
        made = [role for name, role in _roles(acme).items() if name not in before]
        floor = _floor(acme, pull, merge, made, slug)
        if each:  # the first pair warms the machine up
            ours.append(jit)
            floors.append(floor)
    what = f"{number} grant{'' if number == 1 else 's'}"
    bound, cpu_bound = ONE if number == 1 else MORE
    note = f"calls: {_calls(ours[-1])}; of the floor: {_calls(floors[-1])}; {ours[-1].megabytes} MB"
    yield paired(
        f"{what}, whole process", [each.seconds for each in ours], [each.seconds for each in floors],
        against="with boto3, requests and git", bound=bound, note=note,
    )  # fmt: skip
    yield paired(
        f"{what}, CPU", [each.cpu_seconds for each in ours], [each.cpu_seconds for each in floors],
        against="with boto3, requests and git", bound=cpu_bound,
    )  # fmt: skip


def _floor(acme: Acme, pull: int, merge: str, made: Sequence[tuple[str, str]], slug: str) -> Cost:
    """The floor of these grants, their roles under other names."""
    account_id = acme.accounts["prod"]
    wanted = {
        "pull": pull,
        "merge": merge,
        "branch": acme.github._site.repository(acme.repository).pulls[pull].head_ref,
        "queries": _queries(),
        "login": "bob",
        "record": RECORDED * len(made),
        "enter": f"arn:aws:iam::{account_id}:role/jitbot-grant",
        "boundary": f"arn:aws:iam::{account_id}:policy/jitbot-boundary",
        "roles": [
            {
                "name": f"jit-floor-{slug.replace(' ', '-')}-{number}",
                "trust": trust,
                "permissions": permissions,
            }
            for number, (trust, permissions) in enumerate(made)
        ],
    }
    return run(acme, FLOOR, [json.dumps(wanted)], acme.job("grant.yml"))


def _queries() -> list[str]:
    """The documents with which a pull request is read by its merge, and its reviews once more."""
    every = list(every_document())
    (by_merge,) = (each for each in every if "associatedPullRequests" in each)
    (once_more,) = (each for each in every if "changedFiles commits(" in each and "fragment" not in each)
    return [by_merge, once_more]


def _calls(cost: Cost) -> str:
    git = sum(number for name, number in cost.github.items() if "info/refs" in name or "git-upload" in name)
    return f"{sum(cost.aws.values())} AWS, {sum(cost.github.values()) - git} GitHub, {git} git"


def _narrow(stage: Stage, number: int, latency: float) -> Iterator[Row]:
    """Every grant in one account: its calls follow each other."""
    _ask(stage, f"in one account {number}", [["prod"]] * number)
    allowed = 1000 / (IN_A_ROW * latency) if latency else float("inf")
    yield _rate(f"{number} grants in one account", number, jitbot(stage.acme, "grant"), allowed)


def _wide(stage: Stage, number: int, accounts: list[str]) -> Iterator[Row]:
    """The same number over many accounts, side by side."""
    path = f"policies/access/{POLICY}.yaml"
    text = (stage.acme.clone() / path).read_text("utf-8")
    names = json.dumps(["prod", "staging", *accounts])
    changed = text.replace("accounts: [prod, staging]", f"accounts: {names}")
    _land(stage, "olivia", "Many accounts", {path: changed}, by="erin")
    requests = max(number // len(accounts), 1)
    _ask(stage, "in many accounts", [accounts] * requests)
    made = requests * len(accounts)
    yield _rate(f"{made} grants in {len(accounts)} accounts", made, jitbot(stage.acme, "grant"))


def _rate(what: str, number: int, cost: Cost, allowed: float | None = None) -> Row:
    note = f"{1000 * cost.cpu_seconds / number:.0f} ms CPU a grant; {_calls(cost)} calls, {cost.megabytes} MB"
    row = Row(what=what, figure=number / cost.seconds, unit="a second", note=note)
    if allowed is None:
        return row
    against = f"in {IN_A_ROW} calls in a row"
    return replace(row, floor=allowed, against=against, ratio=allowed / row.figure)


def _roles(acme: Acme) -> dict[str, tuple[str, str]]:
    """The trust and the permissions of every grant in prod, by the role's name."""
    store, account_id = acme.aws._store, acme.accounts["prod"]
    found = [store.role(account_id, name) for name in store.role_names(account_id)]
    return {
        role.arn: (role.trust, role.inline[0][1])
        for role in found
        if role is not None and ":role/jit/" in role.arn
    }


def _ask(stage: Stage, title: str, wanted: list[list[str]]) -> tuple[int, str]:
    """One merged and approved pull request, with a request for each of these lists of accounts."""
    slug = title.replace(" ", "-")
    fields = {"parameters": {"table": "orders"}}
    asked = (
        stage.request("alice", POLICY, f"{slug}-{number}", accounts=accounts, **fields)
        for number, accounts in enumerate(wanted)
    )
    return _land(stage, "alice", title, dict(asked), by="bob")


def _land(stage: Stage, login: str, title: str, files: dict[str, str], *, by: str) -> tuple[int, str]:
    """Propose, approve and merge; gives the number of the pull request and its merge."""
    slow, stage.acme.github.faults = stage.acme.github.faults, None  # people's time is not measured
    stage.steps += 1
    pull = stage.propose(login, title, files)
    stage.must(stage.review(by, pull))
    stage.must(stage.merge(login, pull))
    stage.acme.github.faults = slow
    stage.acme.git("olivia", "fetch", "--quiet", "origin", "main")
    tip = stage.acme.git("olivia", "rev-parse", "FETCH_HEAD").stdout.strip()
    return pull, tip


if __name__ == "__main__":
    main()
