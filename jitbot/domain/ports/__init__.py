"""What the use cases ask of the outside, one module for each neighbour. Adapters satisfy these; tests may too.

Every method may raise `UnavailableError` (no usable answer: conclude nothing) or `DeniedError` (a no).
"""

from jitbot.domain.ports.cloud import Account, Cloud, Receipt
from jitbot.domain.ports.conversation import Conversation
from jitbot.domain.ports.documents import DocumentReader
from jitbot.domain.ports.forge import Forge
from jitbot.domain.ports.git import Added, Entry, Repository
from jitbot.domain.ports.issuer import Issuer
from jitbot.domain.ports.issues import Issue, Issues
from jitbot.domain.ports.person import Person
from jitbot.domain.ports.personal import MergeRules, PersonalForge, Place, Pull

__all__ = [
    "Account",
    "Added",
    "Cloud",
    "Conversation",
    "DocumentReader",
    "Entry",
    "Forge",
    "Issue",
    "Issuer",
    "Issues",
    "MergeRules",
    "Person",
    "PersonalForge",
    "Place",
    "Pull",
    "Receipt",
    "Repository",
]
