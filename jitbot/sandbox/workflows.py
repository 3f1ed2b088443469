"""acme's workflows as the sandbox plays them: each event starts what it starts on GitHub, except the schedules."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from jitbot.adapters import documents
from jitbot.domain.model.documents import Source
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.notifications.channels import NO_CHANNELS, NOTIFY, SECRET
from jitbot.domain.notifications.chat_notice import HANDED, HANDED_TO
from jitbot.sandbox.chat import ChatSandbox
from jitbot.sandbox.github.site import ACTIONS_BOT
from jitbot.sandbox.organisation import Acme

Run = Callable[[Sequence[str], Mapping[str, str], Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run that is due: its steps, each a call of jitbot, in a job of its own workflow, by whom it was started."""

    steps: tuple[tuple[str, ...], ...]
    workflow: str
    actor: str
    event: str = "push"


class Workflows:
    """Runs acme's workflows while its `with` block lives, one after the other, as they are started.

    `run(arguments, environment, folder)` runs jitbot; `trouble` hears of what kept a run from starting. Without
    `every` there are only the runs that give and end access: no comment, and no sweep that a grant starts. With `chat` each
    run that recorded something is followed by the job that writes it there.
    """

    def __init__(
        self,
        acme: Acme,
        run: Run,
        trouble: Callable[[str], None],
        *,
        every: bool = False,
        chat: ChatSandbox | None = None,
    ) -> None:
        self._acme, self._run, self._trouble = acme, run, trouble
        self._every, self._chat = every, chat
        self._runs: list[tuple[Job, Future[None]]] = []  # those that nobody waited for yet, oldest first
        self._one_by_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-workflows")

    def __enter__(self) -> Self:
        self._acme.github.on_push = self._pushed
        self._acme.github.on_dispatch = self._dispatched
        if self._every:
            self._acme.github.on_pull = self._pulled
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._acme.github.on_push = self._acme.github.on_dispatch = self._acme.github.on_pull = None
        self._one_by_one.shutdown()

    def idle(self) -> None:
        """Wait until everything that was started has run. Raises what a run broke with, if that is no error of jitbot's own."""
        while self._runs:
            self._runs.pop(0)[1].result()

    def _pushed(self, _branch: str, actor: str) -> None:
        self._start("grant.yml", ("grant",), actor)

    def _pulled(self, number: int, actor: str) -> None:
        job = Job(steps=(("comment", str(number)),), workflow="check.yml", actor=actor)
        waiting = [each for each, run in [*self._runs] if not (run.running() or run.done())]
        if job not in waiting:  # the run to come reads it as it is then
            self._put(job)

    def _dispatched(self, workflow: str, _ref: str, inputs: Mapping[str, str], actor: str) -> None:
        if workflow == "grant.yml":
            self._start(workflow, ("grant",), actor, event="workflow_dispatch")
        if workflow == "sweep.yml":
            self._start(workflow, ("sweep",), actor, event="workflow_dispatch")
        if workflow == "audit.yml" and (statement := inputs.get("statement", "")):
            self._start(workflow, ("audit", "protection", f"--statement={statement}"), actor)
        if workflow == "revoke.yml":
            reason, request = inputs.get("reason", ""), inputs.get("request", "")
            if request:
                self._start(workflow, ("revoke", f"--reason={reason}", "--", request), actor)
            else:
                named = (f"--person={inputs.get('person', '')}", f"--policy={inputs.get('policy', '')}")
                lift = ("--lift",) if inputs.get("lift") == "yes" else ()
                self._start(workflow, ("stop", f"--reason={reason}", *named, *lift), actor)

    def _start(self, workflow: str, arguments: tuple[str, ...], actor: str, *, event: str = "push") -> None:
        steps = (arguments, ("comment",)) if self._every else (arguments,)
        self._put(Job(steps=steps, workflow=workflow, actor=actor, event=event))

    def _put(self, job: Job) -> None:
        run = self._one_by_one.submit(self._work, job)
        self._runs.append((job, run))
        run.add_done_callback(partial(self._said, job))

    def _said(self, job: Job, run: Future[None]) -> None:
        if (error := run.exception()) is not None:
            self._trouble(f"a run of {job.workflow} broke: {error!r}")

    def _work(self, job: Job) -> None:
        try:
            self._perform(job)
        except JitbotError as error:
            self._trouble(str(error))

    def _perform(self, job: Job) -> None:
        folder = self._acme.clone("runner")
        self._acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=folder)  # as actions/checkout would
        environ = self._acme.job(job.workflow, actor=job.actor, event=job.event)
        with tempfile.TemporaryDirectory() as temporary:
            output = Path(temporary) / "output"
            for step in job.steps:
                self._run(step, {**environ, "GITHUB_OUTPUT": str(output)}, folder)
            written = output.read_text("utf-8").splitlines() if output.is_file() else []
        outputs = dict(line.split("=", 1) for line in written if "=" in line)
        if HANDED in outputs and self._chat is not None:
            self._run(("notify",), self._chat_job(environ, self._chat, outputs[HANDED]), folder)
        if (
            self._every
            and (job.workflow, job.event) == ("grant.yml", "push")
            and outputs.get("sweep") != "no"
        ):
            self._start("sweep.yml", ("sweep",), ACTIONS_BOT, event="workflow_dispatch")

    def _chat_job(self, environ: Mapping[str, str], chat: ChatSandbox, handed: str) -> Mapping[str, str]:
        """The environment of the job for chat: it has the channels' addresses, and no token."""
        file = self._acme.clone("runner") / NOTIFY
        content = file.read_bytes() if file.is_file() else b""
        channels = documents.parse_notify(Source(path=NOTIFY, content=content)).value or NO_CHANNELS
        kept = {name: value for name, value in environ.items() if "TOKEN" not in name}
        return {**kept, HANDED_TO: handed, SECRET: json.dumps(dict(chat.addresses(channels.shapes)))}
