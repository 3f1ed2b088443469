"""Changes of the rules, for the tests of their record: reviewed, merged, or pushed past the rules."""

from collections.abc import Mapping
from datetime import timedelta

from acme_world import World

from jitbot.sandbox.github import happenings
from jitbot.sandbox.github.git.objects import Signature

POLICY = "policies/access/orders-db-read.yaml"
OWNER = "erin"  # of policies/


def reworded(world: World, words: str = "Read one table") -> dict[str, str | None]:
    """The policy with another description."""
    text = world.text(POLICY)
    line = next(each for each in text.splitlines() if each.startswith("description:"))
    return {POLICY: text.replace(line, f"description: {words}")}


def pushed(world: World, files: Mapping[str, str | None], *, when: timedelta = timedelta()) -> str:
    """A commit that an admin pushes to main past the rules, with a date of its own."""
    store = world.github.store
    who = Signature(name="x", email="x@acme.com", when=world.now + when)
    new = {path: content.encode() for path, content in files.items() if content is not None}
    gone = tuple(path for path, content in files.items() if content is None)
    before = store.tip("main")
    made = str(store.commit_files("main", before, new, gone, "::error:: <b>\x1b[31m", who, who))
    site = world.acme.github._site
    happenings.note(site, world.github, "main", made, site.user("olivia"))
    return made
