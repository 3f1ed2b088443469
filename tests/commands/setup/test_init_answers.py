"""What `jitbot init` makes of its answers and of GitHub's: each is checked before a file is written or a setting is changed."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from acme_facts import an_actor
from desk import ISSUER, Said, said
from github_facts import JOB_TOKENS
from plain_set_up import PlainSetUp, a_repository

from jitbot.commands.setup import init as module
from jitbot.commands.setup import templates
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.setup.doctor.github.setting_changes import ALL_CHANGES
from jitbot.domain.setup.requests_page import PAGE
from jitbot.sandbox.organisation import acme_tree

RELEASE, OTHER = "0123456789abcdef0123456789abcdef01234567", "a" * 40
NUMBERS = ("--repository-id", "700001", "--owner", "bob:1002", "--owner", "erin:1005")
WHERE = ("--repository", "acme/access", "--account", "prod=111111111111")
SOURCE = ("--upstream", "acme/jitbot", "--release", RELEASE)
Run = Callable[..., Said]


@dataclass(slots=True)
class Upstream:
    """jitbot's own repository, with these tags; it cannot be reached without any."""

    known: Mapping[str, str] | None

    def tags(self) -> Mapping[str, str]:
        """The commit of each."""
        if self.known is None:
            raise UnavailableError("no network")
        return self.known


@pytest.fixture
def upstream() -> Upstream:
    """No version was made yet."""
    return Upstream({})


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> PlainSetUp:
    """Answers for the access repository. An installation here knows no release."""
    found = PlainSetUp()

    def reader(name: str) -> Any:
        return found if name == "acme/access" else upstream

    monkeypatch.setattr(module, "github_client", lambda _environ, name, _agent: name)
    monkeypatch.setattr(module, "GitHubReader", reader)
    monkeypatch.setattr(module, "GitHubWriter", reader)
    monkeypatch.setattr(templates, "release", lambda: ("", ""))
    return found


@pytest.fixture
def init(tmp_path: Path, github: PlainSetUp) -> Run:  # it answers
    """Runs `init` in an empty folder."""

    def run(*arguments: str, environ: Mapping[str, str] | None = None) -> Said:
        return said("init", *arguments, folder=tmp_path, environ=environ)

    return run


def written(folder: Path, path: str) -> str:
    """One file that was written."""
    return (folder / path).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*SOURCE, *NUMBERS, "--account", "prod=1"), "say which repository it is: --repository owner/name"),
        ((*WHERE, *SOURCE, *NUMBERS, "--account", "stage"), "--account 'stage': write ALIAS=ID"),
        ((*WHERE, *SOURCE, "--owner", "bob:x"), "--owner 'bob:x': after the colon comes GitHub's number"),
        ((*WHERE, *NUMBERS, "--upstream", "acme/jitbot"), "--upstream owner/name --release COMMIT. COMMIT is"),
        ((*WHERE, *NUMBERS, "--release", RELEASE), f"--upstream owner/name. This jitbot is at {RELEASE};"),
    ],
)  # fmt: skip
def test_what_is_missing_or_misspelt_is_misuse(
    init: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """The answer is named with its form, and nothing is written."""
    answer = init(*arguments)
    assert (answer.code, answer.out, list(tmp_path.iterdir())) == (2, "", [])
    assert words in answer.err


@pytest.mark.parametrize(
    ("known", "given", "pinned"),
    [
        (("acme/jitbot", RELEASE), (), f"acme/jitbot/.github/actions/jitbot@{RELEASE}"),
        (("acme/jitbot", RELEASE), ("--release", OTHER), f"acme/jitbot/.github/actions/jitbot@{OTHER}"),
        (("", RELEASE), ("--upstream", "me/fork"), f"me/fork/.github/actions/jitbot@{RELEASE}"),
        (("acme/jitbot", RELEASE), ("--upstream", "me/fork"), f"me/fork/.github/actions/jitbot@{RELEASE}"),
    ],
)
def test_an_answer_comes_before_what_is_known(
    init: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Any, given: Any, pinned: str
) -> None:
    """The workflows pin what was said, and otherwise what this installation knows; in a job, the job's repository."""
    monkeypatch.setattr(templates, "release", lambda: known)
    account = ("--account", "prod=111111111111")
    answer = init(*NUMBERS, *account, *given, environ={"GITHUB_REPOSITORY": "acme/access"})
    assert answer.code == 0, answer.err
    assert f"uses: {pinned}\n" in written(tmp_path, ".github/workflows/grant.yml")
    assert "repository: acme/access\n" in written(tmp_path, "policies/settings.yaml")


def test_what_was_said_comes_before_the_environment(init: Run, tmp_path: Path) -> None:
    """Whoever lays out a repository in a job of another means the one that they name."""
    assert init(*WHERE, *SOURCE, *NUMBERS, environ={"GITHUB_REPOSITORY": "acme/other"}).code == 0
    assert "repository: acme/access\n" in written(tmp_path, "policies/settings.yaml")


def test_numbers_that_are_not_given_are_githubs(init: Run, tmp_path: Path, github: PlainSetUp) -> None:
    """Of the repository, and of each owner without one; about the others GitHub is not asked."""
    answer = init(*WHERE, *SOURCE, "--owner", "bob", "--owner", "erin:77")
    assert answer.code == 0, answer.err
    assert "repository_id: 700001\n" in written(tmp_path, "policies/settings.yaml")
    people = written(tmp_path, "policies/people.yaml")
    assert "  bob: {github_id: 1002}\n  erin: {github_id: 77}" in people
    assert github.asked == ["bob"]


def test_numbers_that_are_given_are_not_asked(init: Run, tmp_path: Path, github: PlainSetUp) -> None:
    """They are written as they are given, with no way to GitHub."""
    github.of = UnavailableError("no network")
    answer = init(*WHERE, *SOURCE, "--repository-id", "7", *NUMBERS[2:])
    assert (answer.code, github.asked) == (0, [])
    assert "repository_id: 7\n" in written(tmp_path, "policies/settings.yaml")


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("--repository-id", "7", "--owner", "bob", "--owner", "erin:5"), "--owner bob:ID"),
        (("--owner", "bob:2", "--owner", "erin:5"), "--repository-id ID"),
    ],
)
def test_only_numbers_that_are_missing_are_asked_of_a_person(
    init: Run, github: PlainSetUp, arguments: tuple[str, ...], missing: str
) -> None:
    """Without a network the message names what is still to be given, and no more."""
    github.of = UnavailableError("no network")
    github.accounts = {Login("bob"): UnavailableError("no network")}
    answer = init(*WHERE, *SOURCE, *arguments)
    assert (answer.code, answer.err) == (
        3,
        f"error: no network; nothing was written. Without a network, give the numbers yourself: {missing}\n",
    )


def test_github_is_asked_about_names_alone(init: Run, tmp_path: Path, github: PlainSetUp) -> None:
    """An answer that can be no name is refused before any question."""
    answer = init(*WHERE, *SOURCE, "--owner", "bob/../erin")
    assert (answer.code, github.asked, list(tmp_path.iterdir())) == (1, [], [])
    assert answer.err.startswith("error: --owner: 'bob/../erin' is not a login of GitHub")


@pytest.mark.parametrize(
    ("tags", "version", "warning"),
    [
        ({"v1.2.3": RELEASE}, " # v1.2.3", ""),
        ({"v1.2.3": OTHER}, "", "! no version tag of acme/jitbot names this commit; Dependabot proposes"),
        (None, "", "! whether a version tag of acme/jitbot names this commit is not known: no network; D"),
    ],
)
def test_a_pin_without_a_version_is_warned(
    init: Run, tmp_path: Path, upstream: Upstream, tags: Any, version: str, warning: str
) -> None:
    """The version stands beside the commit; where it has none, or GitHub does not say, that is said."""
    upstream.known = tags
    answer = init(*WHERE, *SOURCE, *NUMBERS)
    assert answer.code == 0
    assert f"jitbot@{RELEASE}{version}\n" in written(tmp_path, ".github/workflows/grant.yml")
    assert answer.err.startswith(warning) if warning else answer.err == ""


@pytest.mark.parametrize("actor", [None, replace(an_actor(Login("bob")), kind="Organization")])
def test_an_owner_is_a_person(init: Run, tmp_path: Path, github: PlainSetUp, actor: Any) -> None:
    """Neither nobody nor an organisation can approve anything."""
    github.accounts = {Login("bob"): actor}
    answer = init(*WHERE, *SOURCE, "--owner", "bob", "--owner", "erin:5")
    assert (answer.code, list(tmp_path.iterdir())) == (1, [])
    assert "--owner bob: GitHub knows no person of that name" in answer.err


def test_one_owner_alone_is_warned(init: Run) -> None:
    """And two are not; the files are written all the same."""
    alone = init("alone", *WHERE, *SOURCE, *NUMBERS[:4])
    assert (alone.code, "one owner alone cannot approve what they ask for themselves" in alone.err) == (
        0,
        True,
    )
    two = init("two", *WHERE, *SOURCE, *NUMBERS)
    assert (two.code, "one owner alone" in two.err) == (0, False)


@pytest.mark.parametrize(
    ("issuer", "app"), [((), True), (("--issuer", "https://token.github.example/x"), False)]
)
def test_the_commands_are_those_of_step_3(init: Run, tmp_path: Path, issuer: Any, *, app: bool) -> None:
    """Each file is named, then what to do; on github.com required checks are taken from Actions alone, elsewhere its number is another."""
    answer = init(*WHERE, *SOURCE, *NUMBERS, *issuer)
    files = {each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*") if each.is_file()}
    lines = answer.out.splitlines()
    assert {each.removeprefix("wrote ") for each in lines if each.startswith("wrote ")} == files
    assert "  3. Set GitHub up, as admin:   jitbot init --apply      (or type the commands below)" in lines
    assert "The settings of step 3, as commands:" in lines
    assert [each[2:] for each in lines if each.startswith("# ")] == [
        each.effect or each.title for each in ALL_CHANGES
    ]
    assert sum("gh api" in each and "repos/acme/access" in each for each in lines) == len(ALL_CHANGES)
    assert ("integration_id" in answer.out) is app


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("policies/access/x.yaml", "description: x\n", "policies/access/x.yaml:1: "),
        ("policies/notify.yaml", "channels: [\n", "policies/notify.yaml:"),
    ],
)
def test_what_would_not_read_is_not_written(
    init: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, words: str
) -> None:
    """A template with an error stops all, with its file and line; what jitbot does not parse is no concern of this."""
    shipped = templates.starters()
    monkeypatch.setattr(templates, "starters", lambda: {**shipped, "docs/x.md": "[", path: text})
    answer = init(*WHERE, *SOURCE, *NUMBERS)
    assert (answer.code, answer.out, list(tmp_path.iterdir())) == (1, "", [])
    assert f"\nerror: {words}" in answer.err


@pytest.mark.parametrize("link", [True, False])
def test_nothing_that_is_there_is_overwritten(init: Run, tmp_path: Path, *, link: bool) -> None:
    """One file, or a link to nothing in its place, keeps all others from being written; the error names no other."""
    (tmp_path / "requests").mkdir()
    file = tmp_path / "requests/README.md"
    if link:
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file.write_text("mine")
    answer = init(*WHERE, *SOURCE, *NUMBERS)
    assert (answer.code, answer.out, list(tmp_path.iterdir())) == (1, "", [tmp_path / "requests"])
    assert answer.err.endswith(
        "\nerror: nothing was written, since this exists already:\n  requests/README.md\n"
    )


def test_a_file_that_cannot_be_written_is_named(
    init: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file is in a folder's place, and where a disk is full, of which the system names no file."""
    (tmp_path / "policies").write_text("mine")
    answer = init(*WHERE, *SOURCE, *NUMBERS)
    assert answer.code == 1
    assert f"error: {tmp_path / 'policies/access'} cannot be written: Not a directory" in answer.err

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", lambda path, **_: full(path))
    answer = init("elsewhere", *WHERE, *SOURCE, *NUMBERS)
    assert answer.code == 1
    assert "error: .github/CODEOWNERS cannot be written: No space left on device" in answer.err


def test_a_page_that_cannot_be_written_is_an_error(init: Run, tmp_path: Path) -> None:
    """requests/README.md where `requests` is a file; and it is made anew where its folder is not there."""
    assert init(*WHERE, *SOURCE, *NUMBERS).code == 0
    page = tmp_path / "requests/README.md"
    before = page.read_text("utf-8")
    page.unlink()
    page.parent.rmdir()
    assert init("--requests-page").out == "wrote requests/README.md\n"
    assert page.read_text("utf-8") == before
    page.unlink()
    page.parent.rmdir()
    page.parent.write_text("mine")
    answer = init("--requests-page")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "error: requests/README.md cannot be written: File exists\n"


def theirs(page: Path, _policy: Path) -> str:
    """A person wrote the page."""
    page.write_text("ours\n")
    return f"{PAGE} was not made by jitbot, and stays as it is: move it away first"


def a_link(page: Path, _policy: Path) -> str:
    """It leads to a page that jitbot made."""
    page.rename(page.with_name("other.md"))
    page.symlink_to("other.md")
    return f"{PAGE} was not made by jitbot, and stays as it is: move it away first"


def broken(_page: Path, policy: Path) -> str:
    """A rule does not read."""
    policy.write_text("description: x\n")
    return "a rule does not read, so that the page cannot be made: jitbot check says which"


@pytest.mark.parametrize("spoil", [theirs, a_link, broken])
def test_a_page_that_cannot_be_made_anew_stays(
    init: Run, tmp_path: Path, spoil: Callable[[Path, Path], str]
) -> None:
    """A person's page, one behind a link, and one of rules that do not read."""
    assert init(*WHERE, *SOURCE, *NUMBERS).code == 0
    page = tmp_path / PAGE
    why = spoil(page, tmp_path / "policies/access/rehearsal.yaml")
    before = (page.is_symlink(), page.read_text("utf-8"))
    answer = init("--requests-page")
    assert (answer.code, answer.out, answer.err) == (1, "", f"error: {why}\n")
    assert (page.is_symlink(), page.read_text("utf-8")) == before


@pytest.fixture
def laid_out(tmp_path: Path) -> None:
    """Settings of acme's repository, as they are on main."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "settings.yaml").write_bytes(acme_tree(ISSUER)["policies/settings.yaml"])


@pytest.mark.usefixtures("laid_out")
def test_settings_that_do_not_read_are_named(init: Run, tmp_path: Path, github: PlainSetUp) -> None:
    """With the line and the reason, before GitHub is asked anything."""
    file = tmp_path / "policies/settings.yaml"
    file.write_text(file.read_text("utf-8").replace("repository_id: 700001", "\nrepository_id: seven"))
    answer = init("--apply", "--yes")
    assert (answer.code, answer.out, github.sent) == (1, "", [])
    assert answer.err.startswith("error: policies/settings.yaml:4: ")


@pytest.mark.usefixtures("laid_out")
def test_settings_of_another_repository_are_not_applied(init: Run, github: PlainSetUp) -> None:
    """GitHub is asked first which repository it is, and nothing is listed or changed."""
    github.of = replace(a_repository(), repository_id=700002)
    answer = init("--apply", "--yes")
    assert (answer.code, answer.out, github.sent) == (1, "", [])
    assert answer.err.startswith(
        "error: policies/settings.yaml is that of acme/access (700001), and GitHub's"
    )


@pytest.mark.usefixtures("laid_out")
def test_where_nobody_can_be_asked_yes_must_be_said(init: Run, github: PlainSetUp) -> None:
    """Without it nothing is changed."""
    answer = init("--apply")
    assert (answer.code, answer.out, github.sent) == (2, "", [])
    assert "nobody is here to say yes: give --yes" in answer.err


@pytest.mark.usefixtures("laid_out")
def test_each_change_is_said_before_and_after(init: Run, github: PlainSetUp) -> None:
    """What will be set is listed first; then comes what had to be set, and what was already."""
    github.jobs = {**JOB_TOKENS, "default_workflow_permissions": "write"}
    answer = init("--apply", "--yes")
    assert (answer.code, answer.err.splitlines()) == (
        0,
        ["On GitHub, for acme/access:", *(f"  {each.effect or each.title}" for each in ALL_CHANGES)],
    )
    *changes, last = answer.out.splitlines()
    assert last == "Next: jitbot doctor"
    assert [each.rpartition(": ")[0] for each in changes] == [f"✓ {each.title}" for each in ALL_CHANGES]
    assert [each.rpartition(": ")[2] for each in changes].count("done") == len(github.sent) == 1


@pytest.mark.usefixtures("laid_out")
@pytest.mark.parametrize(("typed", "code", "sent"), [("y", 0, 1), ("n", 3, 0)])
def test_at_a_terminal_a_person_is_asked(
    init: Run, github: PlainSetUp, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, sent: int
) -> None:
    """Yes changes GitHub, and no leaves it as it is."""
    github.jobs = {**JOB_TOKENS, "default_workflow_permissions": "write"}
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []

    def answered(prompt: str) -> str:
        asked.append(prompt)
        return typed

    monkeypatch.setattr("click.termui.visible_prompt_func", answered)
    assert (init("--apply").code, len(github.sent)) == (code, sent)
    assert [each.strip() for each in asked] == ["Apply these settings? [y/N]:"]
