"""`jitbot audit keys`."""

import json

import click

from jitbot import __version__
from jitbot.adapters import documents
from jitbot.adapters.oidc import ActionsOidc
from jitbot.domain.model.documents import ISSUER_KEYS
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.paths import clone
from jitbot.usecases.audit.read_all import pinned_keys
from jitbot.usecases.context import settings_at_main


def keys(invocation: Invocation) -> int:
    """Carry out `jitbot audit keys`."""
    git = clone(invocation.folder, invocation.environ)
    git.fetch_main()
    settings = settings_at_main(git, documents)
    published = ActionsOidc(settings.issuer, user_agent=f"jitbot/{__version__} (audit)").keys()
    kept = pinned_keys(git)
    every = {**kept, **published}
    print_json({"keys": [json.loads(every[key]) for key in sorted(every)]})
    alone = every.keys() - published.keys()
    kept_alone = f"; only in {ISSUER_KEYS} on main: {len(alone)}" if alone else ""
    click.echo(f"published by {escape.log(settings.issuer)} now: {len(published)}{kept_alone}", err=True)
    return ExitCode.DONE
