"""Patterns with * and ?, as CODEOWNERS, IAM and jitbot's policies use them: whether two can meet."""


def patterns_overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns. In each of them * stands for any text and ? for any character.

    Row by row, `reach[j]` says whether one text can match both the part of `one` read so far and `other[:j]`.
    """
    if not {"*", "?"}.intersection(one + other):
        return one == other  # two names, as in most lines of most files
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
        reach = row
    return reach[-1]
