"""A small plain catalogue: a few of AWS's actions, as the real one would tell them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from jitbot.domain.aws.action_catalog import Access, Action

TABLE = "arn:*:dynamodb:*:*:table/*"
BUCKET, OBJECT = "arn:*:s3:::*", "arn:*:s3:::*/*"


def an_action(name: str, access: Access, *resources: str, keys: str = "") -> Action:
    """An action on these kinds of resources; `keys` are its condition keys, separated by spaces."""
    return Action(name=name, access=access, resources=resources, condition_keys=frozenset(keys.split()))


ACTIONS = (
    an_action("dynamodb:GetItem", Access.READ, TABLE, keys="dynamodb:leadingkeys"),
    an_action("dynamodb:Query", Access.READ, TABLE),
    an_action("dynamodb:ListTables", Access.LIST),
    an_action("dynamodb:PutItem", Access.WRITE, TABLE),
    an_action("dynamodb:UpdateItem", Access.WRITE, TABLE),
    an_action("dynamodb:DeleteItem", Access.WRITE, TABLE),
    an_action("dynamodb:DeleteTable", Access.WRITE, TABLE),
    an_action("dynamodb:TagResource", Access.TAGGING, TABLE, keys="aws:tagkeys"),
    an_action("ec2:DescribeInstances", Access.LIST),
    an_action("ec2:ModifyImageAttribute", Access.WRITE, "arn:*:ec2:*::image/*"),
    an_action("iam:CreateUser", Access.PERMISSIONS, "arn:*:iam::*:user/*"),
    an_action("iam:PassRole", Access.PERMISSIONS, "arn:*:iam::*:role/*"),
    an_action("kms:Decrypt", Access.WRITE, "arn:*:kms:*:*:key/*", keys="kms:encryptioncontext:${contextkey}"),
    an_action("lambda:AddPermission", Access.PERMISSIONS, "arn:*:lambda:*:*:function:*"),
    an_action("lambda:RemovePermission", Access.PERMISSIONS, "arn:*:lambda:*:*:function:*"),
    an_action("logs:GetQueryResults", Access.READ),
    an_action("s3:GetObject", Access.READ, OBJECT, keys="s3:existingobjecttag/<key>"),
    an_action("s3:ListBucket", Access.LIST, BUCKET, keys="s3:prefix"),
    an_action("s3:PutBucketPolicy", Access.PERMISSIONS, BUCKET),
    an_action("ssm:StartSession", Access.WRITE, "arn:*:ec2:*:*:instance/*", keys="ssm:resourcetag/${tagkey}"),
    an_action("tag:GetResources", Access.READ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCatalogue:
    """`jitbot.domain.aws.action_catalog.ActionCatalog` over the actions that it is given."""

    actions: tuple[Action, ...] = ACTIONS

    def covered(self, pattern: str) -> Sequence[Action]:
        """The actions whose names match the pattern, without case."""
        return [each for each in self.actions if fnmatchcase(each.name.casefold(), pattern.casefold())]


def the_catalogue() -> PlainCatalogue:
    """The few actions above."""
    return PlainCatalogue()
