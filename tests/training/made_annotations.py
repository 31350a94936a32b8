"""A folder of annotated key frames as shared/data has it, of the made-up dog."""

import json
from pathlib import Path

import cv2
import numpy as np

from tests.training.made_clips import CAMERA, made_clip
from tests.training.made_dog import made_dog
from training.evaluation.keypoint_map import keypoint_map
from training.write_video import write_video

KEYS = (0, 3, 5)


def write_annotations(data: Path, name: str = "dog_trot", category: str = "quadruped") -> Path:
    """Masks and keypoints of the truth for three of six frames; gives the JSON."""
    clip, pictures = made_clip()
    (data / "annotations").mkdir(parents=True, exist_ok=True)
    (data / "videos").mkdir(exist_ok=True)
    write_video(data / "videos" / f"{name}.mp4", pictures, clip.fps)
    frames = []
    for index in KEYS:
        mask = f"{name}_{index}.png"
        cv2.imwrite(str(data / "annotations" / mask), clip.masks[index])
        frames.append({"index": index, "mask": mask, "keypoints": _keypoints(index)})
    facts = {
        "clip": name, "width": CAMERA.width_px, "height": CAMERA.height_px,
        "category": category, "frames": frames,
    }  # fmt: skip
    path = data / "annotations" / f"{name}.json"
    path.write_text(json.dumps(facts))
    return path


def _keypoints(index: int) -> dict[str, list[float]]:
    """All keypoints where the truth has them, but for the tail tip: not visible."""
    clip, _ = made_clip()
    assert clip.truth is not None
    places = keypoint_map(made_dog(), "quadruped").positions(
        clip.truth.vertices[index], clip.truth.joints[index].astype(np.float64)
    )
    seen = {name: [*CAMERA.project(place).tolist(), 1] for name, place in places.items()}
    return {**seen, "tail_tip": [0, 0, 0]}
