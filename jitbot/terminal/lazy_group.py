"""A group of commands that are imported when they are used, so that `--help` stays instant."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import ClassVar

import click

HELP = ["--help", "-h"]


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
