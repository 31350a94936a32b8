"""Many small pictures of skinned bodies in one go, for synthetic training crops.

    tiles = TileRenderer(ctx, tile_px=128)
    dog = tiles.add_body(rig.vertices, rig.faces, rig.weights)
    images = tiles.draw([Tile(dog, skin_transforms, root_to_cam, K, colors), ...])

All tiles share one framebuffer and one read-back. Skinning is linear: the texture of training
images does not show the difference, and truth is computed elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import moderngl
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from render.normals import vertex_normals
from render.programs import bind_block, load_program, location_of, vertex_array
from render.skin_attributes import SkinAttributes
from render.view import cam_to_clip

MAX_JOINTS = 80
_BLOCK_FLOATS = 1024
"""std140 size of one tile's uniform block (8 + 240 vec4) rounded up to 256 bytes."""


@dataclass(frozen=True, eq=False)
class TileLight:
    """A sun and a sky. Colours are linear; 1 + 0 shows a vertex colour as it is."""

    to_light: Float[np.ndarray, "3"] = field(default_factory=lambda: np.array([0.3, -0.8, -0.5]))
    """From the surface towards the light, camera axes (y down, z ahead); any length."""
    ambient: Float[np.ndarray, "3"] = field(default_factory=lambda: np.full(3, 0.5))
    diffuse: Float[np.ndarray, "3"] = field(default_factory=lambda: np.full(3, 0.7))
    specular: float = 0.0


@dataclass(frozen=True)
class FurNoise:
    """Value noise in rest space that lightens and darkens the colours."""

    amplitude: float = 0.0
    """Share of the linear colour, 0..1; 0 is off."""
    frequency: float = 40.0
    """Cells per rig unit."""
    seed: int = 0
    """0..65535."""


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture to draw."""

    body: int
    """What `add_body` gave."""
    skin_transforms: Float[np.ndarray, "joints 4 4"]
    """Rest to posed rig space."""
    root_to_cam: Float[np.ndarray, "4 4"]
    K: Float[np.ndarray, "3 3"]
    """Intrinsics in this tile's pixels."""
    vertex_colors: Float[np.ndarray, "verts 3"]
    """sRGB 0..1."""
    rest_vertices: Float[np.ndarray, "verts 3"] | None = None
    """Body proportions of this tile; the body's own when absent."""
    light: TileLight = field(default_factory=TileLight)
    fur: FurNoise = field(default_factory=FurNoise)


@dataclass(frozen=True, eq=False)
class TileImages:
    """The pictures, in the order of the tiles."""

    rgba: UInt8[np.ndarray, "tiles px px 4"]
    """sRGB; alpha is 255 where the body covers the pixel's centre, else everything is 0."""
    depth: Float32[np.ndarray, "tiles px px"]
    """Camera z; 0 where empty."""


@dataclass(frozen=True, eq=False)
class _Body:
    program: moderngl.Program
    array: moderngl.VertexArray
    rest: moderngl.Buffer
    buffers: tuple[moderngl.Buffer, ...]
    verts: int
    joints: int
    radius: float
    """Largest distance of a rest vertex from the rig's origin."""


class TileRenderer:
    """Draws up to `columns * rows` tiles per pass into one framebuffer it owns."""

    def __init__(
        self, ctx: moderngl.Context, tile_px: int = 128, columns: int = 8, rows: int = 8
    ) -> None:
        self.ctx = ctx
        self.tile_px, self.columns, self.rows = tile_px, columns, rows
        size = (columns * tile_px, rows * tile_px)
        self._targets = (ctx.texture(size, 4), ctx.texture(size, 1, dtype="f4"))
        self._z = ctx.depth_renderbuffer(size)
        self._framebuffer = ctx.framebuffer(self._targets, self._z)
        count = columns * rows
        self._blocks = ctx.buffer(reserve=count * _BLOCK_FLOATS * 4, dynamic=True)
        self._colors = ctx.buffer(reserve=4, dynamic=True)
        self._rests = ctx.buffer(reserve=4, dynamic=True)
        self._programs: dict[tuple[int, bool], moderngl.Program] = {}
        self._bodies: list[_Body] = []

    def add_body(
        self,
        vertices: Float[np.ndarray, "verts 3"],
        faces: Int[np.ndarray, "faces 3"],
        weights: Float[np.ndarray, "verts joints"],
        is_flat: bool = False,
    ) -> int:
        """Upload a rest mesh once; `is_flat` shades each face evenly.

        Raises:
            ValueError: More joints than a uniform block holds.
        """
        if weights.shape[1] > MAX_JOINTS:
            raise ValueError(f"body has {weights.shape[1]} joints, a tile holds {MAX_JOINTS}")
        skin = SkinAttributes.upload(self.ctx, weights)
        program = self._program(skin.influences, is_flat)
        rest = self.ctx.buffer(np.ascontiguousarray(vertices, "f4"))
        indices = self.ctx.buffer(np.ascontiguousarray(faces, "i4"))
        content = [(rest, "3f", "in_rest"), *skin.content]
        if not is_flat:
            normals = vertex_normals(vertices, faces).astype("f4")
            content.append((self.ctx.buffer(normals), "3f", "in_normal"))
        array = vertex_array(self.ctx, program, content, indices)
        buffers = (indices, *(buffer for buffer, _, _ in content))
        radius = float(np.linalg.norm(vertices, axis=1).max())
        self._bodies.append(
            _Body(program, array, rest, buffers, len(vertices), weights.shape[1], radius)
        )
        return len(self._bodies) - 1

    def draw(self, tiles: Sequence[Tile], with_depth: bool = True) -> TileImages:
        """Draw all tiles, in as many passes as they need; reading depth back doubles the transfer.

        Raises:
            ValueError: An array does not fit its body.
        """
        self._check(tiles)
        px, count = self.tile_px, len(tiles)
        rgba = np.empty((count, px, px, 4), np.uint8)
        depth = np.zeros((count, px, px), np.float32)
        capacity = self.columns * self.rows
        for first in range(0, count, capacity):
            part = slice(first, first + capacity)
            self._draw_pass(tiles[part])
            rgba[part] = self._read(0, 4, "u1", len(tiles[part]))
            if with_depth:
                depth[part] = self._read(1, 1, "f4", len(tiles[part]))[..., 0]
        return TileImages(rgba, depth)

    def release(self) -> None:
        """Free everything on the GPU; the renderer is of no use afterwards."""
        for body in self._bodies:
            body.array.release()
            for buffer in body.buffers:
                buffer.release()
        owned = (self._framebuffer, *self._targets, self._z)
        owned += (self._blocks, self._colors, self._rests, *self._programs.values())
        for thing in owned:
            thing.release()
        self._bodies.clear()

    def _program(self, influences: int, is_flat: bool) -> moderngl.Program:
        key = (influences, is_flat)
        if key not in self._programs:
            defines = {"INFLUENCES": influences} | ({"FLAT": 1} if is_flat else {})
            program = load_program(self.ctx, "tile.vert", "tile.frag", defines)
            bind_block(program, "Tile", 0)
            self._programs[key] = program
        return self._programs[key]

    def _check(self, tiles: Sequence[Tile]) -> None:
        for tile in tiles:
            body = self._bodies[tile.body]
            if len(tile.skin_transforms) != body.joints:
                raise ValueError(
                    f"tile has {len(tile.skin_transforms)} joints, its body {body.joints}"
                )
            for array in (tile.vertex_colors, tile.rest_vertices):
                if array is not None and len(array) != body.verts:
                    raise ValueError(f"tile has {len(array)} vertices, its body {body.verts}")

    def _draw_pass(self, tiles: Sequence[Tile]) -> None:
        px = self.tile_px
        self._framebuffer.use()
        self.ctx.scissor = None
        self._framebuffer.viewport = (0, 0, *self._framebuffer.size)
        self._framebuffer.clear()
        self.ctx.enable_only(moderngl.DEPTH_TEST)
        self._blocks.orphan()
        self._blocks.write(self._pack_blocks(tiles))
        colors = [_byte_colors(tile.vertex_colors) for tile in tiles]
        color_starts = _upload(self._colors, colors)
        own_rests = [tile.rest_vertices for tile in tiles if tile.rest_vertices is not None]
        rest_starts = iter(
            _upload(self._rests, [np.ascontiguousarray(rest, "f4") for rest in own_rests])
        )
        for slot, tile in enumerate(tiles):
            body = self._bodies[tile.body]
            array, program = body.array, body.program
            where = self._colors, "3u1", color_starts[slot], 3
            array.bind(location_of(program, "in_color"), "f", *where)
            if tile.rest_vertices is None:
                rest, start = body.rest, 0
            else:
                rest, start = self._rests, next(rest_starts)
            array.bind(location_of(program, "in_rest"), "f", rest, "3f", start, 12)
            self._blocks.bind_to_uniform_block(0, slot * _BLOCK_FLOATS * 4, _BLOCK_FLOATS * 4)
            row, column = divmod(slot, self.columns)
            corner = (column * px, row * px, px, px)
            self._framebuffer.viewport = corner
            array.render()

    def _pack_blocks(self, tiles: Sequence[Tile]) -> Float32[np.ndarray, "tiles floats"]:
        """Every tile's uniform block; the layout is that of `tile.vert`."""
        blocks = np.zeros((len(tiles), _BLOCK_FLOATS), np.float32)
        root_to_cam = np.stack([tile.root_to_cam for tile in tiles])
        reach = np.array([self._bodies[tile.body].radius for tile in tiles])
        K = np.stack([tile.K for tile in tiles])
        far = np.linalg.norm(root_to_cam[:, :3, 3], axis=1) + 3 * reach
        clip = cam_to_clip(K, self.tile_px, self.tile_px, far / 300, far, is_top_first=True)
        blocks[:, :16] = clip.reshape(-1, 16)
        lights = [tile.light for tile in tiles]
        to_light = np.stack([light.to_light for light in lights])
        blocks[:, 16:19] = to_light / np.linalg.norm(to_light, axis=1, keepdims=True)
        blocks[:, 19] = [light.specular for light in lights]
        blocks[:, 20:23] = [light.ambient for light in lights]
        blocks[:, 23] = [tile.fur.amplitude for tile in tiles]
        blocks[:, 24:27] = [light.diffuse for light in lights]
        blocks[:, 27] = [tile.fur.frequency for tile in tiles]
        blocks[:, 28] = [tile.fur.seed for tile in tiles]
        for block, tile in zip(blocks, tiles, strict=True):
            rows = tile.root_to_cam[:3] @ tile.skin_transforms
            block[32 : 32 + rows.size] = rows.reshape(-1)
        return blocks

    def _read(self, attachment: int, components: int, dtype: str, count: int) -> np.ndarray:
        """The first `count` tiles; rows of memory are rows of the image from the top."""
        px, columns = self.tile_px, self.columns
        rows = -(-count // columns)
        size = (columns * px, rows * px)
        gl_type = "f1" if dtype == "u1" else "f4"
        raw = self._framebuffer.read(
            (0, 0, *size), components, attachment=attachment, alignment=1, dtype=gl_type
        )
        grid = np.frombuffer(raw, dtype).reshape(rows, px, columns, px, components)
        return grid.swapaxes(1, 2).reshape(rows * columns, px, px, components)[:count]


def _byte_colors(colors: Float[np.ndarray, "verts 3"]) -> UInt8[np.ndarray, "verts 3"]:
    return (np.clip(colors, 0, 1) * 255 + 0.5).astype(np.uint8)


def _upload(buffer: moderngl.Buffer, arrays: Sequence[np.ndarray]) -> list[int]:
    """Stream arrays end to end into one buffer; gives the byte where each starts."""
    sizes = [array.nbytes for array in arrays]
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    if arrays:
        buffer.orphan(max(starts[-1], 4))
        buffer.write(np.concatenate([array.reshape(-1) for array in arrays]))
    return starts[:-1]
