"""The files of a new repository, from a few answers."""

from dataclasses import replace
from typing import Any

import pytest

from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.setup import scaffold

ANSWERS = scaffold.Answers(
    repository="acme/access",
    repository_id=7,
    owners={Login("bob"): GithubId(2), Login("erin"): GithubId(5)},
    accounts={"prod": "111111111111"},
    upstream="acme/jitbot",
    release="a" * 40,
)


def test_every_place_is_filled() -> None:
    """Each answer stands where it is asked for, and `github/` becomes `.github/`."""
    made = scaffold.files(
        ANSWERS,
        {"github/x": "__UPSTREAM__@__RELEASE__ __OWNERS__", "y": "__ACCOUNTS__ {{account_id}} ${{ x }}"},
    )
    assert made == {
        ".github/x": f"acme/jitbot@{'a' * 40} @bob @erin",
        "y": "[prod] {{account_id}} ${{ x }}",
    }


TAGS = {"v1.2.3": "a" * 40, "v1.10.0": "a" * 40, "v2.0.0": "b" * 40, "v3": "a" * 40, "nightly": "a" * 40}


def test_a_version_is_written_beside_its_commit() -> None:
    """The newest version tag that names the commit: without it Dependabot proposes nothing, ever."""
    assert scaffold.version_of("a" * 40, TAGS) == "v1.10.0"
    assert scaffold.version_of("c" * 40, TAGS) == ""
    pinned = scaffold.files(replace(ANSWERS, version="v1.10.0"), {"x": "uses: a@__RELEASE__\n"})
    assert pinned == {"x": f"uses: a@{'a' * 40} # v1.10.0\n"}


@pytest.mark.parametrize(
    "change",
    [
        {"release": "v1.0"},
        {"release": "a" * 39},
        {"release": "a" * 41},
        {"release": "A" * 40},
        {"release": "a" * 40 + "\n"},
        {"release": "main"},
        {"upstream": "jitbot"},
        {"upstream": "acme/jitbot@x"},
        {"repository": "acme/access\nx"},
        {"owners": {}},
        {"owners": {"bob @mallory": 1}},
        {"owners": {"-bob": 1}},
        {"accounts": {}},
        {"accounts": {"prod": "1111"}},
        {"accounts": {"p: x": "111111111111"}},
    ],
)
def test_what_no_file_may_hold_is_refused(change: dict[str, Any]) -> None:
    """A tag, a short commit, a name that could be something else: nothing is made of it."""
    with pytest.raises(InvalidError):
        scaffold.files(replace(ANSWERS, **change), {"x": ""})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"accounts": {"prod": "1111"}}, "--account: '1111' is not the 12 digits of an account's id"),
        ({"accounts": {"Prod": "111111111111"}}, "--account: 'Prod' is not an alias: lower-case letters"),
        ({"owners": {"-bob": 1}}, "--owner: '-bob' is not a login of GitHub"),
        ({"upstream": "jitbot"}, "--upstream: 'jitbot' is not owner/name"),
        ({"namespace": "pay-ops"}, "--namespace: 'pay-ops' is not 2 to 12 of a-z and 0-9, a letter first"),
        ({"namespace": "jitbot"}, "--namespace: 'jitbot' ends with bot: its grants could take the names"),
    ],
)
def test_a_refusal_says_what_it_takes(change: dict[str, Any], what: str) -> None:
    """The option, what was given, and what it must be."""
    with pytest.raises(InvalidError) as refused:
        scaffold.files(replace(ANSWERS, **change), {"x": ""})
    assert str(refused.value).startswith(what)


def test_codeowners_has_a_line_for_each_policy() -> None:
    """Owners approve the requests of each policy; those of break-glass have a line without an owner."""
    made = scaffold.files(
        ANSWERS,
        {
            "github/CODEOWNERS": "__REQUESTS__\n",
            "policies/access/read.yaml": "approvals: 1\n",
            "policies/access/now.yaml": "max_duration: 1h\napprovals: 0\n",
        },
    )
    lines = made[".github/CODEOWNERS"].splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "/requests/now/",
        "/requests/read/ @bob @erin",
    ]
    assert lines[0].startswith("# Break-glass: nobody approves before")


POLICIES = {"policies/access/read.yaml": "approvals: 1\n", "policies/access/now.yaml": "approvals: 0\n"}


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("* @a\n/requests/x/ @a\n/policies/ @a", "* @a\n/requests/x/ @a\n{}/policies/ @a"),
        ("* @a\n/policies/ @a", "* @a\n{}/policies/ @a"),
        ("# nobody\n", "# nobody\n"),
        ("", ""),
    ],
)
def test_the_lines_of_policies_come_before_those_of_the_rules(text: str, added: str) -> None:
    """After the last one for requests, else after the first; a text without any line stays as it is."""
    made = scaffold.with_owner_lines(text, {"policies/access/read.yaml": "approvals: 1\n"}, ["@bob"])
    assert made == added.replace("{}", "/requests/read/ @bob\n")


def test_a_policy_that_has_a_line_gets_no_second() -> None:
    """However the line spells the folder."""
    for line in ("/requests/read/", "requests/read/", "/requests/read"):
        made = scaffold.with_owner_lines(f"* @a\n{line} @a\n", POLICIES, ["@bob"])
        assert [each for each in made.splitlines() if not each.startswith("#")] == [
            "* @a",
            f"{line} @a",
            "/requests/now/",
        ]


def test_a_team_is_quoted_in_a_policy() -> None:
    """YAML takes no value that begins with an at sign."""
    made = scaffold.policy("__ELIGIBLE__ __ACCOUNTS__", ["@acme/sre", "bob"], ["prod"])
    assert made == '["@acme/sre", bob] [prod]'
