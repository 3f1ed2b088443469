"""`jitbot request` as a person meets it: a dialogue in a real terminal, from nothing to access."""

import re

import pytest
from asking_office import Office, Terminal


@pytest.fixture(scope="module")
def office(running: Office) -> Office:
    """acme, running, with its workflows."""
    return running


def terminal(office: Office, *arguments: str, login: str = "alice", **other: str) -> Terminal:
    """jitbot in a terminal of this person."""
    environ = {**office.environ(login), **other}
    return Terminal(arguments, environ=environ, folder=office.folder)


def test_the_whole_dialogue(office: Office) -> None:
    """Asked for what is missing, told what is wrong with an answer at once, and shown what it comes to, one asks."""
    with terminal(office, "request") as alice:
        listed = alice.reads("part of a name):")
        for words in ("orders-db-read", "Read one DynamoDB table", "up to 4h", "1 of @acme/payments-leads"):
            assert words in listed
        assert "production-admin" not in listed
        alice.types("read")
        assert "fits 3" in alice.reads("part of a name):")
        alice.types("nonsense")
        assert "fits none" in alice.reads("part of a name):")
        alice.types("dynamo")
        alice.reads("several with commas):")
        alice.types("mars")
        assert "knows: prod, staging" in alice.reads("several with commas):")
        alice.types("prod, staging")
        assert "1  orders" in alice.reads("part of a name):")
        alice.types("*")
        assert "fits none" in alice.reads("part of a name):")
        alice.types("1")
        assert "at most 4h" in alice.reads("[1h]:")
        alice.types("9h")
        assert "gives 4h at most" in alice.reads("[1h]:")
        alice.types("soon")
        assert "is not a duration" in alice.reads("[1h]:")
        alice.types("2h")
        alice.reads("approver:")
        alice.types("a\u202eb")
        assert "cannot be seen" in alice.reads("approver:")
        alice.types("INC-1234 refunds are stuck")
        shown = alice.reads("[Y/n]:")
        assert "alice asks for orders-db-read in prod and staging for 2h" in shown
        assert "1 of @acme/payments-leads" in shown
        assert not office.branches()
        alice.types("")
        assert alice.ends() == 0
    (pull,) = office.pulls()
    assert f"/pull/{pull.number}\n" in alice.shown
    assert "auto-merge is on" in alice.shown
    content = office.github.store.read(pull.head_sha, office.github.changed_paths(pull)[0])
    assert content.decode() == (
        "requester: alice\naccounts: [prod, staging]\nduration: 2h\nreason: INC-1234 refunds are stuck\n"
        "parameters:\n  table: orders\n"
    )


def test_only_what_is_missing_is_asked(office: Office) -> None:
    """What the command line says, and what has one answer only, is not asked for; a required ticket is."""
    arguments = ("request", "production-admin", "--reason", "the site is down", "--dry-run")
    with terminal(office, *arguments, login="dave") as dave:
        assert "account" not in dave.reads("[1h]:")
        dave.types("")
        dave.reads("INC-1234:")
        dave.types("tomorrow")
        assert "letters and a number" in dave.reads("INC-1234:")
        dave.types("INC-7")
        assert dave.ends() == 0
    assert "ticket: INC-7" in dave.shown
    assert "2 of @acme/security @acme/platform" in dave.shown


def test_a_pattern_is_checked_as_it_is_typed(office: Office) -> None:
    """A parameter with a pattern says what it wants, and takes no wildcard."""
    with terminal(
        office, "request", "s3-prefix-read", "-a", "data", "-d", "1h", "-r", "why", login="grace"
    ) as grace:
        grace.reads("either end, as in reports/2026:")
        grace.types("reports/*")
        assert "never a pattern" in grace.reads("reports/2026:")
        grace.types("/")
        assert "must match" in grace.reads("reports/2026:")
        grace.types("reports/2026")
        assert "reports/2026" in grace.reads("[Y/n]:")
        grace.types("n")
        assert grace.ends() == 1
    assert "nothing was asked for" in grace.shown


@pytest.mark.parametrize("answers", [0, 1, 2, 3, 4, 5])
def test_ctrl_c_at_any_question(office: Office, answers: int) -> None:
    """Ctrl-C at any question ends at once, says so, and leaves no branch and no pull request."""
    branches, pulls = office.branches(), office.pulls()
    dialogue = [
        ("part of a name):", "orders-db-read"),
        ("several with commas):", "prod"),
        ("part of a name):", "orders"),
        ("[1h]:", "2h"),
        ("approver:", "why"),
        ("[Y/n]:", ""),
    ]
    with terminal(office, "request") as alice:
        for words, answer in dialogue[:answers]:
            alice.reads(words)
            alice.types(answer)
        alice.reads(dialogue[answers][0])
        alice.types("\x03")
        assert alice.ends() == 3
    assert alice.shown.rstrip().endswith("stopped")
    assert "Traceback" not in alice.shown
    assert (office.branches(), office.pulls()) == (branches, pulls)


def test_no_colour_where_none_is_wanted(office: Office) -> None:
    """With NO_COLOR nothing but text is written."""
    with terminal(office, "request", NO_COLOR="1") as alice:
        alice.reads("part of a name):")
        assert "\x1b" not in alice.raw


def test_sixty_columns_are_enough(office: Office) -> None:
    """`status` at a terminal says all in lines that a narrow one can hold."""
    office.run("request", "ssm-shell", "-d", "1h", "-p", "team=sre", "-r", "a host that does not answer")
    with terminal(office, "status") as alice:
        assert alice.ends() == 0
    plain = alice.shown
    said = "ssm-shell in prod asked, 0 of 1: waits for 1 of the owners: frank, olivia or erin (pull request"
    assert said in " ".join(plain.split())
    assert all(len(line) <= 60 for line in plain.splitlines() if not line.startswith("…"))
    assert "-alice-a-host-that-does-not-answer\n" in plain


def test_from_asking_to_the_end(office: Office) -> None:
    """--wait tells each step until the access is there; extend and release follow it through, in the same words."""
    words = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=refunds", "-r", "whole life")
    with office.approving("bob"):
        asked = office.run(*words, "--wait", "--timeout", "15m")
    assert asked.code == 0, asked.err + str(office.runs)
    assert re.fullmatch(r"http://\S+/pull/\d+\n", asked.out)
    told = asked.err
    assert re.search(
        r"merges, and the merge grants it\n(?:[01] of 1 approvals.*\n)*(merged; waiting.*\n)?(approved, recorded.*\n)?granted until .* records\n",
        told,
    )
    assert "arn:aws:iam::111111111111:role/jit/jit-alice-orders-db-read-" in told
    assert "-alice-whole-life.yaml -- aws" in told

    number = int(asked.out.rsplit("/", 1)[1])
    live = [each for each in office.run("status", "--format", "json").json if each["state"] == "live"]
    assert [(each["pull_request"], each["account"]) for each in live] == [(number, "prod")]
    assert live[0]["seconds_left"] <= 3600

    with office.approving("bob"):
        longer = office.run("extend", "--by", "30m", "--wait", "--timeout", "15m", "--format", "json")
    assert (longer.code, longer.json["state"]) == (0, "granted")
    assert longer.json["request"] == live[0]["request"]
    state = office.run("status", "--format", "json").json
    assert [each["seconds_left"] > 3600 for each in state if each["state"] == "live"] == [True]

    released = office.run("release", "--timeout", "15m")
    assert released.code == 0, released.err + str(office.runs)
    assert re.fullmatch(
        r"requests/\S+ ended in prod at \S+Z, as the ledger records; .* in a clone does\n", released.out
    )
    over = office.run("status", "--ended", "--format", "json").json
    assert {each["why"] for each in over if each["request"] == live[0]["request"]} == {"released"}
    twice = office.run("release", live[0]["request"], "--timeout", "15m")
    assert twice.code == 0
    assert "the ledger records, unverified, that it is over; revoke.yml is started all the same" in twice.err
    assert "jitbot request --again" in office.run("extend", live[0]["request"], "3h").err


def test_a_refusal_is_told_with_its_reason(office: Office) -> None:
    """Where the merge is refused, --wait ends with why, exit code 1, and how to ask anew."""
    words = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=refunds", "-r")

    def merge(number: int) -> None:
        assert office.acme.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method="squash").ok

    with office.when_asked(merge):
        refused = office.run(*words, "no approval", "--wait", "--timeout", "15m")
    number = int(refused.out.rsplit("/", 1)[1])
    assert refused.code == 1
    assert re.search(
        rf"refused, as the ledger records:\n  .*0 of 1.*\nask anew: jitbot request --again {number}\n",
        refused.err,
    ), refused.err
    again = office.run("request", "--again", str(number), "--dry-run")
    assert "reason: no approval" in again.out
    assert "-alice-no-approval-2.yaml" in again.out


def test_a_closed_pull_request_ends_the_wait(office: Office) -> None:
    """Where somebody closes it, --wait says that nothing is granted; exit code 1."""
    words = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=refunds", "-r", "closed")
    with office.when_asked(
        lambda number: office.acme.call("bob", "PATCH", f"/pulls/{number}", state="closed")
    ):
        closed = office.run(*words, "--wait", "--timeout", "15m")
    assert closed.code == 1
    assert "closed, not merged: nothing is granted" in closed.err


def test_break_glass_takes_one_approval_of_anyone(office: Office) -> None:
    """As on GitHub: main's rules ask for one, of whoever may write, and owns nothing there; then access begins."""
    glass = ("request", "production-break-glass", "-a", "prod", "-d", "1h", "-r", "down", "--ticket", "INC-1")
    with office.approving("alice"):
        asked = office.run(*glass, "--wait", "--timeout", "15m", login="dave")
    assert asked.code == 0, asked.err + str(office.runs)
    assert (
        "GitHub merges it after one approval, of anyone with write access who did not push it: by itself\n"
        in asked.err
    )
    assert "\ngranted until " in asked.err
