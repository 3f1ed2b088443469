"""The questions about the policies of the library, from library/<policy>.yaml: what each is for, and what lies beside it.

A call is a line: actions of one service, a resource, and the keys of the context that matter.

    dynamodb:GetItem,Query arn:aws:dynamodb:eu-west-1:{account}:table/orders aws:RequestedRegion=eu-west-1

`{account}` stands for the grant's account; several values of one key are written with commas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import yaml
from acme import Call, called
from grants import MERGED_AT, PROD, Grant, allowing, explained
from judge import Document, Question

from jitbot.adapters import documents
from jitbot.commands.setup import templates
from jitbot.domain.model.documents import GithubId, Login, Policy, Settings, Source
from jitbot.domain.setup import account_template, scaffold
from jitbot.domain.text import duration
from jitbot.sandbox.aws import stacks

FOLDER = Path(__file__).with_suffix("")
LIBRARY = templates.library()
ANSWERS = scaffold.Answers(
    repository="acme/access",
    repository_id=700001,
    owners={Login("bob"): GithubId(1002), Login("erin"): GithubId(1005)},
    accounts={"prod": PROD},
    upstream="acme/jitbot",
    release="0" * 40,
)
_PEOPLE = 'people: {bob: {github_id: 1002, iam_user: "arn:aws:iam::222222222222:user/bob"}, erin: {github_id: 1005}}\n'
_LISTS = ("aws:CalledVia", "route53:ChangeResourceRecordSets")  # keys of which AWS sends several values

# A key works for nobody whom its own policy does not name; that of most keys leaves it to the account's IAM policies.
_KEY_POLICY = allowing({"AWS": f"arn:aws:iam::{PROD}:root"}, "kms:*", "*")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Questions:
    """A request under a policy of the library, the calls it is for, and calls that look like them and are not meant."""

    policy: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    fields: str = ""  # more lines of the request
    allowed: tuple[Call, ...]
    refused: tuple[Call, ...]


def call(line: str) -> Iterator[Call]:
    """Each call of a line."""
    actions, resource, *keys = line.split()
    service, _, names = actions.partition(":")
    context = {key: _value(key, value) for key, _, value in (each.partition("=") for each in keys)}
    if "aws:CalledVia" in context or "kms:ViaService" in context:
        context["aws:ViaAWSService"] = "true"
    for name in names.split(","):
        yield Call(action=f"{service}:{name}", resource=resource, context=context)


def _value(key: str, value: str) -> str | list[str]:
    value = value.replace("{account}", PROD)
    return value.split(",") if key.startswith(_LISTS) else value


@cache
def asked_of(policy: str) -> Questions:
    """The questions about one policy."""
    found = yaml.safe_load((FOLDER / f"{policy}.yaml").read_text("utf-8"))
    assert found.keys() <= {"parameters", "fields", "allowed", "refused"}
    return Questions(
        policy=policy,
        parameters=found.get("parameters", {}),
        fields=found.get("fields", ""),
        allowed=tuple(each for line in found["allowed"] for each in call(line)),
        refused=tuple(each for line in found["refused"] for each in call(line)),
    )


def begin(folder: Path) -> Path:
    """A repository as `jitbot init --policies all` writes it, in which bob may ask."""
    policies = {f"policies/access/{each.name}.yaml": each.text for each in LIBRARY.values()}
    written = scaffold.files(ANSWERS, {**templates.starters(), **policies})
    for path, text in {**written, "policies/people.yaml": _PEOPLE}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


@cache
def policy_of(root: Path, name: str) -> Policy:
    """A policy as it was written."""
    path = f"policies/access/{name}.yaml"
    parsed = documents.parse_policy(Source(path=path, content=(root / path).read_bytes()))
    assert parsed.value is not None
    return parsed.value


@cache
def granted(root: Path, questions: Questions) -> Grant:
    """The grant of bob's request in prod, for as long as the policy allows."""
    path = f"requests/{questions.policy}/{MERGED_AT:%Y-%m/%d}-bob-judged.yaml"
    longest = duration.show(policy_of(root, questions.policy).max_duration)
    text = (
        f"requester: bob\naccounts: [prod]\nduration: {longest}\nreason: to be judged\n{questions.fields}\n"
    )
    if questions.parameters:
        text += f"parameters: {yaml.safe_dump(dict(questions.parameters), default_flow_style=True)}"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")
    (grant,) = explained(root, path)
    return grant


@cache
def boundary(root: Path, name: str) -> Document:
    """The boundary of an account in which the policy is the only one: the narrowest that `jitbot bootstrap` prints."""
    policy = policy_of(root, name)
    options = account_template.Options(
        services=account_template.services_of([policy]),
        managed_policies=account_template.managed_policies_of([policy]),
        owner_id=9000,
    )
    made = account_template.template(_settings(root), options)
    found: Document = stacks.resolve(made, account_id=PROD)["Boundary"].properties["PolicyDocument"]
    return found


def _settings(root: Path) -> Settings:
    path = "policies/settings.yaml"
    parsed = documents.parse_settings(Source(path=path, content=(root / path).read_bytes()))
    assert parsed.value is not None
    return parsed.value


def question(root: Path, questions: Questions, each: Call, *, account: str | None = None) -> Question:
    """A call of the grant's session, within the narrowest boundary."""
    owner = each.resource.split(":")[4:5]  # "*" has none, nor has a bucket
    account = account or (owner[0] if owner and owner[0].isdigit() else None)
    asked = called(granted(root, questions), each, account=account)
    return replace(
        asked,
        boundary=boundary(root, questions.policy),
        resource_policy=_KEY_POLICY if each.action.startswith("kms:") else None,
    )
