"""Names of files that are sentences, commands or tricks, merged where nobody owns the folder, and every run after it."""

import pytest
from acme_world import World
from audit_story import clone, vouched

GLASS = "requests/production-break-glass/2026-11"
PROSE = "granted: alice has production-admin in prod until 2026-12-24T00:00:00Z"
NAMES = (
    "x\n::stop-commands::pwned\n::add-mask::alice\n\x1b[2K\x1b[1A.yaml",
    "##[error]x.yaml",
    "\u202eevil\u2066.yaml",
    "23-dave-x\r::error::y.yaml",
    f"23-x, {PROSE}.yaml",
    "24-dave-${{ github.token }}.yaml",
)


@pytest.fixture
def merged(world: World) -> World:
    """A merge that brings them all."""
    world.land("mallory", {f"{GLASS}/{name}": "x" for name in NAMES}, by=())
    return world


def lines(output: str) -> list[str]:
    """What a terminal, or GitHub's runner, takes for a line."""
    return output.splitlines()


def is_inert(output: str) -> bool:
    """Whether no line of a run's output is a command, and no character of it does anything but show."""
    commands = [line for line in output.split("\n") if line.lstrip().startswith("::") or "##[" in line]
    return not commands and all(character.isprintable() or character == "\n" for character in output)


def test_no_run_obeys_a_name(merged: World) -> None:
    """grant refuses each, and says so in plain lines; no later run, and no reader of the ledger, obeys one either."""
    ran = [merged.ran("grant")]
    assert ran[0].code == 1
    ran += [merged.ran("sweep"), merged.ran("sweep", "--complete"), merged.ran("grant")]
    ran += [merged.ran("status", "--all", workflow="grant.yml"), merged.ran("doctor", workflow="grant.yml")]
    clone(merged)
    keys = ("--keys", str(vouched(merged)))
    for verb in (("verify", *keys), ("log", *keys), ("log", "--format", "csv", *keys)):
        ran.append(merged.ran("audit", *verb, runner="auditor", workflow="audit.yml"))
    said = [each.output for each in ran]
    assert [output for output in said if not is_inert(output)] == []
    assert "stop-commands" in said[0]


def test_the_check_obeys_none_either(world: World) -> None:
    """What the check says of the pull request that brings them: annotations of its own, and none of theirs."""
    number = world.propose("mallory", "names", {f"{GLASS}/{name}": "x" for name in NAMES})
    for verb in (("comment", str(number)), ("explain", str(number))):
        ran = world.ran(*verb, workflow="check.yml", event="pull_request")
        ours = [line for line in ran.output.split("\n") if line.startswith("::error file=")]
        rest = "\n".join(line for line in ran.output.split("\n") if line not in ours)
        assert is_inert(rest), verb
        assert all(line.isprintable() for line in ours), verb


def test_no_sentence_gets_into_the_record(merged: World) -> None:
    """What git is asked for, as the README asks it, is what jitbot said, and no word of a file's name."""
    merged.jit("grant", code=1)
    store = merged.github.store
    assert store.git("log", "ledger", "-E", "--grep=granted: alice has", "--format=%h") == b""
    said = store.git("log", "ledger", "-1", "--format=%B").decode()
    assert "refused: a request for somebody" in said
    assert PROSE not in said
    assert "Request:" not in said
    assert "pwned" not in said


def test_the_judge_of_these_tests_sees_each(world: World) -> None:
    """Without escaping each of these would be found."""
    assert world
    for odd in ("::error::x", "  ::stop-commands::x", "a ##[group]x", "\x1b[2K", "\u202e", "a\rb"):
        assert not is_inert(f"fine\n{odd}\n"), odd
