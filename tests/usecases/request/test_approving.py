"""A person's approval on a repository in memory: what they look at, and that exactly that is approved, or nothing."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from acme_facts import HOUR, MINUTE, NOW, PATH, a_request, an_actor, sha
from builders import a_review, an_approval
from plain_pulls import PlainPulls

from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.merge_facts import PullRequest, Review
from jitbot.usecases.request.approving import ApprovalGround, look, submit

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
GLASS = PATH.replace("orders-db-read", "production-break-glass").replace("alice", "dave")
LOST = UnavailableError("GitHub does not answer")


@dataclass(slots=True, kw_only=True)
class Desk(PlainPulls):
    """acme, as somebody at a terminal in a clone has it, and their approvals."""

    login: str = "bob"
    lost: bool = False  # whether GitHub's answer does not come
    taken: bool = True  # whether GitHub takes the approval
    answer: dict[str, Any] = field(default_factory=dict)  # what is different in it
    meanwhile: dict[str, Any] = field(default_factory=dict)  # what becomes of the pull request with it
    given: list[tuple[int, Sha]] = field(default_factory=list)

    def access(self) -> RepositoryAccess:
        """Whose token it is."""
        return RepositoryAccess(
            actor=an_actor(self.login),
            repository="acme/access",
            url="https://x.example",
            repository_id=700001,
            branch="main",
            tip=self.main(),
            may_write=True,
            auto_merge=True,
            methods=("squash",),
        )

    def approve(self, number: int, head: Sha) -> Review:
        """The review, of this head."""
        self.given.append((number, head))
        made = replace(a_review(self.login, commit=head, submitted_at=NOW), **self.answer)
        if self.taken:
            self.reviews_of[number] = (*self.reviews(number), made)
        self.pulls = [replace(each, **self.meanwhile) for each in self.pulls]
        if self.lost:
            raise LOST
        return made


def looked(acme: Desk, pull: PullRequest) -> ApprovalGround:
    """What this person looks at."""
    return look(acme.context(), pull.number, NOW)


def test_an_open_request_is_looked_at_whole() -> None:
    """As its comment shows it; whether this person's approval helps is said."""
    acme = Desk()
    pull = acme.offer({PATH: TEXT})
    ground = looked(acme, pull)
    assert (ground.pull, ground.why_not, ground.findings, ground.access.actor) == (
        pull,
        "",
        (),
        an_actor("bob"),
    )
    assert [each.path for each in ground.summaries] == [PATH]
    acme.login = "carol"
    assert "does not own this path" in looked(acme, pull).why_not
    wrong = acme.offer({PATH: TEXT.replace(b"2h", b"9h")})
    assert [each.code for each in looked(acme, wrong).findings] == ["duration-above-maximum"]


@pytest.mark.parametrize("files", [{"README.md": b"x"}, {PATH: None}], ids=["no request", "a deletion"])
def test_what_asks_for_no_access_is_reviewed_on_its_page(files: dict[str, bytes | None]) -> None:
    """Beside something that does, a deletion is looked at too."""
    acme = Desk()
    acme.files[PATH] = TEXT
    pull = acme.offer(files, url="https://x.example/1")
    with pytest.raises(
        InvalidError, match=r"#1 asks for no access: review it on its page, https://x\.example/1/files"
    ):
        looked(acme, pull)
    both = acme.offer({**files, PATH.replace("refunds", "more"): TEXT})
    assert looked(acme, both).summaries


def test_what_was_closed_is_not_approved() -> None:
    """There is nothing to approve."""
    acme = Desk()
    pull = acme.offer({PATH: TEXT}, closed_at=NOW)
    with pytest.raises(InvalidError, match="#1 was closed, not merged"):
        looked(acme, pull)


def broken_glass(acme: Desk, *reviewers: str, number: int = 1) -> PullRequest:
    """dave's break-glass, merged and recorded, which one of these is to review."""
    pull = acme.offer({GLASS: TEXT}, "dave", number=number)
    merged = replace(pull, merged_at=NOW - MINUTE, merge_commit=sha(f"glass {number}"))
    acme.pulls[-1] = merged
    evidence = {
        "pull_request": number,
        "head": pull.head,
        "break_glass": {
            "review_by": "2026-11-25T09:00:00Z",
            "reviewers": [{"login": each, "github_id": an_actor(each).github_id} for each in reviewers],
        },
    }
    path = GLASS.replace("refunds", f"n{number}")
    asked = a_request(path=path, requester=an_actor("dave").login, duration=HOUR)
    acme.record.push(an_approval(asked=asked, commit=merged.merge_commit, evidence=evidence))
    return merged


def test_a_merged_break_glass_is_reviewed() -> None:
    """By those whom its record names; of another merge's review nothing is said here."""
    acme = Desk(login="erin")
    one = broken_glass(acme, "erin")
    other = broken_glass(acme, "frank", number=2)
    ground = looked(acme, one)
    assert (ground.why_not, ground.findings, [each.kind.value for each in ground.summaries]) == (
        "",
        (),
        ["added"],
    )
    assert looked(acme, other).why_not == "erin is no reviewer of this break-glass; one of these is: frank"
    acme.files["policies/people.yaml"] = b"x: ["
    assert "erin (GitHub id 1005) is not in policies/people.yaml" in looked(acme, one).why_not


def test_a_merged_request_needs_no_review() -> None:
    """An approval would change nothing."""
    acme = Desk()
    pull = acme.offer({PATH: TEXT})
    acme.pulls[-1] = replace(pull, merged_at=NOW, merge_commit=sha("m"))
    acme.record.push(an_approval(evidence=Evidence({"pull_request": 1})))
    assert "requires no review" in looked(acme, pull).why_not


def sent(acme: Desk, **before: Any) -> str:
    """What approving does, where this became of the pull request since the person looked."""
    pull = acme.offer({PATH: TEXT})
    ground = looked(acme, pull)
    acme.pulls = [replace(each, **before) for each in acme.pulls]
    return submit(acme.context(), acme, ground)


def test_exactly_what_was_looked_at_is_approved() -> None:
    """At its head, once; nothing came between."""
    acme = Desk()
    assert sent(acme) == ""
    assert acme.given == [(1, acme.pulls[0].head)]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ({"head": sha("pushed")}, "somebody pushed to #1 meanwhile"),
        ({"base_branch": "other"}, "#1 was moved to another base meanwhile"),
        ({"closed_at": NOW}, "#1 was merged or closed meanwhile"),
    ],
)
def test_what_is_not_what_was_looked_at_is_not_approved(before: dict[str, Any], why: str) -> None:
    """Nothing is sent."""
    acme = Desk()
    with pytest.raises(InvalidError, match=rf"{why}.*; nothing was approved. Look again: jitbot approve 1"):
        sent(acme, **before)
    assert acme.given == []


@pytest.mark.parametrize(
    "answer", [{"commit": sha("another")}, {"state": "COMMENTED"}], ids=["another commit", "no approval"]
)
def test_what_github_recorded_otherwise_is_no_approval(answer: dict[str, Any]) -> None:
    """It is said what it is."""
    with pytest.raises(UnavailableError, match=r"GitHub recorded .* of .*, not an approval of"):
        sent(Desk(answer=answer))


def test_an_approval_whose_answer_was_lost_is_looked_for() -> None:
    """One of this person, at this head; the last one. Where none is there, that is said."""
    assert sent(Desk(lost=True)) == ""
    with pytest.raises(UnavailableError, match="GitHub does not answer; no approval is there, so try again"):
        sent(Desk(lost=True, taken=False))
    for others in (
        {"user": an_actor("erin")},
        {"commit": sha("older")},
        {"state": "CHANGES_REQUESTED"},
        {"state": "DISMISSED"},
    ):
        with pytest.raises(UnavailableError, match="no approval is there"):
            sent(Desk(lost=True, answer=others))


def test_what_comes_between_makes_it_count_for_nothing() -> None:
    """A push just after it; that the approval itself merged it is fine."""
    pushed = {"head": sha("pushed")}
    assert "somebody pushed to #1 meanwhile" in sent(Desk(meanwhile=pushed))
    assert sent(Desk(meanwhile={**pushed, "merged_at": NOW, "merge_commit": sha("m")})) == ""
