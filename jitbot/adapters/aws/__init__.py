"""IAM and STS through boto3."""

from jitbot.adapters.aws.enter_account import AwsCloud
from jitbot.adapters.aws.identity import Identity

__all__ = ["AwsCloud", "Identity"]
