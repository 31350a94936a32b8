"""Base colours of a glTF primitive's vertices: factor times texture times vertex colour.

    colors = vertex_colors(gltf, primitive, count)      # sRGB 0..1

glTF multiplies linear light; our vertex colours are sRGB, converted once at the end.
"""

import struct

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from core.gltf_json import GltfObject
from core.gltf_read import MAX_BYTES, Gltf

_CLAMP, _MIRROR = 33071, 33648


def srgb_from_linear(linear: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """sRGB transfer curve (IEC 61966-2-1) of linear light 0..1; clipped."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def linear_from_srgb(srgb: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Linear light of sRGB 0..1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def vertex_colors(gltf: Gltf, primitive: GltfObject, count: int) -> Float[np.ndarray, "verts 3"]:
    """Base colour at each vertex of a primitive, sRGB float32.

    Raises:
        RigError: The material, the texture or the attributes are broken.
    """
    attributes = primitive.child("attributes")
    linear = np.ones((count, 3))
    if primitive.has("material"):
        materials = gltf.items("materials")
        linear *= _material_color(
            gltf, materials[primitive.index("material", len(materials))], attributes, count
        )
    if attributes is not None and attributes.has("COLOR_0"):
        index = attributes.index("COLOR_0", len(gltf.items("accessors")))
        linear *= of_count(gltf.accessor(index, "VEC3", "VEC4"), count, attributes)[:, :3]
    return srgb_from_linear(linear).astype(np.float32)


def of_count(values: np.ndarray, count: int, attributes: GltfObject) -> np.ndarray:
    """An attribute that has one element per vertex, or an error."""
    if len(values) != count:
        raise attributes.broken(f"hold {len(values)} elements for {count} vertices")
    return values


def _material_color(
    gltf: Gltf, material: GltfObject, attributes: GltfObject | None, count: int
) -> Float[np.ndarray, "... 3"]:
    surface = material.child("pbrMetallicRoughness")
    if surface is None:
        return np.ones(3)
    factor = np.array(surface.numbers("baseColorFactor", 4, [1.0, 1.0, 1.0, 1.0]), float)[:3]
    texture = surface.child("baseColorTexture")
    if texture is None or attributes is None:
        return factor
    uv_name = f"TEXCOORD_{_uv_set(texture)}"
    if not attributes.has(uv_name):
        return factor
    index = attributes.index(uv_name, len(gltf.items("accessors")))
    uv = of_count(gltf.accessor(index, "VEC2"), count, attributes)
    return factor * linear_from_srgb(_sampled(gltf, texture, uv.astype(float)))


def _uv_set(texture: GltfObject) -> int:
    extensions = texture.child("extensions")
    transform = extensions.child("KHR_texture_transform") if extensions else None
    own = texture.integer("texCoord", 0)
    return transform.integer("texCoord", own) if transform else own


def _sampled(
    gltf: Gltf, reference: GltfObject, uv: Float[np.ndarray, "verts 2"]
) -> Float[np.ndarray, "verts 3"]:
    """Texture colours at UV coordinates, sRGB 0..1."""
    textures = gltf.items("textures")
    texture = textures[reference.index("index", len(textures))]
    images = gltf.items("images")
    pixels = _decoded(gltf, images[texture.index("source", len(images))])
    wraps = (10497, 10497)
    if texture.has("sampler"):
        samplers = gltf.items("samplers")
        sampler = samplers[texture.index("sampler", len(samplers))]
        wraps = (sampler.integer("wrapS", 10497), sampler.integer("wrapT", 10497))
    uv = _transformed(reference, uv)
    places = [
        _wrapped(uv[:, axis], wraps[axis]) * size - 0.5
        for axis, size in ((0, pixels.shape[1]), (1, pixels.shape[0]))
    ]
    return _bilinear(pixels, places[0], places[1]) / 255.0


def _transformed(
    reference: GltfObject, uv: Float[np.ndarray, "verts 2"]
) -> Float[np.ndarray, "verts 2"]:
    """UV after KHR_texture_transform: scale, then rotation, then offset."""
    extensions = reference.child("extensions")
    transform = extensions.child("KHR_texture_transform") if extensions else None
    if transform is None:
        return uv
    u, v = (uv * transform.numbers("scale", 2, [1.0, 1.0])).T
    angle_rad = transform.number("rotation", 0.0)
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    turned = np.stack([cosine * u + sine * v, -sine * u + cosine * v], axis=1)
    return turned + transform.numbers("offset", 2, [0.0, 0.0])


def _wrapped(coordinate: Float[np.ndarray, " verts"], mode: int) -> Float[np.ndarray, " verts"]:
    if mode == _CLAMP:
        return np.clip(coordinate, 0, 1)
    if mode == _MIRROR:
        return 1 - np.abs(np.mod(coordinate, 2) - 1)
    # A vertex exactly on the far edge means that edge, not the opposite one.
    return np.where(coordinate == 1, 1, np.mod(coordinate, 1))


def _bilinear(
    pixels: UInt8[np.ndarray, "height width 3"],
    x: Float[np.ndarray, " verts"],
    y: Float[np.ndarray, " verts"],
) -> Float[np.ndarray, "verts 3"]:
    height, width = pixels.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[:, None], (y - top)[:, None]
    upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
    lower = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    return upper * (1 - down) + lower * down


def _decoded(gltf: Gltf, image: GltfObject) -> UInt8[np.ndarray, "height width 3"]:
    """RGB pixels of a PNG or JPEG image."""
    if image.has("bufferView"):
        content = gltf.view_bytes(image.index("bufferView", len(gltf.items("bufferViews"))))
    else:
        content = gltf.resource(image)
    width, height = _image_size(content)
    if width * height == 0:
        raise image.broken("is neither PNG nor JPEG")
    if width * height * 3 > MAX_BYTES:
        raise image.broken(f"is {width} x {height} pixels, more than fits in memory")
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise image.broken("cannot be decoded as a picture")
    return np.ascontiguousarray(decoded[..., ::-1])


def _image_size(content: bytes) -> tuple[int, int]:
    """Width and height in a PNG's or JPEG's header; zeros where there is none.

    Read before decoding, since a small file can promise a picture that fills the memory.
    """
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return width, height
    if content[:2] != b"\xff\xd8":
        return 0, 0
    offset = 2
    while offset + 9 <= len(content) and content[offset] == 0xFF:
        marker, size = content[offset + 1], int.from_bytes(content[offset + 2 : offset + 4], "big")
        # Start-of-frame markers hold the size; C4, C8 and CC are tables among their numbers.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, offset + 5)
            return width, height
        offset += 2 + max(size, 2)
    return 0, 0
