"""The documents of a grant: exactly these, for this person, this long, this much."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    IDENTITY,
    MERGED_AT,
    PATH,
    PROD,
    STAGING,
    a_person,
    a_policy,
    a_request,
    the_settings,
)
from builders import a_window, the_documents
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.aws import iam
from jitbot.domain.model.documents import AccountId, IdentityCenter, Login, Statement
from jitbot.domain.text import packed as packed_json
from jitbot.domain.text.packed import Packed, Packer

BEFORE_END = {"DateLessThan": {"aws:CurrentTime": "2026-11-24T11:00:00Z"}}
FROM_START = {"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-24T09:00:00Z"}}
LATER = a_window(starts_at=MERGED_AT)
RESERVED = "arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/"
DEVELOPER = "AWSReservedSSO_Developer_????????????????"


def trusting(principal: str, condition: dict[str, object]) -> dict[str, object]:
    """The whole trust policy of a principal under these conditions."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": action,
                "Condition": condition,
            }
            for sid, action in (("Assume", "sts:AssumeRole"), ("NameSource", "sts:SetSourceIdentity"))
        ],
    }


@pytest.mark.parametrize(
    ("login", "principal", "pin"),
    [
        ("bob", "arn:aws:iam::222222222222:user/bob", {}),
        (
            "carol",
            "arn:aws:iam::222222222222:role/engineers",
            {"StringEquals": {"aws:userid": "AROAENGINEERSEXAMPLE1:carol"}},
        ),
        (
            "alice",
            "arn:aws:iam::222222222222:root",
            {
                "ArnLike": {
                    "aws:PrincipalArn": [f"{RESERVED}{DEVELOPER}", f"{RESERVED}*/{DEVELOPER}"],
                },
                "StringLike": {"aws:userid": "AROA?????????????????:alice@acme.com"},
            },
        ),
    ],
)
def test_only_the_requester_is_trusted(login: str, principal: str, pin: dict[str, object]) -> None:
    """Each kind of principal is trusted exactly so, before the end, and from the start where there is one."""
    now = the_documents(person=a_person(login)).trust_policy
    later = the_documents(person=a_person(login), window=LATER).trust_policy
    assert now == trusting(principal, {**pin, **BEFORE_END})
    assert later == trusting(principal, {**pin, **BEFORE_END, **FROM_START})


def test_an_unknown_kind_of_principal_is_trusted_with_nothing() -> None:
    """A principal of a kind that nobody knows has no trust policy."""
    unknown: Any = "arn:aws:iam::222222222222:root"
    with pytest.raises(AssertionError):
        the_documents(person=a_person("alice", principal=unknown))


def as_regex(pattern: str) -> str:
    """What IAM's `?` and `*` mean, as a regular expression."""
    return re.escape(pattern).replace(r"\?", ".").replace(r"\*", ".*")


@pytest.mark.parametrize(
    ("arn", "userid", "passes"),
    [
        (f"{RESERVED}AWSReservedSSO_Developer_0123456789abcdef", "alice@acme.com", True),
        (f"{RESERVED}eu-west-1/AWSReservedSSO_Developer_0123456789abcdef", "alice@acme.com", True),
        (f"{RESERVED}AWSReservedSSO_Developer_0123456789abcdef", "mallory@acme.com", False),
        (f"{RESERVED}AWSReservedSSO_Developer_0123456789abcdef", "x:alice@acme.com", False),
        (f"{RESERVED}AWSReservedSSO_Developer_0123456789abcdef", "alice@acme.com.evil.com", False),
        (f"{RESERVED}AWSReservedSSO_Developer_Plus_0123456789abcdef", "alice@acme.com", False),
        (f"{RESERVED}AWSReservedSSO_Dev_0123456789abcdef", "alice@acme.com", False),
        ("arn:aws:iam::222222222222:role/AWSReservedSSO_Developer_0123456789abcdef", "alice@acme.com", False),
        (
            f"{RESERVED.replace('222222222222', '111111111111')}AWSReservedSSO_Developer_0123456789abcdef",
            "alice@acme.com",
            False,
        ),
    ],
)
def test_an_identity_center_user_is_one_person(arn: str, userid: str, passes: bool) -> None:
    """The patterns let in this user name of this permission set of this account, and nobody beside."""
    statements: Any = the_documents().trust_policy["Statement"]
    condition = statements[0]["Condition"]
    role = any(re.fullmatch(as_regex(each), arn) for each in condition["ArnLike"]["aws:PrincipalArn"])
    pinned = re.fullmatch(as_regex(condition["StringLike"]["aws:userid"]), f"AROAENGINEERSEXAMPLE1:{userid}")
    assert (role and pinned is not None) is passes


def test_the_permissions_are_the_rendered_statements_and_two_guards() -> None:
    """Only what was asked, only before the end; at the end everything is denied, and beside it always."""
    assert the_documents().permission_policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Grant0",
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": ["arn:aws:dynamodb:*:111111111111:table/orders"],
                "Condition": BEFORE_END,
            },
            {
                "Sid": "Expired",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-24T11:00:00Z"}},
            },
            {
                "Sid": "OnlyGranted",
                "Effect": "Deny",
                "NotAction": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:ViaAWSService": "false"}},
            },
        ],
    }


def test_before_a_start_everything_is_denied() -> None:
    """With a start there is a third guard, and each statement holds from the start only."""
    statements: Any = the_documents(window=LATER).permission_policy["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Grant0", "Expired", "NotYet", "OnlyGranted"]
    assert statements[0]["Condition"] == {**BEFORE_END, **FROM_START}
    assert statements[2] == {
        "Sid": "NotYet",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-24T09:00:00Z"}},
    }


def test_a_managed_policy_goes_without_the_list_of_actions() -> None:
    """Where AWS manages what is allowed, nothing is denied by action; the end is denied all the same."""
    documents = the_documents(policy=a_policy(managed_policies=("ReadOnlyAccess", "AWSHealthFullAccess")))
    statements: Any = documents.permission_policy["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Grant0", "Expired"]
    assert documents.managed_policies == (
        "arn:aws:iam::aws:policy/AWSHealthFullAccess",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    )


def test_every_statement_is_numbered_and_bounded() -> None:
    """Each statement has its own name, keeps its conditions beside the window, and adds to what is listed."""
    region = {"StringEquals": {"aws:RequestedRegion": ("eu-west-1", "{{requester}}")}}
    statements = (
        Statement(actions=("s3:GetObject",), resources=("*",)),
        Statement(actions=("kms:Decrypt", "s3:GetObject"), resources=("*",), conditions=region),
    )
    rendered: Any = the_documents(policy=a_policy(statements=statements)).permission_policy["Statement"]
    assert [each["Sid"] for each in rendered] == ["Grant0", "Grant1", "Expired", "OnlyGranted"]
    assert rendered[0]["Condition"] == BEFORE_END
    assert rendered[1]["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": ["eu-west-1", "alice"]},
        **BEFORE_END,
    }
    assert rendered[3]["NotAction"] == ["kms:Decrypt", "s3:GetObject"]


def test_a_statements_own_dates_never_replace_the_window() -> None:
    """Even a date condition that slipped through every check does not move the end."""
    dated = {"DateLessThan": {"aws:CurrentTime": ("2099-01-01T00:00:00Z",)}}
    statement = Statement(actions=("s3:GetObject",), resources=("*",), conditions=dated)
    rendered: Any = the_documents(policy=a_policy(statements=(statement,))).permission_policy["Statement"]
    assert rendered[0]["Condition"] == BEFORE_END


def test_a_role_is_for_one_account() -> None:
    """Account, boundary and ARN are the account's own, and a leading zero stays."""
    documents = the_documents("staging")
    assert (documents.account, documents.account_id, documents.path) == ("staging", STAGING, "/jit/")
    assert documents.permissions_boundary == "arn:aws:iam::012345670123:policy/jitbot-boundary"
    assert documents.role_arn == f"arn:aws:iam::012345670123:role/jit/{documents.role_name}"
    assert "arn:aws:dynamodb:*:012345670123:table/orders" in iam.canonical(documents.permission_policy)
    assert iam.own_name(the_settings(), "sweep") == "jitbot-sweep"


def test_tags_are_for_people() -> None:
    """A role says which repository, request, person and policy it is of, and the ticket if there is one."""
    expected = {
        "jitbot:repository": "acme/access",
        "jitbot:request": PATH,
        "jitbot:requester": "alice",
        "jitbot:policy": "orders-db-read",
    }
    assert the_documents().tags == expected
    assert the_documents(request=a_request(ticket="INC-1")).tags == {**expected, "jitbot:ticket": "INC-1"}


def test_a_tag_holds_what_aws_takes() -> None:
    """A ticket may have a #, which no tag may: the role would not be made."""
    assert the_documents(request=a_request(ticket="acme/infra#12")).tags["jitbot:ticket"] == "acme/infra:12"


def test_nobody_without_a_principal_is_granted_anything() -> None:
    """A person whom AWS does not know has no documents."""
    with pytest.raises(ValueError, match="erin has no AWS principal"):
        the_documents(person=a_person("erin"))


def test_a_placeholder_that_nothing_fills_is_an_error() -> None:
    """A name that is no parameter and not built in stays no text in a policy."""
    with pytest.raises(KeyError, match="bucket"):
        iam.fill("arn:aws:s3:::{{bucket}}", {"table": "orders"})


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{a}}", "1"),
        ("{{ a }}", "1"),
        ("{{a}}{{b}}{{a}}", "1{{a}}1"),
        ("x{{b}}y", "x{{a}}y"),
        ("${aws:userid}-*", "${aws:userid}-*"),
    ],
)
def test_a_value_is_filled_in_once(text: str, filled: str) -> None:
    """Each placeholder is replaced where it stands, and a value that looks like one is left as it is."""
    assert iam.fill(text, {"a": "1", "b": "{{a}}"}) == filled


values = st.text("{}a_ *$", max_size=8)


@given(values, values)
def test_no_value_is_read_again(one: str, other: str) -> None:
    """Whatever a value holds, it stands in the text as it is, and once."""
    assert iam.fill("<{{a}}|{{b}}>", {"a": one, "b": other}) == f"<{one}|{other}>"


def test_a_parameter_cannot_shadow_what_is_built_in() -> None:
    """A parameter that is named like a built-in does not move the grant to another account or person."""
    request = a_request(
        parameters={"table": "{{account_id}}", "account_id": "*", "account": "*", "requester": "*"}
    )
    resources = ("arn:aws:x:::{{account_id}}/{{account}}/{{requester}}/{{table}}",)
    policy = a_policy(statements=(Statement(actions=("x:Get",), resources=resources),))
    rendered: Any = the_documents(policy=policy, request=request).permission_policy["Statement"]
    assert rendered[0]["Resource"] == ["arn:aws:x:::111111111111/prod/alice/{{account_id}}"]


def name_of(
    account: AccountId = PROD, *, settings: Any = None, policy: str = "orders-db-read", **asked: Any
) -> str:
    """The role name of a request that differs in one thing."""
    return iam.role_name(
        settings=settings or the_settings(), request=a_request(**asked), policy=policy, account_id=account
    )


def test_role_names_say_whose_they_are() -> None:
    """A role name reads as person and policy, in lower case, with ten hexadecimal digits at the end."""
    assert re.fullmatch(r"jit-alice-orders-db-read-[0-9a-f]{10}", name_of())
    assert re.fullmatch(r"jit-alice-orders-db-read-[0-9a-f]{10}", name_of(requester=Login("Alice")))
    assert name_of(requester=Login("Alice")) == name_of()
    assert re.fullmatch(r"ops-alice-.*", name_of(settings=the_settings(namespace="ops")))


def test_role_names_differ_where_requests_do() -> None:
    """Another account, request or repository gives another role; another duration gives the same."""
    others = [
        name_of(STAGING),
        name_of(path=PATH.replace("refunds", "orders")),
        name_of(settings=the_settings(repository_id=700002)),
    ]
    assert len({name_of(), *others}) == 4
    assert name_of(duration=4 * HOUR, reason="more", accounts=("prod", "staging")) == name_of()


@given(
    login=st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", fullmatch=True),
    policy=st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True),
    namespace=st.from_regex(r"[a-z][a-z0-9]{1,11}", fullmatch=True),
)
def test_role_names_fit(login: str, policy: str, namespace: str) -> None:
    """Path and name together fit the console's Switch Role, whatever the names are."""
    settings = the_settings(namespace=namespace)
    name = name_of(settings=settings, policy=policy, requester=Login(login))
    assert len(f"/{namespace}/{name}") <= 64
    assert re.fullmatch(rf"{namespace}-[a-z0-9-]*[a-z0-9]-[0-9a-f]{{10}}", name)


def test_the_longest_role_name_has_59_characters() -> None:
    """The room is used: a long name is cut only as far as it must be."""
    assert len(name_of(requester=Login("a" * 39), policy="b" * 32)) == 59


def test_digests_change_with_everything_that_aws_holds() -> None:
    """Each part of the documents changes the digest; who looks at them by which alias does not."""
    one = the_documents()
    others = [
        replace(one, role_name="other"),
        replace(one, account_id=STAGING),
        replace(one, path="/"),
        replace(one, trust_policy={}),
        replace(one, permission_policy={}),
        replace(one, managed_policies=("arn:aws:iam::aws:policy/ReadOnlyAccess",)),
        replace(one, permissions_boundary=""),
        replace(one, tags={}),
    ]
    assert len({iam.digest(each) for each in (one, *others)}) == 9
    assert iam.digest(replace(one, account="production")) == iam.digest(one)
    assert re.fullmatch("[0-9a-f]{64}", iam.digest(one))


def test_one_meaning_has_one_text() -> None:
    """Order of keys does not count, order of lists does, and the text is compact ASCII."""
    assert iam.canonical({"b": [1, 2], "a": "é"}) == iam.canonical({"a": "é", "b": [1, 2]})
    assert iam.canonical({"b": [1, 2], "a": "é"}) == '{"a":"\\u00e9","b":[1,2]}'
    assert iam.canonical([1, 2]) != iam.canonical([2, 1])


def test_two_documents_are_the_same_in_their_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of keys does not count, and what packers made of one text is not opened for it."""
    trust_policy = the_documents().trust_policy
    turned = dict(reversed([*trust_policy.items()]))
    packed, alike, other = (Packer().pack(each) for each in (trust_policy, trust_policy, turned))
    assert isinstance(packed, Packed)
    assert all(iam.is_same(packed, each) for each in (trust_policy, turned, alike, other))
    changed = {**trust_policy, "Version": "2008-10-17"}
    assert not any(iam.is_same(each, packed) for each in (changed, Packer().pack(changed)))
    monkeypatch.delattr(packed_json, "_opened")
    assert iam.is_same(packed, alike)


@pytest.mark.parametrize("login", ["alice", "bob", "carol"])
@pytest.mark.parametrize("starts_at", [None, MERGED_AT])
def test_a_trust_policy_tells_its_window(login: str, starts_at: Any) -> None:
    """The window that was written into a trust policy is read back from it, to the second."""
    window = a_window(starts_at=starts_at, expires_at=EXPIRES_AT + timedelta(seconds=1))
    assert iam.read_window(the_documents(person=a_person(login), window=window).trust_policy) == window


def conditions(*each: object) -> dict[str, object]:
    """A trust policy of as many statements as there are conditions."""
    return {"Statement": [{"Effect": "Allow", "Condition": condition} for condition in each]}


@pytest.mark.parametrize(
    "trust_policy",
    [
        {},
        {"Statement": []},
        {"Statement": {"Condition": BEFORE_END}},
        {"Statement": "x"},
        {"Statement": 7},
        {"Statement": ["x"]},
        {"Statement": [{}]},
        conditions(None),
        conditions([]),
        conditions({}),
        conditions(FROM_START),
        conditions(BEFORE_END, None),
        conditions(BEFORE_END, {**BEFORE_END, **FROM_START}),
        conditions(BEFORE_END, {"DateLessThan": {"aws:CurrentTime": "2026-11-24T11:00:01Z"}}),
        conditions({"DateLessThan": {"aws:CurrentTime": "2099"}}),
        conditions({"DateLessThan": {"aws:CurrentTime": ["2026-11-24T11:00:00Z"]}}),
        conditions({"DateLessThan": {"aws:TokenIssueTime": "2026-11-24T11:00:00Z"}}),
        conditions({"DateLessThan": {**BEFORE_END["DateLessThan"], "aws:TokenIssueTime": "x"}}),
        conditions({"DateLessThan": "2026-11-24T11:00:00Z"}),
        conditions({"DateLessThanEquals": BEFORE_END["DateLessThan"]}),
        conditions({**BEFORE_END, "DateGreaterThanEquals": {}}),
        conditions({**BEFORE_END, "DateGreaterThanEquals": {"aws:CurrentTime": "soon"}}),
    ],
)
def test_any_other_trust_policy_tells_no_window(trust_policy: dict[str, object]) -> None:
    """A window is read only where every statement spells the same one exactly."""
    assert iam.read_window(trust_policy) is None


def test_what_fits_is_not_found_fault_with() -> None:
    """The documents of an ordinary request are within every limit of AWS."""
    assert iam.preflight(the_documents(), file=PATH) == ()


def sized(part: str, size: int) -> iam.Documents:
    """Documents of which one part has exactly this size."""
    one = the_documents()
    filler = {"": "x" * (size - len(iam.canonical({"": ""})))} if size > 100 else {}
    changes: dict[str, dict[str, Any]] = {
        "trust policy": {"trust_policy": filler},
        "permission policy": {"permission_policy": filler},
        "role path and name": {"role_name": "x" * (size - len(one.path))},
        "longest tag": {"tags": {"short": "x", "long": "x" * size}},
        "list of managed policies": {"managed_policies": ("arn",) * size},
    }
    return replace(one, **changes[part])


@pytest.mark.parametrize(
    ("part", "limit"),
    [
        ("trust policy", 2048),
        ("permission policy", 10240),
        ("role path and name", 64),
        ("longest tag", 256),
        ("list of managed policies", 9),
    ],
)
def test_what_aws_would_refuse_is_found_before(part: str, limit: int) -> None:
    """Each size is fine up to AWS's limit; one more is a finding that names part, account, size and limit."""
    assert iam.preflight(sized(part, limit), file=PATH) == ()
    (finding,) = iam.preflight(sized(part, limit + 1), file=PATH)
    assert (finding.code, finding.file) == ("too-big-for-aws", PATH)
    assert finding.message == f"the {part} in prod comes to {limit + 1}; AWS takes at most {limit}"


def test_every_fault_is_found_at_once() -> None:
    """Two parts that are too big are two findings."""
    both = replace(sized("trust policy", 2049), managed_policies=("arn",) * 10)
    assert len(iam.preflight(both, file=PATH)) == 2


def test_the_fixed_parts_are_fixed() -> None:
    """The denial is AWS's own, it fits beside nine managed policies, and a session lasts an hour."""
    assert iam.DENY_ALL == "arn:aws:iam::aws:policy/AWSDenyAll"
    assert iam.MANAGED_LIMIT + 1 == 10
    assert iam.SESSION.total_seconds() == 3600


def test_the_person_alone_decides_whom_a_role_trusts() -> None:
    """Two people with the same request get different trust and the same permissions."""
    other = IdentityCenter(account=IDENTITY, permission_set="Developer", user_name="grace@acme.com")
    one, two = the_documents(), the_documents(person=a_person("alice", principal=other))
    assert one.trust_policy != two.trust_policy
    assert one.permission_policy == two.permission_policy
