"""Who gets access, and why: pure decisions over plain values. Standard library and `jitbot.catalogs` only, no I/O.

Each folder imports only from itself and from those before it. Read in this order, ten minutes in all:

1. `text`: times, durations, and texts made inert. `model`: what people wrote (`documents`, `codeowners`, `owners`) and what git and GitHub said (`merge_facts`);
   `parsed_case` is a case whose every part can be judged.
2. `aws`: the documents that AWS gets (`iam`), roles as AWS has them, and how dangerous a grant is (`risk`).
3. `ledger`: the events of the record (`ask`, `evidence`), and `attestation`: whose word in the record counts.
4. `access`: `approval.decide`, the only place that says yes. `reviews` says which approvals count, `eligibility` who
   may ask, `approvals` what a request needs and who fills which place, `break_glass` is the one way without an approval, `request_state` is what a request has become,
   `decision_event` what the record keeps of a decision, so that it can be made again.
   `usage` is what was done with a grant, as CloudTrail has it.
5. `enforce`: what is due now (`plan`, as `changes`), and whether a role is still as recorded (`drift`).

The rest shows and helps: `views` (previews, comments, titles), `rule_effects` (what a change of rules does), `request` (new requests and their progress), `setup`
(new repositories, accounts, `doctor`), `audit/history` (what an audit reads), `audit/verify` (is the record whole and true?), `audit/report` (what auditors
read and keep).
"""
