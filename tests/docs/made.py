"""What the pages say of the code is made from the code: between two marks of a page, by the part that they name.

    <!-- made: commands -->
    …
    <!-- end -->

`python tests/docs` writes all of it anew; test_made.py compares.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import capacity_page
import commands_page
import comments_page
import files_page
import record_page
import setups_page

DOCS = Path(__file__).parents[2] / ".github/docs"
PARTS: Mapping[str, Callable[[], str]] = {
    "verbs": commands_page.verbs,
    "commands": commands_page.commands,
    "for-machines": commands_page.for_machines,
    "files": files_page.files,
    "exit-codes": record_page.exit_codes,
    "events": record_page.events,
    "ends": record_page.ends,
    "sentences": record_page.sentences,
    "trailers": record_page.trailers,
    "log-columns": record_page.log_columns,
    "controls": record_page.controls,
    "comments": comments_page.comments,
    **setups_page.PARTS,
    **capacity_page.PARTS,
}
_PART = re.compile(r"(?<=^<!-- made: )([a-z-]+)( -->\n)(.*?)(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """The pages that have a part which is made."""
    return [page for page in sorted(DOCS.rglob("*.md")) if _PART.search(page.read_text("utf-8"))]


def names(text: str) -> list[str]:
    """The parts that a page has, in their order."""
    return [name for name, *_ in _PART.findall(text)]


def written(text: str) -> str:
    """A page with its parts as the code gives them now."""
    return _PART.sub(lambda found: f"{found[1]}{found[2]}\n{PARTS[found[1]]().strip()}\n\n", text)
