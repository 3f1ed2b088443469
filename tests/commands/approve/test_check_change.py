"""`jitbot check --base --head`: a change as git has it, under the rules it would meet."""

import pytest
from desk import ASK, TEXT, Desk

POLICY = "policies/access/orders-db-read.yaml"


def codes(desk: Desk, base: str = "main", head: str = "HEAD") -> list[str]:
    """The codes of what is found between two revisions; the exit code must agree."""
    answer = desk.run("check", "--base", base, "--head", head, "--format", "json")
    found = [finding["code"] for finding in answer.json["findings"]]
    assert (answer.code, answer.json["ok"]) == (int(bool(found)), not found)
    return found


@pytest.fixture
def asked(desk: Desk) -> Desk:
    """A desk on a branch that adds one request."""
    desk.git("checkout", "--quiet", "-b", "ask")
    desk.write(ASK)
    desk.commit("ask")
    return desk


@pytest.fixture
def merged(desk: Desk) -> Desk:
    """A desk on a branch from a main that has the request already."""
    desk.write(ASK)
    desk.commit("merged")
    desk.git("checkout", "--quiet", "-b", "more")
    return desk


def widen(desk: Desk) -> None:
    """Let the policy give one action more."""
    desk.write(
        POLICY, (desk.root / POLICY).read_text().replace("dynamodb:Scan", "dynamodb:Scan, dynamodb:PutItem")
    )


def test_a_request_alone_is_all_good(asked: Desk) -> None:
    """A branch that adds one good request would be granted."""
    assert codes(asked) == []


def test_the_working_tree_does_not_count(asked: Desk) -> None:
    """What is committed is checked, whatever lies on disk."""
    asked.write(ASK, "nonsense")
    asked.write(POLICY, "nonsense")
    assert codes(asked) == []


def test_newer_rules_on_the_base_are_seen(asked: Desk) -> None:
    """If main would grant other documents than the branch shows, the branch must be updated first."""
    asked.git("checkout", "--quiet", "main")
    widen(asked)
    asked.commit("rules")
    assert codes(asked, head="ask") == ["rules-changed"]
    asked.git("checkout", "--quiet", "ask")
    asked.git("merge", "--quiet", "--no-edit", "main")
    assert codes(asked) == []


def test_newer_rules_that_change_nothing_for_it_do_not_count(asked: Desk) -> None:
    """Another policy, or a description, may change on main: the documents are the same."""
    asked.git("checkout", "--quiet", "main")
    for path in ("policies/access/ssm-shell.yaml", POLICY):
        asked.write(path, "# seen\n" + (asked.root / path).read_text())
    asked.commit("rules")
    assert codes(asked, head="ask") == []


def test_the_bases_rules_decide(asked: Desk) -> None:
    """What the branch's own rules would allow counts for nothing."""
    asked.write(ASK, TEXT.replace("2h", "9h"))
    asked.write(POLICY, (asked.root / POLICY).read_text().replace("4h", "12h"))
    asked.commit("help oneself")
    assert codes(asked) == ["touches-rules", "duration-above-maximum"]


@pytest.mark.parametrize("other", [POLICY, ".github/CODEOWNERS", "README.md", "jitbot/cli.py", "requests.md"])
def test_a_request_goes_alone(asked: Desk, other: str) -> None:
    """A request beside anything else is refused, whatever that is."""
    content = (asked.root / other).read_text() if (asked.root / other).exists() else ""
    asked.write(other, f"{content}# more\n")
    asked.commit("both")
    assert codes(asked) == ["touches-rules"]


def test_rules_alone_are_checked_as_rules(desk: Desk) -> None:
    """A change of rules needs no request, and is checked as it would be on main."""
    desk.git("checkout", "--quiet", "-b", "rules")
    widen(desk)
    desk.commit("rules")
    assert codes(desk) == []
    desk.write(POLICY, "description: x\n")
    desk.commit("broken")
    assert "missing-key" in codes(desk)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("duration: 2h", "duration: 3h", []),
        ("duration: 2h", "duration: 1h", ["not-longer"]),
        ("duration: 2h", "duration: 120m", ["not-longer"]),
        ("reason: INC-1234", "reason: INC-9", ["not-an-extension"]),
        ("table: orders", "table: refunds", ["not-an-extension"]),
        ("[prod]", "[prod, staging]", ["not-an-extension"]),
        ("2h\nreason: INC-1234", "3h\nreason: INC-9", ["not-an-extension"]),
        ("duration: 2h", "duration: 2h\nticket: INC-1", ["not-an-extension"]),
        ("duration: 2h", "duration: 2h\nstarts_at: 2026-11-24T10:00:00Z", ["not-an-extension"]),
        ("duration: 2h", "duration: 9h", ["duration-above-maximum"]),
    ],
)
def test_only_more_time_can_be_asked_for(merged: Desk, old: str, new: str, found: list[str]) -> None:
    """A merged request may become longer, up to the policy's maximum, and change in nothing else."""
    merged.write(ASK, TEXT.replace(old, new))
    merged.commit("more")
    assert codes(merged) == found


def test_deleting_goes_alone_too(merged: Desk) -> None:
    """An end beside a change of rules is told, though nothing is asked for."""
    (merged.root / ASK).unlink()
    widen(merged)
    merged.commit("both")
    assert codes(merged) == ["touches-rules"]


def test_deleting_needs_no_verdict(merged: Desk) -> None:
    """A deleted request ends access, which is always right."""
    (merged.root / ASK).unlink()
    merged.commit("done")
    assert codes(merged) == []


@pytest.mark.parametrize("kind", ["symlink", "executable", "submodule"])
def test_what_is_no_plain_file_is_refused(asked: Desk, kind: str) -> None:
    """A symlink, an executable and a submodule are no requests, though their paths are."""
    file = asked.root / ASK
    if kind == "executable":
        file.chmod(0o755)
    else:
        file.unlink()
        if kind == "symlink":
            file.symlink_to("/etc/passwd")
        else:
            asked.git("update-index", "--cacheinfo", f"160000,{'1' * 40},{ASK}")
    if kind != "submodule":
        asked.git("add", "--all")
    asked.git("commit", "--quiet", "--message", kind)
    assert codes(asked) == ["not-a-plain-file"]


def test_a_name_that_differs_only_by_case_is_refused(desk: Desk) -> None:
    """Whoever comes later under such a name is told, and not whoever was there before."""
    desk.write(ASK.replace("alice", "ALICE"))
    desk.commit("before")
    desk.git("checkout", "--quiet", "-b", "later")
    desk.write(ASK)
    desk.commit("later")
    assert codes(desk) == ["case-clash"]


def test_a_request_far_larger_than_any_is_not_read(asked: Desk) -> None:
    """It is said to be too large, as the decision says it."""
    asked.write(ASK, TEXT + "# more\n" * 10_000)
    asked.commit("large")
    assert codes(asked) == ["too-large"]


def test_a_moved_request_is_a_new_one(merged: Desk) -> None:
    """A rename is a deletion and an addition: the new path is checked whole."""
    merged.git("mv", ASK, "requests/orders-db-read/2026-11/24-bob-refunds.yaml")
    merged.commit("mine now")
    assert codes(merged) != []


def test_only_what_the_branch_changed_counts(asked: Desk) -> None:
    """What came to main meanwhile is not held against the branch."""
    asked.git("checkout", "--quiet", "main")
    asked.write("requests/orders-db-read/2026-11/24-dave-old.yaml", "nonsense")
    asked.commit("somebody else's")
    assert codes(asked, head="ask") == []


@pytest.mark.parametrize("bad", ["nothing", "-h", "", "HEAD:README.md", "\udcff"])
def test_a_revision_that_is_none_is_invalid(desk: Desk, bad: str) -> None:
    """A revision that names no commit is for the user to fix."""
    for arguments in (("--base", bad, "--head", "HEAD"), ("--base", "HEAD", "--head", bad)):
        answer = desk.run("check", *arguments)
        assert (answer.code, "git knows no commit" in answer.err) == (1, True)


def test_without_common_ancestor_nothing_is_concluded(asked: Desk) -> None:
    """Two histories that never met are an operational error, with what to do."""
    asked.git("checkout", "--quiet", "--orphan", "alone")
    asked.commit("alone")
    answer = asked.run("check", "--base", "main", "--head", "alone")
    assert (answer.code, "fetch-depth: 0" in answer.err) == (3, True)


def test_findings_as_annotations(asked: Desk) -> None:
    """Each finding is one workflow command that names its file, line and column; the verdict and the code stay."""
    asked.write(ASK, TEXT.replace("2h", "9h"))
    asked.commit("long")
    answer = asked.run("check", "--base", "main", "--head", "HEAD", "--format", "github")
    first, last = answer.out.splitlines()
    head, _, text = first.removeprefix("::error ").partition("::")
    assert head == f"file={ASK},line=3,col=11,title=duration-above-maximum"
    assert text.startswith("9h is above the maximum of orders-db-read, 4h; ")
    assert (answer.code, last) == (1, "1 problem")


def test_an_annotation_is_inert(asked: Desk) -> None:
    """A file's name and a person's text begin no command of their own, and end none."""
    path = "requests/orders-db-read/2026-11/24-alice-a,line=1::b\n::error::c.yaml"
    asked.write(path, TEXT)
    asked.write(ASK, TEXT.replace("alice", '"x%0A::stop-commands::y"'))
    asked.commit("hostile")
    answer = asked.run("check", "--base", "main", "--head", "HEAD", "--format", "github")
    *annotations, _ = answer.out.splitlines()
    assert answer.code == 1
    assert annotations
    for line in annotations:
        properties, _, text = line.removeprefix("::error ").partition("::")
        assert line.startswith("::error file=requests/orders-db-read/2026-11/24-alice-")
        assert [pair.partition("=")[0] for pair in properties.split(",")][-1] == "title"
        assert "%0A::stop" not in text
        assert "\x1b" not in line


def test_nothing_to_annotate(asked: Desk) -> None:
    """A good change gives no annotation, and says so."""
    answer = asked.run("check", "--base", "main", "--head", "HEAD", "--format", "github")
    assert (answer.code, answer.out) == (0, "all good\n")
