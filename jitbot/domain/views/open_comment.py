"""The comment on an open pull request, as Markdown: an answer in ten seconds on a phone, the documents folded away.

Everything that would be granted comes before everything else, however long the rest is.
"""

from collections.abc import Iterator, Sequence

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.access.approvals.places import open_places
from jitbot.domain.access.break_glass import MERGES, is_break_glass
from jitbot.domain.aws import rehearsal
from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Finding, Request
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import duration
from jitbot.domain.text.amount import many
from jitbot.domain.text.markdown import cut, exact, short
from jitbot.domain.views.approval_places import placed
from jitbot.domain.views.comment_body import LONGEST, Part, assembled, fitted, folded, must
from jitbot.domain.views.grant_preview import STRANGE, GrantPreview
from jitbot.domain.views.other_requests import others_in_words
from jitbot.domain.views.request_summary import (
    RequestSummary,
    acknowledged,
    before,
    grouped,
    membership,
    more,
    waiting,
    worst_first,
)
from jitbot.domain.views.wording import MARKDOWN, listed, when

_RISK = {
    Level.LOW: "🟢 **low risk**",
    Level.MEDIUM: "🟡 **medium risk**",
    Level.HIGH: "🟠 **high risk**",
    Level.CRITICAL: "🔴 **critical risk**",
    Level.UNKNOWN: "❔ **risk not known**",
}
# Findings, and accounts and parameters that no rule knows, that are listed before the rest is counted.
_SHOWN = 10
_DANGERS = 40
_MANY, _FIRST = 6, 3  # accounts that the first line names; of more than that the first, and all in the next
TOO_MUCH = "too-much-to-show"


def proposal(
    summaries: Sequence[RequestSummary],
    findings: Sequence[Finding],
    *,
    number: int,
    page: str,
    auto_merge: bool,
    doubt: str = "",
    rules: str = "",
) -> str:
    """The comment on an open pull request, whose page is at the address `page`. `findings` are those of all its files.

    `rules` says, in one line, what it does to the rules as well.
    """
    shown, hidden = _that_fit(summaries)
    verdict = _to_fix(findings) if findings else _next(summaries, page, auto_merge=auto_merge)
    first, *others = [tuple(_of_one(summary)) for summary in shown]
    # What is wrong is read before the reasons; what comes next is read last.
    opening = (first[0], must(verdict), *first[1:]) if findings else first
    parts = [must(_too_much(hidden, number)), must(rules), *opening]
    parts += [part for other in others for part in (must("---"), *other)]
    if doubt:
        parts.append(must(f"⚠️ What the ledger says could not be checked: {cut(doubt)}"))
    if not findings:
        parts.append(must(verdict))
    documents = () if findings else (text for each in shown for text in _documents(each))
    return assembled(fitted(parts), documents, number=number)


def too_much(summaries: Sequence[RequestSummary]) -> Iterator[Finding]:
    """The finding that not all of these requests can be read in one comment, if that is so."""
    _, hidden = _that_fit(summaries)
    if hidden:
        message = (
            f"one comment cannot show {many(len(summaries), 'request')}: {len(hidden)} would not be seen"
        )
        hint = "ask for less in one pull request"
        yield Finding(code=TOO_MUCH, message=message, file=hidden[0].path, hint=hint)


def unread(findings: Sequence[Finding], *, number: int) -> str:
    """The comment on a pull request that changes more than is read."""
    return assembled([_to_fix(findings)], (), number=number)


def nothing(number: int) -> str:
    """The comment on a pull request that asked for something once."""
    return assembled(["This pull request asks for nothing any more, and grants nothing."], (), number=number)


def over(number: int, reason: str) -> str:
    """The comment on a pull request that is closed because it can give nothing any more, for this reason."""
    anew = f"To ask for the same again: `jitbot request --again {number}`."
    text = f"🕓 **This can give nothing any more:** {cut(reason)}. It is closed, and nothing is granted by it. {anew}"
    return assembled([text], (), number=number)


def why(request: Request, given: Sequence[tuple[str, str]] | None = None, *, asked: int = LONGEST) -> str:
    """The reason, the optional texts and the parameters, each on its line.

    `given` are the parameters, those that the policy asks for, `asked` of them, first: these are all shown.
    """
    lines = [
        f"> {'<br>'.join((cut(request.reason), *(f'{name} {cut(value)}' for name, value in request.optional)))}"
    ]
    values = list(request.parameters.items()) if given is None else list(given)
    most = asked + _SHOWN
    bullets = [f"- {exact(name)}: **{exact(value) or '…'}**" for name, value in values[:most]]
    if len(values) > most:
        bullets.append(f"- and {len(values) - most} more that the policy does not ask for")
    return "\n".join(lines) + ("\n\n" + "\n".join(bullets) if bullets else "")


def _of_one(summary: RequestSummary) -> Iterator[Part]:
    """Who, what, where, how long, how dangerous and with which parameters; then approvers and earlier grants, if they fit."""
    request, grant_preview = summary.request, summary.grant_preview
    if request is None:
        yield must(f"**This is no request that can be read:** {cut(summary.path)}")
        return
    if summary.kind is ChangeKind.DELETED:
        yield must(_ending(summary, request))
        return
    if grant_preview is None:
        yield must(
            f"**{exact(request.requester)}** asks for access, but the policy files cannot be read: see below."
        )
        return
    where = _places(grant_preview)
    yield must(_headline(summary, grant_preview, where))
    if len(grant_preview.where) > _MANY:
        yield must(
            f"**In {many(len(grant_preview.where), 'account')}**: {listed(where, 'and', most=len(where))}"
        )
    if is_break_glass(grant_preview.policy):
        yield must(f"🚨 {cut(grant_preview.who_approves())}")
    if grant_preview.is_rehearsal:
        yield must(f"🎭 This is {rehearsal.IN_WORDS}.")
    yield must(more(summary, MARKDOWN))
    yield must(membership(grant_preview, MARKDOWN))
    yield must(_dangers(grant_preview))
    asked = sum(each.name in request.parameters for each in grant_preview.policy.parameters)
    yield must(why(request, grant_preview.parameters, asked=asked))
    if summary.awaiting is not None:
        names = " ".join(MARKDOWN.plain(name) for name in grant_preview.owned_by.names)
        sentences = list(waiting(summary.awaiting, MARKDOWN))
        head = f"**Approval** ({names})" if names else "**Approval**"
        yield Part("<br>".join((head, *sentences)), must=False)
    if summary.others is not None:
        yield Part("<br>".join(others_in_words(request, summary.others, MARKDOWN)), must=False)
    if where_else := grouped(grant_preview, MARKDOWN):
        yield Part(f"**Accounts of the policy**<br>{where_else}", must=False)
    yield Part(f"**Before**<br>{before(summary, MARKDOWN)}", must=False)
    if known := [cut(each) for each in acknowledged(grant_preview.policy)[:_SHOWN]]:
        yield Part("\n- ".join(("**Findings that the policy acknowledges**", *known)), must=False)


def _headline(summary: RequestSummary, grant_preview: GrantPreview, where: Sequence[str]) -> str:
    request, window = grant_preview.request, grant_preview.window
    end = MARKDOWN.strong(when(window.expires_at))
    if summary.former is not None:
        until = f", until {end}"
    elif window.starts_at is not None:
        until = f", from {MARKDOWN.strong(when(window.starts_at))} until {end}"
    else:
        until = " from the merge on"
    what = f"{MARKDOWN.plain(grant_preview.policy.name)}: **{cut(grant_preview.policy.description)}**,"
    verb = "asks for more time with" if summary.kind is ChangeKind.MODIFIED else "asks for"
    length = f"for {MARKDOWN.strong(duration.show(request.duration))}"
    risk = _RISK[grant_preview.risk.level]
    first = listed(where, "and", most=len(where))
    if len(grant_preview.where) > _MANY:
        first = f"{', '.join(where[:_FIRST])} and {len(grant_preview.where) - _FIRST} more, which are named below,"
    return f"**{exact(request.requester)}** {verb} {what} in {first} {length}{until}. {risk}"


def _places(grant_preview: GrantPreview) -> list[str]:
    """All accounts that can be granted, and what there is of others."""
    known = [f"**{exact(each)}**" for each in grant_preview.where if each in grant_preview.known]
    strange = [each for each in grant_preview.where if each not in grant_preview.known]
    shown = [*known, *(f"**{exact(each)}** ({STRANGE})" for each in strange[:_SHOWN])]
    if len(strange) > _SHOWN:
        shown.append(f"{len(strange) - _SHOWN} more that are {STRANGE}")
    return shown


def _ending(summary: RequestSummary, request: Request) -> str:
    where = listed((f"**{exact(each)}**" for each in request.accounts), "and", most=len(request.accounts))
    policy = cut(policy_of(request.path))
    if summary.ends_nothing:
        return (
            f"⚠️ This deletes the file, but does **not** end the access of **{exact(request.requester)}** to {policy} "
            f"in {where}: nobody owns its folder, and {cut(summary.ends_nothing)}. An owner of the rules, or "
            "the requester, ends it with `jitbot release`."
        )
    return (
        f"This **ends** the access of **{exact(request.requester)}** to {policy} in {where}, for good, "
        f"a moment after the merge."
    )


def _dangers(grant_preview: GrantPreview) -> str:
    reasons = grant_preview.risk.reasons
    lines = [f"- {cut(reason)}" for reason in reasons[:_DANGERS]]
    return "\n".join(lines + ([f"- and {len(reasons) - _DANGERS} more"] if len(reasons) > _DANGERS else []))


def _documents(summary: RequestSummary) -> Iterator[str]:
    grant_preview = summary.grant_preview
    if grant_preview is None:
        return
    until = f"{duration.show(grant_preview.request.duration)} after the merge" if grant_preview.floats else ""
    yield from folded(grant_preview.grants, until=until)


def _that_fit(
    summaries: Sequence[RequestSummary],
) -> tuple[tuple[RequestSummary, ...], tuple[RequestSummary, ...]]:
    """The requests, worst first, of which all that must be read fits into one comment, and the others."""
    ordered, room = worst_first(summaries), _ROOM
    for number, summary in enumerate(ordered):
        room -= sum(len(part.text) + 9 for part in _of_one(summary) if part.must)
        if room < 0 and number:
            return ordered[:number], ordered[number:]
    return ordered, ()


_ROOM = LONGEST - 24_000  # for requests: what is wrong with them, the verdict and the notes take what is left


def _too_much(hidden: Sequence[RequestSummary], number: int) -> str:
    if not hidden:
        return ""
    return (
        f"⚠️ **{many(len(hidden), 'request')} of this pull request cannot be shown here.** Approve none that you "
        f"have not read: see all with `jitbot explain {number}`."
    )


def _to_fix(findings: Sequence[Finding]) -> str:
    only = all(finding.code == TOO_MUCH for finding in findings)
    said = "This is more than can be read here." if only else "If this is merged now, it is refused for good."
    lines = [f"❌ **{said}** {len(findings)} to fix:", ""]
    several = len({finding.file for finding in findings}) > 1
    for finding in findings[:_SHOWN]:
        file = f"{short(finding.file.rpartition('/')[2])}: " if several else ""
        place = f"line {finding.line}: " if finding.line else ""
        hint = f"<br>→ {short(finding.hint)}" if finding.hint else ""
        lines.append(f"- {file}{place}{short(finding.message)}{hint}")
    if len(findings) > _SHOWN:
        lines.append(f"- and {len(findings) - _SHOWN} more, in the run of the check")
    return "\n".join(lines)


def _next(summaries: Sequence[RequestSummary], page: str, *, auto_merge: bool) -> str:
    """What to do now. A merge before all approvals is refused for good, so this text never suggests one."""
    known = [each.awaiting for each in summaries if each.awaiting is not None]
    if blocked := [why for each in known if (why := _blocked(each))]:
        return f"⚠️ **Checked, but not approved:** {blocked[0]}. Do not merge it now: it would be refused for good."
    if any(each.required < 1 for each in known):
        merge = "It does so by itself" if auto_merge else "Then press **Merge**"
        given = f"{MERGES}, on [Files changed]({page}/files)"
        return f"🚨 **Checked. jitbot needs no approval of a break-glass.** {given}. {merge}: access begins a moment later."
    if known and all(each.enough for each in known):
        merge = "It merges by itself" if auto_merge else "Press **Merge**"
        return f"✅ **Checked and approved.** {merge}: it takes effect a moment later."
    review = (
        f"✅ **Checked.** To approve it, open [Files changed]({page}/files) and press **Review changes**."
    )
    if auto_merge:
        return f"{review} It merges by itself once it is approved, and takes effect a moment later."
    if teams := [each for each in known if each.requirement.teams and each.missing]:
        waits = placed(open_places(teams[0].places), MARKDOWN)
        return f"{review} It {waits}. Do not merge it before: it would be refused for good."
    if (most := max((each.missing for each in known), default=0)) > 1:
        return f"{review} It still needs {many(most, 'approval')}. Do not merge it before: it would be refused for good."
    return f"{review} Then press **Merge**, unless auto-merge is on."


def _blocked(awaiting: PendingApprovals) -> str:
    """Why no approval of one more owner would be enough, if so."""
    if awaiting.objectors:
        return f"{MARKDOWN.strong(awaiting.objectors[0].login)} asks for changes"
    return "" if awaiting.possible else "too few people can approve it"


def steering(summaries: Sequence[RequestSummary]) -> tuple[bool, str]:
    """Whether the approval status is green, and what it says. Where one approval is enough, GitHub's own rule asks for it."""
    if any(each.awaiting is None and each.kind is not ChangeKind.DELETED for each in summaries):
        return False, "can be judged once the check is green"
    awaited = [each.awaiting for each in summaries if each.awaiting is not None]
    strict = [each for each in awaited if not each.requirement.any_owner_will_do]
    if awaited and all(each.required < 1 for each in awaited):
        return True, "break-glass: any one approval for GitHub, a review after the merge"
    for each in awaited:
        if each.objectors:
            return False, f"{each.objectors[0].login} asks for changes"
        if not each.possible:
            return (
                False,
                f"{each.filled} of {each.required} approvals, and too few people can approve",
            )
    for each in strict:
        if each.missing:
            teams = [place.team.short for place in open_places(each.places) if place.team is not None]
            missing = f", waits for 1 of {' and 1 of '.join(teams)}" if teams else ""
            return False, f"{each.filled} of {each.required} approvals{missing}"
    if strict:
        most = max(strict, key=lambda each: each.required)
        return True, f"{most.filled} of {most.required} approvals"
    return True, "one code owner's approval is enough; the branch's rules ask for it"
