"""git's formats, read without git: what each answer means, and what of one that is cut or odd."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.plumbing import CommitHeader, Difference, TreeRecord
from jitbot.domain.model.bounds import COMMIT_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind

ONE, TWO, NONE = (Sha(each * 40) for each in "120")
FILE, LINK, FOLDER, MODULE, NOTHING = "100644", "120000", "040000", "160000", "000000"


class Slow(BytesIO):
    """An answer that comes in parts of so many bytes."""

    def __init__(self, content: bytes, part: int) -> None:
        super().__init__(content)
        self._part = part

    def read1(self, _: int | None = -1, /) -> bytes:
        """The next part."""
        return self.read(self._part)


def answer(content: bytes, part: int = 1 << 20) -> Any:
    """What git prints."""
    return Slow(content, part)


def record(old_mode: str, mode: str, old_blob: Sha = ONE, blob: Sha = TWO) -> TreeRecord:
    """An entry that differs."""
    return TreeRecord("x", old_mode, mode, old_blob, blob)


@pytest.mark.parametrize(
    ("old_mode", "mode", "kind"),
    [
        (NOTHING, FILE, ChangeKind.ADDED),
        (FILE, LINK, ChangeKind.MODIFIED),
        (FOLDER, MODULE, ChangeKind.ADDED),
        (FILE, NOTHING, ChangeKind.DELETED),
        (FILE, FOLDER, ChangeKind.DELETED),
        (NOTHING, FOLDER, None),
        (FOLDER, NOTHING, None),
        (FOLDER, FOLDER, None),
    ],
)
def test_what_became_of_a_file(old_mode: str, mode: str, kind: ChangeKind | None) -> None:
    """A folder is no file: one that becomes the other came or went. What is gone has no blob."""
    found = record(old_mode, mode).as_file("a/x")
    gone = kind is ChangeKind.DELETED
    expected = None if kind is None else Difference(
        path="a/x", mode=NOTHING if gone else mode, blob=NONE if gone else TWO, kind=kind
    )  # fmt: skip
    assert found == expected


@pytest.mark.parametrize(
    ("old_mode", "mode", "trees"),
    [
        (FOLDER, FOLDER, (ONE, TWO)),
        (FOLDER, FILE, (ONE, "")),
        (FILE, FOLDER, ("", TWO)),
        (FILE, FILE, ("", "")),
    ],
)
def test_which_folders_are_behind_an_entry(old_mode: str, mode: str, trees: tuple[str, str]) -> None:
    """Those are opened next."""
    assert record(old_mode, mode).trees == trees


RAW = f":{NOTHING} {FILE} {NONE} {ONE} A\0".encode()


@pytest.mark.parametrize("part", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", [b"x", b"a\nb", b":100644 x", b"\xff", b". "])
def test_records_come_in_parts_of_any_size(name: bytes, part: int) -> None:
    """Each entry belongs to the pair that was named last; the end is a line that git repeats."""
    printed = f"{ONE} {TWO}\n".encode() + RAW + name + b"\0" + f"{TWO} {ONE}\n".encode() + RAW + b"y\0.\n"
    assert list(plumbing.records(answer(printed, part))) == [
        ((ONE, TWO), None),
        ((ONE, TWO), TreeRecord(name.decode(errors="surrogateescape"), NOTHING, FILE, NONE, ONE)),
        ((TWO, ONE), None),
        ((TWO, ONE), TreeRecord("y", NOTHING, FILE, NONE, ONE)),
    ]


@pytest.mark.parametrize("cut", [b"", RAW, RAW[:20], RAW + b"x", RAW + b"x\0", f"{ONE} {TWO}".encode(), b"."])
def test_records_that_end_too_early_are_no_answer(cut: bytes) -> None:
    """What is missing could be anything."""
    with pytest.raises(EOFError):
        list(plumbing.records(answer(f"{ONE} {TWO}\n".encode() + cut)))


@pytest.mark.parametrize(
    "odd",
    [b"fatal\n.\n", b"\n.\n", b":100644 \0", b":100644\0x\0.\n", RAW.replace(b":000000", b":0") + b"x\0.\n"],
)
def test_records_of_another_form_are_no_answer(odd: bytes) -> None:
    """A git that prints otherwise is not guessed at, however much of it follows."""
    with pytest.raises(UnavailableError, match="in a form that this jitbot does not know"):
        list(plumbing.records(answer(odd)))


def test_entries_of_a_tree() -> None:
    """Every byte of a path as it is."""
    printed = f"{FILE} blob {ONE}\ta b\0{FOLDER} tree {TWO}\t".encode() + b"\xff\tx\0"
    found = [(each.path, each.mode, each.blob) for each in plumbing.entries(printed)]
    assert found == [("a b", FILE, ONE), ("\udcff\tx", FOLDER, TWO)]
    assert list(plumbing.entries(b"")) == []


def objects(*parts: tuple[str, int, bytes], most: int, cut: bool = False) -> list[bytes | None]:
    """What is read of these objects, each with its kind and size, as blobs."""
    printed = b"".join(f"{ONE} {kind} {size}\n".encode() + text + b"\n" for kind, size, text in parts)
    read = answer(printed)
    found = [text for _, text in plumbing.objects(read, "blob", [ONE] * len(parts), most, cut=cut)]
    assert read.read() == b""
    return found


LAST = ("blob", 3, b"end")


@pytest.mark.parametrize(
    ("first", "cut", "read"),
    [
        (("blob", 4, b"1234"), False, b"1234"),
        (("blob", 5, b"12345"), False, None),
        (("blob", 5, b"12345"), True, b"12345"),
        (("blob", 9, b"123456789"), True, b"12345"),
        (("blob", 0, b""), False, b""),
        (("tree", 0, b""), False, None),
        (("tree", 4, b"1234"), False, None),
        (("tree", 9, b"123456789"), True, None),
        (("blob", 200_000, b"x" * 200_000), False, None),
    ],
)
def test_an_object_is_read_within_its_bound(
    first: tuple[str, int, bytes], read: bytes | None, *, cut: bool
) -> None:
    """Of a larger one nothing, or as much as shows that it is larger; what follows it is read as ever."""
    assert objects(first, LAST, most=4, cut=cut) == [read, b"end"]


@pytest.mark.parametrize("line", [b"missing", b"ambiguous", b"", b"blob x", "blob ²".encode()])
def test_an_object_that_is_not_here_is_said(line: bytes) -> None:
    """It is not taken for an empty one."""
    with pytest.raises(UnavailableError, match="git has no blob 1111111111 here"):
        list(plumbing.objects(answer(ONE.encode() + b" " + line + b"\n"), "blob", [ONE], 4))


@pytest.mark.parametrize("most", [4, 900])
@pytest.mark.parametrize("printed", [b"", b"1111", b"%s blob 900\n12", b"%s blob 900\n" + b"x" * 900])
def test_an_object_whose_end_never_comes_is_no_answer(printed: bytes, most: int) -> None:
    """A git that died before one, in the middle of it, or right behind it: none of it counts, and nobody waits."""
    read = answer(printed.replace(b"%s", ONE.encode()))
    with pytest.raises(EOFError):
        next(plumbing.objects(read, "blob", [ONE], most))


@pytest.mark.parametrize("more", [0, 1])
def test_of_a_commit_that_was_cut_the_parents_are_read(more: int) -> None:
    """And nothing is said of its message."""
    head = f"tree {ONE}\nparent {TWO}\n\n".encode()
    found = plumbing.commit(head + b"x" * (COMMIT_READ - len(head) + more))
    assert (found.parents, found.whole, found.message == "") == ((TWO,), not more, bool(more))


@pytest.mark.parametrize(
    ("seconds", "at"),
    [
        (-1, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_800_000_000, datetime(2027, 1, 15, 8, tzinfo=UTC)),
        (1 << 60, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_every_date_of_a_commit_is_one_of_the_calendar(seconds: int, at: datetime) -> None:
    """Its author chooses it."""
    assert plumbing.moment(seconds) == at


def test_what_is_deleted_has_no_blob() -> None:
    """Whatever name git gives it."""
    for kind, blob in ((ChangeKind.DELETED, None), (ChangeKind.MODIFIED, TWO)):
        difference = Difference(path="x", mode=FILE, blob=TWO, kind=kind)
        assert plumbing.change(ONE, TWO, 0, difference).blob == blob


def put(mode: str = FILE, kind: ChangeKind = ChangeKind.ADDED) -> Difference:
    """A file that a commit puts there."""
    return Difference(path=f"{mode} {kind}", mode=mode, blob=ONE, kind=kind)


GOOD = CommitHeader(parents=(ONE,), message="m")


@pytest.mark.parametrize(
    ("commit", "differing", "whole", "well"),
    [
        (GOOD, [put()], True, True),
        (GOOD, [put(), put(kind=ChangeKind.MODIFIED), put(kind=ChangeKind.DELETED)], True, True),
        (GOOD, [put()], False, False),
        (GOOD, [], True, False),
        (GOOD, [put(kind=ChangeKind.DELETED)], True, False),
        (GOOD, [put(), put(LINK)], True, False),
        (GOOD, [put(), put("100755")], True, False),
        (GOOD, [put(), put(MODULE)], True, False),
        (CommitHeader(parents=(), message="m"), [put()], True, False),
        (CommitHeader(parents=(ONE, TWO), message="m"), [put()], True, False),
        (CommitHeader(parents=(ONE,), message="", whole=False), [put()], True, False),
        (None, [put()], True, False),
    ],
)
def test_which_commit_is_a_batch(
    commit: CommitHeader | None, differing: list[Difference], *, whole: bool, well: bool
) -> None:
    """One parent, plain files alone, at least one, and all of it read; its first parent and its files are told anyway."""
    found = plumbing.added(TWO, commit, differing, whole=whole)
    assert found.well_formed is well
    assert found.parent == (commit.parents[0] if commit and commit.parents else "")
    assert found.message == (commit.message if commit else "")
    kept = [each.path for each in differing if each.kind is not ChangeKind.DELETED and each.mode != MODULE]
    assert [each.path for each in found.entries] == kept
