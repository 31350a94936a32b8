"""Results by frame."""

import numpy as np
import pytest

from app.result_store import ResultStore
from tests.app.fakes import FakeModel, FakeReconstructor, fake_frame


def result(index: int):
    return FakeReconstructor(FakeModel()).step(fake_frame(index), ())[0]


def test_a_result_comes_back_with_its_mask() -> None:
    store = ResultStore(10)
    put = result(3)
    store.put(put, is_final=True)
    got = store.get(3)
    assert got is not None
    assert got.mask is not None
    np.testing.assert_array_equal(got.mask.alpha, put.mask.alpha)
    assert got.mask.confidence == put.mask.confidence
    assert store.get(4) is None


def test_final_results_stay() -> None:
    store = ResultStore(10)
    store.put(result(3), is_final=True)
    first = store.get(3)
    store.put(result(3), is_final=False)
    assert store.get(3).codes is first.codes
    assert store.first_missing() == 0
    store.put(result(0), is_final=False)
    assert store.first_missing() == 0


def test_forgetting_keeps_what_is_before() -> None:
    store = ResultStore(6)
    for index in range(6):
        store.put(result(index), is_final=True)
    assert store.first_missing() is None
    assert store.covered_part() == 1
    store.forget_from(4)
    assert store.first_missing() == 4
    assert [one.frame_index for one in store.results()] == [0, 1, 2, 3]
    assert np.isnan(store.confidence()[4:]).all()


def test_the_nearest_box_is_near() -> None:
    store = ResultStore(90)
    store.put(result(10), is_final=True)
    assert store.nearest_box(30) == result(10).box
    assert store.nearest_box(60) is None


def test_a_frame_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="frame 12, but there are 10"):
        ResultStore(10).put(result(12), is_final=True)
