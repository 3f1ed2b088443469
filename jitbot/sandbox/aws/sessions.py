"""Who calls: access keys and the sessions behind them, ended by the sandbox's clock."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.wire import RefusedError


class Kind(Enum):
    """The kind of principal that an access key belongs to. ADMIN is the sandbox itself, which is not evaluated."""

    ADMIN = "Account"
    USER = "User"
    ROLE = "AssumedRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One authenticated caller, with what AWS knows about the session itself."""

    kind: Kind
    account_id: str
    arn: str  # the session's, for a role
    userid: str  # AIDA…, or AROA…:session-name
    entity: Entity | None = None  # the user, or the role as it is now; None for ADMIN
    issued_at: datetime | None = None
    source_identity: str = ""
    session_policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Temporary credentials of a role; they live until just before `expires_at`."""

    access_key: str
    secret: str
    token: str
    account_id: str
    role_id: str
    role_name: str
    name: str
    issued_at: datetime
    expires_at: datetime
    source_identity: str = ""
    policy: str = ""

    @property
    def arn(self) -> str:
        """The ARN that AWS shows for the session."""
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.role_name}/{self.name}"


class Sessions:
    """The credentials that the sandbox has given out."""

    def __init__(self, store: RoleStore) -> None:
        self._store = store
        self._sessions: dict[str, Session] = {}
        self._admins: dict[str, str] = {}  # access key -> account id

    def admin(self, account_id: str) -> tuple[str, str]:
        """The account's unrestricted key and its secret."""
        key = f"AKIAADMIN{account_id}"
        self._admins[key] = account_id
        return key, "admin"

    def issue(
        self,
        role: Entity,
        name: str,
        *,
        start: datetime,
        end: datetime,
        source_identity: str = "",
        policy: str = "",
    ) -> Session:
        """Credentials of `role` for a session called `name`."""
        session = Session(
            access_key=f"ASIA{secrets.token_hex(8).upper()}",
            secret=secrets.token_hex(20),
            token=secrets.token_hex(40),
            account_id=role.account_id,
            role_id=role.unique_id,
            role_name=role.name,
            name=name,
            issued_at=start,
            expires_at=end,
            source_identity=source_identity,
            policy=policy,
        )
        self._sessions[session.access_key] = session
        return session

    def caller(self, access_key: str, token: str, now: datetime) -> Caller:
        """Who calls; raises RefusedError for unknown, ended and orphaned credentials."""
        if access_key in self._admins:
            account_id = self._admins[access_key]
            root = f"arn:aws:iam::{account_id}:root"
            return Caller(kind=Kind.ADMIN, account_id=account_id, arn=root, userid=account_id)
        if session := self._sessions.get(access_key):
            return self._session_caller(session, token, now)
        user = self._store.user_of_key(access_key)
        if user is None or token:
            raise _invalid()
        return Caller(
            kind=Kind.USER, account_id=user.account_id, arn=user.arn, userid=user.unique_id, entity=user
        )

    def _session_caller(self, session: Session, token: str, now: datetime) -> Caller:
        if not secrets.compare_digest(token.encode(), session.token.encode()):
            raise _invalid()
        if now >= session.expires_at:
            raise RefusedError("ExpiredToken", "The security token included in the request is expired", 403)
        role = self._store.role_by_id(session.account_id, session.role_id)
        if role is None:
            # AWS does not say what a session of a deleted role may do; the sandbox ends it.
            raise _invalid()
        return Caller(
            kind=Kind.ROLE,
            account_id=session.account_id,
            arn=session.arn,
            userid=f"{session.role_id}:{session.name}",
            entity=role,
            issued_at=session.issued_at,
            source_identity=session.source_identity,
            session_policy=session.policy,
        )


def _invalid() -> RefusedError:
    message = "The security token included in the request is invalid."
    return RefusedError("InvalidClientTokenId", message, 403)
