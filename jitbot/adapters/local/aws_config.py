"""jitbot's blocks in the AWS configuration file: one for each request and account. The rest of the file stays.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

import os
import re
import stat
import tempfile
from pathlib import Path

from jitbot.domain.model.errors import InvalidError


def write(file: Path, block: str, profile: str, lines: list[str]) -> None:
    """Put a profile into its block, new or in the place of the former. Raises InvalidError if it is taken."""
    before, after = _around(_read(file), block)
    if re.search(
        rf"^\s*\[\s*(profile\s+)?[\"']?{re.escape(profile)}[\"']?\s*\]", before + after, re.MULTILINE
    ):
        raise InvalidError(
            f"{file} has a profile {profile} already, which is not this one: choose another --name"
        )
    if any(not line.isprintable() for line in (block, profile, *lines)):
        raise InvalidError(
            "a name or a folder with characters that do not print cannot go into the AWS config"
        )
    body = "\n".join([_begin(block), f"[profile {profile}]", *lines, _end(block), ""])
    gap = "" if not before or before.endswith("\n") else "\n"
    _replace(file, before + gap + body + after)


def remove(file: Path, block: str) -> bool:
    """Take a block out; False if there is none."""
    text = _read(file)
    before, after = _around(text, block)
    if before + after == text:
        return False
    _replace(file, before + after)
    return True


def _begin(block: str) -> str:
    return f"# >>> jitbot {block}"


def _end(block: str) -> str:
    return f"# <<< jitbot {block}"


def _around(text: str, block: str) -> tuple[str, str]:
    """The text before and after the block; all of it is "before" if there is none."""
    begin, end = f"{_begin(block)}\n", f"{_end(block)}\n"
    start = text.find(begin)
    if start < 0:
        return text, ""
    stop = text.find(end, start)
    if stop < 0 or (start and text[start - 1] != "\n"):
        raise InvalidError(f"the block of {block} in the AWS config is torn; fix it by hand")
    return text[:start], text[stop + len(end) :]


def _read(file: Path) -> str:
    if file.is_symlink():
        raise InvalidError(
            f"{file} is a symlink; set AWS_CONFIG_FILE to the file it leads to, {file.resolve()}"
        )
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return opened.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{file} cannot be read: {error}") from None


def _replace(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600
        descriptor, aside = tempfile.mkstemp(dir=file.parent, prefix=".jitbot-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                os.fchmod(opened.fileno(), mode)
            Path(aside).replace(file)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}") from None
