"""Shader programs from the files in `render/shaders`.

    program = load_program(ctx, "tile.vert", "tile.frag", {"INFLUENCES": 4})

A line `#include "name.glsl"` is replaced by that file; the defines follow the `#version` line.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import moderngl
import numpy as np

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
        varyings=varyings,
    )


def set_uniforms(program: moderngl.Program, **values: object) -> None:
    """Set uniforms by name. Matrices are given as numpy has them; names that the driver found
    unused and dropped are passed over.
    """
    for name, value in values.items():
        uniform = program.get(name, None)
        if not isinstance(uniform, moderngl.Uniform):
            continue
        if isinstance(value, np.ndarray) and value.ndim == 2:
            uniform.write(np.ascontiguousarray(value.T, "f4"))  # OpenGL wants columns
        else:
            uniform.value = value
