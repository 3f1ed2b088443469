"""A commit object says who its parents are right below its tree; no other header is one."""

import pytest

from jitbot.adapters.git import plumbing
from jitbot.domain.model.documents import Sha

TREE, PARENT = b"tree " + b"a" * 40, b"parent " + b"b" * 40
AUTHOR = b"author x <x@y> 1 +0000\ncommitter x <x@y> 1 +0000"


@pytest.mark.parametrize("header", [b"parent " + b"d" * 40, b"parent \xff\xfe", b"parent short"])
def test_a_forged_parent_is_no_parent(header: bytes) -> None:
    """Below the committer git reads no parents, and anyone who may push can write there what they like."""
    forged = b"\n".join((TREE, PARENT, AUTHOR, header)) + b"\n\nsaid"
    parents = (Sha("b" * 40),)
    assert plumbing.commit(forged) == plumbing.CommitHeader(
        parents=parents, message="said", claimed=1, tree="a" * 40
    )


@pytest.mark.parametrize("time", [b"", b"soon", b"-5 +0000", b"9" * 30 + b" +0000", b"5 +0000 x"])
def test_a_date_that_is_none_is_the_first_of_all(time: bytes) -> None:
    """A commit whose date cannot be read is read all the same."""
    odd = TREE + b"\nauthor x <x@y> 7 +0000\ncommitter x <x@y> " + time + b"\n\ncommitter x <x@y> 8 +0000"
    assert plumbing.commit(odd).claimed == 0


def test_a_tree_is_its_entries() -> None:
    """Each with its mode in six digits, its name as it is, and its object."""
    content = b"40000 a b\0" + b"\xab" * 20 + b"100644 \xff\0" + b"\0" * 20
    assert [(each.mode, each.path, each.blob) for each in plumbing.tree(content)] == [
        ("040000", "a b", "ab" * 20),
        ("100644", "\udcff", "0" * 40),
    ]
    assert list(plumbing.tree(b"")) == []


def test_a_merge_has_its_parents_in_order_and_a_root_none() -> None:
    """As many as there are lines below the tree."""
    two = b"\n".join((TREE, PARENT, b"parent " + b"c" * 40, AUTHOR)) + b"\n\n"
    assert plumbing.commit(two).parents == ("b" * 40, "c" * 40)
    assert plumbing.commit(TREE + b"\n" + AUTHOR + b"\n\n").parents == ()
