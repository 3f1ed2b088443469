"""acme for the tests of the use cases: people act as in the demo, jitbot runs as in Actions, time is ours.

One sandbox serves a whole module. Between tests it goes back to a state that was kept, in milliseconds.
"""

import contextlib
import copy
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import quick_aws
from botocore.config import Config
from quick_push import push_inside
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.aws.store import Entity
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Ran, Stage, StoryError

BEGINS = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
ORDERS = "orders-db-read"
TABLE = {"parameters": {"table": "orders"}}
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
PROD, STAGING = "111111111111", "012345670123"


def is_write(service: str, operation: str) -> bool:
    """Whether a call of AWS changes IAM."""
    return service == "iam" and not operation.startswith(("Get", "List"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A state of acme to go back to: branches, pull requests, roles, and the time."""

    main: str
    ledger: str
    now: datetime
    pulls: Mapping[int, Any]
    reviews: Mapping[int, Any]
    issues: Mapping[int, Any]
    comments: Mapping[int, Any]
    roles: Mapping[str, Any]
    signing: Any
    activities: int
    tips: Mapping[str, str]
    history: tuple[Any, ...]


@dataclass(slots=True, kw_only=True)
class World(Stage):
    """The demo's stage, with what tests need beside it: going back, looking closely, breaking things."""

    kept: dict[str, Kept] = field(default_factory=dict)
    kept_path: str = ""  # of the request in the kept states
    at_work: set[str] = field(default_factory=set)  # who has changed their clone by hand

    @property
    def github(self) -> Any:
        """The repository as the embedded GitHub holds it."""
        return self.acme.github._site.repository(self.acme.repository)

    @property
    def unseen(self) -> Path:
        """A clone of acme as it began, of which copies are made and nothing else."""
        return self.acme.clone("runner").with_name("unseen")

    def keep(self) -> Kept:
        """The state acme is in."""
        return Kept(
            main=self.github.store.tip("main"),
            ledger=self.github.store.tip("ledger"),
            now=self.now,
            pulls=dict(self.github.pulls),
            reviews=dict(self.github.reviews),
            issues=dict(self.github.issues),
            comments=dict(self.github.comments),
            roles={each: copy.deepcopy(self._iam(each).roles) for each in self.acme.accounts.values()},
            signing=self.acme.github._issuer._keys,
            activities=len(self.github.activities),
            tips=dict(self.github.tips),
            history=tuple(self.acme.aws.history),
        )

    def back(self, kept: Kept) -> None:
        """Put acme back into a state it was in, whatever was broken since."""
        self.calm()
        self.at_work.clear()
        self.github.store.update_ref("refs/heads/main", kept.main)
        self.github.store.update_ref("refs/heads/ledger", kept.ledger)
        self.github.pulls.clear()
        self.github.pulls.update(kept.pulls)
        for number, pull in kept.pulls.items():
            self.github.store.update_ref(f"refs/pull/{number}/head", pull.head_sha)
        self.github.reviews.clear()
        self.github.reviews.update(kept.reviews)
        self.github.issues.clear()
        self.github.issues.update(kept.issues)
        self.github.comments.clear()
        self.github.comments.update(kept.comments)
        for account_id, roles in kept.roles.items():
            self._iam(account_id).roles = copy.deepcopy(roles)
        self.acme.github._issuer._keys = kept.signing
        del self.github.activities[kept.activities :]
        self.github.tips.clear()
        self.github.tips.update(kept.tips)
        self.acme.github._site.gone.clear()
        self.acme.aws.history.clear()
        self.acme.aws.history.extend(kept.history)
        self.acme.clock.set(kept.now)
        self.forget()

    def calm(self) -> None:
        """Let every call go right again."""
        self.acme.github.faults = self.acme.aws.faults = self.acme.github.calls_left = None

    def forget(self) -> None:
        """Forget the calls made so far."""
        self.acme.github.calls.clear()
        self.acme.aws.calls.clear()

    def jit(
        self,
        verb: str,
        *arguments: str,
        code: int = 0,
        actor: str = "olivia",
        runner: str = "runner",
        **job: Any,
    ) -> Ran:
        """Run a verb as `ran` does, and expect its exit code."""
        ran = self.ran(verb, *arguments, actor=actor, runner=runner, **job)
        if ran.code != code:
            raise StoryError(f"jitbot {verb} ended with {ran.code}, not {code}:\n{ran.output}")
        return ran

    def ran(
        self,
        verb: str,
        *arguments: str,
        actor: str = "olivia",
        runner: str = "runner",
        skew: int = 0,
        **job: Any,
    ) -> Ran:
        """Run a verb of jitbot in a job of its own workflow, to whatever end, from a clone that may be old.

        `skew` is how many seconds the runner's clock is before acme's.
        """
        environ = self.acme.job(job.pop("workflow", f"{verb}.yml"), actor=actor, **job)
        now, folder, printed = self.now + skew * SECOND, self.acme.clone(runner), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = self.jitbot([verb, *arguments], now=now, environ=environ, folder=folder)
        return Ran(code=code, output=printed.getvalue())

    def ask(
        self,
        login: str = "alice",
        slug: str = "ask",
        *,
        policy: str = ORDERS,
        by: tuple[str, ...] = ("bob",),
        **fields: Any,
    ) -> str:
        """A request that was asked, approved by these people, and merged; gives its path."""
        wanted = {**TABLE, **fields} if policy == ORDERS else fields
        path, text = self.request(login, policy, slug, **wanted)
        self.land(login, {path: text}, by=by)
        return path

    def land(
        self,
        login: str,
        *commits: Mapping[str, str | None],
        by: tuple[str, ...] = ("bob",),
        method: str = "squash",
        merger: str = "olivia",
    ) -> int:
        """Propose commits, have them approved by these people, and merged; an admin may merge past the rules."""
        self.steps += 1  # each branch has a name of its own
        title = f"change {self.steps}"
        if login in self.at_work:  # what lies in their clone goes with it
            number = self.propose(login, title, *commits)
            self.at_work.discard(login)
        else:
            number = self.offer(login, title, *commits)
        for approver in by:
            self.must(self.review(approver, number))
        self.must(self.merge(merger, number, method))
        return number

    def offer(self, login: str, title: str, *commits: Mapping[str, str | None]) -> int:
        """`propose`, with the push done inside GitHub: what a push does is the subject of other tests."""
        branch = f"{login.removesuffix('[bot]')}-offers-{self.steps}"
        push_inside(self, login, branch, self.github.store.tip("main"), *commits, message="Ask")
        answer = self.acme.call(login, "POST", "/pulls", title=title, head=branch, base="main", body="")
        return int(self.must(answer)["number"])

    def text(self, path: str, branch: str = "main") -> str:
        """A file as it is on a branch."""
        content = self.github.store.read(self.github.store.tip(branch), path)
        if content is None:
            raise StoryError(f"there is no {path} on {branch}")
        return str(content.decode())

    def write(self, path: str, content: str | None, branch: str = "main") -> str:
        """Commit a file straight to a branch, past every rule: nobody looks, nobody approved. None deletes."""
        store = self.github.store
        who = Signature(name="olivia", email="olivia@acme.com", when=self.now)
        files = {} if content is None else {path: content.encode()}
        gone = (path,) if content is None else ()
        return str(store.commit_files(branch, store.tip(branch), files, gone, "by hand", who, who))

    def ledger(self) -> list[dict[str, Any]]:
        """Every event on the ledger's branch that reads as one, attested or not, in the order of its commits."""
        store = self.github.store
        tip = store.tip("ledger")
        listed = store.remembered(
            "log", "--reverse", "--format=", "--name-only", "--diff-filter=A", tip, "--", "events/"
        )
        contents = (store.read(tip, path) for path in listed.decode().split())
        found = (json.loads(content) for content in contents if content is not None)
        return [each for each in found if "request" in each]

    def story(self, path: str) -> list[str]:
        """What the ledger says of a request, in a word for each event, and in two for an end."""
        return [
            f"{event['event']} {event['why']}" if event["event"] == "ended" else event["event"]
            for event in self.ledger()
            if event["request"] == path
        ]

    def reasons(self, path: str) -> set[str]:
        """The codes of all reasons for which changes of a request were refused."""
        refused = [each for each in self.ledger() if (each["request"], each["event"]) == (path, "refused")]
        return {reason["code"] for each in refused for reason in each["evidence"]["reasons"]}

    def roles(self, account_id: str = PROD) -> list[Entity]:
        """The roles under jitbot's path in an account."""
        store = self.acme.aws._store
        entities = [store.role(account_id, name) for name in store.role_names(account_id)]
        return [each for each in entities if each is not None and ":role/jit/" in each.arn]

    def by_hand(self, account_id: str = PROD) -> Any:
        """IAM for somebody who changes an account by hand."""
        found = self.acme.aws.admin(account_id)
        return boto3.client(
            "iam",
            endpoint_url=self.acme.aws.url,
            region_name="eu-west-1",
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def writes(self) -> list[str]:
        """The calls since `forget` that changed AWS."""
        return [name for _, service, name in self.acme.aws.calls if is_write(service, name)]

    def commits(self) -> int:
        """The commits that GitHub was asked for since `forget`."""
        return self.acme.github.calls.count(("POST", "/graphql"))

    def assume(self, login: str, role_arn: str) -> dict[str, str] | None:
        """As the stage does, in less time."""
        return quick_aws.assume(self.acme.aws, self.acme.signed_in(login), role_arn, login)

    def can_read(self, session: Mapping[str, str], table: str) -> bool:
        """As the stage does, in less time."""
        return quick_aws.can_read(self.acme.aws, session, table)

    def reach(self, *logins: str) -> set[tuple[str, str, str]]:
        """Who can read which table in which account at this moment: asked of AWS itself, role by role."""
        found = set()
        for alias, account_id in self.acme.accounts.items():
            for role in self.roles(account_id):
                for login in logins or ("alice", "bob", "carol", "dave", "mallory"):
                    session = self.assume(login, role.arn)
                    if session is not None:
                        tables = (each for each in ("orders", "refunds") if self.can_read(session, each))
                        found |= {(login, alias, table) for table in tables}
        return found

    def _iam(self, account_id: str) -> Any:
        return self.acme.aws._store.iam(account_id)


@contextmanager
def open_world() -> Iterator[World]:
    """acme, running, in the state it begins in."""
    with Acme(Clock(BEGINS)) as acme:
        acme.github.rotate_keys()  # so that there is a key to keep
        world = World(acme=acme, jitbot=main, console=Console(quiet=True))
        world.kept["seed"] = world.keep()
        shutil.copytree(acme.clone("runner"), world.unseen, symlinks=True)
        yield world


def clone_of(world: World, login: str) -> Path:
    """This person's clone, at main's tip, to be changed by hand before `land`."""
    world.at_work.add(login)
    clone: Path = world.acme.clone(f"clone-{login}", login)
    world.acme.git(login, "fetch", "--quiet", "origin", cwd=clone)
    world.acme.git(login, "checkout", "--quiet", "--force", "--detach", "origin/main", cwd=clone)
    return clone
