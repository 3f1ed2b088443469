"""Entering a grant as the person it is for: from a request's name to a session of its role.

A kept session answers at once, without git, GitHub or AWS: `credential_process` is asked often. Vendors
are imported only when it does not.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.session_cache import SessionCache
from jitbot.domain.enforce import grant_target
from jitbot.domain.enforce.grant_status import GrantStatus, grant_statuses
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, InvalidError
from jitbot.domain.request.request_reference import resolve
from jitbot.domain.text import escape, timestamp
from jitbot.ports.person_credentials import PersonCredentials
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import data_root

LONGEST, LEAST = 3600, 900  # seconds: what a grant's role gives at most, and AWS at least
_FRESH = timedelta(seconds=60)  # so long IAM may not know a new role, or a wider window, everywhere
_EARLY = timedelta(minutes=5)  # a session is renewed this long before it ends
_AGAIN = timedelta(seconds=60)  # near the grant's end, the ledger is asked this often for an extension


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChoice:
    """What the command line says about the grant to enter, and with whose credentials."""

    request: str | None = None
    account: str | None = None
    role: str | None = None  # enter this role, and ask no ledger
    profile: str | None = None
    clone: str | None = None

    def source(self, invocation: Invocation) -> str:
        """A name for the credentials that will be used, found without any call."""
        environ = invocation.environ
        own = environ.get("AWS_ACCESS_KEY_ID") or f"profile {environ.get('AWS_PROFILE', 'default')}"
        return f"profile {self.profile}" if self.profile else own

    def key(self, invocation: Invocation) -> tuple[str, ...]:
        """What a kept session is known by."""
        root = "" if self.role else str(data_root(self.folder(invocation)))
        where = invocation.environ.get("AWS_ENDPOINT_URL", "")
        return root, self.request or "", self.account or "", self.role or "", self.source(invocation), where

    def folder(self, invocation: Invocation) -> Path:
        """Where the clone of the access repository is looked for."""
        return Path(self.clone) if self.clone else invocation.folder


def enter(invocation: Invocation, wanted: GrantChoice, *, verb: str) -> Session:
    """A session of the grant, kept or new, that says it ends no later than the grant does."""
    named = bool(wanted.request or wanted.role)  # what "my newest" means changes: that is looked up each time
    cache, key = SessionCache(cache_folder(invocation)), wanted.key(invocation)
    if named and (kept := _kept(cache, key, invocation.now)):
        return kept
    cache.forget_ended(invocation.now)
    person = ambient(invocation, wanted.profile)
    if wanted.role:
        grant, session = None, person.assume(wanted.role, "jitbot", LONGEST)
    else:
        grant = find(invocation, wanted, person, verb=verb)
        session = assume(person, grant, invocation.now)
    if named:
        over = "" if grant is None else timestamp.show(grant.expires_at)
        cache.keep(session, {"over": over, "at": timestamp.show(invocation.now)}, *key)
    return session


def find(invocation: Invocation, wanted: GrantChoice, person: PersonCredentials, *, verb: str) -> GrantStatus:
    """The grant that is meant, as the freshly fetched ledger has it. Raises InvalidError unless it is open."""
    from jitbot.usecases.ledger.ledger_view import read
    from jitbot.wiring.context import open_context, recorded_requests

    # The clone may be anywhere; everything else about the invocation stays.
    here = Invocation(
        now=invocation.now,
        environ=invocation.environ,
        folder=wanted.folder(invocation),
        jitbot=invocation.jitbot,
    )
    history = read(open_context(here, verb), invocation.now)
    if history.incomplete:
        click.echo(f"? this may be incomplete: {escape.log(history.incomplete)}", err=True)
    found = grant_statuses(history.states.values(), invocation.now)
    if wanted.request is None:
        request = grant_target.newest(found, person.whoami())
    else:
        request = resolve(wanted.request, recorded_requests(history))
    grant = grant_target.one(found, request, wanted.account)
    grant_target.ensure_open(grant, invocation.now)
    return grant


def assume(
    person: PersonCredentials,
    grant: GrantStatus,
    now: datetime,
    *,
    seconds: int = LONGEST,
    sleep: Callable[[float], None] = time.sleep,
) -> Session:
    """Enter; in a grant's first seconds, wait until IAM knows it. Raises InvalidError that says why AWS will not."""
    young = grant.granted_at is not None and now - grant.granted_at < _FRESH
    for pause in (1, 2, 4, 8, 0) if young else (0,):
        try:
            session = person.assume(grant.role_arn, grant_target.session_name(grant), seconds)
        except DeniedError as error:
            refusal = str(error)
        else:
            return Session(
                access_key=session.access_key,
                secret_key=session.secret_key,
                token=session.token,
                expires_at=min(session.expires_at, grant.expires_at),
            )
        if pause and grant_target.is_principal(grant, person.whoami()):
            click.echo(
                f"… granted just now; AWS does not know it everywhere yet, again in {pause} s", err=True
            )
            sleep(pause * (0.75 + secrets.randbelow(50) / 100))
        elif pause:
            break
    raise InvalidError(grant_target.why_refused(grant, person.whoami(), refusal))


def ambient(invocation: Invocation, profile: str | None) -> PersonCredentials:
    """AWS, with the person's own credentials. Raises InvalidError where those would be jitbot's again."""
    from jitbot.adapters.aws.person import ASKING, AmbientPerson
    from jitbot.wiring.context import aws_endpoint

    if ASKING in invocation.environ:
        raise InvalidError(
            "this profile asks jitbot for credentials, and jitbot would ask the same profile: "
            "name your own with --profile, or unset AWS_PROFILE"
        )
    own = profile or _instead(invocation.environ)
    return AmbientPerson(invocation.environ, profile=own, endpoint=aws_endpoint(invocation.environ))


def _instead(environ: Mapping[str, str]) -> str | None:
    """The person's own profile, where the environment names one that jitbot wrote for a grant; else None."""
    named = environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE")
    own = aws_config.own_profile(environ) if named else None
    return own if own != named else None


def cache_folder(invocation: Invocation) -> Path:
    """This user's folder for sessions."""
    environ = invocation.environ
    home = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(home) / "jitbot" / "sessions"


def _kept(cache: SessionCache, key: tuple[str, ...], now: datetime) -> Session | None:
    """A kept session that is still valid. Near the end of its grant it is used for at most a minute."""
    found = cache.find(*key)
    if found is None or found[0].expires_at <= now:
        return None
    session, note = found
    if now < session.expires_at - _EARLY:
        return session
    last = note.get("over") == timestamp.show(session.expires_at)
    lately = now - timestamp.parse(str(note.get("at"))) < _AGAIN
    return session if last and lately else None
