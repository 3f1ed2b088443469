"""Every policy of the library before the judge: what it is for works, and what lies beside it does not.

The questions are in library/<policy>.yaml. The tests of the questions themselves ask whether they would see it if a
statement, a resource, a condition or a parameter of the policy were not there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import library
import pytest
from grants import STRANGER, allowing, naming
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Document, Judge, Question, Verdict
from library import LIBRARY, Questions, asked_of, granted, policy_of

WINDOW = ("DateLessThan", "DateGreaterThanEquals")  # the conditions that every grant has
NAMES = sorted(LIBRARY)
every_policy = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the whole library."""
    return library.begin(tmp_path_factory.mktemp("library"))


def questions_of(root: Path, name: str, calls: str) -> list[Question]:
    """The questions about the calls that are `allowed`, or those that are `refused`."""
    asked = asked_of(name)
    return [library.question(root, asked, each) for each in getattr(asked, calls)]


def granted_actions(root: Path, name: str) -> set[str]:
    """The actions that a policy lists."""
    return {action for statement in policy_of(root, name).statements for action in statement.actions}


def test_each_policy_has_its_questions() -> None:
    """There is one file of questions for each policy, and none for another."""
    assert sorted(path.stem for path in library.FOLDER.glob("*.yaml")) == NAMES
    assert len(NAMES) > 20


@every_policy
def test_each_action_is_asked_for(root: Path, name: str) -> None:
    """No action is in a policy that no question needs; and at least three things beside it are asked."""
    assert granted_actions(root, name) <= {each.action for each in asked_of(name).allowed}
    assert asked_of(name).allowed
    assert len(asked_of(name).refused) >= 3


@every_policy
def test_what_it_is_for_works_in_the_window_alone(judge: Judge, root: Path, name: str) -> None:
    """Each allowed call works in the first and the last second, within the boundary, and never at the end or after."""
    grant = granted(root, asked_of(name))

    def cases() -> Iterator[Case]:
        for question in questions_of(root, name, "allowed"):
            for at in grant.inside:
                yield Case(says=f"{name}, inside", question=replace(question, at=at), expected=ALLOWED)
            for at in grant.outside:
                yield Case(says=f"{name}, outside", question=replace(question, at=at), expected=FORBIDDEN)

    judge.confirm("library", cases())


@every_policy
def test_what_lies_beside_it_does_not(judge: Judge, root: Path, name: str) -> None:
    """Another resource, another action, another tag is denied; an action that is not listed even where the resource invites."""
    listed, grant = granted_actions(root, name), granted(root, asked_of(name))

    def cases() -> Iterator[Case]:
        for question in questions_of(root, name, "refused"):
            yield Case(says=f"{name}, beside", question=question, expected=DENIED)
            called_by_a_service = question.context.get("aws:ViaAWSService") == "true"
            if (
                listed
                and question.action not in listed
                and question.resource != "*"
                and not called_by_a_service
            ):
                for who, document in naming(grant, question.action, question.resource):
                    invited = replace(question, resource_policy=document)
                    yield Case(says=f"{name}, {who} named", question=invited, expected=FORBIDDEN)

    judge.confirm("library", cases())


@every_policy
def test_another_account_is_out_of_reach(judge: Judge, root: Path, name: str) -> None:
    """Where a policy lists actions, no call works in another account, even where the resource there names the role."""
    asked, grant = asked_of(name), granted(root, asked_of(name))

    def cases() -> Iterator[Case]:
        for call in asked.allowed:
            elsewhere = library.question(root, asked, call, account=STRANGER)
            if elsewhere.resource != "*":
                yield Case(says=f"{name}, elsewhere", question=elsewhere, expected=DENIED)
            owned = "{account}" in call.resource or call.resource.startswith("arn:aws:s3:")
            if owned and not everywhere(root, name, call.action):
                named = allowing({"AWS": grant.role_arn}, call.action, elsewhere.resource)
                invited = replace(elsewhere, resource_policy=named)
                yield Case(says=f"{name}, invited elsewhere", question=invited, expected=DENIED)

    cases_asked = list(cases())
    if cases_asked:
        judge.confirm("library", cases_asked)


def everywhere(root: Path, name: str, action: str) -> bool:
    """Whether the policy gives the action on everything, as it must where AWS knows no resource for it."""
    statements = policy_of(root, name).statements
    return not statements or any("*" in each.resources for each in statements if action in each.actions)


def weaker(document: Document, parameters: Iterable[str]) -> Iterator[tuple[str, Document]]:
    """The same permissions without one limit: a statement's resources, one of its conditions, or a parameter in resources."""
    for number, statement in enumerate(document["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        if statement["Resource"] != ["*"]:
            yield f"resources of {number}", with_statement(document, number, {**statement, "Resource": ["*"]})
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys if operator not in WINDOW else ():
                rest = {each: value for each, value in keys.items() if each != key}
                condition = {**statement["Condition"], operator: rest}
                condition = {each: value for each, value in condition.items() if value}
                without = with_statement(document, number, {**statement, "Condition": condition})
                yield f"{operator} of {key} in {number}", without
    for value in parameters:
        named = [
            {**each, "Resource": [resource.replace(value, "*") for resource in each["Resource"]]}
            if each["Effect"] == "Allow"
            else each
            for each in document["Statement"]
        ]
        if named != document["Statement"]:
            yield f"parameter {value}", {**document, "Statement": named}


def in_resources(root: Path, asked: Questions) -> Iterator[str]:
    """The values of those parameters that name a resource."""
    statements = policy_of(root, asked.policy).statements
    resources = " ".join(resource for statement in statements for resource in statement.resources)
    yield from (value for name, value in asked.parameters.items() if f"{{{{{name}}}}}" in resources)


def with_statement(document: Document, number: int, statement: Document | None) -> Document:
    """The document with another statement in one place, or with none there."""
    statements = list(document["Statement"])
    statements[number : number + 1] = [] if statement is None else [statement]
    return {**document, "Statement": statements}


def verdicts(judge: Judge, questions: Iterable[Question], document: Document) -> tuple[Verdict, ...]:
    """The answers if the grant had this permission policy."""
    asked = [replace(each, identity_policies=(document, *each.identity_policies[1:])) for each in questions]
    return judge.verdicts("library", asked)


@every_policy
def test_the_questions_need_every_statement(judge: Judge, root: Path, name: str) -> None:
    """Without any one statement of the policy, a call that it is for is denied."""
    document = granted(root, asked_of(name)).permission_policy
    needless = [
        number
        for number, statement in enumerate(document["Statement"])
        if statement["Effect"] == "Allow"
        and set(verdicts(judge, questions_of(root, name, "allowed"), with_statement(document, number, None)))
        == {Verdict.ALLOWED}
    ]
    assert needless == []


@every_policy
def test_the_questions_see_every_limit(judge: Judge, root: Path, name: str) -> None:
    """Without any one resource, condition or parameter of the policy, a call that lies beside it is allowed."""
    asked = asked_of(name)
    unseen = [
        says
        for says, document in weaker(granted(root, asked).permission_policy, in_resources(root, asked))
        if Verdict.ALLOWED not in verdicts(judge, questions_of(root, name, "refused"), document)
    ]
    assert unseen == []
