"""What act does not enforce, read in the files: who may do what, when, one after the other, with which actions."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from jitbot.cli import VERBS
from jitbot.domain.aws.service_roles import WORKFLOWS as TRUSTED

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
FILES = {path.name: path for path in sorted(WORKFLOWS.iterdir())}
ACTION = ROOT / ".github" / "actions" / "jitbot" / "action.yml"
JITBOT = ("check.yml", "grant.yml", "sweep.yml", "revoke.yml")
CHAT = JITBOT[1:]  # each records, and has a job that writes to chat what it recorded
# Jobs beside the one that a workflow is for.
BESIDE = {
    "audit.yml": {"usage", "statement"},
    "ci.yml": {"played", "versions"},
    "release.yml": {"test", "build", "pypi"},
}
BESIDE |= {name: {"notify"} for name in CHAT}
BESIDE["grant.yml"] |= {"sweep"}
STARTERS = ("clock.yml", "grant.yml")  # each has a job that starts others, and checks out nothing
CHANGES = {"contents": "write", "id-token": "write", "pull-requests": "write"}
PERMISSIONS = {
    "check.yml": {"contents": "read", "pull-requests": "write", "statuses": "write"},
    "grant.yml": {**CHANGES, "issues": "write"},
    "sweep.yml": {**CHANGES, "issues": "write"},
    "revoke.yml": CHANGES,
    "audit.yml": {"contents": "write", "id-token": "write", "issues": "write", "pull-requests": "read"},
    "clock.yml": {"actions": "write"},
    "notify.yml": {"contents": "read"},
    "ci.yml": {"contents": "read"},
    "nightly.yml": {"contents": "read"},
    "release.yml": {"contents": "write", "id-token": "write", "attestations": "write"},
}
MAIN = {"push": {"branches": ["main"]}, "workflow_dispatch": None}
TRIGGERS: dict[str, dict[str, Any]] = {
    "check.yml": {
        "pull_request": {
            "branches": ["main"],
            "types": [
                "opened",
                "synchronize",
                "reopened",
                "edited",
                "auto_merge_disabled",
            ],
        },
        "pull_request_review": {"types": ["submitted", "dismissed"]},
    },
    "grant.yml": MAIN,
    "sweep.yml": {
        "push": {"branches": ["main"], "paths-ignore": ["requests/**"]},
        "workflow_dispatch": {
            "inputs": {
                "complete": {
                    "description": "Read every role whole, as once a day",
                    "required": "false",
                    "default": "false",
                    "type": "boolean",
                }
            }
        },
    },
    "clock.yml": {
        "schedule": [{"cron": "17 * * * *"}, {"cron": "37 3 * * *"}],
        "workflow_dispatch": {},
    },
    "audit.yml": {
        "schedule": [{"cron": "23 5 * * 1"}, {"cron": "53 1,7,13,19 * * *"}],
        "workflow_dispatch": {
            "inputs": {
                "statement": {
                    "description": "What an admin saw of the safeguards; `jitbot doctor --record` fills it in. "
                    "Empty for an audit",
                    "required": "false",
                    "type": "string",
                }
            }
        },
    },
    "notify.yml": {
        "workflow_dispatch": {
            "inputs": {
                "channel": {
                    "description": "The channel, by its name in policies/notify.yaml",
                    "required": "true",
                    "type": "string",
                }
            }
        }
    },
    "ci.yml": {
        "push": {"branches": ["main"], "paths-ignore": ["requests/**"]},
        "pull_request": {"paths-ignore": ["requests/**"]},
        "workflow_call": "",
    },
    "release.yml": {"push": {"tags": ["v*.*.*"]}},
    "nightly.yml": {"schedule": [{"cron": "11 2 * * *"}], "workflow_dispatch": ""},
}
OWN = {"./.github/actions/jitbot", "./.github/workflows/ci.yml"}  # of this repository, at the same commit
CHECKOUT = {
    "ref": "refs/heads/main",
    "fetch-depth": "1000",
    "filter": "blob:none",
    "sparse-checkout": ".github\npolicies\njitbot\n",
    "persist-credentials": "false",
}


def read(path: Path) -> dict[str, Any]:
    """A YAML file with every scalar as text but null: so `on` stays a word."""
    content = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - it makes text, lists and mappings
    assert isinstance(content, dict)
    return content


def job(name: str) -> dict[str, Any]:
    """The job of a workflow that does what it is for, beside that for chat and that for the use of grants."""
    jobs, beside = read(FILES[name])["jobs"], BESIDE.get(name, set())
    (found,) = (each for key, each in jobs.items() if key not in beside)
    assert beside <= set(jobs)
    assert isinstance(found, dict)
    return found


def beside_audit(name: str) -> dict[str, Any]:
    """Another job of the audit: it records what was done with grants, or what an admin says."""
    found = read(FILES["audit.yml"])["jobs"][name]
    assert isinstance(found, dict)
    return found


def chat_job(name: str) -> dict[str, Any]:
    """The job of a workflow that writes to chat."""
    found = read(FILES[name])["jobs"]["notify"]
    assert isinstance(found, dict)
    return found


def concurrency(name: str) -> dict[str, Any]:
    """Where runs of a workflow wait for each other. A job that may be left out, or others beside it, have no part in that."""
    whole = read(FILES[name])
    if name not in ("check.yml", "grant.yml", "sweep.yml"):
        return dict(whole["concurrency"])
    assert "concurrency" not in whole
    return dict(job(name)["concurrency"])


def steps(path: Path) -> list[dict[str, Any]]:
    """The steps of a workflow's one job, or of an action."""
    found = read(path)["runs"]["steps"] if path == ACTION else job(path.name)["steps"]
    assert found
    return list(found)


def every_step(path: Path) -> list[dict[str, Any]]:
    """The steps of all jobs of a workflow, or of an action."""
    beside = sorted(BESIDE.get(path.name, ()))
    return [*steps(path), *(step for name in beside for step in read(path)["jobs"][name].get("steps", ()))]


def own_step(name: str) -> dict[str, Any]:
    """The step in which jitbot does what the workflow is for: the third, after checking out and setting up."""
    return steps(FILES[name])[2]


def test_these_are_the_workflows() -> None:
    """There is no workflow but those that are judged here, and none that AWS trusts is missing."""
    assert set(FILES) == set(PERMISSIONS)
    trusted = {name for names in TRUSTED.values() for name in names}
    assert trusted <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_permissions_are_the_least(name: str) -> None:
    """A workflow has no permission of its own; its job has exactly those that it needs."""
    assert read(FILES[name])["permissions"] == {}
    assert job(name)["permissions"] == PERMISSIONS[name]


@pytest.mark.parametrize("name", FILES)
def test_what_starts_it(name: str) -> None:
    """Triggers are exactly these: nothing but a check and the tests runs for a pull request, and neither enters AWS."""
    triggers = {
        event: ({} if filters == "" else filters) for event, filters in read(FILES[name])["on"].items()
    }
    if name == "revoke.yml":
        inputs = triggers["workflow_dispatch"]["inputs"]
        assert list(triggers) == ["workflow_dispatch"]
        assert {key: (each["required"], each["type"]) for key, each in inputs.items()} == {
            "request": ("false", "string"),
            "reason": ("true", "string"),
            "person": ("false", "string"),
            "policy": ("false", "string"),
            "lift": ("false", "choice"),
        }
    else:
        expected = {event: (filters or {}) for event, filters in TRIGGERS[name].items()}
        assert triggers == expected


@pytest.mark.parametrize("name", FILES)
def test_no_run_cancels_another(name: str) -> None:
    """Each workflow has a group of its own in which runs wait for each other and are never cancelled."""
    group = concurrency(name)
    assert group["group"].split("-")[0] == name.removesuffix(".yml")
    assert group["cancel-in-progress"] == "false"
    assert set(group) == {"group", "cancel-in-progress"}


def test_nothing_runs_at_the_full_hour() -> None:
    """Schedules keep away from the minutes in which everyone else's begin, and from each other."""
    crons = [each["cron"] for name in FILES for each in read(FILES[name])["on"].get("schedule", [])]
    minutes = [int(cron.split()[0]) for cron in crons]
    assert len(set(minutes)) == len(minutes) == 5
    assert all(minute % 15 for minute in minutes)


def test_the_clock_starts_what_is_due() -> None:
    """Each of its times has its case, and what they start can be started; `test_minutes` and act run the script."""
    (step,) = steps(FILES["clock.yml"])
    crons = [each["cron"] for each in read(FILES["clock.yml"])["on"]["schedule"]]
    cases = re.findall(r'^ *"(\d+ )"\*\) ', step["run"], re.MULTILINE)
    assert [cron[:3] for cron in crons] == cases
    for name in set(re.findall(r"start (\S+) '", step["run"])):
        assert "workflow_dispatch" in read(FILES[name])["on"]


def test_a_merge_that_ends_access_starts_a_sweep() -> None:
    """By a job of its own that may start workflows and nothing else, unless `grant` says that there is no such end."""
    found = read(FILES["grant.yml"])["jobs"]["sweep"]
    assert found["needs"] == "grant"
    assert found["permissions"] == {"actions": "write"}
    assert found["if"].endswith("&& needs.grant.outputs.sweep != 'no' }}")
    assert job("grant.yml")["outputs"]["sweep"] == "${{ steps.grant.outputs.sweep }}"
    (step,) = found["steps"]
    assert "uses" not in step
    assert "/actions/workflows/sweep.yml/dispatches" in step["run"]
    assert int(found["timeout-minutes"]) <= 5
    assert "continue-on-error" not in found


def test_a_dead_schedule_takes_nothing_else_with_it() -> None:
    """GitHub turns whole workflows off when their schedule sleeps: no other trigger lies in one with a schedule."""
    for name in ("check.yml", "grant.yml", "sweep.yml", "revoke.yml"):
        assert "schedule" not in read(FILES[name])["on"]


@pytest.mark.parametrize("path", [*FILES.values(), ACTION], ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    """Every action from outside is a commit, with its tag beside it; the same one everywhere."""
    used = re.findall(r"\buses: (.+)", path.read_text())
    assert used or path.name == "clock.yml"  # it starts others, and needs no action
    for uses in used:
        assert uses in OWN or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", uses)
    everywhere = {
        uses
        for file in (*FILES.values(), ACTION)
        for uses in re.findall(r"\buses: (\S+@.+)", file.read_text())
    }
    assert len({uses.partition("@")[0] for uses in everywhere}) == len(everywhere)


@pytest.mark.parametrize("path", [*FILES.values(), ACTION], ids=lambda path: path.name)
def test_no_expression_reaches_a_shell(path: Path) -> None:
    """What a person wrote comes to a step in its environment, and no job but the one for chat knows a secret."""
    scripts = [step["run"] for step in every_step(path) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
    assert ("secrets" in str(steps(path))) is (path.name == "notify.yml")
    assert path.read_text().count("secrets") == (path.name in (*CHAT, "notify.yml"))


@pytest.mark.parametrize("name", CHAT)
def test_chat_is_a_job_of_its_own(name: str) -> None:
    """It comes after the job that records, whatever became of that, and its own failure fails nothing."""
    verb, found = name.removesuffix(".yml"), chat_job(name)
    assert found["needs"] == verb
    assert found["continue-on-error"] == "true"
    assert int(found["timeout-minutes"]) <= 5
    assert found["concurrency"] == {"group": "notify-${{ github.run_id }}", "cancel-in-progress": "false"}
    assert job(name)["outputs"]["notifications"] == f"${{{{ steps.{verb}.outputs.notifications }}}}"
    assert own_step(name)["id"] == verb
    assert "needs" not in job(name)


def test_a_channel_is_tried_with_the_same_rights() -> None:
    """The workflow that tries one has what the job for chat has: the environment's secret, and nothing else."""
    tried, chats = job("notify.yml"), chat_job("grant.yml")
    assert {key: tried[key] for key in ("permissions", "environment", "runs-on", "timeout-minutes")} == {
        key: chats[key] for key in ("permissions", "environment", "runs-on", "timeout-minutes")
    }
    assert tried["steps"][:2] == chats["steps"][:2]
    send = tried["steps"][2]
    assert send["run"] == 'jitbot notify --test="$CHANNEL"'
    assert send["env"] == {
        "CHANNEL": "${{ inputs.channel }}",
        "JITBOT_CHANNELS": "${{ secrets.JITBOT_CHANNELS }}",
    }


@pytest.mark.parametrize("name", CHAT)
def test_chat_has_the_addresses_and_nothing_else(name: str) -> None:
    """It may read the repository, and ask for no token; the secret is the environment's, and goes to the one step that sends."""
    found = chat_job(name)
    assert found["permissions"] == {"contents": "read"}
    assert found["environment"] == "jitbot"
    assert "environment" not in job(name)
    assert "env" not in found
    checkout, setup, send = found["steps"]
    assert checkout["with"] == {key: value for key, value in CHECKOUT.items() if key != "fetch-depth"}
    assert setup == steps(FILES[name])[1]
    assert send["run"] == "jitbot notify"
    assert send["env"] == {
        "JITBOT_NOTIFICATIONS": f"${{{{ needs.{name.removesuffix('.yml')}.outputs.notifications }}}}",
        "JITBOT_CHANNELS": "${{ secrets.JITBOT_CHANNELS }}",
    }
    assert "github.token" not in str(found)


@pytest.mark.parametrize("name", FILES)
def test_credentials_do_not_stay(name: str) -> None:
    """No checkout leaves the token behind in the clone's configuration; no job runs for ever."""
    found = every_step(FILES[name])
    checkouts = [step for step in found if step.get("uses", "").startswith("actions/checkout@")]
    usual = 1 + len(BESIDE.get(name, ())) - (name in STARTERS)
    number = 1 if name == "release.yml" else usual  # where one job alone checks out
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"] * number
    longest = 350 if name == "nightly.yml" else 30
    assert 0 < int(job(name)["timeout-minutes"]) <= longest


@pytest.mark.parametrize("name", JITBOT)
def test_jitbot_is_mains(name: str) -> None:
    """main is checked out, and no more of it than is read; jitbot comes from there, and runs the file's own verb."""
    found = steps(FILES[name])
    assert found[0]["with"] == CHECKOUT
    assert found[1]["uses"] == "./.github/actions/jitbot"
    verb = "comment" if name == "check.yml" else name.removesuffix(".yml")
    assert verb in VERBS
    run = own_step(name)["run"]
    if name == "revoke.yml":  # a stop first, then what is named beside it, or nothing at all
        assert re.findall(r"^ *jitbot (\w+) ", run, re.MULTILINE) == ["stop", verb]
    else:
        assert run.startswith(f"jitbot {verb} ") or run == f"jitbot {verb}"


@pytest.mark.parametrize("name", ["grant.yml", "sweep.yml", "revoke.yml"])
def test_comments_are_brought_up_to_date_last(name: str) -> None:
    """After the work, done or failed, the comments are brought up to date, and that failing fails nothing."""
    last = steps(FILES[name])[-1]
    assert last["run"] == "jitbot comment"
    assert last["continue-on-error"] == "true"
    assert last["if"] == "${{ !cancelled() }}"
    assert "continue-on-error" not in own_step(name)
    assert "if" not in own_step(name)


@pytest.mark.parametrize("name", JITBOT)
def test_the_token_goes_to_few_steps(name: str) -> None:
    """The token is in the environment of the steps that use it, never in that of the job or the workflow."""
    assert "env" not in read(FILES[name])
    assert "env" not in job(name)
    holders = [step["name"] for step in steps(FILES[name]) if "github.token" in str(step)]
    assert holders == [step["name"] for step in steps(FILES[name])[2:]]
    assert len(holders) == (1 if name == "check.yml" else 2)


def test_the_audit_reads_everything_and_keeps_its_report() -> None:
    """All of main's history is there; the report is written and kept also where the ledger was found wanting."""
    found = steps(FILES["audit.yml"])
    assert found[0]["with"] == {**CHECKOUT, "fetch-depth": "0"}
    assert found[1]["uses"] == "./.github/actions/jitbot"
    verify, look, report, keep = found[2:]
    assert verify["run"] == "jitbot audit verify --online --online-since recorded --against-aws --record"
    assert "if" not in verify
    assert look["run"] == "jitbot audit protection"
    options = re.fullmatch(
        r"jitbot audit report --online --from \S.+ --to \S.+ --output (\S+)\n", report["run"]
    )
    assert options is not None
    assert keep["with"]["path"] == options[1]
    assert keep["with"]["if-no-files-found"] == "error"
    assert {step.get("if") for step in (look, report, keep)} == {"${{ !cancelled() }}"}
    assert [step["name"] for step in found if "github.token" in str(step)] == [
        verify["name"],
        look["name"],
        report["name"],
    ]
    assert "env" not in {**read(FILES["audit.yml"]), **job("audit.yml")}


def test_what_was_done_is_recorded_in_a_job_of_its_own() -> None:
    """It has no right but to record and to enter accounts, waits for nothing, and nothing waits for it."""
    found = beside_audit("usage")
    steps_ = found["steps"]
    assert found["permissions"] == {"contents": "write", "id-token": "write"}
    assert int(found["timeout-minutes"]) <= 30
    assert not {"env", "needs", "concurrency"} & set(found)
    assert steps_[0]["with"] == CHECKOUT
    assert steps_[1]["uses"] == "./.github/actions/jitbot"
    assert [step["run"] for step in steps_[2:]] == ["jitbot audit usage"]
    assert [step["name"] for step in steps_ if "github.token" in str(step)] == [steps_[2]["name"]]
    assert "needs" not in job("audit.yml")


def test_what_an_admin_says_is_recorded_in_a_job_of_its_own() -> None:
    """It enters no account, and the person's text reaches the shell as a variable alone."""
    found = beside_audit("statement")
    steps_ = found["steps"]
    assert found["permissions"] == {"contents": "write", "id-token": "write"}
    assert not {"env", "needs", "concurrency"} & set(found)
    assert steps_[0]["with"] == CHECKOUT
    assert [step["run"] for step in steps_[2:]] == ['jitbot audit protection --statement="$STATEMENT"']
    assert steps_[2]["env"] == {"GITHUB_TOKEN": "${{ github.token }}", "STATEMENT": "${{ inputs.statement }}"}
    assert "inputs" not in steps_[2]["run"]


def test_grants_do_not_hang_on_one_trigger() -> None:
    """A merge whose push fires nothing is found by the clock, within the hour, and by a dispatch at once."""
    hourly = read(FILES["clock.yml"])["on"]["schedule"][0]["cron"]
    assert hourly.split()[1:] == ["*"] * 4
    for name in ("grant.yml", "sweep.yml"):
        triggers = read(FILES[name])["on"]
        assert set(triggers) == {"push", "workflow_dispatch"}
        assert triggers["push"]["branches"] == ["main"]


def test_what_is_installed_is_what_is_locked() -> None:
    """The action installs wheels of the lock alone: it never builds, resolves, or brings what only tests need."""
    script = next(step["run"] for step in steps(ACTION) if step["name"] == "Install jitbot")
    (sync,) = [line for line in script.splitlines() if line.startswith("uv ")]
    assert {"--locked", "--no-dev", "--no-build", "--no-install-project"} <= set(sync.split())
    assert "pip" not in script


# The digest of uv-x86_64-unknown-linux-gnu.tar.gz of a version, as astral-sh publishes it beside the file.
UV = {"0.12.4": "c8c60f47e6f88d18dbf6f33d7279fb1fbf7ae76631768152cf5578c3d65729b4"}


def test_uv_itself_is_verified() -> None:
    """The digest is given, and is that of the version: setup-uv verifies nothing without one."""
    given = next(step["with"] for step in steps(ACTION) if step["name"] == "Set up uv")
    assert given["checksum"] == UV[given["version"]]


def test_the_cache_follows_the_lock_of_the_action() -> None:
    """A data-only repository has no uv.lock: the cache is named by the lock that the action installs from."""
    given = next(step["with"] for step in steps(ACTION) if step["name"] == "Set up uv")
    place, _, rest = given["cache-dependency-glob"].partition("}}")
    assert place == "${{ github.action_path "
    assert (ACTION.parent / rest.removeprefix("/")).resolve() == ROOT / "uv.lock"


def release_job(name: str) -> dict[str, Any]:
    """A job of the release."""
    found = read(FILES["release.yml"])["jobs"][name]
    assert isinstance(found, dict)
    return found


def test_who_builds_a_release_cannot_publish_it() -> None:
    """Build tools run where nothing but reading is allowed; what has rights checks out nothing and runs no code of it."""
    assert release_job("test") == {
        "name": "Test",
        "uses": "./.github/workflows/ci.yml",
        "permissions": {"contents": "read"},
    }
    assert release_job("build")["permissions"] == {"contents": "read"}
    assert "environment" not in release_job("build")
    for name in ("release", "pypi"):
        found = release_job(name)["steps"]
        assert found[0]["uses"].startswith("actions/download-artifact@")
        scripts = [step["run"] for step in found if "run" in step]
        assert all(script.startswith("gh release create ") for script in scripts)
        assert len(scripts) == (name == "release")
    assert release_job("release")["needs"] == ["test", "build"]
    assert release_job("release")["environment"] == "release"


def test_a_release_is_attested_before_it_is_there() -> None:
    """All that is built is attested, then published, with the notes of the changelog, for a tag that exists."""
    _, attest, publish = release_job("release")["steps"]
    assert attest["uses"].startswith("actions/attest@")
    assert attest["with"] == {"subject-path": "dist/*"}
    assert '"$GITHUB_REF_NAME" dist/* --verify-tag' in publish["run"]
    assert publish["run"].endswith(" --notes-file notes.md")


def test_a_release_is_what_main_has_and_what_the_lock_builds() -> None:
    """The tag's commit lies on main, the program of `.ci` says that it may be released, and the lock pins the build tool."""
    checkout, _, uv, check, build, keep = release_job("build")["steps"]
    assert checkout["with"] == {"fetch-depth": "0", "persist-credentials": "false"}
    own = next(step["with"] for step in steps(ACTION) if step["name"] == "Set up uv")
    assert uv["with"] == {"version": own["version"], "checksum": own["checksum"], "enable-cache": "false"}
    assert 'git merge-base --is-ancestor "$GITHUB_SHA" refs/remotes/origin/main ||' in check["run"]
    assert "python .ci/release " in check["run"]
    pruned, export, built = build["run"].splitlines()
    assert pruned.startswith('echo "prune tests" > MANIFEST.in')
    assert "--locked --only-group build" in export
    assert "--require-hashes" in built
    assert keep["with"]["path"].split() == ["dist/*.tar.gz", "dist/*.whl", "notes.md"]
    assert keep["with"]["if-no-files-found"] == "error"


def test_publishing_to_pypi_is_off_and_has_no_password() -> None:
    """It waits for a variable, follows the release, and may ask for a token for one upload and nothing else."""
    found = release_job("pypi")
    assert found["if"] == "vars.PUBLISH_TO_PYPI == 'true'"
    assert (found["needs"], found["environment"]) == ("release", "pypi")
    assert found["permissions"] == {"id-token": "write"}
    assert found["steps"][-1]["with"] == {"packages-dir": "dist"}


def test_a_newer_python_runs_no_heavy_proof() -> None:
    """What proves the same on any version runs once: each folder that is left out exists, and no other is."""
    assert read(FILES["ci.yml"])["jobs"]["versions"]["steps"][-1]["run"] == "bash .ci/versions"
    left_out = re.findall(r"--ignore=(\S+)", (ROOT / ".ci/versions").read_text("utf-8"))
    heavy = {
        "judge",
        "played/hostility",
        *(f"proofs/{each}" for each in ("browser", "fuzz", "mutation", "workflows")),
    }
    assert {each.removeprefix("tests/") for each in left_out} == heavy
    assert all((ROOT / each).is_dir() for each in left_out)


@pytest.mark.parametrize("script", ["run", "played", "clean", "night", "versions"])
def test_what_the_checks_name_is_there(script: str) -> None:
    """Every file and folder of the repository that a script of `.ci` names exists."""
    text = (ROOT / ".ci" / script).read_text("utf-8")
    named = set(re.findall(r"(?<![\w/.])(?:tests|jitbot|\.github)/[\w./-]*\w", text))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    assert script in ("run", "played", "clean") or len(named) > 4


def test_each_part_of_the_night_is_played() -> None:
    """The nightly workflow plays every part that its script knows."""
    parts = re.findall(r"^  (\w+)\) ?", (ROOT / ".ci" / "night").read_text("utf-8"), re.MULTILINE)
    nightly = yaml.safe_load(FILES["nightly.yml"].read_text("utf-8"))
    assert nightly["jobs"]["nightly"]["strategy"]["matrix"]["part"] == parts
