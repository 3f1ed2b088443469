"""A merged request decided by what GitHub and git answer, in memory: no bad answer refuses anybody, and nothing slips through one.

The facts are collected, judged, asked for again and recorded as in a run; only GitHub's and git's answers are given here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import (
    HEAD,
    HOUR,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    SECOND,
    TEAMS,
    WIDER,
    a_request,
    an_actor,
    sha,
    the_rules,
)
from builders import a_change, a_commit, a_pull, a_review
from catalogue_facts import the_catalogue
from plain_run import PlainRoles, PlainRun

from jitbot.domain.access.doubt import GITHUB_LAG
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import LEDGER_RULES, EventType
from jitbot.domain.model.bounds import MOVES
from jitbot.domain.model.documents import PLAIN, SETTINGS, Parsed, Sha, Source, policy_path
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.github_objects import PullRecount
from jitbot.domain.model.merge_facts import (
    CommitReading,
    Dismissal,
    PullReading,
    PullRequestHistory,
    Push,
)
from jitbot.usecases.runs.grant import grant

LATE = MERGED_AT + GITHUB_LAG  # nothing can lag any more
POLICY, TEAMS_FILE = policy_path("orders-db-read"), "policies/teams.yaml"
PULL = a_pull(changed_files=1, head_branch="fix", head_repository_id=700001)
LISTED = replace(PULL, commit_count=-1, changed_files=None, merged_by=None)
SEEN = PullRequestHistory(merged=True, retargeted_at=None, dismissals=())
MALLORYS = replace(LISTED, number=8, author=an_actor("mallory"))
NO_ANSWER, FORBIDDEN = UnavailableError("GitHub does not answer"), DeniedError("forbidden")
ODD_RULES = the_rules(policy=WIDER.policy.value, teams={**TEAMS, "acme/payments-leads": ("heidi",)})


@dataclass(slots=True, kw_only=True)
class GitHub:
    """Its answers about alice's pull request. `wrong` are the first ones of a question, `always` those that stay so."""

    together: bool = False  # whether pull requests are read many in a call
    true: dict[str, Any] = field(default_factory=dict)  # where it has another pull request than PULL
    wrong: dict[str, list[Any]] = field(default_factory=dict)
    always: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*given: Any) -> Any:
            self.asked.append(name)
            wrong = self.wrong.get(name)
            found = wrong.pop(0) if wrong else self.always.get(name, self.right(name, given))
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    def right(self, name: str, given: Sequence[Any]) -> Any:
        """What it should say."""
        parts: dict[str, Any] = {
            "files": (PATH,),
            "reviews": (a_review(),),
            "commits": (a_commit("alice"),),
            "history": SEEN,
        }
        parts |= {each: self.true[each] for each in parts.keys() & self.true.keys()}
        reading = PullReading(pull=PULL, **parts)
        recount = PullRecount(reviews=parts["reviews"], commit_count=1, changed_files=1)
        whole = (
            {each: CommitReading(default_branch="main", pulls=(reading,)) for each in given[0]}
            if (name == "read_commits" and self.together)
            else {}
        )
        return {
            **parts,
            "read_commits": whole,
            "recount": {7: recount} if self.together else {},
            "pulls_of": (LISTED,),
            "pull": PULL,
            "pushes": (),
            "permission": "write",
            "hosting": SimpleNamespace(default_branch="main"),
            "rules": SimpleNamespace(types=LEDGER_RULES),
            **self.true,
        }[name]


@dataclass(slots=True, kw_only=True)
class DecidingRun(PlainRun):
    """A run on main, which has alice's request. `at_head` are the files of the approved commit that differ from main's."""

    github: GitHub
    at_head: Mapping[str, bytes | None] = field(default_factory=dict)
    cloud: PlainRoles = field(default_factory=PlainRoles)

    def context(self) -> Any:
        """What the run sees."""
        context: Any = PlainRun.context(self)
        self.at_main[PATH] = b"x"
        at_main = context.git.entries
        changed = {sha(f"{path} at the head"): content for path, content in self.at_head.items()}

        def entries(commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
            lies = at_main(self.main if commit == HEAD else commit, paths)
            if commit != HEAD:
                return tuple(lies)
            gone = {path for path, content in self.at_head.items() if content is None}
            return tuple(
                replace(each, blob=sha(f"{each.path} at the head")) if each.path in self.at_head else each
                for each in lies
                if each.path not in gone
            )

        small = context.git.small
        context.git.entries = entries
        context.git.small = lambda blobs, most: {
            each: changed[each] if each in changed else small([each], most)[each] for each in blobs
        }
        context.git.changes = lambda _: (a_change(blob=blob_name(b"x"), mode=PLAIN),)
        context.git.too_large = lambda _: ()
        context.git.deleting = lambda *_: frozenset()
        context.git.touched = lambda *_: (PATH,)
        context.git.touching = lambda commits, _: frozenset(commits)
        context.git.pull_head = lambda _: HEAD
        context.git.touching_rules = lambda *_: {}
        context.git.changes_of_rules = lambda *_: ()
        context.github = self.github
        context.cloud = lambda: self.cloud
        context.catalogue = the_catalogue()
        return context

    def parse_request(self, source: Source) -> object:
        """alice's."""
        return Parsed(value=a_request(path=source.path))

    def parse_policy(self, source: Source) -> object:
        """acme's, or another one."""
        return ODD_RULES.policy if source.content == b"odd" else self.rules.policy

    def parse_teams(self, source: Source) -> object:
        """acme's, or others."""
        return ODD_RULES.teams if source.content == b"odd" else self.rules.teams


def decided(
    github: GitHub, *, now: datetime = LATE, at_head: Mapping[str, bytes | None] | None = None
) -> tuple[list[str], set[str]]:
    """What a run records of alice's request, and why it does not approve it."""
    run = DecidingRun(github=github, at_head=at_head or {}, now=now)
    run.cloud.now = now
    context = run.context()
    context.git.fetch()
    report = grant(context, now)
    events = run.ledger(now).read().events
    reasons = {reason.code for each in report.decided for reason in each.decision.reasons}
    given = any(each.event is not None and each.event.kind is EventType.APPROVED for each in report.decided)
    assert bool(run.cloud.of("create")) is given
    assert report.exit_code == (0 if given else 1 if events else 3)
    return sorted(str(each.kind) for each in events), reasons


GRANTED: tuple[list[str], set[str]] = (["approved", "granted"], set())
UNMERGED = replace(PULL, merged_at=None)
NOT_SEEN = replace(SEEN, merged=False)
SINGLE: list[tuple[str, Any]] = [
    ("pulls_of", ()),
    ("pulls_of", (MALLORYS,)),
    ("pull", UNMERGED),
    ("files", ()),
    ("files", ("README.md",)),
    ("commits", ()),
    ("reviews", ()),
    ("history", NOT_SEEN),
    ("permission", "read"),
    ("hosting", SimpleNamespace(default_branch="other")),
    *((name, error) for name in ("pulls_of", "pull", "files", "commits", "reviews", "history", "pushes", "permission", "hosting") for error in (NO_ANSWER, FORBIDDEN)),
]  # fmt: skip


@pytest.mark.parametrize("now", [NOW, LATE], ids=["young", "late"])
@pytest.mark.parametrize(("question", "answer"), SINGLE)
def test_one_bad_answer_refuses_nobody(question: str, answer: Any, now: datetime) -> None:
    """Whatever GitHub answers wrongly once, the request is granted in the same run."""
    github = GitHub(wrong={question: [answer]})
    assert decided(github, now=now) == GRANTED
    assert github.wrong == {question: []}


PART = PullReading(pull=PULL, files=None, reviews=None, commits=None, history=None)
WHOLE = PullReading(
    pull=PULL, files=(PATH,), reviews=(a_review(),), commits=(a_commit("alice"),), history=SEEN
)
MERGE = a_change().commit
TOGETHER: list[tuple[str, Any]] = [
    ("read_commits", {}),
    ("read_commits", NO_ANSWER),
    ("read_commits", {MERGE: CommitReading(default_branch="main", pulls=())}),
    ("read_commits", {MERGE: CommitReading(default_branch="other", pulls=(WHOLE,))}),
    ("read_commits", {MERGE: CommitReading(default_branch="main", pulls=(PART,))}),
    *(
        ("read_commits", {MERGE: CommitReading(default_branch="main", pulls=(replace(WHOLE, **lie),))})
        for lie in ({"files": ()}, {"reviews": ()}, {"commits": ()}, {"history": NOT_SEEN}, {"pull": UNMERGED})
    ),
    ("recount", {}),
    ("recount", NO_ANSWER),
    ("recount", {7: PullRecount(reviews=None, commit_count=1, changed_files=1)}),
    ("recount", {7: PullRecount(reviews=(), commit_count=1, changed_files=1)}),
    ("recount", {7: PullRecount(reviews=(a_review(),), commit_count=2, changed_files=1)}),
    ("recount", {7: PullRecount(reviews=(a_review(),), commit_count=1, changed_files=2)}),
]  # fmt: skip


@pytest.mark.parametrize("now", [NOW, LATE], ids=["young", "late"])
@pytest.mark.parametrize(("question", "answer"), TOGETHER)
def test_one_bad_answer_about_many_refuses_nobody(question: str, answer: Any, now: datetime) -> None:
    """Where pull requests are read together, and where that shows less than it should."""
    github = GitHub(together=True, wrong={question: [answer]})
    assert decided(github, now=now) == GRANTED
    assert github.wrong == {question: []}


@pytest.mark.parametrize("now", [NOW, LATE], ids=["young", "late"])
@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        ("commits", (), "short-answer"),
        ("files", (), "short-answer"),
        ("history", NOT_SEEN, "short-answer"),
        ("pull", UNMERGED, "short-answer"),
        ("pull", replace(PULL, commit_count=2), "short-answer"),
        ("reviews", NO_ANSWER, "not-decidable"),
        ("permission", NO_ANSWER, "not-decidable"),
        ("history", FORBIDDEN, "not-decidable"),
    ],
)
def test_what_stays_short_is_left_to_the_next_run(
    question: str, answer: Any, why: str, now: datetime
) -> None:
    """For as long as the run has patience it is asked again, and then it is neither a yes nor a no."""
    github = GitHub(always={question: answer})
    events, reasons = decided(github, now=now)
    assert (events, why in reasons) == ([], True)
    assert github.asked.count("pulls_of") == 1 + 6


@pytest.mark.parametrize(
    ("question", "answer", "why", "young"),
    [
        ("pulls_of", (), "no-pull-request", False),
        ("pulls_of", (MALLORYS,), "not-the-author", False),
        ("reviews", (), "not-enough-approvals", True),
        ("reviews", (a_review("carol"),), "not-enough-approvals", True),
        ("reviews", (a_review(), a_review(review_id=2, state="CHANGES_REQUESTED", submitted_at=MERGED_AT - MINUTE)), "changes-requested", True),
        ("permission", "read", "not-enough-approvals", True),
        ("permission", "none", "not-enough-approvals", True),
        ("files", (PATH, POLICY), "touches-rules", True),
        ("commits", (a_commit("alice", "bob"),), "not-enough-approvals", True),
        ("pushes", (Push(actor=an_actor("bob"), before=sha("x"), after=HEAD, kind="push", at=MERGED_AT - HOUR),), "not-enough-approvals", True),
        ("pushes", (Push(actor=an_actor("alice"), before=sha("x"), after=HEAD, kind="push", at=MERGED_AT - MINUTE),), "not-enough-approvals", True),
        ("history", replace(SEEN, retargeted_at=MERGED_AT - MINUTE), "not-enough-approvals", True),
        ("history", replace(SEEN, reopened_at=MERGED_AT - MINUTE), "not-enough-approvals", True),
    ],
)  # fmt: skip
def test_the_same_no_twice_is_a_no(question: str, answer: Any, why: str, young: bool) -> None:
    """At once where GitHub can add nothing; else after a quarter of an hour, and until then in doubt."""
    always = {question: answer}
    if question == "pulls_of" and answer:
        always["pull"] = replace(PULL, number=8, author=MALLORYS.author)
    github = GitHub(always=always)
    events, reasons = decided(github)
    assert (events, why in reasons) == (["refused"], True)
    assert github.asked.count("pulls_of") == 2
    events, _ = decided(GitHub(always=always), now=LATE - SECOND)
    assert events == (["refused"] if young else [])


def test_two_wrong_answers_that_differ_confirm_nothing() -> None:
    """First GitHub names no pull request, then no review: neither says the same as the other, and the third look grants."""
    github = GitHub(wrong={"pulls_of": [()], "reviews": [(), ()]})
    assert decided(github) == GRANTED
    assert github.asked.count("pulls_of") == 3


def test_a_young_commit_is_asked_for_until_github_knows_it() -> None:
    """GitHub connects a merge with its pull request only after a while, or names another's first."""
    for answer in ((), (MALLORYS,)):
        github = GitHub(wrong={"pulls_of": [answer] * 4})
        assert decided(github, now=NOW) == GRANTED
        assert github.asked.count("pulls_of") == 5


GONE = Dismissal(review_id=1, by=an_actor("mallory"), state="APPROVED", at=MERGED_AT + SECOND)
DISMISSED = (a_review(state="DISMISSED"),)


def test_a_dismissal_after_the_merge_takes_nothing_away() -> None:
    """The reviews show it at once, its time comes with the events: until then nobody knows when it was."""
    listed = replace(SEEN, dismissals=(GONE,))
    assert decided(GitHub(true={"reviews": DISMISSED, "history": listed}), now=NOW) == GRANTED
    late = GitHub(true={"reviews": DISMISSED, "history": listed}, wrong={"history": [SEEN, SEEN]})
    assert decided(late, now=NOW) == GRANTED
    for now, outcome in ((LATE - SECOND, []), (LATE, ["refused"])):
        assert decided(GitHub(true={"reviews": DISMISSED}), now=now)[0] == outcome


def test_a_dismissal_before_the_merge_that_reviews_lack_is_not_passed_over() -> None:
    """The events list it, and the reviews still show the approval."""
    listed = replace(SEEN, dismissals=(replace(GONE, at=MERGED_AT - SECOND),))
    assert decided(GitHub(always={"history": listed})) == ([], {"short-answer"})
    once = GitHub(always={"history": listed, "reviews": DISMISSED}, wrong={"reviews": [(a_review(),)] * 2})
    assert decided(once)[0] == ["refused"]


@pytest.mark.parametrize(("number", "outcome"), [(MOVES, GRANTED[0]), (MOVES + 1, ["refused"])])
def test_more_moves_than_are_read_are_a_reason_to_refuse(number: int, outcome: list[str]) -> None:
    """Nobody looks for whoever pushed behind them, and no run stays red for it."""
    move = Push(actor=an_actor("mallory"), before=sha("x"), after=sha("y"), kind="push", at=MERGED_AT - HOUR)
    events, reasons = decided(GitHub(always={"pushes": (move,) * number}))
    assert (events, "too-many-moves" in reasons) == (outcome, number > MOVES)


@pytest.mark.parametrize(
    ("at_head", "why"),
    [
        ({POLICY: b"odd"}, "rules-changed"),
        ({TEAMS_FILE: b"odd"}, "not-enough-approvals"),
        ({POLICY: None}, "rules-changed"),
        ({SETTINGS: None}, "rules-changed"),
        ({PATH: b"y"}, "not-what-was-approved"),
        ({PATH: None}, "not-what-was-approved"),
    ],
)
def test_an_approval_counts_under_the_rules_it_was_given_on(
    at_head: Mapping[str, bytes | None], why: str
) -> None:
    """What the approver saw is the head's: other rules, owners or bytes there are not what main has."""
    events, reasons = decided(GitHub(), at_head=at_head)
    assert (events, why in reasons) == (["refused"], True)
