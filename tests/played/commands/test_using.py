"""`jitbot exec`, `credentials` and `console` against a running acme. The real `aws` is in tests/proofs."""

import json
import shlex
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.configloader import load_config
from desk import said
from own_machine import TABLE, Place, own_keys

from jitbot.adapters.local.session_cache import SessionCache
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import UnavailableError
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """That machine, with two grants of alice's."""
    with Acme(Clock()) as acme:
        yield Place(acme, tmp_path_factory.mktemp("home"))


@pytest.fixture
def place(running: Place) -> Iterator[Place]:
    """The same, with nothing kept, the clock running and no faults."""
    shutil.rmtree(running.home / ".cache", ignore_errors=True)
    (running.home / ".aws/config").unlink(missing_ok=True)
    running.acme.aws.calls.clear()
    yield running
    running.acme.aws.faults = None
    running.acme.clock._set = None


def assumed(place: Place) -> int:
    """How often STS was asked for a session."""
    return [name for _, _, name in place.acme.aws.calls].count("AssumeRole")


def test_credentials_are_what_the_sdks_want(place: Place) -> None:
    """The output is version 1 of `credential_process`, with an end that is no later than the grant's."""
    answer = place.run("credentials", place.path)
    assert (answer.code, answer.err) == (0, "")
    assert sorted(answer.json) == ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]
    assert answer.json["Version"] == 1


def test_a_session_never_claims_to_outlive_its_grant(place: Place) -> None:
    """Half an hour before the grant ends, a session of an hour says that it ends with the grant."""
    place.acme.clock.set(datetime.now(UTC) + timedelta(minutes=100))
    status = place.run("status", "--format", "json").json
    until = next(each["expires_at"] for each in status if each["request"] == place.path)
    assert place.run("credentials", place.path).json["Expiration"] == until


def test_a_session_is_kept(place: Place) -> None:
    """The second call gives the same session, and asks nobody; the file is for its owner's eyes alone."""
    first = place.run("credentials", place.path)
    place.acme.github.calls.clear()
    assert place.run("credentials", place.path).out == first.out
    assert assumed(place) == 1
    assert place.acme.github.calls == []
    (kept,) = (place.home / ".cache/jitbot/sessions").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_what_others_could_have_written_is_not_used(place: Place) -> None:
    """A kept session that others may write or read counts as none."""
    first = place.run("credentials", place.path)
    (kept,) = (place.home / ".cache/jitbot/sessions").iterdir()
    kept.chmod(0o644)
    assert place.run("credentials", place.path).out != first.out


def test_another_person_does_not_get_a_kept_session(place: Place) -> None:
    """Who has other credentials is told whose the grant is."""
    assert place.run("credentials", place.path).code == 0
    answer = place.run("credentials", place.path, login="dave")
    assert (answer.code, answer.out) == (1, "")
    assert "for Developer in 222222222222 as alice@acme.com alone" in answer.err


@pytest.mark.usefixtures("without_own_keys")
@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_another_profile_does_not_get_a_kept_session(place: Place, variable: str) -> None:
    """Whichever of AWS's variables names it: a session is kept for the profile that it was entered with."""
    none = own_keys(place, "default")
    assert place.run("credentials", place.path, **none).code == 0
    answer = place.run("credentials", place.path, **{**none, variable: "somebody"})
    assert (answer.code, answer.out) == (3, "")
    assert "somebody" in answer.err


def test_a_program_is_warned_once_before_the_end(place: Place) -> None:
    """`credentials` says on stderr that less than 15 minutes are left, once for each end; stdout stays the SDKs' JSON."""
    begun = datetime.now(UTC)
    place.acme.clock.set(begun + timedelta(minutes=104))
    assert place.run("credentials", place.path).err == ""
    place.acme.clock.set(begun + timedelta(minutes=107))
    first = place.run("credentials", place.path)
    place.acme.clock.set(begun + timedelta(minutes=109))
    again = place.run("credentials", place.path)
    assert first.json["Version"] == again.json["Version"] == 1
    assert first.err.startswith(f"! {place.path} ends in 1")
    assert first.err.endswith(f"jitbot extend {place.path} --by 1h\n")
    assert again.err == ""
    assert first.json["SessionToken"] not in first.err


def test_a_person_is_warned_with_each_command(place: Place) -> None:
    """`exec` warns before it runs the command, as often as it asks the ledger: once a minute at most."""
    begun = datetime.now(UTC)
    said = []
    for minutes in (107, 107.5, 109):
        place.acme.clock.set(begun + timedelta(minutes=minutes))
        said.append(place.run("exec", place.path, "--", "no-such-program-here").err)
    assert [each.count("! ") for each in said] == [1, 0, 1]


def test_a_warning_that_cannot_be_made_keeps_nobody_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If main's files cannot be read, the end is said without a way to more time, and the credentials are given."""

    def unreadable(*_: Any) -> None:
        raise UnavailableError("no such object")

    monkeypatch.setattr("jitbot.usecases.request.before_end.read_rules", unreadable)
    place.acme.clock.set(datetime.now(UTC) + timedelta(minutes=107))
    answer = place.run("credentials", place.path)
    assert answer.json["Version"] == 1
    assert "ends in" in answer.err
    assert "extend" not in answer.err


def test_after_the_end_there_is_nothing(place: Place) -> None:
    """From the second of the end on: exit code 1, a sentence on stderr, no credentials, kept or new."""
    assert place.run("credentials", place.path).code == 0
    place.acme.clock.set(datetime.now(UTC) + timedelta(hours=3))
    answer = place.run("credentials", place.path)
    assert (answer.code, answer.out) == (1, "")
    assert "expired at" in answer.err


def test_several_accounts_need_a_word(place: Place) -> None:
    """A request for two accounts names both, until one is chosen."""
    answer = place.run("credentials", place.shared)
    assert (answer.code, answer.out) == (1, "")
    assert "prod, staging" in answer.err
    assert place.run("credentials", place.shared, "--account", "staging").code == 0
    assert "not for the account data" in place.run("credentials", place.shared, "--account", "data").err


def test_without_a_request_it_is_my_newest(place: Place) -> None:
    """No name means the caller's own live request that was granted last; who has none is told so."""
    assert place.run("credentials", "--account", "staging").code == 0
    answer = place.run("credentials", login="dave")
    assert answer.code == 1
    assert "nothing is live for arn:aws:sts::222222222222:assumed-role/" in answer.err


def test_a_role_by_its_arn_needs_no_clone(place: Place, tmp_path: Path) -> None:
    """With --role neither clone nor ledger is asked."""
    arn = place.run("status", "--format", "json").json[0]["role_arn"]
    answer = said("credentials", "--role", arn, folder=tmp_path, environ=place.environ(), now=place.stage.now)
    assert answer.code == 0


def test_it_waits_for_iam(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a grant's first minute a refusal is tried again, and said so; a refusal that stays has a reason."""
    place.acme.clock.set(place.stage.now)
    path = place.ask("young")
    monkeypatch.setattr("time.sleep", lambda _: None)
    refused: list[str] = []

    def faults(_account: str, _service: str, operation: str) -> AwsFault | None:
        if operation == "AssumeRole" and len(refused) < 2:
            refused.append(operation)
            return AwsFault(
                code="AccessDenied", message="not authorized to perform: sts:AssumeRole", status=403
            )
        return None

    place.acme.aws.faults = faults
    answer = place.run("credentials", path)
    assert answer.code == 0
    assert answer.err.count("AWS does not know it everywhere yet") == 2


def test_a_persons_own_side_is_named(place: Place) -> None:
    """When the grant is live and the caller is the right one, what is missing is their own permission."""

    def faults(_account: str, _service: str, operation: str) -> AwsFault | None:
        no = AwsFault(code="AccessDenied", message="not authorized to perform: sts:AssumeRole", status=403)
        return no if operation == "AssumeRole" else None

    place.acme.clock.set(datetime.now(UTC) + timedelta(minutes=5))
    place.acme.aws.faults = faults
    answer = place.run("credentials", place.path)
    assert answer.code == 1
    assert "lacks sts:AssumeRole on arn:aws:iam::*:role/jit/*" in answer.err
    assert "jitbot bootstrap --requesters" in answer.err
    assert "again in" not in answer.err


def test_a_profile_that_asks_itself_is_told(place: Place) -> None:
    """A profile that leads back to jitbot does not go round in circles."""
    answer = place.run("credentials", place.path, JITBOT_CREDENTIALS="1")
    assert answer.code == 1
    assert "--profile" in answer.err


def test_exec_is_the_command(place: Place) -> None:
    """The command has the grant's credentials and nothing that leads elsewhere; its exit code is ours."""
    program = (
        "import json, os, sys\n"
        "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('AWS_')}))\n"
        "sys.exit(7)\n"
    )
    ran = place.jitbot(
        "exec", place.path, "--", sys.executable, "-c", program,
        AWS_ROLE_ARN="arn:aws:iam::111111111111:role/other", AWS_SECURITY_TOKEN="another",
    )  # fmt: skip
    assert ran.returncode == 7, ran.stderr
    found = json.loads(ran.stdout)
    assert found["AWS_ACCESS_KEY_ID"] != place.environ()["AWS_ACCESS_KEY_ID"]
    assert {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"} <= found.keys()
    assert not {"AWS_ROLE_ARN", "AWS_SECURITY_TOKEN"} & found.keys()


@pytest.mark.parametrize(
    "arguments",
    [
        ("exec",),
        ("exec", "orders"),
        ("exec", "orders", "--"),
        ("exec", "orders", "aws", "sts"),
        ("exec", "orders", "ls", "-l"),
    ],
)
def test_exec_wants_a_command(place: Place, arguments: tuple[str, ...]) -> None:
    """Without a command after -- it is misuse, and it says where the -- goes."""
    answer = place.run(*arguments)
    assert answer.code == 2
    assert "Put -- before the command: jitbot exec [REQUEST] -- COMMAND" in answer.err


def test_a_command_that_is_not_there(place: Place) -> None:
    """A command that cannot be run is named."""
    answer = place.run("exec", place.path, "--", "no-such-program-here")
    assert answer.code == 1
    assert "no-such-program-here cannot be run" in answer.err


def test_the_profile_is_a_block_of_its_own(place: Place) -> None:
    """Configured twice it stands there once; taken out, the file is as it was, permissions too."""
    file = place.home / ".aws/config"
    file.parent.mkdir(exist_ok=True)
    before = "[default]\nregion = eu-west-1\n# mine"
    file.write_text(before)
    file.chmod(0o640)
    assert place.run("credentials", "--configure", place.path).code == 0
    once = file.read_text()
    assert place.run("credentials", "--configure", place.path).code == 0
    assert file.read_text() == once
    assert once.startswith(before)
    assert "[profile jit-orders-db-read-prod]" in once
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert place.run("credentials", "--unconfigure", place.path, "--account", "prod").code == 0
    assert file.read_text().strip() == before


@pytest.mark.parametrize(
    "taken", ["[profile jit-orders-db-read-prod]\nregion = x\n", "[ profile 'jit-orders-db-read-prod' ]\n"]
)
def test_somebody_elses_profile_stays(place: Place, taken: str) -> None:
    """A profile of that name that is not jitbot's is left alone; where the name was chosen, another is asked for."""
    file = place.home / ".aws/config"
    file.parent.mkdir(exist_ok=True)
    file.write_text(taken)
    answer = place.run("credentials", "--configure", place.path, "--name", "jit-orders-db-read-prod")
    assert answer.code == 1
    assert "choose another --name" in answer.err
    assert file.read_text() == taken
    assert place.run("credentials", "--configure", place.path).code == 0
    assert file.read_text().startswith(taken)
    assert "[profile jit-orders-db-read-prod-2]" in file.read_text()
    assert place.run("credentials", "--configure", place.path, "--name", "mine").code == 0


def test_a_symlink_is_not_followed(place: Place, tmp_path: Path) -> None:
    """Where the config is a symlink, nothing is written."""
    (tmp_path / "real").write_text("[default]\n")
    (tmp_path / "config").symlink_to(tmp_path / "real")
    answer = place.run("credentials", "--configure", place.path, AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert answer.code == 1
    assert (tmp_path / "real").read_text() == "[default]\n"


def test_the_switch_role_link(place: Place) -> None:
    """The link names account and role with its path, and holds no secret."""
    answer = place.run("console", place.path)
    link = urlsplit(answer.out.strip())
    assert (link.hostname, link.path) == ("signin.aws.amazon.com", "/switchrole")
    asked = parse_qs(link.query)
    assert asked["account"] == ["111111111111"]
    assert asked["roleName"][0].startswith("jit/jit-alice-orders-db-read-")
    slug = place.path.rpartition("/")[2].removesuffix(".yaml")
    assert asked["displayName"] == [f"{slug} prod"]  # as in the comment on the pull request
    assert assumed(place) == 0


class SignIn(BaseHTTPRequestHandler):
    """The smallest sign-in endpoint: gives a token for a session, or refuses."""

    status = 200
    asked: dict[str, list[str]] = {}  # noqa: RUF012 - what the last call asked

    def do_GET(self) -> None:
        """Answer one call."""
        SignIn.asked = parse_qs(urlsplit(self.path).query)
        self.send_response(SignIn.status)
        self.end_headers()
        self.wfile.write(b'{"SigninToken": "a&b"}')

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def signin() -> Iterator[str]:
    """Where that endpoint is."""
    with HTTPServer(("127.0.0.1", 0), SignIn) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    SignIn.status = 200


def test_the_sign_in_link(place: Place, signin: str) -> None:
    """The second link carries the token that AWS's endpoint gave for a session no longer than the grant."""
    answer = place.run("console", place.path, "--federated", JITBOT_SIGNIN_URL=signin)
    assert answer.code == 0
    link = parse_qs(urlsplit(answer.out.splitlines()[1]).query)
    assert link["SigninToken"] == ["a&b"]
    assert link["Destination"] == ["https://console.aws.amazon.com/"]
    assert sorted(json.loads(SignIn.asked["Session"][0])) == ["sessionId", "sessionKey", "sessionToken"]


def test_a_refused_sign_in_quotes_no_secret(place: Place, signin: str) -> None:
    """What was sent never comes back in an error."""
    SignIn.status = 400
    answer = place.run("console", place.path, "--federated", JITBOT_SIGNIN_URL=signin)
    assert answer.code == 3
    assert "Session" not in answer.err
    assert "status 400; use the Switch Role link instead" in answer.err
    assert json.loads(SignIn.asked["Session"][0])["sessionKey"] not in answer.err
    away = place.run("console", place.path, "--federated", JITBOT_SIGNIN_URL="http://127.0.0.1:9")
    assert away.code == 3
    assert "sessionKey" not in away.err


def test_no_sign_in_outlives_the_grant(place: Place, signin: str) -> None:
    """In the last quarter of an hour, shorter than AWS's shortest session, there is no sign-in link."""
    place.acme.clock.set(datetime.now(UTC) + timedelta(minutes=112))
    SignIn.asked = {}
    answer = place.run("console", place.path, "--federated", JITBOT_SIGNIN_URL=signin)
    assert answer.code == 1
    assert SignIn.asked == {}


def test_credentials_go_nowhere_in_the_open(place: Place) -> None:
    """A sign-in endpoint or an AWS that is neither TLS nor this machine is sent nothing."""
    for name in ("JITBOT_SIGNIN_URL", "AWS_ENDPOINT_URL"):
        answer = place.run("console", place.path, "--federated", **{name: "http://signin.example"})
        assert answer.code == 3
        assert "nor this machine" in answer.err


def test_an_extension_is_followed(place: Place) -> None:
    """Near the former end, the same call gives a session that lasts into the extension."""
    place.acme.clock.set(place.stage.now)
    path = place.ask("longer")
    place.acme.clock.advance(timedelta(minutes=100))
    short = place.run("credentials", path).json["Expiration"]
    text = place.acme.git("olivia", "show", f"origin/main:{path}").stdout
    place.land("longer", {path: text.replace("2h", "3h")})
    place.acme.clock.advance(timedelta(minutes=16))
    assert place.run("credentials", path).json["Expiration"] > short


PRINTS = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('AWS_')}))"


@pytest.fixture
def without_own_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files are taken away again; programs in this process read the same ones."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(place.home / ".aws/config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(place.home / ".aws/credentials"))
    yield
    (place.home / ".aws/credentials").unlink(missing_ok=True)


@pytest.mark.usefixtures("without_own_keys")
def test_exec_calls_as_the_profile_does(place: Place) -> None:
    """Region and output of the profile that was used are the command's, unless the shell says otherwise."""
    none = own_keys(
        place,
        "dev",
        "region = eu-west-1",
        "output = yaml",
        "cli_pager =",
        "s3 =",
        "  addressing_style = path",
    )
    command = ("exec", "--profile", "dev", place.path, "--", sys.executable, "-c", PRINTS)
    ran = place.jitbot(*command, **none)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["AWS_REGION"], found["AWS_DEFAULT_OUTPUT"]) == ("eu-west-1", "yaml")
    assert found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "AWS_PAGER" not in found
    ran = place.jitbot(*command, **{**none, "AWS_DEFAULT_REGION": "us-east-1"})
    found = json.loads(ran.stdout)
    assert (found["AWS_DEFAULT_REGION"], "AWS_REGION" in found) == ("us-east-1", False)
    named = (command[0], *command[3:])
    found = json.loads(place.jitbot(*named, **{**none, "AWS_PROFILE": "dev"}).stdout)
    assert (found["AWS_REGION"], "AWS_PROFILE" in found) == ("eu-west-1", False)


@pytest.mark.usefixtures("without_own_keys")
def test_no_profile_is_made_up(place: Place) -> None:
    """Who has keys in the shell, or no profile called default, is not sent to one."""
    own_keys(place, "default")
    assert place.run("credentials", "--configure", place.path).code == 0
    assert "--profile" not in (place.home / ".aws/config").read_text()


@pytest.mark.parametrize("name", ["prod refunds", 'prod"refunds', "x = y", "it's", "größe", "a.b@c%d+e/f:g"])
def test_a_name_is_quoted_where_it_is_written(place: Place, name: str) -> None:
    """AWS's own reader finds the profile by its name, and the printed command is one that a shell takes."""
    answer = place.run("credentials", "--configure", "--name", name, place.path)
    assert answer.code == 0
    found = load_config(str(place.home / ".aws/config"))["profiles"]
    assert list(found) == [name]
    (command,) = (line for line in answer.out.splitlines() if line.startswith("  aws "))
    assert shlex.split(command) == ["aws", "--profile", name, "sts", "get-caller-identity"]
    assert place.run("credentials", "--configure", "--name", name, place.path).code == 0


@pytest.mark.parametrize("name", ["", " ", "a]b", "a[b", "a\nb", "a\\b", "a'b\"c", "-x", "default"])
def test_a_name_that_cannot_be_written_is_misuse(place: Place, name: str) -> None:
    """With the characters that a name may have; nothing is written."""
    answer = place.run("credentials", "--configure", "--name", name, place.path)
    assert answer.code == 2
    assert "characters that print" in answer.err
    assert not (place.home / ".aws/config").exists()


def end(place: Place, path: str, login: str = "alice") -> None:
    """The workflow revoke.yml, started by this person, ends a grant."""
    job = place.acme.job("revoke.yml", actor=login)
    ran = said("revoke", path, "--reason=done", folder=place.acme.clone(), environ=job, now=place.stage.now)
    assert ran.code == 0, ran


def test_what_was_given_back_says_that_it_ended(place: Place) -> None:
    """`release` drops the kept session and the profile at once: the next use says when it ended, and how."""
    place.acme.clock.set(place.stage.now)
    path = place.ask("given-back")
    assert place.run("credentials", path).code == 0
    assert place.run("credentials", "--configure", path).code == 0
    assert "given-back" in (place.home / ".aws/config").read_text()
    answer = place.run("release", path, "--no-wait")
    assert answer.code == 0, answer.err
    assert "its profile was taken out of" in answer.err
    assert "given-back" not in (place.home / ".aws/config").read_text()
    end(place, path)
    for verb in (("credentials", path), ("exec", "given-back", "--", "true")):
        answer = place.run(*verb)
        assert (answer.code, answer.out) == (1, "")
        assert f"{path} ended at {place.stage.now:%Y-%m-%dT%H}" in answer.err
        assert "(released); ask anew: jitbot request --again" in answer.err
    (row,) = (line for line in place.run("status", "--ended").out.splitlines() if "given-back" in line)
    assert row.split()[-1] < f"{place.stage.now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", (
        "not the planned end"
    )


def test_revoke_on_a_persons_own_machine_names_release(place: Place) -> None:
    """Only a run of Actions says who revokes; the verb that starts one is named."""
    answer = place.run("revoke", place.path, "--reason", "incident")
    assert (answer.code, answer.out) == (3, "")
    assert f"use `jitbot release {place.path}`" in answer.err


def test_an_end_by_somebody_else_is_seen_within_a_minute(place: Place) -> None:
    """A kept session is used for a minute without a question; then the ledger is asked whether the grant ended."""
    place.acme.clock.set(place.stage.now)
    path = place.ask("revoked")
    kept = place.run("credentials", path)
    end(place, path, "bob")
    assert place.run("credentials", path).out == kept.out
    place.acme.clock.advance(timedelta(seconds=61))
    answer = place.run("credentials", path)
    assert (answer.code, answer.out) == (1, "")
    assert "(revoked)" in answer.err


def test_a_kept_session_outlives_a_github_that_does_not_answer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the ledger cannot be read the kept session is used, with a word: AWS decides whether it still lasts."""
    from jitbot.adapters.git import GitRepository
    from jitbot.domain.model.errors import UnavailableError

    def gone(_self: GitRepository, _heads: object = ()) -> None:
        raise UnavailableError("git could not fetch")

    kept = place.run("credentials", place.path)
    place.acme.clock.set(place.stage.now + timedelta(seconds=61))
    monkeypatch.setattr(GitRepository, "fetch", gone)
    answer = place.run("credentials", place.path)
    assert (answer.code, answer.out) == (0, kept.out)
    assert "? whether it still lasts is not known: git could not fetch" in answer.err
    assert place.run("credentials", place.shared, "--account", "prod").code == 3


def test_a_profile_goes_out_after_the_end(place: Place) -> None:
    """By a part of the request's name, or by its pull request, when the grant is over; nobody is asked for the first."""
    place.acme.clock.set(place.stage.now)
    path = place.ask("over")
    number = next(
        each["pull_request"]
        for each in place.run("status", "--format", "json").json
        if each["request"] == path
    )
    file = place.home / ".aws/config"
    began = place.stage.now
    for name in ("over", str(number)):
        place.acme.clock.set(began)
        assert place.run("credentials", "--configure", path).code == 0
        place.acme.clock.set(began + timedelta(hours=3))
        answer = place.run("credentials", "--unconfigure", name)
        assert (answer.code, file.read_text()) == (0, ""), answer


def test_two_repositories_keep_their_profiles_apart(place: Place) -> None:
    """A request of the same name elsewhere keeps its profile and session here, whatever happens to this one.

    A block of an older jitbot names no repository, and is taken for this one's.
    """
    place.acme.clock.set(place.stage.now)
    path, file = place.ask("twin"), place.home / ".aws/config"
    assert place.run("credentials", "--configure", path).code == 0
    ours = file.read_text()
    assert f"# >>> jitbot {path} prod acme/access\n" in ours
    theirs = ours.replace("acme/access", "acme/payments").replace("[profile jit-", "[profile pay-")
    file.write_text(theirs)
    sessions = SessionCache(place.home / ".cache/jitbot/sessions")
    kept = Session(
        access_key="ASIA1", secret_key="s", token="t", expires_at=place.stage.now + timedelta(hours=1)
    )
    sessions.keep(kept, {"request": path, "repository": "acme/payments"}, "theirs")
    sessions.keep(kept, {"request": path, "repository": "acme/access"}, "ours")
    assert place.run("credentials", "--configure", path).code == 0
    assert file.read_text() == theirs + ours
    assert place.run("credentials", "--unconfigure", path).code == 0
    assert file.read_text() == theirs
    file.write_text(theirs + ours.replace(" acme/access\n", "\n"))
    assert place.run("credentials", "--configure", path).code == 0
    assert file.read_text() == theirs + ours
    assert place.run("release", path, "--no-wait").code == 0
    assert file.read_text() == theirs
    assert sessions.find("theirs") is not None
    assert sessions.find("ours") is None
    answer = place.run("credentials", "--unconfigure", path)  # nothing else has that name
    assert (answer.code, file.read_text()) == (0, "")


def test_profiles_do_not_pile_up(place: Place) -> None:
    """A new profile is named by policy and account, and takes the place of one whose grant is over, not of a live one."""
    place.acme.clock.set(place.stage.now)
    file = place.home / ".aws/config"
    first = place.ask("pile-one")
    second = place.ask("pile-two")
    assert place.run("credentials", "--configure", first).code == 0
    assert place.run("credentials", "--configure", second).code == 0
    assert "[profile jit-orders-db-read-prod]" in file.read_text()
    assert "[profile jit-orders-db-read-prod-2]" in file.read_text()
    end(place, first)
    assert place.run("credentials", "--configure", place.ask("pile-three")).code == 0
    assert "pile-one" not in file.read_text()
    assert file.read_text().count("[profile jit-orders-db-read-prod]") == 1
    assert "which one?" in place.run("credentials", "--unconfigure", "pile").err


def test_what_is_not_granted_says_how_far_it_is(place: Place) -> None:
    """An open pull request waits, a closed one gave nothing, a refused one was refused, and why: no answer leads in a circle."""
    path, text = place.stage.request("alice", "orders-db-read", "waits", **TABLE)
    number = place.stage.propose("alice", "waits", {path: text})
    for name in (str(number), "waits"):
        answer = place.run("exec", name, "--", "true")
        assert answer.code == 1
        assert f"nothing is granted yet: pull request {number} still waits" in answer.err
    assert place.acme.call("alice", "PATCH", f"/pulls/{number}", state="closed").ok
    assert "was closed, not merged" in place.run("exec", str(number), "--", "true").err
    assert "no request is called '999'" in place.run("exec", "999", "--", "true").err
    path, text = place.stage.request("alice", "orders-db-read", "refused", **TABLE, duration="9h")
    number = place.stage.propose("alice", "refused", {path: text})
    place.stage.must(place.stage.review("bob", number))
    place.stage.must(place.stage.merge("olivia", number))
    said("grant", folder=place.acme.clone(), environ=place.acme.job("grant.yml"), now=place.stage.now)
    for name in (str(number), "refused"):
        answer = place.run("exec", name, "--", "true")
        assert answer.code == 1
        assert f"{path} was refused at " in answer.err
        assert (
            f"9h is above the maximum of orders-db-read, 4h. Ask anew: jitbot request --again {number}"
            in answer.err
        )
        assert place.run("explain", name).err == answer.err
    everything = place.run("status", "--ended", "--format", "json").json
    listed = [each for each in everything if each["state"] == "refused"]
    assert [(each["request"], each["pull_request"], each["why"]) for each in listed] == [
        (path, number, "9h is above the maximum of orders-db-read, 4h")
    ]
    assert "refused: 9h is above the maximum" in place.run("status", "--all").out
    assert "refused: 9h is above the maximum" in place.run("status").out
    plain = place.run("status", "--format", "json").json
    assert "refused" not in {each["state"] for each in plain}


def test_a_live_grant_is_meant_before_one_that_is_over(place: Place) -> None:
    """A part of a name that an ended request has too is the live one's."""
    place.acme.clock.set(place.stage.now)
    end(place, place.ask("twice-before"))
    now = place.ask("twice-now")
    answer = place.run("console", "twice")
    assert answer.code == 0, answer.err
    assert place.run("console", now).out.split("displayName")[0] == answer.out.split("displayName")[0]


@pytest.mark.parametrize("how", ["environment", "option", "git config"])
def test_no_clone_is_needed(place: Place, tmp_path: Path, how: str) -> None:
    """With a repository that is named, jitbot keeps a clone of its own: what it says is verified all the same."""
    environ = place.environ(XDG_CACHE_HOME=str(tmp_path / "cache"), HOME=str(tmp_path))
    option: tuple[str, ...] = ()
    if how == "environment":
        environ["JITBOT_REPOSITORY"] = place.acme.repository
    elif how == "option":
        option = ("--repo", place.acme.repository)
    else:
        (tmp_path / ".gitconfig").write_text(f"[jitbot]\n\trepository = {place.acme.repository}\n")
    for verb in (
        ("credentials", place.path),
        ("console", place.path),
        ("owners", "requests/orders-db-read/"),
    ):
        answer = said(*verb, *option, folder=tmp_path, environ=environ, now=place.stage.now)
        assert answer.code == 0, answer.err
    explained = ("explain", place.path, "--short", *option)
    answer = said(*explained, folder=tmp_path, environ=environ, now=place.stage.now)
    assert (answer.code, "policy:" in answer.out) == (0, False), answer.err
    assert answer.out.startswith("alice has orders-db-read in prod for 2h, until ")
    kept = list((tmp_path / "cache/jitbot/repositories").glob("*/*/*/policies/settings.yaml"))
    assert len(kept) == 1
    assert environ["GITHUB_TOKEN"] not in (kept[0].parents[1] / ".git/config").read_text()
    answer = said(
        "credentials",
        "--configure",
        place.path,
        *option,
        folder=tmp_path,
        environ=environ,
        now=place.stage.now,
    )
    assert answer.code == 0, answer.err
    assert f"--repo {place.acme.repository}" in (tmp_path / ".aws/config").read_text()


def test_nothing_says_which_repository(place: Place, tmp_path: Path) -> None:
    """Without a clone and without a name it says all the ways to name one; a clone of something else is not taken for it."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    subprocess.run(
        ["git", "-C", str(tmp_path), "remote", "add", "origin", "https://github.com/acme/shop"], check=True
    )
    answer = said(
        "exec", "orders", "--", "true", folder=tmp_path, environ=place.environ(), now=place.stage.now
    )
    assert answer.code == 2
    for way in ("--repo OWNER/NAME", "JITBOT_REPOSITORY", "git config --global jitbot.repository"):
        assert way in answer.err
