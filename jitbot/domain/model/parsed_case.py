"""The basis of a decision: a case in which every part parsed, or the reasons why it cannot be judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from jitbot.domain.model import owners
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import (
    PLAIN,
    Accounts,
    Finding,
    GithubId,
    Parsed,
    People,
    Person,
    Policy,
    Problem,
    Request,
    Settings,
    Sha,
    Teams,
)
from jitbot.domain.model.grammar import outside_requests
from jitbot.domain.model.merge_facts import Case, ChangeKind, Merge, PullRequest
from jitbot.domain.model.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCase:
    """A case with everything parsed, as one value: what every rule of `approval` may rely on."""

    case: Case
    merge: Merge
    merged_at: datetime
    request: Request
    settings: Settings
    accounts: Accounts
    account_groups: AccountGroups
    people: People
    roster: Roster
    teams: Teams  # those of the roster at the merge
    policy: Policy
    requester: Person
    owned_by: owners.Owners
    owned_at_head: owners.Owners  # by the rules at the head that was approved
    owned_ever: owners.Owners  # by the rules before the merge, whatever the dates of memberships

    def owned_when(self, moment: datetime) -> tuple[owners.Owners, owners.Owners]:
        """Who owned the path at an earlier moment, by the rules before the merge, and by those at the head."""
        head = self.merge.head_rules.teams.value
        if not self.roster.dated and (head is None or not head.dated):
            return self.owned_by, self.owned_at_head
        owned_by = owners.of(
            self.case.change.path,
            codeowners=self.case.rules.codeowners,
            people=self.people,
            teams=self.roster.at(moment),
        )
        return owned_by, _owned_at_head(self.case, self.merge, owned_by, moment)


def parse_case(case: Case) -> ParsedCase | tuple[Finding, ...]:
    """Validate a case. Returns it with every document parsed, or the findings (at least one) that make it undecidable."""
    findings = (*_plain_file(case), *_came_through_a_pull_request(case), *_readable(case), *_known(case))
    merge, request = case.merge, case.request.value if case.request else None
    settings, policy, people = case.rules.settings.value, case.rules.policy.value, case.rules.people.value
    accounts, roster = case.rules.accounts.value, case.rules.teams.value
    groups = case.rules.account_groups.value
    merged_at = merge.pull_request.merged_at if merge else None
    requester = people.get(request.requester) if people and request else None
    # `findings` should have a reason for each None. Even if it does not, a None must never give access.
    if (
        findings
        or not (merge and merged_at and request and settings and policy and people and requester)
        or accounts is None
        or groups is None
        or roster is None
    ):
        return findings or (
            Finding.in_file(
                case.change.path, "incomplete", "the facts of this merge are incomplete", "ask anew"
            ),
        )
    owned = partial(owners.of, case.change.path, codeowners=case.rules.codeowners, people=people)
    owned_by = owned(teams=roster.at(merged_at))
    return ParsedCase(
        case=case,
        merge=merge,
        merged_at=merged_at,
        request=request,
        settings=settings,
        accounts=accounts,
        account_groups=groups,
        people=people,
        roster=roster,
        teams=roster.at(merged_at),
        policy=policy,
        requester=requester,
        owned_by=owned_by,
        owned_at_head=_owned_at_head(case, merge, owned_by, merged_at),
        owned_ever=owned(teams=roster.everybody) if roster.dated else owned_by,
    )


def _owned_at_head(case: Case, merge: Merge, owned_by: owners.Owners, moment: datetime) -> owners.Owners:
    """Who owns the path by the rules at the head, at this moment.

    If the merge itself changes the rules, the request is refused. Those rules are not read: the requester wrote them.
    An audit has one value for equal rules.
    """
    if merge.head_rules is case.rules or outside_requests((*(case.touched or ()), *(merge.files or ()))):
        return owned_by
    rules, path = merge.head_rules, case.change.path
    people, roster = rules.people.value, rules.teams.value
    if people is None or roster is None:
        message = "people or teams at the approved commit cannot be read"
        return owners.nobody("rules-changed", message, "update the branch and have it approved again")
    return owners.of(path, codeowners=rules.codeowners, people=people, teams=roster.at(moment))


def fitting(
    listed: tuple[PullRequest, ...],
    *,
    commit: Sha,
    default_branch: str,
    repository_id: int,
    requester: GithubId | None,
) -> tuple[PullRequest, ...]:
    """The pull requests whose merge into the default branch of this repository made exactly this commit.

    GitHub calls a pull request from the same head merged, too. Anyone may open such a twin: of several, the
    requester's own is the one that asks.
    """
    fits = tuple(
        pull
        for pull in listed
        if pull.merged_at is not None
        and pull.merge_commit == commit
        and pull.base_branch == default_branch
        and pull.repository_id == repository_id
    )
    own = tuple(pull for pull in fits if pull.author.github_id == requester)
    return own or fits


def requester_of(request: Parsed[Request] | None, people: Parsed[People]) -> GithubId | None:
    """The GitHub id of the requester; None if it cannot be known."""
    asked, known = request.value if request is not None else None, people.value
    person = known.get(asked.requester) if asked is not None and known is not None else None
    return person.github_id if person is not None else None


def unknown_person(who: str) -> Problem:
    """The finding that people.yaml does not have a login, for any file that names one."""
    hint = "an admin adds people there, with their GitHub id and AWS principal"
    return "unknown-person", f"{who} is not in policies/people.yaml", hint


_KINDS = {"040000": "a folder", "100755": "executable", "120000": "a symlink", "160000": "a submodule"}


def not_plain(path: str, mode: str, hint: str) -> Finding:
    """The finding that a path is executable, or a symlink, a submodule, a folder."""
    what = f"{_KINDS[mode]}, " if mode in _KINDS else ""
    message = f"this is {what}no plain file: git mode {mode}"
    return Finding.in_file(path, "not-a-plain-file", message, hint)


def _plain_file(case: Case) -> Iterator[Finding]:
    if case.change.mode != PLAIN:
        yield not_plain(case.change.path, case.change.mode, "add an ordinary file")
    # Only the later file with such a name is refused. It must not stop the file that was there before.
    for clash in case.clashes if case.change.kind is ChangeKind.ADDED else ():
        yield Finding.in_file(
            case.change.path,
            "case-clash",
            f"the tree also holds {clash}, which differs only by case",
            "choose another name",
        )


def _came_through_a_pull_request(case: Case) -> Iterator[Finding]:
    settings, commit, branch = case.rules.settings.value, case.change.commit, case.default_branch
    if not case.listed:
        message = f"{commit[:10]} came to {branch} without a pull request"
        yield Finding.in_file(
            case.change.path,
            "no-pull-request",
            message,
            "ask through a pull request: `jitbot request --again`",
        )
        return
    if settings is None:
        return  # no telling which repository it should be; `_readable` says what is wrong with the settings
    fit = partial(
        fitting,
        commit=commit,
        default_branch=branch,
        repository_id=settings.repository_id,
        requester=requester_of(case.request, case.rules.people),
    )
    fits = fit(case.listed)
    whole = fit(() if case.merge is None else (case.merge.pull_request,))
    if not fits:
        message = f"{commit[:10]} is not the commit that merged a pull request into {branch}"
        hint = "merge with a merge commit or a squash: a rebase of several commits cannot be checked"
        yield Finding.in_file(case.change.path, "not-its-merge", message, hint)
    elif [pull.number for pull in whole] != [pull.number for pull in fits]:
        message = f"GitHub does not name one pull request, and always the same, for {commit[:10]}"
        yield Finding.in_file(
            case.change.path, "ambiguous-merge", message, "ask anew, in a pull request of its own"
        )


def _readable(case: Case) -> Iterator[Finding]:
    rules = case.rules
    shared = (rules.settings, rules.accounts, rules.account_groups, rules.people, rules.teams)
    for part in (case.request, *shared, rules.policy):
        if part is not None:
            yield from part.findings
    if case.change.kind is ChangeKind.DELETED or case.request is None:
        yield Finding.in_file(
            case.change.path, "deleted", "the file was deleted", "a deletion ends access; it asks for nothing"
        )


def _known(case: Case) -> Iterator[Finding]:
    request, people = case.request.value if case.request else None, case.rules.people.value
    if request is not None and people is not None and request.requester not in people:
        yield Finding.at(request, "requester", *unknown_person(request.requester))
