"""The safeguards are rows of doctor's table: none of them is forgotten, and none is another's."""

from jitbot.domain.audit.protection.safeguards import BY_CODE, SAFEGUARDS
from jitbot.domain.setup.doctor.github.desired_settings import TABLE
from jitbot.domain.setup.doctor.report import CheckVerdict

# They keep jitbot from working, and protect nothing.
NO_SAFEGUARD = {"default-branch", "not-archived", "ledger-exists", "ledger-writable"}


def test_each_row_that_a_promise_rests_on_is_a_safeguard() -> None:
    """A row that is added to the table with a verdict of "wrong" is looked at over time, or named here."""
    wrong = {row.check.code for row in TABLE if row.check.otherwise is CheckVerdict.WRONG}
    assert wrong - NO_SAFEGUARD == {code for code in BY_CODE if not code.startswith("chat-")}


def test_what_admins_alone_see_is_shown_by_no_branch() -> None:
    """Who may pass the rules by, Actions' settings, environments and secrets."""
    hidden = {each.code for each in SAFEGUARDS if not each.branch}
    assert hidden == {
        "main-bypass",
        "ledger-bypass",
        "actions-never-approve",
        "chat-environment",
        "chat-secret-place",
    }
    assert {each.branch for each in SAFEGUARDS} == {"", "main", "ledger"}


def test_titles_are_those_of_doctor() -> None:
    """One name for one thing."""
    assert BY_CODE["ledger-force-push"].title == "ledger: no force push"


def test_one_of_them_may_be_a_setting_of_the_repository() -> None:
    """Which merge methods there are; and the ledger's rules are in rulesets alone."""
    assert {each.code for each in SAFEGUARDS if each.may_be_a_setting} == {"merge-methods"}
    assert {each.code for each in SAFEGUARDS if each.needs_ruleset} == {
        "ledger-force-push",
        "ledger-deletion",
    }
