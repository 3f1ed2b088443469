"""The files of a new, data-only repository: what `jitbot init` writes, from a few answers."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import POLICIES, GithubId, Login, policy_named
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import LOGIN, NAMESPACE, REPOSITORY
from jitbot.domain.text.escape import quoted

_RELEASE = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})", re.ASCII)
_LOGIN = re.compile(LOGIN)
_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,62}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_SHAPES = {
    _LOGIN: "a login of GitHub: write LOGIN, or LOGIN:ID",
    _ALIAS: "an alias: lower-case letters, digits and hyphens, a letter first",
    _ACCOUNT: "the 12 digits of an account's id",
    REPOSITORY: "owner/name",
    NAMESPACE: "2 to 12 of a-z and 0-9, a letter first",
}
_BREAK_GLASS = re.compile(r"^approvals: 0$", re.MULTILINE)
_PLACE = re.compile(r"__([A-Z_]+?)__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers for a new repository. `upstream` and `release`: the repository of jitbot's action, and its commit."""

    repository: str
    repository_id: int
    owners: Mapping[Login, GithubId]
    accounts: Mapping[str, str]
    upstream: str
    release: str
    version: str = ""  # the tag of the release: Dependabot proposes an upgrade only of a pin that names one
    namespace: str = "jit"
    issuer: str = "https://token.actions.githubusercontent.com"


def check(answers: Answers) -> None:
    """Raise InvalidError for the first answer that is not a valid name: each is written into rules or into a workflow."""
    if not _RELEASE.fullmatch(answers.release):
        raise InvalidError(
            f"--release {quoted(answers.release)} is no full commit: tags and short names can be moved; "
            "give the 40 hex digits of the release's commit"
        )
    for option, value, shape in (
        ("--repository", answers.repository, REPOSITORY),
        ("--upstream", answers.upstream, REPOSITORY),
        ("--namespace", answers.namespace, NAMESPACE),
        *(("--owner", login, _LOGIN) for login in answers.owners),
        *(("--account", alias, _ALIAS) for alias in answers.accounts),
        *(("--account", number, _ACCOUNT) for number in answers.accounts.values()),
    ):
        if not shape.fullmatch(value):
            raise InvalidError(f"{option}: {quoted(value)} is not {_SHAPES[shape]}")
    if answers.namespace.endswith("bot"):
        raise InvalidError(
            f"--namespace: {quoted(answers.namespace)} ends with bot: its grants could take the names of jitbot's own roles "
            f"of the namespace {quoted(answers.namespace.removesuffix('bot'))}; choose another ending"
        )
    for option, count in (("--owner", len(answers.owners)), ("--account", len(answers.accounts))):
        if not count:
            raise InvalidError(f"at least one {option} is needed")


def complete(
    answers: Answers, *, repository_id: int, owners: Mapping[Login, GithubId], version: str
) -> Answers:
    """The same answers with what was still missing, which GitHub knows."""
    return replace(answers, repository_id=repository_id, owners=owners, version=version)


def version_of(release: str, tags: Mapping[str, str]) -> str:
    """The newest version tag, such as v1.2.3, that names the release's commit; empty if none does."""
    versions = [
        tuple(map(int, found.groups()))
        for name, commit in tags.items()
        if commit == release and (found := _VERSION.fullmatch(name))
    ]
    return "v{}.{}.{}".format(*max(versions)) if versions else ""


def files(answers: Answers, templates: Mapping[str, str]) -> dict[str, str]:
    """Each file's path and text. `templates` are this package's own, by path, in which what is for tools has no dot yet.

    CODEOWNERS gets a line for each policy among them.
    """
    check(answers)
    values = {
        **_values(answers),
        "REQUESTS": "\n".join(_owner_lines([f"@{login}" for login in answers.owners], templates)),
    }
    return {
        re.sub(r"\A(?=(github|vscode)/|gitignore\Z)", ".", path): _PLACE.sub(
            lambda match: values[match[1]], text
        )
        for path, text in sorted(templates.items())
    }


def policy(
    template: str, eligible: Iterable[str], accounts: Iterable[str], reviewers: Iterable[str] = ()
) -> str:
    """A policy under which these people and teams may ask for these accounts and groups of accounts.

    `reviewers` are those of a break-glass policy.
    """
    values = {"ELIGIBLE": _list(eligible), "ACCOUNTS": _list(accounts), "REVIEWERS": _list(reviewers)}
    return _PLACE.sub(lambda match: values[match[1]], template)


def with_owner_lines(text: str, policies: Mapping[str, str], owners: Iterable[str]) -> str:
    """The text of CODEOWNERS with a line for each of these policies, by path, that has none there.

    The lines come after the last one for requests, or else after the first line, so before those of the rules. Without
    any line it stays as it is.
    """
    rules = codeowners.parse(text).rules
    own = {rule.pattern.strip("/") for rule in rules}
    missing = {path: each for path, each in policies.items() if f"requests/{policy_named(path)}" not in own}
    lines, of_requests = text.split("\n"), [rule.line for rule in rules if "requests/" in rule.pattern]
    at = max(of_requests, default=rules[0].line if rules else 0)
    return "\n".join([*lines[:at], *(_owner_lines(owners, missing) if at else ()), *lines[at:]])


def _values(answers: Answers) -> Mapping[str, str]:
    aliases = list(answers.accounts)
    return {
        "REPOSITORY": answers.repository,
        "REPOSITORY_ID": str(answers.repository_id),
        "NAMESPACE": answers.namespace,
        "ISSUER": answers.issuer,
        "UPSTREAM": answers.upstream,
        "RELEASE": f"{answers.release} # {answers.version}" if answers.version else answers.release,
        "OWNER": next(iter(answers.owners)),
        "OWNERS": " ".join(f"@{login}" for login in answers.owners),
        "ELIGIBLE": _list(answers.owners),
        "REVIEWERS": _list(answers.owners),
        "ACCOUNT": aliases[0],
        "ACCOUNTS": _list(aliases),
        "PEOPLE": "\n".join(
            f"  {login}: {{github_id: {number}}}" for login, number in answers.owners.items()
        ),
        "ALIASES": "\n".join(f"{alias}: {json.dumps(number)}" for alias, number in answers.accounts.items()),
    }


def _owner_lines(owners: Iterable[str], templates: Mapping[str, str]) -> Iterator[str]:
    """Who approves the requests of each policy; nobody those of break-glass, which are reviewed after."""
    approving = "".join(f" {each}" for each in owners)
    for path, text in sorted(templates.items()):
        if path.startswith(POLICIES):
            if _BREAK_GLASS.search(text):
                yield "# Break-glass: nobody approves before, the policy's reviewers do after. It has no owner on purpose."
                yield f"/requests/{policy_named(path)}/"
            else:
                yield f"/requests/{policy_named(path)}/{approving}"


def _list(names: Iterable[str]) -> str:
    """A list in YAML; a name that begins with "@" is quoted there."""
    return f"[{', '.join(json.dumps(name) if name.startswith('@') else name for name in names)}]"
