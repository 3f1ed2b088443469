"""`init --apply` on the embedded GitHub: whatever differs from the table of desired settings is changed, and only that."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from github_facts import HOSTING, JOB_TOKENS, LEDGER, LIMITED, MAIN

from jitbot.adapters.github import Client, GitHubReader, GitHubWriter
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.notifications.channels import Channels, ChannelShape
from jitbot.domain.setup.doctor.github import chat_environment as chat
from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github import setting_changes
from jitbot.domain.setup.doctor.github.github_state import GitHubState
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubFault, GitHubSandbox, PullRequestRule
from jitbot.usecases.setup.apply_settings import apply_settings, read

NAME = "acme/new"
ROWS = {row.check.code: row for row in desired.TABLE}
PULL = PullRequestRule(allowed_merge_methods=("merge", "squash"))
CHECKS = ("jitbot/check", "jitbot/approval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A repository on the embedded GitHub, and an admin's hands."""

    github: GitHubSandbox

    def client(self, login: str = "olivia") -> Client:
        """This person's way to it."""
        token = self.github.token_for(login)
        return Client(NAME, token=token, api_url=self.github.api_url, backoff=0)

    def state(self, login: str = "olivia") -> GitHubState:
        """How it is set up, as this person sees it."""
        return read(GitHubReader(self.client(login)))

    def apply(self, login: str = "olivia") -> dict[str, bool]:
        """Apply the table, and say of each change whether it was made."""
        client = self.client(login)
        return dict(apply_settings(GitHubReader(client), GitHubWriter(client)))

    def differing(self) -> dict[str, CheckVerdict]:
        """The rows that are not fine."""
        state = self.state()
        found = {code: row.compare(state).verdict for code, row in ROWS.items()}
        return {code: verdict for code, verdict in found.items() if verdict is not CheckVerdict.OK}

    @property
    def repo(self) -> Any:
        """The embedded GitHub's own record of it."""
        return self.github._site.repository(NAME)


@pytest.fixture(scope="module")
def running() -> Iterator[Begun]:
    """One repository for all tests here: each leaves it as the table wants it."""
    with GitHubSandbox(Clock(datetime(2026, 11, 24, tzinfo=UTC))) as github:
        github.rules.clear()
        github.add_user("olivia", 1009, permission="admin")
        github.add_user("bob", 1002)
        github.create_repository(NAME, {"README.md": b"ours\n"}, ledger=False, repository_id=700077)
        begun = Begun(github=github)
        begun.apply()
        yield begun


@pytest.fixture
def begun(running: Begun) -> Begun:
    """The repository, set up, with nothing called yet."""
    assert running.differing() == {}
    running.github.calls.clear()
    return running


def test_an_admin_of_the_sandbox_can_try_it() -> None:
    """Its rulesets are there and lack something, as after an older `init`: they are changed, not made beside."""
    with GitHubSandbox(Clock(datetime(2026, 11, 24, tzinfo=UTC))) as github:
        github.add_user("olivia", 1009, permission="admin")
        github.create_repository(NAME, {"README.md": b"ours\n"}, repository_id=700077)
        tried = Begun(github=github)
        assert "main-statuses" in tried.differing()
        tried.apply()
        assert tried.differing() == {}


Harm = Callable[[Begun], None]


def rule(branch: str, **changes: Any) -> Harm:
    """Change a ruleset."""

    def act(begun: Begun) -> None:
        begun.github.rules[branch] = replace(begun.github.rules[branch], **changes)

    return act


def pull(**changes: Any) -> Harm:
    """Change main's rule of pull requests."""
    return rule("main", pull_request=replace(PULL, **changes))


def setting(name: str, **values: Any) -> Harm:
    """Change a setting of the repository or of its job tokens."""
    return lambda begun: setattr(begun.repo, name, getattr(begun.repo, name) | values)


def rebasing(begun: Begun) -> None:
    """Allow rebase merges everywhere."""
    setting("merging", allow_rebase_merge=True)(begun)
    pull(allowed_merge_methods=("merge", "squash", "rebase"))(begun)


HARMS: dict[str, Harm] = {
    "main-pull-request": rule("main", pull_request=None),
    "main-approvals": pull(required_approving_review_count=0),
    "main-code-owners": pull(require_code_owner_review=False),
    "main-dismiss-stale": pull(dismiss_stale_reviews_on_push=False),
    "main-last-push": pull(require_last_push_approval=False),
    "main-force-push": rule("main", block_force_push=False),
    "main-deletion": rule("main", block_deletion=False),
    "main-statuses": rule("main", required_checks=CHECKS[:1]),
    "main-up-to-date": rule("main", strict_checks=True),
    "main-bypass": rule("main", admins_bypass=True),
    "ledger-exists": lambda begun: begun.repo.store.update_ref("refs/heads/ledger", None),
    "ledger-force-push": rule("ledger", block_force_push=False),
    "ledger-deletion": rule("ledger", block_deletion=False),
    "ledger-writable": rule("ledger", pull_request=PULL),
    "ledger-bypass": rule("ledger", admins_bypass=True),
    "merge-methods": rebasing,
    "issues": setting("merging", has_issues=False),
    "auto-merge": setting("merging", allow_auto_merge=False),
    "delete-branch": setting("merging", delete_branch_on_merge=False),
    "actions-default-read": setting("job_permissions", default_workflow_permissions="write"),
    "actions-never-approve": setting("job_permissions", can_approve_pull_request_reviews=True),
}


@pytest.mark.parametrize("code", HARMS)
def test_what_differs_is_changed_and_nothing_else(begun: Begun, code: str) -> None:
    """For each row: fine as init leaves it, not fine when it is changed, and fine again once it is applied."""
    row = ROWS[code]
    HARMS[code](begun)
    assert begun.differing()[code] in {CheckVerdict.WRONG, CheckVerdict.WARN}
    assert begun.apply() == {change.title: change is row.change for change in setting_changes.ALL_CHANGES}
    assert begun.differing() == {}


def test_what_init_does_not_set_is_left(begun: Begun) -> None:
    """Every row that init may set is tried above; another default branch is found, and left as it is."""
    assert HARMS.keys() == {code for code, row in ROWS.items() if row.change is not None}
    begun.repo.default_branch = "trunk"
    found, applied = begun.differing(), begun.apply()
    left, begun.repo.default_branch = begun.repo.default_branch, "main"
    assert (found, left) == ({"default-branch": CheckVerdict.WRONG}, "trunk")
    assert not any(applied.values())


def test_nothing_is_sent_where_nothing_differs(begun: Begun) -> None:
    """Applied again, nothing is changed, and nothing that could change anything is sent."""
    assert not any(begun.apply().values())
    assert {method for method, _ in begun.github.calls} == {"GET"}


def test_a_stricter_choice_is_left(begun: Begun) -> None:
    """A ruleset that asks for more than the table, and lacks nothing, is fine for doctor: init does not replace it."""
    more = replace(PULL, required_approving_review_count=2)
    begun.github.rules["main"] = replace(begun.github.rules["main"], pull_request=more)
    assert not any(begun.apply().values())
    assert begun.github.rules["main"].pull_request == more
    begun.github.rules["main"] = replace(begun.github.rules["main"], pull_request=PULL)


def test_a_ruleset_of_the_organisation_is_not_changed(begun: Begun) -> None:
    """Where the organisation has a ruleset of the same name, the repository still gets its own."""
    theirs = [{"id": 99, "name": "jitbot: main", "source_type": "Organization"}]
    headers = {"Content-Type": "application/json"}
    answer = GitHubFault(status=200, body=json.dumps(theirs).encode(), headers=headers)
    of_lists = {("GET", f"/repos/{NAME}/rulesets"): answer}
    del begun.github.rules["main"]
    begun.github.faults = lambda method, path: of_lists.get((method, path))
    begun.apply()
    begun.github.faults = None
    sent = [(method, path) for method, path in begun.github.calls if method != "GET"]
    assert sent == [("POST", "/repos/{owner}/{name}/rulesets")]
    assert begun.differing() == {}


TEAM = {"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"}
PASSES = {
    "enforce_admins": {"enabled": True},
    "required_pull_request_reviews": {"bypass_pull_request_allowances": {"users": [{"id": 9}]}},
}


@pytest.mark.parametrize(
    ("path", "status", "answer", "seen"),
    [
        ("/rules/branches/main", 200, [{"type": "deletion"}], "GitHub's answer lacks"),
        ("/rules/branches/main", 500, {"message": "no"}, "GitHub does not answer"),
        ("/rulesets/", 200, {"name": "x", "bypass_actors": [TEAM]}, ("Team 7 (always, in ruleset x)",)),
        ("/rulesets/", 200, {"name": "x", "bypass_actors": [{"actor_id": 7}]}, "GitHub's answer lacks"),
        ("/rulesets/", 200, {"name": "x"}, "the bypass list of ruleset x: this token may not see it"),
        ("/rulesets/", 200, {"bypass_actors": [TEAM]}, "GitHub's answer lacks"),
        ("/rulesets/", 403, {"message": "no"}, "GitHub answered 403"),
        ("/branches/main/protection", 500, {"message": "no"}, "classic protection: GitHub does not answer"),
        ("/branches/main/protection", 403, {"message": "Upgrade to GitHub Pro or make this repository public to enable this feature."}, "classic protection: Upgrade to GitHub Pro"),
        ("/branches/main/protection", 403, {"message": "Must have admin rights"}, "classic protection: this token may not see it"),
        ("/branches/main/protection", 404, {"message": "Not Found"}, "classic protection: this token may not see it"),
        ("/branches/main/protection", 200, {}, ("the repository's admins (always, in ruleset of classic protection)",)),
        ("/branches/main/protection", 200, PASSES, ("User 9 (pull_request, in ruleset of classic protection)",)),
        ("/branches/main/protection", 200, {**PASSES, "required_pull_request_reviews": 1}, "GitHub's answer lacks"),
    ],
)  # fmt: skip
def test_who_may_pass_is_unknown_where_an_answer_is(
    begun: Begun, path: str, status: int, answer: Any, seen: str | tuple[str, ...]
) -> None:
    """Who may pass the rules by is read from rulesets and classic protection; an answer that lacks something is unknown."""
    headers = {"Content-Type": "application/json"}
    fault = GitHubFault(status=status, body=json.dumps(answer).encode(), headers=headers)
    begun.github.faults = lambda _, called: fault if path in called else None
    found = begun.state().main.bypasses
    begun.github.faults = None
    if isinstance(found, Unknown):
        assert isinstance(seen, str)
        assert found.why.startswith(seen)
    else:
        assert tuple(each.shown() for each in found) == seen


def test_a_bypass_that_is_seen_is_not_hidden(begun: Begun) -> None:
    """Where classic protection is out of sight, whoever a ruleset lets pass is named all the same."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"name": "x", "bypass_actors": [TEAM]}).encode()
    shown, hidden = GitHubFault(status=200, body=body, headers=headers), GitHubFault(status=403, body=b"{}")
    begun.github.faults = lambda _, path: (
        shown if "/rulesets/" in path else hidden if path.endswith("/protection") else None
    )
    state = begun.state()
    begun.github.faults = None
    assert isinstance(state.main.classic, Unknown)
    assert ROWS["main-bypass"].compare(state).verdict is CheckVerdict.WRONG


def test_whoever_may_not_see_changes_nothing(begun: Begun) -> None:
    """What a writer cannot see is unknown, so it is due; GitHub refuses the first change that takes an admin."""
    state = begun.state("bob")
    assert isinstance(state.job_tokens, Unknown)
    assert desired.due(state) >= {desired.JOB_TOKENS, desired.MAIN_RULESET}
    before = dict(begun.github.rules)
    with pytest.raises(DeniedError, match="admin rights"):
        begun.apply("bob")
    assert begun.github.rules == before


def policies(begun: Begun) -> list[tuple[object, object]]:
    """What may use the environment of chat, by name and kind."""
    found = begun.repo.environments["jitbot"].policies
    return [(each["name"], each["type"]) for each in found]


def test_the_environment_of_chat_is_for_main_alone(begun: Begun) -> None:
    """It was made, limited to the branch main by name, and a second time nothing is changed."""
    assert begun.repo.environments["jitbot"].limits == {
        "protected_branches": False,
        "custom_branch_policies": True,
    }
    assert policies(begun) == [("main", "branch")]
    assert not any(begun.apply().values())
    assert not [method for method, _ in begun.github.calls if method != "GET"]


@pytest.mark.parametrize(
    ("limits", "others"),
    [
        (None, ()),
        ({"protected_branches": True, "custom_branch_policies": False}, ()),
        ({"protected_branches": False, "custom_branch_policies": True}, (("*", "branch"),)),
        (
            {"protected_branches": False, "custom_branch_policies": True},
            (("main", "tag"), ("main*", "branch")),
        ),
        (
            {"protected_branches": False, "custom_branch_policies": True},
            tuple((f"b{n}", "branch") for n in range(120)),
        ),
    ],
)
def test_an_environment_for_others_too_is_limited(
    begun: Begun, limits: dict[str, bool] | None, others: tuple[tuple[str, str], ...]
) -> None:
    """Whatever else may use it loses that, be it all branches, a pattern, or a tag called main."""
    made = tuple({"id": n, "name": name, "type": kind} for n, (name, kind) in enumerate(others, 100))
    kept = begun.repo.environments["jitbot"]
    begun.repo.environments["jitbot"] = replace(kept, limits=limits, policies=(*made, *kept.policies))
    state = begun.state()
    assert chat.environment(state).verdict is CheckVerdict.WRONG
    assert begun.apply()["the environment of chat"]
    assert policies(begun) == [("main", "branch")]
    assert chat.environment(begun.state()).verdict is CheckVerdict.OK


def test_a_secret_that_every_branch_may_use_is_seen(begun: Begun) -> None:
    """Of the repository, or of the organisation; that of the environment is where it belongs. A writer sees neither."""
    kept = begun.repo.environments["jitbot"]
    begun.repo.environments["jitbot"] = replace(kept, secrets=frozenset({"JITBOT_CHANNELS"}))
    channels = Channels(shapes={"access": ChannelShape.TEXT}, policies={})

    def verdicts(login: str = "olivia") -> list[CheckVerdict]:
        return [each.verdict for each in chat.checks(begun.state(login), channels)]

    fine, wrong, unknown = CheckVerdict.OK, CheckVerdict.WRONG, CheckVerdict.UNKNOWN
    assert verdicts() == [fine, fine, fine]
    assert verdicts("bob") == [fine, unknown, unknown]
    for names in (begun.repo.secrets, begun.repo.organisation_secrets):
        names |= {"OTHER", "JITBOT_CHANNELS"}
        assert verdicts() == [fine, wrong, fine]
        names.clear()
    begun.repo.environments["jitbot"] = kept


def test_what_the_organisation_prevents_is_a_refusal(begun: Begun) -> None:
    """GitHub answers 409 where the organisation decides a setting: trying again does not help."""
    body = b'{"message": "Setting is prevented by the owning organization."}'
    fault = GitHubFault(status=409, body=body, headers={"Content-Type": "application/json"})
    repo = begun.github._site.repository(NAME)
    before = dict(repo.job_permissions)
    repo.job_permissions["default_workflow_permissions"] = "write"
    begun.github.faults = lambda method, path: (
        fault if (method, path.endswith("/workflow")) == ("PUT", True) else None
    )
    with pytest.raises(DeniedError, match="prevented by the owning organization"):
        begun.apply()
    begun.github.faults = None
    repo.job_permissions = before


@pytest.mark.parametrize("pinned", [False, True])
def test_on_github_com_the_checks_are_taken_from_actions(*, pinned: bool) -> None:
    """Where all else is set, a ruleset whose checks any account may set is replaced, once."""
    sent: Any = setting_changes.body(desired.MAIN_RULESET, actions_app=15368)
    main = replace(MAIN, rules=tuple(sent["rules"])) if pinned else MAIN
    github, write = Mock(), Mock()
    answer = {**HOSTING.answer, "html_url": "https://github.com/acme/access"}
    github.hosting.return_value = replace(HOSTING, answer=answer)
    github.protection.side_effect = lambda branch: main if branch == "main" else LEDGER
    github.job_tokens.return_value = JOB_TOKENS
    github.environment.return_value = LIMITED
    made = [title for title, changed in apply_settings(github, write) if changed]
    assert made == ([] if pinned else [desired.MAIN_RULESET.title])
    if not pinned:
        write.change_setting.assert_called_once_with("POST", "/rulesets", sent)
