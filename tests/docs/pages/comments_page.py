"""The comment on an open pull request, once for each verdict: written by jitbot's own code, of alice's request."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from acme_facts import DAY, HOUR, MERGED_AT, a_policy, a_request, owned_by, the_rules
from builders import a_request_state, a_review, an_approval
from comment_facts import a_summary

from jitbot.domain.access.eligibility import findings
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.request.closing import OpenChange, why_over
from jitbot.domain.views import merged_comment, open_comment
from jitbot.domain.views.request_summary import RequestSummary

NUMBER = 7
PAGE = f"https://github.com/acme/access/pull/{NUMBER}"
_APPROVED = (a_review(),)
_GLASS = a_policy(approvals=0, reviewers=("erin",), review_within=timedelta(hours=2))
_TWO = the_rules(policy=a_policy(approvals=2), codeowners=owned_by("@bob", "@erin"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One verdict: when it is given, the comment, and what the status `jitbot/approval` says beside it."""

    when: str
    body: str
    status: str


def _too_long() -> tuple[Finding, ...]:
    """What `check` finds in a request for nine hours, where four are the most."""
    rules, asked = the_rules(), a_request(duration=9 * HOUR)
    policy, roster = rules.policy.value, rules.teams.value
    accounts, groups, people = rules.accounts.value, rules.account_groups.value, rules.people.value
    assert policy is not None
    assert roster is not None
    assert accounts is not None
    assert groups is not None
    assert people is not None
    when = a_review().submitted_at
    return tuple(
        findings(
            asked, policy=policy, accounts=accounts, groups=groups, people=people, roster=roster, when=when
        )
    )


def _open(
    when: str, summary: RequestSummary, found: tuple[Finding, ...] = (), *, auto: bool = False
) -> Sample:
    body = open_comment.proposal([summary], found, number=NUMBER, page=PAGE, auto_merge=auto)
    enough, said = open_comment.steering([summary])
    return Sample(when=when, body=body, status=f"{'green' if enough else 'yellow'}: {said}")


def samples() -> Iterator[Sample]:
    """Every verdict, in the order in which a request may meet them."""
    more: dict[str, Any] = {"state": a_request_state(an_approval()), "kind": ChangeKind.MODIFIED}
    ending = a_summary(kind=ChangeKind.DELETED, grant_preview=None, awaiting=None)
    old = OpenChange(path=a_request().path, kind=ChangeKind.ADDED, request=a_request(), state=None)
    objected = a_summary(reviews=(a_review(state="CHANGES_REQUESTED"),))
    yield _open("something is to fix", a_summary(a_request(duration=9 * HOUR)), _too_long())
    yield _open("it waits for its approval", a_summary())
    yield _open("it waits for its approval, and auto-merge is on", a_summary(), auto=True)
    yield _open("it waits for more than one", a_summary(rules=_TWO, reviews=_APPROVED))
    yield _open("an owner asks for changes", objected)
    yield _open("it is approved", a_summary(reviews=_APPROVED))
    yield _open("it is break-glass", a_summary(rules=the_rules(policy=_GLASS, codeowners=owned_by())))
    yield _open("it asks for more time", a_summary(a_request(duration=4 * HOUR), **more))
    yield _open("it ends an access", ending)
    for when, body in (
        ("it asks for nothing any more", open_comment.nothing(NUMBER)),
        (
            "time has passed it by",
            open_comment.over(NUMBER, why_over([old], [old.path], MERGED_AT + 30 * DAY)),
        ),
        ("it is merged, and not decided yet", merged_comment.undecided(NUMBER)),
    ):
        yield Sample(when=when, body=body, status="")


def comments() -> str:
    """Each verdict as a heading, the comment as people see it, and the status. Folded documents are left out."""
    return "\n\n".join(_section(each) for each in samples())


def _section(sample: Sample) -> str:
    shown = re.sub(
        r"<details>.*?</details>\s*|<sub>.*?</sub>\s*|<!--.*?-->\s*", "", sample.body, flags=re.DOTALL
    )
    quoted = "\n".join(f"> {line}".rstrip() for line in shown.strip().splitlines())
    status = f"\n\nThe status `jitbot/approval` is {sample.status}." if sample.status else ""
    return f"## {sample.when[0].upper()}{sample.when[1:]}\n\n{quoted}{status}"
