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
        --clips {clips} --steps {steps} --threads {threads} --run RUN

DASR's table 2 for our student, at a small budget: every student was fitted for {minutes:g} minutes
on {threads} core{s} and {shards} shards of {size} crops, then measured on the {count} clips of the
standing synthetic set `{name}` (docs/evaluation.md; trained and unseen rigs together), of which
nothing was learned. The three temporal rows share one student (its encoders learned {steps} steps
on {clips} clips), and the coarse templates are that student's too. Means
over clips; surfaces in every {stride}th frame.

{table}

CD and the others are live (causal) unless the head says offline ({ahead} frames looked ahead);
jitter is the joints' acceleration by the truth's. ms is the median of student, temporal stage and
decoding on the machine it ran on. *No temporal encoder* has One-Euro filters live and a weighted
mean over the window offline. *Decoder not frozen*: the articulation decoder starts from nothing
and learns with the student. One run each: DASR's own table spreads by 6 % of CD from run to run
(METHODS 1.10), so small differences say nothing.
"""


def write_document(
    path: Path,
    recipe: Recipe,
    config: AblationConfig,
    clips: Sequence[Clip],
    rows: dict[str, AblationScores],
) -> list[str]:
    """Write the document, whole or not at all; returns the table's lines."""
    table = ablation_table(rows)
    text = _TEXT.format(
        name=recipe.name, minutes=config.minutes, shards=recipe.shard_count,
        size=recipe.shard_size, count=len(clips), stride=config.score_stride,
        table="\n".join(table), ahead=LOOKAHEAD, clips=config.temporal.clip_count,
        steps=config.temporal.fit.steps, threads=recipe.fit.threads,
        s="" if recipe.fit.threads == 1 else "s",
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
    return table
