"""The shape of the house: who may import whom, how long things are, and what is not written at all."""

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import jitbot

HOUSE = Path(jitbot.__file__).parent
MODULES = {
    ".".join(("jitbot", *path.relative_to(HOUSE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(HOUSE.rglob("*.py"))
}
PARTS = (
    "catalogs",
    "domain",
    "ports",
    "usecases",
    "adapters",
    "terminal",
    "wiring",
    "commands",
    "sandbox",
    "cli",
)
MAY_IMPORT = {
    "catalogs": set(),
    "domain": {"catalogs", "domain"},
    "ports": {"domain", "ports"},
    "usecases": {"catalogs", "domain", "ports", "usecases"},
    "adapters": {"catalogs", "domain", "ports"},
    "terminal": {"domain", "ports", "usecases", "adapters", "terminal"},
    "wiring": {"domain", "ports", "usecases", "adapters", "terminal", "wiring"},
    "commands": {"domain", "ports", "usecases", "adapters", "terminal", "wiring", "commands", "sandbox"},
    "sandbox": {"domain", "sandbox", "adapters"},
    "cli": {"domain", "terminal", "commands", "cli"},
}
# Each folder imports from itself and from those before it.
ORDER = (
    "domain.text",
    "domain.model",
    "domain.aws",
    "domain.ledger",
    "domain.access.approvals",
    "domain.access",
    "domain.usage",
    "domain.enforce",
    "domain.views",
    "domain.notifications",
    "domain.request",
    "domain.setup",
    "domain.access_review",
    "domain.rule_effects",
    "domain.imports",
    "domain.audit.history",
    "domain.audit.protection",
    "domain.audit.verify",
    "domain.audit.report",
    "ports",
    "usecases.context",
    "usecases.read_back",
    "usecases.ledger",
    "usecases.collect",
    "usecases.decide",
    "usecases.apply",
    "usecases.issues",
    "usecases.pull_request",
    "usecases.request",
    "usecases.imports",
    "usecases.runs",
    "usecases.usage",
    "usecases.audit",
    "usecases.setup",
)
MOST_IN_A_FOLDER = 14
# What the embedded GitHub and AWS keep is GitHub's and AWS's own: the same things as the ports and the domain name.
EMBEDDED_TOO = {"Caller", "Comment", "Dismissal", "Issue", "Review", "Session", "Status"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """A module, parsed once."""
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def imports(module: str) -> tuple[str, ...]:
    """Every module that a module imports, whole, wherever in it; `from x import y` gives both x and x.y."""
    found: list[str] = []
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found += (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))
    return tuple(found)


def own_imports(module: str) -> set[str]:
    """The modules of jitbot that a module imports; the package itself only where no part of it is named."""
    return {name for name in imports(module) if name in MODULES and name != "jitbot"}


def part(module: str) -> str:
    """The part of the house a module lies in; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def place(module: str) -> int | None:
    """The place in `ORDER` of the folder that a module lies in."""
    found = [each for each in ORDER if f"{module}.".startswith(f"jitbot.{each}.")]
    return ORDER.index(max(found, key=len)) if found else None


def home(module: str) -> str:
    """An adapter and its own package: the first three names."""
    return ".".join(module.split(".")[:3])


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a module with its length in lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_is_a_house() -> None:
    """The tests below look at real modules of every part, so that none of them passes on nothing."""
    assert set(PARTS) <= {part(module) for module in MODULES}
    assert {place(module) for module in MODULES} >= set(range(len(ORDER)))
    assert "jitbot.domain.model.documents" in own_imports("jitbot.domain.aws.iam")


@pytest.mark.parametrize("module", [module for module in MODULES if part(module) in PARTS])
def test_arrows_point_inwards(module: str) -> None:
    """A module imports only from the parts that its own may know; an adapter never another adapter."""
    for imported in own_imports(module):
        beside = home(imported) == home(module)
        assert beside or part(imported) in MAY_IMPORT[part(module)], f"{module} imports {imported}"


@pytest.mark.parametrize(
    "module",
    [module for module in MODULES if home(module) in {"jitbot.sandbox.aws", "jitbot.sandbox.github"}],
)
def test_the_embedded_servers_stand_alone(module: str) -> None:
    """The embedded GitHub and AWS share no code with the adapters that are tested against them."""
    assert {part(imported) for imported in own_imports(module)} <= {"domain", "sandbox"}


@pytest.mark.parametrize("module", [module for module in MODULES if place(module) is not None])
def test_a_folder_imports_only_those_before_it(module: str) -> None:
    """The folders of the domain and of the use cases stand in an order, and no arrow runs against it."""
    for imported in own_imports(module):
        assert (place(imported) or 0) <= (place(module) or 0), f"{module} imports {imported}"


def test_every_folder_has_its_place() -> None:
    """No module of the domain, the ports or the use cases lies outside the order of folders."""
    inside = {m for m, path in MODULES.items() if part(m) in {"domain", "ports", "usecases"}}
    packages = {m for m in inside if MODULES[m].name == "__init__.py"}
    assert {m for m in inside - packages if place(m) is None} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if part(module) == "ports"])
def test_the_ports_are_protocols(module: str) -> None:
    """A port says what is asked of a neighbour; what is answered is a value of the domain."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.ClassDef):
            assert "Protocol" in {ast.unparse(base) for base in node.bases}, f"{module}: {node.name}"


def test_nothing_is_imported_in_a_circle() -> None:
    """No module imports itself by way of others, wherever in a module the import stands."""
    alone = {module for module, path in MODULES.items() if path.name != "__init__.py"}
    TopologicalSorter({module: own_imports(module) & (alone - {module}) for module in alone}).prepare()


def test_the_top_level_has_the_agreed_names() -> None:
    """A stranger sees README first, and few names beside what begins with a dot."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=HOUSE.parent, capture_output=True, text=True, check=True).stdout
    top = {name.partition("/")[0] for name in files.split("\0") if (HOUSE.parent / name).is_file()}
    agreed = {"LICENSE", "README.md", "jitbot", "policies", "pyproject.toml", "requests", "tests", "uv.lock"}
    assert {name for name in top if not name.startswith(".")} == agreed


def test_no_folder_is_crowded() -> None:
    """A folder holds about a dozen modules, tests and their helpers included; subfolders are counted apart."""
    files = [*MODULES.values(), *Path(__file__).parent.rglob("*.py")]
    crowds = Counter(path.parent for path in files if path.name not in {"__init__.py", "conftest.py"})
    judge = (
        Path(__file__).parent / "judge"
    )  # one attack on one evaluator: its attempts and its questions belong together
    crowded = {str(folder): n for folder, n in crowds.items() if n > MOST_IN_A_FOLDER and folder != judge}
    assert crowded == {}


def test_a_class_name_has_one_meaning() -> None:
    """No two classes have the same name, but for GitHub's and AWS's own objects in the embedded ones."""
    named = defaultdict(set)
    for module, path in MODULES.items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named[node.name].add(module)
    assert {name: where for name, where in named.items() if len(where) > 1 and name not in EMBEDDED_TOO} == {}


def test_there_is_no_part_without_a_rule() -> None:
    """Every module lies in a part of which the arrows are known."""
    assert {part(module) for module in MODULES} - {"", "__main__"} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if part(module) == "domain"])
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


@pytest.mark.parametrize("module", [module for module in MODULES if part(module) in {"ports", "usecases"}])
def test_the_use_cases_know_no_vendor(module: str) -> None:
    """The use cases import nothing but the standard library, the domain and each other."""
    tops = {imported.partition(".")[0] for imported in imports(module)}
    assert tops <= sys.stdlib_module_names | {"jitbot"}


def test_only_the_entry_knows_the_command_line() -> None:
    """Nothing imports `jitbot.cli` but the package's own entry."""
    importers = {module for module in MODULES if any(part(name) == "cli" for name in own_imports(module))}
    assert importers <= {module for module in MODULES if part(module) in {"cli", "__main__"}}


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


@pytest.mark.parametrize(
    "module", [module for module in MODULES if part(module) in {"domain", "ports", "usecases"}]
)
def test_nothing_inside_reads_a_clock(module: str) -> None:
    """The domain and the use cases are told the time; they never look."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"{module}:{node.lineno} reads a clock"


def at_once(module: str) -> set[str]:
    """Every module that is imported while this one is: outside functions, and not for types alone."""
    found: set[str] = set()
    left: list[ast.AST] = list(tree(MODULES[module]).body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update((node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            left += node.orelse
        elif not isinstance(node, Function | ast.Lambda):
            left += ast.iter_child_nodes(node)
    return found


def loaded_with(module: str) -> set[str]:
    """The modules that are imported with this one, by whatever way, with the packages that they lie in."""
    found, left = set[str](), {module}
    while left:
        name = left.pop()
        found.add(name)
        packages = {name.rpartition(".")[0]} - {""}
        left |= (packages | (at_once(name) if name in MODULES else set())) - found
    return found


def test_the_command_line_starts_without_the_vendors() -> None:
    """What the verbs and their options are is known without any library but click, so that `jitbot --help` is instant."""
    verbs = {module for module in MODULES if module.endswith(".verbs")}
    assert len(verbs) > 5
    found = set().union(*(loaded_with(module) for module in ("jitbot.cli", *verbs)))
    tops = {name.partition(".")[0] for name in found} - sys.stdlib_module_names
    assert tops == {"jitbot", "click"}
    assert {part(name) for name in found}.isdisjoint({"adapters", "ports", "sandbox", "usecases", "wiring"})


@pytest.mark.parametrize("verb", ["grant", "sweep", "revoke"])
def test_a_run_loads_nothing_that_judges_open_pull_requests(verb: str) -> None:
    """A person waits for every module that a grant loads. What open requests and changed rules need, `comment` loads."""
    found = loaded_with(f"jitbot.commands.ci.{verb}")
    assert "jitbot.usecases.runs.announce" in found
    judges = {
        "usecases.pull_request.commenting",
        "domain.rule_effects",
        "domain.access_review",
        "domain.request.closing",
    }
    assert {f"jitbot.{name}" for name in judges}.isdisjoint(found)
