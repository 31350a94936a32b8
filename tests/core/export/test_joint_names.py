import re

from hypothesis import given
from hypothesis import strategies as st

from core.export.joint_names import file_names


def test_names_are_made_plain() -> None:
    names = ("root", "Schädel.L", "Schadel L", "1st", "", "ok-name_2")
    expected = ("body", "Schadel_L", "Schadel_L_2", "j_1st", "joint", "ok-name_2")
    assert file_names(names, {}) == expected


def test_renaming() -> None:
    assert file_names(("b1", "b2"), {"b2": "hip.r"}) == ("b1", "hip_r")


@given(st.lists(st.text(max_size=8), max_size=12).map(tuple))
def test_names_are_always_unique_and_plain(names: tuple[str, ...]) -> None:
    plain = file_names(names, {})
    assert len(set(plain)) == len(plain) == len(names)
    assert "root" not in plain
    assert all(re.fullmatch(r"[A-Za-z_-][A-Za-z0-9_-]*", name) for name in plain)
