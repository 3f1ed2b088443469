"""What a new request looks like: names, text and words, whatever a person typed."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from acme_facts import MERGED_AT, TEAMS, a_person, a_policy, a_request, owned_by, the_rules
from catalogue_facts import the_catalogue
from comment_facts import a_summary
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.adapters import documents
from jitbot.domain.model.documents import Login, Request, Source
from jitbot.domain.model.grammar import parse_request_path, sentence_problem
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.request import new_request
from jitbot.domain.views.grant_preview import would_grant

WHEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
PATH = "requests/orders-db-read/2026-11/24-alice-x.yaml"


@pytest.mark.parametrize(
    ("reason", "slug"),
    [
        ("INC-1234 refunds are stuck", "inc-1234-refunds-are-stuck"),
        ("Größe ändern: café", "grosse-andern-cafe"),
        ("Straße & Bjørn Łódź Ærø", "strasse-bjorn-lodz-aero"),
        ("  --- ", ""),
        ("退款", ""),
        ("../../etc/passwd", "etc-passwd"),
        ("refunds are stuck in the queue since this morning", "refunds-are-stuck-in-the-queue-since"),
        ("a" * 60, "a" * 40),
        ("a" * 40, "a" * 40),
        ("a" * 30 + " " + "b" * 9, "a" * 30 + "-" + "b" * 9),
        ("a" * 30 + " " + "b" * 10, "a" * 30),
    ],
)
def test_slugs(reason: str, slug: str) -> None:
    """A slug is the reason's words in plain letters, cut between two of them."""
    assert new_request.slug(reason) == slug


@given(st.text(), st.integers(1, 99), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", fullmatch=True))
def test_a_path_is_always_one(reason: str, number: int, login: str) -> None:
    """Whatever the reason and the login, the path is one that a request may have, of this login."""
    name = new_request.numbered(new_request.name(reason, (), WHEN), number)
    path = parse_request_path(new_request.path("orders-db-read", Login(login), WHEN, name))
    assert not hasattr(path, "code")
    assert path.slug_for(Login(login)) == name


@pytest.mark.parametrize(
    ("reason", "others", "name"),
    [
        ("refunds 退款", ("INC-1",), "refunds"),
        ("退款 2026", ("INC-1", "orders"), "inc-1"),
        ("退款", ("#1234", "orders 7"), "orders-7"),
        ("退款", ("#1234", ""), "at-0900"),
        ("", (), "at-0900"),
    ],
)
def test_a_request_has_a_name_in_every_language(reason: str, others: tuple[str, ...], name: str) -> None:
    """Where the reason has no letter of a-z the ticket, a parameter or the time of day names it."""
    assert new_request.name(reason, others, WHEN) == name


def test_numbered() -> None:
    """The first has the plain name, the others a number, and none is too long."""
    assert new_request.numbered("why", 1) == "why"
    assert new_request.numbered("why", 2) == "why-2"
    assert new_request.numbered("a" * 40, 12) == "a" * 37 + "-12"


def test_branches_differ() -> None:
    """A request, and each extension of it, has a branch of its own."""
    ask, longer = new_request.branch(PATH), new_request.branch(PATH, "extend-to-3h")
    assert ask == "jitbot/ask/orders-db-read/2026-11-24-alice-x"
    assert longer == "jitbot/extend-to-3h/orders-db-read/2026-11-24-alice-x"


SENTENCES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(
    lambda text: sentence_problem(text) is None
)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)


@settings(max_examples=300)
@given(SENTENCES, PRINTABLE, st.sampled_from([None, "INC-1234"]), st.sampled_from([None, WHEN]))
def test_the_text_says_what_was_meant(
    reason: str, value: str, ticket: str | None, starts_at: datetime | None
) -> None:
    """Whatever is typed, the file reads back as exactly that request, or not at all."""
    request = Request(
        path=PATH,
        requester=Login("alice"),
        accounts=("prod", "staging"),
        duration=timedelta(minutes=90),
        reason=reason,
        parameters={"table": value},
        ticket=ticket,
        starts_at=starts_at,
    )
    parsed = documents.parse_request(Source(path=PATH, content=new_request.text(request).encode()))
    assert parsed.value in (request, None)
    if parsed.value is None:
        assert "parameters" in parsed.findings[0].message


def test_the_text_is_short() -> None:
    """Nothing stands in a file that says nothing, and only what YAML could misread is quoted."""
    request = Request(
        path=PATH, requester=Login("alice"), accounts=("prod", "x, y"), duration=timedelta(hours=1),
        reason="why: this", parameters={},
    )  # fmt: skip
    assert new_request.text(request) == (
        'requester: alice\naccounts: [prod, "x, y"]\nduration: 1h\nreason: "why: this"\n'
    )


@pytest.mark.parametrize(
    ("line", "option"),
    [(0, ""), (1, ""), (2, "--account"), (3, "--duration"), (6, "-p table=…"), (7, "")],
)
def test_a_line_is_corrected_by_an_option(line: int, option: str) -> None:
    """The one that gave it; none for the requester, for a heading, and for a line that the text has not."""
    text = new_request.text(a_request())
    assert text.splitlines()[5] == "  table: orders"
    assert new_request.option(text, line) == option
    assert new_request.option("", 1) == new_request.option(text, 5) == ""


def test_longer_changes_the_duration_alone() -> None:
    """An extension keeps every other byte: comments, order, the way lines end."""
    before = b"# mine\r\nrequester: alice\nduration: 2h   # till lunch\nreason: duration: 2h\n"
    assert new_request.longer(before, 3, "3h") == before.replace(b"duration: 2h   #", b"duration: 3h   #")
    assert (
        new_request.longer(b"{requester: a, duration: 90m, x: y}", 1, "2h")
        == b"{requester: a, duration: 2h, x: y}"
    )
    assert new_request.longer(b'duration: "2h"', 1, "4h") == b"duration: 4h"


def proposed(rules: Rules | None = None, **changes: Any) -> str:
    """The words of the pull request that asks for it."""
    grant_preview = would_grant(a_request(**changes), rules or the_rules(), MERGED_AT, the_catalogue())
    assert grant_preview is not None
    return new_request.ask(grant_preview, b"").body


def test_the_words_for_the_approver() -> None:
    """Why, where, how long from when, with what, how dangerous, and who must approve."""
    rows = dict(re.findall(r"^\| (\S.*?) \| (.*) \|$", proposed(), flags=re.MULTILINE))
    assert rows == {
        "why": "INC-1234 refunds are stuck in the queue",
        "where": "prod",
        "how long": "2h, from the merge",
        "table": "orders",
        "what": "Read one DynamoDB table",
        "risk": "low",
        "approve": "1 of @\u200bacme/payments-leads",
    }
    planned = proposed(ticket="OPS-7", starts_at=MERGED_AT + timedelta(days=1))
    assert "| ticket | OPS-7 |" in planned
    assert "2h, from 2026-11-25T09:00:00Z |" in planned
    assert "| 1 of nobody |" in proposed(the_rules(codeowners=owned_by()))


def test_a_membership_that_ends_is_among_the_words() -> None:
    """Whom a date lets ask only for a time is told to the approver, beside what is asked for."""
    member = Membership(login=Login("alice"), until=MERGED_AT + timedelta(minutes=30))
    lead = Membership(login=Login("bob"))
    rules = the_rules(teams=Roster.of({"acme/payments": (member,), "acme/payments-leads": (lead,)}))
    assert "| member | alice may ask until 2026-11-24 09:30 UTC" in proposed(rules)
    assert "| member |" not in proposed()


def test_an_extension_counts_from_the_first_start() -> None:
    """Its pull request says so: a merge today moves no start."""
    longer = a_request(duration=timedelta(hours=3))
    grant_preview = would_grant(longer, the_rules(), MERGED_AT, the_catalogue())
    assert grant_preview is not None
    body = new_request.extension(grant_preview, b"", a_request()).body
    assert "| how long | 3h, from the first start |" in body
    assert "from the merge" not in body


def test_who_may_ask_under_what() -> None:
    """The policies by name that name a person, who must have a principal to ask with."""
    policies = [
        a_policy(name="z", eligible=("alice",)),
        a_policy(name="a", eligible=("alice",)),
        a_policy(name="m", eligible=("bob",)),
    ]
    alice = a_person("alice")
    assert [each.name for each in new_request.usable(policies, alice, TEAMS)] == ["a", "z"]
    assert new_request.usable(policies, a_person("alice", principal=None), TEAMS) == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("orders", ("orders-read", "orders-write")),
        ("read", ("orders-read",)),
        ("ORDERS WRITE", ("orders-write",)),
        ("orders-read", ("orders-read",)),
        ("", ()),
        ("x", ()),
    ],
)
def test_parts_of_names(typed: str, found: tuple[str, ...]) -> None:
    """A part fits every name that holds all of its words, whatever their case; nothing fits none."""
    assert new_request.named(typed, ("orders-read", "orders-write")) == found
    assert new_request.named("orders-read", ("orders-read-all", "orders-read")) == ("orders-read",)


@pytest.mark.parametrize("wanted", [new_request.ask, None])
def test_what_github_bounds_is_bounded(wanted: Any) -> None:
    """Title and headline of a request in a hundred accounts have 256 characters at most, and say how many there are."""
    where = tuple(f"workload-production-region-{number:03}" for number in range(100))
    summary = a_summary()
    assert summary.grant_preview is not None
    preview = replace(summary.grant_preview, where=where)
    proposal = (
        new_request.ask(preview, b"") if wanted else new_request.extension(preview, b"", preview.request)
    )
    for text in (proposal.title, proposal.message):
        assert 200 < len(text) <= 256
        assert "workload-production-region-000, " in text
        assert " more" in text
