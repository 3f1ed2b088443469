"""A number with what it counts."""


def many(number: int, noun: str, plural: str = "") -> str:
    """`1 grant`, `2 grants`, `2 people`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
