"""A person's machine beside a running acme, with two grants of theirs."""

import os
import subprocess
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import warm_jitbot
from desk import Said, said
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

TABLE = {"parameters": {"table": "orders"}}


class Place:
    """A person's machine beside a running acme; the clock is the real one, from where a test moves it."""

    def __init__(self, acme: Acme, home: Path) -> None:
        self.acme, self.home = acme, home
        self.signed_in = {login: acme.signed_in(login) for login in ("alice", "dave")}
        self.stage = Stage(acme=acme, jitbot=main, console=Console(file=StringIO()))
        self.path = self.ask("orders")
        granted = self.stage.now
        while self.stage.now - granted < timedelta(seconds=1):
            time.sleep(0.05)  # the ledger writes seconds: what is granted in the same one is not newer
        self.shared = self.ask("both", accounts=["prod", "staging"])

    def ask(self, slug: str, **fields: Any) -> str:
        """A request of alice's, approved by bob, merged and granted."""
        path, text = self.stage.request("alice", "orders-db-read", slug, **{**TABLE, **fields})
        self.land(slug, {path: text})
        return path

    def land(self, title: str, files: dict[str, str]) -> None:
        """A change of alice's, approved, merged and carried out."""
        self.stage.steps += 1  # each branch has a name of its own
        number = self.stage.propose("alice", title, files)
        self.stage.must(self.stage.review("bob", number))
        self.stage.must(self.stage.merge("olivia", number))
        ran = said("grant", folder=self.acme.clone(), environ=self.acme.job("grant.yml"), now=self.stage.now)
        assert ran.code == 0, ran

    def environ(self, login: str = "alice", **more: str) -> dict[str, str]:
        """What this person's shell has."""
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GITHUB_TOKEN": self.acme.token("alice"),
            "GITHUB_API_URL": self.acme.github.api_url,
        }
        return {**own, **self.signed_in[login], **more}

    def run(self, *arguments: str, login: str = "alice", **more: str) -> Said:
        """jitbot in this process, at the clock's time."""
        return said(
            *arguments, folder=self.acme.clone(), environ=self.environ(login, **more), now=self.stage.now
        )

    def jitbot(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """jitbot in a process of its own, as alice starts it."""
        return warm_jitbot.run(arguments, environ=self.environ(**more), folder=self.acme.clone())


def own_keys(place: Place, name: str, *lines: str) -> dict[str, str]:
    """Alice's keys in a profile of this name, with these lines in its configuration; the shell names neither."""
    keys = place.signed_in["alice"]
    folder = place.home / ".aws"
    folder.mkdir(exist_ok=True)
    secrets = "\n".join(f"{key.lower()} = {keys[key]}" for key in keys if "KEY" in key or "TOKEN" in key)
    (folder / "credentials").write_text(f"[{name}]\n{secrets}\n")
    head = name if name == "default" else f"profile {name}"
    (folder / "config").write_text("\n".join([f"[{head}]", *lines, ""]))
    return dict.fromkeys(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"), ""
    )
