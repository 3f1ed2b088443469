"""Who may end somebody's access before its time, and whose deletion of a request ends it."""

import pytest
from acme_facts import (
    MERGED_AT,
    NOW,
    PATH,
    SECOND,
    TEAMS,
    a_person,
    an_actor,
    owned_by,
    people,
    sha,
    the_rules,
)

from jitbot.domain.access.may_end import (
    entitled,
    needs_entitlement,
    owner_of_rules,
    why_deletion_ends_nothing,
    why_not_lifted_by,
)
from jitbot.domain.ledger.stops import StopSubject, stopped_event, stops_of
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.model.roster import Membership, Roster

ALICE = a_person("alice").github_id  # the requester
NO_OWNER: dict[str, codeowners.CodeOwners] = {
    "no line": codeowners.parse("/policies/ @acme/security\n"),
    "a line without an owner": owned_by(),
}
STRANGERS: dict[str, Actor] = {
    "no known login": an_actor("stranger"),
    "a login that was taken over": an_actor("bob", github_id=4711),
    "a bot": an_actor("bob", kind="Bot"),
}


@pytest.mark.parametrize("login", ["alice", "bob", "erin"])
def test_the_requester_and_the_owners_may_end_access(login: str) -> None:
    """An owner of the request's file, or of the rules; each is given back as the person they are."""
    assert entitled(an_actor(login), PATH, ALICE, the_rules(), MERGED_AT) == a_person(login)


@pytest.mark.parametrize("login", ["carol", "frank", "mallory"])
def test_nobody_else_may(login: str) -> None:
    """Neither a colleague of the requester nor an owner of other files."""
    with pytest.raises(DeniedError) as told:
        entitled(an_actor(login), PATH, ALICE, the_rules(), MERGED_AT)
    assert str(told.value) == f"{login} is neither the requester nor an owner of {PATH} or of policies/"


@pytest.mark.parametrize("actor", STRANGERS.values(), ids=STRANGERS.keys())
def test_who_is_not_known_may_not(actor: Actor) -> None:
    """A person is known by login and GitHub id together, and a bot is no person."""
    with pytest.raises(DeniedError) as told:
        entitled(actor, PATH, actor.github_id, the_rules(), MERGED_AT)
    assert str(told.value) == f"{actor.login} is not known by this GitHub id in policies/people.yaml"


def test_an_account_without_a_name_is_nobody() -> None:
    """The refusal says so."""
    with pytest.raises(DeniedError, match=r"^nobody is not known by this GitHub id"):
        entitled(Actor(login=Login(""), github_id=GithubId(0)), PATH, ALICE, the_rules(), MERGED_AT)


def test_the_requester_is_known_by_id() -> None:
    """Under a new login they are still the one who asked; where it is not recorded who asked, nobody is."""
    renamed = a_person("alicia", github_id=ALICE)
    rules = the_rules(people=people(renamed))
    assert entitled(an_actor("alicia", github_id=ALICE), PATH, ALICE, rules, MERGED_AT) == renamed
    with pytest.raises(DeniedError):
        entitled(an_actor("alice"), PATH, None, the_rules(), MERGED_AT)


@pytest.mark.parametrize("part", ["people", "teams"])
def test_where_nobody_can_be_known_nobody_is_denied(part: str) -> None:
    """Without people.yaml or teams.yaml there is no answer, not even for the requester."""
    rules = the_rules(**{"codeowners": owned_by(), part: None})
    for ask in (entitled, why_deletion_ends_nothing):
        with pytest.raises(UnavailableError, match=r"people\.yaml or teams\.yaml on main cannot be read"):
            ask(an_actor("alice"), PATH, ALICE, rules, MERGED_AT)


def test_an_owner_of_the_file_approves_its_deletion() -> None:
    """So whoever proposed it ends access by it, and people.yaml need not be readable."""
    assert not needs_entitlement(PATH, the_rules())
    for login in ("mallory", "stranger"):
        assert (
            why_deletion_ends_nothing(an_actor(login), PATH, ALICE, the_rules(people=None), MERGED_AT) == ""
        )


@pytest.mark.parametrize("owners", NO_OWNER.values(), ids=NO_OWNER.keys())
def test_where_nobody_owns_the_file_its_deletion_is_the_entitled_ones(
    owners: codeowners.CodeOwners,
) -> None:
    """Anybody may merge it there: it ends access for anyone who may end it otherwise, and says why for others."""
    rules = the_rules(codeowners=owners)
    assert needs_entitlement(PATH, rules)
    assert why_deletion_ends_nothing(an_actor("alice"), PATH, ALICE, rules, MERGED_AT) == ""
    why = why_deletion_ends_nothing(an_actor("mallory"), PATH, ALICE, rules, MERGED_AT)
    assert why == f"mallory is neither the requester nor an owner of {PATH} or of policies/"


@pytest.mark.parametrize(
    "owners",
    [
        None,
        codeowners.not_plain(".github/CODEOWNERS", "120000"),
        codeowners.parse("/policies/ @bob! @erin\n"),
    ],
    ids=["no file", "a symlink", "a line that GitHub skips"],
)
def test_where_no_owner_can_be_known_only_the_requester_may(owners: codeowners.CodeOwners | None) -> None:
    """Of everybody else it is unknown whether they own anything: nobody is denied, and a deletion may end access."""
    rules = the_rules(codeowners=owners)
    assert entitled(an_actor("alice"), PATH, ALICE, rules, MERGED_AT) == a_person("alice")
    assert why_deletion_ends_nothing(an_actor("alice"), PATH, ALICE, rules, MERGED_AT) == ""
    said = "^CODEOWNERS on main cannot be relied on, so nobody is known to be an owner: "
    for ask in (entitled, why_deletion_ends_nothing):
        with pytest.raises(UnavailableError, match=said):
            ask(an_actor("bob"), PATH, ALICE, rules, MERGED_AT)
    with pytest.raises(UnavailableError, match=said):
        owner_of_rules(an_actor("erin"), rules, MERGED_AT)


def test_an_owner_is_one_at_that_moment() -> None:
    """A membership with dates gives the right from its first moment until, not at, its last."""
    team = (Membership(login=Login("carol"), since=MERGED_AT, until=MERGED_AT + SECOND),)
    plain = {name: tuple(Membership(login=each) for each in logins) for name, logins in TEAMS.items()}
    rules = the_rules(teams=Roster.of({**plain, "acme/payments-leads": team}))
    carol = an_actor("carol")
    assert entitled(carol, PATH, ALICE, rules, MERGED_AT) == a_person("carol")
    for at in (MERGED_AT - SECOND, MERGED_AT + SECOND):
        with pytest.raises(DeniedError):
            entitled(carol, PATH, ALICE, rules, at)


def test_an_owner_of_the_rules_is_one_at_that_moment() -> None:
    """Who may stop, and lift a stop: by a membership with dates as by one without."""
    team = (Membership(login=Login("carol"), since=MERGED_AT, until=MERGED_AT + SECOND),)
    plain = {name: tuple(Membership(login=each) for each in logins) for name, logins in TEAMS.items()}
    rules = the_rules(
        teams=Roster.of({**plain, "acme/security": team}),
        codeowners=codeowners.parse("/policies/ @acme/security\n"),
    )
    carol = an_actor("carol")
    assert owner_of_rules(carol, rules, MERGED_AT) == a_person("carol")
    for at in (MERGED_AT - SECOND, MERGED_AT + SECOND):
        with pytest.raises(DeniedError):
            owner_of_rules(carol, rules, at)


@pytest.mark.parametrize(
    ("subject", "stopped"),
    [
        (StopSubject(login=Login("erin"), github_id=a_person("erin").github_id), True),
        (StopSubject(login=Login("bob"), github_id=a_person("bob").github_id), False),
        (StopSubject(policy="orders-db-read"), False),
    ],
    ids=["themselves", "another", "a policy"],
)
def test_who_is_stopped_lifts_no_stop(subject: StopSubject, *, stopped: bool) -> None:
    """Neither their own nor another, until theirs has ended; the stop of somebody else, or of a policy, hinders no owner."""
    event = stopped_event(subject, a_person("bob"), reason="stolen", rules=sha("main"), at=NOW, run="")
    (stop,) = stops_of([event])
    erin = a_person("erin")
    assert ("erin is stopped" in why_not_lifted_by(erin, [stop], stop.until - SECOND)) is stopped
    assert why_not_lifted_by(erin, [stop], stop.until) == why_not_lifted_by(erin, [], NOW) == ""
