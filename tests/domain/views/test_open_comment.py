"""The comment on an open pull request."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGED_AT, a_policy, a_request, owned_by, the_rules
from builders import a_request_state, a_review, an_approval
from catalogue_facts import the_catalogue
from comment_facts import HOSTILE, a_summary, is_inert, rendered
from rehearsal_facts import a_rehearsal_policy, a_rehearsal_request

from jitbot.domain.ledger.ask import Ask
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import AccountId, Acknowledgement, Finding, Login, Parameter, Statement
from jitbot.domain.model.merge_facts import ChangeKind, Rules
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.views.comment_body import LONGEST, MARKER, Part, assembled, fitted, folded, is_ours, must
from jitbot.domain.views.grant_preview import would_grant
from jitbot.domain.views.open_comment import TOO_MUCH, nothing, proposal, steering, too_much, why
from jitbot.domain.views.request_summary import Held, RequestSummary

LONG = Finding(
    code="duration-above-maximum",
    message="9h is above the maximum",
    file="x",
    line=3,
    column=1,
    hint="ask for 4h",
)
PAGE = "https://github.com/acme/access/pull/7"


def comment(*summaries: RequestSummary, findings: tuple[Finding, ...] = (), **other: Any) -> str:
    """The comment on pull request 7."""
    return proposal(
        summaries or (a_summary(),), findings, number=7, **{"page": PAGE, "auto_merge": False, **other}
    )


def test_the_first_line_says_it_all() -> None:
    """Who, what in plain words, where, how long, how dangerous: all a phone's notification shows."""
    assert comment().splitlines()[0] == (
        "**alice** asks for orders-db-read: **Read one DynamoDB table**, in **prod** for **2h** "
        "from the merge on. 🟢 **low risk**"
    )


def test_a_start_of_its_own_hangs_on_no_merge() -> None:
    """A window with a start is told from and until, whenever it is merged."""
    asked = a_request(starts_at=MERGED_AT + timedelta(days=1))
    first = comment(a_summary(asked)).splitlines()[0]
    assert "from **25 Nov 2026, 09:00 UTC** until **25 Nov 2026, 11:00 UTC**." in first
    assert "from the merge on" not in first


def test_what_an_approver_asks_next_follows() -> None:
    """Why, with what, who must approve, what was before, and what to do, in this order."""
    seen = rendered(comment()).text
    parts = ("INC-1234 refunds are stuck", "table: orders", "Waits for one approval, from bob", "alice had no other", "press Merge")  # fmt: skip
    places = [seen.index(part) for part in parts]
    assert places == sorted(places)


def test_a_rehearsal_is_marked() -> None:
    """By what it would give: the same policy with more in it is not."""
    mark = "🎭 This is a rehearsal: it can do nothing but ec2:DescribeRegions."
    rules = the_rules(policy=a_rehearsal_policy())
    assert mark in comment(a_summary(a_rehearsal_request(), rules=rules))
    more = the_rules(policy=a_rehearsal_policy(managed_policies=("ReadOnlyAccess",)))
    assert "🎭" not in comment(a_summary(a_rehearsal_request(), rules=more))


def test_that_nobody_approves_before_is_read_second() -> None:
    """Break-glass is marked where nothing cuts it off, with who reviews it and by when."""
    glass = a_policy(approvals=0, reviewers=("erin", "@acme/security"), review_within=timedelta(hours=2))
    body = comment(a_summary(rules=the_rules(policy=glass)), auto_merge=False)
    seen = rendered(body.split("\n\n")[1]).text
    assert "🚨 BREAK-GLASS: no approval before access. erin or @" in seen
    assert "must review it within 2h of the merge" in seen
    whole_text = rendered(body).text
    assert (
        "jitbot needs no approval of a break-glass. GitHub merges it after one approval, of anyone with write access "
        "who did not push it, on Files changed. Then press Merge: access begins a moment later." in whole_text
    )
    assert "approved." not in whole_text
    alone = rendered(comment(a_summary(rules=the_rules(policy=glass)), auto_merge=True)).text
    assert "It does so by itself: access begins a moment later." in alone
    assert "🚨" not in comment()
    nobody = comment(a_summary(rules=the_rules(policy=glass, codeowners=owned_by())))
    assert ("**Approval**" in nobody, "()" in nobody) == (True, False)


def test_what_the_policy_acknowledges_is_told() -> None:
    """Each finding with its reason, inert; nothing is said where there is none."""
    known = Acknowledgement(finding="unknown-action", about="x:Y", reason="AWS @bob <b> said so")
    summary = a_summary()
    assert summary.grant_preview is not None
    policy = replace(summary.grant_preview.policy, acknowledged=(known,))
    said = comment(replace(summary, grant_preview=replace(summary.grant_preview, policy=policy)))
    assert "**Findings that the policy acknowledges**\n- unknown-action of x:Y: AWS" in said
    assert is_inert(said)
    assert "acknowledges" not in comment(summary)


def test_dangers_are_listed() -> None:
    """What makes a request dangerous stands before its reason."""
    seen = rendered(
        comment(a_summary(rules=the_rules(policy=a_policy(managed_policies=("AdministratorAccess",)))))
    ).text
    assert "🔴 critical risk" in seen
    assert seen.index("can do everything in the account") < seen.index("INC-1234")


def test_the_documents_are_folded_away_whole() -> None:
    """Each role is behind a line to press on, with both documents to the last brace."""
    body = comment(a_summary(a_request(accounts=("prod", "staging"))))
    seen = rendered(body)
    assert seen.tags.count("details") == 2
    for text in (
        "arn:aws:iam::012345670123:role/jit/",
        "jitbot-boundary",
        '"sts:AssumeRole"',
        '"dynamodb:GetItem"',
    ):
        assert text in seen.text
    assert seen.text.index("press Merge") < seen.text.index("Exactly this role in")


@pytest.mark.parametrize(
    ("auto_merge", "reviews", "said"),
    [
        (True, (), "It merges by itself once it is approved"),
        (False, (), "Then press Merge, unless auto-merge is on"),
        (False, (a_review(),), "Checked and approved. Press Merge"),
        (True, (a_review(),), "Checked and approved. It merges by itself"),
    ],
)
def test_what_to_do_next(auto_merge: bool, reviews: tuple[Any, ...], said: str) -> None:
    """Where nothing merges by itself, that is said to whoever approves."""
    assert said in rendered(comment(a_summary(reviews=reviews), auto_merge=auto_merge)).text


@pytest.mark.parametrize("reviews", [(), (a_review(),)], ids=len)
def test_an_approver_is_one_click_away_from_the_review(reviews: tuple[Any, ...]) -> None:
    """The page of the files is where GitHub takes a review; who has approved needs it no more."""
    body = comment(a_summary(reviews=reviews))
    assert rendered(body).addresses == ([] if reviews else [f"{PAGE}/files"])
    assert is_inert(body)


OBJECTED = replace(a_review("bob"), state="CHANGES_REQUESTED")
TWO = the_rules(policy=a_policy(approvals=2), codeowners=owned_by("@bob", "@erin"))
THREE = the_rules(policy=a_policy(approvals=3), codeowners=owned_by("@bob", "@erin"))


@pytest.mark.parametrize("auto_merge", [True, False])
@pytest.mark.parametrize(
    ("rules", "reviews", "said"),
    [
        (the_rules(), (OBJECTED,), "Checked, but not approved: bob asks for changes."),
        (THREE, (a_review(),), "Checked, but not approved: too few people can approve it."),
    ],
)
def test_nobody_is_invited_to_a_merge_that_is_refused(
    rules: Rules, reviews: tuple[Any, ...], said: str, *, auto_merge: bool
) -> None:
    """Whatever an approver would be too few for: a merge now is refused for good, and the comment says that."""
    seen = rendered(comment(a_summary(rules=rules, reviews=reviews), auto_merge=auto_merge)).text
    assert said in seen
    assert "Do not merge it now: it would be refused for good." in seen
    assert "✅" not in seen


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ((), "It still needs 2 approvals. Do not merge it before"),
        ((a_review(),), "Then press Merge, unless auto-merge is on"),
        ((a_review(), a_review("erin")), "Checked and approved. Press Merge"),
    ],
)
def test_two_approvals_are_two(reviews: tuple[Any, ...], said: str) -> None:
    """One approval is not enough for two: who approves first is not told to press Merge."""
    seen = rendered(comment(a_summary(rules=TWO, reviews=reviews), auto_merge=False)).text
    assert said in seen
    assert ("ress Merge" in seen) is ("ress Merge" in said)


def test_what_is_wrong_comes_second() -> None:
    """What a merge would refuse stands right below the first line, with the line and what to do; nothing says merge."""
    second = comment(findings=(LONG,)).split("\n\n")[1]
    assert second == "❌ **If this is merged now, it is refused for good.** 1 to fix:"
    seen = rendered(comment(findings=(LONG,))).text
    assert "line 3: 9h is above the maximum→ ask for 4h" in seen
    assert "press Merge" not in seen
    assert "Exactly this role" not in seen


def test_findings_in_several_files_name_them() -> None:
    """Where a line could be one of two files, the file is told."""
    other = replace(LONG, file=".github/CODEOWNERS", line=0, message="names nobody", hint="")
    seen = rendered(comment(findings=(LONG, other))).text
    assert "x: line 3: 9h is above" in seen
    assert "CODEOWNERS: names nobody" in seen


def test_many_findings_are_counted() -> None:
    """Ten are shown, the rest are counted."""
    seen = rendered(comment(findings=tuple(replace(LONG, line=number) for number in range(1, 15)))).text
    assert "14 to fix" in seen
    assert "line 10:" in seen
    assert "line 11:" not in seen
    assert "and 4 more" in seen


def test_an_extension_says_what_changes() -> None:
    """More time, from when to when."""
    summary = a_summary(
        a_request(duration=4 * HOUR), state=a_request_state(an_approval()), kind=ChangeKind.MODIFIED
    )
    seen = rendered(comment(summary)).text
    assert seen.startswith("alice asks for more time with orders-db-read: Read one DynamoDB table")
    assert "until 24 Nov 2026, 13:00 UTC. 🟢" in seen
    assert "2h more, 4h in all" in seen


def test_a_deletion_says_what_ends() -> None:
    """Whose access to what ends, and that it is for good."""
    seen = rendered(comment(a_summary(kind=ChangeKind.DELETED, grant_preview=None, awaiting=None))).text
    assert seen.startswith("This ends the access of alice to orders-db-read in prod, for good")


def test_a_deletion_that_ends_nothing_says_so() -> None:
    """Whoever reads it is not left to believe that the access is over, and is told why it is not."""
    end = a_summary(
        kind=ChangeKind.DELETED, grant_preview=None, awaiting=None, ends_nothing="mallory may not <b>"
    )
    seen = rendered(comment(end)).text
    assert "does not end the access of alice to orders-db-read in prod" in seen
    assert "nobody owns its folder, and mallory may not <b>" in seen
    assert "for good" not in seen
    assert "jitbot release" in seen


def test_a_request_that_does_not_read_has_its_path_and_its_findings() -> None:
    """Nothing is told as if it were asked for."""
    unread = RequestSummary(path="requests/x/y.yaml", kind=ChangeKind.ADDED, findings=(LONG,))
    seen = rendered(comment(unread, findings=(LONG,))).text
    assert "no request that can be read: requests/x/y.yaml" in seen
    assert "above the maximum" in seen


def test_rules_that_do_not_read_promise_nothing() -> None:
    """Without an outlook there is who asks, and what to fix."""
    seen = rendered(comment(a_summary(grant_preview=None, awaiting=None), findings=(LONG,))).text
    assert seen.startswith("alice asks for access, but the policy files cannot be read")
    assert "low risk" not in seen


def test_what_no_policy_asks_for_and_many_dangers_are_counted() -> None:
    """Ten parameters that the policy does not ask for, beside those that it does, and forty dangers."""
    asked = a_request(parameters={**{f"extra{number}": "x" for number in range(13)}, "table": "orders"})
    policy = a_policy(managed_policies=("AdministratorAccess", "ReadOnlyAccess", "ViewOnlyAccess"))
    summary = a_summary(asked, rules=the_rules(policy=policy))
    assert summary.grant_preview is not None
    risk = replace(summary.grant_preview.risk, reasons=tuple(f"danger {number}" for number in range(45)))
    seen = rendered(comment(replace(summary, grant_preview=replace(summary.grant_preview, risk=risk)))).text
    assert seen.index("table: orders") < seen.index("extra0: x")
    assert "extra9: x" in seen
    assert "extra10" not in seen
    assert "and 3 more that the policy does not ask for" in seen
    assert "danger 39" in seen
    assert "and 5 more" in seen


def test_what_is_not_too_many_is_shown_whole() -> None:
    """Ten parameters, forty dangers, ten findings: nothing is counted where nothing is left out."""
    asked = a_request(parameters={f"extra{number}": "x" for number in range(10)})
    summary = a_summary(asked)
    assert summary.grant_preview is not None
    risk = replace(summary.grant_preview.risk, reasons=tuple(f"danger {number}" for number in range(40)))
    body = comment(replace(summary, grant_preview=replace(summary.grant_preview, risk=risk)))
    ten = tuple(replace(LONG, line=number) for number in range(1, 11))
    for told in (body, comment(), comment(findings=ten)):
        assert "more" not in rendered(told).text
    assert "extra9: x" in rendered(body).text
    assert "danger 39" in rendered(body).text


def test_six_accounts_are_named_at_once() -> None:
    """Up to six accounts are in the first line and nowhere else; of seven it names three, and the next line all."""
    aliases = [f"a{number}" for number in range(1, 8)]
    rules = the_rules(accounts={alias: AccountId(f"{n:012}") for n, alias in enumerate(aliases)})
    six, seven = (
        rendered(comment(a_summary(a_request(accounts=tuple(aliases[:number])), rules=rules))).text
        for number in (6, 7)
    )
    assert "in a1, a2, a3, a4, a5 and a6 for 2h" in six
    assert "In 6 accounts" not in six
    assert "in a1, a2, a3 and 4 more, which are named below, for 2h" in seven
    assert "In 7 accounts: a1, a2, a3, a4, a5, a6 and a7" in seven


def test_what_is_asked_for_and_why() -> None:
    """The reason, the ticket where there is one, each parameter, and that one is empty."""
    plain = a_request(reason="stuck", parameters={})
    assert why(plain) == "> stuck"
    told = why(replace(plain, ticket="OPS-7", parameters={"table": "", "index": "a"}))
    assert told == "> stuck<br>ticket OPS-7\n\n- table: **…**\n- index: **a**"


def test_each_thing_is_said_once() -> None:
    """No doubt without doubt, one verdict, and a file only where there are two."""
    assert "could not be checked" not in comment()
    bare = replace(LONG, hint="")
    wrong = comment(findings=(bare, replace(bare, line=4)))
    assert wrong.count("If this is merged now") == 1
    assert "- line 3: 9h is above the maximum\n- line 4:" in wrong


def test_what_nobody_awaits_is_not_approved() -> None:
    """Without an approval that is waited for there is none to be told of, and none to be enough."""
    seen = rendered(comment(a_summary(awaiting=None))).text
    assert "Approval (" not in seen
    assert "Then press Merge, unless auto-merge is on" in seen


def test_the_room_of_a_comment() -> None:
    """A part that just fits is shown, and one character more is not; an empty one takes no room."""
    room = LONGEST - len(assembled((), (), number=7)) - 200
    fits, long = "x" * (room - 2), "x" * (room - 1)
    assert fits in assembled([fits], (), number=7)
    assert fits in assembled((), [fits], number=7)
    assert long not in assembled([long], (), number=7)
    assert long not in assembled((), [long], number=7)
    said = "Too long to be shown here: see `jitbot explain 7`"
    assert said in assembled([long], (), number=7)
    assert said not in assembled([fits], (), number=7)


def test_what_may_be_left_out_goes_first() -> None:
    """A part that just fits stays, and with one character more it goes; the last goes first, what must be there never."""
    room = LONGEST - 1_000
    fits, long = ("x" * (number - len("must") - 4) for number in (room, room + 1))
    assert fitted([must("must"), Part(fits, must=False)]) == ["must", fits]
    assert fitted([Part(long, must=False), must("must")]) == ["must"]
    first, last = Part("first", must=False), Part("last" * 1_000, must=False)
    assert fitted([first, must(fits[1:]), last]) == ["first", fits[1:]]
    assert fitted([must(""), must("a")]) == ["a"]


def test_each_request_of_several_is_told() -> None:
    """Two requests are two parts with a line between them."""
    seen = rendered(comment(a_summary(), a_summary(a_request(accounts=("staging",)))))
    assert seen.text.count("asks for orders-db-read") == 2
    assert "hr" in seen.tags


def test_doubt_is_told() -> None:
    """What the ledger could not say is not passed over."""
    assert "the keys cannot be had" in rendered(comment(doubt="the keys cannot be had")).text


def hostile_briefing() -> RequestSummary:
    """Whatever a person may have written, or GitHub may call somebody, is hostile."""
    policy = a_policy(description=HOSTILE)
    asked = a_request(reason=HOSTILE, ticket=HOSTILE, parameters={"table": HOSTILE, HOSTILE: "x"})
    odd = a_review("bob", state="DISMISSED")
    odd = replace(odd, user=replace(odd.user, login=Login(HOSTILE)))
    rules = the_rules(policy=policy, codeowners=owned_by("@bob"))
    return a_summary(asked, rules=rules, reviews=(odd,))


@pytest.mark.parametrize(
    "body",
    [
        comment(hostile_briefing()),
        comment(hostile_briefing(), findings=(replace(LONG, message=HOSTILE, hint=HOSTILE, file=HOSTILE),)),
        comment(RequestSummary(path=HOSTILE, kind=ChangeKind.ADDED)),
        comment(
            a_summary(a_request(path=f"requests/{HOSTILE}"), kind=ChangeKind.DELETED, grant_preview=None)
        ),
        comment(doubt=HOSTILE),
        comment(a_summary(a_request(reason=""))),
        comment(a_summary(a_request(reason="``` \n```", ticket="---", parameters={"table": "```"}))),
    ],
    ids=["asked", "wrong", "path", "ended", "doubt", "empty", "fences"],
)
def test_whatever_people_wrote_is_inert(body: str) -> None:
    """No mention, link, image, HTML, fence, remark or turned text of theirs; what is folded stays folded."""
    assert is_inert(body)
    assert is_ours(body)


def test_inertness_is_judged() -> None:
    """The judge of the test above sees each of these."""
    for odd in (
        "@bob",
        "<img src=x>",
        "![a](http://x)",
        "[l](http://x)",
        "<!-- x -->",
        "</details>",
        "\u202e",
        "# h",
    ):
        assert not is_inert(f"{odd}\n\n{comment()}"), odd


def test_documents_too_long_are_left_out_and_said_so() -> None:
    """GitHub takes 65,536 characters: what does not fit is named, and the comment is found again."""
    resources = tuple(f"arn:aws:dynamodb:*:{{{{account_id}}}}:table/{number:060}" for number in range(120))
    policy = a_policy(statements=(Statement(actions=("dynamodb:GetItem",), resources=resources),))
    accounts = ("prod", "staging") * 6
    body = comment(a_summary(a_request(accounts=accounts), rules=the_rules(policy=policy)))
    assert 0 < rendered(body).tags.count("details") < len(accounts)
    assert "documents are too long to be shown here: see `jitbot explain 7`" in body
    assert len(body) <= LONGEST
    assert is_ours(body)


def test_more_requests_than_fit_are_said_first() -> None:
    """A hundred long ones: what is dangerous is read, what is not read is counted before all else, and is a finding."""
    policy = a_policy(managed_policies=("AdministratorAccess",))
    harmless = [a_summary(a_request(path=f"requests/orders-db-read/2026-11/{n:02}-alice-a.yaml", reason="&" * 200)) for n in range(1, 100)]  # fmt: skip
    worst = a_summary(
        a_request(path="requests/z/2026-11/24-alice-z.yaml", reason="the worst"),
        rules=the_rules(policy=policy),
    )
    every = [*harmless, worst]
    (found,) = too_much(every)
    assert found.code == TOO_MUCH
    body = comment(*every, findings=(found,))
    assert "⚠️ **" in body.splitlines()[0]
    assert "of this pull request cannot be shown here" in body.splitlines()[0]
    assert "🔴 **critical risk**" in body.split("\n\n")[1]
    assert "the worst" in body
    assert "This is more than can be read here." in body
    assert "would be refused" not in body
    assert body.count("asks for orders-db-read") + int(found.message.split(": ")[1].split()[0]) == 100
    assert "Too long to be shown here" not in body
    assert len(body) <= LONGEST
    assert is_ours(body)
    assert is_inert(body)
    assert list(too_much([worst, harmless[0]])) == []
    assert len(assembled(["x" * LONGEST], (), number=7)) < 1000


def ending(*accounts: str) -> RequestSummary:
    """The end of a request in these accounts: one part of a comment."""
    return a_summary(a_request(accounts=accounts), kind=ChangeKind.DELETED, grant_preview=None, awaiting=None)


def test_requests_fit_to_the_last_character() -> None:
    """Requests that take all the room that there is for requests are shown, and one character more is too much."""
    room, between = LONGEST - 24_000, 9  # characters: the blank lines, and the rule between two requests
    each = len(comment(ending("prod")).split("\n\n")[0]) + between
    number, rest = divmod(room, each)
    assert list(too_much([*[ending("prod")] * (number - 1), ending("prod" + "x" * rest)])) == []
    (found,) = too_much([*[ending("prod")] * (number - 1), ending("prod" + "x" * (rest + 1))])
    assert found.message.endswith("1 would not be seen")


def test_one_request_is_shown_however_long_it_is() -> None:
    """A request that takes more than the room for requests hides those after it, and not itself."""
    accounts = [f"{number:03}{'x' * 590}" for number in range(80)]
    long = ending(*accounts)
    assert list(too_much([long])) == []
    shown = comment(long)
    assert all(f"**{account}**" in shown for account in accounts)
    (found,) = too_much([long, ending("prod")])
    assert found.message.endswith("1 would not be seen")


def test_what_may_be_left_out_hides_no_request() -> None:
    """What the requester had before takes no room from another request, however long it is: it goes first."""
    term = a_request_state(an_approval()).current
    assert term is not None
    last = replace(term, ask=Ask({**term.ask.json, "policy": "x" * LONGEST}))
    two = [a_summary(held=Held(count=1, last=last))] * 2
    assert list(too_much(two)) == []
    assert comment(*two).count("asks for orders-db-read") == 2


ACCOUNTS = {f"a{number:03}{'-sandbox' * 3}-{'x' * 3}": AccountId(f"{number:012}") for number in range(1, 100)}


def everything(reason: str = "&" * 200, value: str = "&" * 128) -> RequestSummary:
    """All that one request can hold: a hundred accounts, prod among them, and twenty parameters, all of them long."""
    accounts = {"prod": AccountId("111111111111"), **ACCOUNTS}
    names = tuple(f"p{number:02}_{'y' * 27}" for number in range(20))
    policy = a_policy(
        accounts=tuple(accounts),
        description=reason,
        parameters=tuple(Parameter(name=name, pattern=".*") for name in names),
        statements=(Statement(actions=("dynamodb:PutItem",), resources=("*",)),),
    )
    asked = a_request(
        accounts=(*ACCOUNTS, "prod"),
        parameters=dict.fromkeys(reversed(names), value),
        reason=reason,
        ticket=reason,
    )
    return a_summary(asked, rules=the_rules(policy=policy, accounts=accounts))


@pytest.mark.parametrize("text", ["a", "&", "|", "@", "#1", "<"])
def test_all_that_is_granted_is_read(text: str) -> None:
    """Each account and each parameter is there, outside of what is folded away, whatever it takes to make them inert."""
    summary = everything((text * 200)[:200], (text * 128)[:128])
    assert list(too_much([summary])) == []
    findings = tuple(replace(LONG, message="$" * 16_000, hint="$" * 16_000, line=n) for n in range(1, 30))
    for wrong in ((), findings):
        body = comment(summary, findings=wrong, doubt="$" * 16_000)
        shown = rendered(body.partition("<details>")[0]).text
        assert len(body) <= LONGEST
        assert "Too long to be shown here" not in body
        for alias in ("prod", *ACCOUNTS):
            assert alias in shown
        assert shown.index("prod") < min(map(shown.index, ACCOUNTS))
        assert "In 100 accounts: prod, a001" in shown
        assert shown.startswith("alice asks for")
        first = shown.split("\n")[0]
        assert first.index("in prod, a001") < first.index("and 97 more, which are named below, for 2h")
        assert first.endswith("high risk")
        for name in summary.grant_preview.parameters if summary.grant_preview else ():
            assert f"{name[0]}: {name[1]}" in shown.replace("\u200b", "")
        assert "for 2h" in shown
        assert "high risk" in shown
        assert is_inert(body)


def test_a_risk_that_is_not_known_is_not_called_low() -> None:
    """An account that accounts.yaml does not have is marked, last, and the risk is not known."""
    body = comment(a_summary(a_request(accounts=("pr\u043ed", "prod"))))
    first = rendered(body).text.split("\n")[0]
    assert "in prod and pr\\u043ed (not in accounts.yaml) for 2h" in first
    assert first.endswith("❔ risk not known")
    assert "low" not in first
    many = comment(a_summary(a_request(accounts=(*(f"none{n}" for n in range(30)), "prod"))))
    assert (
        "in **prod**, **none0** (not in accounts.yaml), **none1** (not in accounts.yaml) and 28 more, which"
        in many
    )
    assert "**In 31 accounts**: **prod**, **none0** (not in accounts.yaml)," in many
    assert "and 20 more that are not in accounts.yaml" in many
    ten = comment(a_summary(a_request(accounts=tuple(f"none{n}" for n in range(10)))))
    assert "and **none9** (not in accounts.yaml)" in ten
    assert "more that are not in accounts.yaml" not in ten


def test_a_letter_of_another_script_passes_for_none() -> None:
    """A value, a name and an account are ASCII where they are valid; anything else is shown as its escape."""
    asked = a_request(parameters={"t\u0430ble": "ord\u0435rs", "table": "\u202eorders"})
    seen = rendered(comment(a_summary(asked))).text
    assert "t\\u0430ble: ord\\u0435rs" in seen
    assert "table: \\u202eorders" in seen


def test_the_worst_request_is_read_first() -> None:
    """The names of the files are the requester's, the order is not: what is not known, then the most dangerous, ends last."""
    admin = the_rules(policy=a_policy(managed_policies=("AdministratorAccess",)))
    path = "requests/orders-db-read/2026-11/{}-alice-x.yaml".format
    low = a_summary(a_request(path=path("01"), reason="the low one"))
    end = a_summary(
        a_request(path=path("00"), reason="x"), kind=ChangeKind.DELETED, grant_preview=None, awaiting=None
    )
    high = a_summary(a_request(path=path("03"), reason="the high one"), rules=admin)
    unknown = a_summary(a_request(path=path("04"), reason="the unknown one", accounts=("none",)))
    body = comment(end, low, high, unknown)
    places = [
        body.index(text) for text in ("the unknown one", "the high one", "the low one", "This **ends**")
    ]
    assert places == sorted(places)


def test_an_extension_shows_all_that_it_extends() -> None:
    """Not the new time alone: the accounts, the parameters and the risk of what goes on."""
    asked = a_request(duration=4 * HOUR, accounts=("staging", "prod"))
    state = a_request_state(an_approval(asked=replace(asked, duration=2 * HOUR)))
    seen = rendered(
        comment(a_summary(asked, state=state, kind=ChangeKind.MODIFIED)).partition("<details>")[0]
    ).text
    for part in (
        "in prod and staging for 4h, until",
        "2h more, 4h in all",
        "table: orders",
        "low risk",
        "INC-1234",
    ):
        assert part in seen


def test_the_same_a_minute_later() -> None:
    """Nothing in it is the clock's: the end is counted from the merge, in the documents too, and none is left out."""
    asked, rules = a_request(), the_rules()
    now, later = (
        comment(a_summary(asked, rules=rules, grant_preview=would_grant(asked, rules, at, the_catalogue())))
        for at in (MERGED_AT, MERGED_AT + timedelta(minutes=1))
    )
    assert now == later
    assert now.count('"aws:CurrentTime": "2h after the merge"') == 4
    assert "2026-11-24T" not in now
    fixed = a_request(starts_at=MERGED_AT + timedelta(days=1))
    body = comment(a_summary(fixed))
    assert '"aws:CurrentTime": "2026-11-25T11:00:00Z"' in body
    assert 'after the merge"' not in body
    longer = a_summary(
        a_request(duration=4 * HOUR), state=a_request_state(an_approval()), kind=ChangeKind.MODIFIED
    )
    assert '"aws:CurrentTime": "2026-11-24T13:00:00Z"' in comment(longer)


def test_a_marker_counts_at_the_end_alone() -> None:
    """A comment that quotes one of ours is none."""
    assert is_ours(comment())
    assert is_ours(f"{comment()}\r\n")
    assert not is_ours(f"> {MARKER}\nlook at this")
    assert is_ours(nothing(7))


def test_no_documents_fold_nothing() -> None:
    """Without a grant there is nothing to press on."""
    assert list(folded(())) == []


@pytest.mark.parametrize(
    ("owners", "approvals", "reviews", "expected"),
    [
        ((), 1, (), (True, "one code owner's approval is enough; the branch's rules ask for it")),
        (("@bob", "@erin"), 2, (), (False, "0 of 2 approvals")),
        (("@bob", "@erin"), 2, (a_review(),), (False, "1 of 2 approvals")),
        (("@bob", "@erin"), 2, (a_review(), a_review("erin", review_id=2)), (True, "2 of 2 approvals")),
        (("@bob",), 2, (), (False, "0 of 2 approvals, and too few people can approve")),
        (("@alice",), 1, (), (False, "0 of 1 approvals, and too few people can approve")),
        (("@bob",), 1, (a_review(state="CHANGES_REQUESTED"),), (False, "bob asks for changes")),
        (("@bob",), 0, (), (True, "break-glass: any one approval for GitHub, a review after the merge")),
    ],
)
def test_the_approval_status(
    owners: tuple[str, ...], approvals: int, reviews: tuple[Any, ...], expected: tuple[bool, str]
) -> None:
    """Green at once where one approval is enough; else what there is of what there must be."""
    codeowners = owned_by(*(owners or ("@bob",)))
    rules = the_rules(policy=a_policy(approvals=approvals), codeowners=codeowners)
    assert steering([a_summary(rules=rules, reviews=reviews)]) == expected


def test_the_strictest_request_counts() -> None:
    """Of several requests all must have enough; what cannot be judged is not green; an end asks for none."""
    two = the_rules(policy=a_policy(approvals=2), codeowners=owned_by("@bob", "@erin"))
    assert steering([a_summary(), a_summary(rules=two)]) == (False, "0 of 2 approvals")
    assert steering([a_summary(), a_summary(awaiting=None)]) == (
        False,
        "can be judged once the check is green",
    )
    assert steering([a_summary(awaiting=None, kind=ChangeKind.DELETED)]) == (
        True,
        "one code owner's approval is enough; the branch's rules ask for it",
    )


def test_what_ends_with_a_membership_is_read() -> None:
    """Until when the requester may ask, and the accounts of each group; owners where there are any."""
    member = Membership(login=Login("alice"), until=EXPIRES_AT - timedelta(minutes=30))
    teams = Roster.of({"acme/payments": (member,), "acme/payments-leads": (Membership(login=Login("bob")),)})
    groups = AccountGroups(groups={"production": ("prod", "data")})
    rules = the_rules(teams=teams, policy=a_policy(accounts=("@production",)), account_groups=groups)
    text = rendered(comment(a_summary(rules=rules))).text
    assert "alice may ask until 2026-11-24 10:30 UTC: access ends then" in text
    assert "Accounts of the policy" in text
    assert "Approval (@\u200bacme/payments-leads)" in text
    plain = rendered(comment()).text
    assert ("may ask until" in plain, "Accounts of the policy" in plain) == (False, False)


def test_too_much_to_read_is_no_refusal() -> None:
    """Where that is all that is wrong, it says so; beside another finding it is refused for good."""
    much = replace(LONG, code=TOO_MUCH)
    assert "This is more than can be read here." in comment(findings=(much,))
    assert "it is refused for good" in comment(findings=(much, LONG))


def test_a_team_that_approved_is_not_waited_for() -> None:
    """Of two requests the one that still needs somebody is told, and only that one."""
    rule = ApprovalRule(need=2, teams=("@acme/payments-leads",))
    lines = owned_by("@acme/payments-leads", "@acme/security")
    rules = the_rules(policy=a_policy(approval_rules=(rule,)), codeowners=lines)
    waits = a_summary(rules=rules)
    done = a_summary(rules=rules, reviews=(a_review("bob"), a_review("erin", review_id=2)))
    said = [line for line in rendered(comment(waits)).text.splitlines() if "Do not merge it before" in line]
    assert said
    assert said == [
        line for line in rendered(comment(done, waits)).text.splitlines() if "Do not merge it before" in line
    ]


def test_what_a_policy_acknowledges_hides_no_request() -> None:
    """However long it is: it may be left out, so it takes no room from what must be read."""
    long = tuple(Acknowledgement(finding="x", about=f"a{number}", reason="<" * 600) for number in range(5))
    summary = a_summary()
    assert summary.grant_preview is not None
    policy = replace(summary.grant_preview.policy, acknowledged=long)
    many = [replace(summary, grant_preview=replace(summary.grant_preview, policy=policy))] * 8
    assert list(too_much(many)) == []
    assert comment(*many).count("asks for orders-db-read") == 8
