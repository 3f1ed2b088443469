"""How much of anything is written and read: one set for runs and audits, smaller on the way in.

Whoever may write to the repository chooses what is compared, recorded and read. What jitbot writes it must be able
to read, so each bound of writing lies below the bound of reading; each is held by a test.
"""

# git
MOST_PATHS = 20_000  # entries, files and folders together, that one commit changes
MOST_OF_REQUESTS = 1_000  # likewise, below requests/: whoever asks for access adds one file
MOST_ASKS = 100  # request files that one commit of main adds or changes
DEEPEST = 64  # folders below each other; ours are six deep
COMMIT_READ = 1 << 20  # bytes of a commit object; of a larger one only the parents are read

# the ledger
EVENT_WRITTEN = 1 << 20  # bytes of one event
EVENT_READ = 1 << 22
DOCUMENTS_WRITTEN = 3 << 18  # bytes of all roles of one approval; the rest of the event is its evidence
BATCH_WRITTEN = 1 << 23  # bytes of all events of one batch
BATCH_EVENTS = 100  # events of one batch
BATCH_READ = 1_000  # entries, files and folders together, that a commit of the ledger adds
TOKEN_READ = 16_384  # bytes of an attestation; GitHub's have some two thousand
TEXT_WRITTEN = 1_000  # characters of one text of a person or of a service, in an event
