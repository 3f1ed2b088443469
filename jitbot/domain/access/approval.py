"""The decision: does this change of a request file, merged as it was, give access?

`decide` is pure and the only place that says yes. It reads as a list of rules; each yields the reasons
it has against. No reason against, enough counted approvals and a document to grant: that is the only
way to an approval, and what replaces the approvals of a break-glass is `break_glass.objections`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jitbot.domain.access import break_glass, eligibility, request_state, too_large
from jitbot.domain.access.approvals.places import fill, open_places, places_in_words
from jitbot.domain.access.approvals.requirement import required_approvals
from jitbot.domain.access.approvals.reviews import Approval, Ignored, count, name_everybody, objecting
from jitbot.domain.access.approvals.rule_checks import request_findings
from jitbot.domain.access.doubt import doubts_of
from jitbot.domain.aws import iam
from jitbot.domain.ledger import events
from jitbot.domain.model import bounds, owners
from jitbot.domain.model.account_groups import is_group
from jitbot.domain.model.documents import Finding, Request
from jitbot.domain.model.grammar import outside_requests
from jitbot.domain.model.merge_facts import Case, ChangeKind, Rules
from jitbot.domain.model.parsed_case import ParsedCase, parse_case


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
    parsed_case: ParsedCase | None = None
    approvals: tuple[Approval, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    began: datetime | None = None  # when the access began, or begins: its duration counts from here
    window: iam.Window | None = None
    grants: tuple[iam.Documents, ...] = ()


def decide(case: Case, so_far: request_state.RequestState, now: datetime) -> Decision:
    """Decide one change. `so_far` is what the ledger holds of this request; `now` only bounds GitHub's lag."""
    doubts = tuple(doubts_of(case, now))
    if doubts:
        return Decision(verdict=Verdict.UNDECIDED, reasons=doubts)
    parsed_case = parse_case(case)
    if not isinstance(parsed_case, ParsedCase):
        return Decision(verdict=Verdict.REFUSED, reasons=parsed_case)
    began = began_of(parsed_case.request, so_far, parsed_case.merged_at)
    window = window_of(case.rules, parsed_case.request, began, parsed_case.merged_at)
    grants = render_all(case.rules, parsed_case.request, window)
    approvals, ignored = count(parsed_case)
    may_not_ask = tuple(_may_ask(parsed_case))
    rendered = grants or not may_not_ask  # else the documents are missing for a reason that is said
    extension = request_state.objections(_proposal(parsed_case, window, so_far), so_far)
    reasons = (
        *_merged_as_listed(parsed_case),
        *_same_bytes(parsed_case),
        *_asked_by_its_author(parsed_case),
        *may_not_ask,
        *_not_stopped(parsed_case, so_far),
        *(_same_rules(parsed_case, began, grants) if rendered else ()),
        *_enough(parsed_case, approvals, ignored),
        *(each for each in extension if rendered or each.code != "rules-changed"),
        *(finding for grant in grants for finding in iam.preflight(grant, file=case.change.path)),
        *events.too_large(grants, case.change.path),
    )
    return Decision(
        verdict=Verdict.REFUSED if reasons else Verdict.APPROVED,
        reasons=reasons,
        parsed_case=parsed_case,
        approvals=approvals,
        ignored=ignored,
        began=began,
        window=window,
        grants=() if reasons else grants,
    )


def began_of(request: Request, so_far: request_state.RequestState, merged_at: datetime) -> datetime:
    """From when the duration counts: the merge, or `starts_at`; of an extension the first start."""
    return so_far.began or request.starts_at or merged_at


def window_of(rules: Rules, request: Request, began: datetime, merged_at: datetime) -> iam.Window:
    """For the duration; but the access ends with the membership by which the requester may ask, if that ends before."""
    expires_at, policy, roster = began + request.duration, rules.policy.value, rules.teams.value
    if policy is not None and roster is not None:
        until = eligibility.member_until(request, policy, roster, merged_at)
        expires_at = min(expires_at, until or expires_at)
    return iam.Window(starts_at=request.starts_at, expires_at=expires_at)


def render_all(rules: Rules, request: Request, window: iam.Window) -> tuple[iam.Documents, ...]:
    """The documents for every account of the request under these rules. Empty if a part of them is missing."""
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


def _merged_as_listed(parsed_case: ParsedCase) -> Iterator[Finding]:
    """Check that only requests were merged, and exactly the files that this request's pull request shows.

    The same commit may contain other requests, if a wider pull request includes this one's commits. Each of them is
    decided by its own pull request.
    """
    touched, listed = parsed_case.case.touched, parsed_case.merge.files
    too_many = too_large.too_many(touched, listed, parsed_case.request.path)
    if too_many or touched is None or listed is None:
        yield from too_many
        return
    outside = outside_requests((*touched, *listed))
    yield from beside_rules(parsed_case.case.change.path, outside)
    both = set(listed) & set(touched)
    odd = sorted(({parsed_case.case.change.path, *listed} - both) | (set(outside) - both))
    if odd:
        hint = "update the branch, have it approved again, and merge or squash it"
        message = f"what was merged is not what the pull request lists: {', '.join(odd[:3])}"
        yield Finding.in_file(parsed_case.request.path, "not-as-listed", message, hint)


def beside_rules(path: str, touched: Iterable[str]) -> Iterator[Finding]:
    """Why a request that comes with these paths is refused: a change of the rules and a request are two pull requests."""
    if outside := outside_requests(touched):
        message = f"a request touches requests/ alone; this also changes {', '.join(outside[:3])}"
        hint = "change the rules in a pull request of their own, and have it merged first"
        yield Finding.in_file(path, "touches-rules", message, hint)


def _same_bytes(parsed_case: ParsedCase) -> Iterator[Finding]:
    if parsed_case.merge.fetched_head != parsed_case.merge.pull_request.head:
        message = "the head that git fetched is not the head that GitHub names"
        yield Finding.in_file(parsed_case.request.path, "head-moved", message, "ask anew")
    if parsed_case.merge.head_blob is None or parsed_case.merge.head_blob != parsed_case.case.change.blob:
        message = "the merged file is not, byte for byte, the one at the approved head"
        yield Finding.in_file(parsed_case.request.path, "not-what-was-approved", message, "ask anew")


def _asked_by_its_author(parsed_case: ParsedCase) -> Iterator[Finding]:
    author = parsed_case.merge.pull_request.author
    if author.is_gone:
        message = "the author's account no longer exists"
        yield Finding.in_file(
            parsed_case.request.path, "author-gone", message, "ask anew, with the account that asks"
        )
    elif author.github_id != parsed_case.requester.github_id or author.kind != "User":
        message = f"{parsed_case.request.requester} is asked for, but the pull request is {author.login}'s"
        yield Finding.in_file(
            parsed_case.request.path,
            "not-the-author",
            message,
            "everyone asks for themselves, in their own pull request",
        )


def _may_ask(parsed_case: ParsedCase) -> Iterator[Finding]:
    yield from eligibility.findings(
        parsed_case.request,
        policy=parsed_case.policy,
        accounts=parsed_case.accounts,
        groups=parsed_case.account_groups,
        people=parsed_case.people,
        roster=parsed_case.roster,
        when=parsed_case.merged_at,
        extends=parsed_case.case.change.kind is not ChangeKind.ADDED,
    )


def _not_stopped(parsed_case: ParsedCase, so_far: request_state.RequestState) -> Iterator[Finding]:
    """An owner of the rules stopped the person or the policy, and this was merged before that stop ended."""
    path, requester = parsed_case.request.path, parsed_case.requester.github_id
    for stop in so_far.stops:
        if stop.refuses(path, requester, parsed_case.merged_at):
            yield stop.finding(path)


def _same_rules(
    parsed_case: ParsedCase, began: datetime, grants: tuple[iam.Documents, ...]
) -> Iterator[Finding]:
    """The approvers saw the rules of their head; the merge would grant by those of its base."""
    request = parsed_case.request
    rules, head, path = parsed_case.case.rules, parsed_case.merge.head_rules, parsed_case.request.path
    at_head = window_of(head, request, began, parsed_case.merged_at)
    as_seen = grants if head is rules else render_all(head, request, at_head)
    if not grants or as_seen != grants:
        message = "the base branch has newer rules: other documents would be granted than this branch shows"
    elif _other_groups(rules, head, request):
        message = (
            "by the account groups at the approved commit, the policy does not give access to these accounts"
        )
    elif break_glass.is_break_glass(parsed_case.policy) and break_glass.differ(
        rules, head, path, parsed_case.merged_at
    ):
        message = "the rules of this break-glass changed since the branch was made"
    else:
        return
    yield Finding.in_file(
        path, "rules-changed", message, "update the branch, then have it approved and merged"
    )


def _other_groups(rules: Rules, head: Rules, request: Request) -> bool:
    """Whether a policy names account groups, and at the approved head they do not stand for what is asked for.

    What the groups stand for before the merge is another finding's subject: `eligibility` reads them there.
    """
    named = [each.policy.value.accounts for each in (rules, head) if each.policy.value is not None]
    if not any(is_group(name) for names in named for name in names):
        return False
    policy, groups = head.policy.value, head.account_groups.value
    return policy is None or groups is None or not groups.expand(policy.accounts).issuperset(request.accounts)


def _enough(
    parsed_case: ParsedCase, approvals: tuple[Approval, ...], ignored: tuple[Ignored, ...]
) -> Iterator[Finding]:
    listed, said = len(parsed_case.merge.commits), parsed_case.merge.pull_request.commit_count
    if listed != said:
        message = f"GitHub lists {listed} of {said} commits"
        yield Finding.in_file(
            parsed_case.request.path,
            "too-many-commits",
            message,
            "ask anew with fewer than 250 commits, best with one",
        )
    if name_everybody(parsed_case.merge):
        message = f"its commits name, or its pushes come from, more than {bounds.NAMES} accounts"
        yield Finding.in_file(
            parsed_case.request.path, "too-many-authors", message, "ask anew, with commits of your own"
        )
    if parsed_case.merge.too_many_moves:
        message = f"its branch was moved more than {bounds.MOVES} times until the merge"
        yield Finding.in_file(
            parsed_case.request.path, "too-many-moves", message, "ask anew, from a branch of a new name"
        )
    yield from _owners_by_name(parsed_case)
    yield from request_findings(parsed_case)
    if break_glass.is_break_glass(parsed_case.policy):
        yield from break_glass.objections(parsed_case)
    else:
        yield from _approved_by_owners(parsed_case, approvals, ignored)


def _approved_by_owners(
    parsed_case: ParsedCase, approvals: tuple[Approval, ...], ignored: tuple[Ignored, ...]
) -> Iterator[Finding]:
    yield from parsed_case.owned_by.findings or parsed_case.owned_at_head.findings
    for person in objecting(parsed_case):
        message = f"{person.login} owns this path and asks for changes"
        yield Finding.in_file(
            parsed_case.request.path,
            "changes-requested",
            message,
            "have the objection resolved, then ask anew",
        )
    requirement = required_approvals(parsed_case, approvals)
    places = fill(requirement, [each.person for each in approvals])
    if requirement.need < 1 or open_places(places):
        not_counted = [f"{each.review.user.login} {each.why}" for each in ignored]
        more = f"; {bounds.some(not_counted, '; ')}" if not_counted else ""
        counted = f"{len(approvals)} of {requirement.need} approvals count"
        if requirement.by_rules:
            counted = f"{counted}: {places_in_words(places)}"
        message = f"{counted}{more}"
        hint = f"owners of this path: {bounds.some(parsed_case.owned_by.names, ' ') or 'nobody'}"
        yield Finding.in_file(parsed_case.request.path, "not-enough-approvals", message, hint)


def _owners_by_name(parsed_case: ParsedCase) -> Iterator[Finding]:
    """The requester chooses the file's name, and must not choose by it who approves."""
    path = parsed_case.case.change.path
    at_base = owners.chosen_by_name(path, parsed_case.case.rules.codeowners)
    if at_base is not None:
        yield at_base
    elif not parsed_case.owned_at_head.findings:  # else nobody owns it there, whatever chose the line
        at_head = owners.chosen_by_name(path, parsed_case.merge.head_rules.codeowners)
        yield from () if at_head is None else (at_head,)


def _proposal(
    parsed_case: ParsedCase, window: iam.Window, so_far: request_state.RequestState
) -> request_state.RequestChange:
    current = so_far.current
    return request_state.RequestChange(
        change=parsed_case.case.change,
        request=parsed_case.request,
        merged_at=parsed_case.merged_at,
        window=window,
        earlier=parsed_case.case.earlier,
        as_recorded=()
        if current is None
        else render_all(parsed_case.case.rules, parsed_case.request, current.window),
    )
