"""What one person with write access can put into the repository to get in others' way: each move is one function.

mallory may push any branch but main, so also the ledger, and may merge what nobody owns: an admin's merge stands for
that. No move touches a request of anybody else, nor the rules. A new move is one function under `@move`.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from acme_world import World
from forging import batch, mallorys, push, signed_by

from jitbot.domain.ledger.stops import StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.documents import GithubId, Login, Person, Sha
from jitbot.domain.text import timestamp
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.records import Comment, Review

SOAK = bool(os.environ.get("JITBOT_SOAK"))
WHERE = "requests/production-break-glass"  # a folder that nobody owns
LONG = "/".join(["d" * 250] * 15)  # with a name below it: nearly the 4,096 bytes that a path can have
LEDGER = "refs/heads/ledger"  # a tag may have its short name
CODEOWNERS = ".github/CODEOWNERS"
_OF_MALLORY = (
    r"/pulls/(\d+)|/issues/(\d+)|/collaborators/(mallory)"  # what GitHub is asked of a person's own doings
)
PLAIN, EXECUTABLE, SYMLINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "040000"

Move = Callable[[World], None]
MOVES: dict[str, Move] = {}


def move(function: Move) -> Move:
    """Count a function among the moves."""
    MOVES[function.__name__] = function
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What a commit puts at a path: bytes of a file of some mode, or an object that is there already."""

    content: bytes = b""
    mode: str = PLAIN
    name: str = ""  # of an object


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit of mallory's."""

    puts: Mapping[bytes, Put]
    gone: Sequence[bytes] = ()
    message: bytes = b"more"
    when: float | None = None  # seconds since 1970, which git lets anybody claim
    login: str = "mallory"


def text(paths: Iterable[str], content: bytes = b"") -> dict[bytes, Put]:
    """These paths with this content below the folder that nobody owns."""
    return {f"{WHERE}/{path}".encode(): Put(content=content) for path in paths}


def commit(world: World, branch: str, *commits: Commit) -> str:
    """Put commits on a branch, which begins at main if it is new, past everything that checks names; gives the last."""
    store = world.github.store
    tip = store.tip(branch) or store.tip("main")
    if len(commits) == 1 and _usual(commits[0]):
        return _committed(world, branch, tip, commits[0])
    stream = [f"reset refs/heads/{branch}\nfrom {tip}\n\n".encode()]
    for number, each in enumerate(commits, start=1):
        stamp = f"{int(world.now.timestamp() if each.when is None else each.when)} +0000"
        signed = f"{each.login} <{each.login}@acme.com> {stamp}"
        stream += [
            f"commit refs/heads/{branch}\nmark :{number}\nauthor {signed}\ncommitter {signed}\n".encode(),
            b"data %d\n%b\n" % (len(each.message), each.message),
            *(b"D %b\n" % _quoted(path) for path in each.gone),
            *(_put(path, put) for path, put in each.puts.items()),
        ]
    stream.append(b"get-mark :%d\n" % len(commits))
    made = store.git("fast-import", "--quiet", "--date-format=raw", "--force", stdin=b"".join(stream))
    store.forget_refs()
    return str(made.decode().strip())


_USUAL = re.compile(rb"[A-Za-z0-9._/-]+")


def _usual(commit: Commit) -> bool:
    """Whether a commit only adds, changes and deletes plain files of plain names: then no process is needed."""
    plain = all(put.mode == PLAIN and not put.name for put in commit.puts.values())
    paths = all(map(_USUAL.fullmatch, (*commit.puts, *commit.gone)))
    return plain and paths and commit.when is None and commit.message.isascii()


def _committed(world: World, branch: str, tip: str, commit: Commit) -> str:
    store, who = world.github.store, signed_by(world, commit.login)
    if store.tip(branch) != tip:
        store.update_ref(f"refs/heads/{branch}", tip)
    kept = {path.decode(): put.content for path, put in commit.puts.items()}
    gone = [path.decode() for path in commit.gone if path not in commit.puts]
    made = store.commit_files(branch, tip, kept, gone, commit.message.decode(), who, who)
    store.forget_refs()
    return str(made)


def _put(path: bytes, put: Put) -> bytes:
    if put.name:
        return b"M %b %b %b\n" % (put.mode.encode(), put.name.encode(), _quoted(path))
    head = b"M %b inline %b\n" % (put.mode.encode(), _quoted(path))
    return head + b"data %d\n%b\n" % (len(put.content), put.content)


_OCTAL = [b"\\%03o" % byte for byte in range(256)]


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(map(_OCTAL.__getitem__, path)) + b'"'


def opened(world: World, login: str, branch: str, title: str = "more", body: str = "") -> int:
    """Open a pull request from a branch; gives its number."""
    told = {"title": title, "body": body, "head": branch, "base": "main"}
    return int(world.must(world.acme.call(login, "POST", "/pulls", **told))["number"])


def branch_of(world: World, login: str) -> str:
    """A branch that is not there yet."""
    world.steps += 1
    return f"{login}-{world.steps}"


def merged(world: World, *commits: Commit, method: str = "squash") -> int:
    """mallory's commits, proposed and merged; gives the number."""
    branch = branch_of(world, "mallory")
    commit(world, branch, *commits)
    number = opened(world, "mallory", branch)
    world.must(world.merge("olivia", number, method))
    return number


def mallorys_pulls(world: World) -> set[int]:
    """The numbers of all that mallory opened."""
    return {pull.number for pull in world.github.pulls.values() if pull.author.login == "mallory"}


def others_pulls(world: World) -> list[int]:
    """The numbers of all that others opened, the oldest first."""
    return sorted(set(world.github.pulls) - mallorys_pulls(world))


def others_requests(world: World) -> list[str]:
    """The request files of others that main has."""
    listed = world.github.store.git("ls-tree", "-r", "-z", "--name-only", "refs/heads/main", "requests/")
    found = [path.decode(errors="replace") for path in listed.split(b"\0") if path.endswith(b".yaml")]
    return [
        path for path in found if re.fullmatch(r"requests/[a-z-]+/[\d-]+/\d\d-(?!mallory)[a-z-]+\.yaml", path)
    ]


def name(world: World, slug: str) -> str:
    """The name of a request of mallory's, below a policy's folder."""
    return f"{world.now:%Y-%m/%d}-mallory-{slug}.yaml"


def request(world: World, slug: str) -> dict[bytes, Put]:
    """A request of mallory's that reads well, and is refused: mallory is not eligible."""
    world.steps += 1
    _, content = world.request("mallory", "production-break-glass", slug, duration="1h", ticket="OPS-1")
    return text([name(world, f"{slug}-{world.steps}")], content.encode())


# Into main


@move
def a_deep_file(world: World) -> None:
    """One file, 70 folders deep."""
    merged(world, Commit(puts=text(["a/" * 70 + "x.md"])))


@move
def a_deep_file_in_a_rebase(world: World) -> None:
    """One commit adds a file 70 folders deep, the next takes it out: the pull request shows neither."""
    deep = text(["b/" * 70 + "x.md"])
    merged(world, Commit(puts=deep), Commit(puts=request(world, "deep"), gone=list(deep)), method="rebase")


@move
def a_deep_request(world: World) -> None:
    """What is meant as a request lies 70 folders deep."""
    merged(world, Commit(puts=text(["c/" * 70 + "x.yaml"], b"reason: x\n")))


@move
def many_long_names(world: World) -> None:
    """One request and 1,200 other files, whose names have 3.8 kB each."""
    merged(world, Commit(puts=request(world, "long") | text(f"{LONG}/{each:05}.md" for each in range(1200))))


@move
def three_hundred_long_names(world: World) -> None:
    """One request and 300 such files: more than a megabyte of names, and no more files than a pull request may show."""
    merged(world, Commit(puts=request(world, "long") | text(f"{LONG}/{each:05}.md" for each in range(299))))


@move
def long_requests_added_and_deleted(world: World) -> None:
    """Requests with long names, one in each merge so that each is refused alone, then deleted all at once."""
    how_many = 600 if SOAK else 12
    paths = [f"{LONG}/{world.steps}-{each:05}.yaml" for each in range(how_many)]
    for path in paths:
        merged(world, Commit(puts=text([path], b"reason: x\n")))
    world.ran("grant")
    merged(world, Commit(puts=text(["README.md"]), gone=list(text(paths))))


@move
def a_large_file(world: World) -> None:
    """A file of 5 MB beside a request of 5 MB."""
    large = text(["large.md", name(world, "large")], b"# " + b"x" * 5_000_000)
    merged(world, Commit(puts=large))


@move
def no_plain_files(world: World) -> None:
    """A symbolic link, a submodule, and an executable, where requests lie."""
    puts = {
        name(world, "link"): Put(content=b"../../../../policies/people.yaml", mode=SYMLINK),
        name(world, "module"): Put(name="1" * 40, mode=SUBMODULE),
        name(world, "program"): Put(content=b"#!/bin/sh\n", mode=EXECUTABLE),
        f"{world.now:%Y-%m}-link": Put(content=b"/", mode=SYMLINK),
        "module": Put(name="2" * 40, mode=SUBMODULE),
    }
    merged(world, Commit(puts={f"{WHERE}/{path}".encode(): put for path, put in puts.items()}))


@move
def odd_names(world: World) -> None:
    """Names with line breaks, bytes that are no text, turned letters, spaces, and a quotation mark."""
    folder = f"{WHERE}/{world.now:%Y-%m}/".encode()
    odd = [
        b"24-mallory-\n::error::x.yaml", b"24-mallory-\xff\xfe.yaml", "24-mallory-\u202elmay.yaml".encode(),
        b"24 for alice, granted: alice has prod.yaml", b'"24-mallory.yaml', b"24-mallory-\r\x1b[2J.yaml",
        b"-", b"--help.yaml", b":(top)x.yaml", b"*.yaml", b"24-mallory-\xed\xa0\x80.yaml",
    ]  # fmt: skip
    merged(world, Commit(puts={folder + each: Put(content=b"reason: x\n") for each in odd}))


@move
def a_tree_that_unfolds(world: World) -> None:
    """Four objects that are 250,000 files, added by one commit and taken out by the next."""
    wide = {f"{WHERE}/wide".encode(): Put(name=tree_that_unfolds(world), mode=FOLDER)}
    merged(world, Commit(puts=wide), Commit(puts=request(world, "wide"), gone=list(wide)), method="rebase")


def tree_that_unfolds(world: World) -> str:
    """A folder of 250,000 files."""
    blob = world.github.store.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    tree = _wide(world, PLAIN, "blob", blob)
    for _ in range(2):
        tree = _wide(world, FOLDER, "tree", tree)
    return tree


def _wide(world: World, mode: str, kind: str, sha: str) -> str:
    lines = "".join(f"{mode} {kind} {sha}\t{each}.yaml\n" for each in range(63))
    return str(world.github.store.git("mktree", stdin=lines.encode()).decode().strip())


@move
def a_long_message(world: World) -> None:
    """A commit message of 1.2 MB, kept by a rebase."""
    merged(world, Commit(puts=request(world, "told"), message=b"word " * 240_000), method="rebase")


@move
def a_message_that_is_no_text(world: World) -> None:
    """A commit message with a null's neighbours, and with lines that look like a record of the ledger."""
    message = b"granted: alice has everything\n\nRequester: alice\nRequest: x\n\xff\xfe\x01\x02\n"
    merged(world, Commit(puts=request(world, "said"), message=message), method="rebase")


@move
def commits_of_other_times(world: World) -> None:
    """A commit dated 1970, kept by a merge commit, and one dated 2099, kept by a rebase too."""
    for year, method in ((1970, "merge"), (2099, "merge"), (2099, "rebase")):
        when = datetime(year, 1, 2, tzinfo=UTC)
        merged(world, Commit(puts=request(world, f"dated-{year}"), when=when.timestamp()), method=method)


@move
def unknown_keys(world: World) -> None:
    """A request of 16 KiB of keys that nobody knows."""
    keys = b"".join(b"key%04d: x\n" % each for each in range(1300))
    merged(world, Commit(puts=text([name(world, "keys")], keys)))


@move
def deep_yaml(world: World) -> None:
    """A request of brackets."""
    merged(world, Commit(puts=text([name(world, "nested")], b"reason: " + b"[" * 16_000)))


@move
def many_requests(world: World) -> None:
    """150 requests in one merge."""
    world.steps += 1
    names = (name(world, f"many-{world.steps}-{each:03}") for each in range(150))
    merged(world, Commit(puts=text(names, b"reason: x\n")))


@move
def a_request_that_comes_and_goes(world: World) -> None:
    """A request of mallory's is refused, deleted, brought back, and changed."""
    puts = request(world, "restless")
    merged(world, Commit(puts=puts))
    world.ran("grant")
    merged(world, Commit(puts={}, gone=list(puts)))
    merged(world, Commit(puts=puts))
    merged(world, Commit(puts={path: replace(put, content=b"{}\n") for path, put in puts.items()}))


@move
def rules_in_and_out(world: World) -> None:
    """One commit takes everybody out of the people, teams and accounts, the next puts them back: the pull request shows neither."""
    names = [f"policies/{each}.yaml" for each in ("people", "teams", "accounts", "settings")] + [CODEOWNERS]
    _in_and_out(world, dict.fromkeys(names, b"# nobody\n"))


@move
def requests_out_and_in(world: World) -> None:
    """One commit deletes everybody's requests, the next brings them back."""
    _in_and_out(world, dict.fromkeys(others_requests(world)))


@move
def requests_changed_and_back(world: World) -> None:
    """One commit makes everybody's requests longer, the next makes them as they were."""
    longer = {path: world.text(path).encode().replace(b'h"', b'h59m"') for path in others_requests(world)}
    _in_and_out(world, longer)


def _in_and_out(world: World, other: Mapping[str, bytes | None]) -> None:
    there = {path.encode(): Put(content=world.text(path).encode()) for path in other}
    first = {path.encode(): Put(content=content) for path, content in other.items() if content is not None}
    gone = [path.encode() for path, content in other.items() if content is None]
    more = request(world, "decoy")
    merged(
        world,
        Commit(puts=first | request(world, "decoy"), gone=gone),
        Commit(puts=there | more),
        method="rebase",
    )


@move
def names_in_capitals(world: World) -> None:
    """Beside each request that is on main, a file whose name differs only by case."""
    twins_ = [
        f"{path.rpartition('/')[0]}/{path.rpartition('/')[2].upper()}" for path in others_requests(world)
    ]
    puts = {path.encode(): Put(content=b"reason: x\n") for path in twins_}
    merged(world, Commit(puts=puts | request(world, "capitals")))


@move
def files_that_git_heeds(world: World) -> None:
    """Attributes, an ignore file and modules, which git reads in every folder."""
    heeded = {
        ".gitattributes": b"* text eol=crlf working-tree-encoding=UTF-16 filter=none -diff export-ignore\n",
        ".gitignore": b"*\n",
        ".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = https://127.0.0.1/x\n',
        ".mailmap": b"olivia <olivia@acme.com> <alice@acme.com>\n",
    }
    merged(
        world, Commit(puts={f"{WHERE}/{path}".encode(): Put(content=text) for path, text in heeded.items()})
    )


@move
def a_wide_folder(world: World) -> None:
    """Tens of thousands of files beside the requests of this month, which stay there."""
    blob = world.github.store.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    folder = f"{WHERE}/{world.now:%Y-%m}".encode()
    names = (
        b"%s/31-mallory-%s-%05d.yaml" % (folder, b"x" * 100, each)
        for each in range(60_000 if SOAK else 6_000)
    )
    commit(world, "main", Commit(puts={each: Put(name=blob) for each in names}))  # as a push past the rules


# Into the ledger, where anybody may push


@move
def unattested_events(world: World) -> None:
    """Events without a token: that every request was revoked, ended and removed; and one that is no JSON."""
    lies: dict[str, bytes] = {}
    for event in recorded(world):
        for kind in ("revoked", "ended", "removed"):
            lie = {**event, "event": kind, "why": "released", "at": f"{world.now:%Y-%m-%dT%H:%M:%SZ}"}
            path = f"events/{world.now:%Y/%m/%d}/{world.now:%H%M%S}-{kind}-{len(lies):020x}.json"
            lies[path] = json.dumps(lie).encode()
    push(world, {**lies, f"events/{world.now:%Y/%m/%d}/broken.json": b"{"})


@move
def a_forged_batch(world: World) -> None:
    """A batch with a token of mallory's own workflow, and one with a token that is none."""
    event = mallorys(world, recorded(world)) if recorded(world, "approved") else None
    if event is not None:
        mine = "acme/access/.github/workflows/mine.yml@refs/heads/main"
        push(world, batch(world, event, job_workflow_ref=mine))
    push(world, {f"attestations/{world.now:%Y/%m/%d}/x.jwt": b"a.b.c\n", "events/2026/11/23/x.json": b"{}"})


@move
def a_large_blob(world: World) -> None:
    """5 MB in the place of an event, and 5 MB in the place of a token."""
    day = f"{world.now:%Y/%m/%d}"
    files = {f"events/{day}/large.json": b"x" * 5_000_000, f"attestations/{day}/large.jwt": b"y" * 5_000_000}
    push(world, files)


@move
def a_deep_ledger(world: World) -> None:
    """A file 200 folders deep."""
    commit(world, "ledger", Commit(puts={b"events/" + b"a/" * 200 + b"x.json": Put(content=b"{}")}))


@move
def a_file_named_events(world: World) -> None:
    """The folders of events and tokens are replaced by files of their names."""
    names = (b"events", b"attestations", b"keys")
    commit(world, "ledger", Commit(puts={each: Put(content=b"x") for each in names}, gone=names))


@move
def events_is_a_link(world: World) -> None:
    """The folder of events is replaced by a symbolic link, the one of tokens by a submodule."""
    puts = {
        b"events": Put(content=b"keys", mode=SYMLINK),
        b"attestations": Put(name="3" * 40, mode=SUBMODULE),
    }
    commit(world, "ledger", Commit(puts=puts, gone=list(puts)))


@move
def everything_is_deleted(world: World) -> None:
    """A commit takes everything out of the ledger's tree."""
    commit(world, "ledger", Commit(puts={b"README.md": Put(content=b"gone")}, gone=[b"events", b"attestations", b"keys"]))  # fmt: skip


@move
def a_merge_into_the_ledger(world: World) -> None:
    """main is merged into the ledger, and the ledger's own tip once more beside itself."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    tip = store.tip("ledger")
    tree = store.git("rev-parse", f"{tip}^{{tree}}").decode().strip()
    twin = store.commit_tree(tree, (tip,), "twin", mallory, mallory)
    both = store.commit_tree(tree, (tip, twin, store.tip("main")), "merge", mallory, mallory)
    store.update_ref("refs/heads/ledger", both)


@move
def twins_of_batches(world: World) -> None:
    """The newest batches once more, with the same parents, tokens and words, under other dates, all merged."""
    store, tip = world.github.store, world.github.store.tip("ledger")
    made = [tip]
    for sha in store.git("rev-list", "-3", LEDGER).decode().split():
        raw = store.git("cat-file", "commit", sha)
        for when in (0, 4_070_908_800):
            odd = re.sub(
                rb"(?m)^(author|committer) .*$",
                rb"\1 mallory <mallory@acme.com> %d +0000" % when,
                raw,
                count=2,
            )
            made.append(store.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=odd).decode().strip())
    mallory, tree = signed_by(world, "mallory"), store.git("rev-parse", f"{tip}^{{tree}}").decode().strip()
    store.update_ref(LEDGER, store.commit_tree(tree, made, "merge", mallory, mallory))


@move
def many_commits(world: World) -> None:
    """2,000 commits."""
    mine = (Commit(puts={b"events/%d.json" % each: Put(content=b"{}")}) for each in range(2000))
    commit(world, "ledger", *mine)


@move
def a_ledger_of_other_times(world: World) -> None:
    """Commits of the first second of 1970, of 2099, and of the year 300,000, which git takes as well."""
    for when in (0, datetime(2099, 6, 1, tzinfo=UTC).timestamp(), 9_400_000_000_000):
        commit(world, "ledger", Commit(puts={b"when": Put(content=b"%d" % when)}, when=when))


@move
def a_ledger_that_unfolds(world: World) -> None:
    """250,000 files of a few objects."""
    blob = world.github.store.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    tree = _wide(world, PLAIN, "blob", blob)
    for _ in range(2):
        tree = _wide(world, FOLDER, "tree", tree)
    commit(world, "ledger", Commit(puts={b"events/wide": Put(name=tree, mode=FOLDER)}))


@move
def a_long_message_in_the_ledger(world: World) -> None:
    """A message of 1.2 MB, and one that is no text."""
    commit(world, "ledger", Commit(puts={b"x": Put()}, message=b"word " * 240_000))
    commit(world, "ledger", Commit(puts={b"y": Put()}, message=b"\xff\xfe\nRequester: alice\n"))


# On GitHub


@move
def twins(world: World) -> None:
    """mallory opens pull requests from the heads of everybody else's, thirty of each."""
    for number in others_pulls(world)[-2:]:
        head = world.github.pulls[number].head_sha
        for _ in range(30):
            branch = branch_of(world, "twin")
            world.github.store.update_ref(f"refs/heads/{branch}", head)
            told = {"title": "twin", "body": "", "head": branch, "base": "main"}
            world.acme.call(
                "mallory", "POST", "/pulls", **told
            )  # of a merged one there may be nothing to merge


@move
def a_twin_by_nobody(world: World) -> None:
    """A twin of each pull request, whose author's account is deleted: GitHub tells null of it everywhere."""
    twins(world)
    nulls(world)


@move
def many_comments(world: World) -> None:
    """300 comment reviews on each pull request of anybody else."""
    for number in others_pulls(world):
        many_reviews(world, number, 300, ("COMMENTED",))


@move
def a_flood_of_comments(world: World) -> None:
    """2,000 comments on each pull request of anybody else, which look like jitbot's own."""
    site = world.acme.github._site
    for number in others_pulls(world):
        for _ in range(2000):
            made = Comment(
                id=site.next_id(), pull=number, author=site.user("mallory"), body="<!-- jitbot -->\nRefused.",
                created_at=world.now, updated_at=world.now,
            )  # fmt: skip
            world.github.comments[made.id] = made


def many_reviews(
    world: World,
    number: int,
    how_many: int,
    states: Sequence[str] = ("COMMENTED", "APPROVED", "CHANGES_REQUESTED"),
) -> None:
    """So many reviews of a pull request by mallory, in turn of these states."""
    head = world.github.pulls[number].head_sha
    for each in range(how_many):
        _reviewed(world, number, "mallory", states[each % len(states)], head)


@move
def opinions_of_others(world: World) -> None:
    """Approvals and objections by people who own nothing there."""
    for number in others_pulls(world):
        author, head = world.github.pulls[number].author.login, world.github.pulls[number].head_sha
        for login, state in (
            ("mallory", "CHANGES_REQUESTED"),
            ("grace", "APPROVED"),
            ("heidi", "CHANGES_REQUESTED"),
        ):
            if login != author:
                _reviewed(world, number, login, state, head)


@move
def dismissals(world: World) -> None:
    """mallory dismisses the approvals of what was decided long ago, and an objection of her own."""
    decided = {event["evidence"].get("pull_request") for event in recorded(world)}
    for review in list(world.github.reviews.values()):
        own = review.author.login == "mallory"
        if review.state in ("APPROVED", "CHANGES_REQUESTED") and (own or review.pull in decided):
            world.must(
                world.acme.call(
                    "mallory", "PUT", f"/pulls/{review.pull}/reviews/{review.id}/dismissals", message="no"
                )
            )


@move
def long_texts(world: World) -> None:
    """Bodies and comments of 64 KiB on everybody's pull requests, in a language of many bytes, and the longest title."""
    for number in others_pulls(world):
        world.must(
            world.acme.call("mallory", "PATCH", f"/pulls/{number}", title="é" * 256, body="\u202e" * 65_536)
        )
        for _ in range(3):
            body = "<!-- jitbot -->\n" + "x" * 65_000
            world.must(world.acme.call("mallory", "POST", f"/issues/{number}/comments", body=body))


@move
def forged_words(world: World) -> None:
    """Issues that look like jitbot's, statuses in its name on mallory's heads, and a comment with its mark."""
    for title in (
        "Review by 2026-11-24T09:00Z: production-break-glass used by dave",
        "The record is not whole",
    ):
        world.must(world.acme.call("mallory", "POST", "/issues", title=title, body="<!-- jitbot -->"))
    for number in others_pulls(world):
        body = "<!-- jitbot -->\nRefused."
        world.must(world.acme.call("mallory", "POST", f"/issues/{number}/comments", body=body))


@move
def refused_revocations(world: World) -> None:
    """mallory starts a revocation of everybody's request, and re-runs one."""
    for path in others_requests(world):
        world.ran("revoke", path, "--reason", "x", actor="mallory")
        world.ran("revoke", path, "--reason", "x", actor="mallory", GITHUB_RUN_ATTEMPT="2")


@move
def stops_that_are_none(world: World) -> None:
    """mallory starts stops of everybody, and pushes a stop of the policy and a lift of each true stop, in erin's name."""
    for whom in (("--person", "alice"), ("--policy", "orders-db-read")):
        world.ran("stop", *whom, "--reason", "x", actor="mallory", workflow="revoke.yml")
    made: dict[str, Any] = {"reason": "x", "rules": Sha("f" * 40), "run": "x"}
    erin, alice = Person(login=Login("erin"), github_id=GithubId(1005)), GithubId(1001)
    person = StopSubject(login=Login("alice"), github_id=alice)
    moments = [timestamp.parse(event["at"]) for event in recorded(world, "stopped")]
    true_ones = [stopped_event(person, erin, at=at, **made) for at in moments]
    written = world.github.store.git("ls-tree", "-r", "--name-only", LEDGER, "events/").decode()
    assert all(each.key in written for each in true_ones)  # else the lifts would be of nothing
    lies = [stopped_event(StopSubject(policy="orders-db-read"), erin, at=world.now, **made)]
    lies += [lifted_event(stop, erin, at=world.now, **made) for stop in stops_of(true_ones)]
    for lie in lies:
        mine = "acme/access/.github/workflows/mine.yml@refs/heads/main"
        push(world, batch(world, lie, job_workflow_ref=mine))


@move
def names_that_shadow(world: World) -> None:
    """Tags and branches whose names git may take for others."""
    store, mine = world.github.store, commit(world, branch_of(world, "mallory"), Commit(puts={b"x": Put()}))
    tags = ("main", "ledger", "origin/main", "origin/ledger", "heads/main", "HEAD")
    branches = ("origin/main", "origin/ledger", "refs/heads/main", "refs/remotes/origin/ledger")
    for ref in (*(f"refs/tags/{each}" for each in tags), *(f"refs/heads/{each}" for each in branches)):
        store.update_ref(ref, mine)


@move
def many_branches(world: World) -> None:
    """5,000 branches and tags."""
    tip = world.github.store.tip("main")
    lines = "".join(
        f"update refs/{kind}/x/{each} {tip}\n" for each in range(2500) for kind in ("heads", "tags")
    )
    world.github.store.git("update-ref", "--stdin", stdin=lines.encode())
    world.github.store.forget_refs()


@move
def pushes_before_every_record(world: World) -> None:
    """Whenever a run is about to record, somebody has just pushed to the ledger; a dozen times."""
    former = world.acme.github.faults
    left = list(range(12))

    def told(method: str, path: str) -> GitHubFault | None:
        if (method, path) == ("POST", "/graphql") and left:
            push(world, {f"noise/{world.steps}-{left.pop()}": b"x"})
        return former(method, path) if former is not None else None

    world.acme.github.faults = told


@move
def nothing_listed(world: World) -> None:
    """GitHub answers with empty lists of mallory's own pull requests."""
    restless(world)
    _answered(world, r"/pulls/(\d+)/|/issues/(\d+)/", GitHubFault(status=200, body=b"[]"))


@move
def not_found(world: World) -> None:
    """GitHub knows nothing of mallory's own pull requests."""
    restless(world)
    _answered(
        world,
        _OF_MALLORY,
        GitHubFault(status=404, body=b'{"message": "Not Found"}'),
    )


@move
def no_answer(world: World) -> None:
    """GitHub fails whenever it is asked for mallory's own pull requests."""
    restless(world)
    _answered(world, _OF_MALLORY, GitHubFault(status=500, body=b"{}"))


@move
def forbidden(world: World) -> None:
    """GitHub refuses to tell of mallory's own pull requests."""
    restless(world)
    _answered(
        world,
        _OF_MALLORY,
        GitHubFault(status=403, body=b'{"message": "Forbidden"}'),
    )


@move
def no_words(world: World) -> None:
    """GitHub answers with something that is no JSON about mallory's own pull requests."""
    restless(world)
    _answered(world, _OF_MALLORY, GitHubFault(status=200, body=b"<html>"))


@move
def nulls(world: World) -> None:
    """mallory's account is deleted: GitHub tells null of it, of her branch, and of what she merged."""
    restless(world)
    asking: list[str] = []
    former = world.acme.github.faults

    def told(method: str, path: str) -> GitHubFault | None:
        found = re.search(r"/repos/acme/access(/pulls/\d+|/commits/\w+/pulls)$", path)
        if method != "GET" or found is None or asking:
            return former(method, path) if former is not None else None
        asking.append(path)
        try:
            one = found[1].startswith("/pulls")
            answer = world.acme.call("olivia", "GET", found[1] if one else f"{found[1]}?per_page=100")
        finally:
            asking.clear()
        return GitHubFault(status=answer.status, body=json.dumps(_without_mallory(answer.content)).encode())

    world.acme.github.faults = told


def _without_mallory(content: Any) -> Any:
    if isinstance(content, list):
        return [_without_mallory(each) for each in content]
    if (content.get("user") or {}).get("login") != "mallory":
        return content
    head = {**content["head"], "user": None, "repo": None}
    return {**content, "user": None, "merged_by": None, "body": None, "head": head}


def restless(world: World) -> None:
    """A request of mallory's that was refused, deleted, and brought back, and another that waits for its decision.

    Of a deletion that was undone GitHub is asked again, in every run.
    """
    a_request_that_comes_and_goes(world)
    merged(world, Commit(puts=request(world, "undecided")))


def _answered(world: World, pattern: str, fault: GitHubFault) -> None:
    """Let GitHub answer so of mallory, of her pull requests, and of the commits that they put on main."""
    mine = mallorys_pulls(world)
    hers = {*(str(number) for number in mine), "mallory"}
    commits = {world.github.pulls[number].merge_commit_sha for number in mine}
    former = world.acme.github.faults

    def told(method: str, path: str) -> GitHubFault | None:
        found = re.search(pattern, path)
        if method == "GET" and found is not None and hers & set(found.groups()):
            return fault
        if method == "GET" and path.endswith("/pulls") and path.split("/")[-2] in commits:
            return fault
        return former(method, path) if former is not None else None

    world.acme.github.faults = told


def _reviewed(world: World, number: int, login: str, state: str, head: str) -> None:
    """A review as GitHub keeps it: three hundred calls would take longer than all else."""
    site = world.acme.github._site
    made = Review(
        id=site.next_id(), pull=number, author=site.user(login), body="x" * 500, state=state, commit_sha=head,
        submitted_at=world.now,
    )  # fmt: skip
    world.github.reviews[made.id] = made


# What is read of it all


def recorded(world: World, kind: str = "") -> list[dict[str, Any]]:
    """The events that GitHub's own bot committed, in their order: whatever else lies in the ledger or is gone from it."""
    github, store = world.github, world.github.store
    found = []
    for sha in (
        store.remembered("rev-list", "--reverse", "--topo-order", store.tip("ledger")).decode().split()
    ):
        if sha in github.signed and store.commit(sha).author.name == "github-actions[bot]":
            listed = store.remembered(
                "diff-tree", "-r", "--root", "--name-only", "--no-commit-id", sha
            ).decode()
            paths = [path for path in listed.split() if path.startswith("events/")]
            found += [json.loads(store.read(sha, path)) for path in paths]
    return [event for event in found if event["event"] == (kind or event["event"])]


def tidy(world: World) -> None:
    """Take away all comments, and every branch and tag but main and ledger: going back to a kept state leaves them."""
    world.github.comments.clear()
    store = world.github.store
    all_of_them = (*store.refs("refs/tags/"), *store.refs("refs/heads/"))
    extra = [ref for ref in all_of_them if ref not in ("refs/heads/main", LEDGER)]
    if len(extra) < 50:
        for ref in extra:
            store.update_ref(ref, None)
    else:
        store.git("update-ref", "--stdin", stdin="".join(f"delete {ref}\n" for ref in extra).encode())
    store.forget_refs()


def story(world: World, path: str) -> list[str]:
    """What runs recorded of a request, whatever mallory put beside it: as `World.story`, but for refusals.

    A rebase can change a file and change it back; each of these changes is refused, and without effect.
    """
    return [
        f"{event['event']} {event['why']}" if event["event"] == "ended" else event["event"]
        for event in recorded(world)
        if event["request"] == path and event["event"] != "refused"
    ]


def largest_event(world: World) -> int:
    """The size of the largest event that a run recorded, in bytes."""
    store = world.github.store
    sizes = [0]
    for sha in store.git("rev-list", LEDGER).decode().split():
        if sha in world.github.signed:
            listed = store.remembered(
                "diff-tree", "-r", "--root", "--name-only", "--no-commit-id", sha
            ).decode()
            paths = (path for path in listed.split() if path.startswith("events/"))
            sizes += [len(store.read(sha, path)) for path in paths]
    return max(sizes)
