import moderngl
import pytest

from render.context import GraphicsError, default_samples, is_software, offscreen_context
from render.picture import MAX_SIDE_PX, offscreen_target


class NamedContext(moderngl.Context):
    """A context of which only the driver's name and its samples are known."""

    def __init__(self, renderer: str) -> None:
        self._renderer = renderer

    info = property(lambda self: {"GL_RENDERER": self._renderer})
    max_samples = 8


@pytest.mark.parametrize(
    ("renderer", "expected"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("GDI Generic", True),
        ("Google SwiftShader", True),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Apple M1", False),
    ],
)
def test_software_is_told_by_its_name(renderer: str, expected: bool):
    ctx = NamedContext(renderer)
    assert is_software(ctx) == expected
    assert default_samples(ctx) == (0 if expected else 4)


def test_two_contexts_live_side_by_side(ctx: moderngl.Context):
    second = offscreen_context()
    assert second.version_code >= 330
    second.release()
    ctx.__enter__()
    ctx.buffer(reserve=4).release()


def test_no_driver_gives_one_sentence(monkeypatch):
    def refuse(**_: object) -> None:
        raise Exception("cannot detect the display")

    monkeypatch.setattr(moderngl, "create_context", refuse)
    with pytest.raises(GraphicsError, match=r"OpenGL 3\.3 is not available .* install"):
        offscreen_context()


def test_pictures_have_a_size_that_can_be_drawn(ctx: moderngl.Context):
    with (
        pytest.raises(GraphicsError, match="at most 8192 pixels a side"),
        offscreen_target(ctx, MAX_SIDE_PX + 1, 10),
    ):
        pass
    with pytest.raises(ValueError, match="0 x 10 pixels"), offscreen_target(ctx, 0, 10):
        pass
