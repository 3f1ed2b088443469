"""`jitbot comment` and `jitbot explain` of a pull request: events, shapes, words, exit codes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from desk import Said, said
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

BEGINS = datetime(2026, 11, 24, 9, tzinfo=UTC)
SHAPE = ["number", "ok", "title", "comment", "statuses", "findings", "written"]


@dataclass(kw_only=True)
class Office:
    """acme running, with a good pull request of alice's and a bad one of carol's."""

    stage: Stage
    good: int = 0
    bad: int = 0

    def propose(self, login: str, *slugs: str, **fields: Any) -> int:
        """A pull request with a request for the orders table for each slug."""
        self.stage.steps += 1
        asked = {"parameters": {"table": "orders"}, **fields}
        files = dict(self.stage.request(login, "orders-db-read", slug, **asked) for slug in slugs)
        return self.stage.propose(login, f"change {self.stage.steps}", files)

    def run(self, *arguments: str, **environ: str) -> Said:
        """Run jitbot in a job of check.yml, in a clone of main's tip."""
        event = environ.pop("event", "pull_request")
        job = {**self.stage.acme.job("check.yml", event=event), **environ}
        return said(*arguments, folder=self.stage.acme.clone(), environ=job, now=self.stage.now)

    def comments(self) -> int:
        """How many comments there are."""
        return len(self.stage.acme.github._site.repository("acme/access").comments)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """That office."""
    with Acme(Clock(BEGINS)) as acme:
        office = Office(stage=Stage(acme=acme, jitbot=main, console=Console(file=StringIO())))
        office.good = office.propose("alice", "good")
        office.bad = office.propose("carol", "bad", duration="9h")
        yield office


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
def test_the_event_names_the_pull_request(office: Office, tmp_path: Path, event: str) -> None:
    """Without a number it is that of the event's payload, of which nothing else is believed."""
    payload = tmp_path / "event.json"
    payload.write_text(
        json.dumps({"pull_request": {"number": office.good, "title": "x", "head": {"sha": "x"}}})
    )
    answer = office.run("comment", event=event, GITHUB_EVENT_PATH=str(payload))
    assert answer.code == 0
    assert answer.out.startswith(f"#{office.good}: all good")


@pytest.mark.parametrize(
    "payload", ["", "{}", "[]", '{"pull_request": 7}', '{"pull_request": {"number": "x"}}', None]
)
def test_an_event_that_names_none_is_an_error(office: Office, tmp_path: Path, payload: str | None) -> None:
    """A pull request's run without its number does nothing, and says so."""
    file = tmp_path / "event.json"
    if payload is not None:
        file.write_text(payload)
    answer = office.run("comment", GITHUB_EVENT_PATH=str(file))
    assert (answer.code, answer.out) == (1, "")
    assert "names no pull request" in answer.err


def test_another_event_names_none(office: Office, tmp_path: Path) -> None:
    """A push's run looks at what it recorded itself: here nothing."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"pull_request": {"number": office.bad}}))
    answer = office.run("comment", event="push", GITHUB_EVENT_PATH=str(file))
    assert (answer.code, answer.out) == (0, "no pull request to bring up to date\n")


def test_the_json_has_these_keys(office: Office) -> None:
    """One entry for each pull request, and the exit code of the worst."""
    answer = office.run("comment", str(office.good), str(office.bad), "--format", "json")
    assert answer.code == 1
    good, bad = answer.json
    assert [list(good), list(bad)] == [SHAPE, SHAPE]
    assert (good["ok"], good["title"]) == (
        True,
        "alice: orders-db-read in prod, 2h, table=orders (one approval)",
    )
    assert good["statuses"]["jitbot/check"] == {"state": "success", "description": "all good"}
    assert (bad["ok"], [each["code"] for each in bad["findings"]]) == (False, ["duration-above-maximum"])


def test_outside_actions_it_is_printed_and_nothing_written(office: Office) -> None:
    """At a terminal one sees what would be said."""
    number, before = office.propose("alice", "printed"), office.comments()
    answer = office.run("comment", str(number), GITHUB_ACTIONS="")
    assert answer.code == 0
    assert answer.out.startswith("**alice** asks for orders-db-read")
    assert office.comments() == before
    assert (
        office.run("comment", str(office.bad), GITHUB_ACTIONS="").out.count("[duration-above-maximum]") == 1
    )


def test_an_unknown_pull_request_is_exit_code_3(office: Office) -> None:
    """GitHub's no is told."""
    answer = office.run("comment", "4711")
    assert (answer.code, answer.out) == (3, "")
    assert "GitHub finds no such thing" in answer.err


def test_explain_of_a_pull_request_says_what_the_comment_says(office: Office) -> None:
    """By its number, with its reviews: the same sentences as on GitHub."""
    office.stage.must(office.stage.review("carol", office.good))
    answer = office.run("explain", f"#{office.good}")
    lines = answer.out.splitlines()
    assert answer.code == 0
    asked = "alice asks for orders-db-read in prod for 2h, until 2026-11-24T11:00:00Z if it is merged now"
    assert lines[0] == asked
    for line in (
        "what:     Read one DynamoDB table of the order system",
        "why:      INC-1234 refunds are stuck",
        "table:    orders",
        "risk:     low",
        "approve:  1 of @acme/payments-leads",
        "          Waits for one approval, from bob.",
        "          Not counted: carol does not own this path in CODEOWNERS.",
        "before:   alice had no other grant in the last 90 days.",
        "permission policy:",
    ):
        assert line in lines


def test_explain_of_a_pull_request_as_json(office: Office) -> None:
    """The promised shape; where there are several requests, one must be named."""
    answer = office.run("explain", str(office.good), "--format", "json", "--at", "2026-11-24T10:00:00Z")
    assert (answer.code, answer.json["requester"]) == (0, "alice")
    assert answer.json["grants"][0]["expires_at"] == "2026-11-24T12:00:00Z"
    two = str(office.propose("alice", "one", "two"))
    assert office.run("explain", two).out.count("alice asks for orders-db-read") == 2
    several = office.run("explain", two, "--format", "json")
    assert (several.code, several.out) == (1, "")
    assert "2 requests" in several.err


def test_explain_of_a_bad_pull_request_is_red(office: Office) -> None:
    """It is explained, and its findings follow."""
    answer = office.run("explain", str(office.bad))
    assert answer.code == 1
    assert "carol asks for orders-db-read" in answer.out
    assert "[duration-above-maximum]" in answer.out


def test_explain_of_what_asks_for_nothing(office: Office) -> None:
    """A closed pull request and one of rules are told apart from a request."""
    number = office.propose("alice", "closed")
    office.stage.must(office.stage.acme.call("olivia", "PATCH", f"/pulls/{number}", state="closed"))
    rules = office.stage.propose("olivia", "rules", {"policies/x.txt": "x"})
    for asked, word in ((number, "was closed, not merged"), (rules, "touches no request")):
        answer = office.run("explain", str(asked))
        assert (answer.code, answer.out) == (1, "")
        assert word in answer.err


def test_an_extension_is_explained(office: Office) -> None:
    """A file whose request is granted for less is told as an extension, from the ledger; a number, too."""
    number = office.propose("dave", "more")
    office.stage.must(office.stage.review("bob", number))
    office.stage.must(office.stage.merge("olivia", number))
    office.stage.run("grant", workflow="grant.yml", code=0)
    clone = office.stage.acme.clone()
    file = clone / "requests/orders-db-read/2026-11/24-dave-more.yaml"
    for asked in ("24-dave-more", str(number)):
        granted = office.run("explain", asked)
        assert granted.code == 0
        assert "change:" not in granted.out
        lines = granted.out.splitlines()
        assert lines[0] == "dave has orders-db-read in prod for 2h, until 2026-11-24T11:00:00Z"
        assert "state:    prod: live, 2h left, until 24 Nov 2026, 11:00 UTC" in lines
        assert "before:   dave had no other grant in the last 90 days." in lines
    text = file.read_text()
    try:
        file.write_text(text.replace('"2h"', '"4h"'))
        lines = office.run("explain", "24-dave-more").out.splitlines()
    finally:
        file.write_text(text)
    assert lines[0] == "dave asks for orders-db-read in prod for 4h, until 2026-11-24T13:00:00Z"
    assert (
        "change:   Granted until 24 Nov 2026, 11:00 UTC; with this until 24 Nov 2026, 13:00 UTC: 2h more, "
        "4h in all. Nothing else changes."
    ) in lines
    ends = office.stage.propose("dave", "ends", {file.relative_to(clone).as_posix(): None})
    answer = office.run("explain", str(ends))
    assert (answer.code, answer.out) == (1, "")
    assert "only ends access" in answer.err
