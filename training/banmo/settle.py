"""Before anything is rendered: poses, mean pose and proportions are pulled into the masks.

start = settled(start, clips, config)

The category's body stands as its rig was made: a Shiba's tail lies curled on its back, a fox's
hangs behind it. First the body with its own skin is moved until it fills the masks; then what lies
in the middle of the body (spine, neck, head, tail) rests as it mostly does in the clips. Bones as
soft Gaussians could not tell a curled tail from the back that it touches, and a field would grow
webs between them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float

from core.articulation import ArticulationDecoder
from core.kinematics import skin_transforms
from core.rig import Rig, Skeleton
from core.skin import skin_dual_quaternion
from training.banmo.config import TeacherConfig
from training.banmo.losses import smoothness, weighted
from training.banmo.outline import OutlineTargets, outline_errors
from training.banmo.poses import Poses
from training.banmo.ray_pool import RayPool
from training.banmo.root_search import searched
from training.banmo.soft_body import SoftBody
from training.banmo.teacher import TeacherStart
from training.prepare.prepared_clip import PreparedClip
from training.turns import rotations_from_turns, turns_from_rest

PIXELS = 160
FRAMES = 48
RATES = {"turn": 8e-3, "place": 8e-3, "code": 3e-2, "log_length": 4e-3}
DECODER_RATE, MEAN_RATE = 1e-3, 1e-2
GIRTH_PRIOR = 2e-6
Progress = Callable[[str, float, float], None]


def settled(
    start: TeacherStart,
    clips: Sequence[PreparedClip],
    config: TeacherConfig,
    progress: Progress = lambda stage, done, total: None,
) -> TeacherStart:
    """The start with bodies in their masks, and a rest pose that suits this animal.

    Rounds of settling and of trying every frame from all around help one another: only what is
    roughly this animal's body can tell which way it stands.
    """
    for _ in range(config.searches):
        start = searched(settled_once(start, clips, config, progress), clips, config, progress)
    return settled_once(start, clips, config, progress)


def settled_once(
    start: TeacherStart,
    clips: Sequence[PreparedClip],
    config: TeacherConfig,
    progress: Progress = lambda stage, done, total: None,
) -> TeacherStart:
    """One such round."""
    torch.manual_seed(config.seed)
    pool, outline = RayPool.of_clips(clips, config.seed), OutlineTargets.of_clips(clips)
    poses = Poses(start.poses, start.rig.skeleton, start.decoder)
    body = SoftBody.of(start.rig)
    optimizer = torch.optim.Adam([*_groups(poses), body.group], betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimizer.param_groups]
    for step in range(config.pose_steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * (0.1 + 0.45 * (1 + np.cos(np.pi * step / config.pose_steps)))
        batch = pool.batch(step, FRAMES, PIXELS)
        posed = poses.at(batch.frames)
        placed = posed.project(posed.to_camera(body.moved(posed)))
        inside, reach = outline_errors(
            outline, batch.frames, placed, batch.pixels[:, : PIXELS // 2]
        )
        terms = {"inside": inside, "reach": reach} | smoothness(poses)
        loss = weighted(terms, config.losses)
        loss = loss + GIRTH_PRIOR * body.girth.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress("settling", step + 1, config.pose_steps)
    return _rested(replace(start, rig=body.grown(start.rig)), poses)


def _groups(poses: Poses) -> list[dict]:
    groups = [{"params": [getattr(poses, name)], "lr": rate} for name, rate in RATES.items()]
    deep = [value for name, value in poses.decoder.items() if name != "mean"]
    groups.append({"params": deep, "lr": DECODER_RATE})
    return [*groups, {"params": [poses.decoder["mean"]], "lr": MEAN_RATE}]


def _rested(start: TeacherStart, poses: Poses) -> TeacherStart:
    """The same bodies with the middle's mean pose and the mean lengths as the new rest."""
    with torch.no_grad():
        every = torch.arange(poses.frame_count)
        rotations = poses.decode(poses.code).double().numpy()
        length = poses.lengths().log().mean(0).exp().double().numpy()
        turned = poses.rotations(every).double().numpy()
        decoder = {name: value.numpy().copy() for name, value in poses.decoder.items()}
        place, code = poses.place.numpy().copy(), poses.code.numpy().copy()
    rest = middle_rest(start.rig.skeleton, rotations)
    return TeacherStart(
        rested_rig(start.rig, rest, length),
        rested_decoder(decoder, rest),
        replace(start.poses, rotation=turned, place=place.astype(float), code=code.astype(float)),
    )


def middle_rest(
    skeleton: Skeleton, rotations: Float[np.ndarray, "frames joints 3 3"]
) -> Float[np.ndarray, "joints 3 3"]:
    """Joint rotations of a rest pose: joints in the middle as they mostly are, without anything
    sideways; limbs, ears and the root keep the direction in which they rest."""
    turns = turns_from_rest(skeleton, rotations).mean(0)
    flip = np.diag([-1.0, 1.0, 1.0])
    level = _nearest_rotation(turns + flip @ turns @ flip)
    is_middle = np.array(skeleton.mirror) == np.arange(len(skeleton.mirror))
    is_middle[0] = False
    return rotations_from_turns(skeleton, np.where(is_middle[:, None, None], level, np.eye(3)))


def rested_rig(
    rig: Rig, rest: Float[np.ndarray, "joints 3 3"], length: Float[np.ndarray, " joints"]
) -> Rig:
    """The rig in another rest pose, with bones that much longer."""
    skeleton = rig.skeleton
    local = skeleton.rest_joint_to_parent.copy()
    local[1:, :3, 3] *= length[1:, None]
    to_rig = local.copy()
    to_rig[:, :3, :3] = local[:, :3, :3] @ rest
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            to_rig[joint] = to_rig[parent] @ to_rig[joint]
    moves = skin_transforms(skeleton, to_rig)
    vertices = skin_dual_quaternion(rig.vertices, rig.weights, moves)
    return replace(
        rig,
        skeleton=replace(skeleton, rest_joint_to_rig=to_rig),
        vertices=vertices.astype(np.float32),
    )


def rested_decoder(
    decoder: dict[str, np.ndarray], rest: Float[np.ndarray, "joints 3 3"]
) -> ArticulationDecoder:
    """A decoder of rotations relative to the new rest: 6D numbers are two columns, and turn as
    such."""
    back = rest.swapaxes(1, 2)

    def turned(values: np.ndarray) -> np.ndarray:
        columns = values.reshape(len(rest), 2, 3, -1)
        moved = np.einsum("jab,jcbk->jcak", back, columns)
        return moved.reshape(values.shape).astype(np.float32)

    changed = {name: turned(decoder[name]) for name in ("mean", "linear", "output_weight")}
    return ArticulationDecoder(**(decoder | changed))


def _nearest_rotation(matrix: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    left, _, right = np.linalg.svd(matrix)
    sign = np.sign(np.linalg.det(left @ right))
    left[..., :, 2] *= sign[..., None]
    return left @ right
