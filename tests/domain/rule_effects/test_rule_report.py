"""What people see of a change of rules: a comment that says the worst first, is inert, and always fits."""

from typing import Any

import pytest
from acme_facts import HOUR, a_policy, teams
from comment_facts import HOSTILE, is_inert, rendered
from rule_set_facts import a_rule_set, an_admin_policy, effects

from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Finding, FindingLevel
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.effect import Direction, Effect, most_serious_first
from jitbot.domain.rule_effects.rule_report import (
    NO_MORE,
    NOTHING,
    RuleReport,
    comment,
    headline,
    in_one_line,
)
from jitbot.domain.views.comment_body import LONGEST, is_ours
from jitbot.domain.views.wording import TERMINAL

WIDER = Direction.WIDER
FINDING = Finding(
    code="unknown-owner", message="@acme/x is not known", file=".github/CODEOWNERS", line=3, hint="add it"
)


def a_report(*found: Effect, unread: tuple[Finding, ...] = (), **fields: Any) -> RuleReport:
    """A report with these effects."""
    return RuleReport(effects=RuleEffects(effects=most_serious_first(found), unread=unread), **fields)


def an_effect(code: str = "may-ask", **fields: Any) -> Effect:
    """Somebody may newly ask for something."""
    given: dict[str, Any] = {
        "direction": WIDER,
        "text": "{people} may newly ask for {policies}",
        "people": ("mallory",),
        "policies": ("admin",),
    }
    return Effect(code=code, **{**given, **fields})


def of_acme() -> RuleReport:
    """A change with effects of each direction."""
    head = a_rule_set(
        a_policy(max_duration=2 * HOUR, description="x"), an_admin_policy(), teams=teams(sre="dave mallory")
    )
    return RuleReport(effects=effects(a_rule_set(), head))


def test_the_first_line_is_the_most_dangerous_one() -> None:
    """What people can newly do, worst first, then what they no longer can, then the rest; no line twice."""
    body = comment(of_acme(), number=7)
    assert body.splitlines()[0] == (
        "🔴 **Changes the rules**: **mallory** may newly ask for **production-admin**. (1 below take something away)"
    )
    seen = rendered(body).text
    heads = [seen.index(each) for each in ("What people can no longer do", "What else changes")]
    assert heads == sorted(heads)
    assert "could not before" not in seen
    assert seen.count("mallory") == 1
    assert is_ours(body)
    assert "`jitbot plan 7`" in body


def test_effects_are_ordered_by_danger_within_a_direction() -> None:
    """Less that is critical comes after more that is low."""
    low, high = an_effect(level=Level.LOW, code="a"), an_effect(level=Level.HIGH, code="b")
    less, unknown = (
        an_effect(level=Level.CRITICAL, code="c", direction=Direction.NARROWER),
        an_effect(level=Level.UNKNOWN, code="d"),
    )
    assert [each.code for each in most_serious_first([less, low, high, unknown])] == ["d", "b", "a", "c"]


@pytest.mark.parametrize(
    ("report", "first"),
    [
        (a_report(), NOTHING),
        (a_report(an_effect(direction=Direction.NARROWER)), NO_MORE),
        (a_report(unread=(FINDING,)), ""),
        (a_report(uncompared="10000 files change"), "❌ Not compared: 10000 files change. Read the diff."),
    ],
)  # fmt: skip
def test_what_is_no_more_is_said_to_be_none(report: RuleReport, first: str) -> None:
    """Nothing changed, nothing wider, nothing that reads: never one for the other."""
    assert headline(report, TERMINAL)[0] == first


def test_a_change_that_could_not_be_compared_is_never_called_the_same() -> None:
    """Neither in words nor in JSON."""
    for report in (a_report(unread=(FINDING,)), a_report(uncompared="too much")):
        assert report.as_json()["same"] is False
        assert report.speaks
        assert NOTHING not in comment(report, number=7)
    assert a_report().as_json()["same"] is True


def test_what_was_not_looked_at_is_said() -> None:
    """Files that main changed as well, requests that were not read, files that do not read, findings."""
    warning = Finding(code="w", message="look here", file="a", level=FindingLevel.WARNING)
    report = a_report(
        an_effect(),
        unread=(FINDING,),
        findings=(FINDING, warning),
        overtaken=("policies/teams.yaml",),
        not_seen=("live requests",),
    )
    seen = rendered(comment(report, number=7)).text
    for part in (
        "1 to fix before this is merged", "line 3 of .github/CODEOWNERS: @", "→ add it", "To look at:", "look here",
        "Not looked at: live requests.", "main changed the same files", "is compared as if it stayed as it is",
    ):  # fmt: skip
        assert part in seen


def test_a_request_beside_it_gets_one_line() -> None:
    """The comment on a request that changes rules as well warns of that; code alone is no reason."""
    assert in_one_line(of_acme()).startswith("⚠️ **This also changes the rules.** 🔴")
    assert in_one_line(a_report(an_effect(code="code-changed", direction=Direction.OTHER))) == ""


@pytest.mark.parametrize("count", [1, 40, 10_000])
def test_a_comment_always_fits_and_is_inert(count: int) -> None:
    """However many effects there are and whatever is in them; the first line stays the worst."""
    many = [
        an_effect(code=f"c{number}", text="{people} {what} {policies} {before} {after}", level=Level(number % 5 + 1), people=(HOSTILE,) * 9,
                  what=(f"{HOSTILE}{number}" * 3,) * 20, policies=(HOSTILE,), before=HOSTILE * 9, after="$" * 1000, direction=list(Direction)[number % 3])
        for number in range(count)
    ]  # fmt: skip
    findings = tuple(Finding(code="x", message=HOSTILE, file=HOSTILE, hint=HOSTILE) for _ in range(count))
    body = comment(
        a_report(
            *many, unread=findings, findings=findings, not_seen=(HOSTILE,) * 3, overtaken=(HOSTILE,) * 9
        ),
        number=7,
    )
    assert len(body) <= LONGEST
    assert is_ours(body)
    assert is_inert(body)
    if count > 5:
        assert body.startswith("❔ **Changes the rules**")
        assert "more: see `jitbot plan 7`" in body


def test_text_of_people_is_never_a_template() -> None:
    """Braces in what they write are shown as they are."""
    assert (
        an_effect(people=("{policies}",), policies=("{0}",)).in_words() == "{policies} may newly ask for {0}"
    )
