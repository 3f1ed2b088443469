"""Entering a grant as the person it is for: from a request's name to a session of its role.

A kept session answers at once, without git, GitHub or AWS: `credential_process` is asked often. Once a minute the
ledger is asked whether the grant still lasts. Vendors are imported only then.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from jitbot.adapters.local import aws_config
from jitbot.adapters.local.session_cache import kept_sessions
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce import grant_target
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, grant_statuses
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.text import escape, timestamp
from jitbot.ports.person_credentials import PersonCredentials
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import data_root
from jitbot.usecases.pull_request.merged_request import resolve_merged
from jitbot.wiring.kept_clone import folder_of, in_clone, is_in_its_clone
from jitbot.wiring.requester import origin, repository_of

LONGEST, LEAST = 3600, 900  # seconds: what a grant's role gives at most, and AWS at least
_FRESH = timedelta(seconds=60)  # so long IAM may not know a new role, or a wider window, everywhere
_EARLY = timedelta(minutes=5)  # a session is renewed this long before it ends
_AGAIN = timedelta(seconds=60)  # the ledger is asked this often whether the grant ended, or was extended


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChoice:
    """What the command line says about the grant to enter, and with whose credentials."""

    request: str | None = None
    account: str | None = None
    role: str | None = None  # enter this role, and ask no ledger
    profile: str | None = None
    clone: str | None = None
    repository: str | None = None  # owner/name, instead of the clone

    def source(self, invocation: Invocation) -> str:
        """A name for the credentials that will be used, found without any call."""
        environ = invocation.environ
        own = environ.get("AWS_ACCESS_KEY_ID") or f"profile {aws_config.named_profile(environ) or 'default'}"
        return f"profile {self.profile}" if self.profile else own

    def key(self, invocation: Invocation) -> tuple[str, ...]:
        """What a kept session is known by."""
        root = "" if self.role else str(self.folder(invocation))
        where = invocation.environ.get("AWS_ENDPOINT_URL", "")
        return root, self.request or "", self.account or "", self.role or "", self.source(invocation), where

    def folder(self, invocation: Invocation) -> Path:
        """The clone of the access repository, which may not be there yet if jitbot keeps it."""
        return data_root(Path(self.clone)) if self.clone else folder_of(invocation, self.repository)

    def where(self, invocation: Invocation) -> tuple[str, str]:
        """The option that names the same repository from any folder."""
        folder = self.folder(invocation)
        if self.clone or is_in_its_clone(invocation, self.repository):
            return "--clone", str(folder)
        return "--repo", "/".join(folder.parts[-2:])

    def named(self, invocation: Invocation) -> str:
        """The access repository as owner/name, as far as anything names it; else empty."""
        if self.clone:
            return origin(Path(self.clone), invocation.environ)
        try:
            return repository_of(self.repository, invocation.environ, invocation.folder, on_purpose=True)
        except (InvalidError, click.UsageError):
            return ""

    @property
    def options(self) -> str:
        """What names the same repository to another verb, where the person named it."""
        return f" --repo {self.repository}" if self.repository else ""

    def placed(self, invocation: Invocation) -> Invocation:
        """The invocation in that clone, which is there then."""
        if self.clone:
            return replace(invocation, folder=data_root(Path(self.clone)))
        return in_clone(invocation, self.repository)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The grant that is meant, the requests and accounts of all that are over, and what to say if it ends soon."""

    grant: GrantStatus
    repository: str  # owner/name, by its own settings
    over: tuple[tuple[str, str], ...]
    warning: str


def enter(invocation: Invocation, wanted: GrantChoice, *, verb: str, warn_once: bool = False) -> Session:
    """A session of the grant, kept or new, that says it ends no later than the grant does.

    The caller is warned shortly before the end: each time that the ledger is asked, or with `warn_once` once for
    each end.
    """
    now, cache = invocation.now, kept_sessions(invocation.environ)
    key = wanted.key(invocation)
    # What "my newest" means changes, so that it is looked up each time.
    kept = cache.find(*key) if wanted.request or wanted.role else None
    session = kept[0] if kept is not None and now < kept[0].expires_at else None
    if kept is not None and session is not None and _is_fresh(kept[1], session, now):
        return session
    cache.forget_ended(now)
    if wanted.role:
        session = ambient(invocation, wanted.profile).assume(wanted.role, "jitbot", LONGEST)
        cache.keep(session, {}, *key)
        return session
    try:
        found = look_up(invocation, wanted, verb=verb)
    except UnavailableError as error:
        if session is None:
            raise
        click.echo(f"? whether it still lasts is not known: {escape.log(str(error))}", err=True)
        return session
    grant, end = found.grant, timestamp.show(found.grant.expires_at)
    warned = kept is not None and kept[1].get("warned") == end
    if found.warning and not (warn_once and warned):
        click.echo(f"! {escape.log(found.warning)}", err=True)
    last = session is not None and session.expires_at == grant.expires_at
    if session is None or not (last or now < session.expires_at - _EARLY):
        session = assume(ambient(invocation, wanted.profile), grant, now)
    if wanted.request:
        note = {"request": grant.request, "repository": found.repository, "at": timestamp.show(now)}
        cache.keep(session, {**note, "warned": end} if found.warning else note, *key)
    return session


def find(invocation: Invocation, wanted: GrantChoice, *, verb: str) -> GrantStatus:
    """The grant that is meant, as the freshly fetched ledger has it. Raises InvalidError unless it is open."""
    return look_up(invocation, wanted, verb=verb).grant


def look_up(invocation: Invocation, wanted: GrantChoice, *, verb: str) -> Found:
    """The grant that is meant, as `find` gives it, with what is known of it and of others."""
    from jitbot.usecases.ledger.ledger_view import read
    from jitbot.usecases.request import before_end
    from jitbot.wiring.context import open_context, recorded_requests

    context = open_context(wanted.placed(invocation), verb)
    history = read(context, invocation.now)
    if history.incomplete:
        click.echo(f"? this may be incomplete: {escape.log(history.incomplete)}", err=True)
    found = grant_statuses(history.states.values(), invocation.now)
    usable = {each.request for each in found if each.state is not GrantState.ENDED}
    if wanted.request is None:
        request = grant_target.newest(found, ambient(invocation, wanted.profile).whoami())
        click.echo(f"… your newest: {escape.log(request)}", err=True)
    else:
        request = resolve_merged(
            wanted.request,
            recorded_requests(history),
            github=context.github,
            prefer=(lambda paths: [path for path in paths if path in usable],),
        )
    state = history.states.get(request, RequestState(request=request))
    grant = grant_target.one(found, state, wanted.account)
    grant_target.ensure_open(grant, invocation.now)
    over = ((each.request, each.account) for each in found if each.state is GrantState.ENDED)
    warning = before_end.warning(context, state, grant, invocation.now, options=wanted.options)
    return Found(grant=grant, repository=context.settings.repository, over=tuple(over), warning=warning)


def request_of_pull(invocation: Invocation, wanted: GrantChoice, number: int) -> str:
    """The request of a pull request, ended or not, as the freshly fetched ledger has it."""
    from jitbot.usecases.ledger.ledger_view import read
    from jitbot.wiring.context import open_context, recorded_requests

    context = open_context(wanted.placed(invocation), "credentials")
    known = recorded_requests(read(context, invocation.now))
    return resolve_merged(str(number), known, github=context.github)


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
    named = aws_config.named_profile(invocation.environ)
    endpoint = aws_endpoint(invocation.environ)
    return AmbientPerson(invocation.environ, profile=own, named=named, endpoint=endpoint)


def _instead(environ: Mapping[str, str]) -> str | None:
    """The person's own profile, where the environment names one that jitbot wrote for a grant; else None."""
    named = aws_config.named_profile(environ)
    own = aws_config.own_profile(environ) if named else None
    return own if own != named else None


def _is_fresh(note: Mapping[str, Any], session: Session, now: datetime) -> bool:
    """Whether a kept session is used without a question: its grant was looked up just now, or has no ledger to ask."""
    looked_up = note.get("at")
    if looked_up is None:
        return now < session.expires_at - _EARLY
    return timedelta() <= now - timestamp.parse(str(looked_up)) < _AGAIN
