"""One off-screen context for all drawing tests."""

from collections.abc import Iterator

import moderngl
import pytest

from render.context import offscreen_context
from tests.render.twins import Tube, make_tube


@pytest.fixture(scope="session")
def ctx() -> Iterator[moderngl.Context]:
    context = offscreen_context()
    yield context
    context.release()


@pytest.fixture(scope="session")
def tube() -> Tube:
    return make_tube()
