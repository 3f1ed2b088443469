"""What a person reads and follows without a clone: how much it costs, what is believed, and when it ends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from asking_world import NOW, Counter

from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.model.documents import Sha, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.request.progress import ProgressStep
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.usecases.request.follow import follow, looks
from jitbot.usecases.request.open_pull_request import open_pull
from jitbot.usecases.request.open_requests import open_requests

PATH = "requests/orders-db-read/2026-11/24-alice-x.yaml"


@pytest.fixture(scope="module")
def running() -> Iterator[Counter]:
    """acme, running."""
    with Acme(Clock(NOW)) as acme:
        yield Counter(acme=acme, slept=[])


@pytest.fixture
def counter(running: Counter) -> Iterator[Counter]:
    """acme in good health, with nothing asked for; main and ledger stay as they were."""
    store = running.github.store
    tips = {name: store.tip(name) for name in ("main", "ledger")}
    running.back()
    yield running
    for name, tip in tips.items():
        store.update_ref(f"refs/heads/{name}", tip)


def write(counter: Counter, branch: str, files: dict[str, bytes]) -> None:
    """Commit files straight to a branch, as somebody who can."""
    store, site = counter.github.store, counter.acme.github._site
    who = site.signature(site.user("mallory"))
    store.commit_files(branch, store.tip(branch), files, (), "by hand", who, who)


def test_all_rules_are_three_calls(counter: Counter) -> None:
    """Who it is, the folders of all rules, and all their contents: one call each, however many policies there are."""
    counter.acme.github.calls.clear()
    desk = counter.desk()
    assert [policy.name for policy in desk.usable()] == [
        "account-read-only",
        "orders-db-read",
        "service-logs-read",
        "sqs-redrive",
        "ssm-shell",
    ]
    assert desk.rules("ssm-shell").policy.value is not None
    assert desk.owners_of("policies/people.yaml") == "@acme/security"
    assert counter.acme.github.calls == [("POST", "/graphql")] * 3


def test_a_symlink_is_no_file(counter: Counter) -> None:
    """A policy that is a symlink is as good as missing, though its target's text could be read."""
    store = counter.github.store
    made = store.git("hash-object", "-w", "--stdin", stdin=b"orders-db-read.yaml").decode().strip()
    index = {"GIT_INDEX_FILE": str(store.path / "index-of-the-test")}
    store.git("read-tree", "main", variables=index)
    entry = f"120000 {made}\tpolicies/access/linked.yaml\n".encode()
    store.git("update-index", "--add", "--index-info", stdin=entry, variables=index)
    tree = store.git("write-tree", variables=index).decode().strip()
    who = counter.acme.github._site.web_flow()
    store.update_ref("refs/heads/main", store.commit_tree(tree, [store.tip("main")], "link", who, who))
    desk = counter.desk()
    assert desk.tree.read(["policies/access/linked.yaml", "policies/settings.yaml"]).keys() == {
        "policies/settings.yaml"
    }
    assert desk.policies


def test_a_policy_that_does_not_read_is_none(counter: Counter) -> None:
    """Under a policy with a finding nothing is granted, so it is not offered; the others are."""
    write(counter, "main", {"policies/access/ssm-shell.yaml": b"description: x\n"})
    assert "ssm-shell" not in [policy.name for policy in counter.desk().usable()]
    assert "orders-db-read" in [policy.name for policy in counter.desk().usable()]


def test_a_change_of_people_that_does_not_read_stops(counter: Counter) -> None:
    """Without people nobody is known, and the file and line are named."""
    write(counter, "main", {"policies/people.yaml": b"people:\n  alice: 7\n"})
    with pytest.raises(InvalidError, match=r"policies/people.yaml:2"):
        counter.desk().usable()


def event(**changes: object) -> tuple[str, bytes]:
    """An event's place in the ledger, in the folder of some batch, and its content."""
    given: dict[str, object] = {
        "kind": EventType.REFUSED,
        "at": NOW,
        "request": PATH,
        "commit": Sha("1" * 40),
        **changes,
    }
    made = Event(**given)  # type: ignore[arg-type]
    day, _, name = made.path.rpartition("/")
    return f"{day}/{'a' * 20}/{name}", dump(made)


def test_events_are_read_once_and_in_order(counter: Counter) -> None:
    """The events of the days asked for, oldest first; reading again fetches no content that is known."""
    later = event(at=NOW + timedelta(minutes=1), commit=Sha("2" * 40))
    old = event(at=NOW - timedelta(days=9), commit=Sha("3" * 40))
    write(counter, "ledger", dict([later, event(), old]))
    ledger = UnverifiedLedger(counter.desk().github)
    found = ledger.events(NOW - timedelta(days=8), NOW)
    assert [each.commit[0] for each in found] == ["1", "2"]
    assert len(ledger.events(NOW - timedelta(days=9), NOW)) == 3
    counter.acme.github.calls.clear()
    assert len(ledger.events(NOW - timedelta(days=9), NOW)) == 3
    assert counter.acme.github.calls.count(("POST", "/graphql")) == 1


def test_what_is_no_event_counts_for_nothing(counter: Counter) -> None:
    """Another schema, another place, or a request that cannot be one: left out, and counted as unreadable."""
    path, content = event()
    write(counter, "ledger", {path: content.replace(b'"schema": 1', b'"schema": 2')})
    odd = dict(
        [
            event(request="../../etc/passwd", commit=Sha("2" * 40)),
            event(request="README", commit=Sha("3" * 40)),
        ]
    )
    write(counter, "ledger", {**odd, path.replace("/24/", "/23/"): content})
    ledger = UnverifiedLedger(counter.desk().github)
    assert ledger.events(NOW - timedelta(days=2), NOW) == ()
    assert ledger.unreadable == 4


def test_too_much_is_left_to_a_clone(counter: Counter) -> None:
    """More events than can be read one by one are refused, with the better way."""
    write(counter, "ledger", dict(event(commit=Sha(digit * 40)) for digit in "123"))
    with pytest.raises(InvalidError, match="run this in a clone"):
        UnverifiedLedger(counter.desk().github, most=2).events(NOW, NOW)
    assert len(UnverifiedLedger(counter.desk().github, most=3).events(NOW, NOW)) == 3


def test_no_ledger_is_said(counter: Counter) -> None:
    """Without the branch there is nothing to read, and that is no empty record."""
    counter.github.store.update_ref("refs/heads/ledger", None)
    with pytest.raises(InvalidError, match="no branch ledger"):
        UnverifiedLedger(counter.desk().github).events(NOW, NOW)


@pytest.mark.parametrize("minutes", [0, 1, 60])
def test_patience_ends(counter: Counter, minutes: int) -> None:
    """All pauses together are the patience to the second, the first is short, and none is long."""
    counter.slept.clear()
    last = list(looks(counter.desk(), timedelta(minutes=minutes)))[-1]
    assert last == timedelta(minutes=minutes)
    assert sum(counter.slept) == pytest.approx(minutes * 60)
    assert counter.slept == sorted(counter.slept[:-1]) + counter.slept[-1:]
    assert max(counter.slept, default=0) <= 10


def test_following_ends_unfinished_with_the_patience(counter: Counter) -> None:
    """An open request is looked at until the patience is over, and never said to be more than asked for."""
    desk = counter.desk()
    proposal = counter.proposal(desk)
    pull = open_pull(desk, proposal)
    sights = list(follow(desk, pull, proposal.request, now=NOW, patience=timedelta(seconds=30)))
    assert {update.step for update in sights} == {ProgressStep.ASKED}
    assert 3 < len(sights) < 20
    counter.acme.call("olivia", "PUT", f"/pulls/{pull.number}/merge", merge_method="squash")
    sights = list(follow(desk, pull, proposal.request, now=NOW, patience=timedelta(seconds=2)))
    assert {update.step for update in sights} == {ProgressStep.MERGED}


def test_only_so_many_pull_requests_are_looked_into(counter: Counter) -> None:
    """The newest are shown, and how many were left out is told."""
    for _ in range(3):
        desk = counter.desk()
        open_pull(desk, counter.proposal(desk))
    found, more = open_requests(counter.desk(), None, NOW, most=2)
    assert ([each.number for each in found], more) == ([3, 2], 1)
    assert open_requests(counter.desk(), "bob", NOW) == ((), 0)


def test_a_request_that_does_not_read_has_no_outlook(counter: Counter) -> None:
    """What is no request gives findings and nothing to show."""
    preview = counter.desk().verdict(Source(path=PATH, content=b"a: b\n"), NOW)
    assert preview.grant_preview is None
    assert preview.findings
