"""What `jitbot status` says to an approver, and to a person whose request was refused."""

from collections import Counter
from collections.abc import Iterator

import flask
import pytest
from asking_office import Office

from jitbot.sandbox.github.records import GitHubFault

ORDERS = ("request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=orders", "--format", "json")


@pytest.fixture(scope="module")
def running(running: Office) -> Office:
    """acme, where alice and carol ask what bob owns, and dave what erin and frank own."""
    running.run(*ORDERS, "-r", "hers")
    running.run(*ORDERS, "-r", "carols", login="carol")
    running.run("request", "production-admin", "-d", "1h", "--ticket", "INC-7", "-r", "his", login="dave")
    return running


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    """acme in good health, with the three open pull requests and nothing else."""
    running.acme.github.faults = None
    yield running
    running.acme.github.faults = None
    for pull in [each for each in running.pulls() if each.number > 3]:
        running.acme.call("olivia", "PATCH", f"/pulls/{pull.number}", state="closed")
    running.github.reviews.clear()


def waiting(office: Office, login: str = "bob") -> list[int]:
    """The pull requests that wait for somebody, in the order in which they are shown."""
    answer = office.run("status", "--to-approve", "--format", "json", login=login)
    return [each["pull_request"] for each in answer.json]


def test_an_approver_sees_what_waits_for_them(office: Office) -> None:
    """Of everybody's, the oldest first, with its age and its page; in the plain view after their own."""
    first = office.github.pulls[1]
    office.github.change(first, created_at=first.created_at.replace(year=first.created_at.year - 1))
    shown = office.run("status", "--to-approve", "--format", "json", login="bob").json
    plain = office.run("status", login="bob").out
    office.github.change(office.github.pulls[1], created_at=first.created_at)
    assert [(each["pull_request"], each["requester"], each["state"]) for each in shown] == [
        (1, "alice", "asked"),
        (2, "carol", "asked"),
    ]
    assert shown[0]["asked_at"] < shown[1]["asked_at"]
    assert shown[0]["url"] == f"{office.acme.github.url}/acme/access/pull/1"
    lines = plain.splitlines()
    assert "waits for you, asked 365d ago: 0 of 1 by @acme/payments-leads" in lines[1]
    assert lines[1].rstrip().endswith("/acme/access/pull/1")
    assert "waits for you, asked just now: 0 of 1 by @acme/payments-leads" in lines[2]
    assert len(lines) == 3


def test_what_they_have_approved_waits_no_more(office: Office) -> None:
    """Of two that are needed each owner is asked until theirs is given; nobody sees their own."""
    assert waiting(office, "erin") == waiting(office, "frank") == [3]
    office.approve("erin", 3)
    assert (waiting(office, "erin"), waiting(office, "frank")) == ([], [3])
    assert waiting(office, "dave") == []
    assert office.run("status", "--to-approve", login="dave").out == "nothing waits for you\n"


def test_who_owns_nothing_pays_nothing(office: Office) -> None:
    """One list of the open pull requests is all that a developer's status costs beside their own; an approver's one call for each."""
    calls: dict[str, Counter[str]] = {}
    for login in ("carol", "erin"):
        office.acme.github.calls.clear()
        assert office.run("status", login=login).code == 0
        calls[login] = Counter(path.rpartition("}/")[2] for _, path in office.acme.github.calls)
    assert (calls["carol"]["files"], calls["carol"]["reviews"]) == (1, 1)  # of her own
    assert (calls["erin"]["files"], calls["erin"]["reviews"], calls["erin"]["pulls"]) == (3, 1, 1)


def test_no_more_are_looked_into_than_the_bounds_say(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are open: the oldest are shown, and it is said how many were left out."""
    monkeypatch.setattr("jitbot.usecases.request.to_approve.READ", 1)
    answer = office.run("status", "--to-approve", "--format", "json", login="bob")
    assert [each["pull_request"] for each in answer.json] == [1]
    assert "… and 2 more open pull requests that may wait for you, not looked into" in answer.err
    monkeypatch.setattr("jitbot.usecases.request.to_approve.LISTED", 2)
    assert "and 1 more" in office.run("status", "--to-approve", login="erin").err


def test_one_that_cannot_be_read_hides_no_other(office: Office) -> None:
    """Bytes that are no text, several requests at once, and an end of access are each shown, with what is known."""
    path = "requests/orders-db-read/2026-11/24-carol-{}.yaml"
    odd = office.propose("carol", "odd", {path.format("odd"): b"\xff\xfe\x00"})
    two = office.propose("carol", "two", {path.format("a"): b"a: 1\n", path.format("b"): b"b: 1\n"})
    good = b"requester: carol\naccounts: [prod]\nduration: 1h\nreason: x\nparameters:\n  table: orders\n"
    rules = office.propose("carol", "rules", {path.format("c"): good, "policies/x": b"1"})
    shown = office.run("status", "--to-approve", login="bob").out
    rows = {line.rpartition("/")[2].strip(): line for line in shown.splitlines()}
    assert "is no plain text" in rows[str(odd)]
    assert f"it holds 2 requests: jitbot explain {two}" in rows[str(two)]
    assert {"1", "2"} <= rows.keys()
    assert str(rules) not in rows


def test_one_whose_files_cannot_be_listed_hides_no_other(office: Office) -> None:
    """GitHub does not show one head: that pull request is shown with the reason, and the other as always."""
    head = office.github.pull(1).head_sha
    office.acme.github.faults = lambda _, path: (
        GitHubFault(status=403)
        if path.endswith("/graphql") and head in flask.request.get_data(as_text=True)
        else None
    )
    shown = office.run("status", "--to-approve", "--format", "json", login="bob").json
    assert [(each["pull_request"], each["waiting_for"].get("not_known")) for each in shown] == [
        (1, "GitHub answered 403: no reason given"),
        (2, None),
    ]


def test_an_end_of_access_waits_for_its_owner(office: Office) -> None:
    """GitHub wants an owner's approval for a deletion too."""
    store, who = office.github.store, office.acme.github._site.web_flow()
    path, tip = "requests/orders-db-read/2026-11/24-carol-there.yaml", store.tip("main")
    store.commit_files("main", tip, {path: b"requester: carol\n"}, (), "x", who, who)
    number = office.propose("carol", "ending", {path: None})
    answer = office.run("status", "--to-approve", login="bob").out
    store.update_ref("refs/heads/main", tip)
    (row,) = [line for line in answer.splitlines() if line.rstrip().endswith(f"/{number}")]
    assert "it ends access, by deleting the request" in row


def test_whose_login_people_yaml_has_with_another_id_is_nobody(office: Office) -> None:
    """It is not their login any more: everybody's is shown, as to whom people.yaml does not know, and nothing waits."""
    store, who = office.github.store, office.acme.github._site.web_flow()
    tip, people = store.tip("main"), "policies/people.yaml"
    text = store.read(tip, people).replace(b"github_id: 1002", b"github_id: 9002")
    store.commit_files("main", tip, {people: text}, (), "x", who, who)
    answer = office.run("status", login="bob")
    store.update_ref("refs/heads/main", tip)
    assert answer.code == 0, answer
    assert len(answer.out.splitlines()) == 4
    assert "waits for you" not in answer.out


def test_trouble_hides_nothing_of_ones_own(office: Office) -> None:
    """Where GitHub lists no files at all, that is said, and what is granted and reviewed is shown all the same."""
    office.acme.github.faults = lambda _, path: (
        GitHubFault(status=403) if path.endswith(("/files", "/git/ref/heads/main")) else None
    )
    answer = office.run("status", login="bob")
    assert (answer.code, answer.out) == (0, "nothing is granted\n")
    assert "what was merged a moment ago is shown when its run has decided it" in answer.err
    assert "? what waits for you is not known: GitHub answered 403" in answer.err
    office.acme.github.faults = lambda _, path: (
        GitHubFault(status=422) if path.endswith("/pulls/1/files") else None
    )
    assert waiting(office) == [2]


def test_the_plain_json_is_of_ones_own(office: Office) -> None:
    """Scripts that take all that status says for their own go on to be right: what waits for an approver is asked for."""
    assert office.run("status", "--format", "json", login="bob").json == []
    assert [each["pull_request"] for each in office.run("status", "--format", "json").json] == [1]


def test_a_refusal_stays_visible_to_who_asked(office: Office) -> None:
    """With its reasons, for a week, without being asked for; to others, and to scripts, as before."""
    number = office.run(*ORDERS, "-r", "too early").json["pull_request"]
    merged = office.acme.call("olivia", "PUT", f"/pulls/{number}/merge", merge_method="squash")
    assert merged.ok, merged.content
    office.workflows.idle()
    mine, others = office.run("status").out, office.run("status", login="carol").out
    (row,) = [line for line in mine.splitlines() if "-alice-too-early.yaml" in line]
    assert "refused: 0 of 1 approvals count" in row
    assert "too-early" not in others
    assert "refused" not in {each["state"] for each in office.run("status", "--format", "json").json}
    day = office.acme.clock.now()
    later = day.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert "too-early" in office.run("status", "--at", later).out
