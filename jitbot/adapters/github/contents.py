"""Branches, commits and files, read. https://docs.github.com/en/rest/git, https://docs.github.com/en/rest/commits"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from github.GithubException import UnknownObjectException

from jitbot.adapters.github.answers import branch_rules, push, statuses
from jitbot.adapters.github.client import AdapterPart, translated
from jitbot.adapters.github.graphql import in_parts, objects
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.github_objects import BranchRules, Status
from jitbot.domain.model.merge_facts import Push

_ENTRIES = "entries { name mode oid type }"
_DEEP = "entries { name mode oid type object { ... on Tree { entries { name mode oid type } } } }"
_TEXT = "... on Blob { oid text isTruncated }"
_MOST_PUSHES = 20  # pages of a branch's moves: twice as many as `bounds.MOVES` fill


class ContentReader(AdapterPart):
    """The part of `GitHubRead` about branches, commits and files."""

    @translated
    def tip(self, branch: str) -> Sha | None:
        try:
            return Sha(str(self._client.get(f"/git/ref/heads/{branch}")["object"]["sha"]))
        except UnknownObjectException:
            return None

    @translated
    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        # Which right a job needs for it is not proven against GitHub.
        # https://docs.github.com/en/rest/repos/repos#list-repository-activities
        query = {"ref": f"refs/heads/{branch}", "direction": "asc"}
        found: list[Push] = []
        for page in self._client.following("/activity", query, _MOST_PUSHES):
            moves = [push(raw) for raw in page]
            found += [each for each in moves if until is None or each.at <= until]
            if len(found) > bounds.MOVES or _leads_beyond(moves, until):
                break
        return tuple(found)

    @translated
    def pushes_since(self, branch: str, since: datetime) -> tuple[Push, ...]:
        query = {"ref": f"refs/heads/{branch}", "direction": "desc"}
        found: list[Push] = []
        for page in self._client.following("/activity", query, _MOST_PUSHES):
            moves = [push(raw) for raw in page]
            found += moves
            if any(newer.at < older.at for newer, older in pairwise(found)):
                raise UnavailableError(
                    "GitHub lists the moves of a branch in another order than it was asked for"
                )
            if moves and moves[-1].at < since:
                break  # all that follow are older
        return tuple(each for each in reversed(found) if each.at >= since)

    @translated
    def rules(self, branch: str) -> BranchRules:
        return branch_rules(tuple(self._client.pages(f"/rules/branches/{quote(branch)}")))

    @translated
    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        return statuses(self._client.get(f"/commits/{commit}/status?per_page=100")["statuses"])

    @translated
    def first_parent(self, commit: Sha) -> Sha | None:
        parents = self._client.get(f"/git/commits/{commit}")["parents"]
        return Sha(str(parents[0]["sha"])) if parents else None

    @translated
    def is_verified(self, commit: Sha) -> bool:
        return self._client.get(f"/git/commits/{commit}")["verification"]["verified"] is True

    @translated
    def was_used(self, branch: str, path: str) -> bool:
        listed = self._client.pages(f"/commits?sha={quote(branch, safe='')}&path={quote(path, safe='')}")
        return next(listed, None) is not None

    @translated
    def folders(
        self, commit: Sha, paths: Iterable[str], *, deep: bool = False
    ) -> Mapping[str, tuple[AddedEntry, ...]]:
        found: dict[str, tuple[AddedEntry, ...]] = {}
        wanted = f"... on Tree {{ {_DEEP if deep else _ENTRIES} }}"
        for some in in_parts(paths):
            answers = objects(self._client, [f"{commit}:{path.rstrip('/')}" for path in some], wanted)
            for path, answer in zip(some, answers, strict=True):
                entries = (answer or {}).get("entries") or ()
                found[path] = tuple(_entries(path.rstrip("/"), entries))
        return found

    @translated
    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        found: dict[Sha, bytes] = {}
        for some in in_parts(blobs):
            answers = objects(self._client, some, _TEXT)
            for blob, answer in zip(some, answers, strict=True):
                # GitHub gives text: that it is the very content, the blob's name proves.
                content = str((answer or {}).get("text") or "").encode(errors="surrogatepass")
                if blob_name(content) == blob:
                    found[blob] = content
        return found


def _leads_beyond(moves: Sequence[Push], until: datetime | None) -> bool:
    """Whether what follows this page came later. Raises UnavailableError if it is not in the order that was asked for."""
    if not moves or until is None or moves[-1].at <= until:
        return False
    if moves[0].at > moves[-1].at:  # then what follows may be what was to be read
        raise UnavailableError(
            "GitHub lists the moves of a branch newest first, and was asked for the oldest"
        )
    return True


def _entries(folder: str, raw: Iterable[Mapping[str, Any]]) -> Iterator[AddedEntry]:
    for each in raw:
        path = f"{folder}/{each['name']}" if folder else str(each["name"])
        yield AddedEntry(path=path, mode=format(int(each["mode"]), "06o"), blob=Sha(str(each["oid"])))
        yield from _entries(path, (each.get("object") or {}).get("entries") or ())
