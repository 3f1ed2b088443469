"""`jitbot check` on files as they lie in the working tree."""

import shutil
from pathlib import Path

import pytest
from desk import ASK, TEXT, Desk, said

from jitbot.domain.setup.requests_page import MARK, PAGE

KEYS = ["code", "message", "file", "line", "column", "hint"]


def test_a_good_request_is_all_good(desk: Desk) -> None:
    """A request that would be granted gets 0, in words and as JSON."""
    desk.write(ASK)
    answer = desk.run("check", ASK)
    assert (answer.code, answer.out, answer.err) == (0, "all good\n", "")
    assert desk.run("check", ASK, "--format", "json").json == {"ok": True, "findings": []}


def test_a_bad_request_is_told_with_file_and_line(desk: Desk) -> None:
    """Each finding has its place, its code, and what to do; one finding or more is exit code 1."""
    desk.write(ASK, TEXT.replace("2h", "9h").replace("table: orders", "table: secrets"))
    answer = desk.run("check", ASK)
    assert answer.code == 1
    assert f"{ASK}:3:" in answer.out
    assert f"{ASK}:6:" in answer.out
    assert answer.out.endswith("2 problems\n")


def test_findings_have_one_shape(desk: Desk) -> None:
    """The JSON says whether all is well, and gives each finding with exactly these keys."""
    desk.write(ASK, TEXT.replace("2h", "9h"))
    answer = desk.run("check", ASK, "--format", "json")
    assert (answer.code, list(answer.json), answer.json["ok"]) == (1, ["ok", "findings"], False)
    (finding,) = answer.json["findings"]
    assert list(finding) == KEYS
    assert (finding["file"], finding["line"], finding["code"]) == (ASK, 3, "duration-above-maximum")
    assert finding["column"] > 0
    assert finding["hint"]


@pytest.mark.parametrize("spelt", ["JohnDoe", "johndoe", "JOHNDOE"])
def test_a_login_is_one_whatever_its_case(desk: Desk, spelt: str) -> None:
    """people.yaml, teams.yaml, the request and its path may each spell a login in their own way, as on GitHub."""
    people = (desk.root / "policies/people.yaml").read_text("utf-8")
    desk.write(
        "policies/people.yaml", people + "  JohnDoe: {github_id: 2001, identity_center: john@acme.com}\n"
    )
    teams = (desk.root / "policies/teams.yaml").read_text("utf-8")
    desk.write("policies/teams.yaml", teams.replace("[alice, carol", "[johndoe, alice, carol"))
    asked = desk.write(ASK.replace("alice", "Johndoe"), TEXT.replace("alice", spelt))
    assert desk.run("check", "policies/teams.yaml", asked).out == "all good\n"
    (grant,) = desk.run("explain", asked, "--format", "json").json["grants"]
    assert "john@acme.com" in str(grant["trust_policy"])


def test_a_file_is_checked_from_anywhere(desk: Desk, tmp_path: Path) -> None:
    """The rules are those beside the file, whichever folder the person is in, and by whatever way they came."""
    desk.write(ASK)
    away = tmp_path / "away"
    away.mkdir()
    assert said("check", str(desk.root / ASK), folder=away).out == "all good\n"
    assert said("explain", str(desk.root / ASK), folder=away).code == 0
    (away / "clone").symlink_to(desk.root)
    assert said("check", f"clone/{ASK}", folder=away).out == "all good\n"
    inside = desk.root / "jitbot/acme"
    inside.mkdir(parents=True)
    shutil.copytree(desk.root / "policies", inside / "policies")
    assert said("check", "jitbot/acme/policies/teams.yaml", folder=desk.root).out == "all good\n"
    both = said("check", str(desk.root / ASK), str(inside / "policies/teams.yaml"), folder=away)
    assert (both.code, "several access repositories" in both.err) == (1, True)
    nothing = said("check", "x.yaml", folder=away)
    assert (nothing.code, "run jitbot inside a clone" in nothing.err) == (1, True)


@pytest.mark.parametrize(
    "link", ["requests/orders-db-read/2026-11/24-alice-link.yaml", "requests/linked/24-alice-refunds.yaml"]
)
def test_a_symlink_is_said_to_be_one(desk: Desk, tmp_path: Path, link: str) -> None:
    """Also where a folder above the file is the symlink, and where the symlink lies elsewhere."""
    desk.write(ASK)
    (desk.root / ASK).with_name("24-alice-link.yaml").symlink_to("24-alice-refunds.yaml")
    (desk.root / "requests/linked").symlink_to("orders-db-read/2026-11")
    answer = desk.run("check", link)
    assert (answer.code, "this is a symlink, no plain file" in answer.out) == (1, True)
    (tmp_path / "link.yaml").symlink_to(desk.root / ASK)
    answer = said("check", "link.yaml", folder=tmp_path)
    assert (
        answer.code,
        f"link.yaml is a symlink; name the file itself, {desk.root / ASK}" in answer.err,
    ) == (1, True)


def test_a_symlink_to_a_folder_is_itself_what_is_wrong(desk: Desk) -> None:
    """Nothing behind it is looked at: nothing there is granted by it."""
    desk.write(ASK)
    (desk.root / "requests/linked").symlink_to("orders-db-read")
    found = desk.run("check", "requests/linked", "--format", "json").json["findings"]
    assert {each["file"] for each in found} == {"requests/linked"}


def test_a_page_beside_requests_is_not_checked(desk: Desk) -> None:
    """People write notes there, and put what belongs to them into a folder."""
    before = desk.run("check")
    desk.write(ASK.rpartition("/")[0] + "/notes.md/picture.png", "x")
    assert desk.run("check") == before


def test_the_page_of_requests_is_checked_where_it_is_named(desk: Desk) -> None:
    """By name or with everything else; where it is not there, that is said."""
    old = "is not what the rules give"
    desk.write(PAGE, f"{MARK}of other rules\n")
    assert old in desk.run("check").out
    assert old in desk.run("check", PAGE, "policies/teams.yaml").out
    assert desk.run("check", "policies/teams.yaml").out == "all good\n"
    (desk.root / PAGE).unlink()
    gone = desk.run("check", PAGE)
    assert (gone.code, f"there is no {PAGE}" in gone.out) == (1, True)
    (desk.root / PAGE).symlink_to("orders-db-read")
    assert "this is a symlink, no plain file" in desk.run("check", PAGE).out


def test_a_script_that_is_named_beside_a_file_is_no_folder(desk: Desk) -> None:
    """Nothing of it is checked, and nothing is wrong with it."""
    desk.write("run.sh", "x")
    (desk.root / "run.sh").chmod(0o755)
    assert desk.run("check", "run.sh", "policies/teams.yaml").out == "all good\n"


def test_a_folder_is_checked(desk: Desk) -> None:
    """What it holds, as a whole run would check it; one that holds nothing of the kind is said to be a folder."""
    desk.write(ASK, "nonsense")
    desk.write("policies/teams.yaml", "acme/payments: [nobody-known]\n")
    old = desk.write(ASK.replace("2026-11", "2026-09"), "nonsense")
    folder = ASK.rpartition("/")[0]
    for path, files in (
        (folder, {ASK}), ("requests", {ASK}), ("policies", {"policies/teams.yaml"}), (".", {ASK, "policies/teams.yaml"}),
        (old.rpartition("/")[0], {old}), (str(desk.root), {ASK, "policies/teams.yaml"}),
    ):  # fmt: skip
        answer = desk.run("check", path, "--format", "json")
        found = {
            each["file"]
            for each in answer.json["findings"]
            if not each["file"].startswith(("policies/access/", ".github/"))
        }
        assert (answer.code, found) == (1, files), path
    (desk.root / "empty").mkdir()
    answer = desk.run("check", "empty")
    assert (answer.code, "empty is a folder, and nothing in it is checked" in answer.out) == (1, True)


def test_without_files_the_rules_and_this_months_requests_are_checked(desk: Desk) -> None:
    """What lies in another month cannot be merged anew; rules and this month's requests can."""
    desk.write(ASK.replace("2026-11", "2026-10"), "nonsense")
    assert desk.run("check").code == 0
    desk.write(ASK, "nonsense")
    desk.write("policies/teams.yaml", "acme/payments: [nobody-known]\n")
    desk.write(".github/CODEOWNERS", "* @acme/platform\n[a-z] @acme/sre\n")
    files = {finding["file"] for finding in desk.run("check", "--format", "json").json["findings"]}
    assert {ASK, "policies/teams.yaml", ".github/CODEOWNERS"} <= files
    assert not [file for file in files if "2026-10" in file]


@pytest.mark.parametrize(
    ("path", "bad"),
    [
        ("policies/settings.yaml", b"repository: acme\n"),
        ("policies/accounts.yaml", b"prod: 111111111111x\n"),
        ("policies/people.yaml", b"people: {alice: {}}\n"),
        ("policies/teams.yaml", b"acme/payments: [zoe]\n"),
        ("policies/access/orders-db-read.yaml", b"description: x\n"),
        (".github/CODEOWNERS", b"!x @acme/sre\n"),
    ],
)
def test_every_kind_of_rule_is_checked_by_name(desk: Desk, path: str, bad: bytes) -> None:
    """A code-owned file that is named is checked as what it is."""
    assert desk.run("check", path).code == 0
    desk.write(path, bad)
    answer = desk.run("check", path, "--format", "json")
    assert answer.code == 1
    assert path in {finding["file"] for finding in answer.json["findings"]}


def test_a_file_may_be_named_from_where_one_is(desk: Desk) -> None:
    """A name counts from the current folder, and findings name the file from the root."""
    desk.write(ASK, "nonsense")
    here = desk.root / "requests/orders-db-read"
    answer = said("check", "2026-11/24-alice-refunds.yaml", "../../policies/teams.yaml", folder=here)
    assert answer.code == 1
    assert answer.out.startswith(f"{ASK}:")
    assert said("check", str(desk.root / "policies/teams.yaml"), folder=here).code == 0


@pytest.mark.parametrize("name", ["../outside.yaml", "requests/../../outside.yaml", "/etc/passwd"])
def test_a_file_elsewhere_is_not_read(desk: Desk, name: str) -> None:
    """What does not lie in the repository is refused, by whatever way it is named."""
    (desk.root.parent / "outside.yaml").write_text(TEXT)
    answer = desk.run("check", name)
    assert (answer.code, answer.out) == (1, "")
    assert "does not lie in the access repository" in answer.err


def test_a_way_through_requests_makes_no_request(desk: Desk) -> None:
    """A rule named by way of requests/ is checked as the rule it is."""
    assert desk.run("check", "requests/../policies/teams.yaml").out == "all good\n"


@pytest.mark.parametrize("name", ["requests/p/2026-11/24-bob-none.yaml", "requests", ".github", "x" * 250])
def test_what_is_no_file_is_a_finding(desk: Desk, name: str) -> None:
    """A missing file, and a folder in which nothing is checked, are said to be none; an empty name is misuse."""
    (desk.root / ".github/CODEOWNERS").unlink()
    answer = desk.run("check", name)
    assert (answer.code, "missing-file" in answer.out) == (1, True)
    assert ("is a folder" in answer.out) is (desk.root / name).is_dir()
    assert desk.run("check", "").code == 2


def test_a_name_too_long_for_any_file_is_refused(desk: Desk) -> None:
    """A name that no file can have is an error in words."""
    answer = desk.run("check", "x" * 300)
    assert (answer.code, "cannot be read" in answer.err) == (1, True)


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_symlink_is_no_request(desk: Desk, linked: str) -> None:
    """Neither a link nor what lies behind a linked folder is read."""
    desk.write("elsewhere/2026-11/24-alice-refunds.yaml")
    (desk.root / "requests/orders-db-read/2026-11").mkdir(parents=True)
    if linked == "file":
        (desk.root / ASK).symlink_to(desk.root / "elsewhere/2026-11/24-alice-refunds.yaml")
    else:
        (desk.root / "requests/orders-db-read/2026-11").rmdir()
        (desk.root / "requests/orders-db-read/2026-11").symlink_to(desk.root / "elsewhere/2026-11")
    assert "this is a symlink, no plain file" in desk.run("check", ASK).out


def test_a_repository_behind_a_link_is_a_repository(desk: Desk) -> None:
    """A link above the data root is nobody's trick: the files below are read."""
    desk.write(ASK)
    (desk.root.parent / "linked").symlink_to(desk.root)
    assert said("check", ASK, folder=desk.root.parent / "linked").out == "all good\n"


def test_time_is_what_one_says(desk: Desk) -> None:
    """A path's date is judged at --at, and without it now."""
    desk.write(ASK)
    assert desk.run("check", ASK, "--at", "2026-11-30T09:00:00Z").code == 0
    late = desk.run("check", ASK, "--at", "2026-12-20T09:00:00Z")
    assert late.code == 1
    assert ASK in late.out


@pytest.mark.parametrize(
    "moment", ["tomorrow", "2026-11-24", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", ""]
)
def test_a_time_that_is_none_is_misuse(desk: Desk, moment: str) -> None:
    """Any other form of time, and the ends of the calendar, are exit code 2."""
    desk.write(ASK)
    answer = desk.run("check", ASK, "--at", moment)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage:" in answer.err


def test_a_start_at_the_end_of_time_is_a_finding(desk: Desk) -> None:
    """A request cannot begin where no clock adds up any more."""
    desk.write(ASK, f"{TEXT}starts_at: 9999-12-31T23:59:59Z\n")
    answer = desk.run("check", ASK)
    assert (answer.code, f"{ASK}:7:" in answer.out) == (1, True)


def test_outside_a_repository_there_is_nothing_to_check(desk: Desk) -> None:
    """Without policies/settings.yaml above, the error says where to run it."""
    answer = said("check", folder=desk.root.parent)
    assert answer.code == 1
    assert "inside a clone of the access repository" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [("--base", "HEAD"), ("--head", "HEAD"), ("--base", "HEAD", "--head", "HEAD", ASK), ("--format", "xml")],
)
def test_misuse_is_exit_code_2(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Half a change, a change with files, and an unknown format are misuse."""
    answer = desk.run("check", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: jitbot check" in answer.err


HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202eturned ::error::x ##[error]y \x9b2J\r"


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_is_inert(desk: Desk, form: str) -> None:
    """Whatever a request's fields or a file's name hold, no terminal and no runner obeys it."""
    hostile = f'"{HOSTILE.encode("unicode_escape").decode()}"'
    desk.write(ASK, TEXT.replace("orders", hostile).replace("INC-1234 refunds", hostile))
    name = desk.write(f"requests/orders-db-read/2026-11/24-{HOSTILE}\n::error::z.yaml")
    answer = desk.run("check", ASK, name, "requests/none\n::stop-commands::x", "--format", form)
    assert answer.code == 1
    assert ("\\x1b" if form == "text" else "\\u001b") in answer.out
    for text in (answer.out, answer.err):
        assert all(character.isprintable() or character == "\n" for character in text)
        assert "##[" not in text
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_bytes_that_are_no_text_are_printed_as_escapes(desk: Desk) -> None:
    """A file's name need not be Unicode."""
    desk.write("requests/orders-db-read/2026-11/24-alice-\udcff.yaml")
    for form in ("text", "json"):
        answer = desk.run("check", "--format", form)
        assert answer.code == 1
        assert "\\udcff" in answer.out
        answer.out.encode("ascii", errors="strict") if form == "json" else answer.out.encode()
