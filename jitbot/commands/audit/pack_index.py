"""The index of the evidence pack, as a page: the report's first page, what each file is, and how to verify them."""

from collections.abc import Sequence

from jitbot import __version__
from jitbot.adapters.local.page import page
from jitbot.commands.audit.page_overview import answer_rows
from jitbot.domain.audit.report.pack import MANIFEST, SUMS, PackFile
from jitbot.domain.text import timestamp
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import inert
from jitbot.usecases.audit.period_report import PeriodReport


def index_of(report: PeriodReport, files: Sequence[PackFile]) -> bytes:
    """The page for these files of a pack. It holds nothing of the moment at which it is made."""
    text = page(
        "report/index.html",
        style="report/page.css",
        scripts=(),
        content=None,
        version=__version__,
        source=report.source,
        start=timestamp.show(report.start),
        end=timestamp.show(report.end),
        judged_at=timestamp.show(report.judged_at),
        answers=answer_rows(report.answers, in_pack=True),
        files=[_file(each) for each in files],
        manifest=MANIFEST,
        sums=SUMS,
    )
    return text.encode()


def _file(each: PackFile) -> dict[str, str]:
    size = many(each.size, "byte")
    return dict(
        inert(
            name=each.name,
            about=each.about.replace("`", ""),  # which marks code in the README alone
            size=size if each.files == 1 else f"{many(each.files, 'file')}, {size}",
            link="" if each.files != 1 else each.name,
        )
    )
