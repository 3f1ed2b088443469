"""Each text of the report's page, of its first page, and of the pack's index: what stands for what is not known."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import DAY, HOUR, NOW, PROD, sha
from audit_facts import a_period_report, a_record, approval, ended, granted, removed

from jitbot.commands.audit import page as module
from jitbot.commands.audit import page_overview
from jitbot.commands.audit.pack_index import _file
from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.controls import CONTROLS
from jitbot.domain.audit.report.overview.policy_figures import policy_figures
from jitbot.domain.audit.report.overview.populations import ActiveGrants, Population
from jitbot.domain.audit.report.pack import PackFile
from jitbot.domain.audit.report.rules.rule_rows import RuleRow
from jitbot.domain.audit.verify.grant_record import ControlAnswer, ControlResult, GrantRecord
from jitbot.domain.ledger.stops import Stop
from jitbot.usecases.audit.period_report import PeriodReport

YES, NO, UNKNOWN = ControlAnswer.YES, ControlAnswer.NO, ControlAnswer.UNKNOWN
GOOD = a_record(approval(), granted(), ended(), removed())
NOBODYS = replace(GOOD, requester="", policy="", account="", request="")


def judged(record: GrantRecord = GOOD, **answers: ControlAnswer) -> GrantRecord:
    """It with these answers instead of all that were given; each is by its own name."""
    results = {name: ControlResult(answer=each, why=f"{name} why") for name, each in answers.items()}
    return replace(record, judgements=results)


def a_change(**given: Any) -> RuleRow:
    """A change of one policy that was reviewed."""
    row = RuleRow(
        commit=sha("rules"),
        at=NOW,
        subject="less",
        paths=("policies/access/a.yaml",),
        paths_count=1,
        reviewed=YES,
        outcome="reviewed",
        approved_by=("erin",),
    )
    return replace(row, **given)


def doubtful(report: PeriodReport) -> PeriodReport:
    """The same, with something that could not be checked."""
    return replace(report, source=replace(report.source, doubt="a commit was not read"))


def changed(report: PeriodReport, **row: Any) -> PeriodReport:
    """The same, with a change of the rules."""
    return replace(report, rule_changes=(a_change(**row),))


@pytest.mark.parametrize(
    ("report", "mark", "title"),
    [
        (a_period_report(), "warn", "Nothing to judge"),
        (a_period_report(GOOD), "good", "No exception was found in this period"),
        (a_period_report(judged(within_max=NO)), "bad", "1 exception"),
        (a_period_report(judged(within_max=UNKNOWN)), "warn", "1 item that the record does not explain"),
        (doubtful(a_period_report(GOOD)), "warn", "0 items that the record does not explain"),
        (doubtful(a_period_report()), "warn", "Nothing to judge"),
        (changed(a_period_report(), reviewed=NO), "bad", "1 exception"),
        (changed(a_period_report(judged(within_max=NO)), reviewed=NO), "bad", "2 exceptions"),
        (changed(a_period_report(), reviewed=UNKNOWN), "warn", "1 item that the record does not explain"),
    ],
)
def test_the_banner_is_the_gravest_answer(report: PeriodReport, mark: str, title: str) -> None:
    """Of grants and of all else; only where nothing is unknown it is good, and nothing at all is no good answer."""
    found = module._verdict(report)
    assert (found["mark"], found["title"]) == (mark, title)


def texts(monkeypatch: pytest.MonkeyPatch, report: PeriodReport) -> Mapping[str, Any]:
    """What the template is given."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(module, "page", lambda *_, **given: found.update(given) or "the page")
    assert module.rendered(report) == "the page"
    return found


def test_the_gravest_exceptions_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Access that nobody else approved, then too long, then late, then other, then unknown; what is good is not listed."""
    answers: list[dict[str, ControlAnswer]] = [
        {"rule": UNKNOWN},
        {"rule": NO},
        {"rule": NO, "removed_on_time": NO},
        {"within_max": NO},
        {"separation_of_duties": NO},
        {"approved_before_grant": NO, "within_max": NO},
    ]
    records = [replace(judged(GOOD, **each), id=str(at)) for at, each in enumerate(answers)]
    found = texts(monkeypatch, a_period_report(*records, replace(GOOD, id="good")))
    assert [each["id"] for each in found["exceptions"]] == ["5", "4", "3", "2", "1", "0"]
    assert found["exceptions_left_out"] == 0
    many = texts(monkeypatch, a_period_report(*[replace(records[1], id=str(at)) for at in range(27)]))
    assert (len(many["exceptions"]), many["exceptions_left_out"]) == (25, 2)


def test_a_page_without_a_grant_has_no_figures() -> None:
    """A row of zeros for all policies would say nothing."""
    assert page_overview.overview(a_period_report())["figures"] == []
    found = cast("list[Mapping[str, str]]", page_overview.overview(a_period_report(GOOD))["figures"])
    assert [each["policy"] for each in found] == ["orders-db-read", "all policies"]


@pytest.mark.parametrize(
    ("record", "who", "policy", "account", "why"),
    [
        (judged(a=NO, b=UNKNOWN, c=NO), "alice", "orders-db-read", "prod", "a why; c why"),
        (judged(a=YES, b=UNKNOWN), "alice", "orders-db-read", "prod", "b why"),
        (judged(NOBODYS, a=NO), "unknown", "no policy", str(PROD), "a why"),
    ],
)
def test_an_exception_says_whose_and_why(
    record: GrantRecord, who: str, policy: str, account: str, why: str
) -> None:
    """Where something is wrong, what is merely unknown is not beside it."""
    found = module._exception(record)
    assert found == {"id": GOOD.id, "who": who, "policy": policy, "account": account, "why": why}


@pytest.mark.parametrize(
    ("lifted", "until"),
    [
        (None, "2026-11-24T10:01:00Z"),
        (
            SimpleNamespace(evidence=SimpleNamespace(reason="over")),
            "2026-11-24T10:01:00Z, lifted by erin: over",
        ),
    ],
)
def test_a_stop_says_who_lifted_it(lifted: Any, until: str) -> None:
    """And why, if somebody did."""
    event = SimpleNamespace(at=NOW, evidence=SimpleNamespace(by="bob", reason="a lost laptop"))
    stop = SimpleNamespace(
        event=event,
        lifted=lifted,
        lifted_by="erin",
        subject=SimpleNamespace(in_words="alice"),
        until=NOW + HOUR,
    )
    assert module._stop(cast("Stop", stop)) == {
        "at": "2026-11-24T09:01:00Z",
        "of": "alice",
        "by": "bob",
        "why": "a lost laptop",
        "until": until,
    }


PATHS = tuple(f"policies/access/{name}.yaml" for name in "abcdefgh")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {"paths": PATHS[0], "pull_request": "", "mark": ""}),
        ({"paths": PATHS[:6], "paths_count": 6}, {"paths": ", ".join(PATHS[:6])}),
        ({"paths": PATHS, "paths_count": 8}, {"paths": f"{', '.join(PATHS[:6])} and 2 more"}),
        ({"paths": PATHS[:6], "paths_count": 1_200}, {"paths": f"{', '.join(PATHS[:6])} and 1,194 more"}),
        ({"paths": (), "paths_count": None}, {"paths": "more files than are read"}),
        ({"pull_request": 7, "author": "dave"}, {"pull_request": "#7 of dave"}),
        ({"reviewed": NO}, {"mark": "exception"}),
        ({"reviewed": UNKNOWN}, {"mark": ""}),
    ],
)
def test_a_change_of_the_rules_in_a_row(given: dict[str, Any], shown: dict[str, str]) -> None:
    """Its first six files, how many more there are, the pull request where there was one, and whether it is an exception."""
    found = module._rule_change(a_change(**given))
    assert {name: found[name] for name in shown} == shown


ENTITLED = Entitlement(
    policy="orders-db-read",
    description="Read one table",
    eligible=("alice", "carol"),
    named=("@acme/payments",),
    accounts=("a", "b", "c", "d"),
    max_duration="4h",
    approvals=2,
    approvers=("bob",),
    owners=("@acme/leads",),
    owner_rule="/requests/orders-db-read/ @acme/leads",
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {"eligible": "alice, carol", "named": "@acme/payments: 2 people can ask", "accounts_named": ""}),
        ({}, {"approvals": "2", "owners": "@acme/leads: 1 person can approve", "approvers": "bob"}),
        ({"accounts": tuple("abcde")}, {"accounts": "a, b, c, d, e", "accounts_named": "5 accounts"}),
        ({"approvals": None}, {"approvals": ""}),
        ({"rules": ("1 of the owners", "1 of @acme/security")}, {"approvals": "1 of the owners; 1 of @acme/security"}),
        ({"approvals": 0, "reviewers": ("erin",)}, {"approvals": "0", "owners": "nobody before; afterwards reviewed by erin"}),
        ({"eligible": (), "named": ()}, {"eligible": "nobody", "named": "nobody: 0 people can ask"}),
    ],
)  # fmt: skip
def test_who_could_do_what(given: dict[str, Any], shown: dict[str, str]) -> None:
    """By name and by number; nobody is a word, and an unknown number of approvals is none."""
    found = module._entitlement(replace(ENTITLED, **given))
    assert {name: found[name] for name in shown} == shown


ANSWER = AuditAnswer(
    name="rules", question="Were the rules reviewed?", answer="yes", section="rules", files=("rules.csv",)
)


@pytest.mark.parametrize(
    ("given", "row", "exceptions", "unknown"),
    [
        ({}, "", ("–", "none"), ("–", "none")),
        ({"exceptions": 0, "unknown": 0}, "good", ("0", "good"), ("0", "good")),
        ({"exceptions": 1_200, "unknown": 0}, "exception", ("1,200", "exception"), ("0", "good")),
        ({"exceptions": 0, "unknown": 3}, "warn", ("0", "good"), ("3", "unknown")),
    ],
)
def test_an_answer_is_marked(
    given: dict[str, Any], row: str, exceptions: tuple[str, str], unknown: tuple[str, str]
) -> None:
    """Zero is good; where nothing can be an exception there is no number. The link leads within the page, or to a file of the pack."""
    (found,) = page_overview.answer_rows([replace(ANSWER, **given)])
    assert (found["row"], found["link"]) == (row, "#rules")
    assert (found["exceptions"], found["exceptions_mark"]) == exceptions
    assert (found["unknown"], found["unknown_mark"]) == unknown
    (in_pack,) = page_overview.answer_rows([ANSWER], in_pack=True)
    assert in_pack["link"] == "rules.csv"


def test_a_population_without_dates() -> None:
    """A dash stands for a day that is not known."""
    found = Population(name="used", count=1, not_known=2, begins=NOW, ends=NOW + DAY, means="x")
    shown = page_overview._population(found)
    assert (shown["begins"], shown["ends"]) == ("2026-11-24T09:01:00Z", "2026-11-25T09:01:00Z")
    shown = page_overview._population(replace(found, begins=None, ends=None))
    assert (shown["begins"], shown["ends"]) == ("–", "–")


Show = Callable[[GrantRecord], Mapping[str, str]]


@pytest.mark.parametrize(
    ("show", "record", "shown"),
    [
        (
            page_overview._held,
            GOOD,
            {
                "who": "alice",
                "policy": "orders-db-read in prod",
                "since": "2026-11-24T09:02:00Z",
                "until": "2026-11-24T11:00:00Z",
            },
        ),
        (
            page_overview._held,
            replace(NOBODYS, policy="x", granted=(), not_after=None, ended=None),
            {"who": "unknown", "policy": f"x in {PROD}", "since": "", "until": "not recorded"},
        ),
        (
            page_overview._refusal,
            GOOD,
            {"request": GOOD.request, "who": "alice", "at": "2026-11-24T09:01:00Z", "why": "not recorded"},
        ),
        (
            page_overview._refusal,
            replace(NOBODYS, decisions=(replace(GOOD.decisions[0], reasons=("too long", "no owner")),)),
            {"request": GOOD.id, "who": "unknown", "why": "too long; no owner"},
        ),
    ],
)
def test_a_grant_and_a_refusal_in_a_row(show: Show, record: GrantRecord, shown: dict[str, str]) -> None:
    """With words for what is not recorded of it."""
    found = show(record)
    assert {name: found[name] for name in shown} == shown


def test_what_gives_access_is_cut_and_counted() -> None:
    """Twenty-five rows, and how many more."""
    found = page_overview._active(ActiveGrants(at=NOW, records=(GOOD,) * 27))
    assert (len(cast("list[Any]", found["rows"])), found["left_out"]) == (25, 2)


def test_the_figures_of_a_policy() -> None:
    """What is zero is left out, not said to be zero of zero."""
    (each, _) = policy_figures([GOOD])
    none = replace(each, policy="", use=replace(each.use, over=0, not_seen=0, not_asked=0))
    found = page_overview._figures(none)
    shown = [found[name] for name in ("policy", "refused", "never", "break_glass")]
    assert shown == ["no policy", "", "", ""]
    use = replace(each.use, over=3, never=1, not_seen=1, not_asked=1)
    more = replace(each, use=use, refused=2, reasons=(("too-long", 2),), break_glass=1, reviews={YES: 1})
    found = page_overview._figures(more)
    shown = [found[name] for name in ("policy", "refused", "never", "break_glass")]
    assert shown == [
        "orders-db-read",
        "2 (too long 2)",
        "1 of 3, 2 not known",
        "1 grant; reviewed in time: yes: 1",
    ]


def test_a_control_has_the_questions_that_speak_to_it() -> None:
    """By the rows that it names, and no other."""
    (control, *_) = CONTROLS
    control = replace(control, verdicts=("rules", "use"))
    others = [
        replace(ANSWER, name="population", question="How many?"),
        replace(ANSWER, name="use", question="Used?"),
    ]
    found = page_overview._control(control, [ANSWER, *others])
    assert found["answers"] == "Were the rules reviewed? Used?"


@pytest.mark.parametrize(
    ("files", "size", "link"), [(1, "1,234 bytes", "items.csv"), (3, "3 files, 1,234 bytes", "")]
)
def test_a_folder_of_the_pack_is_counted(files: int, size: str, link: str) -> None:
    """And a file is linked."""
    found = _file(PackFile(name="items.csv", about="`items` by name", files=files, size=1_234))
    assert found == {"name": "items.csv", "about": "items by name", "size": size, "link": link}
