"""The one issue about a failed verification of the record: open while verification fails, closed when it passes."""

from datetime import UTC, datetime

from jitbot import catalogs
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.text import escape, timestamp
from jitbot.usecases.context import Context
from jitbot.usecases.issues.single_issue import keep_one, twin

MARKER = "<!-- jitbot:audit -->"
EVER = datetime(2008, 1, 1, tzinfo=UTC)  # an issue may stay unchanged, or closed, for years
_SHOWN = 20  # findings; the run has all
_LONGEST = 600  # characters of one sentence of a finding
_TITLE = "The verification of the access record failed"
_UNCHECKED_TITLE = "The access record could not be verified"
_OPEN = catalogs.text("issues/record-broken.md")
_STOPPED = catalogs.text("issues/verification-stopped.md")
_DONE = catalogs.text("issues/record-verified.md")


def keep_issue(context: Context, verdict: AuditVerdict, now: datetime) -> None:
    """Open, bring up to date, or close the one issue about the record. Raises JitbotError if GitHub does not let us."""

    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        return _wanted(verdict, issue, twin_of, at=timestamp.show(now), run=context.run.url)

    found, needed = context.issues.ours(EVER), verdict.exit_code != ExitCode.DONE
    keep_one(context.issues, found, wanted, marker=MARKER, since=EVER, needed=needed)


def keep_stopped(context: Context, why: str, now: datetime) -> None:
    """The same for a verification that stopped before its verdict. The findings of an earlier verification stay in it."""

    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        if twin_of is not None:
            return twin(issue, issue.title, twin_of, f"\n{MARKER}")
        if issue.is_open and issue.title == _TITLE:
            return issue
        said = escape.markdown(why[:_LONGEST])
        body = _STOPPED.format(at=timestamp.show(now), run=context.run.url, why=said)
        return Issue(number=issue.number, title=_UNCHECKED_TITLE, body=f"{body}\n{MARKER}", is_open=True)

    keep_one(context.issues, context.issues.ours(EVER), wanted, marker=MARKER, since=EVER, needed=True)


def _wanted(verdict: AuditVerdict, issue: Issue, twin_of: int | None, *, at: str, run: str) -> Issue:
    mark = f"\n{MARKER}"
    title = _TITLE if verdict.of(Severity.BROKEN) else _UNCHECKED_TITLE
    words = {"words": verdict.in_words, "at": at, "run": run, "head": verdict.head, "main": verdict.main}
    if twin_of is not None:
        return twin(issue, issue.title, twin_of, mark)
    if verdict.exit_code == ExitCode.DONE:
        if not issue.is_open:
            return issue
        body = _DONE.format(**words)
        return Issue(number=issue.number, title=issue.title, body=body + mark, is_open=False)
    body = _OPEN.format(**words, findings=listed(verdict))
    return Issue(number=issue.number, title=title, body=body + mark, is_open=True)


def listed(verdict: AuditVerdict) -> str:
    """Everything that is broken or could not be checked, as a list in Markdown. All texts in it are escaped."""
    problems = [each for each in verdict.problems if each.severity is not Severity.NOTE]
    lines = [_line(each) for each in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"- and {len(problems) - _SHOWN} more: the run's log has them")
    return "\n".join(lines)


def _line(problem: AuditFinding) -> str:
    message, hint = (escape.markdown(text[:_LONGEST]) for text in (problem.message, problem.hint))
    place = f", commit `{problem.commit}`" if problem.commit.isalnum() else ""
    return f"- **{problem.severity}**: {message} ({problem.code}{place}). {hint}"
