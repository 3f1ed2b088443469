"""What was asked for, as the ledger records it: a request, with the person behind it, as one object of JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self, assert_never

from jitbot.domain.model.documents import (
    OPTIONAL,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    Person,
    Principal,
    Request,
)
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.json_object import (
    JsonObject,
    moment,
    number,
    text,
    text_or_none,
    texts,
    texts_by_name,
)


@dataclass(frozen=True, slots=True)
class Ask(JsonObject):
    """Who asked for what. An approval records all of it; other events name the requester alone, or nothing."""

    policy = text("policy")
    requester = text("requester")
    accounts = texts("accounts")
    reason = text_or_none("reason")
    ticket = text_or_none("ticket")
    parameters = texts_by_name("parameters")
    starts_at = moment("starts_at")
    duration = text("duration")
    github_id = number("github_id")
    principal = text_or_none("principal")
    began = moment("began")  # the first term; extensions and the policy's maximum count from here

    @classmethod
    def load(cls, json: Mapping[str, object]) -> Self:
        """Read it. Raises ValueError if it began at no time: maximum and extensions count from there."""
        if isinstance(began := json.get("began"), str):
            timestamp.parse(began)
        return cls(json)

    @classmethod
    def of_request(cls, request: Request, person: Person | None, began: datetime | None = None) -> Self:
        """Who asks for what, begun or not. `person` is None where nobody known goes by the requester's login."""
        return cls.of(
            *_fields(request),
            cls.duration(duration.show(request.duration)),
            cls.github_id(None if person is None else person.github_id),
            cls.principal("" if person is None else principal_text(person.principal)),
            *(() if began is None else (cls.began(began),)),
        )

    def request(self, path: str, starts_at: datetime | None) -> Request:
        """The request that was asked for, with the start that was approved. Raises ValueError if this records none."""
        if self.accounts is None or self.parameters is None or self.reason is None:
            raise ValueError(f"{path} is not recorded as a request")
        return Request(
            path=path,
            requester=Login(self.requester),
            accounts=self.accounts,
            duration=duration.parse(self.duration),
            reason=self.reason,
            parameters=self.parameters,
            ticket=self.ticket,
            starts_at=starts_at,
        )

    @property
    def optional(self) -> tuple[tuple[str, str | None], ...]:
        """The texts that a request may have, by name; None for one that was not given."""
        return tuple((name, getattr(self, name)) for name in OPTIONAL)

    def changed_by(self, request: Request) -> tuple[str, ...]:
        """What an extension may not change and this request does: the names, sorted."""
        return tuple(sorted(name for name, value in _fields(request) if value != self.json.get(name)))


def _fields(request: Request) -> tuple[tuple[str, object], ...]:
    """All of a request but its duration: what an extension may not change."""
    return (
        Ask.policy(policy_of(request.path)),
        Ask.requester(request.requester),
        Ask.accounts(request.accounts),
        Ask.reason(request.reason),
        Ask.ticket(request.ticket),
        Ask.parameters(request.parameters),
        Ask.starts_at(request.starts_at),
    )


def principal_text(principal: Principal | None) -> str:
    """One text for each principal, to see whether a person's is still the recorded one."""
    match principal:
        case None:
            return ""
        case IamUser(arn=arn):
            return arn
        case IamRole(arn=arn, userid=userid):
            return f"{arn} as {userid}"
        case IdentityCenter(account=account, permission_set=permission_set, user_name=user_name):
            return f"{permission_set} in {account} as {user_name}"
        case _:
            assert_never(principal)
