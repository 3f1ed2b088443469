"""A sweep in memory: which accounts it looks at, what it reads whole, and when it does nothing."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import DATA, EXPIRES_AT, IDENTITY, NOW, PATH, PROD, ROLE_ID, STAGING, the_rules, unreadable
from builders import a_revocation, an_approval, an_outcome, the_documents
from plain_run import PlainRoles, PlainRun

from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model.documents import ACCOUNTS, Parsed
from jitbot.domain.model.errors import DeniedError, SupersededError, UnavailableError
from jitbot.usecases.runs.report import Report
from jitbot.usecases.runs.sweep import sweep

GRANTED = an_outcome(EventType.GRANTED)
ENDED = an_outcome(EventType.ENDED, why=EndReason.REVOKED)


def swept(
    run: PlainRun, *told: Event, cloud: PlainRoles | None = None, now: Any = NOW, **how: bool
) -> tuple[Report, PlainRoles]:
    """A sweep of a ledger with these events; alice's file is on main."""
    if told:
        run.push(*told)
    run.at_main[PATH] = b"x"
    run.now = now
    cloud = cloud or PlainRoles(now=now)
    context: Any = run.context()
    context.git.fetch()
    context.git.changes = lambda _: ()
    context.git.too_large = lambda _: ()
    context.cloud = lambda: cloud
    return sweep(context, now, **how), cloud


def granted_role() -> PlainRoles:
    """alice's role, as it was granted."""
    cloud = PlainRoles()
    cloud.put(the_documents())
    return cloud


def test_a_revoked_grant_is_denied_and_recorded_once() -> None:
    """A dry run says so, and does nothing; it needs no protection either."""
    told = (an_approval(), GRANTED, a_revocation())
    run = PlainRun(protected=False)
    report, cloud = swept(run, *told, cloud=granted_role(), dry_run=True)
    assert ([type(each).__name__ for each in report.planned], cloud.of("deny"), run.written) == (
        ["Deny"],
        [],
        [],
    )
    with pytest.raises(DeniedError, match="not protected"):
        swept(PlainRun(protected=False), *told)
    run = PlainRun()
    report, cloud = swept(run, *told, cloud=granted_role())
    assert ([str(each.kind) for each in report.recorded], cloud.of("deny")) == (["ended"], [PROD])
    report, cloud = swept(run, cloud=cloud)
    assert (report.planned, report.recorded, len(run.written)) == ((), (), 1)


def test_an_old_run_ends_nothing() -> None:
    """The code on main is another than its own; AWS is not asked."""
    run, cloud = PlainRun(stale=True), granted_role()
    with pytest.raises(SupersededError, match="is not main's any more"):
        swept(run, an_approval(), GRANTED, a_revocation(), cloud=cloud)
    assert (run.written, cloud.calls) == ([], [])


def test_nothing_due_writes_nothing() -> None:
    """And the ledger is not read again for it."""
    run = PlainRun()
    report, cloud = swept(run, an_approval(), GRANTED, cloud=granted_role())
    assert (report.idle, run.written, run.slept, cloud.of("deny")) == (True, [], [], [])


def test_a_ledger_in_doubt_ends_nothing() -> None:
    """What cannot be checked may explain a role."""
    run = PlainRun(silent=True)
    report, cloud = swept(run, an_approval(), cloud=granted_role())
    assert ("does not answer" in report.doubt, cloud.of("deny"), report.planned) == (True, [], ())


@pytest.mark.parametrize(
    ("rules", "absent", "accounts"),
    [
        (the_rules(), False, {PROD, STAGING, DATA}),
        (the_rules(accounts=unreadable()), False, {PROD}),
        (the_rules(accounts=Parsed(value={"other": IDENTITY})), False, {PROD, IDENTITY}),
        (the_rules(), True, {PROD}),
    ],
    ids=["all", "unreadable", "another", "no file"],
)
def test_it_looks_at_the_accounts_of_main_and_of_the_ledger(
    rules: Any, absent: bool, accounts: set[str]
) -> None:
    """An account that main names no more may have roles still. What main does not tell is a failure of the run."""
    run = PlainRun(rules=rules)
    if absent:
        del run.at_main[ACCOUNTS]
    report, cloud = swept(run, an_approval(), GRANTED, cloud=granted_role())
    assert set(cloud.of("list")) == accounts
    untold = ["accounts-not-read"] if accounts == {PROD} else []
    assert ([each.code for each in report.alarms], report.exit_code) == (untold, 3 if untold else 0)


def test_what_main_does_not_tell_fails_the_sweep() -> None:
    """Who may be gone, and where roles may be; what is positively read ends all the same. A ledger in doubt hides neither."""
    run = PlainRun(rules=the_rules(people=unreadable(), accounts=unreadable()))
    report, cloud = swept(run, an_approval(), GRANTED, a_revocation(), cloud=granted_role())
    assert {each.code for each in report.alarms} == {"people-not-read", "accounts-not-read"}
    assert (report.exit_code, cloud.of("deny")) == (3, [PROD])
    silent = PlainRun(silent=True, rules=the_rules(accounts=unreadable()))
    report, _ = swept(silent, an_approval(), cloud=granted_role())
    assert [each.code for each in report.alarms] == ["accounts-not-read"]


def test_a_denied_orphan_that_somebody_opened_is_denied_again() -> None:
    """It is read whole like any role of an early end; denied as recorded, nothing is done."""
    cloud = PlainRoles()
    cloud.put(replace(the_documents(), role_name="jit-evil"))
    orphan = an_outcome(
        EventType.ENDED, request="", why=EndReason.ORPHAN, cause=ROLE_ID, role_name="jit-evil"
    )
    report, _ = swept(PlainRun(), orphan, cloud=cloud)
    assert (cloud.of("deny"), [each.why for each in report.recorded]) == ([PROD], [EndReason.DRIFT])
    report, _ = swept(PlainRun(), orphan, cloud=cloud)
    assert (len(cloud.of("deny")), report.recorded) == (1, ())


def test_a_denial_that_somebody_took_off_is_made_again() -> None:
    """The role of an early end is read whole; one that cannot be read stops no other."""
    told = (an_approval(), GRANTED, a_revocation(), ENDED)
    report, cloud = swept(PlainRun(), *told, cloud=granted_role())
    assert (cloud.of("deny"), [each.why for each in report.recorded]) == ([PROD], [EndReason.DRIFT])
    cloud = granted_role()
    cloud.unread = frozenset({the_documents().role_name})
    cloud.closed = {}
    report, cloud = swept(PlainRun(), *told, cloud=cloud)
    assert (cloud.of("deny"), len(report.failures), report.exit_code) == ([], 1, 3)


def test_a_complete_sweep_reads_every_role_whole() -> None:
    """Another one only those that it must."""
    for complete, listed in ((True, "whole list"), (False, "list")):
        _, cloud = swept(PlainRun(), an_approval(), GRANTED, cloud=granted_role(), complete=complete)
        assert set(cloud.of(listed)) == {PROD, STAGING, DATA}
        assert cloud.of("read") == []


def test_an_account_that_lets_nobody_in_is_a_failure_and_no_other_waits() -> None:
    """Its roles stay as they are, and an expiry elsewhere is confirmed."""
    cloud = granted_role()
    cloud.closed = {STAGING: UnavailableError("closed")}
    cloud.now = EXPIRES_AT
    report, _ = swept(PlainRun(now=EXPIRES_AT), an_approval(at=EXPIRES_AT), cloud=cloud, now=EXPIRES_AT)
    assert [each.account_id for each in report.failures] == [STAGING]
    assert [each.why for each in report.recorded] == [EndReason.EXPIRED]
