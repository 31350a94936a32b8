"""A source, a model and a pipeline made up in code, so that the window is tested without weights.

The fake clip shows an ellipse wandering over a plain background; frame k carries k in its first
pixel (red + 256 green), so that tests can tell which frame they see.
"""

import dataclasses
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from app.ports import SegmenterChoice, Services
from core.camera import Camera
from core.errors import ModelError, SourceError
from core.frame import Frame
from core.results import Box, Codes, FrameResult, Mask
from core.rig import Rig, Skeleton

WIDTH_PX, HEIGHT_PX, FRAMES, FPS = 160, 120, 90, 30.0
CODES = 6


def fake_frame(index: int) -> Frame:
    """Frame `index` of the fake clip."""
    rgb = np.full((HEIGHT_PX, WIDTH_PX, 3), (96, 112, 104), np.uint8)
    rgb[fake_alpha(index) > 0] = (214, 140, 72)
    rgb[0, 0] = (index % 256, index // 256, 0)
    return Frame(index, index / FPS, rgb)


def fake_alpha(index: int) -> np.ndarray:
    """Where the ellipse is."""
    rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    middle = 80 + 40 * np.sin(index / 14)
    inside = ((columns - middle) / 30) ** 2 + ((rows - 66) / 20) ** 2 < 1
    return (inside * 255).astype(np.uint8)


def number_in(rgb: np.ndarray) -> int:
    """The frame number a picture of the fake clip carries."""
    return int(rgb[0, 0, 0]) + 256 * int(rgb[0, 0, 1])


class FakeSource:
    """The fake clip as a recorded or a live source."""

    def __init__(self, name: str = "fake.mp4", is_live: bool = False, frames: int = FRAMES) -> None:
        self.name, self.is_live = name, is_live
        self.width_px, self.height_px, self.fps = WIDTH_PX, HEIGHT_PX, FPS
        self.frame_count = None if is_live else frames
        self.times_s = None if is_live else np.arange(frames) / FPS
        self.is_closed = False
        self._next = 0

    def read(self) -> Frame | None:
        if self.frame_count is not None and self._next >= self.frame_count:
            return None
        if self.is_live:
            time.sleep(1 / FPS)
        self._next += 1
        return fake_frame(self._next - 1)

    def seek(self, index: int) -> None:
        if self.frame_count is None or not 0 <= index < self.frame_count:
            raise ValueError(f"no frame {index} among {self.frame_count}")
        self._next = index

    def close(self) -> None:
        self.is_closed = True

    def __enter__(self) -> "FakeSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class FakeLatent:
    """Six directions, the first the strongest."""

    variance_share: np.ndarray

    def code_of(self, sigmas: np.ndarray) -> np.ndarray:
        return np.asarray(sigmas, float) * 0.3

    def sigmas_of(self, code: np.ndarray) -> np.ndarray:
        return np.asarray(code, float) / 0.3


def fake_rig() -> Rig:
    """A box-shaped body with a neck and a tail: a chain of three joints along z."""
    boxes = [((-0.13, 0.25, -0.3), (0.13, 0.5, 0.3)), ((-0.09, 0.4, 0.3), (0.09, 0.7, 0.5)),
             ((-0.04, 0.4, -0.5), (0.04, 0.48, -0.3)), ((-0.12, 0.0, 0.18), (-0.05, 0.25, 0.26)),
             ((0.05, 0.0, 0.18), (0.12, 0.25, 0.26)), ((-0.12, 0.0, -0.26), (-0.05, 0.25, -0.18)),
             ((0.05, 0.0, -0.26), (0.12, 0.25, -0.18))]  # fmt: skip
    meshes = [_box(np.array(low), np.array(high)) for low, high in boxes]
    vertices = np.concatenate([vertices for vertices, _ in meshes])
    faces = np.concatenate([faces + 8 * place for place, (_, faces) in enumerate(meshes)])
    owner = np.repeat([0, 1, 2, 0, 0, 0, 0], 8)
    places = np.array([[0, 0.4, 0.0], [0, 0.45, 0.3], [0, 0.44, -0.3]])
    rest = np.tile(np.eye(4), (3, 1, 1))
    rest[:, :3, 3] = places
    skeleton = Skeleton(("body", "neck", "tail"), (-1, 0, 0), rest, (0, 1, 2))
    colors = np.tile([0.84, 0.55, 0.28], (len(vertices), 1)).astype(np.float32)
    colors[owner == 1] = (0.93, 0.8, 0.62)
    return Rig("box dog", skeleton, vertices.astype(np.float32), faces.astype(np.int32),
               np.eye(3, dtype=np.float32)[owner], colors, 0.6)  # fmt: skip


def _box(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    return low + corners * (high - low), faces


def turn_about_x(angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


class FakeModel:
    """Code 0 bends the neck, code 1 the tail."""

    name = "fake dog"
    card: dict[str, Any] = {"category": "dog", "licence": "MIT", "training_data": "none"}  # noqa: RUF012
    shape_count = 0
    folder = None
    appearance = SimpleNamespace(components=np.zeros((4, 1)))

    def __init__(self) -> None:
        self.rig = fake_rig()
        share = 0.5 ** np.arange(1, CODES + 1)
        self.latent = FakeLatent(share / share.sum())

    def rig_of(self, shape_code: np.ndarray) -> Rig:
        return self.rig

    def joint_rotations(self, code: np.ndarray) -> np.ndarray:
        return np.stack([np.eye(3), turn_about_x(2 * code[0]), turn_about_x(2 * code[1])])

    def colors(self, appearance_code: np.ndarray) -> np.ndarray:
        return self.rig.colors


class FakeReconstructor:
    """Finds the ellipse because it knows where it is. The memory is the list of steps taken."""

    def __init__(self, model: FakeModel, delay_s: float = 0.0) -> None:
        self._model, self._delay_s = model, delay_s
        self.strength = 1.0

    def first_memory(self) -> tuple[int, ...]:
        return ()

    def smoothed(self, strength: float) -> "FakeReconstructor":
        other = FakeReconstructor(self._model, self._delay_s)
        other.strength = strength
        return other

    def prompt(self, frame: Frame, box: Box) -> tuple[int, ...]:
        return (-1 - round(box[0]),)

    def step(self, frame: Frame, memory: tuple[int, ...]) -> tuple[FrameResult, tuple[int, ...]]:
        time.sleep(self._delay_s)
        alpha = fake_alpha(frame.index)
        rows, columns = np.nonzero(alpha)
        code = np.zeros(CODES)
        code[:2] = 0.4 * np.sin(frame.index / 9), 0.4 * np.cos(frame.index / 9)
        turn = np.eye(4)
        angle = frame.index / 30
        turn[0, [0, 2]], turn[2, [0, 2]] = (
            (np.cos(angle), np.sin(angle)),
            (-np.sin(angle), np.cos(angle)),
        )
        root_to_cam = np.diag([1.0, -1.0, -1.0, 1.0]) @ turn
        root_to_cam[:3, 3] = [0.0, 0.35, 2.2]
        box = (float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)
        result = FrameResult(
            frame_index=frame.index, time_s=frame.time_s, is_covered=True,
            confidence=float(0.55 + 0.45 * np.sin(frame.index / 20)), box=box,
            mask=Mask(alpha, 0.9), K=Camera.from_fov(WIDTH_PX, HEIGHT_PX).K,
            image_size=(WIDTH_PX, HEIGHT_PX), root_to_cam=root_to_cam,
            joint_rotations=self._model.joint_rotations(code),
            codes=Codes(code, np.zeros(0), np.zeros(4)),
            stage_ms={"segment": 4.0, "student": 9.0, "decode": 0.2},
        )  # fmt: skip
        return result, (*memory[-3:], frame.index)


def open_fake(text: str) -> FakeSource:
    """`fake.mp4`, `camera:0`; anything else is refused as the real one would."""
    if text.startswith("camera:"):
        return FakeSource("Fake camera", is_live=True)
    if text.endswith("fake.mp4"):
        return FakeSource()
    raise SourceError(f"{text} is not a video; give a video file.")


def load_fake(name: str) -> FakeModel:
    if name != "dog":
        raise ModelError(f"There is no model {name}.")
    return FakeModel()


def fake_services(delay_s: float = 0.0, **changes: Any) -> Services:
    """Services with nothing real behind them."""
    services = Services(
        open_source=open_fake,
        list_cameras=lambda: [("camera:0", "Fake camera")],
        list_models=lambda: ["dog"],
        load_model=load_fake,
        segmenters=(SegmenterChoice("fake", "By knowing", ""),),
        make_reconstructor=lambda model, segmenter, w, h: FakeReconstructor(model, delay_s),
        sample_path="fake.mp4",
        sample_box=(50.0, 46.0, 110.0, 86.0),
        accepted="a video",
    )
    return dataclasses.replace(services, **changes)
