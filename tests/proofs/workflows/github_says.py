"""What GitHub's own parser and evaluator say of workflow files."""

import atexit
import json
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from installed import install, program

HERE = Path(__file__).parent
SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSays:
    """GitHub's packages, installed outside the repository."""

    packages: Path

    def errors(self, files: Mapping[str, str]) -> dict[str, list[str]]:
        """What the parser objects to, for each file."""
        found: dict[str, list[str]] = self._ask(files, [])["errors"]
        return found

    def values(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """The value of each expression in its contexts, as GitHub would write it."""
        expressions = [{"text": text, "contexts": contexts} for text, contexts in asked]
        found: list[str] = self._ask({}, expressions)["values"]
        return found

    def _ask(self, files: Mapping[str, str], expressions: Sequence[Mapping[str, Any]]) -> Any:
        answer = _running(self.packages).answer({"files": files, "expressions": expressions})
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer


@cache
def _running(packages: Path) -> "_Node":
    return _Node(packages)


class _Node:
    """The program, once for all questions of this process: to load the packages takes longer than to answer."""

    def __init__(self, packages: Path) -> None:
        command = [program("node", os.environ), str(HERE / "github.mjs"), str(packages)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._end)

    def answer(self, question: object) -> Any:
        """The answer to one question. Raises RuntimeError if the program has ended, or takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        ready = select.select([self._process.stdout], [], [], SECONDS)[0]
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise RuntimeError("GitHub's parser did not answer")
        return json.loads(line)

    def _end(self) -> None:
        with self._process:  # closes its input, at which it ends
            pass


def github_says(environ: Mapping[str, str]) -> GitHubSays:
    """Install what is needed. Raises UnavailableError where that cannot be had."""
    return GitHubSays(packages=install(environ, HERE))
