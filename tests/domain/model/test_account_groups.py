"""What "@production" stands for."""

from jitbot.domain.model.account_groups import NO_GROUPS, AccountGroups, is_group

GROUPS = AccountGroups(groups={"production": ("prod", "data"), "payments": ("prod", "staging")})


def test_a_group_stands_for_its_accounts() -> None:
    """In the order of the file; one that is not there stands for none, and neither does a name without @."""
    assert GROUPS.members("@production") == ("prod", "data")
    assert GROUPS.members("@nobody") == ()
    assert GROUPS.members("production") == ()
    assert GROUPS.members("@@production") == ()
    assert NO_GROUPS.members("@production") == ()


def test_names_are_expanded_once_each() -> None:
    """Accounts stand for themselves, groups for their members, in the order in which they are named."""
    names = ("dev", "@payments", "@production", "@nobody", "staging")
    assert GROUPS.listed(names) == ("dev", "prod", "staging", "data")
    assert GROUPS.expand(names) == {"dev", "prod", "staging", "data"}
    assert NO_GROUPS.expand(("@production", "prod")) == {"prod"}


def test_groups_do_not_nest() -> None:
    """A group that the reader let in as a member would still stand for nothing: it is no account."""
    nested = AccountGroups(groups={"all": ("@production", "dev"), "production": ("prod",)})
    assert "prod" not in nested.expand(("@all",))


def test_a_group_is_named_with_an_at() -> None:
    """Without it, an account of the same name is meant."""
    assert is_group("@production")
    assert not is_group("production")
