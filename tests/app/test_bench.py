"""The benchmark's arithmetic, and the side-by-side timing on a made-up model."""

import numpy as np
import pytest

from app.commands.bench import STAGES, figures_of, report
from app.commands.official_ratio import OfficialRatio, interleaved_ms, official_ratio
from core.pipeline import Pipeline
from core.progress import Writer
from core.segment.make_segmenter import make_segmenter
from tests.made_model import made_model


class StubPath:
    """What `figures_of` reads of a measured path."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.ctx = type("Context", (), {"info": {"GL_RENDERER": "none"}})()


class Lines:
    """A stream that keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str, /) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline.of(made_model(), make_segmenter())


def test_medians_of_steps_that_take_turns() -> None:
    now, order = [0.0], []

    def step(name: str, seconds: float):
        def run() -> None:
            order.append(name)
            now[0] += seconds

        return run

    spent = interleaved_ms([step("a", 0.002), step("b", 0.016)], 3, lambda: now[0])
    np.testing.assert_allclose(spent, [2, 16])
    assert order == ["a", "b"] * 5  # two rounds to warm up
    assert OfficialRatio(spent[0], spent[1], 10.0).official_student_ratio == pytest.approx(8)


def test_the_released_student_is_slower_than_a_tiny_one(pipeline: Pipeline) -> None:
    ratio = official_ratio(pipeline, rounds=1)
    assert 0 < ratio.our_student_ms < ratio.official_student_ms


def test_the_figures_hold_what_the_contract_names(pipeline: Pipeline) -> None:
    frames = [dict.fromkeys(STAGES, ms) | {"total": 9 * ms} for ms in (1.0, 2.0, 6.0)]
    figures = figures_of(frames, StubPath(pipeline))  # type: ignore[arg-type]
    assert figures["fps"] == pytest.approx(1000 / 27)
    assert figures["student_ms"] == 2
    assert figures["student_temporal_decode_ms"] == 6
    assert set(figures["stages"]) == set(STAGES)
    assert figures["latency_ms_p95"] > figures["latency_ms_median"] == 18
    ratio = OfficialRatio(3.0, 27.0, 21.0)
    figures |= vars(ratio) | {"official_student_ratio": ratio.official_student_ratio}
    lines = Lines()
    report(figures, Writer(stdout=lines, stderr=lines))
    assert "27.0 ms (21.0 ms with channels last): 9.0 times faster" in lines.text
