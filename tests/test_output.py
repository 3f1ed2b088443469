"""What is printed: every text that is not our own passes through `escape`, or is on a list that says why it need not.

Read from the source, so that a new line of output cannot forget it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jitbot

HOUSE = Path(jitbot.__file__).parent
MODULES = {
    path.relative_to(HOUSE).as_posix(): path
    for folder in ("commands", "terminal", "wiring")
    for path in (*sorted((HOUSE / folder).rglob("*.py")), HOUSE / "cli.py")
}
# What these give is one inert line, or a number, or a time: of no use to whoever wants to write something else.
INERT = {
    "escape.log", "escape.terminal", "folded", "prompts.folded", "_below", "json_text", "_annotation", "_line", "_lines",
    "_inert_lines", "_when", "counted", "len", "many", "timestamp.show", "duration.show",
}  # fmt: skip
# What may be printed as it is, by module, and why it says nothing but what we say, or whoever runs it.
ALLOWED = {
    "commands/audit/export.py": {"invocation.folder / output", "sum(map(len, files.values())) / 1000000"},
    "commands/audit/log.py": {
        "written.getvalue()",  # CSV, of cells that passed through `escape.cell`
        "history.passed_over",  # numbers
        "history.commits",
    },
    "commands/audit/report.py": {
        "invocation.folder / (output or f'jitbot-report-{start:%Y%m%d}-{last:%Y%m%d}.html')",
        "len(text.encode()) / 1000000",
    },
    "commands/audit/sessions.py": {"count", "denied"},  # numbers
    "commands/audit/verify.py": {
        "len(verdict.problems) - _SHOWN",
        "place",  # made of an escaped event and a commit's id, in the line before
        "problem.code",
        "sign",
        "verdict.head",
        "verdict.main",
        "verdict.in_words",
    },
    "commands/setup/bootstrap.py": {  # made of settings.yaml and accounts.yaml as their schemas let them be
        "_ROLL_OUT.format(settings.namespace, accounts, region)",
        "_OWNER_ID_MISSING.format(owner=settings.repository.partition('/')[0])",
        "settings.repository.partition('/')[0]",
        "str(options.owner_id)",
        "shlex.join(chosen)",
        "_yaml(template)",
        "json.dumps(template, indent=2)",
        "_terraform(root, settings, options, region)",
    },
    "commands/ci/comment.py": {"each.body", "each.number"},  # Markdown, inert by `test_comment`, and a number
    "commands/setup/completion.py": {"found.source_template % script.source_vars()"},  # click's own script
    "commands/use/console.py": {
        "console_links.federated(session, endpoint=invocation.environ.get('JITBOT_SIGNIN_URL'))",
    },  # a secret link: quoted, and of no use changed
    "terminal/prompts.py": {"number"},
    "commands/setup/doctor.py": {
        "', '.join((f'{count(found, verdict)} {verdict}' for verdict in CheckVerdict))",
        "text",
    },
    "commands/use/assume_role.py": {"pause"},  # a number of seconds
    "commands/approve/explain.py": {
        "text"
    },  # whoever calls `_line` made it inert: by `escape`, or in the voice TERMINAL
    "commands/tryout/sandbox.py": {  # the sandbox's own addresses, people and files, for a shell
        "_names(acme)",
        "acme.github.api_url",
        "acme.github.url",
        "acme.repository",
        "shlex.quote(str(file))",
        "login",
    },
    "commands/request/status.py": {"seen.more", "each.number"},  # numbers
    "terminal/output.py": {  # codes, verdicts, marks and numbers of ours
        "finding.code",
        "finding.line",
        "mark",
        "each.decision.verdict",
        "nothing",
    },
}


def printed(module: str) -> Iterator[tuple[ast.FunctionDef, ast.expr]]:
    """What each function of a module prints: the first argument of every echo."""
    for function in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.echo" and node.args:
                    yield function, node.args[0]


def loose(value: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """The parts of an expression that might hold a text of somebody else's."""
    match value:
        case ast.Constant():
            return
        case ast.JoinedStr():
            parts = [each for each in value.values if isinstance(each, ast.FormattedValue)]
            for part in parts:
                if not (part.format_spec and ast.unparse(part.format_spec).strip("f'\"")[-1:] in set("dfx,")):
                    yield from loose(part.value, function)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from loose(left, function)
            yield from loose(right, function)
        case ast.IfExp(body=body, orelse=other):
            yield from loose(body, function)
            yield from loose(other, function)
        case ast.Call(func=called, args=[first, *_]) if ast.unparse(called) == "click.style":
            yield from loose(first, function)
        case ast.Call(func=called) if ast.unparse(called) in INERT:
            return
        case ast.Name(id=name) if assigned := list(assignments(name, function)):
            for each in assigned:
                yield from loose(each, function)
        case ast.Name(id=name) if name.isupper():
            return  # a text of ours, written at the top of its module
        case _:
            yield ast.unparse(value)


def assignments(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function gives a name; nothing if it is a parameter, or comes from a loop."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(to, ast.Name) and to.id == name for to in node.targets
        ):
            yield node.value


@pytest.mark.parametrize("module", MODULES)
def test_no_text_of_somebody_else_is_printed_as_it_is(module: str) -> None:
    """A line break, a colour, a turned word or a workflow command in it would be obeyed, not shown."""
    for function, value in printed(module):
        found = set(loose(value, function)) - ALLOWED.get(module, set())
        assert found == set(), f"{module}:{value.lineno} prints {found} as it is: see escape.log"


def test_the_list_is_no_longer_than_it_must_be() -> None:
    """What is allowed is really printed, so nothing stays on the list by mistake."""
    for module, allowed in ALLOWED.items():
        seen = {each for function, value in printed(module) for each in loose(value, function)}
        assert allowed <= seen, module


REPR = {
    "domain/model/owners.py": "a key to compare by, shown to nobody",
    "domain/setup/doctor/role_permissions.py": "likewise",
    "domain/setup/cloudformation.py": "for whoever changes the template",
    "domain/text/escape.py": "`quoted` itself",
}


def test_the_domain_quotes_what_people_wrote_in_one_way() -> None:
    """By `escape.quoted`: `repr` shows characters that nobody sees. What is on the list needs it."""
    found = set()
    for path in sorted((HOUSE / "domain").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "repr"
            if called or (isinstance(node, ast.FormattedValue) and node.conversion == ord("r")):
                found.add(path.relative_to(HOUSE).as_posix())
    assert found == set(REPR)


def test_there_is_one_way_to_say_what_is_done() -> None:
    """Each world and each command that tells of its progress does it by `progress`, which makes it inert."""
    given = [
        ast.unparse(keyword.value)
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "say"
    ]
    assert given
    assert set(given) == {"progress"}


_BY_A_RUN = re.compile(r"(?<!run of )`jitbot (revoke|stop)\b")


def told(path: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings, or the text of a catalog."""
    if path.suffix != ".py":
        yield path.read_text(encoding="utf-8")
        return
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_people_are_told_to_type_what_they_can() -> None:
    """On a person's machine `release` ends an access, by starting the workflow in which `revoke` runs."""
    texts = [*HOUSE.rglob("*.py"), *(HOUSE / "catalogs").rglob("*.md")]
    runs = {HOUSE / "commands/ci", HOUSE / "sandbox"}
    found = [
        f"{path.relative_to(HOUSE)}: {text}"
        for path in texts
        if not runs & set(path.parents)
        for text in told(path)
        if _BY_A_RUN.search(text)
    ]
    assert found == []
    assert any("`jitbot release" in text for path in texts for text in told(path))


def test_the_reader_of_the_source_sees_what_is_loose() -> None:
    """The judge of the tests above finds each of these."""
    source = "def f(x, y):\n    z = x\n    click.echo({})\n"
    for text in (
        "x",
        "f'a {x}'",
        "'a' + x",
        "z",
        "click.style(x)",
        "str(x)",
        "f'{escape.log(y)} {x!r}'",
        "x if y else ''",
    ):
        function = ast.parse(source.format(text)).body[0]
        assert isinstance(function, ast.FunctionDef)
        call = function.body[-1]
        assert isinstance(call, ast.Expr)
        assert isinstance(call.value, ast.Call)
        assert list(loose(call.value.args[0], function)), text
