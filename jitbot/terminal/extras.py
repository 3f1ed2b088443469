"""The parts of jitbot that not every installation has, and what to say when one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from jitbot.domain.model.errors import InvalidError


@contextmanager
def needs_sandbox() -> Iterator[None]:
    """Import the sandbox inside this. Raises InvalidError with the way out if its extra is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("jitbot"):
            raise
        raise InvalidError(
            f"{error.name} is missing; install the sandbox: pip install 'jitbot[sandbox]'"
        ) from None
