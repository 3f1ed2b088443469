"""The embedded GitHub over HTTP: Flask for the paths, a threaded server on loopback, faults on demand."""

import base64
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cache, lru_cache, partial
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from jitbot.sandbox.github import new_file_page, pull_page
from jitbot.sandbox.github.api.call import GitHubCall, Reply
from jitbot.sandbox.github.api.routes import REPOSITORY_ROUTES, SITE_ROUTES
from jitbot.sandbox.github.git import git_http
from jitbot.sandbox.github.graph.pull_requests import is_about
from jitbot.sandbox.github.oidc import Issuer
from jitbot.sandbox.github.records import GitHubFault, RefusalError, User
from jitbot.sandbox.github.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubExchange:
    """One REST call and its answer; `rule` is the path with its parameters' names."""

    method: str
    rule: str
    query: Mapping[str, str]
    asked: Any
    status: int
    answered: Any


OBSERVERS: list[
    Callable[[GitHubExchange], None]
] = []  # called with every exchange; empty, unless a test listens


class _Connection(WSGIRequestHandler):
    """Answers in one write, logs nothing, and ends the connection where an answer is dropped."""

    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 10

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Stay quiet; `GitHubSandbox.calls` is the log."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status alone: the date is the sandbox's, which the application adds."""
        self.send_response_only(code, message)

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Hang up without an answer."""
        self.close_connection = True


_PAGES = ("/<owner>/<name>/pull/", "/<owner>/<name>/new/")  # what people see, which is no API


class _Listener(ThreadedWSGIServer):
    daemon_threads = False  # so that closing the server waits for the calls under way


class Server:
    """A running server of one site; `url` is where."""

    def __init__(self, site: Site, issuer: Issuer) -> None:
        self._listener = _Listener("127.0.0.1", 0, application(site, issuer), _Connection)
        self.url = f"http://127.0.0.1:{self._listener.port}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), name="sandbox-github"
        )

    def start(self) -> None:
        """Answer calls from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer the calls under way, then no more; returns when every thread has ended."""
        self._listener.shutdown()
        self._thread.join()


def application(site: Site, issuer: Issuer) -> Flask:
    """The WSGI application of one site."""
    app = Flask("jitbot.sandbox.github", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.before_request(lambda: _begin(site))
    app.after_request(lambda response: _finish(site, response))
    app.register_error_handler(RefusalError, lambda refusal: _refused(site, refusal))
    app.register_error_handler(
        HTTPException, lambda error: _refused(site, RefusalError(error.code or 500, error.name))
    )
    views = _views(site, issuer)
    app.url_map = _url_map(tuple(views))
    app.view_functions = {_endpoint(*route): view for route, view in views.items()}
    return app


@cache
def _url_map(routes: tuple[tuple[str, str], ...]) -> Map:
    """The map of these routes, the same for every site: to compile it takes as long as all else that a site needs."""
    app = Flask("jitbot.sandbox.github", static_folder=None)
    for method, rule in routes:
        app.add_url_rule(rule, _endpoint(method, rule), methods=[method], provide_automatic_options=False)
    return app.url_map


def _endpoint(method: str, rule: str) -> str:
    return f"{method} {rule}"


def _views(site: Site, issuer: Issuer) -> dict[tuple[str, str], Callable[..., Response]]:
    """What answers each method and path."""
    views: dict[tuple[str, str], Callable[..., Response]] = {}
    for route, site_view in SITE_ROUTES.items():
        views[route] = lambda view=site_view, **args: _site_call(site, view, args)
    for route, view in REPOSITORY_ROUTES.items():
        views[route] = lambda view=view, **args: _repository_call(site, view, args)
    for method, path in (("GET", "info/refs"), ("POST", "git-upload-pack"), ("POST", "git-receive-pack")):
        views[method, f"/<owner>/<name>/{path}"] = lambda owner, name, path=path: _git(
            site, f"{owner}/{name}", path
        )
    base = "/_oidc/.well-known"
    views["GET", f"{base}/openid-configuration"] = lambda: jsonify(issuer.configuration())
    views["GET", f"{base}/jwks"] = lambda: jsonify(issuer.key_set())
    views["GET", "/_actions/token"] = lambda: _token(issuer)
    for page in ("", "/files"):
        views["GET", f"/<owner>/<name>/pull/<int:number>{page}"] = partial(_page, site)
    views["GET", "/<owner>/<name>/new/<path:branch>"] = partial(_new_file, site)
    return views


def _begin(site: Site) -> Response | None:
    rule = request.url_rule.rule if request.url_rule else request.path
    method, path = _named(rule)
    site.calls.append((method, _described(path or rule)))
    g.fault = site.faults(method, path or request.path) if site.faults else None
    if g.fault is None or g.fault.after:
        return None
    return _fail(g.fault)


def _named(rule: str) -> tuple[str, str]:
    """How a call is called among the calls, and where it goes wrong: a question of GraphQL about pull requests is no POST."""
    asked = request.get_json(silent=True) if rule == "/graphql" else None
    if isinstance(asked, dict) and is_about(str(asked.get("query"))):
        return "QUERY", "/graphql/pull-requests"
    return request.method, ""


@lru_cache(maxsize=1024)
def _described(rule: str) -> str:
    """A path with its parameters as GitHub's description writes them."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _finish(site: Site, response: Response) -> Response:
    fault: GitHubFault | None = g.get("fault")
    if fault is not None and fault.after:
        response = _fail(fault)
    elif fault is None and OBSERVERS and request.url_rule is not None and _is_api():
        _report(response)
    if site.calls_left is not None and request.path.startswith("/repos/"):
        site.calls_left = max(site.calls_left - 1, 0)
        response.headers["X-RateLimit-Resource"] = "core"
        response.headers["X-RateLimit-Remaining"] = str(site.calls_left)
    response.headers["Date"] = format_datetime(site.clock.now(), usegmt=True)
    return response


def _is_api() -> bool:
    rule = request.url_rule.rule if request.url_rule else ""
    return not request.path.startswith("/_") and not rule.startswith(_PAGES)


def _report(response: Response) -> None:
    assert request.url_rule is not None  # noqa: S101 - asked before
    exchange = GitHubExchange(
        method=request.method,
        rule=request.url_rule.rule,
        query=request.args.to_dict(),
        asked=request.get_json(silent=True) if request.data else None,
        status=response.status_code,
        answered=response.get_json(silent=True),
    )
    for observe in OBSERVERS:
        observe(exchange)


def _fail(fault: GitHubFault) -> Response:
    if fault.status is None:
        raise ConnectionResetError("the sandbox drops this connection")
    return Response(fault.body, fault.status, headers=dict(fault.headers))


def _refused(site: Site, refusal: RefusalError) -> Response:
    body: dict[str, object] = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = list(refusal.errors)
    shown = jsonify({**body, "documentation_url": f"{site.url}/rest", "status": str(refusal.status)})
    shown.status_code = refusal.status
    if refusal.status == 401:
        shown.headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return shown


def _site_call(site: Site, view: Callable[..., Reply], args: dict[str, Any]) -> Response:
    return _answer(site, lambda call: view(call, **args))


def _repository_call(site: Site, view: Callable[..., Reply], args: dict[str, Any]) -> Response:
    full_name = f"{args.pop('owner')}/{args.pop('name')}"

    def act(call: GitHubCall) -> Reply:
        if call.actor.permission == "none":
            raise RefusalError(404, "Not Found")
        return view(call, site.repository(full_name), **args)

    return _answer(site, act)


def _answer(site: Site, act: Callable[[GitHubCall], Reply]) -> Response:
    body = request.get_json(silent=True) if request.data else {}
    if not isinstance(body, dict):
        raise RefusalError(400, "Problems parsing JSON")
    with site.lock:
        call = GitHubCall(
            site=site,
            actor=_actor(site),
            url=f"{site.url}{request.path}",
            query=request.args.to_dict(),
            body=body,
        )
        reply = act(call)
    for action in call.later:
        action()
    response = Response(status=reply.status) if reply.body is None else jsonify(reply.body)
    response.status_code = reply.status
    response.headers.update(reply.headers)
    return response


def _git(site: Site, full_name: str, path: str) -> Response:
    user = _actor(site)
    if user.permission == "none":
        raise RefusalError(404, "Not Found")
    body = request.get_data()
    query = request.query_string.decode()
    call = git_http.GitCall(
        method=request.method, service_path=path, query=query, headers=dict(request.headers), body=body
    )
    reply = git_http.serve(site, site.repository(full_name), user, call)
    return Response(reply.body, reply.status, headers=dict(reply.headers))


def _page(site: Site, owner: str, name: str, number: int) -> Response:
    """A pull request for people: everybody on this machine may look, since the sandbox holds no secret."""
    with site.lock:
        shown = Response(pull_page.rendered(site.repository(f"{owner}/{name}"), number), mimetype="text/html")
    shown.headers["Content-Security-Policy"] = pull_page.POLICY
    return shown


def _new_file(site: Site, owner: str, name: str, branch: str) -> Response:
    """The page for a new file, as the address fills it in."""
    filename, value = (request.args.get(each, "") for each in ("filename", "value"))
    with site.lock:
        repository = site.repository(f"{owner}/{name}")
        text = new_file_page.rendered(repository, branch, filename, value, len(request.url.encode()))
    shown = Response(text, mimetype="text/html")
    shown.headers["Content-Security-Policy"] = pull_page.POLICY
    return shown


def _token(issuer: Issuer) -> Response:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").removeprefix("bearer ")
    agent = request.headers.get("User-Agent", "")
    return jsonify({"value": issuer.token(bearer, request.args.get("audience"), agent)})


def _actor(site: Site) -> User:
    """Who holds the token that came as `token T`, `Bearer T`, or the password of `Basic`; 401 for anyone else."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if not value:
        raise RefusalError(401, "Requires authentication")
    if scheme.casefold() == "basic":
        value = base64.b64decode(value).decode(errors="replace").partition(":")[2]
    if value.strip() not in site.tokens:
        raise RefusalError(401, "Bad credentials")
    return site.user(site.tokens[value.strip()])
