"""A trail of one's own, asked through botocore's own models: what is asked, and what of an answer counts.

moto keeps neither CloudTrail's log group nor its table, and nothing here ran against the real ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from jitbot.adapters.aws.call_log import OwnCallLog, athena_question, insights_question
from jitbot.domain.model.bounds import TRAIL_ROWS
from jitbot.domain.model.documents import AccountId, OwnTrail
from jitbot.domain.model.errors import DeniedError, InvalidError, TooMuchError, UnavailableError
from jitbot.domain.usage.role_usage import Period
from jitbot.domain.usage.use_event import ServiceCalls

ROLE = "arn:aws:iam::111111111111:role/jit/jit-alice-orders-db-read-8074caf777"
OTHER = "arn:aws:iam::111111111111:role/jit/jit-carol-orders-db-read-0000000000"
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PERIOD = Period(start=START, end=START + timedelta(hours=4))
GROUP = OwnTrail(region="eu-west-1", log_group="aws-cloudtrail-logs")
TABLE = OwnTrail(
    region="eu-west-1", account=AccountId("333333333333"), workgroup="jitbot", database="cloudtrail",
    table="events", bucket="acme-trail/AWSLogs", results="acme-athena/jitbot", day="day",
)  # fmt: skip
ROW = {
    "role": ROLE, "service": "dynamodb.amazonaws.com", "error": "", "calls": "3",
    "first": "2026-11-23T09:10:00Z", "last": "2026-11-23T09:20:00.123Z",
}  # fmt: skip
THREE = ServiceCalls(
    service="dynamodb.amazonaws.com", error="", calls=3,
    first=datetime(2026, 11, 23, 9, 10, tzinfo=UTC), last=datetime(2026, 11, 23, 9, 20, tzinfo=UTC),
)  # fmt: skip


class Stubbed:
    """A trail whose answers are given beforehand; `entered` are the accounts that were entered for it."""

    def __init__(self, trail: OwnTrail) -> None:
        service: Any = "logs" if trail.log_group else "athena"
        client = boto3.client(service, "eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.entered: list[str] = []
        self.slept: list[float] = []

        def session(account_id: AccountId) -> Any:
            self.entered.append(account_id)
            return self

        self.log = OwnCallLog(trail, session, sleep=self.slept.append)

    def client(self, *_: Any, **__: Any) -> Any:
        """The session's one client."""
        return self.stubber.client

    def calls(self, *roles: str) -> Mapping[str, tuple[ServiceCalls, ...]]:
        """What it answers, with all that was foreseen asked."""
        with self.stubber:
            found = self.log.calls_of(AccountId("111111111111"), roles or (ROLE,), PERIOD)
            self.stubber.assert_no_pending_responses()
        return found


def insights(*rows: Mapping[str, str], status: str = "Complete", running: int = 0) -> Stubbed:
    """Logs Insights, with these rows in its answer."""
    found = Stubbed(GROUP)
    found.stubber.add_response("start_query", {"queryId": "q"}, {
        "logGroupName": "aws-cloudtrail-logs", "startTime": int(START.timestamp()),
        "endTime": int((PERIOD.end + timedelta(days=1)).timestamp()), "queryString": ANY, "limit": TRAIL_ROWS + 1,
    })  # fmt: skip
    for _ in range(running):
        found.stubber.add_response(
            "get_query_results", {"status": "Running", "results": []}, {"queryId": "q"}
        )
    results = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
    found.stubber.add_response("get_query_results", {"status": status, "results": results}, {"queryId": "q"})
    return found


def athena(*rows: Mapping[str, str], state: str = "SUCCEEDED") -> Stubbed:
    """Athena, with these rows on two pages of its answer; the first row names the columns."""
    found = Stubbed(TABLE)
    found.stubber.add_response("start_query_execution", {"QueryExecutionId": "x"}, {
        "QueryString": ANY, "QueryExecutionContext": {"Database": "cloudtrail"}, "WorkGroup": "jitbot",
    })  # fmt: skip
    for each in ("QUEUED", "RUNNING", state):
        status = {"QueryExecution": {"Status": {"State": each}}}
        found.stubber.add_response("get_query_execution", status, {"QueryExecutionId": "x"})
    if state == "SUCCEEDED":
        columns = tuple(ROW)
        table = [columns, *(tuple(row.get(name, "") for name in columns) for row in rows)]
        shown = [{"Data": [{"VarCharValue": each} for each in row]} for row in table]
        asked = {"QueryExecutionId": "x", "MaxResults": 500}
        first, rest = shown[:500], shown[500:]
        pages = [first, *(rest[at : at + 500] for at in range(0, len(rest), 500))]
        for number, page in enumerate(pages):
            more = {"NextToken": f"t{number}"} if number + 1 < len(pages) else {}
            before = {"NextToken": f"t{number - 1}"} if number else {}
            found.stubber.add_response(
                "get_query_results", {"ResultSet": {"Rows": page}, **more}, {**asked, **before}
            )
    return found


BOTH = pytest.mark.parametrize("answer", [insights, athena])


@BOTH
def test_the_calls_of_a_role(answer: Callable[..., Stubbed]) -> None:
    """Each sum of each role that was asked about, and of no other."""
    denied = {**ROW, "error": "AccessDenied", "calls": "1"}
    found = answer(ROW, denied, {**ROW, "role": OTHER}, {**ROW, "role": "arn:aws:iam::9:role/x"}).calls(
        ROLE, OTHER
    )
    assert [(each.error, each.calls) for each in found[ROLE]] == [("", 3), ("AccessDenied", 1)]
    assert found[ROLE][0] == THREE
    assert set(found) == {ROLE, OTHER}


@BOTH
def test_nothing_was_called(answer: Callable[..., Stubbed]) -> None:
    """An answer without rows is an answer."""
    assert answer().calls() == {}


def test_which_account_is_asked() -> None:
    """The one that holds the trail, or each one its own."""
    group, table = insights(), athena()
    group.calls()
    table.calls()
    assert (group.entered, table.entered) == (["111111111111"], ["333333333333"])


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"calls": "-1"},
        {"calls": "three"},
        {"calls": "9" * 13},
        {"calls": ""},
        {"first": "yesterday"},
        {"first": "2026-13-45T09:10:00Z"},
        {"last": ""},
        {"last": "2026-11-23T09:20:00+02:00"},
    ],
)
def test_a_row_that_is_none_spoils_the_answer(answer: Callable[..., Stubbed], wrong: dict[str, str]) -> None:
    """Half of an answer would be taken for all of it."""
    with pytest.raises(UnavailableError, match="lacks a"):
        answer(ROW, {**ROW, **wrong}).calls()


@BOTH
def test_more_sums_than_are_read(answer: Callable[..., Stubbed]) -> None:
    """As many as are read are an answer; one more is too much."""
    rows = [{**ROW, "error": f"E{number}"} for number in range(TRAIL_ROWS)]
    assert len(answer(*rows).calls()[ROLE]) == TRAIL_ROWS
    with pytest.raises(TooMuchError, match="more than 1000 sums"):
        answer(*rows, ROW).calls()


@pytest.mark.parametrize("odd", ["", "\x00", "é" * 5000, "'; DROP TABLE x", '" | delete', "=cmd()"])
@BOTH
def test_odd_names_are_data(answer: Callable[..., Stubbed], odd: str) -> None:
    """A service or an error of any name is read as it is, and decides nothing here."""
    (found,) = answer({**ROW, "service": odd, "error": odd}).calls()[ROLE]
    assert (found.service, found.error) == (odd, odd)


@pytest.mark.parametrize("state", ["Failed", "Cancelled", "Timeout", "a newer word"])
def test_a_question_to_the_log_group_that_fails(state: str) -> None:
    """Its end is said, and what it brought is not read."""
    with pytest.raises(UnavailableError, match=f"ended as {state}"):
        insights(ROW, status=state).calls()


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_question_to_the_table_that_fails(state: str) -> None:
    """Likewise."""
    with pytest.raises(UnavailableError, match=f"ended as {state}"):
        athena(ROW, state=state).calls()


def test_an_answer_without_a_state_is_none() -> None:
    """It has ended in no way that is known."""
    with pytest.raises(UnavailableError, match="ended as unknown"):
        insights(ROW, status="").calls()


def test_a_question_is_waited_for_and_not_for_ever() -> None:
    """Two minutes at most."""
    assert insights(ROW, running=3).calls()[ROLE] == (THREE,)
    slow = insights(ROW, running=60)
    with pytest.raises(UnavailableError, match="takes too long"), slow.stubber:
        slow.log.calls_of(AccountId("111111111111"), (ROLE,), PERIOD)
    assert sum(slow.slept) == 120


def test_a_refusal_is_a_refusal() -> None:
    """AWS says no: trying again will not help."""
    found = Stubbed(GROUP)
    found.stubber.add_client_error("start_query", "AccessDeniedException", http_status_code=400)
    with pytest.raises(DeniedError, match="ask the trail's log group"):
        found.calls()


@pytest.mark.parametrize(
    "role",
    [
        "",
        "*",
        f"{ROLE}' OR '1'='1",
        f'{ROLE}"] | fields @message',
        f"{ROLE}\n",
        f"{ROLE}\\",
        "arn:aws:iam::111111111111:user/alice",
        "arn:aws:iam::11111111111²:role/jit/x",
        f"arn:aws:iam::111111111111:role/{'x' * 601}",
    ],
)
@pytest.mark.parametrize("trail", [GROUP, TABLE])
def test_nothing_but_a_role_enters_a_question(trail: OwnTrail, role: str) -> None:
    """What could end a literal is refused before AWS is asked anything, one such name among many too."""
    with pytest.raises(InvalidError, match="about roles of jitbot alone"):
        Stubbed(trail).calls(ROLE, role)
    for question in (insights_question, lambda roles, period: athena_question(TABLE, roles, period)):
        with pytest.raises(InvalidError):
            question([role], PERIOD)


@pytest.mark.parametrize("trail", [GROUP, TABLE])
def test_no_question_is_about_no_role(trail: OwnTrail) -> None:
    """AWS would take it for a question about everything, or for none."""
    with pytest.raises(InvalidError, match="about no role"):
        Stubbed(trail).log.calls_of(AccountId("111111111111"), (), PERIOD)


@pytest.mark.parametrize("part", ["database", "table", "day"])
def test_nothing_but_a_name_is_a_table(part: str) -> None:
    """The schema says so, too; here nothing depends on it."""
    odd: dict[str, Any] = {part: 'x"; DROP'}
    with pytest.raises(InvalidError, match="a name that no table has"):
        athena_question(replace(TABLE, **odd), [ROLE], PERIOD)


def test_the_questions() -> None:
    """As AWS's guides write them: by role, in the time that is asked about, summed."""
    asked = insights_question([ROLE, OTHER], PERIOD)
    assert f'sessionIssuer.arn in ["{ROLE}", "{OTHER}"]' in asked
    assert 'eventTime >= "2026-11-23T09:00:00Z" and eventTime <= "2026-11-23T13:00:00Z"' in asked
    asked = athena_question(TABLE, [ROLE, OTHER], PERIOD)
    assert f"sessionissuer.arn IN ('{ROLE}', '{OTHER}')" in asked
    assert "BETWEEN '2026-11-23T09:00:00Z' AND '2026-11-23T13:00:00Z'" in asked
    assert "\"day\" BETWEEN '2026/11/23' AND '2026/11/24'" in asked
    whole = OwnTrail(region="eu-west-1", workgroup="w", database="d", table="t")
    assert "2026/11/23" not in athena_question(whole, [ROLE], PERIOD)


def test_what_is_missing_in_an_answer_is_not_empty() -> None:
    """An answer without its list says nothing, and so not that nothing was called."""
    found = insights()
    found.stubber._queue[-1]["response"][1].pop("results")  # type: ignore[attr-defined]
    with pytest.raises(UnavailableError, match="lacks what it should hold"):
        found.calls()
    empty: list[dict[str, Any]] = [{}, {"ResultSet": {}}, {"ResultSet": {"Rows": []}}]
    for answer in empty:
        table = athena()
        last = table.stubber._queue[-1]  # type: ignore[attr-defined]
        last["response"] = (last["response"][0], answer)
        with pytest.raises(UnavailableError, match="lacks"):
            table.calls()
