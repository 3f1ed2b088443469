"""The shape of the house: who may import whom, how long things are, and what is not written at all."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import jitbot

HOUSE = Path(jitbot.__file__).parent
MODULES = {
    ".".join(("jitbot", *path.relative_to(HOUSE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(HOUSE.rglob("*.py"))
}
ROOMS = ("catalogs", "domain", "lifecycle", "adapters", "commands", "sandbox", "cli")
MAY_IMPORT = {
    "catalogs": {"catalogs"},
    "domain": {"catalogs", "domain"},
    "lifecycle": {"catalogs", "domain", "lifecycle"},
    "adapters": {"catalogs", "domain"},
    "commands": {"domain", "lifecycle", "adapters", "commands", "sandbox"},
    "sandbox": {"domain", "sandbox", "adapters"},
    "cli": {"domain", "lifecycle", "adapters", "commands", "sandbox", "cli"},
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(module: str) -> Iterator[str]:
    """Every module that a module imports, whole, wherever in it; `from x import y` gives both x and x.y."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: str) -> set[str]:
    """The modules of jitbot that a module imports; the package itself only where no part of it is named."""
    return {name for name in imports(module) if name in MODULES and name != "jitbot"}


def room(module: str) -> str:
    """The part of the house a module lies in; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def home(module: str) -> str:
    """An adapter and its own package: the first three names."""
    return ".".join(module.split(".")[:3])


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a module with its length in lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_is_a_house() -> None:
    """The tests below look at real modules of every room, so that none of them passes on nothing."""
    assert {"domain", "lifecycle", "adapters", "sandbox"} <= {room(module) for module in MODULES}
    assert "jitbot.domain.model.documents" in own_imports("jitbot.domain.aws.iam")


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in ROOMS])
def test_arrows_point_inwards(module: str) -> None:
    """A module imports only from the rooms that its own may know; an adapter never another adapter."""
    for imported in own_imports(module):
        beside = home(imported) == home(module)
        assert beside or room(imported) in MAY_IMPORT[room(module)], f"{module} imports {imported}"


@pytest.mark.parametrize(
    "module",
    [module for module in MODULES if home(module) in {"jitbot.sandbox.aws", "jitbot.sandbox.github"}],
)
def test_the_embedded_servers_stand_alone(module: str) -> None:
    """The embedded GitHub and AWS share no code with the adapters that are tested against them."""
    assert {room(imported) for imported in own_imports(module)} <= {"domain", "sandbox"}


def test_there_is_no_room_without_a_rule() -> None:
    """Every module lies in a room of which the arrows are known."""
    assert {room(module) for module in MODULES} - {"", "__main__"} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "domain"])
def test_the_domain_stands_alone(module: str) -> None:
    """The domain imports the standard library and itself, and of the package the version and the catalogs alone.

    The catalogs are constants that the package is shipped with: reading them asks nothing of the world.
    """
    for imported in imports(module):
        top = imported.partition(".")[0]
        known = imported in {"jitbot", "jitbot.__version__", "jitbot.catalogs"} or imported.startswith(
            "jitbot.domain"
        )
        assert top in sys.stdlib_module_names or known, f"{module} imports {imported}"


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) == "lifecycle"])
def test_the_use_cases_know_no_vendor(module: str) -> None:
    """The use cases import nothing but the standard library, the domain and each other."""
    tops = {imported.partition(".")[0] for imported in imports(module)}
    assert tops <= sys.stdlib_module_names | {"jitbot"}


def test_only_the_entry_knows_the_command_line() -> None:
    """Nothing imports `jitbot.cli` but the package's own entry."""
    importers = {module for module in MODULES if any(room(name) == "cli" for name in own_imports(module))}
    assert importers <= {module for module in MODULES if room(module) in {"cli", "__main__"}}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_long(module: str) -> None:
    """No module has more than 400 lines."""
    lines = MODULES[module].read_text("utf-8").count("\n")
    assert lines <= 400


def test_functions_are_short() -> None:
    """Nine functions in ten have fewer than 25 lines, and none has more than 50."""
    lengths = dict(each for path in MODULES.values() for each in functions(path))
    assert {name: length for name, length in lengths.items() if length > 50} == {}
    assert sum(length < 25 for length in lengths.values()) >= 0.9 * len(lengths)


@pytest.mark.parametrize("module", MODULES)
def test_no_exception_is_caught_blindly(module: str) -> None:
    """Nothing swallows everything: what clears up after any error raises it again."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.ExceptHandler):
            caught = {
                each.id
                for each in ast.walk(node.type or ast.Name("BaseException"))
                if isinstance(each, ast.Name)
            }
            assert "Exception" not in caught, f"{module}:{node.lineno} catches everything"
            last = node.body[-1]
            again = isinstance(last, ast.Raise) and last.exc is None
            assert again or "BaseException" not in caught, f"{module}:{node.lineno} swallows everything"


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in {"domain", "lifecycle"}])
def test_nothing_inside_reads_a_clock(module: str) -> None:
    """The domain and the use cases are told the time; they never look."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"{module}:{node.lineno} reads a clock"


def test_the_command_line_starts_without_the_vendors() -> None:
    """Importing the command line imports no vendor's library, so that `jitbot --help` is instant."""
    assert find_spec("jitbot.cli") is not None, "there is no jitbot.cli to start"
    heavy = ("boto3", "botocore", "github", "jsonschema", "yaml", "rich", "jinja2")
    program = f"import sys, jitbot.cli; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")
