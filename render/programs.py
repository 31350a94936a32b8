"""Shader programs from the files in `render/shaders`, and what is set in them.

    program = load_program(ctx, "tile.vert", "tile.frag", {"INFLUENCES": 4})
    set_uniforms(program, opacity=0.5)

A line `#include "name.glsl"` is replaced by that file; the defines follow the `#version` line.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

SHADER_DIR = Path(__file__).parent / "shaders"


def shader_text(name: str, defines: Mapping[str, int] | None = None) -> str:
    """The text of a shader with its includes and defines in place."""
    text = (SHADER_DIR / name).read_text(encoding="utf-8")
    text = re.sub(
        r'^#include "([\w.]+)"$',
        lambda found: (SHADER_DIR / found[1]).read_text(encoding="utf-8"),
        text,
        flags=re.MULTILINE,
    )
    lines = "".join(f"#define {key} {value}\n" for key, value in (defines or {}).items())
    version, rest = text.split("\n", 1)
    return f"{version}\n{lines}{rest}"


def load_program(
    ctx: moderngl.Context,
    vertex: str,
    fragment: str | None = None,
    defines: Mapping[str, int] | None = None,
    varyings: Sequence[str] = (),
) -> moderngl.Program:
    """Compile and link; `varyings` are captured when transform feedback is wanted."""
    return ctx.program(
        vertex_shader=shader_text(vertex, defines),
        fragment_shader=None if fragment is None else shader_text(fragment, defines),
        varyings=tuple(varyings),
    )


def set_uniforms(program: moderngl.Program, **values: object) -> None:
    """Set uniforms by name. Matrices are given as numpy has them; names that the driver found
    unused and dropped are passed over.
    """
    for name, value in values.items():
        uniform = program.get(name, None)
        if not isinstance(uniform, moderngl.Uniform):
            continue
        if isinstance(value, np.ndarray):
            columns: NDArray[np.float32] = np.asarray(value, "f4").T
            uniform.write(np.ascontiguousarray(columns))
        else:
            uniform.value = value


def bind_block(program: moderngl.Program, name: str, binding: int) -> None:
    """Let a uniform block read what is bound to a number."""
    block = program[name]
    assert isinstance(block, moderngl.UniformBlock), name
    block.binding = binding


def location_of(program: moderngl.Program, name: str) -> int:
    """Where a vertex attribute is bound."""
    attribute = program[name]
    assert isinstance(attribute, moderngl.Attribute), name
    return attribute.location


def vertex_array(
    ctx: moderngl.Context,
    program: moderngl.Program,
    content: Sequence[tuple[Any, ...]] = (),
    indices: moderngl.Buffer | None = None,
) -> moderngl.VertexArray:
    """Inputs of a program: (buffer, format, names...), and faces of 32 bit indices.

    A shader that works from gl_VertexID alone needs none.
    """
    return ctx.vertex_array(  # pyright: ignore[reportUnknownMemberType]
        program, list(content), index_buffer=indices, index_element_size=4
    )
