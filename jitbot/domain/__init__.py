"""Who gets access, and why: pure decisions over plain values. Standard library only, no I/O.

Each folder imports only from itself and from those before it. Read in this order, ten minutes in all:

1. `model`: what people wrote (`documents`, `codeowners`, `owners`) and what git and GitHub said (`merge_facts`);
   `parsed_case` is a case whose every part can be judged.
2. `aws`: the documents that AWS gets (`iam`), roles as AWS has them, and how dangerous a grant is (`risk`).
3. `ledger`: the events of the record, and `attestation`: whose word in the record counts.
4. `access`: `approval.decide`, the only place that says yes. `reviews` says which approvals count, `eligibility` who
   may ask, `break_glass` is the one way without an approval, `request_state` is what a request has become.
5. `evidence`: what the ledger keeps of a decision, so that it can be decided again.
6. `enforce`: what is due now (`plan`, as `changes`), and whether a role is still as recorded (`drift`).

The rest shows and helps: `views` (previews, comments, titles), `request` (new requests and their progress), `setup`
(new repositories, accounts, `doctor`), `audit/verify` (is the record whole and true?), `audit/report` (what auditors
read and keep).
"""
