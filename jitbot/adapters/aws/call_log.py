"""An organisation's own trail: a log group asked by CloudWatch Logs Insights, or a table asked by Athena.

One question for the roles of one account, and the answer is sums: no call is read one by one. What goes into a question
is a literal of a shape that needs no quoting, or nothing is asked. None of it is proven against the real AWS here.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import client_of
from jitbot.domain.model.bounds import TRAIL_ROWS
from jitbot.domain.model.documents import AccountId, OwnTrail
from jitbot.domain.model.errors import InvalidError, TooMuchError, UnavailableError
from jitbot.domain.text import timestamp
from jitbot.domain.usage.role_usage import Period
from jitbot.domain.usage.use_event import ServiceCalls

_ROLE = re.compile(r"arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,600}", re.ASCII)
_NAME = re.compile(r"[a-z0-9_]{1,128}", re.ASCII)
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?Z", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,12}", re.ASCII)
_LOOKS = 60  # at a question that runs
_PAUSE = 2.0  # seconds before each
_PAGE = 500
_ATTEMPTS = 5
_LATE = timedelta(days=1)  # files of a trail may lie in the folder of the day after
_COLUMNS = ("role", "service", "error", "calls", "first", "last")

Row = Mapping[str, str]


class OwnCallLog:
    """The trail of `settings.yaml: trail:`. `session` enters an account with this run's own identity."""

    def __init__(
        self,
        trail: OwnTrail,
        session: Callable[[AccountId], boto3.Session],
        *,
        endpoint: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._trail = trail
        self._session = session
        self._endpoint = endpoint
        self._sleep = sleep

    def calls_of(
        self, account_id: AccountId, role_arns: Sequence[str], period: Period
    ) -> Mapping[str, tuple[ServiceCalls, ...]]:
        asked = sorted(map(_literal, {*role_arns}))
        if not asked:
            raise InvalidError("the trail is asked about no role")
        session = self._session(self._trail.account or account_id)
        service, answer = ("logs", self._insights) if self._trail.log_group else ("athena", self._athena)
        client = client_of(session, service, self._trail.region, endpoint=self._endpoint, attempts=_ATTEMPTS)
        found: dict[str, list[ServiceCalls]] = {}
        for number, row in enumerate(answer(client, asked, period)):
            if number == TRAIL_ROWS:
                raise TooMuchError(f"the trail has more than {TRAIL_ROWS} sums of these roles: look there")
            if row.get("role") in asked:
                found.setdefault(row["role"], []).append(_calls(row))
        return {role: tuple(calls) for role, calls in found.items()}

    def _insights(self, client: Any, roles: Sequence[str], period: Period) -> Iterator[Row]:
        with translated("ask the trail's log group"):
            started = client.start_query(
                logGroupName=self._trail.log_group,
                startTime=int(period.start.timestamp()),
                endTime=int((period.end + _LATE).timestamp()),
                queryString=insights_question(roles, period),
                limit=TRAIL_ROWS + 1,
            )
        answer = self._done(
            lambda: client.get_query_results(queryId=_held(started, "queryId")),
            lambda answer: str(answer.get("status", "")),
            done="Complete",
            running=("Scheduled", "Running", "Unknown"),
        )
        for row in _held(answer, "results"):
            yield {str(each.get("field", "")): str(each.get("value", "")) for each in row}

    def _athena(self, client: Any, roles: Sequence[str], period: Period) -> Iterator[Row]:
        with translated("ask the trail's table"):
            started = client.start_query_execution(
                QueryString=athena_question(self._trail, roles, period),
                QueryExecutionContext={"Database": self._trail.database},
                WorkGroup=self._trail.workgroup,
            )
        execution = _held(started, "QueryExecutionId")
        self._done(
            lambda: client.get_query_execution(QueryExecutionId=execution),
            lambda answer: str(answer.get("QueryExecution", {}).get("Status", {}).get("State", "")),
            done="SUCCEEDED",
            running=("QUEUED", "RUNNING"),
        )
        asked: dict[str, Any] = {"QueryExecutionId": execution, "MaxResults": _PAGE}
        for page in range(TRAIL_ROWS // _PAGE + 2):
            with translated("read what the trail's table answers"):
                answer = client.get_query_results(**asked)
            rows = _held(_held(answer, "ResultSet"), "Rows")
            if not rows:  # the names of the columns are always there
                raise UnavailableError("the trail's answer lacks its rows")
            for row in rows[1:] if page == 0 else rows:  # the first row names the columns
                values = [str(each.get("VarCharValue", "")) for each in row.get("Data", [])]
                yield dict(zip(_COLUMNS, values, strict=False))
            if not (token := answer.get("NextToken")):
                return
            asked["NextToken"] = token

    def _done(
        self,
        look: Callable[[], Mapping[str, Any]],
        state: Callable[[Mapping[str, Any]], str],
        *,
        done: str,
        running: Sequence[str],
    ) -> Mapping[str, Any]:
        """The answer once the question is answered. Raises UnavailableError if it fails, or takes too long."""
        for _ in range(_LOOKS):
            self._sleep(_PAUSE)
            with translated("look at what the trail answers"):
                answer = look()
            if state(answer) == done:
                return answer
            if state(answer) not in running:
                raise UnavailableError(f"the trail's question ended as {state(answer)[:40] or 'unknown'}")
        raise UnavailableError("the trail's question takes too long")


def insights_question(roles: Sequence[str], period: Period) -> str:
    """The question for Logs Insights. Times of ISO 8601 in UTC compare as text."""
    listed = ", ".join(f'"{_literal(each)}"' for each in roles)
    start, end = timestamp.show(period.start), timestamp.show(period.end)
    return (
        f"filter userIdentity.sessionContext.sessionIssuer.arn in [{listed}]"
        f' and eventTime >= "{start}" and eventTime <= "{end}"'
        " | stats count(*) as calls, min(eventTime) as first, max(eventTime) as last"
        " by userIdentity.sessionContext.sessionIssuer.arn as role, eventSource as service, errorCode as error"
    )


def athena_question(trail: OwnTrail, roles: Sequence[str], period: Period) -> str:
    """The question for Athena, over the table that AWS's guide describes."""
    if not all(
        _NAME.fullmatch(each) for each in (trail.database, trail.table, *([trail.day] if trail.day else []))
    ):
        raise InvalidError("the trail's table has a name that no table has")
    listed = ", ".join(f"'{_literal(each)}'" for each in roles)
    start, end = timestamp.show(period.start), timestamp.show(period.end)
    days = ""
    if trail.day:
        days = f" AND \"{trail.day}\" BETWEEN '{period.start:%Y/%m/%d}' AND '{period.end + _LATE:%Y/%m/%d}'"
    role = "useridentity.sessioncontext.sessionissuer.arn"
    return (  # every part is a literal that was looked at above, or our own
        f"SELECT {role} AS role, eventsource AS service, coalesce(errorcode, '') AS error, count(*) AS calls,"  # noqa: S608
        f" min(eventtime) AS first, max(eventtime) AS last"
        f' FROM "{trail.database}"."{trail.table}"'
        f" WHERE {role} IN ({listed}) AND eventtime BETWEEN '{start}' AND '{end}'{days}"
        f" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT {TRAIL_ROWS + 1}"
    )


def _literal(role: str) -> str:
    """A role's ARN, in which nothing ends a literal. Raises InvalidError for anything else."""
    if not _ROLE.fullmatch(role):
        raise InvalidError("the trail is asked about roles of jitbot alone")
    return role


def _held(answer: Mapping[str, Any], name: str) -> Any:
    """A part of an answer. What is missing is not empty."""
    if answer.get(name) is None:
        raise UnavailableError("the trail's answer lacks what it should hold")
    return answer[name]


def _calls(row: Row) -> ServiceCalls:
    """One sum. Raises UnavailableError for a row that is none: then nothing of the answer counts."""
    count, first, last = row.get("calls", ""), _moment(row.get("first", "")), _moment(row.get("last", ""))
    if not _COUNT.fullmatch(count):
        raise UnavailableError("the trail's answer lacks a number where it should have one")
    return ServiceCalls(
        service=row.get("service", ""), error=row.get("error", ""), calls=int(count), first=first, last=last
    )


def _moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    try:
        if match is not None:
            return datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise UnavailableError("the trail's answer lacks a time where it should have one")
