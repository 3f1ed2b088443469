"""The AWS configuration file: what of it jitbot reads, what it writes, and that nothing else in it changes."""

import os
import stat
from pathlib import Path

import pytest

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.aws_config import Block
from jitbot.domain.model.errors import InvalidError

REQUEST = "requests/p/2026-11/24-alice-x.yaml"
BLOCK = Block(request=REQUEST, account="prod", repository="acme/access")
CONFIG = f"""[default]
region = eu-west-1
[profile dev]
output = json
# >>> jitbot {BLOCK}
[profile jit]
credential_process = /bin/jitbot credentials x --account prod --profile dev
# <<< jitbot {BLOCK}
# >>> jitbot {REQUEST} staging
[profile alone]
credential_process = /bin/jitbot credentials x --account staging
# <<< jitbot {REQUEST} staging
[profile other]
credential_process = /bin/other --profile dev
[profile odd]
region =
  a = b
cli_pager =
max_attempts = 3
services = mine
color = red
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """That configuration, in its usual place."""
    place = tmp_path / ".aws/config"
    place.parent.mkdir()
    place.write_text(CONFIG)
    return place


def environ(file: Path, **more: str) -> dict[str, str]:
    """The environment of whoever has it."""
    return {"HOME": str(file.parents[1]), **more}


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, "default"),
        ({"AWS_ACCESS_KEY_ID": "AKIA1"}, None),
        ({"AWS_PROFILE": "dev"}, "dev"),
        ({"AWS_PROFILE": "dev", "AWS_ACCESS_KEY_ID": "AKIA1"}, "dev"),
        ({"AWS_PROFILE": "nowhere"}, "nowhere"),
        ({"AWS_PROFILE": "other"}, "other"),
        ({"AWS_DEFAULT_PROFILE": "dev", "AWS_PROFILE": "other"}, "dev"),
        ({"AWS_PROFILE": "jit"}, "dev"),
        ({"AWS_PROFILE": "alone"}, "default"),
        ({"AWS_PROFILE": "alone", "AWS_ACCESS_KEY_ID": "AKIA1"}, None),
        ({"AWS_CONFIG_FILE": "/nowhere/config"}, None),
    ],
)
def test_the_profile_of_ones_own(file: Path, more: dict[str, str], own: str | None) -> None:
    """Where a block of jitbot's is named, it is the one that it is entered with; a command that only looks alike is none."""
    assert aws_config.own_profile(environ(file, **more)) == own


def test_no_profile_is_named_where_none_is() -> None:
    """That is an empty name, as everything that asks for it expects."""
    assert aws_config.named_profile({}) == ""


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (None, {"region": "eu-west-1"}),
        ("dev", {"output": "json"}),
        ("odd", {"max_attempts": "3", "services": "mine"}),
        ("nowhere", {}),
    ],
)
def test_how_a_profile_calls(file: Path, profile: str | None, said: dict[str, str]) -> None:
    """Its own settings of calls, as far as they are plain and say something; without a profile it is the default one."""
    assert aws_config.how_to_call(environ(file), profile) == said


def test_what_the_environment_sets_is_not_set_again() -> None:
    """A region has two variables: where either is there, both are the person's own."""
    settings = {"region": "eu-west-1", "output": "json", "services": "mine"}
    both = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    output = {"AWS_DEFAULT_OUTPUT": "json"}
    assert aws_config.as_variables(settings, {"AWS_REGION": ""}) == both | output
    assert aws_config.as_variables(settings, {"AWS_DEFAULT_REGION": "x"}) == output


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"HOME": "/h"}, "/h/.aws/config"),
        ({"HOME": "/h", "AWS_CONFIG_FILE": ""}, "/h/.aws/config"),
        ({"HOME": "/h", "AWS_CONFIG_FILE": "~/c"}, "/h/c"),
        ({"HOME": "/h", "AWS_CONFIG_FILE": "/x/~y"}, "/x/~y"),
        ({"HOME": ""}, str(Path.home() / ".aws/config")),
        ({}, str(Path.home() / ".aws/config")),
    ],
)
def test_where_the_file_is(given: dict[str, str], place: str) -> None:
    """As AWS's programs find it."""
    assert str(aws_config.config_file(given)) == place


def test_blocks_know_whose_they_are(file: Path) -> None:
    """One that names no repository may be anybody's; a name is a name in any case of its letters."""
    named, old = aws_config.blocks(file)
    assert (named, old) == (BLOCK, Block(request=REQUEST, account="staging"))
    asked = ("acme/access", "ACME/Access", "acme/other")
    assert [named.may_be_of(each) for each in asked] == [True, True, False]
    assert all(old.may_be_of(each) for each in asked)


@pytest.mark.parametrize(("before", "gap"), [("", ""), ("[x]\n", ""), ("[x]", "\n")])
def test_a_new_block_stands_at_the_end(tmp_path: Path, before: str, gap: str) -> None:
    """In a line of its own, after all that was there."""
    file = tmp_path / "config"
    file.write_text(before)
    aws_config.write(file, BLOCK, "jit", ["a = 1"])
    head, end = f"# >>> jitbot {BLOCK}\n", f"# <<< jitbot {BLOCK}\n"
    assert file.read_text() == f"{before}{gap}{head}[profile jit]\na = 1\n{end}"


@pytest.mark.parametrize(
    "block", [BLOCK, Block(request=REQUEST, account="staging", repository="acme/access")]
)
def test_a_block_is_replaced_where_it_is(file: Path, block: Block) -> None:
    """The one of an older jitbot, too, which names no repository; all around it stays."""
    name = "jit" if block == BLOCK else "alone"
    aws_config.write(file, block, name, ["a = 1"])
    text = file.read_text()
    assert (text.count(f"[profile {name}]"), text.count(f"account {block.account}\n")) == (1, 0)
    assert text.startswith("[default]\nregion = eu-west-1\n[profile dev]\noutput = json\n# >>> jitbot")
    assert text.endswith(CONFIG[CONFIG.index("[profile other]") :])
    assert aws_config.remove(file, block)
    assert f"[profile {name}]" not in file.read_text()
    assert not aws_config.remove(file, block)


@pytest.mark.parametrize("after", ["", "[x]"])
def test_a_file_may_begin_with_a_block(tmp_path: Path, after: str) -> None:
    """And need not end with a line's end."""
    file = tmp_path / "config"
    aws_config.write(file, BLOCK, "jit", [])
    with file.open("a") as opened:
        opened.write(after)
    assert aws_config.remove(file, BLOCK)
    assert file.read_text() == after


@pytest.mark.parametrize(
    "text", [f"# >>> jitbot {BLOCK}\n[profile jit]\n", f"x # >>> jitbot {BLOCK}\n# <<< jitbot {BLOCK}\n"]
)
def test_a_torn_block_is_left_to_its_owner(tmp_path: Path, text: str) -> None:
    """Where one ends cannot be guessed: what a person wrote would be lost."""
    file = tmp_path / "config"
    file.write_text(text)
    for act in (
        lambda: aws_config.write(file, BLOCK, "jit", []),
        lambda: aws_config.remove(file, BLOCK),
    ):
        with pytest.raises(InvalidError, match="is torn; fix it by hand"):
            act()
    assert file.read_text() == text


@pytest.mark.parametrize(
    "head", ["[profile jit-x]", "  [ profile 'jit-x' ]", '[profile "jit-x"]', "[jit-x]", "[profile  jit-x ]"]
)
def test_a_name_that_is_taken_is_not_taken_over(tmp_path: Path, head: str) -> None:
    """However the other profile is written; a free name has a number behind it."""
    file = tmp_path / "config"
    file.write_text(f"{head}\nregion = x\n[profile jit-x-2]\n")
    with pytest.raises(InvalidError, match="has a profile jit-x already"):
        aws_config.write(file, BLOCK, "jit-x", [])
    assert aws_config.free_name(file, BLOCK, "jit-x") == "jit-x-3"
    assert aws_config.free_name(file, BLOCK, "jit-y") == "jit-y"


def test_a_blocks_own_name_is_free(file: Path) -> None:
    """To write it again is no conflict with itself."""
    assert aws_config.free_name(file, BLOCK, "jit") == "jit"


@pytest.mark.parametrize(
    ("block", "name", "line"),
    [
        (Block(request="a\nb", account="prod"), "new", "a = 1"),
        (BLOCK, "a\tb", "a = 1"),
        (BLOCK, "jit", "a = \x1b[1m"),
    ],
)
def test_what_does_not_print_is_not_written(file: Path, block: Block, name: str, line: str) -> None:
    """It could begin a section of its own, or hide what stands there."""
    with pytest.raises(InvalidError, match="characters that do not print"):
        aws_config.write(file, block, name, [line])
    assert file.read_text() == CONFIG


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.b@c-1", "[profile a.b@c-1]"), ("a b", '[profile "a b"]'), ('a"b', "[profile 'a\"b']"), ("é", '[profile "é"]')],
)  # fmt: skip
def test_a_name_is_quoted_where_it_must_be(tmp_path: Path, name: str, head: str) -> None:
    """As AWS's programs split the head of a section."""
    aws_config.write(tmp_path / "config", BLOCK, name, [])
    assert head in (tmp_path / "config").read_text().splitlines()


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("jit", True), ("a b", True), ("it's", True), ('a"b', True), ("", False), (" ", False), ("a\nb", False),
        ("-a", False), ("a[b", False), ("a]b", False), ("a\\b", False), ("a\"b'", False), ("a'b\"", False),
    ],
)  # fmt: skip
def test_which_names_a_profile_can_have(name: str, good: bool) -> None:
    """Those that AWS's programs find again."""
    assert aws_config.can_be_named(name) is good


@pytest.mark.parametrize(("before", "mode"), [(None, 0o600), ("", 0o644)])
def test_who_may_read_the_file_stays(tmp_path: Path, before: str | None, mode: int) -> None:
    """A new one is for its owner alone, in a folder that is, too."""
    file = tmp_path / "new/config"
    if before is not None:
        file.parent.mkdir(0o700)
        file.write_text(before)
        file.chmod(mode)
    aws_config.write(file, BLOCK, "jit", [])
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_file_that_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    """A symlink is somebody's own order of things, and what is no text cannot be kept."""
    file, link = tmp_path / "config", tmp_path / "link"
    file.write_bytes(b"\xff")
    link.symlink_to(file)
    with pytest.raises(
        InvalidError, match=f"is a symlink; set AWS_CONFIG_FILE to the file it leads to, {file}"
    ):
        aws_config.write(link, BLOCK, "jit", [])
    with pytest.raises(InvalidError, match="cannot be read: "):
        aws_config.write(file, BLOCK, "jit", [])
    assert file.read_bytes() == b"\xff"


def test_what_cannot_be_written_leaves_the_file_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing beside it, and the reason is said."""

    def fails(*_: object) -> None:
        raise PermissionError(1, "not yours")

    monkeypatch.setattr(os, "fchmod", fails)
    with pytest.raises(InvalidError, match="config cannot be written: not yours"):
        aws_config.write(file, BLOCK, "jit", [])
    assert [each.name for each in file.parent.iterdir()] == ["config"]
    assert file.read_text() == CONFIG
