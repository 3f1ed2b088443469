"""What the README and the cookbook have people type."""

import re

from made import DOCS

README, COOKBOOK = DOCS.parents[1] / "README.md", DOCS / "cookbook.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_QUERY = re.compile(r"^```(?:sh|git)\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GIT = re.compile(r"^([^\n]+):\n\n```git\n([^\n]+)\n```$", re.MULTILINE)


def blocks(text: str) -> list[str]:
    """Each block of commands of a page, or of a part of one."""
    return _BLOCK.findall(text)


def tour() -> list[str]:
    """The lines of the README's five minutes, in their order."""
    section = README.read_text("utf-8").partition("\n## Five minutes\n")[2].partition("\n## ")[0]
    return [line for block in blocks(section) for line in block.splitlines()]


def queries() -> list[tuple[str, str]]:
    """Each command of the cookbook with the answer below it."""
    return _QUERY.findall(COOKBOOK.read_text("utf-8"))


def lines_of_git() -> dict[str, str]:
    """Each line of git in the cookbook's section, by the sentence above it."""
    section = COOKBOOK.read_text("utf-8").partition("## With git alone")[2].partition("\n## ")[0]
    return dict(_GIT.findall(section))
