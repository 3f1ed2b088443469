"""GitHub's page for a new file, as a link fills it in: a name and a text, to be read by people and by tests."""

from flask import render_template_string

from jitbot.sandbox.github.records import RefusalError
from jitbot.sandbox.github.site import HostedRepository

LONGEST = 8_191  # bytes of an address that GitHub's server takes: https://github.com/github/docs/issues/5136
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>New file in {{ repository }}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
input, textarea { width: 100%; box-sizing: border-box; font: 14px/1.5 ui-monospace, monospace; padding: .4rem; }
.quiet { color: #888; }
</style></head><body>
<p class="quiet">{{ repository }}, branch {{ branch }}: the sandbox's page, which commits nothing. What you write here you
would commit to a new branch, and open a pull request.</p>
<p><label>Name of the file<br><input name="filename" value="{{ filename }}"></label></p>
<p><label>Text<br><textarea name="value" rows="16">
{{ value }}</textarea></label></p>
</body></html>
"""


def rendered(repository: HostedRepository, branch: str, filename: str, value: str, length: int) -> str:
    """The page; 404 for a branch that is not there, 414 for a longer address than GitHub's server takes."""
    if length > LONGEST:
        raise RefusalError(414, "URI Too Long")
    if repository.store.tip(branch) is None:
        raise RefusalError(404, "Not Found")
    page: str = render_template_string(
        _PAGE, repository=repository.full_name, branch=branch, filename=filename, value=value
    )
    return page
