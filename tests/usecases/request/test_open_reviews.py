"""What `review-rules` plans and writes, on a repository in memory: bounds, forks, and files that are hard to edit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import DAY, NOW, OWNERS, a_person, the_rules, the_settings, unreadable
from builders import a_pull

from jitbot.adapters import documents
from jitbot.domain.access_review.review_proposal import TOGETHER
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Policy, Sha, Source, policy_path
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.request.open_reviews import LISTED, MOST, ReviewPlan, open_reviews, plan_reviews
from jitbot.usecases.request.requester_client import RequesterClient

SETTINGS = the_settings(review_every=90 * DAY)
TEXT = "description: {}\neligible: [dave]\naccounts: [prod]\nmax_duration: 4h\napprovals: 1\nmanaged_policies: [ReadOnlyAccess]\n"


def files_of(*names: str, reviewed: date | None = None) -> dict[str, str]:
    """Policies of these names, with this date of a review or with none."""
    line = "" if reviewed is None else f"reviewed: {reviewed}\n"
    return {policy_path(name): TEXT.format("x") + line for name in names}


@dataclass(kw_only=True)
class Repository:
    """acme as a person's client sees it: policies, open pull requests, and what is written."""

    files: Mapping[str, str] = field(default_factory=dict)
    pulls: tuple[PullRequest, ...] = ()
    touched: tuple[str, ...] = ()
    settings: Any = SETTINGS  # or what is wrong with them
    codeowners: str = OWNERS
    may_write: bool = True
    asked: list[int] = field(default_factory=list)
    written: dict[str, bytes] = field(default_factory=dict)

    @property
    def client(self) -> RequesterClient:
        """bob's client."""
        return cast(
            "RequesterClient",
            SimpleNamespace(
                person=a_person("bob"),
                place=SimpleNamespace(may_write=self.may_write, branch="main", tip=Sha("a" * 40), repository="acme/access", actor=a_person("bob")),
                rules=lambda _: the_rules(settings=self.settings, codeowners=codeowners.parse(self.codeowners)),
                policies=self._read(),
                policy_paths=lambda: [*self.files],
                rules_tree=SimpleNamespace(read=self._contents),
                documents=documents,
                github=SimpleNamespace(open_pulls=lambda: self.pulls, files=self._files, tip=lambda _: None),
                github_write=SimpleNamespace(
                    create_branch=lambda *_: None, commit_on_branch=self._commit, open_pull=lambda *_: a_pull()
                ),
            ),
        )  # fmt: skip

    def _read(self) -> tuple[Policy, ...]:
        found = (
            documents.parse_policy(Source(path=path, content=text.encode()))
            for path, text in self.files.items()
        )
        return tuple(each.value for each in found if each.value is not None)

    def _contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        return {path: self.files[path].encode() for path in paths}

    def _files(self, number: int) -> tuple[str, ...]:
        self.asked.append(number)
        return self.touched

    def _commit(self, _: str, __: Sha, ___: str, files: Mapping[str, bytes]) -> Sha:
        self.written |= files
        return Sha("b" * 40)

    def plan(self, *names: str, due: bool = False) -> ReviewPlan:
        """What would be opened now."""
        return plan_reviews(self.client, names, NOW, only_due=due)


def a_review_of(number: int = 1, **changes: Any) -> PullRequest:
    """An open pull request from a branch of a review."""
    pull = a_pull(
        number=number,
        merged_at=None,
        merge_commit=None,
        head_branch="jitbot/review/x",
        head_repository_id=700001,
    )
    return replace(pull, **changes)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"head_repository_id": 4711}, False),  # of a fork: anybody may open one
        ({"head_repository_id": None}, False),
        ({"base_branch": "other"}, False),
        ({"head_branch": "review/x"}, False),
    ],
)
def test_only_a_review_of_this_repository_is_one_that_is_open(changes: dict[str, Any], counts: bool) -> None:
    """Nobody from outside keeps a review from being opened."""
    acme = Repository(
        files=files_of("orders-db-read"),
        pulls=(a_review_of(**changes),),
        touched=(policy_path("orders-db-read"),),
    )
    plan = acme.plan()
    assert [each.policies for each in plan.open] == ([("orders-db-read",)] if counts else [])
    assert len(plan.parts) == int(not counts)


def test_a_run_opens_a_bounded_number() -> None:
    """And asks of a bounded number what it touches; the rest is for the next run, and said."""
    many = files_of(*(f"p-{number}" for number in range(TOGETHER * (MOST + 2))))
    pulls = tuple(a_review_of(number) for number in range(LISTED + 10))
    acme = Repository(files=many, pulls=pulls)
    plan = acme.plan()
    assert (len(plan.parts), plan.more, len(acme.asked)) == (MOST, 2, LISTED)


@pytest.mark.parametrize(
    "description",
    [
        '"What was\nreviewed: once more"',  # looks like the key, and is a part of the text
        "'Read\n  one table'",
        "Read\n  one table",
        ">-\n  Read one table",
    ],
)
def test_nothing_else_in_a_file_changes(description: str) -> None:
    """Whatever it looks like: what is written says the same but for the date, or nothing is written."""
    path = policy_path("orders-db-read")
    acme = Repository(files={path: TEXT.format(description)})
    (before,) = acme.client.policies or (None,)
    assert before is not None
    plan = acme.plan()
    assert [pull.number for pull in open_reviews(acme.client, plan, NOW)] == [7]
    after = documents.parse_policy(Source(path=path, content=acme.written[path])).value
    assert after == replace(before, reviewed=NOW.date())


def test_a_file_that_cannot_be_edited_holds_up_no_other() -> None:
    """It is named, with what to write; the others of its owners are opened."""
    flow = "{description: x, eligible: [dave], accounts: [prod], max_duration: 4h, approvals: 1, managed_policies: [ReadOnlyAccess]}\n"
    acme = Repository(files={policy_path("odd"): flow, policy_path("plain"): TEXT.format("x")})
    plan = acme.plan()
    assert plan.skipped == {
        "odd": "its file cannot be edited line by line: write `reviewed: 2026-11-24` into it"
    }
    assert len(list(open_reviews(acme.client, plan, NOW))) == 1
    assert acme.written.keys() == {policy_path("plain")}


def test_what_is_not_due_is_left() -> None:
    """By the date, and where settings.yaml asks for reviews; a policy that does not read is named."""
    today = NOW.date()
    lately, done = files_of("lately", reviewed=today - 90 * DAY), files_of("today", reviewed=today)
    acme = Repository(files={**lately, **files_of("never"), **done})
    (part,) = acme.plan(due=True).parts
    assert [each.name for each in part.policies] == ["never"]
    assert acme.plan("today").skipped == {"today": "it was reviewed today"}
    broken = Repository(files={policy_path("broken"): "x: ["})
    assert broken.plan().skipped == {"broken": "it cannot be read: see `jitbot check`"}
    assert broken.plan().parts == ()


def test_only_the_policies_that_are_named_are_planned() -> None:
    """One that is not there is said; of those that do not read, and of other open reviews, nothing is."""
    files = {**files_of("a", "b"), policy_path("odd"): "x: ["}
    acme = Repository(files=files, pulls=(a_review_of(),), touched=(policy_path("b"), "README"))
    plan = acme.plan("a")
    assert ([*plan.files], plan.open, dict(plan.skipped)) == ([policy_path("a")], (), {})
    assert acme.plan().skipped == {"odd": "it cannot be read: see `jitbot check`"}
    assert [each.policies for each in acme.plan().open] == [("b",)]
    with pytest.raises(InvalidError, match="main has no policy 'c' that can be read; it has: a, b"):
        acme.plan("a", "c")


def test_nothing_is_due_where_no_reviews_are_asked_for() -> None:
    """All of them can be made nevertheless."""
    acme = Repository(files=files_of("a"), settings=the_settings())
    with pytest.raises(InvalidError, match="has no review_every"):
        acme.plan(due=True)
    assert len(acme.plan().parts) == 1
    assert len(Repository(files=files_of("a"), settings=unreadable()).plan().parts) == 1


def test_who_may_not_push_opens_nothing() -> None:
    """It is said before anything is written."""
    acme = Repository(files=files_of("a"), may_write=False)
    with pytest.raises(InvalidError, match="may not push to acme/access"):
        list(open_reviews(acme.client, acme.plan(), NOW))
    assert acme.written == {}


def test_what_nobody_owns_is_not_opened() -> None:
    """Nobody's approval would count: it is said, and the others are opened."""
    acme = Repository(files=files_of("lonely", "owned"), codeowners=f"{OWNERS}/{policy_path('lonely')}\n")
    plan = acme.plan()
    assert [[each.name for each in part.policies] for part in plan.parts] == [["owned"]]
    assert (dict(plan.skipped), plan.more) == ({"lonely": "its file has no owner"}, 0)
