"""The whole life of a request, played and counted: what each step asks of GitHub and AWS, and what it writes on GitHub.

The steps are those of the workflow files, in their order. The clock's runs are GitHub's own account's.
"""

import contextlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acme_world import HOUR, TABLE, World
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    VariableNode,
    parse,
)
from measured_life import MANY, Step

from jitbot.sandbox.github.server import OBSERVERS, GitHubExchange

CLOCK: Mapping[str, Any] = {"actor": "github-actions[bot]", "event": "workflow_dispatch"}
ASK = ("request", "orders-db-read", "-a", "prod", "-d", "2h", "-p", "table=orders", "-r", "INC-1")
_WRITES = {  # what a write is, by its call; the first that fits
    ("POST", "statuses"): "status",
    ("POST", "comments"): "comment",
    ("PATCH", "comments"): "edit of a comment",
    ("PATCH", "pulls"): "edit of a pull request",
    ("POST", "pulls"): "pull request",
    ("POST", "refs"): "branch",
    ("POST", "addComment"): "new comments with edits",
    ("POST", "updateIssueComment"): "edit of comments",
    ("POST", "createCommitOnBranch"): "commit",
    ("POST", "enablePullRequestAutoMerge"): "auto-merge",
}


def step_of(exchanges: list[GitHubExchange], aws: int) -> Step:
    """What was asked and written in these exchanges, which are all of one step."""
    queries = [each for each in exchanges if each.rule.endswith("/graphql")]
    documents = [str(each.asked["query"]) for each in queries]
    written = [("POST", query) for query in documents if query.lstrip().startswith("mutation")]
    written += [
        (each.method, each.rule) for each in exchanges if each not in queries and each.method != "GET"
    ]
    return Step(
        rest=len(exchanges) - len(queries),
        graphql=len(queries),
        points=sum(
            points(query, each.asked.get("variables") or {})
            for query, each in zip(documents, queries, strict=True)
        ),
        aws=aws,
        writes=dict(Counter(_write(*each) for each in written)),
    )


def _write(method: str, what: str) -> str:
    return next(name for (of, part), name in _WRITES.items() if of == method and part in what)


def points(query: str, variables: Mapping[str, Any]) -> int:
    """What a document costs of GraphQL's budget, as GitHub counts: one for each hundred lists that it may have to read.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    definitions = parse(query).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    (operation,) = (each for each in definitions if isinstance(each, OperationDefinitionNode))

    def lists(selections: Any, times: int) -> int:
        found = 0
        for each in selections.selections if selections is not None else ():
            if isinstance(each, FragmentSpreadNode):
                found += lists(fragments[each.name.value].selection_set, times)
            elif not isinstance(each, FieldNode):
                found += lists(each.selection_set, times)
            else:
                size = next(
                    (
                        _number(a.value, variables)
                        for a in each.arguments or ()
                        if a.name.value in ("first", "last")
                    ),
                    0,
                )
                found += (times if size else 0) + lists(each.selection_set, times * (size or 1))
        return found

    return max(round(lists(operation.selection_set, 1) / 100), 1)


def _number(value: Any, variables: Mapping[str, Any]) -> int:
    if isinstance(value, VariableNode):
        return int(variables[value.name.value])
    assert isinstance(value, IntValueNode)
    return int(value.value)


@contextmanager
def counting() -> Iterator[list[GitHubExchange]]:
    """What is asked of GitHub inside this."""
    asked: list[GitHubExchange] = []
    OBSERVERS.append(asked.append)
    try:
        yield asked
    finally:
        OBSERVERS.remove(asked.append)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What each step asked and wrote, and how much the ledger grew by the one life."""

    steps: Mapping[str, Step]
    kilobytes: float


def played(world: World, folder: Path) -> Played:
    """The life of one request that goes well, an hour with nothing to do in it, and many that are merged at once."""
    steps: dict[str, Step] = {}
    store, began = world.github.store, world.github.store.tip("ledger")

    def counted(name: str, *arguments: str, **job: Any) -> None:
        world.forget()
        with counting() as asked:
            world.jit(*arguments, **job)
        steps[name] = step_of(asked, len(world.acme.aws.calls))

    with counting() as asked:
        _request(world, folder)
    steps["ask"] = step_of(asked, 0)
    number = str(max(world.github.pulls))
    check: dict[str, Any] = {"workflow": "check.yml", "event": "pull_request"}
    counted("check", "comment", number, **check)
    counted("check, again", "comment", number, **check)
    world.must(world.review("bob", int(number)))
    assert world.github.pulls[int(number)].is_merged, "auto-merge is on"
    counted("grant", "grant", GITHUB_RUN_ID="1")
    counted("show the grant", "comment", workflow="grant.yml", GITHUB_RUN_ID="1")
    counted("grant, idle", "grant", GITHUB_RUN_ID="2")
    counted("sweep, idle", "sweep", GITHUB_RUN_ID="3", **CLOCK)
    counted("show, idle", "comment", workflow="sweep.yml", GITHUB_RUN_ID="3", **CLOCK)
    for name, wait, run in (("the end", 2 * HOUR, "5"), ("the removal", HOUR, "6")):
        world.later(wait)
        counted(f"sweep, {name}", "sweep", GITHUB_RUN_ID=run, **CLOCK)
        counted(f"show {name}", "comment", workflow="sweep.yml", GITHUB_RUN_ID=run, **CLOCK)
    world.later(3 * HOUR)
    counted("record the use", "audit", "usage", workflow="audit.yml", event="schedule", GITHUB_RUN_ID="7")
    counted("show the use", "comment", workflow="sweep.yml", GITHUB_RUN_ID="8", **CLOCK)
    added = store.git("rev-list", "--objects", "--disk-usage", f"{began}..{store.tip('ledger')}")
    for each in range(MANY):
        path, text = world.request("alice", "orders-db-read", f"of-many-{each}", **TABLE)
        offered = world.offer("alice", f"of many {each}", {path: text})
        world.steps += 1  # each branch has a name of its own
        world.jit("comment", str(offered), **check)
        world.must(world.review("bob", offered))
        world.must(world.merge("olivia", offered))
    counted("grant, many", "grant", GITHUB_RUN_ID="9")
    counted("show many", "comment", workflow="grant.yml", GITHUB_RUN_ID="9")
    world.later(2 * HOUR)
    counted("sweep, many ends", "sweep", GITHUB_RUN_ID="10", **CLOCK)
    counted("show many ends", "comment", workflow="sweep.yml", GITHUB_RUN_ID="10", **CLOCK)
    world.later(3 * HOUR)
    counted("record many uses", "audit", "usage", workflow="audit.yml", event="schedule", GITHUB_RUN_ID="11")
    counted("show many uses", "comment", workflow="sweep.yml", GITHUB_RUN_ID="12", **CLOCK)
    return Played(steps=steps, kilobytes=int(added) / 1000)


def _request(world: World, folder: Path) -> None:
    """`jitbot request`, as alice, outside any clone."""
    environ = {
        "GITHUB_TOKEN": world.acme.token("alice"),
        "GITHUB_API_URL": world.acme.github.api_url,
        "JITBOT_REPOSITORY": world.acme.repository,
    }
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = world.jitbot([*ASK], now=world.now, environ=environ, folder=folder)
    assert code == 0, printed.getvalue()
    assert re.search(r"/pull/\d+", printed.getvalue())
