"""How dangerous a grant is, for people who must decide in ten seconds. It informs; no decision hangs on it.

Access levels come from the catalogue. The two lists below are ours: ways to gain more rights than were given
(https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation names most of them), and ways out for data.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from jitbot.domain.catalogue import Access, Action, Catalogue
from jitbot.domain.iam import Documents

ESCALATING = frozenset(
    {
        "iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy",
        "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreatePolicyVersion", "iam:PassRole",
        "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy", "iam:SetDefaultPolicyVersion",
        "iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "sts:AssumeRole",
        "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:AddPermission",
        "glue:UpdateDevEndpoint", "cloudformation:CreateStack", "cloudformation:UpdateStack",
        "codebuild:StartBuild", "codebuild:UpdateProject", "codestar:CreateProject",
        "datapipeline:PutPipelineDefinition", "ec2:ModifyInstanceAttribute", "ec2:RunInstances",
        "ecs:RunTask", "sagemaker:CreatePresignedNotebookInstanceUrl", "ssm:SendCommand", "ssm:StartSession",
    }
)  # fmt: skip
TAKING = frozenset(
    {
        "dynamodb:ExportTableToPointInTime", "ecr:BatchGetImage", "kms:Decrypt", "rds:DownloadDBLogFilePortion",
        "rds:StartExportTask", "s3:GetObject", "s3:GetObjectVersion", "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
    }
)  # fmt: skip
SHARING = frozenset(
    {
        "ec2:CreateSnapshot", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute", "ecr:SetRepositoryPolicy",
        "kms:CreateGrant", "kms:PutKeyPolicy", "lambda:AddLayerVersionPermission", "rds:ModifyDBSnapshotAttribute",
        "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutObjectAcl", "s3:PutReplicationConfiguration",
        "secretsmanager:PutResourcePolicy", "sns:AddPermission", "sqs:AddPermission",
    }
)  # fmt: skip
_READING_POLICIES = ("ReadOnlyAccess", "ViewOnlyAccess", "SecurityAudit")
_POWERFUL_POLICIES = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_NAMED = 3  # how many actions a reason names before it counts the rest


class Level(IntEnum):
    """From reading a named thing to doing anything."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The level of the most dangerous part, every reason for it in words, and what is allowed by access level."""

    level: Level
    reasons: tuple[str, ...]
    access: Mapping[Access, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """`{"level": "high", "reasons": […], "access": {"Read": 3, …}}`."""
        access = {level.value: number for level, number in self.access.items()}
        return {"level": self.level.name.lower(), "reasons": list(self.reasons), "access": access}


def assess(grants: Iterable[Documents], catalogue: Catalogue) -> Risk:
    """The risk of all these grants together."""
    given = tuple(grants)
    found = dict.fromkeys(each for grant in given for each in _reasons(grant, catalogue))
    actions = {action.name: action.access for grant in given for action in _actions(grant, catalogue)}
    levels = list(actions.values())
    return Risk(
        level=max((level for level, _ in found), default=Level.LOW),
        reasons=tuple(reason for _, reason in sorted(found, key=lambda each: -each[0])),
        access={level: levels.count(level) for level in Access if level in levels},
    )


def _reasons(grant: Documents, catalogue: Catalogue) -> Iterator[tuple[Level, str]]:
    for arn in grant.managed_policies:
        yield _of_managed(arn.rpartition("/")[2])
    for patterns, resources in _allowed(grant):
        everywhere = "*" in resources
        for pattern in patterns:
            yield from _of_pattern(pattern, catalogue.covered(pattern), everywhere=everywhere)


def _of_managed(name: str) -> tuple[Level, str]:
    if name in _POWERFUL_POLICIES:
        return Level.CRITICAL, f"{name}: can change nearly everything in the account"
    if name in _READING_POLICIES:
        return Level.MEDIUM, f"{name}: reads nearly everything in the account"
    return Level.HIGH, f"{name}: an AWS managed policy, which AWS may widen"


def _of_pattern(pattern: str, covered: Iterable[Action], *, everywhere: bool) -> Iterator[tuple[Level, str]]:
    actions = {action.name: action for action in covered}
    where = " on every resource" if everywhere else ""
    if not actions:
        yield Level.HIGH, f"{pattern}: not known, so nobody can say what it does"
    if pattern.endswith(":*"):
        yield Level.HIGH, f"{pattern}: all {len(actions)} actions of the service{where}"
    if gains := _some(actions.keys() & ESCALATING):
        yield Level.CRITICAL, f"{gains}: known ways to gain more rights than were given"
    if shares := _some(actions.keys() & SHARING):
        yield Level.HIGH, f"{shares}: can open data to others"
    if takes := _some(actions.keys() & TAKING):
        yield Level.MEDIUM, f"{takes}: takes data or secrets out{where}"
    by_access = {
        access: [name for name, each in actions.items() if each.access is access] for access in Access
    }
    if changes := _some(by_access[Access.PERMISSIONS]):
        yield Level.CRITICAL, f"{changes}: changes who may do what{where}"
    if writes := _some(by_access[Access.WRITE]):
        yield (Level.HIGH if everywhere else Level.MEDIUM), f"{writes}: can change things{where}"
    if tags := _some(by_access[Access.TAGGING]):
        yield Level.MEDIUM, f"{tags}: changes tags, by which access may be decided{where}"
    if everywhere and (reads := _some(by_access[Access.READ])):
        yield Level.MEDIUM, f"{reads}: reads{where}"


def _some(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(ordered[:_NAMED]) + more


def _actions(grant: Documents, catalogue: Catalogue) -> Iterator[Action]:
    for patterns, _ in _allowed(grant):
        for pattern in patterns:
            yield from catalogue.covered(pattern)


def _allowed(grant: Documents) -> Iterator[tuple[list[str], list[str]]]:
    statements = grant.permission_policy.get("Statement")
    for statement in statements if isinstance(statements, list) else ():
        if statement.get("Effect") == "Allow":
            yield statement["Action"], statement["Resource"]
