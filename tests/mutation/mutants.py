"""What a guard, or a statement that is there for its effect, looks like, and the same code without it."""

import ast
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

_NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One module with one of them less. `what` says which, in words; `line` is where it stood."""

    line: int
    what: str
    tree: ast.Module


def places(source: str) -> list[tuple[int, str]]:
    """The line of each mutant, and what it is, without making it."""
    return [(line, what()) for line, what, _ in _places(ast.parse(source))]


def mutant(source: str, number: int) -> Mutant:
    """One of them, counted from 0."""
    tree = ast.parse(source)
    line, what, change = next(itertools.islice(_places(tree), number, None))
    said = what()
    change()
    return Mutant(line=line, what=said, tree=ast.fix_missing_locations(tree))


Place = tuple[int, Callable[[], str], Callable[[], None]]


def _places(tree: ast.Module) -> Iterator[Place]:
    """Each place where something can be taken out, in the order of the walk, with what takes it out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield from _condition(node, "test")
        elif isinstance(node, ast.comprehension):
            for place, _ in enumerate(node.ifs):
                yield (
                    node.ifs[place].lineno,
                    partial(_told, "without the filter `{}`", node.ifs[place]),
                    _set_item(node.ifs, place, True),
                )
        elif isinstance(node, ast.BoolOp):
            neutral = isinstance(node.op, ast.And)
            for place, value in enumerate(node.values):
                yield (
                    value.lineno,
                    partial(_told, "`{}` taken out of `{}`", value, node),
                    _take_out(node.values, place, neutral),
                )
        elif isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                if type(operator) in _NEIGHBOURS:
                    yield (
                        node.lineno,
                        partial(_told, "`{}` with its comparison turned", node),
                        _set_operator(node, place),
                    )
        yield from _statements(node)


def _condition(node: ast.If | ast.While | ast.IfExp, field: str) -> Iterator[Place]:
    condition = getattr(node, field)
    if isinstance(condition, ast.Name) and condition.id == "TYPE_CHECKING":
        return  # no run, and no test, has it true
    for value in (True, False):
        if isinstance(node, ast.While) and value:
            continue  # that never ends, which no test needs to see
        yield (
            condition.lineno,
            partial(_told, f"`{{}}` taken for {value}", condition),
            _set(node, field, value),
        )


def _statements(node: ast.AST) -> Iterator[Place]:
    """A yielded finding, a raised error, a call made for its effect or an addition in place, that does not come."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if not isinstance(block, list):
            continue
        for place, statement in enumerate(block):
            calls = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
            if calls or isinstance(statement, ast.Raise | ast.AugAssign):
                yield (
                    statement.lineno,
                    partial(_told, "without `{}`", statement),
                    _drop(block, place, statement),
                )


def _set(node: ast.AST, field: str, value: bool) -> Callable[[], None]:
    return lambda: setattr(node, field, ast.copy_location(ast.Constant(value), getattr(node, field)))


def _set_item(items: list[ast.expr], place: int, value: bool) -> Callable[[], None]:
    def change() -> None:
        items[place] = ast.copy_location(ast.Constant(value), items[place])

    return change


def _take_out(values: list[ast.expr], place: int, neutral: bool) -> Callable[[], None]:
    """`x or 0` becomes `False or x`, which is what `x` is; `x or False` would still be no None."""

    def change() -> None:
        value = values.pop(place)
        values.insert(0, ast.copy_location(ast.Constant(neutral), value))

    return change


def _set_operator(node: ast.Compare, place: int) -> Callable[[], None]:
    def change() -> None:
        node.ops[place] = _NEIGHBOURS[type(node.ops[place])]()

    return change


def _drop(block: list[ast.stmt], place: int, statement: ast.stmt) -> Callable[[], None]:
    """It stays where nothing runs it: a generator is one without its yield, and a function's variables are the same."""

    def change() -> None:
        never = ast.If(ast.copy_location(ast.Constant(False), statement), [statement], [])
        block[place] = ast.copy_location(never, statement)

    return change


def _told(sentence: str, *nodes: ast.AST) -> str:
    return sentence.format(*map(_said, nodes))


def _said(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 90 else f"{text[:87]}…"
