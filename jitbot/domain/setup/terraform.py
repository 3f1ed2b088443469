"""The account template for those who roll out with Terraform: the very same text, in the resources that hand it to CloudFormation.

A stack set with service-managed permissions does not reach the organisation's management account, so that one gets a
stack of its own where it is among the accounts.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-associate-stackset-with-org.html
"""

import json
from collections.abc import Iterable, Mapping

from jitbot.domain.aws.service_roles import Document

OWNER_ID = "RepositoryOwnerId"  # the one parameter of the template that may have no default

_CONFIGURATION = """\
# Prepares the AWS accounts of policies/accounts.yaml for jitbot: `jitbot bootstrap --format terraform` wrote it.
# Apply it with credentials of the organisation's management account, and a provider in {region}.
# What is granted is in the CloudFormation template below; nothing here adds to it.

terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }}
  }}
}}

variable "jitbot_repository_owner_id" {{
  description = "GitHub's number of the owner of the access repository: gh api users/OWNER --jq .id"
  type        = string
{default}}}

data "aws_organizations_organization" "jitbot" {{}}

locals {{
  jitbot_accounts           = {accounts}
  jitbot_management_account = data.aws_organizations_organization.jitbot.master_account_id
  jitbot_member_accounts    = setsubtract(local.jitbot_accounts, [local.jitbot_management_account])
  # Terraform's provider wants each parameter of the template named, those with a default too.
  jitbot_parameters = {{
{parameters}
  }}
  jitbot_template = <<JITBOT
{template}
JITBOT
}}

resource "aws_cloudformation_stack_set" "jitbot" {{
  name             = "{name}"
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  parameters       = local.jitbot_parameters
  template_body    = local.jitbot_template

  auto_deployment {{
    enabled = false
  }}

  operation_preferences {{
    max_concurrent_percentage = 100
  }}

  lifecycle {{
    ignore_changes = [administration_role_arn] # AWS gives one back that nobody set
  }}
}}

resource "aws_cloudformation_stack_instances" "jitbot" {{
  count = length(local.jitbot_member_accounts) > 0 ? 1 : 0

  stack_set_name = aws_cloudformation_stack_set.jitbot.name
  regions        = ["{region}"]

  deployment_targets {{
    organizational_unit_ids = [data.aws_organizations_organization.jitbot.roots[0].id]
    accounts                = local.jitbot_member_accounts
    account_filter_type     = "INTERSECTION"
  }}

  operation_preferences {{
    concurrency_mode          = "SOFT_FAILURE_TOLERANCE"
    max_concurrent_percentage = 100
  }}
}}

# The management account, which the stack set does not reach. Only if it is in policies/accounts.yaml.
resource "aws_cloudformation_stack" "jitbot_management_account" {{
  count = contains(local.jitbot_accounts, local.jitbot_management_account) ? 1 : 0

  name          = "{name}"
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  parameters    = local.jitbot_parameters
  template_body = local.jitbot_template
}}
"""


def configuration(template: Document, *, name: str, accounts: Iterable[str], region: str) -> str:
    """The Terraform configuration that rolls the template out to these accounts, as a stack set and a stack of this name."""
    given = template["Parameters"]
    parameters: Mapping[str, Mapping[str, str]] = given if isinstance(given, Mapping) else {}
    defaults = {key: each.get("Default") for key, each in parameters.items()}
    owner_id = defaults.pop(OWNER_ID)
    width = max(map(len, parameters))
    rows = [f"    {OWNER_ID:{width}} = var.jitbot_repository_owner_id"]
    rows += [f"    {key:{width}} = {_text(value or '')}" for key, value in defaults.items()]
    return _CONFIGURATION.format(
        region=region,
        name=name,
        default="" if owner_id is None else f"  default     = {_text(owner_id)}\n",
        accounts=f"[{', '.join(map(_text, accounts))}]",
        parameters="\n".join(rows),
        template=_literal(json.dumps(template, indent=1)),
    )


def _text(value: str) -> str:
    """A quoted string of Terraform. https://developer.hashicorp.com/terraform/language/expressions/strings"""
    return _literal(json.dumps(value))


def _literal(text: str) -> str:
    """A text in which Terraform fills nothing in."""
    return text.replace("${", "$${").replace("%{", "%%{")
