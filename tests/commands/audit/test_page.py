"""The words on the report's page: what stands on top agrees with the table below."""

import html
from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import MERGED_AT
from audit_facts import LATER, a_period_report, a_record, approval, ended, granted, removed

from jitbot.commands.audit.page import rendered
from jitbot.domain.audit.verify.grant_checks import judged
from jitbot.domain.audit.verify.grant_record import AfterReview, GrantRecord

GOOD = a_record(approval(), granted(), ended(), removed())
DAY = timedelta(days=1)


def glass(at: bool) -> GrantRecord:
    """Access that came before its review, which was made if `at`, and is not due otherwise."""
    (decision,) = GOOD.decisions
    review = AfterReview(
        due=LATER + DAY, reviewers=("erin",), at=MERGED_AT if at else None, by="erin" if at else ""
    )
    found = replace(GOOD, decisions=(replace(decision, required=0, reviews=()),), after_review=review)
    return replace(found, judgements=judged(found, LATER))


def banner(*records: GrantRecord) -> str:
    """The text on top of the page."""
    return rendered(a_period_report(*records)).partition('<div class="verdict ')[2].partition("</div>")[0]


@pytest.mark.parametrize(
    ("records", "answered"),
    [
        ((GOOD,), 'answered with "yes".'),
        ((GOOD, glass(at=True)), 'answered with "yes", or is not required of break-glass.'),
        (
            (GOOD, glass(at=False)),
            'answered with "yes", or is not due yet, or is not required of break-glass. '
            "1 break-glass grant awaiting review.",
        ),
    ],
)
def test_the_banner_names_every_kind_of_answer(records: tuple[GrantRecord, ...], answered: str) -> None:
    """It says "yes" of all questions only where the table has nothing else."""
    assert html.unescape(banner(*records)).endswith(f"Every question about a grant was {answered}")
