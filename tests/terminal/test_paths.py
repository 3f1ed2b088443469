"""Where a command works: which files are read, which folder is the data root, and what a name on the command line means."""

import os
from pathlib import Path

import pytest

from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.paths import (
    LARGEST,
    FolderTree,
    clone,
    data_root,
    has_data_root,
    is_folder,
    policy_paths,
    relative,
    root_of,
)

LINK, FOLDER, RUN = "120000", "040000", "100755"
LONG = "x" * 300


def write(root: Path, *paths: str) -> None:
    """A file at each path, which holds its own name."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with a file of each kind, behind a link that is nobody's trick."""
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    found = tmp_path / "root"
    write(found, "policies/settings.yaml", "policies/access/b.yaml", "policies/access/a.yaml", "policies/access/c.md", "plain", "run.sh")  # fmt: skip
    (found / "run.sh").chmod(0o755)
    (found / "link").symlink_to("plain")
    (found / "nowhere").symlink_to("nothing")
    (found / "linked").symlink_to("policies")
    return found


def test_ordinary_files_are_read(root: Path) -> None:
    """No link, nothing behind one, and no folder; and of a large file no more than a document may have."""
    write(root, "large")
    (root / "large").write_bytes(b"x" * (LARGEST + 1))
    paths = ["plain", "run.sh", "link", "nowhere", "linked/settings.yaml", "policies", "nothing", "large"]
    found = FolderTree(root=root).read(paths)
    assert list(found) == ["plain", "run.sh", "large"]
    assert (found["plain"], len(found["large"])) == (b"plain", LARGEST)


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    """A name may be too long for any file."""
    with pytest.raises(InvalidError, match=f"{LONG} cannot be read: File name too long"):
        FolderTree(root=root).read(["plain", LONG])


def test_what_is_no_ordinary_file_has_the_mode_that_git_would_give_it(root: Path) -> None:
    """A link, whatever lies behind it; a folder; a file that may be run."""
    tree = FolderTree(root=root)
    paths = ["plain", "run.sh", "link", "nowhere", "linked/settings.yaml", "policies", "nothing"]
    odd = {"run.sh": RUN, "link": LINK, "nowhere": LINK, "linked/settings.yaml": LINK, "policies": FOLDER}
    assert tree.others(paths) == odd


def test_where_every_file_may_be_run_none_is_odd(root: Path) -> None:
    """Such a file system has no such bit; a bit of others than the owner is none of git's."""
    tree = FolderTree(root=root)
    assert tree.others(["run.sh", "policies", "nothing"]) == {"policies": FOLDER}
    (root / "run.sh").chmod(0o655)
    assert tree.others(["run.sh", "plain"]) == {}


def test_policies_are_found_by_their_names(root: Path) -> None:
    """In order; a page beside them is none."""
    assert policy_paths(root) == ["policies/access/a.yaml", "policies/access/b.yaml"]


def test_the_data_root_is_the_nearest_above(root: Path, tmp_path: Path) -> None:
    """From the folder itself on; where there is none, it says where to run jitbot."""
    assert (data_root(root), data_root(root / "policies/access")) == (root, root)
    assert (has_data_root(root / "policies"), has_data_root(tmp_path)) == (True, False)
    with pytest.raises(
        InvalidError, match=r"no policies/settings.yaml in .* or above: run jitbot inside a clone"
    ):
        data_root(tmp_path)


def test_files_of_the_command_line_have_one_root(root: Path, tmp_path: Path) -> None:
    """Theirs, wherever the person is; the person's, where they lie in none; never two."""
    write(tmp_path, "other/policies/settings.yaml", "other/file", "lonely")
    (tmp_path / "aside").symlink_to("root/plain")
    assert root_of(["root/plain", "root/policies", "root/policies/none"], tmp_path) == root
    assert root_of(["../other/file"], root) == tmp_path / "other"
    assert root_of(["../lonely", LONG], root) == root
    assert root_of([], root) == root
    assert root_of(["link"], root) == root
    assert root_of(["real"], tmp_path) == tmp_path / "real"
    assert root_of(["root/./policies/../plain"], tmp_path) == root
    with pytest.raises(
        InvalidError, match=r"these files lie in several access repositories: .*/other, .*/root; check"
    ):
        root_of(["root/plain", "other/file"], tmp_path)
    for folder in (tmp_path, root):
        with pytest.raises(
            InvalidError, match=f"aside is a symlink; name the file itself, {tmp_path}/real/plain"
        ):
            root_of([os.path.relpath(tmp_path / "aside", folder), str(root / "plain")], folder)
    with pytest.raises(InvalidError, match="run jitbot inside a clone"):
        root_of(["lonely", LONG], tmp_path)


def test_a_folder_is_no_link_to_one(root: Path) -> None:
    """And no file; a name too long for any is none either."""
    names = ("policies", "linked", "plain", "nothing", LONG)
    assert [is_folder(root / each) for each in names] == [True, False, False, False, False]


def test_a_name_counts_from_where_the_person_is(root: Path) -> None:
    """As a path below the root; what lies elsewhere is refused, by whatever way it is named."""
    assert relative("../plain", folder=root / "policies", root=root) == "plain"
    assert relative(str(root / "policies/x"), folder=root, root=root) == "policies/x"
    for outside in ("..", "../root-2/x", "policies/../../x"):
        with pytest.raises(InvalidError, match=f"{outside} does not lie in the access repository at"):
            relative(outside, folder=root, root=root)


def test_the_clone_is_of_the_data_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with the token and the server that the environment names."""
    seen: list[object] = []
    monkeypatch.setattr(
        "jitbot.adapters.git.GitRepository", lambda folder, **given: seen.append((folder, given))
    )
    for environ, token, server in (
        ({}, "", "https://github.com"),
        ({"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://ghe.example"}, "t", "https://ghe.example"),
    ):
        clone(root / "policies", environ)
        assert seen.pop() == (root, {"token": token, "server": server, "environ": environ})
