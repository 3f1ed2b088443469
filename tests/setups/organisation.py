"""An organisation's files in a fresh repository of `jitbot init`, and what becomes of a request under them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import company
import pytest
from builders import a_change, a_merge, a_pull, a_review
from desk import said

from jitbot.adapters import documents
from jitbot.adapters.github.reader import GitHubReader
from jitbot.domain.access.approval import Decision, decide
from jitbot.domain.access.approvals.requirement import Requirement, required_approvals
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Login, Policy, Sha, Source, Teams
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Actor, Case, PullCommit, Rules
from jitbot.domain.model.parsed_case import ParsedCase, parse_case
from jitbot.terminal.paths import FolderTree
from jitbot.usecases.collect.collect_case import read_rules

Fields = dict[str, Any]  # of a request
HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_ANSWERS = (
    "--repository-id",
    "700001",
    "--upstream",
    "acme/jitbot",
    "--release",
    "a" * 40,
    "--policies",
    "starter",
)
_HEAD, _MERGE, _BASE = Sha("b" * 40), Sha("c" * 40), Sha("d" * 40)


def _unreachable(_: GitHubReader) -> None:
    raise UnavailableError("GitHub is not there")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """One organisation: its repository, the owners and accounts that `init` is told, and its own files."""

    name: str
    repository: str
    owners: Mapping[str, int]
    accounts: Mapping[str, str]
    files: Mapping[str, str]

    def lay(self, root: Path) -> "Laid":
        """`jitbot init` in an empty folder, then these files over it."""
        options = [f"--owner={login}:{number}" for login, number in self.owners.items()]
        options += [f"--account={alias}={number}" for alias, number in self.accounts.items()]
        with pytest.MonkeyPatch.context() as patch:
            # Nothing here needs a version tag, and without a network `init` would wait for it.
            patch.setattr(GitHubReader, "tags", _unreachable)
            answer = said("init", "--repository", self.repository, *_ANSWERS, *options, folder=root)
        assert answer.code == 0, answer.err
        for path in (root / "policies/access").glob("*.yaml"):
            if path.stem != "rehearsal":  # what an admin does not want, they delete
                path.unlink()
        for name, text in self.files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        answer = said("init", "--requests-page", folder=root)
        assert answer.code == 0, answer.err
        return Laid(root=root, setup=self)


@dataclass(frozen=True, kw_only=True)
class Laid:
    """An organisation's repository as files in a folder."""

    root: Path
    setup: SetUp

    @cached_property
    def everybody(self) -> Mapping[Login, int]:
        """Each person's GitHub id, by login."""
        found = self.rules("rehearsal").people.value
        assert found is not None
        return {login: person.github_id for login, person in found.items()}

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """All policies, by name."""
        names = sorted(file.stem for file in (self.root / "policies/access").glob("*.yaml"))
        found = {name: self.rules(name).policy.value for name in names}
        return {name: policy for name, policy in found.items() if policy is not None}

    def tree(self, issuer: str = "") -> dict[str, bytes]:
        """All files, as a repository of GitHub begins with them; with the sandbox's issuer where it is given."""
        files = (file for file in self.root.rglob("*") if file.is_file())
        tree = {file.relative_to(self.root).as_posix(): file.read_bytes() for file in files}
        if issuer:
            settings = tree["policies/settings.yaml"].decode()
            tree["policies/settings.yaml"] = re.sub("(?m)^issuer: .*", f"issuer: {issuer}", settings).encode()
        return tree

    def rules(self, policy: str) -> Rules:
        """The rules that decide about a policy's requests."""
        return read_rules(FolderTree(root=self.root), documents, policy)

    def teams(self, at: datetime = NOW) -> Teams:
        """Who is in which team at a moment."""
        roster = self.rules("rehearsal").teams.value
        assert roster is not None
        return roster.at(at)

    def merged(self, login: str, policy: str, *by: str, at: datetime = NOW, **fields: Any) -> "Asked":
        """This person's request for an hour, approved by these people ten minutes before it is merged."""
        path = f"requests/{policy}/{at:%Y-%m/%d}-{login}-work.yaml"
        wanted = {"requester": login, "duration": "1h", "reason": "a payment is stuck", **fields}
        text = "".join(f"{key}: {_yaml(value)}\n" for key, value in wanted.items())
        parsed = documents.parse_request(Source(path=path, content=text.encode()))
        rules, blob = self.rules(policy_of(path)), blob_name(text.encode())
        pull = a_pull(
            author=self._actor(login),
            head=_HEAD,
            merged_at=at,
            merge_commit=_MERGE,
            created_at=at - 2 * _HOUR,
        )
        reviews = [
            a_review(
                user=self._actor(each),
                review_id=number,
                commit=_HEAD,
                submitted_at=at - timedelta(minutes=10),
            )
            for number, each in enumerate(by, 1)
        ]
        merge = a_merge(
            pull_request=pull,
            files=(path,),
            fetched_head=_HEAD,
            head_blob=blob,
            head_rules=rules,
            reviews=tuple(reviews),
            commits=(PullCommit(sha=_HEAD, named=(self._actor(login).github_id,)),),
            touching=frozenset({_HEAD}),
            permissions=dict.fromkeys(self.everybody, "write"),
        )
        change = a_change(path=path, commit=_MERGE, base=_BASE, committed_at=at, blob=blob)
        case = Case(
            change=change,
            request=parsed,
            rules=rules,
            touched=(path,),
            earlier=False,
            clashes=(),
            listed=(pull,),
            default_branch="main",
            merge=merge,
        )
        return Asked(case=case, at=at)

    def _actor(self, login: str) -> Actor:
        return Actor(login=Login(login), github_id=self.everybody[Login(login)])  # type: ignore[arg-type]


_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A merged request, and how jitbot decides it."""

    case: Case
    at: datetime

    @cached_property
    def decision(self) -> Decision:
        """What `grant` decides a minute after the merge."""
        return decide(self.case, RequestState(request=self.case.change.path), self.at + timedelta(minutes=1))

    @property
    def why(self) -> set[str]:
        """The codes of the reasons against it; empty if it is approved."""
        return {reason.code for reason in self.decision.reasons}

    @property
    def needs(self) -> tuple[int, set[str]]:
        """How many approvals, and of which teams one each."""
        parsed = parse_case(self.case)
        assert isinstance(parsed, ParsedCase), parsed
        found: Requirement = required_approvals(parsed)
        return found.need, {team.short for team in found.teams}


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {each}" for key, each in value.items()) + "}"
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _files(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): file.read_text("utf-8")
        for file in folder.rglob("*")
        if file.is_file()
    }


STARTUP = SetUp(
    name="startup",
    repository="sprout/access",
    owners={"olivia": 2001, "ben": 2002, "chloe": 2003},
    accounts={"prod": "111111111111", "staging": "123456789012"},
    files=_files(HERE / "startup"),
)
COMPANY = SetUp(
    name="company",
    repository="acme/access",
    owners={"olivia": 1009},
    accounts={"orders-production": company.accounts()["orders-production"]},
    files=company.tree(),
)
BANK = SetUp(
    name="bank",
    repository="harbour/access",
    owners={"ruth": 3018, "sami": 3019, "tessa": 3020},
    accounts={"core-prod": "410000000001"},
    files=_files(HERE / "bank"),
)
SETUPS = (STARTUP, COMPANY, BANK)
