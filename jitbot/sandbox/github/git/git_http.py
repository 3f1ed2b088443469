"""Smart HTTP for real git clients: `git http-backend` as CGI, with the branch rules in an update hook.

https://git-scm.com/docs/git-http-backend
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jitbot.sandbox.github.api.call import Reply
from jitbot.sandbox.github.git.store import GitStore, environment
from jitbot.sandbox.github.records import RefusalError, User
from jitbot.sandbox.github.rules import branch_rules, pulls
from jitbot.sandbox.github.site import HostedRepository, Site

# Nothing here outlives the sandbox, so nothing need wait for the disk. GitHub knows these filters, and no others.
_CONFIGURATION = """\
[core]
    fsync = none
[http]
    receivepack = true
[uploadpack]
    allowFilter = true
    allowAnySHA1InWant = true
[uploadpackfilter]
    allow = false
[uploadpackfilter "blob:none"]
    allow = true
[uploadpackfilter "blob:limit"]
    allow = true
[uploadpackfilter "tree"]
    allow = true
    maxDepth = 0
[receive]
    fsckObjects = true
    hideRefs = refs/pull
    autogc = false
[gc]
    auto = 0
"""

# The variables list the refs that this pusher may not touch in that way.
_UPDATE_HOOK = """\
#!/bin/sh
listed() { case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
refuse() {
  echo "error: GH013: Repository rule violations found for $1." >&2
  echo "- $2" >&2
  exit 1
}
none=0000000000000000000000000000000000000000
if [ "$3" = "$none" ]; then
  listed "$1" "$KEPT" && refuse "$1" "Cannot delete this branch"
  exit 0
fi
listed "$1" "$REVIEWED" && refuse "$1" "Changes must be made through a pull request."
if [ "$2" != "$none" ] && ! git merge-base --is-ancestor "$2" "$3"; then
  listed "$1" "$FORWARD" && refuse "$1" "Cannot force-push to this branch"
fi
exit 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCall:
    """One HTTP request of a git client."""

    method: str
    service_path: str  # what follows the repository: info/refs, git-upload-pack, git-receive-pack
    query: str
    headers: Mapping[str, str]
    body: bytes


def create_store(path: Path, home: Path) -> GitStore:
    """Make a bare repository that takes pushes over HTTP under the sandbox's rules."""
    path.mkdir(parents=True)
    store = GitStore(path, home)
    store.git("init", "--quiet", "--bare", "--template=", str(path))
    store.git("symbolic-ref", "HEAD", "refs/heads/main")
    with (path / "config").open("a") as configuration:
        configuration.write(_CONFIGURATION)
    hook = path / "hooks" / "update"
    hook.parent.mkdir()
    hook.write_text(_UPDATE_HOOK)
    hook.chmod(0o755)
    return store


def serve(site: Site, repository: HostedRepository, user: User, call: GitCall) -> Reply:
    """Let git answer; after a push the pull requests follow. Only people with write access may push."""
    if "git-receive-pack" not in {call.service_path, call.query.removeprefix("service=")}:
        return _read(site, repository, user, call)
    if not user.may_write:
        raise RefusalError(403, f"Permission to {repository.full_name}.git denied to {user.login}.")
    with site.lock:
        before = repository.store.refs("refs/heads/")
        reply = _run(site, repository, user, call, _forbidden(site, user))
        repository.store.forget_refs()
        after = repository.store.refs("refs/heads/")
        for ref in sorted(before.keys() | after.keys()):
            if before.get(ref) != after.get(ref):
                pulls.moved(site, repository, ref, after.get(ref), user)
    return reply


def _read(site: Site, repository: HostedRepository, user: User, call: GitCall) -> Reply:
    """What may be fetched, or the objects themselves. git is asked once for the refs as they are: most fetches bring nothing."""
    if call.method == "POST" and b"command=ls-refs" not in call.body:
        return _run(site, repository, user, call, {})
    answers = repository.store.answers  # another one after every change, even one while git answers
    asked = (call.service_path, call.query, call.headers.get("Git-Protocol", ""), call.body)
    if asked not in answers:
        answers[asked] = _run(site, repository, user, call, {})
    reply: Reply = answers[asked]
    return reply


def _forbidden(site: Site, user: User) -> dict[str, str]:
    held = {f"refs/heads/{branch}": branch_rules.limits(site, user, branch) for branch in site.rules}
    return {
        "REVIEWED": " ".join(ref for ref, limits in held.items() if limits.pull_request),
        "FORWARD": " ".join(ref for ref, limits in held.items() if limits.force_push),
        "KEPT": " ".join(ref for ref, limits in held.items() if limits.deletion),
    }


def _run(
    site: Site, repository: HostedRepository, user: User, call: GitCall, extra: Mapping[str, str]
) -> Reply:
    variables = {
        "GIT_PROJECT_ROOT": str(repository.store.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{call.service_path}",
        "REQUEST_METHOD": call.method,
        "QUERY_STRING": call.query,
        "CONTENT_TYPE": call.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_CONTENT_ENCODING": call.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": call.headers.get("Git-Protocol", ""),
        "REMOTE_USER": user.login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        ["git", "http-backend"],
        input=call.body,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**environment(site.folder), **variables, **extra},
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return Reply(status=status, headers=headers, body=body)
