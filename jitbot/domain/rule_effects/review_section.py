"""The part of the comment that is about an access review: what an owner reads before they sign it by an approval."""

from collections.abc import Iterator, Sequence

from jitbot.domain.access_review.policy_brief import PolicyBrief, lines
from jitbot.domain.views.wording import MARKDOWN, TERMINAL, Escaper, listed

SIGNED = (
    "An owner other than the author signs it by approving: what is below is right, and still needed. "
    "If something is too wide, ask for changes, or make it narrower in the same pull request."
)
_SHOWN = 10  # policies that are shown whole; of the others the most important in a line
_IN_A_LINE = 100


def headline(policies: Sequence[str], escaper: Escaper) -> str:
    """The first line of a comment on a change that is a review and nothing else."""
    return f"{escaper.strong('Access review')} of {listed(map(escaper.strong, policies), 'and')}."


def section(briefs: Sequence[PolicyBrief], *, number: int) -> Iterator[str]:
    """The review as parts of a comment: how it is signed, then a part for each policy."""
    if not briefs:
        return
    yield SIGNED
    for each in briefs[:_SHOWN]:
        rows = (f"- **{label}**: {text}" for label, text in lines(each, MARKDOWN))
        yield "\n".join((f"{MARKDOWN.strong(each.policy.name)}: {_dates(each)}", "", *rows))
    rest = briefs[_SHOWN:]
    if rest:
        more = [f"- and {len(rest) - _IN_A_LINE} more"] if len(rest) > _IN_A_LINE else []
        whole = f"Whole at a terminal: `jitbot plan {number}`."
        yield "\n".join((*(_in_a_line(each) for each in rest[:_IN_A_LINE]), *more, "", whole))


def at_a_terminal(briefs: Sequence[PolicyBrief]) -> Iterator[str]:
    """The same as lines, each policy whole."""
    for each in briefs:
        yield f"{each.policy.name}: {_dates(each)}"
        yield from (f"  {label}: {text}" for label, text in lines(each, TERMINAL))


def _in_a_line(brief: PolicyBrief) -> str:
    use = brief.use
    asked = "use not known" if use is None else f"{use.requests:,} requests, {use.grants:,} grants"
    return (
        f"- {MARKDOWN.strong(brief.policy.name)}: {_dates(brief)}; risk {brief.risk.level.in_words}; {asked}"
    )


def _dates(brief: PolicyBrief) -> str:
    before = f"the last one {brief.before}" if brief.before is not None else "the first one"
    return f"review of {brief.policy.reviewed}, {before}"
