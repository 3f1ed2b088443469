"""The pages of the three worked set-ups, from the files that tests/setups decides requests by."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from company import PRODUCTS
from organisation import BANK, COMPANY, STARTUP, Fields, Laid, SetUp
from tables import block, code, table

from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.model.documents import Policy
from jitbot.domain.setup import requests_page
from jitbot.domain.text import duration

_PRODUCT = "orders"  # the company's page shows the policies of this product, and those for everybody
_OTHERS = tuple(f"{name}-" for name in PRODUCTS if name != _PRODUCT)


class Typical(NamedTuple):
    """A request as people of the organisation make it, and who approves it."""

    login: str
    policy: str
    fields: Fields
    by: tuple[str, ...] = ()


_TICKET: Fields = {"ticket": "OPS-1"}
_TABLE: Fields = {"accounts": ["orders-production"], "parameters": {"table": "orders"}}
_CHANGE: Fields = {"accounts": ["core-prod"], "ticket": "CHG-100"}
TYPICAL: Mapping[str, Sequence[Typical]] = {
    "startup": (
        Typical("diego", "account-read-only", {"accounts": ["prod"], "duration": "8h"}, ("hugo",)),
        Typical("olivia", "account-read-only", {"accounts": ["prod"]}, ("olivia",)),
        Typical("gita", "administrator", {"accounts": ["staging"], **_TICKET}, ("ben",)),
        Typical(
            "chloe", "database-connect", {"accounts": ["prod"], "parameters": {"user": "reader"}}, ("ben",)
        ),
        Typical(
            "chloe", "database-connect", {"accounts": ["prod"], "parameters": {"user": "writer"}}, ("ben",)
        ),
        Typical(
            "chloe",
            "database-connect",
            {"accounts": ["prod"], "parameters": {"user": "writer"}},
            ("ben", "emma"),
        ),
        Typical(
            "chloe", "administrator", {"accounts": ["prod"], "duration": "2h", **_TICKET}, ("ben", "emma")
        ),
        Typical("diego", "break-glass", {"accounts": ["prod"], **_TICKET}),
        Typical("finn", "break-glass", {"accounts": ["prod"], **_TICKET}),
    ),
    "company": (
        Typical(
            "orders-7", "orders-logs", {"accounts": ["orders-production"], "duration": "8h"}, ("orders-1",)
        ),
        Typical("orders-7", "orders-table-read", {**_TABLE, "duration": "2h"}, ("orders-1",)),
        Typical("orders-7", "orders-table-read", {**_TABLE, "duration": "3h"}, ("orders-1",)),
        Typical("orders-7", "orders-table-read", {**_TABLE, "duration": "3h"}, ("orders-1", "security-2")),
        Typical("orders-7", "orders-shell", {"accounts": ["orders-production"], **_TICKET}, ("sre-1",)),
        Typical(
            "orders-7", "orders-shell", {"accounts": ["orders-production"], **_TICKET}, ("sre-1", "orders-2")
        ),
        Typical("cart-7", "orders-logs", {"accounts": ["orders-production"]}, ("orders-1",)),
        Typical("sre-1", "break-glass", {"accounts": ["stock-production", "cart-production"], **_TICKET}),
        Typical("sre-2", "break-glass", {"accounts": ["stock-production"], **_TICKET}),
    ),
    "bank": (
        Typical("anna", "account-read-only", {"accounts": ["core-test"], "ticket": "CHG-1"}, ("mira",)),
        Typical("anna", "account-read-only", _CHANGE, ("ines", "jonas")),
        Typical("anna", "account-read-only", _CHANGE, ("ines", "mira")),
        Typical(
            "elif",
            "customer-data-read",
            {"accounts": ["data-prod"], "ticket": "CHG-100", "parameters": {"table": "customers"}},
            ("pablo", "nils"),
        ),
        Typical("ines", "administrator", {**_CHANGE, "duration": "30m"}, ("jonas", "mira")),
        Typical("ines", "administrator", {**_CHANGE, "duration": "31m"}, ("jonas", "mira")),
        Typical("ines", "administrator", {**_CHANGE, "duration": "31m"}, ("jonas", "mira", "nils")),
        Typical("ines", "break-glass", {**_CHANGE, "duration": "30m"}),
        Typical("jonas", "break-glass", {**_CHANGE, "duration": "30m"}),
    ),
}


_FOLDER = tempfile.TemporaryDirectory()
_SETUPS = {each.name: each for each in (STARTUP, COMPANY, BANK)}


@cache
def _laid(name: str) -> Laid:
    return _SETUPS[name].lay(Path(_FOLDER.name) / name)


def laid(setup: SetUp) -> Laid:
    """The organisation's files in a folder, which stays until the program ends."""
    return _laid(setup.name)


def policies(setup: SetUp) -> str:
    """What may be asked for, by whom, where, how long, and who approves."""
    return table(("policy", "who may ask", "where", "at most", "approval", "risk"), _rows(setup))


def _rows(setup: SetUp) -> Iterator[Sequence[str]]:
    found, catalogue = laid(setup), ServiceAuthorizationReference()
    for name, policy in found.policies.items():
        if setup is COMPANY and name.startswith(_OTHERS):
            continue
        shown = requests_page.entry(found.rules(name), catalogue)
        assert shown is not None
        many = len(policy.eligible)
        yield (
            f"**{name}**<br>{policy.description}",
            " ".join(map(code, policy.eligible)) if many < 9 else f"{many} teams",
            " ".join(map(code, policy.accounts)),
            duration.show(policy.max_duration),
            f"{shown.approves}{_rules(policy)}",
            shown.risk,
        )


def _rules(policy: Policy) -> str:
    """The rules of approval, one by one, where a policy has more than a number."""
    return "".join(f"<br>{each.in_words()}" for each in policy.approval_rules)


def decided(setup: SetUp) -> str:
    """Typical requests, each decided by jitbot itself."""
    return table(("who asks", "for what", "needs", "approved by", "jitbot says"), _decided(setup))


def _decided(setup: SetUp) -> Iterator[Sequence[str]]:
    for each in TYPICAL[setup.name]:
        asked = laid(setup).merged(each.login, each.policy, *each.by, **each.fields)
        need, teams = asked.needs
        after = is_break_glass(laid(setup).policies[each.policy])
        yield (
            each.login,
            f"{each.policy}, {_in_words(each.fields)}",
            "a review afterwards" if after else _needed(need, sorted(teams)),
            ", ".join(each.by) or "nobody",
            f"refused: {', '.join(map(code, sorted(asked.why)))}" if asked.why else "**granted**",
        )


def _needed(need: int, teams: Sequence[str]) -> str:
    """So many approvals, and of which teams one each."""
    return f"{need}, with {' and '.join(f'1 of {team}' for team in teams)}" if teams else str(need)


def _in_words(fields: Fields) -> str:
    """A request in a line: where, how long, and its answers."""
    answers = [f"{name} {value}" for name, value in fields.get("parameters", {}).items()]
    return ", ".join(
        [f"in {' and '.join(fields['accounts'])}", f"for {fields.get('duration', '1h')}", *answers]
    )


def files(setup: SetUp) -> str:
    """The organisation's own files; of the company those that show how it is made."""
    wanted = sorted(setup.files, key=lambda path: (not path.startswith("policies/access/"), path))
    shown = [path for path in wanted if setup is not COMPANY or path in _OF_COMPANY]
    return "\n".join(
        f"<details><summary>{path}</summary>\n\n{block(_language(path), setup.files[path])}\n</details>\n"
        for path in shown
    )


_OF_COMPANY = {f"policies/access/{_PRODUCT}-{kind}.yaml" for kind in ("shell", "table-read")} | {
    "policies/access/break-glass.yaml"
}


def _language(path: str) -> str:
    return "yaml" if path.endswith(".yaml") else "text"


PARTS: Mapping[str, Callable[[], str]] = {
    f"{setup.name}-{name}": partial(part, setup)
    for setup in _SETUPS.values()
    for name, part in (("policies", policies), ("decided", decided), ("files", files))
}
