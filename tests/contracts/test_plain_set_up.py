"""How acme is set up in memory is how the adapter reads it of the embedded GitHub that `init --apply` has set up."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from acme_facts import NOW, PEOPLE, TEAMS, the_settings
from answering import answered_here
from github_site import Site
from plain_set_up import PlainSetUp
from same_life import answered, tried

from jitbot.domain.model.documents import Login
from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github import setting_changes
from jitbot.domain.setup.doctor.github.github_state import ENVIRONMENT
from jitbot.ports.github_read import GitHubRead
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.setup.apply_settings import apply_settings, read, ready

ADMIN = "root"
OF_ACTIONS = ("job_tokens", "actions_policy", "token_subject")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """acme's people, teams and files on a GitHub without any rule, as `init --apply` leaves it."""
    with pytest.MonkeyPatch.context() as patch:
        answered_here(patch)
        with GitHubSandbox(Clock(NOW)) as github:
            for person in PEOPLE.values():
                github.add_user(person.login, person.github_id)
            github.add_user(ADMIN, 1, permission="admin")
            for team, logins in TEAMS.items():
                github.add_team(team, logins)
            github.create_repository("acme/access", acme_tree("https://x.example"), ledger=False)
            github.rules.clear()
            repository = github._site.repository("acme/access")
            repository.schedules["clock.yml"] = None
            repository.job_permissions["default_workflow_permissions"] = "write"
            made = Site(github=github)
            ready(made.reader(ADMIN), the_settings())
            assert [*apply_settings(made.reader(ADMIN), made.writer(ADMIN))] == [
                (each.title, True) for each in setting_changes.ALL_CHANGES
            ]
            yield made


def test_what_init_apply_leaves_needs_no_more(site: Site) -> None:
    """Neither in memory nor on GitHub: nothing is sent again, and main may be protected."""
    memory = PlainSetUp()
    applied = [*apply_settings(memory.port, memory.port)]
    assert applied == [*apply_settings(site.reader(ADMIN), site.writer(ADMIN))]
    assert not any(made for _, made in applied)
    assert (memory.sent, desired.due(read(memory.port))) == ([], desired.due(read(site.reader(ADMIN))))
    for port in (memory.port, site.reader(ADMIN)):
        ready(port, the_settings())


def test_the_repository_has_what_the_memory_says_of_it(site: Site) -> None:
    """Each setting that is named in memory, and what a job's token may do; more is said on GitHub."""
    memory, reader = PlainSetUp(), site.reader(ADMIN)
    mine, real = memory.hosting(), reader.hosting()
    assert (mine.full_name, mine.repository_id, mine.default_branch) == (
        real.full_name,
        real.repository_id,
        real.default_branch,
    )
    for few, many in (
        (mine.answer, real.answer),
        *((getattr(memory, name)(), getattr(reader, name)()) for name in OF_ACTIONS),
    ):
        assert {name: many[name] for name in few} == few


@pytest.mark.parametrize("branch", ["main", "ledger", "other"])
def test_branches_have_the_rules_that_the_memory_says(site: Site, branch: str) -> None:
    """As they were sent, with the same parameters, and the same who may pass them by."""
    mine, real = PlainSetUp().protection(branch), site.reader(ADMIN).protection(branch)
    assert (mine.name, mine.classic, mine.bypasses) == (real.name, real.classic, real.bypasses)
    assert asked(real.rules, of=mine.rules) == asked(mine.rules, of=mine.rules)
    assert len(real.rules) == len(mine.rules)  # type: ignore[arg-type]


def asked(rules: Any, *, of: Any) -> dict[str, dict[str, Any]]:
    """What each rule asks for, of the parameters that these name."""
    named = {rule["type"]: rule.get("parameters", {}).keys() for rule in of}
    return {
        rule["type"]: {name: rule.get("parameters", {}).get(name) for name in named[rule["type"]]}
        for rule in rules
    }


QUESTIONS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("shared_secrets", ()),
    ("codeowners_errors", ()),
    ("last_scheduled", ("clock.yml",)),
    *(("workflow_state", (file,)) for file in ("grant.yml", "clock.yml", "nothing.yml")),
    *((name, (login,)) for name in ("account", "permission") for login in (*map(Login, PEOPLE), "nobody")),
    ("account", (Login("ALICE"),)),
    *(("members", (team,)) for team in (*TEAMS, "acme/nobody", "other/payments")),
)


def test_nothing_is_answered_that_is_not_compared() -> None:
    """Whatever else is said of acme in memory must be put to both here."""
    elsewhere = {*OF_ACTIONS, "hosting", "protection", "environment", "tip"}
    assert answered(PlainSetUp(), GitHubRead) == {name for name, _ in QUESTIONS} | elsewhere


@pytest.mark.parametrize(("name", "given"), QUESTIONS)
def test_what_is_read_of_it(site: Site, name: str, given: tuple[Any, ...]) -> None:
    """People, teams, workflows, secrets and rights: the same answer."""
    asked_of = (getattr(port, name) for port in (PlainSetUp(), site.reader(ADMIN)))
    mine, real = (tried(partial(each, *given)) for each in asked_of)
    assert mine == real


def test_the_environment_of_chat_and_the_ledger_are_there(site: Site) -> None:
    """For main alone; the secret is what an admin adds, and a branch of another name has no tip."""
    mine, real = PlainSetUp(), site.reader(ADMIN)
    environment = mine.environment(ENVIRONMENT)
    found = real.environment(ENVIRONMENT)
    assert environment is not None
    assert found is not None
    assert (found.allows, found.secrets) == (environment.allows, frozenset())
    for branch, there in (("ledger", True), ("other", False)):
        assert (mine.tip(branch) is not None, real.tip(branch) is not None) == (there, there)
