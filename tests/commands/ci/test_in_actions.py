"""`jitbot grant`, `sweep`, `revoke` and `status` against a running acme: exit codes, shapes, words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from desk import Said, said
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

BEGINS = datetime(2026, 11, 24, 9, tzinfo=UTC)
STATUS_KEYS = [
    "request", "requester", "account", "account_id", "role_arn", "state", "why", "expires_at", "seconds_left",
    "pull_request", "url", "waiting_for",
]  # fmt: skip
REPORT_KEYS = [
    "exit_code", "dry_run", "decisions", "planned", "recorded", "failures", "warnings", "alarms", "doubt",
]  # fmt: skip


@dataclass(kw_only=True)
class Office:
    """acme running, with alice's request for two hours granted at nine."""

    stage: Stage
    path: str = ""

    def run(self, verb: str, *arguments: str, actor: str = "olivia", **other: str) -> Said:
        """Run jitbot as a job of its own workflow, in a clone of main's tip."""
        clone = self.stage.acme.clone()
        self.stage.acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=clone)
        workflow = "grant.yml" if verb == "status" else f"{verb}.yml"
        environ = {**self.stage.acme.job(workflow, actor=actor), **other}
        return said(verb, *arguments, folder=clone, environ=environ, now=self.stage.now)

    def ask(self, login: str, slug: str, *reviewers: str, **fields: Any) -> str:
        """A request by this person, reviewed and merged past the rules."""
        table = {"parameters": {"table": "orders"}}
        path, text = self.stage.request(login, "orders-db-read", slug, **{**table, **fields})
        number = self.stage.propose(login, slug, {path: text})
        for reviewer in reviewers:
            self.stage.must(self.stage.review(reviewer, number))
        self.stage.must(self.stage.merge("olivia", number))
        return path


@pytest.fixture(scope="module")
def running() -> Iterator[Office]:
    """That office, begun once."""
    with Acme(Clock(BEGINS)) as acme:
        office = Office(stage=Stage(acme=acme, jitbot=main, console=Console(file=StringIO())))
        office.path = office.ask("alice", "orders", "bob", accounts=["prod", "staging"])
        dry = office.run("grant", "--dry-run", "--format", "json")
        assert (dry.code, dry.json["dry_run"], dry.json["recorded"]) == (0, True, [])
        assert dry.json["planned"] or dry.json["decisions"]
        assert office.run("status").out == "nothing is granted\n"
        granted = office.run("grant")
        assert granted.code == 0
        assert f"✓ approved: {office.path}\n" in granted.out
        assert "• granted: alice has orders-db-read in prod" in granted.out
        yield office


@pytest.fixture
def office(running: Office) -> Office:
    """That office in good health at ten past nine."""
    running.stage.acme.clock.set(BEGINS + timedelta(minutes=10))
    running.stage.acme.aws.faults = running.stage.acme.github.faults = None
    return running


def test_status_as_json(office: Office) -> None:
    """A list with an entry for each account, each with exactly these keys."""
    answer = office.run("status", "--format", "json")
    assert answer.code == 0
    assert [list(each) for each in answer.json] == [STATUS_KEYS] * 2
    first = next(each for each in answer.json if each["account"] == "staging")
    assert (first["request"], first["requester"], first["account_id"]) == (
        office.path,
        "alice",
        "012345670123",
    )
    assert (first["state"], first["why"], first["seconds_left"]) == ("live", None, 110 * 60)
    assert first["expires_at"] == "2026-11-24T11:00:00Z"
    assert first["role_arn"].startswith("arn:aws:iam::012345670123:role/jit/jit-alice-orders-db-read-")


def test_status_in_words(office: Office) -> None:
    """A line for each account says who, what, how long, until when; no wider than one line, for grep."""
    answer = office.run("status")
    head, *lines = answer.out.splitlines()
    assert (answer.code, head.split()) == (0, ["who", "request", "account", "state", "until"])
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("alice")
        assert "live, 1h50m left" in line
        assert line.rstrip().endswith("2026-11-24T11:00:00Z")


def test_status_of_one_person(office: Office) -> None:
    """--person leaves out what others asked for."""
    assert len(office.run("status", "--person", "alice", "--format", "json").json) == 2
    assert office.run("status", "--person", "bob", "--format", "json").json == []
    assert office.run("status", "--person", "bob").out == "nothing is granted\n"


def test_status_at_another_time(office: Office) -> None:
    """At the end all is over, a second before it is not; --all shows what has ended too."""
    last, end = "2026-11-24T10:59:59Z", "2026-11-24T11:00:00Z"
    assert {each["seconds_left"] for each in office.run("status", "--at", last, "--format", "json").json} == {
        1
    }
    assert office.run("status", "--at", end, "--format", "json").json == []
    ended = office.run("status", "--all", "--at", end, "--format", "json").json
    assert {(each["state"], each["why"]) for each in ended} == {("ended", "expired")}
    assert "expired" in office.run("status", "--all", "--at", end).out


@pytest.mark.parametrize(("verb", "nothing"), [("grant", "nothing to decide"), ("sweep", "nothing to end")])
def test_a_run_with_nothing_to_do(office: Office, verb: str, nothing: str) -> None:
    """A second run does nothing, says so, and gives 0; its report has exactly these keys."""
    office.run(verb)
    answer = office.run(verb)
    assert (answer.code, nothing in answer.out) == (0, True)
    report = office.run(verb, "--format", "json")
    assert (report.code, list(report.json)) == (0, REPORT_KEYS)
    assert report.json["exit_code"] == 0
    assert not report.json["recorded"]


def test_a_refused_request_is_exit_code_1(office: Office) -> None:
    """A request that nobody approved is refused, recorded, and told with its reasons; once."""
    path = office.ask("mallory", f"refused-{office.stage.steps}")
    answer = office.run("grant")
    assert answer.code == 1
    assert f"✗ refused: {path}\n" in answer.out
    assert "[not-enough-approvals]" in answer.out
    assert "• refused: orders-db-read for mallory" in answer.out
    assert office.run("grant").code == 0


@pytest.mark.usefixtures("impatient")
def test_trouble_is_exit_code_3_and_the_next_run_repairs(office: Office) -> None:
    """Where AWS refuses a write the run fails with its words; the next one goes on."""
    office.ask("carol", "trouble", "bob", accounts=["staging"])
    refusal = AwsFault(code="AccessDenied", status=403, message="no \u202e ##[error]x")
    office.stage.acme.aws.faults = lambda _, __, operation: refusal if operation == "PutRolePolicy" else None
    answer = office.run("grant")
    assert answer.code == 3
    assert "✗ account 012345670123: AWS would not write the policy" in answer.err
    assert "\\u202e ## [error]x" in answer.err
    office.stage.acme.aws.faults = None
    assert office.run("grant").code == 0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("verb", ["grant", "sweep", "status"])
def test_an_unreachable_github_is_exit_code_3(office: Office, verb: str) -> None:
    """Where git cannot fetch, nothing is concluded, and nothing printed that looks like an answer."""
    clone = office.stage.acme.clone("astray")
    office.stage.acme.git("olivia", "remote", "set-url", "origin", "http://127.0.0.1:1/x.git", cwd=clone)
    environ = office.stage.acme.job("grant.yml")
    answer = said(verb, folder=clone, environ=environ, now=office.stage.now)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("error: git could not fetch from origin")


def test_another_repositorys_job_is_refused(office: Office) -> None:
    """A job of another repository does not act on this one's settings."""
    answer = office.run("grant", GITHUB_REPOSITORY="acme/fork")
    assert (answer.code, answer.out) == (3, "")
    assert "acme/fork" in answer.err


@pytest.mark.parametrize("url", ["http://169.254.1.1:80", "http://127.0.0.1.evil.example", "ftp://x"])
def test_credentials_go_nowhere_in_the_clear(office: Office, url: str) -> None:
    """An AWS endpoint that is neither TLS nor this machine is not spoken to."""
    answer = office.run("sweep", AWS_ENDPOINT_URL=url)
    assert answer.code == 3
    assert "nothing is sent there" in answer.err


def test_an_old_run_does_nothing(office: Office) -> None:
    """A run whose code is not main's says that it is superseded, and gives 0."""
    clone, acme = office.stage.acme.clone("old"), office.stage.acme
    acme.git("olivia", "checkout", "--quiet", "-B", "old", "origin/main", cwd=clone)
    (clone / "pyproject.toml").write_text("[project]\n")
    acme.git("olivia", "add", "--all", cwd=clone)
    acme.git("olivia", "commit", "--quiet", "-m", "other code", cwd=clone)
    answer = said("grant", folder=clone, environ=acme.job("grant.yml"), now=office.stage.now)
    assert answer.code == 0
    assert "superseded" in answer.err
    assert answer.out == ""


def test_revoking_ends_for_good(office: Office) -> None:
    """Revoked by a part of its path, access has ended, in words and in the ledger; a second time it is over."""
    path = office.ask("dave", "revoked", "bob")
    assert office.run("grant").code == 0
    answer = office.run("revoke", "dave-revoked", "--reason", "\x1b[31m\n::error::done", actor="dave")
    assert answer.code == 0
    assert "ended (released): orders-db-read of dave" in answer.out
    assert "\x1b" not in answer.out + answer.err
    ended = office.run("status", "--person", "dave", "--all", "--format", "json").json
    assert [(each["request"], each["state"], each["why"]) for each in ended] == [(path, "ended", "released")]
    again = office.run("revoke", path, "--reason", "done", "--format", "json", actor="dave")
    assert list(again.json) == REPORT_KEYS
    assert not [each for each in again.json["recorded"] if each["event"] == "ended"]


def test_who_may_not_revoke_does_not(office: Office) -> None:
    """Whoever neither asked nor owns is refused, and nothing ends."""
    answer = office.run("revoke", office.path, "--reason", "spite", actor="mallory")
    assert answer.code != 0
    assert "mallory" in answer.err
    assert len(office.run("status", "--person", "alice", "--format", "json").json) == 2


@pytest.mark.parametrize("request_", ["nobody-knows", "#4711", "requests/", "orders-db-read"])
def test_revoking_needs_one_request(office: Office, request_: str) -> None:
    """A name that fits no request, or several, ends nothing."""
    answer = office.run("revoke", request_, "--reason", "x")
    assert (answer.code, answer.out) == (1, "")


def test_revoking_needs_a_reason(office: Office) -> None:
    """Without a reason it is misuse."""
    assert office.run("revoke", office.path).code == 2


def test_a_sweep_that_would_end_is_only_told(office: Office) -> None:
    """A dry sweep after the end says what it would do, and does none of it."""
    office.stage.acme.clock.set(BEGINS + timedelta(hours=4))
    answer = office.run("sweep", "--dry-run", "--format", "json")
    assert answer.code == 0
    assert answer.json["planned"]
    assert all(
        list(each) == ["change", "request", "account", "account_id", "role_name"]
        for each in answer.json["planned"]
    )
    assert answer.json["recorded"] == []
    in_words = office.run("sweep", "--dry-run")
    assert "would " in in_words.out
    assert office.run("sweep", "--dry-run", "--format", "json").json["planned"] == answer.json["planned"]


def test_an_unattested_event_is_reported(office: Office) -> None:
    """What somebody pushed to the ledger is named, and changes nothing."""
    stage = office.stage
    clone = stage.acme.clone("clone-mallory", "mallory")
    stage.acme.git("mallory", "fetch", "--quiet", "origin", cwd=clone)
    stage.acme.git("mallory", "checkout", "--quiet", "-B", "lie", "origin/ledger", cwd=clone)
    stage.push("mallory", "ledger", {"events/2026/11/24/x.json": "{}"}, message="granted: everything")
    stage.acme.git(
        "mallory", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},events/s.json", cwd=clone
    )
    stage.acme.git("mallory", "commit", "--quiet", "-m", "submodule", cwd=clone)
    stage.acme.git("mallory", "push", "--quiet", "origin", "HEAD:ledger", cwd=clone)
    answer = office.run("sweep")
    assert answer.code == 0
    assert answer.err.count("is ignored") == 2
