"""`jitbot import policies`: policies of the library come into a repository that is there, and nothing else changes."""

from pathlib import Path

import pytest
from desk import Desk, Said, said

from jitbot.commands.setup import templates

OWNERS = ".github/CODEOWNERS"
LIBRARY = templates.library()
WHO = ("--eligible", "@acme/payments", "--eligible", "dave", "--account", "prod")


def add(desk: Desk, *arguments: str) -> Said:
    """Import into acme's files, with no network and no token."""
    return said("import", "policies", *arguments, folder=desk.root)


def everything(root: Path) -> dict[str, bytes]:
    """Every file of a folder but git's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def test_a_policy_comes_with_its_line(desk: Desk) -> None:
    """The file says who and where; its line stands after those for requests and before those of the rules; no more changes."""
    before = everything(desk.root)
    answer = add(desk, "lambda-invoke", *WHO, "--owner", "@acme/payments-leads", "--owner", "bob")
    assert answer.code == 0, answer.out + answer.err
    after = everything(desk.root)
    path = "policies/access/lambda-invoke.yaml"
    assert {each for each in after if after[each] != before.get(each)} == {path, OWNERS}
    assert before.keys() <= after.keys()
    text = after[path].decode()
    assert 'eligible: ["@acme/payments", dave]\naccounts: [prod]\n' in text
    assert text.partition("\n")[0] == f"# {LIBRARY['lambda-invoke'].page}"
    old, new = before[OWNERS].decode().split("\n"), after[OWNERS].decode().split("\n")
    (line,) = [each for each in new if each not in old]
    assert line == "/requests/lambda-invoke/ @acme/payments-leads @bob"
    assert [each for each in new if each != line] == old
    assert new.index(line) > max(at for at, each in enumerate(old) if each.startswith("/requests/"))
    assert answer.err.splitlines() == [
        f"{path} is new: look at it with git diff, and have it merged",
        f"{OWNERS} is changed: look at it with git diff, and have it merged",
    ]
    assert said("check", folder=desk.root).code == 0


def test_without_owner_the_owners_of_the_rules_approve(desk: Desk) -> None:
    """As `init` does it; and a break-glass has them as reviewers, and a line without an owner."""
    assert add(desk, "ecr-pull,break-glass", *WHO).code == 0
    owned = (desk.root / "policies/access/break-glass.yaml").read_text("utf-8")
    assert 'reviewers: ["@acme/security"]\n' in owned
    lines = (desk.root / OWNERS).read_text("utf-8").splitlines()
    rules = next(each for each in lines if each.startswith("/policies/")).split()[1:]
    assert f"/requests/ecr-pull/ {' '.join(rules)}" in lines
    assert "/requests/break-glass/" in lines


@pytest.mark.parametrize("name", LIBRARY)
def test_every_policy_of_the_library_can_come(desk: Desk, name: str) -> None:
    """`check` has nothing against any of them beside acme's own; where acme has one of this name, it is taken away first."""
    (desk.root / f"policies/access/{name}.yaml").unlink(missing_ok=True)
    answer = add(desk, name, *WHO, "--owner", "@acme/payments-leads")
    assert answer.code == 0, answer.out + answer.err


def test_nothing_is_overwritten(desk: Desk) -> None:
    """A policy that is there stays, and so does the line that CODEOWNERS has for it; of several none is written then."""
    assert add(desk, "ecr-pull", *WHO).code == 0
    before = everything(desk.root)
    answer = add(desk, "lambda-invoke,ecr-pull", *WHO)
    assert (answer.code, everything(desk.root)) == (1, before)
    assert "exists already: policies/access/ecr-pull.yaml" in answer.err
    (desk.root / "policies/access/ecr-pull.yaml").unlink()
    assert add(desk, "ecr-pull", *WHO, "--owner", "bob").code == 0
    assert everything(desk.root) == before


def test_a_link_is_not_written_through(desk: Desk) -> None:
    """A link to nothing in the policy's place is something that exists."""
    (desk.root / "policies/access/ecr-pull.yaml").symlink_to("elsewhere.yaml")
    before = everything(desk.root)
    answer = add(desk, "lambda-invoke,ecr-pull", *WHO)
    assert (answer.code, everything(desk.root)) == (1, before)
    assert (
        answer.err == "error: nothing was written, since this exists already: policies/access/ecr-pull.yaml\n"
    )


def test_reviewers_of_a_break_glass_are_named_as_a_policy_names_them(desk: Desk) -> None:
    """A team with the sign that CODEOWNERS wants before every name, a login without it."""
    path = "policies/access/break-glass.yaml"
    assert add(desk, "break-glass", *WHO, "--owner", "@acme/payments-leads", "--owner", "bob").code == 0
    assert 'reviewers: ["@acme/payments-leads", bob]\n' in (desk.root / path).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said_so"),
    [
        (("--eligible", "@acme/nobody", "--account", "prod"), "acme/nobody"),
        (("--eligible", "nobody-here", "--account", "prod"), "nobody-here"),
        (("--eligible", "dave", "--account", "mars"), "mars"),
        (("--eligible", "dave", "--account", "@mars"), "mars"),
        (("--eligible", "dave", "--account", "prod", "--owner", "@acme/nobody"), "acme/nobody"),
    ],
)
def test_what_check_would_refuse_is_not_written(desk: Desk, arguments: tuple[str, ...], said_so: str) -> None:
    """An unknown person, team, account, group or owner is told with its file, and nothing is written."""
    before = everything(desk.root)
    answer = add(desk, "lambda-invoke", *arguments)
    assert (answer.code, everything(desk.root)) == (1, before)
    assert said_so in answer.out + answer.err
    assert "nothing was written" in answer.err


@pytest.mark.parametrize("option", ["--eligible", "--account", "--owner"])
@pytest.mark.parametrize(
    "value", ["a]\nstatements: []", "@acme/x, bob", "", "* @mallory", "@acme/x\n* @mallory"]
)
def test_a_name_writes_nothing_but_itself(desk: Desk, option: str, value: str) -> None:
    """What is no name is misuse: it could write rules of its own into the files."""
    before = everything(desk.root)
    answer = add(desk, "lambda-invoke", *WHO, option, value)
    assert (answer.code, everything(desk.root)) == (2, before)


def test_where_it_cannot_be(desk: Desk, tmp_path: Path) -> None:
    """Outside a repository, without CODEOWNERS, or with one that cannot be read as text: an error that says so."""
    outside = tmp_path / "outside"
    outside.mkdir()
    assert "policies/settings.yaml" in said("import", "policies", "ecr-pull", *WHO, folder=outside).err
    (desk.root / OWNERS).write_bytes(b"* @olivia # \xff\n")
    assert "not UTF-8" in add(desk, "ecr-pull", *WHO).err
    (desk.root / OWNERS).unlink()
    assert "there is no .github/CODEOWNERS" in add(desk, "ecr-pull", *WHO).err
