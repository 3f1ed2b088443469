"""GitHub with a person's own token: what `request`, `extend`, `release` and `status` ask of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

from github import GithubException
from github.GithubException import UnknownObjectException

from jitbot.adapters.github.client import Client, translated
from jitbot.adapters.github.forge import actor
from jitbot.adapters.github.settings import last_scheduled
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import DeniedError, InvalidError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.text import timestamp
from jitbot.ports.personal import MergeRules, Pull, RepositoryAccess

_PLACE = """query($owner: String!, $name: String!) {
  viewer { login databaseId }
  repository(owner: $owner, name: $name) {
    nameWithOwner url databaseId viewerPermission autoMergeAllowed squashMergeAllowed mergeCommitAllowed
    defaultBranchRef { name target { oid } }
  }
}"""
_ENTRIES = "entries { name mode oid type }"
_DEEP = "entries { name mode oid type object { ... on Tree { entries { name mode oid type } } } }"
_TEXT = "... on Blob { oid text isTruncated }"
_AUTO_MERGE = """mutation($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}"""
_MAY_WRITE = frozenset({"ADMIN", "MAINTAIN", "WRITE"})
_AT_ONCE = 50  # objects in one query: far below what GitHub counts as too much

T = TypeVar("T")


class GitHubPersonal:
    """One repository's `jitbot.ports.PersonalForge`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._owner, _, self._name = client.repository.partition("/")

    @translated
    def place(self) -> RepositoryAccess:
        """Whose token this is, and the tip of the repository's default branch; one call."""
        try:
            data = self._client.graphql(_PLACE, {"owner": self._owner, "name": self._name})
        except GithubException as error:
            raise _no_place(error, self._client.repository) from error
        viewer, found = data["viewer"], data["repository"]
        if not found.get("defaultBranchRef"):
            raise InvalidError(f"{self._client.repository} is empty: it is no access repository")
        return RepositoryAccess(
            actor=Actor(login=Login(str(viewer["login"])), github_id=GithubId(int(viewer["databaseId"]))),
            repository=str(found["nameWithOwner"]),
            url=str(found["url"]),
            repository_id=int(found["databaseId"]),
            branch=str(found["defaultBranchRef"]["name"]),
            tip=Sha(str(found["defaultBranchRef"]["target"]["oid"])),
            may_write=found["viewerPermission"] in _MAY_WRITE,
            auto_merge=found["autoMergeAllowed"] is True,
            methods=tuple(
                method
                for method, name in (("squash", "squashMergeAllowed"), ("merge", "mergeCommitAllowed"))
                if found[name] is True
            ),
        )

    @translated
    def folders(
        self, commit: Sha, paths: Iterable[str], *, deep: bool = False
    ) -> Mapping[str, tuple[AddedEntry, ...]]:
        """The entries of folders at a commit, by the folder's path; one call for every fifty."""
        found: dict[str, tuple[AddedEntry, ...]] = {}
        wanted = f"... on Tree {{ {_DEEP if deep else _ENTRIES} }}"
        for some in _some(paths):
            answers = self._objects([f"{commit}:{path.rstrip('/')}" for path in some], wanted)
            for path, answer in zip(some, answers, strict=True):
                entries = (answer or {}).get("entries") or ()
                found[path] = tuple(_entries(path.rstrip("/"), entries))
        return found

    @translated
    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs; without those that are no plain text, or came cut short.

        GitHub gives text: that it is the very content, the blob's name proves.
        """
        found: dict[Sha, bytes] = {}
        for some in _some(blobs):
            for blob, answer in zip(some, self._objects([str(blob) for blob in some], _TEXT), strict=True):
                content = str((answer or {}).get("text") or "").encode(errors="surrogatepass")
                if blob_name(content) == blob:
                    found[blob] = content
        return found

    @translated
    def merge_rules(self, branch: str) -> MergeRules:
        """What the rules of a branch ask of a pull request, all rulesets together."""
        rules = list(self._client.pages(f"/rules/branches/{branch}"))
        parameters = [rule.get("parameters") or {} for rule in rules if rule["type"] == "pull_request"]
        checks = (rule["parameters"] for rule in rules if rule["type"] == "required_status_checks")
        return MergeRules(
            approvals=max((int(each["required_approving_review_count"]) for each in parameters), default=0),
            code_owners=any(each.get("require_code_owner_review") is True for each in parameters),
            checks=frozenset(
                str(check["context"]) for each in checks for check in each["required_status_checks"]
            ),
        )

    @translated
    def last_scheduled(self, file: str) -> datetime | None:
        """When the newest run began that a workflow's schedule started."""
        return last_scheduled(self._client, file)

    @translated
    def statuses(self, commit: Sha) -> Mapping[str, str]:
        """The newest state of each status of a commit; GitHub lists the first hundred."""
        listed = self._client.get(f"/commits/{commit}/status?per_page=100")["statuses"]
        return {str(each["context"]): str(each["state"]) for each in listed}

    @translated
    def first_parent(self, commit: Sha) -> Sha | None:
        """The first parent of a commit. https://docs.github.com/en/rest/git/commits"""
        parents = self._client.get(f"/git/commits/{commit}")["parents"]
        return Sha(str(parents[0]["sha"])) if parents else None

    @translated
    def was_used(self, branch: str, path: str) -> bool:
        """Whether the history of a branch knows a path."""
        listed = self._client.pages(f"/commits?sha={quote(branch, safe='')}&path={quote(path, safe='')}")
        return next(listed, None) is not None

    @translated
    def create_branch(self, name: str, commit: Sha) -> None:
        """Make a branch."""
        self._client.send("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": commit})

    @translated
    def branch(self, name: str) -> Sha | None:
        """The tip of a branch."""
        try:
            return Sha(str(self._client.get(f"/git/ref/heads/{name}")["object"]["sha"]))
        except UnknownObjectException:
            return None

    @translated
    def delete_branch(self, name: str) -> None:
        """Remove a branch."""
        self._client.send("DELETE", f"/git/refs/heads/{name}")

    @translated
    def open_pull(self, branch: str, base: str, title: str, body: str) -> Pull:
        """Open a pull request."""
        wanted = {"head": branch, "base": base, "title": title, "body": body}
        return _pull(self._client.send("POST", "/pulls", wanted))

    @translated
    def pull(self, number: int) -> Pull:
        """One pull request."""
        return _pull(self._client.get(f"/pulls/{number}"))

    @translated
    def open_pulls(self, branch: str = "") -> tuple[Pull, ...]:
        """The open pull requests; one whose author's account is gone is nobody's, and left out."""
        head = f"&head={quote(f'{self._owner}:{branch}', safe='')}" if branch else ""
        listed = self._client.pages(f"/pulls?state=open{head}")
        return tuple(_pull(raw) for raw in listed if raw.get("user"))

    @translated
    def merge_when_ready(self, pull: Pull, method: str) -> None:
        """Turn auto-merge on, for exactly the head that was opened.

        https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
        """
        wanted = {"pullRequestId": pull.node, "mergeMethod": method.upper(), "expectedHeadOid": pull.head}
        try:
            self._client.graphql(_AUTO_MERGE, {"input": wanted})
        except GithubException as error:
            raise DeniedError(_first_message(error)) from error

    @translated
    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow on a branch. The full name is sent, so that a tag of the same name is not taken.

        If GitHub refuses that with 422, the short name is sent, and then GitHub may take the tag: nothing of jitbot
        runs on a tag. https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
        """
        address, given = f"/actions/workflows/{workflow}/dispatches", dict(inputs)
        try:
            self._client.send("POST", address, {"ref": f"refs/heads/{branch}", "inputs": given})
        except GithubException as error:
            if error.status != 422:
                raise
            self._client.send("POST", address, {"ref": branch, "inputs": given})

    def _objects(self, expressions: list[str], wanted: str) -> list[Mapping[str, Any] | None]:
        """What git expressions such as `<commit>:<path>` name, in one query; they are variables, never text in it."""
        names = range(len(expressions))
        declared = " ".join(f"$e{number}: String!" for number in names)
        asked = " ".join(f"o{number}: object(expression: $e{number}) {{ {wanted} }}" for number in names)
        query = f"query($owner: String!, $name: String!, {declared}) {{ repository(owner: $owner, name: $name) {{ {asked} }} }}"
        variables = {f"e{number}": expression for number, expression in enumerate(expressions)}
        data = self._client.graphql(query, {"owner": self._owner, "name": self._name, **variables})
        return [data["repository"][f"o{number}"] for number in names]


def _some(wanted: Iterable[T]) -> Iterator[list[T]]:
    """Each thing once, in lists that one query can ask for."""
    rest = iter(dict.fromkeys(wanted))
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _entries(folder: str, raw: Iterable[Mapping[str, Any]]) -> Iterator[AddedEntry]:
    for each in raw:
        path = f"{folder}/{each['name']}" if folder else str(each["name"])
        yield AddedEntry(path=path, mode=format(int(each["mode"]), "06o"), blob=Sha(str(each["oid"])))
        yield from _entries(path, (each.get("object") or {}).get("entries") or ())


def _pull(raw: Mapping[str, Any]) -> Pull:
    merged_at = raw.get("merged_at")
    return Pull(
        number=int(raw["number"]),
        url=str(raw["html_url"]),
        node=str(raw["node_id"]),
        author=actor(raw.get("user")),
        branch=str(raw["head"]["ref"]),
        base=str(raw["base"]["ref"]),
        head=Sha(str(raw["head"]["sha"])),
        created_at=timestamp.parse(str(raw["created_at"])),
        closed=raw["state"] == "closed",
        merged_at=timestamp.parse(str(merged_at)) if merged_at else None,
        merge_commit=Sha(str(raw["merge_commit_sha"])) if merged_at and raw.get("merge_commit_sha") else None,
        auto_merge=bool(raw.get("auto_merge")),
    )


def _no_place(error: GithubException, repository: str) -> Exception:
    """A repository that is not there, or not for this token, is for the user to fix; all else stays as it was."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    kinds = {each.get("type") for each in errors or () if isinstance(each, dict)}
    if "NOT_FOUND" in kinds:
        return InvalidError(
            f"GitHub shows this token no repository {repository}: check the name, and that the token may read it"
        )
    return DeniedError(_first_message(error)) if "FORBIDDEN" in kinds else error


def _first_message(error: GithubException) -> str:
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return " ".join(str(first.get("message") or "GitHub gives no reason").split())[:200]
