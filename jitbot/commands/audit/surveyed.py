"""Makes the survey of a period for the parts of `jitbot audit` that show or export one."""

from datetime import datetime

from jitbot.adapters.repository.rule_log import RuleHistory
from jitbot.commands.invocation import Invocation
from jitbot.commands.places import data_root
from jitbot.commands.worlds import open_world
from jitbot.domain.errors import InvalidError
from jitbot.lifecycle import history
from jitbot.lifecycle.surveying import Source, Survey, changed_rules, entitled, survey
from jitbot.lifecycle.world import MEMORY


def survey_of(
    invocation: Invocation, part: str, *, start: datetime, end: datetime, judged_at: datetime | None = None
) -> Survey:
    """The survey of a period, judged as of now unless at another moment. Raises InvalidError for a period that is empty, or all to come."""
    if start >= end:
        raise InvalidError("the period is empty: --to must come after --from")
    if start > invocation.now:
        raise InvalidError("the period has not begun yet")
    world = open_world(invocation, f"audit {part}")
    read = history.read(world, invocation.now, since=start - MEMORY)
    left_out = tuple(finding.message for finding in read.ignored)
    return survey(
        read.events,
        source=Source(
            repository=world.settings.repository,
            main=world.repository.main(),
            ledger=read.head,
            warnings=(*left_out, *((read.doubt,) if read.doubt else ())),
            doubt=read.doubt,
        ),
        start=start,
        end=end,
        now=judged_at or invocation.now,
        rule_changes=changed_rules(RuleHistory(data_root(invocation.folder)), start, end),
        entitlements=entitled(world.repository, world.documents),
    )
