"""What the use cases ask of the outside, one module for each neighbour. Adapters satisfy these; tests may too.

Every method may raise `UnavailableError` (no usable answer: conclude nothing) or `DeniedError` (a no).
"""

from jitbot.ports.cloud import Account, Cloud, Receipt
from jitbot.ports.conversation import Conversation
from jitbot.ports.documents import DocumentReader
from jitbot.ports.forge import Forge
from jitbot.ports.git import AddedCommit, AddedEntry, Repository
from jitbot.ports.issues import Issue, Issues
from jitbot.ports.oidc import Oidc
from jitbot.ports.person import PersonCredentials
from jitbot.ports.personal import MergeRules, PersonalForge, Pull, RepositoryAccess

__all__ = [
    "Account",
    "AddedCommit",
    "AddedEntry",
    "Cloud",
    "Conversation",
    "DocumentReader",
    "Forge",
    "Issue",
    "Issues",
    "MergeRules",
    "Oidc",
    "PersonCredentials",
    "PersonalForge",
    "Pull",
    "Receipt",
    "Repository",
    "RepositoryAccess",
]
