"""Takes each guard out of the domain in turn, and says which of them no test missed.

    .venv/bin/python tests/mutation/hunt.py [MODULE…] [--part 1/4] [--json FILE] [--jobs N]

Each mutant meets the tests of its own module first; what survives those meets all of the domain's, then those of
the use case that the module serves, and some of all use cases (with JITBOT_QUICK=1: neither). A survivor is either listed in survivors.md,
with the reason why nothing can go wrong there, or it is an error: exit 1. Takes some hours on two cores,
so it runs at night, in parts.
"""

import argparse
import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ROOT / "jitbot" / "domain"
LISTED = Path(__file__).with_name("survivors.md")
LONGEST = 90  # CPU seconds that a stage's tests may take with a mutant: one that never ends is found, too
QUICK = bool(os.environ.get("JITBOT_QUICK"))  # the domain's own tests alone
_WHOLE = [
    *("tests/lifecycle/test_deciding.py", "tests/lifecycle/test_approval_attacks.py"),
    *("tests/lifecycle/test_ways_round.py", "tests/lifecycle/test_reviewing.py"),
    *("tests/commands/test_check.py", "tests/commands/test_in_actions.py"),
]

_NEAR = (  # modules, or packages, that are mostly met through the use case they serve
    (
        ("vocabulary", "duration", "codeowners", "consistency", "eligibility"),
        ("adapters/test_documents_bad.py", "adapters/test_documents_limits.py", "adapters/test_documents.py"),
    ),
    (
        ("briefing", "comment", "aftermath", "awaiting", "outlook"),
        ("lifecycle/test_commenting.py", "commands/test_comment.py"),
    ),
    (("drift", "roles", "plan"), ("lifecycle/test_drift.py", "lifecycle/test_complete.py")),
    (("bootstrap", "service_roles"), ("commands/test_bootstrap_command.py",)),
    (("asking", "progress"), ("commands/test_request_command.py", "commands/test_waiting.py")),
    (("events", "record", "attestation"), ("lifecycle/test_history.py",)),
    (("doors",), ("commands/test_using.py",)),
    (("doctor",), ("commands/test_doctor.py",)),
    (("starting",), ("commands/test_init.py",)),
    (("lint",), ("commands/test_check_policies.py",)),
    (("risk",), ("commands/test_explain_risk.py",)),
    (("audit",), ("lifecycle/test_auditing.py", "lifecycle/test_auditing_outside.py", "commands")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module as its mutant, and every other as it is."""

    name: str
    mutant: Mutant

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The mutant's, and nobody else's."""
        if fullname != self.name:
            return None
        place = DOMAIN / (fullname.removeprefix("jitbot.domain.").replace(".", "/") + ".py")
        return importlib.util.spec_from_file_location(fullname, place, loader=self)

    def create_module(self, _spec: importlib.machinery.ModuleSpec) -> None:
        """A module as any other."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant's code in it."""
        exec(compile(self.mutant.tree, str(module.__spec__.origin), "exec"), module.__dict__)  # type: ignore[union-attr]  # noqa: S102 - our own code, changed by us


def stages(module: str) -> list[list[str]]:
    """Which tests a mutant meets, nearest first."""
    *_, package, name = module.split(".")
    own = sorted(str(each) for each in (ROOT / "tests" / "domain").glob(f"test_{name}*.py"))
    return [
        *([own] if own else []),
        ["tests/domain"],
        *([] if QUICK else [near] if (near := _near(package, name)) else []),
        *([] if QUICK else [_WHOLE]),
    ]


def _near(package: str, name: str) -> list[str]:
    found = next((tests for names, tests in _NEAR if name in names or package in names), ())
    return [f"tests/{each}" for each in found]


def killed(module: str, mutant: Mutant) -> bool:
    """Whether some test goes red. Each stage runs in a fork, so that nothing of a mutant stays."""
    return any(_red(module, mutant, tests) for tests in stages(module))


def _red(module: str, mutant: Mutant, tests: list[str]) -> bool:
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
        _in_child(module, mutant, tests)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _in_child(module: str, mutant: Mutant, tests: list[str]) -> None:
    import pytest

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(ROOT)
    os.environ["HYPOTHESIS_MAX_EXAMPLES"] = "50"
    sys.meta_path.insert(0, Finder(name=module, mutant=mutant))
    code = pytest.main(["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-o", "filterwarnings=", *tests])
    os._exit(int(code))


def hunt(path: Path) -> list[dict[str, object]]:
    """Every mutant of one module, and whether it was killed."""
    module = "jitbot.domain." + ".".join(path.relative_to(DOMAIN).with_suffix("").parts)
    source, found = path.read_text("utf-8"), []
    _load_what_never_changes()
    for tests in stages(module)[:1]:
        if _red(module, Mutant(line=0, what="nothing", tree=ast.parse(source)), tests):
            sys.exit(f"{path}: its tests are red without any change, so they tell nothing")
    for mutant in mutants(source):
        dead = killed(module, mutant)
        found.append({"module": module, "line": mutant.line, "what": mutant.what, "killed": dead})
        if not dead:
            print(f"survives: {path.relative_to(ROOT)}:{mutant.line}: {mutant.what}", flush=True)
    print(f"{path.relative_to(ROOT)}: {len(found)} mutants", flush=True)
    return found


def _load_what_never_changes() -> None:
    """What the tests stand on, but for our own code: loaded once, and there in every fork."""
    for name in (
        "pytest",
        "hypothesis",
        "flask",
        "flask_cors",
        "jsonschema",
        "github",
        "yaml",
        "jwt",
        "boto3",
        "rich.console",
        "pytest_socket",
        "xdist.plugin",
    ):
        importlib.import_module(name)


def _alone(path: Path, folder: Path) -> list[dict[str, object]]:
    """Hunt in a process of its own: forks of threads hold locks that nobody gives back."""
    import subprocess

    written = folder / f"{'.'.join(path.relative_to(DOMAIN).parts)}.json"
    subprocess.run([sys.executable, __file__, str(path), "--json", str(written), "--jobs", "0"], check=False)
    found: list[dict[str, object]] = json.loads(written.read_text("utf-8"))
    return found


def listed() -> set[str]:
    """The survivors that are known, as `module: what`."""
    lines = LISTED.read_text("utf-8").splitlines() if LISTED.is_file() else []
    return {line.removeprefix("- ").partition(" — ")[0] for line in lines if line.startswith("- ")}


def _part(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 0 < int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text} is no part; write 1/4")
    return int(number), int(parts)


def main() -> int:
    """Hunt through the modules named, or all of the domain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="N/M", help="this one of so many parts")
    given = parser.parse_args()
    paths = [each.resolve() for each in given.modules] or sorted(DOMAIN.rglob("*.py"))
    paths = [
        path
        for path in paths
        if any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    ]
    number, parts = given.part
    paths = paths[number - 1 :: parts]
    if given.jobs == 0:
        found = [each for path in paths for each in hunt(path)]
    else:
        import tempfile

        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
            found = [
                each for some in pool.map(lambda path: _alone(path, Path(folder)), paths) for each in some
            ]
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), "utf-8")
    return told(found) if given.jobs else 0


def told(found: Sequence[Mapping[str, object]]) -> int:
    """A line for each module, and what is not as survivors.md has it; 1 where anything is not."""
    hunted = {str(each["module"]) for each in found}
    known = {name for name in listed() if name.partition(": ")[0] in hunted}
    alive = {f"{each['module']}: {each['what']}" for each in found if not each["killed"]}
    for module in sorted(hunted):
        own = [each for each in found if each["module"] == module]
        left = [name for name in alive if name.partition(": ")[0] == module]
        unexplained = len(set(left) - known)
        print(f"{module}: {len(own)} mutants, {len(left)} survive, {unexplained} of them unexplained")
    for name in sorted(alive - known):
        print(f"unexplained: {name}")
    for name in sorted(known - alive):
        print(f"listed, and survives no more: {name}")
    print(f"{len(found):,} mutants, {len(alive):,} survive, {len(alive - known):,} unexplained")
    return int(alive != known)


if __name__ == "__main__":
    sys.exit(main())
