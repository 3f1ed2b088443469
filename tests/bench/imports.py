"""An organisation taken over: from an empty repository to a green `check`, in CPU seconds and lines.

    python tests/bench/imports.py

Every step is a whole process: `init`, `import people` (a CSV file and an identity store), `import teams`,
`import accounts` (units and a tag), `check`; against the embedded GitHub and moto, which answer at once.
"""

import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rows import Row, finish

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from aws_directory import Directory, open_directory  # beside the tests

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox

NAME, TEAMS, UNITS = "acme/new", 40, 6
FILES = ("people.yaml", "teams.yaml", "accounts.yaml", "account-groups.yaml")


def measure(people: int, accounts: int) -> list[Row]:
    """CPU seconds of each import and of all steps, and the lines that they write."""
    clock = Clock(datetime.now(UTC).replace(microsecond=0))
    with GitHubSandbox(clock) as github, open_directory() as directory, tempfile.TemporaryDirectory() as made:
        folder = _begin(github, directory, Path(made), people, accounts)
        environ = {**directory.environ, **_github(github), "PATH": os.environ["PATH"], "HOME": made}
        steps = {
            "init": ["init", ".", "--repository", NAME, "--owner", "u1", "--owner", "u2", "--account", "first=999999999999",
                     "--upstream", "acme/jitbot", "--release", "0" * 40, "--issuer", github.issuer],
            "import people": ["import", "people", "people.csv", "--identity-store", "d-1234567890"],
            "import teams": ["import", "teams", *(f"acme/team-{number}" for number in range(TEAMS))],
            "import accounts": ["import", "accounts", "--tag", "environment"],
            "check": ["check"],
        }  # fmt: skip
        seconds = {}
        for name, arguments in steps.items():
            seconds[name] = _timed(arguments, folder, environ)
            if name == "init":
                _by_hand(folder / "policies/people.yaml")
        lines = {name: _lines(folder / "policies" / name) for name in FILES}
    rows = [Row(what=f"{name}, whole process, CPU", figure=taken) for name, taken in seconds.items()]
    whole = f"{people} people, {TEAMS} teams, {accounts} accounts"
    rows.append(Row(what=f"empty to green check, CPU: {whole}", figure=sum(seconds.values()), bound=20))
    return [
        *rows,
        *(Row(what=f"lines of {name}", figure=count, unit="lines") for name, count in lines.items()),
    ]


def _begin(github: GitHubSandbox, directory: Directory, made: Path, people: int, accounts: int) -> Path:
    """An empty repository and its clone, the people on GitHub and in Identity Center, and the organisation."""
    logins = [f"u{number}" for number in range(1, people + 1)]
    for number, login in enumerate(logins, 10_001):
        github.add_user(login, number)
    github.add_user("olivia", 1009, permission="admin")
    for number in range(TEAMS):
        github.add_team(f"acme/team-{number}", logins[number::TEAMS])
    github.create_repository(NAME, {"README.md": b"ours\n"}, ledger=False, repository_id=700077)
    store = directory.users([f"{login}@acme.com" for login in logins])
    assert store == "d-1234567890"
    units = [directory.unit(f"Unit {number}") for number in range(UNITS)]
    for number in range(accounts):
        directory.account(
            f"Account {number}", units[number % UNITS], environment=("live", "test")[number % 2]
        )
    folder = made / "new"
    subprocess.run(["git", "clone", "-q", github.git_url("olivia", NAME), str(folder)], check=True)
    text = "login,identity_center\n" + "".join(f"{login},{login}@acme.com\n" for login in logins[2:])
    (folder / "people.csv").write_text(text, "utf-8")
    return folder


def _by_hand(file: Path) -> None:
    """What an admin writes once: the permission set with which everybody enters AWS."""
    defaults = 'defaults: {identity_center: {account: "222222222222", permission_set: Developer}}\n'
    file.write_text(defaults + file.read_text("utf-8"), "utf-8")


def _github(github: GitHubSandbox) -> dict[str, str]:
    return {
        "GITHUB_API_URL": github.api_url,
        "GITHUB_SERVER_URL": github.url,
        "GITHUB_TOKEN": github.token_for("olivia"),
        "JITBOT_REPOSITORY": NAME,
    }


def _timed(arguments: list[str], folder: Path, environ: dict[str, str]) -> float:
    """The CPU seconds that a process of jitbot takes; it must end with 0."""
    begun = _used()
    ran = subprocess.run(
        [sys.executable, "-m", "jitbot", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(
            f"jitbot {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        )
    return _used() - begun


def _used() -> float:
    """The CPU seconds of all processes that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _lines(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


if __name__ == "__main__":
    finish("jitbot's imports", measure(300, 60), None)
