"""`jitbot explain`: what an approver is shown."""

import pytest
from desk import ASK, TEXT, Desk, said

HOSTILE = "\x1b[31mred \u202eturned ::error::x ##[error]y \x9b2J"
GRANT_KEYS = [
    "account", "account_id", "role_name", "role_arn", "starts_at", "expires_at", "max_session_duration",
    "permissions_boundary", "trust_policy", "permission_policy", "managed_policies", "tags", "path",
]  # fmt: skip


def test_the_json_has_every_promised_key(desk: Desk) -> None:
    """Scripts may rely on these keys, and on the values behind them."""
    desk.write(ASK, TEXT.replace("[prod]", "[prod, staging]"))
    answer = desk.run("explain", ASK, "--format", "json")
    shown = answer.json
    assert answer.code == 0
    assert list(shown) == [
        "request", "policy", "requester", "reason", "approvals_required", "owners", "risk", "grants",
    ]  # fmt: skip
    assert (shown["request"], shown["policy"], shown["requester"]) == (ASK, "orders-db-read", "alice")
    assert (shown["approvals_required"], shown["owners"]) == (1, ["@acme/payments-leads"])
    assert shown["reason"] == "INC-1234 refunds are stuck in the queue"
    assert (shown["risk"]["level"], shown["risk"]["reasons"]) == ("low", [])
    assert [grant["account"] for grant in shown["grants"]] == ["prod", "staging"]
    for grant in shown["grants"]:
        assert sorted(grant) == sorted(GRANT_KEYS)


def test_a_grant_is_shown_exactly(desk: Desk) -> None:
    """The second account's grant: its zero, its role, its window, its limits, its documents."""
    desk.write(ASK, TEXT.replace("[prod]", "[staging]"))
    (grant,) = desk.run("explain", ASK, "--format", "json").json["grants"]
    assert grant["account_id"] == "012345670123"
    assert grant["role_name"].startswith("jit-alice-orders-db-read-")
    assert grant["role_arn"] == f"arn:aws:iam::012345670123:role/jit/{grant['role_name']}"
    assert (grant["starts_at"], grant["expires_at"]) == (None, "2026-11-24T11:00:00Z")
    assert grant["max_session_duration"] == 3600
    assert grant["permissions_boundary"] == "arn:aws:iam::012345670123:policy/jitbot-boundary"
    assert grant["managed_policies"] == []
    assert grant["trust_policy"]["Version"] == grant["permission_policy"]["Version"] == "2012-10-17"
    assert "table/orders" in str(grant["permission_policy"])


def test_the_text_says_the_same(desk: Desk) -> None:
    """Who gets what, where, until when; why; how dangerous; who approves; and the documents."""
    desk.write(ASK)
    answer = desk.run("explain", ASK)
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert (
        lines[0]
        == "alice asks for orders-db-read in prod for 2h, until 2026-11-24T11:00:00Z if it is merged now"
    )
    for line in (
        "why:      INC-1234 refunds are stuck in the queue",
        "table:    orders",
        "risk:     low",
        "approve:  1 of @acme/payments-leads",
        "          An approval may come from bob.",
        "before:   What alice had before is not known now: the ledger could not be read.",
        "boundary: arn:aws:iam::111111111111:policy/jitbot-boundary",
        "trust policy:",
        "permission policy:",
    ):
        assert line in lines


def test_danger_is_named(desk: Desk) -> None:
    """A managed policy that can do everything is critical, for two to approve."""
    path = desk.write(
        "requests/production-admin/2026-11/24-dave-drill.yaml",
        "requester: dave\naccounts: [prod]\nduration: 1h\nreason: drill\nticket: OPS-1\n",
    )
    answer = desk.run("explain", path)
    assert answer.code == 0
    assert "ticket:   OPS-1" in answer.out
    assert "risk:     critical" in answer.out
    assert "approve:  2 of @acme/security @acme/platform" in answer.out
    assert "managed:  arn:aws:iam::aws:policy/AdministratorAccess" in answer.out


def test_time_is_what_one_says(desk: Desk) -> None:
    """With --at the window is that of a merge at that time; a start of its own goes first."""
    desk.write(ASK)
    shown = desk.run("explain", ASK, "--at", "2026-11-25T10:00:00Z", "--format", "json").json
    assert shown["grants"][0]["expires_at"] == "2026-11-25T12:00:00Z"
    desk.write(ASK, f"{TEXT}starts_at: 2026-11-26T09:00:00Z\n")
    answer = desk.run("explain", ASK)
    assert "from 2026-11-26T09:00:00Z until 2026-11-26T11:00:00Z" in answer.out


def test_what_would_be_refused_is_explained_and_red(desk: Desk) -> None:
    """A request that reads but would be refused is shown with its findings, as exit code 1."""
    desk.write(ASK, TEXT.replace("2h", "9h"))
    answer = desk.run("explain", ASK)
    assert answer.code == 1
    assert "alice asks for orders-db-read" in answer.out
    assert f"{ASK}:3:" in answer.out
    assert desk.run("explain", ASK, "--format", "json").code == 1


def test_what_does_not_read_cannot_be_explained(desk: Desk) -> None:
    """A request that is none gives its findings, and nothing that looks like an answer."""
    desk.write(ASK, "nonsense")
    answer = desk.run("explain", ASK)
    assert answer.code == 1
    assert answer.out.startswith(f"{ASK}:1:1: ")
    assert "fixed" in answer.err


@pytest.mark.parametrize(
    "part", ["24-alice-refunds", "alice", "orders-db-read/2026-11/24-alice-refunds.yaml"]
)
def test_a_unique_part_is_enough(desk: Desk, part: str) -> None:
    """A request may be called by any part that only its path has."""
    desk.write(ASK)
    assert desk.run("explain", part).code == 0


def test_an_ambiguous_part_lists_what_it_fits(desk: Desk) -> None:
    """Two requests that fit are both named, and neither is chosen."""
    desk.write(ASK)
    other = desk.write(ASK.replace("refunds", "returns"))
    answer = desk.run("explain", "alice")
    assert (answer.code, answer.out) == (1, "")
    assert "which one" in answer.err
    assert ASK in answer.err
    assert other in answer.err


def test_a_file_may_be_named_from_where_one_is(desk: Desk) -> None:
    """A file's name counts from the current folder, and from the root."""
    desk.write(ASK)
    here = desk.root / "requests/orders-db-read/2026-11"
    assert said("explain", "24-alice-refunds.yaml", folder=here).code == 0
    assert said("explain", ASK, folder=here).code == 0


@pytest.mark.parametrize(
    "name",
    [
        "nobody",
        "policies/teams.yaml",
        "README.md",
        "requests/README.md",
        "../outside.yaml",
        "x" * 300,
        ".",
    ],
)
def test_what_is_no_request_is_refused(desk: Desk, name: str) -> None:
    """Anything but a request of this repository is an error in words."""
    desk.write("README.md", "# acme\n")
    (desk.root.parent / "outside.yaml").write_text(TEXT)
    answer = desk.run("explain", name)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: ")


def test_a_symlink_is_no_request(desk: Desk) -> None:
    """A link under requests/ is not followed."""
    desk.write(ASK)
    (desk.root / ASK.replace("refunds", "linked")).symlink_to(desk.root / ASK)
    answer = desk.run("explain", ASK.replace("refunds", "linked"))
    assert (answer.code, answer.out) == (1, "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_is_inert(desk: Desk, form: str) -> None:
    """Whatever reason and parameters hold, no terminal and no runner obeys it."""
    hostile = f'"{HOSTILE.encode("unicode_escape").decode()}"'
    desk.write(
        ASK, TEXT.replace("orders", hostile).replace("INC-1234 refunds are stuck in the queue", hostile)
    )
    answer = desk.run("explain", ASK, "--format", form)
    assert answer.code == 1
    for text in (answer.out, answer.err):
        assert all(character.isprintable() or character == "\n" for character in text)
        assert "##[" not in text
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_what_the_policy_acknowledges_is_shown(desk: Desk) -> None:
    """Whoever approves reads which findings the policy's owners know of, and why they are right."""
    policy = "policies/access/orders-db-read.yaml"
    known = '\nacknowledged: [{finding: unknown-action, about: "x:Y", reason: "new \U0001f525 in AWS"}]\n'
    desk.write(ASK, TEXT)
    desk.write(policy, (desk.root / policy).read_text("utf-8") + known)
    answer = desk.run("explain", ASK)
    assert "known:    unknown-action of x:Y: new \U0001f525 in AWS\n" in answer.out


def test_a_group_is_shown_with_its_accounts(desk: Desk) -> None:
    """Where the policy gives access, "@production" expanded; nothing is said of a policy without a group."""
    desk.write(ASK)
    assert "accounts: " not in desk.run("explain", ASK).out
    policy = "policies/access/orders-db-read.yaml"
    text = (desk.root / policy).read_text("utf-8")
    desk.write(policy, text.replace("accounts: [prod, staging]", 'accounts: ["@production", staging]'))
    desk.write("policies/account-groups.yaml", "production: [prod, data]\n")
    answer = desk.run("explain", ASK)
    assert answer.code == 0
    assert "accounts: orders-db-read is for @production (prod and data) and staging.\n" in answer.out
