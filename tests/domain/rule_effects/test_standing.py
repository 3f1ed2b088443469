"""What a change of rules does to requests that are there already."""

from datetime import timedelta

from acme_facts import HOUR, MERGED_AT, NOW, a_person, a_policy, a_request, people, unreadable
from builders import a_request_state, an_approval, an_outcome
from catalogue_facts import the_catalogue
from rule_set_facts import a_roster, a_rule_set, an_admin_policy

from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.documents import Login
from jitbot.domain.model.roster import Membership
from jitbot.domain.rule_effects.rule_set import RuleSet
from jitbot.domain.rule_effects.standing import ProposedRequest, of_open_pulls, of_the_ledger


def live(base: RuleSet, head: RuleSet, at: timedelta = timedelta()) -> dict[str, tuple[str, ...]]:
    """Whom it concerns, by the code of the effect."""
    return {
        each.code: each.people
        for each in of_the_ledger(
            [a_request_state(an_approval(), an_outcome(EventType.GRANTED))], base, head, NOW + at
        )
    }


def opened(head: RuleSet) -> dict[str, str]:
    """What becomes of alice's open request, by the code of the effect."""
    asked = [ProposedRequest(number=7, request=a_request())]
    found = of_open_pulls(asked, a_rule_set(), head, MERGED_AT, the_catalogue())
    return {each.code: each.in_words() for each in found}


def test_who_is_gone_or_somebody_else_loses_what_is_live() -> None:
    """By people.yaml alone; and only while it is live, and only what this change ends."""
    gone = a_rule_set(people={login: person for login, person in people().items() if login != "alice"})
    other = a_rule_set(people=people(a_person("alice", github_id=4711)))
    for head in (gone, other):
        assert live(a_rule_set(), head) == {"ends-access": ("alice",)}
        assert live(a_rule_set(), head, 3 * HOUR) == {}
        assert live(head, head) == {}


def test_other_documents_cannot_be_extended() -> None:
    """What is granted stays as it is, whatever the policy says now; a longer maximum changes nothing."""
    assert live(a_rule_set(), a_rule_set(a_policy(statements=()), an_admin_policy())) == {
        "no-extension": ("alice",)
    }
    assert live(a_rule_set(), a_rule_set(a_policy(max_duration=8 * HOUR), an_admin_policy())) == {}
    assert live(a_rule_set(), a_rule_set(an_admin_policy())) == {"no-extension": ("alice",)}


def test_open_requests_are_judged_by_both() -> None:
    """Refused with the reason, out of date, or as before."""
    shorter = opened(a_rule_set(a_policy(max_duration=HOUR), an_admin_policy()))
    assert list(shorter) == ["refuses-request"]
    assert shorter["refuses-request"].startswith(
        "The open request of alice would be refused (pull request 7): 2h is above"
    )
    other = opened(a_rule_set(a_policy(statements=a_policy().statements * 2), an_admin_policy()))
    assert other == {
        "outdates-request": "The open request of alice must be brought up to date and approved again: pull request 7"
    }
    assert opened(a_rule_set(a_policy(description="x"), an_admin_policy())) == {}


def test_people_who_cannot_be_read_end_nothing() -> None:
    """Neither before nor after; and what nobody could extend before is not lost."""
    broken = a_rule_set(people=unreadable())
    for base, head in ((a_rule_set(), broken), (broken, a_rule_set())):
        assert "ends-access" not in live(base, head)
    assert live(a_rule_set(an_admin_policy()), a_rule_set()) == {}


def test_a_request_that_starts_later_is_judged_by_its_start() -> None:
    """Its window is the same under both rules."""
    asked = [ProposedRequest(number=7, request=a_request(starts_at=MERGED_AT + HOUR))]
    found = of_open_pulls(asked, a_rule_set(), a_rule_set(), MERGED_AT, the_catalogue())
    assert list(found) == []


def test_who_is_gone_from_what_could_not_be_read_before() -> None:
    """Nothing is said of them: who they were is not known."""
    gone = a_rule_set(people={login: person for login, person in people().items() if login != "alice"})
    assert "ends-access" not in live(a_rule_set(people=unreadable()), gone)


def test_what_was_refused_before_is_not_refused_by_the_change() -> None:
    """For the same reason."""
    short = a_rule_set(a_policy(max_duration=HOUR), an_admin_policy())
    asked = [ProposedRequest(number=7, request=a_request())]
    assert list(of_open_pulls(asked, short, short, MERGED_AT, the_catalogue())) == []


def test_a_window_that_is_cut_at_its_start_is_another() -> None:
    """A membership that ends while the planned access would last: the same hours from now on would not be cut."""
    ends = [Membership(login=Login("alice"), until=MERGED_AT + 5 * HOUR)]
    rest = {"payments_leads": ["bob"], "security": ["erin"], "platform": ["frank"], "sre": ["dave"]}
    cut = a_rule_set(teams=a_roster(payments=ends, **rest))
    asked = [ProposedRequest(number=7, request=a_request(starts_at=MERGED_AT + 4 * HOUR))]
    found = of_open_pulls(asked, a_rule_set(), cut, MERGED_AT, the_catalogue())
    assert [each.code for each in found] == ["outdates-request"]
