"""Makes requests/README.md of a tree's rules, and compares it with the one that lies there."""

from collections.abc import Iterable
from dataclasses import replace

from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.model.documents import Finding, Source
from jitbot.domain.setup import requests_page
from jitbot.domain.setup.requests_page import COMMAND, PAGE, PolicyEntry
from jitbot.ports.documents import DocumentReader
from jitbot.usecases.collect.collect_case import Tree, read_rules


def made(
    tree: Tree, documents: DocumentReader, catalogue: ActionCatalog, policies: Iterable[str]
) -> str | None:
    """The page of the policies at these paths; None where a rule does not read: another finding says which."""
    shared = read_rules(tree, documents, "")
    settings = shared.settings.value
    texts = tree.read([path for path in policies if path.endswith(".yaml")])
    parsed = (documents.parse_policy(Source(path=path, content=text)) for path, text in texts.items())
    entries = [requests_page.entry(replace(shared, policy=each), catalogue) for each in parsed]
    whole: list[PolicyEntry] = [each for each in entries if each is not None]
    if settings is None or len(whole) < len(entries):
        return None
    return requests_page.page(settings, whole)


def findings(
    tree: Tree, documents: DocumentReader, catalogue: ActionCatalog, policies: Iterable[str]
) -> tuple[Finding, ...]:
    """A warning where the page is one of jitbot's and is not what these rules give; a page that people wrote is theirs."""
    content = tree.read([PAGE]).get(PAGE)
    if content is None or not requests_page.is_made(content):
        return ()
    wanted = made(tree, documents, catalogue, policies)
    if wanted is None or content == wanted.encode():
        return ()
    message = f"{PAGE} is not what the rules give: its links, limits or approvers are of other rules"
    found = Finding.in_file(PAGE, "requests-page", message, f"make it anew: {COMMAND}")
    return (found.as_warning(),)
