"""`jitbot review-rules`, against the embedded GitHub: a person with their own token, and no clone."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import warm_jitbot
from asking_office import Office, Terminal, open_office

from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import acme_tree

OWNERS = ".github/CODEOWNERS"
NAMES = ("account-read-only", "orders-db-read", "production-admin", "production-break-glass", "s3-prefix-read",
         "service-logs-read", "sqs-redrive", "ssm-shell")  # fmt: skip


def with_owners(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """acme's tree, where two policies have other owners than the rest, and one has been reviewed lately."""
    lines = "/policies/access/orders-db-read.yaml @acme/payments-leads @acme/security\n/policies/access/ssm-shell.yaml @acme/platform\n"
    logs = tree["policies/access/service-logs-read.yaml"].decode()
    return {
        **tree,
        OWNERS: tree[OWNERS] + lines.encode(),
        "policies/access/service-logs-read.yaml": f"{logs}reviewed: 2001-01-01\n".encode(),
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """acme, with three sets of owners."""
    with open_office(
        tmp_path_factory.mktemp("home"), lambda issuer: with_owners(acme_tree(issuer))
    ) as office:
        yield office


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    """The same, without pull requests; and without any after the test."""
    yield running
    running.acme.github.faults = None
    for pull in running.pulls():
        running.acme.call("olivia", "PATCH", f"/pulls/{pull.number}", state="closed")
        running.acme.call("olivia", "DELETE", f"/git/refs/heads/{pull.head_ref}")
    assert running.branches() == set()


def today(office: Office) -> str:
    """The day of a review that is made now."""
    return f"{office.acme.clock.now():%Y-%m-%d}"


def test_one_pull_request_for_each_set_of_owners(office: Office) -> None:
    """As this person, with the dates alone changed; nobody reviews or approves anything by it."""
    answer = office.run("review-rules", "--format", "json", login="bob")
    assert answer.code == 0
    found = answer.json["pull_requests"]
    assert [(each["owners"], len(each["policies"]), each["signers"]) for each in found] == [
        (["@acme/payments-leads", "@acme/security"], 1, ["erin"]),
        (["@acme/platform"], 1, ["frank", "olivia"]),
        (["@acme/security"], 6, ["erin"]),
    ]
    assert sorted(pull.number for pull in office.pulls()) == sorted(each["number"] for each in found)
    for pull in office.pulls():
        assert pull.author.login == "bob"
        diff = office.github.store.git("diff", "main", pull.head_ref).decode()
        changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        assert set(changed) <= {f"+reviewed: {today(office)}", "-reviewed: 2001-01-01"}
        assert [each for each in office.github.reviews.values() if each.pull == pull.number] == []
    texts = {pull.title for pull in office.pulls()}
    assert texts == {"Access review: orders-db-read", "Access review: ssm-shell", "Access review: 6 policies"}


def test_an_open_one_is_named_and_not_opened_twice(office: Office) -> None:
    """Nor for a policy of another group that an open one touches."""
    first = office.run("review-rules", "--policy", "ssm-shell", "--format", "json", login="bob").json
    (opened,) = first["pull_requests"]
    again = office.run("review-rules", "--format", "json", login="erin")
    assert [each["number"] for each in again.json["open_already"]] == [opened["number"]]
    assert [each["policies"] for each in again.json["open_already"]] == [["ssm-shell"]]
    named = [each["policy"] for part in again.json["pull_requests"] for each in part["policies"]]
    assert sorted(named) == sorted(set(NAMES) - {"ssm-shell"})
    third = office.run("review-rules", login="frank")
    assert third.code == 0
    assert "no pull request to open" in third.err
    assert third.out == ""
    assert len(office.pulls()) == 3


def test_a_dry_run_writes_nothing(office: Office) -> None:
    """It says what it would do, and who could sign."""
    before = set(office.branches())
    answer = office.run("review-rules", "--dry-run", login="erin")
    assert (answer.code, answer.out) == (0, "")
    assert "review by @acme/security:" in answer.err
    assert "service-logs-read, last reviewed 2001-01-01" in answer.err
    assert "ssm-shell, no review yet" in answer.err
    assert "nobody but you owns these" in answer.err
    assert (set(office.branches()), office.pulls()) == (before, [])


def test_only_those_that_are_due(office: Office) -> None:
    """By their date, or without one; what was reviewed today is left out."""
    text = office.github.store.read("main", "policies/access/ssm-shell.yaml").decode()
    main = office.github.store.tip("main")
    who = office.acme.github._site.signature(office.acme.github._site.user("olivia"))
    fresh = f"{text}reviewed: {today(office)}\n".encode()
    office.github.store.commit_files(
        "main", main, {"policies/access/ssm-shell.yaml": fresh}, (), "x", who, who
    )
    try:
        found = office.run("review-rules", "--due", "--dry-run", "--format", "json", login="bob").json
        named = [each["policy"] for part in found["pull_requests"] for each in part["policies"]]
        assert (sorted(named), found["left_out"]) == (sorted(set(NAMES) - {"ssm-shell"}), {})
        every = office.run("review-rules", "--dry-run", "--format", "json", login="bob").json
        assert every["left_out"] == {"ssm-shell": "it was reviewed today"}
    finally:
        office.github.store.update_ref("refs/heads/main", main)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policy", "nothing-of-the-sort"), "main has no policy 'nothing-of-the-sort' that can be read"),
        (("--policy", "\x1b[31m"), r"main has no policy '\x1b[31m'"),
    ],
)
def test_what_is_not_there_is_refused(office: Office, arguments: tuple[str, ...], words: str) -> None:
    """With the names that are."""
    answer = office.run("review-rules", *arguments, login="bob")
    assert answer.code == 1
    assert words in answer.err
    assert "orders-db-read" in answer.err


def test_a_bot_asks_for_nothing(office: Office) -> None:
    """Nor does anybody whom people.yaml does not know: the pull request is a person's."""
    office.acme.github.add_user("stranger", 4711)
    answer = office.run("review-rules", login="stranger")
    assert answer.code == 1
    assert "not in policies/people.yaml" in answer.err


def test_what_fails_leaves_the_others_open(office: Office) -> None:
    """It says how many were opened; run again it opens the rest, and no branch is left behind."""
    made: list[str] = []

    def fails(used: str, path: str) -> GitHubFault | None:
        if (used, path[-6:]) == ("POST", "/pulls"):
            made.append(path)
            return GitHubFault(status=422) if len(made) == 2 else None
        return None

    office.acme.github.faults = fails
    answer = office.run("review-rules", login="bob")
    assert answer.code == 3
    assert "1 of 3 were opened: run this again for the rest" in answer.err
    assert (len(office.pulls()), len(office.branches())) == (1, 1)
    office.acme.github.faults = None
    assert office.run("review-rules", login="bob").code == 0
    assert len(office.pulls()) == 3


def test_calls_are_bounded(office: Office) -> None:
    """Three for the rules and what is open, and four for each pull request."""
    office.acme.github.calls.clear()
    assert office.run("review-rules", login="bob").code == 0
    opened = len(office.pulls())
    assert opened == 3
    assert len(office.acme.github.calls) <= 6 + 4 * opened


def test_a_branch_of_somebody_elses_name_is_no_review(office: Office) -> None:
    """What touches no policy, or comes from another kind of branch, keeps no review from being opened."""
    office.propose("mallory", "jitbot/review/anything", {"docs.md": b"x"})
    office.propose("mallory", "other", {"policies/access/ssm-shell.yaml": b"x"})
    found = office.run("review-rules", "--policy", "ssm-shell", "--format", "json", login="bob").json
    assert (len(found["pull_requests"]), found["open_already"]) == (1, [])
    for name in ("other", "jitbot/review/anything"):
        office.acme.call("olivia", "DELETE", f"/git/refs/heads/{name}")


def test_the_owner_of_a_lapsed_review_is_told_by_status(office: Office) -> None:
    """erin owns policies/, dave does not; JSON stays as it was."""
    told = office.run("status", login="erin")
    assert (
        "! 1 access review overdue: service-logs-read (was due by 2001-04-01). Ask for them: jitbot review-rules --due"
        in told.err
    )
    assert "access review" not in office.run("status", login="dave").err
    assert office.run("status", "--format", "json", login="erin").json == []


def test_a_person_at_a_terminal_is_asked(office: Office) -> None:
    """After what would be opened was shown; a no opens nothing, and Enter is a yes."""
    given = ("review-rules", "--policy", "ssm-shell")
    for answer, opened in (("n", 0), ("", 1)):
        with Terminal(given, environ=office.environ("bob"), folder=office.folder) as bob:
            assert "ssm-shell, no review yet" in bob.reads("open the pull request? [Y/n]:")
            assert office.pulls() == []
            bob.types(answer)
            assert bob.ends() == 0
        assert len(office.pulls()) == opened


def test_it_works_as_its_own_process(office: Office, tmp_path: Path) -> None:
    """`python -m jitbot review-rules`, as a person types it."""
    arguments = ["review-rules", "--policy", "ssm-shell"]
    ran = warm_jitbot.run(arguments, environ=office.environ("bob"), folder=tmp_path)
    (pull,) = office.pulls()
    assert (ran.returncode, ran.stdout.strip().endswith(f"/pull/{pull.number}")) == (0, True)
