"""A push of the demo's stage, done inside the embedded GitHub: what a push does is the subject of other tests."""

from collections.abc import Mapping

import pytest

from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.rules import pulls
from jitbot.sandbox.story.stage import Stage

Files = Mapping[str, str | None]  # path to text; None deletes the file


def push_inside(stage: Stage, login: str, branch: str, parent: str, *commits: Files, message: str) -> None:
    """Let a branch be these commits on top of `parent`, as if this person had pushed it."""
    site = stage.acme.github._site
    repository = site.repository(stage.acme.repository)
    who = Signature(name=login, email=f"{login}@acme.com", when=stage.now)
    with site.lock:
        repository.store.update_ref(f"refs/heads/{branch}", parent)
        tip = parent
        for files in commits:
            kept = {path: text.encode() for path, text in files.items() if text is not None}
            gone = [path for path, text in files.items() if text is None]
            tip = repository.store.commit_files(branch, tip, kept, gone, f"{message}\n", who, who)
        pulls.moved(site, repository, f"refs/heads/{branch}", tip, site.user(login))


def pushed_here(patch: pytest.MonkeyPatch, left: list[bool]) -> None:
    """From now on the stage's pushes of new branches, and on top of those, need no clone and no git."""
    propose, push = Stage.propose, Stage.push
    made: set[tuple[int, str]] = set()  # the branches that were pushed here, by the site that has them

    def quick_propose(self: Stage, login: str, title: str, *commits: Files) -> int:
        site = self.acme.github._site
        if left[0] or site.faults is not None or login in getattr(self, "at_work", ()):
            return propose(self, login, title, *commits)
        branch = f"{login}-{self.steps}-{abs(hash(title)) % 10000}"
        parent = site.repository(self.acme.repository).tip("main")
        push_inside(self, login, branch, parent, *commits, message="Ask")
        made.add((id(site), branch))
        answer = self.acme.call(login, "POST", "/pulls", title=title, head=branch, base="main", body="")
        return int(self.must(answer)["number"])

    def quick_push(self: Stage, login: str, branch: str, *commits: Files, message: str = "Ask") -> None:
        site = self.acme.github._site
        if left[0] or (id(site), branch) not in made or branch in site.rules:
            push(self, login, branch, *commits, message=message)
            return
        tip = site.repository(self.acme.repository).tip(branch)
        push_inside(self, login, branch, tip, *commits, message=message)

    patch.setattr(Stage, "propose", quick_propose)
    patch.setattr(Stage, "push", quick_push)
