"""Is every file owned, the rules by people who are known, and each policy by somebody who can approve?"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from jitbot.domain.access import owner_checks
from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.model.codeowners import CodeOwners, owners_of
from jitbot.domain.model.documents import Finding, People, Policy, Teams
from jitbot.domain.model.grammar import any_request, outside_requests
from jitbot.domain.setup.doctor.github.desired_settings import APPROVALS
from jitbot.domain.setup.doctor.github.github_state import Branch
from jitbot.domain.setup.doctor.github.setting import below
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

T = TypeVar("T")
GROUP = "CODEOWNERS"
# What decides, and what runs: a line placed last must own each of these, where it is there.
RULES = ("policies/", ".github/", "jitbot/", "pyproject.toml", "uv.lock")
_EDIT = "edit .github/CODEOWNERS in a pull request of its own"

_READS = Check(
    code="codeowners-reads",
    group=GROUP,
    title="every line reads",
    impact="promise 1: GitHub skips a bad line, and an earlier, broader one decides; jitbot refuses all requests",
    fix=_EDIT,
)
_GITHUB = Check(
    code="codeowners-errors",
    group=GROUP,
    title="GitHub finds no error in it",
    impact="promise 1: GitHub asks nobody for a review where an owner is unknown or may not write",
    fix=_EDIT,
)
_CATCH_ALL = Check(
    code="codeowners-catch-all",
    group=GROUP,
    title="the first line owns everything",
    impact="promise 1: a path that no other line names has no owner",
    fix="begin .github/CODEOWNERS with a line `* @your-admins`",
)
_EVERY_FILE = Check(
    code="codeowners-every-file",
    group=GROUP,
    title="every file has an owner",
    impact="promise 1: anyone with write access could change these with anybody's approval",
    fix=_EDIT,
)
_RULES = Check(
    code="codeowners-rules",
    group=GROUP,
    title="rules and code are owned by lines placed last",
    impact="promise 1: who approves requests could approve a change of the rules, too",
    fix=owner_checks.LAST,
)
_BY_NAME = Check(
    code="codeowners-by-name",
    group=GROUP,
    title="no line picks single requests",
    impact="promise 1: who asks chooses the file's name and month, and with them who approves it, or who does not",
    fix=owner_checks.AS_A_WHOLE,
)

_TEAMS = Check(
    code="codeowners-teams",
    group=GROUP,
    title="the rules are not left to one member of a team",
    impact="GitHub may count a member's own pull request as approved by their team; then any approval would do",
    fix="name people as owners of /policies/ and /.github/ too, or have main ask for two approvals",
    otherwise=CheckVerdict.WARN,
)


def reading(codeowners: CodeOwners | None) -> Check:
    """jitbot's own reading."""
    if codeowners is None:
        return _READS.no("there is no CODEOWNERS file", fix="jitbot init writes one")
    if not codeowners.findings:
        return _READS.ok()
    return _READS.no(listed((_shown(each) for each in codeowners.findings), most=3))


def by_github(errors: Sequence[Finding] | Unknown | None) -> Check:
    """GitHub's own reading; None where GitHub finds no such file."""
    if isinstance(errors, Unknown):
        return _GITHUB.unknown(errors.why)
    if errors is None:
        return _GITHUB.no("GitHub finds no CODEOWNERS file on main")
    return _GITHUB.answer(not errors, listed((_shown(each) for each in errors), most=3))


def coverage(files: Iterable[str], codeowners: CodeOwners, people: People, teams: Teams) -> Iterator[Check]:
    """The owners that the lines give the files of main; `files` are paths, with one request for each policy."""
    every = tuple(files)
    first = codeowners.rules[0] if codeowners.rules else None
    yield _CATCH_ALL.answer(
        owner_checks.begins_with_everything(codeowners),
        f"the first line is {first.pattern}" if first else "there is no line",
    )
    # An ownerless line for a break-glass policy is intended; `approvers` checks those.
    bare = [path for path in outside_requests(every) if not owners_of(codeowners, path)]
    yield _EVERY_FILE.answer(
        bool(every) and not bare, f"nobody owns {listed(bare)}" if bare else "main is empty"
    )
    yield _rules(every, codeowners, people, teams)
    yield _by_name(every, codeowners)


_POLICY = re.compile(r"policies/access/([^/]+)\.yaml|requests/([^/]+)/.+")


def of_teams(codeowners: CodeOwners, main: Branch) -> Check:
    """Whether a change of the rules takes more than one member of one team.

    An older page of GitHub's said that a pull request by a member of the owning team counts as approved by the team.
    jitbot counts the approvals of requests itself; those of a change of the rules GitHub alone counts.
    """
    places = ("policies/any", ".github/any")
    alone = [
        owner_checks.as_read(path)
        for path in places
        if len(named := owners_of(codeowners, path)) > 0 and all("/" in each for each in named)
    ]
    asked = APPROVALS.asked_of(main)
    gaps = [each for each in asked if isinstance(each, Unknown)]
    if alone and gaps:
        return _TEAMS.unknown(gaps[0].why)
    most = max((each for each in asked if isinstance(each, int)), default=0)
    return _TEAMS.answer(not alone or most > 1, f"only teams own {listed(alone)}, and main asks for {most}")


_WILD = re.compile(r"[*?\[\]{}!\\]")


def by_path(
    check: Check, files: Iterable[str], policies: Iterable[Policy], codeowners: CodeOwners, main: Branch
) -> Check:
    """The check of main's number of approvals, judged again where GitHub asks for reviewers by path; any other as it is.

    Without an approval that every merge needs, each owned path needs a required reviewer. A pattern counts for a path
    only if every usual reading of it covers the path: in which language GitHub reads it is not proven.
    """
    asked = tuple(_reviewed(main))
    if check.code != "main-approvals" or check.verdict is not CheckVerdict.WRONG or not asked:
        return check
    reviewed = {pattern: team for pattern, team, negated in asked if not negated}
    paths = dict.fromkeys((*files, *owner_checks.TO_COME, *(any_request(policy.name) for policy in policies)))
    owned = [path for path in paths if owners_of(codeowners, path)]
    left_out = [path for path in owned if not any(_surely_covers(each, path) for each in reviewed)]
    if left_out:
        return check.no(
            f"{check.observed}, and no required reviewer surely covers {listed(owner_checks.as_read(path) for path in left_out)}"
        )
    teams = listed(sorted({str(number) for number in reviewed.values()}))
    said = f"{check.observed}; instead the teams {teams} review every owned path, which is not proven to hold"
    fix = f"compare these teams with the owners in CODEOWNERS; {check.fix}"
    return replace(check, otherwise=CheckVerdict.WARN).no(said, fix=fix)


def may_be_reviewed(path: str, main: Branch) -> bool:
    """Whether GitHub may ask for a required reviewer of this path, by some reading of the patterns."""
    fixed = (_WILD.split(pattern.lstrip("/"))[0].rstrip("/") for pattern, _, _ in _reviewed(main))
    return any(path.startswith(each) for each in fixed)


def _reviewed(main: Branch) -> Iterator[tuple[str, int, bool]]:
    """The patterns of paths for which a rule of main asks for a team's approval, each with GitHub's number of the team.

    The third value says whether its list has a negation: then it may cover less than it says.
    """
    for rule in () if isinstance(main.rules, Unknown) else main.rules:
        for each in _dig(rule, list, "parameters", "required_reviewers") or ():
            team, needed = _dig(each, int, "reviewer", "id"), _dig(each, int, "minimum_approvals") or 0
            patterns = [str(one) for one in _dig(each, list, "file_patterns") or ()]
            negated = any(one.startswith("!") for one in patterns)
            if team is not None and needed >= 1:
                yield from ((one, team, negated) for one in patterns if not one.startswith("!"))


def _dig(found: object, kind: type[T], *names: str) -> T | None:
    """What lies below these names, if it is of this type."""
    found = below(found, *names)
    return found if type(found) is kind else None


def _surely_covers(pattern: str, path: str) -> bool:
    """Whether a pattern is this very path, or `folder/**` of a folder above it: the shapes that are read in one way."""
    folder, wild, rest = pattern.partition("/**")
    if not wild:
        return pattern == path and not _WILD.search(pattern)
    return not rest and not _WILD.search(folder) and path.startswith(f"{folder}/")


def _by_name(every: Iterable[str], codeowners: CodeOwners) -> Check:
    found = (_POLICY.fullmatch(path) for path in every)
    policies = {match[1] or match[2] for match in found if match}
    return _shown_all(_BY_NAME, owner_checks.picking_findings(codeowners, policies))


def _rules(every: Sequence[str], codeowners: CodeOwners, people: People, teams: Teams) -> Check:
    guarded = [path for path in every if any(_within(path, start) for start in RULES)]
    return _shown_all(_RULES, owner_checks.rules_findings(guarded, codeowners, people, teams))


def _shown_all(check: Check, findings: Iterable[Finding]) -> Check:
    shown = list(map(_shown, findings))
    return check.answer(not shown, listed(shown, most=3))


def approvers(
    policies: Iterable[Policy], codeowners: CodeOwners, people: People, teams: Teams
) -> Iterator[Check]:
    """Whether each policy's folder has enough owners for its approvals, and one more where an owner may ask."""
    for policy in policies:
        question = Check(
            code=f"approvers-{policy.name}",
            group="who approves",
            title=f"{policy.name} has who approves it",
            impact="nobody would get this access: no request for it can be approved",
            fix=f"name owners of requests/{policy.name}/ in .github/CODEOWNERS who are in policies/people.yaml",
        )
        if is_break_glass(policy):
            continue  # break-glass: `doctor.break_glass` checks those
        facts = (policy, codeowners, people, teams)
        findings = owner_checks.approver_findings(*facts)
        yield question.answer(not findings, findings[0].message if findings else "")
        asking = () if findings else owner_checks.without_approvers(*facts)
        if asking:
            again = Check(
                code=f"{question.code}-alone",
                group=question.group,
                title=f"{policy.name} can be asked for by its owners, too",
                impact="nobody approves their own request",
                fix="name one more owner in .github/CODEOWNERS",
                otherwise=CheckVerdict.WARN,
            )
            yield again.no(f"nobody is left to approve what {listed(asking)} would ask for")


def _within(path: str, start: str) -> bool:
    return path.startswith(start) if start.endswith("/") else path == start


def _shown(finding: Finding) -> str:
    return f"line {finding.line}: {finding.message}" if finding.line else finding.message
