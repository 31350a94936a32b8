"""One off-screen context for all drawing tests."""

from collections.abc import Iterator

import moderngl
import pytest

from core.rig import Rig
from render.context import offscreen_context
from render.renderer import Renderer
from tests.render.twins import Tube, make_rig, make_tube


@pytest.fixture(scope="session")
def ctx() -> Iterator[moderngl.Context]:
    context = offscreen_context()
    yield context
    context.release()


@pytest.fixture
def renderer(ctx: moderngl.Context) -> Iterator[Renderer]:
    drawing = Renderer(ctx)
    yield drawing
    drawing.release()


@pytest.fixture(scope="session")
def tube() -> Tube:
    return make_tube()


@pytest.fixture(scope="session")
def rig() -> Rig:
    return make_rig()
