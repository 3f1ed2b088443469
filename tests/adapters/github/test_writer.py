"""What is changed on GitHub, call by call: which calls there are, and what a refusal means."""

from typing import Any

import pytest
from answering_client import AnsweringClient, refusal

from jitbot.adapters.github import GitHubWriter
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError, UnavailableError
from jitbot.domain.model.github_objects import Status, StatusState
from jitbot.domain.setup.doctor.github.github_state import NAMED_BRANCHES

ONE = Sha("1" * 40)


def writer(
    answers: dict[str, Any] | None = None, graphql: Any = None
) -> tuple[GitHubWriter, AnsweringClient]:
    """The adapter over these answers, and what it sends."""
    answering: Any = AnsweringClient(answers or {}, graphql)
    return GitHubWriter(answering), answering


@pytest.mark.parametrize(
    ("deletions", "changes"),
    [((), {"additions": [{"path": "a", "contents": "AP8="}]}),
     (("b",), {"additions": [{"path": "a", "contents": "AP8="}], "deletions": [{"path": "b"}]})],
)  # fmt: skip
def test_a_commit_is_one_call(deletions: tuple[str, ...], changes: dict[str, Any]) -> None:
    """With what it adds and takes away, on exactly this parent."""
    writes, client = writer(graphql={"createCommitOnBranch": {"commit": {"oid": "2" * 40}}})
    assert writes.commit_on_branch("ask", ONE, "head\n\nbody", {"a": b"\x00\xff"}, deletions) == "2" * 40
    ((_, _, variables),) = client.sent
    asked = variables["input"]
    assert (asked["fileChanges"], asked["expectedHeadOid"]) == (changes, ONE)
    assert asked["message"] == {"headline": "head", "body": "body"}


@pytest.mark.parametrize(("kind", "error"), [("STALE_DATA", BranchMovedError), ("OTHER", UnavailableError)])
def test_a_branch_that_moved_is_told_from_trouble(kind: str, error: type[Exception]) -> None:
    """Only then is it worth to read again."""
    with pytest.raises(error):
        writer(graphql=refusal(200, errors=[{"type": kind}]))[0].commit_on_branch("ask", ONE, "x", {})


@pytest.mark.parametrize(("url", "link"), [("", {}), ("https://run", {"target_url": "https://run"})])
def test_a_status_leads_somewhere_if_there_is_somewhere(url: str, link: dict[str, str]) -> None:
    """GitHub refuses an empty address."""
    writes, client = writer()
    writes.set_status(ONE, "jitbot/check", Status(state=StatusState.SUCCESS, description="x"), url)
    body = {"state": "success", "context": "jitbot/check", "description": "x", **link}
    assert client.sent == [("POST", f"/statuses/{ONE}", body)]


WHERE = "/actions/workflows/revoke.yml/dispatches"


@pytest.mark.parametrize(("status", "tries"), [(422, 2), (403, 1), (500, 1)])
def test_a_dispatch_is_asked_again_by_the_short_name(status: int, tries: int) -> None:
    """Where GitHub takes no whole names; what it refuses for another reason is refused."""
    writes, client = writer({f"POST {WHERE}": (refusal(status, "no"), {})})
    if tries > 1:
        assert writes.dispatch("revoke.yml", "main", {"a": "b"}) == "main"
    else:
        with pytest.raises((DeniedError, UnavailableError)):
            writes.dispatch("revoke.yml", "main", {"a": "b"})
    refs = [body["ref"] for _, _, body in client.sent]
    assert refs == ["refs/heads/main", "main"][:tries]


def test_an_environment_is_for_these_branches_alone() -> None:
    """What it allows beside them goes, a tag of such a name too; what is there already stays as it is."""
    path = "/environments/jitbot/deployment-branch-policies"
    there = [
        {"id": 1, "name": "main", "type": "branch"},
        {"id": 2, "name": "main", "type": "tag"},
        {"id": 3, "name": "*"},
        {"id": 4, "name": "main", "type": "branch"},
    ]
    writes, client = writer({f"{path}?per_page=100&page=1": {"branch_policies": there, "total_count": 4}})
    writes.limit_environment("jitbot", ["main", "b", "a"])
    assert client.sent == [
        ("PUT", "/environments/jitbot", NAMED_BRANCHES),
        *(("DELETE", f"{path}/{number}", None) for number in (2, 3, 4)),
        *(("POST", path, {"name": name, "type": "branch"}) for name in ("a", "b")),
    ]


@pytest.mark.parametrize(
    ("there", "call"),
    [
        ([], ("POST", "/rulesets")),
        ([{"id": 1, "name": "other"}], ("POST", "/rulesets")),
        ([{"id": 1, "name": "jitbot", "source_type": "Organization"}], ("POST", "/rulesets")),
        ([{"id": 1, "name": "other"}, {"id": 2, "name": "jitbot"}], ("PUT", "/rulesets/2")),
        ([{"id": 1, "name": "jitbot", "source_type": "Repository"}, {"id": 2, "name": "jitbot"}], ("PUT", "/rulesets/1")),
    ],
)  # fmt: skip
def test_a_ruleset_of_that_name_is_changed(there: list[dict[str, Any]], call: tuple[str, str]) -> None:
    """Instead of a second one; an organisation's is not this repository's to change."""
    writes, client = writer({"/rulesets": there})
    writes.change_setting("POST", "/rulesets", {"name": "jitbot"})
    assert client.sent == [(*call, {"name": "jitbot"})]


def test_what_is_not_made_is_not_looked_for() -> None:
    """A setting that there is once is set."""
    writes, client = writer()
    writes.change_setting("PATCH", "", {"x": 1})
    assert (client.sent, client.asked) == ([("PATCH", "", {"x": 1})], [])


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (409, DeniedError, "GitHub answered 409: by your organisation"),
        (500, UnavailableError, "GitHub answered 500"),
    ],
)
def test_what_the_organisation_decides_is_a_refusal(status: int, kind: type[Exception], said: str) -> None:
    """To try again would not help."""
    with pytest.raises(kind, match=said):
        writer({"PATCH ": refusal(status, "by your organisation")})[0].change_setting("PATCH", "", {})
