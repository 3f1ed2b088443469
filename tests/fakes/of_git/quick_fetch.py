"""`git fetch` from an embedded GitHub of this very process: the objects are linked, the refs written.

Only plain fetches of a whole clone are done here, jitbot's own and an auditor's, with a token that GitHub takes; everything else is left to git.
The embedded GitHub notes the calls that git would have made, and its faults are asked for each of them: one that it
makes is left to git, which meets it at the same call.
"""

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from git_objects import NAME, Objects, UnsureError, in_folder, put, repository

from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.github.site import HostedRepository, Site

_GIT = Flask("git")
SITES: dict[str, Site] = {}  # by address, those that are running
_MANY = 1000  # objects that git brings in less time
_FLAGS = ("--quiet", "--no-tags", "--no-recurse-submodules", "origin")
_AUDITORS = ("--quiet", "--prune", "origin")  # with all branches, all of which may have gone
_ADDRESS = re.compile(r"^\s*url = (\S+)$", re.MULTILINE)
_REFSPEC = re.compile(r"\+?(refs/[\w/-]+):(refs/(?:remotes|jitbot)/[\w/-]+)", re.ASCII)
_ALL = re.compile(r"\+(refs/[\w/-]+/)\*:(refs/[\w/-]+/)\*", re.ASCII)
_INFO, _PACK = ("GET", "/{owner}/{name}/info/refs"), ("POST", "/{owner}/{name}/git-upload-pack")


def fetch(folder: Path, arguments: Sequence[str], secret: str, server: str) -> None:
    """Do what `git fetch` would. Raises UnsureError, before anything is done, where git is to do it."""
    here = repository(folder)
    wanted = [_REFSPEC.fullmatch(each) for each in arguments[len(_FLAGS) :]]
    if tuple(arguments[: len(_FLAGS)]) != _FLAGS or not wanted or not here.plain():
        raise UnsureError
    site, hosted, path = _remote(folder, secret, server)
    there = repository(hosted.store.path)
    with _asked(site, path):
        refs = there.refs(
            match[1] for match in wanted if match
        )  # as they are on disk: a test may have moved one by hand
    tips = {match[2]: refs.get(match[1], "") for match in wanted if match}
    if len(tips) != len(wanted):
        raise UnsureError
    _bring(here, there, tips, site, path)


def fetch_all(folder: Path, arguments: Sequence[str], secret: str, server: str) -> None:
    """Do what an auditor's `git fetch --prune` of all refs below some places would, as `fetch` does it."""
    here = repository(folder)
    wanted = [_ALL.fullmatch(each) for each in arguments[len(_AUDITORS) :]]
    places = {match[1]: match[2] for match in wanted if match}
    if tuple(arguments[: len(_AUDITORS)]) != _AUDITORS or len(places) != len(wanted) or not here.plain():
        raise UnsureError
    site, hosted, path = _remote(folder, secret, server)
    there = repository(hosted.store.path)
    with _asked(site, path):
        refs, tags = there.refs(place.rstrip("/") for place in places), there.refs(["refs/tags"])
    tips = {
        places[place] + ref.removeprefix(place): name
        for place in places
        for ref, name in refs.items()
        if ref.startswith(place)
    }
    old = here.refs(place.rstrip("/") for place in places.values())
    if tags:
        raise UnsureError
    for ref in old:
        if ref not in tips and not ref.endswith("/HEAD"):
            remove_ref(here, ref)
    _bring(here, there, tips, site, path)


@contextmanager
def _asked(site: Site, path: str) -> Iterator[None]:
    """While the site answers what refs it has. Raises UnsureError at the first fault."""
    _meet_faults(site, [("GET", f"{path}/info/refs"), ("POST", f"{path}/git-upload-pack")], [])
    with site.lock:
        yield


def _bring(here: Objects, there: Objects, tips: Mapping[str, str], site: Site, path: str) -> None:
    """Bring the objects behind these refs, and the refs."""
    if not tips or not all(map(NAME.fullmatch, tips.values())) or not there.plain():
        raise UnsureError
    brought = _missing(here, there, tips.values())
    if brought:
        _meet_faults(site, [("POST", f"{path}/git-upload-pack")], [None, None])
    site.calls += [_INFO, _PACK, *([_PACK] if brought else [])]
    for name in brought:
        _link(here, there, name)
    for ref, name in tips.items():
        write_ref(here, ref, name)


def remove_ref(objects: Objects, ref: str) -> None:
    """Take a ref away. Raises UnsureError for one that has no file, or that lies with others in one, too."""
    if objects.packed_refs([ref]):
        raise UnsureError
    try:
        os.unlink(f"{objects.folder}/{ref}")
    except OSError:
        raise UnsureError from None


def write_ref(objects: Objects, ref: str, name: str) -> None:
    """Let a ref name an object. Raises UnsureError where another ref is in the way."""
    scratch = f"{objects.folder}/objects/new_ref_{os.getpid()}_{threading.get_ident()}"
    put(scratch, f"{name}\n".encode())
    try:
        in_folder(os.replace, scratch, f"{objects.folder}/{ref}")
    except OSError:
        os.unlink(scratch)
        raise UnsureError from None


def _meet_faults(site: Site, calls: Iterable[tuple[str, str]], before: Sequence[None]) -> None:
    """Ask the faults of each call. Raises UnsureError at the first fault: git's own calls then meet just the same."""
    faults, met = site.faults, list[GitHubFault | None](before)
    if faults is None:
        return
    for method, path in calls:
        with _GIT.test_request_context(path, method=method, headers={"User-Agent": "git"}):
            met.append(faults(method, path))  # some look at the request itself
        if met[-1] is not None:
            site.faults = lambda method, path: met.pop(0) if met else faults(method, path)
            raise UnsureError


def _remote(folder: Path, secret: str, server: str) -> tuple[Site, HostedRepository, str]:
    """The embedded GitHub that this clone's origin is at, the repository there, and its path in the address."""
    settings = (folder / "config").read_text()
    addresses = _ADDRESS.findall(settings)
    if len(addresses) != 1 or re.search("insteadof|fetch.*prune|extraheader|proxy", settings, re.IGNORECASE):
        raise UnsureError
    address = urlsplit(addresses[0])
    site = SITES.get(f"{address.scheme}://{address.netloc}")
    if site is None or server != site.url or secret not in site.tokens:
        raise UnsureError
    hosted = site.repositories.get(address.path.strip("/").removesuffix(".git").casefold())
    if hosted is None or site.user(site.tokens[secret]).permission == "none":
        raise UnsureError
    return site, hosted, address.path


def _missing(here: Objects, there: Objects, tips: Iterable[str]) -> list[str]:
    """What a history has that is not here. What is here has everything behind it, as in every whole clone."""
    found: dict[str, None] = {}
    ahead = list(tips)
    while ahead:
        name = ahead.pop()
        if name in found or here.read(name) is not None:
            continue
        read = there.read(name)
        if read is None or len(found) > _MANY:
            raise UnsureError
        found[name] = None
        if read[0] == "commit":
            commit = there.commit(name)
            ahead += [commit.tree, *commit.parents]
        elif read[0] == "tree":
            ahead += [each.sha for each in there.tree(name) if each.mode != "160000"]
        elif read[0] != "blob":
            raise UnsureError
    return list(reversed(found))


def _link(here: Objects, there: Objects, name: str) -> None:
    source, target = (f"{each.folder}/objects/{name[:2]}/{name[2:]}" for each in (there, here))
    if not os.path.exists(source):
        here.write(*(there.read(name) or ("", b"")))
        return
    try:
        in_folder(os.link, source, target)
    except FileExistsError:
        pass
    except OSError:  # another disk
        here.write(*(there.read(name) or ("", b"")))
