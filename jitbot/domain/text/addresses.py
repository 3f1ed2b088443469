"""Where a token may be sent: to the GitHub that is configured, over TLS or on this machine, and nowhere else."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

GITHUB, GITHUB_API = "https://github.com", "https://api.github.com"
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)


def is_private(address: str) -> bool:
    """Whether nobody on the way can read what is sent to this address: it is TLS, or this very machine."""
    return _private_host(address) != ""


def _private_host(address: str) -> str:
    """The host of an address that is private; empty for any other."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    private = parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    return host if host and private else ""


def origin(address: str) -> str:
    """Scheme, host and port of an address that is private, as in `https://github.com`; empty for any other.

    A user name in it is left out, and so is a path: neither says which server answers.
    """
    host = _private_host(address)
    if not (_HOST.fullmatch(host) or host == "::1"):
        return ""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        return ""
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}{f':{port}' if port is not None else ''}"


def server(environ: Mapping[str, str]) -> str:
    """The address that git fetches from: GITHUB_SERVER_URL, else the server to which GITHUB_API_URL belongs.

    Actions sets both. On a person's machine a company's GitHub may be configured by its API alone. The API of
    github.com and of ghe.com has its own host; the API of GitHub Enterprise Server has the path `/api/v3`:
    https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    """
    if named := environ.get("GITHUB_SERVER_URL", ""):
        return named
    api = environ.get("GITHUB_API_URL", "") or GITHUB_API
    return re.sub(r"\Ahttps://api\.((?:[a-z0-9-]+\.ghe|github)\.com)(?=[:/]|\Z)", r"https://\1", api)
