"""IAM and STS through boto3."""

from jitbot.adapters.aws.entering import STS_AUDIENCE, AwsCloud, Identity

__all__ = ["STS_AUDIENCE", "AwsCloud", "Identity"]
