"""The part of a rehearsal in AWS, against answers that are given one by one, in a time that only the test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.enforce.grant_target import Caller, Session
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.setup.rehearsal import notes as noted
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
    now: datetime = NOW
    saved: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

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
        assert (role_arn, session_name, seconds) == (GRANT.role_arn, "jit-frank", 3600)
        if self.there >= self.entries_until:
            raise DeniedError("AccessDenied")
        return Session(access_key="ASIA1", secret_key=SECRET, token=SECRET, expires_at=END)

    def granted(self, session: Session) -> CallOutcome:
        assert session.token == SECRET
        if self.down:
            raise UnavailableError("no network")
        return CallOutcome(at=self.there, refusal="" if self.there < self.until else "UnauthorizedOperation")

    def other(self, session: Session) -> CallOutcome:
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


def watched(aws: Aws) -> RehearsalNotes:
    """What is noted of a whole window, from the first look until after the end."""
    session = aws.session()
    while session.moment < END:
        session.look(GRANT)
        aws.sleep(max(min(60.0, session.until(END).total_seconds()), 1))
    aws.now += timedelta(minutes=1)
    session.after(GRANT, END)
    return session.notes


def test_a_window_as_it_should_be() -> None:
    """Entered, allowed to the last second, refused from the first, and nobody enters after. All of it is saved."""
    aws = Aws()
    notes = watched(aws)
    assert (notes.entered_at, notes.entered_as, notes.is_principal) == (NOW, ME, True)
    assert (notes.allowed_from, notes.last_allowed, notes.first_refused) == (NOW, END - SECOND, END)
    assert (notes.other_allowed, notes.entered_after, notes.entry_after) == (False, False, "AccessDenied")
    assert notes.still_refused is not None
    assert notes.still_refused > END
    assert noted.load(aws.saved[-1]) == notes


def test_no_credentials_are_noted() -> None:
    """Neither the keys nor the token of the session reach the disk, or the terminal."""
    aws = Aws()
    watched(aws)
    assert SECRET.encode() not in b"".join(aws.saved)
    assert SECRET not in "".join(aws.said)


@pytest.mark.parametrize("ahead", [-40, 40])
def test_the_end_is_watched_by_awss_clock(ahead: int) -> None:
    """A machine whose clock is wrong sees the same second."""
    notes = watched(Aws(ahead=ahead * SECOND))
    assert (notes.last_allowed, notes.first_refused) == (END - SECOND, END)


def late(aws: Aws) -> None:
    """AWS still allows the read after the end."""
    aws.until = END + timedelta(seconds=30)


def for_ever(aws: Aws) -> None:
    """And does not stop."""
    aws.until = END + timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "last"), [(late, END + timedelta(seconds=29)), (for_ever, END + timedelta(minutes=5))]
)
def test_a_read_that_is_still_allowed_is_watched_for_minutes(
    change: Callable[[Aws], None], last: datetime
) -> None:
    """Until it is refused, or for five minutes; then it is said."""
    aws = Aws()
    change(aws)
    session = aws.session()
    session.look(GRANT)
    aws.now = END - 2 * SECOND
    session.look(GRANT)
    assert session.notes.last_allowed == last
    assert any("AWS STILL ALLOWS IT" in each for each in aws.said) is (change is for_ever)


def test_a_role_that_lets_people_in_after_its_end() -> None:
    """It is noted, and the read that was not granted, and somebody else's principal."""
    notes = watched(
        Aws(entries_until=END + timedelta(days=1), other_allowed=True, arn=ME.replace("frank", "bob"))
    )
    assert (notes.entered_after, notes.other_allowed, notes.is_principal) == (True, True, False)


def test_nobody_is_let_in() -> None:
    """AWS's words, and what the person can do, are noted; nothing is tried without a session."""
    notes = watched(Aws(entries_until=NOW))
    assert notes.entered_at is None
    assert "sts:AssumeRole" in notes.entry_refusal
    assert (notes.allowed_from, notes.last_allowed, notes.other_allowed, notes.still_refused) == (None,) * 4


def test_no_answer_is_neither_allowed_nor_refused() -> None:
    """A network that fails around the end leaves the second open."""
    aws = Aws()
    session = aws.session()
    session.look(GRANT)
    aws.down = True
    aws.now = END - 2 * SECOND
    session.look(GRANT)
    assert (session.notes.last_allowed, session.notes.first_refused) == (NOW, None)
    assert any("no network" in each for each in aws.said)


def test_after_an_early_end_the_role_is_entered_only_when_its_window_is_over() -> None:
    """A role that was ended early lets people in until its end, and denies them everything: that is no failure."""
    aws = Aws(until=NOW + timedelta(minutes=5))
    session = aws.session()
    session.look(GRANT)
    aws.now = NOW + timedelta(minutes=7)
    session.after(GRANT, NOW + timedelta(minutes=5))
    assert session.notes.still_refused == aws.now
    assert session.notes.entered_after is None
    aws.now = END + timedelta(minutes=1)
    session.after(GRANT, NOW + timedelta(minutes=5))
    assert session.notes.entered_after is False
