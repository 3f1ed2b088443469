"""How a repository is set up, from GitHub's answers: what is known, what is nobody's to see, and what is simply not there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from answering_client import AnsweringClient, refusal
from github import GithubException

from jitbot.adapters.github import GitHubReader
from jitbot.domain.model.documents import Login
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.setup.doctor.github.github_state import ADMIN_ROLE, Bypass
from jitbot.domain.setup.doctor.report import Unknown

ADMIN = "run `jitbot doctor` as an admin"
CLASSIC = "/branches/main/protection"
OPEN = {"enforce_admins": {"enabled": True}}


def reader(answers: dict[str, Any] | None = None, graphql: Any = None) -> GitHubReader:
    """The adapter over these answers."""
    client: Any = AnsweringClient(answers or {}, graphql)
    return GitHubReader(client)


def access(**changes: Any) -> Any:
    """What GraphQL says of the repository and who asks."""
    repository = {
        "nameWithOwner": "acme/access", "url": "https://github.com/acme/access", "databaseId": 7,
        "viewerPermission": "WRITE", "autoMergeAllowed": True, "squashMergeAllowed": True, "mergeCommitAllowed": True,
        "defaultBranchRef": {"name": "main", "target": {"oid": "1" * 40}},
    }  # fmt: skip
    return {"viewer": {"login": "alice", "databaseId": 1}, "repository": {**repository, **changes}}


@pytest.mark.parametrize(
    ("changes", "may_write", "auto_merge", "methods"),
    [
        ({}, True, True, ("squash", "merge")),
        ({"viewerPermission": "ADMIN", "squashMergeAllowed": False}, True, True, ("merge",)),
        ({"viewerPermission": "READ", "mergeCommitAllowed": None}, False, True, ("squash",)),
        ({"viewerPermission": None, "autoMergeAllowed": None}, False, False, ("squash", "merge")),
    ],
)
def test_what_a_person_may_do(
    changes: dict[str, Any], methods: tuple[str, ...], *, may_write: bool, auto_merge: bool
) -> None:
    """What GitHub does not say is not allowed."""
    found = reader(graphql=access(**changes)).access()
    assert (found.may_write, found.auto_merge, found.methods) == (may_write, auto_merge, methods)


def test_an_empty_repository_is_none_of_ours() -> None:
    """It has no branch to ask for anything on."""
    with pytest.raises(InvalidError, match="acme/access is empty"):
        reader(graphql=access(defaultBranchRef=None)).access()


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        ([{"type": "NOT_FOUND", "message": "x"}], InvalidError, "shows this token no repository acme/access"),
        ([{"type": "FORBIDDEN", "message": "wants single sign-on"}], DeniedError, "wants single sign-on"),
        ([{"type": "OTHER", "message": "x"}], UnavailableError, "GitHub answered 200"),
        ("x", UnavailableError, "GitHub answered 200"),
    ],
)
def test_why_a_repository_is_not_shown(error: Any, kind: type[Exception], said: str) -> None:
    """Its name, the token, or neither of them."""
    with pytest.raises(kind, match=said):
        reader(graphql=refusal(200, "y", errors=error)).access()


def test_who_somebody_is_and_what_they_may() -> None:
    """Whoever GitHub does not know is nobody, and may nothing; any other trouble is no answer."""
    bob = {"login": "bob", "id": 2, "type": "User"}
    reads = reader({"/users/bob": bob, "/collaborators/bob/permission": {"permission": "write"}})
    assert reads.permission(Login("bob")) == "write"
    assert reads.permission(Login("nobody")) == "none"
    found = reads.account(Login("bob"))
    assert found is not None
    assert (found.github_id, reads.account(Login("nobody"))) == (2, None)
    for ask in (
        reader({"/users/bob": refusal(500)}).account,
        reader({"/collaborators/bob/permission": refusal(500)}).permission,
    ):
        with pytest.raises(UnavailableError):
            ask(Login("bob"))


def test_who_is_in_a_team() -> None:
    """None where GitHub shows no such team; another refusal is one."""
    members = "/orgs/acme/teams/payments/members"
    assert reader({members: [{"login": "bob"}]}).members("acme/payments") == frozenset({"bob"})
    assert reader().members("acme/payments") is None
    with pytest.raises(DeniedError):
        reader({members: refusal(403, "no")}).members("acme/payments")


@pytest.mark.parametrize(
    ("classic", "known"),
    [
        (OPEN, OPEN),
        (refusal(404, "Branch not protected"), None),
        (refusal(404, "Branch not found"), None),
        (refusal(404, "Not Found"), f"classic protection: this token may not see it: {ADMIN} of the repository"),
        (refusal(403, "Branch not protected"), f"classic protection: this token may not see it: {ADMIN} of the repository"),
        (refusal(401, "x"), f"classic protection: this token may not see it: {ADMIN} of the repository"),
        (refusal(403, "Upgrade to GitHub Pro"), "classic protection: Upgrade to GitHub Pro"),
        (refusal(404, "Upgrade to GitHub Pro"), f"classic protection: this token may not see it: {ADMIN} of the repository"),
        (GithubException(404, "text"), f"classic protection: this token may not see it: {ADMIN} of the repository"),
        (refusal(500, "oops"), "classic protection: GitHub answered 500: oops"),
    ],
)  # fmt: skip
def test_classic_protection(classic: Any, known: Any) -> None:
    """That there is none GitHub says in two ways; whoever may not see it learns just that."""
    found = reader({"/rules/branches/main": [], CLASSIC: classic}).protection("main").classic
    assert found == (Unknown(why=known) if isinstance(known, str) else known)


def bypasses(answers: dict[str, Any], rules: Any = ({"type": "deletion", "ruleset_id": 3},)) -> Any:
    """Who may pass the rules by."""
    return reader({"/rules/branches/main": list(rules), CLASSIC: OPEN, **answers}).protection("main").bypasses


TEAM = {"actor_id": 9, "actor_type": "Team", "bypass_mode": "always"}
KEY = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}


def test_who_may_pass_the_rules_by() -> None:
    """Each ruleset is asked once, in order; a deploy key has no number."""
    rules = [{"type": kind, "ruleset_id": number} for kind, number in (("a", 5), ("b", 3), ("c", 5))]
    sets = {
        "/rulesets/3": {"name": "three", "bypass_actors": [KEY]},
        "/rulesets/5": {"name": "five", "bypass_actors": [TEAM]},
    }
    assert bypasses(sets, rules) == (
        Bypass(kind="DeployKey", number=None, mode="always", ruleset="three"),
        Bypass(kind="Team", number=9, mode="always", ruleset="five"),
    )


def test_a_hidden_list_is_not_an_empty_one() -> None:
    """Whoever is no admin is not told who may pass the rules by."""
    for hidden in ({"name": "three"}, {"name": "three", "bypass_actors": None}):
        found = bypasses({"/rulesets/3": hidden})
        assert isinstance(found, Unknown)
        assert found.why.startswith("the bypass list of ruleset three: ")


OWNER = Bypass(kind="RepositoryRole", number=ADMIN_ROLE, mode="always", ruleset="of classic protection")


@pytest.mark.parametrize(
    ("classic", "found"),
    [
        (OPEN, ()),
        ({}, (OWNER,)),
        ({"enforce_admins": None}, (OWNER,)),
        ({"enforce_admins": {"enabled": False}}, (OWNER,)),
        ({"enforce_admins": {"enabled": "yes"}}, (OWNER,)),
        ({**OPEN, "required_pull_request_reviews": None}, ()),
        ({**OPEN, "required_pull_request_reviews": {"bypass_pull_request_allowances": None}}, ()),
        (
            {**OPEN, "required_pull_request_reviews": {"bypass_pull_request_allowances": {"users": [{"id": 1}], "apps": [{"id": 2}]}}},
            tuple(Bypass(kind=kind, number=number, mode="pull_request", ruleset="of classic protection") for kind, number in (("User", 1), ("Integration", 2))),
        ),
    ],
)  # fmt: skip
def test_who_may_pass_classic_protection_by(classic: dict[str, Any], found: tuple[Bypass, ...]) -> None:
    """Admins, unless it says that they may not, and who is named for pull requests."""
    assert bypasses({CLASSIC: classic}, rules=()) == found


def test_what_is_not_known_of_one_is_not_known_of_both() -> None:
    """An empty list beside a classic protection that nobody may see is unknown; one with somebody in it is shown."""
    three = {"/rulesets/3": {"name": "three", "bypass_actors": []}, CLASSIC: refusal(403)}
    assert isinstance(bypasses(three), Unknown)
    named = bypasses({**three, "/rulesets/3": {"name": "three", "bypass_actors": [TEAM]}})
    assert [each.kind for each in named] == ["Team"]
    known = reader({"/rules/branches/main": refusal(403, "no"), CLASSIC: OPEN}).protection("main")
    assert isinstance(known.rules, Unknown)
    assert known.bypasses == known.rules
    assert (
        bypasses(
            {
                "/rulesets/3": {"name": "three", "bypass_actors": []},
                CLASSIC: refusal(404, "Branch not protected"),
            }
        )
        == ()
    )


RUNS = "/actions/workflows/sweep.yml/runs"


def test_what_workflows_did() -> None:
    """The last scheduled run, and what started one; a workflow that GitHub does not know did nothing."""
    runs = [{"id": 1, "event": "push"}, {"id": 2, "event": "schedule", "created_at": "2026-11-24T09:00:00Z"}]
    reads = reader(
        {
            f"{RUNS}?event=schedule&per_page=1": {"workflow_runs": runs[1:]},
            f"{RUNS}?per_page=100": {"workflow_runs": runs},
        }
    )
    assert reads.last_scheduled("sweep.yml") == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert [reads.trigger("sweep.yml", each) for each in (1, 2, 3)] == ["push", "schedule", None]
    assert (
        reader({f"{RUNS}?event=schedule&per_page=1": {"workflow_runs": []}}).last_scheduled("sweep.yml")
        is None
    )
    assert reader().last_scheduled("sweep.yml") is None
    assert reader().trigger("sweep.yml", 1) is None
    assert (reads.calls_left(), reads.points_left()) == (77, 88)


def test_what_github_says_of_codeowners_and_workflows() -> None:
    """None where it says nothing; each error with its place, and a hint if there is one."""
    error = {
        "kind": "Unknown owner",
        "source": " * @x\n",
        "path": ".github/CODEOWNERS",
        "line": 1,
        "column": 3,
    }
    answer = {"errors": [error, {**error, "suggestion": "add @x"}]}
    found = reader({"/codeowners/errors?ref=main": answer}).codeowners_errors()
    assert found is not None
    assert [(each.message, each.line, each.hint) for each in found] == [
        ("Unknown owner: * @x", 1, ""),
        ("Unknown owner: * @x", 1, "add @x"),
    ]
    assert reader({"/actions/workflows/x.yml": {"state": "active"}}).workflow_state("x.yml") == "active"
    assert reader().codeowners_errors() is None
    assert reader().workflow_state("x.yml") is None


PLACE = "/environments/jitbot"
POLICIES, SECRETS = (
    f"{PLACE}/deployment-branch-policies?per_page=100&page=1",
    f"{PLACE}/secrets?per_page=100&page=1",
)
NONE = {"secrets": [], "total_count": 0}
NAMED = [{"name": "main"}, {"name": "main", "type": "tag"}, {"name": "release/*", "type": "branch"}]


@pytest.mark.parametrize(
    ("limits", "allows"),
    [
        (None, {"every branch and tag"}),
        ({}, {"every branch and tag"}),
        ({"protected_branches": False, "custom_branch_policies": False}, {"every branch and tag"}),
        ({"protected_branches": True, "custom_branch_policies": False}, {"every protected branch"}),
        (
            {"protected_branches": False, "custom_branch_policies": True},
            {"main", "the tag main", "release/*"},
        ),
    ],
)
def test_what_an_environment_allows(limits: dict[str, bool] | None, allows: set[str]) -> None:
    """Without limits it allows everything; a tag is no branch of its name."""
    answers = {
        PLACE: {"deployment_branch_policy": limits},
        POLICIES: {"branch_policies": NAMED, "total_count": 3},
        SECRETS: NONE,
    }
    found = reader(answers).environment("jitbot")
    assert found is not None
    assert (set(found.allows), found.secrets) == (allows, frozenset())


def test_an_environment_that_is_not_there() -> None:
    """Nothing is allowed, and nothing hidden, by what there is none of."""
    assert reader().environment("jitbot") is None


def secret_pages(*pages: list[str], total: int) -> dict[str, Any]:
    """The answers to the questions for an environment's secrets, page by page."""
    return {
        f"{PLACE}/secrets?per_page=100&page={number}": {"secrets": [{"name": each} for each in page], "total_count": total}
        for number, page in enumerate(pages, 1)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pages", "total", "names"),
    [
        (([],), 0, set()),
        ((["a", "B"],), 2, {"A", "B"}),
        ((["a"], ["b"]), 2, {"A", "B"}),
        ((["a"], []), 9, {"A"}),
    ],
)
def test_secrets_are_read_to_the_last(pages: tuple[list[str], ...], total: int, names: set[str]) -> None:
    """As many as GitHub counts, or until it has no more; their names are the same in any case of letters."""
    found = reader({PLACE: {}, **secret_pages(*pages, total=total)}).environment("jitbot")
    assert found is not None
    assert found.secrets == frozenset(names)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refusal(403, "no"), ADMIN),
        (refusal(404, "no"), ADMIN),
        (refusal(500, "oops"), "GitHub answered 500"),
    ],
)
def test_secrets_that_may_not_be_seen(answer: Exception, why: str) -> None:
    """They are unknown, and an admin sees them; trouble of GitHub's is its own."""
    found = reader({PLACE: {}, SECRETS: answer}).environment("jitbot")
    assert found is not None
    assert isinstance(found.secrets, Unknown)
    assert why in found.secrets.why


def test_a_list_without_end_is_no_list() -> None:
    """Ten pages of secrets are more than anybody has."""
    pages = secret_pages(*[["a"]] * 10, total=99)
    found = reader({PLACE: {}, **pages}).environment("jitbot")
    assert found is not None
    assert isinstance(found.secrets, Unknown)
    assert "more than 10 pages" in found.secrets.why
    last = reader({PLACE: {}, **secret_pages(*[["a"]] * 10, total=10)}).environment("jitbot")
    assert last is not None
    assert last.secrets == frozenset({"A"})


def test_secrets_that_every_workflow_may_use() -> None:
    """The repository's and its organisation's."""
    answers = {
        f"/actions/{place}?per_page=100&page=1": {"secrets": [{"name": place}], "total_count": 1}
        for place in ("secrets", "organization-secrets")
    }
    assert reader(answers).shared_secrets() == {"SECRETS", "ORGANIZATION-SECRETS"}


def test_what_else_is_read_as_it_is() -> None:
    """What a job may do that asks for nothing, and where each tag leads."""
    reads = reader(
        {"/actions/permissions/workflow": {"x": 1}, "/tags": [{"name": "v1", "commit": {"sha": "a"}}]}
    )
    assert (reads.job_tokens(), reads.tags()) == ({"x": 1}, {"v1": "a"})
    asks: tuple[Callable[[], object], ...] = (reader().job_tokens, reader().tags)
    for ask in asks:
        with pytest.raises(DeniedError, match="finds no such thing"):
            ask()


def test_which_actions_may_run_is_asked_where_some_are_selected() -> None:
    """Both answers are one; where all may run, no list is asked for."""
    policy, chosen = "/actions/permissions", {"patterns_allowed": ["a/b@*"]}
    selected = {"enabled": True, "allowed_actions": "selected"}
    both = reader({policy: selected, f"{policy}/selected-actions": chosen}).actions_policy()
    assert both == {**selected, **chosen}
    everything = {"enabled": True, "allowed_actions": "all"}
    assert reader({policy: everything}).actions_policy() == everything


def test_what_admins_alone_see_of_actions_is_said_so() -> None:
    """GitHub answers others as if there were nothing."""
    for ask in (reader().actions_policy, reader().token_subject):
        with pytest.raises(DeniedError, match="as an admin of the repository"):
            ask()


def test_which_rulesets_nobody_passes_by() -> None:
    """Those whose list is shown and empty; one that is hidden hides who passes by, and no other ruleset."""
    rules = [{"type": "deletion", "ruleset_id": number} for number in (3, 5, 7)]
    hidden = {"name": "seven", "source_type": "Organization"}
    answers = {
        "/rules/branches/main": rules,
        CLASSIC: OPEN,
        "/rulesets/3": {"name": "three", "bypass_actors": []},
        "/rulesets/5": {"name": "five", "bypass_actors": [TEAM]},
        "/rulesets/7": hidden,
    }
    found = reader(answers).protection("main")
    assert found.strict == {3}
    assert isinstance(found.bypasses, Unknown)
    assert found.bypasses.why.startswith("the bypass list of ruleset seven: it is the organisation's")
