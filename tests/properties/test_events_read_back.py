"""Every event that can be made survives being written and read, whatever its texts are."""

import json
from datetime import UTC, datetime

from acme_facts import SECOND
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import (
    EndReason,
    Event,
    EventType,
    _is_same,
    dump,
    dump_documents,
    load,
    load_documents,
)
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import AccountId, Sha

# Half a surrogate is what a name that is not UTF-8 leaves in Python's text.
whole = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
broken = st.tuples(whole, st.sampled_from(["\udc80", "\udcff", "\udcff\udc80"]), whole).map("".join)
texts = whole | broken
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, plain, max_size=3)
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
times = st.integers(0, (LAST - FIRST) // SECOND).map(lambda seconds: FIRST + seconds * SECOND)
windows = st.builds(iam.Window, starts_at=st.none() | times, expires_at=times)
documents = st.builds(
    iam.Documents,
    account=texts,
    account_id=texts.map(AccountId),
    role_name=texts,
    path=texts,
    trust_policy=objects,
    permission_policy=objects,
    managed_policies=st.lists(texts, max_size=2).map(tuple),
    permissions_boundary=texts,
    tags=st.dictionaries(texts, texts, max_size=2),
    window=windows,
)
events = st.builds(
    Event,
    kind=st.sampled_from(EventType),
    at=times,
    request=texts,
    commit=texts.map(Sha),
    account=texts,
    account_id=texts.map(AccountId),
    role_name=texts,
    why=st.none() | st.sampled_from(EndReason),
    window=st.none() | windows,
    documents=st.lists(documents, max_size=2).map(tuple),
    ask=objects.map(Ask),
    evidence=objects.map(Evidence),
    run=texts,
    cause=texts,
)


@given(events)
def test_what_is_written_reads_back(event: Event) -> None:
    """Every event survives being written and read, at exactly its own path."""
    assert load(event.path, dump(event)) == event


@given(documents)
def test_documents_read_back(each: iam.Documents) -> None:
    """Documents survive being shown as JSON and read."""
    assert load_documents(json.loads(json.dumps(dump_documents(each)))) == each


@given(plain, plain)
def test_values_are_the_same_if_their_json_is(one: object, other: object) -> None:
    """Also true and 1, 1 and 1.0, and the order of keys make a difference."""
    assert _is_same(one, other) is (json.dumps(one) == json.dumps(other))
    assert _is_same(one, json.loads(json.dumps(one)))
