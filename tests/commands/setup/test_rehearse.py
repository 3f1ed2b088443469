"""What `jitbot doctor --rehearse` says and answers, of rehearsals whose reports are plain values."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW, a_person, the_rules
from desk import Said, said
from rehearsal_facts import LIFE, PATH, SEEN, a_rehearsal

from jitbot.commands.setup import rehearse as module
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.rehearsal import judgement
from jitbot.domain.setup.rehearsal.assumption import Assumption
from jitbot.domain.setup.rehearsal.record import RehearsalStep
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.setup import rehearse as usecase
from jitbot.usecases.setup.rehearsal_request import NoPolicyError
from jitbot.usecases.setup.rehearse import RehearsalReport

HELD = judgement.judged(a_rehearsal(*LIFE), SEEN)
UNSEEN = (HELD[0].unseen("nobody looked"), *HELD[1:])
FAILED = (HELD[0].failed("it is otherwise"), *HELD[1:])
CLIENT: Any = SimpleNamespace(person=a_person("alice"), rules=lambda _: the_rules())


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the command with a rehearsal that ends like this; gives what is said, and what the rehearsal was given."""
    given: dict[str, Any] = {}

    def run(end: RehearsalReport | BaseException, *arguments: str) -> tuple[Said, dict[str, Any]]:
        def rehearse(_: Any, **how: Any) -> RehearsalReport:
            given.update(how)
            if isinstance(end, BaseException):
                raise end
            return end

        monkeypatch.setattr(usecase, "rehearse", rehearse)
        return said("doctor", "--rehearse", *arguments, folder=tmp_path), given

    def ports(_: Any, client: Any, profile: str | None) -> None:
        assert client is CLIENT
        given["profile"] = profile

    def client(invocation: Any, *_: Any) -> Any:
        given["token"] = invocation.environ["GITHUB_TOKEN"]
        return CLIENT

    monkeypatch.setattr(module, "token_of", lambda _: "alice's own")
    monkeypatch.setattr(module, "open_client", client)
    monkeypatch.setattr(module, "_ports", ports)
    return run


CONFIG = "[profile one]\nregion = eu-west-1\n\n[profile two]\nregion = eu-west-2\n"


@pytest.mark.parametrize(
    ("profile", "environ", "region"),
    [
        ("one", {"AWS_PROFILE": "two"}, "eu-west-1"),
        (None, {"AWS_PROFILE": "two"}, "eu-west-2"),
        (None, {}, "us-east-1"),
        ("one", {"AWS_REGION": "eu-north-1"}, "eu-north-1"),
    ],
)
def test_the_session_is_tried_in_the_persons_region(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str | None, environ: dict[str, str], region: str
) -> None:
    """That of the profile that is named, else of the environment's; the notes lie beside the clone's own files."""
    (tmp_path / "config").write_text(CONFIG)
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path), **environ}
    git = SimpleNamespace(ask=lambda *_: f"{tmp_path}\n".encode())
    for name, made in (("GitProcess", git), ("data_root", tmp_path), ("open_context", None)):
        monkeypatch.setattr(module, name, lambda *_, made=made, **__: made)
    monkeypatch.setattr(module, "ambient", lambda _, profile: f"whoever {profile} is")
    invocation = Invocation(now=NOW, environ=environ, folder=tmp_path, jitbot=lambda: 0)
    ports: Any = module._ports(invocation, CLIENT, profile)
    assert (ports.calls._region, ports.person) == (region, f"whoever {profile} is")
    ports.notebook.save(b"x")
    assert (tmp_path / "jitbot-rehearsal.json").read_bytes() == b"x"


def a_report(step: RehearsalStep, assumptions: tuple[Assumption, ...] = HELD) -> RehearsalReport:
    """How far it is, and what was seen."""
    return RehearsalReport(record=a_rehearsal(*LIFE), step=step, assumptions=assumptions)


@pytest.mark.parametrize(
    ("step", "assumptions", "code"),
    [
        (RehearsalStep.REMOVED, HELD, ExitCode.DONE),
        (RehearsalStep.REMOVED, UNSEEN, ExitCode.UNSURE),
        (RehearsalStep.REMOVED, FAILED, ExitCode.REFUSED),
        (RehearsalStep.LIVE, HELD, ExitCode.UNSURE),
        (RehearsalStep.LIVE, UNSEEN, ExitCode.UNSURE),
        (RehearsalStep.LIVE, FAILED, ExitCode.REFUSED),
        (RehearsalStep.CLOSED, UNSEEN, ExitCode.REFUSED),
        (RehearsalStep.REFUSED, UNSEEN, ExitCode.REFUSED),
    ],
)
def test_the_exit_code_is_that_of_what_was_seen(
    ran: Any, step: RehearsalStep, assumptions: tuple[Assumption, ...], code: ExitCode
) -> None:
    """1 for one that was refused or closed too, 3 for one that is not over; JSON and people are told the same."""
    answer, _ = ran(a_report(step, assumptions))
    assert answer.code == code
    assert ("it is not over; go on with: jitbot doctor --rehearse" in answer.err) is (
        code is ExitCode.UNSURE and step is not RehearsalStep.REMOVED
    )
    answer, _ = ran(a_report(step, assumptions), "--format", "json")
    assert (answer.code, answer.json["ok"]) == (code, code is ExitCode.DONE)
    assert (answer.json["request"], answer.json["pull_request"], answer.json["state"]) == (PATH, 7, step)
    assert [each["code"] for each in answer.json["assumptions"]] == [each.code for each in assumptions]


def test_each_assumption_is_shown_with_what_was_seen(ran: Any) -> None:
    """Group by group; the question that it answers is shown where it was answered."""
    answer, _ = ran(a_report(RehearsalStep.REMOVED, (*FAILED[:2], HELD[-1].unseen(""))))
    lines = answer.out.splitlines()
    assert lines[:3] == [
        HELD[0].group,
        f"  ✗ did not hold: {HELD[0].title}: it is otherwise",
        f"      answers: {HELD[0].line}",
    ]
    assert f"  ✓ held: {HELD[1].title}: {HELD[1].observed}" in lines
    assert f"  ? not seen: {HELD[-1].title}" in lines
    assert answer.out.count("answers: ") == 2
    assert lines.count(HELD[0].group) == lines.count(HELD[-1].group) == 1
    assert lines[-1] == "pull request 7 is removed: 1 held, 1 did not hold, 1 not seen"
    assert answer.err.startswith("A rehearsal is an ordinary request for one harmless read.")


def test_what_is_typed_is_handed_on(ran: Any) -> None:
    """The account, the profile and the waiting time; and whose token it is."""
    _, given = ran(a_report(RehearsalStep.REMOVED), "--account", "prod", "--profile", "p", "--timeout", "15m")
    assert (given["account"], given["profile"], given["token"]) == ("prod", "p", "alice's own")
    assert given["patience"].total_seconds() == 900


def test_without_the_policy_it_is_printed(ran: Any) -> None:
    """Filled in for this person, for all accounts."""
    answer, _ = ran(NoPolicyError("main has no policy rehearsal"))
    assert answer.code == 1
    assert "main has no policy rehearsal: add it as printed, then run this again" in answer.err
    assert "what is merged ends by itself" not in answer.err
    assert "eligible: [alice]\naccounts: [prod, staging, data]\n" in answer.out
    unread = the_rules(accounts=replace(the_rules().settings, value=None))
    CLIENT.rules, kept = lambda _: unread, CLIENT.rules
    answer, _ = ran(NoPolicyError("main has no policy rehearsal"))
    CLIENT.rules = kept
    assert (answer.code, "# policies/access/rehearsal.yaml" in answer.out) == (1, True)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 3, "no longer watching. Nothing else stops"),
        (InvalidError("no"), 1, "what is merged ends by itself. Go on with: jitbot doctor --rehearse"),
    ],
)
def test_what_stops_it_stops_nothing_else(ran: Any, error: BaseException, code: int, words: str) -> None:
    """That is said, with how to go on."""
    answer, _ = ran(error)
    assert (answer.code, words in answer.err, answer.out) == (code, True, "")
