"""Batches of the ledger, found by their paths in the tree of its tip: the trees of other commits can stay at the remote.

Every path of a batch names the day and the head that the batch was made for, so no two batches share a folder. Only these
folders are opened, and all of them together within a budget: nobody can make this walk long. What lies beyond it is not
found, and so it is judged by what its commit adds.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.objects import Objects
from jitbot.adapters.git.partial_clone import Remainder
from jitbot.domain.ledger import attestation, batches
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.bounds import BATCH_READ
from jitbot.domain.model.documents import FOLDER, PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError

_DAY_READ = 1 << 22  # bytes of the folder of a day: some 80,000 batches
_FOLDER_READ = BATCH_READ * 128  # bytes of the folder of a batch
_READ = 1 << 23  # bytes of the folders that are opened together; those of 200 batches are far below
# Seconds: a batch's day is the day of its commit, or this near to it.
_NEAR = 2 * int(attestation.CLOCK_SKEW.total_seconds())

# A commit by what was found of its batch, and the trees that it lies in.
_Found = tuple[AddedCommit, Sequence[Sha]]


def filed(
    tip: Sha, commits: Sequence[Sha], objects: Objects, remainder: Remainder
) -> tuple[AddedCommit, ...]:
    """What the tree of `tip` has of these commits' batches. Their files are brought, small ones all in one call."""
    read = objects.commits([tip, *commits])  # the tip too, whose tree is looked for
    headers = {
        name: header
        for name in commits
        if (header := read[name]) is not None and header.whole and len(header.parents) == 1
    }
    try:
        found = _found(tip, headers, objects)
    except UnavailableError:  # not all trees of the tip are here
        remainder.bring_folder(objects.tree(tip))
        found = _found(tip, headers, objects)
    batched = [(each, trees, token) for each, trees in found if (token := batches.token_of(each)) is not None]
    remainder.bring_files(
        [token.blob for _, _, token in batched],
        [tree for _, trees, _ in batched for tree in trees],
        [entry.blob for each, _, _ in batched for entry in each.entries],
    )
    return tuple(each for each, _, _ in batched)


def _found(tip: Sha, headers: Mapping[Sha, plumbing.CommitHeader], objects: Objects) -> Sequence[_Found]:
    days = {name: _days(header) for name, header in headers.items()}
    names = {name for header in headers.values() for name in _names(header)}
    listed = _listed(tip, dict.fromkeys(day for each in days.values() for day in each), names, objects)
    lying = {name: list(_lying(headers[name], days[name], listed)) for name in headers}
    trees = {name: [each.blob for each in found if each.mode == FOLDER] for name, found in lying.items()}
    opened = _opened((tree for each in trees.values() for tree in each), _FOLDER_READ, objects)
    return [
        (_added(name, header, [entry for each in lying[name] for entry in _files(each, opened)]), trees[name])
        for name, header in headers.items()
    ]


def _days(header: plumbing.CommitHeader) -> Sequence[str]:
    """The days in whose folders the batch of a commit may lie."""
    near = (plumbing.moment(header.claimed + by) for by in (-_NEAR, 0, _NEAR))
    return list(dict.fromkeys(f"{at:%Y/%m/%d}" for at in near))


def _listed(
    tip: Sha, days: Iterable[str], names: Collection[str], objects: Objects
) -> Mapping[str, Mapping[str, AddedEntry]]:
    """What lies under these names in the ledger's folders of these days, by the folder and the name.

    Anybody can put a file or a submodule in a folder's place, so its entry is asked what it is: the object may not be here.
    """
    folders = [f"{top}{day}" for day in days for top in batches.FOLDERS]
    found = objects.entries(tip, folders, lazily=False)
    trees = {each.path: each.blob for each in found if each.mode == FOLDER}
    opened = _opened(trees.values(), _DAY_READ, objects, names)
    return {folder: {each.path: each for each in opened.get(tree, ())} for folder, tree in trees.items()}


def _names(header: plumbing.CommitHeader) -> Sequence[str]:
    """The names of the folder and of the token of a commit's batch."""
    batch = batches.folder(header.parents[0])
    return batch, f"{batch}{attestation.TOKEN_ENDS}"


def _lying(
    header: plumbing.CommitHeader, days: Iterable[str], listed: Mapping[str, Mapping[str, AddedEntry]]
) -> Iterator[AddedEntry]:
    """The folders and the token of a commit's batch, each by its whole path."""
    for folder in (f"{top}{day}" for top in batches.FOLDERS for day in days):
        for name in _names(header):
            if (entry := listed.get(folder, {}).get(name)) is not None:
                yield _below(folder, entry)


def _files(entry: AddedEntry, opened: Mapping[Sha, Sequence[AddedEntry]]) -> Iterator[AddedEntry]:
    """The entries of a folder, each by its whole path; a file is itself."""
    if entry.mode != FOLDER:
        yield entry
    yield from (_below(entry.path, each) for each in opened.get(entry.blob, ()))


def _below(folder: str, entry: AddedEntry) -> AddedEntry:
    return AddedEntry(path=f"{folder}/{entry.path}", mode=entry.mode, blob=entry.blob)


def _opened(
    trees: Iterable[Sha], most: int, objects: Objects, names: Collection[str] = ()
) -> Mapping[Sha, Sequence[AddedEntry]]:
    """The entries of each tree, or those with these names, up to a tree that is larger, and to where the budget ends."""
    opened: dict[Sha, Sequence[AddedEntry]] = {}
    left = _READ
    for name, content in objects.read("tree", trees, most):
        if content is None or len(content) > left:
            break
        left -= len(content)
        opened[name] = [each for each in plumbing.tree(content) if not names or each.path in names]
    return opened


def _added(name: Sha, header: plumbing.CommitHeader, entries: Sequence[AddedEntry]) -> AddedCommit:
    return AddedCommit(
        commit=name,
        parent=header.parents[0],
        message=header.message,
        entries=tuple(sorted(entries, key=lambda entry: entry.path)),
        well_formed=all(entry.mode == PLAIN for entry in entries),
    )
