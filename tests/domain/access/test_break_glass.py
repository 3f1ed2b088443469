"""Break-glass: what `approvals: 0` gives, and each thing without which it gives nothing."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    DAY,
    HEAD,
    HOUR,
    MERGED_AT,
    MINUTE,
    PATH,
    PEOPLE,
    SECOND,
    TEAMS,
    a_person,
    a_policy,
    a_request,
    an_actor,
    owned_by,
    people,
    sha,
    teams,
    the_rules,
    the_settings,
)
from builders import (
    a_case,
    a_change,
    a_commit,
    a_ground,
    a_merge,
    a_pull,
    a_request_state,
    a_review,
    a_window,
    an_approval,
    an_unasked_case,
    codes,
    judged,
    previewed,
    the_documents,
)
from catalogue_facts import the_catalogue

from jitbot.domain.access import break_glass, decision_event
from jitbot.domain.access.approval import Verdict
from jitbot.domain.access.cross_checks import break_glass_findings, policy_findings
from jitbot.domain.model import codeowners
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import GithubId, IamUser, Login, Parsed, Policy
from jitbot.domain.model.merge_facts import Case, ChangeKind, Dismissal, Push, Rules
from jitbot.domain.model.roster import Membership, Roster

LINE = codeowners.parse("* @acme/platform\n/requests/orders-db-read/\n/policies/ @acme/security\n")


def glass(**changes: Any) -> Policy:
    """The policy orders-db-read, as break-glass."""
    given = {"approvals": 0, "review_within": DAY, "reviewers": ("@acme/security", "frank"), **changes}
    return a_policy(**given)


def rules(**changes: Any) -> Rules:
    """Acme's rules, with that policy and an ownerless line for it."""
    return the_rules(**{"policy": glass(), "codeowners": LINE, **changes})


def case(*, head: Rules | None = None, merge: dict[str, Any] | None = None, **changes: Any) -> Case:
    """Alice's request under it, merged without a single review."""
    at_base = changes.pop("rules", rules())
    merged = a_merge(**{"head_rules": head or at_base, "reviews": (), **(merge or {})})
    return a_case(rules=at_base, merge=merged, **changes)


def parsed(text: str) -> codeowners.CodeOwners:
    """A CODEOWNERS file."""
    return codeowners.parse(text)


def test_access_comes_at_once_and_owes_a_review() -> None:
    """No approval, the same documents and window as ever, and a debt: who reviews it, and by when."""
    decision = judged(case())
    assert decision.verdict is Verdict.APPROVED
    assert decision.grants == (the_documents(policy=glass()),)
    assert decision.window == a_window()
    assert not decision.approvals
    assert decision.parsed_case is not None
    pending_review = break_glass.required_review(decision.parsed_case)
    assert pending_review is not None
    assert pending_review.review_by == MERGED_AT + DAY
    assert [person.login for person in pending_review.reviewers] == ["erin", "frank"]


@pytest.mark.parametrize("approvals", [1, 2, -1])
def test_any_other_number_is_no_break_glass(approvals: int) -> None:
    """An ownerless line, reviewers and a time do not replace an approval that the policy wants."""
    decision = judged(case(rules=rules(policy=glass(approvals=approvals))))
    assert codes(decision) == {"no-known-owner", "not-enough-approvals"}
    assert decision.parsed_case is not None
    assert break_glass.required_review(decision.parsed_case) is None


OTHERS = {
    "no file": None,
    "no line": parsed("/policies/ @acme/security\n"),
    "only a catch-all": parsed("* @acme/platform\n"),
    "an ownerless catch-all": parsed("*\n"),
    "an ownerless line for all requests": parsed("* @acme/platform\n/requests/\n"),
    "an ownerless line with a star": parsed("* @acme/platform\n/requests/*/\n"),
    "an ownerless line for the folder of any depth": parsed("* @acme/platform\norders-db-read/\n"),
    "an ownerless line for the month": parsed("* @acme/platform\n/requests/orders-db-read/2026-11/\n"),
    "an owner on the line": owned_by("@bob"),
    "an owner whom nobody knows": owned_by("@nobody"),
    "a later line with an owner": parsed("/requests/orders-db-read/\n/requests/ @acme/platform\n"),
    "a later ownerless catch-all": parsed("/requests/orders-db-read/\n* \n"),
    "a line that GitHub skips elsewhere": parsed("/docs/[ab]/ @bob\n/requests/orders-db-read/\n"),
    "a line for it that GitHub skips": parsed("/requests/orders-db-read/ bob\n"),
    "another policy's line": parsed("* @acme/platform\n/requests/orders-db-reader/\n"),
    "in other letters": parsed("* @acme/platform\n/requests/Orders-db-read/\n"),
}


@pytest.mark.parametrize("owners", OTHERS.values(), ids=OTHERS)
def test_only_an_explicit_ownerless_line_will_do(owners: codeowners.CodeOwners | None) -> None:
    """The line is exactly the policy's folder, it decides, it names nobody, and GitHub skips nothing in the file."""
    decision = judged(case(rules=rules(codeowners=owners)))
    assert decision.verdict is Verdict.REFUSED
    assert not decision.grants
    assert previewed(an_unasked_case(rules=rules(codeowners=owners))).findings
    assert break_glass_findings(glass(), owners)


def test_the_finding_names_the_line_that_decides() -> None:
    """Whoever mends it is told which line stands in the way, and what to write."""
    (reason,) = judged(case(rules=rules(codeowners=OTHERS["an ownerless line for all requests"]))).reasons
    assert (reason.code, reason.file, reason.line) == ("not-ownerless", ".github/CODEOWNERS", 2)
    assert "exactly `/requests/orders-db-read/`" in reason.hint


HEADS: dict[str, dict[str, Any]] = {
    "wanted an approval": {"policy": a_policy()},
    "wanted an approval, and named the same people": {"policy": glass(approvals=1)},
    "had other reviewers": {"policy": glass(reviewers=("frank",))},
    "had more time": {"policy": glass(review_within=2 * DAY)},
    "had another team behind the name": {"teams": teams(security="erin heidi")},
    "had another person behind the login": {"people": people(a_person("erin", github_id=GithubId(77)))},
    "had an owner": {"codeowners": owned_by("@bob")},
    "had no line": {"codeowners": parsed("* @acme/platform\n")},
    "had no file": {"codeowners": None},
}


@pytest.mark.parametrize("other", HEADS.values(), ids=HEADS)
def test_the_rules_of_the_branch_are_those_of_the_merge(other: dict[str, Any]) -> None:
    """Whatever break-glass rests on is the same at the head and before the merge, in either direction."""
    reasons = [reason.code for reason in judged(case(head=rules(**other))).reasons]
    assert reasons.count("rules-changed") == 1
    assert judged(case(head=rules(), rules=rules(**other))).verdict is Verdict.REFUSED


NOBODY: dict[str, Case] = {
    "no reviewers": case(rules=rules(policy=glass(reviewers=()))),
    "no time": case(rules=rules(policy=glass(review_within=None))),
    "neither": case(rules=rules(policy=glass(review_within=None, reviewers=()))),
    "the requester alone": case(rules=rules(policy=glass(reviewers=("alice",)))),
    "a team of the requester alone": case(
        rules=rules(policy=glass(reviewers=("@acme/own",)), teams=teams(own="alice"))
    ),
    "a team that nobody knows": case(rules=rules(policy=glass(reviewers=("@acme/nothing",)))),
    "people whom nobody knows": case(rules=rules(policy=glass(reviewers=("nobody",)))),
    "the requester under another login": case(
        rules=rules(
            policy=glass(reviewers=("alice2",)),
            people=people(
                a_person("alice2", github_id=GithubId(2001), principal=a_person("alice").principal)
            ),
        )
    ),
    "a committer of the request": case(
        rules=rules(policy=glass(reviewers=("frank",))), merge={"commits": (a_commit("alice", "frank"),)}
    ),
    "a committer under another login": case(
        rules=rules(
            policy=glass(reviewers=("frank2",)),
            people=people(
                a_person("frank2", github_id=GithubId(2002), principal=a_person("frank").principal)
            ),
        ),
        merge={"commits": (a_commit("alice", "frank"),)},
    ),
}


@pytest.mark.parametrize("asked", NOBODY.values(), ids=NOBODY)
def test_somebody_else_must_be_there_to_review(asked: Case) -> None:
    """Without an impartial reviewer whom people.yaml knows, nobody could ever look: it gives nothing."""
    decision = judged(asked)
    assert codes(decision) == {"no-reviewer"}
    assert not decision.grants


def test_a_team_with_the_requester_in_it_is_the_others() -> None:
    """The requester's own membership neither forbids the request nor lets them review it."""
    given = rules(policy=glass(reviewers=("@acme/both",)), teams=teams(both="alice erin"))
    pending_review = break_glass.required_review(a_ground(case(rules=given)))
    assert pending_review is not None
    assert [person.login for person in pending_review.reviewers] == ["erin"]


@pytest.mark.parametrize("login", ["erin", "frank"])
def test_a_reviewer_who_asks_for_changes_is_heard_before(login: str) -> None:
    """A standing objection of a reviewer refuses, whatever the login says today; one taken back does not."""
    no = a_review(login, state="CHANGES_REQUESTED")
    assert codes(judged(case(merge={"reviews": (no,)}))) == {"changes-requested"}
    renamed = replace(no, user=replace(no.user, login=Login("elsewhere")))
    assert codes(judged(case(merge={"reviews": (renamed,)}))) == {"changes-requested"}
    yes = a_review(login, review_id=2, submitted_at=MERGED_AT - MINUTE)
    assert judged(case(merge={"reviews": (no, yes)})).verdict is Verdict.APPROVED
    later = replace(no, submitted_at=MERGED_AT + MINUTE)
    assert judged(case(merge={"reviews": (later,)})).verdict is Verdict.APPROVED


def test_the_requester_silences_no_reviewer() -> None:
    """An objection that the requester has dismissed stands, as an owner's does."""
    no = a_review("erin", state="DISMISSED")
    dismissal = Dismissal(review_id=1, by=an_actor("alice"), state="CHANGES_REQUESTED", at=MERGED_AT - MINUTE)
    merge = {"reviews": (no,), "dismissals": (dismissal,)}
    assert codes(judged(case(merge=merge))) == {"changes-requested"}
    by_another = replace(dismissal, by=an_actor("olivia"))
    assert judged(case(merge={**merge, "dismissals": (by_another,)})).verdict is Verdict.APPROVED


def test_whoever_pushed_the_request_does_not_review_it() -> None:
    """Nor does whom a trailer names; where nobody else is left, nothing is given."""
    push = Push(actor=an_actor("erin"), before=sha("before"), after=HEAD, kind="push", at=MERGED_AT - HOUR)
    pending_review = break_glass.required_review(a_ground(case(merge={"pushes": (push,)})))
    assert pending_review is not None
    assert [person.login for person in pending_review.reviewers] == ["frank"]
    both = (replace(a_commit("alice"), co_authors=(Login("frank"),)),)
    assert codes(judged(case(merge={"pushes": (push,), "commits": both}))) == {"no-reviewer"}


def security(*members: Membership) -> Rules:
    """The rules, with these members of the team that reviews."""
    plain = {name: tuple(Membership(login=each) for each in logins) for name, logins in TEAMS.items()}
    return rules(
        teams=Roster.of({**plain, "acme/security": members}), policy=glass(reviewers=("@acme/security",))
    )


def test_the_reviewers_are_those_at_the_merge() -> None:
    """A date decides who is one then; who is none any more, or not yet, is not recorded."""
    erin, heidi = Login("erin"), Login("heidi")
    for moment, expected in ((MERGED_AT, "heidi"), (MERGED_AT + SECOND, "erin")):
        rota = security(Membership(login=erin, until=moment), Membership(login=heidi, since=moment))
        found = break_glass.required_review(a_ground(case(rules=rota)))
        assert found is not None
        assert [person.login for person in found.reviewers] == [expected]


def test_a_reviewers_objection_counts_whatever_the_dates() -> None:
    """As an owner's does: else a date would help a request."""
    over = Membership(login=Login("erin"), until=MERGED_AT - DAY)
    no = a_review("erin", state="CHANGES_REQUESTED")
    rota = security(over, Membership(login=Login("heidi")))
    assert codes(judged(case(rules=rota, merge={"reviews": (no,)}))) == {"changes-requested"}


def test_reviewers_that_differ_at_the_merge_are_a_change_of_rules() -> None:
    """A rota that has turned since the branch was made says otherwise who looks at it."""
    erin = security(Membership(login=Login("erin")))
    later = security(Membership(login=Login("erin")), Membership(login=Login("heidi"), since=MERGED_AT))
    assert codes(judged(case(rules=later, head=erin))) == {"rules-changed"}
    not_yet = security(
        Membership(login=Login("erin")), Membership(login=Login("heidi"), since=MERGED_AT + SECOND)
    )
    assert judged(case(rules=not_yet, head=erin)).verdict is Verdict.APPROVED


def test_anybody_elses_objection_holds_nothing_up() -> None:
    """Only the policy's reviewers can object."""
    no = a_review("mallory", state="CHANGES_REQUESTED")
    assert judged(case(merge={"reviews": (no,)})).verdict is Verdict.APPROVED


ALL_ELSE: dict[str, tuple[Case, str]] = {
    "pushed without a pull request": (replace(case(), listed=(), merge=None), "no-pull-request"),
    "the last of a rebase's commits": (
        case(merge={"pull_request": a_pull(merge_commit=sha("another"))}),
        "not-its-merge",
    ),
    "asked for by somebody else": (
        case(merge={"pull_request": a_pull(author=an_actor("mallory"))}),
        "not-the-author",
    ),
    "asked for by a bot": (
        case(merge={"pull_request": a_pull(author=an_actor("alice", kind="Bot"))}),
        "not-the-author",
    ),
    "other bytes": (case(merge={"head_blob": sha("other")}), "not-what-was-approved"),
    "another head": (case(merge={"fetched_head": sha("other")}), "head-moved"),
    "rules beside it": (
        case(merge={"files": (PATH, "policies/people.yaml")}, touched=(PATH, "policies/people.yaml")),
        "touches-rules",
    ),
    "files that are not listed": (case(merge={"files": (PATH, "requests/x")}), "not-as-listed"),
    "other documents at the head": (
        case(head=rules(settings=the_settings(namespace="tmp"))),
        "rules-changed",
    ),
    "not eligible": (case(rules=rules(policy=glass(eligible=("bob",)))), "not-eligible"),
    "too long": (case(rules=rules(policy=glass(max_duration=HOUR))), "duration-above-maximum"),
    "too many commits": (case(merge={"pull_request": a_pull(commit_count=251)}), "too-many-commits"),
    "a path that was there before": (replace(case(), earlier=True), "retired-path"),
}


@pytest.mark.parametrize(("asked", "code"), ALL_ELSE.values(), ids=ALL_ELSE)
def test_every_other_rule_holds(asked: Case, code: str) -> None:
    """Break-glass spares the approvals, and nothing else."""
    decision = judged(asked, now=MERGED_AT + HOUR)
    assert code in codes(decision)
    assert decision.verdict is Verdict.REFUSED


def test_an_extension_owes_a_review_of_its_own() -> None:
    """More time without an approval is one more merge to look at."""
    policy = glass()
    longer = case(
        rules=rules(policy=policy),
        change=a_change(kind=ChangeKind.MODIFIED),
        request=a_request(duration=3 * HOUR),
    )
    before = a_request_state(an_approval(commit=sha("first"), documents=(the_documents(policy=policy),)))
    decision = judged(longer, before)
    assert decision.verdict is Verdict.APPROVED
    assert decision.parsed_case is not None
    assert break_glass.required_review(decision.parsed_case) is not None


def test_the_evidence_marks_it_and_nothing_else() -> None:
    """Who reviews by when is in the approval's evidence; an ordinary approval and a refusal bear no mark."""
    asked = case()
    event = decision_event.of_decision(
        a_change(), asked, judged(asked), now=MERGED_AT, run="", catalogue=the_catalogue()
    )
    assert event.evidence.json["break_glass"] == {
        "review_by": "2026-11-25T09:00:00Z",
        "reviewers": [{"login": "erin", "github_id": 1005}, {"login": "frank", "github_id": 1006}],
    }
    assert event.evidence.json["approvals"] == []
    for other in (a_case(), case(merge={"head_blob": HEAD})):
        told = decision_event.of_decision(
            a_change(), other, judged(other), now=MERGED_AT, run="", catalogue=the_catalogue()
        )
        assert "break_glass" not in told.evidence.json


@pytest.mark.parametrize(
    ("reviewers", "eligible", "found"),
    [
        (("@acme/security",), ("@acme/payments",), ()),
        (("nobody",), ("alice",), ("unknown-person",)),
        (("@acme/nothing",), ("alice",), ("unknown-team",)),
        (("alice",), ("@acme/payments",), ("no-reviewer",)),
        (("alice", "erin"), ("@acme/payments",), ()),
        (("@acme/sre",), ("dave",), ("no-reviewer",)),
    ],
)
def test_a_policy_whose_reviewers_could_not_review(
    reviewers: tuple[str, ...], eligible: tuple[str, ...], found: tuple[str, ...]
) -> None:
    """`check` says before whom the files do not know, and whom nobody else could review."""
    policy = glass(reviewers=reviewers, eligible=eligible)
    findings = policy_findings(policy, people=PEOPLE, teams=teams())
    assert tuple(finding.code for finding in findings) == found


def test_a_request_that_can_be_reviewed_passes_the_check() -> None:
    """The same lines and people that the decision asks for; a requester who is the only reviewer is told."""
    assert previewed(an_unasked_case(rules=rules())).findings == ()
    (finding,) = previewed(an_unasked_case(rules=rules(policy=glass(reviewers=("alice",))))).findings
    assert finding.code == "no-reviewer"
    assert break_glass_findings(glass(), LINE) == break_glass_findings(a_policy(), None) == ()


def test_a_principal_in_other_letters_is_the_same_human() -> None:
    """Two logins whose AWS names differ by case alone are one person, and cannot review each other."""
    one = a_person("alice", principal=IamUser(arn="arn:aws:iam::222222222222:user/Alice"))
    two = a_person(
        "alice2", github_id=GithubId(2001), principal=IamUser(arn="arn:aws:iam::222222222222:user/alice")
    )
    given = rules(policy=glass(reviewers=("alice2",)), people=people(one, two))
    assert codes(judged(case(rules=given))) == {"no-reviewer"}


def test_rules_that_do_not_read_at_the_head_are_no_rules() -> None:
    """A head whose policy is broken is not equal to anything."""
    broken = rules(policy=Parsed(value=None))
    assert "rules-changed" in codes(judged(case(head=broken)))


@pytest.mark.parametrize("file", ["policy", "people", "teams"])
def test_what_does_not_read_differs_from_what_reads(file: str) -> None:
    """Each of the files that say who asks and who reviews; two trees that both do not read say the same."""
    broken = rules(**{file: Parsed(value=None)})
    for one, other in ((broken, rules()), (rules(), broken)):
        assert break_glass.differ(one, other, PATH, MERGED_AT)
    assert not break_glass.differ(broken, broken, PATH, MERGED_AT)


def test_rules_of_approval_are_no_break_glass() -> None:
    """A number of 0 beside a list of rules gives nothing before an approval."""
    assert break_glass.is_break_glass(glass())
    assert not break_glass.is_break_glass(glass(approval_rules=(ApprovalRule(need=1),)))


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("/other/ @erin\n", f"no line of CODEOWNERS matches {PATH}", (0, 0)),
        ("* @acme/platform @erin\n", "line 1: * decides for this path, and names @acme/platform @erin", (1, 1)),
        ("/a/ @erin\n*\n", "line 2: * decides for this path, and names nobody", (2, 1)),
    ],
)  # fmt: skip
def test_a_line_that_does_not_do_is_named(text: str, message: str, place: tuple[int, int]) -> None:
    """What decides in the place of the ownerless line is told, with its line and whom it names."""
    (finding,) = break_glass.line_findings(PATH, codeowners.parse(text))
    assert (finding.message, (finding.line, finding.column)) == (message, place)


@pytest.mark.parametrize(
    ("named", "said"), [(("@acme/security", "frank"), "@acme/security frank"), ((), "nobody")]
)
def test_who_could_have_reviewed_is_named(named: tuple[str, ...], said: str) -> None:
    """The finding that nobody is left says whom the policy names."""
    _, message, _ = break_glass.no_reviewer(glass(reviewers=named), "alice")
    assert message == f"nobody can review what alice does: orders-db-read names {said}"
