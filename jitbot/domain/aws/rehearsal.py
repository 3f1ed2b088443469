"""What counts as a rehearsal: a grant of the policy `rehearsal` that can do nothing but list AWS's regions.

`jitbot doctor --rehearse` asks for such a grant like for any other. The policy's name says what it is for, and anybody
who owns the policies can give it to anything. So the documents decide: a grant of that name which can do more is an
ordinary one, for everybody who counts grants.
"""

from collections.abc import Collection, Mapping

from jitbot.domain.aws.iam import Documents

POLICY = "rehearsal"
# Harmless, answered in every region, and AWS can deny it. `sts:GetCallerIdentity` cannot be denied, so it shows no end.
READ = "ec2:DescribeRegions"


IN_WORDS = f"a rehearsal: it can do nothing but {READ}"


def is_rehearsal(policy: str, grants: Collection[Documents]) -> bool:
    """Whether all of these grants, of which there is at least one, are of that policy and do nothing but that read."""
    return policy == POLICY and bool(grants) and all(map(_is_harmless, grants))


def _is_harmless(documents: Documents) -> bool:
    """Whether a role may only read, and denies all else: without the denial a resource policy could add an action."""
    found = documents.permission_policy.get("Statement")
    statements = found if isinstance(found, list) else []
    allowing = [each for each in statements if not _denies(each)]
    return (
        bool(allowing)
        and all(each.get("Action") == [READ] for each in allowing)
        and any(each.get("NotAction") == [READ] for each in statements if _denies(each))
        and not documents.managed_policies
    )


def _denies(statement: Mapping[str, object]) -> bool:
    return statement.get("Effect") == "Deny"
