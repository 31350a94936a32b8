"""Layers of a synthetic picture laid over each other: surroundings, shadow, body, things in front.

front = front_of(scene, frame, depth)
picture = filmed(scene, frame, rng, rgba, shade, front, motion_px_of(scene))
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, UInt8

from training.synth.film import smear
from training.synth.scene import Scene

_MOST_HIDDEN = 0.65
"""A body of which less is seen says nothing about a student."""


@dataclass(frozen=True, eq=False)
class Front:
    """What stands in front of the body, premultiplied, and how much it hides."""

    rgb: Float32[np.ndarray, "height width 3"]
    alpha: Float32[np.ndarray, "height width"]
    behind: list[np.ndarray]
    """Things the body hides, farthest first: RGBA."""


def front_of(scene: Scene, frame: int, depth: Float32[np.ndarray, "height width"]) -> Front:
    rgb = np.zeros((*depth.shape, 3), np.float32)
    alpha = np.zeros(depth.shape, np.float32)
    behind = []
    for thing in scene.occluders:
        drawn = thing.draw(scene.shot.camera, scene.shot.world_to_cam[frame])
        if drawn is None:
            continue
        layer, plane = drawn[0].astype(np.float32) / 255, drawn[1]
        behind.append(layer)
        is_front = (plane < depth) | (depth == 0)
        share = layer[..., 3] * is_front
        rgb = rgb * (1 - share[..., None]) + layer[..., :3] * is_front[..., None]
        alpha = alpha * (1 - share) + share
    return Front(rgb, alpha, behind)


def with_body_seen(scene: Scene, depth: Float32[np.ndarray, "frames height width"]) -> Scene:
    """With fewer things in front, so that `_MOST_HIDDEN` of the body is hidden at most."""
    while scene.occluders:
        hidden = 0.0
        for frame in range(0, len(depth), 3):
            is_body = depth[frame] > 0
            if is_body.any():
                hidden = max(
                    hidden, float(front_of(scene, frame, depth[frame]).alpha[is_body].mean())
                )
        if hidden <= _MOST_HIDDEN:
            return scene
        scene = replace(scene, occluders=scene.occluders[1:])
    return scene


def filmed(
    scene: Scene,
    frame: int,
    rng: np.random.Generator,
    rgba: UInt8[np.ndarray, "height width 4"],
    shade: UInt8[np.ndarray, "height width"],
    front: Front,
    motion_px: tuple[np.ndarray, np.ndarray],
) -> UInt8[np.ndarray, "height width 3"]:
    """Background, shadow, body, what stands in front, and the camera's faults."""
    camera, to_cam = scene.shot.camera, scene.shot.world_to_cam[frame]
    picture = scene.surroundings.draw(camera, to_cam)
    picture *= (1 - scene.shadow * (shade.astype(np.float32) / 255))[..., None]
    for layer in front.behind:
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3]
    picture = smear(picture, scene.film.shutter * motion_px[0][frame])
    body = smear(rgba.astype(np.float32) / 255, scene.film.shutter * motion_px[1][frame])
    picture = picture * (1 - body[..., 3:]) + body[..., :3]
    picture = picture * (1 - front.alpha[..., None]) + front.rgb
    return scene.film.exposed(rng, picture)


def motion_px_of(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """How far the ground behind the body, and the body, move in the picture from frame to frame."""
    camera, to_cam = scene.shot.camera, scene.shot.world_to_cam
    centre = scene.performance.vertices.mean(1, dtype=float)

    def seen(points: np.ndarray, poses: np.ndarray) -> np.ndarray:
        in_cam = np.einsum("fij,fj->fi", poses[:, :3, :3], points) + poses[:, :3, 3]
        return camera.project(in_cam * [1, 1, 0] + [0, 0, 1] * np.maximum(in_cam[:, 2:], 0.1))

    here = seen(centre[:-1], to_cam[:-1])
    still = seen(centre[:-1], to_cam[1:]) - here
    moved = seen(centre[1:], to_cam[1:]) - here
    return np.concatenate([still, still[-1:]]), np.concatenate([moved, moved[-1:]])
