"""The library of policies: what it takes to be in it, and the names by which an admin chooses."""

import pytest

from jitbot.domain.model.errors import InvalidError
from jitbot.domain.setup import policy_library

HEAD = "# https://docs.aws.amazon.com/sqs.html\ndescription: Move messages\n"
NAMES = ("account-read-only", "ecr-pull", "s3-prefix-read", "service-logs-read")


def test_a_policy_says_what_it_is_and_what_it_rests_on() -> None:
    """The address of AWS's page and the description are read from the first two lines."""
    (found,) = policy_library.read({"sqs-redrive": HEAD + "approvals: 1\n"}).values()
    assert (found.name, found.page) == ("sqs-redrive", "https://docs.aws.amazon.com/sqs.html")
    assert (found.description, found.text) == ("Move messages", HEAD + "approvals: 1\n")


@pytest.mark.parametrize(
    "text",
    [
        "description: Move messages\n",
        HEAD.replace("docs.aws.amazon.com", "example.com"),
        HEAD.replace("# ", ""),
        "\n" + HEAD,
        HEAD.replace("description", "title"),
    ],
)
def test_a_policy_without_its_page_is_refused(text: str) -> None:
    """A file that begins otherwise is named, with what to add."""
    with pytest.raises(InvalidError, match=r"\Ax\.yaml:1: .* add them"):
        policy_library.read({"x": text})


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ("starter", policy_library.STARTER),
        ("all", NAMES),
        ("ecr-pull", ("ecr-pull",)),
        (" ecr-pull , s3-prefix-read,", ("ecr-pull", "s3-prefix-read")),
        ("starter,ecr-pull,s3-prefix-read", (*policy_library.STARTER, "ecr-pull")),
    ],
)
def test_names_choose(names: str, chosen: tuple[str, ...]) -> None:
    """All, the starters, or some by name, each once."""
    assert policy_library.chosen(names, NAMES) == chosen


@pytest.mark.parametrize(
    ("names", "says"), [("ecr", "no policy 'ecr'"), ("", "is named"), (" , ", "is named")]
)
def test_a_name_that_is_none_is_refused(names: str, says: str) -> None:
    """The refusal lists what there is."""
    with pytest.raises(InvalidError, match=f"{says}.*account-read-only, ecr-pull"):
        policy_library.chosen(names, NAMES)
