"""Acme's rules as a whole, in plain values, and what a change of them does."""

from collections.abc import Iterable, Mapping
from typing import Any

from acme_facts import MERGED_AT, a_policy, the_rules
from catalogue_facts import the_catalogue

from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Finding, Login, Parsed, Policy, Sha, WorkflowFile, policy_path
from jitbot.domain.model.roster import Membership, Roster
from jitbot.domain.rule_effects.compare import RuleEffects, compare
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.rule_effects.rule_set import RuleSet

LINES = """\
*                           @acme/platform
/requests/orders-db-read/   @acme/payments-leads
/requests/production-admin/ @acme/security @acme/platform
/policies/                  @acme/security
/jitbot/                    @acme/security
/pyproject.toml             @acme/security
/uv.lock                    @acme/security
/.github/                   @acme/security
"""


def an_admin_policy(**changes: Any) -> Policy:
    """A policy that gives everything."""
    fields: dict[str, Any] = {
        "name": "production-admin",
        "description": "Everything in production",
        "eligible": ("@acme/sre",),
        "accounts": ("prod",),
        "approvals": 2,
        "parameters": (),
        "statements": (),
        "managed_policies": ("AdministratorAccess",),
    }
    return a_policy(**{**fields, **changes})


def a_rule_set(*policies: Policy | None, files: Mapping[str, str] | None = None, **changes: Any) -> RuleSet:
    """Acme's rules with these policies, or orders-db-read and production-admin; `changes` as of `the_rules`.

    `files` are further files, by path, each with whatever tells one version from another.
    """
    lines = changes.pop("lines", LINES)
    workflows = {path: a_workflow(text) for path, text in changes.pop("workflows", {}).items()}
    named = [each for each in policies if each is not None] if policies else [a_policy(), an_admin_policy()]
    shared = the_rules(**{"codeowners": codeowners.parse(lines), **changes})
    there = {each.path: repr(each) for each in named} | dict(files or {})
    return RuleSet(
        shared=shared,
        policies={each.name: Parsed(value=each) for each in named},
        files={path: Sha(str(hash(text))) for path, text in there.items()},
        workflows=workflows,
    )


def a_workflow(text: str) -> WorkflowFile:
    """One that is its text alone, and uses the last word of each line that says so."""
    uses = tuple(line.split()[-1] for line in text.splitlines() if "uses:" in line)
    return WorkflowFile(text=text, scalars=(text,), uses=uses)


def unreadable_policy(name: str = "orders-db-read") -> Parsed[Policy]:
    """A policy that did not parse."""
    finding = Finding(
        code="yaml-syntax", message="it cannot be read", file=policy_path(name), line=1, column=1
    )
    return Parsed(value=None, findings=(finding,))


def a_roster(**teams: Iterable[Membership | str]) -> Roster:
    """A roster in which `payments_leads=["bob"]` is the team acme/payments-leads."""
    return Roster.of(
        {
            f"acme/{name.replace('_', '-')}": tuple(
                each if isinstance(each, Membership) else Membership(login=Login(each)) for each in entries
            )
            for name, entries in teams.items()
        }
    )


def effects(base: RuleSet, head: RuleSet) -> RuleEffects:
    """What the change from the one to the other does at the time of acme's merges."""
    return compare(base, head, MERGED_AT, the_catalogue())


def coded(found: RuleEffects, direction: Direction | None = None) -> dict[str, Effect]:
    """The effects by their code; of several with one code the most serious."""
    chosen = found.effects if direction is None else found.of(direction)
    return {each.code: each for each in reversed(chosen)}
