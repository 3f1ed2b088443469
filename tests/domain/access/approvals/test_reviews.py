"""Whose approval counts. One change at a time to a review that would, and it does not."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from acme_facts import (
    DAY,
    HEAD,
    HOUR,
    MERGED_AT,
    MINUTE,
    PEOPLE,
    SECOND,
    a_person,
    an_actor,
    owned_by,
    people,
    sha,
    the_rules,
    the_settings,
)
from builders import a_case, a_commit, a_ground, a_merge, a_pull, a_review, counted, why_not

from jitbot.domain.access.approvals.reviews import (
    count,
    may_count,
    name_everybody,
    named_by_commits,
    objecting,
    would_count,
)
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Parsed
from jitbot.domain.model.merge_facts import (
    Actor,
    Dismissal,
    Merge,
    PullCommit,
    Push,
    Review,
    latest_judgements,
)
from jitbot.domain.model.parsed_case import ParsedCase

ALL_OWN = the_rules(codeowners=owned_by("@acme/engineering", "@acme/security", "@acme/platform"))
UPDATE = sha("the button Update branch")
OTHER_FILE = sha("another file")


def ground_of(*reviews: Review, **merge: object) -> ParsedCase:
    """The ground of alice's merge, where every one of acme owns the path."""
    return a_ground(a_case(rules=ALL_OWN, merge=a_merge(reviews=reviews, head_rules=ALL_OWN, **merge)))


NOBODY = "is nobody policies/people.yaml knows by login and GitHub id"
COMMITS = "is author or committer of a commit that changes the request"
PUSHED = "pushed to the request's branch"
OLD = sha("old")
TWO_BOBS = people(a_person("bob2", github_id=GithubId(2002), principal=a_person("bob").principal))


def a_push(login: str) -> Push:
    """A push of the head by this person."""
    number = TWO_BOBS[Login(login)].github_id
    actor = Actor(login=Login(login), github_id=number)
    return Push(actor=actor, before=OLD, after=HEAD, kind="push", at=MERGED_AT - HOUR)


IGNORED: dict[str, tuple[ParsedCase, str]] = {
    "dismissed": (ground_of(a_review(state="DISMISSED")), "had the approval dismissed"),
    "changes requested": (ground_of(a_review(state="CHANGES_REQUESTED")), "did not approve"),
    "an older commit": (
        ground_of(a_review(commit=OLD)),
        f"approved {OLD[:10]}, which is not the last commit, {HEAD[:10]}",
    ),
    "too old": (
        ground_of(a_review(submitted_at=MERGED_AT - DAY - SECOND)),
        "approved too long before the merge",
    ),
    "given on another base": (
        ground_of(a_review(), retargeted_at=a_review().submitted_at),
        "approved before the pull request was moved to this base",
    ),
    "given before it was opened again": (
        ground_of(a_review(), reopened_at=a_review().submitted_at),
        "approved before the pull request was opened again",
    ),
    "given before the head was pushed again": (
        ground_of(a_review(), head_pushed_at=a_review().submitted_at + SECOND),
        "approved before the last push",
    ),
    "self approval": (ground_of(a_review("alice")), "is the requester"),
    "the author under another name": (
        ground_of(a_review("mallory"), pull_request=a_pull(author=an_actor("mallory"))),
        "is the pull request's author",
    ),
    "an author of the change": (ground_of(a_review(), commits=(a_commit("alice", "bob"),)), COMMITS),
    "a committer of an earlier change": (
        ground_of(
            a_review(),
            commits=(a_commit("alice"), a_commit("bob", name=OLD)),
            touching=frozenset({HEAD, OLD}),
        ),
        COMMITS,
    ),
    "an owner by the merge's rules alone": (
        a_ground(a_case(rules=ALL_OWN, merge=a_merge(reviews=(a_review("frank"),), head_rules=the_rules()))),
        "did not own this path by the rules of the approved commit",
    ),
    "a co-author by login": (
        ground_of(a_review(), commits=(replace(a_commit("alice"), co_authors=(Login("BOB"),)),)),
        COMMITS,
    ),
    "a pusher": (ground_of(a_review(), pushes=(a_push("alice"), a_push("bob"))), PUSHED),
    "a pusher under another login": (
        a_ground(
            a_case(
                rules=replace(ALL_OWN, people=Parsed(value=TWO_BOBS)),
                merge=a_merge(
                    head_rules=replace(ALL_OWN, people=Parsed(value=TWO_BOBS)), pushes=(a_push("bob2"),)
                ),
            )
        ),
        PUSHED,
    ),
    "no write permission": (
        ground_of(a_review(), permissions={Login("bob"): "read"}),
        "may not write to the repository",
    ),
    "triage is not write": (
        ground_of(a_review(), permissions={Login("bob"): "triage"}),
        "may not write to the repository",
    ),
    "unknown permission": (ground_of(a_review(), permissions={}), "may not write to the repository"),
    "a recycled login": (ground_of(a_review(user=an_actor("bob", github_id=4711))), NOBODY),
    "an owner under a new login": (
        ground_of(a_review(user=an_actor("robert", github_id=1002))),
        NOBODY,
    ),
    "a login nobody knows": (ground_of(a_review("stranger")), NOBODY),
    "a bot": (ground_of(a_review(user=an_actor("bob", kind="Bot"))), NOBODY),
    "an organization": (ground_of(a_review(user=an_actor("bob", kind="Organization"))), NOBODY),
    "not an owner": (
        a_ground(a_case(merge=a_merge(reviews=(a_review("frank"),)))),
        "does not own this path in CODEOWNERS",
    ),
}


def test_an_approval_after_the_last_move_to_another_base_counts() -> None:
    """Whoever approves after the move has seen the diff against the base it was merged into."""
    assert counted(ground_of(a_review(), retargeted_at=a_review().submitted_at - SECOND)) == ["bob"]
    assert counted(ground_of(a_review(), reopened_at=a_review().submitted_at - SECOND)) == ["bob"]
    assert counted(ground_of(a_review(), head_pushed_at=a_review().submitted_at)) == ["bob"]


@pytest.mark.parametrize(("parsed_case", "why"), IGNORED.values(), ids=IGNORED.keys())
def test_an_approval_that_does_not_count(parsed_case: ParsedCase, why: str) -> None:
    """Each of these alone keeps an approval from counting, and is said."""
    assert counted(parsed_case) == []
    assert why_not(parsed_case) == [why]


@pytest.mark.parametrize("state", ["COMMENTED", "PENDING", "approved", ""])
def test_what_is_no_judgement_is_neither_counted_nor_blamed(state: str) -> None:
    """Only GitHub's three judging states are looked at, in its own spelling."""
    assert count(ground_of(a_review(state=state))) == ((), ())


@pytest.mark.parametrize("permission", ["admin", "maintain", "write"])
def test_who_may_write_may_approve(permission: str) -> None:
    """Each permission that includes writing is enough."""
    assert counted(ground_of(a_review(), permissions={Login("bob"): permission})) == ["bob"]


def test_an_approval_is_as_old_as_the_settings_allow_and_no_older() -> None:
    """Exactly `approvals_valid_for` before the merge still counts; a second more does not."""
    rules = the_rules(settings=the_settings(approvals_valid_for=timedelta(hours=2)))
    for age, expected in ((2 * 60 * MINUTE, ["bob"]), (2 * 60 * MINUTE + SECOND, [])):
        merge = a_merge(head_rules=rules, reviews=(a_review(submitted_at=MERGED_AT - age),))
        assert counted(a_ground(a_case(rules=rules, merge=merge))) == expected


def test_a_review_after_the_merge_changes_nothing() -> None:
    """Neither an approval nor an objection that came later is heard."""
    later = MERGED_AT + SECOND
    assert count(ground_of(a_review(submitted_at=later))) == ((), ())
    objection = a_review(review_id=2, state="CHANGES_REQUESTED", submitted_at=later)
    parsed_case = ground_of(a_review(), objection)
    assert counted(parsed_case) == ["bob"]
    assert objecting(parsed_case) == ()


def test_a_review_in_the_second_of_the_merge_counts() -> None:
    """GitHub's times are whole seconds, and its own auto-merge follows an approval within one."""
    assert counted(ground_of(a_review(submitted_at=MERGED_AT))) == ["bob"]


APPROVED = a_review()
LATER = MERGED_AT - MINUTE


@pytest.mark.parametrize(
    ("second", "stands"),
    [
        ("COMMENTED", ["bob"]),
        ("APPROVED", ["bob"]),
        ("CHANGES_REQUESTED", []),
        ("DISMISSED", []),
    ],
)
def test_the_latest_judgement_stands(second: str, stands: list[str]) -> None:
    """A comment after an approval changes nothing; an objection or a dismissal does, in whatever order listed."""
    reviews = (APPROVED, a_review(review_id=2, state=second, submitted_at=LATER))
    for order in permutations(reviews):
        assert counted(ground_of(*order)) == stands


def test_an_approval_after_an_objection_stands() -> None:
    """Who objected and then approved has approved."""
    parsed_case = ground_of(a_review(state="CHANGES_REQUESTED"), a_review(review_id=2, submitted_at=LATER))
    assert counted(parsed_case) == ["bob"]
    assert objecting(parsed_case) == ()


def test_reviews_of_one_second_go_by_their_number() -> None:
    """Two judgements of the same second are in the order in which GitHub numbered them."""
    objection = a_review(review_id=2, state="CHANGES_REQUESTED")
    for order in permutations((APPROVED, objection)):
        assert latest_judgements(order, MERGED_AT) == (objection,)


def test_judgements_come_in_the_order_of_time() -> None:
    """Each reviewer's last one, the earliest first, whoever began."""
    erin, bob = a_review("erin", review_id=2), a_review(review_id=3, submitted_at=LATER)
    for order in permutations((APPROVED, erin, bob)):
        assert latest_judgements(order, MERGED_AT) == (erin, bob)


def test_a_renamed_reviewer_is_one_reviewer() -> None:
    """Judgements go by id: under a new login, the later one replaces the earlier."""
    renamed = a_review(user=an_actor("robert", github_id=1002), review_id=2, submitted_at=LATER)
    assert latest_judgements((APPROVED, renamed), MERGED_AT) == (renamed,)


def test_a_login_in_other_case_is_the_same_login() -> None:
    """GitHub ignores case in logins; the id must match all the same."""
    parsed_case = ground_of(
        a_review(user=an_actor("Bob", github_id=1002)), permissions={Login("Bob"): "write"}
    )
    assert counted(parsed_case) == ["bob"]


@pytest.mark.parametrize("owner", ["bob", "erin", "olivia"])
def test_a_standing_objection_of_an_owner_is_heard(owner: str) -> None:
    """However old, on whatever commit, and whether or not the owner could ask."""
    objection = a_review(
        owner, review_id=2, state="CHANGES_REQUESTED", commit=OLD, submitted_at=MERGED_AT - 30 * DAY
    )
    assert objecting(ground_of(a_review("dave"), objection)) == (a_person(owner),)


def test_a_comment_does_not_withdraw_an_objection() -> None:
    """Only an approval or a dismissal does."""
    objection = a_review(state="CHANGES_REQUESTED")
    for state, expected in (("COMMENTED", ["bob"]), ("DISMISSED", []), ("APPROVED", [])):
        second = a_review(review_id=2, state=state, submitted_at=LATER)
        assert [person.login for person in objecting(ground_of(objection, second))] == expected


def test_a_renamed_owner_still_objects() -> None:
    """An objection is heard by GitHub id alone; whoever took the old login over says nothing."""
    renamed = a_review(user=an_actor("robert", github_id=1002), state="CHANGES_REQUESTED")
    assert objecting(ground_of(renamed)) == (a_person("bob"),)
    recycled = a_review(user=an_actor("bob", github_id=4711), state="CHANGES_REQUESTED")
    assert objecting(ground_of(recycled)) == ()


def test_who_does_not_own_the_path_cannot_veto() -> None:
    """An objection of anyone else stops nothing."""
    merge = a_merge(reviews=(a_review(), a_review("mallory", state="CHANGES_REQUESTED")))
    assert objecting(a_ground(a_case(merge=merge))) == ()


def test_pressing_update_branch_disqualifies_nobody() -> None:
    """A commit that leaves the request as its first parent has it says nothing about who wrote the request."""
    commits = (
        a_commit("alice", name=sha("first")),
        a_commit("bob", name=UPDATE),
        a_commit("bob", name=OTHER_FILE),
    )
    parsed_case = ground_of(a_review(), commits=commits, touching=frozenset({sha("first")}))
    assert counted(parsed_case) == ["bob"]
    merge: Merge = parsed_case.merge
    assert named_by_commits(merge, PEOPLE) == {1001}


def test_a_co_author_whom_nobody_knows_is_nobody() -> None:
    """A login is somebody's only by people.yaml."""
    commit = replace(a_commit("alice"), co_authors=(Login("Bob"), Login("stranger")))
    assert named_by_commits(a_merge(commits=(commit,)), PEOPLE) == {1001, 1002}


def test_commits_together_name_so_many_accounts_and_no_more() -> None:
    """Those named by their login included; beyond the bound they name everybody."""
    commits = [PullCommit(sha=HEAD, named=(GithubId(1),) * bounds.NAMES)] * (bounds.ALL_NAMES // bounds.NAMES)
    assert not name_everybody(a_merge(commits=commits))
    for last in (a_commit("alice"), replace(a_commit(), co_authors=(Login("bob"),))):
        assert name_everybody(a_merge(commits=(*commits, last)))


def test_a_commit_that_names_more_than_is_read_names_everybody() -> None:
    """However few of them are kept."""
    assert not name_everybody(a_merge(commits=(a_commit("alice"),)))
    assert name_everybody(a_merge(commits=(a_commit("alice"), replace(a_commit("alice"), crowded=True))))


def test_so_many_accounts_push_and_no_more() -> None:
    """As many as are kept may have been more; two pushes of one account are one."""
    pushes = [
        replace(a_push("bob"), actor=Actor(login=Login(f"x{number}"), github_id=GithubId(number)))
        for number in range(bounds.PUSHES)
    ]
    assert name_everybody(a_merge(pushes=tuple(pushes)))
    assert not name_everybody(a_merge(pushes=(*pushes[1:], pushes[1])))


def test_a_requester_who_owns_the_path_needs_somebody_else() -> None:
    """Owning the path does not let anyone approve their own request."""
    parsed_case = ground_of(a_review("alice"), a_review("bob", review_id=2))
    assert counted(parsed_case) == ["bob"]


def test_where_nobody_is_known_nobody_counts() -> None:
    """Approvals rest on people.yaml: without it, none does."""
    parsed_case = replace(a_ground(), people={})
    assert counted(parsed_case) == []
    assert why_not(parsed_case) == [NOBODY]


def a_dismissal(login: str, **changes: object) -> Dismissal:
    """The dismissal of an objection, before the merge."""
    plain = Dismissal(review_id=1, by=an_actor(login), state="CHANGES_REQUESTED", at=MERGED_AT - MINUTE)
    return replace(plain, **changes)  # type: ignore[arg-type]


STANDS: dict[str, tuple[Dismissal, ...]] = {
    "by the requester": (a_dismissal("alice"),),
    "by a bot": (a_dismissal("olivia", by=an_actor("olivia", kind="Bot")),),
    "by nobody we know": (a_dismissal("stranger"),),
    "after the merge": (a_dismissal("olivia", at=MERGED_AT + SECOND),),
    "of which nobody tells": (),
    "of another review": (a_dismissal("olivia", review_id=2),),
    "by the requester at last": (a_dismissal("olivia", at=MERGED_AT - HOUR), a_dismissal("alice")),
}


@pytest.mark.parametrize("told", STANDS.values(), ids=STANDS.keys())
def test_an_objection_that_was_dismissed_in_vain_stands(told: tuple[Dismissal, ...]) -> None:
    """It takes somebody whom people.yaml knows, who does not ask, and before the merge."""
    parsed_case = ground_of(a_review("erin", state="DISMISSED"), dismissals=told)
    assert [person.login for person in objecting(parsed_case)] == ["erin"]


def test_of_several_dismissals_the_last_in_time_decides() -> None:
    """GitHub may list them in another order; the first of two in the same second stays the one that counts."""
    rightly, vainly = a_dismissal("olivia"), a_dismissal("alice")
    early = {name: replace(each, at=MERGED_AT - HOUR) for name, each in (("o", rightly), ("a", vainly))}
    for dismissals, stands in (
        ((vainly, early["o"]), True),
        ((rightly, early["a"]), False),
        ((rightly, vainly), False),
        ((vainly, rightly), True),
    ):
        parsed_case = ground_of(a_review("erin", state="DISMISSED"), dismissals=dismissals)
        assert bool(objecting(parsed_case)) is stands


RESOLVED: dict[str, tuple[Dismissal, ...] | None] = {
    "by somebody else": (a_dismissal("olivia"),),
    "to the second": (a_dismissal("olivia", at=MERGED_AT),),
    "an approval, by whomever": (a_dismissal("alice", state="APPROVED"),),
    "not looked at by an older version": None,
}


@pytest.mark.parametrize("told", RESOLVED.values(), ids=RESOLVED.keys())
def test_an_objection_that_was_rightly_dismissed_is_none(told: tuple[Dismissal, ...] | None) -> None:
    """Nor is an approval that was dismissed one."""
    parsed_case = ground_of(a_review("erin", state="DISMISSED"), dismissals=told)
    assert objecting(parsed_case) == ()


def test_a_review_that_is_not_dismissed_is_what_it_says() -> None:
    """An approval of which no dismissal is listed objects to nothing."""
    assert objecting(ground_of(a_review("erin"), dismissals=())) == ()


LATE = MERGED_AT + SECOND
WAS: dict[str, tuple[tuple[Dismissal, ...] | None, list[str]]] = {
    "after the merge": ((a_dismissal("mallory", state="APPROVED", at=LATE),), ["bob"]),
    "in the second of the merge": ((a_dismissal("mallory", state="APPROVED", at=MERGED_AT),), []),
    "before the merge": ((a_dismissal("mallory", state="APPROVED"),), []),
    "and was an objection": ((a_dismissal("mallory", at=LATE),), []),
    "before the merge, and after it once more": (
        (
            a_dismissal("mallory", state="APPROVED", at=LATE),
            a_dismissal("olivia", state="APPROVED"),
        ),
        [],
    ),
    "of another review": ((a_dismissal("mallory", review_id=2, state="APPROVED", at=LATE),), []),
    "of which nobody tells": ((), []),
    "not looked at by an older version": (None, []),
}


@pytest.mark.parametrize(("told", "counts"), WAS.values(), ids=WAS.keys())
def test_an_approval_that_was_dismissed_counts_if_that_came_after_the_merge(
    told: tuple[Dismissal, ...] | None, counts: list[str]
) -> None:
    """It was one until then, to the second; what was no approval does not become one."""
    assert counted(ground_of(a_review(state="DISMISSED"), dismissals=told)) == counts


def test_the_requester_silences_no_objection_in_somebody_elses_pull_request() -> None:
    """Whoever opened it, the access is theirs."""
    parsed_case = ground_of(
        a_review("erin", state="DISMISSED"),
        dismissals=(a_dismissal("alice"),),
        pull_request=a_pull(author=an_actor("mallory")),
    )
    assert [person.login for person in objecting(parsed_case)] == ["erin"]


def test_the_author_silences_no_objection_to_somebody_elses_request() -> None:
    """Nor does the author's other login."""
    author = an_actor("mallory")
    parsed_case = ground_of(
        a_review("erin", state="DISMISSED"),
        dismissals=(a_dismissal("mallory"),),
        pull_request=a_pull(author=author),
    )
    assert [person.login for person in objecting(parsed_case)] == ["erin"]


def test_which_review_would_count() -> None:
    """One of a known person that counts; not a stranger's, nor one by an account that only has a known login."""
    taken = a_review("erin", user=an_actor("erin", github_id=4711))
    reviews = (a_review("erin"), a_review("stranger"), taken, a_review("erin", state="COMMENTED"))
    assert [would_count(each, ground_of()) for each in reviews] == [True, False, False, False]


def test_only_of_known_people_who_approved_it_is_asked_whether_they_may_write() -> None:
    """Anyone may comment on a pull request: each question that is not asked is one that nobody can make costly."""
    late, dismissed = a_dismissal("mallory", review_id=2, state="APPROVED", at=LATE), "DISMISSED"
    reviews = (
        a_review("bob"),
        a_review("erin", state=dismissed, review_id=2),
        a_review("frank", state="CHANGES_REQUESTED"),
        a_review("carol", submitted_at=LATE),
        a_review("stranger"),
        a_review("dave", user=an_actor("dave", github_id=4711)),
    )
    assert may_count(reviews, PEOPLE, MERGED_AT) == ("bob",)
    assert set(may_count(reviews, PEOPLE, MERGED_AT, (late,))) == {"bob", "erin"}
