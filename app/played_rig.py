"""A rigged file played in the window: its body as a model, its clips as a video without pictures.

model = load_played("fox.glb"); source = PlayedSource(RIG_SCHEME + "fox.glb")
result = PlayedReconstructor(model).step(frame, None)
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from app.opening import RIG_SCHEME
from app.ports import Memory
from app.shown_pose import rest_result
from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from core.errors import ModelError, SourceError
from core.frame import Frame
from core.model import CategoryModel, StudentFiles
from core.results import Box, FrameResult
from core.rig import MotionClip
from core.rig_import import ImportedRig, read_rig
from core.rotations import sixd_from_matrix
from core.shape_space import ShapeSpace

SIZE_PX = (640, 480)
MOST_COMPONENTS = 16
GREY = 54


@dataclass(frozen=True, eq=False)
class PlayedModel(CategoryModel):
    """A body with the motions of its file; its sliders are the principal components of these."""

    clips: tuple[MotionClip, ...] = ()


@lru_cache(maxsize=2)
def _imported(path: Path, _changed_ns: int) -> ImportedRig:
    return read_rig(path)


def imported(path: Path) -> ImportedRig:
    """The rig of a file, read once.

    Raises:
        RigError: It cannot be used; SourceError: It is not there.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    return _imported(path, path.stat().st_mtime_ns)


def load_played(path: Path) -> PlayedModel:
    """The model of a rigged file, without a network: it cannot look at videos."""
    rigged = imported(path)
    rig = rigged.rig
    decoder, latent = _components(rigged)
    appearance = AppearanceBasis(rig.colors, np.zeros((0, len(rig.vertices), 3), np.float32))
    card = {"category": rig.name, "limits": "plays the motions of its file; sees no videos"}
    return PlayedModel(
        rig.name, card, rig, ShapeSpace.empty(rig), decoder, appearance, latent,
        StudentFiles({"input_px": 0}, {}, None), None, rigged.clips,
    )  # fmt: skip


def _components(rigged: ImportedRig) -> tuple[ArticulationDecoder, LatentStatistics]:
    """Principal components of the poses, as 6D rotations; linear, so without a hidden layer."""
    joints = len(rigged.rig.skeleton.names)
    poses = [clip.joint_rotations for clip in rigged.clips] or [
        np.tile(np.eye(3), (1, joints, 1, 1))
    ]
    six = sixd_from_matrix(np.concatenate(poses)).reshape(-1, joints * 6)
    mean = six.mean(0)
    _, values, rows = np.linalg.svd(six - mean, full_matrices=False)
    count = min(MOST_COMPONENTS, len(rows))
    std = np.maximum(values[:count] / np.sqrt(max(len(six) - 1, 1)), 1e-6)
    share = values[:count] ** 2 / max(float((values**2).sum()), 1e-12)
    decoder = ArticulationDecoder(
        mean, rows[:count].T, np.zeros((1, count)), np.zeros(1), np.zeros((joints * 6, 1))
    )
    return decoder, LatentStatistics(np.zeros(count), np.eye(count), std, share)


class PlayedSource:
    """Empty pictures at the times of the clips' poses, one clip after another."""

    is_live = False
    fps = 30.0

    def __init__(self, text: str) -> None:
        path = Path(text.removeprefix(RIG_SCHEME))
        clips = imported(path).clips
        self.name = path.name
        self.width_px, self.height_px = SIZE_PX
        self.frame_count = max(sum(len(clip.times_s) for clip in clips), 1)
        self.times_s = np.arange(self.frame_count) / self.fps
        self._rgb = np.full((SIZE_PX[1], SIZE_PX[0], 3), GREY, np.uint8)
        self._next = 0

    def read(self) -> Frame | None:
        if self._next >= self.frame_count:
            return None
        index, self._next = self._next, self._next + 1
        return Frame(index, float(self.times_s[index]), self._rgb)

    def seek(self, index: int) -> None:
        if not 0 <= index < self.frame_count:
            raise ValueError(f"no frame {index} among {self.frame_count}")
        self._next = index

    def close(self) -> None:
        """There is nothing open."""

    def __enter__(self) -> "PlayedSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PlayedReconstructor:
    """Knows the pose of every frame; remembers nothing."""

    def __init__(self, model: PlayedModel) -> None:
        self._model = model
        clips = model.clips
        if clips:
            self._rotations = np.concatenate([clip.joint_rotations for clip in clips])
            self._moves = np.concatenate([_grounded(clip.root_motion) for clip in clips])
        else:
            self._rotations = np.tile(np.eye(3), (1, len(model.rig.skeleton.names), 1, 1))
            self._moves = np.eye(4)[None]
        self._rest = rest_result(model)

    def first_memory(self) -> Memory:
        return None

    def smoothed(self, strength: float) -> "PlayedReconstructor":
        return self

    def prompt(self, frame: Frame, box: Box) -> Memory:
        return None

    def step(self, frame: Frame, memory: Memory) -> tuple[FrameResult, Memory]:
        if frame.rgb.shape[:2] != SIZE_PX[::-1] or frame.index >= len(self._rotations):
            raise ModelError(
                f"{self._model.name} only plays its own motions: choose a category model to look "
                "at videos."
            )
        rotations = self._rotations[frame.index]
        six = sixd_from_matrix(rotations).reshape(-1)
        code = (six - self._model.articulation.mean) @ self._model.articulation.linear
        codes = replace(self._rest.codes, articulation=code)
        result = replace(
            self._rest, frame_index=frame.index, time_s=frame.time_s, is_covered=True,
            confidence=1.0, root_to_cam=self._rest.root_to_cam @ self._moves[frame.index],
            joint_rotations=rotations, codes=codes,
        )  # fmt: skip
        return result, None


def _grounded(root_motion: Float[np.ndarray, "frames 4 4"]) -> Float[np.ndarray, "frames 4 4"]:
    """A clip's movement from where it begins, so that the camera sees every clip."""
    moved = root_motion.copy()
    moved[:, :3, 3] -= moved[:1, :3, 3] * np.array([1.0, 0.0, 1.0])
    return moved


def is_played(model: Any) -> bool:
    """A body without a network."""
    return isinstance(model, PlayedModel)
