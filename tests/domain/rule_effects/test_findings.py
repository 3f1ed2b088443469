"""What a change makes wrong with the rules as a whole, and only that."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import MERGED_AT, a_person, a_policy, people, teams, unreadable
from rule_set_facts import LINES, a_roster, a_rule_set, an_admin_policy

from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import FindingLevel, Login, errors
from jitbot.domain.model.roster import Membership
from jitbot.domain.rule_effects.findings import newly_wrong, with_new
from jitbot.domain.rule_effects.rule_set import RuleSet


def codes(base: RuleSet, head: RuleSet) -> set[str]:
    """The codes of what is newly wrong."""
    return {each.code for each in newly_wrong(base, head, MERGED_AT)}


def test_nothing_is_new_in_the_same_rules() -> None:
    """Whatever is wrong with them: this change is not its cause, even if lines move."""
    bad = a_rule_set(lines=f"{LINES}/requests/orders-db-read/ @acme/nobody\n")
    assert codes(a_rule_set(), bad)
    moved = a_rule_set(lines=f"# a comment\n{LINES}/requests/orders-db-read/ @acme/nobody\n")
    assert newly_wrong(bad, moved, MERGED_AT) == ()
    assert newly_wrong(a_rule_set(), a_rule_set(), MERGED_AT) == ()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (LINES.replace("*                           @acme/platform\n", ""), "no-line-for-everything"),
        (LINES.replace("/policies/                  @acme/security\n", ""), "rules-unowned"),
        (f"{LINES}/requests/orders-db-read/ @acme/payments-leads\n", "rules-not-last"),
        (LINES.replace("@acme/payments-leads", "@acme/nobody"), "unknown-owner"),
        (LINES.replace("@acme/payments-leads", "@acme/nobody"), "no-known-owner"),
        (LINES.replace("/requests/orders-db-read/ ", "/requests/orders-db-read/2026-* "), "owners-by-name"),
        (LINES.replace("/requests/production-admin/ @acme/security @acme/platform", "/requests/production-admin/ @acme/security"), "too-few-owners"),
    ],
)  # fmt: skip
def test_lines_of_codeowners(lines: str, code: str) -> None:
    """Each as `doctor` would call it after the merge."""
    assert code in codes(a_rule_set(), a_rule_set(lines=lines))


def test_a_team_that_is_over_takes_its_lines_with_it() -> None:
    """CODEOWNERS is the same, and yet nobody owns the rules, nor approves a policy."""
    over = a_roster(
        security=[Membership(login=Login("erin"), until=MERGED_AT)],
        platform=["frank", "olivia"],
        payments_leads=["bob"],
    )
    found = newly_wrong(a_rule_set(), a_rule_set(teams=over), MERGED_AT)
    assert any(each.message.startswith("policies/: ") for each in errors(found))


def test_a_file_that_is_missing_is_an_error() -> None:
    """Without CODEOWNERS nobody owns anything."""
    gone = a_rule_set()
    gone = replace(gone, shared=replace(gone.shared, codeowners=None))
    assert "no-codeowners" in codes(a_rule_set(), gone)


def test_an_owner_who_asks_is_a_warning() -> None:
    """Nobody else is left to approve what they ask for."""
    head = a_rule_set(teams=teams(payments="alice carol mallory bob"))
    (only,) = newly_wrong(a_rule_set(), head, MERGED_AT)
    assert (only.code, only.level) == ("owners-ask-too", FindingLevel.WARNING)


def test_what_a_removal_leaves_behind_is_a_warning() -> None:
    """A person, a team or an account that another file still names."""
    known = {
        login: person for login, person in people(a_person("zoe", github_id=9)).items() if login != "alice"
    }
    found = newly_wrong(a_rule_set(), a_rule_set(people=known), MERGED_AT)
    assert {(each.code, each.level) for each in found} == {("unknown-person", FindingLevel.WARNING)}
    groups = [AccountGroups(groups={"live": members}) for members in (("prod",), ("prod", "gone"))]
    base, head = (a_rule_set(account_groups=each) for each in groups)
    assert codes(base, head) == {"unknown-account"}
    fewer = {name: members for name, members in teams().items() if name != "acme/payments"}
    assert "unknown-team" in codes(a_rule_set(), a_rule_set(teams=fewer))


def test_workflows_pin_what_they_use() -> None:
    """A tag that somebody can move is an error, if the change brings it."""
    path = ".github/workflows/a.yml"
    base, head = (a_rule_set(workflows={path: f"- uses: actions/checkout@{ref}"}) for ref in ("0" * 40, "v4"))
    assert codes(base, head) == {"workflow-pins"}
    assert codes(head, head) == set()


def test_a_guarded_file_needs_a_line_placed_last() -> None:
    """A workflow that comes with the change, too."""
    lines = f"{LINES}/.github/workflows/mine.yml @acme/nobody\n"
    head = a_rule_set(lines=lines, files={".github/workflows/mine.yml": "x"})
    found = newly_wrong(a_rule_set(), head, MERGED_AT)
    assert any(each.message.startswith(".github/workflows/mine.yml") for each in found)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/policies/access/orders-db-read.yaml", "policies/access/orders-db-read.yaml"),
        ("/policies/access/", "policies/access/"),
        ("/policies/people.yaml", "policies/people.yaml"),
        ("/jitbot/cli.py", "jitbot/cli.py"),
        ("/.github/CODEOWNERS", ".github/CODEOWNERS"),
        ("/uv.lock", "uv.lock"),
    ],
)
@pytest.mark.parametrize("owner", ["@acme/nobody", ""])
def test_a_line_for_one_file_of_the_rules_names_somebody_who_is_known(
    line: str, path: str, owner: str
) -> None:
    """Else nobody who is known may change it, or anybody; said once for each line, however many files it decides."""
    files = {
        each: each for each in ("policies/people.yaml", "jitbot/cli.py", ".github/CODEOWNERS", "uv.lock")
    }
    head = a_rule_set(lines=f"{LINES}{line} {owner}\n", files=files)
    (found,) = newly_wrong(a_rule_set(files=files), head, MERGED_AT)
    assert found.message.startswith(f"{path}: ")
    assert (found.line, found.level) == (len(LINES.splitlines()) + 1, FindingLevel.ERROR)
    assert newly_wrong(head, head, MERGED_AT) == ()


def test_the_same_finding_is_said_once() -> None:
    """What the check of a file found already is not repeated at another level."""
    head = a_rule_set(a_policy(), an_admin_policy(), teams=teams(payments="alice carol mallory bob"))
    (only,) = newly_wrong(a_rule_set(), head, MERGED_AT)
    assert with_new((replace(only, level=FindingLevel.ERROR),), (only,)) == (
        replace(only, level=FindingLevel.ERROR),
    )
    assert with_new((), (only,)) == (only,)


def test_what_does_not_read_has_no_findings_of_this_kind() -> None:
    """That it does not read is said elsewhere; and nothing else is guessed from the rest of the rules."""
    unread: tuple[dict[str, Any], ...] = (
        {"people": unreadable()},
        {"teams": unreadable()},
        {"lines": f"{LINES}* oops\n"},
    )
    for broken in unread:
        assert newly_wrong(a_rule_set(), a_rule_set(**broken), MERGED_AT) == ()
    for part in ("accounts", "account_groups"):
        groups = AccountGroups(groups={"all": ("nowhere",)})
        given: dict[str, Any] = {"account_groups": groups, part: unreadable()}
        bad = a_rule_set(a_policy(accounts=("nowhere",)), **given)
        assert newly_wrong(a_rule_set(), bad, MERGED_AT) == ()


def test_a_policy_for_an_account_that_nobody_knows() -> None:
    """It is among what is wrong with the rules as a whole."""
    (found,) = newly_wrong(a_rule_set(), a_rule_set(a_policy(accounts=("nowhere",))), MERGED_AT)
    assert "nowhere" in found.message


def test_another_policy_that_is_fine_adds_nothing() -> None:
    """Nor does a workflow whose actions are pinned."""
    pinned = {".github/workflows/x.yml": "jobs:\n  a:\n    steps:\n      - uses: a/b@" + "a" * 40 + "\n"}
    other = a_policy(name="other")
    lines = LINES.replace("/requests/production-admin/", "/requests/other/ @bob\n/requests/production-admin/")
    head = a_rule_set(a_policy(), an_admin_policy(), other, lines=lines, workflows=pinned)
    assert newly_wrong(a_rule_set(lines=lines), head, MERGED_AT) == ()


def test_a_policy_without_an_owner_has_one_finding() -> None:
    """That nobody can approve it says it all: nobody in particular is left alone with it."""
    other = a_policy(name="other", eligible=("@acme/payments-leads",), approvals=9)
    found = newly_wrong(a_rule_set(), a_rule_set(a_policy(), an_admin_policy(), other), MERGED_AT)
    assert [each.code for each in found] == ["too-few-owners"]


def test_files_that_decide_need_a_line_of_their_own() -> None:
    """Each by its name where it is alone, and a folder's once, however many files are in it."""
    without_lock = LINES.replace("/uv.lock                    @acme/security\n", "")
    files = {"uv.lock": "x", ".github/workflows/a.yml": "x"}
    found = newly_wrong(a_rule_set(files=files), a_rule_set(lines=without_lock, files=files), MERGED_AT)
    assert [each.message for each in found] == ["no line of its own for uv.lock"]
    without_policies = LINES.replace("/policies/                  @acme/security\n", "")
    found = newly_wrong(a_rule_set(files=files), a_rule_set(lines=without_policies, files=files), MERGED_AT)
    assert [each.message for each in found] == ["no line of its own for policies/"]
