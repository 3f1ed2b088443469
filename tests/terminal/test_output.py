"""What machines are answered."""

import json

import pytest

from jitbot.domain.text.packed import Packed, Packer
from jitbot.terminal.output import json_text, print_json


def test_what_the_ledgers_reader_keeps_packed_is_written_as_it_was() -> None:
    """A role's policies come packed from the ledger, at the top and within; what is no JSON is an error as ever."""
    whole = {"Statement": [{"Effect": "Allow", "Action": f"s3:Get{number}"} for number in range(20)]}
    packed = Packer().pack(whole)
    assert isinstance(packed, Packed)
    assert json.loads(json_text(packed)) == whole
    assert json_text({"policies": [packed]}) == json_text({"policies": [whole]})
    with pytest.raises(TypeError, match="nothing that JSON has"):
        json_text({"set": {1}})


def test_an_answer_is_json_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Of ASCII alone, and no command to GitHub's runner."""
    print_json({"reason": "é ##[error]"})
    assert capsys.readouterr() == ('{\n  "reason": "\\u00e9 #\\u0023[error]"\n}\n', "")
