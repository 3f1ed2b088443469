"""`jitbot doctor --rehearse` on a Friday: 80 minutes at once, with everything that can come between."""

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from desk import Said, said
from rehearsing import BEGINS, POLICY, Friday, a_friday, verdicts
from urllib3.util import Retry

from jitbot.domain.setup.rehearsal.notes import RehearsalNotes, dump
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.github import GitHubFault

MINUTE = timedelta(minutes=1)


@pytest.fixture
def friday() -> Iterator[Friday]:
    """A Friday with the policy on main."""
    with a_friday() as found:
        yield found


def seen(answer: Said, code: str) -> str:
    """What was seen of one assumption."""
    found: str = next(each["observed"] for each in answer.json["assumptions"] if each["code"] == code)
    return found


def note(friday: Friday, clone: str = "alice") -> Path:
    """The file of the notes in a clone."""
    return friday.acme.clone(clone, "alice") / ".git/jitbot-rehearsal.json"


def stop(friday: Friday, after: timedelta) -> None:
    """Somebody presses Ctrl-C so long after the beginning."""

    def press() -> None:
        raise KeyboardInterrupt

    friday.at(after, press)


def test_eighty_minutes_at_once(friday: Friday) -> None:
    """Every assumption holds; role, branch and notes are gone; each step is said, and who must do what."""
    friday.soon(friday.approve)
    answer = friday.rehearse()
    assert answer.code == 0, answer
    assert answer.out.count("✓ held") == 17
    assert "pull request 1 is removed: 17 held, 0 did not hold, 0 not seen" in answer.out
    assert "the end is 2026-11-27T16:15:10Z; allowed until 2026-11-27T16:15:09Z" in answer.out
    assert "refused from 2026-11-27T16:15:10Z" in answer.out
    assert timedelta(minutes=75) <= friday.now - BEGINS <= timedelta(minutes=80)
    assert "frank or olivia must approve it, at http://127.0.0.1:" in answer.err
    assert "live until 2026-11-27T16:15:10Z: you have nothing to do" in answer.err
    assert friday.roles() == []
    assert friday.branches() == set()
    assert not note(friday).exists()
    assert len(friday.pauses) < 150


def test_its_events_are_those_of_an_ordinary_request(friday: Friday) -> None:
    """The ledger verifies, and has the four events of the request, under the policy and with the reason of a rehearsal."""
    friday.soon(friday.approve)
    path = friday.rehearse("--format", "json").json["request"]
    environ = friday.acme.job("audit.yml")
    log = said(
        "audit",
        "log",
        "--format",
        "json",
        folder=friday.acme.clone("olivia"),
        environ=environ,
        now=friday.now,
    )
    rows = [each for each in log.json if each["request"] == path]
    assert [each["event"] for each in rows] == ["approved", "granted", "ended", "removed"]
    assert {each["policy"] for each in rows} == {"rehearsal"}
    assert rows[0]["reason"] == "rehearsal by jitbot doctor"
    verify = said("audit", "verify", folder=friday.acme.clone("olivia"), environ=environ, now=friday.now)
    assert "nothing wrong was found" in verify.out, verify


def test_it_is_shown_as_a_rehearsal(friday: Friday) -> None:
    """In `status` and `explain` while it is live, and in what auditors get, where it is no request and nobody's use."""
    friday.soon(friday.approve)
    stop(friday, 5 * MINUTE)
    friday.rehearse()
    environ = friday.acme.job("audit.yml")
    folder = friday.acme.clone("auditor")
    status = said("status", folder=folder, environ=environ, now=friday.now)
    assert ", rehearsal" in status.out
    found = said("status", "--format", "json", folder=folder, environ=environ, now=friday.now).json
    assert [each["rehearsal"] for each in found] == [True]
    explained = said("explain", found[0]["request"], folder=folder, environ=environ, now=friday.now)
    assert "a rehearsal: it can do nothing but ec2:DescribeRegions" in explained.out
    period = ("--from", "2026-11-01", "--to", "2026-11-30")
    ran = said("audit", "export", *period, "--output", "pack", folder=folder, environ=environ, now=friday.now)
    assert "pack: 1 item, " in ran.out, ran
    figures = json.loads((folder / "pack/verdicts.json").read_text())
    assert (figures["items"], figures["requests"], figures["people"]) == (1, 0, 0)
    assert len(figures["rehearsals"]) == 1
    (row,) = csv.DictReader(StringIO((folder / "pack/population.csv").read_text()))
    assert (row["policy"], row["rehearsal"]) == ("rehearsal", "yes")
    report = said("audit", "report", *period, folder=folder, environ=environ, now=friday.now)
    assert ", and 1 rehearsal beside them" in report.out


def test_it_goes_on_after_ctrl_c_where_it_was(friday: Friday) -> None:
    """Stopped in the window and after it, and run again, it asks for nothing new, and forgets nothing it saw."""
    friday.soon(friday.approve)
    stop(friday, 5 * MINUTE)
    first = friday.rehearse()
    assert first.code == 3
    assert "no longer watching. Nothing else stops" in first.err
    assert note(friday).exists()
    stop(friday, 30 * MINUTE)
    assert friday.rehearse().code == 3
    friday.acme.clock.advance(timedelta(minutes=60))
    last = friday.rehearse("--format", "json")
    assert last.code == 0, last
    assert last.json["pull_request"] == 1
    assert set(verdicts(last).values()) == {"held"}


def test_another_clone_says_what_it_did_not_see(friday: Friday) -> None:
    """Gone on with after the end, from elsewhere: the calls in the window are not seen, and nothing is claimed of them."""
    friday.soon(friday.approve)
    stop(friday, 5 * MINUTE)
    friday.rehearse()
    friday.acme.clock.advance(timedelta(minutes=15))
    answer = friday.rehearse("--format", "json", clone="elsewhere")
    assert answer.code == 3
    unseen = {code for code, verdict in verdicts(answer).items() if verdict == "not seen"}
    assert unseen == {"entered", "allowed", "only-granted", "end", "over"}
    assert answer.json["state"] == "removed"


def test_what_ended_while_nobody_watched_is_still_reported_once(friday: Friday) -> None:
    """Stopped after the end, and removed by the schedule: the next call says what was seen, and the one after asks anew."""
    friday.soon(friday.approve)
    stop(friday, 20 * MINUTE)
    friday.rehearse()
    for minutes in (30, 60):
        friday.acme.clock.advance(minutes * MINUTE)
        friday.workflows._start("sweep.yml", ("sweep",), "olivia")
        friday.workflows.idle()
    answer = friday.rehearse("--format", "json")
    assert (answer.json["pull_request"], answer.json["state"]) == (1, "removed")
    assert verdicts(answer)["end"] == "held"
    assert friday.rehearse("--format", "json", "--timeout", "15m").json["pull_request"] == 2


@pytest.mark.parametrize("kept", [dump(RehearsalNotes(request="another", signed=False)), b"no notes"])
def test_notes_of_something_else_are_not_taken(friday: Friday, kept: bytes) -> None:
    """What lies in the file counts for its own request alone, and what cannot be read for none."""
    note(friday).write_bytes(kept)
    answer = friday.rehearse("--format", "json", "--timeout", "15m")
    assert verdicts(answer)["signed"] == "held"


def test_a_branch_that_somebody_pushed_to_stays(friday: Friday) -> None:
    """Its commits are somebody's: the branch is not removed, and that is said."""

    def push() -> None:
        (name,) = friday.branches()
        friday.write({"notes.txt": "mine"}, branch=name)

    friday.soon(friday.approve)
    friday.soon(push)
    answer = friday.rehearse("--format", "json", "--timeout", "15m")
    assert seen(answer, "branch").startswith("somebody pushed to jitbot/ask/rehearsal/")
    assert verdicts(answer)["branch"] == "did not hold"
    assert len(friday.branches()) == 1


def test_nobody_approves(friday: Friday) -> None:
    """When the waiting time is over it ends with 3, the request stays open, and the next call goes on with it."""
    answer = friday.rehearse("--format", "json", "--timeout", "30m")
    assert (answer.code, answer.json["state"]) == (3, "asked")
    assert friday.pull()["state"] == "open"
    friday.soon(friday.approve)
    again = friday.rehearse("--format", "json")
    assert (again.code, again.json["pull_request"]) == (0, 1)


def test_closed(friday: Friday) -> None:
    """A closed pull request ends it with 1; the branch goes, and the next call asks anew."""
    friday.soon(lambda: friday.acme.call("frank", "PATCH", "/pulls/1", state="closed"))
    answer = friday.rehearse("--format", "json")
    assert (answer.code, answer.json["state"]) == (1, "closed")
    assert "was closed, not merged: nothing was granted" in answer.err
    assert friday.branches() == set()
    again = friday.rehearse("--format", "json", "--timeout", "15m")
    assert again.json["pull_request"] == 2


def test_refused(friday: Friday) -> None:
    """Merged past the rules without an approval, it is refused with the reason; it ends with 1."""
    friday.soon(lambda: friday.acme.call("olivia", "PUT", "/pulls/1/merge", merge_method="squash"))
    friday.workflows._run = _as_it_ends(friday)
    answer = friday.rehearse("--format", "json")
    assert (answer.code, answer.json["state"]) == (1, "refused")
    assert "refused, as the ledger records: 0 of 1 approvals" in answer.err
    assert verdicts(answer)["counted"] == "not seen"
    assert verdicts(answer)["started"] == "held"


def _as_it_ends(friday: Friday) -> Any:
    """Runs of workflows, whatever they end with."""

    def run(arguments: Any, environ: Any, where: Path) -> None:
        said(*arguments, folder=where, environ=environ, now=friday.now)

    return run


def test_revoked_early(friday: Friday) -> None:
    """Somebody revokes: that is said, by whom and why; the end is not seen, and the removal is still waited for."""

    def revoke() -> None:
        inputs = {"request": _path(friday), "reason": "it is Friday"}
        content = {"ref": "main", "inputs": inputs}
        assert friday.acme.call("frank", "POST", "/actions/workflows/revoke.yml/dispatches", **content).ok

    friday.soon(friday.approve)
    friday.at(6 * MINUTE, revoke)
    answer = friday.rehearse("--format", "json")
    assert (answer.code, answer.json["state"]) == (3, "removed")
    assert "ended early (revoked) by frank: it is Friday" in answer.err
    assert seen(answer, "end") == "it ended early: revoked"
    assert {code: each for code, each in verdicts(answer).items() if each != "held"} == {
        "end": "not seen",
        "confirmed": "not seen",
    }
    assert verdicts(answer)["over"] == verdicts(answer)["no-entry"] == "held"
    assert friday.roles() == []


def _path(friday: Friday) -> str:
    return str(friday.acme.call("olivia", "GET", "/pulls/1/files").content[0]["filename"])


def test_aws_ends_it_late(friday: Friday) -> None:
    """A role whose guard was moved by hand: the seconds in which AWS still allows it are said, and it ends with 1."""
    friday.soon(friday.approve)
    friday.at(5 * MINUTE, lambda: _later(friday, "2026-11-27T16:15:10Z", "2026-11-27T16:15:40Z"))
    friday.workflows._run = _as_it_ends(friday)
    answer = friday.rehearse("--format", "json", "--timeout", "25m")
    assert answer.code == 1
    assert verdicts(answer)["end"] == verdicts(answer)["over"] == "did not hold"
    assert seen(answer, "end").startswith("29 s late: the end is 2026-11-27T16:15:10Z")


def _later(friday: Friday, old: str, new: str) -> None:
    """Write another end into the role's permission policy."""
    client = friday.iam()
    (name,) = friday.roles()
    found = client.get_role_policy(RoleName=name, PolicyName="jitbot")["PolicyDocument"]
    text = json.dumps(found).replace(old, new)
    client.put_role_policy(RoleName=name, PolicyName="jitbot", PolicyDocument=text)


def test_aws_lets_nobody_in(friday: Friday) -> None:
    """AWS refuses the session: what the person can do is said, and that the assumption did not hold."""
    refusal = AwsFault(code="AccessDenied", status=403)
    friday.acme.aws.faults = lambda *call: refusal if call[1:] == ("sts", "AssumeRole") else None
    friday.soon(friday.approve)
    answer = friday.rehearse("--format", "json", "--timeout", "20m")
    assert answer.code == 1
    assert verdicts(answer)["entered"] == "did not hold"
    assert "sts:AssumeRole on arn:aws:iam::*:role/jit/*" in seen(answer, "entered")


def test_no_network_for_some_minutes(friday: Friday, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub and AWS do not answer for some minutes: that is said, and the rehearsal goes on."""
    monkeypatch.setattr(Retry, "get_backoff_time", lambda _: 0)
    friday.soon(friday.approve)
    down = GitHubFault(status=503)

    def fall() -> None:
        friday.acme.github.faults = lambda *_: down
        friday.acme.aws.faults = lambda *_: AwsFault()

    def rise() -> None:
        friday.acme.github.faults = friday.acme.aws.faults = None

    friday.at(5 * MINUTE, fall)
    friday.at(9 * MINUTE, rise)
    answer = friday.rehearse("--format", "json")
    assert answer.code == 0, answer
    assert "? no answer, and the rehearsal goes on: " in answer.err


def test_a_sweep_that_may_not_be_started_is_waited_for(friday: Friday) -> None:
    """A token that may not start workflows: the schedule's sweeps confirm and remove, and it only takes longer."""
    refusal = GitHubFault(status=403, body=b'{"message": "Resource not accessible by personal access token"}')
    friday.acme.github.faults = lambda *call: refusal if call[1].endswith("/sweep.yml/dispatches") else None

    def sweep() -> None:
        friday.workflows._start("sweep.yml", ("sweep",), "olivia")

    for hour in (1, 2):
        friday.at(timedelta(minutes=60 * hour - 13), sweep)
    friday.soon(friday.approve)
    answer = friday.rehearse("--format", "json")
    assert (answer.code, answer.json["state"]) == (3, "removed")
    assert "clock.yml starts it once an hour" in answer.err
    assert [code for code, verdict in verdicts(answer).items() if verdict != "held"] == ["dispatched"]


def test_without_the_policy_it_is_printed(friday: Friday) -> None:
    """Nothing is asked for; what to add is printed, filled in, and with it the next call asks."""
    friday.write({"policies/access/rehearsal.yaml": "no: policy\n"})
    answer = friday.rehearse()
    assert answer.code == 1
    assert "main has no policy rehearsal that reads" in answer.err
    assert friday.acme.call("olivia", "GET", "/pulls?state=all").content == []
    printed = answer.out.split("# policies/access/rehearsal.yaml\n")[1].split("# .github/CODEOWNERS")[0]
    assert "eligible: [alice]\naccounts: [prod, staging, data]\n" in printed
    friday.write({"policies/access/rehearsal.yaml": printed})
    assert friday.rehearse("--timeout", "15m", "--account", "staging").code == 3
    assert friday.pull()["title"] == "alice: rehearsal in staging, 15m, rehearsal (one approval)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            '"ec2:DescribeRegions"',
            '"ec2:DescribeRegions", "ec2:DescribeVpcs"',
            "gives more, or other, than a rehearsal",
        ),
        (
            "approvals: 1",
            "approvals: 1\nmanaged_policies: [ReadOnlyAccess]",
            "gives more, or other, than a rehearsal",
        ),
        ("[alice]", "[bob]", "alice may not ask under the policy rehearsal"),
        ("[prod]", "[prod, data]", "say in which account: --account prod"),
        (
            "approvals: 1",
            "approvals: 0\nreviewers: [frank]\nreview_within: 24h",
            "approved by a second person before the access",
        ),
    ],
)
def test_a_policy_for_anything_else_is_not_rehearsed_with(
    friday: Friday, old: str, new: str, says: str
) -> None:
    """What is wrong with it is said, and nothing is asked for."""
    friday.write({"policies/access/rehearsal.yaml": POLICY.replace(old, new)})
    answer = friday.rehearse()
    assert answer.code == 1, answer
    assert says in answer.err
    assert friday.acme.call("olivia", "GET", "/pulls?state=all").content == []


def test_who_is_not_signed_in_to_aws_asks_for_nothing(friday: Friday) -> None:
    """That is said before a second person is troubled."""
    answer = friday.rehearse(AWS_ACCESS_KEY_ID="AKIAUNKNOWN")
    assert answer.code == 3
    assert "error: AWS would not say who you are: InvalidClientTokenId" in answer.err
    assert friday.acme.call("olivia", "GET", "/pulls?state=all").content == []


def test_its_options_are_its_own(friday: Friday) -> None:
    """`--account` without `--rehearse` is a usage error, and not ignored."""
    answer = said("doctor", "--account", "prod", folder=friday.acme.clone())
    assert (answer.code, "belong to --rehearse" in answer.err) == (2, True)
