"""The pull requests of access reviews: by owners, with a date that is written without touching anything else."""

from datetime import date, timedelta

import pytest
from acme_facts import NOW, OWNERS, a_person, a_policy, the_rules, unreadable
from comment_facts import HOSTILE

from jitbot.adapters import documents
from jitbot.domain.access_review.review_proposal import TOGETHER, dated, due_now, proposal, together
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Source

DAY = date(2026, 12, 1)
TEXT = """\
# What it is for
description: Read one table   # in words
eligible: [dave]
accounts: [prod]
max_duration: 4h
approvals: 1
managed_policies: [ReadOnlyAccess]
"""


def read_back(text: str) -> date | None:
    """The date that a policy's text says; it must read."""
    parsed = documents.parse_policy(Source(path="policies/access/any.yaml", content=text.encode()))
    assert parsed.value is not None, parsed.findings
    return parsed.value.reviewed


def test_a_new_date_is_a_line_below_the_description() -> None:
    """Comments and everything else stay."""
    text = next(dated(TEXT, DAY))
    assert text == TEXT.replace("# in words\n", "# in words\nreviewed: 2026-12-01\n")
    assert read_back(text) == DAY


@pytest.mark.parametrize(
    "line", ["reviewed: 2026-01-01", 'reviewed : "2026-01-01"  # by erin', "reviewed:   2026-01-01"]
)
def test_a_date_is_replaced_where_it_is(line: str) -> None:
    """With what stands beside it."""
    text = next(dated(f"{TEXT}{line}\n", DAY))
    assert read_back(text) == DAY
    assert text.replace(str(DAY), "2026-01-01").replace('"', "") == f"{TEXT}{line}\n".replace('"', "")


def test_there_is_always_another_way() -> None:
    """A description of several lines, or none at the start of a line: at the end of the file."""
    folded = TEXT.replace(
        "description: Read one table   # in words", "description:\n  Read one table"
    ).removesuffix("\n")
    (works,) = [each for each in dated(folded, DAY) if _reads(each)]
    assert works.endswith("ReadOnlyAccess]\nreviewed: 2026-12-01\n")


def _reads(text: str) -> bool:
    found = documents.parse_policy(Source(path="policies/access/any.yaml", content=text.encode()))
    return found.value is not None and found.value.reviewed == DAY


def test_policies_come_together_by_the_owners_of_their_files() -> None:
    """In whatever order CODEOWNERS names them; the one without owners comes last."""
    own = "/policies/access/b.yaml @acme/platform @acme/security\n/policies/access/d.yaml @acme/security @acme/platform\n"
    rules = the_rules(codeowners=codeowners.parse(f"{OWNERS}{own}/policies/access/a.yaml\n"))
    names = [a_policy(name=name) for name in "abcd"]
    parts = together(names, rules, a_person("frank"), NOW)
    assert [(part.owners, [each.name for each in part.policies], part.signers) for part in parts] == [
        (("@acme/platform", "@acme/security"), ["b", "d"], ("erin", "olivia")),
        (("@acme/security",), ["c"], ("erin",)),
        ((), ["a"], ()),
    ]


def test_an_author_cannot_sign_alone() -> None:
    """Nor under another login of theirs."""
    (part,) = together([a_policy()], the_rules(), a_person("erin"), NOW)
    assert part.signers == ()


def test_a_review_is_no_longer_than_a_person_reads() -> None:
    """The policies that were reviewed longest ago come first; those without a date before them."""
    many = [
        a_policy(name=f"p-{number}", reviewed=DAY - timedelta(days=number)) for number in range(TOGETHER + 1)
    ]
    parts = together([*many, a_policy(name="never")], the_rules(), a_person("bob"), NOW)
    assert [len(part.policies) for part in parts] == [TOGETHER, 2]
    assert [each.name for each in parts[0].policies[:2]] == ["never", f"p-{TOGETHER}"]


def test_due_by_the_date_or_without_one() -> None:
    """Never where no reviews are asked for."""
    every = timedelta(days=90)
    old, new, none = (a_policy(reviewed=each) for each in (DAY - timedelta(days=91), DAY - every, None))
    assert [due_now(each, every, DAY) for each in (old, new, none)] == [True, False, True]
    assert not due_now(none, None, DAY)


def test_rules_that_do_not_read_name_nobody() -> None:
    """Nobody knows who owns a file, and nobody could sign."""
    for part in ("people", "teams"):
        (found,) = together([a_policy()], the_rules(**{part: unreadable()}), a_person("bob"), NOW)
        assert (found.owners, found.signers) == ((), ())


def test_the_text_says_what_is_asked() -> None:
    """Of one policy by its name, of several by their number; each with its last review."""
    policies = [a_policy(name="a", reviewed=DAY - timedelta(days=91)), a_policy(name="b")]
    (part,) = together(policies, the_rules(), a_person("bob"), NOW)
    made = proposal(part, {"a": b"", "b": b""}, DAY)
    assert (made.title, made.message) == ("Access review: 2 policies", "Access review of 2 policies")
    assert made.body.endswith("\n\n- `b`: no review yet\n- `a`: last reviewed 2026-09-01")
    assert made.files.keys() == {"a", "b"}


def test_a_date_in_a_text_without_any() -> None:
    """An empty file gets no empty line."""
    assert list(dated("", DAY)) == ["reviewed: 2026-12-01\n"]


def test_what_others_wrote_is_inert() -> None:
    """An owner's name in the text of the pull request mentions nobody, and no name leaves the branch's shape."""
    (part,) = together([a_policy()], the_rules(), a_person("bob"), NOW)
    made = proposal(part, {}, DAY)
    assert (made.branch, made.title) == ("jitbot/review/security-2026-12-01", "Access review: orders-db-read")
    assert "@acme/security" not in made.body
    (odd,) = together(
        [a_policy()],
        the_rules(codeowners=codeowners.parse(f"* @{HOSTILE.split()[0][:5]}x\n")),
        a_person("bob"),
        NOW,
    )
    assert proposal(odd, {}, DAY).branch == "jitbot/review/rules-2026-12-01"
