"""`jitbot status`, `extend` and `release` for people with a token and no clone."""

import json
from datetime import timedelta

import pytest
from asking_office import Office

from jitbot.sandbox.github.records import GitHubFault

WORDS = ("-a", "prod", "-d", "1h", "-p", "table=orders")
KEYS = [
    "request", "requester", "account", "account_id", "role_arn", "state", "why", "expires_at", "seconds_left",
    "pull_request", "url", "waiting_for",
]  # fmt: skip


@pytest.fixture(scope="module")
def running(running: Office) -> Office:
    """acme, where alice has something live and something open, and carol something open."""
    live = running.run("request", "orders-db-read", *WORDS, "-r", "live one", "--format", "json").json
    running.approve("bob", live["pull_request"])
    running.workflows.idle()
    running.run(
        "request", "production-admin", "-d", "1h", "--ticket", "INC-7", "-r", "open one", login="dave"
    )
    running.run("request", "orders-db-read", *WORDS, "-r", "open one")
    running.run("request", "orders-db-read", *WORDS, "-r", "hers", login="carol")
    return running


@pytest.fixture
def office(running: Office) -> Office:
    """acme in good health."""
    running.acme.github.faults = None
    return running


def test_mine_by_the_token(office: Office) -> None:
    """Without a word status shows what the token's owner asked for, open first, and says that nothing is verified."""
    answer = office.run("status")
    head, *lines = answer.out.splitlines()
    assert (answer.code, head.split()) == (0, ["who", "request", "account", "state", "until"])
    assert ["asked, 0 of 1 by @acme/payments-leads" in line for line in lines] == [True, False]
    assert "-alice-live-one.yaml" in lines[1]
    assert "live, 59m left" in lines[1] or "live, 1h left" in lines[1]
    assert answer.err == "… as the ledger's branch says; who wrote it is verified in a clone\n"


def test_a_schedule_that_has_died_is_said(office: Office) -> None:
    """Who waits for an end learns that nothing starts on time; where that is out of sight nothing is said."""
    schedules = office.acme.github._site.repository("acme/access").schedules
    schedules["clock.yml"] = timedelta(hours=7)
    try:
        answer = office.run("status")
        office.acme.github.faults = lambda _, path: (
            GitHubFault(status=403) if path.endswith("/runs") else None
        )
        unseen = office.run("status")
    finally:
        schedules.clear()
    assert (answer.code, unseen.code) == (0, 0)
    assert "! the schedule has started nothing since " in answer.err
    assert "the schedule" not in unseen.err


def test_everybodys(office: Office) -> None:
    """--all shows everybody's, --person somebody's, with how many of how many approvals are there."""
    everybody = office.run("status", "--all", "--format", "json").json
    assert {each["requester"] for each in everybody} == {"alice", "carol", "dave"}
    assert [list(each) for each in everybody] == [KEYS] * 4
    (dave,) = office.run("status", "--person", "dave", "--format", "json").json
    assert (dave["state"], dave["account"], dave["role_arn"], dave["expires_at"]) == (
        "asked",
        "prod",
        None,
        None,
    )
    waits = {"approvals": 2, "approved_by": [], "owners": ["@acme/security", "@acme/platform"]}
    assert dave["waiting_for"] == waits
    assert dave["url"].endswith(f"/pull/{dave['pull_request']}")
    office.approve("erin", dave["pull_request"])
    (dave,) = office.run("status", "--person", "dave", "--format", "json").json
    assert dave["waiting_for"] == {**waits, "approved_by": ["erin"]}
    assert "asked, 1 of 2 by @acme/security @acme/platform" in office.run("status", "--person", "dave").out


def test_a_login_is_one_in_every_case(office: Office) -> None:
    """--person finds what is live, over and refused, however the login is spelt there and in the request."""
    for options in (("--ended",), ()):
        plain, other = (
            office.run("status", "--person", login, *options, "--format", "json").json
            for login in ("alice", "ALICE")
        )
        assert [each["request"] for each in other] == [each["request"] for each in plain] != []
        assert {"live", "refused"} & {each["state"] for each in other}


def test_a_forged_login_shows_nothing_of_its_own(office: Office) -> None:
    """What lies in a pull request is shown under who opened it: another's name in the file gives them nothing."""
    assert office.run("status", "--person", "bob").out == "nothing is granted\n"


def test_at_another_time_only_the_record_speaks(office: Office) -> None:
    """With --at what is only asked for is left out, and time left is that of then."""
    answer = office.run("status", "--at", "2029-01-01T00:00:00Z", "--ended", "--format", "json")
    assert {(each["state"], each["why"]) for each in answer.json} == {("ended", "expired")}


def test_what_cannot_be_read_is_doubt(office: Office) -> None:
    """An event that this jitbot cannot read makes the answer incomplete: it says so, and ends with 3."""
    store, who = office.github.store, office.acme.github._site.web_flow()
    tip = store.tip("ledger")
    day = office.acme.clock.now()
    path = f"events/{day:%Y/%m/%d}/{tip[:20]}/000000-approved-{'0' * 20}.json"
    store.commit_files("ledger", tip, {path: b'{"schema": 99}\n'}, (), "by hand", who, who)
    answer = office.run("status")
    store.update_ref("refs/heads/ledger", tip)
    assert answer.code == 3
    assert "this jitbot cannot read 1 event" in answer.err


def test_trouble_with_open_requests_is_said(office: Office) -> None:
    """Where the open pull requests cannot be read, what is live is shown all the same, and what is missing is said."""
    office.acme.github.faults = lambda _method, path: (
        GitHubFault(status=403) if path.endswith("/pulls") else None
    )
    answer = office.run("status")
    assert "-alice-live-one.yaml" in answer.out
    assert "? what is only asked for is not shown: GitHub answered 403" in answer.err


def test_a_pull_request_about_something_else_is_none(office: Office) -> None:
    """A pull request that changes rules, or two requests, or holds no readable request, is not shown as one."""

    def shown() -> list[tuple[str, str]]:
        return [(each["request"], each["state"]) for each in office.run("status", "--format", "json").json]

    before = shown()
    one, other = (f"requests/ssm-shell/2026-11/24-alice-{name}.yaml" for name in "ab")
    office.propose("alice", "rules", {"policies/x": b"1"})
    office.propose("alice", "two", {one: b"a", other: b"b"})
    office.propose("alice", "bad", {one: b"\x1b: ["})
    assert shown() == before


def proposed(office: Office, name: str, content: bytes) -> tuple[int, str]:
    """carol's pull request with these bytes as its request; its number and the request's path."""
    path = f"requests/ssm-shell/2026-11/24-carol-{name}.yaml"
    return office.propose("carol", name, {path: content}), path


def closed(office: Office, number: int) -> None:
    """The pull request is closed, so that it is in no other test's way."""
    assert office.acme.call("carol", "PATCH", f"/pulls/{number}", state="closed").ok


def numbers(office: Office) -> list[int]:
    """The pull requests of everybody's requests."""
    return [each["pull_request"] for each in office.run("status", "--all", "--format", "json").json]


def test_a_pull_request_that_cannot_be_read_hides_no_other(office: Office) -> None:
    """A request of bytes that are no text is said not to be known; everybody else's are shown."""
    before = numbers(office)
    number, path = proposed(office, "binary", b"\xff\xfe\x00")
    text, shown = office.run("status", "--all"), office.run("status", "--all", "--format", "json").json
    closed(office, number)
    assert f"? what pull request {number} asks for is not known: {path} is no plain text" in text.err
    assert "what is only asked for is not shown" not in text.err
    assert (text.code, "-dave-open-one.yaml" in text.out, "carol-binary" in text.out) == (0, True, False)
    (row,) = [each for each in shown if each["pull_request"] == number]
    assert [each["pull_request"] for each in shown if each != row] == before
    assert (list(row), row["request"], row["requester"], row["state"]) == (KEYS, path, None, "asked")
    waits = row["waiting_for"]
    assert (waits["approvals"], waits["approved_by"], waits["owners"]) == (None, None, None)
    assert "is no plain text" in waits["not_known"]


def test_a_pull_request_whose_files_github_does_not_list_hides_no_other(office: Office) -> None:
    """GitHub gives up on a difference that is too large: of that one pull request not even the path is known."""
    before = numbers(office)
    number, _ = proposed(office, "large", b"x: 1\n")
    office.acme.github.faults = lambda _, path: (
        GitHubFault(status=422) if path.endswith(f"/pulls/{number}/files") else None
    )
    shown = office.run("status", "--all", "--format", "json").json
    closed(office, number)
    (row,) = [each for each in shown if each["pull_request"] == number]
    assert [each["pull_request"] for each in shown if each != row] == before
    assert (row["request"], row["waiting_for"]["not_known"]) == (None, "GitHub answered 422: no reason given")


def test_where_github_answers_nothing_no_pull_request_is_blamed(office: Office) -> None:
    """Files and branches both fail: that is GitHub's trouble, told once, and no pull request's."""
    office.acme.github.faults = lambda _, path: (
        GitHubFault(status=403) if path.endswith(("/files", "/git/ref/heads/main")) else None
    )
    answer = office.run("status", "--all")
    assert "? what is only asked for is not shown: GitHub answered 403" in answer.err
    assert "? what pull request" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "say how long"),
        (("3h", "--by", "1h", "x"), 2, "say how long"),
        (("soon",), 2, "is not a duration"),
        (("1h",), 1, "is not longer than the 1h it has"),
        (("30m",), 1, "jitbot release"),
        (("5h",), 1, "the duration asked for: 5h is above the maximum of orders-db-read, 4h"),
        (("never", "2h"), 1, "no request is called 'never'"),
        (("open-one", "2h"), 1, "no request is called"),
    ],
)
def test_an_extension_that_cannot_be(
    office: Office, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """What is no longer time, or not this policy's, or not live, is refused with the way out, and writes nothing."""
    branches = office.branches()
    answer = office.run("extend", *arguments)
    assert answer.code == code
    assert words in answer.out + answer.err
    assert office.branches() == branches


def test_an_extension_counts_from_the_first_start(office: Office) -> None:
    """The end that is shown is that of the whole duration from the first start, and the file changes in one line."""
    (live,) = [each for each in office.run("status", "--format", "json").json if each["state"] == "live"]
    shown = office.run("extend", "3h", "--dry-run", "--format", "json").json
    first, then = live["expires_at"], shown["grants"][0]["expires_at"]
    assert (int(then[11:13]) - int(first[11:13])) % 24 == 2
    assert first[13:] == then[13:]
    lines = office.run("extend", "live-one", "3h", "--dry-run").out
    assert "    duration: 3h\n" in lines
    assert "    reason: live one\n" in lines


def test_an_extension_is_a_pull_request_of_one_line(office: Office) -> None:
    """The pull request changes the duration and nothing else; the same again gets another branch."""
    for ending in ("", "-2"):
        answer = office.run("extend", "--by", "30m", "--format", "json")
        assert answer.code == 0, answer.err
        assert answer.json["branch"].startswith("jitbot/extend-to-1h30m/orders-db-read/")
        assert answer.json["branch"].endswith(f"-alice-live-one{ending}")
        pull = office.github.pulls[answer.json["pull_request"]]
        store = office.github.store
        old = store.read(store.tip("main"), answer.json["request"]).decode()
        assert store.read(pull.head_sha, answer.json["request"]).decode() == old.replace("1h", "1h30m")
        assert pull.title == "alice extends orders-db-read in prod from 1h to 1h30m"


def test_release_names_the_workflow_that_it_starts(office: Office) -> None:
    """--no-wait starts revoke.yml with the request and the reason, and says that no more."""
    office.acme.github.on_dispatch, kept = None, office.acme.github.on_dispatch
    answer = office.run("release", "live-one", "--no-wait", "-r", "all done", "--format", "json")
    office.acme.github.on_dispatch = kept
    assert (answer.code, answer.json["started"], answer.json["ended"]) == (0, True, False)
    told = office.acme.github.dispatches[-1]
    assert (told.workflow, told.inputs["request"], told.inputs["reason"], told.actor) == (
        "revoke.yml", answer.json["request"], "all done", "alice",
    )  # fmt: skip


@pytest.mark.parametrize(
    "verb", [("extend", "live-one", "3h", "--dry-run"), ("release", "live-one", "--no-wait")]
)
def test_anothers_file_that_is_no_text_keeps_nobody_from_naming_theirs(
    office: Office, verb: tuple[str, ...]
) -> None:
    """A request of mallory's on main has a name like alice's, and bytes that are no text: hers is found."""
    (live,) = [each for each in office.run("status", "--format", "json").json if each["state"] == "live"]
    store, site = office.github.store, office.acme.github._site
    who, tip = site.signature(site.user("mallory")), store.tip("main")
    path = live["request"].replace("-alice-", "-mallory-")
    office.acme.github.on_dispatch, kept = None, office.acme.github.on_dispatch
    store.commit_files("main", tip, {path: b"\xff\xfe\x00"}, (), "x", who, who)
    answer = office.run(*verb, "--format", "json")
    store.update_ref("refs/heads/main", tip)
    office.acme.github.on_dispatch = kept
    assert answer.code == 0, answer.err
    assert answer.json["request"] == live["request"]


def test_release_that_cannot_be_started(office: Office) -> None:
    """Where the token may not start workflows, that is said, with two other ways to the same end."""
    body = json.dumps({"message": "Resource not accessible by personal access token"}).encode()
    office.acme.github.faults = lambda _method, path: (
        GitHubFault(status=403, body=body, headers={"Content-Type": "application/json"})
        if "/dispatches" in path
        else None
    )
    answer = office.run("release")
    assert (answer.code, answer.out) == (3, "")
    assert "needs to write actions" in answer.err
    assert "delete the request's file" in answer.err


def test_release_of_what_is_somebody_elses(office: Office) -> None:
    """The workflow will refuse it, so nobody waits for it: who may end it is said at once, and it is no success."""
    answer = office.run("release", "live-one", login="mallory")
    assert answer.code == 1
    assert "mallory is neither the requester nor an owner" in answer.err
    assert "revoke.yml is started all the same" in answer.err
    owner = office.run("release", "live-one", "--no-wait", login="bob")
    assert (owner.code, "neither" in owner.err) == (0, False)


def test_release_of_what_was_never_granted(office: Office) -> None:
    """There is nothing to end in an open pull request, and with nothing live there is nothing to name."""
    number = str(office.run("status", "--person", "carol", "--format", "json").json[0]["pull_request"])
    answer = office.run("release", number, login="carol")
    assert "was never approved, so there is nothing to end" in answer.err
    assert f"To withdraw a request that still waits: jitbot withdraw {number}" in answer.err
    answer = office.run("release", login="carol")
    assert (answer.code, answer.out) == (1, "")
    assert "carol has nothing live in acme/access" in answer.err


def test_who_may_approve_for_a_time_is_shown_with_the_end(office: Office) -> None:
    """A stand-in, with the moment from which another approval would be needed."""
    store, who, teams = office.github.store, office.acme.github._site.web_flow(), "policies/teams.yaml"
    tip = store.tip("main")
    leads = "acme/payments-leads: [bob, {login: heidi, until: 2027-01-06T08:00:00Z}]"
    text = store.read(tip, teams).decode().replace("acme/payments-leads: [bob]", leads)
    store.commit_files("main", tip, {teams: text.encode()}, (), "by hand", who, who)
    office.run("request", "orders-db-read", *WORDS, "-r", "his", login="dave")
    answer = office.run("status", login="dave")
    store.update_ref("refs/heads/main", tip)
    assert "asked, 0 of 1 by @acme/payments-leads (heidi until 2027-01-06 08:00 UTC)" in answer.out
