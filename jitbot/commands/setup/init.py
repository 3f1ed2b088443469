"""`jitbot init`."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from jitbot.adapters import documents
from jitbot.adapters.github import GitHubReader, GitHubWriter
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.commands.setup import templates
from jitbot.domain.model.documents import (
    ACCOUNTS,
    PEOPLE,
    POLICIES,
    SETTINGS,
    TEAMS,
    GithubId,
    Login,
    Parsed,
    Settings,
    Source,
)
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.notifications.channels import NOTIFY
from jitbot.domain.setup import policy_library, scaffold
from jitbot.domain.setup.doctor.github import setting_changes
from jitbot.domain.setup.doctor.github.github_state import ACTIONS_APP
from jitbot.domain.setup.doctor.report import Unknown, tried
from jitbot.domain.setup.doctor.repository import GITHUBS_ISSUER
from jitbot.domain.setup.requests_page import MARK, PAGE, is_made
from jitbot.domain.text import escape
from jitbot.ports.github_read import GitHubRead
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.paths import FolderTree, data_root, policy_paths
from jitbot.terminal.prompts import Choice, choose_some
from jitbot.usecases.collect.collect_case import Tree
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.pull_request import requests_page
from jitbot.usecases.setup.apply_settings import apply_settings, ready
from jitbot.wiring.context import github_client

_AGENT = "jitbot (init)"
_IGNORED = ".gitignore"
_PARSERS: Mapping[str, Callable[[Source], Parsed[Any]]] = {
    SETTINGS: documents.parse_settings,
    ACCOUNTS: documents.parse_accounts,
    PEOPLE: documents.parse_people,
    TEAMS: documents.parse_teams,
    NOTIFY: documents.parse_notify,
}
_NEXT = """
What to do next, in this order:
  1. Read and edit policies/: who may ask (policies/people.yaml wants their AWS principals), and for what.
  2. Put it on main:            git add -A && git commit -m 'Begin with jitbot' && git push origin HEAD:main
     The runs of grant and sweep that this push starts fail: there is no ledger before step 3.
  3. Set GitHub up, as admin:   jitbot init --apply      (or type the commands below)
  4. Prepare the AWS accounts:  jitbot bootstrap --stackset
  5. See whether it all holds:  jitbot doctor"""


def init(
    invocation: Invocation,
    /,
    *,
    folder: Path,
    policies: str | None,
    apply: bool,
    yes: bool,
    anew: bool,
    **answers: Any,
) -> int:
    """Carry out `jitbot init`."""
    place = invocation.folder / folder
    if apply:
        return _apply(invocation, place, yes=yes)
    if anew:
        return _requests_page(place)
    chosen = _policies(policies)
    given = _answers(invocation, answers)
    written = scaffold.files(given, {**templates.starters(), **chosen})
    _must_read(written)
    tree = MemoryTree({path: text.encode() for path, text in written.items()})
    written[PAGE] = _page(tree, [path for path in written if path.startswith(POLICIES)])
    if (place / _IGNORED).exists():  # GitHub offers to begin a repository with one
        del written[_IGNORED]
    _write(place, written)
    if len(given.owners) == 1:
        click.echo("! one owner alone cannot approve what they ask for themselves: name a second", err=True)
    click.echo(_NEXT)
    click.echo("\nThe settings of step 3, as commands:")
    for title, command in setting_changes.commands(
        given.repository, actions_app=ACTIONS_APP if given.issuer == GITHUBS_ISSUER else None
    ):
        click.echo(f"\n# {escape.log(title)}\n{escape.log(command)}")
    return ExitCode.DONE


def _policies(named: str | None) -> Mapping[str, str]:
    """The policies of the library that were named, by path. Where none was, a person at a terminal is asked."""
    library = templates.library()

    def chosen(names: str) -> tuple[str, ...]:
        return policy_library.chosen(names, library)

    if named is not None:
        names = chosen(named)
    elif sys.stdin.isatty():
        choices = [Choice(name=each.name, about=(each.description,)) for each in library.values()]
        names = choose_some("policies (names with commas, all, or starter)", choices, chosen, "starter")
    else:
        names = policy_library.STARTER
    return {f"{POLICIES}{name}.yaml": library[name].text for name in names}


def _answers(invocation: Invocation, given: Mapping[str, Any]) -> scaffold.Answers:
    """The answers from the command line, completed with GitHub's."""
    repository = given["repository"] or invocation.environ.get("GITHUB_REPOSITORY", "")
    if not repository:
        raise click.UsageError("say which repository it is: --repository owner/name")
    upstream, release = templates.release()
    upstream, release = given["upstream"] or upstream, given["release"] or release
    if not (upstream and release):
        missing = "--upstream owner/name" if release else "--upstream owner/name --release COMMIT"
        here = (
            f"This jitbot is at {release}"
            if release
            else "COMMIT is what `git rev-parse HEAD` prints in a clone of it"
        )
        raise click.UsageError(
            f"say which repository on GitHub the workflows take jitbot from: {missing}. {here}; "
            "an installation by `pip install git+https://github.com/OWNER/NAME@COMMIT` knows both"
        )
    github = GitHubReader(github_client(invocation.environ, repository, _AGENT))
    more = {name: given[name] for name in ("issuer", "namespace") if given[name]}
    answers = scaffold.Answers(
        repository=repository,
        repository_id=given["repository_id"] or 0,
        owners=dict(_owner(text) for text in given["owners"]),
        accounts=dict(_account(text) for text in given["accounts"]),
        upstream=upstream,
        release=release,
        **more,
    )
    scaffold.check(answers)  # before anything of it is asked for on GitHub
    repository_id, owners = _numbers(github, answers)
    version = _version(invocation, upstream, release)
    return scaffold.complete(answers, version=version, repository_id=repository_id, owners=owners)


def _numbers(github: GitHubRead, answers: scaffold.Answers) -> tuple[int, Mapping[Login, GithubId]]:
    """GitHub's numbers of the repository and of its owners: those given, and the others as GitHub says."""
    try:
        return (
            answers.repository_id or github.hosting().repository_id,
            {login: number or _asked(github, login) for login, number in answers.owners.items()},
        )
    except UnavailableError as error:
        unknown = [] if answers.repository_id else ["--repository-id ID"]
        unknown += [f"--owner {login}:ID" for login, number in answers.owners.items() if not number]
        raise UnavailableError(
            f"{error}; nothing was written. Without a network, give the numbers yourself: {' '.join(unknown)}"
        ) from error


def _version(invocation: Invocation, upstream: str, release: str) -> str:
    """The version tag of the release; empty, with a warning, where none is seen."""
    tags = tried(GitHubReader(github_client(invocation.environ, upstream, _AGENT)).tags)
    version = "" if isinstance(tags, Unknown) else scaffold.version_of(release, tags)
    if not version:
        named = escape.log(upstream)
        seen = f"no version tag of {named} names this commit"
        if isinstance(tags, Unknown):
            seen = f"whether a version tag of {named} names this commit is not known: {escape.log(tags.why)}"
        click.echo(
            f"! {seen}; Dependabot proposes no upgrade of a pin without one. Give --release the commit of a version, "
            "or upgrade by hand",
            err=True,
        )
    return version


def _owner(text: str) -> tuple[Login, GithubId]:
    login, _, number = text.partition(":")
    if number and not number.isdecimal():
        raise click.UsageError(f"--owner {text!r}: after the colon comes GitHub's number of the account")
    return Login(login), GithubId(int(number or 0))


def _account(text: str) -> tuple[str, str]:
    alias, equals, number = text.partition("=")
    if not equals:
        raise click.UsageError(f"--account {text!r}: write ALIAS=ID, as in prod=111111111111")
    return alias, number


def _asked(github: GitHubRead, login: Login) -> GithubId:
    actor = github.account(login)
    if actor is None or actor.kind != "User":
        raise InvalidError(f"--owner {login}: GitHub knows no person of that name")
    return actor.github_id


def _must_read(written: Mapping[str, str]) -> None:
    """Raise InvalidError if anything that is to be written would not be read again."""
    for path, text in written.items():
        parse = _PARSERS.get(path)
        if path.startswith(POLICIES):
            parse = documents.parse_policy
        if parse is None:
            continue
        for finding in parse(Source(path=path, content=text.encode())).findings:
            raise InvalidError(f"{path}:{finding.line}: {finding.message}; {finding.hint}")


def _write(place: Path, written: Mapping[str, str]) -> None:
    """Write every file; where one of them exists, none: it is never overwritten, and the error names it."""
    present = [path for path in written if (place / path).exists() or (place / path).is_symlink()]
    if present:
        raise InvalidError(
            "nothing was written, since this exists already:\n" + "\n".join(f"  {path}" for path in present)
        )
    try:
        for path, text in written.items():
            file = place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
            click.echo(f"wrote {escape.log(path)}")
    except OSError as error:
        # Of a full disk the system names no file.
        raise InvalidError(f"{error.filename or path} cannot be written: {error.strerror}") from None


def _page(tree: Tree, policies: Iterable[str]) -> str:
    """requests/README.md of these rules. Raises InvalidError where one does not read."""
    text = requests_page.made(tree, documents, ServiceAuthorizationReference(), policies)
    if text is None:
        raise InvalidError("a rule does not read, so that the page cannot be made: jitbot check says which")
    return text


def _requests_page(place: Path) -> int:
    """Write the page anew, and nothing else. Raises InvalidError for one that a person wrote: it stays as it is."""
    root = data_root(place)
    tree = FolderTree(root=root)
    if tree.others([PAGE]) or not is_made(tree.read([PAGE]).get(PAGE, MARK.encode())):
        raise InvalidError(f"{PAGE} was not made by jitbot, and stays as it is: move it away first")
    text = _page(tree, policy_paths(root))
    try:
        (root / PAGE).parent.mkdir(exist_ok=True)
        (root / PAGE).write_text(text, "utf-8")
    except OSError as error:
        raise InvalidError(f"{PAGE} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {PAGE}")
    return ExitCode.DONE


def _apply(invocation: Invocation, place: Path, *, yes: bool) -> int:
    root = data_root(place)
    content = FolderTree(root=root).read([SETTINGS]).get(SETTINGS, b"")
    parsed = documents.parse_settings(Source(path=SETTINGS, content=content))
    if parsed.value is None:
        raise InvalidError(f"{SETTINGS}:{parsed.findings[0].line}: {parsed.findings[0].message}")
    client = github_client(invocation.environ, parsed.value.repository, _AGENT)
    github = GitHubReader(client)
    ready(github, parsed.value)
    _consent(parsed.value, (change.effect or change.title for change in setting_changes.ALL_CHANGES), yes=yes)
    for title, changed in apply_settings(github, GitHubWriter(client)):
        click.echo(
            f"{click.style('✓', fg='green')} {escape.log(title)}: {'done' if changed else 'already set'}"
        )
    click.echo("Next: jitbot doctor")
    return ExitCode.DONE


def _consent(settings: Settings, steps: Iterable[str], *, yes: bool) -> None:
    click.echo(f"On GitHub, for {escape.log(settings.repository)}:", err=True)
    for step in steps:
        click.echo(f"  {escape.log(step)}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is here to say yes: give --yes")
    click.confirm("Apply these settings?", abort=True, err=True)
