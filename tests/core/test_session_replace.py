"""A frame of a session written a second time, as refining does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.session_store import SessionWriter, read_session
from tests.core.made_take import make_result
from tests.core.test_session_store import assert_same, make_header


def test_a_frame_is_written_anew_with_its_mask_kept(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.session", make_header(), keep_masks=True) as writer:
        for index in range(3):
            writer.append(make_result(index))
        better = replace(make_result(1), confidence=0.125, root_to_cam=2 * np.eye(4), mask=None)
        writer.replace(better)
        with pytest.raises(ValueError, match="no frame 7"):
            writer.replace(make_result(7))
        assert writer.frame_count == 3
    with read_session(tmp_path / "a.session") as record:
        assert record.frame_indices.tolist() == [0, 1, 2]
        assert_same(record.result(1), better)
        stored, original = record.result(1, with_mask=True).mask, make_result(1).mask
        assert (stored is None) is (original is None)
        assert_same(record.result(2), make_result(2))
