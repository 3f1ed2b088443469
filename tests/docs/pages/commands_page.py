"""The reference of commands, from the commands themselves."""

import inspect
from collections.abc import Iterable, Iterator

import click
from tables import block, code, table

from jitbot.cli import GROUPS, VERBS, jitbot
from jitbot.terminal.lazy_group import LazyGroup

_OPTION = "--format"


def verbs() -> str:
    """Each verb with what it does, group by group."""
    rows = [
        (f"[{name}](#jitbot-{name})", text, group)
        for group, named in GROUPS.items()
        for name, (_, text) in named.items()
    ]
    return table(("verb", "what it does", "group"), rows)


def commands() -> str:
    """A section for each command: its help, its example, its options."""
    return "\n".join(part for group, named in GROUPS.items() for part in (f"## {group}\n", *_sections(named)))


def for_machines() -> str:
    """Which commands answer machines, and which can be tried without an effect."""
    found = [each for name in VERBS for each in _with_those_below(name)]
    for_all = [code(f"jitbot {name}") for name, command in found if "json" in _choices(command)]
    dry = [code(f"jitbot {name}") for name, command in found if _has(command, "--dry-run")]
    return (
        f"These take `--format json`: {', '.join(for_all)}.\n\n"
        f"These take `--dry-run`, which changes and records nothing: {', '.join(dry)}.\n"
    )


def _with_those_below(name: str) -> Iterator[tuple[str, click.Command]]:
    """A verb and, if it is a group, the commands in it, each with the words that name it."""
    command = _named(jitbot, name)
    yield name, command
    if isinstance(command, LazyGroup):
        yield from ((f"{name} {inner}", _named(command, inner)) for inner in command.table)


def _sections(named: Iterable[str]) -> Iterator[str]:
    return (_section(*each) for name in named for each in _with_those_below(name))


def _section(name: str, command: click.Command) -> str:
    """A command as a section. Its help ends with its example."""
    context = _context(command, f"jitbot {name}")
    paragraphs = [" ".join(each.split()) for each in inspect.cleandoc(command.help or "").split("\n\n")]
    example = [each.removeprefix("Example: ") for each in paragraphs if each.startswith("Example: ")]
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    options = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
    rows = [(code(left), right) for left, right in filter(None, options)]
    parts = [
        f"### jitbot {name}\n",
        *(f"{each}\n" for each in paragraphs if not each.startswith("Example: ")),
        block("text", usage),
        *(block("sh", each) for each in example),
        *([table(("option", "meaning"), rows)] if rows else []),
    ]
    return "\n".join(parts)


def _named(group: click.Command, name: str) -> click.Command:
    assert isinstance(group, click.Group)
    found = group.get_command(_context(group), name)
    assert found is not None
    return found


def _context(command: click.Command, name: str = "jitbot") -> click.Context:
    return click.Context(command, info_name=name, **command.context_settings)  # what it works out, it keeps


def _has(command: click.Command, option: str) -> bool:
    return any(option in each.opts for each in command.params)


def _choices(command: click.Command) -> tuple[str, ...]:
    """What `--format` of a command takes; nothing if it has none."""
    types = (each.type for each in command.params if _OPTION in each.opts)
    return tuple(str(each) for kind in types if isinstance(kind, click.Choice) for each in kind.choices)
