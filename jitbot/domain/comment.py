"""The comment on an open pull request, as Markdown: an answer in ten seconds on a phone, the documents folded away.

What people wrote is escaped; what is folded away is JSON in a fence of code that nothing in it can close.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from jitbot.domain import duration, escape
from jitbot.domain.briefing import MARKDOWN, Briefing, Proposed, before, listed, more, waiting, when
from jitbot.domain.iam import Documents
from jitbot.domain.model import Finding, Request
from jitbot.domain.outlook import Outlook
from jitbot.domain.risk import Level

MARKER = (
    "<!-- jitbot: requests -->"  # the last line of each comment: by it, and by its author, it is found again
)
LONGEST = 65_536  # characters that GitHub takes: https://docs.github.com/en/rest/issues/comments
_RISK = {Level.LOW: "🟢", Level.MEDIUM: "🟡", Level.HIGH: "🟠", Level.CRITICAL: "🔴"}
_SHOWN = 10  # findings, dangers and parameters that are listed before the rest is counted
_TEXT = 600  # characters of one text of a person's


def is_ours(body: str) -> bool:
    """Whether a comment's text ends as ours do."""
    return body.rstrip().endswith(MARKER)


def whole(parts: Iterable[str], folded: Iterable[str], *, number: int) -> str:
    """The comment of these parts, then of what is folded away, as far as GitHub takes it; it says what was left out."""
    foot = (
        f"<sub>Kept current by jitbot. Whoever may write here may edit it; what counts is the diff, "
        f"and `jitbot explain {number}`.</sub>\n\n{MARKER}\n"
    )
    room = LONGEST - len(foot) - 200
    kept: list[str] = []
    for part in parts:
        if part and len(part) + 2 <= room:
            kept.append(part)
            room -= len(part) + 2
        elif part:
            kept.append(f"*Too long to be shown here: see `jitbot explain {number}`.*")
            break
    for part in folded:
        if len(part) + 2 > room:
            kept.append(f"*The documents are too long to be shown here: see `jitbot explain {number}`.*")
            break
        kept.append(part)
        room -= len(part) + 2
    return "\n\n".join((*kept, foot))


def proposal(
    briefings: Sequence[Briefing],
    findings: Sequence[Finding],
    *,
    number: int,
    auto_merge: bool,
    doubt: str = "",
) -> str:
    """The comment on an open pull request. `findings` are those of all its files."""
    first, *others = [tuple(_of_one(briefing)) for briefing in briefings]
    verdict = _to_mend(findings) if findings else _next(briefings, auto_merge=auto_merge)
    # What is wrong is read before the reasons; what comes next is read last.
    told = (first[0], verdict, *first[1:]) if findings else first
    parts = [*told, *(part for other in others for part in ("---", *other))]
    if doubt:
        parts.append(f"⚠️ What the ledger says could not be checked: {cut(doubt)}")
    if not findings:
        parts.append(verdict)
    grants = [grant for each in briefings if each.outlook is not None for grant in each.outlook.grants]
    return whole(parts, folded(() if findings else grants), number=number)


def nothing(number: int) -> str:
    """The comment on a pull request that asked for something once."""
    return whole(["This pull request asks for nothing any more, and grants nothing."], (), number=number)


def folded(grants: Sequence[Documents]) -> Iterator[str]:
    """Each role's documents, whole, behind a line to press on."""
    for grant in grants:
        managed = [f"managed policy: `{arn}`" for arn in grant.managed_policies]
        lines = [f"`{grant.role_arn}`", f"boundary: `{grant.permissions_boundary}`", *managed]
        texts = [
            f"{title}\n\n{fenced(json.dumps(document, indent=2))}"
            for title, document in (
                ("Who may enter:", grant.trust_policy),
                ("What may be done:", grant.permission_policy),
            )
        ]
        account = html.escape(escape.terminal(grant.account))  # inside HTML, Markdown's escapes are none
        summary = f"Exactly this role in <b>{account}</b>"
        inside = "\n\n".join(("<br>\n".join(lines), *texts))
        yield f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def fenced(text: str, language: str = "json") -> str:
    """A block of code, in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def why(request: Request) -> str:
    """The reason, the ticket and the parameters, each on its line."""
    lines = [f"> {cut(request.reason)}"]
    if request.ticket is not None:
        lines.append(f"> <br>ticket {cut(request.ticket)}")
    given = list(request.parameters.items())
    bullets = [f"- {cut(name)}: **{cut(value) or '…'}**" for name, value in given[:_SHOWN]]
    if len(given) > _SHOWN:
        bullets.append(f"- and {len(given) - _SHOWN} more")
    return "\n".join(lines) + ("\n\n" + "\n".join(bullets) if bullets else "")


def _of_one(briefing: Briefing) -> Iterator[str]:
    request, outlook = briefing.request, briefing.outlook
    if request is None:
        yield f"**This is no request that can be read:** {MARKDOWN.plain(briefing.path[:_TEXT])}"
        return
    if briefing.proposed is Proposed.END:
        yield _ending(request)
        return
    if outlook is None:
        yield f"**{MARKDOWN.plain(request.requester)}** asks for what the rules do not read for: see below."
        return
    yield _headline(briefing, outlook)
    yield more(briefing, MARKDOWN)
    yield _dangers(outlook)
    yield why(request)
    if briefing.awaiting is not None:
        names = " ".join(MARKDOWN.plain(name) for name in outlook.owned_by.names)
        sentences = list(waiting(briefing.awaiting, MARKDOWN))
        yield "\n".join((f"**Approval** ({names})<br>", "<br>\n".join(sentences)))
    yield f"**Before**<br>\n{before(briefing, MARKDOWN)}"


def _headline(briefing: Briefing, outlook: Outlook) -> str:
    request, window = outlook.request, outlook.window
    where = listed((MARKDOWN.strong(alias) for alias in request.accounts), "and")
    end = MARKDOWN.strong(when(window.expires_at))
    if briefing.former is not None:
        until = f"until {end}"
    elif window.starts_at is not None:
        until = f"from {MARKDOWN.strong(when(window.starts_at))} until {end}"
    else:
        until = f"until {end} if merged now"
    what = f"{MARKDOWN.plain(outlook.policy.name)}: {MARKDOWN.strong(outlook.policy.description[:_TEXT])},"
    verb = "asks for more time with" if briefing.proposed is Proposed.EXTEND else "asks for"
    length = f"for {MARKDOWN.strong(duration.show(request.duration))}"
    level = outlook.risk.level
    risk = f"{_RISK[level]} **{level.name.lower()} risk**"
    return f"{MARKDOWN.strong(request.requester)} {verb} {what} in {where} {length}, {until}. {risk}"


def _ending(request: Request) -> str:
    where = listed((MARKDOWN.strong(alias) for alias in request.accounts), "and")
    policy = MARKDOWN.plain(request.path.split("/")[1])
    return (
        f"This **ends** the access of {MARKDOWN.strong(request.requester)} to {policy} in {where}, for good, "
        f"a moment after the merge."
    )


def _dangers(outlook: Outlook) -> str:
    reasons = outlook.risk.reasons
    lines = [f"- {cut(reason)}" for reason in reasons[:_SHOWN]]
    return "\n".join(lines + ([f"- and {len(reasons) - _SHOWN} more"] if len(reasons) > _SHOWN else []))


def _to_mend(findings: Sequence[Finding]) -> str:
    head = f"❌ **Merged like this it would be refused.** {len(findings)} to mend:"
    lines = [head, ""]
    several = len({finding.file for finding in findings}) > 1
    for finding in findings[:_SHOWN]:
        file = f"{cut(finding.file.rpartition('/')[2])}: " if several else ""
        place = f"line {finding.line}: " if finding.line else ""
        hint = f"<br>→ {cut(finding.hint)}" if finding.hint else ""
        lines.append(f"- {file}{place}{cut(finding.message)}{hint}")
    if len(findings) > _SHOWN:
        lines.append(f"- and {len(findings) - _SHOWN} more, in the run of the check")
    return "\n".join(lines)


def _next(briefings: Sequence[Briefing], *, auto_merge: bool) -> str:
    known = [each.awaiting for each in briefings if each.awaiting is not None]
    if auto_merge:
        return "✅ **Checked.** It merges by itself once it is approved, and takes effect a moment later."
    if known and all(each.enough for each in known):
        return "✅ **Checked and approved.** Press **Merge**: it takes effect a moment later."
    return "✅ **Checked.** After approving, press **Merge**: auto-merge is off here, and nothing else starts it."


def cut(text: str) -> str:
    """A text of a person's, inert, and no longer than a comment needs."""
    return MARKDOWN.plain(text if len(text) <= _TEXT else f"{text[:_TEXT]}…")


def steering(briefings: Sequence[Briefing]) -> tuple[bool, str]:
    """Whether the approval status is green, and what it says. Where one approval is enough, GitHub's own rule asks for it."""
    if any(each.awaiting is None and each.proposed is not Proposed.END for each in briefings):
        return False, "can be judged once the check is green"
    awaited = [each.awaiting for each in briefings if each.awaiting is not None]
    strict = [each for each in awaited if each.required > 1]
    for each in awaited:
        if each.objectors:
            return False, f"{each.objectors[0].login} asks for changes"
        if not each.possible:
            return (
                False,
                f"{len(each.approvals)} of {each.required} approvals, and too few people can approve",
            )
    for each in strict:
        if each.missing:
            return False, f"{len(each.approvals)} of {each.required} approvals"
    if strict:
        most = max(strict, key=lambda each: each.required)
        return True, f"{len(most.approvals)} of {most.required} approvals"
    return True, "one code owner's approval is enough; the branch's rules ask for it"
