"""The request a person means among those the ledger tells of; without a word, their newest live one."""

from collections.abc import Iterable
from datetime import datetime

from jitbot.commands.fields import number_in
from jitbot.commands.places import meant
from jitbot.domain.errors import InvalidError
from jitbot.domain.life import Life
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.remote_ledger import RemoteLedger, numbers
from jitbot.lifecycle.world import MEMORY


def my_life(desk: Desk, ledger: RemoteLedger, now: datetime) -> Life:
    """The person's newest live request. Raises InvalidError if none is live."""
    login = desk.person.login
    found = [
        life
        for life in live(ledger.lives(now).values(), now)
        if life.current and life.current.requester == login
    ]
    if not found:
        raise InvalidError(
            f"{login} has nothing live in {desk.place.repository}; `jitbot status` shows what there is"
        )
    return max(found, key=lambda life: (life.began or now, life.request))


def meant_life(desk: Desk, ledger: RemoteLedger, text: str, now: datetime) -> Life:
    """The request of that path, unique part or pull request. What is live is meant before what is over."""
    lives = ledger.lives(now)
    known = numbers(ledger.events(now - MEMORY, now))
    number = number_in(text)
    if number is not None and number not in known.values():
        return lives.get(path := desk.request_of(number), Life(request=path))
    if number is None and text not in known:
        fits = [life.request for life in live(lives.values(), now) if text in life.request]
        if len(fits) == 1:
            return lives[fits[0]]
    return lives[meant(text if number is None else str(number), known)]


def live(lives: Iterable[Life], now: datetime) -> list[Life]:
    """Those that are approved and not over."""
    return [
        life
        for life in lives
        if life.current is not None and not life.ended_early and now < life.current.window.expires_at
    ]
