"""`jitbot request` on plain values: which answers are asked for, which are known, and what comes of them."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.adapters import documents
from jitbot.commands.request import request as module
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Login, Request, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.request import new_request
from jitbot.terminal import prompts
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "requests/orders-db-read/2026-11/24-alice-x.yaml"
FORMER = "requests/orders-db-read/2026-10/01-alice-old.yaml"


def a_parameter(name: str, *enum: str) -> Any:
    """A question of a policy, with these answers to choose from."""
    return SimpleNamespace(name=name, enum=enum)


def a_policy(name: str = "orders-db-read", *parameters: Any, ticket: bool = False) -> Any:
    """A policy that a person may ask under."""
    return SimpleNamespace(name=name, parameters=parameters, ticket_required=ticket)


TABLE, REGION = a_parameter("table", "orders", "refunds"), a_parameter("region", "eu")
FULL: dict[str, Any] = {
    "policy": "orders-db-read",
    "accounts": ("prod",),
    "duration": HOUR,
    "reason": "because",
}
EMPTY: dict[str, Any] = {"policy": None, "accounts": (), "duration": None, "reason": None}


class Desk:
    """A person at a terminal who asks; `opened` is the request, with its options, and `questions` what was asked first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.usable: list[Any] = [a_policy(), a_policy("mobile-logs")]
        self.policies, self.unread = [*self.usable, a_policy("admin")], ["policies/access/broken.yaml"]
        self.accounts: tuple[str, ...] = ("prod", "staging")
        self.owners: tuple[str, ...] = ("@acme/a", "@bob")
        self.old: Any = SimpleNamespace()
        self.questions: list[str] = []
        self.named: list[tuple[Any, ...]] = []
        self.opened: list[Any] = []
        self.client: Any = SimpleNamespace(
            person=SimpleNamespace(login=Login("alice")), policies=self.policies, tree=self, documents=documents,
            people="people", teams="teams",
            usable=lambda: self.usable, accounts_of=lambda _: self.accounts, parse=self._parse,
            owners_of="the owners of {}".format, rules=lambda policy: SimpleNamespace(codeowners=policy),
        )  # fmt: skip
        self.at_terminal(stdin=True, stderr=True)
        for name, stand_in in {
            "open_client": lambda *_: self.client,
            "asked_before": lambda *_: (FORMER, b"old"),
            "free_path": self._free_path,
            "check_and_open": self._open,
        }.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(owners, "of", self._owners_of)
        for name, answer in {
            "choose": "mobile-logs", "choose_accounts": ("data",), "choose_parameter": "chosen", "choose_duration": 2 * HOUR,
            "choose_sentence": "said", "choose_ticket": "INC-1",
        }.items():  # fmt: skip
            monkeypatch.setattr(prompts, name, self._answers(name, answer))
        monkeypatch.setattr(prompts, "describe", lambda policy, owners: (policy.name, dict(owners)))

    def at_terminal(self, *, stdin: bool, stderr: bool) -> None:
        """Whether a person sees what is asked, and may answer."""
        self.monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: stdin))
        self.monkeypatch.setattr(sys.stderr, "isatty", lambda: stderr)

    def _answers(self, name: str, answer: Any) -> Callable[..., Any]:
        def asked(*given: Any) -> Any:
            self.questions.append(name.removeprefix("choose").strip("_") or "policy")
            self.choices = given
            return answer

        return asked

    def _owners_of(self, path: str, *, codeowners: str, people: str, teams: str) -> Any:
        assert (people, teams) == ("people", "teams")
        assert path.startswith(f"requests/{codeowners}/")
        return SimpleNamespace(names=self.owners if codeowners == "orders-db-read" else ())

    def read(self, paths: list[str]) -> dict[str, bytes]:
        """What main has of these."""
        return {path: b"" for path in paths if path in self.unread}

    def _parse(self, source: Source) -> Any:
        assert source == Source(path=FORMER, content=b"old")
        return self.old

    def _free_path(self, *given: Any) -> str:
        self.named.append(given[1:])
        return PATH

    def _open(self, _: Any, source: Source, options: Any) -> int:
        parsed = documents.parse_request(source).value
        self.opened.append((parsed, options, source.content))
        return 7

    def ask(self, **given: Any) -> Request:
        """`jitbot request`; the request that it opens."""
        known: dict[str, Any] = {
            **FULL, "parameters": (), "ticket": None, "starts_at": None, "again": None, "repo": None, "wait": False,
            "timeout": HOUR, "dry_run": False, "form": "text",
        }  # fmt: skip
        asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
        assert module.request(asked, **{**known, **given}) == 7
        found: Request = self.opened[-1][0]
        return found

    @property
    def options(self) -> Any:
        """Those of the last one."""
        return self.opened[-1][1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a person."""
    return Desk(monkeypatch)


def test_what_is_complete_is_opened_unasked(desk: Desk) -> None:
    """Also where nobody could be asked; accounts may be one word, and its file has a name of its own."""
    desk.at_terminal(stdin=False, stderr=False)
    asked = desk.ask(accounts=("prod,,staging", "data"), ticket="INC-9", starts_at=NOW + HOUR)
    assert (asked.path, asked.requester, asked.accounts) == (PATH, "alice", ("prod", "staging", "data"))
    assert (asked.duration, asked.reason, asked.ticket) == (HOUR, "because", "INC-9")
    assert asked.starts_at == NOW + HOUR
    assert desk.named == [("orders-db-read", "because", NOW, ("INC-9", ""))]
    assert (desk.questions, desk.options.ask) == ([], False)
    assert (desk.options.now, desk.options.dry, desk.options.wait, desk.options.form) == (
        NOW,
        False,
        None,
        "text",
    )
    desk.ask(wait=True, dry_run=True, form="json")
    assert (desk.options.dry, desk.options.wait, desk.options.form) == (True, HOUR, "json")
    assert desk.named[-1] == ("orders-db-read", "because", NOW, ("", ""))


def test_all_that_is_missing_is_asked_for(desk: Desk) -> None:
    """In the order of the file, with each policy's owners to choose by; then the person agrees to all."""
    desk.usable[1] = a_policy("mobile-logs", TABLE, ticket=True)
    asked = desk.ask(**EMPTY)
    assert desk.questions == ["policy", "accounts", "parameter", "duration", "ticket", "sentence"]
    assert (asked.accounts, dict(asked.parameters), asked.duration) == (
        ("data",),
        {"table": "chosen"},
        2 * HOUR,
    )
    assert (asked.ticket, asked.reason, desk.options.ask) == ("INC-1", "said", True)


def test_policies_are_chosen_by_their_owners(desk: Desk) -> None:
    """A policy that nobody owns says so; whoever chose one is asked whether all is right."""
    desk.ask(policy=None)
    names = {"orders-db-read": "@acme/a @bob", "mobile-logs": "nobody"}
    assert desk.choices == ("policy", [(each, names) for each in names])
    assert (desk.questions, desk.options.ask) == (["policy"], True)


@pytest.mark.parametrize(
    ("given", "policy", "question"),
    [
        ({"accounts": ()}, a_policy(), "accounts"),
        ({"duration": None}, a_policy(), "duration"),
        ({"reason": None}, a_policy(), "sentence"),
        ({}, a_policy("orders-db-read", ticket=True), "ticket"),
        ({}, a_policy("orders-db-read", TABLE), "parameter"),
        ({"ticket": "INC-2"}, a_policy("orders-db-read", ticket=True), ""),
        ({"ticket": "INC-2", "reason": None}, a_policy("orders-db-read", ticket=True), "sentence"),
        ({"parameters": (("table", "orders"),)}, a_policy("orders-db-read", TABLE), ""),
        ({"parameters": (("table", "orders"),)}, a_policy("orders-db-read", TABLE, a_parameter("b")), "parameter"),
    ],
)  # fmt: skip
def test_only_what_is_missing_is_asked_for(
    desk: Desk, given: dict[str, Any], policy: Any, question: str
) -> None:
    """And then the person agrees; without a terminal the option that is missing is named."""
    desk.usable[0] = policy
    asked = desk.ask(**given)
    assert (desk.questions, desk.options.ask) == ([question] if question else [], bool(question))
    known = {**FULL, **given}
    assert asked.accounts == (known["accounts"] or ("data",))
    assert asked.duration == (known["duration"] or 2 * HOUR)
    assert asked.reason == (known["reason"] or "said")
    assert asked.ticket == given.get("ticket", "INC-1" if question == "ticket" else None)
    assert dict(asked.parameters).items() >= dict(given.get("parameters", ())).items()
    options = {"accounts": "--account", "sentence": "--reason", "parameter": f"-p {policy.parameters[-1:] and policy.parameters[-1].name}=…"}  # fmt: skip
    for stdin, stderr in ((True, False), (False, True)):
        desk.at_terminal(stdin=stdin, stderr=stderr)
        if question:
            option = options.get(question, f"--{question}")
            with pytest.raises(click.UsageError, match=f"there is no terminal to ask at: {option}$"):
                desk.ask(**given)
        else:
            desk.ask(**given)


def test_a_single_choice_is_made(desk: Desk) -> None:
    """The only account of a policy, and the only answer to a question; another word of the person's stays."""
    desk.accounts, desk.usable[0] = ("prod",), a_policy("orders-db-read", REGION)
    asked = desk.ask(accounts=())
    assert (asked.accounts, dict(asked.parameters), desk.questions) == (("prod",), {"region": "eu"}, [])
    asked = desk.ask(accounts=("data",), parameters=(("region", "us"),))
    assert (asked.accounts, dict(asked.parameters), desk.questions) == (("data",), {"region": "us"}, [])


def test_answers_come_in_the_order_of_the_policy(desk: Desk) -> None:
    """Whatever the order in which they were typed; what the policy does not ask for comes last, to be refused."""
    desk.usable[0] = a_policy("orders-db-read", TABLE, REGION)
    asked = desk.ask(parameters=(("extra", "x"), ("region", "eu"), ("table", "orders")))
    assert list(asked.parameters.items()) == [("table", "orders"), ("region", "eu"), ("extra", "x")]
    assert desk.named == [("orders-db-read", "because", NOW, ("", "orders eu x"))]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (a_policy("orders-db-read", TABLE, REGION), "has no parameter 'extra'; it asks for: table, region$"),
        (a_policy(), "has no parameter 'extra'; it asks for none$"),
    ],
)
def test_an_unknown_parameter_is_named_before_any_question(desk: Desk, policy: Any, why: str) -> None:
    """A person does not answer five questions to be refused then."""
    desk.usable[0] = policy
    with pytest.raises(click.UsageError, match=why):
        desk.ask(reason=None, parameters=(("region", "eu"), ("extra", "x"))[-1 if "none" in why else 0 :])
    assert desk.questions == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("admin", "alice may not use admin; you may use: orders-db-read, mobile-logs. Ask the owners of policies/access/admin.yaml if"),
        ("broken", "the policy broken cannot be read: see `jitbot check`; you may use: orders-db-read, mobile-logs"),
        ("logs", "there is no policy 'logs'; you may use: mobile-logs"),
        ("orders-bd-raed", "there is no policy 'orders-bd-raed'; you may use: orders-db-read"),
        ("zzz", "there is no policy 'zzz'; you may use: orders-db-read, mobile-logs"),
    ],
)  # fmt: skip
def test_a_policy_that_is_not_to_be_used_names_those_that_are(desk: Desk, name: str, why: str) -> None:
    """The likely ones, where there are any."""
    with pytest.raises(InvalidError) as refused:
        desk.ask(policy=name)
    assert str(refused.value).startswith(why)
    assert "mobile-logs" in why.partition("use: ")[2] or "mobile-logs" not in str(refused.value)
    assert desk.opened == []


def test_without_a_policy_and_a_terminal_they_are_named(desk: Desk) -> None:
    """There is nobody to choose."""
    desk.at_terminal(stdin=False, stderr=True)
    with pytest.raises(click.UsageError, match="missing: POLICY; you may use: orders-db-read, mobile-logs"):
        desk.ask(policy=None)


def test_a_former_request_has_the_answers_that_are_not_given(desk: Desk) -> None:
    """All of them where nothing else is said, but for when it begins; what is said now counts."""
    old = {"table": "orders", "region": "eu"}
    desk.usable[0] = a_policy("orders-db-read", TABLE, REGION)
    desk.old = SimpleNamespace(
        accounts=("staging",),
        duration=3 * HOUR,
        reason="as before",
        ticket="INC-3",
        parameters=old,
        starts_at=NOW,
    )
    asked = desk.ask(**EMPTY, again="old")
    assert (asked.accounts, asked.duration, asked.reason, asked.ticket) == (
        ("staging",),
        3 * HOUR,
        "as before",
        "INC-3",
    )
    assert (dict(asked.parameters), asked.starts_at, desk.questions, desk.options.ask) == (
        old,
        None,
        [],
        False,
    )
    desk.usable[1] = a_policy("mobile-logs", TABLE, REGION)
    given = {"policy": "mobile-logs", "ticket": "INC-4", "parameters": (("table", "refunds"),)}
    asked = desk.ask(**{**FULL, **given}, again="old")
    assert (asked.accounts, asked.duration, asked.reason, asked.ticket) == (
        ("prod",),
        HOUR,
        "because",
        "INC-4",
    )
    assert (dict(asked.parameters), desk.named[-1][0]) == (
        {"table": "refunds", "region": "eu"},
        "mobile-logs",
    )


@pytest.mark.parametrize(
    ("ticket", "hint", "problem"), [("INC-1", None, ""), ("a b\n", "write INC-1", "write INC-1"), ("a b\n", "", "it is odd")]
)  # fmt: skip
def test_a_ticket_is_judged_as_it_is_typed(desk: Desk, ticket: str, hint: str | None, problem: str) -> None:
    """By what a request's file may say, with what to do, or at least what is wrong."""
    desk.usable[0] = a_policy("orders-db-read", ticket=True)
    desk.ask()
    (judged,) = desk.choices
    if hint is not None:
        found = SimpleNamespace(findings=[SimpleNamespace(hint=hint, message="it is odd")])
        desk.client.documents = SimpleNamespace(parse_request=lambda _: found)
    assert judged(ticket) == problem
    desk.client.documents = documents
    assert bool(judged(ticket)) is (ticket != "INC-1")


def test_the_file_is_what_was_answered(desk: Desk) -> None:
    """Byte for byte."""
    asked = desk.ask()
    assert desk.opened[-1][2] == new_request.text(asked).encode()
