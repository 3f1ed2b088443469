"""AWS as somebody who rehearses sees it, by a clock that only the test moves: it lets them in, allows, and refuses."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.enforce.grant_target import Caller, Session
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.setup.rehearsal.notes import CallOutcome, RehearsalNotes
from jitbot.usecases.setup.rehearsal_session import RehearsalSession

NOW = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
END = NOW + timedelta(minutes=15)
SECOND = timedelta(seconds=1)
ME = "arn:aws:iam::222222222222:user/frank"
GRANT = GrantStatus(
    request="requests/rehearsal/2026-11/27-frank-x.yaml",
    requester="frank",
    principal=ME,
    account="prod",
    account_id=AccountId("111111111111"),
    role_arn="arn:aws:iam::111111111111:role/jit/x",
    state=GrantState.LIVE,
    starts_at=None,
    granted_at=NOW,
    expires_at=END,
    left=END - NOW,
    why="",
)
SECRET = "not-to-be-kept"


@dataclass
class Aws:
    """AWS, which lets everybody in until the end, and allows the granted read until `until`, by a clock of its own."""

    until: datetime = END
    entries_until: datetime = END
    ahead: timedelta = timedelta()
    other_allowed: bool = False
    down: bool = False
    arn: str = ME
    role: tuple[str, str] = (GRANT.role_arn, "jit-frank")  # the one there is, and whose session it takes
    now: datetime = NOW
    saved: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def there(self) -> datetime:
        return self.now + self.ahead

    def whoami(self) -> Caller:
        return Caller(arn=self.arn, userid="AIDAX")

    def assume(self, role_arn: str, session_name: str, seconds: int) -> Session:
        self.called.append("enter")
        assert (role_arn, session_name, seconds) == (*self.role, 3600)
        if self.there >= self.entries_until:
            raise DeniedError("AccessDenied")
        return Session(access_key="ASIA1", secret_key=SECRET, token=SECRET, expires_at=END)

    def granted(self, session: Session) -> CallOutcome:
        self.called.append("read")
        assert session.token == SECRET
        if self.down:
            raise UnavailableError("no network")
        return CallOutcome(at=self.there, refusal="" if self.there < self.until else "UnauthorizedOperation")

    def other(self, session: Session) -> CallOutcome:
        self.called.append("other")
        assert session.token == SECRET
        return CallOutcome(at=self.there, refusal="" if self.other_allowed else "UnauthorizedOperation")

    def load(self) -> bytes | None:
        return self.saved[-1] if self.saved else None

    def save(self, content: bytes) -> None:
        self.saved.append(content)

    def clear(self) -> None:
        self.saved.clear()

    def session(self) -> RehearsalSession:
        """A session of frank's, with nothing seen yet."""
        return RehearsalSession(
            person=self,
            calls=self,
            notebook=self,
            clock=self.clock,
            sleep=self.sleep,
            say=self.said.append,
            notes=RehearsalNotes(request=GRANT.request),
        )
