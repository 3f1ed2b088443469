"""Changes made in an account of plain values: in which order, what is read back, and what is left as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, NOW, PATH, PROD, SECOND, STAGING, a_request
from builders import a_window, an_actual_role, the_documents

from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Receipt
from jitbot.domain.enforce.changes import Change, Confirm, Deny, Extend, Provision, Remove
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.model.bounds import ACCOUNTS_AT_ONCE, TEXT_WRITTEN
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.ports.cloud import Account
from jitbot.usecases.apply.apply import ApplyResult, Failure, apply, failed_event, for_each_account
from jitbot.usecases.context import Context, Run

DOCUMENTS, LONGER = the_documents(), the_documents(window=a_window(expires_at=EXPIRES_AT + HOUR))
ROLE = an_actual_role()
NAME = DOCUMENTS.role_name
PROVISION = Provision(request=PATH, commit=MERGE, documents=DOCUMENTS)
EXTEND = Extend(request=PATH, commit=MERGE, documents=LONGER, held=(DOCUMENTS,))
TAKING: dict[str, Any] = {
    "request": PATH, "commit": MERGE, "account": "prod", "account_id": PROD, "role_name": NAME, "window": a_window(),
}  # fmt: skip
DENY = Deny(**TAKING, why=EndReason.REVOKED, detail="by bob")
CONFIRM = Confirm(**TAKING, expected=(LONGER, DOCUMENTS))
REMOVE = Remove(**TAKING)


@dataclass(slots=True)
class PlainAccount:
    """An account with at most one role, that does as it is told, or not."""

    role: Actual | None = None
    space: int = 10
    finds: bool = True  # whether a denial finds the role
    stubborn: bool = False  # whether nothing that is written shows
    calls: list[str] = field(default_factory=list)

    def room(self) -> int:
        """How many more roles there may be."""
        return self.space

    def read(self, _: str) -> tuple[Actual | None, Receipt]:
        """The role."""
        return self.role, Receipt(at=NOW, request_ids=("id",))

    def create(self, documents: iam.Documents) -> bool:
        """Make it without permissions."""
        self.calls.append("create")
        if self.role is not None and self.role.role_name == documents.role_name:
            return False
        if not self.stubborn:
            self.role = an_actual_role(documents, inline_policies={}, attached=())
        return True

    def write_permissions(self, documents: iam.Documents) -> None:
        """Write the inline policy."""
        self._write("permissions", inline_policies={iam.POLICY_NAME: documents.permission_policy})

    def write_trust(self, documents: iam.Documents) -> None:
        """Write the trust policy."""
        self._write("trust", trust_policy=documents.trust_policy)

    def attach(self, documents: iam.Documents) -> None:
        """Attach the managed policies."""
        self._write("attach", attached=documents.managed_policies)

    def deny(self, _: str) -> Receipt | None:
        """Attach the denial."""
        if not self.finds:
            self.calls.append("deny in vain")
            self.finds = True
            return None
        self._write("deny", attached=(iam.DENY_ALL,))
        return Receipt(at=NOW + SECOND, request_ids=("id",))

    def remove(self, _: Actual) -> None:
        """Delete it."""
        self.calls.append("remove")
        if not self.stubborn:
            self.role = None

    def _write(self, what: str, **parts: Any) -> None:
        self.calls.append(what)
        if self.role is not None and not self.stubborn:
            self.role = replace(self.role, **parts)


def made(
    change: Change | Sequence[Change], account: PlainAccount, closed: Sequence[AccountId] = (), **now: Any
) -> ApplyResult:
    """What comes of changes, in accounts that are all this one."""

    def enter(account_id: AccountId) -> Account:
        if account_id in closed:
            raise DeniedError("nobody gets in")
        return cast("Account", account)

    context = SimpleNamespace(
        cloud=lambda: SimpleNamespace(enter=enter),
        sleep=lambda _: None,
        say=lambda _: None,
        run=Run(url="run"),
    )
    changes = change if isinstance(change, Sequence) else [change]
    return apply(cast("Context", context), changes, now.get("now", EXPIRES_AT))


def event_of(change: Change, account: PlainAccount, **now: Any) -> Any:
    """The one event that comes of a change."""
    result = made(change, account, **now)
    assert result.failures == (), result
    (event,) = result.events
    return event


def why_not(change: Change, account: PlainAccount, **now: Any) -> Failure:
    """Why nothing comes of it."""
    result = made(change, account, **now)
    assert result.events == ()
    (failure,) = result.failures
    return failure


def test_a_role_is_made_and_read_back() -> None:
    """Without permissions first; what is recorded is what AWS has."""
    account = PlainAccount()
    event = event_of(PROVISION, account)
    assert account.calls == ["create", "permissions", "attach"]
    assert (event.kind, event.documents, event.window) == (EventType.GRANTED, (DOCUMENTS,), DOCUMENTS.window)
    assert event.evidence.role_id == ROLE.role_id


@pytest.mark.parametrize(
    ("role", "calls"),
    [
        (ROLE, ["create", "permissions", "attach"]),
        (replace(ROLE, inline_policies={}), ["create", "trust", "permissions", "attach"]),
    ],
    ids=["whole", "half made"],
)
def test_a_role_that_a_stopped_run_left_is_finished(role: Actual, calls: list[str]) -> None:
    """What is as approved already is not written again."""
    account = PlainAccount(role)
    assert event_of(PROVISION, account).kind is EventType.GRANTED
    assert account.calls == calls


@pytest.mark.parametrize("change", [PROVISION, EXTEND], ids=["provision", "extend"])
def test_a_role_that_is_not_what_was_approved_is_not_touched(change: Change) -> None:
    """It is somebody else's."""
    account = PlainAccount(replace(ROLE, permissions_boundary="another"))
    failure = why_not(change, account)
    assert (failure.final, account.role) == (True, replace(ROLE, permissions_boundary="another"))
    assert "exists and is not what was approved" in failure.message
    assert "permissions" not in account.calls


def test_a_role_is_extended_in_both_documents() -> None:
    """It is not made, unless it is gone; another one of only the approved documents may be there."""
    account = PlainAccount(ROLE)
    assert event_of(EXTEND, account).documents == (LONGER,)
    assert account.calls == ["trust", "permissions", "attach"]
    account = PlainAccount()
    assert event_of(EXTEND, account).kind is EventType.GRANTED
    assert account.calls == ["create", "permissions", "attach"]
    assert why_not(PROVISION, PlainAccount(an_actual_role(LONGER))).final


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (PlainAccount(stubborn=True), "AWS does not show it"),
        (PlainAccount(ROLE, stubborn=True), "trust policy is "),
    ],
)
def test_what_does_not_read_back_is_not_granted(account: PlainAccount, said: str) -> None:
    """It stays due."""
    failure = why_not(EXTEND, account)
    assert not failure.final
    assert said in failure.message


WHOLE = {"role_id": ROLE.role_id, "effective": NOW + SECOND, "seen": "denied"}


@pytest.mark.parametrize("finds", [True, False])
@pytest.mark.parametrize(
    "role", [ROLE, replace(ROLE, attached=(iam.DENY_ALL,))], ids=["as granted", "denied"]
)
def test_a_role_is_denied_and_read_back(role: Actual, finds: bool) -> None:
    """By a denial of this run that AWS took, even where somebody's is there already."""
    account = PlainAccount(role, finds=finds)
    event = event_of(DENY, account)
    assert (event.why, event.cause, event.at) == (EndReason.REVOKED, "by bob", NOW + SECOND)
    evidence = event.evidence
    assert {"role_id": evidence.role_id, "effective": evidence.effective_at, "seen": evidence.seen} == WHOLE
    assert account.calls[-1] == "deny"


@pytest.mark.parametrize(
    ("change", "early", "ended"),
    [
        (DENY, SECOND, False),
        (DENY, 0 * SECOND, True),
        (replace(DENY, window=None), 0 * SECOND, False),
        (replace(DENY, why=EndReason.DRIFT), HOUR, True),
        (replace(DENY, why=EndReason.DRIFT, window=None), HOUR, True),
    ],
)
def test_a_role_that_is_not_there_yet_stays_to_be_denied(change: Deny, early: Any, ended: bool) -> None:
    """Until its window is over; where it was there and drifted, it is gone."""
    account = PlainAccount()
    result = made(change, account, now=EXPIRES_AT - early)
    assert (len(result.events), result.failures, account.calls) == (int(ended), (), [])
    assert [(each.evidence.seen, each.evidence.role_id) for each in result.events] == [("absent", "")] * ended


def test_a_denial_that_never_shows_is_a_failure() -> None:
    """Nothing is recorded."""
    assert "does not read back as denied" in why_not(DENY, PlainAccount(ROLE, stubborn=True)).message


@pytest.mark.parametrize(
    ("role", "why", "seen"),
    [
        (None, EndReason.EXPIRED, "absent"),
        (ROLE, EndReason.EXPIRED, "as recorded"),
        (an_actual_role(LONGER), EndReason.EXPIRED, "as recorded"),
        (replace(ROLE, path="/else/"), EndReason.DRIFT, "denied"),
    ],
)
def test_an_expiry_is_confirmed(role: Actual | None, why: EndReason, seen: str) -> None:
    """By any of the documents that it may have; what is none of them is denied, as drift."""
    event = event_of(CONFIRM, PlainAccount(role))
    assert (event.why, event.evidence.seen) == (why, seen)
    effective = EXPIRES_AT if why is EndReason.EXPIRED else NOW + SECOND
    assert event.evidence.effective_at == effective
    assert event.cause == ("after expiry it is not as recorded: path" if why is EndReason.DRIFT else "")


def test_a_role_of_which_no_documents_are_recorded_is_denied_after_its_expiry() -> None:
    """Nothing says how it should be; the run goes on."""
    event = event_of(replace(CONFIRM, expected=()), PlainAccount(ROLE))
    assert (event.why, event.cause) == (
        EndReason.DRIFT,
        "after expiry it is not as recorded: no documents of it are recorded",
    )


@pytest.mark.parametrize("role", [ROLE, None])
def test_a_role_is_removed_and_looked_for(role: Actual | None) -> None:
    """One that is gone already is not removed again."""
    account = PlainAccount(role)
    assert event_of(REMOVE, account).kind is EventType.REMOVED
    assert account.calls == (["remove"] if role else [])
    assert "still there after its removal" in why_not(REMOVE, PlainAccount(ROLE, stubborn=True)).message


@pytest.mark.parametrize(("space", "granted"), [(2, 2), (1, 1), (0, 0), (-3, 0)])
def test_an_account_without_room_gets_no_half_of_a_role(space: int, granted: int) -> None:
    """The first fit; what ends needs no room."""
    others = [
        replace(PROVISION, documents=the_documents(request=a_request(path=f"{PATH}{each}"))) for each in "ab"
    ]
    result = made(others, PlainAccount(space=space))
    assert [each.kind for each in result.events] == [EventType.GRANTED] * granted
    assert [each.final for each in result.failures] == [True] * (2 - granted)
    assert all("no room" in each.message for each in result.failures)


def test_nothing_that_ends_asks_for_room() -> None:
    """The quota may be out of reach."""

    def no_room() -> int:
        raise UnavailableError("AWS does not say")

    account = PlainAccount(ROLE)
    stand_in = SimpleNamespace(read=account.read, deny=account.deny, room=no_room)
    assert len(made(DENY, cast("PlainAccount", stand_in)).events) == 1


def test_one_account_or_change_that_fails_stops_no_other() -> None:
    """Where nothing is to be done, no account is entered, and nobody's identity is asked for."""
    elsewhere = replace(DENY, account_id=STAGING)
    result = made([elsewhere, DENY], PlainAccount(ROLE), closed=[STAGING])
    assert [each.account_id for each in result.events] == [PROD]
    (failure,) = result.failures
    assert (failure.account_id, failure.change, failure.message) == (STAGING, None, "nobody gets in")
    account = PlainAccount(ROLE)
    bad = replace(EXTEND, held=())
    result = made([bad, DENY], account)
    assert ([each.change for each in result.failures], len(result.events)) == ([bad], 1)
    never = cast("Context", SimpleNamespace(cloud=cast("Callable[[], Any]", lambda: pytest.fail("entered"))))
    assert for_each_account(never, [], lambda *_: ApplyResult()) == ApplyResult()


def test_accounts_are_worked_on_side_by_side_up_to_a_bound() -> None:
    """All that fit wait for each other here; one more waits until one of them is done."""
    together, inside, most = Barrier(ACCOUNTS_AT_ONCE), list[AccountId](), list[int]()
    context = SimpleNamespace(cloud=lambda: SimpleNamespace(enter=lambda account_id: account_id))
    accounts = [AccountId(f"{number:012}") for number in range(2 * ACCOUNTS_AT_ONCE)]

    def work(_: Account, account_id: AccountId) -> ApplyResult:
        inside.append(account_id)
        most.append(len(inside))
        together.wait(timeout=20)
        inside.remove(account_id)
        together.wait(timeout=20)
        return ApplyResult()

    assert for_each_account(cast("Context", context), accounts, work) == ApplyResult()
    assert max(most) == ACCOUNTS_AT_ONCE


@pytest.mark.parametrize(
    ("error", "word"), [(DeniedError("x" * 9000), "refused"), (UnavailableError("x"), "trouble")]
)
def test_a_failure_of_a_request_is_recorded_and_one_of_an_account_is_not(
    error: JitbotError, word: str
) -> None:
    """Whether it is for good, and a message of a bounded length."""
    failure = Failure(change=DENY, account_id=PROD, message=str(error), final=isinstance(error, DeniedError))
    event = failed_event(failure, now=NOW, run="run")
    assert event is not None
    assert (event.kind, event.cause, event.request) == (EventType.FAILED, f"deny: {word}", PATH)
    assert len(str(event.evidence.json["message"])) <= TEXT_WRITTEN
    whole = replace(failure, change=None)
    result = ApplyResult(events=(event,), failures=(whole, failure))
    assert failed_event(whole, now=NOW, run="run") is None
    assert result.to_record(now=NOW, run="run") == (event, event)
