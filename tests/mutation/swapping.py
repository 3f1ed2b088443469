"""Puts a mutant's code into the functions of a module that is loaded, wherever they went since."""

import ast
import functools
import gc
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any


class Loaded:
    """Every function under a folder that is loaded now, and every cache: to be made before a fork, used after it."""

    def __init__(self, folder: Path, caches: tuple[str, ...]) -> None:
        """`folder` holds the files whose functions may change; `caches` are the modules and packages whose caches are forgotten."""
        self._functions: dict[str, list[FunctionType]] = defaultdict(list)
        self._caches: list[functools._lru_cache_wrapper[Any]] = []
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(f"{folder}/"):
                self._functions[each.__code__.co_filename].append(each)
            elif isinstance(each, functools._lru_cache_wrapper) and str(each.__module__).startswith(caches):
                self._caches.append(each)

    def put(self, file: Path, source: str, tree: ast.Module) -> int:
        """Change the functions of this file, now `source`, to what they are in `tree`; says how many changed.

        One that an earlier call left behind, and that now needs other variables of it, stays: the next call makes it anew.
        """
        new = _changes(
            compile(source, file, "exec", dont_inherit=True), compile(tree, file, "exec", dont_inherit=True)
        )
        self.forget()
        changed = 0
        for function in self._functions[str(file)]:
            code = new.get(function.__code__)
            if code is not None and code.co_freevars == function.__code__.co_freevars:
                function.__code__ = code
                changed += 1
        return changed

    def forget(self) -> None:
        """Empty every cache, so that what was remembered is worked out again."""
        for cache in self._caches:
            cache.cache_clear()


def _changes(old: CodeType, new: CodeType) -> dict[CodeType, CodeType]:
    """What each changed function's code becomes; a function is known by its name, its line, and which it is of such."""
    after = _named(new)
    return {code: after[name] for name, code in _named(old).items() if name in after and after[name] != code}


def _named(code: CodeType) -> dict[tuple[str, int, int], CodeType]:
    found: dict[tuple[str, int, int], CodeType] = {}
    for each in _walk(code):
        alike = sum(name[:2] == (each.co_qualname, each.co_firstlineno) for name in found)
        found[each.co_qualname, each.co_firstlineno, alike] = each
    return found


def _walk(code: CodeType) -> Iterator[CodeType]:
    """A module's code and all within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _walk(each)
