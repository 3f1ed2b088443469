"""Who wrote the ledger: each batch carries a token that GitHub's OIDC issuer signed over exactly that batch.

Anyone who may write can push to a branch, and GitHub signs anyone's commits made through its API, so
neither proves anything. A token does: only a run of this repository's own workflow on main gets one that
names that workflow, and its audience is the digest of the batch. Not proven against the real issuer.

Claims: https://docs.github.com/en/actions/reference/security/oidc
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.model.documents import Settings, Sha

WORKFLOWS = ("grant", "sweep", "revoke", "audit")  # the only ones whose word counts
TOKENS, TOKEN_ENDS = "attestations/", ".jwt"
KEYS = "keys/"
CLOCK_SKEW = timedelta(minutes=10)  # between the time an event records and the time of the token
LATE = "it records a time more than 10 minutes from when its token was issued"
_AUDIENCE = "jitbot-ledger:"
_BY_BOT = "Signed-off-by: github-actions[bot]"
_SIGNED_OFF = re.compile(rf"{re.escape(_BY_BOT)} <[^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One commit of the ledger as it must be: only additions, on exactly this parent.

    `blobs` maps each added path, the token's aside, to its git blob.
    """

    parent: Sha
    message: str
    blobs: Mapping[str, Sha]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """Settings that a batch may be judged by, and the period in which main had them; without a period, at any time."""

    settings: Settings
    times: tuple[datetime, datetime] | None = None

    def holds(self, issued: object) -> bool:
        """Whether these settings judge a token that was issued then."""
        if self.times is None:
            return True
        skew = CLOCK_SKEW.total_seconds()
        first, last = (time.timestamp() for time in self.times)
        return isinstance(issued, int) and first - skew <= issued <= last + skew


def former_names(today: Settings, earlier: Iterable[Tenure]) -> Iterator[Tenure]:
    """Of earlier settings, those that are of this same repository and issuer, and give the repository another name."""
    for each in earlier:
        found = each.settings
        same = (found.repository_id, found.issuer) == (today.repository_id, today.issuer)
        if same and found.repository != today.repository:
            yield each


def audience(batch: Batch) -> str:
    """The audience that a token must name to speak for this batch and no other."""
    content = json.dumps(
        [batch.parent, own_message(batch.message), sorted(batch.blobs.items())], ensure_ascii=True
    )
    return _AUDIENCE + hashlib.sha256(content.encode()).hexdigest()


def own_message(message: str) -> str:
    """A commit's message without what GitHub may add to one that is made through its API.

    Where a repository requires contributors to sign off on web-based commits, GitHub may append a line for the account
    that commits. That it does is not documented.
    https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/managing-repository-settings/managing-the-commit-signoff-policy-for-your-repository
    """
    lines = message.rstrip().split("\n")  # line by line: anyone may push a megabyte of lines for it to search
    while len(lines) > 1 and (not lines[-1].strip() or _SIGNED_OFF.fullmatch(lines[-1].rstrip())):
        lines.pop()
    return "\n".join(lines).rstrip()


def blob_name(content: bytes) -> Sha:
    """The name git gives a blob: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects"""
    return Sha(hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def objection(
    claims: Mapping[str, object], *, batch: Batch, settings: Settings, times: Iterable[datetime]
) -> str | None:
    """Why correctly signed claims do not speak for this batch, or None if they do.

    `times` are those the batch's events record. `exp` is not read: the signature is checked long after it.
    """
    main = "refs/heads/main"
    files = f"{settings.repository}/.github/workflows"
    expected = [f"{files}/{workflow}.yml@{main}" for workflow in WORKFLOWS]
    if claims.get("iss") != settings.issuer:
        return "another issuer signed it"
    if claims.get("aud") != audience(batch):
        return "its token was made for another batch"
    if str(claims.get("repository_id")) != str(settings.repository_id):
        return "another repository asked for its token"
    if claims.get("repository", settings.repository) != settings.repository:
        return "its token names this repository otherwise than the settings do"
    if claims.get("ref") != main or claims.get("job_workflow_ref") not in expected:
        return "its token is not of one of jitbot's workflows on main"
    issued = claims.get("iat")
    if not isinstance(issued, int):
        return "its token does not say when it was issued"
    return LATE if is_late(times, issued) else None


def is_late(times: Iterable[datetime], issued: int) -> bool:
    """Whether one of these recorded times is too far from when the token was issued, in seconds since 1970."""
    return any(abs(int(time.timestamp()) - issued) > CLOCK_SKEW.total_seconds() for time in times)
