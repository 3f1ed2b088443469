"""Runs the repository's workflow files with act, on this machine, against the embedded GitHub and AWS.

act takes the place of GitHub's runner: https://github.com/nektos/act. It honours neither permissions nor
concurrency nor filters, so those are read, not run. The actions are stand-ins of ours, because GitHub's own
cannot be had from a package registry.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jitbot.sandbox.organisation import Acme

ROOT = Path(__file__).parents[3]
WORKFLOWS = ROOT / ".github" / "workflows"
STAND_INS = Path(__file__).parent / "actions"
SECONDS = 180
_USES = re.compile(r"(?P<action>[\w.-]+/(?P<name>[\w.-]+))@[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What act did: its exit code, what the steps printed, and which steps ended how."""

    code: int
    output: str
    steps: Mapping[str, str]  # the name of a step -> success or failure
    errors: tuple[Mapping[str, str], ...]  # the properties of each annotation
    summary: str  # of the job
    seconds: Mapping[str, float]  # the name of a step -> how long it took

    @property
    def green(self) -> bool:
        """Whether a job ran, and no step of it failed: act is content, too, where no job fits."""
        return self.code == 0 and bool(self.steps) and set(self.steps.values()) == {"success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """act, with a home of its own below `folder`."""

    acme: Acme
    act: str
    folder: Path
    packages: Path  # uv's cache, warm
    offline: bool = True  # whether uv has nothing but its cache
    elsewhere: tuple[str, ...] = ()  # actions of other repositories, as OWNER/NAME@COMMIT=FOLDER
    secrets: Mapping[str, str] = field(default_factory=dict)  # of the environment, by name
    programs: tuple[str, ...] = ()  # folders of programs that come before those of the machine

    def run(
        self,
        workflow: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        actor: str = "olivia",
        **environ: str,
    ) -> Ran:
        """One run of a workflow file, as main's tip has it. `environ` replaces variables of the job."""
        job = {**self.acme.job(workflow, actor=actor, event=event), **environ}
        written = self.folder / "payload.json"
        written.write_text(json.dumps({**(payload or {}), "repository": {"default_branch": "main"}}))
        done = subprocess.run(
            [
                self.act, event, "--json", "--no-skip-checkout", "--platform", "ubuntu-24.04=-self-hosted",
                "--workflows", f".github/workflows/{workflow}", "--eventpath", str(written), "--actor", actor,
                *self._given(job), *(part for uses in (*used(os.environ), *self.elsewhere) for part in ("--local-repository", uses)),
            ],
            cwd=self._checked_out(), env=self._machine(),
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        return told(done)

    def _given(self, job: Mapping[str, str]) -> list[str]:
        """The job's variables as act's arguments, with a token that its `github.token` is."""
        kept = {name: value for name, value in job.items() if name not in ("PATH", "GITHUB_TOKEN")}
        kept |= {
            "UV_CACHE_DIR": str(self.packages),
            "UV_OFFLINE": str(int(self.offline)),
            "UV_SYSTEM_CERTS": "1",  # as curl would have it here, for who is not offline
            "ARTIFACTS": str(self.folder / "artifacts"),
        }
        variables = (part for name, value in kept.items() for part in ("--env", f"{name}={value}"))
        secrets = {"GITHUB_TOKEN": job["GITHUB_TOKEN"], **self.secrets}
        given = (part for name, value in secrets.items() for part in ("--secret", f"{name}={value}"))
        return [*given, *variables]

    def _checked_out(self) -> Path:
        """A clone from which act reads the workflow file and the repository's name."""
        place, name = self.acme.clone("act"), self.acme.repository
        for arguments in (
            ("fetch", "--quiet", f"{self.acme.github.url}/{name}.git", "main"),
            ("checkout", "--quiet", "-B", "main", "FETCH_HEAD"),
            ("remote", "set-url", "origin", f"https://github.com/{name}.git"),
        ):
            self.acme.git("olivia", *arguments, cwd=place)
        return place

    def _machine(self) -> dict[str, str]:
        """The runner's own environment: a home without settings, and the tools that a hosted runner has."""
        tools = [*self.programs, str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        return {
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PATH": os.pathsep.join(tools),
            "RUNNER_TEMP": str(self.folder),
            "TMPDIR": str(self.folder),
        }


def used(environ: Mapping[str, str]) -> list[str]:
    """Each pinned action that the files use, with the folder that act takes for it.

    That is GitHub's own where JITBOT_ACTIONS names a folder with a clone of it at that very commit, by its name as
    in `uses` (`actions/checkout@3d3c…`): so the same tests prove the real one on a machine that can have it.
    """
    files = [*WORKFLOWS.glob("*.yml"), *ROOT.glob(".github/actions/*/action.yml")]
    found = {match[0]: match["name"] for file in files for match in _USES.finditer(file.read_text())}
    real = Path(environ["JITBOT_ACTIONS"]) if environ.get("JITBOT_ACTIONS") else None
    return [
        f"{uses}={real / uses if real is not None and (real / uses).is_dir() else STAND_INS / name}"
        for uses, name in sorted(found.items())
    ]


def told(done: subprocess.CompletedProcess[str]) -> Ran:
    """What act said with `--json`."""
    lines: list[str] = []
    steps: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    summary: list[str] = []
    seconds: dict[str, float] = {}
    for line in done.stdout.splitlines():
        said: dict[str, Any] = json.loads(line) if line.startswith("{") else {"msg": line}
        if said.get("raw_output"):
            lines.append(said["msg"].rstrip("\n"))
        elif said.get("command") == "error":
            errors.append(said["kvPairs"])
        elif said.get("command") == "summary":
            summary.append(said["content"])
        elif "stepResult" in said and said.get("stage") == "Main":
            steps[said["step"]] = said["stepResult"]
            seconds[said["step"]] = int(said.get("executionTime", 0)) / 1e9
    output = "\n".join([*lines, done.stderr])
    return Ran(
        code=done.returncode,
        output=output,
        steps=steps,
        errors=tuple(errors),
        summary="\n".join(summary),
        seconds=seconds,
    )
