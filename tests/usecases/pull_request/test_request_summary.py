"""A pull request as if it were merged now, on a repository in memory: which facts are read, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, PATH, a_request, an_actor, sha
from builders import a_pull, a_review, an_approval, an_extension, an_outcome
from notification_facts import a_refusal
from plain_pull_requests import NOTHING_HAPPENED
from plain_pulls import PlainPulls

from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.documents import ISSUER_KEYS, Sha, policy_path
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind, PullReading, PullRequest
from jitbot.domain.views.request_summary import RequestSummary
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.pull_request.request_summary import Brief, brief, recorded

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
SECOND, OTHER = PATH.replace("refunds", "second"), PATH.replace("refunds", "other")
GLASS = PATH.replace("orders-db-read", "production-break-glass")
ORDERS, PEOPLE = policy_path("orders-db-read"), "policies/people.yaml"
LONGER = TEXT.replace(b"2h", b"3h")


def shown(acme: PlainPulls, pull: PullRequest, **given: Any) -> Brief:
    """What a pull request asks for."""
    return brief(acme.context(), pull, NOW, **given)


def one(acme: PlainPulls, pull: PullRequest) -> RequestSummary:
    """The one request of a pull request."""
    (found,) = shown(acme, pull).summaries
    return found


def codes(found: RequestSummary | Brief) -> set[str]:
    """What is wrong."""
    return {each.code for each in found.findings}


def of(path: str, **changes: Any) -> Event:
    """The approval of alice's request at another path."""
    return an_approval(asked=a_request(path=path), commit=sha(path), **changes)


def test_a_new_request_is_shown_whole() -> None:
    """What it would give, who must approve it, what its requester had; nothing is wrong, and nothing unknown."""
    acme = PlainPulls()
    pull = acme.offer({PATH: TEXT})
    found = shown(acme, pull)
    (summary,) = found.summaries
    assert (found.alone, found.doubt, found.unread, found.rules, found.findings) == (
        True,
        "",
        False,
        None,
        (),
    )
    assert (summary.path, summary.kind, summary.former, summary.others) == (
        PATH,
        ChangeKind.ADDED,
        None,
        None,
    )
    assert (summary.ends_nothing, summary.statuses) == ("", ())
    assert (summary.request, summary.grant_preview, summary.parsed_case, summary.held) != (None,) * 4
    assert summary.grant_preview is not None
    assert summary.grant_preview.window.expires_at == NOW + 2 * HOUR
    assert summary.awaiting is not None
    assert [each.login for each in summary.awaiting.able] == ["bob"]
    assert acme.fetched == []
    assert "open_pulls" not in acme.asked  # a policy with a number asks for no other requests


def test_approvals_are_counted_on_the_head() -> None:
    """What was read of the pull request already is not asked again."""
    acme = PlainPulls()
    pull = acme.offer({PATH: TEXT})
    acme.reviews_of[1] = (a_review(commit=pull.head),)
    summary = one(acme, pull)
    assert summary.awaiting is not None
    assert [each.person.login for each in summary.awaiting.approvals] == ["bob"]
    assert "reviews" in acme.asked
    acme.asked.clear()
    reading = PullReading(
        pull=pull, files=None, reviews=(), commits=acme.commits(1), history=NOTHING_HAPPENED
    )
    (summary,) = shown(acme, pull, reading=reading).summaries
    assert summary.awaiting is not None
    assert (summary.awaiting.approvals, acme.asked) == ((), ["pushes"])


def test_the_head_is_fetched_where_it_is_not_here() -> None:
    """What moved meanwhile is another head, which the run of that one shows."""
    acme = PlainPulls()
    pull = acme.offer({PATH: TEXT}, fetched=False)
    assert one(acme, pull).request is not None
    assert acme.fetched == [(1,)]
    acme.heads[1] = acme.pushed[1] = acme.push("newer", {PATH: LONGER})
    with pytest.raises(UnavailableError, match="the head of #1 is moving"):
        shown(acme, pull)


@pytest.mark.parametrize(
    ("files", "alone", "asks"),
    [
        ({}, False, 0),
        ({"README.md": b"x"}, False, 0),
        ({PATH: TEXT, "README.md": b"x"}, False, 1),
        ({PATH: TEXT, SECOND: TEXT}, True, 2),
    ],
)
def test_requests_alone_are_told_from_others(files: dict[str, bytes], *, alone: bool, asks: int) -> None:
    """Where nothing is asked for, the ledger is not read."""
    acme = PlainPulls()
    acme.files[ISSUER_KEYS] = b"x"  # so that it cannot be
    found = shown(acme, acme.offer(files))
    assert (found.alone, len(found.summaries), bool(found.doubt), found.rules) == (
        alone,
        asks,
        asks > 0,
        None,
    )


def test_more_than_is_read_is_one_finding() -> None:
    """And no summary."""
    acme = PlainPulls()
    found = shown(acme, acme.offer({PATH.replace("refunds", f"n{number}"): TEXT for number in range(101)}))
    assert (found.summaries, found.unread, found.alone, codes(found)) == ((), True, False, {"too-many-files"})


def test_a_change_of_the_rules_is_compared_once() -> None:
    """Beside what it asks for; its own pull request is no open request that it refuses."""

    class Counting(PlainPulls):
        compared = 0

        def merge_base(self, one: Sha, other: Sha) -> Sha:
            Counting.compared += 1
            return PlainPulls.merge_base(self, one, other)

    acme = Counting()
    shorter = acme.files[ORDERS].replace(b"max_duration: 4h", b"max_duration: 1h")
    found = shown(acme, acme.offer({PATH: TEXT, ORDERS: shorter}))
    assert (found.alone, Counting.compared) == (False, 2)
    assert found.rules is not None
    effects = {each.code for each in found.rules.effects.effects}
    assert (bool(effects), "refuses-request" in effects) == (True, False)
    assert found.rules.findings == found.findings
    assert "touches-rules" in codes(found)


def test_more_rules_than_are_compared_are_said() -> None:
    """With the reason, and nothing is called unchanged."""
    acme = PlainPulls()
    found = shown(acme, acme.offer({f"policies/{number}": b"x" for number in range(1001)}))
    assert found.rules is not None
    assert (found.rules.uncompared, codes(found)) == (found.findings[0].message, {"too-many-rules"})


def test_a_path_that_main_had_cannot_come_back() -> None:
    """Though the ledger has never heard of it; another one can."""
    acme = PlainPulls()
    acme.push("main", {SECOND: None}, acme.push("main", {SECOND: TEXT}))
    assert codes(one(acme, acme.offer({PATH: TEXT}))) == set()
    assert codes(one(acme, acme.offer({SECOND: TEXT}))) == {"retired-path"}


def test_an_extension_has_what_was_granted() -> None:
    """By the ledger; a file that is new is none, whatever the ledger has of its path."""
    acme = PlainPulls()
    acme.record.push(an_approval(), an_outcome(EventType.GRANTED))
    fresh = one(acme, acme.offer({PATH: TEXT}))
    assert (fresh.kind, fresh.former, codes(fresh)) == (ChangeKind.ADDED, None, {"retired-path"})
    acme.files[PATH] = TEXT
    longer = one(acme, acme.offer({PATH: LONGER}))
    assert longer.request is not None
    assert (longer.kind, longer.request.duration) == (ChangeKind.MODIFIED, 3 * HOUR)
    assert longer.former is not None
    assert longer.former.window.expires_at == EXPIRES_AT
    assert "nothing-to-extend" not in codes(longer)


def test_what_was_never_granted_cannot_be_extended() -> None:
    """Main's file says two hours, and the ledger that nobody was given them."""
    acme = PlainPulls()
    acme.files[PATH] = TEXT
    found = one(acme, acme.offer({PATH: LONGER}))
    assert (found.former, codes(found)) == (None, {"nothing-to-extend"})


@pytest.mark.parametrize("silent", [True, False], ids=["unchecked", "unread"])
def test_where_the_ledger_is_in_doubt_mains_file_says_what_was_approved(*, silent: bool) -> None:
    """What its requester had is not known then; what can be said is."""
    acme = PlainPulls()
    acme.record.push(of(OTHER))
    acme.files[PATH] = TEXT
    acme.record.silent = silent
    if not silent:
        acme.files[ISSUER_KEYS] = b"x"
    found = shown(acme, acme.offer({PATH: LONGER}))
    (summary,) = found.summaries
    assert ("the issuer does not answer" if silent else ISSUER_KEYS) in found.doubt
    assert (summary.held, summary.former, codes(found)) == (None, None, set())
    assert summary.grant_preview is not None


def test_what_the_requester_had_is_counted_far_back() -> None:
    """By what the first request that reads names; without the request itself, and without what others had."""
    acme = PlainPulls()
    acme.record.now = then = NOW - 80 * 24 * HOUR
    acme.record.push(of(OTHER, at=then), at=then)
    carols = a_request(path=OTHER.replace("alice", "carol"), requester=an_actor("carol").login)
    acme.record.push(an_approval(asked=carols, at=then), at=then)
    acme.record.now = NOW
    acme.record.push(an_approval())
    acme.files[PATH] = TEXT
    odd = PATH.replace("refunds", "a-odd")
    found = shown(acme, acme.offer({PATH: LONGER, odd: b"x: ["}))
    first, second = found.summaries
    assert (first.path, first.request, first.held, first.grant_preview) == (odd, None, None, None)
    assert second.held is not None
    assert second.held.count == 1


def test_the_others_of_a_requester_are_named_under_rules_that_see_one() -> None:
    """Where the rules of the policy do not read, nothing is."""
    acme = PlainPulls()
    rules = b"approvals:\n  - need: 1\n  - when: {accounts: [prod]}\n    need: 1\n"
    acme.files[ORDERS] = acme.files[ORDERS].replace(b"approvals: 1\n", rules)
    acme.record.push(of(OTHER), an_outcome(EventType.GRANTED, request=OTHER, commit=sha(OTHER)))
    mine = acme.offer({PATH: TEXT})
    acme.offer({SECOND: TEXT})
    others = one(acme, mine).others
    assert others is not None
    assert ([each.number for each in others.found], others.doubt) == ([None, 2], "")
    acme.record.silent = True
    others = one(acme, mine).others
    assert others is not None
    assert others.doubt.startswith("the issuer does not answer")
    acme.files[ORDERS] = b"x: ["
    assert one(acme, mine).others is None


def test_a_deletion_says_what_it_ends() -> None:
    """An owner of the path approves it, so it ends access; what was asked for is read of main."""
    acme = PlainPulls()
    acme.files[PATH] = TEXT
    found = one(acme, acme.offer({PATH: None}, "mallory"))
    assert (found.kind, found.ends_nothing, found.grant_preview, found.findings) == (
        ChangeKind.DELETED,
        "",
        None,
        (),
    )
    assert found.request is not None
    assert found.held is not None


@pytest.mark.parametrize(
    ("login", "known", "ends"),
    [
        ("dave", True, True),
        ("dave", False, False),  # alice's, by the file
        ("alice", False, True),
        ("alice", True, False),  # dave's, by the ledger
        ("erin", True, True),  # an owner of the rules
    ],
)
def test_where_nobody_owns_a_request_only_some_end_it(login: str, *, known: bool, ends: bool) -> None:
    """Its requester, by the ledger, or by the file where the ledger knows nothing; and owners of the rules."""
    acme = PlainPulls()
    acme.files[GLASS] = TEXT
    if known:
        acme.record.push(an_approval(asked=a_request(path=GLASS, requester=an_actor("dave").login)))
    found = one(acme, acme.offer({GLASS: None}, login))
    assert bool(found.ends_nothing) is not ends
    acme.files[PEOPLE] = b"x: ["
    assert "people.yaml" in one(acme, acme.pulls[-1]).ends_nothing


def test_a_deletion_of_what_main_has_no_more() -> None:
    """Nobody knows what it asked for."""
    acme = PlainPulls()
    acme.files[PATH] = TEXT
    pull = acme.offer({PATH: None})
    acme.push("main", {PATH: None, "README.md": b"x"})
    found = one(acme, pull)
    assert (found.kind, found.request, found.held) == (ChangeKind.DELETED, None, None)


def by(number: int, event: Event) -> Event:
    """The event, of this pull request."""
    return replace(event, evidence=type(event.evidence)({**event.evidence.json, "pull_request": number}))


def told(acme: PlainPulls, text: str, **changes: Any) -> list[str]:
    """What was recorded of a pull request or a request."""
    context = acme.context()
    history = replace(ledger_view.read(context, NOW), **changes)
    return [each.path for each in recorded(context, history, text, NOW)]


def test_what_was_granted_is_shown_as_it_was_recorded() -> None:
    """Documents and window by the ledger; the rest by main's rules, if these read."""
    acme = PlainPulls()
    acme.record.push(by(7, an_approval()), an_outcome(EventType.GRANTED), by(8, of(OTHER)))
    context = acme.context()
    history = ledger_view.read(context, NOW)
    (found,) = recorded(context, history, "7", NOW)
    assert (found.kind, found.request) == (ChangeKind.ADDED, a_request())
    assert found.grant_preview is not None
    assert found.grant_preview.window.expires_at == EXPIRES_AT
    assert found.grant_preview.grants == an_approval().documents
    assert [each.account for each in found.statuses] == ["prod"]
    assert found.held is not None
    assert found.held.count == 1
    acme.files[PEOPLE] = b"x: ["
    (found,) = recorded(acme.context(), history, "7", NOW)
    assert (found.grant_preview, found.request) == (None, a_request())


def test_a_request_is_found_by_each_of_its_pull_requests() -> None:
    """All requests of one are shown, and no other's; or by a part of its path."""
    acme = PlainPulls()
    longer = an_extension(at=NOW + MINUTE)
    nowhere = an_outcome(EventType.GRANTED)  # which names no pull request
    acme.record.push(by(7, an_approval()), nowhere, by(7, of(SECOND)), by(8, longer), by(9, of(OTHER)))
    assert told(acme, "7") == told(acme, "#7") == sorted([PATH, SECOND])
    assert told(acme, "8") == [PATH]
    assert told(acme, "other") == [OTHER]
    acme.pulls.append(a_pull(number=10, merged_at=None, merge_commit=None))
    with pytest.raises(InvalidError, match="nothing is granted yet: pull request 10 still waits"):
        told(acme, "10")


def test_what_was_refused_was_not_granted() -> None:
    """Of one pull request what was is shown; where nothing was, why."""
    acme = PlainPulls()
    refusal = a_refusal({"code": "x", "message": "it is too long"})
    acme.record.push(by(7, replace(refusal, request=SECOND)))
    with pytest.raises(InvalidError, match="it is too long"):
        told(acme, "7")
    acme.record.push(by(7, an_approval()))
    assert told(acme, "7") == [PATH]


def test_of_what_is_in_doubt_nothing_is_shown() -> None:
    """Of all of the ledger, or of this request; another one's doubt is none of it."""
    acme = PlainPulls()
    acme.record.push(by(7, an_approval()), by(7, of(SECOND)), by(8, of(OTHER)))
    with pytest.raises(UnavailableError, match="who knows"):
        told(acme, "8", doubt="who knows")
    with pytest.raises(UnavailableError, match="who knows"):
        told(acme, "10", doubt="who knows")  # it may be in what is not known
    doubt = Doubt(requests=frozenset({SECOND}))
    with pytest.raises(UnavailableError, match=f"may be about {SECOND} cannot be read"):
        told(acme, "7", in_doubt=doubt)
    assert told(acme, "8", in_doubt=doubt) == [OTHER]
