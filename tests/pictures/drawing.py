"""Draws what is shown: GitHub's pages with GitHub's own style sheet, a terminal, and the report as it is.

Chromium draws, with the fonts of this machine. The style sheet and the encoder come from npm, and are part of no release.
"""

import base64
import html
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from installed import install, program
from markdown_it import MarkdownIt
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from selenium import webdriver
from story import Told

HERE = Path(__file__).parent
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
)
_COLOURS = 32  # enough for text with smooth edges
_ANSI = [(36, 41, 47), (207, 34, 46), (17, 99, 41), (77, 45, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131), (110, 119, 129)]  # fmt: skip
_ANSI_DARK = [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)]  # fmt: skip
_TERMINALS = {
    "light": TerminalTheme((255, 255, 255), (36, 41, 47), _ANSI),
    "dark": TerminalTheme((13, 17, 23), (230, 237, 243), _ANSI_DARK),
}
_STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --head: #f6f8fa; --accent: #0969da; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --text: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --head: #151b23; --accent: #1f6feb; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.5 "Noto Sans", Helvetica, Arial, sans-serif; }
main { padding: 16px; }
h1.title { font-size: 24px; font-weight: 400; line-height: 1.3; margin: 0 0 12px; } h1.title span { color: var(--quiet); }
.state { color: var(--quiet); border-bottom: 1px solid var(--line); padding-bottom: 12px; margin: 0 0 16px; }
.state b { background: #1f883d; color: #fff; border-radius: 2em; padding: 5px 12px; margin-right: 8px; font-weight: 500; }
.box { border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.head { background: var(--head); border-bottom: 1px solid var(--line); padding: 8px 16px; color: var(--quiet); }
.head strong { color: var(--text); } .bot { border: 1px solid var(--line); border-radius: 2em; padding: 0 6px; font-size: 12px; }
.box .markdown-body { padding: 16px; }
pre.terminal { margin: 0; padding: 18px 22px; font: 13px/1.38 "DejaVu Sans Mono", monospace; border: 1px solid var(--line); border-radius: 8px; }
"""
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><style>{style}</style></head>
<body><main id="shown">{body}</main></body></html>"""


_HEIGHT = """
const last = arguments[0] ? document.querySelector(arguments[0]) : document.body;
return Math.ceil(last.getBoundingClientRect().bottom) + (arguments[0] ? 1 : 0);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page to draw: its HTML in both themes, its width, and the element with which the picture ends; none: all of it.

    `sharp` is how many pixels of the picture make one of the page.
    """

    name: str
    light: str
    dark: str
    width: int
    until: str = ""
    sharp: float = 2


def sheets(told: Told, requests: str, demo: Console) -> Iterator[Sheet]:
    """The four pages."""
    github = install(os.environ, HERE) / "node_modules/github-markdown-css/github-markdown.css"
    style = github.read_text("utf-8") + _STYLE
    comment = _PAGE.format(style=style, body=_pull_request(told))
    yield Sheet(name="comment", light=comment, dark=comment, width=860)
    body = f'<div class="box"><div class="head"><strong>requests / README.md</strong></div>{_markdown(requests)}</div>'
    asking = _PAGE.format(style=style, body=body)
    yield Sheet(name="request-page", light=asking, dark=asking, width=1012, until="tbody tr:nth-child(3)")
    yield Sheet(name="report", light=told.report, dark=told.report, width=1180, until="table", sharp=1.5)
    light, dark = (_PAGE.format(style=_STYLE, body=_terminal(demo, theme)) for theme in ("light", "dark"))
    yield Sheet(name="demo", light=light, dark=dark, width=970)


def drawn(shown: Iterator[Sheet]) -> Iterator[tuple[str, bytes]]:
    """The name of each picture, and its PNG."""
    with TemporaryDirectory() as name, _browser(Path(name)) as browser:
        for sheet in shown:
            for theme, page in (("light", sheet.light), ("dark", sheet.dark)):
                file = Path(name) / f"{sheet.name}-{theme}.html"
                file.write_text(page, "utf-8")
                yield f"{sheet.name}-{theme}.png", _small(_picture(browser, file, sheet, theme))


@contextmanager
def _browser(folder: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", os.environ)
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(program("chromedriver", os.environ))
    )
    try:
        yield browser
    finally:
        browser.quit()


def _picture(browser: webdriver.Chrome, file: Path, sheet: Sheet, theme: str) -> bytes:
    """The top of a page as a PNG."""
    colours = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
    metrics = {"width": sheet.width, "height": 900, "deviceScaleFactor": sheet.sharp, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(file.as_uri())
    height = int(browser.execute_script(_HEIGHT, sheet.until))
    clip = {"x": 0, "y": 0, "width": sheet.width, "height": height, "scale": 1}
    made = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    return base64.b64decode(made["data"])


def _small(picture: bytes) -> bytes:
    """The same picture in few colours."""
    command = [
        program("node", os.environ),
        str(HERE / "smaller.mjs"),
        str(install(os.environ, HERE)),
        str(_COLOURS),
    ]
    return subprocess.run(command, input=picture, capture_output=True, check=True).stdout


def _pull_request(told: Told) -> str:
    """A pull request as its page shows it, with the comment that jitbot keeps there."""
    title = f'<h1 class="title">{html.escape(told.title)} <span>#{told.number}</span></h1>'
    wants = f'<p class="state"><b>Open</b><strong>{told.author}</strong> wants to merge 1 commit into <code>main</code></p>'
    said = '<div class="head"><strong>github-actions</strong> <span class="bot">bot</span> commented</div>'
    return f'{title}{wants}<div class="box">{said}{_markdown(told.comment, breaks=True)}</div>'


def _markdown(text: str, *, breaks: bool = False) -> str:
    """Markdown as GitHub renders it: in a comment each end of a line is one, in a file it is not."""
    rendered = (
        MarkdownIt("commonmark", {"html": True, "breaks": breaks})
        .enable(["table", "strikethrough"])
        .render(text)
    )
    return f'<div class="markdown-body">{rendered}</div>'


def _terminal(demo: Console, theme: str) -> str:
    code = '<pre class="terminal" style="color: {foreground}; background: {background}">{code}</pre>'
    return demo.export_html(theme=_TERMINALS[theme], clear=False, inline_styles=True, code_format=code)
