"""Why a server gave no answer, in words for the person who asked it.

Libraries wrap what happened, each in errors of its own; their classes have names alike, and these are looked at.
"""

from collections.abc import Iterator

_DEEPEST = 8  # errors inside errors
_WHY = (
    (
        {"ProxyError", "ProxyConnectionError"},
        "the proxy does not let it through: see HTTPS_PROXY and NO_PROXY",
    ),
    (
        {"SSLError", "CertificateError"},
        "its certificate is not trusted here: where a proxy has one of its own, name its file in REQUESTS_CA_BUNDLE",
    ),
    (
        {"NameResolutionError", "gaierror"},
        "its name cannot be resolved: are you online, and is the name right?",
    ),
    ({"ConnectionRefusedError"}, "the connection was refused"),
    ({"Timeout", "TimeoutError", "ConnectTimeoutError", "ReadTimeoutError"}, "no answer in time: try again"),
)


def why_no_answer(error: BaseException) -> str:
    """The cause as far as the error shows one, and what to look at; else the name of the error."""
    names = {kind.__name__ for each in _inside(error, _DEEPEST) for kind in type(each).__mro__}
    found = (words for kinds, words in _WHY if not names.isdisjoint(kinds))
    return next(found, type(error).__name__)


def _inside(error: BaseException, deepest: int) -> Iterator[BaseException]:
    yield error
    parts = (*error.args, getattr(error, "reason", None), error.__cause__, error.__context__)
    for each in parts if deepest else ():
        if isinstance(each, BaseException):
            yield from _inside(each, deepest - 1)
