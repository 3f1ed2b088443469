"""What of git's words is shown when it fails, and a git that is asked again and again."""

import gc
import os
import subprocess
import sys
import threading
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.process import (
    _ASKED,
    NO_TOKEN,
    TURN,
    GitProcess,
    Token,
    _credentials,
    last_line,
    why_not_fetched,
)
from jitbot.adapters.git.tree_diff import EMPTY_TREE, search
from jitbot.domain.model.errors import UnavailableError

TAIL = (
    "fatal: Could not read from remote repository.\n\n"
    "Please make sure you have the correct access rights\nand the repository exists.\n"
)


BELOW_A_MOUNT = (
    "fatal: not a git repository (or any parent up to mount point /home)\n"
    "Stopping at filesystem boundary (GIT_DISCOVERY_ACROSS_FILESYSTEM not set).\n"
)


NOT_MINE = (
    "fatal: detected dubious ownership in repository at '/srv/a'\n"
    "To add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /srv/a\n"
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (f"fatal: 'origin' does not appear to be a git repository\n{TAIL}", "fatal: 'origin' does not appear to be a git repository"),
        (f"ssh: connect to host github.com port 22: refused\n{TAIL}", "ssh: connect to host github.com port 22: refused"),
        ("remote: no\nfatal: Authentication failed for 'x'\n", "fatal: Authentication failed for 'x'"),
        (TAIL, "and the repository exists."),
        (NOT_MINE, "fatal: detected dubious ownership in repository at '/srv/a'; git proposes: git config --global --add safe.directory /srv/a"),
        (BELOW_A_MOUNT, "fatal: not a git repository (or any parent up to mount point /home)"),
        ("", "no reason given"),
    ],
)  # fmt: skip
def test_the_reason_is_shown(words: str, shown: str) -> None:
    """The last line that says something about this failure; what git adds to each of them does not."""
    assert last_line(words.encode()) == shown


SENT = Token("ghs_secret", "https://github.com")
ASKED = "fatal: could not read Username for 'https://github.com': terminal prompts disabled"


@pytest.mark.parametrize(
    ("words", "token", "shown"),
    [
        (ASKED, SENT, "the server refuses the token: it is wrong or has expired; set GITHUB_TOKEN"),
        ("fatal: Authentication failed for 'https://github.com/a/b/'", SENT, "the server refuses the token: it is"),
        (ASKED, NO_TOKEN, "the server asks who you are: set GITHUB_TOKEN"),
        (ASKED, Token("", "https://github.com"), "the server asks who you are: set GITHUB_TOKEN"),
        (ASKED, Token("ghs_secret", ""), "the server asks who you are: set GITHUB_TOKEN"),
        (ASKED.replace("github.com", "ghe.acme.com"), SENT, "the server asks who you are: set GITHUB_TOKEN"),
        ("fatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 403", SENT, "the server refuses the token: it may not"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", SENT, "fatal: unable to access"),
        ("fatal: unable to access 'https://github.com/a/b/': Could not resolve host", SENT, "fatal: unable to access"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 404", SENT, "the server shows no such repository"),
        ("remote: Repository not found.", SENT, "the server shows no such repository"),
        ("fatal: couldn't find remote ref refs/heads/x", SENT, "fatal: couldn't find remote ref refs/heads/x"),
    ],
)  # fmt: skip
def test_what_git_says_of_a_token_is_said_with_the_way_out(words: str, token: Token, shown: str) -> None:
    """git asks for a name where a token was refused; who reads that must know that it is the token."""
    said = why_not_fetched(f"{words}\n{TAIL}".encode(), token)
    assert said.startswith(shown)
    assert "ghs_secret" not in said


def _trees(folder: Path, number: int) -> list[str]:
    """So many trees, each with one file of its own name."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    run = ["git", "-C", str(folder)]
    blob = subprocess.run([*run, "hash-object", "-w", "--stdin"], input=b"", capture_output=True, check=True)
    lines = "\n\n".join(f"100644 blob {blob.stdout.decode().strip()}\tf{each}" for each in range(number))
    made = subprocess.run(
        [*run, "mktree", "--batch"], input=f"{lines}\n".encode(), capture_output=True, check=True
    )
    return made.stdout.decode().split()


def _git(folder: Path, program: str, **more: float) -> GitProcess:
    """A git that is a program of ours, before any other on the path."""
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(f"#!{sys.executable}\n{program}\n")
    (folder / "git").chmod(0o755)
    return GitProcess(folder, timeout=more.get("timeout", 60), environ={"PATH": str(folder)})


def test_one_git_compares_as_many_trees_as_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More pairs than one question has room for: each is compared, by a single process."""
    trees = _trees(tmp_path, 3 * TURN // 82)
    git = GitProcess(tmp_path, timeout=60)
    started, start = list[Any](), GitProcess._started

    def starting(*given: Any, **more: Any) -> Any:
        started.append(start(*given, **more))
        return started[-1]

    monkeypatch.setattr(GitProcess, "_started", starting)
    found = search(git, [(EMPTY_TREE, each) for each in trees], most=5)
    assert [each.found[0].path for each in found.values()] == [f"f{number}" for number in range(len(trees))]
    assert len(started) == 1


def test_each_question_has_an_answer_of_its_own(tmp_path: Path) -> None:
    """What is asked later may hang on what was answered before."""
    one, other = _trees(tmp_path, 2)
    git = GitProcess(tmp_path, timeout=60)
    for pair in ((one, other), (other, one), (one, one)):
        asked = f"{pair[0]} {pair[1]}\n.\n"
        with git.standing("diff-tree", "--stdin", "-z", "--raw", "--no-abbrev", stdin=asked) as answer:
            names = {record.name for _, record in plumbing.records(answer) if record is not None}
            assert names == ({"f0", "f1"} if pair[0] != pair[1] else set())


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; sys.exit('fatal: out of memory')", "git diff-tree failed: fatal: out of memory"),
        ("", "git diff-tree ended before its answer did"),
        ("print(':100644 100644 ', end='')", "git diff-tree ended before its answer did"),
        ("import sys; sys.stdin.readline(); print('a b')", "git diff-tree ended before its answer did"),
    ],
)
def test_a_git_that_does_not_answer_whole_is_no_answer(tmp_path: Path, program: str, why: str) -> None:
    """What differs is unknown then, and nothing is never taken for all. git's own words are the reason, if it has any."""
    git = _git(tmp_path / "bin", program)
    with pytest.raises(UnavailableError) as raised:
        search(git, [("1" * 40, "2" * 40)], most=5)
    assert str(raised.value) == why


def test_a_git_that_never_answers_is_stopped(tmp_path: Path) -> None:
    """Within the time limit, as any other."""
    git = _git(tmp_path / "bin", "import time; time.sleep(60)", timeout=0.5)
    with pytest.raises(UnavailableError) as raised:
        search(git, [("1" * 40, "2" * 40)], most=5)
    assert "took longer" in str(raised.value)


def test_what_git_was_read_by_is_closed(tmp_path: Path) -> None:
    """A run reads thousands of answers: no pipe of one stays open."""
    with GitProcess(tmp_path, timeout=60).streamed("version", stdin="") as printed:
        assert printed.read().startswith(b"git version")
    assert printed.closed


class Started:
    """A git that runs, and what is done to it."""

    stdin = None

    def __init__(self) -> None:
        self.stdout, self.done = BufferedReader(BytesIO(b"x")), list[str]()

    def kill(self) -> None:
        """It ends, whatever it does."""
        self.done.append("kill")

    def wait(self) -> int:
        """For its end."""
        self.done.append("wait")
        return 0


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_a_git_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """One whose reader fails is killed before it is waited for; no clock runs on, for a command would not end before it."""
    started: Any = Started()
    others = threading.enumerate()

    def begin(_: GitProcess, __: object, stdin: int, *___: int, **____: bool) -> Any:
        started.done.append(os.read(stdin, 99).decode())
        return started

    monkeypatch.setattr(GitProcess, "_started", begin)
    reading = GitProcess(tmp_path, timeout=5).streamed("x", stdin="asked")
    if fails:
        with pytest.raises(KeyError), reading:
            raise KeyError
    else:
        with reading as printed:
            assert printed.read() == b"x"
    assert started.done == ["asked", *([] if fails else ["wait"]), "kill", "wait"]
    assert started.stdout.closed
    timers = [
        each for each in threading.enumerate() if isinstance(each, threading.Timer) and each not in others
    ]
    assert all(each.finished.is_set() for each in timers)


@pytest.mark.parametrize("lazily", [True, False])
def test_what_is_missing_is_fetched_only_where_that_is_meant(tmp_path: Path, *, lazily: bool) -> None:
    """git would else fetch the objects that a partial clone lacks one by one, and without the token."""
    git = _git(tmp_path / "bin", "import os; print(os.environ.get('GIT_NO_LAZY_FETCH', ''))")
    assert git.run("x", lazily=lazily).stdout == (b"\n" if lazily else b"1\n")
    with git.streamed("x", stdin="", lazily=lazily) as printed:
        assert printed.read() == (b"\n" if lazily else b"1\n")


def test_a_git_that_fails_or_is_not_there_is_no_answer(tmp_path: Path) -> None:
    """Whichever way it is asked."""
    failing = _git(tmp_path / "bin", "import sys; sys.exit('fatal: out of memory')")
    with pytest.raises(UnavailableError, match="git x failed: fatal: out of memory"):
        failing.ask("x")
    assert _git(tmp_path / "good", "print('x')").ask("x") == b"x\n"
    missing = GitProcess(tmp_path, timeout=60, environ={"PATH": str(tmp_path)})
    for git, argument, why in (
        (missing, "x", "git is not installed"),
        (failing, "x" * 3_000_000, "git cannot be run: Argument list too long"),
    ):
        with pytest.raises(UnavailableError, match=why):
            git.run(argument)
        for asked in (git.streamed, git.standing):
            with pytest.raises(UnavailableError, match=why), asked(argument, stdin=""):
                pass


def test_a_git_that_never_ends_is_stopped(tmp_path: Path) -> None:
    """It would hold up the run, and a lock."""
    with pytest.raises(UnavailableError, match="git x took longer than 0 s"):
        _git(tmp_path / "bin", "import time; time.sleep(60)", timeout=0.2).ask("x")
    git = _git(tmp_path / "bin", "import time; time.sleep(60)", timeout=0.5)
    with pytest.raises(UnavailableError, match="git x took longer"), git.streamed("x", stdin="") as answer:
        _to_its_end(answer)


@pytest.mark.parametrize(
    ("words", "tries"),
    [
        ([""], 1),
        (["fatal: hung up", ""], 2),
        (["fatal: hung up"] * 9, 4),
        (["fatal: Couldn't find remote ref refs/heads/x"], 1),
        (["fatal: hung up", "remote: Repository not found."], 2),
    ],
)
def test_a_fetch_that_may_yet_go_right_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], tries: int
) -> None:
    """Ever more slowly, and what stays as it is, not at all."""
    slept: list[float] = []
    asked: list[str] = []
    monkeypatch.setattr("jitbot.adapters.git.process.time.sleep", slept.append)

    def run(_: GitProcess, *arguments: str, **__: object) -> "subprocess.CompletedProcess[bytes]":
        said = words[len(asked)]
        asked.append(" ".join(arguments))
        return subprocess.CompletedProcess([], 128 if said else 0, b"", said.encode())

    monkeypatch.setattr(GitProcess, "run", run)
    found = GitProcess(tmp_path, timeout=1).fetch("origin", options=("-c", "a=b"))
    assert (found.returncode == 0, asked) == (words[tries - 1] == "", ["-c a=b fetch origin"] * tries)
    assert slept == [1.0, 3.0, 9.0][: tries - 1]


@pytest.mark.parametrize("token", [NO_TOKEN, Token("ghs_secret", ""), Token("", "https://github.com")])
def test_a_token_without_a_server_is_sent_to_nobody(token: Token) -> None:
    """Nor is an empty one sent."""
    assert _credentials(token) == {}
    assert _credentials(SENT)["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"


def test_a_commit_names_its_tree() -> None:
    """In its first line, so that git need not be asked."""
    assert plumbing.tree_of(b"tree " + b"1" * 40 + b"\nparent") == "1" * 40


@pytest.mark.parametrize("text", [b"", b"tree x\n", b"tree " + b"1" * 40, b"parent " + b"1" * 40 + b"\n"])
def test_a_commit_that_names_no_tree_has_none(text: bytes) -> None:
    """git is asked then; it says whether it is a commit at all."""
    assert plumbing.tree_of(text) is None


# Says who it is, and repeats the line.
SAYS = (
    "import os, sys\nfor line in iter(sys.stdin.readline, ''): print(os.getpid(), line, end='', flush=True)"
)


def said(git: GitProcess, *lines: str, verb: str = "x", lazily: bool = True) -> set[int]:
    """Which processes answered these lines, asked as one question."""
    asked = "".join(f"{line}\n" for line in lines)
    with git.standing(verb, stdin=asked, lazily=lazily) as answer:
        found = [answer.readline().split(maxsplit=1) for _ in lines]
    assert [text.decode() for _, text in found] == [f"{line}\n" for line in lines]
    return {int(who) for who, _ in found}


def ended(process: int) -> bool:
    """Whether there is no such process any more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_one_git_stands_for_the_questions_of_a_kind(tmp_path: Path) -> None:
    """Another verb, or one that may not fetch, is another git; all of them end with who asked."""
    git = _git(tmp_path / "bin", SAYS)
    first = said(git, "a")
    assert said(git, "b", "c") == first
    others = said(git, "d", lazily=False) | said(git, "e", verb="y")
    assert len(first | others) == 3
    assert said(git, "f") == first
    assert not any(map(ended, first | others))
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(each.finished.is_set() for each in timers)  # a command would not end before them
    del git
    gc.collect()
    assert all(map(ended, first | others))


def test_a_git_that_stands_knows_of_no_later_fetch(tmp_path: Path) -> None:
    """What is asked after a fetch is asked of a new one; an answer that is being read is read to its end."""
    git = _git(tmp_path / "bin", SAYS)
    first = said(git, "a")
    with git.standing("x", stdin="b\n") as answer:
        git.fetch()
        assert {int(answer.readline().split()[0])} == first
    assert ended(*first)
    second = said(git, "c")
    assert second != first
    git.fetch()
    assert ended(*second)


def test_questions_within_each_other_have_a_git_each(tmp_path: Path) -> None:
    """Nobody reads another one's answer, and one git is left."""
    git = _git(tmp_path / "bin", SAYS)
    with git.standing("x", stdin="a\n") as answer:
        inner = said(git, "b")
        assert said(git, "c") == inner
        outer = {int(answer.readline().split()[0])}
    assert outer != inner
    assert ended(*outer)
    assert said(git, "d") == inner


def test_an_answer_that_was_left_is_read_by_nobody(tmp_path: Path) -> None:
    """The next question is asked of a new git."""
    git = _git(tmp_path / "bin", SAYS)
    first = said(git, "a")
    with pytest.raises(KeyError), git.standing("x", stdin="b\nc\n") as answer:
        raise KeyError(answer.readline())
    assert ended(*first)
    assert said(git, "d") != first


def test_a_long_question_is_asked_of_a_git_of_its_own(tmp_path: Path) -> None:
    """It does not fit into every pipe."""
    git = _git(tmp_path / "bin", SAYS)
    first = said(git, "a" * (TURN - 1))
    assert said(git, "b" * TURN) != first
    assert said(git, "c") == first


def test_one_git_is_asked_so_much_and_no_more(tmp_path: Path) -> None:
    """It may keep what it looked at; what is asked after that, a new one is asked."""
    git = _git(tmp_path / "bin", SAYS)
    turns = [said(git, "a" * (TURN - 1)) for _ in range(_ASKED // TURN)]
    assert turns.count(turns[0]) == len(turns)
    assert ended(*turns[0])
    assert said(git, "b") != turns[0]


def _to_its_end(answer: BufferedReader, *lines: bytes) -> None:
    """Read these lines, and one that is not there."""
    assert [answer.readline().split()[-1] for _ in lines] == [*lines]
    assert answer.readline() == b""
    raise EOFError


def test_a_git_that_went_away_is_started_again(tmp_path: Path) -> None:
    """It is missed before the next question; in the middle of an answer that answer has no end."""
    git = _git(tmp_path / "bin", f"{SAYS}; sys.exit('fatal: no more') if line == 'last\\n' else None")
    first = said(git, "last")
    (process,) = first
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert said(git, "a") != first
    with (
        pytest.raises(UnavailableError, match="git x failed: fatal: no more"),
        git.standing("x", stdin="last\nb\n") as answer,
    ):
        _to_its_end(answer, b"last")


def test_a_git_that_stands_and_does_not_answer_is_stopped(tmp_path: Path) -> None:
    """Within the time limit, as any other; the next question is asked of a new one."""
    git = _git(tmp_path / "bin", "import time; time.sleep(60)", timeout=0.5)
    for _ in range(2):
        with (
            pytest.raises(UnavailableError, match="git x took longer"),
            git.standing("x", stdin="a\n") as answer,
        ):
            _to_its_end(answer)


def test_who_reads_too_little_does_not_wait(tmp_path: Path) -> None:
    """A git that waits for the next question is told that there is none, and the answer is none."""
    git = _git(tmp_path / "bin", SAYS, timeout=5)
    with pytest.raises(UnavailableError) as raised, git.standing("x", stdin="a\n"):
        raise EOFError
    assert str(raised.value) == "git x ended before its answer did"


def test_nothing_of_a_git_that_stood_is_left_open(tmp_path: Path) -> None:
    """Neither of one that went away, nor of one whose answer was cut or left, nor of one that never was."""
    git = _git(tmp_path / "bin", f"{SAYS}; sys.exit(1) if line == 'last\\n' else None")
    missing = GitProcess(tmp_path, timeout=5, environ={"PATH": str(tmp_path)})
    before = len(list(Path("/dev/fd").iterdir()))
    (process,) = said(git, "last")
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    said(git, "a")
    for asked, error in ((git, EOFError), (git, KeyError), (missing, KeyError)):
        with pytest.raises((UnavailableError, KeyError)), asked.standing("x", stdin="last\n"):
            raise error
    git.fetch()
    assert len(list(Path("/dev/fd").iterdir())) == before
