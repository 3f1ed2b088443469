"""Patterns with * and ?, as CODEOWNERS, IAM and jitbot's policies use them: whether two can meet, and what one covers."""

from collections.abc import Callable, Sequence


def patterns_overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns. In each of them * stands for any text and ? for any character.

    Most differ before the first *, or after the last. Row by row, `reach[j]` says whether one text can match both the
    part of `one` read so far and `other[:j]`.
    """
    if not {"*", "?"}.intersection(one + other):
        return one == other  # two names, as in most lines of most files
    if _differ_before_any_star(one, other) or _differ_before_any_star(one[::-1], other[::-1]):
        return False
    reach = [True] + [False] * len(other)
    for j, character in enumerate(other, 1):
        reach[j] = reach[j - 1] and character == "*"
    for mine in one:
        row = [reach[0] and mine == "*"] + [False] * len(other)
        for j, yours in enumerate(other, 1):
            if "*" in (mine, yours):
                row[j] = reach[j] or row[j - 1]
            else:
                row[j] = reach[j - 1] and (mine == yours or "?" in (mine, yours))
        if not any(row):
            return False
        reach = row
    return reach[-1]


def _differ_before_any_star(one: str, other: str) -> bool:
    for mine, yours in zip(one, other, strict=False):
        if "*" in (mine, yours):
            return False
        if mine != yours and "?" not in (mine, yours):
            return True
    return False  # one of them ends here


def pattern_covers(wide: str, narrow: str) -> bool:
    """Whether every text that `narrow` matches is one that `wide` matches. False also where that is hard to see."""
    return glob(wide, narrow, "*", _takes)


def _takes(pattern: str, character: str) -> bool:
    return pattern == character or (pattern == "?" and character != "*")


def glob(
    pattern: Sequence[str], subject: Sequence[str], star: str, matches: Callable[[str, str], bool]
) -> bool:
    """Whether `pattern` covers the whole of `subject`, where `star` stands for any run, also an empty one.

    Only the last star is ever tried again: an earlier one that takes more leaves less for all that follow.
    So a hostile pattern costs at most its length times the subject's.
    """
    at = position = after_star = resume = 0
    while position < len(subject):
        if at < len(pattern) and pattern[at] == star:
            at = after_star = at + 1
            resume = position
        elif at < len(pattern) and matches(pattern[at], subject[position]):
            at, position = at + 1, position + 1
        elif after_star:
            resume += 1
            at, position = after_star, resume
        else:
            return False
    return set(pattern[at:]) <= {star}
