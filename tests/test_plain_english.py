"""The words that people read: phrases that readers of English as a second language misread are retired, everywhere.

Read are the pages, the templates, the catalogs, the schemas, and every docstring, comment and text of the code.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from source_tokens import tokens

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", ".github", "jitbot", "policies", "requests", "tests/mutation/survivors.md")
TEXTS = {".md", ".toml", ".json", ".html", ".js", ".yml", ".yaml"}
# Each as a pattern, and what is written instead.
RETIRED = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(is|are) missed (by|and|;|\.)": "is detected, or is not seen: say which",
    r"\bstands? as it is\b|\bdoes not stand\b(?! in)": "verification failed",
    r"\bmiss(es)? out loud\b|\bmissed out loud\b": "the run fails",
    r"\bin so many words\b": "explicitly",
    r"\bso to speak\b|\bas it were\b": "leave it out",
    r"\bshall it be so\b": "ask what will be done",
    r"\b(is|are) not to be had\b|\bnot to be had\b": "cannot be read",
    r"\ba no and no answer\b": "a refusal and no answer",
    r"\bas good as (not there|missing)\b": "treated as missing",
    r"\bnot a whit\b|\bby and by\b|\bof old\b": "plain words",
    r"\btells?\b|\btold\b": "show, report, list, answer, distinguish: say which",
    r"\bnobody (can|could) tell\b|\bcannot be told\b": "is unknown",
    r"\b(none|one|event|batch|batches|nothing|something|word|words|label|role) of ours\b": "jitbot's own",
    r"\bbut for\b": "except",
    r"\ba no\b|\ba yes\b": 'a refusal, an approval, "no", "yes"',
    r"\bdebts?\b|\bowes\b|\bowed\b|\bowing\b": "a required review",
    r"\bin vain\b|\bas ever\b": "leave it out",
    r"\bheard of\b": "known",
    r"\bwish\b": "draft, request",
    r"\bdesk\b": "client",
    r"\bbriefings?\b": "summary",
    r"\bbe had\b": "be read, be fetched",
    r"\bpatience\b": "the waiting time",
    r"\bwhomever\b|\bwhoever\b": "name the person: the requester, anyone with write access, the caller",
    r"\bas it stands\b|\bstands? behind\b|\bstands? under\b": "say what it is, or has",
    r"\bhangs? on\b": "depends on",
    r"\bas good as\b": "equal to, treated as",
    r"\btidy\b": "well formed",
    r"\bthe gravest\b": "the most serious",
    r"\bbooks\b": "inputs",
    r"\b(an?|the|this|empty) holding\b": "the state of an account",
    r"\b(a|the|its) ground('s)?\b": "the parsed case",
    r"\brule changes?\b(?!\.)": "a change of the rules",
    r"\bpost-access reviews?\b": "the required review of a break-glass grant",
    r"\bre-?certif|\bpolicy reviews?\b": "an access review",
    r"\baudit trail\b|\bdecision log\b|\breview log\b": "the ledger",
    r"\bstands? against\b": "is an exception, differs",
}
# Keys of JSON, and codes of findings, keep the names of older versions.
ALLOWED = re.compile(r'"mend"|"told"|"deletion-not-told"|#deletion-not-told')


def pages() -> Iterator[tuple[str, int, str]]:
    """Every line that people read: of texts whole, of code its strings and comments."""
    for name in PAGES:
        place = ROOT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            where = path.relative_to(ROOT).as_posix()
            if path.suffix in TEXTS:
                yield from (
                    (where, number, line)
                    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
                )
            elif path.suffix == ".py":
                for token in tokens(path):
                    if token.kind != "name":
                        parts = token.string.splitlines()
                        yield from ((where, token.line + at, line) for at, line in enumerate(parts))


@cache
def lines() -> tuple[tuple[str, int, str], ...]:
    """All of them, without what is allowed, read once: not when this file is loaded, which every process does."""
    return tuple((where, number, ALLOWED.sub("", line)) for where, number, line in pages())


@cache
def whole() -> str:
    """The same as one text: to search it once is quicker than each line."""
    return "\n".join(line for _, _, line in lines())


@pytest.mark.parametrize("phrase", RETIRED)
def test_a_retired_phrase_is_written_nowhere(phrase: str) -> None:
    """Instead of it stands what the list says."""
    places = (whole().count("\n", 0, each.start()) for each in re.finditer(phrase, whole(), re.IGNORECASE))
    found = [f"{where}:{number}: {line.strip()}" for where, number, line in (lines()[at] for at in places)]
    assert found == [], f"write instead: {RETIRED[phrase]}"


def test_all_that_people_read_is_read_here() -> None:
    """Pages, templates, catalogs and code: each gives lines."""
    suffixes = {where.rpartition(".")[2] for where, _, _ in lines()}
    assert {"md", "py", "toml", "html", "js", "json", "yaml"} <= suffixes
    assert len(lines()) > 10_000
