"""What a workflow uses and mentions, in whichever of YAML's ways it is written."""

import time

import pytest

from jitbot.adapters import documents
from jitbot.adapters.documents.workflow import MAX_BYTES, MAX_DEPTH
from jitbot.domain.model.documents import Source, WorkflowFile

REF = "actions/checkout@v7"


def read(text: str | bytes) -> WorkflowFile:
    """A workflow of these bytes."""
    content = text.encode() if isinstance(text, str) else text
    return documents.parse_workflow(Source(path=".github/workflows/a.yml", content=content))


@pytest.mark.parametrize(
    "text",
    [
        f"- uses: {REF}",
        f"- uses: '{REF}'  # the newest",
        f'- "uses": "{REF}"',
        f"- uses : {REF}",
        f"- Uses: {REF}",
        f"- uses:  # the newest\n    {REF}",
        f"- uses: >-\n    {REF}",
        f"- {{name: x, uses: {REF}}}",
        f"steps: [{{uses: {REF}}}]",
        f"steps: [uses: {REF}]",
        f"- &step\n  uses: {REF}",
        f"- &step uses: {REF}",
        f"- ? uses\n  : {REF}",
        f"- ? {{a: b}}\n  : x\n  uses: {REF}",
        f"- ? [uses]\n  : x\n  uses: {REF}",
        f'- "us\\x65s": {REF}',
        '- uses: "actions/checkout\\u0040v7"',
        f"- !!str uses: !!str {REF}",
        f"name: &key uses\njobs:\n- *key : {REF}",
        f"env: &what {REF}\njobs:\n- uses: *what",
        f"a: 1\n---\n- uses: {REF}",
        f"- with: {{a: b}}\n  env: [c]\n  uses: {REF}\n  id: d",
    ],
)
def test_each_way_to_write_a_use(text: str) -> None:
    """As GitHub reads it."""
    found = read(text)
    assert (found.uses, found.unread) == ((REF,), "")


@pytest.mark.parametrize(
    "text",
    [
        f"# uses: {REF}",
        f"name: 'uses: {REF}'",
        f"run: |\n  uses: {REF}",
        f"with: [uses, {REF}]",
        f"uses_: {REF}",
        f"{REF}: uses",
        "",
    ],
)
def test_what_is_no_use(text: str) -> None:
    """A comment, a text, an item of a list, another key."""
    assert read(text) == WorkflowFile(text=text, scalars=read(text).scalars, uses=())


@pytest.mark.parametrize("name", ["own/main.js", "own/README.md", "own/action.yml.txt", "own/run"])
@pytest.mark.parametrize("text", [f"- uses: {REF}", "const x = {a: [1", "#" * (MAX_BYTES + 1)])
def test_a_file_that_is_no_yaml_uses_nothing(name: str, text: str) -> None:
    """GitHub looks for no action in a script or a page beside an action's file; whatever is in it, it is read."""
    found = documents.parse_workflow(Source(path=f".github/actions/{name}", content=text.encode()))
    assert found == WorkflowFile(text=text, scalars=(text,), uses=())


def test_an_anchor_that_is_used_twice_is_read_where_it_has_its_name() -> None:
    """A mapping that stands in many places costs no more than its bytes, however often its aliases multiply it."""
    lines = [f"a0: &a0 {{uses: {REF}}}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert read("\n".join(lines)).uses == (REF,)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"- {{uses: {REF}", "cannot be read as YAML"),
        (f"- uses: {REF}\n\t- x", "cannot be read as YAML"),
        (f'- uses: {REF}\n- "\\U00110000"', "cannot be read as YAML"),
        (f"- uses: {REF}\n- \x01", "cannot be read as YAML"),
        ("- uses: *nobody", ""),
        ("#" * MAX_BYTES, ""),
        ("#" * MAX_BYTES + "#", f"has more than {MAX_BYTES} bytes"),
        ("[" * MAX_BYTES, "cannot be read as YAML"),
        ("- " * (MAX_BYTES // 2), "cannot be read as YAML"),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, ""),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "cannot be read as YAML"),
    ],
)
def test_what_cannot_be_read_says_why(content: str, why: str) -> None:
    """Then it is one text, in which words are found as they are written."""
    found = read(content)
    assert found.unread == why
    if why:
        assert (found.scalars, found.uses) == ((content,), ())


@pytest.mark.parametrize("part", ["[],", "{a: b}, ", "&a b, ", "a: b\n", "- a\n", "'a', "])
def test_no_workflow_keeps_the_parser_busy(part: str) -> None:
    """The densest of what may be read is read in some seconds of a slow machine."""
    many = part * (MAX_BYTES // len(part) - 1)
    began = time.process_time()
    read(many if part.endswith("\n") else f"[{many}]")
    assert time.process_time() - began < 8


def test_bytes_that_are_no_utf8_are_read() -> None:
    """What is a use in them is one."""
    assert read(b"- name: \xff\n  uses: a/b@v1").uses == ("a/b@v1",)


def test_a_word_counts_as_github_reads_it() -> None:
    """In no comment, and with escapes: so a permission in a comment does not hide the real one that comes."""
    old, new = "permissions: {}  # id-token", 'permissions: {"id\\x2dtoken": write}'
    assert [read(each).mentions("id-token") for each in (old, new)] == [0, 1]
    assert read("id-token: [id-token, {").mentions("id-token") == 2
