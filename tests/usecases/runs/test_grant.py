"""A run of grant in memory: what is decided, recorded and given, and what a record that fails leaves undone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event as ThreadEvent
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import BASE, HOUR, MERGED_AT, MINUTE, NOW, PATH, PROD, STAGING, a_request, sha
from builders import a_case, a_change, a_merge, a_pull, a_review, a_revocation, an_approval
from plain_run import PlainRoles, PlainRun

from jitbot.domain.access.doubt import GITHUB_LAG
from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import (
    BranchMovedError,
    DeniedError,
    JitbotError,
    SupersededError,
    UnavailableError,
)
from jitbot.domain.model.merge_facts import Case, Change, ChangeKind
from jitbot.usecases.context import Context
from jitbot.usecases.read_back import Patience
from jitbot.usecases.runs import grant as module
from jitbot.usecases.runs.grant import SWEEP, grant
from jitbot.usecases.runs.report import Report

LATE = MERGED_AT + GITHUB_LAG


class Cases:
    """The cases of changes, by commit and path, in the place of their collector; an error is raised."""

    def __init__(self, *cases: Case | tuple[Case, JitbotError]) -> None:
        pairs = [(each, None) if isinstance(each, Case) else each for each in cases]
        self.changes = tuple(case.change for case, _ in pairs)
        self.found: dict[tuple[str, Sha], Any] = {
            (case.change.path, case.change.commit): error or case for case, error in pairs
        }
        self.asked: list[str] = []
        self.patience = Patience()
        self.forgot = 0
        self.context: Any = None
        self.github: Any = SimpleNamespace(conversation=lambda _: None)

    def __call__(self, context: Context) -> "Cases":
        """The collector of a run."""
        self.context = context
        return self

    def expect(self, _: Sequence[Sha]) -> None:
        """It is all there."""

    def forget(self) -> None:
        """Note it."""
        self.forgot += 1

    def case(self, change: Change, *, earlier: bool) -> Case:
        """The case of a change."""
        self.asked.append(change.path)
        found = self.found[change.path, change.commit]
        if isinstance(found, JitbotError):
            raise found
        case: Case = replace(found, earlier=earlier)
        return case


def a_path(name: str) -> str:
    """The path of another request of alice's."""
    return PATH.replace("refunds", name)


def asking(name: str, commit: str = "", **request: Any) -> Case:
    """alice asks for something else, and bob approved it."""
    path, merge = a_path(name), sha(commit or name)
    pull = a_pull(merge_commit=merge)
    return a_case(
        change=a_change(path=path, commit=merge),
        request=a_request(path=path, **request),
        touched=(path,),
        merge=a_merge(pull_request=pull, files=(path,)),
        listed=(pull,),
    )


def without_approval(case: Case) -> Case:
    """Nobody approved it: a refusal that rests on GitHub's answer."""
    assert case.merge is not None
    return replace(case, merge=replace(case.merge, reviews=()))


UNREAD = UnavailableError("GitHub does not answer")


def ran(
    cases: Cases,
    monkeypatch: pytest.MonkeyPatch,
    *,
    run: PlainRun | None = None,
    cloud: PlainRoles | None = None,
    large: tuple[TooLarge, ...] = (),
    dry_run: bool = False,
    now: Any = LATE,
    gone: tuple[str, ...] = (),
    on_loading: Callable[[], object] = lambda: None,
) -> tuple[Report, PlainRun, PlainRoles]:
    """A run on main with these changes; all files of requests are there, but for those that are gone."""
    run, cloud = run or PlainRun(), cloud or PlainRoles(now=now)
    run.now = now
    run.at_main |= {each.path: b"x" for each in cases.changes if each.path not in gone}
    context: Any = run.context()
    context.git.fetch()
    context.git.changes = lambda _: cases.changes
    context.git.too_large = lambda _: large
    context.git.deleting = lambda *_: frozenset()
    context.git.touching_rules = lambda *_: {}
    context.git.changes_of_rules = lambda *_: ()
    context.cloud = lambda: (on_loading(), cloud)[1]
    context.catalogue = _catalogue()
    monkeypatch.setattr(module, "CaseCollector", cases)
    run.fetches = 0
    return grant(context, now, dry_run=dry_run), run, cloud


def _catalogue() -> Any:
    from catalogue_facts import the_catalogue

    return the_catalogue()


def story(run: PlainRun) -> list[str]:
    """What the ledger says, as `kind name`, in the order of its events."""
    events = run.ledger(LATE).read().events
    return sorted(
        f"{each.kind} {each.request.rpartition('alice-')[2].removesuffix('.yaml')}".strip() for each in events
    )


def messages(report: Report) -> list[str]:
    """Why what is undecided is so."""
    return [each.decision.reasons[-1].message for each in report.decided if each.event is None]


def test_what_is_approved_is_recorded_and_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one run, and no more: the next one has nothing to do, and then no sweep is needed."""
    cases = Cases(asking("one"))
    report, run, cloud = ran(cases, monkeypatch)
    assert story(run) == ["approved one", "granted one"]
    assert (report.exit_code, len(report.recorded), cloud.of("create")) == (0, 2, [PROD])
    assert run.handed == {SWEEP: "no"}
    assert cases.forgot == 0
    report, _, _ = ran(Cases(asking("one")), monkeypatch, run=run, cloud=cloud)
    assert (report.idle, cloud.of("create"), len(run.written)) == (True, [PROD], 2)


@pytest.mark.parametrize("given", [True, False])
def test_aws_is_made_ready_while_an_approval_is_recorded(
    monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    """The record waits for it here, so one after the other would never do; a refusal needs no AWS."""
    begun, wrote = ThreadEvent(), list[bool]()
    run = PlainRun(takes=lambda _: wrote.append(begun.wait(10 if given else 0)))
    case = asking("one") if given else without_approval(asking("one"))
    ran(Cases(case), monkeypatch, run=run, on_loading=begun.set)
    assert wrote[0] is given
    assert begun.is_set() is given


def test_a_dry_run_gives_and_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what would be, on a ledger without protection too, and waits for nobody."""
    cases = Cases(asking("one"), (asking("two"), UNREAD))
    report, run, cloud = ran(cases, monkeypatch, run=PlainRun(protected=False), dry_run=True)
    assert (run.written, cloud.calls, report.recorded) == ([], [], ())
    assert [each.event is not None for each in report.decided] == [True, False]
    assert [each.request for each in report.planned] == [a_path("one")]
    assert (cases.forgot, run.slept) == (0, [])
    with pytest.raises(DeniedError, match="not protected"):
        ran(Cases(asking("one")), monkeypatch, run=PlainRun(protected=False))


def test_an_old_run_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code on main is another than its own: old rules come back by no re-run, and a dry run says none of them."""
    for dry_run in (False, True):
        cases, run, cloud = Cases(asking("one")), PlainRun(stale=True), PlainRoles(now=LATE)
        with pytest.raises(SupersededError, match="is not main's any more"):
            ran(cases, monkeypatch, run=run, cloud=cloud, dry_run=dry_run)
        assert (cases.asked, run.written, cloud.calls) == ([], [], [])


def test_main_is_fetched_again_before_a_grant_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deleted while the role was made is seen then, though nobody wrote into the ledger."""
    run, cloud, seen = PlainRun(), PlainRoles(now=LATE), list[int]()
    run.takes = lambda _: seen.append(run.fetches)
    cloud.meanwhile = lambda: seen.append(run.fetches)
    ran(Cases(asking("one")), monkeypatch, run=run, cloud=cloud)
    _, made, recorded = seen
    assert recorded == made + 1


def test_nothing_is_given_while_the_ledger_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be checked may hold an end."""
    run = PlainRun(silent=True)
    run.push(an_approval())
    report, run, cloud = ran(Cases(asking("one")), monkeypatch, run=run)
    assert ("the issuer does not answer" in report.doubt, report.decided, cloud.calls) == (True, (), [])


def test_what_is_approved_and_in_doubt_is_given_nothing_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that this jitbot cannot read may be its end. Another request is given what was approved."""
    run = PlainRun(secrets={"k0": "zero", "k1": "one"})
    run.at_main[PATH] = b"x"
    run.push(an_approval())
    head, newer = run.commits[-1].commit, b'{"schema": 99, "event": "stopped"}'
    path = f"events/2026/11/24/{batches.folder(head)}/090000-extended-{'a' * 20}.json"
    run.push(files={path: newer}, kid="k1", message=f"something\n\nRequest: {PATH}")
    report, run, cloud = ran(Cases(asking("one")), monkeypatch, run=run)
    assert story(run) == ["approved one", "approved refunds", "granted one"]
    (alarm,) = report.alarms
    assert (alarm.code, alarm.file, report.exit_code) == ("grant-in-doubt", PATH, 3)
    assert "cannot be read by this jitbot" in alarm.message
    assert len(cloud.of("create")) == 1


def test_what_is_in_doubt_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """That alone, as long as there is patience; each change has one result in the report."""
    cases = Cases(without_approval(asking("one")), asking("two"))
    report, run, _ = ran(cases, monkeypatch)
    assert story(run) == ["approved two", "granted two", "refused one"]
    assert cases.asked == [a_path("one"), a_path("two"), a_path("one")]
    assert len(report.decided) == 2
    assert (cases.forgot, report.exit_code) == (1, 1)
    cases = Cases((asking("one"), UNREAD))
    report, run, _ = ran(cases, monkeypatch)
    assert (messages(report), story(run)) == (["GitHub does not answer"], [])
    assert cases.forgot == len(Patience().pauses)


def test_bulk_comes_after_everybody_else_on_a_fresh_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is fetched again before it, and not before the first portion."""
    bulk = [(asking(f"bulk{each}", "bulk"), UNREAD) for each in range(11)]
    cases = Cases(*bulk)
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch)
    assert (len(report.decided), run.fetches) == (11, 1)
    cases = Cases(*(asking(f"bulk{each}", "bulk") for each in range(11)), asking("small"))
    report, run, _ = ran(cases, monkeypatch)
    assert cases.asked[0] == a_path("small")
    assert (len(report.decided), len(report.recorded)) == (12, 24)
    assert len({each.key for each in report.recorded}) == 24


LARGE = TooLarge(commit=sha("large"), base=BASE, committed_at=MERGED_AT)


def test_a_commit_that_is_too_large_is_refused_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, whatever else is decided; where it cannot be recorded the run goes on."""
    report, run, _ = ran(Cases(asking("one")), monkeypatch, large=(LARGE,))
    assert story(run) == ["approved one", "granted one", "refused"]
    assert (report.refused, report.exit_code) == ((LARGE,), 1)
    run, cases = PlainRun(takes=refusing(lambda message: "refused" in message)), Cases(asking("one"))
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch, large=(LARGE,), run=run)
    assert story(run) == ["approved one", "granted one"]
    another = replace(LARGE, commit=sha("another"))
    run = PlainRun(takes=refusing(lambda message: LARGE.commit[:10] in message))
    report, run, _ = ran(Cases(), monkeypatch, large=(LARGE, another), run=run)
    assert [each.commit for each in run.ledger(LATE).read().events] == [another.commit]
    assert report.refused == (LARGE, another)


def refusing(which: Callable[[str], bool], error: JitbotError = UNREAD) -> Callable[[str], object]:
    """A GitHub that takes no commit whose message is so."""

    def takes(message: str) -> None:
        if which(message):
            raise error

    return takes


def about(*names: str) -> Callable[[str], bool]:
    """Whether a decision about one of these requests is in it."""
    return lambda message: any(f"Request: {a_path(each)}" in message for each in names)


def test_what_cannot_be_recorded_takes_nobody_else_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge by merge: what is not recorded stays due, with the reason, and nothing of it is given."""
    run = PlainRun(takes=refusing(about("one"), DeniedError("too long")))
    cases = Cases(asking("one"), asking("two"), asking("three", "two"), (asking("four"), UNREAD))
    cases.patience = Patience(pauses=[])
    report, run, cloud = ran(cases, monkeypatch, run=run)
    assert story(run) == ["approved three", "approved two", "granted three", "granted two"]
    assert set(messages(report)) == {"its decision could not be recorded: too long", "GitHub does not answer"}
    assert len(messages(report)) == 2
    assert cases.asked.count(a_path("four")) == 1  # what is undecided is not asked for again to be recorded
    assert (len(cloud.of("create")), report.exit_code) == (2, 3)
    run = PlainRun(takes=refusing(about("one")))
    _, run, _ = ran(
        Cases(asking("one", "same"), asking("two", "same"), asking("three")), monkeypatch, run=run
    )
    assert story(run) == ["approved three", "granted three"]


def test_what_another_run_recorded_meanwhile_is_not_called_unrecorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one merge another run wins the first request, and the record of the second fails: that one alone is due."""
    run, attempts = PlainRun(), list[str]()
    others = replace(an_approval(asked=a_request(path=a_path("one"))), commit=sha("same"), at=LATE)

    def takes(message: str) -> None:
        attempts.append(message)
        if len(attempts) == 2:
            run.push(others)
            raise BranchMovedError("somebody was first")
        if about("two")(message) and "granted" not in message:
            raise UNREAD

    run.takes = takes
    cases = Cases(asking("one", "same"), asking("two", "same"))
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch, run=run)
    assert story(run) == ["approved one"]
    assert messages(report) == ["its decision could not be recorded: GitHub does not answer"]


def test_an_extension_waits_for_what_it_extends_to_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first cannot be recorded: the second is not tried, and others are."""
    first = asking("one")
    pull = a_pull(number=8, merge_commit=sha("longer"), merged_at=MERGED_AT + MINUTE)
    second = replace(
        first,
        change=replace(first.change, commit=sha("longer"), kind=ChangeKind.MODIFIED),
        request=replace(first.request, value=a_request(path=a_path("one"), duration=3 * HOUR)),  # type: ignore[type-var]
        merge=a_merge(pull_request=pull, files=(a_path("one"),), reviews=(a_review(submitted_at=MERGED_AT),)),
        listed=(pull,),
    )
    run = PlainRun(takes=refusing(about("one"), DeniedError("too long")))
    cases = Cases(first, second, asking("two"))
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch, run=run)
    assert sorted(messages(report)) == [
        "its decision could not be recorded: an earlier change of this file is not recorded",
        "its decision could not be recorded: too long",
    ]
    assert story(run) == ["approved two", "granted two"]
    many = [asking(f"n{each}") for each in range(4)]
    cases = Cases(first, *many, second)
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch, run=PlainRun(takes=refusing(lambda _: True)))
    why = {each.change: each.decision.reasons[-1].message for each in report.decided}
    assert why[second.change] == "its decision could not be recorded: GitHub takes no record now"


@pytest.mark.parametrize(("error", "tried"), [(UNREAD, 1 + 5), (DeniedError("too long"), 1 + 8)])
def test_a_run_gives_way_where_github_takes_no_record(
    monkeypatch: pytest.MonkeyPatch, error: JitbotError, tried: int
) -> None:
    """After five answers in a row that say nothing; a refusal says something of one record alone."""
    attempts: list[str] = []

    def takes(message: str) -> None:
        attempts.append(message)
        raise error

    cases = Cases(*(asking(f"n{each}") for each in range(8)))
    cases.patience = Patience(pauses=[])
    report, _, _ = ran(cases, monkeypatch, run=PlainRun(takes=takes))
    assert len(attempts) == tried
    given_up = [each for each in messages(report) if each.endswith("GitHub takes no record now")]
    assert (len(given_up), len(messages(report))) == (1 + 8 - tried, 8)


def test_answers_that_say_nothing_count_in_a_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One record that is taken, and the count begins anew."""
    run = PlainRun(takes=refusing(lambda message: message.count("Request: ") > 1 or not about("n4")(message)))
    cases = Cases(*(asking(f"n{each}") for each in range(9)))
    cases.patience = Patience(pauses=[])
    report, run, _ = ran(cases, monkeypatch, run=run)
    assert story(run) == ["approved n4", "granted n4"]
    assert not [each for each in messages(report) if "takes no record" in each]


def test_others_who_keep_writing_leave_everything_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can record anything then: nothing is tried one by one."""
    run = PlainRun(takes=refusing(lambda _: True, BranchMovedError("somebody was first")))
    cases = Cases(asking("one"), asking("two"))
    cases.patience = Patience(pauses=[])
    report, run, cloud = ran(cases, monkeypatch, run=run)
    assert ["others keep writing" in each for each in messages(report)] == [True, True]
    assert (story(run), cloud.calls) == ([], [])


def test_an_error_that_no_record_made_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing that could be recorded one by one."""
    run = PlainRun()

    def forgets(seconds: float) -> None:
        run.slept.append(seconds)
        raise UnavailableError("the clone is gone")

    context_of = run.context

    def context() -> Any:
        made: Any = context_of()
        made.sleep = forgets
        return made

    stand_in: Any = type("Broken", (), {"__getattr__": lambda _, name: getattr(run, name)})()
    stand_in.context, stand_in.now, stand_in.at_main, stand_in.fetches = context, LATE, run.at_main, 0
    with pytest.raises(UnavailableError, match="the clone is gone"):
        ran(Cases((asking("one"), UNREAD)), monkeypatch, run=stand_in)


def test_an_end_that_was_recorded_meanwhile_is_carried_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was just given, in the accounts where it was; what failed to be given is not denied."""
    run = PlainRun()
    one, two = asking("one", accounts=("prod", "staging")), asking("two")
    cloud = PlainRoles(now=LATE, broken={STAGING: UnavailableError("AWS is down")})

    def revoked() -> None:
        if not any("revoked" in each for each in story_of(run)):
            run.push(a_revocation(request=a_path("one"), at=LATE))

    cloud.meanwhile = revoked
    report, run, cloud = ran(Cases(one, two), monkeypatch, run=run, cloud=cloud)
    assert story(run) == [
        "approved one",
        "approved two",
        "ended one",
        "failed one",
        "granted two",
        "revoked one",
    ]
    assert (cloud.of("deny"), cloud.of("create")) == ([PROD], [PROD, PROD])
    assert [each.request for each in report.recorded if each.kind == "ended"] == [a_path("one")]
    assert len(report.failures) == 1


def story_of(run: PlainRun) -> list[str]:
    """The names of the files of all events."""
    return [entry.path for added in run.commits for entry in added.entries]


def test_a_deletion_meanwhile_ends_one_account_and_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account's own grant, and no other request's."""
    run, cloud = PlainRun(), PlainRoles(now=LATE)
    cloud.meanwhile = lambda: run.at_main.pop(a_path("one"), None)
    _, run, cloud = ran(
        Cases(asking("one", accounts=("prod", "staging")), asking("two")), monkeypatch, run=run, cloud=cloud
    )
    assert sorted(cloud.of("deny")) == sorted([PROD, STAGING])
    assert story(run) == ["approved one", "approved two", "ended one", "ended one", "granted two"]


def test_a_sweep_is_wanted_where_something_may_have_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or where the output cannot be written; then it is said."""
    run = PlainRun()
    run.push(an_approval())
    report, run, cloud = ran(Cases(), monkeypatch, run=run, now=NOW)
    assert (run.handed, cloud.calls, report.may_have_to_end) == ({}, [], True)
    run = PlainRun()

    class Full(dict[str, str]):
        def __setitem__(self, *_: str) -> None:
            raise UnavailableError("no room")

    run.handed = Full()
    ran(Cases(), monkeypatch, run=run)
    assert "a sweep is started, whatever there is to end: no room" in run.said


def recorded(report: Report) -> list[Event]:
    """All that is recorded, each once."""
    assert len({each.key for each in report.recorded}) == len(report.recorded)
    return list(report.recorded)


def test_what_another_run_approved_is_given_and_not_called_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run gives whatever the ledger says; its report has its own records alone."""
    run = PlainRun()
    run.push(an_approval())
    run.at_main[PATH] = b"x"
    report, run, cloud = ran(Cases(), monkeypatch, run=run)
    assert [str(each.kind) for each in recorded(report)] == ["granted"]
    assert cloud.of("create") == [PROD]
    again, _, _ = ran(Cases(), monkeypatch, run=run, cloud=cloud)
    assert recorded(again) == []
