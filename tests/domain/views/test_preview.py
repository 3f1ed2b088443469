"""What a merge now would give, and all that would keep it from being granted: the decision, before the merge."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import create_autospec

import pytest
from acme_facts import (
    HOUR,
    MERGED_AT,
    MINUTE,
    OWNERS,
    PATH,
    a_person,
    a_policy,
    a_request,
    owned_by,
    people,
    sha,
    the_rules,
    unreadable,
)
from builders import (
    a_case,
    a_change,
    a_merge,
    a_request_state,
    a_review,
    an_approval,
    an_unasked_case,
    previewed,
    the_documents,
)
from catalogue_facts import the_catalogue

from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.model import codeowners
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import Finding, Login, Parsed, Person, Request, Statement
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.views.preview import Former, Preview, preview_grant, unasked

LONGER = a_request(duration=3 * HOUR)


def codes(preview: Preview) -> list[str]:
    """The kinds of what is found, in order."""
    return [finding.code for finding in preview.findings]


def test_a_request_that_would_be_granted_has_no_finding() -> None:
    """Nobody approved it yet, which is nothing wrong; what it would give is shown, and who may approve it."""
    preview = previewed(an_unasked_case())
    assert (preview.request, preview.findings) == (a_request(), ())
    assert preview.grant_preview is not None
    assert preview.grant_preview.grants == (the_documents(),)
    assert preview.awaiting is not None
    assert [person.login for person in preview.awaiting.able] == ["bob"]


def test_what_is_only_shown_is_not_worked_out_for_the_findings() -> None:
    """The risk needs AWS's whole list of actions, which takes longer to load than the rest of a check."""
    catalogue = create_autospec(ActionCatalog, instance=True)
    preview = preview_grant(an_unasked_case(a_request(duration=9 * HOUR)), MERGED_AT, catalogue)
    assert codes(preview) == ["duration-above-maximum"]
    assert catalogue.mock_calls == []
    assert preview.grant_preview is not None
    assert catalogue.mock_calls != []


def test_an_objection_is_shown_and_is_no_finding() -> None:
    """Until the merge it can be resolved."""
    merge = a_merge(reviews=(a_review("bob", state="CHANGES_REQUESTED"),))
    preview = previewed(a_case(merge=merge))
    assert preview.findings == ()
    assert preview.awaiting is not None
    assert [person.login for person in preview.awaiting.objectors] == ["bob"]


def test_rules_that_differ_at_the_head_are_found() -> None:
    """The approvers would see other documents than main would grant."""
    other = a_policy(statements=(Statement(actions=("dynamodb:*",), resources=("*",)),))
    assert codes(previewed(an_unasked_case(head_rules=the_rules(policy=other)))) == ["rules-changed"]


def test_a_change_of_rules_is_found_beside_everything_else() -> None:
    """Where there are documents to compare, what else is wrong hides nothing."""
    other = a_policy(statements=(Statement(actions=("dynamodb:*",), resources=("*",)),))
    case = an_unasked_case(a_request(duration=9 * HOUR), head_rules=the_rules(policy=other))
    assert codes(previewed(case)) == ["duration-above-maximum", "rules-changed"]


def test_what_gives_no_documents_is_no_change_of_rules() -> None:
    """Neither side has documents where the request names an account that nobody knows: that alone is said."""
    assert codes(previewed(an_unasked_case(a_request(accounts=("nowhere",))))) == ["account-not-allowed"]


def test_what_nothing_explains_is_still_refused() -> None:
    """A placeholder that no parameter fills gives no documents, and nothing else is wrong."""
    policy = a_policy(statements=(Statement(actions=("dynamodb:GetItem",), resources=("arn:{{what}}",)),))
    assert codes(previewed(an_unasked_case(rules=the_rules(policy=policy)))) == ["rules-changed"]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (LONGER, []),
        (a_request(), ["not-longer"]),
        (a_request(duration=HOUR), ["not-longer"]),
        (replace(LONGER, reason="another"), ["not-an-extension"]),
        (a_request(reason="another"), ["not-an-extension"]),
        (a_request(parameters={"table": "refunds"}), ["not-an-extension"]),
        (a_request(starts_at=MERGED_AT + HOUR), ["not-an-extension"]),
    ],
)
def test_where_the_ledger_is_not_read_the_former_file_is_what_was_approved(
    now: Request, found: list[str]
) -> None:
    """More time than main's file has may be asked for, and nothing else; one reason is given for one cause."""
    case = an_unasked_case(now, kind=ChangeKind.MODIFIED)
    assert codes(previewed(case, former=Former(request=a_request()))) == found


def test_an_extension_counts_from_where_its_first_term_began() -> None:
    """Where that is known; asked for after the end of that term it is too late."""
    case = an_unasked_case(LONGER, kind=ChangeKind.MODIFIED)
    preview = previewed(case, former=Former(request=a_request(), began=MERGED_AT - HOUR))
    assert preview.findings == ()
    assert preview.grant_preview is not None
    assert preview.grant_preview.window.expires_at == MERGED_AT + 2 * HOUR
    late = previewed(case, former=Former(request=a_request(), began=MERGED_AT - 2 * HOUR))
    assert codes(late) == ["too-late"]


def test_a_former_window_that_is_over_is_not_extended() -> None:
    """Where the file says when it began, its end is known without the ledger."""
    former = a_request(starts_at=MERGED_AT - 3 * HOUR)
    case = an_unasked_case(replace(former, duration=4 * HOUR), kind=ChangeKind.MODIFIED)
    assert codes(previewed(case, former=Former(request=former))) == ["too-late"]


def test_an_extension_may_be_dated_as_it_was() -> None:
    """The date in a path is judged where the request is first merged."""
    now = MERGED_AT + timedelta(days=9)
    rules, blob = the_rules(), sha("a request")
    for kind, found in ((ChangeKind.MODIFIED, []), (ChangeKind.ADDED, ["path-date"])):
        case = unasked(PATH, Parsed(value=LONGER), now, kind=kind, rules=rules, head_rules=rules, blob=blob)
        former = Former(request=a_request()) if kind is ChangeKind.MODIFIED else None
        assert codes(preview_grant(case, now, the_catalogue(), former=former)) == found


def test_what_the_ledger_holds_goes_before_the_former_file() -> None:
    """Main's file says two hours, and the ledger that three were approved: three more are none."""
    state = a_request_state(an_approval(asked=LONGER))
    case = an_unasked_case(LONGER, kind=ChangeKind.MODIFIED)
    preview = previewed(case, state, Former(request=a_request()))
    assert codes(preview) == ["not-longer"]
    assert preview.grant_preview is not None
    assert preview.grant_preview.extends


def test_what_was_never_approved_cannot_be_extended() -> None:
    """The ledger has not heard of it, or main's file is no request that reads."""
    case = an_unasked_case(LONGER, kind=ChangeKind.MODIFIED)
    assert codes(previewed(case, a_request_state())) == codes(previewed(case)) == ["nothing-to-extend"]


def test_a_path_that_was_used_before_is_found() -> None:
    """Whatever the ledger says of it."""
    assert codes(previewed(replace(an_unasked_case(), earlier=True))) == ["retired-path"]


def test_everything_wrong_with_a_request_is_found_at_once() -> None:
    """Nobody knows zoe: who she is comes first, with its line in the file, and all else that is wrong beside it."""
    request = a_request(requester=Login("zoe"), duration=9 * HOUR)
    assert codes(previewed(an_unasked_case(request))) == [
        "unknown-person",
        "not-eligible",
        "duration-above-maximum",
        "wrong-name",
    ]
    nobody_owns = the_rules(codeowners=None)
    assert "no-codeowners" in codes(previewed(an_unasked_case(request, nobody_owns)))


@pytest.mark.parametrize("part", ["settings", "accounts", "account_groups", "people", "teams", "policy"])
def test_rules_that_do_not_read_are_said_once(part: str) -> None:
    """Broken settings hide nothing that is wrong with the request; without another part that cannot be judged."""
    preview = previewed(an_unasked_case(a_request(duration=9 * HOUR), the_rules(**{part: unreadable()})))
    found = ["yaml-syntax", "duration-above-maximum"] if part == "settings" else ["yaml-syntax"]
    assert codes(preview) == found
    assert preview.awaiting is None


def test_a_request_that_does_not_read_gives_nothing() -> None:
    """Its own findings are all there is, whether it is new or main has one that reads."""
    for kind, former in ((ChangeKind.ADDED, None), (ChangeKind.MODIFIED, Former(request=a_request()))):
        preview = previewed(an_unasked_case(unreadable(), kind=kind), former=former)
        assert (preview.request, preview.grant_preview, preview.awaiting) == (None, None, None)
        assert codes(preview) == ["yaml-syntax"]


def test_a_deletion_gives_nothing() -> None:
    """Nothing is asked for: that is all that is said."""
    change = a_change(kind=ChangeKind.DELETED, blob=None)
    preview = previewed(a_case(change=change, request=None))
    assert (preview.request, preview.grant_preview) == (None, None)
    assert codes(preview) == ["deleted"]


def test_too_few_who_can_approve_are_found() -> None:
    """Before anybody looks for the second approver."""
    assert codes(previewed(an_unasked_case(rules=the_rules(policy=a_policy(approvals=2))))) == [
        "nobody-can-approve"
    ]
    assert codes(previewed(an_unasked_case(rules=the_rules(codeowners=owned_by())))) == ["no-known-owner"]
    assert codes(previewed(an_unasked_case(rules=the_rules(codeowners=None)))) == ["no-codeowners"]


@pytest.mark.parametrize(
    ("requester", "reviewers", "found"),
    [
        ("alice", ("erin",), []),
        ("alice", ("alice",), ["no-reviewer"]),
        ("zoe", ("zoe",), ["unknown-person", "not-eligible", "wrong-name"]),
    ],
)
def test_break_glass_is_judged_by_its_reviewers(
    requester: str, reviewers: tuple[str, ...], found: list[str]
) -> None:
    """It needs nobody's approval, and somebody else who reviews it; that nobody knows zoe is another finding's business."""
    glass = a_policy(approvals=0, reviewers=reviewers, review_within=timedelta(hours=2))
    rules = the_rules(policy=glass, codeowners=owned_by())
    assert codes(previewed(an_unasked_case(a_request(requester=Login(requester)), rules))) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"mode": "120000"}, ["not-a-plain-file"]),
        ({"clashes": (PATH.upper(),)}, ["case-clash"]),
        ({"files": (PATH, "policies/teams.yaml")}, ["touches-rules"]),
    ],
    ids=["a symlink", "a twin by case", "rules beside it"],
)
def test_what_git_says_is_judged(changes: dict[str, Any], found: list[str]) -> None:
    """The file's mode, the names beside it, and all that the branch changes."""
    assert codes(previewed(an_unasked_case(**changes))) == found


def test_a_request_is_judged_at_the_moment_it_is_merged() -> None:
    """A window that is over then gives nothing."""

    def at(moment: datetime) -> list[str]:
        case = unasked(
            PATH,
            Parsed(value=a_request(starts_at=MERGED_AT)),
            moment,
            rules=the_rules(),
            head_rules=the_rules(),
            blob=sha("a request"),
        )
        return codes(preview_grant(case, moment, the_catalogue()))

    assert at(MERGED_AT + 2 * HOUR - MINUTE) == []
    assert at(MERGED_AT + 2 * HOUR) == ["already-over"]


def against(
    *owners: str, approvals: int = 1, requester: str = "alice", others: tuple[Person, ...] = ()
) -> tuple[Finding, ...]:
    """Why a request by `requester` cannot be approved by these owners."""
    rules = the_rules(
        policy=a_policy(approvals=approvals), codeowners=owned_by(*owners), people=people(*others)
    )
    found = previewed(an_unasked_case(a_request(requester=Login(requester)), rules)).findings
    return tuple(finding for finding in found if finding.code == "nobody-can-approve")


def test_enough_owners_can_approve() -> None:
    """One for one, two for two, and more than enough."""
    assert against("@bob") == ()
    assert against("@bob", "@erin", approvals=2) == ()
    assert against("@bob", "@erin", "@frank", approvals=2) == ()


@pytest.mark.parametrize(
    ("owners", "approvals", "requester", "able"),
    [
        (("@bob",), 2, "alice", "bob"),
        (("@bob",), 1, "bob", "nobody"),
        (("@alice", "@bob"), 2, "alice", "bob"),
        (("@bob", "@BOB", "@acme/payments-leads"), 2, "alice", "bob"),
        (("@bob", "@stranger"), 2, "alice", "bob"),
        (("@erin", "@olivia"), 3, "alice", "erin, olivia"),
    ],
)
def test_too_few_can_approve(owners: tuple[str, ...], approvals: int, requester: str, able: str) -> None:
    """Nobody is counted twice, nobody approves their own request: a dead end shows before it is one."""
    (finding,) = against(*owners, approvals=approvals, requester=requester)
    assert finding.file == PATH
    assert f"only {able} can" in finding.message


def test_a_second_login_approves_nothing_more() -> None:
    """One human with two logins is one approver, and none for their own request."""
    bobby = a_person("bobby", github_id=2002, principal=a_person("bob").principal)
    assert against("@bob", "@bobby", others=(bobby,)) == ()
    assert against("@bob", "@bobby", approvals=2, others=(bobby,))
    assert against("@bobby", requester="bob", others=(bobby,))


def test_a_requester_nobody_knows_takes_no_approver_away() -> None:
    """That the requester is unknown is another finding's business."""
    assert against("@bob", requester="stranger") == ()


def test_what_codeowners_lacks_comes_first() -> None:
    """Without owners the finding is CODEOWNERS' own."""
    for file in (None, codeowners.parse("/x @bob\n"), codeowners.parse(OWNERS + "oops oops\n")):
        found = previewed(an_unasked_case(rules=the_rules(codeowners=file))).findings
        assert [finding.file for finding in found] == [".github/CODEOWNERS"]


def test_what_was_granted_before_is_extended() -> None:
    """By main's file with its beginning; a file that never began is asked for anew."""
    case = an_unasked_case(LONGER, kind=ChangeKind.MODIFIED)
    for former, extends in (
        (Former(request=a_request(), began=MERGED_AT), True),
        (Former(request=a_request()), False),
        (None, False),
    ):
        preview = previewed(case, former=former)
        assert preview.extends is extends
        assert preview.grant_preview is not None
        assert preview.grant_preview.extends is extends


def test_rules_that_do_not_read_show_no_grant() -> None:
    """Nothing is promised of them."""
    assert previewed(an_unasked_case(a_request(), the_rules(policy=unreadable()))).grant_preview is None


def test_the_requirement_is_that_of_the_decision() -> None:
    """Where it could be judged, by what was judged: two of a rule for long requests."""
    policy = a_policy(
        approval_rules=(ApprovalRule(need=1), ApprovalRule(need=2, when=RuleCondition(duration_over=HOUR)))
    )
    rules = the_rules(policy=policy)
    for case in (
        an_unasked_case(a_request(), rules),
        an_unasked_case(a_request(), replace(rules, settings=unreadable())),
    ):
        shown = previewed(case).grant_preview
        assert shown is not None
        assert shown.requirement.need == 2
    at_head = the_rules(policy=a_policy(approvals=3))
    shown = previewed(an_unasked_case(a_request(), head_rules=at_head)).grant_preview
    assert shown is not None
    assert shown.requirement.need == 3
