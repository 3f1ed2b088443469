"""Which request a person means by what they typed."""

from collections.abc import Sequence

import pytest

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.request.request_reference import pull_number, resolve

REFUNDS = "requests/orders-db-read/2026-11/23-alice-refunds.yaml"
LATER = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
SHELL = "requests/ssm-shell/2026-11/24-bob-look-7.yaml"
KNOWN: dict[str, tuple[int, ...]] = {REFUNDS: (7,), LATER: (9, 8), SHELL: ()}


@pytest.mark.parametrize(
    "text", ["7", "#7", "https://github.com/acme/access/pull/7", "http://127.0.0.1:1/a/b/pull/7"]
)
def test_the_number_of_a_pull_request(text: str) -> None:
    """Alone, with its mark, or at the end of its address."""
    assert pull_number(text) == 7
    assert resolve(text, KNOWN) == REFUNDS


@pytest.mark.parametrize(
    "text",
    ["", "#", "0", "07", "-7", "7.0", "7 ", "##7", "x7", "٧", "12345678901", "pull/7", "https://x/pull/7/files", "https://x y/pull/7"],
)  # fmt: skip
def test_what_is_no_number_of_a_pull_request(text: str) -> None:
    """Anything around the number, any number that GitHub does not give, and other digits than ours."""
    assert pull_number(text) is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (REFUNDS, REFUNDS),
        ("23-alice", REFUNDS),
        ("ssm-shell", SHELL),
        ("24-bob-look-7.yaml", SHELL),
        ("#8", LATER),
        ("#9", LATER),
    ],
)
def test_one_request_is_meant(text: str, path: str) -> None:
    """By its path, a part that no other has, or its pull request."""
    assert resolve(text, KNOWN) == path


def test_a_whole_path_is_meant_before_the_paths_that_hold_it() -> None:
    """A path that is a part of another one still names itself."""
    assert resolve("a/b", {"a/b/c": (), "a/b": ()}) == "a/b"


def test_a_number_is_no_part_of_a_path() -> None:
    """A number means a pull request alone, though a path holds it."""
    with pytest.raises(InvalidError, match="no request is called '24'"):
        resolve("24", KNOWN)


def test_none_is_meant() -> None:
    """What nobody knows is said with where to look."""
    with pytest.raises(InvalidError, match="no request is called 'mars'; `jitbot status` lists them"):
        resolve("mars", KNOWN)


@pytest.mark.parametrize(("text", "known"), [("refunds", KNOWN), ("#7", {REFUNDS: (7,), LATER: (8, 7)})])
def test_several_may_be_meant(text: str, known: dict[str, tuple[int, ...]]) -> None:
    """The requests that fit are listed in order, for the person to choose."""
    with pytest.raises(InvalidError) as caught:
        resolve(text, known)
    assert str(caught.value) == f"{text!r} fits 2 requests; which one?\n  {REFUNDS}\n  {LATER}"


def test_of_many_the_first_ten_are_listed() -> None:
    """The count is of all, the list is not."""
    with pytest.raises(InvalidError) as caught:
        resolve("r", {f"r{number:02}": () for number in range(30, 0, -1)})
    first, *rest = str(caught.value).splitlines()
    assert first == "'r' fits 30 requests; which one?"
    assert rest == [f"  r{number:02}" for number in range(1, 11)]


def test_preferences_narrow_several_down_in_turn() -> None:
    """A preference sees what those before it left; one that chooses nothing of that changes nothing."""
    seen: list[list[str]] = []

    def later(fits: Sequence[str]) -> list[str]:
        seen.append(list(fits))
        return [LATER, "requests/of/somebody/else"]

    def neither(fits: Sequence[str]) -> list[str]:
        seen.append(list(fits))
        return [REFUNDS]

    assert resolve("alice", KNOWN, prefer=[later, neither]) == LATER
    assert seen == [[REFUNDS, LATER], [LATER]]
    with pytest.raises(InvalidError, match="fits 2 requests"):
        resolve("alice", KNOWN, prefer=[lambda _: [], lambda fits: fits])


def test_a_preference_chooses_among_those_that_fit() -> None:
    """What does not fit is never meant, however much it is preferred."""
    with pytest.raises(InvalidError, match="no request is called 'mars'"):
        resolve("mars", KNOWN, prefer=[lambda _: [SHELL]])
    assert resolve("23-alice", KNOWN, prefer=[lambda _: [SHELL]]) == REFUNDS


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_name_means_no_request(text: str) -> None:
    """It is a part of every path, also where there is only one request."""
    with pytest.raises(InvalidError, match="no request is named"):
        resolve(text, {"requests/orders-db-read/2026-11/23-alice ask.yaml": (1,)})
