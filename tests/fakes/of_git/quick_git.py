"""git's plumbing, answered in this process: a test then starts a tenth of the processes.

Only plain questions about plain repositories are answered, byte for byte as git does; for everything else the
answer is None, and git itself is asked. Fetching, pushing and writing are always git's own. The two are held
together in tests/contracts/test_quick_git.py, and `JITBOT_GIT=both` compares every answer of a whole run.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from git_objects import EMPTY_TREE, NAME, Entry, Objects, UnsureError, repository

_NOTHING = ("000000", "0" * 40)
_MUCH = 200_000  # bytes of trees that git compares in less time
_PLAIN = re.compile(rb"[A-Za-z0-9 ._/@+-]+")
_GREP = re.compile(r"--grep=\^(.*)\$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What git prints, and its exit code."""

    printed: bytes
    code: int = 0


def answer(folder: Path, arguments: Sequence[str], stdin: bytes) -> Answer | None:
    """The answer to a question about a repository; None where git itself is to be asked."""
    question = _QUESTIONS.get(arguments[0])
    if question is None:
        return None
    objects = repository(folder)
    try:
        if not objects.plain():
            return None
        found = question(objects, arguments[1:], stdin)
    except (UnsureError, ValueError):  # a question of another form
        return None
    return found if isinstance(found, Answer) else Answer(printed=found)


def _cat_file(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    match arguments:
        case ["blob", name]:
            kind, content = _found(objects, name.encode(errors="surrogateescape"))
            if kind != "blob":
                raise UnsureError
            return content
        case [option] | [option, "--buffer"]:
            how, _, form = option.partition("=")
        case _:
            raise UnsureError
    form = form or "%(objectname) %(objecttype) %(objectsize)"
    if how not in ("--batch", "--batch-check"):
        raise UnsureError
    parts = []
    for line in stdin.split(b"\n")[:-1]:
        named = _object(objects, line)
        found = objects.read(named) if named else None
        if named is None or found is None:
            parts.append(line + b" missing\n")
            continue
        kind, content = found
        told = form.replace("%(objectname)", named).replace("%(objecttype)", kind)
        told = told.replace("%(objectsize)", str(len(content)))
        if "%" in told:
            raise UnsureError
        parts += [told.encode(), b"\n", *((content, b"\n") if how == "--batch" else ())]
    return b"".join(parts)


def _found(objects: Objects, name: bytes) -> tuple[str, bytes]:
    named = _object(objects, name)
    found = objects.read(named) if named else None
    if found is None:
        raise UnsureError
    return found


def _object(objects: Objects, text: bytes) -> str | None:
    """The object of `name`, `name^{tree}` or `name:path`; None if there is none."""
    name, colon, path = text.partition(b":")
    plain = name.decode(errors="surrogateescape").removesuffix("^{tree}")
    if not NAME.fullmatch(plain):
        raise UnsureError
    if not colon and plain.encode() == name:
        return plain
    if colon and plain.encode() != name:
        raise UnsureError
    tree = _tree_of(objects, plain)
    if tree is None or not colon or not path:
        return tree
    found = objects.at(tree, path)
    return found and found[1]


def _tree_of(objects: Objects, name: str) -> str | None:
    found = objects.read(name)
    if found is None:
        return None
    if found[0] == "tree":
        return name
    return objects.commit(name).tree


def _diff_tree(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    if list(arguments[:-1]) == ["-r", "--root", "--name-only", "--no-commit-id"]:
        return _names(objects, arguments[-1])
    if list(arguments) != ["--stdin", "-z", "--raw", "--no-renames", "--no-abbrev"]:
        raise UnsureError
    parts, size = [], 0
    for line in stdin.decode().splitlines():
        one, _, other = line.partition(" ")
        if line == ".":  # no name: git repeats it
            parts.append(f"{line}\n".encode())
            continue
        if not NAME.fullmatch(one) or not NAME.fullmatch(other):
            raise UnsureError
        size += sum(len((objects.read(each) or ("", b""))[1]) for each in (one, other))
        if size > _MUCH:
            raise UnsureError
        parts.append(f"{line}\n".encode())
        parts += _differences(objects.tree(one), objects.tree(other))
    return b"".join(parts)


def _names(objects: Objects, name: str) -> bytes:
    """The files that a commit changed, if it is no merge."""
    if not NAME.fullmatch(name):
        raise UnsureError
    commit = objects.commit(name)
    if len(commit.parents) > 1:
        raise UnsureError
    base = objects.commit(commit.parents[0]).tree if commit.parents else EMPTY_TREE
    found = list(_changed(objects, base, commit.tree, b""))
    if not all(map(_PLAIN.fullmatch, found)):  # which git would put in quotes
        raise UnsureError
    return b"".join(each + b"\n" for each in found)


def _changed(objects: Objects, one: str, other: str, place: bytes) -> Iterator[bytes]:
    old = {_key(each): each for each in objects.tree(one)}
    new = {_key(each): each for each in objects.tree(other)}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key.endswith(b"/"):
            yield from _changed(
                objects, before.sha if before else EMPTY_TREE, after.sha if after else EMPTY_TREE, place + key
            )
        else:
            yield place + key


def _differences(one: Iterable[Entry], other: Iterable[Entry]) -> Iterator[bytes]:
    """The raw records of two trees, side by side: a file and a folder of one name are two entries."""
    old = {_key(each): each for each in one}
    new = {_key(each): each for each in other}
    for key in sorted(old.keys() | new.keys()):
        before = old[key][1:] if key in old else _NOTHING
        after = new[key][1:] if key in new else _NOTHING
        if before == after:
            continue
        status = "A" if key not in old else "D" if key not in new else "M"
        if status == "M" and before[0][:2] != after[0][:2]:
            status = "T"
        name = key.removesuffix(b"/")
        yield f":{before[0]} {after[0]} {before[1]} {after[1]} {status}\0".encode() + name + b"\0"


def _key(entry: Entry) -> bytes:
    """How git sorts: a folder as if its name ended in a slash."""
    return entry.name + b"/" if entry.mode == "040000" else entry.name


def _ls_tree(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    option, name, *rest = (*(each for each in arguments if each != "--full-tree"), "", "")
    rest = rest[:-2]
    wanted = {path.encode(errors="surrogateescape") for path in rest[1:]}
    plain = all({b"", b".", b".."}.isdisjoint(each.removesuffix(b"/").split(b"/")) for each in wanted)
    if option != "-z" or rest[:1] not in ([], ["--"]) or not plain:
        raise UnsureError
    named = _object(objects, name.encode(errors="surrogateescape"))
    tree = named and _tree_of(objects, named)
    if tree is None:
        raise UnsureError
    return b"".join(_listed(objects, tree, b"", wanted, whole=not wanted))


def _listed(
    objects: Objects, tree: str, folder: bytes, wanted: set[bytes], *, whole: bool
) -> Iterator[bytes]:
    """The entries of a tree that are asked for. A folder is opened where something below it is, even if it is as well."""
    for name, mode, sha in objects.tree(tree):
        path = folder + name
        below = {each for each in wanted if each.startswith(path + b"/")}
        chosen = whole or path in wanted
        if mode == "040000" and below:
            yield from _listed(objects, sha, path + b"/", below, whole=chosen or path + b"/" in below)
        elif chosen:
            kind = {"040000": "tree", "160000": "commit"}.get(mode, "blob")
            yield f"{mode} {kind} {sha}\t".encode() + path + b"\0"


def _rev_list(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    *options, tip = (each for each in arguments if not each.startswith("^"))
    said = [match[1] for each in options if (match := _GREP.fullmatch(each))]
    known = {"--regexp-ignore-case", "--reverse", "--timestamp", "--topo-order", "--first-parent"}
    if len(said) > 1 or not set(options) <= known | {f"--grep=^{each}$" for each in said}:
        raise UnsureError
    base, dots, head = tip.rpartition("..")
    left_out = [each.removeprefix("^") for each in arguments if each.startswith("^")]
    stop = set().union(*(_ancestors(objects, each) for each in (*left_out, *([base] if dots else []))))
    first_parent = "--first-parent" in options
    topological = "--topo-order" in options and not first_parent
    walked = (
        _topological(objects, head) if topological else _history(objects, head, first_parent=first_parent)
    )
    names = [name for name in walked if name not in stop]
    if said:
        line = re.sub(r"\\(.)", r"\1", said[0]).encode(errors="surrogateescape")
        spelt = bytes.lower if "--regexp-ignore-case" in options else bytes
        names = [name for name in names if spelt(line) in spelt(objects.commit(name).message).split(b"\n")]
    if "--reverse" in options:
        names.reverse()
    stamped = "--timestamp" in options
    return "".join(f"{walked[name]} {name}\n" if stamped else f"{name}\n" for name in names).encode()


def _history(objects: Objects, tip: str, *, first_parent: bool) -> dict[str, int]:
    """The commits of a line of history with their times, newest first. Raises UnsureError where two lines join."""
    found: dict[str, int] = {}
    if not NAME.fullmatch(tip):
        raise UnsureError
    name: str | None = tip
    while name is not None:
        commit = objects.commit(name)
        if len(commit.parents) > 1 and not first_parent:
            raise UnsureError
        found[name] = commit.time
        name = commit.parents[0] if commit.parents else None
    return found


def _topological(objects: Objects, tip: str) -> dict[str, int]:
    """The commits of a history with their times, as git's topological order has them: no parent before all its children."""
    behind = {name: objects.commit(name).parents for name in _ancestors(objects, tip)}
    children = Counter(parent for parents in behind.values() for parent in parents)
    found: dict[str, int] = {}
    ahead = [tip]
    while ahead:
        name = ahead.pop()
        found[name] = objects.commit(name).time
        for parent in behind[name]:
            children[parent] -= 1
            if not children[parent]:
                ahead.append(parent)
    return found


def _merge_base(objects: Objects, arguments: Sequence[str], stdin: bytes) -> Answer:
    if arguments[0] == "--is-ancestor":
        older, newer = arguments[1:]
        objects.commit(older)
        return Answer(printed=b"", code=0 if older in _ancestors(objects, newer) else 1)
    one, other = arguments
    common = _ancestors(objects, one) & _ancestors(objects, other)
    if not common:
        return Answer(printed=b"", code=1)
    behind = set().union(*(objects.commit(name).parents for name in common))
    best = common - behind
    if len(best) != 1:
        raise UnsureError
    return Answer(printed=f"{best.pop()}\n".encode())


def _ancestors(objects: Objects, name: str) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        each = ahead.pop()
        if not NAME.fullmatch(each):
            raise UnsureError
        if each not in found:
            found.add(each)
            ahead += objects.commit(each).parents
    return found


def _rev_parse(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    match arguments:
        case ["--git-dir"]:
            return b".git\n"
        case ["--path-format=absolute", "--git-path", "shallow"]:
            return f"{Path(objects.folder).resolve()}/shallow\n".encode()
        case ["--verify", "--quiet", name]:
            plain = name.removesuffix("^{commit}")
            if plain == "HEAD":
                plain = _head(objects)
            if not NAME.fullmatch(plain):
                raise UnsureError
            objects.commit(plain)
            return f"{plain}\n".encode()
    raise UnsureError


def _head(objects: Objects) -> str:
    text = Path(f"{objects.folder}/HEAD").read_text().strip()
    ref = text.removeprefix("ref: ")
    return objects.refs([ref]).get(ref, "") if text.startswith("ref: ") else text


def _for_each_ref(objects: Objects, arguments: Sequence[str], stdin: bytes) -> bytes:
    form = {
        "--format=%(objectname) %(refname)": "{0} {1}\n",
        "--format=%(objectname) %(objecttype) %(refname)": "{0} {2} {1}\n",
        "--format=%(objectname)": "{0}\n",
    }.get(arguments[0])
    places = [each for each in arguments[1:] if each != "--"]
    if form is None or any(re.search(r"[*?\[\\]|^-|/$", each) for each in places):
        raise UnsureError
    chosen = objects.refs(places or ["refs"])
    kinds = {name: _found(objects, name.encode())[0] for name in chosen.values()} if "{2}" in form else {}
    return "".join(form.format(name, ref, kinds.get(name)) for ref, name in chosen.items()).encode(
        errors="surrogateescape"
    )


def _config(objects: Objects, arguments: Sequence[str], stdin: bytes) -> Answer:
    if list(arguments) != ["--type=bool", "--get", "remote.origin.promisor"]:
        raise UnsureError
    return Answer(printed=b"", code=1)  # a plain repository promises nothing


_QUESTIONS: dict[str, Callable[[Objects, Sequence[str], bytes], bytes | Answer]] = {
    "cat-file": _cat_file,
    "config": _config,
    "diff-tree": _diff_tree,
    "for-each-ref": _for_each_ref,
    "ls-tree": _ls_tree,
    "merge-base": _merge_base,
    "rev-list": _rev_list,
    "rev-parse": _rev_parse,
}
