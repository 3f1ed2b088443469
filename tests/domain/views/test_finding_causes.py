"""Which findings are of one cause, and which come first."""

from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.model.documents import Finding, FindingLevel
from jitbot.domain.views.finding_causes import by_cause, urgent_first

LONG = "x" * 200


def finding(number: int = 1, code: str = "no-principal", **more: Any) -> Finding:
    """bob, who cannot ask under some policy."""
    file = f"policies/access/policy-{number}.yaml"
    fields: dict[str, Any] = {"message": "bob cannot ask", "hint": "give bob a principal", **more}
    return Finding(code=code, file=file, line=3, column=12, **fields)


def test_a_policys_own_name_is_no_cause_of_its_own() -> None:
    """`requests/policy-1/ has no line` and the same of policy-2 are one; what only looks alike is not."""
    one, other = (finding(number, message=f"no line is for requests/policy-{number}/") for number in (1, 2))
    assert by_cause([one, other]) == ((one, other),)
    teams = [finding(number, message=f"policy-{number}-leads is no team") for number in (1, 2)]
    assert len(by_cause(teams)) == 2  # two names, which only begin with the policies'
    for different in (
        replace(other, message="no line is for requests/policy-22/"),
        replace(other, code="other"),
        replace(other, hint="something else"),
        replace(other, level=FindingLevel.WARNING),
    ):
        assert by_cause([one, different]) == ((one,), (different,))


@given(
    st.lists(
        st.builds(
            replace,
            st.sampled_from(
                [
                    finding(number, code, hint=hint, level=level)
                    for number, code, hint, level in product(
                        range(6), ["one", "other", "third"], ["", "do", LONG], FindingLevel
                    )
                ]
            ),
            message=st.text(max_size=3),
        )
    )
)
def test_grouping_loses_nothing(findings: list[Finding]) -> None:
    """Every finding is in exactly one cause, in its order, and every cause has its turn, errors first."""
    causes = by_cause(findings)
    assert sorted((each for cause in causes for each in cause), key=repr) == sorted(findings, key=repr)
    assert all(len({(each.level, each.code) for each in cause}) == 1 for cause in causes)
    order = urgent_first(causes)
    assert sorted(order, key=repr) == sorted(causes, key=repr)
    levels = [list(FindingLevel).index(cause[0].level) for cause in order]
    assert levels == sorted(levels)
