"""The hands of the machine that plays in any order: what people and runs do to acme, quickly, and what is seen of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from acme_world import DENY_ALL, PROD, STAGING, World
from botocore.exceptions import ClientError
from model import Ask, Held, Pull

ACCOUNTS = {"prod": PROD, "staging": STAGING}
WHO = ("alice", "bob", "carol", "dave", "mallory")
TEAMS, PEOPLE, OWNERS = "policies/teams.yaml", "policies/people.yaml", ".github/CODEOWNERS"
POLICY = "policies/access/orders-db-read.yaml"
_TABLE = re.compile(r":table/(\w+)")
_OUTCOMES = ("granted", "ended", "removed")


@dataclass(slots=True, kw_only=True)
class Play:
    """acme while the machine plays: clients that are kept, runners that may be old."""

    world: World
    clients: dict[str, Any] = field(default_factory=dict)
    signed_in_until: datetime | None = None
    fresh: dict[str, str] = field(default_factory=dict)  # runner -> the tip of main it stands on
    events: dict[str, dict[str, Any]] = field(default_factory=dict)  # the ledger's, by their blob
    jitbot_says: list[str] = field(default_factory=list)

    def text(self, ask: Ask) -> str:
        """The file of a request."""
        fields = {
            "requester": ask.login,
            "accounts": list(ask.accounts),
            "duration": f"{ask.minutes}m",
            "reason": "INC-1234 refunds are stuck",
            "parameters": {"table": ask.table},
        }
        return "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())

    def open(self, author: str, files: Mapping[str, str | None]) -> tuple[int, str]:
        """A pull request with one commit by its author; gives its number and its branch."""
        self.world.steps += 1
        number = self.world.propose(author, f"change {self.world.steps}", dict(files))
        return number, self.world.github.pulls[number].head_ref

    def push(self, login: str, pull: Pull, files: Mapping[str, str | None]) -> bool:
        """One more commit on a pull request's branch, by anyone with write access; whether GitHub took it."""
        world, clone = self.world, self.world.acme.clone(f"clone-{login}", login)
        world.acme.git(login, "fetch", "--quiet", "origin", pull.branch, cwd=clone)
        world.acme.git(login, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", cwd=clone)
        before = world.github.pulls[pull.number].head_sha
        world.push(login, pull.branch, dict(files))
        return bool(world.github.pulls[pull.number].head_sha != before)

    def run(
        self, *arguments: str, actor: str = "olivia", runner: str = "runner", old: bool = False, skew: int = 0, **job: Any
    ) -> int:  # fmt: skip
        """A run of jitbot in a job of its workflow; `old`: from whatever its clone stood on before."""
        world, folder = self.world, self.world.acme.clone(runner)
        tip = world.github.store.tip("main")
        if not old and self.fresh.get(runner) != tip:
            world.acme.git("olivia", "fetch", "--quiet", "origin", "main", cwd=folder)
            world.acme.git("olivia", "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", cwd=folder)
            self.fresh[runner] = tip
        ran = world.ran(*arguments, actor=actor, runner=runner, skew=skew, **job)
        self.jitbot_says = ran.output.splitlines()
        return ran.code

    def reach(self) -> set[Held]:
        """Who can enter what at this moment, asked of AWS; what a role allows is read from its documents."""
        found = set()
        for alias, account_id in ACCOUNTS.items():
            for role in self.world.roles(account_id):
                if DENY_ALL in role.attached:
                    continue
                tables = {name for _, document in role.inline for name in _TABLE.findall(document)}
                entering = (login for login in WHO if self._enters(login, role.arn))
                found |= {(login, alias, table) for login in entering for table in tables}
        return found

    def _enters(self, login: str, arn: str) -> bool:
        if (
            self.signed_in_until is None or self.world.now >= self.signed_in_until
        ):  # nobody's sign-in lasts longer
            self.clients.clear()
            self.signed_in_until = self.world.now + timedelta(minutes=30)
        if login not in self.clients:
            self.clients[login] = self.world.client(login, "sts")
        try:
            self.clients[login].assume_role(RoleArn=arn, RoleSessionName=login)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return False
        return True

    def recorded(self) -> list[dict[str, Any]]:
        """The ledger's events but for those that mallory pushed, oldest first, deleted ones too."""
        options = ("--reverse", "--topo-order", "--format=", "--raw", "--no-abbrev", "--diff-filter=A", "-P")
        git = self.world.github.store.git
        listed = git(
            "log", *options, "--no-merges", "--author=^(?!mallory)", "ledger", "--", "events/"
        ).decode()
        names = [line.split()[3] for line in listed.splitlines()]
        self.events |= {
            name: json.loads(git("cat-file", "blob", name)) for name in names if name not in self.events
        }
        return [self.events[name] for name in names]

    def untrue(self) -> Iterator[str]:
        """What the ledger tells that is not so: an outcome that is not there, or one told twice."""
        last: dict[tuple[str, str], dict[str, Any]] = {}
        told: list[tuple[str, ...]] = []
        for event in self.recorded():
            if event["event"] in _OUTCOMES:
                last[event["account_id"], event["role_name"]] = event
            if event["event"] in ("approved", "extended", "granted", "removed"):
                told.append((event["event"], event["request"], event["commit"], event["account_id"]))
        yield from (f"told twice: {each}" for each in sorted(set(told)) if told.count(each) > 1)
        for (account_id, name), event in last.items():
            role = next((each for each in self.world.roles(account_id) if each.name == name), None)
            denied = role is None or DENY_ALL in role.attached
            if event["event"] == "granted" and role is None:
                yield f"granted, and there is no {name}"
            elif event["event"] == "ended" and event["why"] != "expired" and not denied:
                yield f"ended early, and {name} is not denied"
            elif event["event"] == "removed" and role is not None:
                yield f"removed, and {name} is there"
