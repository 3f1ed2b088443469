"""Who gets access, and why: pure decisions over plain values. Standard library and `jitbot.catalogs` only, no I/O.

Read in this order, ten minutes in all:

1. `model`: the nouns, as the files say them. `evidence`: the facts, as git and GitHub told them.
2. `approval.decide`: the only place that says yes, on `ground` (what can be judged at all), `counting` (which
   approvals count), `eligibility`, `owners` and `codeowners`. `break_glass`: the one way without an approval.
3. `life`: asked, extended, ended, folded from `events`, the ledger's entries.
4. `iam`: the documents that AWS gets. `plan`: what is due now, as `changes`; `roles` and `drift`: what AWS has.
5. `attestation`: whose word in the ledger counts.

Around these: what people are told (`preview`, `outlook`, `briefing`, `comment`, `aftermath`, `standing`, `record`), how
dangerous something is (`risk`, `lint`, `catalogue`), asking and entering (`asking`, `progress`, `doors`), the proof
(`facts`, `testimony`, `audit`), setting up (`bootstrap`, `service_roles`, `starting`, `doctor`). `ports` is what
the use cases ask of the outside.
"""
