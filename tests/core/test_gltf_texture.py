"""Colours of vertices: factors are linear, textures and results sRGB."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.errors import RigError
from core.gltf_read import read_gltf
from core.gltf_texture import linear_from_srgb, srgb_from_linear, vertex_colors
from tests.core.made_gltf import MadeGltf

PIXELS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [188, 188, 188]]], np.uint8)
CENTRES = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])


def png(pixels: np.ndarray) -> bytes:
    is_written, encoded = cv2.imencode(".png", pixels[..., ::-1])
    assert is_written
    return encoded.tobytes()


def colors(made: MadeGltf, folder: Path, count: int) -> np.ndarray:
    gltf = read_gltf(made.save(folder / "a.glb"))
    return vertex_colors(gltf, gltf.items("meshes")[0].children("primitives")[0], count)


def textured(uv: np.ndarray, content: bytes, **texture_info: Any) -> MadeGltf:
    made = MadeGltf()
    attributes = {"TEXCOORD_0": made.accessor(uv, "f4")}
    made.add("meshes", {"primitives": [{"attributes": attributes, "material": 0}]})
    made.add("images", {"bufferView": made.view(content), "mimeType": "image/png"})
    made.add("textures", {"source": 0})
    surface = {"baseColorTexture": {"index": 0} | texture_info}
    made.add("materials", {"pbrMetallicRoughness": surface})
    return made


def test_transfer_curves_cancel_and_fix_known_points() -> None:
    levels = np.linspace(0, 1, 101)
    np.testing.assert_allclose(srgb_from_linear(linear_from_srgb(levels)), levels, atol=1e-12)
    assert srgb_from_linear(np.array([0.5]))[0] == pytest.approx(0.7354, abs=1e-4)


def test_texels_are_met_at_their_centres(tmp_path: Path) -> None:
    found = colors(textured(CENTRES, png(PIXELS)), tmp_path, 4)
    np.testing.assert_allclose(found, PIXELS.reshape(4, 3) / 255, atol=1e-6)


def test_a_texture_may_be_a_file_below(tmp_path: Path) -> None:
    made = textured(CENTRES, png(PIXELS))
    (tmp_path / "textures").mkdir()
    (tmp_path / "textures" / "a.png").write_bytes(png(PIXELS))
    made.document["images"][0] = {"uri": "textures/a.png"}
    np.testing.assert_allclose(colors(made, tmp_path, 4), PIXELS.reshape(4, 3) / 255, atol=1e-6)


@pytest.mark.parametrize(("wrap", "expected"), [(10497, 0), (33071, 2), (33648, 2)])
def test_coordinates_beyond_the_edge_wrap_as_the_sampler_says(
    tmp_path: Path, wrap: int, expected: int
) -> None:
    beyond = np.array([[0.25, 1.25]])
    made = textured(beyond, png(PIXELS))
    made.add("samplers", {"wrapS": wrap, "wrapT": wrap})
    made.document["textures"][0]["sampler"] = 0
    expected_color = PIXELS.reshape(4, 3)[expected] / 255
    np.testing.assert_allclose(colors(made, tmp_path, 1)[0], expected_color, atol=1e-6)


def test_a_texture_transform_moves_coordinates(tmp_path: Path) -> None:
    extension = {"KHR_texture_transform": {"offset": [0.5, 0], "scale": [1, 1]}}
    made = textured(CENTRES[:1], png(PIXELS), extensions=extension)
    np.testing.assert_allclose(colors(made, tmp_path, 1), [[0, 1, 0]], atol=1e-6)


def test_factor_texture_and_vertex_color_multiply_as_light(tmp_path: Path) -> None:
    made = textured(CENTRES[3:], png(PIXELS))
    surface = made.document["materials"][0]["pbrMetallicRoughness"]
    surface["baseColorFactor"] = [0.5, 1, 1, 1]
    paint = made.accessor(np.array([[255, 128, 0, 255]]), "u1", normalized=True)
    made.document["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = paint
    light = linear_from_srgb(np.full(3, 188 / 255)) * [0.5, 1, 1] * [1, 128 / 255, 0]
    np.testing.assert_allclose(colors(made, tmp_path, 1)[0], srgb_from_linear(light), atol=1e-6)


def test_without_a_material_the_surface_is_white(tmp_path: Path) -> None:
    made = MadeGltf()
    made.add("meshes", {"primitives": [{"attributes": {}}]})
    np.testing.assert_array_equal(colors(made, tmp_path, 2), np.ones((2, 3)))


def huge_png() -> bytes:
    content = bytearray(png(PIXELS))
    content[16:24] = (100_000).to_bytes(4, "big") * 2
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not a picture at all", "is neither PNG nor JPEG"),
        (png(PIXELS)[:40], "cannot be decoded as a picture"),
        (huge_png(), "is 100000 x 100000 pixels, more than fits in memory"),
        (b"\xff\xd8\xff\xe0\x00\x00", "is neither PNG nor JPEG"),
    ],
)
def test_a_broken_picture_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(RigError, match=rf"images\[0\] {complaint}"):
        colors(textured(CENTRES, content), tmp_path, 4)


def test_a_jpeg_is_read_too(tmp_path: Path) -> None:
    grey = np.full((16, 24, 3), 128, np.uint8)
    content = cv2.imencode(".jpg", grey)[1].tobytes()
    found = colors(textured(CENTRES, content), tmp_path, 4)
    np.testing.assert_allclose(found, 128 / 255, atol=3 / 255)


def test_attributes_of_another_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="attributes hold 4 elements for 5 vertices"):
        colors(textured(CENTRES, png(PIXELS)), tmp_path, 5)
