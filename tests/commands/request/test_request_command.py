"""`jitbot request` with flags, and where it cannot be: each ends in a sentence that helps, and writes nothing."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import pytest
from acme_facts import HOUR, MERGED_AT, PATH, a_request, the_rules
from asking_office import Office
from builders import a_revocation, an_approval
from catalogue_facts import the_catalogue
from desk import Said, said

from jitbot.commands.request.asked_already import _granted
from jitbot.commands.request.resolve_request import LedgerAnswer
from jitbot.commands.request.submit import _how_to_use
from jitbot.domain.access.request_state import fold_events
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.request.progress import ProgressStep, ProgressUpdate
from jitbot.domain.views.grant_preview import would_grant
from jitbot.sandbox.github.records import GitHubFault
from jitbot.wiring.requester import repository_of

ASK = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=orders", "-r", "why")


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    """acme in good health, where nothing must be written."""
    before = running.branches()
    yield running
    running.acme.github.faults = None
    assert running.branches() == before


def without(name: str) -> list[str]:
    """The arguments of a whole request, but one option."""
    at = ASK.index(name)
    return [*ASK[:at], *ASK[at + 2 :]]


@pytest.mark.parametrize(
    ("option", "named"), [("-a", "--account"), ("-d", "--duration"), ("-p", "-p table=…"), ("-r", "--reason")]
)
def test_what_is_missing_is_named(office: Office, option: str, named: str) -> None:
    """Without a terminal nothing is asked: what is missing is named, as misuse, and nothing else is."""
    answer = office.run(*without(option))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.rstrip().endswith(f"no terminal to ask at: {named}")


def test_without_a_policy(office: Office) -> None:
    """Without a terminal and a policy, the policies that one may use are named."""
    answer = office.run("request")
    assert (answer.code, answer.out) == (2, "")
    assert "account-read-only, orders-db-read, service-logs-read, sqs-redrive, ssm-shell" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-d", "9h"), "--duration: 9h is above the maximum of orders-db-read, 4h ["),
        (("-a", "data"), "--account: orders-db-read does not give access to data"),
        (("-p", "table=*"), "-p table=…: "),
        (("-p", "chair=x"), "-p chair=…: orders-db-read has no parameter chair"),
        (("-r", "a\x1b[2Jb"), "--reason: 'a\\x1b[2Jb' holds"),
        (("--ticket", "x y"), "--ticket: ticket: "),
        (
            ("--starts-at", "2029-01-01T00:00:00Z"),
            "--starts-at: 2029-01-01T00:00:00Z is more than 7 days ahead [",
        ),
    ],
)
def test_what_would_be_refused_is_not_asked(office: Office, arguments: tuple[str, str], words: str) -> None:
    """What `check` would find is found before anything is written, by the same words, of the option; exit code 1."""
    answer = office.run(*(without(arguments[0]) if arguments[0] in ASK else ASK), *arguments)
    if arguments == ("-p", "chair=x"):
        answer = office.run(*ASK, *arguments)
    assert answer.code == 1
    assert answer.out.startswith(words)
    assert "requests/" not in answer.out  # no file is there yet
    assert answer.err.rstrip().endswith("nothing was asked for")
    assert "\x1b" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-d", "1 hour"), "is not a duration"),
        (("-p", "table"), "is not name=value"),
        *(
            (
                ("--starts-at", text),
                f"{text!r} is not a UTC time such as 2026-11-24T09:00:00Z; tomorrow at nine, UTC, is ",
            )
            for text in ("tomorrow", "monday 9:00", "2026-11-24T09:00:00+01:00")
        ),
        (("--repo", "x"), "OWNER/NAME"),
    ],
)
def test_misuse_is_said(office: Office, arguments: tuple[str, str], words: str) -> None:
    """What is no duration, parameter or repository is misuse, and says how to write one."""
    answer = office.run(*ASK, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def refused(answer: Said, *words: str, code: int = 1) -> None:
    """An error on stderr with these words, and nothing on stdout. 1 is a no that nobody needs to try again."""
    assert answer.out == ""
    assert answer.code == code
    assert answer.err.startswith("error: ")
    for word in words:
        assert word in answer.err


def test_a_policy_for_others(office: Office) -> None:
    """A policy that one may not use is said to be that, with those one may use, and whom to ask."""
    refused(office.run("request", "production-admin"), "alice may not use", "ssm-shell", "@acme/security")


def test_a_policy_that_is_none(office: Office) -> None:
    """A name that is no policy is answered with those it may have meant."""
    refused(office.run("request", "orders"), "no policy 'orders'", "you may use: orders-db-read")
    misspelt = office.run("request", "orders-db-reed")
    refused(misspelt, "there is no policy 'orders-db-reed'; you may use: orders-db-read\n")


def test_a_parameter_that_is_none_is_said_before_anything_is_asked(office: Office) -> None:
    """A misspelt name is named with those that there are, not asked for as if nothing had been said."""
    answer = office.run(*without("-p"), "-p", "tabel=orders")
    assert (answer.code, answer.out) == (2, "")
    assert "orders-db-read has no parameter 'tabel'; it asks for: table" in answer.err


def test_somebody_unknown(office: Office) -> None:
    """Who is not in people.yaml, or there under another id, is told so, and whom to ask."""
    office.acme.github.add_user("zoe", 4242)
    refused(office.run(*ASK, login="zoe"), "zoe (GitHub id 4242)", "policies/people.yaml", "@acme/security")
    site = office.acme.github._site
    carol = site.user("carol")
    site.add_user(replace(carol, id=99))
    refused(office.run(*ASK, login="carol"), "carol (GitHub id 99)")
    site.add_user(carol)


def test_somebody_who_only_approves(office: Office) -> None:
    """Who has no AWS principal is told that they can approve, but not ask."""
    refused(office.run(*ASK, login="erin"), "no AWS principal", "can approve but not ask", "@acme/security")


def test_somebody_without_any_policy(office: Office) -> None:
    """Who may use no policy is told so, and whom to ask."""
    main = office.github.store.tip("main")
    store, who = office.github.store, office.acme.github._site.web_flow()
    teams = store.read(main, "policies/teams.yaml").replace(b", grace,", b",").replace(b"[grace]", b"[heidi]")
    store.commit_files("main", main, {"policies/teams.yaml": teams}, (), "by hand", who, who)
    refused(
        office.run(*ASK, login="grace"), "no policy names grace", "@acme/security, who own policies/access/"
    )
    store.update_ref("refs/heads/main", main)


def test_somebody_who_may_not_push(office: Office) -> None:
    """Who may only read is told so before anything is written, and who can help."""
    office.acme.github.add_user("alice", 1001, permission="read")
    answer = office.run(*ASK)
    office.acme.github.add_user("alice", 1001)
    assert answer.code == 1
    assert "alice may not push to acme/access" in answer.err
    assert "an admin of the repository" in answer.err


def test_another_repository(office: Office) -> None:
    """A name that GitHub shows no repository for is said to be that; so is one with other things in it."""
    refused(office.run(*ASK, "--repo", "acme/nothing"), "no repository acme/nothing", "the token may read it")
    office.acme.github.create_repository("acme/app", {"README.md": b"x\n"}, repository_id=7)
    refused(
        office.run(*ASK, JITBOT_REPOSITORY="acme/app"),
        "acme/app is no access repository",
        "--repo OWNER/NAME",
    )


def test_no_repository(office: Office, tmp_path: Path) -> None:
    """Where no repository is named at all it is misuse, and all ways to name one are said."""
    answer = office.run(*ASK, JITBOT_REPOSITORY="")
    assert answer.code == 2
    assert "--repo OWNER/NAME, set JITBOT_REPOSITORY, run this in a clone" in answer.err
    assert "git config --global jitbot.repository OWNER/NAME" in answer.err


def test_a_token_is_needed(office: Office) -> None:
    """Without a token one is told how to have one; GH_TOKEN will do; what GitHub refuses is said to be that."""
    refused(office.run(*ASK, GITHUB_TOKEN="", PATH="/nowhere"), "gh auth login", "GITHUB_TOKEN")
    assert office.run(*ASK, "--dry-run", GITHUB_TOKEN="", GH_TOKEN=office.acme.token("alice")).code == 0
    refused(office.run(*ASK, GITHUB_TOKEN="ghp_wrong"), "GitHub refuses the token", code=3)


def test_githubs_own_command_line_gives_the_token(office: Office, tmp_path: Path) -> None:
    """With neither variable, `gh auth token` is asked for the host that is spoken to."""
    gh = tmp_path / "gh"
    gh.write_text(
        f'#!/bin/sh\n[ "$*" = "auth token --hostname 127.0.0.1" ] && echo {office.acme.token("alice")}\n'
    )
    gh.chmod(0o755)
    answer = office.run(*ASK, "--dry-run", GITHUB_TOKEN="", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (answer.code, answer.err) == (0, "")


def test_single_sign_on_is_passed_on(office: Office) -> None:
    """Where the organisation wants its single sign-on, GitHub's own words say so."""
    words = b'{"message": "Resource protected by organization SAML enforcement. Grant your token access."}'
    office.acme.github.faults = lambda _method, _path: GitHubFault(
        status=403, body=words, headers={"Content-Type": "application/json"}
    )
    refused(office.run(*ASK), "organization SAML enforcement", code=3)


@pytest.mark.usefixtures("impatient")
def test_offline(office: Office) -> None:
    """Where nothing answers that is said, with exit code 3."""
    answer = office.run(*ASK, GITHUB_API_URL="http://127.0.0.1:1")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("error: GitHub does not answer")


def test_a_dry_run(office: Office) -> None:
    """--dry-run shows what would be asked for, and the file, and writes nothing."""
    office.acme.github.calls.clear()
    answer = office.run(*ASK, "--ticket", "INC-7", "--dry-run")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("alice asks for orders-db-read in prod for 1h, until ")
    assert (
        "\n    requester: alice\n    accounts: [prod]\n    duration: 1h\n    reason: why\n    ticket: INC-7\n"
        in answer.out
    )
    assert "\nticket:   INC-7\n" in answer.out
    assert {method for method, path in office.acme.github.calls if path != "/graphql"} <= {"GET"}
    shape = office.run(*ASK, "--dry-run", "--format", "json").json
    assert (shape["policy"], shape["owners"], shape["approvals_required"]) == (
        "orders-db-read",
        ["@acme/payments-leads"],
        1,
    )


def test_hostile_words_stay_words(running: Office) -> None:
    """A reason full of Markdown, shell and commands of the runner reaches the file as it is, and nothing else."""
    reason = '@bob ::error::x ##[error] `rm` | <img> $(x) "q" \\ #1: [a](http://x)'
    answer = running.run(
        "request",
        "orders-db-read",
        "-a",
        "prod",
        "-d",
        "1h",
        "-p",
        "table=orders",
        "-r",
        reason,
        "--format",
        "json",
    )
    assert answer.code == 0
    pull = running.github.pulls[answer.json["pull_request"]]
    content = running.github.store.read(pull.head_sha, answer.json["request"])
    again = running.run("request", "--again", str(pull.number), "--dry-run", "--format", "json")
    assert again.json["reason"] == reason
    assert content.decode().count("\n") == 6
    message = running.github.store.commit(pull.head_sha).message
    assert "bob" not in message + pull.title
    assert "@bob" not in pull.body
    assert "<img>" not in pull.body
    shown = running.run("request", "--again", str(pull.number), "--dry-run").out
    assert "##[" not in shown


def test_break_glass_waits_for_nobody(running: Office) -> None:
    """What needs no approval before the merge is not said to wait for one, by `request` and by `status`."""
    glass = ("request", "production-break-glass", "-a", "prod", "-d", "1h", "-r", "down", "--ticket", "INC-1")
    answer = running.run(*glass, login="dave")
    assert answer.code == 0, answer.err
    assert "once it is approved" not in answer.err
    assert (
        "jitbot needs no approval of a break-glass. GitHub merges it after one approval, of anyone with write access "
        "who did not push it"
    ) in answer.err
    assert "asked, break-glass: any one approval for GitHub" in running.run("status", login="dave").out


def test_asking_twice_is_noticed(running: Office) -> None:
    """A second request for what waits, or is granted, already is said to be that; it is opened all the same."""
    wanted = ("request", "service-logs-read", "-a", "prod", "-d", "1h", "-p", "service=orders", "-r", "twice")
    first = running.run(*wanted)
    assert (first.code, "already" in first.err) == (0, False), first.err
    second = running.run(*wanted)
    assert second.code == 0, second.err
    assert f"a request of yours under this policy waits already: {first.out.strip()}" in second.err


def test_what_is_granted_already_is_noticed() -> None:
    """The same of the same person, in accounts that cover it, while it runs; nothing else is the same."""
    states = dict(fold_events([an_approval(asked=a_request(accounts=("prod", "staging")))]))
    answer, asked = LedgerAnswer(states=states), a_request(path=PATH.replace("refunds", "again"))
    (said_,) = _granted(answer, asked, MERGED_AT)
    assert said_.endswith(f"for more time: jitbot extend {PATH}")
    assert said_.startswith("you have this already until 2026-11-24T11:00:00Z")
    assert list(_granted(answer, replace(asked, requester=Login("ALICE")), MERGED_AT)) == [said_]
    for other in (
        replace(asked, requester=Login("bob")),
        replace(asked, accounts=("data",)),
        replace(asked, parameters={"table": "refunds"}),
        replace(asked, path=asked.path.replace("orders-db-read", "other")),
    ):
        assert list(_granted(answer, other, MERGED_AT)) == []
    assert list(_granted(answer, asked, MERGED_AT + 2 * HOUR)) == []
    ended = fold_events([an_approval(asked=a_request(accounts=("prod", "staging"))), a_revocation()])
    assert list(_granted(LedgerAnswer(states=dict(ended)), asked, MERGED_AT)) == []


def test_each_account_has_its_own_command() -> None:
    """After a grant in several accounts the command to use it names one, as `exec` wants it."""
    for accounts, options in (
        (("prod",), [""]),
        (("prod", "staging"), [" --account prod", " --account staging"]),
    ):
        approval = an_approval(asked=a_request(accounts=accounts))
        (state,) = fold_events([approval]).values()
        preview = would_grant(a_request(accounts=accounts), the_rules(), MERGED_AT, the_catalogue())
        assert preview is not None
        update = ProgressUpdate(step=ProgressStep.GRANTED, statuses={}, term=state.current)
        used = [line for line in _how_to_use(update, preview) if line.startswith("use it")]
        assert used == [
            f"use it: jitbot exec 24-alice-refunds.yaml{each} -- aws sts get-caller-identity"
            for each in options
        ]


def test_again(running: Office) -> None:
    """--again takes a path, a part of one, or a number or address of a pull request, and what is said over it.

    A part is looked for among the requests of this month and the last; a whole path names any that main holds.
    """
    opened = running.run(*ASK[:-1], "first time", "--format", "json").json
    number, url = opened["pull_request"], opened["url"]
    for text in (str(number), f"#{number}", url):
        answer = running.run("request", "--again", text, "-d", "2h", "--dry-run", "--format", "json")
        assert answer.code == 0, answer.err
        assert answer.json["request"].endswith("-alice-first-time-2.yaml")
        assert answer.json["requester"] == "alice"
    running.approve("bob", number)
    running.workflows.idle()
    for text in ("first-time", opened["request"]):
        assert running.run("request", "--again", text, "--dry-run").code == 0
    refused(
        running.run("request", "--again", "never-asked", "--dry-run"), "no request is called 'never-asked'"
    )
    refused(running.run("request", "--again", "987", "--dry-run"), "GitHub finds no such thing", code=3)
    later = partial(
        said,
        folder=running.folder,
        environ=running.environ("alice"),
        now=running.acme.clock.now() + 1700 * HOUR,
    )
    assert later("request", "--again", opened["request"], "--dry-run").code == 0
    refused(later("request", "--again", "first-time", "--dry-run"), "no request is called 'first-time'")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/access.git", "acme/access"),
        ("https://github.com/acme/access", "acme/access"),
        ("git@github.com:acme/access.git", "acme/access"),
        ("ssh://git@github.com/acme/access.git", "acme/access"),
        ("http://alice:secret@127.0.0.1:8000/acme/access.git", "acme/access"),
        ("https://github.com/alice_acme/access", "alice_acme/access"),
    ],
)
def test_the_clones_origin_names_the_repository(tmp_path: Path, url: str, name: str) -> None:
    """However the origin is written, owner and name are read from it; what is said outright comes first."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "config", "remote.origin.url", url], check=True)
    environ = {"PATH": "/usr/bin:/bin"}
    assert repository_of(None, environ, tmp_path) == name
    assert repository_of(None, {**environ, "GITHUB_REPOSITORY": "a/b"}, tmp_path) == name
    assert repository_of(None, {**environ, "JITBOT_REPOSITORY": "c/d"}, tmp_path) == "c/d"
    assert repository_of("e/f", {**environ, "JITBOT_REPOSITORY": "c/d"}, tmp_path) == "e/f"


def test_why_no_repository_is_known(tmp_path: Path) -> None:
    """git may be missing, or the clone may have come from nowhere: what is said fits where the person is."""
    with pytest.raises(UnavailableError, match="git is not installed, or not on PATH; without it"):
        repository_of(None, {"PATH": str(tmp_path)}, tmp_path)
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    with pytest.raises(click.UsageError, match=r"which access repository\? Use --repo"):
        repository_of(None, environ, tmp_path)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/settings.yaml").touch()
    with pytest.raises(
        click.UsageError, match=r"repository\? git rev-parse failed: fatal: not a git repository"
    ):
        repository_of(None, environ, tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    with pytest.raises(click.UsageError, match=r"\? this clone has no remote `origin` on GitHub\. Use"):
        repository_of(None, environ, tmp_path)


@pytest.mark.parametrize("name", ["x", "../..", "a/..", "a/b/c", "a/b?x", "a b/c"])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    """What is no owner/name is never made part of an address."""
    with pytest.raises(InvalidError):
        repository_of(None, {"JITBOT_REPOSITORY": name, "PATH": "/usr/bin:/bin"}, tmp_path)
