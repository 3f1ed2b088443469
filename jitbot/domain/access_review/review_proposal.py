"""The pull requests that ask for access reviews: one for each set of owners, each of which moves the dates of its policies."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jitbot.domain.access_review.due import due_on
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Person, Policy, policy_path
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Roster
from jitbot.domain.request.new_request import slug
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many

BRANCHES = "jitbot/review/"  # how the branches of these pull requests begin
TOGETHER = 20  # policies in one pull request, so that one comment shows them and a person can read it
_DATE = re.compile(r"^(reviewed[ \t]*:[ \t]*)[^\s#]+", re.MULTILINE)
# Where a new line goes, the best place first.
_PLACES = (re.compile(r"^description[ \t]*:.*\n", re.MULTILINE), re.compile(r"\Z"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTogether:
    """Policies whose files have the same owners, as CODEOWNERS writes them, those first whose review is due first."""

    owners: tuple[str, ...]
    policies: tuple[Policy, ...]
    signers: tuple[str, ...]  # the people among the owners whose approval would count, the author left out


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewProposal:
    """The pull request of one review: its files, and its text."""

    files: Mapping[str, bytes]
    branch: str
    title: str
    body: str
    message: str


def due_now(policy: Policy, every: timedelta | None, today: date) -> bool:
    """Whether a review is due by the date in the file: always without a date, and never where none are asked for."""
    if every is None:
        return False
    return policy.reviewed is None or today > due_on(policy.reviewed, every)


def together(
    policies: Iterable[Policy], rules: Rules, author: Person, now: datetime
) -> tuple[ReviewTogether, ...]:
    """These policies by their owners, in parts of at most `TOGETHER`. The last one may have no owners."""
    people, roster = rules.people.value or {}, rules.teams.value or Roster.of({})
    teams, found = roster.at(now), dict[tuple[str, ...], list[Policy]]()
    signers: dict[tuple[str, ...], tuple[str, ...]] = {}
    for policy in sorted(policies, key=lambda each: (each.reviewed or date.min, each.name)):
        owned = owners.of(policy_path(policy.name), codeowners=rules.codeowners, people=people, teams=teams)
        names = tuple(sorted(owned.names, key=str.casefold))
        found.setdefault(names, []).append(policy)
        others = (each for each in owned.people if not owners.same_human(each, author))
        signers[names] = tuple(sorted(each.login for each in others))
    return tuple(
        ReviewTogether(owners=names, policies=tuple(mine[at : at + TOGETHER]), signers=signers[names])
        for names, mine in sorted(found.items(), key=lambda each: (not each[0], each[0]))
        for at in range(0, len(mine), TOGETHER)
    )


def proposal(part: ReviewTogether, files: Mapping[str, bytes], day: date) -> ReviewProposal:
    """The pull request for these policies. What others wrote is inert in it."""
    names = [each.name for each in part.policies]
    lines = [f"- `{each.name}`: {_last(each)}" for each in part.policies]
    some = names[0] if len(names) == 1 else many(len(names), "policy", "policies")
    signed = (
        f"Approving it says: what jitbot's comment shows of each policy is right, and still needed. "
        f"It counts as a review once one of {escape.markdown(' '.join(part.owners))} other than the author has approved it and it is merged."
    )
    about = f"`jitbot review-rules` made this. It changes nothing but the date of the last review, to {day}."
    return ReviewProposal(
        files=files,
        branch=f"{BRANCHES}{slug(' '.join(each.rpartition('/')[2] for each in part.owners)) or 'rules'}-{day}",
        title=f"Access review: {some}",
        body="\n\n".join((about, signed, "\n".join(lines))),
        message=f"Access review of {some}",
    )


def _last(policy: Policy) -> str:
    return f"last reviewed {policy.reviewed}" if policy.reviewed is not None else "no review yet"


def dated(text: str, day: date) -> Iterator[str]:
    """A policy's text with this date of a review, and nothing else changed: each way to write it, the best one first.

    The caller reads each one back: a text may be written in a way in which one of them says something else.
    """
    if (edited := _DATE.sub(rf"\g<1>{day}", text, count=1)) != text:
        yield edited
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    for place in _PLACES:
        if found := place.search(ended):
            yield f"{ended[: found.end()]}reviewed: {day}\n{ended[found.end() :]}"
