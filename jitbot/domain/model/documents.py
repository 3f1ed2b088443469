"""The nouns: what the files in the repository say, as frozen values.

Every value here has been through the schema (`adapters/documents`); what the schema cannot say
(is the requester eligible, does the parameter match) is decided in `access/eligibility.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, NewType, Protocol, TypeVar

from jitbot.domain.model.approval_rules import ApprovalRule

Login = NewType("Login", str)  # a GitHub login, as people.yaml spells it
GithubId = NewType("GithubId", int)  # GitHub's immutable number of an account
AccountId = NewType("AccountId", str)  # twelve digits; text, so that leading zeros stay
Sha = NewType("Sha", str)  # a git object name, 40 hex digits

PLAIN, FOLDER = "100644", "040000"  # git's modes of an ordinary file, and of a folder

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a file; both numbers count from 1."""

    line: int
    column: int


Problem = tuple[str, str, str]  # code, message and hint of a finding that may be at several places


class FindingLevel(StrEnum):
    """What a finding keeps from happening; the words are those of GitHub's annotations."""

    ERROR = "error"  # a merge, or a grant
    WARNING = "warning"  # nothing: it may be right as it is
    NOTICE = "notice"  # nothing: the file says that it is known, and why it is right


class Located(Protocol):
    """A document that knows its file, and the place of each of its fields there."""

    @property
    def path(self) -> str:
        """The file, relative to the data root."""
        ...

    @property
    def where(self) -> Mapping[str, Position]:
        """Each field's place by its dotted path: `duration`, `accounts.0`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: what is wrong, where, and what to do about it.

    `code` is stable kebab-case for machines; `message` and `hint` are sentences for people.
    `line` and `column` count from 1; 0 means the file as a whole.
    """

    code: str
    message: str
    file: str
    line: int = 0
    column: int = 0
    hint: str = ""
    level: FindingLevel = FindingLevel.ERROR

    @classmethod
    def at(cls, document: Located, field: str, code: str, message: str, hint: str) -> "Finding":
        """A finding at a field of a document; where the file lacks the field, at what it belongs to, else at the file."""
        while field and field not in document.where:
            field = field.rpartition(".")[0]
        place = document.where.get(field, Position(line=0, column=0))
        file = document.path
        return cls(code=code, message=message, file=file, line=place.line, column=place.column, hint=hint)

    @classmethod
    def in_file(cls, file: str, code: str, message: str, hint: str, *, line: int = 0) -> "Finding":
        """A finding about a file as a whole, or about one line of it."""
        return cls(code=code, message=message, file=file, line=line, column=1 if line else 0, hint=hint)

    @property
    def place(self) -> str:
        """The file and the line, as `policies/people.yaml:4`; the file alone if it is about the file as a whole."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def in_words(self) -> str:
        """The place and what is wrong there, for a message that stops."""
        return f"{self.place}: {self.message}"

    def as_warning(self) -> "Finding":
        """The same, which keeps nothing from happening."""
        return replace(self, level=FindingLevel.WARNING)

    def as_json(self) -> dict[str, object]:
        """The finding as `check --format json` prints it, and as the ledger keeps it."""
        return {
            "code": self.code,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "hint": self.hint,
        }


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that keep something from happening; the others are only shown."""
    return tuple(each for each in findings if each.level is FindingLevel.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The bytes of one file and the path by which findings name it."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[T]):
    """A document, or the findings that kept it from being one. `value` is None exactly if there are findings."""

    value: T | None
    findings: tuple[Finding, ...] = ()

    @property
    def why_none(self) -> str:
        """The first finding that kept it from being a document, with its place."""
        first = self.findings[0]
        place = f"{first.file}:{first.line}" if first.line else first.file
        return f"{place}: {first.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCenter:
    """A person behind a permission set: the role is shared, the session's user name pins the person."""

    account: AccountId
    permission_set: str
    user_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IamUser:
    """An IAM user, by its literal ARN."""

    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IamRole:
    """A session of a role that others may share: `userid` (`AROA…:session-name`) pins the person, if nobody in the
    role can choose the session's name.
    """

    arn: str
    userid: str


Principal = IdentityCenter | IamUser | IamRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a login is. Without a principal a person can approve but never ask."""

    login: Login
    github_id: GithubId
    principal: Principal | None = None


class ByLogin(Mapping[Login, T]):
    """Values by login, in the order and the spelling of their file; GitHub compares logins without case, and so does this."""

    __slots__ = ("_known", "_spelt")

    def __init__(self, entries: Mapping[Login, T]) -> None:
        self._spelt = dict(entries)
        self._known = {login.casefold(): value for login, value in entries.items()}

    @property
    def folded(self) -> Mapping[str, T]:
        """The same by casefolded login."""
        return self._known

    def values(self) -> ValuesView[T]:
        """Every value, without a look-up of each."""
        return self._known.values()

    def __getitem__(self, login: Login) -> T:
        return self._known[login.casefold()]

    def __iter__(self) -> Iterator[Login]:
        return iter(self._spelt)

    def __len__(self) -> int:
        return len(self._spelt)


def same_login(one: str, other: str) -> bool:
    """Whether two logins are one account's, as GitHub compares them."""
    return one.casefold() == other.casefold()


People = Mapping[Login, Person]
Teams = Mapping[str, tuple[Login, ...]]  # "acme/payments" -> logins, at one moment: see `roster`
Accounts = Mapping[str, AccountId]  # alias -> account id


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTrail:
    """Where an organisation keeps CloudTrail's records itself: a log group of CloudWatch Logs, or a table of Athena.

    Exactly one of `log_group` and `table` is set. Without `account` each account has its own.
    """

    region: str
    account: AccountId | None = None
    log_group: str = ""
    workgroup: str = ""
    database: str = ""
    table: str = ""
    bucket: str = ""  # of the trail's files, and perhaps a folder in it
    results: str = ""  # likewise, of what the workgroup writes
    # The partition column that holds a call's day, as 2026/11/24; without it the whole table is read.
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """policies/settings.yaml: which repository this is, and what its grants are made of."""

    repository: str  # owner/name
    repository_id: int
    namespace: str
    issuer: str  # URL of the OIDC issuer that signs the ledger's attestations
    approvals_valid_for: timedelta
    trail: OwnTrail | None = None
    review_every: timedelta | None = None  # so often each policy is to be reviewed; None: nobody asks for it


class ParameterKind(StrEnum):
    """What a parameter may be."""

    STRING = "string"
    INTEGER = "integer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One question a policy asks. A string has `enum` or `pattern`; an integer has both bounds."""

    name: str
    kind: ParameterKind = ParameterKind.STRING
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    separators: frozenset[str] = frozenset()  # which of ":" and "/" a value may hold
    minimum: int | None = None
    maximum: int | None = None
    description: str = ""


Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]  # operator -> key -> values


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a policy allows, before its parameters are filled in. Effect is always Allow."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A finding of the linter that the policy's owners know of: its code, the action, resource or key it is about, and why."""

    finding: str
    about: str
    reason: str


SETTINGS = "policies/settings.yaml"
ACCOUNTS, PEOPLE, TEAMS = "policies/accounts.yaml", "policies/people.yaml", "policies/teams.yaml"
ISSUER_KEYS = "policies/issuer-keys.json"  # optional: keys that count whatever the issuer says today
POLICIES = "policies/access/"


def policy_path(name: str) -> str:
    """The file of the policy of this name, relative to the data root."""
    return f"{POLICIES}{name}.yaml"


def policy_named(path: str) -> str:
    """The name of the policy whose file this is: the reverse of `policy_path`."""
    return path.removeprefix(POLICIES).removesuffix(".yaml")


def policy_at(path: str) -> str | None:
    """The same, for any path: None where no policy can lie. Whether the name is a good one is not asked."""
    name = policy_named(path)
    return name if path == policy_path(name) and "/" not in name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """policies/access/<name>.yaml: what may be asked for, by whom, for how long."""

    name: str
    description: str
    eligible: tuple[str, ...]  # logins, and teams as "@org/team"
    accounts: tuple[str, ...]  # aliases, and groups of them as "@group"
    max_duration: timedelta
    approvals: int  # that every request takes
    ticket_required: bool
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    managed_policies: tuple[str, ...]  # names of AWS managed policies
    review_within: timedelta | None = None  # with `reviewers`, of a policy with no approvals: break-glass
    reviewers: tuple[str, ...] = ()  # logins, and teams as "@org/team"
    # Every rule, if `approvals:` is a list: `approvals` is then the need of the one without `when`.
    approval_rules: tuple[ApprovalRule, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()
    reviewed: date | None = None  # the day of its last access review, as the file says it
    where: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The file that says this."""
        return policy_path(self.name)


WORKFLOW_ENDS = (".yml", ".yaml")  # of what GitHub reads as a workflow or an action


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFile:
    """A file of GitHub Actions: its text, each scalar that YAML makes of it, and what it uses, as `owner/name@ref`.

    Of a file that is no YAML, such as an action's script, the text is one scalar, and it uses nothing. So it is where
    YAML makes nothing of the file, and `unread` says why: then what it uses is not known.
    """

    text: str
    scalars: tuple[str, ...]
    uses: tuple[str, ...]
    unread: str = ""

    def mentions(self, word: str) -> int:
        """How often it has this word in what GitHub reads: a comment is none, and one with escapes is one."""
        return sum(each.count(word) for each in self.scalars)


OPTIONAL = ("ticket",)  # the texts that a request may have, in the order in which people read them


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml: what one person asks for.

    `where` maps a field ("duration", "parameters.table", "accounts.0") to its place in the file.
    """

    path: str
    requester: Login
    accounts: tuple[str, ...]
    duration: timedelta
    reason: str
    parameters: Mapping[str, str]
    ticket: str | None = None
    starts_at: datetime | None = None
    where: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    @property
    def optional(self) -> tuple[tuple[str, str], ...]:
        """Its texts among `OPTIONAL`, each with its name: what people are shown after the reason."""
        found = ((name, getattr(self, name)) for name in OPTIONAL)
        return tuple((name, value) for name, value in found if value is not None)
