"""What each step of a request's life asks of GitHub and AWS, and writes on GitHub: the figures that the guide calculates with."""

import pytest
from acme_world import World
from measured_life import IDLE, KILOBYTES_OF_A_REQUEST, LIFE, MANY, PERSON, STEPS, load
from one_life import Played, played, points


@pytest.fixture(scope="module")
def life(acme: World, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A life, counted once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jitbot.adapters.aws.trail.PAUSE", 0.0)
        acme.back(acme.kept["seed"])
        return played(acme, tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_as_it_was_measured(life: Played, name: str) -> None:
    """Not a call more, and not one less: the guide would say something else."""
    assert life.steps[name] == STEPS[name]


def test_every_step_was_measured(life: Played) -> None:
    """None is played that the figures leave out."""
    assert life.steps.keys() == STEPS.keys()


def test_nothing_is_written_that_would_not_change(life: Played) -> None:
    """A check that finds all as it was, runs with nothing to do, and the removal of a role write nothing on GitHub."""
    silent = {name for name, step in life.steps.items() if not step.writes}
    shown = {"show the grant", "show many"}  # by the run that granted, beside what it notifies of
    assert silent == {"check, again", "grant, idle", *IDLE, *shown, "show the removal"}


def test_what_a_life_writes(life: Played) -> None:
    """Eleven where it is alone in each of its runs: five are commits of the ledger, which hold all of their run."""
    written: dict[str, int] = {}
    for name in LIFE:
        for kind, number in life.steps[name].writes.items():
            written[kind] = written.get(kind, 0) + number
    once = {"comment": 1, "new comments with edits": 1}
    assert written == {"status": 2, **once, "edit of a comment": 2, "commit": 5}
    assert life.steps[PERSON].written == 4  # with the person's own token, which has limits of its own


def test_what_a_life_among_others_writes(life: Played) -> None:
    """At most eight, merged alone in an hour of others, and less than four where many are merged at once."""
    charged = load(lambda step: step.written)
    assert 6 < charged.alone < 7
    assert 3 < charged.together < 4


def test_many_that_are_merged_at_once_share_a_run(life: Played) -> None:
    """Two commits, and a call for five comments; each more takes one call: the pushes of its branch."""
    one, many = life.steps["grant"], life.steps["grant, many"]
    assert many.writes == {**one.writes, "new comments with edits": MANY // 5}
    assert many.rest - one.rest == MANY - 1
    assert many.graphql == one.graphql + MANY // 5 - 1
    for name in ("show many ends", "show many uses"):
        assert life.steps[name].writes == {"edit of comments": 1}


def test_what_the_ledger_keeps_of_a_life(life: Played) -> None:
    """As much as the guide says, within a tenth."""
    assert life.kilobytes == pytest.approx(KILOBYTES_OF_A_REQUEST, rel=0.1)


@pytest.mark.parametrize(
    ("asked", "cost"),
    [
        ("query { viewer { login } }", 1),
        ("query { viewer { repositories(first: 50) { nodes { issues(first: 20) { nodes { id } } } } } }", 1),
        (
            "query($n: Int!) { viewer { repositories(first: $n) { nodes { issues(last: 60) { nodes { ...more } } } } } }"
            " fragment more on Issue { labels(first: 60) { nodes { name } } ... on Issue { comments(first: 10) { nodes { id } } } }",
            61,  # 1 + 50 + 50 × 60 × 2 lists
        ),
        ("mutation { addStar(input: {}) { clientMutationId } }", 1),
    ],
)
def test_a_document_costs_what_github_counts(asked: str, cost: int) -> None:
    """A point for each hundred lists that it may have to read, those in fragments too; a point at the least."""
    assert points(asked, {"n": 50}) == cost


def test_what_an_hour_holds_by_the_figures() -> None:
    """What is left of a limit after the hourly runs, shared out."""
    charged = load(lambda step: step.rest)
    for alone, each in ((True, charged.alone), (False, charged.together)):
        held = charged.requests(1000, alone=alone)
        assert held * each + charged.hour <= 1000 < (held + 1) * each + charged.hour
    assert charged.requests(1000, alone=True) >= 80
