"""`jitbot init`: from an empty repository on the sandbox to one that doctor finds well and grant works in."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import desk
import pytest
import yaml
from desk import NOW, Said, said

import requests
from jitbot.commands.setup import templates
from jitbot.domain.ledger.attestation import TOKENS
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault

ROOT = Path(__file__).parents[3]
RELEASE = "0123456789abcdef0123456789abcdef01234567"
NAME = "acme/new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A repository with a README alone, its clone, and an admin's hands."""

    github: GitHubSandbox
    folder: Path

    def jitbot(self, *arguments: str, login: str = "olivia") -> Said:
        """Run jitbot in the clone, as this person."""
        environ = {"GITHUB_API_URL": self.github.api_url, "GITHUB_SERVER_URL": self.github.url}
        environ |= {"GITHUB_TOKEN": self.github.token_for(login), "PATH": os.environ["PATH"]}
        return said(*arguments, folder=self.folder, environ=environ)

    def init(self, *more: str) -> Said:
        """Write the files."""
        people = ("--owner", "bob", "--owner", "erin", "--account", "prod=111111111111")
        where = ("--repository", NAME, "--upstream", "acme/jitbot", "--issuer", self.github.issuer)
        return self.jitbot("init", *where, *people, *(more or ("--release", RELEASE)))

    def git(self, *arguments: str) -> None:
        """Run git in the clone."""
        named = ("-c", "user.name=olivia", "-c", "user.email=olivia@acme.com")
        subprocess.run(["git", *named, *arguments], cwd=self.folder, check=True, capture_output=True)

    def push(self) -> None:
        """Put all that lies here on main."""
        self.git("add", "-A")
        self.git("commit", "-qm", "Begin with jitbot")
        self.git("push", "-q", "origin", "HEAD:main")

    def call(self, login: str, method: str, path: str, **content: Any) -> requests.Response:
        """One call of GitHub's API."""
        headers = {"Authorization": f"Bearer {self.github.token_for(login)}"}
        url = f"{self.github.api_url}/repos/{NAME}{path}"
        return requests.request(method, url, headers=headers, json=content, timeout=10)

    def files(self) -> set[str]:
        """What lies in the clone, git's own aside."""
        every = (file.relative_to(self.folder) for file in self.folder.rglob("*") if file.is_file())
        return {file.as_posix() for file in every if file.parts[0] != ".git"}


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begun]:
    """A fresh repository on GitHub: no rules, no ledger."""
    with GitHubSandbox(Clock(NOW)) as github:
        github.rules.clear()
        for login, number in (("bob", 1002), ("erin", 1005)):
            github.add_user(login, number)
        github.add_user("olivia", 1009, permission="admin")
        github.create_repository(NAME, {"README.md": b"ours\n"}, ledger=False, repository_id=700077)
        folder = tmp_path / "new"
        subprocess.run(["git", "clone", "-q", github.git_url("olivia", NAME), str(folder)], check=True)
        yield Begun(github=github, folder=folder)


def test_from_nothing_to_granting(begun: Begun) -> None:
    """init, push, init --apply: doctor finds nothing to say, and grant decides what is merged."""
    assert begun.init().code == 0
    assert begun.jitbot("check").code == 0
    begun.push()
    assert begun.jitbot("doctor", "--no-aws").code == 1
    applied = begun.jitbot("init", "--apply", "--yes")
    assert applied.code == 0
    assert applied.out.count("done") == 5
    diagnosed = begun.jitbot("doctor", "--no-aws", "--format", "json")
    assert [each for each in diagnosed.json["checks"] if each["verdict"] != "ok"] == []
    assert diagnosed.code == 0
    environ = begun.github.run_environment(workflow="grant.yml", repository=NAME)
    ran = said("grant", folder=begun.folder, environ={**environ, "PATH": os.environ["PATH"]})
    assert ran.code == 0
    assert re.fullmatch(
        r"• rules: \d+ files changed by commit \w{10}, pushed past the rules by olivia\n", ran.out
    )


def test_the_pin_names_its_version(begun: Begun) -> None:
    """A tag of the upstream that names the commit is written beside it; without one init warns, and writes all the same."""
    begun.github.create_repository("acme/jitbot", {"README.md": b"jitbot\n"}, repository_id=700078)
    repository = begun.github._site.repository("acme/jitbot")
    tip = repository.tip("main")
    repository.store.update_ref("refs/tags/v1.2.3", tip)
    made = begun.init("--release", tip)
    pin = f"uses: acme/jitbot/.github/actions/jitbot@{tip} # v1.2.3\n"
    assert pin in (begun.folder / ".github/workflows/grant.yml").read_text()
    assert "version tag" not in made.err
    begun.push()
    begun.git("rm", "-rq", ".")
    other = begun.init()
    assert other.code == 0
    assert "! no version tag of acme/jitbot names this commit; Dependabot proposes no upgrade" in other.err


def test_the_rules_hold(begun: Begun) -> None:
    """After --apply nobody, admins included, pushes to main, rewrites the ledger, or merges unapproved."""
    begun.init()
    begun.push()
    begun.jitbot("init", "--apply", "--yes")
    (begun.folder / "x").write_text("x")
    with pytest.raises(subprocess.CalledProcessError):
        begun.push()
    begun.git("push", "-q", "origin", "HEAD:refs/heads/mine")
    with pytest.raises(subprocess.CalledProcessError):
        begun.git("push", "-q", "--force", "origin", "HEAD:refs/heads/ledger")
    opened = begun.call("olivia", "POST", "/pulls", title="x", head="mine", base="main")
    assert opened.status_code == 201
    assert begun.call("olivia", "PUT", "/pulls/1/merge", merge_method="squash").status_code == 405
    assert begun.call("bob", "POST", "/pulls/1/reviews", event="APPROVE").status_code == 200
    assert begun.call("olivia", "PUT", "/pulls/1/merge", merge_method="squash").status_code == 405
    sha = opened.json()["head"]["sha"]
    for context in ("jitbot/check", "jitbot/approval"):
        assert (
            begun.call("bob", "POST", f"/statuses/{sha}", state="success", context=context).status_code == 201
        )
    assert begun.call("olivia", "PUT", "/pulls/1/merge", merge_method="rebase").status_code == 405
    assert begun.call("olivia", "PUT", "/pulls/1/merge", merge_method="squash").status_code == 200


def test_the_ledger_has_no_past(begun: Begun) -> None:
    """The ledger begins with one commit without a parent, which holds one README."""
    begun.init()
    begun.push()
    begun.jitbot("init", "--apply", "--yes")
    store = begun.github._site.repository(NAME).store
    commit = store.commit(store.tip("ledger") or "")
    assert commit.parents == ()
    assert [entry.name for entry in store.folder(commit.sha, "")] == ["README.md"]


def test_apply_twice_changes_nothing(begun: Begun) -> None:
    """A second --apply finds everything already set, and sends nothing that changes anything."""
    begun.init()
    begun.push()
    begun.jitbot("init", "--apply", "--yes")
    begun.github.calls.clear()
    again = begun.jitbot("init", "--apply", "--yes")
    assert (again.code, again.out.count("already set")) == (0, 6)
    assert {method for method, _ in begun.github.calls} == {"GET"}


def test_apply_mends_a_weakened_ruleset(begun: Begun) -> None:
    """What somebody took out of the rulesets since is put back."""
    begun.init()
    begun.push()
    begun.jitbot("init", "--apply", "--yes")
    (main,) = [
        each for each in begun.call("olivia", "GET", "/rulesets").json() if each["name"] == "jitbot: main"
    ]
    body = begun.call("olivia", "GET", f"/rulesets/{main['id']}").json()
    body["rules"] = [each for each in body["rules"] if each["type"] != "non_fast_forward"]
    body["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    assert begun.call("olivia", "PUT", f"/rulesets/{main['id']}", **body).status_code == 200
    assert begun.jitbot("doctor", "--no-aws").code == 1
    assert begun.jitbot("init", "--apply", "--yes").out.count("done") == 1
    assert begun.jitbot("doctor", "--no-aws").code == 0


def test_apply_needs_a_yes(begun: Begun) -> None:
    """Where nobody can be asked, --yes must be said; nothing is done without it."""
    begun.init()
    begun.push()
    refused = begun.jitbot("init", "--apply")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert begun.github.rules == {}


def test_apply_before_the_push_is_refused(begun: Begun) -> None:
    """Rules before files would keep the files out: apply says what comes first, and does nothing."""
    begun.init()
    refused = begun.jitbot("init", "--apply", "--yes")
    assert refused.code == 1
    assert "push the files" in refused.err
    assert begun.github.rules == {}


def test_apply_with_an_owner_nobody_knows_is_refused(begun: Begun) -> None:
    """Where GitHub finds an error in CODEOWNERS nothing is locked behind it."""
    begun.init()
    owners = begun.folder / ".github/CODEOWNERS"
    owners.write_text(owners.read_text().replace("@erin", "@nobody"))
    begun.push()
    refused = begun.jitbot("init", "--apply", "--yes")
    assert refused.code == 1
    assert "CODEOWNERS:2" in refused.err
    assert begun.github.rules == {}


def test_apply_for_another_repository_is_refused(begun: Begun) -> None:
    """settings.yaml must be that of the repository GitHub knows under its name."""
    begun.init("--release", RELEASE, "--repository-id", "700078")
    begun.push()
    refused = begun.jitbot("init", "--apply", "--yes")
    assert refused.code == 1
    assert "700077" in refused.err


def test_apply_without_rights_is_told(begun: Begun) -> None:
    """Whoever is no admin is refused by GitHub, in its words."""
    begun.init()
    begun.push()
    refused = begun.jitbot("init", "--apply", "--yes", login="bob")
    assert refused.code == 3
    assert "admin rights" in refused.err


def test_nothing_is_overwritten(begun: Begun) -> None:
    """One file that is there already keeps all others from being written, and stays as it is."""
    kept = begun.folder / "policies/teams.yaml"
    kept.parent.mkdir()
    kept.write_text("acme/x: [bob]\n")
    before = begun.files()
    refused = begun.init()
    assert refused.code == 1
    assert "policies/teams.yaml" in refused.err
    assert begun.files() == before
    assert kept.read_text() == "acme/x: [bob]\n"


@pytest.mark.real_git
def test_what_the_guides_leave_here_is_not_put_on_main(begun: Begun) -> None:
    """`git add -A` takes all that init wrote and all that is on main of any repository, and no address, key or report."""
    begun.init()
    guides = ROOT / ".github/docs"
    told = {name: (guides / name).read_text("utf-8") for name in ("notifications.md", "for-auditors.md")}
    left = [line[2:] for text in told.values() for line in re.findall(r"> [\w-]+\.json", text)]
    left += re.findall(r"--output ([\w.]+)", told["for-auditors.md"])
    assert set(left) == {"channels.json", "github-keys.json", "pack", "2026.html"}
    begun.git("config", "core.excludesFile", os.devnull)
    written = begun.files()
    kept = ["requests/orders-db-read/2026-11/24-alice-env.yaml", "policies/issuer-keys.json", "jitbot.yaml"]
    left[left.index("pack")] = "pack/manifest.json"
    for path in [*left, *kept, "jitbot-report-20260101-20260331.html", ".venv/bin/jitbot", ".env"]:
        (begun.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (begun.folder / path).write_text("x")
    begun.git("add", "-A")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=begun.folder, check=True, capture_output=True, text=True
    ).stdout
    assert set(listed.split()) == written | set(kept)


def test_a_gitignore_that_is_there_stays(begun: Begun) -> None:
    """GitHub offers to begin a repository with one, so it is no reason to write nothing."""
    file = begun.folder / ".gitignore"
    file.write_text("mine\n")
    made = begun.init()
    assert (made.code, file.read_text(), "wrote .gitignore" in made.out) == (0, "mine\n", False)
    assert (begun.folder / "policies/people.yaml").is_file()


def test_a_link_is_not_written_through(begun: Begun, tmp_path: Path) -> None:
    """A dangling symlink in a file's place is something that exists."""
    (begun.folder / "requests").mkdir()
    (begun.folder / "requests/README.md").symlink_to(tmp_path / "elsewhere")
    assert begun.init().code == 1
    assert not (tmp_path / "elsewhere").exists()
    assert begun.files() == {"README.md"}


@pytest.mark.parametrize("release", ["v1.0", "main", RELEASE[:12], RELEASE + "0"])
def test_a_tag_is_no_release(begun: Begun, release: str) -> None:
    """Only a full commit is pinned; nothing is written for anything else."""
    refused = begun.init("--release", release)
    assert refused.code == 1
    assert "40 hex digits" in refused.err
    assert begun.files() == {"README.md"}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (("", ""), "--upstream owner/name --release COMMIT. COMMIT is what `git rev-parse HEAD` prints"),
        (("", RELEASE), f"--upstream owner/name. This jitbot is at {RELEASE};"),
    ],
)
def test_an_unknown_release_must_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: tuple[str, str], said: str
) -> None:
    """An installation that does not know its own commit, or its repository, says which, and how to find it."""
    monkeypatch.setattr(templates, "release", lambda: known)
    refused = desk.said(
        "init", "--repository", NAME, "--owner", "bob:2", "--account", "prod=1", folder=tmp_path
    )
    assert refused.code == 2
    assert said in refused.err


@pytest.mark.parametrize(
    ("origin", "upstream"),
    [
        ("https://github.com/acme/jitbot.git", "acme/jitbot"),
        ("git@github.com:acme/jitbot.git", "acme/jitbot"),
        ("ssh://git@github.com/acme/jitbot", "acme/jitbot"),
        ("/srv/jitbot", ""),
        ("https://example.com/github.com/acme/jitbot", ""),
        ("", ""),
    ],
)
def test_a_checkout_knows_its_commit(tmp_path: Path, origin: str, upstream: str) -> None:
    """Installed from a clone, or run in one: HEAD is the release, and origin the repository where it is GitHub's."""
    assert templates.of_checkout(tmp_path) == ("", "")
    work = desk.Desk(root=tmp_path)
    work.git("init", "--quiet", "--template=")
    assert templates.of_checkout(tmp_path) == ("", "")  # no commit yet
    commit = work.commit()
    if origin:
        work.git("remote", "add", "origin", origin)
    assert templates.of_checkout(tmp_path) == (upstream, commit)


def test_an_owner_nobody_has_is_refused(begun: Begun) -> None:
    """A login without an account on GitHub ends in no file."""
    refused = begun.init("--release", RELEASE, "--owner", "ghost")
    assert refused.code == 1
    assert "ghost" in refused.err
    assert begun.files() == {"README.md"}


def test_nothing_is_reused_and_everything_pinned(begun: Begun) -> None:
    """Each workflow calls jitbot's action at the full commit, and no workflow of another repository."""
    begun.init()
    for file in (begun.folder / ".github/workflows").iterdir():
        if file.name == "clock.yml":  # it starts others, and needs no action
            continue
        used = re.findall(r"^ +uses: (\S+)", file.read_text(), re.MULTILINE)
        assert f"acme/jitbot/.github/actions/jitbot@{RELEASE}" in used
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)
        assert not any(".github/workflows/" in each for each in used)


@pytest.mark.parametrize("name", sorted(templates.workflows()))
def test_the_workflows_are_this_repositorys_own(name: str) -> None:
    """A data-only repository runs the very files of this one, with the action pinned and no code of its own."""
    own = (ROOT / ".github/workflows" / name).read_text()
    pinned = own.replace(
        "uses: ./.github/actions/jitbot", "uses: __UPSTREAM__/.github/actions/jitbot@__RELEASE__"
    )
    assert templates.workflows()[name] == pinned.replace("            jitbot\n", "")


def test_push_protection_leaves_the_tokens_of_the_ledger_alone(begun: Begun) -> None:
    """GitHub would refuse a batch for the token that attests it, here and in a repository that init lays out."""
    assert begun.init().code == 0
    for folder in (ROOT, begun.folder):
        said = yaml.safe_load((folder / ".github/secret_scanning.yml").read_text("utf-8"))
        assert said == {"paths-ignore": [f"{TOKENS}**"]}


def test_every_workflow_of_jitbot_is_shipped() -> None:
    """All workflows but the project's own tests and releases come along."""
    assert {*templates.workflows(), "ci.yml", "nightly.yml", "release.yml"} == {
        file.name for file in (ROOT / ".github/workflows").iterdir()
    }


def test_a_second_repository_has_a_namespace_of_its_own(begun: Begun) -> None:
    """It is written where every grant and every stack is named by it; jit is for the first."""
    assert begun.init("--release", RELEASE, "--namespace", "pay").code == 0
    settings = yaml.safe_load((begun.folder / "policies/settings.yaml").read_text())
    assert settings["namespace"] == "pay"
    printed = begun.jitbot("bootstrap", "--stackset", "--services", "s3", "--existing-provider").out
    assert "--existing-provider > jitbot.yaml" in printed
    assert "--stack-set-name paybot" in printed
    assert "jitbot --" not in printed


def test_a_second_repository_is_set_up_as_the_guide_says(begun: Begun) -> None:
    """Its commands, as they are written: they give files, a protected ledger, and a stack that leaves the issuer alone."""
    page = (ROOT / ".github/docs/capacity.md").read_text().partition("## How to split")[2]
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    said = {}
    for line in lines:
        command = line.replace("OWNER/payments-access", NAME).partition(" > ")[0]
        words = command.split()
        if words[:2] == ["git", "add"]:
            begun.push()
            continue
        more = ["--upstream", "acme/jitbot", "--release", RELEASE, "--issuer", begun.github.issuer]
        words += {"init .": more, "init --apply": ["--yes"], "doctor": ["--no-github", "--no-aws"]}.get(
            " ".join(words[1:3]), []
        )
        said[command] = begun.jitbot(*words[1:])
        assert said[command].code in ({0, 1} if words[1] == "doctor" else {0}), (command, said[command].err)
    assert [command for command in said if command == "jitbot doctor"] == ["jitbot doctor"]
    template, roll_out, requesters = list(said.values())[2:5]
    stack = yaml.safe_load(template.out)
    assert stack["Parameters"]["CreateOidcProvider"]["Default"] == "false"
    assert stack["Parameters"]["Namespace"]["Default"] == "pay"
    assert (
        stack["Resources"]["OidcProvider"]["DeletionPolicy"] == "Retain"
    )  # the first one's, if it is deleted
    assert "paybot" in roll_out.out
    assert "role/pay/*" in requesters.out


def test_without_github_the_numbers_can_be_given(begun: Begun) -> None:
    """What GitHub would only look up is then written as it was given, with a warning about the version."""
    begun.github.faults = lambda *_: GitHubFault(status=409, body=b"{}")
    refused = begun.init("--release", RELEASE, "--owner", "dan:1004")
    assert (refused.code, refused.err) == (
        3,
        "error: GitHub answered 409: no reason given; nothing was written. Without a network, give the numbers "
        "yourself: --repository-id ID --owner bob:ID --owner erin:ID\n",
    )
    assert begun.files() == {"README.md"}
    given = ("--repository-id", "700077", "--owner", "bob:1002", "--owner", "erin:1005")
    made = begun.init("--release", RELEASE, *given)
    assert made.code == 0
    assert (
        "! whether a version tag of acme/jitbot names this commit is not known: GitHub answered" in made.err
    )
    assert "github_id: 1005" in (begun.folder / "policies/people.yaml").read_text("utf-8")
