"""The clone that a verb reads: the one it is called in, otherwise one that jitbot keeps of the repository that is named.

What a verb says of grants is verified, and that takes git: a person who has no clone of the access repository gets
one in their cache folder, of its files as they are on main now. It can be deleted at any time.
"""

from dataclasses import replace
from pathlib import Path

from jitbot.adapters.git.kept import bring
from jitbot.adapters.local.session_cache import cache_folder
from jitbot.domain.model.documents import SETTINGS
from jitbot.domain.text.addresses import server
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import data_root, has_data_root
from jitbot.wiring.requester import origin, repository_of, token_of


def is_in_its_clone(invocation: Invocation, repository: str | None = None) -> bool:
    """Whether the folder is in a clone of the access repository, and no other repository is named."""
    named = repository or invocation.environ.get("JITBOT_REPOSITORY", "")
    if not has_data_root(invocation.folder):
        return False
    return not named or named.casefold() == origin(invocation.folder, invocation.environ).casefold()


def folder_of(invocation: Invocation, repository: str | None = None) -> Path:
    """The folder of that clone, whether it is there already or not. Raises InvalidError if no repository is named."""
    if is_in_its_clone(invocation, repository):
        return data_root(invocation.folder)
    name = repository_of(repository, invocation.environ, invocation.folder, on_purpose=True)
    host = server(invocation.environ).partition("://")[2].replace("/", "+").replace(":", "+")
    return cache_folder(invocation.environ) / "repositories" / host / name


def in_clone(invocation: Invocation, repository: str | None = None, *, files: bool = False) -> Invocation:
    """The invocation, moved into that clone. One that jitbot keeps is made if it is not there.

    With `files`, the files of a kept one are brought up to date too; main and the ledger are fetched by those who
    read them. Raises UnavailableError if GitHub cannot be reached, and InvalidError if nothing says which repository is meant.
    """
    folder = folder_of(invocation, repository)
    if is_in_its_clone(invocation, repository):
        return replace(invocation, folder=folder)
    token = token_of(invocation.environ)
    if files or not (folder / SETTINGS).is_file():
        name = "/".join(folder.parts[-2:])
        bring(folder, f"{server(invocation.environ)}/{name}.git", token=token, environ=invocation.environ)
    return replace(invocation, folder=folder, environ={**invocation.environ, "GITHUB_TOKEN": token})
