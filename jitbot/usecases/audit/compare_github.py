"""`--online`: the pull requests and reviews behind each approval, read again and held against what was attested."""

from collections.abc import Iterable, Iterator

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.ledger.case_json import PullRequestSnapshot
from jitbot.domain.ledger.events import GIVES
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.merge_facts import PullRequest, Review
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead

_LATER = "try again: two calls are made for each approval, and GitHub allows so many an hour"
_LOOK = "somebody changed GitHub since, or the run recorded what was not so: compare the pull request with the event"
_NO_HEAD = "what was approved can no longer be compared with what was recorded: ask GitHub, or whoever has a clone with that commit"
_HEADS_AT_ONCE = 50
_IN_A_ROW = 3  # pull requests for which GitHub fails before it is taken to be out of reach


def read_again(github: GitHubRead, decisions: Iterable[RecordedEvent]) -> Iterator[AuditFinding]:
    """What GitHub says otherwise today than was attested: two calls for each approval.

    What it does not answer is a finding too. After a few of them in a row nothing more is asked, and that is said.
    """
    wanted = [(each, told) for each in decisions if (told := _told(each)) is not None]
    failed = 0  # in a row
    for left, (decision, told) in zip(reversed(range(len(wanted))), wanted, strict=True):
        number = told.pull_request.number
        try:
            found = _read(github, decision, told)
            if any(each.severity is Severity.BROKEN for each in found):
                found = _read(github, decision, told)  # one answer that differs proves nothing
        except DeniedError as error:
            failed = 0
            yield _tell(decision, "pull-request-gone", Severity.BROKEN, f"#{number} cannot be read: {error}")
        except UnavailableError as error:
            failed += 1
            stops = failed == _IN_A_ROW and left > 0
            more = f"; {left} more approvals were not asked about" if stops else ""
            yield _tell(decision, "not-read-again", Severity.UNCHECKED, f"#{number}: {error}{more}")
            if stops:
                return
        else:
            failed = 0
            yield from found


def fetch_heads(git: Git, decisions: Iterable[RecordedEvent]) -> Iterator[AuditFinding]:
    """Fetch the head behind each approval, so that it is compared with the evidence; say which GitHub no longer serves.

    GitHub keeps the head of a merged pull request as `refs/pull/NUMBER/head`, also when its branch is deleted.
    """
    wanted = [(each, told) for each in decisions if (told := _told(each)) is not None]
    for start in range(0, len(wanted), _HEADS_AT_ONCE):
        part = wanted[start : start + _HEADS_AT_ONCE]
        missing = _missing(git, dict.fromkeys(told.pull_request.number for _, told in part))
        for decision, told in part:
            number, head = told.pull_request.number, told.pull_request.head
            fetched = git.pull_head(number)
            if number in missing:
                message = f"the head {head[:10]} of #{number} cannot be fetched: {missing[number]}"
                yield _tell(decision, "head-gone", Severity.UNCHECKED, message, _NO_HEAD)
            elif fetched != head:
                message = f"the head of #{number} is {str(fetched)[:10]} today, and {head[:10]} was approved"
                yield _tell(decision, "head-differs", Severity.BROKEN, message)


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


def _told(decision: RecordedEvent) -> PullRequestSnapshot | None:
    """What was attested of the pull request behind an approval; None for anything else."""
    facts = decision.event.evidence.facts if decision.event.kind in GIVES else None
    return facts.told if facts is not None else None


def _read(github: GitHubRead, decision: RecordedEvent, told: PullRequestSnapshot) -> tuple[AuditFinding, ...]:
    number = told.pull_request.number
    return tuple(_compared(decision, told, github.pull(number), github.reviews(number)))


def _compared(
    decision: RecordedEvent, told: PullRequestSnapshot, pull: PullRequest, reviews: tuple[Review, ...]
) -> Iterator[AuditFinding]:
    was = told.pull_request
    lasting = ("author", "head", "merged_at", "merge_commit", "base_branch", "repository_id", "commit_count")
    other = [name for name in lasting if getattr(was, name) != getattr(pull, name)]
    # People leave, and delete their accounts: that takes nothing from what they did.
    wrong = [name.replace("_", " ") for name in other if name != "author" or not pull.author.is_gone]
    if wrong:
        message = f"#{was.number} differs today in its {', '.join(wrong)}"
        yield _tell(decision, "pull-request-differs", Severity.BROKEN, message)
    now = {review.review_id: review for review in reviews}
    for review in told.reviews:
        yield from _review(decision, review, now.get(review.review_id))


def _review(decision: RecordedEvent, was: Review, now: Review | None) -> Iterator[AuditFinding]:
    who = f"the review {was.review_id} of {was.user.login}"
    if now is None:
        yield _tell(decision, "review-gone", Severity.BROKEN, f"GitHub does not know {who}")
    elif (was.user.github_id, was.commit, was.submitted_at) != (
        now.user.github_id,
        now.commit,
        now.submitted_at,
    ):
        message = f"{who} is by somebody else, of another commit or of another time today"
        yield _tell(decision, "review-differs", Severity.BROKEN, message)
    elif was.state != now.state and now.state == "DISMISSED":
        yield _tell(decision, "review-dismissed-since", Severity.NOTE, f"{who} was dismissed since")
    elif was.state != now.state:
        message = f"{who} says {now.state} today, and {was.state} when it was read"
        yield _tell(decision, "review-differs", Severity.BROKEN, message)


def _tell(
    decision: RecordedEvent, code: str, severity: Severity, message: str, hint: str = ""
) -> AuditFinding:
    hint = hint or (_LATER if severity is Severity.UNCHECKED else _LOOK)
    return decision.subject.problem(code, message, hint, severity)
