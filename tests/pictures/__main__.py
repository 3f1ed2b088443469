"""Makes the pictures of the README anew, in .github/images: `.venv/bin/python tests/pictures`.

It takes under a minute of a processor, and Chromium with chromedriver, node, and the fonts DejaVu, Liberation and Noto Color Emoji.
Look at each picture before you commit it.
"""

import json
import sys
import time
from hashlib import sha256
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "judge")]  # where packages for node are installed from

from drawing import drawn, sheets  # noqa: E402 - the path comes first
from shown import IMAGES, KEPT, demo, digest, page_of_requests, played, texts  # noqa: E402 - likewise


def run() -> None:
    """Draw all pictures, and keep what they show beside them."""
    begun = time.monotonic()
    shown = texts()
    IMAGES.mkdir(exist_ok=True)
    made = dict(drawn(sheets(played(), page_of_requests(), demo())))
    for old in IMAGES.glob("*.png"):
        old.unlink()
    for name, picture in made.items():
        (IMAGES / name).write_bytes(picture)
        print(f"{name}: {len(picture):,} bytes")
    for name, text in shown.items():
        (KEPT / f"{name}.txt").write_text(text, "utf-8")
    pairs = {
        name: {"picture": sha256(picture).hexdigest(), "shows": digest(shown[name.rpartition("-")[0]])}
        for name, picture in sorted(made.items())
    }
    (KEPT / "pictures.json").write_text(json.dumps(pairs, indent=2) + "\n", "utf-8")
    print(f"in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    run()
