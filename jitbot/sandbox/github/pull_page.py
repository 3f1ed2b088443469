"""A pull request as a page: what GitHub's website shows an approver, with the comment that jitbot keeps there."""

from flask import render_template_string
from markdown_it import MarkdownIt
from markupsafe import Markup

from jitbot.sandbox.github.records import Pull
from jitbot.sandbox.github.site import HostedRepository

# Comments hold what people wrote: nothing of them runs, and nothing is fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable("table")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ pull.title }} #{{ pull.number }}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
article { border: 1px solid #8886; border-radius: 8px; padding: 0 1rem; margin: 1rem 0; }
pre { overflow-x: auto; background: #8882; padding: .6rem; border-radius: 6px; }
table { border-collapse: collapse; } td, th { border: 1px solid #8886; padding: .2rem .6rem; }
h1 span, .quiet { color: #888; font-weight: 400; }
</style></head><body>
<p class="quiet">{{ repository }}: the sandbox's page, for reading</p>
<h1>{{ pull.title }} <span>#{{ pull.number }}</span></h1>
<p><strong>{{ state }}</strong>, by {{ pull.author.login }}; head <code>{{ pull.head_sha }}</code></p>
{% for status in statuses %}<p>{{ status.context }}: <strong>{{ status.state }}</strong> {{ status.description or "" }}</p>
{% endfor %}{% if pull.body %}<article>{{ markdown(pull.body) }}</article>{% endif %}
{% for comment in comments %}<article><p class="quiet">{{ comment.author.login }} commented</p>{{ markdown(comment.body) }}</article>
{% endfor %}{% for review in reviews %}<p>{{ review.author.login }}: <strong>{{ review.state }}</strong> on <code>{{ review.commit_sha[:10] }}</code> {{ review.body }}</p>
{% endfor %}<h2>Files changed</h2>
{% for path, text in files %}<p><code>{{ path }}</code></p><pre>{{ text }}</pre>
{% endfor %}</body></html>
"""


def rendered(repository: HostedRepository, number: int) -> str:
    """The page of one pull request. Raises RefusalError, a 404, if there is none."""
    pull = repository.pull(number)
    statuses = {each.context: each for each in repository.statuses if each.sha == pull.head_sha}
    page: str = render_template_string(
        _PAGE,
        repository=repository.full_name,
        pull=pull,
        state="merged" if pull.is_merged else "open" if pull.is_open else "closed",
        statuses=list(statuses.values()),
        comments=[each for each in repository.comments.values() if each.pull == number],
        reviews=repository.reviews_of(pull),
        files=_files(repository, pull),
        markdown=lambda text: Markup(_MARKDOWN.render(text)),  # noqa: S704 - as GitHub renders it; POLICY lets nothing run
    )
    return page


def _files(repository: HostedRepository, pull: Pull) -> list[tuple[str, str]]:
    found = []
    for path in repository.changed_paths(pull):
        content = repository.store.read(pull.head_sha, path)
        found.append((path, "(removed)" if content is None else content.decode(errors="replace")))
    return found
