"""Whatever happens to a file, reading it gives a sound rig or one readable sentence."""

import copy
import json
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RigError
from core.rig_import import read_rig
from tests.core.fuzzing import bounded, fuzz_settings
from tests.core.made_gltf import made_arm, pack_glb

GOOD = made_arm().glb()
TEXT_LENGTH = struct.unpack_from("<I", GOOD, 12)[0]
DOCUMENT = json.loads(GOOD[20 : 20 + TEXT_LENGTH])
BINARY = GOOD[28 + TEXT_LENGTH :]

ODD_NUMBERS = [-1, 0, 1, 3, 5120, 5126, 2**31, 10**30, 0.5, 1e39, -1e308]
ODD_TEXTS = ["", "x", "MAT4", "STEP", "scale", "../x", "CUBICSPLINE"]
ODD_LISTS = [[], [0], [-1], [[]], [0] * 4, [1e300] * 3]
ODD_VALUES = st.sampled_from([None, True, {}, *ODD_NUMBERS, *ODD_TEXTS, *ODD_LISTS])
MISSING = object()
ODD_FLOATS = st.sampled_from([0, 1e-38, 1e-10, 1e10, 1e20, 1e38, -1e38, np.nan, np.inf])


def check(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.glb"
        path.write_bytes(content)
        try:
            with bounded():
                found = read_rig(path)
        except RigError as error:
            text = str(error)
            assert text.startswith("odd.glb ")
            assert text.endswith(".")
            assert "\n" not in text
            assert len(text) < 250
            return
    rig = found.rig
    for array in (rig.vertices, rig.weights, rig.colors, rig.skeleton.rest_joint_to_rig):
        assert np.isfinite(array).all()
    assert rig.faces.max() < len(rig.vertices)
    for clip in found.clips:
        assert np.isfinite(clip.root_motion).all()
        rotations = clip.joint_rotations
        assert np.abs(rotations @ rotations.swapaxes(-1, -2) - np.eye(3)).max() < 1e-4


def places(value: Any, way: tuple = ()) -> list[tuple]:
    """Ways to everything within a JSON value."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [(*way, key) for key, _ in items] + [
        deeper for key, item in list(items) for deeper in places(item, (*way, key))
    ]


PLACES = places(DOCUMENT)


@fuzz_settings(80)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.just(MISSING) | ODD_VALUES), min_size=1, max_size=3
    )
)
def test_odd_values_in_the_document(changes: list[tuple[tuple, Any]]) -> None:
    document: Any = copy.deepcopy(DOCUMENT)
    for way, value in changes:
        holder = document
        try:
            for key in way[:-1]:
                holder = holder[key]
            if value is MISSING:
                del holder[way[-1]]
            else:
                holder[way[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    check(pack_glb(json.dumps(document).encode(), BINARY))


@fuzz_settings(80)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=12),
    st.integers(1, len(GOOD)) | st.just(len(GOOD)),
)
def test_odd_bytes_anywhere(changes: list[tuple[int, int]], length: int) -> None:
    content = bytearray(GOOD)
    for place, byte in changes:
        content[place] = byte
    check(bytes(content[:length]))


@fuzz_settings(80)
@given(
    st.lists(st.tuples(st.integers(0, len(BINARY) // 4 - 1), ODD_FLOATS), min_size=1, max_size=4)
)
def test_odd_numbers_in_the_arrays(changes: list[tuple[int, float]]) -> None:
    binary = bytearray(BINARY)
    for place, number in changes:
        struct.pack_into("<f", binary, 4 * place, number)
    check(pack_glb(GOOD[20 : 20 + TEXT_LENGTH], bytes(binary)))
