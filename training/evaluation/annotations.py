"""Real clips with hand-made masks and keypoints on key frames, for scoring only.

    clip = load_real_clip(data / "annotations" / "dog_shiba_haru_06.json", data / "videos")
    clips = find_real_clips(data, "real-dev")

None of these is ever trained on. The development clips are there to choose with; the others are
the test set: results on them are reported, nothing is chosen by them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from core.errors import SourceError
from core.frame import Frame
from core.sources.video_file import VideoFile

DEVELOPMENT_CLIPS = (
    "dog_shiba_haru_06",
    "dog_shiba_haru_ppr0",
    "dog_dualrig_000",
    "human_adult7_0",
)
RealSet = Literal["real-dev", "real-test"]


@dataclass(frozen=True, eq=False)
class KeyFrame:
    """One annotated frame."""

    index: int
    """0-based number in decode order."""
    mask: UInt8[np.ndarray, "height width"]
    """0 outside, 255 inside."""
    keypoints: dict[str, tuple[float, float]]
    """Visible keypoints only, in pixels; left and right are the subject's own."""

    @property
    def area_px(self) -> float:
        return float(np.count_nonzero(self.mask))


@dataclass(frozen=True, eq=False)
class RealClip:
    """A real video with annotated key frames."""

    name: str
    category: str
    """"quadruped" or "human"."""
    width_px: int
    height_px: int
    video: Path
    key_frames: tuple[KeyFrame, ...]

    def pictures(self) -> list[Frame]:
        """The key frames' pictures, in order.

        Raises:
            SourceError: The video is missing or damaged, or has another size than the masks.
        """
        with VideoFile(self.video) as video:
            if (video.width_px, video.height_px) != (self.width_px, self.height_px):
                raise SourceError(
                    f"{self.video.name} is {video.width_px} x {video.height_px}, "
                    f"its annotations are for {self.width_px} x {self.height_px}."
                )
            return [_read(video, key.index) for key in self.key_frames]


def load_real_clip(annotation: Path, videos: Path) -> RealClip:
    """Read one clip's annotations and masks; the video stays on disk until asked for.

    Raises:
        SourceError: The file, a mask or the video is missing or damaged.
    """
    try:
        facts = json.loads(annotation.read_text(encoding="utf-8"))
        size = (int(facts["width"]), int(facts["height"]))
        key_frames = tuple(_key_frame(entry, annotation.parent, size) for entry in facts["frames"])
        video = videos / f"{facts['clip']}.mp4"
        clip = RealClip(facts["clip"], facts["category"], *size, video, key_frames)
    except OSError as error:
        raise SourceError(f"The annotations {annotation} cannot be read ({error}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{annotation.name} is not an annotation of a clip ({error}).") from error
    if not video.is_file():
        raise SourceError(f"The video {video} of {annotation.name} is missing.")
    return clip


def find_real_clips(data: Path, which: RealSet, category: str | None = None) -> list[RealClip]:
    """All clips of a standing test set, optionally only those of one category.

    Raises:
        SourceError: There are none.
    """
    is_development = which == "real-dev"
    files = [
        file
        for file in sorted((data / "annotations").glob("*.json"))
        if (file.stem in DEVELOPMENT_CLIPS) == is_development
    ]
    clips = [load_real_clip(file, data / "videos") for file in files]
    chosen = [clip for clip in clips if category is None or clip.category == category]
    if not chosen:
        raise SourceError(
            f"No annotated clips for {which} are in {data}; say with --data where they are."
        )
    return chosen


def _key_frame(entry: dict[str, Any], folder: Path, size: tuple[int, int]) -> KeyFrame:
    coded = np.fromfile(folder / entry["mask"], dtype=np.uint8)
    mask = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) if len(coded) else None
    if mask is None or mask.shape != (size[1], size[0]):
        raise ValueError(f"the mask {entry['mask']} is damaged or not {size[0]} x {size[1]}")
    visible = {
        name: (float(x), float(y))
        for name, (x, y, is_visible) in entry["keypoints"].items()
        if is_visible
    }
    return KeyFrame(int(entry["index"]), (mask >= 128).astype(np.uint8) * np.uint8(255), visible)


def _read(video: VideoFile, index: int) -> Frame:
    video.seek(index)
    frame = video.read()
    if frame is None or frame.index != index:
        raise SourceError(f"{video.name} has no readable frame {index}.")
    return frame
