"""What the AWS side costs: a sweep of many accounts, the grants a second of one run, and one grant beside bare boto3.

    python tests/bench/accounts.py
    python tests/bench/accounts.py --accounts 1000 --latency 60 --json

Each figure is of a whole process. The sandbox answers from this process, on the same machine, and does the
work of all those AWS endpoints: where it is the bottleneck the seconds are the sandbox's, so read the CPU
seconds, which are jitbot's alone. `--latency` is what each answer of AWS waits, as real ones do. Compile
first (`python -m compileall`) and unset PYTHONDONTWRITEBYTECODE, or imports are three times slower.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from processes import NOW, Cost, jitbot, run
from rich.console import Console
from rich.table import Table

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

POLICY = "orders-db-read"
WIDE = 32  # accounts that jitbot works on side by side
IN_A_ROW = 6  # calls of AWS that one grant makes, one after the other: two writes, four reads
# The same calls of AWS as a grant, with boto3 alone. It decides, checks and records nothing, and asks no GitHub.
BARE = """
import json, os, sys, urllib.request
import boto3, botocore
from botocore.config import Config
wanted, name = json.loads(sys.argv[1]), sys.argv[2]
ask = urllib.request.Request(
    os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=sts.amazonaws.com",
    headers={"Authorization": "Bearer " + os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]})
token = json.load(urllib.request.urlopen(ask))["value"]
sts = boto3.client("sts", region_name="us-east-1", config=Config(signature_version=botocore.UNSIGNED))
found = sts.assume_role_with_web_identity(
    RoleArn=wanted["enter"], RoleSessionName="bare", WebIdentityToken=token, DurationSeconds=900)["Credentials"]
iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id=found["AccessKeyId"],
    aws_secret_access_key=found["SecretAccessKey"], aws_session_token=found["SessionToken"])
iam.get_account_summary()
iam.create_role(Path="/jit/", RoleName=name, AssumeRolePolicyDocument=wanted["trust"], MaxSessionDuration=3600,
    PermissionsBoundary=wanted["boundary"], Tags=[{"Key": "jitbot:request", "Value": name}])
iam.put_role_policy(RoleName=name, PolicyName="jitbot", PolicyDocument=wanted["permissions"])
iam.get_role(RoleName=name)
iam.list_role_policies(RoleName=name)
iam.list_attached_role_policies(RoleName=name)
iam.get_role_policy(RoleName=name, PolicyName="jitbot")
"""
Figures = dict[str, dict[str, object]]


def main() -> None:
    """Measure, and print a table, or JSON for machines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1000, help="that a sweep looks at")
    parser.add_argument("--grants", type=int, default=64, help="that one run makes")
    parser.add_argument("--pairs", type=int, default=7, help="of jitbot and bare boto3, one after the other")
    parser.add_argument("--latency", type=float, default=60.0, help="milliseconds before each answer of AWS")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args()
    count = max(arguments.accounts - 3, WIDE)
    more = {f"a{number:04}": f"{400000000000 + number}" for number in range(count)}
    with _acme(more, arguments.latency) as stage:
        figures: Figures = {"sweep": _sweep(stage.acme, len(stage.acme.accounts))}
        figures["one account"] = _narrow(stage, arguments.grants, arguments.latency)
        figures["many accounts"] = _wide(stage, arguments.grants, list(more)[:WIDE])
    with _acme(
        {}, arguments.latency
    ) as stage:  # of ordinary size: reading a thousand accounts takes a second
        figures["beside boto3"] = _beside(stage, arguments.pairs)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        _show(figures, arguments.latency)


@contextmanager
def _acme(more: Mapping[str, str], latency: float) -> Iterator[Stage]:
    """acme with more accounts, whose AWS takes its time."""
    with Acme(Clock(NOW), more_accounts=more) as acme:
        acme.aws.faults = lambda *_: time.sleep(latency / 1000)
        yield Stage(acme=acme, jitbot=lambda *_: 0, console=Console(quiet=True))


def _sweep(acme: Acme, accounts: int) -> dict[str, object]:
    cost = jitbot(acme, "sweep")
    return {"accounts": accounts, **cost.as_json()}


def _narrow(stage: Stage, number: int, latency: float) -> dict[str, object]:
    """Every grant in one account: its calls follow each other."""
    _ask(stage, f"in one account {number}", [["prod"]] * number)
    bound = 1000 / (IN_A_ROW * latency) if latency else 0.0
    return _rate(number, jitbot(stage.acme, "grant")) | {"bound_by_latency": round(bound, 1)}


def _wide(stage: Stage, number: int, accounts: list[str]) -> dict[str, object]:
    """The same number over many accounts, side by side."""
    path = f"policies/access/{POLICY}.yaml"
    text = (stage.acme.clone() / path).read_text("utf-8")
    changed = text.replace(
        "accounts: [prod, staging]", f"accounts: {json.dumps(['prod', 'staging', *accounts])}"
    )
    _land(stage, "olivia", "Many accounts", {path: changed}, by="erin")
    requests = max(number // len(accounts), 1)
    _ask(stage, "in many accounts", [accounts] * requests)
    return _rate(requests * len(accounts), jitbot(stage.acme, "grant")) | {"accounts": len(accounts)}


def _rate(number: int, cost: Cost) -> dict[str, object]:
    per_grant = {
        "grants_per_second": round(number / cost.seconds, 1),
        "cpu_milliseconds_per_grant": round(1000 * cost.cpu_seconds / number, 1),
        "aws_calls_per_grant": round(sum(cost.aws.values()) / number, 2),
        "github_calls_per_grant": round(sum(cost.github.values()) / number, 2),
    }
    return {"grants": number, **per_grant, **cost.as_json()}


def _beside(stage: Stage, pairs: int) -> dict[str, object]:
    """One grant as a whole process, and the bare script right after it, again and again."""
    acme = stage.acme
    ours: list[Cost] = []
    bare: list[Cost] = []
    for number in range(pairs + 1):
        _ask(stage, f"pair {number}", [["prod"]])
        jit = jitbot(acme, "grant")
        role = next(each for each in _roles(acme) if f"pair-{number}-" in dict(each.tags)["jitbot:request"])
        wanted = {
            "enter": f"arn:aws:iam::{acme.accounts['prod']}:role/jitbot-grant",
            "boundary": f"arn:aws:iam::{acme.accounts['prod']}:policy/jitbot-boundary",
            "trust": role.trust,
            "permissions": role.inline[0][1],
        }
        alone = run(acme, BARE, [json.dumps(wanted), f"bare-{number}"], acme.job("grant.yml"))
        if number:  # the first pair warms the machine up
            ours.append(jit)
            bare.append(alone)
    medians = {
        f"{what}_{which}": round(median(getattr(cost, which) for cost in costs), 3)
        for what, costs in (("jitbot", ours), ("boto3", bare))
        for which in ("seconds", "cpu_seconds")
    }
    return {
        "pairs": pairs,
        **medians,
        "ratio_seconds": round(medians["jitbot_seconds"] / medians["boto3_seconds"], 2),
        "ratio_cpu": round(medians["jitbot_cpu_seconds"] / medians["boto3_cpu_seconds"], 2),
        "github_calls": sum(ours[-1].github.values()),
        "jitbot_aws": dict(ours[-1].aws),
        "boto3_aws": dict(bare[-1].aws),
    }


def _roles(acme: Acme) -> list[object]:
    store, account_id = acme.aws._store, acme.accounts["prod"]
    found = [store.role(account_id, name) for name in store.role_names(account_id)]
    return [role for role in found if role is not None and ":role/jit/" in role.arn]


def _ask(stage: Stage, title: str, wanted: list[list[str]]) -> None:
    """One merged and approved pull request, with a request for each of these lists of accounts."""
    slug = title.replace(" ", "-")
    fields = {"parameters": {"table": "orders"}}
    asked = (
        stage.request("alice", POLICY, f"{slug}-{number}", accounts=accounts, **fields)
        for number, accounts in enumerate(wanted)
    )
    _land(stage, "alice", title, dict(asked), by="bob")


def _land(stage: Stage, login: str, title: str, files: dict[str, str], *, by: str) -> None:
    stage.steps += 1
    pull = stage.propose(login, title, files)
    stage.must(stage.review(by, pull))
    stage.must(stage.merge(login, pull))


def _show(figures: Figures, latency: float) -> None:
    sweep, narrow, wide, beside = figures.values()
    table = Table(
        "what",
        "seconds",
        "CPU s",
        "MB",
        "AWS calls",
        "what bounds it",
        title=f"AWS answers after {latency:g} ms",
    )
    rows = (
        (f"sweep of {sweep['accounts']} accounts, nothing due", sweep, ""),
        (
            f"{narrow['grants']} grants, one account",
            narrow,
            f"{narrow['grants_per_second']} a second; {IN_A_ROW} calls in a row allow {narrow['bound_by_latency']}",
        ),
        (
            f"{wide['grants']} grants, {wide['accounts']} accounts",
            wide,
            f"{wide['grants_per_second']} a second; {wide['cpu_milliseconds_per_grant']} ms CPU a grant",
        ),
    )
    for what, found, note in rows:
        calls = sum(dict(found["aws"]).values())  # type: ignore[call-overload]
        table.add_row(
            what,
            f"{found['seconds']:.2f}",
            f"{found['cpu_seconds']:.2f}",
            str(found["megabytes"]),
            str(calls),
            note,
        )
    console = Console(width=120)
    console.print(table)
    pair = Table("one grant, whole process", "seconds", "CPU s", title=f"medians of {beside['pairs']} pairs")
    for what in ("jitbot", "boto3"):
        pair.add_row(what, f"{beside[f'{what}_seconds']:.3f}", f"{beside[f'{what}_cpu_seconds']:.3f}")
    pair.add_row("ratio", f"{beside['ratio_seconds']:.2f}", f"{beside['ratio_cpu']:.2f}")
    console.print(pair)
    console.print(
        f"jitbot also makes {beside['github_calls']} calls of GitHub, and records on a branch with git."
    )


if __name__ == "__main__":
    main()
