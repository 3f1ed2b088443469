"""A Friday on which somebody rehearses: acme, its workflows and its clock, which every pause moves on."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
from desk import Said, said

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.workflows import Workflows

BEGINS = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
POLICY = """description: Rehearse a grant with one harmless read
eligible: [alice]
accounts: [prod]
max_duration: 15m
approvals: 1
statements:
  - actions: ["ec2:DescribeRegions"]
    resources: ["*"]
"""
OWNERS = "/requests/rehearsal/  @frank @olivia\n"
_MARKER = "# Who may change the rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Something that happens once, in the first pause after a moment."""

    due: datetime
    act: Callable[[], object]


@dataclass(kw_only=True)
class Friday:
    """acme, and what happens in it when the time has come."""

    acme: Acme
    workflows: Workflows
    plans: list[Plan] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self.acme.clock.now()

    def pause(self, seconds: float) -> None:
        """The clock moves on; what is due then happens, and every run that was started ends."""
        self.pauses.append(seconds)
        self.acme.clock.advance(timedelta(seconds=max(1, round(seconds))))
        for plan in list(self.plans):
            if plan.due <= self.now:
                self.plans.remove(plan)
                plan.act()
        self.workflows.idle()

    def soon(self, act: Callable[[], object]) -> None:
        """Something happens in the next pause."""
        self.plans.append(Plan(due=self.now, act=act))

    def at(self, after: timedelta, act: Callable[[], object]) -> None:
        """Something happens so long after the beginning."""
        self.plans.append(Plan(due=BEGINS + after, act=act))

    def pull(self) -> Any:
        """The newest pull request."""
        return self.acme.call("olivia", "GET", "/pulls?state=all").content[0]

    def approve(self, login: str = "frank") -> None:
        """Approve the newest pull request, and press Merge, unless GitHub merges it by itself."""
        number = self.pull()["number"]
        answer = self.acme.call(login, "POST", f"/pulls/{number}/reviews", event="APPROVE", body="")
        assert answer.ok, answer.content
        if self.pull()["merged_at"] is None:
            answer = self.acme.call("alice", "PUT", f"/pulls/{number}/merge", merge_method="squash")
            assert answer.ok, answer.content

    def rehearse(self, *arguments: str, login: str = "alice", clone: str = "alice", **more: str) -> Said:
        """`jitbot doctor --rehearse` as this person, in a clone of theirs, while the clock runs with each pause."""
        environ = {
            "GITHUB_API_URL": self.acme.github.api_url,
            "GITHUB_SERVER_URL": self.acme.github.url,
            "GITHUB_TOKEN": self.acme.token(login),
            "JITBOT_REPOSITORY": self.acme.repository,
            "HOME": str(self.acme.clone(clone, login)),
            **self.acme.signed_in(login),
            **more,
        }
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(
                ["doctor", "--rehearse", *arguments],
                now=self.now,
                environ=environ,
                folder=self.acme.clone(clone, login),
                pause=self.pause,
                clock=self.acme.clock.now,
            )
        return Said(code=code, out=out.getvalue(), err=err.getvalue())

    def write(self, files: Mapping[str, str], *, branch: str = "main") -> None:
        """Change files past everybody."""
        store = self.acme.github._site.repository(self.acme.repository).store
        who = Signature(name="olivia", email="olivia@acme.com", when=self.now)
        contents = {path: text.encode() for path, text in files.items()}
        store.commit_files(branch, store.tip(branch), contents, (), "by hand", who, who)

    def read(self, path: str) -> str:
        """A file on main."""
        store = self.acme.github._site.repository(self.acme.repository).store
        return (store.read(store.tip("main") or "", path) or b"").decode()

    def allow(self, policy: str = POLICY) -> None:
        """Add the policy of rehearsals, and who approves them."""
        owners = self.read(".github/CODEOWNERS").replace(_MARKER, OWNERS + _MARKER)
        self.write({"policies/access/rehearsal.yaml": policy, ".github/CODEOWNERS": owners})

    def branches(self) -> set[str]:
        """The branches that people made."""
        store = self.acme.github._site.repository(self.acme.repository).store
        return {ref.removeprefix("refs/heads/") for ref in store.refs("refs/heads/jitbot/")}

    def iam(self) -> Any:
        """IAM in prod, as an administrator."""
        found = self.acme.aws.admin("111111111111")
        return boto3.client(
            "iam",
            endpoint_url=self.acme.aws.url,
            region_name="us-east-1",
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )

    def roles(self) -> list[str]:
        """The grants' roles in prod."""
        return [each["RoleName"] for each in self.iam().list_roles(PathPrefix="/jit/")["Roles"]]


@contextmanager
def a_friday() -> Iterator[Friday]:
    """acme on a Friday afternoon, with the policy for rehearsals on main."""
    troubles: list[str] = []
    with Acme(Clock(BEGINS)) as acme:

        def run(arguments: Sequence[str], environ: Mapping[str, str], where: Path) -> None:
            ran = said(*arguments, folder=where, environ=environ, now=acme.clock.now())
            if ran.code:
                troubles.append(f"{arguments}: {ran}")

        with Workflows(acme, run, troubles.append) as workflows:
            friday = Friday(acme=acme, workflows=workflows)
            friday.allow()
            yield friday
    assert troubles == []


def verdicts(answer: Said) -> dict[str, str]:
    """What a rehearsal printed as JSON: each assumption's verdict."""
    return {each["code"]: each["verdict"] for each in answer.json["assumptions"]}


def lines(text: str) -> list[str]:
    """The lines of a text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
