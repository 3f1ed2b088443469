"""What justified an event: every key that evidence can have, for decisions, outcomes, reviews and the rest.

One class holds all of them, since most readers process events of every type. A key that an event's type does not have
reads as missing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.case_json import Facts
from jitbot.domain.ledger.case_json import dump as dump_facts
from jitbot.domain.ledger.case_json import load as load_facts
from jitbot.domain.ledger.recorded_use import RecordedUse
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.text.json_object import (
    JsonObject,
    Key,
    as_object,
    each,
    moment,
    number,
    numbers,
    one,
    text,
    text_or_none,
    texts,
    texts_by_name,
    true,
    unread,
)


class ReviewOutcome(StrEnum):
    """What a reviewer said."""

    APPROVED = "approved"
    OBJECTED = "objected"


class RuleOutcome(StrEnum):
    """How a change of the rules came to main."""

    REVIEWED = "reviewed"  # by a pull request that an owner of every changed path approved
    UNREVIEWED = "unreviewed"  # by a pull request without that
    PUSHED = "pushed"  # past the rules, without a pull request
    UNKNOWN = "unknown"  # GitHub did not say, as long as it was asked


@dataclass(frozen=True, slots=True)
class RecordedOnline(JsonObject):
    """What a verification asked GitHub: up to which head of the ledger every approval after another was asked about."""

    begins = text("begins")
    through = text("through")
    left = texts("left")
    approvals = number("approvals")


@dataclass(frozen=True, slots=True)
class RecordedAccount(JsonObject):
    """A GitHub account, by its login and its id."""

    login = text("login")
    github_id = number("github_id")
    kind = text("type")

    @property
    def is_app(self) -> bool:
        """Whether it is known to be no person's account: an app acts for the person who started it."""
        return self.kind not in ("", "User")

    @classmethod
    def named(cls, login: str, github_id: int) -> Self:
        """The account of this login and id, of whatever type."""
        return cls.of(cls.login(login), cls.github_id(github_id))

    @classmethod
    def of_actor(cls, actor: Actor) -> Self:
        """An account as GitHub names it, with its type."""
        return cls.of(cls.login(actor.login), cls.github_id(actor.github_id), cls.kind(actor.kind))


@dataclass(frozen=True, slots=True)
class RecordedReview(JsonObject):
    """A review that counted, with the rule that made its author an owner; or one that did not, and why."""

    login = text("login")
    github_id = number("github_id")
    review_id = number("review_id")
    state = text("state")
    submitted_at = moment("submitted_at")
    commit = text("commit")
    owner_rule = text("owner_rule")
    why = text("why")


@dataclass(frozen=True, slots=True)
class RecordedPlace(JsonObject):
    """One of the approvals that were needed: of which team, if of one, and who gave it, if somebody did."""

    team = text("team")
    login = text("login")
    github_id = number("github_id")


@dataclass(frozen=True, slots=True)
class Reason(JsonObject):
    """Why something was refused: a finding, as `check --format json` prints it."""

    code = text("code")
    message = text("message")
    file = text("file")
    hint = text("hint")


@dataclass(frozen=True, slots=True)
class RecordedRisk(JsonObject):
    """The risk of what was approved."""

    level = text("level")
    reasons = texts("reasons")


@dataclass(frozen=True, slots=True)
class OwedReview(JsonObject):
    """The review that a break-glass approval requires: who may give it, and by when."""

    review_by = moment("review_by")
    reviewers = each("reviewers", RecordedAccount)


def _facts(value: object) -> Facts | None:
    """What GitHub answered, or None if that is missing or incomplete."""
    try:
        return load_facts(value)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Evidence(JsonObject):
    """The evidence of one event. The keys are grouped by the events that have them."""

    # decisions
    jitbot = text("jitbot")  # the version that decided
    merge_commit = text("merge_commit")
    rules_commit = text("rules_commit")
    request_blob = text_or_none("request_blob")  # None of a file that was deleted
    reasons = each("reasons", Reason)
    approvals = each("approvals", RecordedReview)
    not_counted = each("not_counted", RecordedReview)
    digests = unread("digests")
    risk = one("risk", RecordedRisk)
    pull_request = number("pull_request")  # of reviews too
    author = one("author", RecordedAccount)
    head = text("head")  # the pull request's; of a verification, the ledger's
    requested_at = moment("requested_at")
    merged_at = moment("merged_at")
    merged_by = one("merged_by", RecordedAccount)
    commits = unread("commits")
    approvals_required = number("approvals_required")
    # Only of a policy whose `approvals:` is a list: the rules that held, in words, and who filled which place.
    approval_rules = texts("approval_rules")
    places = each("places", RecordedPlace)
    approvals_valid_for_seconds = unread("approvals_valid_for_seconds")
    max_duration_seconds = number("max_duration_seconds")
    owners = unread("owners")
    owner_rule = text("owner_rule")
    named = numbers("named")  # the GitHub ids that the request's own commits name
    break_glass = one("break_glass", OwedReview)
    facts = Key("facts", _facts, dump_facts)
    asked = one("asked", Ask)  # of a refusal: what was asked for

    # outcomes in AWS
    role_id = text("role_id")
    aws_request_ids = texts("aws_request_ids")
    effective_at = moment("effective_at")
    seen = text("seen")
    verified_absent = true("verified_absent")
    message = text("message")  # of a failure

    # revocations, stops, and reviews after access
    by = text("by")
    github_id = number("github_id")
    reason = text("reason")
    outcome = text("outcome")
    review_id = unread("review_id")
    submitted_at = text("submitted_at")
    reviewed_commit = unread("reviewed_commit")
    review_by = unread("review_by")
    in_time = unread("in_time")

    # changes of the rules: what was changed, at most `bounds.RULE_PATHS` of it, and how much there was
    paths = texts("paths")
    paths_count = number("paths_count")  # None: more than is read
    # emergency stops: of whom, or of what; and which stop is lifted, by its event's key
    person = one("person", RecordedAccount)
    policy = text("policy")
    stop = text("stop")

    # what was done with a grant, asked of CloudTrail after its end
    use = one("use", RecordedUse)

    # how main and ledger are protected: a word for each safeguard, by its code
    safeguards = texts_by_name("safeguards")

    # verifications
    main = text("main")
    exit_code = unread("exit_code")
    checked = unread("checked")
    findings = unread("findings")
    online = one("online", RecordedOnline)  # an older jitbot did not say what it asked GitHub

    # of an event that was too large
    left_out_bytes = unread("left_out_bytes")

    def shortened(self, size: int) -> Self:
        """The part that is kept if the event would be too large to be read again, with the original size."""
        short = (key.name for key in _SHORT if key.name in self.json)
        kept = ((name, self.json[name]) for name in short)
        return self.of(*kept, Evidence.left_out_bytes(size))

    @property
    def is_break_glass(self) -> bool:
        """Whether access was given before anybody approved it, even if the required review cannot be read."""
        return Evidence.break_glass.name in self.json

    @property
    def lacks_pushes(self) -> bool:
        """Whether GitHub was asked who pushed the commits, and did not say. An older jitbot did not ask."""
        told = as_object(as_object(self.json.get("facts")).get("told"))
        return "pushes" in told and told["pushes"] is None


_SHORT = (
    Evidence.jitbot,
    Evidence.merge_commit,
    Evidence.rules_commit,
    Evidence.request_blob,
    Evidence.pull_request,
)
