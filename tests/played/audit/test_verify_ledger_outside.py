"""`jitbot audit verify` with --online, --against-aws and --record: what others say today, and what is recorded of it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from acme_world import DAY, DENY_ALL, HOUR, PROD, World
from audit_story import attest, clone, codes, live, recorded, said, verdict, with_facts
from breaking import answer, refuse
from forging import signed_by

from jitbot.domain.audit.verify import online
from jitbot.domain.model.bounds import RESERVE
from jitbot.sandbox.github import GitHubFault

STATEMENT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything."""
    return live(world)


def change_review(world: World, number: int, **changes: Any) -> None:
    """Change a pull request's first review at GitHub."""
    name, first = next((name, each) for name, each in world.github.reviews.items() if each.pull == number)
    world.github.reviews[name] = replace(first, **changes)


def test_what_github_still_says(world: World, lived: str) -> None:
    """Read again, every pull request and review is as it was attested: one call for all."""
    clone(world)
    world.forget()
    assert verdict(world, "--online", code=0)["findings"] == []
    asked = [path for _, path in world.acme.github.calls if "graphql" in path or "/pulls/" in path]
    assert asked == ["/graphql/pull-requests"]


@pytest.mark.usefixtures("one_by_one")
def test_what_github_still_says_one_by_one(world: World, lived: str) -> None:
    """Where it shows no pull requests together: two calls for each approval."""
    clone(world)
    world.forget()
    assert verdict(world, "--online", code=0)["findings"] == []
    assert len([path for _, path in world.acme.github.calls if "/pulls/" in path]) == 2 * 3


def test_only_what_is_new_is_read_again(world: World, lived: str) -> None:
    """With --since GitHub is asked about later approvals alone: a long history would use up its hour."""
    clone(world)
    world.forget()
    verdict(world, "--online", "--since", "origin/ledger~3", code=0)
    assert [path for _, path in world.acme.github.calls if "/pulls/" in path] == []


def pulls_read(world: World) -> int:
    """How many pull requests were read since the calls were last forgotten."""
    return len([path for _, path in world.acme.github.calls if path.endswith("/pulls/{number}")])


def weekly(world: World, *more: str, code: int = 0) -> Any:
    """The verification that audit.yml makes."""
    world.forget()
    return verdict(world, "--online", "--online-since", "recorded", *more, code=code)


@pytest.mark.usefixtures("one_by_one")
def test_the_weekly_audit_reads_what_was_approved_since_the_last(
    world: World, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a sample of what is older: a life of approvals would use up the hour of a job's token. git is checked whole."""
    monkeypatch.setattr(online, "SAMPLE", 2)
    clone(world)
    first = weekly(world, "--record")
    assert (pulls_read(world), first["online"]["new"], first["online"]["older"]) == (3, 3, 0)
    world.ask("carol", "fourth")
    world.jit("grant")
    found = weekly(world)
    assert (pulls_read(world), found["checked"]["approved"]) == (1 + 2, 3)
    asked = {"new": 1, "older": 3, "again": 2, "unsaid": 0, "unanswered": 0, "begins": ""}
    assert found["online"] == {**asked, "through": found["head"], "left": [], "approvals": 4}
    assert "online" not in verdict(world, code=0)
    world.jit("audit", "verify", "--online-since", "recorded", runner="auditor", code=2)


@pytest.mark.usefixtures("one_by_one")
def test_what_github_was_not_asked_is_asked_the_next_time(
    world: World, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verification that had too few calls left keeps the mark where it was, and one that was offline passes it on.

    Nor does it stand for one of the same day that got all answers: whoever may start a run could have it so each time.
    """
    monkeypatch.setattr(online, "LEFT", 1)
    clone(world)
    world.acme.github.calls_left = RESERVE + 1
    found = weekly(world, "--record")
    assert codes(found, "note") == {"calls-kept"}
    (left,) = found["online"]["left"]  # the first one that waits; those before it were asked about
    assert (found["online"]["unanswered"], bool(found["online"]["through"])) == (2, True)
    assert (found["online"]["approvals"], "approved" in left or "extended" in left) == (1, True)
    world.acme.github.calls_left = None
    found = weekly(world, "--record")
    assert (found["online"]["new"], found["online"]["older"], found["online"]["unanswered"]) == (2, 1, 0)
    world.acme.clock.advance(24 * HOUR)
    verdict(world, "--record", code=0)
    found = weekly(world)
    assert (found["online"]["new"], found["online"]["older"]) == (0, 3)


@pytest.mark.usefixtures("one_by_one")
def test_one_without_an_answer_holds_up_no_other(world: World, lived: str) -> None:
    """The mark passes it and names it; a full answer of the same day is recorded beside it."""
    clone(world)
    world.acme.github.calls_left = RESERVE + 3
    first = weekly(world, "--record")["online"]
    assert (first["unanswered"], len(first["left"]), first["approvals"], bool(first["through"])) == (1, 1, 3, True)  # fmt: skip
    world.acme.github.calls_left = None
    again = weekly(world, "--record")["online"]
    assert (again["new"], again["older"], again["again"], again["left"]) == (1, 2, 2, [])
    found = weekly(world)["online"]
    assert (found["new"], found["older"], found["left"]) == (0, 3, [])


def test_a_sampled_approval_that_differs_is_found(world: World, lived: str) -> None:
    """What was changed at GitHub after it was read is found when its approval is drawn again."""
    clone(world)
    weekly(world, "--record")
    gone = next(name for name, each in world.github.reviews.items() if each.pull == 1)
    world.github.reviews.pop(gone)
    assert codes(weekly(world, code=1)) == {"review-gone"}


@pytest.mark.usefixtures("one_by_one")
def test_other_runs_keep_their_calls(world: World, lived: str) -> None:
    """Below a reserve nothing more is asked: a note says so, and the oldest approvals were read first."""
    clone(world)
    gone = next(name for name, each in world.github.reviews.items() if each.pull == 1)
    world.github.reviews.pop(gone)
    world.forget()
    world.acme.github.calls_left = RESERVE + 3
    found = verdict(world, "--online", code=1)
    assert (codes(found), codes(found, "note")) == ({"review-gone"}, {"calls-kept"})
    assert "could not be read again: GitHub allows few more calls" in said(found, "calls-kept")
    assert world.acme.github.calls_left >= RESERVE - 4


def test_an_attested_commit_that_is_made_again_makes_nothing_new(world: World, lived: str) -> None:
    """Anyone who may write can push the same batch beside itself, with an older date: its token fits, and so it counts."""
    clone(world)
    weekly(world, "--record")
    store, who = world.github.store, signed_by(world, "mallory")
    early, tip = replace(who, when=who.when - 900 * DAY), store.tip("ledger")
    was = store.commit(store.git("rev-list", "--reverse", "ledger").decode().split()[1])
    assert "approved" in was.message
    twin = store.commit_tree(was.tree, was.parents, was.message, early, early)
    both = store.commit_tree(store.commit(tip).tree, [twin, tip], "both", who, who)
    store.update_ref("refs/heads/ledger", both)
    found = weekly(world, code=1)["online"]
    assert (found["new"], found["older"]) == (0, 3)


def test_a_review_that_is_gone(world: World, lived: str) -> None:
    """The evidence names a review that GitHub does not have."""
    gone = next(name for name, each in world.github.reviews.items() if each.pull == 1)
    world.github.reviews.pop(gone)
    found = verdict(world, "--online", code=1)
    assert codes(found) == {"review-gone"}
    assert lived in said(found, "review-gone")
    assert codes(verdict(world, code=0)) == set()


def test_a_head_that_github_no_longer_serves(world: World, lived: str) -> None:
    """What was approved cannot be compared any more: that is said, with 3, of the approval that it concerns alone."""
    world.github.store.update_ref("refs/pull/1/head", None)
    found = verdict(world, "--online", code=3)
    assert codes(found, "unchecked") == {"head-gone"}
    assert {each["request"] for each in found["findings"]} == {lived}
    assert "of #1 cannot be fetched" in said(found, "head-gone")


def test_a_head_that_is_another_today(world: World, lived: str) -> None:
    """The pull request's head is not the one that was approved."""
    store = world.github.store
    store.update_ref("refs/pull/1/head", store.tip("main"))
    assert "head-differs" in codes(verdict(world, "--online", code=1))


def test_online_the_heads_are_held_against_the_evidence(world: World, lived: str) -> None:
    """Nobody needs to fetch the heads first: that the evidence names another blob there than git has is found."""
    event = recorded(world, "approved")
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    attest(world, event, evidence=with_facts(event, head_blob="e" * 40))
    assert "other-head" in codes(verdict(world, "--online", code=1))


def test_a_review_dismissed_since(world: World, lived: str) -> None:
    """A dismissal after the merge changes nothing that was decided; it is told."""
    change_review(world, 1, state="DISMISSED")
    assert codes(verdict(world, "--online", code=0), "note") == {"review-dismissed-since"}


@pytest.mark.parametrize("changes", [{"state": "CHANGES_REQUESTED"}, {"commit_sha": "a" * 40}])
def test_a_review_that_says_otherwise(world: World, lived: str, changes: dict[str, Any]) -> None:
    """GitHub's review is not the one that was attested."""
    change_review(world, 1, **changes)
    assert codes(verdict(world, "--online", code=1)) == {"review-differs"}


@pytest.mark.usefixtures("one_by_one")
def test_github_out_of_reach_is_doubt(world: World, lived: str) -> None:
    """What cannot be read again is not taken as read: 3, of each approval."""
    answer(world, GitHubFault(status=503), "GET", "/pulls/")
    found = verdict(world, "--online", code=3)
    assert [each["code"] for each in found["findings"]] == ["not-read-again"] * 3
    assert "not asked about" not in said(found, "not-read-again")


@pytest.mark.usefixtures("one_by_one")
def test_one_pull_request_that_github_does_not_give_hides_no_other(world: World, lived: str) -> None:
    """GitHub fails for the newest; what is wrong with the first is found all the same."""
    last = max(each.pull for each in world.github.reviews.values())
    gone = next(name for name, each in world.github.reviews.items() if each.pull == 1)
    world.github.reviews.pop(gone)
    answer(world, GitHubFault(status=503), "GET", f"/pulls/{last}")
    found = verdict(world, "--online", code=1)
    assert codes(found, "unchecked") == {"not-read-again"}
    assert codes(found) == {"review-gone"}


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    ("second", "failures", "left", "code"),
    [(GitHubFault(status=503), 3, 1, 3), (None, 4, 0, 3), (GitHubFault(status=404), 4, 0, 1)],
)
def test_a_few_failures_in_a_row_are_enough(
    world: World, lived: str, second: GitHubFault | None, failures: int, left: int, code: int
) -> None:
    """After the third nothing more is asked of GitHub, and how much is left is said; an answer begins a new row."""
    world.ask("carol", "fourth")
    world.ask("alice", "fifth")
    world.jit("grant")

    def failing(_: str, path: str) -> GitHubFault | None:
        if "/pulls/" not in path:
            return None
        return second if "/pulls/4" in path else GitHubFault(status=503)

    world.acme.github.faults = failing
    found = verdict(world, "--online", code=code)
    assert codes(found) == ({"pull-request-gone"} if code == 1 else set())
    told = said(found, "not-read-again").splitlines()
    assert len(told) == failures
    assert sum("; not asked about: 2 more approvals" in each for each in told) == left


def test_aws_as_the_ledger_says(world: World, granted: str) -> None:
    """A live role as recorded is no finding, and reading changes nothing."""
    world.forget()
    assert verdict(world, "--against-aws", code=0)["findings"] == []
    assert world.writes() == []


def test_a_role_that_no_request_explains(world: World, granted: str) -> None:
    """Somebody made a role under jitbot's path."""
    world.by_hand().create_role(Path="/jit/", RoleName="jit-mallory", AssumeRolePolicyDocument=TRUST)
    found = verdict(world, "--against-aws", code=1)
    assert codes(found) == {"role-unexplained"}
    assert "jit-mallory" in said(found, "role-unexplained")


def test_a_role_that_was_changed_by_hand(world: World, granted: str) -> None:
    """Somebody opened the trust, or put another policy into the role."""
    name = world.roles()[0].name
    world.by_hand().put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    ))  # fmt: skip
    assert codes(verdict(world, "--against-aws", code=1)) == {"role-differs"}


def test_an_end_that_was_undone(world: World, granted: str) -> None:
    """Somebody took the denial off a role that was ended early."""
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    assert verdict(world, "--against-aws", code=0)["findings"] == []
    world.by_hand().detach_role_policy(RoleName=world.roles()[0].name, PolicyArn=DENY_ALL)
    assert "role-not-denied" in codes(verdict(world, "--against-aws", code=1))


def test_a_role_that_is_there_again(world: World, ended: str) -> None:
    """A role was recorded as removed, and somebody made it anew."""
    name = world.roles()[0].name
    world.jit("sweep")
    assert verdict(world, "--against-aws", code=0)["findings"] == []
    world.by_hand().create_role(Path="/jit/", RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert "role-there-again" in codes(verdict(world, "--against-aws", code=1))


def test_an_account_that_does_not_answer_is_doubt(world: World, granted: str) -> None:
    """What AWS has there is not known: 3."""
    refuse(world, "ListRoles")
    found = verdict(world, "--against-aws", code=3)
    assert codes(found, "unchecked") == {"account-not-read"}
    assert PROD in said(found, "account-not-read")


def test_a_verification_is_recorded(world: World, lived: str) -> None:
    """An attested event holds the head, the counts and the findings; once a day for each outcome."""
    head = world.keep().ledger
    verdict(world, "--record", code=0)
    event = world.ledger()[-1]
    assert (event["event"], event["evidence"]["head"], event["evidence"]["findings"]) == (
        "verified",
        head,
        {},
    )
    assert event["evidence"]["checked"]["granted"] == 4
    assert (
        world.github.store.git("log", "-1", "--format=%s", "ledger")
        == b"verified: the ledger holds together\n"
    )
    verdict(world, "--record", code=0)
    assert len([each for each in world.ledger() if each["event"] == "verified"]) == 1
    assert verdict(world, code=0)["checked"]["verified"] == 1


def test_a_verdict_of_broken_is_recorded_as_that(world: World, lived: str) -> None:
    """The log does not say that all is well where it is not."""
    world.write("events/lie.json", "{}", "ledger")
    verdict(world, "--record", code=1)
    told = world.github.store.git("log", "-1", "--format=%s", "ledger").decode()
    assert told == "verified: verification failed: 1 violation found\n"
    assert world.ledger()[-1]["evidence"]["findings"] == {"unattested": 1}


def test_since_the_last_recorded_verification(world: World, lived: str) -> None:
    """A weekly run tells what is new since the last one."""
    world.write("events/lie.json", "{}", "ledger")
    verdict(world, "--record", code=1)
    assert verdict(world, "--since", "recorded", code=0)["passed_over"] == 1
    world.write("events/another.json", "{}", "ledger")
    assert len(verdict(world, "--since", "recorded", code=1)["findings"]) == 1


def test_a_rewrite_below_a_recorded_verification(world: World, lived: str) -> None:
    """A recorded verification names a head, and the ledger must hold it: no clone needs to remember."""
    verdict(world, "--record", code=0)
    event = recorded(world, "verified")
    world.back(world.kept["lived"])
    world.github.store.update_ref("refs/heads/ledger", f"{world.kept['lived'].ledger}~1")
    attest(world, event)
    assert "history-rewritten" in codes(verdict(world, code=1))


def test_recording_needs_a_job(world: World, lived: str) -> None:
    """Nobody records a verification from a desk, nor under another time."""
    clone(world)
    ran = world.jit(
        "audit",
        "verify",
        "--record",
        "--at",
        "2026-11-24T09:00:00Z",
        runner="auditor",
        workflow="audit.yml",
        code=2,
    )
    assert "--record and --at do not go together" in ran.output
    assert world.keep().ledger == world.kept["lived"].ledger
    world.later(HOUR)


def test_one_answer_that_lacks_a_review_is_no_finding(world: World, lived: str) -> None:
    """A list that comes back empty once is read again before a review is said to be gone."""
    del lived
    bad = iter([GitHubFault(status=200, body=b"[]", headers={"Content-Type": "application/json"})])
    world.acme.github.faults = lambda _, path: next(bad, None) if path.endswith("/reviews") else None
    assert verdict(world, "--online", code=0)["findings"] == []


def test_an_author_who_has_left_is_no_finding(world: World, lived: str) -> None:
    """GitHub names nobody for a deleted account; the record still says who it was."""
    del lived
    world.acme.github.remove_user("alice")
    assert verdict(world, "--online", code=0)["findings"] == []
