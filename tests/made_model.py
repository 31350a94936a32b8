"""A made-up category model: a tube with four joints and an untrained student. Small and quick."""

from dataclasses import asdict

import numpy as np
import torch

from core.appearance import AppearanceBasis
from core.articulation import ArticulationDecoder, LatentStatistics
from core.model import CategoryModel, StudentFiles
from core.rig import Rig, Skeleton
from core.shape_space import ShapeSpace
from core.student import StudentConfig, StudentNetwork

JOINTS = ("body", "neck", "leg_l", "leg_r")


def made_rig() -> Rig:
    """A horizontal tube along z with a neck and two legs, 160 vertices."""
    places = np.array([[0, 0.5, 0], [0, 0.6, 0.3], [0.1, 0.4, 0], [-0.1, 0.4, 0.0]])
    rest = np.tile(np.eye(4), (4, 1, 1))
    rest[:, :3, 3] = places
    skeleton = Skeleton(JOINTS, (-1, 0, 0, 0), rest, (0, 1, 3, 2))
    ring = np.arange(8) * np.pi / 4
    circle = np.stack([np.cos(ring), np.sin(ring)], 1) * 0.1
    vertices = np.concatenate(
        [np.column_stack([circle, np.full(8, z)]) for z in np.linspace(-0.5, 0.5, 20)]
    )
    vertices[:, 1] += 0.5
    distance = np.linalg.norm(vertices[:, None] - places, axis=2)
    weights = np.exp(-((distance / 0.2) ** 2)) + 1e-6
    weights /= weights.sum(1, keepdims=True)
    faces = [
        face
        for row in range(19)
        for k in range(8)
        for a, b in [(row * 8 + k, row * 8 + (k + 1) % 8)]
        for face in ((a, b, a + 8), (b, b + 8, a + 8))
    ]
    colors = np.tile(np.linspace(0.2, 0.8, len(vertices))[:, None], (1, 3))
    return Rig(
        "tube", skeleton, vertices.astype(np.float32), np.array(faces, np.int32),
        weights.astype(np.float32), colors.astype(np.float32), 0.8,
    )  # fmt: skip


def made_model(seed: int = 0) -> CategoryModel:
    """The tube with random decoders and an untrained student that runs in torch."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    rig = made_rig()
    verts, joints, codes = len(rig.vertices), len(JOINTS), 16
    shape = ShapeSpace(
        ("body length", "body girth"),
        0.02 * rng.normal(size=(2, verts, 3)),
        0.02 * rng.normal(size=(2, joints, 3)),
    )
    still = np.tile(np.eye(3)[:, :2].T.reshape(6), joints)
    decoder = ArticulationDecoder(
        still,
        0.2 * rng.normal(size=(joints * 6, codes)),
        rng.normal(size=(8, codes)),
        rng.normal(size=8),
        0.05 * rng.normal(size=(joints * 6, 8)),
    )
    appearance = AppearanceBasis(rig.colors, 0.02 * rng.normal(size=(64, verts, 3)))
    share = np.linspace(2, 1, codes)
    latent = LatentStatistics(np.zeros(codes), np.eye(codes), np.ones(codes), share / share.sum())
    config = StudentConfig(input_px=64, widths=(8, 8, 16, 16), feature_count=32, shape=2)
    network = StudentNetwork(config).fuse()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    weights = {name: value.astype(np.float16) for name, value in weights.items()}
    student = StudentFiles(asdict(config), weights, None)
    card = {"category": "tube", "licence": "CC0-1.0"}
    return CategoryModel("tube", card, rig, shape, decoder, appearance, latent, student)
