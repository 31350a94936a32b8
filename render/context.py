"""OpenGL contexts without a window.

    ctx = offscreen_context()
    samples = default_samples(ctx)

Inside Qt the application makes the context and passes it in; everything in `render` takes a
`moderngl.Context` and a framebuffer, never a widget.
"""

import sys
from typing import Any

import moderngl

from core.errors import ExplainedError

SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "software")


class GraphicsError(ExplainedError):
    """OpenGL 3.3 cannot be had, or a picture is larger than it allows."""


def offscreen_context() -> moderngl.Context:
    """A context of OpenGL 3.3 core that needs no window and, on Linux, no display (EGL).

    The caller owns it and calls `release()` on it.

    Raises:
        GraphicsError: No driver offers OpenGL 3.3.
    """
    is_linux = sys.platform.startswith("linux")
    backend: dict[str, Any] = {"backend": "egl"} if is_linux else {}
    try:
        return moderngl.create_context(standalone=True, require=330, **backend)
    except Exception as error:  # moderngl raises bare Exception, OSError and ValueError here
        raise GraphicsError(
            "OpenGL 3.3 is not available for drawing pictures: install a graphics driver"
            + (
                " or Mesa's software one (Debian: libegl1 and libgl1-mesa-dri)."
                if is_linux
                else "."
            )
        ) from error


def is_software(ctx: moderngl.Context) -> bool:
    """Whether the processor draws, so that every pixel and every sample costs its time."""
    renderer = str(ctx.info["GL_RENDERER"]).lower()
    return any(name in renderer for name in SOFTWARE_RENDERERS)


def default_samples(ctx: moderngl.Context) -> int:
    """Samples per pixel for smooth edges: none in software (4 cost 2.3 times the time), else 4."""
    return 0 if is_software(ctx) else min(4, ctx.max_samples)
