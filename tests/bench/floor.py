"""The floor of a grant: what any program must ask to make these grants. Nothing is decided, checked or recorded.

`requests` and boto3 and git, and nothing of jitbot: the same calls of AWS, of GitHub's API and of its git, in the
same order, but that what jitbot records goes to a branch of no meaning. Run by grants.py, in the job's environment.

    python floor.py '{"pull": 7, "merge": "…", "queries": ["…", "…"], "login": "bob", "enter": "arn:…", "roles": [{…}]}'
"""

import base64
import json
import os
import subprocess
import sys
from typing import Any

import boto3
import botocore
from botocore.config import Config

import requests

COMMIT = (
    "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"
)
TIPS = (
    "+refs/heads/main:refs/remotes/origin/main",
    "+refs/heads/ledger:refs/remotes/origin/ledger",
    "+refs/heads/floor:refs/remotes/origin/floor",
)


def main() -> None:
    """Ask GitHub, record, grant, read back, record."""
    wanted = json.loads(sys.argv[1])
    github = requests.Session()
    github.headers["Authorization"] = f"Bearer {os.environ['GITHUB_TOKEN']}"
    repository = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    fetch(*TIPS)
    github.get(f"{repository}/rules/branches/ledger").raise_for_status()
    owner, name = os.environ["GITHUB_REPOSITORY"].split("/")
    for query, asked in zip(wanted["queries"], (wanted["merge"], wanted["pull"]), strict=True):
        variables = {"owner": owner, "name": name, "e0": asked}
        said = github.post(
            f"{os.environ['GITHUB_API_URL']}/graphql", json={"query": query, "variables": variables}
        )
        if "errors" in said.json():
            raise SystemExit(said.text)
    for path in (
        f"/activity?ref=refs/heads/{wanted['branch']}",
        f"/collaborators/{wanted['login']}/permission",
    ):
        github.get(f"{repository}{path}").raise_for_status()
    fetch(f"+refs/pull/{wanted['pull']}/head:refs/floor/pull")
    record(github, wanted["record"])
    fetch(*TIPS)
    grant(wanted)
    fetch(*TIPS)
    record(github, wanted["record"])
    fetch(*TIPS)
    github.post(f"{repository}/issues/{wanted['pull']}/comments", json={"body": "granted"}).raise_for_status()


def fetch(*refspecs: str) -> None:
    """Bring branches up to date, with the job's token."""
    basic = base64.b64encode(f"x-access-token:{os.environ['GITHUB_TOKEN']}".encode()).decode()
    header = {"GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}"}
    environ = {**os.environ, "GIT_CONFIG_COUNT": "1", **header}
    subprocess.run(["git", "fetch", "--quiet", "--no-tags", "origin", *refspecs], env=environ, check=True)


def record(github: requests.Session, size: int) -> None:
    """Commit so many bytes, with a token of the job beside them."""
    said = token(github, "floor")
    head = subprocess.run(
        ["git", "rev-parse", "refs/remotes/origin/floor"], capture_output=True, text=True, check=True
    ).stdout.strip()
    files = {f"events/{head}.json": "x" * size, f"attestations/{head}.jwt": said}
    variables: dict[str, Any] = {
        "branch": {"repositoryNameWithOwner": os.environ["GITHUB_REPOSITORY"], "branchName": "floor"},
        "expectedHeadOid": head,
        "message": {"headline": "floor", "body": ""},
        "fileChanges": {
            "additions": [
                {"path": path, "contents": base64.b64encode(each.encode()).decode()}
                for path, each in files.items()
            ]
        },
    }
    url = f"{os.environ['GITHUB_API_URL']}/graphql"
    answer = github.post(url, json={"query": COMMIT, "variables": {"input": variables}})
    if "errors" in answer.json():
        raise SystemExit(answer.text)


def token(github: requests.Session, audience: str) -> str:
    """A token of the job for this audience."""
    url = f"{os.environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={audience}"
    bearer = {"Authorization": f"Bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    return str(github.get(url, headers=bearer).json()["value"])


def grant(wanted: dict[str, Any]) -> None:
    """Make each role, and read it back."""
    said = token(requests.Session(), "sts.amazonaws.com")
    unsigned = Config(signature_version=botocore.UNSIGNED)
    sts = boto3.client("sts", region_name="us-east-1", config=unsigned)
    found = sts.assume_role_with_web_identity(
        RoleArn=wanted["enter"], RoleSessionName="floor", WebIdentityToken=said, DurationSeconds=900
    )["Credentials"]
    iam = boto3.client(
        "iam",
        region_name="us-east-1",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )
    iam.get_account_summary()
    for each in wanted["roles"]:
        name = each["name"]
        iam.create_role(
            Path="/jit/",
            RoleName=name,
            AssumeRolePolicyDocument=each["trust"],
            MaxSessionDuration=3600,
            PermissionsBoundary=wanted["boundary"],
            Tags=[{"Key": "jitbot:request", "Value": name}],
        )
        iam.put_role_policy(RoleName=name, PolicyName="jitbot", PolicyDocument=each["permissions"])
        iam.get_role(RoleName=name)
        iam.list_role_policies(RoleName=name)
        iam.list_attached_role_policies(RoleName=name)
        iam.get_role_policy(RoleName=name, PolicyName="jitbot")


if __name__ == "__main__":
    main()
