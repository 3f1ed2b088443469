"""Plain values for the domain's tests: a request of alice's that bob approved, and what became of it.

Every builder gives something that is fine as it stands; a test changes the one thing that it is about. The `ask` and
the `evidence` of an event are given as the JSON that the ledger holds.
Acme's people and rules, and the request itself, are in `acme_facts`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from acme_facts import (
    ACCOUNTS,
    BASE,
    BLOB,
    EXPIRES_AT,
    HEAD,
    HOUR,
    MERGE,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    ROLE_ID,
    a_person,
    a_policy,
    a_request,
    an_actor,
    otherwise,
    sha,
    the_rules,
    the_settings,
)
from catalogue_facts import the_catalogue

from jitbot.domain.access import request_state
from jitbot.domain.access.approval import Decision, decide
from jitbot.domain.access.approvals.reviews import count
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Login, Parsed, Request, Sha
from jitbot.domain.model.merge_facts import (
    Case,
    Change,
    ChangeKind,
    Merge,
    PullCommit,
    PullRequest,
    Review,
    Rules,
)
from jitbot.domain.model.parsed_case import ParsedCase, parse_case
from jitbot.domain.views.preview import Former, Preview, preview_grant, unasked

_CHANGE = Change(
    path=PATH,
    commit=MERGE,
    base=BASE,
    committed_at=MERGED_AT,
    kind=ChangeKind.ADDED,
    mode="100644",
    blob=BLOB,
)


def a_change(**changes: Any) -> Change:
    """The merge commit added alice's request."""
    return otherwise(_CHANGE, changes)


_REQUEST = a_request()
_WINDOW = iam.Window(starts_at=None, expires_at=EXPIRES_AT)
_PULL = PullRequest(
    number=7,
    author=an_actor("alice"),
    repository_id=700001,
    base_branch="main",
    head=HEAD,
    merged_at=MERGED_AT,
    merged_by=an_actor("alice"),
    merge_commit=MERGE,
    created_at=MERGED_AT - HOUR,
    commit_count=1,
)


def a_pull(**changes: Any) -> PullRequest:
    """Alice's pull request, merged."""
    return otherwise(_PULL, changes)


def a_review(login: str = "bob", **changes: Any) -> Review:
    """An approval of the head, ten minutes before the merge."""
    return otherwise(_review(login), changes)


@cache
def _review(login: str) -> Review:
    return Review(
        review_id=1,
        user=an_actor(login),
        state="APPROVED",
        commit=HEAD,
        submitted_at=MERGED_AT - 10 * MINUTE,
    )


def a_commit(*logins: str, name: Sha = HEAD) -> PullCommit:
    """A commit of the pull request that names these people as author or committer."""
    return PullCommit(sha=name, named=tuple(PEOPLE[Login(login)].github_id for login in logins))


def a_merge(**changes: Any) -> Merge:
    """What GitHub and git say of alice's pull request: one commit of hers, approved by bob."""
    return otherwise(_merge(), changes)


@cache
def _merge() -> Merge:
    return Merge(
        pull_request=a_pull(),
        files=(PATH,),
        fetched_head=HEAD,
        head_blob=BLOB,
        head_rules=the_rules(),
        reviews=(a_review(),),
        commits=(a_commit("alice"),),
        touching=frozenset({HEAD}),
        permissions={Login(login): "write" for login in PEOPLE},
        retargeted_at=None,
    )


def a_case(**changes: Any) -> Case:
    """All facts about the merge of alice's request. A plain `request` stands for one that parsed.

    `rules` hold at the head too, and `listed` names the merge's pull request alone, unless said otherwise.
    """
    request = changes.pop("request", _REQUEST)
    rules = changes["rules"] if "rules" in changes else the_rules()
    merge = changes["merge"] if "merge" in changes else a_merge(head_rules=rules)
    given: dict[str, Any] = {
        "change": _CHANGE,
        "touched": (PATH,),
        "earlier": False,
        "clashes": (),
        "default_branch": "main",
        **changes,
        "request": Parsed(value=request) if isinstance(request, Request) else request,
        "rules": rules,
        "merge": merge,
    }
    given.setdefault("listed", () if merge is None else (merge.pull_request,))
    return Case(**given)


def a_ground(case: Case | None = None) -> ParsedCase:
    """What a case that can be judged stands on."""
    parsed_case = parse_case(case or a_case())
    assert isinstance(parsed_case, ParsedCase), parsed_case
    return parsed_case


def a_window(**changes: Any) -> iam.Window:
    """Alice's two hours."""
    return otherwise(_WINDOW, changes)


def the_documents(account: str = "prod", **parts: Any) -> iam.Documents:
    """The documents of alice's grant; `settings`, `policy`, `request`, `person` and `window` can be others."""
    if not parts:
        return _documents(account)
    given: dict[str, Any] = {
        "settings": the_settings(),
        "policy": a_policy(),
        "request": a_request(),
        "person": a_person("alice"),
        "window": a_window(),
        **parts,
    }
    return iam.render(account=account, account_id=ACCOUNTS[account], **given)


@cache
def _documents(account: str) -> iam.Documents:
    return the_documents(account, window=a_window())


def changed(event: Event, **changes: Any) -> Event:
    """The event, with its ask and evidence as this JSON where they are given so."""
    for name, kind in (("ask", Ask), ("evidence", Evidence)):
        if isinstance(changes.get(name), dict):
            changes[name] = kind(changes[name])
    return otherwise(event, changes)


def an_approval(**changes: Any) -> Event:
    """The ledger's record of bob's approval; `asked` is another request."""
    request: Request = changes.pop("asked", a_request())
    window: iam.Window = changes.get("window", a_window(expires_at=MERGED_AT + request.duration))
    event = Event(
        kind=EventType.APPROVED,
        at=NOW,
        request=request.path,
        commit=MERGE,
        window=window,
        documents=tuple(the_documents(each, request=request, window=window) for each in request.accounts),
        ask=Ask.of_request(request, PEOPLE[request.requester], window.expires_at - request.duration),
    )
    return changed(event, **changes)


def an_extension(duration: timedelta = 3 * HOUR, **changes: Any) -> Event:
    """The record of an approved extension to this duration in all, an hour after the first merge."""
    given = {
        "kind": EventType.EXTENDED,
        "commit": sha(f"extended to {duration}"),
        "at": NOW + HOUR,
        **changes,
    }
    return an_approval(asked=a_request(duration=duration), **given)


def an_outcome(kind: EventType, account: str = "prod", **changes: Any) -> Event:
    """What happened to the role in one account: granted, ended (expired, unless `why` says else), removed."""
    documents = the_documents(account)
    event = Event(
        kind=kind,
        at=NOW + MINUTE,
        request=PATH,
        commit=MERGE,
        account=account,
        account_id=documents.account_id,
        role_name=documents.role_name,
        why=EndReason.EXPIRED if kind is EventType.ENDED else None,
        window=a_window(),
        documents=(documents,) if kind is EventType.GRANTED else (),
        evidence=Evidence({"role_id": ROLE_ID}),
    )
    return changed(event, **changes)


def a_revocation(**changes: Any) -> Event:
    """The record that alice's request was revoked."""
    event = Event(
        kind=EventType.REVOKED,
        at=NOW + 10 * MINUTE,
        request=PATH,
        why=EndReason.REVOKED,
        evidence=Evidence({"by": "bob"}),
    )
    return changed(event, **changes)


def a_request_state(*events: Event) -> request_state.RequestState:
    """The life that these events make; without any, that of a request nobody has heard of."""
    return request_state.fold_events(events).get(PATH, request_state.RequestState(request=PATH))


def a_listed_role(documents: iam.Documents | None = None, **changes: Any) -> Listed:
    """Alice's role as AWS lists it."""
    documents = documents or the_documents()
    role = Listed(
        max_session_duration=3600,
        account_id=documents.account_id,
        role_name=documents.role_name,
        role_id=ROLE_ID,
        trust_policy=documents.trust_policy,
    )
    return replace(role, **changes)


def an_actual_role(documents: iam.Documents | None = None, **changes: Any) -> Actual:
    """Alice's role as AWS has it, exactly as approved."""
    documents = documents or the_documents()
    role = Actual(
        account_id=documents.account_id,
        role_name=documents.role_name,
        role_id=ROLE_ID,
        path=documents.path,
        trust_policy=documents.trust_policy,
        permissions_boundary=documents.permissions_boundary,
        max_session_duration=3600,
        inline_policies={iam.POLICY_NAME: documents.permission_policy},
        attached=documents.managed_policies,
        tags=documents.tags,
    )
    return replace(role, **changes)


def judged(case: Case, so_far: request_state.RequestState | None = None, now: datetime = NOW) -> Decision:
    """The decision of a case, of a request nobody has heard of unless said otherwise."""
    return decide(case, so_far or a_request_state(), now)


def an_unasked_case(
    request: Request | Parsed[Request] | None = None, rules: Rules | None = None, **changes: Any
) -> Case:
    """Alice's request as it lies in a branch of which GitHub was asked nothing, under these rules."""
    request = request or a_request()
    rules = rules or the_rules()
    parsed = Parsed(value=request) if isinstance(request, Request) else request
    given = {"rules": rules, "head_rules": rules, "blob": sha("a request"), **changes}
    return unasked(PATH, parsed, MERGED_AT, **given)


def previewed(
    case: Case, so_far: request_state.RequestState | None = None, former: Former | None = None
) -> Preview:
    """The preview of a case at nine."""
    return preview_grant(case, MERGED_AT, the_catalogue(), so_far=so_far, former=former)


def codes(decision: Decision) -> set[str]:
    """The kinds of reasons of a decision."""
    return {reason.code for reason in decision.reasons}


def counted(parsed_case: ParsedCase) -> list[str]:
    """The logins whose approvals count."""
    return [str(approval.person.login) for approval in count(parsed_case)[0]]


def why_not(parsed_case: ParsedCase) -> list[str]:
    """Why the reviews that do not count do not."""
    return [ignored.why for ignored in count(parsed_case)[1]]
