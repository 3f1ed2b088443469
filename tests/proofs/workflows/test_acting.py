"""Which actions act takes."""

from pathlib import Path

from acting import used


def test_the_real_actions_are_taken_where_they_are(tmp_path: Path) -> None:
    """A clone of an action at the pinned commit takes the place of the stand-in; one at another commit does not."""
    stand_ins = used({})
    assert stand_ins == used({"JITBOT_ACTIONS": str(tmp_path)})
    checkout = next(each for each in stand_ins if each.startswith("actions/checkout@")).partition("=")[0]
    (tmp_path / checkout).mkdir(parents=True)
    (tmp_path / f"actions/setup-python@{'0' * 40}").mkdir()
    changed = set(used({"JITBOT_ACTIONS": str(tmp_path)})) - set(stand_ins)
    assert changed == {f"{checkout}={tmp_path / checkout}"}
