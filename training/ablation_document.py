"""docs/ablation.md: the table, and how it came about.

lines = write_document(path, recipe, config, clips, rows)
"""

import os
from collections.abc import Sequence
from pathlib import Path

from training.ablation import AblationConfig
from training.ablation_scores import LOOKAHEAD, AblationScores, ablation_table
from training.clip import Clip
from training.recipe import Recipe

_TEXT = """# What each part is worth

    python main.py train {name} --ablation --minutes {minutes:g} --shards {shards} \\
        --clips {clips} --steps {steps} --threads {threads}{finished} --run RUN

DASR's table 2 for our student, measured on the {count} clips of the standing synthetic set `{name}`
(docs/evaluation.md; trained and unseen rigs together), of which nothing was learned. {shared} Every
small student was fitted for {minutes:g} minutes on {threads} core{s} and {shards} shards of {size}
crops: its rows compare with each other only. Means over clips; surfaces in every {stride}th frame.

{table}

CD and the others are live (causal) unless the head says offline ({ahead} frames looked ahead);
jitter is the joints' acceleration by the truth's. ms is the median of student, temporal stage and
decoding on the machine it ran on. *No temporal encoder* has One-Euro filters live and a weighted
mean over the window offline. *Decoder not frozen*: the articulation decoder starts from nothing
and learns with the student. One run each: DASR's own table spreads by 6 % of CD from run to run
(METHODS 1.10), so small differences say nothing.
"""

_SHARED_SMALL = """The three temporal rows and the coarse templates share one small
student; its encoders learned {steps} steps on {clips} clips."""
_SHARED_FINISHED = """The three temporal rows and the coarse
templates are those of the finished model `{model}`; its Conv1d learned {steps} steps on {clips}
clips. *Small student* is what the rows below it are held against."""


def write_document(
    path: Path,
    recipe: Recipe,
    config: AblationConfig,
    clips: Sequence[Clip],
    rows: dict[str, AblationScores],
) -> list[str]:
    """Write the document, whole or not at all; returns the table's lines."""
    table = ablation_table(rows)
    shared = _SHARED_SMALL if config.finished is None else _SHARED_FINISHED
    told = {"steps": config.temporal.fit.steps, "clips": config.temporal.clip_count}
    model = config.finished.name if config.finished is not None else ""
    text = _TEXT.format(
        name=recipe.name, minutes=config.minutes, shards=recipe.shard_count,
        size=recipe.shard_size, count=len(clips), stride=config.score_stride,
        table="\n".join(table), ahead=LOOKAHEAD, threads=recipe.fit.threads,
        s="" if recipe.fit.threads == 1 else "s", **told,
        shared=shared.format(model=model, **told),
        finished=f" --finished {model}" if model else "",
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
    return table
