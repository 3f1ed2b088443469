"""`jitbot approve` and `withdraw`: a person at a terminal, on a running acme, with no clone."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asking_office import Office, Terminal
from desk import Said

import jitbot
from jitbot.adapters.github.person_review import GitHubPersonReview
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Review
from jitbot.sandbox.github.records import GitHubFault

ORDERS = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=orders", "--format", "json")


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    """The same, with nothing open left behind."""
    running.acme.github.faults = None
    yield running
    running.acme.github.faults = None
    for pull in running.pulls():
        running.acme.call("olivia", "PATCH", f"/pulls/{pull.number}", state="closed")
    running.workflows.idle()


def asked(office: Office, reason: str, *, login: str = "alice") -> int:
    """A pull request that asks for one table."""
    return int(office.run(*ORDERS, "-r", reason, login=login).json["pull_request"])


def reviews(office: Office, number: int) -> list[tuple[str, str, str]]:
    """The reviews that GitHub holds of a pull request: by whom, what, and of which commit."""
    pull = office.github.pull(number)
    return [(each.author.login, each.state, each.commit_sha) for each in office.github.reviews_of(pull)]


@pytest.fixture
def says_yes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """A person at a terminal who answers yes; what happens just before they do can be given."""

    def prepare(verb: str, before: Callable[[], object] = lambda: None) -> list[str]:
        questions: list[str] = []

        class Keyboard(StringIO):
            def isatty(self) -> bool:
                return True

        def answer(question: str) -> bool:
            questions.append(question)
            before()
            return True

        monkeypatch.setattr(sys, "stdin", Keyboard())
        monkeypatch.setattr(importlib.import_module(f"jitbot.commands.{verb}"), "sure", answer)
        return questions

    return prepare


def test_a_person_approves_what_they_read(office: Office) -> None:
    """In a real terminal: the documents, the commit and the question; Enter alone sends nothing; y approves that commit."""
    number = asked(office, "to be approved")
    head = office.github.pull(number).head_sha
    with Terminal(("approve", str(number)), environ=office.environ("bob"), folder=office.folder) as terminal:
        shown = terminal.reads(f"approve #{number} at {head[:10]} as bob? [y/N]", 60)
        terminal.types("")
        assert terminal.ends() == 1
    assert "alice asks for orders-db-read in prod for 1h" in shown
    assert '"dynamodb:GetItem"' in shown
    assert f"commit:   {head}" in shown
    assert reviews(office, number) == []
    with Terminal(
        ("approve", str(number), "--short"), environ=office.environ("bob"), folder=office.folder
    ) as terminal:
        assert '"dynamodb:GetItem"' not in terminal.reads("[y/N]", 60)
        terminal.types("y")
        terminal.reads(f"#{number} is approved at {head[:10]} by bob", 30)
        assert terminal.ends() == 0
    assert reviews(office, number) == [("bob", "APPROVED", head)]
    assert office.github.pull(number).is_merged


def test_nobody_is_answered_for(office: Office) -> None:
    """Without a terminal, and in a job of Actions, there is no approval and no call; and no option says yes."""
    number = asked(office, "nobody here")
    office.acme.github.calls.clear()
    alone = office.run("approve", str(number), login="bob")
    job = office.run("approve", str(number), login="bob", GITHUB_ACTIONS="true")
    token = office.run("approve", str(number), login="bob", ACTIONS_ID_TOKEN_REQUEST_URL="http://127.0.0.1:1")
    assert [each.code for each in (alone, job, token)] == [2, 1, 1]
    assert "run this at a terminal" in alone.err
    assert "a job of Actions must never give one" in job.err == token.err
    assert office.run("approve", str(number), "--yes", login="bob").code == 2
    assert office.acme.github.calls == []


def test_the_port_of_approvals_is_out_of_every_jobs_reach() -> None:
    """Only what `approve` runs names it: no job's context holds it, and no other use case or verb asks for it."""
    house = Path(jitbot.__file__).parent
    users = {
        file.relative_to(house).as_posix()
        for file in house.rglob("*.py")
        if "person_review" in file.read_text("utf-8")
    }
    assert users == {
        "adapters/github/__init__.py",
        "adapters/github/person_review.py",
        "commands/approve/approve.py",
        "usecases/request/approving.py",
        "wiring/requester.py",
    }


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("alice", "is your own, and nobody approves their own request"),
        ("carol", "your approval would not count: carol does not own this path in CODEOWNERS"),
    ],
)
def test_what_would_not_count_is_said_before_a_question(
    office: Office, says_yes: Callable[..., list[str]], login: str, words: str
) -> None:
    """The request is shown, the reason is given, and nothing is sent."""
    number, questions = asked(office, f"for {login}"), says_yes("approve.approve")
    answer = office.run("approve", str(number), login=login)
    assert (answer.code, questions, reviews(office, number)) == (1, [], [])
    assert words in answer.err
    assert "alice asks for orders-db-read" in answer.out


def push_more(office: Office, number: int) -> None:
    """alice pushes a commit that asks for four hours instead of one."""
    pull, store = office.github.pull(number), office.github.store
    who = office.acme.github._site.signature(office.acme.github._site.user("alice"))
    (path,) = office.github.changed_paths(pull)
    text = store.read(pull.head_sha, path).replace(b"1h", b"4h")
    made = store.commit_files(pull.head_ref, pull.head_sha, {path: text}, (), "more", who, who)
    office.github.change(pull, head_sha=made)
    store.update_ref(f"refs/pull/{number}/head", made)


def test_a_head_that_moved_is_not_approved(office: Office, says_yes: Callable[..., list[str]]) -> None:
    """Somebody pushes while the approver reads: nothing is sent, and what to do is said."""
    number = asked(office, "moving")
    says_yes("approve.approve", partial(push_more, office, number))
    answer = office.run("approve", str(number), login="bob")
    assert (answer.code, reviews(office, number)) == (1, [])
    assert f"somebody pushed to #{number} meanwhile" in answer.err
    assert f"nothing was approved. Look again: jitbot approve {number}" in answer.err


def test_an_approval_is_bound_to_the_commit_that_was_shown(
    office: Office, says_yes: Callable[..., list[str]]
) -> None:
    """Pushed in the very moment of sending: GitHub holds an approval of the older commit, and it is said not to count."""
    number = asked(office, "pushed at once")
    pull = office.github.pull(number)
    office.github.change(pull, auto_merge=None)

    def push(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/reviews") and not reviews(office, number):
            push_more(office, number)

    says_yes("approve.approve")
    office.acme.github.faults = push
    answer = office.run("approve", str(number), login="bob")
    assert answer.code == 1, answer
    assert reviews(office, number) == [("bob", "APPROVED", pull.head_sha)]
    assert "does not count" in answer.err


@pytest.mark.parametrize("after", [True, False])
def test_a_lost_answer_is_looked_up(office: Office, says_yes: Callable[..., list[str]], after: bool) -> None:
    """If GitHub took the approval although its answer was lost, that is a success, and it is sent once; else it is an error."""
    number = asked(office, f"lost {after}")
    office.github.change(office.github.pull(number), auto_merge=None)
    says_yes("approve.approve")
    office.acme.github.faults = lambda method, path: (
        GitHubFault(status=502, after=after) if method == "POST" and path.endswith("/reviews") else None
    )
    answer = office.run("approve", str(number), login="bob")
    assert answer.code == (0 if after else 3), answer
    assert len(reviews(office, number)) == after
    assert ("no approval is there, so try again" in answer.err) is not after


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"commit": Sha("c" * 40)}, "APPROVED of cccccccccc"), ({"state": "COMMENTED"}, "COMMENTED of")],
)
def test_an_answer_of_something_else_is_no_approval(
    office: Office,
    says_yes: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    said: str,
) -> None:
    """GitHub answers with another commit, or another kind of review: that is an error, never "approved"."""
    number, approve = asked(office, f"answered {said}"), GitHubPersonReview.approve
    office.github.change(office.github.pull(number), auto_merge=None)

    def other(self: GitHubPersonReview, number: int, head: Sha) -> Review:
        return replace(approve(self, number, head), **changed)

    monkeypatch.setattr(GitHubPersonReview, "approve", other)
    says_yes("approve.approve")
    answer = office.run("approve", str(number), login="bob")
    assert answer.code == 3, answer
    assert f"GitHub recorded {said}" in answer.err
    assert "is approved at" not in answer.out


def test_what_is_no_request_is_not_approved_here(office: Office, says_yes: Callable[..., list[str]]) -> None:
    """Rules, and what is closed or merged without a review to give, are named for what they are."""
    rules = office.propose("alice", "rules", {"policies/x": b"1"})
    closed, merged = asked(office, "closed soon"), asked(office, "merged soon")
    office.acme.call("alice", "PATCH", f"/pulls/{closed}", state="closed")
    office.approve("bob", merged)
    office.workflows.idle()
    questions = says_yes("approve.approve")
    answers = [office.run("approve", str(each), login="bob") for each in (rules, closed, merged)]
    assert ([each.code for each in answers], questions) == ([1, 1, 1], [])
    assert "asks for no access: review it on its page" in answers[0].err
    assert "was closed, not merged" in answers[1].err
    assert "requires no review: an approval now would change nothing" in answers[2].err


def test_a_break_glass_is_reviewed_after_its_merge(
    office: Office, says_yes: Callable[..., list[str]]
) -> None:
    """Anybody lets GitHub merge it; then its reviewers see it as waiting, and approve it here; others are told who may."""
    ask = ("request", "production-break-glass", "-d", "1h", "--ticket", "INC-7", "--format", "json")
    number = office.run(*ask, "-r", "it burns", login="dave").json["pull_request"]
    says_yes("approve.approve")
    assert office.run("approve", str(number), login="bob").code == 0
    office.workflows.idle()
    assert office.github.pull(number).is_merged
    assert "bob is no reviewer" in office.run("approve", str(number), login="bob").err
    (due,) = office.run("status", "--to-approve", "--format", "json", login="erin").json
    assert (due["state"], due["pull_request"], due["account"]) == ("to review", number, "prod")
    assert "waits for your review, merged" in office.run("status", login="erin").out
    answer = office.run("approve", str(number), login="erin")
    assert answer.code == 0, answer
    assert reviews(office, number)[-1] == ("erin", "APPROVED", office.github.pull(number).head_sha)


def withdrawn(office: Office, *arguments: str, login: str = "alice") -> Said:
    """What `withdraw --yes` says."""
    return office.run("withdraw", *arguments, "--yes", login=login)


def test_ones_own_request_is_withdrawn(office: Office, says_yes: Callable[..., list[str]]) -> None:
    """It is closed, after a question; again is no error; somebody else's, and what is merged, are not closed."""
    number = asked(office, "not needed")
    assert withdrawn(office, str(number), login="carol").code == 1
    assert office.github.pull(number).is_open
    questions = says_yes("request.withdraw")
    answer = office.run("withdraw", str(number))
    assert answer.code == 0, answer
    assert not office.github.pull(number).is_open
    assert questions == [
        f"close #{number}, which asks for {next(iter(office.github.changed_paths(office.github.pull(number))))}?"
    ]
    again = withdrawn(office, str(number))
    assert (again.code, again.out) == (0, f"#{number} is closed already\n")


def test_without_a_number_it_is_the_only_one(office: Office) -> None:
    """Of several each is listed with what to type; of none it is said."""
    none = withdrawn(office)
    assert (none.code, "no open request of alice waits in acme/access" in none.err) == (1, True)
    first, second = asked(office, "one of two"), asked(office, "two of two")
    several = withdrawn(office)
    assert several.code == 1
    assert all(f"jitbot withdraw {each}" in several.err for each in (first, second))
    assert withdrawn(office, str(first)).code == 0
    assert withdrawn(office).code == 0
    assert not office.github.pull(second).is_open


def test_what_is_merged_is_not_withdrawn(office: Office) -> None:
    """It points to release, also where the merge came while GitHub was asked to close."""
    number = asked(office, "merged")
    answer = office.acme.call("alice", "GET", f"/pulls/{number}").content
    body = json.dumps({**answer, "merged_at": answer["created_at"]}).encode()
    office.acme.github.faults = lambda method, _: (
        GitHubFault(status=200, body=body, headers={"Content-Type": "application/json"})
        if method == "PATCH"
        else None
    )
    raced = withdrawn(office, str(number))
    office.acme.github.faults = None
    office.approve("bob", number)
    office.workflows.idle()
    late = withdrawn(office, str(number))
    for each in (raced, late):
        assert each.code == 1
        assert (
            f"#{number} is merged, so there is nothing to withdraw; to end what it gives: jitbot release {number}"
            in each.err
        )


def test_nobody_at_a_terminal_closes_nothing(office: Office) -> None:
    """Without --yes a script is told of it; what asks for no access is not closed either."""
    number = asked(office, "no terminal")
    assert office.run("withdraw", str(number)).code == 2
    rules = office.propose("alice", "others", {"policies/y": b"1"})
    answer = withdrawn(office, str(rules))
    assert (answer.code, "asks for no access; close it on its page" in answer.err) == (1, True)
    assert office.github.pull(number).is_open
    assert office.github.pull(rules).is_open
