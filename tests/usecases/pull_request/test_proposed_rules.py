"""The rules on both sides of a change, on trees in memory: which files they are, and what the merge makes of them."""

from collections.abc import Mapping

import pytest
from plain_pulls import PlainPulls
from plain_trees import MAIN

from jitbot.adapters import documents
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Sha, policy_path
from jitbot.usecases.pull_request.proposed_rules import (
    ProposedRules,
    compared,
    listed_at,
    merged_rules,
    of_rules,
    read_proposed_rules,
    rules_at,
    too_many_rules,
)

ORDERS, ADMIN = policy_path("orders-db-read"), policy_path("production-admin")
TEAMS, SETTINGS = "policies/teams.yaml", "policies/settings.yaml"
GRANT, OTHER = ".github/workflows/grant.yml", ".github/workflows/other.yml"
Changes = Mapping[str, bytes | None]


def longest(hours: int) -> bytes:
    """acme's policy with another longest duration."""
    return PlainPulls().files[ORDERS].replace(b"max_duration: 4h", f"max_duration: {hours}h".encode())


def proposed(branch: Changes, main: Changes | None = None, acme: PlainPulls | None = None) -> ProposedRules:
    """The rules of main, which moved on with these files, and those that merging this branch makes of them."""
    acme = acme or PlainPulls()
    head, base = acme.push("x", branch), acme.push("main", main or {"README": b"x"})
    touched = acme.touched(acme.merge_base(base, head), head) or ()
    return read_proposed_rules(acme.git(), documents, base=base, head=head, touched=touched)


def hours_of(rules: ProposedRules) -> tuple[float, float]:
    """The longest duration on both sides."""
    found = [side.policies["orders-db-read"].value for side in (rules.base, rules.head)]
    old, new = (each.max_duration.total_seconds() / 3600 if each is not None else -1.0 for each in found)
    return old, new


@pytest.mark.parametrize(
    ("path", "decides", "is_compared"),
    [
        (ORDERS, True, True),
        ("policies", True, True),
        (".github/CODEOWNERS", True, True),
        ("CODEOWNERS", True, True),
        (GRANT, True, True),
        (".github/actions/x/action.yml", True, True),
        ("jitbot/cli.py", True, False),
        ("uv.lock", True, False),
        ("policies2/x", False, False),
        ("uv.lock.txt", False, False),
        ("requests/x", False, False),
        (".github/dependabot.yml", False, False),
    ],
)
def test_what_decides_is_a_rule_and_what_is_code_is_not_compared(
    path: str, *, decides: bool, is_compared: bool
) -> None:
    """By the whole path, or the folder above it."""
    assert (of_rules(["a", path]) == (path,), compared(["a", path]) == (path,)) == (decides, is_compared)


def test_a_thousand_files_are_compared_and_no_more() -> None:
    """What is not compared is not counted."""
    many = [f"policies/{number}" for number in range(bounds.RULE_FILES)]
    assert too_many_rules([*many, "jitbot/x", "README"]) == ()
    (found,) = too_many_rules([*many, "policies/more"])
    assert (found.code, found.message.partition(" ")[0]) == ("too-many-rules", f"{bounds.RULE_FILES + 1:,}")


def test_a_merge_takes_each_file_from_the_side_that_changed_it() -> None:
    """What main changed meanwhile is no part of the change; a file that is added or deleted is so in the merge."""
    new = policy_path("new")
    rules = proposed({ORDERS: longest(8), ADMIN: None, new: longest(1)}, {TEAMS: b"acme/sre: [bob]\n"})
    assert (hours_of(rules), rules.overtaken) == ((4, 8), ())
    assert set(rules.base.policies) - set(rules.head.policies) == {"production-admin"}
    assert set(rules.head.policies) - set(rules.base.policies) == {"new"}
    for side in (rules.base, rules.head):
        teams = side.shared.teams.value
        assert teams is not None
        assert set(teams.everybody) == {"acme/sre"}


@pytest.mark.parametrize(
    ("branch", "main", "overtaken"),
    [
        (longest(8), longest(2), (ORDERS,)),
        (longest(8), longest(8), ()),  # both did the same
        (longest(8), longest(4), ()),  # main has it as it was
        (None, longest(2), (ORDERS,)),
        (longest(8), None, (ORDERS,)),
    ],
)
def test_where_both_changed_a_file_the_branches_is_taken_and_the_file_is_named(
    branch: bytes | None, main: bytes | None, overtaken: tuple[str, ...]
) -> None:
    """git joins them line by line, or refuses; which of the two nobody knows here."""
    rules = proposed({ORDERS: branch}, {ORDERS: main, "README": b"x"})
    assert rules.overtaken == overtaken
    assert ("orders-db-read" in rules.head.policies) is (branch is not None)
    if branch is not None:
        assert rules.head.files[ORDERS] == blob_name(branch)


def test_files_of_no_commit_can_be_given_with_their_bytes() -> None:
    """They are not asked of git, which does not know them."""
    acme, content = PlainPulls(), longest(8)
    before = listed_at(acme.git(), MAIN, ())
    entry = type(before[ORDERS])(path=ORDERS, mode="100644", blob=blob_name(content))
    rules = merged_rules(
        acme.git(),
        documents,
        fork=before,
        base=before,
        head={**before, ORDERS: entry},
        contents={entry.blob: content},
    )
    assert hours_of(rules) == (4, 8)


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_what_is_no_ordinary_file_is_not_read(mode: str) -> None:
    """git is not asked for what lies behind it; it is a finding of its own, and of the shared rules one too."""
    acme = PlainPulls(modes={ADMIN: mode, TEAMS: mode, GRANT: mode})
    del acme.files[TEAMS]  # so that git has nothing of this name
    acme.files[ADMIN] = acme.files[ORDERS]  # a link may lead to what some other file holds
    rules = rules_at(acme.git(), documents, MAIN)
    policy = rules.policies["production-admin"]
    assert (policy.value, [each.code for each in policy.findings]) == (None, ["not-a-plain-file"])
    assert mode in policy.findings[0].message
    assert [each.code for each in rules.shared.teams.findings] == ["not-a-plain-file"]
    assert rules.policies["orders-db-read"].value is not None
    assert rules.shared.settings.value is not None


def test_what_is_not_there_is_no_odd_file() -> None:
    """It is missing; a file of groups may be."""
    acme = PlainPulls()
    for path in (SETTINGS, "policies/account-groups.yaml"):
        del acme.files[path]
    shared = rules_at(acme.git(), documents, MAIN).shared
    assert [each.code for each in shared.settings.findings] == ["missing-file"]
    assert shared.account_groups.value is not None


def test_a_file_that_is_too_large_is_a_finding() -> None:
    """It has its bytes in its message."""
    acme = PlainPulls()
    acme.files[ORDERS] = b"#" * (bounds.EVENT_READ + 1)
    acme.files[TEAMS] = b"#" * (bounds.EVENT_READ + 1)
    rules = rules_at(acme.git(), documents, MAIN)
    codes = [each.code for each in rules.policies["orders-db-read"].findings]
    assert codes == [each.code for each in rules.shared.teams.findings] == ["rules-too-large"]


def test_the_files_of_the_rules_are_files() -> None:
    """A folder in a folder of rules is none, and what is no policy by its name is listed and is no policy."""
    acme = PlainPulls()
    acme.files |= {"policies/deep/x": b"x", "policies/access/README.md": b"x"}
    listed = listed_at(acme.git(), MAIN, ["jitbot", "uv.lock", "policies/deep/x"])
    assert "policies/access" not in listed
    assert {ORDERS, TEAMS, GRANT, ".github/CODEOWNERS", "policies/deep/x"} <= set(listed)
    rules = rules_at(acme.git(), documents, MAIN)
    assert "policies/access/README.md" in rules.files
    names = {
        path.rpartition("/")[2].removesuffix(".yaml")
        for path in listed
        if path.startswith("policies/access/")
    }
    assert set(rules.policies) == names - {"README.md"}


def test_the_texts_are_those_of_workflows_that_change() -> None:
    """On each side its own; an action's file is one, what stays, and what is no workflow, is not."""
    action = ".github/actions/x/action.yml"
    acme = PlainPulls()
    acme.files[action] = b"old"
    rules = proposed({GRANT: b"\xff", OTHER: b"on: push", action: b"new", TEAMS: b"x: []\n"}, acme=acme)
    assert set(rules.base.workflows) == {GRANT, action}
    texts = {path: file.text for path, file in rules.head.workflows.items()}
    assert texts == {GRANT: "\ufffd", OTHER: "on: push", action: "new"}
    assert rules_at(acme.git(), documents, MAIN).workflows == {}


def test_each_side_has_the_names_of_its_files() -> None:
    """What changed, and what did not."""
    rules = proposed({ORDERS: longest(8)})
    differ = {path for path, blob in rules.base.files.items() if rules.head.files[path] != blob}
    assert (differ, rules.head.files[ORDERS]) == ({ORDERS}, Sha(blob_name(longest(8))))
