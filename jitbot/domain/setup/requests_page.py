"""requests/README.md: what may be asked for in this repository, each policy with a link that begins its request.

It is made from the rules alone, so that the same rules give the same bytes. It guides people; no decision reads it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from jitbot import catalogs
from jitbot.domain.access import break_glass, eligibility
from jitbot.domain.access.approval import render_all
from jitbot.domain.aws import risk
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.aws.iam import Window
from jitbot.domain.model import bounds, owners
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import (
    GithubId,
    IamUser,
    Login,
    Parameter,
    ParameterKind,
    Parsed,
    People,
    Person,
    Policy,
    Request,
    Settings,
    Teams,
)
from jitbot.domain.model.grammar import any_request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.request.new_request import usual_duration, web_link
from jitbot.domain.setup.doctor.repository import is_github_com
from jitbot.domain.text import addresses, duration, escape

PAGE = "requests/README.md"
COMMAND = "jitbot init --requests-page"
MARK = f"<!-- Made by `{COMMAND}` from policies/ and CODEOWNERS. Change those, and make it anew. -->\n"
_BRANCH = "main"
_PATH = "requests/{}/YYYY-MM/DD-LOGIN-WORDS.yaml"
# GitHub's server takes an address of 8,191 bytes, and answers 414 to a longer one: https://github.com/github/docs/issues/5136
# Who is not signed in is first sent to a page whose address holds this one, with each % as %25.
_LONGEST, _LONGEST_NOTED = 7_500, 2_500
_NAME = re.compile(r"@?[A-Za-z0-9_./-]+", re.ASCII)
_NOTE = 160  # characters of one note in a file
_NOBODY = Person(
    login=Login("LOGIN"), github_id=GithubId(0), principal=IamUser(arn="arn:aws:iam::000000000000:user/x")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEntry:
    """One policy as the page shows it: where it gives access, who approves, and how dangerous it is."""

    policy: Policy
    accounts: tuple[str, ...]
    approves: str  # as Markdown
    risk: str


def entry(rules: Rules, catalogue: ActionCatalog) -> PolicyEntry | None:
    """The entry of the policy of these rules; None if a part of them does not read."""
    policy, accounts, groups = rules.policy.value, rules.accounts.value, rules.account_groups.value
    people, roster = rules.people.value, rules.teams.value
    if policy is None or accounts is None or groups is None or people is None or roster is None:
        return None
    allowed = eligibility.allowed_accounts(policy, groups, accounts)
    return PolicyEntry(
        policy=policy,
        accounts=allowed,
        approves=_approves(policy, rules.codeowners, people, roster.everybody),
        risk=_risk(policy, allowed, rules, catalogue),
    )


def page(settings: Settings, entries: Iterable[PolicyEntry]) -> str:
    """The whole page, its policies by name."""
    ordered = sorted(entries, key=lambda each: each.policy.name)
    rows = [_row(settings, each) for each in ordered] or ["| nothing yet | | | | | |"]
    head = "| policy | for | accounts | at most | approval | risk |\n|---|---|---|---|---|---|"
    table = "\n".join((head, *rows))
    return MARK + catalogs.text("requests_page.md").replace("__POLICIES__", table)


def is_made(content: bytes) -> bool:
    """Whether a file is such a page, of these rules or of others; one that a person wrote is not."""
    return content.startswith(MARK.encode())


def blank(policy: Policy, accounts: Sequence[str], *, notes: bool = True) -> str:
    """The file that a link begins: an answer is missing wherever only the person knows it, so that it is refused as it is."""

    def noted(line: str, note: str) -> str:
        return f"{line}  # {bounds.cut(note, _NOTE)}" if notes and note else line

    usual, most = duration.show(usual_duration(policy)), duration.show(policy.max_duration)
    one = accounts[0] if len(accounts) == 1 else ""
    lines = [
        "requester:",
        noted(f"accounts: [{one}]", "" if one else f"some of: {', '.join(accounts)}"),
        noted(f"duration: {usual}", f"at most {most}"),
        "reason:",
        *(["ticket:"] if policy.ticket_required else []),
        *(["parameters:"] if policy.parameters else []),
        *(noted(f"  {each.name}:", _meaning(each)) for each in policy.parameters),
    ]
    return "\n".join(lines) + "\n"


def website(settings: Settings) -> str:
    """The address of the repository's GitHub for people, by the issuer of its tokens; empty where that does not say it.

    https://docs.github.com/en/actions/reference/security/oidc: an Enterprise Server signs under its own host, and
    a company's ghe.com under token.actions of it.
    """
    issuer = settings.issuer
    if is_github_com(issuer):
        return addresses.GITHUB
    host = urlsplit(issuer).hostname or ""
    if host.endswith(".ghe.com"):
        return f"https://{host.removeprefix('token.actions.')}"
    return addresses.origin(issuer)


def link(settings: Settings, shown: PolicyEntry) -> str:
    """GitHub's page for a new file, with the blank filled in; empty where it would be longer than GitHub takes."""
    server, name = website(settings), shown.policy.name
    if not server:
        return ""
    for notes, most in ((True, _LONGEST_NOTED), (False, _LONGEST)):
        text = blank(shown.policy, shown.accounts, notes=notes)
        address = web_link(
            f"{server}/{settings.repository}", branch=_BRANCH, path=_PATH.format(name), text=text
        )
        if len(address) <= most:
            return address
    return ""


def _row(settings: Settings, shown: PolicyEntry) -> str:
    policy = shown.policy
    address = link(settings, shown)
    name = f"[**{policy.name}**]({address})" if address else f"**{policy.name}**, by `jitbot request`"
    cells = (
        f"{name}<br>{escape.markdown(policy.description)}",
        _names(policy.eligible),
        escape.markdown(", ".join(shown.accounts) or "none"),
        duration.show(policy.max_duration),
        shown.approves,
        shown.risk,
    )
    return f"| {' | '.join(cells)} |"


def _approves(policy: Policy, codeowners: CodeOwners | None, people: People, teams: Teams) -> str:
    if break_glass.is_break_glass(policy) and policy.review_within is not None:
        within = duration.show(policy.review_within)
        return f"at once; one of {_names(policy.reviewers)} reviews it within {within}"
    owned = owners.of(any_request(policy.name), codeowners=codeowners, people=people, teams=teams)
    least = "at least " if policy.approval_rules else ""
    return f"{least}{policy.approvals} of {_names(owned.names) or 'nobody'}"


def _names(names: Iterable[str]) -> str:
    """Logins and teams, so that they are no mention; CODEOWNERS may hold other words, which are made inert."""
    return " ".join(f"`{each}`" if _NAME.fullmatch(each) else escape.markdown(each) for each in names)


def _risk(policy: Policy, accounts: tuple[str, ...], rules: Rules, catalogue: ActionCatalog) -> str:
    """The risk of a request with any answers, for anybody, in every account: it depends on none of these."""
    request = Request(
        path=any_request(policy.name),
        requester=_NOBODY.login,
        accounts=accounts,
        duration=usual_duration(policy),
        reason="",
        parameters={each.name: _any_value(each) for each in policy.parameters},
    )
    for_anybody = replace(rules, people=Parsed(value={_NOBODY.login: _NOBODY}))
    window = Window(starts_at=None, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    return risk.assess(render_all(for_anybody, request, window), catalogue).level.in_words


def _any_value(parameter: Parameter) -> str:
    return parameter.enum[0] if parameter.enum else "x"


def _meaning(parameter: Parameter) -> str:
    """What to write behind the name of a parameter."""
    about = f"{parameter.description}: " if parameter.description else ""
    if parameter.enum:
        return f"{about}{' or '.join(parameter.enum)}"
    if parameter.kind is ParameterKind.INTEGER:
        return f"{about}{parameter.minimum} to {parameter.maximum}"
    return f"{about}as in {parameter.pattern}" if parameter.pattern else about
