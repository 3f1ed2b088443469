"""What a decision stands on: a plain file, one pull request that GitHub and git agree on, and rules that parse."""

import pytest
from acme_facts import (
    ACCOUNTS,
    HOUR,
    MERGE,
    MERGED_AT,
    PATH,
    PEOPLE,
    TEAMS,
    a_person,
    a_policy,
    a_request,
    an_actor,
    owned_by,
    sha,
    the_rules,
    the_settings,
    unreadable,
)
from builders import a_case, a_change, a_ground, a_merge, a_pull

from jitbot.domain.model.documents import Finding, Login, Parsed, Sha
from jitbot.domain.model.merge_facts import Case, ChangeKind, PullRequest
from jitbot.domain.model.parsed_case import ParsedCase, fitting, not_plain, parse_case


def against(case: Case) -> tuple[Finding, ...]:
    """Why a case has no ground."""
    laid = parse_case(case)
    assert not isinstance(laid, ParsedCase)
    return laid


def test_the_ground_holds_every_part() -> None:
    """Whatever the rules of a decision rely on is there, parsed."""
    case = a_case()
    parsed_case = parse_case(case)
    assert isinstance(parsed_case, ParsedCase)
    assert parsed_case.case is case
    assert parsed_case.merge is case.merge
    assert parsed_case.merged_at == MERGED_AT
    assert parsed_case.request == a_request()
    assert (parsed_case.settings, parsed_case.policy) == (the_settings(), a_policy())
    assert (parsed_case.accounts, parsed_case.people, parsed_case.teams) == (ACCOUNTS, PEOPLE, TEAMS)
    assert parsed_case.requester == a_person("alice")
    assert parsed_case.owned_by.people == (a_person("bob"),)


@pytest.mark.parametrize("mode", ["100755", "120000", "160000", "040000", "000000", ""])
def test_only_a_plain_file_is_a_request(mode: str) -> None:
    """An executable, a symlink, a submodule, a folder: none of them asks for anything."""
    (finding,) = against(a_case(change=a_change(mode=mode)))
    assert finding.code == "not-a-plain-file"
    assert mode in finding.message


def test_every_name_that_differs_only_by_case_is_named() -> None:
    """On many systems two such files are one, and AWS would give them one role."""
    clashes = (PATH.replace("alice", "Alice"), PATH.upper())
    findings = against(a_case(clashes=clashes))
    assert [finding.code for finding in findings] == ["case-clash", "case-clash"]
    assert all(clash in finding.message for clash, finding in zip(clashes, findings, strict=True))


def test_a_name_that_was_there_first_is_not_refused() -> None:
    """Whoever came later under such a name is; a change of the file that was there goes on."""
    later = a_case(change=a_change(kind=ChangeKind.MODIFIED), clashes=(PATH.upper(),))
    assert isinstance(parse_case(later), ParsedCase)


MATCHES: dict[str, PullRequest] = {
    "not merged": a_pull(merged_at=None),
    "another commit": a_pull(merge_commit=sha("other")),
    "no merge commit": a_pull(merge_commit=None),
    "another branch": a_pull(base_branch="release"),
    "a branch of like name": a_pull(base_branch="Main"),
    "another repository": a_pull(repository_id=700002),
}


def fits(*listed: PullRequest) -> tuple[PullRequest, ...]:
    """Those that fit alice's merge."""
    commit = a_change().commit
    alice = PEOPLE[Login("alice")].github_id
    return fitting(listed, commit=commit, default_branch="main", repository_id=700001, requester=alice)


@pytest.mark.parametrize("pull", MATCHES.values(), ids=MATCHES.keys())
def test_a_pull_request_that_did_not_make_the_commit_does_not_fit(pull: PullRequest) -> None:
    """Only the one whose merge into this default branch is this commit counts; its neighbours do not hide it."""
    assert fits(pull) == ()
    assert fits(pull, a_pull(), pull) == (a_pull(),)


@pytest.mark.parametrize("pull", MATCHES.values(), ids=MATCHES.keys())
def test_the_pull_request_is_judged_as_read_and_not_as_listed(pull: PullRequest) -> None:
    """GitHub's list and its answer about the one pull request must agree that it made the commit."""
    (finding,) = against(a_case(listed=(a_pull(),), merge=a_merge(pull_request=pull)))
    assert finding.code == "ambiguous-merge"


@pytest.mark.parametrize(
    "case",
    [
        a_case(merge=None, listed=(a_pull(),)),
        a_case(listed=(a_pull(), a_pull(number=8))),
        a_case(listed=(a_pull(number=8),)),
        a_case(listed=(a_pull(), a_pull())),
    ],
    ids=["not read", "two fit", "another was read", "listed twice"],
)
def test_more_or_less_than_one_pull_request_is_none(case: Case) -> None:
    """Where it is not clear which reviews belong to the commit, no review does."""
    assert [finding.code for finding in against(case)] == ["ambiguous-merge"]


def test_of_twins_the_requesters_own_is_the_one_that_asks() -> None:
    """GitHub calls any pull request of the same head merged: somebody else's neither asks nor hides the one that does."""
    twin = a_pull(number=8, author=an_actor("mallory"))
    assert fits(twin, a_pull(), twin) == (a_pull(),)
    assert fits(twin) == (twin,)  # told as it is: `not-the-author`
    assert isinstance(parse_case(a_case(listed=(twin, a_pull()))), ParsedCase)


def test_twins_of_one_requester_are_ambiguous() -> None:
    """Which of two own pull requests was approved is not for jitbot to choose."""
    (finding,) = against(a_case(listed=(a_pull(), a_pull(number=8))))
    assert finding.code == "ambiguous-merge"


def test_a_second_pull_request_that_does_not_fit_does_no_harm() -> None:
    """Anyone can open a pull request that holds the commit; that must not refuse it."""
    other = a_pull(number=8, merged_at=None, merge_commit=None)
    assert isinstance(parse_case(a_case(listed=(other, a_pull()))), ParsedCase)


@pytest.mark.parametrize("part", ["settings", "accounts", "people", "teams", "policy", "account_groups"])
def test_rules_that_do_not_parse_are_no_ground(part: str) -> None:
    """Each document that a decision reads must parse, and says itself where it does not."""
    assert against(a_case(rules=the_rules(**{part: unreadable(part)}))) == unreadable(part).findings


def test_all_findings_come_at_once() -> None:
    """Two unreadable documents, a wrong mode and a clash: four findings."""
    rules = the_rules(people=unreadable("one"), policy=unreadable("two"))
    case = a_case(rules=rules, change=a_change(mode="120000"), clashes=("x",))
    assert [finding.code for finding in against(case)] == ["not-a-plain-file", "case-clash", "one", "two"]


@pytest.mark.parametrize("part", ["settings", "accounts", "people", "teams", "policy", "account_groups"])
def test_a_missing_part_without_a_finding_is_still_no_ground(part: str) -> None:
    """Empty means no: nothing stands where a value is missing, even if nobody said why."""
    rules = the_rules(**{part: Parsed(value=None)})
    (finding,) = against(a_case(rules=rules))
    assert finding.code == "incomplete"


def test_a_request_missing_without_a_finding_is_no_ground() -> None:
    """Likewise for the request itself."""
    (finding,) = against(a_case(request=Parsed(value=None)))
    assert finding.code == "incomplete"


@pytest.mark.parametrize("part", ["people", "teams"])
def test_owners_at_a_head_that_does_not_read_are_nobody(part: str) -> None:
    """Whom the approver was shown as owners cannot be told; the rules at the merge are told all the same."""
    parsed_case = a_ground(a_case(merge=a_merge(head_rules=the_rules(**{part: unreadable()}))))
    assert parsed_case.owned_at_head.people == ()
    assert [each.code for each in parsed_case.owned_at_head.findings] == ["rules-changed"]
    assert parsed_case.owned_by.people == (a_person("bob"),)


@pytest.mark.parametrize(
    ("touched", "files", "asked"),
    [
        ((PATH,), (PATH,), True),
        (None, None, True),
        ((PATH, "policies/people.yaml"), (PATH,), False),
        ((PATH,), (PATH, "policies/people.yaml"), False),
    ],
)
def test_owners_that_the_merge_itself_brings_are_not_looked_at(
    touched: tuple[str, ...] | None, files: tuple[str, ...] | None, asked: bool
) -> None:
    """The requester wrote them, so it is for the rules before the merge to say who owns; git and GitHub say what it brings."""
    merge = a_merge(files=files, head_rules=the_rules(codeowners=owned_by("@dave")))
    parsed_case = a_ground(a_case(touched=touched, merge=merge))
    assert parsed_case.owned_by.people == (a_person("bob"),)
    assert parsed_case.owned_at_head.people == ((a_person("dave"),) if asked else parsed_case.owned_by.people)


def test_teams_may_be_empty() -> None:
    """Without any team, CODEOWNERS can still name people."""
    parsed_case = parse_case(a_case(rules=the_rules(teams={})))
    assert isinstance(parsed_case, ParsedCase)
    assert parsed_case.owned_by.people == ()


@pytest.mark.parametrize(
    "case",
    [
        a_case(request=None),
        a_case(change=a_change(kind=ChangeKind.DELETED)),
    ],
    ids=["no request", "a deletion"],
)
def test_a_deletion_is_no_ground(case: Case) -> None:
    """Either sign of a deletion is enough."""
    assert [finding.code for finding in against(case)] == ["deleted"]


@pytest.mark.parametrize("login", ["nobody", "Alice", "alice ", ""])
def test_an_unknown_requester_is_no_ground(login: str) -> None:
    """The requester is spelled as in people.yaml, or is nobody."""
    (finding,) = against(a_case(request=a_request(requester=Login(login))))
    assert finding.code == "unknown-person"


def test_findings_name_the_file() -> None:
    """Each finding is about the request, says what is wrong and what to do."""
    cases = (
        a_case(listed=()),
        a_case(merge=a_merge(pull_request=a_pull(merge_commit=Sha("")))),
        a_case(merge=None, listed=(a_pull(),)),
    )
    for case in cases:
        (finding,) = against(case)
        assert finding == Finding(code=finding.code, message=finding.message, file=PATH, hint=finding.hint)
        assert MERGE[:10] in finding.message
        assert MERGE[:11] not in finding.message
        assert finding.hint


def test_teams_that_do_not_read_at_the_head_have_no_dates() -> None:
    """Who owned the path earlier is who owns it now; the case is refused for that file."""
    case = a_case(merge=a_merge(head_rules=the_rules(teams=unreadable())))
    parsed = a_ground(case)
    assert parsed.owned_when(MERGED_AT - HOUR) == (parsed.owned_by, parsed.owned_at_head)


@pytest.mark.parametrize(
    ("mode", "what"),
    [("100755", "executable, "), ("120000", "a symlink, "), ("040000", "a folder, "), ("100600", "")],
)
def test_what_is_no_plain_file_is_named(mode: str, what: str) -> None:
    """By what it is where git has a word for it."""
    assert not_plain("x", mode, "").message == f"this is {what}no plain file: git mode {mode}"
