"""What a person without a clone reads of main, on a GitHub in memory: how much it asks, and what it says where nothing reads."""

import pytest
from acme_facts import NOW, PATH
from plain_github import PlainGitHub

from jitbot.domain.model.documents import Source, policy_path
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.usecases.request.requester_client import RemoteTree

ORDERS = policy_path("orders-db-read")
TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"


def tree(acme: PlainGitHub) -> RemoteTree:
    """main's tip."""
    return acme.client().tree


def test_what_was_read_is_not_asked_again() -> None:
    """Neither a folder nor a content, of this commit or of another one."""
    acme = PlainGitHub()
    client = acme.client()
    assert client.tree.read([ORDERS, "policies/x.yaml"]).keys() == {ORDERS}
    assert client.tree.read([ORDERS]).keys() == {ORDERS}
    assert client.tree.others([ORDERS]) == {}
    assert acme.calls == ["access", "folders", "contents"]
    other = client.tree.at(acme.push("x", {"new/y": b"y"}))
    assert other.read([ORDERS, "new/y"]) == {ORDERS: acme.files[ORDERS], "new/y": b"y"}
    assert other.list(["new", "new"]) == ("new/y",)
    assert client.tree.list(["new"]) == ()
    assert acme.calls == ["access", "folders", "contents", "folders", "contents", "folders"]
    assert client.tree.at(client.tree.commit) is client.tree


def test_what_is_no_plain_file_is_none() -> None:
    """Its mode is told, of the paths that are asked for alone."""
    acme = PlainGitHub(modes={"policies/link.yaml": "120000", "policies/other": "160000"})
    asked = ["policies/link.yaml", "policies/people.yaml", "policies/nothing"]
    assert tree(acme).read(asked).keys() == {"policies/people.yaml"}
    assert tree(acme).others(asked) == {"policies/link.yaml": "120000"}
    entry = tree(acme).entry("policies/link.yaml")
    assert entry is not None
    assert (entry.path, entry.mode) == ("policies/link.yaml", "120000")
    assert tree(acme).entry("policies/nothing") is None


def test_a_content_that_is_cut_short_is_no_content() -> None:
    """It is said whose; what is not asked for, or is not there, does not matter."""
    acme = PlainGitHub(unread=frozenset({ORDERS}))
    with pytest.raises(UnavailableError, match=f"{ORDERS} is no plain text, or came cut short"):
        tree(acme).read(["policies/nothing", "policies/people.yaml", ORDERS])
    assert tree(acme).read(["policies/people.yaml"])


def test_all_rules_are_three_calls() -> None:
    """Who it is, the folders of all rules, and all their contents, however many policies there are."""
    acme = PlainGitHub()
    client = acme.client()
    assert client.usable()
    assert client.rules("orders-db-read").policy.value is not None
    assert acme.calls == ["access", "folders", "contents"]


def test_a_repository_without_settings_is_none_of_ours() -> None:
    """It is named, with its branch, and how to name the right one."""
    acme = PlainGitHub(files={"README": b"x"})
    with pytest.raises(
        InvalidError, match=r"acme/access is no access repository: main has no policies/settings"
    ):
        _ = acme.client().policies


def test_a_policy_that_does_not_read_is_not_offered() -> None:
    """Under it nothing is granted; what is no YAML file is no policy."""
    acme = PlainGitHub()
    acme.files |= {policy_path("odd"): b"x: [", "policies/access/README.md": b"x"}
    client = acme.client()
    assert policy_path("odd") in client.policy_paths()
    assert "policies/access/README.md" not in client.policy_paths()
    names = {each.name for each in client.policies}
    assert (ORDERS in client.policy_paths(), "orders-db-read" in names, "odd" in names) == (True, True, False)


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("stranger", r"stranger .* is not in policies/people.yaml, .* ask @acme/security to add you"),
        (
            "erin",
            "erin has no AWS principal in policies/people.yaml, so can approve but not ask; ask @acme/security",
        ),
        ("frank", "no policy names frank, or a team of theirs, as eligible; ask @acme/security, who own"),
    ],
)
def test_who_may_not_ask_is_told_whom_to_ask(login: str, said: str) -> None:
    """Who is not known, who has no principal, and whom no policy names."""
    acme = PlainGitHub(login=login)
    for path in [each for each in acme.files if each.startswith("policies/access/")]:
        if path != ORDERS:
            del acme.files[path]
    with pytest.raises(InvalidError, match=said):
        acme.client().usable()


def test_who_may_ask_is_offered_their_policies() -> None:
    """And where; what nobody owns is an admin's."""
    acme = PlainGitHub()
    client = acme.client()
    assert "orders-db-read" in {each.name for each in client.usable()}
    (policy,) = (each for each in client.policies if each.name == "orders-db-read")
    assert client.accounts_of(policy) == ("prod", "staging")
    assert client.owners_of(ORDERS) == "@acme/security"
    assert client.owners_of("requests/ssm-shell/x.yaml") == "@acme/platform or @acme/security"
    assert client.owners_of("requests/production-break-glass/x.yaml") == "an admin of the repository"


def test_a_rule_that_does_not_read_is_named() -> None:
    """By its file and line: of a part of the rules, of a request, and of people without whom nobody is known."""
    acme = PlainGitHub()
    acme.files["policies/people.yaml"] = b"people:\n  alice: 7\n"
    with pytest.raises(InvalidError, match=r"policies/people.yaml:2: "):
        _ = acme.client().person
    with pytest.raises(InvalidError, match=f"{PATH}:1: "):
        PlainGitHub().client().parse(Source(path=PATH, content=b"a: b\n"))


def test_a_request_of_main() -> None:
    """Its bytes, and what it asks for; one that is not there is said."""
    acme = PlainGitHub()
    acme.files[PATH] = TEXT
    content, request = acme.client().read_request(PATH)
    assert (content, request.requester) == (TEXT, "alice")
    with pytest.raises(InvalidError, match="main has no requests/none"):
        acme.client().read_request("requests/none")


@pytest.mark.parametrize(
    ("touched", "found"), [((PATH,), 1), ((PATH, "README.md"), 1), ((PATH, f"{PATH}2.yaml"), 2), ((), 0)]
)
def test_the_one_request_of_a_pull_request(touched: tuple[str, ...], found: int) -> None:
    """Of two nobody knows which is meant."""
    client = PlainGitHub(paths_of={7: touched}).client()
    if found == 1:
        assert client.request_of(7) == PATH
    else:
        with pytest.raises(InvalidError, match=f"pull request 7 touches {found} requests, not one"):
            client.request_of(7)


def test_the_requests_of_some_months() -> None:
    """Of every policy's folder; other files are none."""
    acme = PlainGitHub()
    other = PATH.replace("orders-db-read", "ssm-shell")
    acme.files |= dict.fromkeys((PATH, other, PATH.replace("2026-11", "2026-10")), TEXT)
    acme.files[PATH.replace(".yaml", ".txt")] = b"x"
    client = acme.client()
    assert set(client.requests(["2026-11", "2026-12"])) == {PATH, other}
    assert acme.calls.count("folders") == 2


def test_what_a_merge_would_give() -> None:
    """By main's rules; of what does not read, nothing."""
    client = PlainGitHub().client()
    good = client.verdict(Source(path=PATH, content=TEXT), NOW)
    assert (good.findings, good.grant_preview is None) == ((), False)
    bad = client.verdict(Source(path=PATH, content=b"a: b\n"), NOW)
    assert (bool(bad.findings), bad.grant_preview) == (True, None)
