"""The library of policies as it is shipped: each is a clean policy, the docs list it, and `init` writes what is chosen."""

import re
import sys
from pathlib import Path

import library
import pytest
from desk import said

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.commands.setup import templates
from jitbot.domain.aws.policy_lint import policy_findings
from jitbot.domain.model.documents import FindingLevel, Policy, Source
from jitbot.domain.setup import policy_library
from jitbot.domain.text import duration

ROOT = Path(__file__).parents[3]
PAGE = ROOT / ".github/docs/policy-library.md"
LIBRARY = templates.library()
CATALOGUE = ServiceAuthorizationReference()
every_policy = pytest.mark.parametrize("name", LIBRARY)
ANSWERS = (
    *("--repository", "acme/new", "--repository-id", "7", "--upstream", "acme/jitbot", "--release", "a" * 40),
    *("--owner", "bob:2", "--owner", "erin:5", "--account", "prod=111111111111"),
)


def policy(name: str) -> Policy:
    """A policy of the library, filled in for bob and erin in prod."""
    text = (
        LIBRARY[name]
        .text.replace("__ELIGIBLE__", "[bob, erin]")
        .replace("__ACCOUNTS__", "[prod]")
        .replace("__REVIEWERS__", "[bob, erin]")
    )
    parsed = documents.parse_policy(Source(path=f"policies/access/{name}.yaml", content=text.encode()))
    assert parsed.findings == ()
    assert parsed.value is not None
    return parsed.value


def risk(root: Path, name: str) -> str:
    """The risk that an approver reads of a request under the policy."""
    judged = library.asked_of(name)
    library.granted(root, judged)
    (path,) = (root / "requests" / name).rglob("*.yaml")
    answer = said("explain", path.relative_to(root).as_posix(), "--format", "json", folder=root)
    return str(answer.json["risk"]["level"])


def row(root: Path, name: str) -> str:
    """What the docs say of a policy, in one row."""
    made = policy(name)
    asks = ", ".join(f"`{each.name}`" for each in made.parameters) or "nothing"
    approvals = str(made.approvals) if made.approvals else "0, reviewed after"
    link = f"[{name}](../../jitbot/templates/policies/{name}.yaml)"
    longest = duration.show(made.max_duration)
    return f"| {link} | {made.description} | {asks} | {longest} | {approvals} | {risk(root, name)} | [AWS]({LIBRARY[name].page}) |"


@every_policy
def test_a_policy_of_the_library_is_clean(name: str) -> None:
    """The linter finds nothing that is not acknowledged with its reason."""
    found = policy_findings(policy(name), CATALOGUE)
    assert [each for each in found if each.level is not FindingLevel.NOTICE] == []


@every_policy
def test_the_requester_names_what_is_needed(name: str) -> None:
    """Nothing must be edited before it works: no name of an example is in a policy, and every parameter is explained."""
    assert "example" not in LIBRARY[name].text.partition("\n")[2]
    assert all(each.description for each in policy(name).parameters)


def test_the_docs_list_the_library(tmp_path: Path) -> None:
    """The table of the page has a row for each policy, in the order of names, and no other."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| [")]
    root = library.begin(tmp_path)
    assert rows == [row(root, name) for name in LIBRARY]


def test_the_starters_are_the_librarys() -> None:
    """The repository's own policies are those that a new one begins with, for its own people and accounts."""
    for name in policy_library.STARTER:
        own = (ROOT / "policies/access" / f"{name}.yaml").read_text("utf-8")
        filled = re.escape(LIBRARY[name].text).replace("__ELIGIBLE__", ".*").replace("__ACCOUNTS__", ".*")
        assert re.match(filled, own), name
    own_names = {path.stem for path in (ROOT / "policies/access").glob("*.yaml")}
    assert own_names == set(policy_library.STARTER)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), policy_library.STARTER),
        (("--policies", "starter"), policy_library.STARTER),
        (("--policies", "all"), tuple(LIBRARY)),
        (("--policies", "sqs-redrive,ecr-pull"), ("ecr-pull", "sqs-redrive")),
    ],
)
def test_init_writes_what_is_chosen(tmp_path: Path, options: tuple[str, ...], names: tuple[str, ...]) -> None:
    """The chosen policies and the rehearsal, a line of CODEOWNERS for each, and nothing to say about any of them."""
    answer = said("init", *ANSWERS, *options, folder=tmp_path)
    assert answer.code == 0, answer.err
    written = {path.stem for path in (tmp_path / "policies/access").iterdir()}
    assert written == {*names, "rehearsal"}
    owners = (tmp_path / ".github/CODEOWNERS").read_text("utf-8")
    lines = dict(re.findall(r"^/requests/(\S+)/(.*)$", owners, re.MULTILINE))
    assert lines == {name: "" if name == "break-glass" else " @bob @erin" for name in written}
    checked = said("check", "--format", "json", folder=tmp_path)
    assert checked.code == 0
    # Who has no AWS principal yet cannot ask; the admin adds them next.
    assert {each["code"] for each in checked.json["warnings"]} <= {"no-principal", "nobody-can-ask"}


def test_init_takes_no_name_that_is_none(tmp_path: Path) -> None:
    """A name that the library does not have is refused with the names that it has, and nothing is written."""
    answer = said("init", *ANSWERS, "--policies", "sqs", folder=tmp_path)
    assert answer.code == 1
    assert "the library has no policy 'sqs'" in answer.err
    assert "sqs-redrive" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("impatient")
def test_at_a_terminal_init_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen lists each policy with what it gives; a wrong answer is asked again, and the second is taken."""
    monkeypatch.setenv("COLUMNS", "100")
    answers = iter(["sqs", "sqs-redrive"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    answer = said("init", *ANSWERS, folder=tmp_path)
    assert answer.code == 0, answer.err
    listed = answer.err.split("the library has no policy 'sqs'")[0].splitlines()
    assert len(listed) <= 30
    for each in LIBRARY.values():
        assert [line for line in listed if line.startswith(f"  {each.name}  {each.description[:40]}")], (
            each.name
        )
    assert "the library has no policy 'sqs'" in answer.err
    assert {path.stem for path in (tmp_path / "policies/access").iterdir()} == {"sqs-redrive", "rehearsal"}
