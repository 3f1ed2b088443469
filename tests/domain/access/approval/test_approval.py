"""Every way round approval, each closed; and what an approval gives, which is nothing more than was approved."""

import pytest
from acme_facts import (
    HOUR,
    MERGED_AT,
    NOW,
    OWNERS,
    PATH,
    PROD,
    STAGING,
    WIDER,
    a_person,
    a_policy,
    a_request,
    an_actor,
    owned_by,
    sha,
    teams,
    the_rules,
    unreadable,
)
from builders import (
    a_case,
    a_change,
    a_commit,
    a_merge,
    a_pull,
    a_review,
    a_window,
    codes,
    judged,
    the_documents,
)

from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.ledger.stops import StopSubject, stopped_event, stops_of
from jitbot.domain.model import bounds, codeowners
from jitbot.domain.model.documents import Parsed, Statement
from jitbot.domain.model.merge_facts import GONE, Case, ChangeKind, PullCommit


def test_an_approved_request_gives_exactly_the_documents_it_shows() -> None:
    """One owner approved the head, the merge is that head: the rendered documents are granted, and no others."""
    decision = judged(a_case())
    assert decision.verdict is Verdict.APPROVED
    assert not decision.reasons
    assert not decision.ignored
    assert decision.grants == (the_documents(),)
    assert decision.window == a_window()
    assert [approval.person.login for approval in decision.approvals] == ["bob"]


def test_every_account_asked_for_is_granted_and_no_other() -> None:
    """Two accounts give two grants, each under its own id, leading zero included."""
    decision = judged(a_case(request=a_request(accounts=("prod", "staging"))))
    assert [grant.account_id for grant in decision.grants] == [PROD, STAGING]


def test_duration_counts_from_the_merge() -> None:
    """The end does not move with the run that decides."""
    assert judged(a_case(), now=NOW + HOUR).window == judged(a_case()).window == a_window()
    assert judged(a_case(request=a_request(duration=HOUR))).window == a_window(expires_at=MERGED_AT + HOUR)


def test_duration_counts_from_starts_at() -> None:
    """A planned start moves the whole window."""
    starts_at = MERGED_AT + 24 * HOUR
    window = judged(a_case(request=a_request(starts_at=starts_at))).window
    assert window == a_window(starts_at=starts_at, expires_at=starts_at + 2 * HOUR)


REBASED = a_pull(merge_commit=sha("the last commit of a rebase"))
ANOTHER = a_pull(number=8)
TWICE = the_rules(policy=a_policy(approvals=2))
TWO_OWNERS = owned_by("@acme/payments-leads", "@acme/leads")
TWO = {"policy": a_policy(approvals=2), "teams": teams(leads="bob dave"), "codeowners": TWO_OWNERS}
NO_APPROVAL = a_merge(reviews=())
HUGE = Statement(
    actions=("dynamodb:GetItem",), resources=tuple("arn:aws:s3:::" + "x" * 200 for _ in range(50))
)

REFUSED: dict[str, tuple[Case, str]] = {
    "nobody approved": (a_case(merge=NO_APPROVAL), "not-enough-approvals"),
    "one approval of two": (a_case(rules=TWICE), "not-enough-approvals"),
    "one person through two teams": (a_case(rules=the_rules(**TWO)), "not-enough-approvals"),
    "no approval required, none marked": (
        a_case(rules=the_rules(policy=a_policy(approvals=0, reviewers=("erin",), review_within=24 * HOUR))),
        "not-ownerless",
    ),
    "a negative number of approvals": (
        a_case(rules=the_rules(policy=a_policy(approvals=-1))),
        "not-enough-approvals",
    ),
    "an owner asks for changes": (
        a_case(
            merge=a_merge(reviews=(a_review(), a_review("dave", state="CHANGES_REQUESTED"))),
            rules=the_rules(codeowners=owned_by("@bob", "@dave")),
        ),
        "changes-requested",
    ),
    "pushed without a pull request": (
        a_case(listed=(), change=a_change(committed_at=NOW - HOUR)),
        "no-pull-request",
    ),
    "a rebase of several commits": (a_case(merge=a_merge(pull_request=REBASED)), "not-its-merge"),
    "merged into another branch": (
        a_case(merge=a_merge(pull_request=a_pull(base_branch="ledger"))),
        "not-its-merge",
    ),
    "merged in a fork": (a_case(merge=a_merge(pull_request=a_pull(repository_id=1))), "not-its-merge"),
    "two pull requests": (a_case(listed=(a_pull(), ANOTHER)), "ambiguous-merge"),
    "rules in the merge": (
        a_case(touched=(PATH, "policies/people.yaml"), merge=a_merge(files=(PATH, "policies/people.yaml"))),
        "touches-rules",
    ),
    "a pull request that does not list it": (
        a_case(
            touched=(PATH, PATH.replace("refunds", "more")),
            merge=a_merge(files=(PATH.replace("refunds", "more"),)),
        ),
        "not-as-listed",
    ),
    "more files than are read": (
        a_case(touched=(PATH, *(f"requests/{number}.md" for number in range(bounds.FILES)))),
        "too-many-files",
    ),
    "more files listed than are read": (a_case(merge=a_merge(files=None)), "too-many-files"),
    "files of too long names": (
        a_case(merge=a_merge(files=(PATH, *(f"requests/{number}{'x' * 4000}.md" for number in range(5))))),
        "too-many-files",
    ),
    "a merge of more than anybody reads": (a_case(touched=None), "too-large"),
    "an author whose account is gone": (
        a_case(merge=a_merge(pull_request=a_pull(author=GONE))),
        "author-gone",
    ),
    "a commit that names everybody": (
        a_case(
            merge=a_merge(
                commits=(a_commit("alice"), PullCommit(sha=sha("other"), named=(), crowded=True)),
                pull_request=a_pull(commit_count=2),
            )
        ),
        "too-many-authors",
    ),
    "a branch that was moved more often than anybody reads": (
        a_case(merge=a_merge(too_many_moves=True)),
        "too-many-moves",
    ),
    "an approval of too few by the head's policy": (
        a_case(merge=a_merge(head_rules=the_rules(policy=a_policy(approvals=2)))),
        "not-enough-approvals",
    ),
    "an owner by the merge's rules alone": (
        a_case(merge=a_merge(head_rules=the_rules(teams=teams(payments_leads="carol")))),
        "not-enough-approvals",
    ),
    "a line for one name": (
        a_case(rules=the_rules(codeowners=codeowners.parse(f"{OWNERS}*-refunds.yaml @bob"))),
        "owners-by-name",
    ),
    "a line for one month at the head": (
        a_case(
            merge=a_merge(
                head_rules=the_rules(
                    codeowners=codeowners.parse(f"{OWNERS}/requests/orders-db-read/2026-11/ @bob")
                )
            )
        ),
        "owners-by-name",
    ),
    "a file that was not merged": (
        a_case(merge=a_merge(files=(PATH, PATH.replace("refunds", "more")))),
        "not-as-listed",
    ),
    "the head moved": (a_case(merge=a_merge(fetched_head=sha("later"))), "head-moved"),
    "other bytes than at the head": (
        a_case(merge=a_merge(head_blob=sha("other"))),
        "not-what-was-approved",
    ),
    "no such file at the head": (a_case(merge=a_merge(head_blob=None)), "not-what-was-approved"),
    "no file and no bytes": (
        a_case(merge=a_merge(head_blob=None), change=a_change(blob=None)),
        "not-what-was-approved",
    ),
    "somebody else's pull request": (
        a_case(merge=a_merge(pull_request=a_pull(author=an_actor("mallory")))),
        "not-the-author",
    ),
    "the requester's login with another id": (
        a_case(merge=a_merge(pull_request=a_pull(author=an_actor("alice", github_id=9)))),
        "not-the-author",
    ),
    "a bot is the author": (
        a_case(merge=a_merge(pull_request=a_pull(author=an_actor("alice", kind="Bot")))),
        "not-the-author",
    ),
    "the rules changed since the approval": (a_case(merge=a_merge(head_rules=WIDER)), "rules-changed"),
    "rules unreadable at the head": (
        a_case(merge=a_merge(head_rules=the_rules(policy=unreadable()))),
        "rules-changed",
    ),
    "more commits than GitHub lists": (
        a_case(
            merge=a_merge(
                pull_request=a_pull(commit_count=251), commits=tuple(a_commit() for _ in range(250))
            )
        ),
        "too-many-commits",
    ),
    "a policy too big for AWS": (
        a_case(rules=the_rules(policy=a_policy(statements=(HUGE,)))),
        "too-big-for-aws",
    ),
    "a path that was there before": (a_case(earlier=True), "retired-path"),
    "not eligible": (a_case(rules=the_rules(policy=a_policy(eligible=("bob",)))), "not-eligible"),
    "above the maximum": (a_case(request=a_request(duration=5 * HOUR)), "duration-above-maximum"),
    "a path dated after its merge": (
        a_case(
            merge=a_merge(
                pull_request=a_pull(merged_at=MERGED_AT - 48 * HOUR),
                reviews=(a_review(submitted_at=MERGED_AT - 49 * HOUR),),
            )
        ),
        "path-date",
    ),
}


@pytest.mark.parametrize(("case", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_no_way_round_approval(case: Case, code: str) -> None:
    """Each of these alone is refused, for its own reason and no other, and gives nothing."""
    decision = judged(case)
    assert decision.verdict is Verdict.REFUSED
    assert codes(decision) == {code}
    assert decision.grants == ()
    assert all(reason.file and reason.message and reason.hint for reason in decision.reasons)


DOUBTFUL: dict[str, tuple[codeowners.CodeOwners | None, str]] = {
    "a line GitHub skips": (codeowners.parse("/requests/ acme-team\n"), "codeowners-invalid-owner"),
    "brackets": (codeowners.parse("/requests/[a-z]* @acme/payments-leads\n"), "codeowners-brackets"),
    "no file": (None, "no-codeowners"),
    "an empty file": (codeowners.parse(""), "unowned"),
    "no line": (codeowners.parse("/policies/ @acme/payments-leads\n"), "unowned"),
    "a line without an owner": (owned_by(), "no-known-owner"),
    "a team nobody knows": (owned_by("@acme/nobody"), "no-known-owner"),
    "one bad line beside the good one": (
        codeowners.parse("/requests/ @acme/payments-leads\n/policies/ oops\n"),
        "codeowners-invalid-owner",
    ),
}


@pytest.mark.parametrize(("owners", "code"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_owners_in_doubt_are_no_owners(owners: codeowners.CodeOwners | None, code: str) -> None:
    """Where CODEOWNERS leaves a doubt, nobody's approval counts."""
    decision = judged(a_case(rules=the_rules(codeowners=owners)))
    assert decision.verdict is Verdict.REFUSED
    assert codes(decision) == {code, "not-enough-approvals"}
    assert decision.reasons[-1].hint == "owners of this path: nobody"


def test_owners_are_those_of_before_the_merge() -> None:
    """Where they are in doubt there, it does not help that the approved commit has some."""
    rules = the_rules(codeowners=None)
    decision = judged(a_case(rules=rules, merge=a_merge(head_rules=the_rules())))
    assert codes(decision) == {"no-codeowners", "not-enough-approvals"}


BY_NAME = f"{OWNERS}/requests/orders-db-read/2026-11/ {{}}\n"


@pytest.mark.parametrize("place", ["base", "head"])
def test_owners_chosen_by_name_are_refused(place: str) -> None:
    """Before the merge or at the approved commit, and once where it is both."""
    chosen = the_rules(codeowners=codeowners.parse(BY_NAME.format("@bob")))
    base, head = (chosen, the_rules()) if place == "base" else (the_rules(), chosen)
    for case in (a_case(rules=base, merge=a_merge(head_rules=head)), a_case(rules=chosen)):
        assert [reason.code for reason in judged(case).reasons] == ["owners-by-name"]


def test_a_line_chosen_by_name_that_nobody_owns_is_refused_for_that() -> None:
    """Whom the line at the head names, nobody knows: whatever chose it, there is no owner."""
    head = the_rules(codeowners=codeowners.parse(BY_NAME.format("@stranger")))
    assert codes(judged(a_case(merge=a_merge(head_rules=head)))) == {"no-known-owner", "not-enough-approvals"}


def test_what_refuses_is_collected() -> None:
    """All reasons come at once, each with the request's file."""
    merge = a_merge(reviews=(), head_blob=sha("other"), fetched_head=sha("later"))
    decision = judged(a_case(merge=merge, request=a_request(duration=5 * HOUR)))
    assert codes(decision) == {
        "head-moved",
        "not-what-was-approved",
        "duration-above-maximum",
        "not-enough-approvals",
    }
    assert {reason.file for reason in decision.reasons} == {PATH}


def test_a_refusal_says_whose_review_did_not_count() -> None:
    """The person who must fix it reads why, and whom to ask."""
    reviews = (a_review("mallory"), a_review("alice", review_id=2))
    decision = judged(a_case(merge=a_merge(reviews=reviews)))
    (reason,) = decision.reasons
    assert reason.message == (
        "0 of 1 approvals count; mallory does not own this path in CODEOWNERS; alice is the requester"
    )
    assert reason.hint == "owners of this path: @acme/payments-leads"
    assert [each.review for each in decision.ignored] == list(reviews)


def test_a_refusal_without_a_review_says_no_more_than_that() -> None:
    """There is nobody whose review did not count."""
    (reason,) = judged(a_case(merge=NO_APPROVAL)).reasons
    assert reason.message == "0 of 1 approvals count"


def test_two_approvals_are_two_people() -> None:
    """Where two are required, two owners are enough."""
    rules = the_rules(**TWO)
    merge = a_merge(head_rules=rules, reviews=(a_review(), a_review("dave", review_id=2)))
    decision = judged(a_case(rules=rules, merge=merge))
    assert decision.verdict is Verdict.APPROVED
    assert [approval.person.login for approval in decision.approvals] == ["bob", "dave"]


def test_a_deletion_asks_for_nothing() -> None:
    """A deleted file is never a grant, whatever was approved."""
    change = a_change(kind=ChangeKind.DELETED, mode="000000", blob=None)
    decision = judged(a_case(change=change, request=None))
    assert decision.verdict is Verdict.REFUSED
    assert "deleted" in codes(decision)


def test_the_owner_rule_and_the_review_stand_beside_the_approval() -> None:
    """An auditor sees which line of CODEOWNERS and which review made it count."""
    (approval,) = judged(a_case()).approvals
    assert approval.owner_rule == "2: /requests/orders-db-read/"
    assert approval.review == a_review()


def test_the_facts_of_a_decision_are_in_it() -> None:
    """A judged case carries the ground it stood on; an unparsed request carries none."""
    case = a_case()
    parsed_case = judged(case).parsed_case
    assert parsed_case is not None
    assert (parsed_case.case, parsed_case.merged_at, parsed_case.requester) == (
        case,
        MERGED_AT,
        a_person("alice"),
    )
    assert judged(a_case(request=Parsed(value=None))).parsed_case is None


def test_paths_are_named_in_order_and_not_without_end() -> None:
    """A merge that touches much names three of its paths, the same three each time."""
    rules = tuple(f"policies/{letter}.yaml" for letter in "dcba")
    outside, odd = judged(a_case(touched=(PATH, *rules))).reasons
    assert outside.message.endswith("changes policies/a.yaml, policies/b.yaml, policies/c.yaml")
    assert odd.message.endswith("lists: policies/a.yaml, policies/b.yaml, policies/c.yaml")


def test_as_many_commits_as_github_lists_are_fine() -> None:
    """Up to 250 commits every author and committer is known; which commit names whom is then decided."""
    commits = tuple(a_commit("alice", name=sha(f"commit {number}")) for number in range(250))
    merge = a_merge(
        pull_request=a_pull(commit_count=250), commits=commits, touching=frozenset({commits[0].sha})
    )
    assert judged(a_case(merge=merge)).verdict is Verdict.APPROVED


def test_a_codeowners_that_github_reads_otherwise_gives_nothing_at_the_head_either() -> None:
    """While a line is in doubt at the approved commit, nobody owned anything there."""
    at_head = the_rules(codeowners=codeowners.parse(f"{OWNERS}!x @bob"))
    decision = judged(a_case(merge=a_merge(head_rules=at_head)))
    assert codes(decision) == {"codeowners-negation", "not-enough-approvals"}


def test_more_requests_in_one_merge_are_each_their_own_pull_requests() -> None:
    """A wider pull request may bring this one's commits along: that takes nothing away, and gives nothing else."""
    wider = a_case(touched=(PATH, PATH.replace("refunds", "more")))
    assert judged(wider).verdict is Verdict.APPROVED
    rules_too = a_case(touched=(PATH, "policies/people.yaml"))
    assert codes(judged(rules_too)) == {"touches-rules", "not-as-listed"}
    not_all = a_case(merge=a_merge(files=(PATH, PATH.replace("refunds", "more"))))
    assert codes(judged(not_all)) == {"not-as-listed"}


def test_rules_that_the_merge_brings_are_not_read_for_owners() -> None:
    """A CODEOWNERS of the requester's own making is refused for being there, whatever it says."""
    at_head = the_rules(codeowners=codeowners.parse(f"{OWNERS}!x @bob"))
    brought = (PATH, ".github/CODEOWNERS")
    merge = a_merge(head_rules=at_head, files=brought)
    assert codes(judged(a_case(touched=brought, merge=merge))) == {"touches-rules"}


@pytest.mark.parametrize(("login", "refused"), [("alice", {"stopped"}), ("carol", set())])
def test_who_is_stopped_is_given_nothing(login: str, refused: set[str]) -> None:
    """However rightly it was approved; a stop of somebody else refuses nothing."""
    person = a_person(login)
    subject = StopSubject(login=person.login, github_id=person.github_id)
    event = stopped_event(subject, a_person("erin"), reason="stolen", rules=sha("main"), at=NOW, run="")
    decision = judged(a_case(), RequestState(request=PATH, stops=stops_of([event])))
    assert (codes(decision), bool(decision.grants)) == (refused, not refused)
