"""Are the workflows there, on, pinned, and the ones that this release ships?"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from jitbot.domain.model.documents import WorkflowFile
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed
from jitbot.domain.text import timestamp
from jitbot.domain.text.escape import quoted

GROUP = "workflows"
FOLDER = ".github/workflows/"
ACTIONS = ".github/actions/"  # the repository's own, which use others in turn
RUNS = (FOLDER, ACTIONS)
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}|\./[\w./-]*", re.ASCII)
_REUSED = re.compile(r"\.github/workflows/[^@\s]+(?:@|\Z)")
_MEANS: Mapping[str, str] = {
    "clock.yml": "grant and sweep start only after a push to main: early ends, removals and reminders wait",
    "check.yml": "requests are checked only when they are granted",
    "grant.yml": "nothing is granted",
    "sweep.yml": "early ends are not carried out, and expired roles stay",
    "revoke.yml": "nobody can end access at once",
    "notify.yml": "nobody can try a chat channel",
    "audit.yml": "nobody looks whether the record still holds",
}


def present(
    expected: Mapping[str, str], found: Mapping[str, str], states: Mapping[str, str | Unknown]
) -> Iterator[Check]:
    """One check a workflow. `expected`: what this release ships, by file name; `found`: what main has.

    `states` is what GitHub says: active, disabled_manually, disabled_inactivity (after 60 days) and the like.
    """
    for name, text in expected.items():
        question = Check(
            code=f"workflow-{name.removesuffix('.yml')}",
            group=GROUP,
            title=f"{name} runs",
            impact=_MEANS.get(name, "a part of jitbot does not run"),
            fix=f"gh workflow enable {name}",
        )
        if name not in found:
            yield question.no("main does not have it", fix=f"`jitbot init` in an empty folder shows {name}")
            continue
        yield _running(question, states.get(name, Unknown(why="GitHub was not asked")))
        if without_pins(found[name]) != without_pins(text):
            yield _differs(name)


CLOCK = "clock.yml"
# GitHub starts schedules late and drops some, and there are three an hour or more.
LONGEST_SILENCE = timedelta(hours=6)


def on_time(newest: datetime | Unknown | None, now: datetime) -> Check:
    """Whether the schedule still starts runs; `newest`: when its last run began, None: never.

    A schedule also dies while its workflow is called active, as when the account that last changed it is suspended:
    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
    """
    question = Check(
        code="workflow-clock-on-time",
        group=GROUP,
        title="the schedule starts runs",
        impact=_MEANS[CLOCK],
        fix=f"have somebody who stays with the organisation change a cron line of {FOLDER}{CLOCK} on main; until then: "
        f"gh workflow run {CLOCK}",
    )
    if isinstance(newest, Unknown):
        return question.unknown(newest.why)
    if newest is None:
        return question.no("it has started none yet; a new one may take an hour")
    return question.answer(now - newest <= LONGEST_SILENCE, f"its last run began at {timestamp.show(newest)}")


def pins(found: Mapping[str, WorkflowFile]) -> Check:
    """Whether everything that is used is pinned by its commit, and no workflow is reused from elsewhere. By path."""
    question = Check(
        code="workflow-pins",
        group=GROUP,
        title="actions are pinned by commit",
        impact="promise 4: who can move a tag elsewhere would run code with this repository's rights",
        fix="write the full commit after the @, with the tag as a comment; call no reusable workflow",
    )
    problems = []
    for path, file in sorted(found.items()):
        name = path.removeprefix(FOLDER)
        if file.unread:
            problems.append(f"{name} {file.unread}")
        for used in file.uses:
            if not _PINNED.fullmatch(used):
                problems.append(f"{name}: {quoted(used, 100)}")
            elif _REUSED.search(used):
                problems.append(f"{name} reuses {used}")
    return question.answer(not problems, listed(problems, most=3))


def without_pins(text: str) -> str:
    """A workflow without the commits and tags that it pins: Dependabot may be ahead of the release.

    It also does not matter whether jitbot's own action and code are in this repository or in the one of the release.
    """
    bare = re.sub(r"@[0-9a-f]{40}[ \t]*(?:#[^\n]*)?", "@", text)
    bare = re.sub(r"uses: \S*\.github/actions/jitbot(?:@.*)?$", "uses: jitbot", bare, flags=re.MULTILINE)
    return re.sub(r"^ +jitbot\n", "", bare, flags=re.MULTILINE).strip()


def _running(question: Check, state: str | Unknown) -> Check:
    if isinstance(state, Unknown):
        return question.unknown(state.why)
    if state == "disabled_inactivity":
        return question.no("GitHub has turned it off after 60 days without activity")
    return question.answer(state == "active", f"GitHub says {state}")


def _differs(name: str) -> Check:
    question = Check(
        code=f"workflow-{name.removesuffix('.yml')}-as-shipped",
        group=GROUP,
        title=f"{name} is this release's",
        impact="whatever was changed in it is the repository's own affair: nobody here has tested it",
        fix=f"compare it with what `jitbot init` writes in an empty folder: {FOLDER}{name}",
        otherwise=CheckVerdict.WARN,
    )
    return question.no("it differs in more than its pins")
