"""The decision: does this change of a request file, merged as it was, give access?

`decide` is pure and the only place that says yes. It reads as a list of rules; each yields the reasons
it has against. No reason against, enough counted approvals and a document to grant: that is the only
way to an approval, and what replaces the approvals of a break-glass is `break_glass.objections`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jitbot.domain import bounds, break_glass, eligibility, events, iam, life, owners
from jitbot.domain.counting import Approval, Ignored, count, name_everybody, objecting
from jitbot.domain.doubt import doubts_of
from jitbot.domain.evidence import Case, ChangeKind, Rules
from jitbot.domain.ground import Ground, at, lay
from jitbot.domain.model import Finding, Request


class Verdict(StrEnum):
    """How a change was decided. Refused is final for its merge; undecided stays due."""

    APPROVED = "approved"
    REFUSED = "refused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided of one case, with every reason. `grants` is empty unless approved."""

    verdict: Verdict
    reasons: tuple[Finding, ...] = ()
    ground: Ground | None = None
    approvals: tuple[Approval, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    window: iam.Window | None = None
    grants: tuple[iam.Documents, ...] = ()


def decide(case: Case, so_far: life.Life, now: datetime) -> Decision:
    """Decide one change. `so_far` is what the ledger holds of this request; `now` only bounds GitHub's lag."""
    doubts = tuple(doubts_of(case, now))
    if doubts:
        return Decision(verdict=Verdict.UNDECIDED, reasons=doubts)
    ground = lay(case)
    if not isinstance(ground, Ground):
        return Decision(verdict=Verdict.REFUSED, reasons=ground)
    window = window_of(ground.request, so_far, ground.merged_at)
    grants = render_all(case.rules, ground.request, window)
    approvals, ignored = count(ground)
    reasons = (
        *_merged_as_listed(ground),
        *_same_bytes(ground),
        *_asked_by_its_author(ground),
        *_may_ask(ground),
        *_same_rules(ground, window, grants),
        *_enough(ground, approvals, ignored),
        *life.objections(_proposal(ground, window, so_far), so_far),
        *(finding for grant in grants for finding in iam.preflight(grant, file=case.change.path)),
        *events.too_large(grants, case.change.path),
    )
    return Decision(
        verdict=Verdict.REFUSED if reasons else Verdict.APPROVED,
        reasons=reasons,
        ground=ground,
        approvals=approvals,
        ignored=ignored,
        window=window,
        grants=() if reasons else grants,
    )


def window_of(request: Request, so_far: life.Life, merged_at: datetime) -> iam.Window:
    """From the merge, or `starts_at`, for the duration; an extension counts from the first start."""
    begin = so_far.began or request.starts_at or merged_at
    return iam.Window(starts_at=request.starts_at, expires_at=begin + request.duration)


def render_all(rules: Rules, request: Request, window: iam.Window) -> tuple[iam.Documents, ...]:
    """The documents of every account of the request under these rules; empty if any part of them is missing."""
    settings, policy = rules.settings.value, rules.policy.value
    people, accounts = rules.people.value, rules.accounts.value
    if settings is None or policy is None or people is None or accounts is None:
        return ()
    person = people.get(request.requester)
    if person is None or person.principal is None:
        return ()
    try:
        return tuple(
            iam.render(
                settings=settings,
                policy=policy,
                request=request,
                person=person,
                account=alias,
                account_id=accounts[alias],
                window=window,
            )
            for alias in request.accounts
        )
    except KeyError:  # an account, or a placeholder, that nothing stands for: `eligibility` says which
        return ()


def _merged_as_listed(ground: Ground) -> Iterator[Finding]:
    """Nothing but requests was merged, and of this one's pull request all that it shows.

    More requests may have come with the same commit, where a wider pull request brought this one's commits
    along: each of them is decided by its own pull request.
    """
    touched, listed = ground.case.touched, ground.merge.files
    if touched is None:
        message = "the merge changes more than is read"
        yield at(ground.case, "too-large", message, "ask anew, in a pull request of one file")
        return
    if listed is None or not bounds.are_few(listed) or not bounds.are_few(touched):
        message = f"the merge touches more than {bounds.FILES} files, or files of too long names"
        yield at(ground.case, "too-many-files", message, "ask anew, in a pull request of one file")
        return
    outside = sorted(path for path in {*touched, *listed} if not path.startswith("requests/"))
    if outside:
        hint = "a request touches requests/ alone; change rules first, in a pull request of their own"
        yield at(ground.case, "touches-rules", f"the merge also changes {', '.join(outside[:3])}", hint)
    both = set(listed) & set(touched)
    odd = sorted(({ground.case.change.path, *listed} - both) | (set(outside) - both))
    if odd:
        hint = "update the branch, have it approved again, and merge or squash it"
        message = f"what was merged is not what the pull request lists: {', '.join(odd[:3])}"
        yield at(ground.case, "not-as-listed", message, hint)


def _same_bytes(ground: Ground) -> Iterator[Finding]:
    if ground.merge.fetched_head != ground.merge.pull_request.head:
        message = "the head that git fetched is not the head that GitHub names"
        yield at(ground.case, "head-moved", message, "ask anew")
    if ground.merge.head_blob is None or ground.merge.head_blob != ground.case.change.blob:
        message = "the merged file is not, byte for byte, the one at the approved head"
        yield at(ground.case, "not-what-was-approved", message, "ask anew")


def _asked_by_its_author(ground: Ground) -> Iterator[Finding]:
    author = ground.merge.pull_request.author
    if author.is_gone:
        message = "the author's account no longer exists"
        yield at(ground.case, "author-gone", message, "ask anew, with the account that asks")
    elif author.github_id != ground.requester.github_id or author.kind != "User":
        message = f"{ground.request.requester} is asked for, but the pull request is {author.login}'s"
        yield at(
            ground.case, "not-the-author", message, "everyone asks for themselves, in their own pull request"
        )


def _may_ask(ground: Ground) -> Iterator[Finding]:
    yield from eligibility.findings(
        ground.request,
        policy=ground.policy,
        accounts=ground.accounts,
        people=ground.people,
        teams=ground.teams,
        when=ground.merged_at,
        extends=ground.case.change.kind is not ChangeKind.ADDED,
    )


def _same_rules(ground: Ground, window: iam.Window, grants: tuple[iam.Documents, ...]) -> Iterator[Finding]:
    """The approvers saw the documents of their head; the merge would grant those of its base."""
    if not grants or render_all(ground.merge.head_rules, ground.request, window) != grants:
        message = "the rules changed since the approvals: other documents would be granted than were seen"
        yield at(ground.case, "rules-changed", message, "update the branch and have it approved again")


def _enough(
    ground: Ground, approvals: tuple[Approval, ...], ignored: tuple[Ignored, ...]
) -> Iterator[Finding]:
    listed, said = len(ground.merge.commits), ground.merge.pull_request.commit_count
    if listed != said:
        message = f"GitHub lists {listed} of {said} commits"
        yield at(
            ground.case, "too-many-commits", message, "ask anew with fewer than 250 commits, best with one"
        )
    if name_everybody(ground.merge):
        message = f"its commits name, or its pushes come from, more than {bounds.NAMES} accounts"
        yield at(ground.case, "too-many-authors", message, "ask anew, with commits of your own")
    if ground.merge.too_many_moves:
        message = f"its branch was moved more than {bounds.MOVES} times until the merge"
        yield at(ground.case, "too-many-moves", message, "ask anew, from a branch of a new name")
    yield from _owners_by_name(ground)
    if break_glass.is_break_glass(ground.policy):
        yield from break_glass.objections(ground)
    else:
        yield from _approved_by_owners(ground, approvals, ignored)


def _approved_by_owners(
    ground: Ground, approvals: tuple[Approval, ...], ignored: tuple[Ignored, ...]
) -> Iterator[Finding]:
    yield from ground.owned_by.findings or ground.owned_at_head.findings
    for person in objecting(ground):
        message = f"{person.login} owns this path and asks for changes"
        yield at(ground.case, "changes-requested", message, "have the objection resolved, then ask anew")
    if ground.required < 1 or len(approvals) < ground.required:
        not_counted = [f"{each.review.user.login} {each.why}" for each in ignored]
        more = f"; {bounds.some(not_counted, '; ')}" if not_counted else ""
        message = f"{len(approvals)} of {ground.required} approvals count{more}"
        hint = f"owners of this path: {bounds.some(ground.owned_by.names, ' ') or 'nobody'}"
        yield at(ground.case, "not-enough-approvals", message, hint)


def _owners_by_name(ground: Ground) -> Iterator[Finding]:
    """Whoever names the file must not choose by it who approves."""
    path = ground.case.change.path
    at_base = owners.chosen_by_name(path, ground.case.rules.codeowners)
    if at_base is not None:
        yield at_base
    elif not ground.owned_at_head.findings:  # else nobody owns it there, whatever chose the line
        at_head = owners.chosen_by_name(path, ground.merge.head_rules.codeowners)
        yield from () if at_head is None else (at_head,)


def _proposal(ground: Ground, window: iam.Window, so_far: life.Life) -> life.Proposal:
    recorded = so_far.current.window if so_far.current is not None else window
    return life.Proposal(
        change=ground.case.change,
        request=ground.request,
        merged_at=ground.merged_at,
        window=window,
        earlier=ground.case.earlier,
        as_recorded=render_all(ground.case.rules, ground.request, recorded),
    )
