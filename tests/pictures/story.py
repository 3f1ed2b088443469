"""Five days at acme, played in the sandbox: what the pictures of the comment and of the report show.

The report is about three of them, Monday to Wednesday. The sandbox has its own time, so the story is always the same.
Only commits and ids differ from one run to the next.
"""

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import WRITTEN_FOR, Acme
from jitbot.sandbox.story.stage import Stage

MINUTE, HOUR, NIGHT = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=14)
ORDERS, SHELL, LOGS = "orders-db-read", "ssm-shell", "service-logs-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The title and the comment of an open pull request, with its number and who opened it; and the report, as HTML."""

    number: int
    author: str
    title: str
    comment: str
    report: str


def told() -> Told:
    """Play the five days. Raises StoryError where a run ends otherwise than it must."""
    with Acme(Clock(WRITTEN_FOR - NIGHT)) as acme:
        story = _Story(Stage(acme=acme, jitbot=main, console=Console(file=io.StringIO(), width=100)))
        story.sunday()
        story.monday()
        story.tuesday()
        story.wednesday()
        return story.thursday()


class _Story:
    """The days, one after the other."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def sunday(self) -> None:
        """The weekly look at the rules of main and ledger, on the evening before."""
        self._run("audit", "protection", workflow="audit.yml")
        self.stage.later(NIGHT)

    def monday(self) -> None:
        """Four ordinary requests; two roles are entered, and one access is given back early."""
        self._merged(
            "alice",
            ORDERS,
            "refunds",
            "bob",
            reason="INC-1234 refunds are stuck in the queue",
            **_chosen(table="orders"),
        )
        self._merged(
            "carol",
            LOGS,
            "errors",
            "dave",
            duration="4h",
            reason="INC-1234 errors of the payment job",
            **_chosen(service="payments"),
        )
        self._merged(
            "grace",
            "s3-prefix-read",
            "export",
            "heidi",
            accounts=["data"],
            duration="4h",
            reason="DATA-88 check the export of October",
            **_chosen(prefix="exports/2026-10"),
        )
        self._merged(
            "dave",
            "production-admin",
            "failover",
            "erin",
            "frank",
            duration="45m",
            ticket="OPS-77",
            reason="Fail the orders database over",
        )
        self._grant()
        for login in ("alice", "dave"):
            self.stage.expect(
                self.stage.assume(login, self.stage.held(login)["role_arn"]) is not None, f"{login} enters"
            )
        self.stage.later(30 * MINUTE)
        self._run("revoke", "carol-errors", "--reason", "found it", workflow="revoke.yml", actor="carol")
        self._sweep()

    def tuesday(self) -> None:
        """An emergency is reviewed afterwards, and what nobody approved is refused."""
        self.stage.later(NIGHT)
        number = self._merged(
            "dave",
            "production-break-glass",
            "pager",
            "bob",
            ticket="OPS-81",
            duration="30m",
            reason="Payments are down, nobody else is awake",
        )
        self._grant()
        self.stage.expect(
            self.stage.assume("dave", self.stage.held("dave")["role_arn"]) is not None, "dave enters"
        )
        self.stage.later(20 * MINUTE)
        self.stage.must(self.stage.review("erin", number))
        self._merged(
            "mallory", ORDERS, "look", by="olivia", reason="A look at the orders", **_chosen(table="orders")
        )
        self._grant(code=1)
        self._sweep()

    def wednesday(self) -> None:
        """A long shell takes one person of each of two teams."""
        self.stage.later(NIGHT)
        self._merged(
            "alice",
            SHELL,
            "hosts",
            "frank",
            "erin",
            duration="90m",
            reason="INC-1240 a payment host does not answer",
            **_chosen(team="payments"),
        )
        self._merged(
            "grace",
            LOGS,
            "imports",
            "dave",
            accounts=["staging"],
            duration="1h",
            reason="DATA-91 imports are slow",
            **_chosen(service="orders"),
        )
        self._grant()
        self._sweep()
        self._run("audit", "usage", workflow="audit.yml")
        self._run("audit", "verify", "--online", "--record", workflow="audit.yml")
        self._run("audit", "protection", workflow="audit.yml")

    def thursday(self) -> Told:
        """One more request is open, and the report of the days before is written."""
        self.stage.later(NIGHT)
        asked = (
            "request",
            ORDERS,
            "-a",
            "prod",
            "-d",
            "2h",
            "-p",
            "table=refunds",
            "-r",
            "INC-1251 refunds of yesterday are missing",
        )
        number = self._asked("alice", *asked)
        self._run("comment", str(number), workflow="check.yml", actor="alice")
        pull = self._github(f"/pulls/{number}")
        (said,) = self._github(f"/issues/{number}/comments")
        with TemporaryDirectory() as folder:
            file = Path(folder) / "report.html"
            days = ("--from", "2026-11-23", "--to", "2026-11-25")
            self._run("audit", "report", "--online", *days, "--output", str(file), workflow="audit.yml")
            report = file.read_text("utf-8")
        return Told(number=number, author="alice", title=pull["title"], comment=said["body"], report=report)

    def _asked(self, login: str, *arguments: str) -> int:
        """The pull request that `jitbot request` opens, as this person types it."""
        acme, printed = self.stage.acme, io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            code = main(
                [*arguments, "--format", "json"],
                now=self.stage.now,
                environ=acme.shell(login, job=False),
                folder=acme.clone(),
            )
        self.stage.expect(code == 0, f"{login} asks")
        return int(json.loads(printed.getvalue())["pull_request"])

    def _merged(
        self, login: str, policy: str, slug: str, *approvers: str, by: str = "", **fields: Any
    ) -> int:
        """A request that these people approve, and that its requester merges, or `by`; its number."""
        path, text = self.stage.request(login, policy, slug, **fields)
        number = self.stage.propose(login, slug, {path: text})
        self.stage.later(2 * MINUTE)
        for approver in approvers:
            self.stage.must(self.stage.review(approver, number))
        self.stage.must(self.stage.merge(by or login, number))
        return number

    def _grant(self, code: int = 0) -> None:
        self._run("grant", workflow="grant.yml", code=code)

    def _sweep(self) -> None:
        """A sweep in the evening confirms what is over, and one removes it a session length later."""
        for pause in (8 * HOUR, HOUR):
            self.stage.later(pause)
            self._run("sweep", workflow="sweep.yml")

    def _run(self, *arguments: str, workflow: str = "", actor: str = "olivia", code: int = 0) -> None:
        self.stage.run(*arguments, workflow=workflow, actor=actor, code=code, aside=True)

    def _github(self, path: str) -> Any:
        return self.stage.must(self.stage.acme.call("olivia", "GET", path))


def _chosen(**parameters: str) -> Mapping[str, Any]:
    return {"parameters": parameters}
