"""A clone that jitbot keeps for itself: made if it is not there, with main's files as they are now."""

from collections.abc import Mapping
from pathlib import Path

from jitbot.adapters.git.partial_clone import QUIETLY, REMOTE
from jitbot.adapters.git.process import GitProcess, Token, why_not_fetched
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.text.addresses import origin

_MAIN = f"refs/remotes/{REMOTE}/main"


def bring(
    folder: Path, address: str, *, token: str, environ: Mapping[str, str], timeout: float = 120
) -> None:
    """Fetch main of the repository at this address into the folder, and check its files out.

    The token is handed to git for that address's server alone. Raises UnavailableError if it cannot be fetched.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be made: {error.strerror}") from None
    git = GitProcess(folder, timeout=timeout, environ=environ)
    git.ask("init", "--quiet", "--template=", "--initial-branch=main")  # does nothing where one is
    git.ask("config", f"remote.{REMOTE}.url", address)
    sent = Token(token, origin(address))
    fetched = git.fetch(*QUIETLY, REMOTE, f"+refs/heads/main:{_MAIN}", token=sent)
    if fetched.returncode != 0:
        raise UnavailableError(f"git could not fetch {address}: {why_not_fetched(fetched.stderr, sent)}")
    git.ask("checkout", "--quiet", "--force", "--detach", _MAIN)
