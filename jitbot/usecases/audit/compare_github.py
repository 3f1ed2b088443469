"""`--online`: read the pull request and the reviews of each approval again, and compare them with the record."""

from collections.abc import Iterable, Iterator, Sequence

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.ledger.case_json import PullRequestSnapshot
from jitbot.domain.ledger.events import GIVES
from jitbot.domain.model.bounds import RESERVE
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.merge_facts import PullReading, PullRequest, Review
from jitbot.domain.text.amount import many
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead

_LATER = "try again: GitHub allows so many calls an hour"
_LOOK = "somebody changed GitHub since, or the run recorded what was not so: compare the pull request with the event"
_NO_HEAD = "what was approved can no longer be compared with what was recorded: ask GitHub, or a person who has a clone with that commit"
_HEADS_AT_ONCE = 50
_AT_ONCE = 100  # approvals whose pull requests are asked for together
_REST = (
    "the next `jitbot audit verify --online --online-since recorded` goes on where this one was recorded to end; a "
    "person's token allows more calls"
)
_IN_A_ROW = 3  # pull requests for which GitHub fails before it is treated as unreachable
_Wanted = tuple[RecordedEvent, PullRequestSnapshot]


def read_again(
    github: GitHubRead, decisions: Sequence[RecordedEvent], unanswered: set[str]
) -> Iterator[AuditFinding]:
    """How GitHub's answers today differ from the attested ones, in the order of the decisions.

    Many pull requests are read in one call. What that does not show whole, or shows otherwise, is asked of REST, by two
    calls for each approval. Puts into `unanswered` the paths of the approvals of which it gave no answer, or was not asked.

    A missing answer is a finding too. After a few missing answers in a row GitHub is not asked any more, and the last
    finding says so. Nor is it asked when no more calls are left than other runs may need: that is a note.
    """
    wanted = [(each, snapshot) for each in decisions if (snapshot := _snapshot(each)) is not None]
    unanswered.update(each.path for each in decisions)  # until it answers
    kept: list[RecordedEvent] = []  # not asked about, for the sake of other runs
    failed = 0  # in a row
    for left, (decision, snapshot, reading) in zip(
        reversed(range(len(wanted))), _together(github, wanted), strict=True
    ):
        try:
            found = _answer(github, decision, snapshot, reading)
        except _TooFewError:
            kept.append(decision)
            continue
        except DeniedError as error:
            failed = 0
            unanswered.discard(decision.path)
            message = f"#{snapshot.pull_request.number} cannot be read: {error}"
            yield _finding(decision, "pull-request-gone", Severity.BROKEN, message)
        except UnavailableError as error:
            failed += 1
            stops = failed == _IN_A_ROW and left > 0
            more = f"; not asked about: {many(left, 'more approval')}" if stops else ""
            message = f"#{snapshot.pull_request.number}: {error}{more}"
            yield _finding(decision, "not-read-again", Severity.UNCHECKED, message)
            if stops:
                break
        else:
            failed = 0
            unanswered.discard(decision.path)
            yield from found
    if kept:
        others = f" and {many(len(kept) - 1, 'other')}" if len(kept) > 1 else ""
        message = f"this approval{others} could not be read again: GitHub allows few more calls in this hour"
        yield _finding(kept[0], "calls-kept", Severity.NOTE, message, _REST)


class _TooFewError(Exception):
    """GitHub allows no more calls in this hour than other runs may need."""


def _together(
    github: GitHubRead, wanted: Sequence[_Wanted]
) -> Iterator[tuple[RecordedEvent, PullRequestSnapshot, PullReading | None]]:
    """Each with what one call for many shows of it; None where that is not whole, or none can be made."""
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        try:
            found = github.read_reviews(
                () if _few(github.points_left()) else (each.pull_request.number for _, each in part)
            )
        except JitbotError:  # each is asked for by itself, and says what is wrong
            found = {}
        yield from ((decision, each, found.get(each.pull_request.number)) for decision, each in part)


def _answer(
    github: GitHubRead, decision: RecordedEvent, snapshot: PullRequestSnapshot, reading: PullReading | None
) -> tuple[AuditFinding, ...]:
    """What differs. One answer that says so proves nothing: another one must say it, too. Raises _TooFewError."""
    if reading is not None and reading.reviews is not None:
        found = tuple(_compared(decision, snapshot, reading.pull, reading.reviews))
    else:
        found = _by_rest(github, decision, snapshot)
    if any(each.severity is Severity.BROKEN for each in found):
        return _by_rest(github, decision, snapshot)
    return found


def _by_rest(
    github: GitHubRead, decision: RecordedEvent, snapshot: PullRequestSnapshot
) -> tuple[AuditFinding, ...]:
    if _few(github.calls_left()):
        raise _TooFewError
    number = snapshot.pull_request.number
    return tuple(_compared(decision, snapshot, github.pull(number), github.reviews(number)))


def _few(calls: int | None) -> bool:
    return calls is not None and calls < RESERVE


def fetch_heads(git: Git, decisions: Iterable[RecordedEvent]) -> Iterator[AuditFinding]:
    """Fetch the head of each approval, so that it is compared with the evidence. A finding names each missing head.

    GitHub keeps the head of a merged pull request as `refs/pull/NUMBER/head`, also when its branch is deleted.
    """
    wanted = [(each, snapshot) for each in decisions if (snapshot := _snapshot(each)) is not None]
    for start in range(0, len(wanted), _HEADS_AT_ONCE):
        part = wanted[start : start + _HEADS_AT_ONCE]
        missing = _missing(git, dict.fromkeys(snapshot.pull_request.number for _, snapshot in part))
        for decision, snapshot in part:
            number, head = snapshot.pull_request.number, snapshot.pull_request.head
            fetched = git.pull_head(number)
            if number in missing:
                message = f"the head {head[:10]} of #{number} cannot be fetched: {missing[number]}"
                yield _finding(decision, "head-gone", Severity.UNCHECKED, message, _NO_HEAD)
            elif fetched != head:
                message = f"the head of #{number} is {str(fetched)[:10]} today, and {head[:10]} was approved"
                yield _finding(decision, "head-differs", Severity.BROKEN, message)


def _missing(git: Git, numbers: Iterable[int]) -> dict[int, str]:
    """The heads that cannot be fetched, and why: asked together, and one by one only if something is missing."""
    try:
        git.fetch(numbers)
    except UnavailableError:
        missing = {}
        for number in numbers:
            try:
                git.fetch([number])
            except UnavailableError as error:
                missing[number] = str(error)
        return missing
    return {}


def _snapshot(decision: RecordedEvent) -> PullRequestSnapshot | None:
    """What was attested of the pull request behind an approval; None for anything else."""
    facts = decision.event.evidence.facts if decision.event.kind in GIVES else None
    return facts.snapshot if facts is not None else None


def _compared(
    decision: RecordedEvent, snapshot: PullRequestSnapshot, pull: PullRequest, reviews: tuple[Review, ...]
) -> Iterator[AuditFinding]:
    was = snapshot.pull_request
    lasting = ("author", "head", "merged_at", "merge_commit", "base_branch", "repository_id", "commit_count")
    other = [name for name in lasting if getattr(was, name) != getattr(pull, name)]
    # A person may leave and delete their account. What they did before stays valid.
    wrong = [name.replace("_", " ") for name in other if name != "author" or not pull.author.is_gone]
    if wrong:
        message = f"#{was.number} differs today in its {', '.join(wrong)}"
        yield _finding(decision, "pull-request-differs", Severity.BROKEN, message)
    now = {review.review_id: review for review in reviews}
    for review in snapshot.reviews:
        yield from _review(decision, review, now.get(review.review_id))


def _review(decision: RecordedEvent, was: Review, now: Review | None) -> Iterator[AuditFinding]:
    who = f"the review {was.review_id} of {was.user.login}"
    if now is None:
        yield _finding(decision, "review-gone", Severity.BROKEN, f"GitHub does not know {who}")
    elif (was.user.github_id, was.commit, was.submitted_at) != (
        now.user.github_id,
        now.commit,
        now.submitted_at,
    ):
        message = f"{who} is by somebody else, of another commit or of another time today"
        yield _finding(decision, "review-differs", Severity.BROKEN, message)
    elif was.state != now.state and now.state == "DISMISSED":
        yield _finding(decision, "review-dismissed-since", Severity.NOTE, f"{who} was dismissed since")
    elif was.state != now.state:
        message = f"{who} says {now.state} today, and {was.state} when it was read"
        yield _finding(decision, "review-differs", Severity.BROKEN, message)


def _finding(
    decision: RecordedEvent, code: str, severity: Severity, message: str, hint: str = ""
) -> AuditFinding:
    hint = hint or (_LATER if severity is Severity.UNCHECKED else _LOOK)
    return decision.subject.problem(code, message, hint, severity)
