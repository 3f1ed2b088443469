"""The adapter of the port `GitHubWrite`."""

import base64
import contextlib
from collections.abc import Collection, Mapping, Sequence

from github import GithubException
from github.GithubException import UnknownObjectException

from jitbot.adapters.github import graphql
from jitbot.adapters.github.answers import comment, pull_request
from jitbot.adapters.github.client import AdapterPart, said, translated
from jitbot.adapters.github.settings import allowed, counted
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError
from jitbot.domain.model.github_objects import Comment, Status
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.setup.doctor.github.github_state import NAMED_BRANCHES, Body

_COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
_AUTO_MERGE = """mutation($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}"""
_EDITS = 20  # comments in one call: each has 64 KiB at the most
_PREVENTED = 409  # of a setting: the organisation decides it, so trying again does not help


def edit_of(comment: str, body: str) -> graphql.Mutation:
    """The mutation that replaces a comment's text."""
    return "updateIssueComment", "issueComment { id }", {"id": comment, "body": body}


class GitHubWriter(AdapterPart):
    """One repository's `jitbot.ports.github_write.GitHubWrite`."""

    @translated
    def commit_on_branch(
        self,
        branch: str,
        parent: Sha,
        message: str,
        additions: Mapping[str, bytes],
        deletions: Sequence[str] = (),
    ) -> Sha:
        # https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
        headline, _, body = message.partition("\n\n")
        files = [
            {"path": path, "contents": base64.b64encode(each).decode()} for path, each in additions.items()
        ]
        variables = {
            "input": {
                "branch": {"repositoryNameWithOwner": self._client.repository, "branchName": branch},
                "expectedHeadOid": parent,
                "message": {"headline": headline, "body": body},
                "fileChanges": {
                    "additions": files,
                    **({"deletions": [{"path": path} for path in deletions]} if deletions else {}),
                },
            }
        }
        try:
            data = self._client.graphql(_COMMIT, variables)
        except GithubException as error:
            if "STALE_DATA" in graphql.types_of(error):
                raise BranchMovedError(f"the branch {branch} has moved") from error
            raise
        return Sha(data["createCommitOnBranch"]["commit"]["oid"])

    @translated
    def create_root_commit(self, files: Mapping[str, bytes], message: str) -> Sha:
        # Only REST makes a commit without a past, and GitHub signs none that a person's token makes by it:
        # https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
        entries = [
            {"path": path, "mode": PLAIN, "type": "blob", "content": content.decode()}
            for path, content in files.items()
        ]
        tree = self._client.send("POST", "/git/trees", {"tree": entries})["sha"]
        made = self._client.send("POST", "/git/commits", {"message": message, "tree": tree, "parents": []})
        return Sha(str(made["sha"]))

    @translated
    def create_branch(self, name: str, commit: Sha) -> None:
        self._client.send("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": commit})

    @translated
    def delete_branch(self, name: str) -> None:
        self._client.send("DELETE", f"/git/refs/heads/{name}")

    @translated
    def open_pull(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        wanted = {"head": branch, "base": base, "title": title, "body": body}
        return pull_request(self._client.send("POST", "/pulls", wanted))

    @translated
    def merge_when_ready(self, pull: PullRequest, method: str) -> None:
        # https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
        wanted = {"pullRequestId": pull.node_id, "mergeMethod": method.upper(), "expectedHeadOid": pull.head}
        try:
            self._client.graphql(_AUTO_MERGE, {"input": wanted})
        except GithubException as error:
            raise DeniedError(said(error)) from error

    @translated
    def close_pull(self, number: int) -> PullRequest:
        return pull_request(self._client.send("PATCH", f"/pulls/{number}", {"state": "closed"}))

    @translated
    def retitle(self, number: int, title: str) -> None:
        self._client.send("PATCH", f"/pulls/{number}", {"title": title})

    @translated
    def post_comment(self, number: int, body: str) -> Comment:
        return comment(self._client.send("POST", f"/issues/{number}/comments", {"body": body}))

    @translated
    def edit_comment(self, comment_id: int, body: str) -> None:
        self._client.send("PATCH", f"/issues/comments/{comment_id}", {"body": body})

    @translated
    def edit_comments(self, bodies: Mapping[str, str]) -> None:
        # https://docs.github.com/en/graphql/reference/mutations#updateissuecomment
        for some in graphql.in_parts(bodies, _EDITS):
            edits = {f"c{place}": edit_of(each, bodies[each]) for place, each in enumerate(some)}
            answers = graphql.mutations(self._client, edits)
            for name, (_, _, wanted) in edits.items():
                if answers[name]["issueComment"]["id"] != wanted["id"]:
                    raise ValueError("nothing says that it was edited")

    @translated
    def remove_comment(self, comment_id: int) -> None:
        with contextlib.suppress(UnknownObjectException):
            self._client.send("DELETE", f"/issues/comments/{comment_id}")

    @translated
    def set_status(self, commit: Sha, context: str, status: Status, url: str) -> None:
        link = {"target_url": url} if url else {}
        body = {"state": status.state.value, "context": context, "description": status.description, **link}
        self._client.send("POST", f"/statuses/{commit}", body)

    @translated
    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> str:
        # The full name is sent, so that a tag of the same name is not taken. If GitHub refuses that with 422, the
        # short name is sent, and then GitHub may take the tag: no workflow of jitbot runs on a tag.
        # https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
        address, given = f"/actions/workflows/{workflow}/dispatches", dict(inputs)
        whole = f"refs/heads/{branch}"
        try:
            self._client.send("POST", address, {"ref": whole, "inputs": given})
        except GithubException as error:
            if error.status != 422:
                raise
            self._client.send("POST", address, {"ref": branch, "inputs": given})
            return branch
        return whole

    @translated
    def limit_environment(self, name: str, branches: Collection[str]) -> None:
        # https://docs.github.com/en/rest/deployments/environments, and /branch-policies beside it
        path = f"/environments/{name}"
        self._client.send("PUT", path, NAMED_BRANCHES)
        policies = f"{path}/deployment-branch-policies"
        missing = set(branches)
        for raw in counted(self._client, policies, "branch_policies"):
            if allowed(raw) in missing:
                missing.remove(allowed(raw))
            else:
                self._client.send("DELETE", f"{policies}/{raw['id']}")
        for branch in sorted(missing):
            self._client.send("POST", policies, {"name": branch, "type": "branch"})

    @translated
    def change_setting(self, method: str, path: str, body: Body) -> None:
        for raw in self._client.pages(path) if method == "POST" else ():
            if raw["name"] == body["name"] and raw.get("source_type", "Repository") == "Repository":
                method, path = "PUT", f"{path}/{raw['id']}"
                break
        try:
            self._client.send(method, path, body)
        except GithubException as error:
            if error.status != _PREVENTED:
                raise
            raise DeniedError(f"GitHub answered {_PREVENTED}: {said(error)}") from error
