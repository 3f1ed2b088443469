"""A three-way merge of trees, as git makes it where no file was changed on both sides; folders that nobody changed stay unread."""

import re

from git_objects import EMPTY_TREE, NAME, Entry, Objects, UnsureError, as_tree

_FOLDER = "040000"
_DEEPEST = 60  # folders in folders
# What git refuses to put into an index, and more: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectNTFS
_DOUBTFUL = re.compile(rb"\.\.?|\.?git(?!hub$|ignore$|attributes$).*|.*[\\:].*", re.IGNORECASE | re.DOTALL)

_usual: set[tuple[str, str]] = set()  # the folder of a repository, and a tree in it that was looked through


def merge_trees(objects: Objects, base: str, ours: str, theirs: str) -> str:
    """The merged tree. Raises UnsureError where git has to look into files, or might see a tree otherwise."""
    sides = [_tree(objects, each) for each in (base, ours, theirs)]
    for each in sides:
        _look_through(objects, each, _DEEPEST)
    return _merged(objects, *sides)


def _tree(objects: Objects, name: str) -> str:
    if not NAME.fullmatch(name):
        raise UnsureError
    found = objects.read(name)
    return objects.commit(name).tree if found is not None and found[0] == "commit" else name


def _look_through(objects: Objects, tree: str, depth: int) -> None:
    """Raises UnsureError for a tree that an index could not hold, or would not give back: an empty folder, say."""
    if (objects.folder, tree) in _usual:
        return
    entries = objects.tree(tree)
    if not depth or not entries or any(_DOUBTFUL.fullmatch(each.name) for each in entries):
        raise UnsureError
    for each in entries:
        if each.mode == _FOLDER:
            _look_through(objects, each.sha, depth - 1)
        elif each.mode != "160000" and not objects.has(each.sha):
            raise UnsureError
    _usual.add((objects.folder, tree))


def _merged(objects: Objects, base: str, ours: str, theirs: str) -> str:
    if base in (ours, theirs) or ours == theirs:
        return theirs if base == ours else ours
    sides = [{each.name: each for each in objects.tree(tree)} for tree in (base, ours, theirs)]
    found = (_one(objects, *(side.get(name) for side in sides)) for name in set().union(*sides))
    return objects.write("tree", as_tree(each for each in found if each is not None))


def _one(objects: Objects, base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Entry | None:
    """What there is of one name after the merge."""
    if base == ours or ours == theirs:
        return theirs
    if base == theirs:
        return ours
    if any(each is not None and each.mode != _FOLDER for each in (base, ours, theirs)):
        raise UnsureError
    made = _merged(objects, *(each.sha if each is not None else EMPTY_TREE for each in (base, ours, theirs)))
    name = next(each.name for each in (ours, theirs) if each is not None)
    return Entry(name=name, mode=_FOLDER, sha=made) if made != EMPTY_TREE else None
