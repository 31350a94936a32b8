"""A mesh brought onto another: exact on itself, near on a dented one, tags and seams respected."""

from dataclasses import replace

import numpy as np
import trimesh

from training.metrics.surface import surface_distances
from training.metrics.triangle_mesh import TriangleMesh
from training.registration import (
    RegistrationConfig,
    Tagged,
    laplacian,
    register,
    surface_samples,
    vertex_normals,
)

QUICK = RegistrationConfig(samples=3000)


def ball() -> Tagged:
    mesh = trimesh.creation.icosphere(subdivisions=3)
    return Tagged(np.array(mesh.vertices), np.array(mesh.faces), np.zeros((len(mesh.vertices), 1)))


def test_a_mesh_comes_onto_a_bent_one_without_folding() -> None:
    source = ball()
    bent = source.vertices * np.array([1.3, 0.8, 1.0])
    bent[:, 0] += 0.2 * bent[:, 1] ** 2
    places = register(source, replace(source, vertices=bent), QUICK)
    off = surface_distances(TriangleMesh(places, source.faces), TriangleMesh(bent, source.faces))
    before = surface_distances(
        TriangleMesh(source.vertices, source.faces), TriangleMesh(bent, source.faces)
    )
    assert off.to_truth.mean() + off.to_prediction.mean() < 0.02
    assert off.to_truth.mean() < 0.1 * before.to_truth.mean()
    corners = places[source.faces]
    volumes = np.einsum("fa,fa->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    assert (volumes > 0).mean() > 0.98


def test_tags_say_which_part_a_place_belongs_to() -> None:
    source = ball()
    side = (source.vertices[:, :1] > 0).astype(float)
    two = trimesh.creation.icosphere(subdivisions=3)
    shifted = np.concatenate([two.vertices * 0.5 + (0, 0, 2), two.vertices * 0.5 - (0, 0, 2)])
    faces = np.concatenate([two.faces, two.faces + len(two.vertices)])
    tags = np.repeat([[1.0], [0.0]], len(two.vertices), axis=0)
    marked = replace(source, tags=side)
    goal = Tagged(shifted, np.array(faces), tags)
    soft = replace(QUICK, tag_weight=3.0)
    places = register(marked, goal, soft)
    far = np.abs(source.vertices[:, 0]) > 0.3
    right = np.sign(places[:, 2]) == np.where(side[:, 0] > 0, 1, -1)
    assert right[far].mean() > 0.95
    blind = register(replace(source, tags=0 * side), replace(goal, tags=0 * tags), soft)
    assert (np.sign(blind[:, 2]) == np.where(side[:, 0] > 0, 1, -1))[far].mean() < 0.7


def test_vertices_doubled_by_a_seam_stay_together() -> None:
    source = ball()
    torn = np.concatenate([source.vertices, source.vertices])
    faces = source.faces.copy()
    half = source.vertices[source.faces].mean(1)[:, 0] > 0
    faces[half] += len(source.vertices)
    doubled = Tagged(torn, faces, np.zeros((len(torn), 1)))
    places = register(doubled, replace(source, vertices=source.vertices * (1.2, 1, 0.9)), QUICK)
    count = len(source.vertices)
    assert np.abs(places[:count] - places[count:]).max() == 0.0


def test_laplacian_is_each_vertex_minus_the_mean_of_its_neighbours() -> None:
    source = ball()
    count = len(source.vertices)
    around = [set() for _ in range(count)]
    for face in source.faces:
        for corner in face:
            around[corner] |= set(face.tolist()) - {int(corner)}
    slow = np.stack([
        source.vertices[v] - source.vertices[sorted(around[v])].mean(0) for v in range(count)
    ])  # fmt: skip
    assert np.allclose(laplacian(source.faces, count) @ source.vertices, slow)


def test_samples_lie_on_the_surface_evenly() -> None:
    source = ball()
    rows = surface_samples(source.faces, source.vertices, 4000, np.random.default_rng(0))
    assert np.allclose(rows.sum(1), 1)
    points = rows @ source.vertices
    assert (np.abs(np.linalg.norm(points, axis=1) - 1) < 0.02).all()
    assert abs((points[:, 0] > 0).mean() - 0.5) < 0.03


def test_normals_of_a_ball_point_outwards() -> None:
    source = ball()
    normals = vertex_normals(source.vertices, source.faces)
    assert (normals * source.vertices).sum(1).min() > 0.99
