"""What people and machines are shown of a change of rules: the effects, what is wrong, and what was not looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jitbot.domain.access_review.policy_brief import PolicyBrief
from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Finding, FindingLevel, errors
from jitbot.domain.rule_effects import review_section, standing
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.rule_effects.reviewing import REVIEWED
from jitbot.domain.text.amount import many
from jitbot.domain.text.markdown import cut, short
from jitbot.domain.views.comment_body import assembled
from jitbot.domain.views.wording import MARKDOWN, Escaper

_SIGN = {Level.LOW: "🟢", Level.MEDIUM: "🟡", Level.HIGH: "🟠", Level.CRITICAL: "🔴", Level.UNKNOWN: "❔"}
HEADS = {
    Direction.WIDER: "What people can do, and could not before",
    Direction.NARROWER: "What people can no longer do",
    Direction.OTHER: "What else changes",
}
_LINES = 30  # of each direction; the rest is counted
_FINDINGS = 10  # that are listed before the rest is counted
_ROOM = 50_000  # characters of all effects: the rest of a comment has its place, too
NOTHING = "This changes nothing that anybody may do: only comments, the order of lines, or the like."
NO_MORE = "This changes the rules, and lets nobody do more than before."


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """The effects of a change, the findings about it, what main changed meanwhile, and what was not looked at.

    `overtaken` are files that main changed as well since the branch left it. `not_seen` says of which requests nothing
    is known; empty if all were looked at. `uncompared` is the reason why nothing was compared; empty if it was.
    `reviews` are the policies whose review it is, each with what an owner needs to sign it.
    """

    effects: RuleEffects
    findings: tuple[Finding, ...] = ()
    overtaken: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()
    uncompared: str = ""
    reviews: tuple[PolicyBrief, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether there is more to say than that code changed, which every reader of the diff sees."""
        said = any(each.code != "code-changed" for each in self.effects.effects)
        return said or bool(self.effects.unread or self.uncompared)

    def as_json(self) -> dict[str, object]:
        """`{"same": bool, "wider": 3, "narrower": 1, "effects": […], "unread": […], …}`; always the same keys."""
        effects = self.effects
        return {
            "same": not effects.effects and not effects.unread and not self.uncompared,
            "wider": len(effects.of(Direction.WIDER)),
            "narrower": len(effects.of(Direction.NARROWER)),
            "effects": [each.as_json() for each in effects.effects],
            "unread": [each.as_json() for each in effects.unread],
            "changed_on_main": list(self.overtaken),
            "not_seen": list(self.not_seen),
            "uncompared": self.uncompared,
            "reviews": [each.as_json() for each in self.reviews],
        }


def headline(report: RuleReport, escaper: Escaper) -> tuple[str, Effect | None]:
    """The one line to read, and the effect that it names: the most serious of those that let people do more."""
    effects = report.effects
    wider, narrower = effects.of(Direction.WIDER), effects.of(Direction.NARROWER)
    if report.uncompared:
        return (
            f"❌ {escaper.strong('Not compared')}: {escaper.plain(report.uncompared)}. Read the diff.",
            None,
        )
    if not effects.effects:
        return ("" if effects.unread else NOTHING), None
    if all(each.code == REVIEWED for each in effects.effects):
        return review_section.headline(
            [name for each in effects.effects for name in each.policies], escaper
        ), None
    if not wider:
        return NO_MORE, None
    first, more = wider[0], [f"{len(wider) - 1} more below"] if len(wider) > 1 else []
    less = [f"{len(narrower)} below take something away"] if narrower else []
    counts = f" ({'; '.join((*more, *less))})" if more or less else ""
    return (
        f"{_sign(first, escaper)}{escaper.strong('Changes the rules')}: {first.in_words(escaper)}.{counts}",
        first,
    )


def _sign(effect: Effect, escaper: Escaper) -> str:
    """How dangerous it is, if it lets people do more: a colour on a page, a word at a terminal."""
    if effect.direction is not Direction.WIDER:
        return "⚠️ " if effect.code == standing.ENDS else ""
    return f"{_SIGN[effect.level]} " if escaper is MARKDOWN else f"[{effect.level.in_words}] "


def notes(report: RuleReport, escaper: Escaper) -> Iterator[str]:
    """What was not compared, and why, each a sentence."""
    for each in report.effects.unread[:_FINDINGS]:
        why = escaper.plain(each.message)
        yield f"❌ {escaper.plain(each.place)} is compared as if it stayed as it is: {why}."
    if len(report.effects.unread) > _FINDINGS:
        yield f"❌ Not read either: {many(len(report.effects.unread) - _FINDINGS, 'more file')}."
    if report.overtaken:
        files = ", ".join(map(escaper.plain, report.overtaken[:5]))
        yield f"⚠️ main changed the same files since this branch left it, so the merge may do something else: {files}. Update the branch."
    yield from (f"Not looked at: {escaper.plain(why)}." for why in report.not_seen)


def rows(
    report: RuleReport, direction: Direction, escaper: Escaper, *, excluding: Effect | None
) -> tuple[list[str], int]:
    """The lines of one direction, the most serious first, and how many more there are."""
    shown_whole = {REVIEWED} if report.reviews else set()
    found = [
        each
        for each in report.effects.of(direction)
        if each is not excluding and each.code not in shown_whole
    ]
    shown: list[str] = []
    room = _ROOM // len(HEADS)
    for each in found[:_LINES]:
        line = f"{_sign(each, escaper)}{each.in_words(escaper)}"
        room -= len(line)
        if room < 0:
            break
        shown.append(line)
    return shown, len(found) - len(shown)


def comment(report: RuleReport, *, number: int) -> str:
    """The comment on a pull request that changes rules, as Markdown; it never has more than GitHub takes."""
    first, named = headline(report, MARKDOWN)
    parts = [first, *_wrong(report.findings), *review_section.section(report.reviews, number=number)]
    for direction, head in HEADS.items():
        lines, more = rows(report, direction, MARKDOWN, excluding=named)
        rest = [f"- and {more} more: see `jitbot plan {number}`"] if more else []
        if lines or rest:
            parts.append("\n".join((f"**{head}**", "", *(f"- {line}" for line in lines), *rest)))
    parts += notes(report, MARKDOWN)
    return assembled([part for part in parts if part], (), number=number, verb="plan")


def in_one_line(report: RuleReport) -> str:
    """One line for a comment that is about something else: that the rules change, and the most serious of it."""
    first, _ = headline(report, MARKDOWN)
    return f"⚠️ **This also changes the rules.** {first}" if report.speaks else ""


def _wrong(findings: Sequence[Finding]) -> Iterator[str]:
    """What is wrong with the files, or will be, as two lists: what must be fixed, and what may be right as it is."""
    warnings = [each for each in findings if each.level is FindingLevel.WARNING]
    wrong = errors(findings)
    for found, head in (
        (wrong, f"❌ **{len(wrong)} to fix before this is merged:**"),
        (warnings, "⚠️ **To look at:**"),
    ):
        if found:
            lines = [head, "", *map(_finding, found[:_FINDINGS])]
            if len(found) > _FINDINGS:
                lines.append(f"- and {len(found) - _FINDINGS} more, in the run of the check")
            yield "\n".join(lines)


def _finding(finding: Finding) -> str:
    place = f"line {finding.line} of " if finding.line else ""
    hint = f"<br>→ {short(finding.hint)}" if finding.hint else ""
    return f"- {place}{cut(finding.file, 300)}: {short(finding.message)}{hint}"
