"""A rehearsal in memory: its pull request, its events, AWS's answers, and a clock that every pause moves on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import HEAD, MERGED_AT, MINUTE, a_person, an_actor, sha
from builders import a_pull, a_revocation
from plain_github import Fault, PlainGitHub
from plain_ledger import PlainLedger
from rehearsal_facts import (
    APPROVED,
    CONFIRMED,
    END,
    GRANTED,
    LIFE,
    PATH,
    REMOVABLE,
    REMOVED,
    SECOND,
    outcome,
    the_harmless,
)
from rehearsing_aws import Aws

from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import policy_path
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import PullRequest, Push
from jitbot.domain.setup.rehearsal import notes as noted
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes
from jitbot.domain.setup.rehearsal.record import RehearsalStep
from jitbot.usecases.setup import rehearse as module
from jitbot.usecases.setup.rehearse import RehearsalPorts, RehearsalReport, rehearse

POLICY = """\
description: x
eligible: [alice]
accounts: [prod]
max_duration: 15m
approvals: 1
statements:
  - actions: ["ec2:DescribeRegions"]
    resources: ["*"]
"""
BRANCH = "jitbot/ask/rehearsal/2026-11-24-alice-rehearsal"
ASKED = a_pull(
    number=1,
    head_branch=BRANCH,
    created_at=MERGED_AT - MINUTE,
    merged_at=None,
    merged_by=None,
    merge_commit=None,
)
MERGED = replace(ASKED, merged_at=MERGED_AT, merge_commit=sha("merge"))
RUN = "https://github.com/acme/access/actions/runs/9/attempts/1"
REVOKED = replace(a_revocation(at=MERGED_AT + 5 * MINUTE), request=PATH)
DENIED = outcome(EventType.ENDED, at=MERGED_AT + 6 * MINUTE, why=EndReason.REVOKED)
REFUSED = Event(
    kind=EventType.REFUSED,
    at=MERGED_AT,
    request=PATH,
    evidence=Evidence({"reasons": [{"code": "a", "message": "one"}, {"code": "b", "message": "two"}]}),
)
FAILED = Event(kind=EventType.FAILED, at=MERGED_AT, request=PATH, cause="AccessDenied")
NO_ANSWER, NOT_SHOWN = UnavailableError("no network"), DeniedError("not shown")
MOVES = ("branch_creation", "push", "branch_deletion")


@dataclass(slots=True, kw_only=True)
class Site(PlainGitHub):
    """acme on GitHub, with what is asked of a rehearsal's commit, branch and runs."""

    verified: bool = True
    trigger_seen: str | None = "push"
    kinds: tuple[str, ...] = MOVES
    started: list[tuple[str, str]] = field(default_factory=list)

    def is_verified(self, commit: object) -> bool:
        """Of the commit that asks."""
        assert commit == self.pulls[-1].head
        return self.verified

    def trigger(self, file: str, run: int) -> str | None:
        """Of the run that decided."""
        assert (file, run) == ("grant.yml", 9)
        return self.trigger_seen

    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """All moves of the branch, once it is gone."""
        assert (branch in self.branches, until) == (False, None)
        who = an_actor("alice")
        return tuple(Push(actor=who, before=HEAD, after=HEAD, kind=kind, at=MERGED_AT) for kind in self.kinds)

    def dispatch(self, workflow: str, ref: str, _: object) -> str:
        """Start a workflow."""
        self.started.append((workflow, ref))
        return "refs/heads/main"


class AwsOfAlice(Aws):
    """AWS, where nobody may be known, and what was kept and forgotten is seen."""

    unknown = False
    cleared = 0

    def whoami(self) -> Any:
        """Who alice is."""
        if self.unknown:
            raise UnavailableError("AWS would not say who you are")
        return super().whoami()

    def clear(self) -> None:
        """Forget the notes."""
        self.cleared += 1
        super().clear()


@dataclass(kw_only=True)
class Friday:
    """A rehearsal of alice's at a moment, and what happens later: each plan once, in the first pause after its time."""

    github: Site = field(default_factory=Site)
    ledger: PlainLedger = field(default_factory=PlainLedger)
    aws: AwsOfAlice = field(
        default_factory=lambda: AwsOfAlice(
            until=END, entries_until=END, role=(the_harmless().role_arn, "jit-alice"), now=MERGED_AT
        )
    )
    approvals: Any = None
    plans: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, *events: Event, at: datetime = MERGED_AT, pull: PullRequest = MERGED) -> "Friday":
        """With this pull request, whose branch is there, and these events, at this time."""
        friday = cls()
        friday.github.pulls, friday.github.paths_of = [pull], {pull.number: (PATH,)}
        friday.github.branches[BRANCH] = HEAD
        friday.aws.now = at
        friday.approvals = WAITING
        friday.record(*events)
        return friday

    @property
    def said(self) -> list[str]:
        """What was said to alice."""
        return self.aws.said

    @property
    def notes(self) -> RehearsalNotes:
        """What was noted last."""
        return noted.load(self.aws.saved[-1])

    def record(self, *events: Event) -> None:
        """Runs put these into the ledger, each in its time."""
        for event in events:
            self.ledger.now = event.at
            self.ledger.push(event)

    def merge(self) -> None:
        """alice's newest pull request is merged."""
        last = self.github.pulls[-1]
        self.github.pulls[-1] = replace(last, merged_at=self.aws.now, merge_commit=sha("merge"))

    def pause(self, seconds: float) -> None:
        """The clock moves on, and what is due happens."""
        self.pauses.append(seconds)
        self.aws.sleep(seconds)
        for plan in [each for each in self.plans if each[0] <= self.aws.now]:
            self.plans.remove(plan)
            plan[1]()

    def rehearse(
        self, patience: timedelta = timedelta(hours=2), account: str | None = None
    ) -> RehearsalReport:
        """Go on with it, or begin one."""
        context: Any = self.ledger.context()
        context.sleep = self.pause
        approvals = SimpleNamespace(of=lambda *_: self.approvals)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "OpenApprovals", lambda **_: approvals)
            return rehearse(
                RehearsalPorts(
                    context=context,
                    client=self.github.client(),
                    person=self.aws,
                    calls=self.aws,
                    notebook=self.aws,
                    clock=self.aws.clock,
                    say=self.said.append,
                ),
                account=account,
                patience=patience,
            )

    def look(self) -> RehearsalStep:
        """One round, and no pause."""
        step = self.rehearse(timedelta()).step
        assert self.pauses == []
        return step

    def round(self) -> float:
        """One round, with the pause after it; where it is after that is of no interest."""
        self.rehearse(SECOND / 10)
        return self.pauses[0]


def verdicts(report: RehearsalReport) -> dict[str, str]:
    """The answer to each assumption."""
    return {each.code: each.verdict.value for each in report.assumptions}


WAITING = SimpleNamespace(approvals=(), required=1, enough=False, able=(a_person("frank"),), ignored=())


def beginning(**changes: Any) -> Friday:
    """Nothing was asked for yet, and main has this policy of rehearsals; frank approves at once, and the runs do theirs."""
    friday = Friday.of(at=MERGED_AT - 30 * SECOND)
    friday.github.pulls.clear()
    del friday.github.branches[BRANCH]
    friday.github.files[policy_path("rehearsal")] = POLICY.encode()

    def record(*events: Event) -> None:
        request = next(
            path
            for path in friday.github.trees[friday.github.pulls[-1].head]
            if path.startswith("requests/rehearsal/")
        )
        friday.github.paths_of[1] = (request,)
        friday.record(*(replace(each, request=request) for each in events))

    friday.plans = [
        (MERGED_AT, friday.merge),
        (MERGED_AT + 20 * SECOND, lambda: record(replace(APPROVED, run=RUN))),
        (MERGED_AT + 40 * SECOND, lambda: record(GRANTED)),
        (END + 30 * SECOND, lambda: record(CONFIRMED)),
        (REMOVABLE + 20 * SECOND, lambda: record(REMOVED)),
    ]
    for name, value in changes.items():
        setattr(friday, name, value)
    return friday


def test_from_the_request_to_the_removal() -> None:
    """Every assumption that AWS and GitHub show holds; branch and notes are gone, and each step is said once."""
    friday = beginning()
    report = friday.rehearse()
    assert (report.step, report.record.request) == (RehearsalStep.REMOVED, friday.github.paths_of[1][0])
    unheld = {code: verdict for code, verdict in verdicts(report).items() if verdict != "held"}
    assert unheld == {"entered": "did not hold"}  # alice has no such ARN here
    assert friday.github.branches.keys() == {"main"}
    assert (friday.aws.saved, friday.aws.cleared) == ([], 1)
    assert friday.github.started == [("sweep.yml", "main"), ("sweep.yml", "main")]
    assert len(friday.pauses) < 150
    assert friday.said[0] == "AWS knows you as arn:aws:iam::222222222222:user/frank"
    assert friday.said[4:] == [
        "0 of 1 approvals: frank must approve it, at https://x.example/1",
        "merged: the push to main starts grant.yml, normally within a minute, and it decides",
        "its runs: https://github.com/acme/access/actions/workflows/grant.yml",
        "approved and recorded; waiting until the role is made",
        "live until 2026-11-24T09:15:00Z: you have nothing to do. AWS is asked once a minute, and once a second around the "
        "end",
        "you are in, as arn:aws:iam::222222222222:user/frank",
        "the granted read works",
        "a read that was not granted is refused",
        "AWS is asked once a second now, until it refuses",
        "refused at 09:15:00Z, by AWS's clock; the end is 09:15:00Z",
        "the window is over; sweep.yml confirms the end",
        "the end is confirmed. The role stays for one session length (1h), until 2026-11-24T10:15:00Z: you may press Ctrl-C, "
        "and run the same command again after that",
        "the last session is over; sweep.yml removes the role",
        "the role is removed, and read back as gone",
    ]


def test_who_is_not_signed_in_to_aws_asks_for_nothing() -> None:
    """That is said before a second person is troubled."""
    friday = beginning()
    friday.aws.unknown = True
    with pytest.raises(UnavailableError, match="AWS would not say who you are"):
        friday.rehearse()
    assert friday.github.pulls == []


def test_the_account_is_handed_on() -> None:
    """Of several one must be named."""
    friday = beginning()
    friday.github.files[policy_path("rehearsal")] = POLICY.replace("[prod]", "[prod, staging]").encode()
    with pytest.raises(InvalidError, match="say in which account"):
        friday.rehearse()
    friday.rehearse(timedelta(), account="staging")
    assert friday.github.pulls[0].title == "alice: rehearsal in staging, 15m, rehearsal (one approval)"


OURS = noted.dump(RehearsalNotes(request=PATH, signed=False))


@pytest.mark.parametrize(
    ("events", "kept", "gone_on"),
    [
        ((APPROVED, GRANTED, CONFIRMED), None, True),
        (LIFE, None, False),
        (LIFE, OURS, True),
        (LIFE, OURS.replace(b"24-alice", b"23-alice"), False),
        (LIFE, b"no notes", False),
    ],
)
def test_what_is_gone_on_with(events: tuple[Event, ...], kept: bytes | None, *, gone_on: bool) -> None:
    """What is not over; and what is, once, where this clone has notes of it to report from."""
    friday = Friday.of(*events, at=REMOVABLE - MINUTE)
    friday.github.files[policy_path("rehearsal")] = POLICY.encode()
    friday.aws.saved = [kept] if kept is not None else []
    report = friday.rehearse(timedelta())
    assert report.record.pull.number == (1 if gone_on else 2)
    assert (friday.said[0] == f"going on with pull request 1: {MERGED.url}") is gone_on


@pytest.mark.parametrize(
    ("kept", "signed"),
    [(None, "held"), (OURS, "did not hold"), (OURS.replace(b"24-a", b"23-a"), "held"), (b"no notes", "held")],
)
def test_notes_count_for_their_own_request(kept: bytes | None, signed: str) -> None:
    """What was noted is not asked again; notes of another request, and what cannot be read, are none."""
    friday = Friday.of(pull=ASKED)
    friday.aws.saved = [kept] if kept is not None else []
    assert verdicts(friday.rehearse(timedelta()))["signed"] == signed


@pytest.mark.parametrize(
    ("pull", "events", "at", "step", "pause"),
    [
        (ASKED, (), MERGED_AT, "asked", 10),
        (MERGED, (), MERGED_AT, "merged", 10),
        (MERGED, (APPROVED,), MERGED_AT + MINUTE, "approved", 10),
        (MERGED, (APPROVED, GRANTED), MERGED_AT + MINUTE, "live", 60),
        (MERGED, (APPROVED, GRANTED), END - 40 * SECOND, "live", 30),
        (MERGED, (APPROVED, GRANTED), END - 10.25 * SECOND, "live", 1),
        (MERGED, (APPROVED, GRANTED), END, "over", 10),
        (MERGED, (APPROVED, GRANTED), REMOVABLE + MINUTE, "over", 10),
        (MERGED, (APPROVED, GRANTED, REVOKED), MERGED_AT + 7 * MINUTE, "ended early", 60),
        (MERGED, (APPROVED, GRANTED, CONFIRMED), END + MINUTE, "confirmed", 60),
        (MERGED, (APPROVED, GRANTED, CONFIRMED), REMOVABLE - 20 * SECOND, "confirmed", 20),
        (MERGED, (APPROVED, GRANTED, CONFIRMED), REMOVABLE, "removable", 10),
    ],
)
def test_how_long_a_round_is_waited_for(
    pull: PullRequest, events: tuple[Event, ...], at: datetime, step: str, pause: float
) -> None:
    """Ten seconds where a run is awaited, a minute where only time passes; never over a second in which something is due."""
    friday = Friday.of(*events, at=at, pull=pull)
    assert (friday.look(), friday.round()) == (step, pause)


def test_a_role_that_is_new_is_tried_more_often() -> None:
    """Until the first read is allowed: IAM may need some seconds to know it everywhere."""
    friday = Friday.of(APPROVED, GRANTED, at=MERGED_AT + MINUTE)
    friday.aws.entries_until = MERGED_AT
    assert friday.round() == 5
    assert "AWS does not let you enter yet: AccessDenied" in friday.said


def test_it_ends_when_the_waiting_time_is_over() -> None:
    """At the second, and not before; where it is then is said, and the notes stay for the next call."""
    friday = Friday.of(pull=ASKED)
    report = friday.rehearse(20 * SECOND)
    assert (report.step, friday.pauses, friday.aws.cleared) == (RehearsalStep.ASKED, [10, 10], 0)


@pytest.mark.parametrize(
    ("pull", "events", "step", "words"),
    [
        (replace(ASKED, closed_at=MERGED_AT), (), "closed", "pull request 1 was closed, not merged: nothing was granted"),
        (MERGED, (REFUSED,), "refused", "refused, as the ledger records: one; two"),
        (MERGED, LIFE, "removed", "the role is removed, and read back as gone"),
    ],
)  # fmt: skip
def test_what_is_final_ends_it_at_once(
    pull: PullRequest, events: tuple[Event, ...], step: str, words: str
) -> None:
    """With the reason; its branch goes, and the notes, which are no longer needed."""
    friday = Friday.of(*events, pull=pull)
    friday.aws.saved = [OURS]
    report = friday.rehearse()
    assert (report.step, friday.pauses, friday.said[-1]) == (step, [], words)
    assert (friday.aws.cleared, BRANCH in friday.github.branches) == (1, False)


def test_no_answer_is_said_once_and_waited_for() -> None:
    """Of GitHub, of the ledger or of AWS: where it was last seen to be counts on, with the clock."""
    friday = Friday.of(APPROVED, GRANTED, CONFIRMED, at=REMOVABLE - 3 * MINUTE)
    friday.plans = [
        (friday.aws.now + SECOND, lambda: friday.github.faults.update(pull=Fault(error=NO_ANSWER))),
        (REMOVABLE + 30 * SECOND, friday.github.faults.clear),
        (REMOVABLE + MINUTE, lambda: friday.record(REMOVED)),
    ]
    assert friday.rehearse().step is RehearsalStep.REMOVED
    assert friday.said.count("? no answer, and the rehearsal goes on: no network") == 1
    assert friday.pauses[:3] == [60, 60, 60]


def test_a_refused_reading_ends_it() -> None:
    """What GitHub refuses comes no sooner by waiting."""
    friday = Friday.of(pull=ASKED)
    friday.github.faults["is_verified"] = Fault(error=NOT_SHOWN)
    with pytest.raises(DeniedError, match="not shown"):
        friday.rehearse()


def test_only_its_own_events_count() -> None:
    """Another request's are not looked at, and what does not count in the ledger is reported."""
    other = replace(APPROVED, request=PATH.replace("24-", "23-"))
    friday = Friday.of(other)
    assert friday.look() is RehearsalStep.MERGED
    friday.ledger.push(files={"events/x": b"x"})
    ignored = friday.rehearse(timedelta()).record.ignored
    assert "one attestation" in ignored
    friday.ledger.silent = True
    friday.ledger.push(other, kid="another")
    assert friday.rehearse(timedelta()).record.ignored not in ("", ignored)


def test_the_ledger_is_not_fetched_before_the_merge() -> None:
    """There is nothing of it."""
    friday = Friday.of(pull=ASKED)
    friday.look()
    assert friday.ledger.fetches == 0


@pytest.mark.parametrize(
    ("run", "seen", "refused", "trigger"),
    [
        (RUN, "push", False, "push"),
        (RUN, None, False, ""),
        (RUN, "push", True, ""),
        ("", "push", False, ""),
    ],
)
def test_what_started_the_deciding_run_is_asked_once(
    run: str, seen: str | None, *, refused: bool, trigger: str
) -> None:
    """Where a run is recorded, and this person's token may see it."""
    friday = Friday.of(replace(APPROVED, run=run), at=MERGED_AT + MINUTE)
    friday.github.trigger_seen = seen
    if refused:
        friday.github.faults["trigger"] = Fault(error=NOT_SHOWN)
    friday.rehearse(15 * SECOND)
    assert friday.notes.trigger == trigger
    asked = friday.github.calls.count("trigger")
    assert (asked, friday.github.calls.count("is_verified")) == ((1 if trigger else 3 if run else 0), 1)


def test_a_grant_without_a_role_is_not_entered() -> None:
    """As the ledger has it of an account that is no more."""
    friday = Friday.of(replace(APPROVED, documents=()), GRANTED, at=MERGED_AT + MINUTE)
    friday.look()
    friday.aws.now = END + MINUTE
    friday.record(CONFIRMED)
    friday.look()
    assert friday.aws.called == []


@pytest.mark.parametrize(
    ("events", "at", "called"),
    [
        ((APPROVED,), MERGED_AT + MINUTE, []),
        ((APPROVED, GRANTED), MERGED_AT + MINUTE, ["enter", "read"]),
        ((APPROVED, GRANTED), END + MINUTE, ["enter"]),
        ((APPROVED, GRANTED, CONFIRMED), END + MINUTE, ["enter"]),
        ((APPROVED, GRANTED, REVOKED), MERGED_AT + 7 * MINUTE, []),
        ((APPROVED, GRANTED, REVOKED), END + MINUTE, ["enter"]),
        ((APPROVED, GRANTED, CONFIRMED), REMOVABLE + MINUTE, []),
    ],
)
def test_aws_is_asked_while_it_is_live_and_after_it_is_over(
    events: tuple[Event, ...], at: datetime, called: list[str]
) -> None:
    """In the window both are tried; after the end, once more whether anybody is let in."""
    friday = Friday.of(*events, at=at)
    friday.look()
    assert friday.aws.called == called


@pytest.mark.parametrize(
    ("events", "at", "sweeps"),
    [
        ((APPROVED, GRANTED), END - MINUTE, 0),
        ((APPROVED, GRANTED), END, 1),
        ((APPROVED, GRANTED, CONFIRMED), END + MINUTE, 0),
        ((APPROVED, GRANTED, REVOKED), MERGED_AT + 7 * MINUTE, 0),
        ((APPROVED, GRANTED, CONFIRMED), REMOVABLE, 1),
        (LIFE, REMOVABLE, 0),
    ],
)
def test_a_sweep_is_started_where_one_is_due(events: tuple[Event, ...], at: datetime, sweeps: int) -> None:
    """To confirm the end, and to remove the role."""
    friday = Friday.of(*events, at=at)
    friday.aws.saved = [OURS]
    friday.look()
    assert friday.github.started == [("sweep.yml", "main")] * sweeps
    if sweeps:
        assert friday.notes.sweep_ref == "refs/heads/main"


def test_a_sweep_that_does_nothing_is_started_again_after_ten_minutes() -> None:
    """Not sooner."""
    friday = Friday.of(APPROVED, GRANTED, at=END)
    friday.rehearse(9 * MINUTE + 50 * SECOND)
    assert len(friday.github.started) == 1
    friday = Friday.of(APPROVED, GRANTED, at=END)
    friday.rehearse(10 * MINUTE)
    assert len(friday.github.started) == 2


def test_where_no_sweep_may_be_started_the_schedule_is_waited_for() -> None:
    """It is said, tried again as any other, and a round is a minute from then on."""
    friday = Friday.of(APPROVED, GRANTED, at=END)
    friday.github.faults["dispatch"] = Fault(error=NOT_SHOWN)
    friday.rehearse(20 * MINUTE)
    said = (
        "sweep.yml could not be started (not shown); clock.yml starts it once an hour, so this takes longer"
    )
    assert (friday.said.count(said), set(friday.pauses)) == (1, {60})
    assert friday.github.calls.count("dispatch") == 3
    assert friday.notes.sweep_ref == ""


@pytest.mark.parametrize(
    ("pull", "events", "removed"),
    [
        (ASKED, (), False),
        (MERGED, (), False),
        (MERGED, (APPROVED,), True),
        (MERGED, (REFUSED,), True),
        (replace(ASKED, closed_at=MERGED_AT), (), True),
    ],
)
def test_the_branch_goes_when_nobody_needs_it(
    pull: PullRequest, events: tuple[Event, ...], *, removed: bool
) -> None:
    """Not before the decision: until then the run reads it."""
    friday = Friday.of(*events, pull=pull)
    friday.aws.saved = [OURS]
    friday.look()
    assert (BRANCH in friday.github.branches) is not removed


def test_what_became_of_the_branch_is_noted_once() -> None:
    """Who removed it, and what GitHub calls its moves then."""
    friday = Friday.of(APPROVED, at=MERGED_AT + MINUTE)
    friday.rehearse(15 * SECOND)
    assert (friday.notes.branch_gone, friday.notes.branch) == (True, "removed by this rehearsal")
    assert friday.notes.moves == "branch_creation by alice, push by alice, branch_deletion by alice"
    assert (friday.github.calls.count("tip"), friday.github.calls.count("pushes")) == (1, 1)
    friday = Friday.of(APPROVED, at=MERGED_AT + MINUTE)
    del friday.github.branches[BRANCH]
    friday.github.kinds = ()
    friday.look()
    assert (friday.notes.branch, friday.notes.moves) == (
        "removed by GitHub, after the merge",
        "GitHub lists none",
    )
    assert "delete_branch" not in friday.github.calls


def test_a_branch_that_somebody_pushed_to_stays() -> None:
    """Its commits are somebody's."""
    friday = Friday.of(APPROVED, at=MERGED_AT + MINUTE)
    friday.github.branches[BRANCH] = sha("somebody's")
    friday.rehearse(15 * SECOND)
    assert friday.notes.branch == f"somebody pushed to {BRANCH}, so it stays"
    assert (friday.notes.branch_gone, friday.notes.moves, BRANCH in friday.github.branches) == (
        False,
        "",
        True,
    )
    assert friday.github.calls.count("tip") == 1


def test_moves_that_a_token_may_not_see_are_not_noted() -> None:
    """The rehearsal goes on."""
    friday = Friday.of(APPROVED, at=MERGED_AT + MINUTE)
    friday.github.faults["pushes"] = Fault(error=NOT_SHOWN)
    friday.look()
    assert (friday.notes.branch_gone, friday.notes.moves) == (True, "")


def waiting(**changes: Any) -> Any:
    """The approvals that there are, and must be."""
    return SimpleNamespace(**{**vars(WAITING), **changes})


REVIEW = SimpleNamespace(review=SimpleNamespace(user=an_actor("bob")), why="owns nothing here")


@pytest.mark.parametrize(
    ("approvals", "auto_merge", "said"),
    [
        (NotKnown(why="no"), False, ["waiting for an approval at URL (who approved is not known: no)"]),
        (waiting(able=(a_person("frank"), a_person("olivia"))), False, ["0 of 1 approvals: frank or olivia must approve it, at URL"]),
        (waiting(able=()), False, ["0 of 1 approvals: nobody who is known must approve it, at URL"]),
        (waiting(ignored=(REVIEW,)), False, ["0 of 1 approvals: frank must approve it, at URL", "the review of bob does not count: owns nothing here"]),
        (waiting(approvals=(1,), enough=True, ignored=(REVIEW,)), False, ["1 of 1 approvals: press Merge, at URL"]),
        (waiting(approvals=(1,), enough=True), True, ["1 of 1 approvals: GitHub merges it by itself, at URL"]),
    ],
)  # fmt: skip
def test_who_must_approve_is_said(approvals: Any, said: list[str], *, auto_merge: bool) -> None:
    """By name, with where; a review that does not count with the reason. Each is said once."""
    pull = replace(ASKED, auto_merge=auto_merge)
    friday = Friday.of(pull=pull)
    friday.approvals = approvals
    friday.rehearse(30 * SECOND)
    assert friday.said[1:] == [each.replace("URL", pull.url) for each in said]


EARLY = outcome(EventType.ENDED, at=MERGED_AT + 6 * MINUTE, why=EndReason.DRIFT)
LATE = outcome(EventType.ENDED, at=END + MINUTE, why=EndReason.DRIFT)
STAYS = "The role is removed after 2026-11-24T10:15:00Z"


@pytest.mark.parametrize(
    ("events", "at", "said"),
    [
        ((APPROVED, GRANTED, REVOKED), MERGED_AT + 7 * MINUTE, f"ended early (revoked) by {REVOKED.evidence.by}: {REVOKED.evidence.reason}. {STAYS}"),
        ((APPROVED, GRANTED, EARLY), MERGED_AT + 7 * MINUTE, f"ended early (drift). {STAYS}"),
        ((APPROVED, GRANTED, LATE), END + 2 * MINUTE, f"ended, and not by its time (drift). {STAYS}"),
        ((APPROVED, FAILED, FAILED), MERGED_AT + MINUTE, "a run failed: AccessDenied"),
    ],
)  # fmt: skip
def test_an_early_end_and_a_failed_run_are_said(events: tuple[Event, ...], at: datetime, said: str) -> None:
    """By whom and why, and when the role goes."""
    friday = Friday.of(*events, at=at)
    friday.look()
    assert friday.said.count(said) == 1


@pytest.mark.parametrize("step", RehearsalStep)
def test_every_step_but_waiting_has_words(step: RehearsalStep) -> None:
    """None of them needs an event that is not there."""
    friday = Friday.of()
    record = friday.rehearse(timedelta()).record
    assert (step in module._WORDS) is (step is not RehearsalStep.ASKED)
    if step in module._WORDS:
        assert module._WORDS[step](record)
