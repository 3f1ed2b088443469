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
    assert plumbing.commit(forged) == plumbing.CommitHeader(parents=(Sha("b" * 40),), message="said")


def test_a_merge_has_its_parents_in_order_and_a_root_none() -> None:
    """As many as there are lines below the tree."""
    two = b"\n".join((TREE, PARENT, b"parent " + b"c" * 40, AUTHOR)) + b"\n\n"
    assert plumbing.commit(two).parents == ("b" * 40, "c" * 40)
    assert plumbing.commit(TREE + b"\n" + AUTHOR + b"\n\n").parents == ()
