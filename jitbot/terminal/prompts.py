"""The questions `jitbot request` asks at a terminal: only what is missing, each answer checked as it is typed.

click asks line by line: it works in any terminal, over ssh, in sixty columns, with a screen reader, and Ctrl-C
at any moment has written nothing. What is asked goes to stderr, so that stdout holds the result alone.
"""

import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO, TypeVar

import click

from jitbot.domain.access import eligibility
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Parameter, ParameterKind, Policy
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import sentence_problem
from jitbot.domain.request import new_request
from jitbot.domain.text import duration, escape

T = TypeVar("T")

_LISTED = 20  # choices shown at once; with more, a part of the name narrows them
_ROOM = 30  # lines that choices may take; where they would take more, each has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to choose, with what helps to choose it."""

    name: str
    about: tuple[str, ...] = ()


def tell(text: str, **style: bool) -> None:
    """A line for the person, inert, folded between words where there is a terminal."""
    click.echo(click.style(folded(text, sys.stderr), **style), err=True)


def folded(text: str, stream: TextIO, indent: str = "  ") -> str:
    """A text made inert. At a terminal its lines are folded to the width; a longer word, such as an address, stays whole."""
    inert = escape.log(text)
    if not stream.isatty():
        return inert
    width = shutil.get_terminal_size().columns
    lines = textwrap.wrap(
        inert.strip(),
        width,
        initial_indent=inert[: len(inert) - len(inert.lstrip())],
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def choose(question: str, choices: Sequence[Choice]) -> str:
    """One of the choices, by number, name, or a part of it that fits one alone. A single one needs no question."""
    if len(choices) == 1:
        tell(f"{question}: {choices[0].name}")
        return choices[0].name
    shown = list(choices)
    while True:
        _list(shown)
        answer = _ask(f"{question} (a number, or part of a name)", lambda text: text)
        found = _chosen(answer, shown, choices)
        if len(found) == 1:
            return found[0].name
        shown = list(found) or list(choices)
        tell(f"{answer!r} fits {len(found) or 'none'}; choose again", bold=True)


def choose_accounts(policy: Policy, accounts: Sequence[str]) -> tuple[str, ...]:
    """One account or several, of those that the policy gives access to."""
    if len(accounts) == 1:
        return (choose("account", [Choice(name=accounts[0])]),)

    def chosen(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(text.replace(",", " ").split()))
        unknown = [name for name in names if name not in accounts]
        if unknown or not names:
            likely = [each for each in accounts if any(name in each for name in unknown)]
            raise click.UsageError(f"{policy.name} knows: {bounds.some(likely or accounts, most=_LISTED)}")
        return names

    return _ask(f"account ({bounds.some(accounts, most=_LISTED)}; several with commas)", chosen)


def choose_parameter(parameter: Parameter) -> str:
    """A value of the parameter."""
    about = f": {parameter.description}" if parameter.description else ""
    if parameter.enum:
        return choose(f"{parameter.name}{about}", [Choice(name=value) for value in parameter.enum])
    if parameter.kind is ParameterKind.INTEGER:
        about += f", {parameter.minimum} to {parameter.maximum}"

    def checked(text: str) -> str:
        if problem := eligibility.value_problem(text, parameter):
            wanted = f"; it must match {parameter.pattern}" if parameter.pattern else ""
            raise click.UsageError(f"{parameter.name} {problem}{wanted}")
        return text

    return _ask(f"{parameter.name}{about}", checked)


def choose_some(question: str, choices: Sequence[Choice], parse: Callable[[str], T], default: str) -> T:
    """Several of the choices, listed first; `parse` takes the answer. It raises InvalidError for one that it does not take."""
    _show(choices, numbered=False)

    def checked(text: str) -> T:
        try:
            return parse(text)
        except InvalidError as error:
            raise click.UsageError(str(error)) from None

    return _ask(question, checked, default=default)


def choose_duration(policy: Policy) -> timedelta:
    """How long, up to the policy's maximum."""
    most = duration.show(policy.max_duration)

    def checked(text: str) -> timedelta:
        try:
            wanted = duration.parse(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        if wanted > policy.max_duration:
            raise click.UsageError(f"{policy.name} gives {most} at most")
        return wanted

    usual = duration.show(new_request.usual_duration(policy))
    return _ask(f"how long, at most {most}", checked, default=usual)


def choose_sentence(question: str) -> str:
    """One visible line."""

    def checked(text: str) -> str:
        if problem := sentence_problem(text):
            raise click.UsageError(f"this {problem}; write one line of up to 200 characters")
        return text

    return _ask(question, checked)


def choose_ticket(problem: Callable[[str], str]) -> str:
    """A ticket; `problem` says what is wrong with one."""

    def checked(text: str) -> str:
        if wrong := problem(text):
            raise click.UsageError(wrong)
        return text

    return _ask("ticket, as in INC-1234", checked)


def agreed(question: str) -> bool:
    """Yes or no; yes if Enter alone is pressed."""
    return click.confirm(question, default=True, err=True)


def sure(question: str) -> bool:
    """Yes or no; no if Enter alone is pressed."""
    return click.confirm(question, default=False, err=True)


def describe(policy: Policy, owners: Mapping[str, str]) -> Choice:
    """A policy as a choice: what it is, where, how long, and who approves."""
    where = f"{', '.join(policy.accounts)} · up to {duration.show(policy.max_duration)}"
    least = "at least " if policy.approval_rules else ""
    return Choice(
        name=policy.name,
        about=(policy.description, f"{where} · {least}{policy.approvals} of {owners[policy.name]}"),
    )


def _ask(question: str, checked: Callable[[str], T], default: str | None = None) -> T:
    """Ask until the answer is good."""
    answer: T = click.prompt(
        click.style(escape.terminal(question), bold=True),
        default=default,
        value_proc=lambda text: _inert(checked, str(text).strip()),
        err=True,
    )
    return answer


def _inert(checked: Callable[[str], T], text: str) -> T:
    try:
        return checked(text)
    except click.UsageError as error:
        raise click.UsageError(escape.log(error.message)) from None


def _list(choices: Sequence[Choice]) -> None:
    """The first of the choices, numbered; more are counted."""
    _show(choices[:_LISTED], numbered=True)
    if len(choices) > _LISTED:
        tell(f"     … and {len(choices) - _LISTED} more; type a part of a name")


def _show(choices: Sequence[Choice], *, numbered: bool) -> None:
    """Choices with what helps to choose; where that takes too many lines, one line each."""
    about = [_below(line) for choice in choices for line in choice.about]
    brief = len(choices) + sum(1 + text.count("\n") for text in about) > _ROOM
    for number, choice in enumerate(choices, start=1):
        beside = escape.log(_in_a_line(choice)) if brief else ""
        name = click.style(escape.terminal(choice.name), bold=True)
        click.echo(f"{f'{number:>3}' if numbered else ''}  {name}{beside}", err=True)
        for line in () if brief else choice.about:
            click.echo(_below(line), err=True)


def _below(line: str) -> str:
    """A line below a choice, inert."""
    return folded(f"     {line}", sys.stderr, "     ")


def _in_a_line(choice: Choice) -> str:
    """What a choice is, as far as it fits beside the name."""
    room = shutil.get_terminal_size().columns - len(f"123  {choice.name}  ")
    first = " ".join(choice.about[:1])
    return f"  {textwrap.shorten(first, max(room, 20), placeholder='…')}"


def _chosen(answer: str, shown: Sequence[Choice], choices: Sequence[Choice]) -> list[Choice]:
    by_name = {choice.name: choice for choice in choices}
    if answer in by_name:
        return [by_name[answer]]
    if answer.isascii() and answer.isdigit():
        number = int(answer[:4])
        if 1 <= number <= min(len(shown), _LISTED):
            return [shown[number - 1]]
    wanted = new_request.named(answer, by_name)
    if wanted:
        return [by_name[name] for name in wanted]
    about = {choice.name: " ".join((choice.name, *choice.about)) for choice in choices}
    words = answer.casefold().split()
    return [
        by_name[name]
        for name, text in about.items()
        if words and all(word in text.casefold() for word in words)
    ]
