"""Do the lines of CODEOWNERS let somebody approve each policy, and guard the rules? For `check`, and for `doctor`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from jitbot.domain.access.approvals.pending_approvals import could_approve
from jitbot.domain.access.approvals.rule_checks import impossible, owner_findings
from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.access.eligibility import left_alone
from jitbot.domain.model import bounds, owners
from jitbot.domain.model.codeowners import LOCATIONS, CodeOwners, Rule, expand
from jitbot.domain.model.documents import (
    PEOPLE,
    TEAMS,
    Finding,
    Login,
    People,
    Person,
    Policy,
    Teams,
)
from jitbot.domain.model.grammar import REQUESTS, any_request, policy_of
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted

ANYTHING = frozenset({"*", "**", "/**"})
# Files that are to come in these folders must be owned as well: each stands for one.
TO_COME = ("policies/any", "policies/access/any", ".github/any", ".github/workflows/any")
LAST = "put the lines for /policies/, /.github/ and the code after all lines for /requests/"
AS_A_WHOLE = "own requests by /requests/<policy>/ as a whole, or by a line for everything"


def approver_findings(
    policy: Policy, codeowners: CodeOwners | None, people: People, teams: Teams
) -> tuple[Finding, ...]:
    """Why no request for a policy could be approved. Empty if one can be; break-glass requires no approval."""
    if is_break_glass(policy):
        return ()
    found = owners.of(any_request(policy.name), codeowners=codeowners, people=people, teams=teams)
    if found.findings:
        return found.findings
    return (*owner_findings(policy, codeowners), *_too_few(policy, could_approve(found, None), people, teams))


def _too_few(policy: Policy, able: tuple[Person, ...], people: People, teams: Teams) -> Iterator[Finding]:
    found = impossible(policy, able, people, teams)
    if found is None:
        return
    rule, required = found
    owning = f"the owners of requests/{policy.name}/"
    message = f"it asks for {many(required.need, 'approval')}, and {len(able)} of {owning} can approve"
    if policy.approval_rules:
        names = bounds.some([person.login for person in able])
        message = (
            f"nobody can meet the rule {quoted(rule.in_words(), 200)}: of {owning} only {names} can approve"
        )
    hint = (
        "name more owners in .github/CODEOWNERS who are in policies/people.yaml, or ask for fewer approvals"
    )
    yield Finding.at(policy, rule.field, "too-few-owners", message, hint)


def without_approvers(
    policy: Policy, codeowners: CodeOwners | None, people: People, teams: Teams
) -> tuple[Login, ...]:
    """Who may ask under a policy although too few others are left to approve it."""
    found = owners.of(any_request(policy.name), codeowners=codeowners, people=people, teams=teams)
    owning = frozenset(key for person in found.people for key in owners.human_keys(person))
    never = impossible(policy, could_approve(found, None), people, teams) is not None

    def alone(person: Person) -> bool:
        if owners.human_keys(person).isdisjoint(owning):
            return never  # nobody is missing because of them
        return impossible(policy, could_approve(found, person), people, teams) is not None

    return left_alone(policy, people, teams, alone)


def own_line(policy: Policy, codeowners: CodeOwners) -> Iterator[Finding]:
    """A warning where a policy has no line of its own, so that the line for everything decides who approves."""
    rule = codeowners.rule_for(any_request(policy.name))
    if rule is not None and rule.pattern in ANYTHING and not is_break_glass(policy):
        message = f"no line of CODEOWNERS is for requests/{policy.name}/, so line {rule.line}: {rule.pattern} decides who approves"
        hint = f"add a line `/requests/{policy.name}/ @owners` above the lines for /policies/"
        yield Finding.at(policy, "", "no-line-of-its-own", message, hint).as_warning()


def begins_with_everything(codeowners: CodeOwners) -> bool:
    """Whether the first line gives every path an owner, whatever the lines after it say."""
    first = next(iter(codeowners.rules), None)
    return first is not None and first.pattern in ANYTHING and bool(first.owners)


def picking_findings(codeowners: CodeOwners, policies: Iterable[str]) -> tuple[Finding, ...]:
    """The lines that pick single requests of these policies, by a name or a month that the requester chooses."""
    names = tuple(policies)
    return tuple(
        _at(rule, "owners-by-name", f"{rule.pattern} owns only some requests for a policy", AS_A_WHOLE)
        for rule in codeowners.rules
        if any(owners.picks_requests(rule, name) for name in names)
    )


def rules_findings(
    files: Iterable[str], codeowners: CodeOwners, people: People, teams: Teams
) -> Iterator[Finding]:
    """What lets others than the owners of the rules change one of these files, which decide or run."""
    lines = [rule.line for rule in codeowners.rules if _of_requests(rule)]
    last_request = max(lines, default=0)
    for path in (*files, *_one_of_each_line(TO_COME, codeowners)):
        rule = codeowners.rule_for(path)
        found = owners.of(path, codeowners=codeowners, people=people, teams=teams)
        if rule is None or rule.pattern in ANYTHING:
            message = f"no line of its own for {as_read(path)}"
            yield Finding.in_file(LOCATIONS[0], "rules-unowned", message, LAST)
        elif rule.line <= last_request:
            message = f"line {rule.line} for {as_read(path)} does not come after all lines for requests/"
            yield _at(rule, "rules-not-last", message, LAST)
        elif found.findings:
            yield replace(found.findings[0], message=f"{as_read(path)}: {found.findings[0].message}")


def as_read(path: str) -> str:
    """A path as people read it: of the file that stands for all to come in a folder, or for a policy's requests, the folder."""
    folder, _, name = path.rpartition("/")
    if path.startswith(REQUESTS):
        return f"{REQUESTS}{policy_of(path)}/"
    return f"{folder}/" if name == "any" else path


def one_of_each(files: Iterable[str], codeowners: CodeOwners) -> tuple[str, ...]:
    """Of the files that one line decides in one folder the first; none that are decided as all to come in its folder."""
    chosen = _one_of_each_line((*TO_COME, *sorted(files)), codeowners)
    return tuple(path for path in chosen if path not in TO_COME)


def _one_of_each_line(paths: Iterable[str], codeowners: CodeOwners) -> tuple[str, ...]:
    """Of the paths that one line decides in one folder at the top, the first."""
    chosen: dict[tuple[str, Rule | None], str] = {}
    for path in paths:
        chosen.setdefault((path.partition("/")[0], codeowners.rule_for(path)), path)
    return tuple(chosen.values())


def unknown_owners(codeowners: CodeOwners, people: People, teams: Teams) -> Iterator[Finding]:
    """Owners of requests whom no other file knows. Without any known owner nobody can approve there."""
    for rule in codeowners.rules:
        if not _of_requests(rule):
            continue
        strange = [name for name in rule.owners if not _known(name, people, teams)]
        for name in strange:
            file = TEAMS if "/" in name else PEOPLE
            message = f"{name} is not in {file}, or stands for nobody in policies/people.yaml, so it approves nothing"
            found = _at(rule, "unknown-owner", message, "add it there, or correct the name")
            helpless = strange == list(rule.owners) and rule.pattern not in ANYTHING
            yield found if helpless else found.as_warning()


def _known(name: str, people: People, teams: Teams) -> bool:
    known = {login.casefold() for login in people}
    return any(login.casefold() in known for login in expand((name,), teams))


def _of_requests(rule: Rule) -> bool:
    return rule.covers(any_request("any")) or "requests" in rule.pattern


def _at(rule: Rule, code: str, message: str, hint: str) -> Finding:
    return Finding.in_file(LOCATIONS[0], code, message, hint, line=rule.line)
