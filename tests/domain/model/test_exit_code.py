"""The numbers with which a command ends."""

import json

from jitbot.domain.model.exit_code import ExitCode


def test_scripts_can_rely_on_the_numbers() -> None:
    """They are those of the documentation, and JSON holds them as numbers."""
    assert [(each.name, each.value) for each in ExitCode] == [
        ("DONE", 0),
        ("REFUSED", 1),
        ("MISUSED", 2),
        ("UNSURE", 3),
    ]
    assert json.dumps({"exit_code": ExitCode.UNSURE}) == '{"exit_code": 3}'
    assert f"{ExitCode.UNSURE}" == "3"
