"""What every use case is given: the ports, the settings in force, and which run this is."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.events import LEDGER, LEDGER_RULES
from jitbot.domain.ledger.git_history import CODE
from jitbot.domain.model.documents import ISSUER_KEYS, PLAIN, SETTINGS, GithubId, Login, Settings, Source
from jitbot.domain.model.errors import DeniedError, InvalidError, SupersededError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.notifications.channels import NOTIFY
from jitbot.ports.cloud import Cloud
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.ports.github_write import GitHubWrite
from jitbot.ports.issues import Issues
from jitbot.ports.oidc import Oidc

_MOST = (ISSUER_KEYS, NOTIFY, SETTINGS)  # of what is read at main's tip: git is asked for these once


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Which run of jitbot this is. `commits` are those its code came from: empty outside Actions."""

    url: str = ""
    actor: str = ""
    actor_id: int = 0
    attempt: int = 1
    rerun: bool = False  # `actor` is then still the person who started the first attempt
    commits: tuple[str, ...] = ()

    @property
    def person(self) -> Actor:
        """The GitHub account that started it."""
        return Actor(login=Login(self.actor), github_id=GithubId(self.actor_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything outside jitbot, behind ports. The repository was just fetched; the settings are those at main's tip."""

    git: Git
    documents: DocumentReader
    settings: Settings
    github: GitHubRead
    github_write: GitHubWrite
    issues: Issues
    issuer: Oidc
    catalogue: ActionCatalog
    cloud: Callable[[], Cloud]  # made only if an account must be entered
    sleep: Callable[[float], None]
    say: Callable[[str], None] = field(default=lambda _: None)  # progress, for people
    # Hands a value to later jobs, by name.
    output: Callable[[str, str], None] = field(default=lambda *_: None)
    run: Run = field(default_factory=Run)


def file_at_main(git: Git, path: str) -> bytes | None:
    """A file at main's fetched tip; None where there is no ordinary file of that name."""
    for entry in git.entries(git.main(), _MOST if path in _MOST else [path]):
        if (entry.path, entry.mode) == (path, PLAIN):
            return git.read([entry.blob])[entry.blob]
    return None


def settings_at_main(git: Git, documents: DocumentReader) -> Settings:
    """The settings at main's fetched tip. Raises InvalidError with the first finding if they do not read."""
    content = file_at_main(git, SETTINGS)
    if content is None:
        for entry in git.entries(git.main(), [SETTINGS]):
            raise InvalidError(f"{SETTINGS} on main is no plain file: git mode {entry.mode}, not {PLAIN}")
        raise InvalidError(f"main has no {SETTINGS}; `jitbot init` makes one")
    parsed = documents.parse_settings(Source(path=SETTINGS, content=content))
    if parsed.value is None:
        raise InvalidError(parsed.findings[0].in_words)
    return parsed.value


def ensure_current(context: Context) -> None:
    """Raise SupersededError unless the code of this run is main's: a re-run of an old run must do nothing."""
    tip = context.git.entries(context.git.main(), CODE)
    for commit in context.run.commits:
        if context.git.entries(context.git.resolve(commit), CODE) != tip:
            raise SupersededError(
                f"this run's code, of {commit[:10]}, is not main's any more; a newer run does the work"
            )


def ensure_first_attempt(context: Context, workflow: str) -> None:
    """Raise DeniedError for a re-run: it acts in the name of somebody who did not start it."""
    if context.run.rerun:
        raise DeniedError(
            f"a re-run acts in the name of the person who started the first attempt; start {workflow} anew"
        )


def ensure_recordable(context: Context) -> None:
    """Raise DeniedError unless the ledger is protected: what can be rewritten proves nothing."""
    missing = LEDGER_RULES - context.github.rules(LEDGER).types
    if missing:
        raise DeniedError(
            f"the branch ledger is not protected ({', '.join(sorted(missing))}); `jitbot doctor` says how. In a private "
            "repository rules need GitHub Pro, Team or Enterprise"
        )
