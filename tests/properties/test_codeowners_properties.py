"""Properties of CODEOWNERS that hold for any file, against a slow matcher that is easy to believe."""

from collections.abc import Sequence
from itertools import product

from choices import evenly
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jitbot.domain.model import owners
from jitbot.domain.model.codeowners import CodeOwners, Rule, expand, parse
from jitbot.domain.model.documents import Login


def _names(pattern: str, name: str) -> bool:
    """Whether one segment of a pattern stands for one name, character by character."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return _names(pattern[1:], name) or (name != "" and _names(pattern, name[1:]))
    return name != "" and pattern[0] in ("?", name[0]) and _names(pattern[1:], name[1:])


def _leads_to(pattern: Sequence[str], entry: Sequence[str]) -> bool:
    """Whether the segments of a pattern lead from the root to a file or folder."""
    if not pattern:
        return not entry
    if pattern[0] == "**" and len(pattern) == 1:
        return len(entry) > 0
    if pattern[0] == "**" and _leads_to(pattern[1:], entry):
        return True
    rest = pattern if pattern[0] == "**" else pattern[1:]
    return (
        len(entry) > 0 and (pattern[0] == "**" or _names(pattern[0], entry[0])) and _leads_to(rest, entry[1:])
    )


def _slowly(pattern: str, path: str) -> bool:
    """GitHub's rules as gitignore tells them: a pattern names files and folders, a folder owns its content."""
    names = path.split("/")
    segments = pattern.strip("/").split("/")
    entries = [names[:length] for length in range(1, len(names) + 1)]
    if pattern.endswith("/"):
        entries.remove(names)  # the path itself is a file
    elif segments[-1] == "*" and len(pattern) > 1:
        entries = [names]  # GitHub's exception: `docs/*` stays in docs
    if "/" in pattern.rstrip("/"):
        return any(_leads_to(segments, entry) for entry in entries)
    return any(_names(segments[0], entry[-1]) for entry in entries if pattern != "/")


def _written(alphabet: str) -> list[list[str]]:
    """All words of these letters, in a list for each length; a letter that is there twice is twice as likely."""
    return [["".join(letters) for letters in product(alphabet, repeat=length)] for length in range(1, 5)]


# One choice for each name and each segment: see `choices`.
_NAMES = evenly([name for name in names if name not in {".", ".."}] for names in _written("ab."))
PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)
_SEGMENTS = evenly([*[["**"], ["*"]] * 4, *_written("aab.*?")])
PATTERNS = st.builds(
    lambda segments, ends: ends[0] + "/".join(segments) + ends[1],
    st.lists(_SEGMENTS, min_size=1, max_size=4),
    st.sampled_from([("", ""), ("/", ""), ("", "/"), ("/", "/")]),
).filter(lambda pattern: parse(pattern).findings == ())


@given(PATTERNS, PATHS)
def test_matching_agrees_with_the_slow_matcher(pattern: str, path: str) -> None:
    """The quick matcher owns what the slow one owns, and nothing else."""
    assert Rule(line=1, pattern=pattern, owners=()).covers(path) is _slowly(pattern, path)


@given(st.lists(PATTERNS, max_size=6), PATHS)
def test_the_last_match_wins(patterns: list[str], path: str) -> None:
    """The rule for a path is the last whose pattern matches, and none where none does."""
    rule = parse("\n".join(f"{pattern} @u{at}" for at, pattern in enumerate(patterns))).rule_for(path)
    expected = max((at for at, pattern in enumerate(patterns) if _slowly(pattern, path)), default=None)
    assert (rule.owners if rule else None) == (None if expected is None else (f"@u{expected}",))


@given(st.lists(PATTERNS, max_size=4), PATTERNS, PATHS)
def test_a_later_line_leaves_other_paths_alone(patterns: list[str], later: str, path: str) -> None:
    """Adding a line at the end takes over the paths it covers, and changes nothing for the others."""
    lines = [f"{pattern} @alice" for pattern in patterns]
    before, after = parse("\n".join(lines)), parse("\n".join([*lines, f"{later} @bob"]))
    if _slowly(later, path):
        assert after.rule_for(path) == after.rules[-1]
    else:
        assert after.rule_for(path) == before.rule_for(path)


_LINES = st.text(st.sampled_from(" \t\r\n#@!*?/\\[]ab.é\u2028\ufeff\ud800"), max_size=40)


@given(st.one_of(st.text(st.characters()), _LINES), PATHS)
def test_any_text_is_read_without_an_error(text: str, path: str) -> None:
    """No text makes reading fail; each finding has its place in the file, and no line is both obeyed and doubted."""
    codeowners = parse(text)
    lines = text.split("\n")
    for finding in codeowners.findings:
        assert 1 <= finding.column <= len(lines[finding.line - 1])
    assert {rule.line for rule in codeowners.rules}.isdisjoint(
        finding.line for finding in codeowners.findings
    )
    rule = codeowners.rule_for(path)
    assert rule is None or rule in codeowners.rules


@given(_LINES)
def test_every_line_is_a_rule_a_finding_or_a_comment(text: str) -> None:
    """No line with a word in it is passed over in silence."""
    assume("\n" not in text and text.strip(" \t\r") and not text.lstrip(" \t").startswith("#"))
    codeowners = parse(text)
    assert len(codeowners.rules) == 1 or codeowners.findings


_LOGINS = st.text("abAB", min_size=1, max_size=3)


@given(
    st.dictionaries(st.sampled_from(["acme/a", "acme/b", "Acme/A"]), st.lists(_LOGINS).map(tuple)),
    st.lists(
        st.one_of(_LOGINS.map("@{}".format), st.sampled_from(["@acme/a", "@ACME/B", "@acme/c", "a@b.co"]))
    ),
)
def test_expanding_finds_everyone_once(teams: dict[str, tuple[str, ...]], owners: list[str]) -> None:
    """Expanding gives each login that is named or in a named team exactly once, case aside, and nobody else."""
    members = {name: tuple(Login(login) for login in logins) for name, logins in teams.items()}
    expected = {owner[1:].casefold() for owner in owners if owner[0] == "@" and "/" not in owner}
    for name, logins in teams.items():
        if f"@{name}".casefold() in {owner.casefold() for owner in owners}:
            expected |= {login.casefold() for login in logins}
    logins_found = [login.casefold() for login in expand(owners, members)]
    assert sorted(logins_found) == sorted(expected)


@given(PATTERNS, PATHS)
def test_a_line_may_cover_whatever_it_covers(pattern: str, path: str) -> None:
    """A path is a shape of itself alone; a shape of wildcards may be covered wherever one of its paths is."""
    rule, segments = Rule(line=1, pattern=pattern, owners=()), path.split("/")
    assert rule.may_cover(segments) is _slowly(pattern, path)
    assert rule.may_cover(["*"] * len(segments)) or not _slowly(pattern, path)


_SHAPES = st.lists(st.sampled_from(["a", "?", "a?", "*b"]), min_size=1, max_size=3)


@settings(deadline=None)  # it tries up to a million paths: how long that takes says nothing of the product
@given(PATTERNS, _SHAPES)
def test_a_line_that_may_cover_a_shape_covers_one_of_its_paths(pattern: str, shape: list[str]) -> None:
    """Tried with every path of a small alphabet: nothing is said to be covered that no path shows."""
    alphabet = ["".join(text) for length in (1, 2, 3, 4) for text in product("ab.", repeat=length)]
    names = [[each for each in alphabet if each not in {".", ".."} and _names(part, each)] for part in shape]
    rule = Rule(line=1, pattern=pattern, owners=())
    some = [name[:40] for name in names]
    covered = any(rule.covers("/".join(path)) for path in product(*some))
    assert not covered or rule.may_cover(shape)


BY_NAME = st.one_of(
    PATTERNS, st.sampled_from(["*-x.yaml", "*.yaml", "????-??/", "/requests/p/", "2026-11/", "*"])
)
REQUESTS = st.builds(
    lambda month, day, name: f"requests/p/2026-{month}/{day}-a-{name}.yaml",
    st.sampled_from(["01", "11"]),
    st.sampled_from(["01", "24"]),
    st.sampled_from(["x", "b", "ab", "some-longer-name"]),
)


@given(BY_NAME, REQUESTS, REQUESTS)
def test_a_line_for_a_policy_covers_all_its_requests_or_none(pattern: str, one: str, other: str) -> None:
    """What owns a whole policy owns each of its requests; what tells two of them apart picks them."""
    rule = Rule(line=1, pattern=pattern, owners=())
    if owners.owns_policy(rule, "p"):
        assert rule.covers(one)
        assert rule.covers(other)
    if rule.covers(one) is not rule.covers(other):
        assert owners.picks_requests(rule, "p")
    if rule.covers(one) and not owners.owns_policy(rule, "p"):
        assert owners.chosen_by_name(one, CodeOwners(rules=(rule,), findings=())) is not None
