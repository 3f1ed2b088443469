"""`jitbot audit sessions`, whole, against a small CloudTrail of our own: what it asks, tells and refuses.

The sandbox's AWS has no LookupEvents. What this one answers is our reading of AWS's documentation.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World, open_world
from audit_story import clone, vouched
from cloudtrail import ALICE, assumed, called
from desk import Said
from desk import said as run

from jitbot.adapters.aws import trail

_IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass(kw_only=True)
class Cloud:
    """A CloudTrail with these events by attribute, in an account."""

    account: str = "111111111111"
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # region and attribute
    url: str = ""


def _handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("X-Amz-Target", "").endswith(".LookupEvents"):
                attribute = json.loads(body)["LookupAttributes"][0]
                region = self.headers["Authorization"].split("/")[2]
                cloud.asked.append((region, attribute["AttributeKey"]))
                found = cloud.events.get(attribute["AttributeKey"], []) if region == "eu-west-1" else []
                told = [{**each, "EventTime": each["EventTime"].timestamp()} for each in found]
                answer, kind = json.dumps({"Events": told}), "application/x-amz-json-1.1"
            else:
                answer, kind = _IDENTITY.format(account=cloud.account), "text/xml"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture(scope="module")
def granted() -> Iterator[tuple[World, str]]:
    """alice's grant of an hour ago, and an auditor's clone."""
    with open_world() as world:
        path = world.ask()
        world.jit("grant")
        world.later(HOUR)
        clone(world)
        yield world, path


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """That CloudTrail, running; the pauses between calls are for the real one."""
    monkeypatch.setattr(trail, "PAUSE", 0.0)
    found = Cloud()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(found)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()


def sessions(granted: tuple[World, str], cloud: Cloud, *arguments: str) -> Said:
    """Run the command as an auditor with credentials of the account."""
    world, _ = granted
    environ = {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    return run(
        *("audit", "sessions", "--keys", str(vouched(world)), *arguments),
        folder=world.acme.clone("auditor"),
        environ=environ,
        now=world.now,
    )


def used(granted: tuple[World, str], cloud: Cloud) -> None:
    """alice entered her role, described a table, and was denied once."""
    world, _ = granted
    role = next(each["role_name"] for each in world.ledger() if each["event"] == "granted")
    arn, at = f"arn:aws:iam::111111111111:role/jit/{role}", world.now - 30 * MINUTE
    cloud.events["ResourceName"] = [assumed(at=at)]
    cloud.events["AccessKeyId"] = [
        called(role=arn, at=at + MINUTE, event_id="e2"),
        called("ListTables\x1b[31m", role=arn, at=at + 2 * MINUTE, event_id="e3", errorCode="AccessDenied"),
    ]


def test_what_was_done_in_words(granted: tuple[World, str], cloud: Cloud) -> None:
    """When entered and by whom, first and last use, what was called, what was denied; nothing moves the cursor."""
    used(granted, cloud)
    answer = sessions(granted, cloud, "alice-ask")
    assert answer.code == 0
    assert "first use 2026-11-23T09:30:00Z, last use 2026-11-23T09:32:00Z" in answer.out
    assert f"with keys by {ALICE} as alice from 192.0.2.7" in answer.out
    assert "1 × dynamodb:DescribeTable\n" in answer.out
    assert "1 × dynamodb:ListTables\\x1b[31m, 1 denied" in answer.out


def test_what_was_done_as_json(granted: tuple[World, str], cloud: Cloud) -> None:
    """The same for machines, for each role of the request."""
    used(granted, cloud)
    answer = sessions(granted, cloud, "alice-ask", "--format", "json")
    role = answer.json["roles"][0]
    assert (answer.json["request"], role["account"]) == (granted[1], "prod")
    assert (role["never_used"], role["denied"], len(role["entered"])) == (False, 1, 1)


def test_what_a_federated_console_did(granted: tuple[World, str], cloud: Cloud) -> None:
    """It has another key than the sign-in: its calls are found by the session's name, and none is counted twice."""
    used(granted, cloud)
    (first, second) = cloud.events["AccessKeyId"]
    who = json.loads(first["CloudTrailEvent"])["userIdentity"]
    arn = who["sessionContext"]["sessionIssuer"]["arn"]
    other = called("DeleteTable", role=arn, at=granted[0].now - 5 * MINUTE, event_id="e4")
    cloud.events["Username"] = [first, second, other, called(role="arn:aws:iam::1:role/x", event_id="e5")]
    answer = sessions(granted, cloud, "alice-ask")
    assert "1 × dynamodb:DeleteTable\n" in answer.out
    assert "1 × dynamodb:DescribeTable\n" in answer.out
    assert "last use 2026-11-23T09:55:00Z" in answer.out


def test_never_used(granted: tuple[World, str], cloud: Cloud) -> None:
    """A grant that nobody used is told as such, with where and when was looked."""
    answer = sessions(granted, cloud, "alice-ask")
    assert "never used, as far as CloudTrail knows" in answer.out
    assert "looked in eu-west-1, us-east-1 from 2026-11-23T08:45:00Z to 2026-11-23T10:00:00Z" in answer.out


def test_where_it_looks(granted: tuple[World, str], cloud: Cloud) -> None:
    """In the regions named, else in those of the policy's statements; and always where global calls are recorded."""
    sessions(granted, cloud, "alice-ask")
    assert {region for region, _ in cloud.asked} == {"eu-west-1", "us-east-1"}
    cloud.asked.clear()
    sessions(granted, cloud, "alice-ask", "--region", "ap-south-1")
    assert {region for region, _ in cloud.asked} == {"ap-south-1", "us-east-1"}


def test_another_account_is_refused(granted: tuple[World, str], cloud: Cloud) -> None:
    """Credentials of another account tell nothing about this one."""
    cloud.account = "999999999999"
    answer = sessions(granted, cloud, "alice-ask")
    assert (answer.code, cloud.asked) == (3, [])
    assert "999999999999 answered where 111111111111 was meant" in answer.err


def test_an_unknown_request_is_refused(granted: tuple[World, str], cloud: Cloud) -> None:
    """Nothing is looked for that the ledger does not know."""
    assert sessions(granted, cloud, "nobody-knows").code == 1
    assert cloud.asked == []
