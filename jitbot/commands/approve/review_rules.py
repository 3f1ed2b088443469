"""`jitbot review-rules`."""

import sys
from collections.abc import Sequence

import click

from jitbot.domain.access_review.review_proposal import ReviewTogether
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.prompts import agreed, tell
from jitbot.usecases.request.open_reviews import ReviewPlan, open_reviews, plan_reviews
from jitbot.wiring.requester import open_client


def review_rules(
    invocation: Invocation,
    *,
    names: tuple[str, ...],
    due: bool,
    dry_run: bool,
    yes: bool,
    repo: str | None,
    form: str,
) -> int:
    """Carry out `jitbot review-rules`."""
    client = open_client(invocation, "review-rules", repo)
    plan = plan_reviews(client, names, invocation.now, only_due=due)
    if form == "text":
        _show(plan)
    opened: list[PullRequest] = []
    trouble: JitbotError | None = None
    if plan.parts and not dry_run and (yes or not _declined(plan)):
        try:
            for pull in open_reviews(client, plan, invocation.now):
                opened.append(pull)
                if form == "text":
                    click.echo(escape.log(pull.url))
        except JitbotError as error:
            trouble = error
    if form == "json":
        print_json(_json(plan, opened, dry=dry_run))
    if trouble is not None:
        tell(f"! {len(opened)} of {len(plan.parts)} were opened: run this again for the rest")
        raise trouble
    return ExitCode.DONE


def _declined(plan: ReviewPlan) -> bool:
    """Whether a person at a terminal says no."""
    count = len(plan.parts)
    wanted = many(count, "pull request") if count > 1 else "the pull request"
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or agreed(f"open {wanted}?"):
        return False
    tell("nothing was opened")
    return True


def _show(plan: ReviewPlan) -> None:
    """What would be opened, what is open, and what is left out."""
    for part in plan.parts:
        tell(f"review by {' '.join(part.owners)}:", bold=True)
        for policy in part.policies:
            tell(f"  {policy.name}, {_last(policy.reviewed)}")
        if not part.signers:
            tell("  ! nobody but you owns these: your own approval cannot make it a review")
    for each in plan.open:
        tell(f"open already: {', '.join(each.policies)}: {each.pull.url}")
    for name, why in plan.skipped.items():
        tell(f"left out: {name}: {why}")
    if plan.more:
        tell(f"and {many(plan.more, 'more pull request')}: run this again for more")
    if not plan.parts:
        tell("no pull request to open")


def _last(day: object) -> str:
    return f"last reviewed {day}" if day is not None else "no review yet"


def _json(plan: ReviewPlan, opened: Sequence[PullRequest], *, dry: bool) -> dict[str, object]:
    """What was opened, in the order of the plan; a number is null where nothing was."""
    pulls: list[PullRequest | None] = [*opened, *[None] * (len(plan.parts) - len(opened))]
    return {
        "dry_run": dry,
        "pull_requests": [_part(part, pull) for part, pull in zip(plan.parts, pulls, strict=True)],
        "open_already": [
            {"number": each.pull.number, "url": each.pull.url, "policies": list(each.policies)}
            for each in plan.open
        ],
        "left_out": dict(plan.skipped),
        "more": plan.more,
    }


def _part(part: ReviewTogether, pull: PullRequest | None) -> dict[str, object]:
    return {
        "owners": list(part.owners),
        "signers": list(part.signers),
        "policies": [
            {"policy": each.name, "reviewed": str(each.reviewed) if each.reviewed is not None else None}
            for each in part.policies
        ],
        "number": pull.number if pull is not None else None,
        "url": pull.url if pull is not None else None,
    }
