"""The report in a real browser: searched, sorted, filtered, opened; nothing of it runs that is not ours, nothing is fetched."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from many_grants import DAY, START, many
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from jitbot.commands.audit.page import rendered
from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.report.git_commands import commands
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import Sha
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource, period_report

END = START + 60 * DAY
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
HOSTILE = (
    "</script><script>window.hacked=1</script><img src=http://127.0.0.1:9/x onerror=window.hacked=2>"
    "<svg onload=window.hacked=3>\"'><b>{{ 7*7 }}\u2028\u202e${window.hacked=4}"
)


def browser_paths() -> tuple[str, str]:
    """Chromium and its driver; skips where one is missing, unless everything must be there."""
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in found:
        reason = "chromium and chromedriver are not both on PATH"
        if os.environ.get("JITBOT_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return str(found[0]), str(found[1])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser of our own, that keeps a log of every request it makes."""
    chromium, driver = browser_paths()
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield running
    running.quit()


def reported(number: int = 300, reason: str | None = None) -> PeriodReport:
    """A made period, with rules and entitlements as hostile as its reasons."""
    told = reason or "Widen orders-db-read"
    return period_report(
        many(number, days=60, reason=reason),
        source=ReportSource(repository="acme/access", main=Sha("a" * 40), ledger=Sha("b" * 40), warnings=(told,)),
        start=START,
        end=END + 3 * DAY,
        now=END + 3 * DAY,
        rule_changes=(RuleChange(commit=Sha("c" * 40), at=START, subject=told, paths=(told,)),),
        entitlements=(
            Entitlement(
                policy="orders-db-read", description=told, eligible=(told,), accounts=("prod",), max_duration="4h",
                approvals=1, approvers=("bob",), owner_rule=told, problem=told,
            ),
        ),
    )  # fmt: skip


class Page:
    """The report, opened from a file."""

    def __init__(self, browser: webdriver.Chrome, file: Path, shown: PeriodReport) -> None:
        file.write_text(rendered(shown), "utf-8")
        for kind in ("performance", "browser"):
            browser.get_log(kind)
        browser.get(file.as_uri())
        self.browser, self.file, self.report = browser, file, shown

    def find(self, name: str) -> Any:
        """An element by its id."""
        return self.browser.find_element(By.ID, name)

    def status(self) -> str:
        """What is said of how many were found."""
        return str(self.find("status").text)

    def column(self, number: int) -> list[str]:
        """The texts of a column, from 1 on; the first is the row's head."""
        selector = f"#rows tr:not(.detail) > :nth-child({number})"
        return [each.text for each in self.browser.find_elements(By.CSS_SELECTOR, selector)]

    def search(self, text: str, expected: int) -> None:
        """Type a search, and wait for what it must find."""
        box = self.find("search")
        box.clear()
        box.send_keys(text)
        self.wait(expected)

    def wait(self, expected: int) -> None:
        """Wait until so many are found."""
        WebDriverWait(self.browser, 10).until(lambda _: self.status().startswith(f"{expected:,} of "))

    def requests(self) -> list[str]:
        """Every address that the browser asked for since the page was opened."""
        events = [json.loads(each["message"])["message"] for each in self.browser.get_log("performance")]
        sent = [each["params"] for each in events if each["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent]


@pytest.fixture
def page(browser: webdriver.Chrome, tmp_path: Path) -> Page:
    """A report of 300 requests."""
    return Page(browser, tmp_path / "report.html", reported())


def test_a_search_finds_what_it_says(page: Page) -> None:
    """All words must be somewhere in a row; the count is told to whoever cannot see; nothing found is nothing shown."""
    records = page.report.records
    assert page.status() == "300 of 300 items, 1 to 50 shown"
    page.search("alice archive", sum(i.requester == "alice" and "archive" in i.reason for i in records))
    assert set(page.column(2)) == {"alice"}
    one = next(record for record in records if record.granted)
    page.search(one.decisions[0].commit, 1)
    page.search("nothing has this", 0)
    assert page.column(2) == []
    page.find("clear").click()
    page.wait(300)


def test_a_filter_shows_only_that(page: Page) -> None:
    """Exceptions, a person, a policy: each alone and together, by what the items say."""
    records = page.report.records
    bad = [record for record in records if record.exceptions]
    assert bad
    Select(page.find("kind")).select_by_value("exception")
    page.wait(len(bad))
    assert {each.split("\n")[0].split(" ")[0] for each in page.column(9)} == {"exception"}
    Select(page.find("requester")).select_by_value(bad[0].requester)
    page.wait(sum(record.requester == bad[0].requester for record in bad))
    assert set(page.column(2)) == {bad[0].requester}


def test_a_column_is_sorted_by_its_head(page: Page) -> None:
    """A click on a head sorts by it, a second one turns it around, and the head says so."""
    head = page.browser.find_element(By.CSS_SELECTOR, "[data-column='requester']")
    button = head.find_element(By.TAG_NAME, "button")
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    up = page.column(2)
    assert up == sorted(up)
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    down = page.column(2)
    assert down == sorted(down, reverse=True)
    assert down != up
    page.browser.find_element(By.CSS_SELECTOR, "[data-column='risk'] button").click()
    risks = page.column(6)
    levels = ["critical", "high", "medium", "low", "–"]
    assert risks == sorted(risks, key=levels.index)
    assert risks[0] == "critical"


def test_pages_turn(page: Page) -> None:
    """The next page goes on where this one ends, the last one has no next."""
    page.find("next").click()
    assert page.status().endswith("51 to 100 shown")
    Select(page.find("size")).select_by_visible_text("200")
    assert len(page.column(2)) in (100, 200)
    while page.find("next").is_enabled():
        page.find("next").click()
    assert page.status().endswith("to 300 shown")


def test_a_row_opens_to_its_evidence(page: Page) -> None:
    """By keyboard alone: a row shows its commits, approvals and git commands, and closes again."""
    record = next(
        record for record in page.report.records if record.granted and record.decisions[0].approvals
    )
    page.search(record.id, 1)
    button = page.browser.find_element(By.CSS_SELECTOR, "#rows .opens")
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-expanded") == "true"
    detail = page.find(str(button.get_attribute("aria-controls")))
    decision = record.decisions[0]
    for fact in (
        decision.commit,
        decision.head,
        decision.rules_commit,
        record.reason,
        record.role_name,
        record.digest,
    ):
        assert fact in detail.text
    assert (
        f"{decision.approvals[0].login} (GitHub id {decision.approvals[0].github_id}): approved at"
        in detail.text
    )
    shown = detail.find_element(By.TAG_NAME, "pre").text.splitlines()
    assert shown == list(commands(record))
    button.send_keys(Keys.ENTER)
    assert not page.browser.find_elements(By.CSS_SELECTOR, "#rows .detail")


def test_an_exception_leads_to_its_row(page: Page) -> None:
    """From the list on top, one click opens the evidence of that grant; a lane of the timeline shows its grants."""
    button = page.browser.find_element(By.CSS_SELECTOR, "button[data-item]")
    name = button.get_attribute("data-item")
    assert name is not None
    button.click()
    page.wait(1)
    assert name in page.browser.find_element(By.CSS_SELECTOR, "#rows .detail").text
    page.browser.find_element(By.CSS_SELECTOR, "button.lane").click()
    assert len(set(page.column(2))) == 1


def test_nothing_hostile_runs_and_nothing_is_fetched(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """Text that wants to be a script, an image or a template is shown as text, everywhere that it can stand."""
    page = Page(browser, tmp_path / "report.html", reported(30, HOSTILE))
    page.find("search").send_keys("hacked")
    page.wait(30)
    for button in page.browser.find_elements(By.CSS_SELECTOR, "#rows .opens"):
        button.click()
    assert (
        "</script><script>window.hacked=1" in page.browser.find_element(By.CSS_SELECTOR, "#rows .detail").text
    )
    assert "49" not in page.browser.find_element(By.CSS_SELECTOR, ".verdict.warn").text
    assert "\u202e" not in browser.find_element(By.TAG_NAME, "body").text
    assert browser.execute_script("return window.hacked") is None
    assert (
        browser.execute_script(
            "return document.querySelectorAll('img, iframe, object, link, a[href^=http], b').length"
        )
        == 0
    )
    assert page.requests() == [page.file.as_uri()]
    assert [each for each in browser.get_log("browser") if each["level"] == "SEVERE"] == []


def test_the_policy_stops_what_would_get_in(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """Even if markup got in: no inline script, no handler, no image, no style of it has any effect."""
    page = Page(browser, tmp_path / "report.html", reported(5))
    bad = "<img src=http://127.0.0.1:9/x onerror=window.hacked=1><script>window.hacked=2</script>"
    page.file.write_text(page.file.read_text("utf-8").replace("<footer>", f"<footer>{bad}"), "utf-8")
    browser.get(page.file.as_uri())
    assert browser.execute_script("return document.querySelectorAll('footer img').length") == 1
    assert browser.execute_script("return window.hacked") is None
    log = " ".join(each["message"] for each in browser.get_log("browser"))
    assert "Content Security Policy" in log


@pytest.mark.parametrize("width", [400, 1440, 3840])
def test_it_fits_every_width(browser: webdriver.Chrome, tmp_path: Path, width: int) -> None:
    """From a phone to 4K nothing lies beyond the right edge, with rows open and hostile words in them."""
    Page(browser, tmp_path / "report.html", reported(30, HOSTILE + "x" * 200))
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for button in browser.find_elements(By.CSS_SELECTOR, "#rows .opens")[:3]:
        browser.execute_script("arguments[0].click()", button)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_each_control_has_a_name(page: Page) -> None:
    """A screen reader says of every button, box and list what it is for."""
    controls = page.browser.find_elements(By.CSS_SELECTOR, "button, input, select")
    assert len(controls) > 20
    assert [each.get_attribute("outerHTML") for each in controls if not each.accessible_name.strip()] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_words_are_neither_broken_nor_over_each_other(page: Page, width: int) -> None:
    """The heads that sort stand apart, on a phone too, and the policies' names have room."""
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        heads = page.browser.execute_script(
            "return [...document.querySelectorAll('#heads button')].map((each) => {"
            " const {left, top, right, bottom} = each.getBoundingClientRect(); return [left, top, right, bottom]; })"
        )
        assert len(heads) == 9
        for index, (left, top, right, bottom) in enumerate(heads):
            for other in heads[index + 1 :]:
                assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
        name = page.browser.find_element(By.CSS_SELECTOR, ".entitled tbody th")
        assert name.size["width"] >= 200
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [400, 1280])
def test_a_row_of_the_first_page_leads_to_its_section(page: Page, width: int) -> None:
    """Each question is a link to a section that is shown, on a phone too."""
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        links = page.browser.find_elements(By.CSS_SELECTOR, ".answers tbody a")
        assert len(links) == len(page.report.answers)
        for link in links:
            target = page.find(str(link.get_attribute("href")).rpartition("#")[2])
            assert target.is_displayed()
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize(("paper", "width", "height"), [("A4", 8.27, 11.69), ("Letter", 8.5, 11)])
def test_the_first_page_is_one_sheet_of_paper(page: Page, paper: str, width: float, height: float) -> None:
    """Printed, everything up to the last question is on the first sheet, with room for more rows, and nothing else is."""
    margins = (24 / 25.4, 28 / 25.4)  # of the style's @page, both sides together, in inches
    size = {"width": round((width - margins[0]) * 96), "height": round((height - margins[1]) * 96)}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        first = page.browser.find_element(By.CSS_SELECTOR, "section.first")
        assert (
            page.browser.execute_script("return getComputedStyle(arguments[0]).breakAfter", first) == "page"
        )
        bottom = page.browser.execute_script(
            "return arguments[0].getBoundingClientRect().bottom + scrollY", first
        )
        row = page.browser.execute_script(
            "return document.querySelector('.answers tbody tr:last-child').offsetHeight"
        )
        assert 0 < bottom + 3 * row <= size["height"]
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
