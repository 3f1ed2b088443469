"""Commands that are imported when they are asked for."""

from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.terminal import lazy_group
from jitbot.terminal.lazy_group import HELP, LazyCommand, LazyGroup, verb


class Some(LazyGroup):
    """A group of commands, one of which is none."""

    groups = {  # noqa: RUF012  # as the groups of verbs have it
        "Ask": {"ask": ("house.ask", "Ask."), "own": ("house.ask:other", "Ask otherwise.")},
        "Odd": {"odd": ("house.ask", "Nothing.")},
    }
    other_names = {"want": "ask"}  # noqa: RUF012


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module in which they lie; `asked` are the modules that were imported."""
    other = click.Command("own", context_settings={"help_option_names": ["--hilfe"]})
    module: Any = SimpleNamespace(ask=click.Command("ask"), other=other, odd="no command", asked=[])

    def imported(name: str) -> Any:
        module.asked.append(name)
        return module

    monkeypatch.setattr(lazy_group, "import_module", imported)
    return module


HERE = click.Context(click.Command("x"))


def test_a_command_is_imported_when_it_is_asked_for(house: Any) -> None:
    """Its help is asked for as everywhere, unless it says otherwise; what is no command is none."""
    group = Some("some")
    assert (group.list_commands(HERE), house.asked) == (["ask", "own", "odd"], [])
    ask, other = house.ask, house.other
    assert [group.get_command(HERE, name) for name in ("ask", "own")] == [ask, other]
    settings = [each.context_settings["help_option_names"] for each in (ask, other)]
    assert settings == [HELP, ["--hilfe"]]
    assert group.get_command(HERE, "odd") is None
    assert house.asked == ["house.ask"] * 3
    assert group.get_command(HERE, "x") is None
    assert house.asked == ["house.ask"] * 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("want", "No such command 'want'. Did you mean 'ask'?"),
        ("askk", "No such command 'askk'. Did you mean 'ask'?"),
        ("zzz", "No such command 'zzz'."),
    ],
)
def test_a_name_that_is_none_says_what_is_like_it(house: Any, name: str, said: str) -> None:
    """Nothing is imported for it."""
    with pytest.raises(click.UsageError) as refused:
        Some("some").resolve_command(HERE, [name])
    assert (refused.value.message, house.asked) == (said, [])


def test_a_name_that_is_there_is_not_taken_for_a_misspelt_one(house: Any) -> None:
    """It is most like itself."""
    assert Some("some").resolve_command(HERE, ["ask", "more"]) == ("ask", house.ask, ["more"])


def test_what_carries_a_verb_out_is_imported_when_it_runs(house: Any) -> None:
    """It gets the invocation, and by name what was typed; its result is the exit code."""
    house.act = lambda invocation, *, number: (invocation, number)

    def act() -> None:
        """Do it."""

    declared = verb("house.act")(click.argument("number", type=int)(act))
    assert isinstance(declared, LazyCommand)
    assert (declared.runs, declared.help, house.asked) == ("house.act:act", "Do it.", [])
    assert declared.main(["7"], obj="here", standalone_mode=False) == ("here", 7)
    assert house.asked == ["house.act"]
    assert verb("house.act:other", "named")(act).runs == "house.act:other"


@pytest.mark.usefixtures("house")
def test_help_lists_the_groups_in_columns() -> None:
    """Which begin at the same place in all of them."""
    formatter = click.HelpFormatter(width=60)
    Some("some").format_commands(HERE, formatter)
    assert formatter.getvalue() == "Ask:\n  ask  Ask.\n  own  Ask otherwise.\n\nOdd:\n  odd  Nothing.\n"
