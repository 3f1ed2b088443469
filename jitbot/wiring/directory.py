"""Opens the directories of AWS with the person's own credentials."""

from collections.abc import Mapping

from jitbot.adapters.aws.directory import AmbientDirectory
from jitbot.adapters.aws.person import person_session
from jitbot.adapters.local.aws_config import named_profile
from jitbot.wiring.context import aws_endpoint


def directory_of(environ: Mapping[str, str], profile: str | None) -> AmbientDirectory:
    """Identity Center and AWS Organizations, as this profile or the environment may read them."""
    return AmbientDirectory(
        person_session(environ, profile, named_profile(environ)), endpoint=aws_endpoint(environ)
    )
