"""The AWS configuration file: jitbot's blocks, one for each request and account, and what a person's own profile says.

Nothing else in it is touched. https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

import re
import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jitbot.adapters.local.whole_file import write_whole
from jitbot.domain.model.errors import InvalidError

# The settings of how calls are made, each with its variables: a grant takes them over from the profile that it is
# entered with. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_HOW: Mapping[str, tuple[str, ...]] = {
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),  # programs differ in which they read
    "output": ("AWS_DEFAULT_OUTPUT",),
    "ca_bundle": ("AWS_CA_BUNDLE",),
    "endpoint_url": ("AWS_ENDPOINT_URL",),
    "use_fips_endpoint": ("AWS_USE_FIPS_ENDPOINT",),
    "use_dualstack_endpoint": ("AWS_USE_DUALSTACK_ENDPOINT",),
    "sts_regional_endpoints": ("AWS_STS_REGIONAL_ENDPOINTS",),
    "defaults_mode": ("AWS_DEFAULTS_MODE",),
    "retry_mode": ("AWS_RETRY_MODE",),
    "max_attempts": ("AWS_MAX_ATTEMPTS",),
    "cli_pager": ("AWS_PAGER",),
    "ignore_configured_endpoint_urls": ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",),
    "request_checksum_calculation": ("AWS_REQUEST_CHECKSUM_CALCULATION",),
    "response_checksum_validation": ("AWS_RESPONSE_CHECKSUM_VALIDATION",),
    # These have no variable, so that a profile alone can take them over.
    "cli_binary_format": (),
    "cli_timestamp_format": (),
    "services": (),
}


def config_file(environ: Mapping[str, str]) -> Path:
    """Where this person's configuration lies."""
    return _file(environ, "AWS_CONFIG_FILE", "config")


def named_profile(environ: Mapping[str, str]) -> str:
    """The profile that the environment names, in the order in which AWS's SDK for Python asks; empty if none."""
    return environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or ""


def own_profile(environ: Mapping[str, str]) -> str | None:
    """The profile that the environment names; where that is one of jitbot's blocks, the one that it is entered with.

    None where none is named, and the credentials do not come from one called default.
    """
    profiles = _profiles(environ)
    named = named_profile(environ)
    process = _of_jitbot(environ, profiles.get(named, {}))
    if named and not process:
        return named
    if "--profile" in process[:-1]:
        return process[process.index("--profile") + 1]
    return "default" if "default" in profiles and not environ.get("AWS_ACCESS_KEY_ID") else None


def how_to_call(environ: Mapping[str, str], profile: str | None) -> dict[str, str]:
    """What a profile says of calls besides the credentials, by the names that it has in the file."""
    found = _profiles(environ).get(profile or "default", {})
    return {name: found[name] for name in _HOW if isinstance(found.get(name), str) and found[name]}


def as_variables(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The same as variables, without what the environment sets already."""
    return {
        variable: value
        for name, value in settings.items()
        if not any(environ.get(each) for each in _HOW[name])
        for variable in _HOW[name]
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One of jitbot's blocks: the profile of a request of one repository in one account.

    Two repositories may have a request of the same name. Blocks of an older jitbot name no repository.
    """

    request: str
    account: str
    repository: str = ""

    def __str__(self) -> str:
        """As its first and its last line name it."""
        return " ".join(filter(None, (self.request, self.account, self.repository)))

    def may_be_of(self, repository: str) -> bool:
        """Whether it is this repository's, or does not say whose it is."""
        return self.repository.casefold() in ("", repository.casefold())


def blocks(file: Path) -> tuple[Block, ...]:
    """jitbot's blocks in the file."""
    found = re.findall(r"^# >>> jitbot (\S+) (\S+)(?: (\S+))?$", _read(file), re.MULTILINE)
    return tuple(
        Block(request=request, account=account, repository=repository)
        for request, account, repository in found
    )


def free_name(file: Path, block: Block, wanted: str) -> str:
    """The wanted name for a block's profile; with a number behind it where another profile has it."""
    others = "".join(_around(_read(file), block))
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, 100)))
    return next((name for name in names if not _is_taken(name, others)), wanted)


def write(file: Path, block: Block, profile: str, lines: list[str]) -> None:
    """Put a profile into its block, new or in the place of the former. Raises InvalidError if it is taken."""
    before, after = _around(_read(file), block)
    if _is_taken(profile, before + after):
        raise InvalidError(
            f"{file} has a profile {profile} already, which is not this one: choose another --name"
        )
    if any(not line.isprintable() for line in (str(block), profile, *lines)):
        raise InvalidError(
            "a name or a folder with characters that do not print cannot go into the AWS config"
        )
    body = "\n".join([_begin(block), f"[profile {_quoted(profile)}]", *lines, _end(block), ""])
    gap = "" if not before or before.endswith("\n") else "\n"
    _replace(file, before + gap + body + after)


def remove(file: Path, block: Block) -> bool:
    """Take a block out; False if there is none."""
    text = _read(file)
    before, after = _around(text, block)
    if before + after == text:
        return False
    _replace(file, before + after)
    return True


def can_be_named(profile: str) -> bool:
    """Whether a profile of this name can be written so that AWS's programs find it."""
    return (
        bool(profile.strip())
        and profile.isprintable()
        and not profile.startswith("-")
        and re.search(r"[\[\]\\]|\".*'|'.*\"", profile) is None
    )


def _is_taken(profile: str, text: str) -> bool:
    """Whether a configuration has a profile of this name."""
    head = rf"^\s*\[\s*(profile\s+)?[\"']?{re.escape(profile)}[\"']?\s*\]"
    return re.search(head, text, re.MULTILINE) is not None


def _quoted(profile: str) -> str:
    """A profile's name for the head of its section, which AWS's programs split as a shell would."""
    if re.fullmatch(r"[\w.@%+/:-]+", profile, re.ASCII):
        return profile
    return f"'{profile}'" if '"' in profile else f'"{profile}"'


def _of_jitbot(environ: Mapping[str, str], settings: Mapping[str, Any]) -> list[str]:
    """The command that a profile asks for credentials, if it is one of jitbot's blocks; else nothing."""
    asking = settings.get("credential_process")
    try:
        text = config_file(environ).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    blocks = re.findall(r"^# >>> jitbot .*?^# <<< jitbot ", text, re.MULTILINE | re.DOTALL)
    ours = any(f"credential_process = {asking}\n" in block for block in blocks)
    return shlex.split(asking) if isinstance(asking, str) and ours else []


def _profiles(environ: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """Every profile with its settings, of the configuration and of the credentials; none of a file that does not read."""
    from botocore.configloader import load_config, raw_config_parse
    from botocore.exceptions import ConfigNotFound, ConfigParseError

    profiles: dict[str, dict[str, Any]] = {}
    with suppress(ConfigNotFound, ConfigParseError):
        profiles.update(load_config(str(config_file(environ)))["profiles"])
    with suppress(ConfigNotFound, ConfigParseError):
        keys = raw_config_parse(str(_file(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials")))
        for name, settings in keys.items():
            profiles[name] = {**profiles.get(name, {}), **settings}
    return profiles


def _file(environ: Mapping[str, str], variable: str, name: str) -> Path:
    home = Path(environ.get("HOME") or Path.home())
    given = environ.get(variable, "")
    return Path(given.replace("~", str(home), 1) if given.startswith("~/") else given or home / ".aws" / name)


def _begin(block: Block) -> str:
    return f"# >>> jitbot {block}"


def _end(block: Block) -> str:
    return f"# <<< jitbot {block}"


def _around(text: str, block: Block) -> tuple[str, str]:
    """The text before and after the block; all of it is "before" if there is none.

    A block that names no repository is taken for this one's, if there is no other.
    """
    begin, end = f"{_begin(block)}\n", f"{_end(block)}\n"
    start = text.find(begin)
    if start < 0:
        return _around(text, replace(block, repository="")) if block.repository else (text, "")
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
        write_whole(file, text.encode("utf-8"), mode=mode)
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}") from None
