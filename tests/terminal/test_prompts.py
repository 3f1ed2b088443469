"""What a person is asked at a terminal: what is shown first, which answers are taken, and what is said of the others."""

import sys
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.domain.model.documents import Parameter, ParameterKind
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal import prompts
from jitbot.terminal.prompts import Choice

HOUR = timedelta(hours=1)
POLICY: Any = SimpleNamespace(name="p", max_duration=2 * HOUR)


class Typist:
    """A person who types these answers, one after another; what was shown to them is read afterwards."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.answers: list[str] = []
        self.capsys = capsys
        monkeypatch.setattr(click.termui, "visible_prompt_func", self._asked)
        monkeypatch.setenv("COLUMNS", "60")

    def _asked(self, question: str) -> str:
        """As `input` does it: the question goes where click has stdout go at that moment."""
        sys.stdout.write(f"{question}\n")
        return self.answers.pop(0)

    def types(self, *answers: str) -> None:
        """These, and no more."""
        self.answers = list(answers)

    def read(self) -> list[str]:
        """The lines that were shown; every answer was asked for, and nothing is in the result."""
        out, err = self.capsys.readouterr()
        assert (out, self.answers) == ("", [])
        return [line.rstrip() for line in click.unstyle(err).splitlines()]


@pytest.fixture
def typist(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typist:
    """Such a person."""
    return Typist(monkeypatch, capsys)


THREE = (
    Choice(name="orders-db", about=("reads orders\x1b",)),
    Choice(name="orders-objects"),
    Choice(name="logs"),
)
LISTED = ["  1  orders-db", "     reads orders\\x1b", "  2  orders-objects", "  3  logs"]
ASKED = "which (a number, or part of a name):"


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [("1", "orders-db"), ("3", "logs"), ("logs", "logs"), ("obj", "orders-objects"), ("DB or", "orders-db"), ("reads ORD", "orders-db"), ("  logs ", "logs")],
)  # fmt: skip
def test_one_is_chosen_by_number_name_or_part(typist: Typist, answer: str, chosen: str) -> None:
    """Of what it is, too; all that help to choose are listed first."""
    typist.types(answer)
    assert prompts.choose("which", THREE) == chosen
    assert typist.read() == [*LISTED, ASKED]


def test_a_single_one_needs_no_question(typist: Typist) -> None:
    """It is named."""
    assert prompts.choose("which", THREE[:1]) == "orders-db"
    assert typist.read() == ["which: orders-db"]


@pytest.mark.parametrize("answer", ["0", "4", "99999", "-1", "²", "zzz", "  "])  # a digit that is no number
def test_what_fits_none_is_asked_again(typist: Typist, answer: str) -> None:
    """With all of them."""
    typist.types(answer, "2")
    assert prompts.choose("which", THREE) == "orders-objects"
    assert typist.read() == [*LISTED, ASKED, f"{answer.strip()!r} fits none; choose again", *LISTED, ASKED]


def test_a_name_goes_before_a_number_and_before_what_a_choice_is(typist: Typist) -> None:
    """What is typed whole is meant, and what a name holds is nearer than what stands below another."""
    typist.types("2")
    assert prompts.choose("which", [Choice(name="2"), Choice(name="1")]) == "2"
    typist.types("log")
    assert prompts.choose("which", [Choice(name="orders", about=("no logs",)), Choice(name="logs")]) == "logs"


def test_what_fits_several_narrows_the_choice(typist: Typist) -> None:
    """A number is then of those that are left; a name that is given whole is that one, whatever else it fits."""
    typist.types("orders", "2")
    assert prompts.choose("which", THREE) == "orders-objects"
    assert typist.read() == [*LISTED, ASKED, "'orders' fits 2; choose again", *LISTED[:3], ASKED]
    typist.types("orders", "3", "logs")
    assert prompts.choose("which", THREE) == "logs"
    assert "'3' fits none; choose again" in typist.read()
    typist.types("logs")
    assert prompts.choose("which", (*THREE, Choice(name="logs-too"))) == "logs"
    assert len(typist.read()) == 6


def test_no_more_are_listed_than_a_few(typist: Typist) -> None:
    """Those that are left out are counted, of what is left of the choices; a number of theirs is none."""
    many = [
        Choice(name=f"{group}-{chr(97 + number)}")
        for group, most in (("a", 22), ("b", 18))
        for number in range(most)
    ]
    typist.types("a-", "21", "b-r")
    assert prompts.choose("which", many) == "b-r"
    lines = typist.read()
    assert [line for line in lines if "more" in line] == [
        f"     … and {left} more; type a part of a name" for left in (20, 2, 20)
    ]
    assert lines[:20] == [f"{number + 1:>3}  a-{chr(97 + number)}" for number in range(20)]
    assert "'a-' fits 22; choose again" in lines
    typist.types("20")
    assert prompts.choose("which", many) == "a-t"
    assert len(typist.read()) == 22
    typist.types("1")
    assert prompts.choose("which", many[:20]) == "a-a"
    assert not [line for line in typist.read() if "more" in line]


def test_where_choices_take_too_many_lines_each_has_one(typist: Typist) -> None:
    """With as much of what it is as fits; up to a screen they are whole."""
    whole = [Choice(name=f"p-{number}", about=("first words " * 9, "second")) for number in range(11)]
    typist.types("1")
    prompts.choose("which", whole[:10])
    assert len(typist.read()) == 31
    typist.types("1")
    prompts.choose("which", whole)
    lines = typist.read()
    assert (len(lines), lines[0]) == (12, "  1  p-0  first words first words first words first words…")


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [("prod", ("prod",)), ("prod, data", ("prod", "data")), ("data prod,data", ("data", "prod"))],
)
def test_accounts_are_several(typist: Typist, typed: str, chosen: tuple[str, ...]) -> None:
    """Each once, in the order in which they were typed."""
    typist.types(typed)
    assert prompts.choose_accounts(POLICY, ["prod", "data"]) == chosen
    assert typist.read() == ["account (prod, data; several with commas):"]


def test_an_account_that_is_none_names_those_that_are(typist: Typist) -> None:
    """The likely ones, where there are any; the only one is not asked for."""
    known = ["prod-eu", "prod-us", "data"]
    typist.types("prod", "prod x", "zzz", ",", "data")
    assert prompts.choose_accounts(POLICY, known) == ("data",)
    likely, every = "Error: p knows: prod-eu, prod-us", "Error: p knows: prod-eu, prod-us, data"
    assert [line for line in typist.read() if line.startswith("Error")] == [likely, likely, every, every]
    assert prompts.choose_accounts(POLICY, ["prod"]) == ("prod",)
    assert typist.read() == ["account: prod"]


def test_a_parameter_is_judged_as_it_is_typed(typist: Typist) -> None:
    """By its values, its bounds or its pattern, each of which is shown."""
    typist.types("2")
    listed = Parameter(name="table", enum=("orders", "refunds"), description="which one\x1b")
    assert prompts.choose_parameter(listed) == "refunds"
    question = "table: which one\\x1b (a number, or part of a name):"
    assert typist.read() == ["  1  orders", "  2  refunds", question]
    typist.types("7", "3")
    number = Parameter(name="count", kind=ParameterKind.INTEGER, minimum=1, maximum=5)
    assert prompts.choose_parameter(number) == "3"
    wrong = "Error: count is not a whole number from 1 to 5"
    assert typist.read() == ["count, 1 to 5:", wrong, "count, 1 to 5:"]
    typist.types("AB", "ab")
    assert prompts.choose_parameter(Parameter(name="key", pattern="[a-z]+")) == "ab"
    assert typist.read() == [
        "key:",
        "Error: key does not match the policy's pattern; it must match [a-z]+",
        "key:",
    ]


def test_a_duration_is_within_the_policy(typist: Typist) -> None:
    """Up to its maximum; Enter alone is what is usual."""
    asked = "how long, at most 2h [1h]:"
    typist.types("long", "3h", "2h")
    assert prompts.choose_duration(POLICY) == 2 * HOUR
    lines = typist.read()
    assert (lines[0], lines[2:]) == (asked, [asked, "Error: p gives 2h at most", asked])
    assert lines[1].startswith("Error: ")
    typist.types("")
    assert prompts.choose_duration(POLICY) == HOUR


def test_a_sentence_and_a_ticket_say_what_is_wrong_with_them(typist: Typist) -> None:
    """And are asked for again; what is quoted is inert."""
    typist.types("x" * 201, "because")
    assert prompts.choose_sentence("why") == "because"
    wrong = "Error: this has 201 characters; 200 is the most; write one line of up to 200 characters"
    assert typist.read() == ["why:", wrong, "why:"]
    typist.types("a\x1bb", "INC-1")
    assert prompts.choose_ticket(lambda text: "" if text == "INC-1" else f"{text} is none") == "INC-1"
    asked = "ticket, as in INC-1234:"
    assert typist.read() == [asked, "Error: a\\x1bb is none", asked]


def test_several_are_chosen_by_what_their_reader_takes(typist: Typist) -> None:
    """They are listed without numbers; what is refused is asked for again, and Enter alone is what is offered."""

    def parse(text: str) -> list[str]:
        if text != "all":
            raise InvalidError(f"{text}\x1b is none")
        return ["a", "b"]

    typist.types("x", "")
    assert prompts.choose_some("which", THREE, parse, "all") == ["a", "b"]
    assert typist.read() == [line.replace(line[:3], "", 1) if line[2:3].isdigit() else line for line in LISTED] + [
        "which [all]:", "Error: x\\x1b is none", "which [all]:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "answer", "shown", "taken"),
    [
        (prompts.agreed, "", "[Y/n]:", True), (prompts.agreed, "n", "[Y/n]:", False),
        (prompts.sure, "", "[y/N]:", False), (prompts.sure, "y", "[y/N]:", True),
    ],
)  # fmt: skip
def test_enter_alone_is_the_harmless_answer(
    typist: Typist, ask: Callable[[str], bool], answer: str, shown: str, taken: bool
) -> None:
    """A yes where nothing is lost by it, a no where something ends or counts."""
    typist.types(answer)
    assert ask("really?") is taken
    assert typist.read() == [f"really? {shown}"]


def test_a_policy_says_what_helps_to_choose_it() -> None:
    """What it is, where, how long, and who approves at least."""
    policy: Any = SimpleNamespace(
        name="p",
        description="reads",
        accounts=("prod", "data"),
        max_duration=HOUR,
        approvals=2,
        approval_rules=(),
    )
    owners = {"p": "@acme/a"}
    assert prompts.describe(policy, owners).about == ("reads", "prod, data · up to 1h · 2 of @acme/a")
    policy.approval_rules = ("rule",)
    assert prompts.describe(policy, owners).about[1] == "prod, data · up to 1h · at least 2 of @acme/a"


def test_lines_are_folded_at_a_terminal_alone(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between words, with what begins the line kept; an address stays whole, and a pipe gets the whole line."""
    text = f"  say {'word ' * 20}https://x/{'y' * 80}\x1b"
    prompts.tell(text)
    assert typist.read() == [f"  say {'word ' * 20}https://x/{'y' * 80}\\x1b"]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    prompts.tell(text, bold=True)
    lines = typist.read()
    assert lines[0] == "  say word word word word word word word word word word word"
    assert (lines[1][:7], lines[-1]) == ("  word ", f"  https://x/{'y' * 80}\\x1b")
