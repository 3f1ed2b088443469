"""`jitbot credentials` with its options, on plain values: what is misuse, which profile is written, which is taken out."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.aws_config import Block
from jitbot.commands.use import credentials as module
from jitbot.commands.use.assume_role import Found, GrantChoice
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.documents import AccountId
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
REQUEST, OTHER = (
    "requests/orders-db-read/2026-11/24-alice-x.yaml",
    "requests/orders-db-read/2026-11/24-alice-y.yaml",
)
GRANT = GrantStatus(
    request=REQUEST, requester="alice", principal="x", account="prod", account_id=AccountId("111111111111"),
    role_arn="arn:aws:iam::111111111111:role/jit/x", state=GrantState.LIVE, starts_at=None, granted_at=NOW,
    expires_at=NOW + timedelta(hours=1), left=timedelta(hours=1), why="",
)  # fmt: skip
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`jitbot credentials` for a grant of acme/access; the ledger is asked for nothing else."""
    found = Found(grant=GRANT, repository="acme/access", over=((OTHER, "prod"),), warning="")
    monkeypatch.setattr(module, "look_up", lambda *_, **__: found)
    monkeypatch.setattr(module, "request_of_pull", lambda *_: REQUEST)
    monkeypatch.setattr(GrantChoice, "where", lambda *_: ("--repo", "acme/access"))
    monkeypatch.setattr(GrantChoice, "named", lambda *_: "acme/access")
    none: dict[str, Any] = dict.fromkeys(
        ("request", "account", "role", "profile", "clone", "repository", "change", "name")
    )
    asked = Invocation(now=NOW, environ={"HOME": str(tmp_path)}, folder=tmp_path, jitbot=lambda *_: 0)

    def credentials(**given: str) -> int:
        environ = {**asked.environ, **{key: given.pop(key) for key in list(given) if key.isupper()}}
        return module.credentials(replace(asked, environ=environ), **{**none, **given})

    return credentials


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The AWS configuration, in its usual place."""
    place = tmp_path / ".aws/config"
    place.parent.mkdir()
    return place


@pytest.mark.parametrize("more", [{"request": "x"}, {"account": "prod"}, {"change": "configure"}])
def test_a_role_stands_alone(run: Run, more: dict[str, str]) -> None:
    """It names all that the others would."""
    with pytest.raises(click.UsageError, match="--role stands alone"):
        run(role="arn:aws:iam::111111111111:role/jit/x", **more)


@pytest.mark.parametrize("more", [{}, {"change": "unconfigure"}])
def test_a_name_goes_with_a_profile_that_is_written(run: Run, more: dict[str, str]) -> None:
    """Nothing else has a name."""
    with pytest.raises(click.UsageError, match="--name goes with --configure"):
        run(name="mine", **more)


@pytest.mark.parametrize("name", ["default", "", "a\nb"])
def test_a_name_that_cannot_be_written_is_misuse(run: Run, file: Path, name: str) -> None:
    """`default` is the person's own."""
    with pytest.raises(click.UsageError, match="characters that print"):
        run(change="configure", name=name)
    assert not file.exists()


def command(file: Path) -> list[str]:
    """What the one profile that was written asks."""
    (line,) = (line for line in file.read_text().splitlines() if line.startswith("credential_process"))
    return shlex.split(line.partition(" = ")[2])


@pytest.mark.parametrize(("name", "called"), [(None, "jit-orders-db-read-prod"), ("mine", "mine")])
def test_a_profile_asks_for_this_grant(
    run: Run, file: Path, capsys: pytest.CaptureFixture[str], name: str | None, called: str
) -> None:
    """From any folder, in this account, of this repository."""
    given = {} if name is None else {"name": name}
    assert run(change="configure", **given) == 0
    assert f"[profile {called}]" in file.read_text()
    assert aws_config.blocks(file) == (Block(request=REQUEST, account="prod", repository="acme/access"),)
    asked = command(file)
    assert asked[asked.index("credentials") :] == [
        "credentials", REQUEST, "--account", "prod", "--repo", "acme/access",
    ]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == [
        f"{called} in {file} is {REQUEST} until 2026-11-24T10:00:00Z, and after an extension longer",
        f"  aws --profile {called} sts get-caller-identity",
        f"  jitbot credentials --unconfigure {REQUEST} --account prod",
    ]


@pytest.mark.parametrize(
    ("given", "own", "region"),
    [
        ({"profile": "dev"}, "dev", "eu-west-3"),
        ({"AWS_PROFILE": "dev"}, "dev", "eu-west-3"),
        ({}, "default", "eu-west-1"),
        ({"profile": "dev", "AWS_PROFILE": "other"}, "dev", "eu-west-3"),
    ],
)
def test_a_profile_is_entered_with_ones_own(
    run: Run, file: Path, given: dict[str, str], own: str, region: str
) -> None:
    """And calls AWS as that does."""
    file.write_text("[default]\nregion = eu-west-1\n[profile dev]\nregion = eu-west-3\n")
    run(change="configure", **given)
    assert command(file)[-2:] == ["--profile", own]
    assert file.read_text().count(f"region = {region}\n") == 2


def test_profiles_of_what_is_over_go(run: Run, file: Path) -> None:
    """So that they do not pile up; one of another repository stays."""
    for repository in ("acme/access", "acme/other"):
        block = Block(request=OTHER, account="prod", repository=repository)
        aws_config.write(file, block, f"of-{repository}", [])
    run(change="configure")
    assert {(each.request, each.repository) for each in aws_config.blocks(file)} == {
        (OTHER, "acme/other"),
        (REQUEST, "acme/access"),
    }


def write(file: Path, *blocks: tuple[str, str, str]) -> None:
    """Profiles of these requests, accounts and repositories."""
    for number, (request, account, repository) in enumerate(blocks):
        block = Block(request=request, account=account, repository=repository)
        aws_config.write(file, block, f"p{number}", [])


def left(file: Path) -> list[tuple[str, str, str]]:
    """Those that are left."""
    return [(each.request, each.account, each.repository) for each in aws_config.blocks(file)]


ONE, STAGING, ELSEWHERE, SECOND = (
    (REQUEST, "prod", "acme/access"),
    (REQUEST, "staging", "acme/access"),
    (REQUEST, "prod", "acme/other"),
    (OTHER, "prod", "acme/access"),
)


@pytest.mark.parametrize(
    ("there", "given", "stays"),
    [
        ([ONE, SECOND], {"request": "alice-x"}, [SECOND]),
        ([ONE, SECOND], {"request": "7"}, [SECOND]),
        ([ONE, STAGING], {"request": "alice-x"}, []),
        ([ONE, STAGING], {"request": "alice-x", "account": "prod"}, [STAGING]),
        ([ONE, STAGING], {"account": "prod"}, [STAGING]),
        ([ONE, ELSEWHERE], {"request": "alice-x"}, [ELSEWHERE]),
        ([ELSEWHERE], {"request": "alice-x"}, []),
        ([ONE], {"request": "nobody"}, [ONE]),
        ([], {"request": "alice-x"}, []),
    ],
)
def test_which_profiles_are_taken_out(
    run: Run,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    there: list[tuple[str, str, str]],
    given: dict[str, str],
    stays: list[tuple[str, str, str]],
) -> None:
    """Those of the request, in the account that is named if one is; of another repository if this one has none."""
    write(file, *there)
    assert run(change="unconfigure", **given) == 0
    assert left(file) == stays
    said = "taken out of" if stays != there else "there is none in"
    assert capsys.readouterr().out == f"{said} {file}\n"


def test_several_requests_need_a_word(run: Run, file: Path) -> None:
    """A part of a name that two of them have takes none out."""
    write(file, ONE, SECOND)
    with pytest.raises(Exception, match="which one"):
        run(change="unconfigure", request="alice")
    assert left(file) == [ONE, SECOND]


@pytest.mark.parametrize("beside", [True, False])
def test_jitbot_is_called_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    """By the script beside Python; without one as a module, and never one of the folder that a tool is in."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    if beside:
        (tmp_path / "jitbot").touch()
    python = str(tmp_path / "python")
    assert module._program() == ([str(tmp_path / "jitbot")] if beside else [python, "-P", "-m", "jitbot"])


@pytest.mark.parametrize("given", [{"request": "x"}, {"role": "arn:aws:iam::111111111111:role/jit/x"}])
def test_credentials_are_for_programs(
    run: Run,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, str],
) -> None:
    """As the SDKs want them; nothing is written, and the end is said once."""
    session = Session(access_key="ASIA1", secret_key="s", token="t", expires_at=NOW)
    asked: list[Any] = []

    def enter(*_: Any, **how: Any) -> Session:
        asked.append(how)
        return session

    monkeypatch.setattr(module, "enter", enter)
    assert run(**given) == 0
    assert json.loads(capsys.readouterr().out) == {
        "Version": 1, "AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t",
        "Expiration": "2026-11-24T09:00:00Z",
    }  # fmt: skip
    assert asked == [{"verb": "credentials", "warn_once": True}]
    assert not file.exists()
