"""A table of the pack: the same rows for a spreadsheet and for programs."""

from acme_facts import NOW

from jitbot.domain.audit.report.pack_table import PackTable, cells_of, csv_of

TABLE = PackTable(
    name="t", about="", heads=("at", "names"), rows=((NOW, ("a", "=b")), (None, ())), between=", "
)


def test_each_form_has_the_same_rows() -> None:
    """Every cell is quoted, and none is a formula; JSON has lists and nulls."""
    assert TABLE.csv.decode("utf-8-sig") == ('"at","names"\r\n"2026-11-24T09:01:00Z","a, =b"\r\n"",""\r\n')
    assert TABLE.objects == [
        {"at": "2026-11-24T09:01:00Z", "names": ["a", "=b"]},
        {"at": None, "names": []},
    ]
    assert TABLE.csv.startswith(b"\xef\xbb\xbf")


def test_a_table_without_heads_is_empty() -> None:
    """It has no line at all, but the mark of its encoding."""
    assert csv_of((), ()) == b"\xef\xbb\xbf"
    assert csv_of(("a",), [("=1",)]).decode("utf-8-sig") == '"a"\r\n"\'=1"\r\n'


def test_cells_are_attributes() -> None:
    """In the order of their names."""
    assert cells_of([TABLE], ("about", "name")) == (("", "t"),)
