"""Ways in which the outside goes wrong under a run: refused, stopped dead, or busy with something else."""

from collections.abc import Callable

from acme_world import World, is_write

from jitbot.sandbox import aws, github

RECORD = "record"  # how a commit to the ledger is called among the writes
REFUSED = aws.AwsFault(code="AccessDenied", status=403)


def refuse(world: World, *operations: str, account_id: str = "", fault: aws.AwsFault = REFUSED) -> None:
    """Let AWS refuse these operations, everywhere or in one account."""
    world.acme.aws.faults = lambda account, _service, operation: (
        fault if operation in operations and account_id in ("", account) else None
    )


def answer(world: World, fault: github.GitHubFault, method: str, part: str) -> None:
    """Let GitHub answer so, whenever this method is used on a path with this part."""
    world.acme.github.faults = lambda used, path: fault if used == method and part in path else None


def at(world: World, name: str, act: Callable[[], object], *, nth: int = 1) -> list[str]:
    """Do something else just before the n-th call of that name; gives the list of all writes, as they come.

    A name is AWS's operation, or `record`. What is done meanwhile calls as well, but starts nothing more.
    """
    writes: list[str] = []
    seen: list[str] = []

    def met(called: str, write: bool) -> None:
        if write:
            writes.append(called)
        if called == name:
            seen.append(called)
            if len(seen) == nth:
                act()

    def github_called(method: str, path: str) -> None:
        if (method, path) == ("POST", "/graphql"):
            met(RECORD, write=True)

    def aws_called(_account: str, service: str, operation: str) -> None:
        met(operation, is_write(service, operation))

    world.acme.github.faults, world.acme.aws.faults = github_called, aws_called
    return writes


class Death:
    """Kills a run at its n-th write to the outside, before or after the write: nothing answers it from then on."""

    def __init__(self, world: World, nth: int, *, after: bool) -> None:
        self.struck = False
        self._left = nth
        self._after = after
        world.acme.github.faults = self._github
        world.acme.aws.faults = self._aws

    def _github(self, method: str, path: str) -> github.GitHubFault | None:
        if not self._strikes(write=(method, path) == ("POST", "/graphql")):
            return None
        late = self._after and self._left == 0
        self._left = min(self._left, -1)
        return github.GitHubFault(status=403, body=b'{"message": "gone"}', after=late)

    def _aws(self, _account: str, service: str, operation: str) -> aws.AwsFault | None:
        if not self._strikes(write=is_write(service, operation)):
            return None
        late = self._after and self._left == 0
        self._left = min(self._left, -1)
        return aws.AwsFault(code="AccessDenied", status=403, after=late)

    def _strikes(self, *, write: bool) -> bool:
        if not self.struck and write:
            self._left -= 1
            self.struck = self._left == 0
        return self.struck
