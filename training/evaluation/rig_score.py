"""The synthetic score of a model on the very rigs it was made of: what `train --rig` ends with.

evaluation = score_on_rigs(model, [Path("fox.glb")], run / "score")
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from core.model import CategoryModel
from training.clip import read_clip
from training.evaluation.evaluation import Evaluation, EvaluationOptions, evaluate
from training.evaluation.synthetic_set import FIRST_SEED, read_body
from training.synth.clip_folder import write_synthetic_clip
from training.synth.clips import ClipConfig, ClipFactory

Report = Callable[[str, float, float | None], None]
_FRAMES = 40
_STRIDE = 4


def score_on_rigs(
    model: CategoryModel,
    rigs: Sequence[Path],
    folder: Path,
    clips_each: int = 2,
    report: Report = lambda stage, done, total: None,
) -> Evaluation:
    """Clips of the rigs with seeds that training never draws from, and the scores on them.

    Raises:
        GraphicsError: There is no OpenGL.
    """
    category = str(model.card.get("category") or "animal")
    factory = ClipFactory(ClipConfig(frames=_FRAMES, category=category))
    clips = []
    try:
        for number, path in enumerate(rigs):
            body = read_body(path)
            for seed in range(FIRST_SEED, FIRST_SEED + clips_each):
                report("making test clips", len(clips), len(rigs) * clips_each)
                clip, pictures = factory.make(body, seed)
                place = folder / f"{number}_{clip.name}"
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.exists():
                    write_synthetic_clip(place, clip, pictures)
                clips.append(read_clip(place))
    finally:
        factory.release()
    return evaluate(model, clips, EvaluationOptions(stride=_STRIDE), report)
