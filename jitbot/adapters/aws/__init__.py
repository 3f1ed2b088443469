"""IAM and STS through boto3."""

from jitbot.adapters.aws.enter_account import STS_AUDIENCE, AwsCloud, Identity

__all__ = ["STS_AUDIENCE", "AwsCloud", "Identity"]
