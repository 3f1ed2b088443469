"""The page about a developer's first request: its steps are counted, and each way leads from nothing to access."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest
import warm_jitbot
from asking_office import Office, Terminal
from aws_cli import aws_command
from desk import said
from first_request import EDITOR, FILE, LINK, PAGE, TERMINAL, WAYS, Step, counted, written

import requests
from jitbot.domain.setup.requests_page import PAGE as LINKS


@pytest.fixture(scope="module")
def office(running: Office) -> Office:
    """acme with its workflows, and its page of links made by jitbot; alice has nothing but her sign-ins."""
    with_links(running)
    return running


def with_links(office: Office) -> None:
    """Put requests/README.md, as `jitbot init --requests-page` makes it, on main."""
    clone = office.acme.clone("admin")
    (clone / LINKS).unlink()
    made = said("init", "--requests-page", folder=clone, environ={"PATH": os.environ["PATH"]})
    assert made.code == 0, made.err
    store, who = office.github.store, office.acme.github._site.web_flow()
    files = {LINKS: (clone / LINKS).read_bytes()}
    store.commit_files("main", store.tip("main"), files, (), "links", who, who)


def environ(office: Office, home: Path) -> dict[str, str]:
    """What alice's shell has: her sign-ins at GitHub and AWS, and the usual programs."""
    aws = Path(aws_command(os.environ)).parent
    signed_in = office.acme.signed_in("alice")
    own = {"HOME": str(home), "PATH": f"{aws}:{os.environ['PATH']}"}
    return {**office.environ("alice"), **signed_in, **own, "JITBOT_REPOSITORY": ""}


def approved(office: Office, number: int, *, merge: bool) -> None:
    """bob approves, alice merges if nothing else does, and the workflows run."""
    office.approve("bob", number)
    if merge:
        merged = office.acme.call("alice", "PUT", f"/pulls/{number}/merge", merge_method="squash")
        assert merged.ok, merged.content
    office.workflows.idle()


def newest(office: Office) -> int:
    """The number of the pull request that was opened last."""
    return int(max(office.github.pulls))


def test_the_page_is_as_it_is_counted() -> None:
    """Figures and steps are those of first_request.py: run it to bring the page up to date."""
    page = PAGE.read_text("utf-8")
    assert page == written(page)
    assert counted() in page


def test_every_key_is_counted() -> None:
    """Each typed line ends with Enter, each replaced text is selected first, and a screen counts when it changes."""
    assert Step(on="a", types="ab", enter=True).presses == 3
    assert Step(on="a", types="ab", old="x", clicks=1).presses == 4
    assert [way.counts(once=False)[0] for way in WAYS] == [2, 0, 7]
    assert TERMINAL.counts(once=False)[1] == 1
    assert LINK.counts(once=True) == (0, 0, 0)


def test_by_terminal(office: Office, tmp_path: Path) -> None:
    """The typed answers, and no other, lead from an empty folder to a call of AWS with the grant."""
    shell = environ(office, tmp_path)
    _, _, _, config, asks, *answers, use = TERMINAL.steps
    subprocess.run(config.types.split(), env=shell, cwd=tmp_path, check=True)
    known = newest(office) if office.github.pulls else 0
    with Terminal(asks.types.split()[1:], environ=shell, folder=tmp_path) as terminal:
        for step, question in zip(
            answers,
            ("part of a name):", "commas):", "part of a name):", "[1h]:", "approver:", "[Y/n]:"),
            strict=True,
        ):
            terminal.reads(question, 30)
            terminal.types(step.types)
        terminal.reads("auto-merge is on", 30)
        number = newest(office)
        assert number > known
        approved(office, number, merge=False)
        terminal.reads("granted until", 60)
        assert terminal.ends() == 0
    entered(use, shell, tmp_path)


def entered(use: Step, shell: Mapping[str, str], folder: Path) -> None:
    """The last step gives a session of the grant's role."""
    ran = warm_jitbot.run(use.types.split()[1:], environ=shell, folder=folder)
    assert ran.returncode == 0, ran.stderr
    assert "assumed-role/jit-alice-orders-db-read-" in json.loads(ran.stdout)["Arn"]


def test_by_link(office: Office) -> None:
    """The link of the page on main, edited as the steps say and proposed as the website does, ends in the console's link."""
    shown = office.github.store.read(office.github.store.tip("main"), LINKS).decode()
    (link,) = re.findall(r"\[\*\*orders-db-read\*\*\]\(([^)]+)\)", shown)
    page = requests.get(link, timeout=10).text
    (name,) = re.findall(r'name="filename" value="([^"]*)"', page)
    (text,) = re.findall(r'name="value"[^>]*>\n(.*)</textarea>', page, re.DOTALL)
    name, text = unescape(name), unescape(text)
    for step in LINK.steps:
        if step.old and step.does.startswith("File name"):
            assert step.old in name
            name = name.replace(step.old, today(office, step))
        elif step.old:
            assert step.old in text
            text = text.replace(step.old, step.types)
        elif after := re.match(r"After `([\w:]+)`", step.does):
            assert after[1] in text
            text = text.replace(after[1], f"{after[1]}{step.types}", 1)
    number = office.propose(
        "alice", "by-link", {name: text.encode()}
    )  # as the website does for **Propose changes**
    approved(office, number, merge=True)
    job, runner = office.acme.job("grant.yml"), office.acme.clone("runner")
    assert said("comment", str(number), folder=runner, environ=job, now=office.acme.clock.now()).code == 0
    said_there = [each.body for each in office.github.comments.values() if each.pull == number]
    assert any(
        "[Switch Role in the console](https://signin.aws.amazon.com/switchrole?" in each
        for each in said_there
    )
    statuses = office.run("status", "--format", "json").json
    assert name in {each["request"] for each in statuses if each["state"] == "live"}


def today(office: Office, step: Step) -> str:
    """What a person types on this day; the page is written as of a day of its own."""
    day = office.acme.clock.now()
    return {"YYYY-MM": f"{day:%Y-%m}", "DD": f"{day:%d}"}.get(step.old, step.types)


def test_by_editor(office: Office, tmp_path: Path) -> None:
    """The typed lines in a clone, the text of the page as it is, and GitHub's button."""
    shell = environ(office, tmp_path)
    day = office.acme.clock.now()
    _, _, _, *lines = [step for step in EDITOR.steps if step.command]
    *lines, use = lines
    office.acme.git(
        "alice", "clone", "-q", f"{office.acme.github.url}/acme/access.git", "access", cwd=tmp_path
    )
    access = tmp_path / "access"
    for step in lines:
        program, *arguments = step.types.split()
        if program == "code":
            path = arguments[0].replace("2026-11/24", f"{day:%Y-%m}/{day:%d}").replace("refunds", "by-hand")
            (access / path).parent.mkdir(parents=True, exist_ok=True)
            (access / path).write_text(FILE, "utf-8")
        else:
            assert program == "git"
            office.acme.git("alice", *arguments, cwd=access)
    made = office.acme.call("alice", "POST", "/pulls", title="refunds", head="refunds", base="main")
    assert made.ok, made.content
    approved(office, int(made.content["number"]), merge=True)
    named = Step(on=use.on, types=use.types.replace("refunds", "by-hand"))
    entered(named, {**shell, "JITBOT_REPOSITORY": "acme/access"}, tmp_path)
