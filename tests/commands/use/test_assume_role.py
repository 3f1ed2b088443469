"""Entering a grant, on plain values: which session is used, when the ledger and AWS are asked, and what is said."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.adapters.aws.person import ASKING
from jitbot.adapters.local.session_cache import kept_sessions
from jitbot.commands.use import assume_role
from jitbot.commands.use.assume_role import Found, GrantChoice, assume, enter
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.enforce.grant_target import Caller, Session
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
ALICE = "arn:aws:iam::222222222222:user/alice"
GRANT = GrantStatus(
    request="requests/p/2026-11/24-alice-x.yaml", requester="alice", principal=ALICE, account="prod",
    account_id=AccountId("111111111111"), role_arn="arn:aws:iam::111111111111:role/jit/jit-alice-p-1",
    state=GrantState.LIVE, starts_at=None, granted_at=NOW - HOUR, expires_at=NOW + 4 * HOUR, left=4 * HOUR, why="",
)  # fmt: skip
WANTED = GrantChoice(request="x", clone="/clone")


@dataclass(kw_only=True)
class Person:
    """A person's own credentials: what they ask STS for, and what it refuses."""

    arn: str = ALICE
    refusals: int = 0
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def whoami(self) -> Caller:
        """Themselves."""
        return Caller(arn=self.arn, userid="AIDA1")

    def assume(self, role_arn: str, session_name: str, seconds: int) -> Session:
        """A session of an hour from nine o'clock on, numbered."""
        self.asked.append((role_arn, session_name, seconds))
        if len(self.asked) <= self.refusals:
            raise DeniedError("AccessDenied: no")
        return Session(access_key=f"ASIA{len(self.asked)}", secret_key="s", token="t", expires_at=NOW + HOUR)


class Machine:
    """A person's machine, whose ledger says what it is told; `looked` counts how often it was asked."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.person, self.looked = Person(), 0
        self.found: Found | Exception = Found(grant=GRANT, repository="acme/access", over=(), warning="")
        self._home = home
        monkeypatch.setattr(assume_role, "look_up", self._look_up)
        monkeypatch.setattr(assume_role, "ambient", lambda *_: self.person)

    def _look_up(self, *_: Any, **__: Any) -> Found:
        self.looked += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def at(self, now: datetime, **environ: str) -> Invocation:
        """A call at this moment."""
        return Invocation(
            now=now, environ={"HOME": str(self._home), **environ}, folder=self._home, jitbot=lambda *_: 0
        )

    def enter(self, now: datetime = NOW, wanted: GrantChoice = WANTED, **options: Any) -> Session:
        """A session at this moment."""
        return enter(self.at(now), wanted, verb="credentials", **options)

    def warns(self, text: str, ends: datetime) -> None:
        """The ledger says that the grant ends then, and that this is soon."""
        self.found = Found(
            grant=replace(GRANT, expires_at=ends), repository="acme/access", over=(), warning=text
        )


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Such a machine, with no clone, and nothing kept."""
    monkeypatch.setattr(GrantChoice, "folder", lambda *_: tmp_path)
    return Machine(tmp_path, monkeypatch)


def test_a_kept_session_asks_nobody_for_a_minute(machine: Machine) -> None:
    """Then the ledger is asked whether the grant lasts, and the session stays, until shortly before its end."""
    first = machine.enter()
    assert machine.enter() == machine.enter(NOW + MINUTE - SECOND) == first
    assert (machine.looked, len(machine.person.asked)) == (1, 1)
    assert machine.enter(NOW + MINUTE) == first
    assert (machine.looked, len(machine.person.asked)) == (2, 1)
    assert machine.enter(NOW + HOUR - 7 * MINUTE) == first
    again = machine.enter(NOW + HOUR - 5 * MINUTE)
    assert (again.access_key, len(machine.person.asked)) == ("ASIA2", 2)


def test_a_session_of_the_future_is_asked_about(machine: Machine) -> None:
    """A clock that was set back says nothing about when the ledger was asked."""
    machine.enter()
    machine.enter(NOW - SECOND)
    assert machine.looked == 2


def test_a_session_that_has_ended_is_not_used(machine: Machine) -> None:
    """Not at its very end, and not where the ledger cannot be read either."""
    machine.warns("", NOW + SECOND)
    machine.enter()
    machine.found = UnavailableError("git could not fetch")
    with pytest.raises(UnavailableError, match="could not fetch"):
        machine.enter(NOW + SECOND)


def test_a_grants_last_session_is_not_renewed(machine: Machine) -> None:
    """It ends with the grant: another would end no later. After an extension another does."""
    machine.warns("", NOW + 10 * MINUTE)
    first = machine.enter()
    assert first.expires_at == NOW + 10 * MINUTE
    assert machine.enter(NOW + 6 * MINUTE) == first
    machine.warns("", NOW + 20 * MINUTE)
    assert machine.enter(NOW + 8 * MINUTE).access_key == "ASIA2"


def test_a_ledger_that_cannot_be_read_leaves_the_kept_session(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a word; who has none is told why there is none."""
    first = machine.enter()
    machine.found = UnavailableError("git could not fetch")
    assert machine.enter(NOW + MINUTE) == first
    assert capsys.readouterr().err == "? whether it still lasts is not known: git could not fetch\n"
    with pytest.raises(UnavailableError):
        machine.enter(wanted=replace(WANTED, account="staging"))


def test_the_newest_grant_is_looked_up_each_time(machine: Machine, tmp_path: Path) -> None:
    """Which one that is may change, so no session is kept for it."""
    nameless = GrantChoice(clone="/clone")
    machine.enter(wanted=nameless)
    machine.enter(wanted=nameless)
    assert (machine.looked, len(machine.person.asked)) == (2, 2)
    assert not (tmp_path / ".cache/jitbot/sessions").exists()


def test_a_role_asks_no_ledger(machine: Machine) -> None:
    """Its session is kept until shortly before its end; the ledger is never asked."""
    role = GrantChoice(role="arn:aws:iam::111111111111:role/jit/x")
    first = machine.enter(wanted=role)
    assert machine.person.asked == [(role.role, "jitbot", 3600)]
    assert machine.enter(NOW + HOUR - 5 * MINUTE - SECOND, role) == first
    assert machine.enter(NOW + HOUR - 5 * MINUTE, role).access_key == "ASIA2"
    assert machine.looked == 0


def test_files_of_ended_sessions_go(machine: Machine, tmp_path: Path) -> None:
    """Whenever a new one may be made."""
    machine.enter()
    machine.enter(datetime.now(UTC) + timedelta(hours=3), replace(WANTED, account="staging"))
    assert len(list((tmp_path / ".cache/jitbot/sessions").iterdir())) == 1


@pytest.mark.parametrize(("once", "said"), [(False, [1, 0, 1, 1, 1]), (True, [1, 0, 0, 0, 1])])
def test_the_end_is_said(
    machine: Machine, capsys: pytest.CaptureFixture[str], *, once: bool, said: list[int]
) -> None:
    """Whenever the ledger is asked, or once for each end."""
    warned = []
    ends = [NOW + 10 * MINUTE] * 4 + [NOW + 12 * MINUTE]
    for end, seconds in zip(ends, (0, 1, 61, 122, 183), strict=True):
        machine.warns("soon \x1b[1m", end)
        machine.enter(NOW + seconds * SECOND, warn_once=once)
        warned.append(capsys.readouterr().err)
    assert [each.count("! soon ") for each in warned] == said
    assert "\x1b" not in "".join(warned)


def test_what_is_not_said_is_not_noted(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A grant that ends later than soon is warned of when it does."""
    machine.warns("", NOW + 20 * MINUTE)
    machine.enter(warn_once=True)
    machine.warns("soon", NOW + 20 * MINUTE)
    machine.enter(NOW + 6 * MINUTE, warn_once=True)
    assert capsys.readouterr().err == "! soon\n"


def test_a_session_knows_whose_it_is(machine: Machine) -> None:
    """So that an end, or a release, finds it by its request and repository."""
    machine.enter()
    cache = kept_sessions(machine.at(NOW).environ)
    found = cache.find(*WANTED.key(machine.at(NOW)))
    assert found is not None
    assert found[1] == {"request": GRANT.request, "repository": "acme/access", "at": "2026-11-24T09:00:00Z"}


@pytest.mark.parametrize(
    ("young", "refusals", "asked", "pauses"),
    [(0, 0, 1, 0), (59, 4, 5, 4), (59, 5, 5, 4), (60, 1, 1, 0), (None, 1, 1, 0)],
)
def test_iam_may_not_know_a_new_role_yet(
    capsys: pytest.CaptureFixture[str], young: int | None, refusals: int, asked: int, pauses: int
) -> None:
    """In a grant's first minute its person asks again, ever more slowly; an older one is refused at once."""
    person, slept = Person(refusals=refusals), list[float]()
    granted_at = None if young is None else NOW - timedelta(seconds=young)
    grant = replace(GRANT, granted_at=granted_at)
    if refusals < asked:
        session = assume(person, grant, NOW, seconds=900, sleep=slept.append)
        assert session.expires_at == NOW + HOUR
    else:
        with pytest.raises(InvalidError, match="AWS said: AccessDenied: no"):
            assume(person, grant, NOW, seconds=900, sleep=slept.append)
    assert person.asked == [(GRANT.role_arn, "jit-alice", 900)] * asked
    assert all(0.75 * most <= each < 1.25 * most for each, most in zip(slept, (1, 2, 4, 8), strict=False))
    assert len(slept) == pauses == capsys.readouterr().err.count("again in")


def test_somebody_else_is_not_kept_waiting() -> None:
    """Whose grant it is does not change with time."""
    person, slept = Person(arn="arn:aws:iam::222222222222:user/bob", refusals=9), list[float]()
    with pytest.raises(InvalidError, match=f"this grant is for {ALICE} alone"):
        assume(person, replace(GRANT, granted_at=NOW), NOW, sleep=slept.append)
    assert (len(person.asked), slept) == (1, [])


@pytest.mark.parametrize(
    ("choice", "environ", "source"),
    [
        (GrantChoice(profile="dev"), {"AWS_ACCESS_KEY_ID": "AKIA1"}, "profile dev"),
        (GrantChoice(), {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_PROFILE": "dev"}, "AKIA1"),
        (GrantChoice(), {"AWS_PROFILE": "dev"}, "profile dev"),
        (GrantChoice(), {}, "profile default"),
    ],
)
def test_with_whose_credentials(
    machine: Machine, choice: GrantChoice, environ: dict[str, str], source: str
) -> None:
    """A kept session is known by them, by what was asked, and by where."""
    assert choice.source(machine.at(NOW, **environ)) == source
    assert source in choice.key(machine.at(NOW, **environ))


def test_what_a_kept_session_is_known_by(machine: Machine, tmp_path: Path) -> None:
    """Every part that could lead to another session; a role needs no clone."""
    at = machine.at(NOW, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    end = ("profile default", "http://127.0.0.1:1")
    assert GrantChoice(request="x", account="prod").key(at) == (str(tmp_path), "x", "prod", "", *end)
    assert GrantChoice().key(at) == (str(tmp_path), "", "", "", *end)
    assert GrantChoice(role="r").key(at) == ("", "", "", "r", *end)


def test_the_repository_that_was_named_is_named_again() -> None:
    """In a command that is said; one that nobody named needs no option."""
    assert (GrantChoice(repository="acme/access").options, GrantChoice().options) == (
        " --repo acme/access",
        "",
    )


def test_jitbot_does_not_ask_itself(tmp_path: Path) -> None:
    """A profile that leads back to jitbot would go round in circles."""
    asked = Invocation(now=NOW, environ={ASKING: "1"}, folder=tmp_path, jitbot=lambda *_: 0)
    with pytest.raises(InvalidError, match="name your own with --profile"):
        assume_role.ambient(asked, "dev")


@pytest.mark.parametrize(
    ("profile", "named", "used"),
    [("mine", "jit", "mine"), (None, "jit", "dev"), (None, "dev", None), (None, "", None)],
)
def test_a_grants_own_profile_is_not_what_it_is_entered_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, named: str, used: str | None
) -> None:
    """Where the shell names a profile that jitbot wrote, the person's own one is used; any other stays as it is named."""
    block = "requests/p/2026-11/24-alice-x.yaml prod"
    (tmp_path / "config").write_text(
        f"[default]\n[profile dev]\n# >>> jitbot {block}\n[profile jit]\n"
        f"credential_process = jitbot credentials x --profile dev\n# <<< jitbot {block}\n"
    )
    given: list[dict[str, Any]] = []
    monkeypatch.setattr("jitbot.adapters.aws.person.AmbientPerson", lambda _, **other: given.append(other))
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": named, "HOME": str(tmp_path)}
    asked = Invocation(now=NOW, environ=environ, folder=tmp_path, jitbot=lambda *_: 0)
    assume_role.ambient(asked, profile)
    assert given == [{"profile": used, "named": named, "endpoint": None}]


class Ledger:
    """What the ledger and the wiring say to `look_up`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *grants: GrantStatus) -> None:
        self.incomplete, self.prefers = "", list[list[str]]()
        history: Any = SimpleNamespace(states={}, incomplete="")
        self.history = history
        context: Any = SimpleNamespace(github=None, settings=SimpleNamespace(repository="acme/access"))
        monkeypatch.setattr("jitbot.wiring.context.open_context", lambda *_: context)
        monkeypatch.setattr("jitbot.wiring.context.recorded_requests", lambda _: {})
        monkeypatch.setattr("jitbot.usecases.ledger.ledger_view.read", lambda *_: history)
        monkeypatch.setattr("jitbot.usecases.request.before_end.warning", lambda *_, **__: "soon")
        monkeypatch.setattr(GrantChoice, "placed", lambda _, invocation: invocation)
        monkeypatch.setattr(assume_role, "grant_statuses", lambda *_: grants)
        monkeypatch.setattr(assume_role, "resolve_merged", self._resolve)
        monkeypatch.setattr(assume_role, "ambient", lambda *_: Person())

    def _resolve(self, *_: Any, prefer: Any, **__: Any) -> str:
        self.prefers.append(prefer[0]([GRANT.request, OVER.request]))
        return GRANT.request

    def look_up(self, tmp_path: Path, wanted: GrantChoice) -> Found:
        """The grant that is meant."""
        asked = Invocation(now=NOW, environ={}, folder=tmp_path, jitbot=lambda *_: 0)
        return assume_role.look_up(asked, wanted, verb="exec")


OVER = replace(
    GRANT, request="requests/p/2026-11/24-alice-over.yaml", state=GrantState.ENDED, account="staging"
)


@pytest.mark.parametrize(
    ("wanted", "said"), [(WANTED, ""), (GrantChoice(), f"… your newest: {GRANT.request}\n")]
)
def test_which_grant_is_meant(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: GrantChoice,
    said: str,
) -> None:
    """By a name, of which a part is a live one's before an ended one's; else the newest, which is said."""
    ledger = Ledger(monkeypatch, OVER, GRANT)
    found = ledger.look_up(tmp_path, wanted)
    assert (found.grant, found.repository, found.warning) == (GRANT, "acme/access", "soon")
    assert found.over == ((OVER.request, "staging"),)
    assert ledger.prefers == ([] if wanted.request is None else [[GRANT.request]])
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"state": GrantState.ENDED, "why": "revoked"}, r"ended \(revoked\); ask anew"),
        ({"state": GrantState.PLANNED, "starts_at": NOW + HOUR}, "begins at 2026-11-24T10:00:00Z, in 1h"),
        ({"state": GrantState.APPROVED}, "approved and not granted yet in prod"),
    ],
)
def test_only_a_grant_that_is_open_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], why: str
) -> None:
    """Of any other it is said why not, before AWS is asked."""
    ledger = Ledger(monkeypatch, replace(GRANT, **given))
    with pytest.raises(InvalidError, match=why):
        ledger.look_up(tmp_path, WANTED)


def test_a_list_that_may_be_incomplete_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The grant may be in what was not read."""
    ledger = Ledger(monkeypatch, GRANT)
    ledger.history.incomplete = "keys are missing"
    ledger.look_up(tmp_path, WANTED)
    assert capsys.readouterr().err == "? this may be incomplete: keys are missing\n"


@pytest.mark.parametrize(
    ("choice", "own", "where", "named", "folder"),
    [
        (GrantChoice(clone="there"), False, ("--clone", "/root/there"), "origin of there", "/root/there"),
        (GrantChoice(), True, ("--clone", "/kept/acme/access"), "acme/access", "/kept/acme/access"),
        (
            GrantChoice(repository="acme/access"),
            False,
            ("--repo", "acme/access"),
            "acme/access",
            "/kept/acme/access",
        ),
    ],
)
def test_where_the_ledger_is(
    monkeypatch: pytest.MonkeyPatch,
    choice: GrantChoice,
    own: bool,
    where: tuple[str, str],
    named: str,
    folder: str,
) -> None:
    """In a clone that is named, in the one that this is, or in one that jitbot keeps."""
    monkeypatch.setattr(assume_role, "data_root", lambda path: Path("/root") / path)
    monkeypatch.setattr(assume_role, "folder_of", lambda *_: Path("/kept/acme/access"))
    monkeypatch.setattr(assume_role, "is_in_its_clone", lambda *_: own)
    monkeypatch.setattr(assume_role, "origin", lambda path, _: f"origin of {path}")
    monkeypatch.setattr(assume_role, "repository_of", lambda *_, **__: "acme/access")
    monkeypatch.setattr(
        assume_role, "in_clone", lambda asked, _: replace(asked, folder=Path("/kept/acme/access"))
    )
    asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
    assert (choice.where(asked), choice.named(asked)) == (where, named)
    assert str(choice.folder(asked)) == str(choice.placed(asked).folder) == folder


def test_a_repository_that_nothing_names_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not needed to take a profile out."""

    def none(*_: Any, **__: Any) -> str:
        raise InvalidError("nothing says which")

    monkeypatch.setattr(assume_role, "repository_of", none)
    assert GrantChoice().named(Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)) == ""
