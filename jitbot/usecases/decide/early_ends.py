"""The early ends that main asks for: deleted files and removed people. Only what was positively read counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access import may_end
from jitbot.domain.access.doubt import GITHUB_LAG, LISTED_COMMITS
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.enforce.plan import EarlyEnds, offboarded
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.codeowners import unusable
from jitbot.domain.model.documents import PEOPLE, Finding, Parsed, People, Sha
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Actor, ChangeKind, PullRequest
from jitbot.usecases.collect.collect_case import file_of_rules, read_pushes, rules_at_main
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView

_LOOKED_AT = 100  # of the deletions of one file that was brought back again and again, the latest


def ends_at_main(context: Context, history: LedgerView, now: datetime) -> EarlyEnds:
    """Which of the recorded requests main has since deleted, and whose requesters are gone.

    If the facts of one request cannot be read, that request is named with the reason, and no other request waits.
    """
    asked = any(state.current is not None for state in history.states.values())
    read = people_at_main(context) if asked else None  # who has many accounts makes a long file
    people = read.value if read is not None else None
    gone = frozenset(
        path for path, state in history.states.items() if people is not None and offboarded(state, people)
    )
    open_ones = {
        path: term
        for path, state in history.states.items()
        if path not in gone and (term := _open_term(state)) is not None
    }
    deleted, unknown, refused = set[str](), dict[str, str](), dict[str, str]()
    for path, found in _missing(context, sorted(open_ones), now).items():
        try:
            if _ends(context, path, open_ones[path], found, now):
                deleted.add(path)
        except _NoRightError as error:
            refused[path] = str(error)
        except JitbotError as error:  # also GitHub's own "forbidden": it says nothing of who may end what
            unknown[path] = str(error)
    return EarlyEnds(
        deleted=frozenset(deleted),
        offboarded=gone,
        unknown=unknown,
        refused=refused,
        people_unread=read.why_none if open_ones and read is not None and people is None else "",
    )


def alarms(ends: EarlyEnds) -> tuple[Finding, ...]:
    """Findings for what may have to end, and nobody knows: people who may be gone, files that were deleted."""
    deletions = (
        _finding(path, "deletion-not-told", f"it is unknown whether its deletion ends the access: {why}")
        for path, why in sorted(ends.unknown.items())
    )
    return (*_people_not_read(ends.people_unread), *deletions)


def _people_not_read(why: str) -> Iterator[Finding]:
    if why:
        yield Finding(
            code="people-not-read",
            message=f"nobody's access ends because they left, and nothing is granted: {why}",
            file=PEOPLE,
            hint=f"correct {PEOPLE} on main; until then end the access of who left by deleting the request's file",
        )


def warnings(ends: EarlyEnds) -> tuple[Finding, ...]:
    """The requests whose file was deleted by somebody who may not end them."""
    return tuple(
        _finding(path, "deletion-without-right", f"its deletion ends nothing: {why}")
        for path, why in sorted(ends.refused.items())
    )


def _finding(path: str, code: str, message: str) -> Finding:
    return Finding(
        code=code, message=message, file=path, hint=f"to end it: `jitbot release {path} --reason …`"
    )


class _NoRightError(JitbotError):
    """Somebody deleted a file whose access they may not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deleted:
    """A request file that main does not have now, or that it deleted and has again; by which changes."""

    gone: bool
    by: tuple[tuple[Sha, datetime], ...]  # commits with their dates, the latest last


def _open_term(state: RequestState) -> ApprovedTerm | None:
    """The term that counts, if there is an account in which the request was approved and no end of it is recorded."""
    term = state.current
    if term is None:
        return None
    account_states = (state.account_state(each.account_id) for each in term.documents)
    is_open = any(each.end is None and not each.expired_at(term.window.expires_at) for each in account_states)
    return term if is_open else None


def _missing(context: Context, known: Sequence[str], now: datetime) -> Mapping[str, _Deleted]:
    """The known requests that main does not have now, or that it deleted and has again, with the commits that did it."""
    git = context.git
    there = {entry.path for entry in git.entries(git.main(), known)}
    since = now - MEMORY
    commits: dict[str, list[tuple[Sha, datetime]]] = {}
    for change in git.changes(since):
        if change.kind is ChangeKind.DELETED:
            commits.setdefault(change.path, []).append((change.commit, change.committed_at))
    for large in git.too_large(since) if known else ():
        for path in git.deleting(large.commit, known):
            commits.setdefault(path, []).append((large.commit, large.committed_at))
    return {
        path: _Deleted(gone=path not in there, by=tuple(commits.get(path, ())))
        for path in known
        if path not in there or path in commits
    }


def _ends(context: Context, path: str, term: ApprovedTerm, deleted: _Deleted, now: datetime) -> bool:
    """Whether a deletion ends the request's access.

    Restoring a file does not undo an end. But a rebase can delete and restore a file between its commits, and the pull
    request does not show that: such a deletion ends nobody's access. A deletion that nobody had to approve ends access
    only if its author may end it, and so may everyone who pushed it to the author's branch. Raises _NoRightError if one
    of them may not, and UnavailableError if it is unknown.
    """
    rules = rules_at_main(context, policy_of(path))
    owned = not may_end.needs_entitlement(path, rules)
    if owned and deleted.gone:
        return True
    why = "no pull request is known that deleted it"
    for pull, merged_at in _shown(context, path, deleted.by, now):
        author = may_end.why_deletion_ends_nothing(pull.author, path, term.ask.github_id, rules, merged_at)
        others = () if owned or author else _brought_by(context, pull, path)
        whys = (
            may_end.why_deletion_ends_nothing(each, path, term.ask.github_id, rules, merged_at)
            for each in others
        )
        why = author or next(filter(None, whys), "")
        if not why:
            return True
    if len(deleted.by) > _LOOKED_AT:  # repeated deletions by others must not hide a deletion that ends it
        raise UnavailableError(
            f"it was deleted more than {_LOOKED_AT} times, and only the last were looked at"
        )
    if deleted.gone and (doubts := unusable(rules.codeowners)):
        raise UnavailableError(f"who owns its folder cannot be read: {doubts[0].message}; and {why}")
    if deleted.gone:
        raise _NoRightError(f"nobody owns its folder, and {why}")
    return False


def _shown(
    context: Context, path: str, by: Sequence[tuple[Sha, datetime]], now: datetime
) -> Iterator[tuple[PullRequest, datetime]]:
    """The pull requests that were merged as one of these very commits, and list the path; the latest first, and when.

    Raises UnavailableError for a recent commit for which GitHub names no pull request: its list may lag.
    """
    for commit, committed_at in reversed(by[-_LOOKED_AT:]):
        merged = [
            (pull, pull.merged_at) for pull in context.github.pulls_of(commit) if pull.merged_at is not None
        ]
        if not merged and abs(now - committed_at) < GITHUB_LAG:
            raise UnavailableError(f"GitHub names no merged pull request for {commit[:10]} yet")
        for pull, merged_at in merged:
            if pull.merge_commit == commit and path in context.github.files(pull.number):
                yield pull, merged_at


def _brought_by(context: Context, pull: PullRequest, path: str) -> tuple[Actor, ...]:
    """Everyone who pushed a change of this file to the pull request's branch, as far as GitHub says: anyone may push there.

    Raises UnavailableError if GitHub does not list all commits, or the branch moved more often than is read.
    """
    if context.git.pull_head(pull.number) != pull.head:
        context.git.fetch([pull.number])
    commits = context.github.commits(pull.number)
    listed = [commit.sha for commit in commits]
    branch = read_pushes(context.github, pull, commits, context.git.touching(listed, path))
    if pull.head not in listed or len(listed) >= LISTED_COMMITS or branch.too_many_moves:
        raise UnavailableError(f"#{pull.number} has too many commits or pushes to say who deleted it")
    return tuple(push.actor for push in branch.changing or ())


def people_at_main(context: Context) -> Parsed[People]:
    """People at main's tip. If they cannot be read, nobody is treated as offboarded, and the run says so."""
    return file_of_rules(context, PEOPLE, context.documents.parse_people)
