"""The page of requests on files in memory: when it is made, and when the one that lies there is not what the rules give."""

import pytest
from catalogue_facts import the_catalogue

from jitbot.adapters import documents
from jitbot.domain.model.documents import FindingLevel, policy_path
from jitbot.domain.setup.requests_page import PAGE
from jitbot.sandbox.organisation import acme_tree
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.pull_request.requests_page import findings, made

ORDERS, ADMIN = policy_path("orders-db-read"), policy_path("production-admin")
README = "policies/access/README.md"
SETTINGS, PEOPLE = "policies/settings.yaml", "policies/people.yaml"


def acme(**changes: bytes) -> dict[str, bytes]:
    """acme's files, with these of the rules in the place of others."""
    files = dict(acme_tree("https://x.example"))
    files |= {f"policies/{name}.yaml": content for name, content in changes.items()}
    files[README] = b"x"
    return files


def page(files: dict[str, bytes], *policies: str) -> str | None:
    """The page of these policies."""
    return made(MemoryTree(files), documents, the_catalogue(), policies or (ORDERS, ADMIN))


def found(content: bytes | None, **changes: bytes) -> list[tuple[str, str, FindingLevel]]:
    """What is found of a page with this content."""
    files = acme(**changes)
    files.pop(PAGE, None)
    if content is not None:
        files[PAGE] = content
    shown = findings(MemoryTree(files), documents, the_catalogue(), (ORDERS, ADMIN, README))
    return [(each.code, each.file, each.level) for each in shown]


def test_it_is_made_of_the_policies() -> None:
    """Each has its part; what is no policy has none, and keeps nothing from being made."""
    one, two = page(acme(), ORDERS), page(acme())
    assert one is not None
    assert two is not None
    assert ("orders-db-read" in one, "production-admin" in one, "production-admin" in two) == (
        True,
        False,
        True,
    )
    assert page(acme(), ORDERS, README) == one


@pytest.mark.parametrize("broken", [SETTINGS, PEOPLE, ORDERS])
def test_where_a_rule_does_not_read_it_is_not_made(broken: str) -> None:
    """A page without that part would be wrong; another finding says what does not read."""
    name = broken.removeprefix("policies/").removesuffix(".yaml")
    assert page(acme(**{name: b"x: ["})) is None
    assert found(MADE + b"x", **{name: b"x: ["}) == []


MADE = (page(acme()) or "").encode()


def test_a_page_of_other_rules_is_a_warning() -> None:
    """One that people wrote is theirs, and none is needed."""
    warning = ("requests-page", PAGE, FindingLevel.WARNING)
    assert found(MADE) == []
    assert found(MADE + b"x") == [warning]
    shorter = acme()[ORDERS].replace(b"max_duration: 4h", b"max_duration: 3h")
    assert found(MADE, **{"access/orders-db-read": shorter}) == [warning]
    assert found(b"# How to ask\n") == []
    assert found(None) == []
