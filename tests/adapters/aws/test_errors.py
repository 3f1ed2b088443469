"""Which of AWS's errors is a refusal, and which says nothing about what is allowed."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from jitbot.adapters.aws.errors import translated
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("AccessDenied", "no", 403, DeniedError),
        ("AccessDenied", "could not retrieve what only another code says", 403, DeniedError),
        ("InvalidIdentityToken", "Couldn't retrieve verification key", 400, UnavailableError),
        ("InvalidIdentityToken", "no such audience", 400, DeniedError),
        ("Throttling", "slower", 400, UnavailableError),
        ("SomethingNew", "no", 499, DeniedError),
        ("SomethingNew", "oops", 500, UnavailableError),
        ("", "", 0, DeniedError),
    ],
)
def test_a_refusal_is_told_from_trouble(
    code: str, message: str, status: int, kind: type[JitbotError]
) -> None:
    """By the code, by what is said with it where the code has two meanings, and by the status."""
    error = ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "CreateRole",
    )
    with (
        pytest.raises(JitbotError, match=f"AWS would not create it: {code}: {message}") as raised,
        translated("create it"),
    ):
        raise error
    assert type(raised.value) is kind


def test_a_call_without_an_answer_is_trouble() -> None:
    """What botocore itself says, on one line, with what was being done."""
    with (
        pytest.raises(UnavailableError, match="could not create it: Connect timeout") as raised,
        translated("create it"),
    ):
        raise ConnectTimeoutError(endpoint_url="https://iam.example/\nx")
    assert "\n" not in str(raised.value)
