"""What botocore and moto work out again for each session, client and call, worked out once for all tests of a process.

Nothing of it depends on a session, a client or a call: the lists of services and their files, the rules of
endpoints, the methods of a client, the names of events. No request, signature, retry or answer is kept.
The keys of an embedded GitHub serve again once it is closed.
"""

from collections import deque
from collections.abc import Callable, Iterator
from copy import copy
from functools import cache, lru_cache
from typing import Any

import pytest


def vendors_work_out_once(patch: pytest.MonkeyPatch) -> None:
    """From now on, what botocore and moto found out once is known."""
    _files(patch)
    _clients(patch)
    _events(patch)
    _handlers(patch)
    _moto(patch)
    _tokens(patch)
    _keys(patch)


def _files(patch: pytest.MonkeyPatch) -> None:
    """The lists of services and versions, and their descriptions."""
    from botocore.loaders import JSONFileLoader, Loader

    def once(method: Callable[..., Any]) -> Callable[..., Any]:
        known: dict[object, Any] = {}

        def look(self: Loader, *asked: Any, **named: Any) -> Any:
            key = (*self.search_paths, asked, *named.items())
            if key not in known:
                known[key] = method(self, *asked, **named)
            return known[key]

        return look

    for name in ("list_available_services", "list_api_versions", "load_service_model"):
        patch.setattr(Loader, name, once(getattr(Loader, name)))
    patch.setattr(JSONFileLoader, "load_file", staticmethod(cache(JSONFileLoader().load_file)))


def _clients(patch: pytest.MonkeyPatch) -> None:
    """The model of a service, the methods of its clients, the rules by which its endpoints are found."""
    from botocore.client import ClientCreator
    from botocore.endpoint_provider import EndpointProvider, RuleSet
    from botocore.model import ServiceModel

    creator: Any = ClientCreator
    load, make = creator._load_service_model, creator._create_methods
    models: dict[tuple[str, str | None], ServiceModel] = {}
    methods: dict[str, dict[str, Any]] = {}
    rules: dict[tuple[int, int], tuple[RuleSet, object, object]] = {}

    def loaded(self: ClientCreator, service_name: str, api_version: str | None = None) -> ServiceModel:
        key = (service_name, api_version)
        if key not in models:
            models[key] = load(self, service_name, api_version)
        return models[key]

    def made(self: ClientCreator, service_model: ServiceModel) -> dict[str, Any]:
        name = f"{service_model.service_name} {service_model.api_version}"
        if name not in methods:
            methods[name] = make(self, service_model)
        return dict(methods[name])

    def begun(
        self: EndpointProvider, ruleset_data: Any, partition_data: Any, excluded_params: Any = None
    ) -> None:
        key = (id(ruleset_data), id(partition_data))
        if key not in rules:  # what is kept with them, so that nothing else gets these numbers
            made = RuleSet(**ruleset_data, partitions=partition_data)
            rules[key] = (made, ruleset_data, partition_data)
        vars(self).update(ruleset=rules[key][0], _excluded_params=excluded_params or frozenset())

    patch.setattr(ClientCreator, "_load_service_model", loaded)
    patch.setattr(ClientCreator, "_create_methods", made)
    patch.setattr(EndpointProvider, "__init__", begun)


def _events(patch: pytest.MonkeyPatch) -> None:
    """The names of events that stand for others, and which functions take every argument."""
    from botocore import hooks

    begin, accepts = hooks.EventAliaser.__init__, hooks.accepts_kwargs
    names: dict[str, str] = {}
    known: dict[object, Any] = {}

    def begun(self: hooks.EventAliaser, event_emitter: Any, event_aliases: Any = None) -> None:
        begin(self, event_emitter, event_aliases)
        if event_aliases is None or event_aliases == hooks.EVENT_ALIASES:
            vars(self)["_alias_name_cache"] = names

    def accepted(function: Any) -> Any:
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if code is None:
            return accepts(function)
        if code not in known:
            known[code] = accepts(function)
        return known[code]

    patch.setattr(hooks.EventAliaser, "__init__", begun)
    patch.setattr(hooks, "accepts_kwargs", accepted)


def _handlers(patch: pytest.MonkeyPatch) -> None:
    """What botocore itself registers with each session: every session has a copy of its own."""
    from botocore import hooks, session
    from botocore.handlers import BUILTIN_HANDLERS

    names: Any = hooks  # the stubs know no private ones
    sessions: Any = session.Session
    register = sessions._register_builtin_handlers
    first: dict[int, Any] = {}  # by how many there are: moto adds one

    def registered(self: Any, events: Any) -> None:
        emitter: Any = events._emitter
        if type(emitter) is not names.HierarchicalEmitter or emitter._handlers._root["children"]:
            register(self, events)
            return
        if len(BUILTIN_HANDLERS) not in first:
            register(self, events)
            first[len(BUILTIN_HANDLERS)] = copy(emitter)
        vars(emitter).update(vars(copy(first[len(BUILTIN_HANDLERS)])))

    def copied(node: dict[str, Any]) -> dict[str, Any]:
        values: Any = node["values"]
        return {
            "chunk": node["chunk"],
            "children": {name: copied(child) for name, child in node["children"].items()},
            "values": values and names.NodeList(values.first[:], values.middle[:], values.last[:]),
        }

    def trie(self: Any) -> Any:
        found = names._PrefixTrie()
        found._root = copied(self._root)
        return found

    patch.setattr(sessions, "_register_builtin_handlers", registered)
    patch.setattr(names._PrefixTrie, "__copy__", trie)


def _tokens(patch: pytest.MonkeyPatch) -> None:
    """The bytes of a token's parts: each sign is looked at, and the same token read by many. What is wrong is not kept."""
    from jwt.api_jws import PyJWS

    once = lru_cache(maxsize=4096)(PyJWS._decode_base64url_segment)
    patch.setattr(PyJWS, "_decode_base64url_segment", staticmethod(once))


def _moto(patch: pytest.MonkeyPatch) -> None:
    """Which of moto's services answers for a host, and with which methods: it lists its own folder, for each call."""
    from moto.core import responses as module
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    responses: Any = module
    # Hundreds of images, read again at each reset of moto: no test asks for one.
    patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    patch.setattr(responses, "method_names_from_class", cache(responses.method_names_from_class))
    find = DomainDispatcherApplication.get_backend_for_host
    known: dict[str, Any] = {}

    def found(self: DomainDispatcherApplication, host: str | None) -> Any:
        if host is None:
            return None
        if host not in known:
            known[host] = find(self, host)
        return known[host]

    patch.setattr(DomainDispatcherApplication, "get_backend_for_host", found)


class Keys:
    """RSA keys of those that are gone serve those that come: no two share one, none has one twice."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._free = deque[Any]()
        self._lent: dict[int, list[Any]] = {}

    def lend(self, holder: Any) -> Any:
        """A key that nobody has, for as long as `holder` is there."""
        key = self._free.popleft() if self._free else self._make(holder)
        self._lent.setdefault(id(holder), []).append(key)
        return key

    def left(self, holder: object) -> None:
        """All that `holder` had is free."""
        self._free.extend(self._lent.pop(id(holder), ()))


def _keys(patch: pytest.MonkeyPatch) -> None:
    """An issuer borrows its keys until its embedded GitHub is closed."""
    from jitbot.sandbox.github.oidc import Issuer
    from jitbot.sandbox.github.sandbox import GitHubSandbox

    make, leave = Issuer.new_key, GitHubSandbox.__exit__
    keys = Keys(make)

    def left(self: GitHubSandbox, *raised: Any) -> None:
        leave(self, *raised)
        keys.left(self._issuer)

    patch.setattr(Issuer, "new_key", lambda self: keys.lend(self))
    patch.setattr(GitHubSandbox, "__exit__", left)


# What shows that it is the same


def client(service: Any, region: str = "eu-west-1") -> Any:
    """A client of a session of its own."""
    import boto3
    import moto.core.models  # noqa: F401 - it adds a handler to those of botocore

    keys: Any = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    return boto3.Session(region_name=region, **keys).client(service)


def made(service: Any, region: str) -> tuple[object, ...]:
    """What a client is made of, as far as it can be seen."""
    found = client(service, region)
    methods = sorted(each for each in dir(found) if not each.startswith("_"))
    operations = sorted(found.meta.service_model.operation_names)
    heard = sorted(heard_by(found.meta.events._emitter._handlers._root))
    return found.meta.endpoint_url, found.meta.config.signature_version, methods, operations, heard


def heard_by(node: Any, name: str = "") -> Iterator[str]:
    """Each event's handlers, in the order in which they are called."""
    if node["values"]:
        handlers = (each for section in node["values"] for each in section)
        yield f"{name}: {[getattr(each, '__qualname__', type(each).__name__) for each in handlers]}"
    for chunk, child in node["children"].items():
        yield from heard_by(child, f"{name}.{chunk}")
