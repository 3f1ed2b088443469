"""What people hear of after a merge: from events that a run recorded to a comment on the pull request and a chat message.

Begin with `notification`. The words of a notification are no evidence: the ledger is, and the kept comment shows it.
"""
