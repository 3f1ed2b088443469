"""Who may attest, by a whole clone in memory: this repository alone, by what main's tip says, whatever main's past holds."""

import json
from typing import Any

import pytest
from acme_facts import HOUR, MINUTE, sha
from plain_audit import ORDERS, TEXT, PlainClone

from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.model.documents import ISSUER_KEYS, SETTINGS
from jitbot.domain.model.errors import UnavailableError

LAB = "dave/lab/.github/workflows/grant.yml@refs/heads/main"
GRANT = "acme/access/.github/workflows/grant.yml@refs/heads/main"


def granted() -> PlainClone:
    """alice's request, approved and granted."""
    clone = PlainClone()
    clone.grant()
    clone.later(MINUTE)
    return clone


def settings(clone: PlainClone) -> str:
    """settings.yaml as acme begins."""
    return clone.trees.files[SETTINGS].decode()


def smuggle(clone: PlainClone, path: str, content: str) -> None:
    """Leave this in the middle of main's line, as a rebase does of commits that its owners see nothing of."""
    before = clone.trees.tree(clone.main()).get(path)
    clone.push({path: content})
    clone.push({path: before})


def forged(clone: PlainClone, **claims: object) -> list[AuditFinding]:
    """Somebody pushes the approval once more, of another merge, with a token that claims this; what is found of it."""
    event = clone.decision(clone.merge(ORDERS, TEXT.replace("1234", "666"), "bob"))
    pushed = clone.tell(event, claims=claims)
    found = clone.verdict()
    assert found.checked["approved"] == 1
    assert "extended" not in found.checked
    return [each for each in found.problems if each.commit == pushed]


def test_another_repository_that_main_named_for_a_moment() -> None:
    """A rebase left settings of dave's own repository in main's past: what its workflow attests counts for nothing."""
    clone = granted()
    smuggle(clone, SETTINGS, settings(clone).replace("acme/access", "dave/lab").replace("700001", "666"))
    (found,) = forged(clone, repository="dave/lab", repository_id="666", job_workflow_ref=LAB)
    assert found.code == "unattested"
    assert "another repository asked for its token" in found.message


@pytest.mark.parametrize(
    "claims",
    [{"repository": "acme/access"}, {"repository": "dave/lab"}, {}],
    ids=["as GitHub would sign it", "as GitHub never signs it", "without the repository's name"],
)
def test_another_name_for_this_repository(claims: dict[str, Any]) -> None:
    """With our id beside it, another name still makes no workflow of dave's ours: not by its token, not at that time."""
    clone = granted()
    smuggle(clone, SETTINGS, settings(clone).replace("acme/access", "dave/lab"))
    clone.later(HOUR)
    assert [each.code for each in forged(clone, job_workflow_ref=LAB, **claims)] == ["unattested"]


def test_a_former_name_counts_for_its_time_alone() -> None:
    """After a rename the old name's record is whole, and nobody can add to it under the old name."""
    clone = granted()
    clone.push({SETTINGS: settings(clone).replace("acme/access", "acme/entry")})
    assert clone.verdict().problems == ()
    clone.later(11 * MINUTE)
    (found,) = forged(clone, repository="acme/access", job_workflow_ref=GRANT)
    assert "its token names this repository otherwise" in found.message


def test_another_repositorys_ledger_counts_for_nothing() -> None:
    """The same name and another number: nothing of it was attested for this repository."""
    clone = granted()
    clone.push({SETTINGS: settings(clone).replace("700001", "700002")})
    messages = [each.message for each in clone.verdict().problems if each.code == "unattested"]
    assert len([each for each in messages if "another repository asked for its token" in each]) == 2


def test_another_issuer_in_mains_past() -> None:
    """The issuer is the one that main's tip names, whatever a former commit named under our own id."""
    clone = granted()
    other = "https://issuer.dave.example.com"
    smuggle(clone, SETTINGS, settings(clone).replace("https://token.actions.githubusercontent.com", other))
    (found,) = forged(clone, iss=other)
    assert "another issuer signed it" in found.message


def test_keys_in_mains_past() -> None:
    """Keys count if main's tip has them: those of a rebase's middle vouch for nothing, nor does a batch signed with them."""
    clone, key = granted(), json.dumps({"kid": "k9"})
    clone.ledger_of.secrets["k9"] = key
    smuggle(clone, ISSUER_KEYS, json.dumps({"keys": [{"kid": "k9"}]}))
    pushed = clone.tell(files={f"keys/{clone.ledger()[:20]}/k9.json": key.encode()}, kid="k9")
    (found,) = (each for each in clone.verdict().problems if each.commit == pushed)
    assert "no key that counts" in found.message
    clone.push({ISSUER_KEYS: json.dumps({"keys": [{"kid": "k9"}]})})
    assert clone.verdict().problems == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "is missing"), ("repository: [", "cannot be read: line 1")],
    ids=["gone", "unreadable"],
)
def test_without_settings_at_the_tip_there_is_no_verdict(content: str | None, why: str) -> None:
    """Former settings stand in for nothing: the file to repair is named."""
    clone = granted()
    clone.push({SETTINGS: content})
    with pytest.raises(UnavailableError, match=f"{SETTINGS} at the tip of main {why}"):
        clone.verdict()


def test_a_main_that_could_not_be_followed_says_itself_who_may_attest() -> None:
    """Its tip has the settings, which no step of its line showed."""
    clone = granted()
    clone.large.add(clone.push({SETTINGS: f"{settings(clone)}\n", "policies/x": "x"}))
    inputs = clone.inputs()
    assert (inputs.main_history.sure, inputs.settings.repository_id) == (False, 700001)
    assert inputs.history.recorded[0].batch.commit != sha("")
