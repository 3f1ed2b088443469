"""What a ledger may not say of the protection of main and ledger: each way to lie about it is found, the truth never is."""

from dataclasses import replace

import pytest
from acme_facts import DAY, NOW
from audit_facts import WEEK, a_look, a_look_event, a_recorded, a_statement_event, granted
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.protection.checks import problems
from jitbot.domain.audit.protection.looks import Look, Sight
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence

AUDIT = "acme/access/.github/workflows/audit.yml@refs/heads/main"


def found(
    *events: Event, workflow: str = AUDIT, actor: str = "1010", now: object = NOW
) -> list[AuditFinding]:
    """What is wrong with a ledger of these events, each in a batch of its own."""
    recorded = [
        a_recorded(event, order, workflow=workflow, actor_id=actor) for order, event in enumerate(events)
    ]
    return list(problems(recorded, now))  # type: ignore[arg-type]


def codes(*events: Event, workflow: str = AUDIT, actor: str = "1010") -> list[str]:
    """The codes of what is wrong."""
    return [each.code for each in found(*events, workflow=workflow, actor=actor)]


def answering(event: Event, **words: str) -> Event:
    """The event with other answers, by codes whose dashes are underlines."""
    changed = {
        **(event.evidence.safeguards or {}),
        **{code.replace("_", "-"): each for code, each in words.items()},
    }
    return replace(event, evidence=Evidence({**event.evidence.json, "safeguards": changed}))


def test_the_truth_is_not_objected_to() -> None:
    """A look, a look that saw less, and an admin's word."""
    less = a_look(
        NOW, main_deletion=Sight.NO_RULE, ledger_deletion=Sight.NOT_HELD, main_approvals=Sight.NOT_SEEN
    )
    assert codes(a_look_event(), a_look_event(less), a_statement_event()) == []


def test_a_ledger_without_looks_has_nothing_wrong() -> None:
    """An older jitbot recorded none; and other events are none of this."""
    assert codes() == []
    assert codes(granted(), workflow=AUDIT.replace("audit.yml", "grant.yml")) == []


@pytest.mark.parametrize("workflow", ["grant", "sweep", "revoke"])
def test_another_workflow_may_not_say_it(workflow: str) -> None:
    """The weekly audit looks, and nobody else."""
    other = AUDIT.replace("audit.yml", f"{workflow}.yml")
    assert codes(a_look_event(), workflow=other) == ["protection-by-another-workflow"]
    assert codes(a_statement_event(), workflow=other) == ["protection-by-another-workflow"]


@pytest.mark.parametrize("code", [each.code for each in SAFEGUARDS if not each.branch])
def test_no_run_sees_what_admins_alone_see(code: str) -> None:
    """A run that records it as held, or as not held, did not see it."""
    for word in (Sight.HELD, Sight.NOT_HELD, Sight.NO_RULE):
        assert codes(answering(a_look_event(), **{code: word})) == ["protection-implausible"]


def test_no_run_sees_that_main_is_without_a_rule_for_sure() -> None:
    """Classic protection may ask for it."""
    assert codes(answering(a_look_event(), main_deletion="not held")) == ["protection-implausible"]


def test_an_event_that_answers_nothing() -> None:
    """Without answers it is no look."""
    for event in (a_look_event(), a_statement_event()):
        kept = {key: value for key, value in event.evidence.json.items() if key != "safeguards"}
        for evidence in (
            Evidence(kept),
            Evidence({**kept, "safeguards": {}}),
            Evidence({**kept, "safeguards": "all"}),
        ):
            assert codes(replace(event, evidence=evidence)) == ["protection-implausible"]


@pytest.mark.parametrize(
    ("code", "word"), [("main-deletion", "yes"), ("main-deletion", "ok"), ("newer", "held")]
)
def test_what_a_newer_jitbot_says_is_not_checked(code: str, word: str) -> None:
    """It is neither right nor wrong for this one."""
    (problem,) = found(answering(a_look_event(), **{code: word}))
    assert (problem.code, problem.severity) == ("protection-unknown", Severity.UNCHECKED)
    assert problem.hint == "verify with the release that main's workflows pin"


@pytest.mark.parametrize(("actor", "started"), [("", "nobody known"), ("1001", "1001"), ("10100", "10100")])
def test_a_statement_in_anothers_name(actor: str, started: str) -> None:
    """GitHub's token says who started the run."""
    (problem,) = found(a_statement_event(), actor=actor)
    assert (problem.code, problem.severity) == ("protection-by-another", Severity.BROKEN)
    assert (
        problem.message
        == f"reviewed-protection: it names olivia with the GitHub id 1010, and its run was started by {started}"
    )
    assert problem.hint.startswith("find out which run recorded it")


@pytest.mark.parametrize("evidence", [{"by": ""}, {"github_id": None}, {"github_id": "1010"}, {"by": 7}])
def test_a_statement_of_nobody(evidence: dict[str, object]) -> None:
    """It names no account."""
    event = a_statement_event()
    nobody = replace(event, evidence=Evidence({**event.evidence.json, **evidence}))
    for actor in ("1010", "None"):
        (problem,) = found(nobody, actor=actor)
        assert problem.code == "protection-by-another"
    assert f"it names {'nobody' if 'by' in evidence else 'olivia'} with" in problem.message


@pytest.mark.parametrize(("late", "notes"), [(WEEK + DAY, 0), (WEEK + DAY + DAY / 24, 1)])
def test_looks_that_stopped(late: object, notes: int) -> None:
    """The last one is more than a week and a day ago: that is a note, since a schedule can be off."""
    said = a_statement_event(at=NOW + DAY)  # which is no look
    problems_ = found(a_look_event(), said, now=NOW + late)  # type: ignore[operator]
    assert [(each.code, each.severity) for each in problems_] == [
        ("protection-not-looked-at", Severity.NOTE)
    ] * notes


@given(st.lists(st.sampled_from([Sight.HELD, Sight.NO_RULE, Sight.NOT_SEEN]), min_size=8, max_size=8))
def test_nothing_that_a_look_can_see_is_called_a_lie(sights: list[Sight]) -> None:
    """Whatever main's rules were."""
    main = [each.code for each in SAFEGUARDS if each.branch == "main"]
    look = Look(at=NOW, sights={**a_look().sights, **dict(zip(main, sights, strict=True))})
    assert codes(a_look_event(look)) == []
