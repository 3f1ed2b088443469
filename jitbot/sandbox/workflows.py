"""acme's workflows, as far as the sandbox plays them: a push to main grants, a dispatch of revoke.yml revokes."""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.organisation import Acme

Run = Callable[[Sequence[str], Mapping[str, str], Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run that is due: a verb of jitbot in a job of its own workflow, by whom it was started."""

    arguments: tuple[str, ...]
    workflow: str
    actor: str


class Workflows:
    """Runs acme's workflows while its `with` block lives, one after the other, as they are started.

    `run(arguments, environment, folder)` runs jitbot; `trouble` hears of what kept a run from starting.
    """

    def __init__(self, acme: Acme, run: Run, trouble: Callable[[str], None]) -> None:
        self._acme, self._run, self._trouble = acme, run, trouble
        self._due: queue.Queue[Job | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="sandbox-workflows")

    def __enter__(self) -> Self:
        self._acme.github.on_push = self._pushed
        self._acme.github.on_dispatch = self._dispatched
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._acme.github.on_push = self._acme.github.on_dispatch = None
        self._due.put(None)
        self._thread.join()

    def idle(self) -> None:
        """Wait until everything that was started has run."""
        self._due.join()

    def _pushed(self, _branch: str, actor: str) -> None:
        self._due.put(Job(arguments=("grant",), workflow="grant.yml", actor=actor))

    def _dispatched(self, workflow: str, _ref: str, inputs: Mapping[str, str], actor: str) -> None:
        if workflow == "grant.yml":
            self._pushed("main", actor)
        if workflow == "revoke.yml":
            reason, request = inputs.get("reason", ""), inputs.get("request", "")
            arguments = ("revoke", f"--reason={reason}", "--", request)
            self._due.put(Job(arguments=arguments, workflow=workflow, actor=actor))

    def _work(self) -> None:
        while (job := self._due.get()) is not None:
            try:
                self._perform(job)
            except JitbotError as error:
                self._trouble(str(error))
            finally:
                self._due.task_done()
        self._due.task_done()

    def _perform(self, job: Job) -> None:
        folder = self._acme.clone("runner")
        self._acme.git("olivia", "pull", "--quiet", "--ff-only", cwd=folder)  # as actions/checkout would
        self._run(job.arguments, self._acme.job(job.workflow, actor=job.actor), folder)
