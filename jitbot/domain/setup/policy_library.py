"""The library of policies that `jitbot init` writes from: one file for each, and the names that an admin chooses.

Each file begins with the AWS page on which its actions rest. It is a policy once the places for people and accounts
are filled in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text.escape import quoted

# What a repository begins with unasked.
STARTER = (
    "account-read-only",
    "s3-prefix-read",
    "service-logs-read",
)
_HEAD = re.compile(r"# (https://docs\.aws\.amazon\.com/\S+)\ndescription: (.+)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPolicy:
    """A policy to be filled in. `page` is AWS's own, on which its actions rest."""

    name: str
    page: str
    description: str
    text: str


def read(texts: Mapping[str, str]) -> dict[str, LibraryPolicy]:
    """The library by name, in the order of names. Raises InvalidError for a file that does not begin as each must."""
    found = {}
    for name, text in sorted(texts.items()):
        head = _HEAD.match(text)
        if head is None:
            raise InvalidError(
                f"{name}.yaml:1: a policy of the library begins with a comment, the address of AWS's page, "
                "and then has its description: add them"
            )
        found[name] = LibraryPolicy(name=name, page=head[1], description=head[2], text=text)
    return found


def chosen(names: str, library: Iterable[str]) -> tuple[str, ...]:
    """The policies that a person names: `all`, `starter`, or names with commas, in any mixture; each once.

    Raises InvalidError for a name that the library does not have, and for none at all.
    """
    known = tuple(sorted(library))
    sets = {"all": known, "starter": STARTER}
    given = [each.strip() for each in names.split(",") if each.strip()]
    if unknown := [each for each in given if each not in known and each not in sets]:
        raise InvalidError(
            f"the library has no policy {quoted(unknown[0])}; give all, starter, or some of: {', '.join(known)}"
        )
    if not given:
        raise InvalidError(f"no policy is named; give all, starter, or some of: {', '.join(known)}")
    return tuple(dict.fromkeys(name for each in given for name in sets.get(each, (each,))))
