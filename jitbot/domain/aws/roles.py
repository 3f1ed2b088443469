"""Roles as AWS has them, and how they differ from what they should be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.aws import iam
from jitbot.domain.model.documents import AccountId

_BEFORE, _SHOWN = 30, 80  # characters of a value, before the first difference and in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """A role as it really is, read back whole."""

    account_id: AccountId
    role_name: str
    role_id: str
    path: str
    trust_policy: iam.Document
    permissions_boundary: str
    max_session_duration: int
    inline_policies: Mapping[str, iam.Document]
    attached: tuple[str, ...]  # ARNs
    tags: Mapping[str, str]

    @property
    def denied(self) -> bool:
        """Whether everything is denied to it."""
        return iam.DENY_ALL in self.attached


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A role as `ListRoles` shows it: enough to know whose it is and when it ends."""

    account_id: AccountId
    role_name: str
    role_id: str
    trust_policy: iam.Document
    max_session_duration: int  # seconds
    whole: Actual | None = None  # where the role was read, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """AWS's own word on a call: when it answered, and its request ids."""

    at: datetime
    request_ids: tuple[str, ...]


def differences(actual: Actual, documents: iam.Documents) -> tuple[str, ...]:
    """The parts of a role that differ from these documents, in words; empty if none does.

    Tags are for people and do not count. An added denial is a difference too: the caller decides if it matters.
    """
    return tuple(
        what for what, is_now, should_be in _parts(actual, documents) if not iam.is_same(is_now, should_be)
    )


def described(actual: Actual, documents: iam.Documents) -> str:
    """The differences, each with both values from where they part, bounded; empty if there is none."""
    return "; ".join(
        f"{what} is {found}, and should be {wanted}"
        for what, is_now, should_be in _parts(actual, documents)
        for found, wanted in [_apart(iam.canonical(is_now), iam.canonical(should_be))]
        if found != wanted
    )


def _parts(actual: Actual, documents: iam.Documents) -> tuple[tuple[str, object, object], ...]:
    """Each part of a role that counts: what it is called, how it is, and how it should be."""
    inline = {iam.POLICY_NAME: documents.permission_policy}
    return (
        ("trust policy", actual.trust_policy, documents.trust_policy),
        ("inline policies", actual.inline_policies, inline),
        ("attached policies", sorted(actual.attached), sorted(documents.managed_policies)),
        ("permissions boundary", actual.permissions_boundary, documents.permissions_boundary),
        ("session length", actual.max_session_duration, int(iam.SESSION.total_seconds())),
        ("path", actual.path, documents.path),
    )


def _apart(one: str, other: str) -> tuple[str, str]:
    """Two texts from shortly before their first difference on; the same twice if there is none."""
    pairs = enumerate(zip(one, other, strict=False))
    same = next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
    start = max(same - _BEFORE, 0)
    return _piece(one, start), _piece(other, start)


def _piece(text: str, start: int) -> str:
    end = start + _SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def unfinished(actual: Actual, *candidates: iam.Documents) -> bool:
    """Whether a role is one of these documents, or on its way between them: each part is one of theirs, or missing.

    A run that was stopped between two writes leaves such a role. In any other case somebody changed the role.
    """
    trusts = [candidate.trust_policy for candidate in candidates]
    inlines = [{iam.POLICY_NAME: candidate.permission_policy} for candidate in candidates]
    managed = {arn for candidate in candidates for arn in candidate.managed_policies}
    return (
        any(iam.is_same(actual.trust_policy, trust) for trust in trusts)
        and (
            not actual.inline_policies
            or any(iam.is_same(actual.inline_policies, inline) for inline in inlines)
        )
        and set(actual.attached) <= managed
        and all(actual.permissions_boundary == candidate.permissions_boundary for candidate in candidates)
        and actual.max_session_duration == int(iam.SESSION.total_seconds())
        and all(actual.path == candidate.path for candidate in candidates)
    )


def as_read(actual: Actual, documents: iam.Documents) -> iam.Documents:
    """The documents with the values that were read back from AWS; unchanged if nothing differs."""
    return replace(
        documents,
        trust_policy=actual.trust_policy,
        permission_policy=actual.inline_policies.get(iam.POLICY_NAME, {}),
        managed_policies=tuple(arn for arn in sorted(actual.attached) if arn != iam.DENY_ALL),
        permissions_boundary=actual.permissions_boundary,
        path=actual.path,
    )
