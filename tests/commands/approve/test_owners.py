"""`jitbot owners`: who approves what is asked for where."""

import pytest
from desk import ASK, Desk, said


def test_owners_of_paths_as_json(desk: Desk) -> None:
    """Each path has a list of its owners, in the order in which the paths were given."""
    answer = desk.run("owners", "--format", "json", ASK, "requests/production-admin/x.yaml", "README.md")
    assert answer.code == 0
    assert list(answer.json.items()) == [
        (ASK, ["@acme/payments-leads"]),
        ("requests/production-admin/x.yaml", ["@acme/security", "@acme/platform"]),
        ("README.md", ["@acme/platform"]),
    ]


def test_owners_of_paths_in_words(desk: Desk) -> None:
    """A line for each path: the path, and its owners."""
    answer = desk.run("owners", ASK, "policies/teams.yaml")
    assert (answer.code, answer.out.splitlines()) == (
        0,
        [f"{ASK}  @acme/payments-leads", "policies/teams.yaml  @acme/security"],
    )


def test_owners_of_a_folder_are_those_of_what_is_new_in_it(desk: Desk) -> None:
    """Who approves under a policy is asked with its folder, whether it is there or not; the answer names what was typed."""
    desk.write(ASK)
    for path in ("requests/orders-db-read/", "requests/orders-db-read"):
        assert desk.run("owners", path).out == f"{path}  @acme/payments-leads\n"
    answer = desk.run("owners", "requests/production-admin/", "policies/access/", "--format", "json")
    assert (answer.code, answer.json) == (
        0,
        {
            "requests/production-admin/": ["@acme/security", "@acme/platform"],
            "policies/access/": ["@acme/security"],
        },
    )


def test_a_path_as_seen_from_the_folder(desk: Desk) -> None:
    """With dots, or as a whole, as shells complete it: the owners are those of the file that is meant."""
    desk.write(ASK)
    below = desk.root / "requests"
    for path in (
        f"./{ASK}",
        str(desk.root / ASK),
        "./requests/orders-db-read/",
        "policies/../requests/orders-db-read",
    ):
        assert desk.run("owners", path).out == f"{path}  @acme/payments-leads\n"
    for path in ("./orders-db-read/", "../requests/orders-db-read"):
        assert said("owners", path, folder=below).out == f"{path}  @acme/payments-leads\n"
    assert desk.run("owners", ".").out == ".  @acme/platform\n"
    outside = desk.run("owners", "../elsewhere")
    assert (outside.code, "does not lie in the access repository" in outside.err) == (1, True)


@pytest.mark.parametrize(
    ("typed", "below", "owner"),
    [
        ("README.md", False, "platform"),
        ("./README.md", False, "platform"),
        ("notes.yaml", False, "sre"),
        ("new", False, "platform"),
        ("new/", False, "sre"),
        ("./new/", False, "sre"),
        ("policies", False, "sre"),
        ("requests/orders-db-read", True, "payments"),
        ("requests/orders-db-read/", False, "payments"),
        ("requests/orders-db-read/2026-11/", False, "data"),
        ("requests/orders-db-read/2026-12/", False, "payments"),
    ],
)
def test_a_file_is_a_file_and_a_folder_what_is_new_in_it(
    desk: Desk, typed: str, below: bool, owner: str
) -> None:
    """Where a pattern tells them apart: a policy's folder stands for its requests, which lie in the folder of a month."""
    lines = ("* @platform", "*.yaml @sre", "/requests/ @payments", "/requests/orders-db-read/*.yaml @security",
             "/requests/orders-db-read/2026-11/*.yaml @data")  # fmt: skip
    desk.write(".github/CODEOWNERS", "".join(f"{line}\n" for line in lines))
    folder = desk.root / "policies" if below else desk.root
    assert said("owners", typed, folder=folder).out == f"{typed}  @{owner}\n"


def test_a_path_that_nobody_owns_is_red(desk: Desk) -> None:
    """A path without an owner gets an empty list, and exit code 1."""
    desk.write(".github/CODEOWNERS", "/policies/ @acme/security\n")
    answer = desk.run("owners", ASK, "policies/x", "--format", "json")
    assert (answer.code, answer.json) == (1, {ASK: [], "policies/x": ["@acme/security"]})
    assert desk.run("owners", ASK).out == f"{ASK}  nobody\n"


def test_a_line_that_github_skips_is_red(desk: Desk) -> None:
    """A finding in CODEOWNERS is told with its line, and the answer is not to be relied on."""
    desk.write(".github/CODEOWNERS", "* @acme/platform\n!x @acme/sre\n")
    answer = desk.run("owners", ASK)
    assert answer.code == 1
    assert ".github/CODEOWNERS:2:" in answer.out
    as_json = desk.run("owners", ASK, "--format", "json")
    assert (as_json.code, as_json.json) == (1, {ASK: ["@acme/platform"]})


def test_another_file_may_be_asked(desk: Desk) -> None:
    """With --codeowners the file named decides, from anywhere, without a repository."""
    (desk.root.parent / "OTHER").write_text("* @somebody\n")
    answer = said("owners", "--codeowners", "OTHER", "--format", "json", "a", folder=desk.root.parent)
    assert (answer.code, answer.json) == (0, {"a": ["@somebody"]})


def test_the_first_location_decides(desk: Desk) -> None:
    """As on GitHub, .github/ goes before the root, and the root before docs/."""
    desk.write("CODEOWNERS", "* @root\n")
    desk.write("docs/CODEOWNERS", "* @docs\n")
    assert desk.run("owners", "README.md").out == "README.md  @acme/platform\n"
    (desk.root / ".github/CODEOWNERS").unlink()
    assert desk.run("owners", "README.md").out == "README.md  @root\n"
    (desk.root / "CODEOWNERS").unlink()
    assert desk.run("owners", "README.md").out == "README.md  @docs\n"
    (desk.root / "docs/CODEOWNERS").unlink()
    answer = desk.run("owners", "README.md")
    assert (answer.code, "there is no CODEOWNERS" in answer.err) == (1, True)


def test_a_file_that_cannot_be_read_is_refused(desk: Desk) -> None:
    """A missing CODEOWNERS file, and a folder in its place, are errors in words."""
    for name in ("none", "policies", "x" * 300):
        answer = desk.run("owners", "--codeowners", name, "a")
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith(f"error: {name}: ")


def test_paths_are_required(desk: Desk) -> None:
    """Owners of nothing is misuse."""
    assert desk.run("owners").code == 2


def test_hostile_names_are_inert(desk: Desk) -> None:
    """A path from somebody's branch moves no cursor and gives the runner no command."""
    name = "a\x1b[31m\n::error::x ##[error]y \u202e\udcff"
    for form in ("text", "json"):
        answer = desk.run("owners", name, "--format", form)
        assert answer.code == 0
        assert all(character.isprintable() or character == "\n" for character in answer.out)
        assert "##[" not in answer.out
        assert not [line for line in answer.out.splitlines() if line.lstrip().startswith("::")]
    assert list(answer.json) == [name]
