"""`jitbot check` on trees in memory: which files it looks at for a change, and what it finds in each."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW, PATH, sha
from catalogue_facts import the_catalogue
from plain_trees import MAIN, PlainTrees

from jitbot.adapters import documents
from jitbot.domain.model.documents import Finding, Source, policy_path
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.setup.requests_page import PAGE
from jitbot.usecases.collect.collect_case import CommitTree
from jitbot.usecases.pull_request import requests_page
from jitbot.usecases.pull_request.checking import Checker, read_former, read_proposed
from jitbot.usecases.pull_request.proposed_rules import read_proposed_rules

CHECKER = Checker(documents=documents, catalogue=the_catalogue(), when=NOW)
TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
ORDERS, ADMIN = policy_path("orders-db-read"), policy_path("production-admin")
GLASS = policy_path("production-break-glass")
PEOPLE, TEAMS, ACCOUNTS = "policies/people.yaml", "policies/teams.yaml", "policies/accounts.yaml"
GROUPS, NOTIFY, OWNERS = "policies/account-groups.yaml", "policies/notify.yaml", ".github/CODEOWNERS"
SETTINGS = "policies/settings.yaml"
Changes = Mapping[str, bytes | None]


def acme(*policies: str, **changes: Any) -> PlainTrees:
    """acme with these of its policies, for which its other files fit."""
    made = PlainTrees(**changes)
    for path in [each for each in made.files if each.startswith("policies/access/")]:
        if path not in (ORDERS, *policies):
            del made.files[path]
    known = b"dynamodb:GetItem, dynamodb:Query"  # to the small catalogue
    every = b"dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Query, dynamodb:Scan"
    made.files[ORDERS] = made.files[ORDERS].replace(every, known)
    del made.files[NOTIFY]
    return made


def found(git: PlainTrees, changes: Changes, on: Changes | None = None) -> list[tuple[str, str]]:
    """What is found of a change, by code and file, on main with these changes."""
    git.files |= {path: content for path, content in (on or {}).items() if content is not None}
    head = git.push("x", changes)
    return told(CHECKER.change(git, base=MAIN, head=head))  # type: ignore[arg-type]


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Each by code and file."""
    return [(each.code, each.file) for each in findings]


def changed(path: str, old: str, new: str) -> dict[str, bytes | None]:
    """acme's file with something else in it."""
    text = acme(ADMIN, GLASS).files[path]
    assert old.encode() in text, text
    return {path: text.replace(old.encode(), new.encode(), 1)}


def test_what_is_right_is_fine() -> None:
    """A new request, one that asks for more, one that goes, and files that decide nothing."""
    assert found(acme(), {PATH: TEXT}) == []
    assert found(acme(), {PATH: TEXT.replace(b"2h", b"3h")}, on={PATH: TEXT}) == []
    assert found(acme(), {PATH: None}, on={PATH: TEXT}) == []
    assert found(acme(), {"README.md": b"x"}) == []


@pytest.mark.parametrize(
    ("changes", "on", "code"),
    [
        ({PATH: TEXT.replace(b"2h", b"5h")}, None, "duration-above-maximum"),
        ({PATH: TEXT.replace(b"2h", b"1h")}, {PATH: TEXT}, "not-longer"),
        ({PATH: TEXT.replace(b"INC-1", b"INC-2")}, {PATH: TEXT}, "not-an-extension"),
        ({PATH: b"x: ["}, None, "yaml-syntax"),
        ({PATH: TEXT, PATH.replace("alice", "ALICE"): TEXT}, None, "case-clash"),
    ],
)
def test_a_request_that_would_be_refused_is_found(changes: Changes, on: Changes | None, code: str) -> None:
    """Each in its file, with the codes of the decision."""
    assert code in {each for each, _ in found(acme(), changes, on)}


def test_a_request_that_is_no_ordinary_file_is_found() -> None:
    """Of the entry in the tree."""
    git = acme(modes={PATH: "100755"})
    assert ("not-a-plain-file", PATH) in found(git, {PATH: TEXT})


def test_a_request_is_judged_by_main_and_by_its_head() -> None:
    """Where the branch has older rules than main, it must be updated first."""
    git = acme()
    old = git.push("old", {PATH: TEXT})
    git.files[ORDERS] = git.files[ORDERS].replace(b"dynamodb:Query", b"dynamodb:PutItem")
    git.trees[sha("fork")] = {**git.trees[old], ORDERS: git.files[ORDERS].replace(b"PutItem", b"Query")}
    del git.trees[sha("fork")][PATH]  # type: ignore[attr-defined]
    git.parents[old] = sha("fork")
    git.parents[MAIN] = sha("fork")
    assert "rules-changed" in dict(told(CHECKER.change(git, base=MAIN, head=old)))  # type: ignore[arg-type]


def test_a_request_beside_rules_is_found_with_what_is_wrong_in_both() -> None:
    """Asking and changing rules are two pull requests."""
    codes = found(acme(), {PATH: TEXT.replace(b"2h", b"5h"), **changed(ORDERS, "4h", "nothing")})
    assert ("touches-rules", PATH) in codes
    assert any(file == ORDERS for _, file in codes)
    ends = {PATH: None, **changed(ORDERS, "4h", "3h")}
    assert found(acme(), ends, on={PATH: TEXT}) == [("touches-rules", PATH)]


@pytest.mark.parametrize(
    ("changes", "policies", "at"),
    [
        (changed(ORDERS, "4h", "never"), (), ORDERS),
        (changed(ORDERS, "dave]", "nobody]"), (), ORDERS),
        (changed(ORDERS, "dynamodb:Query", "dynamodb:Nothing"), (), ORDERS),
        (changed(ORDERS, "[prod, staging]", "[mars]"), (), ORDERS),
        (changed(ORDERS, "approvals: 1", "approvals: 3"), (), ORDERS),
        (changed(ORDERS, "approvals: 1", "approvals: 1\nreviewed: 2027-01-01"), (), ORDERS),
        (changed(ORDERS, "approvals: 1", "approval_rules: [{when: {accounts: [mars]}, count: 1}]"), (), ORDERS),
        (changed(GLASS, "ticket: required\n", ""), (GLASS,), ""),
        (changed(TEAMS, "[bob]", "[bob, nobody]"), (), TEAMS),
        (changed(PEOPLE, "1001", "1002"), (), PEOPLE),
        (changed(ACCOUNTS, '"111111111111"', "1111"), (), ACCOUNTS),
        (changed(ACCOUNTS, "prod:", "product:"), (), ORDERS),
        (changed(ACCOUNTS, "data:", "dates:"), (), GROUPS),
        (changed(GROUPS, "prod,", "mars,"), (), GROUPS),
        (changed(OWNERS, "@acme/payments-leads", "@acme/nobody"), (), OWNERS),
        (changed(OWNERS, "@acme/payments-leads", "alice ["), (), OWNERS),
        (changed(SETTINGS, "24h", "never"), (), SETTINGS),
        ({NOTIFY: b"channels: {access: smoke}\n"}, (), NOTIFY),
        ({NOTIFY: b"channels: {a: text}\npolicies: {orders: [a]}\n"}, (), NOTIFY),
    ],
)  # fmt: skip
def test_rules_that_do_not_fit_are_found(changes: Changes, policies: tuple[str, ...], at: str) -> None:
    """In the file that is wrong, which may be another one than the one that changes."""
    files = {file for _, file in found(acme(*policies), changes)}
    assert at in files if at else not files


RULES = (ORDERS, GLASS, PEOPLE, TEAMS, ACCOUNTS, GROUPS, OWNERS, SETTINGS)


def looked(changes: Changes, *paths: str) -> list[tuple[str, str]]:
    """What is found in these files, where acme has others."""
    git = acme(GLASS)
    git.files |= {path: content for path, content in changes.items() if content is not None}
    return told(CHECKER.files(CommitTree(git=git, commit=MAIN), paths))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "path", "code", "at"),
    [
        (changed(ORDERS, "dave]", "nobody]"), ORDERS, "unknown-person", ORDERS),
        (changed(ORDERS, "[prod, staging]", "[mars]"), ORDERS, "unknown-account", ORDERS),
        (changed(ORDERS, "dynamodb:Query", "dynamodb:Nothing"), ORDERS, "unknown-action", ORDERS),
        (changed(ORDERS, "approvals: 1", "approvals: 3"), ORDERS, "too-few-owners", ORDERS),
        (changed(ORDERS, "approvals: 1", "approvals: 1\nreviewed: 2027-01-01"), ORDERS, "review-to-come", ORDERS),
        (changed(OWNERS, "/requests/orders-db-read/      @acme/payments-leads\n", ""), ORDERS, "no-line-of-its-own", ORDERS),
        (changed(OWNERS, "break-glass/\n", "break-glass/ @acme/security\n"), GLASS, "not-ownerless", OWNERS),
        (changed(GROUPS, "prod,", "mars,"), GROUPS, "unknown-account", GROUPS),
        (changed(ACCOUNTS, "data:", "dates:"), ACCOUNTS, "unknown-account", GROUPS),
        (changed(ACCOUNTS, "data:", "dates:"), SETTINGS, "", ""),
        (changed(TEAMS, "[bob]", "[bob, nobody]"), TEAMS, "unknown-person", TEAMS),
        (changed(TEAMS, "[bob]", "[bob, nobody]"), PEOPLE, "", ""),
        (changed(OWNERS, "@acme/payments-leads", "@acme/nobody"), OWNERS, "unknown-owner", OWNERS),
        (changed(OWNERS, "/policies/                     @acme/security\n", ""), OWNERS, "rules-unowned", OWNERS),
    ],
)  # fmt: skip
def test_each_file_is_held_against_the_others_that_it_is_about(
    changes: Changes, path: str, code: str, at: str
) -> None:
    """And against no more: what is wrong with another file is found where that one is looked at."""
    assert looked(changes, path) == ([(code, at)] if code else [])


@pytest.mark.parametrize("broken", RULES)
def test_a_file_that_does_not_read_is_found_and_keeps_no_other_from_being_looked_at(broken: str) -> None:
    """Nothing is found in what depends on it: what would be is not known."""
    assert looked({}, *RULES) == []
    assert [file for _, file in looked({broken: b"x: ["}, *RULES)] == [broken]
    also = changed(SETTINGS, "24h", "never") if broken != SETTINGS else changed(ORDERS, "4h", "never")
    assert {file for _, file in looked({broken: b"x: [", **also}, *RULES)} == {broken, *also}
    for other in (PEOPLE, ACCOUNTS):  # each policy is looked at anew
        on = {broken: b"x: ["}
        again = {file for _, file in found(acme(), {other: acme().files[other] + b"\n"}, on)}
        assert again <= {broken, other}


OWN_LINE = "/requests/orders-db-read/      @acme/payments-leads\n"
BY_RULE = "approvals:\n  - need: 1\n  - when: {accounts: [ACCOUNT]}\n    need: 1"


def by_rule(account: str) -> Changes:
    """A policy with a rule of approval about this account."""
    return changed(ORDERS, "approvals: 1", BY_RULE.replace("ACCOUNT", account))


def test_owners_that_do_not_read_are_not_looked_up() -> None:
    """What GitHub cannot read owns nothing, and no line is missed in it; neither is one where there is no file."""
    twice = changed(OWNERS, "@acme/payments-leads", "alice [ @acme/nobody")
    assert {code for code, _ in looked(twice, OWNERS)} == {"codeowners-invalid-owner"}
    odd = changed(OWNERS, OWN_LINE, "/policies/ [\n")
    assert {code for code, _ in looked(odd, ORDERS)} == {"codeowners-invalid-owner"}
    git = acme()
    del git.files[OWNERS]
    of = CommitTree(git=git, commit=MAIN)  # type: ignore[arg-type]
    assert told(CHECKER.files(of, [ORDERS])) == [("no-codeowners", OWNERS)]


def test_a_line_that_picks_some_requests_is_found() -> None:
    """Whoever names them would choose who approves."""
    picks = changed(OWNERS, OWN_LINE, f"{OWN_LINE}/requests/orders-db-read/2026-11/ @acme/security\n")
    assert looked(picks, ORDERS) == [("owners-by-name", OWNERS)]


def test_rules_of_approval_are_held_against_the_accounts() -> None:
    """Where the policy changes, or the accounts; where anything else does, nothing of it is told."""
    mars = by_rule("mars")
    assert looked(by_rule("prod"), ORDERS) == []
    assert looked(mars, ORDERS) == [("unknown-account", ORDERS)]
    assert found(acme(), changed(ACCOUNTS, "data:", "data: "), mars) == [("unknown-account", ORDERS)]
    assert found(acme(), changed(SETTINGS, "24h", "23h"), mars) == []
    for broken in (ACCOUNTS, GROUPS, TEAMS):
        assert [file for _, file in looked({**mars, broken: b"x: ["}, ORDERS, broken)] == [broken]
    group = changed(ORDERS, "[prod, staging]", '["@production", staging]')
    assert [file for _, file in looked({**group, GROUPS: b"x: ["}, ORDERS, GROUPS)] == [GROUPS]


def test_what_is_wrong_already_is_found_where_accounts_change() -> None:
    """Each policy is looked at anew then."""
    mars = changed(ORDERS, "[prod, staging]", "[mars]")
    assert found(acme(), changed(ACCOUNTS, "data:", "data: "), mars) == [("unknown-account", ORDERS)]


UNPINNED: Changes = {
    ".github/workflows/grant.yml": b"jobs:\n  x:\n    steps:\n      - uses: actions/checkout@v4\n"
}


def test_the_rules_on_both_sides_are_taken_as_they_were_read() -> None:
    """Where they were not, they are read: a workflow that runs whatever a tag names is found."""
    git = acme()
    head = git.push("x", UNPINNED)
    proposed = read_proposed(git, base=MAIN, head=head)  # type: ignore[arg-type]
    same = read_proposed_rules(git, documents, base=MAIN, head=MAIN, touched=())  # type: ignore[arg-type]
    assert told(CHECKER.together(git, proposed, (), same)) == []  # type: ignore[arg-type]
    assert {file for _, file in told(CHECKER.together(git, proposed, ()))} == set(UNPINNED)  # type: ignore[arg-type]


def test_each_policy_is_looked_at_for_what_changed_alone() -> None:
    """Owners and teams decide who approves, accounts and groups where: what was wrong before is not told with the other."""
    mars, few = changed(ORDERS, "[prod, staging]", "[mars]"), changed(ORDERS, "approvals: 1", "approvals: 3")
    assert found(acme(), changed(TEAMS, "acme/sre:", "acme/sre: "), mars) == []
    assert found(acme(), changed(ACCOUNTS, "data:", "data: "), few) == []
    assert found(acme(), changed(TEAMS, "acme/sre:", "acme/sre: "), few) == [("too-few-owners", ORDERS)]
    at = found(acme(), changed(ACCOUNTS, "prod:", "product:"))
    assert at == [("unknown-account", GROUPS), ("unknown-account", ORDERS)]


def test_a_policy_that_nobody_is_left_to_approve_is_found() -> None:
    """Where a team changes, or an owner's line, and the policy does not; another file of rules changes nothing of it."""
    two = {**changed(ORDERS, "approvals: 1", "approvals: 2"), **changed(TEAMS, "[bob]", "[bob, erin]")}
    assert found(acme(), changed(SETTINGS, "24h", "23h"), two) == []
    assert ORDERS in {file for _, file in found(acme(), changed(TEAMS, "[bob]", "[erin]"), two)}
    assert ORDERS in {
        file for _, file in found(acme(), changed(OWNERS, "@acme/payments-leads", "@acme/data-leads"), two)
    }


def test_what_a_file_beside_the_rules_is_does_not_matter() -> None:
    """Whatever lies in the folder of the rules and is no rule is not read; notify.yaml may be empty, or go."""
    assert found(acme(), {"policies/NOTES": b"x: ["}) == []
    git = acme()
    git.files[NOTIFY] = PlainTrees().files[NOTIFY]
    assert found(git, {NOTIFY: None}) == []
    assert found(acme(), {NOTIFY: b"channels: {}\n"}) == []


def test_a_policy_that_notify_names_cannot_go_alone() -> None:
    """notify.yaml is looked at where a policy goes, and it alone then."""
    on = {NOTIFY: b"channels: {a: text}\npolicies: {production-admin: [a]}\n"}
    assert {file for _, file in found(acme(ADMIN), {ADMIN: None}, on)} == {NOTIFY}
    assert found(acme(ADMIN), {ADMIN: None}) == []
    assert (
        found(acme(), {"policies/NOTES": None}, {"policies/NOTES": b"x", NOTIFY: b"channels: {a: x}\n"}) == []
    )
    assert found(acme(ADMIN), changed(ADMIN, "1h", "2h"), {NOTIFY: b"channels: {a: x}\n"}) == []


def test_too_much_is_not_read() -> None:
    """Neither the requests nor the rules: it is said, and nothing else."""
    git = acme(vast=True)
    assert found(git, {PATH: TEXT.replace(b"2h", b"9h")}) == [("too-large", "requests/")]
    many = {f"docs/{number}": b"x" for number in range(101)}
    assert found(acme(), many) == []
    assert found(acme(), {**many, PATH: TEXT.replace(b"2h", b"9h")}) == [("too-many-files", PATH)]
    rules = {f"policies/access/p-{number}.yaml": b"x" for number in range(1100)}
    assert [code for code, _ in found(acme(), rules)] == ["too-many-rules"]


def test_many_deletions_end_access() -> None:
    """They ask for nothing, so nothing of them is too much."""
    many = [PATH.replace("alice", f"alice-{number}") for number in range(101)]
    assert found(acme(), dict.fromkeys(many), on=dict.fromkeys(many, TEXT)) == []


def test_what_a_change_makes_wrong_with_all_rules_is_found() -> None:
    """As doctor looks at them, each once; what was wrong before is not of this change."""
    without = changed(OWNERS, "/policies/                     @acme/security\n", "")
    before = found(acme(), without)
    assert before
    assert len(before) == len(set(before))
    git = acme()
    git.files |= {path: content for path, content in without.items() if content is not None}
    again = found(git, changed(ORDERS, "4h", "3h"))
    assert not set(again) & set(before)


def with_page(git: PlainTrees) -> PlainTrees:
    """The same with the page of requests as jitbot makes it of these policies."""
    policies = [each.path for each in git.entries(MAIN, ["policies/access/"])]
    of = CommitTree(git=git, commit=MAIN)  # type: ignore[arg-type]
    made = requests_page.made(of, documents, the_catalogue(), policies)
    assert made is not None
    git.files[PAGE] = made.encode()
    return git


def test_the_page_of_requests_is_looked_at_with_the_rules() -> None:
    """A page that jitbot made and that is of other rules is a warning; where neither it nor a rule changes nobody looks."""
    of_page = ("requests-page", PAGE)
    assert found(with_page(acme()), changed(ORDERS, "approvals: 1", "approvals: 1  # one")) == []
    assert found(with_page(acme()), changed(ORDERS, "[prod, staging]", "[prod]")) == [of_page]
    git = with_page(acme())
    assert found(git, {PAGE: git.files[PAGE] + b"x"}) == [of_page]
    assert found(git, {PAGE: b"ours\n"}) == []
    old = with_page(acme())
    old.files[PAGE] += b"x"
    assert found(old, {"README.md": b"x"}) == []


def tree(**changes: Any) -> CommitTree:
    """Main's files."""
    return CommitTree(git=acme(**changes), commit=MAIN)  # type: ignore[arg-type]


def test_files_that_are_named_are_each_looked_at() -> None:
    """One that is not there, a folder, a link, a request, a rule; each once, however often it is named."""
    of = tree(modes={NOTIFY: "120000"})
    of.git.files |= {PATH: TEXT.replace(b"2h", b"5h"), "other": b"x", "folder/x": b""}  # type: ignore[attr-defined]
    names = ["nothing", "nothing", "folder", NOTIFY, PATH, "other"]
    codes = told(CHECKER.files(of, names))
    said = [each.message for each in CHECKER.files(of, names)]
    assert said[:2] == ["there is no nothing", "folder is a folder, and nothing in it is checked"]
    assert codes[:3] == [
        ("missing-file", "nothing"),
        ("missing-file", "folder"),
        ("not-a-plain-file", NOTIFY),
    ]
    assert {file for _, file in codes[3:]} == {PATH}
    odd = tree(modes={OWNERS: "120000", PATH: "100755"})
    assert told(CHECKER.files(odd, [OWNERS, PATH])) == [
        ("codeowners-not-plain", OWNERS),
        ("not-a-plain-file", PATH),
    ]


def test_what_is_neither_rule_nor_request_is_named_for_what_it_is() -> None:
    """A link is called one, and no folder; that a script may be run is nobody's concern. A rule or a request is no plain file."""
    policy = "policies/access/p.yaml"
    modes = {"run.sh": "100755", "notes": "120000", "docs": "040000"}

    def found(*paths: str, mode: str = "") -> list[tuple[str, str]]:
        of: Any = SimpleNamespace(
            read=lambda wanted: {path: b"x" for path in wanted if mode == "100755" or path == "run.sh"},
            others=lambda _: {**dict.fromkeys(paths, mode), **modes},
        )
        return [(each.code, each.message.partition(",")[0]) for each in CHECKER.files(of, paths)]

    assert found("run.sh", "notes", "docs") == [
        ("not-a-plain-file", "this is a symlink"),
        ("missing-file", "docs is a folder"),
    ]
    for mode in ("040000", "100755"):
        said = found(policy, PATH, mode=mode)
        assert [code for code, _ in said] == ["not-a-plain-file"] * 2


def test_what_the_branch_changes_is_read_once() -> None:
    """Of each request what the merge does to it, and what main has of it."""
    git = acme()
    git.files[PATH] = TEXT
    other = PATH.replace("alice", "bob")
    head = git.push("x", {PATH: TEXT.replace(b"2h", b"3h"), other: TEXT, "README.md": b"x"})
    proposed = read_proposed(git, base=MAIN, head=head)  # type: ignore[arg-type]
    assert set(proposed.touched) == {PATH, other, "README.md"}
    assert set(proposed.requests) == set(proposed.at_head) == {PATH, other}
    assert proposed.at_base.keys() == {PATH}
    kinds = {path: proposed.kind(path) for path in (PATH, other, "gone")}
    assert kinds == {PATH: ChangeKind.MODIFIED, other: ChangeKind.ADDED, "gone": ChangeKind.DELETED}


def test_what_main_asked_for_before() -> None:
    """Nothing, where there is nothing, or what is there does not read."""
    git = acme()
    assert read_former(git, documents, None) is None  # type: ignore[arg-type]
    for content, reads in ((TEXT, True), (b"x: [", False)):
        git.files[PATH] = content
        (entry,) = git.entries(MAIN, [PATH])
        former = read_former(git, documents, entry)  # type: ignore[arg-type]
        assert (former is not None) is reads


def test_a_file_asks_for_more_where_main_has_it() -> None:
    """A request without a branch is a new one."""
    source = Source(path=PATH, content=TEXT)
    git = acme()
    git.files[PATH] = TEXT
    (entry,) = git.entries(MAIN, [PATH])
    former = read_former(git, documents, entry)  # type: ignore[arg-type]
    of = CommitTree(git=git, commit=MAIN)  # type: ignore[arg-type]
    assert CHECKER.request(of, source).findings == ()
    assert told(CHECKER.request(of, source, former=former).findings) == [("not-longer", PATH)]
