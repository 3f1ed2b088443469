"""What is seen, said, recorded and read again: only what GitHub shows as a rule is ever "held"."""

from dataclasses import replace

import pytest
from acme_facts import NOW, the_settings
from audit_facts import OLIVIA, SAID, a_look, a_look_event, a_statement_event
from github_facts import FINE, LEDGER_RULES, MAIN_RULES, asking, without
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.audit.protection.looks import (
    Sight,
    as_text,
    look_event,
    looks_of,
    parsed,
    sights_of,
    statement_event,
    statements_of,
)
from jitbot.domain.audit.protection.safeguards import (
    BY_CODE,
    SAFEGUARDS,
    Rules,
    as_a_job_sees,
    of_safeguards,
)
from jitbot.domain.ledger.events import dump, load
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github.desired_settings import TABLE
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown

REFUSED = Unknown(why="GitHub answered 403")


def seen(main: Rules = MAIN_RULES, ledger: Rules = LEDGER_RULES) -> dict[str, Sight]:
    """What a look sees of these rules."""
    state = as_a_job_sees(the_settings(), main, ledger)
    return dict(sights_of(state, of_safeguards(row.compare(state) for row in TABLE)))


def test_as_init_leaves_it() -> None:
    """Every rule is seen to hold; what admins alone see is not seen."""
    assert seen() == {each.code: Sight.HELD if each.branch else Sight.NOT_SEEN for each in SAFEGUARDS}


@pytest.mark.parametrize(
    ("rules", "code", "sight"),
    [
        (without(MAIN_RULES, "deletion"), "main-deletion", Sight.NO_RULE),
        (
            asking(MAIN_RULES, "pull_request", required_approving_review_count=0),
            "main-approvals",
            Sight.NO_RULE,
        ),
        (asking(MAIN_RULES, "pull_request", require_last_push_approval=...), "main-last-push", Sight.NO_RULE),
        (
            asking(MAIN_RULES, "pull_request", allowed_merge_methods=["rebase"]),
            "merge-methods",
            Sight.NO_RULE,
        ),
        (asking(MAIN_RULES, "pull_request", allowed_merge_methods=...), "merge-methods", Sight.NO_RULE),
    ],
)
def test_a_rule_of_main_that_is_gone(rules: Rules, code: str, sight: Sight) -> None:
    """No ruleset asks for it. Classic protection may, which readers do not see: it is not "not held"."""
    found = seen(main=rules)
    assert (found[code], {each for each in seen() if found[each] is not seen()[each]}) == (sight, {code})


def test_a_rule_of_the_ledger_that_is_gone() -> None:
    """Grant and sweep read rulesets alone there, so nothing else can stand in for it."""
    found = seen(ledger=without(LEDGER_RULES, "non_fast_forward"))
    assert (found["ledger-force-push"], found["ledger-deletion"]) == (Sight.NOT_HELD, Sight.HELD)


def test_without_an_answer_nothing_is_seen() -> None:
    """A branch whose rules GitHub does not show; the other one is seen."""
    found = seen(main=REFUSED)
    assert {found[each.code] for each in SAFEGUARDS if each.branch != "ledger"} == {Sight.NOT_SEEN}
    assert found["ledger-deletion"] is Sight.HELD
    assert set(seen(main=REFUSED, ledger=REFUSED).values()) == {Sight.NOT_SEEN}


def test_a_warning_of_doctor_is_not_seen() -> None:
    """Where doctor only warns, something may stand in for the rule, and that is not proven."""
    state = as_a_job_sees(the_settings(), MAIN_RULES, LEDGER_RULES)
    checks = dict(of_safeguards(row.compare(state) for row in TABLE))
    checks["main-approvals"] = replace(checks["main-approvals"], verdict=CheckVerdict.WARN)
    assert sights_of(state, checks)["main-approvals"] is Sight.NOT_SEEN


def test_what_admins_alone_see_is_never_seen_by_a_run() -> None:
    """Even if a token were shown everything: a run records what every reader could check."""
    checks = of_safeguards(row.compare(FINE) for row in TABLE)
    found = sights_of(FINE, checks)
    assert {found[each.code] for each in SAFEGUARDS if not each.branch} == {Sight.NOT_SEEN}


def test_without_a_check_nothing_is_seen() -> None:
    """Doctor did not look at it."""
    state = as_a_job_sees(the_settings(), MAIN_RULES, LEDGER_RULES)
    assert set(sights_of(state, {}).values()) == {Sight.NOT_SEEN}


def test_a_look_says_why_something_was_not_seen() -> None:
    """If it knows."""
    assert a_look_event(why="GitHub is silent").evidence.reason == "GitHub is silent"
    assert "reason" not in a_look_event().evidence.json


def test_a_run_that_lies_is_not_believed() -> None:
    """What no look can see was not seen, whatever it says; and a look without answers saw nothing."""
    lie = a_look_event(a_look(main_bypass=Sight.HELD, main_deletion=Sight.NOT_HELD))
    (look,) = looks_of([lie])
    assert (look.sights["main-bypass"], look.sights["main-deletion"]) == (Sight.NOT_SEEN, Sight.NOT_SEEN)
    (nothing,) = looks_of([replace(a_look_event(), evidence=Evidence({}))])
    assert nothing.sights == {}


def test_a_look_is_read_as_it_was_recorded() -> None:
    """Twice in the ledger it is one look; a later one is another."""
    later = a_look(NOW.replace(hour=10), main_deletion=Sight.NO_RULE)
    events = [a_look_event(later), a_look_event(), a_look_event()]
    assert looks_of(events) == (a_look(), later)
    assert statements_of(events) == ()


def test_a_statement_is_no_look() -> None:
    """An admin's word is read as that, whatever it says."""
    assert looks_of([a_statement_event()]) == ()
    (said,) = statements_of([a_statement_event()])
    assert (said.by, said.github_id, said.words) == (OLIVIA.login, OLIVIA.github_id, SAID)


@pytest.mark.parametrize("word", ["yes", "HELD", "ok", "", "held "])
def test_a_word_that_nobody_knows_is_not_seen(word: str) -> None:
    """Of a look and of a statement alike."""
    evidence = Evidence.of(Evidence.safeguards({"main-deletion": word, "no-such": "held"}))
    (look,) = looks_of([replace(a_look_event(), evidence=evidence)])
    assert look.sights == {"main-deletion": Sight.NOT_SEEN}
    if word != "ok":
        (said,) = statements_of([replace(a_statement_event(), evidence=evidence)])
        assert said.words == {"main-deletion": CheckVerdict.UNKNOWN}


@given(st.dictionaries(st.sampled_from(sorted(BY_CODE)), st.sampled_from(CheckVerdict), min_size=1))
def test_a_statement_arrives_as_it_was_sent(words: dict[str, CheckVerdict]) -> None:
    """What doctor found is what the run reads, in words that a workflow's input can hold."""
    checks = {
        code: replace(of_safeguards(row.check for row in TABLE).get(code) or TABLE[0].check, verdict=word)
        for code, word in words.items()
    }
    text = as_text(checks)
    assert parsed(text) == words
    assert len(text) < 1_000


@given(
    st.text()
    | st.sampled_from(
        [
            "",
            " ",
            "main-bypass",
            "main-bypass=held",
            "main-bypass=ok main-bypass=ok",
            "x=ok",
            "main-bypass=ok; rm -rf /",
            "main-bypass=ok=ok",
        ]
    )
)
def test_no_other_text_is_a_statement(text: str) -> None:
    """A person's free text is refused as a whole: nothing of it is recorded."""
    with pytest.raises(InvalidError):
        parsed(text)


def test_two_runs_in_one_second_are_two_events() -> None:
    """Two admins may speak at once, and two runs look: neither takes the other's place. One of an older jitbot is as it was."""
    others = Actor(login=Login("erin"), github_id=GithubId(1005))
    said = [
        statement_event(words, by, at=NOW, run=f"runs/{by.login}")
        for words, by in ((SAID, OLIVIA), ({"main-bypass": CheckVerdict.WRONG}, others))
    ]
    assert len({each.path for each in said}) == len({each.key for each in said}) == 2
    assert [each.by for each in statements_of(said)] == ["olivia", "erin"]
    seen_ = [look_event(a_look(), why="", run=f"runs/{number}") for number in (1, 2)]
    assert len({each.key for each in seen_}) == 2
    old = replace(a_statement_event(), cause="")
    assert load(old.path, dump(old)) == old
