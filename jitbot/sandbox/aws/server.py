"""The embedded AWS as one object: start it, seed it, point boto3 at `url`, stop it."""

from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from threading import Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from jitbot.domain.model.documents import IamUser, Person, Principal
from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.aws import seeding
from jitbot.sandbox.aws.event_history import RecordedCall
from jitbot.sandbox.aws.gateway import Faults, Gateway
from jitbot.sandbox.aws.policy.content import Content
from jitbot.sandbox.aws.sessions import Sessions
from jitbot.sandbox.aws.store import RoleStore
from jitbot.sandbox.clock import Clock

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

_ALIVE = Lock()  # moto keeps its objects in the process, so two sandboxes would share them
_SIGN_IN = timedelta(hours=12)


class AwsSandbox:
    """Every account behind one URL on 127.0.0.1, in the clock's time. A context manager.

    Only one may live in a process, and each lives once: any other `start` raises JitbotError.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._store = RoleStore()
        self._sessions = Sessions(self._store)
        self._content = Content()
        self._gateway = Gateway(self._store, self._sessions, self._content, clock)
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None
        self._started = False

    def start(self) -> Self:
        """Begin to answer, with no account in it."""
        if self._started:
            raise JitbotError("this AwsSandbox has lived; make a new one")
        if not _ALIVE.acquire(blocking=False):
            raise JitbotError("another AwsSandbox lives in this process; stop it first")
        try:
            self._store.open()
            self._server = _serve(self._gateway, self._clock)
        except BaseException:
            _ALIVE.release()
            raise
        self._started = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="aws-sandbox")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and forget everything; harmless when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None
        self._store.reset()
        _ALIVE.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL must say."""
        if self._server is None:
            raise JitbotError("the AwsSandbox is not running")
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """(account id, service, operation) of every call so far; `calls.clear()` begins anew."""
        return self._gateway.calls

    @property
    def history(self) -> deque[RecordedCall]:
        """What CloudTrail's event history holds; `history.clear()` begins anew."""
        return self._gateway.history.calls

    @property
    def faults(self) -> Faults | None:
        """Asked before each call whether it should fail; None for no faults."""
        return self._gateway.faults

    @faults.setter
    def faults(self, faults: Faults | None) -> None:
        self._gateway.faults = faults

    @property
    def roles_per_account(self) -> int:
        """The quota of roles in each account."""
        return self._gateway.roles_per_account

    @roles_per_account.setter
    def roles_per_account(self, number: int) -> None:
        self._gateway.roles_per_account = number

    def seed_account(
        self,
        account_id: str,
        *,
        issuer: str,
        namespace: str = "jit",
        repository: str = "acme/access",
        repository_id: int = 700001,
        owner_id: int = 9000,
    ) -> None:
        """Make a target account: what `jitbot bootstrap` puts there, and content when first asked for."""
        trusted = seeding.Trusted(
            repository=repository, repository_id=repository_id, owner_id=owner_id, issuer=issuer
        )
        seeding.seed_target(self._store, account_id, namespace, trusted)
        self._content.plan(account_id)

    def seed_people(self, people: Iterable[Person], *, namespace: str = "jit") -> None:
        """Make the users and roles behind these people, in their own accounts."""
        for person in people:
            if person.principal is not None:
                seeding.seed_principal(self._store, person.principal, namespace)

    def credentials(self, principal: Principal) -> dict[str, str]:
        """The environment of someone signed in as this seeded principal, for twelve hours from now."""
        if isinstance(principal, IamUser):
            account_id, _, name = seeding.locate(principal)
            return _environment(*self._store.user_key(account_id, name))
        now = self._clock.now()
        role, name = seeding.role_of(self._store, principal), seeding.session_name(principal)
        session = self._sessions.issue(role, name, start=now, end=now + _SIGN_IN)
        return _environment(session.access_key, session.secret, session.token)

    def admin(self, account_id: str) -> dict[str, str]:
        """The environment of someone who may do everything in one account, made if it is new."""
        seeding.open_account(self._store, account_id)
        return _environment(*self._sessions.admin(account_id))


def _environment(access_key: str, secret: str, token: str | None = None) -> dict[str, str]:
    found = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret}
    return {**found, "AWS_SESSION_TOKEN": token} if token else found


def _serve(application: Any, clock: Clock) -> "BaseWSGIServer":
    """A silent server on a free port, whose answers carry the clock's date."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Exchange(WSGIRequestHandler):
        timeout = 5  # a silent client must not hold up `stop`

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(clock.now().timestamp() if timestamp is None else timestamp)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Exchange)
    server.daemon_threads = False  # type: ignore[attr-defined]  # so that `stop` waits for the last answer
    return server
