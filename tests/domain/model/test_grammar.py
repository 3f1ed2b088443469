"""The grammars one by one: what a reader could mistake, what AWS would read otherwise, what could stall."""

import re
import string
import time
import warnings
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.model import grammar
from jitbot.domain.model.documents import Finding, Login
from jitbot.domain.model.grammar import RequestPath, literal_problem, policy_of

NONE = frozenset[str]()
BOTH = frozenset(":/")


@pytest.mark.parametrize(
    "value", ["orders", "a", "x" * 128, "a b", "i-0abc", "a.b_c@d=e+f,g", "#1", "50%", "<x>", "~"]
)
def test_a_literal_stands_as_itself(value: str) -> None:
    """Anything visible in ASCII that IAM reads as itself is fine."""
    assert literal_problem(value, NONE) is None


@pytest.mark.parametrize(
    "value",
    ["", " ", " a", "a ", "x" * 129, "é", "a\n", "a\tb", "\0", "a\x7f", "\u202ea", "\uff0a", "\u00a0"]
    + [f"a{sign}b" for sign in "*?${}[]\\"]
    + ["*", "?", "${aws:userid}", "{{table}}", "a/b", "a:b", "arn:aws:s3:::x"],
)
def test_what_is_no_literal(value: str) -> None:
    """Patterns, variables, templates, parts and the unseen are refused."""
    assert literal_problem(value, NONE)


@pytest.mark.parametrize("sign", "*?${}[]\\")
def test_no_separator_lifts_the_ban_on_patterns(sign: str) -> None:
    """Declaring anything as a separator never lets a wildcard or a variable in."""
    assert literal_problem(f"a{sign}b", frozenset(f":/{sign}"))


def test_a_separator_must_be_declared() -> None:
    """Each of : and / is allowed by itself."""
    assert literal_problem("a/b:c", BOTH) is None
    assert literal_problem("a/b", frozenset("/")) is None
    assert literal_problem("a:b", frozenset("/"))
    assert literal_problem("a/b", frozenset(":"))


_SAFE = set(string.ascii_letters + string.digits + " !\"#%&'()+,-.;<=>@^_`|~")


@given(st.text(max_size=140))
def test_the_literal_rule_in_other_words(value: str) -> None:
    """A literal is 1 to 128 safe signs with no space at an end, and nothing else is."""
    allowed = 1 <= len(value) <= 128 and set(value) <= _SAFE and value.strip(" ") == value
    assert (literal_problem(value, NONE) is None) == allowed


def test_request_path() -> None:
    """The path gives policy and date; the login tells where the slug begins."""
    path = grammar.parse_request_path("requests/orders-db-read/2024-02/29-a-b-c.yaml")
    assert path == RequestPath(policy="orders-db-read", date=date(2024, 2, 29), rest="a-b-c")
    assert path.slug_for(Login("a")) == "b-c"
    assert path.slug_for(Login("a-b")) == "c"
    assert [path.slug_for(Login(login)) for login in ("a-b-c", "b", "", "a-")] == [None] * 4
    assert [path.slug_for(Login(login)) for login in ("A", "A-b")] == ["b-c", "c"]


def test_a_slug_is_lower_case_and_short() -> None:
    """What is left after the login must be a slug, not just something."""
    for rest in ("alice-B-c", "alice-b-" + "c" * 39, "alice--"):
        path = grammar.parse_request_path(f"requests/p/2026-11/24-{rest}.yaml")
        assert isinstance(path, RequestPath)
        assert path.slug_for(Login("alice")) == ("-" if rest == "alice--" else None)


@pytest.mark.parametrize("login", ["alice", "Alice", "a_b", "a-b", "x" * 39])
def test_every_login_has_paths(login: str) -> None:
    """Whatever GitHub login there is, a path of it is read back."""
    path = grammar.parse_request_path(f"requests/p/2026-11/24-{login}-some-words.yaml")
    assert isinstance(path, RequestPath)
    assert path.slug_for(Login(login)) == "some-words"


@given(st.text(max_size=60))
def test_no_path_raises(path: str) -> None:
    """Any text is a path or a finding that names it."""
    for parsed in (grammar.parse_request_path(path), grammar.parse_policy_path(path)):
        assert not isinstance(parsed, Finding) or parsed.file == path


@pytest.mark.parametrize("text", ["x", "x" * 200, "Größe", "日本語", "a: b # c", "✓ 👍", "e\u0301"])
def test_sentences(text: str) -> None:
    """One visible line in any script."""
    assert grammar.sentence_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x" * 201,
        "a\nb",
        "a\n",
        " a",
        "a ",
        "a\rb",
        "a\tb",
        "\u200b",
        "a\u202eb",
        "a\u3000b",
        "\ufe0f",
        "\u2800",
    ],
)
def test_no_sentences(text: str) -> None:
    """Empty, long, of several lines, or not as it looks."""
    assert grammar.sentence_problem(text)


@pytest.mark.parametrize(
    "pattern",
    ["a", "[a-z]+", "[a-z][a-z0-9-]{0,30}", "(dev|qa)-[a-z]+", "(?:a|b)c", r"i-[0-9a-f]{8}", r"a\+\*\?\(b", "[]a]+",
     "[^]]", "a*b?c{1,2}", r"\d{4}-\d{2}", "a{3}b{3}c{3}d{3}e*", "^a$", "[*+?(]{2}", r"[\]()]", "a|b|c", "(a)[b]", "[,][,][,][,]", "a{b{c{d{"],
)  # fmt: skip
def test_patterns(pattern: str) -> None:
    """Runs of characters and classes, one plain group, three variable repeats."""
    assert grammar.pattern_problem(pattern) is None
    assert re.compile(pattern)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "has 0 characters; a pattern has 1 to 200"),
        ("a" * 201, "has 201 characters; a pattern has 1 to 200"),
        ("é", "holds a character outside printable ASCII"),
        ("a\x7f", "holds a character outside printable ASCII"),
        ("a\x1f", "holds a character outside printable ASCII"),
        (r"(a)\1", "refers back to a group"),
        ("(a)(b)", "has more than one group, or one that is not plain"),
        ("(?=a)", "has more than one group, or one that is not plain"),
        ("(*a)", "has more than one group, or one that is not plain"),
        ("(a)+", "repeats a group"),
        ("(a){2}", "repeats a group"),
        ("a+b*c?d+", "has more than three repeats of variable length"),
        ("a{1,2}b{1,}c{,2}d+", "has more than three repeats of variable length"),
        ("[a", "is no regular expression"),
    ],
)
def test_what_could_keep_a_match_busy(pattern: str, problem: str) -> None:
    """Each with its own reason."""
    assert str(grammar.pattern_problem(pattern)).startswith(problem)


@pytest.mark.parametrize("pattern", ["a" * 200, " ", "~", "a 1~", "[1]2", "a+b{2}c{3}d{4}e?f*", "(a)b+"])
def test_patterns_at_their_bounds(pattern: str) -> None:
    """The longest, the first and the last sign, digits that refer to nothing, repeats of a fixed length."""
    assert grammar.pattern_problem(pattern) is None


def test_policy_paths() -> None:
    """The name of the policy, or what a path would have to be."""
    assert grammar.parse_policy_path("policies/access/orders-db-read.yaml") == "orders-db-read"
    found = grammar.parse_policy_path("policies/access/Orders.yaml")
    assert isinstance(found, Finding)
    assert found.code == "policy-path"


@pytest.mark.parametrize(
    ("template", "fits"),
    [
        (" ", True),
        ("~", True),
        ("\x1f", False),
        ("\x7f", False),
        ("\xa0", False),
        ("¡", True),
        ("ÿ", True),
        ("Ā", False),
    ],
)
def test_the_bounds_of_a_template(template: str, fits: bool) -> None:
    """From the first to the last sign that AWS takes, of those that can be seen."""
    assert (grammar.template_problem(template) is None) is fits


def test_a_pattern_that_a_later_python_reads_otherwise_is_refused() -> None:
    """A warning is a refusal, whatever the program does with warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "nested set" in str(grammar.pattern_problem("[[q]"))


def test_no_allowed_pattern_stalls() -> None:
    """The slowest patterns that the rule allows take well under a second on the longest value."""
    for pattern in (
        ".*.*.*b",
        "a*a*a*b",
        "[a-z]+[a-z]+[a-z]+b",
        "(" + "|".join(["a+"] * 3 + ["a"] * 90) + ")b",
    ):
        assert grammar.pattern_problem(pattern) is None
        start = time.process_time()
        assert re.fullmatch(pattern, "a" * 128) is None
        assert time.process_time() - start < 0.5


@given(st.text(alphabet="ab()[]{}*+?|\\,.^$1-:=!<P", max_size=20))
def test_no_pattern_raises(pattern: str) -> None:
    """Any text is a pattern that compiles, or has a problem."""
    if grammar.pattern_problem(pattern) is None:
        re.compile(pattern)


def test_common_mistakes_have_their_own_sentence() -> None:
    """Three mistakes that deserve more than a grammar."""
    assert grammar.sentence_problem("a\nb") == "has more than one line"
    assert grammar.action_problem("*") == "is every action of every service; name the service"
    assert grammar.action_problem("SNS:Publish") == "names its service in capital letters; write sns:Publish"


@pytest.mark.parametrize("action", ["s3:*", "s3:Get*", "s3:Get?bject", "execute-api:Invoke", "a4b:x"])
def test_actions(action: str) -> None:
    """A service, and a name that may hold wildcards."""
    assert grammar.action_problem(action) is None


@pytest.mark.parametrize(
    "action",
    ["*", "*:*", "s3", "s3:", ":x", "s*:Get", "?:x", "S3:Get", "s3:{{a}}", "s3:a b", "s3:a\n", "3s:x"],
)
def test_no_actions(action: str) -> None:
    """No service, a wildcard in it, or anything but letters after it."""
    assert grammar.action_problem(action)


@pytest.mark.parametrize(
    "resource",
    ["*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:iam::aws:policy/X",
     "arn:aws:logs:eu-west-1:111111111111:log-group:/x:*", "arn:aws:s3:{{a}}:{{account_id}}:x", "arn:aws:s3:::a b", "arn:*:s3:::b",
     "arn:aws*:s3:::b", "arn:aws-??:s3:::b", "arn:aws:lambda:*:*:function:x:$LATEST", "arn:aws:s3:::$", "arn:aws:s3:::é", "arn:aws:s3:::${*}${$}",
     "arn:aws:s3:::${aws:PrincipalTag/Cost Center}", "arn:aws:s3:::$x/{{a}}"],
)  # fmt: skip
def test_resources(resource: str) -> None:
    """An ARN with all its six parts, or everything."""
    assert grammar.resource_problem(resource) is None


@pytest.mark.parametrize(
    "resource",
    ["", "**", "b", "arn", "arn:aws:s3:::", "arn:aws:s3", "arn:aws:*:::b", "arn:{{a}}:s3:::b", "arn:aws:{{a}}:::b", "arn:gcp:s3:::b", "arn::s3:::b", "{{a}}",
     "arn:aws:s3:::{a}", "arn:aws:s3:::${{a}}", "arn:aws:s3:::${", "arn:aws:s3:::Ā", "arn:aws:s3:::a\u00a0b", "arn:aws:s3:::a\u00adb", "arn:aws:s3:::\u0080", "arn:aws:s3:::${a}", "arn:aws:s3:::${aws:a", "arn:aws:s3:::{{A}}",
     "arn:aws:s3:::{{a}", "arn:aws:s3:::a\n", "arn:aws:s3::123:b", "arn:aws:s3:::${aws:{{a}}}",
     "arn:aws:s3:::${s3:prefix}", " arn:aws:s3:::b", "arn:aws:s3:::\0", "arn:aws-us-gov:s3:::b", "arn:aws-cn:s3:::b", "arn:aws-eusc:s3:::b"],
)  # fmt: skip
def test_no_resources(resource: str) -> None:
    """Parts missing, another partition, wildcards where AWS takes none, or braces that mean nothing."""
    assert grammar.resource_problem(resource)


def test_placeholders() -> None:
    """Placeholders are found in order; AWS's variables are none."""
    assert grammar.placeholders("{{a}}/${aws:b}/{{c_1}}{{a}} {d} {{ e }}") == ("a", "c_1", "a")


def test_operators() -> None:
    """IAM's operators with their set and existence forms; dates never."""
    good = [
        "StringEquals",
        "ForAllValues:StringLike",
        "ForAnyValue:ArnLikeIfExists",
        "Null",
        "NotIpAddress",
        "BoolIfExists",
    ]
    bad = [
        "DateLessThan",
        "ForAnyValue:DateEquals",
        "DateNotEqualsIfExists",
        "NullIfExists",
        "ForAnyValue:Null",
        "",
        "stringequals",
    ]
    assert [grammar.operator_problem(each) for each in good] == [None] * len(good)
    assert all(grammar.operator_problem(each) for each in bad)
    assert "jitbot alone" in str(grammar.operator_problem("ForAnyValue:DateEquals"))


def test_condition_keys() -> None:
    """Keys with a tag's name behind them are fine; clocks are not, in whatever case."""
    good = [
        "aws:RequestedRegion",
        "ssm:resourceTag/team",
        "aws:PrincipalTag/a.b:c",
        "kms:EncryptionContext:x",
        "s3:max-keys",
        "aws:ResourceTag/Cost Center",
        "aws:ResourceTag/Kostenstelle Zürich+1=2/x",
        "codebuild:secondarySources/x.auth.type",
        "token.actions.githubusercontent.com:sub",
        "aws:ResourceTag/" + "a" * 128,
    ]
    bad = [
        "aws:CurrentTime",
        "AWS:CURRENTTIME",
        "aws:EpochTime",
        "aws:tokenissuetime",
        "x",
        "aws:",
        ":x",
        "aws:a b",
        "aws:{{a}}",
        "aws:ResourceTag/ x",
        "aws:ResourceTag/x ",
        "aws:ResourceTag/",
        "aws:ResourceTag/a*",
        "aws:ResourceTag/a\u00d7b",
        "aws:ResourceTag/" + "a" * 129,
    ]
    assert [grammar.condition_key_problem(each) for each in good] == [None] * len(good)
    assert all(grammar.condition_key_problem(each) for each in bad)


@pytest.mark.parametrize(
    ("operator", "value", "fine"),
    [
        ("StringLike", "a*", True), ("StringLike", "", True), ("StringLike", "{{a}}/${aws:username}", True),
        ("StringLike", "${x}", False), ("StringLike", "é", True), ("StringLike", "中", False), ("Bool", "true", True), ("Bool", "{{a}}", True),
        ("Bool", "True", False), ("BoolIfExists", "1", False), ("Null", "false", True), ("Null", "", False),
        ("NumericEquals", "-1.5", True), ("NumericEquals", "{{a}}", True), ("NumericEquals", "1{{a}}", False),
        ("NumericLessThanIfExists", "ten", False), ("ForAllValues:NumericEquals", "ten", False), ("ForAnyValue:Bool", "yes", False),
        ("IpAddress", "192.0.2.1", True), ("IpAddress", "192.0.2.0/24", True), ("IpAddress", "2001:DB8::/32", True), ("IpAddress", "::1", True),
        ("IpAddress", "{{a}}", True), ("IpAddress", "{{a}}/32", True), ("IpAddress", "10.0.{{a}}.0/24", True), ("IpAddress", "2001:db8:{{a}}::/48", True),
        ("NotIpAddress", "office", False), ("NotIpAddress", "192.0.2.300", False), ("IpAddress", "192.0.2.0/33", False),
        ("NotIpAddress", "10.0.0.1-10.0.0.9", False), ("IpAddress", "10.0.0", False), ("IpAddress", "10.0.0.*", False), ("IpAddress", "", False),
        ("IpAddress", "192.0.2.0/255.255.255.0", False), ("IpAddress", "fe80::1%eth0", False), ("IpAddress", " 192.0.2.1", False),
        ("ForAnyValue:NotIpAddress", "x{{a}}", False), ("IpAddressIfExists", "::/129", False),
        ("BinaryEquals", "QmFzZTY0", True), ("BinaryEquals", "QQ==", True), ("BinaryEquals", "{{a}}", True), ("BinaryEquals", "not base64!", False),
        ("BinaryEquals", "QQ=", False), ("BinaryEquals", "", False), ("BinaryEqualsIfExists", "QQ", False),
        ("ArnLike", "arn:aws:iam::*:role/jit/*", True), ("ArnEquals", "arn:*:sns:*:*:x", True), ("ArnNotLike", "{{a}}", True),
        ("ArnLike", "arn:aws:iam::{{account_id}}:role/x", True), ("ArnLike", "arn:aws:*:*:*:*", True), ("ArnLike", "arn:aws:s3:::a:b", True),
        ("ArnNotLike", "role/deploy", False), ("ArnNotEquals", "*", False), ("ArnLike", "arn:aws:iam::1:", False), ("ArnLike", "arn:aws:iam", False),
        ("ForAnyValue:ArnNotLikeIfExists", "x", False), ("ArnLike", "arn:gcp:iam:::x", False),
    ],
)  # fmt: skip
def test_condition_values(operator: str, value: str, fine: bool) -> None:
    """A value is what its operator compares, or a placeholder for it."""
    assert (grammar.condition_value_problem(operator, value) is None) == fine


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("requests/orders-db-read/2026-11/24-alice-x.yaml", "orders-db-read"),
        ("requests/orders-db-read/x", "orders-db-read"),
        ("requests/x.yaml", "x.yaml"),
    ],
)
def test_the_policy_of_a_path_is_told_whatever_the_rest_is(path: str, policy: str) -> None:
    """A path that is no request's is refused elsewhere, by the policy that it names."""
    assert policy_of(path) == policy


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("requests/orders-db-read/2026-11/24-alice-x.yaml", True),
        ("requests/no name of a request", True),
        ("requests/README.md", False),
        ("policies/people.yaml", False),
        ("README.md", False),
    ],
)
def test_what_is_meant_as_a_request(path: str, *, request_: bool) -> None:
    """Whatever lies there, except a page for people."""
    assert grammar.is_request(path) is request_
