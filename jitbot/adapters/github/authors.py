"""Everybody whom the commits of a pull request name: author, committer, and "Co-authored-by:" trailers.

https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from github import GithubException

from jitbot.adapters.github import graphql
from jitbot.adapters.github.client import Client, said
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.model.merge_facts import PullCommit

_TRAILER = re.compile(r"^[ \t]*co-authored-by[ \t]*:([^<\n]*)<([^>\n]*)>", re.IGNORECASE | re.MULTILINE)
_LOGIN = re.compile(LOGIN)  # a name that is a login names that account, too
# Addresses that GitHub gives its accounts say who they are; older ones say no number.
_NOREPLY = re.compile(
    r"(?:([0-9]{1,18})\+)?([A-Za-z0-9_-]{1,39}(?:\[bot\])?)@users\.noreply\.github\.com", re.IGNORECASE
)
_WEB_FLOW = 19864447  # https://github.com/web-flow: what is committed on the website, or by the API, is its
# As a GitHub says it that is too old for one.
_NO_FIELD = re.compile(r"Field '\w+' doesn't exist on type '\w+'")
_AUTHORS = f"... on Commit {{ authors(first: {bounds.NAMES + 1}) {{ nodes {{ user {{ databaseId }} }} }} }}"


def named(client: Client, listed: Sequence[Mapping[str, Any]]) -> tuple[PullCommit, ...]:
    """The commits of GitHub's list, each with everybody whom it names.

    What an address alone stands for GraphQL is asked, in one query. Only a GitHub too old for the question leaves
    it open, and then the address names nobody. Any other answer that lacks something raises.
    """
    addresses = {str(raw["sha"]): _addresses(raw) for raw in listed}
    unknown = [sha for sha, found in addresses.items() if any(not _NOREPLY.fullmatch(each) for each in found)]
    more = _linked(client, unknown[: graphql.AT_ONCE])
    late = set(unknown[graphql.AT_ONCE :])  # too many to ask for: they are taken to name everybody
    return tuple(
        _commit(
            raw, addresses[str(raw["sha"])], more.get(str(raw["sha"]), ()), crowded=str(raw["sha"]) in late
        )
        for raw in listed
    )


def of_whole(raw: Mapping[str, Any], linked: Sequence[int | None]) -> PullCommit:
    """One commit in the shape of REST's list. `linked` are the accounts by GraphQL; they count where `named` asks for them.

    Raises ValueError where one of them is nobody: `named` looks again whether the address is really nobody's.
    """
    addresses = _addresses(raw)
    if all(map(_NOREPLY.fullmatch, addresses)):  # also where there is none
        return _commit(raw, addresses, (), crowded=False)
    known = [each for each in linked if each is not None]
    if len(known) != len(linked):
        raise ValueError("an address that is linked with nobody")
    return _commit(raw, addresses, known, crowded=False)


def own_number(address: str) -> int | None:
    """The number of an App, or of GitHub itself, by the address that GitHub commits with; None for any other address."""
    match = _NOREPLY.fullmatch(address)
    if match and match[1] and match[2].endswith("[bot]"):
        return int(match[1])
    return _WEB_FLOW if address == "noreply@github.com" else None


def _commit(
    raw: Mapping[str, Any], addresses: Sequence[str], linked: Iterable[int], *, crowded: bool
) -> PullCommit:
    found = [match for each in addresses if (match := _NOREPLY.fullmatch(each))]
    ids = {int(raw[role]["id"]) for role in ("author", "committer") if raw.get(role)}
    ids |= {int(match[1]) for match in found if match[1]} | set(linked)
    logins = dict.fromkeys((*(match[2] for match in found if not match[1]), *_names(raw)))
    return PullCommit(
        sha=Sha(str(raw["sha"])),
        named=tuple(GithubId(each) for each in sorted(ids)),
        co_authors=tuple(Login(login) for login in logins),
        parents=tuple(Sha(str(each["sha"])) for each in raw.get("parents") or ()),
        crowded=crowded or len(addresses) > bounds.NAMES,
    )


def _addresses(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of a commit's trailers, each once, one more than may be at most."""
    found = dict.fromkeys(match[2].strip() for match in _TRAILER.finditer(_message(raw)))
    return tuple(found)[: bounds.NAMES + 1]


def _names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The logins among the names of a commit's trailers, where the address does not say whose it is."""
    trailers = (match.groups() for match in _TRAILER.finditer(_message(raw)))
    names = (name.strip() for name, address in trailers if not _NOREPLY.fullmatch(address.strip()))
    return tuple(dict.fromkeys(name for name in names if _LOGIN.fullmatch(name)))[: bounds.NAMES + 1]


def _message(raw: Mapping[str, Any]) -> str:
    return str((raw.get("commit") or {}).get("message") or "")


def _linked(client: Client, commits: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """The accounts that GitHub links each of these commits with; empty where its GraphQL has no such field.

    Raises UnavailableError for any other error, and KeyError or TypeError for an answer that lacks a commit. A person
    who is not named may approve, so a bad answer must never be read as "nobody is named".
    """
    if not commits:
        return {}
    try:
        found = graphql.objects(client, commits, _AUTHORS)
    except GithubException as error:
        if _lacks_the_field(error):
            return {}
        raise UnavailableError(f"GitHub does not say whom the commits name: {said(error)}") from error
    return {sha: _ids(answer) for sha, answer in zip(commits, found, strict=True)}


def _lacks_the_field(error: GithubException) -> bool:
    """Whether GitHub's schema lacks what was asked for, as an older GitHub Enterprise Server's does, and nothing else."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    return isinstance(errors, list) and bool(errors) and all(map(_is_of_the_schema, errors))


def _is_of_the_schema(error: object) -> bool:
    """https://graphql-ruby.org/ is what GitHub answers with; it names the code in `extensions`, older ones do not."""
    if not isinstance(error, dict):
        return False
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code == "undefinedField" or _NO_FIELD.fullmatch(str(error.get("message"))) is not None


def _ids(answer: Mapping[str, Any] | None) -> tuple[int, ...]:
    """The accounts among the authors of one commit; an author without an account is none. Raises TypeError for no commit."""
    if answer is None:
        raise TypeError("no such commit")
    users = [node["user"] for node in answer["authors"]["nodes"]]
    return tuple(int(user["databaseId"]) for user in users if user is not None)
