"""What GitHub's own parser and evaluator say of workflow files."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        done = subprocess.run(
            [program("node", os.environ), str(HERE / "github.mjs"), str(self.packages)],
            input=json.dumps({"files": files, "expressions": expressions}),
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
        return json.loads(done.stdout)


def github_says(environ: Mapping[str, str]) -> GitHubSays:
    """Install what is needed. Raises UnavailableError where that cannot be had."""
    return GitHubSays(packages=install(environ, HERE))
