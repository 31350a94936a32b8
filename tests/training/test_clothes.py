"""People are dressed, animals are not; the same seed dresses alike."""

import numpy as np

from core.rig import MotionClip, Rig
from tests.training.made_dog import made_dog
from tests.training.made_person import made_person
from training.synth.bodies import SynthBody
from training.synth.clothes import ClothesPainter
from training.synth.coats import CoatPainter
from training.synth.people_parts import ARM, FOOT, HAND, HEAD, LEG, TORSO, people_parts


def part_of(name: str) -> int:
    rig = made_person().rig
    parts = people_parts(rig)
    assert parts is not None
    own = parts.part[rig.weights[:, rig.skeleton.names.index(name)] > 0.5]
    assert (own == own[0]).all()
    return int(own[0])


def test_every_box_of_a_person_is_the_part_that_its_joint_says() -> None:
    found = {name: part_of(name) for name in ("chest", "Head", "lowerarm_r", "index_01_l")}
    assert found == {"chest": TORSO, "Head": HEAD, "lowerarm_r": ARM, "index_01_l": HAND}
    assert (part_of("calf_l"), part_of("foot_r")) == (LEG, FOOT)


def test_along_goes_from_shoulder_to_wrist_and_from_hip_to_ankle() -> None:
    rig = made_person().rig
    parts = people_parts(rig)
    assert parts is not None
    elbow = (parts.part == ARM) & (np.abs(np.abs(rig.vertices[:, 0]) - 0.25) < 1e-6)
    np.testing.assert_allclose(parts.along[elbow], 0.5, atol=1e-6)
    knee = (parts.part == LEG) & (np.abs(rig.vertices[:, 1] - 0.28) < 1e-6)
    np.testing.assert_allclose(parts.along[knee], 0.22 / 0.45, atol=1e-6)


def test_some_come_as_their_maker_painted_them() -> None:
    rig, clips = made_person().rig, made_person().clips
    body = SynthBody.alone(rig, clips).painted_as_made(1.0)
    coat = body.painter.paint(np.random.default_rng(0))
    np.testing.assert_allclose(coat, np.full_like(coat, coat[0, 0]))
    dog = SynthBody.alone(made_dog(), (still_clip(made_dog()),)).painted_as_made(1.0)
    assert isinstance(dog.painter, CoatPainter)
    assert dog.painter.config.original_share == 1.0


def still_clip(rig: Rig) -> MotionClip:
    count = len(rig.skeleton.names)
    still = np.tile(np.eye(3), (2, count, 1, 1))
    return MotionClip("Idle", np.arange(2) / 30, still, np.tile(np.eye(4), (2, 1, 1)))


def test_a_dog_is_no_person() -> None:
    assert people_parts(made_dog()) is None
    assert ClothesPainter.of(made_dog()) is None


def test_people_are_dressed_by_seed_within_the_range_of_colours() -> None:
    painter = ClothesPainter.of(made_person().rig)
    assert painter is not None
    coats = np.stack([painter.paint(np.random.default_rng(seed)) for seed in range(40)])
    assert coats.dtype == np.float32
    assert coats.min() >= 0
    assert coats.max() <= 1
    np.testing.assert_array_equal(coats[3], painter.paint(np.random.default_rng(3)))
    # Trousers and shirts are of many colours; the two legs of one person are of one.
    legs = painter.parts.part == LEG
    assert coats[:, legs].std(0).mean() > 0.1
    assert coats[:, legs].mean((1, 2)).std() > 0.1
