"""Several logins of one human, several humans of one team: people are counted."""

from acme_facts import (
    MERGED_AT,
    MINUTE,
    a_person,
    an_actor,
    owned_by,
    people,
    the_rules,
)
from builders import a_case, a_commit, a_ground, a_merge, a_review, counted, why_not

from jitbot.domain.model.documents import Login
from jitbot.domain.model.merge_facts import Review
from jitbot.domain.model.parsed_case import ParsedCase


def test_a_person_is_counted_once_through_two_teams() -> None:
    """Bob owns the path directly and through a team, and is one approver."""
    rules = the_rules(codeowners=owned_by("@bob", "@acme/payments-leads", "@acme/engineering"))
    parsed_case = a_ground(a_case(rules=rules, merge=a_merge(head_rules=rules)))
    assert counted(parsed_case) == ["bob"]


def second_login(*reviews: Review, **merge: object) -> ParsedCase:
    """A world in which bob has a second login, bobby, with the same AWS principal; both own the path."""
    bobby = a_person("bobby", github_id=2002, principal=a_person("bob").principal)
    rules = the_rules(people=people(bobby), codeowners=owned_by("@bob", "@bobby"))
    permissions = {Login("bob"): "write", Login("bobby"): "write"}
    return a_ground(
        a_case(
            rules=rules,
            merge=a_merge(head_rules=rules, reviews=reviews, permissions=permissions, **merge),
        )
    )


BOBBY = an_actor("bobby", github_id=2002)


def test_two_logins_with_one_principal_are_one_person() -> None:
    """The second approval of the same human is not counted, whichever came first."""
    for early, late in ((an_actor("bob"), BOBBY), (BOBBY, an_actor("bob"))):
        second = a_review(user=late, review_id=2, submitted_at=MERGED_AT - MINUTE)
        parsed_case = second_login(a_review(user=early), second)
        assert counted(parsed_case) == [early.login]
        assert why_not(parsed_case) == ["is the same person as another approver"]


def test_a_second_login_does_not_hide_who_wrote_the_change() -> None:
    """Who committed as bob cannot approve as bobby."""
    parsed_case = second_login(a_review(user=BOBBY), commits=(a_commit("alice", "bob"),))
    assert why_not(parsed_case) == ["is author or committer of a commit that changes the request"]


def test_a_second_login_does_not_hide_the_requester() -> None:
    """Who asks as alice cannot approve as someone with alice's principal."""
    alias = a_person("alice2", github_id=2001, principal=a_person("alice").principal)
    rules = the_rules(people=people(alias), codeowners=owned_by("@alice2"))
    review = a_review(user=an_actor("alice2", github_id=2001))
    merge = a_merge(head_rules=rules, reviews=(review,), permissions={Login("alice2"): "write"})
    assert why_not(a_ground(a_case(rules=rules, merge=merge))) == ["is the requester"]


def test_two_people_without_a_principal_are_two() -> None:
    """Having no AWS identity makes nobody the same as somebody else."""
    rules = the_rules(codeowners=owned_by("@erin", "@olivia"))
    merge = a_merge(head_rules=rules, reviews=(a_review("erin"), a_review("olivia", review_id=2)))
    assert counted(a_ground(a_case(rules=rules, merge=merge))) == ["erin", "olivia"]
