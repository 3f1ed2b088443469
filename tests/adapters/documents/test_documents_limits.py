"""Hostile bytes: never a traceback, never a wait, never a flood."""

import inspect
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.adapters import documents
from jitbot.adapters.documents.document import MOST
from jitbot.domain.model.documents import Parsed, Source

# As they read a file for the first time; a workflow's parser refuses nothing.
PARSERS = [inspect.unwrap(getattr(documents, name)) for name in documents.__all__ if name != "parse_workflow"]
PATH = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
SIZE = 16 * 1024
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
)
HEAVY = {
    "alias bomb": BOMB,
    "deep lists": "[" * SIZE,
    "deep lists in a mapping": "a: " + "[" * (SIZE - 3),
    "deep lists as a key": "? " + "[" * (SIZE - 2),
    "deep mappings": "{a: " * (SIZE // 4),
    "deep block": "\n".join(" " * depth + "a:" for depth in range(170)),
    "deep dashes": "- " * (SIZE // 2),
    "empty mappings": "accounts: [" + "{}," * (SIZE // 3 - 5) + "]",
    "empty items": "accounts: [" + "a," * (SIZE // 2 - 7) + "]",
    "keys": "".join(f"k{number}: v\n" for number in range(1700)),
    "near keys": "".join(f"duration{number}: v\n" for number in range(1000)),
    "people": "people:\n" + "".join(f" p{number}: {{}}\n" for number in range(1300)),
    "anchors": "a: [" + "&a b," * (SIZE // 5 - 2) + "]",
    "tags": "a: [" + "!a b," * (SIZE // 5 - 2) + "]",
    "escapes": 'reason: "' + "\\n" * (SIZE // 2 - 6) + '"',
    "escapes that never end": 'a: [1\nb: "' + '\\"' * (SIZE // 2 - 6),
    "tabs": "\t" * SIZE,
    "hidden": "\u200b" * (SIZE // 3),
    "documents": "---\n" * (SIZE // 4),
    "one word": "a" * SIZE,
    "huge directive": "%YAML 1." + "1" * (SIZE - 20) + "\n---\n",
    "slow pattern": "parameters: {a: {pattern: '" + "(a|" * 60 + "'}}\n",
}

BUSY = 0.5  # seconds


class Read:
    """The events of a text, found once for all parsers, as far as any of them goes; and the seconds that it took."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.seconds = 0.0
        self._events, self._seen = events, list[Any]()
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while at < len(self._seen) or self._more():
            yield self._seen[at]
            at += 1

    def _more(self) -> bool:
        if self._error is not None:
            raise self._error
        start = time.process_time()
        try:
            self._seen.append(next(self._events))
        except StopIteration:
            return False
        except (yaml.YAMLError, ValueError) as error:
            self._error = error
            raise
        finally:
            self.seconds += time.process_time() - start
        return True


READ: dict[str, Read] = {}  # the text that was read last


@pytest.fixture(scope="module", autouse=True)
def _each_text_is_read_once() -> Iterator[None]:
    """Each text is given to every parser here, and all of them read YAML in the same way."""
    parse = yaml.parse

    def once(text: str, **more: Any) -> Iterator[Any]:
        if text not in READ:
            READ.clear()
            READ[text] = Read(parse(text, **more))
        return iter(READ[text])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "parse", once)
        yield


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("name", HEAVY)  # one text after another, each for all parsers
def test_no_file_keeps_the_parser_busy(parse: Callable[[Source], Parsed[Any]], name: str) -> None:
    """Any 16 KiB are refused within half a second of a slow machine's work, with few findings."""
    source = Source(path=PATH, content=HEAVY[name].encode()[:SIZE])
    _schema_loaded(parse)
    parsed, seconds = _timed(parse, source)
    for _ in range(2):  # again, since others may be using the machine
        if seconds >= BUSY:
            READ.clear()
            parsed, seconds = _timed(parse, source)
    assert parsed.value is None
    assert 1 <= len(parsed.findings) <= MOST + 1
    assert seconds < BUSY


@cache
def _schema_loaded(parse: Callable[[Source], Parsed[Any]]) -> None:
    """It is loaded once, and stays."""
    parse(Source(path=PATH, content=b"{}"))


def _timed(parse: Callable[[Source], Parsed[Any]], source: Source) -> tuple[Parsed[Any], float]:
    """What a parser finds, and its seconds, with those that reading took, whoever read."""
    text = source.content.decode()
    before = READ[text].seconds if text in READ else 0.0
    start = time.process_time()
    parsed = parse(source)
    return parsed, time.process_time() - start + before


def test_a_file_over_the_limit_is_not_parsed() -> None:
    """The size is looked at before anything else, and 16,384 bytes still pass."""
    good = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: x\n# "
    fits = documents.parse_request(Source(path=PATH, content=good + b"x" * (SIZE - len(good))))
    assert fits.findings == ()
    over = documents.parse_request(Source(path=PATH, content=b"\xff" * (SIZE + 1)))
    assert [finding.code for finding in over.findings] == ["too-large"]


def test_a_full_file_is_read() -> None:
    """The densest teams.yaml that a real organisation could fill passes; one that only counts does not."""
    members = ", ".join(f"p{number:04}" for number in range(2000))
    parsed = documents.parse_teams(Source(path="policies/teams.yaml", content=f"a/b: [{members}]".encode()))
    assert parsed.findings == ()
    (finding,) = documents.parse_teams(Source(path=PATH, content=b"a/b: [" + b"a," * 20000 + b"]")).findings
    assert finding.code == "too-large"


def test_the_files_that_grow_with_the_company_may() -> None:
    """A thousand accounts and a thousand people fit, and are read within a second or two."""
    accounts = "".join(f'a{number:04}: "{100000000000 + number}"\n' for number in range(1000))
    people = "people:\n" + "".join(
        f"  p{number:04}: {{github_id: {number + 1}, iam_user: 'arn:aws:iam::222222222222:user/p{number}'}}\n"
        for number in range(700)
    )
    assert (
        documents.parse_accounts(Source(path="policies/accounts.yaml", content=accounts.encode())).findings
        == ()
    )
    parsed, seconds = _timed(
        documents.parse_people, Source(path="policies/people.yaml", content=people.encode())
    )
    assert parsed.findings == ()
    assert seconds < 2


def test_many_findings_are_cut_and_said_so() -> None:
    """A file wrong throughout shows its first findings, and that there are more."""
    text = "people:\n" + "".join(f" p{number}: {{}}\n" for number in range(120))
    findings = documents.parse_people(Source(path="policies/people.yaml", content=text.encode())).findings
    assert len(findings) == MOST + 1
    assert findings[-1].code == "more-findings"
    assert [finding.line for finding in findings[:3]] == [2, 3, 4]


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=300))
def test_bytes_never_raise(content: bytes) -> None:
    """Whatever the bytes, a parser answers a value or findings, never both and never neither."""
    for parse in PARSERS:
        parsed = parse(Source(path=PATH, content=content))
        assert (parsed.value is None) == bool(parsed.findings)


_SYNTAX = st.sampled_from(
    [
        *"{}[]:,-?&*!|>%@`'\"#\\ \n0aé",
        "\n  ",
        ": ",
        "- ",
        "<<",
        "---\n",
        "requester",
        "people",
        "statements: ",
        "\t",
        "\0",
    ]
)


@settings(max_examples=400, deadline=None)
@given(text=st.lists(_SYNTAX, max_size=40).map("".join))
def test_yaml_like_text_never_raises(text: str) -> None:
    """Nor does any heap of YAML's own signs."""
    for parse in PARSERS:
        parsed = parse(Source(path=PATH, content=text.encode()))
        assert (parsed.value is None) == bool(parsed.findings)


_TREE = st.recursive(
    st.sampled_from(["1", "0", "-1", "a", "'*'", "''", "2h", "[]", "{}", "'{{a}}'", "2026-11-24T09:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(
            st.sampled_from(
                [
                    "people",
                    "parameters",
                    "enum",
                    "statements",
                    "actions",
                    "conditions",
                    "Bool",
                    "iam_role",
                    "a",
                ]
            ),
            inner,
            max_size=3,
        ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}")
    ),
    max_leaves=8,
)
_KEYS = [
    "people",
    "defaults",
    "statements",
    "parameters",
    "eligible",
    "managed_policies",
    "accounts",
    "requester",
]


@settings(max_examples=300, deadline=None)
@given(document=st.dictionaries(st.sampled_from(_KEYS), _TREE, min_size=1, max_size=4))
def test_any_shape_never_raises(document: dict[str, str]) -> None:
    """Nor does good YAML of any shape under the keys that we know."""
    text = "".join(f"{key}: {value}\n" for key, value in document.items())
    for parse in PARSERS:
        parsed = parse(Source(path="policies/access/x.yaml", content=text.encode()))
        assert (parsed.value is None) == bool(parsed.findings)
