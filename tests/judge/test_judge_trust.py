"""Who may enter a grant: each kind of principal, and everyone who would like to be taken for one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from acme import ASKS, IDS, ORDERS, READ_ONLY, SERVICE_LOGS, Ask, both, made
from callers import ENGINEERS, PEOPLE, engineer, iam_user, impostors, signed_in
from grants import ANYTHING, IDENTITY, MERGED_AT, Grant
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import ALLOWED, DENIED, Caller, Case, Document, Judge, Question, Verdict, token

from jitbot.domain.setup.doctor.shared_roles import objection

KINDS = (ORDERS, READ_ONLY, SERVICE_LOGS)  # Identity Center, an IAM user, a shared role
every_kind = pytest.mark.parametrize("ask", KINDS, ids=["identity-center", "iam-user", "iam-role"])

NAMES = st.text("abceilmoALICE0189+=,.@_-:*?/${} ", max_size=40)
# Permission sets that are not Developer, most of them nearly.
SETS = st.one_of(
    st.from_regex(r"[A-Za-z0-9+=,.@_-]{1,32}", fullmatch=True),
    st.from_regex(r"Developer[A-Za-z0-9+=,.@_-]{1,23}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9+=,.@_-]{1,23}Developer", fullmatch=True),
    st.from_regex(r"Developer_[0-9a-f]{16}", fullmatch=True),
).filter(lambda name: name != "Developer")
SUFFIXES = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)
PATHS = st.sampled_from(["/aws-reserved/sso.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/eu-west-1/"])


def enters(grant: Grant, callers: tuple[Caller, ...], expected: frozenset[Verdict]) -> Iterator[Case]:
    """Each caller at the first and the last second of the window."""
    for caller in callers:
        for at in grant.inside:
            yield Case(says="enters", question=grant.entered(caller, at), expected=expected)


@pytest.mark.parametrize("ask", ASKS, ids=IDS)
def test_the_requester_enters_in_the_window_alone(judge: Judge, repository: Path, ask: Ask) -> None:
    """However the requester signs in, the role lets them in from the first to the last second, and never else."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            yield from enters(grant, PEOPLE[ask.requester], ALLOWED)
            for caller in PEOPLE[ask.requester]:
                for at in grant.outside:
                    yield Case(says="too late", question=grant.entered(caller, at), expected=DENIED)

    judge.confirm("trust", cases())


@every_kind
def test_an_extension_lets_the_requester_in_until_its_new_end(
    judge: Judge, repository: Path, ask: Ask
) -> None:
    """After an extension the requester still enters past the former end, and not at the new one; others never."""

    def cases() -> Iterator[Case]:
        longer = made(repository, ask, duration=ask.longer)
        for former, grant in zip(made(repository, ask), longer, strict=True):
            assert former.expires_at < grant.expires_at
            for caller in PEOPLE[ask.requester]:
                for at in (former.expires_at, *grant.inside):
                    yield Case(says="extended", question=grant.entered(caller, at), expected=ALLOWED)
                for at in grant.outside:
                    yield Case(says="extended", question=grant.entered(caller, at), expected=DENIED)
            for caller in impostors(ask.requester):
                question = grant.entered(caller, former.expires_at)
                yield Case(says="extended", question=question, expected=DENIED)

    judge.confirm("trust", cases())


@pytest.mark.parametrize("ask", ASKS, ids=IDS)
def test_nobody_else_enters(judge: Judge, repository: Path, ask: Ask) -> None:
    """Colleagues, look-alikes, roots, admins and services stay out, whatever their own side allows them."""

    def cases() -> Iterator[Case]:
        for grant in made(repository, ask):
            yield from enters(grant, impostors(ask.requester), DENIED)

    judge.confirm("trust", cases())


@every_kind
def test_the_person_needs_their_own_sides_permission(judge: Judge, repository: Path, ask: Ask) -> None:
    """A grant in another account is entered only if one's own account allows it; under the grants' path is enough."""
    own_side: Document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/jit/*"}
        ],
    }

    def cases() -> Iterator[Case]:
        for grant in made(repository, ask):
            for caller in PEOPLE[ask.requester]:
                question = grant.entered(caller, grant.opens, identity_policies=(own_side,))
                yield Case(says="own side allows", question=question, expected=ALLOWED)
                yield Case(
                    says="own side is silent",
                    question=replace(question, identity_policies=()),
                    expected=DENIED,
                )

    judge.confirm("trust", cases())


@every_kind
def test_only_entering_and_naming_the_source_is_trusted(judge: Judge, repository: Path, ask: Ask) -> None:
    """The requester may name a source identity in the window, and set no session tags nor come by other doors."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            for caller in PEOPLE[ask.requester]:
                tagging = grant.entered(caller, grant.opens, action="sts:TagSession")
                yield Case(says="tags", question=tagging, expected=DENIED)
                naming = grant.entered(caller, grant.opens, action="sts:SetSourceIdentity")
                yield Case(says="names the source", question=naming, expected=ALLOWED)
                for at in grant.outside:
                    yield Case(says="names, too late", question=replace(naming, at=at), expected=DENIED)
        for grant in made(repository, ask):
            for caller in impostors(ask.requester):
                naming = grant.entered(caller, grant.opens, action="sts:SetSourceIdentity")
                yield Case(says="names as another", question=naming, expected=DENIED)
            for action, provider in (
                ("sts:AssumeRoleWithWebIdentity", "oidc-provider/token.actions.githubusercontent.com"),
                ("sts:AssumeRoleWithSAML", "saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"),
            ):
                for account in (grant.account_id, IDENTITY):
                    target = token(f"arn:aws:iam::{account}:{provider}")
                    question = grant.entered(target, grant.opens, action=action, identity_policies=())
                    yield Case(says="another door", question=question, expected=DENIED)

    judge.confirm("trust", cases())


@every_kind
def test_naming_the_source_lets_nobody_in(judge: Judge, repository: Path, ask: Ask) -> None:
    """The statement for the source identity alone gives nobody a session."""

    def cases() -> Iterator[Case]:
        for grant in made(repository, ask):
            statements = grant.trust_policy["Statement"]
            naming = [one for one in statements if one["Action"] == "sts:SetSourceIdentity"]
            assert len(naming) == 1
            alone = replace(grant, trust_policy={**grant.trust_policy, "Statement": naming})
            yield from enters(alone, PEOPLE[ask.requester], DENIED)

    judge.confirm("trust", cases())


OWN_NAME = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}


def assumes(name: str, condition: Document | None) -> Question:
    """bob, an IAM user, assumes the role that engineers share, and calls his session this."""
    entering = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{IDENTITY}:root"},
        "Action": "sts:AssumeRole",
    }
    trust = {
        "Version": "2012-10-17",
        "Statement": [entering | ({"Condition": condition} if condition else {})],
    }
    return Question(
        caller=iam_user("bob"),
        action="sts:AssumeRole",
        resource=ENGINEERS,
        account_id=IDENTITY,
        at=MERGED_AT,
        identity_policies=(ANYTHING,),
        resource_policy=trust,
        context={"sts:RoleSessionName": name, "aws:username": "bob"},
    )


def test_a_session_name_is_a_persons_only_where_nobody_chooses_it(judge: Judge, repository: Path) -> None:
    """Whoever assumes the shared role as carol enters carol's grant: the grant cannot tell. The shared role's trust can.

    Where it lets people call themselves as they like, bob enters as carol; where it demands their own user name, he does not.
    """
    _, _, carols = (made(repository, ask)[0] for ask in KINDS)
    as_carol, as_bob = engineer("carol"), engineer("bob")
    judge.confirm(
        "trust",
        [
            Case(says="bob calls himself carol", question=assumes("carol", None), expected=ALLOWED),
            Case(says="and is carol", question=carols.entered(as_carol, carols.opens), expected=ALLOWED),
            Case(says="bob calls himself bob", question=assumes("bob", OWN_NAME), expected=ALLOWED),
            Case(says="and is not carol", question=carols.entered(as_bob, carols.opens), expected=DENIED),
            *(
                Case(says=f"bob calls himself {name!r}", question=assumes(name, OWN_NAME), expected=DENIED)
                for name in ("carol", "Bob", "bob ", "*", "${aws:username}", "b?b")
            ),
        ],
    )
    trusts = [assumes("carol", condition).resource_policy for condition in (None, OWN_NAME)]
    assert [bool(objection(trust)) for trust in trusts if trust is not None] == [
        True,
        False,
    ]  # as doctor has it


@settings(max_examples=15, deadline=None)
@given(
    names=st.lists(
        NAMES.filter(lambda name: name not in {"alice@acme.com", "carol"}), min_size=10, max_size=20
    )
)
def test_no_name_passes_for_another(judge: Judge, repository: Path, names: list[str]) -> None:
    """A session or user name, whatever signs it is made of, is nobody's but its own."""
    alice, _, carol = (made(repository, ask)[0] for ask in KINDS)
    cases = [
        *enters(alice, tuple(signed_in(name) for name in names), DENIED),
        *enters(carol, tuple(engineer(name) for name in names), DENIED),
    ]
    judge.confirm("generated trust", cases)


@settings(max_examples=15, deadline=None)
@given(
    sets=st.lists(st.tuples(SETS, SUFFIXES, PATHS), min_size=10, max_size=20),
    mine=st.lists(st.tuples(SUFFIXES, PATHS), min_size=1, max_size=3),
)
def test_no_permission_set_passes_for_another(
    judge: Judge,
    repository: Path,
    sets: list[tuple[str, str, str]],
    mine: list[tuple[str, str]],
) -> None:
    """Only the permission set of exactly that name counts, whatever suffix and region Identity Center gave it."""
    grant = made(repository, ORDERS)[0]
    others = tuple(
        signed_in("alice@acme.com", role=f"AWSReservedSSO_{name}_{suffix}", path=path)
        for name, suffix, path in sets
    )
    own = tuple(
        signed_in("alice@acme.com", role=f"AWSReservedSSO_Developer_{suffix}", path=path)
        for suffix, path in mine
    )
    judge.confirm("generated trust", [*enters(grant, others, DENIED), *enters(grant, own, ALLOWED)])
