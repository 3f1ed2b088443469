"""Writes what the pages have of the code: `.venv/bin/python tests/docs`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
sys.path[:0] = [str(ROOT / folder) for folder in _SETTINGS["pythonpath"]]

from made import pages, written  # noqa: E402

for page in pages():
    page.write_text(written(page.read_text("utf-8")), "utf-8")
