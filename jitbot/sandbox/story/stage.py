"""Where the story is played: people act through GitHub's API and AWS's, jitbot runs as in Actions."""

import contextlib
import io
import json
import shlex
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session
from rich.console import Console
from rich.text import Text

from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.organisation import Acme, Answered

Jitbot = Callable[..., int]  # `cli.main`
_SHOWN = 14  # lines of a command's output
_ONCE = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)


class StoryError(JitbotError):
    """A step had another result than the story says: the demo fails, and says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of jitbot: its exit code and all it printed."""

    code: int
    output: str


@dataclass(slots=True, kw_only=True)
class Stage:
    """The sandbox, the command, and the console that shows the story."""

    acme: Acme
    jitbot: Jitbot
    console: Console
    steps: int = 0
    warned: set[str] = field(default_factory=set)  # shown once is enough
    # Clients and their credentials.
    _kept: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self.acme.clock.now()

    def later(self, step: timedelta, why: str = "") -> None:
        """Let time pass."""
        moment = self.acme.clock.advance(step)
        self.console.print(Text(f"  {moment:%H:%M:%S}Z {why}".rstrip(), style="dim"))

    def tell(self, who: str, what: str) -> None:
        """One person does one thing."""
        lines = textwrap.wrap(what, self.console.width - 11)
        self.console.print(Text.assemble(("  " + who.ljust(9), "bold cyan"), f"\n{'':11}".join(lines)))

    def expect(self, holds: bool, claim: str, *, instead: str = "") -> None:
        """What came of it. Raises StoryError if it is not so."""
        self.steps += 1
        if not holds:
            raise StoryError(f"the story says: {claim}. The result differs. {instead}".strip())
        claimed = f"\n{'':4}".join(textwrap.wrap(claim, self.console.width - 4))
        self.console.print(Text(f"  ✓ {claimed}", style="green"))

    def run(
        self,
        *arguments: str,
        workflow: str = "",
        actor: str = "olivia",
        code: int,
        folder: Path | None = None,
        aside: bool = False,
    ) -> Ran:
        """Run jitbot, as in a job of `workflow` where one is named, and show what it prints, unless `aside`."""
        where = folder or self.acme.clone()
        environ: Mapping[str, str] = {}
        if workflow:
            self.acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=where)  # as actions/checkout would
            environ = self.acme.job(workflow, actor=actor)
        if not aside:
            self.command(f"jitbot {shlex.join(arguments)}")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            got = self.jitbot(
                list(arguments), now=self.now, environ=environ, folder=where, pause=_nothing_lags
            )
        if not aside:
            self.show(printed.getvalue())
        if got != code:
            raise StoryError(
                f"`jitbot {' '.join(arguments)}` ended with {got}, not {code}:\n{printed.getvalue()}"
            )
        return Ran(code=got, output=printed.getvalue())

    def held(self, login: str) -> dict[str, Any]:
        """The one grant that this person holds now, as machines read it."""
        asked = ("status", "--person", login, "--format", "json")
        ran = self.run(*asked, workflow="grant.yml", code=0, aside=True)
        (found,) = json.loads(ran.output[ran.output.index("[") : ran.output.rindex("]") + 1])
        return dict(found)

    def show(self, output: str) -> None:
        """A command's output, set apart and cut where it is long."""
        shown = [line for line in output.splitlines() if not line.startswith("…")]
        lines = [line for line in shown if not line.startswith("! ") or line not in self.warned]
        self.warned |= {line for line in lines if line.startswith("! ")}
        for line in lines[:_SHOWN]:
            self.line(line)
        if len(lines) > _SHOWN:
            self.console.print(Text(f"    │ … {len(lines) - _SHOWN} more lines", style="dim"))

    def command(self, text: str) -> None:
        """What is typed."""
        for part in textwrap.wrap(
            text, self.console.width - 4, subsequent_indent="    ", break_on_hyphens=False
        ):
            self.console.print(
                Text(f"  {'  ' if part.startswith(' ') else '$ '}{part.strip()}", style="bold")
            )

    def line(self, text: str) -> None:
        """A line of what is printed, folded to the width: nothing of it is cut."""
        wide = self.console.width - 6
        for part in textwrap.wrap(text, wide, subsequent_indent="    ", break_on_hyphens=False) or [""]:
            self.console.print(Text(f"    │ {part.rstrip()}", style="dim"))

    def request(self, login: str, policy: str, slug: str, **fields: object) -> tuple[str, str]:
        """A request as a path and a text; `fields` over what every request has."""
        content = {
            "requester": login,
            "accounts": ["prod"],
            "duration": "2h",
            "reason": "INC-1234 refunds are stuck",
        }
        path = f"requests/{policy}/{self.now:%Y-%m/%d}-{login}-{slug}.yaml"
        return path, "".join(
            f"{name}: {json.dumps(value)}\n" for name, value in {**content, **fields}.items()
        )

    def propose(self, login: str, title: str, *commits: Mapping[str, str | None]) -> int:
        """Open a pull request as this person, from a branch with these commits. None as a text deletes a file."""
        clone = self.acme.clone(f"clone-{login}", login)
        branch = f"{login}-{self.steps}-{abs(hash(title)) % 10000}"
        self.acme.git(login, "fetch", "--quiet", "origin", cwd=clone)
        self.acme.git(login, "checkout", "--quiet", "-B", branch, "refs/remotes/origin/main", cwd=clone)
        self.push(login, branch, *commits)
        answer = self.acme.call(login, "POST", "/pulls", title=title, head=branch, base="main", body="")
        return int(self.must(answer)["number"])

    def push(self, login: str, branch: str, *commits: Mapping[str, str | None], message: str = "Ask") -> None:
        """Commit files on the branch that is checked out in this person's clone, and push it."""
        clone = self.acme.clone(f"clone-{login}", login)
        for files in commits:
            for path, text in files.items():
                file = clone / path
                if text is None:
                    file.unlink()
                else:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text)
            self.acme.git(login, "add", "--all", cwd=clone)
            self.acme.git(login, "commit", "--quiet", "--allow-empty", "-m", message, cwd=clone)
        self.acme.git(login, "push", "--quiet", "origin", f"HEAD:{branch}", cwd=clone)

    def review(self, login: str, number: int, event: str = "APPROVE") -> Answered:
        """Review a pull request's head as it is now."""
        return self.acme.call(login, "POST", f"/pulls/{number}/reviews", event=event, body="")

    def merge(self, login: str, number: int, method: str = "squash") -> Answered:
        """Press Merge."""
        return self.acme.call(login, "PUT", f"/pulls/{number}/merge", merge_method=method)

    def must(self, answer: Answered) -> Any:
        """The content of an answer that had to succeed."""
        if not answer.ok:
            raise StoryError(f"GitHub answered {answer.status}: {answer.content}")
        return answer.content

    def client(self, login: str, service: str) -> Any:
        """An AWS client of this person, signed in as themselves."""
        client, _ = _client(self.acme.signed_in(login), service)
        return client

    def assume(self, login: str, role_arn: str) -> dict[str, str] | None:
        """Assume a role as this person; None if AWS denies it."""
        try:
            answer = self._as(self.acme.signed_in(login), "sts").assume_role(
                RoleArn=role_arn, RoleSessionName=login
            )
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return None
        found = answer["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
            "AWS_ENDPOINT_URL": self.acme.aws.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
        }

    def can_read(self, session: Mapping[str, str], table: str) -> bool:
        """Whether a session may read a table."""
        try:
            self._as(session, "dynamodb").scan(TableName=table)
        except botocore.exceptions.ClientError as error:
            if "AccessDenied" not in error.response["Error"]["Code"]:
                raise
            return False
        return True

    def _as(self, environ: Mapping[str, str], service: str) -> Any:
        """A client with these credentials until the next call: one is made for each service, since that takes long."""
        key = (service, environ["AWS_ENDPOINT_URL"])
        if key not in self._kept:
            self._kept[key] = _client(environ, service)
        client, credentials = self._kept[key]
        credentials.access_key = environ["AWS_ACCESS_KEY_ID"]
        credentials.secret_key = environ["AWS_SECRET_ACCESS_KEY"]
        credentials.token = environ.get("AWS_SESSION_TOKEN")
        return client

    @contextmanager
    def scene(self, number: int, title: str) -> Iterator[None]:
        """One scene, under its title."""
        self.console.print()
        self.console.print(Text(f"{number:>2}  {title}", style="bold"))
        yield


def _client(environ: Mapping[str, str], service: str) -> tuple[Any, Any]:
    """A client, and the credentials that it signs with at each call."""
    session = botocore.session.Session()
    session.set_credentials(
        environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN")
    )
    client = session.create_client(
        service,
        region_name=environ["AWS_DEFAULT_REGION"],
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        config=_ONCE,
    )
    return client, session.get_credentials()


def _nothing_lags(seconds: float) -> None:
    """How long a run of the story waits for GitHub and AWS, which answer at once here."""
    time.sleep(min(seconds, 0.01))
