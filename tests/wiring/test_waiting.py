"""Pauses and tokens: what a run waits for, and what it does not keep too long."""

from collections.abc import Iterator

import pytest

from jitbot.domain.model.errors import UnavailableError
from jitbot.terminal.invocation import pause
from jitbot.wiring.context import FRESH, FreshToken


def test_no_two_pauses_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between half and all of what was asked, by chance: who was refused together does not come back together."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    for _ in range(200):
        pause(4.0)
    assert min(slept) >= 2
    assert max(slept) <= 4
    assert len(set(slept)) > 100


def test_one_token_serves_all_accounts_while_it_is_fresh() -> None:
    """Asked once for all; asked again as soon as it is two minutes old, and not a second sooner."""
    clock, asked = [100.0], iter("abc")
    token = FreshToken(lambda: next(asked), seconds=lambda: clock[0])
    assert [token(), token()] == ["a", "a"]
    clock[0] += FRESH - 1
    assert token() == "a"
    clock[0] += 1
    assert [token(), token()] == ["b", "b"]


def test_a_token_that_could_not_be_had_is_asked_for_again() -> None:
    """The trouble of one account is not the fate of the next."""
    answers: Iterator[UnavailableError | str] = iter([UnavailableError("the issuer is silent"), "a"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, UnavailableError):
            raise answer
        return answer

    token = FreshToken(ask, seconds=lambda: 0.0)
    with pytest.raises(UnavailableError):
        token()
    assert token() == "a"
