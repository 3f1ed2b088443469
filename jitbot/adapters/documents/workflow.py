"""A workflow file, or an action's, as GitHub reads it: any YAML, with anchors, braces, quotes and escapes.

What is looked for in it is looked for in what YAML makes of the text: `"us\\x65s": …` is a use like any other.
"""

from collections.abc import Iterator

import yaml

from jitbot.domain.model.documents import WORKFLOW_ENDS, Source, WorkflowFile

MAX_BYTES = 64 * 1024  # ours have some 4 KiB
MAX_DEPTH = 32  # the parser takes longer for each sign, the deeper it is
_USES = "uses"


def parse_workflow(source: Source) -> WorkflowFile:
    """Read it by its events: nothing is made of it, so no alias costs more than its bytes."""
    text = source.content.decode("utf-8", errors="replace")
    if not source.path.endswith(WORKFLOW_ENDS):
        return _as_text(text)
    if len(source.content) > MAX_BYTES:
        return _as_text(text, unread=f"has more than {MAX_BYTES} bytes")
    try:
        pairs = tuple(_pairs(text))
    except (yaml.YAMLError, ValueError):  # ValueError: "\\U00110000", which is no character
        return _as_text(text, unread="cannot be read as YAML")
    uses = tuple(value for key, value in pairs if key.casefold() == _USES)
    return WorkflowFile(text=text, scalars=tuple(value for _, value in pairs), uses=uses)


def _as_text(text: str, unread: str = "") -> WorkflowFile:
    return WorkflowFile(text=text, scalars=(text,), uses=(), unread=unread)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Every scalar with the key that it is under; a key itself, and what lies in a list, are under none."""
    anchors: dict[str, str] = {}
    # For each mapping: the key whose value comes, None where a key comes; a list is empty.
    open_ones: list[list[str | None]] = []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            open_ones.pop()
        elif isinstance(event, yaml.NodeEvent):
            inner = open_ones[-1] if open_ones else []
            key = inner[0] if inner else None
            if isinstance(event, yaml.ScalarEvent):
                value = str(event.value)
                anchors[event.anchor or ""] = value
            else:  # what an alias of a list or a mapping stands for was read where it has its name
                value = anchors.get(str(event.anchor), "") if isinstance(event, yaml.AliasEvent) else ""
            if inner:
                inner[0] = value if key is None else None
            if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                yield key or "", value
            else:
                if len(open_ones) == MAX_DEPTH:
                    raise ValueError("deeper than anything that runs")
                open_ones.append([None] if isinstance(event, yaml.MappingStartEvent) else [])
