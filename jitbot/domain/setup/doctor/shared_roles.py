"""Roles that several people share: is it sure that nobody in them can take another's session name?

`userid` in people.yaml names a session of a role. AWS takes that name from the caller of sts:AssumeRole or from a web
identity, so it names a person only where an identity provider writes it (SAML, Identity Center), or where the role's trust
policy demands that it be the caller's own user name:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_rolesessionname
"""

from collections.abc import Iterator, Mapping

from jitbot.domain.aws.roles import Actual
from jitbot.domain.model.documents import AccountId, IamRole, People
from jitbot.domain.setup.doctor.account_roles import texts
from jitbot.domain.setup.doctor.report import Check, Unknown

NAME_KEY, OWN_NAME = "sts:rolesessionname", "${aws:username}"
_ENTERS = "sts:assumerole"
_BY_PROVIDER = "sts:assumerolewithsaml"
_HARMLESS = frozenset({"sts:tagsession", "sts:setsourceidentity"})


def shared(people: People) -> tuple[str, ...]:
    """The ARNs of the roles in which only the session's name identifies the person, each once."""
    arns = (each.principal.arn for each in people.values() if isinstance(each.principal, IamRole))
    return tuple(dict.fromkeys(arns))


def place(arn: str) -> tuple[AccountId, str]:
    """The account and the name of a role."""
    return AccountId(arn.split(":")[4]), arn.rpartition("/")[2]


def check(people: People, found: Mapping[str, Actual | Unknown | None]) -> Iterator[Check]:
    """One check for each shared role. What cannot be read is unknown: people enter roles of accounts that are not jitbot's."""
    for arn, role in found.items():
        account_id, name = place(arn)
        question = Check(
            code=f"shared-role-{account_id}-{name}",
            group="people.yaml",
            title=f"nobody in the shared role {name} can take another's session name",
            impact="promise 3: who chooses the name in `userid` enters the grants of the person it stands for",
            fix=(
                f"let people enter {arn} through SAML or Identity Center alone, or demand in its trust policy "
                f'StringEquals {{"sts:RoleSessionName": "{OWN_NAME}"}}; or give them identity_center or iam_user'
            ),
        )
        if isinstance(role, Unknown):
            yield question.unknown(role.why)
        elif role is None:
            yield question.no("AWS knows no such role")
        else:
            yield _answer(question, people, arn, role)


def _answer(question: Check, people: People, arn: str, role: Actual) -> Check:
    ids = [
        each.principal.userid
        for each in people.values()
        if isinstance(each.principal, IamRole) and each.principal.arn == arn
    ]
    if any(userid.partition(":")[0] != role.role_id for userid in ids):
        return question.no(f"its id is {role.role_id}, and people.yaml has another: the role was made anew")
    problem = objection(role.trust_policy)
    if problem and any(_denies_others(each) for each in _statements(role.trust_policy) or ()):
        # It is not documented whether a denial applies to callers without a user name, such as sessions of other roles.
        return question.unknown(
            f"{problem}, unless a denial by user name keeps them; a condition of the Allow surely does"
        )
    return question.answer(not problem, problem)


def objection(trust_policy: Mapping[str, object]) -> str:
    """How somebody may choose the name of a session; empty if nobody may."""
    statements = _statements(trust_policy)
    if statements is None:
        return "its trust policy is none that can be read"
    for statement in statements:
        if statement.get("Effect") == "Allow" and (why := _chosen(statement)):
            return why
    return ""


def _statements(trust_policy: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    found = trust_policy.get("Statement")
    statements = [found] if isinstance(found, Mapping) else found
    if not isinstance(statements, list) or not all(isinstance(each, Mapping) for each in statements):
        return None
    return statements


def _chosen(statement: Mapping[str, object]) -> str:
    actions = {each.lower() for each in texts(statement.get("Action"))}
    if not actions or "NotPrincipal" in statement:
        return "its trust policy allows all but what it names"
    open_ones = actions - _HARMLESS - {_BY_PROVIDER}
    if not open_ones:
        return ""
    if open_ones == {_ENTERS} and _demands(statement, "stringequals", "stringlike"):
        return ""
    return f"a caller who may {', '.join(sorted(open_ones))} chooses the session's name"


def _denies_others(statement: Mapping[str, object]) -> bool:
    """Whether a statement is meant to deny every name but the caller's own."""
    return statement.get("Effect") == "Deny" and _demands(statement, "stringnotequals", "stringnotlike")


def _demands(statement: Mapping[str, object], *operators: str) -> bool:
    """Whether a condition compares the session's name with the caller's own user name, and with nothing else."""
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, Mapping) else ():
        if str(operator).lower() in operators and isinstance(keys, Mapping):
            for key, value in keys.items():
                if str(key).lower() == NAME_KEY and texts(value) == (OWN_NAME,):
                    return True
    return False
