"""`init --apply` in memory: what differs is sent, nothing else is, and what main must hold before."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import sha, the_settings
from github_facts import HOSTING, LEDGER, MAIN, MAIN_RULES, hosting, job_tokens, without
from plain_set_up import PlainSetUp

from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github import setting_changes
from jitbot.domain.setup.doctor.github.chat_environment import CHAT_ENVIRONMENT, ENVIRONMENT_BRANCHES
from jitbot.domain.setup.doctor.github.github_state import ENVIRONMENT, Environment
from jitbot.domain.setup.doctor.report import Unknown
from jitbot.usecases.setup.apply_settings import apply_settings, read, ready

NO = DeniedError("no")
NO_ANSWER = UnavailableError("no network")
ON_GITHUB_COM: Any = hosting(html_url="https://github.com/acme/access")
PINNED: Any = setting_changes.body(desired.MAIN_RULESET, actions_app=15368)
OTHERS = Environment(allows=frozenset({"*"}), secrets=frozenset())


def sent(change: Any, *, app: int | None = None) -> tuple[Any, ...]:
    """The call of a change."""
    return change.method, change.path, setting_changes.body(change, actions_app=app)


LIMIT = (ENVIRONMENT, ENVIRONMENT_BRANCHES)
BEGUN = [("README.md", "Begin the ledger"), ("ledger", sha("root"))]


@pytest.mark.parametrize(
    ("changes", "change", "calls"),
    [
        ({}, None, []),
        ({"of": ON_GITHUB_COM}, desired.MAIN_RULESET, [sent(desired.MAIN_RULESET, app=15368)]),
        ({"of": ON_GITHUB_COM, "branches": {"main": replace(MAIN, rules=tuple(PINNED["rules"])), "ledger": LEDGER}}, None, []),
        ({"branches": {"main": replace(MAIN, rules=without(MAIN_RULES, "deletion")), "ledger": LEDGER}}, desired.MAIN_RULESET, [sent(desired.MAIN_RULESET)]),
        ({"branches": {"main": MAIN, "ledger": replace(LEDGER, rules=())}}, desired.LEDGER_RULESET, [sent(desired.LEDGER_RULESET)]),
        ({"of": hosting(allow_auto_merge=False)}, desired.MERGING, [sent(desired.MERGING)]),
        ({"jobs": job_tokens(can_approve_pull_request_reviews=True)}, desired.JOB_TOKENS, [sent(desired.JOB_TOKENS)]),
        ({"jobs": NO}, desired.JOB_TOKENS, [sent(desired.JOB_TOKENS)]),
        ({"tips": {}}, desired.LEDGER_BRANCH, BEGUN),
        ({"tips": {"ledger": NO_ANSWER}}, desired.LEDGER_BRANCH, BEGUN),
        ({"limited": None}, CHAT_ENVIRONMENT, [LIMIT]),
        ({"limited": OTHERS}, CHAT_ENVIRONMENT, [LIMIT]),
        ({"limited": NO}, CHAT_ENVIRONMENT, [LIMIT]),
        ({"secrets": NO}, None, []),
    ],
)  # fmt: skip
def test_what_differs_or_is_unknown_is_sent_and_nothing_else(
    changes: dict[str, Any], change: Any, calls: list[Any]
) -> None:
    """Each change in its own way; of all of them it is said, in their order, whether they were made."""
    github = PlainSetUp(**changes)
    made = list(apply_settings(github.port, github.port))
    assert made == [(each.title, each is change) for each in setting_changes.ALL_CHANGES]
    assert github.sent == calls


def test_what_cannot_be_seen_is_unknown() -> None:
    """With the reason, while all else is read; where not even the repository is shown, that is raised."""
    github = PlainSetUp(tips={"ledger": NO}, jobs=NO_ANSWER, limited=NO, secrets=NO)
    state = read(github.port)
    unseen = (state.has_ledger, state.environment, state.secrets)
    assert (unseen, state.job_tokens) == ((Unknown(why="no"),) * 3, Unknown(why="no network"))
    assert (state.main, state.ledger) == (MAIN, LEDGER)
    assert [read(PlainSetUp(tips=tips).port).has_ledger for tips in ({"ledger": sha("x")}, {})] == [
        True,
        False,
    ]
    with pytest.raises(DeniedError):
        read(PlainSetUp(of=NO).port)


def test_a_ledger_that_github_does_not_begin_says_why() -> None:
    """A rule may ask for signed commits, and this one is not; anything else is raised as it is."""
    github = PlainSetUp(tips={}, refused=NO)
    with pytest.raises(DeniedError, match=r"no\. GitHub does not sign this commit"):
        list(apply_settings(github.port, github.port))
    github = PlainSetUp(tips={}, refused=NO_ANSWER)
    with pytest.raises(UnavailableError, match=r"\Ano network\Z"):
        list(apply_settings(github.port, github.port))


ERROR = Finding(code="x", message="Unknown owner", file=".github/CODEOWNERS", line=3, column=1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"of": replace(HOSTING, repository_id=7)}, r"that of acme/access \(700001\), and GitHub's is acme/access \(7\)"),
        ({"of": replace(HOSTING, repository_id=700001, full_name="acme/new")}, r"and GitHub's is acme/new \(700001\)"),
        ({"owners_errors": None}, "main on GitHub has no CODEOWNERS yet"),
        ({"owners_errors": (ERROR,)}, r"CODEOWNERS:3: GitHub says Unknown owner; under the rules nobody could fix"),
    ],
)  # fmt: skip
def test_nothing_is_protected_before_main_holds_what_it_must(changes: dict[str, Any], said: str) -> None:
    """The settings of this very repository, and owners whom GitHub knows: under the rules nobody could add them."""
    github = PlainSetUp(**changes)
    if not said:
        ready(github.port, the_settings())
        return
    with pytest.raises(InvalidError, match=said):
        ready(github.port, the_settings())
