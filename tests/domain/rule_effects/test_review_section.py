"""The part of a comment that an owner signs: how it is signed, when each policy was reviewed, and what does not fit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from acme_facts import NOW, a_policy, the_rules
from catalogue_facts import the_catalogue
from rule_set_facts import a_rule_set, an_admin_policy, effects

from jitbot.domain.access_review.policy_brief import PolicyBrief, brief_of
from jitbot.domain.access_review.policy_use import PolicyUse
from jitbot.domain.aws.risk import Level
from jitbot.domain.rule_effects.review_section import SIGNED, at_a_terminal, headline, section
from jitbot.domain.rule_effects.rule_report import RuleReport, comment
from jitbot.domain.views.wording import TERMINAL

DAY = date(2026, 11, 24)
USES: Mapping[str, int] = {"entered": 700, "not seen": 300}
USE = PolicyUse(
    since=NOW, requests=1000, refused=0, people=40, last_asked=None, uses=USES, never_accounts=(), never_people=(),
)  # fmt: skip


def a_brief() -> PolicyBrief:
    """A policy that is reviewed today for the first time."""
    brief = brief_of("orders-db-read", the_rules(policy=a_policy(reviewed=DAY)), None, NOW, the_catalogue())
    assert brief is not None
    return brief


BRIEF = a_brief()


def test_without_a_review_nobody_is_asked_to_sign() -> None:
    """Most changes of rules are none."""
    assert list(section((), number=7)) == []
    assert SIGNED not in comment(RuleReport(effects=effects(a_rule_set(), a_rule_set())), number=7)


@pytest.mark.parametrize(
    ("before", "words"), [(None, "the first one"), (date(2026, 8, 1), "the last one 2026-08-01")]
)
def test_the_last_review_is_named(before: date | None, words: str) -> None:
    """Beside the day of this one, in the comment and at a terminal; how it is signed comes first."""
    brief = replace(BRIEF, before=before)
    signed, part = section([brief], number=7)
    assert signed == SIGNED
    assert part.splitlines()[:2] == [f"**orders-db-read**: review of 2026-11-24, {words}", ""]
    first, *answers = at_a_terminal([brief])
    assert first == f"orders-db-read: review of 2026-11-24, {words}"
    assert answers[0] == "  gives: Read one DynamoDB table"


def test_what_does_not_fit_is_a_line_each() -> None:
    """With its risk, and how often it was asked for, if that is known; a hundred lines at most."""
    ten = [BRIEF] * 10
    assert len(list(section(ten, number=7))) == 11
    *_, rest = section([*ten, BRIEF, replace(BRIEF, use=USE)], number=7)
    line = "- **orders-db-read**: review of 2026-11-24, the first one; risk low; "
    assert rest.splitlines() == [
        f"{line}use not known",
        f"{line}1,000 requests, 1,000 grants",
        "",
        "Whole at a terminal: `jitbot plan 7`.",
    ]
    for more, said in ((100, []), (101, ["- and 1 more"])):
        *_, rest = section([*ten, *[BRIEF] * more], number=7)
        assert [each for each in rest.splitlines() if each.startswith("- and")] == said
        assert rest.count(line) == 100


def test_the_first_line_names_each_policy() -> None:
    """The last one after "and"."""
    assert headline(["a", "b"], TERMINAL) == "Access review of a and b."


def test_a_date_that_moves_is_not_said_twice() -> None:
    """Who reads the review has its dates; without the review the effect says it."""
    moved = effects(a_rule_set(), a_rule_set(a_policy(reviewed=DAY), an_admin_policy()))
    said = "Access review of **orders-db-read**: 2026-11-24"
    (effect,) = moved.effects
    back = effects(a_rule_set(a_policy(reviewed=DAY)), a_rule_set(a_policy(reviewed=date(2026, 11, 2))))
    assert (effect.level, back.effects[0].level) == (Level.LOW, Level.MEDIUM)
    assert comment(RuleReport(effects=moved), number=7).startswith(
        "**Access review** of **orders-db-read**.\n"
    )
    assert said in comment(RuleReport(effects=moved), number=7)
    assert said not in comment(RuleReport(effects=moved, reviews=(BRIEF,)), number=7)
