"""The ledger's branch in memory: commits as git shows them, an issuer whose tokens are plain JSON, and who else writes."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import BASE, NOW, sha, the_settings
from plain_trees import PlainTrees

from jitbot.domain.ledger import attestation, batches, commit_message, events
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.bounds import EVER
from jitbot.domain.model.documents import ISSUER_KEYS, PLAIN, Sha
from jitbot.domain.model.errors import BranchMovedError, UnavailableError
from jitbot.usecases.context import Context, Run

FOLDER = "040000"
ROOT = AddedCommit(commit=sha("root"), parent=Sha(""), message="begin", entries=(), well_formed=False)


@dataclass(slots=True, kw_only=True)
class PlainLedger:
    """The branch as GitHub has it, how much of it is fetched, and what was asked."""

    commits: list[AddedCommit] = field(default_factory=lambda: [ROOT])
    ages: dict[Sha, datetime] = field(default_factory=dict)  # of commits that are not of now
    blobs: dict[Sha, bytes] = field(default_factory=dict)
    lies: dict[str, str] = field(
        default_factory=dict
    )  # what else lies there, with its mode, until it is removed
    owned: bytes | None = None  # policies/issuer-keys.json on main
    main: Sha = BASE
    now: datetime = NOW  # by the issuer's clock
    at_main: dict[str, bytes] = field(default_factory=dict)  # main's other files
    secrets: dict[str, str] = field(
        default_factory=lambda: {"k0": "zero"}
    )  # of the issuer's keys, by their ids
    claims: Mapping[str, object] = field(default_factory=dict)  # what tokens say else
    silent: bool = False  # whether the issuer publishes nothing
    fetched: int = 1
    before_write: Callable[[], object] = lambda: None
    takes: Callable[[str], object] = lambda _: None  # a commit with this message, or raises
    fetches: int = 0
    written: list[Sequence[str]] = field(default_factory=list)  # the paths of each batch of this run
    removed: list[str] = field(default_factory=list)
    read: list[Sha] = field(default_factory=list)  # commits
    slept: list[float] = field(default_factory=list)

    def context(self) -> Context:
        """What a run sees of it."""
        return cast(
            "Context",
            SimpleNamespace(
                git=self._git(),
                github_write=SimpleNamespace(commit_on_branch=self._commit),
                issuer=SimpleNamespace(
                    token=self.token, keys=self._keys, verified=self._verified, key_id=self._key_id
                ),
                settings=the_settings(),
                sleep=self.slept.append,
                run=Run(url="run"),
            ),
        )

    def push(
        self,
        *told: Event,
        files: Mapping[str, bytes] | None = None,
        kid: str = "k0",
        spoil: Callable[[bytes], bytes] = bytes,
        **changes: Any,
    ) -> Sha:
        """Another run's batch with these events, or somebody's files, signed with a key of this name; gives its commit.

        `spoil` makes of the bytes of each event others, which the batch attests all the same.
        """
        head = self.commits[-1].commit
        given = {batches.filed(each.path, head): spoil(events.dump(each)) for each in told} | dict(
            files or {}
        )
        message = changes.pop("message", commit_message.message(told) if told else "pushed")
        if told or kid != "k0" or "keys" in "".join(given):
            blobs = {path: attestation.blob_name(content) for path, content in given.items()}
            batch = attestation.Batch(parent=head, message=message, blobs=blobs)
            token = self.token(attestation.audience(batch), kid=kid)
            given[f"{attestation.TOKENS}2026/11/24/{batches.folder(head)}.jwt"] = token.encode()
        return self._add(head, message, given, **changes)

    def token(self, audience: str, *, kid: str = "", **others: object) -> str:
        """A token for this audience, by the issuer's newest key unless another is named."""
        kid = kid or list(self.secrets)[-1]
        claims = {
            "iss": the_settings().issuer,
            "aud": audience,
            "repository_id": "700001",
            "ref": "refs/heads/main",
            "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
            "iat": int(self.now.timestamp()),
            **self.claims,
            **others,
        }
        return json.dumps({"kid": kid, "key": self.secrets.get(kid, kid), "claims": claims})

    def _keys(self) -> Mapping[str, str]:
        if self.silent:
            raise UnavailableError("the issuer does not answer")
        return dict(self.secrets)

    def _verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        found: dict[str, Any] = json.loads(token)
        claims: Mapping[str, object] = found["claims"]
        return claims if keys.get(found["kid"]) == found["key"] else None

    def _key_id(self, token: str) -> str:
        return str(json.loads(token)["kid"])

    def _add(self, head: Sha, message: str, files: Mapping[str, bytes], **changes: Any) -> Sha:
        named = {path: attestation.blob_name(content) for path, content in files.items()}
        self.blobs |= {named[path]: content for path, content in files.items()}
        entries = tuple(AddedEntry(path=path, mode=PLAIN, blob=blob) for path, blob in named.items())
        at = changes.pop("at", NOW)
        made = {"parent": head, "message": message, "entries": entries, "well_formed": True, **changes}
        added = AddedCommit(commit=sha(f"{len(self.commits)} on {head}"), **made)
        self.commits.append(added)
        self.ages[added.commit] = at
        return added.commit

    def _commit(
        self, branch: str, parent: Sha, message: str, files: Mapping[str, bytes], gone: Sequence[str]
    ) -> Sha:
        assert branch == "ledger"
        self.before_write()
        self.takes(message)
        if parent != self.commits[-1].commit:
            raise BranchMovedError("somebody was first")
        self.written.append(tuple(files))
        self.removed += gone
        return self._add(parent, message, files)

    def _git(self) -> SimpleNamespace:
        def fetch() -> None:
            self.fetches += 1
            self.fetched = len(self.commits)

        def holds(tip: Sha, commit: Sha) -> bool:
            names = [each.commit for each in self.commits]
            return commit in names[: names.index(tip) + 1]

        def ours(
            since: datetime, *, saying: str = "", beginning: Sequence[str] = (), after: Sha | None = None
        ) -> tuple[Sha, ...]:
            line, starts = saying.lower(), tuple(each.lower() for each in beginning)

            def says(lines: Sequence[str]) -> bool:
                return any((line and each == line) or each.startswith(starts) for each in lines)

            known = self.commits[: self.fetched]
            names = [each.commit for each in known]
            return tuple(
                each.commit
                for each in known[names.index(after) + 1 if after else 0 :]
                if self.ages.get(each.commit, NOW) >= since
                and (not (line or starts) or says(each.message.lower().splitlines()))
            )

        def misdated(since: datetime, first: Sha) -> tuple[Sha, ...]:
            ages = [self.ages.get(each, NOW) for each in ours(EVER)]
            old = any(each < since for each in dropwhile(lambda each: each < since, ages))
            return ours(EVER, after=first) if old else ()

        def added(commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
            self.read += commits
            return tuple(each for name in commits for each in self.commits if each.commit == name)

        def small(blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
            known = self.blobs | {attestation.blob_name(content): content for content in files().values()}
            return {each: known[each] if len(known[each]) <= most else None for each in blobs}

        def entries(commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
            if commit == self.main:
                return PlainTrees(files={}, trees={commit: files()}).entries(commit, paths)
            names = [each.commit for each in self.commits]
            past = self.commits[: names.index(commit) + 1] if commit in names else []
            there = {entry.path: self.blobs[entry.blob] for each in past for entry in each.entries}
            lies = {path: mode for path, mode in self.lies.items() if path not in self.removed}
            return PlainTrees(files={}, trees={commit: there}, modes=lies).entries(commit, paths)

        def files() -> Mapping[str, bytes]:
            return self.at_main | ({} if self.owned is None else {ISSUER_KEYS: self.owned})

        def read(blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
            named = {attestation.blob_name(content): content for content in files().values()}
            return {each: named[each] for each in blobs}

        return SimpleNamespace(
            fetch=fetch,
            main=lambda: self.main,
            ledger=lambda: self.commits[self.fetched - 1].commit,
            holds=holds,
            batches=ours,
            misdated=misdated,
            added=added,
            filed=lambda _: (),
            small=small,
            entries=entries,
            read=read,
            resolve=lambda _: sha("old"),
        )
