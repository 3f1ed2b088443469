"""Documents that name each other must agree, and a request must be approvable by enough people."""

from datetime import timedelta

import pytest
from acme_facts import (
    ACCOUNTS,
    OWNERS,
    PATH,
    PEOPLE,
    TEAMS,
    a_person,
    a_policy,
    a_request,
    owned_by,
    people,
    teams,
)

from jitbot.domain.access.cross_checks import approvable, policy_findings, teams_findings
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Finding, Login, Policy, Position


def of_policy(policy: Policy) -> list[tuple[str, str, int, int]]:
    """What is wrong with a policy beside acme's other files: code, file and place."""
    found = policy_findings(policy, accounts=ACCOUNTS, people=PEOPLE, teams=TEAMS)
    assert all(finding.message and finding.hint for finding in found)
    return [(finding.code, finding.file, finding.line, finding.column) for finding in found]


FILE = "policies/access/orders-db-read.yaml"
WHERE = {
    "eligible": Position(line=2, column=1),
    "eligible.1": Position(line=2, column=20),
    "accounts": Position(line=3, column=1),
    "accounts.1": Position(line=3, column=18),
}


def test_a_policy_that_names_what_is_there() -> None:
    """Known accounts, teams (in any case) and people are fine."""
    assert of_policy(a_policy(eligible=("@Acme/Payments", "dave"))) == []
    upper = {"Acme/Payments": (Login("alice"),)}
    assert policy_findings(a_policy(), accounts=ACCOUNTS, people=PEOPLE, teams=upper) == ()


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"accounts": ("prod", "mars")}, "unknown-account", "accounts.1"),
        ({"accounts": ("mars",)}, "unknown-account", "accounts"),
        ({"eligible": ("dave", "@acme/nobody")}, "unknown-team", "eligible.1"),
        ({"eligible": ("dave", "@dave")}, "unknown-team", "eligible.1"),
        ({"eligible": ("stranger",)}, "unknown-person", "eligible"),
        ({"eligible": ("dave", "acme/payments")}, "unknown-person", "eligible.1"),
    ],
)
def test_a_policy_that_names_what_is_not_there(changes: dict[str, object], code: str, place: str) -> None:
    """Each unknown name is a finding at its own place."""
    position = WHERE[place]
    assert of_policy(a_policy(where=WHERE, **changes)) == [(code, FILE, position.line, position.column)]


@pytest.mark.parametrize(
    ("field", "means"), [("eligible", "it makes nobody eligible"), ("reviewers", "nobody reviews for it")]
)
def test_what_an_unknown_team_means(field: str, means: str) -> None:
    """Nobody may ask by it, or nobody reviews by it."""
    found = policy_findings(
        a_policy(**{field: ("@acme/nobody",)}), accounts=ACCOUNTS, people=PEOPLE, teams=TEAMS
    )
    assert means in found[0].message


def test_a_requester_nobody_knows_is_not_asked_about_reviewers() -> None:
    """Of break-glass: that the requester is unknown is another finding's business."""
    glass = a_policy(approvals=0, reviewers=("erin",), review_within=timedelta(days=1))
    for login, code in (("stranger", []), ("erin", ["no-reviewer"])):
        request = a_request(requester=Login(login))
        found = approvable(request, glass, codeowners=owned_by(), people=PEOPLE, teams=TEAMS)
        assert [finding.code for finding in found] == code


def test_a_policy_without_places_is_named_as_a_file() -> None:
    """Where no place is known, the finding is about the file."""
    assert of_policy(a_policy(accounts=("mars",))) == [("unknown-account", FILE, 0, 0)]


def test_members_must_be_known() -> None:
    """Each login of a team that people.yaml does not know, as it spells it, is a finding; no other is."""
    found = teams_findings(teams(sre="dave stranger", data="Grace"), PEOPLE, file="policies/teams.yaml")
    assert [(each.code, each.message.split(",")[0], each.file) for each in found] == [
        ("unknown-person", "stranger", "policies/teams.yaml"),
        ("unknown-person", "Grace", "policies/teams.yaml"),
    ]
    assert teams_findings(TEAMS, PEOPLE, file="policies/teams.yaml") == ()


def against(
    *owners: str, approvals: int = 1, requester: str = "alice", others: tuple[object, ...] = ()
) -> tuple[Finding, ...]:
    """Why a request by `requester` cannot be approved by these owners."""
    return approvable(
        a_request(requester=Login(requester)),
        a_policy(approvals=approvals),
        codeowners=owned_by(*owners),
        people=people(*others),  # type: ignore[arg-type]
        teams=TEAMS,
    )


def test_enough_owners_can_approve() -> None:
    """One for one, two for two, and more than enough."""
    assert against("@bob") == ()
    assert against("@bob", "@erin", approvals=2) == ()
    assert against("@bob", "@erin", "@frank", approvals=2) == ()


@pytest.mark.parametrize(
    ("owners", "approvals", "requester", "able"),
    [
        (("@bob",), 2, "alice", "bob"),
        (("@bob",), 1, "bob", "nobody"),
        (("@alice", "@bob"), 2, "alice", "bob"),
        (("@bob", "@BOB", "@acme/payments-leads"), 2, "alice", "bob"),
        (("@bob", "@stranger"), 2, "alice", "bob"),
        (("@erin", "@olivia"), 3, "alice", "erin, olivia"),
    ],
)
def test_too_few_can_approve(owners: tuple[str, ...], approvals: int, requester: str, able: str) -> None:
    """Nobody is counted twice, nobody approves their own request: a dead end shows before it is one."""
    (finding,) = against(*owners, approvals=approvals, requester=requester)
    assert finding.code == "nobody-can-approve"
    assert finding.file == PATH
    assert f"only {able} can" in finding.message


def test_a_second_login_approves_nothing_more() -> None:
    """One human with two logins is one approver, and none for their own request."""
    bobby = a_person("bobby", github_id=2002, principal=a_person("bob").principal)
    assert against("@bob", "@bobby", others=(bobby,)) == ()
    assert against("@bob", "@bobby", approvals=2, others=(bobby,))
    assert against("@bobby", requester="bob", others=(bobby,))


def test_a_requester_nobody_knows_takes_no_approver_away() -> None:
    """That the requester is unknown is another finding's business."""
    assert against("@bob", requester="stranger") == ()


def test_what_codeowners_lacks_comes_first() -> None:
    """Without owners the finding is CODEOWNERS' own."""
    for file in (None, codeowners.parse("/x @bob\n"), codeowners.parse(OWNERS + "oops oops\n")):
        found = approvable(a_request(), a_policy(), codeowners=file, people=PEOPLE, teams=TEAMS)
        assert [finding.file for finding in found] == [".github/CODEOWNERS"]
