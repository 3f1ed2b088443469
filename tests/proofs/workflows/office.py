"""acme's people, asking and merging through GitHub, and the workflows that follow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acting import ROOT, Ran, Runner

from jitbot.sandbox.github.records import StartedRun
from jitbot.sandbox.story.stage import Stage

CODE = (
    "jitbot/**/*",
    ".github/workflows/*",
    ".github/actions/**/*",
    "pyproject.toml",
    "uv.lock",
    "README.md",
)
_MAIN = {"ref": "refs/heads/main"}


@dataclass(kw_only=True)
class Office:
    """acme running, with act for its runner."""

    stage: Stage
    runner: Runner

    @property
    def runs(self) -> list[StartedRun]:
        """The runs that GitHub knows."""
        acme = self.stage.acme
        return acme.github._site.repository(acme.repository).runs

    def move_in(self) -> None:
        """Have an admin merge this repository's code and workflows into acme's main."""
        files = [file for pattern in CODE for file in ROOT.glob(pattern) if file.is_file()]
        kept = [file for file in files if "__pycache__" not in file.parts]
        content: dict[str, str | None] = {
            file.relative_to(ROOT).as_posix(): file.read_text() for file in kept
        }
        content["policies/notify.yaml"] = (
            None  # the job for chat runs in `test_data_only`, and takes its time
        )
        self.merge(self.stage.propose("olivia", "jitbot", content))

    def propose(self, login: str, slug: str, **fields: Any) -> int:
        """A pull request with a request for the orders table; its number."""
        table = {"parameters": {"table": "orders"}}
        path, text = self.stage.request(login, "orders-db-read", slug, **{**table, **fields})
        return self.stage.propose(login, slug, {path: text})

    def approve(self, login: str, number: int) -> None:
        """Approve a pull request."""
        self.stage.must(self.stage.review(login, number))

    def merge(self, number: int) -> None:
        """Merge a pull request, past the rules if need be."""
        self.stage.must(self.stage.merge("olivia", number))

    def checked(self, number: int, *, fork: str = "", **environ: str) -> Ran:
        """check.yml, as GitHub would run it for a pull request, of a fork of this name if there is one."""
        pull = self.stage.must(self.stage.acme.call("olivia", "GET", f"/pulls/{number}"))
        if fork:
            pull["head"]["repo"] = {**pull["head"]["repo"], "full_name": fork, "fork": True}
        payload = {"action": "opened", "number": number, "pull_request": pull}
        return self.runner.run("check.yml", "pull_request", payload, **environ)

    def on_main(self, workflow: str, event: str = "push", **more: Any) -> Ran:
        """A workflow that an event on main starts; `more` is the rest of its payload."""
        return self.runner.run(workflow, event, {**_MAIN, **more})

    def dispatched(self, workflow: str, actor: str, inputs: Mapping[str, str], ref: str = "main") -> Ran:
        """A workflow that somebody started by hand."""
        full = f"refs/heads/{ref}"
        payload = {"ref": full, "inputs": dict(inputs)}
        return self.runner.run(workflow, "workflow_dispatch", payload, actor=actor, GITHUB_REF=full)

    def comment(self, number: int) -> str:
        """The one comment of a pull request that is kept current, beside those that notify."""
        (found,) = (each for each in self.said(number) if "<!-- jitbot" in each)
        return found

    def said(self, number: int) -> list[str]:
        """Every comment of a pull request."""
        answer = self.stage.must(self.stage.acme.call("olivia", "GET", f"/issues/{number}/comments"))
        return [str(each["body"]) for each in answer]

    def statuses(self, number: int) -> list[str]:
        """The statuses of a pull request's head."""
        pull = self.stage.must(self.stage.acme.call("olivia", "GET", f"/pulls/{number}"))
        head = pull["head"]["sha"]
        answer = self.stage.must(self.stage.acme.call("olivia", "GET", f"/commits/{head}/status"))
        return [str(each["context"]) for each in answer["statuses"]]

    def states(self, login: str) -> list[str]:
        """What the ledger says of a person's grants."""
        ran = self.stage.run(
            "status", "--all", "--person", login, "--format", "json", workflow="grant.yml", code=0
        )
        return [each["state"] for each in json.loads(ran.output)]

    def issues(self) -> list[str]:
        """The titles of the issues that are open, pull requests aside."""
        answer = self.stage.must(self.stage.acme.call("olivia", "GET", "/issues?state=open"))
        return [str(each["title"]) for each in answer if "pull_request" not in each]

    def headlines(self, number: int) -> list[str]:
        """The first lines of the ledger's last commits, the newest first."""
        answer = self.stage.must(
            self.stage.acme.call("olivia", "GET", f"/commits?sha=ledger&per_page={number}")
        )
        return [str(each["commit"]["message"]).partition("\n")[0] for each in answer][:number]

    def tamper(self) -> None:
        """Have a writer push a file of their own onto the ledger."""
        place = self.stage.acme.clone("tamper")
        url = f"{self.stage.acme.github.url}/{self.stage.acme.repository}.git"
        git = self.stage.acme.git
        git("mallory", "fetch", "--quiet", url, "ledger", cwd=place)
        git("mallory", "checkout", "--quiet", "-B", "ledger", "FETCH_HEAD", cwd=place)
        (place / "events").mkdir(exist_ok=True)
        (place / "events" / "lie.json").write_text("{}")
        git("mallory", "add", "--sparse", "events/lie.json", cwd=place)
        git("mallory", "commit", "--quiet", "--message", "granted: all is well", cwd=place)
        git("mallory", "push", "--quiet", url, "HEAD:ledger", cwd=place)
