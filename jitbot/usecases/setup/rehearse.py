"""The use case `doctor --rehearse`: an ordinary request for one harmless read, watched from the merge to the removal.

Each round looks at GitHub and at the verified ledger, and does what is due in that step. Nothing else says where the
rehearsal is, so it can be stopped at any moment, and gone on with from any clone. Stopping it changes no access: AWS ends
it by itself, and a scheduled sweep removes it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jitbot.domain.access import request_state
from jitbot.domain.access.approvals.pending_approvals import NotKnown
from jitbot.domain.aws import iam
from jitbot.domain.enforce.grant_status import GrantStatus, grant_statuses
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.setup.rehearsal import judgement
from jitbot.domain.setup.rehearsal import notes as noted
from jitbot.domain.setup.rehearsal.assumption import Assumption
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes
from jitbot.domain.setup.rehearsal.record import FINAL_STEPS, RehearsalRecord, RehearsalStep
from jitbot.domain.text import duration, timestamp
from jitbot.ports.person_credentials import PersonCredentials
from jitbot.ports.rehearsal import Notebook, SessionCalls
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerReader
from jitbot.usecases.request.open_approvals import OpenApprovals
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.usecases.setup import rehearsal_request
from jitbot.usecases.setup.rehearsal_session import RehearsalSession

SWEEP = "sweep.yml"
_SOON, _LATER = 10.0, 60.0  # seconds between two rounds: where a run is awaited, and where only time passes
_AGAIN = timedelta(minutes=10)  # a sweep that did not do what was due is started again after this
_ENDED = RehearsalStep.OVER, RehearsalStep.ENDED, RehearsalStep.CONFIRMED
_WITHOUT_NEWS = RehearsalStep.LIVE, RehearsalStep.ENDED, RehearsalStep.CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPorts:
    """All that a rehearsal is given. `clock` is the time now, each time it is asked."""

    context: Context
    client: RequesterClient
    person: PersonCredentials
    calls: SessionCalls
    notebook: Notebook
    clock: Callable[[], datetime]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalReport:
    """How far a rehearsal is, and what was seen of each assumption."""

    record: RehearsalRecord
    step: RehearsalStep
    assumptions: tuple[Assumption, ...]


def rehearse(ports: RehearsalPorts, *, account: str | None, patience: timedelta) -> RehearsalReport:
    """Go on with the person's rehearsal, or begin one, until it is over or the waiting time is.

    Raises InvalidError where there is nothing to rehearse with, and DeniedError where GitHub or AWS refuses a reading.
    """
    start = ports.clock()
    found = _begun(ports) or _asked(ports, account)
    rehearsal = _Rehearsal.of(ports, *found)
    record = RehearsalRecord(request=found[0], pull=found[1])
    while True:
        try:
            record = rehearsal.look()
            rehearsal.act(record)
        except UnavailableError as error:
            rehearsal.once(f"? no answer, and the rehearsal goes on: {error}")
        step = record.step(rehearsal.session.moment)
        if step in FINAL_STEPS or ports.clock() - start >= patience:
            return rehearsal.report(record, step)
        rehearsal.wait(record, step)


def _begun(ports: RehearsalPorts) -> tuple[str, PullRequest] | None:
    """The rehearsal to go on with: the newest, unless it is over, and was reported or is not this clone's."""
    found = rehearsal_request.former(ports.client, ports.clock())
    if found is None:
        return None
    request, pull = found
    step = _Rehearsal.of(ports, request, pull).look().step(ports.clock())
    if step not in FINAL_STEPS or _kept(ports.notebook, request) is not None:
        ports.say(f"going on with pull request {pull.number}: {pull.url}")
        return found
    return None


def _asked(ports: RehearsalPorts, account: str | None) -> tuple[str, PullRequest]:
    """A new rehearsal. Who is not signed in to AWS hears of it now, and not when a second person has approved."""
    ports.say(f"AWS knows you as {ports.person.whoami().arn}")
    return rehearsal_request.ask(ports.client, account, ports.clock(), ports.say)


def _kept(notebook: Notebook, request: str) -> RehearsalNotes | None:
    """The notes of this request, if they are kept here and can be read."""
    content = notebook.load()
    try:
        notes = noted.load(content) if content is not None else None
    except ValueError:
        return None
    return notes if notes is not None and notes.request == request else None


@dataclass(slots=True, kw_only=True)
class _Rehearsal:
    """One rehearsal in this process."""

    ports: RehearsalPorts
    request: str
    number: int
    session: RehearsalSession
    ledger: LedgerReader
    approvals: OpenApprovals
    said: set[str] = field(default_factory=set)
    swept_at: datetime | None = None
    unswept: bool = False  # GitHub refused to start a sweep, so only the schedule does

    @classmethod
    def of(cls, ports: RehearsalPorts, request: str, pull: PullRequest) -> "_Rehearsal":
        """With the notes that are kept, if they are of this request."""
        session = RehearsalSession(
            person=ports.person,
            calls=ports.calls,
            notebook=ports.notebook,
            clock=ports.clock,
            sleep=ports.context.sleep,
            say=ports.say,
            notes=_kept(ports.notebook, request) or RehearsalNotes(request=request),
        )
        return cls(
            ports=ports,
            request=request,
            number=pull.number,
            session=session,
            ledger=LedgerReader(context=ports.context, at=ports.clock()),
            approvals=OpenApprovals(client=ports.client, follows=True),
        )

    def look(self) -> RehearsalRecord:
        """What GitHub and the freshly fetched ledger say now."""
        pull = self.ports.client.github.pull(self.number)
        if pull.merged_at is None:
            return RehearsalRecord(request=self.request, pull=pull)
        self.ports.context.git.fetch()
        view = self.ledger.read()
        return RehearsalRecord(
            request=self.request,
            pull=pull,
            events=tuple(each for each in view.events if each.request == self.request),
            ignored=view.ignored[-1].message if view.ignored else view.doubt,
        )

    def act(self, record: RehearsalRecord) -> None:
        """Do what is due in this step, and say what it waits for."""
        step = record.step(self.session.moment)
        if self.session.notes.signed is None:
            self.session.note(signed=self.ports.client.github.is_verified(record.pull.head))
        if not self.session.notes.trigger and record.run is not None:
            self._note_trigger(record.run)
        self._say(record, step)
        grant = self._grant(record)
        if step is RehearsalStep.LIVE and grant is not None:
            self.session.look(grant)
        if step in _ENDED and grant is not None and record.over_at is not None:
            self.session.after(grant, record.over_at)
        if step in (RehearsalStep.OVER, RehearsalStep.REMOVABLE):
            self._sweep()
        if step not in (RehearsalStep.ASKED, RehearsalStep.MERGED):
            self._remove_branch(record.pull)

    def wait(self, record: RehearsalRecord, step: RehearsalStep) -> None:
        """Until the next round; not over the second in which something is due."""
        seconds = _LATER if step in _WITHOUT_NEWS or self.unswept else _SOON
        due = record.removable_at
        if step is RehearsalStep.LIVE and record.expires_at is not None:
            seconds = min(seconds, max(self.session.until(record.expires_at).total_seconds(), 1))
        if due is not None and due > self.session.moment:
            seconds = min(seconds, (due - self.session.moment).total_seconds())
        if step is RehearsalStep.LIVE and self.session.notes.allowed_from is None:
            seconds = min(seconds, _SOON / 2)  # IAM may need some seconds to know a new role everywhere
        self.ports.context.sleep(seconds)

    def report(self, record: RehearsalRecord, step: RehearsalStep) -> RehearsalReport:
        """What was seen so far. Once it is over, its notes are no longer needed."""
        assumptions = judgement.judged(record, self.session.notes)
        if step in FINAL_STEPS:
            self.ports.notebook.clear()
        return RehearsalReport(record=record, step=step, assumptions=assumptions)

    def once(self, text: str) -> None:
        """Say something that was not said before."""
        if text not in self.said:
            self.said.add(text)
            self.ports.say(text)

    def _grant(self, record: RehearsalRecord) -> GrantStatus | None:
        states = request_state.fold_events(record.events)
        return next(iter(grant_statuses(states.values(), self.ports.clock())), None)

    def _say(self, record: RehearsalRecord, step: RehearsalStep) -> None:
        if step is RehearsalStep.ASKED:
            self._say_who(record.pull)
            return
        self.once(_WORDS[step](record))
        if step is RehearsalStep.MERGED:
            self.once(f"its runs: {self.ports.client.place.url}/actions/workflows/grant.yml")
        for cause in record.failures:
            self.once(f"a run failed: {cause}")

    def _say_who(self, pull: PullRequest) -> None:
        """Who has approved, who must, and where."""
        found = self.approvals.of(pull, self.request, self.ports.clock())
        if isinstance(found, NotKnown):
            self.once(f"waiting for an approval at {pull.url} (who approved is not known: {found.why})")
            return
        count = f"{len(found.approvals)} of {found.required} approvals"
        if found.enough:
            who = "GitHub merges it by itself" if pull.auto_merge else "press Merge"
            self.once(f"{count}: {who}, at {pull.url}")
            return
        names = " or ".join(each.login for each in found.able) or "nobody who is known"
        self.once(f"{count}: {names} must approve it, at {pull.url}")
        for each in found.ignored:
            self.once(f"the review of {each.review.user.login} does not count: {each.why}")

    def _note_trigger(self, run: int) -> None:
        """What started the run that decided; this person's token may not see it."""
        with suppress(DeniedError):
            self.session.note(trigger=self.ports.client.github.trigger("grant.yml", run) or "")

    def _sweep(self) -> None:
        """Start a sweep, unless one was started just now. Where GitHub refuses, the schedule starts one."""
        now = self.ports.clock()
        if self.swept_at is not None and now - self.swept_at < _AGAIN:
            return
        self.swept_at = now
        try:
            ref = self.ports.client.github_write.dispatch(SWEEP, self.ports.client.place.branch, {})
        except DeniedError as error:
            self.unswept = True
            self.once(
                f"{SWEEP} could not be started ({error}); clock.yml starts it once an hour, so this takes longer"
            )
            return
        self.session.note(sweep_ref=ref)

    def _remove_branch(self, pull: PullRequest) -> None:
        """Remove the branch, unless it is gone or somebody pushed to it; then ask for its moves once more."""
        if self.session.notes.branch_gone is not None:
            return
        client = self.ports.client
        tip = client.github.tip(pull.head_branch)
        if tip not in (None, pull.head):
            self.session.note(branch_gone=False, branch=f"somebody pushed to {pull.head_branch}, so it stays")
            return
        if tip is not None:
            client.github_write.delete_branch(pull.head_branch)
        by = "this rehearsal" if tip is not None else "GitHub, after the merge"
        self.session.note(branch_gone=True, branch=f"removed by {by}")
        with suppress(DeniedError):  # this person's token may not see them; a job's is another question
            moves = client.github.pushes(pull.head_branch, None)
            shown = (f"{each.kind} by {each.actor.login}" for each in moves)
            self.session.note(moves=", ".join(shown) or "GitHub lists none")


def _ended(record: RehearsalRecord) -> str:
    early, revoked = record.early, record.revoked
    who = f" by {revoked.evidence.by}: {revoked.evidence.reason}" if revoked is not None else ""
    why = early.why if early is not None else ""
    how = "ended early" if record.cut_short else "ended, and not by its time"
    return f"{how} ({why}){who}. The role is removed after {_at(record.removable_at)}"


def _refused(record: RehearsalRecord) -> str:
    event = record.refused
    reasons = (each.message for each in event.evidence.reasons) if event is not None else ()
    return f"refused, as the ledger records: {'; '.join(reasons)}"


def _at(moment: datetime | None) -> str:
    return timestamp.show(moment) if moment is not None else "a time that is not known"


_WORDS: dict[RehearsalStep, Callable[[RehearsalRecord], str]] = {
    RehearsalStep.CLOSED: lambda record: (
        f"pull request {record.pull.number} was closed, not merged: nothing was granted"
    ),
    RehearsalStep.MERGED: lambda _: (
        "merged: the push to main starts grant.yml, normally within a minute, and it decides"
    ),
    RehearsalStep.REFUSED: _refused,
    RehearsalStep.APPROVED: lambda _: "approved and recorded; waiting until the role is made",
    RehearsalStep.LIVE: lambda record: (
        f"live until {_at(record.expires_at)}: you have nothing to do. AWS is asked once a minute, and once a second "
        "around the end"
    ),
    RehearsalStep.OVER: lambda _: f"the window is over; {SWEEP} confirms the end",
    RehearsalStep.ENDED: _ended,
    RehearsalStep.CONFIRMED: lambda record: (
        f"the end is confirmed. The role stays for one session length ({duration.show(iam.SESSION)}), until "
        f"{_at(record.removable_at)}: you may press Ctrl-C, and run the same command again after that"
    ),
    RehearsalStep.REMOVABLE: lambda _: f"the last session is over; {SWEEP} removes the role",
    RehearsalStep.REMOVED: lambda _: "the role is removed, and read back as gone",
}
