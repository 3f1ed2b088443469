"""A person's text, made inert where it could be taken for something else.

JSON needs none of this; nor is any of it for a shell, HTML or a commit trailer, where such text never goes.
"""

import re
from collections.abc import Mapping

from jitbot.domain.text.visible import unseen_in

_GAP = "\u200b"  # seen by nobody, and enough to break a word apart
# GitHub finds mentions, references and links in the text that Markdown leaves, so no escape of Markdown's
# stops them: https://github.com/github/cmark-gfm/issues/181
_TRIGGER = re.compile(r"@|#(?=[0-9])|:(?=//)|(?<![a-z0-9])(?:gh-(?=[0-9])|www(?=\.))", re.IGNORECASE)
_LEADING = re.compile(r"\A(?:(?=[-+=#:])|[0-9]+(?=[.)]))")  # would begin a list, heading, rule or table
_MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]~"}
    # A backslash before a pipe is counted differently by different readers of tables.
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
    # https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
    | {"$": "<span>$</span>"}
)
_FORMULA = tuple("=+-@|%＝＋－＠")  # what a spreadsheet takes for the beginning of one
# What one would change: a number or a date in any spelling, a logical value. A whole number of up to 11 digits stays what it
# is, and so does a moment with `T` and `Z`; twelve digits, such as an account id, would become 1.23457E+11.
_NUMBER = re.compile(r"[0-9 .,:/+%()$€£¥'eE–−-]+(?:[ap]\.?m\.?)?|true|false", re.IGNORECASE)
_LOGICAL = ("true", "false")
_MONTH = re.compile(
    r"(?:[0-9]{1,4}[ ./-]*)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?:[ ,./-]*[0-9]{1,4}){0,2}",
    re.IGNORECASE,
)
_KEPT = re.compile(r"0|[1-9][0-9]{0,10}")
_ANNOTATION = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _ANNOTATION | str.maketrans({":": "%3A", ",": "%2C"})


def terminal(text: str) -> str:
    r"""One line in which all that cannot be seen is shown as its escape: `\n`, `\x1b`, `\u202e`.

    Joiners and spaces that are ordinary writing where they stand remain. So no text moves the cursor, changes a colour, begins a line of its own or turns others around. It is
    not rich's markup either: print it as `rich.text.Text`.
    """
    shown = list(text)
    for index, _ in unseen_in(text):
        shown[index] = text[index].encode("unicode_escape").decode("ascii")
    return "".join(shown)


def quoted(text: str, most: int = 40) -> str:
    """A person's text in quotes, as a message cites it: at most so many characters, nothing in it hidden.

    Python's `repr` alone shows some characters as they are that nobody sees, such as U+034F.
    """
    return terminal(repr(str(text) if len(text) <= most else text[:most] + "…"))


def literal(text: str) -> str:
    r"""A name or value as in `terminal`, with all that is not ASCII shown as its escape too: `\u043e`.

    A valid one is ASCII, so no letter of another script passes for one of its own.
    """
    return terminal(text).encode("ascii", "backslashreplace").decode("ascii")


def inert(**texts: str) -> Mapping[str, str]:
    """Named texts, each as in `terminal`: for a page, whose template escapes what HTML would read."""
    return {name: terminal(text) for name, text in texts.items()}


def log(text: str) -> str:
    """One line as in `terminal` that GitHub's runner takes for no workflow command, wherever it is put.

    The runner obeys `::name::` at the start of a line, blanks aside, and its older form `##[name]` anywhere:
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    return re.sub(r"\A( *)::", r"\1: :", terminal(text).replace("##[", "## ["))


def annotation_data(text: str) -> str:
    """The message of a workflow command such as `::error::`; line breaks stay, in the runner's own spelling.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    return terminal(text.translate(_ANNOTATION))


def annotation_property(text: str) -> str:
    """A property of a workflow command, such as `file` or `title`: it can end neither itself nor the command."""
    return terminal(text.translate(_PROPERTY))


def markdown(text: str) -> str:
    """Running text, or the text of a table's cell, that GitHub shows as it is: no mention, reference, link,
    image, HTML, code, mathematics, list or heading comes of it. One line; not for use inside code.

    A commit's id may still become a link to that commit, and `:name:` an emoji.
    """
    shown = _TRIGGER.sub(rf"\g<0>{_GAP}", terminal(text).strip(" ")).translate(_MARKDOWN)
    return _LEADING.sub(r"\g<0>\\", shown)


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, or changes, on one line, with all that does not print made visible.

    An apostrophe before it keeps a spreadsheet from either. Names of months are known in English.
    https://owasp.org/www-community/attacks/CSV_Injection
    https://help.libreoffice.org/latest/en-US/text/shared/00/00000208.html
    """
    shown = terminal(text).replace("##[", "## [")  # a table may be printed in a job's log, too
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) or _is_changed(shown) else shown


def _is_changed(text: str) -> bool:
    """Whether a spreadsheet would show something else than this text."""
    bare = text.strip()
    if not (_NUMBER.fullmatch(bare) or _MONTH.fullmatch(bare)) or _KEPT.fullmatch(text):
        return False
    return bare.lower() in _LOGICAL or any(each.isdigit() for each in bare)
