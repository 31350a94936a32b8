"""Undo as a value: whatever is done and undone, the states are those that were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history import History, Step


def test_steps_are_named_undone_and_redone() -> None:
    history = History[int]().recorded(Step("one", 0, 1)).recorded(Step("two", 1, 2))
    assert (history.undo_name, history.redo_name) == ("two", None)
    history, state = history.undone()
    assert (state, history.undo_name, history.redo_name) == (1, "one", "two")
    history, state = history.redone()
    assert (state, history.redo_name) == (2, None)


def test_a_new_step_forgets_what_was_undone() -> None:
    history, _ = History[int]().recorded(Step("one", 0, 1)).undone()
    assert history.recorded(Step("other", 0, 5)).redo_name is None


def test_a_drag_is_one_step_and_one_that_comes_back_is_none() -> None:
    history = History[int]().recorded(Step("PC 1", 0, 1))
    for value in range(1, 9):
        history = history.recorded(Step("PC 1", value, value + 1), merges=True)
    assert history.undone()[1] == 0
    assert len(history.past) == 1
    assert history.recorded(Step("PC 1", 9, 0), merges=True).past == ()
    assert len(history.recorded(Step("PC 2", 9, 10), merges=True).past) == 2


def test_nothing_to_undo_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="nothing to undo"):
        History[int]().undone()
    with pytest.raises(ValueError, match="nothing to redo"):
        History[int]().redone()


@given(st.lists(st.one_of(st.integers(0, 9), st.sampled_from(["undo", "redo"])), max_size=40))
def test_it_behaves_like_a_list_with_a_place(orders: list) -> None:
    """The slow twin: all states in a list, and where we are in it."""
    states, place, now = [0], 0, 0
    history = History[int]()
    for order in orders:
        if order == "undo":
            if history.past:
                history, now = history.undone()
                place -= 1
        elif order == "redo":
            if history.future:
                history, now = history.redone()
                place += 1
        elif order != now:
            history = history.recorded(Step("set", now, order))
            states, now = [*states[: place + 1], order], order
            place += 1
        assert now == states[place]
        assert len(history.past) == place
        assert len(history.future) == len(states) - 1 - place
