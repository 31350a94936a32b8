import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from render.normals import shared_places, vertex_normals
from tests.render.twins import make_tube

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
QUADS = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
CUBE_FACES = np.array([half for a, b, c, d in QUADS for half in ([a, b, c], [a, c, d])], np.int32)


def normals_by_loop(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The slow, obvious twin: every face adds its normal to all vertices at its corners' places."""
    total = np.zeros((len(vertices), 3))
    for a, b, c in faces:
        normal = np.cross(vertices[b] - vertices[a], vertices[c] - vertices[a])
        for corner in (a, b, c):
            total[(vertices == vertices[corner]).all(1)] += normal
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0, total / np.where(length > 0, length, 1), [0, 1, 0])


@given(arrays(np.int32, (9, 3), elements=st.integers(0, 7)))
def test_normals_agree_with_the_loop(faces: np.ndarray):
    expected = normals_by_loop(CUBE.astype(float), faces)
    np.testing.assert_allclose(vertex_normals(CUBE, faces), expected, atol=1e-12)


def test_a_cube_split_along_its_edges_is_as_smooth_as_a_whole_one():
    split = CUBE[CUBE_FACES.reshape(-1)]
    faces = np.arange(len(split), dtype=np.int32).reshape(-1, 3)
    whole = vertex_normals(CUBE, CUBE_FACES)
    np.testing.assert_allclose(vertex_normals(split, faces), whole[CUBE_FACES.reshape(-1)])
    assert ((whole * (CUBE - 0.5)).sum(1) > 0.5).all(), "they point outwards"


def test_places_of_the_rest_serve_other_proportions():
    tube = make_tube()
    longer = tube.vertices * np.float32([1, 2, 1])
    np.testing.assert_allclose(
        vertex_normals(longer, tube.faces, shared_places(tube.vertices)),
        vertex_normals(longer, tube.faces),
    )


def test_a_loose_vertex_points_up():
    faces = np.zeros((0, 3), np.int32)
    np.testing.assert_array_equal(vertex_normals(CUBE[:1], faces), [[0, 1, 0]])
