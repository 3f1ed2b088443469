"""How much jitbot writes and reads: one set of limits for runs and audits.

Anyone with write access to the repository chooses what is compared, recorded and read. jitbot must be able to read
what it writes, so each limit of writing is below the limit of reading; tests/played/hostility/test_largest.py tries
the largest cases.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from jitbot.domain.text import duration

# time
PATH_AGE = timedelta(days=7)  # a request's dated path must be younger than this at its merge
PATH_AHEAD = timedelta(days=1)  # and not be dated later than tomorrow, for the time zones
START_AHEAD = timedelta(days=7)  # starts_at may be this far after the merge
EVER = datetime(1970, 1, 1, tzinfo=UTC)  # git dates nothing before
MEMORY = PATH_AGE + START_AHEAD + duration.MAXIMUM  # nothing older can matter: 21 days

# git
MOST_PATHS = 20_000  # entries, files and folders together, that one commit changes
# Entries of several commits that an audit holds at a time, some 25 MB; of one commit always all.
PATHS_TOGETHER = 100_000
MOST_OF_REQUESTS = 1_000  # likewise, below requests/: a requester adds one file
MOST_ASKS = 100  # request files that one commit of main adds or changes
DEEPEST = 64  # folders below each other; jitbot's own are six deep
COMMIT_READ = 1 << 20  # bytes of a commit object; of a larger one only the parents are read

# AWS
ACCOUNTS_AT_ONCE = (
    64  # worked on side by side; each needs a thread and a connection of its own, and mostly waits
)

# the ledger
EVENT_WRITTEN = 1 << 20  # bytes of one event
EVENT_READ = 1 << 22
DOCUMENTS_WRITTEN = 3 << 18  # bytes of all roles of one approval; the rest of the event is its evidence
BATCH_WRITTEN = 1 << 23  # bytes of all events of one batch
BATCH_EVENTS = 100  # events of one batch
OLDER_BATCHES = 20_000  # batches older than 21 days that are read for one question
BATCH_READ = 1_000  # entries, files and folders together, that a commit of the ledger adds
TOKEN_READ = 16_384  # bytes of an attestation; GitHub's have some two thousand
TEXT_WRITTEN = 1_000  # characters of one text of a person or of a service, in an event

# the evidence of a decision
FILES = 100  # paths that the merge of a request may touch; a person's own request is one file
FILE_NAMES = 16 * 1024  # bytes of those paths together, as they are recorded
LISTED = 10  # pull requests recorded of those that GitHub connects with one commit
# Judging reviews recorded of accounts that people.yaml does not know; those of its people all are.
STRANGERS = 20
NAMES = 50  # accounts that one commit may name as author, committer and co-authors
ALL_NAMES = 600  # accounts that all commits of a pull request may name together, repeated ones included
MOVES = 1_000  # moves of a branch's name until the merge, those before it was deleted and made again included
PUSHES = 12  # recorded pushes of a request's branch, one for each account
REASONS = 10  # reasons recorded of a refusal, and reviews that did not count
TEXT = 400  # characters of a recorded message, hint or path of a reason
COMMITS = 50  # commits whose names are recorded in addition to GitHub's answer about each
RULE_CHANGES = 10  # commits that changed the rules, recorded by one run; the next run records the rest
RULE_PATHS = 100  # paths recorded of one of them
RULE_FILES = 1_000  # files of the rules that one change may touch; of more nothing is compared
OPEN_PULLS = 20  # open pull requests that are looked into, to see what a change of the rules does to them
RULE_REVIEWS = 20  # reviews recorded of one of them that counted, and as many that did not

# GitHub
# Calls, and points of GraphQL, that audits and records leave to grant, revoke and sweep. A job's token has 1,000 of each an
# hour, for all jobs of the repository: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
RESERVE = 300

# the use of a grant
TRAIL_PAGES = 60  # answers of CloudTrail, of 50 events each, that one grant may take in one region
RUN_PAGES = 1_200  # and one run, in the region that it asks most: ten minutes at the rate that AWS allows
USES = 20  # grants whose use is recorded together; a run that is stopped loses no more
USE_SESSIONS = 50  # sessions of one grant whose calls are asked for
USE_SERVICES = 30  # services recorded of one grant
USE_UNSEEN = 30  # parts recorded of one grant that were out of sight
TRAIL_ROWS = 1_000  # rows that are read of one answer of a trail of one's own

SHOWN = 5  # things named one by one within a message


def are_few(paths: Sequence[str]) -> bool:
    """Whether one merge may have so many paths with names of such a length."""
    return len(paths) <= FILES and sum(len(path.encode(errors="replace")) for path in paths) <= FILE_NAMES


def some(texts: Sequence[str], separator: str = ", ", most: int = SHOWN) -> str:
    """The first few of these texts, and how many more there are."""
    more = f"{separator}and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more


def cut(text: str, most: int = TEXT) -> str:
    """A text, cut to so many characters; without a number, to as many as are recorded."""
    return text if len(text) <= most else text[: most - 1] + "…"


def more(name: str, things: Sequence[object], kept: int) -> dict[str, int]:
    """The number of all entries, as it is recorded for a list of which only a part is kept."""
    return {f"{name}_count": len(things)} if len(things) > kept else {}
