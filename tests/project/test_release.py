"""What may be released, and under which notes: the program of the release workflow, on a made project and on this one."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = "https://github.com/acme/jitbot"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-29

### Added

- A thing, as [its page](docs/thing.md#use) and [the web](https://example.com/) say.

## [1.2.2] - 2026-11-01

- Older.
"""


@pytest.fixture
def release(program_of_ci: Callable[[str], ModuleType]) -> ModuleType:
    """The program `.ci/release`."""
    return program_of_ci("release")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that is ready for v1.2.3."""
    urls = f'[project.urls]\nRepository = "{ADDRESS}"\nIssues = "{ADDRESS}/issues"\n'
    write(tmp_path, "pyproject.toml", f'[project]\nname = "jitbot"\nversion = "1.2.3"\n{urls}')
    write(tmp_path, "jitbot/__init__.py", '"""A package."""\n\n__version__ = "1.2.3"\n')
    others = '[[package]]\nname = "click"\nversion = "8.0.0"\n'
    write(tmp_path, "uv.lock", f'{others}[[package]]\nname = "jitbot"\nversion = "1.2.3"\n')
    write(tmp_path, ".github/CHANGELOG.md", CHANGELOG)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    """Write a file of a project."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file of a project, where it must be."""
    text = (folder / name).read_text("utf-8")
    assert old in text
    write(folder, name, text.replace(old, new))


def test_a_ready_version_is_released(release: ModuleType, project: Path) -> None:
    """Its files, its changelog and its address agree."""
    assert list(release.problems(project, "v1.2.3", ADDRESS)) == []


@pytest.mark.parametrize(
    "tag", ["1.2.3", "v1.2", "v1.2.3.4", "v01.2.3", "v1.2.3-rc.1", "vv1.2.3", "v1.2.3 ", "v1١.2.3", "v", ""]
)
def test_another_tag_is_no_version(release: ModuleType, project: Path, tag: str) -> None:
    """Three numbers behind a v, and nothing else."""
    (problem,) = release.problems(project, tag, ADDRESS)
    assert "is no version; name it v1.2.3" in problem


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("pyproject.toml", "1.2.3", "1.2.4", "pyproject.toml: the version is 1.2.4, the tag says 1.2.3"),
        ("jitbot/__init__.py", "1.2.3", "1.2.4", "jitbot/__init__.py: the version is 1.2.4"),
        ("jitbot/__init__.py", "__version__", "version", "jitbot/__init__.py: the version is None"),
        ("uv.lock", "1.2.3", "1.2.2", "uv.lock: the version is 1.2.2"),
        ("uv.lock", '"jitbot"', '"jitbots"', "uv.lock: the version is missing"),
        (".github/CHANGELOG.md", "[1.2.3]", "[1.2.4]", "the newest version is 1.2.4, the tag says 1.2.3"),
        (".github/CHANGELOG.md", "## [1.2.3]", "## [1.2.4] - 2026-11-30\n\n- Newer.\n\n## [1.2.3]", "the newest version is 1.2.4"),
        (".github/CHANGELOG.md", "[Unreleased]", "[Unreleased]\n\n- More.", "listed under Unreleased; move them"),
        (".github/CHANGELOG.md", " - 2026-11-29", "", "the heading of 1.2.3 has no date"),
        (".github/CHANGELOG.md", "2026-11-29", "2026-11-31", "the heading of 1.2.3 has no date"),
        (".github/CHANGELOG.md", "2026-11-29", "20261129", "the heading of 1.2.3 has no date"),
        ("pyproject.toml", f"{ADDRESS}/issues", "https://github.com/acme/jitbots", "the address Issues leads to"),
    ],
)  # fmt: skip
def test_what_does_not_agree_stops_a_release(
    release: ModuleType, project: Path, file: str, old: str, new: str, problem: str
) -> None:
    """One problem, with its file."""
    change(project, file, old, new)
    (found,) = release.problems(project, "v1.2.3", ADDRESS)
    assert problem in found
    assert found.startswith(f"{file}: ")


def test_all_problems_are_named_at_once(release: ModuleType, project: Path) -> None:
    """Nothing of the changelog, no version, and the address of somebody else."""
    for file in ("pyproject.toml", "jitbot/__init__.py", "uv.lock"):
        change(project, file, "1.2.3", "1.2.2")
    write(project, ".github/CHANGELOG.md", "# Changelog\n")
    found = list(release.problems(project, "v1.2.3", "https://github.com/mallory/jitbot"))
    assert len(found) == 6
    assert "the newest version is missing" in found[3]


def test_nothing_to_say_is_no_release(release: ModuleType, project: Path) -> None:
    """A heading alone is not enough."""
    write(
        project,
        ".github/CHANGELOG.md",
        "# Changelog\n\n## [1.2.3] - 2026-11-29\n\n## [1.2.2] - 2026-11-01\n\n- Older.\n",
    )
    (found,) = release.problems(project, "v1.2.3", ADDRESS)
    assert "nothing is said of 1.2.3" in found


def test_the_notes_are_the_changelogs_words(
    release: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this version alone; a link within the repository leads nowhere on the page of a release, so it is only text."""
    monkeypatch.setattr(release, "ROOT", project)
    assert release.main(["v1.2.3", ADDRESS]) == 0
    assert capsys.readouterr().out == (
        "### Added\n\n- A thing, as its page and [the web](https://example.com/) say.\n"
    )
    assert release.main(["v1.2.4", ADDRESS]) == 1
    refused = capsys.readouterr()
    assert refused.out == ""
    assert len(re.findall(r"^error: ", refused.err, re.MULTILINE)) == 4
    assert release.main(["v1.2.4"]) == 2


def test_this_version_could_be_released(release: ModuleType) -> None:
    """The project's own version is the same in every file, and the changelog describes it.

    Changes may wait under Unreleased: that stops the tag, and nothing before it.
    """
    (version,) = set(release.versions(ROOT).values())
    parts = release.sections(ROOT)
    assert list(parts)[:2] == ["Unreleased", version]
    waiting = f"{release.CHANGELOG}: changes are listed under Unreleased"
    address = "https://github.com/your-organisation/jitbot"
    problems = list(release.problems(ROOT, f"v{version}", address))
    assert [each for each in problems if not each.startswith(waiting)] == []
    assert all(day for day, _ in list(parts.values())[1:])
    assert list(release.problems(ROOT, f"v{version}", "https://github.com/acme/jitbot"))


def test_each_version_begins_with_a_kind_of_change() -> None:
    """What stands right below a version's heading was meant for the one above it."""
    text = (ROOT / ".github/CHANGELOG.md").read_text("utf-8")
    _, *versions = text.split("\n## [")
    assert len(versions) > 1
    for version in versions:
        heading, _, rest = version.partition("\n")
        assert re.match(r"\n### \w|\nThe first whole version", rest), heading
