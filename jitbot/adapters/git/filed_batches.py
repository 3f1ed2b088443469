"""Batches of the ledger, found by their paths in the tree of its tip: the trees of other commits can stay at the remote.

Every path of a batch names the day and the head that the batch was made for, so no two batches share a folder. Only these
folders are opened, and each is read only as far as a batch may go: nobody can make this walk long.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jitbot.adapters.git import plumbing, stream
from jitbot.adapters.git.objects import Objects
from jitbot.adapters.git.partial_clone import Remainder
from jitbot.adapters.git.process import GitProcess
from jitbot.domain.ledger import attestation, batches
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.bounds import BATCH_READ
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError

_DAY_READ = 1 << 22  # bytes of the folder of a day: some 80,000 batches
_FOLDER_READ = BATCH_READ * 128  # bytes of the folder of a batch
_NEAR = 2 * int(
    attestation.CLOCK_SKEW.total_seconds()
)  # a batch's day is the day of its commit, or this near to it
_FOLDER = "040000"

_Found = tuple[
    AddedCommit, Sequence[Sha]
]  # a commit by what was found of its batch, and the trees it lies in


def filed(
    tip: Sha, commits: Sequence[Sha], git: GitProcess, objects: Objects, remainder: Remainder
) -> tuple[AddedCommit, ...]:
    """What the tree of `tip` has of these commits' batches. Their files are brought, small ones all in one call."""
    headers = {
        name: header
        for name, header in objects.commits([tip, *commits]).items()
        if name in set(commits) and header is not None and header.whole and len(header.parents) == 1
    }
    try:
        found = _found(tip, headers, git, objects)
    except UnavailableError:  # not all trees of the tip are here
        remainder.bring_folder(objects.tree(tip))
        found = _found(tip, headers, git, objects)
    batched = [(each, trees, token) for each, trees in found if (token := batches.token_of(each)) is not None]
    remainder.bring_files(
        [token.blob for _, _, token in batched],
        [tree for _, trees, _ in batched for tree in trees],
        [entry.blob for each, _, _ in batched for entry in each.entries],
    )
    return tuple(each for each, _, _ in batched)


def _found(
    tip: Sha, headers: Mapping[Sha, plumbing.CommitHeader], git: GitProcess, objects: Objects
) -> Sequence[_Found]:
    days = {name: _days(header) for name, header in headers.items()}
    listed = _listed(tip, {day for each in days.values() for day in each}, git, objects)
    lying = {name: list(_lying(headers[name], days[name], listed)) for name in headers}
    trees = {name: [each.blob for each in found if each.mode == _FOLDER] for name, found in lying.items()}
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
    tip: Sha, days: Iterable[str], git: GitProcess, objects: Objects
) -> Mapping[str, Mapping[str, AddedEntry]]:
    """What lies in the ledger's folders of these days, by the folder and the name."""
    folders = [f"{top}{day}" for top in batches.FOLDERS for day in days]
    found = stream.objects(git, [f"{tip}:{folder}" for folder in folders], lazily=False)
    trees = {folder: Sha(name) for folder, (name, kind) in zip(folders, found, strict=True) if kind == "tree"}
    opened = _opened(trees.values(), _DAY_READ, objects)
    return {folder: {each.path: each for each in opened[tree]} for folder, tree in trees.items()}


def _lying(
    header: plumbing.CommitHeader, days: Iterable[str], listed: Mapping[str, Mapping[str, AddedEntry]]
) -> Iterator[AddedEntry]:
    """The folders and the token of a commit's batch, each by its whole path."""
    batch = batches.folder(header.parents[0])
    for folder in (f"{top}{day}" for top in batches.FOLDERS for day in days):
        for name in (batch, f"{batch}{attestation.TOKEN_ENDS}"):
            if (entry := listed.get(folder, {}).get(name)) is not None:
                yield _below(folder, entry)


def _files(entry: AddedEntry, opened: Mapping[Sha, Sequence[AddedEntry]]) -> Iterator[AddedEntry]:
    """The entries of a folder, each by its whole path; a file is itself."""
    if entry.mode != _FOLDER:
        yield entry
    yield from (_below(entry.path, each) for each in opened.get(entry.blob, ()))


def _below(folder: str, entry: AddedEntry) -> AddedEntry:
    return AddedEntry(path=f"{folder}/{entry.path}", mode=entry.mode, blob=entry.blob)


def _opened(trees: Iterable[Sha], most: int, objects: Objects) -> Mapping[Sha, Sequence[AddedEntry]]:
    """The entries of each tree; none of one that is larger."""
    read = objects.read("tree", trees, most)
    return {name: list(plumbing.tree(content)) if content is not None else [] for name, content in read}


def _added(name: Sha, header: plumbing.CommitHeader, entries: Sequence[AddedEntry]) -> AddedCommit:
    return AddedCommit(
        commit=name,
        parent=header.parents[0],
        message=header.message,
        entries=tuple(sorted(entries, key=lambda entry: entry.path)),
        well_formed=all(entry.mode == PLAIN for entry in entries),
    )
