"""Does policies/settings.yaml name the repository and the issuer that are really there?"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from jitbot.domain.model.documents import Settings
from jitbot.domain.setup.doctor.github.github_state import Hosting
from jitbot.domain.setup.doctor.report import Check

GITHUBS_ISSUER = "https://token.actions.githubusercontent.com"


def is_github_com(issuer: str) -> bool:
    """Whether this is github.com's issuer, or the path of its own that an enterprise has below it."""
    return issuer == GITHUBS_ISSUER or issuer.startswith(f"{GITHUBS_ISSUER}/")


def is_issuer_of(api_url: str, issuer: str) -> bool:
    """Whether the GitHub whose API is there signs its tokens under this name.

    An Enterprise Server signs under its own host.
    https://docs.github.com/en/actions/reference/security/oidc
    """
    api, asked = urlsplit(api_url), urlsplit(issuer)
    if api.scheme != asked.scheme or asked.query or asked.fragment:
        return False
    if api.netloc == "api.github.com":
        return is_github_com(issuer)
    return asked.netloc in {api.netloc, f"token.actions.{api.netloc.removeprefix('api.')}"}


def identity(settings: Settings, found: Hosting, api_url: str) -> Iterator[Check]:
    """settings.yaml against GitHub."""
    yield Check(
        code="settings-repository",
        group="settings.yaml",
        title="repository is this one",
        impact="jobs refuse to run for another repository",
        fix=f"write `repository: {found.full_name}`, and roll `jitbot bootstrap` out again",
    ).answer(settings.repository == found.full_name, f"GitHub calls it {found.full_name}")
    yield Check(
        code="settings-repository-id",
        group="settings.yaml",
        title="repository_id is this one's",
        impact="promise 4: attestations of another repository would count, and this one's would not",
        fix=f"write `repository_id: {found.repository_id}`, and roll `jitbot bootstrap` out again",
    ).answer(settings.repository_id == found.repository_id, f"GitHub's number of it is {found.repository_id}")
    yield Check(
        code="settings-issuer",
        group="settings.yaml",
        title="the issuer is GitHub's",
        impact="promise 4: a person who runs another issuer can attest anything",
        fix=f"write `issuer: {GITHUBS_ISSUER}`",
    ).answer(is_issuer_of(api_url, settings.issuer), f"it is {settings.issuer}")
