"""Which controls the evidence speaks to, and which part of it. A mapping to work from: an auditor concludes.

SOC 2: the Trust Services Criteria of the AICPA, 2017 with the points of focus of 2022. ISO/IEC 27001:2022, Annex A.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: what the pack shows of it, where, and what it does not show."""

    standard: str
    id: str
    title: str
    shows: str
    columns: tuple[str, ...]
    verdicts: tuple[str, ...]
    not_shown: str


SOC2, ISO = "SOC 2", "ISO/IEC 27001:2022"
_GIVEN = ("requester", "approvals", "approvals_required", "approvals_distinct", "decided_at", "granted_at")
_GONE = (
    "not_after",
    "ended_at",
    "ended_why",
    "end_confirmed_at",
    "cleanup_lag_seconds",
    "verified_absent_at",
)

CONTROLS = (
    Control(
        standard=SOC2, id="CC6.1", title="Logical access security over protected information assets",
        shows="Access exists only through a role of its own, for one principal, the named actions and a fixed window.",
        columns=("role", "requester_principal", "actions", "resources", "policy_digest", "not_before", "not_after"),
        verdicts=("within_max",), not_shown="access that does not pass through jitbot",
    ),
    Control(
        standard=SOC2, id="CC6.2", title="Users are registered and authorised before access is issued, and removed after",
        shows="Each grant names its requester, who authorised it, when, and when it was gone.",
        columns=(*_GIVEN, *_GONE), verdicts=("approved_before_grant", "removed_on_time"),
        not_shown="how people got their GitHub and AWS identities",
    ),
    Control(
        standard=SOC2, id="CC6.3", title="Access is authorised, changed and removed by role, least privilege and segregation of duties",
        shows="Approvals by owners other than the requester, permissions as approved, and the end of each grant.",
        columns=("policy", "actions", "resources", "risk", "privileged", *_GIVEN, *_GONE),
        verdicts=("approved_before_grant", "separation_of_duties", "within_max", "removed_on_time"),
        not_shown="whether what a policy allows is itself adequate",
    ),
    Control(
        standard=ISO, id="A.5.15", title="Access control",
        shows="The rules in force, every change of them in the period, and each request decided under them.",
        columns=("policy", "policy_commit", "decision", "refused_because"),
        verdicts=("approved_before_grant", "within_max"), not_shown="physical access, and systems outside AWS",
    ),
    Control(
        standard=ISO, id="A.5.18", title="Access rights",
        shows="Rights provisioned, extended, reviewed and removed, each with its evidence.",
        columns=(*_GIVEN, *_GONE, "review_by", "reviewed_at", "reviewed_by"),
        verdicts=("approved_before_grant", "removed_on_time"), not_shown="rights that are held permanently",
    ),
    Control(
        standard=ISO, id="A.8.2", title="Privileged access rights",
        shows="Privileged grants marked by risk, limited in time, and break-glass with its review.",
        columns=("risk", "privileged", "break_glass", "reviewed_at", "reviewed_by", "not_before", "not_after"),
        verdicts=("separation_of_duties", "within_max", "removed_on_time"),
        not_shown="the administrators of the AWS accounts themselves",
    ),
    Control(
        standard=ISO, id="A.8.3", title="Information access restriction",
        shows="The actions and resources of each grant, and everything else denied by its own policy.",
        columns=("actions", "resources", "managed_policies", "parameters", "policy_digest"),
        verdicts=("within_max",), not_shown="what a resource policy adds to the resources of a granted action",
    ),
)  # fmt: skip
