"""requests/README.md: written by `init`, kept by `check`, and each link followed up to a request that `check` accepts."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from desk import Desk, said

import requests
from jitbot.domain.setup.requests_page import PAGE
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LINK = re.compile(r"\]\((http[^)\s]+/new/main\?[^)\s]+)\)")
ASKS = {"production-admin": "dave", "production-break-glass": "dave", "s3-prefix-read": "grace"}  # else alice
FILLED = {
    "requester:": "requester: alice",
    "reason:": "reason: INC-1234 refunds are stuck",
    "ticket:": "ticket: INC-1234",
    "  table:": "  table: orders",
    "  team:": "  team: payments",
    "  service:": "  service: orders",
    "  bucket:": "  bucket: acme-reports",
    "  prefix:": "  prefix: reports/2026",
    "  dead_letters:": "  dead_letters: orders-failed",
    "  queue:": "  queue: orders",
}


class Form(HTMLParser):
    """The fields of a page for a new file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field with its value."""
        given = dict(attrs)
        if tag in {"input", "textarea"}:
            self.fields[given["name"] or ""] = given.get("value") or ""
        if tag == "textarea":
            self._inside = given["name"] or ""

    def handle_endtag(self, tag: str) -> None:
        """The end of a text."""
        self._inside = "" if tag == "textarea" else self._inside

    def handle_data(self, data: str) -> None:
        """A text; browsers leave out the line end that begins it."""
        if self._inside:
            self.fields[self._inside] = data.removeprefix("\n")


def answered(text: str) -> str:
    """The file with an answer behind each colon that has none, and the notes left where they are."""
    first = re.search(r"# some of: (\w+)", text)
    lines = []
    for line in text.splitlines():
        key, space, note = line.partition("  #")
        lines.append(f"{FILLED.get(key, key)}{space}{note}")
    return "\n".join(lines).replace("[]", f"[{first[1]}]" if first else "") + "\n"


def made(desk: Desk) -> str:
    """The page, made of acme's rules."""
    (desk.root / PAGE).unlink()
    answer = desk.run("init", "--requests-page")
    assert (answer.code, answer.out) == (0, f"wrote {PAGE}\n")
    return (desk.root / PAGE).read_text("utf-8")


def test_each_policy_has_its_link(desk: Desk) -> None:
    """Made twice the page is the same; and check has nothing against it."""
    text = made(desk)
    assert desk.run("init", "--requests-page").code == 0
    assert (desk.root / PAGE).read_text("utf-8") == text
    policies = sorted(file.stem for file in (desk.root / "policies/access").glob("*.yaml"))
    assert (
        re.findall(
            r"^\| \[\*\*([\w-]+)\*\*\]\(https://github\.com/acme/access/new/main\?", text, re.MULTILINE
        )
        == policies
    )
    assert desk.run("check").out == "all good\n"


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("policies/access/orders-db-read.yaml", "max_duration: 4h", "max_duration: 3h"),
        ("policies/access/orders-db-read.yaml", "table:\n", "tabel:\n"),
        (".github/CODEOWNERS", "@acme/payments-leads", "@acme/security"),
        ("policies/settings.yaml", "acme/access", "acme/renamed"),
    ],
)
def test_a_page_of_other_rules_is_a_warning(desk: Desk, file: str, before: str, after: str) -> None:
    """A limit, a parameter, an approver, a rename: check names the command, and keeps nobody from merging."""
    made(desk)
    text = (desk.root / file).read_text("utf-8")
    assert before in text
    desk.write(
        file,
        text.replace(before, after).replace("{{table}}", "{{tabel}}" if "tabel" in after else "{{table}}"),
    )
    for arguments in ((), (PAGE,)):
        answer = desk.run("check", *arguments)
        assert f"{PAGE}: warning: {PAGE} is not what the rules give" in answer.out
        assert "make it anew: jitbot init --requests-page" in answer.out
    found = desk.run("check", PAGE, "--format", "json")
    assert (found.code, found.json["ok"], [each["code"] for each in found.json["warnings"]]) == (
        0,
        True,
        ["requests-page"],
    )
    assert desk.run("init", "--requests-page").code == 0
    assert "is not what the rules give" not in desk.run("check").out


def test_a_change_of_the_rules_says_so_too(desk: Desk) -> None:
    """As the pull request's check does it, from git: with a change of the rules, or of the page; not with a request."""
    made(desk)
    base = desk.commit()
    desk.write("requests/orders-db-read/2026-11/24-alice-x.yaml")
    asked = desk.commit()
    policy = "policies/access/orders-db-read.yaml"
    desk.write(policy, (desk.root / policy).read_text("utf-8").replace("4h", "3h"))
    changed = desk.commit()
    desk.write(PAGE, (desk.root / PAGE).read_text("utf-8") + "more\n")
    edited = desk.commit()

    def warned(one: str, other: str) -> bool:
        answer = desk.run("check", "--base", one, "--head", other, "--at", "2026-11-24T09:00:00Z")
        return "[requests-page]" in answer.out

    assert [warned(base, asked), warned(asked, changed), warned(changed, edited)] == [False, True, True]


def test_a_page_that_people_wrote_is_theirs(desk: Desk) -> None:
    """It is neither compared nor overwritten, and neither is a link in its place."""
    own = (desk.root / PAGE).read_text("utf-8")
    assert desk.run("check").out == "all good\n"
    answer = desk.run("init", "--requests-page")
    assert (answer.code, answer.out) == (1, "")
    assert "was not made by jitbot, and stays as it is" in answer.err
    assert (desk.root / PAGE).read_text("utf-8") == own
    (desk.root / PAGE).unlink()
    (desk.root / "elsewhere").write_text("x")
    (desk.root / PAGE).symlink_to(desk.root / "elsewhere")
    assert desk.run("init", "--requests-page").code == 1
    assert (desk.root / "elsewhere").read_text() == "x"


def test_rules_that_do_not_read_make_no_page(desk: Desk) -> None:
    """The old page stays, and the finding is that of the rule alone."""
    text = made(desk)
    desk.write("policies/access/orders-db-read.yaml", "description: [\n")
    answer = desk.run("init", "--requests-page")
    assert (answer.code, (desk.root / PAGE).read_text("utf-8")) == (1, text)
    assert "jitbot check says which" in answer.err
    assert "[requests-page]" not in desk.run("check").out


def test_each_link_leads_to_a_request(tmp_path: Path) -> None:
    """On a running acme: the page's links open its new-file page; filled in, committed and proposed, check accepts each."""
    with Acme(Clock(NOW)) as acme:
        clone = acme.clone()
        (clone / PAGE).unlink()
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        assert said("init", "--requests-page", folder=clone, environ=environ, now=NOW).code == 0
        links = LINK.findall((clone / PAGE).read_text("utf-8"))
        assert len(links) == 8
        for link in links:
            assert link.startswith(f"{acme.github.url}/acme/access/new/main?")
            shown = requests.get(link, timeout=10)
            assert shown.status_code == 200
            fields = Form(shown.text).fields
            path = fields["filename"].replace("YYYY-MM", "2026-11").replace("DD", "24")
            policy = path.split("/")[1]
            login = ASKS.get(policy, "alice")
            file = clone / path.replace("LOGIN", login).replace("WORDS", "why")
            file.parent.mkdir(parents=True)
            unfilled = fields["value"]
            file.write_text(unfilled, "utf-8")
            assert said("check", str(file), folder=clone, environ=environ, now=NOW).code == 1
            file.write_text(answered(unfilled).replace("alice", login), "utf-8")
            answer = said("check", str(file), folder=clone, environ=environ, now=NOW)
            assert (answer.code, answer.out) == (0, "all good\n"), (link, answer.out)


def test_the_page_refuses_what_github_refuses() -> None:
    """An address that is too long, and a branch or a repository that is not there."""
    with Acme(Clock(NOW)) as acme:
        page = f"{acme.github.url}/acme/access/new"
        assert requests.get(f"{page}/main?value={'x' * 8_000}", timeout=10).status_code == 200
        assert requests.get(f"{page}/main?value={'x' * 8_200}", timeout=10).status_code == 414
        assert requests.get(f"{page}/nowhere", timeout=10).status_code == 404
        assert requests.get(f"{acme.github.url}/acme/nothing/new/main", timeout=10).status_code == 404
        shown = requests.get(f"{page}/main?filename=%22%3E%3Cscript%3E&value=%3C/textarea%3E", timeout=10)
        assert Form(shown.text).fields == {"filename": '"><script>', "value": "</textarea>"}
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
