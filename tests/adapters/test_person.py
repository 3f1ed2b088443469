"""A person's own AWS credentials, wherever botocore finds them."""

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from jitbot.adapters.aws.person import ASKING, AmbientPerson, person_session
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError

KEYS = '{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "hush"}'


@pytest.mark.parametrize("profile", ["own", "chained"])
def test_a_program_that_gives_credentials_is_told_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    """So that jitbot, if it is that program, refuses instead of asking itself for ever; nothing is left behind."""
    seen = tmp_path / "seen"
    program = tmp_path / "keys"
    program.write_text(
        f"#!/bin/sh\nprintf %s \"${{{ASKING}:-nobody}}\" >> {shlex.quote(str(seen))}\necho '{KEYS}'\n"
    )
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f"[profile own]\ncredential_process = {shlex.quote(str(program))}\n"
        "[profile chained]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = own\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    AmbientPerson({}, profile=profile, endpoint="http://127.0.0.1:1")
    assert seen.read_text() == "1"
    assert ASKING not in os.environ


ROLE = "arn:aws:iam::111111111111:role/jit/jit-alice-x"
GIVEN = {
    "AccessKeyId": "ASIAEXAMPLE000000001",
    "SecretAccessKey": "hush",
    "SessionToken": "hush",
    "Expiration": datetime(2026, 11, 24, 10, tzinfo=UTC),
}


def person(region: str = "eu-south-2") -> AmbientPerson:
    """Somebody with keys and a region."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": region}
    return AmbientPerson(keys, profile=None, endpoint=None)


@pytest.mark.parametrize(
    ("profile", "named", "key"),
    [("dev", "", "AKIADEV"), ("dev", "other", "AKIADEV"), (None, "dev", "AKIAENV"), (None, "", "AKIAENV")],
)
def test_a_chosen_profile_counts_whatever_the_environment_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, named: str, key: str
) -> None:
    """Keys of the environment are those of whoever chose none; a profile that the environment names gives way to them."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    profiles = "".join(
        f"[profile {name}]\naws_access_key_id = AKIA{name.upper()}\naws_secret_access_key = x\n"
        for name in ("dev", "other")
    )
    (tmp_path / "config").write_text(profiles)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "hush"}
    found: Any = person_session(keys, profile, named)
    assert found.get_credentials().access_key == key
    chosen: Any = person_session({}, profile, named)
    assert chosen.profile_name == (profile or named or "default")


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-3"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({}, "us-east-1"),
    ],
)
def test_sts_is_asked_where_the_person_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str], region: str
) -> None:
    """Without a region of their own it is the usual one."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hush", **environ}
    assert AmbientPerson(keys, profile=None, endpoint=None)._sts.meta.region_name == region


@pytest.mark.parametrize(("seconds", "asked"), [(3600, {}), (900, {"DurationSeconds": 900})])
def test_an_hour_is_not_asked_for(seconds: int, asked: dict[str, Any]) -> None:
    """It is what AWS gives, and a federated sign-in may want credentials for which no duration was given."""
    alice = person()
    with Stubber(alice._sts) as stubber:
        stubber.add_response(
            "assume_role",
            {"Credentials": GIVEN},
            {"RoleArn": ROLE, "RoleSessionName": "jit-alice", **asked},
        )
        assert alice.assume(ROLE, "jit-alice", seconds).token == "hush"
        stubber.assert_no_pending_responses()


def test_a_region_that_the_account_has_not_activated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's region may be off in the grant's account: the global one is always on."""
    alice, other = person(), person("us-east-1")
    regions: list[str] = []

    def client(region_name: str) -> object:
        regions.append(region_name)
        return other._sts

    monkeypatch.setattr(alice, "_client", client)
    with Stubber(alice._sts) as here, Stubber(other._sts) as there:
        here.add_client_error("assume_role", "RegionDisabledException", http_status_code=403)
        there.add_response("assume_role", {"Credentials": GIVEN})
        assert alice.assume(ROLE, "jit-alice", 3600).access_key == GIVEN["AccessKeyId"]
    assert regions == ["us-east-1"]


def test_any_other_refusal_is_asked_once() -> None:
    """What AWS refuses in one region it is not asked in another."""
    alice = person()
    with Stubber(alice._sts) as stubber:
        stubber.add_client_error("assume_role", "AccessDenied", http_status_code=403)
        with pytest.raises(DeniedError, match="AccessDenied"):
            alice.assume(ROLE, "jit-alice", 3600)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Couldn't retrieve verification key from your identity provider", UnavailableError),
        ("The token is not valid", DeniedError),
    ],
)
def test_an_issuer_that_aws_cannot_reach_is_tried_again(message: str, kind: type[JitbotError]) -> None:
    """The same code stands for a token that is wrong, and for keys that STS could not fetch just now."""
    alice = person()
    with Stubber(alice._sts) as stubber:
        stubber.add_client_error("assume_role", "InvalidIdentityToken", message, http_status_code=400)
        with pytest.raises(kind):
            alice.assume(ROLE, "jit-alice", 3600)


def test_without_credentials_the_way_to_sign_in_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials, or a single sign-on that is over: the command that signs in, with the profile that was chosen."""
    config = tmp_path / "config"
    sso = "sso_session = acme\nsso_account_id = 222222222222\nsso_role_name = Developer\n"
    config.write_text(
        f"[profile dev]\n{sso}[sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://acme.invalid/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for profile, named, command in (
        (None, "", "`aws sso login`, and choose a profile with --profile"),
        ("dev", "", "`aws sso login --profile dev`"),
        (None, "dev", "`aws sso login --profile dev`"),
    ):
        person = AmbientPerson({}, profile=profile, endpoint="http://127.0.0.1:1", named=named)
        for act in (person.whoami, lambda: person.assume("arn:aws:iam::111111111111:role/x", "alice", 900)):  # noqa: B023
            with pytest.raises(UnavailableError, match="you are not signed in to AWS") as said:
                act()
            assert str(said.value).endswith(f"sign in: {command}")


def test_credentials_that_are_over_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expired token is no refusal of the grant: it has the same way out; any other refusal is passed on."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hush"}
    person = AmbientPerson(keys, profile=None, endpoint="http://127.0.0.1:1")
    for code, kind, words in (
        ("ExpiredToken", UnavailableError, "your AWS credentials are over"),
        ("AccessDenied", DeniedError, "AWS would not say who you are: AccessDenied"),
    ):
        error = ClientError({"Error": {"Code": code, "Message": "x"}}, "GetCallerIdentity")

        def refuse(error: ClientError = error) -> None:
            raise error

        monkeypatch.setattr(person._sts, "get_caller_identity", refuse)
        with pytest.raises(kind, match=words):
            person.whoami()
