"""Access reviews on a running acme: dates of policies that move, merged or pushed, and what an auditor is shown of them."""

import csv
import json
from pathlib import Path
from typing import Any

from acme_world import World
from audit_story import clone, vouched
from ruling import OWNER

from jitbot.sandbox.organisation import acme_tree

POLICY = "policies/access/orders-db-read.yaml"
OTHER = "policies/access/ssm-shell.yaml"
PERIOD = ("--from", "2026-11-20", "--to", "2027-12-31")


def dated(world: World, day: str | None, path: str = POLICY) -> dict[str, str | None]:
    """A policy with this date of a review, or with none."""
    lines = [each for each in world.text(path).splitlines() if not each.startswith("reviewed:")]
    lines[1:1] = [] if day is None else [f"reviewed: {day}"]
    return {path: "\n".join(lines) + "\n"}


def review(world: World, day: str, *paths: str, by: tuple[str, ...] = (OWNER,), login: str = "bob") -> str:
    """A review that was merged, and recorded; gives its commit."""
    files = {path: text for each in paths or (POLICY,) for path, text in dated(world, day, each).items()}
    world.land(login, files, by=by)
    world.jit("grant")
    return str(world.github.store.tip("main"))


def audited(world: World, folder: Path, *period: str) -> dict[str, Any]:
    """What page, pack and terminal say of the reviews."""
    place, keys = clone(world), str(vouched(world))
    job: dict[str, Any] = {"runner": place.name, "workflow": "audit.yml"}
    page, pack, asked = folder / "page.html", folder / "pack", period or PERIOD
    said = world.jit("audit", "report", *asked, "--keys", keys, "--output", str(page), **job).output
    world.jit("audit", "export", *asked, "--keys", keys, "--output", str(pack), **job)
    text = page.read_text()
    return {
        "said": said,
        "page": text.partition("<h2>Access reviews</h2>")[2].partition("</section>")[0],
        "top": text.partition("<main>")[2].partition("</dl>")[0],
        "reviews": json.loads((pack / "access-reviews.json").read_text()),
        "due": {each["policy"]: each for each in json.loads((pack / "access-review-due.json").read_text())},
        "csv": {name: table(pack / f"{name}.csv") for name in ("access-reviews", "access-review-due")},
        "answers": json.loads((pack / "answers.json").read_text()),
        "verdicts": json.loads((pack / "verdicts.json").read_text()),
        "entitlements": json.loads((pack / "entitlements.json").read_text()),
    }


def table(file: Path) -> list[dict[str, str]]:
    """A file of the pack."""
    with file.open(newline="", encoding="utf-8-sig") as opened:
        return list(csv.DictReader(opened))


def policies() -> set[str]:
    """The names of acme's policies."""
    found = (path for path in acme_tree("https://x.example") if path.startswith("policies/access/"))
    return {path.removeprefix("policies/access/").removesuffix(".yaml") for path in found}
