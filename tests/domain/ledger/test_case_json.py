"""What GitHub told, as evidence: it comes back as it was, and a decision made on it is the same."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    BLOB,
    HEAD,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    a_policy,
    an_actor,
    owned_by,
    sha,
    the_rules,
)
from builders import a_case, a_change, a_commit, a_merge, a_pull, a_request_state, a_review, codes
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.access import decision_event
from jitbot.domain.access.approval import Decision, Verdict, decide
from jitbot.domain.ledger import case_json
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.merge_facts import GONE, Actor, Case, Dismissal, PullCommit, Push, Review


def a_push(login: str) -> Push:
    """A push of the head by this person."""
    return Push(
        actor=an_actor(login), before=sha("before"), after=HEAD, kind="push", at=MERGED_AT - 20 * MINUTE
    )


RULES = replace(the_rules(), sources={"policies/people.yaml": sha("people")})
CASES = {
    "approved": a_case(),
    "refused": a_case(merge=a_merge(reviews=(a_review("alice"), a_review("dave", review_id=2)))),
    "nobody merged it": a_case(merge=a_merge(pull_request=a_pull(merged_by=None))),
    "a bot merged it": a_case(merge=a_merge(pull_request=a_pull(merged_by=an_actor("x", kind="Bot")))),
    "head without it": a_case(merge=a_merge(head_blob=None, touching=frozenset())),
    "several commits": a_case(merge=a_merge(commits=(a_commit("alice", "bob"), a_commit(name=sha("other"))))),
    "retargeted": a_case(merge=a_merge(retargeted_at=NOW)),
    "not merged": a_case(listed=(a_pull(merged_at=None, merge_commit=None),)),
    "no pull request": a_case(merge=None),
    "an author who is gone": a_case(merge=a_merge(pull_request=a_pull(author=GONE))),
    "pushes, and none known": a_case(merge=a_merge(pushes=(a_push("bob"),), merge_seen=True, dismissals=())),
    "opened again": a_case(merge=a_merge(reopened_at=MERGED_AT)),
    "pushed again": a_case(merge=a_merge(head_pushed_at=MERGED_AT)),
    "too many moves": a_case(merge=a_merge(pushes=None, too_many_moves=True)),
    "an objection dismissed": a_case(
        merge=a_merge(
            reviews=(a_review("bob", state="DISMISSED"),),
            dismissals=(
                Dismissal(review_id=1, by=an_actor("alice"), state="CHANGES_REQUESTED", at=MERGED_AT),
            ),
        )
    ),
}


def through_json(case: Case) -> Any:
    """What was kept of a case, written and read."""
    return json.loads(json.dumps(case_json.dump(case)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_decision_made_from_the_facts_is_the_same(case: Case) -> None:
    """git's part and the facts alone give the same decision, reasons included."""
    facts = case_json.load(through_json(case))
    merge = None
    if facts.snapshot is not None and case.merge is not None:
        found = facts.snapshot
        merge = replace(
            case.merge,
            pull_request=found.pull_request, files=found.files, fetched_head=found.fetched_head,
            head_blob=found.head_blob, reviews=found.reviews, commits=found.commits,
            touching=found.touching, permissions=found.permissions, merge_seen=found.merge_seen,
            dismissals=found.dismissals, pushes=found.pushes, too_many_moves=found.too_many_moves,
            reopened_at=found.reopened_at, head_pushed_at=found.head_pushed_at,
        )  # fmt: skip
    again = replace(case, listed=facts.listed, default_branch=facts.default_branch, merge=merge)
    assert replace(decide(again, a_request_state(), NOW), parsed_case=None) == replace(
        decide(case, a_request_state(), NOW), parsed_case=None
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_facts_come_back_as_they_were(case: Case) -> None:
    """Whatever was told, and that nothing was."""
    found = case_json.load(through_json(case))
    assert (found.listed, found.default_branch) == (case.listed, case.default_branch)
    if found.snapshot is None or case.merge is None:
        assert (found.snapshot, case.merge) == (None, None)
        return
    for name in (
        "pull_request", "files", "head_blob", "commits", "touching", "permissions", "retargeted_at",
        "merge_seen", "dismissals", "pushes", "too_many_moves", "reopened_at", "head_pushed_at",
    ):  # fmt: skip
        assert getattr(found.snapshot, name) == getattr(case.merge, name), name


def test_a_push_that_changes_no_count_is_not_kept() -> None:
    """The record of a request that was approved after its last push is as it always was."""
    before = a_merge(head_pushed_at=a_review().submitted_at)
    older = a_merge(head_pushed_at=MERGED_AT, reviews=(a_review(commit=sha("older")),))
    for merge in (before, older):
        told = through_json(a_case(merge=merge))["told"]
        assert not told.keys() & {"reopened_at", "head_pushed_at"}


def test_the_facts_name_what_the_rules_at_the_head_are_made_of() -> None:
    """The blobs of the head's documents are there, since nothing else keeps them."""
    told = case_json.load(through_json(a_case(merge=a_merge(head_rules=RULES)))).snapshot
    assert told is not None
    assert told.head_rules == {"policies/people.yaml": sha("people")}
    assert (told.head_blob, told.fetched_head, told.files) == (BLOB, HEAD, (PATH,))


def test_only_reviews_that_judge_are_kept() -> None:
    """A thousand comments do not fill the ledger: each reviewer's last judgement is all a decision reads."""
    noise = tuple(a_review("dave", review_id=number, state="COMMENTED") for number in range(2, 1000))
    told = case_json.load(through_json(a_case(merge=a_merge(reviews=(a_review(), *noise))))).snapshot
    assert told is not None
    assert [review.review_id for review in told.reviews] == [1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: None,
        lambda _: [],
        lambda _: {},
        lambda raw: {**raw, "listed": {}},
        lambda raw: {**raw, "default_branch": 1},
        lambda raw: {**raw, "told": {}},
        lambda raw: {**raw, "told": {**raw["told"], "reviews": [{}]}},
        lambda raw: {**raw, "told": {**raw["told"], "files": [1]}},
        lambda raw: {**raw, "told": {**raw["told"], "permissions": []}},
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "number": True}},
        },
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "number": "7"}},
        },
        lambda raw: {
            **raw,
            "told": {**raw["told"], "pull_request": {**raw["told"]["pull_request"], "merged_at": "now"}},
        },
    ],
)
def test_anything_else_is_no_fact(spoil: Any) -> None:
    """What is not whole is refused, not guessed."""
    with pytest.raises(ValueError, match=r"facts of a merge|UTC time"):
        case_json.load(spoil(through_json(a_case())))


def strangers(number: int, state: str) -> tuple[Review, ...]:
    """Judging reviews of so many accounts that people.yaml does not know."""
    return tuple(
        a_review(
            "x", review_id=1000 + each, state=state,
            user=Actor(login=Login(f"x{each}"), github_id=GithubId(50_000 + each)),
        )
        for each in range(number)
    )  # fmt: skip


def crowd(number: int, names: int) -> tuple[PullCommit, ...]:
    """So many commits, the last of them the head, each naming so many accounts beside alice."""
    return tuple(
        PullCommit(
            sha=HEAD if each == number - 1 else sha(f"commit {each}"),
            named=(GithubId(1001), *(GithubId(60_000 + name) for name in range(names))),
        )
        for each in range(number)
    )


def again(case: Case) -> Decision:
    """The decision made from what was kept of a case."""
    facts = case_json.load(through_json(case))
    merge = None
    if facts.snapshot is not None and case.merge is not None:
        kept = {
            name: getattr(facts.snapshot, name)
            for name in (
                "pull_request", "files", "head_blob", "reviews", "commits", "touching", "permissions",
                "retargeted_at", "merge_seen", "dismissals", "pushes", "too_many_moves", "reopened_at", "head_pushed_at",
            )
        }  # fmt: skip
        merge = replace(case.merge, **kept)
    listed = replace(case, listed=facts.listed, default_branch=facts.default_branch, merge=merge)
    return decide(listed, a_request_state(), NOW)


ALL_OWN = the_rules(codeowners=owned_by("@acme/engineering", "@acme/security"), policy=a_policy(approvals=2))


@settings(deadline=None)
@given(
    files=st.integers(0, 2 * bounds.FILES),
    length=st.integers(1, 400),
    others=st.integers(0, 3 * bounds.STRANGERS),
    state=st.sampled_from(["APPROVED", "CHANGES_REQUESTED", "DISMISSED"]),
    commits=st.integers(1, 250),
    names=st.integers(0, bounds.NAMES + 5),
    touching=st.booleans(),
    twins=st.integers(0, 3 * bounds.LISTED),
    own=st.booleans(),
    approvers=st.sets(st.sampled_from(["bob", "carol", "dave", "erin", "mallory"])),
    pushers=st.sets(st.sampled_from(["alice", "bob", "carol"])),
)
def test_what_was_kept_decides_as_all_of_it_did(
    files: int, length: int, others: int, state: str, commits: int, names: int, touching: bool, twins: int,
    own: bool, approvers: set[str], pushers: set[str],
) -> None:  # fmt: skip
    """However much people made of a pull request, its bounded record gives the same verdict for the same reasons."""
    more = tuple(f"requests/{'x' * length}-{each}.md" for each in range(files))
    reviews = tuple(a_review(login, review_id=each) for each, login in enumerate(sorted(approvers)))
    found = crowd(commits, names)
    pull = a_pull(commit_count=commits)
    merge = a_merge(
        pull_request=pull,
        files=(PATH, *more),
        head_rules=ALL_OWN,
        reviews=(*reviews, *strangers(others, state)),
        commits=found,
        touching=frozenset({each.sha for each in found} if touching else {HEAD}),
        pushes=tuple(a_push(login) for login in sorted(pushers)),
        dismissals=(),
        merge_seen=True,
    )
    twin = [a_pull(number=100 + each, author=an_actor("mallory")) for each in range(twins)]
    case = a_case(
        rules=ALL_OWN, merge=merge, touched=(PATH, *more), listed=(*twin, pull) if own else (pull, *twin)
    )
    first, second = decide(case, a_request_state(), NOW), again(case)
    assert (second.verdict, codes(second)) == (first.verdict, codes(first))
    assert second.grants == first.grants
    assert len(json.dumps(case_json.dump(case))) < 60_000


def worst() -> Case:
    """Everything that a hostile pull request can be full of, at once."""
    long = "x" * 4000
    files = tuple(f"requests/{long}/{each}.md" for each in range(3000))
    found = tuple(
        replace(each, co_authors=tuple(Login("y" * 39) for _ in range(9))) for each in crowd(250, 50)
    )
    merge = a_merge(
        pull_request=a_pull(commit_count=251, changed_files=3000, head_branch="b" * 250),
        files=files,
        reviews=strangers(5000, "DISMISSED"),
        commits=found,
        touching=frozenset(each.sha for each in found),
        pushes=tuple(a_push("alice") for _ in range(bounds.PUSHES)),
        merge_seen=True,
        dismissals=tuple(
            Dismissal(review_id=1000 + each, by=an_actor("x"), state="APPROVED", at=NOW)
            for each in range(5000)
        ),
    )
    listed = tuple(a_pull(number=7 + each, head_branch="b" * 250) for each in range(8000))
    change = a_change(mode="100755", path=f"requests/orders-db-read/2026-11/24-alice-{long}.yaml")
    return a_case(change=change, merge=merge, touched=files, listed=listed, clashes=files)


def test_the_record_of_the_worst_pull_request_is_small() -> None:
    """What anybody can have recorded of a refusal is less than 64 KiB, however full the pull request."""
    case = worst()
    decision = decide(case, a_request_state(), NOW)
    assert decision.verdict is Verdict.REFUSED
    event = decision_event.of_decision(case.change, case, decision, now=NOW, run="", catalogue=EMPTY)
    assert len(json.dumps(event.evidence.json, indent=2)) < 64 * 1024
    assert event.evidence.json["reasons_count"] == len(decision.reasons)
    parsed_case = replace(case, change=a_change(), clashes=(), listed=(case.listed[0],))
    decision = decide(parsed_case, a_request_state(), NOW)
    event = decision_event.of_decision(case.change, parsed_case, decision, now=NOW, run="", catalogue=EMPTY)
    assert len(json.dumps(event.evidence.json, indent=2)) < 64 * 1024
    assert event.evidence.json["not_counted_count"] == 5000


class Empty:
    """A catalogue of no actions."""

    def covered(self, _: str) -> tuple[()]:
        """Nothing."""
        return ()


EMPTY = Empty()


def test_what_an_older_version_recorded_is_read() -> None:
    """Without the keys that came later: it did not look, and the decision is the one it made."""
    raw = through_json(a_case())
    for name in ("merge_seen", "dismissals", "pushes"):
        del raw["told"][name]
    for pull in (raw["told"]["pull_request"], *raw["listed"]):
        for name in ("changed_files", "head_branch", "head_repository_id"):
            pull.pop(name, None)
    found = case_json.load(raw)
    assert found.snapshot is not None
    assert (found.snapshot.merge_seen, found.snapshot.dismissals, found.snapshot.pushes) == (None, None, None)
    assert found.snapshot.too_many_moves is False
    assert (found.snapshot.pull_request, found.snapshot.files) == (a_pull(), (PATH,))


def test_known_people_are_kept_however_many_others_judge() -> None:
    """An owner's judgement is never the one that is left out."""
    known = tuple(a_review(login, review_id=each) for each, login in enumerate(PEOPLE))
    case = a_case(merge=a_merge(reviews=(*strangers(500, "APPROVED"), *known)))
    told = case_json.load(through_json(case)).snapshot
    assert told is not None
    assert {review.user.login for review in told.reviews} >= set(PEOPLE)
    assert len(told.reviews) == len(PEOPLE) + bounds.STRANGERS


def dumped(case: Case) -> Any:
    """What is kept of the pull request behind a merge."""
    return through_json(case)["told"]


def test_files_are_kept_while_they_are_few() -> None:
    """Of more there is how many, and a digest if they were read; read again, they are more than are kept."""
    long = ("requests/é", *(f"requests/{each}.md" for each in range(bounds.FILES)))
    digest = hashlib.sha256("\0".join(long).encode()).hexdigest()
    found = {
        "few": (dumped(a_case()), {"files": [PATH]}, (PATH,)),
        "none": (dumped(a_case(merge=a_merge(files=()))), {"files": []}, ()),
        "many": (
            dumped(a_case(merge=a_merge(files=long))),
            {"files": [], "files_count": bounds.FILES + 1, "files_sha256": digest},
            None,
        ),
        "not read": (
            dumped(a_case(merge=a_merge(files=None, pull_request=a_pull(changed_files=3000)))),
            {"files": [], "files_count": 3000, "files_sha256": None},
            None,
        ),
    }
    for name, (told, kept, files) in found.items():
        assert {key: value for key, value in told.items() if key.startswith("files")} == kept, name
        loaded = case_json.load({"default_branch": "main", "listed": [], "told": told}).snapshot
        assert loaded is not None, name
        assert loaded.files == files, name


def test_a_commit_is_kept_with_those_of_its_co_authors_who_are_somebody() -> None:
    """A login that people.yaml does not know is left out, and so is the key if nobody is left."""
    commits = (
        replace(a_commit("alice"), co_authors=(Login("BOB"), Login("stranger"))),
        replace(a_commit("carol", name=sha("other")), co_authors=(Login("stranger"),)),
    )
    assert dumped(a_case(merge=a_merge(commits=commits)))["commits"] == [
        {"sha": HEAD, "named": [1001], "changes_it": True, "co_authors": ["BOB"]},
        {"sha": sha("other"), "named": [1003], "changes_it": False},
    ]


def test_of_commits_that_name_too_many_the_first_is_marked() -> None:
    """None of them names anybody in the record; the others name whom they name."""
    crowded = PullCommit(sha=HEAD, named=(GithubId(1001),), co_authors=(Login("bob"),), crowded=True)
    commits = (crowded, a_commit("alice", name=sha("other")), crowded)
    none = {"sha": HEAD, "named": [], "changes_it": True}
    assert dumped(a_case(merge=a_merge(commits=commits)))["commits"] == [
        {**none, "crowded": True},
        {"sha": sha("other"), "named": [1001], "changes_it": False},
        none,
    ]


def test_commits_together_name_so_many_accounts_and_no_more() -> None:
    """To the bound all are kept; from the commit that goes beyond it on, none, co-authors included."""
    full = bounds.ALL_NAMES // bounds.NAMES
    commits = crowd(full, bounds.NAMES - 1)
    last = PullCommit(sha=sha("last"), named=(), co_authors=(Login("bob"),))
    kept = dumped(a_case(merge=a_merge(commits=(*commits, last))))["commits"]
    assert [len(each["named"]) for each in kept] == [bounds.NAMES] * full + [0]
    assert kept[-1] == {"sha": sha("last"), "named": [], "changes_it": False, "crowded": True}
    assert not any("crowded" in each for each in kept[:-1])


def test_the_dismissals_of_known_peoples_reviews_are_kept() -> None:
    """Those of others, and of reviews that are not kept, decide nothing."""
    dismissals = tuple(
        Dismissal(review_id=each, by=an_actor("olivia"), state="APPROVED", at=MERGED_AT)
        for each in (1, 2, 1000)
    )
    reviews = (a_review(state="DISMISSED"), *strangers(1, "DISMISSED"))
    told = dumped(a_case(merge=a_merge(reviews=reviews, dismissals=dismissals)))
    assert [each["review_id"] for each in told["reviews"]] == [1, 1000]
    assert [each["review_id"] for each in told["dismissals"]] == [1]


def test_the_pull_requests_that_fit_come_first() -> None:
    """Then others that were merged, then those that were not; where the settings do not read, none fits."""
    open_one = a_pull(number=1, merged_at=None, merge_commit=None)
    elsewhere = a_pull(number=2, base_branch="side")
    case = a_case(listed=(open_one, elsewhere, a_pull()))
    for rules, order in ((the_rules(), [7, 2, 1]), (the_rules(settings=None), [2, 7, 1])):
        kept = through_json(replace(case, rules=rules))["listed"]
        assert [each["number"] for each in kept] == order


@pytest.mark.parametrize("said", [True, False, None])
def test_whether_the_merge_was_seen_is_yes_no_or_unknown(said: bool | None) -> None:
    """Anything else is no fact, though it reads like one."""
    raw = through_json(a_case(merge=a_merge(merge_seen=said)))
    told = case_json.load(raw).snapshot
    assert told is not None
    assert told.merge_seen is said
    others: tuple[object, ...] = ("yes", 1, 0, [])
    for other in others:
        with pytest.raises(ValueError, match="merge_seen: yes or no is missing"):
            case_json.load({**raw, "told": {**raw["told"], "merge_seen": other}})


def test_of_a_pull_request_that_was_not_merged_no_review_is_kept() -> None:
    """There is no moment until which one would count."""
    assert dumped(a_case(merge=a_merge(pull_request=a_pull(merged_at=None))))["reviews"] == []


def test_where_nobody_is_known_every_reviewer_is_a_stranger() -> None:
    """Their last few reviews are kept, and no dismissal of them."""
    merge = a_merge(
        reviews=(
            *strangers(bounds.STRANGERS, "DISMISSED"),
            a_review(state="DISMISSED", submitted_at=MERGED_AT),
        ),
        dismissals=(Dismissal(review_id=1, by=an_actor("olivia"), state="APPROVED", at=MERGED_AT),),
    )
    told = dumped(a_case(rules=the_rules(people=None), merge=merge))
    assert len(told["reviews"]) == bounds.STRANGERS
    assert told["reviews"][-1]["review_id"] == 1
    assert told["dismissals"] == []
