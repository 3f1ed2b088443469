"""`jitbot explain`: how dangerous a grant is, in the lines that an approver reads first."""

from desk import ASK, TEXT, Desk

SHELL = "requests/ssm-shell/2026-11/24-dave-drill.yaml"
ADMIN = "requests/production-admin/2026-11/24-dave-drill.yaml"


def shown(desk: Desk, path: str, text: str) -> list[str]:
    """What `explain` prints between the risk and the approvers, both included."""
    answer = desk.run("explain", desk.write(path, text))
    assert answer.code == 0
    lines = answer.out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("risk: "))
    last = next(number for number, line in enumerate(lines) if line.startswith("approve: "))
    return lines[first : last + 1]


def test_what_is_allowed_is_counted_by_access_level(desk: Desk) -> None:
    """A harmless grant is its level and its counts."""
    assert shown(desk, ASK, TEXT) == [
        "risk:     low",
        "access:   4 read",
        "approve:  1 of @acme/payments-leads",
    ]


def test_each_danger_is_a_line(desk: Desk) -> None:
    """The worst first; then how many actions of each access level, from harmless to dangerous."""
    text = "requester: dave\naccounts: [prod]\nduration: 1h\nreason: drill\nparameters: {team: sre}\n"
    assert shown(desk, SHELL, text) == [
        "risk:     critical",
        "          ssm:StartSession: a known way to more rights than were given",
        "          ssm:ResumeSession, ssm:TerminateSession: can change things",
        "          ssm:DescribeInstanceInformation: reads on every resource",
        "access:   1 list, 1 read, 3 write",
        "approve:  1 of @acme/platform @acme/security",
    ]


def test_a_managed_policy_is_not_counted(desk: Desk) -> None:
    """What is in AWS's own policies is not known here: they are named, and no count is made up."""
    text = "requester: dave\naccounts: [prod]\nduration: 1h\nreason: drill\nticket: OPS-1\n"
    assert shown(desk, ADMIN, text) == [
        "risk:     critical",
        "          AdministratorAccess: can do everything in the account",
        "approve:  2 of @acme/security @acme/platform",
    ]


def test_a_parameter_passes_for_no_other_line(desk: Desk) -> None:
    """A name that a request chooses for itself is no line of ours, and a letter of another script none of ASCII."""
    text = TEXT.replace("parameters:", "parameters:\n  risk: nothing at all\n  where: ord\u0435rs")
    answer = desk.run("explain", desk.write(ASK, text))
    lines = answer.out.splitlines()
    assert [line for line in lines if line.startswith("risk:")] == ["risk:     low"]
    assert "parameter risk: nothing at all" in lines
    assert "parameter where: ord\\u0435rs" in lines


def test_an_unknown_account_is_not_low(desk: Desk) -> None:
    """What nobody can say is not known, in words and for machines, and the other account is named first."""
    text = TEXT.replace("[prod]", "[nowhere, prod]")
    assert "[nowhere, prod]" in text
    path = desk.write(ASK, text)
    answer = desk.run("explain", path)
    assert answer.code == 1
    assert "in prod and nowhere (not in accounts.yaml) for" in answer.out.splitlines()[0]
    assert "risk:     not known" in answer.out
    assert "low" not in answer.out.partition("approve:")[0]
    assert desk.run("explain", path, "--format", "json").json["risk"]["level"] == "unknown"
