"""The checks beside the table of desired settings, in plain values: verdicts, owners, people, workflows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from acme_facts import DAY, NOW
from github_facts import FINE, HOSTING, MAIN, MAIN_RULES, asking

from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import (
    Finding,
    GithubId,
    IamUser,
    Login,
    Person,
    Policy,
    Settings,
    WorkflowFile,
)
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.setup.doctor import break_glass, ownership, people_and_teams, repository, workflows
from jitbot.domain.setup.doctor.github.desired_settings import MAIN as MAIN_ROWS
from jitbot.domain.setup.doctor.people_and_teams import GitHubAccount
from jitbot.domain.setup.doctor.report import (
    Check,
    CheckVerdict,
    Unknown,
    as_json,
    by_cause,
    exit_code,
    listed,
    tried,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GAP = Unknown(why="nobody told")
ASKED = Check(code="x", group="g", title="t", impact="m", fix="do")
API = "https://api.github.com"


def not_ok(checks: Any) -> dict[str, CheckVerdict]:
    """The checks that are not fine, by code."""
    found: list[Check] = list(checks)
    assert found
    return {check.code: check.verdict for check in found if check.verdict is not CheckVerdict.OK}


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([ASKED.ok()], 0),
        ([ASKED.ok(), replace(ASKED.ok(), verdict=CheckVerdict.WARN)], 0),
        ([ASKED.ok(), ASKED.unknown("?")], 3),
        ([ASKED.unknown("?"), ASKED.no("no")], 1),
        ([ASKED.ok(), ASKED], 3),
        ([], 3),
    ],
)
def test_the_exit_code_is_the_worst(checks: list[Check], code: int) -> None:
    """Wrong is 1, unknown is 3, all else is 0; nothing looked at is unknown, and so is what was not answered."""
    assert exit_code(checks) == code
    assert as_json(checks)["ok"] is (code == 0)


@pytest.mark.parametrize("error", [DeniedError("no"), UnavailableError("no")])
def test_what_is_refused_or_does_not_come_is_unknown(error: Exception) -> None:
    """A no and no answer are unknown, with the reason; anything else stops."""

    def ask(answer: Exception | int) -> int:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert tried(lambda: ask(7)) == 7
    assert tried(lambda: ask(error)) == Unknown(why="no")
    with pytest.raises(InvalidError):
        tried(lambda: ask(InvalidError("no")))


def test_names_in_a_sentence() -> None:
    """All of a few, the first of many, and how many more."""
    assert listed("abcde") == "a, b, c, d, e"
    assert listed("abcdef") == "a, b, c, d, e and 1 more"
    assert listed("abc", most=2) == "a, b and 1 more"


def test_how_to_mend_and_how_many() -> None:
    """A check that is not fine is mended as it says, or in a way of its own; JSON counts what is not fine."""
    checks = (ASKED.no("x"), ASKED.no("x", fix="else"), ASKED.unknown("?"), ASKED.ok())
    assert [check.fix for check in checks] == ["do", "else", "do", ""]
    assert ASKED.unknown("?", fix="else").fix == "else"
    counted = as_json(checks)
    assert [counted[each] for each in ("wrong", "unknown", "warn")] == [2, 1, 0]


def test_the_keys_of_json_are_those_of_every_version() -> None:
    """What machines read of a check, under the names that it always had."""
    (found,) = cast("list[dict[str, str]]", as_json([ASKED.no("x")])["checks"])
    assert found.keys() == {"code", "group", "title", "verdict", "says", "means", "mend"}
    assert (found["says"], found["means"], found["mend"]) == ("x", ASKED.impact, "do")


SETTINGS = Settings(
    repository="acme/access",
    repository_id=7,
    namespace="jit",
    issuer=repository.GITHUBS_ISSUER,
    approvals_valid_for=timedelta(days=1),
)


def test_settings_that_fit() -> None:
    """Settings that say what GitHub says are fine."""
    assert not_ok(repository.identity(SETTINGS, HOSTING, API)) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"repository": "acme/other"}, "settings-repository"),
        ({"repository_id": 8}, "settings-repository-id"),
        ({"issuer": "https://evil.example"}, "settings-issuer"),
    ],
)
def test_settings_that_do_not_fit(changes: dict[str, Any], code: str) -> None:
    """Each setting that is not GitHub's turns its own check."""
    assert not_ok(repository.identity(replace(SETTINGS, **changes), HOSTING, API)) == {
        code: CheckVerdict.WRONG
    }


@pytest.mark.parametrize(
    ("api", "issuer", "fits"),
    [
        (API, "https://token.actions.githubusercontent.com", True),
        (API, "https://token.actions.githubusercontent.com/acme", True),
        (API, "https://token.actions.githubusercontent.com.evil.example", False),
        (API, "http://token.actions.githubusercontent.com", False),
        (API, "https://api.github.com", False),
        ("https://ghes.acme.com/api/v3", "https://ghes.acme.com/_services/token", True),
        ("https://ghes.acme.com/api/v3", "http://ghes.acme.com/_services/token", False),
        ("https://ghes.acme.com/api/v3", "https://ghes.acme.com/_services/token?x", False),
        ("https://ghes.acme.com/api/v3", "https://ghes.acme.com/_services/token#x", False),
        ("https://api.acme.ghe.com", "https://token.actions.acme.ghe.com", True),
        ("https://ghes.acme.com/api/v3", "https://token.actions.githubusercontent.com", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/_oidc", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/_oidc", False),
    ],
)
def test_whose_issuer_it_is(api: str, issuer: str, fits: bool) -> None:
    """An issuer is that GitHub's whose API is asked, and nobody else's."""
    assert repository.is_issuer_of(api, issuer) is fits


PEOPLE = {
    Login(name): Person(login=Login(name), github_id=GithubId(number))
    for name, number in (("bob", 2), ("erin", 5))
}
TEAMS = {"acme/leads": (Login("bob"),), "acme/ghosts": (Login("nobody"),)}
LINES = "* @erin\n/requests/db/ @acme/leads\n/policies/ @erin\n/.github/ @erin\n"
FILES = ("README.md", ".github/CODEOWNERS", "policies/settings.yaml", "requests/db/any")


@pytest.mark.parametrize(
    ("lines", "files", "expected"),
    [
        (LINES, FILES, set()),
        (LINES.replace("* @erin", "*"), FILES, {"codeowners-catch-all", "codeowners-every-file"}),
        (LINES.replace("* @erin\n", ""), FILES, {"codeowners-catch-all", "codeowners-every-file"}),
        ("", FILES, {"codeowners-catch-all", "codeowners-every-file", "codeowners-rules"}),
        (LINES + "* @acme/leads\n", FILES, {"codeowners-rules"}),
        (LINES + "/docs/\n", (*FILES, "docs/x"), {"codeowners-every-file"}),
        (LINES.replace("/policies/ @erin\n", ""), FILES, {"codeowners-rules"}),
        (LINES.replace("/policies/ @erin", "/policies/ @acme/ghosts"), FILES, {"codeowners-rules"}),
        (LINES + "/requests/new/ @acme/leads\n", FILES, {"codeowners-rules"}),
        (LINES + "*.yaml @acme/leads\n", FILES, {"codeowners-rules"}),
        (LINES, (*FILES, "pyproject.toml"), {"codeowners-rules"}),
        (LINES, (*FILES, "jitbot/cli.py"), {"codeowners-rules"}),
        (LINES, (*FILES, "pyproject.toml.old"), set()),
        (LINES.replace("db/ @acme/leads", "db/"), FILES, set()),
        (LINES + "policies/ @erin\n.github/ @erin\nrequests/ @erin\n", FILES, {"codeowners-rules"}),
        (LINES + "/*/ @erin\n", FILES, {"codeowners-rules"}),
        (LINES, (), {"codeowners-every-file"}),
        (LINES.replace("/policies/", "*-x.yaml @bob\n/policies/"), FILES, {"codeowners-by-name"}),
        (LINES.replace("/policies/", "2026-11/ @bob\n/policies/"), FILES, {"codeowners-by-name"}),
        (
            LINES.replace("/policies/", "/requests/db/*/??-bob-* @bob\n/policies/"),
            FILES,
            {"codeowners-by-name"},
        ),
        (LINES.replace("/policies/", "/requests/other/2026-11/ @bob\n/policies/"), FILES, set()),
        (
            LINES.replace("/policies/", "/requests/other/2026-11/ @bob\n/policies/"),
            (*FILES, "policies/access/other.yaml"),
            {"codeowners-by-name"},
        ),
        (LINES.replace("/policies/", "/requests/d*/*/*.yaml @bob\n/policies/"), FILES, set()),
    ],
)
def test_coverage(lines: str, files: tuple[str, ...], expected: set[str]) -> None:
    """Each gap in CODEOWNERS turns its own check: no catch-all, no owner, a later line that reaches into the rules."""
    read = codeowners.parse(lines)
    assert not_ok(ownership.coverage(files, read, PEOPLE, TEAMS)) == dict.fromkeys(
        expected, CheckVerdict.WRONG
    )


def test_codeowners_read_twice() -> None:
    """jitbot's own findings and GitHub's count alike; what GitHub does not tell is unknown."""
    bad = Finding(code="x", message="bad", file=".github/CODEOWNERS", line=3)
    assert ownership.reading(codeowners.parse(LINES)).verdict is CheckVerdict.OK
    assert ownership.reading(codeowners.parse("[ab] @erin\n")).verdict is CheckVerdict.WRONG
    assert ownership.reading(None).verdict is CheckVerdict.WRONG
    whole = Finding(code="x", message="too large", file=".github/CODEOWNERS")
    assert ownership.by_github((bad, whole)).observed == "line 3: bad, too large"
    verdicts = [ownership.by_github(each).verdict for each in ((), (bad,), None, GAP)]
    assert verdicts == [CheckVerdict.OK, CheckVerdict.WRONG, CheckVerdict.WRONG, CheckVerdict.UNKNOWN]


@pytest.mark.parametrize(
    ("lines", "files", "code", "observed"),
    [
        ("", FILES, "codeowners-catch-all", "there is no line"),
        ("/x @erin\n", FILES, "codeowners-catch-all", "the first line is /x"),
        (
            "* @erin\n",
            FILES[:1],
            "codeowners-rules",
            "no line of its own for policies/, no line of its own for .github/",
        ),
        (LINES, (), "codeowners-every-file", "main is empty"),
        (LINES + "/docs/\n", (*FILES, "docs/x"), "codeowners-every-file", "nobody owns docs/x"),
    ],
)
def test_what_a_gap_is_called(lines: str, files: tuple[str, ...], code: str, observed: str) -> None:
    """What was found where something else should be."""
    found = {
        check.code: check.observed
        for check in ownership.coverage(files, codeowners.parse(lines), PEOPLE, TEAMS)
    }
    assert found[code] == observed


def policy(**changes: Any) -> Policy:
    """A policy for the folder requests/db/."""
    plain = Policy(
        name="db",
        description="",
        eligible=(),
        accounts=(),
        max_duration=timedelta(hours=1),
        approvals=1,
        ticket_required=False,
        parameters=(),
        statements=(),
        managed_policies=(),
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"approvals": 2}, {"approvers-db": CheckVerdict.WRONG}),
        ({"name": "none"}, {}),
        ({"eligible": ("bob",)}, {"approvers-db-alone": CheckVerdict.WARN}),
        ({"approvals": 2, "eligible": ("bob",)}, {"approvers-db": CheckVerdict.WRONG}),
    ],
)
def test_each_policy_has_who_approves(change: dict[str, Any], expected: dict[str, CheckVerdict]) -> None:
    """Too few owners can approve nothing; just enough cannot ask themselves."""
    read = codeowners.parse(LINES)
    assert not_ok(ownership.approvers([policy(**change)], read, PEOPLE, TEAMS)) == expected
    two = codeowners.parse(LINES.replace("@acme/leads", "@acme/leads @erin"))
    assert not_ok(ownership.approvers([policy(eligible=("bob",))], two, PEOPLE, TEAMS)) == {}
    assert list(ownership.approvers([policy(approvals=0)], read, PEOPLE, TEAMS)) == []


def test_the_doctor_counts_humans_as_a_decision_does() -> None:
    """A second login of an owner approves nothing more, and who may ask through a team is asked after, too."""
    user = IamUser(arn="arn:aws:iam::111111111111:user/bob")
    bob, bobby = (
        Person(login=Login(name), github_id=GithubId(number), principal=user)
        for name, number in (("bob", 2), ("bobby", 22))
    )
    known = {**PEOPLE, Login("bob"): bob, Login("bobby"): bobby}
    both = codeowners.parse(LINES.replace("@acme/leads", "@bob @bobby"))
    assert not_ok(ownership.approvers([policy(approvals=2)], both, known, TEAMS)) == {
        "approvers-db": CheckVerdict.WRONG
    }
    alone = {"approvers-db-alone": CheckVerdict.WARN}
    assert not_ok(ownership.approvers([policy(eligible=("bobby",))], both, known, TEAMS)) == alone
    read = codeowners.parse(LINES)
    assert not_ok(ownership.approvers([policy(eligible=("@acme/leads",))], read, PEOPLE, TEAMS)) == alone
    glass = after(reviewers=("bob",), eligible=("bobby",))
    assert not_ok(break_glass.reviewers([glass], known, TEAMS)) == {"reviewers-db-alone": CheckVerdict.WARN}


def test_owners_nobody_knows_approve_nothing() -> None:
    """An owner who is not in people.yaml is nobody."""
    read = codeowners.parse(LINES.replace("@acme/leads", "@acme/ghosts"))
    assert not_ok(ownership.approvers([policy()], read, PEOPLE, TEAMS)) == {
        "approvers-db": CheckVerdict.WRONG
    }
    (check,) = ownership.approvers([policy()], read, PEOPLE, TEAMS)
    assert check.observed.endswith(
        "names @acme/ghosts, of whom policies/people.yaml and teams.yaml know no one"
    )


def account(
    login: str, number: int, kind: str = "User", permission: str | Unknown = "write"
) -> GitHubAccount:
    """What GitHub says of somebody."""
    actor = Actor(login=Login(login), github_id=GithubId(number), kind=kind)
    return GitHubAccount(actor=actor, permission=permission)


@pytest.mark.parametrize(
    ("bob", "expected"),
    [
        (account("bob", 2), {}),
        (account("bob", 3), {"people-ids": CheckVerdict.WRONG}),
        (account("bob", 2, kind="Bot"), {"people-exist": CheckVerdict.WRONG}),
        (account("bob", 2, permission="read"), {"people-write": CheckVerdict.WRONG}),
        (account("bob", 2, permission=GAP), {"people-write": CheckVerdict.UNKNOWN}),
        (GitHubAccount(actor=None, permission="write"), {"people-exist": CheckVerdict.WRONG}),
        (
            GitHubAccount(actor=GAP, permission="write"),
            {"people-exist": CheckVerdict.UNKNOWN, "people-ids": CheckVerdict.UNKNOWN},
        ),
    ],
)
def test_people(bob: GitHubAccount, expected: dict[str, CheckVerdict]) -> None:
    """Each way in which somebody is not who people.yaml says turns its own check."""
    accounts = {Login("bob"): bob, Login("erin"): account("erin", 5)}
    assert not_ok(people_and_teams.people(PEOPLE, accounts, codeowners.parse(LINES), TEAMS)) == expected


def test_only_approvers_must_write() -> None:
    """Who approves nothing may read alone; without a line of CODEOWNERS nobody approves; nobody known is no check."""
    dave = Person(login=Login("dave"), github_id=GithubId(4))
    known = {**PEOPLE, dave.login: dave}
    accounts = {Login("bob"): account("bob", 2), Login("erin"): account("erin", 5)}
    reading = {**accounts, dave.login: account("dave", 4, permission="read")}
    assert not_ok(people_and_teams.people(known, reading, codeowners.parse(LINES), TEAMS)) == {}
    found = {check.code: check for check in people_and_teams.people(PEOPLE, accounts, None, TEAMS)}
    assert found["people-write"].observed == "CODEOWNERS names nobody who is in people.yaml"
    assert list(people_and_teams.people({}, {}, codeowners.parse(LINES), TEAMS)) == []


def test_a_team_that_github_does_not_show() -> None:
    """Where it shows others of the organisation there is none; where it shows none at all, nobody knows."""
    known = {"acme/leads": (Login("bob"),), "acme/gone": (Login("bob"),), "other/team": (Login("bob"),)}
    found = {"acme/leads": frozenset({"bob"}), "acme/gone": None, "other/team": GAP}
    told = {
        check.code: check
        for check in people_and_teams.team_members(Roster(everybody=known), NOW, found, None)
    }
    assert [check.verdict for check in told.values()] == [
        CheckVerdict.OK,
        CheckVerdict.WARN,
        CheckVerdict.UNKNOWN,
    ]
    assert (
        told["team-acme-gone"].observed
        == "GitHub shows no such team, and does show others of the organisation"
    )
    assert told["team-other-team"].observed == GAP.why


@pytest.mark.parametrize(
    ("there", "verdict"),
    [
        (frozenset({"Bob"}), None),
        (frozenset({"bob", "mallory"}), CheckVerdict.WRONG),
        (frozenset(), CheckVerdict.WRONG),
        (None, CheckVerdict.UNKNOWN),
        (GAP, CheckVerdict.UNKNOWN),
    ],
)
def test_teams(there: frozenset[str] | Unknown | None, verdict: CheckVerdict | None) -> None:
    """A team that owns lines must be as on GitHub; one that only asks is told."""
    leads = {"acme/leads": (Login("bob"),)}
    found = not_ok(
        people_and_teams.team_members(
            Roster(everybody=leads), NOW, {"acme/leads": there}, codeowners.parse(LINES)
        )
    )
    assert found == ({"team-acme-leads": verdict} if verdict else {})
    asking = not_ok(
        people_and_teams.team_members(
            Roster(everybody=leads), NOW, {"acme/leads": there}, codeowners.parse("* @erin\n")
        )
    )
    softer = CheckVerdict.WARN if verdict is CheckVerdict.WRONG else verdict
    assert asking == ({"team-acme-leads": softer} if softer else {})


def test_a_membership_that_is_not_now_is_compared_as_none() -> None:
    """GitHub's team has no dates: who is still there, or not yet, is shown with theirs."""
    leads = (Membership(login=Login("bob")), Membership(login=Login("erin"), since=NOW - DAY, until=NOW))
    roster = Roster.of({"acme/leads": leads})

    def shown(at: datetime, *there: str) -> str:
        found = {"acme/leads": frozenset(there)}
        (check,) = people_and_teams.team_members(roster, at, found, None)
        return check.observed

    assert shown(NOW, "bob") == shown(NOW - DAY, "bob", "erin") == ""
    dates = "in teams.yaml from 2026-11-23 09:01 UTC until 2026-11-24 09:01 UTC"
    assert shown(NOW, "bob", "erin") == f"erin ({dates}) only on GitHub"
    assert shown(NOW - timedelta(seconds=1), "bob") == f"erin ({dates}) only in teams.yaml"


GRANT = (
    "steps:\n  - uses: actions/checkout@"
    + "a" * 40
    + " # v7\n  - uses: o/j/.github/actions/jitbot@"
    + "b" * 40
)


@pytest.mark.parametrize(
    ("found", "state", "expected"),
    [
        (GRANT, "active", {}),
        (GRANT.replace("a" * 40, "c" * 40).replace(" # v7", " # v8"), "active", {}),
        (GRANT.replace("o/j/.github/actions/jitbot@" + "b" * 40, "./.github/actions/jitbot"), "active", {}),
        (GRANT + "\n  - run: curl", "active", {"workflow-grant-as-shipped": CheckVerdict.WARN}),
        (GRANT, "disabled_inactivity", {"workflow-grant": CheckVerdict.WRONG}),
        (GRANT, "disabled_manually", {"workflow-grant": CheckVerdict.WRONG}),
        (GRANT, GAP, {"workflow-grant": CheckVerdict.UNKNOWN}),
        (None, "active", {"workflow-grant": CheckVerdict.WRONG}),
    ],
)
def test_workflows(found: str | None, state: str | Unknown, expected: dict[str, CheckVerdict]) -> None:
    """A workflow must be there and on; pins may be newer than the release's, all else is told."""
    here = {} if found is None else {"grant.yml": found}
    checks = list(workflows.present({"grant.yml": GRANT}, here, {"grant.yml": state}))
    assert not_ok(checks) == expected
    if state == "disabled_inactivity":
        assert checks[0].observed == "GitHub has turned it off after 60 days without activity"


@pytest.mark.parametrize(
    ("newest", "verdict"),
    [
        (NOON - timedelta(hours=6), CheckVerdict.OK),
        (NOON - timedelta(hours=6, seconds=1), CheckVerdict.WRONG),
        (None, CheckVerdict.WRONG),
        (GAP, CheckVerdict.UNKNOWN),
    ],
)
def test_a_schedule_that_has_died_is_seen(newest: datetime | Unknown | None, verdict: CheckVerdict) -> None:
    """GitHub calls a workflow active whose schedule starts nothing any more: its last run says how it is."""
    check = workflows.on_time(newest, NOON)
    assert check.verdict is verdict
    assert (verdict is CheckVerdict.OK) is (check.observed == "")


A_COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ("actions/checkout@" + A_COMMIT, ""),
        ("o/j/.github/actions/jitbot@" + A_COMMIT, ""),
        ("./.github/actions/jitbot", ""),
        ("actions/checkout@v7", "ours.yml: 'actions/checkout@v7'"),
        ("actions/checkout@" + A_COMMIT[1:], f"ours.yml: 'actions/checkout@{A_COMMIT[1:]}'"),
        (
            "actions/checkout@" + A_COMMIT + ",a",
            f"ours.yml: 'actions/checkout@{A_COMMIT},a'",
        ),  # a tag may be called so
        ("actions/checkout@" + A_COMMIT + "\n", f"ours.yml: 'actions/checkout@{A_COMMIT}\\n'"),
        ("actions/checkout@" + "１" * 40, f"ours.yml: 'actions/checkout@{'１' * 40}'"),
        ("docker://alpine", "ours.yml: 'docker://alpine'"),
        ("", "ours.yml: ''"),
        (
            "o/j/.github/workflows/grant.yml@" + A_COMMIT,
            f"ours.yml reuses o/j/.github/workflows/grant.yml@{A_COMMIT}",
        ),
        ("./.github/workflows/grant.yml", "ours.yml reuses ./.github/workflows/grant.yml"),
    ],
)
def test_pins(used: str, said: str) -> None:
    """Everything is pinned by a whole commit, and no workflow is reused."""
    file = WorkflowFile(text="", scalars=(used,), uses=("actions/cache@" + A_COMMIT, used))
    check = workflows.pins({".github/workflows/ours.yml": file})
    assert check.observed == said
    assert (check.verdict is CheckVerdict.OK) is (not said)


def test_what_is_not_read_is_not_pinned() -> None:
    """A file of which YAML makes nothing may use anything; an action of the repository's own is named with its folder."""
    file = WorkflowFile(text="{", scalars=("{",), uses=(), unread="cannot be read as YAML")
    check = workflows.pins({".github/actions/own/action.yml": file})
    assert (check.verdict, check.observed) == (
        CheckVerdict.WRONG,
        ".github/actions/own/action.yml cannot be read as YAML",
    )


def after(**changes: Any) -> Policy:
    """A break-glass policy that bob and erin review."""
    return policy(
        **{"approvals": 0, "reviewers": ("bob", "erin"), "review_within": timedelta(days=1), **changes}
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"reviewers": ("ghost",)}, {"reviewers-db": CheckVerdict.WRONG}),
        ({"reviewers": ("ghost",), "eligible": ("bob",)}, {"reviewers-db": CheckVerdict.WRONG}),
        ({"reviewers": ("bob",), "eligible": ("bob",)}, {"reviewers-db-alone": CheckVerdict.WARN}),
        ({"reviewers": ("bob",), "eligible": ("erin",)}, {}),
        ({"eligible": ("bob", "erin")}, {}),
    ],
)
def test_each_break_glass_has_who_reviews(change: dict[str, Any], expected: dict[str, CheckVerdict]) -> None:
    """Reviewers nobody knows review nothing, and one alone does not review themselves."""
    assert not_ok(break_glass.reviewers([after(**change)], PEOPLE, TEAMS)) == expected
    assert list(break_glass.reviewers([policy()], PEOPLE, TEAMS)) == []


ONE, NONE = MAIN_RULES, asking(MAIN_RULES, "pull_request", required_approving_review_count=0)
TWO = asking(MAIN_RULES, "pull_request", required_approving_review_count=2)
CLASSIC = {"required_pull_request_reviews": {"required_approving_review_count": 2}}


@pytest.mark.parametrize(
    ("rules", "classic", "expected"),
    [
        ((), None, {}),
        (NONE, None, {}),
        (ONE, None, {}),
        (TWO, None, {"break-glass-merges": CheckVerdict.WARN}),
        (NONE, CLASSIC, {"break-glass-merges": CheckVerdict.WARN}),
        (Unknown(why="no"), None, {"break-glass-merges": CheckVerdict.UNKNOWN}),
        (NONE, Unknown(why="no"), {"break-glass-merges": CheckVerdict.UNKNOWN}),
    ],
)
def test_break_glass_at_night(rules: Any, classic: Any, expected: dict[str, CheckVerdict]) -> None:
    """One approval of anybody can be had at night; where main asks for more, break-glass waits."""
    main = replace(MAIN, rules=rules, classic=classic)
    checks = list(break_glass.soon([after()], main))
    assert not_ok(checks) == expected
    assert list(break_glass.soon([policy()], main)) == []


def test_nothing_advises_to_merge_without_an_approval() -> None:
    """With 0 approvals GitHub may ignore the code owners; and who may pass the rules by may change the rules."""
    (check,) = break_glass.soon([after()], replace(MAIN, rules=TWO))
    assert "'Required approvals' to 1" in check.fix
    assert "past" not in check.fix + check.observed
    none = next(row for row in MAIN_ROWS if row.check.code == "main-approvals").compare(
        replace(FINE, main=replace(MAIN, rules=NONE))
    )
    assert none.verdict is CheckVerdict.WRONG
    assert "GitHub may merge without the code owners' review" in none.impact


@pytest.mark.parametrize(
    ("lines", "rules", "verdict"),
    [
        ("/policies/ @acme/security\n/.github/ @acme/security", ONE, CheckVerdict.WARN),
        ("/policies/ @acme/a @acme/b\n/.github/ @bob", ONE, CheckVerdict.WARN),
        ("/policies/ @acme/security @bob\n/.github/ @bob", ONE, CheckVerdict.OK),
        ("/policies/ @acme/security\n/.github/ @acme/security", TWO, CheckVerdict.OK),
        ("/policies/ @acme/security\n/.github/ @acme/security", GAP, CheckVerdict.UNKNOWN),
        ("/policies/ @bob\n/.github/ @bob", GAP, CheckVerdict.OK),
        ("/policies/\n/.github/", ONE, CheckVerdict.OK),  # nobody owns them: another check says so
    ],
)
def test_rules_that_one_team_owns(lines: str, rules: Any, verdict: CheckVerdict) -> None:
    """A member of the owning team may count as its approval: one more approval, or a person, is safe."""
    read = codeowners.parse(f"* @bob\n{lines}\n")
    assert ownership.of_teams(read, replace(MAIN, rules=rules)).verdict is verdict


def cause(observed: str, *, code: str = "a", fix: str = "look") -> Check:
    """A check that came out wrong."""
    return Check(code=code, group="AWS", title=code, impact="i", fix=fix).no(observed)


def test_one_cause_is_one_finding() -> None:
    """The same of 60 accounts is one, whatever their numbers; another fix, verdict or reason is another."""
    many = [cause(f"account {number:012} refuses", code=f"aws-{number}") for number in range(60)]
    others = [
        cause("refuses"),
        cause("account 000000000001 refuses", fix="wait"),
        cause("", code="b"),
        cause("", code="c"),
    ]
    found = by_cause([many[0], *others, *many[1:]])
    assert [len(each) for each in found] == [60, 1, 1, 1, 1]
    assert found[0] == tuple(many)
    assert len(by_cause([cause("x"), cause("x").unknown("x")])) == 2
