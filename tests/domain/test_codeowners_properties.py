"""Properties of CODEOWNERS that hold for any file, against a slow matcher that is easy to believe."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from jitbot.domain.codeowners import Rule, expand, parse
from jitbot.domain.model import Login


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


_NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)
_SEGMENTS = st.one_of(st.just("**"), st.just("*"), st.text("aab.*?", min_size=1, max_size=4))
PATTERNS = st.builds(
    lambda before, segments, after: before + "/".join(segments) + after,
    st.sampled_from(["", "/"]),
    st.lists(_SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
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
