"""`jitbot explain`."""

import json
from datetime import datetime

import click

from jitbot.adapters import documents
from jitbot.adapters.actions import ServiceAuthorizationReference
from jitbot.commands.invocation import Invocation
from jitbot.commands.places import FolderTree, Moment, data_root, find_file
from jitbot.commands.words import print_findings, print_json
from jitbot.domain import escape
from jitbot.domain.errors import InvalidError
from jitbot.domain.model import Source
from jitbot.domain.outlook import Outlook, foresee
from jitbot.domain.risk import Level
from jitbot.lifecycle.checking import Checker
from jitbot.lifecycle.gathering import is_request, read_rules

_COLOURS = {Level.LOW: "green", Level.MEDIUM: "yellow", Level.HIGH: "red", Level.CRITICAL: "red"}


@click.command()
@click.argument("request")
@click.option("--at", type=Moment(), help="As if merged at this time, such as 2026-11-24T09:00:00Z.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or machines."
)
@click.pass_obj
def explain(invocation: Invocation, *, request: str, at: datetime | None, form: str) -> int:
    """Show who gets what, where, until when, how dangerous that is, who must approve, and the exact documents.

    REQUEST is a file, or a unique part of its path.

    Example: jitbot explain 23-alice-refunds
    """
    root, now = data_root(invocation.folder), at or invocation.now
    tree, catalogue = FolderTree(root=root), ServiceAuthorizationReference()
    path = find_file(request, folder=invocation.folder, root=root)
    content = tree.read([path]).get(path)
    if content is None or not is_request(path):
        raise InvalidError(f"{path} is no request: an ordinary file under requests/")
    parsed = documents.parse_request(Source(path=path, content=content))
    rules = read_rules(tree, documents, path.split("/")[1])
    outlook = foresee(parsed.value, rules, now, catalogue) if parsed.value is not None else None
    findings = Checker(documents=documents, catalogue=catalogue, when=now).files(tree, [path])
    if outlook is None:
        print_findings(findings)
        raise InvalidError(f"{path} cannot be explained before this is mended")
    if form == "json":
        print_json(outlook.as_json())
    else:
        _print(outlook)
        print_findings(findings)
    return 1 if findings else 0


def _print(outlook: Outlook) -> None:
    level = outlook.risk.level
    click.echo(click.style(escape.log(outlook.in_words()), bold=True))
    click.echo(f"why:      {escape.log(outlook.request.reason)}")
    for name, value in outlook.request.parameters.items():
        click.echo(f"{name + ':':<10}{escape.log(value)}")
    click.echo(f"risk:     {click.style(level.name.lower(), fg=_COLOURS[level])}")
    for reason in outlook.risk.reasons:
        click.echo(f"          {escape.log(reason)}")
    if access := outlook.risk.access_in_words():
        click.echo(f"access:   {access}")
    click.echo(f"approve:  {escape.log(outlook.who_approves())}")
    for grant in outlook.grants:
        click.echo(f"\n{click.style(grant.role_arn, bold=True)}")
        click.echo(f"boundary: {grant.permissions_boundary}")
        for arn in grant.managed_policies:
            click.echo(f"managed:  {arn}")
        for title, document in (("trust", grant.trust_policy), ("permission", grant.permission_policy)):
            click.echo(f"{title} policy:\n{json.dumps(document, indent=2)}")
