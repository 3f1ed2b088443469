"""What jitbot's own roles may do, and what bounds every grant: is it what this release's template says?

An administrator may choose what the template has parameters for: the services within the boundary, and the managed
policies that may be attached, each by its full name. A pattern is not a valid choice. The issuer is not checked: a
role's trust policy names its audience, so another issuer lets nobody in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from jitbot.domain.aws import iam, service_roles
from jitbot.domain.aws.iam import own_name
from jitbot.domain.aws.roles import Actual
from jitbot.domain.setup.account_template import ANY_SERVICE, MANAGED_PATTERN, SERVICE_PATTERN
from jitbot.domain.setup.cloudformation import Stack
from jitbot.domain.setup.doctor.account_roles import FIX, GROUP, SEE, OwnAccount, texts
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown, listed

_STACK = r"arn:aws:cloudformation:[a-z0-9-]+:"
_MANAGED = "arn:*:iam::aws:policy/"


def stack_of(account: OwnAccount, **more: str | tuple[str, ...]) -> Stack:
    """What a stack of the template knows there, with these parameters."""
    services, managed = more.get("BoundaryServices", ()), more.get("ManagedPolicies", ())
    known = {
        "AWS::Partition": "aws",
        "AWS::AccountId": account.account_id,
        "Namespace": account.settings.namespace,
    }
    conditions = {"AnyService": services == ANY_SERVICE, "AttachesManaged": bool(managed)}
    return Stack(parameters={**known, **more}, conditions=conditions)


def role(account: OwnAccount, purpose: str, found: Actual | Unknown | None) -> Iterator[Check]:
    """Whether one of jitbot's roles may do what the template says. No check if the role is missing: another check says so."""
    question = Check(
        code=f"aws-{account.alias}-{purpose}-may",
        group=GROUP,
        title=f"{own_name(account.settings, purpose)} in {account.alias} may do what the template says",
        impact="promises 1 and 5: with more rights its workflow could give what nobody approved; with less it fails",
        fix=FIX,
    )
    if isinstance(found, Unknown):
        yield question.unknown(found.why, fix=SEE)
    elif found is not None:
        managed = _managed(found.inline_policies.get("permissions", {}))
        if not all(name and re.fullmatch(MANAGED_PATTERN, name) for name in managed):
            yield question.no(
                "the list in AttachListed is none that the template takes: names of managed policies of AWS"
            )
            return
        stack = stack_of(account, ManagedPolicies=managed)
        wanted = stack.filled(service_roles.permissions(purpose, account.settings.trail))
        more = [*(name for name in found.inline_policies if name != "permissions"), *found.attached]
        if more:
            yield question.no(f"it also has {listed(sorted(more))}")
        else:
            yield _compared(question, found.inline_policies.get("permissions"), wanted)


def boundary(account: OwnAccount, found: iam.Document | Unknown | None) -> Check:
    """Whether the boundary around every grant is the template's, for whichever services."""
    question = Check(
        code=f"aws-{account.alias}-boundary",
        group=GROUP,
        title=f"the boundary around every grant in {account.alias} is the template's",
        impact="promises 2 and 5: without it a session could reach IAM, other roles, or its own limits",
        fix=FIX,
    )
    if isinstance(found, Unknown):
        return question.unknown(found.why, fix=SEE)
    if found is None:
        return question.no(f"AWS has no policy {own_name(account.settings, 'boundary')} there")
    services = _services(found)
    if not _may_be_listed(services):
        return question.no("the list in ListedServices is none that the template takes: services, or * alone")
    stack = stack_of(
        account, BoundaryServices=services, **{"AWS::StackId": _stack_id(found, account.account_id)}
    )
    return _compared(question, found, stack.filled(service_roles.boundary()))


def _compared(question: Check, found: object, wanted: object) -> Check:
    """Fine, wrong where more is allowed or less denied than the template has it, a warning otherwise."""
    have, want = _statements(found), _statements(wanted) or []
    if have is None:
        return question.no("its policy is not one of the template")
    strange = [each for each in have if each not in want]
    missing = [each for each in want if each not in have]
    if not strange and not missing:
        return question.ok()
    observed = f"not as the template has it: {listed(sorted({_name(each) for each in (*strange, *missing)}))}"
    wider = any(each.get("Effect") != "Deny" for each in strange)
    weaker = any(each.get("Effect") != "Allow" for each in missing)
    if wider or weaker:
        return question.no(observed)
    return replace(question, otherwise=CheckVerdict.WARN).no(f"{observed}; it may do less, and runs may fail")


def _statements(document: object) -> list[Mapping[str, object]] | None:
    """The statements of a policy; None if it is not one of jitbot's policies."""
    if not isinstance(document, Mapping) or set(document) != {"Version", "Statement"}:
        return None
    found = document["Statement"]
    if document["Version"] != "2012-10-17" or not isinstance(found, list):
        return None
    return [each if isinstance(each, Mapping) else {"Sid": repr(each)} for each in found]


def _name(statement: Mapping[str, object]) -> str:
    return str(statement.get("Sid", "a statement without a name"))


def _statement(document: object, sid: str) -> Mapping[str, object]:
    found = _statements(document) or ()
    return next((each for each in found if each.get("Sid") == sid), {})


def _services(document: object) -> tuple[str, ...]:
    """The services that a boundary lists: the administrator's choice."""
    actions = texts(_statement(document, "ListedServices").get("Action"))
    return tuple(each.removesuffix(":*") for each in actions)


def _may_be_listed(services: tuple[str, ...]) -> bool:
    """Whether the template takes this list: each the name of a service, or any service, which stands alone."""
    alone = services == ANY_SERVICE or not set(ANY_SERVICE) & set(services)
    return alone and all(re.fullmatch(SERVICE_PATTERN, each) for each in services)


def _managed(document: object) -> tuple[str, ...]:
    """The managed policies that the grant role may attach: the administrator's choice, of AWS's own alone."""
    condition = _statement(document, "AttachListed").get("Condition")
    like = condition.get("ArnLike") if isinstance(condition, Mapping) else None
    arns = texts(like.get("iam:PolicyARN")) if isinstance(like, Mapping) else ()
    return tuple(arn.removeprefix(_MANAGED) for arn in arns)


def _stack_id(document: object, account_id: str) -> str:
    """The stack of this account that a boundary keeps out of every grant's reach; empty, which none has, if it names none."""
    own = re.compile(_STACK + re.escape(account_id) + r":stack/[A-Za-z0-9-]+/[A-Za-z0-9-]+")
    resources = texts(_statement(document, "NothingOfJitbot").get("Resource"))
    return next((each for each in resources if own.fullmatch(each)), "")
