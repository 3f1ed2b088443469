"""The three organisations, each in a fresh repository."""

from collections.abc import Mapping

import pytest
from organisation import SETUPS, Laid


@pytest.fixture(scope="session")
def organisations(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Laid]:
    """Each by its name."""
    return {each.name: each.lay(tmp_path_factory.mktemp(each.name)) for each in SETUPS}


@pytest.fixture(scope="session")
def startup(organisations: Mapping[str, Laid]) -> Laid:
    """Eight people, two accounts."""
    return organisations["startup"]


@pytest.fixture(scope="session")
def company(organisations: Mapping[str, Laid]) -> Laid:
    """300 people, 40 teams, 60 accounts, 80 policies."""
    return organisations["company"]


@pytest.fixture(scope="session")
def bank(organisations: Mapping[str, Laid]) -> Laid:
    """Two people of two teams for whatever touches production."""
    return organisations["bank"]
