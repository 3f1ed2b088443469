"""Commands whose options are declared apart from what they do, which is imported when it runs: help, completion and usage errors stay instant."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar

import click

HELP = ["--help", "-h"]


class LazyCommand(click.Command):
    """A verb as it is typed. `runs`, as `module:function`, carries it out: it gets the invocation, and what was typed by name."""

    def __init__(self, *args: Any, runs: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.runs = runs

    def invoke(self, ctx: click.Context) -> Any:
        """Import what carries it out, and give its exit code."""
        module, _, function = self.runs.partition(":")
        return ctx.invoke(getattr(import_module(module), function), ctx.obj, **ctx.params)


def verb(
    runs: str, name: str | None = None, *, cls: type[LazyCommand] = LazyCommand, **more: Any
) -> Callable[[Callable[[], None]], LazyCommand]:
    """Declare a verb: its options are decorators, its help is the docstring of a function that does nothing.

    `runs` is a module, with a function of that name or of the one after a colon.
    """

    def declared(empty: Callable[[], None]) -> LazyCommand:
        module, _, function = runs.partition(":")
        return click.command(name, cls=cls, runs=f"{module}:{function or empty.__name__}", **more)(empty)

    return declared


class LazyGroup(click.Group):
    """Knows the names and one-line helps of its commands without importing them.

    `groups` maps the title of each group to its commands, in the order in which people meet them, and each name to
    where the command lies and its help. A command lies in `module`, under its name, or in `module:function`.
    `other_names` are those under which people look for a command.
    """

    groups: ClassVar[Mapping[str, Mapping[str, tuple[str, str]]]]
    other_names: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @property
    def table(self) -> Mapping[str, tuple[str, str]]:
        """All commands, whatever their group."""
        return {name: command for commands in self.groups.values() for name, command in commands.items()}

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module, and give the command; None for a name that is not in the table."""
        if cmd_name not in self.table:
            return None
        module, _, function = self.table[cmd_name][0].partition(":")
        command = getattr(import_module(module), function or cmd_name)
        if not isinstance(command, click.Command):
            return None
        command.context_settings.setdefault("help_option_names", HELP)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names. For a name that is none, the error says which one is like it."""
        name = args[0]
        meant = self.other_names.get(name) or next(iter(get_close_matches(name, self.table, n=1)), "")
        if meant and name not in self.table:
            ctx.fail(f"No such command {name!r}. Did you mean {meant!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, group by group."""
        longest = max(map(len, self.table))
        for title, commands in self.groups.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(longest), summary) for name, (_, summary) in commands.items()]
                )
