"""Small values of the window: timecodes, transport keys, sliders, headings."""

import numpy as np
import pytest

from app.actions import ACTIONS, MENUS
from app.bones_panel import angles_deg
from app.explore import ExploreState
from app.meter import RateMeter
from app.play_state import PlayState
from app.shown_pose import heading_rad, standing
from app.theme import ICONS_FOLDER
from app.timecode import frame_of, timecode
from tests.app.fakes import FakeModel, turn_about_x

TIMES_S = np.arange(300) / 30


@pytest.mark.parametrize(
    ("time_s", "text"), [(0, "00:00.000"), (83.25, "01:23.250"), (3725.5, "1:02:05.500")]
)
def test_timecode(time_s: float, text: str) -> None:
    assert timecode(time_s) == text


@pytest.mark.parametrize(
    ("text", "frame"), [("120", 120), ("9999", 299), ("0:04", 120), ("4.02s", 121), (" 0:00.1 ", 3)]
)
def test_frames_and_times_are_understood(text: str, frame: int) -> None:
    assert frame_of(text, TIMES_S) == frame


def test_nonsense_is_refused_with_what_is_expected() -> None:
    with pytest.raises(ValueError, match="neither a frame"):
        frame_of("soon", TIMES_S)


def test_shuttle_keys_speed_up_and_turn_round() -> None:
    rates = []
    state = PlayState()
    for direction in (1, 1, 1, 1, 1, -1, -1):
        state = state.shuttled(direction)
        rates.append(state.rate)
    assert rates == [1, 2, 4, 8, 8, -1, -2]
    assert state.paused() == PlayState(rate=1.0)
    assert state.toggled().toggled().rate == 2


def test_range_ends_never_cross() -> None:
    state = PlayState().with_in(40).with_out(60)
    assert (state.in_frame, state.out_frame) == (40, 60)
    assert state.with_in(70).out_frame is None
    assert state.with_out(10).in_frame is None


def test_sliders_reproduce_a_code() -> None:
    latent = FakeModel().latent
    code = np.array([0.3, -0.6, 0, 0.1, 0, 0])
    state = ExploreState.of(latent, code)
    np.testing.assert_allclose(state.code(latent), code)
    assert not state.is_frozen
    moved = state.with_sigma(1, 2.5)
    assert moved.is_frozen
    assert moved.code(latent)[1] == pytest.approx(0.75)
    assert moved.reset().code(latent) == pytest.approx(np.zeros(6))
    assert moved.random(np.random.default_rng(1)) != moved.random(np.random.default_rng(2))


def test_heading_is_that_of_a_standing_body() -> None:
    for angle in (-2.0, 0.0, 0.4, 3.0):
        root_to_cam = np.diag([1.0, -1.0, -1.0, 1.0]) @ standing(angle)
        assert heading_rad(root_to_cam) == pytest.approx(angle)


def test_bend_angles() -> None:
    angles = angles_deg(np.stack([np.eye(3), turn_about_x(np.deg2rad(30))]))
    assert angles == pytest.approx([0, 30])


def test_rates_come_from_the_last_seconds() -> None:
    now = [0.0]
    meter = RateMeter(lambda: now[0])
    assert meter.per_second() == 0
    for tick in range(41):
        now[0] = tick / 20
        meter.tick()
    assert meter.per_second() == pytest.approx(20)
    now[0] = 100.0
    assert meter.per_second() == 0
    meter.tick()
    now[0] += 0.0003  # two at once, after a pause
    meter.tick()
    assert meter.per_second() == pytest.approx(2)


def test_no_shortcut_is_given_twice() -> None:
    keys = [key for action in ACTIONS for key in action.shortcuts]
    assert sorted(keys) == sorted(set(keys))
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))


def test_every_action_has_a_menu_and_its_icon_exists() -> None:
    for action in ACTIONS:
        assert action.menu in MENUS
        assert action.icon is None or (ICONS_FOLDER / f"{action.icon}.svg").is_file()
