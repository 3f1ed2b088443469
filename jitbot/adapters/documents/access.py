"""What may be asked for, and what is: access policies and requests."""

from collections.abc import Iterator, Mapping
from typing import Any

from jitbot.adapters.documents import strict_yaml
from jitbot.adapters.documents.document import Document, Path
from jitbot.adapters.documents.shape import check_shape
from jitbot.domain.access.eligibility import value_problem
from jitbot.domain.model import grammar
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import (
    OPTIONAL,
    Acknowledgement,
    Finding,
    Login,
    Parameter,
    ParameterKind,
    Parsed,
    Policy,
    Request,
    Source,
    Statement,
)
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.escape import quoted

_END_MARK = "AWSDenyAll"  # a grant that carries it has been ended early


def parse_policy(source: Source) -> Parsed[Policy]:
    """Read policies/access/<name>.yaml; the file's name is the policy's."""
    document = strict_yaml.read(source)
    name = grammar.parse_policy_path(source.path)
    if isinstance(name, Finding):
        document.note((), name.code, name.message, name.hint, None)
    check_shape(document, "policy")
    if document.value is not None:
        _check_parameters(document)
        _check_conditions(document)
        _check_templates(document)
        _check_names(document)
        _check_rules(document)
        _check_review(document)
    return document.parsed(lambda value: _policy(str(name), value, document))


def _check_parameters(document: Document) -> None:
    for path, parameter in document.children("parameters"):
        name = str(path[-1])
        if problem := _kind_problem(parameter):
            document.refuse(
                path, "bad-parameter", f"{name} {problem}", "see the schema for what goes together"
            )
        separators = frozenset(parameter.get("separators", ""))
        for item, value in document.children(*path, "enum"):
            if problem := grammar.literal_problem(value, separators):
                document.refuse(
                    item, "bad-parameter-value", f"{quoted(value)} {problem}", "every value is a literal"
                )


def _check_parameter_names(document: Document, declared: set[str]) -> None:
    for name in sorted(declared & grammar.RESERVED):
        hint = f"jitbot fills these itself: {', '.join(sorted(grammar.RESERVED))}"
        message = f"{name} is no name for a parameter"
        document.refuse(("parameters", name), "reserved-name", message, hint, key=True)


def _kind_problem(parameter: Mapping[str, Any]) -> str | None:
    """Which keys of a parameter do not go together; a string and an integer are each bounded in one way."""
    if parameter.get("type") != "integer":
        if "minimum" in parameter or "maximum" in parameter:
            return "has bounds, which need type: integer"
        return (
            None
            if ("enum" in parameter) != ("pattern" in parameter)
            else "needs enum or pattern, and not both"
        )
    if parameter.keys() & {"enum", "pattern", "separators"}:
        return "is an integer: it has minimum and maximum alone"
    if "minimum" not in parameter or "maximum" not in parameter:
        return "is an integer: it needs minimum and maximum"
    return (
        "has a minimum above its maximum" if int(parameter["minimum"]) > int(parameter["maximum"]) else None
    )


def _check_conditions(document: Document) -> None:
    for statement, _ in document.children("statements"):
        for operator, keys in document.children(*statement, "conditions"):
            named = (((*operator, key), key) for key in keys)
            document.distinct(
                named, "repeated-condition-key", "is there already: IAM ignores case here", key=True
            )
            for path, text in _texts(keys, operator):
                if problem := grammar.condition_value_problem(str(operator[-1]), text):
                    document.refuse(path, "bad-condition-value", f"{quoted(text)} {problem}")


def _check_templates(document: Document) -> None:
    """Every placeholder is declared or built in, and every parameter is used. Otherwise a question would have no effect."""
    parameters = document.value.get("parameters")
    declared = set(parameters) if isinstance(parameters, dict) else set()
    _check_parameter_names(document, declared)
    used: set[str] = set()
    for path, text in _texts(document.value.get("statements"), ("statements",)):
        names = grammar.placeholders(text)
        used.update(names)
        for name in names:
            if name not in declared | grammar.BUILT_INS:
                known = ", ".join(sorted(declared | grammar.BUILT_INS))
                document.refuse(
                    path, "unknown-placeholder", f"{{{{{name}}}}} is no parameter", f"known here: {known}"
                )
    for path, _ in document.children("parameters"):
        if path[-1] not in used:
            document.refuse(
                path, "unused-parameter", f"no statement uses {path[-1]}", "remove it, or use it", key=True
            )


def _texts(part: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every scalar below `path`, sound or not."""
    if isinstance(part, str):
        yield path, part
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from _texts(value, (*path, key))


def _check_names(document: Document) -> None:
    document.distinct(document.children("eligible"), "repeated-value", "is there already")
    managed = document.children("managed_policies")
    document.distinct(managed, "repeated-value", "is there already")
    for path, name in managed:
        if name.casefold() == _END_MARK.casefold():
            document.refuse(
                path, "bad-managed-policy", f"{_END_MARK} ends a grant", "a policy cannot give it"
            )
    if not document.value.get("statements") and not document.value.get("managed_policies"):
        document.refuse(
            (), "nothing-allowed", "the policy allows nothing", "add statements or managed_policies"
        )


def _check_review(document: Document) -> None:
    """Break-glass says who reviews and how soon; what is approved before is not reviewed after."""
    document.distinct(document.children("reviewers"), "repeated-value", "is there already")
    if not document.sound("approvals"):
        return
    if isinstance(document.value["approvals"], list) or int(document.value["approvals"]) > 0:
        for name in ("reviewers", "review_within"):
            if name in document.value:
                hint = "remove it, or write approvals: 0 for access first and review after"
                document.refuse((name,), "bad-review", f"{name} belongs to approvals: 0", hint, key=True)
        return
    missing = [name for name in ("reviewers", "review_within") if name not in document.value]
    if missing:
        message = f"approvals: 0 needs {' and '.join(missing)}: who reviews afterwards, and how soon"
        hint = 'add reviewers: ["@organisation/team"] and review_within: 24h, or ask for an approval'
        document.refuse(("approvals",), "bad-review", message, hint)


def _check_rules(document: Document) -> None:
    """Rules of approval: one holds always, none asks for less people than teams, and each can hold."""
    if not isinstance(document.value.get("approvals"), list):
        return
    rules = document.children("approvals")
    always = [path for path, rule in rules if "when" not in rule]
    if not always and document.sound("approvals"):
        message = "approvals needs one rule without when, which holds for every request"
        document.refuse(("approvals",), "no-rule-without-when", message, "add a line `- need: 1`")
    for path in always[1:]:
        message = "there is a rule without when already"
        document.refuse(path, "two-rules-without-when", message, "say when this one holds, or remove it")
    for path, rule in rules:
        if int(rule["need"]) < (teams := len(rule.get("from", ()))):
            message = (
                f"need is {rule['need']}, and from names {teams} teams, each of which gives one approval"
            )
            document.refuse((*path, "need"), "need-below-teams", message, f"write need: {teams} or more")
        document.distinct(document.children(*path, "from"), "repeated-value", "is there already")
        _check_rule_values(document, (*path, "when", "parameters"))


def _check_rule_values(document: Document, where: Path) -> None:
    """A rule asks about parameters of this policy, and about values that a request can have."""
    declared = {
        str(path[-1]): _parameter(str(path[-1]), each) for path, each in document.children("parameters")
    }
    for path, _ in document.children(*where):
        name = str(path[-1])
        if name not in declared:
            if document.sound("parameters"):
                known = ", ".join(declared) or "none"
                message = f"{name} is no parameter of this policy, so the rule never holds"
                document.refuse(path, "unknown-parameter", message, f"parameters here: {known}", key=True)
            continue
        for item, value in document.children(*path):
            if problem := value_problem(str(value), declared[name]):
                message = f"{quoted(value)} {problem}, so no request has it"
                document.refuse(item, "bad-parameter-value", message, "write a value that a request can have")


def _always(rules: tuple[ApprovalRule, ...]) -> int:
    return max((rule.need for rule in rules if rule.when is None), default=1)


def _rules(found: Any) -> tuple[ApprovalRule, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(
        ApprovalRule(
            need=int(rule["need"]),
            teams=_strings(rule.get("from", ())),
            when=_condition(rule["when"]) if "when" in rule else None,
            field=f"approvals.{index}",
        )
        for index, rule in enumerate(found)
    )


def _condition(when: Mapping[str, Any]) -> RuleCondition:
    return RuleCondition(
        accounts=_strings(when["accounts"]) if "accounts" in when else None,
        duration_over=duration.parse(when["duration_over"]) if "duration_over" in when else None,
        parameters={str(name): _strings(values) for name, values in when.get("parameters", {}).items()},
    )


def _policy(name: str, value: Mapping[str, Any], document: Document) -> Policy:
    rules = _rules(value["approvals"])
    return Policy(
        name=name,
        description=str(value["description"]),
        eligible=_strings(value["eligible"]),
        accounts=_strings(value["accounts"]),
        max_duration=duration.parse(value["max_duration"]),
        approvals=_always(rules) if rules else int(value["approvals"]),
        approval_rules=rules,
        ticket_required=value.get("ticket") == "required",
        parameters=tuple(_parameter(key, entry) for key, entry in value.get("parameters", {}).items()),
        statements=tuple(_statement(entry) for entry in value.get("statements", ())),
        managed_policies=_strings(value.get("managed_policies", ())),
        review_within=duration.parse(value["review_within"]) if "review_within" in value else None,
        reviewers=_strings(value.get("reviewers", ())),
        acknowledged=tuple(
            Acknowledgement(**{name: str(text) for name, text in entry.items()})
            for entry in value.get("acknowledged", ())
        ),
        reviewed=timestamp.parse_date(value["reviewed"]) if "reviewed" in value else None,
        where=dict(document.where),
    )


def _strings(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str) else tuple(str(item) for item in value)


def _parameter(name: str, entry: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=name,
        kind=ParameterKind(str(entry.get("type", "string"))),
        enum=_strings(entry.get("enum", ())),
        pattern=str(entry["pattern"]) if "pattern" in entry else None,
        separators=frozenset(str(entry.get("separators", ""))),
        minimum=int(entry["minimum"]) if "minimum" in entry else None,
        maximum=int(entry["maximum"]) if "maximum" in entry else None,
        description=str(entry.get("description", "")),
    )


def _statement(entry: Mapping[str, Any]) -> Statement:
    conditions = {
        operator: {key: _strings(values) for key, values in keys.items()}
        for operator, keys in entry.get("conditions", {}).items()
    }
    return Statement(
        actions=_strings(entry["actions"]),
        resources=_strings(entry["resources"]),
        conditions=conditions,
    )


def parse_request(source: Source) -> Parsed[Request]:
    """Read requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml; the path must name the requester."""
    document = strict_yaml.read(source)
    check_shape(document, "request")
    path = grammar.parse_request_path(source.path)
    if isinstance(path, Finding):
        document.note((), path.code, path.message, path.hint, None)
    elif document.sound("requester") and path.slug_for(Login(document.value["requester"])) is None:
        requester = document.value["requester"]
        hint = f"name the file {path.date:%d}-{requester}-<a few words: a-z, 0-9, ->.yaml, or correct `requester:`"
        document.refuse(("requester",), "wrong-name", f"the file's name is not of {quoted(requester)}", hint)
    return document.parsed(lambda value: _request(source.path, value, document))


def _request(path: str, value: Mapping[str, Any], document: Document) -> Request:
    optional: dict[str, Any] = {name: str(value[name]) for name in OPTIONAL if name in value}
    return Request(
        path=path,
        requester=Login(str(value["requester"])),
        accounts=_strings(value["accounts"]),
        duration=duration.parse(value["duration"]),
        reason=str(value["reason"]),
        parameters={name: str(text) for name, text in value.get("parameters", {}).items()},
        **optional,
        starts_at=timestamp.parse(value["starts_at"]) if "starts_at" in value else None,
        where=dict(document.where),
    )
