"""The ends that main asks for: files deleted, people gone. Only what was positively read counts."""

from datetime import datetime

from jitbot.domain.life import Life, principal_text
from jitbot.domain.model import People, Source
from jitbot.domain.plan import Ends
from jitbot.lifecycle.gathering import PEOPLE, deleted
from jitbot.lifecycle.history import History
from jitbot.lifecycle.world import MEMORY, World


def ends_at_main(world: World, history: History, now: datetime) -> Ends:
    """Which of the recorded requests main has since deleted, and whose requesters are gone."""
    people = people_at_main(world)
    gone = frozenset(
        path for path, life in history.lives.items() if people is not None and _offboarded(life, people)
    )
    return Ends(deleted=deleted(world.repository.changes(now - MEMORY)), offboarded=gone)


def people_at_main(world: World) -> People | None:
    """People at main's tip, or None if they cannot be read: then nobody is taken for gone."""
    entries = world.repository.entries(world.repository.main(), [PEOPLE])
    if not entries or entries[0].mode != "100644":
        return None
    content = world.repository.read([entries[0].blob])[entries[0].blob]
    return world.documents.parse_people(Source(path=PEOPLE, content=content)).value


def _offboarded(life: Life, people: People) -> bool:
    """Whether the requester is no longer there, or no longer with the recorded GitHub id and AWS principal."""
    if life.current is None:
        return False
    ask = life.current.ask
    person = next((each for login, each in people.items() if login == ask.get("requester")), None)
    if person is None:
        return True
    return person.github_id != ask.get("github_id") or principal_text(person.principal) != ask.get(
        "principal"
    )
