"""The reference of the record: exit codes, events, ends, sentences, columns and controls, from what writes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tables import code, table

from jitbot.domain.audit.report.log_rows import NAMES
from jitbot.domain.audit.report.overview.controls import CONTROLS
from jitbot.domain.aws.iam import Window
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.commit_message import message, sentence
from jitbot.domain.ledger.events import PROTECTION, EndReason, Event, EventType
from jitbot.domain.ledger.evidence import (
    Evidence,
    OwedReview,
    RecordedAccount,
    RecordedReview,
    ReviewOutcome,
    RuleOutcome,
)
from jitbot.domain.ledger.evidence import Reason as RefusalReason
from jitbot.domain.ledger.recorded_use import RecordedUse
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.model.exit_code import ExitCode

# In words, each by its member: one that is added to the code and not here is a KeyError.
EXIT_CODES = {
    ExitCode.DONE: "Done: everything that was asked for is so.",
    ExitCode.REFUSED: "Refused, invalid or broken. Doing the same again does not help: change what the output names.",
    ExitCode.MISUSED: "Wrong usage: no such verb or option, or an argument is missing.",
    ExitCode.UNSURE: "Incomplete or in doubt: try again. Or somebody must look: access was changed by hand in AWS, a review is overdue, or something could not be verified.",
}
EVENTS = {
    EventType.APPROVED: "A request was approved: who gets what, where, until when, and by which approvals. Recorded before AWS is touched.",
    EventType.EXTENDED: "More time was approved.",
    EventType.REFUSED: "A merge gives nothing, with the reasons. It is final for that merge.",
    EventType.REVOKED: "Somebody ended access early, or released their own.",
    EventType.GRANTED: "The role is in AWS and was read back, with its documents.",
    EventType.ENDED: "Access is over, with the reason.",
    EventType.REMOVED: "The role is gone, and its absence was read back.",
    EventType.FAILED: "AWS refused something, or did not answer. The next run tries again.",
    EventType.VERIFIED: "`jitbot audit verify --record` has run, with its verdict.",
    EventType.REVIEWED: "A reviewer of a break-glass grant has approved it, or objected.",
    EventType.OVERDUE: "The review of a break-glass grant was not given in time.",
    EventType.RULES: "A commit on main changed the rules: by which pull request, and who approved it.",
    EventType.STOPPED: "An owner of `policies/` stopped a person or a policy.",
    EventType.LIFTED: "An owner of `policies/` lifted a stop.",
    EventType.USED: "What CloudTrail showed of a grant. It is asked after the grant's end.",
    EventType.PROTECTION_SEEN: "A weekly look: what GitHub shows a job of the rules that protect main and `ledger`.",
    EventType.PROTECTION_SAID: "What an admin says of that protection, by `jitbot doctor --record`. It is their word.",
}
ENDS = {
    EndReason.EXPIRED: "The clock. The end was written into the role, and a sweep has confirmed it.",
    EndReason.RELEASED: "The requester ended it.",
    EndReason.REVOKED: "An owner ended it.",
    EndReason.STOPPED: "An emergency stop of the person or of the policy.",
    EndReason.DELETED: "The request's file was deleted from main.",
    EndReason.OFFBOARDED: "The person, or the principal, is no longer in `people.yaml`.",
    EndReason.ORPHAN: "A role under jitbot's path that no event explains.",
    EndReason.DRIFT: "A role that is not as recorded: somebody changed it in AWS.",
}
COLUMNS = {
    "at": "when it was recorded, in UTC",
    "event": "the event",
    "why": "of an end, the reason; of a change of the rules, how it came to main; of a use, what was seen",
    "request": "the path of the request",
    "requester": "who asked; of a change of the rules, who opened its pull request; of a stop, whom it is about",
    "policy": "the policy; of a change of the rules, each policy whose date of review it moves",
    "accounts": "each account, as `alias (id)`",
    "starts_at": "when the window begins, where it does not begin at the merge",
    "expires_at": "when the window ends",
    "approved_by": "whose approvals counted",
    "by": "who revoked, reviewed, stopped or lifted it, or pushed the rules; of an admin's word, the admin",
    "reason": "the reason that was given; of a use or a look, what was seen; of an admin's word, its answers; of a change of the rules, the dates of review that it moves",
    "ticket": "the ticket",
    "codes": "of a refusal, the codes of its reasons",
    "pull_request": "the pull request",
    "merge_commit": "the commit on main that it belongs to",
    "ledger_commit": "the commit of the ledger that holds it",
    "path": "its file in that commit",
    "run": "the address of the run that wrote it",
}
TRAILERS = {
    "Request": "the path of a request",
    "Requester": "who asked",
    "Approved-by": "whose approval counted",
    "Pull-request": "the pull request",
    "Merge-commit": "the commit on main",
    "Account": "an account, as `prod (111111111111)`",
    "Role": "a role in it",
    "Starts-at": "when a window begins, where it does not begin at the merge",
    "Expires-at": "when a window ends",
    "Review-by": "by when a break-glass grant must be reviewed",
    "Run": "the run that wrote the batch",
    "Reviewed-by": "who reviewed a break-glass grant, and approved it",
    "Record": "`rules`, where a change of the rules is recorded",
    "Stop": "the person or the policy that was stopped",
}
_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
_COMMIT = Sha("4be1c0d2a97f3e5b6c8d1f0a2b3c4d5e6f708192")


def exit_codes() -> str:
    """The numbers with which every verb ends."""
    return table(("code", "meaning"), ((str(int(each)), EXIT_CODES[each]) for each in ExitCode))


def events() -> str:
    """What can be recorded."""
    return table(("event", "what happened"), ((code(each), EVENTS[each]) for each in EventType))


def ends() -> str:
    """Why access can be over."""
    return table(("why", "what ended it"), ((code(each), ENDS[each]) for each in EndReason))


def sentences() -> str:
    """How each event reads in `git log`."""
    return table(("event", "sentence"), ((code(each), code(sentence(_event(each)))) for each in EventType))


def trailers() -> str:
    """What the last paragraph of a batch's message can name."""
    found: dict[str, None] = {}
    for kind in EventType:
        lines = message([_with_everything(_event(kind))]).rpartition("\n\n")[2].splitlines()
        found.update(dict.fromkeys(line.partition(": ")[0] for line in lines))
    return table(("trailer", "what it names"), ((code(each), TRAILERS[each]) for each in found))


def _with_everything(event: Event) -> Event:
    """The event with a later start, a review that it requires, and its run."""
    by = OwedReview.of(OwedReview.review_by(_AT + timedelta(days=1)))
    evidence = Evidence({**event.evidence.json, **dict([Evidence.break_glass(by)])})
    window = Window(starts_at=_AT, expires_at=_AT + timedelta(hours=2))
    run = "https://github.com/acme/access/actions/runs/1"
    return replace(event, evidence=evidence, window=window, run=run, role_name=event.role_name or "jit-x")


def log_columns() -> str:
    """What a row of `jitbot audit log` has."""
    return table(("column", "what it holds"), ((code(each), COLUMNS[each]) for each in NAMES))


def controls() -> str:
    """Each control, what the evidence pack shows of it, and what it does not."""
    rows = [(f"{each.standard} {each.id}", each.title, each.shows, each.not_shown) for each in CONTROLS]
    return table(("control", "title", "what the pack shows", "what it does not show"), rows)


def _event(kind: EventType) -> Event:
    """An event of this kind about alice's request, with all that a sentence may say."""
    about_request = kind not in (
        EventType.RULES,
        EventType.STOPPED,
        EventType.LIFTED,
        EventType.VERIFIED,
        *PROTECTION,
    )
    by = {EventType.REVOKED: "alice", EventType.REVIEWED: "erin"}.get(kind, "olivia")
    outcome = {EventType.RULES: RuleOutcome.REVIEWED, EventType.REVIEWED: ReviewOutcome.APPROVED}.get(
        kind, ""
    )
    return Event(
        kind=kind,
        at=_AT,
        request="requests/orders-db-read/2026-11/24-alice-refunds.yaml" if about_request else "",
        commit=_COMMIT,
        account="prod",
        account_id=AccountId("111111111111"),
        role_name="jit-alice-orders-db-read-0f1e2d3c4b" if kind is EventType.REMOVED else "",
        why=EndReason.EXPIRED if kind is EventType.ENDED else None,
        window=Window(starts_at=None, expires_at=_AT + timedelta(hours=2)),
        ask=Ask.of(Ask.requester("alice")),
        cause="whole, 41 events" if kind is EventType.VERIFIED else "",
        evidence=Evidence.of(
            Evidence.reasons((RefusalReason.of(RefusalReason.code("not-enough-approvals")),)),
            Evidence.approvals((RecordedReview.of(RecordedReview.login("bob")),)),
            Evidence.pull_request(7),
            Evidence.author(RecordedAccount.named("frank", 1006)),
            Evidence.person(RecordedAccount.named("mallory", 1666)),
            Evidence.by(by),
            Evidence.outcome(outcome),
            Evidence.paths_count(2),
            Evidence.use(RecordedUse.of(RecordedUse.entered(3))),
        ),
    )
