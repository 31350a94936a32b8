"""The renderer and the numpy rasteriser that scores see the same body in the same place."""

import numpy as np

from core.decode import pose_rig
from render.picture import overlay_image
from render.renderer import Renderer
from render.scene import Body, Scene
from render.view import FixedCamera
from tests.training.made_clips import CAMERA, facing
from tests.training.made_dog import made_dog
from training.rasterize import rasterize_silhouette


def test_silhouettes_agree_but_for_centres_on_an_edge(renderer: Renderer) -> None:
    rig, root = made_dog(), facing(1.1, x=0.2)
    rotations = np.tile(np.eye(3), (len(rig.skeleton.names), 1, 1))
    rotations[4] = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    posed = pose_rig(rig, rotations, root)
    scene = Scene((Body(rig, posed.skin_transforms, root),), FixedCamera(CAMERA))
    gray = np.full((CAMERA.height_px, CAMERA.width_px, 3), 100, np.uint8)
    theirs = (overlay_image(renderer, gray, scene, samples=0) != gray).any(-1)
    ours = rasterize_silhouette(posed.vertices, rig.faces, CAMERA)
    assert ours.sum() > 300
    assert (ours != theirs).sum() <= 4
