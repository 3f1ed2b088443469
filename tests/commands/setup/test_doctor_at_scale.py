"""What `jitbot doctor` prints for many accounts: one finding for each cause, with its fix once."""

from datetime import timedelta

import pytest

from jitbot.commands.setup.doctor import print_checks
from jitbot.domain.aws.service_roles import WORKFLOWS
from jitbot.domain.model.documents import AccountId, Settings
from jitbot.domain.setup.doctor import account_roles, role_permissions
from jitbot.domain.setup.doctor.report import Check, Unknown

SETTINGS = Settings(
    repository="acme/access",
    repository_id=7,
    namespace="jit",
    issuer="https://token.actions.githubusercontent.com",
    approvals_valid_for=timedelta(days=1),
)


def checks(found: Unknown | None) -> list[Check]:
    """All that doctor looks at in 61 accounts, each answered like this."""
    every: list[Check] = []
    for number in range(61):
        own = account_roles.OwnAccount(
            settings=SETTINGS, alias=f"a-{number}", account_id=AccountId(f"{number:012}")
        )
        for purpose in WORKFLOWS:
            every.append(account_roles.role(own, purpose, found))
            every += role_permissions.role(own, purpose, found)
        every.append(role_permissions.boundary(own, found))
    return every


@pytest.mark.parametrize(
    ("found", "fix"),
    [
        (Unknown(why="the OIDC issuer answered 403"), "run doctor with AWS credentials"),
        (None, "jitbot bootstrap"),
    ],
)
def test_61_accounts_are_not_1288_lines(
    capsys: pytest.CaptureFixture[str], found: Unknown | None, fix: str
) -> None:
    """As many lines as there are causes; none says to roll out again what only could not be seen."""
    print_checks(checks(found), every=False)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 16
    assert fix in printed
    assert ("roll the template" in printed) == (found is None)
    assert "checks: " in printed
    assert "a-0, " in printed or "a-0 is" in printed
