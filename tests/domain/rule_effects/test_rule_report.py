"""What people see of a change of rules: a comment that says the worst first, is inert, and always fits."""

from dataclasses import replace
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
    notes,
    rows,
)
from jitbot.domain.rule_effects.standing import ENDS
from jitbot.domain.views.comment_body import LONGEST, is_ours
from jitbot.domain.views.wording import MARKDOWN, TERMINAL

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


def numbered(count: int, **fields: Any) -> list[Effect]:
    """So many effects that differ."""
    return [an_effect(code=f"c{number}", people=(f"p{number:05}",), **fields) for number in range(count)]


@pytest.mark.parametrize(
    ("wider", "narrower", "counts"),
    [
        (1, 0, ""),
        (2, 0, " (1 more below)"),
        (1, 1, " (1 below take something away)"),
        (3, 2, " (2 more below; 2 below take something away)"),
    ],
)
def test_the_first_line_counts_the_others(wider: int, narrower: int, counts: str) -> None:
    """Those that let people do more, and those that take something away; none where there are none."""
    found = [*numbered(wider), *numbered(narrower, direction=Direction.NARROWER)]
    first, _ = headline(a_report(*found), TERMINAL)
    assert first == f"[low] Changes the rules: p00000 may newly ask for admin.{counts}"


def test_the_sign_says_how_dangerous_it_is() -> None:
    """A colour on a page and a word at a terminal, of what lets people do more; a warning of what ends access."""
    ends, less = (
        an_effect(code=code, direction=Direction.NARROWER, level=Level.HIGH) for code in (ENDS, "x")
    )
    for each, terminal, page in (
        (an_effect(level=Level.HIGH), "[high] ", "🟠 "),
        (ends, "⚠️ ", "⚠️ "),
        (less, "", ""),
    ):
        for escaper, sign in ((TERMINAL, terminal), (MARKDOWN, page)):
            ((line,), more) = rows(a_report(each), each.direction, escaper, excluding=None)
            assert (line, more) == (f"{sign}{each.in_words(escaper)}", 0)


def test_lines_end_where_the_room_ends() -> None:
    """The last one fits to the character; what does not is counted."""
    room = 50_000 // 3

    def shown(last: int) -> tuple[int, int]:
        found = [
            *(an_effect(code=f"c{number}", text=f"{number:02}{'x' * 998}", direction=Direction.OTHER) for number in range(16)),
            an_effect(code="last", text="y" * last, direction=Direction.OTHER),
        ]  # fmt: skip
        lines, more = rows(a_report(*found), Direction.OTHER, TERMINAL, excluding=None)
        return len(lines), more

    assert shown(room - 16_000) == (17, 0)
    assert shown(room - 16_000 + 1) == (16, 1)


def test_a_heading_has_something_below_it() -> None:
    """No head where there is nothing of its direction; and one where all is counted because nothing fits."""
    body = comment(a_report(an_effect(), an_effect(code="b", people=("bob",))), number=7)
    assert "What people can no longer do" not in body
    huge = an_effect(code="huge", text="z" * 20_000, direction=Direction.OTHER)
    assert "**What else changes**\n\n- and 1 more: see `jitbot plan 7`" in comment(a_report(huge), number=7)


@pytest.mark.parametrize(("count", "more"), [(10, ""), (11, "1 more")])
def test_many_that_do_not_read_are_counted(count: int, more: str) -> None:
    """Files, and what is wrong; ten are named, each with its line where it has one."""
    several = tuple(replace(FINDING, file=f"f{number:02}", line=number, hint="") for number in range(count))
    lines = list(notes(a_report(unread=several), TERMINAL))
    assert lines[:2] == [
        "❌ f00 is compared as if it stayed as it is: @acme/x is not known.",
        "❌ f01:1 is compared as if it stayed as it is: @acme/x is not known.",
    ]
    assert lines[10:] == ([f"❌ Not read either: {more} file."] if more else [])
    body = comment(a_report(an_effect(), findings=several), number=7)
    assert ("in the run of the check" in body) is bool(more)
    assert "\n- f00: " in body
    assert "\n- line 1 of f01: " in body
    assert "→" not in body
    assert "To look at" not in body


def test_what_is_as_it_should_be_is_not_mentioned() -> None:
    """Neither files that main changed nor an empty list; a finding that warns is only looked at."""
    assert list(notes(a_report(an_effect()), TERMINAL)) == []
    warning = replace(FINDING, level=FindingLevel.WARNING)
    body = comment(a_report(an_effect(), findings=(warning,)), number=7)
    assert "To look at" in body
    assert "to fix" not in body
    both = comment(a_report(an_effect(), findings=(FINDING, warning)), number=7)
    assert both.count("@\u200bacme/x is not known") == 2
    assert comment(a_report(unread=(FINDING,)), number=7).startswith("❌ ")
    assert a_report(an_effect()).as_json()["same"] is False
