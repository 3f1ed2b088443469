"""What people type, as it is written; tests/proofs/docs types it."""

import re

from made import DOCS
from typed import COOKBOOK, README, blocks, lines_of_git, queries, tour

ROOT = DOCS.parents[1]
_PREPARED = 1  # the cookbook's first block prepares the clone: it has no answer
SHORT = re.compile(
    r"(?<!refs/remotes/)\borigin/(?:ledger|main)\b|\bgit (?:log|show|diff|checkout)[^`]* (?:ledger|main)\b|`git [^`]*\[:10\]"
)


def test_credentials_come_after_few_commands_and_words() -> None:
    """Install, start the sandbox, the line that it prints, ask, approve, look, use: and the reader has read so much."""
    text = README.read_text("utf-8")
    (use, *_) = [line for line in tour() if " exec " in line]
    install = blocks(text.partition("\n## ")[0])
    assert len(install) + len(tour()[: tour().index(use)]) + len(("the line that is printed", use)) == 7
    assert len(text.partition(use)[0].split()) <= 450


def test_every_command_has_its_answer() -> None:
    """Each block that is typed is followed by what it prints, except those that prepare the clone."""
    typed = re.findall(r"^```(?:sh|git)\n", COOKBOOK.read_text("utf-8"), re.MULTILINE)
    assert len(queries()) == len(typed) - _PREPARED > 15


def test_there_are_two_lines_of_git() -> None:
    """The section is there, with as many questions as it promises, each with its line."""
    assert len(lines_of_git()) == 2


def test_nothing_that_we_ship_names_a_branch_in_short() -> None:
    """No text, template or code of ours says origin/ledger, or a short commit to git: git takes a tag of that name first."""
    shipped = [ROOT / "README.md", *(ROOT / ".github").rglob("*"), *(ROOT / "jitbot").rglob("*")]
    texts = {
        file: file.read_text("utf-8", "replace")
        for file in shipped
        if file.is_file()
        and file.suffix in {".md", ".py", ".js", ".html", ".yml", ".yaml", ".json", ".css", ""}
    }
    said = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file, text in texts.items()
        for line in text.splitlines()
        if SHORT.search(line) and "called origin/ledger" not in line and "called `origin/ledger`" not in line
    ]
    assert said == []
    assert len(texts) > 200
