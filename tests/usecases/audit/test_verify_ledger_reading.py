"""What a verification is given to judge, of plain values: which decisions, which rules, since when."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import BASE, BLOB, HEAD, MERGE, NOW, PATH, a_person, a_request, sha, the_rules, the_settings
from audit_facts import approval, decided
from builders import a_case, a_change, an_approval, an_outcome
from plain_ledger import PlainLedger

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.ledger_history import AttestedCommit, LedgerHistory, RecordedEvent
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.verify import online
from jitbot.domain.audit.verify.online import AskedUntil
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.git_history import RULE_PATHS, HistoryStep, RuleChange, Touched
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.documents import PLAIN, SETTINGS, Parsed, Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.audit import verify_ledger as module
from jitbot.usecases.audit.absences import Gone
from jitbot.usecases.audit.record_verdict import event_of
from jitbot.usecases.audit.verify_ledger import (
    AuditInputs,
    approvals_since_asked,
    approvals_to_ask,
    load_audit_inputs,
    mark,
    verify,
)
from jitbot.usecases.collect.collect_case import rule_paths


def recorded(event: Event, commit: str = "batch") -> RecordedEvent:
    """An event in a batch of this commit."""
    batch = AttestedCommit(
        commit=sha(commit), order=1, at=NOW, issued_at=NOW, workflow="w", run="1", actor_id="1"
    )
    return RecordedEvent(event=event, batch=batch, path=event.path)


def inputs(
    *events: RecordedEvent, git: Any = None, merges: Iterable[Merged] = (), **main: Any
) -> AuditInputs:
    """What an audit read: these events, and of main what is given."""
    history = LedgerHistory(head=HEAD, recorded=events, batches=(), signers={}, anchored=True, problems=())
    main_history = SimpleNamespace(**{"all_rules": set(), "commits": {}, "too_large": [], **main})
    return cast(
        "AuditInputs",
        SimpleNamespace(
            git=git,
            documents=Documents(),
            history=history,
            main=MERGE,
            main_history=main_history,
            merges=tuple(merges),
            gone=Gone(absences={}, unread=frozenset()),
            not_followed=(),
        ),
    )


class Documents:
    """Every document is acme's."""

    def __getattr__(self, name: str) -> Any:
        if name == "parse_request":
            return lambda _: Parsed(value=a_request())
        return lambda _: getattr(the_rules(), name.removeprefix("parse_"))


def test_of_main_only_requests_are_merges() -> None:
    """Whatever else lies below requests/; the ledger is read by the repository that main's settings name."""
    steps = [
        HistoryStep(commit=sha("root"), parents=(), at=NOW, message="begin", touched=()),
        HistoryStep(
            commit=MERGE,
            parents=(sha("root"),),
            at=NOW,
            message="x",
            touched=tuple(
                Touched(path=path, mode=PLAIN, blob=sha(path), status="A")
                for path in (SETTINGS, PATH, "requests/README.md")
            ),
        ),
    ]
    git = SimpleNamespace(
        main=lambda: MERGE,
        main_steps=lambda main: iter(steps if main == MERGE else []),
        contents=lambda blobs, *_: [(each, b"x") for each in blobs],
        blobs_at=lambda _: {},
        ledger=lambda: HEAD,
        ledger_steps=lambda head: iter(steps[:1] if head == HEAD else []),
    )
    asked: list[Any] = []

    def issuer(settings: Any) -> Any:
        asked.append(settings)
        return PlainLedger().context().issuer

    found = load_audit_inputs(
        cast("Any", git), cast("Any", Documents()), issuer=issuer, keys=lambda _: {"k0": "zero"}
    )
    assert [each.change.path for each in found.merges] == [PATH]
    assert (asked, found.settings, found.main) == ([the_settings()], the_settings(), MERGE)
    assert (found.history.head, found.history.anchored, found.not_followed) == (HEAD, True, ())


@pytest.mark.parametrize("since", [None, sha("since")])
def test_what_was_seen_before_must_still_be_there(since: Sha | None) -> None:
    """What this clone found good, what was expected, and the commit from which on findings are told."""
    held = {sha("held")}

    def holds(head: Sha, commit: Sha) -> bool:
        assert (head, bool(commit)) == (HEAD, True)
        return commit in held

    def commits_of(tip: Sha) -> frozenset[Sha]:
        assert tip == since
        return frozenset({sha("batch")})

    git: Any = Trees()
    git.verified, git.holds, git.commits_of = lambda: sha("good"), holds, commits_of
    given = inputs(recorded(an_outcome(EventType.GRANTED)), git=git)
    lost = [sha("good"), sha("expected"), *([since] if since else [])]
    verdict = verify(given, NOW, expect=[sha("expected"), sha("held")], since=since)
    gone = [each for each in verdict.problems if each.code == "history-rewritten"]
    assert all(any(each[:10] in problem.message for problem in gone) for each in lost)
    assert len(gone) == len(lost)
    others = {each.code for each in verdict.problems} - {"history-rewritten"}
    assert (others, verdict.passed_over) == ((set(), 1) if since else ({"granted-without-approval"}, 0))
    held.update(lost)
    assert "history-rewritten" not in {
        each.code for each in verify(given, NOW, expect=[sha("expected")], since=since).problems
    }


def test_main_must_have_what_a_verification_saw_of_it() -> None:
    """Each commit that one names is asked for, once; an older one names none. A deletion that was taken out is missing so."""
    seen = [
        recorded(an_outcome(EventType.VERIFIED, request="", evidence=Evidence(main)), f"{number}")
        for number, main in enumerate(({"main": BASE}, {"main": sha("gone")}, {"main": sha("gone")}, {}))
    ]
    git: Any = Trees()
    git.verified, git.holds = lambda: None, lambda *_: True
    verdict = verify(inputs(*seen, git=git, commits={BASE: 0, MERGE: 1}), NOW)
    (found,) = verdict.problems
    assert (found.code, found.commit, found.severity) == ("main-rewritten", sha("gone"), Severity.BROKEN)


def named(head: Sha) -> Event:
    """A verification that found this head."""
    return an_outcome(EventType.VERIFIED, request="", evidence=Evidence({"head": head}))


def test_since_when_findings_are_new() -> None:
    """A commit by its name, or the head that the newest recorded verification found."""
    git = SimpleNamespace(resolve=lambda name: Sha(f"resolved {name}"))
    of_two = inputs(recorded(named(BASE)), recorded(named(HEAD)), git=git)
    assert mark(of_two, "main~3") == "resolved main~3"
    assert mark(of_two, "recorded") == f"resolved {HEAD}"
    with pytest.raises(InvalidError, match="no verification is recorded"):
        mark(inputs(git=git), "recorded")
    assert mark(inputs(git=git), BASE) == f"resolved {BASE}"


def test_only_the_decisions_since_then_are_read_again() -> None:
    """All of them where nothing is said."""
    old, new = recorded(an_approval(), "old"), recorded(an_approval(commit=sha("new")), "new")
    git = SimpleNamespace(commits_of=lambda _: frozenset({sha("old")}))
    both = inputs(old, recorded(named(BASE)), new, git=git)
    some, every = approvals_to_ask(both, BASE), approvals_to_ask(both, None)
    assert (some.decisions, some.mark) == ((new,), AskedUntil(begins=BASE, through=BASE))
    assert (every.decisions, every.mark) == ((old, new), AskedUntil())


@pytest.mark.parametrize("lost", ["", "begins", "through"])
def test_a_mark_that_the_ledger_does_not_hold_says_nothing(lost: str) -> None:
    """Then every approval is new; else those after it, and a sample of the older ones, each of which was asked about."""
    old, new = recorded(an_approval(), "old"), recorded(an_approval(commit=sha("new")), "new")
    marked = an_outcome(
        EventType.VERIFIED,
        request="",
        evidence=Evidence({"online": {"begins": sha("begins"), "through": sha("through")}}),
    )
    git = SimpleNamespace(
        commits_of=lambda tip: {sha("begins"): frozenset(), sha("through"): frozenset({sha("old")})}[tip],
        holds=lambda head, commit: head == HEAD and commit != sha(lost),
    )
    found = approvals_since_asked(inputs(old, recorded(marked, "marked"), new, git=git))
    assert (found.new, found.older, found.again) == ((2, 0, 0) if lost else (1, 1, 1))


def test_without_a_mark_nothing_is_asked_of_git() -> None:
    """A ledger that nobody verified: every approval is new."""
    found = approvals_since_asked(inputs(recorded(an_approval()), git=SimpleNamespace()))
    assert (found.new, found.older, found.mark) == (1, 0, AskedUntil())


def test_of_what_lies_before_the_mark_begins_no_record_says_that_it_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is counted, unless it is among those that are asked about again."""
    monkeypatch.setattr(online, "SAMPLE", 0)
    first, second = recorded(an_approval(), "first"), recorded(an_approval(commit=sha("new")), "second")
    marked = an_outcome(
        EventType.VERIFIED,
        request="",
        evidence=Evidence({"online": {"begins": sha("first"), "through": sha("second")}}),
    )
    upto = {sha("first"): frozenset({sha("first")}), sha("second"): frozenset({sha("first"), sha("second")})}
    git = SimpleNamespace(commits_of=upto.__getitem__, holds=lambda *_: True)
    found = approvals_since_asked(inputs(first, second, recorded(marked, "marked"), git=git))
    assert (found.new, found.older, found.unsaid) == (0, 2, 1)


def a_rule_change(commit: str, base: Sha = BASE) -> RuleChange:
    """A commit of main that changed the rules."""
    return RuleChange(commit=sha(commit), at=NOW, subject="x", paths=(RULE_PATHS[0],), base=base)


class Trees:
    """A git whose commits all have all rules, and that notes of which it was asked."""

    def __init__(self, *changes: RuleChange) -> None:
        self.changes = changes
        self.asked: list[Sha] = []

    def rule_changes(self, *_: Any) -> tuple[RuleChange, ...]:
        """Those given."""
        self.asked.append(Sha("rule_changes"))
        return self.changes

    def entries(self, commit: Sha, _: Any) -> tuple[Any, ...]:
        """Nothing lies there."""
        self.asked.append(commit)
        return ()

    def small(self, *_: Any) -> dict[Any, Any]:
        """Nor here."""
        return {}

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[Any, Any]:
        """Every rule has bytes of its own name."""
        wanted = list(places)
        self.asked += [commit for commit, _ in wanted]
        return {(commit, path): sha(path) for commit, path in wanted}

    def contents(self, blobs: Iterable[Sha]) -> list[tuple[Sha, bytes]]:
        """One byte each."""
        return [(each, b"x") for each in blobs]

    def here(self, _: Any) -> frozenset[Sha]:
        """Nothing is too large."""
        return frozenset()


def test_the_rules_before_each_recorded_change_are_read() -> None:
    """Of no other, and not of the first commit of all; a ledger without such a record has nothing read."""
    rules = an_outcome(EventType.RULES, request="")
    git = Trees(a_rule_change("one"), a_rule_change("other", HEAD), a_rule_change("first", Sha("")))
    events = [recorded(replace(rules, commit=sha(each))) for each in ("one", "first")]
    found = module._rule_history(inputs(*events, git=git))
    assert ([each.commit for each in found.changes], set(found.before)) == (
        [sha("one"), sha("other"), sha("first")],
        {sha("one")},
    )
    assert set(git.asked) - {"rule_changes"} == {BASE}
    git = Trees(a_rule_change("one"))
    found = module._rule_history(inputs(recorded(an_outcome(EventType.FAILED, commit=sha("one"))), git=git))
    assert (found.changes, git.asked) == ((), [])


def a_stop(rules: Sha) -> RecordedEvent:
    """erin's stop, by the rules of this commit."""
    event = stopped_event(StopSubject(policy="x"), a_person("erin"), reason="x", rules=rules, at=NOW, run="")
    return recorded(event)


def test_the_rules_of_a_stop_are_those_of_a_commit_of_main() -> None:
    """Of one that main does not have none are read; without a stop nothing is."""
    git = Trees()
    found = module._stop_rules(inputs(a_stop(BASE), a_stop(HEAD), git=git, commits={BASE: 1}))
    assert {each: (rules.on_main, rules.rules is not None) for each, rules in found.items()} == {
        BASE: (True, True),
        HEAD: (False, False),
    }
    assert set(git.asked) == {BASE}
    git = Trees()
    assert module._stop_rules(inputs(recorded(an_approval()), git=git)) == {}
    assert git.asked == []


def a_merged(**changes: Any) -> Merged:
    """alice's request as main has it; the rules are read from its base."""
    change = a_change(**{key: changes.pop(key) for key in ("mode", "blob") if key in changes})
    return Merged(change=change, order=1, touched=(), rules=changes.pop("rules", None), clashes=(), before=())


def test_only_plain_files_are_asked_of_git() -> None:
    """What a submodule names is no object here; a deletion names none, and what main does not have neither."""
    merges = [a_merged(), None, a_merged(blob=None), a_merged(mode="160000"), a_merged(mode="120000")]
    assert module._asked(merges) == [BLOB]


def in_git(merged: Merged | None, git: Trees | None = None, contents: Any = None) -> Any:
    """The facts that one decision is judged by."""
    git = git or Trees()

    def bytes_of(blobs: Iterable[Sha]) -> list[tuple[Sha, bytes | None]]:
        return [(each, b"x") for each in blobs if contents is None or each in contents]

    git.contents = bytes_of  # type: ignore[assignment,method-assign]
    decision = recorded(an_approval())
    known = {(path, blob) for path, blob in (merged.rules or {}).items()} if merged is not None else set()
    given = inputs(decision, git=git, merges=[merged] if merged else [], all_rules=known)
    (found,) = module._decisions(given)
    assert found.decision == decision
    return found


def test_a_decision_is_judged_by_what_git_has_of_it() -> None:
    """Where main has no such change there is nothing; where rules at its base are not here, it says which."""
    found = in_git(a_merged())
    assert (found.in_git.merged, found.lacks) == (a_merged(), None)
    assert found.in_git.rules.settings == the_rules().settings
    assert found.in_git.request.value == a_request()
    found = in_git(None)
    assert (found.in_git, found.lacks) == (None, None)
    found = in_git(a_merged(), contents=set())
    assert (found.in_git, found.lacks) == (None, BASE)
    deleted = in_git(a_merged(blob=None))
    assert deleted.in_git.request is None


def test_the_rules_at_the_head_are_those_that_were_attested() -> None:
    """None where nothing was attested of a pull request."""
    facts: Any = SimpleNamespace(snapshot=SimpleNamespace(head_rules={"a": BLOB}))
    assert module._head_rules(facts) == {"a": BLOB}
    assert module._head_rules(cast("Any", SimpleNamespace(snapshot=None))) == module._head_rules(None) == {}


def test_rules_that_mains_history_shows_are_not_asked_of_the_commit() -> None:
    """Otherwise the base itself is asked."""
    known = {path: sha(path) for path in rule_paths("orders-db-read")}
    git = Trees()
    found = in_git(a_merged(rules=known), git)
    assert (found.in_git is not None, git.asked) == (True, [])
    git = Trees()
    in_git(a_merged(), git)
    assert set(git.asked) == {BASE}


def test_rules_that_only_a_head_had_are_read() -> None:
    """Main never had them, so no commit of main brings them: without them an approval could not be decided again."""
    case = a_case()
    assert case.merge is not None
    head = replace(case.merge.head_rules, sources={path: sha(f"head {path}") for path in rule_paths("x")})
    decision = decided(replace(case, merge=replace(case.merge, head_rules=head)))
    given = inputs(recorded(decision), git=Trees(), merges=[a_merged()])
    (found,) = module._decisions(given)
    assert found.in_git is not None
    assert found.in_git.head_rules is not None


@pytest.mark.parametrize("here", [True, False])
def test_what_was_attested_of_a_head_is_compared_where_the_head_is_here(*, here: bool) -> None:
    """A commit that was pushed away is in no clone."""
    git, decision = Trees(), recorded(approval())
    if not here:
        git.blobs_at = lambda _: {}  # type: ignore[assignment,method-assign]
    (found,) = module._decisions(inputs(decision, git=git, merges=[]))
    assert {commit for commit, _ in found.at_head} == ({HEAD} if here else set())
    assert (PATH in {path for _, path in found.at_head}) is here


@pytest.mark.parametrize(
    ("severities", "cause", "counted"),
    [
        ((), "", {}),
        ((Severity.NOTE,), "", {}),
        ((Severity.NOTE, Severity.BROKEN, Severity.BROKEN), "broken", {"broken": 2}),
        ((Severity.UNCHECKED,), "could not be checked", {"unchecked": 1}),
    ],
)
def test_a_verdict_is_recorded_by_its_findings(severities: Any, cause: str, counted: dict[str, int]) -> None:
    """By how many of each code; notes are none, and a record that is whole has no cause."""
    problems = tuple(
        AuditFinding(
            code=each.name.lower(), severity=each, message="x", hint="x", event="", commit="", request=""
        )
        for each in severities
    )
    verdict = AuditVerdict(head=HEAD, main=BASE, checked={"events": 1}, problems=problems)
    event = event_of(verdict, AskedUntil(), now=NOW, run="run")
    assert event.evidence.json["findings"] == counted
    assert bool(event.cause) is bool(cause)
    assert (event.cause == verdict.in_words) is bool(cause)
