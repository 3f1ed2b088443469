"""The part of a rehearsal in AWS: enter the role as the person, and try it until AWS refuses and after."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jitbot.domain.enforce import grant_target
from jitbot.domain.enforce.grant_status import GrantStatus
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.setup.rehearsal import notes as noted
from jitbot.domain.setup.rehearsal.notes import CallOutcome, RehearsalNotes
from jitbot.ports.person_credentials import PersonCredentials
from jitbot.ports.rehearsal import Notebook, SessionCalls

_LONGEST = 3600  # seconds: the session must outlive the window, to show what ends it
_BEFORE = timedelta(seconds=10)  # so long before the end AWS is asked once a second
_LATEST = timedelta(minutes=5)  # so long after it, if it does not refuse
_AFTER = timedelta(seconds=30)  # when the same session is looked at again


@dataclass(slots=True, kw_only=True)
class RehearsalSession:
    """A person's session of one grant, which lives no longer than this process. What is seen is noted at once."""

    person: PersonCredentials
    calls: SessionCalls
    notebook: Notebook
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    notes: RehearsalNotes
    _session: Session | None = None
    _ahead: timedelta = field(default_factory=timedelta)  # of AWS's clock, before this machine's

    def note(self, **seen: object) -> None:
        """Keep what was seen."""
        self._keep(replace(self.notes, **seen))  # type: ignore[arg-type]  # by name, each of its field's kind

    def _keep(self, notes: RehearsalNotes) -> None:
        if notes != self.notes:
            self.notes = notes
            self.notebook.save(noted.dump(notes))

    def look(self, grant: GrantStatus) -> None:
        """Enter if nobody has, and try both reads; around the end of the window once a second, until AWS refuses."""
        session = self._session or self._enter(grant)
        if session is None:
            return
        if self.notes.other_allowed is None and self.notes.allowed_from is not None:
            self._other(session)
        self._read(session)
        if self.until(grant.expires_at) <= timedelta():
            self._watch(session, grant.expires_at)

    @property
    def moment(self) -> datetime:
        """The time by AWS's clock, as far as it was seen: the window is AWS's, whatever this machine's clock says."""
        return self.clock() + self._ahead

    def until(self, end: datetime) -> timedelta:
        """How long it is, by AWS's clock, until the end must be watched."""
        return end - _BEFORE - self.moment

    def after(self, grant: GrantStatus, over_at: datetime) -> None:
        """Look at the open session again some time after the access was over, and try to enter once more.

        A role that was ended early lets people in until its recorded end, and denies them everything.
        """
        now = self.moment
        if now >= over_at + _AFTER and self._session is not None and self.notes.still_refused is None:
            outcome = self._read(self._session)
            if outcome is not None and outcome.refusal:
                self.note(still_refused=outcome.at)
        if now >= grant.expires_at + _AFTER and self.notes.entered_after is None:
            self._enter_again(grant)

    def _enter_again(self, grant: GrantStatus) -> None:
        """Try to enter after the end, when AWS must refuse."""
        try:
            self.person.assume(grant.role_arn, grant_target.session_name(grant), _LONGEST)
        except DeniedError as error:
            self.note(entered_after=False, entry_after=str(error))
        else:
            self.note(entered_after=True, entry_after=f"AWS gave a session at {self.moment:%H:%M:%S}Z")

    def _enter(self, grant: GrantStatus) -> Session | None:
        """The session that AWS gives. What it says otherwise is noted, until it does."""
        caller = self.person.whoami()
        try:
            self._session = self.person.assume(grant.role_arn, grant_target.session_name(grant), _LONGEST)
        except DeniedError as error:
            self.note(entry_refusal=grant_target.why_refused(grant, caller, str(error)))
            self.say(f"AWS does not let you enter yet: {error}")
            return None
        self.say(f"you are in, as {caller.arn}")
        self.note(
            entered_at=self.notes.entered_at or self.moment,
            entered_as=caller.arn,
            is_principal=grant_target.is_principal(grant, caller),
            entry_refusal="",
        )
        return self._session

    def _other(self, session: Session) -> None:
        """Try the read that was not granted."""
        outcome = self.calls.other(session)
        self.note(other_allowed=not outcome.refusal, other_answer=outcome.refusal or "AWS allowed it")
        self.say("a read that was not granted is " + ("refused" if outcome.refusal else "ALLOWED"))

    def _read(self, session: Session) -> CallOutcome | None:
        """Try the granted read once; None if AWS gives no usable answer."""
        try:
            outcome = self.calls.granted(session)
        except UnavailableError as error:
            self.say(f"? AWS does not answer: {error}")
            return None
        self._ahead = outcome.at - self.clock()
        first = self.notes.allowed_from is None and not outcome.refusal
        self._keep(self.notes.read(outcome))
        if first:
            self.say("the granted read works")
        return outcome

    def _watch(self, session: Session, end: datetime) -> None:
        """Ask once a second until AWS refuses at the end or after it, or for some minutes."""
        self.say("AWS is asked once a second now, until it refuses")
        while self.moment <= end + _LATEST:
            outcome = self._read(session)
            if outcome is not None and outcome.refusal and outcome.at >= end:
                self.say(f"refused at {outcome.at:%H:%M:%S}Z, by AWS's clock; the end is {end:%H:%M:%S}Z")
                return
            self.sleep(1)
        self.say(f"AWS STILL ALLOWS IT at {self.moment:%H:%M:%S}Z; the end is {end:%H:%M:%S}Z")
