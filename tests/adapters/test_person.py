"""A person's own AWS credentials, wherever botocore finds them."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from jitbot.adapters.aws.person import ASKING, AmbientPerson

KEYS = '{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "hush"}'


@pytest.mark.parametrize("profile", ["own", "chained"])
def test_a_program_that_gives_credentials_is_told_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    """So that jitbot, if it is that program, refuses instead of asking itself for ever; nothing is left behind."""
    seen = tmp_path / "seen"
    program = (
        f"import os; open({str(seen)!r}, 'a').write(os.environ.get({ASKING!r}, 'nobody')); print({KEYS!r})"
    )
    command = shlex.join([sys.executable, "-c", program])
    config = tmp_path / "config"
    config.write_text(
        f"[profile own]\ncredential_process = {command}\n"
        "[profile chained]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = own\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    AmbientPerson({}, profile=profile, endpoint="http://127.0.0.1:1")
    assert seen.read_text() == "1"
    assert ASKING not in os.environ
